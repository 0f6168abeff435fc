"""A drift or a noise as Python functions: one for all states, or one for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.errors import NumericsError
from numerics.function import Function
from numerics.letters import Shape
from numerics.system import Array

__all__ = ["VectorField", "check_linear"]

_LINEAR = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class VectorField:
    """A drift or a noise: one function for all states, or one for each."""

    parts: tuple[Function, ...]
    states: Mapping[str, Shape]
    together: bool

    @classmethod
    def of(
        cls, what: str, given: Any, states: Mapping[str, Shape], function: Callable[..., Function]
    ) -> VectorField:
        """The field as it was given; ``function(what, call)`` makes a `Function` of a part.

        Raises
        ------
        NumericsError
            If states are missing, or a constant has another shape than its state.
        FunctionError
            For a function that cannot be called.
        """
        names = tuple(states)
        if callable(given) and len(names) > 1:
            return cls(parts=(function(what, given),), states=states, together=True)
        if isinstance(given, list | tuple) and len(given) == len(names) > 1:
            given = dict(zip(names, given, strict=True))
        each = given if isinstance(given, Mapping) else {names[0]: given}
        if set(each) != set(names):
            named = isinstance(given, Mapping)
            said = ", ".join(map(str, each)) if named else f"a {type(given).__name__}"
            raise NumericsError(f"{what}: got {said}; give one for each of {', '.join(names)}")
        parts = tuple(_sized(function(f"{what} of {s}", each[s]), states[s]) for s in names)
        return cls(parts=parts, states=states, together=False)

    def __call__(self, point: Mapping[str, Any]) -> tuple[Array, ...]:
        """The field at a batch of points, one array for each state."""
        if not self.together:
            return tuple(f.at(*(point[name] for name in f.arguments)) for f in self.parts)
        (f,) = self.parts
        given = f.given([point[name] for name in f.arguments])
        result = f.called(given)
        return tuple(self._part(result, given, name) for name in self.states)

    def _part(self, result: Any, given: Sequence[Any], state: str) -> Array:
        """What the one function returned for a state."""
        (f,), names = self.parts, list(self.states)
        if isinstance(result, Mapping) and set(result) == set(names):
            part = result[state]
        elif isinstance(result, tuple | list) and len(result) == len(names):
            part = result[names.index(state)]
        else:
            said = f" of {', '.join(map(str, result))}" if isinstance(result, Mapping) else ""
            raise f.refused(
                f"returned a {type(result).__name__}{said}; return a tuple or a mapping of "
                f"{len(names)} values, for {', '.join(names)}",
                given,
            )
        return f.checked(part, given, self.states[state], f"for {state} ")

    def entries(self) -> tuple[Function, ...]:
        """One function for each state."""
        if not self.together:
            return self.parts
        (f,) = self.parts

        def part(state: str) -> Function:
            return replace(
                f,
                call=lambda *given: self._part(f.called(given), given, state),
                what=f"{f.what} of {state}",
                value=self.states[state],
                shown=f.call,
            )

        return tuple(part(state) for state in self.states)


def _sized(f: Function, shape: Shape) -> Function:
    """The part of a state: of its shape, or a constant 0 for all entries."""
    if f.value == () != shape and not f.arguments and float(f.at()) == 0.0:
        return replace(f, call=lambda: np.zeros(shape), value=shape)
    if f.value not in (None, shape):
        raise NumericsError(f"{f.what}: got shape {f.value}, the state has {shape}")
    return f.returning(shape)


def check_linear(f: Function, points: Mapping[str, Any], increments: tuple[str, ...]) -> None:
    """Refuse a function that is not linear in the increments together.

    Raises
    ------
    FunctionError
        If f(u − 2v) is not f(u) − 2f(v).
    """
    v = {name: np.roll(points[name], 1, axis=1) + 0.5 for name in increments}
    mixed = {name: points[name] - 2 * v[name] for name in increments}
    first, second, both = (
        f.at(*({**points, **dB}[name] for name in f.arguments)) for dB in ({}, v, mixed)
    )
    scale = np.max(np.abs(first) + 2 * np.abs(second), initial=0.0)
    if not np.all(np.abs(first - 2 * second - both) <= _LINEAR * scale):
        given = [points[name] for name in f.arguments]
        raise f.refused(f"is not linear in {', '.join(increments)}; give its action on them", given)
