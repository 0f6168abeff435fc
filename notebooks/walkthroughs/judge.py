"""The judge: how a verdict is reached, how often it is wrong, and what it cannot see."""

from notebooks.cells import Walkthrough, code, exercise, mutant, text
from notebooks.walkthroughs._judge_limits import BLIND
from notebooks.walkthroughs._judge_paths import BIAS, TAILS
from notebooks.walkthroughs._judge_rates import RATES

RULE = (
    text(r"""
A verdict is worth as much as the way in which it was reached. This notebook shows that way: the
rule, its two error rates, what is done about the bias of a scheme and about heavy tails, how the
judge itself is tested, how it finds the wrong term, and what it cannot see. The long text, with
the table in which the judge is measured, is [METHOD.md](../verify/METHOD.md).

## The rule

Something is measured, something is stated, and $d$ is the difference. It is known up to a
half-width $w$, from a confidence bound at level $1-\alpha$, and up to a bias of at most $b$. The
claim says how wrong it may be before anybody cares: the relevant error $\delta$, with
$b < \delta/2$. Then

$$
\begin{aligned}
|d| + w + b \le \delta &: \quad \text{AGREES} \\
\text{else } |d| - w > b &: \quad \text{DISAGREES} \\
\text{else} &: \quad \text{INCONCLUSIVE.}
\end{aligned}
$$

As long as the interval covers and the bias is within $b$, a true claim has $|d| \le w + b$ and is
never rejected; a claim that is wrong by more than $\delta$ has $|d| > \delta - w - b$ and is never
accepted. So $\alpha$ bounds *both* error rates. Both hypotheses are tested, the claim and its
opposite: that is why there is a third answer.

To judge a claim you need `check` alone. This notebook opens the judge, and so it imports the parts
of which it is built, `verify.planning` and `verify.statistics` among them.
"""),
    code(
        r"""
import textwrap
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binom, norm

from derivations import *
from derivations.catalogue import find
from notebooks.showing import COLOURS, DASHES, GREY, INK, show, use_style
from verify import ExpectationClaim, NumericSDE, check
from verify.loading import references
from verify.mutants.making import Mutation, judged
from verify.planning import Estimate
from verify.runner import Settings
from verify.statistics.decisions import Probability

use_style()

VERDICTS = {
    "AGREES": COLOURS["green"],
    "DISAGREES": COLOURS["vermilion"],
    "INCONCLUSIVE": COLOURS["blue"],
}
cases = [
    (0.1, 0.4, 0.1),
    (0.6, 0.2, 0.1),
    (0.6, 0.6, 0.1),
    (0.1, 0.3, 0.7),
    (0.9, 0.3, 0.1),
    (1.5, 0.4, 0.2),
]

figure, axes = plt.subplots(figsize=(7, 2.8))
axes.axvspan(-1, 1, color=GREY, alpha=0.15, linewidth=0)
axes.axvline(0, color=INK, linewidth=0.8)
for row, (d, w, b) in enumerate(cases):
    verdict = str(Estimate(value=d, half_width=w, bias=b).decide(relevant=1.0))
    colour = VERDICTS[verdict]
    axes.plot([d - w - b, d + w + b], [row, row], color=colour, linewidth=2, alpha=0.35)
    axes.plot([d - w, d + w], [row, row], color=colour, linewidth=5, solid_capstyle="butt")
    axes.plot(d, row, "o", color="white", markeredgecolor=colour, markersize=6)
    axes.annotate(verdict, (2.4, row), va="center", color=colour, fontsize=9)
axes.set(xlim=(-1.4, 3.2), ylim=(len(cases) - 0.4, -0.6), yticks=[])
axes.set_xticks([-1, 0, 1], ["−δ", "0", "δ"])
axes.set_xlabel("measured − stated;  thick: ± w,  thin: bias b,  shaded: relevant error");
""",
        alt="Six intervals drawn against a shaded band from minus delta to delta. Two that lie "
        "within the band agree. A long one that holds zero and the edge, and one with a large "
        "bias, are inconclusive. Two that reach out of the band and not to zero disagree.",
    ),
    text(r"""
The second row is no mistake. That interval lies within the band and does not hold 0: the claim is
wrong, yet by less than $\delta$, and it AGREES. A claim that is wrong by less than $\delta$ may end
either way, and neither answer is an error. At $w + b \le \delta/2$ the third answer cannot occur:
$2(w+b)$ is the *smallest visible error*.
"""),
)

MUTANTS = (
    text(r"""
## The judge is tested with lies

A test that never fails shows nothing. So every claim is turned into wrong ones, written by hand
and generated: a term doubled, a sign turned, a square lost, one dimension for another, Itô for
Stratonovich. Every tier that can see the mutant must reject it. One that does not is a survivor,
and a defect of the tier. Of the mutants that can be made of the whole catalogue a sample has been
judged, by far not all. None survived; a few were beyond what the one-step tier can see, and other
tiers rejected them. `python -m verify mutants balancedness.isotropic` prints such a table.
[METHOD.md](../verify/METHOD.md) has the numbers, by tier and kind of mistake.
"""),
    code(
        r"""
[reference] = references(["balancedness.isotropic"], print)
quick = Settings(effort="quick", tiers=("derivation", "exact", "generator", "one-step"))
table = judged(reference, quick, Mutation(most=6))

labels = list(dict.fromkeys((row.mutant, row.mistake) for row in table.rows))
tiers = list(dict.fromkeys(row.tier for row in table.rows))
killed = {(row.mutant, row.tier): str(row.result) for row in table.rows}
print(f"{table.mutants} mutants of {table.available} that can be made; outcomes:",
      ", ".join(sorted(set(killed.values()))))

figure, axes = plt.subplots(figsize=(7, 3.2))
for row, (mutant, _) in enumerate(labels):
    for column, tier in enumerate(tiers):
        outcome = killed.get((mutant, tier), "")
        if outcome:
            mark, colour = ("x", "green") if outcome == "killed" else ("o", "vermilion")
            axes.plot(column, row, mark, color=COLOURS[colour], markersize=8, markeredgewidth=2)
axes.set_xticks(range(len(tiers)), tiers)
axes.set_yticks(
    range(len(labels)), [m if m.startswith(("drift", "mart", "sde")) else w for m, w in labels]
)
axes.set(xlim=(-0.5, len(tiers) - 0.5), ylim=(len(labels) - 0.5, -0.5))
axes.xaxis.tick_top();
""",
        alt="A kill table: a row for each mutant of the claim on the imbalance under isotropic "
        "noise, a column for each tier. Every cell has a cross: killed.",
        prints=("outcomes: killed",),
    ),
    text(r"""
`python -m verify mutants ID` prints this table. A mutant that says the same as the claim is
recognised by a proof of equality, and never by having survived.
"""),
)

NAMING = (
    text(r"""
## Naming the wrong term

DISAGREES is an answer; *which term* is a better one. After the verdict, the stated terms are
fitted to the values that were measured at the points: $\sum_i c_i f_i = \text{measured}$. At
points with exact values this is linear algebra over the rationals, and a $c_i$ other than 1 names
the term. If the $c_i$ differ from size to size, powers of the dimensions are tried, and two
dimensions exchanged. If nothing fits, a term is missing, and what is missing is said as derived.
The finding decides nothing; the verdict stood before.
"""),
    mutant(
        r"""
Two mistakes in the drift $\gamma(p\,W_2W_2^\top - k\,W_1^\top W_1)$ of the imbalance:
$\sqrt\gamma$ for $\gamma$, and $p$ and $k$ exchanged.
""",
        r"""
claim = find("balancedness.isotropic")
for name in ("root_gamma", "swapped"):
    [slip] = [m for m in claim.mutants if m.name == name]
    verdict = check(replace(claim, **slip.changes), effort="quick", tiers=("exact",))
    print(f"{verdict.said}: {slip.mistake}")
    for line in verdict.finding.text:
        print(textwrap.fill(line, 84, initial_indent="    ", subsequent_indent="        "))
""",
        prints=("DISAGREES", "measured"),
    ),
    text(r"""
The last line of each is a counter-example. It is made smaller while it stays one: small sizes
first, then entries 0 and 1. In the second, $W_1 = 0$ and $W_2 = 1$ at $p = 2$, $k = 1$: two
inputs drive one output, $\mathrm dW_1 = \mathrm dB$, and $|W_1|^2$ grows at the rate 2.
"""),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
How many draws does it take to judge a probability with the relevant error 0.01, at the level
$10^{-6}$? And a mean of values between 0 and 1?
""",
        hint=r"""
Each test has a method `samples`.
""",
        solution=r"""
from verify.statistics.decisions import BoundedMean

for rule in (Probability(alpha=1e-6), BoundedMean(alpha=1e-6, low=0, high=1)):
    print(f"{type(rule).__name__:12} {rule.samples(0.01):9,} draws")
assert Probability(alpha=1e-6).samples(0.01) > 100_000
""",
    ),
    exercise(
        r"""
A difference of 0.02 is measured with $w = 0.01$, and the scheme may have left 0.06. The relevant
error is 0.1. What is the verdict, and would more paths help?
""",
        hint=r"""
`Estimate(...).decide(...)`, and `Estimate(...).samples(n, relevant)`.
""",
        solution=r"""
found = Estimate(value=0.02, half_width=0.01, bias=0.06)
print(found.decide(0.1), "— samples that would settle it:", found.samples(1_000, 0.1))
assert found.samples(1_000, 0.1) is None  # b > δ/2: finer steps, not more paths
""",
    ),
    exercise(
        r"""
Catoni's mean takes a declared bound of the variance. How much does the half-width grow, if one
declares four times too much to be on the safe side?
""",
        solution=r"""
from verify.statistics.decisions import ControlledMean

tight, safe = ControlledMean(alpha=1e-6, variance=1), ControlledMean(alpha=1e-6, variance=4)
ratio = safe.visible(4_000) / tight.visible(4_000)
print(f"by the factor {ratio:.2f}: the root of four")
assert abs(ratio - 2) < 0.01
""",
    ),
)

WALKTHROUGH = Walkthrough(
    title="The judge: how a verdict is reached",
    order=7,
    cells=(
        *RULE,
        *RATES,
        *BIAS,
        *TAILS,
        *MUTANTS,
        *NAMING,
        *BLIND,
        *EXERCISES,
    ),
)
