"""Forms by powers of a step size: what an order keeps of them, and single coefficients."""

from __future__ import annotations

from typing import Any

from sympy import Add, Poly, sympify

from .errors import DerivationError
from .forms import Form
from .terms import Monomial
from .update import StepClaim

__all__ = ["NotDerived", "coefficient", "in_step", "least_power", "truncated"]


class NotDerived(DerivationError):  # noqa: N818 - what the rules do not reach, not a failure
    """The rules for expectations do not reach the claim; the message says why."""


def least_power(claim: StepClaim, m: Monomial, c: Any) -> int:
    """The least power of the step size in a term."""
    powers = in_step(claim, m, c).monoms()
    return min(int(n) for (n,) in powers)


def in_step(claim: StepClaim, m: Monomial, c: Any) -> Poly:
    """The coefficient of a term as a polynomial in the step size."""
    plain = claim.order is None or (
        c.is_polynomial(claim.step) and claim.step not in m.indexed.free_symbols
    )
    if not plain:
        raise NotDerived(f"{c * m.indexed}: no polynomial in the step size {claim.step}")
    return Poly(c, claim.step)


def truncated(claim: StepClaim, form: Form) -> Form:
    """The form without the powers of the step size from the claimed order on."""
    kept = {}
    for m, c in form.terms.items():
        terms = in_step(claim, m, c).terms()
        low = Add(*(a * claim.step**n for (n,), a in terms if n < claim.order))
        if low != 0:
            kept[m] = low
    return Form(form.shape, kept)


def coefficient(claim: StepClaim, form: Form, n: int) -> Form:
    """What stands in front of a power of the step size."""
    power = sympify(claim.step) ** n
    found = {m: in_step(claim, m, c).coeff_monomial(power) for m, c in form.terms.items()}
    return Form(form.shape, {m: c for m, c in found.items() if c != 0})
