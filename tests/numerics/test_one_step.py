"""One step by simulation: digits, coverage, independence of the pilot, wrong claims told apart."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
import pytest

from numerics.errors import NumericsError
from numerics.generator import estimate_generator
from numerics.intervals import empirical_bernstein
from numerics.one_step import (
    OneStepEstimate,
    _Controls,
    one_step_covariation,
    one_step_drift,
)
from numerics.system import NoiseSpec, System
from numerics.transition import Sampled, Transition, drift_statistic
from tests.numerics.handmade import (
    balancedness,
    bessel,
    geometric_brownian_motion,
    label_noise,
    log_det,
    log_x,
    logdet_gram,
    matrix_brownian_motion,
    network_point,
    of_scalar,
    stated_balancedness,
    stated_logdet,
    trace,
    trace_of_inverse,
)

LEVEL = 1e-7
"""What one claim of a run is allowed, of a family of a thousand at 10⁻⁴."""


def inside(found: OneStepEstimate, value: Any) -> bool:
    """Whether a value is in the interval, in every entry."""
    return bool(np.all(np.abs(found.mean - value) <= found.half_width + found.bias))


@pytest.mark.parametrize(("p", "k", "l"), [(1, 1, 2), (3, 2, 6), (5, 2, 10)])
def test_the_determinant_law_to_six_digits_and_wrong_rates_rejected(p: int, k: int, l: int) -> None:
    point = network_point(np.random.default_rng(p), p, k, l)
    found = one_step_drift(label_noise(p, k).at(point), log_det, point, seed=1, level=LEVEL)
    assert found.relative < 1e-6
    assert inside(found, stated_logdet()(point))
    for factor in (-1, -4, 2, 0):
        assert not inside(found, stated_logdet(factor)(point))
    assert not inside(found, (1 + 1e-5) * stated_logdet()(point))


def test_a_claim_at_the_net_reaches_a_millionth_in_about_half_a_second() -> None:
    p, k, l = 5, 2, 10
    point = network_point(np.random.default_rng(8), p, k, l)
    system = label_noise(p, k).at(point)
    stated: Any
    for observable, stated in ((log_det, stated_logdet()), (balancedness, stated_balancedness)):
        times = []
        for seed in (3, 4):
            start = process_time()
            found = one_step_drift(system, observable, point, seed=seed, level=LEVEL)
            times.append(process_time() - start)
            assert found.samples == 20_000
            assert found.relative < 1e-6
            assert inside(found, stated(point))
        # Processor time of both cores, the better of two runs: 0.3 to 0.6 s on an idle machine.
        assert min(times) < 1.5


def test_matrix_valued_observables_are_judged_in_every_entry() -> None:
    p, k, l = 3, 2, 5
    point = network_point(np.random.default_rng(4), p, k, l)
    system = label_noise(p, k).at(point)
    found = one_step_drift(system, balancedness, point, seed=2, level=LEVEL, samples=4000)
    stated = stated_balancedness(point)
    assert found.mean.shape == found.half_width.shape == found.bias.shape == (l, l)
    assert inside(found, stated)
    one_entry = stated.copy()
    one_entry[0, 1] *= 1 + 1e-6
    assert not inside(found, one_entry)
    assert not inside(found, -stated)


def test_a_lost_transpose_and_a_missing_ito_term_are_seen() -> None:
    p = k = 3
    point = network_point(np.random.default_rng(5), p, k, 6)
    lost = one_step_drift(
        label_noise(p, k, transpose_lost=True).at(point), log_det, point, seed=2, level=LEVEL
    )
    assert not inside(lost, stated_logdet()(point))
    right = one_step_drift(label_noise(p, k).at(point), log_det, point, seed=2, level=LEVEL)
    # Gradient flow keeps det M: the drift without its Itô term, and the Stratonovich reading, is 0.
    assert not inside(right, 0.0)


def test_the_covariation_of_a_trace_and_of_the_determinant() -> None:
    p, k, l = 3, 2, 6
    point = network_point(np.random.default_rng(6), p, k, l)
    system = label_noise(p, k).at(point)
    P = point["W1"] @ point["W2"]
    stated = 16 * np.trace(P.T @ point["C"] @ P)
    found = one_step_covariation(system, trace, trace, point, seed=4, level=LEVEL)
    assert found.relative < 1e-6
    assert inside(found, stated)
    assert not inside(found, stated / 4)
    none = one_step_covariation(system, trace, log_det, point, seed=4, level=LEVEL)
    assert none.relative < 1e-6
    assert inside(none, 0.0)


@pytest.mark.parametrize(("n", "m"), [(1, 3), (2, 4), (3, 5)])
def test_the_log_determinant_of_a_wishart_matrix(n: int, m: int) -> None:
    point = {"X": np.random.default_rng(n).standard_normal((n, m))}
    system = matrix_brownian_motion(n, m).at(point)
    found = one_step_drift(system, logdet_gram, point, seed=5, level=LEVEL)
    stated = (m - n - 1) * trace_of_inverse(point)
    assert found.relative < 1e-5
    assert inside(found, stated)
    assert not inside(found, stated + 2 * trace_of_inverse(point))


def test_textbook_diffusions() -> None:
    point: Any = {"x": np.array(1.7), "mu": np.array(0.3), "sigma": np.array(0.8)}
    found = one_step_drift(geometric_brownian_motion().at(point), log_x, point, seed=1, level=LEVEL)
    assert inside(found, 0.3 - 0.32)
    for wrong in (0.3, 0.3 + 0.32, 0.3 - 0.64, 0.3 - 0.4):
        assert not inside(found, wrong)
    point = {"x": np.array(1.7), "n": np.array(4.0)}
    found = one_step_drift(bessel().at(point), log_x, point, seed=1, level=LEVEL)
    assert inside(found, (4 - 2) / (2 * 1.7**2))
    assert not inside(found, (4 - 1) / (2 * 1.7**2))


def test_time_enters_through_the_step() -> None:
    point = {"x": np.array(1.2), "mu": np.array(0.0), "sigma": np.array(2.0), "t": np.array(0.7)}
    f = of_scalar("t x²", lambda ctx, x, t: t * x * x, ("x", "t"))
    found = one_step_drift(geometric_brownian_motion().at(point), f, point, seed=1, level=LEVEL)
    assert inside(found, 1.2**2 * (1 + 0.7 * 4))
    assert not inside(found, 1.2**2 * 0.7 * 4)


def test_systems_without_noise_need_no_samples() -> None:
    point = network_point(np.random.default_rng(7), 2, 1, 4)
    system = System(
        states={"W1": (2, 4), "W2": (4, 1)},
        noises=(),
        increment=lambda x, t, dt, dB: {
            "W1": dt * point["R"] @ x["W2"].swapaxes(-1, -2),
            "W2": dt * x["W1"].swapaxes(-1, -2) @ point["R"],
        },
    )
    found = one_step_drift(system, log_det, point, seed=1, level=LEVEL)
    assert found.controls == 0
    assert np.all(found.half_width == 0)
    assert inside(found, 0.0)
    moving = one_step_drift(system, trace, point, seed=1, level=LEVEL)
    stated = 4 * np.trace(point["R"].T @ point["W1"] @ point["W2"])
    assert inside(moving, stated)
    assert not inside(moving, stated / 2)


def test_noise_of_more_components_than_the_state_has_entries_is_seen_through_the_state() -> None:
    n, d = 40, 3
    G = np.random.default_rng(1).standard_normal((d, n))
    system = System(
        states={"x": (d, 1)},
        noises=(NoiseSpec(name="beta", shape=(n,)),),
        increment=lambda x, t, dt, dB: {"x": 0 * x["x"] + (dB["dbeta"] @ G.T)[..., None]},
    )
    point = {"x": np.ones((d, 1))}
    found = one_step_drift(
        system, lambda p: np.sum(p["x"] ** 2, axis=(-2, -1)), point, seed=1, level=LEVEL
    )
    assert found.controls == d * (d + 1) // 2
    assert inside(found, np.sum(G * G))
    assert found.relative < 1e-9


def test_a_weak_noise_is_seen_beside_a_strong_one() -> None:
    """Coordinates are left out where the noise is rounding, not where it is small."""

    def rank(size: float) -> int:
        system = System(
            states={"x": (), "y": ()},
            noises=(NoiseSpec(name="B", shape=()), NoiseSpec(name="Z", shape=())),
            increment=lambda point, t, dt, dB: {"x": dB["dB"], "y": size * dB["dZ"]},
        )
        return Transition.at(system, {"x": np.array(1.0), "y": np.array(2.0)}).seen.shape[1]

    assert [rank(size) for size in (1.0, 1e-6, 1e-15, 0.0)] == [2, 2, 1, 1]


def test_many_components_are_drawn_in_frames_which_need_one_control() -> None:
    m = 70
    strengths = np.linspace(1.0, 0.01, m)
    system = System(
        states={"x": (m, 1)},
        noises=(NoiseSpec(name="B", shape=(m, 1)),),
        increment=lambda x, t, dt, dB: {"x": 0 * x["x"] + strengths[:, None] * dB["dB"]},
    )
    point = {"x": np.ones((m, 1))}
    found = one_step_drift(
        system,
        lambda p: np.sum(p["x"], axis=(-2, -1)) ** 2,
        point,
        seed=1,
        level=LEVEL,
        samples=500,
        pilot=200,
    )
    assert found.controls == 1
    assert found.samples == 32 * m
    assert found.relative < 1e-9
    assert inside(found, np.sum(strengths**2))


# ---------------------------------------------------------------------- honesty


def test_the_averaged_variable_is_that_of_literal_loops() -> None:
    """Z at single draws: steps, antithetic pair, extrapolation and Hermite sum, one at a time."""
    p, k, l, h = 2, 1, 3, 1e-3
    point = network_point(np.random.default_rng(2), p, k, l)
    step = Transition.at(label_noise(p, k).at(point), point)
    statistic = drift_statistic(step, trace)
    xi = np.random.default_rng(3).standard_normal((5, p * k))
    rng = np.random.default_rng(4)
    pairs = [(0, 0), (1, 1), (0, 1)]
    controls = _Controls(
        V=step.seen,
        a=np.array([a for a, _ in pairs]),
        b=np.array([b for _, b in pairs]),
        c=rng.standard_normal((3, 1)),
    )
    fast = Sampled(statistic, xi).extrapolated(h)[:, None] - controls(xi)
    A = np.linalg.cholesky(point["C"])
    R, W1, W2 = point["R"], point["W1"], point["W2"]

    def after(noise: Any, length: float) -> float:
        dZ = R * length + np.sqrt(length) * noise
        moved1, moved2 = W1 + dZ @ W2.T, W2 + W1.T @ dZ
        return float(np.sum(moved1**2) + np.sum(moved2**2))

    for n in range(5):
        noise = (step.units["dB"].reshape(p * k, -1).T @ xi[n]).reshape(p, k)
        np.testing.assert_allclose(
            step.units["dB"].reshape(p, p).T @ step.units["dB"].reshape(p, p), A @ A.T, atol=1e-12
        )
        D = [
            (after(noise, s) + after(-noise, s) - 2 * (np.sum(W1**2) + np.sum(W2**2))) / (2 * s)
            for s in (h, h / 2, h / 4)
        ]
        zeta = [sum(step.seen[i, a] * xi[n, i] for i in range(p * k)) for a in range(p * k)]
        hermite = sum(
            controls.c[m, 0] * (zeta[a] * zeta[b] - (a == b)) for m, (a, b) in enumerate(pairs)
        )
        expected = (8 * D[2] - 6 * D[1] + D[0]) / 3 - hermite
        np.testing.assert_allclose(fast[n, 0], expected, rtol=1e-9)


def test_hermite_controls_have_mean_zero_whatever_their_coefficients() -> None:
    """A pilot at another point gives other coefficients, and the same mean within the interval."""
    point = network_point(np.random.default_rng(9), 2, 2, 5)
    system = label_noise(2, 2).at(point)
    stated = stated_logdet()(point)
    for h in (1e-3, 1e-4, 1e-5):
        found = one_step_drift(system, log_det, point, seed=2, level=LEVEL, h=h, pilot=64)
        assert found.step == h
        assert inside(found, stated)


def test_the_interval_covers_more_often_than_its_level_says() -> None:
    """A level of 30 % and few samples: 60 runs; the bound is finite-sample, so misses are rare."""
    point = {"x": np.array(0.4), "n": np.array(3.0)}
    system = bessel().at(point)
    stated = (3 - 2) / (2 * 0.4**2)
    misses = 0
    for seed in range(60):
        found = one_step_drift(
            system, log_x, point, seed=seed, level=0.3, samples=64, pilot=64, h=4e-3, scale=1.0
        )
        misses += not inside(found, stated)
    assert misses <= 0.3 * 60


def test_the_entries_of_one_value_share_its_level() -> None:
    """Empirical Bernstein at a third of the level for each of three, from the same draws."""
    point = network_point(np.random.default_rng(3), 1, 1, 2)
    settings = {"seed": 1, "level": 1e-3, "samples": 500, "pilot": 100, "h": 1e-4}
    system = label_noise(1, 1).at(point)

    def size(point: Any) -> Any:
        return np.exp(np.sum(point["W1"], axis=(-2, -1)))

    alone = one_step_drift(system, size, point, **settings)
    three = one_step_drift(system, lambda p: np.stack([size(p)] * 3, -1), point, **settings)
    np.testing.assert_allclose(three.mean, alone.mean, rtol=1e-12)
    # Between what the growth of ln(3/level) gives to the square root and to the first power.
    growth = np.log(9 / 0.99e-3) / np.log(3 / 0.99e-3)
    ratio = three.half_width / alone.half_width
    assert np.all(ratio >= np.sqrt(growth) - 1e-3)
    assert np.all(ratio <= growth + 1e-3)


def free(entries: int) -> System:
    """dX = dB."""
    return System(
        states={"x": (entries,)},
        noises=(NoiseSpec(name="B", shape=(entries,)),),
        increment=lambda x, t, dt, dB: {"x": dB["dB"]},
    )


POINT = {"x": np.array(0.4), "n": np.array(3.0)}


@pytest.mark.parametrize(
    ("system", "f", "point", "runs"),
    [
        (bessel().at(POINT), log_x, POINT, 80),
        (free(63), lambda p: np.exp(np.sum(p["x"], axis=-1)), {"x": np.zeros(63)}, 8),
    ],
    ids=["Bessel", "frames"],
)
def test_the_estimate_varies_as_its_deviation_says(
    system: System, f: Any, point: Any, runs: int
) -> None:
    found = [
        one_step_drift(
            system, f, point, seed=seed, level=0.1, samples=256, pilot=64, h=4e-3, scale=1.0
        )
        for seed in range(runs)
    ]
    spread = np.std([run.mean for run in found])
    promised = np.mean([run.deviation for run in found]) / np.sqrt(found[0].samples)
    assert 0.5 * promised < spread < 2.0 * promised


@pytest.mark.parametrize("entries", [1, 3])
def test_the_increments_of_a_pair_are_sums_of_the_units(entries: int) -> None:
    """They are the normals themselves where no noise is correlated, which is asked once."""
    noises = tuple(NoiseSpec(name=name, shape=(entries,)) for name in ("B", "W"))
    xi = np.random.default_rng(1).standard_normal((5, 2 * entries))
    for rho in (0.0, 0.5):
        system = System(
            states={"x": (entries,), "y": (entries,)},
            noises=noises,
            increment=lambda x, t, dt, dB: {"x": dB["dB"], "y": dB["dW"]},
            correlation={("B", "W"): rho} if rho else {},
        )
        step = Transition.at(system, {name: np.zeros(entries) for name in system.states})
        up, down = step.pair(xi, 0.25)
        for state, name in (("x", "dB"), ("y", "dW")):
            literal = 0.5 * sum(np.outer(xi[:, j], step.units[name][j]) for j in range(xi.shape[1]))
            np.testing.assert_allclose(up[state], literal, rtol=1e-14, atol=1e-15)
            np.testing.assert_array_equal(down[state], -up[state])
        assert step.plain == set()
    assert Transition.at(free(entries), {"x": np.zeros(entries)}).plain == {"dB"}


def test_a_run_that_refutes_the_declared_range_has_shown_nothing() -> None:
    """A bump where 3.0 < |ξ| < 3.2 that a pilot of sixteen draws does not meet."""
    h = 1e-4
    point = {"x": np.array(1.0), "mu": np.array(0.0), "sigma": np.array(1.0)}
    system = geometric_brownian_motion().at(point)

    def bump(p: Any) -> Any:
        distance = np.abs(p["x"] - 1.0) / np.sqrt(h)
        return p["x"] + 1e3 * ((distance > 3.0) & (distance < 3.2))

    settings: dict[str, Any] = {"level": 1e-3, "pilot": 16, "h": h, "scale": 1.0}
    found = one_step_drift(system, bump, point, seed=1, samples=4000, **settings)
    assert np.isinf(found.half_width)
    plain = one_step_drift(system, lambda p: p["x"], point, seed=1, samples=4000, **settings)
    assert plain.half_width < 1e-9


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others() -> None:
    point = network_point(np.random.default_rng(0), 2, 1, 4)
    system = label_noise(2, 1).at(point)
    runs = [
        one_step_drift(system, log_det, point, seed=seed, level=LEVEL, samples=500, pilot=100)
        for seed in (1, 1, 2)
    ]
    assert runs[0].mean == runs[1].mean
    assert runs[0].mean != runs[2].mean


def test_the_scale_is_that_of_the_differences() -> None:
    point = network_point(np.random.default_rng(0), 2, 1, 4)
    system = label_noise(2, 1).at(point)
    found = one_step_drift(system, log_det, point, seed=1, level=LEVEL, samples=100, pilot=64)
    assert found.scale == estimate_generator(system, log_det, point).drift_scale


def test_empirical_bernstein_covers_skewed_bounded_variables() -> None:
    rng, n, level, misses = np.random.default_rng(12), 100, 0.05, 0
    for _ in range(400):
        x = (rng.random(n) < 0.02).astype(float)
        half = empirical_bernstein(np.asarray(np.var(x)), np.asarray(1.0), n, level)
        misses += abs(np.mean(x) - 0.02) > half
    assert misses <= 0.05 * 400


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"samples": 1}, "samples 1"),
        ({"pilot": 3}, "pilot 3"),
        ({"level": 0.0}, r"level 0\.0"),
        ({"level": 1.5}, r"level 1\.5"),
        ({"h": -1.0}, r"h: got -1\.0"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any], text: str) -> None:
    point = {"x": np.array(1.0), "mu": np.array(0.0), "sigma": np.array(1.0)}
    system = geometric_brownian_motion().at(point)
    with pytest.raises(NumericsError, match=text):
        one_step_drift(system, log_x, point, **{"seed": 1, "level": 0.1, **arguments})


def test_points_with_batch_axes_or_outside_the_domain_are_refused() -> None:
    point = {"x": np.array([1.0, 2.0]), "mu": np.array(0.0), "sigma": np.array(1.0)}
    system = geometric_brownian_motion().at({**point, "x": np.array(1.0)})
    with pytest.raises(NumericsError, match="without batch axes"):
        one_step_drift(system, log_x, point, seed=1, level=0.1)
    outside = {**point, "x": np.array(-1.0)}
    with pytest.raises(NumericsError, match="not finite"), np.errstate(invalid="ignore"):
        one_step_drift(system, log_x, outside, seed=1, level=0.1)
    with pytest.raises(NumericsError, match=r"level 2\.0"):
        empirical_bernstein(np.zeros(1), np.zeros(1), 10, 2.0)
