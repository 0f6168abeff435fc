"""What the values of draws obey: proved where a normal form knows it, and never taken for wrong."""

from __future__ import annotations

from typing import Any

import flint
import pytest
from sympy import Integer, Le, Mul, cos, pi

from derivations import (
    Assumption,
    Family,
    Gaussian,
    Minibatch,
    Parameter,
    State,
    StepClaim,
    TwoPoint,
    Update,
    dims,
    entry,
    index,
    positive,
    total,
    tr,
)
from derivations.admissible import draw
from derivations.derive import derive
from derivations.equality import Equality, Status, equal
from derivations.points import entries, evaluate
from derivations.step_claims import derived_change, stated_change

p, k, (n, b) = dims("p"), dims("k"), dims("n b")
h, w = positive("h"), State("w")
s, r, g = TwoPoint("s"), TwoPoint("r"), Gaussian("g")
X, v = TwoPoint("X", p, k), TwoPoint("v", p)
A, W = Parameter("A", p, p), State("W", p, k)
i, j, c = index("i", n), index("j", n), Family("c")
ONCE, AGAIN = Minibatch("w1", b), Minibatch("w2", b, replacement=True)
SMALL = (Assumption(text="b <= n", condition=Le(b, n)),)


def told(moves: dict[Any, Any], f: Any, change: Any, **fields: Any) -> Equality:
    """What the engine says of a statement about every draw."""
    claim = StepClaim(
        update=Update(moves),
        observable=f,
        change=change,
        pathwise=True,
        assumptions=SMALL,
        **fields,
    )
    derived, stated = derived_change(claim), stated_change(claim)
    return equal(derived, stated, assuming=[Le(b, n)], points=12)


def moved(x: Any, change: Any) -> Equality:
    """w⁺ = w + h x against a stated change of w."""
    return told({w: w + h * x}, w, h * change)


TRUE: dict[str, tuple[Any, Any]] = {
    "a sign squared": (s**2, Integer(1)),
    "a sign cubed": (s**3, s),
    "one over a sign": (1 / s, s),
    "two signs": (s**2 * r**3, r),
    "an entry squared": (entry(X, 0, 0) ** 2, Integer(1)),
    "all entries squared": (tr(X.T * X), p * k),
    "a column": (tr(v.T * A * v * v.T * v), p * tr(v.T * A * v)),
    "the sum of weights": (total(ONCE[i], i), n),
    "its square": (total(ONCE[i], i) ** 2, n**2),
    "with replacement": (total(AGAIN[i], i) ** 2, n**2),
    "taken once": (total(ONCE[i] ** 2 * c[i], i), n / b * total(ONCE[i] * c[i], i)),
    "two weights": (total(ONCE[i], i) * total(ONCE[j] * c[j], j), n * total(ONCE[i] * c[i], i)),
}


@pytest.mark.parametrize("name", TRUE)
def test_relations_between_values_are_proved(name: str) -> None:
    assert moved(*TRUE[name]).status is Status.EQUAL


def test_relations_between_values_hold_in_matrices_and_orders() -> None:
    S = State("S", p, p)
    right = h * (S * v * v.T + v * v.T * S) + h**2 * p * v * v.T
    assert told({S: S + h * v * v.T}, S * S, right).status is Status.EQUAL
    first = told({w: w + h * s}, w**3, 3 * h * w**2 * s + 3 * h**2 * w, step=h, order=3)
    assert first.status is Status.EQUAL


WRONG: dict[str, tuple[Any, Any]] = {
    "a normal squared": (g**2, Integer(1)),
    "a sign": (s, Integer(1)),
    "a sign squared, twice": (s**2, Integer(2)),
    "entries of two places": (entry(X, 0, 0) * s, Integer(1)),
    "a row for a column": (tr(X.T * X), p),
    "the sum of weights": (total(ONCE[i], i), b),
    "taken more than once": (total(AGAIN[i] ** 2, i), n**2 / b),
    "a factor lost": (total(ONCE[i] ** 2 * c[i], i), total(ONCE[i] * c[i], i)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_relations_are_refuted_at_values_that_draws_take(name: str) -> None:
    found = moved(*WRONG[name])
    assert found.status is Status.DIFFERENT
    assert found.point is not None
    for letter, value in found.point.values.items():
        law = getattr(letter, "law", "")
        if law == "two-point":
            assert all(abs(x) == 1 for x in entries(value)), letter


def test_what_no_normal_form_knows_is_left_open() -> None:
    """cos(π s) = −1; (s + r)³ = 4(s + r) is known, its powers being multiplied out."""
    both = s + r
    assert moved(both**3, 4 * both).status is Status.EQUAL
    assert moved(cos(pi * s / 3), Integer(1) / 2).status is Status.CANNOT_TELL


@pytest.mark.parametrize("weights", [ONCE, AGAIN])
def test_weights_at_points_are_those_of_one_minibatch(weights: Any) -> None:
    points = draw([total(weights[i], i), Integer(0) + b], [Le(b, n)], count=8)
    assert points
    for point in points:
        size, batch = point.size(n), point.size(b)
        assert evaluate(total(weights[i], i), point).overlaps(flint.arb(size))
        counts = [
            evaluate(weights[i], point.__class__(
                sizes=point.sizes, seed=point.seed, indices={i: m}
            )) * batch / size
            for m in range(1, size + 1)
        ]  # fmt: skip
        assert all(x.unique_fmpz() is not None for x in counts)
        assert weights is AGAIN or all(0 <= int(x.unique_fmpz()) <= 1 for x in counts)


def test_the_relations_are_a_step_of_the_derivation() -> None:
    claim = StepClaim(
        update=Update({w: w + h * s}), observable=w**2, change=2 * h * w * s + h**2, pathwise=True
    )
    first, last = derive(claim).steps
    assert (first.after - last.after - h**2 * (s**2 - 1)).expand() == 0
    assert last.rule == "what the values of the draws obey"
    assert "values that the draws take" in last.check


def test_no_batch_is_larger_than_its_samples() -> None:
    points = draw([total(ONCE[i], i)], count=12)
    assert all(point.size(b) <= point.size(n) for point in points)


def test_factors_of_a_normal_form_are_kept() -> None:
    """A matrix of normals, or of signs beside another, is no number."""
    G, Z = Gaussian("G", p, k), TwoPoint("Z", p, k)
    for pair in ((G, G), (X, Z)):
        value = tr(pair[0].T * pair[1])
        claim = StepClaim(
            update=Update({w: w + h * value}), observable=w, change=Mul(h, value), pathwise=True
        )
        assert derived_change(claim).has(*pair)
        assert told({w: w + h * value}, w, h * p * k).status is Status.DIFFERENT
