"""figure-one, high-dimension and own-data: judged on what they simulate, and on what is wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.verify.experimenting import judged, quickly, statuses
from verify.data.rates import predicted_rate
from verify.errors import UsageError
from verify.experiments import figure_one, high_dimension, own_data, style
from verify.experiments.command import Report, conduct
from verify.experiments.label_noise import effective_rank, generator, teacher_problem, train
from verify.experiments.vanishing import determinant_line, unused_directions
from verify.verdict import Status


@cache
def figure_one_report() -> Report:
    return conduct(quickly(figure_one.experiment()), range(5))


@cache
def high_dimension_report() -> Report:
    return conduct(quickly(high_dimension.experiment()), range(2))


def test_figure_one_agrees() -> None:
    assert set(statuses(figure_one_report().findings).values()) == {Status.AGREES}


def test_a_rate_wrong_by_a_factor_of_two_is_rejected() -> None:
    report = figure_one_report()
    for factor in (0.5, 2.0):
        wrong = factor * report.experiment.settings["variance"]
        found = judged(report, report.numbers, variance=wrong)
        assert found["determinant"] == Status.DISAGREES
        assert found["rate of dying"] == Status.DISAGREES
        assert found["no noise"] == Status.AGREES


def test_no_noise_is_not_taken_for_noise() -> None:
    report = figure_one_report()
    silent = [
        {
            **run,
            "sigma": run["flow_sigma"],
            "log_det": run["flow_log_det"],
            "squares": np.zeros_like(run["squares"]),
            "seen": np.zeros_like(run["seen"]),
        }
        for run in report.numbers
    ]
    found = judged(report, silent)
    assert found["determinant"] != Status.AGREES
    assert found["vanishing"] == Status.DISAGREES
    assert found["rate of dying"] != Status.AGREES


def test_noise_is_not_taken_for_gradient_flow() -> None:
    report = figure_one_report()
    loud = [
        {**run, "flow_sigma": run["sigma"], "flow_log_det": run["log_det"]}
        for run in report.numbers
    ]
    assert judged(report, loud)["no noise"] == Status.DISAGREES


def test_one_bad_seed_decides_on_the_determinant() -> None:
    report = figure_one_report()
    first = report.numbers[0]
    more = {name: 1.1 * np.asarray(first[name]) for name in ("log_det", "seen")}
    bad = {**first, **more, "log_det": more["log_det"] - 0.1 * first["log_det"][0]}
    assert judged(report, [*report.numbers[1:], bad])["determinant"] == Status.DISAGREES
    # Two accounts of the same steps that differ are no evidence either.
    torn = {**first, "log_det": bad["log_det"]}
    assert judged(report, [*report.numbers[1:], torn])["determinant"] != Status.AGREES


def test_one_seed_settles_no_rate_over_seeds() -> None:
    report = figure_one_report()
    assert judged(report, report.numbers[:1])["rate of dying"] == Status.INCONCLUSIVE


def test_the_line_is_that_of_the_theorem() -> None:
    rng = generator(3, 0)
    data = teacher_problem(rng, 30, 4, 2, 1.0)
    point = {"X": data.X, "Y": data.Y, "W1": np.zeros((1, 4, 6)), "W2": np.zeros((1, 6, 2))}
    rate = predicted_rate("label_noise")({**point, "eta": 0.1, "delta": 2.0, "b": 1.0})
    numbers = {"gram": data.XX, "solution": np.zeros((4, 2)), "n": 30, "time": [0.0, 1.0]}
    line = determinant_line(numbers, {"step": 0.1, "variance": 2.0})
    assert line[1] == pytest.approx(float(rate[0]), rel=1e-12)


def test_unused_directions_are_orthogonal_to_the_fit() -> None:
    numbers = figure_one_report().numbers[0]
    N = unused_directions(numbers)
    assert N.shape == (5, 3)
    np.testing.assert_allclose(N.T @ numbers["solution"], 0, atol=1e-12)


def test_the_run_depends_on_its_seed_alone() -> None:
    alone = conduct(quickly(figure_one.experiment()), [3])
    np.testing.assert_array_equal(
        alone.numbers[0]["sigma"], figure_one_report().numbers[3]["sigma"]
    )


def test_high_dimension_agrees() -> None:
    assert set(statuses(high_dimension_report().findings).values()) == {Status.AGREES}


@pytest.mark.parametrize(
    ("case", "other", "finding"),
    [
        ("noise", "no noise", "low rank"),
        ("noise", "few data", "low rank"),
        ("no noise", "noise", "no noise"),
        ("few data", "noise", "fewer data than dimensions"),
        ("too much noise", "noise", "too much noise"),
        ("divergence", "noise", "too much noise"),
    ],
)
def test_a_rank_that_does_otherwise_is_rejected(case: str, other: str, finding: str) -> None:
    report = high_dimension_report()
    wrong = [{**run, case: run[other]} for run in report.numbers]
    assert judged(report, wrong)[finding] == Status.DISAGREES


def test_effective_rank() -> None:
    assert effective_rank(np.array([3.0, 3.0, 3.0])) == pytest.approx(3)
    assert effective_rank(np.array([1.0, 0.0])) == pytest.approx(1)


def test_divergence_cuts_the_run() -> None:
    data = teacher_problem(generator(0, 0), 20, 2, 1, 1.0)
    start = np.ones((2, 3)), np.ones((3, 1))
    setting = {"step": 5.0, "variance": 1.0, "steps": 1000, "marks": 10}
    found = train(data, start, **setting, rng=generator(0, 1))
    assert found.diverged
    assert len(found.steps) == len(found.log_det) == len(found.W1) < 11


def table(folder: Path) -> Path:
    rng = np.random.Generator(np.random.SFC64(2))
    X = rng.standard_normal((60, 4))
    y = X @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.1 * rng.standard_normal(60)
    path = folder / "mine.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,d,y", comments="")
    return path


def test_own_data_agrees_and_draws(tmp_path: Path) -> None:
    found = own_data.on_table(table(tmp_path), ["y"])
    report = conduct(quickly(found), range(2))
    assert set(statuses(report.findings).values()) == {Status.AGREES}
    wrong = 2 * report.experiment.settings["variance"]
    assert judged(report, report.numbers, variance=wrong)["determinant"] == Status.DISAGREES
    with style.applied():
        drawn = found.draw(report.numbers, report.experiment.settings, report.findings)
    assert set(drawn) == {"determinant", "singular-values"}


def test_own_data_needs_a_direction_to_lose(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fewer targets"):
        own_data.on_table(table(tmp_path), ["a", "b", "c"])
