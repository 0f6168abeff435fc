"""The rules of signs: what they read off, against values at points, and what they leave open."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Abs, Ge, Gt, Le, Lt, Rational, exp

from derivations import (
    DerivationError,
    Parameter,
    State,
    dims,
    eigenvalues,
    entry,
    full_row_rank,
    logdet,
    positive,
    real,
    total,
    tr,
)
from derivations.admissible import draw
from derivations.equality import BITS
from derivations.expressions import det
from derivations.points import evaluate, precision
from derivations.signs import numbered, sign_of
from derivations.symbols import Index

p, k, l = dims("p k l")
W, V, X = State("W", p, l), State("V", l, k), State("X", p, l)
C, S = Parameter("C", p, p, positive_definite=True), Parameter("S", p, p, symmetric=True)
D = Parameter("D", p, p, positive_definite=True)
a, b = positive("a"), positive("b")
c, q = real("c"), real("q")
lam = eigenvalues(W * W.T)
i, j = lam.indices("i j")
U = State("U", 2, l)
mu = eigenvalues(U * U.T)
r, s = mu.indices("r s")

SIGNED: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "a number": (Rational(-3, 2), (), "<"),
    "zero": (c - c, (), "="),
    "parameters": (-2 * a * k * p, (), "<"),
    "a square": ((c - q) ** 2, (), ">="),
    "a sum of squares": (c**2 + (c - q) ** 2 + a, (), ">"),
    "exp": (-exp(c) * Abs(q), (), "<="),
    "gram": (tr(W * W.T), (), ">="),
    "definite": (tr(C), (), ">"),
    "definite word": (tr(C * W * W.T), (), ">="),
    "definite powers": (tr(C**3) + tr(C.inv()), (), ">"),
    "definite word in between": (tr(C * W * W.T * C * W * V * V.T * W.T), (), ">="),
    "two definite": (tr(W.T * C * W * V * V.T), (), ">="),
    "a sum squared as typed": (tr((W + X).T * (W + X)), (), ">="),
    "a sum around a definite letter": (tr((W + X).T * C * (W + X)), (), ">="),
    "entry": (entry(W * W.T, 0, 0), (), ">="),
    "determinant": (det(W * W.T), (full_row_rank(W),), ">"),
    "dimension": ((k - 1) * tr(W * W.T), (), ">="),
    "width": ((l - p) * a, (Ge(l, p + k),), ">"),
    "bound": ((2 * q - 1) * a, (Ge(q, Rational(1, 2)),), ">="),
    "strict bound": ((1 - q) * a, (Lt(q, 1),), ">"),
    "both bounds": (q * (1 - q), (Gt(q, 0), Le(q, 1)), ">="),
    "denominator": (-a / (b + c**2), (), "<"),
    "eigenvalue": (lam[i], (), ">="),
    "positive eigenvalue": (lam[i] ** c, (lam.positive,), ">"),
    "every projector": (tr(lam.projector(i) * W * V * V.T * W.T), (), ">="),
    "largest gap": (
        numbered(total(a / (lam[i] - lam[j]), j, excluding=i), i, 1),
        (lam.distinct,),
        ">=",
    ),
    "smallest gap": (
        numbered(total(lam[j] / (lam[i] - lam[j]), j, excluding=i), i, -1),
        (lam.distinct,),
        "<=",
    ),
    "written out": (
        numbered(q - total(mu[s] / (mu[s] - mu[r]), s, excluding=r), r, -1),
        (mu.distinct, mu.positive, Le(q, 1)),
        "<",
    ),
}

OPEN: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "a real letter": (c, ()),
    "a difference": (tr(W * W.T) - tr(V * V.T), ()),
    "a symmetric matrix": (tr(S * W * W.T), ()),
    "no gram": (tr(W * V * State("Z", k, p)), ()),
    "two different sums": (tr((W + X).T * (W - X)), ()),
    "a sum around a symmetric letter": (tr((W + X).T * S * (W + X)), ()),
    "a sum of traces that is no square": (tr(W * X.T) + tr(W * W.T), ()),
    "a dimension": (k - 2, ()),
    "the other bound": (2 * q - 1, (Le(q, 1),)),
    "log": (logdet(W * W.T), (full_row_rank(W),)),
    "a middle eigenvalue": (total(a / (lam[i] - lam[j]), j, excluding=i), (lam.distinct,)),
    "gaps that may close": (numbered(total(1 / (mu[r] - mu[s]), s, excluding=r), r, 1), ()),
    "an indefinite denominator": (a / c, ()),
    "three definite": (tr(C * W * W.T * D * W * V * V.T * W.T), ()),
    "a square that is none": (c**2 - 2 * c * q + q**2 + c, ()),
}


@pytest.mark.parametrize("name", SIGNED)
def test_a_sign_is_read_off(name: str) -> None:
    expression, facts, relation = SIGNED[name]
    assert sign_of(expression, facts).relation == relation


@pytest.mark.parametrize("name", SIGNED)
def test_no_point_has_another_sign(name: str) -> None:
    """The letters at random points, in balls of many digits, know nothing of the rules."""
    expression, facts, relation = SIGNED[name]
    if any(x.name in ("first", "last", "1", "2") for x in _indices(expression)):
        return  # numbers of eigenvalues mean nothing at a point; the claims of the catalogue do
    with precision(BITS):
        points = draw([expression], facts, count=4)
        assert points
        for point in points:
            value = evaluate(expression, point)
            assert not (value < 0 if relation[0] == ">" else value > 0 if relation[0] == "<" else 0)


def _indices(expression: Any) -> set[Any]:
    return set(expression.atoms(Index)) if hasattr(expression, "atoms") else set()


@pytest.mark.parametrize("name", OPEN)
def test_what_has_no_visible_sign_is_left_open(name: str) -> None:
    expression, facts = OPEN[name]
    found = sign_of(expression, facts)
    assert found.relation == "?"
    assert found.remains == str(expression)
    assert not any(found.implies(sign) for sign in (">=", "<=", ">", "<"))


def test_the_largest_and_the_smallest_are_not_confused() -> None:
    force = total(a / (mu[r] - mu[s]), s, excluding=r)
    for number, relation in ((1, ">"), (2, "<"), (-1, "<"), (-2, ">")):
        assert sign_of(numbered(force, r, number), (mu.distinct,)).relation == relation
    # Σ_{j≠1} may be empty where the size is a symbol.
    force = total(a / (lam[i] - lam[j]), j, excluding=i)
    assert sign_of(numbered(force, i, 1), (lam.distinct,)).relation == ">="


def test_strict_and_weak_signs_imply_what_they_say() -> None:
    strict, weak = sign_of(a), sign_of(c**2)
    zero = sign_of(c - c)
    implied = [[s for s in (">", ">=", "<=", "<") if x.implies(s)] for x in (strict, weak, zero)]
    assert implied == [[">", ">="], [">="], [">=", "<="]]


def test_refusals_name_the_remedy() -> None:
    with pytest.raises(DerivationError, match="take a trace"):
        sign_of(W * W.T)
    with pytest.raises(DerivationError, match="only the largest, 1, and the smallest"):
        numbered(lam[i], i, 2)
    with pytest.raises(DerivationError, match="there are 2 eigenvalues"):
        numbered(mu[r], r, 3)
