from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, permutations

import pytest
from sympy import Ge, Identity, Le, Rational

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    Parameter,
    SignClaim,
    State,
    TimeChangeClaim,
    dims,
    dt,
    eigenvalues,
    full_row_rank,
    logdet,
    singular_values,
    tr,
)
from numerics.signature import ClaimSignature, Condition, LetterSignature
from verify.loading import compiled
from verify.planning import Plan, effort
from verify.problem import Problem
from verify.sizes import (
    Choice,
    Sizes,
    appearance,
    corner_sizes,
    several_sizes,
    telling_sizes,
    turned_sizes,
    wide_sizes,
)
from verify.tiers import exact, generator, one_step
from verify.verdict import Evidence, Status

PLAN = Plan(seed=1, effort=effort("standard"))
RELATIONS = [(), ("n <= m",), ("n > m",), ("n >= m - 1",), ("n + 2 <= m",)]
Row = tuple[int, ...]


def signature(names: str, *relations: str) -> ClaimSignature:
    letters = tuple(
        LetterSignature(name=f"X{i}", kind="state", shape=(a, b))
        for i, (a, b) in enumerate(zip(names, names[1:] or names, strict=False))
    )
    return ClaimSignature(
        claim="a",
        kind="identity",
        dimensions=tuple(sorted(names)),
        letters=letters,
        conditions=tuple(Condition(text=r, relation=r) for r in relations),
    )


def rows(names: str, sizes: Sequence[Sizes]) -> list[Row]:
    return [tuple(at[name] for name in names) for at in sizes]


def simple_lines() -> list[Callable[[int, int], int]]:
    """What is tempting to write for 0: n, m, their difference or sum against a small number."""
    lines: list[Callable[[int, int], int]] = []
    for c in range(1, 5):
        lines += [lambda n, m, c=c: n - c, lambda n, m, c=c: m - c]  # type: ignore[misc]
    for c in range(-2, 3):
        lines += [lambda n, m, c=c: n - m - c]  # type: ignore[misc]
    lines += [lambda n, m: n - 2 * m, lambda n, m: m - 2 * n, lambda n, m: 1]
    return lines


@pytest.mark.parametrize("relations", RELATIONS, ids=str)
def test_no_product_of_two_simple_lines_passes_through_all_sizes(relations: Row) -> None:
    found = rows("nm", several_sizes(signature("nm", *map(str, relations)), 4))
    assert len(set(found)) == 4
    through = [
        (f, g)
        for f, g in combinations_with_replacement(simple_lines(), 2)
        if all(f(n, m) * g(n, m) == 0 for n, m in found)
    ]
    assert not through, found


def test_sizes_one_apart_lie_on_a_line_and_are_told_from_others() -> None:
    """The sizes that were drawn before: n(n + 1 − m) vanishes at all of them."""
    before = [(1, 2), (2, 3), (3, 4), (4, 5)]
    assert any(all(f(n, m) == 0 for n, m in before) for f in simple_lines())


@pytest.mark.parametrize("names", ["nm", "pkl", "plkn"])
def test_dimensions_are_equal_larger_and_smaller(names: str) -> None:
    found = rows(names, several_sizes(signature(names), 4))
    assert len(set(found[0])) >= min(len(names), 3)
    for i, j in permutations(range(len(names)), 2):
        orders = {(row[i] > row[j]) - (row[i] < row[j]) for row in found}
        assert orders == {-1, 0, 1}, found


def test_equal_dimensions_are_drawn_where_they_are_admissible() -> None:
    assert any(n == m for n, m in rows("nm", several_sizes(signature("nm", "n <= m"), 4)))
    assert all(n > m for n, m in rows("nm", several_sizes(signature("nm", "n > m"), 4)))


def test_few_sizes_are_the_first_of_many() -> None:
    given = signature("plk", "l >= k + p")
    many = several_sizes(given, 8)
    assert several_sizes(given, 2) == many[:2]
    assert len({tuple(at.items()) for at in many}) == 8


def test_a_value_that_failed_is_avoided() -> None:
    choice = Choice.of(signature("nm"))
    first = choice.next(())
    assert first is not None
    second = choice.next((), [first])
    assert second is not None
    assert first["n"] != second["n"]
    assert first["m"] != second["m"]


@pytest.mark.parametrize("names", ["n", "nm", "pkl", "plkn"])
def test_one_size_tells_dimensions_from_each_other(names: str) -> None:
    (row,) = rows(names, [telling_sizes(signature(names))])
    assert min(row) > 1
    assert len(set(row)) == len(row)
    # Of four dimensions, 2 and 3 may be two.
    assert len(names) > 3 or all(abs(a - b) > 1 for a, b in permutations(row, 2))


def test_one_size_meets_the_assumptions_and_stands_in_no_corner_of_them() -> None:
    at = telling_sizes(signature("plk", "l >= k + p"))
    assert at["l"] > at["k"] + at["p"]
    few = telling_sizes(signature("nm"), 12)
    assert few["n"] * few["m"] <= 12
    square = telling_sizes(signature("nm", "n == m"))
    assert square["n"] == square["m"] > 1
    assert telling_sizes(signature("nm", "n == 1")) == {"m": 2, "n": 1}
    assert telling_sizes(signature("")) == {}


def test_other_orders_of_the_same_sizes_begin_with_the_most_different() -> None:
    given = signature("pkl")
    turned = rows("pkl", turned_sizes(given, {"p": 3, "k": 5, "l": 7}))
    assert len(turned) == 5
    assert turned[0] == (7, 5, 3)
    bounded = signature("pkl", "l >= k")
    assert all(k <= l for _, k, l in rows("pkl", turned_sizes(bounded, {"p": 3, "k": 5, "l": 7})))


def test_the_corner_has_ones_equal_dimensions_and_bounds_that_are_met() -> None:
    assert rows("nm", corner_sizes(signature("nm"), 2)) == [(1, 1), (2, 2)]
    assert rows("nm", corner_sizes(signature("nm", "n > m"), 1)) == [(2, 1)]
    assert rows("plk", corner_sizes(signature("plk", "l >= k + p"), 1)) == [(1, 2, 1)]


@pytest.mark.parametrize(
    ("names", "relation", "least", "largest"),
    [
        ("n", "n >= 7", (7,), 9),
        ("nm", "n >= m + 6", (7, 1), 9),
        ("pkl", "l > p + k + 5", (1, 2, 9), 10),
    ],
)
def test_large_sizes_are_looked_at_where_no_small_ones_are_admissible(
    names: str, relation: str, least: Row, largest: int
) -> None:
    given = signature(names, relation)
    found = rows(names, several_sizes(given, 3))
    assert len(set(found)) == 3
    assert found[0] == least
    assert max(map(max, found)) <= largest
    assert min(rows(names, [telling_sizes(given)])[0]) >= 1
    assert not Choice.of(given).without


def test_where_no_sizes_are_admissible_that_is_said() -> None:
    assert Choice.of(signature("nm", "n > m + 60")).without == "no sizes up to 24 meet n > m + 60"
    assert not several_sizes(signature("nm", "n > m + 60"), 1)
    assert not Choice.of(signature("nm", "n > m"), (2,)).rows


@pytest.mark.parametrize("other", ["zab", "cba", "bzx"])
def test_what_dimensions_are_called_changes_nothing(other: str) -> None:
    as_other = str.maketrans("plk", other)
    here, there = (
        signature("plk", "l >= k + p"),
        signature(other, "l >= k + p".translate(as_other)),
    )
    assert appearance(there) == tuple(other)
    for count in (1, 4, 8):
        assert rows(other, several_sizes(there, count)) == rows("plk", several_sizes(here, count))
        assert rows(other, corner_sizes(there, count)) == rows("plk", corner_sizes(here, count))
    for one in (telling_sizes, wide_sizes):
        assert rows(other, [one(there)]) == rows("plk", [one(here)])
    at = several_sizes(here, 1)[0]
    renamed = {name.translate(as_other): size for name, size in at.items()}
    assert Choice.of(there).key(renamed) == Choice.of(here).key(at)


@pytest.mark.parametrize("calculus", ["ito", "stratonovich"])
def test_a_noise_that_is_the_rounding_of_a_difference_refutes_nothing(calculus: str) -> None:
    """Columns of N that span the whole space, as where p = q, leave none of the noise."""
    p, q, k, n = dims("p q k n")
    W, N, B = State("W", p, k), Parameter("N", p, q), Brownian("B", n, k)
    off = Parameter("Z", n, p) * (Identity(p) - N * (N.T * N).I * N.T)
    claim = DifferentialClaim(
        sde=MatrixSDE({W: -W * dt + off.T * B.d}, calculus=calculus),
        observable=N.T * W,
        drift=-N.T * W,
        martingale=0,
        assumptions=(Assumption(text="independent", condition=full_row_rank(N.T)),),
    )
    for found in judged(claim, generator, one_step):
        assert found.status == Status.AGREES, found.reason
    for found in judged(replace(claim, drift=N.T * W), generator, one_step):
        assert found.status == Status.DISAGREES, found.reason


# Wrong claims that were accepted, as all sizes drawn lay on one line or at one corner.


def judged(claim: object, *tiers: object, plan: Plan = PLAN) -> list[Evidence]:
    problem: Problem = compiled(claim)
    return [tier.check(problem, plan) for tier in tiers]  # type: ignore[attr-defined]


@pytest.mark.parametrize("names", ["n m", "p l", "z a"])
@pytest.mark.parametrize("wide", [True, False])
def test_n_plus_1_for_m_is_refuted_whatever_they_are_called(names: str, wide: bool) -> None:
    n, m = dims(names)
    X, B = State("X", n, m), Brownian("B", n, m)
    small, large = (n, m) if wide else (m, n)
    claim = DifferentialClaim(
        sde=MatrixSDE({X: B.d}),
        observable=tr(X * X.T),
        drift=small * (small + 1),
        martingale=2 * tr(X.T * B.d),
        assumptions=(Assumption(text="wide or tall", condition=Le(small, large)),),
    )
    found = judged(claim, exact, generator, one_step)
    assert [e.status for e in found] == [Status.DISAGREES] * 3
    right = judged(replace(claim, drift=n * m), exact, generator, one_step)
    assert [e.status for e in right] == [Status.AGREES] * 3
    # The bound is one at the sizes drawn, and says so.
    assert "at these sizes" in right[0].reason
    assert "sizes" in right[0].condition


def test_an_entry_that_small_matrices_do_not_have() -> None:
    n = dims("n")
    X, B = State("X", n, n), Brownian("B", n, n)
    claim = DifferentialClaim(
        sde=MatrixSDE({X: -X * dt + B.d}),
        observable=X[6, 0],
        drift=-X[6, 0],
        martingale=B.d[6, 0],
        assumptions=(Assumption(text="large", condition=Ge(n, 7)),),
    )
    quick = Plan(seed=1, effort=effort("quick"))
    for found in judged(claim, exact, generator, plan=quick):
        assert found.status == Status.AGREES, found.reason
        assert min(at["n"] for at in found.numbers["sizes"]) == 7
    for found in judged(replace(claim, drift=X[6, 0]), exact, generator, plan=quick):
        assert found.status == Status.DISAGREES
    none = replace(claim, assumptions=(Assumption(text="huge", condition=Ge(n, 60)),))
    for found in judged(none, exact, generator, one_step, plan=quick):
        assert found.status == Status.INCONCLUSIVE
        assert found.reason == "no sizes up to 24 meet n >= 60"
    of_many = replace(claim, observable=eigenvalues(X * X.T)[eigenvalues(X * X.T).indices("i")])
    for found in judged(of_many, exact, generator, plan=quick):
        assert found.reason.startswith("eigenvalues are looked at of small matrices alone"), found


def test_strict_signs_that_fail_at_a_single_entry_are_refuted() -> None:
    n, m = dims("n m")
    X, B = State("X", n, m), Brownian("B", n, m)
    sde = MatrixSDE({X: B.d}, assuming=[full_row_rank(X)])
    singular, eigen = singular_values(X), eigenvalues(X * X.T)
    j, i = singular.indices("j"), eigen.indices("i")
    wrong = [
        (singular[j], ">"),
        (singular[j] ** Rational(1, 2), ">="),
        (eigen[i] ** Rational(1, 4), ">"),
    ]
    for f, sign in wrong:
        claim = SignClaim(sde=sde, observable=f, number=1, sign=sign)
        (found,) = judged(claim, exact)
        assert found.status == Status.DISAGREES, f
    (true,) = judged(SignClaim(sde=sde, observable=singular[j], number=1, sign=">="), exact)
    assert true.status == Status.AGREES


def test_one_step_does_not_look_where_everything_vanishes() -> None:
    n, m = dims("n m")
    X, B = State("X", n, m), Brownian("B", n, m)
    Y, W, V = State("Y", n, n), Brownian("W", n, n), Brownian("V", n, n)
    rank = Assumption(text="rank", condition=full_row_rank(X))
    sde = MatrixSDE({X: B.d}, assuming=[full_row_rank(X)])
    # At m = n + 1 the drift is 0.
    still = DifferentialClaim(
        sde=sde,
        observable=logdet(X * X.T),
        drift=0,
        assumptions=(rank, Assumption(text="wide", condition=Ge(m, n + 1))),
    )
    # At n = 1 a matrix is its transpose.
    clock = TimeChangeClaim(
        sde=MatrixSDE({Y: -Y * dt + W.d}),
        rate=1,
        changed=MatrixSDE({Y: -Y * dt + (V.d + V.d.T) / 2}),
    )
    # Where a matrix has one column, all eigenvalues but one are 0, and so are covariations.
    eigen = eigenvalues(X * X.T)
    p, q = eigen.indices("p q")
    apart = CovariationClaim(
        sde=MatrixSDE({X: tr(X * X.T) * B.d + X * tr(X.T * B.d)}),
        first=eigen[p],
        second=eigen[q],
        rate=0,
        assumptions=(Assumption(text="distinct", condition=eigen.distinct),),
    )
    for claim in (still, clock, apart):
        (found,) = judged(claim, one_step)
        assert found.status == Status.DISAGREES, found.reason
