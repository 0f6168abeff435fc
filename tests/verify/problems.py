"""Claims written by hand as plain functions, right and wrong, for the tests of the judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.kernel import Kernel
from numerics.signature import (
    ClaimSignature,
    Condition,
    LetterSignature,
    NoiseSignature,
    PathSignature,
    SystemSignature,
)
from verify.problem import Problem


def kernel(
    name: str, arguments: str, arrays: Callable[..., Any], generic: Callable[..., Any]
) -> Kernel:
    return Kernel(name=name, arguments=tuple(arguments.split()), arrays=arrays, generic=generic)


def swap(A: Any) -> Any:
    return np.swapaxes(A, -1, -2)


# Geometric Brownian motion: d log x = (μ − σ²/2) dt + σ dβ.

_GBM_LETTERS = (
    LetterSignature(name="x", kind="state", facts=("positive",)),
    LetterSignature(name="mu", kind="parameter"),
    LetterSignature(name="sigma", kind="parameter", facts=("positive",)),
)
_GBM = SystemSignature(
    prefix="", states=("x",), noises=(NoiseSignature(name="beta"),), letters=_GBM_LETTERS
)


def geometric(drift: str = "true", martingale: float = 1.0) -> Problem:
    """d log x; ``drift`` is 'true' or the mistake made in it."""
    wrong: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "true": (lambda m, s: m - s**2 / 2, lambda c, m, s: m - c.rational(1, 2) * s**2),
        "missing Itô term": (lambda m, s: m + 0 * s, lambda c, m, s: m),
        "2 for 1": (lambda m, s: m - s**2, lambda c, m, s: m - s**2),
        "sign": (lambda m, s: m + s**2 / 2, lambda c, m, s: m + c.rational(1, 2) * s**2),
        "σ for σ²": (lambda m, s: m - s / 2, lambda c, m, s: m - c.rational(1, 2) * s),
    }
    arrays, generic = wrong[drift]
    kernels = {
        "increment": kernel(
            "increment",
            "x mu sigma t dt dbeta",
            lambda x, m, s, t, dt, db: (x * (m * dt + s * db),),
            lambda c, x, m, s, t, dt, db: (x * (m * dt + s * db),),
        ),
        "observable": kernel("observable", "x", np.log, lambda c, x: c.log(x)),
        "stated_drift": kernel("stated_drift", "mu sigma", arrays, generic),
        "stated_martingale": kernel(
            "stated_martingale",
            "sigma dbeta",
            lambda s, db: martingale * s * db,
            lambda c, s, db: c.number(martingale) * s * db,
        ),
    }
    signature = ClaimSignature(
        claim="geometric",
        kind="differential",
        dimensions=(),
        letters=(*_GBM_LETTERS, LetterSignature(name="t", kind="time")),
        systems={"declared": _GBM},
    )
    return Problem(id="geometric", title="d log x", kernels=kernels, signature=signature)


def geometric_path(rate: float = 1.0, noise: float = 1.0) -> Problem:
    """The square of a product that has no martingale part: log x + log y for dy = … − σ y dβ.

    d log(xy) = −σ² dt on every path when both are driven by the same β in opposite directions.
    """
    letters = (
        LetterSignature(name="x", kind="state", facts=("positive",)),
        LetterSignature(name="y", kind="state", facts=("positive",)),
        LetterSignature(name="sigma", kind="parameter", facts=("positive",)),
    )
    system = SystemSignature(
        prefix="path_", states=("x", "y"), noises=(NoiseSignature(name="beta"),), letters=letters
    )
    kernels = {
        "path_increment": kernel(
            "path_increment",
            "x y sigma t dt dbeta",
            lambda x, y, s, t, dt, db: (x * s * db, -noise * y * s * db),
            lambda c, x, y, s, t, dt, db: (x * s * db, -c.number(noise) * y * s * db),
        ),
        "path_observable": kernel(
            "path_observable",
            "x y",
            lambda x, y: np.log(x) + np.log(y),
            lambda c, x, y: c.log(x) + c.log(y),
        ),
        "path_law": kernel(
            "path_law",
            "initial sigma t",
            lambda a, s, t: a - rate * s**2 * t,
            lambda c, a, s, t: a - c.number(rate) * s**2 * t,
        ),
    }
    path = PathSignature(
        systems={"path": system},
        letters=letters,
        horizon=1,
        sizes={},
        values={"sigma": 1},
        relevant=0.02,
    )
    signature = ClaimSignature(
        claim="product", kind="differential", dimensions=(), letters=letters, path=path
    )
    return Problem(id="product", title="d log xy", kernels=kernels, signature=signature)


# Label noise: d log det M = −2γkp dt.

_NET_LETTERS = (
    LetterSignature(name="W1", kind="state", shape=("p", "l")),
    LetterSignature(name="W2", kind="state", shape=("l", "k")),
    LetterSignature(name="R", kind="process", shape=("p", "k")),
    LetterSignature(name="gamma", kind="parameter", facts=("positive",)),
)
_NET = SystemSignature(
    prefix="",
    states=("W1", "W2"),
    noises=(NoiseSignature(name="B", shape=("p", "k")),),
    letters=_NET_LETTERS,
)


def _increment(W1: Any, W2: Any, R: Any, g: Any, t: Any, dt: Any, dB: Any) -> Any:
    dG = np.asarray(dt)[..., None, None] * R + np.sqrt(g)[..., None, None] * dB
    return dG @ swap(W2), swap(W1) @ dG


def _increment_in(c: Any, W1: Any, W2: Any, R: Any, g: Any, t: Any, dt: Any, dB: Any) -> Any:
    dG = c.add(c.scale(dt, R), c.scale(c.sqrt(g), dB))
    return c.matmul(dG, c.transpose(W2)), c.matmul(c.transpose(W1), dG)


def _stack(c: Any, W1: Any, W2: Any) -> Any:
    return c.vstack([W1, c.transpose(W2)])


def _logdet(W1: Any, W2: Any) -> Any:
    batch = np.broadcast_shapes(W1.shape[:-2], W2.shape[:-2])
    W1, W2 = (np.broadcast_to(W, batch + W.shape[-2:]) for W in (W1, W2))
    Theta = np.concatenate([W1, swap(W2)], axis=-2)
    return np.linalg.slogdet(Theta @ swap(Theta))[1]


def _logdet_in(c: Any, W1: Any, W2: Any) -> Any:
    Theta = _stack(c, W1, W2)
    return c.logdet(c.matmul(Theta, c.transpose(Theta)))


WRONG_RATES: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "2 for 1": (lambda p, k, g: -p * k * g, lambda c, p, k, g: -p * k * g),
    "sign": (lambda p, k, g: 2 * p * k * g, lambda c, p, k, g: 2 * p * k * g),
    "lost transpose": (lambda p, k, g: -2 * k * k * g, lambda c, p, k, g: -2 * k * k * g),
    "√γ for γ": (
        lambda p, k, g: -2 * p * k * np.sqrt(g),
        lambda c, p, k, g: -2 * p * k * c.sqrt(g),
    ),
    "missing Itô term": (lambda p, k, g: 0 * g, lambda c, p, k, g: 0 * g),
}


def label_noise(rate: str = "true", martingale: bool = False) -> Problem:
    """d log det M under label noise; ``rate`` is 'true' or a key of WRONG_RATES."""
    true = (lambda p, k, g: -2 * p * k * g, lambda c, p, k, g: -2 * p * k * g)
    arrays, generic = WRONG_RATES.get(rate, true)
    fixed = {
        "increment": kernel("increment", "W1 W2 R gamma t dt dB", _increment, _increment_in),
        "observable": kernel("observable", "W1 W2", _logdet, _logdet_in),
        "stated_drift": kernel("stated_drift", "p k gamma", arrays, generic),
        "stated_martingale": kernel(
            "stated_martingale",
            "R dB",
            lambda R, dB: martingale * np.sum(R * dB, axis=(-1, -2)),
            lambda c, R, dB: c.rational(int(martingale)) * c.trace(c.matmul(c.transpose(R), dB)),
        ),
        "theta": kernel(
            "theta", "W1 W2", lambda a, b: np.concatenate([a, swap(b)], axis=-2), _stack
        ),
    }
    signature = ClaimSignature(
        claim="label_noise",
        kind="differential",
        dimensions=("k", "l", "p"),
        letters=(*_NET_LETTERS, LetterSignature(name="t", kind="time")),
        conditions=(
            Condition(text="l ≥ p + k", relation="l >= p + k"),
            Condition(text="full rank", predicate="fullrank", kernel="theta"),
        ),
        systems={"declared": _NET},
    )
    return Problem(id="label_noise", title="d log det M", kernels=fixed, signature=signature)


def label_noise_path(factor: float = 1.0) -> Problem:
    """log det M(T) = log det M(0) − factor·2γkpT on every path, (p, k, l) = (2, 1, 5)."""
    base = label_noise()
    kernels = {
        "path_increment": base.kernels["increment"],
        "path_observable": base.kernels["observable"],
        "path_law": kernel(
            "path_law",
            "initial p k gamma t",
            lambda a, p, k, g, t: a - factor * 2 * p * k * g * t,
            lambda c, a, p, k, g, t: a - c.number(factor) * 2 * p * k * g * t,
        ),
    }
    letters = tuple(
        replace(letter, kind="parameter") if letter.kind == "process" else letter
        for letter in _NET_LETTERS
    )
    path = PathSignature(
        systems={"path": replace(_NET, prefix="path_", letters=letters)},
        letters=letters,
        horizon=1,
        sizes={"p": 2, "k": 1, "l": 5},
        values={"gamma": 1, "R": np.zeros((2, 1))},
        relevant=0.02,
    )
    signature = replace(base.signature, path=path)
    return replace(base, kernels=kernels, signature=signature)


# An identity: det(I + ηS(G)) = det(I − η²G'G).


def schur(sign: int = -1) -> Problem:
    letters = (
        LetterSignature(name="G", kind="parameter", shape=("p", "k")),
        LetterSignature(name="eta", kind="parameter", facts=("positive",)),
    )

    def left(G: Any, eta: Any) -> Any:
        p, k = G.shape[-2:]
        batch = G.shape[:-2]
        top = np.concatenate([np.zeros((*batch, p, p)), G], axis=-1)
        low = np.concatenate([swap(G), np.zeros((*batch, k, k))], axis=-1)
        S = np.concatenate([top, low], axis=-2)
        return np.linalg.det(np.eye(p + k) + np.asarray(eta)[..., None, None] * S)

    def right(G: Any, eta: Any) -> Any:
        gain = np.asarray(eta)[..., None, None] ** 2 * (swap(G) @ G)
        return np.linalg.det(np.eye(G.shape[-1]) + sign * gain)

    def left_in(c: Any, G: Any, eta: Any) -> Any:
        p, k = c.shape(G)
        return c.det(c.add(c.identity(p + k), c.scale(eta, c.symmetric_block(G))))

    def right_in(c: Any, G: Any, eta: Any) -> Any:
        gain = c.scale(sign * eta**2, c.matmul(c.transpose(G), G))
        return c.det(c.add(c.identity(c.shape(G)[1]), gain))

    signature = ClaimSignature(
        claim="schur", kind="identity", dimensions=("k", "p"), letters=letters
    )
    return Problem(
        id="schur",
        title="Schur",
        kernels={
            "left": kernel("left", "G eta", left, left_in),
            "right": kernel("right", "G eta", right, right_in),
        },
        signature=signature,
        draws="G",
    )


# A clock: dx = −x(1 + x²) dt + √(1 + x²) dβ is Ornstein–Uhlenbeck in the time ∫(1 + x²) dt.


def clock(drift: float = 1.0, constant: bool = False) -> Problem:
    letters = (
        LetterSignature(name="x", kind="state"),
        LetterSignature(name="gamma", kind="parameter", facts=("positive",)),
    )

    def rate(x: Any, g: Any) -> Any:
        return g + 0 * x if constant else g * (1 + x**2)

    def increment(x: Any, g: Any, t: Any, dt: Any, db: Any) -> Any:
        a = rate(x, g)
        return (-x * a * dt + np.sqrt(a) * db,)

    def increment_in(c: Any, x: Any, g: Any, t: Any, dt: Any, db: Any) -> Any:
        a = g if constant else g * (1 + x**2)
        return (-x * a * dt + c.sqrt(a) * db,)

    signature = ClaimSignature(
        claim="clock",
        kind="time change",
        dimensions=(),
        letters=(*letters, LetterSignature(name="t", kind="time")),
        systems={
            name: SystemSignature(
                prefix=prefix, states=("x",), noises=(NoiseSignature(name=noise),), letters=letters
            )
            for name, prefix, noise in (("declared", "", "beta"), ("changed", "changed_", "eps"))
        },
    )
    return Problem(
        id="clock",
        title="a clock",
        kernels={
            "increment": kernel("increment", "x gamma t dt dbeta", increment, increment_in),
            "rate": kernel(
                "rate",
                "gamma" if constant else "x gamma",
                (lambda g: g) if constant else rate,
                (lambda c, g: g) if constant else (lambda c, x, g: g * (1 + x**2)),
            ),
            "changed_increment": kernel(
                "changed_increment",
                "x t dt deps",
                lambda x, t, dt, de: (-drift * x * dt + de,),
                lambda c, x, t, dt, de: (-c.number(drift) * x * dt + de,),
            ),
        },
        signature=signature,
    )
