"""What a path check simulates: the start, the parameters and the system, as numbers.

Values that a claim leaves open are drawn with few digits, and named in what is said of the paths,
so that a reader can put them into the claim and check by hand.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.contexts import RationalContext
from numerics.declared import DeclaredSystem
from numerics.points import meets
from numerics.signature import LetterSignature, PathSignature
from numerics.system import Array, System
from verify.planning import Plan
from verify.problem import Problem
from verify.systems import as_numbers

__all__ = ["as_drawn", "drawn_values", "number", "simulated_system", "starting_values", "unmet"]

VALUED = ("state", "parameter", "process")

DIGITS = 2
"""Decimals of drawn values; more where a range is narrow."""

ENTRIES = 6
"""A vector or a matrix with more entries is named without them."""


def number(value: Any) -> Any:
    """A number, a text such as '1/8', rows of them, or an array, as floats."""
    if isinstance(value, tuple):
        return np.array([number(part) for part in value])
    if isinstance(value, int | float | np.ndarray):
        return np.asarray(value, dtype=float)
    return np.asarray(float(Fraction(str(value))))


def starting_values(setting: PathSignature, plan: Plan) -> dict[str, Any]:
    """Start and parameters: as the claim gives them, else drawn once from the seed."""
    point: dict[str, Any] = dict(setting.sizes)
    for letter in setting.letters:
        if letter.kind in VALUED:
            given = setting.values.get(letter.name)
            rng = plan.generator(f"value of {letter.name}")
            drawn = _drawn(letter, letter.shape_at(setting.sizes), rng)
            point[letter.name] = drawn if given is None else number(given)
    return point


def drawn_values(setting: PathSignature, point: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the starting values that were drawn, since the claim leaves them open."""
    return {
        x.name: point[x.name]
        for x in setting.letters
        if x.kind in VALUED and x.name not in setting.values and not x.fixed
    }


def as_drawn(drawn: Mapping[str, Any], states: Collection[str]) -> str:
    """Drawn values as they are named, ``"a = 0.83, y(0) = 0.4 as drawn"``; empty without any."""
    named = [_said(f"{name}(0)" if name in states else name, x) for name, x in drawn.items()]
    return f"{', '.join(named)} as drawn" if named else ""


def _said(name: str, value: Any) -> str:
    x = np.asarray(value, dtype=float)
    many = f"a {' × '.join(map(str, x.shape))} array"
    return f"{name} = {many if x.size > ENTRIES else _nested(x.tolist())}"


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_nested, value))}]"
    return f"{value:g}"


def unmet(problem: Problem, point: Mapping[str, Any]) -> list[str]:
    """The conditions on values that the start fails; those on letters it lacks are not its own."""
    ctx, failed = RationalContext(), []
    for condition in problem.signature.conditions:
        kernel = problem.kernels.get(condition.kernel or "")
        if condition.predicate is None or kernel is None:
            continue
        if all(name in point for name in kernel.arguments):
            exact = {name: _exactly(ctx, point[name]) for name in kernel.arguments}
            if not meets(ctx, condition.predicate, kernel.in_context(ctx, exact)):
                failed.append(condition.text)
    return failed


def _exactly(ctx: RationalContext, value: Any) -> Any:
    """Floats as the rationals that they are; dimensions stay integers."""
    if isinstance(value, int):
        return value
    entries = np.asarray(value, dtype=float)
    if entries.ndim == 0:
        return ctx.rational(*float(entries).as_integer_ratio())
    if entries.ndim == 2:
        return ctx.matrix([[_exactly(ctx, x) for x in row] for row in entries])
    return [_exactly(ctx, x) for x in entries]


def _drawn(letter: LetterSignature, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    if letter.within is not None:
        low, high = (np.asarray(x, dtype=float) for x in letter.within)
        room = float(np.min(high - low, where=high > low, initial=1.0))
        digits = DIGITS + max(0, math.ceil(-math.log10(room) - 1e-9))
        unit = np.minimum(10.0**-digits, (high - low) / 2)
        # Never an end of the range: the system may stop there.
        return np.clip(np.round(rng.uniform(low, high, shape), digits), low + unit, high - unit)
    if "positive" in letter.facts:
        return np.round(rng.uniform(0.5, 2.0, shape), DIGITS)
    A = np.round(rng.standard_normal(shape), DIGITS)
    A = np.where(A == 0.0, 10.0**-DIGITS, A)
    if "positive_definite" in letter.facts:
        return np.asarray(A @ A.swapaxes(-1, -2) / shape[-1] + 0.5 * np.eye(shape[-1]))
    if "symmetric" in letter.facts:
        return np.asarray((A + A.swapaxes(-1, -2)) / 2)
    return np.asarray(A)


def simulated_system(problem: Problem, setting: PathSignature, point: Mapping[str, Any]) -> System:
    """The system of the path check with the values of a point."""
    # Label noise comes from its exact small law where it has one.
    name = "path_reduced" if "path_reduced" in setting.systems else "path"
    declared = DeclaredSystem.from_signature(setting.systems[name], problem.kernels, setting.sizes)
    return replace(as_numbers(declared, point), paths_last=True)
