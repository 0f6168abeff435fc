"""Claims whose assumptions no sizes meet are refused by name; all others are left to the tiers."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from sympy import Eq, Ge, Gt, Le, Lt

from derivations import Assumption, DerivationError, IdentityClaim, Parameter, dims, full_row_rank
from derivations.catalogue import claims, find
from derivations.expressions import diagonal, stack, tr
from verify.applicability import refusal
from verify.planning import TIERS
from verify.problem import Reference
from verify.runner import Settings, run
from verify.verdict import Status, exit_code

a, b, c = dims("a b c")


def claim(*conditions: Any) -> IdentityClaim:
    assumptions = tuple(Assumption(text=str(x), condition=x) for x in conditions)
    return IdentityClaim(
        id="x", title="", source="", statement="", assumptions=assumptions, left=a, right=a
    )


TALL = full_row_rank(stack(Parameter("A", b, a), Parameter("B", c, a)))

IMPOSSIBLE = [
    (TALL, Le(a, b)),
    (TALL, Eq(a, c)),
    (Ge(a, b + c), Ge(b, a + c)),
    (Lt(2 * a, 2),),
    (Ge(a, 2 * b), Ge(b, 2 * c), Gt(c, a)),
    (Eq(a + b, 1),),
]
POSSIBLE = [
    (TALL, Ge(a, b + c)),
    (TALL,),
    (Ge(a, b), Ge(b, a)),
    (Le(a, 1), Le(b, 1), Eq(a, b)),
    (full_row_rank(Parameter("A", a, a)),),
    (),
]


@pytest.mark.parametrize("conditions", IMPOSSIBLE, ids=str)
def test_what_no_sizes_meet_is_refused_and_a_search_agrees(conditions: tuple[Any, ...]) -> None:
    found = refusal(claim(*conditions))
    assert found is not None
    assert not _met(conditions)
    # Each of the assumptions to blame is needed.
    for blamed in found.assumptions:
        others = [x.condition for x in found.assumptions if x is not blamed]
        assert refusal(claim(*others)) is None
    assert all(blamed.text in found.reason for blamed in found.assumptions)


@pytest.mark.parametrize("conditions", POSSIBLE, ids=str)
def test_what_some_sizes_meet_is_not(conditions: tuple[Any, ...]) -> None:
    assert refusal(claim(*conditions)) is None
    assert _met(conditions)


def _met(conditions: tuple[Any, ...]) -> bool:
    relations = [Ge(a, b + c) if x == TALL else x for x in conditions]
    relations = [x for x in relations if not hasattr(x, "arguments")]
    return any(
        all(x.subs(dict(zip((a, b, c), sizes, strict=True))) for x in relations)
        for sizes in product(range(1, 8), repeat=3)
    )


def test_the_catalogue_refuses_what_it_expects_to_and_nothing_else() -> None:
    refused = {x.id for x in claims() if refusal(x) is not None}
    assert refused == {x.id for x in claims() if x.expected == "NOT APPLICABLE"}
    assert refused == {"deep_determinant.neighbours", "diagonal_network"}


def test_the_diagonal_network_is_refused_for_its_rank_without_a_number() -> None:
    (verdict,) = run([Reference(claim="diagonal_network")], Settings(workers=1))
    assert (verdict.status, exit_code([verdict])) == (Status.NOT_APPLICABLE, 0)
    assert [e.tier for e in verdict.evidence] == list(TIERS)
    assert all("full row rank" in e.reason and not e.numbers for e in verdict.evidence)
    assert "2 d rows and d columns" in verdict.evidence[0].reason


def test_both_ranks_of_neighbouring_layers_are_named() -> None:
    found = refusal(find("deep_determinant.neighbours"))
    assert found is not None
    assert [x.text[:2] for x in found.assumptions] == ["Θ1", "Θ2"]
    assert "-d₀ - d₃ ≥ 0" in found.reason


def test_an_unexpected_refusal_is_not_success() -> None:
    from dataclasses import replace

    (verdict,) = run([Reference(claim="diagonal_network")], Settings(workers=1))
    assert exit_code([replace(verdict, expected=Status.AGREES)]) == 3


def test_a_diagonal_matrix_is_not_differentiated() -> None:
    from derivations import MatrixSDE, State, dt

    u = State("u", a, 1)
    with pytest.raises(DerivationError, match="no rule for Diagonal"):
        MatrixSDE({u: -u * dt}).d(tr(diagonal(u)))
    with pytest.raises(DerivationError, match="give one column"):
        diagonal(State("U", a, b))
