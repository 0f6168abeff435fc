"""Symmetry: kernel, checks, mistakes, exercises."""

from notebooks.cells import code, exercise, kernel, mutant, text

__all__ = ["CHECKS", "EXERCISES", "MISTAKES"]

CHECKS = (
    text(r"""
## The emitted kernel

The declared equation, printed as it was typed, and beside it what is stated. A simulation sees
`increment` alone: the projection $P$ is in it, and no trace of $\operatorname{tr}(\Sigma A)$.
"""),
    kernel("noether_flow", "increment", "observable", "stated_drift"),
    text(r"""
## The checks, live

First the law for all symmetries at once. Then the path tier, which asks whether a statement holds
on simulated paths of the declared equation: the balance of two factors, and whether $v$ vanishes or
not on both sides of the threshold.
"""),
    code(
        r"""
claim = find("noether_flow")
show(check(claim, effort="quick"))
for name in ("law_of_balance.constant", "stationary_density.threshold"):
    verdict = check(find(name), effort="quick", tiers=("path",))
    print(f"{name}: {verdict.said}")
""",
        prints=("derivation  AGREES", "stationary_density.threshold: AGREES"),
    ),
)

MISTAKES = (
    mutant(
        r"""
$\sigma^2$ for $2\sigma^2$: the paper's letter taken for $T$. A factor 2.
""",
        r"""
slips = {slip.name: slip for slip in claim.mutants}
show(check(replace(claim, **slips["factor_two"].changes), effort="quick", tiers=("exact",)))
""",
    ),
    mutant(
        r"""
Noise that does not respect the symmetry: $\operatorname{tr}(HH^\top A)$ with any $H$, as if noise
were added to the weights by hand. Langevin dynamics does so: its charge has another drift, and a
martingale part too.
""",
        r"""
loose = replace(claim, **slips["unconstrained"].changes)
verdict = check(loose, effort="quick", tiers=("exact",))
print(verdict.said)
""",
    ),
    mutant(
        r"""
The threshold is missed by a factor 2: collapse from $T = \beta_2/2\alpha_3$ on, as one gets
without Itô's term $4vTg$ of the square. Paths decide.
""",
        r"""
threshold_claim = find("stationary_density.threshold")
early = {slip.name: slip for slip in threshold_claim.mutants}["factor_two"]
verdict = check(replace(threshold_claim, **early.changes), effort="quick", tiers=("path",))
print(early.mistake)
print(verdict.said)
""",
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
A neuron with the activation $z^2$: $\ell = (a\,(w^\top x)^2 - y)^2$. Which rescaling of $a$ and
$w$ leaves it as it is? Declare it, state the law of its charge, and have it judged. What is
balanced in the end?
""",
        hint=r"""
$w\to e^sw$ asks for $a\to e^{-2s}a$. `Symmetry(...).flow_claim(i, T, id=..., title=...)` makes the
claim; `i = index("i", n)` counts the samples.
""",
        solution=r"""
p, size = dims("p n")
sample, strength = index("i", size), positive("T")
a, ws, xs = State("a"), State("w", p), Parameter("x", p)
squared = Symmetry(
    loss=(a * tr(ws.T * xs) ** 2 - y) ** 2, moves={ws: ws, a: -2 * a}, data=(xs, y)
)
print("charge", unicode(squared.quantity))
many = Assumption(text="there are two samples or more", condition=size > 1)
own = squared.flow_claim(
    sample, strength, id="squared", title="the activation z²", assumptions=(many,)
)
found = check(own, effort="quick", tiers=("exact",))
show(found)
assert found.agrees
print("g'Ag = |∂w|² − 2(∂a)²: balance where the noise of ∂w has twice the variance of ∂a's")
""",
    ),
    exercise(
        r"""
A scale-invariant loss with weight decay $\gamma|\theta|^2$: at which length does SGD settle?
Predict it for the samples above and run SGD there.
""",
        hint=r"""
$\mathrm d|\theta|^2 = (Tc/|\theta|^2 - 4\gamma|\theta|^2)\,\mathrm dt$. The function `norms` takes
a `decay`.
""",
        solution=r"""
decay, rate = 0.05, 0.02
settled = (rate * c / (4 * decay)) ** 0.25
late, _ = norms(settled * best, rate, 40, seed=5, decay=decay)
seen = np.sqrt(late[len(late) // 2 :].mean())
print(f"predicted {settled:.2f}, SGD {seen:.2f}")
assert abs(seen / settled - 1) < 0.15
""",
    ),
    exercise(
        r"""
Read the equation of $u$ in the sense of Stratonovich,
$\mathrm du = -u\,[2(\beta_1v-\beta_2)\,\mathrm dt + 2\sqrt{Tg}\circ\mathrm d\beta]$. Is there a
threshold?
""",
        hint=r"""
Near zero $g$ is nearly $\alpha_3$. Take it as a constant and derive $\mathrm d\log u$ by
`MatrixSDE(..., calculus="stratonovich")`, and without it.
""",
        solution=r"""
one = State("u", positive=True)
near_zero = {one: one * (2 * push * dt - 2 * sqrt(strength * noise) * beta.d)}
for calculus in ("ito", "stratonovich"):
    moved = MatrixSDE(near_zero, calculus=calculus).d(log(one))
    print(f"{calculus:13} drift of log u = {unicode(moved.drift)}")
print("no threshold for Stratonovich: the drift 2β₂ is positive for every T")
assert equal(moved.drift, 2 * push)
""",
    ),
    text(r"""
## Where to go on

The next notebook has two matrices in the place of $u$ and $w$. `python -m verify explain
scale_invariance` prints the derivation for one loss; `derivations.Symmetry` makes
systems, steps and claims of your own losses. Experiments: `python -m verify experiment norm-growth`
and `stationary-law`.
"""),
)
