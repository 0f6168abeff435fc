"""The plane: kernel, checks, mistakes, exercises."""

from notebooks.cells import code, exercise, kernel, mutant, text

__all__ = ["CHECKS", "EXERCISES", "MISTAKES"]

CHECKS = (
    text(r"""
## The emitted kernel
"""),
    kernel("planar_powers", "increment", "stated_drift"),
    text(r"""
## The checks, live

First the drift of $\lambda^q$ for a symbol $q$. Then its signs: a claim about a sign is refuted by
one point with the wrong one, and proved by rules for the signs of terms.
"""),
    code(
        r"""
powers = find("planar_powers")
show(check(powers, effort="quick", tiers=("derivation", "generator")))
larger_half, smaller_half = find("planar_powers.larger"), find("planar_powers.smaller")
show(check(larger_half, effort="quick", tiers=("derivation",)))
show(check(smaller_half, effort="quick", tiers=("derivation",)))
""",
        prints=("derivation  AGREES", "generator   AGREES"),
    ),
)

MISTAKES = (
    mutant(
        r"""
The Itô term of the power is forgotten: $2q$ for $2q-1$. Every claim of the catalogue brings such
mistakes with it.
""",
        r"""
forgotten = {slip.name: slip for slip in powers.mutants}["no_ito"]
print(forgotten.mistake)
show(check(replace(powers, **forgotten.changes), effort="quick", tiers=("generator",)))
""",
        prints=("DISAGREES", "missing"),
    ),
    mutant(
        r"""
One half is sharp. Let the larger eigenvalue be monotone from $q = \tfrac14$ on, as one might guess
from matrices with an $s$ far from 1.
""",
        r"""
quarter = {slip.name: slip for slip in larger_half.mutants}["power"]
show(check(replace(larger_half, **quarter.changes), effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "q = 1/4"),
    ),
    mutant(
        r"""
The smaller singular value of $W_1$ falls for every $q > 0$, as the larger one rises for every
$q > 0$.
""",
        r"""
any_power = {slip.name: slip for slip in find("planar_powers.smaller_singular_value").mutants}[
    "any_power"
]
wrong = replace(find("planar_powers.smaller_singular_value"), **any_power.changes)
show(check(wrong, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "wrong sign"),
    ),
    mutant(
        r"""
The formula for $l = 2$ is used at any width.
""",
        r"""
wide = find("planar_powers.any_width")
narrow = {slip.name: slip for slip in wide.mutants}["square_only"]
verdict = check(replace(wide, **narrow.changes), effort="quick", tiers=("generator",))
print(verdict.said)
print(verdict.finding.text[-1])
""",
        prints=("DISAGREES", "counter-example"),
    ),
    text(r"""
Check the last counter-example by hand: $W_2$ is perpendicular to both rows of $W_1$, so that
$a_1 = a_2 = 0$. From $\mathrm dW_1 = \mathrm dB\,W_2^\top$ each row $i$ gains
$\mathrm dB_i\,W_2^\top$, perpendicular to what is there: $|\text{row}|$ grows as
$\sqrt{\sigma^2+\mathrm dB_i^2}\approx\sigma + \mathrm dB_i^2/2\sigma$, a drift of $1/(2\sigma)$.
"""),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
Derive the equation of the bracket $|w|^2-|a|^2$. Why does it say that the layers become balanced,
and that the eigenvalues of layers of different length never meet? Why does it not say that
eigenvalues which begin apart stay apart?
""",
        hint=r"""
`plane.d(tr(w * w.T) - tr(a * a.T))` has a `drift` and a `martingale`. The square of the bracket is
one of the two terms of the squared gap.
""",
        solution=r"""
imbalance = tr(w * w.T) - tr(a * a.T)
moved = plane.d(imbalance)
print("drift", unicode(moved.drift), "  martingale part", moved.martingale)
assert equal(moved.drift, -imbalance)
assert moved.martingale == 0

# No noise is left: |w|² − |a|² is the one of the start times exp(−t), on every path.
long, short, at = np.array([1.0, 0.0]), np.array([0.6, 0.3]), 1.5
before_ = (long**2).sum() - (short**2).sum()
larger, smaller, _ = spectrum(*weights(np.linspace(-3, 3, 201), at, long, short))
assert (larger - smaller > before_ * np.exp(-at) - 1e-12).all()
print("balanced: the bracket is the one of the start times exp(−t), which tends to 0")
print("never meet: gap² = bracket² + 4 (w·a)², so gap ≥ |bracket| > 0 at every finite t")
print("but if |w₀| = |a₀| the bracket is 0 for good, and the gap 2|w·a| can close")
""",
    ),
    exercise(
        r"""
$\sqrt{\lambda_1\lambda_2} = \sqrt{\det M}$. Which drift must the product of $\lambda_1^{1/2}$ and
$\lambda_2^{1/2}$ have, by Theorem 4.2? Confirm it with the exact solution.
""",
        hint=r"""
$\log\det M$ falls at the rate 2 on every path. Use `weights` and `spectrum`.
""",
        solution=r"""
larger, smaller, _ = spectrum(*weights(np.array([-1.0, 0.0, 2.0]), 0.7, w0, a0))
first, second, _ = spectrum(w0, a0)
ratio = np.sqrt(larger * smaller / (first * second))
print(np.round(ratio, 6), "against exp(−0.7) =", np.round(np.exp(-0.7), 6))
assert np.allclose(ratio, np.exp(-0.7))
""",
    ),
    exercise(
        r"""
$\mathbb E\operatorname{tr}M = e^t\operatorname{tr}M_0$ although $M\to0$. At which rate does
$\mathbb E(\operatorname{tr}M)^q$ grow or fall for $w_0 = a_0$, where only $w+a$ is there? For which
$q$ does it fall?
""",
        hint=r"""
$\operatorname{tr}M = c\,e^{2\beta-t}$, and $\mathbb E\,e^{2q\beta} = e^{2q^2t}$.
""",
        solution=r"""
for q in (0.25, 0.5, 1.0):
    t_ = 0.3
    mean = (np.exp(q * (2 * np.sqrt(t_) * z - t_)) * density).sum()
    rate = round(np.log(mean) / t_, 3) + 0.0
    print(f"q = {q:4.2f}: rate {rate:6.3f}, 2q² − q = {2 * q**2 - q:6.3f}")
    assert np.isclose(np.log(mean) / t_, 2 * q**2 - q)
""",
    ),
    text(r"""
The last exercise is the case $s = 1$ of the theorem once more: $2q^2-q = q(2q-1)$ changes its sign
at one half.

## Where to go on

In the catalogue: `planar_powers.any_width`, `collision`, `parameter_eigenvalues` (any $p$ and
$k$), `lyapunov_spectrum` (how fast single directions die for larger matrices),
`moment_hierarchy.mean` (means that grow while paths vanish).
"""),
)
