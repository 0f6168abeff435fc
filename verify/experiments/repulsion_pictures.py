"""The pictures of the repulsion: paths with and without it, predicted against simulated drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]

TIME = "time t  (in units of 1/γ)"
BANDS = (
    ("quantiles", "blue", "simulated: with repulsion"),
    ("quantiles without", "vermilion", "same noise, repulsion removed"),
    ("quantiles still", "green", "noise along fixed uᵢ, vᵢ only"),
)


def draw(
    numbers: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Paths and scatter."""
    return {
        "paths": _paths(numbers, settings, findings),
        "drift": _scatter(numbers, settings, findings),
    }


def _about(settings: Settings) -> str:
    p = settings["features"]
    return f"p = {p}, l = p + k, γ = {settings['gamma']:g}, R = 0; N(0, 1) start"


def _chosen(findings: Sequence[Finding], *kinds: str) -> list[Finding]:
    return [finding for finding in findings if finding.name.split(",")[0] in kinds]


def _paths(numbers: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    """One path a number of outputs, and the smallest eigenvalue over all paths."""
    names = [f"k = {k}" for k in settings["targets"]]
    drawn = style.figure(11.0, 11.4)
    axes = drawn.subplots(3, len(names), squeeze=False, sharex=True)
    for column, name in enumerate(names):
        removed, still, lower = axes[:, column]
        part = numbers[0][name]
        for panel, key in ((removed, "off"), (still, "still")):
            _curves(panel, part["times"], part["on"], dashed=False)
            _curves(panel, part["times"], part[key], dashed=True)
        removed.axhline(0, color=style.GREY, lw=0.8)
        still.set_yscale("log")
        removed.set_title(f"{name}: one path, with the same noise dβᵢ", loc="left", fontsize=11)
        still.set_title(f"{name}: the same path, uᵢ and vᵢ held still", loc="left", fontsize=11)
        for key, colour, label in BANDS:
            _band(lower, [part[name] for part in numbers], key, style.COLOURS[colour], label)
        lower.set_title(f"{name}: the smallest eigenvalue of all paths", loc="left", fontsize=11)
        lower.axhline(1, color=style.INK, lw=0.8)
        # Without the repulsion nothing keeps a curve above zero; its band ends where it leaves.
        lower.set_yscale("log", nonpositive="clip")
        lower.set_ylim(bottom=0.05)
        lower.set_xlabel(TIME)
    p = settings["features"]
    for row, label in ((0, "same noise, repulsion removed"), (1, "noise along fixed uᵢ, vᵢ only")):
        axes[row, 0].set_ylabel("eigenvalues of W₁W₁′")
        _legend(axes[row, 0], p, label)
    axes[2, 0].set_ylabel(f"λ{p}(t)/λ{p}(0): median, middle 80 %")
    axes[2, 0].legend(loc="upper left", fontsize=8.5)
    style.caption(
        drawn,
        claim="The repulsion drives the smallest eigenvalue down: without it the eigenvalues "
        "rise and cross. Where the noise leaves the singular vectors still they cross too",
        about=f"{_about(settings)}; medians over {settings['paths']} paths of each of "
        f"{len(numbers)} seeds, averaged",
        verdicts=style.judged(_chosen(findings, "paths", "smallest", "crossing", "standing")),
    )
    return drawn


def _curves(axes: Axes, times: Any, values: Any, *, dashed: bool) -> None:
    values = np.asarray(values)
    for i, colour in enumerate(style.shades(values.shape[1])):
        axes.plot(times, values[:, i], color=colour, lw=1.4, ls=style.DASHES if dashed else "-")


def _legend(axes: Axes, count: int, without: str) -> None:
    axes.plot([], [], color=style.INK, label="simulated: with repulsion")
    axes.plot([], [], color=style.INK, ls=style.DASHES, label=without)
    for i, colour in enumerate(style.shades(count)):
        axes.plot([], [], color=colour, lw=4, label=f"λ{i + 1}")
    low, high = axes.get_ylim()
    log = axes.get_yscale() == "log"
    axes.set_ylim(low, high * (high / low) ** 0.35 if log else high + 0.35 * (high - low))
    axes.legend(loc="upper left", fontsize=8.5, ncols=2)


def _band(
    axes: Axes, parts: Sequence[Mapping[str, Any]], key: str, colour: str, label: str
) -> None:
    low, middle, high = np.mean([part[key] for part in parts], axis=0).T
    axes.fill_between(parts[0]["times"], low, high, color=colour, alpha=0.18, lw=0)
    axes.plot(parts[0]["times"], middle, color=colour, lw=1.8, label=label)


def _scatter(numbers: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]) -> Figure:
    """Gaussian branches with error bars against the derived drift, with and without the term."""
    names = [f"k = {k}" for k in settings["targets"]]
    drawn = style.figure(10.6, 6.4)
    panels = drawn.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        parts = [part[name] for part in numbers]
        growth, push, mean, error = (
            np.concatenate([np.asarray(part[key]) for part in parts])
            for key in ("growth", "repulsion", "branches", "branches error")
        )
        _cloud(axes, growth, push, mean, 3 * error)
        axes.set_title(name, loc="left", fontsize=11)
        axes.set_xlabel("predicted drift of λᵢ  (per unit time)")
    panels[0].set_ylabel("simulated drift of λᵢ  (per unit time)")
    panels[0].legend(loc="upper left", fontsize=8.5)
    style.caption(
        drawn,
        claim="The drift of every eigenvalue is as derived; without the repulsion it is not",
        about=f"{_about(settings)}; {settings['branches']:,} antithetic one-step branches a state; "
        "bars: 3 standard errors",
        verdicts=style.judged(_chosen(findings, "drift")),
    )
    return drawn


def _cloud(axes: Axes, growth: Any, push: Any, mean: Any, bars: Any) -> None:
    axes.plot(
        growth.ravel(), mean.ravel(), "x", color=style.COLOURS["vermilion"], ms=4, alpha=0.7,
        label="without the repulsion: γ|W₂|²",
    )  # fmt: skip
    axes.errorbar(
        (growth + push).ravel(), mean.ravel(), yerr=bars.ravel(), fmt="o", ms=3.5, lw=1,
        color=style.COLOURS["blue"], label="derived, with the repulsion", zorder=3,
    )  # fmt: skip
    # Few states are near a collision; a scale linear up to the typical size shows all of them.
    for scale in (axes.set_xscale, axes.set_yscale):
        scale("symlog", linthresh=20.0, linscale=2.0)
    low, high = float(np.min(mean)), float(np.max(mean))
    line = np.concatenate([-np.geomspace(max(-low, 1), 0.1, 60), np.geomspace(0.1, high, 60)])
    axes.plot(line, line, color=style.INK, lw=1, ls=style.DASHES, label="y = x")
