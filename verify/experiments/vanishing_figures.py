"""Pictures of det M and of the singular values of W1, with label noise and without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA
from verify.experiments.vanishing import (
    determinant_half_width,
    determinant_line,
    predicted_decay,
    residual_part,
    unused_directions,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["determinant_figure", "spectrum_figure", "time_axis"]

# Smaller singular values are of no interest beside the largest, and soon rounding.
LOWEST = 1e-6
LN10 = float(np.log(10))
NOISE, FLOW = style.COLOURS["vermilion"], style.COLOURS["blue"]


def determinant_figure(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding], about: str
) -> Figure:
    """Above det M with the predicted line, below what is left over, with |R|² and without."""
    drawn = style.figure(8.4, 7.6)
    upper, lower = drawn.subplots(2, 1, sharex=True, height_ratios=[1.7, 1.0])
    time = np.asarray(runs[0]["time"])
    for i, run in enumerate(runs):
        for name, colour, label in (
            ("log_det", NOISE, f"label noise, δ = {settings['variance']:g}"),
            ("flow_log_det", FLOW, "gradient descent, δ = 0"),
        ):
            value = (np.asarray(run[name]) - run[name][0]) / LN10
            named = f"{label} ({len(runs)} seeds)" if i == 0 else None
            upper.plot(time, value, color=colour, lw=1.6, alpha=0.75, label=named)
    lines = [determinant_line(run, settings) for run in runs]
    upper.plot(
        time, np.mean(lines, axis=0) / LN10, color=style.INK, lw=1.1, ls=style.DASHES,
        label="predicted: −2ηδk|X|²/n² · t",
    )  # fmt: skip
    powers_of_ten(upper)
    upper.set_ylabel("det M / det M at the start  (log scale)")
    upper.legend(loc="lower left", handlelength=2.4)
    _draw_remainder(lower, runs, settings, lines)
    time_axis(lower, time)
    drawn.align_ylabels()
    claim = (
        "Label noise takes det M to zero along the predicted line; without noise det M stays"
        if all(finding.status == "AGREES" for finding in findings)
        else "det M with label noise and without"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _draw_remainder(
    axes: Axes, runs: Sequence[Numbers], settings: Settings, lines: Sequence[Array]
) -> None:
    """log det M less the line: all of it, and all but the part that |R|² explains."""
    level = 1 - ALPHA
    for i, (run, line) in enumerate(zip(runs, lines, strict=True)):
        time = np.asarray(run["time"])
        left = np.asarray(run["log_det"]) - run["log_det"][0] - line
        label = "less the line" if i == 0 else None
        axes.plot(time, left, color=style.COLOURS["purple"], lw=1.3, label=label)
        left = left - residual_part(run, settings)
        half = determinant_half_width(run, settings, ALPHA / len(runs))
        label = f"less the line and −2η²Σ|R|² (band: chance, {level:.1%})" if i == 0 else None
        axes.fill_between(time, -half, half, color=NOISE, alpha=0.12, lw=0)
        axes.plot(time, left, color=NOISE, lw=1.3, label=label)
    axes.axhline(0, color=style.INK, lw=1.1, ls=style.DASHES)
    axes.set_ylabel("ln det M, what is left")
    axes.legend(loc="lower left", handlelength=2.4)


def spectrum_figure(
    runs: Sequence[Numbers],
    settings: Settings,
    findings: Sequence[Finding],
    about: str,
    *,
    predicted: bool = True,
) -> Figure:
    """The singular values of W1, one panel for each way, on one scale; their decay as predicted."""
    drawn = style.figure(9.6, 6.6)
    left, right = drawn.subplots(1, 2, sharey=True)
    for axes, name, title, colour in (
        (left, "flow_sigma", "gradient descent, δ = 0", FLOW),
        (right, "sigma", f"label noise, δ = {settings['variance']:g}", NOISE),
    ):
        _draw_spectra(axes, runs, name)
        axes.set_title(f"{title}\n", loc="left", fontsize=11, color=colour, weight="bold")
        axes.text(
            0, 1.02, f"geometric mean of {len(runs)} seeds, band: all of them",
            transform=axes.transAxes, fontsize=9, color=style.GREY, va="bottom",
        )  # fmt: skip
        time_axis(axes, np.asarray(runs[0]["time"]))
    if predicted:
        _draw_predicted_decay(right, runs, settings)
        right.legend(loc="lower left", handlelength=2.4)
    left.set_ylabel("singular values of W₁  (log scale)")
    left.set_yscale("log")
    lowest = min(float(np.min(run["sigma"])) for run in runs)
    left.set_ylim(max(lowest / 2, LOWEST), None)
    count = next(f.numbers["count"] for f in findings if "count" in f.numbers)
    rate = " at the predicted rate" if predicted else ""
    claim = (
        f"Label noise makes the {count} smallest singular values of W₁ vanish{rate}; "
        "without noise they stay"
        if all(finding.status == "AGREES" for finding in findings)
        else "Singular values of W₁ with label noise and without"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _draw_spectra(axes: Axes, runs: Sequence[Numbers], name: str) -> None:
    """Each singular value: geometric mean over the seeds and the range of all."""
    values = np.log(np.array([run[name] for run in runs]))
    time = np.asarray(runs[0]["time"])
    count = values.shape[2]
    for i, colour in enumerate(style.shades(count)):
        low, high = np.exp(values[:, :, i].min(axis=0)), np.exp(values[:, :, i].max(axis=0))
        axes.fill_between(time, low, high, color=colour, alpha=0.15, lw=0)
        middle = np.exp(values[:, :, i].mean(axis=0))
        axes.plot(time, middle, color=colour, lw=1.7)
        if i in (0, count - 1):
            axes.annotate(
                f"$\\sigma_{{{i + 1}}}$", (time[-1], max(middle[-1], LOWEST)), xytext=(4, 0),
                textcoords="offset points", va="center", color=style.INK,
            )  # fmt: skip


def _draw_predicted_decay(axes: Axes, runs: Sequence[Numbers], settings: Settings) -> None:
    """From the middle of the run on: singular values of exp(−predicted) N̂'W1."""
    predicted = []
    for run in runs:
        first = len(run["time"]) // 2
        H = unused_directions(run).T @ np.asarray(run["middle"])
        rates, turns = np.linalg.eigh(predicted_decay(run, settings, first))
        shrunk = turns @ (np.exp(-rates)[..., None] * (turns.swapaxes(-1, -2) @ H))
        # The fluctuations of the fit are no part of the dying rows: start from those measured.
        start = np.linalg.svd(H, compute_uv=False)
        k = np.shape(run["solution"])[1]
        ratio = np.linalg.svd(shrunk, compute_uv=False) / start
        predicted.append(np.log(ratio * np.asarray(run["sigma"])[first, k:]))
    time = np.asarray(runs[0]["time"])[len(runs[0]["time"]) // 2 :]
    for i, values in enumerate(np.exp(np.mean(predicted, axis=0)).T):
        label = "predicted from the middle on" if i == 0 else None
        axes.plot(time, values, color=style.INK, lw=1.1, ls=style.DASHES, label=label)


def time_axis(axes: Axes, time: Array) -> None:
    """Time along the lower edge."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0, float(time[-1]))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("time t = steps × η")


def powers_of_ten(axes: Axes) -> None:
    """Label a decimal logarithm by the powers that it stands for."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$10^{{{value:g}}}$"))
