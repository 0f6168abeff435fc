"""Which change of a value that is stated of paths fits what was measured at every setting.

Tried are one factor, a factor with powers of the parameters that vary, the number in front of each
term, and simple changes anywhere in the expression.  What comes out is a suggestion from measured
numbers: where several different changes fit, all are said, or that the settings do not tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
from sympy import Mul, Symbol, sympify

from derivations.printing import unicode
from derivations.stated_terms import LEVELS, stated_terms
from verify.planning import Plan
from verify.problem import Problem
from verify.verdict import Evidence

from .expression_changes import ExpressionChange, expression_changes
from .finding import Finding
from .number_intervals import interval_of, likely
from .path_statement import PathFit, PathStatement, number_of, statement_of, value_at
from .path_values import PathValues, path_values
from .path_wording import (
    as_data,
    change_text,
    formula,
    measured_text,
    measured_threshold_line,
    product_text,
    said,
)

__all__ = ["with_path_fits"]

WORSE = 0.35
"""A change that costs so much more than the best one is not looked at."""

SHORT = 100

POWERS = tuple(Fraction(n, 2) for n in (2, -2, 4, -4, 1, -1, 6, -6, 3, -3, 8, -8))


def with_path_fits(
    finding: Finding, problem: Problem, evidence: Sequence[Evidence], plan: Plan
) -> Finding:
    """The finding with a line about the changes that fit; as it is where nothing can be said."""
    measured = path_values(problem, evidence, plan)
    if not measured:
        return finding
    stated = statement_of(problem, measured)
    if problem.kind == "threshold":
        pairs = [measured_threshold_line(problem, one) for one in measured]
        lines = (*finding.lines, *(line for line, _ in pairs))
        finding = replace(finding, lines=lines, changes=(*finding.changes, *(x for _, x in pairs)))
    found = said(stated, _distinct(stated, tuple(_fits(stated))))
    if found is None:
        return finding
    line, data = found
    return replace(finding, lines=(*finding.lines, line), changes=(*finding.changes, *data))


# What fits.


def _fits(stated: PathStatement) -> Iterator[PathFit]:
    if stated.numbers:
        yield from _factors(stated)
    if stated.expression is None:
        return
    yield from _anywhere(stated, expression_changes(stated.expression))
    if stated.numbers and len(stated.settings) > 1:
        yield from _coefficients(stated)


def _factors(stated: PathStatement) -> Iterator[PathFit]:
    """A factor in front of the whole value, with powers of what varies."""
    base = [number_of(s.stated) for s in stated.settings]
    far = [number_of(value_at(stated.kernel, point)) for point in stated.elsewhere]
    for powers in _powers(stated.settings):
        scales = [
            x * _monomial(powers, s.point) for x, s in zip(base, stated.settings, strict=True)
        ]
        found = interval_of(stated.settings, [0.0] * len(scales), scales)
        if found is None or (powers and len(stated.settings) < 2):
            continue
        for number, cost in likely(found, unknown=1 + len(powers), known=len(scales)):
            if number == 1 and not powers:
                continue
            elsewhere = tuple(
                float(number) * x * _monomial(powers, point)
                for x, point in zip(far, stated.elsewhere, strict=True)
            )
            data = {
                "term": "whole",
                "claimed": "1",
                "measured": as_data(number),
                "powers": {name: str(e) for name, e in powers.items()},
            }
            text = f"{product_text(number, found, powers)} times what is claimed"
            text += _times(stated, number, powers)
            yield PathFit(text=text, cost=cost + 0.3 * len(powers), elsewhere=elsewhere, data=data)


def _times(stated: PathStatement, number: Any, powers: Mapping[str, Fraction]) -> str:
    """The product as a formula, where the number is simple and it is short."""
    if stated.expression is None or isinstance(number, float):
        return ""
    letters = {x.name: x for x in stated.expression.free_symbols}
    letters = {**{name: Symbol(name, positive=True) for name in powers}, **letters}
    factors = [letters[name] ** sympify(e) for name, e in powers.items()]
    text = formula(Mul(number, *factors) * stated.expression, stated.problem)
    return f", {text}" if len(text) <= SHORT else ""


def _powers(settings: Sequence[PathValues]) -> Iterator[dict[str, Fraction]]:
    """None, a power of one scalar that varies, or of two."""
    yield {}
    names = [
        name
        for name, x in settings[0].point.items()
        if np.ndim(x) == 0
        and name not in ("t", "level")
        and all(float(s.point[name]) > 0 for s in settings)
        and len({float(s.point[name]) for s in settings}) > 1
    ]
    yield from ({name: e} for name in names for e in POWERS)
    if len(settings) > 3:
        for a, b in combinations(names, 2):
            yield from ({a: x, b: y} for x, y in product(POWERS, repeat=2))


def _anywhere(stated: PathStatement, changes: Sequence[ExpressionChange]) -> Iterator[PathFit]:
    """Simple changes of the expression, each against all settings."""
    kernels = stated.compiled([c.expression for c in changes])
    for change, kernel in zip(changes, kernels, strict=True):
        if all(s.fits(value_at(kernel, s.point)) for s in stated.settings):
            yield PathFit(
                text=change_text(change, stated.problem),
                cost=change.cost,
                elsewhere=tuple(number_of(value_at(kernel, p)) for p in stated.elsewhere),
                data={
                    "term": formula(change.old, stated.problem),
                    "claimed": formula(change.old, stated.problem),
                    "measured": formula(change.new, stated.problem),
                },
            )


def _coefficients(stated: PathStatement) -> Iterator[PathFit]:
    """Another number in front of one term of the value."""
    for level in LEVELS[:2]:
        terms = stated_terms(stated.expression, level)
        if len(terms) < 2:
            continue
        kernels = stated.compiled([term.base for term in terms])
        for n, (term, kernel) in enumerate(zip(terms, kernels, strict=True)):
            claimed = float(term.coefficient)
            own = [number_of(value_at(kernel, s.point)) for s in stated.settings]
            pairs = zip(stated.settings, own, strict=True)
            rest = [number_of(s.stated) - claimed * x for s, x in pairs]
            found = interval_of(stated.settings, rest, own)
            if found is None:
                continue
            for number, cost in likely(found, unknown=1, known=len(own)):
                far = tuple(
                    number_of(value_at(stated.kernel, p))
                    + (float(number) - claimed) * number_of(value_at(kernel, p))
                    for p in stated.elsewhere
                )
                claims = unicode(term.coefficient)
                text = (
                    f"the coefficient {measured_text(number, found)} for {claims} in term {n + 1} "
                    f"of {len(terms)}, {formula(term.expression, stated.problem)}"
                )
                data = {
                    "term": formula(term.expression, stated.problem),
                    "claimed": str(term.coefficient),
                    "measured": as_data(number),
                }
                yield PathFit(text=text, cost=cost + 0.1, elsewhere=far, data=data)


def _distinct(stated: PathStatement, found: Sequence[PathFit]) -> list[PathFit]:
    """One of every kind of fits that are the same function, the cheapest first."""
    kept: dict[Any, PathFit] = {}
    for fit in sorted(found, key=lambda fit: fit.cost):
        finite = all(map(math.isfinite, fit.elsewhere))
        key = tuple(f"{x:.7g}" for x in fit.elsewhere) if finite else fit.text
        kept.setdefault(key, fit)
    if not kept:
        return []
    best = min(fit.cost for fit in kept.values())
    return [fit for fit in kept.values() if fit.cost <= best + WORSE]


def _monomial(powers: Mapping[str, Fraction], point: Mapping[str, Any]) -> float:
    return float(math.prod(abs(float(point[name])) ** float(e) for name, e in powers.items()))
