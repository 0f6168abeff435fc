"""One layer's data gradient on a batch has the rank of the batch at most (as derived here).

Let a network depend on the matrix W of one layer through W x_i alone, x_i the layer's input for
sample i, and let J_i be the Jacobian of the network's output in W x_i.  Between the kinks of its
ReLUs the output moves by J_i dW x_i, so that the loss moves by tr(G' dW) dt with

    G = Σ_i J_i' e_i x_i',    e_i the gradient of the loss of sample i in the output:

one term of rank one for each sample.  A skip connection adds nothing in which W stands.  A filter
that is applied at ``reuse`` output positions to as many patches of its input gives one term for
each of them.  So rank G ≤ batch·reuse, and ≤ min(d_out, d_in) as for any matrix of its shape.

A rank is no observable: it is stated here as a projector.  G = E'A with the s = batch·reuse inputs
as the rows of A obeys G Π = G, Π = A'(AA')⁻¹A of trace s, so that rank G ≤ rank Π = s.  For rows
that are dependent, or more of them than columns, the rank is smaller still.  Ranks themselves are
calculated modulo a prime in the experiment gradient-rank.
"""

from typing import Any

from sympy import sqrt

from derivations import (
    Assumption,
    DifferentialClaim,
    Family,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    Process,
    State,
    Theorem,
    dims,
    dt,
    full_row_rank,
    index,
    total,
    tr,
)

SOURCE = "Galanti, Xu, Poggio et al. (seed 002), as derived here"
NO_PATHS = {
    "path": "the other layers are any processes here; ranks of whole networks: experiment "
    "gradient-rank",
    "algorithm": "any network: there is no det M here",
}
d, c, k, b, s = dims("d c k b s")
H = Process("H", d, c)
"""Any direction in which the layer moves: dW = H dt."""


def theorem() -> Theorem:
    """The gradient as a sum over the batch, over positions; the projector, and its trace."""
    return Theorem(
        id="batch_gradient_rank",
        title="The data gradient of a layer on a batch has rank batch·reuse at most",
        source=SOURCE,
        claims=(_fully_connected(), _residual(), _convolution(), _span(), _trace()),
    )


def _along(G: Any, direction: Any) -> Any:
    """The derivative along a direction: tr(G'H)."""
    return tr(G.T * direction)


def _fully_connected() -> DifferentialClaim:
    W, i = State("W", d, c), index("i", b)
    x, y, f = Family("x", c)[i], Family("y", k)[i], Family("f", k)[i]
    J = Family("J", k, d)[i]
    e = f + J * W * x - y
    G = total(J.T * e * x.T, i) / b
    mean = total(J.T * e, i) * total(x, i).T / b**2
    return DifferentialClaim(
        id="batch_gradient_rank",
        title="a fully connected layer: G = 1/b Σ_i J_i'e_i x_i', one term for each sample",
        source=SOURCE,
        statement="Square loss 1/(2b) Σ_i|e_i|², e_i = f_i + J_iWx_i − y_i, f_i and J_i whatever "
        "the pattern of the ReLUs and the other layers make them.",
        sde=MatrixSDE({W: H * dt}),
        observable=total(tr(e.T * e), i) / (2 * b),
        drift=_along(G, H),
        mutants=(
            Mutant(
                name="rank_one",
                mistake="mean error times mean input: rank one for any batch",
                changes={"drift": _along(mean, H)},
            ),
            Mutant(name="factor_two", mistake="2 for 1", changes={"drift": 2 * _along(G, H)}),
            Mutant(name="sign", mistake="−G for G", changes={"drift": -_along(G, H)}),
            Mutant(name="batch", mistake="1/b forgotten", changes={"drift": b * _along(G, H)}),
            Mutant(name="exponent", mistake="1/b² for 1/b", changes={"drift": _along(G, H) / b}),
            Mutant(
                name="square",
                mistake="the gradient of Σ|e_i|: e_i/|e_i| for e_i",
                changes={"drift": total(tr(H.T * J.T * e * x.T) / sqrt(tr(e.T * e)), i) / b},
            ),
        ),
        inapplicable=NO_PATHS,
    )


def _residual() -> DifferentialClaim:
    W, i, H0 = State("W", c, c), index("i", b), Process("H", c, c)
    x, y, J = Family("x", c)[i], Family("y", k)[i], Family("J", k, c)[i]
    e = J * (x + W * x) - y
    G = total(J.T * e * x.T, i) / b
    return DifferentialClaim(
        id="batch_gradient_rank.residual",
        title="a residual layer x + Wx: the skip connection adds no term",
        source=SOURCE,
        statement="G = 1/b Σ_i J_i'e_i x_i' with e_i = J_i(x_i + Wx_i) − y_i: the errors change, "
        "and not the number of terms.",
        sde=MatrixSDE({W: H0 * dt}),
        observable=total(tr(e.T * e), i) / (2 * b),
        drift=_along(G, H0),
        mutants=(
            Mutant(
                name="skip",
                mistake="the skip moves with W: J_i'e_i on top",
                changes={"drift": _along(G, H0) + tr(H0) * total(tr(e.T * e), i) / b},
            ),
            Mutant(
                name="forgotten",
                mistake="the errors without the skip",
                changes={
                    "drift": _along(total(J.T * (J * W * x - y) * x.T, i) / b, H0),
                },
            ),
        ),
        inapplicable=NO_PATHS,
    )


def _convolution() -> DifferentialClaim:
    W, a = State("W", d, c), index("a", s)
    patch, J, y = Family("u", c)[a], Family("J", k, d)[a], Parameter("y", k, 1)
    e = total(J * W * patch, a) - y
    G = total(J.T * e * patch.T, a)
    alone = total(J.T * (J * W * patch - y) * patch.T, a)
    return DifferentialClaim(
        id="batch_gradient_rank.convolution",
        title="a convolution: one term J_a'e u_a' for each of the s output positions",
        source=SOURCE,
        statement="One sample, filters W applied to the patches u_a at s positions and summed by "
        "what follows: square loss ½|e|², e = Σ_a J_aWu_a − y.  A batch adds b such sums.",
        sde=MatrixSDE({W: H * dt}),
        observable=tr(e.T * e) / 2,
        drift=_along(G, H),
        mutants=(
            Mutant(
                name="one_position",
                mistake="positions as if they were samples of a loss of their own",
                changes={"drift": _along(alone, H)},
            ),
            Mutant(
                name="pooled",
                mistake="the patches averaged: one term for a sample",
                changes={
                    "drift": _along(total(J.T, a) * e * total(patch, a).T / s, H),
                },
            ),
            Mutant(name="factor_two", mistake="2 for 1", changes={"drift": 2 * _along(G, H)}),
        ),
        inapplicable=NO_PATHS,
    )


A = Parameter("A", s, c)
SPAN = A.T * (A * A.T).I * A
INDEPENDENT = Assumption(
    text="the s = batch·reuse inputs are independent (else the rank is smaller)",
    condition=full_row_rank(A),
)


def _span() -> IdentityClaim:
    E = Parameter("E", s, d)
    G = E.T * A
    return IdentityClaim(
        id="batch_gradient_rank.span",
        title="G Π = G: the rows of the gradient lie in the span of the s inputs",
        source=SOURCE,
        statement="G = E'A for any errors E (s×d) and inputs A (s×c), Π = A'(AA')⁻¹A.",
        left=G * SPAN,
        right=G,
        assumptions=(INDEPENDENT,),
        where={"Pi": SPAN},
        mutants=(
            Mutant(
                name="complement",
                mistake="the rows orthogonal to the inputs",
                changes={"right": G - G * SPAN},
            ),
            Mutant(name="factor_two", mistake="2 for 1", changes={"right": 2 * G}),
            Mutant(
                name="unscaled",
                mistake="A'A for the projector",
                changes={"left": G * A.T * A},
            ),
            Mutant(
                name="exponent",
                mistake="(AA')⁻² for (AA')⁻¹",
                changes={"left": G * A.T * (A * A.T).I * (A * A.T).I * A},
            ),
        ),
        inapplicable=NO_PATHS,
    )


def _trace() -> IdentityClaim:
    return IdentityClaim(
        id="batch_gradient_rank.trace",
        title="tr Π = s: the span has dimension batch·reuse",
        source=SOURCE,
        statement="A projector's trace is its rank; Π² = Π and Π' = Π by its form.",
        left=tr(SPAN),
        right=s,
        assumptions=(INDEPENDENT,),
        where={"Pi": SPAN},
        mutants=(
            Mutant(name="columns", mistake="the width c for s", changes={"right": c}),
            Mutant(name="one_more", mistake="s + 1 (a bias counted)", changes={"right": s + 1}),
        ),
        inapplicable=NO_PATHS,
    )
