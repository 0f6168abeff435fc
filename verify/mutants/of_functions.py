"""Wrong versions of a claim of Python functions: what is stated, changed in one way each.

There is no term to change in a function, so that its value is: a factor, a sign, what is added.  A
change that leaves the values at the points of the trial as they are is none, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

import numpy as np

from derivations.claim import is_function
from derivations.mutation import SIGNS, GeneratedMutant
from verify.loading import compiled
from verify.outside.stated_functions import tried_ground
from verify.problem import Problem

__all__ = ["function_mutants"]

STATED: Mapping[str, str] = {
    "drift": "stated_drift",
    "martingale": "stated_martingale",
    "rate": "stated_rate",
    "right": "right",
    "value": "path_value",
    "probability": "path_probability",
    "cdf": "path_cdf",
}
"""Field -> its kernel; a time change has its rate under its own name."""

KINDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "factor": ("twice", lambda value: 2 * value),
    "sign": ("with the other sign", lambda value: -value),
    "missing": ("left out", lambda value: 0 * value),
    "added": ("and one more", lambda value: value + 1),
}


def function_mutants(claim: Any) -> tuple[GeneratedMutant, ...]:
    """The wrong versions of a claim of functions, each of one field."""
    problem = compiled(claim)
    found = [mutant for field in STATED for mutant in _of_field(claim, problem, field)]
    if hasattr(claim, "sign"):
        changes = {"sign": SIGNS[claim.sign]}
        found.append(_mutant("sign", "sign", "sign: the other", changes))
    return tuple(found)


def _mutant(field: str, kind: str, name: str, changes: Mapping[str, Any]) -> GeneratedMutant:
    return GeneratedMutant(name=name, mistake=kind, changes=changes, field=field, kind=kind)


def _of_field(claim: Any, problem: Problem, field: str) -> Iterator[GeneratedMutant]:
    stated: Any = getattr(claim, field, None)
    if not is_function(stated):
        return
    kernel = "rate" if claim.kind == "time change" else STATED[field]
    value = _value(problem, kernel)
    for kind, (words, change) in KINDS.items():
        # One more is no linear function of the increments, and no law is twice or below zero.
        if kind == "added" and field == "martingale":
            continue
        if field in ("cdf", "probability") and kind != "missing":
            continue
        if np.any(change(value) != value):
            yield _mutant(field, kind, f"{field}, {words}", {field: _changed(stated, change)})


def _value(problem: Problem, name: str) -> Any:
    """The values of a stated form at the points of the trial."""
    path = name.startswith("path_")
    ground, found = tried_ground(problem, path=path)
    points = {**found, **ground.sizes}
    kernel = problem.kernel(name)
    if "level" in kernel.arguments:
        points["level"] = problem.kernel("path_observable")(points)
    return np.asarray(kernel(points))


def _changed(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function of the same arguments with another value."""

    @wraps(function)
    def wrong(*values: Any) -> Any:
        return change(np.asarray(function(*values)))

    return wrong
