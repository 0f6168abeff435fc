"""Names with a shape and a range, as they are typed for numeric systems, and their signatures.

A shape is ``()``, ``(n,)`` or ``(r, c)``; a vector is a family of scalars.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics.errors import NumericsError
from numerics.signature import LetterSignature
from numerics.system import Array

__all__ = ["Shape", "letter", "parameter", "shape_of", "sizes"]

Shape = tuple[int, ...]

ANYWHERE = (-3.0, 3.0)
"""Where entries are drawn of which nothing is said."""

POSITIVE = (0.1, 5.0)
"""The same of what is positive."""


def shape_of(name: str, given: Any) -> Shape:
    """A shape as it may be typed: (), n, (n,), (r, c).

    Raises
    ------
    NumericsError
        If it is no shape, or one of more than two axes.
    """
    shape = (given,) if isinstance(given, int) else given
    if (
        not isinstance(shape, tuple | list)
        or len(shape) > 2
        or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in shape)
    ):
        raise NumericsError(f"{name}: got the shape {given!r}; give (), (n,) or (r, c)")
    return tuple(shape)


def sizes(shape: Shape) -> tuple[tuple[str, ...], str | None]:
    """The sizes of one member and that of the family: a vector is a family of scalars."""
    texts = tuple(map(str, shape))
    return ((), texts[0]) if len(texts) == 1 else (texts, None)


def letter(name: str, kind: str, shape: Shape, within: Any) -> LetterSignature:
    """A name whose entries lie between two numbers or arrays; (0, inf) says positive.

    Raises
    ------
    NumericsError
        For a range that is none.
    """
    own, family = sizes(shape)
    facts: tuple[str, ...] = ()
    low, high = _range(name, ANYWHERE if within is None else within)
    if np.all(low == 0) and np.all(np.isinf(high)):
        (low, high), facts = map(np.asarray, POSITIVE), ("positive",)
    return LetterSignature(
        name=name,
        kind=kind,
        shape=own,
        family=family,
        facts=facts,
        within=(low.tolist(), high.tolist()),
    )


def parameter(name: str, value: Any) -> LetterSignature:
    """A parameter: a number or an array is its value, a tuple the range of a scalar.

    Raises
    ------
    NumericsError
        If it is none of these.
    """
    if isinstance(value, tuple):
        return letter(name, "parameter", (), value)
    try:
        x = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        x = np.asarray(np.nan)
    if not np.all(np.isfinite(x)):
        raise NumericsError(
            f"parameter {name}: got {value!r}; give a number, an array, or a range (low, high)"
        )
    return letter(name, "parameter", shape_of(name, x.shape), (x, x))


def _range(name: str, within: Any) -> tuple[Array, Array]:
    ordered = bounded = False
    try:
        low, high = (np.asarray(x, dtype=float) for x in within)
        ordered = bool(np.all(low <= high)) and bool(np.all(np.isfinite(low)))
        half_line = bool(np.all(low == 0) and np.all(np.isinf(high)))
        bounded = bool(np.all(np.isfinite(high))) or half_line
    except (TypeError, ValueError):
        pass
    if not ordered or not bounded:
        raise NumericsError(
            f"range of {name}: got {within!r}; give (low, high), numbers with low <= high, "
            "or (0, inf); write an array as a list"
        )
    return low, high
