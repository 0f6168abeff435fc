"""A user's Python function of named arrays, whose shapes, values and errors are checked.

Arrays have leading batch axes, states and increments and the time all the same ones: scalars
``(...)``, vectors ``(..., n)``, matrices ``(..., r, c)``; parameters have none.  What the function
returns has the batch axes of what it was given.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from numerics.errors import FunctionError, NoValueError
from numerics.kernel import Kernel

__all__ = ["Function", "constant", "described", "tried"]

Array = NDArray[np.float64]
Shapes = Mapping[str, tuple[int, ...]]

_CLOSE = 1e-9  # relative: one point and the same point in a batch may round differently


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function with the names of its arguments and the shapes that are expected.

    Attributes
    ----------
    what
        What it is for: ``"drift"``, ``"observable"``, ...
    call
        The function itself.
    arguments
        The names of its arguments, in order.
    shapes
        Name -> shape of one point's value; what is not in it has no batch axes.
    value
        Shape of one point's result; None as long as it is not known.
    shown
        The function that people know, if ``call`` is made from it.
    """

    what: str
    call: Callable[..., Any]
    arguments: tuple[str, ...]
    shapes: Shapes
    value: tuple[int, ...] | None = None
    shown: Callable[..., Any] | None = None

    @classmethod
    def of(
        cls,
        what: str,
        call: Callable[..., Any],
        shapes: Shapes,
        known: Iterable[str],
        *,
        renamed: Mapping[str, str] | None = None,
        value: tuple[int, ...] | None = None,
    ) -> Function:
        """The function with the names that its parameters have.

        ``known`` are the names that can be given; ``renamed`` maps a name that the function may
        use to the one that a point has.

        Raises
        ------
        FunctionError
            If a parameter is none of these, or the function does not name its parameters.
        """
        given = {**{name: name for name in known}, **(renamed or {})}
        names = []
        for p in _parameters(what, call, given):
            if p.name in given:
                names.append(given[p.name])
            elif p.default is p.empty:
                raise FunctionError(
                    f"{what}{_line(call)}: its argument {p.name!r} is no name of this claim; "
                    f"there are {', '.join(given)}"
                )
        return cls(what=what, call=call, arguments=tuple(names), shapes=dict(shapes), value=value)

    def kernel(self, name: str) -> Kernel:
        """The function as a kernel: float64 alone, no other number context has a value."""
        return Kernel(name=name, arguments=self.arguments, arrays=self.at, generic=self.no_value)

    def returning(self, value: tuple[int, ...]) -> Function:
        """The function with the shape that its results are to have."""
        return replace(self, value=value)

    def no_value(self, ctx: Any, *values: Any) -> NoReturn:
        """Refuse every other number context."""
        raise NoValueError(f"{self.what} is a Python function of arrays of double precision")

    def at(self, *values: Any) -> Array:
        """The checked result, with all batch axes.

        Raises
        ------
        FunctionError
            If the function raises, or returns no number or another shape.
        """
        given = self.given(values)
        return self.checked(self.called(given), given, self.value)

    def given(self, values: Sequence[Any]) -> list[Any]:
        """The arguments as the function sees them: arrays that it cannot write to."""
        return [x if isinstance(x, int) else _read_only(x) for x in values]

    def checked(
        self, result: Any, given: Sequence[Any], value: tuple[int, ...] | None, of: str = ""
    ) -> Array:
        """A result, or the part of it that is named, as numbers of the shape of ``value``."""
        x = self._numbers(result, given, of)
        if value is None:
            return x
        batch, own = self.batch(given), x.ndim - len(value)
        if x.shape == (*batch, *value):
            return x
        if own >= 0 and x.shape[own:] == value:
            try:
                return np.broadcast_to(x, (*batch, *value))
            except ValueError:
                pass
        raise self.refused(
            f"returned {of}shape {x.shape}, needs {(*batch, *value)}; write it for leading batch "
            "axes: W[..., i, j], A @ B, np.sum(x, axis=-1)",
            given,
        )

    def called(self, given: Sequence[Any]) -> Any:
        """What the function returns, whatever it is."""
        try:
            # What is not finite is looked for, with a message of its own; standard output is for
            # results, and not for what a function prints.
            with np.errstate(all="ignore"), redirect_stdout(sys.stderr):
                return self.call(*given)
        except FunctionError:
            raise
        except Exception as error:
            raise self.refused(
                f"raised {type(error).__name__}: {_short(error)}; mend the function", given
            ) from error

    def _numbers(self, result: Any, given: Sequence[Any], of: str) -> Array:
        """The result as real numbers."""
        try:
            x = np.asarray(result)
            if x.dtype.kind in "buif":
                return x.astype(float)
            kind = "complex numbers" if x.dtype.kind == "c" else f"a {type(result).__name__}"
        except ValueError:
            kind = f"a {type(result).__name__} of unequal rows"
        raise self.refused(f"returned {of}{kind}; return an array of real numbers", given)

    def batch(self, given: Sequence[Any]) -> tuple[int, ...]:
        """The batch axes that the arguments have together."""
        leads = []
        for name, x in zip(self.arguments, given, strict=True):
            if name in self.shapes:
                leads.append(np.shape(x)[: np.ndim(x) - len(self.shapes[name])])
        # Nearly always they are the same, and NumPy's answer takes microseconds.
        first = max(leads, key=len, default=())
        if all(lead == first or not lead for lead in leads):
            return first
        return np.broadcast_shapes(*leads)

    def refused(self, why: str, given: Sequence[Any]) -> FunctionError:
        """An error about a call: what was called with arrays of which shapes, and why it is bad."""
        shown = ", ".join(
            f"{name}: {np.shape(x)}" for name, x in zip(self.arguments, given, strict=True)
        )
        call = self.shown or self.call
        return FunctionError(f"{self.what}{_line(call)}: {_name(call)}({shown}) {why}")


def constant(what: str, value: Any) -> Function:
    """A number or an array in place of a function.

    Raises
    ------
    FunctionError
        If it is neither.
    """
    try:
        x = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise FunctionError(
            f"{what}: got {_short(value)} ({type(value).__name__}); give a Python function of "
            "arrays, or a number"
        ) from None
    return Function(what=what, call=lambda: x, arguments=(), shapes={}, value=x.shape)


def tried(
    function: Function, points: Mapping[str, Any], batch: tuple[int, ...], *, finite: bool = True
) -> Function:
    """The function after a trial at a batch of points and at each of them alone.

    The result at one point gives its shape; all others must have it, be finite, and be the same
    in a batch: a function that mixes the points of a batch is found here.

    Raises
    ------
    FunctionError
        Naming the call and what is wrong with it.
    """
    given = [points[name] for name in function.arguments]
    alone = []
    for index in product(*map(range, batch)):
        one = [
            x[index] if name in function.shapes else x
            for name, x in zip(function.arguments, given, strict=True)
        ]
        alone.append((one, function.at(*one)))
        value = alone[-1][1]
        if function.value is None:
            function = function.returning(value.shape)
        if finite and not np.all(np.isfinite(value)):
            raise function.refused(
                f"returned {_not_finite(value)} at {described(function.arguments, one)}; say where "
                "points lie: within={name: (low, high)} or a condition",
                one,
            )
    together = function.at(*given)
    if function.batch(given) == batch:
        expected = np.stack([value for _, value in alone]).reshape(together.shape)
        size = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)
        near = np.abs(together - expected) <= _CLOSE * size
        if not np.all(near | ~np.isfinite(expected)):
            raise function.refused(
                "gives other values in a batch than at each point alone: it mixes the points, or "
                "draws at random; sum and average over the last axes only",
                given,
            )
    return function


def described(names: Iterable[str], values: Iterable[Any]) -> str:
    """A point in words, large arrays by their shape."""
    parts = []
    for name, x in zip(names, values, strict=True):
        y = np.asarray(x)
        shown = np.array2string(y, precision=4, separator=", ") if y.size <= 6 else f"{y.shape}"
        parts.append(f"{name} = {' '.join(shown.split())}")
    return ", ".join(parts) or "every point"


def _not_finite(value: Array) -> str:
    return "nan" if np.any(np.isnan(value)) else "an infinite value"


def _parameters(what: str, call: Any, given: Iterable[str]) -> list[inspect.Parameter]:
    """The parameters of a function that have to be given, which all have names and places."""
    try:
        found = list(inspect.signature(call).parameters.values())
        # What a keyword alone can give has its default, or cannot be given.
        asked = [p for p in found if p.kind is not p.KEYWORD_ONLY or p.default is p.empty]
        named = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in asked)
    except (TypeError, ValueError):
        asked, named = [], False
    if not named:
        raise FunctionError(
            f"{what}: the arguments of {_name(call)} cannot be told by name; write a function "
            f"(lambda) of some of {', '.join(given)}"
        )
    return asked


def _read_only(x: Any) -> Array:
    seen = np.asarray(x, dtype=float).view()
    seen.flags.writeable = False
    return seen


def _name(call: Any) -> str:
    name = getattr(call, "__name__", type(call).__name__)
    return "f" if name == "<lambda>" else str(name)


def _line(call: Any) -> str:
    code = getattr(call, "__code__", None)
    return "" if code is None else f" (line {code.co_firstlineno})"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else text[:117] + "..."
