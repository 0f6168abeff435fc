"""Systems of stochastic differential equations, as declared.

A declaration is kept exactly as it was typed: kernels are printed from it, and the calculus reads
it.  Everything is Itô unless ``calculus="stratonovich"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sympy import (
    Add,
    Dummy,
    Integer,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    Symbol,
    Trace,
    Transpose,
    sympify,
)
from sympy.matrices.expressions.blockmatrix import BlockMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from .assumable import assumable
from .decimals import exactly
from .errors import DerivationError, NonlinearNoiseError, ShapeError, UnknownSymbolError
from .expressions import (
    IndexSum,
    ScalarSum,
    Stack,
    SymmetricBlock,
    free_indices,
    is_zero,
    zero_like,
)
from .shapes import shape_of
from .spectrum import spectral_indices
from .symbols import (
    Dimension,
    FamilyMember,
    Index,
    Letter,
    MatrixIncrement,
    MatrixParameter,
    MatrixState,
    ScalarMember,
    ScalarParameter,
    ScalarState,
    TimeIncrement,
    dt,
    is_increment,
    same_shape,
    t,
)

if TYPE_CHECKING:
    from .differential import Differential

__all__ = ["MatrixSDE", "increment_of", "increments_of", "is_increment", "linear_part"]


def increment_of(brownian: Any) -> Any:
    """The differential dB of a Brownian motion; a differential is returned as it is."""
    return getattr(brownian, "d", brownian)


@lru_cache(maxsize=16384)
def increments_of(expression: Any) -> frozenset[Any]:
    """The differentials (dt included) that occur in an expression."""
    if is_increment(expression):
        return frozenset({expression})
    return frozenset(found for part in expression.args for found in increments_of(part))


def linear_part(expression: Any, keep: AbstractSet[Any]) -> Any:
    """The part of a declared right-hand side that is linear in the increments ``keep``.

    Structural: every product has one factor with increments, and that factor alone is split, so the
    result stays as typed.  ``dt`` itself becomes 1.

    Raises
    ------
    NonlinearNoiseError
        If an increment enters otherwise than linearly.
    """
    if is_increment(expression):
        if expression not in keep:
            return zero_like(expression)
        return Integer(1) if expression == dt else expression
    if not increments_of(expression):
        raise NonlinearNoiseError(
            f"{expression}: this term has neither dt nor a noise; multiply it by dt or by a B.d"
        )
    match expression:
        case Add() | MatAdd():
            terms = (linear_part(term, keep) for term in expression.args)
            return expression.func(*terms).doit(deep=False)
        case Mul() | MatMul():
            return _linear_factor(expression, keep)
        case IndexSum() | ScalarSum() | Trace() | MatrixElement():
            part = linear_part(expression.args[0], keep)
            whole = expression.func(part, *expression.args[1:])
            return zero_like(expression) if is_zero(part) else whole
        case Transpose() | Stack() | SymmetricBlock():
            parts = [_block_part(block, keep, expression) for block in expression.args]
            zero = all(map(is_zero, parts))
            return zero_like(expression) if zero else expression.func(*parts)
        case BlockMatrix():
            rows = expression.blocks.tolist()
            cells = [[_block_part(block, keep, expression) for block in row] for row in rows]
            zero = all(is_zero(cell) for row in cells for cell in row)
            return zero_like(expression) if zero else BlockMatrix(cells)
    raise _nonlinear(expression)


def _linear_factor(product: Any, keep: AbstractSet[Any]) -> Any:
    carriers = [factor for factor in product.args if increments_of(factor)]
    if len(carriers) != 1:
        names = " and ".join(str(carrier) for carrier in carriers)
        raise NonlinearNoiseError(
            f"{product}: increments are multiplied with each other ({names}); "
            "a differential enters linearly"
        )
    part = linear_part(carriers[0], keep)
    if is_zero(part):
        return zero_like(product)
    factors = [part if factor is carriers[0] else factor for factor in product.args]
    if isinstance(product, Mul):
        return Mul(*factors)
    return MatMul(*factors).doit(deep=False)


def _block_part(block: Any, keep: AbstractSet[Any], whole: Any) -> Any:
    if increments_of(block):
        return linear_part(block, keep)
    if is_zero(block):
        return block
    raise _nonlinear(whole)


def _nonlinear(expression: Any) -> NonlinearNoiseError:
    return NonlinearNoiseError(
        f"{expression}: a noise or dt appears nonlinearly; only sums and products with "
        "coefficients may carry it"
    )


class MatrixSDE:
    """dX = a dt + Σ_j b_j dβ_j for one or several states.

    Parameters
    ----------
    equations : mapping
        State -> its differential, linear in ``dt`` and the differentials ``B.d``.
    correlation : mapping, optional
        (B1, B2) -> ρ, for Brownian motions of one shape: E[dB1_ia dB2_ia] = ρ dt.
    assuming : iterable, optional
        Facts such as ``Q.positive_definite(M)``.
    calculus : {"ito", "stratonovich"}
        In which sense the noise terms are meant.

    Raises
    ------
    DerivationError
        One line naming what is wrong: shapes that do not conform, unknown symbols, increments that
        enter nonlinearly, a key that is not a state.
    """

    def __init__(
        self,
        equations: Mapping[Any, Any],
        *,
        correlation: Mapping[Any, Any] | None = None,
        assuming: Iterable[Any] = (),
        calculus: str = "ito",
    ) -> None:
        if calculus not in ("ito", "stratonovich"):
            raise DerivationError(f'calculus: got {calculus!r}; say "ito" or "stratonovich"')
        if not equations:
            raise DerivationError("equations: got none; give at least one state and its equation")
        self.calculus = calculus
        self.assuming = assumable(assuming)
        self.equations: dict[Any, Any] = {}
        for state, equation in equations.items():
            self.equations[state] = self._checked(state, exactly(sympify(equation)))
        for state, equation in self.equations.items():
            self.check_letters(equation, f"d{state}")
        self._check_families()
        for noise in self.noises:
            if isinstance(noise, MatrixIncrement):
                for what, covariance in zip(("row", "column"), noise.facts, strict=True):
                    _check_covariance(f"{noise}: the {what} covariance", covariance)
        self.correlation: dict[Any, Any] = {}
        for (a, b), rho in (correlation or {}).items():
            pair = frozenset((increment_of(a), increment_of(b)))
            if pair in self.correlation:
                raise DerivationError(f"correlation: the pair {a}, {b} is given twice")
            self.correlation[pair] = self._correlated(a, b, exactly(sympify(rho)))

    def _check_families(self) -> None:
        ranges: dict[str, Any] = {}
        for noise in self.noises:
            if isinstance(noise, ScalarMember):
                known = ranges.setdefault(noise.name, noise.index.range)
                if known != noise.index.range:
                    raise DerivationError(
                        f"{noise.name}: the family runs over {known} and over {noise.index.range}; "
                        "use one range, or two families"
                    )

    def _correlated(self, first: Any, second: Any, rho: Any) -> Any:
        """A correlation of two different noises of the system, of one shape, |ρ| ≤ 1."""
        a, b = increment_of(first), increment_of(second)
        names = getattr(first, "name", first), getattr(second, "name", second)
        what = f"correlation of {names[0]} and {names[1]}"
        for d, name in zip((a, b), names, strict=True):
            if d not in self.noises:
                raise DerivationError(f"{what}: {name} does not occur in the equations")
        if a == b:
            raise DerivationError(f"{what}: a noise with itself; give its covariance to Brownian")
        if not same_shape(shape_of(a), shape_of(b)):
            raise ShapeError(f"{what}: {_shape_text(shape_of(a))} and {_shape_text(shape_of(b))}")
        for d in (a, b):
            if isinstance(d, MatrixIncrement) and not all(C.is_Identity for C in d.facts):
                raise DerivationError(
                    f"{what}: {d} has a covariance of its own, and a correlation beside it has no "
                    "one meaning; write one noise as a combination of independent ones"
                )
        if rho.is_number and not abs(rho) <= 1:
            raise DerivationError(f"{what}: got {rho}; a correlation is between -1 and 1")
        return rho

    @staticmethod
    def _checked(state: Any, equation: Any) -> Any:
        if not isinstance(state, MatrixState | ScalarState):
            raise DerivationError(f"equations: {state} is not a state; declare it with State(...)")
        wanted = shape_of(state)
        if equation == 0:
            return zero_like(state)
        found = shape_of(equation)
        if not same_shape(found, wanted):
            raise ShapeError(
                f"d{state}: the right-hand side is {_shape_text(found)}, the state is "
                f"{_shape_text(wanted)}"
            )
        if not is_zero(equation):
            linear_part(equation, increments_of(equation))
        return equation

    def check_letters(self, expression: Any, where: str) -> None:
        """Refuse an expression, called ``where``, with letters that the system does not know.

        Raises
        ------
        UnknownSymbolError
            For a state without an equation, or a symbol that nothing declared.
        """
        for i in free_indices(expression) - spectral_indices(expression):
            raise DerivationError(
                f"{where}: the index {i} is free; sum over it with total(..., {i}), or take it "
                "from lam.indices(...) of the eigenvalues that it numbers"
            )
        for symbol in _letters(expression):
            if isinstance(symbol, MatrixState | ScalarState) and symbol not in self.equations:
                raise UnknownSymbolError(
                    f"{where}: the state {symbol} has no equation of its own; add one"
                )
            if isinstance(symbol, Dummy):
                raise UnknownSymbolError(
                    f"{where}: SymPy wrote an entry out as a sum; use entry(A, i, j) for A[i, j]"
                )
            if not isinstance(symbol, Letter | Dimension | Index | TimeIncrement) and symbol != t:
                raise UnknownSymbolError(
                    f"{where}: unknown symbol {symbol}; declare it with Parameter, Process or State"
                )

    @property
    def states(self) -> tuple[Any, ...]:
        """The states, in the order of declaration."""
        return tuple(self.equations)

    @property
    def noises(self) -> tuple[Any, ...]:
        """The differentials of the Brownian motions that occur, sorted by name."""
        found = {d for eq in self.equations.values() for d in increments_of(eq)} - {dt}
        return tuple(sorted(found, key=str))

    def drift(self, state: Any) -> Any:
        """The coefficient of dt in the equation of a state, as typed."""
        return self._part(state, {dt})

    def noise(self, state: Any) -> Any:
        """The noise term of the equation of a state, as typed."""
        return self._part(state, set(self.noises))

    def _part(self, state: Any, keep: AbstractSet[Any]) -> Any:
        equation = self.equations[state]
        return equation if is_zero(equation) else linear_part(equation, keep)

    def d(self, f: Any, *, assuming: Iterable[Any] = ()) -> Differential:
        """The Itô differential df = drift dt + martingale of a scalar or matrix function f."""
        from .differential import differential

        return differential(self, f, assuming=assuming)

    def generator(self, f: Any, *, assuming: Iterable[Any] = ()) -> Any:
        """The generator applied to f: the drift of f."""
        return self.d(f, assuming=assuming).drift

    def covariation(self, f: Any, g: Any, *, assuming: Iterable[Any] = ()) -> Any:
        """The rate d⟨f, g⟩/dt of the quadratic covariation of two scalars."""
        return self.d(f, assuming=assuming).covariation(self.d(g, assuming=assuming))

    def to_stratonovich(self) -> MatrixSDE:
        """The same process written with Stratonovich noise."""
        from .stratonovich import to_stratonovich

        return to_stratonovich(self)

    def to_ito(self) -> MatrixSDE:
        """The same process written with Itô noise."""
        from .stratonovich import to_ito

        return to_ito(self)

    def change_time(self, rate: Any, *, renamed: Mapping[Any, Any] | None = None) -> MatrixSDE:
        """The equation in the new time τ, dτ = rate dt, rate > 0 constant or state-dependent."""
        from .clocks import change_time

        return change_time(self, exactly(rate), renamed=renamed)

    def with_equations(
        self,
        equations: Mapping[Any, Any],
        *,
        calculus: str | None = None,
        renamed: Mapping[Any, Any] | None = None,
    ) -> MatrixSDE:
        """A system with these equations and everything else as here (differentials renamed)."""
        names = renamed or {}
        correlation = {
            tuple(names.get(d, d) for d in pair): rho for pair, rho in self.correlation.items()
        }
        return MatrixSDE(
            equations,
            correlation=correlation,
            assuming=self.assuming,
            calculus=calculus or self.calculus,
        )

    def __repr__(self) -> str:
        lines = ", ".join(f"d{state} = {equation}" for state, equation in self.equations.items())
        return f"MatrixSDE({lines}; {self.calculus})"


def _letters(expression: Any) -> Iterable[Any]:
    if isinstance(expression, Symbol | MatrixSymbol | Letter):
        yield expression
        # Facts (a covariance) are expressions too; sizes and marks are not asked about.
        if isinstance(expression, MatrixIncrement):
            for fact in expression.facts:
                yield from _letters(fact)
        return
    for part in getattr(expression, "args", ()):
        yield from _letters(part)


def _check_covariance(what: str, covariance: Any) -> None:
    """A covariance is constant and symmetric; whether it is positive only points can tell."""
    for letter in _letters(covariance):
        if not isinstance(
            letter, MatrixParameter | ScalarParameter | Dimension | Index | FamilyMember
        ):
            raise DerivationError(f"{what} {covariance} holds {letter}; it must be constant")
    coefficient, _ = covariance.as_coeff_mmul() if covariance.is_MatMul else (1, None)
    if getattr(coefficient, "is_negative", False):
        raise DerivationError(f"{what} {covariance} is negative; give a positive semidefinite one")
    from .basis import form

    value = form(covariance)
    if value != value.T:
        raise DerivationError(
            f"{what} {covariance} is not symmetric; declare it with symmetric=True or "
            "positive_definite=True"
        )


def _shape_text(shape: tuple[Any, ...]) -> str:
    return f"{shape[0]} x {shape[1]}" if shape else "a scalar"
