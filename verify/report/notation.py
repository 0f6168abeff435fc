"""Numbers within words, as they are set: powers of ten, and a true minus."""

from __future__ import annotations

import re

from verify.charts.svg import power_of_ten

__all__ = ["set_numbers"]

_POWER = re.compile(r"(?<![\w.])(?<!\w-)(\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})(?!\w|\.\d)")
_MINUS = re.compile(r"(?<=[\s(\[=,/^|±·×])-(?=[\w(.√∞])|^-(?=[\d.√∞])|(?<=\s)-(?=\s)")
_RELATION = re.compile(r"(?<![<>=!])[<>]=(?!=)")


def set_numbers(text: str) -> str:
    """A text with its numbers and relations in one notation; names and options stay as they are.

    >>> set_numbers("difference -3.7e-12 ± 1e-10, one-step, -2 a - b, --tier x-1e5, f >= 0")
    'difference −3.7·10⁻¹² ± 10⁻¹⁰, one-step, −2 a − b, --tier x-1e5, f ≥ 0'
    """
    return _RELATION.sub(_related, _MINUS.sub("−", _POWER.sub(_raised, text)))


def _related(found: re.Match[str]) -> str:
    return {">=": "≥", "<=": "≤"}[found.group()]


def _raised(found: re.Match[str]) -> str:
    mantissa, power = found.groups()
    raised = power_of_ten(int(power))
    return raised if float(mantissa) == 1 else f"{mantissa}·{raised}"
