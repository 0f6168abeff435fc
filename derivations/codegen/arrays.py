"""Target NumPy: functions over leading batch axes, with the vocabulary of ``numerics.batched``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import groupby
from typing import Any

from sympy import Integer, Inverse, MatMul, Mul, Transpose, expand_mul, ff

from derivations.codegen.code import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    Code,
    joined_power,
    negated,
    size_code,
    within,
)
from derivations.codegen.printer import KernelPrinter, block_column, bound
from derivations.codegen.structure import dimensions, is_matrix

__all__ = ["ArraysPrinter"]


class ArraysPrinter(KernelPrinter):
    """Prints NumPy code: matrices ``(..., r, c)``, scalars ``(...)``.

    An index family has its index axis after the batch axes.  Inside a sum every open index is an
    axis of its own; what does not depend on an index is computed without it and gets an axis of
    length one where it meets something that does.
    """

    functions = {"abs": "np.abs", "sign": "np.sign", "atan": "np.arctan"}  # noqa: RUF012 - never changed

    def _number(self, numerator: Code, denominator: Code | None) -> Code:
        if denominator is None:
            return Code(numerator.text, numerator.level, plain=True)
        text = f"{within(numerator, PRODUCT)} / {within(denominator, POWER)}"
        return Code(text, PRODUCT, plain=True)

    def _print_Float(self, number: Any) -> Code:
        return Code(repr(float(number)), ATOM if number >= 0 else SUM, plain=True)

    def _print_Pi(self, _: Any) -> Code:
        return Code("np.pi", plain=True)

    def _print_Exp1(self, _: Any) -> Code:
        return Code("np.e", plain=True)

    def _function(self, name: str, argument: Code) -> Code:
        return Code(
            f"{self.functions.get(name, f'np.{name}')}({argument.text})", ATOM, argument.axes
        )

    def _special_function(self, name: str, arguments: Sequence[Code]) -> Code:
        texts = ", ".join(code.text for code in arguments)
        # A plain "gamma" is a parameter of many systems.
        word = "gamma_function" if name == "gamma" else name
        return Code(f"{word}({texts})", ATOM, arguments[0].axes)

    def _power(self, base: Any, exponent: Any) -> Code:
        """Cubes and so on of a letter by multiplication: NumPy takes a logarithm, 100 times slower.

        Squares are its own.
        """
        code = self.code(base)
        if not (exponent.is_Integer and exponent > 2 and code.text.isidentifier()):
            return super()._power(base, exponent)
        half, odd = divmod(int(exponent), 2)
        inner = code if half == 1 else self._power(base, Integer(half))
        text = joined_power(inner, "2").text + (f" * {code.text}" if odd else "")
        return Code(text, PRODUCT if odd else POWER, code.axes)

    def _real_power(self, base: Code, exponent: Code) -> Code:
        base, exponent = self._aligned([base, exponent])
        return joined_power(base, within(exponent, ATOM))

    def _log_abs(self, argument: Code) -> Code:
        return self._function("log", self._function("abs", argument))

    def _logdet(self, matrix: Code) -> Code:
        return _call("logdet", matrix)

    def _print_Determinant(self, expression: Any) -> Code:
        return _call("det", self.code(expression.args[0]))

    def _print_Trace(self, expression: Any) -> Code:
        return _call("trace", self.code(expression.args[0]))

    def _entry(self, matrix: Code, row: str, column: str) -> Code:
        return Code(f"{within(matrix, ATOM)}[..., {row}, {column}]", ATOM, matrix.axes)

    # Families and index sums

    def _hoisted(self, name: str, axes: Sequence[str]) -> Code:
        return Code(name, ATOM, tuple(axes))

    def _print_Listing(self, listing: Any) -> Code:
        return self.code(listing.args[0])

    def _print_AllEigenvalues(self, expression: Any) -> Code:
        return _call("eigenvalues", self.code(expression.args[0]))

    def _print_AllProjectors(self, expression: Any) -> Code:
        return _call("projectors", self.code(expression.args[0]))

    def _print_Apart(self, expression: Any) -> Code:
        code = self.code(expression.args[0])
        first, second = (code.axes.index(i.name) - len(code.axes) for i in expression.args[1:])
        return Code(f"apart({code.text}, {first}, {second}, 1.0)", ATOM, code.axes)

    def _print_Tuples(self, expression: Any) -> Code:
        value, indices = expression.args[0], expression.indices
        code, trailing = self.code(value), 2 if is_matrix(value) else 0
        if not code.axes:
            count = expand_mul(ff(indices[0].range, len(indices)))
            return Code(f"repeated({code.text}, {size_code(count, self.names).text}, {trailing})")
        (code,) = _lifted([code], trailing, [index.name for index in indices])
        if len(indices) == 1:
            return code._replace(axes=())
        return Code(f"tuples({code.text}, {len(indices)}, {trailing})")

    def _print_FamilyMember(self, member: Any) -> Code:
        return Code(self.names[member.name], ATOM, (member.index.name,))

    _print_ScalarMember = _print_FamilyMember

    def _print_IndexSum(self, expression: Any) -> Code:
        summand, index, *excluded = expression.args
        if not bound(summand, index):
            return self._scaled(index.range - len(excluded), [summand])
        return _summed(self.code(summand), index.name, excluded, 2)

    def _print_ScalarSum(self, expression: Any) -> Code:
        summand, index, *excluded = expression.args
        if not bound(summand, index):
            return self._scalar_product(Mul(index.range - len(excluded), summand, evaluate=False))
        return _summed(self.code(summand), index.name, excluded, 0)

    def _aligned(self, codes: Sequence[Code]) -> list[Code]:
        return _lifted(codes, 0)

    # Matrices

    def _print_MatAdd(self, expression: Any) -> Code:
        signed = [self._signed_matrix(term) for term in expression.args]
        codes = _lifted([code for _, code in signed], 2)
        return self._sum([(sign, code) for (sign, _), code in zip(signed, codes, strict=True)])

    def _print_MatMul(self, expression: Any) -> Code:
        negative, code = self._signed_matrix(expression)
        return negated(code) if negative else code

    def _scaled(self, coefficient: Any, factors: Sequence[Any]) -> Code:
        """A scalar times a product of matrices; the scalar goes to the first factor."""
        if coefficient == 1:
            return self._product(factors)
        scalar = self.code(coefficient)
        if coefficient.free_symbols == dimensions(coefficient):
            # A plain number: no batch axes to be matched.
            product = self._product(factors)
            text = f"{within(scalar, PRODUCT)} * {within(product, PRODUCT)}"
            return Code(text, PRODUCT, product.axes)
        split = 1 if not isinstance(factors[0], Inverse) else len(factors)
        first = _scale(scalar, self._product(factors[:split]))
        if split == len(factors):
            return first
        return _matmul([first, *self._factors(factors[split:])])

    def _product(self, factors: Sequence[Any]) -> Code:
        return _matmul(self._factors(factors))

    def _factors(self, factors: Sequence[Any]) -> list[Code]:
        """The factors of a product; an inverse takes what follows (or precedes) it in a solve."""
        at = next((i for i, factor in enumerate(factors) if isinstance(factor, Inverse)), None)
        if at is None or len(factors) == 1:
            return [self.code(factor) for factor in factors]
        left, right = factors[:at], factors[at + 1 :]
        A = factors[at].args[0]
        if right:
            return [*map(self.code, left), _solve(self.code(A), self._product(right))]
        return [_swap(_solve(self.code(_transposed(A)), self.code(_transposed(_whole(left)))))]

    def _print_Transpose(self, expression: Any) -> Code:
        return _swap(self.code(expression.args[0]))

    def _print_Inverse(self, expression: Any) -> Code:
        return _call("inv", self.code(expression.args[0]))

    def _print_MatPow(self, expression: Any) -> Code:
        base, exponent = self.code(expression.args[0]), expression.args[1]
        if not exponent.is_Integer:
            return Code(*self.emptyPrinter(expression))
        return Code(f"matrix_power({base.text}, {exponent})", ATOM, base.axes)

    def _print_Identity(self, expression: Any) -> Code:
        return Code(f"np.eye({size_code(expression.shape[0], self.names).text})")

    def _print_ZeroMatrix(self, expression: Any) -> Code:
        rows, columns = (size_code(n, self.names).text for n in expression.shape)
        return Code(f"np.zeros(({rows}, {columns}))")

    def _print_Stack(self, expression: Any) -> Code:
        codes = _lifted([self.code(part) for part in expression.args], 2)
        return Code(f"stack({', '.join(code.text for code in codes)})", ATOM, codes[0].axes)

    def _print_BlockColumn(self, expression: Any) -> Code:
        return self.code(block_column(expression))

    def _print_SymmetricBlock(self, expression: Any) -> Code:
        return _call("symmetric_block", self.code(expression.args[0]))

    def _print_BlockMatrix(self, expression: Any) -> Code:
        rows, columns = expression.blocks.shape
        codes = _lifted([self.code(part) for part in expression.blocks], 2)
        lines = [
            ", ".join(code.text for code in codes[i * columns : (i + 1) * columns])
            for i in range(rows)
        ]
        return Code(f"block([{', '.join(f'[{line}]' for line in lines)}])", ATOM, codes[0].axes)


def _whole(factors: Sequence[Any]) -> Any:
    return factors[0] if len(factors) == 1 else MatMul(*factors)


def _transposed(matrix: Any) -> Any:
    return matrix.args[0] if isinstance(matrix, Transpose) else Transpose(matrix)


def _call(function: str, argument: Code) -> Code:
    return Code(f"{function}({argument.text})", ATOM, argument.axes)


def _swap(code: Code) -> Code:
    return _call("swap", code)


def _solve(matrix: Code, right: Code) -> Code:
    matrix, right = _lifted([matrix, right], 2)
    return Code(f"solve({matrix.text}, {right.text})", ATOM, matrix.axes)


def _scale(scalar: Code, matrix: Code) -> Code:
    (scalar,) = _lifted([scalar], 0, matrix.axes)
    (matrix,) = _lifted([matrix], 2, scalar.axes)
    return Code(f"scale({scalar.text}, {matrix.text})", ATOM, matrix.axes)


def _matmul(factors: Sequence[Code]) -> Code:
    """A product: first every run of factors with the same index axes, then from the left."""
    runs = [list(run) for _, run in groupby(factors, key=lambda code: code.axes)]
    return reduce(_times, (reduce(_times, run) for run in runs))


def _times(left: Code, right: Code) -> Code:
    left, right = _lifted([left, right], 2)
    # Not the operator @: paths may stand last in memory, where matmul of ours is faster.
    return Code(f"matmul({left.text}, {right.text})", ATOM, left.axes)


def _summed(code: Code, index: str, excluded: Sequence[Any], trailing: int) -> Code:
    """The sum over one index axis; where it meets an excluded index the summand counts as zero."""
    (code,) = _lifted([code], trailing, [other.name for other in excluded])
    place = {name: at - len(code.axes) - trailing for at, name in enumerate(code.axes)}
    text = code.text
    for other in excluded:
        text = f"apart({text}, {place[index]}, {place[other.name]})"
    axes = tuple(name for name in code.axes if name != index)
    return Code(f"np.sum({text}, axis={place[index]})", ATOM, axes)


def _lifted(codes: Sequence[Code], trailing: int, more: Sequence[str] = ()) -> list[Code]:
    """Values with the same index axes; ``trailing`` is 2 for matrices and 0 for scalars."""
    axes = tuple(sorted({*more, *(name for code in codes for name in code.axes)}))
    found = []
    for code in codes:
        missing = [i - len(axes) - trailing for i, name in enumerate(axes) if name not in code.axes]
        if not missing or (code.plain and not trailing):
            found.append(code._replace(axes=axes))
            continue
        where = str(missing[0]) if len(missing) == 1 else f"({', '.join(map(str, missing))})"
        found.append(Code(f"np.expand_dims({code.text}, {where})", ATOM, axes))
    return found
