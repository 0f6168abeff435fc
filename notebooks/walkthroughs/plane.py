"""Two dimensions: the exact solution, collisions, and the powers that are monotone in the mean."""

from notebooks.cells import Walkthrough, code, derivation, statement, steps, text
from notebooks.walkthroughs._plane_checks import CHECKS, EXERCISES, MISTAKES

SETTING = (
    text(r"""
With one input and one output the network has two eigenvalues and a single Brownian motion. All
that the theorems on eigenvalues say can be written down, solved and drawn. Section 5 of *SGD vs
GD: Rank Deficiency in Linear Networks* (Varre, Sagitova, Flammarion, NeurIPS 2024) uses two
dimensions to show what noise does to the ends of a spectrum: a power of the larger value grows in
the mean, a power of the smaller one falls. This notebook asks *which* powers. For the eigenvalues
of $M$ the answer is that one half is the only power for both.

All formulas are derived here, and none is copied. Stochastic differentials are in the sense of
Itô. The noise level is $\gamma = 1$: by the change of time, (5.2) to (5.3), this loses nothing.
The gradient is left out.

## The setting

Let $p = k = 1$. The layers are two rows $w = W_1$ and $a = W_2^\top$ of length $l$, and the noise
is one number $\mathrm d\beta$:

$$
\mathrm dw = a\,\mathrm d\beta, \qquad \mathrm da = w\,\mathrm d\beta, \qquad
\Theta = \begin{bmatrix} w \\ a \end{bmatrix}, \qquad
M = \Theta\Theta^\top = \begin{bmatrix} |w|^2 & w\cdot a \\ w\cdot a & |a|^2 \end{bmatrix} .
$$

Let $\lambda_1 > \lambda_2$ be the eigenvalues of $M$.
"""),
    code(
        r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, GREY, INK, shades, show, use_style
from verify import check

use_style()

l = dims("l")
w, a = State("w", 1, l), State("a", 1, l)
beta = Brownian("beta")
theta = stack(w, a)
M = theta * theta.T
lam = eigenvalues(M)
r, s = lam.indices("r s")

plane = MatrixSDE({w: beta.d * a, a: beta.d * w}, assuming=[lam.distinct, lam.positive])
print("drift of tr M     ", unicode(plane.d(tr(M)).drift))
print("drift of log det M", unicode(plane.d(logdet(M)).drift))
""",
        prints=("-2",),
    ),
    text(r"""
The trace grows and the determinant falls, with the rate $-2k\operatorname{tr}C = -2$ of Theorem
4.2. If the trace were all there is to the larger eigenvalue, it would grow too. It is not so
simple.
"""),
)

SOLUTION = (
    text(r"""
## The exact solution

The matrix $\begin{bmatrix} 0 & 1 \\ 1 & 0\end{bmatrix}$ that the noise multiplies has the
eigenvectors $(1, \pm1)$. So take $w \pm a$: then
$\mathrm d(w\pm a) = \pm(w\pm a)\,\mathrm d\beta$, twice a geometric Brownian motion. Itô's formula
for the exponential has the $-\tfrac12t$:

$$
w \pm a = (w_0\pm a_0)\,e^{\pm\beta-t/2} .
$$

In matrices of a larger size the noise does not commute with itself, and no such formula exists.
"""),
    derivation(
        "planar_powers.solution",
        notes={
            1: r"""
**How to read it.** The claim is that $(w+a)\,e^{-b+t/2}$ does not move, where $b$ is the Brownian
motion itself as a state, $\mathrm db = \mathrm d\beta$. Both factors move. In the product
the second-order term $\mathrm d(w+a)\,\mathrm de^{-b}$ has a minus sign, and the
$\tfrac12\mathrm db^2$ of the exponential a plus sign; $e^{t/2}$ settles the rest.
""",
        },
    ),
    text(r"""
### Where readers get stuck: the mean grows, and every path vanishes

$\operatorname{tr}M = \tfrac12(|w+a|^2+|w-a|^2)$. Both squares are $e^{\pm2\beta-t}$ times a
constant. As $\beta_t/t\to0$, they vanish on almost every path, and $M$ with them. But
$\mathbb E\,e^{\pm2\beta-t} = e^{2t-t} = e^t$: the mean grows. It is carried by ever fewer and ever
larger paths. An average over many simulated paths soon fails to see it, and no error bar computed
from these paths will tell.
"""),
    code(
        r"""
rng = np.random.default_rng(0)
time = np.linspace(0, 12, 121)
noise = np.sqrt(0.1) * rng.standard_normal((10_000, 120))
b = np.concatenate([np.zeros((10_000, 1)), np.cumsum(noise, axis=1)], axis=1)
trace = (np.exp(2 * b - time) + np.exp(-2 * b - time)) / 2  # |w0 ± a0|² = 1

figure, axes = plt.subplots(figsize=(7, 3))
axes.semilogy(time[::4], trace[:6, ::4].T, color=GREY, linewidth=0.7)
axes.plot([], [], color=GREY, linewidth=0.7, label="six paths")
axes.semilogy(time, np.exp(time), color=INK, linestyle=DASHES, label="mean: exp(t)")
axes.semilogy(
    time[::4], trace[:, ::4].mean(axis=0), color=COLOURS["vermilion"], label="average of 10,000"
)
axes.semilogy(time[::4], np.median(trace[:, ::4], axis=0), color=COLOURS["blue"], label="median")
axes.set(xlabel="time t", ylabel="tr M", ylim=(1e-7, 1e6))
axes.legend(loc="lower left", ncols=2);
""",
        alt="tr M against time on a logarithmic scale. The dashed mean exp(t) rises as a straight "
        "line. The average of ten thousand exact paths follows it only up to a time of about four "
        "and then falls behind by orders of magnitude. The median and single paths fall.",
    ),
)

COLLISIONS = (
    text(r"""
## When the two eigenvalues meet
"""),
    statement("collision.gap_of_m"),
    text(r"""
The gap closes where $|w| = |a|$ and $w\cdot a = 0$ at once. These are two
conditions, and the noise has one dimension. The first bracket obeys an equation of its own,

$$
\mathrm d(|w|^2-|a|^2) = -(|w|^2-|a|^2)\,\mathrm dt ,
$$

(`collision.bracket`; it is the imbalance of the layers). It never reaches zero, unless it is zero
from the start. So eigenvalues of layers of different length never meet.

From $|w_0| = |a_0|$ with $w_0 \ne \pm a_0$, however,
$w\cdot a = \tfrac14(|w+a|^2-|w-a|^2)$ passes through zero almost surely, where
$4\beta = \log(|w_0-a_0|^2/|w_0+a_0|^2)$ (`collision.crossing`), and there the eigenvalues do meet.
Two starts are left. From $w_0 = \pm a_0 \ne 0$ one of the two squares is zero for good: $w = \pm a$
for all time, $\lambda_2 = 0$, and $\lambda_1 = 2|w|^2$ never gets there.

For $W_1W_1^\top$ with $p = 2$ the eigenvalues do not meet: see the notebook on Theorem 5.1.
"""),
    code(
        r"""
def weights(b, t, w0, a0):
    "w and a at time t for the value b of the Brownian motion; exact."
    plus = np.multiply.outer(np.exp(b - t / 2), w0 + a0)
    minus = np.multiply.outer(np.exp(-b - t / 2), w0 - a0)
    return (plus + minus) / 2, (plus - minus) / 2


def spectrum(w, a):
    "The eigenvalues of M, the larger first, and s = 4c(1 − c) of its eigenvectors."
    bracket = (w**2).sum(axis=-1) - (a**2).sum(axis=-1)
    cross = 2 * (w * a).sum(axis=-1)
    gap = np.hypot(bracket, cross)
    both = (w**2).sum(axis=-1) + (a**2).sum(axis=-1)
    return (both + gap) / 2, (both - gap) / 2, (cross / gap) ** 2


rng = np.random.default_rng(5)
time = np.linspace(0, 2, 2001)
b = np.concatenate([[0], np.cumsum(np.sqrt(1e-3) * rng.standard_normal(2000))])
figure, panels = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
for axes, length, name in zip(panels, (1.0, 0.6), ("|a₀| = |w₀|", "|a₀| = 0.6 |w₀|"), strict=True):
    w0, a0 = np.array([1.0, 0.0]), length * np.array([0.3, np.sqrt(0.91)])
    larger, smaller, _ = spectrum(*weights(b, time, w0, a0))
    axes.semilogy(time[::5], larger[::5], color=COLOURS["blue"], label="λ₁")
    axes.semilogy(time[::5], smaller[::5], color=COLOURS["vermilion"], label="λ₂")
    axes.set(xlabel="time t", title=name)
panels[0].set_ylabel("eigenvalues of M")
panels[1].legend(loc="lower left");
""",
        alt="Two eigenvalues of M along one path of the noise. From layers of equal length they "
        "touch several times. From layers of different length they come near each other and turn "
        "away.",
    ),
)

POWERS = (
    text(r"""
## Which powers are monotone in the mean

Call an eigenvalue's power *monotone* if its drift has one sign at every $M$. A process whose drift
is never negative is a local submartingale. It does not fall in the mean if its local martingale
part is a martingale, which is one more thing to show: $1/|x|$ of a Brownian motion $x$ in three
dimensions has no drift at all, and its mean falls. Here it is one, for layers of different length
and powers $q > 0$. The martingale part of $\lambda^q$ has the integrand
$2q\lambda^q\sin2\varphi$ with the angle $\varphi$ of the eigenvector, which is at most
$2q\,(\operatorname{tr}M)^q$, and by the exact solution all moments of $\operatorname{tr}M$ are
finite. From layers of equal length the same is true up to the first collision. Why powers at all? A
power changes the Itô term,

$$
\mathrm d\lambda^q = q\lambda^{q-1}\,\mathrm d\lambda +
\tfrac12q(q-1)\,\lambda^{q-2}\,\mathrm d\langle\lambda\rangle .
$$

The larger $q$, the more the fluctuations of $\lambda$ push upwards.
"""),
    statement("planar_powers"),
    text(r"""
By hand it goes like this. Let $(\cos\varphi, \sin\varphi)$ be the eigenvector of $\lambda_1$, and
$s = 4\sin^2\varphi\cos^2\varphi = \sin^22\varphi$. One step moves $\Theta$ by
$\mathrm d\beta\begin{bmatrix} 0 & 1 \\ 1 & 0\end{bmatrix}\Theta$. In the eigenbasis of $M$ this
matrix has the diagonal entries $\pm\sin2\varphi$ and the off-diagonal entry $\cos2\varphi$.

- The diagonal changes the eigenvalues:
  $\mathrm d\langle\lambda_1\rangle = 4\lambda_1^2s\,\mathrm dt$.
- The off-diagonal entry turns the eigenvectors, with weight $1-s$; it is what repels.

The drift of $\lambda_1$ is $\lambda_1s + \lambda_2(1-s)$ from
$\mathrm d\Theta\,\mathrm d\Theta^\top$, plus the repulsion
$(1-s)(\lambda_1+\lambda_2)^2/(\lambda_1-\lambda_2)$. Together

$$
\lambda_1\Big[s + (1-s)\,\frac{\lambda_1+3\lambda_2}{\lambda_1-\lambda_2}\Big] ,
$$

and the Itô term of the power adds $2(q-1)s$ in the bracket. At $s = 1$ the eigenvectors stand
still, there is no repulsion, and the sign is that of $2q-1$, *for both eigenvalues*. Hence the
larger one needs $q\ge\tfrac12$, and the smaller one $q\le\tfrac12$. At other $s$ the repulsion
helps both.

The engine does not know about angles. Its derivation is longer. That its result and the stated
form are one is its last step, which is gone through by hand below.
"""),
    steps(
        "planar_powers",
        notes={
            1: r"""
$\lambda^q$ is a function of an eigenvalue, which is a function of $M$. So the four terms are: the
curvature of the power, with $(q-1)$; the repulsion, with $1/(\lambda_r-\lambda_j)$; the Itô term of
$M$ itself; and the first order.
""",
            2: r"""
$K_1$ and $K_2$ pick the two blocks of $M$: $\operatorname{tr}(E_rK_2K_2^\top)$ is the square $c$ of
the second entry of the eigenvector, and $\operatorname{tr}(E_rK_1K_2^\top)$ the product of both.
There is one Brownian motion only, so all second-order terms have the factor $\mathrm d\beta^2$.

Where $K_2K_2^\top$ would stand, the engine writes $I-K_1K_1^\top$. So the brackets are lengths:
$\operatorname{tr}(K_1w\Theta^\top) = |w|^2$, $\operatorname{tr}(K_1a\Theta^\top) = w\cdot a$, and
$\operatorname{tr}M-2\,|w|^2 = |a|^2-|w|^2$. With the eigenvector $(x, y)$ of $\lambda_r$ three of
the terms together are $\operatorname{tr}(E_r\,\mathrm d\Theta\,\mathrm d\Theta^\top)$:
$(|a|^2-|w|^2)\,x^2 + 2\,(w\cdot a)\,xy + |w|^2 = |a|^2x^2 + 2\,(w\cdot a)\,xy + |w|^2y^2$.
""",
            4: r"""
**The last step by hand.** Let $(x, y)$ be the eigenvector of $\lambda_r$ and $(-y, x)$ that of
$\lambda_s$, so that $c = y^2$ and $4c(1-c) = 4x^2y^2$, which was called $s$ above and is called
$\varsigma$ here.

- From $M = \sum\lambda E$: $|w|^2 = \lambda_rx^2+\lambda_sy^2$,
  $|a|^2 = \lambda_ry^2+\lambda_sx^2$ and $w\cdot a = (\lambda_r-\lambda_s)xy$. So
  $\operatorname{tr}(E_r\,\mathrm d\Theta\,\mathrm d\Theta^\top)$ is $\mathrm dt$ times
  $4\lambda_rx^2y^2+\lambda_s(x^2-y^2)^2 = \lambda_r\varsigma+\lambda_s(1-\varsigma)$.
- The bracket in the sum over $j$ is $-2x^2y^2+y^2-2x^2y^2+x^2 = 1-\varsigma$.
- The curvature of the power is $8q(q-1)\,x^2y^2 = 2q(q-1)\,\varsigma$.

Divided by $q\lambda_r^q$ the drift is

$$
(2q-1)\,\varsigma + (1-\varsigma)\Big[\frac{\lambda_s}{\lambda_r} +
\frac{(\lambda_r+\lambda_s)^2}{\lambda_r(\lambda_r-\lambda_s)}\Big] ,
$$

and the last bracket is $(\lambda_r+3\lambda_s)/(\lambda_r-\lambda_s)$, because
$\lambda_s(\lambda_r-\lambda_s)+(\lambda_r+\lambda_s)^2 = \lambda_r(\lambda_r+3\lambda_s)$.
""",
        },
    ),
    text(r"""
Here is the bracket $(2q-1)s + (1-s)(\lambda+3\mu)/(\lambda-\mu)$ as a function of $q$, for several
$s$; $\mu$ is the other eigenvalue. For the larger eigenvalue it must not be negative, for the
smaller one not positive. The lines for $s = 1$ are the same in both panels.
"""),
    code(
        r"""
power = np.linspace(0, 1, 51)
large, small = 1.0, 0.2
figure, panels = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
for axes, one, other in ((panels[0], large, small), (panels[1], small, large)):
    pull = (one + 3 * other) / (one - other)
    for share, colour in zip((1.0, 0.9, 0.75, 0.5), shades(4), strict=True):
        bracket = (2 * power - 1) * share + (1 - share) * pull
        axes.plot(power, bracket, color=colour, label=f"s = {share:g}")
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.axvline(0.5, color=GREY, linestyle=DASHES, linewidth=0.8)
    axes.set(xlabel="power q", title="larger" if one == large else "smaller")
panels[0].set_ylabel("relative drift, over q")
panels[0].legend(loc="lower right", ncols=2);
""",
        alt="The relative drift of a power of the larger and of the smaller eigenvalue against the "
        "power q, for four values of s. For s = 1 both are the same line through zero at one "
        "half. For smaller s the lines of the larger eigenvalue move up and those of the smaller "
        "one down.",
    ),
    text(r"""
And with the exact solution the means themselves can be computed, by an integral over the value of
the Brownian motion. There is no simulation and no step length in it. The start is near $s = 1$.
First the slopes at $t = 0$ against the stated drift; then the change of the means,
$(\mathbb E\,\lambda^q/\lambda_0^q - 1)/q$, for three powers.
"""),
    code(
        r"""
z = np.linspace(-9, 9, 4001)
density = np.exp(-(z**2) / 2)
density /= density.sum()
w0, a0 = np.array([1.0, 0.0]), np.array([0.9, 0.42])


def means(t, q):
    "E λ₁^q and E λ₂^q at time t."
    larger, smaller, _ = spectrum(*weights(np.sqrt(t) * z, t, w0, a0))
    return np.array([(larger**q * density).sum(), (smaller**q * density).sum()])


def stated(q):
    "The stated drift of both at the start."
    one, other, share = spectrum(w0, a0)
    found = []
    for x, y in ((one, other), (other, one)):
        found.append(q * x**q * ((2 * q - 1) * share + (1 - share) * (x + 3 * y) / (x - y)))
    return np.array(found)


print("   q  slope of E λ₁^q, stated  slope of E λ₂^q, stated")
for q in (0.25, 0.5, 1.0):
    slopes = (means(1e-7, q) - means(0, q)) / 1e-7
    rows = np.stack([slopes, stated(q)]).T
    print(f"{q:5.2f}", *(f"{slope:15.5f} {claimed:8.5f}" for slope, claimed in rows))

time = np.linspace(0, 0.3, 61)
figure, panels = plt.subplots(1, 2, figsize=(7, 2.8))
for q, colour in ((0.25, "blue"), (0.5, "green"), (1.0, "vermilion")):
    curves = np.array([means(t, q) / means(0, q) - 1 for t in time]) / q
    for axes, values in zip(panels, curves.T, strict=True):
        axes.plot(time, values, color=COLOURS[colour], label=f"q = {q:g}")
for axes, name in zip(panels, (r"\lambda_1", r"\lambda_2"), strict=True):
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set(xlabel="time t", title=f"${name}$")
panels[0].set_ylabel("(E λ^q over its start − 1) / q")
panels[0].legend(loc="upper left");
""",
        alt="Changes of the means of powers of both eigenvalues over time. For the larger one the "
        "power one quarter falls, one half stays level or rises a little, one rises. For the "
        "smaller one the power one rises at first, one half and one quarter fall.",
    ),
)

SECOND = (
    text(r"""
## The second reading: singular values of the first layer

"Two dimensions" can be read in another way: two inputs, one output, two neurons, $p = l = 2$ and
$k = 1$, and the singular values of $W_1$. The answer is a different one.
"""),
    statement("planar_powers.second_reading"),
    text(r"""
With $a_i = W_2\cdot v_i$ and $\Delta = \lambda_1-\lambda_2$ the drifts of $\sigma_1^q$ and
$\sigma_2^q$ are

$$
\tfrac q2\sigma_1^{q-2}\Big[\big(q+\tfrac{\lambda_2}\Delta\big)a_1^2 +
\tfrac{\lambda_1}\Delta a_2^2\Big], \qquad
\tfrac q2\sigma_2^{q-2}\Big[\big(q-1-\tfrac{\lambda_2}\Delta\big)a_2^2 -
\tfrac{\lambda_2}\Delta a_1^2\Big] .
$$

The first is never negative for any $q > 0$, the second never positive for $0 < q \le 1$: here
$q = 1$ will do, the singular values themselves. The second drift lacks the term
$|W_2|^2-a_1^2-a_2^2$, which is zero: for $l = p$ all of $W_2$ lies in the row space of $W_1$. With
a third neuron this is no longer so (`planar_powers.any_width`). A part $b$ of $W_2$ outside adds
$\tfrac q2\sigma_i^{q-2}b^2$ to both drifts. Where $a_1 = a_2 = 0$ it is all there is, and both
drifts are positive, whatever $q > 0$.
"""),
    code(
        r"""
show(check(find("planar_powers.smaller_singular_value"), effort="quick", tiers=("exact",)))
""",
        prints=("exact       AGREES",),
    ),
)

WALKTHROUGH = Walkthrough(
    title="Two dimensions: one half is the only power",
    order=4,
    cells=(
        *SETTING,
        *SOLUTION,
        *COLLISIONS,
        *POWERS,
        *SECOND,
        *CHECKS,
        *MISTAKES,
        *EXERCISES,
    ),
)
