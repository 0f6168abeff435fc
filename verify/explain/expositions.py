"""The exposition of a claim: that of the catalogue is generated, that of a claim file made here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.bad_input import is_bad_input

if TYPE_CHECKING:
    from derivations.exposition import Exposition

__all__ = ["exposition_of", "expositions_named"]

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


def expositions_named(
    identifier: str, told: Callable[[str], None] | None = None
) -> Iterator[Exposition]:
    """The expositions of the claims that an id, a file or ``FILE.py:ID`` names.

    ``told`` hears of what cannot be expounded; without it the first such claim raises.

    Raises
    ------
    UsageError, DerivationError
        For a file that cannot be read and an id that nothing has, with the nearest that exist.
    """
    file = Path(identifier).is_file()
    found = {} if file else _generated_of(identifier.split(".")[0])
    named = [x for x in found.values() if identifier in (x.id, x.id.split(".")[0])]
    if named and all(x.expected != "NOT APPLICABLE" for x in named):
        yield from named
        return
    # Declarations need SymPy, which what was generated does without.
    from verify.loading import claims_named

    for claim in claims_named(identifier, told):
        try:
            yield _made(claim)
        except ValueError as error:
            if told is None or not is_bad_input(error):
                raise
            told(f"{claim.id}: {error}")


def _generated(identifier: str) -> Exposition | None:
    return _generated_of(identifier.split(".")[0]).get(identifier)


@cache
def _generated_of(theorem: str) -> dict[str, Exposition]:
    """The generated expositions, if they are there and of the declarations as they are.

    They are read once in a process, which has loaded its declarations once too.
    """
    from derivations.exposition import read_expositions
    from derivations.manifest import Manifest
    from derivations.places import Places

    places = Places(root=ROOT)
    entry = Manifest.read(places.manifest).entries.get(theorem)
    if entry is None or not places.is_current(theorem, entry, places.shared()):
        return {}
    return read_expositions(ROOT / places.outputs(theorem)[-1])


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
