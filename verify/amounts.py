"""Amounts in words: how many of something, how many per cent, on which side of zero."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SIGNS", "counted", "percent"]

_LEAST = 1e-5

SIGNS: Mapping[int, str] = MappingProxyType({-1: "< 0", 0: "= 0", 1: "> 0"})
"""A sign in words."""


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "point"), counted(2500, "draw")
    ('1 point', '2,500 draws')
    """
    return f"{number:,} {noun}" + "s" * (number != 1)


def percent(share: float) -> str:
    """A share of 1 in per cent, in few letters.

    >>> [percent(x) for x in (0.1, 0.0034, 2.5, 1e-11, 0.0)]
    ['10 %', '0.3 %', '250 %', 'below 0.001 %', '0 %']
    """
    if 0 < abs(share) < _LEAST:
        return f"below {100 * _LEAST:g} %"
    if abs(share) < 0.0095:
        return f"{100 * share:.1g} %"
    return f"{100 * share:,.0f} %"
