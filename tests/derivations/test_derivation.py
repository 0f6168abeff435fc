"""Every step of a derivation is checked: a wrong rule of the engine is caught at its step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from sympy import Function, Lt, Q, Rational, exp, log, sqrt

import derivations.contraction
import derivations.derivation
import derivations.reduction
from derivations.claim import Assumption, Claim, IdentityClaim, TimeChangeClaim
from derivations.contraction import Contraction
from derivations.derivation import algebraic_step
from derivations.derive import derive
from derivations.differential import Differential, Ito, ItoAlgebra
from derivations.equality import Status, equal
from derivations.errors import DerivationError, StepError
from derivations.expressions import S, det, entry, is_zero, logdet, stack, total, tr
from derivations.facts import full_row_rank
from derivations.sde import MatrixSDE
from derivations.symbols import (
    Brownian,
    BrownianFamily,
    Family,
    Parameter,
    Process,
    State,
    dims,
    dt,
    index,
    positive,
    t,
)

p, k, l, n = dims("p k l n")
i = index("i", n)
X, Y, x = State("X", p, k), State("Y", p, p), State("x")
W1, W2 = State("W1", p, l), State("W2", l, k)
R = Process("R", p, k)
C = Parameter("C", p, p, positive_definite=True)
D = Parameter("D", k, k, positive_definite=True)
A = Parameter("A", p, p)
G, beta = Family("G", p, k), BrownianFamily("beta")
B1, B2, E = Brownian("B1", p, k), Brownian("B2", p, k), Brownian("E", p, p)
coloured = Brownian("Z", p, k, row_covariance=C, column_covariance=D)
H = Parameter("H", p, p, positive_definite=True)
both = Brownian("N", p, p, row_covariance=C, column_covariance=H)
b = Brownian("b")
rho, a = Parameter("rho"), positive("a")
theta = stack(W1, W2.T)
M = theta * theta.T
alpha = Function("alpha")(t)

plain = MatrixSDE({X: R * dt + B1.d})
square = MatrixSDE({Y: A * Y * dt + E.d * Y})
scalar = MatrixSDE({x: -a * x * dt + t * x * b.d})
network = MatrixSDE({W1: (R * dt + coloured.d) * W2.T, W2: W1.T * (R * dt + coloured.d)})
correlated = MatrixSDE({X: B1.d + 2 * B2.d}, correlation={(B1, B2): rho})
family = MatrixSDE({X: total(G[i] * beta[i].d, i)})

CASES: dict[str, tuple[MatrixSDE, Any]] = {
    "trace": (plain, tr(X * X.T)),
    "matrix": (plain, X.T * X),
    "entry": (plain, entry(X.T * X, 0, 0)),
    "inverse": (square, Y.I),
    "determinant": (square, det(Y)),
    "stack": (network, logdet(M)),
    "coloured": (MatrixSDE({Y: both.d * Y}), tr(Y.T * Y)),
    "astronomically large": (plain, exp(tr(C) ** 2) * tr(X * X.T)),
    "block": (network, tr(S(W1 * W2) ** 2)),
    "correlated": (correlated, tr(X * X.T)),
    "family": (family, tr(X * X.T)),
    "scalar": (scalar, exp(-t) * x**2 + t**3),
    "function of time": (scalar, alpha * x**2 + alpha),
    "chain rule": (plain, sqrt(1 + tr(X * X.T)) * log(1 + tr(X * X.T))),
    "stratonovich": (MatrixSDE({Y: E.d * Y}, calculus="stratonovich"), tr(Y)),
    "no noise": (MatrixSDE({Y: A * Y * dt}), det(Y)),
}


def differential(name: str) -> Differential:
    sde, f = CASES[name]
    facts = [Q.positive_definite(M)] if name == "stack" else []
    return sde.d(f, assuming=facts)


@pytest.mark.parametrize("name", CASES)
def test_four_steps_lead_from_the_observable_to_its_differential(name: str) -> None:
    d = differential(name)
    derivation = d.derivation
    assert len(derivation.steps) == 4
    assert derivation.steps[0].before == derivation.subject
    for before, after in pairwise(derivation.steps):
        assert after.before == before.after
    assert all(step.rule and step.check for step in derivation.steps)
    parts = [term for term in (d.drift * dt, d.martingale) if not is_zero(term)]
    assert equal(derivation.result, sum(parts[1:], start=parts[0])).status is Status.EQUAL


# Planted faults: a wrong rule, where it is used, and the step that refuses it.


def doubled_contraction(patch: pytest.MonkeyPatch) -> None:
    right = Contraction.__call__
    patch.setattr(Contraction, "__call__", lambda self, form: right(self, form).scaled(2))


def colourless(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(derivations.contraction, "_joint", lambda covariance: None)


def swapped_covariances(patch: pytest.MonkeyPatch) -> None:
    right = Contraction._covariance

    def swapped(self: Any, f: Any, g: Any) -> Any:
        found = right(self, f, g)
        return found and (found[0], found[2], found[1])

    patch.setattr(Contraction, "_covariance", swapped)


def uncorrelated(patch: pytest.MonkeyPatch) -> None:
    right = Contraction.__init__
    patch.setattr(Contraction, "__init__", lambda self, correlations: right(self, {}))


def transposed_port(patch: pytest.MonkeyPatch) -> None:
    # Rows are joined through the column covariance, and columns through the row covariance.
    wrong = {False: "column row", True: "row column"}

    def ports(f: Any, number: int) -> Any:
        left, right = wrong[f.transposed].split()
        return (number, left), (number, right)

    patch.setattr(derivations.contraction, "_ports", ports)


def determinant_without_half(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("derivations.differential.HALF", Rational(1))


def determinant_of_first_order(patch: pytest.MonkeyPatch) -> None:
    right = ItoAlgebra.det

    def wrong(self: ItoAlgebra, value: Ito, expression: Any) -> Ito:
        found = right(self, value, expression)
        return replace(found, drift=found.drift.scaled(0))

    patch.setattr(ItoAlgebra, "det", wrong)


def inverse_with_wrong_sign(patch: pytest.MonkeyPatch) -> None:
    right = ItoAlgebra.inverse

    def wrong(self: ItoAlgebra, value: Ito, expression: Any) -> Ito:
        found = right(self, value, expression)
        return replace(found, drift=-found.drift)

    patch.setattr(ItoAlgebra, "inverse", wrong)


def ordinary_product_rule(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: ItoAlgebra, u: Ito, v: Ito) -> Ito:
        return Ito(
            value=u.value * v.value,
            drift=u.drift * v.value + u.value * v.drift,
            martingale=u.martingale * v.value + u.value * v.martingale,
        )

    patch.setattr(ItoAlgebra, "mul", wrong)


def time_counted_twice(patch: pytest.MonkeyPatch) -> None:
    right = ItoAlgebra.scalar

    def wrong(self: ItoAlgebra, value: Any) -> Ito:
        found = right(self, value)
        return replace(found, drift=found.drift.scaled(2))

    patch.setattr(ItoAlgebra, "scalar", wrong)


def forgotten_transpose(patch: pytest.MonkeyPatch) -> None:
    right = ItoAlgebra.transpose

    def wrong(self: ItoAlgebra, value: Ito) -> Ito:
        found = right(self, value)
        return replace(found, martingale=-found.martingale)

    patch.setattr(ItoAlgebra, "transpose", wrong)


def doubled_noise(patch: pytest.MonkeyPatch) -> None:
    right = derivations.derivation.expansion

    def wrong(f: Any, forms: Any, field: Any, **order: Any) -> Any:
        found = right(f, forms, field, **order)
        is_noise = getattr(field, "__name__", "") == "noise"
        return replace(found, linear=2 * found.linear) if is_noise else found

    patch.setattr(derivations.derivation, "expansion", wrong)


def drift_left_out(patch: pytest.MonkeyPatch) -> None:
    right = derivations.derivation.expansion

    def wrong(f: Any, forms: Any, field: Any, **order: Any) -> Any:
        found = right(f, forms, field, **order)
        is_drift = getattr(field, "__name__", "") == "drift"
        return replace(found, linear=0 * found.linear) if is_drift else found

    patch.setattr(derivations.derivation, "expansion", wrong)


def wrong_result(part: str) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(Differential, part).func
        patch.setattr(Differential, part, property(lambda self: 2 * right(self)))

    return plant


FAULTS: list[tuple[Callable[[pytest.MonkeyPatch], None], str, str]] = [
    (doubled_contraction, "trace", "Itô table"),
    (doubled_contraction, "family", "Itô table"),
    (doubled_contraction, "stack", "Itô table"),
    (doubled_contraction, "astronomically large", "Itô table"),
    (ordinary_product_rule, "astronomically large", "the expansion fails"),
    (colourless, "stack", "Itô table"),
    (swapped_covariances, "coloured", "Itô table"),
    (transposed_port, "coloured", "Itô table"),
    (uncorrelated, "correlated", "Itô table"),
    (determinant_without_half, "determinant", "the expansion fails"),
    (determinant_without_half, "chain rule", "the expansion fails"),
    (determinant_of_first_order, "determinant", "the expansion fails"),
    (inverse_with_wrong_sign, "inverse", "the expansion fails"),
    (ordinary_product_rule, "matrix", "the expansion fails"),
    (time_counted_twice, "scalar", "the expansion fails"),
    (time_counted_twice, "function of time", "the expansion fails"),
    (forgotten_transpose, "trace", "the expansion fails"),
    (doubled_noise, "trace", "insertion"),
    (drift_left_out, "trace", "insertion"),
    (wrong_result("drift"), "trace", "normal form"),
    (wrong_result("martingale"), "trace", "normal form"),
]


@pytest.mark.parametrize(
    ("plant", "name", "said"), FAULTS, ids=[f"{f.__qualname__}-{name}" for f, name, _ in FAULTS]
)
def test_a_planted_fault_is_caught_at_its_step(
    plant: Callable[[pytest.MonkeyPatch], None],
    name: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    d = differential(name)
    with pytest.raises(StepError, match=said):
        d.derivation  # noqa: B018 - the property derives


# Assumptions.


def test_used_and_unused_assumptions_are_told_apart() -> None:
    rank, other = full_row_rank(theta), Q.positive_definite(W1 * W1.T)
    derivation = network.d(logdet(M), assuming=[rank, other]).derivation
    assert derivation.used == (rank,)
    assert derivation.unused == (other,)
    assert derivation.steps[0].assumptions == (rank,)


def test_an_assumption_that_nothing_asks_for_is_reported() -> None:
    fact = full_row_rank(X)
    derivation = plain.d(tr(X * X.T), assuming=[fact]).derivation
    assert derivation.used == ()
    assert derivation.unused == (fact,)


@pytest.mark.parametrize("f", [Y.I, det(Y), tr(Y.I)])
def test_what_a_rule_needs_and_nobody_declared_is_implied(f: Any) -> None:
    derivation = square.d(f).derivation
    assert derivation.implied == (Q.invertible(Y),)
    assert Q.invertible(Y) in derivation.steps[0].assumptions


def test_a_declared_assumption_is_not_implied_as_well() -> None:
    derivation = square.d(det(Y), assuming=[Q.invertible(Y)]).derivation
    assert derivation.used == (Q.invertible(Y),)
    assert derivation.implied == ()


def test_assumptions_that_no_point_meets_check_nothing() -> None:
    with pytest.raises(StepError, match="no point found"):
        plain.d(tr(X * X.T), assuming=[Lt(p, 1)]).derivation  # noqa: B018 - the property derives


def test_an_assumption_that_cannot_be_checked_is_refused() -> None:
    with pytest.raises(DerivationError, match="symmetric"):
        square.d(tr(Y), assuming=[Q.symmetric(Y)]).derivation  # noqa: B018 - the property derives


# Algebraic steps.


def test_an_algebraic_step_says_how_it_was_checked() -> None:
    step = algebraic_step("rotation", tr(X * X.T), tr(X.T * X))
    assert (step.before, step.after) == (tr(X * X.T), tr(X.T * X))
    assert "normal form" in step.check


def test_a_wrong_algebraic_step_is_refused() -> None:
    with pytest.raises(StepError, match="rotation"):
        algebraic_step("rotation", tr(X * X.T), 2 * tr(X.T * X))


def test_a_step_that_cannot_be_checked_anywhere_is_refused() -> None:
    with pytest.raises(StepError, match="could not be checked"):
        algebraic_step("size", tr(X * X.T), 0 * p, assuming=(Lt(p, 1),))


# Claims that are not differentials.


def test_both_sides_of_an_identity_are_brought_to_one_form() -> None:
    claim = IdentityClaim(
        id="split",
        title="",
        source="",
        statement="",
        left=det(A * Y),
        right=det(Y) * det(A),
        assumptions=(Assumption(text="", condition=Q.invertible(A)),),
    )
    derivation = derive(claim)
    assert len(derivation.steps) == 3
    assert "det(AB)" in derivation.steps[0].rule
    assert derivation.unused == (Q.invertible(A),)
    with pytest.raises(StepError):
        derive(replace(claim, right=det(Y)))


def time_change(**changes: Any) -> TimeChangeClaim:
    claim = TimeChangeClaim(
        id="clock",
        title="",
        source="",
        statement="",
        sde=MatrixSDE({x: -t * x * dt + sqrt(a) * b.d}),
        rate=a,
        changed=MatrixSDE({x: -t * x * dt / a**2 + Brownian("b_tau").d}),
    )
    return replace(claim, **changes)


def test_a_change_of_time_is_checked_by_writing_it_back() -> None:
    (step,) = derive(time_change()).steps
    assert equal(step.after, time_change().changed.equations[x]).status is Status.EQUAL
    assert "normal form" in step.check


def test_a_wrong_change_of_time_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = derivations.derive.change_time

    def wrong(system: MatrixSDE, rate: Any, **names: Any) -> MatrixSDE:
        return right(system, rate**2, **names)

    monkeypatch.setattr("derivations.derive.change_time", wrong)
    with pytest.raises(StepError, match="dτ"):
        derive(time_change())


def test_a_clock_tells_whether_its_positivity_was_needed() -> None:
    fact = Q.positive(x)
    system = MatrixSDE({x: x * b.d}, assuming=[fact])
    assert derive(time_change(sde=system, rate=x, changed=system)).used == (fact,)
    derivation = derive(time_change(sde=system, rate=a, changed=system))
    assert (derivation.used, derivation.unused) == ((), (fact,))


def test_a_claim_of_another_kind_has_no_derivation() -> None:
    with pytest.raises(DerivationError, match="no derivation for a Claim"):
        derive(Claim(id="other", title="", source="", statement=""))
