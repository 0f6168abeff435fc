"""What all targets share: scalars, signs, sums; and the refusal of what the language has not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sympy import Abs, Determinant, Identity, Integer, MatMul, Mul, Rational, ZeroMatrix
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.printer import Printer

from derivations.codegen.code import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    Code,
    Names,
    joined_power,
    negated,
    size_code,
    within,
)
from derivations.codegen.structure import (
    Hoisted,
    HoistedMatrix,
    dimensions,
    free_indices,
    is_matrix,
    point_name,
)
from derivations.errors import DerivationError
from derivations.expressions import Stack
from derivations.symbols import Letter, TimeIncrement, t

__all__ = ["KernelPrinter", "block_column", "bound"]


class KernelPrinter(Printer, ABC):
    """Prints declared expressions as typed, for one target; a subclass says how matrices compute.

    Parameters
    ----------
    names
        Identifiers for the letters.

    Raises
    ------
    DerivationError
        From :meth:`doprint`, naming a node that the language has not.
    """

    printmethod = None

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names
        self.emptyPrinter = _refuse
        self._codes: dict[Any, Code] = {}

    def doprint(self, expr: Any) -> str:
        """The code of an expression."""
        return self.code(expr).text

    def code(self, expression: Any) -> Code:
        """The code of an expression, with its precedence and its index axes."""
        # Lines are broken by trial, so that the same parts are printed again and again.
        key = expression, self._surroundings()
        if key not in self._codes:
            found = self._print(expression)
            if not isinstance(found, Code):
                _refuse(expression)
            self._codes[key] = Code(*found)
        return self._codes[key]

    def _surroundings(self) -> Any:
        """What the code of an expression depends on, beside the expression."""
        return None

    # Letters

    def _print_Symbol(self, symbol: Any) -> Code:
        if isinstance(symbol, Hoisted):
            return self._hoisted(str(symbol.name), symbol.axes)
        if not (isinstance(symbol, Letter | TimeIncrement) or symbol == t):
            raise DerivationError(
                f"{symbol}: unknown symbol; declare it with real, positive, Process or State"
            )
        return Code(self.names[point_name(symbol)])

    def _print_MatrixSymbol(self, symbol: Any) -> Code:
        if isinstance(symbol, HoistedMatrix):
            return self._hoisted(str(symbol.name), symbol.axes)
        if not isinstance(symbol, Letter):
            raise DerivationError(
                f"{symbol}: unknown matrix; declare it with Parameter, Process, State or Brownian"
            )
        return Code(self.names[point_name(symbol)])

    @abstractmethod
    def _hoisted(self, name: str, axes: Sequence[str]) -> Code:
        """The value that was computed before, at the open indices."""

    @abstractmethod
    def _print_Listing(self, listing: Any) -> Code:
        """The values of an expression for all of its open indices."""

    @abstractmethod
    def _print_Tuples(self, tuples: Any) -> Code:
        """The values of an expression for all tuples of distinct indices."""

    @abstractmethod
    def _print_Apart(self, apart: Any) -> Code:
        """A scalar that is 1 where two indices are equal."""

    def _print_Dimension(self, dimension: Any) -> Code:
        return self._number(size_code(dimension, self.names), None)

    def _print_Index(self, index: Any) -> Code:
        raise DerivationError(
            f"{index}: an index stands as a number; it may only pick a member of a family"
        )

    # Numbers

    def _print_Rational(self, number: Any) -> Code:
        code = self._number(
            Code(str(abs(number.p))), Code(str(number.q)) if number.q != 1 else None
        )
        return code if number.p >= 0 else negated(code)

    def _print_Float(self, number: Any) -> Code:
        return self._print_Rational(Rational(number))

    @abstractmethod
    def _number(self, numerator: Code, denominator: Code | None) -> Code:
        """A quotient of integer code as a number of the target."""

    # Scalars

    def _print_Add(self, expression: Any) -> Code:
        if _is_size(expression):
            return self._number(size_code(expression, self.names), None)
        return self._sum([self._signed(term) for term in expression.args])

    def _print_Mul(self, expression: Any) -> Code:
        negative, code = self._signed(expression)
        return negated(code) if negative else code

    def _signed(self, term: Any) -> tuple[bool, Code]:
        """A scalar as its sign and the code of the rest."""
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient.is_Rational or coefficient >= 0:
            return False, self._scalar_product(term)
        if coefficient == -1 and not rest.is_Mul:
            return True, self.code(rest)
        return True, self._scalar_product(Mul(-coefficient, *Mul.make_args(rest), evaluate=False))

    def _scalar_product(self, term: Any) -> Code:
        """A product of scalars: what is an integer first, then the rest over its denominators."""
        if not term.is_Mul:
            return self.code(term)
        sizes: list[tuple[Code, bool]] = []
        above: list[Code] = []
        below: list[Code] = []
        for factor in term.args:
            base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, Integer(1))
            down = bool(exponent.is_Rational and exponent < 0)
            if _is_size(factor) or (down and _is_size(base**-exponent)):
                sizes.append((size_code(base**-exponent if down else factor, self.names), down))
            elif factor.is_Rational:
                sizes += [(Code(str(factor.p)), False)] if factor.p != 1 else []
                sizes += [(Code(str(factor.q)), True)] if factor.q != 1 else []
            elif down:
                below.append(self._power(base, -exponent))
            else:
                above.append(self.code(factor))
        return self._quotient(sizes, above, below)

    def _quotient(
        self, sizes: list[tuple[Code, bool]], above: list[Code], below: list[Code]
    ) -> Code:
        top = _times([code for code, down in sizes if not down])
        bottom = _times([code for code, down in sizes if down])
        if not above and not below:
            return self._number(top or Code("1"), bottom)
        # Integers come first, so that they are multiplied before a number of the target is.
        codes = self._aligned([*above, *below])
        axes = codes[0].axes
        numerator = _times([*filter(None, [top]), *codes[: len(above)]]) or Code("1")
        denominator = _times([*filter(None, [bottom]), *codes[len(above) :]])
        if denominator is None:
            return Code(numerator.text, numerator.level, axes)
        text = f"{within(numerator, PRODUCT)} / {within(denominator, POWER)}"
        return Code(text, PRODUCT, axes)

    def _print_Pow(self, expression: Any) -> Code:
        base, exponent = expression.as_base_exp()
        if _is_size(expression):
            return self._number(size_code(expression, self.names), None)
        if exponent.is_Rational and exponent < 0:
            return self._scalar_product(Mul(1, expression, evaluate=False))
        return self._power(base, exponent)

    def _power(self, base: Any, exponent: Any) -> Code:
        """A power whose exponent is no negative number."""
        if exponent == 1:
            return self.code(base)
        if exponent.is_Rational and exponent.q == 2:
            root = self._function("sqrt", self.code(base))
            return root if exponent.p == 1 else joined_power(root, str(exponent.p))
        if exponent.is_Integer or _is_size(exponent):
            return joined_power(self.code(base), within(size_code(exponent, self.names), ATOM))
        return self._real_power(self.code(base), self.code(exponent))

    @abstractmethod
    def _real_power(self, base: Code, exponent: Code) -> Code:
        """The power of a positive base to a real exponent."""

    @abstractmethod
    def _function(self, name: str, argument: Code) -> Code:
        """An elementary function of a scalar."""

    def _elementary(self, expression: Any) -> Code:
        return self._function(type(expression).__name__.lower(), self.code(expression.args[0]))

    _print_exp = _print_sin = _print_cos = _print_tan = _elementary
    _print_sinh = _print_cosh = _print_tanh = _print_atan = _print_sign = _print_Abs = _elementary

    def _special(self, expression: Any) -> Code:
        codes = self._aligned([self.code(argument) for argument in expression.args])
        return self._special_function(type(expression).__name__, codes)

    _print_erf = _print_erfc = _print_gamma = _print_lowergamma = _print_uppergamma = _special

    @abstractmethod
    def _special_function(self, name: str, arguments: Sequence[Code]) -> Code:
        """A function of distribution functions: erf, erfc, gamma and its incomplete ones."""

    def _print_log(self, expression: Any) -> Code:
        argument = expression.args[0]
        if isinstance(argument, Determinant):
            return self._logdet(self.code(argument.args[0]))
        if isinstance(argument, Abs):
            return self._log_abs(self.code(argument.args[0]))
        return self._function("log", self.code(argument))

    def _print_LogAbs(self, expression: Any) -> Code:
        return self._log_abs(self.code(expression.args[0]))

    @abstractmethod
    def _log_abs(self, argument: Code) -> Code:
        """Log |x| of a scalar."""

    @abstractmethod
    def _logdet(self, matrix: Code) -> Code:
        """Log det of a matrix."""

    def _print_MatrixElement(self, expression: Any) -> Code:
        matrix, i, j = expression.args
        for place in (i, j):
            if not (place.is_Integer and place >= 0) and not dimensions(place):
                raise DerivationError(
                    f"{expression}: the entry {place} is no integer >= 0 (entries count from 0)"
                )
        row, column = (size_code(place, self.names).text for place in (i, j))
        return self._entry(self.code(matrix), row, column)

    @abstractmethod
    def _entry(self, matrix: Code, row: str, column: str) -> Code:
        """An entry of a matrix."""

    # Signed sums, of scalars and of matrices

    def _signed_matrix(self, term: Any) -> tuple[bool, Code]:
        """A matrix as its sign and the code of the rest."""
        if not isinstance(term, MatMul):
            return False, self.code(term)
        coefficient, factors = term.as_coeff_matrices()
        number = coefficient.as_coeff_Mul()[0]
        negative = bool(number.is_Rational and number < 0)
        return negative, self._scaled(-coefficient if negative else coefficient, factors)

    @abstractmethod
    def _scaled(self, coefficient: Any, factors: Sequence[Any]) -> Code:
        """A scalar times a product of matrices."""

    def _sum(self, terms: Sequence[tuple[bool, Code]]) -> Code:
        signs = [negative for negative, _ in terms]
        codes = self._aligned([code for _, code in terms])
        # A positive term in front saves a unary minus.
        first = signs.index(min(signs))
        order = [first, *(i for i in range(len(codes)) if i != first)]
        start = codes[first]
        text = negated(start).text if signs[first] else within(start, PRODUCT)
        for i in order[1:]:
            text += (" - " if signs[i] else " + ") + within(codes[i], PRODUCT)
        return Code(text, SUM, codes[0].axes)

    def _aligned(self, codes: Sequence[Code]) -> list[Code]:
        """Scalars (or matrices) with the same index axes, so that they can be combined."""
        return list(codes)


def _times(codes: list[Code]) -> Code | None:
    if len(codes) < 2:
        return codes[0] if codes else None
    # The first operand may be a product itself; a later one must not be re-associated.
    text = " * ".join(
        [within(codes[0], PRODUCT), *(within(code, PRODUCT + 1) for code in codes[1:])]
    )
    return Code(text, PRODUCT, codes[0].axes)


def _is_size(expression: Any) -> bool:
    """Whether a scalar is an integer made of dimensions, one at least."""
    found = expression.free_symbols
    only = bool(found) and dimensions(expression) == found
    return only and bool(expression.is_integer and expression.is_polynomial(*found))


def _refuse(expression: Any) -> Any:
    kind = type(expression).__name__
    if is_matrix(expression) or isinstance(expression, MatrixElement):
        hint = "matrices are made of +, *, powers, .T, .I, stack, S, BlockMatrix and index sums"
    elif kind == "Sum":
        hint = "write total(..., i) for an index sum, entry(A, i, j) for an entry of a product"
    else:
        hint = "scalars are made of +, *, powers, sqrt, exp, log, sin, cos, tr, det and entries"
    raise DerivationError(f"{expression}: no kernel can be printed for {kind}; {hint}")


def bound(summand: Any, index: Any) -> bool:
    """Whether the summand of an index sum depends on the index at all."""
    return str(index.name) in free_indices(summand)


def block_column(expression: Any) -> Any:
    """K_a written out: an identity at its place between zeros."""
    place, *partition = expression.args
    columns = partition[int(place)]
    return Stack(
        *(
            Identity(columns) if at == int(place) else ZeroMatrix(rows, columns)
            for at, rows in enumerate(partition)
        )
    )
