"""Paths of v = u² under SGD on ℓ = (u² x − y)², u = w, and under its SDE, as declared.

y = a x + σ ε with x ~ N(0, q), ε ~ N(0, 1).  SGD makes steps u⁺ = u − η G u with
G = 2(v x² − xy); the SDE is

    du = −2(β₁v − β₂) u dt + 2 √(T g(v)) u dB,   g = α₁v² − 2α₂v + α₃ = Var(v x² − xy).

The SDE is stepped by Milstein's scheme, in steps that are short where the coefficients are large:
its noise grows as u³, and equal steps would blow up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.network import Array

__all__ = ["Data", "Moments", "gradient_variances", "moments", "sde_paths", "sgd_paths"]


@dataclass(frozen=True, kw_only=True)
class Data:
    """y = slope · x + noise · ε, and E x² = square."""

    slope: float
    noise: float
    square: float


@dataclass(frozen=True, kw_only=True)
class Moments:
    """α₁, α₂, α₃, β₁ and β₂ of the data."""

    a1: float
    a2: float
    a3: float
    b1: float
    b2: float

    def spread(self, v: Array) -> Array:
        """g(v)."""
        return np.asarray(self.a1 * v * v - 2 * self.a2 * v + self.a3)


def moments(data: Data) -> Moments:
    """Those of Gaussian x and ε."""
    a, q = data.slope, data.square
    spread = 2 * q * q
    return Moments(a1=spread, a2=a * spread, a3=a * a * spread + data.noise**2 * q, b1=q, b2=a * q)


def sgd_paths(
    data: Data,
    T: float,
    time: float,
    rng: np.random.Generator,
    *,
    start: float,
    paths: int,
    marks: int = 1,
) -> Array:
    """log v (marks + 1, paths) after steps of size η = T on single samples."""
    u = np.full(paths, np.sqrt(start))
    kept = [2 * np.log(np.abs(u))]
    for _ in range(marks):
        for _ in range(round(time / T / marks)):
            x = np.sqrt(data.square) * rng.standard_normal(paths)
            residual = (u * u - data.slope) * x - data.noise * rng.standard_normal(paths)
            u *= 1 - 2 * T * residual * x
        kept.append(2 * np.log(np.abs(u)))
    return np.array(kept)


def sde_paths(
    data: Data,
    T: float,
    time: float,
    rng: np.random.Generator,
    *,
    start: float,
    paths: int,
    step: float,
    marks: int = 1,
) -> Array:
    """log v (marks + 1, paths) under the SDE; a step changes u by about √step of itself."""
    m = moments(data)
    u = np.full(paths, np.sqrt(start))
    kept = [2 * np.log(np.abs(u))]
    for _ in range(marks):
        left = np.full(paths, time / marks)
        at = np.arange(paths)
        while len(at):
            u[at], left[at] = _milstein(m, T, u[at], left[at], step, rng)
            at = at[left[at] > 0]
        kept.append(2 * np.log(np.abs(u)))
    return np.array(kept)


def _milstein(
    m: Moments, T: float, u: Array, left: Array, step: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """One step of each path, and the time that is left to it."""
    v = u * u
    g = m.spread(v)
    largest = 4 * T * (m.a1 * v * v + 2 * abs(m.a2) * v + m.a3) + 2 * (m.b1 * v + m.b2)
    h = np.minimum(step / largest, left)
    dB = np.sqrt(h) * rng.standard_normal(len(u))
    # For the noise b(u): b b' = ½ d(b²)/du with b² = 4T g(u²)u².
    slope = 4 * T * u * (g + 2 * v * (m.a1 * v - m.a2))
    drift = -2 * (m.b1 * v - m.b2) * u
    moved = u + drift * h + 2 * np.sqrt(T * g) * u * dB + slope * (dB * dB - h) / 2
    return moved, left - h


def gradient_variances(
    data: Data, places: Sequence[float], rng: np.random.Generator, *, samples: int, batches: int
) -> Array:
    """Variances of v x² − xy (places, batches), unbiased, each over so many samples."""
    found = []
    for v in places:
        x, e = rng.standard_normal((2, batches, samples))
        x *= np.sqrt(data.square)
        found.append(np.var(v * x * x - x * (data.slope * x + data.noise * e), axis=1, ddof=1))
    return np.array(found)
