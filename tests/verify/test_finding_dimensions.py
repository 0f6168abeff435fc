"""Dimensions exchanged in stated forms against the findings, which name them."""

import pytest

from derivations import (
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    MomentClaim,
    State,
    dims,
    dt,
    positive,
    tr,
)
from verify.finding.finding import Finding
from verify.finding.locate import located
from verify.loading import compiled
from verify.planning import Plan

PLAN = Plan()
WORDS = {"title": "planted", "source": "planted", "statement": "planted"}
BOTH = "the dimensions: k and p are exchanged ("

p, k = dims("p k")
s = positive("s")
W = State("W", p, k)
B = Brownian("B", p, k)
square = tr(W.T * W)
linear = MatrixSDE({W: (p + 2 * k) * W * dt + s * B.d})
powers = MatrixSDE({W: p**2 * W * dt + s * k**2 * p * B.d})


def found(claim) -> Finding:
    return located(compiled(claim), (), PLAN)


def drift(stated, sde=linear) -> DifferentialClaim:
    """The claim about the drift of tr(W' W), everything else as derived."""
    fields = {"observable": square, "martingale": sde.d(square).martingale, "drift": stated}
    return DifferentialClaim(id="drift", sde=sde, **fields, **WORDS)


def covariation(rate) -> CovariationClaim:
    return CovariationClaim(id="c", sde=powers, first=square, second=square, rate=rate, **WORDS)


def moments(entry) -> MomentClaim:
    matrix = ((entry, p * k * s**2), (0, 0))
    return MomentClaim(id="m", sde=linear, moments=(square, square**0), matrix=matrix, **WORDS)


def identity(right) -> IdentityClaim:
    return IdentityClaim(id="identity", left=(2 * p + k) * square, right=right, **WORDS)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (drift(2 * (k + 2 * p) * square + p * k * s**2), f"(2 k + 4 p) tr(W' W): {BOTH}"),
        (drift(2 * p**2 * square + s**2 * p**5 * k**3, powers), f"k³ p⁵ s²: {BOTH}"),
        (drift(2 * k**2 * square + s**2 * p**5 * k**3, powers), f"drift as a whole: {BOTH}"),
        (
            drift(2 * k**2 * square + s**2 * p**3 * k**5, powers),
            "2 k² tr(W' W): the dimension: claimed k, measured p (",
        ),
        (covariation(4 * s**2 * k**2 * p**4 * square), f"tr(W' W): {BOTH}"),
        (moments(2 * (k + 2 * p)), f"(2 k + 4 p) tr(W' W): {BOTH}"),
        (identity(2 * k * square + p * square), f"right-hand side as a whole: {BOTH}"),
    ],
    ids=["sum", "powers", "all terms", "one of two", "covariation", "moments", "identity"],
)
def test_exchanged_dimensions_are_named(claim, said) -> None:
    finding = found(claim)
    assert finding.explained
    (line,), (change,) = finding.lines, finding.changes
    assert said in line
    assert set(change["exchanged"]) == {"k", "p"}
    assert finding.counterexample is not None


@pytest.mark.parametrize(
    "claim",
    [
        drift(3 * (p + 2 * k) * square + p * k * s**2),
        drift(2 * (p + 2 * k) * square + 2 * p * k * s**2),
        drift(2 * (p + k) * square + p * k * s**2),
        drift(3 * (k + 2 * p) * square + p * k * s**2),
        covariation(4 * s**2 * k**4 * p * square),
        moments(2 * p + 4 * k + 1),
        identity((2 * p + 3 * k) * square),
        identity(3 * p * square),
    ],
    ids=["factor", "other factor", "lost", "factor too", "power", "added", "number", "sum"],
)
def test_other_mistakes_are_not_called_exchanges(claim) -> None:
    finding = found(claim)
    assert finding.lines
    assert not any("exchanged" in change for change in finding.changes)
    assert "dimension" not in "".join(finding.lines)


def test_nothing_is_exchanged_in_a_right_claim() -> None:
    assert found(drift(2 * (p + 2 * k) * square + p * k * s**2)).changes == ()


def test_one_size_does_not_tell_dimensions(monkeypatch) -> None:
    monkeypatch.setattr("verify.finding.exchange.SIZES", 1000)
    finding = found(drift(2 * (k + 2 * p) * square + p * k * s**2))
    assert "exchanged" not in str(finding)
