"""The picture of `noise_equilibrium`: size, entries and ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.factorization import carried, equilibrium, imbalance, noise_imbalance
from verify.experiments.noise_equilibrium_judge import model_in, predicted, predicted_path, spectrum
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["equilibrium_figure"]

SGD, GD = style.COLOURS["vermilion"], style.COLOURS["blue"]


def equilibrium_figure(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding], about: str
) -> Figure:
    """|F| with the prediction, the ten entries of D in one run, the spectra at the end."""
    drawn = style.figure(12.4, 6.2)
    size, entries, ends = drawn.subplots(1, 3)
    _draw_size(size, runs, settings)
    _draw_entries(entries, runs[0], settings)
    _draw_ends(ends, runs)
    claim = (
        "SGD removes the noise imbalance at the stated pace and forgets its start; GD keeps it"
        if all(finding.status == Status.AGREES for finding in findings)
        else "The noise imbalance of a matrix factorization under SGD and gradient descent"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _forces(run: Numbers, way: str, first: int) -> Array:
    """The noise imbalance at every mark and start; SGD that has come to the orbit is put on it."""
    U, W = (np.array(run[f"{way}_{name}"]) for name in "UW")
    if way == "sgd":
        U[first:], W[first:] = carried(model_in(run), U[first:], W[first:])
    return noise_imbalance(model_in(run), U, W)


def _draw_size(axes: Axes, runs: Sequence[Numbers], settings: Settings) -> None:
    time = np.asarray(runs[0]["time"])
    for i, run in enumerate(runs):
        for name, colour, label in (("sgd", SGD, "SGD"), ("gd", GD, "gradient descent")):
            sizes = np.linalg.norm(_forces(run, name, settings["from"]), axis=(-1, -2))
            lines = axes.plot(time, sizes, color=colour, lw=0.9, alpha=0.5)
            if i == 0:
                lines[0].set_label(f"{label}, every start and seed")
    stated = np.linalg.norm(predicted(runs[0], settings), axis=(-1, -2))
    lines = axes.plot(time[settings["from"] :], stated, color=style.INK, lw=1.0, ls=style.DASHES)
    lines[0].set_label("stated for SGD, first seed")
    axes.set_yscale("log")
    axes.set_ylim(1e-2, None)
    axes.set_ylabel("|F|, size of the noise imbalance  (log scale)")
    axes.set_xlabel("time t = steps × η")
    axes.set_title("size", loc="left", fontsize=11)
    axes.legend(loc="lower left", fontsize=8, handlelength=2.4)


def _draw_entries(axes: Axes, run: Numbers, settings: Settings) -> None:
    """D = WW' − U'U from one start: GD keeps it, SGD takes it where F = 0."""
    time, first = np.asarray(run["time"]), settings["from"]
    places = np.triu_indices(np.shape(run["sgd_W"])[-2])
    for name, colour, label in (("gd", GD, "gradient descent"), ("sgd", SGD, "SGD")):
        D = imbalance(*(np.asarray(run[f"{name}_{part}"])[:, 0] for part in "UW"))
        lines = axes.plot(time, D[:, places[0], places[1]], color=colour, lw=1.2, alpha=0.75)
        lines[0].set_label(label)
    D = imbalance(*(part[:, 0] for part in predicted_path(run, settings)))
    stated = D[:, places[0], places[1]]
    lines = axes.plot(time[first:], stated, color=style.INK, lw=0.9, ls=style.DASHES)
    lines[0].set_label("stated for SGD")
    axes.set_ylabel("entries of D = WW′ − U′U")
    axes.set_xlabel("time t = steps × η")
    axes.set_title(f"the {len(places[0])} entries, one run", loc="left", fontsize=11)
    axes.legend(loc="best", fontsize=8)


def _draw_ends(axes: Axes, runs: Sequence[Numbers]) -> None:
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    for i, run in enumerate(runs):
        model = model_in(run)
        # Every start has the same U W at its end, and so the same equilibrium.
        U, W = (np.asarray(run[f"gd_{name}"])[-1, 0] for name in "UW")
        stated = spectrum(model, equilibrium(model, (U, W))[1])
        for name, colour, mark, label in (
            ("gd", GD, "s", "gradient descent"),
            ("sgd", SGD, "o", "SGD"),
        ):
            ends = spectrum(model, np.asarray(run[f"{name}_W"])[-1])
            axes.plot(
                np.broadcast_to(stated, ends.shape).ravel(), ends.ravel(), mark, color=colour,
                ms=4.5, alpha=0.6, mec="none", label=label if i == 0 else None,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    line = np.array(axes.get_xlim())
    axes.plot(line, line, color=style.INK, lw=1.0, ls=style.DASHES, label="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("eigenvalues of WΣₓW′ at the equilibrium  (log scale)")
    axes.set_ylabel("eigenvalues of WΣₓW′ at the end of a run  (log scale)")
    axes.set_title("ends, every start and seed", loc="left", fontsize=11)
    axes.legend(loc="upper left", fontsize=8)
