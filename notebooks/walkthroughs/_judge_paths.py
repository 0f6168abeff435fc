"""Means over simulated paths: the bias of a scheme, and heavy tails."""

from notebooks.cells import code, text

__all__ = ["BIAS", "TAILS"]

BIAS = (
    text(r"""
## Bias apart from noise

A simulated law has the bias of its scheme, and no number of paths makes it smaller. If it were
part of $w$, a million paths at a coarse step would refute every true claim. So it is estimated on
its own: the same Brownian paths are run at $h$, $h/2$ and $h/4$, and what the last halving moved
is multiplied by $1/(\sqrt2 - 1) = 2.41$. This is what is left if the error shrinks at least like
$\sqrt h$.

Below, $\mathbb E\,X_1^2$ of $\mathrm dX = -X\,\mathrm dt + \mathrm dB$ from 0 by Euler's scheme,
where everything is known: the scheme is Gaussian, and its variance is a geometric sum.
"""),
    code(
        r"""
true = (1 - np.exp(-2)) / 2


def euler(h):
    "E X² at time 1 by Euler's scheme, exactly."
    return h * (1 - (1 - h) ** (2 * round(1 / h))) / (1 - (1 - h) ** 2)


paths, alpha = 200_000, 1e-6
figure, axes = plt.subplots()
for k, h in enumerate((1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256)):
    value = euler(h)
    w = norm.ppf(1 - alpha / 2) * value * np.sqrt(2 / paths)
    b = 2.41 * abs(euler(h) - euler(2 * h))
    axes.plot([k, k], [value - w - b, value + w + b], color=COLOURS["blue"], alpha=0.35)
    axes.plot([k, k], [value - w, value + w], color=COLOURS["blue"], linewidth=4)
    naive, honest = abs(value - true) > w, abs(value - true) > w + b
    said = [("rejected" if wrong else "kept") for wrong in (naive, honest)]
    print(f"h = 1/{1 / h:<3.0f}  d = {value - true:.3f}  w = {w:.3f}  b = {b:.3f}", end="  ")
    print(f"without b: {said[0]:8}  with b: {said[1]}")
axes.axhline(true, color=INK, linestyle=DASHES, linewidth=1, label="the true value")
axes.set_xticks(range(5), ["1/16", "1/32", "1/64", "1/128", "1/256"])
axes.set(xlabel="step h of the scheme, 200,000 paths", ylabel="E X² at time 1")
axes.legend();
""",
        alt="Estimates at five step sizes with short thick bars for noise and long thin bars for "
        "bias. At coarse steps the thick bars miss the dashed true value; the thin bars hold it "
        "at every step.",
        prints=("with b: kept",),
    ),
    text(r"""
A claim is neither rejected for the bias, since $d$ must be beyond $w + b$, nor accepted because
of it, since $b < \delta/2$. If the bias is in the way, the next look has finer steps. The bound
rests on an extrapolation, and every verdict that uses it says so: it is the *condition* of the
evidence.
"""),
    code(
        r"""
ou = NumericSDE(
    states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB
)
spread = (1 - np.exp(-2)) / 2
right = np.cos(0.5 * np.exp(-1)) * np.exp(-spread / 2)
cosine = ExpectationClaim(
    sde=ou,
    observable=lambda x: np.cos(x),
    value=right,
    bounds=(-1, 1),
    horizon=1,
    values={"x": 0.5},
    relevant=0.05,
)
[evidence] = check(cosine, effort="quick", tiers=("path",)).evidence
print(evidence.status)
print(textwrap.fill(f"condition: {evidence.condition}", 84))
for name in ("false_agree", "false_reject"):
    print(f"{name}: {getattr(evidence, name):.1e}")
""",
        prints=("AGREES", "condition"),
    ),
)

TAILS = (
    text(r"""
## Heavy tails: say what you know

$\mathbb E\,|X_1|^2$ for six Ornstein–Uhlenbeck processes. The observable has no bound. A sample
cannot tell whether a value that occurs once in a million paths carries half of the mean, so that
without further knowledge no number of paths settles the claim.
"""),
    code(
        r"""
six = NumericSDE(
    states={"x": (6,)}, noises={"B": (6,)}, drift=lambda x: -x, noise=lambda dB: dB
)
norm2 = ExpectationClaim(
    sde=six,
    observable=lambda x: (x**2).sum(-1),
    value=lambda t: 3 * (1 - np.exp(-2 * t)),
    horizon=1,
    values={"x": np.zeros(6)},
    relevant=0.1,
)
open_ = check(norm2, effort="quick", tiers=("path",))
print(open_.status, textwrap.fill(open_.evidence[0].reason, 84), "", sep="\n")
print("with a bound of the variance, 4:")
show(check(replace(norm2, variance=4), effort="quick", tiers=("path",)))
""",
        prints=("INCONCLUSIVE", "AGREES"),
    ),
    text(r"""
The variance is $6\cdot2\cdot0.432^2 = 2.24$, so that 4 is true. The bound becomes part of the
claim, and the verdict is conditional on it. The mean is Catoni's: a value far out counts by its
logarithm. The walkthrough on structure has a case in which averages of any feasible number of
paths are wrong.
"""),
)
