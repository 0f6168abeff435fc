"""Power series cut off after s², over exact numbers and arrays of them.

Sums and products alone: an inverse is solved for coefficient by coefficient from A·B = 1, a
determinant is expanded by Laplace, a scalar function goes through SymPy's derivatives in s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import QQ, Dummy, Rational, diff, sympify

Series = tuple[Any, ...]  # coefficients of 1, s, s²: numbers, or arrays of numbers

# ------------------------------------------------------------------------------ power series


def constant(value: Any, order: int) -> Series:
    """The series of a value that does not move."""
    return (value, *(value * 0 for _ in range(order)))


def line(value: Any, direction: Any, order: int) -> Series:
    """value + s·direction."""
    return (value, direction, value * 0)[: order + 1]


def times(a: Series, b: Series, op: Callable[[Any, Any], Any]) -> Series:
    return tuple(sum(op(a[i], b[n - i]) for i in range(n + 1)) for n in range(len(a)))


def plus(a: Series, b: Series) -> Series:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def scaled(a: Series, c: Series) -> Series:
    """An array (or number) a times a number c; the array stands left, else SymPy takes it apart."""
    return times(a, c, lambda x, y: x * y)


def power(a: Series, exponent: int, unit: Series, op: Callable[[Any, Any], Any]) -> Series:
    result = unit
    for _ in range(exponent):
        result = times(result, a, op)
    return result


def matmul(a: Any, b: Any) -> Any:
    return a @ b


def inverse(a: Series) -> Series:
    """The series B with A·B = 1 + O(s³), coefficient by coefficient."""
    first = solve(a[0])
    result = [first]
    for n in range(1, len(a)):
        result.append(-first @ sum(a[i] @ result[n - i] for i in range(1, n + 1)))
    return tuple(result)


def solve(a: Any) -> Any:
    """The inverse of an array of numbers, by Gauss-Jordan elimination."""
    n = len(a)
    rows = np.concatenate([a, unit_matrix(n)], axis=1)
    for j in range(n):
        pivot = next((i for i in range(j, n) if rows[i, j] != 0), None)
        if pivot is None:
            raise ZeroDivisionError("the matrix at this point is singular")
        rows[[j, pivot]] = rows[[pivot, j]]
        rows[j] = rows[j] * (1 / rows[j, j])
        for i in range(n):
            if i != j:
                rows[i] = rows[i] - rows[j] * rows[i, j]
    return rows[:, n:]


def determinant(a: Series) -> Series:
    """Laplace expansion along the first row: sums of products and nothing else."""
    n = len(a[0])

    def minor(row: int, columns: tuple[int, ...], known: dict[tuple[int, ...], Series]) -> Series:
        if not columns:
            return constant(QQ(1), len(a) - 1)
        if columns not in known:
            result = constant(QQ(0), len(a) - 1)
            for sign, j in enumerate(columns):
                rest = minor(row + 1, tuple(c for c in columns if c != j), known)
                term = scaled(tuple(c[row, j] for c in a), rest)
                result = plus(result, tuple(-x if sign % 2 else x for x in term))
            known[columns] = result
        return known[columns]

    return minor(0, tuple(range(n)), {})


def composed(function: Callable[..., Any], arguments: list[Series]) -> Series:
    """The series of a scalar function of series, by SymPy's derivatives in s alone."""
    s = Dummy("s")
    exact = [[sympify(c) for c in a] for a in arguments]
    result = []
    value = function(*(sum(c * s**n for n, c in enumerate(a)) for a in exact))
    factorial = 1
    for n in range(len(arguments[0])):
        factorial *= max(n, 1)
        result.append(number(value.subs(s, 0) / factorial))
        if n + 1 < len(arguments[0]):
            value = diff(value, s)
    return tuple(result)


def number(value: Any) -> Any:
    """A rational number as one, anything else (log 3) as a SymPy expression."""
    return QQ(int(value.p), int(value.q)) if isinstance(value, Rational) else value


def unit_matrix(n: int) -> Any:
    return np.array([[QQ(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)


def zero_matrix(rows: int, columns: int) -> Any:
    return np.array([[QQ(0)] * columns for _ in range(rows)], dtype=object)
