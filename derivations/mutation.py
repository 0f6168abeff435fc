"""Wrong claims made from a right one, one mistake each, and the proof that one is not wrong at all.

Every stated field is varied (`variations`): drift, martingale part, rate, both sides of an
identity, matrix and laws of moments, the system in the new time, exponents, values and laws of
paths, signs.  Of the declared system: Itô for Stratonovich, a noise twice as large, a covariance
or a correlation lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Identity, Integer, cancel, sympify
from sympy.matrices.expressions import MatrixExpr

from .claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    MomentClaim,
    Mutant,
    SignClaim,
    TimeChangeClaim,
)
from .derive import derived_covariation, derived_differential
from .diffusions import compared_in_law
from .equality import equal
from .errors import DerivationError
from .expressions import entry, is_zero
from .path_claims import PathClaim, ThresholdClaim
from .sde import MatrixSDE, increments_of, linear_part
from .symbols import Dimension, MatrixIncrement, dt
from .variations import variations

__all__ = ["GeneratedMutant", "generated_mutants", "proved_equal"]

STATED = ("drift", "martingale", "rate", "left", "right", "change", "shown")
"""Fields with one expression, in which a mutant differs."""

OBSERVED = ("observable", "level", "variance")
"""What a claim about paths observes, and what it declares of it."""

SIGNS: Mapping[str, str] = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}


@dataclass(frozen=True, kw_only=True)
class GeneratedMutant(Mutant):
    """A mutant that was generated: the field it is about, and the kind of its mistake."""

    field: str
    kind: str


def generated_mutants(claim: Claim) -> tuple[GeneratedMutant, ...]:
    """All wrong versions of a claim, in the order of its fields, with names that differ."""
    found: list[GeneratedMutant] = []
    names: dict[str, int] = {}
    for mutant in _all(claim):
        if not _stands(claim, mutant):
            continue
        count = names[mutant.name] = names.get(mutant.name, 0) + 1
        name = mutant.name if count == 1 else f"{mutant.name} ({count})"
        found.append(replace(mutant, name=name))
    return tuple(found)


def _stands(claim: Claim, mutant: Mutant) -> bool:
    """Whether a mutant is a claim at all: some check what they are given."""
    try:
        claim.mutated(mutant)
    except (DerivationError, ValueError):
        return False
    return True


def _all(claim: Claim) -> Iterator[GeneratedMutant]:
    sizes = _sizes(claim)
    for field in STATED:
        if getattr(claim, field, None) is not None:
            yield from _of_field(claim, field, sizes)
    for field in ("matrix", "laws"):
        for place, value in _leaves(getattr(claim, field, ())):
            where = f"{field} {', '.join(str(n + 1) for n in place)}"
            for found in variations(value, dimensions=sizes):
                changed = _put(getattr(claim, field), place, found.expression)
                yield _mutant(field, found.kind, f"{where}: {found.name}", {field: changed})
    if claim.path is not None and claim.path.law is not None:
        for found in variations(claim.path.law, dimensions=sizes):
            path = replace(claim.path, law=found.expression)
            yield _mutant("law", found.kind, f"law, {found.name}", {"path": path})
    if isinstance(claim, PathClaim):
        yield from _of_paths(claim, sizes)
    if isinstance(claim, ExponentClaim):
        yield from _of_exponents(claim)
    if hasattr(claim, "sign"):
        yield _mutant("sign", "sign", "sign: the other", {"sign": SIGNS[claim.sign]})
    if hasattr(claim, "changed"):
        yield from _of_changed(claim)
    # Twice the noise may leave a sign as it is; of paths a simulation of its own would be needed.
    alone = isinstance(claim, PathClaim | ExponentClaim | SignClaim)
    if isinstance(getattr(claim, "sde", None), MatrixSDE) and not alone:
        yield from _of_system(claim)


def _mutant(field: str, kind: str, name: str, changes: Mapping[str, Any]) -> GeneratedMutant:
    return GeneratedMutant(name=name, mistake=kind, changes=changes, field=field, kind=kind)


def _sizes(claim: Claim) -> tuple[Any, ...]:
    """The dimensions that a claim speaks of, which may be taken for each other."""
    subjects = ("observable", "first", "second", "left", "right")
    parts = [sympify(getattr(claim, name)) for name in subjects if hasattr(claim, name)]
    sde = getattr(claim, "sde", None)
    if isinstance(sde, MatrixSDE):
        parts += [sympify(x) for x in sde.equations.values()]
    found = {d for part in parts for d in part.atoms(Dimension)}
    return tuple(sorted(found, key=str))


# Stated forms.


def _of_field(claim: Claim, field: str, sizes: tuple[Any, ...]) -> Iterator[GeneratedMutant]:
    value = sympify(getattr(claim, field))
    of_noise = field == "martingale"
    for found in variations(value, dimensions=sizes):
        if not of_noise or _is_noise(found.expression):
            changes = {field: found.expression}
            if not (isinstance(claim, TimeChangeClaim) and _is_no_clock(claim, found.expression)):
                yield _mutant(field, found.kind, f"{field}, {found.name}", changes)
    if not is_zero(value):
        return
    if of_noise:
        yield from _noise_added(claim)
    elif field in ("drift", "rate") and isinstance(claim, DifferentialClaim):
        added = claim.observable
        yield _mutant(field, "added", f"{field}, the observable added", {field: added})


def _is_no_clock(claim: TimeChangeClaim, rate: Any) -> bool:
    """Whether a rate is not known to be positive: no time runs by it."""
    try:
        claim.sde.change_time(rate)
    except DerivationError:
        return True
    return False


def _is_noise(expression: Any) -> bool:
    """Whether an expression is linear in the differentials of Brownian motions."""
    if is_zero(expression):
        return True
    noises = increments_of(expression) - {dt}
    if not noises:
        return False
    try:
        linear_part(expression, noises)
    except DerivationError:
        return False
    return True


def _noise_added(claim: Any) -> Iterator[GeneratedMutant]:
    """One component of a noise where no martingale part is stated."""
    for noise in claim.sde.noises:
        matrix = isinstance(noise, MatrixIncrement)
        if not matrix and getattr(noise, "index", None) is not None:
            continue
        component = entry(noise, 0, 0) if matrix else noise
        f = sympify(claim.observable)
        added = component * f if isinstance(f, MatrixExpr) else component
        yield _mutant("martingale", "added", f"martingale, {noise} added", {"martingale": added})
        return


def _leaves(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The expressions in nested tuples, with their places."""
    if not isinstance(value, tuple | list):
        yield path, sympify(value)
        return
    for n, part in enumerate(value):
        yield from _leaves(part, (*path, n))


def _put(value: Any, path: tuple[int, ...], other: Any) -> Any:
    if not path:
        return other
    n = path[0]
    return (*value[:n], _put(value[n], path[1:], other), *value[n + 1 :])


def _of_paths(claim: PathClaim, sizes: tuple[Any, ...]) -> Iterator[GeneratedMutant]:
    """What is stated of simulated paths; the observable and declared bounds stay."""
    for field in claim.kernels():
        if field in OBSERVED or not hasattr(claim, field):
            continue
        for found in variations(getattr(claim, field), dimensions=sizes):
            if not _is_statement(field, getattr(claim, field), found.expression):
                continue
            changes = {field: found.expression}
            yield _mutant(field, found.kind, f"{field}, {found.name}", changes)
    if isinstance(claim, ThresholdClaim):
        changes = {"below": claim.above, "above": claim.below}
        yield _mutant("threshold", "sign", "threshold: the two sides exchanged", changes)


def _is_statement(field: str, right: Any, wrong: Any) -> bool:
    """Whether a version says something else of paths, and something that can be judged."""
    if field == "threshold":
        # The claim is judged at multiples of it.
        return not is_zero(wrong)
    if field == "density":
        # A density need not be normalised, and is positive.
        return not cancel(wrong / right).is_number
    return True


def _of_exponents(claim: ExponentClaim) -> Iterator[GeneratedMutant]:
    for n, group in enumerate(claim.exponents):
        for found in variations(group.value):
            others = list(claim.exponents)
            others[n] = replace(group, value=found.expression)
            name = f"exponents {n + 1}, {found.name}"
            yield _mutant("exponents", found.kind, name, {"exponents": tuple(others)})


def _of_changed(claim: Any) -> Iterator[GeneratedMutant]:
    """The system in the new time: the terms of its equations."""
    changed = claim.changed
    for state, equation in changed.equations.items():
        for found in variations(equation):
            system = _system(changed, {**changed.equations, state: found.expression})
            if system is not None:
                name = f"changed, d{state}, {found.name}"
                yield _mutant("changed", found.kind, name, {"changed": system})


# The declared system.


def _of_system(claim: Any) -> Iterator[GeneratedMutant]:
    sde = claim.sde
    if sde.noises:
        other, words = (
            ("stratonovich", "Stratonovich for Itô")
            if sde.calculus == "ito"
            else ("ito", "Itô for Stratonovich")
        )
        system = sde.with_equations(sde.equations, calculus=other)
        if _has_other_form(system):
            yield _mutant("sde", "calculus", f"sde, {words}", {"sde": system})
    for state in sde.states:
        if not is_zero(sde.noise(state)):
            doubled = {**sde.equations, state: sde.equations[state] + sde.noise(state)}
            system = _system(sde, doubled)
            if system is not None:
                name = f"sde, noise of {state}: ×2"
                yield _mutant("sde", "coefficient", name, {"sde": system})
    for noise in sde.noises:
        if isinstance(noise, MatrixIncrement) and not all(C.is_Identity for C in noise.facts):
            yield from _without_covariance(claim, noise)
    if sde.correlation:
        system = MatrixSDE(sde.equations, assuming=sde.assuming, calculus=sde.calculus)
        yield _mutant("sde", "covariance", "sde, correlation lost", {"sde": system})


def _has_other_form(system: MatrixSDE) -> bool:
    """Whether the coefficients are known as functions, so that the two calculi can be compared."""
    try:
        system.to_ito() if system.calculus == "stratonovich" else system.to_stratonovich()
    except DerivationError:
        return False
    return True


def _without_covariance(claim: Any, noise: Any) -> Iterator[GeneratedMutant]:
    sde = claim.sde
    plain = MatrixIncrement(noise.name, *noise.shape, *(Identity(n) for n in noise.shape))
    swap = {noise: plain}
    system = _system(sde, {x: e.xreplace(swap) for x, e in sde.equations.items()})
    if system is None:
        return
    changes: dict[str, Any] = {"sde": system}
    if getattr(claim, "martingale", None) is not None:
        changes["martingale"] = sympify(claim.martingale).xreplace(swap)
    yield _mutant("sde", "covariance", f"sde, covariance of {noise} lost", changes)


def _system(sde: MatrixSDE, equations: Mapping[Any, Any]) -> MatrixSDE | None:
    """The system with other equations, or None if they are none of a system."""
    try:
        return sde.with_equations(equations)
    except (DerivationError, AttributeError, TypeError):
        return None


# Proof that a mutant says the same.


def proved_equal(claim: Any, mutant: Mutant, assuming: tuple[Any, ...] = ()) -> bool:
    """Whether a mutant is proved to say what the claim says: normal forms that are equal.

    Of a changed system, that the same follows from it.
    """
    wrong = claim.mutated(mutant)
    try:
        return all(
            equal(a, b, assuming=assuming)
            for name in mutant.changes
            for a, b in _pairs(name, claim, wrong, assuming)
        )
    except (DerivationError, ValueError, TypeError):
        return False


def _pairs(
    name: str, claim: Any, wrong: Any, assuming: tuple[Any, ...]
) -> Iterator[tuple[Any, Any]]:
    """What is to be equal if two claims say the same; a pair that differs if nothing is known."""
    a, b = getattr(claim, name), getattr(wrong, name)
    if name == "path" and replace(b, law=a.law) == a:
        yield a.law, b.law
    elif name == "sde":
        yield from _same_consequences(claim, wrong, assuming)
    elif name == "changed":
        yield from _in_law(a, b, assuming)
    elif isinstance(a, tuple) and name in ("matrix", "laws"):
        pairs = zip(_leaves(a), _leaves(b), strict=True)
        yield from ((x, y) for (_, x), (_, y) in pairs)
    elif isinstance(a, int | float) or hasattr(a, "free_symbols"):
        yield a, b
    else:
        yield Integer(0), Integer(int(a != b))


def _same_consequences(
    claim: Any, wrong: Any, assuming: tuple[Any, ...]
) -> Iterator[tuple[Any, Any]]:
    """What follows from two systems for what a claim observes."""
    if isinstance(claim, CovariationClaim):
        yield derived_covariation(claim), derived_covariation(wrong)
    elif isinstance(claim, MomentClaim):
        for moment in claim.moments:
            yield claim.sde.d(moment).drift, wrong.sde.d(moment).drift
    elif isinstance(claim, DifferentialClaim | SignClaim):
        a, b = (derived_differential(c) for c in (claim, wrong))
        yield a.drift, b.drift
        if isinstance(claim, DifferentialClaim) and claim.martingale is not None:
            yield a.martingale, b.martingale
    else:
        # A law over time needs all of the system.
        yield from _in_law(claim.sde, wrong.sde, assuming)


def _in_law(a: MatrixSDE, b: MatrixSDE, assuming: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    for _, x, y in compared_in_law(a.to_ito(), b.to_ito(), assuming=assuming):
        yield x, y
