"""Label-noise SGD at several step sizes and its SDE, driven by the same Brownian paths.

The SDE is simulated by Euler–Maruyama on the three finest grids h, h/2, h/4 and extrapolated path
by path to step zero: (f₁ − 6f₂ + 8f₃)/3 has an error of order h³ in the mean, 2f₃ − f₂ one of
order h², and their difference is the budget for the bias.

Per-path values lose the part that is linear in sums of mean zero, Σ(|ΔZ|² − E|ΔZ|²) and Σ⟨R, ΔZ⟩
of every step size: the draws' own moments, with coefficients from a pilot that is independent of
every seed.  Then they are clipped to a window around the pilot's mean: bounded values, of which
`verify.statistics.bounds` knows the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.network import Array, log_det
from numerics.training import Problem, problem
from verify.experiments.experiment import Settings

__all__ = ["FINE", "Coupled", "Network", "coupled", "levels", "network", "summary"]

FINE = 3
"""Grids from which the SDE is extrapolated."""
LINEAR, QUADRATIC = np.array([0.0, -1.0, 2.0]), np.array([1.0, -6.0, 8.0]) / 3
WINDOW = 10.0
"""Half of the window in standard deviations of the pilot."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The data and the weights from which every path starts."""

    data: Problem
    W1: Array
    W2: Array

    @property
    def covariance(self) -> Array:
        """X'X/n², the covariance of the rows of dZ for ηδ = 1."""
        return self.data.XX / self.data.n


def network(settings: Settings) -> Network:
    """Gaussian data with targets from a linear teacher, and Gaussian weights."""
    rng = np.random.Generator(np.random.SFC64(settings["data"]))
    p, k, width = settings["features"], settings["targets"], settings["width"]
    X = rng.standard_normal((settings["rows"], p))
    Y = X @ rng.standard_normal((p, k))
    W1 = settings["scale"] * rng.standard_normal((p, width))
    W2 = settings["scale"] * rng.standard_normal((width, k))
    return Network(data=problem(X, Y), W1=W1, W2=W2)


def levels(settings: Settings, halvings: Sequence[int]) -> tuple[int, ...]:
    """Divisors of the largest step size: the algorithm's at these halvings, then the SDE's."""
    finest = settings["fine"]
    own, fine = [2**halving for halving in halvings], [finest >> 2, finest >> 1, finest]
    assert own[-1] <= fine[0], "the SDE's grids are at least as fine as the algorithm's"
    return tuple(sorted({*own, *fine}))


@dataclass(frozen=True, kw_only=True)
class Coupled:
    """Paths at several levels, the coarsest first, the `FINE` finest last.

    Attributes
    ----------
    fall
        log det M(0) − log det M(T), (levels, paths), from the weights.
    square
        Σ h|R|², (levels, paths).
    sigma
        Singular values of W1(T), descending, (levels, paths, p).
    controls
        Sums of mean zero, (paths, 2·levels).
    """

    fall: Array
    square: Array
    sigma: Array
    controls: Array


def coupled(
    net: Network, *, step: float, levels: tuple[int, ...], noise: float, horizon: float,
    paths: int, rng: np.random.Generator,
) -> Coupled:  # fmt: skip
    """Paths with the noise rate ηδ = `noise`; level m makes steps of size step/levels[m]."""
    from numerics.compiled.sgd import coupled_steps

    C, finest, data = net.covariance, levels[-1], net.data
    h = step / finest
    steps = round(horizon / h)
    W1 = np.tile(net.W1, (len(levels), paths, 1, 1))
    W2 = np.tile(net.W2, (len(levels), paths, 1, 1))
    sums = np.zeros((len(levels), 3, paths))
    factor = np.sqrt(noise * h) / data.n * data.factor
    every = np.array([finest // level for level in levels])
    coupled_steps(W1, W2, data.XX, data.XY, factor, h, every, steps, rng, sums)
    centred = sums[:, 2] - noise * data.k * float(np.trace(C)) * steps * h
    return Coupled(
        fall=log_det(net.W1, net.W2) - log_det(W1, W2),
        square=sums[:, 0],
        sigma=np.asarray(np.linalg.svd(W1, compute_uv=False), dtype=np.float64),
        controls=np.concatenate([centred, sums[:, 1]]).T,
    )


def _columns(paths: Coupled, own: int) -> dict[str, Array]:
    """Per-path values by name, (paths, ...): the statistics that are averaged.

    ``excess`` is the fall of log det M at each step size of the algorithm beyond that of the SDE,
    ``fall`` and ``square`` the fall and ∫|R|² of the SDE; ``sigma`` is σ/(1 + σ), bounded, at
    each step size minus the SDE.  Those with ``linear`` are extrapolated with one order less.
    """
    bounded = paths.sigma / (1 + paths.sigma)
    found: dict[str, Array] = {}
    for suffix, weights in (("", QUADRATIC), (" linear", LINEAR)):
        fall, square = weights @ paths.fall[-FINE:], weights @ paths.square[-FINE:]
        sigma = np.tensordot(weights, bounded[-FINE:], axes=1)
        found |= {
            f"excess{suffix}": (paths.fall[:own] - fall).T,
            f"fall{suffix}": fall[:, None],
            f"square{suffix}": square[:, None],
            f"sigma{suffix}": (bounded[:own] - sigma).transpose(1, 2, 0).reshape(len(fall), -1),
        }
    return found


def summary(pilot: Coupled, paths: Coupled, own: int) -> dict[str, Any]:
    """Sums of the controlled, clipped values around the pilot's mean: seeds are added up.

    The first `own` levels are the algorithm's.
    """
    first, second = _columns(pilot, own), _columns(paths, own)
    sizes = {name: values.shape[1] for name, values in first.items()}
    early, late = np.hstack(list(first.values())), np.hstack(list(second.values()))
    design = np.column_stack([np.ones(len(early)), pilot.controls])
    slopes = np.linalg.lstsq(design, early, rcond=None)[0][1:]
    early, late = early - pilot.controls @ slopes, late - paths.controls @ slopes
    centre, window = early.mean(axis=0), WINDOW * early.std(axis=0)
    moved = late - centre
    clipped = np.clip(moved, -window, window)
    return {
        "sizes": sizes,
        "count": len(late),
        "centre": centre,
        "window": window,
        "sum": clipped.sum(axis=0),
        "products": clipped.T @ clipped,
        "clipped": int(np.sum(np.abs(moved) > window)),
    }
