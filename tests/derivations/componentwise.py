"""Itô's formula component by component, exactly: the literal twin of the engine at small sizes.

A declared system is written out in its scalar entries at a rational point.  With a the Itô drift
and b_j the noise field of the j-th scalar Brownian motion, all at that point,

    L f     = d/ds f(x + s a, t + s) + ½ Σ_j v_j d²/ds² f(x + s b_j)      at s = 0,
    ⟨f, g⟩' = Σ_j v_j d/ds f(x + s b_j) d/ds g(x + s b_j)                 at s = 0,

v_j the variance of the j-th motion.  Functions of s are power series cut off after s², with
rational coefficients, so no contraction, no rule for inverse or determinant, no derivative of a
matrix enters.  `hessian_drift` is the same once more, by SymPy's derivatives in all entries.

Itô calculus; a system in the sense of Stratonovich gets its correction ½ Σ_j v_j (∂b_j) b_j.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from sympy import QQ, Integer, Rational, Symbol, diff, expand, sympify
from sympy.matrices.expressions import MatrixExpr

from derivations.symbols import MatrixIncrement, ScalarMember, dt, t
from tests.derivations.literal_values import Evaluator, Point, key
from tests.derivations.truncated_series import (
    Series,
    constant,
    line,
    zero_matrix,
)


@dataclass(frozen=True, kw_only=True)
class Direction:
    """One of the independent Brownian motions: its variance, and the increments it moves."""

    variance: Any
    increments: Mapping[Any, Any]


def _components(sde: Any, point: Point) -> list[tuple[Any, tuple[int, ...]]]:
    """The scalar Brownian motions: (differential, position)."""
    found: list[tuple[Any, tuple[int, ...]]] = []
    families: set[Any] = set()
    size = Evaluator(sizes=point.sizes, letters={}).size
    for d in sde.noises:
        if isinstance(d, MatrixIncrement):
            found += [
                (d, place) for place in product(range(size(d.shape[0])), range(size(d.shape[1])))
            ]
        elif isinstance(d, ScalarMember):
            if key(d) not in families:
                found += [(d, (i,)) for i in range(size(d.index.range))]
            families.add(key(d))
        else:
            found.append((d, ()))
    return found


def _covariance(sde: Any, point: Point, a: Any, b: Any) -> Any:
    (d, i), (e, j) = a, b
    if key(d) != key(e):
        rho = sde.correlation.get(frozenset((d, e)), Integer(0))
        return point.value(rho) if i == j else QQ(0)
    if isinstance(d, MatrixIncrement):
        C, D = point.value(d.row_covariance), point.value(d.column_covariance)
        return C[i[0], j[0]] * D[i[1], j[1]]
    return QQ(int(i == j))


def directions(sde: Any, point: Point) -> list[Direction]:
    """Independent motions with the declared joint law: covariance = L·diag(v)·L', exactly."""
    components = _components(sde, point)
    n = len(components)
    rest = [[_covariance(sde, point, a, b) for b in components] for a in components]
    found: list[Direction] = []
    for m in range(n):
        v = rest[m][m]
        column = [rest[i][m] for i in range(n)]
        if v == 0:
            assert all(c == 0 for c in column), "the covariance of the noise is not semidefinite"
            continue
        assert v > 0, "the covariance of the noise is not semidefinite"
        found.append(
            Direction(variance=v, increments=increments(components, [c / v for c in column], point))
        )
        for i in range(m, n):
            for j in range(m, n):
                rest[i][j] -= column[i] * column[j] / v
    return found


def increments(components: list[Any], weights: list[Any], point: Point) -> dict[Any, Any]:
    """Values of the differentials, from the weight of every component."""
    result: dict[Any, Any] = {}
    size = Evaluator(sizes=point.sizes, letters={}).size
    for (d, place), weight in zip(components, weights, strict=True):
        name = key(d)
        if isinstance(d, MatrixIncrement):
            result.setdefault(name, zero_matrix(size(d.shape[0]), size(d.shape[1])))[place] = weight
        elif isinstance(d, ScalarMember):
            result.setdefault(name, [QQ(0)] * size(d.index.range))[place[0]] = weight
        else:
            result[name] = weight
    return result


def motions(sde: Any, point: Point) -> list[dict[Any, Any]]:
    """Every scalar Brownian motion by itself, to compare martingale parts with."""
    components = _components(sde, point)
    n = len(components)
    return [increments(components, [QQ(int(i == m)) for i in range(n)], point) for m in range(n)]


def field_of(sde: Any, point: Point, moved: Mapping[Any, Any], step: Any = 0) -> dict[Any, Any]:
    """The right-hand sides as typed, for given increments: state key -> value."""
    still = increments(_components(sde, point), [QQ(0)] * len(_components(sde, point)), point)
    values = point.evaluator(increments={**still, **moved, key(dt): QQ(step)})
    return {key(state): values(equation)[0] for state, equation in sde.equations.items()}


def ito_drift(sde: Any, point: Point) -> dict[Any, Any]:
    """The Itô drift of every state."""
    drift = field_of(sde, point, {}, 1)
    if sde.calculus == "stratonovich":
        for direction in directions(sde, point):
            b = field_of(sde, point, direction.increments)
            letters = _along(point, b, 1)
            letters |= {n: _still(v, 1) for n, v in direction.increments.items()}
            letters[key(dt)] = constant(QQ(0), 1)
            values = Evaluator(sizes=point.sizes, letters=letters, order=1)
            for state, equation in sde.equations.items():
                correction = values(equation)[1] * (direction.variance / 2)
                drift[key(state)] = drift[key(state)] + correction
    return drift


def _still(value: Any, order: int) -> Series:
    if isinstance(value, list):
        return (value, *([v * 0 for v in value] for _ in range(order)))
    return constant(value, order)


def _along(point: Point, direction: Mapping[Any, Any], order: int) -> dict[Any, Series]:
    """Every letter as a series: those with a direction on a line, the others still."""
    return {
        name: line(value, direction[name], order) if name in direction else _still(value, order)
        for name, value in point.values.items()
    }


def along(f: Any, point: Point, direction: Mapping[Any, Any], order: int) -> Series:
    """f(x + s·direction) to the given order in s."""
    letters = _along(point, direction, order)
    return Evaluator(sizes=point.sizes, letters=letters, order=order)(f)


def drift(sde: Any, f: Any, point: Point) -> Any:
    """The drift of f (scalar or matrix) at the point."""
    first = along(f, point, {**ito_drift(sde, point), key(t): QQ(1)}, 1)[1]
    for direction in directions(sde, point):
        b = field_of(sde, point, direction.increments)
        first = first + along(f, point, b, 2)[2] * direction.variance
    return first


def martingale(sde: Any, f: Any, point: Point, moved: Mapping[Any, Any]) -> Any:
    """The martingale part of df for given increments of the noises."""
    return along(f, point, field_of(sde, point, moved), 1)[1]


def covariation(sde: Any, f: Any, g: Any, point: Point) -> Any:
    """The rate d⟨f, g⟩/dt at the point, for scalars f and g."""
    result = QQ(0)
    for direction in directions(sde, point):
        b = field_of(sde, point, direction.increments)
        result = result + along(f, point, b, 1)[1] * along(g, point, b, 1)[1] * direction.variance
    return result


def same(stated: Any, found: Any) -> bool:
    """Whether a stated value is the found one; a stated 0 may stand for an array of zeros."""
    if isinstance(found, np.ndarray) and not isinstance(stated, np.ndarray):
        stated = found * 0 + stated
    return equal_numbers(stated, found)


def equal_numbers(a: Any, b: Any) -> bool:
    """Whether two numbers or arrays are the same; to 50 digits where logs and roots are left."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
        return a.shape == b.shape and all(map(equal_numbers, a.flat, b.flat))
    difference = expand(sympify(a) - sympify(b))
    if isinstance(difference, Rational):
        return bool(difference == 0)
    size = 1 + abs(sympify(a).evalf(30))
    return bool(abs(difference.evalf(60, maxn=400)) < size * Rational(1, 10**50))


def hessian_drift(sde: Any, f: Any, point: Point, *, symbolic: bool = False) -> Any:
    """The drift of a scalar f by SymPy's first and second derivatives in every entry.

    With ``symbolic`` nothing is inserted: the unsimplified expression in the entries of the states
    is returned (this is what a component-wise calculation costs).  Itô systems without time only.
    """
    assert sde.calculus == "ito"
    entries: dict[Any, Any] = {}
    letters = dict(point.values)
    for state in sde.states:
        name = key(state)
        if isinstance(state, MatrixExpr):
            array = np.empty(point.values[name].shape, dtype=object)
            for place in np.ndindex(array.shape):
                array[place] = Symbol(f"{state.name}{place[0]}{place[1]}", real=True)
            letters[name], entries[name] = array, array
        else:
            letters[name] = entries[name] = Symbol(state.name, real=True)
    moving = Point(sizes=point.sizes, values=letters)
    value = sympify(moving.value(f))
    symbols = [(n, s) for n, array in entries.items() for s in np.asarray(array, dtype=object).flat]
    insert = dict(_substitution(entries, point))

    def coefficient(b: Mapping[Any, Any]) -> list[Any]:
        return [c for n in entries for c in np.asarray(b[n], dtype=object).flat]

    if not symbolic:
        moving = point
    a = coefficient(field_of(sde, moving, {}, 1))
    fields = [
        (d.variance, coefficient(field_of(sde, moving, d.increments)))
        for d in directions(sde, point)
    ]
    result = Integer(0)
    for i, (_, x) in enumerate(symbols):
        slope = diff(value, x)
        result += sympify(a[i]) * (slope if symbolic else slope.subs(insert))
        for j, (_, y) in enumerate(symbols):
            weight = sum((sympify(v * b[i] * b[j]) for v, b in fields), Integer(0)) / 2
            if weight != 0:
                second = diff(slope, y)
                result += weight * (second if symbolic else second.subs(insert))
    return result


def _substitution(entries: Mapping[Any, Any], point: Point) -> Iterable[tuple[Any, Any]]:
    for name, array in entries.items():
        values = np.asarray(point.values[name], dtype=object)
        yield from zip(np.asarray(array, dtype=object).flat, map(sympify, values.flat), strict=True)
