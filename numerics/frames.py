"""Normal increments in random orthogonal frames: one step of a system with many noises.

A quadratic form of ξ ~ N(0, I_n) has n(n + 1)/2 coefficients.  Where they are too many to be
controlled one by one, the directions of a sample are made orthogonal to each other instead: the
rows of a frame are r q_1, ..., r q_n with Q = (q_1, ..., q_n) uniform on the orthogonal group and
r² ~ χ²_n independent of it.  Every row is N(0, I_n), so that the mean over a frame,

    (1/n) Σ_j Y(r q_j),

has the mean of Y; and as Σ_j q_j'H q_j = tr H, it leaves nothing of a quadratic form but its factor
r²/n, whose mean is one (Deák 1980, Numer. Math. 35, 369; Genz and Monahan 1999, J. Comput. Appl.
Math. 112, 71, spherical-radial rules).  Frames are independent of each other, and they are the
sample whose mean has an interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.transition import Statistic

__all__ = ["RadialControl", "averaged", "drawn"]

Array: TypeAlias = NDArray[np.float64]


def drawn(rng: np.random.Generator, count: int, V: Array) -> Array:
    """Frames in the span of the columns of V (m, n), shape (count, n, m).

    Examples
    --------
    >>> frame = drawn(np.random.default_rng(0), 1, np.eye(3))[0]
    >>> np.allclose(frame @ frame.T, np.eye(3) * (frame[0] @ frame[0]))
    True
    """
    n = V.shape[1]
    Q, R = np.linalg.qr(rng.standard_normal((count, n, n)))
    # The factor is uniform only if it is made unique (Mezzadri 2007, Notices AMS 54, 592).
    Q = Q * np.sign(np.einsum("fjj->fj", R))[:, None, :]
    r = np.sqrt(rng.chisquare(n, count))[:, None, None]
    return np.asarray(r * (np.swapaxes(Q, 1, 2) @ V.T))


def averaged(statistic: Statistic, numbers: int, at_once: int) -> Statistic:
    """The mean of a statistic over every frame: of ξ (N, n, m) and h with values (N, *value).

    A row takes memory for `numbers` numbers; about `at_once` of them are held at a time.
    """

    def over(frame: Array, h: float) -> Array:
        parts = np.array_split(frame, ceil(len(frame) * numbers / at_once))
        total = sum((np.sum(statistic(part, h), axis=0) for part in parts if len(part)), 0.0)
        return np.asarray(total / len(frame))

    def mean(frames: Array, h: float) -> Array:
        return np.stack([over(frame, h) for frame in frames])

    return Statistic(of=mean, order=statistic.order)


@dataclass(frozen=True, kw_only=True)
class RadialControl:
    """The polynomial r²/n − 1, with its coefficients (1, values): all controls that frames need."""

    c: Array

    @classmethod
    def of(cls, Y: Callable[[Array], Array], frame: Array) -> RadialControl:
        """The trace of the quadratic form of Y, from its values at 0 and at a frame with r² = n.

        The frame is a drawn one: along single coordinates, √n long, Y is least of all quadratic.
        """
        frame = frame * np.sqrt(len(frame)) / np.linalg.norm(frame[0])
        at_zero, moved = Y(np.stack([0.0 * frame, frame]))
        return cls(c=np.reshape(moved - at_zero, (1, -1)))

    def __call__(self, frames: Array) -> Array:
        """The control at every frame, (N, values); its mean is zero whatever the coefficients."""
        n = frames.shape[1]
        return np.asarray((np.sum(frames[:, 0] ** 2, axis=-1)[:, None] / n - 1.0) * self.c)
