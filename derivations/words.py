"""Letters with their transposes, and the words they make.

A *factor* is a letter or its transpose, a *word* a product of factors, a *cycle* the trace of a
word: canonical under rotation and transposition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sympy import Add, Integer, MatrixSymbol

from .symbols import FamilyMember, Index, MatrixParameter, ScalarMember, is_increment

__all__ = [
    "Factor",
    "Selector",
    "Unit",
    "Word",
    "canonical_cycle",
    "factor",
    "is_gram",
    "is_mirrored",
    "is_mirrored_trace",
    "transpose_word",
    "word_key",
    "word_text",
]

ONE = Integer(1)


class Selector(NamedTuple):
    """The block column K_a of the identity, partitioned as given: (sum of sizes, size a)."""

    partition: tuple[Any, ...]
    position: int

    @property
    def shape(self) -> tuple[Any, Any]:
        """(sum of the sizes, size of the block)."""
        return Add(*self.partition), self.partition[self.position]

    @property
    def last(self) -> bool:
        """Whether it is the last block, the one whose projector K K' is written by the others."""
        return self.position == len(self.partition) - 1


class Unit(NamedTuple):
    """The unit vector e_i, (size, 1), counted from 0."""

    size: Any
    position: Any

    @property
    def shape(self) -> tuple[Any, Any]:
        """(size, 1)."""
        return self.size, ONE


class Factor:
    """A letter or its transpose; compared by ``key`` alone."""

    __slots__ = ("_hash", "base", "columns", "indices", "key", "rows", "transposed")

    def __init__(self, base: Any, transposed: bool) -> None:
        rows, columns = base.shape if hasattr(base, "shape") else (ONE, ONE)
        self.base, self.transposed = base, transposed
        self.rows, self.columns = (columns, rows) if transposed else (rows, columns)
        # Class, name, shape and facts: letters that differ in any of them are different letters.
        facts = str(base.args[1:]) if isinstance(base, MatrixSymbol) else getattr(base, "facts", "")
        self.key = (type(base).__name__, _name(base), facts, transposed)
        self._hash = hash(self.key)
        self.indices: frozenset[Index] = (
            frozenset({base.index})
            if isinstance(base, FamilyMember | ScalarMember)
            else getattr(base, "indices", frozenset())
        )

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Factor) and self.key == other.key)

    def __hash__(self) -> int:
        return self._hash

    def __lt__(self, other: Factor) -> bool:
        return self.key < other.key

    def __repr__(self) -> str:
        return f"{_name(self.base)}{chr(39) if self.transposed else ''}"

    @property
    def is_increment(self) -> bool:
        """Whether the letter is a differential: of a Brownian motion, or formal."""
        return is_increment(self.base)

    def relabel(self, names: Mapping[Index, Index]) -> Factor:
        """The factor with its indices renamed."""
        if not self.indices & names.keys():
            return self
        base = self.base
        if isinstance(base, FamilyMember | ScalarMember):
            return factor(_member(base, names[base.index]), transposed=self.transposed)
        return factor(base.relabel(names), transposed=self.transposed)


@lru_cache(maxsize=4096)
def _member(base: Any, index: Index) -> Any:
    return base.func(*(index if isinstance(arg, Index) else arg for arg in base.args))


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
    return _factor(base, transposed)


# Factors are values: the cache saves building the same one, and holds nothing else.
@lru_cache(maxsize=16384, typed=True)
def _factor(base: Any, transposed: bool) -> Factor:
    symmetric = isinstance(base, MatrixParameter) and base.structure != "general"
    symmetric = symmetric or getattr(base, "is_symmetric_letter", False)
    shape = getattr(base, "shape", (ONE, ONE))
    return Factor(base, transposed and not symmetric and tuple(shape) != (ONE, ONE))


Word = tuple[Factor, ...]


def transpose_word(word: Word) -> Word:
    """The transpose of a product: the transposed factors in reverse order."""
    return tuple(factor(f.base, transposed=not f.transposed) for f in reversed(word))


def canonical_cycle(word: Word) -> Word:
    """The least of the rotations of a word and of its transpose: one word for one trace."""
    if len(word) == 1:
        return min(word, transpose_word(word), key=word_key)
    turns = (w[n:] + w[:n] for w in (word, transpose_word(word)) for n in range(len(word)))
    return min(turns, key=word_key)


def is_mirrored(
    parts: Sequence[Any],
    mirrors: Callable[[Any, Any], bool],
    semidefinite: Callable[[Any], bool] | None = None,
) -> bool:
    """Whether a product is U U', or U P U' if some P are semidefinite.

    ``mirrors(a, b)`` says whether b is the transpose of a.
    """
    half, odd = divmod(len(parts), 2)
    if odd and (semidefinite is None or not semidefinite(parts[half])):
        return False
    return all(map(mirrors, parts[:half], reversed(parts[half + odd :])))


def is_gram(cycle: Word, semidefinite: Callable[[Factor], bool] | None = None) -> bool:
    """Whether some rotation of a cycle is U U', or P U Q U' if some P, Q are semidefinite."""
    return is_mirrored_trace(cycle, _mirrors, semidefinite)


def is_mirrored_trace(
    parts: Sequence[Any],
    mirrors: Callable[[Any, Any], bool],
    semidefinite: Callable[[Any], bool] | None = None,
) -> bool:
    """Whether some rotation of a product is U U', or P U Q U' if some P, Q are semidefinite."""
    for n in range(len(parts)):
        turn = (*parts[n:], *parts[:n])
        if is_mirrored(turn, mirrors, semidefinite):
            return True
        if semidefinite and semidefinite(turn[0]) and is_mirrored(turn[1:], mirrors, semidefinite):
            return True
    return False


def _mirrors(a: Factor, b: Factor) -> bool:
    return factor(a.base, transposed=not a.transposed) == b


def word_key(word: Word) -> tuple[Any, ...]:
    """What words are ordered by: class, name and transposition of their factors."""
    return tuple(f.key for f in word)


def word_text(word: Word) -> str:
    """A text that is equal for equal words only."""
    return " ".join(f"{f.key[0]}:{f!r}{f.key[2]}" for f in word)
