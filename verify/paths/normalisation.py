"""Whether a stated density has a finite integral at the values of a claim, to 30 digits.

At an end of the support p is like a power of the distance from it (of |x| at infinity), which says
whether p can be integrated; the integral itself is found by mpmath's double-exponential quadrature,
piece by piece.  A claim without a value for every parameter is looked at on paths alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from verify.verdict import Status, combine

__all__ = ["Normalisation", "normalisation"]

DIGITS = 30
FAR = 30
"""Powers of ten of the distances at which an end is looked at."""

FAST = 1e6
"""Powers beyond this are none: the density is like an exponential there."""

BORDER = 1e-9
"""Powers nearer than this to −1 are not told from it."""


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """AGREES if p can be integrated at every setting, and what was found in words and numbers."""

    status: Status
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


def normalisation(claim: Any) -> Normalisation | None:
    """What a claim's values make of its density; None if they leave a parameter open."""
    found = [_at(claim, values) for values in _settings(claim)]
    if not found or any(one is None for one in found):
        return None
    known = [one for one in found if one is not None]
    status = combine(one.status for one in known)
    telling = [one for one in known if one.status == status]
    return Normalisation(
        status=status,
        reason=telling[0].reason,
        numbers={"integrals": [dict(one.numbers) for one in known]},
    )


def _settings(claim: Any) -> Iterator[dict[Any, Any]]:
    base = {**{x: values[0] for x, values in claim.vary.items()}, **claim.values}
    yield base
    for letter, values in claim.vary.items():
        yield from ({**base, letter: value} for value in values if value != base[letter])


def _at(claim: Any, values: Mapping[Any, Any]) -> Normalisation | None:
    # Imported here: whoever only lists claims does without.
    from mpmath import inf, mpf, nstr, workdps
    from sympy import lambdify, nsimplify, sympify

    x = claim.observable
    given = {a: nsimplify(v, rational=True) for a, v in values.items() if a != x}
    p = sympify(claim.density).subs(given)
    ends = [sympify(end).subs(given) for end in claim.interval]
    if not p.free_symbols <= {x} or any(end.free_symbols for end in ends):
        return None
    density = lambdify(x, p, "mpmath")
    with workdps(DIGITS + 10):
        low, high = ((inf if e > 0 else -inf) if e.is_infinite else mpf(e.n(50)) for e in ends)
        try:
            powers = [_power(density, low, 1), _power(density, high, -1)]
        except OverflowError:
            # The exponential of an exponential: the ends are looked at by Feller's test.
            return None
        for at, inwards in ((low, 1), (high, -1)):
            if not _is_positive(density(_near(at, inwards))):
                return Normalisation(
                    status=Status.DISAGREES,
                    reason=f"the density is negative or no number near {_shown(at)}, so that it "
                    f"has no integral there{_part(p, x, low, high, claim.values.get(x))}",
                )
        for at, power in zip((low, high), powers, strict=True):
            # At infinity a power below −1 can be integrated, at a finite end one above it.
            room = -power - 1 if abs(at) == inf else power + 1
            if abs(room) <= BORDER or room < 0:
                status = Status.DISAGREES if room < -BORDER else Status.INCONCLUSIVE
                where = (
                    f"like the power {nstr(power, 6)} at {_shown(at)}"
                    if abs(power) < FAST
                    else f"faster than any power at {_shown(at)}"
                )
                verb = "diverges" if status == Status.DISAGREES else "may diverge"
                return Normalisation(
                    status=status, reason=f"the integral of the density {verb}: it is {where}"
                )
        mass, error = _integral(density, low, high)
        shown = {"integral": nstr(mass, DIGITS // 2), "error": float(error)}
        return Normalisation(
            status=Status.AGREES, reason=f"the density has the integral {nstr(mass, 6)}",
            numbers=shown,
        )  # fmt: skip


def _is_positive(value: Any) -> bool:
    """Whether a value is a number that is not below 0."""
    return not value.imag and value.real >= 0


def _near(at: Any, inwards: int) -> Any:
    """A place near an end of the support."""
    from mpmath import inf, mpf

    far = mpf(10) ** FAR
    return -inwards * far if abs(at) == inf else at + inwards / far


def _shown(at: Any) -> str:
    from mpmath import inf, nstr

    return nstr(at, 6) if abs(at) != inf else "∞" if at > 0 else "−∞"


def _part(p: Any, x: Any, low: Any, high: Any, start: Any) -> str:
    """Which part of the line may be meant: between the zeros of factors around the start."""
    from mpmath import mpf
    from sympy import Mul, degree, sympify

    advice = "; if its law has a smaller support, give it: support="
    bases = [factor.as_base_exp()[0] for factor in Mul.make_args(p)]
    linear = [b for b in bases if b.is_polynomial(x) and b.has(x) and degree(b, x) == 1]
    zeros = [b.subs(x, 0) / -b.coeff(x) for b in (base.expand() for base in linear)]
    numbers = [zero for zero in zeros if zero.is_real]
    try:
        begun = mpf(sympify(start).n(30))
    except (TypeError, ValueError):
        return f"{advice}(low, high)"
    below = max((z for z in numbers if mpf(z.n(30)) <= begun), default=None)
    above = min((z for z in numbers if mpf(z.n(30)) >= begun), default=None)
    if below is None and above is None:
        return ""
    ends = [_shown(at) if z is None else str(z) for z, at in ((below, low), (above, high))]
    return f"{advice}({', '.join(ends)}) if that is meant"


def _power(density: Any, at: Any, inwards: int) -> Any:
    """The power of the distance with which a density ends."""
    from mpmath import inf, log, mpf

    near = mpf(10) ** FAR if abs(at) == inf else mpf(10) ** -FAR
    base, sign = (0, -inwards) if abs(at) == inf else (at, inwards)
    first, second = (abs(density(base + sign * near * s)) for s in (1, 2))
    if first == 0 or second == 0:
        return -inf if abs(at) == inf else inf
    return log(second / first) / log(2)


def _integral(density: Any, low: Any, high: Any) -> tuple[Any, Any]:
    from mpmath import inf, mpf, quad

    marks = [mpf(n) for n in (-100, -10, -1, 0, 1, 10, 100)]
    if low != -inf:
        marks = [low + mpf(10) ** n for n in range(-2, 3)]
    elif high != inf:
        marks = [high - mpf(10) ** n for n in range(2, -3, -1)]
    return quad(density, [low, *(m for m in marks if low < m < high), high], error=True)  # type: ignore[no-any-return]
