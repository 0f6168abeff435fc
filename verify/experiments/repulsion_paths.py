"""Eigenvalue paths of W1W1' with the repulsion of RD (5.6) and without it, and one-step drifts.

The matrix SDE is dW1 = √γ dB W2', dW2 = √γ W1'dB, stepped by the generated kernel of its
declaration.  *On*: the eigenvalues of the simulated W1W1'.  *Off*: the scalar equations without the
repulsion, dλ̃_i = γ|W2|² dt + 2√γ u_i'dB p_i, with |W2|², the increments of the martingale part and
so q_i and β_i those along the matrix path.  What was left out is integrated beside them.

*Still*: noise that is diagonal in fixed singular bases, as in the model of the Stochastic Collapse
paper.  Every mode (x_i, y_i) starts with x_i = σ_i and y_i = |a_i|, a_i = W2'v_i, so with the same
rates, and moves by itself, dx_i = √γ y_i dβ_i and dy_i = √γ x_i dβ_i, where β_i = u_i'B a_i/|a_i|
is the part of the same noise along it.  Its eigenvalues are x_i².  (p modes of one network would
have p outputs; with fewer the modes are those of the rates alone.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from numerics.brownian import Block, increments
from numerics.kernel import Kernel
from numerics.kernels import kernels
from numerics.loop import Run, iterate
from numerics.network import Array, transposed
from numerics.system import NoiseSpec, State, System

__all__ = ["CLAIM", "STILL", "Modes", "Noise", "branches", "enumerated", "paths"]

CLAIM = "first_layer_eigenvalues.any_outputs"
STILL = "singular_values.standing_vectors"


def eigenvalues(W1: Array) -> Array:
    """The eigenvalues of W1W1', descending."""
    return np.asarray(np.linalg.eigvalsh(W1 @ transposed(W1))[..., ::-1])


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The noise-only SDE of one size: R = 0 and C = γI."""

    features: int
    targets: int
    width: int
    gamma: float

    @cached_property
    def kernels(self) -> Mapping[str, Kernel]:
        """Declared increment, derived drift and martingale part of the eigenvalues."""
        return kernels(CLAIM)

    def point(self, W1: Array, W2: Array) -> dict[str, Any]:
        """What the kernels take, at weights with the paths on the first axis."""
        R = np.zeros((len(W1), self.features, self.targets))
        return {"W1": W1, "W2": W2, "R": R, "gamma": np.full(len(W1), self.gamma)}

    def moved(self, W1: Array, W2: Array, dB: Array) -> tuple[Array, Array]:
        """The weights after an Euler–Maruyama step with this increment; the drift is zero."""
        point = {**self.point(W1, W2), "dB": dB, "dt": np.zeros(len(dB))}
        dW1, dW2 = self.kernels["increment"](point)
        return W1 + dW1, W2 + dW2

    def growth(self, W2: Array) -> Array:
        """γ|W2|², the drift of every eigenvalue without the repulsion."""
        return np.asarray(self.gamma * np.sum(W2 * W2, axis=(-2, -1)))[:, None]

    def repulsion(self, W1: Array, W2: Array) -> Array:
        """The derived drift less γ|W2|²: γ Σ_{j≠i} (q_i + q_j)/(λ_i − λ_j)."""
        drift = self.kernels["derived_drift"](self.point(W1, W2))
        return np.asarray(drift - self.growth(W2))

    def martingale(self, W1: Array, W2: Array, dB: Array) -> Array:
        """The derived martingale part, 2√γ u_i'dB p_i."""
        value = self.kernels["derived_martingale"]({**self.point(W1, W2), "dB": dB})
        return np.asarray(value)


@dataclass(frozen=True, kw_only=True)
class Modes:
    """Modes in fixed singular bases; noise along u_i and a_i alone, of orthogonal u_i.

    Attributes
    ----------
    left : array (paths, p, p)
        Left singular vectors u_i of W1 at the start, as columns.
    right : array (paths, p, k)
        The directions a_i/|a_i| of a_i = W2'v_i there, as rows.
    gamma : float
        Rate of the noise.
    """

    left: Array
    right: Array
    gamma: float

    @classmethod
    def of(cls, W1: Array, W2: Array, gamma: float) -> tuple[Modes, Array, Array]:
        """The modes of some weights, with x_i = σ_i and y_i = |a_i|."""
        left, x, v = np.linalg.svd(W1, full_matrices=False)
        a = v @ W2
        y = np.linalg.norm(a, axis=-1)
        return cls(left=left, right=a / y[..., None], gamma=gamma), x, y

    def moved(self, x: Array, y: Array, dB: Array) -> tuple[Array, Array]:
        """The modes after an Euler–Maruyama step with this increment; the drift is zero."""
        along = np.sum((transposed(self.left) @ dB) * self.right, axis=-1)
        # The two modes of the declaration are alike and know nothing of each other.
        point = {"x1": x, "y1": y, "dbeta1": along, "r1": 0 * x}
        point |= {"x2": x, "y2": y, "dbeta2": along, "r2": 0 * x}
        point |= {"gamma": np.full_like(x, self.gamma), "dt": 0 * x}
        dx, _, dy, _ = kernels(STILL)["increment"](point)
        return x + dx, y + dy


def paths(
    noise: Noise, *, horizon: float, steps: int, count: int, seed: int, at: tuple[int, ...]
) -> Run:
    """Paths from Gaussian weights; at the same seed and twice the steps they are the same paths.

    Observed are the weights, ``on``, ``off``, ``still``, ``push`` (the integrated repulsion), and
    ``apart`` and ``apart still``, the least difference of neighbours without repulsion so far.
    """
    p, k, width, h = noise.features, noise.targets, noise.width, horizon / steps
    system = System(
        states={"W1": (p, width), "W2": (width, k)},
        noises=(NoiseSpec(name="B", shape=(p, k)),),
        increment=lambda point, t, dt, dB: {},
    )

    def start(block: Block) -> State:
        rng = block.generator("start")
        W1 = rng.standard_normal((block.size, p, width))
        W2 = rng.standard_normal((block.size, width, k))
        off = eigenvalues(W1)
        modes, x, y = Modes.of(W1, W2, noise.gamma)
        apart = -np.diff(off, axis=1)
        return {
            "W1": W1, "W2": W2, "off": off, "push": 0 * off, "apart": apart,
            "left": modes.left, "right": modes.right, "x": x, "y": y, "apart still": apart,
        }  # fmt: skip

    def step(state: State, index: int, drawn: Mapping[str, Array]) -> State:
        W1, W2, dB = state["W1"], state["W2"], drawn["dB"]
        off = state["off"] + h * noise.growth(W2) + noise.martingale(W1, W2, dB)
        after = noise.moved(W1, W2, dB)
        modes = Modes(left=state["left"], right=state["right"], gamma=noise.gamma)
        x, y = modes.moved(state["x"], state["y"], dB)
        return {
            "W1": after[0],
            "W2": after[1],
            "off": off,
            "push": state["push"] + h * noise.repulsion(W1, W2),
            "apart": np.minimum(state["apart"], -np.diff(off, axis=1)),
            "left": modes.left,
            "right": modes.right,
            "x": x,
            "y": y,
            "apart still": np.minimum(state["apart still"], -np.diff(x * x, axis=1)),
        }

    names = ("W1", "W2", "off", "push", "apart", "apart still")
    observe: dict[str, Any] = {name: lambda state, name=name: state[name] for name in names}
    return iterate(
        step,
        start,
        steps=steps,
        paths=count,
        seed=seed,
        draws=increments(system, horizon=horizon, steps=steps),
        observe={
            **observe,
            "on": lambda state: eigenvalues(state["W1"]),
            "still": lambda state: state["x"] ** 2,
        },
        at=at,
        keep=True,
        block=count,
        dt=h,
    )


def branches(
    noise: Noise, W1: Array, W2: Array, h: float, pairs: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Drift of every eigenvalue from antithetic pairs of Gaussian steps, and its standard error."""
    dB = np.sqrt(h) * rng.standard_normal((pairs, noise.features, noise.targets))
    second = _second_differences(noise, W1, W2, dB) / (2 * h)
    return second.mean(axis=0), second.std(axis=0, ddof=1) / np.sqrt(pairs)


def enumerated(noise: Noise, W1: Array, W2: Array, h: float) -> tuple[Array, Array]:
    """Drift from all steps with entries ±√h, extrapolated from h and h/2, and its bias.

    The mean over all sign patterns is exact; what is left is of order h².
    """
    size = noise.features * noise.targets
    # One of every antithetic pair is enough.
    signs = np.array(list(product((1.0, -1.0), repeat=size - 1)))
    signs = np.hstack([np.ones((len(signs), 1)), signs])
    patterns = signs.reshape(-1, noise.features, noise.targets)
    drifts = [
        _second_differences(noise, W1, W2, np.sqrt(s) * patterns).mean(axis=0) / (2 * s)
        for s in (h, h / 2)
    ]
    value = 2 * drifts[1] - drifts[0]
    return value, np.abs(value - drifts[1])


def _second_differences(noise: Noise, W1: Array, W2: Array, dB: Array) -> Array:
    """λ(x + b dB) + λ(x − b dB) − 2λ(x), for every increment."""
    start = (np.repeat(W1[None], len(dB), axis=0), np.repeat(W2[None], len(dB), axis=0))
    ends = [eigenvalues(noise.moved(*start, sign * dB)[0]) for sign in (1.0, -1.0)]
    return np.asarray(ends[0] + ends[1] - 2 * eigenvalues(W1))
