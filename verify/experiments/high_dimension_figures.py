"""Pictures of singular values and effective rank in high dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.high_dimension import CASES
from verify.experiments.vanishing_figures import time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["rank_figure", "spectra_figure"]

COLOURS = {
    "noise": style.COLOURS["vermilion"],
    "no noise": style.COLOURS["blue"],
    "few data": style.COLOURS["green"],
    "too much noise": style.COLOURS["purple"],
}
# Smaller values are of no interest beside the largest.
LOWEST = 1e-4


def spectra_figure(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Figure:
    """Ten of the singular values of W1 in every case."""
    drawn = style.figure(10.4, 8.8)
    panels = drawn.subplots(2, 2, sharey=True)
    shown = _places(np.shape(runs[0]["noise"]["sigma"])[1])
    for axes, case in zip(panels.flat, CASES, strict=True):
        _draw_case(axes, runs, case, shown)
        axes.set_title(_title(case, settings), loc="left", fontsize=10, color=COLOURS[case])
    panels[0, 0].set_yscale("log")
    panels[0, 0].set_ylim(LOWEST, None)
    for axes in panels[:, 0]:
        axes.set_ylabel("singular values of W₁  (log scale)")
    labels = ", ".join(map(str, shown + 1))
    about = (
        f"{_about(runs, settings)}; shown are the values number {labels}, geometric mean, "
        "band: all seeds"
    )
    style.caption(drawn, claim=_claim(findings), about=about, verdicts=style.judged(findings))
    return drawn


def _places(count: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    wanted = np.array([1, 2, 3, 5, 10, 20, 50, 100, 150, 200])
    return np.unique(np.minimum(wanted, count)) - 1


def _draw_case(
    axes: Axes, runs: Sequence[Numbers], case: str, shown: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> None:
    time = np.asarray(runs[0][case]["time"])
    values = np.array([np.asarray(run[case]["sigma"])[:, shown] for run in runs])
    # Below rounding nothing is known; it is outside of the picture anyway.
    values = np.maximum(values, 1e-12)
    for i, colour in enumerate(style.shades(len(shown))):
        low, high = values[:, :, i].min(axis=0), values[:, :, i].max(axis=0)
        axes.fill_between(time, low, high, color=colour, alpha=0.15, lw=0)
        axes.plot(time, np.exp(np.log(values[:, :, i]).mean(axis=0)), color=colour, lw=1.5)
    time_axis(axes, time)


def _title(case: str, settings: Settings) -> str:
    setting, d = settings["cases"][case], settings["dimension"]
    size = setting["step"] * setting["variance"] * d / setting["n"]
    return (
        f"{case}: n = {setting['n']}, η = {setting['step']:g}, δ = {setting['variance']:g}, "
        f"ηδd/n = {size:.2g}"
    )


def rank_figure(runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    """Effective rank over time in every case."""
    drawn = style.figure(8.8, 7.4)
    axes = drawn.subplots()
    for case in CASES:
        time = np.asarray(runs[0][case]["time"])[1:]
        ranks = np.array([run[case]["effective_rank"] for run in runs])[:, 1:]
        axes.fill_between(
            time, ranks.min(axis=0), ranks.max(axis=0), color=COLOURS[case], alpha=0.2, lw=0
        )
        axes.plot(time, ranks.mean(axis=0), color=COLOURS[case], lw=2, label=_title(case, settings))
    start = np.mean([run["noise"]["effective_rank"][0] for run in runs])
    axes.axhline(start, color=style.GREY, lw=1, ls=style.DASHES, label="at the start")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(0.8, None)
    axes.set_xlabel("time t = steps × η  (log scale)")
    axes.set_ylabel("effective rank of W₁  (exp of the entropy, log scale)")
    axes.legend(loc="lower left", handlelength=2.4, fontsize=9)
    about = f"{_about(runs, settings)}; mean, band: all seeds"
    style.caption(drawn, claim=_claim(findings), about=about, verdicts=style.judged(findings))
    return drawn


def _about(runs: Sequence[Numbers], settings: Settings) -> str:
    return (
        f"scalar regression on Gaussian inputs, d = {settings['dimension']}, "
        f"l = {settings['width']}, {len(runs)} seeds"
    )


def _claim(findings: Sequence[Finding]) -> str:
    if all(finding.status == "AGREES" for finding in findings):
        return (
            "Label noise leaves one singular value, gradient descent all; but not with fewer data "
            "than dimensions, nor with too much noise"
        )
    return "Singular values in high dimension, with label noise and without"
