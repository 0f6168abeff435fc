"""One step of an algorithm given by Python functions of NumPy arrays, and what it draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

from numerics.draws import Draw
from numerics.errors import NumericsError
from numerics.function import Function, constant, tried
from numerics.kernel import Kernel
from numerics.letters import Shape, letter, parameter, shape_of
from numerics.signature import LetterSignature
from numerics.system import Array
from numerics.trial import BATCH, trial_points
from numerics.vector_field import VectorField

__all__ = ["NumericUpdate"]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class NumericUpdate:
    """The map x⁺ = F(x, draws) of one step, tried once when it is declared.

    Parameters
    ----------
    states : mapping
        Name -> shape of one run: ``()`` for a scalar, ``(n,)`` for a vector, ``(r, c)``.
    moves : function, or mapping of state -> function
        The states after the step, functions of states, parameters and draws by their names.
        Arrays have leading batch axes: entries are ``W[..., i, j]``.  For several states one
        function returns a mapping or a tuple in their order.
    draws : tuple of Draw
        What is drawn anew: signs, standard normals, or the weights of a minibatch, n/b times how
        often each of n samples was drawn.
    parameters : mapping
        Name -> a number or an array, or a tuple (low, high) between which every point has its own.
        The step size of a claim to an order is one of the latter.
    within : mapping
        State -> (low, high): where its entries are drawn; (0, inf) says positive.

    Raises
    ------
    NumericsError
        For names, shapes and ranges that make no sense.
    FunctionError
        If a function raises, returns another shape or nan, or mixes the points of a batch.

    Examples
    --------
    >>> step = NumericUpdate(
    ...     states={"w": ()},
    ...     parameters={"eta": (0.1, 0.5)},
    ...     draws=(Draw(name="xi", law="two-point", shape=()),),
    ...     moves=lambda w, eta, xi: w - eta * (w + xi),
    ... )
    >>> [x.name for x in step.letters]
    ['w', 'eta', 'xi']
    """

    states: Mapping[str, Any]
    moves: Any
    draws: tuple[Draw, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    within: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in ("states", "parameters", "within"):
            if not isinstance(getattr(self, what), Mapping):
                raise NumericsError(f"{what}: got {getattr(self, what)!r}; give name: value")
        if not self.states:
            raise NumericsError("states: got none; name at least one, such as {'x': ()}")
        if not all(isinstance(d, Draw) for d in self.draws):
            raise NumericsError(f"draws: got {self.draws!r}; give a tuple of Draw(name=, law=, …)")
        names = [*self.states, *self.parameters, *(d.name for d in self.draws)]
        for name in names:
            if not str(name).isidentifier() or names.count(name) > 1:
                raise NumericsError(f"name {name!r}: not a name of its own; choose another")
        for name in self.within:
            if name not in self.states:
                raise NumericsError(f"within: {name!r} is none of {', '.join(self.states)}")
        points = trial_points(self.letters, {}, {}, increments={})
        for f in self._field.entries():
            tried(f, points, BATCH)

    @cached_property
    def letters(self) -> tuple[LetterSignature, ...]:
        """States, parameters and draws; a draw has batch axes, as a state has."""
        states = (
            letter(name, "state", shape_of(name, shape), self.within.get(name))
            for name, shape in self.states.items()
        )
        fixed = (parameter(name, value) for name, value in self.parameters.items())
        drawn = (letter(d.name, "state", d.shape, None) for d in self.draws)
        return (*states, *fixed, *drawn)

    @cached_property
    def _field(self) -> VectorField:
        own = {name: shape_of(name, shape) for name, shape in self.states.items()}
        return VectorField.of("moves", self.moves, own, self._function)

    @property
    def _shapes(self) -> dict[str, Shape]:
        own = {name: shape_of(name, shape) for name, shape in self.states.items()}
        return {**own, **{d.name: d.shape for d in self.draws}}

    def _function(self, what: str, call: Any, **options: Any) -> Function:
        if not callable(call):
            return constant(what, call)
        known = (*self.states, *self.parameters, *(d.name for d in self.draws))
        return Function.of(what, call, self._shapes, known, **options)

    def conditions(self) -> tuple[Function, ...]:
        """Every point is admissible; a claim's own assumptions say more."""
        return ()

    @property
    def kernel(self) -> Kernel:
        """The states after the step, in their order."""
        parts = self._field.parts
        used = tuple(dict.fromkeys(name for f in parts for name in f.arguments))

        def moved(*values: Any) -> tuple[Array, ...]:
            return self._field(dict(zip(used, values, strict=True)))

        return Kernel(name="update", arguments=used, arrays=moved, generic=parts[0].no_value)
