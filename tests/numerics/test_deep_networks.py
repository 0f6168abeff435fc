"""Deep ReLU networks: gradients against differences, training against literal steps, the digits."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from importlib import resources
from typing import Any

import flint
import numpy as np
import pytest

from numerics.datasets import digits
from numerics.deep import Training, error_rate, gradients, relative_rank, sgd, start
from numerics.deep.prime_gradients import (
    KINDS,
    PRIME,
    PrimeNetwork,
    layer_ranks,
    random_network,
)
from numerics.deep.torch_nets import ARCHITECTURES, train
from numerics.errors import DataError, TrainingError

WIDTHS = (6, 5, 5, 3)


def small(seed: int = 0, n: int = 7) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return start(WIDTHS, rng), rng.standard_normal((n, 6)), rng.integers(0, 3, n)


def loss(layers: list[np.ndarray], x: np.ndarray, labels: np.ndarray) -> float:
    total = 0.0
    for sample, label in zip(x, labels, strict=True):
        h = sample
        for W in layers[:-1]:
            h = np.array([max(float(row @ h), 0.0) for row in W])
        f = layers[-1] @ h
        total += float(np.log(np.sum(np.exp(f))) - f[label])
    return total / len(x)


def test_gradients_are_differences_of_the_loss() -> None:
    layers, x, labels = small()
    found = gradients(layers, x, labels)
    rng = np.random.default_rng(1)
    for j, G in enumerate(found):
        H = rng.standard_normal(G.shape)
        sides = [[W + s * 1e-6 * H if i == j else W for i, W in enumerate(layers)] for s in (1, -1)]
        slope = (loss(sides[0], x, labels) - loss(sides[1], x, labels)) / 2e-6
        assert slope == pytest.approx(float(np.sum(G * H)), rel=1e-6)


def test_training_is_the_unrolled_form_of_its_own_gradients() -> None:
    layers, x, labels = small()
    how = Training(step=0.2, decay=0.05, batch=3, updates=11)
    taken: list[np.ndarray] = []
    end = sgd(
        layers, x, labels, how, np.random.default_rng(2), lambda n, now, G: taken.insert(0, G[1])
    )
    kappa = 1 - 2 * 0.2 * 0.05
    unrolled = kappa**11 * layers[1] - 0.2 * sum(kappa**j * G for j, G in enumerate(taken))
    np.testing.assert_allclose(end[1], unrolled, rtol=1e-12)
    halved = 1 - 0.2 * 0.05
    wrong = halved**11 * layers[1] - 0.2 * sum(halved**j * G for j, G in enumerate(taken))
    assert np.linalg.norm(end[1] - wrong) > 0.01


def test_an_epoch_takes_every_sample_once_in_a_new_order() -> None:
    layers, x, labels = small()
    how = Training(step=1e-9, decay=0.0, batch=2, updates=8)
    seen: list[np.ndarray] = []
    sgd(layers, x, labels, how, np.random.default_rng(3), lambda n, now, G: seen.append(G[0]))
    whole = gradients(layers, x, labels)[0]
    in_order = gradients(layers, x[:2], labels[:2])[0]
    for epoch in (seen[:4], seen[4:]):
        weighed = sum(G * size for G, size in zip(epoch, (2, 2, 2, 1), strict=True)) / 7
        np.testing.assert_allclose(weighed, whole, rtol=1e-6)
        assert not np.allclose(epoch[0], in_order)
    assert not np.allclose(seen[:4], seen[4:])


def test_the_start_keeps_the_mean_square_of_what_passes_through() -> None:
    rng = np.random.default_rng(8)
    layers = start((400, 300, 200), rng)
    assert [W.shape for W in layers] == [(300, 400), (200, 300)]
    h = rng.standard_normal((400, 400))
    for W in layers:
        # E relu(Wh)² = |h|²/d_in: the square of a row is 2|h|²/d_in, and half of all are cut off.
        after = np.maximum(h @ W.T, 0.0)
        assert np.mean(after**2) == pytest.approx(np.mean(h**2), rel=0.1)
        h = after


def test_a_network_learns_the_digits() -> None:
    rng = np.random.default_rng(4)
    split = digits.load().split(200, 300, rng)
    x, y = split.train.reshape(200, -1), split.test.reshape(300, -1)
    layers = start((64, 24, 10), rng)
    before = error_rate(layers, y, split.test_labels)
    how = Training(step=0.2, decay=0.0, batch=8, updates=600)
    layers = sgd(layers, x, split.train_labels, how, rng)
    assert error_rate(layers, x, split.train_labels) < 0.02
    assert error_rate(layers, y, split.test_labels) < 0.2 < before


def test_a_diverged_network_has_no_error_rate() -> None:
    """Not a number is the largest output of every row to NumPy, and that of class 0."""
    W = np.ones((2, 3))
    W[0, 0] = np.nan
    with pytest.raises(TrainingError, match="not finite"):
        error_rate([W], np.ones((4, 3)), np.zeros(4, dtype=np.int64))


def test_bad_settings_are_refused_in_one_line() -> None:
    layers, x, labels = small()
    with pytest.raises(TrainingError, match=r"2μλ is to be in \[0, 1\)"):
        Training(step=1.0, decay=0.5, batch=1, updates=1)
    with pytest.raises(TrainingError, match="batch=0"):
        Training(step=1.0, decay=0.0, batch=0, updates=1)
    how = Training(step=1.0, decay=0.0, batch=8, updates=1)
    with pytest.raises(DataError, match="there are 7 samples"):
        sgd(layers, x, labels, how, np.random.default_rng(0))
    with pytest.raises(DataError, match="there are 1797 images"):
        digits.load().split(1000, 800, np.random.default_rng(0))
    with pytest.raises(DataError, match="choose from fully connected"):
        random_network("dense", width=1, depth=1, batch=1, outputs=1, rng=np.random.default_rng(0))


def test_relative_rank_of_filters_and_of_nothing() -> None:
    assert relative_rank(np.ones((4, 2, 3, 3)), 1e-6) == 1
    assert relative_rank(np.zeros((3, 2)), 0.5) == 0
    for scale in (1e-9, 1e9):
        assert relative_rank(scale * np.diag([1.0, 0.1, 1e-4]), 1e-3) == 2


# Modulo a prime.


def network(kind: str, batch: int = 2, seed: int = 0, **sizes: int) -> PrimeNetwork:
    given = {"width": 5, "depth": 2, "outputs": 3, "positions": 4, **sizes}
    return random_network(kind, batch=batch, rng=np.random.default_rng(seed), **given)


def paired(found: PrimeNetwork, weights: tuple[flint.nmod_mat, ...]) -> int:
    """Σ errors · outputs at other weights."""
    changed = PrimeNetwork(**{**vars(found), "weights": weights})
    output = changed.forward()[1]
    pairs = zip(found.errors.entries(), output.entries(), strict=True)
    return sum(int(a) * int(b) for a, b in pairs) % PRIME


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_outputs_are_affine_in_each_layer_with_the_gradient_as_slope(kind: str, layer: int) -> None:
    found, rng = network(kind), np.random.default_rng(5)
    W, G = found.weights[layer], found.gradients()[layer]
    entries = rng.integers(0, PRIME, W.nrows() * W.ncols()).tolist()
    H = flint.nmod_mat(W.nrows(), W.ncols(), entries, PRIME)
    moved = tuple(V + H if j == layer else V for j, V in enumerate(found.weights))
    slope = sum(int(a) * int(b) for a, b in zip(G.entries(), entries, strict=True)) % PRIME
    assert (paired(found, moved) - paired(found, found.weights)) % PRIME == slope


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_the_layers_written_out(kind: str) -> None:
    found = network(kind)
    s, shifts = found.positions, (-1, 0, 1) if kind == "convolution" else (0,)
    h = as_integers(found.images)
    for W, mask in zip(map(as_integers, found.weights), found.masks, strict=False):
        filters = np.split(W, len(shifts), axis=1)
        moved = np.zeros_like(h)
        for column in range(2 * s):
            sample, place = divmod(column, s)
            for F, shift in zip(filters, shifts, strict=True):
                moved[:, column] += F @ h[:, sample * s + (place + shift) % s]
        h = (mask * moved + (h if kind == "residual" else 0)) % PRIME
    flat = np.array([h[:, sample * s : (sample + 1) * s].ravel() for sample in range(2)]).T
    output = as_integers(found.weights[-1]) @ flat % PRIME
    assert (as_integers(found.forward()[1]) == output).all()


def as_integers(A: flint.nmod_mat) -> np.ndarray:
    """Python's integers, which do not overflow."""
    return np.array([[int(x) for x in row] for row in A.tolist()], dtype=object)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_holds_is_attained_and_needs_every_factor(kind: str) -> None:
    for batch in (1, 2, 3, 8):
        for found in layer_ranks(network(kind, batch, seed=batch, width=16)):
            assert found.rank == found.bound
            reuse = 4 if kind == "convolution" and found.layer < 3 else 1
            assert found.reuse == reuse
    first = layer_ranks(network(kind, 1, width=16))[0]
    assert (first.rank > 1) == (kind == "convolution")


def test_a_pattern_that_is_off_lowers_the_rank() -> None:
    found = network("fully connected", batch=4)
    masks = tuple(mask * np.array([[1, 1, 0, 0]]) for mask in found.masks)
    off = PrimeNetwork(**{**vars(found), "masks": masks})
    assert [r.rank for r in layer_ranks(off)[:2]] == [2, 2]


# The digits.


def test_the_digits_are_those_on_record() -> None:
    about, found = digits.provenance(), digits.load()
    content = resources.files("numerics.datasets.digits").joinpath("digits.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == about["sha256"]
    for key in ("title", "citation", "url", "licence", "preprocessing", "producer"):
        assert about[key].strip(), key
    # Counted from scikit-learn 1.9.1.
    assert np.bincount(found.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert found.images.min() == 0.0
    assert found.images.max() == 1.0
    assert round(float(found.images.sum() * 16)) == 561718


def test_parts_of_the_digits_do_not_overlap() -> None:
    split = digits.load().split(1000, 797, np.random.default_rng(6))
    together = np.concatenate([split.train, split.test]).reshape(1797, -1)
    assert np.array_equal(
        np.sort(together.sum(axis=1)), np.sort(digits.load().images.reshape(1797, -1).sum(axis=1))
    )


# PyTorch, the optional extra.


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_pytorch_is_asked_for_in_one_line(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    split = digits.load().split(6, 4, np.random.default_rng(7))
    how = Training(step=0.1, decay=0.001, batch=6, updates=1)
    with pytest.raises(TrainingError, match=r"pip install 'driftproof\[deep\]'") as caught:
        train(kind, split, how, width=2, depth=1, threshold=0.01, seed=0)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch (extra deep) is not installed"
)
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_pytorch_trains(kind: str) -> None:
    split = digits.load().split(60, 40, np.random.default_rng(7))
    how = Training(step=0.1, decay=0.001, batch=6, updates=80)
    sizes: dict[str, Any] = {"width": 6, "depth": 2, "threshold": 0.01, "seed": 0}
    first, second = (train(kind, split, how, **sizes) for _ in range(2))
    assert first == second
    assert len(first.ranks) == 3
    assert all(a <= b for a, b in zip(first.ranks, first.full, strict=True))
    assert first.train_error < 0.8


def test_an_unknown_architecture_is_refused() -> None:
    split = digits.load().split(6, 4, np.random.default_rng(7))
    how = Training(step=0.1, decay=0.0, batch=6, updates=1)
    with pytest.raises(DataError, match="choose from fully connected"):
        train("transformer", split, how, width=2, depth=1, threshold=0.1, seed=0)
