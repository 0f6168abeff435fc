"""The two sides of a check do not lean on each other.

A changed declaration moves what is derived and what is simulated, never what is stated; a broken
rule of the engine moves what is derived alone, and the tiers that simulate go on as before.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import sqrt

from derivations import MatrixSDE, equal
from derivations.catalogue import find
from derivations.claim import DifferentialClaim
from derivations.contraction import Contraction
from derivations.symbols import dt
from derivations.theorems._network import B, R, X, delta, eta, labels, moved_by, n, residual
from verify.loading import compiled
from verify.runner import Settings, judge
from verify.verdict import Status

TIERS = ("exact", "generator", "one-step")


def statuses(claim: DifferentialClaim) -> dict[str, Status]:
    """What each simulating tier says of a claim."""
    verdict = judge(compiled(claim), Settings(tiers=TIERS, effort="quick"))
    return {
        evidence.tier: evidence.status for evidence in verdict.evidence if evidence.tier in TIERS
    }


def with_noise_of_twice_the_size() -> DifferentialClaim:
    claim = find("label_noise_determinant")
    assert isinstance(claim, DifferentialClaim)
    return replace(
        claim, sde=MatrixSDE(moved_by(R * dt + 2 * B.d), assuming=claim.sde.assuming), mutants=()
    )


def test_a_changed_equation_moves_the_derived_form() -> None:
    right, changed = find("label_noise_determinant"), with_noise_of_twice_the_size()
    assert isinstance(right, DifferentialClaim)
    derived = [c.sde.d(c.observable).drift for c in (right, changed)]
    assert equal(derived[1], 4 * derived[0])
    assert not equal(derived[1], derived[0])


def test_a_changed_equation_is_what_is_simulated() -> None:
    assert set(statuses(with_noise_of_twice_the_size()).values()) == {Status.DISAGREES}


def test_a_transpose_lost_in_the_equation_is_seen() -> None:
    claim = find("label_noise_determinant.label_noise")
    assert isinstance(claim, DifferentialClaim)
    dZ = sqrt(eta * delta) / n * X.T * labels.d
    lost = moved_by(residual * dt + dZ)
    (first, second) = lost
    lost[second] = lost[second] - 2 * first.T * dZ
    wrong = replace(claim, sde=MatrixSDE(lost, assuming=claim.sde.assuming), mutants=(), path=None)
    assert set(statuses(wrong).values()) == {Status.DISAGREES}


def test_a_broken_rule_of_the_engine_does_not_reach_the_simulated_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim = find("label_noise_determinant")
    assert isinstance(claim, DifferentialClaim)
    honest = Contraction.__call__
    monkeypatch.setattr(Contraction, "__call__", lambda self, f: honest(self, f).scaled(2))
    assert not equal(claim.sde.d(claim.observable).drift, claim.drift)
    assert set(statuses(claim).values()) == {Status.AGREES}
