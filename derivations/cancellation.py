"""What cancels where a sum is changed term by term, counted in normal forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Add
from sympy.matrices.expressions import MatAdd

from .expressions import is_zero
from .forms import Form, expanded

__all__ = ["Cancellation", "Group", "cancellation", "summands"]

LONGEST = 200
"""Letters of formulas that a sentence names; where there are more it only counts."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Terms of a sum that share what cancels; ``made`` terms come of them, ``gone`` cancel."""

    terms: tuple[Any, ...]
    made: int
    gone: int

    def said(self, named: str) -> str:
        """In words, with the names of the terms."""
        if self.gone < self.made:
            return f"of the {self.made} terms that {named} give, {self.gone} cancel"
        return f"{named} {'cancel' if len(self.terms) == 2 else 'add up to 0'}"


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """Terms of which nothing comes, each by itself, and those that cancel against each other.

    ``made`` terms come of all, multiplied out.
    """

    made: int
    nothing: tuple[Any, ...] = ()
    groups: tuple[Group, ...] = ()

    def sentence(self, shown: Callable[[Any], str]) -> str:
        """In words, with the terms as they are ``shown``; where they are too long their number."""
        parts = [group.said(_listed(group.terms, shown)) for group in self.groups]
        if self.nothing:
            verb = "gives" if len(self.nothing) == 1 else "give"
            parts.insert(0, f"{_listed(self.nothing, shown)} {verb} 0")
        said = "; ".join(parts)
        if len(said) > LONGEST:
            gone = sum(group.gone for group in self.groups)
            what = f"all {gone} terms" if self.made == gone else f"{gone} of the {self.made} terms"
            said = f"{what} that this gives cancel" if gone else ""
        return f"Term by term: {said}." if said else ""


def summands(expression: Any) -> tuple[Any, ...]:
    """The terms of a sum as it is shown; none of zero."""
    if isinstance(expression, Add | MatAdd):
        return tuple(expression.args)
    return () if is_zero(expression) else (expression,)


def cancellation(terms: Iterable[tuple[Any, Sequence[Form]]]) -> Cancellation | None:
    """What cancels among the forms that terms become, none if nothing does.

    Each term comes with its forms, of which the first are added, the second, and so on.
    """
    made = [(term, _coefficients(forms)) for term, forms in terms]
    gone = _vanishing([found for _, found in made])
    nothing = tuple(term for term, found in made if not found)
    groups = tuple(
        Group(
            terms=tuple(made[n][0] for n in group),
            made=sum(len(made[n][1]) for n in group),
            gone=sum(key in gone for n in group for key in made[n][1]),
        )
        for group in _connected([gone & {*found} for _, found in made])
    )
    if not (nothing or groups):
        return None
    return Cancellation(made=sum(len(of) for _, of in made), nothing=nothing, groups=groups)


def _coefficients(forms: Sequence[Form]) -> dict[Any, Any]:
    """The terms of forms, multiplied out: what each is, and the number in front of it."""
    return {
        (n, monomial, rest): number
        for n, form in enumerate(forms)
        for monomial, c in form.terms.items()
        for number, rest in (part.as_coeff_Mul() for part in Add.make_args(expanded(c)))
    }


def _vanishing(made: Sequence[Mapping[Any, Any]]) -> set[Any]:
    """The terms whose numbers add up to zero."""
    found: dict[Any, list[Any]] = {}
    for coefficients in made:
        for key, number in coefficients.items():
            found.setdefault(key, []).append(number)
    return {key for key, numbers in found.items() if len(numbers) > 1 and Add(*numbers) == 0}


def _connected(sets: Sequence[set[Any]]) -> list[list[int]]:
    """The numbers of the sets that are not empty, those together that share something."""
    found: list[tuple[list[int], set[Any]]] = []
    for n, one in enumerate(sets):
        if not one:
            continue
        near = [group for group in found if group[1] & one]
        members = sorted([n, *(m for group in near for m in group[0])])
        whole = one.union(*(group[1] for group in near))
        found = [group for group in found if group not in near] + [(members, whole)]
    return [members for members, _ in found]


def _listed(terms: Sequence[Any], shown: Callable[[Any], str]) -> str:
    """Terms between commas and "and", those with a minus sign after the others."""
    *most, last = sorted(map(shown, terms), key=lambda text: text.startswith("-"))
    return f"{', '.join(most)} and {last}" if most else last
