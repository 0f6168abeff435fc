"""The repulsion of the eigenvalues of W1W1', switched on and off, and drifts as a scatter.

The large eigenvalues push the small ones down: without the term γΣ_{j≠i}(q_i + q_j)/(λ_i − λ_j) of
RD (5.6) every eigenvalue grows by γ|W2|² on average, and neighbours cross.  So they do where the
noise is diagonal in fixed singular bases, as in the teacher–student model of the Stochastic
Collapse paper: nothing turns the singular vectors there, and nothing repels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaincinv

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.repulsion_paths import Noise, branches, enumerated, paths
from verify.experiments.repulsion_pictures import draw
from verify.paths.pathwise import path_errors
from verify.planning import ErrorBudget, Estimate
from verify.statistics.bounds import quantile_interval
from verify.verdict import Status, combine

__all__ = ["experiment", "findings", "judge"]

BUDGET = ErrorBudget()
RELEVANT = {"drift": 1e-3, "path": 0.03}
"""Relevant errors: of the drift relative to γ|W2|² + |repulsion|; of paths relative to the push."""
LEVELS = 3
ROUNDING = 1e-7
"""Of a second difference of eigenvalues at the step of the branches, relative."""


def experiment() -> Experiment:
    """Eigenvalue paths with and without the repulsion, for one and for two outputs."""
    return Experiment(
        id="repulsion",
        title="The repulsion of the eigenvalues of W₁W₁′, on and off",
        source="RD Theorem 5.1 and (5.6)",
        claim="Under label noise the eigenvalues of W₁W₁′ push each other apart: this term drives "
        "the smallest down; without it they rise and cross. Where the noise leaves the singular "
        "vectors still, nothing repels, and they cross.",
        settings={
            "features": 4,
            "targets": [1, 2],
            "gamma": 1.0,
            "horizon": 0.5,
            "steps": 200,
            "paths": 200,
            "states": 12,
            "branches": 2000,
            "branch step": 1e-6,
        },
        quick={"paths": 100, "steps": 100, "states": 4, "branches": 200},
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Paths at three step lengths and drifts at states along them, for every number of outputs."""
    found = {}
    for place, k in enumerate(settings["targets"]):
        progress(place / len(settings["targets"]), f"k = {k}")
        found[f"k = {k}"] = _outputs(seed, k, settings)
    return found


def _outputs(seed: int, k: int, settings: Settings) -> Mapping[str, Any]:
    p = settings["features"]
    noise = Noise(features=p, targets=k, width=p + k, gamma=settings["gamma"])
    runs = []
    for level in range(LEVELS):
        steps = settings["steps"] << level
        runs.append(
            paths(
                noise, horizon=settings["horizon"], steps=steps, count=settings["paths"],
                seed=seed, at=tuple(range(0, steps + 1, steps // 100)),
            )
        )  # fmt: skip
    values = runs[-1].values
    return {
        "times": runs[-1].times,
        "on": values["on"][:, 0],
        "off": values["off"][:, 0],
        "still": values["still"][:, 0],
        "quantiles": _quantiles(values["on"]),
        "quantiles without": _quantiles(values["off"]),
        "quantiles still": _quantiles(values["still"]),
        "start": values["on"][0],
        "end": values["on"][-1],
        "end without": values["off"][-1],
        "apart": values["apart"][-1],
        "apart still": values["apart still"][-1],
        "left": [run.values["on"][-1] - run.values["off"][-1] for run in runs],
        "push": [run.values["push"][-1] for run in runs],
        **_drifts(noise, values, settings, seed),
    }


def _quantiles(values: Array) -> Array:
    """10 %, 50 % and 90 % over the paths of λ_p(t)/λ_p(0), (times, 3)."""
    return np.asarray(np.quantile(values[:, :, -1] / values[0, :, -1], [0.1, 0.5, 0.9], axis=1).T)


def _drifts(
    noise: Noise, values: Mapping[str, Array], settings: Settings, seed: int
) -> Mapping[str, Array]:
    """Stated parts and simulated drift at states along the paths."""
    rng = np.random.Generator(np.random.SFC64([seed, noise.targets]))
    times = len(values["W1"])
    states = range(settings["states"])
    W1, W2 = (
        np.stack([values[name][m * times // len(states), m] for m in states])
        for name in ("W1", "W2")
    )
    h = settings["branch step"]
    exact = [enumerated(noise, *weights, h) for weights in zip(W1, W2, strict=True)]
    drawn = [
        branches(noise, *weights, h, settings["branches"], rng)
        for weights in zip(W1, W2, strict=True)
    ]
    return {
        "growth": np.repeat(noise.growth(W2), noise.features, axis=1),
        "repulsion": noise.repulsion(W1, W2),
        "drift": np.array([value for value, _ in exact]),
        "drift bias": np.array([bias for _, bias in exact]),
        "branches": np.array([value for value, _ in drawn]),
        "branches error": np.array([error for _, error in drawn]),
    }


@dataclass(frozen=True, kw_only=True)
class _Pooled:
    """All seeds of one number of outputs."""

    parts: Sequence[Mapping[str, Any]]

    def of(self, name: str) -> Array:
        """One array, the paths or states of all seeds on the first axis."""
        return np.concatenate([np.asarray(part[name]) for part in self.parts])

    def level(self, name: str, level: int) -> Array:
        """The same at one step length."""
        return np.concatenate([np.asarray(part[name][level]) for part in self.parts])


def judge(numbers: Sequence[Numbers], settings: Settings) -> Sequence[Finding]:
    """All findings, with the stated repulsion."""
    return findings(numbers, settings, factor=1.0)


def findings(numbers: Sequence[Numbers], settings: Settings, *, factor: float) -> list[Finding]:
    """All findings, with the repulsion multiplied by a factor: 1 is what is stated."""
    found = []
    names = [f"k = {k}" for k in settings["targets"]]
    budget = BUDGET.split(4 * len(names))
    for name in names:
        pooled = _Pooled(parts=[part[name] for part in numbers])
        found.append(_drift(name, pooled, factor))
        found.append(_path(name, pooled, factor, budget))
        found.append(_smallest(name, pooled, budget.alpha))
        found += [_crossing(name, pooled, budget.alpha, still=still) for still in (False, True)]
    return found


def _finding(name: str, statement: str, status: Status, reason: str, **numbers: Any) -> Finding:
    rates = {"false agree": BUDGET.false_agree, "false reject": BUDGET.false_reject}
    return Finding(
        name=name, statement=statement, status=status, reason=reason, numbers={**numbers, **rates}
    )


def _drift(name: str, pooled: _Pooled, factor: float) -> Finding:
    """Every eigenvalue at every state; no chance is involved, so the worst one decides."""
    growth, repulsion = pooled.of("growth"), pooled.of("repulsion")
    scale = growth + np.abs(repulsion)
    off = (pooled.of("drift") - growth - factor * repulsion) / scale
    bias = (pooled.of("drift bias") + ROUNDING * scale) / scale
    states = [
        Estimate(value=float(v), bias=float(b)).decide(RELEVANT["drift"])
        for v, b in zip(off.ravel(), bias.ravel(), strict=True)
    ]
    worst = float(np.max(np.abs(off)))
    share = float(np.median(np.abs(repulsion) / scale))
    drawn, error = pooled.of("branches"), pooled.of("branches error")
    within = np.mean(np.abs(drawn - growth - factor * repulsion) <= 3 * error)
    return _finding(
        f"drift, {name}",
        "The drift of every eigenvalue is γ|W2|² + γΣ_{j≠i}(q_i + q_j)/(λ_i − λ_j).",
        combine(states),
        f"{len(states)} drifts from all steps ±√h: largest relative difference {worst:.1g}, bias ≤ "
        f"{np.max(bias):.1g}, relevant {RELEVANT['drift']:g}; the repulsion is {share:.0%} of the "
        f"terms (median); {within:.0%} of the Gaussian branches within 3 standard errors",
        worst=worst,
        share=share,
    )


def _path(name: str, pooled: _Pooled, factor: float, budget: ErrorBudget) -> Finding:
    """What separates the paths with from those without repulsion, at three step lengths."""
    scale = np.median(np.abs(pooled.level("push", LEVELS - 1)), axis=0)
    errors = [
        (pooled.level("left", m) - factor * pooled.level("push", m)) / scale for m in range(LEVELS)
    ]
    judged = path_errors(errors, budget, noisy=True)
    worst = judged.worst_centre
    spread = judged.worst_spread
    return _finding(
        f"paths, {name}",
        "On every path λ_i with the repulsion minus λ_i without it is the integral of the "
        "repulsion.",
        judged.status(RELEVANT["path"]),
        f"{len(errors[0])} paths: relative to the push, median {worst.value:+.1g} ± "
        f"{worst.half_width:.1g}, bias ≤ {worst.bias:.1g}, relevant {RELEVANT['path']:g}; 75 % "
        f"within {spread.value:.1g} ± {spread.half_width:.1g} as h → 0",
        medians=judged.medians,
        outer=judged.outer,
    )


def _smallest(name: str, pooled: _Pooled, alpha: float) -> Finding:
    """Medians of log λ_p(T)/λ_p(0) with, and of (λ_p(T) − λ_p(0))/λ_p(0) without, repulsion."""
    start, end, without = (pooled.of(x)[:, -1] for x in ("start", "end", "end without"))
    falls = quantile_interval(end / start, 0.5, alpha / 2)
    rises = quantile_interval(without / start, 0.5, alpha / 2)
    status = Status.INCONCLUSIVE
    if falls[1] < 1 < rises[0]:
        status = Status.AGREES
    elif falls[0] > 1 or rises[1] < 1:
        status = Status.DISAGREES
    return _finding(
        f"smallest, {name}",
        "The smallest eigenvalue falls on the median path; without the repulsion it rises.",
        status,
        f"median λ_p(T)/λ_p(0) in [{falls[0]:.2g}, {falls[1]:.2g}] with, in [{rises[0]:.2g}, "
        f"{rises[1]:.2g}] without the repulsion",
        falls=falls,
        rises=rises,
    )


def _crossing(name: str, pooled: _Pooled, alpha: float, *, still: bool) -> Finding:
    """The share of paths on which neighbours without repulsion cross (Clopper–Pearson)."""
    crossed = np.any(pooled.of("apart still" if still else "apart") < 0, axis=1)
    count, n = int(crossed.sum()), len(crossed)
    low = float(betaincinv(count, n - count + 1, alpha / 2)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - alpha / 2)) if count < n else 1.0
    where = (
        "Where the noise leaves the singular vectors still" if still else "Without the repulsion"
    )
    return _finding(
        f"{'standing' if still else 'crossing'}, {name}",
        f"{where} some paths have eigenvalues that cross.",
        Status.AGREES if low > 0 else Status.INCONCLUSIVE,
        f"{count} of {n} paths crossed: {count / n:.1%}, probability in [{low:.1%}, {high:.1%}]",
        share=count / n,
        bounds=(low, high),
    )
