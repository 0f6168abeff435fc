"""Errors that tell of bad input, in a line for people, and those that are defects."""

from __future__ import annotations

import errno

__all__ = ["PACKAGES", "is_bad_input", "line_of"]

PACKAGES = ("verify", "derivations", "numerics")
"""Those of this project that are loaded whenever a claim is judged."""

REFUSALS = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.ENAMETOOLONG, errno.ENOSPC, errno.EPERM, errno.EROFS}
)
"""What a system says no to: a name too long, a place that is not the user's, a full disk."""


def is_bad_input(error: BaseException) -> bool:
    """Whether the error is one of the three packages' own: bad input and no defect.

    >>> from verify.errors import UsageError
    >>> is_bad_input(UsageError("seed=-1: give 0 or more")), is_bad_input(ValueError("of NumPy"))
    (True, False)
    """
    return any(kind.__module__.partition(".")[0] in PACKAGES for kind in type(error).__mro__)


def line_of(error: ValueError | OSError) -> str:
    """What people are told of bad input, or of a file that the system refuses; empty for a defect.

    >>> line_of(OSError(36, "File name too long", "claims.py"))
    'claims.py: cannot be used (File name too long)'
    >>> line_of(OSError(9, "Bad file descriptor")), line_of(ValueError("of NumPy"))
    ('', '')
    """
    if isinstance(error, OSError):
        refused = error.errno in REFUSALS and error.filename is not None
        return f"{error.filename}: cannot be used ({error.strerror})" if refused else ""
    return str(error) if is_bad_input(error) else ""
