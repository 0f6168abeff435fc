"""Terms of a normal form, and the hygiene of their indices.

A term is coefficient × Σ_{indices} indexed × Π cycles × word.  Two invariants carry the engine:

* all indices of a term that run over one range are pairwise distinct, the free ones included, so a
  product of sums is a sum over partial matchings of their indices;
* a term is stored under its least relabelling of the bound indices, so equal terms meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import permutations
from typing import Any, NamedTuple

from sympy import KroneckerDelta, Mul, sstr

from .symbols import Index
from .words import Word, canonical_cycle, word_key

__all__ = [
    "Monomial",
    "Term",
    "apart",
    "bind",
    "fresh",
    "is_empty",
    "least_labelling",
    "product",
    "released",
    "restricted",
]


class Monomial(NamedTuple):
    """The part of a term that tells it from others; ``word`` is None for a scalar."""

    indices: tuple[Index, ...]
    indexed: Any
    cycles: tuple[Word, ...]
    word: Word | None

    @property
    def occurring(self) -> frozenset[Index]:
        """All indices that occur, free and bound."""
        found = _indices_in(self.indexed)
        for word in (*self.cycles, self.word or ()):
            for f in word:
                found |= f.indices
        return found

    @property
    def increments(self) -> int:
        """How many differentials the term holds."""
        return sum(f.is_increment for word in (*self.cycles, self.word or ()) for f in word)

    def relabel(self, names: Mapping[Index, Index]) -> Monomial:
        """Indices renamed (simultaneously), bound ones included."""
        if not names:
            return self
        return Monomial(
            tuple(names.get(i, i) for i in self.indices),
            self.indexed if self.indexed.is_Number else self.indexed.xreplace(dict(names)),
            tuple(tuple(f.relabel(names) for f in word) for word in self.cycles),
            None if self.word is None else tuple(f.relabel(names) for f in self.word),
        )


Term = tuple[Monomial, Any]


def fresh(range: Any, used: Iterable[Index]) -> Index:
    """An index over ``range`` that is not among ``used``."""
    names = {i.name for i in used}
    n = 1
    while f"j{n}" in names:
        n += 1
    return Index(f"j{n}", range)


def apart(m: Monomial, used: frozenset[Index]) -> Monomial:
    """The monomial with its bound indices renamed away from ``used``."""
    names: dict[Index, Index] = {}
    taken = set(used | m.occurring)
    for i in m.indices:
        if i in used:
            names[i] = fresh(i.range, taken)
            taken.add(names[i])
    return m.relabel(names)


def matchings(left: list[Index], right: list[Index]) -> Iterator[dict[Index, Index]]:
    """Partial matchings right -> left of indices of one range."""
    if not right:
        yield {}
        return
    b, rest = right[0], right[1:]
    yield from matchings(left, rest)
    for a in left:
        if a.range == b.range:
            remaining = [x for x in left if x != a]
            for m in matchings(remaining, rest):
                yield {b: a, **m}


def product(first: Term, second: Term) -> Iterator[Term]:
    """The product of two terms: a sum over the partial matchings of their indices."""
    (m1, c1), (m2, c2) = first, second
    if not m1.occurring or not m2.occurring:
        yield _joined(m1, m2, (*m1.indices, *m2.indices), {}), c1 * c2
        return
    m2 = apart(m2, m1.occurring | frozenset(m1.indices))
    m1 = apart(m1, m2.occurring - frozenset(m2.indices))
    free1, free2 = m1.occurring - set(m1.indices), m2.occurring - set(m2.indices)
    common = free1 & free2
    left = [*m1.indices, *sorted(free1 - common, key=str)]
    right = [*m2.indices, *sorted(free2 - common, key=str)]
    for match in matchings(left, right):
        # A free index keeps its name, whichever side it comes from; two free ones that are
        # matched leave a Kronecker delta behind, for whoever binds one of them.
        names = {b: a for b, a in match.items() if b not in free2 or a in free1}
        names |= {a: b for b, a in match.items() if b in free2 and a not in free1}
        bound = tuple(i for i in (*m1.indices, *m2.indices) if i not in names)
        deltas = [KroneckerDelta(a, b) for b, a in match.items() if b in free2 and a in free1]
        joined = _joined(m1, m2, bound, names)
        joined = joined._replace(indexed=Mul(joined.indexed, *deltas))
        yield from released((joined, c1 * c2), (free1 | free2) - joined.occurring)


def released(term: Term, lost: Iterable[Index]) -> list[Term]:
    """A term whose bound indices differ from free ones that it has ceased to mention.

    Σ_{j≠i} T_j = Σ_j T_j − T_i: what mentioning i had left out is taken off in its own term.
    """
    return _coinciding(term, lost, -1)


def is_empty(m: Monomial, others: Iterable[Index] = ()) -> bool:
    """Whether a term, with other indices apart from its own, has more than their range has."""
    indices = {*m.occurring, *m.indices, *others}
    ranges = {i.range for i in indices if i.range.is_Integer}
    return any(sum(i.range == n for i in indices) > n for n in ranges)


def restricted(term: Term, indices: Iterable[Index]) -> list[Term]:
    """Σ_j T_j = Σ_{j≠i} T_j + T_i: the terms, in the first of which all j differ from the i."""
    return _coinciding(term, indices, 1)


def _coinciding(term: Term, indices: Iterable[Index], sign: int) -> list[Term]:
    terms = [term]
    for i in sorted(indices, key=str):
        terms += [
            (_without(m, j).relabel({j: i}), sign * c)
            for m, c in terms
            for j in m.indices
            if j.range == i.range
        ]
    return terms


def _without(m: Monomial, index: Index) -> Monomial:
    """The monomial with a bound index set free."""
    return m._replace(indices=tuple(i for i in m.indices if i != index))


def _joined(
    m1: Monomial, m2: Monomial, bound: tuple[Index, ...], names: Mapping[Index, Index]
) -> Monomial:
    a, b = m1.relabel(names), m2.relabel(names)
    word = a.word if b.word is None else b.word if a.word is None else a.word + b.word
    return Monomial(bound, Mul(a.indexed, b.indexed), (*a.cycles, *b.cycles), word)


def bind(term: Term, index: Index, excluded: Iterable[Any] = ()) -> Iterator[Term]:
    """Σ over a free index, without the values of the excluded (free) ones.

    By the invariant the index is distinct from the other indices of its term; where it is equal to
    one of them is another term, which says so by a Kronecker delta.
    """
    m, c = term
    if index in m.indices:
        m = apart(m, frozenset({index}))
    barred = {e for e in excluded if e.range == index.range}
    for delta in m.indexed.atoms(KroneckerDelta):
        if index in delta.args:
            (other,) = (i for i in delta.args if i != index)
            if other not in barred:
                yield m.relabel({index: other}), c
            return
    if index not in m.occurring:
        yield m, c * (index.range - len(barred))
        return
    yield m._replace(indices=(*m.indices, index)), c
    for other in sorted(barred - m.occurring, key=str):
        yield m.relabel({index: other}), -c


def least_labelling(m: Monomial) -> Monomial:
    """The relabelling of the bound indices whose key is least; cycles canonical and sorted."""
    if len(m.indices) < 2:
        return _labelled(m, m.indices) if m.indices else _sorted(m)
    return min((_labelled(m, order) for order in permutations(m.indices)), key=_monomial_key)


def _labelled(m: Monomial, order: tuple[Index, ...]) -> Monomial:
    """The bound indices called j1, j2, ... in the given order."""
    free = m.occurring - frozenset(m.indices)
    names: dict[Index, Index] = {}
    for i in order:
        names[i] = fresh(i.range, free | set(names.values()))
    return _sorted(m.relabel(names)._replace(indices=tuple(names[i] for i in order)))


def _sorted(m: Monomial) -> Monomial:
    cycles = tuple(sorted((canonical_cycle(w) for w in m.cycles), key=word_key))
    return m._replace(cycles=cycles)


def _monomial_key(m: Monomial) -> tuple[Any, ...]:
    bound = tuple((i.name, str(i.range)) for i in m.indices)
    word = () if m.word is None else word_key(m.word)
    return word, tuple(map(word_key, m.cycles)), _text(m.indexed), bound


# The same few scalars stand in term after term; their names and indices are worked out once.
@lru_cache(maxsize=65536)
def _text(scalar: Any) -> str:
    return str(sstr(scalar))


@lru_cache(maxsize=65536)
def _indices_in(scalar: Any) -> frozenset[Index]:
    return frozenset(a for a in scalar.free_symbols if isinstance(a, Index))
