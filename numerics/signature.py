"""What a claim speaks about, as plain data: enough to draw points and to simulate, without algebra.

A generated module of `numerics.kernels` holds one `ClaimSignature` for each claim beside its
kernels.  Sizes are texts such as ``"p + k"``; a mapping of dimension names to integers makes them
numbers.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from numerics.errors import NumericsError

__all__ = [
    "ClaimSignature",
    "Condition",
    "LetterSignature",
    "NoiseSignature",
    "PathSignature",
    "SpectrumSignature",
    "SystemSignature",
    "holds",
    "size",
]

Sizes = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class LetterSignature:
    """One name of a point.

    Attributes
    ----------
    name
        Its key in a point.
    kind
        ``"state"``, ``"parameter"``, ``"process"``, ``"increment"``, ``"time"`` (the letter t),
        ``"time increment"`` (the letter dt), ``"dimension"``, or ``"initial"`` (an observable's
        value at time 0).
    shape
        Sizes of one member: ``()`` for a scalar, ``("p", "l")`` for a matrix.
    family
        Size of the leading index axis, or None if the letter is no family.
    facts
        Of ``"positive"``, ``"symmetric"``, ``"positive_definite"``.
    within
        (low, high), numbers or nested sequences of the letter's shape, between which each entry is
        drawn; equal ones fix it.  None for a letter that is drawn by its facts alone.
    """

    name: str
    kind: str
    shape: tuple[str, ...] = ()
    family: str | None = None
    facts: tuple[str, ...] = ()
    within: tuple[Any, Any] | None = None

    @property
    def fixed(self) -> bool:
        """Whether the letter has one value, so that nothing is drawn for it."""
        return self.within is not None and self.within[0] == self.within[1]

    def shape_at(self, sizes: Sizes) -> tuple[int, ...]:
        """Shape of the array, family axis included and batch axes left out."""
        texts = self.shape if self.family is None else (self.family, *self.shape)
        return tuple(size(text, sizes) for text in texts)


@dataclass(frozen=True, kw_only=True)
class NoiseSignature:
    """One Brownian motion: E[dB_ia dB_jb] = rows_ij columns_ab dt.

    ``row_covariance`` and ``column_covariance`` are names of kernels; None is the identity.
    A family of independent scalar Brownian motions has ``family`` and the shape ``()``.
    """

    name: str
    shape: tuple[str, ...] = ()
    family: str | None = None
    row_covariance: str | None = None
    column_covariance: str | None = None

    def shape_at(self, sizes: Sizes) -> tuple[int, ...]:
        """Shape of the increment, family axis included and batch axes left out."""
        texts = self.shape if self.family is None else (self.family, *self.shape)
        return tuple(size(text, sizes) for text in texts)


@dataclass(frozen=True, kw_only=True)
class SystemSignature:
    """A declared system; its kernels are ``<prefix>`` with increment, drift and noise.

    ``correlations`` holds (name, name, kernel) for Brownian motions correlated entry by entry.
    ``calculus`` is ``"ito"`` or ``"stratonovich"``: in which sense the kernels are meant.
    """

    prefix: str
    states: tuple[str, ...]
    noises: tuple[NoiseSignature, ...]
    letters: tuple[LetterSignature, ...]
    correlations: tuple[tuple[str, str, str], ...] = ()
    calculus: str = "ito"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """An assumption that points are checked for.

    Either a ``relation`` between dimensions (``"l >= p + k"``), or a ``predicate`` about the value
    of the kernel ``kernel``: ``"positive"``, ``"nonnegative"``, ``"zero"``, ``"nonzero"`` for a
    scalar; ``"positive_definite"``, ``"fullrank"``, ``"invertible"``, ``"symmetric"``, ... for a
    matrix.  With neither it is words alone.
    """

    text: str
    relation: str | None = None
    predicate: str | None = None
    kernel: str | None = None


@dataclass(frozen=True, kw_only=True)
class SpectrumSignature:
    """A symmetric matrix S whose eigenvalues a claim speaks about.

    Attributes
    ----------
    kernel
        Name of the kernel whose value is S.
    rows
        Where S is typed as A A' with a stack A of letters, these from top to bottom, each with
        whether it is transposed; else None.
    """

    kernel: str
    rows: tuple[tuple[str, bool], ...] | None = None


@dataclass(frozen=True, kw_only=True)
class PathSignature:
    """A concrete system with numbers, to be simulated to ``horizon``.

    ``vary`` names other values that some of the numbers take; `settings` are one for each of them.
    """

    systems: Mapping[str, SystemSignature]
    letters: tuple[LetterSignature, ...]
    horizon: Any
    sizes: Sizes
    values: Mapping[str, Any]
    relevant: float
    vary: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def settings(self) -> tuple[PathSignature, ...]:
        """The setting at every value that varies, the others as they are given, else the first."""
        base = {**{name: values[0] for name, values in self.vary.items()}, **self.values}
        found = [base]
        for name, values in self.vary.items():
            found += [{**base, name: value} for value in values]
        different: dict[str, dict[str, Any]] = {}
        for chosen in found:
            # Values may be arrays, which do not compare as one.
            different.setdefault(repr(sorted(chosen.items())), chosen)
        return tuple(replace(self, values=values, vary={}) for values in different.values())


@dataclass(frozen=True, kw_only=True)
class ClaimSignature:
    """What the kernels of a claim take.

    Attributes
    ----------
    claim
        Id of the claim.
    kind
        ``"differential"``, ``"identity"`` or ``"time change"``.
    dimensions
        Names of the dimensions, sorted; they are integers in a point.
    letters
        Every name that a kernel of the claim takes (those of the path check and of the algorithm
        check left out).
    conditions
        The assumptions.
    systems
        ``"declared"``, and where they exist ``"reduced"`` (equal in law, with the label noise drawn
        from its exact small law), ``"changed"``, ``"derived_changed"``.
    path
        The path check, whose systems are ``"path"`` and perhaps ``"path_reduced"``.
    spectra
        The symmetric matrices whose eigenvalues occur.
    """

    claim: str
    kind: str
    dimensions: tuple[str, ...]
    letters: tuple[LetterSignature, ...]
    conditions: tuple[Condition, ...] = ()
    systems: Mapping[str, SystemSignature] = field(default_factory=dict)
    path: PathSignature | None = None
    spectra: tuple[SpectrumSignature, ...] = ()

    def letter(self, name: str) -> LetterSignature:
        """The letter of that name."""
        for letter in self.letters:
            if letter.name == name:
                return letter
        raise NumericsError(
            f"{self.claim}: no letter {name!r}; there are {', '.join(x.name for x in self.letters)}"
        )

    def admits(self, sizes: Sizes) -> bool:
        """Whether sizes meet the assumptions between dimensions."""
        return all(holds(c.relation, sizes) for c in self.conditions if c.relation is not None)


_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISON: dict[type, Callable[[Any, Any], bool]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def size(text: str, sizes: Sizes) -> int:
    """The number that a size such as ``"p + k"`` is.

    >>> size("p + k", {"p": 3, "k": 2})
    5
    """
    return int(_number(_parsed(text), text, sizes))


def holds(relation: str, sizes: Sizes) -> bool:
    """Whether a relation between dimensions such as ``"l >= p + k"`` holds.

    >>> holds("l >= p + k", {"p": 3, "k": 2, "l": 4})
    False
    """
    node = _parsed(relation)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise NumericsError(f"relation {relation!r}: write two sizes with >=, >, <=, <, == or !=")
    left, right = (_number(side, relation, sizes) for side in (node.left, node.comparators[0]))
    return _COMPARISON[type(node.ops[0])](left, right)


@cache
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _number(node: ast.expr, text: str, sizes: Sizes) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in sizes:
            raise NumericsError(
                f"size {text!r}: no value for the dimension {node.id}; got {', '.join(sizes)}"
            )
        return int(sizes[node.id])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, text, sizes)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        left, right = _number(node.left, text, sizes), _number(node.right, text, sizes)
        return int(_ARITHMETIC[type(node.op)](left, right))
    raise NumericsError(f"size {text!r}: only sums, products and powers of dimensions are sizes")
