"""A stochastic differential equation given by Python functions of NumPy arrays.

Where the symbolic language cannot say a drift, a function can: dX = drift dt + noise(dB), states
being scalars, vectors and matrices.  What can be checked of it are numbers in double precision.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, final

import numpy as np

from numerics.contexts import NumberContext
from numerics.errors import FunctionError, NumericsError
from numerics.function import Function, constant, tried
from numerics.kernel import Kernel
from numerics.letters import Shape, letter, parameter, shape_of, sizes
from numerics.points import as_arrays
from numerics.signature import LetterSignature, NoiseSignature, SystemSignature
from numerics.system import Array, covariance_factor
from numerics.trial import BATCH, trial_points
from numerics.vector_field import VectorField, check_linear

__all__ = ["NumericSDE"]

_RESERVED = ("t", "dt", "level", "initial")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class NumericSDE:
    """A system dX = drift dt + noise(dB), its functions evaluated once on a trial.

    Parameters
    ----------
    states : mapping
        Name -> shape of one path: ``()`` for a scalar, ``(n,)`` for a vector, ``(r, c)``.
    drift : function; or mapping of state -> function or number, or a tuple of them in this order
        A function of any of the states, parameters and ``t``, by their names.  Arrays have leading
        batch axes: entries are ``W[..., i, j]``.  For several states it returns a mapping or a
        tuple in their order.
    noise : the same, optional
        The action of the noise on the increments, functions of ``"d" + name`` as well, linear in
        them: ``lambda x, dB: sigma * x * dB``.
    noises : mapping
        Name of each Brownian motion -> shape of its increment.
    covariance : mapping
        Name of a Brownian motion -> its covariance per unit of time, (n, n) for a vector, a pair
        (rows, columns) for a matrix; else all entries are independent and standard.
    correlation : mapping
        (name, name) -> ρ for two Brownian motions of one shape, entry by entry.
    parameters : mapping
        Name -> a number or an array, or a tuple (low, high) between which every point has its own.
    within : mapping
        State -> (low, high): where its entries are drawn; (0, inf) says positive.  Without it they
        lie between −3 and 3.
    where : function or tuple of functions
        Of states and parameters; true at admissible points, others are drawn again.
    calculus : str
        ``"ito"`` or ``"stratonovich"``: how the noise is meant.

    Raises
    ------
    NumericsError
        For names, shapes and ranges that make no sense.
    FunctionError
        If a function raises, returns another shape or nan, mixes the points of a batch, or is not
        linear in the increments.

    Examples
    --------
    >>> sde = NumericSDE(
    ...     states={"x": ()},
    ...     noises={"B": ()},
    ...     parameters={"sigma": (0.5, 2.0)},
    ...     drift=lambda x: -x,
    ...     noise=lambda sigma, dB: sigma * dB,
    ... )
    >>> sde.calculus
    'ito'
    """

    states: Mapping[str, Any]
    drift: Any
    noise: Any = None
    noises: Mapping[str, Any] = field(default_factory=dict)
    covariance: Mapping[str, Any] = field(default_factory=dict)
    correlation: Mapping[Any, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    within: Mapping[str, Any] = field(default_factory=dict)
    where: Any = ()
    calculus: str = "ito"

    def __post_init__(self) -> None:
        if self.calculus not in ("ito", "stratonovich"):
            raise NumericsError(f'calculus: got {self.calculus!r}; say "ito" or "stratonovich"')
        for what in ("states", "noises", "covariance", "correlation", "parameters", "within"):
            if not isinstance(getattr(self, what), Mapping):
                raise NumericsError(f"{what}: got {getattr(self, what)!r}; give name: value")
        if not self.states:
            raise NumericsError("states: got none; name at least one, such as {'x': ()}")
        self._check_names()
        if (self.noise is None) != (not self.noises):
            given, missing = ("noises", "noise") if self.noises else ("noise", "noises")
            raise NumericsError(f"{missing}: missing, though {given} is given; give both or none")
        _ = self.letters, self.signature("", "")
        self._trial()

    # ------------------------------------------------------------------ names and shapes

    def _check_names(self) -> None:
        taken: set[str] = set()
        increments = ["d" + str(name) for name in self.noises]
        for name in (*self.states, *self.parameters, *self.noises, *increments):
            if not name.isidentifier() or keyword.iskeyword(name):
                raise NumericsError(f"name {name!r}: a name is a word that an argument can have")
            if name in _RESERVED or name in taken:
                why = "means something else here" if name in _RESERVED else "is taken"
                raise NumericsError(f"name {name!r}: {why}; choose another")
            taken.add(name)
        for name in self.within:
            if name not in self.states:
                where = "parameters" if name in self.parameters else "states"
                hint = "give (low, high) as its value there" if name in self.parameters else ""
                raise NumericsError(
                    f"within: {name!r} is none of the states {', '.join(self.states)}"
                    + (f"; it is among the {where}: {hint}" if hint else "; name one of them")
                )
        for name in self.covariance:
            if name not in self.noises:
                raise NumericsError(f"covariance: {name!r} is none of the noises; name one")

    @cached_property
    def letters(self) -> tuple[LetterSignature, ...]:
        """States and parameters, with where they are drawn."""
        states = (
            letter(name, "state", shape_of(name, shape), self.within.get(name))
            for name, shape in self.states.items()
        )
        return (*states, *(parameter(name, value) for name, value in self.parameters.items()))

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Everything that has batch axes: states, increments, the time."""
        found = {name: shape_of(name, shape) for name, shape in self.states.items()}
        increments = {"d" + name: shape_of(name, shape) for name, shape in self.noises.items()}
        return {**found, **increments, "t": ()}

    @property
    def names(self) -> tuple[str, ...]:
        """What a function of a point may take."""
        return (*self.states, *self.parameters, "t")

    @property
    def increments(self) -> tuple[str, ...]:
        """What a function of the noise may take beside it."""
        return tuple("d" + name for name in self.noises)

    def function(self, what: str, call: Any, *, noisy: bool = False, **options: Any) -> Function:
        """A function of a point of this system; a number or an array in its place is constant."""
        if not callable(call):
            return constant(what, call)
        known = (*self.names, *(self.increments if noisy else ()))
        return Function.of(what, call, self.shapes, known, **options)

    # ------------------------------------------------------------------ as kernels

    @property
    def takes_time(self) -> bool:
        """Whether drift or noise depend on the time."""
        return any("t" in f.arguments for f in self._parts())

    def kernels(self, prefix: str) -> dict[str, Kernel]:
        """The increment, the covariances and correlations, for `numerics.declared`."""
        used = {name for f in self._parts() for name in f.arguments}
        letters = (*self.states, *self.parameters, "t", *self.increments)
        always = {*self.states, *self.increments}
        arguments = tuple(name for name in letters if name in used | always)

        def increment(*values: Any) -> tuple[Array, ...]:
            *given, dt = values
            return self._moved(dict(zip(arguments, given, strict=True)), dt)

        fixed = dict(self._fixed(prefix))
        found = {f"{prefix}{name}": _constant(f"{prefix}{name}", x) for name, x in fixed.items()}
        found[f"{prefix}increment"] = Kernel(
            name="increment",
            arguments=(*arguments, "dt"),
            arrays=increment,
            generic=self._drift.parts[0].no_value,
        )
        return found

    def signature(self, prefix: str, claim: str) -> SystemSignature:
        """What the kernels take, for the claim of that id."""
        fixed = dict(self._fixed(prefix))
        noises = []
        for name, shape in self.noises.items():
            rows, columns = (f"{side}_covariance_{name}" for side in ("row", "column"))
            own, family = sizes(shape_of(name, shape))
            noises.append(
                NoiseSignature(
                    name=name,
                    shape=own,
                    family=family,
                    row_covariance=f"{prefix}{rows}" if rows in fixed else None,
                    column_covariance=f"{prefix}{columns}" if columns in fixed else None,
                )
            )
        return SystemSignature(
            prefix=prefix,
            states=tuple(self.states),
            noises=tuple(noises),
            letters=self.letters,
            correlations=tuple((a, b, f"{prefix}correlation_{a}_{b}") for a, b in self.correlation),
            calculus=self.calculus,
        )

    def _fixed(self, prefix: str) -> Iterator[tuple[str, Array]]:
        """Covariances and correlations by the names of their kernels."""
        for name, given in self.covariance.items():
            shape = shape_of(name, self.noises[name])
            pair = given if len(shape) == 2 and isinstance(given, tuple) else (given,)
            for side, n, C in zip(("row", "column"), shape, pair, strict=False):
                if C is not None:
                    yield f"{side}_covariance_{name}", _covariance(name, C, n)
            if not shape:
                raise NumericsError(f"covariance: {name} is a scalar; scale it in the noise")
        for key, rho in self.correlation.items():
            if len(key) != 2 or set(key) - set(self.noises):
                raise NumericsError(f"correlation: got {key!r}; name two of the noises, (B, Z)")
            if not isinstance(rho, int | float) or not -1 <= rho <= 1:
                raise NumericsError(f"correlation {key}: got {rho!r}; give a number in [−1, 1]")
            yield f"correlation_{key[0]}_{key[1]}", np.asarray(float(rho))

    # ------------------------------------------------------------------ the fields

    @cached_property
    def _drift(self) -> VectorField:
        return VectorField.of("drift", self.drift, self._states, self._made(noisy=False))

    @cached_property
    def _noise(self) -> VectorField | None:
        if self.noise is None:
            return None
        return VectorField.of("noise", self.noise, self._states, self._made(noisy=True))

    @property
    def _states(self) -> dict[str, Shape]:
        return {name: self.shapes[name] for name in self.states}

    def _made(self, *, noisy: bool) -> Callable[..., Function]:
        return partial(self.function, noisy=noisy)

    def _parts(self) -> tuple[Function, ...]:
        return (*self._drift.parts, *(self._noise.parts if self._noise else ()))

    def _moved(self, point: Mapping[str, Any], dt: Any) -> tuple[Array, ...]:
        """drift dt + noise(dB) for every state."""
        still = not np.any(dt)
        a = None if still else self._drift(point)
        b = self._noise(point) if self._noise else None
        moved = []
        for i, name in enumerate(self.states):
            x: Any = 0.0
            if a is not None:
                # One step length for all paths, or one for each.
                x = np.reshape(dt, np.shape(dt) + (1,) * len(self.shapes[name])) * a[i]
            moved.append(x if b is None else x + b[i])
        return tuple(
            np.broadcast_to(x, self._shape(point, name))
            for x, name in zip(moved, self.states, strict=True)
        )

    def _shape(self, point: Mapping[str, Any], name: str) -> Shape:
        leads = [
            np.shape(x)[: np.ndim(x) - len(self.shapes[key])]
            for key, x in point.items()
            if key in self.shapes
        ]
        return (*np.broadcast_shapes(*leads), *self.shapes[name])

    # ------------------------------------------------------------------ the trial

    def conditions(self) -> tuple[Function, ...]:
        """The functions that tell admissible points."""
        given = self.where if isinstance(self.where, tuple | list) else (self.where,)
        for f in given:
            if not callable(f):
                raise FunctionError(f"where: got {f!r}; give a function of states and parameters")
        return tuple(self.function("where", f, value=()) for f in given)

    def trial_points(self) -> dict[str, Any]:
        """A batch of admissible points with increments and times, the parameters being one.

        Raises
        ------
        NumericsError
            If none of many that are drawn is admissible.
        """
        return trial_points(
            self.letters,
            {},
            {"where": lambda ctx, point: self.admits(as_arrays(point, ctx))},
            increments={name: self.shapes[name] for name in self.increments},
        )

    def admits(self, point: Mapping[str, Any]) -> bool:
        """Whether a point in float64 meets every condition."""
        return all(bool(f.at(*(point[n] for n in f.arguments))) for f in self.conditions())

    def _trial(self) -> None:
        points = self.trial_points()
        for f in self._drift.entries():
            tried(f, points, BATCH)
        for f in self._noise.entries() if self._noise else ():
            tried(f, points, BATCH)
            check_linear(f, points, self.increments)


def _covariance(name: str, given: Any, n: int) -> Array:
    C = np.asarray(given, dtype=float)
    if C.shape != (n, n):
        raise NumericsError(f"covariance of {name}: shape {C.shape}, needs {(n, n)}")
    covariance_factor(C)  # refuses what is no covariance
    return C


def _constant(name: str, x: Array) -> Kernel:
    def generic(ctx: NumberContext) -> Any:
        if x.ndim == 0:
            return ctx.rational(*float(x).as_integer_ratio())
        return ctx.matrix([[ctx.rational(*float(y).as_integer_ratio()) for y in row] for row in x])

    return Kernel(name=name, arguments=(), arrays=lambda: x, generic=generic)
