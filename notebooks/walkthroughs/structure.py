"""What label noise leaves in order: the imbalance, so(p, k), Lyapunov exponents, moments."""

from notebooks.cells import (
    Walkthrough,
    code,
    derivation,
    exercise,
    kernel,
    mutant,
    statement,
    text,
)

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
from sympy import exp

from derivations import *
from derivations.catalogue import find
from notebooks.showing import COLOURS, DASHES, GREY, INK, show, use_style
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

Does noise stay in the group? Ordinary calculus says yes, and ordinary calculus is Stratonovich's:
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
names = ("blue", "vermilion", "green", "green", "orange", "purple")
for values, name in zip(seen.T, names, strict=True):
    axes.plot(time, values, color=COLOURS.get(name, GREY))
axes.set(xlabel="time", ylabel="log of the growth / time", ylim=(-4.3, 1.3), xlim=(0, 30));
""",
        alt="Running estimates of the six Lyapunov exponents for p = k = 3 against time. They "
        "settle at the dashed lines one half, minus one half, minus three halves, minus five "
        "halves and minus seven halves; the two in the middle are still a little apart.",
    ),
    text(r"""
The pair in the middle, $-p/2$ twice, is drawn apart. Nothing holds $r_p$ near 0 and nothing
drives it away, for it has no drift; so the small mistakes of a scheme decide. With steps four
times as long the two would stand at $-1.1$ and $-1.9$, and they approach each other slowly as the
step shrinks. Hence the claim, and its check, is about the mean of the two.
"""),
)

MOMENTS = (
    text(r"""
## Moments close, and mislead

Still without a residual, expectations of products of one degree solve a linear system. The simplest
of them:
"""),
    derivation("moment_hierarchy.mean"),
    text(r"""
Take $p = k = 1$. The sum $a$ and the difference $b$ of the two rows of $\Theta$ satisfy
$\mathrm da = a\,\mathrm dB$ and $\mathrm db = -b\,\mathrm dB$, and
$\operatorname{tr}M = (|a|^2 + |b|^2)/2$. Hence, exactly,

$$
|a|^2 = |a_0|^2\,e^{2B_t - t}, \qquad |b|^2 = |b_0|^2\,e^{-2B_t - t} .
$$

Since $B_t/t \to 0$, both tend to 0 on almost every path. The mean of each grows like $e^t$. There
is no contradiction: $e^{2B_t - 2t}$ is a density, and under it $B_t$ has the mean $2t$. The mean
is carried by paths with $B_t \approx 2t$, whose probability is about $\Phi(-2\sqrt t)$, with
$\Phi$ the normal distribution function.

No scheme and no step size enters the next picture. The values are drawn from the exact law.
"""),
    code(
        r"""
# 300 times 1,000 paths: the average, and whether its t interval holds the mean.
z = np.random.default_rng(0).standard_normal((300, 1_000))


def trace(t):
    "tr M / tr M(0) for |a(0)| = |b(0)|."
    return np.exp(-t) * np.cosh(2 * np.sqrt(t) * z)


print("  t     e^t   typical average   95 % intervals that hold e^t   mean carried by one path in")
for t in (1.0, 2.0, 4.0, 6.0, 8.0):
    values = trace(t)
    average, error = values.mean(axis=1), 1.96 * values.std(axis=1) / np.sqrt(1_000)
    held = 100 * np.mean(np.abs(average - np.exp(t)) <= error)
    rare = 1 / (2 * ndtr(-2 * t**0.5))
    print(f"{t:3.0f} {np.exp(t):7.1f} {np.median(average):14.1f} {held:20.0f} % {rare:32,.0f}")

times = np.linspace(0.1, 8, 17)
drawn = [trace(t) for t in times]
averages = np.array([values.mean(axis=1) for values in drawn])
low, middle, high = np.quantile(averages, (0.1, 0.5, 0.9), axis=1)
figure, axes = plt.subplots()
axes.semilogy(times, np.exp(times), color=INK, linestyle=DASHES, label="E tr M / tr M(0) = exp(t)")
axes.fill_between(times, low, high, color=COLOURS["blue"], alpha=0.2, linewidth=0)
axes.semilogy(times, middle, color=COLOURS["blue"], label="averages of 1,000 paths, 10 to 90 %")
typical = [np.median(values) for values in drawn]
axes.semilogy(times, typical, color=COLOURS["vermilion"], label="median path")
axes.set(xlabel="time", ylabel="tr M / tr M(0)", ylim=(5e-3, 5e3))
axes.legend(loc="upper left");
""",
        alt="tr M against time on a logarithmic scale. The mean grows like exp(t). Averages of a "
        "thousand paths leave it at about t = 2 and are far below it at t = 8; the median path "
        "falls.",
    ),
    text(r"""
The averages are far too small, *and their own error bars do not say so*: a sample has not seen
what it lacks. At $t = 8$ a t test at level 5 % rejects the right formula nearly every time. The
judge does not take averages here. Drift and noise are smooth and there is one Brownian motion, so
it takes the mean over all paths of Euler's scheme with increments $\pm\sqrt h$ and extrapolates
to $h = 0$.
"""),
    code(
        r"""
l = dims("l")
W1, W2, B = State("W1", 1, l), State("W2", l, 1), Brownian("B", 1, 1)
theta = stack(W1, W2.T)
size = tr(theta * theta.T)
growth = ExpectationClaim(
    sde=MatrixSDE({W1: B.d * W2.T, W2: W1.T * B.d}),
    observable=size,
    value=exp(4) * size,
    horizon=4,
    sizes={l: 2},
    relevant=0.05,
)
show(check(growth, effort="quick"))
""",
        prints=("AGREES",),
    ),
    mutant(
        r"""
At $t = 4$ the factor is $e^4 = 54.6$. The average of $10^5$ paths of a simulation was 41, and
41 was written into the paper.
""",
        r"""
show(check(replace(growth, value=41 * size), effort="quick"))
""",
        prints=("DISAGREES", "claimed"),
    ),
)

LOCAL = (
    text(r"""
## The same symptom, another disease: a local martingale

An average that falls short need not be the fault of the sample. Let $x$ be a Brownian motion in
three dimensions and $r = 1/|x|$. By Itô's formula

$$
\mathrm dr = -r^2\,\mathrm d\beta ,
$$

with a Brownian motion $\beta$: drift zero. Yet $\mathbb E\,r_t$ *falls*, from $1$ at $|x_0| = 1$
to $2\Phi(1/\sqrt t) - 1$. The process is a local martingale and no martingale: between $r$ and
its mean stands a limit that may not be exchanged with the expectation.

Both statements are claims, and they are different claims. A drift says what happens in the next
moment; an expectation at a time is another thing.
"""),
    code(
        r"""
r, beta = State("r", positive=True), Brownian("beta")
driftless = DifferentialClaim(
    sde=MatrixSDE({r: -(r**2) * beta.d}), observable=r, drift=0, martingale=-(r**2) * beta.d
)
print("drift of r is 0:   ", check(driftless, effort="quick").status)

space = NumericSDE(
    states={"x": (3,)}, noises={"B": (3,)}, drift=lambda x: 0 * x, noise=lambda dB: dB
)
constant = ExpectationClaim(
    sde=space,
    observable=lambda x: 1 / np.linalg.norm(x, axis=-1),
    value=1.0,
    horizon=1,
    values={"x": np.array([1.0, 0, 0])},
    variance=1,
    relevant=0.15,
)
print("E r is constant:   ", check(constant, effort="quick").status)
lost = replace(constant, value=2 * ndtr(1.0) - 1)
print("E r = 2Φ(1/√t) − 1:", check(lost, effort="quick").status)
""",
        prints=("0:    AGREES", "constant:    DISAGREES", "1: AGREES"),
    ),
    text(r"""
How are the two told apart? $e^{-t}|a|^2$ above is a true martingale. Divided by $|a_0|^2$ it is
$e^{2B_t - 2t}$, a geometric Brownian motion with the constant volatility 2: its mean is 1 for every
$t$. The sample misses it. The mean of
$1/|x|$ is truly smaller, and its second moment is finite at every $t > 0$, so that samples do see
it. No number of paths tells the difference by itself. A bound that one *knows*, here of the
variance, does. It is declared in the claim, and the verdict is conditional on it.
"""),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
For which power $q$ does $\mathbb E\,|a|^q$ neither grow nor fall, if $\mathrm da = a\,\mathrm dB$?
""",
        hint=r"""
Let `x` be a positive state with $\mathrm dx = x\,\mathrm dB$, and ask for the drift of `x**q`.
""",
        solution=r"""
from derivations.printing import unicode

x, q = State("x", positive=True), real("q")
move = MatrixSDE({x: x * beta.d}).d(x**q)
print("drift of x^q:", unicode(move.drift))
assert equal(move.drift, q * (q - 1) / 2 * x**q)
""",
    ),
    exercise(
        r"""
What does noise do to the difference of the sizes of the layers, $|W_1|^2 - |W_2|^2$, for isotropic
noise? When is it conserved?
""",
        hint=r"""
It is the trace of $D$. `sde.d(...)` derives; the noise is `sqrt(gamma) * B.d`.
""",
        solution=r"""
from sympy import sqrt

p, k = dims("p k")
V1, V2, E, gamma = State("W1", p, l), State("W2", l, k), Brownian("E", p, k), positive("gamma")
noise = sqrt(gamma) * E.d
sde = MatrixSDE({V1: noise * V2.T, V2: V1.T * noise})
move = sde.d(tr(V1 * V1.T) - tr(V2 * V2.T))
print("drift:", unicode(move.drift), "  martingale part:", unicode(move.martingale))
assert equal(move.drift, gamma * (p * tr(V2 * V2.T) - k * tr(V1 * V1.T)))
""",
    ),
    exercise(
        r"""
Do the stated exponents for $p = k$ add up to $-p^2$, as the determinant demands? And at which $p$
does the largest exponent exceed 1?
""",
        solution=r"""
for n in range(1, 8):
    upper = [n / 2 - i for i in range(1, n + 1)]
    spectrum = upper + [-n - x for x in upper]
    assert sum(spectrum) == -(n**2)
    print(f"p = {n}: largest {max(spectrum):4.1f}, sum {sum(spectrum):5.0f}")
""",
    ),
    text(r"""
## Where to go on

`noise_algebra.leaves` has $D$ for $p \ne k$, `moment_hierarchy.fourth` the moments of degree four,
`planar_powers` the case $p = k = 1$ in full. What the judge does about heavy tails stands in
[the method](../verify/METHOD.md), and in the next walkthrough.
"""),
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
