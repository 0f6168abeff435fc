"""The Itô table for the noises of a system, as a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Identity

from .printing import unicode
from .sde import MatrixSDE
from .symbols import MatrixIncrement, ScalarIncrement

__all__ = ["table_of"]


def table_of(sde: Any) -> str:
    """What the products of the noises of a system are; empty where it is not said in a line.

    Examples
    --------
    >>> from derivations import Brownian, MatrixSDE, State
    >>> x, b = State("x"), Brownian("b")
    >>> table_of(MatrixSDE({x: x * b.d}))
    'Here: (db)² = dt.'
    """
    if not isinstance(sde, MatrixSDE) or sde.correlation:
        return ""
    noises = sde.noises
    said = [line for noise in noises for line in _lines(noise)]
    if not said or not all(isinstance(n, MatrixIncrement | ScalarIncrement) for n in noises):
        return ""
    apart = "; products of two different noises are 0" if len(noises) > 1 else ""
    return f"Here: {', '.join(said)}{apart}."


def _lines(noise: Any) -> Iterator[str]:
    name = unicode(noise)
    if isinstance(noise, ScalarIncrement):
        yield f"({name})² = dt"
    elif isinstance(noise, MatrixIncrement):
        rows, columns = noise.row_covariance, noise.column_covariance
        across = "A" if isinstance(columns, Identity) else f"A {unicode(columns)}"
        along = "A" if isinstance(rows, Identity) else f"A {unicode(rows)}"
        outer = "I" if isinstance(rows, Identity) else unicode(rows)
        inner = "I" if isinstance(columns, Identity) else unicode(columns)
        yield f"{name} A {name}' = tr({across}) {outer} dt"
        yield f"{name}' A {name} = tr({along}) {inner} dt"
