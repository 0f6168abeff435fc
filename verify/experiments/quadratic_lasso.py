"""Label noise under the quadratic parametrisation β = θ², beside the Lasso that it solves.

The real algorithm, full batch, labels with fresh noise of variance s = δ/η in every step,

    θ⁺ = θ − ηθ⊙X'(Xθ² − y − ξ),

is run for several δ, and the mean of β over the second half is compared with the minimiser of

    ½|Xb − y|² + (δ/2) Σ_j |x_j|² b_j   over b ≥ 0,

which `scipy.optimize.nnls` finds: with X'X = LL' it is the b ≥ 0 that minimises |L'b − L⁻¹c|²,
c = X'y − δh/2.  The mean may differ from it by order η, since the step's squared gradient stands
beside its noise.  X'ξ is drawn by its exact law, N(0, sX'X).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds
from verify.planning import Estimate
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Law", "experiment", "judge", "lasso", "stated_penalty", "stated_rate"]


# Of the largest weight: the relevant error of means, and the part of it that η > 0 may make.
NEAR, UNSETTLED = 0.15, 0.05
# By e to this power β must come closer to the minimiser before its mean begins.
SETTLED = 6.0
# What measured rates may have beside what is stated, as shares of each term, and relevant shares.
TERMS = ("of the gradient term", "of δ", "of δ(|xⱼ|² − 1)")
RELEVANT = (0.1, 0.1, 0.2)


def experiment() -> Experiment:
    """The experiment; standard settings take about a minute on two cores."""
    return Experiment(
        id="quadratic-lasso",
        title="Label noise under β = θ² solves a Lasso with weights |x_j|² over b ≥ 0",
        source="Pillaud-Vivien, Reygner, Flammarion, COLT 2022 (THEOREMS.md, section 6)",
        claim="The mean of β over time is the minimiser of ½|Xb − y|² + (δ/2)Σ|x_j|²b_j over "
        "b ≥ 0; what is off its support dies at the rate of its slack.",
        settings=MappingProxyType(
            {
                "samples": 30,
                "features": 6,
                "truth": [0.6, 0.4, 0.25],
                "disorder": 0.1,
                "step": 0.005,
                "noises": [0.05, 0.1, 0.25, 0.5, 0.8, 1.8],
                "time": 400.0,
                "replicas": 160,
            }
        ),
        quick=MappingProxyType(
            {"step": 0.01, "noises": [0.1, 0.25, 0.5, 1.8], "time": 240.0, "replicas": 128}
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def lasso(gram: Array, target: Array, weight: Array | float = 0.0) -> Array:
    """The b ≥ 0 that minimises ½b'Gb − target'b + weight'b, G (d, d) positive definite."""
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    L = np.linalg.cholesky(gram)
    return np.asarray(nnls(L.T, solve_triangular(L, target - weight, lower=True))[0])


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """One data set, features of different lengths; β over time for every δ."""
    rng = generator(seed, 0)
    n, d = settings["samples"], settings["features"]
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.2 * rng.standard_normal((d, d)))
    X *= np.sqrt(rng.uniform(0.6, 1.4, d)) / np.linalg.norm(X, axis=0)
    truth = np.zeros(d)
    truth[: len(settings["truth"])] = settings["truth"]
    y = X @ truth + settings["disorder"] / np.sqrt(n) * rng.standard_normal(n)
    gram, target = X.T @ X, X.T @ y
    found = _trained(gram, target, rng, settings, progress)
    return {"gram": gram, "target": target, **found}


def _trained(
    gram: Array, target: Array, rng: np.random.Generator, settings: Settings, progress: Progress
) -> dict[str, object]:
    """β (δ, run, feature): means over the second half, and rates of log β over it."""
    eta, noises = settings["step"], np.array(settings["noises"])
    steps = 2 * round(settings["time"] / eta / 2)
    factor = np.linalg.cholesky(gram).T
    theta = np.full((len(noises), settings["replicas"], len(target)), 0.7)
    size = np.sqrt(noises / eta)[:, None, None]
    total, half = np.zeros_like(theta), np.zeros_like(theta)
    for number in range(steps + 1):
        beta = theta**2
        if number % 1000 == 0:
            progress(number / steps, "label noise")
        if 2 * number == steps:
            half = 2 * np.log(np.abs(theta))
        if 2 * number > steps:
            total += beta
        if number < steps:
            drawn = size * (rng.standard_normal(theta.shape) @ factor)
            theta = theta * (1 + eta * (target - beta @ gram + drawn))
    late = steps // 2
    return {
        "mean": total / late,
        "rate": (2 * np.log(np.abs(theta)) - half) / (late * eta),
    }


Choice = Callable[[Array, Array, Array], Array]
"""Which features count, of b, of the gradient terms and of δ|x_j|²."""
Law = Callable[[Array, Array | float, Array], Array]
"""A number for every feature, of its gradient term 2(X'(y − Xb))_j, of δ and of h_j = |x_j|²."""


def stated_penalty(gradient: Array, noise: Array | float, h: Array) -> Array:
    """The weight of b_j in the Lasso, as stated."""
    return np.asarray(0.5 * noise * h + 0 * gradient)


def stated_rate(gradient: Array, noise: Array | float, h: Array) -> Array:
    """The rate of log β_j, as stated; 0 on the support."""
    return np.asarray(gradient - noise * h)


def solution(run: Numbers, noise: float, penalty: Law = stated_penalty) -> tuple[Array, Array]:
    """The minimiser b for one δ, and its gradient terms 2(X'(y − Xb))_j."""
    gram, target = np.asarray(run["gram"]), np.asarray(run["target"])
    b = lasso(gram, target, penalty(np.zeros(len(gram)), noise, np.diag(gram)))
    return b, 2 * (target - gram @ b)


def _settled(run: Numbers, noise: float, time: float) -> bool:
    """Whether β comes to the minimiser, by its linear equation, e^`SETTLED` times closer in a time.

    What is off the support dies at the rate of its slack; what is on it, S, comes closer as
    exp(−2 diag(b_S) G_SS t), of which the slowest mode counts.
    """
    b, gradient = solution(run, noise)
    gram, on = np.asarray(run["gram"]), b > 0
    speeds = -stated_rate(gradient, noise, np.diag(gram))[~on]
    root = np.sqrt(b[on])
    modes = 2 * np.linalg.eigvalsh(root[:, None] * gram[np.ix_(on, on)] * root)
    return bool(np.all(np.concatenate([speeds, modes]) * time >= SETTLED))


def _problems(runs: Sequence[Numbers], settings: Settings) -> list[tuple[Numbers, int, float]]:
    """Data set, place of δ and δ of each problem that is settled in the first half of the time."""
    return [
        (run, number, noise)
        for run in runs
        for number, noise in enumerate(settings["noises"])
        if _settled(run, noise, settings["time"] / 2)
    ]


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    rate: Law = stated_rate,
    penalty: Law = stated_penalty,
) -> list[Finding]:
    """The means, the rates off the support, the decay of all for large noise.

    Another rate and another penalty show what the judge sees.
    """
    return [
        _means(runs, settings, penalty),
        _of_rates(
            "off the support",
            "Off its support log β_j falls at the rate of the slack, 2(X'(Xb − y))_j + δ|x_j|².",
            _slack(runs, settings),
            settings["step"],
            rate,
        ),
        _of_rates(
            "large noise",
            "For δ > max_j 2(X'y)_j/|x_j|² all of β dies, log β_j at the rate δ|x_j|² − 2(X'y)_j.",
            _dying(runs, settings),
            settings["step"],
            rate,
        ),
    ]


def _means(runs: Sequence[Numbers], settings: Settings, penalty: Law) -> Finding:
    plain, equal, other, problems = 0.0, 0.0, {0.5: 0.0, 2.0: 0.0}, _problems(runs, settings)
    count = max(len(problems) * settings["features"], 1)
    estimates = []
    for run, number, noise in problems:
        unpenalised = lasso(np.asarray(run["gram"]), np.asarray(run["target"]))
        largest = float(np.max(unpenalised))
        b, _ = solution(run, noise, penalty)
        mean = np.asarray(run["mean"])[number] / largest
        off = (over_seeds(m, ALPHA / count) for m in (mean - b / largest).T)
        estimates += [replace(e, bias=UNSETTLED) for e in off]
        plain = max(plain, float(np.max(np.abs(mean.mean(axis=0) - unpenalised / largest))))
        unweighted = solution(run, noise, partial(_of_equal_lengths, penalty))[0]
        equal = max(equal, float(np.max(np.abs(unweighted - b)) / largest))
        for factor, seen in other.items():
            off_by = np.max(np.abs(solution(run, factor * noise, penalty)[0] - b)) / largest
            other[factor] = max(seen, float(off_by))
    seen = min(*other.values(), equal)
    if seen <= NEAR:
        estimates.append(Estimate(value=0.0, half_width=np.inf))
    worst = max(estimates, key=lambda e: abs(e.value) + e.half_width)
    return Finding(
        name="the Lasso",
        statement="The mean of β over time minimises ½|Xb − y|² + (δ/2)Σ|x_j|²b_j over b ≥ 0, "
        f"within {NEAR:g} of the largest weight, where β has the time to come there.",
        status=combine(e.decide(NEAR) for e in estimates),
        reason=f"{len(problems)} of {len(runs) * len(settings['noises'])} problems come e^"
        f"{SETTLED:g} times closer before the mean begins; their weights: mean − solver at most "
        f"{worst.value:+.3f} ± {worst.half_width:.3f} of the largest weight (relevant {NEAR:g}, of "
        f"which {UNSETTLED:g} is left to η > 0; error rate {ALPHA:g}); half or twice the "
        f"penalty makes {min(other.values()):.2f}, one of equal lengths {equal:.2f} (both must be "
        f"more than is relevant), none {plain:.2f}",
        numbers={"worst": worst.value, "half_width": worst.half_width, "unpenalised": plain},
    )


def _of_equal_lengths(penalty: Law, gradient: Array, noise: Array | float, h: Array) -> Array:
    """The ordinary Lasso: the penalty of the mean of |x_j|² for every feature."""
    return penalty(gradient, noise, np.full_like(h, h.mean()))


@dataclass(frozen=True, kw_only=True)
class _Rates:
    """Measured rates of log β of some features under some noises."""

    gradient: Array
    """Gradient terms 2(X'(y − Xb))_j, (rates,)."""
    noise: Array
    """δ"""
    h: Array
    """|x_j|²"""
    measured: Array
    """(rates, replicas)"""


def _chosen(runs: Sequence[Numbers], settings: Settings, which: Choice) -> _Rates:
    rows = []
    for run, number, noise in _problems(runs, settings):
        h = np.diag(np.asarray(run["gram"]))
        b, gradient = solution(run, noise)
        measured = np.asarray(run["rate"])[number]
        for j in np.flatnonzero(which(b, gradient, noise * h)):
            rows.append((gradient[j], noise, h[j], measured[:, j]))
    return _Rates(
        gradient=np.array([row[0] for row in rows]),
        noise=np.array([row[1] for row in rows]),
        h=np.array([row[2] for row in rows]),
        measured=np.array([row[3] for row in rows]).reshape(len(rows), settings["replicas"]),
    )


def _slack(runs: Sequence[Numbers], settings: Settings) -> _Rates:
    """Of features well off the support: the slack is more than half of δ|x_j|²."""
    return _chosen(runs, settings, lambda b, gradient, dh: (b == 0) & (gradient < 0.5 * dh))


def _dying(runs: Sequence[Numbers], settings: Settings) -> _Rates:
    """Of all features where noise leaves none."""
    return _chosen(runs, settings, lambda b, gradient, dh: np.full(len(b), np.all(gradient < dh)))


def _of_rates(name: str, statement: str, of: _Rates, step: float, rate: Law) -> Finding:
    """What measured rates have that is not stated, by the terms that rates can have.

    Measured minus stated is fitted by the gradient term, δ, and δ(|x_j|² − 1): three coefficients,
    all 0 for a right law, one a replica each, since features of a replica share their noise.
    Rates weigh as their noise does, by 1/δ|x_j|².

    The bias is the fourth order of the steps: log(1 + ηg)² has −½η⁴g⁴, which is −(3/2)η(δh)² per
    unit time for normal g of variance δh/η.
    """
    stated = rate(of.gradient, of.noise, of.h)
    terms = np.stack([of.gradient, of.noise, of.noise * (of.h - 1)], axis=-1)
    estimates = [Estimate(value=0.0, half_width=np.inf)] * 3
    if len(stated) and np.linalg.matrix_rank(terms) == 3:
        weight = 1 / np.sqrt(of.noise * of.h)
        fit = np.linalg.pinv(terms * weight[:, None]) * weight
        bias = np.abs(fit @ (1.5 * step * (of.noise * of.h) ** 2))
        off = fit @ (of.measured - stated[:, None])
        estimates = [
            replace(over_seeds(values, ALPHA / 3), bias=float(b))
            for values, b in zip(off, bias, strict=True)
        ]
    shown = ", ".join(
        f"{words} {e.value:+.3f} ± {e.half_width:.3f} (bias {e.bias:.3f}, relevant {relevant:g})"
        for words, e, relevant in zip(TERMS, estimates, RELEVANT, strict=True)
    )
    return Finding(
        name=name,
        statement=statement,
        status=combine(e.decide(r) for e, r in zip(estimates, RELEVANT, strict=True)),
        reason=f"measured − stated over {len(stated)} rates is {shown}; error rate {ALPHA:g}, bias "
        "of the steps",
        numbers={"stated": stated, "measured": of.measured.mean(axis=1)},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The path of the Lasso with the means on it; the rates."""
    drawn = style.figure(11.0, 6.6)
    path, rates = drawn.subplots(1, 2, width_ratios=[1.5, 1])
    _path(path, runs[0], settings)
    _scatter(rates, findings[1:])
    claim = (
        "Label noise under β = θ² solves a Lasso: the mean of β over time is the minimiser, and "
        "what is off its support dies at the rate of its slack"
        if combine(finding.status for finding in findings) == Status.AGREES
        else "Label noise under β = θ² beside the Lasso"
    )
    style.caption(
        drawn,
        claim=claim,
        about=f"n = {settings['samples']}, d = {settings['features']}, lengths |xⱼ|² between 0.6 "
        f"and 1.4; η = {settings['step']:g}, label variance δ/η, time {settings['time']:g}, "
        f"{settings['replicas']} runs of each of {len(runs)} data sets (left: the first)",
        verdicts=style.judged(findings),
    )
    return {"lasso": drawn}


def _path(panel: Axes, run: Numbers, settings: Settings) -> None:
    """Solver as lines over δ, mean of the runs as points."""
    noises = np.array(settings["noises"])
    grid = np.linspace(0, 1.05 * noises.max(), 200)
    lines = np.array([solution(run, float(noise))[0] for noise in grid])
    mean: Any = np.asarray(run["mean"])
    error = mean.std(axis=1, ddof=1) / np.sqrt(mean.shape[1])
    settled = np.array([_settled(run, float(noise), settings["time"] / 2) for noise in noises])
    for j, shade in enumerate(style.shades(lines.shape[1])):
        panel.plot(grid, lines[:, j], color=shade, lw=1.5, label="solver" if not j else None)
        for which, fill, words in (
            (settled, shade, "mean of β over time, one colour a feature"),
            (~settled, "none", "the same, not settled in time: not judged"),
        ):
            panel.errorbar(
                noises[which],
                mean.mean(axis=1)[which, j],
                3 * error[which, j],
                fmt="o",
                ms=4.5,
                color=shade,
                mfc=fill,
                label=words if not j and which.any() else None,
            )
    panel.set_xlabel("noise δ = η · label variance")
    panel.set_ylabel("weight βⱼ")
    panel.set_title("the path of the Lasso", loc="left", fontsize=11)
    panel.legend(loc="upper right", fontsize=8.5)


def _scatter(panel: Axes, findings: Sequence[Finding]) -> None:
    low = 0.0
    for finding, colour, mark in zip(findings, ("blue", "orange"), ("o", "s"), strict=True):
        stated = np.asarray(finding.numbers["stated"])
        if len(stated):
            low = min(low, float(stated.min()))
        panel.plot(
            stated,
            finding.numbers["measured"],
            mark,
            ms=4,
            color=style.COLOURS[colour],
            alpha=0.7,
            label=finding.name,
        )
    panel.plot([low, 0], [low, 0], color=style.INK, lw=1.0)
    panel.set_xlabel("stated rate of log βⱼ")
    panel.set_ylabel("measured rate")
    panel.set_title("what dies, and how fast", loc="left", fontsize=11)
    panel.legend(loc="upper left", fontsize=8.5)
