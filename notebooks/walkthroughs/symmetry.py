"""Symmetry of a loss: what gradient flow conserves, and where the noise of SGD takes it."""

from notebooks.cells import Walkthrough, code, derivation, mutant, statement, text
from notebooks.walkthroughs._symmetry_checks import CHECKS, EXERCISES, MISTAKES
from notebooks.walkthroughs._symmetry_product import BALANCE, STATIONARY

SETTING = (
    text(r"""
Multiply one factor of a product by a number and divide the other by it: the product stays, and so
does every loss of it. A symmetry of the loss gives gradient flow a conserved quantity, a *Noether
charge*, as a symmetry of the laws of motion gives one to mechanics. Under gradient flow the weights
remember this quantity of their start for ever. SGD forgets it: its noise moves the charge, and yet
not at random, since no martingale part is left. The theory is that of *Parameter Symmetry and
Noise Equilibrium of Stochastic Gradient Descent* (Ziyin, Wang, Li, Wu, NeurIPS 2024). This notebook
derives the law for every symmetry, gives it for single steps of SGD, and follows two consequences:
norms that can only grow, and two factors whose product has a stationary law up to a threshold of
the noise, and vanishes above it. The next notebook is on matrices.

All formulas are derived here, and none is copied. Stochastic differentials are in the sense of
Itô unless Stratonovich is named.

## The setting, and what its letters mean

A loss $L = \frac1n\sum_i\ell_i$ of parameters $\theta$ has the sample gradients $g_i$. Their mean
is $\nabla L$ and their covariance
$\Sigma = \frac1n\sum_i g_ig_i^\top - \nabla L\,\nabla L^\top$, that of *one* sample. Both depend on
$\theta$. The equation of SGD is

$$
\mathrm d\theta = -\nabla L\,\mathrm dt + \sqrt{T\,\Sigma}\;\mathrm dW .
$$

A step of size $\eta$ on $b$ samples, drawn with replacement, adds noise of covariance
$\eta^2\Sigma/b$. Time is the number of steps times $\eta$, so that a unit of time holds $1/\eta$
steps and the covariance $(\eta/b)\,\Sigma$: hence $T = \eta/b$. The paper writes
$\sqrt{2\sigma^2\Sigma}$. Most constants that differ between two texts differ by this:

| | here | the paper | SGD |
|---|---|---|---|
| strength of the noise | $T$ | $2\sigma^2$ | $\eta/b$ |
| law of the charge $\operatorname{tr}(\Sigma A)$ | times $T$ | times $2\sigma^2$ | times $\eta/b$ |
| rate of a matrix factorization | $4T$ | $8\sigma^2$ | $4\eta/b$ |
"""),
    code(r"""
from dataclasses import replace
from itertools import product
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from sympy import log, sqrt

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, GREY, INK, show, use_style
from verify import check

use_style()
"""),
    text(r"""
## A symmetry is a statement about gradients

Let $A$ be a symmetric matrix, and let the loss of every sample stay as it is when the parameters
move along $\mathrm d\theta = A\theta\,\mathrm ds$: $\ell(e^{sA}\theta) = \ell(\theta)$. The
derivative at $s = 0$ says

$$
\theta^\top A\,\nabla\ell(\theta) = 0 \qquad\text{for every sample.}
$$

Each sample gradient is orthogonal to $A\theta$. So is every mean of them, and so is their noise.
No more than this is used below. But all samples must have the symmetry: for the mean loss alone
nothing would be said about the noise.

Declare a loss and a generator, and the engine differentiates one along the other. Two factors
$u$ and $w$ of a product, $\ell = (u^\top w\,x - y)^2$, can be rescaled:
"""),
    code(
        r"""
h = dims("h")
u, w = State("u", h), State("w", h)
x, y = Parameter("x"), Parameter("y")
loss = (tr(u.T * w) * x - y) ** 2

rescaling = Symmetry(loss=loss, moves={u: u, w: -w}, data=(x, y))
print("charge θ'Aθ =", unicode(rescaling.quantity))
""",
        prints=("tr(u' u) - tr(w' w)",),
    ),
    text(r"""
What is no symmetry is refused, with what is left over. Both factors grow; a penalty on one of
them; and a rotation of $u$ into $w$, which does leave some losses as they are, but whose generator
is antisymmetric: then $\theta^\top A\theta$ is zero, and there is no charge to speak of.
"""),
    code(
        r"""
for tried, moves in (
    (loss, {u: u, w: w}),
    (loss + tr(u.T * u), {u: u, w: -w}),
    (tr(u.T * u) + tr(w.T * w), {u: w, w: -u}),
):
    try:
        Symmetry(loss=tried, moves=moves)
    except DerivationError as refused:
        print(fill(str(refused), 84), end="\n\n")
""",
        prints=("not invariant", "dℓ/ds = 2 tr(u", "not a symmetric linear map"),
    ),
    text(r"""
Four symmetries of the catalogue, each declared in this way and checked:

- two factors, $(e^su,\,e^{-s}w)$, with the charge $|u|^2 - |w|^2$: `rescaling_symmetry`;
- two matrices, $(Ue^{sB},\,e^{-sB}W)$ with any symmetric $B$, and
  $\operatorname{tr}B(U^\top U - WW^\top)$: `noether_flow.double_rotation`;
- a loss that does not know the length, $e^s\theta$, with $|\theta|^2$:
  `scale_invariance`;
- a ReLU neuron, $(e^sw,\,e^{-s}a)$, with $|w|^2 - |a|^2$: `rescaling_symmetry.relu_neuron`.
"""),
)

LAW = (
    text(r"""
## Gradient flow keeps the charge, noise moves it

By hand it is two lines. The differential of the charge is

$$
\mathrm d(\theta^\top A\theta) = 2\,\theta^\top A\,\mathrm d\theta +
\mathrm d\theta^\top A\,\mathrm d\theta .
$$

The first term is zero: $\mathrm d\theta$ is made of sample gradients, and these are orthogonal to
$A\theta$. For gradient flow this is all there is, and the charge is conserved. With noise the
second term is $T\operatorname{tr}(\Sigma A)\,\mathrm dt$.

How does one say "every loss with this symmetry" to an engine? Vectors orthogonal to $A\theta$ are
those of the form $Pz$ with any $z$ and the projection
$P = I - A\theta\theta^\top A/(\theta^\top A^2\theta)$. So let the mean gradient be $Pg$ and the
noise $PH\,\mathrm d\beta$, where $g$ and $H$ are processes of which nothing else is known. Then
$\Sigma = PHH^\top P$.
"""),
    derivation(
        "noether_flow",
        notes={
            1: r"""
The charge is quadratic, so the expansion ends here by itself. The last term is
$2\,\theta^\top A\,\mathrm d\theta$, turned around under the trace.
""",
            2: r"""
**Where the loss and the martingale part go.** The term of first order needs
$\theta^\top AP = \theta^\top A - \theta^\top A^2\theta\;\theta^\top A/(\theta^\top A^2\theta) = 0$.
It contained the gradient *and* the noise. Both are gone, before any mean is taken: hence *any*
loss, and *every* path. What is left is $\mathrm d\beta^\top H^\top PAPH\,\mathrm d\beta$, and the
three terms are $PAP$ multiplied out.
""",
            3: r"""
$\mathrm d\beta\,\mathrm d\beta^\top$ becomes $I\,\mathrm dt$, and the trace of
$H^\top PAPH$ is that of $\Sigma A$.
""",
        },
    ),
    text(r"""
### Where readers get stuck: why is a noisy quantity not noisy?

The weights do have a martingale part, and so have most functions of them. The charge has none
because its gradient is $2A\theta$, and no noise points that way: noise moves along the surface on
which the charge is constant, *to first order*. A step is straight, and the surface is curved. The
step leaves it by an amount that is quadratic in the step, to a side that the curvature alone
decides. This is what Itô's term says. In pictures:
"""),
    code(
        r"""
figure, panels = plt.subplots(1, 2, figsize=(7, 3.2))
step = np.linspace(-0.7, 0.7, 2)
angle = np.linspace(0, np.pi / 2, 100)
panels[0].plot(np.cos(angle), np.sin(angle), color=INK)
for at in (0.3, 0.8, 1.3):
    here, along = np.array([np.cos(at), np.sin(at)]), np.array([-np.sin(at), np.cos(at)])
    panels[0].plot(*(here[:, None] + 0.6 * along[:, None] * step), color=COLOURS["vermilion"])
    panels[0].plot(*here, "o", color=INK, markersize=4)
panels[0].plot([], [], color=INK, label="|θ|² = 1")
panels[0].plot([], [], color=COLOURS["vermilion"], label="a step of the noise")
panels[0].legend(loc="lower left")
panels[0].set(xlabel="θ₁", ylabel="θ₂", title="A = I: outwards")

place = np.linspace(-1.1, 1.1, 100)
panels[1].plot(np.cosh(place), np.sinh(place), color=INK, label="u² − w² = 1")
cone = np.linspace(0, 1.7, 2)
panels[1].plot(cone, cone, color=GREY, linestyle=DASHES, label="|u| = |w|")
panels[1].plot(cone, -cone, color=GREY, linestyle=DASHES)
for at in (-0.6, 0.0, 0.6):
    here, along = np.array([np.cosh(at), np.sinh(at)]), np.array([np.sinh(at), np.cosh(at)])
    panels[1].plot(*(here[:, None] + 0.6 * along[:, None] * step), color=COLOURS["vermilion"])
    panels[1].plot(*here, "o", color=INK, markersize=4)
panels[1].legend(loc="upper left")
panels[1].set(xlabel="u", ylabel="w", title="u² − w²: towards |u| = |w|")
panels[0].set_aspect("equal");
""",
        alt="Left, a quarter of a circle with three short tangents; the ends of each lie outside "
        "of the circle. Right, a hyperbola u² − w² = 1 with three tangents; their ends lie "
        "nearer to the dashed diagonals |u| = |w|.",
    ),
    text(r"""
The tangent of a circle lies outside of the circle: a loss that does not know the length of
$\theta$ has a norm that can only grow. The tangent of a hyperbola lies on the side of its
asymptotes: two factors come to be of equal length.
"""),
)

STEP = (
    text(r"""
## One step of SGD, exactly

No stochastic calculus is needed for a step $\theta^+ = \theta - \eta g$:

$$
\theta^{+\top}A\theta^+ = \theta^\top A\theta - 2\eta\,\theta^\top Ag + \eta^2g^\top Ag
= \theta^\top A\theta + \eta^2g^\top Ag ,
$$

exactly, draw by draw (`noether_flow.one_step`). In the mean over minibatches of size $b$ the second
moment of $g$ enters, $\Sigma/b + \nabla L\,\nabla L^\top$, and not the covariance alone:
"""),
    statement("noether_flow.minibatch"),
    text(r"""
The sums are the two parts of $\operatorname{tr}(\Sigma A)/b$ and $\nabla L^\top A\nabla L$. The
equation has the first, and $T = \eta/b$ makes it $\eta T\operatorname{tr}(\Sigma A)$ per step. The
second is there for gradient descent too. It vanishes at a minimum, and at fixed $T$ it is smaller
by a factor $\eta$. This is the sense in which gradient *descent* does not conserve the charge.

Six samples are few enough to go through all batches. Nothing is drawn at random below.
"""),
    code(
        r"""
rng = np.random.default_rng(0)
inputs, labels = rng.standard_normal((2, 6))
u0, w0 = np.array([1.2, -0.5, 0.4]), np.array([0.3, 0.8, 0.1])
eta = 0.1


def charge(u, w):
    "|u|² − |w|²."
    return (u**2).sum(axis=-1) - (w**2).sum(axis=-1)


slopes = 2 * inputs * (u0 @ w0 * inputs - labels)  # of the loss in u'w; the gradient is s (w, u)
spread, mean = slopes.var(), slopes.mean()
print("b   mean change, all batches   η²(tr ΣA/b + ∇L'A∇L)   the equation's part")
for b in (1, 2, 3):
    s = np.array([np.mean(batch) for batch in product(slopes, repeat=b)])[:, None]
    moved = charge(u0 - eta * s * w0, w0 - eta * s * u0).mean() - charge(u0, w0)
    noise, whole = (-(eta**2) * part * charge(u0, w0) for part in (spread / b, mean**2))
    print(f"{b}   {moved:24.6f}   {noise + whole:20.6f}   {noise:19.6f}")
""",
    ),
    mutant(
        r"""
$\nabla L^\top A\nabla L$ is forgotten: the rate of the equation, times $\eta$, taken for the law of
a step.
""",
        r"""
batch = find("noether_flow.minibatch")
of_the_sde = {slip.name: slip for slip in batch.mutants}["sde"]
verdict = check(replace(batch, **of_the_sde.changes), effort="quick", tiers=("exact",))
print(verdict.said)
""",
    ),
)

NORM = (
    text(r"""
## Scale invariance: the norm can only grow

Normalise the weights, as many layers do, and the loss does not know their length:
$\ell = (x^\top\theta/|\theta| - y)^2$. Then $A = I$, and

$$
\mathrm d|\theta|^2 = T\operatorname{tr}\Sigma\;\mathrm dt \ge 0
$$

on every path (`scale_invariance`; the sign for all such losses is
`scale_invariance.norm_grows`). The loss is the same at $\theta$ and at $a\theta$, so its gradient
has the factor $1/a$ there, and $\Sigma$ the factor $1/a^2$. Hence
$|\theta|^2\operatorname{tr}\Sigma = c(\theta/|\theta|)$ depends on the direction alone. Multiply by
$2|\theta|^2$:

$$
\mathrm d|\theta|^4 = 2T\,c\;\mathrm dt .
$$

Where the direction has settled, $|\theta|^4$ grows in a straight line, $|\theta|$ like $t^{1/4}$,
and steps of fixed size turn the direction ever less. For a noise with constant $c$ this
is exact on every path (`scale_invariance.quartic`).

Below, SGD with $b = 1$ on 40 samples, from two lengths of start. The dashed lines have $c$ from
the samples at the minimum, and nothing is fitted.
"""),
    code(
        r"""
rng = np.random.default_rng(1)
n, d = 40, 4
X = rng.standard_normal((n, d))
Y = X[:, 0] + 0.5 * rng.standard_normal(n)


def gradients(theta, X, Y):
    "Of (x'θ/|θ| − y)², a row a sample."
    size = np.linalg.norm(theta, axis=-1, keepdims=True)
    seen = (X * theta / size).sum(axis=-1, keepdims=True)
    return 2 * (seen - Y[..., None]) * (X - seen * theta / size) / size


best = np.ones(d)
for _ in range(2000):  # the direction of the minimum
    best = best - 0.1 * gradients(best, X, Y).mean(axis=0)
    best /= np.linalg.norm(best)
c = gradients(best, X, Y).var(axis=0).sum()


def norms(start, eta, horizon, seed=None, decay=0.0, runs=20):
    "|θ|² at every step, a column a run, and the sum of η²|g|²; gradient descent without seed."
    rng = np.random.default_rng(seed)
    theta, added = np.tile(start, (runs, 1)), 0.0
    squares = [(theta**2).sum(axis=-1)]
    for _ in range(round(horizon / eta)):
        if seed is None:
            g = gradients(theta[:, None, :], X, Y).mean(axis=1)
        else:
            chosen = rng.integers(n, size=runs)
            g = gradients(theta, X[chosen], Y[chosen])
        added = added + eta**2 * (g**2).sum(axis=-1)
        theta = theta - eta * g - 2 * eta * decay * theta
        squares.append((theta**2).sum(axis=-1))
    return np.array(squares), added


eta, horizon = 0.02, 12
time = eta * np.arange(round(horizon / eta) + 1)
figure, axes = plt.subplots()
for length, colour in ((1.0, "blue"), (1.3, "vermilion")):
    squares, added = norms(length * best, eta, horizon, seed=2)
    assert np.allclose(squares[-1] - squares[0], added, rtol=1e-10)  # the law of one step
    assert (np.diff(squares, axis=0) >= -1e-12).all()
    few = squares[::12, :8] ** 2
    axes.plot(time[::12], few, color=COLOURS[colour], alpha=0.4, linewidth=0.7)
    fourth = (squares**2).mean(axis=1)
    axes.plot(time, fourth, color=COLOURS[colour], label=f"SGD from |θ| = {length:g}, mean of 20")
    axes.plot(time, length**4 + 2 * eta * c * time, color=INK, linestyle=DASHES)
away = best + np.array([0.0, 0.5, 0.5, 0.0])
still, _ = norms(away / np.linalg.norm(away), eta, horizon, runs=1)
axes.plot(time, still**2, color=COLOURS["green"], label="gradient descent")
axes.plot([], [], color=INK, linestyle=DASHES, label="|θ₀|⁴ + 2Tc t")
axes.set(xlabel="time (steps × η)", ylabel="|θ|⁴")
axes.legend(loc="upper left");
""",
        alt="The fourth power of the norm against time. Two bundles of runs of SGD rise "
        "along dashed parallel lines, their means slightly above them. Gradient descent is level.",
    ),
    text(r"""
The cell asserts what is exact: over a run $|\theta|^2$ gains the sum of $\eta^2|g|^2$, and no step
lowers it. The dashed lines are an approximation twice over. Steps of finite size scatter the
direction about the minimum, where $c$ is a little larger; and $\nabla L$ is then not quite zero. So
the means lie above the lines, and the more so the shorter $\theta$ is. Both vanish with $\eta$.

### Weight decay

Decay $\gamma|\theta|^2$ has the gradient $2\gamma\theta$. It breaks the symmetry in a way that can
be computed: $2\,\theta^\top A\,\mathrm d\theta$ gains $-4\gamma\,\theta^\top A\theta\,\mathrm dt$.

$$
\mathrm d(\theta^\top A\theta) =
\big(T\operatorname{tr}(\Sigma A) - 4\gamma\,\theta^\top A\theta\big)\,\mathrm dt
$$

(`noether_flow.weight_decay`). Without noise the charge decays to zero. With noise there is an
equilibrium, for a scale-invariant loss at $|\theta|^4 = Tc/4\gamma$: see the exercises.
"""),
)

WALKTHROUGH = Walkthrough(
    title="Symmetry: what gradient flow keeps and noise moves",
    order=9,
    cells=(SETTING, LAW, STEP, NORM, BALANCE, STATIONARY, CHECKS, MISTAKES, EXERCISES),
)
