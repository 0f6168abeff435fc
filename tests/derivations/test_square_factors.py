"""Determinants of products whose factors are square: what is positive, and on what grounds."""

from typing import Any

import pytest
from sympy import Q

from derivations import Brownian, MatrixSDE, Parameter, State, dims, full_row_rank, logdet, positive
from derivations.equality import Status, equal
from derivations.errors import AssumptionError

n = dims("n")
a, C = positive("a"), Parameter("C", n, n, positive_definite=True)
Y, B = State("Y", n, n), Brownian("B", n, n)
FLOW = MatrixSDE({Y: a * Y * B.d})


@pytest.mark.parametrize("observable", [logdet(Y * Y.T), logdet(Y.T * Y), logdet(Y * C * Y.T)])
@pytest.mark.parametrize("fact", [full_row_rank(Y), full_row_rank(Y.T), Q.invertible(Y)])
def test_the_log_of_a_squared_determinant_has_a_differential(observable: Any, fact: Any) -> None:
    found = FLOW.d(observable, assuming=[fact])
    assert equal(found.drift, -(a**2) * n)
    assert equal(found.drift, -(a**2) * n**2).status is Status.DIFFERENT
    assert fact in found.derivation.used


def test_without_the_rank_there_is_none() -> None:
    with pytest.raises(AssumptionError, match="not declared positive definite"):
        FLOW.d(logdet(Y * Y.T))


def test_a_determinant_that_may_be_negative_has_no_logarithm_though_it_is_not_zero() -> None:
    with pytest.raises(AssumptionError, match="not declared positive definite"):
        FLOW.d(logdet(Y), assuming=[full_row_rank(Y)])


def test_a_square_matrix_of_full_rank_is_invertible_without_a_word_more() -> None:
    noise = MatrixSDE({Y: B.d}, assuming=[full_row_rank(Y)])
    derivation = noise.d(Y.inverse()).derivation
    assert derivation.used == (full_row_rank(Y),)
    assert not derivation.implied
