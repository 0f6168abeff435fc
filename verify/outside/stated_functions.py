"""Stated forms that are Python functions: what they may take, their trial, their kernels."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derivations.claim import is_function
from numerics.errors import FunctionError, NumericsError
from numerics.function import Function, constant, tried
from numerics.kernel import Kernel
from numerics.signature import LetterSignature
from numerics.trial import BATCH, trial_points
from numerics.vector_field import check_linear
from verify.errors import ClaimError
from verify.problem import Problem
from verify.sampling import predicates
from verify.sizes import several_sizes

__all__ = ["Ground", "stated_kernels", "tried_ground"]

MOST_SIZES = 4
"""Sizes at which admissible points are looked for."""

LIKE: Mapping[str, str] = {
    "stated_drift": "observable",
    "stated_martingale": "observable",
    "stated_rate": "first",
    "path_law": "path_observable",
}
"""Kernels whose values have the shape of another one's."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What functions of a claim may take, and where they are tried."""

    problem: Problem
    letters: tuple[LetterSignature, ...]
    sizes: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    increments: tuple[str, ...]
    path: bool

    @classmethod
    def of(cls, problem: Problem, *, path: bool, sizes: Mapping[str, int] | None = None) -> Ground:
        """The ground of a problem, at some sizes or the first ones, or of its path check."""
        signature = problem.signature
        setting = signature.path if path else None
        if setting is not None:
            sizes = setting.sizes
        elif sizes is None:
            sizes = next(iter(several_sizes(signature, 1)), {})
        letters = problem.letters() if setting is None else setting.letters
        systems = signature.systems if setting is None else setting.systems
        states = {x.name: x.shape_at(sizes) for x in letters if x.kind == "state"}
        noises = [
            B for name, s in systems.items() if name in ("declared", "path") for B in s.noises
        ]
        moved = {f"d{B.name}": B.shape_at(sizes) for B in noises}
        return cls(
            problem=problem,
            letters=tuple(x for x in letters if x.kind in ("state", "parameter", "process")),
            sizes=sizes,
            shapes={**states, **moved, "t": (), "level": ()},
            increments=tuple(moved),
            path=path,
        )

    @property
    def fixed(self) -> bool:
        """Whether there is one size, at which all values have the shape of the trial."""
        return self.path or not self.problem.signature.dimensions

    def function(
        self, what: str, call: Any, *, more: Mapping[str, Any] | None = None, **options: Any
    ) -> Function:
        """A function of a point of this ground."""
        names = [x.name for x in self.letters]
        shapes = {**self.shapes, **(more or {})}
        known = (*names, *self.sizes, "t", *(more or {}))
        return Function.of(what, call, shapes, known, **options)

    def points(self) -> dict[str, Any]:
        """The batch of points of the trial."""
        met = {} if self.path and self.problem.signature.systems else predicates(self.problem)
        return trial_points(
            self.letters,
            self.sizes,
            met,
            increments={name: self.shapes[name] for name in self.increments},
            spectra=self.problem.signature.spectra,
        )


def stated_kernels(problem: Problem, stated: Mapping[str, Any], *, path: bool) -> dict[str, Kernel]:
    """The kernels of functions and, of a numeric system, of the numbers that stand for some."""
    ground, points = tried_ground(problem, path=path)
    found = dict[str, Function]()
    kernels: dict[str, Kernel] = {}
    for name, value in stated.items():
        what = name.removeprefix("path_").removeprefix("stated_").replace("_", " ")
        if not is_function(value):
            if name in problem.kernels:
                continue  # printed from an expression
            _check_number(what, value)
            f = constant(what, value)
        else:
            f = ground.function(what, value, more=_more(name, found, points, ground))
        f = _tried(ground, f, name, found, points)
        found[name] = f
        kernels[name] = (f if ground.fixed else replace(f, value=None)).kernel(name)
    return kernels


def tried_ground(problem: Problem, *, path: bool) -> tuple[Ground, dict[str, Any]]:
    """The first ground that has admissible points (X X' is definite at none with fewer columns).

    Raises
    ------
    NumericsError
        If none has any: what is said of the first.
    """
    first = Ground.of(problem, path=path)
    try:
        return first, first.points()
    except NumericsError:
        for sizes in () if path else several_sizes(problem.signature, MOST_SIZES)[1:]:
            ground = Ground.of(problem, path=path, sizes=sizes)
            with suppress(NumericsError):
                return ground, ground.points()
        raise


def _check_number(what: str, value: Any) -> None:
    if type(value).__module__.startswith(("sympy", "derivations")) and not value.is_number:
        raise ClaimError(
            f"{what}: {value} is symbolic, beside a system of Python functions; give a function"
        )
    if value is None:
        raise ClaimError(f"{what}: missing; give a function or a number")


def _more(
    name: str, found: Mapping[str, Function], points: dict[str, Any], ground: Ground
) -> dict[str, tuple[int, ...]]:
    """What a stated form may take beside a point: increments, a level, a value at time 0."""
    if name == "stated_martingale":
        return {B: ground.shapes[B] for B in ground.increments}
    observed = found.get("path_observable")
    if observed is not None:
        value = observed.at(*(points[key] for key in observed.arguments))
        if name == "path_law":
            points["initial"] = value
            return {"initial": observed.value or ()}
        if name == "path_cdf":
            points["level"] = value
            return {"level": ()}
    if name == "path_cdf":
        points["level"] = np.linspace(0.5, 1.5, int(np.prod(BATCH))).reshape(BATCH)
        return {"level": ()}
    return {}


def _tried(
    ground: Ground,
    f: Function,
    name: str,
    found: Mapping[str, Function],
    points: Mapping[str, Any],
) -> Function:
    """The function after its trial, with the shape that its values have."""
    claims_paths = ground.path and "path_law" not in name and not ground.problem.signature.systems
    if name == "rate" or claims_paths:
        f = _shaped(f, ())
    like = found.get("observable" if name.startswith("term_") else LIKE.get(name, ""))
    if like is not None and like.value is not None:
        f = _shaped(f, like.value)
    f = tried(f, points, BATCH, finite=name != "path_density")
    if name == "stated_martingale":
        if not f.arguments and np.any(f.at()):
            raise FunctionError(f"martingale: got {f.at()}; give a function of dB")
        check_linear(f, points, ground.increments)
    return f


def _shaped(f: Function, shape: tuple[int, ...]) -> Function:
    """The function that is to return this shape; a number stands for all entries."""
    if not f.arguments and f.value is not None:
        if f.value not in ((), shape):
            raise FunctionError(f"{f.what}: got shape {f.value}, the observable has {shape}")
        return f
    return f.returning(shape)
