"""The slope of a scalar along a direction, by differences at points: no rule of the calculus.

    (ℓ(θ + εH) − ℓ(θ − εH))/2ε = tr(G'H) + O(ε²)        where G = ∂ℓ/∂θ

With balls of 400 bits and ε = 2⁻¹²⁰ both sides agree to far more than the 2⁻⁶⁰ that are asked for,
unless G is another matrix: then they differ for almost every H.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import flint

from .admissible import draw
from .errors import DerivationError
from .points import Point, evaluate, precision
from .printing import unicode
from .shapes import shape_of
from .symbols import Parameter

__all__ = ["direction", "wrong_slope"]

BITS, STEP, CLOSE = 400, 120, 60
POINTS = 3


def direction(letter: Any) -> Any:
    """A letter H for a direction in which a letter moves, of its shape."""
    return Parameter(f"direction {letter}", *(shape_of(letter) or (None,)))


def wrong_slope(f: Any, gradient: Mapping[Any, Any], facts: Iterable[Any] = ()) -> Any | None:
    """The first letter along which a gradient is not that of f as typed; none if all are.

    Parameters
    ----------
    f : scalar expression
    gradient : mapping
        Letter -> ∂f/∂letter, of its shape.
    facts : iterable, optional
        What holds at the points that are looked at.

    Raises
    ------
    DerivationError
        If no point is found where f and the gradient have values.
    """
    with precision(BITS):
        points = draw([f, *gradient.values()], facts, count=POINTS)
        if not points:
            raise DerivationError(
                f"loss {unicode(f)}: no point was found where it and its gradient have values; "
                "give the facts that it needs in assuming"
            )
        for point in points:
            for x, g in gradient.items():
                if not _is_slope(f, x, g, point):
                    return x
    return None


def _is_slope(f: Any, x: Any, g: Any, point: Point) -> bool:
    at, H, gradient = point.letter(x), point.letter(direction(x)), evaluate(g, point)
    step = flint.arb(2) ** -STEP
    ahead, behind = (
        evaluate(f, point.with_overrides({x: at + H * width})) for width in (step, -step)
    )
    expected = (gradient.transpose() * H).trace() if shape_of(x) else gradient * H
    gap = abs((ahead - behind) / (2 * step) - expected)
    return bool(gap < (1 + abs(expected)) * flint.arb(2) ** -CLOSE)
