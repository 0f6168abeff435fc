"""ReLU in ten dimensions: strength gathers on the teacher's directions (seed 000, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.relu import (
    Student,
    above,
    late,
    marks,
    predicted_singular_values,
    singular_value_finding,
    stepped,
    trained,
)
from verify.experiments.relu_figures import alignment_panel, group_figure, singular_value_panel
from verify.experiments.relu_groups import Group, clustered, groups
from verify.experiments.relu_judge import gap_finding, group_numbers, rate_finding, step_finding
from verify.experiments.style import caption, figure, judged

__all__ = ["experiment"]

CLAIM = (
    "Label noise leaves a ReLU network as many singular values as the teacher has neurons, and its "
    "strength on the teacher's directions."
)
OUTPUTS = (1.0, -1.0, 1.0)
"""Of teacher neurons in orthonormal directions.  Neurons turn more slowly where two directions are
close: at a cosine of 0.86 not even 10⁷ steps tell them apart."""


def experiment() -> Experiment:
    """The experiment; standard settings take about half a minute on two cores."""
    return Experiment(
        id="relu-high-dimension",
        title="A ReLU network in ten dimensions: singular values and alignment",
        source="author response to the reviews of RD, figure 3 (seed 000)",
        claim=CLAIM + " det M of neurons that share an activation pattern obeys the determinant "
        "law while the pattern lasts.",
        settings=MappingProxyType(
            {
                "inputs": 10,
                "neurons": 30,
                "samples": 200,
                "start": 0.5,
                "step": 0.01,
                "variance": 0.05,
                "steps": 5_000_000,
                "marks": 160,
                "size": 12,
                "clusters": 4,
                "longest": 300,
                "aligned": 0.98,
                "vanished": 0.5,
            }
        ),
        quick=MappingProxyType(
            {
                "inputs": 4,
                "neurons": 16,
                "samples": 80,
                "step": 0.02,
                "variance": 0.1,
                "steps": 600_000,
                "marks": 60,
                "size": 6,
                "clusters": 1,
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=6,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """SGD with and without label noise from one start; groups that are set up."""
    from numerics.compiled import relu

    rng = generator(seed, 0)
    T = np.linalg.qr(rng.standard_normal((settings["inputs"], len(OUTPUTS))))[0].T
    student = Student.drawn(rng, T, np.array(OUTPUTS), settings)
    at = marks(settings["steps"], settings["marks"])
    eta, variance = settings["step"], settings["variance"]
    data, streams = (student.X, student.y), [generator(seed, purpose) for purpose in (1, 2)]
    largest: list[int] = []

    def with_noise(W: Array, a: Array, steps: int) -> None:
        relu.sgd_steps(W, a, *data, eta, np.sqrt(variance), steps, streams[0])

    def without(W: Array, a: Array, steps: int) -> None:
        relu.sgd_steps(W, a, *data, eta, 0.0, steps, streams[1])

    def watch(mark: int, W: Array, a: Array) -> None:
        sizes = [len(group.members) for group in groups(W, a, *data, 1)]
        largest.append(max(sizes, default=0))

    noise = trained(student, at, with_noise, stepped(progress, 0.0, 0.45, "SGD"), watch)
    plain = trained(student, at, without, stepped(progress, 0.45, 0.9, "no noise"))
    progress(0.9, "groups")
    draws, found = generator(seed, 3), list[Group]()
    for _ in range(settings["clusters"]):
        start = clustered(
            draws, student.X, settings["neurons"], settings["size"], np.sqrt(variance)
        )
        found.extend(start)
    runs = {"noise": noise, "plain": plain}
    return {
        "at": at,
        "teacher": T,
        "largest_group": np.array(largest),
        "predicted_sigma": predicted_singular_values(student),
        **{f"{run}_{name}": value for run, part in runs.items() for name, value in part.items()},
        **group_numbers(found, found[:2], eta, variance, settings["longest"], generator(seed, 4)),
    }


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Alignment by strength, vanishing and settling singular values, the groups' law."""
    at, kept = runs[0]["at"], len(OUTPUTS)
    strong = [float(late(numbers["noise_strong"], at)) for numbers in runs]
    plain = [float(late(numbers["plain_strong"], at)) for numbers in runs]
    each = np.mean([late(numbers["noise_cosine"], at) for numbers in runs])
    ends = {
        run: np.array([numbers[f"{run}_sigma"][-1] for numbers in runs])
        for run in ("noise", "plain")
    }
    below = [float(1 - sigma[kept] / sigma[kept - 1]) for sigma in ends["noise"]]
    without = np.mean(ends["plain"][:, kept] / ends["plain"][:, kept - 1])
    most = max(int(np.max(numbers["largest_group"])) for numbers in runs)
    step = step_finding(runs)
    needed = settings["inputs"] + 1
    return [
        above(
            "alignment by strength",
            "With label noise the mean cosine with the teacher, weighted by |a_r||w_r|, is above "
            f"{settings['aligned']:g} in the last tenth of the run.",
            strong,
            settings["aligned"],
            f"; {min(plain):.2f} to {max(plain):.2f} without noise; {each:.2f} if every neuron "
            "counts alike: those without strength do not turn",
        ),
        above(
            "vanishing",
            f"Singular value {kept + 1} ends below {settings['vanished']:g} of number {kept}, the "
            "last that the teacher needs (1 − ratio is judged).",
            below,
            1 - settings["vanished"],
            f"; the ratio is {without:.2f} without noise",
        ),
        singular_value_finding(runs),
        Finding(
            name=step.name,
            statement=step.statement,
            status=step.status,
            reason=f"{step.reason}; the groups are set up, for the training run has none: at most "
            f"{most} neurons share a pattern at its marks, the law needs {needed}",
            numbers=step.numbers,
        ),
        rate_finding(runs),
        gap_finding(runs),
    ]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Any]:
    """Singular values and alignment; the groups."""
    about = (
        f"p = {settings['inputs']}, teacher of {len(OUTPUTS)} neurons, m = {settings['neurons']}, "
        f"n = {settings['samples']}, one sample a step, η = {settings['step']:g}, "
        f"δ = {settings['variance']:g}, {settings['steps']:,} steps, {len(runs)} seeds"
    )
    drawn = figure(11.5, 6.4)
    left, middle, right = drawn.subplots(1, 3)
    count = runs[0]["noise_sigma"].shape[1]
    singular_value_panel(left, runs, settings, "plain", "no label noise", count)
    singular_value_panel(middle, runs, settings, "noise", "label noise", count)
    left.set_ylim(middle.get_ylim())
    alignment_panel(right, runs, settings, "strong", "1 − mean cosine, weighted by strength")
    right.set_title("strength of neurons: alignment")
    note = "; lines: median over seeds, bands: all seeds"
    caption(drawn, claim=CLAIM, about=about + note, verdicts=judged(findings[:3]))
    claim = (
        "Neurons that share an activation pattern obey the determinant law while the pattern lasts."
    )
    note = f"; groups of {settings['size']} neurons set up with an error to learn"
    return {
        "singular-values": drawn,
        "groups": group_figure(runs, findings[3:], claim, about + note),
    }
