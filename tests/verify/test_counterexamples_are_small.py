"""Counter-examples against what one can check by hand: zeros, a one, and no rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from derivations import Brownian, MatrixSDE, MomentClaim, State, dt, positive
from verify import DifferentialClaim, NumericSDE
from verify.finding.finding import CounterExample
from verify.finding.locate import located
from verify.finding.small_values import shown
from verify.loading import compiled
from verify.outside.claim_types import accepted
from verify.planning import Plan


def example(claim: Any) -> CounterExample:
    found = located(compiled(accepted(claim)), (), Plan()).counterexample
    assert found is not None
    return found


def squares(n: int) -> DifferentialClaim:
    """A square of an n × n matrix with n for n² in its drift."""
    sde = NumericSDE(
        states={"W": (n, n)}, noises={"B": (n, n)}, drift=lambda W: -W, noise=lambda dB: dB
    )
    return DifferentialClaim(
        sde=sde,
        observable=lambda W: np.sum(W**2, (-2, -1)),
        drift=lambda W: n - 2 * np.sum(W**2, (-2, -1)),
        martingale=lambda W, dB: 2 * np.sum(W * dB, (-2, -1)),
    )


@pytest.mark.parametrize("n", [3, 12])
def test_where_zero_is_enough_it_is_zero(n: int) -> None:
    found = example(squares(n))
    assert dict(found.at) == {"W": "0"}
    assert (found.measured, found.claimed) == (str(n * n), str(n))


def test_where_zero_is_not_enough_one_entry_is_one() -> None:
    sde = NumericSDE(
        states={"w": (40,)}, noises={"B": (40,)}, drift=lambda w: -w, noise=lambda w, dB: w * dB
    )
    claim = DifferentialClaim(
        sde=sde,
        observable=lambda w: np.sum(w**2, -1),
        drift=lambda w: -np.sum(w**2, -1),
        martingale=lambda w, dB: 2.2 * np.sum(w**2 * dB, -1),
    )
    found = example(claim)
    assert dict(found.at) == {"w": "e_1", "dB": "e_1"}
    assert (found.measured, found.claimed) == ("2", "2.2")


def test_an_invertible_matrix_is_a_simple_one() -> None:
    """The logarithm of a determinant has no value at 0 and at a single one."""
    n = 6
    sde = NumericSDE(
        states={"W": (n, n)}, noises={"B": ()}, drift=lambda W: -W, noise=lambda W, dB: 0 * W
    )
    claim = DifferentialClaim(
        sde=sde,
        observable=lambda W: np.linalg.slogdet(W)[1],
        drift=lambda W: 0 * W[..., 0, 0] - 2 * n,
        martingale=None,
    )
    found = example(claim)
    assert dict(found.at) == {"W": "I"}
    assert (found.measured, found.claimed) == ("−6", "−12")


def test_what_is_left_by_rounding_is_shown_as_zero() -> None:
    g, T, k = positive("g"), positive("T"), positive("k")
    x, v, b = State("x"), State("v"), Brownian("b")
    langevin = MatrixSDE(
        {x: v * dt, v: (-g * v - k * x) * dt + (2 * g * T) ** Rational(1, 2) * b.d}
    )
    claim = MomentClaim(
        sde=langevin,
        moments=(x**2, x * v, v**2, 1),
        matrix=((0, 2, 0, 0), (-k, -g, 1, 0), (0, -2 * k, -g, 2 * g * T), (0, 0, 0, 0)),
    )
    found = example(claim)
    assert (found.measured, found.claimed) == ("0", "1")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((3, 4)), "0"),
        (np.eye(5), "I"),
        (np.eye(64)[:, 2], "e_3"),
        (np.eye(64)[:, 2:3], "e_3"),
        (np.zeros(2), "(0, 0)"),
        (np.zeros((1, 2)), "[0 0]"),
        (3 * np.eye(20)[:2], "0 but for (1, 1): 3, (2, 2): 3"),
        (np.arange(6).reshape(2, 3), "[0 1 2; 3 4 5]"),
    ],
)
def test_arrays_in_short(value: Any, text: str) -> None:
    lists = np.vectorize(Fraction, otypes=[object])(value.astype(int)).tolist()
    assert shown(lists) == text
