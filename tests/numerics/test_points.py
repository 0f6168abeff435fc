"""Random points: reproducible, of their kind, spread out, and counted when they are refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from numerics.contexts import MultiprecisionContext, PrimeFieldContext, RationalContext
from numerics.errors import NumericsError, OutsideFieldError
from numerics.points import PROFILES, as_arrays, draw, meets, sample, stacked
from numerics.signature import LetterSignature
from tests.numerics.test_contexts_arithmetic import differs

Q = RationalContext()
PRIME = PrimeFieldContext()
DIGITS = MultiprecisionContext(50)
EVERY = [Q, PRIME, DIGITS]

SIZES = {"p": 4, "l": 7, "n": 3}
LETTERS = (
    LetterSignature(name="W", kind="state", shape=("p", "l")),
    LetterSignature(name="x", kind="state"),
    LetterSignature(name="C", kind="parameter", shape=("p", "p"), facts=("positive_definite",)),
    LetterSignature(name="H", kind="parameter", shape=("p", "p"), facts=("symmetric",)),
    LetterSignature(name="gamma", kind="parameter", facts=("positive",)),
    LetterSignature(name="z", kind="process", shape=("p", "1"), family="n"),
    LetterSignature(name="c", kind="parameter", family="n"),
    LetterSignature(name="t", kind="time"),
    LetterSignature(name="dt", kind="time increment"),
    LetterSignature(name="dB", kind="increment", shape=("p", "1")),
)


def text(value: Any) -> str:
    return str(value)


@pytest.mark.parametrize("ctx", EVERY)
def test_points_follow_from_the_seed_and_have_the_declared_shapes(ctx: Any) -> None:
    point = draw(ctx, LETTERS, SIZES, seed=1, number=2)
    assert text(point) == text(draw(ctx, LETTERS, SIZES, seed=1, number=2))
    assert text(point) != text(draw(ctx, LETTERS, SIZES, seed=2, number=2))
    assert text(point) != text(draw(ctx, LETTERS, SIZES, seed=1, number=5))
    assert {"dt", "dB"}.isdisjoint(point)
    assert point["p"] == 4
    assert ctx.shape(point["W"]) == (4, 7)
    assert len(point["z"]) == len(point["c"]) == 3
    assert ctx.shape(point["z"][0]) == (4, 1)
    assert not ctx.is_matrix(point["x"])


def test_the_value_of_a_letter_does_not_depend_on_the_other_letters() -> None:
    alone = draw(Q, LETTERS[:1], SIZES, seed=1, number=4)
    assert Q.is_zero(Q.subtract(alone["W"], draw(Q, LETTERS, SIZES, seed=1, number=4)["W"]))


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("ctx", EVERY)
def test_letters_have_the_facts_that_were_declared(ctx: Any, number: int) -> None:
    point = draw(ctx, LETTERS, SIZES, seed=7, number=number)
    assert meets(ctx, "positive_definite", point["C"])
    assert meets(ctx, "symmetric", point["H"])
    assert meets(ctx, "positive", point["gamma"])
    assert meets(ctx, "positive", point["t"])
    assert meets(ctx, "fullrank", point["W"])
    # Positive scalars have roots, and their products too, in every context.
    with ctx.working():
        root = ctx.sqrt(point["gamma"] * point["t"])
        assert not differs(root * root, point["gamma"] * point["t"])


def test_rationals_digits_and_doubles_are_the_same_numbers() -> None:
    for number in range(3):
        exact = as_arrays(draw(Q, LETTERS, SIZES, seed=3, number=number))
        digits = as_arrays(draw(DIGITS, LETTERS, SIZES, seed=3, number=number), DIGITS)
        for name in ("W", "C", "gamma", "z", "c"):
            np.testing.assert_allclose(exact[name], digits[name], rtol=1e-15)
    assert exact["p"] == 4
    assert exact["z"].shape == (3, 4, 1)
    batch = stacked([exact, exact])
    assert batch["W"].shape == (2, 4, 7)
    assert batch["p"] == 4
    with pytest.raises(NumericsError, match="got none"):
        stacked([])


def test_the_profiles_reach_from_well_conditioned_to_nearly_singular() -> None:
    condition = {
        profile: np.median(
            [
                np.linalg.cond(as_arrays(draw(Q, LETTERS, SIZES, seed=s, number=n))["W"])
                for s in range(8)
            ]
        )
        for n, profile in enumerate(PROFILES)
    }
    assert condition["generic"] < 20
    assert condition["spread"] > 300
    assert condition["nearly singular"] > 100


def test_residues_are_spread_over_the_whole_field() -> None:
    values = [
        int(draw(PRIME, LETTERS[1:2], {}, seed=0, number=n)["x"]) / PRIME.prime for n in range(400)
    ]
    counts, _ = np.histogram(values, bins=4, range=(0, 1))
    assert np.all(np.abs(counts - 100) < 50)  # five standard deviations


def test_refused_points_are_counted_by_their_reason() -> None:
    found = sample(
        Q,
        LETTERS,
        SIZES,
        count=10,
        seed=1,
        predicates={
            "x > 0": lambda ctx, point: bool(point["x"] > 0),
            "1/(x−x)": lambda ctx, point: bool(point["c"][0] > 0) or 1 / (point["x"] * 0) == 0,
        },
    )
    assert found.admissible == 10
    assert set(found.refused) == {"x > 0", "defined"}
    assert found.drawn == 10 + sum(found.refused.values())
    assert all(point["x"] > 0 and point["c"][0] > 0 for point in found.points)
    assert str(found).startswith(f"10 of {found.drawn} points admissible (")


def test_an_assumption_that_is_never_met_leaves_no_point_and_says_so() -> None:
    found = sample(
        Q,
        LETTERS,
        SIZES,
        count=3,
        seed=1,
        tries=4,
        predicates={"never": lambda ctx, point: meets(ctx, "zero", point["W"])},
    )
    assert found.admissible == 0
    assert found.points == ()
    assert found.drawn == 12
    assert str(found) == "0 of 12 points admissible (never refused 12)"


def test_square_roots_modulo_a_prime_make_the_sampler_draw_again() -> None:
    found = sample(
        PRIME,
        LETTERS,
        SIZES,
        count=8,
        seed=1,
        predicates={"root": lambda ctx, point: ctx.sqrt(point["x"]) is not None},
    )
    assert found.admissible == 8
    assert found.refused["defined"] > 0


@pytest.mark.parametrize("ctx", EVERY)
def test_properties_of_matrices(ctx: Any) -> None:
    definite, indefinite = ctx.matrix([[2, 1], [1, 3]]), ctx.matrix([[1, 2], [2, 1]])
    singular, skew = ctx.matrix([[1, 2], [2, 4]]), ctx.matrix([[1, 2], [-2, 1]])
    wide = ctx.matrix([[1, 2, 3], [2, 4, 7]])
    assert meets(ctx, "positive_definite", definite)
    assert not meets(ctx, "positive_definite", skew)
    assert not meets(ctx, "positive_definite", singular)
    assert meets(ctx, "positive_definite", indefinite) == (ctx is PRIME)  # no order there
    assert meets(ctx, "invertible", skew)
    assert meets(ctx, "singular", singular)
    assert not meets(ctx, "invertible", wide)
    assert meets(ctx, "fullrank", wide)
    assert not meets(ctx, "fullrank", ctx.matrix([[1, 2, 3], [2, 4, 6]]))
    assert meets(ctx, "symmetric", definite)
    assert not meets(ctx, "symmetric", skew)


def test_signs_of_scalars() -> None:
    for value, predicate in product((-1, 0, 2), ("positive", "negative", "nonnegative", "nonzero")):
        expected = {
            "positive": value > 0,
            "negative": value < 0,
            "nonnegative": value >= 0,
            "nonzero": value != 0,
        }[predicate]
        assert meets(Q, predicate, Q.rational(value)) == expected
    assert meets(Q, "zero", Q.rational(0))


def test_unknown_properties_and_senseless_counts_are_refused() -> None:
    with pytest.raises(NumericsError, match="predicate: got 'golden'"):
        meets(Q, "golden", Q.rational(1))
    with pytest.raises(NumericsError, match="count 0"):
        sample(Q, LETTERS, SIZES, count=0, seed=1)


def test_a_root_that_no_point_has_is_given_up_soon() -> None:
    def missing(ctx: Any, point: Any) -> bool:
        raise OutsideFieldError("planted")

    found = sample(PRIME, LETTERS[1:2], SIZES, count=4, seed=1, predicates={"root": missing})
    assert (found.admissible, found.drawn) == (0, 512)
