"""Findings on refuted claims whose values leave their domain at some points: nothing is warned."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import log, sqrt

import verify
from derivations import Brownian, MatrixSDE, State, catalogue, dims, dt, positive, tr
from verify.verdict import Status

n = dims("n")
x, X, c, B = State("x"), State("X", n), positive("c"), Brownian("B", n)
ROOT = MatrixSDE({x: -x * dt + sqrt(1 - c * x**2) * Brownian("b").d})
NORM = MatrixSDE({X: B.d})


def stated(sde: Any, f: Any, **fields: Any) -> Any:
    return verify.DifferentialClaim(id="c", sde=sde, observable=f, **fields)


REFUTED = {
    "an assumption is missing": lambda: stated(ROOT, x**2, drift=1 - c * x**2, martingale=0),
    "log 0": lambda: stated(NORM, log(tr(X.T * X)), drift=n / tr(X.T * X), martingale=0),
    "1/0": lambda: mutant("scale_invariance.quartic", "square"),
    "functions": lambda: stated(
        verify.NumericSDE(
            states={"y": ()}, noises={"B": ()}, drift=lambda y: -y, noise=lambda dB: dB
        ),
        lambda y: y**2,
        drift=lambda y: 1 - 3 * y**2 + 0 / y,
        martingale=lambda y, dB: 2 * y * dB,
    ),
}


def mutant(claim: str, name: str) -> Any:
    found = catalogue.find(claim)
    (wrong,) = (m for m in found.mutants if m.name == name)
    return replace(found, mutants=(), **wrong.changes)


@pytest.mark.parametrize("name", REFUTED)
def test_a_finding_warns_of_nothing_and_says_what_is_wrong(name: str) -> None:
    claim = REFUTED[name]()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = verify.check(claim, effort="quick", tiers=("exact", "generator"))
    assert found.status == Status.DISAGREES
    assert [str(w.message) for w in heard] == []
    assert found.finding is not None
    assert found.finding.lines
    assert not any("could not be located" in line for line in found.finding.lines)


def test_warnings_are_heard_there() -> None:
    """What the test above would hear."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        np.log(np.zeros(1))
    assert len(heard) == 1
