"""One step of a discrete algorithm: the map that moves the states, and claims about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Symbol, preorder_traversal, sympify

from .claim import Claim, is_function
from .decimals import exactly
from .draws import Gaussian, MatrixDraw, Minibatch, TwoPoint, WeightDraw, drawn_in
from .errors import DerivationError, ShapeError
from .printing import unicode
from .shapes import shape_of
from .symbols import MatrixState, ScalarState, dt, is_increment, same_shape

__all__ = [
    "Gaussian",
    "MatrixDraw",
    "Minibatch",
    "StepClaim",
    "TwoPoint",
    "Update",
    "WeightDraw",
    "drawn_in",
]


class Update:
    """The map x⁺ = F(x, draws) of one step; states that it does not name stay as they are.

    Parameters
    ----------
    moves : mapping
        State -> its value after the step, in the states before it, parameters and draws.

    Raises
    ------
    DerivationError, ShapeError
        If a key is no state, or a new value has another shape.
    """

    def __init__(self, moves: Mapping[Any, Any]) -> None:
        if not moves:
            raise DerivationError("update: it moves no state; give {state: value after the step}")
        for state, new in moves.items():
            if not isinstance(state, MatrixState | ScalarState):
                raise DerivationError(f"update: {state} is no state; declare it with State")
            if not same_shape(shape_of(state), shape_of(sympify(new))):
                raise ShapeError(
                    f"update of {state}: shape {shape_of(sympify(new))}, it has {shape_of(state)}"
                )
            _check_no_increment(f"update of {state}", new)
        self.moves = {state: exactly(sympify(new)) for state, new in moves.items()}

    @property
    def states(self) -> tuple[Any, ...]:
        """The states that it moves."""
        return tuple(self.moves)

    @property
    def draws(self) -> tuple[Any, ...]:
        """What is drawn anew, by name; of weights one stands for all."""
        found = {d.name: d for new in self.moves.values() for d in drawn_in(new)}
        return tuple(found[name] for name in sorted(found))

    def after(self, expression: Any) -> Any:
        """An expression at the states after the step."""
        return sympify(expression).xreplace(self.moves)

    def __repr__(self) -> str:
        moved = ", ".join(f"{state}: {new}" for state, new in self.moves.items())
        return f"Update({{{moved}}})"


def _check_no_increment(what: str, value: Any) -> None:
    """A step has a size and draws; differentials belong to systems in continuous time."""
    found = next(filter(is_increment, preorder_traversal(sympify(value))), None)
    if found is None:
        return
    if found == dt:
        remedy = 'give the step size a letter, as in h = positive("h")'
    else:
        sizes = "".join(f", {n}" for n in getattr(found, "shape", ()))
        name = str(found.name).removeprefix("d")
        remedy = f'write sqrt(h)*Gaussian("{name}"{sizes}) with the step size h'
    raise DerivationError(f"{what}: {found} is a differential, and no draw of a step; {remedy}")


@dataclass(frozen=True, kw_only=True)
class StepClaim(Claim):
    """E f(x⁺) − f(x) = ``change`` for one step of an algorithm, exactly or to an order.

    With ``order`` m the two sides differ by O(h^m) as the step size h = ``step`` tends to 0, all
    else fixed.  With ``pathwise`` it holds for every draw, and ``change`` may contain draws.
    """

    kind: ClassVar[str] = "step"

    update: Any
    observable: Any
    change: Any = 0
    step: Symbol | None = None
    order: int | None = None
    pathwise: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.order is not None and (self.step is None or self.order < 1):
            raise DerivationError(
                f"order={self.order}: an order is at least 1 and is one in a step size; give step="
            )
        # Of an update by functions the change is a function too.
        symbolic = isinstance(self.update, Update) and not is_function(self.change)
        drawn = drawn_in(self.change) if symbolic else []
        if symbolic:
            _check_no_increment("change", self.change)
            if not is_function(self.observable):
                _check_no_increment("observable", self.observable)
        if drawn and not self.pathwise:
            raise DerivationError(
                f"change: the mean over {drawn[0]} holds no draw; give pathwise=True"
            )

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The map, the observable, and its change."""
        moves = self.update.moves if isinstance(self.update, Update) else {}
        rows = [(f"{unicode(state)} after the step", new) for state, new in moves.items()]
        left = "f(x⁺) − f(x)" if self.pathwise else "E f(x⁺) − f(x)"
        rest = "" if self.order is None else f", up to O({unicode(self.step)}^{self.order})"
        return (*rows, ("f", self.observable), (f"{left}{rest}", self.change))
