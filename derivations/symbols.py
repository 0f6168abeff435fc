"""The letters of the language: dimensions, states, parameters, processes, Brownian motions.

Every letter is a SymPy object, so that expressions are written with SymPy's own operators.  The
class of a letter says what it is, its assumptions say what is known of it; two letters of the same
name and different class are different letters.

Conventions: Itô calculus; a vector is a matrix with one column; ``dt`` is the differential of the
time ``t``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import Expr, Identity, MatrixSymbol, Symbol, sympify
from sympy.core.kind import NumberKind
from sympy.core.symbol import Str

from .decimals import exactly
from .errors import DerivationError, ShapeError

__all__ = [
    "Brownian",
    "BrownianFamily",
    "Dimension",
    "Family",
    "FamilyMember",
    "Index",
    "Letter",
    "MatrixIncrement",
    "MatrixParameter",
    "MatrixProcess",
    "MatrixState",
    "Parameter",
    "Process",
    "ScalarIncrement",
    "ScalarMember",
    "ScalarParameter",
    "ScalarProcess",
    "ScalarState",
    "State",
    "TimeIncrement",
    "dims",
    "dt",
    "index",
    "is_increment",
    "positive",
    "real",
    "same_shape",
    "same_size",
    "t",
]


class Dimension(Symbol):
    """The size of a matrix: a positive integer that stays a symbol."""

    def __new__(cls, name: str) -> Dimension:
        """Two dimensions of one name are one dimension."""
        obj: Dimension = super().__new__(cls, name, integer=True, positive=True)
        return obj

    def _sympystr(self, printer: Any) -> str:
        # SymPy's printers dispatch on the class name, and units have a Dimension of their own.
        return str(self.name)


class Letter:
    """Mark of everything that was declared: mixed into the classes below."""

    __slots__ = ()


class ScalarParameter(Letter, Symbol):
    """A scalar constant."""


class ScalarProcess(Letter, Symbol):
    """A scalar adapted process, known by name only."""


class ScalarState(Letter, Symbol):
    """A scalar state of a stochastic differential equation."""


class ScalarIncrement(Letter, Symbol):
    """The differential dβ of a scalar Brownian motion."""


class TimeIncrement(Symbol):
    """The differential dt."""


def is_increment(x: Any) -> bool:
    """Whether x is dt or the differential of a Brownian motion."""
    if isinstance(x, ScalarMember):
        return x.role == "increment"
    return isinstance(x, TimeIncrement | ScalarIncrement | MatrixIncrement)


t = Symbol("t", real=True)
"""The time; in what is stated of a law, the horizon."""

dt = TimeIncrement("dt", positive=True)
"""The differential dt, in the equations of a system: ``a * X * dt``."""


class _DeclaredMatrix(Letter, MatrixSymbol):
    """A matrix letter: the name, its shape, and facts that travel with it as SymPy arguments."""

    def __new__(cls, name: Any, rows: Any, columns: Any, *facts: Any) -> Any:
        text = _text(name)
        rows, columns = _size(text.name, rows), _size(text.name, columns)
        return Expr.__new__(cls, text, rows, columns, *(sympify(fact) for fact in facts))

    @property
    def facts(self) -> tuple[Any, ...]:
        """Facts declared of this letter (see the subclasses)."""
        return tuple(self.args[3:])


class MatrixState(_DeclaredMatrix):
    """A matrix state of a stochastic differential equation."""


class MatrixProcess(_DeclaredMatrix):
    """A matrix-valued adapted process, known by name only: any function of state and past."""


class MatrixParameter(_DeclaredMatrix):
    """A constant matrix; its fact is one of 'general', 'symmetric', 'positive_definite'."""

    @property
    def structure(self) -> str:
        """'general', 'symmetric' or 'positive_definite'."""
        return str(self.args[3].name) if len(self.args) > 3 else "general"


class MatrixIncrement(_DeclaredMatrix):
    """The differential dB of a matrix Brownian motion; facts: its row and column covariances.

    E[dB_ia dB_jb] = rows_ij columns_ab dt.
    """

    @property
    def row_covariance(self) -> Any:
        """Covariance C of the rows, (r, r)."""
        return self.args[3]

    @property
    def column_covariance(self) -> Any:
        """Covariance D of the columns, (c, c)."""
        return self.args[4]


def _text(name: Any) -> Str:
    return name if isinstance(name, Str) else Str(str(name))


def same_size(a: Any, b: Any) -> bool:
    """Whether two sizes are one expression; only then do they conform."""
    return bool(a == b or (a - b).expand() == 0)


def same_shape(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Whether two shapes, (rows, columns) or () of a scalar, are the same."""
    return len(a) == len(b) and all(map(same_size, a, b))


def _size(name: str, size: Any) -> Any:
    size = sympify(size)
    if size.is_integer and size.is_positive:
        return size
    raise ShapeError(
        f"{name}: size {size} is not known to be a positive integer; "
        "declare it with dims(...) or give a positive integer"
    )


def dims(names: str) -> Any:
    """Dimension symbols, ``p, k, l = dims("p k l")``; a single name gives a single symbol."""
    found = tuple(Dimension(name) for name in names.replace(",", " ").split())
    if not found:
        raise DerivationError('dims: got no name; give one or more, as in dims("p k l")')
    return found if len(found) > 1 else found[0]


def positive(name: str) -> ScalarParameter:
    """A positive scalar constant."""
    return ScalarParameter(name, positive=True)


def real(name: str) -> ScalarParameter:
    """A real scalar constant."""
    return ScalarParameter(name, real=True)


def State(name: str, rows: Any = None, columns: Any = 1, *, positive: bool = False) -> Any:  # noqa: N802 - a noun
    """A state: scalar without sizes, vector (rows, 1) with one, matrix (rows, columns) with two.

    Parameters
    ----------
    name : str
    rows, columns : size, optional
        Dimensions, made with `dims`, or positive integers.
    positive : bool
        Whether a scalar state stays positive, as roots and logarithms of it need.

    Raises
    ------
    ShapeError
        If a size is not a positive integer.

    Examples
    --------
    >>> n, m = dims("n m")
    >>> State("X", n, m).shape
    (n, m)
    """
    if rows is None:
        return ScalarState(name, **_sign(positive))
    return MatrixState(name, rows, columns)


def Process(name: str, rows: Any = None, columns: Any = 1, *, positive: bool = False) -> Any:  # noqa: N802 - a noun
    """A coefficient without stated dynamics: adapted, otherwise any function of the state.

    It may stand in a drift or in front of a noise, but has no differential of its own.  Sizes and
    errors are those of `State`.
    """
    if rows is None:
        return ScalarProcess(name, **_sign(positive))
    return MatrixProcess(name, rows, columns)


def _sign(positive: bool) -> dict[str, bool]:
    return {"positive": True} if positive else {"real": True}


def Parameter(  # noqa: N802 - a noun
    name: str,
    rows: Any = None,
    columns: Any = None,
    *,
    symmetric: bool = False,
    positive_definite: bool = False,
) -> Any:
    """A constant: scalar without sizes, else a (rows, columns) matrix (columns default to 1).

    Parameters
    ----------
    name : str
    rows, columns : size, optional
    symmetric, positive_definite : bool
        What is known of a square matrix; positive definite says symmetric too.

    Raises
    ------
    ShapeError
        If a size is not a positive integer, or a symmetric matrix is not square.
    """
    if rows is None:
        return real(name)
    kind = "positive_definite" if positive_definite else "symmetric" if symmetric else "general"
    columns = 1 if columns is None else columns
    if kind != "general" and sympify(rows) != sympify(columns):
        raise ShapeError(f"{name}: a {kind} matrix is square, got {rows} x {columns}")
    return MatrixParameter(name, rows, columns, Str(kind))


class Brownian:
    """A Brownian motion: scalar, vector or matrix, E[dB_ia dB_jb] = rows_ij columns_ab dt.

    Its differential is ``B.d``; two of them are independent, unless a system correlates them.

    Parameters
    ----------
    name : str
    rows, columns : size, optional
        None for a scalar Brownian motion; one size for a vector.
    row_covariance, column_covariance : matrix expression, optional
        Constant symmetric covariances C (rows, rows) and D (columns, columns); the identity if left
        out.

    Raises
    ------
    ShapeError
        If a size is not a positive integer, or a covariance has another shape.
    """

    __slots__ = ("d", "name")

    def __init__(
        self,
        name: str,
        rows: Any = None,
        columns: Any = 1,
        *,
        row_covariance: Any = None,
        column_covariance: Any = None,
    ) -> None:
        self.name = name
        self.d: Any
        if rows is None:
            self.d = ScalarIncrement(f"d{name}", real=True)
            return
        C = Identity(rows) if row_covariance is None else exactly(row_covariance)
        D = Identity(columns) if column_covariance is None else exactly(column_covariance)
        for what, matrix, size in (("row", C, rows), ("column", D, columns)):
            if tuple(matrix.shape) != (sympify(size), sympify(size)):
                raise ShapeError(
                    f"{name}: the {what} covariance {matrix} is {matrix.shape[0]} x "
                    f"{matrix.shape[1]}, it must be {size} x {size}"
                )
        self.d = MatrixIncrement(f"d{name}", rows, columns, C, D)

    def __repr__(self) -> str:
        return f"Brownian({self.name!r})"


class Index(Symbol):
    """An index i = 1, ..., range, to be bound by a sum."""

    __slots__ = ("range",)
    range: Any

    def __new__(cls, name: str, range: Any) -> Index:
        """Two indices are one if name and range are; equal ones are the same object."""
        return _interned(name, sympify(range))

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.range)

    def __getnewargs_ex__(self) -> Any:
        return ((self.name, self.range), {})


# Indices are compared all the time, and identity is what is compared first.
@lru_cache(maxsize=4096)
def _interned(name: str, range: Any) -> Index:
    obj: Index = Symbol.__xnew__(Index, name, integer=True, positive=True)
    obj.range = range
    return obj


def index(name: str, range: Any) -> Index:
    """An index running over 1, ..., range."""
    # Ranges are compared as they stand: p (k + 1) is p k + p.
    return Index(name, _size(name, range).expand())


class _Member(Letter):
    """A member of a family; the last two arguments are its index and its role."""

    __slots__ = ()
    args: tuple[Any, ...]

    @property
    def name(self) -> str:
        """Name of the family."""
        return str(self.args[0].name)

    @property
    def index(self) -> Any:
        """The index i of x_i."""
        return self.args[-2]

    @property
    def role(self) -> str:
        """'parameter', 'process' or 'increment'."""
        return str(self.args[-1].name)

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}[{printer._print(self.index)}]"

    def _latex(self, printer: Any) -> str:
        d, name = (r"\mathrm{d}", self.name[1:]) if is_increment(self) else ("", self.name)
        return f"{{{d}{printer._print(Symbol(name))}}}_{{{printer._print(self.index)}}}"


class FamilyMember(_Member, _DeclaredMatrix):
    """The member x_i of a family of matrices; facts: the index, and 'parameter' or 'process'."""


class ScalarMember(_Member, Expr):
    """The member c_i of a scalar family, or dβ_i of a family of Brownian motions."""

    is_commutative = True
    is_real = True
    kind = NumberKind

    def __new__(cls, name: Any, index: Any, role: Any) -> Any:
        """Texts are taken as SymPy keeps them, so that ``func(*args)`` rebuilds the member."""
        return Expr.__new__(cls, _text(name), index, _text(role))


class Family:
    """A family of constants x_1, ..., x_n of one shape (scalars without sizes); ``x[i]``.

    With ``process=True`` its members are adapted processes instead of constants.
    """

    __slots__ = ("columns", "name", "role", "rows")

    def __init__(
        self, name: str, rows: Any = None, columns: Any = 1, *, process: bool = False
    ) -> None:
        self.name, self.rows, self.columns = name, rows, columns
        self.role = "process" if process else "parameter"

    def __getitem__(self, index: Index) -> Any:
        _check_index(self.name, index)
        if self.rows is None:
            return ScalarMember(self.name, index, self.role)
        return FamilyMember(self.name, self.rows, self.columns, index, Str(self.role))


class _Motion:
    """One Brownian motion of a family, for its differential."""

    __slots__ = ("d",)

    def __init__(self, d: Any) -> None:
        self.d = d


class BrownianFamily:
    """Independent scalar Brownian motions β_1, ..., β_n; ``beta[i].d`` is dβ_i."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __getitem__(self, index: Index) -> _Motion:
        _check_index(self.name, index)
        return _Motion(ScalarMember(f"d{self.name}", index, "increment"))


def _check_index(family: str, index: Any) -> None:
    if not isinstance(index, Index):
        raise DerivationError(f"{family}[{index}]: not an index; make one with index(...)")
