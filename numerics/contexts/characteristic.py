"""The characteristic polynomial det(x I − S) in any number context, and values of polynomials."""

from __future__ import annotations

from collections.abc import Sequence

from numerics.contexts.base import Matrix, NumberContext, Scalar

__all__ = ["characteristic_polynomial", "derivative", "value_at"]


def characteristic_polynomial(ctx: NumberContext, a: Matrix) -> list[Scalar]:
    """The coefficients c_0, …, c_n = 1 of det(x I − a).

    By M_1 = I, c_{n−k} = −tr(a M_k)/k, M_{k+1} = a M_k + c_{n−k} I (Faddeev and Faddeeva 1963,
    §47): traces, products and divisions by integers up to n alone.
    """
    n = ctx.shape(a)[0]
    identity = ctx.identity(n)
    coefficients = [ctx.rational(1)]
    product = a
    for k in range(1, n + 1):
        c = ctx.trace(product) * ctx.rational(-1, k)
        coefficients.append(c)
        if k < n:
            product = ctx.matmul(a, ctx.add(product, ctx.scale(c, identity)))
    return coefficients[::-1]


def derivative(polynomial: Sequence[Scalar]) -> list[Scalar]:
    """The coefficients of the derivative of a polynomial in x."""
    return [c * k for k, c in enumerate(polynomial) if k]


def value_at(polynomial: Sequence[Scalar], x: Scalar) -> Scalar:
    """The polynomial at x, by Horner's rule."""
    *rest, value = polynomial
    for c in reversed(rest):
        value = value * x + c
    return value
