"""The compiled loop of label-noise SGD against its literal twin and against the weights."""

from __future__ import annotations

import numpy as np
import pytest

from numerics.compiled.linear import (
    label_noise_steps,
    label_noise_steps_literal,
    noise_factor,
)
from numerics.network import Array, log_det
from numerics.training import Problem, problem


def draws(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def start(n: int, p: int, k: int, width: int) -> tuple[Problem, Array, Array]:
    rng = draws(5)
    data = problem(rng.standard_normal((n, p)), rng.standard_normal((n, k)))
    return data, 0.4 * rng.standard_normal((p, width)), 0.4 * rng.standard_normal((k, width))


def both(
    data: Problem, W1: Array, W2T: Array, variance: float, steps: int, eta: float = 0.05
) -> list[tuple[float, float, Array, Array, Array]]:
    found = []
    for loop in (label_noise_steps, label_noise_steps_literal):
        a, b, rng = W1.copy(), W2T.copy(), draws(9)
        XYT = np.ascontiguousarray(data.XY.T)
        factor = noise_factor(data, variance)
        law, seen, squares = loop(a, b, data.XX, XYT, factor, eta, steps, rng)
        found.append((law, seen, squares, a, b))
    return found


# One output and several, fewer samples than dimensions, and no noise at all.
@pytest.mark.parametrize(
    ("n", "p", "k", "width", "variance"),
    [(50, 5, 2, 10, 2.0), (40, 3, 1, 4, 1.0), (4, 6, 3, 9, 0.5), (30, 2, 4, 7, 0.0)],
)
def test_twins_agree(n: int, p: int, k: int, width: int, variance: float) -> None:
    fast, literal = both(*start(n, p, k, width), variance, 300)
    for a, b in zip(fast, literal, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_change_of_log_det_is_that_of_the_weights() -> None:
    data, W1, W2T = start(50, 5, 2, 10)
    law, _, _, a, b = both(data, W1, W2T, 2.0, 300)[0]
    change = float(log_det(a, b.T) - log_det(W1, W2T.T))
    assert law == pytest.approx(change, rel=1e-9)
    assert law < -0.05


def test_large_steps_count_the_absolute_value() -> None:
    # η s > 1: a factor of det(I − η²G'G) is negative.
    data, W1, W2T = start(50, 3, 2, 6)
    fast, literal = both(data, W1, W2T, 400.0, 3, eta=2.0)
    assert fast[1] * 4.0 > 3.0
    assert fast[0] == pytest.approx(literal[0], rel=1e-9)


def test_the_noise_has_the_law_of_the_labels() -> None:
    data = start(7, 5, 2, 10)[0]
    factor = noise_factor(data, 2.0)
    np.testing.assert_allclose(factor @ factor.T, 2.0 * data.XX / data.n, atol=1e-12)


def test_a_wrong_step_is_seen() -> None:
    data, W1, W2T = start(50, 5, 2, 10)
    right = both(data, W1, W2T, 2.0, 300)[0]
    wrong = both(data, W1, W2T, 4.0, 300)[1]
    assert abs(right[0] / wrong[0] - 1) > 0.1
