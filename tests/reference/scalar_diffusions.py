"""Diffusions on the line and in the plane: Ornstein-Uhlenbeck, Bessel, CIR, Heston."""

from __future__ import annotations

from sympy import Function, Rational, exp, log, sqrt

from derivations import Brownian, MatrixSDE, Parameter, State, dt, positive, t
from tests.reference.case import Case, Covariation

OKSENDAL = "B. Øksendal, Stochastic Differential Equations, 6th ed. (2003)"
REVUZ_YOR = "D. Revuz, M. Yor, Continuous Martingales and Brownian Motion, 3rd ed. (1999)"

beta, beta1, beta2 = Brownian("beta"), Brownian("beta1"), Brownian("beta2")
mu, c, rho = Parameter("mu"), Parameter("c"), Parameter("rho")
sigma, sigma1, sigma2 = positive("sigma"), positive("sigma1"), positive("sigma2")
kappa, theta, q, nu = positive("kappa"), positive("theta"), positive("q"), positive("nu")

# ------------------------------------------------------------------- geometric Brownian motion
x = State("x", positive=True)
geometric = MatrixSDE({x: mu * x * dt + sigma * x * beta.d})

GEOMETRIC = (
    Case(
        id="geometric_brownian_log",
        source=f"{OKSENDAL}, Example 5.1.1 (population growth)",
        sde=geometric,
        f=log(x),
        drift=mu - sigma**2 / 2,
        martingale=sigma * beta.d,
        wrong={
            "no Itô term": mu,
            "Itô term not halved": mu - sigma**2,
            "σ for σ²": mu - sigma / 2,
            "sign of the Itô term": mu + sigma**2 / 2,
        },
        wrong_martingale={"σ² for σ": sigma**2 * beta.d, "x left": sigma * x * beta.d},
    ),
    Case(
        id="geometric_brownian_power",
        source="worked out by hand: f' b + ½ f'' σ²x² with f = x^q",
        sde=geometric,
        f=x**q,
        drift=(q * mu + q * (q - 1) * sigma**2 / 2) * x**q,
        martingale=q * sigma * x**q * beta.d,
        wrong={
            "q² for q(q−1)": (q * mu + q**2 * sigma**2 / 2) * x**q,
            "½ lost": (q * mu + q * (q - 1) * sigma**2) * x**q,
        },
        wrong_martingale={"q lost": sigma * x**q * beta.d},
        # A whole number keeps the power rational.
        values={q: 3},
    ),
    Case(
        id="geometric_brownian_inverse",
        source="worked out by hand: −1/x² · μx + ½ · 2/x³ · σ²x²",
        sde=geometric,
        f=1 / x,
        drift=(sigma**2 - mu) / x,
        martingale=-sigma / x * beta.d,
        wrong={"½ kept": (sigma**2 / 2 - mu) / x, "no Itô term": -mu / x},
        wrong_martingale={"sign": sigma / x * beta.d},
    ),
    Case(
        id="geometric_brownian_discounted",
        source="worked out by hand: f depends on t, e^{−μt}x is a martingale",
        sde=geometric,
        f=exp(-mu * t) * x,
        drift=0,
        martingale=sigma * exp(-mu * t) * x * beta.d,
        wrong={"∂f/∂t forgotten": mu * x * exp(-mu * t)},
        wrong_martingale={"discount lost": sigma * x * beta.d},
    ),
    Covariation(
        id="geometric_brownian_log_covariation",
        source="worked out by hand: σ · σx",
        sde=geometric,
        f=log(x),
        g=x,
        rate=sigma**2 * x,
        wrong={"σ for σ²": sigma * x, "g forgotten": sigma**2},
    ),
)

# -------------------------------------------------------------------------------- products
u, y = State("u"), State("y")
independent = MatrixSDE({u: u * beta1.d, y: y * beta2.d})
correlated = MatrixSDE(
    {u: mu * u * dt + sigma1 * u * beta1.d, y: c * y * dt + sigma2 * y * beta2.d},
    correlation={(beta1, beta2): rho},
)
shared = MatrixSDE({u: sigma1 * u * beta.d, y: sigma2 * y * beta.d})
BY_PARTS = f"{OKSENDAL}, Exercise 4.3: d(XY) = X dY + Y dX + dX dY"

PRODUCTS = (
    Case(
        id="product_independent",
        source=BY_PARTS,
        sde=independent,
        f=u * y,
        drift=0,
        martingale=u * y * beta1.d + u * y * beta2.d,
        wrong={"paired as if shared": u * y, "paired with itself": y**2},
        wrong_martingale={"terms paired wrongly": y**2 * beta1.d + u**2 * beta2.d},
    ),
    Case(
        id="product_correlated",
        source=BY_PARTS,
        sde=correlated,
        f=u * y,
        drift=(mu + c + rho * sigma1 * sigma2) * u * y,
        martingale=sigma1 * u * y * beta1.d + sigma2 * u * y * beta2.d,
        wrong={
            "correlation lost": (mu + c) * u * y,
            "ρ taken as 1": (mu + c + sigma1 * sigma2) * u * y,
            "y² for xy": (mu + c) * u * y + rho * sigma1 * sigma2 * y**2,
            "½ of the cross term": (mu + c + rho * sigma1 * sigma2 / 2) * u * y,
        },
        values={rho: Rational(1, 3)},
    ),
    Case(
        id="product_shared",
        source=BY_PARTS,
        sde=shared,
        f=u * y,
        drift=sigma1 * sigma2 * u * y,
        martingale=(sigma1 + sigma2) * u * y * beta.d,
        wrong={"independent": 0, "squares": (sigma1**2 + sigma2**2) / 2 * u * y},
    ),
    Case(
        id="square_of_product_correlated",
        source="worked out by hand: u² and y² each take σ², the cross term 4ρσ₁σ₂",
        sde=correlated,
        f=u**2 * y**2,
        drift=(2 * mu + 2 * c + sigma1**2 + sigma2**2 + 4 * rho * sigma1 * sigma2) * u**2 * y**2,
        martingale=2 * u**2 * y**2 * (sigma1 * beta1.d + sigma2 * beta2.d),
        wrong={
            "2ρ": (2 * mu + 2 * c + sigma1**2 + sigma2**2 + 2 * rho * sigma1 * sigma2)
            * u**2
            * y**2,
        },
        values={rho: Rational(-1, 2)},
    ),
    Covariation(
        id="covariation_independent",
        source=BY_PARTS,
        sde=independent,
        f=u,
        g=y,
        rate=0,
        wrong={"paired as if shared": u * y},
    ),
    Covariation(
        id="covariation_correlated",
        source=BY_PARTS,
        sde=correlated,
        f=u,
        g=y,
        rate=rho * sigma1 * sigma2 * u * y,
        wrong={"ρ lost": sigma1 * sigma2 * u * y, "y² for xy": rho * sigma1 * sigma2 * y**2},
    ),
)

# ------------------------------------------------------------------------- Ornstein-Uhlenbeck
z = State("z")
reverting = MatrixSDE({z: kappa * (theta - z) * dt + sigma * beta.d})
a_t, s_t = Function("a")(t), Function("s")(t)
moving_rate = MatrixSDE({z: -a_t * z * dt + s_t * beta.d})
bridge = MatrixSDE({z: (c - z) / (1 - t) * dt + beta.d})

ORNSTEIN_UHLENBECK = (
    Case(
        id="ornstein_uhlenbeck_integrating_factor",
        source=f"{OKSENDAL}, Exercise 5.7 (mean-reverting Ornstein-Uhlenbeck process)",
        sde=reverting,
        f=exp(kappa * t) * z,
        drift=kappa * theta * exp(kappa * t),
        martingale=sigma * exp(kappa * t) * beta.d,
        wrong={
            "∂f/∂t forgotten": kappa * (theta - z) * exp(kappa * t),
            "κ lost": theta * exp(kappa * t),
        },
        wrong_martingale={"e^{κt} lost": sigma * beta.d},
    ),
    Case(
        id="ornstein_uhlenbeck_square",
        source="worked out by hand: 2z·κ(θ−z) + σ²",
        sde=reverting,
        f=z**2,
        drift=2 * kappa * z * (theta - z) + sigma**2,
        martingale=2 * sigma * z * beta.d,
        wrong={
            "no Itô term": 2 * kappa * z * (theta - z),
            "½σ²": 2 * kappa * z * (theta - z) + sigma**2 / 2,
        },
    ),
    Case(
        id="ornstein_uhlenbeck_time_dependent",
        source="worked out by hand: rate a(t) and volatility s(t) are left unspecified",
        sde=moving_rate,
        f=z**2,
        drift=s_t**2 - 2 * a_t * z**2,
        martingale=2 * s_t * z * beta.d,
        wrong={"s for s²": s_t - 2 * a_t * z**2, "no Itô term": -2 * a_t * z**2},
        sizes=(),
    ),
    Case(
        id="ornstein_uhlenbeck_time_dependent_factor",
        source="worked out by hand: ∂/∂t of a(t) enters",
        sde=moving_rate,
        f=a_t * z,
        drift=(a_t.diff(t) - a_t**2) * z,
        martingale=a_t * s_t * beta.d,
        wrong={"ȧ forgotten": -(a_t**2) * z, "ȧ twice": (2 * a_t.diff(t) - a_t**2) * z},
        sizes=(),
    ),
    Case(
        id="brownian_bridge",
        source=f"{OKSENDAL}, Exercise 5.11 (Brownian bridge)",
        sde=bridge,
        f=(z - c) / (1 - t),
        drift=0,
        martingale=beta.d / (1 - t),
        wrong={"∂f/∂t forgotten": -(z - c) / (1 - t) ** 2},
        wrong_martingale={"1 − t lost": beta.d},
    ),
)

# --------------------------------------------------------------------------- Bessel processes
r = State("r", positive=True)
bessel = MatrixSDE({r: (nu - 1) / (2 * r) * dt + beta.d})

BESSEL = (
    Case(
        id="bessel_log",
        source="worked out by hand: (ν−1)/(2r²) − 1/(2r²); a local martingale for ν = 2",
        sde=bessel,
        f=log(r),
        drift=(nu - 2) / (2 * r**2),
        martingale=beta.d / r,
        wrong={"no Itô term": (nu - 1) / (2 * r**2), "Itô term not halved": (nu - 3) / (2 * r**2)},
    ),
    Case(
        id="bessel_square",
        source=f"{REVUZ_YOR}, Ch. XI, Definition 1.1: dZ = 2√Z dβ + δ dt",
        sde=bessel,
        f=r**2,
        drift=nu,
        martingale=2 * r * beta.d,
        wrong={"ν − 1": nu - 1, "2ν": 2 * nu},
        wrong_martingale={"2√r": 2 * sqrt(r) * beta.d},
    ),
    Case(
        id="bessel_scale_function",
        source=f"{REVUZ_YOR}, Ch. XI §1: the scale function of BES(ν) is −r^{{2−ν}} for ν > 2",
        sde=bessel,
        f=r ** (2 - nu),
        drift=0,
        martingale=(2 - nu) * r ** (1 - nu) * beta.d,
        wrong={"no Itô term": (2 - nu) * (nu - 1) / 2 * r ** (-nu)},
        values={nu: 5},
    ),
    Case(
        id="squared_bessel_root",
        source=f"{REVUZ_YOR}, Ch. XI §1: the root of BESQ(δ) is BES(δ)",
        sde=MatrixSDE({r: nu * dt + 2 * sqrt(r) * beta.d}),
        f=sqrt(r),
        drift=(nu - 1) / (2 * sqrt(r)),
        martingale=beta.d,
        wrong={"ν": nu / (2 * sqrt(r)), "(ν−1)/√r": (nu - 1) / sqrt(r)},
        wrong_martingale={"2": 2 * beta.d},
    ),
)

# --------------------------------------------------------------------- Cox-Ingersoll-Ross, Heston
cir = MatrixSDE({r: kappa * (theta - r) * dt + sigma * sqrt(r) * beta.d})
CIR = (
    "J. C. Cox, J. E. Ingersoll, S. A. Ross, Econometrica 53 (1985), eq. (17): "
    "dr = κ(θ−r)dt + σ√r dz"
)
price, variance = State("S", positive=True), State("v", positive=True)
heston = MatrixSDE(
    {
        price: mu * price * dt + sqrt(variance) * price * beta1.d,
        variance: kappa * (theta - variance) * dt + sigma * sqrt(variance) * beta2.d,
    },
    correlation={(beta1, beta2): rho},
)
HESTON = "S. L. Heston, Review of Financial Studies 6 (1993), eqs. (1)-(4); transformed by hand"

SQUARE_ROOTS = (
    Case(
        id="cir_root",
        source=f"{CIR}; by hand: κ(θ−r)/(2√r) − σ²/(8√r)",
        sde=cir,
        f=sqrt(r),
        drift=(4 * kappa * theta - sigma**2) / (8 * sqrt(r)) - kappa * sqrt(r) / 2,
        martingale=sigma / 2 * beta.d,
        wrong={
            "no Itô term": kappa * theta / (2 * sqrt(r)) - kappa * sqrt(r) / 2,
            "σ²/4": (2 * kappa * theta - sigma**2 / 2) / (4 * sqrt(r))
            - kappa * sqrt(r) / 2
            - sigma**2 / (8 * sqrt(r)),
        },
        wrong_martingale={"½ lost": sigma * beta.d, "√r left": sigma * sqrt(r) / 2 * beta.d},
    ),
    Case(
        id="cir_log",
        source=f"{CIR}; by hand: (κθ − ½σ²)/r − κ",
        sde=cir,
        f=log(r),
        drift=(kappa * theta - sigma**2 / 2) / r - kappa,
        martingale=sigma / sqrt(r) * beta.d,
        wrong={
            "Feller's condition misread": (kappa * theta - sigma**2) / r - kappa,
            "no Itô term": kappa * theta / r - kappa,
        },
        wrong_martingale={"1/r": sigma / r * beta.d},
    ),
    Case(
        id="heston_log_price",
        source=HESTON,
        sde=heston,
        f=log(price),
        drift=mu - variance / 2,
        martingale=sqrt(variance) * beta1.d,
        wrong={"μ": mu, "√v": mu - sqrt(variance) / 2},
        values={rho: Rational(1, 4)},
    ),
    Case(
        id="heston_price_times_variance",
        source=f"{HESTON}: d(Sv) = S dv + v dS + ρσvS dt",
        sde=heston,
        f=price * variance,
        drift=price * (mu * variance + kappa * (theta - variance) + rho * sigma * variance),
        martingale=variance * sqrt(variance) * price * beta1.d
        + sigma * price * sqrt(variance) * beta2.d,
        wrong={
            "correlation lost": price * (mu * variance + kappa * (theta - variance)),
            "√v in the cross term": price
            * (mu * variance + kappa * (theta - variance) + rho * sigma * sqrt(variance)),
        },
        values={rho: Rational(1, 4)},
    ),
    Covariation(
        id="heston_leverage",
        source=HESTON,
        sde=heston,
        f=log(price),
        g=variance,
        rate=rho * sigma * variance,
        wrong={"√v": rho * sigma * sqrt(variance), "ρ lost": sigma * variance},
    ),
)

CASES = (*GEOMETRIC, *PRODUCTS, *ORNSTEIN_UHLENBECK, *BESSEL, *SQUARE_ROOTS)
