"""The sign of a scalar, read off its factors and terms: exact rules, and "cannot tell".

A scalar becomes a rational function of letters whose signs are known (:mod:`signed_letters`):

* a dimension is 1 + d', a width l >= p + k is p + k + l', a power q >= ½ is ½ + q', with d', l',
  q' >= 0: every assumption that is linear in a letter can be put in for it;
* exp, powers of what is positive, even powers, absolute values.

If all terms of the numerator have one sign, or all of its factors have a sign, and the denominator
has one and is not 0, that is the sign (:mod:`sign_rules`).  Else every inequality assumed is a
bound, and the sign is decided over the region of all of them (:mod:`regions`).  Nothing is guessed:
a letter of which nothing is known makes its terms unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sympy import expand, sympify
from sympy.core.relational import Relational

from .assumable import assumable
from .assumed import Assumed, quotient, rooted
from .decimals import exactly
from .domains import is_admissible
from .errors import DerivationError
from .facts import Facts
from .regions import sign_over
from .shapes import shape_of
from .sign_rules import choices_of, power_of, product_of, relation_of
from .signed_letters import LARGEST, SMALLEST, Reading
from .symbols import Index

__all__ = ["REGION", "TERMS", "Sign", "numbered", "sign_of"]

TERMS, REGION = "every term has the sign", "it has the sign wherever the assumptions hold"
"""What shows a sign, in words."""

MOST_CHOICES = 24
"""Ways to put assumptions in for letters that are tried."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A sign: ``">"``, ``">="``, ``"="``, ``"<="``, ``"<"`` 0, or ``"?"`` with what remains.

    ``how`` says in words what shows it.  ``points`` gives values of letters at which the expression
    is -1, 0 or 1 by its sign, as far as such points were met on the way.
    """

    relation: str
    remains: str = ""
    how: str = TERMS
    points: Mapping[int, Mapping[Any, Any]] = field(default_factory=dict)

    def implies(self, stated: str) -> bool:
        """Whether a stated sign follows."""
        return stated in _IMPLIED[self.relation]


_IMPLIED: Mapping[str, tuple[str, ...]] = {
    ">": (">", ">="),
    ">=": (">=",),
    "=": (">=", "<="),
    "<=": ("<=",),
    "<": ("<", "<="),
    "?": (),
}


def sign_of(expression: Any, facts: Iterable[Any] = (), *, enough: str = "") -> Sign:
    """The sign of a scalar expression wherever the facts hold, as far as these rules tell.

    Once ``enough`` is shown, such as ``">="``, no sharper sign is looked for.

    Raises
    ------
    DerivationError
        If the expression is a matrix, or has a node that the language does not have.
    """
    expression = exactly(sympify(expression))
    if shape_of(expression):
        raise DerivationError("sign: got a matrix; take a trace, an entry or an eigenvalue")
    facts = assumable(facts)
    relations = [fact for fact in facts if isinstance(fact, Relational)]
    others = [fact for fact in facts if not isinstance(fact, Relational)]
    reading = Reading(Facts(others))
    value = reading.value(expression)
    choices = tuple(islice(choices_of(value, relations), MOST_CHOICES))
    relation = relation_of(value, choices)
    if relation in (">", "<", "=") or enough in _IMPLIED[relation]:
        return Sign(relation=relation)
    found = _over_region(expression, facts)
    if relation == "?" == found.relation:
        return Sign(relation="?", remains=str(expression), points=found.points)
    if relation == "?" or found.relation in (">", "<", "="):
        return found
    return Sign(relation=relation, points=found.points)


def _over_region(expression: Any, facts: tuple[Any, ...]) -> Sign:
    """The sign over the region of all assumptions, of the numerator and the denominator."""
    reading = Reading(Facts(f for f in facts if not isinstance(f, Relational)))
    value, assumed = reading.value(expression), Assumed(reading, facts)
    roots = rooted(reading)
    above, below = quotient(roots.written(value))
    bounds = assumed.bounds(roots)
    divisor = sign_over(below, bounds).relation
    if divisor in (">", "<"):
        over = sign_over(above, bounds)
        relation = product_of(over.relation, power_of(divisor, -1))
        turned = -1 if divisor == "<" else 1
    elif sign_over(expand(below**2), bounds).relation == ">":
        over = sign_over(expand(above * below), bounds)
        relation, turned = over.relation, 1
    else:
        return Sign(relation="?")
    points = {turned * sign: roots.back(point) for sign, point in over.points.items()}
    points = {sign: point for sign, point in points.items() if is_admissible(point)}
    return Sign(relation=relation, how=REGION, points=points)


def numbered(expression: Any, index: Index, number: int) -> Any:
    """An expression for one eigenvalue: number 1 is the largest, −1 the smallest.

    Raises
    ------
    DerivationError
        For another number of a size that is a symbol, or one beyond the size.
    """
    size = index.range
    if size.is_Integer:
        place = number if number > 0 else int(size) + 1 + number
        if not 1 <= place <= size:
            raise DerivationError(f"number={number}: there are {size} eigenvalues; count from 1")
        name = str(place)
    elif number in (1, -1):
        name = LARGEST if number == 1 else SMALLEST
    else:
        raise DerivationError(
            f"number={number}: of {size} eigenvalues only the largest, 1, and the smallest, -1, "
            "have a known place; give one of them"
        )
    return sympify(expression).xreplace({index: Index(name, size)})
