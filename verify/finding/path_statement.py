"""A value that is stated of simulated paths: as an expression if it is one, and at other points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr, sympify

from derivations.codegen.stated_parts import TermPrinter
from derivations.errors import DerivationError
from numerics.kernel import Kernel
from verify.problem import Problem

from .path_values import PathValues, stated_name

__all__ = ["PathFit", "PathStatement", "number_of", "statement_of", "value_at"]

PART_OF_LEVELS = 0.7
"""The level at which functions are compared: in the middle many have the same value."""


@dataclass(frozen=True, kw_only=True)
class PathFit:
    """A change that fits: in words, and with its values away from the settings."""

    text: str
    cost: float
    elsewhere: tuple[float, ...]
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PathStatement:
    """What is stated, as an expression if it is one, with everything that was measured."""

    problem: Problem
    settings: tuple[PathValues, ...]
    elsewhere: tuple[Mapping[str, Any], ...]
    expression: Any

    @property
    def kernel(self) -> Kernel:
        """The function that is stated."""
        return self.problem.kernel(f"path_{stated_name(self.problem)}")

    @property
    def numbers(self) -> bool:
        """Whether numbers are stated, and no distribution function."""
        return self.problem.kind != "law"

    def compiled(self, expressions: Sequence[Any]) -> tuple[Kernel | None, ...]:
        """The kernels of expressions; None for one that has no kernel."""
        printer = TermPrinter.of(self.problem.claim, {})
        try:
            names = [printer.name(x) for x in expressions]
            kernels = printer.kernels()
        except DerivationError:
            if len(expressions) == 1:
                return (None,)
            half = len(expressions) // 2
            return (*self.compiled(expressions[:half]), *self.compiled(expressions[half:]))
        return tuple(kernels[name] for name in names)


def statement_of(problem: Problem, measured: tuple[PathValues, ...]) -> PathStatement:
    """What a problem states, with the settings at which it was measured."""
    name, claim = stated_name(problem), problem.claim
    given = getattr(claim, str(name), None)
    expression = None if given is None or callable(given) else sympify(given)
    symbolic = isinstance(expression, Expr) and not expression.is_number
    return PathStatement(
        problem=problem,
        settings=measured,
        elsewhere=_elsewhere(measured[0].point),
        expression=expression if symbolic else None,
    )


def _elsewhere(point: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Points beside a setting; what is 0 there gets the unit, and the smallest size of the rest.

    With one of both a state that is 0 is neither all that matters nor nothing.
    """
    start = {
        name: np.quantile(x, PART_OF_LEVELS) if name == "level" else x for name, x in point.items()
    }
    sizes = [np.abs(x).ravel() for x in start.values() if not isinstance(x, int)]
    positive = [float(x) for x in np.concatenate([np.ones(1), *sizes]) if x > 0]
    units = dict.fromkeys((1.0, min(positive)))
    return tuple(_moved(start, turn, unit) for turn in range(2) for unit in units)


def _moved(point: Mapping[str, Any], turn: int, unit: float) -> dict[str, Any]:
    """A point at which no two letters have the same value, and none is 0 or 1."""
    found: dict[str, Any] = {}
    for n, name in enumerate(sorted(point)):
        if isinstance(x := point[name], int):
            found[name] = x
            continue
        x = np.asarray(x, dtype=float)
        beside = 0.011 * (n + 1 + turn) * np.where(x == 0, unit, np.abs(x))
        found[name] = x * (1.13 + 0.07 * n + 0.19 * turn) + beside
    return found


def value_at(kernel: Kernel | None, point: Mapping[str, Any]) -> Any:
    """The value of a kernel; not a number where it has none."""
    if kernel is None:
        return np.asarray(math.nan)
    try:
        with np.errstate(all="ignore"):
            return np.asarray(kernel(point), dtype=float)
    except (ArithmeticError, TypeError, ValueError, np.linalg.LinAlgError):
        return np.asarray(math.nan)


def number_of(x: Any) -> float:
    """The first number of an array."""
    return float(np.ravel(x)[0]) if np.size(x) else math.nan
