"""Structure: moments that close and mislead, a local martingale, exercises."""

from notebooks.cells import code, derivation, exercise, mutant, text

__all__ = ["EXERCISES", "LOCAL", "MOMENTS"]

MOMENTS = (
    text(r"""
## Where readers get stuck: moments close, and mislead

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
## Where readers get stuck: the same symptom, another disease

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
V1, V2, E = State("W1", p, l), State("W2", l, k), Brownian("E", p, k)
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
