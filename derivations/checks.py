"""The checks of an Itô derivation at random points, from definitions alone.

The arithmetic knows no rule of the calculus:

* an expansion by f(x + s u) − f(x) − s D₁[u] − s² D₂[u, u] = O(s³) at s = 2⁻³⁰⁰, and in time by
  f(t + s) − f(t) − s ∂_t f = O(s²),
* an insertion by evaluating both sides,
* a contraction by summing the quadratic form over the unit directions of the noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import flint
from sympy.core.function import AppliedUndef

from .admissible import draw
from .errors import StepError
from .expansion import Expansion, FormalDifferentials
from .points import Point, entries, evaluate, precision
from .sde import MatrixSDE
from .symbols import MatrixIncrement, ScalarMember, t

__all__ = ["Checks"]

POINTS = 2
BITS = 300
TINY = 300
FINE_BITS = 10 * TINY
"""Enough for s³ beside 1 with s = 2^-TINY, many times over."""
SLACK = TINY // 2
"""Derivatives of the next order may be as large as 2^SLACK."""


class Checks:
    """Points for an observable f and its system, and the checks of the steps from f to df there.

    Every check returns in words what was seen.

    Raises
    ------
    StepError
        If no point meets the facts, or a step does not hold at one of them.
    """

    def __init__(
        self, f: Any, system: MatrixSDE, formal: FormalDifferentials, facts: Iterable[Any]
    ) -> None:
        self.f, self.system, self.formal = f, system, formal
        facts = list(facts)
        fields = [system.drift(s) for s in system.states] + [system.noise(s) for s in system.states]
        with precision(FINE_BITS):
            self.points = draw([f, *formal.letters, *fields], facts, count=POINTS)
        if not self.points:
            raise StepError(f"{f}: no point found that meets the assumptions {facts}")

    def _said(self, what: str) -> str:
        sizes = [", ".join(f"{k} = {v}" for k, v in p.sizes.items()) for p in self.points]
        at = f" ({'; '.join(sizes)})" if any(sizes) else ""
        return f"{what} at {len(self.points)} random points{at}"

    def expansion(self, taylor: Expansion) -> str:
        """f(x + s u) against the expansion, u the formal differentials; f(t + s) likewise."""
        for point in self.points:
            # Where f is large so are its derivatives, and more bits stand in front of the point.
            with precision(FINE_BITS):
                size = _bits_in_front(evaluate(self.f, point))
            with precision(FINE_BITS + 2 * size):
                exact = replace(point, values={})
                if not self._expands(taylor, exact, flint.arb(2) ** (SLACK + size)):
                    raise StepError(f"d({self.f}): the expansion fails at sizes {point.sizes}")
        return self._said(
            "f moved by s times the differentials differs from the expansion by no more than is of "
            f"third order in s, for the step s = 2^-{TINY},"
        )

    def _expands(self, taylor: Expansion, point: Point, slack: Any) -> bool:
        s = flint.arb(2) ** (-TINY)
        moved = {
            x: point.letter(x) + evaluate(u, point) * s for x, u in self.formal.of_state.items()
        }
        gap = self._moved(point, moved) - evaluate(taylor.linear, point) * s
        gap = gap - evaluate(taylor.quadratic, point) * (s * s)
        late = self._moved(point, self._later(point, s)) - evaluate(taylor.timely, point) * s
        return _below(gap, s**3 * slack) and _below(late, s**2 * slack)

    def _moved(self, point: Point, letters: Mapping[Any, Any]) -> Any:
        return evaluate(self.f, point.with_overrides(letters)) - evaluate(self.f, point)

    def _later(self, point: Point, s: Any) -> dict[Any, Any]:
        """Time moved on by s, and with it the functions a(t) that are known by name only."""
        functions = self.f.atoms(AppliedUndef)
        later = {a: point.letter(a) + point.letter(a.diff(t)) * s for a in functions}
        return {t: point.letter(t) + s, **later}

    def insertion(self, taylor: Expansion, noisy: Expansion, drifting: Expansion) -> str:
        """Formal differentials replaced by the values of the noise and of the drift."""
        pairs = [
            (taylor.linear, noisy.linear, self.system.noise),
            (taylor.quadratic, noisy.quadratic, self.system.noise),
            (taylor.linear, drifting.linear, self.system.drift),
        ]
        with precision(BITS):
            for point in self.points:
                for before, after, field in pairs:
                    values = self.formal.values(field, point)
                    left = evaluate(before, point.with_overrides(values))
                    _agree(left, evaluate(after, point), "insertion", point)
        return self._said("both sides agree")

    def contraction(self, square: Any, contracted: Any) -> str:
        """A quadratic form summed over the directions of the noise, weighted by covariance."""
        with precision(BITS):
            for point in self.points:
                expected = evaluate(contracted, point)
                summed = sum(self._summands(square, point), start=expected - expected)
                _agree(summed, expected, "Itô table", point)
        return self._said("the sum over the directions of the noise agrees")

    def _summands(self, square: Any, point: Point) -> Iterator[Any]:
        """q(ξ, ξ) over directions ξ whose squares sum to the covariance, and 2ρ q(ξ, η)."""
        noises = _noise_letters(self.system, point)
        zero = {n: point.letter(n) * flint.arb(0) for n in noises}

        def q(values: Mapping[Any, Any]) -> Any:
            return evaluate(square, point.with_overrides({**zero, **values}))

        for n in noises:
            for E, weight in _directions(n, point):
                yield q({n: E}) * weight
        for pair, rho in self.system.correlation.items():
            a, b = sorted(pair, key=str)
            weight = evaluate(rho, point)
            for E, diagonal in _directions(a, point):
                both = q({a: E, b: E}) - q({a: E, b: E * flint.arb(-1)})
                yield both * weight * diagonal / 2


def _noise_letters(system: MatrixSDE, point: Point) -> list[Any]:
    """The increments at a point, the members of a family one by one."""
    found: list[Any] = []
    for d in system.noises:
        if isinstance(d, ScalarMember):
            numbers = range(1, point.size(d.index.range) + 1)
            found += [d.func(*(n if a == d.index else a for a in d.args)) for n in numbers]
        else:
            found.append(d)
    return found


def _directions(increment: Any, point: Point) -> Iterator[tuple[Any, Any]]:
    """Directions E and weights w of an increment with Σ w E_ia E_jb = E[dB_ia dB_jb] / dt."""
    if not isinstance(increment, MatrixIncrement):
        yield flint.arb(1), flint.arb(1)
        return
    rows = _squares(evaluate(increment.row_covariance, point))
    columns = _squares(evaluate(increment.column_covariance, point))
    for (u, c), (v, d) in product(rows, columns):
        yield u * v.transpose(), c * d


def _squares(C: Any) -> list[tuple[Any, Any]]:
    """Columns u and weights w with C = Σ w u u', by symmetric elimination."""
    found = []
    for j in range(C.nrows()):
        pivot = C[j, j]
        if pivot != 0:
            u = flint.arb_mat(C.nrows(), 1, [C[i, j] / pivot for i in range(C.nrows())])
            C = C - u * u.transpose() * pivot
            found.append((u, pivot))
    return found


def _bits_in_front(value: Any) -> int:
    """How many binary digits the largest entry of a value has in front of the point."""
    bits = [(abs(x) + 1).log() / flint.arb(2).log() for x in entries(value)]
    return max(int(float(n)) for n in bits)


def _below(value: Any, bound: Any) -> bool:
    return all(abs(x) < bound for x in entries(value))


def _agree(a: Any, b: Any, what: str, point: Point) -> None:
    scale = sum((abs(x) for x in entries(b)), start=flint.arb(1))
    if not _below(a - b, scale * flint.arb(2) ** (-100)):
        raise StepError(f"{what}: the two sides differ at sizes {point.sizes}, seed {point.seed}")
