"""What a claim about Lyapunov exponents states, as numbers at its sizes.

Values are evaluated as they were typed, integrals by quadrature, to 30 digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from derivations.claim import POSITION, ExponentClaim
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
        If an exponent is stated that there is not, or its value is no number.
    """
    if not isinstance(claim, ExponentClaim):
        return None
    return ExponentSetting(
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
    there_are = _number(claim, rows, sizes)
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


def _number(claim: ExponentClaim, expression: Any, values: Mapping[Any, int]) -> Any:
    # Imported here: whoever only lists claims does without.
    from mpmath import mpf, nstr, workdps
    from sympy import lambdify, sympify

    formula = sympify(expression)
    if not formula.free_symbols <= set(values):
        raise UsageError(f"{claim.id}: {expression} is no number at {dict(values)}")
    # SymPy's own evaluation, a substitution of numbers even, takes seconds over an integral.
    function = lambdify(list(values), formula, "mpmath")
    with workdps(DIGITS + GUARD):
        number = mpf(function(*map(mpf, values.values())))
        return mpf(nstr(number, DIGITS))


def _shown(value: Any) -> str:
    from mpmath import nstr

    return str(nstr(value, DIGITS))
