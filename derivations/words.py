"""Words, cycles and forms: the normal form of the language.

A *factor* is a letter or its transpose.  A *word* is a product of factors, a *cycle* the trace of
a word, canonical under rotation and transposition.  A *form* is a sum of terms

    coefficient × Σ_{indices} indexed × Π cycles × word,

where the coefficient is a SymPy scalar without indices.  A cycle that holds neither an increment
nor an index is a scalar like any other and stands in the coefficient as an :class:`Atom`.

Two invariants carry the whole engine:

* all indices of a term that run over one range are pairwise distinct, the free ones included, so a
  product of sums is a sum over partial matchings of their indices;
* a term is stored under its least relabelling of the bound indices, so equal terms meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import permutations
from typing import Any, NamedTuple

from sympy import Add, Expr, Integer, KroneckerDelta, Mul, Symbol, expand, sstr

from .errors import DerivationError, ShapeError
from .symbols import (
    FamilyMember,
    Index,
    MatrixIncrement,
    MatrixParameter,
    ScalarIncrement,
    ScalarMember,
)

__all__ = ["Atom", "Factor", "Form", "Monomial", "Selector", "Unit", "factor", "transpose_word"]

ONE, ZERO = Integer(1), Integer(0)


def expanded(coefficient: Any) -> Any:
    """Sums and products multiplied out; powers of sums too, functions left alone."""
    hints = {"power_exp": False, "power_base": False, "log": False, "basic": False}
    return expand(coefficient, deep=False, **hints) if coefficient.args else coefficient


class Selector(NamedTuple):
    """The block column K_a of the identity, partitioned as given: (sum of sizes, size a)."""

    partition: tuple[Any, ...]
    position: int

    @property
    def shape(self) -> tuple[Any, Any]:
        return Add(*self.partition), self.partition[self.position]

    @property
    def last(self) -> bool:
        return self.position == len(self.partition) - 1


class Unit(NamedTuple):
    """The unit vector e_i, (size, 1), counted from 0."""

    size: Any
    position: Any

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.size, ONE


class Factor:
    """A letter or its transpose; compared by ``key`` alone."""

    __slots__ = ("base", "columns", "key", "rows", "transposed")

    def __init__(self, base: Any, transposed: bool) -> None:
        rows, columns = base.shape if hasattr(base, "shape") else (ONE, ONE)
        self.base, self.transposed = base, transposed
        self.rows, self.columns = (columns, rows) if transposed else (rows, columns)
        self.key = (type(base).__name__, _name(base), transposed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Factor) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: Factor) -> bool:
        return self.key < other.key

    def __repr__(self) -> str:
        return f"{_name(self.base)}{chr(39) if self.transposed else ''}"

    @property
    def is_increment(self) -> bool:
        """Whether the letter is a differential: of a Brownian motion, or formal."""
        base = self.base
        if isinstance(base, ScalarMember):
            return bool(base.kind == "increment")
        return isinstance(base, MatrixIncrement | ScalarIncrement)

    @property
    def indices(self) -> frozenset[Index]:
        """The indices that the letter carries, free or bound."""
        if isinstance(self.base, FamilyMember | ScalarMember):
            return frozenset({self.base.index})
        found: frozenset[Index] = getattr(self.base, "indices", frozenset())
        return found

    def relabel(self, names: Mapping[Index, Index]) -> Factor:
        """The factor with its indices renamed."""
        if not self.indices & names.keys():
            return self
        base = self.base
        if isinstance(base, FamilyMember | ScalarMember):
            args = [names.get(arg, arg) if isinstance(arg, Index) else arg for arg in base.args]
            return Factor(base.func(*args), self.transposed)
        return Factor(base.relabel(names), self.transposed)


def _name(base: Any) -> str:
    if isinstance(base, FamilyMember | ScalarMember):
        return f"{base.name}[{base.index.name}:{base.index.range}]"
    if isinstance(base, Selector):
        return f"K{base.position + 1}({','.join(map(str, base.partition))})"
    if isinstance(base, Unit):
        return f"e{base.position}({base.size})"
    return str(base.name)


def factor(base: Any, *, transposed: bool = False) -> Factor:
    """A factor in canonical form: symmetric letters and scalars carry no transpose."""
    symmetric = isinstance(base, MatrixParameter) and base.kind != "general"
    symmetric = symmetric or getattr(base, "is_symmetric_letter", False)
    shape = getattr(base, "shape", (ONE, ONE))
    return Factor(base, transposed and not symmetric and tuple(shape) != (ONE, ONE))


Word = tuple[Factor, ...]


def transpose_word(word: Word) -> Word:
    """The transpose of a product: the transposed factors in reverse order."""
    return tuple(factor(f.base, transposed=not f.transposed) for f in reversed(word))


def _canonical_cycle(word: Word) -> Word:
    if len(word) == 1:
        return min(word, transpose_word(word), key=_word_key)
    turns = (w[n:] + w[:n] for w in (word, transpose_word(word)) for n in range(len(word)))
    return min(turns, key=_word_key)


def _word_key(word: Word) -> tuple[Any, ...]:
    return tuple(f.key for f in word)


class Atom(Symbol):
    """A scalar of the state that the coefficient ring takes as a letter.

    ``payload`` is ("trace", word), ("det", form) or ("sum", form).
    """

    __slots__ = ("payload",)
    payload: tuple[str, Any]

    def __new__(cls, kind: str, content: Any, *, positive: bool = False) -> Atom:
        text = content.key if isinstance(content, Form) else _cycle_text(content)
        label = {"trace": "tr", "det": "det", "sum": "sum"}[kind]
        assumption = {"positive": True} if positive else {"real": True}
        obj: Atom = Symbol.__xnew__(cls, f"{label}({text})", **assumption)
        obj.payload = (kind, content)
        return obj

    def __getnewargs_ex__(self) -> Any:
        kind, content = self.payload
        return ((kind, content), {"positive": bool(self.is_positive)})


def _cycle_text(word: Word) -> str:
    return " ".join(f"{f.key[0]}:{f!r}" for f in word)


class Monomial(NamedTuple):
    """The part of a term that tells it from others; ``word`` is None for a scalar."""

    indices: tuple[Index, ...]
    indexed: Any
    cycles: tuple[Word, ...]
    word: Word | None

    @property
    def occurring(self) -> frozenset[Index]:
        """All indices that occur, free and bound."""
        found = frozenset(a for a in self.indexed.free_symbols if isinstance(a, Index))
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
            self.indexed.xreplace(dict(names)),
            tuple(tuple(f.relabel(names) for f in word) for word in self.cycles),
            None if self.word is None else tuple(f.relabel(names) for f in self.word),
        )


Term = tuple[Monomial, Any]


class Form:
    """A sum of terms; ``shape`` is (rows, columns), or () for a scalar.  Immutable."""

    def __init__(self, shape: tuple[Any, ...], terms: Mapping[Monomial, Any]) -> None:
        self.shape = shape
        self.terms = terms

    # Construction -----------------------------------------------------------------------------

    @classmethod
    def collect(cls, shape: tuple[Any, ...], terms: Iterable[Term]) -> Form:
        """Sum terms that may not be in normal form."""
        from .reduction import normal_terms

        found: dict[Monomial, list[Any]] = {}
        for monomial, coefficient in terms:
            for reduced, c in normal_terms(monomial, coefficient):
                found.setdefault(reduced, []).append(c)
        summed = ((m, expanded(Add(*cs))) for m, cs in found.items())
        return cls(shape, {m: c for m, c in summed if c != 0})

    @classmethod
    def scalar(cls, value: Any) -> Form:
        """A scalar without indices or increments."""
        return cls((), {} if value == 0 else {Monomial((), ONE, (), None): value})

    @classmethod
    def identity(cls, size: Any) -> Form:
        """The identity matrix."""
        return cls((size, size), {Monomial((), ONE, (), ()): ONE})

    @classmethod
    def zero(cls, shape: tuple[Any, ...]) -> Form:
        """The zero of a shape."""
        return cls(shape, {})

    @classmethod
    def letter(cls, base: Any, *, transposed: bool = False) -> Form:
        """A single matrix letter, or a scalar increment or indexed scalar."""
        f = factor(base, transposed=transposed)
        if isinstance(base, ScalarMember) and not f.is_increment:
            return cls.collect((), [(Monomial((), base, (), None), ONE)])
        if isinstance(base, ScalarMember | ScalarIncrement):
            return cls.collect((), [(Monomial((), ONE, ((f,),), None), ONE)])
        return cls.collect((f.rows, f.columns), [(Monomial((), ONE, (), (f,)), ONE)])

    # Reading ----------------------------------------------------------------------------------

    @cached_property
    def key(self) -> str:
        """A text that is equal for equal normal forms."""
        return " + ".join(sorted(_term_text(m, c) for m, c in self.terms.items())) or "0"

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self.shape == other.shape and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Form({self.key})"

    @property
    def indices(self) -> frozenset[Index]:
        """The free indices."""
        found: frozenset[Index] = frozenset()
        for m in self.terms:
            found |= m.occurring - frozenset(m.indices)
        return found

    def value(self) -> Any:
        """A scalar form as one SymPy expression; what sums or increments remain becomes an Atom."""
        if self.shape != ():
            raise DerivationError(f"{self.key}: a scalar is wanted, this is a matrix")
        plain, rest = [], {}
        for m, c in self.terms.items():
            if m.indices or m.indexed != 1 or m.cycles:
                rest[m] = c
            else:
                plain.append(c)
        for m, c in rest.items():
            plain.append(c * Atom("sum", Form((), {m: ONE})))
        return Add(*plain)

    # Algebra ----------------------------------------------------------------------------------

    def __add__(self, other: Form) -> Form:
        if self.shape != other.shape and not _same_shape(self.shape, other.shape):
            raise ShapeError(f"sum: shapes {self.shape} and {other.shape} do not conform")
        terms = dict(self.terms)
        for m, c in other.terms.items():
            total = expanded(terms[m] + c) if m in terms else c
            if total == 0:
                terms.pop(m, None)
            else:
                terms[m] = total
        return Form(self.shape, terms)

    def scaled(self, coefficient: Any) -> Form:
        """The form times a scalar without indices or increments."""
        if coefficient == 0:
            return Form(self.shape, {})
        scaled = {m: expanded(c * coefficient) for m, c in self.terms.items()}
        return Form(self.shape, {m: c for m, c in scaled.items() if c != 0})

    def __neg__(self) -> Form:
        return self.scaled(-ONE)

    def __sub__(self, other: Form) -> Form:
        return self + (-other)

    def __mul__(self, other: Form) -> Form:
        return Form.collect(
            _product_shape(self.shape, other.shape),
            (term for a in self.terms.items() for b in other.terms.items() for term in product(a, b)),
        )

    @property
    def T(self) -> Form:  # noqa: N802 - the transpose, as in SymPy and NumPy
        """The transpose."""
        return Form.collect(
            self.shape[::-1],
            (
                (m if m.word is None else m._replace(word=transpose_word(m.word)), c)
                for m, c in self.terms.items()
            ),
        )

    def trace(self) -> Form:
        """The trace of a square form."""
        terms = []
        for m, c in self.terms.items():
            if m.word:
                terms.append((m._replace(cycles=(*m.cycles, m.word), word=None), c))
            else:
                terms.append((m._replace(word=None), c * self.shape[0]))
        return Form.collect((), terms)

    def total(self, index: Index, excluded: Iterable[Any] = ()) -> Form:
        """Σ over the range of a free index, without the values of the excluded ones."""
        excluded = tuple(excluded)
        terms = (t for term in self.terms.items() for t in bind(term, index, excluded))
        return Form.collect(self.shape, terms)

    def relabel(self, names: Mapping[Index, Index]) -> Form:
        """Free indices renamed."""
        terms = []
        for m, c in self.terms.items():
            clash = {i: fresh(i.range, m.occurring | set(names.values())) for i in m.indices if i in names.values()}
            terms.append((m.relabel({**{k: v for k, v in names.items() if k not in m.indices}, **clash}), c))
        return Form.collect(self.shape, terms)


def _same_shape(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return len(a) == len(b) and all((x - y).expand() == 0 for x, y in zip(a, b, strict=True))


def _product_shape(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
    if not a or not b:
        return a or b
    if (a[1] - b[0]).expand() != 0:
        raise ShapeError(f"product: {a[0]} x {a[1]} times {b[0]} x {b[1]} does not conform")
    return a[0], b[1]


def _term_text(m: Monomial, c: Any) -> str:
    bound = ",".join(f"{i.name}:{i.range}" for i in m.indices)
    words = " ".join(f"tr({_cycle_text(w)})" for w in m.cycles)
    word = "" if m.word is None else f"[{_cycle_text(m.word)}]"
    return f"({sstr(c)})<{bound}>{sstr(m.indexed)} {words} {word}"


# Indices --------------------------------------------------------------------------------------


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
        yield joined._replace(indexed=Mul(joined.indexed, *deltas)), c1 * c2


def _joined(m1: Monomial, m2: Monomial, bound: tuple[Index, ...], names: Mapping[Index, Index]) -> Monomial:
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
    if not m.indices:
        return _sorted(m)
    free = m.occurring - frozenset(m.indices)
    best: tuple[Any, Monomial] | None = None
    for order in permutations(m.indices):
        names: dict[Index, Index] = {}
        for i in order:
            names[i] = fresh(i.range, free | set(names.values()))
        candidate = _sorted(m.relabel(names)._replace(indices=tuple(names[i] for i in order)))
        key = _monomial_key(candidate)
        if best is None or key < best[0]:
            best = key, candidate
    assert best is not None
    return best[1]


def _sorted(m: Monomial) -> Monomial:
    cycles = tuple(sorted((_canonical_cycle(w) for w in m.cycles), key=_word_key))
    return m._replace(cycles=cycles)


def _monomial_key(m: Monomial) -> tuple[Any, ...]:
    bound = tuple((i.name, str(i.range)) for i in m.indices)
    word = () if m.word is None else _word_key(m.word)
    return word, tuple(map(_word_key, m.cycles)), sstr(m.indexed), bound


def is_constant(value: Any) -> bool:
    """Whether a coefficient is a number or an expression of parameters alone."""
    return isinstance(value, Expr) and not any(isinstance(a, Atom) for a in value.free_symbols)
