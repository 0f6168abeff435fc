"""Points that meet the facts of a claim, at the sizes that those want."""

from __future__ import annotations

import pytest
from sympy import Ge, Gt

from derivations import State, dims, tr
from derivations.admissible import draw

n, m = dims("n m")
X = State("X", n, m)


@pytest.mark.parametrize("fact", [Ge(n, m + 6), Ge(n, 12), Gt(n * m, 40)])
def test_facts_that_want_large_matrices_have_points(fact: object) -> None:
    found = draw([tr(X * X.T)], [fact])
    assert found
    assert all(fact.subs(point.sizes) for point in found)  # type: ignore[attr-defined]


def test_facts_that_nothing_meets_have_none() -> None:
    assert not draw([tr(X * X.T)], [Ge(n, m + 60)])
