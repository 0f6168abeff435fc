"""Pure label noise, p > k: one column of Θ, one of its inverse transpose, the extreme exponents.

A column (x; y) has an autonomous ratio ρ = |y|²/|x|², which ends up in (0, 1) and has a stationary
law there.  log|x|² moves by (p−2)ρ dt + 2√ρ dβ, and the martingale part is o(t) because its rate is
bounded: so every column that is not zero grows with the largest exponent, (p−2)/2 · E ρ, where
the ergodic theorem is the argument.  The smallest exponent is minus the largest of the inverse
transpose, which solves dΨ = diag(kI_p, pI_k)Ψ dt − S(dB)Ψ.  For p < k the blocks exchange roles.
"""

from typing import Any

from sympy import Gt, Integral, Ne, Q, diff, exp, log, oo

from derivations import (
    INITIAL,
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    Exponents,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    State,
    dt,
    positive,
    tr,
)
from derivations.claim import Claim

from ._network import k, l, p

SOURCE = "as derived here"
B = Brownian("B", p, k)
NO_ALGORITHM = {"algorithm": "a statement about the equation alone"}
WIDER = Assumption(text="p > k (else exchange the blocks)", condition=Gt(p, k))


def claims() -> tuple[Claim, ...]:
    """The ratio of a column, its noise, growth and law; the same of the dual; both extremes."""
    return (
        _column(),
        _column_noise(),
        _column_growth(),
        _column_law(),
        _dual(),
        _dual_column(),
        _dual_growth(),
        _dual_law(),
        _extremes(),
    )


def on_paths(how: str) -> dict[str, str]:
    """Exponents are limits for t → ∞: no tier that looks at one instant sees them."""
    reason = f"a limit for t → ∞; {how}"
    return {
        **dict.fromkeys(("derivation", "exact", "generator", "one-step"), reason),
        **NO_ALGORITHM,
    }


x, y = State("x", p), State("y", k)
x2, y2 = tr(x.T * x), tr(y.T * y)
LENGTHS = tuple(
    Assumption(text=f"{name} is not zero", condition=Q.positive(square))
    for name, square in (("x", x2), ("y", y2))
)
COLUMN = MatrixSDE({x: B.d * y, y: B.d.T * x})
DUAL = MatrixSDE({x: k * x * dt - B.d * y, y: p * y * dt - B.d.T * x})
ELSEWHERE = {"path": "a differential; paths for lyapunov_spectrum.extremes", **NO_ALGORITHM}
rho = positive("rho")


def _ratio_drift(height: Any, other: Any, ratio: Any, *, dual: bool) -> Any:
    """The drift of |lower|²/|upper|²: height − 4ρ + (4 − other)ρ², and 2(other − height)ρ."""
    plain = height - 4 * ratio + (4 - other) * ratio**2
    return plain + 2 * (other - height) * ratio if dual else plain


def _column() -> DifferentialClaim:
    ratio = y2 / x2
    drift = _ratio_drift(k, p, ratio, dual=False)
    martingale = 2 * (1 - ratio) * tr(x.T * B.d * y) / x2
    return DifferentialClaim(
        id="lyapunov_spectrum.column",
        title="ρ = |y|²/|x|² of one column: drift k − 4ρ + (4−p)ρ²",
        source=SOURCE,
        statement="dρ = [k − 4ρ + (4−p)ρ²]dt + 2√ρ(1−ρ)dβ, where √ρ dβ = x'dBy/|x|². At ρ = "
        "1 only the "
        "drift k − p is left: for p > k the ratio falls below 1 and stays there.",
        sde=COLUMN,
        observable=ratio,
        drift=drift,
        martingale=martingale,
        assumptions=LENGTHS[:1],
        mutants=(
            Mutant(
                name="swapped",
                mistake="p and k swapped",
                changes={"drift": _ratio_drift(p, k, ratio, dual=False)},
            ),
            Mutant(
                name="covariation",
                mistake="d⟨|x|², |y|²⟩ left out: −4ρ",
                changes={"drift": drift + 4 * ratio},
            ),
            Mutant(
                name="one",
                mistake="1 + ρ for 1 − ρ in the noise",
                changes={"martingale": 2 * (1 + ratio) * tr(x.T * B.d * y) / x2},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _column_noise() -> CovariationClaim:
    ratio = y2 / x2
    rate = 4 * ratio * (1 - ratio) ** 2
    return CovariationClaim(
        id="lyapunov_spectrum.column_noise",
        title="d⟨ρ⟩ = 4ρ(1−ρ)² dt: the ratio is autonomous",
        source=SOURCE,
        statement="Drift and quadratic variation of ρ are functions of ρ alone.",
        sde=COLUMN,
        first=ratio,
        second=ratio,
        rate=rate,
        assumptions=LENGTHS[:1],
        mutants=(
            Mutant(name="half", mistake="2 for 4", changes={"rate": rate / 2}),
            Mutant(
                name="square", mistake="(1−ρ) for (1−ρ)²", changes={"rate": 4 * ratio * (1 - ratio)}
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _column_growth() -> DifferentialClaim:
    return DifferentialClaim(
        id="lyapunov_spectrum.column_growth",
        title="d log|x|² = (p−2)ρ dt + 2√ρ dβ",
        source=SOURCE,
        statement="So the largest exponent is (p−2)/2 times the mean of ρ: zero for p = 2 > "
        "k, whatever ρ.",
        sde=COLUMN,
        observable=log(x2),
        drift=(p - 2) * y2 / x2,
        martingale=2 * tr(x.T * B.d * y) / x2,
        assumptions=LENGTHS,
        mutants=(
            Mutant(name="ito", mistake="p for p − 2", changes={"drift": p * y2 / x2}),
            Mutant(name="dimension", mistake="k for p", changes={"drift": (k - 2) * y2 / x2}),
        ),
        inapplicable=ELSEWHERE,
    )


def _stationary(name: str, title: str, drift: Any, height: Any, mutants: Any) -> IdentityClaim:
    """Zero probability current: drift · f = ½ (4ρ(1−ρ)² f)′ on (0, 1)."""

    def current(height: Any, decay: Any) -> Any:
        variance = 4 * rho * (1 - rho) ** 2
        logarithm = (height / 2 - 1) * log(rho) - (p + k) * log(1 - rho) / 2 - decay / (1 - rho)
        return diff(variance, rho) / 2 + variance * diff(logarithm, rho) / 2

    decay = (p - k) / 2
    return IdentityClaim(
        id=f"lyapunov_spectrum.{name}",
        title=title,
        source=SOURCE,
        statement="The density for which drift = ½(σ²f)′/f with σ² = 4ρ(1−ρ)², so that no "
        "probability "
        "flows; normalisable on (0, 1) for p > k.",
        left=drift,
        right=current(height, decay),
        assumptions=(WIDER, Assumption(text="ρ is not 1", condition=Ne(rho, 1))),
        mutants=tuple(
            Mutant(name=wrong, mistake=mistake, changes={"right": current(*given)})
            for wrong, mistake, given in (
                ("exponent", "ρ^{h/2} for ρ^{h/2−1}", (height + 2, decay)),
                ("rate", "p − k for (p − k)/2", (height, 2 * decay)),
                *mutants,
            )
        ),
        inapplicable={"path": "an identity; paths for lyapunov_spectrum.extremes", **NO_ALGORITHM},
    )


def _column_law() -> IdentityClaim:
    return _stationary(
        "column_law",
        "stationary density of ρ: ρ^{k/2−1}(1−ρ)^{−(p+k)/2} exp(−(p−k)/(2(1−ρ)))",
        _ratio_drift(k, p, rho, dual=False),
        k,
        (("swapped", "p for k in the first power", (p, (p - k) / 2)),),
    )


def _dual_law() -> IdentityClaim:
    return _stationary(
        "dual_law",
        "stationary density of the dual ratio: ρ^{p/2−1}(1−ρ)^{−(p+k)/2} exp(−(p−k)/(2(1−ρ)))",
        _ratio_drift(p, k, rho, dual=True),
        p,
        (("swapped", "k for p in the first power", (k, (p - k) / 2)),),
    )


def _dual() -> DifferentialClaim:
    X, Y = State("X", p, l), State("Y", k, l)
    U, V = State("U", p, l), State("V", k, l)

    def system(upper: Any, lower: Any) -> MatrixSDE:
        return MatrixSDE(
            {
                X: B.d * Y,
                Y: B.d.T * X,
                U: upper * U * dt - B.d * V,
                V: lower * V * dt - B.d.T * U,
            }
        )

    def stated(upper: Any, lower: Any) -> dict[str, Any]:
        sde = system(upper, lower)
        path = PathCheck(
            sde=sde,
            observable=X.T * U + Y.T * V,
            law=Parameter(str(INITIAL.name), l, l),
            horizon="1/2",
            sizes={p: 2, k: 1, l: 1},
        )
        return {"sde": sde, "path": path}

    return DifferentialClaim(
        id="lyapunov_spectrum.dual",
        title="Θ'Ψ is conserved if dΨ = diag(kI_p, pI_k)Ψ dt − S(dB)Ψ",
        source=SOURCE,
        statement="So the inverse transpose of Θ solves this equation, and the smallest "
        "exponent of Θ is "
        "minus the largest of Ψ = [U; V].",
        **stated(k, p),
        observable=X.T * U + Y.T * V,
        drift=0 * X.T * X,
        mutants=(
            Mutant(name="ito", mistake="no Itô term", changes=stated(0 * k, 0 * p)),
            Mutant(name="swapped", mistake="p and k swapped", changes=stated(p, k)),
            Mutant(name="half", mistake="half of the Itô term", changes=stated(k / 2, p / 2)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _dual_column() -> DifferentialClaim:
    ratio = x2 / y2
    drift = _ratio_drift(p, k, ratio, dual=True)
    return DifferentialClaim(
        id="lyapunov_spectrum.dual_column",
        title="q = |x|²/|y|² of a column of Ψ: drift p − (2(p−k)+4)q + (4−k)q²",
        source=SOURCE,
        statement="Autonomous again, with the noise −2√q(1−q)dβ; at q = 1 the drift is k − p < 0.",
        sde=DUAL,
        observable=ratio,
        drift=drift,
        martingale=-2 * (1 - ratio) * tr(x.T * B.d * y) / y2,
        assumptions=LENGTHS[1:],
        mutants=(
            Mutant(
                name="plain",
                mistake="the drift of the column of Θ",
                changes={"drift": _ratio_drift(p, k, ratio, dual=False)},
            ),
            Mutant(
                name="sign",
                mistake="2(p−k)q with the other sign",
                changes={"drift": drift + 4 * (p - k) * ratio},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _dual_growth() -> DifferentialClaim:
    drift = 2 * p + (k - 2) * x2 / y2
    return DifferentialClaim(
        id="lyapunov_spectrum.dual_growth",
        title="d log|y|² = (2p + (k−2)q)dt − 2√q dβ for a column of Ψ",
        source=SOURCE,
        statement="So the smallest exponent of Θ is −p − (k−2)/2 times the mean of q: −p for "
        "k = 2.",
        sde=DUAL,
        observable=log(y2),
        drift=drift,
        martingale=-2 * tr(x.T * B.d * y) / y2,
        assumptions=LENGTHS[1:],
        mutants=(
            Mutant(name="half", mistake="p for 2p", changes={"drift": drift - p}),
            Mutant(name="ito", mistake="k for k − 2", changes={"drift": drift + 2 * x2 / y2}),
        ),
        inapplicable=ELSEWHERE,
    )


def _mean_ratio(height: Any, other: Any) -> Any:
    """E ρ for the density with ρ^{height/2 − 1}, in the variable v with v² = ρ/(1 − ρ)."""
    v = positive("v")
    weight = v ** (height - 1) * (1 + v**2) ** (other / 2 - 1) * exp((k - p) * v**2 / 2)
    above = Integral(v**2 / (1 + v**2) * weight, (v, 0, oo))
    return above / Integral(weight, (v, 0, oo))


def _extremes() -> ExponentClaim:
    X, Y = State("X", p, p + k), State("Y", k, p + k)

    def stated(largest: Any, smallest: Any) -> dict[str, Any]:
        return {
            "exponents": (
                Exponents(first=1, last=1, value=largest),
                Exponents(first=p + k, last=p + k, value=smallest),
            )
        }

    largest = (p - 2) * _mean_ratio(k, p) / 2
    smallest = -p - (k - 2) * _mean_ratio(p, k) / 2
    return ExponentClaim(
        id="lyapunov_spectrum.extremes",
        title="p > k: the largest and the smallest exponent as one-dimensional integrals",
        source=SOURCE,
        statement="(p−2)/2 · E ρ and −p − (k−2)/2 · E q, the means under the stationary laws "
        "of the two "
        "ratios; as p → k they tend to p/2 − 1 and −3p/2 + 1. The exponents between are "
        "measured only.",
        sde=MatrixSDE({X: B.d * Y, Y: B.d.T * X}),
        **stated(largest, smallest),
        sizes=({p: 2, k: 1}, {p: 3, k: 1}, {p: 3, k: 2}, {p: 5, k: 2}),
        horizon=14,
        relevant=0.3,
        assumptions=(WIDER,),
        mutants=(
            Mutant(
                name="square",
                mistake="the formula of p = k: p/2 − 1",
                changes=stated(p / 2 - 1, smallest),
            ),
            Mutant(
                name="dual",
                mistake="−p: the martingale's Itô term left out",
                changes=stated(largest, -p - k * _mean_ratio(p, k) / 2),
            ),
            Mutant(
                name="factor_two",
                mistake="of M, not of Θ",
                changes=stated(2 * largest, 2 * smallest),
            ),
        ),
        inapplicable=on_paths(
            "the equations of both ratios and their laws are proved for the claims before, "
            "the ergodic "
            "theorem is an argument"
        ),
    )
