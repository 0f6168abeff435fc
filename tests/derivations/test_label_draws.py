"""Discrete label draws, enumerated in rational arithmetic, beside the noise of the declared SDE.

Every way to flip two labels, or to draw the classes of two samples, is taken once: the covariance
of the draws is that of the declared noise, and the mean of log det M⁺ over them falls by
2η²E|G|² up to order η⁴.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations, product

import pytest
from flint import fmpq, fmpq_mat

N, P = 2, 3


def covariance(chances: list[Fraction]) -> list[list[Fraction]]:
    """Of a one-hot vector drawn with these chances, by its definition."""
    k = len(chances)
    hot = [[Fraction(int(a == c)) for a in range(k)] for c in range(k)]
    gaps = [[h - q for h, q in zip(hot[c], chances, strict=True)] for c in range(k)]
    return [
        [
            sum((chances[c] * gaps[c][a] * gaps[c][b] for c in range(k)), Fraction(0))
            for b in range(k)
        ]
        for a in range(k)
    ]


@pytest.mark.parametrize("weights", [(1, 1, 1), (3, 1, 2), (5, 2, 9), (1, 4, 2, 3)])
def test_pairs_of_classes_give_the_covariance_of_a_drawn_class(weights: tuple[int, ...]) -> None:
    k, chances = len(weights), [Fraction(w, sum(weights)) for w in weights]
    declared = [[Fraction(0)] * k for _ in range(k)]
    for c, d in combinations(range(k), 2):
        e = [Fraction((a == c) - (a == d)) for a in range(k)]
        for a, b in product(range(k), repeat=2):
            declared[a][b] += chances[c] * chances[d] * e[a] * e[b]
    drawn = covariance(chances)
    assert declared == drawn
    assert all(sum(row) == 0 for row in declared)
    assert sum(drawn[a][a] for a in range(k)) == 1 - sum(q**2 for q in chances)
    # The spread about nothing is another number.
    assert sum(drawn[a][a] for a in range(k)) != 1


@pytest.mark.parametrize(("rho", "y"), [(Fraction(1, 4), 0), (Fraction(1, 3), 1)])
def test_a_flipped_label_has_the_declared_mean_and_variance(rho: Fraction, y: int) -> None:
    mean = (1 - rho) * y + rho * (1 - y)
    assert mean == (1 - 2 * rho) * y + rho
    assert (1 - rho) * (y - mean) ** 2 + rho * (1 - y - mean) ** 2 == rho * (1 - rho)


def rational(rng: random.Random, rows: int, columns: int) -> fmpq_mat:
    return fmpq_mat(rows, columns, [fmpq(rng.randint(-4, 4), 3) for _ in range(rows * columns)])


def square(A: fmpq_mat) -> fmpq:
    return sum((x * x for x in A.entries()), fmpq(0))


def factor(W1: fmpq_mat, W2: fmpq_mat, G: fmpq_mat, eta: fmpq) -> fmpq:
    """Det M⁺ / det M of a step of both layers, by the determinants themselves."""

    def gram_determinant(A: fmpq_mat, B: fmpq_mat) -> fmpq:
        rows = [*A.tolist(), *B.transpose().tolist()]
        theta = fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row])
        return (theta * theta.transpose()).det()

    moved = W1 + G * W2.transpose() * eta, W2 + W1.transpose() * G * eta
    return gram_determinant(*moved) / gram_determinant(W1, W2)


def test_the_mean_over_all_flips_of_the_step_is_the_stated_rate_to_second_order() -> None:
    rng = random.Random(3)
    X, W1, W2 = rational(rng, N, P), rational(rng, P, 5), rational(rng, 5, 1)
    predicted, y, rho = [fmpq(1, 3), fmpq(3, 5)], (0, 1), fmpq(1, 5)

    def residual(labels: list[fmpq]) -> fmpq_mat:
        gap = [a - q for a, q in zip(labels, predicted, strict=True)]
        return X.transpose() * fmpq_mat(N, 1, gap) * fmpq(1, N)

    draws = [
        (
            (rho if f else 1 - rho) * (rho if g else 1 - rho),
            residual([fmpq(y[0] ^ f), fmpq(y[1] ^ g)]),
        )
        for f, g in product((0, 1), repeat=2)
    ]
    R = residual([(1 - 2 * rho) * v + rho for v in y])
    noise = rho * (1 - rho) * square(X) / N**2
    assert sum((chance * square(G) for chance, G in draws), fmpq(0)) == square(R) + noise
    gaps = []
    for eta in (fmpq(1, 100), fmpq(1, 200)):
        fallen = sum((chance * (factor(W1, W2, G, eta) - 1) for chance, G in draws), fmpq(0))
        stated = -2 * eta**2 * (square(R) + noise)
        gaps.append(abs(float((fallen - stated) / eta**2)))
        # Without the |R|², or with ρ for ρ(1−ρ), it is off by more than that order.
        assert abs(float(fallen / eta**2 + 2 * noise)) > 20 * gaps[-1]
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.01)
