"""Real SGD on one neuron w2 tanh(c w1 x): its growth near zero, and where ordinary weights end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Numbers, Settings
from verify.experiments.label_noise import generator

__all__ = ["COLLAPSED", "neuron"]

TINY = 1e-30
"""Where runs begin that are to stay in the linear regime."""

COLLAPSED = 1e-6
"""Weights below this have collapsed."""


def neuron(seed: int, settings: Settings, progress: Callable[[float], None]) -> Numbers:
    """Growth per step near zero at several label noises, and the part of runs that collapsed.

    Labels are y = a x + noise that is kept: it is part of the data, and of Var(xy).  Label noises
    have the variances of the settings.
    """
    rng = generator(seed, 0)
    x = rng.standard_normal(settings["samples"])
    x *= np.sqrt(settings["square"] / np.mean(x**2))
    kept = rng.standard_normal(settings["samples"])
    kept -= np.mean(kept * x) / np.mean(x**2) * x
    kept *= settings["disorder"] / np.sqrt(np.mean((kept * x) ** 2))
    y = settings["slope"] * x + kept
    moments = {"square": np.mean(x**2), "mean": np.mean(x * y), "spread": np.var(x * y)}
    near, far = (np.array(settings[name]) for name in ("variances", "long_variances"))
    shape = (len(near), settings["replicas"])
    start = np.full(shape, TINY)
    w = _trained(
        (start, start), x, y, near, settings, settings["steps"], rng, lambda f: progress(f / 2)
    )
    growth = (np.log(np.hypot(*w)) - np.log(np.hypot(TINY, TINY))) / settings["steps"]
    long_shape = (len(far), settings["long_replicas"])
    begun = (0.5 * rng.standard_normal(long_shape), 0.5 * rng.standard_normal(long_shape))
    ended = _trained(
        begun, x, y, far, settings, settings["long_steps"], rng, lambda f: progress((1 + f) / 2)
    )
    return {
        **{name: float(value) for name, value in moments.items()},
        "third": float(np.mean((x * y) ** 3)),
        "variance": near,
        "growth": growth.mean(axis=1),
        "growth_error": growth.std(axis=1, ddof=1) / np.sqrt(settings["replicas"]),
        "long_variance": far,
        "collapsed": np.mean(np.hypot(*ended) < COLLAPSED, axis=1),
        "size": np.median(np.hypot(*ended), axis=1),
    }


def _trained(
    start: tuple[Array, Array],
    x: Array,
    y: Array,
    variance: Array,
    settings: Settings,
    steps: int,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> tuple[Array, Array]:
    """Both weights after the steps, rows of one variance each."""
    w1, w2 = start
    eta, gain, deviation = settings["step"], settings["gain"], np.sqrt(variance)[:, None]
    for number in range(steps):
        chosen = rng.integers(len(x), size=w1.shape)
        xi = x[chosen]
        label = y[chosen] + deviation * rng.standard_normal(w1.shape)
        hidden = np.tanh(gain * w1 * xi)
        residual = label - w2 * hidden
        w1, w2 = (
            w1 + eta * residual * w2 * gain * (1 - hidden**2) * xi,
            w2 + eta * residual * hidden,
        )
        if number % 500 == 0:
            progress(number / steps)
    return w1, w2
