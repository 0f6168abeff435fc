"""Expressions as Unicode for a terminal and as LaTeX, with the field's marks.

A' is the transpose, A⁻¹ the inverse, tr and det are written out, Σ_i binds an index.  ``where`` names
compound expressions: with {"M": ΘΘ'} every ΘΘ' is shown as M.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Basic, MatMul, MatrixSymbol, Symbol, Transpose
from sympy.core.mul import _keep_coeff
from sympy.matrices.expressions import MatrixExpr
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty_symbology import pretty_symbol
from sympy.printing.str import StrPrinter

__all__ = ["abbreviated", "latex", "unicode"]

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def unicode(expression: Any, where: Mapping[str, Any] | None = None) -> str:
    """One line of Unicode."""
    return str(_Unicode().doprint(abbreviated(expression, where)))


def latex(expression: Any, where: Mapping[str, Any] | None = None) -> str:
    """LaTeX for mathematics mode."""
    return str(_Latex().doprint(abbreviated(expression, where)))


def abbreviated(expression: Any, where: Mapping[str, Any] | None) -> Any:
    """The expression with the named compounds replaced by letters, the larger ones first."""
    found = sorted((where or {}).items(), key=lambda item: -item[1].count_ops())
    for name, compound in found:
        letter = MatrixSymbol(name, *compound.shape) if compound.shape else Symbol(name)
        expression = _replaced(expression, compound, letter)
    return expression


def _replaced(expression: Any, compound: Any, letter: Any) -> Any:
    if expression == compound:
        return letter
    named = _differential(expression, compound, letter)
    if named is not expression or not getattr(expression, "args", ()):
        return named
    args = [_replaced(a, compound, letter) for a in expression.args]
    if isinstance(expression, MatMul) and isinstance(compound, MatMul):
        args = _runs(args, list(compound.args), letter)
    if all(a is b for a, b in zip(args, expression.args, strict=False)) and len(args) == len(
        expression.args
    ):
        return expression
    return args[0] if len(args) == 1 and isinstance(expression, MatMul) else expression.func(*args)


def _differential(expression: Any, compound: Any, letter: Any) -> Any:
    """d of a compound has its name in its own: d[W1; W2'] is dΘ."""
    name = str(getattr(expression, "name", "")) if isinstance(expression, Basic) else ""
    if isinstance(expression, MatrixSymbol) and name == f"d{compound}":
        return MatrixSymbol(f"d{letter.name}", *expression.shape)
    if isinstance(expression, Symbol) and str(compound) in name:
        return Symbol(name.replace(str(compound), str(letter.name)))
    return expression


def _runs(factors: list[Any], pattern: list[Any], letter: Any) -> list[Any]:
    n = 0
    while n + len(pattern) <= len(factors):
        if factors[n : n + len(pattern)] == pattern:
            factors[n : n + len(pattern)] = [letter]
        n += 1
    return factors


def _name(name: str) -> str:
    """Greek names as letters, a leading d kept in front: dbeta is dβ."""
    shown = str(pretty_symbol(name))
    if name.startswith("d(") or " " in name:
        return name
    return "d" + _name(name[1:]) if shown == name and len(name) > 1 and name[0] == "d" else shown


class _Unicode(StrPrinter):  # type: ignore[misc]
    """SymPy's own string printer with the marks of the field."""

    def _print_Symbol(self, expr: Any) -> str:
        return _name(str(expr.name))

    _print_Dummy = _print_Symbol

    def _print_MatrixSymbol(self, expr: Any) -> str:
        return _name(str(expr.name))

    def _print(self, expr: Any, **kwargs: Any) -> str:
        # Letters of ours are subclasses of SymPy's; their class names are not SymPy's.
        if isinstance(expr, MatrixSymbol) and not hasattr(expr, "index"):
            return self._print_MatrixSymbol(expr)
        if isinstance(expr, Symbol):
            return self._print_Symbol(expr)
        method = getattr(self, f"_show_{type(expr).__name__}", None)
        return str(method(expr)) if method else str(super()._print(expr, **kwargs))

    def _show_Transpose(self, expr: Any) -> str:  # noqa: N802
        return f"{self._factor(expr.args[0])}'"

    def _show_Inverse(self, expr: Any) -> str:  # noqa: N802
        return f"{self._factor(expr.args[0])}⁻¹"

    def _show_MatPow(self, expr: Any) -> str:  # noqa: N802
        return f"{self._factor(expr.args[0])}{str(expr.args[1]).translate(_SUPERSCRIPT)}"

    def _show_Trace(self, expr: Any) -> str:  # noqa: N802
        return f"tr({self._print(expr.args[0])})"

    def _show_Determinant(self, expr: Any) -> str:  # noqa: N802
        return f"det({self._print(expr.args[0])})"

    def _show_log(self, expr: Any) -> str:
        inner = expr.args[0]
        if type(inner).__name__ == "Determinant":
            return f"log {self._print(inner)}"
        return f"log({self._print(inner)})"

    def _show_Identity(self, expr: Any) -> str:  # noqa: N802
        return "I"

    def _show_Stack(self, expr: Any) -> str:  # noqa: N802
        return "[" + "; ".join(self._print(a) for a in expr.args) + "]"

    def _show_SymmetricBlock(self, expr: Any) -> str:  # noqa: N802
        return f"S({self._print(expr.args[0])})"

    def _show_BlockColumn(self, expr: Any) -> str:  # noqa: N802
        return f"K{'₁₂₃₄₅₆₇₈₉'[int(expr.args[0])]}"

    def _show_IndexSum(self, expr: Any) -> str:  # noqa: N802
        index, *excluded = (self._print(i) for i in expr.args[1:])
        bound = index + (f"≠{','.join(excluded)}" if excluded else "")
        body = self._print(expr.args[0])
        return f"Σ_{bound} ({body})" if expr.args[0].is_Add else f"Σ_{bound} {body}"

    _show_ScalarSum = _show_IndexSum

    def _show_FamilyMember(self, expr: Any) -> str:  # noqa: N802
        return f"{_name(expr.name)}_{self._print(expr.index)}"

    _show_ScalarMember = _show_FamilyMember

    def _show_MatMul(self, expr: Any) -> str:  # noqa: N802
        scalars = [a for a in expr.args if not isinstance(a, MatrixExpr)]
        matrices = [a for a in expr.args if isinstance(a, MatrixExpr)]
        product = " ".join(self._factor(a) for a in matrices)
        if not scalars:
            return product
        coefficient, *rest = scalars
        text = self._print(_keep_coeff(coefficient, MatMul(*rest)) if rest else coefficient)
        if text == "-1":
            return f"-{product}"
        return f"({text}) {product}" if coefficient.is_Add else f"{text} {product}"

    def _show_MatAdd(self, expr: Any) -> str:  # noqa: N802
        terms = sorted(map(self._print, expr.args), key=lambda text: text.startswith("-"))
        return "".join(
            (" - " + text[1:] if text.startswith("-") else " + " + text) if n else text
            for n, text in enumerate(terms)
        )

    def _factor(self, expr: Any) -> str:
        text = self._print(expr)
        simple = isinstance(expr, MatrixSymbol | Transpose) or not getattr(expr, "args", ())
        bracketed = text.startswith(("S(", "[", "I", "K"))
        return text if simple or bracketed or text.endswith("⁻¹") else f"({text})"

    def _print_Mul(self, expr: Any) -> str:
        return str(super()._print_Mul(expr)).replace("*", " ")

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        if expr.exp.is_Integer and expr.exp > 0:
            base = self.parenthesize(expr.base, 60)
            return f"{base}{str(expr.exp).translate(_SUPERSCRIPT)}"
        if expr.exp.is_Rational and expr.exp.q == 2 and expr.exp.p == 1:
            text = self._print(expr.base)
            return f"√{text}" if len(text) == 1 else f"√({text})"
        return str(super()._print_Pow(expr, rational=rational)).replace("**", "^")


class _Latex(LatexPrinter):  # type: ignore[misc]
    """SymPy's LaTeX with a prime for the transpose and upright tr and det."""

    def _print_Transpose(self, expr: Any) -> str:
        return f"{self.parenthesize(expr.args[0], 65)}^{{\\top}}"

    def _print_Trace(self, expr: Any) -> str:
        return rf"\operatorname{{tr}}\left({self._print(expr.args[0])}\right)"

    def _print_Determinant(self, expr: Any) -> str:
        return rf"\det\left({self._print(expr.args[0])}\right)"

    def _print_Dimension(self, expr: Any) -> str:
        return str(self._print_Symbol(expr))
