"""Whether a limit of f(X_t)/t is that of almost all paths, and of how few paths nothing is said.

A limit that holds almost surely is one of all paths.  A finite number of them shows it of all but
a share, with a bound for every law; and of a path at the horizon it shows how far off it is, not
where it will come to: that follows from how the outermost paths came nearer, like noise that is
forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from verify.amounts import percent
from verify.planning import Estimate

from .rates import Rate

__all__ = [
    "APART",
    "FINER",
    "LATER",
    "all_but",
    "paths_wanted",
    "unseen",
    "unseen_sign",
    "what_parts",
]

LATER = "no number of paths would settle it, a longer horizon may"

FINER = "finer steps may settle it"

APART = f"the limit may differ from path to path; {LATER}"

FAR = 4.0
"""The 1 % and 99 % quantiles come as near to a limit as so many times the relevant error."""


def most_lost(rate: Rate) -> str:
    """That most paths have no values; empty if they have."""
    if rate.lost < 0.5:
        return ""
    return (
        f"f(X_t) is no number on {percent(rate.lost)} of the paths: they leave the domain of the "
        "system, or of floating-point numbers; give a shorter horizon"
    )


def what_parts(rate: Rate, difference: float, relevant: float) -> str:
    """What keeps the limit from being that of almost all paths; empty if nothing is seen.

    ``difference`` is how far the median is from what is stated.
    """
    if rate.loses:
        return f"f(X_t) is no number on {percent(rate.lost)} of the paths; {FINER}"
    apart = rate.outer.apart(*_band(difference, relevant))
    if apart:
        return f"{percent(apart)} of the paths stay away from the median: {APART}"
    if rate.outer.reach(-difference)[0] > FAR * relevant:
        return f"some paths are off by more than {FAR:g} times the relevant error; {LATER}"
    return ""


def of_all(rate: Rate, difference: Estimate, relevant: float) -> tuple[Estimate, str]:
    """What the median agrees to, wider where single paths leave it open, and why they do."""
    why = what_parts(rate, difference.value, relevant)
    if why:
        return replace(difference, bias=max(difference.bias, relevant)), why
    if paths_wanted(rate, difference.value, relevant) > 1:
        return replace(difference, half_width=relevant + difference.half_width), ""
    return difference, ""


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
    return {"unseen share": rate.outer.shares[1], "others within": rate.outer.reach(-difference)[1]}


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
