"""Free indices that may coincide, where something else than a sum or product is made of them.

Form products are exact for all values of their free indices: λ_i λ_j is a term for i ≠ j and one
for i = j.  A function of such a form is another one for every way in which indices coincide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations
from itertools import product as cartesian
from typing import Any

from sympy import KroneckerDelta, nan, oo, zoo

from .errors import DerivationError
from .forms import Form
from .symbols import Index
from .terms import Monomial, apart, classes_of, coinciding

__all__ = ["where_indices_coincide"]

Pattern = tuple[tuple[Index, ...], ...]


def where_indices_coincide(
    arguments: Sequence[Form], made: Callable[[Sequence[Form]], Form]
) -> Form:
    """What is made of forms, for every way in which their free indices coincide.

    A way in which it is not defined, as 1/(λ_i − λ_j) for i = j, is left out.
    """
    free: frozenset[Index] = frozenset().union(*(a.indices for a in arguments))
    ranges = sorted({i.range for i in free}, key=str)
    groups = [sorted((i for i in free if i.range == n), key=str) for n in ranges]
    if all(len(group) < 2 for group in groups):
        return made(arguments)
    result = None
    for parts in cartesian(*map(_partitions, groups)):
        pattern: Pattern = tuple(chain(*parts))
        try:
            value = made([_at(a, pattern) for a in arguments])
        except DerivationError:
            if all(len(one) == 1 for one in pattern):
                raise
            continue
        if _is_singular(value):
            continue
        value = _indicator(pattern) * value
        result = value if result is None else result + value
    if result is None:
        raise DerivationError("a function of several indices: defined for no values of them")
    return result


def _partitions(indices: Sequence[Index]) -> Iterator[Pattern]:
    """Ways in which indices coincide, none of them first."""
    if not indices:
        yield ()
        return
    head, *rest = indices
    for found in _partitions(rest):
        yield ((head,), *found)
    for found in _partitions(rest):
        for n, one in enumerate(found):
            yield ((head, *one), *found[:n], *found[n + 1 :])


def _at(form: Form, pattern: Pattern) -> Form:
    """A form where just the indices of one class coincide: in it they are the first."""
    first = {i: one[0] for one in pattern for i in one}
    terms = []
    for term, c in form.terms.items():
        m = apart(term, frozenset(first))
        if any(first[one[0]] != first[i] for one in classes_of(m) for i in one):
            continue
        at: Monomial | None = coinciding(m, pattern)
        if at is not None:
            terms.append((at, c))
    return Form.collect(form.shape, terms)


def _indicator(pattern: Pattern) -> Form:
    """1 where just the indices of one class coincide, else 0."""
    result = Form.scalar(1)
    for one in pattern:
        for i in one[1:]:
            result = result * Form.scalar(KroneckerDelta(one[0], i))
    for a, b in combinations([one[0] for one in pattern], 2):
        if a.range == b.range:
            result = result * (Form.scalar(1) - Form.scalar(KroneckerDelta(a, b)))
    return result


def _is_singular(value: Form) -> bool:
    scalars: list[Any] = [s for m, c in value.terms.items() for s in (c, m.indexed)]
    return any(s.has(zoo, nan, oo) for s in scalars)
