"""One step of an algorithm at the sizes of the net, with the draws as the algorithm makes them.

Where there are few outcomes all of them are averaged; else the draws are sampled: signs and normals
in antithetic pairs, with controls of mean zero: ξ_a ξ_b − δ_ab, of few normals also polynomials of
degree four, and the weights of a minibatch minus 1.  Their coefficients come from an independent
pilot; what is left has an interval by the empirical Bernstein bound for a declared range, eight
times the largest that the pilot saw or the largest far out, where normals hardly ever come: what
grows like an exponential there has a wide interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise
from typing import TypeAlias

import numpy as np
from scipy.special import gammainccinv

from numerics.draws import Draw, count, sampled
from numerics.intervals import empirical_bernstein
from numerics.system import Array
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.sampling import point_near
from verify.sizes import Sizes, telling_sizes, turned_sizes, wide_sizes
from verify.verdict import Evidence, Status

from .measures import EXACT, Drawn, Moves, evidence
from .rules import MOST_TABLED, Rule, rule_of, tail
from .setting import StepSetting

__all__ = ["relevant_change", "simulated"]

LEADING, SAMPLED = 1e-5, 1e-3
"""Relevant error of a change, relative to the change: claimed to an order; exact, of samples."""

LADDER = range(3, 15)
"""Halvings of the step size among which the one of the least bias is taken."""

LEAST, SLOWEST = 3, 2.5
"""Step sizes at least, from which the gap is extrapolated; what is left of it over its last change.

Of √h at halved h this is 1/(√2 − 1) = 2.41.
"""

RANGE, CONTROLLED, FEW, PILOT = 8.0, 24, 6, 1_500
LISTED, ROUNDING = 256, 1e-11

FAR, TAIL, MARGIN = 200, 0.01, 100.0
"""Draws far out; the share of the level for a run that has a draw beyond them; the margin there."""

WIDER = (SAMPLED, 1e-2, 1e-1)
"""Relevant errors of an exact change that is sampled: the least that the samples can settle."""

Measure: TypeAlias = Callable[[float | None], Estimate]
"""Step size -> the gap relative to the change."""


def simulated(problem: Problem, setting: StepSetting, plan: Plan, drawn: Drawn) -> Evidence:
    """The change at a generic point: every outcome, or samples with an interval."""
    sizes, sample = point_near(problem, _sizes(problem, drawn), plan)
    if not sample.points:
        return sample.empty("one-step")
    moves = Moves(problem=problem, setting=setting, point=sample.values[0])
    draws, rng = drawn(problem, sizes), plan.generator("one draw")
    with np.errstate(all="ignore"):
        if setting.order is not None and not moves.states_a_change(sampled(draws, rng, 1)):
            reason = "no change below the claimed order is stated: there is nothing to resolve"
            return Evidence(tier="one-step", status=Status.NOT_APPLICABLE, reason=reason)
        rule = _listed(draws, plan, pathwise=setting.pathwise)
        measure: Measure
        if rule is None:
            alpha, how = plan.budget.alpha, f"{_samples(plan):,} antithetic pairs"
            measure = _Sampler(moves=moves, draws=draws, plan=plan).measure
            relevant = SAMPLED if setting.order is None else LEADING
        else:
            alpha, how = 0.0, f"{len(rule.weights):,} draws"
            measure, relevant = _whole(moves, rule), EXACT if setting.order is None else LEADING
        unit = moves.unit(sampled(draws, rng, 1))
        ladder = LADDER if rule else LADDER[4:]
        at = None if setting.order is None else unit
        # What is enumerated costs little: all of its step sizes are looked at.
        found = _settled(measure, at, ladder, 0.0 if rule else relevant)
    wider = ""
    # Decided by the width alone, and not by the difference.
    if rule is None and setting.order is None and found.visible > SAMPLED:
        longest = rule_of(draws)
        with np.errstate(all="ignore"):
            ruled = None if longest is None else _whole(moves, longest)(None)
        if longest is not None and ruled is not None and ruled.bias < EXACT / 2:
            found, relevant, alpha = ruled, EXACT, 0.0
            how = f"a rule of {len(longest.weights):,} nodes, as samples spread too far"
        else:
            relevant = next((x for x in WIDER if found.visible <= x), WIDER[-1])
            wider = f" instead of {SAMPLED:g}, which so many cannot settle"
    text = (
        f"difference {found.value:.1g} ± {found.half_width:.1g} of the change over {how}, bias "
        f"≤ {found.bias:.1g}, relevant {relevant:g}{wider}"
    )
    numbers = {
        "difference": found.value,
        "half_width": found.half_width,
        "bias": found.bias,
        "relevant": relevant,
    }
    text += _wanted(found, relevant, None if rule else _samples(plan), at)
    answer = (found.decide(relevant), text, -abs(found.value))
    return evidence("one-step", sample, [answer], alpha, numbers)


def _sizes(problem: Problem, drawn: Drawn) -> Sizes:
    """Sizes that differ; smaller ones if all outcomes can be listed there, and there alone."""
    first = telling_sizes(problem.signature)
    for sizes in (first, wide_sizes(problem.signature)):
        for turned in (sizes, *turned_sizes(problem.signature, sizes)):
            if _finite(drawn(problem, turned)):
                return turned
    return first


def _finite(draws: Sequence[Draw]) -> bool:
    """Whether all outcomes can be listed."""
    return not any(d.law == "gaussian" for d in draws) and count(draws) <= MOST_TABLED


def _listed(draws: Sequence[Draw], plan: Plan, *, pathwise: bool) -> Rule | None:
    """Every outcome, or for a statement about each of them some; None where they are too many."""
    if _finite(draws):
        return rule_of(draws)
    if not pathwise:
        return None
    values = sampled(draws, plan.generator("draws"), LISTED)
    return Rule(weights=np.full(LISTED, 1.0 / LISTED), values=values)


def _whole(moves: Moves, rule: Rule) -> Measure:
    def measure(h: float | None) -> Estimate:
        gap = moves.gap(rule, h)
        unit = gap.scale if h is None else gap.stated
        return (
            Estimate(value=gap.value / unit, bias=gap.error / unit) if unit else Estimate(value=0)
        )

    return measure


def _settled(
    measure: Measure, unit: float | None, ladder: Sequence[int], relevant: float
) -> Estimate:
    """The gap, of a claim to an order extrapolated to step size 0.

    The draws are the same at every step size.  Smaller ones are added until half-width and bias
    settle the relevant error: that looks at widths, and not at the gap.
    """
    if unit is None:
        return measure(None)
    found, best = list[Estimate](), Estimate(value=np.inf, bias=np.inf)
    for n in ladder:
        found.append(measure(unit / 2**n))
        if len(found) >= LEAST:
            best = _extrapolated(found)
        if best.visible <= relevant:
            break
    return best


def _extrapolated(found: Sequence[Estimate]) -> Estimate:
    """The gap at step size 0, of the extrapolations the one that is known best.

    What is left out is a power series in h or √h relative to the change: two of its terms are taken
    off, and the last change of the extrapolation bounds the bias.
    """
    tried = [_without(found, powers) for powers in ((1.0, 2.0, 3.0), (0.5, 1.0, 1.5))]
    return min(tried, key=lambda e: e.visible)


def _without(found: Sequence[Estimate], powers: Sequence[float]) -> Estimate:
    """The best of a table of extrapolations, each of its columns without one more power."""
    column, best = found, Estimate(value=np.inf, bias=np.inf)
    for number, power in enumerate(powers):
        factor = 2.0**power
        for before, after in pairwise(column):
            bias = 2 * (after.bias + before.bias) + SLOWEST * abs(before.value - after.value)
            bias += before.half_width + after.half_width if number else 0.0
            if bias + after.half_width < best.bias + best.half_width:
                best = Estimate(value=after.value, half_width=after.half_width, bias=bias)
        column = [
            Estimate(
                value=(factor * b.value - a.value) / (factor - 1),
                half_width=(factor * b.half_width + a.half_width) / (factor - 1),
                bias=(factor * b.bias + a.bias) / (factor - 1),
            )
            for a, b in pairwise(column)
        ]
    return best


def _wanted(found: Estimate, relevant: float, pairs: int | None, unit: float | None) -> str:
    """What it would take to settle an estimate that says nothing."""
    if found.decide(relevant) != Status.INCONCLUSIVE:
        return ""
    more = None if pairs is None else found.samples(pairs, relevant)
    if more is not None and pairs is not None and more > pairs:
        # A part of the width falls faster than with the root.
        return f"; at most {float(f'{more:.1e}'):,.0f} antithetic pairs would settle it"
    if found.bias < relevant / 2:
        return f"; it lies too close to {relevant:g} to be settled"
    least = (
        "" if unit is None else f", which step sizes down to {unit / 2 ** LADDER[-1]:.1g} do not"
    )
    return f"; a bias below {relevant / 2:g} would settle it{least}"


@dataclass(frozen=True, kw_only=True)
class _Sampler:
    """Averages over samples, with controls that a pilot has fitted."""

    moves: Moves
    draws: Sequence[Draw]
    plan: Plan

    def measure(self, h: float | None) -> Estimate:
        """The gap of the mean relative to the stated change, with its interval."""
        stated = self.moves.stated({}, h)
        n, pilot = _samples(self.plan), max(self.plan.effort.pilot, PILOT)
        near = self._drawn("pilot", h, pilot)
        normal = any(d.law == "gaussian" for d in self.draws)
        far = self._drawn("pilot", h, FAR, far=True) if normal else None
        # At small steps a function is its series, and there is nothing far out.
        start = self._radius if normal and h is None else 0.0
        share = self.plan.budget.alpha / near[0].shape[1]
        best: tuple[Array, Array] | None = None
        shortest = np.inf
        # Controls that grow where the function does not make it worse.
        for controls in (near[1].shape[1], 1):
            coefficients, extent, variance = _fitted(near, far, controls)
            promised = float(np.max(empirical_bernstein(variance, 2 * extent, n, share)))
            if best is None or promised < shortest:
                best, shortest = (coefficients, extent), promised
        assert best is not None
        coefficients, extent = best
        y, features = self._drawn("run", h, n)
        left = y - features @ coefficients
        half = empirical_bernstein(np.var(left, axis=0), 2 * extent, n, share)
        if normal:
            half = half + np.sqrt(self._beyond) * extent
        half = np.where(np.max(np.abs(left), axis=0) <= extent, half, np.inf)
        # The first feature is 1, all others have mean zero.
        off = coefficients[0] + np.mean(left, axis=0) - np.ravel(stated)
        unit = float(np.max(np.abs(stated), initial=0.0)) or float(np.max(np.abs(y)))
        worst = int(np.argmax(np.abs(off) - half))
        value, width = float(off[worst]) / unit, float(half[worst]) / unit
        beyond = tail(self.draws, lambda x: self.moves.change(x, h)[0], start) if start else 0.0
        return Estimate(value=value, half_width=width, bias=MARGIN * beyond / unit)

    def _drawn(
        self, stream: str, h: float | None, n: int, *, far: bool = False
    ) -> tuple[Array, Array]:
        """Changes (n, entries), of antithetic pairs, and their controls (n, features)."""
        drawn = sampled(self.draws, self.plan.generator(stream), n)
        if far:
            drawn = self._far(drawn, n)
        turned = {d.name: self._turned(d, drawn) for d in self.draws}
        changes = [self.moves.change(x, h)[0].reshape(n, -1) for x in (drawn, turned)]
        return (changes[0] + changes[1]) / 2, self._features(drawn, n)

    @property
    def _beyond(self) -> float:
        """The chance of one draw farther out than those of the pilot."""
        return TAIL * self.plan.budget.alpha / (2 * _samples(self.plan))

    @property
    def _radius(self) -> float:
        """The distance that no draw of a run exceeds, but for that chance."""
        m = sum(d.size for d in self.draws if d.law == "gaussian")
        return float(np.sqrt(2.0 * gammainccinv(m / 2.0, self._beyond)))

    def _far(self, drawn: Mapping[str, Array], n: int) -> dict[str, Array]:
        """The same draws, their normals at the distance that a run hardly exceeds.

        Every second one lies on an axis.
        """
        normals = {d.name: drawn[d.name].reshape(n, -1) for d in self.draws if d.law == "gaussian"}
        m = sum(x.shape[1] for x in normals.values())
        xi = np.concatenate([*normals.values()], axis=1)
        xi[1::2] = np.eye(m)[np.arange(len(xi[1::2])) % m]
        xi *= self._radius / np.linalg.norm(xi, axis=1, keepdims=True)
        found, first = dict(drawn), 0
        for name, x in normals.items():
            found[name] = xi[:, first : first + x.shape[1]].reshape(drawn[name].shape)
            first += x.shape[1]
        return found

    def _turned(self, d: Draw, drawn: Mapping[str, Array]) -> Array:
        return drawn[d.name] if d.law == "minibatch" else -drawn[d.name]

    def _features(self, drawn: Mapping[str, Array], n: int) -> Array:
        """1, ξ_a ξ_b − δ_ab, and the weights of samples minus 1."""
        parts = [np.ones((n, 1))]
        flat = [drawn[d.name].reshape(n, -1) for d in self.draws if d.law != "minibatch"]
        if flat:
            xi = np.concatenate(flat, axis=1)
            i, j = np.triu_indices(min(xi.shape[1], CONTROLLED))
            parts.append(xi[:, i] * xi[:, j] - (i == j))
            parts.append(xi[:, CONTROLLED:] ** 2 - 1.0)
            if all(d.law == "gaussian" for d in self.draws) and xi.shape[1] <= FEW:
                parts.append(_fourth(xi))
        for d in self.draws:
            if d.law == "minibatch":
                parts.append(drawn[d.name] - 1.0)
        return np.concatenate(parts, axis=1)


def _fitted(
    near: tuple[Array, Array], far: tuple[Array, Array] | None, count: int
) -> tuple[Array, Array, Array]:
    """Coefficients of the first controls, the range declared for what is left, its variance."""
    y, features = near
    coefficients = np.zeros((features.shape[1], y.shape[1]))
    coefficients[:count] = np.linalg.lstsq(features[:, :count], y, rcond=None)[0]
    left = y - features @ coefficients
    # Where the controls explain everything, what is left is rounding.
    extent = RANGE * np.max(np.abs(left), axis=0) + ROUNDING * np.max(np.abs(y), axis=0)
    if far is not None:
        extent = np.maximum(extent, np.max(np.abs(far[0] - far[1] @ coefficients), axis=0))
    return coefficients, extent, np.var(left, axis=0)


def relevant_change(setting: StepSetting) -> float:
    """A relative change of what is stated that is seen whatever has to be sampled for it."""
    sampled = setting.order is None and any(d.law == "gaussian" for d in setting.draws)
    return 2 * (SAMPLED if sampled else LEADING)


def _samples(plan: Plan) -> int:
    """Antithetic pairs: every one of them is one step, and not a step and its extrapolation."""
    return plan.effort.samples // 2


def _fourth(xi: Array) -> Array:
    """Products of Hermite polynomials of the entries, of degree four together."""
    one = np.ones_like(xi)
    he = [one, xi, xi**2 - 1.0, xi**3 - 3.0 * xi, xi**4 - 6.0 * xi**2 + 3.0]
    columns = []
    for chosen in combinations_with_replacement(range(xi.shape[1]), 4):
        degrees = [chosen.count(a) for a in range(xi.shape[1])]
        columns.append(np.prod([he[d][:, a] for a, d in enumerate(degrees)], axis=0))
    return np.stack(columns, axis=1)
