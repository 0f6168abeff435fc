"""Milstein for noise whose fields commute: no Lévy areas are needed.

X⁺ = X + a h + b ΔB + ½ Σ_ij (∂b_j)b_i (Δβ_iΔβ_j − δ_ij h). For commuting fields the double sum is
½ (∂_v b)ΔB − c h with v = b ΔB: one derivative of the declared noise along itself.
"""

from numerics.schemes.scheme import Scheme

SCHEME = Scheme(
    name="milstein",
    calculus="Ito",
    strong_order=1.0,
    strong_order_commuting=1.0,
    weak_order=1.0,
    correction=1.0,
    self_derivative=1.0,
    requires=("commuting noise",),
    citation="P. E. Kloeden, E. Platen, Numerical Solution of SDEs (1992), (10.3.16)",
)
