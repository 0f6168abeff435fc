"""From a claim to kernels: one printer a target, and the source text of a module.

What is declared and what is stated is printed as typed; the derived forms come from the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derivations.claim import Claim
from derivations.codegen import formulas
from derivations.codegen.function import Formula
from derivations.codegen.module import kernels_source, module_source, run_source

__all__ = [
    "CompiledClaim",
    "claim_signature",
    "compile_claim",
    "compile_formulas",
    "compile_module",
    "module_source",
    "stated_formulas",
]


@dataclass(frozen=True, kw_only=True)
class CompiledClaim:
    """The kernels of a claim by name, its signature, and the source text of both."""

    kernels: Mapping[str, Any]
    signature: Any
    source: str


def compile_module(claim: Claim, *, derive: bool = True) -> CompiledClaim:
    """The kernels and the signature of a claim, in memory.

    Parameters
    ----------
    claim
        Any claim, also a user's own or a mutant.
    derive
        Whether the derived forms are wanted; without them the engine is not asked.

    Raises
    ------
    DerivationError
        Naming what cannot be printed or derived.
    """
    source = module_source(f"Kernels of the claim {claim.id}.", (claim,), derive=derive)
    names = run_source(source)
    return CompiledClaim(
        kernels=names["KERNELS"][claim.id],
        signature=names["SIGNATURES"][claim.id],
        source=source,
    )


def compile_claim(claim: Claim, *, derive: bool = True) -> Mapping[str, Any]:
    """The kernels of a claim by name (``numerics.kernel.Kernel``), in memory."""
    return compile_module(claim, derive=derive).kernels


def stated_formulas(claim: Claim) -> tuple[Formula, ...]:
    """All that is printed of a claim without asking the engine."""
    return (
        *formulas.formulas(claim, derive=False),
        *formulas.path_formulas(claim),
        *formulas.rate_formulas(claim),
    )


def compile_formulas(claim: Claim, chosen: Sequence[Formula]) -> Mapping[str, Any]:
    """The kernels of some formulas of a claim, in memory: of a mutant, those that it changes."""
    source = kernels_source(f"Some kernels of the claim {claim.id}.", claim, chosen)
    kernels: Mapping[str, Any] = run_source(source)["KERNELS"]
    return kernels


def claim_signature(claim: Claim) -> Any:
    """What the kernels of a claim take (``numerics.signature.ClaimSignature``), in memory."""
    return compile_module(claim, derive=False).signature
