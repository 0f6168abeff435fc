"""Collapse of modes: singular values of a linear student, with singular vectors still or moving."""

from notebooks.cells import code, mutant, statement, text

MODES = (
    text(r"""
## Singular values: each mode by itself

A linear network $W_1W_2$ learns a map $T$ with singular values $s_i^*$, the *teacher*. If the
student begins in the singular bases of $T$, inputs are aligned with them ($\kappa_i$ their variance
there), and **the noise is diagonal in these bases too**, then everything stays diagonal. Mode $i$
has two factors $x$ and $y$, and its equation does not mention the others:
"""),
    statement("stochastic_collapse.mode"),
    text(r"""
As $x^2 - y^2$ dies out on every path (`stochastic_collapse.mode_balance`), in the long run
$x = \pm y$, and $\theta = \sqrt\kappa\,x$ is the quartic diffusion with $\mu = \kappa s^*$ and
$\zeta^2 = \gamma$. So there is nothing new to derive:
"""),
    statement("stochastic_collapse.mode_threshold"),
    text(r"""
Which $\gamma$ does label noise give? Its entry along mode $i$ is $v^\top X^\top\xi\,u/n$ with the
singular vectors $v$ and $u$, of variance $\delta\kappa_i/n$ for labels of variance $\delta$ on $n$
samples; a step of the real network has this entry (`stochastic_collapse.mode_gradient`). One step,
exactly:
"""),
    statement("stochastic_collapse.mode_step"),
    text(r"""
In the time $t = \text{steps}\cdot\eta$ the labels' part is the rate
$\gamma_i = \eta\delta\kappa_i/n$ (`stochastic_collapse.mode_noise`). The variance $\kappa_i$ of the
inputs cancels: **the threshold is $s_i^* = \eta\delta/(2n)$ for every mode**, and a mode that
survives has the mean $s_i^* - \eta\delta/(2n)$ (`stochastic_collapse.mode_mean`).
Together, $(s_i^* - \eta\delta/2n)_+$: a soft threshold, as by a penalty on the sum of the singular
values.

### Where readers get stuck: is this the noise of SGD?

No. Label noise adds $X^\top\xi/n$, a *full* matrix. Its diagonal in the singular bases is what the
model keeps; the entries off the diagonal, which turn the singular vectors, are left out. They have
the same size. What they do is Theorem 5.1 of the second walkthrough. Side by side, for the
logarithm of an eigenvalue of $W_1W_1^\top$:
"""),
    statement("stochastic_collapse.standing_vectors"),
    statement("stochastic_collapse.moving_vectors"),
    text(r"""
With $q_i = \operatorname{tr}(E_iW_1W_2W_2^\top W_1^\top)$, which is $x_i^2y_i^2$ in a diagonal
state, two things differ:

- the growth $\gamma|W_2|^2/\lambda_i$ has all of $W_2$ where the standing mode has its own
  $\gamma y_i^2/\lambda_i$;
- there is the repulsion, $\gamma(q_i+q_j)/(\lambda_i(\lambda_i-\lambda_j))$, from
  $E_i\,\mathrm dW_1E_j$: the part of the increment that turns the vectors. Diagonal noise has none.

The next cell measures both drifts at one diagonal state without a residual, by no formula: it takes
the singular values after a step $\pm\sqrt h$ in every combination of signs, and the mean.
"""),
    code(
        r"""
x, y, h = np.array([1.2, 0.6]), np.array([0.5, 0.9]), 1e-6
lam, q = x**2, x**2 * y**2
measured = {}
for name, free in (("standing", np.eye(2)), ("moving", np.ones((2, 2)))):
    signs = np.array(np.meshgrid(*4 * [[-1, 1]])).reshape(4, -1).T.reshape(-1, 2, 2)
    after = np.diag(x) + np.sqrt(h) * signs * free @ np.diag(y)
    sizes = np.linalg.svd(after, compute_uv=False)
    measured[name] = (2 * np.log(sizes) - np.log(lam)).mean(axis=0) / h

own, curve = y**2 / lam, -2 * q / lam**2
whole = (y**2).sum() / lam
push = (q + q[::-1]) / (lam * (lam - lam[::-1]))
rows = (
    ("growth, own share", own),
    ("growth, all of W2", whole),
    ("curvature", curve),
    ("repulsion", push),
    ("standing: own share + curvature", own + curve),
    ("standing, measured", measured["standing"]),
    ("moving: all + curvature + repulsion", whole + curve + push),
    ("moving, measured", measured["moving"]),
)
print("drift of log λ, γ = 1                  larger  smaller")
for name, values in rows:
    print(f"{name:36}", *(f"{value:8.3f}" for value in values))
""",
    ),
    text(r"""
Without the vectors' turning both values fall, each for itself. With it, the smaller one is pushed
down by the larger one; the larger growth of the full noise hides part of this.

Now in training, $\gamma = \kappa = 1$, from a start on the diagonal. The threshold of the diagonal
model is at $s^* = \frac12$:
"""),
    code(
        r"""
teacher = np.array([2.5, 1.5, 0.8, 0.2])


def student(free, values_of, *, runs=100, h=0.01, horizon=25.0, seed=4):
    "Values of W1 W2 along runs; ``free`` says which entries of the noise are there."
    rng = np.random.default_rng(seed)
    W1 = W2 = np.broadcast_to(np.diag(np.linspace(1, 0.7, 4)), (runs, 4, 4))
    seen = []
    for n in range(round(horizon / h)):
        if n % 50 == 0:
            seen.append(values_of(W1 @ W2))
        noise = np.sqrt(h) * rng.standard_normal((runs, 4, 4)) * free
        dG = h * (np.diag(teacher) - W1 @ W2) + noise
        W1, W2 = W1 + dG @ W2.swapaxes(1, 2), W2 + W1.swapaxes(1, 2) @ dG
    return h * 50 * np.arange(len(seen)), np.array(seen)


def by_place(product):
    "The modes of a diagonal matrix, each in its place."
    return np.abs(np.diagonal(product, axis1=1, axis2=2))


figure, panels = plt.subplots(1, 2, figsize=(7, 3), sharey=True)
models = (
    ("diagonal noise: vectors stand", np.eye(4), by_place),
    ("full noise: vectors move", np.ones((4, 4)), np.linalg.svdvals),
)
for axes, (name, free, values_of) in zip(panels, models, strict=True):
    time, values = student(free, values_of)
    middle = np.maximum(np.median(values, axis=1), 1e-12)
    for line, s, colour in zip(middle.T, teacher, shades(4), strict=True):
        axes.semilogy(time, line, color=colour, label=f"s* = {s:g}")
    axes.set(title=name, xlabel="time", ylim=(1e-9, 10))
    late = values[20:].mean(axis=(0, 1))
    print(f"{name:30} mean from t = 10 on:", *(f"{value:.1f}" for value in late))
print(f"{'soft threshold':30}                     ", *(f"{max(0, s - 0.5):.1f}" for s in teacher))
panels[0].set_ylabel("singular values of W1 W2")
panels[0].legend(loc="lower left");
""",
        alt="Medians of the singular values of the product against time. With diagonal noise three "
        "of them stay and only that of the teacher's smallest value falls. With full noise the "
        "third falls too, and the smallest much faster.",
    ),
    text(r"""
In the left panel the model does what it says. In the right one, with the full noise of SGD on noisy
labels (and white inputs), two modes die, and one of them has $s^* = 0.8$, well above the threshold
of the model. So that threshold is no threshold of SGD; what the full noise does to each mode is
here seen on paths, and no formula for it is claimed. (For several seeds and with a verdict:
`python -m verify experiment stochastic-collapse`.)
"""),
    mutant(
        r"""
The repulsion is left out of the full model: singular vectors held still.
""",
        r"""
claim = find("stochastic_collapse.moving_vectors")
[slip] = [m_ for m_ in claim.mutants if m_.name == "no_repulsion"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("derivation",)))
""",
    ),
)
