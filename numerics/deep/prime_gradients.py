"""Gradients of layers on a batch modulo a prime, and their exact ranks.

Between its kinks a ReLU network is a product of linear maps, so that its gradients are sums and
products of its weights, inputs and errors, and of the zeros and ones of its activation pattern.
They are calculated in a prime field at random values; the pattern is drawn too, each entry active
with chance one half, since a prime field has no signs.  A rank modulo a prime is never larger than
the generic one, and smaller with chance at most (degree)/(prime): a bound that fails for a random
network is seen to fail.

Layers hold columns (sample, position): a batch of b inputs at s positions is a matrix (d, b·s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import flint
import numpy as np

from numerics.errors import DataError

__all__ = ["KINDS", "PRIME", "LayerRank", "PrimeNetwork", "layer_ranks", "random_network"]

PRIME = 2**31 - 1
KINDS = ("fully connected", "residual", "convolution")

Matrix: TypeAlias = Any
"""A ``flint.nmod_mat``."""


@dataclass(frozen=True, kw_only=True)
class LayerRank:
    """The rank of one layer's gradient on one batch."""

    kind: str
    layer: int
    """From 1; the last one is the linear output layer."""
    shape: tuple[int, int]
    """Of its weight matrix, (d_out, d_in); of filters d_in is channels × width of the filter."""
    batch: int
    reuse: int
    """Output positions at which the weights are applied; 1 but in convolutions."""
    rank: int

    @property
    def bound(self) -> int:
        """min(d_out, d_in, batch·reuse)."""
        return min(*self.shape, self.batch * self.reuse)


@dataclass(frozen=True, kw_only=True)
class PrimeNetwork:
    """A ReLU network with a drawn pattern, on one batch, modulo a prime."""

    kind: str
    batch: int
    positions: int
    """Output positions of a layer; 1 but in convolutions."""
    images: Matrix
    """The inputs, (units, batch·positions)."""
    weights: tuple[Matrix, ...]
    """Of the hidden layers, and of the output layer."""
    masks: tuple[Any, ...]
    """Zeros and ones, one (width, batch·positions) for each hidden layer."""
    errors: Matrix
    """(outputs, batch)."""

    def forward(self) -> tuple[list[Matrix], Matrix]:
        """The inputs of all layers, and the output (outputs, batch)."""
        h, inputs = self.images, []
        for W, mask in zip(self.weights, self.masks, strict=False):
            inputs.append(_gathered(h, self._taps, self.positions))
            moved = _masked(W * inputs[-1], mask)
            h = h + moved if self._has_shortcut(W) else moved
        inputs.append(_flattened(h, self.batch, self.positions))
        return inputs, self.weights[-1] * inputs[-1]

    def gradients(self) -> list[Matrix]:
        """Of Σ errors · outputs, in every layer's weights: the data gradients of the batch."""
        inputs, _ = self.forward()
        found = [self.errors * inputs[-1].transpose()]
        last = self.weights[-1].transpose() * self.errors
        back = _unflattened(last, self.batch, self.positions)
        for j in reversed(range(len(self.masks))):
            delta = _masked(back, self.masks[j])
            found.append(delta * inputs[j].transpose())
            moved = self.weights[j].transpose() * delta
            through = _scattered(moved, self._taps, self.positions)
            back = back + through if self._has_shortcut(self.weights[j]) else through
        return found[::-1]

    def _has_shortcut(self, W: Matrix) -> bool:
        """Of a residual network the layers whose inputs and outputs are as many."""
        return self.kind == "residual" and W.nrows() == W.ncols()

    @property
    def _taps(self) -> list[list[int]]:
        """For each place of the filter the input position of every output position."""
        s = self.positions
        shifts = (-1, 0, 1) if self.kind == "convolution" else (0,)
        return [[(a + shift) % s for a in range(s)] for shift in shifts]


def random_network(
    kind: str,
    *,
    width: int,
    depth: int,
    batch: int,
    outputs: int,
    positions: int = 6,
    inputs: int | None = None,
    rng: np.random.Generator,
) -> PrimeNetwork:
    """A network with random weights, inputs, errors and pattern.

    Parameters
    ----------
    kind
        One of `KINDS`; a residual layer is h + relu(W h), a convolution slides filters of three
        places over a circle of positions.
    width, depth
        Units (channels) of every hidden layer, and how many of these there are.
    batch, outputs
        Samples, and the dimension of the network's output, in which errors are drawn.
    inputs
        Units (channels) of the input, ``width`` if not given; where they are others, the first
        layer of a residual network has no shortcut.

    Raises
    ------
    DataError
        For an unknown kind, or a size below one.
    """
    if kind not in KINDS:
        raise DataError(f"kind {kind!r}: choose from {', '.join(KINDS)}")
    inputs = width if inputs is None else inputs
    sizes = {"width": width, "depth": depth, "batch": batch, "outputs": outputs, "inputs": inputs}
    for name, value in {**sizes, "positions": positions}.items():
        if value < 1:
            raise DataError(f"{name}={value}: give one or more")
    s = positions if kind == "convolution" else 1
    taps = 3 if kind == "convolution" else 1
    into = [inputs, *[width] * (depth - 1)]
    hidden = [_random(width, taps * units, rng) for units in into]
    return PrimeNetwork(
        kind=kind,
        batch=batch,
        positions=s,
        images=_random(inputs, batch * s, rng),
        weights=(*hidden, _random(outputs, width * s, rng)),
        masks=tuple(rng.integers(0, 2, (width, batch * s)) for _ in range(depth)),
        errors=_random(outputs, batch, rng),
    )


def layer_ranks(network: PrimeNetwork) -> list[LayerRank]:
    """The ranks of the data gradients of all layers."""
    found = network.gradients()
    return [
        LayerRank(
            kind=network.kind,
            layer=layer,
            shape=(G.nrows(), G.ncols()),
            batch=network.batch,
            reuse=network.positions if layer < len(found) else 1,
            rank=G.rank(),
        )
        for layer, G in enumerate(found, start=1)
    ]


def _random(rows: int, columns: int, rng: np.random.Generator) -> Matrix:
    entries = rng.integers(1, PRIME, rows * columns).tolist()
    return flint.nmod_mat(rows, columns, entries, PRIME)


def _of_rows(rows: Sequence[Sequence[Any]]) -> Matrix:
    entries = [int(x) for row in rows for x in row]
    return flint.nmod_mat(len(rows), len(rows[0]), entries, PRIME)


def _masked(A: Matrix, mask: Any) -> Matrix:
    pairs = zip(A.tolist(), mask.tolist(), strict=True)
    return _of_rows([[int(x) * m for x, m in zip(row, ones, strict=True)] for row, ones in pairs])


def _gathered(h: Matrix, taps: Sequence[Sequence[int]], s: int) -> Matrix:
    """The patches: for each place of the filter the columns that it meets."""
    rows = h.tolist()
    samples = range(len(rows[0]) // s)
    return _of_rows(
        [[row[i * s + a] for i in samples for a in tap] for tap in taps for row in rows]
    )


def _scattered(patches: Matrix, taps: Sequence[Sequence[int]], s: int) -> Matrix:
    """The transposed map of `_gathered`: what came from one column goes back to it, added."""
    rows = patches.tolist()
    d, columns = len(rows) // len(taps), len(rows[0])
    found = [[0] * columns for _ in range(d)]
    for place, tap in enumerate(taps):
        for c in range(d):
            row = rows[place * d + c]
            for column in range(columns):
                i, a = divmod(column, s)
                found[c][i * s + tap[a]] += int(row[column])
    return _of_rows(found)


def _flattened(h: Matrix, batch: int, s: int) -> Matrix:
    """(d, b·s) as (d·s, b), for the output layer."""
    rows = h.tolist()
    return _of_rows([[row[i * s + a] for i in range(batch)] for row in rows for a in range(s)])


def _unflattened(g: Matrix, batch: int, s: int) -> Matrix:
    """(d·s, b) as (d, b·s)."""
    rows = g.tolist()
    return _of_rows(
        [
            [rows[c * s + a][i] for i in range(batch) for a in range(s)]
            for c in range(len(rows) // s)
        ]
    )
