"""Binary labels, each flipped with probability ρ: the law on paths, and all flips of two labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from sympy import Integer, Lt, MatAdd, Mul, sqrt

from derivations import (
    INITIAL,
    Assumption,
    Brownian,
    BrownianFamily,
    DifferentialClaim,
    Family,
    IdentityClaim,
    Mutant,
    Parameter,
    PathCheck,
    dt,
    logdet,
    real,
    t,
    total,
    tr,
)

from ._classification import BINARY, DRAWS, NO_TIME, OWN, SOURCE, i, rho, sigmoid, x
from ._network import W1, eta, l, n, p

__all__ = ["flip_draws", "label_flips"]

BELOW_ONE = Assumption(text="the probability ρ of a flip is below 1", condition=Lt(rho, 1))


def label_flips() -> DifferentialClaim:
    """One logistic output, labels flipped at every step."""
    y, q = Family("y"), Family("q", process=True)
    beta = BrownianFamily("beta")
    mean = (1 - 2 * rho) * y[i] + rho
    drift = total((mean - q[i]) * x[i], i) / n
    noise = sqrt(eta * rho * (1 - rho)) / n * total(beta[i].d * x[i], i)
    squares = total(tr(x[i].T * x[i]), i) / n**2

    def stated(variance: Any) -> dict[str, Any]:
        """The rate of a variance of one label, as every tier reads it."""
        return {"drift": -2 * eta * variance * squares, "path": _flipped_path(variance)}

    variance = rho * (1 - rho)
    return DifferentialClaim(
        id="classification_determinant.label_flips",
        title="labels in {0, 1} flipped with probability ρ: rate 2ηρ(1−ρ)|X|²/n²",
        source=SOURCE,
        statement="One logistic output; R has the mean label (1−2ρ)y + ρ, and det M falls "
        "at a constant rate on every path, whatever is predicted.",
        sde=BINARY.sde(drift * dt + noise),
        observable=logdet(BINARY.M),
        **stated(variance),
        assumptions=(BINARY.rank, BINARY.width, BELOW_ONE),
        where=BINARY.where,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes=stated(variance / 2)),
            Mutant(
                name="uncentred",
                mistake="ρ for ρ(1−ρ): spread about the given label, not about the mean",
                changes=stated(rho),
            ),
            Mutant(
                name="deviation",
                mistake="the standard deviation for the variance",
                changes=stated(sqrt(variance)),
            ),
            Mutant(
                name="signs",
                mistake="labels ±1 for labels 0 and 1: 4ρ(1−ρ)",
                changes=stated(4 * variance),
            ),
            Mutant(name="missing_ito", mistake="no Itô term", changes=stated(0 * rho)),
        ),
        inapplicable={"algorithm": DRAWS},
    )


def _flipped_path(variance: Any) -> PathCheck:
    """The logistic network on three samples, its predictions written out."""
    samples = [Parameter(f"x{a}", p, 1) for a in (1, 2, 3)]
    labels = [real(f"y{a}") for a in (1, 2, 3)]
    betas = [Brownian(f"beta{a}") for a in (1, 2, 3)]
    scale = sqrt(eta * rho * (1 - rho)) / 3
    terms = []
    for s, y, beta in zip(samples, labels, betas, strict=True):
        predicted = sigmoid(tr(BINARY.W2.T * W1.T * s))
        terms += [((1 - 2 * rho) * y + rho - predicted) / 3 * dt * s, scale * beta.d * s]
    rate = -2 * eta * variance * sum(tr(s.T * s) for s in samples) / 9
    return PathCheck(
        sde=BINARY.sde(MatAdd(*terms)),
        observable=logdet(BINARY.M),
        law=INITIAL + rate * t,
        horizon="3/4",
        sizes={p: 2, l: 5},
        values={eta: "3/4", rho: "1/4", labels[0]: 0, labels[1]: 1, labels[2]: 1},
    )


def flip_draws() -> IdentityClaim:
    """The mean square of the residual over all flips of two labels."""
    samples = [Parameter(f"x{a}", p, 1) for a in (1, 2)]
    predicted = [real(f"q{a}") for a in (1, 2)]
    given = (0, 1)

    def residual(labels: Sequence[Any]) -> Any:
        parts = zip(samples, labels, predicted, strict=True)
        return MatAdd(*((y - q) * s for s, y, q in parts)) / 2

    left: Any = Integer(0)
    for flips in product((0, 1), repeat=2):
        chance = Mul(*(rho if f else 1 - rho for f in flips))
        G = residual([y ^ f for y, f in zip(given, flips, strict=True)])
        left += chance * tr(G.T * G)
    mean = residual([(1 - 2 * rho) * y + rho for y in given])
    noise = rho * (1 - rho) * sum(tr(s.T * s) for s in samples) / 4
    return IdentityClaim(
        id="classification_determinant.flip_draws",
        title="E|G|² = |R|² + ρ(1−ρ)|X|²/n² over all flips of the labels",
        source=OWN,
        statement="Summed over the four ways to flip two labels, one of each class.  A step "
        "multiplies det M by det(I − η²G'G)², so log det M falls by 2η²E|G|² to second order.",
        left=left,
        right=tr(mean.T * mean) + noise,
        mutants=(
            Mutant(
                name="uncentred",
                mistake="ρ for ρ(1−ρ)",
                changes={"right": tr(mean.T * mean) + noise / (1 - rho)},
            ),
            Mutant(name="mean", mistake="|R|² forgotten", changes={"right": noise}),
            Mutant(
                name="given",
                mistake="R with the given labels for R with their means",
                changes={"right": tr(residual(given).T * residual(given)) + noise},
            ),
        ),
        inapplicable=NO_TIME,
    )
