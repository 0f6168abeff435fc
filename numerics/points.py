"""Random points for the letters of a claim, in any number context, and the admissible ones.

A point depends on (seed, its number, the names of the letters) alone. Over the reals the entries
are fractions of small height and positive scalars are squares of fractions, so that their roots are
fractions too; point number n takes profile n modulo three: generic matrices, matrices whose
singular values spread over three decades, nearly singular matrices. Modulo a prime every entry is
uniform, as the Schwartz–Zippel bound asks, and positive scalars are squares.

Where eigenvalues of A A' are spoken of, A has a rational spectrum over the reals
(`numerics.spectra`). Modulo a prime one of n! points has a polynomial that splits; the others are
found out cheaply, and hardly count among the tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.contexts import Matrix, NumberContext, PrimeFieldContext, RationalContext, Scalar
from numerics.errors import NotAdmissibleError, NumericsError, OutsideFieldError
from numerics.kernel import Point
from numerics.signature import LetterSignature, SpectrumSignature
from numerics.spectra import drawn_blocks

__all__ = [
    "PROFILES",
    "PointSample",
    "Predicate",
    "as_arrays",
    "draw",
    "meets",
    "sample",
    "stacked",
]

Predicate: TypeAlias = Callable[[NumberContext, Point], bool]
"""Whether a point of a context is admissible; `NotAdmissibleError` counts as no."""

PROFILES = ("generic", "spread", "nearly singular")
"""What the matrices of points 0, 1, 2, 0, … look like, over the reals."""

_DRAWN = ("state", "parameter", "process", "time")
_DECADES = 10  # powers of two over which "spread" spreads the singular values
_OUTSIDE = 64  # points without their roots in a prime field count as one try
_HOPELESS = 512  # so many and no other: a root of the sizes alone, which is in no point
_SMALL = 7  # "nearly singular" is a matrix of less rank plus 2⁻⁷ of a generic one


@dataclass(frozen=True, kw_only=True)
class PointSample:
    """Admissible points, and what became of the others.

    Attributes
    ----------
    points
        The admissible points, at most as many as asked for.
    drawn
        How many points were drawn in all.
    refused
        Predicate -> points that it was the first to refuse; ``"defined"`` counts points at which
        something that had to be evaluated does not exist.
    """

    points: tuple[Point, ...]
    drawn: int
    refused: Mapping[str, int]

    @property
    def admissible(self) -> int:
        """How many of the points drawn were admissible; a check that has none has shown nothing."""
        return len(self.points)

    def __str__(self) -> str:
        reasons = ", ".join(f"{name} refused {count}" for name, count in self.refused.items())
        return f"{self.admissible} of {self.drawn} points admissible" + (
            f" ({reasons})" if reasons else ""
        )


def sample(
    ctx: NumberContext,
    letters: Sequence[LetterSignature],
    sizes: Mapping[str, int],
    *,
    count: int,
    seed: int,
    predicates: Mapping[str, Predicate] | None = None,
    spectra: Sequence[SpectrumSignature] = (),
    tries: int = 20,
) -> PointSample:
    """Draw points until `count` are admissible, or `tries` × `count` have been drawn.

    Of points that lack a root in a prime field, 64 count as one; 512 are enough if none has it.

    Raises
    ------
    NumericsError
        If count or tries is not positive, or a letter cannot be drawn.
    """
    if count < 1 or tries < 1:
        raise NumericsError(f"count {count}, tries {tries}: give positive numbers")
    found: list[Point] = []
    refused: dict[str, int] = {}
    drawn = outside = 0
    while len(found) < count and drawn - outside + outside // _OUTSIDE < tries * count:
        if outside == drawn >= _HOPELESS:
            break
        point = draw(ctx, letters, sizes, seed=seed, number=drawn, spectra=spectra)
        drawn += 1
        try:
            reason = _first_refusal(ctx, point, predicates or {})
        except OutsideFieldError:
            # Among the rationals roots are there by design, and never by luck.
            reason, outside = "defined", outside + isinstance(ctx, PrimeFieldContext)
        if reason is None:
            found.append(point)
        else:
            refused[reason] = refused.get(reason, 0) + 1
    return PointSample(points=tuple(found), drawn=drawn, refused=refused)


def _first_refusal(
    ctx: NumberContext, point: Point, predicates: Mapping[str, Predicate]
) -> str | None:
    for name, predicate in predicates.items():
        try:
            with ctx.working():
                if not predicate(ctx, point):
                    return name
        except OutsideFieldError:
            raise
        except (NotAdmissibleError, ZeroDivisionError):
            return "defined"
    return None


def draw(
    ctx: NumberContext,
    letters: Iterable[LetterSignature],
    sizes: Mapping[str, int],
    *,
    seed: int,
    number: int,
    spectra: Sequence[SpectrumSignature] = (),
) -> dict[str, Any]:
    """Point number `number`: a value for every state, parameter, process and the time.

    Dimensions come as Python integers; increments are left out, they are no part of a point. The
    states that `spectra` are made of have rational singular values, but modulo a prime.
    """
    point: dict[str, Any] = dict(sizes)
    profile, letters = PROFILES[number % len(PROFILES)], tuple(letters)
    ordered = not isinstance(ctx, PrimeFieldContext)
    stream = f"{seed}/{number}"
    with ctx.working():
        blocks = drawn_blocks(
            ctx, spectra if ordered else (), letters, sizes, stream=stream, profile=profile
        )
        for letter in letters:
            if letter.name in blocks:
                point[letter.name] = blocks[letter.name]
            elif letter.kind in _DRAWN:
                # A letter has its own stream, so that its value does not depend on the others.
                source = _Source(ctx, Random(f"{stream}/{letter.name}"), profile)
                point[letter.name] = source.letter(letter, sizes)
    return point


@dataclass(frozen=True)
class _Source:
    """Random numbers and matrices of one context, for one letter of one point."""

    ctx: NumberContext
    rng: Random
    profile: str

    def letter(self, letter: LetterSignature, sizes: Mapping[str, int]) -> Any:
        shape = letter.shape_at(sizes)
        if letter.within is not None:
            low, high = (np.broadcast_to(np.asarray(x, float), shape) for x in letter.within)
            return self._between(low, high)
        if letter.family is None:
            return self._member(letter, shape)
        return [self._member(letter, shape[1:]) for _ in range(shape[0])]

    def _member(self, letter: LetterSignature, shape: tuple[int, ...]) -> Any:
        if not shape:
            return self._scalar(positive="positive" in letter.facts or letter.kind == "time")
        r, c = (*shape, 1)[:2]
        if "positive_definite" in letter.facts:
            G = self._general(r, r)
            gram = self.ctx.matmul(G, self.ctx.transpose(G))
            # Over the reals a little of the identity keeps it definite where G is singular.
            return self.ctx.add(gram, self.ctx.scale(self._least, self.ctx.identity(r)))
        if "symmetric" in letter.facts:
            G = self._general(r, r)
            return self.ctx.add(G, self.ctx.transpose(G))
        return self._general(r, c)

    def _between(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> Any:
        """Entries at random places between low and high, so fine that hardly two are the same."""
        if low.ndim == 1:
            return [self._between(a, b) for a, b in zip(low, high, strict=True)]
        if low.ndim == 2:
            rows = zip(low, high, strict=True)
            return self.ctx.matrix([self._between(a, b) for a, b in rows])
        a, b = (self.ctx.rational(*float(x).as_integer_ratio()) for x in (low, high))
        return a + (b - a) * self.ctx.rational(self.rng.randint(1, 999_999), 1_000_000)

    def _scalar(self, *, positive: bool) -> Scalar:
        if isinstance(self.ctx, PrimeFieldContext):
            x = self.ctx.rational(self.rng.randrange(1, self.ctx.prime))
            return x * x if positive else x
        x = self.ctx.rational(self.rng.randint(1, 9), self.rng.randint(2, 7))
        return x * x if positive else x * self.rng.choice((-1, 1))

    @property
    def _least(self) -> Scalar:
        modular = isinstance(self.ctx, PrimeFieldContext)
        return self.ctx.rational(0) if modular else self.ctx.rational(1, 4**_SMALL)

    def _entries(self, r: int, c: int) -> Matrix:
        if isinstance(self.ctx, PrimeFieldContext):
            prime = self.ctx.prime
            return self.ctx.matrix(
                [[self.rng.randrange(prime) for _ in range(c)] for _ in range(r)]
            )
        q = self.ctx.rational
        return self.ctx.matrix(
            [
                [q(self.rng.randint(-9, 9), self.rng.randint(2, 5)) for _ in range(c)]
                for _ in range(r)
            ]
        )

    def _general(self, r: int, c: int) -> Matrix:
        G, n = self._entries(r, c), min(r, c)
        if isinstance(self.ctx, PrimeFieldContext) or self.profile == "generic" or n == 1:
            return G
        # Both profiles are products U·V through n = min(r, c) dimensions, one side being square.
        if self.profile == "spread":
            steps = [round(_DECADES * i / (n - 1)) for i in range(n)]
            middle = self.ctx.diagonal([self.ctx.rational(1, 2**e) for e in steps])
            return self.ctx.matmul(self._entries(r, n), middle, self._entries(n, c))
        low = self.ctx.matmul(self._entries(r, n - 1), self._entries(n - 1, c))
        return self.ctx.add(low, self.ctx.scale(self.ctx.rational(1, 2**_SMALL), G))


# ---------------------------------------------------------------------- float64


def as_arrays(point: Point, ctx: NumberContext | None = None) -> dict[str, Any]:
    """A point of a context (the rationals, unless given) as float64 arrays; integers stay."""
    ctx = RationalContext() if ctx is None else ctx
    return {
        name: value if isinstance(value, int) else _array(ctx, value)
        for name, value in point.items()
    }


def stacked(points: Sequence[Point]) -> dict[str, Any]:
    """Float64 points as one batch, along a new first axis; integers must agree and stay."""
    if not points:
        raise NumericsError("points: got none to stack; draw admissible points first")
    return {
        name: value if isinstance(value, int) else np.stack([point[name] for point in points])
        for name, value in points[0].items()
    }


def _array(ctx: NumberContext, value: Any) -> NDArray[np.float64]:
    if isinstance(value, list | tuple):
        return np.stack([_array(ctx, member) for member in value])
    if not ctx.is_matrix(value):
        return np.asarray(ctx.to_float(value))
    r, c = ctx.shape(value)
    return np.array([[ctx.to_float(ctx.entry(value, i, j)) for j in range(c)] for i in range(r)])


# ---------------------------------------------------------------------- what a condition asks


def meets(ctx: NumberContext, predicate: str, value: Any) -> bool:
    """Whether a scalar or matrix of a context has a property.

    Scalars: positive, nonnegative, negative, zero, nonzero. Matrices: symmetric,
    positive_definite, fullrank, invertible (or nonsingular), singular, zero, nonzero,
    distinct_eigenvalues (symmetric, with a characteristic polynomial without double root). Modulo a
    prime there is no order: positive and negative mean nonzero there, positive_definite means
    symmetric and invertible.

    Raises
    ------
    NumericsError
        For a property that is none of these.
    """
    ordered = not isinstance(ctx, PrimeFieldContext)
    if predicate not in _PROPERTIES:
        raise NumericsError(
            f"predicate: got {predicate!r}; known are {', '.join(sorted(_PROPERTIES))}"
        )
    with ctx.working():
        return _PROPERTIES[predicate](ctx, value, ordered)


def _symmetric(ctx: NumberContext, a: Matrix) -> bool:
    r, c = ctx.shape(a)
    # "Not certainly different" serves numbers with a radius, which are never certainly equal.
    return r == c and not any(
        ctx.entry(a, i, j) != ctx.entry(a, j, i) for i in range(r) for j in range(i)
    )


def _full_rank(ctx: NumberContext, a: Matrix) -> bool:
    """Whether the smaller Gram matrix is invertible; over the reals that is full rank."""
    r, c = ctx.shape(a)
    t = ctx.transpose(a)
    return bool(ctx.det(ctx.matmul(a, t) if r <= c else ctx.matmul(t, a)) != 0)


def _positive_definite(ctx: NumberContext, a: Matrix, ordered: bool) -> bool:
    """Symmetric, with positive leading principal minors (Sylvester's criterion)."""
    if not _symmetric(ctx, a):
        return False
    n = ctx.shape(a)[0]
    if not ordered:
        return bool(ctx.det(a) != 0)
    minors = (
        ctx.det(ctx.matrix([[ctx.entry(a, i, j) for j in range(m)] for i in range(m)]))
        for m in range(1, n + 1)
    )
    return all(minor > 0 for minor in minors)


def _invertible(ctx: NumberContext, a: Matrix) -> bool:
    r, c = ctx.shape(a)
    return r == c and bool(ctx.det(a) != 0)


def _distinct_eigenvalues(ctx: NumberContext, a: Matrix) -> bool:
    """Whether the discriminant Π_{i<j} (λ_i − λ_j)² = det(tr a^{i+j})_{i,j<n} is not zero."""
    if not _symmetric(ctx, a):
        return False
    n = ctx.shape(a)[0]
    power, traces = ctx.identity(n), [ctx.rational(n)]
    for _ in range(2 * n - 2):
        power = ctx.matmul(power, a)
        traces.append(ctx.trace(power))
    return bool(ctx.det(ctx.matrix([[traces[i + j] for j in range(n)] for i in range(n)])) != 0)


_PROPERTIES: Mapping[str, Callable[[NumberContext, Any, bool], bool]] = {
    "positive": lambda ctx, x, ordered: bool(x > 0 if ordered else x != 0),
    "negative": lambda ctx, x, ordered: bool(x < 0 if ordered else x != 0),
    "nonnegative": lambda ctx, x, ordered: bool(x >= 0) if ordered else True,
    "zero": lambda ctx, x, ordered: ctx.is_zero(x),
    "nonzero": lambda ctx, x, ordered: not ctx.is_zero(x),
    "symmetric": lambda ctx, a, ordered: _symmetric(ctx, a),
    "positive_definite": _positive_definite,
    "fullrank": lambda ctx, a, ordered: _full_rank(ctx, a),
    "invertible": lambda ctx, a, ordered: _invertible(ctx, a),
    "nonsingular": lambda ctx, a, ordered: _invertible(ctx, a),
    "distinct_eigenvalues": lambda ctx, a, ordered: _distinct_eigenvalues(ctx, a),
    "singular": lambda ctx, a, ordered: not _invertible(ctx, a),
}
