"""A declared system of concrete sizes, from the kernel of its increment alone.

The increment dX = a dt + Σ_j b_j dβ_j is printed from the declaration as typed. Its drift is its
value at (dt, dB) = (1, 0), the field of one Brownian component its value at (0, that component).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from numerics.contexts import Matrix, NumberContext, PrimeFieldContext, Scalar
from numerics.errors import NotAdmissibleError, NumericsError
from numerics.kernel import Kernel, Point
from numerics.signature import SystemSignature
from numerics.system import NoiseSpec, System

__all__ = ["BrownianMotion", "Component", "DeclaredSystem", "letter"]


def letter(name: str) -> Kernel:
    """The kernel of a quantity of the point as it is."""
    return Kernel(
        name=name, arguments=(name,), arrays=lambda value: value, generic=lambda ctx, value: value
    )


@dataclass(frozen=True, kw_only=True)
class BrownianMotion:
    """A Brownian motion B with E dB_ia dB_jb = rows_ij columns_ab dt.

    Attributes
    ----------
    name
        Its name; the increment is called ``"d" + name``.
    shape
        (r, c) for a matrix, (n,) for an index family of scalars, () for a scalar.
    rows, columns
        Kernels of the covariances, functions of the parameters; None is the identity.
    """

    name: str
    shape: tuple[int, ...]
    rows: Kernel | None = None
    columns: Kernel | None = None

    @property
    def differential(self) -> str:
        """Name of its increment."""
        return "d" + self.name


@dataclass(frozen=True, kw_only=True)
class Component:
    """One independent scalar Brownian motion, of variance `weight` dt, and what it moves.

    ``increments`` is the value of every dB for a unit of it. Components come from a factorisation
    C = L diag(weight) L', which needs no square root.
    """

    weight: Scalar
    increments: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DeclaredSystem:
    """A system dX = a dt + noise(dB) of concrete sizes.

    Attributes
    ----------
    states
        Names of the states, in the order in which the increment returns them.
    increment
        Kernel of the right-hand side; its arguments are states, parameters, ``t``, ``dt`` and the
        differentials. Linear in (dt, dB) together.
    brownian
        The Brownian motions.
    correlation
        (name, name) -> kernel of ρ, for two of one shape and equal covariances: E dB_ia dB̃_jb is ρ
        times the covariance of either.
    calculus
        ``"ito"`` or ``"stratonovich"``: how the noise is meant.
    """

    states: tuple[str, ...]
    increment: Kernel
    brownian: tuple[BrownianMotion, ...]
    correlation: Mapping[tuple[str, str], Kernel] = field(default_factory=dict)
    calculus: str = "ito"

    def __post_init__(self) -> None:
        if self.calculus not in ("ito", "stratonovich"):
            raise NumericsError(f'calculus: got {self.calculus!r}; say "ito" or "stratonovich"')
        shapes = {B.name: B.shape for B in self.brownian}
        for a, b in self.correlation:
            if a == b or a not in shapes or b not in shapes or shapes[a] != shapes[b]:
                raise NumericsError(
                    f"correlation ({a}, {b}): needs two different Brownian motions of one shape; "
                    f"there are {', '.join(f'{name} {shape}' for name, shape in shapes.items())}"
                )

    @classmethod
    def from_signature(
        cls, signature: SystemSignature, kernels: Mapping[str, Kernel], sizes: Mapping[str, int]
    ) -> DeclaredSystem:
        """The system of a generated module, at concrete sizes of its dimensions."""
        brownian = tuple(
            BrownianMotion(
                name=noise.name,
                shape=noise.shape_at(sizes),
                rows=None if noise.row_covariance is None else kernels[noise.row_covariance],
                columns=(
                    None if noise.column_covariance is None else kernels[noise.column_covariance]
                ),
            )
            for noise in signature.noises
        )
        return cls(
            states=signature.states,
            increment=kernels[f"{signature.prefix}increment"],
            brownian=brownian,
            correlation={(a, b): kernels[rho] for a, b, rho in signature.correlations},
            calculus=signature.calculus,
        )

    # ------------------------------------------------------------------ in a number context

    def drift(self, ctx: NumberContext, point: Point) -> dict[str, Any]:
        """The drift field a at a point: the increment for dt = 1 and dB = 0."""
        return self._moved(ctx, point, 1, {B.differential: _zero(ctx, B) for B in self.brownian})

    def noise(self, ctx: NumberContext, point: Point, dB: Mapping[str, Any]) -> dict[str, Any]:
        """The noise field for one value of the differentials: the increment for dt = 0."""
        return self._moved(ctx, point, 0, dB)

    def _moved(
        self, ctx: NumberContext, point: Point, dt: int, dB: Mapping[str, Any]
    ) -> dict[str, Any]:
        with ctx.working():
            value = self.increment.in_context(ctx, {**point, **dB, "dt": ctx.rational(dt)})
        return dict(zip(self.states, as_tuple(value, len(self.states)), strict=True))

    def components(self, ctx: NumberContext, point: Point) -> tuple[Component, ...]:
        """Independent components of the noise, by C = L diag(w) L' of every covariance.

        Raises
        ------
        NotAdmissibleError
            If a covariance is not positive semidefinite.
        """
        with ctx.working():
            mixing, weights = _factored(ctx, self._correlations(ctx, point))
            sides = [_sides(ctx, B, point) for B in self.brownian]
            self._check_equal_covariances(sides)
            found = []
            for q, B in enumerate(self.brownian):
                (L, u), (D, v) = sides[q]
                for i in range(len(u)):
                    for a in range(len(v)):
                        increments = {
                            other.differential: _direction(ctx, other, mixing[n][q], L, i, D, a)
                            if other.shape == B.shape
                            else _zero(ctx, other)
                            for n, other in enumerate(self.brownian)
                        }
                        weight = weights[q] * u[i] * v[a]
                        if not ctx.is_zero(weight):
                            found.append(Component(weight=weight, increments=increments))
        return tuple(found)

    def _check_equal_covariances(self, sides: list[Any]) -> None:
        names = [B.name for B in self.brownian]
        for a, b in self.correlation:
            first, second = (_numbers(sides[names.index(name)]) for name in (a, b))
            if any(x != y for x, y in zip(first, second, strict=True)):
                raise NumericsError(
                    f"correlation ({a}, {b}): their covariances differ; write one of the two as a "
                    "combination of independent Brownian motions"
                )

    def _correlations(self, ctx: NumberContext, point: Point) -> list[list[Scalar]]:
        names = [B.name for B in self.brownian]
        K = [[ctx.rational(int(a == b)) for b in names] for a in names]
        for (a, b), rho in self.correlation.items():
            i, j = names.index(a), names.index(b)
            K[i][j] = K[j][i] = rho.in_context(ctx, point)
        return K

    # ------------------------------------------------------------------ in float64

    def at(self, parameters: Point) -> System:
        """The system as numbers, with these parameters (unbatched), for simulation.

        Raises
        ------
        NumericsError
            If the noise is meant in the sense of Stratonovich: `System` is Itô.
        """
        if self.calculus != "ito":
            raise NumericsError(
                "calculus: got a Stratonovich system; a System is Itô, convert the declaration"
            )
        # Dimensions are Python integers and stay so: they become shapes and ranges.
        fixed = {
            name: value if isinstance(value, int) else np.asarray(value, dtype=float)
            for name, value in parameters.items()
        }

        def increment(
            point: Mapping[str, Any], t: float, dt: float, dB: Mapping[str, Any]
        ) -> dict[str, Any]:
            value = self.increment({**fixed, "t": t, **point, **dB, "dt": dt})
            return dict(zip(self.states, as_tuple(value, len(self.states)), strict=True))

        noises = tuple(
            NoiseSpec.with_covariance(
                B.name,
                B.shape,
                rows=None if B.rows is None else B.rows(fixed),
                columns=None if B.columns is None else B.columns(fixed),
            )
            for B in self.brownian
        )
        return System(
            states={name: np.shape(fixed[name]) for name in self.states},
            noises=noises,
            increment=increment,
            correlation={pair: float(rho(fixed)) for pair, rho in self.correlation.items()},
            paths_last=True,
        )


def as_tuple(value: Any, count: int) -> tuple[Any, ...]:
    """What a kernel returned for `count` states; a single one may come bare."""
    if isinstance(value, tuple) and len(value) == count:
        return value
    if count == 1:
        return (value,)
    raise NumericsError(f"increment: returned {type(value).__name__}, needs {count} states")


def _zero(ctx: NumberContext, B: BrownianMotion) -> Any:
    if len(B.shape) == 2:
        return ctx.zeros(*B.shape)
    zero = ctx.rational(0)
    return [zero] * B.shape[0] if B.shape else zero


def _sides(ctx: NumberContext, B: BrownianMotion, point: Point) -> tuple[Any, Any]:
    """(L, u) with rows = L diag(u) L', and the same for the columns."""
    sizes = (*B.shape, 1, 1)[:2]
    out = []
    for kernel, size in zip((B.rows, B.columns), sizes, strict=True):
        if kernel is None:
            out.append((_identity(ctx, size), [ctx.rational(1)] * size))
        else:
            out.append(_factored(ctx, _rows(ctx, kernel.in_context(ctx, point))))
    return out[0], out[1]


def _identity(ctx: NumberContext, size: int) -> list[list[Scalar]]:
    zero, one = ctx.rational(0), ctx.rational(1)
    return [[one if i == j else zero for j in range(size)] for i in range(size)]


def _rows(ctx: NumberContext, C: Matrix) -> list[list[Scalar]]:
    r, c = ctx.shape(C)
    return [[ctx.entry(C, i, j) for j in range(c)] for i in range(r)]


def _factored(ctx: NumberContext, C: list[list[Scalar]]) -> tuple[list[list[Scalar]], list[Scalar]]:
    """L with ones on its diagonal, and weights w, with C = L diag(w) L'."""
    n = len(C)
    C = [list(row) for row in C]
    L = _identity(ctx, n)
    weights = []
    for j in range(n):
        pivot = C[j][j]
        if not isinstance(ctx, PrimeFieldContext) and pivot < 0:
            raise NotAdmissibleError("covariance: not positive semidefinite; draw another")
        weights.append(pivot)
        if ctx.is_zero(pivot):
            if any(not ctx.is_zero(C[i][j]) for i in range(j + 1, n)):
                raise NotAdmissibleError("covariance: not positive semidefinite; draw another")
            continue
        reciprocal = ctx.entry(ctx.inverse(ctx.matrix([[pivot]])), 0, 0)
        for i in range(j + 1, n):
            L[i][j] = C[i][j] * reciprocal
        for i in range(j + 1, n):
            for m in range(j + 1, n):
                C[i][m] = C[i][m] - L[i][j] * C[j][m]
    return L, weights


def _direction(
    ctx: NumberContext, B: BrownianMotion, factor: Scalar, L: Any, i: int, D: Any, a: int
) -> Any:
    """factor · L e_i (D e_a)' in the shape of dB."""
    if ctx.is_zero(factor):
        return _zero(ctx, B)
    if not B.shape:
        return factor
    if len(B.shape) == 1:
        return [factor * row[i] for row in L]
    return ctx.matrix([[factor * row[i] * column[a] for column in D] for row in L])


def _numbers(sides: Any) -> list[Scalar]:
    return [x for L, w in sides for x in (*(y for row in L for y in row), *w)]
