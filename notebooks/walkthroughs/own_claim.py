"""Check a claim of your own: from the formula in a paper to a verdict, a test, a certificate."""

from notebooks.cells import Walkthrough, code, exercise, mutant, text

SYMBOLS = (
    text(r"""
You have a formula from a paper, or from your own notes, and want to know whether it is right.
This notebook takes three of them from paper to verdict: one in symbols, one in Python functions,
one about an algorithm. Then the verdict goes into a test suite, and into a certificate that
others can compute again. You need no theorem of the catalogue.

## A formula in symbols

The square of the volume spanned by the columns of a matrix $X$ is $\det X^\top X$. Let the entries
be Ornstein–Uhlenbeck processes. A paper might say:

> Let $X$ be $n\times m$ with $\mathrm dX = -aX\,\mathrm dt + \sigma\,\mathrm dB$ and of full
> column rank. Then $\log\det X^\top X$ has the drift
> $(n-m)\,\sigma^2\operatorname{tr}(X^\top X)^{-1} - 2am$
> and the martingale part $2\sigma\operatorname{tr}\big((X^\top X)^{-1}X^\top\mathrm dB\big)$.

Translate word by word. Sizes are symbols: the claim is then about matrices of every size. What the
paper assumes becomes an assumption, and only points that meet it are drawn.
"""),
    code(r"""
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

import verify
from derivations import *
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, GREY, INK, show, use_style
from verify import NumericSDE, check

use_style()

n, m = dims("n m")
a, sigma = positive("a"), positive("sigma")
X, B = State("X", n, m), Brownian("B", n, m)

rank = full_row_rank(X.T)
sde = MatrixSDE({X: -a * X * dt + sigma * B.d}, assuming=[rank])
inverse = (X.T * X).inverse()

volume = DifferentialClaim(
    sde=sde,
    observable=logdet(X.T * X),
    drift=(n - m) * sigma**2 * tr(inverse) - 2 * a * m,
    martingale=2 * sigma * tr(inverse * X.T * B.d),
    assumptions=(Assumption(text="X has full column rank", condition=rank),),
)
"""),
    text(r"""
Nothing above says how to check it. That is the judge's business.
"""),
    code(
        r"""
show(check(volume, effort="quick"))
""",
        prints=("DISAGREES", "is missing", "measured −3, claimed −2"),
    ),
    text(r"""
Read the last lines first. *A term is missing*, and the judge says which:
$-\sigma^2\operatorname{tr} (X^\top X)^{-1}$. It was measured, and agrees exactly at the points.
The counter-example fits on a postcard: for $n = m = 1$ the volume is $|X|$, its square $X^2$, and
$\mathrm d\log X^2 = 2\,\mathrm dX/X - (\mathrm dX)^2/X^2$. At $X = a = \sigma = 1$ the drift is
$-2 - 1 = -3$. The formula of the "paper" has $-2$: it forgot the second part, in which the Itô
term is.

So the factor is $n - m - 1$. It is the known one: for $m = 1$ it gives $(n-2)/|x|^2$, the drift of
$\log|x|^2$ of a Brownian motion, zero in the plane.
"""),
    code(
        r"""
corrected = replace(volume, drift=(n - m - 1) * sigma**2 * tr(inverse) - 2 * a * m)
show(check(corrected, effort="quick"))
""",
        prints=("AGREES", "proved"),
    ),
    text(r"""
*derivation* is a proof for all sizes. The other three tiers know the declared equation alone, and
measured the same. To see the derivation of your own claim, ask the system for it.
`python -m verify explain my_claims.py` prints the same with the claim above and the rules in words.
"""),
    code(
        r"""
for step in sde.d(corrected.observable).derivation.steps:
    print("*", step.rule)
    print(fill(unicode(step.after), 84, initial_indent="    ", subsequent_indent="    "))
    print(fill(f"checked: {step.check}", 84, initial_indent="    ", subsequent_indent="    "))
""",
        prints=("insert the equations of the system", "checked: "),
    ),
    text(r"""
`sde.d(f)` derives the differential of any observable, with or without a claim:
"""),
    code(
        r"""
print(unicode(sde.d(logdet(X.T * X)).drift))
""",
        prints=("-m + n - 1",),
    ),
    mutant(
        r"""
$n$ for $m$ in the second term. For square matrices the two are the same.
""",
        r"""
slip = replace(corrected, drift=(n - m - 1) * sigma**2 * tr(inverse) - 2 * a * n)
show(check(slip, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "the dimension: claimed n, measured m"),
    ),
)

FUNCTIONS = (
    text(r"""
## A formula in Python functions

Where symbols cannot say it, a function can: of the equation, of the observable, of what is
stated. A pendulum with friction $c$ and noise $s$,

$$
\mathrm dq = v\,\mathrm dt, \qquad
\mathrm dv = (-\sin q - cv)\,\mathrm dt + s\,\mathrm dB .
$$

The claim: its energy $E = v^2/2 - \cos q$ has the drift $s^2 - cv^2$.

Arguments are the names of states, parameters, and `dB` for the increments of `B`. Arrays have
leading batch axes. A parameter is a *range*, from which every point draws its own value: what is
fixed at $s = 1$ cannot tell $s$ from $s^2$.
"""),
    code(
        r"""
pendulum = NumericSDE(
    states={"q": (), "v": ()},
    noises={"B": ()},
    parameters={"c": (0.1, 1.0), "s": (0.5, 2.0)},
    drift={"q": lambda v: v, "v": lambda q, v, c: -np.sin(q) - c * v},
    noise={"q": lambda dB: 0 * dB, "v": lambda s, dB: s * dB},
)
energy = DifferentialClaim(
    sde=pendulum,
    observable=lambda q, v: v**2 / 2 - np.cos(q),
    drift=lambda v, c, s: s**2 - c * v**2,
    martingale=lambda v, s, dB: s * v * dB,
)
show(check(energy, effort="quick"))
""",
        prints=("DISAGREES", "adding -s²/2 makes it fit"),
    ),
    text(r"""
The factor ½ of Itô's formula is missing:
$\frac12\,\mathrm d\langle v\rangle = \frac{s^2}2\,\mathrm dt$. The term was found without any
symbol being read: coefficients of forgotten terms are fitted to the values.
"""),
    code(
        r"""
energy = replace(energy, drift=lambda v, c, s: s**2 / 2 - c * v**2)
verdict = check(energy, effort="quick")
show(verdict)
""",
        prints=("AGREES",),
    ),
    text(r"""
There is no *derivation* and no *exact* here: a function has values, and no rules. What the judge
says of functions is about the points that it drew.

A look with one's own eyes: without friction the mean energy grows along a straight line, at the
rate $s^2/2$, whatever the pendulum does.
"""),
    code(
        r"""
rng = np.random.default_rng(0)
paths, steps, horizon, s = 2_000, 1_000, 20.0, 0.5
h = horizon / steps
q, v, seen = np.full(paths, 1.0), np.zeros(paths), []
for _ in range(steps + 1):
    seen.append(v**2 / 2 - np.cos(q))
    v = v - np.sin(q) * h + s * np.sqrt(h) * rng.standard_normal(paths)
    q = q + v * h
time, seen = np.linspace(0, horizon, steps + 1)[::10], np.array(seen)[::10]

figure, axes = plt.subplots()
axes.plot(time, seen[:, :4], color=GREY, alpha=0.5, linewidth=0.7)
mean = seen.mean(axis=1)
error = 3 * seen.std(axis=1) / np.sqrt(paths)
axes.fill_between(time, mean - error, mean + error, color=COLOURS["blue"], alpha=0.25, linewidth=0)
axes.plot(time, mean, color=COLOURS["blue"], label="mean of 2,000 paths, ± 3 standard errors")
axes.plot(time, mean[0] + s**2 / 2 * time, color=INK, linestyle=DASHES, label="rate s²/2")
axes.plot(time, mean[0] + s**2 * time, color=COLOURS["vermilion"], linestyle=":", label="rate s²")
axes.set(xlabel="time", ylabel="energy", ylim=(-2, 8))
axes.legend(loc="upper left");
""",
        alt="Energy of a pendulum with noise against time. Four single paths wander; the mean of "
        "two thousand lies on the dashed line of rate s squared over two, and far below the "
        "dotted line of rate s squared.",
    ),
)

STEP = (
    text(r"""
## A formula about an algorithm

No differential equation at all: one step of SGD on the quadratic $\frac12x^\top Hx$ with gradient
noise, $x^+ = x - \eta\,(Hx + \sigma\xi)$. The claim, taken from the differential equation
$\mathrm dx = -Hx\,\mathrm dt + \sqrt\eta\,\sigma\,\mathrm dB$ times $\eta$:

$$
\mathbb E|x^+|^2 - |x|^2 = -2\eta\,x^\top Hx + \eta^2 d\,\sigma^2 .
$$
"""),
    code(
        r"""
d, eta = dims("d"), positive("eta")
x, H, xi = State("x", d), Parameter("H", d, d, symmetric=True), Gaussian("xi", d)

of_the_sde = -2 * eta * tr(x.T * H * x) + eta**2 * d * sigma**2
step = StepClaim(
    update=Update({x: x - eta * (H * x + sigma * xi)}),
    observable=tr(x * x.T),
    change=of_the_sde,
)
show(check(step, effort="quick"))
""",
        prints=("DISAGREES", "is missing"),
    ),
    text(r"""
The squared gradient $\eta^2|Hx|^2$ is missing. It has the order of the noise term. As a statement
*to first order* the claim is right, and one can say so: name the step size, and the order of what
is left out.
"""),
    code(
        r"""
show(check(replace(step, step=eta, order=2), effort="quick"))
exact = replace(step, change=of_the_sde + eta**2 * tr(x.T * H * H * x))
show(check(exact, effort="quick"))
""",
        prints=("AGREES",),
    ),
)

KEEPING = (
    text(r"""
## Into a test suite

`check` returns a verdict. `assert verdict.agrees, str(verdict)` makes it a test, and the text
says what was found. Test the wrong formula too: a test that cannot fail shows nothing.
"""),
    code(
        r"""
def test_the_energy_of_the_pendulum():
    verdict = verify.check(energy, effort="quick")
    assert verdict.agrees, str(verdict)


def test_without_the_half_it_fails():
    wrong = replace(energy, drift=lambda v, c, s: s**2 - c * v**2)
    verdict = verify.check(wrong, effort="quick", tiers=("generator",))
    assert verdict.status == verify.Status.DISAGREES


for test in (test_the_energy_of_the_pendulum, test_without_the_half_it_fails):
    test()
    print("passed:", test.__name__)
""",
        prints=("passed: test_the_energy", "passed: test_without"),
    ),
    text(r"""
pytest finds such functions by itself. The seed is 0 unless you give another, so the test does not
flicker. If a verdict changes with the seed, something is wrong with the claim or the evidence is
too weak: take the next effort, `"standard"` and then `"deep"`, and not another seed.

## A file, a certificate, and its replay

For a paper or a review a file is the better form: the claims, and nothing else. Every claim at
the top level counts, and its id is the name of the variable.
"""),
    code(
        r'''
claim_file = """
from derivations import *

n, m = dims("n m")
a, sigma = positive("a"), positive("sigma")
X, B = State("X", n, m), Brownian("B", n, m)

energy = DifferentialClaim(
    source="my notes, equation (7)",
    sde=MatrixSDE({X: -a * X * dt + sigma * B.d}),
    observable=tr(X * X.T),
    drift=n * m * sigma**2 - 2 * a * tr(X * X.T),
    martingale=2 * sigma * tr(X.T * B.d),
)
"""


def command(folder, *words):
    "What a command prints, run in a folder."
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


with tempfile.TemporaryDirectory() as folder:
    Path(folder, "my_claims.py").write_text(claim_file, encoding="utf-8")
    tiers = ("--tier", "derivation", "--tier", "exact")
    ran = command(folder, "verify", "run", "my_claims.py", *tiers, "--workers", "1")
    print(next(line for line in ran.splitlines() if line.startswith("1 claim")))
    certificate = ran.split("certificate: ")[1].strip()
    print("in the certificate:", ", ".join(json.loads(Path(folder, certificate).read_text())), "\n")
    print(command(folder, "verify", "replay", certificate, "--workers", "1"))
''',
        prints=("1 AGREES", "holds bit for bit"),
    ),
    text(r"""
In a terminal these are

```sh
python -m verify run my_claims.py
python -m verify replay build/verify/certificate-….json
```

The certificate holds what was judged, with which settings, seeds and versions, and every number
that came out; it has no time of day in it. *Holds bit for bit* says that all of it came out
again. If not, the replay names what has changed: the claim, the code, a version, or nothing,
which would be the worst. A claim file is code and is run with your rights: run files of people
you trust.

`python -m verify mutants my_claims.py` makes wrong versions of your claims and shows that they are
rejected, `python -m verify explain my_claims.py` prints the derivations, and
`python -m verify run my_claims.py --report DIR` writes pages for reviewers.
"""),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
Claim the covariation of the logarithm of the squared volume with the squared norm: what is
$\mathrm d\langle\log\det X^\top X, \operatorname{tr}XX^\top\rangle/\mathrm dt$? It does not
depend on $X$.
""",
        hint=r"""
`CovariationClaim(sde=..., first=..., second=..., rate=...)`. Multiply the two martingale parts:
$2\sigma\operatorname{tr}((X^\top X)^{-1}X^\top\mathrm dB)$ and
$2\sigma\operatorname{tr}(X^\top\mathrm dB)$.
""",
        solution=r"""
both = CovariationClaim(
    sde=sde,
    first=logdet(X.T * X),
    second=tr(X * X.T),
    rate=4 * m * sigma**2,
    assumptions=volume.assumptions,
)
verdict = check(both, effort="quick", tiers=("derivation", "exact"))
show(verdict)
assert verdict.agrees
""",
    ),
    exercise(
        r"""
Momentum: $u^+ = \beta u - \eta\,(hx + \sigma\xi)$, $x^+ = x + u^+$, all scalars. What does one
step do to $\mathbb E\,u^2$? Claim it.
""",
        hint=r"""
A second state `u`, and `Update({u: ..., x: ...})`, in which every right side stands for the values
before the step. The square of the mean, and the variance.
""",
        solution=r"""
y, u, g = State("y"), State("u"), Gaussian("g")
beta, h_ = real("beta"), real("h")
moved = beta * u - eta * (h_ * y + sigma * g)
momentum = StepClaim(
    update=Update({u: moved, y: y + moved}),
    observable=u**2,
    change=(beta * u - eta * h_ * y) ** 2 + eta**2 * sigma**2 - u**2,
)
verdict = check(momentum, effort="quick")
show(verdict)
assert verdict.agrees
""",
    ),
    exercise(
        r"""
Fix the parameter `s` of the pendulum at 1 instead of a range. Which wrong formula does the judge
accept now?
""",
        hint=r"""
`replace(pendulum, parameters={"c": (0.1, 1.0), "s": 1.0})`
""",
        solution=r"""
fixed = replace(pendulum, parameters={"c": (0.1, 1.0), "s": 1.0})
wrong = replace(energy, sde=fixed, drift=lambda v, c, s: s / 2 - c * v**2)
verdict = check(wrong, effort="quick", tiers=("generator",))
print("s/2 for s²/2, at s = 1:", verdict.status)
assert verdict.agrees
""",
    ),
    text(r"""
## Where to go on

[Check a claim of my paper](guide/check-my-papers-claim.md) has the table of translations, and
[Claiming anything](../verify/CLAIMS.md) all kinds of claims: expectations, laws, crossing
probabilities, stationary densities, limits. [Read a verdict](guide/read-a-verdict.md) says what
to do about INCONCLUSIVE.
"""),
)

WALKTHROUGH = Walkthrough(
    title="Check a claim of your own",
    order=8,
    cells=(
        *SYMBOLS,
        *FUNCTIONS,
        *STEP,
        *KEEPING,
        *EXERCISES,
    ),
)
