"""One step of a deep linear network in rational arithmetic: every pair of layers by S(G_j)."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from flint import fmpq, fmpq_mat

WIDTHS = (2, 5, 2, 6, 1)


def rational(rng: random.Random, rows: int, columns: int) -> fmpq_mat:
    return fmpq_mat(rows, columns, [fmpq(rng.randint(-4, 4), 3) for _ in range(rows * columns)])


def identity(n: int) -> fmpq_mat:
    return fmpq_mat(n, n, [fmpq(int(a == b)) for a in range(n) for b in range(n)])


def product(layers: list[fmpq_mat], size: int) -> fmpq_mat:
    found = identity(size)
    for layer in layers:
        found = found * layer
    return found


def step(layers: list[fmpq_mat], G: fmpq_mat, eta: fmpq) -> list[fmpq_mat]:
    """All layers at once, each by the products of the others at the weights before the step."""
    moved = []
    for j, W in enumerate(layers):
        before = product(layers[:j], WIDTHS[0])
        behind = product(layers[j + 1 :], WIDTHS[j + 1])
        moved.append(W + before.transpose() * G * behind.transpose() * eta)
    return moved


def determinant(layers: list[fmpq_mat], j: int) -> fmpq:
    rows = [*layers[j - 1].tolist(), *layers[j].transpose().tolist()]
    theta = fmpq_mat(len(rows), len(rows[0]), [x for row in rows for x in row])
    return (theta * theta.transpose()).det()


@pytest.mark.parametrize("j", [1, 3])
def test_every_wide_pair_is_multiplied_by_its_own_factor(j: int) -> None:
    rng, eta = random.Random(j), fmpq(1, 50)
    layers = [rational(rng, a, b) for a, b in pairwise(WIDTHS)]
    G = rational(rng, WIDTHS[0], WIDTHS[-1])
    before = product(layers[: j - 1], WIDTHS[0])
    behind = product(layers[j + 1 :], WIDTHS[j + 1])
    own = before.transpose() * G * behind.transpose()
    factor = (identity(WIDTHS[j + 1]) - own.transpose() * own * eta**2).det() ** 2
    ratio = determinant(step(layers, G, eta), j) / determinant(layers, j)
    assert ratio == factor != 1
    # The factor of two layers is another one, and layers in turn do not keep the law.
    assert ratio != (identity(WIDTHS[-1]) - G.transpose() * G * eta**2).det() ** 2


@pytest.mark.parametrize("j", [2])
def test_the_pair_between_two_wide_ones_is_singular(j: int) -> None:
    rng = random.Random(j)
    layers = [rational(rng, a, b) for a, b in pairwise(WIDTHS)]
    assert WIDTHS[j] < WIDTHS[j - 1] + WIDTHS[j + 1]
    assert determinant(layers, j) == 0
