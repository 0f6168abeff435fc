"""The noises that drive an observable: others are left out of the sign paths, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.system import NoiseSpec, State, System
from tests.verify.path_claims import judged, named
from verify import ExpectationClaim, NumericSDE
from verify.paths.driving import driven
from verify.verdict import Status

START = {"x": 1.0, "m": 0.0, "n": 0.5}


def of_three(chain: float = 0.0, switch: float = 0.0) -> System:
    """x with the noise B; m with W, n with V; m moves n, and n moves x, if they are told to."""

    def increment(point: Any, t: float, dt: float, dB: State) -> State:
        x, m, n = (point[name] for name in ("x", "m", "n"))
        rate = -x + chain * n + switch * np.maximum(np.abs(m) - 3, 0)
        return {
            "x": rate * dt + dB["dB"],
            "m": -m * dt + dB["dW"],
            "n": chain * m * dt - n * dt + 0.0 * dB["dV"],
        }

    noises = tuple(NoiseSpec(name=name, shape=()) for name in ("B", "W", "V"))
    return System(states=dict.fromkeys("xmn", ()), noises=noises, increment=increment)


def names(system: System, f: Any) -> set[str]:
    return {noise.name for noise in driven(system, f, START, 1.0).noises}


def test_noises_that_move_other_states_alone_drive_nothing() -> None:
    assert names(of_three(), lambda s: s["x"] ** 2) == {"B"}
    assert names(of_three(), lambda s: s["m"]) == {"W"}
    assert names(of_three(), lambda s: s["x"] * s["m"]) == {"B", "W"}


def test_a_noise_that_comes_through_two_other_states_is_kept() -> None:
    """However little it moves, and where it does so far out alone."""
    for chain in (1.0, 1e-4):
        assert names(of_three(chain), lambda s: s["x"]) == {"B", "W"}
    assert names(of_three(switch=1.0), lambda s: s["x"]) == {"B", "W"}


def test_a_noise_without_a_factor_is_left_out_and_the_rest_is_the_same() -> None:
    system = of_three(0.5)
    fewer = driven(system, lambda s: s["x"], START, 1.0)
    point = {name: np.full(3, value) for name, value in START.items()}
    dB = {name: np.array([0.1, 0.2, 0.3]) for name in ("dB", "dW")}
    before = system.increment(point, 0.0, 0.1, {**dB, "dV": np.array([1.0, 2.0, 3.0])})
    after = fewer.increment(point, 0.0, 0.1, dB)
    assert all(np.array_equal(before[name], after[name]) for name in system.states)


def square(value: float, entries: int = 2) -> ExpectationClaim:
    """E|z|² at T of dz = −z dt + dB from 0, with a scalar m that z moves."""
    sde = NumericSDE(
        states={"z": (entries,), "m": ()},
        noises={"B": (entries,), "W": ()},
        drift={"z": lambda z: -z, "m": lambda m, z: z[..., 0] - m},
        noise={"z": lambda dB: dB, "m": lambda dW: dW},
    )
    return ExpectationClaim(
        **named(
            sde=sde,
            observable=lambda z: np.sum(z**2, axis=-1),
            value=value,
            horizon=1,
            values={"z": np.zeros(entries), "m": 0.0},
            relevant=0.02,
        )
    )


@pytest.mark.parametrize(("factor", "status"), [(1.0, Status.AGREES), (1.05, Status.DISAGREES)])
def test_a_state_that_is_not_asked_for_costs_no_grids(factor: float, status: Status) -> None:
    found = judged(square(factor * (1 - np.exp(-2))))
    assert found.status == status, found.reason


def test_an_observable_that_no_noise_drives_is_seen_on_the_paths_of_one() -> None:
    """E x² = e⁻² for dx = −x dt from 1, whatever m and n do."""
    sde = NumericSDE(
        states={"x": (), "m": (3,), "n": ()},
        noises={"B": (3,), "W": ()},
        drift={"x": lambda x: -x, "m": 0, "n": 0},
        noise={"x": 0, "m": lambda dB: dB, "n": lambda dW: dW},
    )
    given = {"sde": sde, "observable": lambda x: x**2, "horizon": 1, "relevant": 0.02}
    start = {"x": 1.0, "m": np.zeros(3), "n": 0.0}
    for value, status in ((np.exp(-2), Status.AGREES), (1.05 * np.exp(-2), Status.DISAGREES)):
        found = judged(ExpectationClaim(**named(**given, value=value, values=start)))
        assert found.status == status, found.reason


def test_too_many_components_are_named() -> None:
    found = judged(square(1.5 * (1 - np.exp(-2)), 3))
    assert found.status == Status.INCONCLUSIVE
    assert "3 components of the noise" in found.reason
    assert "variance=" in found.reason
