"""The change of time, from (5.2) to (5.3) of RD."""

from notebooks.cells import Walkthrough, code, derivation, exercise, kernel, mutant, text

SETTING = (
    text(r"""
From (5.2) to (5.3) of *SGD vs GD: Rank Deficiency in Linear Networks* (Varre, Sagitova,
Flammarion, NeurIPS 2024) the noise level disappears by a change of time. A reviewer could not
follow this step. It is one line, and most readers who stumble do so at the same place: the factor
in front of the noise is $\sqrt\gamma$, and the clock runs at the rate $\gamma$. This notebook goes
through the step, through what it does to a drift, through clocks that depend on the state, and
shows what breaks when $\gamma$ and $\sqrt\gamma$ are confused.

All formulas are derived here, and none is copied. Stochastic differentials are in the sense of
Itô unless Stratonovich is named.

## The setting

The layers of a two-layer linear network are stacked in $\Theta$, of size $(p+k)\times l$. Label
noise of covariance $\gamma I$ moves it by

$$
\mathrm d\Theta = S(R)\,\Theta\,\mathrm dt + \sqrt\gamma\,S(\mathrm dB)\,\Theta, \qquad
S(G) = \begin{bmatrix} 0 & G \\ G^\top & 0 \end{bmatrix} .
$$

For large noise the gradient $R$ is left out, as in (5.2). Then (5.3) is the same equation without
$\gamma$, in another time. We shall see on the way why the gradient may be left out.
"""),
    code(
        r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from sympy import sqrt

from derivations import *
from derivations.catalogue import find
from derivations.clocks import change_time
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, INK, show, use_style
from verify import check

use_style()

p, k, l = dims("p k l")
gamma = positive("gamma")
Theta = State("Theta", p + k, l)
R = Process("R", p, k)
B, B_tau = Brownian("B", p, k), Brownian("B_tau", p, k)

before = MatrixSDE({Theta: sqrt(gamma) * S(B.d) * Theta})
after = MatrixSDE({Theta: S(B_tau.d) * Theta})
derived = change_time(before, gamma, renamed={B: B_tau})
print("in the time τ = γt: dΘ =", unicode(derived.equations[Theta]))
""",
        prints=("S(dB_τ) Θ",),
    ),
)

STEP = (
    text(r"""
## The step
"""),
    derivation(
        "time_change",
        notes={
            1: r"""
**The same in four lines.** Let $\tau = \gamma t$, and define
$\tilde B_\tau = \sqrt\gamma\,B_{\tau/\gamma}$.

1. $\tilde B$ is a Brownian motion of the time $\tau$. It starts at zero and has independent
   Gaussian increments. The increment over $[\tau, \tau+h]$ is that of $\sqrt\gamma B$ over a span
   $h/\gamma$ of the old time. Its variance is $\gamma\cdot h/\gamma = h$ for each entry.
2. Hence $\sqrt\gamma\,\mathrm dB_t = \mathrm d\tilde B_\tau$.
3. $S$ is linear: $\sqrt\gamma\,S(\mathrm dB) = S(\sqrt\gamma\,\mathrm dB) = S(\mathrm d\tilde B)$.
4. Write $\tilde\Theta_\tau = \Theta_{\tau/\gamma}$. Then
   $\mathrm d\tilde\Theta = S(\mathrm d\tilde B_\tau)\,\tilde\Theta$, which is (5.3).

$\tilde B$ is *another* Brownian motion than $B$, made of the same noise. No path of $\Theta$ is
changed; it is only read by another clock.
""",
        },
    ),
)

POWER = (
    text(r"""
## Where readers get stuck: γ, not √γ

The factor in the equation is $\sqrt\gamma$. Why is the clock not $\tau = \sqrt\gamma\,t$? Because
a Brownian motion counts time by its *square*. Its clock is the quadratic variation,

$$
\mathrm d\langle\sqrt\gamma\,B_{ia}\rangle = (\sqrt\gamma)^2\,\mathrm dt = \gamma\,\mathrm dt .
$$

In units: $\mathrm dB$ has the unit $\sqrt{\text{time}}$. In $\sqrt\gamma\,\mathrm dB$ without a
unit, $\gamma$ is therefore a rate, and $\gamma t$ is a number. $\sqrt\gamma\,t$ is not.

Measure it. Cut the time from 0 to 1 into many steps and add up the squares of
$\sqrt\gamma\,\Delta B$.
"""),
    code(
        r"""
rng = np.random.default_rng(0)
pieces = rng.standard_normal(200_000) / np.sqrt(200_000)
print("at t = 1\n    γ  Σ(√γ ΔB)²     γt   √γ t")
for value in (0.25, 1, 4, 16):
    squares = (np.sqrt(value) * pieces) ** 2
    print(f"{value:5.2f}  {squares.sum():9.2f}  {value:5.2f}  {np.sqrt(value):5.2f}")
""",
    ),
    text(r"""
The tempting claim is in the catalogue, where it is expected to be refuted. The verdict names the
wrong power twice over: for the clock as it should be, and for what is left over in the equation
with the clock that was given. With $\mathrm d\tau = \sqrt\gamma\,\mathrm dt$ one has
$\mathrm dB = \gamma^{-1/4}\,\mathrm d\tilde B$, so that
$\sqrt\gamma\,\mathrm dB = \gamma^{1/4}\,\mathrm d\tilde B$.
"""),
    code(
        r"""
show(check(find("time_change.confused"), effort="quick", tiers=("derivation", "exact", "one-step")))
""",
        prints=(
            "DISAGREES",
            "the power of γ: claimed 1/2, measured 1",
            "the power of γ: claimed\n    0, measured 1/4",
        ),
    ),
    text(r"""
Check the counter-example by hand. $p = k = l = 1$ and $\Theta = (1, 0)^\top$, so that the second
entry moves by $\sqrt\gamma\,\mathrm dB$. With $\gamma = 4$ and $\mathrm d\tilde B = 1$ in the time
$\tau = 2t$ it moves by $4^{1/4} = \sqrt2$, and 1 was claimed.

Here is the same for paths. Three noise levels, independent noise, 300 runs each. The curves are
the 10 %, 50 % and 90 % quantiles of $\log|\Theta|^2$.
"""),
    code(
        r"""
def norms(level, *, span, steps, runs, seed):
    "Times t and log |Θ|² of runs of dΘ = √γ S(dB)Θ up to γt = span, for p = 2, k = 1, l = 3."
    rng = np.random.default_rng(seed)
    h = span / level / steps
    w1 = np.broadcast_to(np.eye(2, 3), (runs, 2, 3))
    w2 = np.broadcast_to(np.eye(3)[:, 2:], (runs, 3, 1))
    seen = []
    for _ in range(steps + 1):
        seen.append(np.log((w1**2).sum(axis=(1, 2)) + (w2**2).sum(axis=(1, 2))))
        dG = np.sqrt(level * h) * rng.standard_normal((runs, 2, 1))
        w1, w2 = w1 + dG @ w2.swapaxes(1, 2), w2 + w1.swapaxes(1, 2) @ dG
    return h * np.arange(steps + 1), np.array(seen)


clocks = (("t", 0.0), ("τ = γt", 1.0), ("√γ t, the wrong clock", 0.5))
figure, panels = plt.subplots(1, 3, figsize=(6.8, 2.5), sharey=True)
for level, colour in ((1, "blue"), (2, "vermilion"), (4, "green")):
    time, seen = norms(level, span=1.0, steps=400, runs=300, seed=level)
    quantiles = np.quantile(seen[::40], (0.1, 0.5, 0.9), axis=1).T
    for axes, (name, power) in zip(panels, clocks, strict=True):
        lines = axes.plot(level**power * time[::40], quantiles, color=COLOURS[colour])
        axes.set(xlabel=name)
    lines[0].set_label(f"γ = {level}")
panels[0].set(ylabel="log |Θ|²: 10, 50, 90 %", ylim=(-0.9, 3.5))
panels[2].legend(loc="lower right", fontsize=8);
""",
        alt="Quantiles of log |Θ|² for three noise levels, against three clocks. Against t the "
        "curves of the three levels differ. Against τ = γt they lie on top of each other. Against "
        "√γ t they differ again.",
    ),
    text(r"""
The middle panel is (5.3): one law for all noise levels. In the right one the curves are drawn
together, and do not meet.
"""),
)

DRIFT = (
    text(r"""
## Where readers get stuck: the drift takes another power

A clock divides the drift by $a$ and the noise by $\sqrt a$.
"""),
    derivation("time_change.general"),
    text(r"""
So a change of time cannot take a level out of both at once, unless they grow together as
$a\,\mathrm dt$ and $\sqrt a\,\mathrm dB$ do. With the gradient:
"""),
    code(
        r"""
with_gradient = MatrixSDE({Theta: S(R) * Theta * dt + sqrt(gamma) * S(B.d) * Theta})
for name, clock in (("γ", gamma), ("√γ", sqrt(gamma))):
    new = change_time(with_gradient, clock, renamed={B: B_tau})
    drift, noise = unicode(new.drift(Theta)), unicode(new.noise(Theta))
    print(f"dτ = {name:2} dt:  drift {drift:13}  noise {noise}")
""",
        prints=("1/γ S(R) Θ", "γ^(1/4)"),
    ),
    text(r"""
In the time $\tau$ the gradient has the factor $1/\gamma$. This is why it may be left out for
large noise: as $\gamma\to\infty$ it vanishes over any fixed span of $\tau$. But a span of $\tau$ is
then a *short* span of $t$. The limit says what noise does before the gradient has had time to act.

For label noise on whitened data ($X^\top X = nI$) the level is $\gamma = \eta\delta/n$, and time is
steps times $\eta$. So $\tau = \gamma t = \eta^2\delta\cdot\text{steps}/n$, while the gradient acts
in $t = \eta\cdot\text{steps}$. Half the step size means twice the steps for the gradient and four
times the steps for the noise. This is the same trap once more, with $\eta$ for $\gamma$.
"""),
)

CALCULUS = (
    text(r"""
## Where readers get stuck: Itô and Stratonovich

For a constant clock the reading does not matter, as long as it is the same before and after. The
correction between both readings is made of second-order products, is proportional to $\gamma$,
and so becomes free of $\gamma$ like the rest. What must not happen is to change the reading on the
way: then a drift appears or is lost.

For a clock that depends on the state the reading does matter. $\tilde B = \int\sqrt a\,\mathrm dB$
is a Brownian motion of the time $\tau$ if the integral is Itô's, which is a local martingale. Read
$\mathrm dx = \sqrt{a(x)}\circ\mathrm d\beta$ in
the sense of Stratonovich. In Itô's sense it has the drift
$\tfrac12\sqrt a\,\partial_x\sqrt a = \tfrac14\partial_xa$,
and in the new time

$$
\mathrm dx = \frac{\partial_xa}{4a}\,\mathrm d\tau + \mathrm d\tilde\beta ,
$$

not $\mathrm d\tilde\beta$. For $a = 1+x^2$ the drift is $x/(2+2x^2)$.
"""),
    code(
        r"""
x, beta, beta_tau = State("x"), Brownian("beta"), Brownian("beta_tau")
clock = 1 + x**2
circled = TimeChangeClaim(
    sde=MatrixSDE({x: sqrt(clock) * beta.d}, calculus="stratonovich"),
    rate=clock,
    changed=MatrixSDE({x: x / (2 + 2 * x**2) * dt + beta_tau.d}),
)
show(check(circled, effort="quick", tiers=("derivation", "exact", "one-step")))
""",
        prints=("derivation  AGREES", "exact       AGREES", "one-step    AGREES"),
    ),
)

STATE = (
    text(r"""
## A clock that depends on the state

The clock may run faster in some places than in others. It must be positive, and known at the time
(adapted): it may look at the state, but not ahead. Then $\tau(t) = \int_0^t a\,\mathrm ds$ is a
random time, different on every path.
"""),
    derivation("time_change.state_dependent"),
    text(r"""
Is the old process then an Ornstein–Uhlenbeck process? Not at a given $t$. Its long-time law in the
time $\tau$ is $\propto e^{-x^2}$. In the time $t$ it is $\propto e^{-x^2}/(1+x^2)$: where the clock
$\tau$ is fast, little of the time $t$ is spent. The cell simulates the equation in the time $t$,
and reads the same paths twice: when their own clocks show $\tau = 4$ (before $t = 4$, as
$a\ge1$), and at $t = 4$.
"""),
    code(
        r"""
rng = np.random.default_rng(1)
paths, h = 10_000, 0.01
state, tau = np.zeros(paths), np.zeros(paths)
at_tau = np.full(paths, np.nan)
for _ in range(400):
    rate = 1 + state**2
    state = state - state * rate * h + np.sqrt(rate * h) * rng.standard_normal(paths)
    tau = tau + rate * h
    at_tau = np.where(np.isnan(at_tau) & (tau >= 4), state, at_tau)

line = np.linspace(-2.5, 2.5, 201)
figure, panels = plt.subplots(1, 2, figsize=(7, 2.7), sharey=True)
laws = (np.exp(-(line**2)) / (1 + line**2), np.exp(-(line**2)))
for axes, sample, law, name in zip(panels, (state, at_tau), laws, ("t", "τ"), strict=True):
    axes.hist(sample, bins=40, range=(-2.5, 2.5), density=True, color=COLOURS["sky"], alpha=0.6)
    for curve, style in ((laws[0], "-"), (laws[1], DASHES)):
        weight = 1.8 if curve is law else 0.8
        axes.plot(
            line, curve / (curve.sum() * 0.025), color=INK, linestyle=style, linewidth=weight
        )
    axes.set(xlabel=f"x at {name} = 4")
panels[0].set_ylabel("density")
panels[1].plot([], [], color=INK, label="∝ exp(−x²)/(1 + x²)")
panels[1].plot([], [], color=INK, linestyle=DASHES, label="∝ exp(−x²)")
panels[1].set_ylim(0, 0.95)
panels[1].legend(loc="upper left", fontsize=8);
""",
        alt="Two histograms of the same ten thousand paths. Read at t = 4 they follow the narrow "
        "density proportional to exp(−x²)/(1+x²), read when τ = 4 the wide one proportional to "
        "exp(−x²).",
    ),
    text(r"""
One more condition is easy to forget. A full half-line of new time needs
$\int_0^\infty a\,\mathrm dt = \infty$. If the clock stops at a finite $\tau$, the new equation is
known up to there and no further (see the second exercise).
"""),
)

CHECKS = (
    text(r"""
## The emitted kernel

The declared equation, the clock, and the equation that is stated for the new time.
"""),
    kernel("time_change.state_dependent", "increment", "rate", "changed_increment"),
    text(r"""
## The checks, live

The claim needs an equation, a clock, and an equation in the new time. The last tier simulates
paths of both, with the same noise.
"""),
    code(
        r"""
claim = TimeChangeClaim(sde=before, rate=gamma, changed=after)
show(check(claim, effort="quick"))
""",
        prints=(
            "derivation  AGREES",
            "exact       AGREES",
            "generator   AGREES",
            "one-step    AGREES",
        ),
    ),
)

MISTAKES = (
    mutant(
        r"""
The $\sqrt\gamma$ is kept in front of the noise although the clock has taken it up.
""",
        r"""
kept = replace(claim, changed=MatrixSDE({Theta: sqrt(gamma) * S(B_tau.d) * Theta}))
show(check(kept, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "the power of γ"),
    ),
    mutant(
        r"""
The clock is turned over: $\tau = t/\gamma$.
""",
        r"""
inverse = replace(claim, rate=1 / gamma)
show(check(inverse, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "claimed −1, measured 1"),
    ),
    mutant(
        r"""
The new equation is read in the sense of Stratonovich, the old one in that of Itô. The powers of
$\gamma$ are right, and still a drift has come in from nowhere.
""",
        r"""
reread = replace(claim, changed=MatrixSDE({Theta: S(B_tau.d) * Theta}, calculus="stratonovich"))
show(check(reread, effort="quick", tiers=("exact",)))
""",
        prints=("DISAGREES", "nothing of it"),
    ),
    mutant(
        r"""
A state-dependent clock in a Stratonovich equation, and the drift $\partial_xa/4a$ forgotten.
""",
        r"""
naive = replace(circled, changed=MatrixSDE({x: beta_tau.d}))
show(check(naive, effort="quick", tiers=("exact", "one-step")))
""",
        prints=("DISAGREES", "is missing"),
    ),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
Give the Ornstein–Uhlenbeck equation $\mathrm dx = -\kappa x\,\mathrm dt + \sigma\,\mathrm d\beta$ a
unit noise. Which clock does it, and what becomes of $\kappa$? State it as a claim and have it
judged.
""",
        hint=r"""
The noise is divided by $\sqrt a$, the drift by $a$.
""",
        solution=r"""
kappa, sigma = positive("kappa"), positive("sigma")
unit = TimeChangeClaim(
    sde=MatrixSDE({x: -kappa * x * dt + sigma * beta.d}),
    rate=sigma**2,
    changed=MatrixSDE({x: -kappa / sigma**2 * x * dt + beta_tau.d}),
)
verdict = check(unit, effort="quick", tiers=("derivation", "exact"))
show(verdict)
assert verdict.status == "AGREES"
""",
    ),
    exercise(
        r"""
Let the noise fade: $\mathrm d\Theta = \sqrt{\gamma e^{-t}}\,S(\mathrm dB)\,\Theta$. Which clock
takes it out of the equation? When $t\to\infty$, how far does the new time get, and what does this
mean for $\det M$, which falls as $e^{-2pk\tau}$?
""",
        hint=r"""
Time itself is the symbol `t`. $\tau(t) = \int_0^t\gamma e^{-s}\,\mathrm ds$.
""",
        solution=r"""
from sympy import exp

fading = gamma * exp(-t)
verdict = check(
    TimeChangeClaim(
        sde=MatrixSDE({Theta: sqrt(fading) * S(B.d) * Theta}), rate=fading, changed=after
    ),
    effort="quick",
    tiers=("derivation",),
)
show(verdict)
assert verdict.status == "AGREES"
print("τ ends at γ: det M does not fall below det M(0) exp(−2pkγ)")
""",
    ),
    exercise(
        r"""
Check the count of steps. For pure label noise of whitened data one step of SGD lowers
$\log\det M$ by $-2\sum_i\log|1-\eta^2s_i^2|$, with the singular values $s_i$ of a Gaussian $G$ of
variance $\delta/n$. How many steps take $\log\det M$ down by 1, for $\eta$ and for $\eta/2$?
""",
        hint=r"""
Draw many $G$ and take the mean fall of a step. By the change of time the number of steps is about
$n/(2pk\,\eta^2\delta)$.
""",
        solution=r"""
draws = np.random.default_rng(2).standard_normal((20_000, 3, 2))  # δ/n = 1
singular = np.linalg.svd(draws, compute_uv=False)
counts = [
    -1 / (2 * np.log(np.abs(1 - size**2 * singular**2)).sum(axis=1).mean())
    for size in (0.02, 0.01)
]
print(f"steps: {counts[0]:.0f} and {counts[1]:.0f}, ratio {counts[1] / counts[0]:.1f}")
assert abs(counts[1] / counts[0] - 4) < 0.05
""",
    ),
    text(r"""
## Where to go on

B. Øksendal, *Stochastic Differential Equations*, Theorem 8.5.7, has the proof for clocks that
depend on the path. The theorem of Dambis, Dubins and Schwarz is about one dimension: a continuous
local martingale $N$ that starts at zero and has $\langle N\rangle_\infty = \infty$ is a Brownian
motion by its own clock $\langle N\rangle$; if $\langle N\rangle_\infty$ may be finite, it is one up
to there, on a larger probability space. Matrix noise has many entries and one clock for all of
them. There it is Lévy's characterisation that is needed: continuous local martingales with
$\mathrm d\langle\tilde B_{ia},\tilde B_{jb}\rangle = \delta_{ij}\delta_{ab}\,\mathrm d\tau$ are
independent Brownian motions, and with $\mathrm d\tilde B = \sqrt a\,\mathrm dB$ each of these
rates is $a\,\mathrm dt = \mathrm d\tau$ or zero.

In the catalogue: `time_change`, `lyapunov_spectrum` (what (5.3) does for long times),
`noise_algebra` (Itô and Stratonovich for this equation).
"""),
)

WALKTHROUGH = Walkthrough(
    title="The change of time, from (5.2) to (5.3)",
    order=3,
    cells=(
        *SETTING,
        *STEP,
        *POWER,
        *DRIFT,
        *CALCULUS,
        *STATE,
        *CHECKS,
        *MISTAKES,
        *EXERCISES,
    ),
)
