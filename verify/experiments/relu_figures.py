"""The pictures of the ReLU experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.style import COLOURS, DASHES, GREY, INK, caption, figure, judged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alignment_panel", "group_figure", "plane_panel", "singular_value_panel"]

NAMES = {
    "noise": ("SGD, label noise", "blue", "-"),
    "plain": ("SGD, no label noise", "vermilion", "-"),
    "sde": ("SDE, label noise", "green", "--"),
}


def plane_panel(axes: Any, title: str, W: Array, a: Array, T: Array, reach: float) -> None:
    """Neurons of the plane: place w_r, area by |a_r|, colour by the sign of a_r; teacher rays."""
    for t in T:
        axes.plot([0, 2 * reach * t[0]], [0, 2 * reach * t[1]], color=GREY, lw=1, ls=DASHES)
    for sign, colour in ((1, "blue"), (-1, "vermilion")):
        those = np.sign(a) == sign
        axes.scatter(
            *W[those].T, s=12 + 90 * np.abs(a[those]), color=COLOURS[colour], alpha=0.65, lw=0
        )
    axes.set(title=title, xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel="first entry of $w_r$", ylabel="second entry of $w_r$")


def alignment_panel(
    axes: Any, runs: Sequence[Numbers], settings: Settings, which: str, label: str
) -> None:
    """Median over seeds with the band of all seeds, time on a log scale."""
    for name, (shown, colour, dash) in NAMES.items():
        if f"{name}_{which}" in runs[0]:
            series = 1 - np.array([run[f"{name}_{which}"] for run in runs])
            _banded(axes, _time(runs, settings), series, COLOURS[colour], dash, shown)
    axes.set(xscale="log", yscale="log", xlabel="time = steps · η", ylabel=label)
    axes.set_ylim(bottom=max(axes.get_ylim()[0], 1e-4))
    axes.legend(fontsize=8, loc="lower left")


def singular_value_panel(
    axes: Any, runs: Sequence[Numbers], settings: Settings, name: str, title: str, count: int
) -> None:
    """The largest singular values of W, with the prediction where there is one."""
    predicted = np.array([run["predicted_sigma"] for run in runs])
    kept = predicted.shape[1]
    for j in range(count):
        series = np.array([run[f"{name}_sigma"][:, j] for run in runs])
        colour = COLOURS["blue"] if j < kept else COLOURS["orange"]
        label = {0: f"the {kept} largest", kept: "the others"}.get(j)
        _banded(axes, _time(runs, settings), series, colour, "-", label)
    for j in range(kept):
        low, high = predicted[:, j].min(), predicted[:, j].max()
        axes.axhspan(low, high, color=INK, alpha=0.13, lw=0)
        mean = predicted[:, j].mean()
        label = "balance of the noise, predicted" if j == 0 else None
        axes.axhline(mean, color=INK, lw=1.1, ls=DASHES, label=label)
    axes.set(title=title, xscale="log", yscale="log" if count > kept else "linear")
    axes.set(xlabel="time = steps · η", ylabel="singular values of W")
    if count > kept:
        _decades(axes.yaxis)
    else:
        axes.set_ylim(bottom=0.0)
    axes.legend(fontsize=8, loc="lower left")


def group_figure(
    runs: Sequence[Numbers], findings: Sequence[Finding], claim: str, about: str
) -> Figure:
    """The law of the groups: on paths, its mean rate, SGD beside its SDE."""
    drawn = figure(11.0, 5.9)
    left, middle, right = drawn.subplots(1, 3)
    _paths_panel(left, runs)
    _rates_panel(middle, runs)
    _gap_panel(right, runs)
    caption(drawn, claim=claim, about=about, verdicts=judged(findings))
    return drawn


def _paths_panel(axes: Any, runs: Sequence[Numbers]) -> None:
    colours = {"law": ("blue", "exact law of the steps taken"), "mean": ("orange", "mean rate")}
    change = -np.concatenate([run["window_change"] for run in runs])
    shown = change > 0
    ends = [0.7 * change[shown].min(), 1.4 * change[shown].max()]
    for name, (colour, label) in reversed(colours.items()):
        stated = -np.concatenate([run[f"window_{name}"] for run in runs])
        axes.plot(
            stated[shown], change[shown], ls="", marker="o", ms=4, alpha=0.7,
            color=COLOURS[colour], mec="none", label=label,
        )  # fmt: skip
    axes.plot(ends, ends, color=INK, lw=1, ls=DASHES, zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="stated fall of log det M")
    axes.set(ylabel="measured fall of log det M", title="While a pattern lasts: one dot a group")
    _decades(axes.xaxis)
    _decades(axes.yaxis)
    axes.legend(fontsize=8, loc="upper left")


def _rates_panel(axes: Any, runs: Sequence[Numbers]) -> None:
    rows = [run for run in runs if "rate_mean_step" in run]
    measured = np.concatenate([run["rate_mean_step"] for run in rows])
    for name, colour, marker, label in (
        ("algorithm", "blue", "o", "2η/n Σ|x|²(r² + δ), active"),
        ("labels", "green", "s", "errors r forgotten"),
        ("unmasked", "orange", "^", "mask forgotten"),
        ("full_batch", "purple", "v", "2ηδ|DX|²/n², full batch"),
    ):
        stated = np.concatenate([run[f"rate_{name}"] for run in rows])
        axes.plot(
            measured, stated / measured, ls="", marker=marker, ms=4, alpha=0.7,
            color=COLOURS[colour], mec="none", label=label,
        )  # fmt: skip
    axes.axhline(1, color=INK, lw=1, ls=DASHES, zorder=0)
    low, high = axes.get_ylim()
    axes.set(xscale="log", yscale="log", title="Mean rate: stated over measured")
    axes.set_ylim(max(low, 1e-4), 60 * high)
    _decades(axes.xaxis)
    axes.set(xlabel="measured mean rate of −log det M per unit time", ylabel="stated / measured")
    axes.legend(fontsize=8, loc="upper left")


def _gap_panel(axes: Any, runs: Sequence[Numbers]) -> None:
    for name, colour, label in (
        ("fixed_variance", "vermilion", "fixed δ"),
        ("fixed_product", "blue", "fixed ηδ"),
    ):
        series = np.concatenate([run[f"gap_{name}"] for run in runs])
        steps = np.asarray(runs[0]["gap_steps"][0])
        axes.plot(steps, series.T, color=COLOURS[colour], lw=0.8, alpha=0.35)
        middle = np.exp(np.log(series).mean(axis=0))
        axes.plot(steps, middle, color=COLOURS[colour], lw=2, marker="o", ms=4, label=label)
    slope = middle[0] * steps / steps[0] * 0.55
    axes.plot(steps, slope, color=INK, lw=1, ls=DASHES, label="first order")
    axes.set(xscale="log", yscale="log", xlabel="step size η", title="SGD beside its SDE")
    axes.set_ylabel("gap of the rates / label-noise rate")
    _decades(axes.yaxis)
    axes.set_xticks(steps, [f"{step:.2g}" for step in steps])
    axes.minorticks_off()
    axes.legend(fontsize=8, loc="lower right")


def _decades(axis: Any) -> None:
    """Labels of a log axis at 1, 2 and 5 where it is shorter than two decades, else at powers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    low, high = axis.get_view_interval()
    if high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def _time(runs: Sequence[Numbers], settings: Settings) -> Array:
    """Times of the marks; the start is drawn where the first step is."""
    return np.asarray(np.maximum(runs[0]["at"], 1) * settings["step"], dtype=float)


def _banded(axes: Any, time: Array, series: Array, colour: str, dash: str, label: Any) -> None:
    axes.fill_between(time, series.min(axis=0), series.max(axis=0), color=colour, alpha=0.18, lw=0)
    axes.plot(time, np.median(series, axis=0), color=colour, ls=dash, lw=1.6, label=label)
