"""A drift that is claimed without its martingale part."""

import pytest
from sympy import log

import verify
from derivations import Brownian, DifferentialClaim, MatrixSDE, State, dims, dt, positive, tr
from derivations.expounding import expound
from derivations.mutation import generated_mutants
from verify.finding.contradiction import contradictions
from verify.finding.locate import LEFT_OUT
from verify.verdict import Evidence, Status

n, m = dims("n m")
X, B, a = State("X", n, m), Brownian("B", n, m), positive("a")
SYSTEM = MatrixSDE({X: -a * X * dt + B.d})
NUMERIC = verify.NumericSDE(
    states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB
)


def of_symbols(factor: int, **martingale: object) -> DifferentialClaim:
    drift = n * m - factor * a * tr(X * X.T)
    return DifferentialClaim(sde=SYSTEM, observable=tr(X * X.T), drift=drift, **martingale)


def of_functions(factor: int, **martingale: object) -> DifferentialClaim:
    return DifferentialClaim(
        sde=NUMERIC, observable=lambda x: x**2, drift=lambda x: 1 - factor * x**2, **martingale
    )


@pytest.mark.parametrize("make", [of_symbols, of_functions])
def test_the_drift_is_judged_and_the_martingale_part_is_not(make) -> None:
    right = verify.check(make(2, martingale=None), effort="quick")
    assert right.agrees, str(right)
    assert "martingale" not in str(right)
    assert "quadratic variation" not in str(right)
    wrong = verify.check(make(1, martingale=None), effort="quick")
    said = {e.tier: e.status for e in wrong.evidence}
    assert said["generator"] == said["one-step"] == Status.DISAGREES
    assert wrong.finding is not None
    assert "drift" in wrong.finding.text[0]


def test_the_wrong_coefficient_is_named() -> None:
    wrong = verify.check(of_symbols(1, martingale=None), effort="quick")
    assert wrong.finding is not None
    assert "claimed coefficient −1, measured −2" in wrong.finding.text[0]
    assert LEFT_OUT not in wrong.finding.text


@pytest.mark.parametrize("make", [of_symbols, of_functions])
def test_one_that_is_left_out_is_claimed_to_be_none(make) -> None:
    verdict = verify.check(make(2), effort="quick")
    assert verdict.status == Status.DISAGREES
    assert verdict.finding is not None
    assert LEFT_OUT in verdict.finding.text


def test_a_wrong_one_that_is_stated_is_not_said_to_be_left_out() -> None:
    claim = of_symbols(2, martingale=3 * tr(X.T * B.d))
    verdict = verify.check(claim, effort="quick")
    assert verdict.finding is not None
    assert LEFT_OUT not in verdict.finding.text


def test_mutants_change_the_drift_and_the_system_alone() -> None:
    fields = {mutant.field for mutant in generated_mutants(of_symbols(2, martingale=None))}
    assert fields == {"drift", "sde"}


def test_the_page_says_that_it_is_left_open() -> None:
    y, beta, sigma = State("y", positive=True), Brownian("beta"), positive("sigma")
    claim = DifferentialClaim(
        id="growth",
        sde=MatrixSDE({y: sigma * y * beta.d}),
        observable=log(y),
        drift=-(sigma**2) / 2,
        martingale=None,
    )
    told = expound(claim)
    (stated,) = (p for p in told.declared if p.title.startswith("Stated"))
    assert stated.title == "Stated, the martingale part left open"
    assert stated.rows[0].right.unicode.endswith("dt + …")
    assert not told.differences


@pytest.mark.parametrize(
    ("derivation", "other", "tier", "said"),
    [
        (Status.AGREES, Status.DISAGREES, "exact", True),
        (Status.AGREES, Status.DISAGREES, "one-step", True),
        (Status.DISAGREES, Status.AGREES, "exact", True),
        (Status.DISAGREES, Status.AGREES, "generator", False),
        (Status.AGREES, Status.DISAGREES, "path", False),
        (Status.DISAGREES, Status.DISAGREES, "exact", False),
        (Status.NOT_APPLICABLE, Status.DISAGREES, "exact", False),
    ],
)
def test_tiers_that_contradict_each_other_are_named(derivation, other, tier, said) -> None:
    evidence = [
        Evidence(tier="derivation", status=derivation, reason=""),
        Evidence(tier=tier, status=other, reason=""),
    ]
    lines = contradictions(evidence)
    assert bool(lines) is said
    assert all(tier in line for line in lines)
