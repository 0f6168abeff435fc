"""How eigenvalues and eigenprojectors move with their matrix, to second order.

Write S(s) = S + sD, λ(s) = λ_i + sλ' + s²λ'', E(s) = E_i + sE' + s²E''. Comparing powers of s in

    S(s) E(s) = λ(s) E(s),    E(s)² = E(s),    E(s) = E(s)',

leaves, with ``right`` the part of order n that is known already (D E_i, then D E' − λ'E'),

    tr(E_i ·):        λ^(n) = tr(E_i right_n)
    E_j ·, j ≠ i:     (λ_i − λ_j) E_j E^(n) = E_j right_n
    E_i · E_i:        E_i E' E_i = 0,  E_i E'' E_i = −E_i E'² E_i

The eigenvalues are distinct; nothing here is defined where two of them meet.
"""

from __future__ import annotations

from sympy import Integer

from .forms import Form
from .projectors import Projector, Spectral
from .symbols import Index
from .terms import fresh

__all__ = ["Perturbation"]


class Perturbation:
    """The i-th eigenvalue of a spectrum and its projector, for a change D of the matrix.

    Attributes
    ----------
    value, projector
        λ_i and E_i as forms.
    """

    def __init__(self, spectral: Spectral, index: Index) -> None:
        self.spectral, self.index = spectral, index
        self.value = Form.scalar(spectral.value(index))
        self.projector = Form.letter(Projector(spectral, index))

    def value_first(self, D: Form) -> Form:
        """λ' = tr(E_i D)."""
        return (self.projector * D).trace()

    def value_second(self, D: Form) -> Form:
        """λ'' = tr(E_i D E'), two factors D."""
        return (self.projector * D * self.projector_first(D)).trace()

    def projector_first(self, D: Form) -> Form:
        """E' = Σ_{j≠i} (E_j D E_i + E_i D E_j)/(λ_i − λ_j)."""
        off = self._off_diagonal(D * self.projector)
        return off + off.T

    def projector_second(self, D: Form) -> Form:
        """E'', two factors D."""
        E, first = self.projector, self.projector_first(D)
        off = self._off_diagonal(D * first - self.value_first(D) * first)
        return off + (off * E).T - E * first * first * E

    def residuals(self, D: Form) -> tuple[Form, ...]:
        """What the equations above leave at first and second order: zero, all of them."""
        S, E, lam = self.spectral.form, self.projector, self.value
        E1, E2 = self.projector_first(D), self.projector_second(D)
        l1, l2 = self.value_first(D), self.value_second(D)
        return (
            D * E + S * E1 - l1 * E - lam * E1,
            D * E1 + S * E2 - l2 * E - l1 * E1 - lam * E2,
            E * E1 + E1 * E - E1,
            E * E2 + E1 * E1 + E2 * E - E2,
            E1 - E1.T,
            E2 - E2.T,
        )

    def _off_diagonal(self, right: Form) -> Form:
        """Σ_{j≠i} E_j right/(λ_i − λ_j)."""
        used = {self.index, *right.indices}
        for m in right.terms:
            used |= m.occurring
        j = fresh(self.index.range, used)
        gap = self.value.value() - self.spectral.value(j)
        E_j = Form.letter(Projector(self.spectral, j))
        return (E_j * right).scaled(Integer(1) / gap).total(j, (self.index,))
