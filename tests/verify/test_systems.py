"""The Stratonovich correction at one repeated point against the same point once for each path."""

from __future__ import annotations

import numpy as np
import pytest

from numerics.system import System
from verify.loading import compiled
from verify.systems import as_numbers


def scalar() -> System:
    from derivations import Brownian, DifferentialClaim, MatrixSDE, State

    x, beta = State("x"), Brownian("beta")
    claim = DifferentialClaim(
        id="planted",
        title="x ∘ dβ",
        source="none",
        statement="",
        sde=MatrixSDE({x: x * beta.d}, calculus="stratonovich"),
        observable=x,
        drift=x / 2,
    )
    return as_numbers(compiled(claim).system("declared", {}), {"x": np.asarray(0.0)})


def stratonovich() -> System:
    from derivations import Brownian, DifferentialClaim, MatrixSDE, State, dims, tr

    p = dims("p")
    X, B = State("X", p, p), Brownian("B", p, p)
    claim = DifferentialClaim(
        id="planted",
        title="X B X",
        source="none",
        statement="",
        sde=MatrixSDE({X: X * B.d * X}, calculus="stratonovich"),
        observable=tr(X),
        drift=0,
    )
    return as_numbers(compiled(claim).system("declared", {"p": 2}), {"p": 2, "X": np.zeros((2, 2))})


@pytest.mark.parametrize("batch", [(3,), (2, 3)])
def test_a_repeated_point_is_every_path_at_it(batch: tuple[int, ...]) -> None:
    system, rng = stratonovich(), np.random.Generator(np.random.SFC64(1))
    repeated = np.broadcast_to(rng.standard_normal((2, 2)), (*batch, 2, 2))
    dB = {"dB": rng.standard_normal((*batch, 2, 2))}
    found = system.increment({"X": repeated}, 0.0, 0.5, dB)["X"]
    each = system.increment({"X": repeated.copy()}, 0.0, 0.5, dB)["X"]
    assert found.shape == each.shape
    np.testing.assert_allclose(found, each, rtol=1e-9)
    # The correction is there, and paths at other points are not taken for one.
    moved = repeated.copy()
    moved[-1] *= 2.0
    apart = system.increment({"X": moved}, 0.0, 0.5, dB)["X"]
    np.testing.assert_allclose(apart[0], each[0], rtol=1e-9)
    assert np.abs(apart[-1] - each[-1]).max() > 0.1


def test_a_single_scalar_state_has_a_correction() -> None:
    at, dB = {"x": np.asarray(3.0)}, {"dbeta": np.asarray(0.0)}
    assert float(scalar().increment(at, 0.0, 0.5, dB)["x"]) == pytest.approx(0.75)


@pytest.mark.parametrize("declared", [False, True])
def test_where_the_equation_is_not_real_is_said(declared: bool) -> None:
    from sympy import Lt, sqrt

    from derivations import Assumption, Brownian, DifferentialClaim, MatrixSDE, State, dt
    from verify.planning import Plan
    from verify.tiers.one_step import check
    from verify.verdict import Status

    x, beta = State("x", positive=True), Brownian("beta")
    noise = sqrt(x * (1 - x)) * beta.d
    inside = Assumption(text="x < 1", condition=Lt(x, 1))
    claim = DifferentialClaim(
        id="jacobi",
        title="a Jacobi diffusion",
        source="none",
        statement="",
        sde=MatrixSDE({x: (1 - 2 * x) * dt + noise}),
        observable=x**2,
        drift=2 * x * (1 - 2 * x) + x * (1 - x),
        martingale=2 * x * noise,
        assumptions=(inside,) if declared else (),
    )
    found = check(compiled(claim), Plan(seed=1))
    if declared:
        assert found.status == Status.AGREES, found.reason
    else:
        assert found.status == Status.INCONCLUSIVE
        assert found.reason.startswith("the equation of x is not real at x = ")
        assert "condition=Lt(x, 1)" in found.reason
