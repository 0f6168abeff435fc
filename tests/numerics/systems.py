"""Declared systems with known solutions or moments, for the tests of the schemes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from numerics.products import matmul
from numerics.system import Array, LeftMultiplication, NoiseSpec, State, System

SCALAR = NoiseSpec(name="beta", shape=())


def geometric(a: float = 0.3, b: float = 0.8) -> System:
    """The scalar dx = a x dt + b x dβ: x = x_0 exp((a − b²/2)t + bβ)."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        return {"x": point["x"] * (a * dt + b * dB["dbeta"])}

    return System(states={"x": ()}, noises=(SCALAR,), increment=increment)


def hyperbolic() -> System:
    """The scalar dx = ½x dt + √(1+x²) dβ: x = sinh(arsinh x_0 + β)."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        x = point["x"]
        return {"x": 0.5 * x * dt + np.sqrt(1 + x * x) * dB["dbeta"]}

    return System(states={"x": ()}, noises=(SCALAR,), increment=increment)


def correlated_pair(rho: float, b: float = 0.7) -> System:
    """Two scalars dx_i = b x_i dβ_i with E dβ_1 dβ_2 = ρ dt: fields commute."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        return {"x": b * point["x"] * dB["dbeta"], "y": b * point["y"] * dB["dgamma"]}

    return System(
        states={"x": (), "y": ()},
        noises=(SCALAR, NoiseSpec(name="gamma", shape=())),
        increment=increment,
        correlation={("beta", "gamma"): rho},
    )


def block(G: Array) -> Array:
    """S(G) = [[0, G], [G', 0]]."""
    p, k = G.shape[-2:]
    S = np.zeros((*G.shape[:-2], p + k, p + k))
    S[..., :p, p:] = G
    S[..., p:, :p] = G.swapaxes(-1, -2)
    return S


def network(
    p: int = 2,
    k: int = 1,
    l: int = 3,
    *,
    gamma: float = 1.0,
    beta: Array | None = None,
    rows: Array | None = None,
    multiplier: bool = False,
    paths_last: bool = True,
) -> System:
    """The SDE of label noise, dΘ = S(R)Θ dt + √γ S(dB)Θ with R = beta − W1W2, or R = 0."""

    def multiplying(point: Mapping[str, Any], dt: float, dB: Array) -> Array:
        dZ = np.sqrt(gamma) * dB
        if beta is not None:
            dZ = dt * (beta - matmul(point["W1"], point["W2"])) + dZ
        return dZ

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        W1, W2 = point["W1"], point["W2"]
        dZ = multiplying(point, dt, dB["dB"])
        return {
            "W1": matmul(dZ, W2.swapaxes(-1, -2)),
            "W2": matmul(W1.swapaxes(-1, -2), dZ),
        }

    def left(point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        return block(multiplying(point, dt, dB["dB"]))

    stacked = LeftMultiplication(
        matrix=left, rows=("W1",), transposed_rows=("W2",), constant_noise=True
    )
    return System(
        states={"W1": (p, l), "W2": (l, k)},
        noises=(NoiseSpec.with_covariance("B", (p, k), rows=rows),),
        increment=increment,
        paths_last=paths_last,
        multiplier=stacked if multiplier else None,
    )


def network_start(p: int = 2, k: int = 1, l: int = 3) -> dict[str, Array]:
    """A fixed start of full rank."""
    rng = np.random.default_rng(8)
    return {"W1": rng.standard_normal((p, l)), "W2": rng.standard_normal((l, k))}


def log_det(point: Mapping[str, Array]) -> Array:
    """Log det ΘΘ' by plain linear algebra."""
    Theta = np.concatenate([point["W1"], point["W2"].swapaxes(-1, -2)], axis=-2)
    return np.asarray(np.linalg.slogdet(Theta @ Theta.swapaxes(-1, -2))[1])
