"""Terms of a normal form, and the hygiene of their indices.

A term is coefficient × Σ_{indices} indexed × Π cycles × word.  Two invariants carry the engine:

* all indices of a term that run over one range are pairwise distinct, the free ones included, so a
  product of sums is a sum over partial matchings of their indices;
* a term is stored under its least relabelling of the bound indices, so equal terms meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any, NamedTuple

from sympy import KroneckerDelta, Mul, sstr

from .symbols import Index
from .words import ONE, Word, canonical_cycle, word_key

__all__ = [
    "Monomial",
    "Term",
    "apart",
    "bind",
    "classes_of",
    "coinciding",
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
    def apart(self) -> frozenset[Index]:
        """The indices, free and bound, that take different values: of those equated the first."""
        found = self.occurring | frozenset(self.indices)
        return found - {i for one in classes_of(self) for i in one[1:]}

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
            self.indexed
            if names.keys().isdisjoint(_indices_in(self.indexed))
            else self.indexed.xreplace(dict(names)),
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


def classes_of(*monomials: Monomial) -> list[tuple[Index, ...]]:
    """The indices that deltas of the monomials make one, each class sorted."""
    return _classes(delta for m in monomials for delta in _deltas(m))


def _classes(deltas: Iterable[Any]) -> list[tuple[Index, ...]]:
    """The indices that deltas make one, each class sorted."""
    classes: list[set[Index]] = []
    for delta in deltas:
        met = [one for one in classes if not one.isdisjoint(delta.args)]
        classes = [one for one in classes if one not in met] + [set(delta.args).union(*met)]
    return [tuple(sorted(one, key=str)) for one in classes]


def _deltas(m: Monomial) -> frozenset[Any]:
    return _deltas_in(m.indexed)


@lru_cache(maxsize=65536)
def _deltas_in(scalar: Any) -> frozenset[Any]:
    found = scalar.atoms(KroneckerDelta)
    return frozenset(d for d in found if all(isinstance(a, Index) for a in d.args))


def coinciding(m: Monomial, classes: Iterable[tuple[Index, ...]]) -> Monomial | None:
    """The monomial without its deltas where the indices of a class are its first; None for zero."""
    bare = m._replace(indexed=m.indexed.xreplace(dict.fromkeys(_deltas(m), ONE)))
    free = bare.occurring - frozenset(bare.indices)
    if any(len(free.intersection(one)) > 1 for one in classes):
        return None
    return bare.relabel({i: one[0] for one in classes for i in one[1:]})


def _linked(m: Monomial, pairs: Iterable[tuple[Index, Index]]) -> Monomial | None:
    """The monomial times the deltas of pairs of free indices; None for zero."""
    classes = _classes(_deltas(m) | {KroneckerDelta(a, b) for a, b in pairs})
    merged = coinciding(m, classes)
    return None if merged is None else _times_deltas(merged, classes)


def _times_deltas(m: Monomial, classes: Iterable[tuple[Index, ...]]) -> Monomial:
    deltas = (KroneckerDelta(one[0], i) for one in classes for i in one[1:])
    return m._replace(indexed=Mul(m.indexed, *deltas))


def product(first: Term, second: Term) -> Iterator[Term]:
    """The product of two terms: a sum over the partial matchings of their indices."""
    (m1, c1), (m2, c2) = first, second
    if not m1.occurring or not m2.occurring:
        yield _joined(m1, m2, (*m1.indices, *m2.indices), {}), c1 * c2
        return
    m2 = apart(m2, m1.occurring | frozenset(m1.indices))
    m1 = apart(m1, m2.occurring - frozenset(m2.indices))
    classes = classes_of(m1, m2)
    firsts = {i: one[0] for one in classes for i in one}
    free1, free2 = ({firsts.get(i, i) for i in m.occurring - set(m.indices)} for m in (m1, m2))
    left_, right_ = coinciding(m1, classes), coinciding(m2, classes)
    if left_ is None or right_ is None:
        return
    common = free1 & free2
    left = [*m1.indices, *sorted(free1 - common, key=str)]
    right = [*m2.indices, *sorted(free2 - common, key=str)]
    for match in matchings(left, right):
        # A free index keeps its name, whichever side it comes from; two free ones that are
        # matched leave a Kronecker delta behind, for whoever binds one of them.
        names = {b: a for b, a in match.items() if b not in free2 or a in free1}
        names |= {a: b for b, a in match.items() if b in free2 and a not in free1}
        bound = tuple(i for i in (*m1.indices, *m2.indices) if i not in names)
        pairs = [(a, b) for b, a in match.items() if b in free2 and a in free1]
        joined = _times_deltas(_joined(left_, right_, bound, names), classes)
        linked = _linked(joined, pairs) if pairs else joined
        if linked is not None:
            yield from released((linked, c1 * c2), (free1 | free2) - linked.occurring)


def released(term: Term, lost: Iterable[Index]) -> list[Term]:
    """A term whose bound indices differ from free ones that it has ceased to mention.

    Σ_{j≠i} T_j = Σ_j T_j − T_i: what mentioning i had left out is taken off in its own term.
    """
    lost = list(lost)
    m, c = term
    for j in m.indices if lost else ():
        if j not in m.occurring:
            others = {*m.apart, *lost} - {j}
            c = c * (j.range - sum(i.range == j.range for i in others))
            m = _without(m, j)
    return _coinciding((m, c), lost, -1)


def is_empty(m: Monomial, others: Iterable[Index] = ()) -> bool:
    """Whether a term, with other indices apart from its own, has more than their range has."""
    indices = {*m.apart, *others}
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


def bind(
    term: Term, index: Index, excluded: Iterable[Any] = (), *, distinct: bool = False
) -> Iterator[Term]:
    """Σ over a free index, without the values of the excluded (free) ones.

    By the invariant the index is distinct from the other indices of its term; where it is equal to
    one of them is another term, which says so by a Kronecker delta.  ``distinct``: the excluded
    ones are known to differ; else they may coincide, and a value is left out once.
    """
    barred = sorted({e for e in excluded if e.range == index.range}, key=str)
    m, c = apart(term[0], frozenset({index, *barred})), term[1]
    most = 1 if distinct else len(barred)
    twins = [i for one in classes_of(m) if index in one for i in one if i != index]
    if twins:
        if set(twins).isdisjoint(barred):
            at = m.relabel({index: twins[0]})
            others = [e for e in barred if e not in at.occurring]
            yield from _signed((at, c), twins[0], others, most)
        return
    if index not in m.occurring:
        yield m, c * index.range
        known = sorted(m.occurring.intersection(barred), key=str)
        barred = [*known, *(e for e in barred if e not in known)]
        for n, e in enumerate(barred):
            before = [] if distinct else barred[:n]
            yield from _signed((m, -c), e, before, n)
        return
    yield m._replace(indices=(*m.indices, index)), c
    unknown = [e for e in barred if e not in m.occurring]
    for n, e in enumerate(unknown):
        yield from _signed((m.relabel({index: e}), -c), e, [] if distinct else unknown[:n], n)


def _signed(term: Term, index: Index, others: list[Index], most: int) -> Iterator[Term]:
    """The term where a free index differs from others: term · Π (1 − δ)."""
    m, c = term
    for n in range(min(most, len(others)) + 1):
        for chosen in combinations(others, n):
            linked = _linked(m, [(index, i) for i in chosen]) if chosen else m
            if linked is not None:
                yield linked, (-1) ** n * c


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
