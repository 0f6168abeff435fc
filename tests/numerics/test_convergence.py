"""Stated orders against measured ones, and planted wrong schemes that the measurements refuse."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.linalg import expm

from numerics.schemes import Scheme, catalogue, named
from numerics.system import Array, System
from tests.numerics.convergence import (
    GROUPS,
    Order,
    final_values,
    order,
    strong_order,
    weak_order,
)
from tests.numerics.systems import (
    correlated_pair,
    geometric,
    hyperbolic,
    network,
    network_start,
)

LEVELS = (16, 32, 64, 128)
PATHS = 4096
EULER, MILSTEIN, HEUN = named("euler_maruyama"), named("milstein"), named("heun")
EXPONENTIAL = named("exponential")


def errors(system: System, scheme: Scheme, *, paths: int = PATHS, seed: int = 1) -> Array:
    """x_h(1) − x(1) against the exact solution, (levels, paths)."""
    values, noise = final_values(
        system,
        scheme,
        {"x": np.array(1.0)},
        lambda point: point["x"],
        levels=LEVELS,
        paths=paths,
        seed=seed,
        with_noise=["dbeta"],
    )
    W = noise["dbeta"]
    if system is GEOMETRIC:
        return values - np.exp((0.3 - 0.8**2 / 2) + 0.8 * W)
    return values - np.sinh(np.arcsinh(1.0) + W)


GEOMETRIC, HYPERBOLIC = geometric(0.3, 0.8), hyperbolic()
BOTH = pytest.mark.parametrize("system", [GEOMETRIC, HYPERBOLIC], ids=["geometric", "hyperbolic"])


# Strong, against exact solutions.


@BOTH
@pytest.mark.parametrize("scheme", [EULER, MILSTEIN, HEUN], ids=lambda scheme: scheme.name)
def test_strong_order_for_commuting_noise(system: System, scheme: Scheme) -> None:
    measured = strong_order(LEVELS, errors(system, scheme))
    assert measured.deviation < 0.02
    assert measured.agrees_with(scheme.strong_order_commuting), measured


def test_the_exponential_scheme_is_exact_for_geometric_brownian_motion() -> None:
    assert np.abs(errors(GEOMETRIC, EXPONENTIAL)).max() < 1e-12


WRONG = {
    "Milstein term with the wrong sign": replace(MILSTEIN, self_derivative=-1.0),
    "half the Milstein term": replace(MILSTEIN, self_derivative=0.5, correction=0.5),
    "twice the Milstein term": replace(MILSTEIN, self_derivative=2.0, correction=2.0),
    "Milstein without −h": replace(MILSTEIN, correction=0.0),
    "Heun without its correction": replace(HEUN, correction=0.0),
    "Heun with twice its correction": replace(HEUN, correction=2.0),
    "Heun with the wrong sign": replace(HEUN, correction=-1.0),
    "Heun with wrong weights": replace(HEUN, weights=(0.6, 0.4)),
    "Euler with half a step": replace(EULER, weights=(0.5,)),
}


@BOTH
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_scheme_does_not_have_the_strong_order(system: System, wrong: Scheme) -> None:
    measured = strong_order(LEVELS, errors(system, wrong))
    assert not measured.agrees_with(wrong.strong_order_commuting), measured


def test_a_wrong_exponential_scheme_is_seen() -> None:
    assert np.abs(errors(GEOMETRIC, replace(EXPONENTIAL, correction=0.0))).mean() > 0.1


@pytest.mark.parametrize("rho", [0.6, -1.0])
def test_milstein_keeps_its_order_with_correlated_noises(rho: float) -> None:
    values, noise = final_values(
        correlated_pair(rho),
        MILSTEIN,
        {"x": np.array(1.0), "y": np.array(1.0)},
        lambda point: point["x"] + 2 * point["y"],
        levels=LEVELS,
        paths=PATHS,
        seed=3,
        with_noise=["dbeta", "dgamma"],
    )
    x, y = (np.exp(0.7 * noise[name] - 0.7**2 / 2) for name in ("dbeta", "dgamma"))
    measured = strong_order(LEVELS, values - (x + 2 * y))
    assert measured.agrees_with(1.0), measured


# Strong, for noise that does not commute: no exact solution, so two step sizes or two schemes are
# compared on the same paths. Both differences vanish with the order of the worse one.


NETWORK_LEVELS = (8, 16, 32, 64, 128)


@cache
def network_values(scheme: Scheme) -> Array:
    values, _ = final_values(
        network(2, 1, 3, gamma=0.5, multiplier=True),
        scheme,
        network_start(),
        lambda point: np.concatenate(
            [point["W1"].reshape(len(point["W1"]), -1), point["W2"].reshape(len(point["W2"]), -1)],
            axis=1,
        ),
        levels=NETWORK_LEVELS,
        paths=2048,
        seed=4,
    )
    return values


def size(difference: Array) -> Array:
    return np.asarray(np.linalg.norm(difference, axis=-1))


@pytest.mark.parametrize("scheme", [EULER, HEUN, EXPONENTIAL], ids=lambda scheme: scheme.name)
def test_strong_order_for_noise_that_does_not_commute(scheme: Scheme) -> None:
    values = network_values(scheme)
    refined = strong_order(NETWORK_LEVELS[:-1], size(np.diff(values, axis=0)))
    assert refined.agrees_with(scheme.strong_order), refined


@pytest.mark.parametrize("scheme", [HEUN, EXPONENTIAL], ids=lambda scheme: scheme.name)
def test_schemes_converge_to_one_solution(scheme: Scheme) -> None:
    euler = network_values(EULER)
    between = strong_order(NETWORK_LEVELS, size(network_values(scheme) - euler))
    assert between.agrees_with(0.5), between
    for correction in (0.0, -1.0, 2.0):
        wrong = network_values(replace(scheme, correction=correction))
        apart = strong_order(NETWORK_LEVELS, size(wrong - euler))
        assert not apart.agrees_with(0.5), apart


# Weak, with exact moments.


@BOTH
@pytest.mark.parametrize("scheme", [EULER, MILSTEIN, HEUN], ids=lambda scheme: scheme.name)
def test_weak_order(system: System, scheme: Scheme) -> None:
    # E(x_h² − x²) on the same paths: the exact solution is the control variate.
    measured = weak_squares(system, scheme)
    assert measured.deviation < 0.15
    assert measured.agrees_with(scheme.weak_order, allowance=0.25), measured


def weak_squares(system: System, scheme: Scheme) -> Order:
    levels = (4, 8, 16)
    values, noise = final_values(
        system,
        scheme,
        {"x": np.array(0.5)},
        lambda point: point["x"],
        levels=levels,
        paths=1 << 15,
        seed=5,
        horizon=0.5,
        with_noise=["dbeta"],
    )
    W = noise["dbeta"]
    exact = (
        0.5 * np.exp((0.3 - 0.32) * 0.5 + 0.8 * W)
        if system is GEOMETRIC
        else np.sinh(np.arcsinh(0.5) + W)
    )
    return weak_order(levels, values**2 - exact**2)


@BOTH
@pytest.mark.parametrize("name", [name for name in WRONG if "Milstein" not in name or "−h" in name])
def test_a_wrong_scheme_does_not_have_the_weak_order(system: System, name: str) -> None:
    measured = weak_squares(system, WRONG[name])
    assert not measured.agrees_with(1.0, allowance=0.25), measured


def network_moment(t: float) -> Array:
    """(E|W1|², E|W2|²) for p = 2, k = 1, γ = ½, R = 0: the moments close, u' = γ(p v, k u)."""
    start = network_start()
    u = np.array([(start["W1"] ** 2).sum(), (start["W2"] ** 2).sum()])
    return np.asarray(expm(t * 0.5 * np.array([[0.0, 2.0], [1.0, 0.0]])) @ u)


def euler_moment(steps: int, t: float = 1.0) -> Array:
    """The same moments of the Euler scheme itself: exactly (I + hA)^n."""
    start = network_start()
    u = np.array([(start["W1"] ** 2).sum(), (start["W2"] ** 2).sum()])
    A = 0.5 * np.array([[0.0, 2.0], [1.0, 0.0]])
    return np.asarray(np.linalg.matrix_power(np.eye(2) + t / steps * A, steps) @ u)


@cache
def network_norms(scheme: Scheme, levels: tuple[int, ...]) -> Array:
    values, _ = final_values(
        network(2, 1, 3, gamma=0.5, multiplier=True),
        scheme,
        network_start(),
        lambda point: (point["W1"] ** 2).sum(axis=(1, 2)),
        levels=levels,
        paths=1 << 16,
        seed=6,
    )
    return values


def test_moments_of_euler_are_those_of_its_own_recursion() -> None:
    levels = (4, 32)
    values = network_norms(EULER, levels)
    for steps, sample in zip(levels, values, strict=True):
        error = sample.std() / np.sqrt(len(sample))
        assert abs(sample.mean() - euler_moment(steps)[0]) < 5 * error
    coarse = values[0].std() / np.sqrt(values.shape[1])
    assert abs(values[0].mean() - network_moment(1.0)[0]) > 5 * coarse


def test_weak_order_of_euler_follows_from_its_recursion() -> None:
    biases = np.array([euler_moment(n)[0] - network_moment(1.0)[0] for n in (32, 64, 128, 256)])
    slopes = np.log2(biases[:-1] / biases[1:])
    assert np.abs(slopes - EULER.weak_order).max() < 0.02


def network_weak_order(scheme: Scheme) -> Order:
    """From E f(X_h) = E[f(X_h) − f(Euler on the same paths)] + the exact moment of Euler."""
    # The bias of the exponential scheme is small: it shows above the noise at large steps alone.
    levels = (2, 4, 8) if scheme.exponential else (8, 16, 32)
    difference = network_norms(scheme, levels) - network_norms(EULER, levels)
    known = np.array([euler_moment(n)[0] for n in levels]) - network_moment(1.0)[0]
    return weak_order(levels, difference, known)


@pytest.mark.parametrize("scheme", [HEUN, EXPONENTIAL], ids=lambda scheme: scheme.name)
def test_weak_order_for_noise_that_does_not_commute(scheme: Scheme) -> None:
    measured = network_weak_order(scheme)
    assert measured.deviation < 0.15
    assert measured.agrees_with(scheme.weak_order, allowance=0.25), measured
    wrong = network_weak_order(replace(scheme, correction=0.0))
    assert not wrong.agrees_with(scheme.weak_order, allowance=0.25), wrong


# The measurement itself.


def test_a_measured_order_has_honest_error_bars() -> None:
    levels, rng = (8, 16, 32), np.random.default_rng(0)
    h = 1.0 / np.array(levels)
    found = [
        order(
            levels,
            lambda parts: parts.mean(axis=1),
            h[:, None] ** 0.7 * np.exp(0.5 * rng.standard_normal((3, 40 * GROUPS))),
        )
        for _ in range(60)
    ]
    z = [(one.value - 0.7) / one.deviation for one in found]
    assert 0.7 < np.std(z) < 1.4
    assert abs(np.mean(z)) < 5 / np.sqrt(60)


def test_every_scheme_is_measured_here() -> None:
    assert set(catalogue()) == {scheme.name for scheme in (EULER, MILSTEIN, HEUN, EXPONENTIAL)}
