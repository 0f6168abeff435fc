"""Rank of the layers of a deep ReLU network against batch size, learning rate and weight decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.datasets.digits import load
from numerics.deep import Layers, Training, error_rate, relative_rank, sgd, start
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.rank_sweep_judge import Trained, findings_of
from verify.experiments.rank_sweep_pictures import pictures
from verify.experiments.saved_runs import swept

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "plan", "simulate"]

LOOKS = 20


def experiment() -> Experiment:
    """The experiment; standard settings take four minutes, and go on where they were stopped."""
    return Experiment(
        id="rank-sweep",
        title="Rank of trained layers against batch size, learning rate and weight decay",
        source="seed 002 (Galanti et al.), its experiments, on the 8 × 8 digits",
        claim="SGD with weight decay gives layers of low rank, the lower the smaller the batch (at "
        "equal epochs), the larger the learning rate and the decay; without decay there is no such "
        "bias.  It holds in every layer but the last.  At equal updates the order of the batch "
        "sizes is the other one, and where the rank falls most the test error rises.",
        settings=MappingProxyType(
            {
                "widths": [64, 32, 32, 32, 10],
                "train": 500,
                "test": 1297,
                "threshold": 0.01,
                "batches": [4, 16, 64],
                "steps": [0.025, 0.05, 0.1],
                "decays": [0.0, 0.0005, 0.001, 0.002, 0.004],
                "base": {"batch": 4, "step": 0.1, "decay": 0.002, "updates": 15000},
                "saved": "build/experiments/rank-sweep/runs",
            }
        ),
        # Few samples and a decay that is fast.
        quick=MappingProxyType(
            {
                "train": 200,
                "batches": [4, 64],
                "steps": [0.025, 0.1],
                "decays": [0.0, 0.008],
                "base": {"batch": 4, "step": 0.1, "decay": 0.008, "updates": 3000},
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=20,
    )


def plan(settings: Settings) -> list[dict[str, Any]]:
    """The runs of one seed: from one base, batch, learning rate and decay are varied in turn.

    Batches have a line at equal epochs and one at equal updates; batch and learning rate have a
    line without decay beside that with decay.
    """
    base = dict(settings["base"])
    runs = [base]
    for batch in settings["batches"]:
        epochs = {"batch": batch, "updates": base["updates"] * base["batch"] // batch}
        runs.append({**base, **epochs})
        runs.append({**base, "batch": batch})
        runs.append({**base, **epochs, "decay": 0.0})
    for step in settings["steps"]:
        runs.append({**base, "step": step})
        runs.append({**base, "step": step, "decay": 0.0})
    runs += [{**base, "decay": decay} for decay in settings["decays"]]
    return [run for n, run in enumerate(runs) if run not in runs[:n]]


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Every run of the plan, saved as soon as it is there."""
    common = {name: settings[name] for name in ("widths", "train", "test", "threshold")}
    common["seed"] = seed

    def told(done: float, run: Mapping[str, Any]) -> None:
        progress(done, ", ".join(f"{name} {value:g}" for name, value in run.items()))

    return swept(Path(settings["saved"]), plan(settings), common, _trained, told)


def _trained(key: Mapping[str, Any]) -> Trained:
    """Ranks and errors of one network; data and start depend on the seed alone.

    The test error is the mean over looks in the last tenth of the updates: from one step to the
    next it moves by more than what is to be seen.
    """
    rng = np.random.default_rng([key["seed"], 0])
    split = load().split(key["train"], key["test"], rng)
    x, y = (part.reshape(len(part), -1) for part in (split.train, split.test))
    begun = start(key["widths"], rng)
    how = Training(step=key["step"], decay=key["decay"], batch=key["batch"], updates=key["updates"])
    looks = set(np.linspace(0.9 * how.updates, how.updates, LOOKS).round().astype(int).tolist())
    errors: list[float] = []

    def look(update: int, layers: Layers, gradients: Layers) -> None:
        if update in looks:
            errors.append(error_rate(layers, y, split.test_labels))

    layers = sgd(begun, x, split.train_labels, how, np.random.default_rng([key["seed"], 1]), look)
    return {
        "start ranks": [relative_rank(W, key["threshold"]) for W in begun],
        "ranks": [relative_rank(W, key["threshold"]) for W in layers],
        "full": [min(W.shape) for W in layers],
        "train error": error_rate(layers, x, split.train_labels),
        "test error": float(np.mean(errors)),
    }


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Batch, updates, learning rate, decay, each layer, no decay, test error."""
    return findings_of(runs, settings)


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The sweeps, and the test errors."""
    widths = " – ".join(map(str, settings["widths"]))
    about = (
        f"8 × 8 digits, {settings['train']} to train on; ReLU net {widths} without biases; rank: "
        f"singular values above {settings['threshold']:g} σ₁; "
        f"base: {_described(settings['base'])}; {len(runs)} seeds, bars: all of them"
    )
    return pictures("rank-sweep", runs, settings, findings, about)


def _described(run: Mapping[str, Any]) -> str:
    return (
        f"batch {run['batch']}, μ = {run['step']:g}, λ = {run['decay']:g}, "
        f"{run['updates']:,} updates"
    )
