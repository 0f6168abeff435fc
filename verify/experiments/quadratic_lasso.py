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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds
from verify.planning import Estimate
from verify.verdict import combine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["experiment", "lasso"]


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
            {"step": 0.01, "noises": [0.1, 0.25, 0.5, 1.8], "time": 160.0, "replicas": 128}
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


def solution(run: Numbers, noise: float, factor: float = 0.5) -> tuple[Array, Array]:
    """The minimiser b for one δ, and the rates −2(Gb − X'y) − δh, 0 on its support."""
    gram, target = np.asarray(run["gram"]), np.asarray(run["target"])
    h = np.diag(gram)
    b = lasso(gram, target, factor * noise * h)
    return b, 2 * (target - gram @ b) - 2 * factor * noise * h


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The means, the rates off the support, the decay of all for large noise."""
    return [_means(runs, settings), _rates(runs, settings), _collapse(runs, settings)]


def _means(runs: Sequence[Numbers], settings: Settings) -> Finding:
    relevant, estimates, plain = 0.1, [], 0.0
    count = len(runs) * len(settings["noises"]) * settings["features"]
    for run in runs:
        largest = float(np.max(lasso(np.asarray(run["gram"]), np.asarray(run["target"]))))
        for number, noise in enumerate(settings["noises"]):
            b, _ = solution(run, noise)
            mean = np.asarray(run["mean"])[number] / largest
            estimates += [over_seeds(m, ALPHA / count) for m in (mean - b / largest).T]
            unpenalised, _ = solution(run, noise, 0.0)
            plain = max(plain, float(np.max(np.abs(mean.mean(axis=0) - unpenalised / largest))))
    worst = max(estimates, key=lambda e: abs(e.value) + e.half_width)
    return Finding(
        name="the Lasso",
        statement="The mean of β over time minimises ½|Xb − y|² + (δ/2)Σ|x_j|²b_j over b ≥ 0.",
        status=combine(e.decide(relevant) for e in estimates),
        reason=f"{count} weights of {len(runs)} data sets: mean − solver at most "
        f"{worst.value:+.3f} ± {worst.half_width:.3f} of the largest weight "
        f"(relevant {relevant:g}, error rate {ALPHA:g}); from least squares without penalty "
        f"up to {plain:.2f}",
        numbers={"worst": worst.value, "half_width": worst.half_width, "unpenalised": plain},
    )


def _slack(run: Numbers, settings: Settings) -> list[tuple[float, Array, float]]:
    """Predicted and measured rates of log β of features well off the support, for every δ."""
    pairs = []
    for number, noise in enumerate(settings["noises"]):
        b, rates = solution(run, noise)
        measured = np.asarray(run["rate"])[number]
        pairs += [
            (float(rates[j]), measured[:, j], float(noise * np.diag(run["gram"])[j]))
            for j in np.flatnonzero((b == 0) & (rates < -0.5 * noise * np.diag(run["gram"])))
        ]
    return pairs


def _rates(runs: Sequence[Numbers], settings: Settings) -> Finding:
    pairs = [pair for run in runs for pair in _slack(run, settings)]
    return _of_rates(
        "off the support",
        "Off its support log β_j falls at the rate of the slack, 2(X'(Xb − y))_j + δ|x_j|².",
        pairs,
        settings["step"],
    )


def _collapse(runs: Sequence[Numbers], settings: Settings) -> Finding:
    pairs = []
    for run in runs:
        h, target = np.diag(run["gram"]), np.asarray(run["target"])
        for number, noise in enumerate(settings["noises"]):
            rate = 2 * target - noise * h
            if np.all(rate < 0):
                measured = np.asarray(run["rate"])[number]
                pairs += [(float(rate[j]), measured[:, j], noise * h[j]) for j in range(len(h))]
    return _of_rates(
        "large noise",
        "For δ > max_j 2(X'y)_j/|x_j|² all of β dies, log β_j at the rate δ|x_j|² − 2(X'y)_j.",
        pairs,
        settings["step"],
    )


def _of_rates(
    name: str, statement: str, pairs: Sequence[tuple[float, Array, float]], step: float
) -> Finding:
    """The slope of measured against predicted rates, through 0, over all that die.

    Its bias is the fourth order of the steps: log(1 + ηg)² has −½η⁴g⁴, which is −(3/2)η(δh)² per
    unit time for normal g of variance δh/η.
    """
    relevant, bias = 0.1, 0.0
    predicted = np.array([rate for rate, _, _ in pairs])
    if not len(pairs):
        estimate = Estimate(value=0.0, half_width=np.inf)
    else:
        # One slope a replica: replicas are independent, features share their noise.
        measured = np.array([rates for _, rates, _ in pairs])
        weights = -predicted / np.sum(predicted**2)
        bias = float(1.5 * step * weights @ np.array([noise**2 for _, _, noise in pairs]))
        estimate = replace(over_seeds(-weights @ measured - 1), bias=bias)
    return Finding(
        name=name,
        statement=statement,
        status=estimate.decide(relevant),
        reason=f"measured/predicted {1 + estimate.value:.3f} ± {estimate.half_width:.3f} over "
        f"{len(pairs)} rates, bias of the steps up to {bias:.3f} (relevant {relevant:.0%}, error "
        f"rate {ALPHA:g})",
        numbers={"predicted": predicted, "measured": [float(m.mean()) for _, m, _ in pairs]},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The path of the Lasso with the means on it; the rates."""
    drawn = style.figure(11.0, 6.6)
    path, rates = drawn.subplots(1, 2, width_ratios=[1.5, 1])
    _path(path, runs[0], settings)
    _scatter(rates, findings[1:])
    style.caption(
        drawn,
        claim="Label noise under β = θ² solves a Lasso: the mean of β over time is the "
        "minimiser, and what is off its support dies at the rate of its slack",
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
    for j, shade in enumerate(style.shades(lines.shape[1])):
        panel.plot(grid, lines[:, j], color=shade, lw=1.5, label="solver" if not j else None)
        panel.errorbar(
            noises,
            mean.mean(axis=1)[:, j],
            3 * error[:, j],
            fmt="o",
            ms=4.5,
            color=shade,
            label="mean of β over time, one colour a feature" if not j else None,
        )
    panel.set_xlabel("noise δ = η · label variance")
    panel.set_ylabel("weight βⱼ")
    panel.set_title("the path of the Lasso", loc="left", fontsize=11)
    panel.legend(loc="upper right", fontsize=8.5)


def _scatter(panel: Axes, findings: Sequence[Finding]) -> None:
    low = 0.0
    for finding, colour, mark in zip(findings, ("blue", "orange"), ("o", "s"), strict=True):
        predicted = np.asarray(finding.numbers["predicted"])
        if len(predicted):
            low = min(low, float(predicted.min()))
        panel.plot(
            predicted,
            finding.numbers["measured"],
            mark,
            ms=4,
            color=style.COLOURS[colour],
            alpha=0.7,
            label=finding.name,
        )
    panel.plot([low, 0], [low, 0], color=style.INK, lw=1.0)
    panel.set_xlabel("predicted rate of log βⱼ")
    panel.set_ylabel("measured rate")
    panel.set_title("what dies, and how fast", loc="left", fontsize=11)
    panel.legend(loc="upper left", fontsize=8.5)
