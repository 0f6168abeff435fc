"""The exposition of a claim: that of the catalogue is generated, that of a claim file made here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derivations.exposition import Exposition

__all__ = ["exposition_of"]

ROOT = Path(__file__).resolve().parents[2]


def exposition_of(claim: Any) -> Exposition:
    """What a claim states, assumes and follows from.

    Parameters
    ----------
    claim : str or Claim
        The id of a claim of the catalogue, for what was generated with its kernels, or a claim,
        whose derivation is made now.

    Raises
    ------
    DerivationError
        For an id that nothing has, and for a claim from which nothing can be derived.
    """
    if not isinstance(claim, str):
        return _made(claim)
    found = _generated(claim)
    # The reason why assumptions cannot hold is found here, and is not generated.
    if found is None or found.expected == "NOT APPLICABLE":
        from derivations.catalogue import find

        return _made(find(claim))
    return found


def _generated(identifier: str) -> Exposition | None:
    """The generated exposition, if it is there and of the declarations as they are."""
    from derivations.build import Places
    from derivations.exposition import read_expositions
    from derivations.manifest import Manifest

    theorem, places = identifier.split(".")[0], Places(root=ROOT)
    entry = Manifest.read(places.manifest).entries.get(theorem)
    if entry is None or not places.is_current(theorem, entry, places.shared()):
        return None
    return read_expositions(ROOT / places.outputs(theorem)[-1]).get(identifier)


def _made(claim: Any) -> Exposition:
    from derivations.expounding import expound, stated
    from verify.applicability import refusal
    from verify.outside.functions import functional

    if found := refusal(claim):
        said = f"Not applicable: {found.reason}. Nothing is derived."
    elif functional(claim):
        said = "The claim is of Python functions: there is nothing to derive from."
    else:
        return expound(claim)
    shown = stated(claim, _Sources())
    return replace(shown, remarks=(said, *shown.remarks))


class _Sources:
    """Python functions as their sources say them."""

    def text(self, function: Any) -> str:
        from verify.outside.source_text import source_text

        return source_text(function)

    def rows(self, system: Any) -> list[tuple[str, str]]:
        from verify.outside.source_text import declared_rows

        return declared_rows(system)
