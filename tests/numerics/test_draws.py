"""Finite laws of draws against known moments, against tables in float64, and against samples."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from numerics.draws import DEGREES, Draw, count, outcomes, sampled, tabled
from numerics.errors import NumericsError

NORMAL = Draw(name="g", law="gaussian", shape=())
SIGNS = Draw(name="s", law="two-point", shape=(2, 2))
WITH = Draw(name="w", law="minibatch", shape=(4,), batch=3, replacement=True)
WITHOUT = Draw(name="w", law="minibatch", shape=(4,), batch=3)
MOMENTS = {0: 1, 2: 1, 4: 3, 6: 15, 8: 105, 10: 945}


@pytest.mark.parametrize("degree", DEGREES)
def test_normals_have_their_moments_up_to_the_degree_and_not_beyond(degree: int) -> None:
    law = list(outcomes([NORMAL], degree))
    assert count([NORMAL], degree) == len(law)

    def moment(n: int) -> Fraction:
        return sum((w * value["g"][()] ** n for w, value in law), Fraction(0))

    assert [moment(n) for n in range(degree + 1)] == [MOMENTS.get(n, 0) for n in range(degree + 1)]
    assert moment(degree + 1) != MOMENTS[degree + 1]


def test_every_sign_comes_once() -> None:
    found = list(outcomes([SIGNS]))
    assert len(found) == count([SIGNS]) == 16
    assert len({tuple(np.ravel(value["s"])) for _, value in found}) == 16
    assert {w for w, _ in found} == {Fraction(1, 16)}


@pytest.mark.parametrize(("draw", "factor"), [(WITH, Fraction(1)), (WITHOUT, Fraction(1, 3))])
def test_the_weights_of_a_minibatch_have_their_moments(draw: Draw, factor: Fraction) -> None:
    """E w_i = 1, Var w_i = (n − 1)c, Cov(w_i, w_j) = −c with c = factor/b, n = 4, b = 3."""
    law = [(w, value["w"]) for w, value in outcomes([draw])]
    assert sum(w for w, _ in law) == 1
    assert all(sum(x) == 4 for _, x in law)
    c = factor / 3
    for i in range(4):
        assert sum(w * x[i] for w, x in law) == 1
        assert sum(w * x[i] ** 2 for w, x in law) == 1 + 3 * c
    assert sum(w * x[0] * x[1] for w, x in law) == 1 - c
    assert count([draw]) == len(law) == (comb(6, 3) if draw.replacement else 4)


@pytest.mark.parametrize("draws", [(SIGNS, WITH), (WITHOUT, NORMAL), (SIGNS,)])
def test_the_table_has_the_outcomes(draws: tuple[Draw, ...]) -> None:
    weights, values = tabled(draws, nodes=3)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    exact = list(outcomes([d for d in draws if d.law != "gaussian"]))
    for d in draws:
        assert values[d.name].shape == (len(weights), *d.shape)
        second = np.tensordot(weights, values[d.name] ** 2, axes=1)
        if d.law == "gaussian":
            assert second == pytest.approx(1.0)
        else:
            stated = sum(w * value[d.name] ** 2 for w, value in exact)
            assert np.allclose(second, np.asarray(stated, dtype=float), atol=1e-14)


@pytest.mark.parametrize("draw", [SIGNS, WITH, WITHOUT])
def test_samples_are_outcomes_at_their_rates(draw: Draw) -> None:
    rng = np.random.Generator(np.random.SFC64(7))
    x = sampled([draw], rng, 4_000)[draw.name].reshape(4_000, -1)
    law = {tuple(map(float, np.ravel(v[draw.name]))): float(w) for w, v in outcomes([draw])}
    seen, counts = np.unique(np.round(x, 12), axis=0, return_counts=True)
    rates = {key: n / 4_000 for key, n in zip(map(tuple, seen), counts, strict=True)}
    nearest = {
        key: min(law, key=lambda y: float(np.sum(np.abs(np.subtract(y, key))))) for key in rates
    }
    assert all(key == pytest.approx(value, abs=1e-9) for key, value in nearest.items())
    assert len(set(nearest.values())) == len(rates)
    # Hoeffding at 10⁻⁹ for every one of at most 20 outcomes.
    assert all(abs(rate - law[nearest[key]]) < 0.055 for key, rate in rates.items())


def test_draws_that_are_none_are_refused() -> None:
    with pytest.raises(NumericsError, match="law of x"):
        Draw(name="x", law="uniform", shape=())
    with pytest.raises(NumericsError, match="or draw with replacement"):
        Draw(name="w", law="minibatch", shape=(4,), batch=5)
    with pytest.raises(NumericsError, match="one axis of n"):
        Draw(name="w", law="minibatch", shape=(4, 4), batch=2)
