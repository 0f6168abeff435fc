"""One step of a discrete algorithm: what it draws, the map that moves the states, claims about it.

A draw is a matrix of signs or of standard normals (another covariance is a factor in front, A·ξ for
covariance AA'), or the weights of a minibatch of b among n samples,

    w_i = (n/b) · how often i was drawn,   E w_i = 1,

which turn a mean over all samples into that over the batch: Σ_i w_i x_i r_i'/n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr, Symbol, sympify
from sympy.core.symbol import Str

from .claim import Claim, is_function
from .errors import DerivationError, ShapeError
from .expressions import tr
from .printing import unicode
from .shapes import shape_of
from .symbols import Index, MatrixParameter, MatrixState, ScalarMember, ScalarState, same_shape

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


class MatrixDraw(MatrixParameter):
    """A matrix drawn anew in every step; its last fact says from which law."""

    @property
    def law(self) -> str:
        """'two-point' or 'gaussian'."""
        return str(self.args[4].name)


class WeightDraw(ScalarMember):
    """The weight w_i of sample i; args (name, batch, how it is drawn, i, role)."""

    law = "minibatch"

    def __new__(cls, name: Any, batch: Any, how: Any, index: Any, role: Any) -> Any:
        """Texts are taken as SymPy keeps them, so that ``func(*args)`` rebuilds the weight."""
        texts = [x if isinstance(x, Str) else Str(str(x)) for x in (name, how, role)]
        return Expr.__new__(cls, texts[0], batch, texts[1], index, texts[2])

    @property
    def batch(self) -> Any:
        """The size of the minibatch."""
        return self.args[1]

    @property
    def replacement(self) -> bool:
        """Whether a sample may be in it more than once."""
        return str(self.args[2].name) == "with"

    @property
    def spread(self) -> Any:
        """c with E w_i w_j = 1 − c for i ≠ j, E w_i² = 1 + (n − 1) c."""
        n, b = self.index.range, self.batch
        return 1 / b if self.replacement else (n - b) / (b * (n - 1))


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


class Minibatch:
    """The weights ``w[i]`` of b samples among n, every choice equally likely.

    Parameters
    ----------
    name : str
    batch : size
        b, a dimension or an integer; n is the range of the index.  Without replacement b <= n is
        to be assumed.
    replacement : bool
        Whether a sample may be drawn more than once.
    """

    __slots__ = ("batch", "how", "name")

    def __init__(self, name: str, batch: Any, *, replacement: bool = False) -> None:
        self.name, self.batch = name, sympify(batch)
        self.how = "with" if replacement else "without"
        if not (self.batch.is_integer and self.batch.is_positive):
            raise ShapeError(f"batch={batch}: not known to be a positive integer; use dims(...)")

    def __getitem__(self, index: Index) -> Any:
        if not isinstance(index, Index):
            raise DerivationError(f"{self.name}[{index}]: not an index; make one with index(...)")
        return WeightDraw(self.name, self.batch, self.how, index, "process")


def drawn_in(expression: Any) -> list[Any]:
    """The draws in an expression, sorted."""
    return sorted(sympify(expression).atoms(MatrixDraw, WeightDraw), key=str)


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
        if self.order is not None and (self.step is None or self.order < 1):
            raise DerivationError(
                f"order={self.order}: an order is at least 1 and is one in a step size; give step="
            )
        # Of an update by functions the change is a function too.
        symbolic = isinstance(self.update, Update) and not is_function(self.change)
        drawn = drawn_in(self.change) if symbolic else []
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
