"""What identities, claims about signs and claims about steps state, as rows of formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sympy import sympify

from .claim import IdentityClaim, SignClaim, is_function
from .exposition import Mathematics, Passage, Row
from .printing import latex, unicode
from .update import StepClaim, Update

__all__ = ["stated_identity", "stated_sign", "stated_step"]

_SIGNS = {">=": ("≥", r"\geq"), "<=": ("≤", r"\leq"), ">": (">", ">"), "<": ("<", "<")}

_PLACES = {None: "", 1: "for the largest eigenvalue", -1: "for the smallest eigenvalue"}

Shown = Callable[[Any], Mathematics]


def stated_identity(claim: IdentityClaim, shown: Shown) -> Passage:
    """Both sides; functions stand under words."""
    left, right = map(shown, (claim.left, claim.right))
    if left.source or right.source:
        return Passage(
            title="Stated: left = right",
            rows=(Row(words="left", right=left), Row(words="right", right=right)),
        )
    return Passage(title="Stated", rows=(Row(left=left, right=right),))


def stated_sign(claim: SignClaim, row: Callable[[str, Any], Row]) -> Passage:
    """The observable, its drift where a form of it is stated, and the sign of the drift."""
    sign, command = _SIGNS[claim.sign]
    said = Mathematics(unicode=f"drift of f {sign} 0", latex=rf"\text{{drift of }} f {command} 0")
    rows = [row("f", claim.observable)]
    if claim.shown is not None:
        rows.append(row("its drift", claim.shown))
    place = _PLACES.get(claim.number, f"for eigenvalue number {claim.number}")
    return Passage(title="Stated", rows=(*rows, Row(right=said, note=place)))


def stated_step(claim: StepClaim, shown: Shown, row: Callable[[str, Any], Row]) -> Passage:
    """The map of one step, the observable, and its change; functions stand under words."""
    given = claim.stated()
    if not isinstance(claim.update, Update) or any(is_function(value) for _, value in given):
        return Passage(title="Stated", rows=tuple(row(*named) for named in given))
    moves = (Row(left=_after(state), right=shown(new)) for state, new in claim.update.moves.items())
    rows = (*moves, row("f", claim.observable), *_change(claim, shown))
    return Passage(title="Stated: one step takes A to A⁺, and x, the states, to x⁺", rows=rows)


def _after(state: Any) -> Mathematics:
    return Mathematics(unicode=f"{unicode(state)}⁺", latex=rf"{latex(state)}^{{+}}")


def _change(claim: StepClaim, shown: Shown) -> Iterator[Row]:
    new = Mathematics(unicode="f(x⁺)", latex=r"f\left(x^{+}\right)")
    if not claim.pathwise:
        new = Mathematics(
            unicode=f"E[{new.unicode}]", latex=rf"\operatorname{{E}}\left[{new.latex}\right]"
        )
    left = Mathematics(unicode=f"{new.unicode} - f(x)", latex=rf"{new.latex} - f\left(x\right)")
    change = shown(claim.change)
    if claim.order is not None:
        rest = sympify(claim.step) ** claim.order
        change = Mathematics(
            unicode=f"{change.unicode} + O({unicode(rest)})",
            latex=rf"{change.latex} + O\left({latex(rest)}\right)",
        )
    yield Row(left=left, right=change)
