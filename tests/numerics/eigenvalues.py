"""Eigenvalues of the network's Gram matrix, and points with a given spectrum, for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from random import Random
from typing import Any

import numpy as np

from numerics import batched
from numerics.contexts import NumberContext, RationalContext
from numerics.kernel import Kernel
from numerics.signature import SpectrumSignature
from numerics.spectra import with_singular_values
from tests.numerics.handmade import gram, gram_generic

__all__ = ["STACK", "eigenvalue_observable", "network_with", "pairs", "roots", "single"]

STACK = SpectrumSignature(kernel="M", rows=(("W1", False), ("W2", True)))
ARGUMENTS = ("W1", "W2")


def eigenvalue_observable(name: str, f: Any, free: int) -> Kernel:
    """f(ctx, values λ of the tuple) for all tuples of `free` indices; ctx is NumPy or a context."""

    def arrays(W1: Any, W2: Any) -> Any:
        lam = batched.eigenvalues(gram(W1, W2))
        n = lam.shape[-1]
        parts = [
            np.broadcast_to(
                lam.reshape(*lam.shape[:-1], *[n if a == b else 1 for b in range(free)]),
                (*lam.shape[:-1], *[n] * free),
            )
            for a in range(free)
        ]
        return batched.tuples(f(np, *parts), free)

    def generic(ctx: Any, W1: Any, W2: Any) -> Any:
        lam = ctx.eigenvalues(gram_generic(ctx, W1, W2))
        return [f(ctx, *values) for values in permutations(lam, free)]

    return Kernel(name=name, arguments=ARGUMENTS, arrays=arrays, generic=generic)


def log_gap(ctx: Any, x: Any, y: Any) -> Any:
    """log |x − y|."""
    if ctx is np:
        with np.errstate(divide="ignore"):
            return np.log(np.abs(x - y))
    return ctx.logdet(ctx.matrix([[x - y]]))


single = eigenvalue_observable("λ_i", lambda ctx, x: 1 * x, 1)
pairs = eigenvalue_observable("log|λ_i − λ_j|", log_gap, 2)
roots = eigenvalue_observable("√λ_i", lambda ctx, x: ctx.sqrt(x), 1)


def network_with(
    ctx: NumberContext, p: int, k: int, l: int, sigma: Sequence[Fraction], seed: int = 1
) -> Mapping[str, Any]:
    """A point of `label_noise` whose stack [W1; W2'] has the singular values `sigma`."""
    exact, rng = RationalContext(), Random(seed)
    A = with_singular_values(
        rng, p + k, l, [exact.rational(x.numerator, x.denominator) for x in sigma]
    )

    def into(rows: list[list[Any]]) -> Any:
        return ctx.matrix([[ctx.rational(int(x.p), int(x.q)) for x in row] for row in rows])

    rows = A.tolist()
    G = [[exact.rational(rng.randint(-3, 3)) for _ in range(p)] for _ in range(p)]
    C = exact.add(
        exact.matmul(exact.matrix(G), exact.transpose(exact.matrix(G))), exact.identity(p)
    )
    R = [[exact.rational(rng.randint(-5, 5), 3) for _ in range(k)] for _ in range(p)]
    with ctx.working():
        return {
            "W1": into(rows[:p]),
            "W2": into([list(column) for column in zip(*rows[p:], strict=True)]),
            "R": into(R),
            "C": into(C.tolist()),
        }
