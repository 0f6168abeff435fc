"""Truncated power series c_0 + c_1 s + … + c_r s^r with coefficients in any context.

A coefficient that is structurally zero is None, so that constants cost no more than plain numbers.
Functions of a series are composed from their own power series around the constant term; no
derivative is ever taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from numerics.contexts.base import Scalar
from numerics.errors import NotAdmissibleError, NoValueError

__all__ = ["Coefficients", "Jet", "Unknown", "compose", "convolve", "merge"]

Coefficients: TypeAlias = tuple[Any, ...]
"""c_0, …, c_r; None stands for zero. Scalars in a `Jet`, matrices in a `JetMatrix`."""


class Unknown:
    """A coefficient that the base context cannot express, such as log 2 among the rationals.

    Whatever is calculated from it is unknown too; only reading it is an error.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def _absorb(self, _other: object = None) -> Unknown:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __truediv__ = __rtruediv__ = __pow__ = __neg__ = _absorb

    def __repr__(self) -> str:
        return "Unknown()"


def merge(a: Coefficients, b: Coefficients, plus: Callable[[Any, Any], Any]) -> Coefficients:
    """The coefficients of a sum."""
    return tuple(
        y if x is None else x if y is None else plus(x, y) for x, y in zip(a, b, strict=True)
    )


def convolve(
    a: Coefficients,
    b: Coefficients,
    times: Callable[[Any, Any], Any],
    plus: Callable[[Any, Any], Any],
) -> Coefficients:
    """The coefficients of a product, truncated."""
    product: list[Any] = [None] * len(a)
    for i, x in enumerate(a):
        if x is None:
            continue
        for j in range(len(a) - i):
            y = b[j]
            if y is not None:
                term, sofar = times(x, y), product[i + j]
                product[i + j] = term if sofar is None else plus(sofar, term)
    return tuple(product)


class Jet:
    """A truncated power series of scalars, with the operators of a number.

    ``one`` is the number 1 of the base context: integers become numbers by it.
    """

    __slots__ = ("coefficients", "one")

    def __init__(self, coefficients: Coefficients, one: Scalar) -> None:
        self.coefficients = coefficients
        self.one = one

    def _new(self, coefficients: Coefficients) -> Jet:
        return Jet(coefficients, self.one)

    def _lift(self, other: Any) -> Jet:
        if isinstance(other, Jet):
            return other
        constant = self.one * other if isinstance(other, int) else other
        return self._new((constant, *[None] * (len(self.coefficients) - 1)))

    def __add__(self, other: Any) -> Jet:
        b = self._lift(other).coefficients
        return self._new(merge(self.coefficients, b, lambda x, y: x + y))

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return self._new(tuple(None if c is None else -c for c in self.coefficients))

    def __sub__(self, other: Any) -> Jet:
        return self + (-self._lift(other))

    def __rsub__(self, other: Any) -> Jet:
        return self._lift(other) + (-self)

    def __mul__(self, other: Any) -> Jet:
        b = self._lift(other).coefficients
        return self._new(convolve(self.coefficients, b, lambda x, y: x * y, lambda x, y: x + y))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Jet:
        return self * self._lift(other).reciprocal()

    def __rtruediv__(self, other: Any) -> Jet:
        return self._lift(other) * self.reciprocal()

    def __pow__(self, n: int) -> Jet:
        if not isinstance(n, int):
            raise NoValueError(f"exponent: got {n}; a power ** takes an integer, see real_power")
        base, result = (self.reciprocal(), self._lift(1)) if n < 0 else (self, self._lift(1))
        for bit in bin(abs(n))[2:]:
            result = result * result
            if bit == "1":
                result = result * base
        return result

    def reciprocal(self) -> Jet:
        """1 divided by the series, by comparing coefficients in b·q = 1."""
        b = self.coefficients
        if b[0] is None or b[0] == 0:
            raise NotAdmissibleError("division by a series that starts with 0; draw another point")
        first = self.one / b[0]
        quotient: list[Any] = [first]
        for n in range(1, len(b)):
            terms = [
                b[k] * quotient[n - k]
                for k in range(1, n + 1)
                if b[k] is not None and quotient[n - k] is not None
            ]
            quotient.append(-(_sum(terms) * first) if terms else None)
        return self._new(tuple(quotient))

    def __repr__(self) -> str:
        return f"Jet({', '.join('0' if c is None else str(c) for c in self.coefficients)})"


def compose(outer: Sequence[Scalar], u: Jet) -> Jet:
    """Σ_k outer_k u^k for a series u without constant term."""
    result = u._lift(outer[-1])
    for coefficient in reversed(outer[:-1]):
        result = result * u + coefficient
    return result


def _sum(terms: Iterable[Any]) -> Any:
    first, *others = terms
    for term in others:
        first = first + term
    return first
