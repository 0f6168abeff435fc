"""Spectra of a fixed small size written out: I = E_1 + ... + E_N and S = λ_1 E_1 + ... + λ_N E_N.

Where all eigenvalues but one have an index of their own, the last has one too, so that no sum over
them is left; S is then put in wherever it stands, and E_N = I − E_1 − ... .  Beyond these relations
only rank one speaks: through a dimension of size one, (e'u)(e'v) (e'w)(e'z) pairs in any order.
"""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import Any

from sympy import Integer, Poly

from .forms import Atom, Form
from .projectors import Projector, Spectral, SpectralLetter
from .resolution import apart_indices
from .symbols import Index
from .terms import Monomial, Term, fresh, is_empty, restricted
from .words import Factor, Word, transpose_word, word_key

__all__ = ["inserted"]

ONE = Integer(1)


def inserted(form: Form) -> Form:
    """The form with its small spectra written out; as it is where none is."""
    for spectral in _spectra(form):
        n = spectral.form.shape[0]
        free = sorted((i for i in form.indices if i.range == n), key=str)
        if not n.is_Integer or not n - 1 <= len(free) <= n or len(spectral.plain or ()) != 1:
            continue
        if len(free) < n:
            used = {i for m in form.terms for i in (*m.occurring, *m.indices)}
            free.append(fresh(n, used | set(free)))
        terms = [t for term in form.terms.items() for t in _explicit(term, free, spectral)]
        form = apart_indices(Form.collect(form.shape, map(_paired, terms)))
    return form


def _spectra(form: Form) -> list[Spectral]:
    found: dict[str, Spectral] = {}
    for m in form.terms:
        for letter in m.indexed.atoms(SpectralLetter):
            found[letter.name] = letter.spectral
        for word in (*m.cycles, m.word or ()):
            for f in word:
                if isinstance(f.base, Projector):
                    found[f.base.spectral.letter.name] = f.base.spectral
    return list(found.values())


def _explicit(term: Term, free: list[Index], spectral: Spectral) -> list[Term]:
    """A term with every index of the spectrum free, its matrix and last projector put in."""
    found: list[Term] = []
    missing = set(free) - term[0].occurring
    for m, c in restricted(term, missing):
        if is_empty(m, free):
            continue
        for extra, x in _coefficient(c * m.indexed, spectral):
            head = Form.collect((), [(Monomial(m.indices, x, (), None), ONE)])
            parts = [head, *(_cycle(w, spectral, free) for w in extra)]
            parts += [_cycle(w, spectral, free) for w in m.cycles]
            if m.word is not None:
                parts.append(_word(m.word, spectral, free))
            found += reduce(mul, parts).terms.items()
    return found


def _coefficient(c: Any, spectral: Spectral) -> list[tuple[list[Word], Any]]:
    """A coefficient with the traces that hold the matrix taken out as cycles."""
    atoms = [a for a in c.free_symbols if isinstance(a, Atom) and a.payload[0] == "trace"]
    atoms = [a for a in atoms if _place(a.payload[1], spectral) is not None]
    if not atoms or not c.is_polynomial(*atoms):
        return [([], c)]
    powers = []
    for exponents, x in Poly(c, *atoms).terms():
        cycles = [a.payload[1] for a, n in zip(atoms, exponents, strict=True) for _ in range(n)]
        powers.append((cycles, x))
    return powers


def _place(cycle: Word, spectral: Spectral) -> Word | None:
    """The rotation of a cycle that begins with the matrix, or None."""
    ((_, pattern),) = spectral.plain or ()
    for n in range(len(cycle)):
        turned = cycle[n:] + cycle[:n]
        if turned[: len(pattern)] == pattern:
            return turned
    return None


def _cycle(cycle: Word, spectral: Spectral, free: list[Index]) -> Form:
    found = _word(_place(cycle, spectral) or cycle, spectral, free)
    # A scalar increment stands as a cycle of its own.
    return found.trace() if found.shape else found


def _word(word: Word, spectral: Spectral, free: list[Index]) -> Form:
    """A word with the matrix as Σ λ_i E_i, and the last projector as I less the others."""
    ((c, pattern),) = spectral.plain or ()
    size = len(pattern)
    projectors = [Form.letter(Projector(spectral, i)) for i in free]
    whole = Form.identity(spectral.form.shape[0])
    projectors[-1] = reduce(lambda a, b: a - b, projectors[:-1], whole)
    values = [Form.scalar(spectral.value(i) / c) for i in free]
    matrix = reduce(lambda a, b: a + b, (v * E for v, E in zip(values, projectors, strict=True)))
    result = None
    n = 0
    while n < len(word):
        if word[n : n + size] == pattern:
            part, n = matrix, n + size
        elif _is_last(word[n], spectral, free):
            part, n = projectors[-1], n + 1
        else:
            part, n = Form.letter(word[n].base, transposed=word[n].transposed), n + 1
        result = part if result is None else result * part
    return whole if result is None else result


def _is_last(f: Factor, spectral: Spectral, free: list[Index]) -> bool:
    base = f.base
    own = isinstance(base, Projector) and base.spectral.name == spectral.name
    return bool(own and base.index == free[-1])


def _paired(term: Term) -> Term:
    """Scalars e'u of one projector ee' paired in a fixed order: tr(E u v') tr(E w z')."""
    m, c = term
    kept: list[Word] = []
    ends: dict[Factor, list[Word]] = {}
    for cycle in m.cycles:
        split = _ends(cycle)
        if split is None:
            kept.append(cycle)
        else:
            ends.setdefault(split[0], []).extend(split[1:])
    for E, words in ends.items():
        words.sort(key=word_key)
        for u, v in zip(words[::2], words[1::2], strict=True):
            kept.append((E, *u, *transpose_word(v)))
    return m._replace(cycles=tuple(kept)), c


def _ends(cycle: Word) -> tuple[Factor, Word, Word] | None:
    """(E, u, v) of a cycle tr(E u v') that passes through dimension one; else None."""
    places = [n for n, f in enumerate(cycle) if isinstance(f.base, Projector)]
    if len(places) != 1:
        return None
    E, *rest = cycle[places[0] :] + cycle[: places[0]]
    for n in range(1, len(rest)):
        if rest[n].rows == 1:
            return E, tuple(rest[:n]), transpose_word(tuple(rest[n:]))
    return None
