"""The pictures of label-noise SGD beside its SDE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.sgd_gaps import slope
from verify.experiments.sgd_judge import Measured, decomposition
from verify.planning import Estimate
from verify.statistics.bounds import dkw_half_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]

BAND = 1e-6
"""Level of the intervals and bands that are drawn."""


def draw(
    numbers: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Gaps against η, what the rate consists of, and the laws of the singular values."""
    measured = Measured(numbers=numbers, settings=settings)
    by_name = {finding.name: finding for finding in findings}
    return {
        "gaps": _gaps(measured, by_name),
        "rate": _rate(measured, by_name),
        "singular-values": _laws(measured, by_name),
    }


def _about(measured: Measured) -> str:
    s, seeds = measured.settings, len(measured.numbers)
    return (
        f"n = {s['rows']}, p = {s['features']}, k = {s['targets']}, l = {s['width']}; "
        f"η ≤ {s['step']:g}, ηδ = {s['noise']:g}, T = {s['horizon']:g}; fixed δ = "
        f"{s['variance']:g}; {seeds} seeds, {measured.fixed_rate.count:,} paths at fixed "
        f"ηδ, {measured.fixed_variance[-1].count:,} at fixed δ"
    )


def _points(
    axes: Axes, steps: Array, gaps: Sequence[Estimate], colour: str, marker: str, label: str
) -> None:
    """Gaps with their intervals; a gap that its interval does not tell from zero stays hollow."""
    size = np.array([abs(e.value) for e in gaps])
    reach = np.array([e.half_width + e.bias for e in gaps])
    lower = np.minimum(reach, 0.98 * size)
    hollow = size <= reach
    axes.errorbar(
        steps, size, yerr=[lower, reach], color=colour, ls="none", lw=1.2, capsize=3, zorder=3
    )
    for part, face in ((~hollow, colour), (hollow, "white")):
        axes.plot(
            steps[part], size[part], marker, color=colour, mfc=face, ms=6.5, ls="none", zorder=4
        )
    axes.plot([], [], marker, color=colour, ms=6.5, label=label)


def _guide(axes: Axes, steps: Array, gap: Estimate, power: int, colour: str) -> None:
    """A line of a given slope through the gap at the smallest step size."""
    axes.plot(
        steps, abs(gap.value) * (steps / steps[-1]) ** power, color=colour, lw=1.1, ls=style.DASHES
    )


def _fitted(steps: Array, gaps: Sequence[Estimate]) -> str:
    last = slice(-3, None)
    fit, error = slope(
        steps[last],
        [e.value for e in gaps[last]],
        [(e.half_width + e.bias) / 2 for e in gaps[last]],
    )
    return f"slope {fit:.2f} ± {max(error, 0.01):.2f}"


def _log_axes(axes: Axes, steps: Array) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(steps)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlim(steps[-1] / 1.3, steps[0] * 1.3)
    axes.set_xlabel("step size η  (time t = steps × η)")


def _gaps(measured: Measured, by_name: Mapping[str, Finding]) -> Figure:
    drawn = style.figure(12.6, 7.6)
    left, middle, right = drawn.subplots(1, 3)
    _gap_panel(left, measured)
    _variance_panel(middle, measured)
    _sigma_panel(right, measured)
    for axes in (left, middle, right):
        _log_axes(axes, measured.steps)
    names = (
        "log det M at fixed ηδ", "the terms behind the gap", "what is left",
        "log det M at fixed δ", "|R|² at fixed δ", "singular values at fixed ηδ",
    )  # fmt: skip
    style.caption(
        drawn,
        claim="SGD approaches its SDE at first order in η if ηδ is fixed, and does not if δ is; "
        "∫|R|² dt explains the difference",
        about=f"{_about(measured)}; bars: finite-sample intervals at 1 − {BAND:g} with the bias",
        verdicts=style.judged([by_name[name] for name in names]),
    )
    return drawn


def _gap_panel(axes: Axes, measured: Measured) -> None:
    steps, pool, fall = measured.steps, measured.fixed_rate, measured.fall
    plain, square = [], []
    for i, eta in enumerate(steps):
        plain.append(pool.estimate(measured.excess(i), BAND, fall))
        part = {**measured.excess(i), "square": -2 * eta}
        square.append(pool.estimate(part, BAND, fall))
    both = [
        Estimate(value=e.value / fall, half_width=e.half_width / fall, bias=e.bias / fall)
        for e in measured.remainder(BAND)
    ]
    rows = (
        (plain, 1, "vermilion", "o", "SDE alone"),
        (square, 1, "orange", "s", "with 2η∫|R|²"),
        (both, 2, "blue", "D", "with both terms of order η"),
    )
    for gaps, power, colour, marker, name in rows:
        label = f"{name}: {_fitted(steps, gaps)}"
        _points(axes, steps, gaps, style.COLOURS[colour], marker, label)
        _guide(axes, steps, gaps[-1], power, style.COLOURS[colour])
    axes.set_title("log det M, fixed ηδ", loc="left", fontsize=11)
    axes.set_ylabel("gap of E log det M, relative to the SDE's fall")
    axes.legend(loc="lower right", fontsize=8, handlelength=1.2)


def _variance_panel(axes: Axes, measured: Measured) -> None:
    steps = measured.steps
    for square, power, colour, marker, name in (
        (0.0, 0, "vermilion", "o", "SDE alone"),
        (2.0, 1, "blue", "D", "with 2η∫|R|²"),
    ):
        gaps = measured.relative(BAND, square)
        label = f"{name}: {_fitted(steps, gaps)}"
        _points(axes, steps, gaps, style.COLOURS[colour], marker, label)
        _guide(axes, steps, gaps[-1], power, style.COLOURS[colour])
    axes.set_title("log det M, fixed δ", loc="left", fontsize=11)
    axes.set_ylabel("gap of E log det M, relative to the SDE's fall")
    axes.legend(loc="lower right", fontsize=8, handlelength=1.2)


def _sigma_panel(axes: Axes, measured: Measured) -> None:
    colours = ("vermilion", "blue", "green", "purple", "orange")
    for j, gaps in enumerate(measured.sigma(BAND)):
        colour = style.COLOURS[colours[j % len(colours)]]
        label = f"σ{j + 1}: {_fitted(measured.steps, gaps)}"
        _points(axes, measured.steps, gaps, colour, "os^Dv"[j % 5], label)
        _guide(axes, measured.steps, gaps[-1], 1, colour)
    axes.set_title("singular values of W₁, fixed ηδ", loc="left", fontsize=11)
    axes.set_ylabel("|gap of E σ/(1 + σ)|")
    axes.legend(loc="lower right", fontsize=8, handlelength=1.2)


def _rate(measured: Measured, by_name: Mapping[str, Finding]) -> Figure:
    drawn = style.figure(10.0, 6.4)
    panels = drawn.subplots(1, 2)
    for axes, fixed, title in zip(
        panels, ("rate", "variance"), ("fixed ηδ", "fixed δ"), strict=True
    ):
        _bars(axes, measured, fixed)
        axes.set_title(title, loc="left", fontsize=11)
    panels[0].set_ylabel("fall of E log det M per unit time")
    panels[1].set_ylabel("the same, divided by η")
    panels[0].legend(loc="upper right", fontsize=8.5)
    low, high = panels[0].get_ylim()
    panels[0].set_ylim(low, high * 1.3)
    names = ("the terms behind the gap", "log det M at fixed δ", "|R|² at fixed δ")
    style.caption(
        drawn,
        claim="What SGD takes from log det M: the noise part is the SDE's, the |R|² part is not",
        about=f"{_about(measured)}; bars on the dots: 3 standard errors (smaller than the dots)",
        verdicts=style.judged([by_name[name] for name in names]),
    )
    return drawn


def _bars(axes: Axes, measured: Measured, fixed: str) -> None:
    """Predicted parts stacked, and dots as measured; at fixed δ in units of η."""
    steps = measured.steps
    found = [decomposition(measured, i, fixed=fixed) for i in range(len(steps))]
    unit = steps if fixed == "variance" else np.ones_like(steps)
    places, base = np.arange(len(steps)), np.zeros(len(steps))
    for name, colour, label in (
        ("noise", "sky", "noise: 2ηδk|X|²/n², the SDE's rate"),
        ("square", "orange", "2ηE|R|² along the SDE, mean over time"),
        ("fourth", "purple", "η(ηδ)²(k(tr K)² + k(k+1) tr K²)"),
    ):
        heights = np.array([part[name] for part in found]) / unit
        axes.bar(places, heights, 0.62, bottom=base, color=style.COLOURS[colour], label=label)
        base = base + heights
    middle = np.array([part["measured"] for part in found]) / unit
    errors = 3 * np.array([part["error"] for part in found]) / unit
    axes.errorbar(
        places, middle, yerr=errors, fmt="o", color=style.INK, ms=5, capsize=4,
        label="SGD, measured from the weights",
    )  # fmt: skip
    axes.set_xticks(places, [f"{step:g}" for step in steps])
    axes.set_xlabel("step size η  (time t = steps × η)")
    axes.grid(axis="x", visible=False)


def _laws(measured: Measured, by_name: Mapping[str, Finding]) -> Figure:
    parts = [n["singular values"] for n in measured.numbers]
    p, halvings = measured.settings["features"], measured.settings["halvings"]
    drawn = style.figure(max(8.4, 4.4 * p), 7.6)
    axes = drawn.subplots(2, p, sharex="col", sharey="row", height_ratios=(1.5, 1), squeeze=False)
    colours = ("vermilion", "orange", "green", "blue", "purple")
    for j in range(p):
        laws = {name: np.sort(np.concatenate([q[name][:, j] for q in parts])) for name in parts[0]}
        SDE = laws["SDE"]
        low, high = np.quantile(np.concatenate([laws["η/1"], SDE]), [5e-4, 1 - 5e-4])
        x = np.linspace(float(low), float(high), 400)
        for m in range(halvings + 1):
            label = f"SGD, η = {measured.steps[m]:g}"
            _law(axes[:, j], x, laws[f"η/{2**m}"], SDE, style.COLOURS[colours[m % 5]], label)
        axes[0, j].plot(x, _at(SDE, x), color=style.INK, lw=1.6, ls=style.DASHES, label="SDE")
        axes[1, j].axhline(0, color=style.INK, lw=1.1, ls=style.DASHES)
        axes[1, j].set_xlabel(f"σ{j + 1} of W₁ at t = {measured.settings['horizon']:g}")
    axes[0, 0].set_ylabel("distribution function F")
    axes[1, 0].set_ylabel("F of SGD − F of the SDE")
    axes[0, 0].legend(loc="upper left", fontsize=8.5)
    style.caption(
        drawn,
        claim="The law of each singular value of W₁ under SGD approaches that under the SDE",
        about=f"fixed ηδ: {_about(measured)}; bands: Dvoretzky–Kiefer–Wolfowitz at 1 − {BAND:g}, "
        "below for both laws together",
        verdicts=style.judged([by_name["distribution functions"]]),
    )
    return drawn


def _at(values: Array, x: Array) -> Array:
    """The empirical distribution function of sorted values at x."""
    return np.asarray(np.searchsorted(values, x, side="right") / len(values))


def _law(panels: Any, x: Array, values: Array, SDE: Array, colour: str, label: str) -> None:
    """Above a distribution function with its band, below its distance from the SDE's."""
    half = dkw_half_width(len(values), BAND)
    F, apart = _at(values, x), _at(values, x) - _at(SDE, x)
    low, high = np.clip(F - half, 0, 1), np.clip(F + half, 0, 1)
    panels[0].fill_between(x, low, high, color=colour, alpha=0.25, lw=0)
    panels[0].plot(x, F, color=colour, lw=1.4, label=label)
    both = half + dkw_half_width(len(SDE), BAND)
    panels[1].fill_between(x, apart - both, apart + both, color=colour, alpha=0.25, lw=0)
    panels[1].plot(x, apart, color=colour, lw=1.4)
