"""Runs of training: reproducible, streaming, and what they report is what happened."""

from __future__ import annotations

import tracemalloc
from operator import itemgetter

import numpy as np
import pytest

from numerics.datasets import load
from numerics.errors import TrainingError
from numerics.network import advanced, log_det, loss
from numerics.training import (
    Algorithm,
    TrainingRun,
    gradient_descent,
    label_noise,
    log_det_change,
    minibatch,
    problem,
    run,
)
from numerics.training.run import start_state, stepper

LINNERUD = problem(load("linnerud").X, load("linnerud").Y)
NOISY = label_noise(step=0.02, variance=2.0)
SUM = itemgetter("square")
BATCHES = minibatch(step=0.02, batch=3, sampling="reshuffling")


def train(algorithm: Algorithm, **changes: object) -> TrainingRun:
    settings = {"width": 8, "steps": 12, "runs": 5, "seed": 3, "block": 2, "keep": True}
    return run(algorithm, LINNERUD, **{"at": (0, 4, 12), **settings, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", [NOISY, BATCHES], ids=lambda a: a.sampling)
def test_a_run_depends_on_the_seed_and_its_number_alone(algorithm: Algorithm) -> None:
    few, many = train(algorithm), train(algorithm, runs=9, workers=3)
    np.testing.assert_array_equal(few.values("log_det"), many.values("log_det")[:, :5])
    assert len(set(many.values("log_det")[-1])) == 9
    assert (train(algorithm, seed=4).values("log_det") != few.values("log_det")).all()


def test_a_run_is_the_plain_loop_over_its_steps() -> None:
    """The same numbers from a loop that knows nothing of states, blocks and observers."""
    W1, W2 = np.random.default_rng(1).standard_normal((2, 3, 8)) * 0.4
    start = (W1, W2.T)
    result = train(gradient_descent(step=0.02, decay=0.1), start=start, runs=1, block=1)
    W1, W2, total = *start, 0.0
    for _ in range(12):
        R = LINNERUD.X.T @ (LINNERUD.Y - LINNERUD.X @ W1 @ W2) / 20
        total += float(log_det_change(R, 0.02, 0.1))
        W1, W2 = advanced(W1, W2, R, 0.02, 0.1)
    assert result.mean("law")[-1] == pytest.approx(total, rel=1e-12)
    assert result.mean("log_det")[-1] == pytest.approx(float(log_det(W1, W2)), rel=1e-12)
    final = loss(LINNERUD.X, LINNERUD.Y, W1, W2)
    assert result.mean("loss")[-1] == pytest.approx(float(final), rel=1e-12)
    np.testing.assert_allclose(result.times, [0, 0.08, 0.24])


def test_every_run_may_start_from_the_same_weights() -> None:
    W1, W2 = np.random.default_rng(1).standard_normal((2, 3, 8))
    result = train(NOISY, start=(W1, W2.T))
    np.testing.assert_array_equal(result.values("log_det")[0], float(log_det(W1, W2.T)))
    assert np.ptp(result.values("log_det")[-1]) > 0


def test_every_run_has_a_gaussian_start_of_its_own() -> None:
    """Of all blocks: three of them, of two runs each."""
    starts = train(NOISY, runs=6, observe={"W1": itemgetter("W1")}, start_scale=0.5).values("W1")[0]
    assert len(np.unique(starts)) == starts.size
    # Bernstein's bound for a mean of χ², rate 1e-9.
    n, bits = starts.size, np.log(2 / 1e-9)
    mean = np.mean((starts / 0.5) ** 2)
    assert abs(mean - 1) <= 2 * np.sqrt(bits / n) + 2 * bits / n


def test_a_step_that_left_the_law_stays_seen() -> None:
    """The law is broken once, by hand: later steps that keep it do not take that back."""
    step = stepper(gradient_descent(step=0.02), LINNERUD)
    W1, W2 = 0.4 * np.random.default_rng(1).standard_normal((2, 3, 8))
    state = step(start_state(W1, W2.T), 0, None)
    assert state["excess"] < 1
    broken = step({**state, "log_det": state["log_det"] + 1e-3}, 1, None)
    after = step(broken, 2, None)
    for seen in (broken, after):
        assert seen["gap"] == pytest.approx(1e-3, rel=1e-3)
        assert seen["excess"] > 1000


def test_a_start_of_another_width_is_refused() -> None:
    W1, W2 = np.random.default_rng(1).standard_normal((2, 3, 9))
    with pytest.raises(TrainingError, match=r"start: shapes \(3, 9\), \(9, 3\); give \(3, 8\)"):
        train(NOISY, start=(W1, W2.T))
    with pytest.raises(TrainingError, match="start: shapes"):
        train(NOISY, width=9, start=(W2, W1.T[:, :2]))


def test_a_layer_that_is_lost_alone_stops_training() -> None:
    """∞ − ∞ in W1'G, while G W2' is zero: the first layer stays finite."""
    data = problem(np.eye(2), 1e250 * np.array([[2.0], [-2.0]]))
    W1, W2 = np.full((2, 3), 1e90), np.zeros((3, 1))
    step = stepper(gradient_descent(step=0.1), data, check=False)
    with pytest.raises(TrainingError, match="diverged after 1 steps"):
        step(start_state(W1, W2, check=False), 0, None)


def test_moments_are_those_of_the_single_runs() -> None:
    result = train(NOISY)
    values = result.values("law")
    np.testing.assert_allclose(result.mean("law"), values.mean(axis=1), rtol=1e-12)
    errors = values.std(axis=1, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose(result.standard_error("law"), errors, rtol=1e-9)
    worst = result.moments("excess")[-1].maximum
    assert worst == result.values("excess")[-1].max()


def test_further_observables_and_sums() -> None:
    result = train(
        NOISY,
        observe={"size": lambda state: np.abs(state["W1"]).max(axis=(1, 2)), "sum": SUM},
        accumulate={"square": lambda before, after, draw: np.sum(after["G"] ** 2, axis=(1, 2))},
    )
    assert (result.values("size") > 0).all()
    assert (np.diff(result.values("sum"), axis=0) > 0).all()
    # To first order a step changes log det M by −2η²|G|².
    first_order = -2 * 0.02**2 * result.values("sum")[-1]
    np.testing.assert_allclose(result.values("law")[-1], first_order, rtol=0.1)


def test_without_the_check_the_weights_are_the_same() -> None:
    names = {"size": lambda state: state["W1"][:, 0, 0]}
    plain = train(NOISY, check=False, observe=names)
    np.testing.assert_array_equal(plain.values("size"), train(NOISY, observe=names).values("size"))
    with pytest.raises(KeyError):
        plain.values("log_det")


def test_without_the_law_the_weights_are_the_same() -> None:
    names = {"size": lambda state: state["W1"][:, 0, 0]}
    bare = train(NOISY, check=False, law=False, observe=names)
    np.testing.assert_array_equal(bare.values("size"), train(NOISY, observe=names).values("size"))
    with pytest.raises(KeyError):
        bare.values("law")


def test_memory_does_not_grow_with_the_runs() -> None:
    peaks = []
    for runs in (64, 640):
        tracemalloc.start()
        run(NOISY, LINNERUD, width=8, steps=4, runs=runs, seed=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "width 0: nothing to train"),
        ({"steps": 0}, "steps 0: nothing to train"),
        ({"runs": -1}, "runs -1: nothing to train"),
        ({"start_scale": 0.0}, "start_scale 0: not a positive number"),
        ({"start_scale": float("inf")}, "start_scale inf: not a positive number"),
    ],
)
def test_senseless_settings_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train(NOISY, **changes)
