"""Norms of nets whose loss does not depend on them, under SGD and under gradient descent.

A ReLU layer and a linear one, f = u'max(Wx, 0)/N with two normalizers:

    Net A   N = |W|² + |u|²   f is unchanged when all weights are scaled together,
    Net B   N = |W||u|        and also when the weights of one layer are.

Where f does not change along A θ, A symmetric, one step θ⁺ = θ − η g gives, exactly,
θ⁺'Aθ⁺ = θ'Aθ + η² g'Ag: the sum of squares of what is scaled together never falls, and grows by
η²|g|².  In the limit this is d|θ|² = T tr(Σ) dt, zero for gradient descent, whose steps leave
η²|∇L|².  With Σ ∝ |θ|⁻², as for a fixed law of the angles, |θ|⁴ is linear in t = steps × η.
In Net A one layer alone is free to shrink.

`norm_growth_judge` has what is stated, `norm_growth_pictures` the pictures.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.norm_growth_judge import judge
from verify.experiments.norm_growth_pictures import draw

__all__ = ["experiment", "gradient", "simulate"]

NETS = ("A", "B")


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="norm-growth",
        title="Growth of norms under scale symmetry: SGD and gradient descent",
        source="seed 003, figures on Net A and Net B",
        claim="Under scale symmetry every step of SGD adds exactly η²|g|² to the squared norm, in "
        "each layer if the symmetry is layer-wise, else of the whole only, so that |θ|⁴ comes to "
        "grow linearly; under gradient descent norms stay but for terms of order η.",
        settings=MappingProxyType(
            {
                "n": 60,
                "inputs": 5,
                "hidden": 8,
                "noise": 0.5,
                "step": 0.1,
                "steps": 5_000,
                "marks": 125,
                "runs": 12,
                # Of Net A under SGD alone, whose fourth power is looked at.
                "long_steps": 12_000,
                "long_marks": 120,
                "long_runs": 96,
            }
        ),
        quick=MappingProxyType(
            {"steps": 4_500, "marks": 75, "long_steps": 9_000, "long_marks": 90}
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=4,
    )


def gradient(net: str, W: Array, u: Array, X: Array, y: Array) -> tuple[Array, Array]:
    """Gradient of the mean of (f(x) − y)² over the samples.

    Parameters
    ----------
    net
        ``"A"`` or ``"B"``.
    W, u
        Weights, (runs, h, d) and (runs, h).
    X, y
        Samples, (runs, b, d) and (runs, b).
    """
    f, z, N = _output(net, W, u, X)
    active, (W2, u2) = np.maximum(z, 0), _squares(W, u)
    slope = 2 * (f - y) / X.shape[1]
    # f = raw/N: the layers' part of −f dN/N.
    pull = np.sum(slope * f, axis=-1)
    of_W, of_u = (2 / N, 2 / N) if net == "A" else (1 / W2, 1 / u2)
    back = (slope / N[:, None])[..., None] * (z > 0) * u[:, None, :]
    dW = np.swapaxes(back, -1, -2) @ X - (pull * of_W)[:, None, None] * W
    du = np.sum((slope / N[:, None])[..., None] * active, axis=1) - (pull * of_u)[:, None] * u
    return dW, du


def _output(net: str, W: Array, u: Array, X: Array) -> tuple[Array, Array, Array]:
    """f (runs, b), what goes into the ReLU (runs, b, h), and the normalizer (runs,)."""
    z = X @ np.swapaxes(W, -1, -2)
    W2, u2 = _squares(W, u)
    N = W2 + u2 if net == "A" else np.sqrt(W2 * u2)
    return np.sum(np.maximum(z, 0) * u[:, None, :], axis=-1) / N[:, None], z, N


def _loss(net: str, W: Array, u: Array, X: Array, y: Array) -> Array:
    """The mean of (f(x) − y)² over the samples, (runs,)."""
    return np.asarray(np.mean((_output(net, W, u, X)[0] - y) ** 2, axis=-1))


def _second_moment(net: str, W: Array, u: Array, X: Array, y: Array) -> Array:
    """The mean of |g|² over the gradients g of single samples, (runs,)."""
    runs, n = y.shape
    each = np.repeat(W, n, axis=0), np.repeat(u, n, axis=0)
    data = X.reshape(runs * n, 1, -1), y.reshape(runs * n, 1)
    squares = _squares(*gradient(net, *each, *data)).sum(axis=0)
    return np.asarray(squares.reshape(runs, n).mean(axis=1))


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Both nets under SGD on single samples and under gradient descent, several runs at once.

    Every run has a data set and a start of its own, so that runs are independent.  More and longer
    runs of Net A under SGD, with other data, are ``long``.
    """
    marks, steps = settings["marks"], settings["steps"]
    numbers: dict[str, Any] = {"steps": np.linspace(0, steps, marks + 1)}
    start, data = _drawn(generator(seed, 0), settings["runs"], settings)
    cases = [(net, way) for net in NETS for way in ("sgd", "gd")]
    for i, (net, way) in enumerate(cases):
        noise = generator(seed, 1) if way == "sgd" else None
        found = _run(net, start, data, noise, settings)
        numbers |= {f"{name}_{net}_{way}": value for name, value in found.items()}
        progress((i + 1) / (len(cases) + 2), f"Net {net}, {way}")
    start, data = _drawn(generator(seed, 2), settings["long_runs"], settings)
    longer = {**settings, "steps": settings["long_steps"], "marks": settings["long_marks"]}
    found = _run("A", start, data, generator(seed, 3), longer)
    return {
        **numbers,
        "long_steps": np.linspace(0, longer["steps"], longer["marks"] + 1),
        "norm_long": found["norms"].sum(axis=1),
        "moment_long": found["moments"],
    }


def _drawn(
    rng: np.random.Generator, runs: int, settings: Settings
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """W and u, X and y of each run; every start has |W|² = 2 and |u|² = 1."""
    n, d, h = (settings[name] for name in ("n", "inputs", "hidden"))
    X = rng.standard_normal((runs, n, d))
    teacher = rng.standard_normal((runs, d, 1)) / np.sqrt(d)
    y = np.maximum((X @ teacher)[..., 0], 0) + settings["noise"] * rng.standard_normal((runs, n))
    W = rng.standard_normal((runs, h, d))
    u = rng.standard_normal((runs, h))
    W *= np.sqrt(2) / np.linalg.norm(W, axis=(-1, -2))[:, None, None]
    u /= np.linalg.norm(u, axis=-1)[:, None]
    return (W, u), (X, y)


def _run(
    net: str,
    start: tuple[Array, Array],
    data: tuple[Array, Array],
    rng: np.random.Generator | None,
    settings: Settings,
) -> dict[str, Array]:
    """Squared norms of both layers at the marks, Σ η²|g|² of both, the smallest change of each.

    Also at the marks the loss and the mean of |g|² over the gradients g of single samples.
    """
    (W, u), (X, y) = start, data
    eta, marks, runs = settings["step"], settings["marks"], len(start[1])
    every = settings["steps"] // marks
    norms = [_squares(W, u)]
    added = np.zeros((2, runs))
    sums, least = [added.copy()], np.full((3, runs), np.inf)
    each = np.arange(runs)
    now, moments = norms[0], [_second_moment(net, W, u, X, y)]
    losses = [_loss(net, W, u, X, y)]
    for step in range(every * marks):
        if rng is None:
            dW, du = gradient(net, W, u, X, y)
        else:
            i = rng.integers(y.shape[1], size=runs)
            dW, du = gradient(net, W, u, X[each, i][:, None, :], y[each, i][:, None])
        W, u = W - eta * dW, u - eta * du
        added += eta**2 * _squares(dW, du)
        after = _squares(W, u)
        moved = after - now
        least = np.minimum(least, [*moved, moved.sum(axis=0)])
        now = after
        if (step + 1) % every == 0:
            norms.append(now)
            sums.append(added.copy())
            moments.append(_second_moment(net, W, u, X, y))
            losses.append(_loss(net, W, u, X, y))
    return {
        "norms": np.array(norms),
        "added": np.array(sums),
        "least": least,
        "moments": np.array(moments),
        "losses": np.array(losses),
    }


def _squares(W: Array, u: Array) -> Array:
    """|W|² and |u|², (2, runs)."""
    return np.array([np.sum(W * W, axis=(-1, -2)), np.sum(u * u, axis=-1)])
