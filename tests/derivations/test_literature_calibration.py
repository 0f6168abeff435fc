"""Calibration: what is stated of known diffusions against SciPy's laws and values by hand.

That each claim goes through its tiers is seen in `make verify`, that its mutants fail in the kill
table; here stand the stated formulas themselves, at numbers that nobody of the catalogue made.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from derivations.catalogue import find
from derivations.codegen import compile_module
from tests.reference.calibration import LAWS, LEVELS, VALUES, Law, Value


@cache
def kernels(claim: str, mutant: str | None = None) -> Any:
    found = find(claim)
    if mutant is not None:
        (wrong,) = (m for m in found.mutants if m.name == mutant)
        found = found.mutated(wrong)
    return compile_module(found, derive=False).kernels


def stated(law: Law, mutant: str | None = None) -> Any:
    point = {name: np.asarray(x) if name != "n" else x for name, x in law.point.items()}
    return kernels(law.claim, mutant)["path_cdf"]({**point, "level": LEVELS})


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.claim)
def test_a_stated_law_is_that_of_another_source(law: Law) -> None:
    np.testing.assert_allclose(stated(law), law.cdf(LEVELS), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.claim)
def test_a_wrong_law_is_another(law: Law) -> None:
    wrong = find(law.claim).mutants[0]
    assert np.max(np.abs(stated(law, wrong.name) - law.cdf(LEVELS))) > 0.005


@pytest.mark.parametrize("at", VALUES, ids=lambda at: at.claim)
def test_a_stated_value_is_that_of_another_source(at: Value) -> None:
    found = kernels(at.claim)[at.kernel](at.point)
    np.testing.assert_allclose(found, at.value, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("at", VALUES, ids=lambda at: at.claim)
def test_a_wrong_value_is_another(at: Value) -> None:
    wrong = find(at.claim).mutants[0]
    found = kernels(at.claim, wrong.name)[at.kernel](at.point)
    assert np.max(np.abs(found - np.asarray(at.value))) > 0.01
