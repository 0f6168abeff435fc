"""Planted mistakes against the findings: the right term, with the right number."""

import io
import json
from dataclasses import replace
from fractions import Fraction

import pytest
from rich.console import Console
from sympy import exp, sqrt

from derivations import (
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    MomentClaim,
    Parameter,
    SignClaim,
    State,
    dims,
    dt,
    positive,
    real,
    tr,
)
from numerics.numeric_sde import NumericSDE
from tests.verify import problems
from verify import report
from verify.finding.finding import Finding
from verify.finding.locate import located
from verify.finding.locating import with_finding
from verify.loading import claims_of, compiled
from verify.planning import Plan
from verify.runner import Settings, judge
from verify.verdict import Status, Verdict

PLAN = Plan()
WORDS = {"title": "planted", "source": "planted", "statement": "planted"}

x, y = State("x"), State("y")
mu, sigma = real("mu"), positive("sigma")
b = Brownian("b")
geometric = MatrixSDE({x: mu * x * dt + sigma * x * b.d})
RIGHT = (2 * mu + sigma**2) * x**2
MARTINGALE = 2 * sigma * x**2 * b.d


def square(**changes):
    """The claim about d x², with something changed."""
    fields = {"observable": x**2, "drift": RIGHT, "martingale": MARTINGALE, **changes}
    return DifferentialClaim(id="square", sde=geometric, **fields, **WORDS)


def found(claim) -> Finding:
    return located(compiled(claim), (), PLAN)


def planted(claim: str, mutant: str) -> Finding:
    """The finding on a catalogue claim with one of its own mistakes."""
    (right,) = (c for c in claims_of(claim) if c.id == claim)
    (wrong,) = (m for m in right.mutants if m.name == mutant)
    return found(right.mutated(wrong))


def only(finding: Finding) -> dict:
    """The one change of a finding."""
    assert finding.explained, finding.text
    (change,) = finding.changes
    return change


@pytest.mark.parametrize(
    ("drift", "term", "measured", "powers"),
    [
        ((2 * mu + 2 * sigma**2) * x**2, "2 σ² x²", "1", {}),
        ((2 * mu - sigma**2) * x**2, "-σ² x²", "1", {}),
        ((2 * mu + sigma) * x**2, "σ x²", "1", {"sigma": "1"}),
        ((mu + sigma**2) * x**2, "μ x²", "2", {}),
        (RIGHT + sigma * x, "σ x", "0", {}),
        ((2 * mu + sigma**2) * x, "x (2 μ + σ²)", "1", {"x": "1"}),
    ],
    ids=["factor two", "sign", "power", "factor", "does not belong", "power of x"],
)
def test_planted_drift_terms_against_their_findings(drift, term, measured, powers) -> None:
    change = only(found(square(drift=drift)))
    assert change["part"] == "drift"
    assert change["term"] == term
    assert change["powers"] == powers
    if not powers:
        assert change["measured"] == measured


def test_a_right_claim_has_no_finding() -> None:
    problem = compiled(square())
    verdict = Verdict(claim="square", title="", evidence=())
    assert with_finding(problem, verdict, PLAN).finding is None
    assert found(square()).changes == ()


def test_two_wrong_numbers_are_both_named() -> None:
    finding = found(square(drift=(mu + 3 * sigma**2) * x**2))
    assert finding.explained
    assert [(c["claimed"], c["measured"]) for c in finding.changes] == [("1", "2"), ("3", "1")]


def test_a_wrong_number_beside_a_wrong_power() -> None:
    number, power = found(square(drift=3 * mu * x**2 + sigma * x**2)).changes
    assert (number["claimed"], number["measured"]) == ("3", "2")
    assert power["powers"] == {"sigma": "1"}


def test_a_forgotten_term_is_derived_and_confirmed() -> None:
    finding = found(square(drift=2 * mu * x**2))
    change = only(finding)
    assert change["confirmed"]
    assert change["term"] == "σ² x²"
    assert "σ² x² is missing" in finding.lines[0]


@pytest.mark.parametrize(
    ("martingale", "said"),
    [
        (sigma * x**2 * b.d, "claimed coefficient 1, measured 2"),
        (2 * sigma**2 * x**2 * b.d, "the power of σ: claimed 2, measured 1"),
        (0, "claimed 0, what fits is 2 σ x² db"),
    ],
)
def test_planted_noise_terms_against_their_findings(martingale, said) -> None:
    finding = found(square(martingale=martingale))
    assert only(finding)["part"] == "martingale part"
    assert said in finding.lines[0]


def test_doubles_where_there_are_no_fractions() -> None:
    form = exp(x) * (mu * x + sigma**2 * x**2)
    claim = square(observable=exp(x), drift=form, martingale=sigma * x * exp(x) * b.d)
    finding = found(claim)
    change = only(finding)
    assert (change["claimed"], change["measured"]) == ("1", "1/2")
    assert 0 < change["radius"] < 1e-6
    assert "measured 1/2 (0.5000 ± " in finding.lines[0]


def test_a_covariation() -> None:
    claim = CovariationClaim(
        id="covariation", sde=geometric, first=x, second=x**2, rate=sigma**2 * x**3, **WORDS
    )
    change = only(found(claim))
    assert (change["claimed"], change["measured"]) == ("1", "2")


def test_an_identity() -> None:
    p, k = dims("p k")
    A = Parameter("A", p, k)
    claim = IdentityClaim(
        id="identity",
        left=tr((A + A) * (A + A).T) + k,
        right=3 * tr(A * A.T) + p,
        **WORDS,
    )
    finding = found(claim)
    assert finding.explained
    assert finding.counterexample is not None


def test_a_row_of_a_moment_matrix() -> None:
    claim = MomentClaim(
        id="moments",
        sde=MatrixSDE({x: sigma * b.d}),
        moments=(x**2, x**0 * 1),
        matrix=((0, 2 * sigma**2), (0, 0)),
        **WORDS,
    )
    finding = found(claim)
    change = only(finding)
    assert change["part"].startswith("row 1 of the matrix")
    assert (change["claimed"], change["measured"]) == ("2", "1")


def test_a_sign_gets_a_point() -> None:
    claim = SignClaim(id="sign", sde=geometric, observable=x**2, sign=">=", **WORDS)
    example = found(claim).counterexample
    assert example is not None
    assert example.at == {"μ": "−1", "σ": "1", "x": "1"}
    assert (example.measured, example.claimed) == ("−1", ">= 0")


@pytest.mark.parametrize(
    ("claim", "mutant", "said"),
    [
        ("label_noise_determinant", "transpose", "the dimension: claimed p, measured k (exactly"),
        ("label_noise_determinant", "square", "-2 k tr(C) fits in its place"),
        ("label_noise_determinant.label_noise", "root_delta", "δ: claimed 1/2, measured 1 "),
        ("first_layer_eigenvalues", "half_repulsion", "(repulsion)"),
        ("first_layer_eigenvalues", "own_weight", "fits in its place"),
        ("first_layer_eigenvalues", "missing_growth", "γ tr(W₂ W₂') is missing"),
        ("first_layer_eigenvalues", "root_two", "claimed coefficient 1.41421, measured 2 (exactly"),
        ("first_layer_eigenvalues.covariation", "sign", "claimed coefficient −4, measured 4"),
        ("moment_hierarchy", "exchanged", "the dimension: claimed k, measured p"),
        ("discrete_determinant", "unsquared", "det(I - η² G G')² det(M) fits in its place"),
        ("cir.fokker_planck", "half", "claimed coefficient 1, derived 1/2"),
        ("one_step_laws.weight_decay", "width", "-2 η μ (k + p) fits in its place"),
        ("time_change", "root", "the clock dτ/dt = √γ: the power of γ: claimed 1/2, measured 1"),
        ("time_change.general", "noise", "the power of a: claimed 0, measured 1/2"),
    ],
)
def test_mistakes_of_the_catalogue_against_their_findings(claim, mutant, said) -> None:
    finding = planted(claim, mutant)
    assert finding.explained, finding.text
    assert any(said in line for line in finding.lines), finding.text
    assert finding.counterexample is not None


def test_the_counter_example_is_small_and_fails_by_hand() -> None:
    example = planted("label_noise_determinant", "transpose").counterexample
    assert example is not None
    assert example.exact
    k, width, p = (int(example.at[name]) for name in "klp")
    assert k + width + p <= 6
    assert example.at["C"] == {1: "[1]", 2: "[1 0; 0 1]"}[p]
    assert set(example.at["R"]) <= set("[0; ]")
    # −2k tr C and −2p tr C at C = I.
    assert (example.measured, example.claimed) == (f"−{2 * k * p}", f"−{2 * p * p}")


sde = NumericSDE(
    states={"x": ()},
    drift=lambda x: -x,
    noises={"B": ()},
    noise=lambda sigma, dB: sigma * dB,
    parameters={"sigma": (0.5, 2.0)},
)


def of_functions(**changes):
    """The claim about d x² of a system of functions."""
    fields = {
        "observable": lambda x: x**2,
        "drift": lambda x, sigma: sigma**2 - 2 * x**2,
        "martingale": lambda x, sigma, dB: 2 * sigma * x * dB,
        **changes,
    }
    return DifferentialClaim(id="functions", sde=sde, **fields, **WORDS)


def test_functions_are_one_term_each() -> None:
    change = only(found(of_functions(drift=lambda x, sigma: 2 * (sigma**2 - 2 * x**2))))
    assert (change["claimed"], change["measured"]) == ("1", "1/2")
    change = only(found(of_functions(martingale=lambda x, sigma, dB: 2 * sigma**2 * x * dB)))
    assert (change["part"], change["powers"]) == ("martingale part", {"sigma": "-1"})


def test_functions_may_name_their_terms() -> None:
    finding = found(
        of_functions(
            drift=lambda x, sigma: sigma - 2 * x**2,
            terms={"spread": lambda sigma: sigma, "pull": lambda x: -2 * x**2},
        )
    )
    change = only(finding)
    assert (change["term"], change["powers"]) == ("spread", {"sigma": "1"})


def test_what_nothing_explains_is_said() -> None:
    finding = found(of_functions(drift=lambda x, sigma: sigma - 2 * x**2))
    assert not finding.explained
    assert "no other number or power" in finding.lines[0]
    assert finding.counterexample is not None


def test_a_search_that_fails_leaves_the_verdict(monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("verify.finding.locate._located", broken)
    finding = located(problems.geometric(), (), PLAN)
    assert finding.lines == ("the wrong term could not be located: RuntimeError: planted",)


def test_reports_show_the_finding() -> None:
    settings = Settings(tiers=("generator",), effort="quick")
    problem = compiled(square(drift=(2 * mu + sqrt(2) * sigma**2) * x**2))
    verdict = with_finding(problem, judge(problem, settings), settings.plan)
    assert verdict.status == Status.DISAGREES
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))).finding == verdict.finding
    said = "claimed coefficient 1.41421, measured 1 (exactly"
    console = Console(width=400, record=True, file=io.StringIO())
    for shown in (verdict, replace(verdict, expected=Status.DISAGREES)):
        report.print_verdicts([shown], console)
        assert said in report.markdown([shown], {})
        assert said in str(shown)
    assert console.export_text().count(said) == 2
    assert said in report.junit_text([verdict])


def test_numbers_as_they_are_printed() -> None:
    from verify.finding.refit import Change
    from verify.finding.small_values import shown

    assert shown(Fraction(-3, 2)) == "−3/2"
    assert shown([[Fraction(1), Fraction(0)]]) == "[1 0]"
    assert Change(term=0, claimed=1, low=0.74999, high=0.75001).measured == Fraction(3, 4)
    assert Change(term=0, claimed=1, low=0.7501, high=0.7502).measured == pytest.approx(0.75015)
