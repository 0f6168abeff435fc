"""The time loop: a literal twin, independence of workers and counts, memory, refusals."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from numerics import loop
from numerics.brownian import Block, increments
from numerics.errors import SimulationError
from numerics.schemes import named
from numerics.simulate import Run, Step, default_block, iterate, simulate
from numerics.system import Array, State, System
from tests.numerics.systems import geometric, log_det, network, network_start

EULER = named("euler_maruyama")
BETA = np.array([[0.4], [-0.3]])


def norms(point: Mapping[str, Any]) -> Array:
    return np.stack([(point["W1"] ** 2).sum(axis=(1, 2)), (point["W2"] ** 2).sum(axis=(1, 2))], 1)


def run(system: System | None = None, **options: Any) -> Run:
    settings: dict[str, Any] = {
        "start": network_start(),
        "horizon": 0.5,
        "steps": 8,
        "paths": 50,
        "seed": 3,
        "observe": {"norms": norms},
        "keep": True,
        "block": 16,
    }
    return simulate(system or network(beta=BETA), EULER, **(settings | options))


def same(a: Run, b: Run, paths: int | None = None) -> bool:
    return all(
        np.array_equal(a.values[name][:, :paths], b.values[name][:, :paths]) for name in a.values
    )


# What decides a result, and what does not.


def test_paths_do_not_depend_on_workers() -> None:
    one = run(at=(2, 8))
    for workers in (2, 5):
        many = run(at=(2, 8), workers=workers)
        assert same(one, many)
        for mine, yours in zip(one.moments["norms"], many.moments["norms"], strict=True):
            for name in ("mean", "M2", "M3", "M4", "minimum", "maximum"):
                assert np.array_equal(getattr(mine, name), getattr(yours, name))


def test_a_path_does_not_depend_on_how_many_there_are() -> None:
    assert same(run(paths=17), run(paths=50), 17)
    assert same(run(paths=1), run(paths=50), 1)


def test_counts_may_be_integers_of_numpy() -> None:
    assert same(run(), run(steps=np.int64(8), paths=np.int64(50)))


def test_a_path_depends_on_seed_and_block() -> None:
    first = run().values["norms"]
    assert not np.array_equal(first, run(seed=4).values["norms"])
    assert not np.array_equal(first, run(block=8).values["norms"])
    blocks = first[0, :48].reshape(3, 16, 2)
    assert np.abs(blocks[0] - blocks[1]).min() > 0.0


def test_the_layout_changes_rounding_alone() -> None:
    values = [run(network(beta=BETA, paths_last=last)).values["norms"] for last in (True, False)]
    assert np.allclose(values[0], values[1], rtol=1e-13, atol=0)


def test_refined_runs_see_one_brownian_path() -> None:
    sums = {"W": lambda before, after, dB: dB["dbeta"]}
    observe = {"W": lambda point: point["W"]}
    ends = [
        simulate(
            geometric(), EULER, {"x": 1.0}, 0.7, steps, 30, 1,
            observe=observe, accumulate=sums, keep=True, block=8,
        ).values["W"]
        for steps in (5, 10, 80)
    ]  # fmt: skip
    assert np.array_equal(ends[0], ends[1])
    assert np.array_equal(ends[0], ends[2])


def test_the_loop_is_a_literal_loop() -> None:
    system, h = network(beta=BETA), 0.5 / 8
    found = run(paths=20, at=(0, 3, 8)).values["norms"]
    for path in (0, 15, 16, 19):
        block = Block(seed=3, index=path // 16, size=16)
        stream = increments(system, horizon=0.5, steps=8)(block)
        W1, W2 = (network_start()[name] for name in ("W1", "W2"))
        literal = [[(W1**2).sum(), (W2**2).sum()]]
        for step in stream:
            dZ = h * (BETA - W1 @ W2) + step["dB"][path % 16]
            W1, W2 = W1 + dZ @ W2.T, W2 + W1.T @ dZ
            literal.append([(W1**2).sum(), (W2**2).sum()])
        expected = [literal[mark] for mark in (0, 3, 8)]
        assert np.allclose(found[:, path], expected, rtol=1e-13, atol=0)


# What is observed.


def test_moments_are_those_of_the_single_paths() -> None:
    found = run(at=(0, 1, 8), covariance=True)
    assert found.times.tolist() == [0.0, 0.0625, 0.5]
    assert (found.paths, found.steps, found.block, found.seed) == (50, 8, 16, 3)
    for moments, values in zip(found.moments["norms"], found.values["norms"], strict=True):
        assert moments.count == 50
        assert np.allclose(moments.mean, values.mean(axis=0), rtol=1e-13)
        assert np.allclose(moments.covariance, np.cov(values.T), rtol=1e-10, atol=1e-12)


def test_values_are_kept_only_on_request() -> None:
    assert run(keep=False).values == {}


def test_observers_see_the_time() -> None:
    found = run(at=(0, 4), observe={"t": lambda point: np.full(16, point["t"])})
    assert found.values["t"][:, 0].tolist() == [0.0, 0.25]


def test_steps_are_summed_where_the_state_bottoms_out() -> None:
    # Θ shrinks by 10⁻³ a step: after 200 steps det M is 10⁻³⁶⁰⁰, far below the smallest number.
    def shrink(state: State, index: int, draws: object) -> State:
        return {name: 1e-3 * x for name, x in state.items()}

    start = network_start()
    found = iterate(
        shrink,
        start,
        steps=200,
        paths=2,
        seed=0,
        block=2,
        accumulate={"law": lambda before, after, draws: np.full(2, 2 * 3 * np.log(1e-3))},
        observe={"law": lambda state: state["law"], "direct": log_det},
        keep=True,
    )
    assert np.allclose(found.values["law"], 200 * 6 * np.log(1e-3), rtol=1e-12)
    assert not np.isfinite(found.values["direct"]).any()


def test_accumulated_log_det_is_the_log_det() -> None:
    def change(before: State, after: State, dB: State) -> Array:
        return log_det(after) - log_det(before)

    found = run(
        accumulate={"change": change},
        observe={"sum": lambda point: point["change"], "log det": log_det},
    )
    initial = log_det({name: x[None] for name, x in network_start().items()})
    total = initial + found.values["sum"]
    assert np.allclose(total, found.values["log det"], rtol=0, atol=1e-12)


def test_the_law_of_the_increments_is_the_one_asked_for() -> None:
    sums = {"squares": lambda before, after, dB: dB["dB"][:, 0, 0] ** 2}
    observe = {"squares": lambda point: point["squares"]}
    signs, normals = (
        run(law=law, accumulate=sums, observe=observe).values["squares"]
        for law in ("two-point", "gaussian")
    )
    np.testing.assert_allclose(signs, 0.5, rtol=1e-12)
    assert np.std(normals) > 0.05


def test_an_increment_that_is_not_linear_is_refused_by_a_run() -> None:
    squared = replace(
        geometric(),
        increment=lambda point, t, dt, dB: {"x": point["x"] * dt + dB["dbeta"] ** 2},
    )
    with pytest.raises(SimulationError, match="not linear in"):
        run(squared, start={"x": 1.0})


def test_sums_that_are_none_are_refused() -> None:
    def one(before: State, after: State, dB: State) -> Array:
        return np.ones(len(before["W1"]))

    with pytest.raises(SimulationError, match="accumulate 'W1': a state has that name"):
        run(accumulate={"W1": one})
    for wrong in (lambda *states: 1.0, lambda *states: one(*states)[:, None]):
        with pytest.raises(SimulationError, match="accumulate 'sum': shape"):
            run(accumulate={"sum": wrong})


def test_starts_may_differ_from_path_to_path() -> None:
    starts = {name: np.stack([k * x for k in range(1, 22)]) for name, x in network_start().items()}
    several = run(paths=21, start=starts, at=(0,), block=8)
    one = norms({name: x[None] for name, x in network_start().items()})
    assert np.allclose(several.values["norms"][0], one * np.arange(1, 22)[:, None] ** 2, rtol=1e-14)

    def drawn(block: Block) -> State:
        rng = block.generator("start")
        return {
            name: rng.standard_normal((block.size, *x.shape)) for name, x in network_start().items()
        }

    assert same(run(start=drawn, paths=9), run(start=drawn, paths=50, workers=3), 9)


def test_the_state_of_one_run_is_not_that_of_another() -> None:
    start = network_start()
    kept = {name: x.copy() for name, x in start.items()}
    run(start=start)
    assert all(np.array_equal(start[name], kept[name]) for name in start)


# Any step: discrete algorithms and other backends.


def walk(state: State, index: int, rng: np.random.Generator) -> State:
    return {"x": state["x"] + rng.choice([-1.0, 1.0], len(state["x"]))}


def position(state: Mapping[str, Any]) -> Array:
    return np.asarray(state["x"])


def test_a_random_walk_has_its_moments() -> None:
    found = iterate(
        walk,
        {"x": np.array(0.0)},
        steps=100,
        paths=20000,
        seed=1,
        observe={"x": position},
        at=(50, 100),
        workers=2,
    )
    for steps, moments in zip((50, 100), found.moments["x"], strict=True):
        assert abs(moments.mean) < 5 * moments.standard_error
        assert abs(moments.variance - steps) < 5 * steps * np.sqrt(2 / 20000)
    assert found.times.tolist() == [50.0, 100.0]


def test_an_algorithm_draws_what_its_stream_yields() -> None:
    def batches(block: Block) -> Iterator[Array]:
        rng = block.generator("batches")
        while True:
            yield rng.permuted(np.tile(np.arange(5), (block.size, 1)), axis=1)[:, :2]

    def step(state: State, index: int, batch: Array) -> State:
        return {"seen": state["seen"] + batch.sum(axis=1)}

    def total(runs: int, workers: int) -> Array:
        return iterate(
            step,
            {"seen": np.array(0.0)},
            steps=7,
            paths=runs,
            seed=2,
            draws=batches,
            observe={"seen": lambda state: state["seen"]},
            keep=True,
            block=4,
            workers=workers,
        ).values["seen"][0]

    assert np.array_equal(total(10, 1), total(10, 3))
    literal = np.zeros(4)
    stream = batches(Block(seed=2, index=1, size=4))
    for _ in range(7):
        literal += next(stream).sum(axis=1)
    assert np.array_equal(total(8, 1)[4:], literal)


def test_another_backend_replaces_the_inner_loop() -> None:
    calls: list[tuple[int, int]] = []

    def fast(step: Step[Any], state: State, draws: Iterator[Any], first: int, last: int) -> State:
        calls.append((first, last))
        for index in range(first, last):
            state = step(state, index, next(draws))
        return state

    assert same(run(advance=fast, at=(2, 8), paths=16), run(at=(2, 8), paths=16))
    assert calls == [(0, 2), (2, 8)]


def test_progress_counts_blocks() -> None:
    seen: list[tuple[int, int]] = []
    run(progress=lambda done, blocks: seen.append((done, blocks)), workers=2)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_no_steps_leave_the_start() -> None:
    found = iterate(walk, {"x": np.array(2.0)}, steps=0, paths=3, seed=0, observe={"x": position})
    assert float(found.moments["x"][0].mean) == 2.0


# Memory.


def test_memory_does_not_grow_with_the_number_of_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the allocator's hint, whose untouched array would hide the blocks.
    monkeypatch.setattr(loop, "REUSED_SCALARS", 1)

    def peak(paths: int, workers: int) -> int:
        tracemalloc.start()
        run(paths=paths, keep=False, steps=4, block=64, workers=workers)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    for workers in (1, 2):
        few, many = peak(64 * 8, workers), peak(64 * 128, workers)
        assert many < few + 100_000


@pytest.mark.parametrize(
    ("states", "block"),
    [({"x": ()}, 2048), ({"W1": (5, 10), "W2": (10, 2)}, 2048), ({"W": (51, 100)}, 32)],
)
def test_a_block_follows_from_the_size_of_a_path(states: Any, block: int) -> None:
    assert default_block(replace(geometric(), states=states)) == block


# Refusals, each in one line.


def refused(message: str, **options: Any) -> None:
    with pytest.raises(SimulationError, match=message) as caught:
        run(**options)
    assert "\n" not in str(caught.value)


def test_wrong_counts_are_named() -> None:
    refused("paths 0: less than one", paths=0)
    refused("block 0: less than one", block=0)
    refused("workers 0: less than one", workers=0)
    refused("steps 0: no step", steps=0)
    refused("seed -1: outside", seed=-1)
    refused(r"at \(3, 2\): give ascending", at=(3, 2))
    refused(r"at \(9\): give ascending numbers of steps between 0 and 8", at=(9,))
    refused(r"at \(\): give ascending", at=())


def test_a_wrong_start_is_named() -> None:
    start = network_start()
    refused("start: has W1; give exactly W1, W2", start={"W1": start["W1"]})
    refused(r"start W2: shape \(1, 3\)", start=start | {"W2": start["W2"].T})
    refused(
        r"start W1: shape \(7, 2, 3\)", start={name: np.stack([x] * 7) for name, x in start.items()}
    )


def test_a_condition_of_the_scheme_is_checked_first() -> None:
    with pytest.raises(SimulationError, match="scheme milstein: the noise does not commute"):
        simulate(network(), named("milstein"), network_start(), 1.0, 8, 4, 0, observe={})


def test_a_wrong_observer_is_named() -> None:
    refused(r"observe 'f': shape \(\) for 16 paths", observe={"f": lambda point: 1.0})
    refused(r"observe 'f': shape \(3,\)", observe={"f": lambda point: point["W1"][0, 0]})


def blow_up(point: Mapping[str, Any]) -> Array:
    return np.where(np.arange(16) == 5, np.inf, 1.0)


def test_a_scheme_that_blows_up_is_no_result() -> None:
    refused(r"observe 'f': not finite at t = 0.5 on path 5", observe={"f": blow_up})
    allowed = run(observe={"f": blow_up}, finite=False, paths=16)
    assert np.isinf(allowed.moments["f"][0].maximum)
    assert np.isnan(allowed.moments["f"][0].variance)


def test_paths_that_nobody_asked_for_may_blow_up() -> None:
    assert run(observe={"f": blow_up}, paths=5).moments["f"][0].count == 5


def test_draws_that_end_too_early_are_named() -> None:
    with pytest.raises(SimulationError, match="draws: ended after 3 steps"):
        iterate(
            lambda state, index, nothing: state,
            {"x": np.array(0.0)},
            steps=5,
            paths=1,
            seed=0,
            draws=lambda block: iter([None] * 3),
        )


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_inside_a_step_comes_out(workers: int) -> None:
    def fails(state: State, index: int, rng: np.random.Generator) -> State:
        if index == 3:
            raise ZeroDivisionError("planted")
        return state

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="planted"):
        iterate(fails, {"x": np.array(0.0)}, steps=5, paths=500, seed=0, block=8, workers=workers)
    assert threading.active_count() == before
