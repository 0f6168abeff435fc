"""Signs over regions: exact on a line, by certificates elsewhere, and left open where in doubt."""

from __future__ import annotations

import random
from time import process_time
from typing import Any

import flint
import pytest
from sympy import Abs, Eq, Ge, Gt, Le, Lt, Ne, Q, Rational, cos, expand, pi, sin, sqrt

from derivations import State, dims, positive, real, tr
from derivations.cells import HOLDS, Bound, sign_of_number, signs_on_line
from derivations.certificates import _Part, _solved, certified
from derivations.regions import sign_over
from derivations.signs import REGION, TERMS, sign_of

x, y, z = real("x"), real("y"), real("z")
a, b, c = positive("a"), positive("b"), positive("c")
w = positive("w")
n, m = dims("n m")
X = State("X", n, m)
HUNDREDTH = Rational(1, 100)


def above(*gaps: Any) -> tuple[Bound, ...]:
    return tuple(Bound(gap, ">") for gap in gaps)


BOX = above(1 - x, 1 + x, 1 - y, 1 + y)

# A polynomial, bounds, its sign, and by how much it may fall before the sign is lost.
SHOWN: dict[str, tuple[Any, tuple[Bound, ...], str, Any]] = {
    "a number": (Rational(3), (), ">", 3),
    "no root": (x**4 - 2 * x**2 + 1 + HUNDREDTH, (), ">", HUNDREDTH),
    "a double root": ((x**2 - 2) ** 2, (), ">=", 0),
    "outside": (6 * x**6 + 19 * x**4 + 4 * x**2 - 1, above(x**2 - 1), ">", 28),
    "an interval of a high degree": (x - x**5, above(x, 1 - x), ">", 0),
    "a point": (2 * x**2 - 1, (Bound(1 - x**2, ">="), Bound(x - 1, ">=")), ">", 1),
    "scales": (3 * c**2 - 2 * a * x**2, above(c**2 - Rational(67, 100) * a * x**2), ">", None),
    "scales without bounds": (x**4 - a * x**2 + a**2, (), ">", None),
    "a product in a box": (1 - x * y, BOX, ">", 0),
    "a product in a disk": (1 - x * y, above(1 - x**2 - y**2), ">", Rational(1, 2)),
    "a quadratic form": (x**2 - x * y + y**2, (), ">=", 0),
    "a square": (4 * x**2 - 4 * x * y + y**2, (), ">=", 0),
    "three letters": (x**2 + y**2 + z**2 - x * y - y * z - z * x, (), ">=", 0),
    "two means": (a**3 + b**3 + c**3 - 3 * a * b * c, (), ">=", None),
    "corners": (x * y + 1, above(x - 1, y - 2), ">", 3),
    "a chain": (x, above(x - y, y - z, z), ">", 0),
    "a shifted parabola": (x - 1, above(x - y**2 - 1), ">", 0),
    "a dimension": ((n - 1) * x**2 + 1, (), ">", 1),
    "no whole number between": ((n - 1) * (n - 2), (), ">=", 0),
    "a whole number alone": (2 - n**2, (Bound(9 - n**2, ">"), Bound(n - 2, "!=")), ">", 1),
    "a puncture": ((x - 1) ** 2, (Bound(x - 1, "!="),), ">", 0),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_sign_over_a_region_is_shown_and_so_is_its_mirror_image(name: str) -> None:
    value, bounds, relation, _ = SHOWN[name]
    assert sign_over(expand(value), bounds).relation == relation
    assert sign_over(expand(-value), bounds).relation == relation.replace(">", "<")


@pytest.mark.parametrize("name", [name for name, given in SHOWN.items() if given[3] is not None])
def test_what_falls_a_little_too_far_has_no_sign_that_is_shown(name: str) -> None:
    value, bounds, relation, least = SHOWN[name]
    fallen = sign_over(expand(value - least - HUNDREDTH), bounds)
    assert fallen.relation not in (relation, ">", ">=", "=")


OPEN: dict[str, tuple[Any, tuple[Bound, ...]]] = {
    "two signs": (x, ()),
    "two sides of a puncture": (x - 1, (Bound(x - 1, "!="),)),
    "a bound of another letter": (x, above(y)),
    "nowhere": (x, above(x - 1, -x)),
    "a box that is too large": (1 - x * y, above(2 - x, 2 + x, 1 - y, 1 + y)),
    "two signs at whole numbers": (n - Rational(3, 2), ()),
    "a size has no scale": (a - n, ()),
    "Motzkin's form, no sum of squares": (x**4 * y**2 + x**2 * y**4 - 3 * x**2 * y**2 + 1, ()),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_shown_is_left_open(name: str) -> None:
    value, bounds = OPEN[name]
    assert sign_over(expand(value), bounds).relation == "?"


def _random(rng: random.Random, degree: int) -> Any:
    return sum(rng.randint(-3, 3) * x**k for k in range(degree + 1)) + x * 0


def test_cells_agree_with_a_walk_along_the_line() -> None:
    """Every sign that a fine grid meets is among those of the cells, and its point is in place."""
    rng = random.Random(3)
    grid = [Rational(k, 16) for k in range(-64, 65)]
    for _ in range(25):
        value = _random(rng, rng.randint(1, 4))
        bounds = [Bound(_random(rng, 2), rng.choice(list(HOLDS))) for _ in range(2)]
        found = signs_on_line(value, bounds, x)
        assert found is not None

        def sign(gap: Any, number: Any) -> int:
            return sign_of_number((gap + 0 * x).subs(x, number))

        def inside(number: Any, bounds: Any = bounds) -> bool:
            return all(HOLDS[r](sign(gap, number)) for gap, r in bounds)

        assert {sign(value, number) for number in grid if inside(number)} <= found.keys()
        for met, number in found.items():
            if number.is_Rational:
                assert inside(number)
                assert sign(value, number) == met


def test_nothing_is_believed_of_the_linear_program_but_what_rationals_confirm() -> None:
    assert certified(x**2 + y**2 - x * y, [], [x, y]) == ">="
    # By less than floating point can see, it has points of the other sign.
    assert certified(x**2 + y**2 - 2 * x * y - Rational(1, 10**14), [], [x, y]) == "?"
    one, half = flint.fmpq(1), flint.fmpq(1, 2)
    unit, line = _Part({(0,): one}, 0, True), _Part({(1,): one}, 1, False)
    target = _Part({(0,): half, (1,): -one}, 1, False)
    assert _solved(target, [unit, line], [(0,), (1,)]) == [half, -one]
    assert _solved(target, [unit], [(0,), (1,)]) is None
    assert _solved(target, [unit, line, line], [(0,), (1,)]) is None


def test_a_proof_is_never_against_a_point() -> None:
    """Random polynomials of two letters in the box: proved signs hold at all its rationals."""
    rng = random.Random(7)
    grid = [Rational(k, 4) for k in range(-3, 4)]
    proved = 0
    for _ in range(25):
        terms = (1, x, y, x * y, x**2, y**2)
        value = expand(sum(rng.randint(-2, 3) * t for t in terms) + rng.randint(0, 4))
        relation = sign_over(value, BOX).relation
        if relation == "?" or value.is_number:
            continue
        proved += 1
        signs = {sign_of_number(value.subs({x: p, y: q})) for p in grid for q in grid}
        allowed = {">": {1}, ">=": {0, 1}, "<=": {-1, 0}, "<": {-1}, "=": {0}}[relation]
        assert signs <= allowed
    assert proved > 4


FACTS: dict[str, tuple[Any, tuple[Any, ...], str, str]] = {
    "terms need no region": (a + x**2, (), ">", TERMS),
    "relations of both directions": (1 - 2 * x**2, (Lt(x, HUNDREDTH), Ge(x, 0)), ">", REGION),
    "a modulus": (1 - 2 * x**2, (Le(Abs(x), Rational(7, 10)),), ">", REGION),
    "outside a modulus": (1 - 2 * x**2, (Gt(Abs(x), 1),), "<", REGION),
    "an equation": (1 - 2 * x**2, (Eq(2 * x**2, 1),), "=", REGION),
    "a puncture": ((x - 1) ** 2, (Ne(x, 1),), ">", REGION),
    "whole numbers apart": (n - m - 1, (Gt(n, m),), ">=", TERMS),
    "whole numbers over a region": ((n - m) ** 2 * x**2 - x**2, (Gt(2 * n, 2 * m),), ">=", REGION),
    "a whole number above a fraction": (n - m - 1, (Gt(n - m, HUNDREDTH),), ">=", REGION),
    "a predicate": (x - HUNDREDTH * x**2, (Q.positive(x - x**2),), ">", REGION),
    "roots": (1 - w, (Lt(sqrt(w), 1),), ">", REGION),
    "a quotient": (x / (x**2 - 1), (Gt(x**2, 1), Gt(x, 0)), ">", REGION),
    "a quotient of two signs": (1 / x + 2 * x, (Gt(x**3, 1),), ">", REGION),
    "a quotient assumed": (1 + x, (Gt(1 / x, 1),), ">", REGION),
    "bounded functions": (sin(x) * cos(y) + 2, (), ">", REGION),
    "a number that is not rational": (pi - x, (Lt(x, 3),), ">", REGION),
    "a root of a number": (sqrt(2) - x, (Lt(x, sqrt(2)),), ">", REGION),
    "a trace": (n - tr(X * X.T), (Le(tr(X * X.T), n / 2),), ">", REGION),
}


@pytest.mark.parametrize("name", FACTS)
def test_what_is_assumed_bounds_the_region(name: str) -> None:
    expression, facts, relation, how = FACTS[name]
    found = sign_of(expression, facts)
    assert (found.relation, found.how) == (relation, how)


def test_whole_numbers_are_one_apart_and_no_more() -> None:
    for gap, fact in ((n - m - 2, Gt(n, m)), (n - m - 1, Ge(n, m)), (a - 1, Gt(a, 0))):
        assert sign_of(gap, (fact,)).relation == "?"


def test_numbers_are_enclosed_and_not_rounded() -> None:
    """Closer to √2 than its enclosure is, nothing is said; a wrong bound is not proved."""
    near = Rational(14142135623730951, 10**16)  # a little above
    for bound in (near, Rational(142, 100)):
        assert sign_of(sqrt(2) - x, (Lt(x, bound),)).relation == "?"


def test_points_of_other_signs_are_in_the_letters_of_the_expression() -> None:
    found = sign_of(1 - w, (Lt(sqrt(w), 2),))
    assert found.relation == "?"
    assert {sign: sign_of_number(1 - p[w]) for sign, p in found.points.items()} == {
        1: 1, 0: 0, -1: -1,
    }  # fmt: skip
    # On a line through a point of the region, where no random point comes.
    corner = x**2 * (2 * y + 1 - 2 * x**2)
    found = sign_of(corner, (Le(y, -Rational(49, 100)),))
    assert corner.subs(found.points[1]) > 0


def test_many_letters_do_not_take_every_order_of_them() -> None:
    """The distances of six letters from each other, which are 0 where all are equal."""
    letters = [real(f"x{i}") for i in range(6)]
    distances = expand(sum((u - v) ** 2 for u in letters for v in letters))
    begun = process_time()
    assert sign_of(distances).relation == ">="
    assert process_time() - begun < 3


def test_a_sign_that_is_enough_is_not_sharpened() -> None:
    assert sign_of(x**2, (Gt(x, 1),)).relation == ">"
    weak = x**2 * (y**2 + 1)
    assert sign_of(weak, (Gt(x**2, 1),), enough=">=").relation == ">="
    assert sign_of(weak, (Gt(x**2, 1),), enough=">").relation == ">"
