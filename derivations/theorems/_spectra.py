"""What the theorems about eigenvalues share: spectra of the two-layer network and their terms.

S = W1W1' has eigenpairs (λ_i, u_i), P = W1W2, q_i = |P'u_i|² = tr(E_i P P').  M = ΘΘ' has
eigenvectors (x_i; y_i), with x_i x_i' = K1'E_i K1 and y_i y_i' = K2'E_i K2.
"""

from __future__ import annotations

from typing import Any

from sympy import Ge

from derivations import Assumption, eigenvalues, total, tr
from derivations.expressions import BlockColumn

from ._network import W1, W2, M, k, l, p

S = W1 * W1.T
P = W1 * W2
lam = eigenvalues(S)
mu = eigenvalues(M)
i, j, m = lam.indices("i j m")
a, b, c = mu.indices("a b c")

DISTINCT = Assumption(
    text="the eigenvalues of W1W1' are distinct: up to their first collision",
    condition=lam.distinct,
)
ROWS = Assumption(
    text="l is at least p − 1 (else zero is an eigenvalue more than once)", condition=Ge(l, p - 1)
)
FULL = Assumption(text="W1 has full row rank, so that every λ_i > 0", condition=lam.positive)
M_DISTINCT = Assumption(
    text="the eigenvalues of M are distinct: up to their first collision", condition=mu.distinct
)
M_ROWS = Assumption(
    text="l is at least p + k − 1 (else zero is an eigenvalue of M more than once)",
    condition=Ge(l, p + k - 1),
)

K1, K2 = BlockColumn(0, p, k), BlockColumn(1, p, k)


def q(index: Any, product: Any = P) -> Any:
    """q_i = |P'u_i|²."""
    return tr(lam.projector(index) * product * product.T)


def along(index: Any, G: Any, product: Any = P) -> Any:
    """u_i' G p_i for p_i = P'u_i."""
    return tr(lam.projector(index) * G * product.T)


def repulsion(numerator: Any) -> Any:
    """Σ_{j≠i} numerator/(λ_i − λ_j)."""
    return total(numerator / (lam[i] - lam[j]), j, excluding=i)


def x(index: Any, C: Any = None) -> Any:
    """x_i' C x_i, |x_i|² without C."""
    inside = K1.T * mu.projector(index) * K1
    return tr(inside if C is None else C * inside)


def y(index: Any) -> Any:
    """|y_i|²."""
    return tr(K2.T * mu.projector(index) * K2)


def crossed(first: Any, second: Any, C: Any = None) -> Any:
    """(x_i' C x_j)(y_i·y_j), C = I if left out."""
    both = K1.T * mu.projector(first) * K2 * K2.T * mu.projector(second) * K1
    return tr(both if C is None else C * both)


def V(first: Any, second: Any, C: Any = None) -> Any:  # noqa: N802 - the sheet's letter
    """x_i'Cx_i |y_j|² + x_j'Cx_j |y_i|² + 2 (x_i'Cx_j)(y_i·y_j)."""
    single = x(first, C) * y(second) + x(second, C) * y(first)
    return single + 2 * crossed(first, second, C)
