"""Errors that tell of bad input, in a line for people, and those that are defects."""

from __future__ import annotations

__all__ = ["PACKAGES", "is_bad_input"]

PACKAGES = ("verify", "derivations", "numerics")
"""Those of this project that are loaded whenever a claim is judged."""


def is_bad_input(error: BaseException) -> bool:
    """Whether the error is one of the three packages' own: bad input and no defect.

    >>> from verify.errors import UsageError
    >>> is_bad_input(UsageError("seed=-1: give 0 or more")), is_bad_input(ValueError("of NumPy"))
    (True, False)
    """
    return any(kind.__module__.partition(".")[0] in PACKAGES for kind in type(error).__mro__)
