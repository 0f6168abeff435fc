"""A change of time holds in law: signs, numbers and rotations of the noises are free."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import sqrt

from derivations import Brownian, Parameter, State, dims, dt
from verify import MatrixSDE, NumericSDE, TimeChangeClaim, check
from verify.verdict import Status

n = dims("n")
x, X = State("x"), State("X", n, n)
b, c, B = Brownian("b"), Brownian("c"), Brownian("B", n, n)


def declared(old: Any, new: Any, rate: Any = 1) -> Any:
    return TimeChangeClaim(id="c", sde=MatrixSDE(old), rate=rate, changed=MatrixSDE(new))


def numeric(noise: Any, **others: Any) -> Any:
    fields = {"states": {"x": ()}, "noises": {"B": ()}, "drift": lambda x: -x, **others}
    return NumericSDE(noise=noise, **fields)


def turned(x: Any, dB: Any) -> Any:
    """The noise turned by x/|x|."""
    u = x / np.sqrt(np.sum(x**2, axis=-2, keepdims=True))
    v = np.concatenate([-u[..., 1:, :], u[..., :1, :]], axis=-2)
    return np.concatenate([u, v], axis=-1) @ dB


def functions(old: Any, new: Any, **others: Any) -> Any:
    systems = {"sde": numeric(old, **others), "changed": numeric(new, **others)}
    return TimeChangeClaim(id="c", rate=1.0, **systems)


PLANE = {"states": {"x": (2, 1)}, "noises": {"B": (2, 1)}}
RIGHT = {
    "sign": lambda: declared({x: 4 * b.d}, {x: -2 * b.d}, 4),
    "two for one": lambda: declared({x: -x * dt + b.d + c.d}, {x: -x * dt + sqrt(2) * b.d}),
    "transposed": lambda: declared({X: -X * dt + B.d}, {X: -X * dt + B.d.T}),
    "sign of functions": lambda: functions(lambda dB: dB, lambda dB: -dB),
    "rotation": lambda: functions(lambda dB: dB, turned, **PLANE),
}
WRONG = {
    "factor": lambda: declared({x: 4 * b.d}, {x: -4 * b.d}, 4),
    "no root": lambda: declared({x: -x * dt + b.d + c.d}, {x: -x * dt + 2 * b.d}),
    "transposed, doubled": lambda: declared({X: -X * dt + B.d}, {X: -X * dt + 2 * B.d.T}),
    "factor of functions": lambda: functions(lambda dB: dB, lambda dB: -2 * dB),
    "rotation, doubled": lambda: functions(lambda dB: dB, lambda x, dB: 2 * turned(x, dB), **PLANE),
    "a hundredth": lambda: functions(lambda dB: dB, lambda dB: -1.01 * dB),
}
TIERS = ("derivation", "path")


@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT)
def test_what_is_equal_in_law_agrees(make: Any) -> None:
    verdict = check(make(), effort="quick", tiers=TIERS)
    assert verdict.status == Status.AGREES, verdict.evidence
    assert {e.status for e in verdict.evidence} <= {Status.AGREES, Status.NOT_APPLICABLE}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_its_wrong_twin_disagrees_in_every_tier(make: Any) -> None:
    verdict = check(make(), effort="quick", tiers=TIERS)
    assert {e.status for e in verdict.evidence} <= {Status.DISAGREES, Status.NOT_APPLICABLE}
    assert verdict.status == Status.DISAGREES
    assert "zip()" not in str(verdict.evidence)
    assert verdict.finding is not None
    assert not any("could not be located" in line for line in verdict.finding.lines)


@pytest.mark.parametrize(("pull", "status"), [(1, Status.AGREES), (2, Status.DISAGREES)])
def test_a_sign_at_a_state_dependent_rate_is_judged_in_law_too(pull: float, status: Any) -> None:
    claim = TimeChangeClaim(
        id="c",
        sde=numeric(lambda x, dB: np.sqrt(1 + x**2) * dB, drift=lambda x: -pull * x * (1 + x**2)),
        rate=lambda x: 1 + x**2,
        changed=numeric(lambda dB: -dB),
    )
    verdict = check(claim, effort="quick", tiers=("path",))
    assert verdict.status == status
    (found,) = (e for e in verdict.evidence if e.tier == "path")
    assert ("distance in law" in found.numbers) == (status == Status.AGREES)


P, Q = dims("p q")
Y, D, W = State("Y", P, Q), Brownian("D", P, Q), Brownian("W", P, Q)
OTHER = Brownian("V", Q, P)
FREE = {Y: -3 * Y * dt + sqrt(3) * D.d}
RENAMED = {
    "factor": ({Y: -Y * dt + 2 * W.d}, "2 dW: claimed coefficient 2, measured 1"),
    "drift": ({Y: -2 * Y * dt + W.d}, "-2 Y: claimed coefficient −2, measured −1"),
    "another shape": ({Y: -Y * dt + 2 * OTHER.d.T}, "diffusion matrix"),
    "drift with another shape": ({Y: -2 * Y * dt + OTHER.d.T}, "-2 Y: claimed coefficient −2"),
    "one more": ({Y: -Y * dt + W.d + D.d}, "diffusion matrix"),
    "a matrix in front": ({Y: -Y * dt + 3 * Parameter("A", P, P) * W.d}, "diffusion matrix"),
}


@pytest.mark.parametrize("name", RENAMED)
def test_what_is_wrong_with_noises_of_other_names_is_said(name: str) -> None:
    """The new noise has letters of its own, or of another shape: no term of it is the old one's."""
    changed, said = RENAMED[name]
    found = check(declared(FREE, changed, 3), effort="quick", tiers=("derivation", "path"))
    assert {e.status for e in found.evidence} == {Status.DISAGREES}
    assert found.finding is not None
    assert said in " ".join(found.finding.lines)
    assert not any("could not be located" in line for line in found.finding.lines)
    assert not any("clock" in line for line in found.finding.lines)


def test_noises_of_other_names_agree() -> None:
    assert check(declared(FREE, {Y: -Y * dt + W.d}, 3), effort="quick", tiers=TIERS).agrees


def finding(claim: Any) -> Any:
    return check(claim, effort="quick", tiers=("derivation", "exact")).finding


def test_a_sign_that_is_no_mistake_is_not_named() -> None:
    drift = "drift of x in the new time"
    one = finding(declared({x: -4 * x * dt + 4 * b.d}, {x: -2 * x * dt - 2 * b.d}, 4))
    assert [change["part"] for change in one.changes] == [drift]
    noise = 4 * b.d + 4 * c.d
    two = finding(declared({x: -4 * x * dt + noise}, {x: -2 * x * dt + sqrt(8) * b.d}, 4))
    assert [change["part"] for change in two.changes] == [drift]
    three = finding(declared({x: -4 * x * dt + 4 * b.d}, {x: -x * dt - 3 * b.d}, 4))
    assert "claimed coefficient −3, measured −2" in three.lines[0]
