"""The options of `verify.check`: named in its signature, those of a run, and obeyed."""

from __future__ import annotations

from dataclasses import fields
from inspect import Parameter, signature

import pytest

import verify
from verify.planning import TIERS, ErrorBudget
from verify.runner import Settings

SQUARE = verify.DifferentialClaim(
    sde=verify.NumericSDE(
        states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB
    ),
    observable=lambda x: x**2,
    drift=lambda x: 1 - 2 * x**2,
    martingale=lambda x, dB: 2 * x * dB,
)


def test_the_options_of_check_are_those_of_a_run_and_stand_in_its_signature() -> None:
    """All but the number of workers, which is one here; with the same defaults."""
    run = {field.name: field for field in fields(Settings) if field.name != "workers"}
    shown = dict(signature(verify.check).parameters)
    del shown["claim"]
    assert set(shown) == set(run)
    assert all(option.kind is Parameter.KEYWORD_ONLY for option in shown.values())
    assert shown.pop("budget").default is None
    assert {name: option.default for name, option in shown.items()} == {
        name: run[name].default for name in shown
    }


def test_the_options_of_check_reach_the_run() -> None:
    budget = ErrorBudget(false_agree=1e-3, false_reject=1e-3)
    first, again, other = (
        verify.check(SQUARE, effort="quick", tiers=("one-step",), seed=seed, budget=budget)
        for seed in (0, 0, 1)
    )
    (found,) = first.evidence
    assert found.tier == "one-step"
    assert found.false_reject == pytest.approx(1e-3 / len(TIERS))
    assert found == again.evidence[0] != other.evidence[0]


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(TypeError, match="efort"):
        verify.check(SQUARE, efort="quick")  # type: ignore[call-arg]
