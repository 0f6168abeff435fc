"""From declarations to problems: the catalogue, claim files, mutants, generated kernels.

The tiers never come here; they are given what this module made.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .errors import KernelError, UsageError
from .exponents import exponent_setting
from .mutants import visible_tiers
from .planning import TIERS
from .problem import AlgorithmSetting, Problem, Reference, SignSetting
from .verdict import Status

__all__ = [
    "claim_of",
    "claims_of",
    "described",
    "load",
    "mutant_references",
    "problem_of",
    "references",
    "require_current",
]


ROOT = Path(__file__).resolve().parent.parent

# Which claims are meant.


def references(ids: Sequence[str]) -> tuple[Reference, ...]:
    """The claims that ids and files name, each once; the whole catalogue if there are none.

    The id of a theorem stands for all its claims.

    Raises
    ------
    UsageError
        For a file that cannot be read.
    DerivationError
        For an id that nothing has, with the nearest that exist.
    """
    if not ids:
        return tuple(Reference(claim=claim.id) for claim in claims_of())
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
    groups = [find_theorem(id_).claims if id_ in names() else (find(id_),) for id_ in ids]
    return tuple({claim.id: claim for group in groups for claim in group}.values())


def _file_claims(path: str) -> tuple[Any, ...]:
    """The claims of a file that exports a function ``theorem``, or THEOREM."""
    if not Path(path).is_file():
        raise UsageError(f"{path}: there is no such file")
    spec = importlib.util.spec_from_file_location(f"claims_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        theorem = module.theorem() if hasattr(module, "theorem") else module.THEOREM
        return tuple(theorem.claims)
    except SyntaxError as error:
        raise UsageError(f"{path}, line {error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 - it is the user's code, and one line tells them
        raise UsageError(f"{path}: {type(error).__name__}: {error}") from None


def claim_of(reference: Reference) -> Any:
    """The declared claim that a reference names."""
    from derivations.catalogue import find

    if reference.file is None:
        return find(reference.claim)
    for claim in _file_claims(reference.file):
        if claim.id == reference.claim:
            return claim
    raise UsageError(f"{reference.file}: it has no claim {reference.claim} any more")


# From a claim to numbers.


def load(reference: Reference) -> Problem:
    """The problem of a claim: generated kernels for the catalogue, new ones for all else.

    Raises
    ------
    KernelError
        If generated kernels are missing.
    """
    claim = claim_of(reference)
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
    """The problem of a claim with kernels printed now, or made of its Python functions."""
    from .functions import functional, problem_of_functions

    if functional(claim):
        return problem_of_functions(claim, problem_of, printed)
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
    from derivations.build import Places
    from derivations.manifest import Manifest, digest_of

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
        sign=SignSetting(sign=claim.sign, number=claim.number) if claim.kind == "sign" else None,
        bounds=getattr(claim, "bounds", None),
        claim=claim,
    )


# What the catalogue holds, for people.


def described() -> list[dict[str, Any]]:
    """Id, title, source, statement, assumptions and tiers of every claim of the catalogue."""
    return [
        {
            "id": claim.id,
            "theorem": claim.id.split(".")[0],
            "title": claim.title,
            "source": claim.source,
            "statement": " ".join(claim.statement.split()),
            "assumptions": [assumption.text for assumption in claim.assumptions],
            "tiers": [tier for tier in TIERS if tier not in claim.inapplicable],
            "inapplicable": dict(claim.inapplicable),
            "mutants": [mutant.name for mutant in claim.mutants],
            "expected": claim.expected,
        }
        for claim in claims_of()
    ]
