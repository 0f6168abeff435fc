"""The pictures of stochastic-collapse: the neuron's growth, and singular values in both models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.experiments import style
from verify.experiments.collapse_judge import over_threshold, repulsion, soft_threshold
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA
from verify.statistics.bounds import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The neuron; the singular values."""
    return {
        "neuron": _neuron(runs, settings, findings[:2]),
        "singular-values": _values(runs, settings, findings[2:]),
    }


def _neuron(runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    drawn = style.figure(9.5, 6.4)
    growth, fate = drawn.subplots(1, 2, width_ratios=[2, 1])
    for number, run in enumerate(runs):
        part = run["neuron"]
        unit = settings["step"] * settings["gain"] * abs(part["mean"])
        growth.errorbar(
            over_threshold(part, settings, part["variance"]),
            np.asarray(part["growth"]) / unit,
            2 * np.asarray(part["growth_error"]) / unit,
            fmt="o",
            ms=4,
            color=style.COLOURS["blue"],
            label="SGD from 10⁻³⁰, one point a data set; 2 standard errors" if not number else None,
        )
    spread = np.mean([run["neuron"]["spread"] for run in runs])
    grid = np.array(growth.get_xlim())
    growth.plot(grid, 1 - grid, color=style.INK, lw=1.4, label="the linearised equation, 1 − ratio")
    moments = {"square": 1.0, "mean": settings["slope"], "spread": spread / settings["square"]}
    without = 1 - grid + float(over_threshold(moments, settings, np.array(0.0)))
    growth.plot(
        grid,
        without,
        color=style.COLOURS["vermilion"],
        ls=style.DASHES,
        lw=1.4,
        label="the same without Var(xy)",
    )
    growth.axhline(0, color=style.GREY, lw=0.8)
    growth.axvline(1, color=style.GREY, lw=0.8)
    growth.set_xlabel("ηc(ζ² + Var(xy)/Ex²)/2 over its threshold |Exy|/Ex²")
    growth.set_ylabel("growth of log|w| per step, in units of ηc|Exy|")
    growth.set_title("near 0", loc="left", fontsize=11)
    growth.legend(loc="lower left", fontsize=8.5, frameon=True, framealpha=1, edgecolor="none")
    _fate(fate, runs, settings)
    style.caption(
        drawn,
        claim="A neuron under label noise dies where the noise passes the threshold, and Var(xy) "
        "of the data counts as noise",
        about=f"w₂ tanh(cw₁x), c = {settings['gain']:g}, b = 1, η = {settings['step']:g}, "
        f"{settings['samples']} samples with Ex² = {settings['square']:g}, Exy = "
        f"{settings['slope']:g} Ex², {settings['steps']:,} steps of {settings['replicas']} "
        f"runs; {settings['long_steps']:,} steps of {settings['long_replicas']} runs on the right; "
        f"{len(runs)} data sets",
        verdicts=style.judged(findings),
    )
    return drawn


def _fate(fate: Axes, runs: Sequence[Numbers], settings: Settings) -> None:
    """Shares that collapsed, with the bounds that the verdict takes."""
    places = np.arange(len(settings["long_variances"]))
    noises = np.mean(
        [over_threshold(run["neuron"], settings, run["neuron"]["long_variance"]) for run in runs],
        axis=0,
    )
    shown = np.array([run["neuron"]["collapsed"] for run in runs])
    share = shown.mean(axis=0)
    n = settings["long_replicas"] * len(runs)
    low, high = clopper_pearson(np.round(share * n), n, ALPHA / 2)
    fate.bar(places, share, width=0.5, color=style.COLOURS["sky"])
    fate.errorbar(
        places, share, [share - low, high - share], fmt="none", ecolor=style.INK, capsize=5, lw=1.2
    )
    for place, value in zip(places, share, strict=True):
        fate.annotate(
            f"{value:.1%}", (place, value), (10, 4), textcoords="offset points", fontsize=9
        )
    fate.set_xticks(places, [f"{ratio:.2f}" for ratio in noises])
    fate.set_ylim(0, 1.1)
    fate.set_xlabel("noise over threshold")
    fate.set_ylabel("part of runs with |w| < 10⁻⁶ at the end")
    fate.set_title("from ordinary weights", loc="left", fontsize=11)


def _values(runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    drawn = style.figure(11.0, 7.4)
    axes = drawn.subplots(1, 3, width_ratios=[1, 1, 0.9])
    for panel, name, title in (
        (axes[0], "standing", "diagonal noise: vectors stand"),
        (axes[1], "moving", "full noise: vectors move"),
    ):
        _paths(panel, runs, settings, name)
        panel.set_title(title, loc="left", fontsize=11)
    for panel in axes[:2]:
        # Below it the smallest singular values of full matrices are rounding.
        panel.set_ylim(1e-14, 10)
    axes[0].set_ylabel("singular values of W₁W₂, middle 80 %")
    _drift(axes[2], runs, settings)
    lost = ", ".join(f"{s:g}" for s in settings["teacher"])
    style.caption(
        drawn,
        claim="With diagonal noise each mode lives or dies by itself; with full noise singular "
        "values repel each other and the smallest fall further",
        about=f"linear teacher–student, s* = {lost}, κ = {settings['kappa']:g}, γ = "
        f"{settings['gamma']:g}: threshold γ/2κ = "
        f"{settings['gamma'] / (2 * settings['kappa']):.3f}; η = {settings['mode_step']:g}, "
        f"balanced diagonal start, {settings['mode_copies']:,} and "
        f"{settings['mode_replicas']} runs of each of {len(runs)} seeds (the first is shown). "
        "Right: one step from one diagonal state, no residual",
        verdicts=style.judged(findings),
    )
    return drawn


def _paths(panel: Axes, runs: Sequence[Numbers], settings: Settings, name: str) -> None:
    part: Any = runs[0]["modes"][name]
    times = np.asarray(part["times"])
    lives = soft_threshold(settings) > 0
    for i, shade in enumerate(style.shades(len(settings["teacher"]))):
        low, high = np.asarray(part["low"])[:, i], np.asarray(part["high"])[:, i]
        # The statistic that is stated: the mean of what lives; of what dies, the rate of log z.
        drawn = "mean" if lives[i] else "median"
        values = np.asarray(part["mean" if lives[i] else "product"])[:, i]
        label = f"number {i + 1}, s* = {settings['teacher'][i]:g}, {drawn}"
        panel.plot(times, values, color=shade, lw=1.6, label=label)
        panel.fill_between(times, np.maximum(low, 1e-300), high, color=shade, alpha=0.18, lw=0)
    if name == "standing":
        level = soft_threshold(settings)
        for value in level[level > 0]:
            panel.axhline(value, color=style.INK, ls=style.DASHES, lw=0.9)
    panel.set_yscale("log")
    panel.set_xlabel("time t = η · steps")
    if name == "moving":
        # For both panels, between what lives and what dies.
        panel.plot([], [], color=style.INK, ls=style.DASHES, lw=0.9, label="s* − γ/2κ")
        panel.legend(loc="upper right", bbox_to_anchor=(1.0, 0.73), fontsize=8)


def _drift(panel: Axes, runs: Sequence[Numbers], settings: Settings) -> None:
    part: Any = runs[0]["modes"]["drift"]
    x, y = np.asarray(part["x"]), np.asarray(part["y"])
    standing, added = repulsion(x, y, settings["gamma"])
    places = np.arange(len(x))
    for shift, name, value, colour in (
        (-0.18, "standing", standing, "green"),
        (0.18, "moving", standing + added, "blue"),
    ):
        words = {"standing": "diagonal noise", "moving": "full noise"}[name]
        panel.bar(
            places + shift,
            value,
            width=0.34,
            color=style.COLOURS[colour],
            alpha=0.45,
            label=f"{words}, derived",
        )
        for number, run in enumerate(runs):
            panel.plot(
                places + shift,
                run["modes"]["drift"][name],
                "o",
                ms=3.5,
                color=style.COLOURS[colour],
                label=f"{words}, simulated" if not number else None,
            )
    panel.axhline(0, color=style.GREY, lw=0.8)
    panel.set_xticks(places, [f"λ$_{i + 1}$ = {value**2:.2f}" for i, value in enumerate(x)])
    panel.tick_params(axis="x", labelsize=8)
    panel.set_ylabel("drift of log λᵢ of W₁W₁′")
    panel.set_title("what a noise does", loc="left", fontsize=11)
    panel.legend(loc="best", fontsize=8)
