"""The determinant under gradient flow and label noise (RD Theorems 4.1 and 4.2)."""

from notebooks.cells import Walkthrough, code, derivation, text
from notebooks.walkthroughs._determinant_checks import CHECKS, EXERCISES, MISTAKES

SETTING = (
    text(r"""
Train a two-layer linear network without noise, and the determinant of a certain matrix $M$ of its
weights does not move. Add noise to the labels, and in the stochastic differential equation of SGD
the same determinant falls exponentially, along one straight line on a logarithmic scale, for
every draw of the noise. These are Theorems 4.1 and 4.2 of *SGD vs GD: Rank Deficiency in Linear
Networks* (Varre, Sagitova, Flammarion, NeurIPS 2024). This notebook derives both, shows where the
Itô term comes from, and checks the result against the algorithm itself: its runs spread around
that line, the less the smaller the steps are.

All formulas are derived here, and none is copied. Stochastic differentials are in the sense of
Itô unless Stratonovich is named. Time is the number of steps times the step size $\eta$; $\delta$
is the variance of the label noise.

## The setting

Data $X$ ($n\times p$), labels $Y$ ($n\times k$), layers $W_1$ ($p\times l$) and $W_2$
($l\times k$). The loss is $\frac1{2n}|Y - XW_1W_2|^2$, with $|\cdot|$ the Frobenius norm. Write

$$
R = \tfrac1n X^\top (Y - XW_1W_2)
$$

for minus the gradient in the product $W_1W_2$. Gradient flow is

$$
\mathrm dW_1 = R\,W_2^\top\,\mathrm dt, \qquad \mathrm dW_2 = W_1^\top R\,\mathrm dt .
$$

Stack the layers, and both equations become one. With

$$
\Theta = \begin{bmatrix} W_1 \\ W_2^\top \end{bmatrix}, \qquad
S(G) = \begin{bmatrix} 0 & G \\ G^\top & 0 \end{bmatrix}, \qquad
M = \Theta\Theta^\top,
$$

gradient flow is $\mathrm d\Theta = S(R)\,\Theta\,\mathrm dt$. A step of SGD has the same form,
$\Theta^+ = (I + \eta\,S(G))\,\Theta$, where $G = R + X^\top\varepsilon/n$ contains the noise
$\varepsilon$ that was added to the labels. Two facts carry everything below: the weights move by
a matrix from the left, and that matrix has zero blocks on its diagonal.

Sizes are symbols here, and the residual is a process of which nothing is known. What follows
holds for every loss that depends on the weights through $W_1W_2$ alone.
"""),
    code(r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, GREY, INK, show, use_style
from verify import check

use_style()

p, k, l = dims("p k l")
W1, W2 = State("W1", p, l), State("W2", l, k)
theta = stack(W1, W2.T)
M = theta * theta.T
full_rank = full_row_rank(theta)

R = Process("R", p, k)
flow = MatrixSDE({W1: R * dt * W2.T, W2: W1.T * R * dt}, assuming=[full_rank])
print("gradient flow: drift of log det M =", unicode(flow.d(logdet(M)).drift))
"""),
)

FLOW = (
    text(r"""
## Gradient flow keeps the determinant (Theorem 4.1)

By hand it is one line. The derivative of $\log\det M$ in the direction $\mathrm dM$ is
$\operatorname{tr}(M^{-1}\mathrm dM)$, and $\mathrm dM = (S(R)M + M S(R))\,\mathrm dt$. So

$$
\mathrm d\log\det M = 2\operatorname{tr} S(R)\,\mathrm dt = 0 ,
$$

because $M^{-1}$ and $M$ cancel under the trace and $S(R)$ has nothing on its diagonal. The loss
never enters. The engine gives the same result for all sizes at once. It always begins with Itô's
formula to second order; without noise the second order falls away in the second step.
"""),
    derivation("gradient_flow_determinant"),
)

NOISE = (
    text(r"""
## Label noise lowers it (Theorem 4.2)

Now every label is drawn anew in every step, with variance $\delta$. The residual becomes
$R + X^\top\varepsilon/n$. Over a time $\mathrm dt$ the noise adds up to
$\mathrm dZ = \frac{\sqrt{\eta\delta}}{n} X^\top \mathrm dB$ with a Brownian motion $B$ of size
$n\times k$, and

$$
\mathrm d\Theta = S(R)\,\Theta\,\mathrm dt + S(\mathrm dZ)\,\Theta .
$$

Each of the $k$ columns of $\mathrm dZ$ has covariance $C\,\mathrm dt$ with
$C = \eta\delta X^\top X/n^2$. Only $C$ matters. Hence the claim is stated for noise $\mathrm dB$
of size $p\times k$ whose columns have any covariance $C$.
"""),
    derivation(
        "label_noise_determinant",
        notes={
            1: r"""
**Where the four terms come from.** To second order

$$
\begin{aligned}
\mathrm d\log\det M &= \operatorname{tr}(M^{-1}\mathrm dM) -
    \tfrac12\operatorname{tr}(M^{-1}\mathrm dM\,M^{-1}\mathrm dM), \\
\mathrm dM &= \mathrm d\Theta\,\Theta^\top + \Theta\,\mathrm d\Theta^\top +
    \mathrm d\Theta\,\mathrm d\Theta^\top .
\end{aligned}
$$

The last part of $\mathrm dM$ is the product of two differentials. Ordinary calculus has no such
term; Itô's product rule does, since products of two increments of a Brownian motion are of order
$\mathrm dt$. It gives the first term of the four. The other parts of $\mathrm dM$ give the term
with the factor 2, and, in the square, the two terms with a minus sign. Transposed traces are
equal, so each of these stands for two.
""",
            2: r"""
**Where the loss, and all randomness of first order, go.** Insert
$\mathrm d\Theta = S(\mathrm dG)\,\Theta$ with $\mathrm dG = R\,\mathrm dt + \mathrm dB$. The
first order is $2\operatorname{tr}(M^{-1}S(\mathrm dG)M) = 2\operatorname{tr}S(\mathrm dG) = 0$.
This is the only place where $R$ could enter as a drift and $\mathrm dB$ as a martingale part.
Neither does: hence *any* loss, and *every* path.

Of the second order, $\operatorname{tr}(M^{-1}S M S)$, with $S = S(\mathrm dG)$, occurs once with a
plus and once with a minus sign. What is left is

$$
-\operatorname{tr}\big(S(\mathrm dG)^2\big) = -2\operatorname{tr}(\mathrm dB\,\mathrm dB^\top) .
$$
""",
            3: r"""
**Where $k$ comes from.** The matrix $\mathrm dB\,\mathrm dB^\top$ is $p\times p$. Its entry
$(a,b)$ is a sum over the $k$ columns of $\mathrm dB$, and each column contributes
$C_{ab}\,\mathrm dt$. So $\mathrm dB\,\mathrm dB^\top = k\,C\,\mathrm dt$. The product in the
other order is $\mathrm dB^\top\mathrm dB = \operatorname{tr}(C)\,I_k\,\mathrm dt$. Both have the
trace $k\operatorname{tr}(C)\,\mathrm dt$. Counting the $p$ rows for the $k$ columns is a common
slip; it is caught further down.
""",
        },
    ),
    text(r"""
No martingale part is left, so the equation is solved by an exponential, path by path:

$$
\det M(t) = \det M(0)\,e^{-2k\operatorname{tr}(C)\,t}, \qquad
2k\operatorname{tr}(C) = \frac{2\eta\delta k\,|X|^2}{n^2} \ \text{ for label noise.}
$$

A constant that differs by a factor from another text most often differs by a convention: a loss
without the ½ or the $1/n$, time counted in steps, $\delta$ as a standard deviation.
"""),
)

ITO = (
    text(r"""
## Where readers get stuck: the Itô term

The whole effect is a term of second order. Read the same equation in the sense of Stratonovich,
$\mathrm d\Theta = S(R)\,\Theta\,\mathrm dt + S(\circ\,\mathrm dB)\,\Theta$, and ordinary calculus
holds. Then the argument for gradient flow goes through unchanged, and $\det M$ is conserved.
"""),
    code(
        r"""
C = Parameter("C", p, p, positive_definite=True)
B = Brownian("B", p, k, row_covariance=C)
dG = R * dt + B.d
equations = {W1: dG * W2.T, W2: W1.T * dG}

sgd = MatrixSDE(equations, assuming=[full_rank])
other = MatrixSDE(equations, assuming=[full_rank], calculus="stratonovich")
for name, system in (("Itô", sgd), ("Stratonovich", other)):
    moved = system.d(logdet(M))
    print(f"{name:13} drift {unicode(moved.drift):12} martingale part {moved.martingale}")
""",
        prints=("-2 k tr(C)",),
    ),
    text(r"""
Which one is SGD? In a step of SGD the noise of the labels is drawn independently of the weights
and multiplies the weights *from before* the step. That is the Itô integral. A Stratonovich
integral would multiply the noise by the mean of the weights before and after the step. The
difference is not a matter of taste: it is the difference between a determinant that decays and
one that does not.
"""),
)

STEP = (
    text(r"""
## One step of SGD, exactly

No stochastic calculus is needed to see the decay. Determinants are multiplicative, so
$\Theta^+ = (I + \eta S(G))\Theta$ gives $\det M^+ = \det(I + \eta S(G))^2 \det M$. By a Schur
complement $\det(I + \eta S(G)) = \det(I_k - \eta^2 G^\top G)$, and with the singular values $s_i$
of $G$

$$
\log\det M^+ - \log\det M = 2\sum_i \log\big|1 - \eta^2 s_i^2\big|
= -2\eta^2 |G|^2 + O(\eta^4) .
$$

This is `discrete_determinant` in the catalogue (section 6 of the paper). It holds for any single
step, noisy or not. Here are data, weights, and one noisy step.
"""),
    code(
        r"""
rng = np.random.default_rng(0)
samples, inputs, outputs, width = 50, 3, 2, 8
X = rng.standard_normal((samples, inputs))
Y = X @ rng.standard_normal((inputs, outputs))
start1 = 0.7 * rng.standard_normal((inputs, width))
start2 = 0.7 * rng.standard_normal((width, outputs))


def log_det(w1, w2):
    "The logarithm of det M, for one network or for many at once."
    stacked = np.concatenate([w1, w2.swapaxes(-1, -2)], axis=-2)
    return np.linalg.slogdet(stacked @ stacked.swapaxes(-1, -2))[1]


def step(w1, w2, eta, labels):
    "One step of gradient descent on these labels, and the residual G that it saw."
    G = X.T @ (labels - X @ w1 @ w2) / samples
    return w1 + eta * G @ w2.swapaxes(-1, -2), w2 + eta * w1.swapaxes(-1, -2) @ G, G


eta, delta = 0.05, 4.0
noisy = Y + np.sqrt(delta) * rng.standard_normal(Y.shape)
after1, after2, G = step(start1, start2, eta, noisy)
s = np.linalg.svd(G, compute_uv=False)

print(f"change of log det M   {log_det(after1, after2) - log_det(start1, start2):.9f}")
print(f"2 Σ log|1 − η²s²|     {2 * np.log(np.abs(1 - eta**2 * s**2)).sum():.9f}")
print(f"−2η²|G|²              {-2 * eta**2 * (G**2).sum():.9f}")
""",
    ),
    text(r"""
A step of size $\eta$ lowers $\log\det M$ by about $2\eta^2|G|^2$, and there are $1/\eta$ steps in
a unit of time. In the mean over the noise $\mathbb E|G|^2 = |R|^2 + \delta k|X|^2/n^2$, so that a
unit of time costs

$$
2\eta\,\Big(\frac{\delta k |X|^2}{n^2} + |R|^2\Big) + O(\eta^3) \qquad (\delta\ \text{fixed}) .
$$

The first part is the rate of Theorem 4.2. The second is what the differential equation does not
have; it vanishes as $\eta\to0$ *with $\eta\delta$ held fixed*. So does the rest, which then is of
order $\eta$ as well: to leading order it is $\eta^3\,\mathbb E\sum_i s_i^4$, and $s_i^4$ grows
like $\delta^2$. At fixed $\delta$ both parts are of the same order in $\eta$, and SGD and its
equation part ways. At fixed $\eta\delta$ the fluctuation of $|G|^2$ around its mean averages out
over the $1/\eta$ steps of a unit of time: this is why no martingale part remains.
"""),
)

RANK = (
    text(r"""
## Where readers get stuck: why $l \ge p + k$

$M$ is a $(p+k)\times(p+k)$ matrix and $\Theta$ has $l$ columns. For $l < p + k$ the rank of $M$
is below $p + k$: $\det M = 0$ at all times, its logarithm is nowhere defined, and the theorem
says nothing. The condition is necessary and not sufficient: with $W_1 = 0$ the rank is too small
for every width. The assumption that the derivation uses is the rank itself, as its last lines
say.

Is there no other determinant, then? $M$ has $l$ eigenvalues that are not zero, those of
$\Theta^\top\Theta$. Their product is the natural thing to try. But look where the proof breaks:

$$
\mathrm d\log\det\Theta^\top\Theta = 2\operatorname{tr}\big(\Pi\,S(R)\big)\,\mathrm dt, \qquad
\Pi = \Theta\,(\Theta^\top\Theta)^{-1}\Theta^\top ,
$$

for gradient flow. $\Pi$ projects on the columns of $\Theta$. If these are all directions,
$\Pi = I$, the trace is that of $S(R)$, and it is zero. If one direction is missing, it sees the
blocks $R$ beside the diagonal, and the loss enters. The engine says the same; the last factor of
its trace would be gone if $\Pi$ were $I$:
"""),
    code(
        r"""
narrow = logdet(theta.T * theta)
columns = full_row_rank(theta.T)
move = flow.d(narrow, assuming=[columns])
print("gradient flow, drift:", unicode(move.drift, {"Theta": theta}))
noisy_move = sgd.d(narrow, assuming=[columns])
print("label noise, martingale part:", unicode(noisy_move.martingale, {"Theta": theta}))
assert not move.drift.equals(0)
assert noisy_move.martingale != 0
""",
    ),
    text(r"""
Now by SGD itself, with the data of above, where $p + k = 5$: the product of the $\min(l, 5)$
eigenvalues of $M$ that are not zero, six runs from one start, for a width below and two from
$p + k$ on.
"""),
    code(
        r"""
def nonzero_eigenvalues(l_, *, eta=0.01, horizon=8.0, runs=6, seed=4):
    "Time, and log of the product of the min(l, p + k) eigenvalues of M, a column for each run."
    noise = np.random.default_rng(seed)
    w1 = np.broadcast_to(0.7 * noise.standard_normal((inputs, l_)), (runs, inputs, l_))
    w2 = np.broadcast_to(0.7 * noise.standard_normal((l_, outputs)), (runs, l_, outputs))
    seen = []
    for _ in range(round(horizon / eta)):
        stacked = np.concatenate([w1, w2.swapaxes(1, 2)], axis=1)
        seen.append(2 * np.log(np.linalg.svd(stacked, compute_uv=False)).sum(axis=1))
        labels = Y + np.sqrt(product / eta) * noise.standard_normal((runs, samples, outputs))
        w1, w2, _ = step(w1, w2, eta, labels)
    return eta * np.arange(len(seen)), np.array(seen) - seen[0]


figure, panels = plt.subplots(1, 3, figsize=(7, 2.8), sharey=True)
for axes, l_ in zip(panels, (3, 5, 8), strict=True):
    time, moved = nonzero_eigenvalues(l_)
    axes.plot(time[::20], moved[::20], color=COLOURS["blue"], alpha=0.6, linewidth=0.9)
    axes.plot(time, rate * time, color=INK, linestyle=DASHES)
    axes.set(title=f"l = {l_}", xlabel="time (steps × η)")
    away = np.abs(moved[-1] - rate * time[-1])
    print(f"l = {l_}: runs that end less than 1 from the line: {np.sum(away < 1)} of {len(away)}")
panels[0].set_ylabel("log of the product, less its start")
panels[2].plot([], [], color=COLOURS["blue"], alpha=0.5, label="six runs of SGD")
panels[2].plot([], [], color=INK, linestyle=DASHES, label="Theorem 4.2")
panels[2].legend(loc="upper right");
""",
        alt="The logarithm of the product of the eigenvalues of M that are not zero, against time, "
        "for the widths 3, 5 and 8. For 5 and 8 six runs lie on the dashed line of Theorem 4.2. "
        "For 3, below p + k = 5, all runs leave it, each on a way of its own.",
        prints=("l = 3: runs that end less than 1 from the line: 0", "line: 6"),
    ),
    text(r"""
And what does the judge say where the assumption cannot be met? The example of the catalogue is the
diagonal network $u\odot v$, written as the layers $\operatorname{diag}(u)$ and
$\operatorname{diag}(v)$. Its $\Theta$ is $2d\times d$.
"""),
    code(
        r"""
diagonal = check(find("diagonal_network"))
show(diagonal)
print(diagonal.evidence[0].reason)
""",
        prints=("NOT APPLICABLE",),
    ),
    text(r"""
A formula for $\log\det M$ would be a formula about nothing, and the judge refuses to give one.
"""),
)

WALKTHROUGH = Walkthrough(
    title="The determinant under gradient flow and label noise",
    order=1,
    cells=(SETTING, FLOW, NOISE, ITO, STEP, CHECKS, RANK, MISTAKES, EXERCISES),
)
