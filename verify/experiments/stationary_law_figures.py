"""The picture of `stationary_law`: densities below the threshold, g, the fall of log v above."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["law_figure"]

WAYS = (("sgd", "SGD", style.COLOURS["vermilion"]), ("sde", "SDE", style.COLOURS["blue"]))
LN10 = float(np.log(10))


def law_figure(
    runs: Sequence[Numbers],
    settings: Settings,
    findings: Sequence[Finding],
    densities: Sequence[tuple[Array, ...]],
    spread: Callable[[Array], Array],
    about: str,
) -> Figure:
    """A panel for each law below the threshold, one for g, and one for the fall above."""
    cases = settings["cases"]
    rows = -(-(len(cases) + 2) // 3)
    drawn = style.figure(12.4, 3.2 * rows + 2.6)
    panels = drawn.subplots(rows, 3, squeeze=False).ravel()
    for i, (slope, noise, square, T, _) in enumerate(cases):
        _draw_law(panels[i], runs, i, densities[i], settings["of_sgd"])
        _titled(panels[i], f"below: a = {slope:g}, σ = {noise:g}, q = {square:g}, T = {T:g}")
        panels[i].set_ylabel("density of log₁₀ v" if i % 3 == 0 else "")
    panels[0].legend(loc="upper left", fontsize=8)
    fall, noises = panels[len(cases)], panels[len(cases) + 1]
    _draw_noise(noises, runs, settings, spread)
    _draw_fall(fall, runs, findings[-1].numbers["stated"])
    slope, noise, square, T = settings["above"]
    _titled(fall, f"above: a = {slope:g}, σ = {noise:g}, q = {square:g}, T = {T:g}")
    for axes in panels[len(cases) + 2 :]:
        axes.set_visible(False)
    claim = (
        "v = uw has the stated law below the threshold of the noise, and dies out above it"
        if all(finding.status == Status.AGREES for finding in findings)
        else "The law of v = uw below and above the threshold of the noise"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _titled(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11)


def _draw_noise(
    axes: Axes, runs: Sequence[Numbers], settings: Settings, spread: Callable[[Array], Array]
) -> None:
    slope, noise, square, *_ = settings["cases"][1]
    v = slope * np.asarray(settings["places"])
    measured = np.mean([np.asarray(run["variances"]).mean(axis=1) for run in runs], axis=0)
    grid = np.linspace(0, v.max(), 200)
    axes.plot(v, measured, "o", ms=5, color=style.COLOURS["vermilion"], label="one sample of SGD")
    axes.plot(grid, spread(grid), color=style.INK, lw=1.2, ls=style.DASHES, label="g(v), stated")
    _titled(axes, f"gradient noise: a = {slope:g}, σ = {noise:g}, q = {square:g}")
    axes.set_xlabel("v")
    axes.set_ylabel("Var(v x² − xy)")
    axes.legend(loc="upper left", fontsize=8)


def _draw_law(
    axes: Axes, runs: Sequence[Numbers], i: int, density: tuple[Array, ...], of_sgd: int
) -> None:
    grid, weight = density
    low, high = grid[weight > 1e-3 * weight.max()][[0, -1]]
    bins = np.linspace(low, high, 51) / LN10
    for name, label, colour in WAYS[0 if i < of_sgd else 1 :]:
        values = np.concatenate([np.asarray(run[f"log_v_{name}"])[i] for run in runs]) / LN10
        counts = np.histogram(values, bins)[0] / len(values) / (bins[1] - bins[0])
        axes.stairs(counts, bins, color=colour, lw=1.4, label=label)
    inside = (grid >= low) & (grid <= high)
    axes.plot(
        grid[inside] / LN10, weight[inside] * LN10, color=style.INK, lw=1.3, ls=style.DASHES,
        label="stated",
    )  # fmt: skip
    axes.set_ylim(0, None)
    axes.set_xlabel("log₁₀ v")


def _draw_fall(axes: Axes, runs: Sequence[Numbers], rates: Mapping[str, float]) -> None:
    time = np.asarray(runs[0]["fall_time"])
    for i, run in enumerate(runs):
        for name, label, colour in WAYS:
            logs = np.asarray(run[f"fall_{name}"]) / LN10
            named = label if i == 0 else None
            axes.plot(time, logs, color=colour, lw=1.3, alpha=0.7, label=named)
    half = len(time) // 2
    words = {"sde": "slope −4(α₃T − β₂)", "sgd": "slope E log(1 + 2ηxy)²/η"}
    for (name, label), dash in zip(words.items(), (style.DASHES, ":"), strict=True):
        middle = np.mean([np.asarray(run[f"fall_{name}"])[half] for run in runs])
        line = (middle - rates[name] * (time - time[half])) / LN10
        axes.plot(time, line, color=style.INK, lw=1.3, ls=dash, label=label)
    axes.set_xlabel("time t = steps × η")
    axes.set_ylabel("mean of log₁₀ v")
    axes.legend(loc="lower left", fontsize=8)
