"""The determinant: kernel, checks, mistakes, exercises."""

from notebooks.cells import code, exercise, kernel, mutant, text

__all__ = ["CHECKS", "EXERCISES", "MISTAKES"]

CHECKS = (
    text(r"""
## The emitted kernel

The declaration is printed as NumPy code, as it was typed, and the statement beside it. The
simulated side knows `increment` alone. No derived formula can reach it, so that a wrong
derivation cannot agree with itself.
"""),
    kernel("label_noise_determinant", "increment", "observable", "stated_drift"),
    text(r"""
## The checks, live

State the claim, and have it judged. Each line below is one tier:

- *derivation*: the derived and the stated form have the same normal form, a proof relative to the
  engine's rules;
- *exact*: both sides agree in exact arithmetic at random points of several sizes, computed from
  the declaration by power series, without the Itô table;
- *generator*: the same by differences, in double precision and with 50 digits;
- *one-step*: Monte Carlo over a single step of the declared equation.
"""),
    code(
        r"""
claim = DifferentialClaim(
    sde=sgd,
    observable=logdet(M),
    drift=-2 * k * tr(C),
    assumptions=(Assumption(text="Θ has full row rank", condition=full_rank),),
)
show(check(claim, effort="quick"))
""",
        prints=("AGREES",),
    ),
    text(r"""
Beside the judge, a look with one's own eyes. The loop below is SGD with label noise itself,
twenty runs at once, each with its own noise. The dashed line is the prediction of Theorem 4.2.
Nothing is fitted.
"""),
    code(
        r"""
def train(eta, delta, *, horizon, runs, seed):
    "Time and log det M at every step, a column for each run."
    noise = np.random.default_rng(seed)
    w1 = np.broadcast_to(start1, (runs, inputs, width))
    w2 = np.broadcast_to(start2, (runs, width, outputs))
    seen = [log_det(w1, w2)]
    for _ in range(round(horizon / eta)):
        labels = Y + np.sqrt(delta) * noise.standard_normal((runs, samples, outputs))
        w1, w2, _ = step(w1, w2, eta, labels)
        seen.append(log_det(w1, w2))
    return eta * np.arange(len(seen)), np.array(seen)


product = 2.0  # ηδ, held fixed
rate = -2 * product * outputs * (X**2).sum() / samples**2
time, with_noise = train(0.005, product / 0.005, horizon=10, runs=20, seed=1)
_, without = train(0.005, 0.0, horizon=10, runs=1, seed=1)

figure, axes = plt.subplots()
axes.plot(time, with_noise, color=COLOURS["blue"], alpha=0.35, linewidth=0.8)
axes.plot([], [], color=COLOURS["blue"], label="SGD with label noise, 20 runs")
axes.plot(time, without, color=COLOURS["green"], label="gradient descent, no noise")
line = with_noise[0, 0] + rate * time
axes.plot(time, line, color=INK, linestyle=DASHES, label="predicted: −2ηδk|X|²/n² · t")
axes.set(xlabel="time (steps × η)", ylabel="log det M")
axes.legend(loc="lower left");
""",
        alt="log det M against time. Without noise the curve is level. Twenty runs of SGD with "
        "label noise lie on top of each other along the predicted straight line, from 4.8 down "
        "to 0.3.",
    ),
    text(r"""
The twenty runs are hard to tell apart, although their weights are not at all alike. In the equation
$\log\det M$ has no martingale part and is the same on every path. What SGD adds is the $|R|^2$ of
each step and the fluctuation of $|G|^2$. Both must vanish with the step size at fixed
$\eta\delta$, the first in proportion to $\eta$, the second to $\sqrt\eta$. (The quartic term of
each step, $\eta^4\sum_i s_i^4$, adds up in proportion to $\eta$ too; here it is about 4 % of the
gap at small steps.) Both are drawn against the step size: the *gap*, by how much the mean of 100
runs ends below the dashed line of the last picture, and the *spread* of the runs around their mean.
"""),
    code(
        r"""
sizes = np.array([0.08, 0.04, 0.02, 0.01])
gaps = []
for eta in sizes:
    time, seen = train(eta, product / eta, horizon=10, runs=100, seed=2)
    gaps.append(seen[-1] - seen[0] - rate * time[-1])
below = -np.mean(gaps, axis=1)
spread = np.std(gaps, axis=1)
print("η                  ", *(f"{eta:6.2f}" for eta in sizes))
print("line minus mean    ", *(f"{x:6.3f}" for x in below))
print("spread of the runs ", *(f"{x:6.3f}" for x in spread))

figure, axes = plt.subplots(figsize=(7, 3))
axes.loglog(sizes, below, "o-", color=COLOURS["vermilion"], label="gap: line minus mean of runs")
axes.loglog(sizes, spread, "s-", color=COLOURS["blue"], label="spread: standard deviation of runs")
for values, power, name in ((below, 1, "∝ η"), (spread, 0.5, "∝ √η")):
    guide = sizes**power * np.exp(np.mean(np.log(values / sizes**power)))
    axes.loglog(sizes, guide, color=GREY, linestyle=DASHES, zorder=1)
    axes.annotate(name, (sizes[0], guide[0]), xytext=(8, -3), textcoords="offset points")
axes.set_xticks(sizes, [f"{eta:g}" for eta in sizes])
axes.minorticks_off()
axes.set(xlabel="step size η, at fixed ηδ", ylabel="log det M at t = 10: gap, spread")
axes.legend(loc="upper left");
""",
        alt="Two falling lines on logarithmic scales as the step size shrinks from 0.08 to 0.01: "
        "the mean distance below the predicted line is proportional to the step size, the spread "
        "of the runs to its square root.",
    ),
)

MISTAKES = (
    mutant(
        r"""
The factor 2 is forgotten: the Itô term is taken from one of the two blocks of $S(\mathrm dB)$
only. The judge refutes the claim, names the term, and gives a point that is small enough to be
checked by hand.
""",
        'show(check(replace(claim, drift=-k * tr(C)), effort="quick"))',
        prints=("DISAGREES", "claimed coefficient −1, measured −2"),
    ),
    text(r"""
Check the counter-example. For $p = k = 1$, $l = 2$ let $W_1 = (0, 1)$ and $W_2 = (1, 0)^\top$.
Then $\Theta$ swaps the two axes, $M = I$, and one step with $\mathrm dG = g$ gives
$\det M^+ = (1 - g^2)^2$, that is $\log\det M^+ \approx -2g^2$ with $\mathbb E\,g^2 = \mathrm dt$.
The drift is $-2$, and not $-1$.
"""),
    mutant(
        r"""
$p$ for $k$: the $p$ rows of $\mathrm dB$ were counted, and not its $k$ columns. For $p = k$ nobody
would notice. The points of the check have many sizes.
""",
        r"""
slip = replace(claim, drift=-2 * p * tr(C))
show(check(slip, effort="quick", tiers=("exact", "one-step")))
""",
        prints=("DISAGREES", "the dimension: claimed p, measured k"),
    ),
    mutant(
        r"""
No Itô term at all: the Stratonovich drift for the Itô equation. A whole term is missing, so no
coefficient can be blamed. The judge says what fits instead.
""",
        r"""
conserved = replace(claim, drift=0)
show(check(conserved, effort="quick", tiers=("exact", "one-step")))
""",
    ),
    text(
        "Change the formulas in these cells. Which wrong claim would survive at $p = k = 1$ only?"
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
Weight decay adds $-\mu\,W_1\,\mathrm dt$ and $-\mu\,W_2\,\mathrm dt$. What becomes of the drift
of $\log\det M$? Guess it from $\det(cM) = c^{\,p+k}\det M$, then derive it.
""",
        hint='Add the two terms to the dictionary `equations`; declare μ by `positive("mu")`.',
        solution=r"""
mu = positive("mu")
decayed = {W1: dG * W2.T - mu * W1 * dt, W2: W1.T * dG - mu * W2 * dt}
drift = MatrixSDE(decayed, assuming=[full_rank]).d(logdet(M)).drift
print(unicode(drift))
assert equal(drift, -2 * k * tr(C) - 2 * mu * (p + k))
""",
    ),
    exercise(
        r"""
Is the stack $\Theta$ needed? Look at the first layer alone: has $\log\det W_1W_1^\top$ a drift
that does not depend on the path, and no martingale part?
""",
        hint="`sgd.d(...)` takes further facts as `assuming=[...]`; here `full_row_rank(W1)`.",
        solution=r"""
first = sgd.d(logdet(W1 * W1.T), assuming=[full_row_rank(W1)])
print("drift          ", unicode(first.drift))
print("martingale part", unicode(first.martingale))
assert first.martingale != 0
""",
    ),
    exercise(
        r"""
After which time has label noise with $\eta\delta = 4$ brought $\det M$ down to a millionth?
Predict it, then let SGD with $\eta = 0.01$ run that long.
""",
        hint=r"$\log 10^{-6}$ divided by the rate of Theorem 4.2; then `train`.",
        solution=r"""
horizon = np.log(1e-6) / (-2 * 4.0 * outputs * (X**2).sum() / samples**2)
time, seen = train(0.01, 4.0 / 0.01, horizon=horizon, runs=10, seed=3)
fallen = (seen[-1] - seen[0]) / np.log(10)
print(f"at t = {horizon:.1f}: powers of ten, from {fallen.min():.1f} to {fallen.max():.1f}")
assert np.all(np.abs(fallen + 6) < 0.5)
""",
    ),
    text(r"""
## Where to go on

`python -m verify list` names all claims. Near this one: `gradient_noise_determinant` (any
gradient noise, minibatches), `discrete_determinant` (one step, exactly),
`weight_decay_determinant`, `deep_determinant`, `relu_group_determinant`.
"""),
)
