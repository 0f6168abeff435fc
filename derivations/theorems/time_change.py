"""Change of time (RD (5.2) → (5.3), the step a reviewer could not follow; as derived here).

In the large-noise limit dΘ = √γ S(dB)Θ.  With τ = γt and B̃_τ = √γ B_{τ/γ}, which is a Brownian
motion of the time τ because E|B̃_τ|² = γ·τ/γ = τ per component, dΘ = S(dB̃_τ)Θ: the factor √γ goes
into the new Brownian motion, since √γ dB has variance γ dt = dτ.  In general dX = a F dt + √a G dB
becomes dX = F dτ + G dB̃ under dτ = a dt, for a clock a > 0 that may depend on the state.

What breaks when √a and a are confused: with dτ = √γ dt the coefficient γ^{1/4} stays in front of
the noise, and the drift and the noise of a general equation are scaled differently.
"""

from sympy import Q, sqrt

from derivations import (
    Assumption,
    Brownian,
    MatrixSDE,
    Mutant,
    Process,
    S,
    State,
    Theorem,
    TimeChangeClaim,
    dims,
    dt,
)

from ._network import PAPER, gamma, k, l, p

m = dims("m")
Theta = State("Theta", p + k, l)
B, B_tau = Brownian("B", p, k), Brownian("B_tau", p, k)


def theorem() -> Theorem:
    """The step of the paper, the general rule, a clock that depends on the state, the confusion."""
    return Theorem(
        id="time_change",
        title="From (5.2) to (5.3): a change of time takes the noise level out of the equation",
        source=f"{PAPER}, (5.2) to (5.3)",
        claims=(_paper(), _general(), _state_dependent(), _confused()),
    )


def _paper() -> TimeChangeClaim:
    changed = MatrixSDE({Theta: S(B_tau.d) * Theta})
    return TimeChangeClaim(
        id="time_change",
        title="dΘ = √γ S(dB)Θ is dΘ = S(dB̃)Θ in the time τ = γt",
        source=f"{PAPER}, (5.2) to (5.3)",
        statement="With B̃_τ = √γ B_{τ/γ}, again a Brownian motion, the equation is free of γ.",
        sde=MatrixSDE({Theta: sqrt(gamma) * S(B.d) * Theta}),
        rate=gamma,
        changed=changed,
        mutants=(
            Mutant(name="root", mistake="τ = √γ t for τ = γt", changes={"rate": sqrt(gamma)}),
            Mutant(name="inverse", mistake="τ = t/γ for τ = γt", changes={"rate": 1 / gamma}),
            Mutant(
                name="kept",
                mistake="√γ kept in front of dB̃",
                changes={"changed": MatrixSDE({Theta: sqrt(gamma) * S(B_tau.d) * Theta})},
            ),
            Mutant(
                name="ito",
                mistake="read as Stratonovich after the change",
                changes={
                    "changed": MatrixSDE({Theta: S(B_tau.d) * Theta}, calculus="stratonovich")
                },
            ),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )


def _general() -> TimeChangeClaim:
    a = Process("a", positive=True)
    F, G = Process("F", p, l), Process("G", p, m)
    X, noise, noise_tau = State("X", p, l), Brownian("B", m, l), Brownian("B_tau", m, l)
    return TimeChangeClaim(
        id="time_change.general",
        title="dX = a F dt + √a G dB is dX = F dτ + G dB̃ under dτ = a dt",
        source="Øksendal, Theorem 8.5.7; Lévy's characterisation of Brownian motion",
        statement="For any positive adapted clock a; a full half-line of new time needs ∫a dt = ∞.",
        sde=MatrixSDE({X: a * F * dt + sqrt(a) * G * noise.d}),
        rate=a,
        changed=MatrixSDE({X: F * dt + G * noise_tau.d}),
        assumptions=(Assumption(text="the clock is positive", condition=Q.positive(a)),),
        mutants=(
            Mutant(name="root", mistake="dτ = √a dt for dτ = a dt", changes={"rate": sqrt(a)}),
            Mutant(
                name="noise",
                mistake="a for √a in front of the noise",
                changes={"sde": MatrixSDE({X: a * F * dt + a * G * noise.d})},
            ),
            Mutant(
                name="drift",
                mistake="√a for a in front of the drift",
                changes={"sde": MatrixSDE({X: sqrt(a) * F * dt + sqrt(a) * G * noise.d})},
            ),
        ),
        inapplicable={
            "path": "F, G and a are any processes here; paths for time_change.state_dependent",
            "algorithm": "a statement about the equation alone",
        },
    )


def _state_dependent() -> TimeChangeClaim:
    x, beta, beta_tau = State("x"), Brownian("beta"), Brownian("beta_tau")
    clock = 1 + x**2
    return TimeChangeClaim(
        id="time_change.state_dependent",
        title="dx = −x(1+x²) dt + √(1+x²) dβ is Ornstein–Uhlenbeck in the time ∫(1+x²) dt",
        source="as derived here; Øksendal, Theorem 8.5.7",
        statement="A clock that depends on the state: dx = −x dτ + dβ̃, dτ = (1+x²) dt.",
        sde=MatrixSDE({x: -x * clock * dt + sqrt(clock) * beta.d}),
        rate=clock,
        changed=MatrixSDE({x: -x * dt + beta_tau.d}),
        mutants=(
            Mutant(name="root", mistake="dτ = √(1+x²) dt", changes={"rate": sqrt(clock)}),
            Mutant(
                name="stationary",
                mistake="−x/2 for −x",
                changes={"changed": MatrixSDE({x: -x * dt / 2 + beta_tau.d})},
            ),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )


def _confused() -> TimeChangeClaim:
    return TimeChangeClaim(
        id="time_change.confused",
        title="with dτ = √γ dt the equation is not (5.3)",
        source="as derived here",
        statement="The tempting claim that τ = √γ t removes γ; "
        "it is wrong, γ^{1/4} stays in front of the noise.",
        sde=MatrixSDE({Theta: sqrt(gamma) * S(B.d) * Theta}),
        rate=sqrt(gamma),
        changed=MatrixSDE({Theta: S(B_tau.d) * Theta}),
        expected="DISAGREES",
        inapplicable={"algorithm": "a statement about the equation alone"},
    )
