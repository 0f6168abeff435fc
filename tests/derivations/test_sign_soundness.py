"""Signs that are proved hold at admissible points, and points that refute are admissible.

What is random here is typed as a user types it: sizes, roots, moduli, quotients, several letters.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from sympy import Abs, Ge, Gt, Le, Lt, Mul, Ne, Rational, lambdify, sqrt, sympify, true

from derivations import Brownian, MatrixSDE, State, dims, dt, positive, real, tr
from derivations.cells import sign_of_number
from derivations.claim import Assumption, SignClaim
from derivations.derive import derived_differential
from derivations.equality import Status
from derivations.sign_claims import decided
from derivations.signs import sign_of

n, m = dims("n m")
a, c = positive("a"), positive("c")
x, y = real("x"), real("y")
LETTERS = (n, m, a, c, x, y)
HALF = Rational(1, 2)
PROVED = {">": {1}, ">=": {0, 1}, "=": {0}, "<=": {-1, 0}, "<": {-1}}
TURNS = {Gt: 1, Ge: 1, Lt: -1, Le: -1}


def _power(rng: random.Random, letters: Sequence[Any]) -> Any:
    z = rng.choice(letters)
    if z.is_positive:
        return z ** rng.choice((1, 1, 2, -1, HALF, Rational(3, 2), Rational(1, 3), -HALF))
    return rng.choice((z, z, z**2, Abs(z), sqrt(Abs(z))))


def _value(rng: random.Random, letters: Sequence[Any]) -> Any:
    """A polynomial, or a form whose sign turns between two whole numbers."""
    z, u, r = rng.choice(letters), rng.choice(letters), Rational(rng.randint(1, 9), 2)
    if rng.random() < 0.5:
        near, root = (z - r) * (z - r - rng.choice((HALF, 1))), sqrt(Abs(z)) - r
        return rng.choice((near, root, (z - u) ** 2 + r - 1, r * u - z, z**2 - r * u * z))
    terms = (Mul(*(_power(rng, letters) for _ in range(rng.randint(1, 2)))) for _ in range(2))
    return sum((rng.choice((-3, -1, 1, 2)) * term for term in terms), sympify(rng.randint(-4, 4)))


def _facts(rng: random.Random, letters: Sequence[Any]) -> tuple[Any, ...]:
    relations = (rng.choice((Gt, Ge, Lt, Le, Ne)) for _ in range(rng.randint(0, 2)))
    facts = [relation(_value(rng, letters), 0) for relation in relations]
    return tuple(fact for fact in facts if fact.free_symbols)


def _number(rng: random.Random, z: Any) -> Any:
    if z.is_integer:
        return sympify(rng.choice((1, 1, 2, 2, 3, 4, 6, 20)))
    if rng.random() < 0.3:
        return sympify(rng.randint(1, 3) if z.is_positive else rng.randint(-3, 3))
    number = Rational(rng.randint(1, 40), rng.choice((1, 2, 4, 8, 16))) ** rng.choice((1, 1, 2))
    return number if z.is_positive else number * rng.choice((1, -1, 0))


def _sign_at(value: Any, facts: Sequence[Any], point: Mapping[Any, Any]) -> int | None:
    """The sign in exact arithmetic; None where an assumption fails, or nothing is defined."""
    if any(fact.subs(point) is not true for fact in facts):
        return None
    found = value.subs(point)
    return sign_of_number(found) if found.is_real else None


def _against(value: Any, facts: Sequence[Any], relation: str, count: int) -> dict[Any, Any] | None:
    """A point at which the sign is not the one that is stated; floats look for it."""
    rng = random.Random("points")
    letters = sorted(value.free_symbols.union(*(f.free_symbols for f in facts)), key=str)
    f = lambdify(letters, [value, *(fact.lhs - fact.rhs for fact in facts)], "math")
    for _ in range(count):
        point = {z: _number(rng, z) for z in letters}
        try:
            found, *gaps = f(*map(float, point.values()))
        except (ValueError, ZeroDivisionError):
            continue
        turns = [TURNS.get(fact.func, 0) for fact in facts]
        if any(turn * gap < -1e-9 for turn, gap in zip(turns, gaps, strict=True)):
            continue
        near = {0} if abs(found) < 1e-9 else {1 if found > 0 else -1}
        if near <= PROVED[relation]:
            continue
        if _sign_at(value, facts, point) not in (None, *PROVED[relation]):
            return point
    return None


def _claims(count: int, seed: int) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    rng = random.Random(seed)
    for _ in range(count):
        letters = rng.sample(LETTERS, rng.choice((1, 1, 2, 2, 3)))
        value = _value(rng, letters)
        if value.free_symbols:
            yield value, _facts(rng, letters)


WRONG: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "a size has a scale": (a - n, (), "<="),
    "a size has a scale in a product": (a**2 - 9 * a * n, (), "<"),
    "terms in a modulus beside the linear one": (3 - x, (Lt(Abs(x), 3 + sqrt(Abs(x))),), ">"),
    "a quotient by a modulus": (4 - x, (Gt(1 / Abs(x) - Abs(x), -4),), ">"),
    "not equal to a modulus": ((y - x) ** 2, (Ne(y, Abs(x)),), ">"),
    "a size that is no integer": ((n - 1) * (n - 2), (), "<"),
    "a root of a size": (sqrt(n) - HALF, (), "<="),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_sign_is_met_by_points_and_is_not_proved(name: str) -> None:
    value, facts, relation = WRONG[name]
    assert _against(value, facts, relation, 400) is not None
    assert not sign_of(value, facts).implies(relation)


RIGHT: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "no integer lies between": ((n - 1) * (n - 2), (), ">="),
    "neither here": ((2 * n - 3) * (2 * n - 5), (Ne(n, 2),), ">"),
    "a root of a size": (sqrt(n) - HALF, (), ">"),
    "a root of a size beside a matrix": (
        1 - n ** Rational(1, 3) * tr(State("X", n, m).T * State("X", n, m)),
        (Lt(tr(State("X", n, m).T * State("X", n, m)), 1 / n),), ">",
    ),
    "a size by its bound": (n - a, (Lt(a, 1),), ">"),
    "a modulus": (3 - x, (Lt(Abs(x), 3),), ">"),
    "two roots": (c - a, (Lt(sqrt(a), c ** Rational(1, 3)), Gt(a, 1)), ">"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_sign_at_sizes_and_of_roots_is_proved(name: str) -> None:
    value, facts, relation = RIGHT[name]
    assert sign_of(value, facts).relation == relation


def test_a_root_of_a_high_degree_is_left_open() -> None:
    assert sign_of(a ** Rational(1, 100000) - 2, (Lt(a, 1),)).relation == "?"
    assert sign_of(x**20000 - x + 1, (Gt(x**2, 1),)).relation == "?"


def test_what_is_proved_holds_at_random_points_and_points_that_are_met_are_admissible() -> None:
    proved = 0
    for value, facts in _claims(40, 5):
        found = sign_of(value, facts)
        if found.relation != "?":
            proved += 1
            assert _against(value, facts, found.relation, 150) is None, (value, facts)
        for point in found.points.values():
            assert all(number > 0 for z, number in point.items() if z.is_positive)
            assert all(number.is_integer for z, number in point.items() if z.is_integer)
    assert proved > 12


def test_what_is_refuted_is_wrong_at_the_point_that_is_named() -> None:
    s, b = State("s"), Brownian("b")
    rng, named = random.Random(6), {str(z): z for z in LETTERS}
    answers = dict.fromkeys(Status, 0)
    for value, facts in _claims(80, 7):
        claim = SignClaim(
            sde=MatrixSDE({s: value * dt + b.d}),
            observable=s,
            sign=rng.choice((">", ">=", "<", "<=")),
            assumptions=tuple(Assumption(text="r", condition=fact) for fact in facts),
        )
        found = decided(claim, derived_differential(claim), facts, seed=1)
        answers[found.status] += 1
        if found.status is Status.EQUAL:
            assert _against(value, facts, claim.sign, 100) is None, (value, facts)
        if found.status is Status.DIFFERENT and "…" not in found.reason:
            said = re.findall(r"(\w+) = (-?[\d./e+]+)", found.reason)
            point = {named[z]: Rational(number) for z, number in said}
            known = [fact for fact in facts if fact.free_symbols <= point.keys()]
            assert _sign_at(value, known, point) not in (None, *PROVED[claim.sign]), found.reason
    assert min(answers[Status.EQUAL], answers[Status.DIFFERENT]) > 5
