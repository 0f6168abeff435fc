"""The pictures of `figure_one` for the user's own data.

Columns are standardised.  Noise is chosen small enough for the fit to settle and the run long
enough for the singular values to die on the directions in which the data vary; a direction in which
they hardly vary takes longer than there is time, and the finding says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.datasets import Dataset
from numerics.network import Array
from numerics.training import Problem, problem
from verify.data.settings import Request, choose, start
from verify.data.table import read_table
from verify.errors import UsageError
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.figure_one import both_ways
from verify.experiments.vanishing import (
    determinant_finding,
    flow_finding,
    vanishing_finding,
)
from verify.experiments.vanishing_figures import determinant_figure, spectrum_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment"]

# ηδ tr(X'X/n)/n: how far the noise may carry the fit.
NOISE = 0.001
# By how many powers of e the dying singular values are to fall in the mean.
FALL = 12.0
# Multiplications of one run, a few seconds.
WORK = 2e9


def experiment() -> Experiment:
    """The experiment, still without data; `Experiment.on_table` gives it some."""
    return Experiment(
        id="own-data",
        title="det M and singular values of W1 on your own data",
        source="RD, figure 1, on a CSV file",
        claim="Label noise takes det M to zero along a line that is known from the data, and with "
        "it the singular values of W1 that the fit does not use; gradient flow keeps both.",
        settings=MappingProxyType({"marks": 200, "vanished": 0.05}),
        quick=MappingProxyType({"marks": 100, "fall": 5.0}),
        simulate=_without_data,
        judge=judge,
        draw=draw,
        on_table=on_table,
    )


def on_table(path: Path, targets: Sequence[str]) -> Experiment:
    """The experiment on the columns of a CSV file.

    Raises
    ------
    UsageError
        If the file is no regression table, or its targets need no fewer directions than it has.
    """
    table = read_table(path, targets)
    p, k = table.X.shape[1], table.Y.shape[1]
    if k >= p:
        raise UsageError(
            f"--targets {','.join(targets)}: {k} for {p} features, so no singular value is to "
            "vanish; name fewer targets than there are features"
        )
    found = experiment()
    chosen = _chosen(problem(table.X, table.Y))
    settings = {**found.settings, **chosen, "file": table.source, "targets": table.target_names}
    return replace(found, settings=MappingProxyType(settings), simulate=partial(simulate, table))


def _chosen(data: Problem) -> dict[str, Any]:
    """Width, step, noise and steps that suit the data."""
    safe = choose(data, Request(steps=1))
    step = float(f"{safe.safe_step:.2g}")
    trace = float(np.trace(data.XX))
    variance = float(f"{NOISE * data.n / (step * trace):.2g}")
    # In the mean over the directions a step takes kη²δλ/(2n) from log σ.
    per_step = data.k * step**2 * variance * trace / data.p / (2 * data.n)
    work = data.p * (data.p + safe.width * data.k)
    steps = int(min(FALL / per_step, WORK / work))
    return {
        "n": data.n,
        "p": data.p,
        "k": data.k,
        "width": safe.width,
        "step": step,
        "variance": variance,
        "fall": per_step * steps,
        "steps_per_fall": 1 / per_step,
    }


def _without_data(seed: int, settings: Settings, progress: Progress) -> Numbers:
    raise UsageError("own-data: no data; give a CSV file")


def simulate(table: Dataset, seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Both runs from one start, N(0, 1/l); the data are the same for every seed."""
    data = problem(table.X, table.Y)
    weights: tuple[Array, Array] = start(data, settings["width"], seed)
    return both_ways(data, weights, seed, _with_steps(settings), progress)


def _with_steps(settings: Settings) -> dict[str, Any]:
    return {**settings, "steps": round(settings["fall"] * settings["steps_per_fall"])}


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The findings of `figure_one` but the rate of dying: real data leave no common window."""
    return [
        determinant_finding(runs, settings),
        flow_finding(runs),
        vanishing_finding(runs, settings),
    ]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """det M, and the singular values."""
    steps = _with_steps(settings)["steps"]
    about = (
        f"{settings['file']} → {', '.join(settings['targets'])}: n = {settings['n']}, "
        f"p = {settings['p']}, k = {settings['k']}, standardised; l = {settings['width']}, "
        f"η = {settings['step']:g}, δ = {settings['variance']:g}, {steps:,} steps, "
        f"{len(runs)} seeds"
    )
    return {
        "determinant": determinant_figure(runs, settings, findings[:2], about),
        "singular-values": spectrum_figure(runs, settings, findings[1:], about, predicted=False),
    }
