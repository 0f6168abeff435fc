"""Equality as a ladder: a proof that two expressions are equal, that they differ, or neither.

1. At an admissible point the difference is a ball that excludes zero: DIFFERENT, by that point.
2. The normal form of the difference is zero: EQUAL, proved by the rules of the language.
3. More points, as on the first rung; otherwise CANNOT TELL, with what was seen.

One point is cheap and a normal form is not, so that what is wrong is told before it is reduced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from sympy import Add, Integer, cancel, exp, expand, sympify, together
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from .admissible import draw
from .assumable import assumable
from .basis import Basis, FormAlgebra
from .decimals import exactly
from .errors import DerivationError
from .expressions import zero_like
from .facts import Facts
from .forms import Atom, Form
from .insertion import inserted
from .interpreter import interpret
from .points import Point, entries, evaluate, precision
from .resolution import apart_indices, is_spectral, resolved
from .shapes import shape_of
from .symbols import Index, same_shape

__all__ = ["Equality", "Status", "equal", "vanishes"]

BITS = 256


class Status(Enum):
    """The three answers."""

    EQUAL = "EQUAL"
    DIFFERENT = "DIFFERENT"
    CANNOT_TELL = "CANNOT TELL"


@dataclass(frozen=True, kw_only=True)
class Equality:
    """The answer, the reason in words, and the point that proves a difference.

    ``points`` is the number of admissible points that were looked at.
    """

    status: Status
    reason: str
    point: Point | None = None
    points: int = 0

    def __bool__(self) -> bool:
        return self.status is Status.EQUAL


def vanishes(value: Form) -> bool:
    """Whether a form is zero term by term, coefficients compared as rational functions.

    Different free indices take different values.
    """
    # Names of their own, that no bound index has.
    value = value.relabel({i: Index(f"free {i.name}", i.range) for i in value.indices})
    value = resolved(apart_indices(value))
    return _vanishes(value) or (is_spectral(value) and _vanishes(resolved(inserted(value))))


def _vanishes(value: Form) -> bool:
    coefficients = _gathered(value)
    signs = _signs(a for c in coefficients for a in c.free_symbols if isinstance(a, Atom))
    return all(_cancels(c.xreplace(signs)) for c in coefficients)


def _gathered(value: Form) -> list[Any]:
    """The coefficients of terms that differ in scalars of their indices alone, added."""
    found: dict[Any, list[Any]] = {}
    for m, c in value.terms.items():
        # Bound indices are distinct from the free ones that a term mentions, and from no others.
        found.setdefault((m._replace(indexed=Integer(1)), m.occurring), []).append(c * m.indexed)
    return [Add(*parts) for parts in found.values()]


def _signs(atoms: Iterable[Atom]) -> dict[Atom, Atom]:
    """A determinant that one of its spellings shows to be positive is so in all of them."""
    atoms = set(atoms)
    positive = {a.name: a for a in atoms if a.is_positive}
    return {a: positive[a.name] for a in atoms if a.name in positive}


@lru_cache(maxsize=1024)
def _cancels(coefficient: Any) -> bool:
    if expand(coefficient) == 0 or cancel(together(coefficient)) == 0:
        return True
    if not coefficient.has(TrigonometricFunction, HyperbolicFunction):
        return False
    # sin² + cos² is 1 as a polynomial in e^{iu}.
    written = expand(coefficient.rewrite(exp))
    return bool(written == 0 or cancel(together(written)) == 0)


def equal(
    a: Any, b: Any, *, assuming: Iterable[Any] = (), seed: int = 0, points: int = 3
) -> Equality:
    """Decide whether two expressions are equal for all values of their letters.

    Parameters
    ----------
    a, b : SymPy expressions of the language, of one shape
    assuming : facts and relations between dimensions that points must meet
    seed : of the points
    points : how many to look at

    Raises
    ------
    ShapeError
        If one of the two does not conform in itself.
    """
    a, b = exactly(sympify(a)), exactly(sympify(b))
    a, b = zero_like(b) if a == 0 else a, zero_like(a) if b == 0 else b
    if not same_shape(shape_of(a), shape_of(b)):
        reason = f"the shapes {shape_of(a)} and {shape_of(b)} differ"
        return Equality(status=Status.DIFFERENT, reason=reason)
    facts = assumable(assuming)
    refuted, _ = _by_points(a, b, facts, seed=seed, points=1)
    if refuted is not None:
        return refuted
    try:
        difference = _difference(a, b, facts)
    except DerivationError as error:
        note = f"no normal form: {error}"
    else:
        if vanishes(difference):
            return Equality(status=Status.EQUAL, reason="the normal form of the difference is zero")
        note = "the normal form of the difference is not zero"
    refuted, looked = _by_points(a, b, facts, seed=seed, points=points)
    if refuted is not None:
        return refuted
    seen = (
        f"they agree to {BITS} bits at {looked} points"
        if looked
        else "no admissible point was found"
    )
    return Equality(status=Status.CANNOT_TELL, reason=f"{note}, and {seen}", points=looked)


def _difference(a: Any, b: Any, facts: tuple[Any, ...]) -> Form:
    algebra = FormAlgebra(Basis([a, b]), Facts(facts))
    first: Form = interpret(a, algebra)
    second: Form = interpret(b, algebra)
    return first - second


def _by_points(
    a: Any, b: Any, facts: Any, *, seed: int, points: int
) -> tuple[Equality | None, int]:
    """A point at which the two differ, if one is found, and how many were looked at."""
    with precision(BITS):
        found = draw([a, b], facts, count=points, seed=seed)
        for point in found:
            gaps = zip(entries(evaluate(a, point)), entries(evaluate(b, point)), strict=True)
            if any(x - y != 0 for x, y in gaps):
                reason = f"they differ at a point{_text(point.sizes)}"
                different = Equality(
                    status=Status.DIFFERENT, reason=reason, point=point, points=len(found)
                )
                return different, len(found)
    return None, len(found)


def _text(sizes: Any) -> str:
    said = ", ".join(f"{d} = {n}" for d, n in sizes.items())
    return f" with {said}" if said else ""
