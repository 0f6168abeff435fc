"""Inverses as letters: S⁻¹ for a letter, a word or a sum S that no rule inverts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any

from .errors import DerivationError, ShapeError
from .forms import Form
from .symbols import Index, same_size
from .words import ONE, Factor, Word

__all__ = ["Alternative", "InverseOf", "inverse", "is_square", "plain_words"]

Alternative = tuple[Any, Word]


class InverseOf:
    """The letter S⁻¹ for a form S that no rule inverts; knows its leading word."""

    __slots__ = ("__dict__", "form")

    def __init__(self, form: Form) -> None:
        self.form = form

    @cached_property
    def name(self) -> str:
        """A short name that is equal for equal forms."""
        return "inv:" + blake2b(self.form.key.encode(), digest_size=12).hexdigest()

    @property
    def shape(self) -> tuple[Any, ...]:
        """Shape of S."""
        return self.form.shape

    @property
    def indices(self) -> frozenset[Index]:
        """The free indices of S."""
        return self.form.indices

    def relabel(self, names: Mapping[Index, Index]) -> InverseOf:
        """The inverse of the form with its free indices renamed."""
        return InverseOf(self.form.relabel(names))

    @cached_property
    def is_symmetric_letter(self) -> bool:
        """Whether S = S' (by normal form)."""
        return self.form == self.form.T

    @cached_property
    def leading(self) -> tuple[Any, Word, tuple[Alternative, ...]] | None:
        """(coefficient, word, the other terms), or None if S has terms other than plain words."""
        plain = [
            (c, m.word)
            for m, c in self.form.terms.items()
            if not m.indices and m.indexed == 1 and not m.cycles and m.word is not None
        ]
        if len(plain) < len(self.form.terms) or not any(word for _, word in plain):
            return None
        plain.sort(key=lambda term: (len(term[1]), tuple(f.key for f in term[1])))
        c, word = plain.pop()
        return c, word, tuple(plain)


def inverse(form: Form) -> Form:
    """The inverse of a square form; products of square factors are inverted factor by factor.

    Raises
    ------
    ShapeError, DerivationError
        If the form is not square, or is zero.
    """
    rows, columns = form.shape
    if not same_size(rows, columns):
        raise ShapeError(
            f"inverse: the matrix is {rows} x {columns}; only a square one has an inverse"
        )
    if not form:
        raise DerivationError("inverse: the matrix is zero")
    if len(form.terms) == 1:
        ((m, c),) = form.terms.items()
        plain = not m.indices and m.indexed == 1 and not m.cycles and m.word is not None
        if plain and all(is_square(f) for f in m.word or ()):
            result = Form.identity(rows)
            for f in reversed(m.word or ()):
                result = result * _inverse_letter(f)
            return result.scaled(ONE / c)
        if plain:
            return _named_inverse(Form(form.shape, {m: ONE})).scaled(ONE / c)
    return _named_inverse(form)


def is_square(f: Factor) -> bool:
    """Whether a letter is a square matrix."""
    return same_size(f.rows, f.columns)


def _inverse_letter(f: Factor) -> Form:
    if isinstance(f.base, InverseOf):
        return f.base.form.T if f.transposed else f.base.form
    form = Form.letter(f.base)
    return Form.letter(InverseOf(form), transposed=f.transposed)


def _named_inverse(form: Form) -> Form:
    # S and S' share one letter, so that (S')⁻¹ = (S⁻¹)' holds by construction.
    mirrored = form.T
    if mirrored.key < form.key:
        return Form.letter(InverseOf(mirrored), transposed=True)
    return Form.letter(InverseOf(form))


def plain_words(form: Form) -> list[Alternative] | None:
    """The terms of a form without indices or cycles, or None if it has others."""
    words = []
    for m, c in form.terms.items():
        if m.indices or m.indexed != 1 or m.cycles or m.word is None:
            return None
        words.append((c, m.word))
    return words
