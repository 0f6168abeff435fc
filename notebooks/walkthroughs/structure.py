"""What label noise leaves in order: the imbalance, so(p, k), Lyapunov exponents, moments."""

from notebooks.cells import Walkthrough, code, derivation, kernel, mutant, statement, text
from notebooks.walkthroughs._structure_moments import EXERCISES, LOCAL, MOMENTS

SETTING = (
    text(r"""
The determinant is one number. Behind it stands a structure: the noise of the labels moves the
weights along a particular Lie algebra, $\mathfrak{so}(p,k)$. From it follow a second matrix without
a martingale part, the exponential rates of all directions of the weights, and moments that close.
The last of them hold a warning: here the mean is carried by paths that nobody ever simulates.

The setting is that of the first walkthrough:

$$
\Theta = \begin{bmatrix} W_1 \\ W_2^\top \end{bmatrix}, \qquad
S(G) = \begin{bmatrix} 0 & G \\ G^\top & 0 \end{bmatrix}, \qquad
\mathrm d\Theta = S(R)\,\Theta\,\mathrm dt + S(\mathrm dB)\,\Theta
$$

with any residual process $R$ of size $p\times k$, and noise $\mathrm dB$ whose $k$ columns have the
covariance $C\,\mathrm dt$. All stochastic differentials are in the sense of Itô unless Stratonovich
is named.
"""),
    code(r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import ndtr
from sympy import exp, sqrt

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, INK, show, use_style
from verify import ExpectationClaim, NumericSDE, check

use_style()
"""),
)

BALANCE = (
    text(r"""
## The imbalance of the layers

Gradient flow conserves $D = W_1^\top W_1 - W_2W_2^\top$. It is the best known invariant of linear
networks: if the layers begin balanced, $D = 0$, they stay so. What does noise do to it?
"""),
    derivation(
        "balancedness",
        notes={
            1: r"""
**Two kinds of terms.** Those with one differential are what ordinary calculus has. Those with two,
$\mathrm dW_1^\top\mathrm dW_1$ and $\mathrm dW_2\,\mathrm dW_2^\top$, come from Itô's product rule.
""",
            2: r"""
**Why there is no martingale part.** With $\mathrm dG = R\,\mathrm dt + \mathrm dB$ the terms of
first order are $W_2\,\mathrm dG^\top W_1 + W_1^\top\mathrm dG\,W_2^\top$ from $W_1^\top W_1$, and
the same from $W_2W_2^\top$. They cancel in $D$, the drift and the noise alike. In one word:
$D = \Theta^\top J\,\Theta$ with $J = \operatorname{diag}(I_p, -I_k)$, and $S(G)J + JS(G) = 0$.
""",
            3: r"""
**Two different traces.** $\mathrm dB^\top\mathrm dB = \operatorname{tr}(C)\,I_k\,\mathrm dt$, and
$\mathrm dB\,\mathrm dB^\top = k\,C\,\mathrm dt$. The first stands between the factors of
$W_2W_2^\top$, the second between those of $W_1^\top W_1$. It is easy to take one for the other.
""",
        },
    ),
    text(r"""
So noise does not conserve the imbalance. It moves it, without a martingale part, and for
$C = \gamma I$ it leaves it at rest exactly where

$$
p\,W_2W_2^\top = k\,W_1^\top W_1 .
$$

For $p = k$ this is balance, and balance attracts: $\mathrm dD = -\gamma p\,D\,\mathrm dt$ is
an equation for $D$ alone, and $D(t) = D(0)\,e^{-\gamma pt}$ on every path
(`balancedness.square`). For $p \ne k$ the right side is no function of $D$: each path has a
derivative, and they differ. Whether they tend to a point of rest, this equation alone does not say.

### Where readers get stuck: no martingale part, and random all the same

"No martingale part" is often read as "no randomness". It says less: $D$ has no term in
$\mathrm dB$, so that each path of it has a derivative. That is a function of $W_1^\top W_1$
and $W_2W_2^\top$, and *these* move at random. Two things must come together before one may say that
$D(t)$ is not random: no martingale part, and a right side that is a function of $D$ alone. For
$p = k$ both hold, and the variance of $D$ over paths is zero; for $p\ne k$ the first holds alone.

In the picture Euler's steps stand for the equation. What they stray from the line on the left is
due to the step $h$, and shrinks like $\sqrt h$.
"""),
    code(
        r"""
def imbalances(p, k, *, width=5, runs=8, horizon=0.4, steps=6400, seed=0):
    "|D| / |D(0)| along paths of the noise alone, γ = 1: a column for each path."
    rng = np.random.default_rng(seed)
    w1 = np.broadcast_to(rng.standard_normal((p, width)), (runs, p, width))
    w2 = np.broadcast_to(0.3 * rng.standard_normal((width, k)), (runs, width, k))
    h, sizes = horizon / steps, []
    for _ in range(steps + 1):
        D = w1.swapaxes(1, 2) @ w1 - w2 @ w2.swapaxes(1, 2)
        sizes.append(np.linalg.norm(D, axis=(1, 2)))
        dB = np.sqrt(h) * rng.standard_normal((runs, p, k))
        w1, w2 = w1 + dB @ w2.swapaxes(1, 2), w2 + w1.swapaxes(1, 2) @ dB
    return np.linspace(0, horizon, steps + 1)[::40], (np.array(sizes) / sizes[0])[::40]


figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
for axes, (p_, k_) in ((left, (2, 2)), (right, (3, 1))):
    time, sizes = imbalances(p_, k_)
    axes.semilogy(time, sizes, color=COLOURS["blue"], alpha=0.5, linewidth=0.9)
    axes.plot([], [], color=COLOURS["blue"], alpha=0.5, linewidth=0.9, label="eight paths")
    axes.set(title=f"p = {p_}, k = {k_}", xlabel="time")
left.semilogy(time, np.exp(-2 * time), color=INK, linestyle=DASHES, label="predicted: exp(−γpt)")
left.legend()
left.set(ylabel="|D| / |D(0)|", ylim=(0.4, 1.1), yticks=[0.5, 0.7, 1])
left.set_yticklabels(["0.5", "0.7", "1"])
left.minorticks_off();
""",
        alt="The relative size of the imbalance against time, eight paths each. For p = k = 2 all "
        "lie close to the predicted falling line. For p = 3, k = 1 the paths part from each other, "
        "each of them smooth.",
    ),
    text(r"""
Which of the two can be seen on the formula? Ask the engine: not whether the martingale part is
zero, but what the martingale part of the *drift* is. If the drift is a function of $D$ alone, and
$D$ has none, it has none either.
"""),
    code(
        r"""
p, k, l = dims("p k l")
gamma = positive("gamma")


def of_drift(rows, columns):
    "The martingale parts of D and of its drift, for isotropic noise."
    V1, V2, E = State("W1", rows, l), State("W2", l, columns), Brownian("E", rows, columns)
    noise = sqrt(gamma) * E.d
    system = MatrixSDE({V1: noise * V2.T, V2: V1.T * noise})
    D = V1.T * V1 - V2 * V2.T
    move = system.d(D)
    return move.martingale, system.d(move.drift).martingale


for rows, columns in ((p, k), (p, p)):
    first, second = of_drift(rows, columns)
    print(f"{rows} x {columns}: of D: {unicode(first)};  of its drift: {unicode(second)}")
""",
        prints=("p x p: of D: 0;  of its drift: 0",),
    ),
    kernel("balancedness", "increment", "stated_drift"),
    mutant(
        r"""
$\operatorname{tr}(C)$ on both sides, with $p$ for the balance: $kC$ was taken for its mean
$k\operatorname{tr}(C)/p\cdot I$. For isotropic noise this is right, and every test with
$C = \gamma I$ passes.
""",
        r"""
claim = find("balancedness")
[slip] = [m for m in claim.mutants if m.name == "trace"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "is missing"),
    ),
)

GROUP = (
    text(r"""
## The group behind it

The matrices with $A^\top J + JA = 0$ are the Lie algebra $\mathfrak{so}(p,k)$ of the group
$\Phi^\top J\,\Phi = J$, the isometries of a form with $p$ plus and $k$ minus signs. The blocks
$S(G)$ are its symmetric elements.
"""),
    statement("noise_algebra"),
    text(r"""
They are not an algebra of their own: the bracket of two blocks is antisymmetric.

$$
S(G)S(H) - S(H)S(G) = \begin{bmatrix} GH^\top - HG^\top & 0 \\ 0 & G^\top H - H^\top G \end{bmatrix}
$$

So noise in the directions $S(G)$ alone turns the weights too: rotations come from products of two
steps in different order.

### Where readers get stuck: does noise stay in the group?

Ordinary calculus says yes, and ordinary calculus is Stratonovich's:
$\mathrm d\Phi = S(\circ\,\mathrm dB)\,\Phi$ conserves $\Phi^\top J\,\Phi$ on every path. SGD is an
Itô equation. The difference is half of the product of two increments,

$$
\tfrac12\,S(\mathrm dB)^2 = \tfrac12
\begin{bmatrix} \mathrm dB\,\mathrm dB^\top & 0 \\ 0 & \mathrm dB^\top\mathrm dB \end{bmatrix}
= \tfrac\gamma2 \begin{bmatrix} k\,I_p & 0 \\ 0 & p\,I_k \end{bmatrix} \mathrm dt
\qquad (C = \gamma I) ,
$$

a multiple of the identity exactly if $p = k$. Then, and only then, SGD is the motion in the group
with a scalar in front.
"""),
    text(r"""
Both readings below, on the same increments, for $p = k = 2$ and $\gamma = 1$: Euler's steps tend to
Itô's integral, Heun's to Stratonovich's. Drawn is how far $\Phi^\top J\,\Phi$ has shrunk from $J$.
"""),
    code(
        r"""
def forms(p, *, runs=6, horizon=0.6, steps=4800, seed=1):
    "tr(J Φ'JΦ) / 2p along paths, by Euler's and by Heun's steps with the same increments."
    rng, h = np.random.default_rng(seed), horizon / steps
    J = np.diag([1.0] * p + [-1.0] * p)
    euler = heun = np.broadcast_to(np.eye(2 * p), (runs, 2 * p, 2 * p))
    S, seen = np.zeros((runs, 2 * p, 2 * p)), []
    for n in range(steps + 1):
        if n % 80 == 0:
            both = (phi.swapaxes(1, 2) @ J @ phi for phi in (euler, heun))
            seen.append([np.trace(J @ form, axis1=1, axis2=2) / (2 * p) for form in both])
        dB = np.sqrt(h) * rng.standard_normal((runs, p, p))
        S[:, :p, p:], S[:, p:, :p] = dB, dB.swapaxes(1, 2)
        euler = euler + S @ euler
        heun = heun + S @ (heun + S @ heun / 2)
    return np.linspace(0, horizon, steps + 1)[::80], np.array(seen)


time, seen = forms(2)
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.plot(time, seen[:, 0], color=COLOURS["vermilion"], alpha=0.6, linewidth=0.9)
axes.plot(time, seen[:, 1], color=COLOURS["blue"], alpha=0.6, linewidth=0.9)
axes.plot(time, np.exp(-2 * time), color=INK, linestyle=DASHES, label="exp(−γpt)")
axes.plot([], [], color=COLOURS["vermilion"], label="Itô, as SGD: leaves the group")
axes.plot([], [], color=COLOURS["blue"], label="Stratonovich: stays in it")
axes.set(xlabel="time", ylabel="size of Φ′JΦ, in units of J", ylim=(0, 1.3))
axes.legend(loc="lower left")
assert np.abs(seen[:, 1] - 1).max() < 0.1 < 1 - seen[-1, 0].max();
""",
        alt="The size of the form against time, six paths for each reading of one equation. The "
        "Stratonovich paths stay at one. The Itô paths fall along the dashed exponential.",
    ),
    derivation("noise_algebra.square"),
    text(r"""
The determinant follows at once. $\det\Phi = 1$ in the group, and
$\Theta = e^{-\gamma pt/2}\,\Phi\,\Theta_0$ gives $\det M = e^{-2\gamma p^2t}\det M_0$: the rate
$2k\operatorname{tr}(C)$ of the first walkthrough at $p = k$ and $C = \gamma I$. And with
$\Phi^\top J\,\Phi = J$ also $D = \Theta^\top J\,\Theta = e^{-\gamma pt}D(0)$.
"""),
    mutant(
        r"""
The noise of SGD is said to stay in the group, as its Stratonovich reading does.
""",
        r"""
claim = find("noise_algebra.group")
[slip] = [m for m in claim.mutants if m.name == "ito"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "measured"),
    ),
    text(r"""
($K_1$ and $K_2$ are the first $p$ and the last $k$ columns of the identity: the judge writes
block matrices so.) By hand, for $p = k = 1$: one step with $\mathrm dB = b$ maps $(0, 1)^\top$ to
$(b, 1)^\top$. The form $\Phi^\top J\,\Phi$ goes from $-1$ to $b^2 - 1$, and
$\mathbb E\,b^2 = \mathrm dt$: the drift is 1.
"""),
)

EXPONENTS = (
    text(r"""
## How fast each direction moves

Leave the residual out, $\mathrm d\Theta = S(\mathrm dB)\,\Theta$ with $C = I$. The Lyapunov
exponents are the rates at which the singular values of $\Theta$ grow or shrink. Their sum follows
from the determinant: half of $-2pk$.

For $p = k$ the group gives all of them. $\Phi$ has the singular values $e^{\pm r_i}$, and the
engine derives (`lyapunov_spectrum.radial`)

$$
\mathrm dr_i = \mathrm d\beta_i + \tfrac12 \sum_{j\ne i}
\big[\coth(r_i - r_j) + \coth(r_i + r_j)\big]\,\mathrm dt .
$$

The $r_i$ repel each other. Once they have parted, $\coth$ is $\pm1$: for $j < i$ the two
terms cancel, for $j > i$ they add up to 2. So $r_i$ has the drift $p - i$. This last step is an
argument and no proof; it is checked on paths. With the scalar factor:
"""),
    statement("lyapunov_spectrum.square"),
    text(r"""
At $p = k = 1$ all directions shrink, at $p = 2$ the largest exponent is zero, and from $p = 3$ on
some direction of the weights *grows*, while the determinant falls faster and faster. Here is
$p = 3$, by products of many steps of SGD without a gradient.

Before you look: $-p/2$ stands twice among the exponents, and the two curves of this pair (green)
do *not* lie on its line. Nothing holds $r_p$ near 0 and nothing drives it away, for it has no
drift; so the small mistakes of a scheme decide, and they push the two apart, to either side. With
steps four times as long the two would stand at $-1.1$ and $-1.9$, and they approach each other
slowly as the step shrinks. Their mean is not touched by this; it is drawn too, as a thick pale
line. Hence the claim, and its check, is about the mean of the two.
"""),
    code(
        r"""
def exponents(p, *, runs=24, horizon=30.0, steps=24000, seed=0):
    "Running estimates of the 2p exponents, in the mean over the runs."
    rng = np.random.default_rng(seed)
    h, every = horizon / steps, 10
    frame = np.broadcast_to(np.eye(2 * p), (runs, 2 * p, 2 * p))
    grown, seen = np.zeros((runs, 2 * p)), []
    for n in range(1, steps + 1):
        dB = np.sqrt(h) * rng.standard_normal((runs, p, p))
        top, low = frame[:, :p], frame[:, p:]
        frame = np.concatenate([top + dB @ low, low + dB.swapaxes(1, 2) @ top], axis=1)
        if n % every == 0:
            frame, upper = np.linalg.qr(frame)
            grown = grown + np.log(np.abs(np.diagonal(upper, axis1=1, axis2=2)))
            seen.append(grown.mean(axis=0) / (n * h))
    return h * every * np.arange(1, len(seen) + 1), np.array(seen)


time, seen = exponents(3)
stated = [1 / 2, -1 / 2, -3 / 2, -3 / 2, -5 / 2, -7 / 2]
print("stated  ", *(f"{x:5.1f}" for x in stated))
print("measured", *(f"{x:5.1f}" for x in seen[-1]))

figure, axes = plt.subplots()
for value in sorted(set(stated)):
    axes.axhline(value, color=INK, linestyle=DASHES, linewidth=1)
axes.plot([], [], color=INK, linestyle=DASHES, linewidth=1, label="stated")
pair = seen[:, 2:4].mean(axis=1)
axes.plot(time, pair, color=COLOURS["green"], linewidth=4, alpha=0.3, label="mean of the pair")
names = ("blue", "vermilion", "green", "green", "orange", "purple")
labels = ("1st", "2nd", "3rd and 4th, the pair −p/2", None, "5th", "6th")
for values, name, label in zip(seen.T, names, labels, strict=True):
    axes.plot(time, values, color=COLOURS[name], label=label)
axes.set(xlabel="time t", ylabel="log of the growth / t", ylim=(-4.3, 1.3), xlim=(0, 30))
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5));
""",
        alt="Running estimates of the six Lyapunov exponents for p = k = 3 against time. They "
        "settle at the dashed lines one half, minus one half, minus five halves and minus seven "
        "halves. The third and the fourth stand on either side of the dashed line at minus three "
        "halves, and their mean lies on it.",
    ),
)

WALKTHROUGH = Walkthrough(
    title="Structure: imbalance, so(p, k), exponents, moments",
    order=6,
    cells=(
        *SETTING,
        *BALANCE,
        *GROUP,
        *EXPONENTS,
        *MOMENTS,
        *LOCAL,
        *EXERCISES,
    ),
)
