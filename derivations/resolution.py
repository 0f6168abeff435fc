"""Spectral forms resolved: the coefficient of every skeleton as one rational function.

A term with eigenvalues is a *skeleton* (its cycles and word, with their projectors) times a
function of the eigenvalues.  Functions are symmetrised over the relabellings that keep the
skeleton, and added; what cancels then is gone, and where a function is a polynomial in an
eigenvalue λ_j whose projector stands alone, Σ_j λ_j^m E_j = S^m removes the index.  That decides
whether a form vanishes: skeletons are independent but for this relation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

from sympy import Add, Dummy, Integer, KroneckerDelta, Poly, Pow, cancel, fraction, together

from .forms import Form
from .projectors import Projector
from .reduction import words_of_power
from .spectrum import Eigenvalue
from .symbols import Index
from .terms import Monomial, Term, is_empty, least_labelling, released, restricted

__all__ = ["apart_indices", "is_spectral", "resolved"]

ONE = Integer(1)


def is_spectral(form: Form) -> bool:
    """Whether a form holds eigenvalues or their projectors."""
    return any(map(_is_spectral, form.terms))


def _is_spectral(m: Monomial) -> bool:
    letters = (f for word in (*m.cycles, m.word or ()) for f in word)
    return m.indexed.has(Eigenvalue) or any(isinstance(f.base, Projector) for f in letters)


def apart_indices(form: Form) -> Form:
    """The form where different free indices take different values: their Kronecker deltas are 0."""
    free = form.indices

    def equates(m: Monomial) -> bool:
        return any(free.issuperset(delta.args) for delta in m.indexed.atoms(KroneckerDelta))

    return Form(form.shape, {m: c for m, c in form.terms.items() if not equates(m)})


def resolved(form: Form) -> Form:
    """An equal form with every function of eigenvalues in lowest terms, and no idle index left."""
    while is_spectral(form):
        terms = [(m, c) for m, c in form.terms.items() if not _is_spectral(m)]
        again = False
        for skeleton, function in _functions(form).items():
            reduced = _lowest(function)
            summable = _summable(skeleton, reduced) if reduced != 0 else []
            again = again or bool(summable)
            found = summable or [(skeleton._replace(indexed=reduced), ONE)]
            for m, c in found if reduced != 0 else ():
                terms += released((m, c), form.indices - m.occurring)
        if not again:
            return Form.collect(form.shape, terms)
        form = Form.collect(form.shape, terms)
    return form


def _functions(form: Form) -> dict[Monomial, Any]:
    """Skeleton -> its function of the eigenvalues, symmetrised.

    The bound indices of every term are taken apart from all free indices of the form, also from
    those that the term does not mention: only then do equal skeletons stand for equal sums.
    """
    found: dict[Monomial, list[Any]] = {}
    for term in form.terms.items():
        if not _is_spectral(term[0]):
            continue
        for m, c in restricted(term, form.indices - term[0].occurring):
            if is_empty(m, form.indices):
                continue
            skeleton, functions = _symmetrised(m)
            found.setdefault(skeleton, []).append(c * Add(*functions) / len(functions))
    return {skeleton: Add(*parts) for skeleton, parts in found.items()}


def _symmetrised(m: Monomial) -> tuple[Monomial, list[Any]]:
    """The skeleton in its least relabelling, and the function in all relabellings that give it."""
    bare = m._replace(indexed=ONE)
    target = least_labelling(bare)
    functions = []
    for names in _relabellings(m, target):
        relabelled = bare.relabel(names)
        if least_labelling(relabelled._replace(indices=())) == target._replace(indices=()):
            functions.append(m.indexed.xreplace(dict(names)))
    return target, functions


def _relabellings(m: Monomial, target: Monomial) -> Iterator[Mapping[Index, Index]]:
    """Bound indices of a term -> those of its skeleton, in every way that keeps ranges."""
    for order in permutations(target.indices):
        if all(a.range == b.range for a, b in zip(m.indices, order, strict=True)):
            yield dict(zip(m.indices, order, strict=True))


def _lowest(function: Any) -> Any:
    """A function of eigenvalues in lowest terms."""
    names, back = _letters(function)
    return cancel(together(_renamed(function, names, back))).xreplace(back)


def _letters(function: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Eigenvalues as plain letters, and back; where √λ occurs it is the letter and λ a square."""
    names: dict[Any, Any] = {}
    back: dict[Any, Any] = {}
    powers = [power for power in function.atoms(Pow) if isinstance(power.base, Eigenvalue)]
    positive = {power.base for power in powers if not power.exp.is_integer}
    roots = {power.base for power in powers if power.exp.as_coeff_Add()[0].q == 2}
    for value in function.atoms(Eigenvalue):
        # Eigenvalues have either sign, but for those of which a root is taken.
        letter = Dummy(positive=True) if value in positive else Dummy(real=True)
        names[value] = letter**2 if value in roots else letter
        back[letter] = value ** (ONE / 2) if value in roots else value
    return names, back


def _renamed(function: Any, names: dict[Any, Any], back: dict[Any, Any]) -> Any:
    """The function in plain letters; λ^(q + n) is λ^q λ^n, with λ^q a letter."""
    split = {}
    letters: dict[Any, Any] = {}
    for power in function.atoms(Pow):
        number, rest = power.exp.as_coeff_Add()
        if isinstance(power.base, Eigenvalue) and rest != 0:
            letter = letters.setdefault((power.base, rest), Dummy(positive=True))
            split[power] = power.base**number * letter
    back |= {letter: value**rest for (value, rest), letter in letters.items()}
    return function.xreplace(split).xreplace(names)


def _summable(skeleton: Monomial, function: Any) -> list[Term]:
    """The terms of a function with powers of some λ_j whose E_j stands alone; or none.

    Collecting the terms sums the powers.
    """
    numerator, denominator = fraction(together(function))
    for j in skeleton.indices:
        letters = [f for word in (*skeleton.cycles, skeleton.word or ()) for f in word]
        places = [f for f in letters if j in f.indices]
        values = {v for v in function.atoms(Eigenvalue) if v.index == j}
        if len(places) > 1 or len(values) > 1 or not (places or values):
            continue
        if any(not isinstance(f.base, Projector) for f in places):
            continue
        if not values:
            if function.has(j):
                continue
            return [(skeleton._replace(indexed=function), ONE)]
        value = next(iter(values))
        spectral = places[0].base.spectral if places else value.matrix.spectral
        powers = _laurent(numerator, denominator, value, j)
        known = spectral.name == value.matrix.spectral.name
        if any(words_of_power(spectral, n) if n and known else places and not n for n in powers):
            return [(skeleton._replace(indexed=c), ONE) for c in powers.values()]
    return []


def _laurent(numerator: Any, denominator: Any, value: Any, j: Index) -> dict[int, Any]:
    """Power -> its term, for a function that is a sum of powers of one eigenvalue; else empty."""
    letter = Dummy()
    above, below = (part.xreplace({value: letter}) for part in (numerator, denominator))
    if above.has(j) or below.has(j) or not above.is_polynomial(letter):
        return {}
    rest, held = below.as_independent(letter, as_Add=False)
    base, exponent = held.as_base_exp()
    if held != 1 and (base != letter or not exponent.is_Integer):
        return {}
    lowest = int(exponent) if held != 1 else 0
    terms = Poly(above, letter).terms()
    return {n - lowest: c / rest * value ** (n - lowest) for (n,), c in terms}
