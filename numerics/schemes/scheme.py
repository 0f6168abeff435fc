"""A scheme as data: its coefficients, its orders, the calculus it converges to, its citation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from numerics.errors import SimulationError

__all__ = ["Calculus", "Condition", "Scheme"]

Calculus: TypeAlias = Literal["Ito", "Stratonovich"]
Condition: TypeAlias = Literal["commuting noise", "linear increment"]


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """One step of a scheme for dX = a dt + Σ_j b_j dβ_j, Itô, in terms of the declared fields.

    With I(x) = a(x)h + Σ_j b_j(x)Δβ_j the declared increment and c = ½ Σ_j (∂b_j)b_j the
    Itô–Stratonovich correction, the stages and the step are

        I_i = I(X_i) − correction·c(X_i)h,   X_i = X + Σ_{j<i} predictor_ij I_j,
        X⁺  = X + Σ_i weights_i I_i + self_derivative·½ (∂_v b)Δβ,   v = b(X)Δβ,

    where ∂_v is the derivative along v. An exponential scheme applies exp of the operator I − ½ Σ_j
    b_j∘b_j h instead and has no weights.

    Attributes
    ----------
    name
        As given to `schemes.named`.
    calculus
        The calculus in which the underlying scheme reads its fields. Systems are declared in Itô;
        with ``correction=1`` a Stratonovich scheme converges to the declared system.
    strong_order, strong_order_commuting, weak_order
        Orders of convergence in h: for any noise, for noise whose fields commute, and weak. That
        of an exponential scheme for commuting noise is for operators of constant noise.
    predictor, weights, correction, self_derivative, exponential
        The coefficients.
    requires
        Conditions without which the orders do not hold; checked at sampled points before a run.
    citation
        Where scheme and orders are from.
    """

    name: str
    calculus: Calculus
    strong_order: float
    strong_order_commuting: float
    weak_order: float
    citation: str
    predictor: tuple[tuple[float, ...], ...] = ((),)
    weights: tuple[float, ...] = (1.0,)
    correction: float = 0.0
    self_derivative: float = 0.0
    exponential: bool = False
    requires: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        explicit = all(len(row) == stage for stage, row in enumerate(self.predictor))
        if not explicit or len(self.predictor) != len(self.weights):
            raise SimulationError(
                f"scheme {self.name}: predictor {self.predictor} and weights {self.weights} do not "
                "fit; give row i of the predictor i entries, one row for each weight"
            )
