"""What claims about simulated paths state and where they are judged, as formulas to be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sympy import Symbol, sympify

from .claim import is_function
from .exposition import Mathematics, Passage, Row
from .path_claims import LEVEL, ExpectationClaim, HittingClaim, LawClaim, PathClaim
from .printing import latex, letter, unicode

__all__ = ["judged_at", "stated_on_paths"]

Shown = Callable[[Any], Mathematics]

_ARGUMENTS = ("y", "z", "u", "v")
"""Letters for the argument of a distribution function: the first that is free."""


def stated_on_paths(claim: PathClaim, shown: Shown, row: Callable[[str, Any], Row]) -> Passage:
    """What is stated: a formula where the claim is about the law at one time; else under labels.

    Parameters
    ----------
    claim : PathClaim
    shown, row : callable
        A value as a formula, and under its label.
    """
    functions = any(map(is_function, claim.kernels().values()))
    found = None if functions else _stated(claim, shown)
    if found is None:
        return Passage(title="Stated", rows=tuple(row(*given) for given in claim.stated()))
    title = "Stated: at time t; on the right, states are those at time 0"
    return Passage(title=title, rows=tuple(found))


def _stated(claim: PathClaim, shown: Shown) -> list[Row] | None:
    f = shown(claim.observable)
    if isinstance(claim, LawClaim):
        cdf = sympify(claim.cdf)
        used = {str(s) for s in (cdf.free_symbols | sympify(claim.observable).free_symbols)}
        y = Symbol(next((name for name in _ARGUMENTS if name not in used), LEVEL.name))
        event = Mathematics(
            unicode=f"{f.unicode} ≤ {unicode(y)}", latex=rf"{f.latex} \le {latex(y)}"
        )
        right = shown(cdf.xreplace({LEVEL: y}))
        return [Row(left=_of("P", event), right=right, note=f"for every {unicode(y)}")]
    if isinstance(claim, HittingClaim):
        level = shown(claim.level)
        event = Mathematics(
            unicode=f"{f.unicode} reaches {level.unicode} by time t",
            latex=rf"{f.latex} \text{{ reaches }} {level.latex} \text{{ by time }} t",
        )
        return [Row(left=_of("P", event), right=shown(claim.probability))]
    if isinstance(claim, ExpectationClaim):
        rows = [Row(left=_of("E", f), right=shown(claim.value))]
        if claim.variance is not None:
            rows.append(Row(words="declared bound of the variance", right=shown(claim.variance)))
        return rows
    return None


def _of(name: str, inside: Mathematics) -> Mathematics:
    """A probability or an expectation."""
    return Mathematics(
        unicode=f"{name}[{inside.unicode}]",
        latex=rf"\operatorname{{{name}}}\left[{inside.latex}\right]",
    )


# The setting.


def judged_at(claim: PathClaim) -> Passage:
    """The numbers at which paths are run: those that vary, with all their values."""
    return Passage(title="Judged at", rows=tuple(_setting(claim)))


def _setting(claim: PathClaim) -> Iterator[Row]:
    yield _horizon(claim)
    for size, number in claim.sizes.items():
        yield Row(left=_letter(size), right=_numbers(number))
    states = {str(state) for state in getattr(claim.sde, "states", ())}
    for name, value in claim.values.items():
        if name not in claim.vary:
            yield Row(left=_named(name, states), right=_numbers(value))
    for name, values in claim.vary.items():
        several = [_numbers(value) for value in values]
        right = Mathematics(
            unicode=", ".join(x.unicode for x in several),
            latex=r",\ ".join(x.latex for x in several),
        )
        yield Row(left=_named(name, states), right=right, note="one after the other")
    bounds = getattr(claim, "bounds", None)
    if bounds is not None:
        yield Row(words="bounds of the observable", right=_plain(bounds))
    yield Row(words="relevant error", right=_numbers(claim.relevant))


def _horizon(claim: PathClaim) -> Row:
    """The horizon T; in words where a parameter has that letter."""
    equations = getattr(claim.sde, "equations", {}).values()
    declared = {name for equation in equations for name in equation.free_symbols}
    if any(str(name) == "T" for name in (*claim.values, *claim.vary, *declared)):
        return Row(words="time", right=_numbers(claim.horizon))
    return Row(left=Mathematics(unicode="T", latex="T"), right=_numbers(claim.horizon))


def _letter(value: Any) -> Mathematics:
    return Mathematics(unicode=unicode(value), latex=latex(value))


def _named(name: Any, states: Iterable[str]) -> Mathematics:
    """A parameter; of a state its value at time 0."""
    found = _letter(letter(str(name)))
    if str(name) not in states:
        return found
    return Mathematics(unicode=f"{found.unicode}(0)", latex=f"{found.latex}(0)")


def _numbers(value: Any) -> Mathematics:
    """Numbers as they are given, 0.02 stays 0.02; those of a matrix in its rows, zeros as 0."""
    given = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(given, list | tuple) or not given:
        return _plain(given)
    rows = [list(row) if isinstance(row, list | tuple) else [row] for row in given]
    if not any(str(x).strip("0.") for row in rows for x in row):
        return Mathematics(unicode="0", latex="0")
    cells = [[_plain(x) for x in row] for row in rows]
    lines = r" \\ ".join(" & ".join(x.latex for x in row) for row in cells)
    return Mathematics(
        unicode=f"[{'; '.join(', '.join(x.unicode for x in row) for row in cells)}]",
        latex=rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}",
    )


def _plain(value: Any) -> Mathematics:
    text = str(value).replace("oo", "∞")
    return Mathematics(unicode=text, latex=text.replace("∞", r"\infty"))
