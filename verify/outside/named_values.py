"""What a claim in symbols names beside its expressions: values of letters that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from sympy import Basic, Expr, MatrixSymbol, Symbol, ask, false
from sympy.assumptions import AppliedPredicate

from derivations.printing import unicode
from derivations.sde import MatrixSDE, is_increment
from derivations.symbols import Dimension, FamilyMember, Index, MatrixState, ScalarState, dt, t
from verify.errors import ClaimError

from .differentials import stated

__all__ = ["check_states", "check_values"]

OF_THE_SETTING = frozenset({"path", "values", "vary"})


def check_states(claim: Any) -> None:
    """Refuse expressions in a state that the system of the claim does not have.

    Raises
    ------
    ClaimError
        Naming the field and the state.
    """
    system = getattr(claim, "sde", None)
    if not isinstance(system, MatrixSDE):
        return
    for place, value in stated("", claim):
        if place.partition(".")[0] in OF_THE_SETTING:
            continue
        for state in sorted(value.atoms(ScalarState, MatrixState) - {*system.states}, key=str):
            raise ClaimError(
                f"{place}: the state {state} has no equation in the system; its states are "
                f"{', '.join(map(str, system.states))}"
            )


def check_values(claim: Any) -> None:
    """Refuse values of what is no state or parameter of a claim, and those it assumes away.

    Raises
    ------
    ClaimError
        Naming the field and the letter.
    """
    owners = {"path.": claim.path, "": claim if hasattr(claim, "vary") else None}
    for place, owner in owners.items():
        system = getattr(owner, "sde", None)
        if not isinstance(system, MatrixSDE):
            continue
        known = sorted({str(x.name): x for x in _letters(claim, system)})
        parameter = getattr(owner, "parameter", None)
        _check_sizes(f"{place}sizes", owner.sizes, _sizes(claim, system, place))
        facts = _assumed(claim, system)
        assumed = {str(x.name) for x in _letters_in(facts)}
        _check(f"{place}values", owner.values, sorted(assumed.union(known)))
        _check(f"{place}vary", getattr(owner, "vary", {}), known)
        if isinstance(parameter, Basic):
            _check(f"{place}parameter", {parameter: None}, known)
        for key, several in getattr(owner, "vary", {}).items():
            if not isinstance(several, list | tuple) or not several:
                raise ClaimError(f"vary: {key} = {several!r}; give several values, as (0.5, 1, 2)")
        _check_assumed(f"{place}values", owner, known, facts)


def _check(place: str, given: Any, known: Iterable[str]) -> None:
    if not isinstance(given, Mapping):
        raise ClaimError(f"{place}: got {given!r}; give values by states and parameters")
    for key in given:
        if not isinstance(key, Symbol | MatrixSymbol):
            raise ClaimError(f"{place}: got {key!r}; give the state or parameter itself, no text")
        if str(key.name) not in known:
            raise ClaimError(
                f"{place}: {key} is no state or parameter of the claim; there are "
                f"{', '.join(known)}"
            )


def _assumed(claim: Any, system: MatrixSDE) -> dict[Any, str]:
    """The conditions of a claim and of its system, each in words."""
    found = {fact: unicode(fact) for fact in system.assuming}
    found |= {x.condition: x.text for x in claim.assumptions if isinstance(x.condition, Basic)}
    return found


def _check_assumed(place: str, owner: Any, known: Iterable[str], facts: Mapping[Any, str]) -> None:
    """Refuse values that fail an assumption on letters that nothing is simulated of.

    On all other letters the simulated start is asked.
    """
    varied = [[(key, x) for x in several] for key, several in getattr(owner, "vary", {}).items()]
    for fact, text in facts.items():
        if {str(x.name) for x in _letters_in([fact])} <= {*known}:
            continue
        for chosen in product(*varied):
            given = {str(key.name): x for key, x in [*owner.values.items(), *chosen]}
            if _fails(fact, given):
                named = sorted({str(x.name) for x in _letters_in([fact])})
                values = ", ".join(f"{name} = {given[name]}" for name in named)
                raise ClaimError(f"{place}: {values} do not meet the assumption: {text}")


def _fails(fact: Any, given: Mapping[str, Any]) -> bool:
    """Whether a condition is false at values of all its letters, which are numbers."""
    numbers = {x: given.get(str(getattr(x, "name", x))) for x in fact.free_symbols}
    if not all(isinstance(x, int | float | Expr) for x in numbers.values()):
        return False
    found = fact.subs(numbers)
    return (ask(found) if isinstance(found, AppliedPredicate) else found) in (False, false)


def _check_sizes(place: str, given: Any, needed: Iterable[str]) -> None:
    if not isinstance(given, Mapping):
        raise ClaimError(f"{place}: got {given!r}; give an integer for each dimension")
    names = {str(getattr(key, "name", key)) for key in given}
    for name in needed:
        if name not in names:
            raise ClaimError(f"{place}: the dimension {name} has none; give one, as {{{name}: 3}}")


def _sizes(claim: Any, system: MatrixSDE, place: str) -> list[str]:
    """The dimensions of what paths are simulated of, and of what is stated of them."""
    held = [*system.equations, *system.equations.values()]
    held += [x for name, x in stated("", claim) if not place or name.startswith(place)]
    return sorted({str(d.name) for x in held for d in x.atoms(Dimension)})


def _letters(claim: Any, system: MatrixSDE) -> Iterator[Any]:
    """States and parameters of a system and of what is stated of it."""
    held = [*system.equations, *system.equations.values(), *system.correlation.values()]
    held += [value for place, value in stated("", claim) if place != "parameter"]
    return _letters_in(held)


def _letters_in(expressions: Iterable[Any]) -> Iterator[Any]:
    for expression in expressions:
        for x in expression.atoms(Symbol, MatrixSymbol, FamilyMember):
            aside = isinstance(x, Dimension | Index) or x in (t, dt) or is_increment(x)
            if not aside:
                yield x
