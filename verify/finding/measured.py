"""What a refuted claim states, term by term, beside what is measured, at many points.

The measured side knows the declared system alone.  Numbers are fractions, by power series in exact
arithmetic, or where there are none doubles with an estimate of their error, by differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import numpy as np

from numerics.contexts import RationalContext
from numerics.declared import letter
from numerics.errors import NotAdmissibleError, NoValueError
from numerics.generator import GeneratorEstimate, estimate_generator
from numerics.jets import GeneratorValue, generator
from numerics.kernel import Kernel
from numerics.points import as_arrays
from verify.coordinates import entries
from verify.counterexample import widened
from verify.planning import EFFORTS, Plan
from verify.problem import Problem
from verify.sampling import Sample, admissible
from verify.steps.support import on_support
from verify.systems import as_numbers, smooth_within

__all__ = [
    "CLOCK",
    "Arithmetic",
    "Doubles",
    "Row",
    "Table",
    "arithmetics",
    "rows",
    "table",
    "tables",
]

Number: TypeAlias = Fraction | float
Sizes: TypeAlias = Mapping[str, int]
At: TypeAlias = Mapping[str, Any]

SLACK = 4.0
"""How much worse than its own estimate a difference may be."""

ROUNDING = 1e-11

LEAST = 1e-4
"""A value below it is rounded as it is: what is left of sin π is no number of its own."""

CLOCK = "the clock"
"""The rate of a change of time, among the scalars whose powers may be wrong."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number: the measured value, its error, and the value of every term without its number.

    ``scale`` is the sum of the absolute values of what the measured value consists of.
    """

    measured: Number
    error: float
    terms: tuple[Number, ...]
    entry: int
    scale: float = 0.0
    shape: tuple[int, ...] = ()
    along: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of one part, point by point, and the scalars that every point has."""

    points: tuple[tuple[Row, ...], ...]
    scalars: tuple[Mapping[str, float], ...]
    dimensions: tuple[str, ...]
    exact: bool
    where: str


class Arithmetic(Protocol):
    """How a part is evaluated at a point of the rationals."""

    @property
    def exact(self) -> bool:
        """Whether values have no error."""

    def rows(self, problem: Problem, part: Any, sizes: Sizes, point: At) -> tuple[Row, ...]:
        """Every number of a part at one point."""


def arithmetics() -> tuple[Arithmetic, ...]:
    """The arithmetics, the better first."""
    return _Fractions(), Doubles()


def rows(arithmetic: Arithmetic, problem: Problem, part: Any, sizes: Sizes, at: At) -> Any:
    """Every number of a part at one point; what is no finite number is not admissible.

    Draws have the value of their law that belongs to the number in the point.
    """
    at = _drawn(problem, sizes, at)
    found = arithmetic.rows(problem, part, sizes, at)
    for row in found:
        if not np.all(np.isfinite([float(x) for x in (row.measured, row.error, *row.terms)])):
            raise NotAdmissibleError("point: a value is not finite there; draw another point")
    return found


def _drawn(problem: Problem, sizes: Sizes, at: At) -> At:
    if problem.step is None:
        return at
    drawn = {d.name for d in problem.step.draws}
    arrays = as_arrays({name: x for name, x in at.items() if name in drawn})
    found = on_support(problem, sizes, arrays)
    return {**at, **{name: widened(RationalContext(), x) for name, x in found.items()}}


def table(problem: Problem, parts: Sequence[Any], plan: Plan) -> tuple[Arithmetic, list[Table]]:
    """The tables of all parts in one arithmetic, at the same points.

    Raises
    ------
    NoValueError
        If no arithmetic can say them.
    """
    reasons: list[str] = []
    for arithmetic in arithmetics():
        try:
            return arithmetic, tables(problem, parts, plan, arithmetic)
        except NoValueError as error:
            reasons.append(str(error))
    raise NoValueError(reasons[-1])


def tables(
    problem: Problem, parts: Sequence[Any], plan: Plan, arithmetic: Arithmetic
) -> list[Table]:
    """The tables of all parts in a given arithmetic, at the same points."""
    scalars = [x.name for x in problem.letters() if not x.shape and x.family is None]
    wanted = max(8, len({*scalars, *problem.signature.dimensions}) + 5)

    def measure(sizes: Sizes, point: At) -> list[tuple[Row, ...]]:
        return [rows(arithmetic, problem, part, sizes, point) for part in parts]

    # The first point of every seed is a generic one; badly conditioned ones come after it.
    sizes = max(1, (wanted + 1) // 2) if problem.signature.dimensions else 1
    effort = replace(EFFORTS["quick"], sizes=sizes, points=1)
    samples = [
        admissible(
            problem, RationalContext(), replace(plan.share(f"points {n}"), effort=effort), measure
        )
        for n in range(-(-wanted // sizes))
    ]
    points = [
        (sizes, _drawn(problem, sizes, at)) for sample in samples for sizes, at in sample.points
    ]
    values = [value for sample in samples for value in sample.values]
    where = Sample(points=tuple(points), values=(), refused=0).described()
    return [
        Table(
            points=tuple(found[n] for found in values),
            scalars=tuple(_scalars(problem, sizes, point) for sizes, point in points),
            dimensions=problem.signature.dimensions,
            exact=arithmetic.exact,
            where=where,
        )
        for n in range(len(parts))
    ]


def _scalars(problem: Problem, sizes: Sizes, point: At) -> dict[str, float]:
    """Dimensions and scalar letters; 0, which has no logarithm, is left out."""
    found = {name: float(n) for name, n in sizes.items()}
    arrays = as_arrays(point)
    for name, value in arrays.items():
        if np.ndim(value) == 0 and value != 0:
            found[name] = float(value)
    if problem.kind == "time change":
        found[CLOCK] = float(problem.kernel("rate")(arrays))
    return found


@dataclass(frozen=True)
class _Fractions:
    """Power series over the rationals: no rounding."""

    @property
    def exact(self) -> bool:
        """Values have no error."""
        return True

    def rows(self, problem: Problem, part: Any, sizes: Sizes, point: At) -> tuple[Row, ...]:
        """Every number of a part at one point."""
        ctx = RationalContext()

        def of(kernel: Kernel, at: At) -> list[Fraction]:
            return _fractions(entries(ctx, kernel.in_context(ctx, at)))

        def differential(kernel: Kernel, name: str = "declared") -> GeneratorValue:
            return generator(ctx, problem.system(name, sizes), kernel, point)

        return tuple(self._rows(problem, part, point, of, differential))

    def _rows(
        self, problem: Problem, part: Any, point: At, of: Any, differential: Any
    ) -> Iterator[Row]:
        ctx = RationalContext()
        if part.quantity == "value":
            value = part.subject[0].in_context(ctx, point)
            found = _fractions(entries(ctx, value))
            yield from _joined(found, _terms(part, point, of), _shape(ctx, value))
            return
        subject = _subject(part)
        values = [differential(kernel) for kernel in subject]
        rate = problem.kernel("rate").in_context(ctx, point) if "new time" in part.quantity else 1
        if part.quantity in ("drift", "drift in the new time"):
            drift = [x / rate for x in entries(ctx, values[0].drift)]
            terms, shape = _terms(part, point, of), _shape(ctx, values[0].drift)
            yield from _joined(_fractions(drift), terms, shape)
        elif part.quantity == "covariation":
            f, g = (values[0], values[-1])
            products = [
                [c.weight * x * y for x, y in zip(entries(ctx, u), entries(ctx, v), strict=True)]
                for c, u, v in zip(f.components, f.martingale, g.martingale, strict=True)
            ]
            total = [ctx.total([*column]) for column in zip(*products, strict=True)]
            terms, shape = _terms(part, point, of), _shape(ctx, f.drift)
            yield from _joined(_fractions(total), terms, shape)
        else:
            root = ctx.sqrt(rate) if "new time" in part.quantity else 1
            root = -root if part.turned else root
            value = values[0]
            for component, moved in zip(value.components, value.martingale, strict=True):
                along = [x / root for x in entries(ctx, moved)]
                at = {**point, **_renamed(part, component.increments)}
                terms, shape = _terms(part, at, of), _shape(ctx, moved)
                yield from _joined(_fractions(along), terms, shape, component.increments)


@dataclass(frozen=True)
class Doubles:
    """Central differences in double precision, with an estimate of their error."""

    @property
    def exact(self) -> bool:
        """Values have an error."""
        return False

    def rows(self, problem: Problem, part: Any, sizes: Sizes, point: At) -> tuple[Row, ...]:
        """Every number of a part at one point."""
        return tuple(self.of_arrays(problem, part, sizes, as_arrays(point)))

    def of_arrays(self, problem: Problem, part: Any, sizes: Sizes, at: At) -> Iterator[Row]:
        """Every number of a part at a point of arrays."""

        def of(kernel: Kernel, at: At) -> list[float]:
            with np.errstate(all="ignore"):
                return [float(x) for x in np.ravel(kernel(at))]

        if part.quantity == "value":
            value = of(part.subject[0], at)
            terms, shape = _terms(part, at, of), np.shape(part.subject[0](at))
            error = [ROUNDING * max(LEAST, *map(abs, value))] * len(value)
            yield from _joined(value, terms, shape, error=error)
            return
        numbers = as_numbers(problem.system("declared", sizes), at)
        reach = smooth_within(problem, numbers, at)
        e = [estimate_generator(numbers, f, at, reach=reach) for f in _subject(part)]
        rate = float(problem.kernel("rate")(at)) if "new time" in part.quantity else 1.0
        if part.quantity in ("drift", "drift in the new time", "covariation"):
            value, error, scale = _scalar_rate(e, part.quantity)
            off = SLACK * np.ravel(error) + ROUNDING * np.ravel(scale)
            found = [x / rate for x in np.ravel(value).tolist()]
            terms, shape = _terms(part, at, of), np.shape(value)
            yield from _joined(found, terms, shape, None, (off / rate).tolist(), scale / rate)
            return
        root = float(np.sqrt(rate))
        for j in range(len(e[0].martingale)):
            increments = {name: value[j] for name, value in e[0].directions.items()}
            moved = {**at, **_renamed(part, increments)}
            off = SLACK * np.ravel(e[0].martingale_error[j])
            scale = e[0].martingale_scale[j] / root
            off = off / root + ROUNDING * np.ravel(scale)
            sign = -1 if part.turned else 1
            value = [sign * x / root for x in np.ravel(e[0].martingale[j]).tolist()]
            terms, shape = _terms(part, moved, of), np.shape(e[0].martingale[j])
            yield from _joined(value, terms, shape, increments, off.tolist(), scale)


def _scalar_rate(e: Sequence[GeneratorEstimate], quantity: str) -> tuple[Any, Any, Any]:
    if quantity == "covariation":
        return e[0].covariation(e[-1])
    return e[0].drift, e[0].drift_error, e[0].drift_scale


def _subject(part: Any) -> list[Kernel]:
    """The kernels of what is measured; a name stands for the state itself."""
    return [letter(x) if isinstance(x, str) else x for x in part.subject]


def _terms(part: Any, at: At, of: Any) -> list[list[Any]]:
    return [of(term.kernel, at) for term in (*part.terms, *part.candidates)]


def _renamed(part: Any, increments: At) -> dict[str, Any]:
    return {part.renamed.get(name, name): value for name, value in increments.items()}


def _joined(
    measured: Sequence[Any],
    terms: Sequence[Sequence[Any]],
    shape: tuple[int, ...],
    along: At | None = None,
    error: Sequence[float] | None = None,
    scale: Any = 0.0,
) -> Iterator[Row]:
    """A row for every entry; a term of one number is the same in all entries."""
    for n, value in enumerate(measured):
        yield Row(
            measured=value,
            error=0.0 if error is None else float(error[n]),
            terms=tuple(term[n] if len(term) == len(measured) else term[0] for term in terms),
            entry=n,
            scale=float(np.ravel(scale)[n % np.size(scale)]),
            shape=shape,
            along=along,
        )


def _fractions(values: Sequence[Any]) -> list[Fraction]:
    return [Fraction(int(x.p), int(x.q)) if hasattr(x, "p") else Fraction(int(x)) for x in values]


def _shape(ctx: RationalContext, value: Any) -> tuple[int, ...]:
    if isinstance(value, list | tuple):
        return (len(value), *_shape(ctx, value[0]))
    return ctx.shape(value) if ctx.is_matrix(value) else ()
