"""Decimals, read as the fractions that they are written as: 0.1 is 1/10, and 0.1 + 0.2 is 3/10.

A float is the binary fraction next to what was typed.  Taken for that, 0.1*x and x/10 are two
drifts and no true claim with a decimal can be proved, while (x - 1.1)**2 is 0 nowhere.  Systems,
updates, claims and assumptions therefore read every decimal in an expression with `exactly`: to 15
digits, or to as many as it has if it was given more.  What was rounded before it came here, such as
``1/3`` in Python or ``sqrt(0.2)``, is read as the fraction or the root of one next to it.  Settings
of a simulation (``values``, ``horizon``, ``relevant``) stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sympy import Basic, Float, MatMul, Rational, sqrt
from sympy.matrices import MatrixBase

__all__ = ["exactly"]

DOUBLE = 53
"""Bits of a float of Python, and of a decimal in an expression if nothing else is asked for."""

TYPED = 10**12
"""The largest denominator of a decimal that a person writes; a longer one has been rounded."""

SMALL = 10**4
"""The largest denominator of a fraction that a longer one may have been rounded from."""


def exactly(value: Any) -> Any:
    """What is given, with fractions for the decimals in it; other kinds of values as they are.

    >>> from sympy.abc import x
    >>> exactly(0.1 * x + 0.2 * x), exactly((0.5, "text")), exactly(x / 3.0), exactly(0.2**0.5)
    (3*x/10, (1/2, 'text'), x/3, sqrt(5)/5)
    """
    if isinstance(value, float):
        return _fraction(Float(value)) if math.isfinite(value) else value
    if isinstance(value, MatrixBase):
        return value.applyfunc(exactly) if value.atoms(Float) else value
    if isinstance(value, Basic):
        # What has none stays what it is, and not what it is equal to.
        return _read(value) if _has_decimals(value) else value
    if isinstance(value, Mapping):
        found = {key: exactly(part) for key, part in value.items()}
        return value if _same(value.values(), found.values()) else found
    if type(value) in (tuple, list):
        parts = [exactly(part) for part in value]
        return value if _same(value, parts) else type(value)(parts)
    return value


def _same(before: Any, after: Any) -> bool:
    return all(a is b for a, b in zip(before, after, strict=True))


@lru_cache(maxsize=16384)
def _has_decimals(expression: Any) -> bool:
    return bool(expression.atoms(Float))


@lru_cache(maxsize=16384)
def _read(expression: Any) -> Any:
    found = expression.xreplace({x: _fraction(x) for x in expression.atoms(Float)})
    # 1.0*X is X.
    ones = {part: part.doit(deep=False) for part in found.atoms(MatMul) if part.args[0] == 1}
    return found.xreplace(ones)


def _fraction(decimal: Float) -> Any:
    """The fraction, or the root of a small one, that a decimal stands for."""
    written = Rational(str(decimal))
    if decimal._prec != DOUBLE or written.q <= TYPED:
        return written
    number = float(decimal)
    for power, root in ((1, Rational), (2, sqrt)):
        near = Fraction(abs(number) ** power).limit_denominator(SMALL)
        if near and abs(float(near) ** (1 / power) - abs(number)) <= 2 * math.ulp(number):
            return root(Rational(near)) if number > 0 else -root(Rational(near))
    return written
