"""The outermost paths: noise comes to one limit, a part of the paths with another one does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from verify.paths.almost_all import FAR, all_but, paths_wanted, unseen, what_parts
from verify.paths.outer import Outer, outer_of
from verify.paths.rates import LOST, Rate
from verify.planning import Estimate
from verify.statistics.bounds import clopper_pearson

ALPHA = 1e-6
N = 8000


def outer(share: float, away: float, noise: float, seed: int = 0, n: int = N) -> Outer:
    """Of growths with this noise, and of a share of paths that have a limit so far away."""
    rng = np.random.default_rng(seed)
    limits = np.where(np.arange(n) < share * n, away, 0.0)
    late, early = (limits + s * noise * rng.standard_normal(n) for s in (1, math.sqrt(3)))
    return outer_of(late, early, 0, ALPHA)


def rate(found: Outer, lost: float = 0.0) -> Rate:
    return Rate(estimate=Estimate(value=0.0), outer=found, lost=lost)


@pytest.mark.parametrize("away", [-1.0, 1.0])
@pytest.mark.parametrize("share", [0.002, 0.01, 0.015, 0.05, 0.3])
def test_a_part_with_a_limit_of_its_own_is_seen(share: float, away: float) -> None:
    for seed in range(20):
        found = rate(outer(share, away, 0.1, seed))
        assert "path to path" in what_parts(found, 0.0, 0.5)
        assert found.outer.apart(-0.5, 0.5) == pytest.approx(share, rel=0.3)


def test_noise_is_none() -> None:
    for seed in range(20):
        found = rate(outer(0.0, 0.0, 0.1, seed))
        assert what_parts(found, 0.0, 0.2) == ""
        assert paths_wanted(found, 0.0, 0.2) == 1.0


def test_noise_that_is_larger_than_what_matters_leaves_it_open() -> None:
    """Then more paths are asked for, and of a part with another limit nothing agrees."""
    for seed in range(20):
        noisy, parted = (rate(outer(share, 2.0, 1.0, seed)) for share in (0.0, 0.05))
        assert paths_wanted(noisy, 0.0, 0.7) >= 2.0
        assert what_parts(parted, 0.0, 0.7) or paths_wanted(parted, 0.0, 0.7) > 1.0


def test_what_moves_fast_from_far_is_not_taken_for_noise() -> None:
    """A part that went far away and is still far: 1/√t would bring it home."""
    rng = np.random.default_rng(1)
    part = np.where(np.arange(N) < 0.05 * N, 1.0, 0.0)
    late, early = (s * part + 0.01 * s * rng.standard_normal(N) for s in (2.0, 3.46))
    found = rate(outer_of(late, early, 0, ALPHA))
    assert found.outer.apart(-0.2, 0.2) == 0.0
    assert f"more than {FAR:g} times" in what_parts(found, 0.0, 0.2)


def test_too_few_paths_say_nothing_of_a_quantile() -> None:
    found = outer(0.0, 0.0, 0.1, n=500)
    assert found.sure[0] == -math.inf
    assert found.more(-1.0, 1.0) > 1.0


def test_the_share_beyond_the_outermost_is_bounded_for_every_law() -> None:
    """The bound is that of Clopper and Pearson for seven of the paths outside."""
    held = 0
    for seed in range(400):
        late = np.random.default_rng(seed).uniform(-1, 1, 300)
        found = outer_of(late, late, 0, 0.1)
        low, high = (end + np.median(late) for end in found.late[1])
        held += int(1 - (high - low) / 2 <= found.shares[1])
    assert found.shares[1] == pytest.approx(clopper_pearson(7, 300, 0.1)[1])
    # The upper end has half of the rate: 20 of 400 may fail, and 40 hardly ever do.
    assert 400 - held <= 40


def test_lost_paths_may_be_anywhere() -> None:
    rng = np.random.default_rng(3)
    late = rng.standard_normal(N)
    few, many = (outer_of(late, 2 * late, lost, ALPHA).shares[1] for lost in (0, 60))
    assert many > few + 60 / N
    found = rate(outer(0.0, 0.0, 0.1), lost=2 * LOST)
    assert "finer steps may settle it" in what_parts(found, 0.0, 0.5)


def test_what_is_not_seen_is_named() -> None:
    said = all_but(unseen(rate(outer(0.0, 0.0, 0.1)), 0.0))
    assert said.startswith("all but a share of at most 0.4 % of the paths are within ±0.3")
