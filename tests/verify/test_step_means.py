"""Means over normals of functions that no short rule averages: right claims are never refuted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr
from sympy import exp, sqrt

from derivations import Gaussian, State, StepClaim, Update, dims, positive, tr
from numerics.draws import Draw
from numerics.numeric_update import NumericUpdate
from verify import check
from verify.loading import compiled
from verify.runner import Settings, judge
from verify.steps.rules import rule_of
from verify.verdict import Status

ETA, S, W, G = positive("eta"), positive("sigma"), State("w"), Gaussian("g")
Z = Draw(name="z", law="gaussian", shape=())

JUMPS: dict[str, tuple[Any, Any, Any]] = {
    "threshold": (
        lambda w, z: np.where(z > w, w + 1, w),
        lambda w: ndtr(-w),
        lambda w: 1 - ndtr(-w),
    ),
    "sign": (
        lambda w, z: np.sign(w + z),
        lambda w: 2 * ndtr(w) - 1 - w,
        lambda w: 2 * ndtr(w) + 1 - w,
    ),
}


@pytest.mark.parametrize("seed", range(6))
def test_exponentials_of_normals(seed: int) -> None:
    """A martingale of one step, and the mean of a lognormal: also where the noise is large."""
    lognormal = Update({W: W * exp(S * G - S**2 / 2)})
    shifted = Update({W: W + sqrt(ETA) * S * G})
    right = (
        StepClaim(update=lognormal, observable=W, change=0),
        StepClaim(update=shifted, observable=exp(W), change=exp(W) * (exp(ETA * S**2 / 2) - 1)),
    )
    for claim in right:
        assert check(claim, seed=seed).status != Status.DISAGREES
    wrong = StepClaim(update=shifted, observable=exp(W), change=exp(W) * (exp(ETA * S**2) - 1))
    assert check(wrong, seed=seed).status == Status.DISAGREES


@pytest.mark.parametrize("name", JUMPS)
def test_functions_that_jump(name: str) -> None:
    """No rule settles them; samples refute what is far off."""
    moves, right, wrong = JUMPS[name]
    update = NumericUpdate(states={"w": ()}, draws=(Z,), moves=moves)
    for seed in range(4):
        found = check(StepClaim(update=update, observable=lambda w: w, change=right), seed=seed)
        assert found.status != Status.DISAGREES
    found = check(StepClaim(update=update, observable=lambda w: w, change=wrong))
    assert found.status == Status.DISAGREES


@pytest.mark.filterwarnings("ignore:overflow")
def test_rules_know_what_they_average() -> None:
    """Short rules average polynomials; long ones what they agree about; neither a jump."""
    short = rule_of([Draw(name="z", law="gaussian", shape=(6,))])
    long = rule_of([Z])
    assert short is not None
    assert long is not None
    assert (short.nodes, long.nodes) == (4, 20)
    assert short.error(lambda x: np.sum(x["z"], axis=1) ** 4, exact=True) < 1e-9
    assert short.error(lambda x: np.cos(np.sum(x["z"], axis=1)), exact=True) == np.inf
    assert short.error(lambda x: 1.0 * np.any(x["z"] > 3.0, axis=1), exact=True) == np.inf
    assert long.error(lambda x: np.exp(2 * x["z"]), exact=True) < 1e-6
    assert long.error(lambda x: np.exp(8 * x["z"]), exact=True) == np.inf
    edges = (-3.1, 0.2, 2.0, 3.4)
    assert {long.error(_above(edge), exact=True) for edge in edges} == {np.inf}
    # Its mean is 1, and no draw shows it: one lies beyond twenty deviations.
    assert long.error(lambda x: np.exp(20 * x["z"] - 200), exact=True) == np.inf


def _above(edge: float) -> Any:
    return lambda x: 1.0 * (x["z"] > edge)


def test_a_sampled_step_says_how_much_it_settles() -> None:
    """Of 25 normals the interval is wide: the relevant error is as large, and said."""
    p = dims("p")
    at, noise = State("T", p, p), Gaussian("G", p, p)
    update = Update({at: at + sqrt(ETA) * noise * at})
    norm = tr(at * at.T)
    given = [
        StepClaim(update=update, observable=norm, change=ETA * k * norm, id="t", title="t",
                  source="a test", statement="t")
        for k in (p, p + 1)
    ]  # fmt: skip
    right, wrong = (
        judge(compiled(claim), Settings(tiers=("one-step",), effort="standard")).evidence[0]
        for claim in given
    )
    assert right.status == Status.AGREES
    assert "relevant 0.1 instead of 0.001, which so many cannot settle" in right.reason
    assert wrong.status == Status.DISAGREES
