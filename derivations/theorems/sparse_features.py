"""Measures of sparse features: what they do not depend on (Andriushchenko et al. 2023).

`numerics.features` measures the effective rank, the part of independent neurons and the similarity
of activations.  Similarity is the correlation over the samples, of which the covariance
n² cov(u, v) = nΣuv − ΣuΣv needs no mean.
"""

from derivations import (
    Family,
    IdentityClaim,
    Mutant,
    Parameter,
    Theorem,
    dims,
    index,
    real,
    total,
    tr,
)

PAPER = (
    "Andriushchenko, Varre, Pillaud-Vivien, Flammarion: SGD with Large Step Sizes Learns Sparse "
    "Features, ICML 2023"
)
NO_TIME = {"path": "an identity has no paths", "algorithm": "an identity; nothing is trained"}
n, m, p = dims("n m p")
i = index("i", n)
u, v = Family("u"), Family("v")
A, W = Parameter("A", n, p), Parameter("W", p, m)
FEATURES = A * W
"""What a layer W gives on samples A."""
GRAMS = A.T * A * W * W.T


def theorem() -> Theorem:
    """Correlations without a mean, their invariance, and the spectrum behind the effective rank."""
    return Theorem(
        id="sparse_features",
        title="What measures of sparse features do not depend on",
        source=f"{PAPER}; identities as derived here",
        claims=(_invariance(), _spectrum(), _squares(), _map()),
    )


def _invariance() -> IdentityClaim:
    a, b = real("a"), real("b")
    moved = a * u[i] + b
    sums = total(u[i], i) * total(v[i], i)
    products = n * total(u[i] * v[i], i)
    # Each side has the sums of the other: cov(au + b, v) = a cov(u, v) is 0 for one sample.
    right = a * products + total(moved, i) * total(v[i], i)
    return IdentityClaim(
        id="sparse_features",
        title="similarity is that of a scaled and shifted neuron: cov(au + b, v) = a cov(u, v)",
        source=f"as derived here, for the similarity of {PAPER}",
        statement="With n² cov(u, v) = nΣuv − ΣuΣv.  So the square of the correlation does not "
        "change under a rescaling of neurons, which leaves a ReLU network's function alone, nor "
        "under a shift: the groups of neurons that count as one are a property of the function.",
        left=n * total(moved * v[i], i) + a * sums,
        right=right,
        mutants=(
            Mutant(
                name="square",
                mistake="a² for a",
                changes={"right": right + (a**2 - a) * products},
            ),
            Mutant(
                name="uncentred",
                mistake="cosine for correlation: the mean is not taken off",
                changes={"right": a * products + a * sums},
            ),
            Mutant(
                name="samples",
                mistake="n forgotten before Σuv",
                changes={"right": right + (1 - n) * a * total(u[i] * v[i], i)},
            ),
            Mutant(name="factor_two", mistake="2a", changes={"right": right + a * products}),
            Mutant(name="sign", mistake="−a", changes={"right": right - 2 * a * products}),
        ),
        inapplicable=NO_TIME,
    )


def _spectrum() -> IdentityClaim:
    square = tr(FEATURES.T * FEATURES)
    return IdentityClaim(
        id="sparse_features.spectrum",
        title="the first power sum of the spectrum of features: tr (AW)'(AW) = tr A'A WW'",
        source="as derived here",
        statement="The sum of the squares of the singular values of features AW; rank AW ≤ "
        "min(rank A, rank W).  All of the spectrum: the claim .intertwining.",
        left=square,
        right=tr(A.T * A * W * W.T),
        mutants=(
            Mutant(
                name="other",
                mistake="|A|²|W|²",
                changes={"right": tr(A.T * A) * tr(W * W.T)},
            ),
            Mutant(name="half", mistake="½", changes={"right": square / 2}),
            Mutant(
                name="exponent",
                mistake="(A'A)² for A'A",
                changes={"right": tr(A.T * A * A.T * A * W * W.T)},
            ),
        ),
        inapplicable=NO_TIME,
    )


def _squares() -> IdentityClaim:
    gram = FEATURES.T * FEATURES
    left = tr(gram * gram)
    return IdentityClaim(
        id="sparse_features.second_power_sum",
        title="the second power sum: tr ((AW)'AW)² = tr (A'A WW')²",
        source="as derived here",
        statement="The sum of the fourth powers of the singular values; with the first it gives "
        "their participation ratio, a rank that counts as effective rank does.",
        left=left,
        right=tr(GRAMS * GRAMS),
        mutants=(
            Mutant(
                name="order",
                mistake="(A'A)²(WW')²: the two factors commute",
                changes={"right": tr(A.T * A * A.T * A * W * W.T * W * W.T)},
            ),
            Mutant(
                name="factors",
                mistake="tr (A'A)² tr (WW')²: the trace of a product taken factor by factor",
                changes={"right": tr(A.T * A * A.T * A) * tr(W * W.T * W * W.T)},
            ),
            Mutant(name="half", mistake="½", changes={"right": left / 2}),
        ),
        inapplicable=NO_TIME,
    )


def _map() -> IdentityClaim:
    through = W.T * A.T * A
    return IdentityClaim(
        id="sparse_features.intertwining",
        title="the spectrum of features AW is that of (A'A)WW': W (AW)'AW = WW'A'A W",
        source="as derived here",
        statement="W takes an eigenvector of (AW)'AW with an eigenvalue other than 0 to one of "
        "WW'A'A, and W'A'A takes it back: the eigenvalues other than 0 are the same, with their "
        "multiplicities.  WW'A'A and A'AWW' are transposes.  Effective rank takes the entropy of "
        "their roots, the singular values of AW.",
        left=W * FEATURES.T * FEATURES,
        right=W * through * W,
        mutants=(
            Mutant(
                name="order",
                mistake="A'A WW' W: the transposed product",
                changes={"right": A.T * A * W * W.T * W},
            ),
            Mutant(name="lost", mistake="A'A W: WW' lost", changes={"right": A.T * A * W}),
            Mutant(name="half", mistake="½", changes={"right": W * through * W / 2}),
        ),
        inapplicable=NO_TIME,
    )
