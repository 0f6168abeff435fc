"""Rewriting of words: the rules that bring a term to normal form.

    K_a' K_b = δ_ab I,   K_m K_m' = I − Σ_{a<m} K_a K_a'      (block columns of the identity)
    e_i' e_j = δ_ij                                            (unit vectors)
    S⁻¹ S = S S⁻¹ = I                                          (S a letter, a word or a sum)
    E_i E_j = δ_ij E_i,  S E_i = λ_i E_i,  E_i A E_i = tr(E_i A) E_i,  tr E_i = 1
                                                               (projectors of the spectrum of S)
    Σ_j λ_j^m E_j = S^m                                        (m an integer)
    a 1 × 1 product inside a word is a scalar

For S a sum, one word of it is named the leading one and S⁻¹·leading is rewritten by the rest.
That rule is sound, and complete unless the leading word overlaps itself; where it is not, two equal
forms may keep different normal forms, and the ladder of :mod:`derivations.equality` says "cannot
tell".  In traces, where a word and its transpose are one, a symmetric S whose leading word is not
its own transpose has a rule of its own (:mod:`derivations.mirrored`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from itertools import product as cartesian
from typing import Any

from sympy import KroneckerDelta, Mul

from .forms import Atom
from .inverses import Alternative, InverseOf, inverse, plain_words
from .mirrored import Relation, mirrored_step
from .projectors import Projector, Spectral
from .spectrum import Eigenvalue
from .symbols import Index
from .terms import Monomial, Term, is_empty, least_labelling, released
from .words import (
    ONE,
    Factor,
    Selector,
    Unit,
    Word,
    canonical_cycle,
    factor,
    is_gram,
    transpose_word,
)

__all__ = ["normal_terms", "words_of_power"]

# Normal terms ---------------------------------------------------------------------------------


def normal_terms(m: Monomial, c: Any) -> Iterator[Term]:
    """The normal terms whose sum is the given term."""
    return ((part, c * x) for part, x in _normal_terms(m))


# Every algebra meets the same products again: the value, its differential, the contraction.
@lru_cache(maxsize=16384)
def _normal_terms(m: Monomial) -> tuple[Term, ...]:
    return tuple(_reduced_terms(m, ONE))


def _reduced_terms(m: Monomial, c: Any) -> Iterator[Term]:
    cycles = [_reduced_cycle(word) for word in m.cycles]
    words = [(ONE, (), None)] if m.word is None else _reduced_word(m.word)
    for parts in cartesian(words, *cycles):
        coefficient, extra, word = parts[0]
        found = list(extra)
        for factor_, more in parts[1:]:
            coefficient = coefficient * factor_
            found.extend(more)
        # Cycles split off a word have been cut but not rewritten.
        for more in cartesian(*(_reduced_cycle(w) for w in found)):
            scale = Mul(coefficient, *(x for x, _ in more))
            # tr E_i = 1.
            flat = [w for _, ws in more for w in ws if not _is_projector(w)]
            scale, indexed = scale.as_independent(*_indices_of(scale), as_Add=False)
            whole = Monomial(m.indices, m.indexed * indexed, tuple(flat), word)
            if is_empty(whole):
                continue
            free = m.occurring - frozenset(m.indices)
            for part, x in released((whole, c * scale), free - whole.occurring):
                completed = _completed(part)
                if completed is None:
                    yield _settled(part, x)
                else:
                    for whole_sum, y in completed:
                        yield from normal_terms(whole_sum, x * y)


def _is_projector(cycle: Word) -> bool:
    return len(cycle) == 1 and isinstance(cycle[0].base, Projector)


def _indices_of(scalar: Any) -> list[Index]:
    return [a for a in scalar.free_symbols if isinstance(a, Index)]


def _completed(m: Monomial) -> list[Term] | None:
    """Σ_j λ_j^m E_j over all j but the other indices of the term, or None if there is no such j."""
    for j in m.indices:
        found = [f for word in (*m.cycles, m.word or ()) for f in word if j in f.indices]
        projectors = [f for f in found if isinstance(f.base, Projector)]
        if len(found) > 1 or len(projectors) < len(found):
            continue
        power = _power_of(m.indexed, j)
        if power is None or (not found and power[1] == 0):
            continue
        rest, exponent, spectral = power
        own = projectors[0].base.spectral if projectors else spectral
        words = words_of_power(own, exponent) if exponent else [(ONE, ())]
        if words is None or (exponent and own.name != spectral.name):
            continue
        others = [i for i in m.apart if i.range == j.range and i != j]
        left = tuple(i for i in m.indices if i != j)
        kept = m._replace(indices=left)
        terms = [(kept.relabel({j: o}), -ONE) for o in sorted(others, key=str)]
        bare = kept._replace(indexed=rest)
        for x, word in words:
            if projectors:
                terms.append((_replaced(bare, projectors[0], word), x))
            elif word:
                terms.append((bare._replace(cycles=(*bare.cycles, word)), x))
            else:
                terms.append((bare, x * j.range))
        return terms
    return None


def words_of_power(spectral: Spectral, exponent: int) -> list[Alternative] | None:
    """S^m as plain words, m ≠ 0; None if S or its inverse is not made of words."""
    single = list(spectral.plain or ())
    if exponent < 0:
        # Σ λ_j^-1 E_j is defined where no eigenvalue vanishes, and there S is invertible.
        single = plain_words(inverse(spectral.form)) or []
    if not single:
        return None
    return [
        (Mul(*(c for c, _ in factors)), tuple(f for _, w in factors for f in w))
        for factors in cartesian(single, repeat=abs(exponent))
    ]


def _power_of(indexed: Any, j: Index) -> tuple[Any, int, Any] | None:
    """(rest, m, spectrum) of a scalar rest · λ_j^m, m an integer; None for any other."""
    rest, held = indexed.as_independent(j, as_Add=False)
    if held == 1:
        return rest, 0, None
    base, exponent = held.as_base_exp()
    if isinstance(base, Eigenvalue) and exponent.is_Integer:
        return rest, int(exponent), base.matrix.spectral
    return None


def _replaced(m: Monomial, old: Factor, new: Word) -> Monomial:
    """A term with the only occurrence of a letter replaced by a word."""

    def changed(word: Word) -> Word:
        return tuple(g for f in word for g in (new if f == old else (f,)))

    return m._replace(
        cycles=tuple(changed(word) for word in m.cycles),
        word=None if m.word is None else changed(m.word),
    )


def _settled(m: Monomial, c: Any) -> Term:
    """Plain cycles into the coefficient, idle indices summed out, bound indices relabelled."""
    kept = []
    for word in m.cycles:
        if any(f.is_increment or f.indices for f in word):
            kept.append(word)
        else:
            cycle = canonical_cycle(word)
            # tr(A A') vanishes only at A = 0, where nothing that divides by it is defined.
            c = c * Atom("trace", cycle, positive=is_gram(cycle))
    m = m._replace(cycles=tuple(kept))
    held, rest = (
        m.indexed.as_independent(*m.occurring, as_Add=False) if m.occurring else (m.indexed, ONE)
    )
    m, c = m._replace(indexed=rest), c * held
    for i in m.indices:
        if i not in m.occurring:
            others = {j for j in m.apart if j.range == i.range and j != i}
            c = c * (i.range - len(others))
            m = m._replace(indices=tuple(j for j in m.indices if j != i))
    return least_labelling(m), c


def _reduced_word(word: Word) -> list[tuple[Any, tuple[Word, ...], Word]]:
    """Alternatives (coefficient, cycles split off, word) whose sum is the word."""
    results = []
    stack: list[Alternative] = [(ONE, word)]
    while stack:
        c, w = stack.pop()
        step = _first_rule(w)
        if step is None:
            cycles, rest = _cut(w)
            # What was cut may bring letters together to which a rule applies.
            again = _reduced_word(rest) if cycles and rest else [(ONE, (), rest)]
            results += [(c * x, (*cycles, *more), v) for x, more, v in again]
            continue
        start, stop, replacements = step
        stack.extend((c * x, w[:start] + new + w[stop:]) for x, new in replacements)
    return results


def _reduced_cycle(word: Word) -> list[tuple[Any, tuple[Word, ...]]]:
    """Alternatives (coefficient, cycles) whose sum is the trace of the word."""
    results: list[tuple[Any, tuple[Word, ...]]] = []
    stack: list[Alternative] = [(ONE, word)]
    while stack:
        c, w = stack.pop()
        mirrored = mirrored_step(w, _relation)
        if mirrored is not None:
            for x, rest in mirrored:
                if rest:
                    stack.append((c * x, rest))
                else:
                    results.append((c * x, ()))
            continue
        for turn in range(len(w)):
            rotated = w[turn:] + w[:turn]
            step = _first_rule(rotated, cyclic=True)
            if step is not None:
                start, stop, replacements = step
                size = rotated[start].rows
                for x, new in replacements:
                    rest = rotated[:start] + new + rotated[stop:]
                    if rest:
                        stack.append((c * x, rest))
                    else:
                        results.append((c * x * size, ()))
                break
        else:
            pieces = _split(w)
            again = map(_reduced_cycle, pieces) if len(pieces) > 1 else [[(ONE, pieces)]]
            for found in cartesian(*again):
                x = Mul(c, *(y for y, _ in found))
                results.append((x, tuple(piece for _, more in found for piece in more)))
    return results


def _first_rule(word: Word, *, cyclic: bool = False) -> tuple[int, int, list[Alternative]] | None:
    for n in range(len(word) - 1):
        found = _pair_rule(word[n], word[n + 1])
        if found is not None:
            return n, n + 2, found
    for n, f in enumerate(word):
        if cyclic and _relation(f) is not None:
            # Of the inverse there is a letter too, which meets its projectors.
            span = _inverse_of_spectrum(word, n, f) if isinstance(f.base, Projector) else None
            if span is not None:
                return span
            continue
        if isinstance(f.base, InverseOf):
            span = _inverse_rule(word, n, f)
            if span is not None:
                return span
        if isinstance(f.base, Projector):
            span = _eigen_rule(word, n, f)
            if span is not None:
                return span
    return None


def _pair_rule(f: Factor, g: Factor) -> list[Alternative] | None:
    a, b = f.base, g.base
    if isinstance(a, Selector) and isinstance(b, Selector) and a.partition == b.partition:
        if f.transposed and not g.transposed:
            return [(ONE, ())] if a.position == b.position else []
        if not f.transposed and g.transposed and a.last and b.last:
            rest = (Selector(a.partition, n) for n in range(a.position))
            return [(ONE, ()), *((-ONE, (factor(k), factor(k, transposed=True))) for k in rest)]
    if isinstance(a, Projector) and isinstance(b, Projector) and a.spectral.name == b.spectral.name:
        return [(ONE, (f,))] if a.index == b.index else []
    if isinstance(a, Unit) and isinstance(b, Unit) and f.transposed and not g.transposed:
        delta = KroneckerDelta(a.position, b.position)
        return [] if delta == 0 else [(delta, ())]
    return None


def _inverse_rule(word: Word, n: int, f: Factor) -> tuple[int, int, list[Alternative]] | None:
    leading = f.base.leading
    if leading is None:
        return None
    c, pattern, others = leading
    if f.transposed:
        pattern = transpose_word(pattern)
        others = tuple((x, transpose_word(w)) for x, w in others)
    size = len(pattern)
    if word[n + 1 : n + 1 + size] == pattern:
        rest = [(-x / c, (f, *w)) for x, w in others]
        return n, n + 1 + size, [(ONE / c, ()), *rest]
    if n >= size and word[n - size : n] == pattern:
        rest = [(-x / c, (*w, f)) for x, w in others]
        return n - size, n + 1, [(ONE / c, ()), *rest]
    return None


def _eigen_rule(word: Word, n: int, f: Factor) -> tuple[int, int, list[Alternative]] | None:
    """S E_i = λ_i E_i and E_i S = λ_i E_i, S by its leading word; the same for S⁻¹ as a letter."""
    spectral: Spectral = f.base.spectral
    value = spectral.value(f.base.index)
    span = _inverse_of_spectrum(word, n, f)
    if span is not None:
        return span
    if spectral.plain is None:
        return None
    *others, (c, pattern) = spectral.plain
    size = len(pattern)
    if word[n + 1 : n + 1 + size] == pattern:
        rest = [(-x / c, (f, *w)) for x, w in others]
        return n, n + 1 + size, [(value / c, (f,)), *rest]
    if n >= size and word[n - size : n] == pattern:
        rest = [(-x / c, (*w, f)) for x, w in others]
        return n - size, n + 1, [(value / c, (f,)), *rest]
    return None


def _inverse_of_spectrum(
    word: Word, n: int, f: Factor
) -> tuple[int, int, list[Alternative]] | None:
    """S⁻¹ E_i = E_i/λ_i = E_i S⁻¹ for the letter S⁻¹."""
    spectral: Spectral = f.base.spectral
    for at, start in ((n + 1, n), (n - 1, n - 1)):
        g = word[at].base if 0 <= at < len(word) else None
        if isinstance(g, InverseOf) and g.form == spectral.form:
            return start, start + 2, [(ONE / spectral.value(f.base.index), (f,))]
    return None


@lru_cache(maxsize=4096)
def _relation(f: Factor) -> Relation | None:
    """What a letter f says of f·S, if S is symmetric and its leading word is not."""
    base, found = f.base, None
    if isinstance(base, Projector) and base.spectral.plain is not None:
        found = Relation(base.spectral.value(base.index), (f,), base.spectral.plain)
    elif isinstance(base, InverseOf) and base.is_symmetric_letter and base.leading is not None:
        c, pattern, others = base.leading
        found = Relation(ONE, (), (*others, (c, pattern)))
    if found is None or transpose_word(found.terms[-1][1]) == found.terms[-1][1]:
        return None
    return found


def _cut(word: Word) -> tuple[tuple[Word, ...], Word]:
    """Split the 1 × 1 products off a word, and E_i A E_i = tr(E_i A) E_i."""
    place = _repeated(word)
    if place is not None:
        first, last = place
        cycles, rest = _cut(word[:first] + word[last:])
        return (*cycles, word[first:last]), rest
    cuts = [n for n in range(len(word) + 1) if _is_one(word, n)]
    if len(cuts) < 2:
        return (), word
    cycles = tuple(word[a:b] for a, b in pairwise(cuts))
    return cycles, word[: cuts[0]] + word[cuts[-1] :]


def _repeated(word: Word) -> tuple[int, int] | None:
    """The places of two neighbouring occurrences of one projector, or None."""
    seen: dict[Factor, int] = {}
    for n, f in enumerate(word):
        if isinstance(f.base, Projector):
            if f in seen:
                return seen[f], n
            seen[f] = n
    return None


def _is_one(word: Word, n: int) -> bool:
    if not word:
        return False
    size = word[n].rows if n < len(word) else word[-1].columns
    return bool(size == 1)


def _split(word: Word) -> tuple[Word, ...]:
    """Split a cycle where it passes through dimension one, or twice through a projector."""
    place = _repeated(word)
    if place is not None:
        first, last = place
        return (*_split(word[first:last]), *_split(word[last:] + word[:first]))
    cuts = [n for n in range(len(word)) if word[n].rows == 1]
    if len(cuts) < 2:
        return (word,)
    turned = word[cuts[0] :] + word[: cuts[0]]
    places = [n - cuts[0] for n in cuts] + [len(word)]
    return tuple(turned[a:b] for a, b in pairwise(places))
