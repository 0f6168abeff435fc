"""The noise equilibrium: kernel, checks, mistakes, exercises."""

from notebooks.cells import code, exercise, kernel, mutant, text

__all__ = ["CHECKS", "EXERCISES", "MISTAKES"]

CHECKS = (
    text(r"""
## The emitted kernel
"""),
    kernel("matrix_factorization_equilibrium", "increment", "stated_drift"),
    text(r"""
## The checks, live

The motion for all sizes, noises and gradients; the equation on the orbit, and the minimum of the
sharpness, which are identities; and simulated paths of the square case, whose imbalance
decays exponentially with no error but that of the steps.
"""),
    code(
        r"""
claim = find("matrix_factorization_equilibrium")
show(check(claim, effort="quick", tiers=("derivation", "exact", "generator")))
for name in ("matrix_factorization_equilibrium.orbit", "sharpness.minimum"):
    print(f"{name}: {check(find(name), effort='quick', tiers=('derivation', 'exact')).said}")
square = find("matrix_factorization_equilibrium.square")
print(f"{square.id}: {check(square, effort='quick', tiers=('path',)).said} on paths")
""",
        prints=("derivation  AGREES", "square: AGREES on paths"),
    ),
)

MISTAKES = (
    mutant(
        r"""
$U^\top U$ for $U^\top\Sigma_rU$, with the mean variance in front: what one gets from thinking of
the label noise as isotropic. It is this slip that makes SGD always look for flat minima.
""",
        r"""
slips = {slip.name: slip for slip in claim.mutants}
verdict = check(replace(claim, **slips["isotropic"].changes), effort="quick", tiers=("exact",))
print(verdict.said)
print(fill(verdict.finding.text[-1], 84))
""",
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
One input, one output: show that the law of the imbalance is the law of balance of the notebook on
symmetry, $\mathrm d(|w|^2 - |u|^2) = -TC_0(|w|^2 - |u|^2)\,\mathrm dt$, and read $C_0$ off.
""",
        hint=r"""
A row $u$, a column $w$ of length $h$, and noise $2s\,\mathrm d\beta$, where $s^2$ is $T$ times the
variances of the residual and of the input.
""",
        solution=r"""
u, w = State("u", 1, h), State("w", h, 1)
s, beta, mean = positive("s"), Brownian("beta"), Process("m")
dz = mean * dt + 2 * s * beta.d
found = MatrixSDE({u: -dz * w.T, w: -dz * u.T}).d(tr(w * w.T) - tr(u * u.T))
print("drift", unicode(found.drift), "  martingale part", found.martingale)
assert equal(found.drift, -4 * s**2 * (tr(w * w.T) - tr(u * u.T)))
print("T C₀ = 4 s²: C₀ is the variance of the slope 2 x r")
""",
    ),
    exercise(
        r"""
One hidden unit, $h = 1$: how long are $u$ and $w$ at the equilibrium, if $V = \sigma\,ab^\top$ with
unit vectors $a$ and $b$? Compare with `noise_equilibrium`.
""",
        hint=r"""
$u = \alpha a$ and $w = \sigma b/\alpha$. Put them into the equation for the equilibrium.
""",
        solution=r"""
sigma, a, b = 1.5, left[:, :1], right[:1]
ratio = np.trace(Sr) * (b @ Sx @ b.T) / (np.trace(Sx) * (a.T @ Sr @ a))
alpha = np.sqrt(sigma) * ratio[0, 0] ** 0.25
unit = noise_equilibrium(5 * a, sigma / 5 * b, residual_covariance=Sr, input_covariance=Sx)
print(f"|u| = √σ (tr Σ_r b'Σ_x b / tr Σ_x a'Σ_r a)^¼ = {alpha:.4f}, by the solver", end=" ")
print(f"{np.linalg.norm(unit[0]):.4f}")
assert np.isclose(alpha, np.linalg.norm(unit[0]))
""",
    ),
    exercise(
        r"""
Is the equilibrium the minimum of $a\operatorname{tr}QM + c\operatorname{tr}Q^{-1}N$? Try a thousand
other points of the orbit.
""",
        hint=r"""
`geometric_mean(inv(M), c / a * N)` is $Q$; other points are $Q$ times something that keeps it
positive definite.
""",
        solution=r"""
U0, W0 = starts[1]
M, N = W0 @ Sx @ W0.T, U0.T @ Sr @ U0
trace_r, trace_x = np.trace(Sr), np.trace(Sx)
best = geometric_mean(np.linalg.inv(M), trace_x / trace_r * N)


def potential(Q):
    return trace_r * np.trace(Q @ M) + trace_x * np.trace(np.linalg.inv(Q) @ N)


rng = np.random.default_rng(6)
roots = np.linalg.cholesky(best) @ (np.eye(2) + 0.3 * rng.standard_normal((1000, 2, 2)))
lowest = min(potential(root @ root.T) for root in roots)
print("lower at one of 1000 other points:", lowest < potential(best))
assert lowest > potential(best)
""",
    ),
    text(r"""
## Where to go on

`python -m verify experiment noise-equilibrium` judges pace and end over several seeds,
`convergence-speed` asks how the pace depends on step, batch and dimension, `warm-up` why a warm-up
of the learning rate helps from a sharp start, `data-covariance` and `latent-representations` what
the equilibrium does to features. In the catalogue: `matrix_factorization_equilibrium.samples`,
`sharpness.convex`.
"""),
)
