"""Neurons in the plane: label noise turns them to the teacher's directions (seed 000, figure 2)."""

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
from verify.experiments.relu_figures import (
    alignment_panel,
    group_figure,
    plane_panel,
    singular_value_panel,
)
from verify.experiments.relu_groups import Group, clustered, groups
from verify.experiments.relu_judge import gap_finding, group_numbers, rate_finding, step_finding
from verify.experiments.style import caption, figure, judged

__all__ = ["experiment"]

CLAIM = (
    "Label noise turns the neurons of a ReLU network to the teacher's directions; without it they "
    "stay where the loss vanishes."
)
OUTPUTS = (1.0, -1.0, 1.0, -1.0)
"""A cross of four, so that every kink of the teacher has its neuron on either side: max(z, 0) −
max(−z, 0) = z, and a neuron −t may stand for t otherwise."""


def experiment() -> Experiment:
    """The experiment; standard settings take about half a minute on two cores."""
    return Experiment(
        id="relu-planar",
        title="Neurons of a ReLU network in the plane align with the teacher's",
        source="author response to the reviews of RD, figure 2 (seed 000)",
        claim=CLAIM + " det M of neurons that share an activation pattern obeys the determinant "
        "law while the pattern lasts.",
        settings=MappingProxyType(
            {
                "neurons": 20,
                "samples": 50,
                "start": 0.5,
                "step": 0.02,
                "variance": 0.25,
                "steps": 300_000,
                "marks": 160,
                "sde_substeps": 2,
                "least": 3,
                "watch": 12,
                "longest": 300,
                "aligned": 0.98,
            }
        ),
        quick=MappingProxyType({"marks": 60, "sde_substeps": 0, "watch": 4}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=8,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """SGD with and without label noise and the SDE from one start; groups as they occur."""
    from numerics.compiled import relu

    rng = generator(seed, 0)
    angles = 2 * np.pi * rng.random() + np.arange(len(OUTPUTS)) * np.pi / 2
    T = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    student = Student.drawn(rng, T, np.array(OUTPUTS), settings)
    at = marks(settings["steps"], settings["marks"])
    eta, deviation = settings["step"], np.sqrt(settings["variance"])
    substeps, data = settings["sde_substeps"], (student.X, student.y)
    found: list[Group] = []
    watched = np.linspace(len(at) // 3, len(at) - 1, settings["watch"]).astype(int)
    streams = [generator(seed, purpose) for purpose in (1, 2, 3)]

    def with_noise(W: Array, a: Array, steps: int) -> None:
        relu.sgd_steps(W, a, *data, eta, deviation, steps, streams[0])

    def without(W: Array, a: Array, steps: int) -> None:
        relu.sgd_steps(W, a, *data, eta, 0.0, steps, streams[1])

    def of_sde(W: Array, a: Array, steps: int) -> None:
        h = eta / substeps
        relu.sde_steps(W, a, *data, eta, deviation, h, substeps * steps, streams[2])

    def watch(mark: int, W: Array, a: Array) -> None:
        if mark in watched:
            found.extend(groups(W, a, *data, settings["least"]))

    noise = trained(student, at, with_noise, stepped(progress, 0.0, 0.08, "SGD"), watch)
    plain = trained(student, at, without, stepped(progress, 0.08, 0.16, "no noise"))
    runs = {"noise": noise, "plain": plain}
    if substeps:
        runs["sde"] = trained(student, at, of_sde, stepped(progress, 0.16, 0.8, "SDE"))
    progress(0.8, "groups")
    fresh = clustered(generator(seed, 4), student.X, settings["neurons"], 5, deviation)
    return {
        "at": at,
        "teacher": T,
        "start_W": student.W,
        "start_a": student.a,
        "predicted_sigma": predicted_singular_values(student),
        **{f"{run}_{name}": value for run, part in runs.items() for name, value in part.items()},
        **group_numbers(
            found, fresh, eta, settings["variance"], settings["longest"], generator(seed, 5)
        ),
    }


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Alignment with noise and for the SDE, none without, singular values, the groups' law."""
    at = runs[0]["at"]
    cosines = {
        run: [float(late(numbers[f"{run}_cosine"], at)) for numbers in runs]
        for run in ("noise", "plain", "sde")
        if f"{run}_cosine" in runs[0]
    }
    start = np.mean([numbers["noise_cosine"][0] for numbers in runs])
    lost = [
        float(np.log((1 - plain) / (1 - noise)))
        for plain, noise in zip(cosines["plain"], cosines["noise"], strict=True)
    ]
    under = []
    if "sde" in cosines:
        under = [
            above(
                "alignment under the SDE",
                "The SDE of the same noise aligns them too.",
                cosines["sde"],
                settings["aligned"],
            )
        ]
    return [
        above(
            "alignment",
            "With label noise the mean cosine of neurons and teacher is above 0.98 in the last "
            "tenth of the run.",
            cosines["noise"],
            settings["aligned"],
            f"; {start:.3f} at the start, {np.mean(cosines['plain']):.3f} without noise",
        ),
        *under,
        above(
            "noise is the reason",
            "Without label noise 1 − cosine stays at least 3 times larger; judged is log(ratio/3).",
            [ratio - float(np.log(3)) for ratio in lost],
            0.0,
            f"; the ratio is {np.exp(np.mean(lost)):.0f} in the geometric mean",
        ),
        singular_value_finding(runs),
        step_finding(runs),
        rate_finding(runs),
        gap_finding(runs),
    ]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Any]:
    """The neurons and their alignment; the groups."""
    about = (
        f"teacher of {len(OUTPUTS)} neurons, m = {settings['neurons']}, "
        f"n = {settings['samples']}, one sample a step, η = {settings['step']:g}, "
        f"δ = {settings['variance']:g}, {settings['steps']:,} steps, {len(runs)} seeds"
    )
    drawn = figure(11.5, 9.6)
    panels = drawn.subplots(2, 3)
    run = runs[0]
    reach = 1.08 * max(
        float(np.abs(run[f"{name}_W"]).max()) for name in ("start", "plain", "noise")
    )
    for axes, title, name in (
        (panels[0, 0], "start", "start"),
        (panels[0, 1], "end, no label noise", "plain"),
        (panels[0, 2], "end, label noise", "noise"),
    ):
        plane_panel(axes, title, run[f"{name}_W"], run[f"{name}_a"], run["teacher"], reach)
    alignment_panel(panels[1, 0], runs, settings, "cosine", "1 − mean cosine with the teacher")
    panels[1, 0].set_title("alignment")
    singular_value_panel(panels[1, 1], runs, settings, "plain", "no label noise", 2)
    singular_value_panel(panels[1, 2], runs, settings, "noise", "label noise", 2)
    note = (
        "; top: one seed, place w, area |a|, blue a > 0, dashed the teacher's; bottom: median and "
        "range over seeds"
    )
    caption(drawn, claim=CLAIM, about=about + note, verdicts=judged(findings[:-3]))
    claim = (
        "Neurons that share an activation pattern obey the determinant law while the pattern lasts."
    )
    note = (
        "; groups of 3 neurons or more as they occur in the last two thirds of the marks; right: "
    )
    note += "groups set up with an error to learn"
    return {
        "neurons": drawn,
        "groups": group_figure(runs, findings[-3:], claim, about + note),
    }
