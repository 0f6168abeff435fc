"""The gradients of the logistic and the softmax loss, which make their residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Q, exp, log

from derivations import (
    Assumption,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    Process,
    State,
    dt,
    real,
    tr,
)

from ._classification import CLASSES, OWN, column, logits, sigmoid, softmax
from ._network import p

__all__ = ["logistic_gradient", "softmax_gradient"]


def logistic_gradient() -> DifferentialClaim:
    """One output, a label in [0, 1]."""
    A, H = State("A", p, 1), Process("H", p, 1)
    sample, y = Parameter("x", p, 1), real("y")
    z = tr(A.T * sample)

    def rate(residual: Any) -> Any:
        return -residual * tr(sample.T * H)

    return _gradient(
        name="logistic_gradient",
        title="the residual of the logistic loss is x (y − σ(x'A))",
        A=A,
        H=H,
        loss=log(1 + exp(z)) - y * z,
        drift=rate(y - sigmoid(z)),
        mutants=(
            Mutant(name="square", mistake="y − z for y − σ(z)", changes={"drift": rate(y - z)}),
            Mutant(
                name="chain",
                mistake="σ(1−σ) multiplied in, as for the square loss of σ(z)",
                changes={"drift": rate((y - sigmoid(z)) * sigmoid(z) * (1 - sigmoid(z)))},
            ),
            Mutant(
                name="sign", mistake="ascent for descent", changes={"drift": -rate(y - sigmoid(z))}
            ),
        ),
    )


def softmax_gradient() -> DifferentialClaim:
    """Three classes, any label distribution."""
    A, H = State("A", p, len(CLASSES)), Process("H", p, len(CLASSES))
    sample, y = Parameter("x", p, 1), [real(f"y{c + 1}") for c in CLASSES]
    z = logits(A, sample)

    def rate(predicted: Sequence[Any]) -> Any:
        residual = column([a - q for a, q in zip(y, predicted, strict=True)])
        return -tr(sample.T * H * residual)

    scores = [exp(value) for value in z]
    return _gradient(
        name="softmax_gradient",
        title="the residual of the softmax loss is x (y − softmax(A'x))', Σ_c y_c = 1",
        A=A,
        H=H,
        loss=sum(y) * log(sum(scores)) - sum(a * b for a, b in zip(y, z, strict=True)),
        drift=rate([sum(y) * q for q in softmax(z)]),
        mutants=(
            Mutant(
                name="sigmoid",
                mistake="one sigmoid a class for the softmax",
                changes={"drift": rate([sigmoid(value) for value in z])},
            ),
            Mutant(
                name="unnormalised",
                mistake="exp(z) not divided by its sum",
                changes={"drift": rate(scores)},
            ),
        ),
    )


def _gradient(
    *, name: str, title: str, A: Any, H: Any, loss: Any, drift: Any, mutants: tuple[Mutant, ...]
) -> DifferentialClaim:
    return DifferentialClaim(
        id=f"classification_determinant.{name}",
        title=title,
        source=OWN,
        statement="Along dA = H dt, A = W1 W2 in any direction H, the loss of a sample moves by "
        "−tr(R'H) dt; that is what makes R minus its gradient.",
        sde=MatrixSDE({A: H * dt}),
        assumptions=(
            Assumption(text="the direction H is not zero", condition=Q.positive(tr(H.T * H))),
        ),
        observable=loss,
        drift=drift,
        mutants=mutants,
        inapplicable={
            "path": "the direction H is any process here",
            "algorithm": "the gradient of a loss; no step is taken",
        },
    )
