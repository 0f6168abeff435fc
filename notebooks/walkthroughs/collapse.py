"""Collapse: noise that vanishes on an invariant set, of one weight, a neuron, a mode, a feature."""

from notebooks.cells import Walkthrough, code, derivation, kernel, mutant, statement, steps, text
from notebooks.walkthroughs._collapse_features import EXERCISES, QUADRATIC, SPARSE
from notebooks.walkthroughs._collapse_modes import MODES

SETTING = (
    text(r"""
Where the noise of SGD vanishes, SGD can get caught. A neuron whose weights are zero has no gradient
and no noise: zero is an *invariant set*. Whether it attracts is decided by the noise near it, and
not by the loss alone: with enough noise zero attracts though the loss is larger there than
elsewhere. This is stochastic collapse (Chen, Kunin, Yamamura, Ganguli, NeurIPS 2023). The
walkthrough goes from one number to networks:

1. one weight in a quartic potential, in which everything is known;
2. one neuron, where the equation and the algorithm do not have quite the same threshold;
3. the singular values of a linear network: each mode by itself, and what the repulsion of Theorem
   5.1 adds where singular vectors move;
4. $\beta = \theta^2$ with label noise (Pillaud-Vivien, Reygner, Flammarion, COLT 2022; HaoChen,
   Wei, Lee, Ma, COLT 2021): why $\beta$ grows in the mean and dies on every path, and the Lasso
   that it solves;
5. what to measure on any network: rank and similarity of features (Andriushchenko, Varre,
   Pillaud-Vivien, Flammarion, ICML 2023).

Stochastic differentials are in the sense of Itô, time is steps times $\eta$. Constants are derived
here; papers differ in the factors of their losses and of their noise.
"""),
    code(
        r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq, nnls
from scipy.special import gamma
from sympy import log

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, GREY, INK, shades, show, use_style
from numerics.datasets.digits import load
from numerics.deep import Training, error_rate, sgd, start
from numerics.features import (
    activation_similarity,
    effective_rank,
    feature_rank,
    feature_sparsity,
    independent_fraction,
    relu_activations,
)
from verify import check

use_style()
"""
    ),
)

QUARTIC = (
    text(r"""
## One weight

The potential $\frac14\theta^4 - \frac\mu2\theta^2$ with $\mu > 0$ has its minima at $\pm\sqrt\mu$,
and a maximum at 0. Let the noise be proportional to $\theta$:

$$
\mathrm d\theta = (\mu\theta - \theta^3)\,\mathrm dt + \zeta\,\theta\,\mathrm d\beta .
$$

At $\theta = 0$ nothing moves. The linear part grows in the mean, $\mathbb E\,\theta\sim e^{\mu t}$.
But near zero a path is a product of many random factors, and what a product does is seen by its
logarithm.
"""),
    derivation(
        "stochastic_collapse",
        notes={
            1: r"""
$\log''\theta = -1/\theta^2$: the second-order term is negative. This one term is the whole effect.
""",
            3: r"""
**The fluctuations cost.** $\mathrm d\theta^2 = \zeta^2\theta^2\,\mathrm dt$, so the factor
$\theta^2$ cancels and $-\zeta^2/2$ is left at every $\theta$, however small. By numbers: a gain of
50 % and a loss of 50 % do not make up for each other, since $1.5\cdot0.5 < 1$.
""",
        },
    ),
    text(r"""
Near zero $\log\theta$ is a Brownian motion with the drift $\mu - \zeta^2/2$. If it is negative,
zero attracts. Read the same equation in the sense of Stratonovich, and there is no such term: the
threshold would be where the potential has it, at $\mu = 0$.
"""),
    code(
        r"""
mu, zeta = real("mu"), positive("zeta")
weight, beta = State("theta", positive=True), Brownian("beta")
equation = {weight: (mu * weight - weight**3) * dt + zeta * weight * beta.d}
for calculus in ("ito", "stratonovich"):
    print(f"{calculus:13}", unicode(MatrixSDE(equation, calculus=calculus).d(log(weight)).drift))
""",
        prints=("μ - ζ²/2 - θ²",),
    ),
    statement("stochastic_collapse.threshold"),
    text(r"""
### Where readers get stuck: almost surely, and at equality

*Above the threshold.* The term $-\theta^2$ in the drift is never positive, so $\log\theta_t$ is at
most $\log\theta_0 + (\mu-\zeta^2/2)\,t + \zeta\beta_t$. As $\beta_t/t\to0$, this tends to
$-\infty$.

*Below it.* No path can collapse: with $\theta\to0$ the drift would tend to $\mu-\zeta^2/2 > 0$, and
$\log\theta$ would rise.

*What is judged.* Paths of finite length do not show what is almost sure. The sign of a limit they
do show, if it is not zero; and $\log\theta_t/t$ tends to zero for the whole range below the
threshold. Hence $f = \log\theta + 2\int\theta^2\,\mathrm dt$. It is at least $\log\theta$, so a
negative limit of $f/t$ is collapse. And with $\theta\to0$ the integral would grow slower than $t$,
and $f/t$ would have the limit of $\log\theta/t$, zero at most: so a positive limit excludes
collapse. It is $\mu-\zeta^2/2$ in the one case, and $2\mu-\zeta^2$ in the other, as there the mean
of $\theta^2$ over time is $\mu-\zeta^2/2$ (`stochastic_collapse.second_moment`).

At $\zeta^2 = 2\mu$ the drift of $\log\theta$ is $-\theta^2$: nothing pulls it back from $-\infty$,
and nothing pulls it there. It is like a Brownian motion with a wall on one side. It comes back to
every level again and again, so $\theta$ does *not* tend to zero; but the time away grows without
limit, and so it has *no* stationary law either. (It does tend to zero in probability: at a late
time it is most likely far down.)
"""),
    code(
        r"""
def logarithms(ratio, *, paths=6, horizon=250.0, h=0.01, seed=0):
    "log θ along paths with μ = 1 and ζ² = 2μ·ratio; steps of the equation for log θ."
    rng = np.random.default_rng(seed)
    x, seen, square = np.zeros(paths), [], 2 * ratio
    for _ in range(round(horizon / h)):
        seen.append(x)
        kick = np.sqrt(square * h) * rng.standard_normal(paths)
        x = x + (1 - square / 2 - np.exp(2 * x)) * h + kick
    return h * np.arange(len(seen)), np.array(seen)


figure, panels = plt.subplots(1, 3, figsize=(7, 2.8))
panels[1].sharey(panels[2])
for axes, ratio, name in zip(panels, (0.5, 1.0, 1.5), "<=>", strict=True):
    time, x = logarithms(ratio, h=0.02, paths=4)
    axes.plot(time[::200], x[::200], linewidth=0.8, color=COLOURS["blue"], alpha=0.7)
    limit = np.minimum(0, 1 - ratio) * time
    axes.plot(time, limit, color=INK, linestyle=DASHES, linewidth=1, label="min(0, μ − ζ²/2) t")
    axes.set(title=f"ζ² {name} 2μ", xlabel="time")
panels[0].plot([], [], linewidth=0.8, color=COLOURS["blue"], label="four paths")
panels[0].legend(loc="lower left")
panels[0].set(ylabel="log θ", ylim=(-20, 4));
""",
        alt="log θ along four paths for three noise levels. Below the threshold they stay near "
        "zero. At the threshold they wander below zero, and some come back to it. Above it "
        "all fall along the predicted dashed line.",
    ),
)

DENSITY = (
    text(r"""
## The density below the threshold

For $\zeta^2 < 2\mu$ the paths of the left panel have a law that stays. First the equation for
densities:
"""),
    steps("stochastic_collapse.fokker_planck"),
    text(r"""
The noise stands *inside* both derivatives; this is what Itô's integral gives. Stationary, and with
no flux through zero, means that one bracket vanishes, and that is an equation of first order for
$\log p$:
"""),
    derivation(
        "stochastic_collapse.stationary",
        notes={
            2: r"""
**The term $-\zeta^2\theta$.** It is the derivative of the coefficient, $\frac12(\zeta^2\theta^2)'$.
It makes the exponent $2\mu/\zeta^2 - 2$; without it there would be $2\mu/\zeta^2$. Stratonovich's
reading has half of it and the exponent $2\mu/\zeta^2-1$.
""",
        },
    ),
    text(r"""
**Where the threshold is hidden.** Near zero $p\sim\theta^{2\mu/\zeta^2-2}$. This can be integrated
iff the exponent is above $-1$, that is $\zeta^2 < 2\mu$. At equality it is $1/\theta$ times a
constant, with infinite mass: the null recurrence of above.

In $\theta^2$ the density is a gamma density of shape $\mu/\zeta^2-\frac12$ and scale $\zeta^2$.
Hence all moments, as $\mathbb E\,\theta^2 = \mu-\zeta^2/2$, below the minimum $\mu$ of the
potential. For $\mu > \zeta^2$ the density has its top at $\sqrt{\mu-\zeta^2}$. For
$\zeta^2/2 < \mu < \zeta^2$ it is unbounded at zero, though paths do not collapse: they stay there
for long times, and leave again.
"""),
    code(
        r"""
figure, panels = plt.subplots(1, 2, figsize=(7, 2.8))
theta = np.linspace(1e-3, 2.6, 600)
for axes, square in zip(panels, (0.4, 1.4), strict=True):
    shape = 1 / square - 0.5
    density = 2 * theta ** (2 * shape - 1) * np.exp(-(theta**2) / square)
    density /= gamma(shape) * square**shape
    _, x = logarithms(square / 2, paths=1200, horizon=20.0, seed=2)
    late = np.exp(x[1000::50])
    bins = np.linspace(0, 2.6, 40)
    axes.hist(late.ravel(), bins=bins, density=True, color=GREY, alpha=0.4, label="1,200 paths")
    axes.plot(theta, density, color=COLOURS["vermilion"], label="stated density")
    axes.axvline(1, color=INK, linestyle=DASHES, linewidth=0.8, label="minimum of the potential")
    axes.set(title=f"ζ² = {square:g}, μ = 1", xlabel="θ", xlim=(0, 2.6), ylim=(0, 1.6))
    print(f"E θ² = μ − ζ²/2 = {1 - square / 2:.1f}, of the paths {np.mean(late**2):.1f}")
panels[1].legend(loc="upper right", frameon=True, framealpha=1, edgecolor="none")
panels[0].set_ylabel("density");
""",
        alt="Histograms of simulated weights on the predicted densities. For small noise the "
        "density has its top below the minimum of the potential at one; for noise closer to the "
        "threshold it is unbounded at zero.",
    ),
    kernel("stochastic_collapse", "increment"),
    code(
        r"""
claim = find("stochastic_collapse.stationary")
show(check(claim, effort="quick", tiers=("derivation", "generator")))
""",
        prints=("AGREES",),
    ),
    mutant(
        r"""
The exponent $2\mu/\zeta^2-1$, of the Stratonovich reading. It would move the threshold to
$\mu = 0$, where the potential has it: no stochastic collapse at all.
""",
        r"""
[slip] = [m for m in claim.mutants if m.name == "stratonovich"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("path",)))
""",
    ),
)

NEURON = (
    text(r"""
## One neuron

$f(x) = w_2\,\sigma(w_1x)$ with $\sigma(0) = 0$, $c = \sigma'(0)$, the loss
$\frac12(f - y - \xi)^2$, one sample a step, and label noise $\xi$ of variance $\zeta^2$. At $w = 0$
there is neither gradient nor noise. Near it the residual is $-(y+\xi)$, and with $a = x(y+\xi)$ one
step is

$$
w_1^+ = w_1 + \eta c\,a\,w_2, \quad w_2^+ = w_2 + \eta c\,a\,w_1
\qquad\Longrightarrow\qquad w_1^+\pm w_2^+ = (1\pm\eta c\,a)(w_1\pm w_2) .
$$

Again products of random factors, one for the sum and one for the difference of the weights. The
stochastic differential equation keeps the mean of $a$ and the covariance of the gradient. With
$m = \mathbb E\,xy$, $v = \operatorname{Var}(xy)$, $e = \mathbb E\,x^2$:
"""),
    statement("stochastic_collapse.neuron"),
    text(r"""
Zero attracts iff both directions fall:

$$
\frac{\eta c}{2}\Big(\zeta^2 + \frac{\operatorname{Var}(xy)}{\mathbb E\,x^2}\Big) >
\frac{|\mathbb E\,xy|}{\mathbb E\,x^2} .
$$

### Where readers get stuck: Var(xy) or E[(xy)²]?

The variance is that of the equation. A step of the algorithm is a number $\log|1\pm\eta c\,a|$,
whose second order is $-\frac12(\eta c)^2\,\mathbb E\,a^2$, with the *second moment* of $a$. It has
the square of the mean too. What both directions lose together:
"""),
    derivation(
        "stochastic_collapse.neuron_step",
        notes={
            1: r"""
$w_1^2 - w_2^2$ is the product of the two directions. The first orders $\pm\eta c\,a$ cancel, and
what is left is $-\eta^2c^2a^2$, multiplied out over the samples. $w_i$ in the sums is $n$ for the
sample that was drawn and 0 for the others.
""",
            2: r"""
Only one sample is drawn, so that products of two different $w_i$ vanish. This leaves
$\frac1n\sum x_i^2y_i^2$, a second moment, and no square of a mean is taken off.
""",
        },
    ),
    text(r"""
Drawn below is what $\log|w_1+w_2|$ and $\log|w_1-w_2|$ lose in a step, together and in the mean
over all draws: $-\mathbb E\log|1-\eta^2a^2|$, over $\eta^2$. There are four samples and two signs
of the label noise, so that the mean is a sum of eight terms.
"""),
    code(
        r"""
xs, ys = np.array([1, 0.5, -1, -0.5]), np.array([1.2, 0.5, -0.8, -0.5])
m, e, second = (xs * ys).mean(), (xs**2).mean(), ((xs * ys) ** 2).mean()
v = second - m**2


def factors(eta, square):
    "1 + ηa for the four samples and both signs of a label noise ±ζ: all that can happen."
    zeta = np.sqrt(square)
    return 1 + eta * np.concatenate([xs * (ys + zeta), xs * (ys - zeta)])


etas = np.geomspace(0.01, 0.4, 20)
lost = []
for eta in etas:
    both = np.log(np.abs(factors(eta, 0.25))) + np.log(np.abs(factors(-eta, 0.25)))
    lost.append(-both.mean() / eta**2)
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.semilogx(etas, lost, "o", color=COLOURS["blue"], label="one step, mean over all draws")
axes.axhline(second + 0.25 * e, color=INK, linestyle=DASHES, label="E[(xy)²] + ζ²E x²")
axes.axhline(v + 0.25 * e, color=COLOURS["vermilion"], label="Var(xy) + ζ²E x²: the equation")
axes.set(xlabel="step size η (c = 1, ζ = ½)", ylim=(0, 1))
axes.set_ylabel("−E log|1 − η²a²| / η²")
axes.legend(loc="lower left");
""",
        alt="What both directions lose in one step, over the step size squared. For small steps it "
        "is on the dashed line of the second moment, more than twice as high as the line of the "
        "variance.",
    ),
    mutant(
        r"""
The variance of the equation taken for that of the step.
""",
        r"""
claim = find("stochastic_collapse.neuron_step")
[slip] = [m_ for m_ in claim.mutants if m_.name == "sde"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
    ),
    text(r"""
By hand: one sample, all numbers 1, so that $a = 1\pm1$ and $\mathbb E\,a^2 = 2$. The variance of
$xy$ over one sample is 0, and the claim is left with $\zeta^2\,\mathbb E\,x^2 = 1$.

How much does it matter *at the threshold*? There $\zeta^2\approx2|m|/(\eta e)$ is large, of the
order $1/\eta$, and both $\operatorname{Var}(xy)$ and $\mathbb E[(xy)^2]$ are small beside it. So is
what the higher orders of $\log(1+\eta a)$ add: $\eta^3\zeta^2$ and $\eta^4\zeta^4$ are both of the
order $\eta^2$ then, like $\eta^2\,\mathbb E[(xy)^2]$ itself. Here is the true threshold, the
$\zeta^2$ at which $\mathbb E\log|1+\eta a| = 0$ over all draws, less $2m/(\eta e)$:
"""),
    code(
        r"""
print("    η   2m/(ηe)   the equation   with E[(xy)²]   real step   all of this order")
cubic, quartic = (xs**3 * ys).mean(), (xs**4).mean()
orders = 4 * m * cubic / e**2 - 2 * m**2 * quartic / e**3 - second / e
for eta in (0.2, 0.1, 0.05, 0.025):
    lead = 2 * m / (eta * e)
    exact = brentq(lambda z, eta=eta: np.log(np.abs(factors(eta, z))).mean(), lead / 2, 2 * lead)
    print(f"{eta:6.3f} {lead:7.1f} {-v / e:13.2f} {-second / e:14.2f}", end=" ")
    print(f"{exact - lead:13.2f} {orders:16.2f}")
""",
    ),
    text(r"""
The lesson is not that $\mathbb E[(xy)^2]$ should be written for the variance. To leading order the
threshold is $\zeta^2 = 2|m|/(\eta c\,e)$, and the relative error of this is of order $\eta$. At
that order the equation is wrong, even in its sign here, and so would be the half correction. (The
last column has the third and fourth order for labels $\pm\zeta$.) $\operatorname{Var}(xy)$ in the
formula is worth something where it is large beside these, for data with much noise of their own.

Does a real neuron, $\sigma = \tanh$, with ordinary weights to begin with, collapse there?
"""),
    code(
        r"""
def collapsed(ratios, *, eta=0.1, runs=60, steps_=2500, seed=3):
    "The part of runs that end below 10⁻⁶; ζ² is the ratio times the threshold of the equation."
    rng = np.random.default_rng(seed)
    square = np.array(ratios)[:, None] * 2 * m / (eta * e) - v / e
    w1, w2 = 0.5 * rng.standard_normal((2, len(ratios), runs))
    for _ in range(steps_):
        chosen = rng.integers(4, size=w1.shape)
        x, label = xs[chosen], ys[chosen] + np.sqrt(square) * rng.choice([-1, 1], w1.shape)
        hidden = np.tanh(w1 * x)
        r = label - w2 * hidden
        w1, w2 = w1 + eta * r * w2 * (1 - hidden**2) * x, w2 + eta * r * hidden
    return np.mean(np.hypot(w1, w2) < 1e-6, axis=1)


ratios = [0.2, 0.5, 0.8, 1.0, 1.2, 1.4, 1.8]
share = collapsed(ratios)
figure, axes = plt.subplots(figsize=(7, 2.4))
axes.plot(ratios, share, "o-", color=COLOURS["vermilion"])
axes.axvline(1, color=INK, linestyle=DASHES, linewidth=1, label="threshold of the equation")
place = brentq(lambda z: np.log(np.abs(factors(0.1, z))).mean(), 10, 40) + v / e
axes.axvline(place * 0.1 * e / (2 * m), color=INK, linestyle=":", label="that of the real step")
axes.set(xlabel="ζ² + Var(xy)/E x², in units of its threshold", ylabel="part of runs collapsed")
axes.legend(loc="upper left")
assert share[0] < 0.1 and share[-1] > 0.9
""",
        alt="The part of tanh neurons that collapsed against the noise in units of the predicted "
        "threshold: none well below it, nearly all well above. The rise is a little above one, "
        "near the dotted line of the real step.",
    ),
)

WALKTHROUGH = Walkthrough(
    title="Collapse: weights that noise extinguishes",
    order=12,
    cells=(SETTING, QUARTIC, DENSITY, NEURON, MODES, QUADRATIC, SPARSE, EXERCISES),
)
