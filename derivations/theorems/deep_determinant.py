"""Depth L: every pair of adjacent layers has a determinant law (RD rebuttal, as derived here).

With G the (noisy) residual, A_j the product of the layers before W_j and B_j of those behind
W_{j+1}, every gradient method moves the stack Θ_j = [W_j; W_{j+1}'] by S(G_j)Θ_j, G_j = A_j'GB_j'.
A step of the algorithm evaluates all products at the current weights, so it is the Euler step of
the Itô equation dΘ_j = S(A_j' dG B_j')Θ_j, in which all layers share one noise: A_j and B_j move
too, and no further Itô term arises, because they stand in front of the noise and not inside Θ_j.

log det Θ_jΘ_j' needs d_j ≥ d_{j−1} + d_{j+1}.  For neighbouring j the two conditions add up to
0 ≥ d_{j−1} + d_{j+2}: no network has both, and the claim that assumes both is refused.
"""

from __future__ import annotations

from typing import Any

from sympy import Identity, sqrt

from derivations import (
    INITIAL,
    Assumption,
    Brownian,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    Process,
    S,
    State,
    Theorem,
    det,
    dt,
    full_row_rank,
    logdet,
    stack,
    t,
    tr,
)

from ._deep import FOUR, THREE, W1, W2, W3, W4, C, X, d, mistakes, moved, noisy, pair, rank, width
from ._network import PAPER, delta, eta, n

SOURCE = f"{PAPER}, authors' rebuttal; constants as derived here"
OWN = "as derived here"

NO_RUN = "the training runs are of the two-layer network"
VARIES = {"path": "the rate depends on the path", "algorithm": NO_RUN}
ANY_PROCESS = {
    "path": "R is any process here; paths: deep_determinant.gradient_flow",
    "algorithm": NO_RUN,
}


def theorem() -> Theorem:
    """Any pair of layers; depth three and four with all layers moving; one discrete step."""
    return Theorem(
        id="deep_determinant",
        title="In a deep linear network every wide enough pair of layers has a determinant law",
        source=SOURCE,
        claims=(
            _any_pair(),
            _gradient_flow(),
            _first_pair(),
            _second_pair(),
            _middle_pair(),
            _label_noise(),
            _layers(),
            _step(),
            _step_factor(),
            _neighbours(),
            _widths(),
        ),
    )


# The laws.


def _any_pair() -> DifferentialClaim:
    A, B = Process("A", d[0], d[1]), Process("B", d[3], d[4])
    W, V = State("W", d[1], d[2]), State("V", d[2], d[3])
    R = Process("R", d[0], d[4])
    dG = A.T * (R * dt + Brownian("Z", d[0], d[4], row_covariance=C).d) * B.T
    theta = stack(W, V.T)
    full = Assumption(text="Θ has full row rank d1 + d3", condition=full_row_rank(theta))
    rate = -2 * tr(A.T * C * A) * tr(B * B.T)
    return DifferentialClaim(
        id="deep_determinant",
        title="d log det ΘΘ' = −2 tr(A'CA)|B|² dt for adjacent layers of any network",
        source=SOURCE,
        statement="Θ = [W; V'], A and B the products before and behind, any adapted processes; "
        "under gradient flow (C = 0) nothing remains.",
        sde=MatrixSDE({W: dG * V.T, V: W.T * dG}, assuming=[full.condition]),
        observable=logdet(theta * theta.T),
        drift=rate,
        assumptions=(full, width(2)),
        where={"Theta": theta},
        mutants=mistakes(
            rate,
            before=("A forgotten: tr(C)|B|²", -2 * tr(C) * tr(B * B.T)),
            behind=("B forgotten: tr(A'CA) times the outputs", -2 * d[4] * tr(A.T * C * A)),
        ),
        inapplicable=ANY_PROCESS,
    )


def _gradient_flow() -> DifferentialClaim:
    Y = Parameter("Y", n, d[3])
    R = X.T * (Y - X * W1 * W2 * W3) / n
    theta = pair(THREE, 1)
    full = rank(theta, 1)
    sde = MatrixSDE(moved(THREE, R * dt), assuming=[full.condition])

    def stated(rate: Any) -> dict[str, Any]:
        """One rate, as every tier reads it."""
        path = PathCheck(
            sde=sde,
            observable=logdet(theta * theta.T),
            law=INITIAL + rate * t,
            horizon=1,
            sizes={d[0]: 2, d[1]: 5, d[2]: 2, d[3]: 1, n: 6},
        )
        return {"drift": rate, "path": path}

    return DifferentialClaim(
        id="deep_determinant.gradient_flow",
        title="depth three, square loss: gradient flow conserves det Θ₁Θ₁'",
        source=SOURCE,
        statement="All layers move; det Θ₁Θ₁' keeps its value.",
        sde=sde,
        observable=logdet(theta * theta.T),
        **stated(0 * n),
        assumptions=(full, width(1)),
        where={"Theta1": theta},
        mutants=(
            Mutant(name="leak", mistake="a slow leak", changes=stated(-d[3] / 2)),
            Mutant(
                name="residual",
                mistake="2 tr(R'W1W2W3) for 0",
                changes={"drift": 2 * tr(R.T * W1 * W2 * W3)},
            ),
        ),
        inapplicable={"algorithm": NO_RUN},
    )


def _law(
    *, name: str, title: str, layers: Any, j: int, rate: Any, mutants: tuple[Mutant, ...]
) -> DifferentialClaim:
    theta = pair(layers, j)
    full = rank(theta, j)
    return DifferentialClaim(
        id=f"deep_determinant.{name}",
        title=title,
        source=SOURCE,
        statement="All layers move at once with one noise; the products before and behind move "
        "too and add no Itô term.",
        sde=MatrixSDE(moved(layers, noisy(layers)), assuming=[full.condition]),
        observable=logdet(theta * theta.T),
        drift=rate,
        assumptions=(full, width(j)),
        where={f"Theta{j}": theta},
        mutants=mutants,
        inapplicable=ANY_PROCESS,
    )


def _first_pair() -> DifferentialClaim:
    rate = -2 * tr(C) * tr(W3 * W3.T)
    return _law(
        name="first_pair",
        title="depth three, Θ₁ = [W1; W2']: rate 2 tr(C)|W3|²",
        layers=THREE,
        j=1,
        rate=rate,
        mutants=mistakes(
            rate,
            two_layers=("the rate 2k tr(C) of two layers", -2 * d[3] * tr(C)),
            wrong_layer=("W2 for W3", -2 * tr(C) * tr(W2 * W2.T)),
            further_ito=("an Itô term of the moving W3 added", rate - tr(C) * tr(W3 * W3.T)),
        ),
    )


def _second_pair() -> DifferentialClaim:
    rate = -2 * d[3] * tr(W1.T * C * W1)
    return _law(
        name="second_pair",
        title="depth three, Θ₂ = [W2; W3']: rate 2 d₃ tr(W1'CW1)",
        layers=THREE,
        j=2,
        rate=rate,
        mutants=mistakes(
            rate,
            two_layers=("the rate 2k tr(C) of two layers", -2 * d[3] * tr(C)),
            width=("d₁ for d₃", -2 * d[1] * tr(W1.T * C * W1)),
            norm=("tr(C)|W1|² for tr(W1'CW1)", -2 * d[3] * tr(C) * tr(W1.T * W1)),
        ),
    )


def _middle_pair() -> DifferentialClaim:
    rate = -2 * tr(W1.T * C * W1) * tr(W4 * W4.T)
    return _law(
        name="middle_pair",
        title="depth four, Θ₂ = [W2; W3']: rate 2 tr(W1'CW1)|W4|²",
        layers=FOUR,
        j=2,
        rate=rate,
        mutants=mistakes(
            rate,
            behind=("W4 forgotten: times the outputs", -2 * d[4] * tr(W1.T * C * W1)),
            before=("W1 forgotten", -2 * tr(C) * tr(W4 * W4.T)),
            wrong_layer=("W3 for W4", -2 * tr(W1.T * C * W1) * tr(W3 * W3.T)),
        ),
    )


def _label_noise() -> DifferentialClaim:
    Y = Parameter("Y", n, d[3])
    R = X.T * (Y - X * W1 * W2 * W3) / n
    dG = R * dt + sqrt(eta * delta) / n * X.T * Brownian("B", n, d[3]).d
    theta = pair(THREE, 2)
    full = rank(theta, 2)
    rate = -2 * eta * delta * d[3] * tr(W1.T * X.T * X * W1) / n**2
    return DifferentialClaim(
        id="deep_determinant.label_noise",
        title="depth three, label noise: rate 2ηδ d₃ |XW1|²/n² for Θ₂",
        source=SOURCE,
        statement="The square loss with label noise of variance δ at step η; the data are seen "
        "through the first layer.",
        sde=MatrixSDE(moved(THREE, dG), assuming=[full.condition]),
        observable=logdet(theta * theta.T),
        drift=rate,
        assumptions=(full, width(2)),
        where={"Theta2": theta},
        mutants=mistakes(
            rate,
            data=("|X|² for |XW1|²", -2 * eta * delta * d[3] * tr(X.T * X) / n**2),
            mean=("1/n for 1/n²", rate * n),
            root_delta=("√δ for δ", rate / sqrt(delta)),
        ),
        inapplicable=VARIES,
    )


# The discrete step.


def _layers() -> DifferentialClaim:
    K = Parameter("K", d[0], d[3])
    speeds = [Process(f"H{j + 1}", d[j], d[j + 1]) for j in range(3)]
    gradients = moved(THREE, K).values()
    rate = sum(tr(G.T * H) for G, H in zip(gradients, speeds, strict=True))
    wrong = tr((W1.T * K * W3.T).T * speeds[1])
    return DifferentialClaim(
        id="deep_determinant.layers",
        title="the gradient in W_j is (W_1…W_{j−1})' K (W_{j+1}…W_L)', K that in the product",
        source=OWN,
        statement="Depth three: along dW_j = H_j dt in any directions, tr(K'W1W2W3) moves by the "
        "sum of tr(K_j'H_j), which is what makes K_j the gradient in W_j.",
        sde=MatrixSDE({W: H * dt for W, H in zip(THREE, speeds, strict=True)}),
        observable=tr(K.T * W1 * W2 * W3),
        drift=rate,
        mutants=(
            Mutant(
                name="one_layer",
                mistake="the middle layer's gradient alone",
                changes={"drift": wrong},
            ),
            Mutant(name="twice", mistake="the middle layer twice", changes={"drift": rate + wrong}),
        ),
        inapplicable={"path": "the directions H_j are any processes", "algorithm": NO_RUN},
    )


def _stepped(G: Any) -> list[Any]:
    """All three layers after one step of size η, every product at the weights before it."""
    return [W + eta * step for W, step in moved(THREE, G).items()]


def _step() -> IdentityClaim:
    G = Parameter("G", d[0], d[3])
    first, second, _ = _stepped(G)
    own = Identity(d[0] + d[2]) + eta * S(G * W3.T)
    return IdentityClaim(
        id="deep_determinant.step",
        title="one step of all layers: Θ₁⁺ = (I + ηS(GW3'))Θ₁",
        source=OWN,
        statement="Exactly, for depth three and any noisy residual G of the whole network.",
        left=stack(first, second.T),
        right=own * pair(THREE, 1),
        draws=G,
        mutants=(
            Mutant(
                name="step",
                mistake="η² for η",
                changes={"right": (Identity(d[0] + d[2]) + S(eta**2 * G * W3.T)) * pair(THREE, 1)},
            ),
            Mutant(
                name="in_turn",
                mistake="layers updated in turn: W2 by the new W1",
                changes={
                    "left": stack(first, (W2 + eta * first.T * G * W3.T).T),
                },
            ),
        ),
        inapplicable={"path": "one step of an algorithm has no paths", "algorithm": NO_RUN},
    )


def _step_factor() -> IdentityClaim:
    G = Parameter("G", d[0], d[3])
    theta = pair(THREE, 1)
    own = G * W3.T
    step = Identity(d[0] + d[2]) + eta * S(own)
    M = theta * theta.T
    full = rank(theta, 1)
    right = det(Identity(d[2]) - eta**2 * own.T * own) ** 2 * det(M)
    return IdentityClaim(
        id="deep_determinant.step_factor",
        title="det Θ₁⁺Θ₁⁺' = det(I − η²G₁'G₁)² det Θ₁Θ₁', G₁ = GW3'",
        source=OWN,
        statement="The law of one discrete step, exactly; to second order in η it is the Itô rate "
        "−2|G₁|², so the algorithm and its equation agree on the constant.",
        left=det(step * theta * theta.T * step.T),
        right=right,
        draws=G,
        assumptions=(full, width(1)),
        where={"Theta1": theta},
        mutants=(
            Mutant(
                name="two_layers",
                mistake="G for G₁, the factor of two layers",
                changes={"right": det(Identity(d[3]) - eta**2 * G.T * G) ** 2 * det(M)},
            ),
            Mutant(
                name="unsquared",
                mistake="the outer square lost",
                changes={"right": det(Identity(d[2]) - eta**2 * own.T * own) * det(M)},
            ),
        ),
        inapplicable={"path": "one step of an algorithm has no paths", "algorithm": NO_RUN},
    )


# Two neighbouring pairs at once.


def _neighbours() -> DifferentialClaim:
    first, second = pair(THREE, 1), pair(THREE, 2)
    ranks = rank(first, 1), rank(second, 2)
    dG = Process("R", d[0], d[3]) * dt
    return DifferentialClaim(
        id="deep_determinant.neighbours",
        title="no network has the laws of Θ₁ and of Θ₂ at once",
        source=OWN,
        statement="The claim that gradient flow conserves both determinants: its assumptions "
        "contradict each other, so it says nothing about any network.",
        sde=MatrixSDE(moved(THREE, dG), assuming=[a.condition for a in ranks]),
        observable=logdet(first * first.T) + logdet(second * second.T),
        drift=0 * n,
        assumptions=ranks,
        expected="NOT APPLICABLE",
        inapplicable={
            "path": "no network has both ranks",
            "algorithm": "no network has both ranks",
        },
        where={"Theta1": first, "Theta2": second},
    )


def _widths() -> IdentityClaim:
    margins = [d[j] - d[j - 1] - d[j + 1] for j in (1, 2)]
    return IdentityClaim(
        id="deep_determinant.widths",
        title="the margins of neighbouring conditions add up to −(d_{j−1} + d_{j+2})",
        source=OWN,
        statement="d_j − d_{j−1} − d_{j+1} ≥ 0 for j and for j + 1 give a sum that is at least 0 "
        "and, being −(d_{j−1} + d_{j+2}), at most −2: the conditions exclude each other.",
        left=sum(margins),
        right=-(d[0] + d[3]),
        mutants=(
            Mutant(
                name="inner",
                mistake="−(d_j + d_{j+2}): the wrong two cancel",
                changes={"right": -(d[1] + d[3])},
            ),
        ),
        inapplicable={"path": "an identity of sizes", "algorithm": "an identity of sizes"},
    )
