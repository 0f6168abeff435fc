"""Where differentials may stand in what a claim states: in the martingale part, linear in dB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from sympy import Basic, Integer, MatrixBase

from derivations.errors import DerivationError
from derivations.expressions import is_zero
from derivations.sde import MatrixSDE, increments_of, linear_part
from derivations.symbols import Brownian, dt
from verify.errors import ClaimError

__all__ = ["check_differentials", "stated"]

MARTINGALE = "martingale"

UNREAD = frozenset({"sde", "changed", "where", "assumptions", "mutants", MARTINGALE})
"""Fields in which differentials may stand, or that state nothing."""

RATES = {
    "drift": "it is the factor of dt in df = drift dt + martingale",
    "shown": "it is the drift, the factor of dt",
    "terms": "they are parts of the drift, the factor of dt",
    "rate": "it is the factor of dt",
    "matrix": "it is the factor of dt in dE[m] = matrix E[m] dt",
    "right": "it is what stands beside a derivative with respect to t",
}
"""Fields that people write with dt, as papers do."""


def check_differentials(claim: Any) -> None:
    """Refuse a claim with dt or dB in what is a number, or a martingale part not linear in dB.

    Raises
    ------
    ClaimError
        Naming the field and the differential.
    """
    for place, value in stated("", claim):
        found = sorted(map(str, increments_of(value)))
        if not found:
            continue
        name = place.removeprefix("path.").removeprefix("algorithm.")
        why = RATES.get(name, "a differential is no number")
        if str(dt) not in found and name in ("drift", "shown", "terms"):
            why = "what has it belongs to the martingale part"
        raise ClaimError(f"{place}: leave out {' and '.join(found)}; {why}")
    if isinstance(getattr(claim, "sde", None), MatrixSDE):
        _check_martingale(_symbolic(getattr(claim, MARTINGALE, 0)))


def _check_martingale(value: Any) -> None:
    if isinstance(value, Brownian):
        raise ClaimError(f"{MARTINGALE}: got {value!r} itself; write {value.name}.d")
    if not isinstance(value, Basic) or is_zero(value):
        return
    noises = increments_of(value) - {dt}
    if dt in increments_of(value):
        raise ClaimError(f"{MARTINGALE}: leave out dt; what has it belongs to the drift")
    if not noises:
        raise ClaimError(f"{MARTINGALE}: {value} has no differential; multiply it by one, as B.d")
    try:
        linear_part(value, noises)
    except DerivationError as error:
        raise ClaimError(f"{MARTINGALE}: {error}") from None


def _symbolic(value: Any) -> Any:
    return Integer(1) * value if isinstance(value, int | float) else value


def stated(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The expressions in a value, each with the name of the field that it is in."""
    if isinstance(value, Brownian):
        raise ClaimError(f"{place}: got {value!r} itself; its differential is {value.name}.d")
    if isinstance(value, Basic):
        yield place, value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name not in UNREAD:
                below = f"{place}.{field.name}" if place in ("path", "algorithm") else ""
                named = below or (place if place else field.name)
                yield from stated(named, getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from stated(place, item)
    elif isinstance(value, list | tuple | MatrixBase):
        for item in value:
            yield from stated(place, item)
