"""The stationary density of v = uw by quadrature at 30 digits: normalisation, threshold, mean."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest

# Var x², Cov(x², xy), Var(xy), Ex², Exy; the threshold is at T = Exy/Var(xy) = 3/2.
ALPHA1, ALPHA2, ALPHA3, BETA1, BETA2 = 2, "1/2", "4/5", 1, "6/5"
CRITICAL = "3/2"


class Density:
    """p at one T, up to a factor, in mpmath; ``wrong`` names a planted mistake."""

    def __init__(self, T: str, wrong: str = "") -> None:
        a1, a2, a3, b1, b2, strength = (
            mpmath.mpf(s) for s in (ALPHA1, ALPHA2, ALPHA3, BETA1, BETA2, T)
        )
        self.a1, self.a2, self.a3, self.b1, self.b2, self.T = a1, a2, a3, b1, b2, strength
        if wrong == "factor two":
            strength = 2 * strength
        gap = mpmath.sqrt(a1 * a3 - a2**2)
        kappa = (a3 * b1 - a2 * b2) / (2 * a3 * strength * gap)
        self.power = b2 / (2 * a3 * strength) - (1 if wrong == "exponent" else 1.5)
        tail = -1 - b2 / (4 * a3 * strength)

        def p(v: Any) -> Any:
            turn = mpmath.atan((a1 * v - a2) / gap)
            return v**self.power * self.g(v) ** tail * mpmath.exp(-kappa * turn)

        self.p = p

    def g(self, v: Any) -> Any:
        return self.a1 * v**2 - 2 * self.a2 * v + self.a3

    def integral(self, f: Any) -> Any:
        """∫ f p dv over v = e^τ, where the integrand falls exponentially on both sides."""

        def mapped(tau: Any) -> Any:
            v = mpmath.exp(tau)
            return f(v) * self.p(v) * v

        return mpmath.quad(mapped, [-mpmath.inf, -2, 0, 2, mpmath.inf])

    def drift(self, v: Any) -> Any:
        return 4 * v * (self.T * self.g(v) - self.b1 * v + self.b2)

    def generator(self, first: Any, second: Any) -> Any:
        """a f' + ½ b² f'' of a function with these derivatives."""
        return lambda v: self.drift(v) * first(v) + 8 * self.T * v**2 * self.g(v) * second(v)

    def gaps(self) -> list[Any]:
        """|E Lf| over E|Lf| for f = log v and f = 1/(1 + v); a stationary law makes both 0."""
        found = []
        for first, second in (
            (lambda v: 1 / v, lambda v: -1 / v**2),
            (lambda v: -((1 + v) ** -2), lambda v: 2 * (1 + v) ** -3),
        ):
            L = self.generator(first, second)
            found.append(abs(self.integral(L)) / self.integral(lambda v, L=L: abs(L(v))))
        return found


@pytest.fixture(autouse=True)
def digits() -> Any:
    with mpmath.workdps(30):
        yield


def test_the_density_is_normalisable_and_its_mean_generator_is_zero() -> None:
    density = Density("1/4")
    assert 0 < density.integral(lambda v: 1) < mpmath.inf
    assert max(density.gaps()) < mpmath.mpf(10) ** -20


@pytest.mark.parametrize("wrong", ["factor two", "exponent"])
def test_wrong_densities_have_another_mean(wrong: str) -> None:
    assert max(Density("1/4", wrong).gaps()) > mpmath.mpf("0.01")


@pytest.mark.parametrize(
    ("factor", "finite"), [("0.9", True), ("0.99", True), ("1.01", False), ("1.1", False)]
)
def test_the_density_is_integrable_at_zero_below_the_threshold_alone(
    factor: str, finite: bool
) -> None:
    density = Density(str(mpmath.mpf(factor) * mpmath.mpf(CRITICAL)))
    assert (density.power > -1) is finite
    # ∫_ε^1 converges geometrically as ε → 0, or grows without bound, and shows it far from 0.
    ends = [mpmath.mpf(10) ** -k for k in (20, 40, 60)]
    parts = [
        mpmath.quad(lambda s: density.p(mpmath.exp(s)) * mpmath.exp(s), [mpmath.log(a), 0])
        for a in ends
    ]
    first, second = parts[1] - parts[0], parts[2] - parts[1]
    assert (second < first) is finite


def test_the_tail_falls_like_the_power_minus_seven_halves() -> None:
    density, v = Density("1/2"), mpmath.mpf(10) ** 12
    slope = v * mpmath.diff(lambda x: mpmath.log(density.p(x)), v)
    assert slope == pytest.approx(-3.5, abs=1e-9)
