"""A kernel: one function of named arrays, once for NumPy and once for any number context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numerics.errors import MissingValueError

__all__ = ["Kernel", "Point"]

Point: TypeAlias = Mapping[str, Any]
"""Name -> value of every state, parameter, process, increment, `"t"`, `"dt"`."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """One function printed from a declaration or from a stated or derived form.

    Attributes
    ----------
    name
        What it is: `"increment"`, `"drift"`, `"noise"`, `"observable"`, `"stated_drift"`,
        `"stated_martingale"`, ...
    arguments
        Names of the arguments, in order; they are looked up in a point.
    arrays
        ``arrays(*values)``: NumPy over leading batch axes; matrices are ``(..., r, c)``, scalars
        ``(...)``, index families ``(..., n, r, c)``. Several states come back as a tuple.
    generic
        ``generic(ctx, *values)``: the same in a number context (`numerics.contexts`), unbatched;
        index families are sequences.
    """

    name: str
    arguments: tuple[str, ...]
    arrays: Callable[..., Any]
    generic: Callable[..., Any]

    def __call__(self, point: Point) -> Any:
        """Evaluate in float64 at a (batch of) point(s)."""
        return self.arrays(*self._values(point))

    def in_context(self, ctx: Any, point: Point) -> Any:
        """Evaluate in the number context `ctx` at one point of that context."""
        with ctx.working():
            return self.generic(ctx, *self._values(point))

    def _values(self, point: Point) -> tuple[Any, ...]:
        try:
            return tuple([point[name] for name in self.arguments])
        except KeyError:
            missing = [name for name in self.arguments if name not in point]
        raise MissingValueError(
            f"kernel {self.name!r} needs {', '.join(missing)}, the point only has "
            f"{', '.join(point)}; add the missing values"
        )
