"""What the theorems on symmetry and noise equilibrium share: convention, sources, reasons.

Convention: dθ = −∇L dt + √(TΣ) dW, Itô, Σ the covariance of the gradient of one sample.  The paper
writes T = 2σ²; SGD of step η and batch b, drawn with replacement, is T = η/b.
"""

from typing import Any

from sympy import Gt

from derivations import Assumption, positive

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
