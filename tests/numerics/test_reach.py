"""Nearly equal eigenvalues: right digits with an honest error, or a refusal; never a wrong digit.

The reference is the exact generator. Without the reach the same differences claim digits that are
wrong, which is shown too.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from numerics import batched
from numerics.contexts import MultiprecisionContext, RationalContext
from numerics.declared import BrownianMotion, DeclaredSystem
from numerics.enumeration import enumerate_covariation, enumerate_drift
from numerics.errors import NotAdmissibleError, NumericsError
from numerics.generator import estimate_generator
from numerics.generator_digits import estimate_in_digits, largest_gap
from numerics.jets import covariation, generator
from numerics.kernel import Kernel
from numerics.one_step import one_step_covariation, one_step_drift
from numerics.points import as_arrays, stacked
from numerics.reach import reach
from numerics.signature import SpectrumSignature
from tests.numerics.eigenvalues import STACK, network_with, pairs, roots, single
from tests.numerics.handmade import gram, label_noise, log_det, swap

Q = RationalContext()
DIGITS = MultiprecisionContext(50)
SYSTEM = label_noise(2, 1)
EXPONENTS = [2, 4, 6, 8, 10]
OBSERVABLES = [single, roots, pairs]


def sigma(exponent: int) -> list[Fraction]:
    """Singular values of which two have the gap 10^-exponent."""
    return [Fraction(2), Fraction(2) + Fraction(1, 10**exponent), Fraction(1, 2)]


def near(exponent: int, seed: int = 1) -> tuple[Any, Any, Any]:
    """The exact point, the same in float64, and its reach."""
    point = network_with(Q, 2, 1, 4, sigma(exponent), seed)
    numbers = as_arrays(point)
    return point, numbers, reach([STACK], {}, SYSTEM.at(numbers).states, numbers)


def floats(values: Any) -> Any:
    return np.array([float(x) for x in values])


def reference(observable: Kernel, point: Any) -> tuple[Any, Any]:
    exact = generator(Q, SYSTEM, observable, point)
    return floats(exact.drift), floats(covariation(Q, exact, exact))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("observable", OBSERVABLES, ids=lambda f: f.name)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_differences_in_float64_never_claim_a_wrong_digit(
    exponent: int, observable: Any, seed: int
) -> None:
    point, numbers, limit = near(exponent, seed)
    drift, gamma = reference(observable, point)
    found = estimate_generator(SYSTEM.at(numbers), observable, numbers, reach=limit)
    assert found.drift.shape == drift.shape
    assert np.all(np.abs(found.drift - drift) <= found.drift_error)
    value, error, scale = found.covariation(found)
    assert np.all(np.abs(value - gamma) <= error)
    # What float64 can have: the error grows like the inverse of the gap. How many digits are
    # lost besides depends on the eigenvectors: over thirty points a factor of fifty in the drift.
    assert np.max(found.drift_error) < 1e-8 * 10**exponent * np.max(found.drift_scale)
    assert np.max(error) < 4e-12 * 10**exponent * np.max(scale)


@pytest.mark.parametrize("observable", OBSERVABLES, ids=lambda f: f.name)
@pytest.mark.parametrize("exponent", [6, 10])
def test_without_the_reach_wrong_digits_are_claimed(exponent: int, observable: Any) -> None:
    point, numbers, _ = near(exponent)
    drift, _ = reference(observable, point)
    found = estimate_generator(SYSTEM.at(numbers), observable, numbers)
    assert np.max(np.abs(found.drift - drift) / found.drift_error) > 1e3


@pytest.mark.parametrize("observable", OBSERVABLES, ids=lambda f: f.name)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_fifty_digits_leave_twenty_at_any_gap(exponent: int, observable: Any) -> None:
    _, _, limit = near(exponent)
    point = network_with(DIGITS, 2, 1, 4, sigma(exponent))
    found = estimate_in_digits(DIGITS, SYSTEM, observable, point, reach=float(limit))
    exact = generator(DIGITS, SYSTEM, observable, point)
    gap = largest_gap(DIGITS, found.drift, exact.drift)
    assert gap < found.drift_error < 1e-20 * found.drift_scale
    for value, expected, scale in zip(
        found.martingale, exact.martingale, found.martingale_scale, strict=True
    ):
        assert largest_gap(DIGITS, value, expected) < 1e-20 * scale


@pytest.mark.parametrize(("exponent", "observable"), [(2, single), (5, pairs), (10, single)])
def test_one_step_never_claims_a_wrong_digit(exponent: int, observable: Any) -> None:
    point, numbers, limit = near(exponent)
    drift, gamma = reference(observable, point)
    system = SYSTEM.at(numbers)
    setting: dict[str, Any] = {"seed": 1, "level": 1e-6, "samples": 1000, "pilot": 300}
    first = one_step_drift(system, observable, numbers, reach=limit, **setting)
    assert np.all(np.abs(first.mean - drift) <= first.half_width + first.bias)
    second = one_step_covariation(system, observable, observable, numbers, reach=limit, **setting)
    assert np.all(np.abs(second.mean - gamma) <= second.half_width + second.bias)
    if exponent == 2:
        assert first.relative < 1e-5
        assert second.relative < 1e-7
        return
    plain = one_step_drift(system, observable, numbers, scale=first.scale, **setting)
    assert np.any(np.abs(plain.mean - drift) > 10 * (plain.half_width + plain.bias))


@pytest.mark.parametrize("observable", [single, pairs], ids=lambda f: f.name)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_all_signs_never_claim_a_wrong_digit(exponent: int, observable: Any) -> None:
    point, numbers, limit = near(exponent)
    drift, gamma = reference(observable, point)
    system = SYSTEM.at(numbers)
    found = enumerate_drift(system, observable, numbers, reach=limit)
    assert np.all(np.abs(found.mean - drift) <= found.bias)
    found = enumerate_covariation(system, observable, observable, numbers, reach=limit)
    assert np.all(np.abs(found.mean - gamma) <= found.bias)


def test_the_rounding_of_a_covariation_grows_like_the_root_of_the_step() -> None:
    """All signs of log det M, whose covariation with itself is 0, and of a trace."""
    point, numbers, _ = near(1)
    trace = Kernel(
        name="trace",
        arguments=("W1", "W2"),
        arrays=lambda W1, W2: np.trace(gram(W1, W2), axis1=-2, axis2=-1),
        generic=lambda ctx, W1, W2: ctx.norm2(W1) + ctx.norm2(W2),
    )
    exact = generator(Q, SYSTEM, trace, point)
    gamma = float(covariation(Q, exact, exact))
    found = enumerate_covariation(SYSTEM.at(numbers), trace, trace, numbers)
    assert abs(found.mean - gamma) <= found.bias < 1e-10 * gamma
    assert enumerate_covariation(SYSTEM.at(numbers), log_det, log_det, numbers).mean < 1e-18


# ---------------------------------------------------------------------- the reach itself


def test_the_reach_is_half_of_the_smallest_gap_of_the_singular_values() -> None:
    states = {"W1": (2, 4), "W2": (4, 1)}
    points = [as_arrays(network_with(Q, 2, 1, 4, sigma(e))) for e in (1, 3)]
    limits: Any = [reach([STACK], {}, states, point) for point in points]
    np.testing.assert_allclose(limits, [0.05, 0.0005], rtol=1e-9)
    together: Any = reach([STACK], {}, states, stacked(points))
    np.testing.assert_allclose(together, limits, rtol=1e-9)
    assert reach([], {}, states, points[0]) is None
    one = SpectrumSignature(kernel="S", rows=(("W2", True),))
    assert reach([one], {}, states, points[0]) == np.inf
    assert reach([one, STACK], {}, states, points[0]) == limits[0]


def test_eigenvalues_that_float64_does_not_tell_apart_are_refused() -> None:
    point = as_arrays(network_with(Q, 2, 1, 4, sigma(15)))
    with pytest.raises(NotAdmissibleError, match="does not tell from 0; draw another point"):
        reach([STACK], {}, {"W1": (2, 4), "W2": (4, 1)}, point)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_reach_that_is_no_length_is_refused(limit: float) -> None:
    _, numbers, _ = near(2)
    system = SYSTEM.at(numbers)
    digits = network_with(DIGITS, 2, 1, 4, sigma(2))
    with pytest.raises(NumericsError, match="reach: got"):
        estimate_generator(system, single, numbers, reach=limit)
    with pytest.raises(NumericsError, match="reach: got"):
        estimate_in_digits(DIGITS, SYSTEM, single, digits, reach=limit)
    with pytest.raises(NumericsError, match="reach: got"):
        one_step_drift(system, single, numbers, seed=1, level=0.1, reach=limit)


# ---------------------------------------------------------------------- a matrix that is no AA'


def symmetric_brownian_motion(n: int) -> DeclaredSystem:
    """dS = dB + dB', whose eigenvalues repel: dλ_i = 2 dβ_i + Σ_{j≠i} 2/(λ_i − λ_j) dt (Dyson)."""
    return DeclaredSystem(
        states=("S",),
        increment=Kernel(
            name="increment",
            arguments=("S", "dt", "dB"),
            arrays=lambda S, dt, dB: (0 * S + dB + swap(dB),),
            generic=lambda ctx, S, dt, dB: (ctx.add(dB, ctx.transpose(dB)),),
        ),
        brownian=(BrownianMotion(name="B", shape=(n, n)),),
    )


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_dysons_repulsion_at_any_gap_and_in_batches(exponent: int) -> None:
    n, lam = 3, np.array([1.0 + 10.0**-exponent, 1.0, -2.0])
    S = Kernel(name="S", arguments=("S",), arrays=lambda S: S, generic=lambda ctx, S: S)
    observable = Kernel(
        name="λ_i",
        arguments=("S",),
        arrays=batched.eigenvalues,
        generic=lambda ctx, S: ctx.eigenvalues(S),
    )
    point = {"S": np.stack([np.diag(lam), np.diag([3.0, 1.0, 0.0])])}
    system = symmetric_brownian_motion(n).at({"S": point["S"][0]})
    spectrum = SpectrumSignature(kernel="S")
    limit = reach([spectrum], {"S": S}, system.states, point)
    assert limit is not None
    np.testing.assert_allclose(limit, [10.0**-exponent / 2, 1 / 2], rtol=1e-5)
    found = estimate_generator(system, observable, point, reach=limit)
    for b, values in enumerate((lam, np.array([3.0, 1.0, 0.0]))):
        gaps = values[:, None] - values
        forces = np.where(np.eye(n) == 1, 0.0, 2.0 / (gaps + np.eye(n)))
        assert np.all(np.abs(found.drift[b] - forces.sum(axis=1)) <= found.drift_error[b])
        # Attraction is told from repulsion at any of these gaps.
        assert abs(found.drift[b][0] + forces.sum(axis=1)[0]) > 10 * found.drift_error[b][0]
    wide = DIGITS.matrix([[DIGITS.number(x) for x in row] for row in np.diag(lam)])
    digits = estimate_in_digits(
        DIGITS, symmetric_brownian_motion(n), observable, {"S": wide}, reach=float(limit[0])
    )
    with DIGITS.working():
        x = [DIGITS.number(float(value)) for value in lam]
        expected = [sum(2 / (x[i] - x[j]) for j in range(n) if j != i) for i in range(n)]
        assert largest_gap(DIGITS, digits.drift, expected) < 1e-20 * digits.drift_scale
