"""The pictures of `norm_growth`: norms over the steps, and the fourth power over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.norm_growth_judge import NETS, fourth_power_rate, mean_rates
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]

GD, SGD = style.COLOURS["blue"], style.COLOURS["vermilion"]
SHOWN = 12
"""How many of a seed's long runs are drawn one by one."""


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The norms of both nets, and |θ|⁴ of Net A."""
    return {
        "norm-growth": _norms(runs, settings, findings[:4]),
        "fourth-power": _fourth(runs, settings, findings[4:]),
    }


def _norms(runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    """Squared norms over the steps: a row for each net; the whole and its layers."""
    drawn = style.figure(11.0, 7.4)
    panels = drawn.subplots(2, 3, sharex=True)
    for row, net in zip(panels, NETS, strict=True):
        for axes, part, name in zip(row, (None, 0, 1), ("|θ|²", "|W|²", "|u|²"), strict=True):
            _draw_norm(axes, runs, net, part)
            axes.set_title(f"Net {net}: {name}", loc="left", fontsize=11)
    for axes in panels[1]:
        axes.set_xlabel("steps")
    for axes in panels[:, 0]:
        axes.set_ylabel("squared norm")
    panels[0, 0].legend(loc="upper left", fontsize=8.5)
    claim = (
        "SGD lets the norm grow, with layer-wise symmetry that of each layer; GD keeps it"
        if all(finding.status == Status.AGREES for finding in findings)
        else "Norms under scale symmetry, SGD and gradient descent"
    )
    about = _about(runs, settings) + (
        "; Net A: f = u′max(Wx, 0)/(|W|² + |u|²), Net B: f = u′max(Wx, 0)/(|W||u|)"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _about(runs: Sequence[Numbers], settings: Settings) -> str:
    return (
        f"n = {settings['n']}, {settings['inputs']} inputs, h = {settings['hidden']}, "
        f"η = {settings['step']:g}, b = 1 or n, label noise σ = {settings['noise']:g}; "
        f"{len(runs)} seeds × {settings['runs']} runs, a data set each"
    )


def _draw_norm(axes: Axes, runs: Sequence[Numbers], net: str, part: int | None) -> None:
    for way, colour, words in (
        ("gd", GD, "gradient descent"),
        ("sgd", SGD, "SGD"),
    ):
        for i, run in enumerate(runs):
            norms = np.asarray(run[f"norms_{net}_{way}"])
            shown = norms.sum(axis=1) if part is None else norms[:, part]
            lines = axes.plot(run["steps"], shown, color=colour, lw=0.8, alpha=0.45)
            if i == 0:
                lines[0].set_label(words)


def _fourth(runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    """|θ|⁴ over time beside its line, and |θ|²tr Σ, which is constant for fixed angles."""
    drawn = style.figure(11.0, 5.2)
    powers, moments = drawn.subplots(1, 2)
    time = settings["step"] * np.asarray(runs[0]["long_steps"])
    for i, run in enumerate(runs):
        norm, moment = (np.asarray(run[f"{name}_long"])[:, :SHOWN] for name in ("norm", "moment"))
        for column, axes in ((norm**2, powers), (norm * moment, moments)):
            lines = axes.plot(time, column, color=SGD, lw=0.8, alpha=0.4)
            if i == 0:
                lines[0].set_label(f"SGD, {norm.shape[1]} runs of every seed")
    _draw_line(powers, runs, settings)
    powers.set_ylabel("|θ|⁴")
    moments.set_ylabel("|θ|² tr Σ")
    moments.set_ylim(0, None)
    for axes, title in ((powers, "Net A: fourth power"), (moments, "Net A: noise of the angles")):
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("time t = steps × η")
    powers.legend(loc="upper left", fontsize=8.5)
    claim = (
        "Noise of SGD falls as |θ|⁻², and |θ|⁴ comes to grow linearly"
        if all(finding.status == Status.AGREES for finding in findings)
        else "The fourth power of the norm under scale symmetry"
    )
    about = _about(runs, {**settings, "runs": settings["long_runs"]})
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _draw_line(axes: Axes, runs: Sequence[Numbers], settings: Settings) -> None:
    """The mean of |θ|⁴ over all runs with the deviation of single ones, and the stated line."""
    time = settings["step"] * np.asarray(runs[0]["long_steps"])
    squares = [np.asarray(run["norm_long"]) ** 2 for run in runs]
    values = np.concatenate(squares, axis=1)
    half = len(time) // 2
    stated = mean_rates(runs, settings, fourth_power_rate)[1].mean(axis=1)[half:]
    slope = stated.sum() / (time[-1] - time[half])
    middle = values[half:].mean(axis=1)
    line = middle.mean() + slope * (time - time[half:].mean())
    at = np.unique(np.linspace(0, len(time) - 1, 11).round().astype(int))[1:]
    axes.errorbar(
        time[at], values[at].mean(axis=1), values[at].std(axis=1, ddof=1), fmt="o", ms=4,
        color=style.INK, lw=1.0, label="mean and standard deviation of all runs",
    )  # fmt: skip
    axes.plot(
        time, line, color=style.INK, lw=1.3, ls=style.DASHES,
        label="slope 2η|θ|²tr Σ, of the second half",
    )  # fmt: skip
