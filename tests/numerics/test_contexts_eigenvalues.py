"""Eigenvalues and projectors: contexts against what defines them, doubles against plain loops."""

from __future__ import annotations

from itertools import pairwise, permutations
from random import Random
from typing import Any

import numpy as np
import pytest

from numerics import batched
from numerics.contexts import (
    JetContext,
    MultiprecisionContext,
    PrimeFieldContext,
    RationalContext,
)
from numerics.errors import NotAdmissibleError, NumericsError, OutsideFieldError

Q = RationalContext()
PRIME = PrimeFieldContext()
DIGITS = MultiprecisionContext(50)
EVERY = [Q, PRIME, DIGITS]
SPECTRUM = [5, 2, -1, -3]


def similar(ctx: Any, spectrum: list[int]) -> Any:
    """A symmetric matrix with this spectrum: a reflection I − 2vv'/|v|² on both sides."""
    n = len(spectrum)
    v = [m + 1 for m in range(n)]
    square = sum(x * x for x in v)
    H = ctx.matrix(
        [
            [ctx.rational(square * (i == j) - 2 * v[i] * v[j], square) for j in range(n)]
            for i in range(n)
        ]
    )
    return ctx.matmul(H, ctx.diagonal([ctx.rational(x) for x in spectrum]), H)


def near(ctx: Any, x: Any, y: Any) -> bool:
    """Equality; of balls, that they overlap and are small."""
    with ctx.working():
        gap = x - y
    if isinstance(ctx, MultiprecisionContext):
        return abs(ctx.to_float(gap)) <= ctx.radius(gap) < 1e-40
    return bool(gap == 0)


def same(ctx: Any, a: Any, b: Any) -> bool:
    return all(near(ctx, x, y) for x, y in zip(a.entries(), b.entries(), strict=True))


@pytest.mark.parametrize("ctx", EVERY)
def test_the_eigenvalues_are_those_that_the_matrix_was_made_of(ctx: Any) -> None:
    with ctx.working():
        values = ctx.eigenvalues(similar(ctx, SPECTRUM))
    expected = [ctx.rational(x) for x in SPECTRUM]
    if ctx is PRIME:
        assert sorted(map(int, values)) == sorted(map(int, expected))
        assert values == ctx.eigenvalues(similar(ctx, SPECTRUM[::-1]))
    else:
        assert all(near(ctx, x, y) for x, y in zip(values, expected, strict=True))
        assert all(x > y for x, y in pairwise(values))


@pytest.mark.parametrize("ctx", EVERY)
def test_projectors_are_what_defines_them(ctx: Any) -> None:
    with ctx.working():
        S = similar(ctx, SPECTRUM)
        values, found = ctx.eigenvalues(S), ctx.projectors(S)
        for x, E in zip(values, found, strict=True):
            assert same(ctx, ctx.matmul(S, E), ctx.scale(x, E))
            assert same(ctx, ctx.matmul(E, E), E)
            assert same(ctx, ctx.transpose(E), E)
            assert near(ctx, ctx.trace(E), ctx.rational(1))
            # One of another eigenvalue does not pass.
            assert not same(ctx, ctx.scale(x + 1, E), ctx.matmul(S, E))
        assert same(ctx, ctx.add(*found), ctx.identity(4))


@pytest.mark.parametrize("ctx", EVERY)
def test_a_single_entry(ctx: Any) -> None:
    S = ctx.matrix([[7]])
    assert ctx.eigenvalues(S) == [7]
    assert same(ctx, ctx.projectors(S)[0], ctx.identity(1))


@pytest.mark.parametrize("ctx", EVERY)
def test_equal_eigenvalues_are_refused(ctx: Any) -> None:
    with ctx.working(), pytest.raises(NotAdmissibleError, match="eigenvalues"):
        ctx.eigenvalues(similar(ctx, [2, 2, 5]))
    with ctx.working(), pytest.raises(NotAdmissibleError):
        JetContext(ctx).eigenvalues(ctx.identity(2))


@pytest.mark.parametrize("ctx", [*EVERY, JetContext(Q), JetContext(PRIME), JetContext(DIGITS)])
def test_a_matrix_that_is_not_square_is_refused(ctx: Any) -> None:
    with pytest.raises(NumericsError, match="1 x 2; give a symmetric one"):
        ctx.eigenvalues(ctx.matrix([[1, 2]]))


@pytest.mark.parametrize("ctx", [*EVERY, JetContext(Q), JetContext(PRIME), JetContext(DIGITS)])
def test_the_symmetric_part_is_meant_as_in_float64(ctx: Any) -> None:
    with ctx.working():
        lopsided, even = ctx.matrix([[1, 4], [0, 1]]), ctx.matrix([[1, 2], [2, 1]])
        for x, y in zip(ctx.eigenvalues(lopsided), ctx.eigenvalues(even), strict=True):
            assert str(x) == str(y)
        for E, F in zip(ctx.projectors(lopsided), ctx.projectors(even), strict=True):
            assert str(ctx.entry(E, 0, 1)) == str(ctx.entry(F, 0, 1))
    values = batched.eigenvalues(np.array([[1.0, 4.0], [0.0, 1.0]]))
    np.testing.assert_allclose(values, [3.0, -1.0])


def test_a_point_whose_eigenvalues_are_no_numbers_of_the_field_is_refused() -> None:
    golden = [[1, 1], [1, 0]]  # (1 ± √5)/2
    with pytest.raises(OutsideFieldError, match="2 of 2 are no numbers of RationalContext"):
        Q.eigenvalues(Q.matrix(golden))
    field = PrimeFieldContext(19)  # 5 = 9² modulo 19, and no square modulo 7
    a, b = field.eigenvalues(field.matrix(golden))
    assert a + b == 1
    assert a * b == -1 % 19
    with pytest.raises(OutsideFieldError):
        PrimeFieldContext(7).eigenvalues(PrimeFieldContext(7).matrix(golden))
    with DIGITS.working():
        first, second = DIGITS.eigenvalues(DIGITS.matrix(golden))
        assert near(DIGITS, first, (1 + DIGITS.sqrt(5)) / 2)
        assert near(DIGITS, second, (1 - DIGITS.sqrt(5)) / 2)


def test_modulo_a_prime_one_of_six_cubics_splits() -> None:
    rng, found, drawn = Random(1), 0, 1500
    for _ in range(drawn):
        G = PRIME.matrix([[rng.randrange(PRIME.prime) for _ in range(3)] for _ in range(3)])
        S = PRIME.add(G, PRIME.transpose(G))
        try:
            values = PRIME.eigenvalues(S)
        except OutsideFieldError:
            continue
        found += 1
        assert sum(values, PRIME.rational(0)) == PRIME.trace(S)
        assert values[0] * values[1] * values[2] == PRIME.det(S)
    assert abs(found - drawn / 6) < 5 * (drawn * 5 / 36) ** 0.5


# ---------------------------------------------------------------------- series


@pytest.mark.parametrize("ctx", EVERY)
def test_the_two_by_two_case_in_closed_form(ctx: Any) -> None:
    """[[a, b], [b, c]] has the eigenvalues (a + c)/2 ± √((a − c)²/4 + b²)."""
    jets = JetContext(ctx, 4)
    with jets.working():
        S = jets.series(
            ctx.matrix([[4, 0], [0, 1]]), ctx.matrix([[1, 2], [2, 5]]), ctx.matrix([[0, 3], [3, 1]])
        )
        a, b, c = (jets.entry(S, *at) for at in ((0, 0), (0, 1), (1, 1)))
        root = jets.sqrt((a - c) * (a - c) * jets.rational(1, 4) + b * b)
        middle = (a + c) * jets.rational(1, 2)
        expected = [middle + root, middle - root]
        found = jets.eigenvalues(S)
        if ctx is PRIME:
            order = [int(jets.coefficient(x, 0)) for x in expected]
            expected = [x for _, x in sorted(zip(order, expected, strict=True), key=lambda y: y[0])]
        for x, y in zip(found, expected, strict=True):
            for n in range(5):
                assert near(ctx, jets.coefficient(x, n), jets.coefficient(y, n))


@pytest.mark.parametrize("ctx", EVERY)
def test_a_diagonal_matrix_that_moves_off_the_diagonal(ctx: Any) -> None:
    """diag(d) + s V: first order V_ii, second Σ_j V_ij²/(d_i − d_j); the method uses neither."""
    d, V = [7, 3, -2], [[1, 4, 2], [4, -1, 5], [2, 5, 3]]
    jets = JetContext(ctx)
    with jets.working():
        S = jets.series(ctx.diagonal(d), ctx.matrix(V))
        found = {str(jets.coefficient(x, 0)): x for x in jets.eigenvalues(S)}
        for i in range(3):
            x = found[str(ctx.entry(ctx.diagonal(d), i, i))]
            second = sum(
                (ctx.rational(V[i][j] ** 2, d[i] - d[j]) for j in range(3) if j != i),
                ctx.rational(0),
            )
            assert near(ctx, jets.coefficient(x, 1), ctx.rational(V[i][i]))
            assert near(ctx, jets.coefficient(x, 2), second)
            assert not near(ctx, jets.coefficient(x, 2), -second)


@pytest.mark.parametrize("ctx", EVERY)
def test_series_of_eigenvalues_and_projectors_put_the_matrix_together_again(ctx: Any) -> None:
    rng, jets = Random(3), JetContext(ctx, 3)

    def symmetric() -> Any:
        G = ctx.matrix([[rng.randint(-5, 5) for _ in range(4)] for _ in range(4)])
        return ctx.add(G, ctx.transpose(G))

    with jets.working():
        S = jets.series(similar(ctx, SPECTRUM), symmetric(), symmetric())
        values, found = jets.eigenvalues(S), jets.projectors(S)
        again = jets.add(*(jets.scale(x, E) for x, E in zip(values, found, strict=True)))
        rest = jets.subtract(jets.matmul(found[0], found[0]), found[0])
        for n in range(4):
            assert same(ctx, jets.coefficient(again, n), jets.coefficient(S, n))
            assert same(ctx, jets.coefficient(rest, n), ctx.zeros(4, 4))
        swapped = [values[1], values[0], *values[2:]]
        wrong = jets.add(*(jets.scale(x, E) for x, E in zip(swapped, found, strict=True)))
        assert not same(ctx, jets.coefficient(wrong, 1), jets.coefficient(S, 1))


def test_a_constant_matrix_has_constant_eigenvalues() -> None:
    jets = JetContext(Q)
    for x, expected in zip(jets.eigenvalues(similar(Q, SPECTRUM)), SPECTRUM, strict=True):
        assert jets.coefficient(x, 0) == expected
        assert jets.coefficient(x, 1) == jets.coefficient(x, 2) == 0


# ---------------------------------------------------------------------- float64


def test_batches_are_loops() -> None:
    rng = np.random.default_rng(0)
    G = rng.standard_normal((2, 3, 4, 4))
    S = G + np.swapaxes(G, -1, -2)
    values, found = batched.eigenvalues(S), batched.projectors(S)
    assert values.shape == (2, 3, 4)
    assert found.shape == (2, 3, 4, 4, 4)
    for at in np.ndindex(2, 3):
        w, U = np.linalg.eigh(S[at])
        for i in range(4):
            np.testing.assert_allclose(values[at][i], w[3 - i], atol=1e-13)
            np.testing.assert_allclose(found[at][i], np.outer(U[:, 3 - i], U[:, 3 - i]), atol=1e-12)
    # Rounding may leave a product unsymmetric; it is not to decide which half is read.
    np.testing.assert_array_equal(
        batched.eigenvalues(S[0, 0] + np.triu(np.full((4, 4), 1e-9), 1)),
        batched.eigenvalues(S[0, 0] + np.tril(np.full((4, 4), 1e-9), -1)),
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_path_that_broke_down_leaves_the_others_alone(bad: float) -> None:
    S = np.stack([np.diag([1.0, 2.0]), np.full((2, 2), bad), np.diag([3.0, 4.0])])
    values, found = batched.eigenvalues(S), batched.projectors(S)
    np.testing.assert_array_equal(values[[0, 2]], [[2.0, 1.0], [4.0, 3.0]])
    assert np.all(np.isnan(values[1]))
    assert np.all(np.isnan(found[1]))


@pytest.mark.parametrize(("n", "axes", "trailing"), [(3, 1, 0), (3, 2, 0), (4, 2, 2), (4, 3, 1)])
def test_tuples_are_the_permutations_in_order(n: int, axes: int, trailing: int) -> None:
    rng = np.random.default_rng(1)
    shape = (5, *[n] * axes, *[2, 3][:trailing])
    A = rng.standard_normal(shape)
    found = batched.tuples(A, axes, trailing)
    chosen = list(permutations(range(n), axes))
    assert found.shape == (5, len(chosen), *[2, 3][:trailing])
    for b in range(5):
        for m, values in enumerate(chosen):
            np.testing.assert_array_equal(found[b, m], A[(b, *values)])
    # An index that is not mentioned has an axis of length 1.
    if axes > 1:
        lone = rng.standard_normal((5, n, *[1] * (axes - 1), *[2, 3][:trailing]))
        picked = batched.tuples(lone, axes, trailing)
        for m, values in enumerate(chosen):
            first: Any = (slice(None), values[0], *[0] * (axes - 1))
            np.testing.assert_array_equal(picked[:, m], lone[first])


def test_without_free_indices_there_is_nothing_to_pick() -> None:
    A = np.arange(6.0).reshape(2, 3)
    assert batched.tuples(A, 0) is A
    assert batched.tuples(np.ones((4, 1, 1)), 2).shape == (4, 0)
