"""Normal forms back as SymPy expressions, in the shape people write them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sympy import (
    Add,
    Determinant,
    Dummy,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    Mul,
    Trace,
    ZeroMatrix,
    cancel,
    factor_terms,
)
from sympy.matrices.expressions.matexpr import MatrixElement

from .basis import Basis, FormAlgebra, StackLetter
from .errors import DerivationError
from .expressions import BlockColumn, IndexSum, ScalarSum, Stack, SymmetricBlock
from .facts import Facts
from .forms import Atom, Form
from .gathering import SpectralSum, gathered, named_indices
from .interpreter import interpret
from .inverses import InverseOf
from .projectors import Projector, SpectralLetter
from .spectrum import Eigenprojector, Eigenvalue
from .symbols import ScalarIncrement, ScalarMember
from .terms import Monomial
from .words import Factor, Selector, Unit, Word, factor, transpose_word

__all__ = ["expression"]


def expression(value: Form) -> Any:
    """A form as a SymPy expression; blocks of a stack are shown under their own names.

    Where the stack is only noise in the result, its blocks are taken as the letters instead.
    """
    shown = _shown(value)
    spectra = shown.atoms(Eigenvalue, Eigenprojector)
    if not shown.has(Stack, BlockColumn) or any(x.has(Stack) for x in spectra):
        return shown
    apart = _shown(interpret(shown, FormAlgebra(Basis(), Facts())))
    return min(shown, apart, key=lambda e: (e.has(BlockColumn), e.count_ops()))


def _shown(value: Form) -> Any:
    rest, sums = gathered(value) if value.shape == () else (value, [])
    if not sums:
        return _shown_terms(value)
    return Add(*([_shown_terms(rest)] if rest else []), *map(_spectral_sum, sums))


def _spectral_sum(part: SpectralSum) -> Any:
    body = Add(*(_open(c) * Mul(*map(_cycle, cycles)) for c, cycles in part.members))
    inside = Mul(_open(part.function), body)
    return _open(part.coefficient) * ScalarSum(inside, part.index, *part.excluded)


def _shown_terms(value: Form) -> Any:
    parts = []
    for m, c, matrix in _folded(value):
        if (c := _tidy(c)) == 0:
            continue
        scalar = Mul(_open(m.indexed), *map(_cycle, m.cycles))
        inner: Any = scalar
        if m.word is not None:
            inner = matrix if scalar == 1 else MatMul(scalar, matrix).doit(deep=False)
        head = ScalarSum if m.word is None else IndexSum
        free = sorted(m.occurring - set(m.indices), key=str)
        for n, i in enumerate(m.indices):
            excluded = [j for j in (*m.indices[n + 1 :], *free) if j.range == i.range]
            inner = head(inner, i, *excluded)
        if (c := _open(c)) != 1:
            inner = c * inner if m.word is None else MatMul(c, inner).doit(deep=False)
        parts.append(inner)
    if value.shape == ():
        return _collected(Add(*parts))
    if not parts:
        return ZeroMatrix(*value.shape)
    return parts[0] if len(parts) == 1 else MatAdd(*parts).doit(deep=False)


def _folded(value: Form) -> Iterator[tuple[Monomial, Any, Any]]:
    """The terms with their matrices; u K1 G K2' v + u K2 G' K1' v is shown as u S(G) v."""
    named = [(named_indices(m), c) for m, c in value.terms.items()]
    # Coefficients are long texts, and of two terms the monomials nearly always differ as texts.
    texts = {m: repr(m) for m, _ in named}
    apart = len(set(texts.values())) == len(named)
    terms = dict(sorted(named, key=(lambda term: texts[term[0]]) if apart else repr))
    while terms:
        m, c = next(iter(terms.items()))
        del terms[m]
        for start, stop, mirrored in _block_pairs(m.word or ()):
            partner = m._replace(word=mirrored)
            if partner != m and m.word and terms.get(partner) == c:
                del terms[partner]
                yield m, c, _symmetric_block(m.word, start, stop)
                break
        else:
            empty = None if m.word is None else Identity(value.shape[0])
            yield m, c, _product(m.word) if m.word else empty


def _symmetric_block(word: Word, start: int, stop: int) -> Any:
    """u S(G) v for a word u K_a G K_b' v, the K at the places given."""
    inner = word[start + 1 : stop]
    upper = word[start].base.position == 0
    block = SymmetricBlock(_product(inner if upper else transpose_word(inner)))
    before = [_product(word[:start])] if word[:start] else []
    after = [_product(word[stop + 1 :])] if word[stop + 1 :] else []
    return MatMul(*before, block, *after) if before or after else block


def _block_pairs(word: Word) -> Iterator[tuple[int, int, Word]]:
    """Places K_a ... K_b' (a ≠ b, two blocks) in a word, with the word of the mirrored block."""
    for i, f in enumerate(word):
        if not isinstance(f.base, Selector) or f.transposed or len(f.base.partition) != 2:
            continue
        other = factor(Selector(f.base.partition, 1 - f.base.position), transposed=True)
        for j in range(i + 2, len(word)):
            if word[j] == other:
                yield i, j, word[:i] + transpose_word(word[i : j + 1]) + word[j + 1 :]


def _collected(total: Any) -> Any:
    """A sum of scalars with the coefficients of each trace, determinant or sum gathered."""
    if not isinstance(total, Add):
        return _tidy(total)
    heads = total.atoms(Trace, Determinant, MatrixElement, ScalarSum)
    if not heads:
        return _tidy(total)
    gathered: dict[Any, list[Any]] = {}
    for term in total.args:
        coefficient, head = term.as_independent(*heads, as_Add=False)
        gathered.setdefault(head, []).append(coefficient)
    return Add(*(_tidy(Add(*cs)) * head for head, cs in gathered.items()))


# The same coefficients stand in a differential, in its derivation and in its kernels.
@lru_cache(maxsize=16384)
def _tidy(coefficient: Any) -> Any:
    """A coefficient in its shorter form: as it is, or as a fraction with factors."""
    if not isinstance(coefficient, Add) and not any(isinstance(a, Add) for a in coefficient.args):
        return coefficient
    # SymPy's fractions are for commutative letters: whatever holds a matrix stands as one.
    heads = coefficient.atoms(Trace, Determinant, MatrixElement, ScalarSum)
    # They look into eigenvalues too, and take a sum of matrices for one of scalars.
    heads |= {x for x in coefficient.atoms(Eigenvalue) if x.matrix.has(MatAdd)}
    letters = {head: Dummy() for head in sorted(heads, key=str)}
    plain = coefficient.xreplace(letters)
    short = factor_terms(cancel(plain))
    if short.count_ops() >= plain.count_ops():
        return coefficient
    return short.xreplace({letter: head for head, letter in letters.items()})


def _cycle(word: Word) -> Any:
    """A cycle as a scalar letter, an entry or a trace."""
    if len(word) == 1 and isinstance(word[0].base, ScalarMember | ScalarIncrement):
        return word[0].base
    entry = _entry(word)
    return Trace(_product(word)) if entry is None else entry


def _open(coefficient: Any) -> Any:
    """A coefficient with its atoms written out."""
    symbols = coefficient.free_symbols
    atoms = {a: _atom(a) for a in symbols if isinstance(a, Atom)}
    atoms |= {a: a.spectral.matrix for a in symbols if isinstance(a, SpectralLetter)}
    return coefficient.xreplace(atoms) if atoms else coefficient


def _atom(atom: Atom) -> Any:
    kind, content = atom.payload
    if kind == "trace":
        return _cycle(content)
    if kind == "det":
        return Determinant(expression(content))
    return expression(content)


def _entry(word: Word) -> Any:
    """The entry A_ij that a cycle e_i' A e_j (or A e_j alone, for a column) stands for, or None."""
    units = [f for f in word if isinstance(f.base, Unit)]
    if not units or len(units) > 2:
        return None
    for start in range(len(word)):
        w = word[start:] + word[:start]
        first, last = w[0], w[-1]
        row = isinstance(first.base, Unit) and first.transposed
        column = isinstance(last.base, Unit) and not last.transposed
        if len(units) == 2 and row and column and len(w) > 2:
            return MatrixElement(_product(w[1:-1]), first.base.position, last.base.position)
        if len(units) == 1 and row and len(w) > 1:
            return MatrixElement(_product(w[1:]), first.base.position, 0)
        if len(units) == 1 and column and len(w) > 1:
            return MatrixElement(_product(w[:-1]), 0, last.base.position)
    return None


def _product(word: Word) -> Any:
    """A word as a SymPy product, blocks K_a'Θ under their own names."""
    parts: list[Any] = []
    n = 0
    while n < len(word):
        block = _block(word[n : n + 2])
        parts.append(_letter(word[n]) if block is None else block)
        n += 1 if block is None else 2
    return parts[0] if len(parts) == 1 else MatMul(*parts)


def _block(pair: Word) -> Any:
    """The block A_a that K_a'Θ is, or its transpose for Θ'K_a, or None."""
    for turned in (False, True):
        f, *rest = transpose_word(pair) if turned else pair
        is_row = isinstance(f.base, Selector) and f.transposed
        for g in rest if is_row else ():
            whole = isinstance(g.base, StackLetter) and not g.transposed
            if whole and f.base.partition == g.base.partition:
                block = g.base.blocks[f.base.position]
                return block.T if turned else block
    return None


def _letter(f: Factor) -> Any:
    value = _shown_letter(f.base)
    return value.T if f.transposed else value


# The same inverse stands in term after term, and its form is shown once.
@lru_cache(maxsize=1024, typed=True)
def _shown_letter(base: Any) -> Any:
    if isinstance(base, Selector):
        return BlockColumn(base.position, *base.partition)
    if isinstance(base, StackLetter):
        return Stack(*base.blocks)
    if isinstance(base, Projector):
        return Eigenprojector(base.spectral.matrix, base.index)
    if isinstance(base, InverseOf):
        return Inverse(expression(base.form))
    if isinstance(base, Unit):
        raise DerivationError(f"{base}: a unit vector outside an entry cannot be shown")
    return base
