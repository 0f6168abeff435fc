"""The differential of an observable by differences: in float64, and in many digits beside it.

Where a point is badly conditioned, the extrapolation in float64 may think better of itself than it
is: its steps reach across the singular set.  Where the same differences are there in many digits,
what float64 is off is measured, and is part of its error; of Python functions, which have float64
alone, the extrapolation is begun at several steps (`numerics.generator`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from numerics.contexts import MultiprecisionContext
from numerics.errors import NoValueError
from numerics.generator import STARTS, GeneratorEstimate, estimate_generator
from numerics.generator_digits import DigitsEstimate, estimate_in_digits

from .coordinates import entries
from .problem import Problem
from .systems import as_numbers, fine_within, smooth_within

__all__ = ["differences", "said"]

T = TypeVar("T")


def differences(
    problem: Problem,
    name: str,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
) -> tuple[GeneratorEstimate, DigitsEstimate | None]:
    """The differential of an observable by differences, in float64 and in many digits.

    Parameters
    ----------
    problem : Problem
    name : str
        Of the observable's kernel.
    ctx : MultiprecisionContext
    sizes : mapping
    wide, point : mapping
        The point in many digits, and in float64.

    Returns
    -------
    GeneratorEstimate, DigitsEstimate or None
        The errors of the former cover how far it is from the latter, which is None where there is
        float64 alone, as of the drift in the sense of Stratonovich.
    """

    def measure(declared: Problem) -> tuple[GeneratorEstimate, DigitsEstimate | None]:
        system, f = declared.system("declared", sizes), declared.kernel(name)
        numbers = as_numbers(system, point)
        reach = smooth_within(declared, numbers, point)
        within = None if reach is None else float(reach)
        ito = replace(system, calculus="ito")
        digits = said(lambda: estimate_in_digits(ctx, ito, f, wide, reach=within))
        starts = 1
        if reach is None and (digits is None or system.calculus != "ito"):
            # Nothing else tells how a drift rounds: with a reach that is measured.
            reach, starts = fine_within(numbers, point), STARTS
        doubles = estimate_generator(numbers, f, point, reach=reach, starts=starts)
        if digits is None:
            return doubles, None
        found = _corrected(ctx, doubles, digits)
        if system.calculus == "ito":
            return found, digits
        # In either calculus the noise is the same; the drift is not.
        return replace(found, drift_error=doubles.drift_error), None

    return problem.measured(("differences", name), point, measure)


def said(find: Callable[[], T]) -> T | None:
    """What many digits say; None where a kernel has no value but in float64."""
    try:
        return find()
    except NoValueError:
        return None


def _corrected(
    ctx: MultiprecisionContext, e: GeneratorEstimate, d: DigitsEstimate
) -> GeneratorEstimate:
    """The estimate in float64 with errors that cover how far it is from many digits."""
    drift = np.maximum(e.drift_error, _off(ctx, e.drift, d.drift))
    if not d.components:
        return replace(e, drift_error=drift)
    noise = np.maximum(e.martingale_error, _off_noise(ctx, e, d))
    return replace(e, drift_error=drift, martingale_error=noise)


def _off(ctx: MultiprecisionContext, doubles: Any, wide: Any) -> Any:
    """How far a difference in float64 is from the same one in many digits.

    Twice that, since what is stated rounds there too.
    """
    reference = np.array([ctx.to_float(x) for x in entries(ctx, wide)])
    return 2.0 * np.abs(doubles - reference.reshape(np.shape(doubles)))


def _off_noise(ctx: MultiprecisionContext, e: GeneratorEstimate, d: DigitsEstimate) -> Any:
    """The same of the martingale part, whose coefficients are linear in the direction.

    The components may be others, since a covariance has more than one square root.
    """

    def row(values: Iterable[Any]) -> list[float]:
        return [ctx.to_float(x) for value in values for x in entries(ctx, value)]

    along = np.array([row(c.increments[name] for name in e.directions) for c in d.components])
    wide = np.array([row([value]) for value in d.martingale])
    flat = [x.reshape(len(x), -1) for x in e.directions.values()]
    weights = np.linalg.lstsq(along.T, np.concatenate(flat, axis=1).T, rcond=None)[0]
    return 2.0 * np.abs(e.martingale - (weights.T @ wide).reshape(e.martingale.shape))
