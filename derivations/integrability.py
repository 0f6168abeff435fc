"""Whether stochastic integrals have mean zero, by the growth of all coefficients.

A local martingale may lose its mean: dr = −r² dβ has no drift, and E r_t falls.  Every state gets a
weight, such that the coefficients of its equation have at most its weighted degree in the states;
with all weights 1 this is linear growth.  Then all moments of the states are finite at every time,
and with them those of everything that grows polynomially.  Powers of any order, and the logarithm,
are allowed of a state whose equation is the state times bounded factors: the exponential of such an
integral.

What is not proved so may hold all the same: the answer is then a sentence, never a refutation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sympy import (
    Abs,
    Add,
    Determinant,
    Dummy,
    Mul,
    Poly,
    PolynomialError,
    Pow,
    Symbol,
    Trace,
    cos,
    cosh,
    exp,
    log,
    sin,
    sinh,
    sympify,
    tanh,
)
from sympy.matrices.expressions import MatAdd, MatMul, MatPow, Transpose

from .expressions import Diagonal, IndexSum, ScalarSum, Stack, SymmetricBlock
from .printing import unicode
from .sde import MatrixSDE
from .symbols import (
    Dimension,
    Index,
    Letter,
    MatrixParameter,
    MatrixState,
    ScalarParameter,
    ScalarState,
    is_increment,
    t,
)

__all__ = ["obstacle"]

_SUMS = (Add, MatAdd, Transpose, Trace, Stack, SymmetricBlock, Diagonal)
_PRODUCTS = (Mul, MatMul)
_BOUNDED = (sin, cos, tanh)
_ENTIRE = (exp, cosh, sinh, *_BOUNDED)


Weights: TypeAlias = Mapping[Any, float]


class _UnboundedError(Exception):
    """A term of which no polynomial bound is known."""


def obstacle(sde: MatrixSDE, observables: Sequence[Any]) -> str:
    """Why E[m] is not known to change at the rate E[drift of m]; empty where it is proved.

    Examples
    --------
    >>> from derivations import Brownian, MatrixSDE, State
    >>> r, beta = State("r"), Brownian("beta")
    >>> obstacle(MatrixSDE({r: -r * beta.d}), (r,))
    ''
    >>> obstacle(MatrixSDE({r: -r**2 * beta.d}), (r,))
    'dr grows faster than linearly in the states'
    """
    ito = sde.to_ito()
    try:
        weights = _weights(ito)
        free = {s: math.inf for s in ito.states if _is_proportional(ito, s, weights)}
        for m in observables:
            _degree(sympify(m), weights, free, smooth=True)
    except _UnboundedError as error:
        return str(error)
    return ""


def _weights(sde: MatrixSDE) -> dict[Any, float]:
    """A weight for every state; each raises only those that are driven by it, or there is none."""
    weights: dict[Any, float] = dict.fromkeys(sde.states, 1.0)
    for _ in range(len(weights) + 1):
        found = {}
        for state, equation in sde.equations.items():
            found[state] = max(weights[state], _degree(equation, weights, {}))
            for root in equation.atoms(Pow):
                if not root.args[1].is_Integer and not _is_constant(root):
                    _check_domain(sde, root)
        if found == weights:
            return weights
        grown = next(state for state in weights if found[state] > weights[state])
        weights = found
    raise _UnboundedError(f"d{unicode(grown)} grows faster than linearly in the states")


def _is_proportional(sde: MatrixSDE, state: Any, weights: Weights) -> bool:
    """Whether the equation of a positive scalar state is the state times bounded factors."""
    if not isinstance(state, ScalarState) or not state.is_positive:
        return False
    try:
        return _degree((sde.equations[state] / state).expand(), weights, {}) == 0
    except _UnboundedError:
        return False


def _degree(e: Any, weights: Weights, free: Weights, *, smooth: bool = False) -> float:
    """The degree of a polynomial that bounds e; of an observable that is to be smooth as well."""

    def of(part: Any) -> float:
        return _degree(part, weights, free, smooth=smooth)

    if isinstance(e, MatrixState | ScalarState):
        return weights[e]
    if e == t or is_increment(e) or _is_constant(e):
        return 0.0
    if isinstance(e, _SUMS):
        return max(of(part) for part in e.args)
    if isinstance(e, IndexSum | ScalarSum):
        return of(e.args[0])
    if isinstance(e, _PRODUCTS):
        return math.fsum(of(part) for part in e.args)
    if isinstance(e, Determinant):
        size = e.arg.shape[0]
        return of(e.arg) * (float(size) if size.is_number else math.inf)
    if isinstance(e, Abs) and not smooth:
        return of(e.args[0])
    if isinstance(e, _ENTIRE) and e.args[0].is_real:
        inner = of(e.args[0])
        if isinstance(e, _BOUNDED) or not (inner or free.keys() & e.free_symbols):
            return 0.0
    if isinstance(e, log) and all(_is_free(f, free) for f in Mul.make_args(e.args[0])):
        return math.inf  # |log x| <= x + 1/x, of which every power has a mean
    if isinstance(e, Pow | MatPow):
        return _of_power(e, of, free, smooth=smooth)
    raise _UnboundedError(f"{unicode(e)} is not known to be smooth and of polynomial growth")


def _is_free(factor: Any, free: Weights) -> bool:
    """Whether a factor is a positive constant, or a power of a state all of whose powers are."""
    base, power = factor.as_base_exp()
    constant = base.is_positive and _is_constant(base)
    return bool(power.is_number and (base in free or constant))


def _of_power(e: Any, of: Callable[[Any], float], free: Weights, *, smooth: bool) -> float:
    base, power = e.args
    if power.is_Integer and power >= 1:
        return of(base) * int(power)
    if base in free:
        return free[base]
    away = _is_away_from_zero(base)
    if power.is_Rational and power < 0 and away:
        of(base)
        return 0.0
    if power.is_Rational and power > 0 and (away or not smooth):
        return of(base) * float(power)
    raise _UnboundedError(f"{unicode(e)} is not known to be smooth and of polynomial growth")


def _is_constant(e: Any) -> bool:
    """Whether neither states nor time are in e; of an unknown process there is no bound."""
    letters = set(_letters(e))
    for x in letters:
        known = ScalarParameter | MatrixParameter | MatrixState | ScalarState | Dimension | Index
        bounded = isinstance(x, known) or is_increment(x) or getattr(x, "role", "") == "parameter"
        if isinstance(x, Letter) and not bounded:
            raise _UnboundedError(f"no bound of {unicode(x)} is known")
    return not any(x == t or isinstance(x, MatrixState | ScalarState) for x in letters)


def _letters(e: Any) -> Iterator[Any]:
    if isinstance(e, Letter | Symbol):
        yield e
        return
    for part in getattr(e, "args", ()):
        yield from _letters(part)


# The domain -------------------------------------------------------------------------------------


def _undeclared(e: Any) -> Any:
    """With any real number for a state: its declared sign is what is to be shown."""
    states = {x: Dummy(real=True) for x in e.free_symbols if isinstance(x, ScalarState)}
    return e.xreplace({**states, t: Dummy(nonnegative=True)})


def _is_away_from_zero(base: Any) -> bool:
    """Whether a scalar is at least a positive constant, whatever the states are."""
    real = _undeclared(base)
    least = real.xreplace({x: 0 * x for x in real.free_symbols if isinstance(x, Dummy)})
    return bool(least.is_positive and (real - least).is_nonnegative)


def _check_domain(sde: MatrixSDE, root: Any) -> None:
    """Paths stay where what is under a root is real: no noise at its zeros, and no drift outwards.

    Raises
    ------
    _UnboundedError
        If that is not known.
    """
    base = root.args[0]
    if _undeclared(base).is_nonnegative:
        return
    states = [x for x in sde.states if base.has(x)]
    if len(states) == 1 and isinstance(x := states[0], ScalarState):
        try:
            factors = Poly(base, x).factor_list()[1]
        except PolynomialError:
            factors = []
        ends = [-f.nth(0) / f.nth(1) for f, n in factors if n == f.degree() == 1]
        if len(ends) == len(factors) > 0 and all(_is_closed(sde, x, base, end) for end in ends):
            return
    raise _UnboundedError(f"{unicode(root)} is not known to stay real")


def _is_closed(sde: MatrixSDE, x: Any, base: Any, end: Any) -> bool:
    """Whether x does not pass an end, a zero of what is under the root."""
    inwards = base.diff(x).subs(x, end) * sde.drift(x).subs(x, end)
    still = all(part.subs(x, end).expand() == 0 for part in Add.make_args(sde.noise(x)))
    return still and bool(_undeclared(inwards.expand()).is_nonnegative)
