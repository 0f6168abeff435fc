"""Claims of Python functions: from arrays in, arrays out, to a problem for the tiers.

A function stands where an expression could: an observable, a stated drift, a distribution function.
It is a kernel in double precision and in no other number context, so that the tiers that prove or
calculate exactly do not apply.  Every function is tried at a few points before anything is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from derivations.claim import is_function
from numerics.contexts import PrimeFieldContext
from numerics.errors import NoValueError
from numerics.function import Function
from numerics.kernel import Kernel
from numerics.letters import letter, shape_of
from numerics.numeric_sde import NumericSDE
from numerics.numeric_update import NumericUpdate
from numerics.points import as_arrays
from numerics.signature import ClaimSignature, Condition, LetterSignature, PathSignature
from numerics.system import Array
from verify.errors import ClaimError
from verify.problem import Problem

from .claim_types import number_of
from .stated_functions import Ground, stated_kernels

__all__ = ["functional", "problem_of_functions"]

PLACES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "differential": (
        ("observable", "observable"),
        ("stated_drift", "drift"),
        ("stated_martingale", "martingale"),
    ),
    "covariation": (("first", "first"), ("second", "second"), ("stated_rate", "rate")),
    "sign": (("observable", "observable"),),
    "step": (("observable", "observable"), ("change", "change")),
    "identity": (("left", "left"), ("right", "right")),
    "time change": (("rate", "rate"),),
    "exponents": (),
}
"""Kind of a claim -> (kernel, field) of everything that it states; claims about paths say it."""

WITHOUT = "the claim is of Python functions, whose values are numbers in double precision"


def functional(claim: Any) -> bool:
    """Whether a claim speaks in Python functions anywhere, or of a system that is given by them."""
    stated = (value for _, value in _stated(claim))
    others = (getattr(claim, field.name) for field in fields(claim))
    conditions = (a.condition for a in claim.assumptions)
    return any(map(is_function, (*stated, *others, *conditions))) or any(_numeric_systems(claim))


def _numeric_systems(claim: Any) -> Iterator[NumericSDE | NumericUpdate]:
    for owner in (claim, claim.simulated):
        for name in ("sde", "changed", "update"):
            if isinstance(system := getattr(owner, name, None), NumericSDE | NumericUpdate):
                yield system


def _stated(claim: Any) -> Iterator[tuple[str, Any]]:
    """Kernel and value of everything that a claim states, its path check included."""
    if claim.kind in PLACES:
        for kernel, field in PLACES[claim.kind]:
            if (value := getattr(claim, field)) is not None:
                yield kernel, value
        for name, value in getattr(claim, "terms", {}).items():
            if is_function(value):
                yield f"term_{name}", value
        if claim.path is not None:
            yield "path_observable", claim.path.observable
            yield "path_law", claim.path.law
    elif claim.simulated is not None and hasattr(claim, "kernels"):
        for name, value in claim.kernels().items():
            yield f"path_{name}", value


def problem_of_functions(
    claim: Any, made: Callable[..., Problem], printed: Callable[[Any], Problem]
) -> Problem:
    """The problem of a claim with functions in it.

    ``made(claim, kernels, signature)`` is the problem with these kernels, ``printed(claim)`` that
    of a claim of expressions.

    Raises
    ------
    ClaimError
        If a system or an expression is of no kind that can be taken.
    FunctionError
        If a function cannot be called, or returns something that is no value.
    """
    if claim.kind not in PLACES and (claim.simulated is None or not hasattr(claim, "kernels")):
        raise ClaimError(f"{type(claim).__name__}: it takes no Python functions; give expressions")
    if any(_numeric_systems(claim)) or claim.kind == "identity":
        base = made(claim, *_numeric(claim))
    else:
        base = printed(_without_functions(claim))
    base = _with_conditions(base, claim)
    kernels, timed = dict(base.kernels), False
    for path in (False, True):
        stated = {k: v for k, v in _stated(claim) if k.startswith("path_") is path}
        if stated:
            found = stated_kernels(base, stated, path=path)
            kernels |= found
            timed = timed or (not path and any("t" in k.arguments for k in found.values()))
    expressed = not any(is_function(v) for _, v in _stated(claim))
    symbolic = expressed and not any(_numeric_systems(claim))
    without = {} if symbolic else dict.fromkeys(("derivation", "exact"), WITHOUT)
    return replace(
        base,
        kernels=kernels,
        signature=_timed(base.signature) if timed else base.signature,
        inapplicable={**without, **base.inapplicable},
        claim=base.claim if symbolic else None,
    )


# The kernels and the signature of what is given by functions alone.


def _numeric(claim: Any) -> tuple[dict[str, Kernel], ClaimSignature]:
    """Systems and letters; the stated forms follow."""
    systems: dict[str, Any] = {}
    if claim.kind in PLACES and claim.kind not in ("identity", "step"):
        systems["declared"] = claim.sde
        if claim.kind == "time change":
            systems["changed"] = claim.changed
    prefixes = {"declared": "", "changed": "changed_"}
    kernels: dict[str, Kernel] = {}
    letters: dict[str, LetterSignature] = {}
    for name, sde in systems.items():
        _required(sde, "sde" if name == "declared" else name)
        kernels |= sde.kernels(prefixes[name])
        for x in sde.letters:
            if letters.setdefault(x.name, x) != x:
                raise ClaimError(f"changed: {x.name} is not what it is in sde; rename one")
    if claim.kind == "identity":
        letters = _arguments(claim)
    if claim.kind == "step":
        kernels["update"] = claim.update.kernel
        letters = {x.name: x for x in claim.update.letters}
    takes_time = any(sde.takes_time for sde in systems.values())
    time = (LetterSignature(name="t", kind="time"),) if takes_time else ()
    path, more = _path(claim)
    signature = ClaimSignature(
        claim=claim.id,
        kind=claim.kind,
        dimensions=(),
        letters=(*letters.values(), *time),
        systems={name: sde.signature(prefixes[name], claim.id) for name, sde in systems.items()},
        path=path,
    )
    return {**kernels, **more}, signature


def _required(sde: Any, field: str) -> None:
    if not isinstance(sde, NumericSDE):
        raise ClaimError(f"{field}: got {type(sde).__name__}; give a NumericSDE, as the other is")


def _arguments(claim: Any) -> dict[str, LetterSignature]:
    """The letters of an identity, from the shapes that it names."""
    given = claim.arguments
    if not isinstance(given, Mapping) or not given:
        raise ClaimError(
            "arguments: an identity of functions needs the shapes of their arguments; give "
            "arguments={'A': (3, 3), 'x': ()}"
        )
    return {name: letter(name, "state", shape_of(name, x), None) for name, x in given.items()}


def _path(claim: Any) -> tuple[PathSignature | None, dict[str, Kernel]]:
    check = claim.simulated
    if check is None:
        return None, {}
    sde = check.sde
    _required(sde, "sde")
    names = {x.name: x for x in sde.letters}
    values = {}
    _check_names(claim, check.values, names)
    for key, value in check.values.items():
        name = str(getattr(key, "name", key))
        values[name] = _number(name, value, names[name].shape_at({}))
        if "positive" in names[name].facts and not np.all(values[name] > 0):
            raise ClaimError(f"values: {name} = {value} is not positive, as within= says it is")
    signature = PathSignature(
        systems={"path": sde.signature("path_", claim.id)},
        letters=sde.letters,
        horizon=float(_number("horizon", check.horizon, ())),
        sizes={},
        values=values,
        relevant=float(_number("relevant", check.relevant, ())),
        vary=_varied(claim, names),
    )
    return signature, sde.kernels("path_")


def _varied(claim: Any, letters: Mapping[str, LetterSignature]) -> dict[str, tuple[Array, ...]]:
    """The values at which a claim is judged, one after the other."""
    found = {}
    for key, several in getattr(claim, "vary", {}).items():
        name = str(getattr(key, "name", key))
        if not isinstance(several, list | tuple) or not several:
            raise ClaimError(f"vary: {name} = {several!r}; give several values, as in (0.5, 1, 2)")
        shape = letters[name].shape_at({})
        found[name] = tuple(_number(f"vary: {name}", value, shape) for value in several)
    return found


def _check_names(claim: Any, values: Mapping[Any, Any], names: Iterable[str]) -> None:
    """Refuse values of what is no state or parameter of the system."""
    parameter = {"parameter": (claim.parameter,)} if hasattr(claim, "parameter") else {}
    given = {"values": values, "vary": getattr(claim, "vary", {}), **parameter}
    for field, keys in given.items():
        for key in keys:
            name = str(getattr(key, "name", key))
            if name not in names:
                raise ClaimError(
                    f"{field}: {name!r} is no state or parameter; there are {', '.join(names)}"
                )


def _number(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    try:
        x = np.asarray(_exact(name, value), dtype=float)
    except (TypeError, ValueError):
        raise ClaimError(f"{name}: got {value!r}; give a number or an array") from None
    if x.shape != shape or not np.all(np.isfinite(x)):
        raise ClaimError(f"{name}: got {value!r} of shape {x.shape}; give numbers of shape {shape}")
    return x


def _exact(name: str, value: Any) -> Any:
    """The value with numbers for texts such as "1/2"."""
    if isinstance(value, list | tuple):
        return [_exact(name, x) for x in value]
    return number_of(name, value) if isinstance(value, str) else value


def _timed(signature: ClaimSignature) -> ClaimSignature:
    """The signature with the time among its letters."""
    if any(x.name == "t" for x in signature.letters):
        return signature
    time = LetterSignature(name="t", kind="time")
    return replace(signature, letters=(*signature.letters, time))


# The same where the system is declared in symbols.


def _without_functions(claim: Any) -> Any:
    """The claim with 0 for every function and words alone for such conditions, to be printed."""
    assumptions = tuple(
        replace(a, condition=None) if is_function(a.condition) else a for a in claim.assumptions
    )
    return replace(_zeroed(claim), assumptions=assumptions)


def _zeroed(value: Any) -> Any:
    changes: dict[str, Any] = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if is_function(part):
            changes[field.name] = 0
        elif field.name == "path" and part is not None:
            changes["path"] = _zeroed(part)
    return replace(value, **changes) if changes else value


# Conditions.


def _with_conditions(problem: Problem, claim: Any) -> Problem:
    """The problem whose points are admissible where all functions say so."""
    given = [(a.text, a.condition) for a in claim.assumptions if is_function(a.condition)]
    for sde in dict.fromkeys(_numeric_systems(claim)):
        given += [("where", f.call) for f in sde.conditions()]
    if any(_numeric_systems(claim)):
        for a in claim.assumptions:
            if a.condition is not None and not is_function(a.condition):
                raise ClaimError(f"assumption {a.text!r}: a system of functions needs a function")
    kernels, conditions = dict(problem.kernels), list(problem.signature.conditions)
    numeric = any(_numeric_systems(claim)) or claim.kind == "identity"
    if numeric:
        conditions = [Condition(text=a.text) for a in claim.assumptions if a.condition is None]
    else:
        words = [text for text, _ in given]
        conditions = [c for c in conditions if c.predicate or c.relation or c.text not in words]
    path = problem.signature.path is not None and claim.kind not in PLACES
    for text, call in given:
        name = f"condition_{len(conditions)}"
        f = Ground.of(problem, path=path).function(f"condition {text!r}", call, value=())
        kernels[name] = _condition(name, f)
        conditions.append(Condition(text=text, predicate="positive", kernel=name))
    signature = replace(problem.signature, conditions=tuple(conditions))
    return replace(problem, kernels=kernels, signature=signature)


def _condition(name: str, f: Function) -> Kernel:
    """1 where the function is true and −1 elsewhere, at points of any ordered field."""

    def generic(ctx: Any, *values: Any) -> Any:
        if isinstance(ctx, PrimeFieldContext):
            raise NoValueError(f"{f.what} is a Python function, which needs real numbers")
        point = as_arrays(dict(zip(f.arguments, values, strict=True)), ctx)
        return ctx.rational(1 if bool(f.at(*point.values())) else -1)

    return Kernel(
        name=name,
        arguments=f.arguments,
        arrays=lambda *values: 2.0 * (f.at(*values) != 0) - 1.0,
        generic=generic,
    )
