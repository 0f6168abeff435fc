"""Real numbers to any number of digits, each with an error bound: Arb's balls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log2
from typing import Any, final

import flint
from flint import arb, arb_mat, fmpq

from numerics.contexts.base import Matrix, Scalar
from numerics.contexts.flint_matrices import FlintContext
from numerics.errors import NotAdmissibleError, NumericsError

__all__ = ["MultiprecisionContext"]

_GUARD_BITS = 16


@final
@dataclass(frozen=True)
class MultiprecisionContext(FlintContext):
    """Real numbers to `digits` decimal digits, by ball arithmetic (Johansson 2017, IEEE TC 66).

    Every number carries a radius that bounds its rounding error. Arb reads its precision from a
    module variable; `working` sets and restores it, and `Kernel.in_context` works inside. Operators
    used outside only widen the radius, so that a lost digit is seen and never mistaken for a value.
    """

    digits: int = 50

    def __post_init__(self) -> None:
        if self.digits < 1:
            raise NumericsError(f"digits: got {self.digits}; give a positive number of digits")

    def working(self) -> AbstractContextManager[object]:
        """Surrounds arithmetic on balls: sets the precision, and restores it."""
        manager: AbstractContextManager[object] = flint.ctx.workprec(
            ceil(self.digits * log2(10)) + _GUARD_BITS
        )
        return manager

    def rational(self, p: int, q: int = 1) -> Scalar:
        """A ball around p/q."""
        with self.working():
            return arb(p) if q == 1 else arb(fmpq(p, q))

    def _new(self, r: int, c: int, entries: Sequence[Scalar]) -> Matrix:
        return arb_mat(r, c, entries)

    def sqrt(self, x: Scalar) -> Scalar:
        """The square root."""
        if not x >= 0:
            raise NotAdmissibleError(f"sqrt: {_text(x)} is not ≥ 0; draw another point")
        return arb(x).sqrt()

    def log(self, x: Scalar) -> Scalar:
        """The natural logarithm."""
        if not x > 0:
            raise NotAdmissibleError(f"log: {_text(x)} is not positive; draw another point")
        return arb(x).log()

    def abs(self, x: Scalar) -> Scalar:
        """The absolute value."""
        return abs(arb(x))

    def sign(self, x: Scalar) -> Scalar:
        """The sign of x ≠ 0."""
        if not x != 0:
            raise NotAdmissibleError(f"sign: {_text(x)} may be 0; draw another point")
        return arb(1 if x > 0 else -1)

    def real_power(self, x: Scalar, y: Scalar) -> Scalar:
        """x to the power y for x > 0."""
        if not x > 0:
            raise NotAdmissibleError(f"power of {_text(x)}, which is not positive; draw again")
        return arb(x) ** arb(y)

    def function(self, name: str, x: Scalar) -> Scalar:
        """An elementary function by name."""
        return getattr(arb(x), name)()

    def special(self, name: str, *arguments: Scalar) -> Scalar:
        """erf, erfc, gamma, lowergamma(s, x), uppergamma(s, x); x < 0 counts as 0 in the last two.

        Raises
        ------
        NotAdmissibleError
            If x is neither positive nor negative for sure.
        """
        *orders, x = (arb(argument) for argument in arguments)
        if not orders:
            return getattr(x, name)()
        if not (x > 0 or x < 0 or x == 0):
            raise NotAdmissibleError(f"{name}: the sign of {_text(x)} is open; draw another point")
        x = x if x > 0 else arb(0)
        incomplete: Any = x.gamma_lower if name == "lowergamma" else x.gamma_upper
        return incomplete(*orders)

    def constant(self, name: str) -> Scalar:
        """π or e."""
        with self.working():
            return arb.pi() if name == "pi" else arb.const_e()

    def is_zero(self, x: Scalar | Matrix) -> bool:
        """Whether a scalar or a matrix is the exact zero, with radius 0."""
        if self.is_matrix(x):
            return all(entry == 0 for entry in x.entries())
        return bool(x == 0)

    def logdet(self, a: Matrix) -> Scalar:
        """log |det a|."""
        d = abs(a.det())
        if not d > 0:
            raise NotAdmissibleError("logdet: the matrix may be singular; draw another point")
        return d.log()

    def _eigenvalues(self, a: Matrix) -> list[Scalar]:
        try:
            values = a.eig()
        except ValueError:
            raise NotAdmissibleError(
                "eigenvalues: not told apart at this precision; draw another point or use more "
                "digits"
            ) from None
        # A symmetric matrix has real eigenvalues, so that disjoint boxes have disjoint real parts.
        downwards = sorted((x.real for x in values), key=lambda x: x.mid(), reverse=True)
        if any(not x > y for x, y in pairwise(downwards)):
            raise NotAdmissibleError("eigenvalues: two of them may be equal; draw another point")
        return downwards

    def pivot(
        self, a: Matrix, rows: Sequence[int], columns: Sequence[int]
    ) -> tuple[int, int] | None:
        """The entry that is largest in absolute value."""
        i, j = max(((i, j) for i in rows for j in columns), key=lambda ij: abs(a[ij].mid()))
        if a[i, j] == 0:
            return None
        if not a[i, j] != 0:
            raise NotAdmissibleError("det: a pivot may be 0; draw another point or use more digits")
        return i, j

    def to_float(self, x: Scalar) -> float:
        """The double nearest to the middle of the ball."""
        return float(arb(x).mid())

    def radius(self, x: Scalar) -> float:
        """An upper bound of the rounding error carried by x."""
        return float(arb(x).rad())


def _text(x: Scalar) -> str:
    return str(arb(x).str(10))
