"""Traces that meet their mirror images: tr(E_i G) = tr(E_i G') = λ_i/2 for the spectrum of G + G'.

For a symmetric S = Σ c w of words, E_i S = λ_i E_i and S⁻¹ S = I give every word A a relation

    Σ c tr(E_i w A) = λ_i tr(E_i A),      Σ c tr(S⁻¹ w A) = tr A.

A trace is that of its transpose too, so that with w the relation holds tr(E_i w' A) as well, and
rewriting words from one side alone would turn the one into the other and back.  Here the largest
of its traces, under one order of all, is written by the others: what is rewritten falls in a well
founded order, from whichever side a relation is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .projectors import Projector
from .words import Factor, Word, canonical_cycle, transpose_word, word_key

__all__ = ["Relation", "mirrored_step"]


class Relation(NamedTuple):
    """f·Σ c w = value · rest for a symmetric letter f; ``terms`` are the pairs (c, w)."""

    value: Any
    rest: Word
    terms: tuple[tuple[Any, Word], ...]


def mirrored_step(
    cycle: Word, relation_of: Callable[[Factor], Relation | None]
) -> list[tuple[Any, Word]] | None:
    """(coefficient, word) whose traces make that of the cycle, which is larger; None if none do.

    An empty word stands for a factor 1.
    """
    held = {f: said for f in cycle if (said := relation_of(f)) is not None}
    if not held:
        return None
    whole = canonical_cycle(cycle)
    for word in (cycle, transpose_word(cycle)):
        for n, f in enumerate(word):
            if f in held:
                found = _written(whole, word[n + 1 :] + word[:n], f, held[f])
                if found is not None:
                    return found
    return None


def _written(
    whole: Word, after: Word, f: Factor, relation: Relation
) -> list[tuple[Any, Word]] | None:
    """The trace of f · after by the other traces of a relation in which it is the largest."""
    for _, word in relation.terms:
        if not word or after[: len(word)] != word:
            continue
        A = after[len(word) :]
        traces: dict[Word, Any] = {}
        for c, w in relation.terms:
            met = canonical_cycle((f, *w, *A))
            traces[met] = traces.get(met, 0) + c
        held = {met: c for met, c in traces.items() if c != 0}
        if whole in held and whole == max(held, key=_order):
            c = held.pop(whole)
            others = [(-x / c, met) for met, x in held.items()]
            left = (*relation.rest, *A)
            # The trace of the identity is its size.
            return [*others, (relation.value / c * (1 if left else f.rows), left)]
    return None


def _order(cycle: Word) -> tuple[Any, ...]:
    """Longer words are larger; names of indices tell only words that are one without them."""
    blind = min(map(_blind, _turns(cycle)))
    return len(cycle), blind, word_key(cycle)


def _turns(cycle: Word) -> Iterable[Word]:
    return (w[n:] + w[:n] for w in (cycle, transpose_word(cycle)) for n in range(len(w)))


def _blind(word: Word) -> tuple[Any, ...]:
    """What words are ordered by, without the indices of projectors."""
    return tuple(
        (f.key[0], f.base.spectral.name, *f.key[2:]) if isinstance(f.base, Projector) else f.key
        for f in word
    )
