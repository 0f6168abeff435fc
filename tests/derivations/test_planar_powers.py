"""Which powers are monotone in two dimensions: signs of the derived drifts, and points that refute.

The drift that the engine derives is evaluated at a general point (symbols for the eigenvalues and
for the rational half angle of the eigenvectors) and its sign is read off its factors.  Where a
power fails, a rational point says so, and the exact generator, which knows no rule, agrees there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from sympy import (
    Expr,
    ImmutableMatrix,
    MatAdd,
    MatMul,
    MatPow,
    Q,
    Rational,
    Symbol,
    Trace,
    Transpose,
    cancel,
    exp,
    expand_power_exp,
    eye,
    integrate,
    log,
    oo,
    pi,
    sqrt,
    zeros,
)
from sympy.matrices.expressions import MatrixExpr

from derivations import Brownian, MatrixSDE, Status, eigenvalues, equal, real, t, tr
from derivations.catalogue import find
from derivations.expressions import BlockColumn, ScalarSum, Stack
from derivations.spectrum import Eigenprojector, Eigenvalue
from derivations.theorems._network import p
from derivations.theorems._plane import M, a, mu, plane, r, w
from numerics.contexts import MultiprecisionContext
from numerics.declared import DeclaredSystem
from numerics.jets import generator
from numerics.kernels import kernels, signature

q = real("q")
LARGER, SMALLER = 0, 1


def positive(name: str) -> Any:
    return Symbol(name, positive=True)


def nonnegative(name: str) -> Any:
    return Symbol(name, nonnegative=True)


class Pointwise:
    """The value of a form in eigenvalues and projectors where these are written out."""

    def __init__(self, letters: dict[Any, Any], values: list[Any], vectors: list[Any]) -> None:
        self.letters, self.values = letters, values
        self.projectors = [v * v.T for v in vectors]

    def __call__(self, form: Any, at: dict[Any, int]) -> Any:
        if form in self.letters:
            return self.letters[form]
        match form:
            case Eigenvalue():
                return self.values[at[form.index]]
            case Eigenprojector():
                return self.projectors[at[form.index]]
            case ScalarSum():
                summand, index, *without = form.args
                left = {0, 1} - {at[other] for other in without}
                return sum(self(summand, {**at, index: place}) for place in left)
            case BlockColumn():
                return eye(2)[:, int(form.args[0])]
            case Stack():
                return ImmutableMatrix.vstack(*(self(part, at) for part in form.args))
            case Transpose():
                return self(form.arg, at).T
            case Trace():
                return self(form.arg, at).trace()
            case MatMul() | MatAdd() | MatPow():
                parts = [self(part, at) for part in form.args]
                whole = parts[0]
                for part in parts[1:]:
                    whole = _joined(form, whole, part)
                return whole
            case Expr() if form.args and not isinstance(form, MatrixExpr):
                return form.func(*(self(part, at) for part in form.args))
        return form


def _joined(form: Any, x: Any, y: Any) -> Any:
    if isinstance(form, MatPow):
        return x**y
    return x * y if isinstance(form, MatMul) else x + y


u = real("u")
X, Y = (1 - u**2) / (1 + u**2), 2 * u / (1 + u**2)
VECTORS = [ImmutableMatrix([X, Y]), ImmutableMatrix([-Y, X])]
sigma1, sigma2 = positive("sigma1"), positive("sigma2")
lam1, lam2 = sigma1**2, sigma2**2


def in_brackets(drift: Any, value: Any, power: Any) -> Any:
    """The drift of value^power divided by value^power, as a rational function."""
    return cancel(expand_power_exp(drift / value**power))


# First reading: p = k = 1, the eigenvalues of M.


@cache
def first_reading(which: int) -> Any:
    """Drift of λ^q over qλ^q, derived, at Θ = V diag(σ): the drift depends on ΘΘ' alone."""
    derived = MatrixSDE(plane(), assuming=[mu.distinct, mu.positive]).d(mu[r] ** q).drift
    theta = ImmutableMatrix.hstack(*VECTORS) * ImmutableMatrix.diag(sigma1, sigma2)
    rows = {w: theta[0, :], a: theta[1, :], w.shape[1]: 2}
    point = Pointwise(rows, [lam1, lam2], VECTORS)
    return in_brackets(point(derived, {r: which}), [lam1, lam2][which], q) / q


def stated_first(which: int, *, weight: int = 3) -> Any:
    s = 4 * Y**2 * (1 - Y**2)
    own, other = (lam1, lam2) if which == LARGER else (lam2, lam1)
    return (2 * q - 1) * s + (1 - s) * (own + weight * other) / (own - other)


@pytest.mark.parametrize("which", [LARGER, SMALLER])
def test_the_derived_drift_is_the_closed_form(which: int) -> None:
    assert cancel(first_reading(which) - stated_first(which)) == 0
    assert cancel(first_reading(which) - stated_first(which, weight=2)) != 0


# s = 4cd/(c+d)², 1 − s = (c−d)²/(c+d)² run over all eigenvectors, c and d their squared entries;
# λ2 = m and λ1 = m + g over all eigenvalues.
c, d, g, m = nonnegative("c"), positive("d"), positive("g"), positive("m")
TURN = {"s": 4 * c * d / (c + d) ** 2, "rest": (c - d) ** 2 / (c + d) ** 2}


def bracket(which: int, power: Any, s: Any = None, rest: Any = None) -> Any:
    """(2q−1)s + (1−s)(λ + 3λ')/(λ − λ') in signs: sums of products of c, d, g, m alone."""
    s, rest = (TURN["s"], TURN["rest"]) if s is None else (s, rest)
    pull = (4 * m + g) / g if which == LARGER else -(4 * m + 3 * g) / g
    return (2 * power - 1).expand() * s + rest * pull


@pytest.mark.parametrize("which", [LARGER, SMALLER])
def test_the_signs_are_read_off_the_closed_form(which: int) -> None:
    """With u² = c'²: the same function, and s + (1 − s) = 1."""
    at = {sigma1: sqrt(m + g), sigma2: sqrt(m)}
    s = 4 * Y**2 * (1 - Y**2)
    assert cancel(stated_first(which).subs(at) - bracket(which, q, s, 1 - s)) == 0
    assert cancel(TURN["s"] + TURN["rest"] - 1) == 0
    turned = {c: Y**2, d: X**2}
    assert cancel(TURN["s"].subs(turned) - s) == 0


def test_the_larger_never_falls_from_one_half_on_and_the_smaller_never_rises_up_to_it() -> None:
    above, below = Rational(1, 2) + nonnegative("e"), Rational(1, 2) - nonnegative("e")
    assert bracket(LARGER, above).is_nonnegative
    assert bracket(SMALLER, below).is_nonpositive
    # At ½ only the pull is left, and neither sign can be read off on the wrong side.
    assert bracket(LARGER, Rational(1, 2)) == TURN["rest"] * (4 * m + g) / g
    assert bracket(LARGER, below).is_nonnegative is None
    assert bracket(SMALLER, above).is_nonpositive is None


def test_no_other_power_will_do() -> None:
    """Factor q in front: q < ½ fails for the larger, q > ½ and q < 0 for the smaller."""
    e = positive("e")
    diagonal, axis = (1, 0), (0, 1)
    half = Rational(1, 2)
    assert bracket(LARGER, half - e, *diagonal).is_negative
    assert bracket(SMALLER, half + e, *diagonal).is_positive
    assert (-e * bracket(LARGER, -e, *axis)).is_negative
    assert (-e * bracket(SMALLER, -e, *axis)).is_positive


# Rational points, in the generator that knows no rule.

DIGITS = MultiprecisionContext(50)


def drift_at(claim: str, letters: dict[str, list[list[int]]], power: Rational, which: int) -> float:
    """The generator of the power of one value at a rational point, to 50 digits."""
    sizes = {"l": len(next(iter(letters.values()))[0])}
    described, found = signature(claim), kernels(claim)
    system = DeclaredSystem.from_signature(described.systems["declared"], found, sizes)
    with DIGITS.working():
        point = {
            name: DIGITS.matrix([[DIGITS.rational(x) for x in row] for row in rows])
            for name, rows in letters.items()
        }
        point |= {"q": DIGITS.rational(int(power.p), int(power.q)), "l": sizes["l"]}
        return float(generator(DIGITS, system, found["observable"], point).drift[which])


DIAGONAL = {"w": [[2, 1]], "a": [[1, 2]]}
"""M = [[5, 4], [4, 5]]: eigenvalues 9 and 1, eigenvectors (1, ±1)/√2, so that s = 1."""
AXES = {"w": [[3, 0]], "a": [[0, 1]]}
"""M = diag(9, 1), so that s = 0."""
COMMON = Rational(1, 2)


@pytest.mark.parametrize("power", [Rational(1, 4), Rational(49, 100)])
def test_below_one_half_the_larger_falls_at_a_rational_point(power: Rational) -> None:
    stated = power * 9**power * (2 * power - 1)
    found = drift_at("planar_powers", DIAGONAL, power, LARGER)
    assert stated < 0
    assert found == pytest.approx(float(stated), rel=1e-12)


@pytest.mark.parametrize("power", [Rational(51, 100), Rational(1), Rational(3)])
def test_above_one_half_the_smaller_rises_at_a_rational_point(power: Rational) -> None:
    found = drift_at("planar_powers", DIAGONAL, power, SMALLER)
    assert found == pytest.approx(float(power * (2 * power - 1)), rel=1e-12)
    assert found > 0


def test_negative_powers_go_the_other_way_at_a_rational_point() -> None:
    """λ = 9, λ' = 1 on the axes: qλ^q(λ + 3λ')/(λ − λ')."""
    power = Rational(-1, 2)
    larger, smaller = (drift_at("planar_powers", AXES, power, which) for which in (0, 1))
    assert larger == pytest.approx(float(power * 9**power * Rational(12, 8)), rel=1e-12)
    assert smaller == pytest.approx(float(power * -Rational(28, 8)), rel=1e-12)
    assert larger < 0 < smaller


@pytest.mark.parametrize("point", [DIAGONAL, AXES])
def test_one_half_holds_at_both_points(point: dict[str, list[list[int]]]) -> None:
    assert drift_at("planar_powers", point, COMMON, LARGER) > -1e-40
    assert drift_at("planar_powers", point, COMMON, SMALLER) < 1e-40


# Second reading: p = 2, k = 1, the singular values of W1; a_1, a_2, b the parts of W2.

a1, a2, b = real("a1"), real("a2"), real("b")


@cache
def second_reading(which: int, width: int) -> Any:
    """Drift of σ^q over (q/2)σ^{q−2}, derived, at W1 = V diag(σ) and W2 = (a_1, a_2, b)."""
    claim: Any = find("planar_powers.any_width")
    index = next(iter(claim.observable.atoms(Eigenvalue))).index
    matrix = next(iter(claim.observable.atoms(Eigenvalue))).matrix
    spectrum = eigenvalues(matrix)
    derived = claim.sde.d(spectrum[index] ** (q / 2)).drift
    W1, W2 = sorted(claim.sde.states, key=str)
    rows = ImmutableMatrix.hstack(*VECTORS) * ImmutableMatrix.diag(sigma1, sigma2)
    parts = ImmutableMatrix([a1, a2, b][:width])
    letters = {W1: rows.row_join(zeros(2, width - 2)), W2: parts}
    own = [sigma1, sigma2][which]
    point = Pointwise(letters, [lam1, lam2], VECTORS)
    return cancel(in_brackets(point(derived, {index: which}), own, q) * own**2 * 2 / q)


def stated_second(which: int, own: Any, other: Any, *, outside: Any = 0) -> Any:
    """(q + λ_j/Δ)a_i² + (λ_i/Δ)a_j² + b², Δ = λ_i − λ_j."""
    mine, theirs = (a1, a2) if which == LARGER else (a2, a1)
    gap = own - other
    return (q + other / gap) * mine**2 + own / gap * theirs**2 + outside


@pytest.mark.parametrize("which", [LARGER, SMALLER])
@pytest.mark.parametrize("width", [2, 3])
def test_the_derived_drift_of_singular_values_is_the_closed_form(which: int, width: int) -> None:
    own, other = (lam1, lam2) if which == LARGER else (lam2, lam1)
    outside = b**2 if width == 3 else 0
    derived = second_reading(which, width)
    assert cancel(derived - stated_second(which, own, other, outside=outside)) == 0
    assert cancel(derived - stated_second(which, own, other, outside=b**2 - outside)) != 0


def test_singular_values_the_larger_for_positive_powers_the_smaller_up_to_one() -> None:
    """λ1 = m + g, λ2 = m; the smaller one reads (q − 1 − m/g)a_2² − (m/g)a_1²."""
    e = nonnegative("e")
    small = (q - 1 - m / g) * a2**2 - m / g * a1**2
    assert cancel(stated_second(SMALLER, m, m + g) - small) == 0
    large = (q + m / g) * a1**2 + (m + g) / g * a2**2
    assert cancel(stated_second(LARGER, m + g, m) - large) == 0
    assert large.subs(q, e).is_nonnegative
    # q = 1 − e ≤ 1.
    assert (-(e + m / g) * a2**2 - m / g * a1**2).is_nonpositive
    assert cancel(small.subs(q, 1 - e) - (-(e + m / g) * a2**2 - m / g * a1**2)) == 0
    # Only these: q = 1 + e with m = eg/2 and a_1 = 0 rises; q = −e < 0 falls and rises.
    strict = positive("e")
    assert cancel(small.subs({q: 1 + strict, m: strict * g / 2, a1: 0}) - strict * a2**2 / 2) == 0
    along = {q: -strict, a1: 0, a2: 1}
    assert (-strict * large.subs(along)).is_negative
    assert (-strict * small.subs(along)).is_positive


ROWS = {"W1": [[3, 0, 0], [0, 1, 0]]}
OUTSIDE, INSIDE = {**ROWS, "W2": [[0], [0], [2]]}, {**ROWS, "W2": [[0], [1], [0]]}


@pytest.mark.parametrize("power", [Rational(1, 10), Rational(1, 2), Rational(1), Rational(2)])
def test_with_a_third_column_the_smaller_rises_for_every_positive_power(power: Rational) -> None:
    """At W2 = (0, 0, 2) the drift is (q/2)σ^{q−2}·4, with σ = 1."""
    found = drift_at("planar_powers.any_width", OUTSIDE, power, SMALLER)
    assert found == pytest.approx(float(2 * power), rel=1e-12)


def test_with_a_third_column_negative_powers_rise_inside_the_row_space() -> None:
    """At W2 = (0, 1, 0): (q/2)(q − 1 − λ2/Δ) > 0 for every q < 0, Δ = 8."""
    for power in (Rational(-1, 10), Rational(-2)):
        found = drift_at("planar_powers.any_width", INSIDE, power, SMALLER)
        assert found == pytest.approx(float(power / 2 * (power - 1 - Rational(1, 8))), rel=1e-12)
        assert found > 0


# The mean is not what is typical: p = k = 1.


def test_the_mean_grows_while_every_path_vanishes() -> None:
    """w ± a = (w_0 ± a_0)e^{±B − t/2}, so tr M = ½(|w + a|² + |w − a|²) tends to 0 with B/t."""
    beta = Brownian("beta")
    assert equal(MatrixSDE(plane()).d(tr(M)).drift, tr(M)).status == Status.EQUAL
    for sign in (1, -1):
        size = tr((w + sign * a) * (w + sign * a).T)
        logarithm = MatrixSDE(plane(), assuming=[Q.positive(size)]).d(log(size))
        assert logarithm.drift == -1
        assert logarithm.martingale == 2 * sign * beta.d
    z, T = real("z"), positive("T")
    density = exp(-(z**2) / 2) / sqrt(2 * pi)
    for sign in (1, -1):
        # E e^{±2B − t} = e^t: the mean grows by what it gets from paths with ±B near 2t.
        mean = integrate(exp(2 * sign * sqrt(T) * z - T) * density, (z, -oo, oo))
        assert (mean / exp(T)).simplify() == 1
    # The same rate in the catalogue, at p = k = 1.
    claim: Any = find("moment_hierarchy.mean")
    assert claim.laws[0].subs(p, 1).coeff(exp(t)) == claim.moments[0].subs(p, 1)
