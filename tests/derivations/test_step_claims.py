"""The derived change of one step, against all outcomes of its draws and against known moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sympy import exp, log, sqrt

from derivations import (
    Assumption,
    Brownian,
    DerivationError,
    Family,
    Gaussian,
    Minibatch,
    Parameter,
    State,
    Status,
    StepClaim,
    TwoPoint,
    Update,
    dims,
    dt,
    eigenvalues,
    equal,
    full_row_rank,
    index,
    logdet,
    positive,
    total,
    tr,
)
from derivations.errors import ShapeError, StepError
from derivations.step_claims import (
    NotDerived,
    derived_change,
    stated_change,
    step_derivation,
)

p, l, n, b = dims("p l n b")
x, X, W = State("x"), State("X", p, 1), State("W", p, l)
h, a = positive("h"), positive("a")
TEXT: dict[str, Any] = {"id": "step", "title": "a step", "source": "a test", "statement": "a step"}


def claim(moves: dict[Any, Any], f: Any, change: Any, **fields: Any) -> StepClaim:
    return StepClaim(update=Update(moves), observable=f, change=change, **TEXT, **fields)


s, g = TwoPoint("s"), Gaussian("g")
S, G = TwoPoint("S", p, 1), Gaussian("G", p, 1)
i = index("i", n)
c = Family("c")
w, v = Minibatch("w", b), Minibatch("v", b, replacement=True)
mean = total(c[i], i) / n
variance = total(c[i] ** 2, i) / n - mean**2
to_order = {"step": h, "order": 3}
norm = tr(X.T * X)

RIGHT: dict[str, StepClaim] = {
    "sign": claim({x: x + h * s}, x**2, h**2),
    "normal": claim({x: x + h * g}, x**4, 6 * h**2 * x**2 + 3 * h**4),
    "fourth power of a sign": claim({x: x + h * s}, x**4, 6 * h**2 * x**2 + h**4),
    "two normals": claim({x: x + h * g + a * Gaussian("k")}, x**2, h**2 + a**2),
    "vector": claim({X: X + h * S}, norm, h**2 * p),
    "normal vector": claim(
        {X: X + h * G}, norm**2, h**2 * (2 * p + 4) * norm + h**4 * p * (p + 2)
    ),
    "geometric": claim({x: x * (1 + h * g)}, x**3, 3 * h**2 * x**3),
    "function": claim({x: x + h * g}, exp(x), h**2 * exp(x) / 2, **to_order),
    "drift and noise": claim(
        {x: x - h * a * x + h * s}, exp(x), (-h * a * x + h**2 / 2 * (a**2 * x**2 + 1)) * exp(x),
        **to_order,
    ),
    "without replacement": claim(
        {x: x + h * total(w[i] * c[i], i) / n},
        x**2,
        2 * h * x * mean + h**2 * (mean**2 + (n - b) / (n - 1) * variance / b),
    ),
    "with replacement": claim(
        {x: x + h * total(v[i] * c[i], i) / n},
        x**2,
        2 * h * x * mean + h**2 * (mean**2 + variance / b),
    ),
    "for every draw": claim(
        {X: X + h * S}, norm, 2 * h * tr(X.T * S) + h**2 * tr(S.T * S), pathwise=True
    ),
    "determinant": claim(
        {W: (1 - h) * W},
        logdet(W * W.T),
        -2 * p * (h + h**2 / 2),
        **to_order,
        assumptions=(Assumption(text="full row rank", condition=full_row_rank(W)),),
    ),
}  # fmt: skip


def _answer(given: StepClaim) -> Status:
    facts = [a.condition for a in given.assumptions]
    return equal(derived_change(given), stated_change(given), assuming=facts).status


@pytest.mark.parametrize("name", RIGHT)
def test_the_derived_change_is_the_known_one(name: str) -> None:
    assert _answer(RIGHT[name]) is Status.EQUAL
    assert step_derivation(RIGHT[name]).steps


@pytest.mark.parametrize("name", RIGHT)
def test_another_change_is_refuted(name: str) -> None:
    right = RIGHT[name]
    assert _answer(replace(right, change=2 * right.change)) is Status.DIFFERENT
    assert _answer(replace(right, change=right.change / (1 + a))) is Status.DIFFERENT


WRONG: dict[str, StepClaim] = {
    "signs for normals": replace(RIGHT["normal"], change=6 * h**2 * x**2 + h**4),
    "normals for signs": replace(
        RIGHT["fourth power of a sign"], change=6 * h**2 * x**2 + 3 * h**4
    ),
    "lost power": replace(RIGHT["sign"], change=h),
    "lost square": replace(RIGHT["geometric"], change=3 * h * x**3),
    "replacement": replace(
        RIGHT["without replacement"], change=RIGHT["with replacement"].change
    ),
    "no replacement": replace(
        RIGHT["with replacement"], change=RIGHT["without replacement"].change
    ),
    "off by one": replace(
        RIGHT["without replacement"],
        change=2 * h * x * mean + h**2 * (mean**2 + (n - b) / n * variance / b),
    ),
    "first order alone": replace(RIGHT["drift and noise"], change=-h * a * x * exp(x)),
    "no Itô term": replace(RIGHT["function"], change=0),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_that_people_make_are_refuted(name: str) -> None:
    assert _answer(WRONG[name]) is Status.DIFFERENT


def test_terms_beyond_the_order_do_not_count() -> None:
    right = RIGHT["function"]
    assert _answer(replace(right, change=right.change + h**3 * x)) is Status.EQUAL
    assert _answer(replace(right, order=2, change=0)) is Status.EQUAL
    assert _answer(replace(right, order=2, change=h * exp(x))) is Status.DIFFERENT


Z, A = State("Z", p, p), Parameter("A", p, p)
INSIDE: dict[str, StepClaim] = {
    "inverse": claim(
        {Z: Z + h * A},
        tr(Z.inv()),
        h**2 * tr(Z.inv() * A * Z.inv() * A * Z.inv()) - h * tr(Z.inv() * A * Z.inv()),
        **to_order,
    ),
    "eigenvalue": claim(
        {W: (1 - h) * W},
        eigenvalues(W * W.T)[eigenvalues(W * W.T).indices("i")],
        (h**2 - 2 * h) * eigenvalues(W * W.T)[eigenvalues(W * W.T).indices("i")],
        **to_order,
    ),
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_moves_inside_an_inverse_or_an_eigenvalue_is_expanded(name: str) -> None:
    right = INSIDE[name]
    assert _answer(right) is Status.EQUAL
    assert (
        _answer(replace(right, change=right.change - h**2 * right.observable)) is not Status.EQUAL
    )
    assert _answer(replace(right, order=2, change=right.change + h**2)) is Status.EQUAL
    with pytest.raises(NotDerived, match="an inverse or an eigenvalue"):
        derived_change(replace(right, order=None))


UNREACHED: dict[str, tuple[StepClaim, str]] = {
    "four signs": (claim({X: X + h * S}, norm**2, 0), "fourth moment of signs"),
    "six normals": (claim({x: x + h * g}, x**6, 0), "6 letters"),
    "order": (claim({x: x + h * g}, log(1 + exp(x)), 0, step=h, order=4), "orders up to 3"),
    "no power series": (claim({x: x + sqrt(h) * g}, exp(x), 0, step=h, order=2), "no polynomial"),
    "no step": (claim({x: s + h * x}, exp(x), 0, step=h, order=2), "does not stand still"),
    "three weights": (
        claim({x: x + total(w[i] * c[i], i)}, x**3, 0), "two weights of one minibatch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREACHED)
def test_what_the_rules_do_not_reach_is_refused_by_name(name: str) -> None:
    given, reason = UNREACHED[name]
    with pytest.raises(NotDerived, match=reason):
        derived_change(given)


def test_a_wrong_rule_would_be_found_at_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean is checked by all outcomes: a contraction that forgets the size fails."""
    import derivations.step_claims as module

    right = module._mean

    def wrong(term: Any, m: Any, laws: Any) -> Any:
        return right(term, m, laws).scaled(2 if m.increments else 1)

    monkeypatch.setattr(module, "_mean", wrong)
    with pytest.raises(StepError, match="outcomes give another"):
        step_derivation(RIGHT["vector"])


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no state": (lambda: Update({a: a}), "a is no state"),
    "nothing": (lambda: Update({}), "moves no state"),
    "order without a step": (lambda: claim({x: x}, x, 0, order=2), "give step="),
    "a draw in a mean": (lambda: claim({x: x + s}, x, tr(S.T * S)), "give pathwise=True"),
    "no index": (lambda: w[a], "make one with index"),
    "a Brownian motion": (
        lambda: Update({X: X + Brownian("b", p).d}),
        r'db is a differential.*; write sqrt\(h\)\*Gaussian\("b", p, 1\)',
    ),
    "the time": (lambda: Update({x: x + x * dt}), "dt is a differential.*; give the step size"),
    "a differential as a change": (
        lambda: claim({x: x + s}, x, Brownian("b").d, pathwise=True),
        "change: db is a differential",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_declarations_that_make_no_sense_are_refused(name: str) -> None:
    call, reason = REFUSED[name]
    with pytest.raises(DerivationError, match=reason):
        call()


def test_shapes_of_updates_and_batches() -> None:
    with pytest.raises(ShapeError, match="update of X"):
        Update({X: Parameter("A", p, p)})
    with pytest.raises(ShapeError, match="batch=1/2"):
        Minibatch("w", sqrt(4) / 4)
