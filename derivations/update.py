"""One step of a discrete algorithm: what it draws, the map that moves the states, claims about it.

A draw is a matrix of its own law: signs, standard normals, or the weights of a minibatch,

    D = (n/b) diag(counts),   E D = I,

which turn a sum over all samples into the one over the batch: X'D(Y − XW1W2)/n for the gradient of
the square loss.  Another covariance is a factor in front, A·ξ for covariance AA'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Symbol, sympify
from sympy.core.symbol import Str

from .claim import Claim
from .errors import DerivationError, ShapeError
from .expressions import tr
from .shapes import shape_of
from .symbols import MatrixParameter, MatrixState, ScalarState, same_shape

__all__ = ["Gaussian", "MatrixDraw", "Minibatch", "StepClaim", "TwoPoint", "Update"]


class MatrixDraw(MatrixParameter):
    """A matrix drawn anew in every step; its facts say from which law."""

    @property
    def law(self) -> str:
        """'two-point', 'gaussian' or 'minibatch'."""
        return str(self.args[4].name)

    @property
    def batch(self) -> Any:
        """The size of a minibatch."""
        return self.args[5]

    @property
    def replacement(self) -> bool:
        """Whether a sample may be in a minibatch more than once."""
        return str(self.args[6].name) == "with replacement"


def _entries(name: str, rows: Any, columns: Any, law: str) -> Any:
    if rows is None:
        return tr(MatrixDraw(name, 1, 1, Str("general"), Str(law)))
    return MatrixDraw(name, rows, columns, Str("general"), Str(law))


def TwoPoint(name: str, rows: Any = None, columns: Any = 1) -> Any:  # noqa: N802 - a noun
    """Independent signs ±1 of equal chance: a scalar without sizes, else a matrix."""
    return _entries(name, rows, columns, "two-point")


def Gaussian(name: str, rows: Any = None, columns: Any = 1) -> Any:  # noqa: N802 - a noun
    """Independent standard normals: a scalar without sizes, else a matrix."""
    return _entries(name, rows, columns, "gaussian")


def Minibatch(name: str, samples: Any, batch: Any, *, replacement: bool = False) -> Any:  # noqa: N802
    """The diagonal weights (n/b)·counts of b among n samples, every choice equally likely.

    Parameters
    ----------
    name : str
    samples, batch : size
        n and b: dimensions or integers.  Without replacement b <= n has to be assumed.
    replacement : bool
        Whether a sample may be drawn more than once.
    """
    how = "with replacement" if replacement else "without replacement"
    batch = sympify(batch)
    if not (batch.is_integer and batch.is_positive):
        raise ShapeError(f"batch={batch}: not known to be a positive integer; use dims(...)")
    return MatrixDraw(name, samples, samples, Str("general"), Str("minibatch"), batch, Str(how))


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
        self.moves = {state: sympify(new) for state, new in moves.items()}

    @property
    def states(self) -> tuple[Any, ...]:
        """The states that it moves."""
        return tuple(self.moves)

    @property
    def draws(self) -> tuple[MatrixDraw, ...]:
        """What is drawn anew, by name."""
        found = {d for new in self.moves.values() for d in new.atoms(MatrixDraw)}
        return tuple(sorted(found, key=str))

    def after(self, expression: Any) -> Any:
        """An expression at the states after the step."""
        return sympify(expression).xreplace(self.moves)

    def __repr__(self) -> str:
        moved = ", ".join(f"{state}: {new}" for state, new in self.moves.items())
        return f"Update({{{moved}}})"


@dataclass(frozen=True, kw_only=True)
class StepClaim(Claim):
    """E f(x⁺) − f(x) = ``change`` for one step of an algorithm, exactly or to an order.

    With ``order`` m the two sides differ by O(h^m) as the step size h = ``step`` tends to 0, all
    else fixed.  With ``pathwise`` it holds for every draw, and ``change`` may contain draws.
    """

    kind: ClassVar[str] = "step"

    update: Update
    observable: Any
    change: Any = 0
    step: Symbol | None = None
    order: int | None = None
    pathwise: bool = False

    def __post_init__(self) -> None:
        if self.order is not None and (self.step is None or self.order < 1):
            raise DerivationError(
                f"order={self.order}: an order is at least 1 and is one in a step size; give step="
            )
        drawn = sympify(self.change).atoms(MatrixDraw)
        if drawn and not self.pathwise:
            raise DerivationError(
                f"change: the mean over {min(map(str, drawn))} holds no draw; give pathwise=True"
            )

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The map, the observable, and its change."""
        rows = [(f"{state} after the step", new) for state, new in self.update.moves.items()]
        left = "f(x⁺) − f(x)" if self.pathwise else "E f(x⁺) − f(x)"
        rest = "" if self.order is None else f", up to O({self.step}^{self.order})"
        return (*rows, ("f", self.observable), (f"{left}{rest}", self.change))
