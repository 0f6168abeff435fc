"""What fits the values that are stated of simulated paths, in words, with the same as data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from sympy import Expr, Mul, Symbol, sympify

from derivations.printing import unicode
from verify.problem import Problem

from .expression_changes import ExpressionChange
from .number_intervals import interval_of, is_sharp, simple_number
from .path_statement import PathFit, PathStatement, number_of
from .path_values import PathValues, stated_name
from .wording import letter

__all__ = [
    "as_data",
    "change_text",
    "formula",
    "measured_text",
    "measured_threshold_line",
    "product_text",
    "said",
]

ALTERNATIVES = 3
"""So many different changes are said; more are not told apart."""

ENOUGH = 3
"""What fits at fewer settings may fit by chance."""

VAGUE = 0.5
"""A factor known no better than that, relative to itself, is no suggestion."""

NONE = 0.1
"""A factor of 0 that is known as well as that says that 0 is right."""

LONGEST = 160

Line: TypeAlias = tuple[str, tuple[Mapping[str, Any], ...]]


def measured_threshold_line(problem: Problem, one: PathValues) -> tuple[str, Mapping[str, Any]]:
    """Where the rate changes its sign, beside where it is claimed to."""
    assert problem.threshold is not None
    ends = (float(one.low[0]), float(one.high[0]))
    path = problem.signature.path
    varied = () if path is None else path.vary
    values = [f"{letter(name)} = {float(one.point[name]):g}" for name in varied]
    what = f"threshold of {letter(problem.threshold.parameter)}"
    what += f" with {', '.join(values)}" if values else ""
    claimed, middle = number_of(one.stated), sum(ends) / 2
    line = f"{what}: claimed {claimed:.6g}, simulated {measured_text(middle, ends)}"
    radius = (ends[1] - ends[0]) / 2
    return line, {"part": what, "claimed": claimed, "measured": middle, "radius": radius}


def said(stated: PathStatement, fits: Sequence[PathFit]) -> Line | None:
    """What fits at all settings, or that they do not tell; None where there is nothing to say."""
    count = len(stated.settings)
    if count == 1 and stated.numbers:
        return _of_one(stated, fits)
    where = f"at all {count} settings" if count > 1 else "at the one setting"
    if not fits:
        if stated.expression is None and not stated.numbers:
            return None
        return (
            f"no one number, sign or power that was tried makes the stated {_noun(stated)} fit "
            f"{where}"
        ), ()
    texts = [fit.text for fit in fits[:ALTERNATIVES]]
    data = tuple({"part": _noun(stated), "settings": count, **fit.data} for fit in fits)
    if len(fits) > ALTERNATIVES:
        line = (
            f"{len(fits)} different changes fit {where}, which do not tell them apart, such as "
            f"{'; '.join(texts)}; {_advice(stated)}"
        )
        return line, ()
    tail = f"; {_advice(stated)}" if len(fits) > 1 or count < ENOUGH else ""
    return f"what fits {where}: {'; or '.join(texts)}{tail}", data


def _of_one(stated: PathStatement, fits: Sequence[PathFit]) -> Line | None:
    """Of one number the factor is said, and the changes that it leaves if it is sharp."""
    (one,) = stated.settings
    base = number_of(one.stated)
    found = interval_of(stated.settings, [0.0], [base]) if base else None
    if found is None:
        return None
    part = _noun(stated)
    data = {
        "part": part,
        "settings": 1,
        "term": "whole",
        "claimed": "1",
        "measured": as_data((found[0] + found[1]) / 2),
        "radius": (found[1] - found[0]) / 2,
    }
    if found[0] <= 0 <= found[1]:
        line = f"what fits at the one setting: 0 in place of the stated {part}; {_advice(stated)}"
        return (line, (data,)) if found[1] - found[0] <= 2 * NONE else None
    if found[1] - found[0] > abs(found[0] + found[1]) * VAGUE:
        return None
    simple = simple_number(*found) if is_sharp(found) else None
    number = (found[0] + found[1]) / 2 if simple is None else simple[0]
    line = (
        f"the factor {measured_text(number, found)} would make it fit; one number cannot tell a "
        f"factor from a power: {_advice(stated)}"
    )
    others = [fit for fit in fits if fit.data["term"] != "whole"]
    if is_sharp(found) and 0 < len(others) <= ALTERNATIVES:
        line += f"; what fits there: {'; or '.join(fit.text for fit in others)}"
    return line, (data,)


def _advice(stated: PathStatement) -> str:
    """What would tell more: a parameter of what is stated at several values."""
    path = stated.problem.signature.path
    assert path is not None
    scalars = (x for x in path.letters if not x.shape and x.family is None)
    letters = {x.name: x for x in scalars if x.name not in path.vary}
    free = [
        name
        for kind in ("parameter", "state")
        for name in stated.kernel.arguments
        if name != "level" and name in letters and letters[name].kind == kind
    ]
    if not free:
        return "more values in vary, or more paths, would tell"
    now = float(stated.settings[0].point[free[0]])
    return f"vary={{{free[0]}: ({now:g}, {2 * now or 1:g})}} would tell more"


def _noun(stated: PathStatement) -> str:
    return {"cdf": "distribution function"}.get(name := str(stated_name(stated.problem)), name)


def change_text(change: ExpressionChange, problem: Problem) -> str:
    """What stands in place of what, and the whole where it is short."""
    old, new = formula(change.old, problem), formula(change.new, problem)
    if change.whole:
        return f"{new} in place of {old}"
    if change.everywhere:
        return f"{new} in place of {old} everywhere"
    n, count = change.place
    place = f" (number {n} of {count} in it)" if count > 1 else ""
    whole = formula(change.expression, problem)
    return f"{new} in place of {old}{place}" + (f", {whole}" if len(whole) <= LONGEST else "")


def formula(expression: Any, problem: Problem) -> str:
    """An expression of a claim as it is printed."""
    return unicode(expression, problem.claim.where)


def product_text(number: Any, found: tuple[float, float], powers: Mapping[str, Fraction]) -> str:
    """A number times powers of letters."""
    factors = [Symbol(name, positive=True) ** sympify(e) for name, e in powers.items()]
    if isinstance(number, Expr):
        return unicode(Mul(number, *factors))
    number_ = measured_text(number, found)
    return f"{number_} {unicode(Mul(*factors))}" if factors else number_


def measured_text(number: Any, found: tuple[float, float]) -> str:
    """A simple number, or a decimal one with its error."""
    if isinstance(number, Expr):
        return unicode(number)
    radius = (found[1] - found[0]) / 2 or abs(number) * 1e-9
    places = min(max(0, 1 - math.floor(math.log10(radius))), 9)
    return f"{number:.{places}f} ± {radius:.1g}".replace("-", "−", 1 if number < 0 else 0)


def as_data(number: Any) -> Any:
    """A number for JSON: a simple one as text."""
    return str(number) if isinstance(number, Expr) else float(number)
