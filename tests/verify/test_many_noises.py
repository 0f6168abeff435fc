"""Claims about systems with hundreds of noise entries are decided: true ones and wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.declared import DeclaredSystem
from numerics.numeric_sde import NumericSDE
from verify import DifferentialClaim, Status, check
from verify.loading import problem_from_outside
from verify.planning import EFFORTS, Estimate, Plan
from verify.sampling import more_of_functions
from verify.tiers.one_step import _reason
from verify.tiers.one_step import check as one_step

QUICK = Plan(effort=EFFORTS["quick"])


def transposed(A: Any) -> Any:
    return np.swapaxes(A, -1, -2)


def vector(k: int, drift: float = 1.0, noise: float = 1.0) -> DifferentialClaim:
    """|w|² of dw = −w dt + w ∘ dB; factors other than one are wrong."""
    sde = NumericSDE(
        states={"w": (k,)},
        noises={"B": (k,)},
        drift=lambda w: -w,
        noise=lambda w, dB: w * dB,
    )
    return DifferentialClaim(
        sde=sde,
        observable=lambda w: np.sum(w**2, -1),
        drift=lambda w: -drift * np.sum(w**2, -1),
        martingale=lambda w, dB: 2 * noise * np.sum(w**2 * dB, -1),
    )


def network(n: int, drift: float = 1.0, noise: float = 1.0) -> DifferentialClaim:
    """|W1|² of a net of two n × n layers with n² noises; factors other than one are wrong."""
    sde = NumericSDE(
        states={"W1": (n, n), "W2": (n, n)},
        noises={"B": (n, n)},
        drift={"W1": lambda W1: -0.1 * W1, "W2": lambda W2: -0.1 * W2},
        noise={
            "W1": lambda W2, dB: dB @ transposed(W2),
            "W2": lambda W1, dB: transposed(W1) @ dB,
        },
    )
    axes = (-2, -1)
    return DifferentialClaim(
        sde=sde,
        observable=lambda W1: np.sum(W1**2, axes),
        drift=lambda W1, W2: drift * (-0.2 * np.sum(W1**2, axes) + n * np.sum(W2**2, axes)),
        martingale=lambda W1, W2, dB: 2 * noise * np.sum(W1 * (dB @ transposed(W2)), axes),
    )


@pytest.mark.parametrize(("make", "size"), [(vector, 64), (network, 8)])
def test_true_claims_agree_and_wrong_ones_do_not(make: Any, size: int) -> None:
    def status(**wrong: float) -> Status:
        return one_step(problem_from_outside(make(size, **wrong), 60.0), QUICK).status

    assert status() == Status.AGREES
    assert status(drift=1.001) == Status.DISAGREES
    assert status(noise=1.001) == Status.DISAGREES
    assert status(noise=-1.0) == Status.DISAGREES


def test_a_vector_with_200_noises_is_decided_as_well() -> None:
    for drift, status in ((1.0, Status.AGREES), (0.999, Status.DISAGREES)):
        problem = problem_from_outside(vector(200, drift=drift), 60.0)
        assert one_step(problem, QUICK).status == status


def test_a_net_with_144_noises_is_decided() -> None:
    found = check(network(12), effort="quick", tiers=("generator", "one-step"))
    assert [e.status for e in found.evidence] == [Status.AGREES, Status.AGREES]
    wrong = problem_from_outside(network(12, drift=0.999), 60.0)
    assert one_step(wrong, QUICK).status == Status.DISAGREES


def test_functions_have_no_components_in_digits_to_wait_for(monkeypatch: Any) -> None:
    def refused(*_: Any) -> Any:
        raise AssertionError("components: factored, though the drift has no digits")

    monkeypatch.setattr(DeclaredSystem, "components", refused)
    found = check(vector(200), effort="quick", tiers=("generator",))
    assert found.status == Status.AGREES


def test_more_points_of_large_states_are_no_more_than_the_effort_says() -> None:
    problem = problem_from_outside(vector(200), 60.0)
    points = {
        name: more_of_functions(problem, Plan(effort=effort)).effort.points
        for name, effort in EFFORTS.items()
    }
    assert points == {"quick": 8, "standard": 8, "deep": 16}


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (Estimate(value=0.0, half_width=1e-6), "40,000 samples would settle it"),
        (Estimate(value=0.0, half_width=1e9), "no number of samples settles it here"),
        (Estimate(value=0.0, half_width=np.inf), "no number of samples settles it here"),
        (Estimate(value=0.0, bias=1e-6), "the bias is beyond half of the relevant error 1e-06"),
    ],
)
def test_what_is_open_names_samples_only_if_they_can_be_drawn(gap: Estimate, said: str) -> None:
    status = Status.INCONCLUSIVE
    text = _reason(status, {"drift": status}, {"drift": gap}, Plan(), 1e-6)
    assert text.endswith(said)
