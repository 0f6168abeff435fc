"""The picture of `stationary_law`: densities below the threshold, the fall of log v above."""

from __future__ import annotations

from collections.abc import Sequence
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
    densities: Sequence[tuple[Array, Array]],
    rate: float,
    about: str,
) -> Figure:
    """A panel for each T below the threshold, and one for the T above."""
    temperatures = settings["temperatures"]
    drawn = style.figure(4.1 * (len(temperatures) + 1) + 0.2, 5.4)
    panels = drawn.subplots(1, len(temperatures) + 1)
    for i, T in enumerate(temperatures):
        _draw_law(panels[i], runs, i, densities[i])
        panels[i].set_title(f"below: T = {T:g}", loc="left", fontsize=11)
    panels[0].set_ylabel("density of log₁₀ v")
    panels[0].legend(loc="upper left", fontsize=8)
    _draw_fall(panels[-1], runs, rate)
    panels[-1].set_title(f"above: T = {settings['above']:g}", loc="left", fontsize=11)
    claim = (
        "v = uw has the stated law below the threshold of the noise, and dies out above it"
        if all(finding.status == Status.AGREES for finding in findings)
        else "The law of v = uw below and above the threshold of the noise"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _draw_law(axes: Axes, runs: Sequence[Numbers], i: int, density: tuple[Array, Array]) -> None:
    grid, weight = density
    low, high = grid[weight > 1e-3 * weight.max()][[0, -1]]
    bins = np.linspace(low, high, 51) / LN10
    for name, label, colour in WAYS:
        values = np.concatenate([np.asarray(run[f"log_v_{name}"])[i] for run in runs]) / LN10
        counts = np.histogram(values, bins)[0] / len(values) / (bins[1] - bins[0])
        axes.stairs(counts, bins, color=colour, lw=1.4, label=label)
    inside = (grid >= low) & (grid <= high)
    axes.plot(
        grid[inside] / LN10, weight[inside] * LN10, color=style.INK, lw=1.3, ls=style.DASHES,
        label="stated",
    )  # fmt: skip
    axes.set_ylim(0, None)
    axes.set_xlabel("log₁₀ v  (no unit)")


def _draw_fall(axes: Axes, runs: Sequence[Numbers], rate: float) -> None:
    for i, run in enumerate(runs):
        for name, label, colour in WAYS:
            logs = np.asarray(run[f"fall_{name}"]) / LN10
            named = label if i == 0 else None
            time = np.asarray(run[f"fall_time_{name}"])
            axes.plot(time, logs, color=colour, lw=1.3, alpha=0.7, label=named)
    half = len(time) // 2
    middle = np.mean([np.asarray(run["fall_sde"])[half] for run in runs])
    line = (middle - rate * (time - time[half])) / LN10
    axes.plot(time, line, color=style.INK, lw=1.2, ls=style.DASHES, label="slope −4(α₃T − β₂)")
    axes.set_xlabel("time t = steps × η  (no unit)")
    axes.set_ylabel("mean of log₁₀ v")
    axes.legend(loc="lower left", fontsize=8)
