"""What an algorithm draws anew in every step, as letters: signs, standard normals, minibatches.

Another covariance of normals is a factor in front, A·ξ for covariance AA'.  The weights of a
minibatch of b among n samples,

    w_i = (n/b) · how often i was drawn,   E w_i = 1,

turn a mean over all samples into that over the batch: Σ_i w_i x_i r_i'/n.  Draws take the values of
their law and no others: every entry of a sign is ±1, and the weights of a minibatch add up to n.
"""

from __future__ import annotations

from random import Random
from typing import Any

from sympy import Expr, sympify
from sympy.core.symbol import Str

from .errors import DerivationError, ShapeError
from .expressions import tr
from .symbols import Index, MatrixParameter, ScalarMember

__all__ = ["Gaussian", "MatrixDraw", "Minibatch", "TwoPoint", "WeightDraw", "drawn_in"]


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

    def counts(self, rng: Random, n: int, b: int) -> list[int]:
        """How often each of n samples is in one minibatch of b."""
        chosen = rng.choices(range(n), k=b) if self.replacement else rng.sample(range(n), b)
        return [chosen.count(i) for i in range(n)]


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
