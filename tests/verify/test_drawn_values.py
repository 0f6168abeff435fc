"""Values that a claim about paths leaves open: few digits, and named where a reader looks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sympy import exp

from derivations import INITIAL, LEVEL, DifferentialClaim, LawClaim, MatrixSDE, PathCheck, dt, t
from numerics.signature import LetterSignature
from tests.verify.path_claims import (
    DRIFTED,
    a,
    cosine,
    judged,
    mu,
    named,
    normal,
    sigma,
    x,
)
from verify import NumericSDE, ThresholdClaim
from verify.finding.values import of_values
from verify.loading import compiled
from verify.paths.evidence import measured
from verify.paths.simulated import _drawn, as_drawn
from verify.planning import Estimate
from verify.verdict import Status

OPEN = cosine(0, values={})


def test_the_reason_names_what_was_drawn() -> None:
    """A reader puts the named values into the claim and finds the same number."""
    found = judged(OPEN)
    assert found.status == Status.DISAGREES
    (setting,) = found.numbers["settings"]
    drawn = {name: float(value) for name, value in setting["drawn"].items()}
    assert set(drawn) == {"x", "a", "sigma"}
    for said in (f"x(0) = {drawn['x']:g}", f"a = {drawn['a']:g}", f"sigma = {drawn['sigma']:g}"):
        assert said in found.reason
    mean = drawn["x"] * math.exp(-drawn["a"])
    spread = drawn["sigma"] ** 2 * (1 - math.exp(-2 * drawn["a"])) / (2 * drawn["a"])
    assert abs(setting["difference"] - math.cos(mean) * math.exp(-spread / 2)) < 0.2
    (line,) = of_values(compiled(OPEN), [found]).lines
    assert f"a = {drawn['a']:g}" in line
    given = judged(cosine(0, values={x: drawn["x"], a: drawn["a"], sigma: drawn["sigma"]}))
    assert given.numbers["settings"][0]["difference"] == setting["difference"]
    assert "as drawn" not in given.reason
    assert "drawn" not in given.numbers["settings"][0]


def test_what_varies_is_named_apart_from_what_was_drawn() -> None:
    found = judged(cosine(0, values={a: 1}, vary={sigma: (1, 2)}))
    assert "with sigma = 1 and x(0) = " in found.reason
    assert set(found.numbers["settings"][0]["drawn"]) == {"x"}


@pytest.mark.parametrize("factor", [1, 2])
def test_a_law_of_every_path_names_them_where_it_is_wrong(factor: int) -> None:
    sde, law = MatrixSDE({x: -a * x * dt}), exp(-factor * a * t) * INITIAL
    path = PathCheck(sde=sde, observable=x, law=law, horizon=1)
    claim = DifferentialClaim(**named(sde=sde, observable=x, drift=-a * x, path=path))
    found = judged(claim)
    assert set(found.numbers["drawn"]) == {"x", "a"}
    assert ("as drawn" in found.reason) is (found.status == Status.DISAGREES) is (factor == 2)


def test_letters_that_a_check_moves_are_not_drawn() -> None:
    cdf = normal((LEVEL - x - mu) / sigma)
    law = LawClaim(**named(sde=DRIFTED, observable=x, cdf=cdf, horizon=1, relevant=0.1))
    found = judged(law)
    assert found.status == Status.AGREES, found.reason
    assert set(found.numbers["settings"][0]["drawn"]) == {"x", "mu", "sigma"}


LETTERS = [
    LetterSignature(name="x", kind="state"),
    LetterSignature(name="X", kind="state", shape=("3", "3")),
    LetterSignature(name="c", kind="parameter", facts=("positive",)),
    LetterSignature(name="k", kind="parameter", within=(0.25, 0.26)),
    LetterSignature(name="v", kind="parameter", family="4", within=(0.0, 5.0)),
    LetterSignature(name="S", kind="parameter", shape=("3", "3"), facts=("positive_definite",)),
]


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)
def test_drawn_values_have_few_digits_and_keep_to_their_range(letter: LetterSignature) -> None:
    for seed in range(200):
        value = _drawn(letter, letter.shape_at({}), np.random.default_rng(seed))
        assert value.shape == letter.shape_at({})
        if "positive_definite" in letter.facts:
            assert np.linalg.eigvalsh(value)[0] > 0
            continue
        digits = 4 if letter.name == "k" else 2
        assert np.array_equal(value, np.round(value, digits))
        assert np.all(value != 0)
        if letter.within is not None:
            assert np.all((letter.within[0] < value) & (value < letter.within[1]))


def test_small_arrays_are_written_out_and_large_ones_are_not() -> None:
    drawn = {"z": np.array([0.5, -1.25]), "A": np.zeros((3, 3)), "k": 2.0}
    assert (
        as_drawn(drawn, {"z", "A"}) == "z(0) = [0.5, -1.25], A(0) = a 3 × 3 array, k = 2 as drawn"
    )
    assert as_drawn({}, {"z"}) == ""


def test_what_was_not_found_is_said_in_words() -> None:
    nothing = Estimate(value=0.0, half_width=math.inf, bias=math.inf)
    assert measured(nothing) == "could not be measured"
    assert measured(replace(nothing, half_width=0.1)) == "+0 ± 0.1, of a bias that is not known"
    assert measured(Estimate(value=0.5, half_width=0.1, bias=0.01)) == "+0.5 ± 0.1, bias ≤ 0.01"


def test_a_threshold_whose_growth_lost_its_digits_has_no_infinite_bounds() -> None:
    """log det of a matrix whose columns become one: rounding is all that is left of it."""
    sde = NumericSDE(
        states={"A": (2, 2)},
        noises={"B": (2, 2)},
        parameters={"m": 0.0},
        drift=lambda A, m: m * A,
        noise=lambda A, dB: A @ dB,
    )
    claim = ThresholdClaim(
        **named(
            sde=sde,
            observable=lambda A: np.linalg.slogdet(A)[1],
            parameter="m",
            threshold=0.5,
            below=-1,
            above=1,
            horizon=60,
            values={"A": np.eye(2)},
            relevant=0.4,
        )
    )
    found = judged(claim)
    assert found.status == Status.INCONCLUSIVE
    assert "could not be measured" in found.reason
    assert "inf" not in found.reason
