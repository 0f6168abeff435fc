"""From declarations to problems: the catalogue, claim files, mutants, generated kernels.

The tiers never come here; they are given what this module made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ClaimError, KernelError, TimeLimitError, UsageError
from .mutants.table import visible_tiers
from .paths.exponents import exponent_setting
from .planning import TIERS
from .problem import (
    NOTHING_DRAWN,
    AlgorithmSetting,
    Problem,
    Reference,
    SignSetting,
    ThresholdSetting,
)
from .runs.time_limit import limited
from .steps.setting import step_setting
from .verdict import Status

if TYPE_CHECKING:
    from .outside.files import ClaimFile

__all__ = [
    "claim_of",
    "claims_named",
    "claims_of",
    "described",
    "is_file",
    "load",
    "mutant_references",
    "problem_from_outside",
    "problem_of",
    "references",
    "require_current",
]


ROOT = Path(__file__).resolve().parent.parent

LIMIT = 20.0
"""Seconds that a user's claim may take to become a problem."""

# Which claims are meant.


def references(
    ids: Sequence[str],
    troubled: Callable[[str], None] | None = None,
    unread: list[str] | None = None,
) -> tuple[Reference, ...]:
    """The claims that ids and files name, each once; the whole catalogue if there are none.

    The id of a theorem stands for all its claims, ``FILE.py:ID`` for one of a file, and a file
    that is named twice counts once, whatever the way to it.  ``troubled`` is told of every error
    in a file, whose other claims count; without it the first is raised.  ``unread`` is given the
    names of the claims that could not be read.

    Raises
    ------
    UsageError
        For a file that cannot be read, or the first error in one.
    DerivationError
        For an id that nothing has, with the nearest that exist; a UsageError if none is near.
    """
    if not ids:
        return tuple(Reference(claim=claim.id) for claim in claims_of())
    found: dict[Reference, None] = {}
    ways: dict[Path, str] = {}
    for given in ids:
        if not is_file(given):
            found |= dict.fromkeys(Reference(claim=claim.id) for claim in claims_of(given))
            continue
        path = _split(given)[0]
        file = _file(given, troubled)
        if unread is not None:
            unread += file.unread
        way = ways.setdefault(Path(path).resolve(), path)
        for claim in file.claims:
            found[Reference(claim=claim.id, file=way, without=file.endless)] = None
    return tuple(found)


def is_file(given: str) -> bool:
    """Whether an argument means a file and no id."""
    path = Path(_split(given)[0])
    return path.suffix == ".py" or os.sep in given or path.is_file()


def _split(given: str) -> tuple[str, str]:
    """The path and the id of FILE.py:ID; no id for a file with all its claims."""
    path, _, name = given.rpartition(":")
    return (path, name) if path.endswith(".py") else (given, "")


def _file(given: str, troubled: Callable[[str], None] | None) -> ClaimFile:
    from derivations.catalogue import nearest

    from .outside.files import read

    path, name = _split(given)
    file = read(path)
    for trouble in file.troubles:
        if troubled is None:
            raise UsageError(trouble)
        troubled(trouble)
    if not name:
        return file
    claims = tuple(c for c in file.claims if c.id == name or c.id.startswith(f"{name}."))
    unread = tuple(x for x in file.unread if x == name or x.startswith(f"{name}."))
    if not claims and file.claims:
        known = [claim.id for claim in file.claims]
        raise UsageError(f"{path}: no claim {name!r} in it; {nearest(name, known)}")
    return replace(file, claims=claims, unread=unread)


def mutant_references(
    ids: Sequence[str], tiers: Sequence[str], troubled: Callable[[str], None] | None = None
) -> tuple[tuple[Reference, Any], ...]:
    """The hand-written mutants of claims, each with the tiers among ``tiers`` that can see it."""
    found = []
    for reference in references(ids, troubled):
        claim = claim_of(reference)
        for mutant in claim.mutants:
            seen = tuple(t for t in visible_tiers(mutant.changes) if t in tiers)
            found.append((replace(reference, mutant=mutant.name, tiers=seen), mutant))
    return tuple(found)


def claims_of(*ids: str) -> tuple[Any, ...]:
    """The claims of the catalogue that ids name; the id of a theorem names all of its claims."""
    from derivations.catalogue import claims, find, find_theorem, names

    if not ids:
        return claims()
    for id_ in ids:
        if not get_close_matches(id_.split(".")[0], names(), n=1, cutoff=0.4):
            raise UsageError(
                f"{id_!r}: neither a claim that python -m verify list shows nor a file; a claim of "
                "a file is FILE.py:ID"
            )
    groups = [find_theorem(id_).claims if id_ in names() else (find(id_),) for id_ in ids]
    return tuple({claim.id: claim for group in groups for claim in group}.values())


def claim_of(reference: Reference) -> Any:
    """The declared claim that a reference names."""
    from derivations.catalogue import find

    from .outside.files import read

    if reference.file is None:
        return find(reference.claim)
    for claim in read(reference.file, without=reference.without, silent=True).claims:
        if claim.id == reference.claim:
            return claim
    raise ClaimError(f"{reference.file}: the claim is not there any more when it is read again")


# From a claim to numbers.


def load(reference: Reference, claim: Any = None) -> Problem:
    """The problem of a claim: generated kernels for the catalogue, new ones for all else.

    ``claim`` is what `claim_of` finds, if that is known.

    Raises
    ------
    KernelError
        If generated kernels are missing.
    ClaimError
        If a claim of a file cannot be made a problem.
    """
    claim = claim_of(reference) if claim is None else claim
    if reference.mutant is not None:
        (mutant,) = (m for m in claim.mutants if m.name == reference.mutant)
        wrong = claim.mutated(mutant)
        made = compiled(wrong) if reference.file is None else problem_from_outside(wrong)
        return _restricted(made, reference.tiers)
    return generated(claim) if reference.file is None else problem_from_outside(claim)


def problem_from_outside(claim: Any, limit: float = LIMIT) -> Problem:
    """The problem of a user's claim; its functions are tried within a limit of seconds.

    Raises
    ------
    ClaimError
        Saying what is wrong with the claim.
    """
    from .outside.claim_types import readable

    try:
        with limited(limit):
            return compiled(claim)
    except TimeLimitError as error:
        raise ClaimError(f"{readable(error)} (in a function of the claim)") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ClaimError(readable(error)) from error


def _restricted(problem: Problem, tiers: Iterable[str] | None) -> Problem:
    """The problem of a mutant, asked of the tiers that can see it."""
    if tiers is None:
        return problem
    unseen = dict.fromkeys(TIERS, "the mutant changes nothing that this tier reads")
    for tier in tiers:
        unseen.pop(tier)
    return replace(
        problem, inapplicable={**unseen, **problem.inapplicable}, expected=Status.DISAGREES
    )


def compiled(claim: Any) -> Problem:
    """The problem of a claim with kernels printed now, or made of its Python functions."""
    from .outside.functions import functional, problem_of_functions

    if functional(claim):
        return replace(problem_of_functions(claim, problem_of, printed), of_functions=True)
    return printed(claim)


def printed(claim: Any) -> Problem:
    """The problem of a claim of expressions with kernels printed now."""
    from derivations.codegen import compile_module

    # Tiers other than derivation never see a derived form, so none is printed.
    module = compile_module(claim, derive=False)
    return problem_of(claim, module.kernels, module.signature)


def generated(claim: Any) -> Problem:
    """The problem of a claim of the catalogue with its generated kernels."""
    from numerics import kernels
    from numerics.errors import NumericsError

    try:
        return problem_of(claim, kernels.kernels(claim.id), kernels.signature(claim.id))
    except (ImportError, NumericsError) as error:
        raise KernelError(f"{error}; run python -m derivations.build") from None


def require_current(chosen: Sequence[Reference], root: Path = ROOT) -> None:
    """Refuse to judge by kernels that were not generated from the declarations as they are.

    Raises
    ------
    KernelError
        Naming the theorems whose kernels are missing or out of date.
    """
    from derivations.manifest import Manifest, digest_of
    from derivations.places import Places

    places = Places(root=root)
    entries, shared = Manifest.read(places.manifest).entries, places.shared()
    stale = []
    for name in sorted({r.claim.split(".")[0] for r in chosen if r.file is None}):
        entry = entries.get(name)
        if (
            entry is None
            or (entry.shared, entry.source) != (shared, digest_of(places.theorems()[name]))
            or any(digest_of(root / out) != made for out, made in entry.outputs.items())
        ):
            stale.append(name)
    if stale:
        named = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
        raise KernelError(
            f"kernels of {named}: missing or not of the declaration as it is; run python -m "
            "derivations.build"
        )


def problem_of(claim: Any, kernels: Mapping[str, Any], signature: Any) -> Problem:
    """The problem of a declared claim with these kernels."""
    check = claim.algorithm
    draws = getattr(claim, "draws", None)
    return Problem(
        id=claim.id,
        title=claim.title,
        kernels=kernels,
        signature=signature,
        inapplicable=dict(claim.inapplicable),
        expected=Status(claim.expected),
        draws=None if draws is None else str(getattr(draws, "name", draws)),
        algorithm=None
        if check is None
        else AlgorithmSetting(
            algorithm=check.algorithm,
            dataset=check.dataset,
            values=dict(check.values),
            order=check.order,
        ),
        exponents=exponent_setting(claim),
        step=step_setting(claim),
        sign=SignSetting(sign=claim.sign, number=claim.number) if claim.kind == "sign" else None,
        threshold=_threshold(claim) if claim.kind == "threshold" else None,
        bounds=getattr(claim, "bounds", None),
        claim=claim,
    )


def _threshold(claim: Any) -> ThresholdSetting:
    name = str(getattr(claim.parameter, "name", claim.parameter))
    return ThresholdSetting(parameter=name, below=claim.below, above=claim.above)


# What the catalogue holds, for people.


def described(
    ids: Sequence[str] = (), troubled: Callable[[str], None] | None = None
) -> list[dict[str, Any]]:
    """Id, title, source, statement, assumptions and tiers of claims, by default of all."""
    return [
        {
            "id": claim.id,
            "theorem": claim.id.split(".")[0],
            "title": claim.title,
            "source": claim.source,
            "statement": " ".join(claim.statement.split()),
            "assumptions": [assumption.text for assumption in claim.assumptions],
            "tiers": [tier for tier in TIERS if tier not in _silent(claim)],
            "inapplicable": _silent(claim),
            "mutants": [mutant.name for mutant in claim.mutants],
            "expected": claim.expected,
        }
        for given in (ids or (None,))
        for claim in claims_named(given, troubled)
    ]


def _silent(claim: Any) -> dict[str, str]:
    """The tiers that say nothing of a claim, and why: as it states, or for want of a setting."""
    reasons = dict(claim.inapplicable)
    if claim.simulated is None and claim.kind not in ("time change", "exponents"):
        reasons.setdefault("path", "the claim states no law of a concrete system over time")
    if claim.kind == "identity" and claim.draws is None:
        reasons.setdefault("one-step", NOTHING_DRAWN)
    if claim.algorithm is None:
        reasons.setdefault("algorithm", "the claim names no algorithm")
    return reasons


def claims_named(given: str | None, troubled: Callable[[str], None] | None) -> tuple[Any, ...]:
    """The claims that an id or a file names; all of the catalogue without one."""
    if given is None:
        return claims_of()
    return _file(given, troubled).claims if is_file(given) else claims_of(given)
