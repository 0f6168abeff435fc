"""Both error rates of a verdict, as sums of binomial weights, and those of a z test."""

from notebooks.cells import code, text

__all__ = ["RATES"]

RATES = (
    text(r"""
## Both error rates, exactly

Judge a probability from 400 draws, at the loose level $\alpha = 5\%$, with $\delta = 0.1$. The
verdict depends on the number of hits alone, so that its probabilities are sums of binomial
weights: nothing is simulated here.
"""),
    code(
        r"""
n, relevant, stated = 400, 0.1, 0.5
test = Probability(alpha=0.05)
hits = np.arange(n + 1)


def draws(count):
    "Zeros and ones with this number of hits."
    return np.arange(n) < count


answers = np.array([str(test.decide(draws(count), stated, relevant)) for count in hits])
errors = np.linspace(0, 0.16, 81)
shares = {
    name: [binom.pmf(hits, n, stated + e)[answers == name].sum() for e in errors]
    for name in VERDICTS
}
print(f"true claim, error 0:     DISAGREES in {100 * shares['DISAGREES'][0]:.1f} %")
print(f"wrong claim, error 0.10: AGREES in {100 * shares['AGREES'][50]:.1f} %")
print(f"smallest visible error:  {test.visible(n):.3f} with {n} draws")

figure, axes = plt.subplots()
for name, colour in VERDICTS.items():
    if name != "INCONCLUSIVE":
        axes.plot(errors, shares[name], color=colour, label=name)
axes.axhline(0.05, color=INK, linestyle=DASHES, linewidth=1, label="promised: 5 %")
axes.axvline(relevant, color=GREY, linewidth=1)
axes.annotate("relevant error", (relevant, 0.5), xytext=(5, 0), textcoords="offset points")
axes.set(xlabel="by how much the claim is wrong", ylabel="probability of the verdict")
axes.legend();
""",
        alt="The probability of AGREES falls and that of DISAGREES rises with the error of the "
        "claim. At error zero DISAGREES is below the dashed five percent, and at the relevant "
        "error AGREES is below it.",
        prints=("true claim",),
    ),
    text(r"""
A run of the judge has $10^{-6}$ for either error, not 5 %. It is divided over claims, tiers,
settings, looks and entries, by the union bound, which needs no independence.

## Why no t test

A t or z interval takes its width from the sample. If rare values carry the mean, a sample without
them has a small variance *and* a wrong mean: it is surest where it is most wrong. Again exactly,
for a probability $q$ and 200 draws:
"""),
    code(
        r"""
n = 200
hits = np.arange(n + 1)
means = hits / n
half = norm.ppf(0.975) * np.sqrt(means * (1 - means) / n)
rare = np.geomspace(0.0005, 0.5, 120)


# Clopper and Pearson's interval for each number of hits: its middle and half of its length.
intervals = [test.estimate(np.arange(n) < count, 0.0) for count in hits]
middles = np.array([interval.value for interval in intervals])
lengths = np.array([interval.half_width for interval in intervals])

weights = [binom.pmf(hits, n, q) for q in rare]
z_test = [w[np.abs(means - q) > half].sum() for w, q in zip(weights, rare, strict=True)]
judge = [w[np.abs(middles - q) > lengths].sum() for w, q in zip(weights, rare, strict=True)]

figure, axes = plt.subplots()
axes.semilogx(rare, z_test, color=COLOURS["vermilion"], label="z test")
axes.semilogx(rare, judge, color=COLOURS["green"], label="Clopper and Pearson, the judge's")
axes.axhline(0.05, color=INK, linestyle=DASHES, linewidth=1, label="promised: 5 %")
axes.set(xlabel="probability q of the rare value", ylabel="true claims rejected", ylim=(0, 1))
axes.legend()
print(f"z test at q = 0.0005: {100 * z_test[0]:.0f} % of true claims are rejected")
""",
        alt="The share of true claims rejected against the probability of the rare value. The z "
        "test rejects ninety percent at 0.0005 and stays above the promised five percent almost "
        "everywhere; the exact interval stays below.",
        prints=("true claims are rejected",),
    ),
    text(r"""
More draws do not help: for every $n$ there is a $q$ of about $0.1/n$. The judge's bounds hold at
every $n$ and name what they assume: bounds of the values (empirical Bernstein), a bound of the
variance (Catoni's mean), or nothing (Clopper and Pearson; Dvoretzky, Kiefer and Wolfowitz for a
law).
"""),
)
