"""Reference values: what the literature states, each with its citation.

A module here holds a constant ``CASES``; `all_cases` finds them.  Every value was typed from the
cited source, or worked out by hand where the case says so, never taken from the engine.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

from tests.reference.case import Case, Covariation

__all__ = ["Case", "Covariation", "all_cases"]


def all_cases() -> tuple[Case | Covariation, ...]:
    """All cases, in the order of their files; refuses two of one name."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}")
        for found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
    ]
    cases = tuple(case for module in modules for case in getattr(module, "CASES", ()))
    twice = [name for name, count in Counter(case.id for case in cases).items() if count > 1]
    if twice:
        raise ValueError(f"reference cases named twice: {', '.join(twice)}")
    return cases
