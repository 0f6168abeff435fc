"""sparse-features: judged on what it simulates, and on what is wrong."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from numerics.features import effective_rank
from tests.verify.experimenting import Numbers, judged, quickly, statuses
from verify.experiments import sparse_features, style
from verify.experiments.command import Report, conduct
from verify.experiments.experiment import Settings
from verify.experiments.relu import predicted_squares
from verify.experiments.sparse_features import MEASURES, predicted
from verify.verdict import Status

AGREES, DISAGREES, OPEN = Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE
REASON = "noise is the reason"


@cache
def report() -> Report:
    return conduct(quickly(sparse_features.experiment(), marks=30), range(10))


def test_nothing_true_is_rejected() -> None:
    found = statuses(report().findings)
    assert DISAGREES not in found.values()
    assert list(found.values()).count(AGREES) >= 3
    with style.applied():
        drawn = report().experiment.draw(
            report().numbers, report().experiment.settings, report().findings
        )
        for figure in drawn.values():
            figure.savefig(io.BytesIO(), dpi=30)


def test_runs_without_noise_are_not_taken_for_those_with_it() -> None:
    exchanged = [
        {**run, **{f"noise {measure}": run[f"plain {measure}"] for measure in MEASURES}}
        for run in report().numbers
    ]
    found = judged(report(), exchanged)
    for measure in ("sparsity", "rank"):
        assert found[MEASURES[measure]] == DISAGREES
    assert found[MEASURES["independent"]] != AGREES
    assert found[REASON] == OPEN
    exchanged = [
        {
            **run,
            **{f"noise {measure}": run[f"plain {measure}"] for measure in MEASURES},
            **{f"plain {measure}": run[f"noise {measure}"] for measure in MEASURES},
        }
        for run in report().numbers
    ]
    assert judged(report(), exchanged)[REASON] == DISAGREES


@pytest.mark.parametrize("measure", MEASURES)
def test_one_measure_that_noise_does_not_change_is_seen(measure: str) -> None:
    same = [{**run, f"noise {measure}": run[f"plain {measure}"]} for run in report().numbers]
    assert judged(report(), same)[REASON] == OPEN


def one_neuron_more(run: Numbers) -> Numbers:
    """A teacher with one neuron more."""
    T, c = np.asarray(run["T"]), np.asarray(run["c"])
    return {**run, "T": np.vstack([T, [[0.6, 0.8]]]), "c": np.append(c, 1.0)}


def one_neuron_less(run: Numbers) -> Numbers:
    return {**run, "T": np.asarray(run["T"])[:-1], "c": np.asarray(run["c"])[:-1]}


@pytest.mark.parametrize("change", [one_neuron_more, one_neuron_less])
def test_another_teacher_is_rejected(change: Callable[[Numbers], Numbers]) -> None:
    found = judged(report(), [change(run) for run in report().numbers])
    for measure in ("independent", "sparsity"):
        assert found[MEASURES[measure]] == DISAGREES
    # How much the effective rank grows depends on how near the added one is to the others.
    assert found[MEASURES["rank"]] == (DISAGREES if change is one_neuron_less else OPEN)


@pytest.mark.parametrize("neurons", [10, 40])
def test_a_part_of_another_whole_is_rejected(neurons: int) -> None:
    found = judged(report(), report().numbers, neurons=neurons)
    assert found[MEASURES["independent"]] == found[MEASURES["sparsity"]] == DISAGREES


def test_the_rank_of_the_matrix_is_not_its_effective_rank() -> None:
    ranks = [{**run, "noise rank": np.full(len(run["at"]), 4.6)} for run in report().numbers]
    assert judged(report(), ranks)[MEASURES["rank"]] == DISAGREES


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_other_weights_in_the_effective_rank_are_rejected(power: float) -> None:
    """Activations scaled by another power of ρ|c| than one half."""

    def law(run: Numbers, settings: Settings) -> dict[str, float]:
        X, T, c = (np.asarray(run[name]) for name in ("X", "T", "c"))
        scaled = np.maximum(X @ T.T, 0.0) * predicted_squares(X, T, c) ** power
        rank = float(effective_rank(np.linalg.svd(scaled, compute_uv=False)))
        return {**predicted(run, settings), "rank": rank}

    found = sparse_features.judge(report().numbers, report().experiment.settings, law)
    assert statuses(found)[MEASURES["rank"]] == DISAGREES


def test_what_is_predicted_is_what_aligned_neurons_have() -> None:
    """A network that is made of the teacher's directions, each split over some neurons."""
    run: Any = report().numbers[0]
    X, T, c = (np.asarray(run[name]) for name in ("X", "T", "c"))
    squares = predicted_squares(X, T, c)
    shares = np.random.default_rng(4).dirichlet(np.ones(5), len(T))
    lengths = np.sqrt(shares * squares[:, None]).ravel()
    W = np.repeat(T, 5, axis=0) * lengths[:, None]
    found = sparse_features.measured(np.maximum(X @ W.T, 0.0))
    for measure, value in predicted(run, report().experiment.settings).items():
        assert found[measure] == pytest.approx(value, rel=1e-9)
    assert found["similar"] == pytest.approx(4 * 10 / 190)


def test_seeds_that_are_too_few_leave_it_open() -> None:
    found = judged(report(), report().numbers[:5])
    for measure in ("independent", "sparsity", "rank"):
        assert found[MEASURES[measure]] == OPEN
