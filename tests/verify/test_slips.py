"""Slips of the first hour in claim files: each is met with what to write instead."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sympy import Eq, Ge, Gt, Identity, Le, Lt, Ne, Q, exp, sqrt

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    ExpectationClaim,
    MatrixSDE,
    State,
    dims,
    dt,
    eigenvalues,
    entry,
    positive,
    total,
    tr,
)
from derivations.catalogue import claims
from verify import check
from verify.errors import ClaimError
from verify.finding.locate import located
from verify.finding.locating import with_finding
from verify.loading import compiled
from verify.outside.claim_types import accepted
from verify.outside.differentials import check_differentials
from verify.outside.files import read
from verify.outside.shapes import check_shapes
from verify.outside.slips import advice
from verify.runner import Settings, judge
from verify.verdict import Status

HEAD = """\
import math
import numpy as np
from sympy import log
from derivations import *
a, x, B = positive("a"), State("x"), Brownian("B")
X, W = State("X", 2, 2), Brownian("W", 2, 2)
sde = MatrixSDE({x: -a * x * dt + B.d})
def claim(**changes):
    stated = dict(sde=sde, observable=x**2, drift=1 - 2 * a * x**2, martingale=2 * x * B.d)
    return DifferentialClaim(**{**stated, **changes})
good = claim()
"""

INCREMENT = "^write B.d, the differential of a Brownian motion B"
POWER = r"^\^ is no power in Python; write \*\*"

SLIPS = {
    "a motion in a sum": ("s = MatrixSDE({x: -a * x * dt + B})", INCREMENT),
    "a motion in a product": ("s = MatrixSDE({x: 2 * x * B})", INCREMENT),
    "a motion of matrices": ("s = MatrixSDE({X: X * W})", INCREMENT),
    "minus a motion": ("s = MatrixSDE({x: -B})", INCREMENT),
    "a motion transposed": ("s = MatrixSDE({X: W.T})", INCREMENT),
    "a motion alone": ("s = MatrixSDE({x: B})", INCREMENT),
    "the name of a differential": (
        "s = MatrixSDE({x: dB})",
        r"^write B.d, with B = Brownian\(...\)",
    ),
    "log of numpy": ("f = np.log(x)", "^numpy's log takes numbers; write log of sympy"),
    "a root of numpy": ("f = np.sqrt(x**2 + 1)", "^numpy's sqrt takes numbers; write sqrt of sym"),
    "arctan of numpy": ("f = np.arctan(x)", "^numpy's arctan takes numbers; write atan of sympy"),
    "log of math": ("f = math.log(x)", "^math takes numbers; take log, sqrt, ... of sympy"),
    "an inverse of numpy": ("f = np.linalg.inv(X)", r"^numpy takes numbers; write X.inverse\(\)"),
    "a power of a scalar": ("f = x^2", POWER),
    "a power in an equation": ("s = MatrixSDE({x: x^2 * dt + B.d})", POWER),
    "a power of a matrix": ("f = X^2", POWER),
    "a power in a function": (
        "from verify import NumericSDE\ns = NumericSDE(states={'x': ()}, drift=lambda x: x^2)",
        r"f\(x: \(\)\) raised TypeError: .*; \^ is no power in Python",
    ),
    "symbols in a function": (
        "from verify import NumericSDE\ns = NumericSDE(states={'x': ()}, drift=lambda x: log(x))",
        "its arguments are arrays; take np.log",
    ),
    "a question": ("if x > 0: pass", "^a relation of symbols is neither true nor false"),
    "a name that was not imported": (
        "del tr; f = tr(X)",
        "^write from derivations import tr .NameError",
    ),
    "a function that was not imported": ("f = sqrt(x)", "^write from sympy import sqrt"),
}


def refused(folder: Path, text: str) -> str:
    """What is told of the one statement that is wrong."""
    path = folder / "mine.py"
    path.write_text(HEAD + text + "\nafter = claim()\n", encoding="utf-8")
    found = read(str(path))
    (trouble,) = found.troubles
    assert [c.id for c in found.claims] == ["good", "after"]
    where = re.fullmatch(re.escape(str(path)) + r", line (\d+): (.*)", trouble)
    assert where is not None, trouble
    return where[2]


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_is_told_what_to_write_instead(case: str, tmp_path: Path) -> None:
    text, said = SLIPS[case]
    assert re.search(said, found := refused(tmp_path, text)), found


def test_what_is_no_known_slip_is_left_as_it_is() -> None:
    for text in ("division by zero", "name 'missing' is not defined", "unhashable type: 'list'"):
        assert advice(text) == ""


# Differentials where a number is stated.

WITH_DIFFERENTIALS = {
    "drift": ("c = claim(drift=(1 - 2 * a * x**2) * dt)", "c: drift: leave out dt; it is the"),
    "a part of the drift": ("c = claim(terms={'one': dt})", "c: terms: leave out dt; they are"),
    "a noise in the drift": (
        "c = claim(drift=1 - 2 * a * x**2 + 2 * x * B.d)",
        "c: drift: leave out dB; what has it belongs to the martingale part",
    ),
    "observable": ("c = claim(observable=x**2 * dt)", "c: observable: leave out dt; a diff"),
    "dt in a martingale": ("c = claim(martingale=2 * x * dt)", "c: martingale: leave out dt; what"),
    "a martingale of numbers": ("c = claim(martingale=2 * x)", "c: martingale: 2.x has no diff"),
    "a number": ("c = claim(martingale=2)", "c: martingale: 2 has no differential"),
    "two differentials": ("c = claim(martingale=x * B.d**2)", "c: martingale: dB..2: a noise"),
    "a motion": ("c = claim(martingale=B)", r"c: martingale: got .* itself; write B.d"),
    "rate": (
        "c = CovariationClaim(sde=sde, first=x, second=x, rate=dt)",
        "c: rate: leave out dt; it is the factor of dt",
    ),
    "a clock": ("c = TimeChangeClaim(sde=sde, rate=2 * dt, changed=sde)", "c: rate: leave out dt"),
    "a sign": ("c = SignClaim(sde=sde, observable=x**2, sign='>=', shown=dt)", "c: shown: leave"),
    "moments": (
        "c = MomentClaim(sde=sde, moments=(1, x**2), matrix=((0, 0), (dt, -2 * a)))",
        "c: matrix: leave out dt; it is the factor of dt in dE",
    ),
    "value": (
        "c = ExpectationClaim(sde=sde, observable=x, value=dt, horizon=1, bounds=(-9, 9))",
        "c: value: leave out dt; a differential is no number",
    ),
    "identity": ("c = IdentityClaim(left=B.d, right=0)", "c: left: leave out dB; a differential"),
    "law of paths": (
        "c = claim(path=PathCheck(sde=sde, observable=x, law=x * dt, horizon=1, sizes={}))",
        "c: path.law: leave out dt; a differential is no number",
    ),
}


@pytest.mark.parametrize("case", WITH_DIFFERENTIALS)
def test_differentials_are_refused_where_numbers_are_stated(case: str, tmp_path: Path) -> None:
    text, said = WITH_DIFFERENTIALS[case]
    assert re.search(f"^{said}", found := refused(tmp_path, text)), found


def test_a_drift_with_dt_is_refused_in_python_too() -> None:
    a, x, B = positive("a"), State("x"), Brownian("B")
    claim = DifferentialClaim(
        sde=MatrixSDE({x: -a * x * dt + B.d}),
        observable=x**2,
        drift=(1 - 2 * a * x**2) * dt,
        martingale=2 * x * B.d,
    )
    with pytest.raises(ClaimError, match="drift: leave out dt; it is the factor of dt in df = dri"):
        check(claim)


def test_nothing_in_the_catalogue_is_refused() -> None:
    for claim in claims():
        check_differentials(claim)
        for one in (claim, *map(claim.mutated, claim.mutants)):
            check_shapes(one)


# Shapes and sizes.

n, m = dims("n m")
X, W = State("X", n, m), Brownian("W", n, m)
free = MatrixSDE({X: W.d})
SHAPES = {
    "drift": {"observable": tr(X * X.T), "drift": X},
    "martingale": {"observable": tr(X * X.T), "drift": n * m, "martingale": 2 * X.T * W.d},
    "drift of a matrix": {"observable": X, "drift": n, "martingale": W.d},
    "a matrix transposed": {"observable": X, "drift": X.T, "martingale": W.d},
}


@pytest.mark.parametrize("case", SHAPES)
def test_what_is_stated_has_the_shape_of_the_observable(case: str) -> None:
    field = case.split()[0] if case != "a matrix transposed" else "drift"
    with pytest.raises(ClaimError, match=f"^{field}: it is .*, observable is .*; give both one"):
        check(DifferentialClaim(sde=free, **SHAPES[case]))


def test_a_zero_has_every_shape() -> None:
    check_shapes(DifferentialClaim(sde=free, observable=X, drift=0, martingale=W.d))


@pytest.mark.parametrize(
    ("facts", "sizes"), [((), ["n ≥ 2"]), ((Ge(n, 3),), ["said"]), ((Gt(n, 1),), ["said"])]
)
def test_entries_ask_for_sizes_that_have_them(facts: tuple[Any, ...], sizes: list[str]) -> None:
    claim = CovariationClaim(
        sde=free,
        first=entry(X * X.T, 0, 0),
        second=entry(X * X.T, 0, 1),
        rate=2 * entry(X * X.T, 0, 1),
        assumptions=tuple(Assumption(text="said", condition=fact) for fact in facts),
    )
    assert [fact.text for fact in accepted(claim).assumptions] == sizes
    assert check(claim, tiers=("exact", "generator")).status is Status.AGREES
    wrong = replace(claim, rate=3 * entry(X * X.T, 0, 1))
    assert check(wrong, tiers=("exact", "generator")).status is Status.DISAGREES


def test_eigenvalues_and_inverses_bring_what_they_need_with_them() -> None:
    """With more rows than columns zero is an eigenvalue of X X' more than once: no such point."""
    S = X * X.T
    lam = eigenvalues(S)
    i, j = lam.indices("i j")
    repelled = DifferentialClaim(
        sde=free,
        observable=lam[i],
        drift=m + total((lam[i] + lam[j]) / (lam[i] - lam[j]), j, excluding=i),
        martingale=2 * tr(lam.projector(i) * W.d * X.T),
    )
    inverted = DifferentialClaim(
        sde=free,
        observable=tr(S.inverse()),
        drift=(n + 2 - m) * tr(S.inverse() * S.inverse()) + tr(S.inverse()) ** 2,
        martingale=-2 * tr(S.inverse() * S.inverse() * W.d * X.T),
    )
    for claim, said in ((repelled, "are distinct"), (inverted, "is invertible")):
        assert [said in fact.text for fact in accepted(claim).assumptions] == [True]
        assert accepted(accepted(claim)) == accepted(claim)
        for seed in range(4):
            found = check(claim, tiers=("generator", "one-step"), seed=seed)
            assert {one.status for one in found.evidence} == {Status.AGREES}
        wrong = check(replace(claim, drift=claim.drift + m), tiers=("one-step",))
        assert wrong.status is Status.DISAGREES


@pytest.mark.parametrize(
    "matrix", [X * X.T, 2 * X * X.T, X * X.T + Identity(n)], ids=["bare", "scaled", "a sum"]
)
def test_what_is_declared_is_not_added_again(matrix: Any) -> None:
    lam, inverse = eigenvalues(matrix), tr(matrix.inverse())
    for observable, fact in (
        (lam[lam.indices("i")], lam.distinct),
        (inverse, Q.invertible(matrix)),
        (inverse, Q.positive_definite(matrix)),
    ):
        claim = DifferentialClaim(sde=free, observable=observable, drift=0)
        declared = replace(claim, assumptions=(Assumption(text="said", condition=fact),))
        assert len(accepted(claim).assumptions) == 1
        assert accepted(declared) == declared
        # What is said of another matrix is not enough.
        other = Assumption(text="said", condition=fact.function(matrix + matrix * matrix))
        assert len(accepted(replace(claim, assumptions=(other,))).assumptions) == 2


RELATIONS = {Q.eq: Eq, Q.ge: Ge, Q.gt: Gt, Q.le: Le, Q.lt: Lt, Q.ne: Ne}


@pytest.mark.parametrize("predicate", RELATIONS, ids=str)
def test_a_predicate_of_two_is_the_relation_that_it_is(predicate: Any) -> None:
    x = State("x")
    claim = DifferentialClaim(
        sde=MatrixSDE({x: -x * dt}),
        observable=x**2,
        drift=-2 * x**2,
        assumptions=(Assumption(text="said", condition=predicate(x, 1)),),
    )
    (found,) = accepted(claim).assumptions
    assert (found.text, found.condition) == ("said", RELATIONS[predicate](x, 1))


def test_a_predicate_of_two_matrices_is_refused_in_words() -> None:
    fact = Assumption(text="said", condition=Q.gt(X * X.T, 0))
    claim = DifferentialClaim(sde=free, observable=tr(X * X.T), drift=n * m, assumptions=(fact,))
    with pytest.raises(ClaimError, match=r"^assumptions: Q.gt\(X\*X.T, 0\) is no relation of num"):
        check(claim)


# Letters that stand in an assumption alone.


@pytest.mark.parametrize(
    ("values", "vary", "said"),
    [
        ({"a": 2, "b": 1}, {}, ""),
        ({"a": 1, "b": 2}, {}, "values: a = 1, b = 2 do not meet the assumption: larger"),
        ({"b": 1}, {"a": (2, 3)}, ""),
        ({"b": 1}, {"a": (2, 0.5)}, "values: a = 0.5, b = 1 do not meet the assumption: larger"),
        ({"a": 1}, {}, ""),
        ({}, {"b": (1, 2)}, "vary: b is no state or parameter of the claim; there are a, x"),
        ({"c": 1}, {}, "values: c is no state or parameter of the claim; there are a, b, x"),
    ],
)
def test_values_of_letters_of_an_assumption_are_taken_and_asked(
    values: dict[str, float], vary: dict[str, Any], said: str
) -> None:
    x, B, a, b = State("x"), Brownian("B"), positive("a"), positive("b")
    claim = ExpectationClaim(
        sde=MatrixSDE({x: -a * x * dt + B.d}),
        observable=x,
        value=0,
        horizon=1,
        values={x: 0, **{positive(name): value for name, value in values.items()}},
        vary={positive(name): several for name, several in vary.items()},
        assumptions=(Assumption(text="larger", condition=Gt(a, b)),),
    )
    if said:
        with pytest.raises(ClaimError) as error:
            accepted(claim)
        assert str(error.value) == said
    else:
        assert accepted(claim).values == claim.values


def test_what_is_no_fraction_is_not_asked_of_points() -> None:
    """A factor √2 or e^−1 makes no eigenvalues meet, and a sum with one is left as it is."""
    S = X * X.T
    for scaled, facts in ((sqrt(2) * S, 1), (exp(-1) * S, 1), (S + sqrt(2) * X * X.T * S, 0)):
        lam = eigenvalues(scaled)
        claim = DifferentialClaim(sde=free, observable=lam[lam.indices("i")], drift=0)
        found = [fact.condition for fact in accepted(claim).assumptions]
        assert found == [eigenvalues(S).distinct] * facts


def test_eigenvalues_with_a_factor_that_is_no_fraction_are_judged() -> None:
    a = positive("a")
    lam = eigenvalues(exp(-a) * X * X.T)
    i = lam.indices("i")
    claim = DifferentialClaim(sde=free, observable=lam[i], drift=0, martingale=None)
    found = {e.tier: e for e in check(claim).evidence}
    assert found["exact"].status is Status.NOT_APPLICABLE
    assert found["generator"].status is found["one-step"].status is Status.DISAGREES
    derived = free.d(lam[i]).drift
    assert check(replace(claim, drift=derived), tiers=("generator", "one-step")).agrees


def test_a_finding_has_no_missing_key_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # A kernel of a claim that came in by another way than a file or `check`.
    a, x, B = positive("a"), State("x"), Brownian("B")
    claim = DifferentialClaim(
        id="c",
        sde=MatrixSDE({x: -a * x * dt + B.d}),
        observable=x**2,
        drift=(1 - 2 * a * x**2) * dt,
        martingale=2 * x * B.d,
    )
    settings = Settings(tiers=("derivation", "exact"), effort="quick")
    problem = compiled(claim)
    verdict = with_finding(problem, judge(problem, settings), settings.plan)
    assert verdict.status == Status.DISAGREES
    said = str(verdict) + str(verdict.finding)
    assert "KeyError" not in said
    assert "needs dt, the point only has" in said

    def broken(*_: object) -> None:
        raise KeyError("sigma")

    monkeypatch.setattr("verify.finding.locate._located", broken)
    finding = located(problem, (), settings.plan)
    assert finding.lines == ("the wrong term could not be located: it has no value for 'sigma'",)
