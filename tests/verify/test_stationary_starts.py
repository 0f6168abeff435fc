"""Starts of paths towards a stationary law: states of any shape, steps that louder pilots bear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import exp, sqrt

from derivations import Brownian, MatrixSDE, State, StationaryClaim, dt
from tests.verify.path_claims import named
from verify import NumericSDE
from verify.loading import compiled
from verify.memory import Memory
from verify.paths.stationary import stationary
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.verdict import Evidence, Status

y, b = State("y"), Brownian("b")
PLAN = Plan(
    seed=2,
    effort=replace(EFFORTS["quick"], paths=1000, steps=96),
    budget=ErrorBudget(false_agree=1e-4, false_reject=1e-4),
)


def judged(*claims: StationaryClaim, plan: Plan = PLAN) -> list[Evidence]:
    """The evidence on claims that differ in what they state alone, on the same paths."""
    memory = Memory()
    return [stationary(replace(compiled(claim), memory=memory), plan) for claim in claims]


# z of some shape, m besides, both Ornstein–Uhlenbeck processes; every entry of z is N(0, η/2).
SHAPES = {"a vector": (2,), "a matrix": (1, 2)}


def beside_a_scalar(shape: tuple[int, ...], power: int = 1) -> StationaryClaim:
    """The mean of exp(−|z|²/2), where m has another shape than z; right at the power 1."""
    axes, entries = tuple(range(-len(shape), 0)), int(np.prod(shape))
    sde = NumericSDE(
        states={"z": shape, "m": ()},
        noises={"B": shape, "W": ()},
        parameters={"eta": 2.0},
        drift={"z": lambda z: -z, "m": lambda m, z: -m + np.sum(z, axis=axes)},
        noise={"z": lambda dB, eta: np.sqrt(eta) * dB, "m": lambda dW: dW},
    )
    return StationaryClaim(
        **named(
            sde=sde,
            observable=lambda z: np.exp(-np.sum(z**2, axis=axes) / 2),
            value=lambda eta: (1 + eta**power / 2) ** (-entries / 2),
            bounds=(0, 1),
            horizon=6,
            values={"z": np.zeros(shape), "m": 0.0},
            relevant=0.1,
        )
    )


@pytest.mark.parametrize("name", SHAPES)
def test_states_of_any_shape_have_a_stationary_mean(name: str) -> None:
    right, wrong = judged(*(beside_a_scalar(SHAPES[name], k) for k in (1, 2)))
    assert right.status == Status.AGREES, right.reason
    assert wrong.status == Status.DISAGREES, wrong.reason


def test_a_density_of_a_scalar_beside_a_vector() -> None:
    def of(width: float) -> StationaryClaim:
        claim = beside_a_scalar((2,))
        return replace(
            claim,
            observable=lambda m: m,
            density=lambda m: np.exp(-(m**2) / (2 * width)),
            value=None,
            bounds=None,
            horizon=10,
        )

    # Var m = 1/2 + the covariances 1/2 of m and both entries.
    right, wrong = judged(of(1.5), of(12))
    assert right.status == Status.AGREES, right.reason
    assert wrong.status == Status.DISAGREES, wrong.reason


@pytest.mark.parametrize("observable", ["what tells the wells", "what does not"])
def test_a_well_of_a_vector_that_the_start_does_not_leave_is_not_all(observable: str) -> None:
    """The first entry has wells at 0 and 4; f is largest in one, or between the two."""
    sde = NumericSDE(
        states={"z": (2,)},
        noises={"B": (2,)},
        drift=lambda z: np.stack(
            [-4 * z[..., 0] * (z[..., 0] - 2) * (z[..., 0] - 4), -z[..., 1]], axis=-1
        ),
        noise=lambda dB: dB,
    )
    place, value = (0.0, 0.94) if observable == "what tells the wells" else (1.5, 0.14)
    claim = StationaryClaim(
        **named(
            sde=sde,
            observable=lambda z: np.exp(-((z[..., 0] - place) ** 2) * 8 / 9),
            value=value,
            bounds=(0, 1),
            horizon=0.5,
            values={"z": np.zeros(2)},
            relevant=0.1,
        )
    )
    (found,) = judged(claim)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "a longer horizon may" in found.reason


# dy = −y dt + √(1 + y²) dβ: eight times the noise is more than Euler's steps bear.
HEAVY = MatrixSDE({y: -y * dt + sqrt(1 + y**2) * b.d})


def of_density(density: Any, sde: Any = HEAVY, horizon: int = 8) -> StationaryClaim:
    settings = {"horizon": horizon, "values": {y: 0}, "relevant": 0.1}
    return StationaryClaim(**named(sde=sde, observable=y, density=density, **settings))


@pytest.mark.parametrize("seed", range(2))
def test_louder_pilots_of_multiplicative_noise_take_steps_that_bear_it(seed: int) -> None:
    claims = (of_density((1 + y**2) ** -2), of_density(1 / (1 + y**2)))
    right, wrong = judged(*claims, plan=replace(PLAN, seed=seed))
    assert right.status == Status.AGREES, right.reason
    assert wrong.status == Status.DISAGREES, wrong.reason


def test_wells_with_multiplicative_noise_are_found_all_the_same() -> None:
    """Wells at 0 and 4: neither is left in the time."""
    sde = MatrixSDE({y: -4 * y * (y - 2) * (y - 4) * dt + sqrt(1 + y**2 / 20) * b.d})
    (found,) = judged(of_density(exp(-32 * y**2), sde, 1))
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "not the only one" in found.reason
