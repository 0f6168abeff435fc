"""What a path check simulates: the start, the parameters and the system, as numbers."""

from __future__ import annotations

from collections.abc import Mapping
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

__all__ = ["number", "simulated_system", "starting_values", "unmet"]


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
        if letter.kind in ("state", "parameter", "process"):
            given = setting.values.get(letter.name)
            rng = plan.generator(f"value of {letter.name}")
            drawn = _drawn(letter, letter.shape_at(setting.sizes), rng)
            point[letter.name] = drawn if given is None else number(given)
    return point


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
        return np.asarray(rng.uniform(low, high, shape))
    if "positive" in letter.facts:
        return np.asarray(rng.uniform(0.5, 2.0, shape))
    A = rng.standard_normal(shape)
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
