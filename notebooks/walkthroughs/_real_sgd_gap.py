"""Real SGD: the gap against the step size, weight decay, exercises."""

from notebooks.cells import code, exercise, mutant, statement, text

__all__ = ["DECAY", "EXERCISES", "GAP"]

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
The same question for minibatches with replacement at a fixed batch size: what is the ratio of the
mean change in a step to that of the equation, and at which $b$ is it 2?
""",
        hint=r"""
Divide $-2\eta^2(V/b + |R|^2)$ by $\eta$ times the rate of the equation.
""",
        solution=r"""
print(f"ratio 1 + b|R|²/V: 2 at b = V/|R|² = {V / square(R):.1f}, whatever η is")
found = [(cost(list(product(range(6), repeat=b))) + square(R)) * b / V for b in (1, 2, 3)]
print("by real steps, b = 1, 2, 3:", *(f"{x:.2f}" for x in found))
assert np.allclose(found, [1 + b * square(R) / V for b in (1, 2, 3)], rtol=0.01)
""",
    ),
    text(r"""
## Where to go on

`python -m verify explain one_step_laws.without_replacement` prints the derivation that is left out
here. `one_step_laws.imbalance` is the law of one step of $W_1^\top W_1 - W_2W_2^\top$, with no
expansion at all; the next walkthrough has its equation.
"""),
)
