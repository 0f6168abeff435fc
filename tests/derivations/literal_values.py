"""Values of expressions of the language at small sizes and rational points, entry by entry."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sympy import (
    QQ,
    Add,
    BlockMatrix,
    Determinant,
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
    sympify,
)
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement

from derivations.expressions import BlockColumn, IndexSum, ScalarSum, Stack, SymmetricBlock
from derivations.sde import is_increment
from derivations.symbols import (
    Dimension,
    FamilyMember,
    Index,
    Letter,
    MatrixIncrement,
    MatrixParameter,
    ScalarMember,
    t,
)
from tests.derivations.truncated_series import (
    Series,
    composed,
    constant,
    determinant,
    inverse,
    matmul,
    number,
    plus,
    power,
    scaled,
    times,
    unit_matrix,
    zero_matrix,
)


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
        known = {**self.sizes, **self.bound}
        expression = sympify(expression)
        # SymPy's substitution takes long, and is needed where sizes are added alone.
        found = known.get(expression)
        return int(expression.subs(known) if found is None else found)

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
        """Over the whole range, without the values that indices named after it have."""
        summand, index, *excluded = expression.args
        without = {self.size(other) for other in excluded}
        result = self.zero(expression)
        for i in range(1, self.size(index.range) + 1):
            if i not in without:
                result = plus(result, replace(self, bound={**self.bound, index: i})(summand))
        return result

    def zero(self, expression: Any) -> Series:
        if not isinstance(expression, MatrixExpr):
            return constant(QQ(0), self.order)
        return constant(zero_matrix(*map(self.size, expression.shape)), self.order)

    def block_column(self, expression: Any) -> Series:
        """K_a: the columns of the identity that belong to the a-th block."""
        position, *partition = map(self.size, expression.args)
        start = sum(partition[:position])
        columns = unit_matrix(sum(partition))[:, start : start + partition[position]]
        return constant(columns, self.order)


RULES: tuple[tuple[Any, Callable[[Evaluator, Any], Series]], ...] = (
    (Dimension, lambda e, x: constant(QQ(e.sizes[x]), e.order)),
    (Index, lambda e, x: constant(QQ(e.bound[x]), e.order)),
    (Rational, Evaluator.number),
    (Symbol | Letter, Evaluator.letter),
    (IndexSum | ScalarSum, Evaluator.index_sum),
    (Stack, Evaluator.stack),
    (SymmetricBlock, Evaluator.symmetric_block),
    (BlockMatrix, Evaluator.block_matrix),
    (BlockColumn, Evaluator.block_column),
    (Identity, lambda e, x: constant(unit_matrix(e.size(x.shape[0])), e.order)),
    (ZeroMatrix, Evaluator.zero),
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
    if isinstance(letter, MatrixParameter) and letter.structure == "symmetric":
        return array + array.T
    if isinstance(letter, MatrixParameter) and letter.structure == "positive_definite":
        return array @ array.T + unit_matrix(len(array))
    return array


def _array(shape: Any, sizes: Mapping[Any, int], rng: random.Random) -> Any:
    rows, columns = (int(sympify(size).subs(sizes)) for size in shape)
    return np.array([[rational(rng) for _ in range(columns)] for _ in range(rows)], dtype=object)
