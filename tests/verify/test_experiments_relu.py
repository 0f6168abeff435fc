"""The ReLU experiments: what their judges accept, and wrong laws that they reject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from numerics.network import Array
from numerics.training import log_det_change
from verify.experiments import style
from verify.experiments.command import conduct
from verify.experiments.label_noise import generator as random
from verify.experiments.relu import above, alignment, late, marks, singular_value_finding
from verify.experiments.relu_groups import (
    clustered,
    followed,
    gaps,
    generator,
    groups,
    mean_step,
    rates,
)
from verify.experiments.relu_high_dimension import experiment as high_dimension
from verify.experiments.relu_judge import gap_finding, group_numbers, rate_finding, step_finding
from verify.experiments.relu_planar import experiment as planar
from verify.verdict import Status

ETA, DELTA = 0.02, 0.25


@pytest.fixture(scope="module")
def found() -> list[Any]:
    """Two groups of five neurons in the plane."""
    X = random(0, 0).standard_normal((50, 2))
    return clustered(random(0, 1), X, 20, 5, np.sqrt(DELTA))


@pytest.fixture(scope="module")
def run(found: list[Any]) -> Mapping[str, Any]:
    return group_numbers(found, found, ETA, DELTA, 200, random(0, 2))


def test_clusters_share_a_pattern_and_are_found_again(found: list[Any]) -> None:
    assert len(found) == 2
    for group in found:
        assert group.shares_pattern()
        assert len(group.members) >= 5
        outsider = next(r for r in range(20) if r not in group.members)
        assert not replace(group, members=np.append(group.members, outsider)).shares_pattern()


def test_dead_neurons_make_no_group() -> None:
    X = np.abs(random(1, 0).standard_normal((6, 2)))
    W = -np.abs(random(1, 1).standard_normal((4, 2)))
    assert groups(W, np.ones(4), X, np.zeros(6), 1) == []


def test_the_laws_of_the_groups_agree(run: Mapping[str, Any]) -> None:
    for finding in (step_finding([run]), rate_finding([run]), gap_finding([run])):
        assert finding.status == Status.AGREES, finding


def half(G: Array, eta: float) -> Array:
    return np.asarray(0.5 * log_det_change(G, eta))


def raised(G: Array, eta: float) -> Array:
    """1 + η²s² for 1 − η²s²."""
    return np.asarray(2 * np.log1p(eta**2 * np.sum(G * G)))


@pytest.mark.parametrize("law", [half, raised])
def test_a_wrong_law_of_a_step_is_rejected(found: list[Any], run: Any, law: Any) -> None:
    walk = followed(found[0], ETA, np.sqrt(DELTA), 200, random(0, 2), law)
    wrong = step_finding([{**run, "excess": walk["excess"], "resolved": walk["resolved"]}])
    assert wrong.status == Status.DISAGREES


def test_a_group_that_does_not_share_its_pattern_breaks_the_law(found: list[Any]) -> None:
    group = found[0]
    mixed = replace(group, members=np.append(group.members[:2], found[1].members))
    walk = followed(mixed, ETA, np.sqrt(DELTA), 1, random(0, 2))
    many = [followed(mixed, ETA, np.sqrt(DELTA), 1, random(0, s))["excess"] for s in range(20)]
    assert walk["excess"] >= 0
    assert max(many) > 1e3


def test_too_few_steps_settle_nothing(run: Mapping[str, Any]) -> None:
    assert step_finding([{**run, "resolved": 3}]).status == Status.INCONCLUSIVE


@pytest.mark.parametrize(
    "stated",
    [
        {"mean_step": "full_batch"},
        {"mean_step": "unmasked"},
        {"mean_step": "labels"},
        {"mean_step": "sde"},
        {"generator": "algorithm"},
    ],
)
def test_wrong_mean_rates_are_rejected(run: Mapping[str, Any], stated: Mapping[str, str]) -> None:
    assert rate_finding([run], stated).status == Status.DISAGREES


def test_wrong_orders_of_the_gap_are_rejected(run: Mapping[str, Any]) -> None:
    steps = run["gap_steps"] / run["gap_steps"][:, :1]
    for wrong in (
        {"gap_fixed_product": run["gap_fixed_variance"]},
        {"gap_fixed_product": run["gap_fixed_product"] * steps},
        {"gap_fixed_variance": run["gap_fixed_variance"] * steps},
        {"gap_residual": 2 * run["gap_residual"]},
    ):
        assert gap_finding([{**run, **wrong}]).status == Status.DISAGREES, wrong


def test_mean_step_is_the_mean_of_single_steps(found: list[Any]) -> None:
    group, rng = found[0], random(0, 3)
    changes = [followed(group, ETA, np.sqrt(DELTA), 1, rng)["change"][0] for _ in range(3000)]
    error = float(np.std(changes)) / np.sqrt(len(changes))
    mean = mean_step(group, ETA, DELTA) * ETA
    assert abs(np.mean(changes) - mean) < 4.5 * error
    assert abs(mean + ETA * rates(group, ETA, DELTA)["unmasked"]) > 10 * error


def test_without_noise_and_error_the_sde_stands_still(found: list[Any]) -> None:
    group = found[0]
    learnt = replace(group, y=group.y - group.errors)
    assert generator(learnt, ETA, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert gaps(learnt, ETA, DELTA)["residual"] == pytest.approx(0.0, abs=1e-9)


def test_a_mean_over_seeds_above_a_bound() -> None:
    values = 0.995 + 0.001 * np.arange(6)
    assert above("", "", list(values), 0.98).status == Status.AGREES
    assert above("", "", list(values - 0.1), 0.98).status == Status.DISAGREES
    assert above("", "", [0.9, 1.0, 0.95, 1.0], 0.98).status == Status.INCONCLUSIVE
    assert above("", "", [0.999], 0.98).status == Status.INCONCLUSIVE


def test_singular_values_are_held_against_the_prediction() -> None:
    sigma = np.array([[2.0, 1.0, 0.1]] * 5)
    runs = [
        {
            "at": np.arange(5),
            "noise_sigma": sigma * (1 + 0.001 * s),
            "predicted_sigma": sigma[0, :2],
        }
        for s in range(4)
    ]
    assert singular_value_finding(runs).status == Status.AGREES
    wrong = [{**one, "predicted_sigma": [2.0, 1.2]} for one in runs]
    assert singular_value_finding(wrong).status == Status.DISAGREES


def test_alignment_counts_neurons_or_their_strength() -> None:
    W, a = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([1.5, -1.0])
    plain, strong = alignment(W, a, np.array([[1.0, 0.0]]))
    assert [plain, strong] == pytest.approx([0.5, 0.75])


def test_marks_hold_both_ends_and_late_means_their_last_tenth() -> None:
    at = marks(1000, 40)
    assert (at[0], at[-1]) == (0, 1000)
    assert (np.diff(at) > 0).all()
    assert late(at, at) > 900


@pytest.mark.parametrize("make", [planar, high_dimension])
def test_a_short_run_is_judged_as_unaligned_and_drawn(make: Any) -> None:
    standard = make()
    short = {**standard.settings, **standard.quick, "steps": 2000, "marks": 12, "longest": 60}
    report = conduct(replace(standard, settings=short), [0, 1])
    by_name = {finding.name: finding for finding in report.findings}
    first = report.findings[0]
    assert first.name.startswith("alignment")
    assert first.status != Status.AGREES
    assert by_name["SGD beside its SDE"].status == Status.AGREES
    with style.applied():
        drawn = standard.draw(report.numbers, short, report.findings)
    assert len(drawn) == 2
    assert "groups" in drawn
    again = conduct(replace(standard, settings=short), [1])
    assert (again.numbers[0]["noise_W"] == report.numbers[1]["noise_W"]).all()
