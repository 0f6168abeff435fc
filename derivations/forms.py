"""Forms: sums of terms, the normal form of the language.

    coefficient × Σ_{indices} indexed × Π cycles × word

The coefficient is a SymPy scalar without indices.  A cycle that holds neither an increment nor an
index is a scalar like any other and stands in the coefficient as an :class:`Atom`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from sympy import Add, Symbol, expand, sstr, sympify

from .errors import DerivationError, ShapeError
from .symbols import Index, ScalarIncrement, ScalarMember, same_shape, same_size
from .terms import Monomial, Term, apart, bind, product
from .words import ONE, factor, is_gram, transpose_word, word_text

__all__ = ["Atom", "Form", "expanded"]


def expanded(coefficient: Any) -> Any:
    """Sums and products multiplied out; powers of sums too, functions left alone."""
    hints = {"power_exp": False, "power_base": False, "log": False, "basic": False}
    return expand(coefficient, deep=False, **hints) if coefficient.args else coefficient


class Atom(Symbol):
    """A scalar of the state that the coefficient ring takes as a letter.

    ``payload`` is ("trace", word), ("det", form) or ("sum", form).
    """

    __slots__ = ("payload",)
    payload: tuple[str, Any]

    def __new__(cls, kind: str, content: Any, *, positive: bool = False) -> Atom:
        """Two atoms are one if kind, text of the content and sign are."""
        text = content.key if isinstance(content, Form) else word_text(content)
        label = {"trace": "tr", "det": "det", "sum": "sum"}[kind]
        assumption = {"positive": True} if positive else {"real": True}
        obj: Atom = Symbol.__xnew__(cls, f"{label}({text})", **assumption)
        obj.payload = (kind, content)
        return obj

    def __getnewargs_ex__(self) -> Any:
        kind, content = self.payload
        return ((kind, content), {"positive": bool(self.is_positive)})


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
        """A scalar without increments; what depends on an index stays with its term."""
        value = sympify(value)
        if not any(isinstance(a, Index) for a in value.free_symbols):
            return cls((), {} if value == 0 else {Monomial((), ONE, (), None): value})
        terms = ((Monomial((), term, (), None), ONE) for term in Add.make_args(expanded(value)))
        return cls.collect((), terms)

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

    @cached_property
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
        plain = []
        for m, c in self.terms.items():
            if not m.indices and not m.cycles:
                plain.append(c * m.indexed)
                continue
            if m.occurring - frozenset(m.indices):
                raise DerivationError(
                    "a function of a trace with a free index has no normal form; "
                    "write the sum without it, or give the values as a scalar family"
                )
            squares = Form((), {m: ONE})
            plain.append(c * Atom("sum", squares, positive=_is_square(m)))
        return Add(*plain)

    # Algebra ----------------------------------------------------------------------------------

    def __add__(self, other: Form) -> Form:
        if not same_shape(self.shape, other.shape):
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
        """The form times a scalar without increments."""
        coefficient = sympify(coefficient)
        if coefficient == 0:
            return Form(self.shape, {})
        if any(isinstance(a, Index) for a in coefficient.free_symbols):
            return Form.scalar(coefficient) * self
        scaled = {m: expanded(c * coefficient) for m, c in self.terms.items()}
        return Form(self.shape, {m: c for m, c in scaled.items() if c != 0})

    def __neg__(self) -> Form:
        return self.scaled(-ONE)

    def __sub__(self, other: Form) -> Form:
        return self + (-other)

    def __mul__(self, other: Form) -> Form:
        return Form.collect(
            _product_shape(self.shape, other.shape),
            (
                term
                for a in self.terms.items()
                for b in other.terms.items()
                for term in product(a, b)
            ),
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
        """Free indices renamed; bound ones make way."""
        taken = frozenset(names.values())
        terms = []
        for term, c in self.terms.items():
            m = apart(term, taken)
            terms.append((m.relabel({i: names[i] for i in names if i not in m.indices}), c))
        return Form.collect(self.shape, terms)


def _product_shape(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
    if not a or not b:
        return a or b
    if not same_size(a[1], b[0]):
        raise ShapeError(f"product: {a[0]} x {a[1]} times {b[0]} x {b[1]} does not conform")
    return a[0], b[1]


def _is_square(m: Monomial) -> bool:
    """Whether a sum is one of squares: then it is positive unless every one of them vanishes."""
    even = all(m.cycles.count(word) % 2 == 0 or is_gram(word) for word in m.cycles)
    return even and m.indexed == 1 and not m.increments


def _term_text(m: Monomial, c: Any) -> str:
    bound = ",".join(f"{i.name}:{i.range}" for i in m.indices)
    words = " ".join(f"tr({word_text(w)})" for w in m.cycles)
    word = "" if m.word is None else f"[{word_text(m.word)}]"
    return f"({sstr(c)})<{bound}>{sstr(m.indexed)} {words} {word}"
