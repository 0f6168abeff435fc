"""Itô's formula component by component, exactly: the literal twin of the engine at small sizes.

A declared system is written out in its scalar entries at a rational point.  With a the Itô drift and
b_j the noise field of the j-th scalar Brownian motion, all at that point,

    L f     = d/ds f(x + s a, t + s) + ½ Σ_j v_j d²/ds² f(x + s b_j)      at s = 0,
    ⟨f, g⟩' = Σ_j v_j d/ds f(x + s b_j) d/ds g(x + s b_j)                 at s = 0,

v_j the variance of the j-th motion.  Functions of s are power series cut off after s², with rational
coefficients, so no contraction, no rule for inverse or determinant, no derivative of a matrix
enters.  `hessian_drift` is the same once more, by SymPy's second derivatives in all entries.

Itô calculus; a system declared in the sense of Stratonovich gets its correction ½ Σ_j v_j (∂b_j) b_j.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from sympy import (
    QQ,
    Add,
    BlockMatrix,
    Determinant,
    Dummy,
    Expr,
    Identity,
    Integer,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    Mul,
    Pow,
    Rational,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    diff,
    expand,
    sympify,
)
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement

from derivations.sde import is_increment
from derivations.expressions import IndexSum, ScalarSum, Stack, SymmetricBlock
from derivations.symbols import (
    Dimension,
    FamilyMember,
    Index,
    Letter,
    MatrixIncrement,
    MatrixParameter,
    ScalarMember,
    dt,
    t,
)

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


# ------------------------------------------------------------------------------- evaluation


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """Values an expression of the language at given sizes and series of its letters.

    A letter is known by its key (see `key`); an index that a sum binds stands in ``bound``.
    """

    sizes: Mapping[Any, int]
    letters: Mapping[Any, Series]
    order: int = 0
    bound: Mapping[Any, int] = field(default_factory=dict)

    def __call__(self, expression: Any) -> Series:
        expression = sympify(expression)
        rule = next((r for kind, r in RULES if isinstance(expression, kind)), None)
        if rule is not None:
            return rule(self, expression)
        if isinstance(expression, MatrixExpr) or not expression.args:
            raise TypeError(f"no rule for {expression!r} ({type(expression).__name__})")
        return composed(expression.func, [self(part) for part in expression.args])

    def size(self, expression: Any) -> int:
        """A size or an entry's number as an integer."""
        return int(sympify(expression).subs({**self.sizes, **self.bound}))

    def letter(self, expression: Any) -> Series:
        found = self.letters[key(expression)]
        if isinstance(expression, FamilyMember | ScalarMember):
            at = self.size(expression.index) - 1
            return tuple(c[at] for c in found)
        return found

    def number(self, expression: Any) -> Series:
        return constant(number(expression), self.order)

    def sum(self, expression: Any) -> Series:
        results = [self(part) for part in expression.args]
        result = results[0]
        for other in results[1:]:
            result = plus(result, other)
        return result

    def product(self, expression: Any) -> Series:
        """Scalars and matrices; the matrices in their order."""
        coefficient, matrix = constant(QQ(1), self.order), None
        for part in expression.args:
            value = self(part)
            if isinstance(value[0], np.ndarray):
                matrix = value if matrix is None else times(matrix, value, matmul)
            else:
                coefficient = scaled(coefficient, value)
        return coefficient if matrix is None else scaled(matrix, coefficient)

    def power(self, expression: Any) -> Series:
        base, exponent = expression.args
        if isinstance(exponent, Integer) and exponent > 0:
            one = constant(QQ(1), self.order)
            return power(self(base), int(exponent), one, lambda x, y: x * y)
        return composed(Pow, [self(base), self(exponent)])

    def matrix_power(self, expression: Any) -> Series:
        base, exponent = self(expression.args[0]), self.size(expression.args[1])
        if exponent < 0:
            base = inverse(base)
        return power(base, abs(exponent), constant(unit_matrix(len(base[0])), self.order), matmul)

    def trace(self, expression: Any) -> Series:
        return tuple(sum((c[i, i] for i in range(len(c))), QQ(0)) for c in self(expression.arg))

    def entry(self, expression: Any) -> Series:
        i, j = self.size(expression.args[1]), self.size(expression.args[2])
        return tuple(c[i, j] for c in self(expression.args[0]))

    def stack(self, expression: Any) -> Series:
        blocks = [self(block) for block in expression.args]
        return tuple(np.concatenate(parts, axis=0) for parts in zip(*blocks, strict=True))

    def symmetric_block(self, expression: Any) -> Series:
        def block(G: Any) -> Any:
            p, k = G.shape
            return np.block([[zero_matrix(p, p), G], [G.T, zero_matrix(k, k)]])

        return tuple(block(c) for c in self(expression.args[0]))

    def block_matrix(self, expression: Any) -> Series:
        blocks = expression.blocks
        rows = [
            [self(blocks[i, j]) for j in range(blocks.shape[1])] for i in range(blocks.shape[0])
        ]
        return tuple(np.block([[b[n] for b in row] for row in rows]) for n in range(self.order + 1))

    def index_sum(self, expression: Any) -> Series:
        summand, index = expression.args
        result: Series | None = None
        for i in range(1, self.size(index.range) + 1):
            inner = Evaluator(
                sizes=self.sizes,
                letters=self.letters,
                order=self.order,
                bound={**self.bound, index: i},
            )
            term = inner(summand)
            result = term if result is None else plus(result, term)
        assert result is not None
        return result


RULES: tuple[tuple[Any, Callable[[Evaluator, Any], Series]], ...] = (
    (Dimension, lambda e, x: constant(QQ(e.sizes[x]), e.order)),
    (Index, lambda e, x: constant(QQ(e.bound[x]), e.order)),
    (Rational, Evaluator.number),
    (Symbol | Letter, Evaluator.letter),
    (IndexSum | ScalarSum, Evaluator.index_sum),
    (Stack, Evaluator.stack),
    (SymmetricBlock, Evaluator.symmetric_block),
    (BlockMatrix, Evaluator.block_matrix),
    (Identity, lambda e, x: constant(unit_matrix(e.size(x.shape[0])), e.order)),
    (ZeroMatrix, lambda e, x: constant(zero_matrix(*map(e.size, x.shape)), e.order)),
    (MatAdd | Add, Evaluator.sum),
    (MatMul | Mul, Evaluator.product),
    (Inverse, lambda e, x: inverse(e(x.arg))),
    (MatPow, Evaluator.matrix_power),
    (Transpose, lambda e, x: tuple(c.T for c in e(x.arg))),
    (Trace, Evaluator.trace),
    (Determinant, lambda e, x: determinant(e(x.arg))),
    (MatrixElement, Evaluator.entry),
    (Pow, Evaluator.power),
)


def key(letter: Any) -> Any:
    """What a letter is known by: its class and name (a family's members share theirs)."""
    return (type(letter).__name__, str(getattr(letter, "name", letter)))


def letters_of(expression: Any) -> Iterator[Any]:
    """The letters, dimensions and indices apart, also those inside covariances."""
    if isinstance(expression, Dimension | Index):
        return
    if isinstance(expression, Symbol | Letter):
        yield expression
        if isinstance(expression, MatrixIncrement):
            for fact in expression.facts:
                yield from letters_of(fact)
        return
    for part in getattr(expression, "args", ()):
        if isinstance(part, Expr) or hasattr(part, "blocks"):
            yield from letters_of(part)
    if isinstance(expression, BlockMatrix):
        for part in expression.blocks:
            yield from letters_of(part)


# ------------------------------------------------------------------------------------ points


@dataclass(frozen=True, kw_only=True)
class Point:
    """Sizes and rational values of every letter of a system and of some expressions."""

    sizes: Mapping[Any, int]
    values: Mapping[Any, Any]

    def evaluator(self, **changes: Mapping[Any, Any]) -> Evaluator:
        letters = {name: constant(value, 0) for name, value in self.values.items()}
        for extra in changes.values():
            letters |= {name: constant(value, 0) for name, value in extra.items()}
        return Evaluator(sizes=self.sizes, letters=letters)

    def value(self, expression: Any, increments: Mapping[Any, Any] | None = None) -> Any:
        """The value of an expression: a number, or an array of numbers."""
        return self.evaluator(increments=increments or {})(expression)[0]


def rational(rng: random.Random) -> Any:
    return QQ(rng.choice([-1, 1]) * rng.randint(1, 9), rng.randint(1, 5))


def draw(
    sde: Any,
    *expressions: Any,
    sizes: Mapping[Any, int],
    seed: int = 0,
    values: Mapping[Any, Any] | None = None,
) -> Point:
    """A random rational point; ``values`` gives those that are not free.

    Positive scalars are squares, so that their square roots are rational; time is positive;
    correlations lie within ±3/7, so that a few of them leave the covariance positive definite.
    """
    rng = random.Random(seed)
    roots = (*sde.states, *sde.equations.values(), *sde.correlation.values(), *expressions)
    found = {
        key(letter): letter
        for root in roots
        for letter in letters_of(sympify(root))
        if not is_increment(letter)
    }
    correlations = {key(a) for rho in sde.correlation.values() for a in letters_of(rho)}
    fixed = {key(letter): value for letter, value in (values or {}).items()}
    given: dict[Any, Any] = {}
    for name in sorted(found):
        if name in fixed:
            given[name] = fixed[name]
        elif name in correlations:
            given[name] = QQ(rng.choice([-3, -2, -1, 1, 2, 3]), 7)
        else:
            given[name] = _drawn(found[name], sizes, rng)
    return Point(sizes=sizes, values=given)


def _drawn(letter: Any, sizes: Mapping[Any, int], rng: random.Random) -> Any:
    if isinstance(letter, ScalarMember | FamilyMember):
        members = range(int(sympify(letter.index.range).subs(sizes)))
        shape = letter.shape if isinstance(letter, FamilyMember) else None
        return [rational(rng) if shape is None else _array(shape, sizes, rng) for _ in members]
    if letter == t:
        return abs(rational(rng))
    if not isinstance(letter, MatrixExpr):
        return rational(rng) ** 2 if letter.is_positive else rational(rng)
    array = _array(letter.shape, sizes, rng)
    if isinstance(letter, MatrixParameter) and letter.kind == "symmetric":
        return array + array.T
    if isinstance(letter, MatrixParameter) and letter.kind == "positive_definite":
        return array @ array.T + unit_matrix(len(array))
    return array


def _array(shape: Any, sizes: Mapping[Any, int], rng: random.Random) -> Any:
    rows, columns = (int(sympify(size).subs(sizes)) for size in shape)
    return np.array([[rational(rng) for _ in range(columns)] for _ in range(rows)], dtype=object)


# -------------------------------------------------------------------------- the declared noise


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
    """Every scalar Brownian motion by itself, to compare martingale parts component by component."""
    components = _components(sde, point)
    n = len(components)
    return [increments(components, [QQ(int(i == m)) for i in range(n)], point) for m in range(n)]


# --------------------------------------------------------------------------------- Itô's formula


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


# -------------------------------------------------------- the same in all entries, by SymPy alone


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
