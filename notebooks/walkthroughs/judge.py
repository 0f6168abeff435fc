"""The judge: how a verdict is reached, how often it is wrong, and what it cannot see."""

from notebooks.cells import Walkthrough, code, exercise, mutant, text

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

RATES = (
    text(r"""
## Both error rates, exactly

Judge a probability from 400 draws, at the loose level $\alpha = 5\%$, with $\delta = 0.1$. The
verdict depends on the number of hits alone, so that its probabilities are sums of binomial
weights: nothing is simulated here.
"""),
    code(
        r"""
n, relevant, stated = 400, 0.1, 0.5
test = Probability(alpha=0.05)
hits = np.arange(n + 1)


def draws(count):
    "Zeros and ones with this number of hits."
    return np.arange(n) < count


answers = np.array([str(test.decide(draws(count), stated, relevant)) for count in hits])
errors = np.linspace(0, 0.16, 81)
shares = {
    name: [binom.pmf(hits, n, stated + e)[answers == name].sum() for e in errors]
    for name in VERDICTS
}
print(f"true claim, error 0:     DISAGREES in {100 * shares['DISAGREES'][0]:.1f} %")
print(f"wrong claim, error 0.10: AGREES in {100 * shares['AGREES'][50]:.1f} %")
print(f"smallest visible error:  {test.visible(n):.3f} with {n} draws")

figure, axes = plt.subplots()
for name, colour in VERDICTS.items():
    if name != "INCONCLUSIVE":
        axes.plot(errors, shares[name], color=colour, label=name)
axes.axhline(0.05, color=INK, linestyle=DASHES, linewidth=1, label="promised: 5 %")
axes.axvline(relevant, color=GREY, linewidth=1)
axes.annotate("relevant error", (relevant, 0.5), xytext=(5, 0), textcoords="offset points")
axes.set(xlabel="by how much the claim is wrong", ylabel="probability of the verdict")
axes.legend();
""",
        alt="The probability of AGREES falls and that of DISAGREES rises with the error of the "
        "claim. At error zero DISAGREES is below the dashed five percent, and at the relevant "
        "error AGREES is below it.",
        prints=("true claim",),
    ),
    text(r"""
A run of the judge has $10^{-6}$ for either error, not 5 %. It is divided over claims, tiers,
settings, looks and entries, by the union bound, which needs no independence.

## Why no t test

A t or z interval takes its width from the sample. If rare values carry the mean, a sample without
them has a small variance *and* a wrong mean: it is surest where it is most wrong. Again exactly,
for a probability $q$ and 200 draws:
"""),
    code(
        r"""
n = 200
hits = np.arange(n + 1)
means = hits / n
half = norm.ppf(0.975) * np.sqrt(means * (1 - means) / n)
rare = np.geomspace(0.0005, 0.5, 120)


# Clopper and Pearson's interval for each number of hits: its middle and half of its length.
intervals = [test.estimate(np.arange(n) < count, 0.0) for count in hits]
middles = np.array([interval.value for interval in intervals])
lengths = np.array([interval.half_width for interval in intervals])

weights = [binom.pmf(hits, n, q) for q in rare]
z_test = [w[np.abs(means - q) > half].sum() for w, q in zip(weights, rare, strict=True)]
judge = [w[np.abs(middles - q) > lengths].sum() for w, q in zip(weights, rare, strict=True)]

figure, axes = plt.subplots()
axes.semilogx(rare, z_test, color=COLOURS["vermilion"], label="z test")
axes.semilogx(rare, judge, color=COLOURS["green"], label="Clopper and Pearson, the judge's")
axes.axhline(0.05, color=INK, linestyle=DASHES, linewidth=1, label="promised: 5 %")
axes.set(xlabel="probability q of the rare value", ylabel="true claims rejected", ylim=(0, 1))
axes.legend()
print(f"z test at q = 0.0005: {100 * z_test[0]:.0f} % of true claims are rejected")
""",
        alt="The share of true claims rejected against the probability of the rare value. The z "
        "test rejects ninety percent at 0.0005 and stays above the promised five percent almost "
        "everywhere; the exact interval stays below.",
        prints=("true claims are rejected",),
    ),
    text(r"""
More draws do not help: for every $n$ there is a $q$ of about $0.1/n$. The judge's bounds hold at
every $n$ and name what they assume: bounds of the values (empirical Bernstein), a bound of the
variance (Catoni's mean), or nothing (Clopper and Pearson; Dvoretzky, Kiefer and Wolfowitz for a
law).
"""),
)

BIAS = (
    text(r"""
## Bias apart from noise

A simulated law has the bias of its scheme, and no number of paths makes it smaller. If it were
part of $w$, a million paths at a coarse step would refute every true claim. So it is estimated on
its own: the same Brownian paths are run at $h$, $h/2$ and $h/4$, and what the last halving moved
is multiplied by $1/(\sqrt2 - 1) = 2.41$. This is what is left if the error shrinks at least like
$\sqrt h$.

Below, $\mathbb E\,X_1^2$ of $\mathrm dX = -X\,\mathrm dt + \mathrm dB$ from 0 by Euler's scheme,
where everything is known: the scheme is Gaussian, and its variance is a geometric sum.
"""),
    code(
        r"""
true = (1 - np.exp(-2)) / 2


def euler(h):
    "E X² at time 1 by Euler's scheme, exactly."
    return h * (1 - (1 - h) ** (2 * round(1 / h))) / (1 - (1 - h) ** 2)


paths, alpha = 200_000, 1e-6
figure, axes = plt.subplots()
for k, h in enumerate((1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256)):
    value = euler(h)
    w = norm.ppf(1 - alpha / 2) * value * np.sqrt(2 / paths)
    b = 2.41 * abs(euler(h) - euler(2 * h))
    axes.plot([k, k], [value - w - b, value + w + b], color=COLOURS["blue"], alpha=0.35)
    axes.plot([k, k], [value - w, value + w], color=COLOURS["blue"], linewidth=4)
    naive, honest = abs(value - true) > w, abs(value - true) > w + b
    said = [("rejected" if wrong else "kept") for wrong in (naive, honest)]
    print(f"h = 1/{1 / h:<3.0f}  d = {value - true:.3f}  w = {w:.3f}  b = {b:.3f}", end="  ")
    print(f"without b: {said[0]:8}  with b: {said[1]}")
axes.axhline(true, color=INK, linestyle=DASHES, linewidth=1, label="the true value")
axes.set_xticks(range(5), ["1/16", "1/32", "1/64", "1/128", "1/256"])
axes.set(xlabel="step h of the scheme, 200,000 paths", ylabel="E X² at time 1")
axes.legend();
""",
        alt="Estimates at five step sizes with short thick bars for noise and long thin bars for "
        "bias. At coarse steps the thick bars miss the dashed true value; the thin bars hold it "
        "at every step.",
        prints=("with b: kept",),
    ),
    text(r"""
A claim is neither rejected for the bias, since $d$ must be beyond $w + b$, nor accepted because
of it, since $b < \delta/2$. If the bias is in the way, the next look has finer steps. The bound
rests on an extrapolation, and every verdict that uses it says so: it is the *condition* of the
evidence.
"""),
    code(
        r"""
ou = NumericSDE(
    states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB
)
spread = (1 - np.exp(-2)) / 2
right = np.cos(0.5 * np.exp(-1)) * np.exp(-spread / 2)
cosine = ExpectationClaim(
    sde=ou,
    observable=lambda x: np.cos(x),
    value=right,
    bounds=(-1, 1),
    horizon=1,
    values={"x": 0.5},
    relevant=0.05,
)
[evidence] = check(cosine, effort="quick", tiers=("path",)).evidence
print(evidence.status)
print(textwrap.fill(f"condition: {evidence.condition}", 84))
for name in ("false_agree", "false_reject"):
    print(f"{name}: {getattr(evidence, name):.1e}")
""",
        prints=("AGREES", "condition"),
    ),
)

TAILS = (
    text(r"""
## Heavy tails: say what you know

$\mathbb E\,|X_1|^2$ for six Ornstein–Uhlenbeck processes. The observable has no bound. A sample
cannot tell whether a value that occurs once in a million paths carries half of the mean, so that
without further knowledge no number of paths settles the claim.
"""),
    code(
        r"""
six = NumericSDE(
    states={"x": (6,)}, noises={"B": (6,)}, drift=lambda x: -x, noise=lambda dB: dB
)
norm2 = ExpectationClaim(
    sde=six,
    observable=lambda x: (x**2).sum(-1),
    value=lambda t: 3 * (1 - np.exp(-2 * t)),
    horizon=1,
    values={"x": np.zeros(6)},
    relevant=0.1,
)
open_ = check(norm2, effort="quick", tiers=("path",))
print(open_.status, textwrap.fill(open_.evidence[0].reason, 84), "", sep="\n")
print("with a bound of the variance, 4:")
show(check(replace(norm2, variance=4), effort="quick", tiers=("path",)))
""",
        prints=("INCONCLUSIVE", "AGREES"),
    ),
    text(r"""
The variance is $6\cdot2\cdot0.432^2 = 2.24$, so that 4 is true. The bound becomes part of the
claim, and the verdict is conditional on it. The mean is Catoni's: a value far out counts by its
logarithm. The walkthrough on structure has a case in which averages of any feasible number of
paths are wrong.
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
the term. If the $c_i$ differ from size to size, powers of the dimensions are tried. If no
coefficients fit, a term is missing, and what is missing is said as derived. The finding decides
nothing; the verdict stood before.
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

BLIND = (
    text(r"""
## What it cannot see

*What is wrong by less than the relevant error.* The value below is one percent too large, and the
claim says that errors below a tenth do not matter.
"""),
    code(
        r"""
show(check(replace(cosine, value=1.01 * right), effort="quick", tiers=("path",)))
""",
        prints=("AGREES",),
    ),
    text(r"""
*A corner in which no point was drawn.* Of Python functions there are values at points, and no
proof. This drift is wrong by 1 where $x > 50$:
"""),
    code(
        r"""
corner = DifferentialClaim(
    sde=ou,
    observable=lambda x: x**2,
    drift=lambda x: 1 - 2 * x**2 + np.where(x > 50, 1.0, 0.0),
    martingale=lambda x, dB: 2 * x * dB,
)
verdict = check(corner, effort="quick")
show(verdict)
print("a bound of the rate of false agreement:", verdict.false_agree)
""",
        prints=("AGREES", "None"),
    ),
    text(r"""
`None` says that no rate is stated. Written in symbols the same drift would be refused: the
derivation speaks of all points. Draw points where it matters, with `within`, and the corner is
found:
"""),
    code(
        r"""
wide = NumericSDE(
    states={"x": ()},
    noises={"B": ()},
    drift=lambda x: -x,
    noise=lambda dB: dB,
    within={"x": (40, 60)},
)
show(check(replace(corner, sde=wide), effort="quick", tiers=("generator",)))
""",
        prints=("DISAGREES",),
    ),
    text(r"""
*A mistake in the declaration itself.* The simulated side knows the declared equation and no
other. If the equation is not that of the paper, or time is counted in steps where the paper
counts in $\eta$, all tiers agree on the wrong thing. *A bias that three grids do not show*, and
*declared bounds that are false where no path goes*, are two more. The list is in
[METHOD.md](../verify/METHOD.md).
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
