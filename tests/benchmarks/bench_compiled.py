"""What Numba buys: steps of label-noise SGD in the compiled loop and in its NumPy twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.compiled.linear import (
    label_noise_steps,
    label_noise_steps_literal,
    noise_factor,
)
from numerics.training import problem

# The sizes of figure-one and of high-dimension.
SIZES = {"p5 k2 l10": (1000, 5, 2, 10, 50_000), "p200 k1 l250": (1000, 200, 1, 250, 2_000)}
LOOPS = {"compiled": label_noise_steps, "numpy": label_noise_steps_literal}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("size", SIZES)
def test_label_noise_steps(benchmark: Any, size: str, loop: str) -> None:
    n, p, k, width, steps = SIZES[size]
    steps = steps if loop == "compiled" else steps // 10
    rng = np.random.Generator(np.random.SFC64(1))
    X = rng.standard_normal((n, p))
    data = problem(X, X @ rng.standard_normal((p, k)) / np.sqrt(p))
    factor, XYT = noise_factor(data, 2.0), np.ascontiguousarray(data.XY.T)
    W1, W2T = (rng.standard_normal((rows, width)) / np.sqrt(width) for rows in (p, k))

    def run() -> None:
        LOOPS[loop](W1.copy(), W2T.copy(), data.XX, XYT, factor, 0.02, steps, rng)

    run()  # compiles
    benchmark.pedantic(run, rounds=3)
    benchmark.extra_info["microseconds_per_step"] = 1e6 * benchmark.stats.stats.min / steps
