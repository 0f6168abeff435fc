"""Symmetry: two factors of a product, their balance, the stationary law and its threshold."""

from notebooks.cells import code, mutant, statement, steps, text

__all__ = ["BALANCE", "STATIONARY"]

BALANCE = (
    text(r"""
## Two factors: the law of balance

Back to $\ell = (u^\top w\,x - y)^2$. With the slope $s_i = 2x_i(vx_i - y_i)$ in the product
$v = u^\top w$, the gradients are $\nabla_u\ell_i = s_iw$ and $\nabla_w\ell_i = s_iu$. So
$g_i^\top Ag_i = s_i^2\,(|w|^2 - |u|^2)$, and the law of the charge reads
"""),
    statement("law_of_balance"),
    text(r"""
The bracket is the variance $C_0$ of the slope over the samples. It multiplies the charge itself, so
that the longer factor loses to the shorter one: $|u|^2 - |w|^2$ decays, whatever the start.
Multiplied out,

$$
C_0 = 4g(v), \qquad g(v) = \alpha_1v^2 - 2\alpha_2v + \alpha_3,
$$

with $\alpha_1 = \operatorname{Var}x^2$, $\alpha_2 = \operatorname{Cov}(x^2, xy)$ and
$\alpha_3 = \operatorname{Var}(xy)$ (`law_of_balance.variance`). At the minimum the mean slope is
zero and its variance is not, if labels are noisy: $g \ge \Delta/\alpha_1$ for every $v$, with
$\Delta = \alpha_1\alpha_3 - \alpha_2^2$. This is why balance is reached at the bottom of
the valley, where gradient descent stands still.

Below $y = \frac12x + \varepsilon$ with normal $x$ and $\varepsilon$, a fresh sample a step. At
$v = \frac12$ the slope is $-2x\varepsilon$ and $C_0 = 4$.
"""),
    code(
        r"""
def balance(eta, horizon, runs, seed=None):
    "The charge at every step, a column a run; gradient descent on the mean loss without seed."
    rng = np.random.default_rng(seed)
    u, w = np.tile(u0, (runs, 1)), np.tile(w0, (runs, 1))
    seen = [charge(u, w)]
    for _ in range(round(horizon / eta)):
        v = (u * w).sum(axis=-1)
        slope = 2 * (v - 0.5)
        if seed is not None:
            x, noise = rng.standard_normal((2, runs))
            slope = 2 * x * ((v - 0.5) * x - noise)
        u, w = u - eta * slope[:, None] * w, w - eta * slope[:, None] * u
        seen.append(charge(u, w))
    return np.array(seen)


eta, horizon = 0.01, 60
time = eta * np.arange(round(horizon / eta) + 1)
noisy = balance(eta, horizon, runs=10, seed=3)
figure, axes = plt.subplots(figsize=(7, 3))
axes.semilogy(time[::60], noisy[::60], color=COLOURS["blue"], alpha=0.4, linewidth=0.8)
axes.plot([], [], color=COLOURS["blue"], label="SGD, b = 1, ten runs")
axes.semilogy(time, balance(eta, horizon, runs=1), color=COLOURS["green"], label="gradient descent")
stated = noisy[0, 0] * np.exp(-4 * eta * time)
axes.semilogy(time, stated, color=INK, linestyle=DASHES, label="exp(−T C₀ t), C₀ = 4")
axes.set(xlabel="time (steps × η)", ylabel="|u|² − |w|²")
axes.set_yticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
axes.minorticks_off()
axes.legend(loc="lower left");
""",
        alt="The charge on a logarithmic scale against time. Gradient descent is level. Ten runs "
        "of SGD fall along the dashed line exp(−T C₀ t), a little below it at the end.",
    ),
    text(r"""
The runs fall a little faster than the line. In a step $\mathbb E s^2 = 4 + 12\,(v-\frac12)^2$
counts, and $v$ is not $\frac12$ at all times: it fluctuates about it, the less the smaller $\eta$
is.
"""),
)

STATIONARY = (
    text(r"""
## The stationary law of the product

Balance leaves one question: where does the product go? On $u = w$, single numbers, SGD is an
equation for $v = u^2$ alone. With $\beta_1 = \mathbb Ex^2$ and $\beta_2 = \mathbb Exy > 0$ the mean
slope is $2(\beta_1v - \beta_2)$, and the minimum lies at $v = \beta_2/\beta_1$.
"""),
    statement("stationary_density.product"),
    text(r"""
The noise is multiplied by $v$: at zero there is none, and a path that has come near zero is slow
to leave. The term $4vTg$ is Itô's, the square of $\mathrm du$. Now the claim.
"""),
    statement("stationary_density"),
    steps(
        "stationary_density",
        notes={
            2: r"""
**By hand, in the other direction.** With drift $a$ and diffusion $b^2 = 16Tv^2g$ a density without
flux is $p \propto \frac1{b^2}\exp\int\frac{2a}{b^2}\,\mathrm dv$. Here

$$
\frac{2a}{b^2} = \frac1{2v} - \frac{\beta_1v - \beta_2}{2T\,v\,g(v)},
\qquad
\frac{\beta_1v - \beta_2}{v\,g} = -\frac{\beta_2}{\alpha_3}\,\frac1v +
\frac{\beta_2}{2\alpha_3}\,\frac{g'}{g} +
\frac{\alpha_3\beta_1 - \alpha_2\beta_2}{\alpha_3}\,\frac1g .
$$

The three fractions integrate to a power of $v$, a power of $g$ and an arctangent, as
$\int\mathrm dv/g = \arctan\big((\alpha_1v-\alpha_2)/\sqrt\Delta\big)/\sqrt\Delta$. The factor
$1/b^2$ gives the rest: $v^{1/2-2}$ and $g^{-1}$.
""",
        },
    ),
    text(r"""
### Where readers get stuck: no stationary law, though the loss has its minimum where it was

A density must have a finite integral. Near zero $p$ behaves like
$v^{\beta_2/(2\alpha_3T) - 3/2}$, which has one iff the exponent is above $-1$:

$$
T < \frac{\beta_2}{\alpha_3} .
$$

(At infinity $p$ falls like $v^{-7/2}$ for every $T$.) Above the threshold the paths tell what
happens. Itô's formula for the logarithm subtracts $b^2/2v^2 = 8Tg$ from $a/v$, and near zero

$$
\mathrm d\log v = 4\,(\beta_2 - \beta_1v - Tg)\,\mathrm dt - 4\sqrt{Tg}\,\mathrm d\beta
\;\approx\; 4\,(\beta_2 - T\alpha_3)\,\mathrm dt - 4\sqrt{T\alpha_3}\,\mathrm d\beta .
$$

(`stationary_density.logarithm`). The gradient pushes up with $4\beta_2$, the noise pushes down with
$4T\alpha_3$, and one threshold answers both questions. Above it every path goes to zero, a
stationary point of the loss that is no minimum. The loss itself does not know about it. Between
$\beta_2/3\alpha_3$ and the threshold $p$ has a pole at zero, and still a finite integral.

The engine says the same, from the equation of $v$ with $g = \alpha_3$:
"""),
    code(
        r"""
v, beta = State("v", positive=True), Brownian("beta")
strength, push, noise = positive("T"), positive("beta2"), positive("alpha3")
near_zero = {v: 4 * v * (strength * noise + push) * dt - 4 * v * sqrt(strength * noise) * beta.d}
print("near zero the drift of log v is", unicode(MatrixSDE(near_zero).d(log(v)).drift))
""",
        prints="4 (-T α₃ + β₂)",
    ),
    text(r"""
Now SGD itself and its equation, both below the threshold, $y = x/10 + \varepsilon$. The densities
are those of $\log v$, where a pole does not hide anything.
"""),
    code(
        r"""
slope = 0.1
alpha1, alpha2, alpha3, beta1, beta2 = 2.0, 2 * slope, 2 * slope**2 + 1, 1.0, slope
threshold = beta2 / alpha3
print(f"threshold β₂/α₃ = {threshold:.3f}, pole at zero from {threshold / 3:.3f} on")


def g(v):
    "A quarter of the variance of the slope."
    return alpha1 * v**2 - 2 * alpha2 * v + alpha3


def log_density(T, z):
    "The stated density of z = log v, normalised by a sum; z is a grid."
    v, root = np.exp(z), np.sqrt(alpha1 * alpha3 - alpha2**2)
    kappa = (alpha3 * beta1 - alpha2 * beta2) / (2 * alpha3 * T * root)
    power = beta2 / (2 * alpha3 * T)
    logs = (power - 1.5) * z - (1 + power / 2) * np.log(g(v))
    logs += z - kappa * np.arctan((alpha1 * v - alpha2) / root)
    weight = np.exp(logs - logs.max())
    return weight / (weight.sum() * (z[1] - z[0]))


def by_sgd(T, horizon, start, paths, rng):
    "log v of paths of SGD, b = 1 and η = T, at the end of each of 40 parts of the time."
    u, kept = np.full(paths, np.sqrt(start)), []
    for _ in range(40):
        for _ in range(round(horizon / T / 40)):
            x, noise = rng.standard_normal((2, paths))
            u *= 1 - 2 * T * x * ((u**2 - slope) * x - noise)
        kept.append(2 * np.log(np.abs(u)))
    return np.array(kept)


def by_sde(T, horizon, start, paths, rng, h=0.05):
    "The same of the declared equation of u, by Euler's steps of log u."
    logs, kept = np.full(paths, np.log(start) / 2), []
    for _ in range(40):
        for _ in range(round(horizon / h / 40)):
            v = np.exp(2 * logs)
            variance = 4 * T * h * g(v)
            noise = np.sqrt(variance) * rng.standard_normal(paths)
            logs = logs - 2 * h * (beta1 * v - beta2) - variance / 2 + noise
        kept.append(2 * logs)
    return np.array(kept)


rng = np.random.default_rng(4)
z = np.linspace(-60, 5, 6501)
figure, panels = plt.subplots(1, 2, figsize=(7, 3.2))
for axes, T, low in zip(panels, (0.02, 0.05), (-6, -12), strict=True):
    edges = np.linspace(low, 1, 29)
    middle = (edges[1:] + edges[:-1]) / 2
    for name, mark, colour, run in (
        ("SGD", "o", "vermilion", by_sgd),
        ("its equation", "s", "blue", by_sde),
    ):
        ends = run(T, 60, slope, 1500, rng)[-1]
        found = np.histogram(ends, edges)[0] / len(ends) / np.diff(edges)
        axes.plot(middle, found, mark, color=COLOURS[colour], markersize=4, label=name)
    axes.plot(z, log_density(T, z), color=INK, linestyle=DASHES, label="stated")
    axes.axvline(np.log(beta2 / beta1), color=GREY, linewidth=0.8, label="least loss")
    axes.set(xlim=(low, 1), xlabel="log v", title=f"T = {T:g}")
panels[0].set_ylabel("density of log v")
panels[1].legend(loc="upper left");
""",
        alt="Densities of log v at T = 0.02 and T = 0.05. Circles of SGD and squares of its "
        "equation lie on the dashed stated curves. At 0.05 the curve is wider and reaches far "
        "below the grey line, the minimum of the loss.",
    ),
    text(r"""
Grey is the minimum of the loss. At half of the threshold most of the mass lies below it already.
Above the threshold, from $v = 10^{-3}$:
"""),
    code(
        r"""
T, horizon = 3 * threshold, 30
time = np.linspace(0, horizon, 41)
figure, axes = plt.subplots(figsize=(7, 3))
near = np.full(400, np.log(1e-3))
paths = np.vstack([near, by_sde(T, horizon, 1e-3, 400, rng)])
axes.plot(time, paths[:, :4], color=GREY, linewidth=0.8)
axes.plot([], [], color=GREY, linewidth=0.8, label="four paths")
axes.plot(time, paths.mean(axis=1), color=COLOURS["blue"], label="mean of 400")
stated = near[0] + 4 * (beta2 - T * alpha3) * time
axes.plot(time, stated, color=INK, linestyle=DASHES, label="4(β₂ − Tα₃) t")
axes.set(xlabel="time t", ylabel="log v", title="T three times the threshold")
axes.legend(loc="lower left");
""",
        alt="The logarithm of v against time at three times the threshold. Four paths wander "
        "down. The mean of 400 falls from −7 to about −31, along the dashed line of slope "
        "4(β₂ − Tα₃).",
    ),
    text(r"""
These are paths of the equation. SGD with $\eta = T$ collapses too, at a rate of its own: near zero
a step multiplies $v$ by $(1 + 2\eta xy)^2$, and the rate is $-\mathbb E\log(1 + 2\eta xy)^2/\eta$.
The experiment `stationary-law` measures both.
"""),
    mutant(
        r"""
Itô's term of $v = u^2$ is lost, and the exponent $-\frac32$ becomes $-1$. The density looks much
the same at small $T$.
""",
        r"""
law = find("stationary_density")
show(check(law, effort="quick"))
forward = check(find("stationary_density.fokker_planck"), effort="quick", tiers=("exact",))
print("its Fokker–Planck equation:", forward.said)
lost = {slip.name: slip for slip in law.mutants}["ito"]
print()
print(lost.mistake)
verdict = check(replace(law, **lost.changes), effort="quick", tiers=("generator",))
print(verdict.said)
""",
        prints=("derivation  AGREES", "its Fokker–Planck equation: AGREES", "DISAGREES"),
    ),
)
