"""The generator by differences: digits against exact values, honest errors, wrong claims."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import numerics.generator as generator_module
from numerics.brownian import basis
from numerics.contexts import MultiprecisionContext, RationalContext
from numerics.declared import BrownianMotion, DeclaredSystem, letter
from numerics.errors import NotAdmissibleError, NumericsError
from numerics.generator import STARTS, estimate_generator
from numerics.generator_digits import estimate_in_digits, largest_gap
from numerics.jets import covariation, generator
from numerics.kernel import Kernel
from numerics.points import as_arrays
from numerics.system import NoiseSpec, System
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
from tests.numerics.test_jets import network_point as exact_point


def matching_digits(
    estimate: Any, stated: Any, scale: Any, *, value_axes: int = 0, most: float = 16.0
) -> Any:
    """Decimal digits to which two values agree, relative to the sum of the absolute terms.

    The last `value_axes` axes belong to one value (2 for a matrix): its entries are measured by
    their largest scale, and the worst entry counts. A gap or a scale that is no finite number has
    no digits.
    """
    gap = np.abs(np.asarray(estimate, dtype=float) - np.asarray(stated, dtype=float))
    scale = np.broadcast_to(np.asarray(scale, dtype=float), gap.shape)
    axes = tuple(range(gap.ndim - value_axes, gap.ndim))
    gap, scale = np.max(gap, axis=axes), np.max(scale, axis=axes)
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = -np.log10(gap / scale)
    digits = np.where(gap == 0.0, most, np.where(np.isfinite(scale), digits, 0.0))
    digits = np.where(np.isnan(digits), 0.0, digits)
    return np.asarray(np.clip(digits, 0.0, most))


SIZES = [(1, 1, 2), (2, 1, 4), (2, 3, 6), (5, 2, 10)]


@pytest.mark.parametrize(("p", "k", "l"), SIZES)
def test_the_determinant_law_to_nine_digits_and_its_martingale_part_is_zero(
    p: int, k: int, l: int
) -> None:
    for seed in range(5):
        point = network_point(np.random.default_rng(seed), p, k, l)
        found = estimate_generator(label_noise(p, k).at(point), log_det, point)
        stated = stated_logdet()(point)
        assert matching_digits(found.drift, stated, found.drift_scale) > 9
        assert np.all(matching_digits(found.martingale, 0.0, found.martingale_scale) > 9)
        for factor in (-1, -4, 2, 0):
            wrong = stated_logdet(factor)(point)
            assert matching_digits(found.drift, wrong, found.drift_scale) < 3


def test_matrix_valued_observables() -> None:
    p, k, l = 5, 2, 10
    point = network_point(np.random.default_rng(3), p, k, l)
    found = estimate_generator(label_noise(p, k).at(point), balancedness, point)
    stated = stated_balancedness(point)
    assert found.drift.shape == (l, l)
    assert found.martingale.shape == (p * k, l, l)
    assert matching_digits(found.drift, stated, found.drift_scale, value_axes=2) > 11
    wrong = stated + 1e-6 * np.max(found.drift_scale) * np.eye(l)
    assert 5.9 < matching_digits(found.drift, wrong, found.drift_scale, value_axes=2) < 6.1


def test_the_estimated_error_covers_the_true_one() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        point = network_point(rng, 3, 2, 6)
        # Nearly singular: the last row of the stack is close to a sum of the others.
        point["W1"][0] = point["W1"][1] + point["W1"][2] + 10.0 ** -(seed % 4) * point["W1"][0]
        found = estimate_generator(label_noise(3, 2).at(point), log_det, point)
        gap = abs(found.drift - stated_logdet()(point))
        assert gap <= 10 * found.drift_error
        assert found.drift_error < 1e-5 * found.drift_scale


def test_batches_of_points_are_their_points_one_by_one() -> None:
    point = network_point(np.random.default_rng(0), 2, 3, 6, points=4)
    shared = {**point, "R": point["R"][0], "C": point["C"][0]}
    first = {name: value[0] for name, value in point.items()}
    system = label_noise(2, 3).at(first)
    together = estimate_generator(system, trace, shared)
    for n in range(4):
        alone = {**shared, "W1": point["W1"][n], "W2": point["W2"][n]}
        single = estimate_generator(system, trace, alone)
        np.testing.assert_allclose(together.drift[n], single.drift, rtol=1e-12)
        np.testing.assert_allclose(together.martingale[:, n], single.martingale, rtol=1e-10)
        np.testing.assert_allclose(together.drift_scale[n], single.drift_scale, rtol=1e-6)


def test_differences_agree_with_series_in_drift_martingale_and_covariation() -> None:
    exact = RationalContext()
    point = exact_point(exact, 2, 2, 5)
    system = label_noise(2, 2)
    jet = generator(exact, system, trace, point)
    numbers = as_arrays(point)
    found = estimate_generator(system.at(numbers), trace, numbers)
    drift = exact.to_float(jet.drift)
    assert matching_digits(found.drift, drift, found.drift_scale) > 10
    gamma, error, scale = found.covariation(found)
    expected = exact.to_float(covariation(exact, jet, jet))
    assert matching_digits(gamma, expected, scale) > 10
    assert abs(gamma - expected) <= 10 * error + 1e-12 * scale


def test_textbook_diffusions_as_plain_numpy_functions() -> None:
    point: Mapping[str, Any] = {"x": np.array(1.7), "mu": np.array(0.3), "sigma": np.array(0.8)}
    found = estimate_generator(
        geometric_brownian_motion().at(point), lambda p: np.log(p["x"]), point
    )
    np.testing.assert_allclose(found.drift, 0.3 - 0.32, atol=1e-10)
    np.testing.assert_allclose(found.martingale, [0.8], rtol=1e-10)
    point = {"x": np.array(1.7), "n": np.array(4.0)}
    found = estimate_generator(bessel().at(point), log_x, point)
    np.testing.assert_allclose(found.drift, (4 - 2) / (2 * 1.7**2), rtol=1e-9)


@pytest.mark.parametrize(("n", "m"), [(1, 3), (2, 5), (4, 6)])
def test_the_log_determinant_of_a_wishart_matrix(n: int, m: int) -> None:
    point = {"X": np.random.default_rng(2).standard_normal((n, m))}
    found = estimate_generator(matrix_brownian_motion(n, m).at(point), logdet_gram, point)
    stated = (m - n - 1) * trace_of_inverse(point)
    assert matching_digits(found.drift, stated, found.drift_scale) > 8
    assert matching_digits(found.drift, stated + trace_of_inverse(point), found.drift_scale) < 2


def test_time_derivatives_are_part_of_the_generator() -> None:
    point = {"x": np.array(1.2), "mu": np.array(0.0), "sigma": np.array(2.0), "t": np.array(0.7)}
    system = geometric_brownian_motion().at(point)
    f = of_scalar("t x²", lambda ctx, x, t: t * x * x, ("x", "t"))
    found = estimate_generator(system, f, point)
    np.testing.assert_allclose(found.drift, 1.2**2 * (1 + 0.7 * 4), rtol=1e-10)


def test_correlated_noises_and_covariances_enter_the_directions() -> None:
    rows = np.array([[2.0, 1.0], [1.0, 3.0]])

    def increment(point: Any, t: float, dt: float, dB: Any) -> Any:
        return {"x": dB["dA"] + 0.0 * point["x"], "y": dB["dB"] + 0.0 * point["y"]}

    noises = tuple(NoiseSpec.with_covariance(name, (2, 1), rows=rows) for name in "AB")
    system = System(
        states={"x": (2, 1), "y": (2, 1)},
        noises=noises,
        increment=increment,
        correlation={("A", "B"): 0.5},
    )
    units = basis(system)
    cross = np.einsum("nrc,nsc->rs", units["dA"], units["dB"])
    np.testing.assert_allclose(cross, 0.5 * rows, atol=1e-12)
    np.testing.assert_allclose(np.einsum("nrc,nsc->rs", units["dA"], units["dA"]), rows, atol=1e-12)
    point = {"x": np.ones((2, 1)), "y": np.ones((2, 1))}
    product = estimate_generator(system, lambda p: p["x"][..., 0, 0] * p["y"][..., 1, 0], point)
    np.testing.assert_allclose(product.drift, 0.5 * rows[0, 1], atol=1e-9)


def test_a_conserved_quantity_has_full_digits() -> None:
    point = {"x": np.array(2.0), "mu": np.array(0.5), "sigma": np.array(1.0)}
    found = estimate_generator(
        geometric_brownian_motion().at(point), lambda p: 0 * p["x"] + 3, point
    )
    assert found.drift == 0
    assert matching_digits(found.drift, 0.0, found.drift_scale) == 16
    assert matching_digits(found.drift, 1e-3, found.drift_scale) == 0


@pytest.mark.parametrize("scale", [np.inf, np.nan])
def test_terms_that_overflow_show_no_digits(scale: float) -> None:
    assert matching_digits(1.0, 2.0, scale) == 0
    assert matching_digits(np.array([1.0, 1.0]), 2.0, np.array([1.0, scale]), value_axes=1) == 0


def test_a_point_where_the_observable_is_not_finite_is_refused() -> None:
    point = {"x": np.array(-2.0), "mu": np.array(0.5), "sigma": np.array(1.0)}
    with (
        pytest.raises(NumericsError, match="not finite"),
        np.errstate(invalid="ignore"),
    ):
        estimate_generator(geometric_brownian_motion().at(point), log_x, point)


@pytest.mark.parametrize(("entries", "starts"), [(32, 1), (16, STARTS)])
def test_what_is_held_at_once_is_bounded(
    entries: int, starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables of all extrapolations of all entries are more than the states that are moved."""
    monkeypatch.setattr(generator_module, "_NUMBERS_AT_ONCE", few := 100_000)
    noise = NoiseSpec(name="B", shape=(entries, 4))
    system = System(
        states={"X": (entries, 1)},
        noises=(noise,),
        increment=lambda point, t, dt, dB: {
            "X": 0.0 * point["X"] + np.sum(dB["dB"], axis=-1, keepdims=True)
        },
    )
    point = {"X": np.ones((entries, 1))}
    tracemalloc.start()
    try:
        found = estimate_generator(
            system, lambda p: p["X"] ** 2, point, reach=1.0 if starts > 1 else None, starts=starts
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(found.drift, 4.0, rtol=1e-6)
    assert peak < 2 * 8 * few, peak


# ---------------------------------------------------------------------- fifty digits

DIGITS = MultiprecisionContext(50)


@pytest.mark.parametrize(("p", "k", "l"), [(1, 1, 2), (2, 3, 6), (5, 2, 10)])
def test_thirty_digits_at_fifty(p: int, k: int, l: int) -> None:
    point = exact_point(DIGITS, p, k, l)
    with DIGITS.working():
        found = estimate_in_digits(DIGITS, label_noise(p, k), log_det, point)
        stated = stated_logdet().in_context(DIGITS, point)
        gap = largest_gap(DIGITS, found.drift, stated)
        assert gap < 1e-30 * found.drift_scale
        assert found.drift_error < 1e-20 * found.drift_scale
        for moved, scale in zip(found.martingale, found.martingale_scale, strict=True):
            assert largest_gap(DIGITS, moved, DIGITS.rational(0)) < 1e-28 * scale
        wrong = stated * DIGITS.rational(10**25 + 1, 10**25)
        assert largest_gap(DIGITS, found.drift, wrong) > 1e-27 * found.drift_scale


def test_two_precisions_and_two_algorithms_agree() -> None:
    point = exact_point(RationalContext(), 2, 2, 5)
    numbers = as_arrays(point)
    fifty = exact_point(DIGITS, 2, 2, 5)
    system = label_noise(2, 2)
    for observable in (trace, balancedness):
        coarse = estimate_generator(system.at(numbers), observable, numbers)
        fine = estimate_in_digits(DIGITS, system, observable, fifty)
        exact = generator(DIGITS, system, observable, fifty)
        assert largest_gap(DIGITS, fine.drift, exact.drift) < 1e-30 * fine.drift_scale
        assert np.isclose(np.max(coarse.drift_scale), fine.drift_scale, rtol=1e-4)
        axes = np.ndim(coarse.drift)
        rounded = as_arrays({"drift": fine.drift}, DIGITS)["drift"]
        assert matching_digits(coarse.drift, rounded, coarse.drift_scale, value_axes=axes) > 10


def test_time_derivatives_are_part_of_the_generator_in_digits_too() -> None:
    q = DIGITS.rational
    point = {"x": q(6, 5), "mu": q(0), "sigma": q(2), "t": q(7, 10)}
    f = of_scalar("t x²", lambda ctx, x, t: t * x * x, ("x", "t"))
    found = estimate_in_digits(DIGITS, geometric_brownian_motion(), f, point)
    assert DIGITS.to_float(found.drift) == pytest.approx(1.2**2 * (1 + 0.7 * 4), rel=1e-15)


def test_few_digits_and_undefined_points_are_refused() -> None:
    system = geometric_brownian_motion()
    q = DIGITS.rational
    point = {"x": q(2), "mu": q(1), "sigma": q(1)}
    with pytest.raises(NumericsError, match="30 digits"):
        estimate_in_digits(MultiprecisionContext(20), system, log_x, point)
    with pytest.raises(NotAdmissibleError):
        estimate_in_digits(DIGITS, system, log_x, {**point, "x": q(-2)})


def test_families_are_moved_member_by_member() -> None:
    system = DeclaredSystem(
        states=("x",),
        increment=Kernel(
            name="increment",
            arguments=("x", "s", "dbeta"),
            arrays=lambda x, s, dbeta: (s[..., None] * dbeta + 0 * x,),
            generic=lambda ctx, x, s, dbeta: ([s * d for d in dbeta],),
        ),
        brownian=(BrownianMotion(name="beta", shape=(3,)),),
    )
    square = Kernel(
        name="Σ x_i²",
        arguments=("x",),
        arrays=lambda x: np.sum(x * x, axis=-1),
        generic=lambda ctx, x: ctx.total([member * member for member in x]),
    )
    q = DIGITS.rational
    point = {"x": [q(1), q(2), q(-3)], "s": q(2)}
    found = estimate_in_digits(DIGITS, system, square, point)
    assert largest_gap(DIGITS, found.drift, q(12)) < 1e-30
    numbers = as_arrays(point, DIGITS)
    coarse = estimate_generator(system.at(numbers), square, numbers)
    np.testing.assert_allclose(coarse.drift, 12, rtol=1e-10)
    assert letter("s")(numbers) == 2
