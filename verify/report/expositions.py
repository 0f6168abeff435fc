"""The expositions of the claims of a run: generated ones, and those of claim files made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.errors import ClaimError
from verify.loading import claim_of
from verify.outside.claim_types import readable
from verify.runs.time_limit import limited

if TYPE_CHECKING:
    from derivations.exposition import Exposition
    from verify.problem import Reference

__all__ = ["Told", "theorem_titles", "told"]

LIMIT = 20.0
"""Seconds that the exposition of a user's claim may take."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """The exposition of a claim, or the reason why there is none."""

    exposition: Exposition | None = None
    silence: str = ""


def told(reference: Reference) -> Told:
    """What can be told of a claim; a claim of a file is read again and may have changed or fail."""
    from verify.explain import exposition_of

    if reference.file is None:
        return Told(exposition=exposition_of(reference.claim))
    try:
        with limited(LIMIT):
            return Told(exposition=exposition_of(_claim(reference)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the code of others, told in words
        return Told(silence=f"The statement cannot be shown: {readable(error)}")


def _claim(reference: Reference) -> Any:
    try:
        return claim_of(reference)
    except ClaimError:
        raise
    except OSError as error:
        raise ClaimError(f"{reference.file}: cannot be read ({error.strerror})") from None


def theorem_titles(references: Iterable[Reference]) -> Mapping[str, str]:
    """The titles of the theorems of the catalogue that the references are of."""
    from derivations.catalogue import find_theorem

    names = {r.claim.partition(".")[0]: None for r in references if r.file is None}
    return {name: find_theorem(name).title for name in names}
