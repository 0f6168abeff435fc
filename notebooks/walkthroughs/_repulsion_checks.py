"""Repulsion: kernel, checks, mistakes, exercises."""

from notebooks.cells import code, exercise, kernel, mutant, statement, text

__all__ = ["CHECKS", "EXERCISES", "MISTAKES", "RELATED"]

CHECKS = (
    text(r"""
## The emitted kernel

The simulated side knows `increment` alone, as it was declared. What is stated is computed beside
it, from eigenvalues and projectors.
"""),
    kernel("first_layer_eigenvalues", "increment", "stated_drift"),
    text(r"""
## The checks, live

Here is Theorem 5.1 for any number of outputs, stated with the names of the first cell. `terms`
gives parts of the drift a name; a verdict can then name the part that is wrong.
"""),
    code(
        r"""
def q(n):
    "|P'u_n|²."
    return tr(E(n) * P * P.T)


gradient = 2 * tr(E(i) * R * P.T)
growth = gamma * tr(W2 * W2.T)
repulsion = gamma * total((q(i) + q(j)) / (lam[i] - lam[j]), j, excluding=i)

claim = DifferentialClaim(
    sde=sgd,
    observable=lam[i],
    drift=gradient + growth + repulsion,
    martingale=2 * sqrt(gamma) * tr(E(i) * B.d * P.T),
    terms={"gradient": gradient, "growth": growth, "repulsion": repulsion},
    assumptions=(Assumption(text="distinct eigenvalues", condition=lam.distinct),),
)
show(check(claim, effort="quick"))
""",
        prints=(
            "derivation  AGREES",
            "exact       AGREES",
            "generator   AGREES",
            "one-step    AGREES",
        ),
    ),
    text(r"""
Now along whole paths, with noise alone ($R = 0$, $\gamma = 1$). *With repulsion*: the matrices are
simulated, and their eigenvalues are taken. *Without*: the same noise $\beta_i$ and the same
$|W_2|^2$ drive the scalar equations from which the repulsion was struck out,

$$
\mathrm d\tilde\lambda_i = \gamma|W_2|^2\,\mathrm dt + 2\sqrt\gamma\,u_i^\top\mathrm dB\,p_i .
$$

The difference of both must be the integral of the repulsion, on every path. It is integrated
along with them.
"""),
    code(
        r"""
def simulate(*, paths, steps, horizon, seed):
    "Times, and the eigenvalues with and without repulsion and its integral: (time, path, i)."
    rng = np.random.default_rng(seed)
    h = horizon / steps
    w1 = np.broadcast_to(np.eye(3, 4) * [1.6, 1.2, 0.8, 0.0], (paths, 3, 4))
    w2 = np.full((paths, 4, 1), 0.7)
    without = np.linalg.eigvalsh(w1 @ w1.swapaxes(1, 2))
    push = np.zeros_like(without)
    seen = []
    for _ in range(steps + 1):
        values, u = np.linalg.eigh(w1 @ w1.swapaxes(1, 2))
        seen.append((values, without, push))
        dB = np.sqrt(h) * rng.standard_normal((paths, 3, 1))
        p_ = u.swapaxes(1, 2) @ w1 @ w2  # p_i, a row for each i
        q_ = p_[..., 0] ** 2
        gap = values[:, :, None] - values[:, None, :] + np.diag([np.inf] * 3)
        push = push + h * ((q_[:, :, None] + q_[:, None, :]) / gap).sum(axis=2)
        noise = 2 * (u.swapaxes(1, 2) @ dB * p_)[..., 0]
        without = without + h * (w2**2).sum(axis=(1, 2))[:, None] + noise
        w1, w2 = w1 + dB @ w2.swapaxes(1, 2), w2 + w1.swapaxes(1, 2) @ dB
    return np.linspace(0, horizon, steps + 1), np.array(seen)[..., ::-1].swapaxes(0, 1)


time, (on, off, push) = simulate(paths=40, steps=3000, horizon=0.4, seed=1)
print("at the end of one path    λ₁      λ₂      λ₃")
for name, values in (("with repulsion", on), ("without", off), ("without + ∫ push", off + push)):
    print(f"{name:22}", *(f"{x:7.2f}" for x in values[-1, 0]))

shown = slice(None, None, 100)
figure, (left, right) = plt.subplots(1, 2, figsize=(6.8, 2.8))
for n, colour in enumerate(shades(3)):
    left.plot(time[shown], on[shown, 0, n], color=colour)
    left.plot(time[shown], off[shown, 0, n], color=colour, linestyle=DASHES)
    left.annotate(f"λ{'₁₂₃'[n]}", (time[-1], on[-1, 0, n]), (4, -4), textcoords="offset points")
left.plot([], [], color=INK, label="with repulsion")
left.plot([], [], color=INK, linestyle=DASHES, label="without, same noise")
left.set(xlabel="time t (γ = 1)", ylabel="eigenvalues, one path", xlim=(0, 0.43), ylim=(0, 4.5))
left.legend(loc="upper left")
for values, name, colour in ((on, "with repulsion", "blue"), (off, "without", "vermilion")):
    low, middle, high = np.quantile(values[shown, :, 2], (0.1, 0.5, 0.9), axis=1)
    right.fill_between(time[shown], low, high, color=COLOURS[colour], alpha=0.2, linewidth=0)
    right.plot(time[shown], middle, color=COLOURS[colour], label=name)
right.set(xlabel="time t (γ = 1)", ylabel="λ₃: median, middle 80 %")
right.legend(loc="upper left");
""",
        alt="Left: one path of three eigenvalues. With repulsion the solid curves stay apart, and "
        "the smallest falls; without it the dashed curves come together and the two larger ones "
        "cross. Right: the smallest eigenvalue over forty paths. Its median falls with repulsion "
        "and rises without.",
    ),
)

RELATED = (
    text(r"""
## Singular values, and the eigenvalues of M

For singular values $\sigma_i = \sqrt{\lambda_i}$ apply Itô's formula to the root. With
$a_i = W_2^\top v_i$ and $q_i = \lambda_i|a_i|^2$ the second order is
$-\tfrac1{8\sigma_i^3}\cdot4\gamma q_i = -\gamma|a_i|^2/(2\sigma_i)$: a concave function of noise
drifts downwards.
"""),
    statement("singular_values"),
    text(r"""
The eigenvalues of $M = \Theta\Theta^\top$ repel each other too (`parameter_eigenvalues`), with a
weight in which the blocks $x_i$, $y_i$ of their eigenvectors enter. There is a check that no
statement about single eigenvalues can escape: their logarithms add up to $\log\det M$, of which
Theorem 4.2 knows the drift. Every summand has a martingale part, and the sum has none.
"""),
    code(
        r"""
show(check(find("parameter_eigenvalues.log_sum"), effort="quick", tiers=("exact",)))
""",
        prints=("exact       AGREES",),
    ),
)

MISTAKES = (
    mutant(
        r"""
No repulsion: $u_i$ is treated as if it stood still. The judge says what is missing, and finds the
smallest network in which it matters.
""",
        r"""
still = replace(claim, drift=gradient + growth)
show(check(still, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "missing"),
    ),
    text(r"""
Check the counter-example by hand. $p = 2$, $k = l = 1$, $W_1 = (1, 0)^\top$, $W_2 = 1$. Then $S$
has the eigenvalues 1 and 0, and $\lambda_1 = |W_1|^2$ since $l = 1$. From
$\mathrm dW_1 = \mathrm dB$ follows the drift $p = 2$ of $|W_1|^2$. Growth gives 1; the other 1 is
the repulsion $(q_1+q_2)/(\lambda_1-\lambda_2) = (1+0)/(1-0)$.
"""),
    mutant(
        r"""
$2q_i$ for $q_i + q_j$: the squares of $u_i^\top\mathrm dB\,p_j$ and $u_j^\top\mathrm dB\,p_i$ were
taken for equal.
""",
        r"""
own = gamma * total(2 * q(i) / (lam[i] - lam[j]), j, excluding=i)
slip = replace(
    claim,
    drift=gradient + growth + own,
    terms={"gradient": gradient, "growth": growth, "repulsion": own},
)
show(check(slip, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "fits"),
    ),
    mutant(
        r"""
Attraction: $\lambda_j-\lambda_i$ in the denominator. Since the parts have names, the verdict
names the part.
""",
        r"""
attraction = replace(
    claim,
    drift=gradient + growth - repulsion,
    terms={"gradient": gradient, "growth": growth, "repulsion": -repulsion},
)
show(check(attraction, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "(repulsion)", "claimed coefficient −1"),
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
Repulsion creates nothing: derive the drift of $|W_1|^2$ directly, and compare it with the sum of
the drifts of all $\lambda_i$.
""",
        hint=r"""
`sgd.d(tr(W1 * W1.T))`, and `total(claim.drift, i)` for the sum; `equal` decides.
""",
        solution=r"""
norm = sgd.d(tr(W1 * W1.T)).drift
print(unicode(norm))
assert equal(norm, total(claim.drift, i))
""",
    ),
    exercise(
        r"""
For $C = \gamma I$ different eigenvalues have no covariation. Is this still so for noise with any
covariance $C$ of its rows? Derive the rate of $\mathrm d\langle\lambda_i,\lambda_j\rangle$ from
the martingale parts, and have it judged.
""",
        hint=r"""
`Brownian("B", p, k, row_covariance=C)`; the claim is a `CovariationClaim` with `first`, `second`
and `rate`. With $C_{ij} = u_i^\top Cu_j$ the product of $2u_i^\top\mathrm dB\,p_i$ and
$2u_j^\top\mathrm dB\,p_j$ is $4C_{ij}\,p_i\cdot p_j\,\mathrm dt$.
""",
        solution=r"""
C = Parameter("C", p, p, positive_definite=True)
dZ = R * dt + Brownian("B", p, k, row_covariance=C).d
coloured = MatrixSDE({W1: dZ * W2.T, W2: W1.T * dZ}, assuming=[lam.distinct])
shared = CovariationClaim(
    sde=coloured,
    first=lam[i],
    second=lam[j],
    rate=4 * tr(C * E(i) * P * P.T * E(j)),
    assumptions=claim.assumptions,
)
verdict = check(shared, effort="quick", tiers=("derivation", "exact"))
show(verdict)
assert verdict.status == "AGREES"
""",
    ),
    exercise(
        r"""
The ancestor of all this is Dyson's Brownian motion: $A$ symmetric, moved by
$(\mathrm dB+\mathrm dB^\top)/\sqrt2$ with $B$ square. Derive the drift of an eigenvalue of $A$. Why
is there no growth, and what stands for $q_i + q_j$?
""",
        hint=r"""
`eigenvalues(A + A.T)` is the spectrum of a symmetric matrix for any $A$; let
$\mathrm dA = \mathrm dB/\sqrt2$.
""",
        solution=r"""
A, noise = State("A", p, p), Brownian("B", p, p)
mu = eigenvalues(A + A.T)
m, n = mu.indices("m n")
dyson = MatrixSDE({A: noise.d / sqrt(2)}, assuming=[mu.distinct])
drift = dyson.d(mu[m]).drift
print(unicode(drift))
assert equal(drift, total(1 / (mu[m] - mu[n]), n, excluding=m))
""",
    ),
    text(r"""
## Where to go on

`python -m verify experiment repulsion` runs the pictures above with more paths, step lengths that
are halved, and a verdict. Near this notebook in the catalogue: `first_layer_eigenvalues.any_noise`,
`first_layer_eigenvalues.largest`, `collision.any_rows`, `parameter_eigenvalues`,
`singular_values.parameters`, `dyson`, `wishart`.
"""),
)
