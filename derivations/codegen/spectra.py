"""Eigenvalues before they are printed: computed once, never divided by their own difference.

Every λ_i and E_i of one matrix picks from one list of eigenvalues and one of projectors, and what
is a function of one eigenvalue is computed once for all of them, whatever its index is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from sympy import Abs, log, sign

from derivations.codegen.hoisting import COSTLY, key, weight, wish
from derivations.codegen.structure import (
    AllEigenvalues,
    AllProjectors,
    Apart,
    Hoisted,
    HoistedMatrix,
    Tuples,
    free_indices,
    is_letter,
    named,
    nodes,
    parts,
    rebuilt,
)
from derivations.errors import DerivationError
from derivations.expressions import IndexSum, LogAbs, ScalarSum
from derivations.spectrum import Eigenprojector, Eigenvalue
from derivations.symbols import FamilyMember, Index, ScalarMember

__all__ = ["Definitions", "guarded", "has_spectra", "listed_once", "spectra", "tuples"]

Definitions = list[tuple[Any, Any]]

_SINGULAR = (log, LogAbs, Abs, sign)
"""Functions without a derivative at zero."""


def has_spectra(expression: Any) -> bool:
    """Whether an expression holds an eigenvalue or an eigenprojector."""
    return any(isinstance(node, Eigenvalue | Eigenprojector) for node in nodes(expression))


def spectra(expressions: Sequence[Any]) -> tuple[Any, ...]:
    """The matrices whose eigenvalues occur in some expressions, each once."""
    found: dict[Any, Any] = {}
    for expression in expressions:
        for node in nodes(expression):
            if isinstance(node, Eigenvalue | Eigenprojector):
                found.setdefault(key(node.matrix)[0], node.matrix)
    return tuple(found.values())


def tuples(expression: Any, indices: Sequence[Index]) -> Any:
    """An expression for all tuples of distinct values of some indices; itself without any.

    Raises
    ------
    DerivationError
        If the indices do not run over one range.
    """
    ordered = sorted(indices, key=str)
    for index in ordered[1:]:
        if index.range != ordered[0].range:
            raise DerivationError(
                f"indices {ordered[0]} and {index}: they run to {ordered[0].range} and to "
                f"{index.range}; the free indices of a claim must have one range"
            )
    return Tuples(expression, *ordered) if ordered else expression


# Where two indices are equal that never are.


def guarded(expression: Any) -> Any:
    """The expression with 1 for every divisor that vanishes where two indices are equal.

    Only indices that are never equal count: free ones, and the index of a sum with those that it
    excludes.  What divides by λ_i − λ_i in earnest stays as it is.
    """
    return _guarded(expression, frozenset())


def _guarded(expression: Any, pairs: frozenset[tuple[Index, Index]]) -> Any:
    if is_letter(expression) or not parts(expression):
        return expression
    if isinstance(expression, Tuples):
        pairs |= frozenset(combinations(expression.indices, 2))
    elif isinstance(expression, IndexSum | ScalarSum):
        _, index, *excluded = expression.args
        pairs |= frozenset((index, other) for other in excluded)
    inner = parts(expression)
    new = [_guarded(part, pairs) for part in inner]
    singular = isinstance(expression, _SINGULAR) or (
        expression.is_Pow and not (expression.exp.is_Integer and expression.exp > 0)
    )
    if singular:
        for i, j in sorted(pairs, key=str):
            if _vanishes(inner[0], i, j):
                new[0] = Apart(new[0], i, j)
    return expression if new == [*inner] else rebuilt(expression, new)


def _vanishes(expression: Any, i: Index, j: Index) -> bool:
    """Whether a scalar is zero where two of its indices are equal."""
    if not {i.name, j.name} <= free_indices(expression):
        return False
    return bool(expression.xreplace({j: i}).expand() == 0)


# One list of eigenvalues, one of projectors.


def listed_once(
    expressions: Sequence[Any], fresh: Callable[[str], str]
) -> tuple[Definitions, list[Any]]:
    """Names for the eigenvalues, the projectors, and what is computed from one of them.

    Parameters
    ----------
    expressions
        The expressions.
    fresh
        Gives an unused identifier, numbered if the wish is taken.

    Returns
    -------
    definitions, expressions
        Pairs (name, value), the name with its open index where it has one; and the expressions.
    """
    lists = _Lists(fresh)
    found = [lists.picked(expression) for expression in expressions]
    definitions = lists.definitions()
    while True:
        twin = _twin([*found, *(value for _, value in definitions)])
        if twin is None:
            return definitions, found
        pattern, first = twin
        name = fresh(wish(first))
        found = [_renamed(value, pattern, name) for value in found]
        definitions = [(symbol, _renamed(value, pattern, name)) for symbol, value in definitions]
        definitions.append((named(first, name), first))


class _Lists:
    """The lists of eigenvalues and projectors that some expressions pick from."""

    def __init__(self, fresh: Callable[[str], str]) -> None:
        self._fresh = fresh
        self._names: dict[tuple[Any, Any], tuple[str, Any]] = {}

    def picked(self, expression: Any) -> Any:
        """The expression with λ_i and E_i as members of named lists."""
        if is_letter(expression) or not parts(expression):
            return expression
        new = [self.picked(part) for part in parts(expression)]
        if isinstance(expression, Eigenvalue):
            return Hoisted(self._name(AllEigenvalues, "lam", new[0]), (expression.index.name,))
        if isinstance(expression, Eigenprojector):
            name = self._name(AllProjectors, "E", new[0])
            return HoistedMatrix(name, *expression.shape, expression.index.name)
        same = all(a is b for a, b in zip(new, parts(expression), strict=True))
        return expression if same else rebuilt(expression, new)

    def _name(self, head: Any, wish: str, matrix: Any) -> str:
        if free_indices(matrix):
            raise DerivationError(
                f"eigenvalues of {matrix}: the matrix has an open index; sum over it with total"
            )
        found = self._names.get((head, key(matrix)[0]))
        if found is None:
            found = self._names[head, key(matrix)[0]] = (self._fresh(wish), head(matrix))
        return found[0]

    def definitions(self) -> Definitions:
        """Names and values of the lists."""
        return [
            (
                Hoisted(name)
                if isinstance(value, AllEigenvalues)
                else HoistedMatrix(name, *value.args[0].shape),
                value,
            )
            for name, value in self._names.values()
        ]


_ANY = "·"
"""The name of an index that may be called anything."""


def _single(expression: Any) -> str | None:
    """The one open index of something costly that depends on an eigenvalue, if it is such."""
    if not isinstance(expression, COSTLY) or any(
        isinstance(node, Tuples | AllEigenvalues | AllProjectors) for node in nodes(expression)
    ):
        return None
    indices = free_indices(expression)
    picks = any(isinstance(node, Hoisted | HoistedMatrix) for node in nodes(expression))
    return next(iter(indices)) if len(indices) == 1 and picks else None


def _twin(expressions: Sequence[Any]) -> tuple[Any, Any] | None:
    """The heaviest sub-expression that occurs with two names of its one open index."""
    seen: dict[Any, tuple[set[str], Any]] = {}
    for node in (node for expression in expressions for node in nodes(expression)):
        index = _single(node)
        if index is not None:
            pattern = key(_reindexed(node, index, _ANY))[0]
            seen.setdefault(pattern, (set(), node))[0].add(index)
    several = [(pattern, node) for pattern, (names, node) in seen.items() if len(names) > 1]
    return max(several, key=lambda found: weight(found[1]), default=None)


def _renamed(expression: Any, pattern: Any, name: str) -> Any:
    """An expression with a name, at its own index, for everything of one pattern."""
    if is_letter(expression) or not parts(expression):
        return expression
    index = _single(expression)
    if index is not None and key(_reindexed(expression, index, _ANY))[0] == pattern:
        return named(expression, name)
    inner = parts(expression)
    new = [_renamed(part, pattern, name) for part in inner]
    same = all(a is b for a, b in zip(new, inner, strict=True))
    return expression if same else rebuilt(expression, new)


def _reindexed(expression: Any, old: str, new: str) -> Any:
    """An expression with another name of one of its open indices."""
    if isinstance(expression, Hoisted):
        axes = (new if axis == old else axis for axis in expression.axes)
        return Hoisted(str(expression.name), tuple(axes))
    if isinstance(expression, HoistedMatrix):
        axes = (new if axis == old else axis for axis in expression.axes)
        return HoistedMatrix(str(expression.name), *expression.shape, *axes)
    if isinstance(expression, FamilyMember | ScalarMember):
        return expression.xreplace(_exchange([expression.index], old, new))
    if is_letter(expression) or not parts(expression):
        return expression
    inner = [_reindexed(part, old, new) for part in parts(expression)]
    if isinstance(expression, IndexSum | ScalarSum | Apart):
        swap = _exchange(expression.args[1:], old, new)
        return expression.func(inner[0], *(swap.get(i, i) for i in expression.args[1:]))
    return rebuilt(expression, inner)


def _exchange(indices: Sequence[Index], old: str, new: str) -> dict[Index, Index]:
    return {index: Index(new, index.range) for index in indices if index.name == old}
