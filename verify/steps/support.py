"""Values that draws take, in place of random ones: a point is one outcome of a step.

A draw stands in a point like any other letter and gets a random number there.  Signs keep its sign;
weights become those of one minibatch, of the samples with the largest numbers, or with replacement
of samples that depend on the numbers alone.  What is a value of its law already stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from numerics.draws import Draw
from numerics.errors import NotAdmissibleError, NumericsError
from numerics.system import Array
from verify.problem import Problem

from .checks import draws_of

__all__ = ["on_support"]


def on_support(
    problem: Problem, sizes: Mapping[str, int], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Nested lists of fractions for every finite draw of a claim about a step.

    Parameters
    ----------
    problem : Problem
    sizes : mapping
    values : mapping
        The numbers that draws have at a point, as arrays.

    Raises
    ------
    NotAdmissibleError
        If there is no such minibatch at these sizes.
    """
    if problem.step is None:
        return {}
    try:
        draws = draws_of(problem, sizes)
    except NumericsError as error:
        raise NotAdmissibleError(f"{error}; draw another point") from error
    return {d.name: _value(d, np.asarray(values[d.name], dtype=float)) for d in _finite(draws)
            if d.name in values}  # fmt: skip


def _finite(draws: tuple[Draw, ...]) -> list[Draw]:
    return [d for d in draws if d.law != "gaussian"]


def _value(d: Draw, x: Array) -> Any:
    if d.law == "two-point":
        return _fractions(np.where(x < 0, -1, 1))
    n, b = d.shape[0], d.batch
    counts = np.rint(x * b / n).astype(int)
    drawn = np.allclose(counts * n / b, x) and counts.sum() == b and counts.min() >= 0
    if not drawn or (not d.replacement and counts.max() > 1):
        order = np.argsort(-x, kind="stable")[:b]
        chosen = Random(str(x.tolist())).choices(range(n), k=b) if d.replacement else order
        counts = np.bincount(np.asarray(chosen), minlength=n)
    return [Fraction(n * int(c), b) for c in counts]


def _fractions(x: Any) -> Any:
    return [_fractions(part) for part in x] if np.ndim(x) else Fraction(int(x))
