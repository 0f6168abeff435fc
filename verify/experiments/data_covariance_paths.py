"""The runs of data-covariance: its models, their starts, SGD and gradient descent from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Numbers, Progress, Settings
from verify.experiments.factorization import (
    Model,
    balanced,
    carried,
    curvature,
    loss,
    on_orbit,
    train,
)
from verify.experiments.label_noise import generator

__all__ = ["LATE", "MARKS", "case_of", "log_norms", "model_of", "simulate", "start_of"]

MARKS, LATE = 40, 12
"""Marks of the runs whose norms are looked at, and how many of them the ends are means of."""


def _drawn(seed: int, settings: Settings) -> tuple[Array, Array]:
    """V of both kinds of singular values, one pair of singular vectors in each half."""
    rng, d = generator(seed, 0), settings["dimension"]
    half = np.arange(d) < d // 2
    left, right = (
        np.stack([part / np.linalg.norm(part) for part in (z * half, z * ~half)], axis=1)
        for z in rng.standard_normal((2, d))
    )
    plain, sharp = (
        np.asarray((left * np.array(settings[name])) @ right.T)
        for name in ("singular_values", "sharp_values")
    )
    return plain, sharp


def model_of(V: Array, settings: Settings, phi: float, *, isotropic: bool) -> Model:
    """Σ_x uneven by φ; Σ_r isotropic, or concentrated on half of the outputs."""
    d = settings["dimension"]
    half = np.arange(d) < d // 2
    inputs = np.where(half, phi, 1.0)
    noise = np.ones(d) if isotropic else np.where(half, settings["noise_ratio"], 1.0)
    return Model(
        V=V,
        inputs=np.diag(inputs * settings["inputs_trace"] / inputs.sum()),
        noise=np.diag(noise * settings["noise_trace"] / noise.sum()),
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """For each φ both algorithms with and without decay; for both kinds of noise, tr H in time."""
    (V, sharp), eta = _drawn(seed, settings), settings["step"]
    etas = np.full(round(settings["time"] / eta), eta)
    parts: dict[str, list[Any]] = {}
    total = len(settings["covariances"]) + 1
    for j, phi in enumerate(settings["covariances"]):
        model = model_of(V, settings, phi, isotropic=True)
        start = start_of(model, settings)
        for decay, tag in ((0.0, "plain"), (settings["decay"], "decay")):
            for way in ("sgd", "gd"):
                rng = generator(seed, 10 + j) if way == "sgd" else None
                begun = start if way == "sgd" else _off(start, settings)
                run = train(model, begun, etas, marks=MARKS, decay=decay, rng=rng)
                found = log_norms(run.U[-LATE:], run.W[-LATE:]).mean()
                parts.setdefault(f"norms_{way}_{tag}", []).append(found)
                ends = loss(model, run.U[[0, -1]], run.W[[0, -1]])
                parts.setdefault(f"losses_{way}_{tag}", []).append(ends)
        progress((j + 1) / total, f"φ = {phi:g}")
    found = {name: np.array(values) for name, values in parts.items()}
    return {"V": V, "V_sharp": sharp, **found, **_sharpening(seed, sharp, settings)}


def start_of(model: Model, settings: Settings) -> tuple[Array, Array]:
    """Far from balance, W the larger."""
    h = len(settings["singular_values"])
    return on_orbit(model, h, settings["turn"] * np.eye(h))


def _off(start: tuple[Array, Array], settings: Settings) -> tuple[Array, Array]:
    """Off the orbit, where gradient descent has a way to go: on it, it stands whatever it keeps."""
    return settings["off"] * start[0], settings["off"] * start[1]


def log_norms(U: Array, W: Array) -> Array:
    """log |U|²/|W|²."""
    return np.asarray(np.log(np.sum(U * U, axis=(-1, -2)) / np.sum(W * W, axis=(-1, -2))))


def case_of(V: Array, settings: Settings, tag: str) -> tuple[Model, tuple[Array, Array]]:
    """The model and the start of a run whose tr H is looked at."""
    h = len(settings["singular_values"])
    model = model_of(V, settings, 1.0, isotropic=tag == "flattening")
    start = on_orbit(model, h, settings["unbalanced"] * np.eye(h))
    return model, start if tag == "flattening" else balanced(start, model)


def _sharpening(seed: int, V: Array, settings: Settings) -> dict[str, Any]:
    """tr H under isotropic noise from an unbalanced start, and under uneven noise from flattest.

    The mean of some runs.  Twice the step for half the time goes as far along the orbit.  Gradient
    descent starts off the orbit; that of each point is the orbit's at the same D.
    """
    numbers: dict[str, Any] = {}
    eta, time = settings["step"], settings["time"]
    generators = [generator(seed, 50 + k) for k in range(2)]
    for tag in ("flattening", "sharpening"):
        model, start = case_of(V, settings, tag)
        for k, (way, part) in enumerate((("sgd", 1), ("coarse", 2), ("gd", 1))):
            etas = np.full(round(time / part / (part * eta)), part * eta)
            seen = []
            for _ in range(1 if way == "gd" else settings["repeats"]):
                rng = None if way == "gd" else generators[k]
                begun = _off(start, settings) if way == "gd" else start
                run = train(model, begun, etas, marks=settings["marks"], rng=rng)
                seen.append(curvature(model, *carried(model, run.U, run.W)))
            numbers[f"{tag}_{way}"] = np.mean(seen, axis=0)
        numbers["time"] = run.steps * eta
    return numbers
