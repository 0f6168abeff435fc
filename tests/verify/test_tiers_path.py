from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import verify
from derivations.claim import PathCheck
from tests.verify import problems
from verify.loading import compiled
from verify.paths.course import over_time, quantiles, watched
from verify.paths.medians import left_by_steps, noise_of_median
from verify.paths.pathwise import path_errors
from verify.planning import ErrorBudget, Plan, effort
from verify.problem import Problem
from verify.tiers.path import _scale, check
from verify.verdict import Status

PLAN = Plan(seed=1)


@pytest.mark.parametrize(
    "problem",
    [
        problems.geometric_path(),
        problems.label_noise_path(),
        problems.clock(),
        problems.clock(constant=True),
    ],
    ids=lambda p: p.id,
)
def test_a_right_claim_agrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.AGREES, found.reason


@pytest.mark.parametrize(
    "problem",
    [
        problems.geometric_path(rate=2.0),
        problems.geometric_path(rate=0.0),
        problems.geometric_path(rate=-1.0),
        problems.geometric_path(rate=1.05),
        # The noises no longer cancel: right in the median, but not on every path.
        problems.geometric_path(noise=0.5, rate=0.625),
        problems.label_noise_path(factor=2.0),
        problems.label_noise_path(factor=0.5),
        problems.label_noise_path(factor=-1.0),
        problems.clock(drift=0.5),
        problems.clock(drift=0.5, constant=True),
    ],
    ids=lambda p: p.id,
)
def test_a_wrong_claim_disagrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_a_claim_without_a_law_does_not_apply() -> None:
    found = check(problems.geometric(), PLAN)
    assert found.status == Status.NOT_APPLICABLE


def test_orders_are_measured() -> None:
    numbers = check(problems.label_noise_path(), PLAN).numbers
    assert numbers["strong order"] == pytest.approx(0.5, abs=0.15)


def errors(bias: float, spread: float, shift: float, paths: int = 2000) -> list[np.ndarray]:
    """Errors of an Euler scheme at h, h/2, h/4 = 0.01, ...: what is decided on, by itself."""
    xi = np.random.default_rng(3).standard_normal(paths)
    steps = [0.01, 0.005, 0.0025]
    return [shift + bias * h + spread * np.sqrt(h) * xi for h in steps]


def test_the_bias_of_the_scheme_is_no_reason_to_reject() -> None:
    # PITFALLS: at h = 10⁻² the drift of log det M comes out as −8.218 ± 0.013 for −8.
    found = path_errors(errors(bias=2.7, spread=0.3, shift=0.0), ErrorBudget(), noisy=True)
    naive = np.median(errors(bias=2.7, spread=0.3, shift=0.0)[0])
    assert naive > 0.02
    assert found.status(0.02) == Status.AGREES


@pytest.mark.parametrize("shift", [-0.5, 0.1, 1.0])
def test_what_does_not_shrink_is_rejected(shift: float) -> None:
    found = path_errors(errors(bias=2.7, spread=0.3, shift=shift), ErrorBudget(), noisy=True)
    assert found.status(0.02) == Status.DISAGREES


def test_a_spread_that_does_not_shrink_is_rejected() -> None:
    xi = np.random.default_rng(4).standard_normal(2000)
    found = path_errors([xi, xi, xi], ErrorBudget(), noisy=True)
    assert found.status(0.02) == Status.DISAGREES


@pytest.mark.parametrize("c", [0.7, 1.0, 1.5])
def test_a_law_that_fails_on_few_paths_does_not_agree(c: float) -> None:
    # max(x, c) is constant on the paths that stay below c: 76 %, 84 %, 93 % of them at c = 0.7, ...
    ends = np.random.default_rng(5).standard_normal(64_000)
    off = np.maximum(ends, c) - c
    few, many = (
        path_errors([off[:n]] * 3, ErrorBudget(), noisy=True, exceptions=0.01)
        for n in (4000, 64_000)
    )
    assert few.status(0.02) != Status.AGREES
    assert many.status(0.02) == Status.DISAGREES
    assert path_errors([off] * 3, ErrorBudget(), noisy=True).status(0.02) == Status.AGREES


@pytest.mark.parametrize("c", [0.7, 1.0])
def test_a_maximum_is_not_constant_on_every_path(c: float) -> None:
    # log x is a Brownian motion with drift: its maximum with a level above stays on most paths.
    right = problems.geometric_path()
    kernels = {
        **right.kernels,
        "path_observable": problems.kernel(
            "path_observable",
            "x",
            lambda x: np.maximum(np.log(x) + 0.125, c * 0.5),
            lambda ctx, x: ctx.log(x),
        ),
        "path_law": problems.kernel(
            "path_law", "initial", lambda initial: initial, lambda ctx, initial: initial
        ),
    }
    found = check(replace(right, kernels=kernels), PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_the_share_of_paths_is_bounded_and_said() -> None:
    steady = errors(bias=2.7, spread=0.3, shift=0.0, paths=4000)
    found = path_errors(steady, ErrorBudget(), noisy=True, exceptions=0.01)
    assert found.status(0.02) == Status.AGREES
    assert 0 < found.beyond(0.02) < 0.01
    assert "95 % wanted" in check(problems.geometric_path(), PLAN).reason


def test_too_few_paths_settle_nothing() -> None:
    few = errors(bias=2.7, spread=0.3, shift=0.0, paths=30)
    assert path_errors(few, ErrorBudget(), noisy=True).status(0.02) == Status.INCONCLUSIVE


def test_without_noise_the_extrapolation_decides() -> None:
    steps = np.array([0.01, 0.005, 0.0025])
    shrinking = [np.array([3 * h + 20 * h**2]) for h in steps]
    staying = [np.array([0.1 + 3 * h + 20 * h**2]) for h in steps]
    assert path_errors(shrinking, ErrorBudget(), noisy=False).status(0.02) == Status.AGREES
    assert path_errors(staying, ErrorBudget(), noisy=False).status(0.02) == Status.DISAGREES


def test_quick_is_enough_for_a_factor_of_two() -> None:
    quick = Plan(seed=2, effort=effort("quick"))
    assert check(problems.label_noise_path(factor=2.0), quick).status == Status.DISAGREES
    assert check(problems.label_noise_path(), quick).status != Status.DISAGREES


def test_both_error_rates_are_kept_at_a_loose_level() -> None:
    """The judge itself, measured: rejections of a true law, and acceptances of a wrong one."""
    rng = np.random.default_rng(11)
    budget, relevant, trials = ErrorBudget(false_agree=0.1, false_reject=0.1), 0.02, 1000
    rejected = accepted = 0
    for _ in range(trials):
        xi = rng.standard_normal((3, 150))
        sizes = np.sqrt([0.01, 0.005, 0.0025])[:, None]
        noise = 0.3 * sizes * xi
        true = [2.7 * h**2 + e for h, e in zip((0.01, 0.005, 0.0025), noise, strict=True)]
        rejected += path_errors(true, budget, noisy=True).status(relevant) == Status.DISAGREES
        wrong = [e + relevant for e in true]
        accepted += path_errors(wrong, budget, noisy=True).status(relevant) == Status.AGREES
    allowed = 0.1 * trials + 6 * np.sqrt(0.1 * trials)
    assert rejected <= allowed
    assert accepted <= allowed


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_the_course_on_the_way_to_the_horizon_is_kept(factor: float) -> None:
    """For the picture: quantiles of the paths beside the law, from the start to the horizon."""
    numbers = check(problems.label_noise_path(factor=factor), PLAN).numbers
    course = numbers["over time"]
    assert len(course["t"]) == 9
    assert course["t"][0] == 0.0
    assert course["t"][-1] == pytest.approx(numbers["horizon"])
    start = [course[name][0] for name in ("claimed", "low", "median", "high")]
    assert start == pytest.approx([start[0]] * 4)
    assert all(np.diff([course[n] for n in ("low", "median", "high")], axis=0).ravel() >= 0)
    off = np.subtract(course["claimed"], course["median"])
    change = course["claimed"][-1] - start[0]
    # A claimed rate that is twice the true one leaves the paths more and more.
    true = np.asarray(course["t"]) / numbers["horizon"] * change * (1 - 1 / factor)
    assert off == pytest.approx(true, abs=0.05 * abs(change))


def test_what_is_no_number_on_the_way_is_left_out() -> None:
    def law(time: float) -> np.ndarray:
        return np.asarray(np.log(time - 0.3))

    observe = watched(lambda state: np.log(state["x"]), horizon=1.0)
    with np.errstate(all="ignore"):
        rows = [observe({"x": np.array([x, 2.0]), "t": t}) for x, t in ((-1.0, 0.5), (2.0, 1.0))]
        assert np.isnan(observe({"x": np.array([-1.0]), "t": 1.0})).all()
    found = quantiles(np.array(rows))
    assert found is not None
    assert np.isnan(found[0]).all()
    assert found[1] == pytest.approx([np.log(2)] * 3)
    given = np.array([[0.1] * 3, [0.2] * 3, [0.3] * 3])
    kept = over_time(law, np.array(0.0), [0.2, 0.5, 1.0], given, 0.1)["over time"]
    assert kept["t"] == [0.5, 1.0]
    assert not over_time(law, np.array(0.0), [0.5, 1.0], None, 0.1)
    assert quantiles(np.zeros((2, 3, 4))) is None


@pytest.mark.parametrize(("change", "scale"), [(1e-15, 4.0), (0.0, 4.0), (1e-3, 1e-3)])
def test_a_rounding_error_is_no_scale(change: float, scale: float) -> None:
    initial = np.array([4.0, -1.0])
    assert _scale(initial, initial * (1 + change / 4)) == pytest.approx(scale, rel=1e-9)


def test_a_conserved_law_written_with_rounding_is_judged_like_the_plain_one() -> None:
    """x² + y² on the circle, and the same plus 0.3 − 0.3: relative to one, not to 5·10⁻¹⁷."""
    sde = verify.NumericSDE(
        states={"x": (), "y": ()},
        noises={"B": ()},
        drift={"x": lambda x: -x / 2, "y": lambda y: -y / 2},
        noise={"x": lambda y, dB: -y * dB, "y": lambda x, dB: x * dB},
    )

    def square(x: Any, y: Any) -> Any:
        return x**2 + y**2

    def judged(law: Any) -> Status:
        path = PathCheck(
            sde=sde,
            sizes={},
            observable=square,
            law=law,
            horizon=1,
            values={"x": 0.3, "y": 0.5},
        )
        claim = verify.DifferentialClaim(
            id="circle",
            sde=sde,
            observable=square,
            drift=lambda x: 0 * x,
            martingale=lambda x, dB: 0 * x * dB,
            path=path,
        )
        return check(compiled(claim), PLAN).status

    assert judged(lambda initial: initial + 0.3 - 0.3) == judged(lambda initial: initial)
    assert judged(lambda initial: initial + 0.3 - 0.3) == Status.AGREES
    assert judged(lambda initial: initial + 0.3) == Status.DISAGREES


def test_the_bias_of_a_median_is_what_an_error_of_root_h_leaves() -> None:
    """A systematic error of order √h: from its last move follows all of it."""
    errors = [np.full((4000, 1), 0.2 * h**0.5) for h in (1.0, 0.5, 0.25)]
    (centre,) = path_errors(errors, ErrorBudget(), noisy=True).centre
    assert centre.bias >= abs(centre.value)


def test_the_bias_of_a_median_carries_its_noise() -> None:
    rng = np.random.Generator(np.random.SFC64(5))
    before, after = rng.standard_normal((2, 400))
    noise = noise_of_median(after - before)
    assert noise == pytest.approx(np.sqrt(np.pi / 2) * np.sqrt(2.0 / 400), rel=0.15)
    after = after - np.median(after) + np.median(before)
    assert left_by_steps(before, after, 1.0) == pytest.approx(noise, rel=0.05)
