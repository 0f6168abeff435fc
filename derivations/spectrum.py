"""Eigenvalues, singular values and eigenprojectors of symmetric words, as letters of the language.

>>> from derivations import State, dims, eigenvalues
>>> p, l = dims("p l")
>>> W = State("W", p, l)
>>> lam = eigenvalues(W * W.T)
>>> i = lam.indices("i")
>>> lam[i].index.range
p

Eigenvalues are numbered downwards, λ_1 > λ_2 > ..., and are taken to be distinct: every rule for
their differentials holds up to the first collision of two of them (a stopping time).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sympy import Basic, Expr, Function, Pow, Q, nan, oo, sqrt, zoo
from sympy.assumptions import Predicate
from sympy.core.kind import NumberKind
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement

from .errors import DerivationError, ShapeError
from .expressions import IndexSum, ScalarSum, free_indices
from .symbols import Index, index, same_size

__all__ = [
    "Eigenprojector",
    "Eigenvalue",
    "SingularValues",
    "Spectrum",
    "distinct_eigenvalues",
    "eigenvalues",
    "singular_at",
    "singular_values",
    "spectra_of",
    "spectral_indices",
]


class Eigenvalue(Expr):
    """λ_i of a symmetric matrix S; args (S, i), i an :class:`~derivations.symbols.Index`."""

    is_commutative = True
    is_real = True
    kind = NumberKind

    @property
    def matrix(self) -> Any:
        """The matrix S."""
        return self.args[0]

    @property
    def index(self) -> Any:
        """The index i."""
        return self.args[1]

    def _sympystr(self, printer: Any) -> str:
        return f"eigenvalue({printer._print(self.matrix)}, {printer._print(self.index)})"

    def _latex(self, printer: Any) -> str:
        return rf"\lambda_{{{printer._print(self.index)}}}"


class Eigenprojector(MatrixExpr):
    """E_i = u_i u_i', the orthogonal projector on the i-th eigenvector of S; args (S, i)."""

    @property
    def matrix(self) -> Any:
        """The matrix S."""
        return self.args[0]

    @property
    def index(self) -> Any:
        """The index i."""
        return self.args[1]

    @property
    def shape(self) -> tuple[Any, Any]:
        """Shape of S."""
        rows, columns = self.args[0].shape
        return rows, columns

    def _eval_transpose(self) -> Any:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"projector({printer._print(self.matrix)}, {printer._print(self.index)})"

    def _latex(self, printer: Any) -> str:
        return rf"E_{{{printer._print(self.index)}}}"

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        return MatrixElement(self, i, j)


def spectral_indices(expression: Any) -> set[Index]:
    """The indices that number eigenvalues or eigenprojectors in an expression."""
    return {letter.index for letter in expression.atoms(Eigenvalue, Eigenprojector)}


def singular_at(
    body: Any, index: Index, apart: frozenset[Index] = frozenset()
) -> Iterator[tuple[Index, Any]]:
    """Indices at which ``index`` meets a pole of a function, and the function.

    ``apart`` are the indices that are kept from it: 1/(λ_i − λ_j), log|λ_i − λ_j| have no value
    for i = j.
    """
    if isinstance(body, IndexSum | ScalarSum):
        summand, bound, *excluded = body.args
        kept = apart | {bound} if index in excluded else apart - {bound}
        yield from singular_at(summand, index, frozenset(kept))
        return
    polynomial = isinstance(body, Pow) and body.exp.is_Integer and body.exp > 0
    if isinstance(body, Function) or (isinstance(body, Pow) and not polynomial):
        met = free_indices(body)
        others = {i for i in met if i.range == index.range and i != index}
        if index in met:
            meeting = ((i, body.xreplace({index: i})) for i in sorted(others - apart, key=str))
            yield from ((i, body) for i, value in meeting if value.has(zoo, nan, oo))
            return
    for part in getattr(body, "args", ()):
        yield from singular_at(part, index, apart)


def spectra_of(values: Iterable[Any]) -> tuple[Any, ...]:
    """The matrices, in a fixed order, whose eigenvalues or eigenprojectors stand in expressions."""
    found = {
        letter.matrix
        for value in values
        if isinstance(value, Basic)
        for letter in value.atoms(Eigenvalue, Eigenprojector)
    }
    return tuple(sorted(found, key=str))


class DistinctEigenvalues(Predicate):
    """The eigenvalues of a symmetric matrix are distinct."""

    name = "distinct_eigenvalues"


def distinct_eigenvalues(matrix: Any) -> Any:
    """The fact that a symmetric matrix has distinct eigenvalues.

    For A A' with A (p, l) it needs l ≥ p − 1: else zero is an eigenvalue more than once.
    """
    return DistinctEigenvalues()(matrix)


class Spectrum:
    """The eigenvalues of a symmetric matrix, ``lam[i]``, and its eigenprojectors."""

    __slots__ = ("matrix",)

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    @property
    def distinct(self) -> Any:
        """The fact that the eigenvalues are distinct."""
        return distinct_eigenvalues(self.matrix)

    @property
    def positive(self) -> Any:
        """The fact that all eigenvalues are positive."""
        return Q.positive_definite(self.matrix)

    def indices(self, names: str) -> Any:
        """Indices over the eigenvalues, ``i, j = lam.indices("i j")``; different ones differ."""
        found = tuple(index(name, self.matrix.shape[0]) for name in str(names).split())
        if not found:
            raise DerivationError('indices: got no name; give one or more, as in indices("i j")')
        return found if len(found) > 1 else found[0]

    def __getitem__(self, i: Index) -> Any:
        return Eigenvalue(self.matrix, self._checked(i))

    def projector(self, i: Index) -> Any:
        """E_i = u_i u_i'."""
        return Eigenprojector(self.matrix, self._checked(i))

    def _checked(self, i: Any) -> Any:
        size = self.matrix.shape[0]
        if not isinstance(i, Index) or not same_size(i.range, size):
            raise DerivationError(
                f"eigenvalue {i}: not an index from 1 to {size}; make one with lam.indices(...)"
            )
        return i


class SingularValues:
    """The singular values of a rectangular matrix, ``sigma[i]`` = √λ_i(A A')."""

    __slots__ = ("squares",)

    def __init__(self, matrix: Any) -> None:
        self.squares = eigenvalues(_matrix("singular_values", matrix) * matrix.T)

    def indices(self, names: str) -> Any:
        """Indices over the singular values."""
        return self.squares.indices(names)

    def __getitem__(self, i: Index) -> Any:
        return sqrt(self.squares[i])


def _matrix(what: str, matrix: Any) -> Any:
    if not isinstance(matrix, MatrixExpr):
        raise DerivationError(f"{what}: {matrix} is no matrix expression; give one of the language")
    return matrix


def eigenvalues(matrix: Any) -> Spectrum:
    """The eigenvalues of a symmetric matrix expression, (n, n), and their eigenprojectors.

    With ``i, j = lam.indices("i j")``, ``lam[i]`` is λ_i and ``lam.projector(i)`` is u_i u_i'.
    What is derived of them holds up to their first collision; ``lam.distinct`` is that fact, for
    ``assuming``.

    Raises
    ------
    ShapeError
        If the matrix is not square.
    """
    _matrix("eigenvalues", matrix)
    if not same_size(*matrix.shape):
        raise ShapeError(
            f"eigenvalues: {matrix} is {matrix.shape[0]} x {matrix.shape[1]}, it must be square; "
            "for a rectangular matrix take singular_values"
        )
    return Spectrum(matrix)


def singular_values(matrix: Any) -> SingularValues:
    """The singular values σ_i of a matrix A (r, c), r ≤ c: the roots of the eigenvalues of A A'."""
    return SingularValues(matrix)
