"""noise-equilibrium: judged on what it simulates, and on laws that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import FunctionType

import numpy as np
import pytest

from numerics.network import Array
from tests.verify.experimenting import judged, quickly, statuses
from verify.experiments import noise_equilibrium, style
from verify.experiments.command import Report, conduct
from verify.experiments.factorization import Model, equilibrium, noise_imbalance, transpose
from verify.experiments.noise_equilibrium_judge import Force, judge, terms
from verify.verdict import Status

DISAGREES = Status.DISAGREES


@cache
def report() -> Report:
    return conduct(quickly(noise_equilibrium.experiment()), range(5))


def test_as_stated_and_drawn() -> None:
    found = report()
    open_ones = {f.name: f.reason for f in found.findings if f.status is not Status.AGREES}
    assert not open_ones
    with style.applied():
        drawn = found.experiment.draw(found.numbers, found.experiment.settings, found.findings)
    assert set(drawn) == {"noise-equilibrium"}


def combined(*shares: float) -> Force:
    """F made of its terms, and of those with multiples of I for Σ_x and Σ_r, with these shares."""
    return lambda model, U, W: np.tensordot(np.array(shares), terms(model, U, W), axes=1)


def exchanged_traces(model: Model, U: Array, W: Array) -> Array:
    inputs, noise = model.traces
    first, second, *_ = terms(model, U, W)
    return np.asarray(inputs / noise * first - noise / inputs * second)


def no_traces(model: Model, U: Array, W: Array) -> Array:
    inputs, noise = model.traces
    first, second, *_ = terms(model, U, W)
    return np.asarray(first / noise - second / inputs)


WRONG: Mapping[str, Force] = {
    "half": combined(0.5, -0.5, 0, 0),
    "double": combined(2, -2, 0, 0),
    "another sign": combined(-1, 1, 0, 0),
    "a sum": combined(1, 1, 0, 0),
    "W alone": combined(1, 0, 0, 0),
    "U alone": combined(0, -1, 0, 0),
    "even inputs": combined(0, -1, 1, 0),
    "even noise": combined(1, 0, 0, -1),
    "D": combined(0, 0, 1, -1),
    "no traces": no_traces,
    "exchanged traces": exchanged_traces,
}


def test_the_terms_are_those_of_the_imbalance() -> None:
    rng = np.random.Generator(np.random.SFC64(1))
    model = noise_equilibrium.model_of(0, report().experiment.settings)
    U, W = rng.standard_normal((5, 4)), rng.standard_normal((4, 6))
    np.testing.assert_allclose(combined(1, -1, 0, 0)(model, U, W), noise_imbalance(model, U, W))


@pytest.mark.parametrize("name", WRONG)
def test_another_force_is_rejected(name: str) -> None:
    found = judge(report().numbers, report().experiment.settings, WRONG[name])[0]
    assert found.status is DISAGREES, found.reason


def planted_double(model: Model, U: Array, W: Array) -> Array:
    inputs, noise = model.traces
    first = 2 * noise * (W @ model.inputs @ transpose(W))
    return np.asarray(first - 2 * inputs * (transpose(U) @ model.noise @ U))


def planted_sign(model: Model, U: Array, W: Array) -> Array:
    inputs, noise = model.traces
    first = -noise * (W @ model.inputs @ transpose(W))
    return np.asarray(first + inputs * (transpose(U) @ model.noise @ U))


def planted_traces(model: Model, U: Array, W: Array) -> Array:
    noise, inputs = model.traces
    first = noise * (W @ model.inputs @ transpose(W))
    return np.asarray(first - inputs * (transpose(U) @ model.noise @ U))


@pytest.mark.parametrize("wrong", [planted_double, planted_sign, planted_traces])
def test_a_stated_force_does_not_excuse_itself(
    wrong: FunctionType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong in `noise_imbalance` itself, and so wherever it is used: the bias owes it nothing."""
    monkeypatch.setattr(noise_imbalance, "__code__", wrong.__code__)
    found = judge(report().numbers, report().experiment.settings)[0]
    assert found.status is DISAGREES, found.reason


def test_a_wrong_temperature_is_rejected() -> None:
    for factor in (0.5, 2.0):
        step = factor * report().experiment.settings["step"]
        assert judged(report(), report().numbers, step=step)["law of the imbalance"] is DISAGREES


@pytest.mark.parametrize("wrong", ["inputs", "noise", "both"])
def test_another_end_is_rejected(wrong: str) -> None:
    def end(model: Model, start: tuple[Array, Array]) -> tuple[Array, Array]:
        names = ("inputs", "noise") if wrong == "both" else (wrong,)
        even = {name: np.eye(len(getattr(model, name))) for name in names}
        return equilibrium(replace(model, **even), start)

    found = judge(report().numbers, report().experiment.settings, end=end)[1]
    assert found.status is DISAGREES, found.reason


@pytest.mark.parametrize(
    ("way", "other", "finding"),
    [
        ("sgd", "gd", "one end under SGD"),
        ("gd", "sgd", "GD keeps the imbalance"),
        ("gd", "sgd", "GD remembers its start"),
        ("sgd", "gd", "GD remembers its start"),
        ("sgd", "gd", "law of the imbalance"),
    ],
)
def test_what_does_otherwise_is_rejected(way: str, other: str, finding: str) -> None:
    numbers = [
        {**run, **{f"{way}_{name}": run[f"{other}_{name}"] for name in "UW"}}
        for run in report().numbers
    ]
    assert judged(report(), numbers)[finding] is DISAGREES


def test_few_steps_settle_nothing() -> None:
    short = [
        {
            name: value[:20] if name[-2:] in ("_U", "_W", "me") else value
            for name, value in run.items()
        }
        for run in report().numbers
    ]
    found = statuses(judge(short, report().experiment.settings))
    assert DISAGREES not in found.values()
    assert found["GD remembers its start"] is found["one end under SGD"] is Status.INCONCLUSIVE


def test_runs_that_diverge_settle_nothing() -> None:
    first = dict(report().numbers[0])
    first["sgd_W"] = np.array(first["sgd_W"])
    first["sgd_W"][7] = np.nan
    found = judge([first, *report().numbers[1:]], report().experiment.settings)[0]
    assert found.status is Status.INCONCLUSIVE
