"""Lyapunov exponents of pure label noise, dΘ = S(dB)Θ with B (p, k) standard (as derived here).

They sum to −pk, since log det ΘΘ' = −2pk t + const.

*p = k.*  Θ = e^{−pt/2}Φ with Φ in SO₀(p, p) (see `balancedness.square`: Θ'JΘ decays like e^{−pt}).
So the singular values of Φ are e^{±r_i}, and those of Z = YX⁻¹, of the first p columns [X; Y],
are tanh r_i.  Z solves an equation of its own, and from it the engine derives
dr_i = dβ_i + ½Σ_{j≠i}[coth(r_i−r_j) + coth(r_i+r_j)]dt.  One step is a limit argument: for
r_1 > … > r_p that separate, coth tends to ±1, the drift of r_i to p − i, and r_i/t with it; so the
exponents are −p/2 ± (p−i).  That step is checked on paths.  The largest is p/2 − 1: decay at p = 1,
zero at p = 2, growth from p = 3 on.  The pair in the middle, −p/2 twice, splits slowly (r_p has no
drift), so only its mean is stated.

*p > k.*  The extremes follow from one column, see `_lyapunov_columns`.  Nothing is claimed of the
exponents between: they are measured, with error bars.
"""

from typing import Any

from sympy import Identity, Q, sqrt

from derivations import (
    POSITION,
    Assumption,
    Brownian,
    DifferentialClaim,
    ExponentClaim,
    Exponents,
    MatrixSDE,
    Mutant,
    State,
    Theorem,
    dt,
    eigenvalues,
    logdet,
    total,
    tr,
)
from derivations.expressions import LogAbs

from . import _lyapunov_columns
from ._lyapunov_columns import NO_ALGORITHM, SOURCE, B, on_paths
from ._network import RANK, WHERE, WIDTH, M, k, log_det_path, moved_by, p

i = POSITION


def theorem() -> Theorem:
    """The sum; p = k by the radial equation; p > k, both extremes by a ratio of one column."""
    return Theorem(
        id="lyapunov_spectrum",
        title="Pure label noise: the Lyapunov exponents of the weights",
        source=SOURCE,
        claims=(
            _sum(),
            _ratio(),
            _radial(),
            _square(),
            *_lyapunov_columns.claims(),
        ),
    )


# Any p and k: the sum.


def _sum() -> DifferentialClaim:
    sde = MatrixSDE(moved_by(B.d), assuming=[RANK.condition])

    def stated(rate: Any) -> dict[str, Any]:
        return {"drift": rate, "path": log_det_path(sde, rate)}

    return DifferentialClaim(
        id="lyapunov_spectrum",
        title="d log det M = −2pk dt: the exponents sum to −pk",
        source=SOURCE,
        statement="For dΘ = S(dB)Θ, det M decays at the rate 2pk on every path; "
        "half of that is the sum of the Lyapunov exponents of Θ.",
        sde=sde,
        observable=logdet(M),
        **stated(-2 * p * k),
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="half", mistake="−pk: det Θ for det M", changes=stated(-p * k)),
            Mutant(name="sum", mistake="p + k for pk", changes=stated(-2 * (p + k))),
            Mutant(name="stratonovich", mistake="volume is kept", changes=stated(0 * p)),
        ),
        inapplicable=NO_ALGORITHM,
    )


# p = k: the radial part.


def _ratio() -> DifferentialClaim:
    X, Z = State("X", p, p), State("Z", k, p)

    def system(drift: Any) -> dict[str, Any]:
        """An equation for Z, and dX = dB Y with Y = ZX; the noise is not in question."""
        return {"sde": MatrixSDE({Z: drift * dt + B.d.T - Z * B.d * Z, X: B.d * Z * X})}

    cubic = Z * Z.T * Z
    turned = MatrixSDE({Z: (cubic - p * Z) * dt + B.d.T + Z * B.d * Z, X: B.d * Z * X})
    return DifferentialClaim(
        id="lyapunov_spectrum.ratio",
        title="Z = YX⁻¹ solves dZ = dB' − Z dB Z + (ZZ' − p)Z dt",
        source=SOURCE,
        statement="With this equation for Z, and dX = dB ZX, the product Y = ZX moves by dY "
        "= dB'X: so the "
        "ratio Z of the blocks of p columns [X; Y] of Θ, while X is invertible, has an "
        "equation of its own.",
        **system(cubic - p * Z),
        observable=Z * X,
        drift=0 * Z * X,
        martingale=B.d.T * X,
        mutants=(
            Mutant(name="ito", mistake="dB Z dB left out", changes=system(-p * Z)),
            Mutant(name="dimension", mistake="k for p in dB'dB", changes=system(cubic - k * Z)),
            Mutant(name="sign", mistake="dB' + Z dB Z", changes={"sde": turned}),
        ),
        inapplicable={
            "path": "a differential; paths for lyapunov_spectrum.square",
            **NO_ALGORITHM,
        },
    )


def _radial() -> DifferentialClaim:
    Z, E = State("Z", p, p), Brownian("E", p, p)
    lam = eigenvalues(Z * Z.T)
    n, j = lam.indices("i j")
    root = sqrt(lam[n])
    # artanh, written so that it holds on both sides of 1.
    r = (LogAbs(1 + root) - LogAbs(1 - root)) / 2
    both = total(root * (1 - lam[j]) / (lam[n] - lam[j]), j, excluding=n)
    mirrored = total((1 - lam[j]) * root / (lam[n] - lam[j]) - root, j, excluding=n)
    martingale = tr(lam.projector(n) * Z * E.d) / root
    return DifferentialClaim(
        id="lyapunov_spectrum.radial",
        title="dr_i = dβ_i + ½Σ_{j≠i}[coth(r_i−r_j) + coth(r_i+r_j)]dt for tanh² r_i = λ_i(ZZ')",
        source=SOURCE,
        statement="With λ = tanh² r, ½[coth(r_i−r_j) + coth(r_i+r_j)] = √λ_i(1−λ_j)/(λ_i−λ_j); "
        "dβ_i = tr(E_iZ dB)/√λ_i are independent Brownian motions. It holds up to the first "
        "collision.",
        sde=MatrixSDE(
            {Z: E.d.T - Z * E.d * Z + (Z * Z.T - p * Identity(p)) * Z * dt},
            assuming=[lam.distinct, lam.positive],
        ),
        observable=r,
        drift=both,
        martingale=martingale,
        assumptions=(
            Assumption(text="the λ_i are distinct", condition=lam.distinct),
            Assumption(text="Z has full rank", condition=lam.positive),
            Assumption(
                text="no singular value of Z is 1 (they stay below 1 where they begin below)",
                condition=Q.invertible(Identity(p) - Z * Z.T),
            ),
        ),
        where={"S": Z * Z.T},
        mutants=(
            Mutant(name="double", mistake="1 for ½ before the sum", changes={"drift": 2 * both}),
            Mutant(name="sign", mistake="attraction for repulsion", changes={"drift": -both}),
            Mutant(
                name="lost",
                mistake="√λ_i left over for each j",
                changes={"drift": mirrored},
            ),
            Mutant(
                name="root",
                mistake="√2 dβ for dβ",
                changes={"martingale": sqrt(2) * martingale},
            ),
        ),
        inapplicable={
            "path": "a differential; paths for lyapunov_spectrum.square",
            **NO_ALGORITHM,
        },
    )


def _square() -> ExponentClaim:
    X, Y, E = State("X", p, 2 * p), State("Y", p, 2 * p), Brownian("E", p, p)

    def stated(upper: Any, middle: Any, lower: Any) -> dict[str, Any]:
        return {
            "exponents": (
                Exponents(first=1, last=p - 1, value=upper),
                Exponents(first=p, last=p + 1, value=middle, mean=True),
                Exponents(first=p + 2, last=2 * p, value=lower),
            )
        }

    return ExponentClaim(
        id="lyapunov_spectrum.square",
        title="p = k: the exponents are −p/2 ± (p−i), the largest p/2 − 1",
        source=SOURCE,
        statement="Exponent number i ≤ p is p/2 − i and number 2p+1−i is −3p/2 + i; of the "
        "pair in the "
        "middle, −p/2 twice, the mean is stated. The largest is zero at p = 2, positive from "
        "p = 3 on.",
        sde=MatrixSDE({X: E.d * Y, Y: E.d.T * X}),
        **stated(p / 2 - i, -p / 2, p / 2 + 1 - i),
        sizes=tuple({p: n} for n in range(1, 5)),
        mutants=(
            Mutant(
                name="largest",
                mistake="the largest p/2 for p/2 − 1",
                changes=stated(p / 2 + 1 - i, -p / 2, p / 2 - i),
            ),
            Mutant(
                name="sign",
                mistake="growth for decay",
                changes=stated(i - p / 2, p / 2, i - p / 2 - 1),
            ),
            Mutant(
                name="stratonovich",
                mistake="±(p−i): the exponents of Φ, as if S(∘dB)",
                changes=stated(p - i, 0 * p, p + 1 - i),
            ),
            Mutant(
                name="mirror",
                mistake="coth(r_i + r_j) left out",
                changes=stated((1 - 2 * i) / 2, -p / 2, p / 2 + 1 - i),
            ),
        ),
        inapplicable=on_paths(
            "its differential part is proved for lyapunov_spectrum.ratio and .radial, the "
            "limit of coth "
            "is an argument"
        ),
    )
