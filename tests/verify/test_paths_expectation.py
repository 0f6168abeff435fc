from __future__ import annotations

import math
from dataclasses import replace

import pytest
from sympy import Abs, Rational, cos, exp, oo, pi, sign, sin, sqrt, tanh

from derivations import (
    DerivationError,
    ExpectationClaim,
    MatrixSDE,
    Parameter,
    State,
    dims,
    dt,
    positive,
    t,
    tr,
)
from derivations.theorems.moment_hierarchy import ISOTROPIC
from tests.verify.path_claims import (
    GROWN_VARIANCE,
    a,
    beta,
    cosine,
    growth,
    judged,
    mu,
    named,
    normal,
    sigma,
    x,
    y,
)
from verify.errors import UsageError
from verify.paths.expectations import NEVER
from verify.verdict import Evidence, Status

# Bounds: an average of bounded values.


def test_a_right_mean_of_bounded_values_agrees() -> None:
    found = judged(cosine())
    assert found.status == Status.AGREES, found.reason
    assert "bounded" in found.reason


@pytest.mark.parametrize(
    "value",
    [
        cos(x * exp(-a * t)),
        cos(x * exp(-a * t)) * exp(-(sigma**2) / (2 * a)),
        -cos(x * exp(-a * t)) * exp(-(sigma**2) * (1 - exp(-2 * a * t)) / (4 * a)),
    ],
    ids=["noise forgotten", "stationary and twice", "sign"],
)
def test_a_wrong_mean_of_bounded_values_disagrees(value: object) -> None:
    found = judged(cosine(value, relevant=0.03))
    assert found.status == Status.DISAGREES, found.reason


def test_a_wrong_power_is_seen_where_the_parameter_varies() -> None:
    spread = sigma**4 * (1 - exp(-2 * a * t)) / (2 * a)
    wrong = cos(x * exp(-a * t)) * exp(-spread / 2)
    assert judged(cosine(wrong)).status == Status.AGREES
    found = judged(cosine(wrong, vary={sigma: (1, 2)}))
    assert found.status == Status.DISAGREES
    assert "sigma = 2" in found.reason
    assert judged(cosine(vary={sigma: (1, 2)})).status == Status.AGREES


def test_bounds_that_the_observable_leaves_are_told() -> None:
    found = judged(cosine(bounds=(0, 1)))
    assert found.status == Status.INCONCLUSIVE
    assert "bounds (0, 1): the observable is -0." in found.reason
    assert "give bounds that hold" in found.reason


@pytest.mark.parametrize("bounds", [(1, -1), (0, 0), (1,), ("a", "b"), 3])
def test_bounds_that_are_none_are_refused(bounds: object) -> None:
    with pytest.raises(DerivationError, match="bounds"):
        cosine(bounds=bounds)


def test_a_discontinuous_observable_needs_bounds() -> None:
    above = {"observable": (1 + sign(y - 1)) / 2}
    value = normal((mu - sigma**2 / 2) / sigma) + 0 * t
    claim = replace(growth(value), **above)
    found = judged(claim)
    assert found.status == Status.INCONCLUSIVE
    assert NEVER in found.reason
    assert judged(replace(claim, bounds=(0, 1))).status == Status.AGREES


# A declared bound of the variance.


def test_a_right_mean_with_declared_variance_agrees() -> None:
    found = judged(growth(variance=GROWN_VARIANCE))
    assert found.status == Status.AGREES, found.reason
    assert "Catoni" in found.reason
    assert "declared bound" in found.condition


@pytest.mark.parametrize("value", [y, y * exp(-mu * t), y * exp(mu * t / 2), y * exp(mu**2 * t)])
def test_a_wrong_mean_with_declared_variance_disagrees(value: object) -> None:
    found = judged(growth(value, variance=GROWN_VARIANCE))
    assert found.status == Status.DISAGREES, found.reason


def test_a_declared_variance_that_does_not_hold_is_told() -> None:
    found = judged(growth(variance=GROWN_VARIANCE / 20))
    assert found.status == Status.INCONCLUSIVE
    assert "declared bound" in found.reason
    assert "is refuted" in found.reason


def test_a_variance_that_is_none_settles_nothing() -> None:
    found = judged(growth(variance=-(sigma**2)))
    assert found.status == Status.INCONCLUSIVE
    assert "declared bound -1 is refuted" in found.reason


# Neither: all sign paths, without statistics.


def test_without_bounds_all_sign_paths_are_run() -> None:
    found = judged(growth())
    assert found.status == Status.AGREES, found.reason
    assert "sign paths" in found.reason
    assert found.false_agree is found.false_reject is None
    assert "extrapolated over grids" in found.condition
    assert judged(growth(y * exp(mu * t) + y / 4)).status == Status.DISAGREES


def test_what_the_sign_paths_do_not_meet_is_not_settled_by_them() -> None:
    # Coarse steps of a quick decay overflow, and all of them end where the observable is 0; a kink
    # in the tail is met by none.  Both means would come out as 0 without any error.
    quick = cosine(0.99, values={x: 1, a: 30, sigma: "1/2"}, horizon=4, bounds=None)
    late = cosine("1/1000000", values={x: 1, a: 1, sigma: "1/5"}, bounds=None)
    for claim, f in ((quick, exp(-(x**2))), (late, Abs(x - 2) + x - 2)):
        found = judged(replace(claim, observable=f))
        assert found.status == Status.INCONCLUSIVE, found.reason
        assert NEVER in found.reason
    assert judged(cosine(bounds=None)).status == Status.AGREES


@pytest.mark.parametrize(
    "sde",
    [
        MatrixSDE({x: (1 + 3000 * (1 + sign(Abs(x) - Rational(21, 5))) / 2) * beta.d}),
        MatrixSDE({x: 2 * sin(720720 * pi * t) ** 2 * dt + beta.d}),
    ],
    ids=["noise beyond the paths", "drift between the grids"],
)
def test_coefficients_that_the_sign_paths_do_not_meet_settle_nothing(sde: MatrixSDE) -> None:
    claim = replace(cosine(1, values={x: 0}, bounds=None), sde=sde, observable=x**2)
    found = judged(claim)
    assert found.status == Status.INCONCLUSIVE, found.reason
    plain = replace(claim, sde=MatrixSDE({x: beta.d}))
    assert judged(plain).status == Status.AGREES


def test_a_drift_that_all_grids_meet_at_its_tops_is_averaged() -> None:
    sde = MatrixSDE({x: cos(256 * pi * t) * dt + beta.d})
    claim = replace(cosine(0, values={x: 0}), sde=sde, observable=tanh(x))
    assert judged(claim).status == Status.AGREES
    assert judged(replace(claim, value=Rational(3, 10))).status == Status.DISAGREES


def test_bounds_are_held_to_their_own_scale() -> None:
    # Bounds a billionth of f apart are no bounds of a process that spreads.
    tiny = replace(cosine(0, bounds=(-1e-10, 1e-10)), observable=5e-10 * cos(x))
    found = judged(tiny)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "give bounds that hold" in found.reason


# Heavy tails: tr M at p = k = 1, where e^t tr M_0 is the mean though M → 0 on every path.

p, k, l = dims("p k l")
W1, W2, gamma = State("W1", p, l), State("W2", l, k), positive("gamma")
SIZE = tr(W1 * W1.T) + tr(W2 * W2.T)


def trace(value: object, outputs: int = 1, horizon: int = 4, **fields: object) -> Evidence:
    claim = ExpectationClaim(
        **named(
            sde=ISOTROPIC,
            observable=SIZE,
            value=value,
            horizon=horizon,
            sizes={p: outputs, k: outputs, l: 2},
            values={gamma: 1, **START} if outputs == 1 else {gamma: 1},
            bounds=(0, oo),
            **fields,
        )
    )
    return judged(claim)


START = {W1: ((math.sqrt(0.5), 0),), W2: ((0,), (math.sqrt(0.5),))}


def test_the_trap_of_the_mean() -> None:
    right = trace(exp(t) * SIZE)
    assert right.status == Status.AGREES, right.reason
    assert "54.59" in right.reason
    # The average of 10⁵ paths is 41: it is no more right than 20.
    for wrong in (41, 20, 100):
        found = trace(wrong)
        assert found.status == Status.DISAGREES, found.reason


def test_beyond_all_sign_paths_a_mean_is_bounded_from_below_alone() -> None:
    # Nine components are too many to enumerate; the mean grows like e^{3t}.
    right = trace(exp(3 * t) * SIZE, outputs=3, horizon=1)
    assert right.status == Status.INCONCLUSIVE, right.reason
    assert "is at least" in right.reason
    assert NEVER in right.reason
    assert trace(exp(4 * t) * SIZE, outputs=3, horizon=1).status == Status.INCONCLUSIVE
    wrong = trace(SIZE / 9, outputs=3, horizon=1)
    assert wrong.status == Status.DISAGREES, wrong.reason
    assert "is at least" in wrong.reason


def test_an_upper_bound_works_the_other_way_round() -> None:
    top = replace(
        growth(values={y: 1, mu: "1/2", sigma: "1/2"}),
        observable=-y,
        bounds=(-oo, 0),
        relevant=1e-9,
        value=-y * exp(mu * t),
    )
    assert judged(top).status == Status.INCONCLUSIVE
    # Smooth and of one component: what all sign paths settle is settled by them.
    found = judged(replace(top, value=-y / 4, observable=-y * (3 + sign(y - 1)) / 4))
    assert found.status == Status.DISAGREES, found.reason
    assert "is at most" in found.reason


def test_without_noise_there_is_one_path() -> None:
    decay = ExpectationClaim(
        **named(
            sde=MatrixSDE({x: -a * x * dt}), observable=x**2, value=x**2 * exp(-2 * a * t),
            horizon=1, values={x: 2, a: 1}, relevant=0.001,
        )
    )  # fmt: skip
    found = judged(decay)
    assert found.status == Status.AGREES, found.reason
    assert found.false_agree == 0.0
    assert judged(replace(decay, value=x**2 * exp(-a * t))).status == Status.DISAGREES


def test_an_observable_may_depend_on_time() -> None:
    for fields in ({}, {"variance": GROWN_VARIANCE * exp(-2 * mu * t)}):
        discounted = replace(growth(y + 0 * t, **fields), observable=y * exp(-mu * t))
        assert judged(discounted).status == Status.AGREES
        assert judged(replace(discounted, value=y * exp(mu * t))).status == Status.DISAGREES


# What cannot be averaged.


def test_a_value_that_is_no_number_is_told() -> None:
    with pytest.raises(UsageError, match=r"value: is nan at t = 1; state one finite number"):
        judged(
            cosine((mu - 1) ** a + (-1 - sigma) ** (a / 3), values={x: 1, sigma: 1, a: 1, mu: 0})
        )


def test_a_matrix_is_no_observable() -> None:
    n = dims("n")
    X, A = State("X", n, n), Parameter("A", n, n)
    with pytest.raises(DerivationError, match="is a matrix; give a scalar"):
        ExpectationClaim(**named(sde=MatrixSDE({X: A * X * dt}), observable=X, value=0, horizon=1))


def square_root(value: object) -> Evidence:
    """E e^{-Y_T} of dY = (1 − Y)dt + √Y dβ, whose scheme jumps below zero where Y does not."""
    sde = MatrixSDE({y: (1 - y) * dt + sqrt(y) * beta.d})
    claim = ExpectationClaim(
        **named(
            sde=sde, observable=exp(-y), value=value, horizon=1, values={y: 1}, bounds=(0, 1),
            relevant=0.2,
        )
    )  # fmt: skip
    return judged(claim)


def test_paths_that_leave_the_domain_count_as_bias() -> None:
    # The Laplace transform of Cox, Ingersoll and Ross (1985), at κ = θ = σ = u = 1.
    spread = (1 - exp(-t)) / 2
    value = (1 + spread) ** -2 * exp(-exp(-t) * y / (1 + spread))
    right = square_root(value)
    assert right.status != Status.DISAGREES, right.reason
    assert right.numbers["settings"][0]["bias"] > 0.01
    assert square_root(value / 5).status == Status.DISAGREES
    assert square_root(1 - value / 2).status == Status.DISAGREES
