"""One network trained by gradient descent, with or without label noise, and watched."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.features import effective_rank
from numerics.network import Array, log_det
from numerics.training import Problem, problem

__all__ = ["Watched", "effective_rank", "generator", "teacher_problem", "train"]

# Weights beyond this have diverged.
DIVERGED = 1e6


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What one run showed at some numbers of steps, the start among them; arrays over these."""

    steps: Array
    times: Array
    """Steps times η."""
    log_det: Array
    """log det M at the start, then by the exact change of every step: M itself is soon singular to
    working precision."""
    seen: Array
    """Σ |G|² over the steps so far, G = R + noise."""
    squares: Array
    """Σ R R' over the steps so far, shape (times, p, p)."""
    singular_values: Array
    """Of W1, shape (times, min(p, l)), descending."""
    W1: Array
    """Shape (times, p, l)."""
    diverged: bool = False
    """Whether the weights grew beyond all bounds; then the arrays end before."""


def generator(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers that depend on the seed and on what they are for."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, purpose])))


def teacher_problem(rng: np.random.Generator, n: int, p: int, k: int, scale: float) -> Problem:
    """Inputs N(0, I) in R^p and labels X β of a ground truth β with entries N(0, scale²)."""
    X = rng.standard_normal((n, p))
    return problem(X, X @ (scale * rng.standard_normal((p, k))))


def train(
    data: Problem,
    start: tuple[Array, Array],
    *,
    step: float,
    variance: float,
    steps: int,
    marks: int,
    rng: np.random.Generator,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Watched:
    """Train from W1 (p, l) and W2 (l, k), label noise of the given variance, 0 for none.

    The run is cut where the weights diverge: no error, since some experiments want to see it.
    """
    from numerics.compiled.linear import label_noise_steps, noise_factor

    W1, W2T = start[0].copy(), np.ascontiguousarray(start[1].T)
    at = np.unique(np.linspace(0, steps, marks + 1).round().astype(int))
    factor, XYT = noise_factor(data, variance), np.ascontiguousarray(data.XY.T)
    seen, squares, kept = [0.0], [np.zeros_like(data.XX)], [W1.copy()]
    logs = [float(log_det(W1, W2T.T))]
    for before, after in itertools.pairwise(at):
        with np.errstate(all="ignore"):
            law, noisy, residual = label_noise_steps(
                W1, W2T, data.XX, XYT, factor, step, int(after - before), rng
            )
        if not max(np.abs(W1).max(), np.abs(W2T).max()) < DIVERGED:
            break
        logs.append(logs[-1] + law)
        seen.append(seen[-1] + noisy)
        squares.append(squares[-1] + residual)
        kept.append(W1.copy())
        progress(after / steps)
    shown = at[: len(kept)].astype(np.float64)
    return Watched(
        steps=shown,
        times=shown * step,
        log_det=np.array(logs),
        seen=np.array(seen),
        squares=np.array(squares),
        singular_values=np.linalg.svd(np.array(kept), compute_uv=False),
        W1=np.array(kept),
        diverged=len(kept) < len(at),
    )
