"""How often Python looks for garbage.

Expressions are many small objects that live long, and Python looks through all of them again and
again for cycles that nothing refers to, of which there are hardly any: a fifth of the time of a
derivation.
"""

from __future__ import annotations

import gc

__all__ = ["look_rarely"]


def look_rarely() -> None:
    """Look for garbage less often, in this process; for programs, not for a user's own process."""
    gc.set_threshold(10_000, 10, 50)
