"""The picture of rank-collapse: singular values of W against time, SGD beside gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.rank_collapse import (
    collapse_rate,
    model,
    predicted,
    settled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["collapse_figure"]


def collapse_figure(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Figure:
    """The first seed in full colour, the others behind it; dashed what is predicted."""
    drawn = style.figure(11.0, 6.6)
    panels = drawn.subplots(1, 2, sharex=True, sharey=True)
    for axes, name, title in (
        (panels[0], "sgd", "SGD, one sample a step"),
        (panels[1], "gd", "gradient descent on the expected loss"),
    ):
        _paths(axes, runs, name)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("time t = η · steps")
    _law_of_sgd(panels[0], runs[0], settings)
    panels[0].set_yscale("log")
    panels[0].set_ylabel("singular values of W")
    panels[0].legend(loc="lower left", fontsize=9)
    (eta, steps), h, outputs = settings["runs"][0], settings["hidden"], len(runs[0]["V"])
    style.caption(
        drawn,
        claim=f"Label noise takes the rank of W from {h} to {outputs}, the number of outputs; "
        "gradient descent keeps it",
        about=f"|UWx − y|², {settings['inputs']} inputs of variance "
        f"{settings['input_variance']:g}, {h} hidden units, {outputs} outputs, Σᵣ with eigenvalues "
        f"{', '.join(f'{x:g}' for x in settings['noise'])}; η = {eta:g}, b = 1, {steps:,} steps; "
        f"{len(runs)} seeds, one in colour, the others grey",
        verdicts=style.judged(findings),
    )
    return drawn


def _paths(axes: Axes, runs: Sequence[Numbers], name: str) -> None:
    for run in runs[1:]:
        axes.plot(run[f"{name} time"], run[name], color=style.GREY, lw=0.6, alpha=0.35)
    values = np.asarray(runs[0][name])
    for i, shade in enumerate(style.shades(values.shape[1])):
        label = f"number {i + 1}" if name == "sgd" else None
        axes.plot(runs[0][f"{name} time"], values[:, i], color=shade, lw=1.8, label=label)


def _law_of_sgd(axes: Axes, run: Numbers, settings: Settings) -> None:
    """Where the large ones settle; the rate of the small ones, from where it is judged."""
    dashed: dict[str, Any] = {
        "color": style.COLOURS["vermilion"],
        "ls": style.DASHES,
        "lw": 1.3,
        "zorder": 3,
    }
    for level in predicted(model(run, settings)):
        axes.axhline(level, **dashed)
    time, values = settled(run, "sgd")
    fall = np.exp(-collapse_rate(settings, settings["runs"][0][0]) * (time - time[0]))
    for column in values[:, len(run["V"]) :].T:
        # Through the middle of the logarithms: the slope is predicted, the height is not.
        height = np.exp(np.mean(np.log(column / fall)))
        axes.plot(time, height * fall, **dashed)
    axes.plot([], [], label="predicted", **dashed)
