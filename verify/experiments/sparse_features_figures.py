"""The picture of sparse-features: the measures against time, similarity matrices at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.features import activation_similarity, relu_activations
from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.sparse_features import MEASURES, predicted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["features_figure"]

WAYS = (
    ("plain", "no label noise", style.COLOURS["blue"]),
    ("noise", "label noise", style.COLOURS["vermilion"]),
)


def features_figure(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Figure:
    """Median and range over seeds of every measure; two matrices of the first seed."""
    drawn = style.figure(12.6, 9.4)
    panels = drawn.subplots(2, 3)
    of_law = [predicted(run, settings) for run in runs]
    places = (panels[0, 0], panels[0, 1], panels[0, 2], panels[1, 0])
    for axes, measure in zip(places, MEASURES, strict=True):
        _series(axes, runs, settings, measure)
        if measure in of_law[0]:
            level = float(np.median([law[measure] for law in of_law]))
            axes.axhline(level, color=style.INK, ls=style.DASHES, lw=1.2, label="predicted")
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(MEASURES[measure])
    panels[0, 0].legend(loc="lower left", fontsize=9)
    for axes, (name, title, _) in zip(panels[1, 1:], WAYS, strict=True):
        shown = _matrix(axes, runs[0], name)
        axes.set_title(f"correlations at the end, {title}", loc="left", fontsize=11)
    drawn.colorbar(shown, ax=list(panels[1, 1:]), shrink=0.8)
    teacher = len(runs[0]["T"])
    style.caption(
        drawn,
        claim="Label noise leaves as many features as the teacher has; without it they stay richer",
        about=f"ReLU teacher of {teacher} neurons in {len(settings['outputs'])} dimensions, "
        f"m = {settings['neurons']}, n = {settings['samples']}, one sample a step, η = "
        f"{settings['step']:g}, δ = {settings['variance']:g}, {settings['steps']:,} steps; "
        f"{len(runs)} seeds: median and range; matrices of the first, neurons in the order of "
        "the teacher neuron next to them",
        verdicts=style.judged(findings),
    )
    return drawn


def _series(axes: Axes, runs: Sequence[Numbers], settings: Settings, measure: str) -> None:
    time = settings["step"] * np.asarray(runs[0]["at"])
    for name, label, colour in WAYS:
        values = np.array([run[f"{name} {measure}"] for run in runs])
        axes.plot(time, np.median(values, axis=0), color=colour, lw=1.8, label=label)
        axes.fill_between(
            time, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.18, lw=0
        )
    axes.set_xscale("log")
    axes.set_xlim(time[1], time[-1])
    axes.set_xlabel("time t = η · steps")


def _matrix(axes: Axes, run: Numbers, name: str) -> Any:
    """Correlations of the neurons, those of one teacher neuron side by side."""
    W, T = np.asarray(run[f"{name} W"]), np.asarray(run["T"])
    cosines = W @ T.T / np.linalg.norm(W, axis=1, keepdims=True)
    order = np.lexsort((-cosines.max(axis=1), cosines.argmax(axis=1)))
    similarity = activation_similarity(relu_activations(np.asarray(run["X"]), W[order].T))
    axes.grid(visible=False)
    every = range(0, len(W), 5)
    axes.set_xticks(every)
    axes.set_yticks(every)
    axes.set_xlabel("neuron")
    axes.set_ylabel("neuron")
    return axes.imshow(similarity, vmin=-1, vmax=1, cmap="PuOr_r", interpolation="nearest")
