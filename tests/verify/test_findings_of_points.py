"""Signs, changes of time, laws of moments, densities: a small point, and what fits there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Integer, Rational, exp, sqrt

from derivations import (
    Assumption,
    Brownian,
    MatrixSDE,
    MomentClaim,
    SignClaim,
    State,
    TimeChangeClaim,
    dims,
    dt,
    full_row_rank,
    positive,
    t,
    tr,
)
from tests.verify.test_stationary import PLAN, claimed
from verify import NumericSDE
from verify.finding.finding import Finding
from verify.finding.locate import located
from verify.finding.moment_laws import of_moment_laws
from verify.loading import compiled
from verify.outside.claim_types import accepted
from verify.problem import Problem
from verify.runs.time_limit import limited

n, m = dims("n m")
a, s = positive("a"), positive("s")
x, y, X = State("x"), State("y"), State("X", n, n)
Y = State("Y", n, m)
B, G = Brownian("B"), Brownian("G")
M, W = Brownian("M", n, n), Brownian("W", n, n)
OU = MatrixSDE({x: -a * x * dt + s * B.d})


def found(problem: Problem) -> Finding:
    return located(problem, (), PLAN)


def sign(observable: Any, claimed: str, condition: Any) -> SignClaim:
    assumptions = (Assumption(text="", condition=condition > 0),)
    return SignClaim(
        id="sign", title="", source="", statement="", sde=OU, observable=observable, sign=claimed,
        assumptions=assumptions,
    )  # fmt: skip


@pytest.mark.parametrize(
    "claim",
    [
        sign(x**2, ">", s**2 - Rational(19, 10) * a * x**2),
        sign(x**4, ">=", s**2 - Rational(65, 100) * a * x**2),
    ],
)
def test_a_thin_region_of_the_wrong_sign_has_a_point_of_few_digits(claim: SignClaim) -> None:
    example = found(compiled(claim)).counterexample
    assert example is not None
    assert example.exact
    assert example.measured == "0" or example.measured.startswith("−")
    assert all(len(value) <= 6 for value in example.at.values()), example.at


def test_a_sign_of_a_function_has_a_point_of_few_digits() -> None:
    numeric = NumericSDE(
        states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB
    )
    thin = Assumption(text="thin", condition=lambda x: x**2 < 0.52)
    claim = SignClaim(
        id="sign", title="", source="", statement="", sde=numeric, observable=lambda x: x**2,
        sign=">", assumptions=(thin,),
    )  # fmt: skip
    example = found(compiled(accepted(claim))).counterexample
    assert example is not None
    assert len(example.at["x"]) <= 6


def clock(sde: Any, rate: Any, changed: Any) -> Problem:
    claim = TimeChangeClaim(
        id="clock", title="", source="", statement="", sde=sde, rate=rate, changed=changed
    )
    return compiled(accepted(claim))


def test_a_lost_correlation_is_named_with_both_numbers() -> None:
    two = MatrixSDE({x: B.d, y: Rational(3, 5) * B.d + Rational(4, 5) * G.d})
    finding = found(clock(two, Integer(1), MatrixSDE({x: B.d, y: G.d})))
    assert finding.explained
    assert finding.lines == (
        "diffusion matrix, d⟨x, y⟩/dτ: claimed 0, measured 3/5 (exactly, 9 points)",
    )
    assert finding.counterexample is not None
    assert (finding.counterexample.measured, finding.counterexample.claimed) == ("3/5", "0")


def test_a_noise_that_does_not_belong_there_has_no_power() -> None:
    drift, size = -a * X, tr(X * X.T)
    claim = TimeChangeClaim(
        sde=MatrixSDE({X: size * drift * dt + sqrt(size) * M.d}),
        rate=size,
        changed=MatrixSDE({X: drift * dt + (W.d + W.d.T) / sqrt(2)}),
        assumptions=(Assumption(text="X is not 0", condition=size > 0),),
    )
    first, second = found(compiled(accepted(claim))).lines
    assert "claimed coefficient 0.707107, measured 1.0000" in first
    assert "the term does not belong there" in second
    assert "power" not in second


def test_pairs_of_entries_of_a_matrix_are_those_that_differ() -> None:
    sde = MatrixSDE({X: -a * X * dt + X * M.d})
    finding = found(clock(sde, a, MatrixSDE({X: -X * dt + X * W.d.T})))
    assert finding.counterexample is not None
    assert finding.counterexample.part == "diffusion matrix, d⟨entry 1 of X, entry 1 of X⟩/dτ"
    assert "measured 1/a times what is claimed" in finding.lines[0]


@pytest.mark.parametrize(
    ("drift", "noise", "words", "example"),
    [
        (
            lambda x: -1.01 * x,
            lambda x, dB: dB,
            "drift of x in the new time as a whole: claimed factor 1, measured 0.9901",
            ("−1", "−1.01"),
        ),
        (
            lambda x: -x,
            lambda x, dB: np.where(x > 2.9, 1.2, 1.0) * dB,
            "diffusion matrix, d⟨x, x⟩/dτ: differs at",
            ("1", "1.44"),
        ),
    ],
)
def test_a_change_of_time_of_functions(
    drift: Any, noise: Any, words: str, example: tuple[str, str]
) -> None:
    fast = NumericSDE(
        states={"x": ()}, noises={"B": ()}, drift=lambda x: -x * (1 + x**2),
        noise=lambda x, dB: np.sqrt(1 + x**2) * dB,
    )  # fmt: skip
    plain = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=drift, noise=noise)
    finding = found(clock(fast, lambda x: 1 + x**2, plain))
    assert any(line.startswith(words) for line in finding.lines), finding.lines
    assert finding.counterexample is not None
    assert (finding.counterexample.measured, finding.counterexample.claimed) == example


def test_a_law_of_a_moment_that_does_not_solve_its_system() -> None:
    fade = exp(-2 * a * t)
    wrong = x**2 * fade + s**2 / (2 * a) * (1 - exp(-a * t))
    claim = MomentClaim(
        id="law", title="", source="", statement="", sde=OU, moments=(x**2, 1),
        matrix=((-2 * a, s**2), (0, 0)), laws=(wrong, 1),
    )  # fmt: skip
    finding = found(compiled(claim))
    assert "what solves the system is x² exp(-2 a t) + s²/(2 a)" in finding.lines[0]
    assert finding.counterexample is not None
    assert finding.counterexample.claimed == "0.451396"
    assert finding.counterexample.measured == "0.567668"


@pytest.mark.parametrize(
    ("assumed", "example"),
    [
        (None, "m = 1, n = 1, Y = [1], a = 1, s = 1, t = 1"),
        (n > m, "m = 1, n = 2, Y = [1; 0], a = 1, s = 1, t = 1"),
        (full_row_rank(Y), ""),
    ],
)
def test_a_law_of_a_moment_of_a_matrix(assumed: Any, example: str) -> None:
    fade, noise, moment = exp(-2 * a * t), n * m * s**2, tr(Y * Y.T)
    claim = MomentClaim(
        id="law", title="", source="", statement="",
        sde=MatrixSDE({Y: -a * Y * dt + s * Brownian("C", n, m).d}),
        moments=(moment, 1), matrix=((-2 * a, noise), (0, 0)),
        laws=(moment * fade + noise / a * (1 - fade), 1),
        assumptions=() if assumed is None else (Assumption(text="", condition=assumed),),
    )  # fmt: skip
    finding = found(compiled(claim))
    assert finding.lines[0].startswith("the law of E[tr(Y Y')]: what solves the system is ")
    # Where more is assumed of the matrix, no point is made up.
    if not example:
        assert finding.counterexample is None
    else:
        assert str(finding.counterexample).startswith(f"counter-example: {example}: ")


def test_a_trace_that_simplification_would_turn_for_ever_is_one_number() -> None:
    fade, moment = exp(-a * t), tr(X.T * X * X.T * X)
    claim = MomentClaim(
        id="law", title="", source="", statement="", sde=MatrixSDE({X: -X * dt + M.d}),
        moments=(moment, 1), matrix=((-a, s), (0, 0)), laws=(moment * fade + s * (1 - fade), 1),
    )  # fmt: skip
    with limited(5.0):
        finding = of_moment_laws(claim)
    assert finding is not None
    assert "what solves the system is exp(-a t) tr(X' X X' X) + s/a" in finding.lines[0]


def test_the_power_of_a_parameter_in_a_density() -> None:
    claim = claimed(OU, x, density=exp(-a * x**2 / s), horizon=5, values={a: 1, s: 2, x: 1})
    finding = found(compiled(claim))
    assert finding.explained
    assert "the power of s: claimed −1, derived −2" in finding.lines[0]
    assert finding.counterexample is not None
