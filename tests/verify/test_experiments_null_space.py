"""null-space-decay: judged on what it simulates, and on what is wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.verify.experimenting import quickly, statuses
from verify.experiments import null_space_decay, style
from verify.experiments.command import Report, conduct
from verify.verdict import Status

AGREES, DISAGREES, OPEN = Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE


@cache
def report(epochs: int = 100) -> Report:
    return conduct(quickly(null_space_decay.experiment(), epochs=epochs), range(2))


def planted(run: int, **other: Any) -> dict[str, Status]:
    """The findings where some numbers of one run are others."""
    found = report()
    numbers = [dict(each) for each in found.numbers]
    numbers[run] |= {name.replace("_", " "): value for name, value in other.items()}
    return statuses(null_space_decay.judge(numbers, found.experiment.settings))


def test_off_the_data_decay_acts_alone() -> None:
    found = report()
    assert set(statuses(found.findings).values()) == {AGREES}
    with style.applied():
        assert found.experiment.draw(found.numbers, found.experiment.settings, found.findings)


def test_rates_are_measured() -> None:
    reasons = {finding.name: finding.reason for finding in report().findings}
    assert "GD 0.010050 and SGD 0.010050, stated −log(1 − 2ηλ) = 0.010050" in reasons["per update"]
    wrong = {**report().experiment.settings, "decay": 0.025}
    found = {f.name: f.reason for f in null_space_decay.judge(report().numbers, wrong)}
    assert "GD 0.010050 (stated 0.005013), SGD 0.070352 (stated 0.035088)" in found["per epoch"]


@pytest.mark.parametrize(
    "changed",
    [
        {"decay": 0.025},  # the factor 2 missing
        {"decay": 0.05 * 8 / 50},  # b/n of it an update
        {"step": 0.01},  # the square of the step size
    ],
)
def test_another_rate_per_update_is_rejected(changed: dict[str, float]) -> None:
    wrong = {**report().experiment.settings, **changed}
    found = statuses(null_space_decay.judge(report().numbers, wrong))
    assert found["per update"] == found["per epoch"] == DISAGREES


@pytest.mark.parametrize("batch", [50, 9, 7])  # 1, 6 and 8 updates an epoch
def test_other_updates_an_epoch_are_rejected(batch: int) -> None:
    wrong = {**report().experiment.settings, "batch": batch}
    found = statuses(null_space_decay.judge(report().numbers, wrong))
    assert found["per epoch"] == DISAGREES
    assert found["per update"] == AGREES


def test_a_wrong_power_of_both_rates_is_rejected() -> None:
    # Both methods twice as fast: the ratio of the two is right.
    numbers = [
        {
            **run,
            **{
                f"{way} decay norm": np.array(run[f"{way} decay norm"]) ** 2
                for way in ("gd", "sgd")
            },
        }
        for run in report().numbers
    ]
    found = statuses(null_space_decay.judge(numbers, report().experiment.settings))
    assert found["per update"] == found["per epoch"] == DISAGREES


def test_a_part_that_moves_without_decay_is_rejected() -> None:
    moved = np.array(report().numbers[0]["sgd without moved"]) + 1e-6
    assert planted(0, sgd_without_moved=moved)["without decay"] == DISAGREES


@pytest.mark.parametrize("way", ["gd", "sgd"])
@pytest.mark.parametrize("run", [0, 1])
def test_one_wrong_update_of_one_run_is_seen(run: int, way: str) -> None:
    for name, change in (("norm", 1e-6), ("factor", 1e-6), ("turned", 1e-6)):
        values = np.array(report().numbers[run][f"{way} decay {name}"])
        values[7:] += change * (1 + values[7:])
        assert planted(run, **{f"{way}_decay_{name}": values})["per update"] == DISAGREES


def test_fluctuations_that_are_none_are_rejected_and_few_updates_leave_them_open() -> None:
    gd = np.array(report().numbers[0]["gd decay on the data"])
    sgd = np.array(report().numbers[0]["sgd decay on the data"])
    assert planted(0, sgd_decay_on_the_data=gd[: len(sgd)])["fluctuations"] == DISAGREES
    # A distance that stays where it is: away from the solution, and nothing moves.
    rest = np.maximum(gd[: len(sgd)], 1.0)
    assert planted(0, sgd_decay_on_the_data=rest)["fluctuations"] == DISAGREES
    assert planted(0, gd_decay_on_the_data=sgd)["fluctuations"] == DISAGREES
    assert statuses(report(20).findings)["fluctuations"] == OPEN
