"""Real SGD against its stochastic differential equation: one step, its mean, many steps."""

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
Theorems about SGD are most often theorems about a stochastic differential equation. SGD itself
takes steps of finite size, and draws minibatches. This notebook asks what one real step does to
$\log\det M$, exactly and in the mean; what the equation has of it; and of which order in the step
size the rest is.

The setting is that of the first walkthrough: data $X$ ($n\times p$), labels $Y$ ($n\times k$),
layers $W_1$ ($p\times l$) and $W_2$ ($l\times k$), the loss $\frac1{2n}|Y - XW_1W_2|^2$, the
residual $R = X^\top(Y - XW_1W_2)/n$, and

$$
\Theta = \begin{bmatrix} W_1 \\ W_2^\top \end{bmatrix}, \qquad M = \Theta\Theta^\top, \qquad
S(G) = \begin{bmatrix} 0 & G \\ G^\top & 0 \end{bmatrix} .
$$

A step of any of these algorithms is $\Theta^+ = (I + \eta\,S(G))\,\Theta$ with a random $G$ of mean
$R$. They differ in the law of $G$ alone. Time is the number of steps times $\eta$.
"""),
    code(r"""
from dataclasses import replace
from itertools import combinations, product

import matplotlib.pyplot as plt
import numpy as np

from derivations import *
from derivations.catalogue import find
from notebooks.showing import COLOURS, DASHES, show, use_style
from verify import check

use_style()

rng = np.random.default_rng(0)
inputs, outputs, width = 3, 2, 7
true = rng.standard_normal((inputs, outputs))
start1 = 0.8 * rng.standard_normal((inputs, width))
start2 = 0.8 * rng.standard_normal((width, outputs))


def data(samples):
    "Inputs, and labels that no linear map fits exactly."
    X = rng.standard_normal((samples, inputs))
    return X, X @ true + 0.7 * rng.standard_normal((samples, outputs))


def swap(A):
    return A.swapaxes(-1, -2)


def log_det(w1, w2):
    "The logarithm of det M, for one network or for many at once."
    theta = np.concatenate([w1, swap(w2)], axis=-2)
    return np.linalg.slogdet(theta @ swap(theta))[1]


def square(G):
    "|G|², the sum of the squares of the entries."
    return (G**2).sum(axis=(-2, -1))
"""),
)

ONE_STEP = (
    text(r"""
## One step, exactly

Determinants are multiplicative. So a step multiplies $\det M$ by $\det(I + \eta S(G))^2$, whatever
$\Theta$ is. What remains is a determinant of a block matrix.
"""),
    derivation(
        "discrete_determinant",
        notes={
            1: r"""
**The two identities by hand.** Subtract $\eta G^\top$ times the first block row from the second:

$$
\det\begin{bmatrix} I & \eta G \\ \eta G^\top & I \end{bmatrix} =
\det\begin{bmatrix} I & \eta G \\ 0 & I - \eta^2 G^\top G \end{bmatrix} =
\det(I_k - \eta^2 G^\top G) .
$$

Subtracted the other way round, the same determinant is $\det(I_p - \eta^2 GG^\top)$. Both have the
factors $1 - \eta^2 s_i^2$ with the singular values $s_i$ of $G$, and on the larger side further
factors 1.
"""
        },
    ),
    text(r"""
Hence, for every single step, with noise or without,

$$
\log\det M^+ - \log\det M = 2\sum_i \log|1 - \eta^2 s_i^2| = -2\eta^2|G|^2 + O(\eta^4) .
$$

Only even powers of $\eta$ occur. As long as no $\eta s_i$ exceeds $\sqrt2$, the determinant does
not rise, and it falls unless every $\eta s_i$ is $0$ or $\sqrt2$: gradient *descent* does not keep
the determinant that gradient *flow* keeps.
"""),
    code(
        r"""
show(check(find("discrete_determinant"), effort="quick"))
""",
        prints=("AGREES",),
    ),
    text(r"""
The algorithm tier of this claim runs SGD with label noise on a real data set and compares the
weights of every step with the right side, draw by draw.
"""),
)

MEAN = (
    text(r"""
## One step, in the mean

Now $G$ is drawn: $G = R + \zeta$ with $\mathbb E\,\zeta = 0$. Then
$\mathbb E|G|^2 = |R|^2 + \mathbb E|\zeta|^2$, since the mixed term has mean zero. That is all the
probability there is in it. For label noise $\zeta = \sqrt\delta\,X^\top\xi/n$:
"""),
    derivation(
        "one_step_laws",
        notes={
            1: r"""
**How to read the first step.** The long left side is $\log\det$ of the moved $\Theta\Theta^\top$.
The right side is $-2\eta^2|G|^2$ multiplied out: the terms with one $\xi$ are the mixed term, the
one with $\xi\xi^\top$ is the noise, and the terms without $\xi$ are $|R|^2$. There is no term of
first order in $\eta$: it is $2\eta\operatorname{tr}S(G)$, and $S(G)$ has nothing on its diagonal.
""",
            2: r"""
**The mean of the noise.** The entries of $\xi$ are independent with variance 1. So
$\mathbb E\,\xi\xi^\top = k\,I_n$, each of the $k$ columns contributing $I_n$, and
$\mathbb E\operatorname{tr}(\xi\xi^\top XX^\top) = k\operatorname{tr}(XX^\top) = k|X|^2$. Normality
is not used: two moments are enough. The fourth moment enters at order $\eta^4$ only
(`one_step_laws.fourth_moment`).
""",
        },
    ),
    text(r"""
The stochastic differential equation of label noise has one of the two terms, the noise. The
squared residual is not in it, although both have the factor $\eta^2$. Forget it, and the judge
says so.
"""),
    mutant(
        r"""
The rate of the equation, times $\eta$, taken for the law of one step.
""",
        r"""
law = find("one_step_laws")
[of_the_sde] = [m for m in law.mutants if m.name == "sde"]
show(check(replace(law, **of_the_sde.changes), effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "derived −4, claimed −2"),
    ),
    text(r"""
The difference that is printed is $-2\eta^2|R|^2$, multiplied out. The counter-example takes a
minute by hand. All sizes are 1 except $l = 2$, and $M = I$, $X = Y = 1$, $\eta = \delta = 1$. The
product $W_1W_2$ is 0, so $R = 1$, and $-2(|R|^2 + \delta) = -4$. The claim speaks of the mean up
to $O(\eta^3)$, and $-4$ and $-2$ are the coefficients of $\eta^2$, derived and claimed. The mean
change in a step with $\eta = 1$ is another number: there the terms left out count as well.
"""),
    kernel("one_step_laws", "update", "change"),
)

MINIBATCHES = (
    text(r"""
## Minibatches

Sample $i$ has the gradient $x_i r_i^\top$ with $r_i = y_i - W_2^\top W_1^\top x_i$, and $R$ is the
mean of these $n$ matrices. A minibatch takes the mean of $b$ of them. Their total variance is

$$
V = \frac1n\sum_i |x_i|^2|r_i|^2 - |R|^2 .
$$

Drawn *with* replacement, the $b$ gradients are independent, and $\mathbb E|\zeta|^2 = V/b$. Drawn
*without*, two of them are correlated. The covariance $c$ of two different draws is the same for
every pair, and for $b = n$ the mean is $R$ itself, with variance zero:

$$
0 = \frac Vn + \frac{n-1}{n}\,c \quad\Rightarrow\quad c = -\frac{V}{n-1}, \qquad
\mathbb E|\zeta|^2 = \frac Vb + \frac{b-1}{b}\,c = \frac{V}{b}\cdot\frac{n-b}{n-1} .
$$

Six samples are few enough to go through all batches. Nothing is drawn at random below: each point
is the mean over every batch, of the change of $\log\det M$ in one real step.
"""),
    code(
        r"""
X6, Y6 = data(6)
eta = 0.001
gradients = X6[:, :, None] * (Y6 - X6 @ start1 @ start2)[:, None, :]
R = gradients.mean(axis=0)
V = square(gradients).mean() - square(R)


def cost(batches):
    "−Δ log det M / 2η² in the mean over batches, without |R|²."
    G = gradients[np.array(batches)].mean(axis=1)
    moved = log_det(start1 + eta * G @ start2.T, start2 + eta * start1.T @ G)
    return -np.mean(moved - log_det(start1, start2)) / (2 * eta**2) - square(R)


sizes = range(1, 7)
with_ = [cost(list(product(range(6), repeat=b))) for b in sizes]
without = [cost(list(combinations(range(6), b))) for b in sizes]
print("b                   ", *(f"{b:7d}" for b in sizes))
print("with replacement / V", *(f"{x / V:7.3f}" for x in with_))
print("without          / V", *(f"{abs(x) / V:7.3f}" for x in without))

figure, axes = plt.subplots(figsize=(7, 3))
b = np.linspace(1, 6, 100)
axes.plot(b, 1 / b, color=COLOURS["blue"], label="with replacement: 1/b")
axes.plot(
    b, (6 - b) / (5 * b), color=COLOURS["vermilion"], label="without: (n − b)/(n − 1)/b"
)
axes.plot(sizes, np.divide(with_, V), "o", color=COLOURS["blue"])
axes.plot(sizes, np.divide(without, V), "s", color=COLOURS["vermilion"])
axes.set(xlabel="batch size b, of n = 6 samples", ylabel="cost of the noise / V")
axes.legend();
""",
        alt="The cost of minibatch noise against the batch size, means over all batches as points "
        "on the two formulas as curves: with replacement it falls like 1/b, without replacement "
        "faster, and to zero at b = n = 6.",
    ),
    text(r"""
The laws are `one_step_laws.with_replacement` and `one_step_laws.without_replacement`, for all
sizes. Here is the second before the judge.
"""),
    code(
        r"""
law = find("one_step_laws.without_replacement")
show(check(law, effort="quick", tiers=("derivation", "one-step")))
""",
        prints=("derivation  AGREES        proved",),
    ),
    text(r"""
The most likely slip is $(n-b)/n$ for $(n-b)/(n-1)$. At $n = 50\,000$ hardly an experiment would
show it. The table above does, since its $n$ is 6: at $b = 1$ both ways of drawing are the same and
the entry is 1.000, where the slip has $\frac56$. The points of the check have two or three samples.
By hand: of two samples, $x = (0, 1)$ and $y = (0, 0)$, one is drawn. With $W_1W_2 = 1$ the
residuals are $0$ and $-1$, so $G$ is 0 or $-1$ with equal probability, and
$-2\,\mathbb E|G|^2 = -1$. Here $|R|^2 = V = \frac14$, and the slip has
$-2(\frac14 + \frac12\cdot\frac14) = -\frac34$.
"""),
)

EQUATION = (
    text(r"""
## The equation with the same noise

The differential equation keeps the covariance of $\zeta$ and replaces its law by a normal one. Over
a time $\mathrm dt$ there are $\mathrm dt/\eta$ steps, each with the noise $\eta\zeta$: together the
covariance is $\eta\,\operatorname{Cov}(\zeta)\,\mathrm dt$. For any noise of this kind:
"""),
    derivation(
        "gradient_noise_determinant",
        notes={
            2: r"""
**What is not there.** Neither $R$ nor a term linear in $\mathrm d\beta_i$ is left, so that the rate
is that of *every* path. If the noise depends on the weights, so does the rate. It still has no
martingale part.
""",
        },
    ),
    text(r"""
So the rate of the equation is $-2\eta\,\mathbb E|\zeta|^2$, and the rate of the algorithm is
$-2\eta\,(\mathbb E|\zeta|^2 + |R|^2) + O(\eta^3)$ for a given law of $\zeta$, per unit of time. Set
side by side:

| noise | the equation has | one step of the algorithm adds |
|---|---|---|
| label noise | $-2\eta\delta k\lvert X\rvert^2/n^2$ | $-2\eta\lvert R\rvert^2$ |
| minibatch with replacement | $-2(\eta/b)\,V$ | $-2\eta\lvert R\rvert^2$ |
| without replacement | $-2(\eta/b)\,V\,(n-b)/(n-1)$ | $-2\eta\lvert R\rvert^2$ |
| weight decay $\mu$ | $-2\mu(p+k)$ | of order $\eta\mu^2$ |

The sense in which SGD tends to its equation can be read off. For the three noises at fixed
$\delta$ or $b$ both columns are of order $\eta$, and their ratio does not vanish. Let
$\eta\to0$ *at fixed $\eta\delta$* (or fall at fixed $\eta/b$, as far as $b \ge 1$ allows): then
the middle column stays, and what is added vanishes in proportion to $\eta$. Over a horizon $T$ the
gap of label noise is

$$
\mathbb E\Big[\log\det M(T) - \log\det M(0) - \int_0^T \text{rate}\;\mathrm dt\Big]
= -\int_0^T \mathbb E\Big[2\eta\,|R|^2 + \eta^3\sum_i s_i^4\Big]\,\mathrm dt + O(\eta^2) .
$$

The sum is the quartic term of $2\log|1 - \eta^2s_i^2|$. At fixed $\eta\delta$ it is of order $\eta$
too, since $s_i^4$ grows like $\delta^2$. In the runs below it is about 1 % of the gap, or less.
"""),
)

GAP = (
    text(r"""
## The gap against the step size

Run the three algorithms at four step sizes, $\eta\delta$ and $\eta/b$ fixed, and take the gap
from the weights. Bars are two standard errors over the runs; most are smaller than the points.
(Points are shifted sideways a little, or they would hide each other.) The dashed line has no free
constant: it is $-2\eta\int|R|^2\,\mathrm dt$ along the runs at the smallest step.
"""),
    code(
        r"""
X, Y = data(48)
n, horizon, runs = 48, 1.6, 150
weights = (X**2).sum(axis=1)


def label_noise(noise, eta):
    "Labels with noise, ηδ = 0.8; the rate of the equation."
    delta = 0.8 / eta
    rate = -2 * eta * delta * outputs * (X**2).sum() / n**2

    def drawn(r):
        xi = noise.standard_normal((runs, n, outputs))
        return X.T @ (r + np.sqrt(delta) * xi) / n, rate

    return drawn


def minibatch(noise, eta, *, replacement):
    "Batches with η/b = 1/400; the rate of the equation, which depends on the weights."
    b = round(400 * eta)
    factor = 1 if replacement else (n - b) / (n - 1)

    def drawn(r):
        if replacement:
            chosen = noise.integers(n, size=(runs, b))
        else:
            chosen = np.argsort(noise.random((runs, n)), axis=1)[:, :b]
        G = swap(X[chosen]) @ np.take_along_axis(r, chosen[..., None], axis=1) / b
        V = (weights * (r**2).sum(axis=-1)).mean(axis=-1) - square(X.T @ r / n)
        return G, -2 * eta / b * factor * V

    return drawn


def gaps(algorithm, eta, seed, **settings):
    "The gap of each run, and −2η ∫ |R|² dt in the mean."
    drawn = algorithm(np.random.default_rng(seed), eta, **settings)
    w1 = np.broadcast_to(start1, (runs, inputs, width))
    w2 = np.broadcast_to(start2, (runs, width, outputs))
    earned, missing = 0.0, 0.0
    for _ in range(round(horizon / eta)):
        r = Y - X @ (w1 @ w2)
        G, rate = drawn(r)
        earned, missing = earned + eta * rate, missing - 2 * eta**2 * square(X.T @ r / n)
        w1, w2 = w1 + eta * G @ swap(w2), w2 + eta * swap(w1) @ G
    return log_det(w1, w2) - log_det(start1, start2) - earned, missing.mean()


steps = np.array([0.04, 0.02, 0.01, 0.005])
shown = (
    ("label noise", "o", "blue", label_noise, {}),
    ("with replacement", "s", "green", minibatch, {"replacement": True}),
    ("without", "^", "vermilion", minibatch, {"replacement": False}),
)
figure, axes = plt.subplots()
for shift, (name, mark, colour, algorithm, settings) in zip((0.97, 1, 1.03), shown, strict=True):
    found = [gaps(algorithm, eta, 1, **settings) for eta in steps]
    below = np.array([-gap.mean() for gap, _ in found])
    error = np.array([2 * gap.std() / np.sqrt(runs) for gap, _ in found])
    order = np.polyfit(np.log(steps), np.log(below), 1)[0]
    print(f"{name:17}", *(f"{x:6.3f}" for x in below), f"  order {order:.1f}")
    axes.errorbar(shift * steps, below, yerr=error, fmt=mark, color=COLOURS[colour], label=name)
    line = -found[-1][1] * steps / steps[-1]
    axes.plot(steps, line, color=COLOURS[colour], linestyle=DASHES, linewidth=1, zorder=1)
axes.set(xscale="log", yscale="log", xlabel="step size η", ylabel="gap in log det M")
axes.set_xticks(steps, [f"{eta:g}" for eta in steps])
axes.set_yticks([0.01, 0.02, 0.05, 0.1], ["0.01", "0.02", "0.05", "0.1"])
axes.minorticks_off()
axes.legend(title="dashed: 2η ∫|R|² dt");
""",
        alt="The gap between the algorithm and its equation against the step size on logarithmic "
        "scales, for label noise and both kinds of minibatches. All points "
        "lie along the dashed lines of slope one.",
    ),
    text(r"""
The order is one, and the constant is the predicted one at small steps, but for the percent of the
quartic term. At the largest step the terms of order $\eta^2$ show. The judge does the same with a
decision at the end: its algorithm tier runs $\eta$, $\eta/2$, $\eta/4$ on real data, extrapolates
the gap to $\eta = 0$, and asks whether what is left is zero within its error.
(`python -m verify run gradient_noise_determinant.minibatch --tier algorithm` takes some seconds.)
"""),
)

DECAY = (
    text(r"""
## Weight decay

Decay $\frac\mu2|\Theta|^2$ in the loss shrinks $\Theta$ by the factor $1 - \eta\mu$ in each step.
All of the $p + k$ directions shrink, and $M$ is quadratic in $\Theta$: to first order
$\log\det M$ loses $2\eta\mu(p+k)$. This is of first order in $\eta$, so equation and algorithm
agree on it without further ado.
"""),
    statement("weight_decay_determinant"),
    code(
        r"""
claim = find("weight_decay_determinant")
show(check(claim, effort="quick", tiers=("derivation", "exact", "generator")))
""",
        prints=("AGREES",),
    ),
    mutant(
        r"""
The width for $p + k$: one would think that a wider network loses more. The rank of $M$ counts, and
not the width.
""",
        r"""
p, k, l = dims("p k l")
C, mu = Parameter("C", p, p, positive_definite=True), positive("mu")
slip = replace(claim, drift=-2 * k * tr(C) - 2 * mu * l)
show(check(slip, effort="quick", tiers=("exact",)))
""",
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
Is the law of one step the same for noise that is $\pm1$ instead of normal? And is the change of
$\log\det M$ really even in $\eta$, so that the law holds up to $O(\eta^4)$?
""",
        hint=r"""
`one_step_laws.third_order` has `TwoPoint` noise and the order 4. Change its `order`.
""",
        solution=r"""
law = find("one_step_laws.third_order")
for order in (4, 5):
    found = check(replace(law, order=order), effort="quick", tiers=("exact",))
    print(f"up to O(η^{order}): {found.status}")
    assert found.agrees == (order == 4)
""",
    ),
    exercise(
        r"""
How many samples must a batch without replacement have, so that its noise is half of the noise
with replacement? Check it on the six samples above.
""",
        hint=r"""
$(n-b)/(n-1) = \frac12$.
""",
        solution=r"""
b = (6 + 1) / 2
print(f"b = (n + 1)/2 = {b}: between 3 and 4")
ratios = [o / w for o, w in zip(without, with_)]
print("b = 3:", round(ratios[2], 2), "  b = 4:", round(ratios[3], 2))
assert ratios[2] > 0.5 > ratios[3]
""",
    ),
    exercise(
        r"""
At fixed $\delta$ instead of fixed $\eta\delta$: what is the ratio of the change of
$\log\det M$ to that of the equation in a single step, as $\eta\to0$?
""",
        hint=r"""
Divide the law of one step by $\eta$ times the rate of the equation.
""",
        solution=r"""
noise = 0.5 * outputs * (X6**2).sum() / 6**2  # δ = 1/2
print(f"1 + |R|²/(δk|X|²/n²) = {1 + square(R) / noise:.2f}, at every η")
assert square(R) / noise > 0.5
""",
    ),
    text(r"""
## Where to go on

`python -m verify explain one_step_laws.without_replacement` prints the derivation that is left out
here. `one_step_laws.imbalance` is the law of one step of $W_1^\top W_1 - W_2W_2^\top$, with no
expansion at all; the next walkthrough has its equation.
"""),
)

WALKTHROUGH = Walkthrough(
    title="Real SGD against its equation",
    order=5,
    cells=(
        *SETTING,
        *ONE_STEP,
        *MEAN,
        *MINIBATCHES,
        *EQUATION,
        *GAP,
        *DECAY,
        *EXERCISES,
    ),
)
