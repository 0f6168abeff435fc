"""A linear teacher–student network whose label noise is full, or diagonal in the singular bases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Numbers, Settings
from verify.experiments.label_noise import generator

__all__ = ["modes"]


def modes(seed: int, settings: Settings, progress: Callable[[float], None]) -> Numbers:
    """Both models from one balanced diagonal start, and the drifts of log λ_i at one state."""
    rng = generator(seed, 1)
    return {
        "standing": _standing(rng, settings, lambda part: progress(0.4 * part)),
        "moving": _moving(rng, settings, lambda part: progress(0.4 + 0.5 * part)),
        "drift": _drifts(rng, settings),
    }


def _plan(settings: Settings) -> tuple[Array, int, list[int], float]:
    """The start's diagonal, the steps, those that are looked at, the deviation of a step's noise.

    The number of steps is even: rates and means are taken over the second half.
    """
    steps = 2 * round(settings["time"] / settings["mode_step"] / 2)
    at = np.linspace(0, steps, settings["marks"] + 1).round().astype(int).tolist()
    start = np.linspace(1.0, 0.7, len(settings["teacher"]))
    return start, steps, at, float(np.sqrt(settings["gamma"] / settings["mode_step"]))


def _standing(
    rng: np.random.Generator, settings: Settings, progress: Callable[[float], None]
) -> Numbers:
    """Diagonal noise: the matrices stay diagonal, and their diagonals are all there is."""
    start, steps, at, size = _plan(settings)
    teacher, step = np.array(settings["teacher"]), settings["mode_step"]
    kappa = settings["kappa"]
    x = np.broadcast_to(start, (settings["mode_copies"], len(start))).copy()
    y, late, half = x.copy(), np.zeros_like(x), x * x
    seen = []
    for number in range(steps + 1):
        if number in at:
            seen.append(-np.sort(-np.abs(np.stack([x * y, x])), axis=-1))
            progress(number / steps)
        if 2 * number == steps:
            half = x * y
        late += x * y if 2 * number > steps else 0.0
        if number < steps:
            g = kappa * (teacher - x * y) + size * rng.standard_normal(x.shape)
            x, y = x + step * g * y, y + step * g * x
    return {
        **_summary(seen, at, settings),
        "smallest": seen[-1][1, : settings["mode_replicas"], -1],
        "late": late / (steps // 2),
        "rate": (np.log(np.abs(x * y)) - np.log(np.abs(half))) / (steps // 2 * step),
    }


def _moving(
    rng: np.random.Generator, settings: Settings, progress: Callable[[float], None]
) -> Numbers:
    """Full noise: R = κ(T − W1W2), and normal noise of rate γ in every entry."""
    start, steps, at, size = _plan(settings)
    teacher, step = np.diag(settings["teacher"]), settings["mode_step"]
    kappa = settings["kappa"]
    W1 = np.broadcast_to(np.diag(start), (settings["mode_replicas"], *teacher.shape)).copy()
    W2, seen = W1.copy(), []
    for number in range(steps + 1):
        if number in at:
            seen.append(np.linalg.svd(np.stack([W1 @ W2, W1]), compute_uv=False))
            progress(number / steps)
        if number < steps:
            G = kappa * (teacher - W1 @ W2) + size * rng.standard_normal(W1.shape)
            turned = np.swapaxes(W2, -1, -2)
            W1, W2 = W1 + step * G @ turned, W2 + step * np.swapaxes(W1, -1, -2) @ G
    return {**_summary(seen, at, settings), "smallest": seen[-1][1, :, -1]}


def _summary(seen: list[Array], at: list[int], settings: Settings) -> dict[str, object]:
    """Means, medians and the middle 80 % of the singular values of W1W2; medians of those of W1."""
    product, first = np.moveaxis(np.array(seen), 1, 0)
    return {
        "times": np.array(at) * settings["mode_step"],
        "mean": np.mean(product, axis=1),
        "product": np.median(product, axis=1),
        "low": np.quantile(product, 0.1, axis=1),
        "high": np.quantile(product, 0.9, axis=1),
        "first": np.median(first, axis=1),
    }


def _noise(rng: np.random.Generator, shape: tuple[int, ...], *, diagonal: bool) -> Array:
    full = rng.standard_normal(shape)
    return full * np.eye(shape[-1]) if diagonal else full


def _drifts(rng: np.random.Generator, settings: Settings) -> Numbers:
    """E d log λ_i/dt at a diagonal state without residual, noise full and diagonal, by one step."""
    x = np.linspace(1.2, 0.6, len(settings["teacher"]))
    W1, W2 = np.diag(x), np.diag(x[::-1])
    h = 1e-4
    found: dict[str, object] = {"x": x, "y": x[::-1].copy()}
    for name, diagonal in (("standing", True), ("moving", False)):
        shape = (settings["draws"], *W1.shape)
        dG = np.sqrt(settings["gamma"] * h) * _noise(rng, shape, diagonal=diagonal)
        change = np.zeros((settings["draws"], len(x)))
        for sign in (1, -1):
            values = np.linalg.svd(W1 + sign * dG @ W2.T, compute_uv=False)
            change += np.log(values**2) / 2
        moved = (change - np.log(x**2)) / h
        found[name] = moved.mean(axis=0)
        found[f"{name} error"] = moved.std(axis=0, ddof=1) / np.sqrt(settings["draws"])
    return found
