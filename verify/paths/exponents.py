"""What a claim about Lyapunov exponents states, as numbers at its sizes.

Values are evaluated as they were typed, integrals by quadrature, to 30 digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sympy import MatrixSymbol, Symbol, sympify

from derivations.claim import POSITION, ExponentClaim
from derivations.sde import MatrixSDE, is_increment
from derivations.symbols import Dimension, Index, MatrixState, ScalarState, dt, t
from verify.errors import UsageError
from verify.problem import ExponentSetting, SizedExponents, StatedExponent

__all__ = ["DIGITS", "exponent_setting"]

DIGITS = 30
GUARD = 10


def exponent_setting(claim: Any) -> ExponentSetting | None:
    """The exponents that a claim states, at each of its sizes; None for another claim.

    Raises
    ------
    UsageError
        If an exponent is stated that there is not, its value is no number, or a parameter has none.
    """
    if not isinstance(claim, ExponentClaim):
        return None
    _require_values(claim)
    return ExponentSetting(
        values={_name(x): _floats(claim, x, value) for x, value in claim.values.items()},
        at=tuple(
            SizedExponents(
                sizes={str(d.name): int(n) for d, n in sizes.items()},
                stated=tuple(_stated(claim, sizes)),
            )
            for sizes in claim.sizes
        ),
        horizon=claim.horizon,
        relevant=claim.relevant,
    )


def _stated(claim: ExponentClaim, sizes: Mapping[Any, int]) -> Iterator[StatedExponent]:
    # The shapes of numeric systems stand beside the names of their states.
    sde = claim.sde
    shapes = [getattr(x, "shape", None) or sde.shapes[x] for x in sde.states]
    rows = sum((shape[0] for shape in shapes), start=0)
    there_are = int(_number(claim, rows, sizes))
    for group in claim.exponents:
        first, last = (int(_number(claim, end, sizes)) for end in (group.first, group.last))
        if last < first:
            continue
        if not 1 <= first <= last <= there_are:
            raise UsageError(
                f"{claim.id}: exponents {first} to {last} of {there_are}; count from 1"
            )
        runs = [(first, last)] if group.mean else [(i, i) for i in range(first, last + 1)]
        for low, high in runs:
            value = _number(claim, group.value, {**sizes, POSITION: low})
            yield StatedExponent(first=low, last=high, value=float(value), shown=_shown(value))


def _require_values(claim: ExponentClaim) -> None:
    """Refuse values of what is no parameter of the system, and a parameter without one."""
    if not isinstance(claim.sde, MatrixSDE):
        return
    held = [*claim.sde.equations.values(), *claim.sde.correlation.values()]
    letters = {x for part in held for x in part.atoms(Symbol, MatrixSymbol)}
    letters |= {x for group in claim.exponents for x in sympify(group.value).free_symbols}
    aside = (Dimension, Index, ScalarState, MatrixState)
    there_are = {
        _name(x)
        for x in letters - {t, dt, POSITION}
        if not isinstance(x, aside) and not is_increment(x)
    }
    given = {_name(letter) for letter in claim.values}
    for name in sorted(given - there_are):
        known = f"there are {', '.join(sorted(there_are))}" if there_are else "it has none"
        raise UsageError(f"{claim.id}: values: {name} is no parameter of the system; {known}")
    if missing := sorted(there_are - given):
        names = ", ".join(missing)
        raise UsageError(f"{claim.id}: {names} has no value; give values={{{missing[0]}: 1, ...}}")


def _name(letter: Any) -> str:
    return str(getattr(letter, "name", letter))


def _floats(claim: ExponentClaim, letter: Any, value: Any) -> Any:
    try:
        return np.asarray(value.tolist() if hasattr(value, "tolist") else value, dtype=float)
    except (TypeError, ValueError):
        given = f"{claim.id}: values: {letter} = {value!r}"
        raise UsageError(f"{given} is no number; give one, or rows of numbers") from None


def _number(claim: ExponentClaim, expression: Any, values: Mapping[Any, int]) -> Any:
    # Imported here: whoever only lists claims does without.
    from mpmath import mpf, nstr, workdps
    from sympy import lambdify

    formula = sympify(expression)
    letters = sorted(formula.free_symbols, key=str)
    given = {_name(x): value for x, value in [*claim.values.items(), *values.items()]}
    if unknown := [x for x in map(_name, letters) if x not in given]:
        raise UsageError(
            f"{claim.id}: {expression} is no number at {dict(values)}: {unknown[0]} has no value"
        )
    # SymPy's own evaluation, a substitution of numbers even, takes seconds over an integral.
    function = lambdify(letters, formula, "mpmath")
    with workdps(DIGITS + GUARD):
        numbers = (sympify(given[_name(x)]) for x in letters)
        number = mpf(function(*(mpf(x.p) / x.q if x.is_Rational else mpf(x) for x in numbers)))
        return mpf(nstr(number, DIGITS))


def _shown(value: Any) -> str:
    from mpmath import nstr

    return str(nstr(value, DIGITS))
