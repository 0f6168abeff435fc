"""Entries of products as they were typed: SymPy writes (A X)[0, 1] out as a sum over an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import reduce
from operator import mul
from typing import Any

from sympy import Add, Basic, Dummy, Identity, Integer, KroneckerDelta, Mul, Pow, Sum, Transpose
from sympy.matrices.expressions.matexpr import MatrixElement

from derivations.expressions import entry
from derivations.symbols import same_size
from numerics.numeric_sde import NumericSDE

__all__ = ["collected", "with_entries"]

_Edge = tuple[Any, Any, Any]
"""A matrix and the two indices at which a factor of a sum takes it."""


def with_entries(value: Any) -> Any:
    """A claim, or a part of one, with every sum that SymPy made of an entry as that entry."""
    if isinstance(value, Basic):
        return collected(value)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(map(with_entries, value))
    if type(value) is dict:
        return {key: with_entries(x) for key, x in value.items()}
    if not is_dataclass(value) or isinstance(value, type | NumericSDE):
        return value
    given = {x.name: getattr(value, x.name) for x in fields(value) if x.init}
    found = {name: with_entries(x) for name, x in given.items() if name != "mutants"}
    changed = {name: x for name, x in found.items() if not _same(x, given[name])}
    return replace(value, **changed) if changed else value


def _same(new: Any, old: Any) -> bool:
    """Whether nothing in it became another expression."""
    if isinstance(old, list | tuple):
        return all(map(_same, new, old))
    if type(old) is dict:
        return all(map(_same, new.values(), old.values()))
    return new is old


def collected(expression: Any) -> Any:
    """The expression with entries for sums over products of entries, the innermost first.

    A sum of another kind stays what it is.

    Examples
    --------
    >>> from derivations import Parameter, State, dims
    >>> n = dims("n")
    >>> A, X = Parameter("A", n, n), State("X", n, n)
    >>> collected(2 * (A * X)[0, 1])
    2*(A*X)[0, 1]
    """
    if not expression.has(Sum):
        return expression
    parts = [collected(part) if isinstance(part, Basic) else part for part in expression.args]
    if any(new is not old for new, old in zip(parts, expression.args, strict=True)):
        expression = expression.func(*parts)
    return _entry(expression) or expression if isinstance(expression, Sum) else expression


def _entry(total: Any) -> Any:
    """The entry of a product that a sum is, with the factors beside it; None if it is none."""
    sizes = {index: upper + 1 for index, lower, upper in total.limits if lower == 0}
    if len(sizes) != len(total.limits) or not all(isinstance(x, Dummy) for x in sizes):
        return None
    beside, edges = list[Any](), list[_Edge]()
    for factor in _factors(total.function):
        if not factor.free_symbols & sizes.keys():
            beside.append(factor)
        elif (edge := _edge(factor)) is None:
            return None
        else:
            edges.append(edge)
    paths = [path for start in edges for path in _paths(start, edges, sizes)]
    if not paths:
        return None
    matrices, first, last = min(paths, key=_turned)
    return Mul(*beside) * entry(reduce(mul, matrices), first, last)


def _factors(product: Any) -> Iterator[Any]:
    for factor in Mul.make_args(product):
        if isinstance(factor, Pow) and isinstance(factor.exp, Integer) and factor.exp > 0:
            yield from [factor.base] * int(factor.exp)
        else:
            yield factor


def _edge(factor: Any) -> _Edge | None:
    """The matrix whose entry a factor is, also a sum of entries at one place; None for neither."""
    if isinstance(factor, MatrixElement):
        return factor.parent, *factor.indices
    if isinstance(factor, KroneckerDelta) and factor.delta_range is not None:
        return Identity(factor.delta_range[1] + 1), *factor.indices
    if not isinstance(factor, Add):
        return None
    terms = []
    for term in factor.args:
        coefficient, rest = term.as_coeff_Mul()
        if (edge := _edge(rest)) is None:
            return None
        terms.append((coefficient * edge[0], edge[1], edge[2]))
    matrix, first, last = terms[0]
    for other, i, j in terms[1:]:
        if (i, j) == (first, last):
            matrix += other
        elif (j, i) == (first, last):
            matrix += other.T
        else:
            return None
    return matrix, first, last


def _paths(
    start: _Edge, edges: Sequence[_Edge], sizes: Mapping[Any, Any]
) -> Iterator[tuple[list[Any], Any, Any]]:
    """The product along all edges that begins with one of them, from an end that is not summed."""
    for matrix, first, at in _both(start):
        if first in sizes:
            continue
        matrices, left = [matrix], [edge for edge in edges if edge is not start]
        while at in sizes:
            found = [(e, turn) for e in left for turn in _both(e) if turn[1] == at]
            # An index of a product stands in two factors and in no third.
            if len(found) != 1 or not _conform(matrices[-1], sizes[at], found[0][1][0]):
                break
            edge, (matrix, _, at) = found[0]
            matrices.append(matrix)
            left = [other for other in left if other is not edge]
        if not left and at not in sizes:
            yield matrices, first, at


def _both(edge: _Edge) -> tuple[_Edge, _Edge]:
    matrix, first, last = edge
    return edge, (matrix.T, last, first)


def _conform(left: Any, size: Any, right: Any) -> bool:
    return same_size(left.shape[1], size) and same_size(right.shape[0], size)


def _turned(path: tuple[list[Any], Any, Any]) -> int:
    return sum(isinstance(matrix, Transpose) for matrix in path[0])
