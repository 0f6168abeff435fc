"""What is refused in one line before a claim is judged, and what is read as it was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sympy import And, Dummy, Integer, Matrix, Or, Rational, Sum, Symbol

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    ExpectationClaim,
    Gaussian,
    MatrixSDE,
    Parameter,
    PathCheck,
    SignClaim,
    State,
    StepClaim,
    ThresholdClaim,
    TwoPoint,
    Update,
    dims,
    dt,
    entry,
    positive,
    t,
    tr,
)
from derivations.printing import latex, unicode
from verify import check
from verify.errors import ClaimError
from verify.outside.claim_types import accepted
from verify.outside.entries import collected
from verify.outside.files import read
from verify.report.tables import complaints

n, m = dims("n m")
s, eta = positive("s"), positive("eta")
y, q, b = State("y"), State("q"), Brownian("b")
X, B, A, R = State("X", n, n), Brownian("B", n, n), Parameter("A", n, n), Parameter("R", n, m)
LINE = MatrixSDE({y: -y * dt + s * b.d})
MATRICES = MatrixSDE({X: A * X * dt + s * X * B.d})


def mean(**fields: Any) -> Any:
    given = {"sde": LINE, "observable": y**2, "value": 1, "horizon": 1, "values": {y: 0}}
    return ExpectationClaim(**{**given, **fields})


def square(**fields: Any) -> Any:
    given = {
        "sde": LINE,
        "observable": y**2,
        "drift": s**2 - 2 * y**2,
        "martingale": 2 * s * y * b.d,
    }
    return DifferentialClaim(**{**given, **fields})


def refused(claim: Any) -> str:
    with pytest.raises(ClaimError) as found:
        accepted(claim)
    assert "\n" not in str(found.value)
    return str(found.value)


# Values of letters that a claim does not have.


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            mean(values={q: 3}),
            "values: q is no state or parameter of the claim; there are s, y",
        ),
        (
            mean(vary={positive("sigma"): (1, 2)}),
            "vary: sigma is no state or parameter of the claim; there are s, y",
        ),
        (mean(values={"y": 0}), "values: got 'y'; give the state or parameter itself, no text"),
        (mean(vary={s: 2}), "vary: s = 2; give several values, as (0.5, 1, 2)"),
        (mean(vary={s: ()}), "vary: s = (); give several values, as (0.5, 1, 2)"),
        (
            square(path=PathCheck(sde=LINE, observable=y, law=y, horizon=1, values={q: 1})),
            "path.values: q is no state or parameter of the claim; there are s, y",
        ),
        (
            square(path=PathCheck(sde=LINE, horizon=1, values={y: 0})),
            "path.observable: missing; give both observable and law",
        ),
        (
            square(path=PathCheck(sde=LINE, observable=y, horizon=1, values={y: 0})),
            "path.law: missing; give both observable and law",
        ),
        (
            ThresholdClaim(
                sde=LINE, observable=y, horizon=1, parameter=eta, threshold=1, below=-1, above=1
            ),
            "parameter: eta is no state or parameter of the claim; there are s, y",
        ),
        (
            ExpectationClaim(sde=MATRICES, observable=tr(X), value=0, horizon=1),
            "sizes: the dimension n has none; give one, as {n: 3}",
        ),
        (
            mean(observable=q**2),
            "observable: the state q has no equation in the system; its states are y",
        ),
        (
            DifferentialClaim(sde=LINE, observable=q**2, drift=0),
            "observable: the state q has no equation in the system; its states are y",
        ),
        (
            square(drift=s**2 - 2 * q**2),
            "drift: the state q has no equation in the system; its states are y",
        ),
    ],
)
def test_names_that_a_claim_does_not_have_are_refused(claim: Any, said: str) -> None:
    assert refused(claim) == said


@pytest.mark.parametrize(
    "claim",
    [
        mean(value=eta * t, values={y: 0, eta: 1}, vary={s: (1, 2)}),
        mean(values={y: 0, Symbol("s"): 2}),
        ExpectationClaim(
            sde=MATRICES,
            observable=tr(X),
            value=0,
            horizon=1,
            sizes={n: 2},
            values={X: Matrix([[1, 0], [0, 1]])},
        ),
    ],
    ids=["of the stated value", "by its name", "of a matrix"],
)
def test_names_that_it_has_are_taken(claim: Any) -> None:
    assert accepted(claim).values == claim.values


def test_a_path_check_of_scalars_needs_no_sizes() -> None:
    assert PathCheck(sde=LINE, observable=y, law=y, horizon=1).sizes == {}


# Entries of products.


SEVERAL = [
    ((A * X)[0, 1], entry(A * X, 0, 1)),
    (s * (X * B.d)[0, 1], s * entry(X * B.d, 0, 1)),
    ((2 * A * X * X)[0, 1], 2 * entry(A * X**2, 0, 1)),
    ((X**3)[1, 1], entry(X**3, 1, 1)),
    ((R * R.T * A)[2, 1], entry(R * R.T * A, 2, 1)),
    ((R * R.T)[0, 0], entry(R * R.T, 0, 0)),
    ((A * (X + 2 * A.T))[0, 1], entry(A * (X + 2 * A.T), 0, 1)),
    ((A * X + X)[0, 1], entry(A * X, 0, 1) + X[0, 1]),
    (tr(A) * (A * X)[0, 1] ** 2, tr(A) * entry(A * X, 0, 1) ** 2),
]


@pytest.mark.parametrize(("typed", "meant"), SEVERAL, ids=str)
def test_entries_of_products_are_read_as_they_were_typed(typed: Any, meant: Any) -> None:
    assert typed.has(Sum)
    assert collected(typed) == meant


def of_another_kind() -> list[Any]:
    k, l = Dummy("k"), Dummy("l")
    return [
        Sum(A[0, k] * X[k, 1], (k, 1, n - 1)),
        Sum(A[0, k] * X[k, 1], (k, 0, m - 1)),
        Sum(A[0, k] * X[k, 1] * X[k, 0], (k, 0, n - 1)),
        Sum(A[0, k] * X[k, k] * X[k, 1], (k, 0, n - 1)),
        Sum(X[k, k], (k, 0, n - 1)),
        Sum(A[0, k] * X[l, 1], (k, 0, n - 1), (l, 0, n - 1)),
        Sum(A[0, k] * (X[k, 1] + 1), (k, 0, n - 1)),
        Sum(k * A[0, k] * X[k, 1], (k, 0, n - 1)),
    ]


@pytest.mark.parametrize("total", of_another_kind(), ids=str)
def test_sums_of_another_kind_stay_what_they_are(total: Any) -> None:
    assert collected(total) is total


def test_claims_of_entries_are_judged() -> None:
    right = DifferentialClaim(
        sde=MATRICES, observable=X[0, 1], drift=(A * X)[0, 1], martingale=s * (X * B.d)[0, 1]
    )
    assert check(right, tiers=("derivation", "exact")).agrees
    wrong = DifferentialClaim(
        sde=MATRICES, observable=X[0, 1], drift=(X * A)[0, 1], martingale=s * (X * B.d)[0, 1]
    )
    assert check(wrong, tiers=("derivation", "exact")).status == "DISAGREES"
    rate = CovariationClaim(
        sde=MATRICES, first=X[0, 1], second=X[1, 1], rate=s**2 * (X * X.T)[0, 1]
    )
    assert check(rate, tiers=("derivation", "exact")).agrees


# Conditions.


def region(condition: Any) -> tuple[Assumption, ...]:
    return (Assumption(text="near one", condition=condition),)


def test_a_region_written_with_and_is_each_of_its_parts() -> None:
    claim = accepted(square(assumptions=region(And(y > 1, y < 2))))
    assert [a.condition for a in claim.assumptions] == [y < 2, y > 1]
    assert [a.text for a in claim.assumptions] == ["near one: y < 2", "near one: y > 1"]


@pytest.mark.parametrize(("low", "status"), [(1, "AGREES"), (Rational(1, 2), "DISAGREES")])
def test_a_sign_over_a_region_written_with_and(low: Any, status: str) -> None:
    falls = SignClaim(
        sde=MatrixSDE({y: -y * dt + b.d}),
        observable=y**2,
        sign="<",
        assumptions=region(And(y > low, y < 2)),
    )
    assert check(falls, tiers=("derivation",), effort="quick").status == status


def test_or_is_no_region_that_is_split() -> None:
    claim = square(assumptions=region(Or(y > 1, y < -1)))
    assert accepted(claim).assumptions == claim.assumptions


def test_what_never_holds_is_told_once() -> None:
    verdict = check(square(assumptions=region(y**2 < -1)))
    assert verdict.status == "NOT APPLICABLE"
    _, *lines = complaints(verdict)
    assert lines == [
        "    derivation, exact, generator, one-step, path, algorithm: the assumption cannot hold: "
        "near one; its condition is false whatever the values are"
    ]
    assert str(verdict).count("near one") == 1


# Messages of SymPy.

HEAD = """
from derivations import *
Y, C = State("Y", 2, 3), Brownian("C", 2, 3)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "z = tr(Y * Y)",
            "a product of matrices does not conform, 3 columns before 2 rows; transpose one of "
            "them",
        ),
        (
            "z = MatrixSDE({Y: -Y.T * dt + C.d})",
            "matrices of different shapes are added (Matrices have mismatching shape: (3, 2)); "
            "transpose one of them",
        ),
        (
            "z = Y.inverse()",
            "only a square matrix has an inverse or a power (Inverse of non-square matrix); take "
            "one of X * X.T",
        ),
    ],
)
def test_shapes_are_told_in_words(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + text + "\n")
    (trouble,) = read(str(path)).troubles
    assert trouble == f"{path}, line 4: {said}"


@pytest.mark.parametrize("draw", [TwoPoint, Gaussian])
def test_a_scalar_draw_is_printed_as_a_scalar(draw: Any) -> None:
    xi, w = draw("xi"), State("w")
    assert unicode(eta * xi + w) == "η ξ + w"
    assert "tr" not in latex(eta * xi + w)
    assert unicode(tr(draw("xi", 2, 2))) == "tr(ξ)"
    claim = StepClaim(update=Update({w: w + eta * xi}), observable=w**2, change=Integer(1) * eta**2)
    assert "tr(" not in check(claim, tiers=("derivation",)).evidence[0].reason
