"""Groups of ReLU neurons with one activation pattern: the determinant law, in steps and in mean.

Neurons that are active at the same samples move by one block: one step on sample i with the error
e multiplies det M of the group by (1 − η²e²|x_i|²)² where the group is active at x_i, and leaves it
alone where not.  In the mean over samples and label noise log det M falls per unit of time by

    SGD on single samples   2η/n Σ_{i active} |x_i|²(r_i² + δ) + O(η³)
    its SDE                 2η (1/n Σ_{i active} |x_i|²(r_i² + δ) − |R|²)

with R = 1/n Σ_{i active} x_i r_i (theorem `relu_group_determinant`, b = 1).  All that is measured
here comes from weights: means over samples are sums, means over label noise Gauss–Hermite
quadratures, the generator of the SDE is made of differences along its declared fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.network import Array, log_det, log_det_with_error
from numerics.training import log_det_change

__all__ = [
    "Group",
    "clustered",
    "followed",
    "gaps",
    "generator",
    "groups",
    "mean_step",
    "means",
    "rates",
]

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(12)
CONDITION = 1e6
"""Groups whose Θ has a larger condition number are left out: rounding would show in them."""
DIFFERENCE = 1e-2
"""Size of η|S| along which differences are taken; their bias is half its square."""
HALVINGS = 4


@dataclass(frozen=True, kw_only=True)
class Group:
    """A network and the members of a group in it."""

    W: Array
    a: Array
    members: Array
    X: Array
    y: Array

    @property
    def active(self) -> Array:
        """At which samples the group is active, (n,)."""
        return np.asarray(self.X @ self.W[self.members[0]] > 0)

    @property
    def errors(self) -> Array:
        """r_i = y_i − f(x_i), of the whole network, (n,)."""
        return np.asarray(self.y - np.maximum(self.X @ self.W.T, 0.0) @ self.a)

    @property
    def condition(self) -> float:
        """Condition number of the group's Θ."""
        return float(np.linalg.cond(np.c_[self.W[self.members], self.a[self.members]]))

    def shares_pattern(self) -> bool:
        """Whether all members are active at the same samples."""
        patterns = self.X @ self.W[self.members].T > 0
        return bool((patterns == patterns[:, :1]).all())

    def moved(self, G: Array) -> Array:
        """log det M after steps with the residuals G (..., p) of the group, η in them."""
        W, a = self.W[self.members], self.a[self.members]
        first = W + a[:, None] * G[..., None, :]
        second = a + (W @ G[..., None])[..., 0]
        return log_det(first.swapaxes(-1, -2), second[..., None])

    def log_det(self) -> tuple[float, float]:
        """log det M and a bound on its rounding error."""
        W, a = self.W[self.members], self.a[self.members]
        value, error = log_det_with_error(W.T, a[:, None])
        return float(value), float(error)


def groups(W: Array, a: Array, X: Array, y: Array, least: int) -> list[Group]:
    """The groups of at least so many neurons, well conditioned and not dead.

    A group of fewer neurons than p + 1 counts as well conditioned by its smaller side.
    """
    found: dict[bytes, list[int]] = {}
    for r, pattern in enumerate((X @ W.T > 0).T):
        if pattern.any():
            found.setdefault(pattern.tobytes(), []).append(r)
    W, a = W.copy(), a.copy()
    members = [np.array(rows) for rows in found.values() if len(rows) >= least]
    every = [Group(W=W, a=a, members=rows, X=X, y=y) for rows in members]
    return [group for group in every if group.condition < CONDITION]


def clustered(
    rng: np.random.Generator, X: Array, neurons: int, size: int, deviation: float
) -> list[Group]:
    """A network of two groups of this size and other neurons, and its groups.

    The groups stand in the directions, of many drawn, that are farthest from every kink, as close
    together as their pattern wants, |w| = 1 and |a| near 1/√p, the balance of the noise.  The
    labels are what the network says, and a linear function of the size of the label noise, which
    it has yet to learn.
    """
    p = X.shape[1]
    drawn = rng.standard_normal((4000, p))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    margins = np.abs(drawn @ units.T).min(axis=1)
    first = int(np.argmax(margins))
    apart = np.abs(drawn @ drawn[first]) < 0.7
    second = int(np.argmax(np.where(apart, margins, 0.0)))
    W = rng.standard_normal((neurons, p)) / np.sqrt(p)
    a = rng.standard_normal(neurons) / p
    for place, at in ((first, np.arange(size)), (second, size + np.arange(size))):
        spread = 0.1 * margins[place] * rng.standard_normal((size, p)) / np.sqrt(p)
        W[at] = drawn[place] + spread
        a[at] = (1 + 0.1 * rng.standard_normal(size)) / np.sqrt(p)
    misfit = rng.standard_normal(p)
    y = np.maximum(X @ W.T, 0.0) @ a + deviation * X @ misfit / np.linalg.norm(misfit)
    return groups(W, a, X, y, size)


def followed(
    group: Group,
    eta: float,
    deviation: float,
    longest: int,
    rng: np.random.Generator,
    law: Callable[[Array, float], Array] = log_det_change,
) -> Mapping[str, Any]:
    """Real SGD until the group's pattern is another one at some neuron, or for so many steps.

    Parameters
    ----------
    law
        Change of log det M in a step that sees the residual G (p, 1), from G and η.

    Returns
    -------
    change, law, mean : array
        After every step, counted from the start: log det M of the weights; the sum of
        log(1 − η²e²|x_i|²)² over the steps; the sum of the mean changes −2η²/n Σ|x_i|²(r_i² + δ).
    excess : float
        The largest deviation of one step from the law in units of its rounding error.
    resolved : int
        Steps whose change is a hundred times larger than that error.
    """
    active, start = group.active, group.log_det()
    before, stated, mean = start, 0.0, 0.0
    rows: list[tuple[float, float, float]] = []
    excess, resolved = 0.0, 0
    while len(rows) < longest:
        mean -= eta * rates(group, eta, deviation**2)["algorithm"]
        group, G = _stepped(group, eta, deviation, active, rng)
        change = float(law(G, eta))
        after = group.log_det()
        error = before[1] + after[1]
        excess = max(excess, abs(after[0] - before[0] - change) / error)
        resolved += abs(change) > 100 * error
        stated += change
        rows.append((after[0] - start[0], stated, mean))
        before = after
        if not group.shares_pattern() or (group.active != active).any():
            break
    columns = np.array(rows).T
    return {
        **dict(zip(("change", "law", "mean"), columns, strict=True)),
        "excess": excess,
        "resolved": resolved,
        "lasted": len(rows) < longest,
    }


def _stepped(
    group: Group, eta: float, deviation: float, active: Array, rng: np.random.Generator
) -> tuple[Group, Array]:
    """One step of SGD on a single sample, and the residual (p, 1) that the group saw in it."""
    i = int(rng.random() * len(group.X))
    x, z = group.X[i], group.W @ group.X[i]
    error = group.y[i] + deviation * rng.standard_normal() - group.a @ np.maximum(z, 0.0)
    moved = Group(
        W=group.W + eta * error * np.outer(group.a * (z > 0), x),
        a=group.a + eta * error * np.maximum(z, 0.0),
        members=group.members,
        X=group.X,
        y=group.y,
    )
    return moved, error * active[i] * x[:, None]


# Means, without chance.


def mean_step(group: Group, eta: float, variance: float) -> float:
    """Mean change of log det M in one step of SGD per unit of time, from the weights after it."""
    active = group.active
    e = group.errors[active, None] + np.sqrt(variance) * NODES
    changes = group.moved(eta * e[..., None] * group.X[active, None, :]) - group.log_det()[0]
    return float((changes @ WEIGHTS).sum() / WEIGHTS.sum() / len(group.X) / eta)


def generator(group: Group, eta: float, variance: float) -> float:
    """The drift of log det M under the SDE, from differences along its fields.

    Along Σ_i c_i f_i, f_i the gradient of f(x_i) in the weights, the group moves by the residual
    Σ_i c_i x_i over its active samples; see `numerics.compiled.relu` for the fields.
    """
    n, r = len(group.X), group.errors
    inputs = group.X * group.active[:, None]
    samples = np.sqrt(eta / n) * (np.diag(r) - r / n) @ inputs
    labels = np.sqrt(eta * variance / n) * inputs
    fields = np.concatenate([samples, labels])
    size = DIFFERENCE / max(float(np.linalg.norm(fields, axis=1).max()), 1e-12)
    ends = [group.moved(sign * size * fields) for sign in (1, -1)]
    centre = float(group.moved(np.zeros(inputs.shape[1])))
    second = float(np.sum(ends[0] + ends[1] - 2 * centre)) / (2 * size**2)
    drift = r @ inputs / n
    h = DIFFERENCE / max(float(np.linalg.norm(drift)), 1e-12)
    return second + float(group.moved(h * drift) - group.moved(-h * drift)) / (2 * h)


def rates(group: Group, eta: float, variance: float) -> dict[str, float]:
    """Stated rates, per unit of time, at which log det M falls; and laws that are not of this case.

    ``full_batch`` is that of label noise on all samples at once, 2ηδ|DX|²/n²; ``unmasked`` that of
    a linear network; ``labels`` that without the errors r_i.
    """
    n, r = len(group.X), group.errors
    lengths = np.sum(group.X**2, axis=1)
    D = group.active
    R = (D * r) @ group.X / n
    seen = float(np.sum(D * lengths * (r**2 + variance))) / n
    return {
        "algorithm": 2 * eta * seen,
        "sde": 2 * eta * (seen - float(R @ R)),
        "full_batch": 2 * eta * variance * float(np.sum(D * lengths)) / n**2,
        "unmasked": 2 * eta * float(np.sum(lengths * (r**2 + variance))) / n,
        "labels": 2 * eta * variance * float(np.sum(D * lengths)) / n,
    }


def gaps(group: Group, eta: float, variance: float) -> dict[str, Array]:
    """SGD beside its SDE at η, η/2, …, at fixed ηδ and at fixed δ: rates of log det M.

    Returns
    -------
    steps, fixed_product, residual, fixed_variance
        η; the gap of SGD's rate over the SDE's, for either, and 2η|R|², all in units of the part of
        the rate that the label noise makes.
    """
    steps = eta / 2.0 ** np.arange(HALVINGS)
    found = []
    for step in steps:
        row = []
        for delta in (variance * eta / step, variance):
            stated = rates(group, step, delta)
            gap = generator(group, step, delta) - mean_step(group, step, delta)
            row += [
                gap / stated["labels"],
                (stated["algorithm"] - stated["sde"]) / stated["labels"],
            ]
        found.append(row[:3])
    names = ("fixed_product", "residual", "fixed_variance")
    return {"steps": steps, **dict(zip(names, np.array(found).T, strict=True))}


def means(found: list[Group], eta: float, variance: float) -> Iterator[Mapping[str, float]]:
    """Measured and stated rates of every group."""
    for group in found:
        measured = {
            "mean_step": -mean_step(group, eta, variance),
            "generator": -generator(group, eta, variance),
        }
        yield measured | rates(group, eta, variance)
