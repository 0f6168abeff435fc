"""Figure 1 of "SGD vs GD": det M and the singular values of W1, with label noise and without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from numerics.training import Problem
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator, teacher_problem, train
from verify.experiments.vanishing import (
    decay_finding,
    determinant_finding,
    flow_finding,
    residual_part,
    vanishing_finding,
)
from verify.experiments.vanishing_figures import determinant_figure, spectrum_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["both_ways", "experiment"]


def experiment() -> Experiment:
    """The experiment; standard settings take about half a minute on two cores."""
    return Experiment(
        id="figure-one",
        title="det M and singular values of W1 under gradient flow and label noise",
        source="RD, figure 1 (seed 001)",
        claim="Label noise takes det M to zero along a line that is known beforehand, and with it "
        "all singular values of W1 but as many as there are outputs; gradient flow keeps both.",
        settings=MappingProxyType(
            {
                "n": 1000,
                "p": 5,
                "k": 2,
                "width": 10,
                "teacher_scale": 1.0,
                "start_scale": 1.0,
                "step": 0.02,
                "variance": 2.0,
                "steps": 10_000_000,
                "marks": 200,
                "vanished": 0.05,
            }
        ),
        # A smaller start allows larger steps.
        quick=MappingProxyType(
            {"teacher_scale": 0.4, "start_scale": 0.3, "step": 0.1, "steps": 300_000, "marks": 100}
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Data, teacher, start and noise of one seed; both runs begin at the same weights."""
    rng = generator(seed, 0)
    p, k, width = settings["p"], settings["k"], settings["width"]
    data = teacher_problem(rng, settings["n"], p, k, settings["teacher_scale"])
    scale = settings["start_scale"]
    start = scale * rng.standard_normal((p, width)), scale * rng.standard_normal((width, k))
    return both_ways(data, start, seed, settings, progress)


def both_ways(
    data: Problem, start: tuple[Array, Array], seed: int, settings: Settings, progress: Progress
) -> dict[str, object]:
    """Gradient descent with label noise and without, and what the predictions need of the data."""
    step, steps, marks = settings["step"], settings["steps"], settings["marks"]
    noisy = train(
        data,
        start,
        step=step,
        variance=settings["variance"],
        steps=steps,
        marks=marks,
        rng=generator(seed, 1),
        progress=lambda fraction: progress(0.55 * fraction, "label noise"),
    )
    flow = train(
        data,
        start,
        step=step,
        variance=0.0,
        steps=steps,
        marks=marks,
        rng=generator(seed, 1),
        progress=lambda fraction: progress(0.55 + 0.45 * fraction, "gradient descent"),
    )
    return {
        "n": data.n,
        "gram": data.XX,
        "solution": np.linalg.lstsq(data.X, data.Y)[0],
        "time": noisy.times,
        "log_det": noisy.log_det,
        "seen": noisy.seen,
        "squares": noisy.squares,
        "sigma": noisy.singular_values,
        "middle": noisy.W1[len(noisy.W1) // 2],
        "diverged": noisy.diverged or flow.diverged,
        "flow_log_det": flow.log_det,
        "flow_residual_part": residual_part({"squares": flow.squares}, settings),
        "flow_sigma": flow.singular_values,
    }


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The determinant, gradient flow, the vanishing, its rate."""
    return [
        determinant_finding(runs, settings),
        flow_finding(runs),
        vanishing_finding(runs, settings),
        decay_finding(runs, settings),
    ]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """det M, and the singular values."""
    about = (
        f"n = {settings['n']} Gaussian inputs, p = {settings['p']}, k = {settings['k']} outputs "
        f"of a ground truth; l = {settings['width']}, η = {settings['step']:g}, "
        f"δ = {settings['variance']:g}, {settings['steps']:,} steps, {len(runs)} seeds"
    )
    return {
        "determinant": determinant_figure(runs, settings, findings[:2], about),
        "singular-values": spectrum_figure(runs, settings, findings[1:], about),
    }
