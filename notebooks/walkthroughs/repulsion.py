"""Eigenvalues that repel each other (RD Theorem 5.1 and the repulsive term of (5.6))."""

from notebooks.cells import Walkthrough, code, derivation, statement, text
from notebooks.walkthroughs._repulsion_checks import CHECKS, EXERCISES, MISTAKES, RELATED

SETTING = (
    text(r"""
Label noise pushes the eigenvalues of $W_1W_1^\top$ apart. Theorem 5.1 of *SGD vs GD: Rank
Deficiency in Linear Networks* (Varre, Sagitova, Flammarion, NeurIPS 2024) gives their stochastic
differential, and the term that does it is highlighted in (5.6) of the paper. This notebook derives
it, takes it apart, and switches it off to see what it is good for.

Three things should be kept apart. The *theorem* is a formula for a drift; it is derived and checked
here. That such a drift takes from the small eigenvalues, so that the layer comes near a low rank,
is a *heuristic* drawn from it: the formula alone does not say where the eigenvalues go. What
happens to the smallest eigenvalue in one example is *seen* in a picture further below, and proves
nothing about others.

All formulas are derived here, and none is copied. Stochastic differentials are in the sense of
Itô. Time is the number of steps times the step size. The setting is that of the notebook on the
determinant: layers $W_1$ ($p\times l$) and $W_2$ ($l\times k$), residual $R$, and

$$
\mathrm dW_1 = \mathrm dG\,W_2^\top, \qquad \mathrm dW_2 = W_1^\top\mathrm dG, \qquad
\mathrm dG = R\,\mathrm dt + \sqrt\gamma\,\mathrm dB .
$$

Here $B$ is a $p\times k$ matrix of independent Brownian motions: the noise covariance is
$C = \gamma I$. Further let

$$
S = W_1W_1^\top = \sum_i \lambda_i u_iu_i^\top, \qquad P = W_1W_2, \qquad
p_i = P^\top u_i, \qquad q_i = |p_i|^2 .
$$

The vector $p_i$ is the function that the network computes in the direction $u_i$. In this
notation Theorem 5.1 says

$$
\mathrm d\lambda_i = \Big[ 2\,u_i^\top R\,p_i + \gamma|W_2|^2 +
\gamma\sum_{j\ne i}\frac{q_i+q_j}{\lambda_i-\lambda_j} \Big]\mathrm dt +
2\sqrt{\gamma q_i}\,\mathrm d\beta_i
$$

with independent Brownian motions $\beta_i$. The first term is the gradient, the second is growth,
the third is the repulsion.
"""),
    code(
        r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from sympy import sqrt

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, INK, shades, show, use_style
from verify import check

use_style()

p, k, l = dims("p k l")
gamma = positive("gamma")
W1, W2 = State("W1", p, l), State("W2", l, k)
R, B = Process("R", p, k), Brownian("B", p, k)
P = W1 * W2

lam = eigenvalues(W1 * W1.T)
i, j = lam.indices("i j")
E = lam.projector

dG = R * dt + sqrt(gamma) * B.d
sgd = MatrixSDE({W1: dG * W2.T, W2: W1.T * dG}, assuming=[lam.distinct])
moved = sgd.d(lam[i])
print(f"drift\n    {unicode(moved.drift)}")
print(f"martingale part\n    {unicode(moved.martingale)}")
""",
        prints=("2 √γ tr(dB",),
    ),
    text(r"""
The engine knows no eigenvectors. It writes $\operatorname{tr}(E_iPP^\top)$ for $q_i$ and
$\operatorname{tr}(E_iRP^\top)$ for $u_i^\top Rp_i$, with the eigenprojector $E_i = u_iu_i^\top$ and
$P^\top = W_2^\top W_1^\top$. The reason is given below.
"""),
)

DERIVATION = (
    text(r"""
## The derivation

The paper has one output, $k = 1$. So has the claim that follows; the line printed above is for
any $k$, and is the same.
"""),
    derivation(
        "first_layer_eigenvalues",
        notes={
            1: r"""
**Second-order perturbation, from scratch.** Move $S$ to $S + H$. Look for the eigenvector in the
form $u_i + \sum_{j\ne i}c_ju_j$. The component of $(S+H)u = \lambda u$ along $u_j$ gives
$c_j = u_j^\top Hu_i/(\lambda_i-\lambda_j)$ to first order: the eigenvector turns, and turns the
faster the nearer its neighbour is. The component along $u_i$ then gives

$$
\lambda_i(S+H) = \lambda_i + u_i^\top Hu_i +
\sum_{j\ne i}\frac{(u_i^\top Hu_j)^2}{\lambda_i-\lambda_j} + O(|H|^3) .
$$

Now $H = \mathrm dW_1W_1^\top + W_1\mathrm dW_1^\top + \mathrm dW_1\mathrm dW_1^\top$. The first
order in $H$ takes all three parts: this gives the two terms without a sum. In the second order
the third part is too small. The square of the other two has four products, of which two are
equal: this gives the three terms in the numerator.
""",
            2: r"""
**What the equations make of it.**
$\mathrm dW_1W_1^\top = \mathrm dG\,W_2^\top W_1^\top = \mathrm dG\,P^\top$. So, in eigenvectors,

$$
u_i^\top Hu_j = u_i^\top\mathrm dG\,p_j + u_j^\top\mathrm dG\,p_i \quad\text{for } i\ne j .
$$

The gradient $R$ survives only in the first order, $2\,u_i^\top R\,p_i\,\mathrm dt$. Compare the
determinant, where it cancelled: the loss does steer single eigenvalues.
""",
            3: r"""
**Where the numerator comes from.** By the Itô table
$(u_i^\top\mathrm dB\,p_j)^2 = q_j\,\mathrm dt$ and
$(u_j^\top\mathrm dB\,p_i)^2 = q_i\,\mathrm dt$. The mixed product is
$(u_i\cdot u_j)(p_i\cdot p_j)\,\mathrm dt = 0$: here $C = \gamma I$ is used, and only here. For any
other covariance, with $C_{ij} = u_i^\top Cu_j$, the numerator is
$C_{ii}q_j + C_{jj}q_i + 2C_{ij}\,p_i\cdot p_j$. This is `first_layer_eigenvalues.any_noise`.

**Where the growth comes from.** It is
$u_i^\top\mathrm dB\,W_2^\top W_2\,\mathrm dB^\top u_i = |W_2|^2\mathrm dt$, the same for all $i$,
and comes from $\mathrm dW_1\mathrm dW_1^\top$ alone.
""",
            4: r"""
**Independent noises.** From the martingale parts $2\sqrt\gamma\,u_i^\top\mathrm dB\,p_i$ follows
$\mathrm d\langle\lambda_i,\lambda_j\rangle = 4\gamma\,(u_i\cdot u_j)(p_i\cdot p_j)\,\mathrm dt$,
which is $4\gamma q_i\,\mathrm dt$ for $i=j$ and zero otherwise. By Lévy's theorem
$\mathrm d\beta_i = u_i^\top\mathrm dB\,p_i/\sqrt{q_i}$ are independent Brownian motions. This
does *not* make the eigenvalues independent: they feel each other in the drift.
""",
        },
    ),
)

PERTURBATION = (
    text(r"""
## Where readers get stuck: why second order means repulsion

The term $(u_i^\top Hu_j)^2/(\lambda_i-\lambda_j)$ is positive for the larger and negative for the
smaller of two eigenvalues, *whatever the sign of $H$*. A perturbation off the diagonal pushes
both apart. Without it they pass through each other. Here are the eigenvalues of
$\operatorname{diag}(2+s,\,2-s)$, with and without a small entry off the diagonal.
"""),
    code(
        r"""
shift = np.linspace(-1, 1, 201)
figure, axes = plt.subplots(figsize=(7, 2.6))
for mixing, style in ((0.0, DASHES), (0.25, "-")):
    matrices = np.zeros((201, 2, 2))
    matrices[:, 0, 0], matrices[:, 1, 1] = 2 + shift, 2 - shift
    matrices[:, 0, 1] = matrices[:, 1, 0] = mixing
    values = np.linalg.eigvalsh(matrices)
    name = f"off-diagonal entry {mixing:g}"
    for place, colour in ((1, COLOURS["blue"]), (0, COLOURS["vermilion"])):
        axes.plot(shift, values[:, place], color=colour, linestyle=style)
    axes.plot([], [], color=INK, linestyle=style, label=name)
axes.set(xlabel="s", ylabel="eigenvalues")
axes.legend(loc="upper center");
""",
        alt="Two eigenvalues of a two by two matrix against a parameter s. Without an "
        "off-diagonal entry two dashed straight lines cross at s = 0. With one, two solid curves "
        "bend away from each other and leave a gap.",
    ),
    text(r"""
In ordinary calculus such a term is of second order and vanishes. Noise has
$\mathrm dB^2 = \mathrm dt$: its off-diagonal part comes back in every instant and pushes each
time in the same direction. The mean of squares is a drift.

The cell below measures the push without any calculus. It takes weights whose two eigenvalues have
a gap $g$, moves $B$ by $\pm h$ in each of its entries, and takes second differences of the
eigenvalues: half of their sum is the drift, by the definition of a generator.
"""),
    code(
        r"""
def measured_drift(w1, w2, h):
    "Half the sum of all second differences of the eigenvalues of W1 W1', for γ = 1 and R = 0."
    def values(dB):
        moved_ = w1 + dB @ w2.T
        return np.linalg.eigvalsh(moved_ @ moved_.T)[::-1]

    found = 0
    for place in np.ndindex(w1.shape[0], w2.shape[1]):
        dB = np.zeros((w1.shape[0], w2.shape[1]))
        dB[place] = h
        found = found + (values(dB) + values(-dB) - 2 * values(0 * dB)) / (2 * h**2)
    return found


w2 = np.array([[0.8], [-0.5], [0.6]])
gaps = np.geomspace(0.01, 1, 9)
pushes, stated = [], []
for g in gaps:
    w1 = np.array([[np.sqrt(1 + g), 0, 0], [0, 1.0, 0]])
    pushes.append(measured_drift(w1, w2, h=1e-3 * g) - (w2**2).sum())
    stated.append(((w1 @ w2) ** 2).sum() / g)
pushes = np.array(pushes)

figure, axes = plt.subplots(figsize=(7, 2.8))
axes.loglog(gaps, stated, color=INK, linestyle=DASHES, label="stated: (q₁ + q₂)/(λ₁ − λ₂)")
for values, mark, size, colour, name in (
    (pushes[:, 0], "o", 8, "blue", "measured: larger, upwards"),
    (-pushes[:, 1], "D", 4, "orange", "measured: smaller, downwards"),
):
    axes.loglog(gaps, values, mark, markersize=size, color=COLOURS[colour], label=name)
axes.set(xlabel="gap λ₁ − λ₂", ylabel="drift less γ|W₂|²")
axes.legend();
""",
        alt="The measured repulsion of two eigenvalues against their gap, on logarithmic scales. "
        "Circles for the larger one and diamonds for the smaller one with its sign turned lie on "
        "the stated line, which falls from about 90 at a gap of 0.01 to about 1 at a gap of 1.",
    ),
)

PROJECTORS = (
    text(r"""
## Where readers get stuck: why eigenprojectors

An eigenvector is defined up to its sign. There is no continuous choice of signs for all matrices,
so that $u_i$ is no function of $S$, and it makes no sense to differentiate it. The projector
$E_i = u_iu_i^\top$ is a function of $S$, even a rational one of $S$ and its eigenvalues:

$$
E_i = \prod_{j\ne i}\frac{S-\lambda_jI}{\lambda_i-\lambda_j} .
$$

In every term of the derivation the index $i$ of $u_i$ occurs twice. Therefore all of it can be
written with projectors, and nothing depends on a choice.
"""),
    code(
        r"""
rng = np.random.default_rng(0)
w1, w2 = rng.standard_normal((3, 5)), rng.standard_normal((5, 2))
s = w1 @ w1.T
values, u = np.linalg.eigh(s)
product = w1 @ w2
for n in range(3):
    factors = [(s - values[m] * np.eye(3)) / (values[n] - values[m]) for m in range(3) if m != n]
    projector = factors[0] @ factors[1]
    from_vector = np.sum((product.T @ -u[:, n]) ** 2)  # with the sign turned
    from_projector = np.trace(projector @ product @ product.T)
    print(f"λ = {values[n]:7.4f}   q from −u: {from_vector:.6f}   from E: {from_projector:.6f}")
""",
    ),
)

COLLISION = (
    text(r"""
## Where readers get stuck: up to the first collision

The formula divides by $\lambda_i-\lambda_j$. This is more than an accident of notation. Where two
eigenvalues meet, an eigenvalue is not differentiable: the larger one of
$\begin{bmatrix} x & y \\ y & -x\end{bmatrix}$ is $\sqrt{x^2+y^2}$, a cone. Itô's formula needs
two derivatives. It holds up to the first time at which two eigenvalues meet, and the claim says
so among its assumptions. In a network with $l < p-1$ the eigenvalue zero is there more than once
from the start.

Do they ever meet? For $p = 2$, with noise alone, they do not. By Theorem 5.1 the gap
$g = \lambda_1-\lambda_2$ has the drift $2\gamma(q_1+q_2)/g$ and the quadratic variation
$\mathrm d\langle g\rangle = 4\gamma(q_1+q_2)\,\mathrm dt$. So

$$
\text{drift of } \log g = \frac1g\cdot\frac{2\gamma(q_1+q_2)}{g} -
\frac1{2g^2}\cdot 4\gamma(q_1+q_2) = 0 .
$$

The repulsion is exactly as strong as it must be. $\log g$ is a local martingale, and a continuous
local martingale does not tend to $-\infty$ at a finite time: before it could, it would oscillate.
Half the repulsion would not do.
"""),
    statement("collision"),
    code(
        r"""
show(check(find("collision"), effort="quick", tiers=("derivation", "exact")))
""",
        prints=("derivation  AGREES", "exact       AGREES"),
    ),
    text(r"""
For $p\ge3$ the other eigenvalues push $\log g$ as well (`collision.any_rows`), and for general $C$
so does the noise. Then the argument is not available. It is not claimed here that they never meet;
nor that they do. The eigenvalues of $M = \Theta\Theta^\top$ are different: they *can* meet, as
the notebook on the plane shows.
"""),
)

TURNING = (
    text(r"""
## What repels

Only the entries $u_i^\top\mathrm dB\,p_j$ with $j\ne i$ enter the repulsion: the part of the noise
that *turns* the singular vectors. Noise that is diagonal in fixed singular bases has no such part.
This is the model of simultaneously diagonalisable noise of Chen et al. (*Stochastic Collapse*,
2023). There the modes move one by one, and nothing repels.
"""),
    statement("singular_values.standing_vectors"),
    text(r"""
A second look at what repulsion does. Exchange $i$ and $j$, and
$(q_i+q_j)/(\lambda_i-\lambda_j)$ changes its sign. Hence

$$
\sum_i\sum_{j\ne i}\frac{q_i+q_j}{\lambda_i-\lambda_j} = 0 .
$$

Repulsion creates nothing. It takes from the small eigenvalues and gives to the large ones, and
the sum $|W_1|^2$ does not notice. The growth $\gamma|W_2|^2$ lifts all of them. So the drift of the
smallest one has either sign: without gradient it is negative where the repulsion outweighs growth,

$$
\sum_{j\ne p}\frac{q_p+q_j}{\lambda_j-\lambda_p} > |W_2|^2 .
$$

That a rank is lost in this way while norms grow is the heuristic. It is no consequence of the
formula alone.
"""),
)

WALKTHROUGH = Walkthrough(
    title="Theorem 5.1: eigenvalues that repel each other",
    order=2,
    cells=(
        *SETTING,
        *DERIVATION,
        *PERTURBATION,
        *PROJECTORS,
        *COLLISION,
        *TURNING,
        *CHECKS,
        *RELATED,
        *MISTAKES,
        *EXERCISES,
    ),
)
