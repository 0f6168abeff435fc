"""Loops compiled to machine code by Numba: one function of arrays each, with a literal NumPy twin.

The modules of this package import Numba, which takes a fifth of a second; who uses them imports
them late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

__all__ = ["compiled", "summing"]

P = ParamSpec("P")
T = TypeVar("T")


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """The function as machine code, made at its first call and kept beside its source.

    Compiled functions may call each other, run in threads beside each other, and take a NumPy
    `Generator`, from which they draw the same numbers as NumPy would.  Division by zero gives
    infinity, as in NumPy; the order of sums is kept.
    """
    from numba import njit

    machine = njit(cache=True, error_model="numpy", nogil=True)(function)
    return cast("Callable[P, T]", machine)


def summing(function: Callable[P, T]) -> Callable[P, T]:
    """Like `compiled`, but sums are taken in whatever order is fastest: for sums of products alone.

    The bound on the rounding error of such a sum knows no order, so accuracy is not touched; the
    last digits may differ between processors.
    """
    from numba import njit

    machine = njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc"})(function)
    return cast("Callable[P, T]", machine)
