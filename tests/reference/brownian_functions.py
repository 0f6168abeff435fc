"""Functions of Brownian motion and time: martingales, and the motion on the circle."""

from __future__ import annotations

from sympy import cos, exp, sin

from derivations import Brownian, MatrixSDE, Parameter, State, dt, t
from tests.reference.case import Case

OKSENDAL = "B. Øksendal, Stochastic Differential Equations, 6th ed. (2003)"
REVUZ_YOR = "D. Revuz, M. Yor, Continuous Martingales and Brownian Motion, 3rd ed. (1999)"

beta, c = Brownian("beta"), Parameter("c")
u, y = State("u"), State("y")
b = State("b")
line = MatrixSDE({b: beta.d})
circle = MatrixSDE(
    {u: -u / 2 * dt - y * beta.d, y: -y / 2 * dt + u * beta.d},
)

CASES = (
    Case(
        id="exponential_martingale",
        source=f"{REVUZ_YOR}, Ch. IV §3: exp(λX − λ²⟨X⟩/2)",
        sde=line,
        f=exp(c * b - c**2 * t / 2),
        drift=0,
        martingale=c * exp(c * b - c**2 * t / 2) * beta.d,
        wrong={"Itô term not halved": c**2 / 2 * exp(c * b - c**2 * t / 2)},
        wrong_martingale={"λ lost": exp(c * b - c**2 * t / 2) * beta.d},
    ),
    Case(
        id="hermite_polynomial",
        source=f"{REVUZ_YOR}, Ch. IV §3: h_4(b, t) = b⁴ − 6b²t + 3t² is a martingale",
        sde=line,
        f=b**4 - 6 * b**2 * t + 3 * t**2,
        drift=0,
        martingale=4 * (b**3 - 3 * b * t) * beta.d,
        wrong={"∂f/∂t forgotten": 6 * b**2 - 6 * t, "½ lost": 6 * b**2 - 6 * t},
        wrong_martingale={"h_3 without 4": (b**3 - 3 * b * t) * beta.d},
    ),
    Case(
        id="sine_of_brownian",
        source="worked out by hand: −½ sin b",
        sde=line,
        f=sin(b),
        drift=-sin(b) / 2,
        martingale=cos(b) * beta.d,
        wrong={"½ lost": -sin(b), "sign": sin(b) / 2, "cos": -cos(b) / 2},
    ),
    Case(
        id="brownian_on_the_circle",
        source=f"{OKSENDAL}, Section 5.1 (Brownian motion on the unit circle): |Y|² is constant",
        sde=circle,
        f=u**2 + y**2,
        drift=0,
        martingale=0,
        wrong={"no Itô drift": u**2 + y**2},
        wrong_martingale={"sign of one field": 4 * u * y * beta.d},
    ),
)
