"""Stated exponents against other quadratures and limits; the judge accepts and rejects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from sympy import Rational, Symbol

from derivations import Brownian, MatrixSDE, State, dims, dt, positive
from derivations.catalogue import find, find_theorem
from derivations.claim import POSITION, ExponentClaim, Exponents
from verify import check
from verify.errors import UsageError
from verify.loading import compiled
from verify.paths.exponents import exponent_setting
from verify.paths.growth import grown
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.verdict import Status

SQUARE, EXTREMES = "lyapunov_spectrum.square", "lyapunov_spectrum.extremes"
PLAN = Plan(
    seed=4, effort=EFFORTS["quick"], budget=ErrorBudget(false_agree=1e-8, false_reject=1e-8)
)


def mean(p: float, k: float, height: float) -> float:
    """E ρ from the stationary density itself, by another quadrature, in ρ and not in v."""

    def weight(x: float) -> float:
        return float(
            x ** (height / 2 - 1) * (1 - x) ** (-(p + k) / 2) * np.exp(-(p - k) / (2 * (1 - x)))
        )

    above, below = (quad(lambda x, n=n: x**n * weight(x), 0, 1, limit=400)[0] for n in (1, 0))
    return float(above / below)


def claim_of(id_: str) -> ExponentClaim:
    claim = find(id_)
    assert isinstance(claim, ExponentClaim)
    return claim


def stated(id_: str) -> dict[tuple[int, ...], list[float]]:
    setting = exponent_setting(find(id_))
    assert setting is not None
    return {tuple(at.sizes.values()): [e.value for e in at.stated] for at in setting.at}


def test_extremes_are_the_means_under_the_stationary_laws() -> None:
    for (p, k), (largest, smallest) in stated(EXTREMES).items():
        assert largest == pytest.approx((p - 2) / 2 * mean(p, k, k), abs=1e-7)
        assert smallest == pytest.approx(-p - (k - 2) / 2 * mean(p, k, p), abs=1e-7)


def test_extremes_as_tricomi_functions() -> None:
    """E ρ = (k/2) U(k/2+1, (p+k)/2, (p−k)/2)/U(k/2, (p+k)/2, (p−k)/2), DLMF 13.4.4."""
    (largest, smallest) = stated(EXTREMES)[3, 1]
    with mpmath.workdps(30):
        ratios = [
            h / 2 * mpmath.hyperu(h / 2 + 1, 2, 1) / mpmath.hyperu(h / 2, 2, 1)
            for h in (mpmath.mpf(1), mpmath.mpf(3))
        ]
        assert largest == pytest.approx(float(ratios[0] / 2), rel=1e-14)
        assert smallest == pytest.approx(float(-3 + ratios[1] / 2), rel=1e-14)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_extremes_tend_to_those_of_the_square_case(p: int) -> None:
    claim = claim_of(EXTREMES)
    first, last = stated(SQUARE)[p,][0], stated(SQUARE)[p,][-1]
    gaps = []
    for distance in (1e-2, 1e-3):
        # No sizes of matrices, but numbers to put into the integrals.
        sizes: dict[Any, Any] = {d: p + distance * (str(d) == "p") for d in claim.sizes[0]}
        near = replace(
            claim,
            sizes=(sizes,),
            exponents=tuple(replace(e, first=n, last=n) for n, e in enumerate(claim.exponents, 1)),
        )
        setting = exponent_setting(near)
        assert setting is not None
        values = [e.value for e in setting.at[0].stated]
        gaps.append(max(abs(values[0] - first), abs(values[1] - last)))
    assert gaps[1] < 0.2 * gaps[0] < 0.2 * 0.02


def test_stated_exponents_of_the_square_case_sum_to_minus_p_squared() -> None:
    setting = exponent_setting(find(SQUARE))
    assert setting is not None
    for at in setting.at:
        total = sum(e.value * (e.last - e.first + 1) for e in at.stated)
        assert total == -(at.sizes["p"] ** 2)


def test_no_exponent_beyond_the_last_and_no_free_letter() -> None:
    claim = claim_of(SQUARE)
    beyond = Exponents(first=1, last=99, value=0)
    with pytest.raises(UsageError, match="1 to 99 of 2"):
        exponent_setting(replace(claim, exponents=(beyond,)))
    letter = Exponents(first=1, last=1, value=Symbol("q"))
    with pytest.raises(UsageError, match="q has no value"):
        exponent_setting(replace(claim, exponents=(letter,)))


def damped(**values: Any) -> ExponentClaim:
    """dG = −a G dt + s dE G has the exponents −a + s²(N − 2i)/2."""
    a, s, b, N = positive("a"), positive("s"), positive("b"), dims("N")
    G, E = State("G", N, N), Brownian("E", N, N)
    return ExponentClaim(
        id="damped",
        sde=MatrixSDE({G: -a * G * dt + s * E.d * G}),
        exponents=(Exponents(first=1, last=N, value=-a + s**2 * (N - 2 * POSITION) / 2),),
        sizes=({N: 2},),
        values={{"a": a, "s": s, "b": b}[name]: x for name, x in values.items()},
    )


def test_parameters_have_values() -> None:
    right = damped(a=Rational(1, 2), s=1.5)
    assert check(right, effort="quick").status == Status.AGREES
    stated = replace(right.exponents[0], value=right.exponents[0].value.subs(positive("s") ** 2, 1))
    wrong = check(replace(right, exponents=(stated,)), effort="quick")
    assert wrong.status == Status.DISAGREES
    for given, said in (
        ({"a": 1}, "s has no value"),
        ({"a": 1, "s": 1, "b": 1}, "b is no parameter"),
        ({"a": 1, "s": "x"}, "s = 'x' is no number"),
    ):
        with pytest.raises(UsageError, match=said):
            exponent_setting(damped(**given))


def small(id_: str) -> ExponentClaim:
    """The claim at its second size alone: p = 2, or p = 3 and k = 1."""
    claim = claim_of(id_)
    return replace(claim, sizes=claim.sizes[1:2])


def test_true_exponents_are_accepted() -> None:
    evidence = grown(compiled(small(SQUARE)), PLAN)
    assert evidence.status == Status.AGREES, evidence.reason
    others = grown(compiled(small(EXTREMES)), PLAN)
    assert others.status == Status.AGREES, others.reason
    assert len(others.numbers["measured, nothing claimed"]) == 2


@pytest.mark.parametrize(
    ("id_", "name"),
    [(c.id, m.name) for c in find_theorem("lyapunov_spectrum").claims for m in c.mutants
     if c.id in (SQUARE, EXTREMES)],
)  # fmt: skip
def test_wrong_exponents_are_rejected(id_: str, name: str) -> None:
    claim = find(id_)
    (mutant,) = (m for m in claim.mutants if m.name == name)
    wrong = claim.mutated(mutant)
    assert isinstance(wrong, ExponentClaim)
    evidence = grown(compiled(replace(wrong, sizes=small(id_).sizes)), PLAN)
    assert evidence.status == Status.DISAGREES, evidence.reason


# Systems with invariant subspaces, and with equal exponents.

n = dims("n")
X1, X2 = State("X1", n, 2 * n), State("X2", n, 2 * n)
a, b = Brownian("a"), Brownian("b")
LARGE, SMALL = 1 - Rational(1, 200), -2 - Rational(1, 200)


def pair(drift: Any, noise: Any, *values: Any, **settings: Any) -> ExponentClaim:
    """Exponents of [X1; X2] for n = 1."""
    sde = MatrixSDE({X: drift[i] * dt + noise[i] for i, X in enumerate((X1, X2))})
    stated = tuple(Exponents(first=i, last=i, value=v) for i, v in enumerate(values, 1))
    return ExponentClaim(id="pair", sde=sde, exponents=stated, sizes=({n: 1},), **settings)


@pytest.mark.parametrize("coupling", [0, 1])
@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((LARGE, SMALL), Status.AGREES),
        ((SMALL, LARGE), Status.DISAGREES),
        ((SMALL,), Status.DISAGREES),
        ((LARGE + Rational(1, 2), SMALL), Status.DISAGREES),
    ],
)
def test_the_first_exponent_is_the_largest_whatever_is_invariant(
    coupling: int, values: Any, status: Status
) -> None:
    """Diagonal and triangular: the columns of the identity never leave their subspaces."""
    noise = (X1 * a.d / 10, X2 * b.d / 10)
    claim = pair((-2 * X1 + coupling * X2, X2), noise, *values)
    evidence = grown(compiled(claim), PLAN)
    assert evidence.status == status, evidence.reason


NEUTRAL = (0 * X1, 0 * X2)
TURNED = ((X1 * (a.d + b.d) + X2 * (a.d - b.d)) / 2, (X1 * (a.d - b.d) + X2 * (a.d + b.d)) / 2)


def test_equal_exponents_are_not_refuted() -> None:
    """Two independent geometric Brownian motions: −1/2 twice, which paths come to like 1/√t."""
    half = -Rational(1, 2)
    claim = pair(NEUTRAL, TURNED, half, half, relevant=0.1)
    evidence = grown(compiled(claim), PLAN)
    assert evidence.status == Status.INCONCLUSIVE, evidence.reason
    assert "a longer horizon" in evidence.reason
    wide = grown(compiled(replace(claim, relevant=0.6)), PLAN)
    assert wide.status == Status.AGREES, wide.reason
    wrong = pair(NEUTRAL, TURNED, half + Rational(7, 10), half, relevant=0.6)
    assert grown(compiled(wrong), PLAN).status == Status.DISAGREES


def test_a_fast_drift_gets_the_steps_that_it_takes() -> None:
    """At twelve steps a unit of time a drift of −30 would be taken for one of −60."""
    noise = (X1 * a.d / 10, X2 * a.d / 10)
    claim = pair((-30 * X1, X2), noise, LARGE, Rational(-6001, 200), horizon=3)
    evidence = grown(compiled(claim), PLAN)
    assert evidence.status == Status.AGREES, evidence.reason


def test_what_is_simulated_is_the_declared_side_alone() -> None:
    problem = compiled(small(SQUARE))
    asked: list[Any] = []

    class Watched(type(problem)):  # type: ignore[misc]
        def measured(self, what: Any, at: Any, measure: Any) -> Any:
            asked.append(at)
            return measure(self.declared)

        def system(self, *args: Any, **kwargs: Any) -> Any:
            if self.exponents is not None:
                raise AssertionError("what states exponents was asked for a system")
            return super().system(*args, **kwargs)

    fields = {name: getattr(problem, name) for name in problem.__dataclass_fields__}
    found = grown(Watched(**fields), PLAN)
    assert found.status == Status.AGREES, found.reason
    assert asked == [{"p": 2}]
