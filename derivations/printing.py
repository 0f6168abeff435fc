"""Expressions as Unicode for a terminal and as LaTeX, with the field's marks.

A' is the transpose, A⁻¹ the inverse, tr and det are written out, Σ_i binds an index.  ``where``
names compound expressions: with {"M": ΘΘ'} every ΘΘ' is shown as M.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sympy import (
    Abs,
    BlockMatrix,
    Determinant,
    Identity,
    Inverse,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    Rational,
    Symbol,
    Transpose,
)
from sympy.core.function import AppliedUndef
from sympy.core.mul import _keep_coeff
from sympy.matrices.expressions import MatrixExpr
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty_symbology import greek_unicode
from sympy.printing.str import StrPrinter

from .abbreviation import abbreviated
from .expressions import BlockColumn, Diagonal, Stack, SymmetricBlock
from .spectrum import Eigenprojector
from .symbols import is_increment
from .typesetting import letters
from .wrapping import bracketed, joined

__all__ = ["latex", "letter", "unicode"]

_CLOSED = (
    MatrixSymbol
    | Transpose
    | Inverse
    | Identity
    | Stack
    | BlockMatrix
    | SymmetricBlock
    | BlockColumn
    | Diagonal
    | Eigenprojector
)
"""What needs no brackets in front of a mark."""

_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def unicode(expression: Any, where: Mapping[str, Any] | None = None) -> str:
    """One line of Unicode."""
    return str(_Unicode().doprint(abbreviated(expression, where)))


def latex(expression: Any, where: Mapping[str, Any] | None = None) -> str:
    """LaTeX for mathematics mode."""
    text = str(_Latex().doprint(abbreviated(expression, where)))
    # A differential is a factor of its own: a thin space before it.
    return re.sub(r"(?<![-+=({,&\\]) \\mathrm\{d\}", r" \\, \\mathrm{d}", text)


def letter(name: str) -> Any:
    """A name as a letter of mathematics: sigma is σ."""
    return Symbol(name)


def _greek(name: str) -> str:
    """Greek names as letters, numbers at the end as subscripts, other subscripts in line."""
    base, mark, below = name.partition("_")
    # SymPy's pretty_symbol depends on what its process-wide printer takes the terminal for.
    letter = base.rstrip("0123456789")
    number = base[len(letter) :]
    shown = str(greek_unicode.get(letter, letter)) + number.translate(_SUBSCRIPT)
    return shown + (f"_{_greek(below)}" if mark else "")


def _blocks(name: str) -> list[tuple[Symbol, bool]]:
    """The letters, and whether they are transposed, in the name of a stack: [W1; W2.T]."""
    parts = name[1:-1].split("; ") if name.startswith("[") else []
    return [(Symbol(part.removesuffix(".T")), part.endswith(".T")) for part in parts]


def _increments_apart(factors: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Scalar factors, and those that are differentials: people write a dt, not dt a."""
    found = list(factors)
    flat = [x for factor in found for x in (factor.args if factor.is_Mul else (factor,))]
    increments = [x for x in flat if not x.is_Matrix and is_increment(x.base if x.is_Pow else x)]
    return ([x for x in flat if x not in increments] if increments else found), increments


def _product(factors: list[Any]) -> Any:
    # A number in front of a sum would be multiplied out.
    return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)


def _in_words(predicate: Any) -> str:
    """What a predicate says of its matrix: "is positive definite"."""
    words = str(predicate.name).replace("_", " ")
    return f"{'has' if words.endswith('eigenvalues') else 'is'} {words}"


class _Unicode(StrPrinter):
    """SymPy's own string printer with the marks of the field."""

    printmethod = "_unicode"  # not _sympystr, which is how our expressions print themselves

    def _print_Symbol(self, expr: Any) -> str:
        name = str(expr.name)
        if not is_increment(expr):
            return _greek(name)
        blocks = [self._print(x) + ("'" if turned else "") for x, turned in _blocks(name[1:])]
        return f"d[{'; '.join(blocks)}]" if blocks else f"d{_greek(name[1:])}"

    _print_Dummy = _print_Symbol
    _print_Dimension = _print_Symbol
    _print_MatrixSymbol = _print_Symbol

    def _print_FamilyMember(self, expr: Any) -> str:
        return f"{self._print_Symbol(expr)}_{self._print(expr.index)}"

    _print_ScalarMember = _print_FamilyMember

    def _print_Eigenvalue(self, expr: Any) -> str:
        return f"λ_{self._print(expr.index)}"

    def _print_Eigenprojector(self, expr: Any) -> str:
        return f"E_{self._print(expr.index)}"

    def _print_LogAbs(self, expr: Any) -> str:
        return f"log|{self._print(expr.args[0])}|"

    def _print_AppliedUndef(self, expr: Any) -> str:
        # An unknown function of time alone keeps its argument, a density is known by its name.
        time_alone = [str(x) for x in expr.args] == ["t"]
        return f"{_greek(str(expr.func))}(t)" if time_alone else _greek(str(expr.func))

    def _print_Derivative(self, expr: Any) -> str:
        names = [self._print(x) for x in reversed(expr.variables)]
        mark = f"∂_{('' if max(map(len, names)) == 1 else ',').join(names)}"
        inner = self._print(expr.expr)
        return f"{mark} {inner}" if isinstance(expr.expr, AppliedUndef) else f"{mark}({inner})"

    def _print_Covariation(self, expr: Any) -> str:
        return f"d⟨{', '.join(map(self._print, expr.args))}⟩"

    def _print_Transpose(self, expr: Any) -> str:
        return f"{self._factor(expr.args[0])}'"

    def _print_Inverse(self, expr: Any) -> str:
        return f"{self._factor(expr.args[0])}⁻¹"

    def _print_MatPow(self, expr: Any) -> str:
        return f"{self._factor(expr.args[0])}{str(expr.args[1]).translate(_SUPERSCRIPT)}"

    def _print_Trace(self, expr: Any) -> str:
        inner = self._print(expr.args[0])
        return inner if _is_scalar_draw(expr.args[0]) else f"tr({inner})"

    def _print_Determinant(self, expr: Any) -> str:
        return f"det({self._print(expr.args[0])})"

    def _print_log(self, expr: Any) -> str:
        inner = self._print(expr.args[0])
        if isinstance(expr.args[0], Abs):
            return f"log|{self._print(expr.args[0].args[0])}|"
        return f"log {inner}" if isinstance(expr.args[0], Determinant) else f"log({inner})"

    def _print_Identity(self, expr: Any) -> str:
        return "I"

    def _print_Stack(self, expr: Any) -> str:
        return "[" + "; ".join(self._print(a) for a in expr.args) + "]"

    def _print_MatrixBase(self, expr: Any) -> str:
        rows = (", ".join(map(self._print, row)) for row in expr.tolist())
        return "[" + "; ".join(rows) + "]"

    def _print_BlockMatrix(self, expr: Any) -> str:
        return self._print_MatrixBase(expr.blocks)

    def _print_SymmetricBlock(self, expr: Any) -> str:
        return f"S({self._print(expr.args[0])})"

    def _print_BlockColumn(self, expr: Any) -> str:
        return _greek(f"K{int(expr.args[0]) + 1}")

    def _print_MatrixDifferential(self, expr: Any) -> str:
        return f"d({self._print(expr.args[0])})"

    _print_ScalarDifferential = _print_MatrixDifferential

    def _print_IndexSum(self, expr: Any) -> str:
        index, *excluded = (self._print(i) for i in expr.args[1:])
        bound = index + (f"≠{','.join(excluded)}" if excluded else "")
        body = self._print(expr.args[0])
        return f"Σ_{bound} ({body})" if expr.args[0].is_Add else f"Σ_{bound} {body}"

    _print_ScalarSum = _print_IndexSum

    def _print_MatMul(self, expr: Any) -> str:
        matrices = [a for a in expr.args if isinstance(a, MatrixExpr)]
        product = " ".join(self._factor(a, _CLOSED | MatPow) for a in matrices)
        scalars, increments = _increments_apart(a for a in expr.args if a not in matrices)
        text = f"{self._coefficient(scalars)}{product}"
        return " ".join([text, *map(self._print, increments)])

    def _coefficient(self, scalars: list[Any]) -> str:
        """Scalars in front of a product."""
        if not scalars:
            return ""
        coefficient, *rest = scalars
        text = self._print(_keep_coeff(coefficient, MatMul(*rest)) if rest else coefficient)
        if text == "-1":
            return "-"
        return f"({text}) " if coefficient.is_Add else f"{text} "

    def _print_MatAdd(self, expr: Any) -> str:
        return joined(sorted(map(self._print, expr.args), key=lambda x: x.startswith("-")))

    def _factor(self, expr: Any, closed: Any = _CLOSED) -> str:
        text = self._print(expr)
        return text if isinstance(expr, closed) or not expr.args else f"({text})"

    def _print_Mul(self, expr: Any) -> str:
        scalars, increments = _increments_apart(expr.args)
        if not increments or not scalars:
            return str(super()._print_Mul(expr)).replace("*", " ")
        text = bracketed(self._print(_product(scalars)))
        shown = " ".join(map(self._print, increments))
        return f"-{shown}" if text == "-1" else f"{text} {shown}"

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        if expr.exp.is_Integer and expr.exp > 0:
            base = self.parenthesize(expr.base, 60)
            return f"{base}{str(expr.exp).translate(_SUPERSCRIPT)}"
        if abs(expr.exp) == Rational(1, 2):
            text = self._print(expr.base)
            root = f"√{text}" if len(text) == 1 else f"√({text})"
            return root if expr.exp > 0 else f"1/{root}"
        return str(super()._print_Pow(expr, rational=rational)).replace("**", "^")

    def _print_Relational(self, expr: Any) -> str:
        marks = {"==": "=", "!=": "≠", ">=": "≥", "<=": "≤"}
        left, right = map(self._print, expr.args)
        return f"{left} {marks.get(expr.rel_op, expr.rel_op)} {right}"

    def _print_AppliedPredicate(self, expr: Any) -> str:
        return f"{self._print(expr.arguments[0])} {_in_words(expr.function)}"


class _Latex(LatexPrinter):
    """SymPy's LaTeX with ⊤ for the transpose, upright d, tr and det, I, and signs joined."""

    def _print_Identity(self, expr: Any) -> str:
        return "I"

    def _print_Symbol(self, expr: Any, **settings: Any) -> str:
        if not is_increment(expr):
            own = letters(str(expr.name))
            return str(super()._print_Symbol(expr, **settings)) if own is None else own
        name = str(expr.name)[1:]
        mark = r"^{\top}"
        blocks = [self._print(x) + (mark if turned else "") for x, turned in _blocks(name)]
        stacked = r"\begin{bmatrix} " + r" \\ ".join(blocks) + r" \end{bmatrix}"
        return rf"\mathrm{{d}}{stacked if blocks else self._print(Symbol(name))}"

    _print_Dimension = _print_Symbol
    _print_MatrixSymbol = _print_Symbol

    def _print_Mul(self, expr: Any) -> str:
        scalars, increments = _increments_apart(expr.args)
        if not increments or not scalars:
            return str(super()._print_Mul(expr))
        text = bracketed(self._print(_product(scalars)), latex=True)
        return " ".join(["-" if text == "-1" else text, *map(self._print, increments)])

    def _print_AppliedPredicate(self, expr: Any) -> str:
        return rf"{self._print(expr.arguments[0])} \text{{ {_in_words(expr.function)}}}"

    def _print_log(self, expr: Any, exp: Any = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        inner = self._print(expr.args[0])
        if isinstance(expr.args[0], Determinant | Abs):
            return rf"\log{power} {inner}"
        return rf"\log{power}\left({inner}\right)"

    def _print_Transpose(self, expr: Any) -> str:
        return f"{self.parenthesize(expr.args[0], 65)}^{{\\top}}"

    def _print_MatMul(self, expr: Any) -> str:
        factors, increments = _increments_apart(expr.args)
        if increments:
            rest = factors[0] if len(factors) == 1 else MatMul(*factors)
            text = bracketed(self._print(rest), latex=True)
            return " ".join([text, *map(self._print, increments)])
        # As SymPy does, which compares every product with its negative to learn the sign.
        args, negative = list(expr.args), _is_negative(expr)
        if negative:
            args = args[1:] if args[0] == -1 else [-args[0], *args[1:]]
        level = PRECEDENCE["Add" if negative else "Mul"]
        inner = " ".join(
            self._print(x)
            if isinstance(x, Mul) and not isinstance(x, MatMul)
            else self.parenthesize(x, level, False)
            for x in args
        )
        return f"- {inner}" if negative else inner

    def parenthesize(
        self, item: Any, level: int, is_neg: bool = False, strict: bool = False
    ) -> str:
        """The text of an operand, in brackets where it binds less than its surroundings."""
        if not isinstance(item, MatMul):
            return str(super().parenthesize(item, level, is_neg=is_neg, strict=strict))
        own = PRECEDENCE["Add" if _is_negative(item) else "Mul"]
        text = str(self._print(item))
        inside = (is_neg and strict) or own < level or (not strict and own <= level)
        return str(self._add_parens(text)) if inside else text

    def _print_MatAdd(self, expr: Any) -> str:
        return joined(sorted(map(self._print, expr.args), key=lambda x: x.startswith("-")))

    def _print_Derivative(self, expr: Any) -> str:
        if isinstance(expr.expr, AppliedUndef):
            return str(super()._print_Derivative(expr))
        order = len(expr.variables)
        top = r"\partial" + (f"^{{{order}}}" if order > 1 else "")
        below = r" \, ".join(rf"\partial {self._print(x)}" for x in expr.variables)
        return rf"\frac{{{top}}}{{{below}}} \left({self._print(expr.expr)}\right)"

    def _print_Trace(self, expr: Any) -> str:
        inner = self._print(expr.args[0])
        drawn = _is_scalar_draw(expr.args[0])
        return inner if drawn else rf"\operatorname{{tr}}\left({inner}\right)"

    def _print_Determinant(self, expr: Any) -> str:
        return rf"\det\left({self._print(expr.args[0])}\right)"


def _is_scalar_draw(matrix: Any) -> bool:
    """Whether a matrix stands for one sign or one normal, which is declared without sizes."""
    return hasattr(matrix, "law") and matrix.shape == (1, 1)


def _is_negative(product: Any) -> bool:
    """Whether a product of matrices has a negative number in front."""
    return bool(product.args[0].is_Number and product.args[0].is_extended_negative)
