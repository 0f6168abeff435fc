"""Matrix factorization: SGD comes to the noise equilibrium from every start, GD stays where it is.

What is stated of the runs enters in `noise_equilibrium_judge`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import Model, train
from verify.experiments.label_noise import generator
from verify.experiments.noise_equilibrium_figures import equilibrium_figure
from verify.experiments.noise_equilibrium_judge import judge

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "model_of", "simulate"]


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="noise-equilibrium",
        title="The imbalance of a matrix factorization under SGD and under gradient descent",
        source="seed 003, figure on matrix factorization",
        claim="SGD takes tr(Σ_r) WΣ_xW' − tr(Σ_x) U'Σ_rU to zero at the stated pace and ends at "
        "one spectrum whatever the start; gradient descent keeps WW' − U'U and with it the start.",
        settings=MappingProxyType(
            {
                "outputs": 5,
                "inputs": 6,
                "hidden": 4,
                "singular_values": [1.5, 1.2, 1.0, 0.8],
                "step": 0.001,
                "steps": 400_000,
                "marks": 100,
                "starts": 4,
                "from": 10,
            }
        ),
        quick=MappingProxyType(
            {"step": 0.0015, "steps": 180_000, "marks": 50, "starts": 3, "from": 5}
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=6,
    )


def model_of(seed: int, settings: Settings) -> Model:
    """Uneven Σ_x and Σ_r, turned at random; V with the given singular values."""
    rng = generator(seed, 0)
    dy, dx, h = settings["outputs"], settings["inputs"], settings["hidden"]
    left, right, of_inputs, of_noise = (
        np.linalg.qr(rng.standard_normal((d, d)))[0] for d in (dy, dx, dx, dy)
    )
    V = (left[:, :h] * np.array(settings["singular_values"])) @ right[:, :h].T
    return Model(
        V=V,
        inputs=(of_inputs * np.linspace(0.6, 1.4, dx)) @ of_inputs.T,
        noise=(of_noise * np.linspace(0.6, 1.4, dy)) @ of_noise.T,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """One V, several starts: the weights under SGD and GD from each, (marks, starts, …)."""
    model, eta, count = model_of(seed, settings), settings["step"], settings["starts"]
    etas, marks = np.full(settings["steps"], eta), settings["marks"]
    rng = generator(seed, 1)
    runs: dict[str, list[tuple[Array, Array]]] = {"sgd": [], "gd": []}
    for i in range(count):
        start = _start(rng, i, settings)
        for way, noise in (("sgd", generator(seed, 2 + i)), ("gd", None)):
            run = train(model, start, etas, marks=marks, rng=noise)
            runs[way].append((run.U, run.W))
        progress((i + 1) / (count + 1), f"start {i + 1}")
    return {
        "time": eta * run.steps,
        **{name: getattr(model, name) for name in ("V", "inputs", "noise")},
        **{
            f"{way}_{name}": np.stack([pair[part] for pair in pairs], axis=1)
            for way, pairs in runs.items()
            for part, name in enumerate("UW")
        },
    }


def _start(rng: np.random.Generator, i: int, settings: Settings) -> tuple[Array, Array]:
    """Starts with a large U, a large W, and in between, in turns."""
    dy, dx, h = settings["outputs"], settings["inputs"], settings["hidden"]
    scale = 2.0 ** (0.5 - i / max(settings["starts"] - 1, 1))
    return 0.7 * scale * rng.standard_normal((dy, h)), 0.7 / scale * rng.standard_normal((h, dx))


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """One picture: path, entries, ends."""
    about = (
        f"{settings['inputs']} inputs, {settings['outputs']} outputs, h = {settings['hidden']}; "
        f"uneven Σₓ and Σᵣ; η = {settings['step']:g}, b = 1, {settings['steps']:,} steps, "
        f"{settings['starts']} starts, {len(runs)} seeds"
    )
    return {"noise-equilibrium": equilibrium_figure(runs, settings, findings, about)}
