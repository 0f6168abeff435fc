"""Rank collapse of a matrix factorization: more hidden units than outputs.

Loss |U W x − y|², y = V x + ε, x ~ N(0, s²I), ε ~ N(0, Σ_r), with fewer outputs than hidden units:
W Σ_x W' may have full rank h, U'Σ_r U has at most the rank of U.  At the noise equilibrium

    tr(Σ_r) W Σ_x W' = tr(Σ_x) U'Σ_r U

both sides have one rank (theorem `matrix_factorization_equilibrium`): it is reached only as the
singular values of W beyond the number of outputs go to zero.  With inputs of one variance s² the
imbalance dD = −4T F dt, T = η/b, takes them there as exp(−2T tr(Σ_r) s² t) once the others have
settled; those settle at the equilibrium of a factorization with as many hidden units as outputs.
Gradient descent keeps D = WW' − U'U, up to its steps of finite size, and stands still at U W = V.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import Model, equilibrium, imbalance, on_orbit, train
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds, refined, whether_at_most
from verify.planning import Estimate
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["collapse_rate", "experiment", "judge", "model", "predicted", "settled"]

RELEVANT = MappingProxyType({"rate": 0.1, "remains": 0.05, "kept": 0.05})
"""Relevant relative errors; part of the statements."""
SETTLED = 1 / 3
"""After this share of a run the larger singular values are taken for settled."""
LAST = ("gd U", "gd W")


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="rank-collapse",
        title="Rank collapse of a matrix factorization under SGD, beside gradient descent",
        source="seed 003 (Ziyin et al.); theorem matrix_factorization_equilibrium",
        claim="With more hidden units than outputs the noise equilibrium has a lower rank than W: "
        "under SGD the singular values beyond the outputs die as exp(−2T tr(Σ_r) s² t), under "
        "gradient descent none does.",
        settings=MappingProxyType(
            {
                "inputs": 4,
                "hidden": 4,
                "singular_values": [1.4, 0.7],
                # No 1 among s², tr Σ_r and their product: every power of them shows.
                "input_variance": 0.5,
                "noise": [0.35, 1.05],
                "start": 0.7,
                # Step sizes and numbers of steps: the second is the coarser, for the bias.
                "runs": [[0.003, 1_200_000], [0.006, 300_000]],
                "marks": 120,
            }
        ),
        quick=MappingProxyType({"runs": [[0.0045, 530_000], [0.009, 132_500]], "marks": 60}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=8,
    )


def _drawn(seed: int, settings: Settings) -> Model:
    """V of the rank of its outputs, and Σ_r with the given eigenvalues, both turned at random."""
    rng = generator(seed, 0)
    dx, dy = settings["inputs"], len(settings["singular_values"])
    left, right, of_noise = (np.linalg.qr(rng.standard_normal((d, d)))[0] for d in (dy, dx, dy))
    return Model(
        V=(left * np.array(settings["singular_values"])) @ right[:, :dy].T,
        inputs=settings["input_variance"] * np.eye(dx),
        noise=(of_noise * np.array(settings["noise"])) @ of_noise.T,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """SGD at both step sizes and gradient descent at the first, from one start."""
    drawn, rng = _drawn(seed, settings), generator(seed, 1)
    h, scale = settings["hidden"], settings["start"]
    U = scale * rng.standard_normal((len(drawn.V), h))
    W = scale * rng.standard_normal((h, settings["inputs"]))
    found: dict[str, object] = {"U": U, "W": W, "V": drawn.V, "noise": drawn.noise}
    names = ("sgd", "coarse", "gd")
    fine, coarse = settings["runs"]
    for number, (name, (eta, steps)) in enumerate(zip(names, (fine, coarse, fine), strict=True)):
        noise = None if name == "gd" else generator(seed, 2 + number)
        run = train(drawn, (U, W), np.full(steps, eta), marks=settings["marks"], rng=noise)
        found[f"{name} time"] = eta * run.steps
        found[name] = np.linalg.svd(run.W, compute_uv=False)
        found |= {f"{name} U": run.U[-1], f"{name} W": run.W[-1]}
        progress((number + 1) / len(names), name)
    return found


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """How the small singular values die, where the others settle, and what GD keeps."""
    return [_rate(runs, settings), _remains(runs, settings), _kept(runs, settings)]


def collapse_rate(settings: Settings, eta: float) -> float:
    """2T tr(Σ_r) s², T = η: of log σ per unit of time t = η · steps."""
    return float(2 * eta * sum(settings["noise"]) * settings["input_variance"])


def settled(run: Numbers, name: str) -> tuple[Array, Array]:
    """Times and singular values after `SETTLED` of the run."""
    time = np.asarray(run[f"{name} time"])
    late = time >= SETTLED * time[-1]
    return time[late], np.asarray(run[name])[late]


def _shown(estimates: Sequence[Estimate]) -> str:
    return ", ".join(
        f"{1 + e.value:.3f} ± {e.half_width:.3f} (bias up to {e.bias:.3f})" for e in estimates
    )


def _rate(runs: Sequence[Numbers], settings: Settings) -> Finding:
    outputs, dying = len(settings["singular_values"]), settings["hidden"]
    ratios = {}
    for name, (eta, _) in zip(("sgd", "coarse"), settings["runs"], strict=True):
        ratios[name] = np.array(
            [
                np.polyfit(time, np.log(values[:, outputs:dying]), 1)[0]
                / -collapse_rate(settings, eta)
                for time, values in (settled(run, name) for run in runs)
            ]
        )
    parts = dying - outputs
    estimates = [
        refined(ratios["sgd"][:, i] - 1, ratios["coarse"][:, i] - 1, ALPHA / parts)
        for i in range(parts)
    ]
    relevant = RELEVANT["rate"]
    return Finding(
        name="rate of collapse",
        statement=f"Under SGD log σ of every singular value of W beyond the {outputs} outputs "
        "falls at the rate 2T tr(Σ_r) s².",
        status=combine(e.decide(relevant) for e in estimates),
        reason=f"measured/predicted {_shown(estimates)}, bias estimated from twice the step size "
        f"(relevant {relevant:.0%}, Student over {len(runs)} seeds, error rate {ALPHA:g})",
        numbers={name: values.tolist() for name, values in ratios.items()},
    )


def predicted(of: Model) -> Array:
    """Singular values of W at the noise equilibrium with as many hidden units as outputs."""
    outputs = len(of.V)
    W = equilibrium(of, on_orbit(of, outputs, np.eye(outputs)))[1]
    return np.asarray(np.linalg.svd(W, compute_uv=False))


def _remains(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Sizes of deviations, seed by seed: a law may be off by as much to one side as the other."""
    outputs, relevant = len(settings["singular_values"]), RELEVANT["remains"]
    means = np.array([settled(run, "sgd")[1][:, :outputs].mean(axis=0) for run in runs])
    ratios = means / np.array([predicted(model(run, settings)) for run in runs])
    off = over_seeds(np.abs(ratios - 1).max(axis=1))
    return Finding(
        name="what remains",
        statement=f"Under SGD the other {outputs} settle at the noise equilibrium of a "
        f"factorization with {outputs} hidden units, up to {relevant:.0%} in the mean over seeds.",
        status=whether_at_most(relevant, *(off.value + s * off.half_width for s in (-1, 1))),
        reason=f"the worse one of a seed is off by {off.value:.2%} ± {off.half_width:.2%} after a "
        f"third of the run, steps of finite size among it; measured/predicted from "
        f"{ratios.min():.3f} to {ratios.max():.3f} (Student over {len(runs)} seeds, error rate "
        f"{ALPHA:g})",
        numbers={"ratios": ratios.tolist()},
    )


def model(run: Numbers, settings: Settings) -> Model:
    """The model of a run, of what is kept with its numbers."""
    return Model(
        V=np.asarray(run["V"]),
        inputs=settings["input_variance"] * np.eye(settings["inputs"]),
        noise=np.asarray(run["noise"]),
    )


def _kept(runs: Sequence[Numbers], settings: Settings) -> Finding:
    D = [
        [imbalance(*(np.asarray(run[name]) for name in pair)) for pair in (("U", "W"), LAST)]
        for run in runs
    ]
    moved = max(float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in D)
    late = [settled(run, "gd")[1] for run in runs]
    fall = max(float(np.max(1 - values[-1] / values[0])) for values in late)
    relevant = RELEVANT["kept"]
    return Finding(
        name="gradient descent keeps the rank",
        statement="Under gradient descent D = WW' − U'U stays that of the start to "
        f"{relevant:.0%}, and no singular value of W falls by more after a third of the run.",
        status=Status.AGREES if max(moved, fall) <= relevant else Status.DISAGREES,
        reason=f"D moves by {moved:.2%} of its size at most, a singular value falls by "
        f"{max(fall, 0.0):.2%} at most in {len(runs)} seeds; the smallest of all ends at "
        f"{min(float(values[-1].min()) for values in late):.2g}; steps of finite size, no chance "
        "involved",
        numbers={"moved": moved, "fall": fall},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Singular values against time, SGD beside GD."""
    from verify.experiments.rank_collapse_figures import collapse_figure

    return {"rank-collapse": collapse_figure(runs, settings, findings)}
