"""The rank and sign statements beside the determinant laws, in exact rational arithmetic.

Steps are taken on the two-layer linear network with rational data, so that a rank is a rank and
not a count of singular values above a tolerance.
"""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from flint import fmpq, fmpq_mat

N, P, K, L = 4, 3, 2, 6


def rational(rng: random.Random, rows: int, columns: int) -> fmpq_mat:
    entries = [fmpq(rng.randint(-5, 5), rng.randint(1, 3)) for _ in range(rows * columns)]
    return fmpq_mat(rows, columns, entries)


def stacked(W1: fmpq_mat, W2: fmpq_mat) -> fmpq_mat:
    rows = [*W1.tolist(), *W2.transpose().tolist()]
    return fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row])


def descended(X: fmpq_mat, Y: fmpq_mat, W1: fmpq_mat, W2: fmpq_mat, step: fmpq) -> list[fmpq_mat]:
    """One step of gradient descent on 1/(2n)|Y − X W1 W2|², written as the gradient itself."""
    gradient = X.transpose() * (Y - X * W1 * W2) * fmpq(1, N)
    return [W1 + gradient * W2.transpose() * step, W2 + W1.transpose() * gradient * step]


@pytest.mark.parametrize("rank", range(P + K + 1))
def test_gradient_descent_keeps_the_rank_of_the_stack_from_any_start(rank: int) -> None:
    rng = random.Random(rank)
    X, Y = rational(rng, N, P), rational(rng, N, K)
    theta = rational(rng, P + K, max(rank, 1)) * rational(rng, max(rank, 1), L)
    theta = theta * fmpq(int(rank > 0))
    rows = theta.tolist()
    W1 = fmpq_mat(P, L, [x for row in rows[:P] for x in row])
    W2 = fmpq_mat(K, L, [x for row in rows[P:] for x in row]).transpose()
    assert stacked(W1, W2).rank() == rank
    for _ in range(3):
        W1, W2 = descended(X, Y, W1, W2, fmpq(1, 97))
        assert stacked(W1, W2).rank() == rank


def test_the_rank_of_the_first_layer_alone_grows_from_zero() -> None:
    rng = random.Random(1)
    X, Y, W2 = rational(rng, N, P), rational(rng, N, K), rational(rng, L, K)
    W1 = fmpq_mat(P, L, [fmpq(0)] * (P * L))
    start = stacked(W1, W2).rank()
    W1, W2 = descended(X, Y, W1, W2, fmpq(1, 97))
    assert W1.rank() == K
    assert stacked(W1, W2).rank() == start


def factors(singular_values: list[Fraction], step: Fraction) -> Fraction:
    """Π|1 − η² s_i²|, whose square multiplies det M in one step."""
    product = Fraction(1)
    for s in singular_values:
        product *= abs(1 - (step * s) ** 2)
    return product


def test_an_increase_needs_a_value_beyond_the_root_of_two() -> None:
    rng = random.Random(2)
    grown = 0
    for _ in range(2000):
        values = [Fraction(rng.randint(0, 20), 10) for _ in range(rng.randint(1, 3))]
        if factors(values, Fraction(1)) > 1:
            grown += 1
            assert max(values) ** 2 > 2
    assert grown > 100


def test_beyond_the_root_of_two_is_enough_for_one_value_and_not_for_two() -> None:
    large, middling = Fraction(3, 2), Fraction(9, 10)
    assert large**2 > 2
    assert factors([large], Fraction(1)) > 1
    assert factors([large, middling], Fraction(1)) < 1


@pytest.mark.parametrize("multiplicity", [0, 1, 2])
def test_a_value_of_one_over_the_step_drops_the_rank_by_its_multiplicity(multiplicity: int) -> None:
    rng = random.Random(3)
    step = fmpq(1, 3)
    values = [fmpq(3)] * multiplicity + [fmpq(1, 2)] * (K - multiplicity)
    diagonal = fmpq_mat(
        P, K, [values[c] if r == c else fmpq(0) for r in range(P) for c in range(K)]
    )
    G = orthogonal(rng, P) * diagonal * orthogonal(rng, K)
    theta = rational(rng, P + K, L)
    assert theta.rank() == P + K
    moved = (identity(P + K) + symmetric_block(G) * step) * theta
    assert moved.rank() == P + K - multiplicity


def identity(n: int) -> fmpq_mat:
    return fmpq_mat(n, n, [fmpq(int(r == c)) for r in range(n) for c in range(n)])


def orthogonal(rng: random.Random, n: int) -> fmpq_mat:
    """A rational orthogonal matrix by Cayley's transform of a skew one."""
    A = rational(rng, n, n)
    skew = A - A.transpose()
    return (identity(n) - skew) * (identity(n) + skew).inv()


def symmetric_block(G: fmpq_mat) -> fmpq_mat:
    p, k = G.nrows(), G.ncols()
    rows = [[fmpq(0)] * p + row for row in G.tolist()]
    rows += [row + [fmpq(0)] * k for row in G.transpose().tolist()]
    return fmpq_mat(p + k, p + k, [x for row in rows for x in row])
