"""Findings in words: one line for every wrong term, with the same as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from derivations.printing import unicode

from .measured import CLOCK, Row, Table
from .refit import Change, residuals
from .small_values import shown
from .stated import Residual, StatedPart

__all__ = ["changed", "clock_line", "entry_words", "letter", "missing_line", "unexplained"]

LONGEST = 240
"""Letters of a formula that a line shows."""

_UNEXPLAINED = (
    "no other number or power of its terms fits, nor one of the forgotten terms that were tried"
)
_UNFITTED = "no factor and no powers of scalars make it fit"

Line: TypeAlias = tuple[str, Mapping[str, Any]]


def changed(part: StatedPart, change: Change, table: Table, *, of_functions: bool = False) -> Line:
    """The line of one change; of a function neither terms nor powers are known."""
    line, data = _changed(part, change, table)
    if of_functions:
        line = _of_function(part, change, table) or line
    return line.replace("measured", part.against), {**data, "against": part.against}


def _changed(part: StatedPart, change: Change, table: Table) -> Line:
    claimed_terms = len(part.terms)
    data: dict[str, Any] = {
        "part": part.name,
        "term": None,
        "claimed": _json(change.claimed),
        "measured": _json(change.measured),
        "radius": 0.0 if table.exact else change.radius,
        "exact": table.exact,
        "powers": {name: str(power) for name, power in change.powers.items()},
    }
    if change.exchanged:
        data["exchanged"] = list(change.exchanged)
    at = f" ({'exactly, ' if table.exact else ''}{table.where})"
    if change.term is None:
        said = _dimensions(change) if change.exchanged else _whole(change, table)
        return f"{part.name} as a whole: {said}{at}", {**data, "term": "whole"}
    term = (*part.terms, *part.candidates)[change.term]
    if change.term >= claimed_terms or change.claimed == 0:
        text = term.times(_sympy(change.measured), _lettered(change.powers))
        said = f"{part.name}: the term {_cut(text)} is missing{at}"
        return said, {**data, "term": text, "missing": True}
    head = _head(part, change.term)
    if change.exchanged:
        said = _dimensions(change)
    else:
        said = _powers(change, term, table) if change.powers else _coefficient(change, table)
    return f"{head}: {said}{at}", {**data, "term": term.text}


def _of_function(part: StatedPart, change: Change, table: Table) -> str:
    """What makes a function fit: a term to be added, or what it is to be multiplied by."""
    at = f" ({table.where})"
    if change.term is None:
        return ""
    if change.term >= len(part.terms) or change.claimed == 0:
        term = (*part.terms, *part.candidates)[change.term]
        text = term.times(_sympy(change.measured), _lettered(change.powers))
        return f"{part.name}: adding {text} makes it fit{at}"
    named = len(part.terms) - 1
    if not named and not change.powers:
        return ""
    head = part.name
    if named:
        last = change.term == named
        which = "what is left of it" if last else f"term {part.terms[change.term].text}"
        head = f"{part.name}, {which}, {named} terms are named" if last else (
            f"{part.name}, {which} of {named} that are named")  # fmt: skip
    if not change.powers:
        return f"{head}: {_coefficient(change, table)}{at}"
    number_ = "" if change.same_number else f"{number(change, table)} times "
    return f"{head}: it must be multiplied by {number_}{_monomial(change.powers)}{at}"


def _head(part: StatedPart, n: int) -> str:
    """Which term is meant."""
    term = part.terms[n]
    count = f", term {n + 1} of {len(part.terms)}" if len(part.terms) > 1 else ""
    name = f" ({term.name})" if term.name else ""
    return f"{part.name}{count}{name}, {_cut(term.text)}"


def _cut(text: str) -> str:
    """A formula that fits into a line or two; the whole of it is in the data."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _coefficient(change: Change, table: Table) -> str:
    text = f"claimed coefficient {shown(change.claimed)}, measured {number(change, table)}"
    if change.measured == 0:
        return f"{text}: the term does not belong there"
    if change.measured == -change.claimed:
        return f"{text}: the sign"
    return text


def _dimensions(change: Change) -> str:
    """Which dimension stands where another one fits."""
    one, other = map(letter, change.exchanged)
    if change.both:
        return f"the dimensions: {one} and {other} are exchanged"
    return f"the dimension: claimed {one}, measured {other}"


def _whole(change: Change, table: Table) -> str:
    if not change.powers:
        text = f"claimed factor 1, measured {number(change, table)}"
        return f"{text}: nothing of it belongs there" if change.measured == 0 else text
    number_ = "" if change.measured == 1 else f"{number(change, table)} "
    return f"measured {number_}{_monomial(change.powers)} times what is claimed"


def _powers(change: Change, term: Any, table: Table) -> str:
    """Powers as claimed and as measured; or the letter that stands in place of another."""
    same = change.same_number
    ups = [name for name, power in change.powers.items() if power == 1]
    downs = [name for name, power in change.powers.items() if power == -1]
    if len(change.powers) == 2 and len(ups) == len(downs) == 1:
        wrong, right = (downs, ups) if term.powers.get(downs[0], 0) > 0 else (ups, downs)
        if term.powers.get(wrong[0], 0) != 0:
            tail = "" if same else f"; the coefficient: measured {number(change, table)}"
            if {*ups, *downs} <= {*table.dimensions}:
                return (
                    f"the dimension: claimed {letter(wrong[0])}, measured {letter(right[0])}{tail}"
                )
            return f"{letter(wrong[0])} stands where {letter(right[0])} fits{tail}"
    parts = [_power(name, term.powers, power) for name, power in change.powers.items()]
    if not same:
        parts.append(
            f"the coefficient: claimed {shown(change.claimed)}, measured {number(change, table)}"
        )
    return "; ".join(parts)


def number(change: Change, table: Table) -> str:
    """A measured number: a fraction where it is exact, else with its error."""
    value = change.measured
    if table.exact and isinstance(value, Fraction):
        return shown(value)
    error = max(change.radius, 1e-15 * abs(float(value)))
    text = f"{float(value):.{_places(float(value), error)}f}".replace("-", "−")
    text = f"{text} ± {error:.0e}"
    exactly = isinstance(value, Fraction) and value.denominator > 1
    return f"{shown(value)} ({text})" if exactly else text


def _places(value: float, error: float) -> int:
    for places in range(4, 10):
        if error > 0.5 * 10.0**-places:
            return max(places - 1, 1)
        if abs(value) >= 10.0 ** (1 - places):
            return places
    return 10


def _power(name: str, powers: Mapping[str, Fraction], extra: Fraction) -> str:
    claimed = powers.get(name, Fraction(0))
    return (
        f"the power of {letter(name)}: claimed {shown(claimed)}, measured {shown(claimed + extra)}"
    )


def missing_line(part: StatedPart, missing: Residual, table: Table, *, confirmed: bool) -> Line:
    """What the engine derives beyond what is stated, or in place of a term."""
    data = {"part": part.name, "term": missing.text, "missing": True, "confirmed": confirmed}
    how = f"the {part.against} values agree" + (" exactly" if table.exact else "")
    at = f" (as derived; {how}, {table.where})" if confirmed else " (as derived)"
    if part.against == "derived":
        at = " (as derived)"
    if missing.replaced is not None:
        head = _head(part, missing.replaced)
        data |= {"replaces": part.terms[missing.replaced].text}
        return f"{head}: {_cut(missing.text)} fits in its place{at}", data
    if not part.terms:
        return f"{part.name}: claimed 0, what fits is {_cut(missing.text)}{at}", data
    if missing.terms > 2:
        return f"{part.name}: what follows less what is stated is {_cut(missing.text)}{at}", data
    return f"{part.name}: {_cut(missing.text)} is missing{at}", data


def unexplained(part: StatedPart, table: Table, powers: Mapping[str, Fraction]) -> Line:
    """The size of what is left where nothing explains it."""
    gaps = residuals(table, [t.coefficient for t in (*part.terms, *part.candidates)])
    flat = [float(gap) for point in gaps for gap, _ in point]
    measured = [float(row.measured) for point in table.points for row in point]
    size = max(map(abs, flat), default=0.0)
    whole = max(map(abs, measured), default=0.0)
    line = (
        f"{part.name}: {_UNEXPLAINED if part.quantity != 'step' else _UNFITTED}; measured less "
        f"stated is up to {size:.3g}, measured up to {whole:.3g} ({table.where})"
    )
    grows = [f"{letter(name)}^{shown(power)}" for name, power in powers.items() if power]
    still = [letter(name) for name, power in powers.items() if not power]
    if grows:
        line += f"; the difference grows like {' '.join(grows)}"
    if still:
        line += f"; the difference does not depend on {', '.join(still)}"
    data = {name: str(power) for name, power in powers.items()}
    line = line.replace("measured", part.against)
    return line, {"part": part.name, "term": None, "residual": size, "powers": data}


def clock_line(
    clock: Any, factors: Sequence[tuple[str, Change | None]], table: Table
) -> Line | None:
    """The clock that makes all parts fit: f times the drifts, √f times the noises; or None."""
    if clock is None or not factors:
        return None
    text, powers, claimed = clock
    found = {_squared(change, quantity) for quantity, change in factors}
    if len(found) != 1:
        return None
    ((value, extra),) = found
    if value == 1 and not extra:
        return None
    said = [
        _power(name, {CLOCK: Fraction(1)} if name == CLOCK else powers, power)
        for name, power in extra
    ]
    if value != 1:
        said.append(f"the coefficient: claimed {shown(claimed)}, measured {claimed * value}")
    data = {
        "part": "clock",
        "term": text,
        "claimed": str(claimed),
        "measured": str(value),
        "powers": {name: str(power) for name, power in extra},
    }
    return f"the clock dτ/dt = {text}: {'; '.join(said)} ({table.where})", data


def _squared(change: Change | None, quantity: str) -> tuple[Any, tuple[tuple[str, Fraction], ...]]:
    """What the clock has to be multiplied with."""
    if change is None:
        return Fraction(1), ()
    n = 2 if quantity.startswith("noise") else 1
    powers = tuple(sorted((name, n * power) for name, power in change.powers.items()))
    value = change.measured**n
    if isinstance(value, float):
        value = Fraction(value).limit_denominator(60)
    return value, powers


def entry_words(row: Row) -> str:
    """Which number of several a row is."""
    if len(row.shape) == 2 and row.shape != (1, 1):
        i, j = divmod(row.entry, row.shape[1])
        return f"entry ({i + 1}, {j + 1})"
    if len(row.shape) in (1, 3) and row.shape[0] > 1:
        size = row.shape[1] * row.shape[2] if len(row.shape) == 3 else 1
        return f"number {row.entry // size + 1} of {row.shape[0]}"
    return ""


def _monomial(powers: Mapping[str, Fraction]) -> str:
    from sympy import Mul, Symbol, sympify

    factors = [
        Symbol(name, positive=True) ** sympify(power) for name, power in _lettered(powers).items()
    ]
    return unicode(Mul(*factors))


def _lettered(powers: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Powers of scalars in a formula, where the clock is a letter among others."""
    return {"(dτ/dt)" if name == CLOCK else name: power for name, power in powers.items()}


def letter(name: str) -> str:
    """A letter as it is printed."""
    from sympy import Symbol

    return name if name == CLOCK else unicode(Symbol(name))


def _sympy(value: Any) -> Any:
    from sympy import Float, Rational

    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    return Float(value, 6)


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, Fraction | int) else float(value)
