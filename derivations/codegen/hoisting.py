"""Repeated compound sub-expressions, computed once: a ``cse`` for matrix expressions.

SymPy's own ``cse`` rebuilds and reorders what it is given.  Here expressions stay as typed: equal
sub-trees, equal up to transposition, and equal runs of factors inside a product get a name, and
nothing else changes.  What mentions an open index gets a name with that index; what
stands in a sum and does not mention its index is computed before the sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import (
    Add,
    Determinant,
    Identity,
    MatAdd,
    MatMul,
    MatPow,
    Mul,
    Trace,
    Transpose,
    ZeroMatrix,
)

from derivations.codegen.structure import (
    Hoisted,
    HoistedMatrix,
    Tuples,
    free_indices,
    is_letter,
    is_matrix,
    named,
    nodes,
    parts,
    rebuilt,
)
from derivations.expressions import BlockColumn, IndexSum, ScalarSum, SymmetricBlock
from derivations.sde import is_increment
from derivations.symbols import dt

__all__ = ["COSTLY", "hoist", "key", "ordered", "renamed", "weight", "wish"]

Key = Any


# Expressions are values, and the same sub-trees are looked at again for every name that is given.
@lru_cache(maxsize=65536)
def key(expression: Any) -> tuple[Key, Key]:
    """Structural keys of an expression and of its transpose; for a scalar they are the same.

    Two expressions with one key have one value: transposition is carried to the letters, and the
    terms of a sum and the factors of a scalar product are taken as a multiset.
    """
    if not is_matrix(expression):
        return _scalar_key(expression)
    if isinstance(expression, Transpose):
        plain, swapped = key(expression.args[0])
        return swapped, plain
    if is_letter(expression) or isinstance(expression, BlockColumn):
        return expression, ("'", expression)
    if isinstance(expression, Identity):
        return expression, expression
    if isinstance(expression, ZeroMatrix):
        return expression, ZeroMatrix(*reversed(expression.shape))
    keys = [key(part) for part in parts(expression)]
    kind = type(expression).__name__
    if isinstance(expression, MatAdd):
        return (kind, _multiset(k for k, _ in keys)), (kind, _multiset(k for _, k in keys))
    if isinstance(expression, MatMul):
        return _product_key(expression.args)
    rest = (expression.args[1:]) if len(parts(expression)) < len(expression.args) else ()
    if kind in ("Inverse", "MatPow", "IndexSum"):
        return (kind, keys[0][0], rest), (kind, keys[0][1], rest)
    whole = (kind, tuple(expression.shape), tuple(k for k, _ in keys), rest)
    return whole, whole if isinstance(expression, SymmetricBlock) else ("'", whole)


def _scalar_key(expression: Any) -> tuple[Key, Key]:
    inner = parts(expression)
    if not inner:
        return expression, expression
    kind = type(expression).__name__
    if kind in ("Trace", "Determinant"):
        found: Key = (kind, frozenset(key(inner[0])))
    elif isinstance(expression, Add | Mul):
        found = (kind, _multiset(key(part)[0] for part in inner))
    else:
        rest = expression.args[1:] if len(inner) < len(expression.args) else ()
        found = (kind, tuple(key(part)[0] for part in inner), rest)
    return found, found


def _product_key(factors: Sequence[Any]) -> tuple[Key, Key]:
    scalars = _multiset(key(factor)[0] for factor in factors if not is_matrix(factor))
    keys = [key(factor) for factor in factors if is_matrix(factor)]
    if len(keys) == 1 and not scalars:
        return keys[0]
    there = ("MatMul", scalars, tuple(k for k, _ in keys))
    return there, ("MatMul", scalars, tuple(k for _, k in reversed(keys)))


def _multiset(keys: Iterable[Key]) -> Key:
    return frozenset(Counter(keys).items())


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A sub-expression that may be named: its keys, and how much it would save."""

    keys: tuple[Key, Key]
    weight: int
    expression: Any


@lru_cache(maxsize=65536)
def weight(expression: Any) -> int:
    """How large an expression is: the number of its nodes."""
    return 1 + sum(weight(part) for part in parts(expression))


def _cheap(expression: Any) -> bool:
    """Whether naming a sub-expression saves nothing worth a line."""
    if is_letter(expression) or isinstance(expression, Identity | ZeroMatrix):
        return True
    if isinstance(expression, Transpose):
        return _cheap(expression.args[0])
    if is_matrix(expression):
        return False
    inner = parts(expression)
    return all(not is_matrix(part) and not parts(part) for part in inner) and not isinstance(
        expression, ScalarSum
    )


def _runs(product: Any) -> Iterator[tuple[int, int]]:
    """The proper runs of matrix factors of a product, longest first."""
    first = sum(not is_matrix(factor) for factor in product.args)
    count = len(product.args)
    for length in range(count - first - (first == 0), 1, -1):
        for start in range(first, count - length + 1):
            yield start, start + length


@lru_cache(maxsize=16384)
def _candidates(expression: Any) -> tuple[_Candidate, ...]:
    found = []
    if not _cheap(expression):
        found.append(
            _Candidate(keys=key(expression), weight=weight(expression), expression=expression)
        )
    if isinstance(expression, MatMul):
        for start, stop in _runs(expression):
            run = MatMul(*expression.args[start:stop])
            found.append(_Candidate(keys=key(run), weight=weight(run), expression=run))
    for part in parts(expression):
        found += _candidates(part)
    return tuple(found)


def _best(expressions: Iterable[Any], refused: set[Key]) -> _Candidate | None:
    """The heaviest sub-expression that occurs more than once; the first of equals."""
    count: Counter[Key] = Counter()
    first: dict[Key, _Candidate] = {}
    for expression in expressions:
        for candidate in _candidates(expression):
            there, back = candidate.keys
            same = back if back in first else there
            first.setdefault(same, candidate)
            count[same] += 1
    repeated = [c for same, c in first.items() if count[same] > 1 and c.keys[0] not in refused]
    return max(repeated, key=lambda candidate: candidate.weight, default=None)


def _replaced(expression: Any, old: _Candidate, new: Any) -> tuple[Any, int]:
    """An expression with every occurrence of a candidate named, and the number of occurrences."""
    turned = key(expression) if is_matrix(expression) == is_matrix(old.expression) else ()
    if turned and not _cheap(expression):
        if turned[0] == old.keys[0]:
            return new, 1
        if turned[0] == old.keys[1]:
            return Transpose(new), 1
    if is_letter(expression):
        return expression, 0
    count = 0
    if isinstance(expression, MatMul):
        expression, count = _replaced_runs(expression, old, new)
    changed = [_replaced(part, old, new) for part in parts(expression)]
    total = sum(n for _, n in changed)
    if total:
        expression = rebuilt(expression, [part for part, _ in changed])
    return expression, count + total


def _replaced_runs(product: Any, old: _Candidate, new: Any) -> tuple[Any, int]:
    if not isinstance(old.expression, MatMul):
        return product, 0
    length = len(old.expression.args)
    factors: list[Any] = []
    count, at = 0, 0
    while at < len(product.args):
        run = product.args[at : at + length]
        found = None
        if len(run) == length and is_matrix(run[0]):
            found = _product_key(run)[0]
        if found is not None and found in old.keys:
            factors.append(new if found == old.keys[0] else Transpose(new))
            at, count = at + length, count + 1
        else:
            factors.append(product.args[at])
            at += 1
    if not count:
        return product, 0
    return (factors[0] if len(factors) == 1 else MatMul(*factors)), count


def hoist(
    results: Sequence[Any],
    fresh: Callable[[str], str],
    given: Iterable[tuple[Any, Any]] = (),
) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """Name what is repeated in some expressions, or in the rounds of a sum.

    Parameters
    ----------
    results
        The expressions.
    fresh
        Gives an unused identifier near a wish.
    given
        Pairs (name, expression) that are there already.

    Returns
    -------
    definitions, results
        Pairs (name, expression) in an order in which they can be computed, and the results in terms
        of the names.
    """
    current = list(results)
    definitions = list(given)
    refused: set[Key] = set()
    while True:
        texts = [*current, *(value for _, value in definitions)]
        repeated = _best(texts, refused)
        best = repeated or _invariant(texts)
        if best is None:
            return ordered(definitions), current
        symbol = named(best.expression, fresh(wish(best.expression)))
        new = [_replaced(value, best, symbol) for value in current]
        inner = [_replaced(value, best, symbol) for _, value in definitions]
        if repeated is None or sum(n for _, n in [*new, *inner]) > 1:
            current = [value for value, _ in new]
            names = [name for name, _ in definitions]
            definitions = [*zip(names, (value for value, _ in inner), strict=True)]
            definitions.append((symbol, best.expression))
        # Else its occurrences overlap one another, and naming one saves nothing.
        refused.add(best.keys[0])


def _invariant(expressions: Iterable[Any]) -> _Candidate | None:
    """Something costly inside a loop over indices that does not depend on all of them."""
    for expression in expressions:
        for node in nodes(expression):
            if not isinstance(node, IndexSum | ScalarSum | Tuples):
                continue
            indices = node.indices if isinstance(node, Tuples) else node.args[1:2]
            names = {index.name for index in indices}
            for part in nodes(node.args[0]):
                worth = isinstance(part, COSTLY) and not _cheap(part)
                if worth and not names <= free_indices(part):
                    return _Candidate(keys=key(part), weight=weight(part), expression=part)
    return None


COSTLY = IndexSum | ScalarSum | Trace | Determinant | MatMul | MatPow
"""What is worth a line of its own."""


def wish(expression: Any) -> str:
    """How the value of an expression is best called: s, Z, or dZ where it holds increments."""
    if not is_matrix(expression):
        return "s"
    noisy = any(
        (is_increment(node) and node != dt)
        or (isinstance(node, HoistedMatrix) and "dZ" in node.name)
        for node in nodes(expression)
    )
    return "dZ" if noisy else "Z"


def ordered(definitions: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every definition after those that it uses."""
    waiting = {_anchor(symbol): (symbol, value) for symbol, value in definitions}
    placed: list[tuple[Any, Any]] = []

    def place(symbol: Any) -> None:
        anchor = _anchor(symbol)
        if anchor not in waiting:
            return
        first, value = waiting.pop(anchor)
        for node in nodes(value):
            place(node)
        placed.append((first, value))

    for symbol, _ in definitions:
        place(symbol)
    return placed


def _anchor(symbol: Any) -> Any:
    """A name without its indices: all members of a list are of one definition."""
    if isinstance(symbol, Hoisted):
        return Hoisted(str(symbol.name))
    if isinstance(symbol, HoistedMatrix):
        return HoistedMatrix(str(symbol.name), *symbol.shape)
    return symbol


def renamed(expression: Any, new: Mapping[Any, Any]) -> Any:
    """An expression with some of its letters exchanged."""
    if is_letter(expression):
        return new.get(expression, expression)
    inner = parts(expression)
    changed = [renamed(part, new) for part in inner]
    same = all(a is b for a, b in zip(inner, changed, strict=True))
    return expression if same else rebuilt(expression, changed)
