"""Collapse of features: β = θ² with label noise, what to measure on any network, exercises."""

from notebooks.cells import code, derivation, exercise, kernel, mutant, statement, text

QUADRATIC = (
    text(r"""
## A feature: the quadratic parametrisation

Weights $\beta = \theta^2$, squares entry by entry, the loss $\frac14|X\theta^2-y|^2$, and label
noise of variance $s$ in every step, $\delta = \eta s$. With the features $x_j$ as columns of $X$
and $\rho = y - X\beta$

$$
\mathrm d\theta_j = \theta_j\,x_j^\top\rho\,\mathrm dt + \sqrt\delta\,\theta_j\,x_j^\top\mathrm dB .
$$

Once more noise that vanishes where $\theta_j = 0$. Two equations are in the literature, with
opposite signs of the noise: $\mathrm d\beta$ with $+\delta h$ and $\mathrm d\log\beta$ with
$-\delta h$, where $h_j = |x_j|^2$. Both are right.
"""),
    statement("quadratic_parametrisation"),
    derivation(
        "quadratic_parametrisation.logarithm",
        notes={
            3: r"""
**The flip.** $\beta$ has $\mathrm d\theta^2 = \delta h\,\theta^2\,\mathrm dt$ as its second-order
term, with a plus. $\log\beta = 2\log\theta$ has $-\mathrm d\theta^2/\theta^2$.
""",
        },
    ),
    text(r"""
### Where readers get stuck: does the noise make β grow or fall?

Leave the data out, $\rho = 0$. Then the mean grows and every path falls, both at the rate
$\delta h$. As before, the mean is carried by few large paths. Where does the sign change? Take a
power $\beta^q$ (`quadratic_parametrisation.power`): its Itô term is $q(2q-1)\,\delta h$. It is
positive at $q = 1$, zero at $q = \frac12$, where $\beta^q$ is $\theta$ itself, whose noise has mean
zero, and negative below; over $q$, it tends to $-\delta h$ as $q\to0$, and that is the logarithm.
Collapse asks for the logarithm.
"""),
    kernel("quadratic_parametrisation.logarithm", "observable", "stated_drift"),
    code(
        r"""
claim = find("quadratic_parametrisation.logarithm")
show(check(claim, effort="quick", tiers=("derivation", "exact", "generator")))
""",
        prints=("AGREES",),
    ),
    mutant(
        r"""
The sign of $\mathrm d\beta$ taken over to $\mathrm d\log\beta$.
""",
        r"""
[slip] = [m_ for m_ in claim.mutants if m_.name == "sign"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
    ),
    text(r"""
### The Lasso

In the long run either $\beta_j$ survives, and then $\log\beta_j$ has no mean drift:
$2x_j^\top(y - Xb) = \delta h_j$, with $b$ the mean of $\beta$ over time. Or it dies, and its rate
is not positive: $2x_j^\top(y - Xb)\le\delta h_j$ and $b_j = 0$. These are the conditions for the
minimum of

$$
\tfrac12|Xb - y|^2 + \tfrac\delta2\sum_jh_j\,b_j \qquad\text{over } b\ge0 ,
$$

a Lasso whose weights are $h_j = |x_j|^2$: the usual one if all features have the same length. (That
the averages converge is seen here, and not proved.) If $Xw = 0$, gradient flow conserves
$w^\top\log\beta$, so that its limit depends on the start. Label noise moves it steadily, until the
start is forgotten (`quadratic_parametrisation.null_direction`).
"""),
    statement("quadratic_parametrisation.lasso"),
    text(r"""
Here is the real algorithm beside a solver that knows nothing of it. $L$ is the Cholesky factor,
$X^\top X = LL^\top$, with which the Lasso is a least-squares problem over $b\ge0$.
"""),
    code(
        r"""
rng = np.random.default_rng(6)
X = rng.standard_normal((20, 4)) / np.sqrt(20) * np.array([1.1, 0.9, 1.0, 0.8])
target = X @ np.array([0.7, 0.45, 0.2, 0.0]) + 0.02 * rng.standard_normal(20)
gram, pull = X.T @ X, X.T @ target
L, lengths = np.linalg.cholesky(gram), np.diag(gram)


def lasso(delta):
    "The b ≥ 0 that minimises ½|Xb − y|² + (δ/2) Σ h b."
    return nnls(L.T, np.linalg.solve(L, pull - delta / 2 * lengths))[0]


noises = np.array([0.1, 0.3, 0.6, 0.9, 2.6])
eta, theta = 0.02, np.full((5, 60, 4), 0.7)
size, total = np.sqrt(noises / eta)[:, None, None], 0.0
for n in range(8_000):
    if n >= 4_000:
        total = total + theta**2 / 4_000
    drawn = size * (rng.standard_normal(theta.shape) @ L.T)  # X'ξ by its exact law
    theta = theta * (1 + eta * (pull - theta**2 @ gram + drawn))
means, errors = total.mean(axis=1), total.std(axis=1) / np.sqrt(60)

figure, axes = plt.subplots()
grid = np.linspace(0, 2.7, 100)
path = np.array([lasso(delta) for delta in grid])
for j, colour in enumerate(shades(4)):
    axes.plot(grid, path[:, j], color=colour, label=f"feature {j + 1}")
    axes.errorbar(noises, means[:, j], 3 * errors[:, j], fmt="o", markersize=4, color=colour)
axes.set(xlabel="noise δ = η · label variance", ylabel="weight β")
axes.legend(title="lines: solver, points: mean of β")
solved, free = [lasso(delta) for delta in noises], lasso(0)
print(f"farthest of the {means.size} means from the solver: {np.abs(means - solved).max():.2f}")
print(f"farthest from least squares over b ≥ 0: {np.abs(means - free).max():.1f}")
print("largest noise: all of β below 1e-6:", (theta[-1] ** 2).max() < 1e-6)
""",
        alt="The path of the Lasso over the noise as lines, one a feature, which reach zero one "
        "after the other, and the means of the weights under label noise as points with bars.",
        prints=("1e-6: True",),
    ),
    text(r"""
For $\delta > \max_j 2(X^\top y)_j/h_j$ nothing survives: the noise sends all of $\beta$ to zero
(`quadratic_parametrisation.threshold`), and the Lasso has the solution 0 there.
"""),
)

SPARSE = (
    text(r"""
## What to measure on any network

Singular values and single weights have names only in models. In a ReLU network one measures
features, the matrix of activations, samples × neurons, of a layer:

- *rank*, the number of singular values above a thousandth of the largest, and *effective rank*,
  the exponential of the entropy of $\sigma_i/\sum\sigma$;
- *similarity*, the correlation of two neurons over the samples, and the part of *independent*
  neurons: groups that are correlated above 0.95 count once, neurons that are silent on all samples
  not at all;
- *sparsity*: the part of the neurons, groups again counted once, that are active on a sample.

They should belong to the function and not to how it is written, and not all of them do. A ReLU
network does not change if a neuron's incoming weights are multiplied by $a > 0$ and its outgoing
ones divided by it:
"""),
    statement("sparse_features"),
    code(
        r"""
split = load().split(320, 1000, np.random.default_rng([1, 0]))
images, tests = (part.reshape(len(part), -1) for part in (split.train, split.test))
begin = start([64, 32, 32, 10], np.random.default_rng(1))
print("trained with      rank  effective  independent  sparsity   test error")
layers_of = {}
for decay in (0.0, 0.012):
    how = Training(step=0.05, decay=decay, batch=4, updates=4000)
    trained = sgd(begin, images, split.train_labels, how, np.random.default_rng(5))
    first = relu_activations(images, trained[0].T)
    A = layers_of[decay] = relu_activations(first, trained[1].T)
    sigma = np.linalg.svd(A, compute_uv=False)
    print(f"decay {decay:5.3f} {feature_rank(A):11d} {effective_rank(sigma):10.1f}", end="")
    print(f" {independent_fraction(A):12.2f} {feature_sparsity(A):9.2f}", end="")
    print(f" {error_rate(trained, tests, split.test_labels):12.1%}")

figure, panels = plt.subplots(1, 2, figsize=(6, 3))
for axes, (decay, A) in zip(panels, layers_of.items(), strict=True):
    alike = np.abs(activation_similarity(A))
    order = np.argsort(-alike @ np.ones(32), kind="stable")
    shown = axes.imshow(alike[np.ix_(order, order)], vmin=0, vmax=1, cmap="Greys")
    axes.set(title=f"decay {decay:g}", xlabel="neurons, most alike first", yticks=[])
    axes.set_xticks([0, 10, 20, 31])
    axes.grid(visible=False)
panels[0].set(ylabel="neurons, same order", yticks=[0, 10, 20, 31])
figure.colorbar(shown, ax=panels, label="|correlation| of two neurons");
""",
        alt="Similarity of the 32 neurons of the second layer as two grey matrices. Without decay "
        "most pairs are weakly correlated; with decay more pairs are dark. A few rows are white.",
    ),
    text(r"""
(The white rows are silent neurons.) Rank, effective rank and the part of independent neurons are
lower with decay. Sparsity is not: fewer kinds of neurons, and each of them active on more samples.
The measures do not stand for one another, and it is worth saying which of them a sentence about
"sparse features" means. The same functions take the weights and activations of any experiment, over
any leading batch axes.
"""),
    mutant(
        r"""
Cosine for correlation: the mean is not taken off. Then a shift of a neuron changes its similarity,
and all ReLU features look alike, as they are all positive.
""",
        r"""
claim = find("sparse_features")
[slip] = [m_ for m_ in claim.mutants if m_.name == "uncentred"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
A linear student is trained on $n = 200$ samples with $\eta = 0.1$ and label noise of variance
$\delta = 400$. The teacher has the singular values 1, 0.3, 0.12, 0.09, 0.02. Which survive in the
diagonal model, and with which means? Which $\delta$ kills all of them?
""",
        hint=r"The threshold is $\eta\delta/(2n)$.",
        solution=r"""
s_star = np.array([1, 0.3, 0.12, 0.09, 0.02])
level = 0.1 * 400 / (2 * 200)
print(f"threshold {level:.2f}; means", *(f"{max(0, s - level):.2f}" for s in s_star))
print("all die for δ above", round(2 * 200 * s_star.max() / 0.1))
assert np.count_nonzero(s_star > level) == 3
""",
    ),
    exercise(
        r"""
Which power of $\theta$ of the quartic diffusion has no Itô term of the noise near zero, as
$\theta = \beta^{1/2}$ has none in the quadratic parametrisation? Guess the drift of $\theta^2$, and
have the guess judged; then a wrong one.
""",
        hint=r"""
$\mathrm d\theta^2 = 2\theta\,\mathrm d\theta + \mathrm d\theta^2$, the last with
$\zeta^2\theta^2\,\mathrm dt$.
`DifferentialClaim(sde=..., observable=..., drift=..., martingale=...)`.
""",
        solution=r"""
sde = MatrixSDE(equation)
for noise in (zeta**2, 2 * zeta**2):
    claim = DifferentialClaim(
        sde=sde,
        observable=weight**2,
        drift=2 * mu * weight**2 - 2 * weight**4 + noise * weight**2,
        martingale=2 * zeta * weight**2 * beta.d,
    )
    print(check(claim, effort="quick", tiers=("derivation", "exact")).status)
print("θ itself: its noise has mean zero, and q(q − 1) = 0 at q = 1")
""",
    ),
    exercise(
        r"""
Multiply the neurons of the network without decay by numbers between 0.1 and 10: which of the
measures of the last section change? And if 1 is added to each of them?
""",
        hint="`layers_of[0.0]` has its activations; `activation_similarity(..., centred=False)`.",
        solution=r"""
A = layers_of[0.0]
scaled = A * np.random.default_rng(7).uniform(0.1, 10, 32)
print("groups alike after scaling:", independent_fraction(A) == independent_fraction(scaled))
ranks = [effective_rank(np.linalg.svd(X_, compute_uv=False)) for X_ in (A, scaled)]
print("effective rank alike after scaling:", np.allclose(*ranks))
for name, other in (("scaled", scaled), ("shifted", A + 1)):
    for centred in (True, False):
        a, b = (activation_similarity(X_, centred=centred) for X_ in (A, other))
        kind = "correlations" if centred else "cosines"
        print(f"{name:8} {kind:13} alike: {np.allclose(a, b)}")
""",
    ),
    text(r"""
## Where to go on

`python -m verify explain stochastic_collapse` and `explain quadratic_parametrisation` have all
claims with their derivations. Experiments with several seeds and a verdict: `stochastic-collapse`
and `quadratic-lasso`. The repulsion that the diagonal model lacks is the subject of the second
walkthrough; a density with another threshold, that of balanced weights under minibatch noise, is
`stationary_density` in the catalogue.
"""),
)
