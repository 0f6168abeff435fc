"""Classes drawn anew: the mean over every draw, and the variance of a drawn code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from sympy import Integer, MatAdd

from derivations import Family, IdentityClaim, Mutant, Parameter, index, positive, total, tr

from ._classification import CLASSES, NO_TIME, OWN, column, one_hot
from ._network import k, p

__all__ = ["label_draws", "label_variance"]


def label_draws() -> IdentityClaim:
    """The mean square of the residual over all classes of two samples."""
    samples = [Parameter(f"x{a}", p, 1) for a in (1, 2)]
    weights = [[positive(f"w{a}{c + 1}") for c in CLASSES] for a in (1, 2)]
    chances = [[w / sum(row) for w in row] for row in weights]
    predicted = [Parameter(f"q{a}", len(CLASSES), 1) for a in (1, 2)]

    def residual(labels: Sequence[Any]) -> Any:
        parts = zip(samples, labels, predicted, strict=True)
        return MatAdd(*(s * (y - q).T for s, y, q in parts)) / 2

    left: Any = Integer(0)
    for first, second in product(CLASSES, repeat=2):
        G = residual([one_hot(first), one_hot(second)])
        left += chances[0][first] * chances[1][second] * tr(G.T * G)
    mean = residual([column(row) for row in chances])
    spreads = [
        tr(s.T * s) * (1 - sum(q**2 for q in row)) for s, row in zip(samples, chances, strict=True)
    ]
    right = tr(mean.T * mean) + sum(spreads) / 4
    return IdentityClaim(
        id="classification_determinant.label_draws",
        title="E|G|² = |R|² + (1/n²) Σ_i |x_i|²(1 − |π_i|²) over all classes drawn",
        source=OWN,
        statement="Summed over the nine ways to draw the classes of two samples from π_i, with "
        "any predictions q_i.",
        left=left,
        right=right,
        mutants=(
            Mutant(
                name="uncentred",
                mistake="|π|² forgotten",
                changes={"right": tr(mean.T * mean) + sum(tr(s.T * s) for s in samples) / 4},
            ),
            Mutant(
                name="mean",
                mistake="|R|² forgotten",
                changes={"right": sum(spreads) / 4},
            ),
            Mutant(
                name="mean_loss",
                mistake="1/n for 1/n²",
                changes={"right": right + sum(spreads) / 4},
            ),
        ),
        inapplicable=NO_TIME,
    )


def label_variance() -> IdentityClaim:
    """The variance of a drawn code, for any number of classes."""
    c = index("c", k)
    w, e = Family("w"), Family("e", p)
    mass, mean = total(w[c], c), total(w[c] * e[c], c)
    gap = mass * e[c] - mean
    spread = total(w[c] * tr(gap.T * gap), c)
    square = tr(mean.T * mean)
    return IdentityClaim(
        id="classification_determinant.label_variance",
        title="Σ_c π_c|e_c − Σ_d π_d e_d|² + |Σ_c π_c e_c|² = Σ_c π_c|e_c|²",
        source=OWN,
        statement="π_c = w_c/Σw, both sides times (Σw)³; any number of classes and any codes; "
        "for one-hot codes the variance is 1 − |π|².",
        left=spread + mass * square,
        right=mass**2 * total(w[c] * tr(e[c].T * e[c]), c),
        mutants=(
            Mutant(
                name="mass",
                mistake="Σw forgotten beside |Σ w e|²",
                changes={"left": spread + square},
            ),
            Mutant(
                name="sign",
                mistake="the mean's square taken off",
                changes={"left": spread - mass * square},
            ),
        ),
        inapplicable=NO_TIME,
    )
