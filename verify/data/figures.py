"""The pictures of the command ``data``."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from numerics.datasets import Dataset
from verify.data.laws import Law
from verify.data.measure import Measured
from verify.data.settings import Settings
from verify.experiments import style
from verify.experiments.style import DASHES, GREY, INK
from verify.verdict import Status

__all__ = ["draw"]

COLOURS = {
    "gradient descent": style.COLOURS["blue"],
    "label noise": style.COLOURS["vermilion"],
    "minibatches": style.COLOURS["green"],
}
LN10 = float(np.log(10))
# A determinant is drawn while its logarithm is known to this.
DRAWN = 0.05


def draw(
    table: Dataset, settings: Settings, measured: Sequence[Measured], laws: Sequence[Law]
) -> dict[str, bytes]:
    """Name of file -> content: det M and the singular values, each as PNG and as SVG."""
    files: dict[str, bytes] = {}
    with style.applied():
        pictures = {
            "determinant": _determinant(table, settings, measured, laws),
            "singular_values": _singular_values(table, settings, measured, laws),
        }
        for name, figure in pictures.items():
            files |= style.files(name, figure)
    return files


def _determinant(
    table: Dataset, settings: Settings, measured: Sequence[Measured], laws: Sequence[Law]
) -> Figure:
    """Above det M of every run with the prediction, below what is left over with its bound."""
    noisy = measured[1:]
    figure = Figure(figsize=(8.4, 6.6 if noisy else 5.0))
    heights = [2.1, 1.0][: 1 + bool(noisy)]
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
    upper, lowest = axes[0, 0], axes[-1, 0]
    for part in measured:
        _draw_runs(upper, part)
    low, high = upper.get_ylim()
    # Less than two powers of ten would be filled by what is next to nothing.
    room = max(0.0, 2.2 - (high - low)) / 2
    upper.set_ylim(low - room, high + room)
    upper.set_ylabel("det M  (no unit, log scale)")
    upper.yaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    upper.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$10^{{{value:g}}}$"))
    if noisy:
        upper.plot([], [], color=INK, lw=1.1, ls=DASHES, label="predicted from the data")
        for part in noisy:
            _draw_remainder(lowest, part)
        lowest.set_ylabel("excess of ln det M")
        lowest.set_title(_remainder(noisy[0]), loc="left", fontsize=9, color=GREY)
        figure.align_ylabels()
    upper.legend(loc="lower left", handlelength=2.4)
    lowest.set_xlabel(_TIME)
    lowest.set_xlim(0, measured[0].times[-1])
    _step_axis(upper, settings)
    _frame(figure, _determinant_claim(measured, laws), _about(table, settings), laws)
    return figure


def _determinant_claim(measured: Sequence[Measured], laws: Sequence[Law]) -> str:
    """What the picture shows, as far as the verdicts go."""
    agreeing = sum(law.verdict == Status.AGREES for law in laws)
    if agreeing < len(laws):
        return f"det M in training: {agreeing} of {len(laws)} laws agree"
    if len(measured) == 1:
        return "Gradient descent keeps det M up to its step size"
    noise = "Label noise shrinks" if measured[1].algorithm.variance else "Minibatches shrink"
    return f"{noise} det M at the predicted rate, gradient descent keeps it"


_TIME = "time t = number of steps × η  (no unit)"


def _draw_runs(axes: Axes, part: Measured) -> None:
    """Every run of an algorithm, and the stated law from the same start."""
    colour = COLOURS[part.name]
    shown = np.where(part.log_det_error <= DRAWN, part.log_det, np.nan) / LN10
    runs = shown.shape[1]
    label = part.name if runs == 1 else f"{part.name}, {runs} runs and their median"
    if runs > 1:
        axes.plot(part.times, shown, color=colour, lw=0.6, alpha=0.35)
    middle = shown[:, 0] if runs == 1 else np.median(shown, axis=1)
    axes.plot(part.times, middle, color=colour, lw=2.2, label=label)
    if part.sums:
        stated = part.log_det[0] - part.sums["noise"] - part.sums["drift"]
        axes.plot(part.times, np.mean(stated, axis=1) / LN10, color=INK, lw=1.1, ls=DASHES)


def _draw_remainder(axes: Axes, part: Measured) -> None:
    """Mean of log det M beyond the prediction, and the bound that holds at every time at once."""
    assert part.concentration is not None
    colour = COLOURS[part.name]
    runs = part.log_det.shape[1]
    left = part.log_det - part.log_det[0] + part.sums["noise"] + part.sums["drift"]
    left = np.where(part.log_det_error <= DRAWN, left, np.nan).mean(axis=1)
    sums = {name: values.sum(axis=1) for name, values in part.sums.items()}
    eta2 = 2 * part.algorithm.step**2
    half = eta2 * part.concentration.half_width(sums["upper"], sums["lower"]) / runs
    # What the steps' higher orders take away is known exactly.
    bias = np.minimum(part.law.sum(axis=1) + eta2 * sums["square"], 0.0) / runs
    axes.fill_between(part.times, bias - half, half, color=colour, alpha=0.16, lw=0)
    axes.plot(part.times, left, color=colour, lw=1.6)
    axes.axhline(0, color=INK, lw=1.1, ls=DASHES)


def _remainder(part: Measured) -> str:
    assert part.concentration is not None
    level = 1 - 2 * np.exp(-part.concentration.bits)
    return (
        f"mean of {part.log_det.shape[1]} runs minus prediction; "
        f"band: where the law must keep it, at all times at once, with probability {level:.2%}"
    )


def _step_axis(axes: Axes, settings: Settings) -> None:
    """The number of steps along the upper edge."""
    eta = settings.step
    above = axes.secondary_xaxis("top", functions=(_scaled(1 / eta), _scaled(eta)))
    above.set_xlabel("steps", labelpad=4)
    above.spines["top"].set_visible(False)
    above.tick_params(length=3)
    above.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _scaled(factor: float) -> Callable[[ArrayLike], ArrayLike]:
    return lambda values: np.asarray(values, dtype=float) * factor


def _singular_values(
    table: Dataset, settings: Settings, measured: Sequence[Measured], laws: Sequence[Law]
) -> Figure:
    """The singular values of W1, one panel an algorithm on one scale."""
    figure = Figure(figsize=(max(9.0, 3.7 * len(measured)), 5.4))
    axes = figure.subplots(1, len(measured), sharey=True, squeeze=False)[0]
    for panel, part in zip(axes, measured, strict=True):
        _draw_spectrum(panel, part)
        panel.set_xlabel("time t = steps × η  (no unit)")
    axes[0].set_yscale("log")
    axes[0].set_ylabel("singular values of W₁  (no unit)")
    axes[0].yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    _frame(figure, _spectrum_claim(measured), _about(table, settings), laws)
    return figure


def _spectrum_claim(measured: Sequence[Measured]) -> str:
    """What became of the smallest singular value, as measured."""
    ends = [np.median(part.singular_values[:, :, -1], axis=1)[[0, -1]] for part in measured]
    claim = f"Smallest singular value of W₁: {ends[0][0]:.2g} at the start, "
    return claim + ", ".join(
        f"{end[1]:.2g} after {part.name}" for part, end in zip(measured, ends, strict=True)
    )


def _draw_spectrum(axes: Axes, part: Measured) -> None:
    """Each singular value: median over the runs, and the band of all of them."""
    values = part.singular_values
    count, runs = values.shape[2], values.shape[1]
    colours = style.shades(count)
    for i in range(count):
        middle = np.median(values[:, :, i], axis=1)
        if runs > 1:
            low, high = np.quantile(values[:, :, i], [0.1, 0.9], axis=1)
            axes.fill_between(part.times, low, high, color=colours[i], alpha=0.13, lw=0)
        axes.plot(part.times, middle, color=colours[i], lw=1.7)
        if i in (0, count - 1):
            axes.annotate(
                f"$\\sigma_{{{i + 1}}}$", (part.times[-1], middle[-1]), xytext=(4, 0),
                textcoords="offset points", va="center", color=INK,
            )  # fmt: skip
    what = "one run" if runs == 1 else f"median of {runs} runs, band: the middle 80 %"
    axes.set_title(
        f"{part.name}\n", loc="left", fontsize=11, color=COLOURS[part.name], weight="bold"
    )
    axes.text(0, 1.02, what, transform=axes.transAxes, fontsize=9, color=GREY, va="bottom")
    axes.set_xlim(0, part.times[-1])


def _about(table: Dataset, settings: Settings) -> str:
    noise = f", δ = {settings.noise:g}" if settings.noise else ""
    batch = f", b = {settings.batch}" if settings.batch else ""
    return (
        f"{table.source}: n = {len(table.X)}, p = {table.X.shape[1]}, k = {table.Y.shape[1]}; "
        f"l = {settings.width}, η = {settings.step:.3g}{noise}{batch}"
    )


def _frame(figure: Figure, claim: str, about: str, laws: Sequence[Law]) -> None:
    verdicts = [(law.verdict, f"{law.law}: {law.statement}") for law in laws]
    style.caption(figure, claim=claim, about=about, verdicts=verdicts)
