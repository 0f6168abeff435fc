"""Determinants of forms: products of square factors, the Schur complement, Sylvester's identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Integer, Mul, cancel

from .errors import DerivationError
from .forms import Atom, Form
from .inverses import InverseOf, is_square, plain_words
from .symbols import same_size
from .terms import Monomial
from .words import ONE, Factor, Selector, Word, canonical_cycle

__all__ = ["determinant"]


def _silent(rule: str) -> None:
    """Nobody wants to know the rule."""


def determinant(
    form: Form, *, positive: bool = False, note: Callable[[str], None] = _silent
) -> Any:
    """det of a square form as a SymPy scalar.

    Multiplicative over square factors; block matrices with a multiple of the identity in a corner
    by the Schur complement; c I + d w by Sylvester's identity depends on the cycle of w alone.
    ``note`` is told the names of the rules that were used.
    """
    if form.indices:
        raise DerivationError(
            "det: of a matrix with a free index there is no normal form; sum first, or give the "
            "determinants as a scalar family"
        )
    if not form:
        return Integer(0)
    words = plain_words(form)
    if words is not None and len(words) == 1:
        ((c, word),) = words
        if all(is_square(f) for f in word):
            return Mul(c ** form.shape[0], *(_letter_determinant(f, positive) for f in word))
        if c != 1:
            return c ** form.shape[0] * determinant(form.scaled(ONE / c), positive=positive)
    if words is not None and len(words) == 2 and () in (words[0][1], words[1][1]):
        (c, _), (d, word) = sorted(words, key=lambda term: len(term[1]))
        return c ** form.shape[0] * _sylvester(cancel(d / c), word, positive, note)
    corner = _schur(form)
    if corner is not None:
        note("Schur complement")
        c, size, rest = corner
        return c**size * determinant(rest, note=note)
    mirrored = form.T
    return Atom("det", min(form, mirrored, key=lambda f: f.key), positive=positive)


def _sylvester(ratio: Any, word: Word, positive: bool, note: Callable[[str], None]) -> Any:
    """det(I + ratio·w), the same for every rotation of w and for its transpose."""
    turned = canonical_cycle(word)
    if turned != word:
        note("Sylvester's identity det(I + AB) = det(I + BA)")
    size = turned[0].rows
    whole = Form.identity(size) + Form((size, size), {Monomial((), ONE, (), turned): ratio})
    if size == 1:
        return whole.trace().value()
    return Atom("det", whole, positive=positive)


def _schur(form: Form) -> tuple[Any, Any, Form] | None:
    """(c, size, Schur complement) of a form in 2 × 2 blocks with a corner c I, or None."""
    found = [
        f.base
        for _, word in plain_words(form) or ()
        for f in word
        if isinstance(f.base, Selector) and len(f.base.partition) == 2
    ]
    if not found or not same_size(form.shape[0], found[0].shape[0]):
        return None
    columns = [Form.letter(Selector(found[0].partition, n)) for n in (0, 1)]
    blocks = [[a.T * form * b for b in columns] for a in columns]
    for n in (0, 1):
        words = plain_words(blocks[n][n])
        if words is not None and len(words) == 1 and words[0][1] == ():
            c = words[0][0]
            rest = blocks[1 - n][1 - n] - (blocks[1 - n][n] * blocks[n][1 - n]).scaled(ONE / c)
            return c, found[0].partition[n], rest
    return None


def _letter_determinant(f: Factor, positive: bool) -> Any:
    if isinstance(f.base, InverseOf):
        return ONE / determinant(f.base.form, positive=positive)
    known = getattr(f.base, "structure", "") == "positive_definite"
    form = Form.letter(f.base)
    return Atom("det", form, positive=positive or known)
