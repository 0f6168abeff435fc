from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from tests.verify.path_claims import PLAN, cosine, crossing, geometric_law
from verify import ExpectationClaim, HittingClaim, LawClaim, NumericSDE
from verify.loading import compiled
from verify.paths.horizon import settings
from verify.paths.refinement import Look
from verify.paths.within_steps import changes_within_steps
from verify.tiers.path import check
from verify.verdict import Evidence, Status


def driven(noise: Any, **fields: Any) -> dict[str, Any]:
    """dx = noise(x, t, dB)."""
    sde = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=0, noise=noise)
    return {
        "sde": sde, "observable": lambda x: x, "horizon": 1, "values": {"x": 0.0},
        "relevant": 0.1, **fields,
    }  # fmt: skip


def dip(slope: float) -> Any:
    """No path passes 1/2, where the noise vanishes; nearly everywhere it is 1."""
    return lambda x, dB: np.minimum(np.abs(x - 0.5) * slope, 1) * dB


def spike(t: Any, dB: Any) -> Any:
    """Noise 1, but for a time 10⁻⁶ that adds 1.8 to the variance."""
    return (1 + 1e3 * np.exp(-(((t - 0.3) / 1e-6) ** 2) / 2)) * dB


def waves(x: Any, dB: Any) -> Any:
    """Noise that keeps paths within (0, π), and is far longer than that in a step."""
    return 50 * np.sin(x) * dB


def judged(claim: Any) -> Evidence:
    return check(compiled(claim), PLAN)


TRUE = [
    HittingClaim(**driven(waves, level=4, probability=0, values={"x": 1.0})),
    HittingClaim(**driven(dip(50), level=0.6, probability=0)),
    ExpectationClaim(
        **driven(dip(5000), observable=lambda x: (x > 0.6) * 1.0, value=0, bounds=(0, 1))
    ),
]
WRONG = [
    HittingClaim(**driven(dip(5000), level=0.6, probability=2 * ndtr(-0.6))),
    HittingClaim(**driven(spike, level=1, probability=2 * ndtr(-1))),
    ExpectationClaim(
        **driven(spike, observable=lambda x: np.cos(x), value=np.exp(-0.5), bounds=(-1, 1))
    ),
    LawClaim(**driven(spike, cdf=lambda level: ndtr(level))),
    LawClaim(**driven(dip(5000), cdf=lambda level: ndtr(level))),
]


@pytest.mark.parametrize("true", TRUE, ids=["waves", "dip", "dip, mean"])
def test_what_no_grid_resolves_refutes_no_true_claim(true: Any) -> None:
    found = judged(true)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "the coefficients change too fast for" in found.reason


@pytest.mark.parametrize(
    "wrong", WRONG, ids=["dip", "spike", "spike, mean", "spike, law", "dip, law"]
)
def test_what_no_grid_resolves_proves_no_wrong_claim(wrong: Any) -> None:
    found = judged(wrong)
    assert found.status == Status.INCONCLUSIVE, found.reason


def met(claim: Any, steps: int) -> bool:
    (setting,) = settings(compiled(claim), PLAN)
    return changes_within_steps(setting, Look(steps=steps, paths=500, plan=PLAN))


@pytest.mark.parametrize(
    "claim",
    [
        geometric_law(),
        cosine(),
        crossing(),
        LawClaim(**driven(lambda x, dB: np.where(x > 0, 2.0, 1.0) * dB, cdf=lambda x: x)),
        LawClaim(**driven(lambda x, dB: np.sqrt(np.abs(x)) * dB, cdf=lambda x: x)),
        LawClaim(**driven(lambda t, dB: (1 + t) * dB, cdf=lambda x: x)),
        LawClaim(**driven(lambda t, dB: (t > 0.3) * dB, cdf=lambda x: x)),
    ],
    ids=["geometric", "Ornstein-Uhlenbeck", "drift", "jump", "root", "timed", "switched on"],
)
def test_coefficients_that_rise_fall_or_jump_are_resolved(claim: Any) -> None:
    assert not met(claim, 8)


def cells(x: Any, dB: Any) -> Any:
    """Noise that keeps paths within cells of width π/400."""
    return np.abs(np.sin(400 * x)) * dB


@pytest.mark.parametrize(
    ("beside", "noise", "harmless"),
    [
        (lambda dW: 10 * dW, cells, lambda x, dB: np.tanh(x) * dB),
        (lambda y, dW: 4 * y * dW, cells, lambda x, dB: np.tanh(x) * dB),
        (lambda dW: 1e4 * dW, spike, lambda t, dB: (1 + t) * dB),
    ],
    ids=["cells, large", "cells, heavy tails", "spike, large"],
)
def test_a_state_beside_hides_nothing_and_shows_nothing(
    beside: Any, noise: Any, harmless: Any
) -> None:
    """However far y moves, or only a few of its paths, x is judged as it is without it."""

    def claim(noise: Any) -> ExpectationClaim:
        sde = NumericSDE(
            states={"x": (), "y": ()},
            noises={"B": (), "W": ()},
            drift={"x": 0, "y": 0},
            noise={"x": noise, "y": beside},
        )
        return ExpectationClaim(
            sde=sde, observable=lambda x: np.tanh(x) ** 2, value=0.085, bounds=(0, 1), horizon=1,
            values={"x": 0.3, "y": 1}, relevant=0.05,
        )  # fmt: skip

    assert met(claim(noise), 8)
    assert not met(claim(harmless), 8)


def test_finer_steps_resolve_what_is_wide_enough() -> None:
    claim = LawClaim(**driven(lambda x, dB: (1 + np.sin(5 * x)) * dB, cdf=lambda x: x))
    assert met(claim, 4)
    assert not met(claim, 256)
