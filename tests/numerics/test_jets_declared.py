"""Declared systems: from a signature at concrete sizes, in number contexts and as float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.contexts import PrimeFieldContext, RationalContext
from numerics.declared import BrownianMotion, DeclaredSystem, letter
from numerics.errors import MissingValueError, NumericsError
from numerics.jets import generator
from numerics.kernel import Kernel
from numerics.points import as_arrays, draw
from numerics.signature import LetterSignature, NoiseSignature, SystemSignature
from tests.numerics.handmade import label_noise, log_det, stated_logdet

Q = RationalContext()

LETTERS = (
    LetterSignature(name="W1", kind="state", shape=("p", "l")),
    LetterSignature(name="W2", kind="state", shape=("l", "k")),
    LetterSignature(name="R", kind="process", shape=("p", "k")),
    LetterSignature(name="C", kind="parameter", shape=("p", "p"), facts=("positive_definite",)),
)
SIGNATURE = SystemSignature(
    prefix="",
    states=("W1", "W2"),
    noises=(NoiseSignature(name="B", shape=("p", "k"), row_covariance="rows"),),
    letters=LETTERS,
)
SIZES = {"p": 2, "k": 3, "l": 6}


def declared() -> DeclaredSystem:
    kernels = {"increment": label_noise(2, 3).increment, "rows": letter("C")}
    return DeclaredSystem.from_signature(SIGNATURE, kernels, SIZES)


@pytest.mark.parametrize("ctx", [Q, PrimeFieldContext()])
def test_a_signature_and_kernels_make_the_system_of_those_sizes(ctx: Any) -> None:
    system = declared()
    assert system.brownian == (
        BrownianMotion(name="B", shape=(2, 3), rows=system.brownian[0].rows),
    )
    assert system.brownian[0].differential == "dB"
    point = draw(ctx, LETTERS, SIZES, seed=1, number=0)
    found = generator(ctx, system, log_det, point)
    assert found.drift == stated_logdet().in_context(ctx, point)
    assert len(found.components) == 6


def test_the_drift_and_noise_fields_are_parts_of_the_increment() -> None:
    system = declared()
    point = draw(Q, LETTERS, SIZES, seed=1, number=0)
    dB = {"dB": Q.matrix([[1, -2, 3], [0, 5, 1]])}
    whole = system.increment.in_context(Q, {**point, **dB, "dt": Q.rational(7, 2)})
    drift, noise = system.drift(Q, point), system.noise(Q, point, dB)
    for name, value in zip(system.states, whole, strict=True):
        parts = Q.add(Q.scale(Q.rational(7, 2), drift[name]), noise[name])
        assert Q.is_zero(Q.subtract(value, parts))


def test_as_float64_the_increment_and_the_covariance_are_the_declared_ones() -> None:
    exact = draw(Q, LETTERS, SIZES, seed=1, number=0)
    point = as_arrays(exact)
    system = declared().at(point)
    assert system.states == {"W1": (2, 6), "W2": (6, 3)}
    factor = system.noises[0].row_factor
    assert factor is not None
    np.testing.assert_allclose(factor @ factor.T, point["C"], rtol=1e-12)
    found = system.increment(point, 0.0, 1.0, {"dB": np.zeros((2, 3))})
    np.testing.assert_allclose(found["W1"], point["R"] @ point["W2"].T)


def test_dimensions_stay_integers() -> None:
    def arrays(x: Any, n: Any, dt: Any) -> Any:
        return (dt * np.eye(n) @ x,)

    system = DeclaredSystem(
        states=("x",),
        increment=Kernel(
            name="increment", arguments=("x", "n", "dt"), arrays=arrays, generic=lambda *_: None
        ),
        brownian=(),
    )
    point = {"x": np.ones((2, 1)), "n": 2}
    moved = system.at(point).increment(point, 0.0, 0.5, {})
    np.testing.assert_array_equal(moved["x"], 0.5 * np.ones((2, 1)))


def test_a_bare_value_stands_for_a_single_state_and_for_no_more() -> None:
    bare = Kernel(
        name="increment",
        arguments=("x", "dt"),
        arrays=lambda x, dt: x * dt,
        generic=lambda ctx, x, dt: x * dt,
    )
    one = DeclaredSystem(states=("x",), increment=bare, brownian=())
    assert one.drift(Q, {"x": Q.rational(3)}) == {"x": 3}
    two = DeclaredSystem(states=("x", "y"), increment=bare, brownian=())
    with pytest.raises(NumericsError, match="needs 2 states"):
        two.drift(Q, {"x": Q.rational(3)})


def test_a_stratonovich_declaration_is_no_system_of_numbers() -> None:
    system = DeclaredSystem(
        states=("W1", "W2"),
        increment=label_noise(2, 3).increment,
        brownian=(),
        calculus="stratonovich",
    )
    with pytest.raises(NumericsError, match="Stratonovich"):
        system.at({})


def test_a_missing_value_is_named() -> None:
    with pytest.raises(MissingValueError, match="needs R, C, dt"):
        label_noise(2, 3).increment({"W1": 1, "W2": 2, "dB": 3})
