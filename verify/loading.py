"""From declarations to problems: the catalogue, claim files, mutants, generated kernels.

The tiers never come here; they are given what this module made.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .errors import KernelError, UsageError
from .mutants import visible_tiers
from .planning import TIERS
from .problem import AlgorithmSetting, Problem, Reference
from .verdict import Status

__all__ = [
    "claims_of",
    "described",
    "load",
    "mutant_references",
    "problem_of",
    "references",
]


# Which claims are meant.


def references(ids: Sequence[str]) -> tuple[Reference, ...]:
    """The claims that ids and files name, each once; the whole catalogue if there are none.

    The id of a theorem stands for all its claims.

    Raises
    ------
    UsageError
        For an id that nothing has, with the nearest that exist; for a file that cannot be read.
    """
    if not ids:
        return tuple(Reference(claim=c.id) for c in _catalogue_claims())
    found: dict[Reference, None] = {}
    for given in ids:
        file = given if given.endswith(".py") else None
        for claim in _file_claims(given) if file else claims_of(given):
            found[Reference(claim=claim.id, file=file)] = None
    return tuple(found)


def mutant_references(
    ids: Sequence[str], tiers: Sequence[str]
) -> tuple[tuple[Reference, Any], ...]:
    """The hand-written mutants of claims, each with the tiers among ``tiers`` that can see it."""
    found = []
    for reference in references(ids):
        claim = _claim(reference)
        for mutant in claim.mutants:
            seen = tuple(t for t in visible_tiers(mutant.changes) if t in tiers)
            found.append((replace(reference, mutant=mutant.name, tiers=seen), mutant))
    return tuple(found)


def claims_of(identifier: str) -> tuple[Any, ...]:
    """The claims of a theorem, or the one claim, of this id."""
    for theorem in _catalogue():
        if theorem.id == identifier:
            return tuple(theorem.claims)
    for claim in _catalogue_claims():
        if claim.id == identifier:
            return (claim,)
    known = sorted({t.id for t in _catalogue()} | {c.id for c in _catalogue_claims()})
    raise UsageError(f"{identifier}: no claim has this id; {_nearest(identifier, known)}")


def _nearest(given: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, known, n=3, cutoff=0.5)
    near += [name for name in known if given in name and name not in near][: 3 - len(near)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "list them with python -m verify list"


def _catalogue() -> tuple[Any, ...]:
    from derivations.catalogue import load as theorems

    return tuple(theorems())


def _catalogue_claims() -> list[Any]:
    return [claim for theorem in _catalogue() for claim in theorem.claims]


def _file_claims(path: str) -> tuple[Any, ...]:
    """The claims of a file that exports THEOREM (or a function ``theorem``) or CLAIMS."""
    if not Path(path).is_file():
        raise UsageError(f"{path}: there is no such file")
    spec = importlib.util.spec_from_file_location(f"claims_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        theorem = module.THEOREM if hasattr(module, "THEOREM") else module.theorem()
    except SyntaxError as error:
        raise UsageError(f"{path}, line {error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 - it is the user's code, and one line tells them
        raise UsageError(f"{path}: {type(error).__name__}: {error}") from None
    return tuple(theorem.claims)


def _claim(reference: Reference) -> Any:
    claims = _file_claims(reference.file) if reference.file else _catalogue_claims()
    for claim in claims:
        if claim.id == reference.claim:
            return claim
    raise UsageError(f"{reference.claim}: no claim has this id")


# From a claim to numbers.


def load(reference: Reference) -> Problem:
    """The problem of a claim: generated kernels for the catalogue, new ones for all else.

    Raises
    ------
    KernelError
        If generated kernels are missing.
    """
    claim = _claim(reference)
    if reference.mutant is not None:
        (mutant,) = (m for m in claim.mutants if m.name == reference.mutant)
        return _restricted(compiled(claim.mutated(mutant)), reference.tiers)
    if reference.file is not None:
        return compiled(claim)
    return generated(claim)


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
    """The problem of a claim with kernels printed now."""
    from derivations.codegen import compile_module

    # Tiers other than derivation never see a derived form, so none is printed.
    module = compile_module(claim, derive=False)
    return problem_of(claim, module.KERNELS[claim.id], module.SIGNATURES[claim.id])


def generated(claim: Any) -> Problem:
    """The problem of a claim of the catalogue with its generated kernels."""
    try:
        from numerics.kernels import kernels, signature

        return problem_of(claim, kernels(claim.id), signature(claim.id))
    except (ImportError, KeyError) as error:
        raise KernelError(
            f"{claim.id}: there are no kernels ({error}); run python -m derivations.build"
        ) from None


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
        draws=None if draws is None else str(draws.name),
        algorithm=None
        if check is None
        else AlgorithmSetting(
            algorithm=check.algorithm,
            dataset=check.dataset,
            values=dict(check.values),
            order=check.order,
        ),
        claim=claim,
    )


# What the catalogue holds, for people.


def described() -> list[dict[str, Any]]:
    """Id, title, source, statement, assumptions and tiers of every claim of the catalogue."""
    return [
        {
            "id": claim.id,
            "theorem": theorem.id,
            "title": claim.title,
            "source": claim.source,
            "statement": " ".join(claim.statement.split()),
            "assumptions": [assumption.text for assumption in claim.assumptions],
            "tiers": [tier for tier in TIERS if tier not in claim.inapplicable],
            "inapplicable": dict(claim.inapplicable),
            "mutants": [mutant.name for mutant in claim.mutants],
            "expected": claim.expected,
        }
        for theorem in _catalogue()
        for claim in theorem.claims
    ]
