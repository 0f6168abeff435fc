"""Itô calculus on matrices of symbolic size: declare, derive, state.

>>> from derivations import Brownian, MatrixSDE, State, dims, dt, positive, tr
>>> n = dims("n")
>>> X, B, a = State("X", n, n), Brownian("B", n, n), positive("a")
>>> MatrixSDE({X: -a * X * dt + B.d}).d(tr(X * X.T)).drift
n**2 - 2*a*Trace(X*X.T)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .public import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        # SymPy takes most of a second to load: what reads generated files alone goes without it.
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            found = getattr(import_module(f"{__name__}.public"), name)
        except AttributeError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        globals()[name] = found
        return found
