"""What cancels in a step, against steps of which it is known by hand."""

from __future__ import annotations

from typing import Any

import pytest

import derivations.derivation
from derivations.basis import Basis, FormAlgebra
from derivations.cancellation import Cancellation, cancellation, summands
from derivations.catalogue import find
from derivations.differential import differential
from derivations.errors import DerivationError
from derivations.expounding import expound
from derivations.expressions import tr
from derivations.facts import Facts
from derivations.interpreter import interpret
from derivations.sde import MatrixSDE
from derivations.symbols import Brownian, State, dims, dt, real

p, k = dims("p k")
W, V = State("W", p, k), State("V", p, k)
B = Brownian("B", p, k)
x, y = State("x"), State("y")
b = Brownian("b")
mu = real("mu")


def told(claim: str) -> list[str]:
    """The sentences on cancellation of a claim of the catalogue, step by step."""
    return [
        step.words.partition("Term by term: ")[2]
        for step in expound(find(claim)).steps
        if "Term by term" in step.words
    ]


def found(*typed: Any) -> Cancellation | None:
    """What cancels among typed terms, multiplied out."""
    forms = FormAlgebra(Basis(list(typed)), Facts(()))
    return cancellation((term, [interpret(term, forms)]) for term in typed)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            "label_noise_determinant",
            "2 tr(M⁻¹ dΘ Θ') gives 0; tr(M⁻¹ dΘ dΘ') and -tr(M⁻¹ dΘ Θ' M⁻¹ Θ dΘ') cancel.",
        ),
        (
            "weight_decay_determinant",
            "tr(M⁻¹ dΘ dΘ') and -tr(M⁻¹ dΘ Θ' M⁻¹ Θ dΘ') cancel.",
        ),
        (
            "balancedness",
            "W₁' dW₁ and -dW₂ W₂' cancel; dW₁' W₁ and -W₂ dW₂' cancel.",
        ),
        (
            "balancedness.discrete",
            "of the 8 terms that (η W₂ G' + W₁') (η G W₂' + W₁) and "
            "-(η W₁' G + W₂) (η G' W₁ + W₂') give, 4 cancel.",
        ),
        ("ornstein_uhlenbeck", "θ (-m + x) exp(θ t) and θ (m - x) exp(θ t) cancel."),
        ("gradient_flow_determinant", "2 tr(M⁻¹ dΘ Θ') gives 0."),
    ],
)
def test_what_cancels_is_told(claim: str, said: str) -> None:
    assert told(claim) == [said]


def test_where_nothing_cancels_nothing_is_told() -> None:
    assert told("parameter_eigenvalues") == []
    assert told("cir") == []
    assert found(tr(W * W.T), tr(W * V.T)) is None


def test_a_wrong_sign_cancels_nothing() -> None:
    a = tr(W * V.T)
    assert found(a, a) is None
    assert found(a, -tr(V.T * W)) is not None
    assert found(a, -2 * tr(V.T * W)) is None


def test_parts_of_terms_are_counted() -> None:
    a, c = tr((W + V) * W.T), -tr(W * W.T)
    cancelled = found(a, c)
    assert cancelled is not None
    (group,) = cancelled.groups
    assert (group.made, group.gone) == (3, 2)
    assert "of the 3 terms that" in cancelled.sentence(str)


def test_terms_apart_are_groups_of_their_own() -> None:
    one, other = tr(W * W.T), tr(V * V.T)
    cancelled = found(one, other, -one, -other, tr(W * V.T))
    assert cancelled is not None
    assert [len(group.terms) for group in cancelled.groups] == [2, 2]
    assert cancelled.sentence(lambda term: "-" if term in (-one, -other) else "+") == (
        "Term by term: + and - cancel; + and - cancel."
    )


def test_three_add_up_and_long_ones_are_counted() -> None:
    one = tr(W * W.T)
    cancelled = found(one, one, -2 * one)
    assert cancelled is not None
    assert cancelled.sentence(lambda term: "-s" if term == -2 * one else "s").endswith(
        "s, s and -s add up to 0."
    )
    assert cancelled.sentence(lambda _: 100 * "s") == (
        "Term by term: all 3 terms that this gives cancel."
    )
    cancelled = found(one, -one, tr(V * V.T))
    assert cancelled is not None
    assert "2 of the 3 terms" in cancelled.sentence(lambda _: 100 * "s")


def test_summands() -> None:
    assert summands(x * mu) == (x * mu,)
    assert summands(x - x) == ()
    assert set(summands(W + V)) == {W, V}


def steps(system: MatrixSDE, f: Any) -> list[Cancellation | None]:
    return [step.cancelled for step in differential(system, f).derivation.steps]


def test_drift_and_noise_have_both_to_cancel() -> None:
    same = MatrixSDE({x: mu * dt + b.d, y: mu * dt + b.d})
    other = MatrixSDE({x: mu * dt + b.d, y: 2 * mu * dt + b.d})
    _, whole, *_ = steps(same, x - y)
    assert whole is not None
    assert [(g.made, g.gone) for g in whole.groups] == [(4, 4)]
    _, part, *_ = steps(other, x - y)
    assert part is not None
    assert [(g.made, g.gone) for g in part.groups] == [(4, 2)]


def test_that_nothing_comes_of_no_noise_is_not_told() -> None:
    assert steps(MatrixSDE({x: mu * x * dt}), x**2)[1] is None


def test_terms_without_a_form_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise DerivationError("planted")

    d = differential(MatrixSDE({x: mu * dt + b.d, y: mu * dt + b.d}), x - y)
    assert any(step.cancelled for step in d.derivation.steps)
    monkeypatch.setattr(derivations.derivation, "cancellation", broken)
    assert not any(step.cancelled for step in d.derivation.steps)
