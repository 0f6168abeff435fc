"""Named compounds in expressions: with {"M": ΘΘ'} every ΘΘ' is shown as M."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import MatMul, MatrixSymbol, Symbol, Trace, Transpose

from .symbols import MatrixIncrement

__all__ = ["abbreviated"]


def abbreviated(expression: Any, where: Mapping[str, Any] | None) -> Any:
    """The expression with the named compounds replaced by letters, the larger ones first."""
    found = sorted((where or {}).items(), key=lambda item: -item[1].count_ops())
    for name, compound in found:
        shape = getattr(compound, "shape", ())
        letter = MatrixSymbol(name, *shape) if shape else Symbol(name)
        expression = _replaced(expression, compound, letter)
        if isinstance(compound, MatMul) and compound.T.doit() != compound:
            expression = _replaced(expression, compound.T.doit(), letter.T)
    return expression


def _replaced(expression: Any, compound: Any, letter: Any) -> Any:
    if expression == compound or _turned(expression, compound):
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


def _turned(expression: Any, compound: Any) -> bool:
    """Whether both are traces of one product, rotated and perhaps transposed."""
    if not (isinstance(expression, Trace) and isinstance(compound, Trace)):
        return False
    factors, pattern = _factors(expression), _factors(compound)
    if len(factors) != len(pattern) or len(pattern) < 2:
        return False
    back = [x.args[0] if isinstance(x, Transpose) else x.T for x in reversed(pattern)]
    back = [x.doit() for x in back]
    doubled = factors + factors
    turns = (doubled[n : n + len(pattern)] for n in range(len(pattern)))
    return any(turn in (pattern, back) for turn in turns)


def _factors(trace: Any) -> list[Any]:
    return list(trace.arg.args) if isinstance(trace.arg, MatMul) else [trace.arg]


def _differential(expression: Any, compound: Any, letter: Any) -> Any:
    """d of a compound has its name in its own: d[W1; W2'] is dΘ."""
    if isinstance(expression, MatrixIncrement) and expression.name == f"d{compound}":
        return expression.func(f"d{letter.name}", *expression.args[1:])
    return expression


def _runs(factors: list[Any], pattern: list[Any], letter: Any) -> list[Any]:
    n = 0
    while n + len(pattern) <= len(factors):
        if factors[n : n + len(pattern)] == pattern:
            factors[n : n + len(pattern)] = [letter]
        n += 1
    return factors
