"""Random matrices A = U diag(σ) V' with rational orthogonal U and V and rational σ.

The eigenvalues of A A' are then the squares of the drawn σ, and these are their roots: identities
between eigenvalues and singular values can be checked among the fractions. The orthogonal matrices
are Cayley transforms (I − K)(I + K)⁻¹ of random antisymmetric K (Cayley 1846).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from numerics.contexts import Matrix, NumberContext, RationalContext, Scalar
from numerics.signature import LetterSignature, SpectrumSignature

__all__ = ["drawn_blocks", "orthogonal", "singular_values", "with_singular_values"]

_Q = RationalContext()
_SMALL = 7  # the smallest singular value of "nearly singular" is about 2⁻⁷
_CLOSE = 64  # and two others have a relative gap of one part in this
_DECADES = 10  # powers of two over which "spread" spreads them


def orthogonal(rng: Random, n: int) -> Matrix:
    """A random rational orthogonal matrix, with the sign of every column drawn too."""
    K: list[list[Scalar]] = [[_Q.rational(0)] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            # No zeros and no ones: these turn by nothing, or by a right angle.
            K[i][j] = _Q.rational(rng.choice((-1, 1)) * rng.choice((1, 2, 4, 5)), 3)
            K[j][i] = -K[i][j]
    identity, antisymmetric = _Q.identity(n), _Q.matrix(K)
    cayley = _Q.matmul(
        _Q.subtract(identity, antisymmetric), _Q.inverse(_Q.add(identity, antisymmetric))
    )
    return _Q.matmul(cayley, _Q.diagonal([_Q.rational(rng.choice((-1, 1))) for _ in range(n)]))


def singular_values(rng: Random, n: int, profile: str) -> list[Scalar]:
    """Positive fractions, all different: well apart, spread over decades, or two of them close.

    ``"nearly singular"`` has two at a relative gap of 1/64 and, for n ≥ 3, a small one.
    """
    q = _Q.rational
    if profile == "spread":
        steps = [max(i, round(_DECADES * i / max(n - 1, 1))) for i in range(n)]
        found = [q(rng.randint(9, 12), 8 * 2**e) for e in steps]
    else:
        # Gaps of at least a half, so that eigenvalues are apart on the scale of the largest.
        quarters = [rng.randint(2, 5)]
        while len(quarters) < n:
            quarters.append(quarters[-1] + rng.randint(2, 5))
        found = [q(x, 4) for x in quarters]
        if profile == "nearly singular" and n >= 2:
            found[-2] = found[-1] * q(_CLOSE - 1, _CLOSE)
            if n >= 3:
                found[0] = found[0] * q(1, 2**_SMALL)
    rng.shuffle(found)
    return found


def with_singular_values(rng: Random, r: int, c: int, sigma: Sequence[Scalar]) -> Matrix:
    """A random rational r × c matrix with these min(r, c) singular values."""
    U, V = orthogonal(rng, r), orthogonal(rng, c)
    zero = _Q.rational(0)
    middle = [[sigma[i] if i == j else zero for j in range(c)] for i in range(r)]
    return _Q.matmul(U, _Q.matrix(middle), _Q.transpose(V))


def drawn_blocks(
    ctx: NumberContext,
    spectra: Sequence[SpectrumSignature],
    letters: Sequence[LetterSignature],
    sizes: Mapping[str, int],
    *,
    stream: str,
    profile: str,
) -> dict[str, Any]:
    """Values of the states that are the blocks of some A, so that A A' has a rational spectrum.

    A letter belongs to the first spectrum that it is a block of. Spectra that are not typed as
    A A' with a stack A of different matrix states leave theirs as they are.
    """
    states = {x.name: x for x in letters if x.kind == "state" and x.family is None and not x.facts}
    found: dict[str, Any] = {}
    for spectrum in spectra:
        names = [name for name, _ in spectrum.rows or ()]
        free = set(names) & set(states) - set(found)
        if spectrum.rows is None or not names or len(free) != len(names):
            continue
        shapes = [_block(states[name].shape_at(sizes), turned) for name, turned in spectrum.rows]
        if len({c for _, c in shapes}) != 1:
            continue
        rng = Random(f"{stream}/{'/'.join(names)}")
        r, c = sum(rows for rows, _ in shapes), shapes[0][1]
        A = with_singular_values(rng, r, c, singular_values(rng, min(r, c), profile))
        first = 0
        for (name, turned), (rows, _) in zip(spectrum.rows, shapes, strict=True):
            found[name] = _cut(ctx, A, first, rows, turned)
            first += rows
    return found


def _block(shape: tuple[int, ...], turned: bool) -> tuple[int, int]:
    """Rows and columns of the block that a letter is; a vector is a column."""
    r, c = (*shape, 1, 1)[:2]
    return (c, r) if turned else (r, c)


def _cut(ctx: NumberContext, A: Matrix, first: int, rows: int, turned: bool) -> Matrix:
    """The given rows of a rational matrix, transposed or not, in a context."""
    part = [
        [ctx.rational(int(A[i, j].p), int(A[i, j].q)) for j in range(A.ncols())]
        for i in range(first, first + rows)
    ]
    return ctx.matrix([list(column) for column in zip(*part, strict=True)] if turned else part)
