"""Matrix factorization: SGD comes to the noise equilibrium from every start, GD stays where it is.

Judged on the orbit U W = V, to which every state is carried with its D = W W' − U'U unchanged, so
that the noise across the orbit does not blur what the noise does along it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import (
    Model,
    Trained,
    carried,
    equilibrium,
    imbalance,
    noise_imbalance,
    orbit_flow,
    train,
)
from verify.experiments.label_noise import generator
from verify.experiments.noise_equilibrium_figures import equilibrium_figure
from verify.experiments.seeds import ALPHA, over_seeds
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RELEVANT", "experiment", "judge", "model_of"]

RELEVANT = MappingProxyType({"rate": 0.1, "equilibrium": 0.05, "kept": 0.02})
"""Relevant relative errors: of the rate, of the spectrum at the end, of the D that GD keeps."""


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="noise-equilibrium",
        title="The imbalance of a matrix factorization under SGD and under gradient descent",
        source="seed 003, figure on matrix factorization",
        claim="SGD takes tr(Σ_r) WΣ_xW' − tr(Σ_x) U'Σ_rU to zero at the predicted pace and ends at "
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
            {"step": 0.002, "steps": 100_000, "marks": 50, "starts": 3, "from": 5}
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
    """One V, several starts: SGD and GD from each, and what is predicted from a mark on."""
    model, eta, first = model_of(seed, settings), settings["step"], settings["from"]
    etas, count = np.full(settings["steps"], eta), settings["starts"]
    rng = generator(seed, 1)
    noisy, quiet = [], []
    for i in range(count):
        start = _start(rng, i, settings)
        noisy.append(train(model, start, etas, marks=settings["marks"], rng=generator(seed, 2 + i)))
        quiet.append(train(model, start, etas, marks=settings["marks"]))
        progress((i + 1) / (count + 1), f"start {i + 1}")
    time = eta * noisy[0].steps
    U, W = carried(model, _stacked(noisy, "U"), _stacked(noisy, "W"))
    flow = orbit_flow(model, (U[first], W[first]), time[first:], temperature=eta)
    gd_U, gd_W = _stacked(quiet, "U"), _stacked(quiet, "W")
    return {
        "time": time,
        "sgd": noise_imbalance(model, U, W),
        "gd": noise_imbalance(model, gd_U, gd_W),
        "predicted": noise_imbalance(model, *flow),
        "gd_D": imbalance(gd_U, gd_W),
        "spectrum": _spectrum(model, W),
        "gd_spectrum": _spectrum(model, gd_W),
        "equilibrium": _spectrum(model, equilibrium(model, (U[first, 0], W[first, 0]))[1]),
    }


def _stacked(runs: Sequence[Trained], name: str) -> Array:
    """One array (times, runs, …)."""
    return np.stack([getattr(run, name) for run in runs], axis=1)


def _start(rng: np.random.Generator, i: int, settings: Settings) -> tuple[Array, Array]:
    """Starts with a large U, a large W, and in between, in turns."""
    dy, dx, h = settings["outputs"], settings["inputs"], settings["hidden"]
    scale = 2.0 ** (0.5 - i / max(settings["starts"] - 1, 1))
    return 0.7 * scale * rng.standard_normal((dy, h)), 0.7 / scale * rng.standard_normal((h, dx))


def _spectrum(model: Model, W: Array) -> Array:
    return np.asarray(np.linalg.eigvalsh(W @ model.inputs @ np.swapaxes(W, -1, -2)))


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The pace, the end under SGD, what GD keeps, and that GD remembers its start."""
    return [_pace(runs, settings), _end(runs), _kept(runs), _remembered(runs)]


def _size(F: Array) -> Array:
    return np.asarray(np.sqrt(np.sum(F * F, axis=(-1, -2))))


def _pace(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """F in the direction of what is predicted, where that has fallen to 1/4 … 1/10 of its size."""
    ratios, first = [], settings["from"]
    for run in runs:
        predicted = np.asarray(run["predicted"])
        sizes = _size(predicted)
        along = np.sum(np.asarray(run["sgd"])[first:] * predicted, axis=(-1, -2)) / sizes
        falls = []
        for start in range(predicted.shape[1]):
            share = sizes[:, start] / sizes[0, start]
            seen = (share <= 0.25) & (share >= 0.1)
            measured = np.log(along[0, start] / along[seen, start].mean())
            falls.append((measured, np.log(sizes[0, start] / sizes[seen, start].mean())))
        measured, stated = np.sum(falls, axis=0)
        ratios.append(measured / stated)
    e = over_seeds(np.array(ratios) - 1)
    return Finding(
        name="pace",
        statement="Under SGD the noise imbalance F falls as dD = −4T F dt on the orbit says, "
        "T = η/b.",
        status=e.decide(RELEVANT["rate"]),
        reason=f"log of the fall, measured/predicted {1 + e.value:.3f} ± "
        f"{e.half_width:.3f} (relevant {RELEVANT['rate']:.0%}, Student over {len(runs)} seeds, "
        f"error rate {ALPHA:g})",
        numbers={"ratio": ratios},
    )


def _end(runs: Sequence[Numbers]) -> Finding:
    """Eigenvalues of WΣ_xW' over the last tenth of the run against those of the equilibrium."""
    off, far = [], []
    for run in runs:
        spectra, stated = np.asarray(run["spectrum"]), np.asarray(run["equilibrium"])
        late = spectra[-max(len(spectra) // 10, 1) :].mean(axis=0)
        off.append(float(np.max(np.abs(np.log(late / stated)))))
        far.append(float(np.max(np.abs(np.log(spectra[0] / stated)))))
    e = over_seeds(np.array(off))
    return Finding(
        name="one end under SGD",
        statement="From every start SGD ends at the spectrum of WΣ_xW' of the one equilibrium, "
        "which the geometric mean gives.",
        status=e.decide(RELEVANT["equilibrium"]),
        reason=f"largest difference of a log eigenvalue, of all starts, {e.value:.3f} ± "
        f"{e.half_width:.3f} (relevant {RELEVANT['equilibrium']}, error rate {ALPHA:g}); at "
        f"the starts {np.mean(far):.1f}",
        numbers={"off": off, "at_start": far},
    )


def _kept(runs: Sequence[Numbers]) -> Finding:
    """D under gradient descent, relative to its size at the start."""
    moved = []
    for run in runs:
        D = np.asarray(run["gd_D"])
        moved.append(float(np.max(_size(D - D[0]) / _size(D[0]))))
    kept = max(moved) <= RELEVANT["kept"]
    return Finding(
        name="GD keeps the imbalance",
        statement="Under gradient descent WW' − U'U stays, but for terms of order η.",
        status=Status.AGREES if kept else Status.DISAGREES,
        reason=f"moved by at most {max(moved):.2g} of its size in {len(runs)} seeds (must be below "
        f"{RELEVANT['kept']:g})",
        numbers={"moved": moved},
    )


def _remembered(runs: Sequence[Numbers]) -> Finding:
    """Spread of the spectra over the starts, GD against SGD."""
    ratios = []
    for run in runs:
        spreads = [
            np.max(np.ptp(np.log(np.asarray(run[name])[-1]), axis=0))
            for name in ("gd_spectrum", "spectrum")
        ]
        ratios.append(float(spreads[0] / spreads[1]))
    status = combine(Status.AGREES if ratio >= 10 else Status.DISAGREES for ratio in ratios)
    return Finding(
        name="GD remembers its start",
        statement="The ends of gradient descent from several starts differ at least ten times as "
        "much as those of SGD.",
        status=status,
        reason=f"spread of log eigenvalues over the starts, GD/SGD: {min(ratios):.0f} at least in "
        f"{len(runs)} seeds",
        numbers={"ratio": ratios},
    )


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
