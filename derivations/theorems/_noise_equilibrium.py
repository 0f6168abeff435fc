"""What the theorems on symmetry and noise equilibrium share: convention, sources, reasons.

Convention: dθ = −∇L dt + √(TΣ) dW, Itô, Σ the covariance of the gradient of one sample.  The paper
writes T = 2σ²; SGD of step η and batch b, drawn with replacement, is T = η/b.
"""

from typing import Any

from sympy import Gt, sqrt

from derivations import Assumption, Mutant, positive

PAPER = (
    "Ziyin, Wang, Li, Wu: Parameter Symmetry and Noise Equilibrium of Stochastic Gradient Descent, "
    "NeurIPS 2024, as derived here"
)
T, gamma, eta = positive("T"), positive("gamma"), positive("eta")

NO_TRAINING = {
    "algorithm": "the algorithms of this tier train for log det M; real SGD: the experiments"
}
ONE_STEP = {"path": "one step of an algorithm has no paths", **NO_TRAINING}


def several(size: Any, what: str = "samples") -> Assumption:
    """Two or more: of one alone everything here is 0."""
    return Assumption(text=f"there are two {what} or more", condition=Gt(size, 1))


def wrong_flows(drift: Any, **wrong: tuple[str, Any]) -> tuple[Mutant, ...]:
    """Mutants of the flow of a symmetry's quantity: T and its power, the sign; more by name."""
    usual = {
        "factor_two": ("2T: σ² for 2σ²", 2 * drift),
        "sign": ("the other direction", -drift),
        "root": ("√T for T", drift / sqrt(T)),
    }
    return tuple(
        Mutant(name=name, mistake=mistake, changes={"drift": changed})
        for name, (mistake, changed) in {**usual, **wrong}.items()
    )
