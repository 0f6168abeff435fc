"""Eigenprojectors as letters of the calculus: E_i E_j = δ_ij E_i, tr E_i = 1, S E_i = λ_i E_i.

No eigenvectors, hence no signs: E_i A E_i = tr(E_i A) E_i says all that is needed of rank one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

from sympy import Symbol

from .errors import DerivationError
from .spectrum import Eigenvalue
from .symbols import Index

__all__ = ["Projector", "Spectral", "SpectralLetter"]


class Spectral:
    """A symmetric form S whose spectrum is taken; ``matrix`` is the expression as typed."""

    def __init__(self, form: Any, matrix: Any) -> None:
        if form != form.T:
            raise DerivationError(
                f"eigenvalues: {matrix} is not symmetric; take A*A.T, or declare symmetric=True"
            )
        if form.indices:
            raise DerivationError(f"eigenvalues: {matrix} holds a free index; sum over it first")
        self.form, self.matrix = form, matrix

    @cached_property
    def name(self) -> str:
        """A short name that is equal for equal forms."""
        return blake2b(self.form.key.encode(), digest_size=12).hexdigest()

    @cached_property
    def letter(self) -> SpectralLetter:
        """What stands for S in its eigenvalues."""
        return SpectralLetter(self)

    def value(self, index: Index) -> Any:
        """The eigenvalue λ_i, as it stands in a form."""
        return Eigenvalue(self.letter, index)

    @cached_property
    def plain(self) -> tuple[tuple[Any, Any], ...] | None:
        """(coefficient, word) of the terms of S, the leading one last; None if some are not."""
        words = []
        for m, c in self.form.terms.items():
            if m.indices or m.indexed != 1 or m.cycles or m.word is None:
                return None
            words.append((c, m.word))
        words.sort(key=lambda term: (len(term[1]), tuple(f.key for f in term[1])))
        return tuple(words) if words and words[-1][1] else None


class SpectralLetter(Symbol):
    """The name of a symmetric form, in the eigenvalues of a normal form."""

    __slots__ = ("spectral",)
    spectral: Spectral

    def __new__(cls, spectral: Spectral) -> SpectralLetter:
        """Two letters are one if their forms are."""
        obj: SpectralLetter = Symbol.__xnew__(cls, f"S({spectral.name})", commutative=True)
        obj.spectral = spectral
        return obj

    def __getnewargs_ex__(self) -> Any:
        return ((self.spectral,), {})


@lru_cache(maxsize=4096)
def _name(spectrum: str, index: Index) -> str:
    """A name that is equal for equal projectors."""
    return f"E({spectrum})[{index.name}:{index.range}]"


class Projector:
    """The letter E_i of a spectrum."""

    __slots__ = ("index", "name", "spectral")

    is_symmetric_letter = True

    def __init__(self, spectral: Spectral, index: Index) -> None:
        self.spectral, self.index = spectral, index
        self.name = _name(spectral.name, index)

    @property
    def shape(self) -> tuple[Any, ...]:
        """Shape of S."""
        shape: tuple[Any, ...] = self.spectral.form.shape
        return shape

    @property
    def indices(self) -> frozenset[Index]:
        """The index alone."""
        return frozenset({self.index})

    def relabel(self, names: Mapping[Index, Index]) -> Projector:
        """The projector of the renamed index."""
        return Projector(self.spectral, names.get(self.index, self.index))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Projector) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)
