"""Euler–Maruyama: X⁺ = X + a h + b ΔB."""

from numerics.schemes.scheme import Scheme

SCHEME = Scheme(
    name="euler_maruyama",
    calculus="Ito",
    strong_order=0.5,
    strong_order_commuting=0.5,
    weak_order=1.0,
    citation="P. E. Kloeden, E. Platen, Numerical Solution of SDEs (1992), (10.2.4), Thm 14.1.5",
)
