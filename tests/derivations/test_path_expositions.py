"""What a claim about paths states, as a formula; starting values are told from parameters."""

from __future__ import annotations

from sympy import Rational, exp, oo

from derivations.exposition import Exposition
from derivations.expounding import stated
from derivations.path_claims import LEVEL, ExpectationClaim, HittingClaim, LawClaim
from derivations.sde import MatrixSDE
from derivations.symbols import Brownian, State, dt, positive, t

kappa = positive("kappa")
x, y, beta = State("x", positive=True), State("y"), Brownian("beta")
SDE = MatrixSDE({x: -kappa * x * dt + x * beta.d})
OTHER = MatrixSDE({y: y * beta.d})


def lines(shown: Exposition, title: str) -> list[str]:
    (passage,) = (p for p in shown.declared if p.title.startswith(title))
    return [f"{r.left.unicode if r.left else r.words} = {r.right.unicode}" for r in passage.rows]


def test_a_law_is_a_probability() -> None:
    claim = LawClaim(sde=SDE, observable=x, cdf=1 - exp(-LEVEL / x), horizon=1, values={x: 2})
    assert lines(stated(claim), "Stated: at time t") == ["P[x ≤ y] = 1 - exp(-y/x)"]


def test_the_argument_has_a_letter_of_its_own() -> None:
    claim = LawClaim(sde=OTHER, observable=y, cdf=1 - exp(-LEVEL / y), horizon=1, values={y: 2})
    assert lines(stated(claim), "Stated") == ["P[y ≤ z] = 1 - exp(-z/y)"]


def test_reaching_a_level_and_a_mean_are_formulas() -> None:
    hit = HittingClaim(sde=SDE, observable=x, level=3, probability=exp(-t), horizon=1)
    assert lines(stated(hit), "Stated") == ["P[x reaches 3 by time t] = exp(-t)"]
    mean = ExpectationClaim(
        sde=SDE, observable=x, value=x * exp(-kappa * t), variance=x, bounds=(0, oo), horizon=1
    )
    found = lines(stated(mean), "Stated")
    assert found == ["E[x] = x exp(-κ t)", "declared bound of the variance = x"]


def test_starting_values_are_those_at_time_0_and_matrices_have_rows() -> None:
    start = {"x": ((1, Rational(1, 2)), (0, 0.25)), "kappa": 2}
    claim = LawClaim(sde=SDE, observable=x, cdf=LEVEL, horizon=1, values=start)
    assert lines(stated(claim), "Judged at") == [
        "T = 1",
        "x(0) = [1, 1/2; 0, 0.25]",
        "κ = 2",
        "relevant error = 0.02",
    ]
    zero = LawClaim(sde=SDE, observable=x, cdf=LEVEL, horizon=1, values={x: ((0,), (0.0,))})
    assert "x(0) = 0" in lines(stated(zero), "Judged at")


def test_the_horizon_has_no_letter_where_the_equation_or_the_values_have_it() -> None:
    heat = MatrixSDE({x: -positive("T") * x * dt + x * beta.d})
    shown = [
        LawClaim(sde=heat, observable=x, cdf=LEVEL, horizon=1),
        LawClaim(sde=SDE, observable=x, cdf=LEVEL, horizon=1, values={"T": 2}),
        LawClaim(sde=SDE, observable=x, cdf=LEVEL, horizon=1),
    ]
    found = [lines(stated(claim), "Judged at")[0] for claim in shown]
    assert found == ["time = 1", "time = 1", "T = 1"]
