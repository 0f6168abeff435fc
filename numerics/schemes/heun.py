"""Stochastic Heun: the trapezoidal rule with an Euler predictor, a Stratonovich scheme.

The declared system is Itô, so the drift it sees is a − c with c = ½ Σ_j (∂b_j)b_j from the declared
noise.
"""

from numerics.schemes.scheme import Scheme

SCHEME = Scheme(
    name="heun",
    calculus="Stratonovich",
    strong_order=0.5,
    strong_order_commuting=1.0,
    weak_order=1.0,
    predictor=((), (1.0,)),
    weights=(0.5, 0.5),
    correction=1.0,
    citation="W. Rümelin, SIAM J. Numer. Anal. 19 (1982) 604; Kloeden & Platen (1992), §15.5",
)
