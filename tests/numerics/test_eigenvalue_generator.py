"""The exact generator of eigenvalues: against traces of powers, against Bru, against wrong claims.

Bru (1989, J. Multivariate Anal. 29, 127, Theorem 1): for an n × m matrix X of Brownian motions the
eigenvalues of XX' satisfy dλ_i = 2√λ_i dβ_i + [m + Σ_{j≠i} (λ_i + λ_j)/(λ_i − λ_j)] dt with
independent β_i. The literal formulas below are these; the generator knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any

import pytest

from numerics.contexts import JetContext, MultiprecisionContext, PrimeFieldContext, RationalContext
from numerics.declared import DeclaredSystem
from numerics.errors import NumericsError
from numerics.jets import covariation, generator
from numerics.kernel import Kernel
from numerics.points import sample
from numerics.signature import LetterSignature, SpectrumSignature
from numerics.spectra import singular_values, with_singular_values
from tests.numerics.handmade import label_noise, matrix_brownian_motion

Q = RationalContext()
PRIME = PrimeFieldContext()
DIGITS = MultiprecisionContext(50)

X = LetterSignature(name="X", kind="state", shape=("n", "m"))
SPECTRA = (SpectrumSignature(kernel="S", rows=(("X", False),)),)
SIZES = [(2, 3), (3, 5), (3, 3), (3, 2)]


def of_gram(f: Callable[[Any, list[Any]], Any], name: str = "observable") -> Kernel:
    """f(ctx, the eigenvalues of XX')."""
    return Kernel(
        name=name,
        arguments=("X",),
        arrays=lambda X: X,
        generic=lambda ctx, X: f(ctx, ctx.eigenvalues(ctx.matmul(X, ctx.transpose(X)))),
    )


def all_pairs(values: list[Any]) -> list[tuple[Any, Any]]:
    return list(permutations(values, 2))


eigenvalues = of_gram(lambda ctx, lam: lam)
firsts = of_gram(lambda ctx, lam: [x for x, _ in all_pairs(lam)])
seconds = of_gram(lambda ctx, lam: [y for _, y in all_pairs(lam)])
log_gaps = of_gram(lambda ctx, lam: [ctx.logdet(ctx.matrix([[x - y]])) for x, y in all_pairs(lam)])


def points(ctx: Any, n: int, m: int, count: int = 2) -> Any:
    """Points at which the characteristic polynomial of XX' splits."""

    def split(ctx: Any, point: Any) -> bool:
        return len(eigenvalues.in_context(ctx, point)) == n

    found = sample(
        ctx, (X,), {"n": n, "m": m}, count=count, seed=4, predicates={"": split}, spectra=SPECTRA
    )
    assert found.admissible == count
    return found.points


def bru(lam: list[Any], m: int, *, sign: int = 1, repulsion: int = 1, swapped: bool = False) -> Any:
    """The drifts of Bru's theorem, or of wrong versions of it."""
    drifts = []
    for i, x in enumerate(lam):
        force = [
            sign * ((x + y) / ((y - x) if swapped else (x - y)))
            for j, y in enumerate(lam)
            if j != i
        ]
        drifts.append(sum(force, lam[0] * 0) * repulsion + m)
    return drifts


@pytest.mark.parametrize("ctx", [Q, PRIME])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_drift_is_that_of_bru_and_wrong_ones_are_caught(ctx: Any, n: int, m: int) -> None:
    for point in points(ctx, n, m):
        lam = eigenvalues.in_context(ctx, point)
        found = generator(ctx, matrix_brownian_motion(n, m), eigenvalues, point).drift
        assert found == bru(lam, m)
        wrong = [
            bru(lam, m, sign=-1),
            bru(lam, m, repulsion=2),
            bru(lam, m, repulsion=0),
            bru(lam, m, swapped=True),
            bru(lam, m + 1),
            bru(lam[::-1], m),
        ]
        for claim in wrong:
            assert found != claim


@pytest.mark.parametrize("ctx", [Q, PRIME])
def test_the_covariations_are_those_of_independent_motions(ctx: Any) -> None:
    n, m = 3, 4
    system = matrix_brownian_motion(n, m)
    for point in points(ctx, n, m):
        lam = eigenvalues.in_context(ctx, point)
        value, first, second = (
            generator(ctx, system, f, point) for f in (eigenvalues, firsts, seconds)
        )
        assert covariation(ctx, value, value) == [4 * x for x in lam]
        # Entry by entry: d<λ_i, λ_j> for all pairs of different indices, in their order.
        assert covariation(ctx, first, second) == [ctx.rational(0)] * 6
        assert covariation(ctx, first, first) == [4 * x for x, _ in all_pairs(lam)]
        assert covariation(ctx, first, first) != [4 * y for _, y in all_pairs(lam)]
        with pytest.raises(NumericsError, match="two lists of one length"):
            covariation(ctx, value, first)
        trace = generator(ctx, system, of_gram(lambda ctx, lam: ctx.total(lam)), point)
        with pytest.raises(NumericsError, match="two lists of one length"):
            covariation(ctx, value, trace)


@pytest.mark.parametrize("ctx", [Q, PRIME])
@pytest.mark.parametrize(("n", "m"), [(2, 3), (3, 4)])
def test_the_logarithm_of_the_gap_of_two_eigenvalues(ctx: Any, n: int, m: int) -> None:
    """(b_i − b_j)/(λ_i − λ_j) − 2(λ_i + λ_j)/(λ_i − λ_j)², what the power sums do not see."""
    for point in points(ctx, n, m):
        lam = eigenvalues.in_context(ctx, point)
        found = generator(ctx, matrix_brownian_motion(n, m), log_gaps, point).drift
        drifts = bru(lam, m)
        expected, lost, double = [], [], []
        for i, j in permutations(range(n), 2):
            gap, square = lam[i] - lam[j], (lam[i] + lam[j]) / (lam[i] - lam[j]) ** 2
            first = (drifts[i] - drifts[j]) / gap
            expected.append(first - 2 * square)
            lost.append(first)
            double.append(first + 2 * square)
        assert found == expected
        assert found not in (lost, double)


# ---------------------------------------------------------------------- power sums


def power_sums(ctx: Any, lam: list[Any]) -> list[Any]:
    return [ctx.total([x**m for x in lam]) for m in range(1, 7)]


def traces(ctx: Any, S: Any) -> list[Any]:
    return [ctx.trace(ctx.power(S, m)) for m in range(1, 7)]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_power_sums_of_series_are_traces_of_powers(n: int) -> None:
    rng, jets = Random(n), JetContext(Q, 4)
    A = with_singular_values(rng, n, n + 1, singular_values(rng, n, "generic"))
    parts = [A, *(Q.matrix([[rng.randint(-3, 3) for _ in range(n + 1)] for _ in range(n)]),) * 2]
    moved = jets.series(*parts)
    S = jets.matmul(moved, jets.transpose(moved))
    lam = jets.eigenvalues(S)
    for left, right in zip(power_sums(jets, lam), traces(jets, S), strict=True):
        for order in range(5):
            assert jets.coefficient(left, order) == jets.coefficient(right, order)
    # One eigenvalue counted twice, one not at all.
    for left, right in zip(power_sums(jets, [lam[0], *lam[:-1]]), traces(jets, S), strict=True):
        assert jets.coefficient(left, 2) != jets.coefficient(right, 2)


STACK = SpectrumSignature(kernel="M", rows=(("W1", False), ("W2", True)))
NETWORK = (
    LetterSignature(name="W1", kind="state", shape=("p", "l")),
    LetterSignature(name="W2", kind="state", shape=("l", "k")),
    LetterSignature(name="R", kind="parameter", shape=("p", "k")),
    LetterSignature(name="C", kind="parameter", shape=("p", "p"), facts=("positive_definite",)),
)


def of_network(f: Callable[[Any, Any], Any]) -> Kernel:
    """f(ctx, M) of the Gram matrix of the stack [W1; W2']."""

    def generic(ctx: Any, W1: Any, W2: Any) -> Any:
        A = ctx.vstack([W1, ctx.transpose(W2)])
        return f(ctx, ctx.matmul(A, ctx.transpose(A)))

    return Kernel(
        name="observable", arguments=("W1", "W2"), arrays=lambda W1, W2: W1, generic=generic
    )


@pytest.mark.parametrize("sizes", [{"p": 2, "k": 1, "l": 4}, {"p": 2, "k": 2, "l": 3}])
def test_the_drifts_of_power_sums_are_those_of_traces_in_the_network(sizes: Any) -> None:
    system: DeclaredSystem = label_noise(sizes["p"], sizes["k"])
    by_eigenvalues = of_network(lambda ctx, M: power_sums(ctx, ctx.eigenvalues(M)))
    by_projectors = of_network(
        lambda ctx, M: [
            ctx.total(
                [
                    x**m * ctx.trace(E)
                    for x, E in zip(ctx.eigenvalues(M), ctx.projectors(M), strict=True)
                ]
            )
            for m in range(1, 7)
        ]
    )
    by_traces = of_network(traces)
    found = sample(Q, NETWORK, sizes, count=3, seed=2, spectra=(STACK,))
    for point in found.points:
        expected = generator(Q, system, by_traces, point)
        value = generator(Q, system, by_eigenvalues, point)
        assert value.drift == expected.drift
        assert value.martingale == expected.martingale
    assert (
        generator(Q, system, by_projectors, found.points[0]).drift
        == generator(Q, system, by_traces, found.points[0]).drift
    )


def test_projectors_move_with_their_eigenvalues() -> None:
    """L(λ_i E_i) summed over i is L M, matrix by matrix; L(λ_i E_j) is not."""
    sizes = {"p": 2, "k": 1, "l": 4}
    point = sample(Q, NETWORK, sizes, count=1, seed=8, spectra=(STACK,)).points[0]

    def summed(shift: int) -> Kernel:
        def f(ctx: Any, M: Any) -> Any:
            lam, E = ctx.eigenvalues(M), ctx.projectors(M)
            return [ctx.add(*(ctx.scale(x, E[(i + shift) % 3]) for i, x in enumerate(lam)))]

        return of_network(f)

    system = label_noise(2, 1)
    expected = generator(Q, system, of_network(lambda ctx, M: [M]), point).drift[0]
    assert Q.is_zero(Q.subtract(generator(Q, system, summed(0), point).drift[0], expected))
    assert not Q.is_zero(Q.subtract(generator(Q, system, summed(1), point).drift[0], expected))
