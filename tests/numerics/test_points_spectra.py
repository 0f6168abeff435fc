"""Points with a rational spectrum: exactly the drawn one, and its conditions, in every context."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest

from numerics.contexts import MultiprecisionContext, PrimeFieldContext, RationalContext
from numerics.errors import NotAdmissibleError
from numerics.points import PROFILES, as_arrays, draw, meets, sample
from numerics.signature import LetterSignature, SpectrumSignature
from numerics.spectra import orthogonal, singular_values, with_singular_values

Q = RationalContext()
PRIME = PrimeFieldContext()
DIGITS = MultiprecisionContext(50)

LETTERS = (
    LetterSignature(name="W1", kind="state", shape=("p", "l")),
    LetterSignature(name="W2", kind="state", shape=("l", "k")),
    LetterSignature(name="R", kind="parameter", shape=("p", "k")),
)
STACK = SpectrumSignature(kernel="M", rows=(("W1", False), ("W2", True)))
FIRST = SpectrumSignature(kernel="M1", rows=(("W1", False),))
SIZES = [{"p": 2, "k": 1, "l": 4}, {"p": 3, "k": 2, "l": 4}, {"p": 1, "k": 1, "l": 2}]


def gram(ctx: Any, point: Any) -> Any:
    A = ctx.vstack([point["W1"], ctx.transpose(point["W2"])])
    return ctx.matmul(A, ctx.transpose(A))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
def test_singular_values_are_different_fractions_and_as_the_profile_says(
    n: int, profile: str
) -> None:
    for seed in range(20):
        sigma = sorted(singular_values(Random(seed), n, profile), reverse=True)
        assert len(sigma) == n
        assert all(x > y for x, y in pairwise([*sigma, Q.rational(0)]))
        relative = [float((x - y) / x) for x, y in pairwise(sigma)]
        if profile == "nearly singular" and n > 1:
            assert min(relative) == pytest.approx(1 / 64)
        if profile == "nearly singular" and n > 2:
            assert float(sigma[-1]) < 0.05
        if profile == "generic":
            assert all(x - y >= Q.rational(1, 2) for x, y in pairwise(sigma))
        if profile == "spread" and n > 1:
            assert float(sigma[0] / sigma[-1]) > 500


@pytest.mark.parametrize("n", [1, 2, 4])
def test_orthogonal_matrices_are_orthogonal_and_turn_both_ways(n: int) -> None:
    found = [orthogonal(Random(seed), n) for seed in range(12)]
    for U in found:
        assert Q.is_zero(Q.subtract(Q.matmul(U, Q.transpose(U)), Q.identity(n)))
    assert {int(Q.det(U)) for U in found} == {1, -1}


@pytest.mark.parametrize(("r", "c"), [(2, 4), (3, 3), (3, 2), (1, 3)])
def test_the_gram_matrix_has_exactly_the_drawn_spectrum(r: int, c: int) -> None:
    rng = Random(5)
    sigma = singular_values(rng, min(r, c), "generic")
    A = with_singular_values(rng, r, c, sigma)
    S = Q.matmul(A, Q.transpose(A))
    if r > c + 1:
        with pytest.raises(NotAdmissibleError):
            Q.eigenvalues(S)
        return
    expected = sorted([x * x for x in sigma] + [Q.rational(0)] * (r - len(sigma)), reverse=True)
    assert Q.eigenvalues(S) == expected


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("number", range(3))
def test_a_stack_of_letters_is_drawn_with_a_rational_spectrum(sizes: Any, number: int) -> None:
    point = draw(Q, LETTERS, sizes, seed=2, number=number, spectra=(STACK, FIRST))
    S = gram(Q, point)
    for x in Q.eigenvalues(S):
        Q.sqrt(x)
    assert meets(Q, "distinct_eigenvalues", S)
    # The other letters are what they are without it, and so are all numbers in another context.
    plain = draw(Q, LETTERS, sizes, seed=2, number=number)
    assert Q.is_zero(Q.subtract(point["R"], plain["R"]))
    wide = draw(DIGITS, LETTERS, sizes, seed=2, number=number, spectra=(STACK, FIRST))
    for name, value in as_arrays(point).items():
        np.testing.assert_allclose(value, as_arrays(wide, DIGITS)[name], rtol=1e-15)
    with DIGITS.working():
        assert meets(DIGITS, "distinct_eigenvalues", gram(DIGITS, wide))
    if sizes["p"] > 1:
        with pytest.raises(NotAdmissibleError):
            Q.eigenvalues(Q.matmul(plain["W1"], Q.transpose(plain["W1"])))


def test_letters_that_are_taken_repeated_or_no_states_are_left_as_they_are() -> None:
    sizes = SIZES[0]
    plain = draw(Q, LETTERS, sizes, seed=1, number=0)
    for rows in (None, (("R", False),), (("W1", False), ("W1", False)), ()):
        point = draw(
            Q, LETTERS, sizes, seed=1, number=0, spectra=(SpectrumSignature(kernel="S", rows=rows),)
        )
        assert all(str(point[name]) == str(plain[name]) for name in plain)
    both = draw(Q, LETTERS, sizes, seed=1, number=0, spectra=(FIRST, STACK))
    Q.eigenvalues(Q.matmul(both["W1"], Q.transpose(both["W1"])))
    assert str(both["W2"]) == str(plain["W2"])


@pytest.mark.parametrize("ctx", [Q, PRIME, DIGITS])
def test_equal_eigenvalues_do_not_meet_the_condition(ctx: Any) -> None:
    H = ctx.matrix([[3, 1, 0], [1, 3, 0], [0, 0, 2]])  # 4, 2, 2
    with ctx.working():
        assert not meets(ctx, "distinct_eigenvalues", H)
        assert meets(ctx, "distinct_eigenvalues", ctx.add(H, ctx.diagonal([0, 0, 1])))
        assert not meets(ctx, "distinct_eigenvalues", ctx.matrix([[1, 2], [0, 3]]))
        assert meets(ctx, "distinct_eigenvalues", ctx.matrix([[0]]))


@pytest.mark.parametrize("sizes", [*SIZES[:1], {"p": 2, "k": 2, "l": 4}])
def test_modulo_a_prime_points_are_drawn_until_the_polynomial_splits(sizes: Any) -> None:
    def split(ctx: Any, point: Any) -> bool:
        values = ctx.eigenvalues(gram(ctx, point))
        return bool(len([ctx.sqrt(x) for x in values]) == sizes["p"] + sizes["k"])

    found = sample(
        PRIME, LETTERS, sizes, count=2, seed=3, predicates={"split": split}, spectra=(STACK,)
    )
    assert found.admissible == 2
    assert found.drawn > 2  # six or more each are expected
    assert found.refused == {"defined": found.drawn - 2}


def test_a_condition_that_is_never_met_is_given_up_soon() -> None:
    sizes = {"p": 3, "k": 1, "l": 2}  # zero is an eigenvalue twice

    def distinct(ctx: Any, point: Any) -> bool:
        return bool(meets(ctx, "distinct_eigenvalues", gram(ctx, point)))

    found = sample(PRIME, LETTERS, sizes, count=3, seed=3, predicates={"distinct": distinct})
    assert (found.admissible, found.drawn) == (0, 60)

    def split(ctx: Any, point: Any) -> bool:
        return bool(ctx.eigenvalues(gram(ctx, point)))

    found = sample(Q, LETTERS, SIZES[0], count=2, seed=3, predicates={"split": split})
    assert (found.admissible, found.drawn) == (0, 40)
    found = sample(Q, LETTERS, SIZES[0], count=2, seed=3, predicates={"": split}, spectra=(STACK,))
    assert (found.admissible, found.drawn) == (2, 2)
