"""What the values of draws obey, for every draw: forms are written without what they fix.

Of signs τ² = 1, X'X of a column is its length and tr X'X of a matrix the number of its entries.  Of
the weights of a minibatch Σ_i w_i = n, and without replacement w_i² = (n/b) w_i, each sample being
in it once or not at all.  What else the values obey (entries of powers of a matrix of signs) no
normal form knows; a difference of two forms is a difference only where it shows at such values.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from sympy import Integer, KroneckerDelta

from .draws import MatrixDraw, WeightDraw
from .forms import Atom, Form
from .symbols import Index
from .terms import Monomial, Term
from .words import Factor, Unit, Word

__all__ = ["on_support"]


def on_support(form: Form) -> Form:
    """The form, equal to it for every value that its draws take."""
    terms = (t for term in form.terms.items() for t in _weighed(_signed(*term)))
    return Form.collect(form.shape, terms)


# Signs.


def _signed(m: Monomial, c: Any) -> Term:
    cycles = []
    for word in m.cycles:
        factor, left = _trace(word)
        c = c * factor
        cycles += [left] if left else []
    number, word_ = (Integer(1), None) if m.word is None else _shortened(m.word)
    return m._replace(cycles=tuple(cycles), word=word_), _coefficient(c * number)


def _coefficient(c: Any) -> Any:
    known: dict[Any, Any] = {}
    signs = set()
    for atom in sorted(c.free_symbols, key=str):
        if not isinstance(atom, Atom):
            continue
        kind, content = atom.payload
        if kind == "sum":
            known[atom] = on_support(content).value()
        elif kind == "trace":
            factor, left = _trace(content)
            if left != content:
                known[atom] = factor * (Atom("trace", left) if left else 1)
            elif _is_entry(content):
                signs.add(atom)
    even = c.replace(
        lambda e: e.is_Pow and e.base in signs and e.exp.is_Integer,
        lambda e: e.base ** (e.exp % 2),
    )
    return even.xreplace(known)


def _trace(word: Word) -> tuple[Any, Word]:
    """A number and the word whose traces multiply to that of a word; an empty one has trace 1."""
    if len(word) == 2 and _is_square(*word):
        return word[0].rows * word[0].columns, ()
    for turn in range(len(word)):
        factor, left = _shortened(word[turn:] + word[:turn])
        if left != word[turn:] + word[:turn]:
            if left:
                more, left = _trace(left)
                return factor * more, left
            return factor, ()
    return Integer(1), word


def _shortened(word: Word) -> tuple[Any, Word]:
    """Without neighbours whose product is a number."""
    for n, (f, g) in enumerate(pairwise(word)):
        if _is_square(f, g) and f.rows == g.columns == 1:
            factor, left = _shortened((*word[:n], *word[n + 2 :]))
            return f.columns * factor, left
    return Integer(1), word


def _is_square(f: Factor, g: Factor) -> bool:
    """Whether a letter of signs stands beside its transpose."""
    turned = f.transposed != g.transposed or _is_number(f)
    return _is_sign(f) and f.base == g.base and turned


def _is_sign(f: Factor) -> bool:
    return isinstance(f.base, MatrixDraw) and f.base.law == "two-point"


def _is_entry(word: Word) -> bool:
    """Whether a trace is one sign: a single one, or an entry of a matrix of signs."""
    others = [f for f in word if not isinstance(f.base, Unit)]
    return len(others) == 1 and _is_sign(others[0]) and (len(word) > 1 or _is_number(others[0]))


def _is_number(f: Factor) -> bool:
    return bool(f.rows == f.columns == 1)


# Weights of minibatches.


def _weighed(term: Term) -> Iterator[Term]:
    """A term without sums over one weight, and without squares where samples are taken once."""
    m, c = _once(*term)
    weight = next(_summed(m), None)
    if weight is None:
        yield m, c
        return
    i, n = weight.index, weight.index.range
    others = {j for j in (*m.occurring, *m.indices) if j.range == n and j != i}
    rest = m._replace(
        indices=tuple(j for j in m.indices if j != i),
        indexed=m.indexed.xreplace({weight: Integer(1)}),
    )
    yield from _weighed((rest, c * n))
    for j in sorted(others, key=str):
        yield from _weighed((rest._replace(indexed=rest.indexed * _of(weight, j)), -c))


def _of(weight: Any, index: Index) -> Any:
    return weight.xreplace({weight.index: index})


def _summed(m: Monomial) -> Iterator[Any]:
    """Weights that a term holds once, summed over an index that stands nowhere else."""
    if m.indexed.has(KroneckerDelta):
        return
    words = [f for word in (*m.cycles, m.word or ()) for f in word]
    for weight in _weights(m):
        i = weight.index
        rest = m.indexed.xreplace({weight: Integer(1)})
        once = m.indexed.as_powers_dict()[weight] == 1
        alone = i in m.indices and i not in rest.free_symbols
        if once and alone and not any(i in f.indices for f in words):
            yield weight


def _once(m: Monomial, c: Any) -> Term:
    """w^k as (n/b)^(k−1) w; the monomial is a product."""
    for weight in _weights(m):
        power = m.indexed.as_powers_dict()[weight]
        if not weight.replacement and power.is_Integer and power > 1:
            m = m._replace(indexed=m.indexed / weight ** (power - 1))
            c = c * (weight.index.range / weight.batch) ** (power - 1)
    return m, c


def _weights(m: Monomial) -> list[Any]:
    return sorted(m.indexed.atoms(WeightDraw), key=str)
