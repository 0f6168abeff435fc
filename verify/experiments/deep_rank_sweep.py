"""Rank of fully connected, residual and convolutional networks, trained by PyTorch (extra deep)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.datasets.digits import load
from numerics.deep import Training
from numerics.deep.torch_nets import ARCHITECTURES, torch, train
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.rank_sweep_judge import (
    RELEVANT_RANK,
    Trained,
    falls,
    mean_rank,
    seed_values,
    test_error,
    without_decay,
)
from verify.experiments.rank_sweep_pictures import draw_means
from verify.experiments.saved_runs import swept

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "judge", "plan", "simulate"]

COLOURS = {"with": style.COLOURS["vermilion"], "without": style.COLOURS["blue"]}


def experiment() -> Experiment:
    """The experiment; it needs PyTorch, takes some minutes, and goes on where it was stopped."""
    return Experiment(
        id="deep-rank-sweep",
        title="Rank of trained fully connected, residual and convolutional networks (PyTorch)",
        source="seed 002 (Galanti et al.), its experiments, on the 8 × 8 digits; extra deep",
        claim="In fully connected, residual and convolutional networks SGD with weight decay "
        "lowers the rank of the layers, at equal epochs the more the smaller the batch; without "
        "decay the rank stays.",
        settings=MappingProxyType(
            {
                "kinds": list(ARCHITECTURES),
                "width": {"fully connected": 32, "residual": 32, "convolution": 12},
                "depth": 3,
                "train": 300,
                "test": 1000,
                "threshold": 0.01,
                "batches": [4, 16, 64],
                "decays": [0.0, 0.006],
                "step": {"fully connected": 0.1, "residual": 0.1, "convolution": 0.1},
                "updates": 6000,
                "saved": "build/experiments/deep-rank-sweep/runs",
            }
        ),
        quick=MappingProxyType(
            {
                "kinds": ["fully connected", "residual"],
                "train": 100,
                "test": 200,
                "batches": [4, 64],
                "decays": [0.0, 0.02],
                "updates": 1500,
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=10,
    )


def plan(settings: Settings) -> list[dict[str, Any]]:
    """The runs of one seed: every kind with every decay, batches at equal epochs."""
    first = settings["batches"][0]
    return [
        {
            "kind": kind,
            "width": settings["width"][kind],
            "step": settings["step"][kind],
            "decay": decay,
            "batch": batch,
            "updates": settings["updates"] * first // batch,
        }
        for kind in settings["kinds"]
        for decay in settings["decays"]
        for batch in settings["batches"]
    ]


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Every run of the plan, saved as soon as it is there."""
    torch()  # Without it nothing is begun.
    common = {name: settings[name] for name in ("depth", "train", "test", "threshold")}
    common["seed"] = seed

    def told(done: float, run: Mapping[str, Any]) -> None:
        progress(done, f"{run['kind']}, batch {run['batch']}, λ = {run['decay']:g}")

    return swept(Path(settings["saved"]), plan(settings), common, _trained, told)


def _trained(key: Mapping[str, Any]) -> Trained:
    split = load().split(key["train"], key["test"], np.random.default_rng([key["seed"], 0]))
    how = Training(step=key["step"], decay=key["decay"], batch=key["batch"], updates=key["updates"])
    outcome = train(
        key["kind"],
        split,
        how,
        width=key["width"],
        depth=key["depth"],
        threshold=key["threshold"],
        seed=key["seed"],
    )
    return {name.replace("_", " "): value for name, value in vars(outcome).items()}


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Decay and batch size for every kind, and nothing without decay."""
    small, large, decay = settings["batches"][0], settings["batches"][-1], settings["decays"][-1]
    found = []
    for kind in settings["kinds"]:

        def rank(batch: int, decay: float, kind: str = kind) -> Any:
            return seed_values(runs, mean_rank, kind=kind, batch=batch, decay=decay)

        found += [
            falls(
                f"{kind}: decay",
                f"With batch {small} the rank for λ = {decay:g} is lower than for 0 by more than "
                f"{RELEVANT_RANK:g}.",
                rank(small, 0.0) - rank(small, decay),
            ),
            falls(
                f"{kind}: batch size",
                f"At equal epochs and λ = {decay:g} it is lower for batch {small} than for {large} "
                f"by more than {RELEVANT_RANK:g}.",
                rank(large, decay) - rank(small, decay),
            ),
        ]
    return [*found, without_decay(runs)]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Mean rank and test error against the batch size, a column for each kind."""
    drawn = style.figure(12.0, 8.6)
    panels = drawn.subplots(2, len(settings["kinds"]), sharex=True, squeeze=False)
    batches = settings["batches"]
    for column, kind in enumerate(settings["kinds"]):
        for decay in settings["decays"]:
            colour = COLOURS["with" if decay else "without"]
            for row, value in enumerate((mean_rank, test_error)):
                values = [
                    seed_values(runs, value, kind=kind, batch=b, decay=decay) for b in batches
                ]
                draw_means(panels[row, column], values, colour, f"λ = {decay:g}")
        panels[0, column].set_title(
            f"{kind}, width {settings['width'][kind]}", loc="left", fontsize=11
        )
        panels[1, column].set_xticks(range(len(batches)), [str(b) for b in batches])
        panels[1, column].set_xlabel("batch size")
        for axes in panels[:, column]:
            axes.set_ylim(0, 1.06 * axes.get_ylim()[1])
    panels[0, 0].set_ylabel("mean rank of the layers")
    panels[1, 0].set_ylabel("test error")
    panels[0, 0].legend(loc="lower right")
    style.caption(
        drawn,
        claim="Rank of the layers against batch size at equal epochs, with decay and without",
        about=f"8 × 8 digits, {settings['train']} to train on; {settings['depth']} hidden layers, "
        f"no biases; rank: singular values above {settings['threshold']:g} σ₁, mean of the layers "
        f"but the last; {settings['updates']:,} updates at batch {batches[0]}, equal epochs at the "
        f"others; {len(runs)} seeds, bars: all of them",
        verdicts=style.judged(findings),
    )
    return {"deep-rank-sweep": drawn}
