"""Equality in law: signs, numbers and rotations of Brownian motions are no part of it."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Rational, sqrt

from derivations import Brownian, MatrixSDE, Mutant, Parameter, State, TimeChangeClaim, dims, dt
from derivations.diffusions import compared_in_law, counterparts, diffusions
from derivations.equality import Status, equal
from derivations.mutation import proved_equal

n = dims("n")
x, y = State("x"), State("y")
X = State("X", n, n)
b, c = Brownian("b"), Brownian("c")
C = Parameter("C", n, n, symmetric=True)
B, D = Brownian("B", n, n), Brownian("D", n, n, row_covariance=C * C)
U = Parameter("U", n, n)
HALF = Rational(1, 2)


def answers(first: MatrixSDE, second: MatrixSDE) -> set[Status]:
    return {equal(p, q).status for _, p, q in compared_in_law(first, second)}


EQUAL = {
    "sign": ({x: 2 * b.d}, {x: -2 * b.d}),
    "two for one": ({x: -x * dt + b.d + c.d}, {x: -x * dt + sqrt(2) * b.d}),
    "transposed": ({X: B.d}, {X: B.d.T}),
    "one sign of two": ({x: b.d + x * c.d, y: c.d}, {x: -b.d + x * c.d, y: c.d}),
    "exchanged": ({x: b.d + 2 * c.d}, {x: 2 * b.d + c.d}),
    "letter taken": ({X: U * B.d}, {X: -U * B.d}),
    "covariance": ({X: C * B.d}, {X: D.d}),
}
DIFFERENT = {
    "factor": ({x: 2 * b.d}, {x: -4 * b.d}),
    "no root": ({x: b.d + c.d}, {x: 2 * b.d}),
    "transposed and doubled": ({X: B.d}, {X: 2 * B.d.T}),
    "other side": ({X: B.d * X}, {X: X * B.d}),
    "one sign in one of two states": ({x: b.d, y: b.d}, {x: -b.d, y: b.d}),
    "drift": ({x: -x * dt + b.d + c.d}, {x: -2 * x * dt + sqrt(2) * b.d}),
    "covariance lost": ({X: D.d}, {X: B.d}),
    "no noise": ({x: b.d}, {x: 0 * x}),
}


@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL)
def test_equal_in_law_is_equal(pair: Any) -> None:
    assert answers(*map(MatrixSDE, pair)) == {Status.EQUAL}


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_another_law_is_different(pair: Any) -> None:
    assert Status.DIFFERENT in answers(*map(MatrixSDE, pair))


def test_noises_equal_as_they_stand_or_up_to_one_sign_are_compared_term_by_term() -> None:
    """The same parts in the same words; only where terms differ the diffusions are asked."""
    pair = MatrixSDE({x: 2 * b.d, y: x * b.d})
    turned = MatrixSDE({x: -2 * b.d, y: -x * b.d})
    for other in (pair, turned):
        names = [name for name, *_ in compared_in_law(pair, other)]
        assert names == ["drift of x", "drift of y", "noise of x", "noise of y"]
    for other in ({x: 2 * b.d, y: -x * b.d}, {x: 2 * c.d, y: x * c.d}):
        names = [name for name, *_ in compared_in_law(pair, MatrixSDE(other))]
        assert [name.split(",")[0] for name in names[2:]] == ["diffusion matrix"] * 3


def test_every_pair_of_states_has_a_covariation() -> None:
    system = MatrixSDE({x: b.d, y: c.d, X: B.d})
    assert len(list(diffusions(system, system))) == 6


def test_a_correlation_belongs_to_the_law() -> None:
    noises = {x: b.d, y: c.d}
    correlated = MatrixSDE(noises, correlation={(b, c): HALF})
    assert answers(correlated, correlated) == {Status.EQUAL}
    assert Status.DIFFERENT in answers(correlated, MatrixSDE(noises))
    mixed = MatrixSDE({x: b.d, y: b.d / 2 + sqrt(3) / 2 * c.d})
    assert answers(correlated, mixed) == {Status.EQUAL}


def test_counterparts_have_one_law() -> None:
    old, new = MatrixSDE({x: b.d}), MatrixSDE({x: c.d})
    assert counterparts(old, new) == {b.d: c.d}
    assert counterparts(MatrixSDE({x: b.d + c.d}), new) == {}
    assert counterparts(MatrixSDE({X: B.d}), MatrixSDE({X: D.d})) == {}


def claim(noise: Any) -> TimeChangeClaim:
    return TimeChangeClaim(
        id="a",
        title="",
        source="",
        statement="",
        sde=MatrixSDE({x: 2 * b.d}),
        rate=4,
        changed=noise,
    )


@pytest.mark.parametrize(("factor", "same"), [(-1, True), (-2, False), (2, False)])
def test_a_mutant_of_equal_law_is_no_mistake(factor: int, same: bool) -> None:
    right = claim(MatrixSDE({x: b.d}))
    mutant = Mutant(name="a", mistake="", changes={"changed": MatrixSDE({x: factor * b.d})})
    assert proved_equal(right, mutant) is same


def test_a_mutant_with_other_noises_may_be_no_mistake() -> None:
    right = claim(MatrixSDE({x: b.d}))
    for factor, same in ((1 / sqrt(2), True), (HALF, False)):
        system = MatrixSDE({x: factor * (b.d + c.d)})
        assert (
            proved_equal(right, Mutant(name="a", mistake="", changes={"changed": system})) is same
        )


def test_what_is_compared_is_said_in_words() -> None:
    (matrix, *_), (scalar, *_) = (
        next(iter(diffusions(MatrixSDE({s: 2 * d}), MatrixSDE({s: d}))))
        for s, d in ((X, B.d), (x, b.d))
    )
    assert matrix.startswith("diffusion matrix, d⟨tr(U' X), tr(V' X)⟩")
    assert matrix.endswith("for constant matrices U and V")
    assert scalar == "diffusion matrix, d⟨x, x⟩ per time"
