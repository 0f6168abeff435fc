"""The mean over the draws of one step as a weighted sum, and how far off it may be.

Finitely many outcomes are summed and there is no error.  Over normals Gauss and Hermite's rule is
taken; two rules may be close to one another and both far from the mean, of a function that jumps or
grows like an exponential.  An exact mean is known where the function is a polynomial that the rules
average exactly, or where three long rules agree to many digits of what they average and nothing
that counts lies farther out; anywhere else its error is infinite, and the point settles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import gammaln

from numerics.draws import Draw, count, tabled
from numerics.system import Array

__all__ = ["MOST_TABLED", "Rule", "rule_of", "tail"]

Table: TypeAlias = tuple[Array, Mapping[str, Array]]
Moved: TypeAlias = Callable[[Mapping[str, Array]], Array]
"""The value of every draw along a first axis -> the change of each."""

MOST_TABLED = 20_000
"""Outcomes that are averaged in float64."""

MOST_RULED = 4_096
"""The same of a rule for normals, which is asked again at every step size."""

LONG, SHORT, ENOUGH = 20, 6, 12
"""Nodes of an exact mean; of one at many step sizes; that tell of a function that is no polynomial.

The outermost node of twelve lies at 5.5 deviations.
"""

CONVERGED = 1e-7
"""What three long rules differ by, relative to the mean of absolute changes, at the most."""

LINES, FARTHEST, POLYNOMIAL = 4, 8.0, 1e-9
"""Lines on which a function must be a polynomial, how far in deviations, to which rounding."""


LEVELS, DIRECTIONS, TELLING = 200, 4, 1e-2
"""Deviations for which a tail is followed, on how many lines; what in it refutes a long rule."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Weights and values of the draws, and those of other rules if it is inexact.

    ``lines`` are random draws of the normals, scaled to one after the other of ``places``; on each
    line a function of ``degree`` or less is averaged exactly by this rule and the others.
    """

    weights: Array
    values: Mapping[str, Array]
    others: tuple[Table, ...] = ()
    nodes: int = 0
    lines: tuple[Mapping[str, Array], ...] = ()
    places: Array | None = None
    degree: int = 0
    draws: tuple[Draw, ...] = ()

    def mean(self, values: Array) -> Array:
        """The average of values along their first axis."""
        return np.asarray(np.tensordot(self.weights, values, axes=1))

    def error(self, moved: Moved, *, exact: bool) -> float:
        """How far the mean may be off, by the other rules; infinite where they cannot tell."""
        if not self.others:
            return 0.0
        values = moved(self.values)
        mean, size = self.mean(values), self.mean(np.abs(values))
        found = [np.tensordot(w, moved(x), axes=1) for w, x in self.others]
        differences = [float(np.max(np.abs(other - mean), initial=0.0)) for other in found]
        if not exact:
            # A rule that reaches farther out may leave where the function has a value.
            return max((x for x in differences if np.isfinite(x)), default=np.inf)
        if self.nodes < ENOUGH:
            # The next shorter rule is exact too.
            return differences[0] if self._polynomial(moved) else np.inf
        error, unit = max(differences), float(np.max(size, initial=0.0))
        outermost = max(float(np.max(np.abs(self.values[d.name]))) for d in self._normals)
        beyond = tail(self.draws, moved, outermost)
        return error if error <= CONVERGED * unit and beyond <= TELLING * unit else np.inf

    @property
    def _normals(self) -> list[Draw]:
        return [d for d in self.draws if d.law == "gaussian"]

    def _polynomial(self, moved: Moved) -> bool:
        """Whether all changes on the lines are polynomials that the rules average exactly."""
        if self.places is None:
            return False
        basis = np.polynomial.chebyshev.chebvander(self.places / FARTHEST, self.degree)
        for line in self.lines:
            values = moved(line)
            rows = values.reshape(len(values), -1)
            if not np.all(np.isfinite(rows)):
                return False
            left = rows - basis @ np.linalg.lstsq(basis, rows, rcond=None)[0]
            if np.max(np.abs(left)) > POLYNOMIAL * np.max(np.abs(rows)):
                return False
        return True


def rule_of(draws: Sequence[Draw], *, exact: bool = True) -> Rule | None:
    """All outcomes, or the longest of Gauss and Hermite's rules that is not too long."""
    normals = sum(d.size for d in draws if d.law == "gaussian")
    finite = count([d for d in draws if d.law != "gaussian"])
    if not normals:
        if finite > MOST_TABLED:
            return None
        weights, values = tabled(draws)
        return Rule(weights=weights, values=values)
    for nodes in range(LONG if exact else SHORT, 2, -1):
        if finite * nodes**normals <= MOST_RULED:
            return _normal(draws, nodes, exact=exact, normals=normals, finite=finite)
    return None


def _normal(draws: Sequence[Draw], nodes: int, *, exact: bool, normals: int, finite: int) -> Rule:
    weights, values = tabled(draws, nodes)
    beside = [n for n in (nodes - 1, nodes - 2) if n >= 2]
    if not exact and finite * ENOUGH**normals <= MOST_RULED:
        beside.append(ENOUGH)
    degree = 2 * (nodes - 1) - 1
    places = FARTHEST * np.cos(np.pi * (np.arange(2 * degree + 8) + 0.5) / (2 * degree + 8))
    return Rule(
        weights=weights,
        values=values,
        others=tuple(tabled(draws, n) for n in beside),
        nodes=nodes,
        lines=tuple(_line(draws, places, n) for n in range(LINES)) if exact else (),
        places=places if exact else None,
        degree=degree,
        draws=tuple(draws),
    )


def tail(draws: Sequence[Draw], moved: Moved, start: float) -> float:
    """What lies farther out than any node or sample: the largest value times its chance.

    A function whose mean comes from where normals hardly ever are, an exponential with a large
    rate, looks like another one everywhere else.
    """
    m = sum(d.size for d in draws if d.law == "gaussian")
    at = start + np.arange(LEVELS)
    log_chance = max(m / 2 - 1, 0.0) * np.log(at**2 / 2) - at**2 / 2 - gammaln(m / 2)
    most = -np.inf
    for number in range(2 * DIRECTIONS):
        places = np.asarray((-1.0) ** number * at)
        values = moved(_line(draws, places, number // 2, sphere=True))
        sizes = np.max(np.abs(values).reshape(LEVELS, -1), axis=1)
        known = int(np.argmin(np.isfinite(sizes))) if not np.all(np.isfinite(sizes)) else LEVELS
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(sizes[:known]) + log_chance[:known]
        # Where numbers overflow it must have been falling already.
        if known < LEVELS and (known < 2 or not found[-1] < found[-2]):
            return float("inf")
        most = max(most, float(np.max(found)))
    return float(np.exp(min(most, 700.0)))


def _line(
    draws: Sequence[Draw], places: Array, number: int, *, sphere: bool = False
) -> dict[str, Array]:
    """One direction of the normals at all places, beside one draw of what is finite.

    Its largest entry is 1, or on the sphere its length.
    """
    rng = np.random.Generator(np.random.SFC64([len(places), number]))
    _, finite = tabled([d for d in draws if d.law != "gaussian"])
    found = {d.name: rng.standard_normal(d.shape) for d in draws if d.law == "gaussian"}
    entries = np.concatenate([np.ravel(u) for u in found.values()])
    size = np.linalg.norm(entries) if sphere else np.max(np.abs(entries))
    for d in draws:
        if d.law == "gaussian":
            found[d.name] = places.reshape(-1, *(1 for _ in d.shape)) * (found[d.name] / size)
        else:
            chosen = finite[d.name][rng.integers(len(finite[d.name]))]
            found[d.name] = np.broadcast_to(chosen, (len(places), *d.shape))
    return found
