"""Where SGD ends on the orbit, for several covariances of data and noise, with and without decay.

The two-layer linear net |U W x − y|² with d_x = d_y = d, Σ_x = diag(φ, …, φ, 1, …, 1) and noise
Σ_r; one pair of singular vectors of V lies in each half, at random there.  The
equilibrium tr(Σ_r) WΣ_xW' = tr(Σ_x) U'Σ_rU balances the norms, |U| = |W|, if both covariances are
multiples of I, and in general not; weight decay γ pulls towards balance with −4γD.  The flattest
point of the orbit is d WΣ_xW' = tr(Σ_x) U'U, where tr H is least: the equilibrium of isotropic
noise.  For other noise the equilibrium is sharper, so that from the flattest point tr H grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments.data_covariance_figures import covariance_figure
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import (
    Model,
    balanced,
    carried,
    equilibrium,
    on_orbit,
    orbit_flow,
    sharpness,
    train,
)
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RELEVANT", "experiment", "judge"]

RELEVANT = MappingProxyType({"norms": 0.1, "sharpness": 0.1})
"""Relevant errors of log |U|²/|W|² and of log tr H, at the end."""


def experiment() -> Experiment:
    """The experiment; standard settings take some twenty seconds on two cores."""
    return Experiment(
        id="data-covariance",
        title="Norms and sharpness of a two-layer linear net by the covariance of its data",
        source="seed 003, figure on data covariance, weight decay and sharpening",
        claim="SGD ends with balanced norms for isotropic data only, gradient descent with weight "
        "decay always; tr H falls under isotropic noise and can grow under another, as predicted.",
        settings=MappingProxyType(
            {
                "dimension": 4,
                "singular_values": [1.0, 0.4],
                "covariances": [0.2, 0.5, 1.0, 2.0, 5.0],
                "noise_ratio": 30.0,
                "decay": 0.002,
                "step": 0.0015,
                "time": 600.0,
                "marks": 60,
                "turn": 1.4,
            }
        ),
        quick=MappingProxyType(
            {"covariances": [0.2, 1.0, 5.0], "step": 0.003, "time": 450.0, "decay": 0.004}
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=6,
    )


def _model(seed: int, settings: Settings, phi: float, *, isotropic: bool) -> Model:
    """Σ_x uneven by φ and of trace d; Σ_r isotropic, or concentrated on half of the outputs."""
    rng, d = generator(seed, 0), settings["dimension"]
    half = np.arange(d) < d // 2
    left, right = (
        np.stack([part / np.linalg.norm(part) for part in (z * half, z * ~half)], axis=1)
        for z in rng.standard_normal((2, d))
    )
    inputs = np.where(half, phi, 1.0)
    noise = np.ones(d) if isotropic else np.where(half, settings["noise_ratio"], 1.0)
    return Model(
        V=(left * np.array(settings["singular_values"])) @ right.T,
        inputs=np.diag(inputs * d / inputs.sum()),
        noise=np.diag(noise * d / noise.sum()),
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """For each φ both algorithms with and without decay; for both kinds of noise, tr H in time."""
    numbers: dict[str, Any] = {}
    eta, h = settings["step"], len(settings["singular_values"])
    etas = np.full(round(settings["time"] / eta), eta)
    parts: dict[str, list[Any]] = {}
    total = len(settings["covariances"]) + 1
    for j, phi in enumerate(settings["covariances"]):
        model = _model(seed, settings, phi, isotropic=True)
        start = on_orbit(model, h, settings["turn"] * np.eye(h))
        for decay, tag in ((0.0, "plain"), (settings["decay"], "decay")):
            for way in ("sgd", "gd"):
                rng = generator(seed, 10 + j) if way == "sgd" else None
                run = train(model, start, etas, marks=40, decay=decay, rng=rng)
                found = _log_norms(run.U[-12:], run.W[-12:]).mean()
                parts.setdefault(f"norms_{way}_{tag}", []).append(found)
            times = np.linspace(0, settings["time"], 41)
            flow = orbit_flow(model, start, times, temperature=eta, decay=decay)
            stated = _log_norms(flow[0], flow[1])[-12:].mean()
            parts.setdefault(f"norms_stated_{tag}", []).append(stated)
        parts.setdefault("norms_equilibrium", []).append(_log_norms(*equilibrium(model, start)))
        progress((j + 1) / total, f"φ = {phi:g}")
    numbers |= {name: np.array(values) for name, values in parts.items()}
    return numbers | _sharpening(seed, settings, etas)


def _log_norms(U: Array, W: Array) -> Array:
    """log |U|²/|W|²."""
    return np.asarray(np.log(np.sum(U * U, axis=(-1, -2)) / np.sum(W * W, axis=(-1, -2))))


def _sharpening(seed: int, settings: Settings, etas: Array) -> dict[str, Any]:
    """tr H under isotropic noise from an unbalanced start, and under uneven noise from flattest."""
    numbers: dict[str, Any] = {}
    eta, h = settings["step"], len(settings["singular_values"])
    for tag, isotropic in (("flattening", True), ("sharpening", False)):
        model = _model(seed, settings, 1.0, isotropic=isotropic)
        start = on_orbit(model, h, settings["turn"] * np.eye(h))
        if not isotropic:
            start = balanced(start, model)
        for way in ("sgd", "gd"):
            rng = generator(seed, 50) if way == "sgd" else None
            run = train(model, start, etas, marks=settings["marks"], rng=rng)
            U, W = carried(model, run.U, run.W)
            numbers[f"{tag}_{way}"] = sharpness(model, U, W)
        numbers["time"] = run.steps * eta
        flow = orbit_flow(model, start, run.steps * eta, temperature=eta)
        numbers[f"{tag}_stated"] = sharpness(model, *flow)
    return numbers


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The norms without and with decay, under both algorithms; tr H down and up."""
    return [
        _norms(runs, settings, "plain"),
        _norms(runs, settings, "decay"),
        _descent(runs, settings),
        _sharp(runs, "flattening", -1),
        _sharp(runs, "sharpening", 1),
    ]


def _norms(runs: Sequence[Numbers], settings: Settings, tag: str) -> Finding:
    phis = settings["covariances"]
    off = np.array(
        [np.subtract(run[f"norms_sgd_{tag}"], run[f"norms_stated_{tag}"]) for run in runs]
    )
    found = [over_seeds(off[:, j], ALPHA / len(phis)) for j in range(len(phis))]
    worst = max(found, key=lambda e: abs(e.value) + e.half_width)
    means = np.exp(np.mean([run[f"norms_sgd_{tag}"] for run in runs], axis=0))
    shown = ", ".join(f"{m:.2f} at φ = {phi:g}" for m, phi in zip(means, phis, strict=True))
    words = "without decay" if tag == "plain" else "with decay"
    return Finding(
        name=f"norms under SGD, {words}",
        statement=f"SGD {words} ends at the |U|²/|W|² that dD = −4T F dt − 4γD dt leads to.",
        status=combine(e.decide(RELEVANT["norms"]) for e in found),
        reason=f"log of measured/predicted {worst.value:.3f} ± {worst.half_width:.3f} in the worst "
        f"φ (relevant {RELEVANT['norms']}, error rate {ALPHA:g}); |U|²/|W|² = {shown}",
        numbers={"difference": off, "ratio": means},
    )


def _descent(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Balance under GD with decay, the start's imbalance without."""
    with_decay = max(float(np.max(np.abs(run["norms_gd_decay"]))) for run in runs)
    start = -2 * np.log(settings["turn"] ** 2)
    kept = max(float(np.max(np.abs(np.asarray(run["norms_gd_plain"]) - start))) for run in runs)
    fits = with_decay < RELEVANT["norms"] and kept < RELEVANT["norms"]
    return Finding(
        name="norms under gradient descent",
        statement="Gradient descent balances the norms with decay for every covariance, and keeps "
        "those of its start without.",
        status=Status.AGREES if fits else Status.DISAGREES,
        reason=f"|log |U|²/|W|²| at most {with_decay:.2g} with decay; moved by at most {kept:.2g} "
        f"without, in {len(runs)} seeds (each below {RELEVANT['norms']})",
        numbers={"with_decay": with_decay, "moved": kept},
    )


def _sharp(runs: Sequence[Numbers], tag: str, sign: int) -> Finding:
    """The change of log tr H under SGD against the prediction; GD does not move."""
    change, stated, still = (
        np.array([np.log(run[f"{tag}_{way}"][-1] / run[f"{tag}_{way}"][0]) for run in runs])
        for way in ("sgd", "stated", "gd")
    )
    e = over_seeds(change - stated)
    moves = bool(np.all(sign * stated > RELEVANT["sharpness"]))
    kept = float(np.max(np.abs(still))) < 0.1 * RELEVANT["sharpness"]
    status = e.decide(RELEVANT["sharpness"])
    if status is Status.AGREES and not (moves and kept and np.all(sign * change > 0)):
        status = Status.DISAGREES
    kind, verb = ("isotropic", "falls") if sign < 0 else ("uneven", "grows from its least value")
    return Finding(
        name=tag,
        statement=f"Under {kind} label noise tr H {verb} during SGD, as far as predicted; under "
        "gradient descent it stays.",
        status=status,
        reason=f"tr H at the end over that at the start {np.exp(change.mean()):.3f}, predicted "
        f"{np.exp(stated.mean()):.3f}; log of their ratio {e.value:.3f} ± {e.half_width:.3f} "
        f"(relevant {RELEVANT['sharpness']}, error rate {ALPHA:g}); under GD "
        f"{np.exp(still.mean()):.4f}",
        numbers={"change": change, "stated": stated, "gd": still},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Norms against φ, and tr H in time."""
    about = (
        f"d = {settings['dimension']}, h = 2, η = {settings['step']:g}, b = 1, "
        f"γ = {settings['decay']:g}, t up to {settings['time']:g}; Σₓ ∝ diag(φ, φ, 1, 1); uneven "
        f"noise ∝ diag({settings['noise_ratio']:g}, {settings['noise_ratio']:g}, 1, 1); "
        f"{len(runs)} seeds"
    )
    return {"data-covariance": covariance_figure(runs, settings, findings, about)}
