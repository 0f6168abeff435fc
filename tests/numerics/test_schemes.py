"""Schemes as data, derivatives of the declared fields, conditions; single steps by hand."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from numerics import schemes
from numerics.brownian import basis
from numerics.errors import SimulationError
from numerics.schemes import Scheme, named
from numerics.schemes.conditions import require_conditions, require_declared
from numerics.schemes.exponential import correction, exponential_applied, operator
from numerics.schemes.fields import derivative_along, ito_correction
from numerics.schemes.step import stepper
from numerics.system import Array, LeftMultiplication, NoiseSpec, State, System
from tests.numerics.systems import (
    SCALAR,
    block,
    correlated_pair,
    geometric,
    hyperbolic,
    log_det,
    network,
)

RNG = np.random.default_rng(4)


def paths(system: System, count: int = 5, seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(0.5, 1.5, (count, *shape)) for name, shape in system.states.items()}


# Schemes are data.


def test_every_module_with_a_scheme_is_found() -> None:
    folder = Path(schemes.__file__).parent
    declared = {
        path.stem
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SCHEME"
    }
    assert declared == set(schemes.catalogue())
    assert declared >= {"euler_maruyama", "milstein", "heun", "exponential"}


@pytest.mark.parametrize("name", sorted(schemes.catalogue()))
def test_a_scheme_says_its_orders_its_calculus_and_its_source(name: str) -> None:
    scheme = named(name)
    assert scheme.name == name
    assert 0 < scheme.strong_order <= scheme.strong_order_commuting
    assert scheme.weak_order >= scheme.strong_order
    assert scheme.citation


def test_the_stratonovich_scheme_is_the_one_that_says_so() -> None:
    found = {name for name, scheme in schemes.catalogue().items() if scheme.calculus != "Ito"}
    assert found == {"heun"}


def test_the_exponential_scheme_says_that_it_is_no_evidence() -> None:
    module = __import__("numerics.schemes.exponential", fromlist=["__doc__"])
    assert "no evidence for that law" in " ".join(str(module.__doc__).split())


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(SimulationError, match="scheme 'rk4': unknown; give one of euler_maruyama"):
        named("rk4")


def test_coefficients_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SimulationError, match="scheme heun: predictor"):
        replace(named("heun"), weights=(1.0,))
    with pytest.raises(SimulationError, match="scheme heun: predictor"):
        replace(named("heun"), predictor=((1.0,), (1.0,)))


# Derivatives of the declared fields.


def test_the_derivative_of_a_field_has_ten_digits() -> None:
    state = {"x": RNG.uniform(0.5, 2.0, 7), "Y": RNG.standard_normal((7, 2, 2))}
    along = {"x": RNG.standard_normal(7), "Y": RNG.standard_normal((7, 2, 2))}

    def field(point: State) -> State:
        return {
            "x": np.sin(point["x"]) * np.trace(point["Y"], axis1=1, axis2=2),
            "Y": point["Y"] @ point["Y"] @ point["Y"],
        }

    found = derivative_along(field, state, along)
    Y, V, x, v = state["Y"], along["Y"], state["x"], along["x"]
    trace, trace_v = np.trace(Y, axis1=1, axis2=2), np.trace(V, axis1=1, axis2=2)
    assert np.allclose(found["x"], np.cos(x) * v * trace + np.sin(x) * trace_v, rtol=0, atol=1e-9)
    assert np.allclose(found["Y"], V @ Y @ Y + Y @ V @ Y + Y @ Y @ V, rtol=0, atol=1e-9)


def test_a_path_at_zero_and_a_direction_of_zero_are_no_trouble() -> None:
    state = {"x": np.array([0.0, 2.0])}
    found = derivative_along(
        lambda point: {"x": point["x"] ** 2 + point["x"]}, state, {"x": state["x"] * 0 + [1.0, 0.0]}
    )
    assert np.allclose(found["x"], [1.0, 0.0], rtol=0, atol=1e-9)


def test_the_correction_of_the_determinant_system_is_the_one_of_the_sheet() -> None:
    # ½ Σ_j S(b_j)² with the rows of B of covariance C: diag(k C, tr(C) I_k)/2.
    C = np.array([[2.0, 0.6], [0.6, 1.0]])
    system = network(2, 2, 5, gamma=0.7, rows=C)
    state = paths(system)
    found = ito_correction(system, basis(system), state, 0.0)
    assert np.allclose(found["W1"], 0.5 * 0.7 * 2 * C @ state["W1"], rtol=0, atol=1e-9)
    assert np.allclose(found["W2"], 0.5 * 0.7 * 3.0 * state["W2"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("at_once", [1 << 18, 30])  # scalars: all five directions, and two
def test_the_correction_is_a_literal_loop_over_the_components(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("numerics.schemes.fields.BATCH", at_once)

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        x, X = point["x"], point["X"]
        trace = np.trace(X @ dB["dB"], axis1=-2, axis2=-1)
        return {
            "x": dt * x + np.exp(-x) * trace + np.cos(t) * dB["dbeta"] * x**2,
            "X": np.sin(x)[..., None, None] * dB["dB"] @ X,
        }

    noises = (
        NoiseSpec.with_covariance("B", (2, 2), rows=np.array([[1.0, 0.4], [0.4, 2.0]])),
        SCALAR,
    )
    system = System(states={"x": (), "X": (2, 2)}, noises=noises, increment=increment)
    E, state, s = basis(system), paths(system, 3), 1e-5
    found = ito_correction(system, E, state, 0.4)
    for path in range(3):
        here = {name: x[path : path + 1] for name, x in state.items()}
        total = {name: np.zeros_like(x) for name, x in here.items()}
        for j in range(len(E["dB"])):
            dB = {name: directions[j : j + 1] for name, directions in E.items()}
            b = system.noise(here, 0.4, dB)
            up = system.noise({n: here[n] + s * b[n] for n in here}, 0.4, dB)
            down = system.noise({n: here[n] - s * b[n] for n in here}, 0.4, dB)
            for name in total:
                total[name] += 0.5 * (up[name] - down[name]) / (2 * s)
        for name in total:
            assert np.allclose(found[name][path], total[name][0], rtol=0, atol=1e-8)


def test_additive_noise_needs_no_correction() -> None:
    system = System(
        states={"X": (2, 2)},
        noises=(NoiseSpec(name="B", shape=(2, 2)),),
        increment=lambda point, t, dt, dB: {"X": dB["dB"] + dt * point["X"]},
    )
    found = ito_correction(system, basis(system), paths(system), 0.0)
    assert np.array_equal(found["X"], np.zeros((5, 2, 2)))


# Single steps by hand.


def step_of(scheme: Scheme, system: System, state: State, dB: State, dt: float = 0.1) -> State:
    return stepper(scheme, system, dt)(state, 3, dB)


def test_steps_of_geometric_brownian_motion() -> None:
    a, b, h = 0.3, 0.8, 0.1
    system, x, w = geometric(a, b), np.array([1.0, 2.0, -0.5]), np.array([0.2, -0.4, 0.1])
    dB = {"dbeta": w}
    euler = x * (1 + a * h + b * w)
    milstein = euler + 0.5 * b**2 * x * (w**2 - h)
    I = (a - b**2 / 2) * h + b * w
    heun = x * (1 + I + I**2 / 2)
    exact = x * np.exp(I)
    expected = {"euler_maruyama": euler, "milstein": milstein, "heun": heun, "exponential": exact}
    assert set(expected) == set(schemes.catalogue())
    for name, value in expected.items():
        found = step_of(named(name), system, {"x": x}, dB)["x"]
        assert np.allclose(found, value, rtol=1e-9, atol=0), name
    assert np.allclose(
        step_of(named("exponential"), system, {"x": x}, dB)["x"], exact, rtol=1e-15, atol=0
    )


def test_a_step_reads_the_time_at_which_it_stands() -> None:
    seen: list[float] = []

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        seen.append(t)
        return {"x": point["x"] * 0 + dt * t + dB["dbeta"]}

    system = System(states={"x": ()}, noises=(SCALAR,), increment=increment)
    step_of(named("euler_maruyama"), system, {"x": np.ones(2)}, {"dbeta": np.zeros(2)})
    assert seen == pytest.approx([0.3])
    seen.clear()
    step_of(named("heun"), system, {"x": np.ones(2)}, {"dbeta": np.zeros(2)})
    assert set(np.round(seen, 12)) == {0.3, 0.4}


@pytest.mark.parametrize("name", sorted(schemes.catalogue()))
def test_a_step_writes_into_nothing_it_is_given(name: str) -> None:
    system = geometric()
    state, dB = {"x": np.array([1.0, 2.0])}, {"dbeta": np.array([0.1, 0.2])}
    for array in (*state.values(), *dB.values()):
        array.flags.writeable = False
    step_of(named(name), system, state, dB)


@pytest.mark.parametrize("name", sorted(schemes.catalogue()))
def test_a_system_without_noise_is_an_ordinary_differential_equation(name: str) -> None:
    system = System(
        states={"x": ()}, noises=(), increment=lambda point, t, dt, dB: {"x": -dt * point["x"]}
    )
    after = step_of(named(name), system, {"x": np.ones(2)}, {})
    assert np.allclose(after["x"], np.exp(-0.1), rtol=0, atol=0.006)


# The exponential scheme.


def test_the_exponential_of_a_batch_is_that_of_scipy() -> None:
    Z = RNG.standard_normal((6, 4, 4)) * np.array([1e-3, 0.1, 1, 3, 10, 0])[:, None, None]
    Theta = RNG.standard_normal((6, 4, 3))
    found = exponential_applied(Z, Theta)
    for part, block_of, result in zip(Z, Theta, found, strict=True):
        exact = expm(part) @ block_of
        assert np.allclose(result, exact, rtol=0, atol=1e-11 * np.abs(exact).max())


def test_both_operators_give_one_exponential_step() -> None:
    beta = np.array([[0.4], [-0.3]])
    noise_only = [network(2, 1, 3, multiplier=multiplier) for multiplier in (True, False)]
    state, dB = paths(noise_only[0]), {"dB": RNG.standard_normal((5, 2, 1)) * 0.3}
    steps = [step_of(named("exponential"), system, state, dB) for system in noise_only]
    for name in ("W1", "W2"):
        assert np.allclose(steps[0][name], steps[1][name], rtol=0, atol=1e-14)
    system = network(2, 1, 3, beta=beta, multiplier=True)
    after = step_of(named("exponential"), system, state, dB)
    for path in range(5):
        W1, W2 = state["W1"][path], state["W2"][path]
        exponent = block(0.1 * (beta - W1 @ W2) + dB["dB"][path])
        exponent = exponent - 0.05 * np.diag([1.0, 1.0, 2.0])
        Theta = expm(exponent) @ np.vstack([W1, W2.T])
        assert np.allclose(after["W1"][path], Theta[:2], rtol=0, atol=1e-13)
        assert np.allclose(after["W2"][path], Theta[2:].T, rtol=0, atol=1e-13)


def test_the_exponential_step_keeps_the_determinant_law_to_rounding() -> None:
    C = np.array([[2.0, 0.6], [0.6, 1.0]])
    system = network(2, 2, 5, rows=C, beta=np.ones((2, 2)), multiplier=True)
    state = paths(system)
    A = system.noises[0].row_factor
    assert A is not None
    dB = {"dB": A @ RNG.standard_normal((5, 2, 2)) * np.sqrt(0.1)}
    before, h = log_det(state), 0.1
    change = log_det(step_of(named("exponential"), system, state, dB)) - before
    assert np.allclose(change, -2 * 2 * np.trace(C) * h, rtol=0, atol=1e-11)
    euler = log_det(step_of(named("euler_maruyama"), system, state, dB)) - before
    assert np.abs(euler + 2 * 2 * np.trace(C) * h).max() > 1e-2
    uncorrected = replace(named("exponential"), correction=0.0)
    drifting = log_det(step_of(uncorrected, system, state, dB)) - before
    assert np.allclose(drifting, 0.0, rtol=0, atol=1e-11)


def test_a_correction_that_depends_on_the_state_is_taken_path_by_path() -> None:
    def left(point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        size = 1 + point["x"] ** 2
        return np.asarray(size * np.reshape(dB["dbeta"], (-1, 1, 1)))

    system = System(
        states={"x": (1, 1)},
        noises=(SCALAR,),
        increment=lambda point, t, dt, dB: {"x": left(point, t, dt, dB) @ point["x"]},
        multiplier=LeftMultiplication(matrix=left, rows=("x",)),
    )
    state = {"x": np.array([[[1.0]], [[2.0]]])}
    found = correction(system, operator(system), basis(system), state, 0.0)
    assert np.allclose(found.ravel(), [0.5 * 4, 0.5 * 25], rtol=1e-14)


def test_a_stack_is_taken_apart_again() -> None:
    system = network(2, 1, 3, multiplier=True)
    assert system.multiplier is not None
    state = paths(system)
    Theta = system.multiplier.stack(state)
    assert Theta.shape == (5, 3, 3)
    again = system.multiplier.unstack(Theta, system.states)
    assert all(np.array_equal(again[name], state[name]) for name in state)


# Conditions, each shown to pass and to fail.


def start_of(system: System, count: int = 4) -> State:
    return {name: np.ones((count, *shape)) for name, shape in system.states.items()}


@pytest.mark.parametrize(
    "system",
    [geometric(), hyperbolic(), correlated_pair(0.5), network(1, 1, 2)],
    ids=["geometric", "hyperbolic", "correlated", "p = k = 1"],
)
def test_milstein_takes_commuting_noise(system: System) -> None:
    require_conditions(named("milstein"), system, start_of(system))


@pytest.mark.parametrize("dimensions", [(2, 1, 3), (1, 2, 3), (2, 2, 4)])
def test_milstein_refuses_noise_that_does_not_commute(dimensions: tuple[int, int, int]) -> None:
    system = network(*dimensions)
    with pytest.raises(SimulationError, match="scheme milstein: the noise does not commute"):
        require_conditions(named("milstein"), system, start_of(system))


def test_the_exponential_scheme_takes_linear_increments_alone() -> None:
    for system in (geometric(), network(2, 1, 3), network(2, 1, 3, multiplier=True)):
        require_conditions(named("exponential"), system, start_of(system))
    with pytest.raises(SimulationError, match="scheme exponential: the increment is not linear"):
        require_conditions(named("exponential"), hyperbolic(), start_of(hyperbolic()))
    nonlinear = network(2, 1, 3, beta=np.zeros((2, 1)))
    with pytest.raises(SimulationError, match="scheme exponential: the increment is not linear"):
        require_conditions(named("exponential"), nonlinear, start_of(nonlinear))
    affine = System(
        states={"x": ()},
        noises=(SCALAR,),
        increment=lambda point, t, dt, dB: {"x": dt + point["x"] * dB["dbeta"]},
    )
    with pytest.raises(SimulationError, match="scheme exponential: the increment is not linear"):
        require_conditions(named("exponential"), affine, start_of(affine))


def test_a_multiplier_must_be_the_increment() -> None:
    right = network(2, 1, 3, multiplier=True)
    assert right.multiplier is not None
    doubled = replace(
        right.multiplier, matrix=lambda *arguments: 2 * right.multiplier.matrix(*arguments)
    )
    wrong = replace(right, multiplier=doubled)
    with pytest.raises(SimulationError, match="multiplier: L Θ is not the increment"):
        require_conditions(named("exponential"), wrong, start_of(wrong))
    with pytest.raises(SimulationError, match="multiplier: stacks W1, but the states are W1, W2"):
        replace(right, multiplier=replace(right.multiplier, transposed_rows=()))


def test_noise_said_to_be_constant_must_be() -> None:
    def left(point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        return np.asarray(point["x"] * np.reshape(dB["dbeta"], (-1, 1, 1)))

    system = System(
        states={"x": (1, 1)},
        noises=(SCALAR,),
        increment=lambda point, t, dt, dB: {"x": left(point, t, dt, dB) @ point["x"]},
        multiplier=LeftMultiplication(matrix=left, rows=("x",), constant_noise=True),
    )
    with pytest.raises(SimulationError, match="constant_noise=True, but"):
        require_conditions(named("exponential"), system, start_of(system))


def declared(increment: Any) -> System:
    return System(states={"x": (), "y": ()}, noises=(SCALAR,), increment=increment)


@pytest.mark.parametrize(
    ("increment", "message"),
    [
        (lambda point, t, dt, dB: {"x": dB["dbeta"]}, "returned x; return exactly x, y"),
        (
            lambda point, t, dt, dB: {"x": dB["dbeta"], "y": np.ones((3, 1)) * dt},
            r"y has shape \(3, 1\)",
        ),
        (lambda point, t, dt, dB: {"x": dB["dbeta"] ** 2, "y": dB["dbeta"]}, "not linear in"),
        (lambda point, t, dt, dB: {"x": dB["dbeta"] + 1, "y": dB["dbeta"]}, "not linear in"),
        (
            lambda point, t, dt, dB: {"x": np.sqrt(dt) + dB["dbeta"], "y": dB["dbeta"]},
            "not linear in",
        ),
        (lambda point, t, dt, dB: {"x": dB["dbeta"] * dt, "y": dB["dbeta"]}, "not linear in"),
        (lambda point, t, dt, dB: {"x": dB["dbeta"] * np.nan, "y": dt * 1.0}, "finite there"),
    ],
)
def test_a_wrong_increment_is_refused(increment: Any, message: str) -> None:
    system = declared(increment)
    with pytest.raises(SimulationError, match=message):
        require_declared(system, start_of(system))


def test_a_right_increment_is_taken() -> None:
    for system in (geometric(), hyperbolic(), network(), correlated_pair(0.3)):
        require_declared(system, start_of(system))
    # A drift that is the same on every path may come without the axis of the paths.
    system = declared(lambda point, t, dt, dB: {"x": 3.0 * dt, "y": dB["dbeta"]})
    require_declared(system, start_of(system))
