"""Whether a limit of f(X_t)/t is that of almost all paths, and of how few paths nothing is said.

A limit that holds almost surely is one of all paths.  A finite number of them shows it of all but
a share, with a bound for every law; and of a path at the horizon it shows how far off it is, not
where it will come to: that follows from how the outermost paths came nearer, like noise that is
forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.amounts import percent

from .rates import Rate

__all__ = ["APART", "LATER", "all_but", "paths_wanted", "unseen", "unseen_sign", "what_parts"]

LATER = "no number of paths would settle it, a longer horizon may"

APART = f"the limit may differ from path to path; {LATER}"

FAR = 4.0
"""All paths but the unseen share come as near to a limit as so many times the relevant error."""


def what_parts(rate: Rate, difference: float, relevant: float) -> str:
    """What keeps the limit from being that of almost all paths; empty if nothing is seen.

    ``difference`` is how far the median is from what is stated.
    """
    apart = rate.outer.apart(*_band(difference, relevant))
    if apart:
        return f"{percent(apart)} of the paths stay away from the median: {APART}"
    if rate.loses:
        return f"on {percent(rate.lost)} of the paths f(X_t) is no number; {LATER}"
    if rate.outer.reach(-difference) > FAR * relevant:
        return f"some paths are off by more than {FAR:g} times the relevant error; {LATER}"
    return ""


def paths_wanted(rate: Rate, difference: float, relevant: float) -> float:
    """How many times the paths show that no more than a few part from the stated limit.

    1 where the median is farther from it than that, or nothing is known.
    """
    if not abs(difference) < relevant or not rate.outer.seen:
        return 1.0
    return rate.outer.more(*_band(difference, relevant))


def _band(difference: float, relevant: float) -> tuple[float, float]:
    """What counts as the stated limit, less the median."""
    return -relevant - difference, relevant - difference


def unseen(rate: Rate, difference: float) -> dict[str, float]:
    """The share of paths of which nothing is said, and how far off the others are at most."""
    return {"unseen share": rate.outer.shares[1], "others within": rate.outer.reach(-difference)}


def all_but(numbers: Mapping[str, Any]) -> str:
    """What is said of single paths where a limit agrees."""
    share, within = numbers["unseen share"], numbers["others within"]
    return (
        f"all but a share of at most {percent(share)} of the paths are within ±{within:.2g} of the "
        "stated limit over (T/3, T), and it is taken that they come nearer like 1/√t; of fewer "
        "paths with another limit nothing is said"
    )


def unseen_sign(rate: Rate) -> str:
    """What is said of single paths where a sign agrees."""
    return (
        f"of a share of at most {percent(rate.outer.shares[0])} of the paths with a limit of "
        "another sign nothing is said"
    )
