"""The second-order expansion of a function of the states, in given differentials of the states.

In formal differentials dX it is Itô's formula before anything is put in; in the noise or the drift
of a system it is what the formula becomes there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Identity, Transpose

from .basis import Basis, FormAlgebra
from .differential import ItoAlgebra
from .display import expression
from .expressions import BlockColumn, Stack
from .forms import Form
from .interpreter import interpret
from .points import Point, evaluate
from .sde import MatrixSDE
from .symbols import MatrixIncrement, ScalarIncrement

__all__ = ["Expansion", "FormalDifferentials", "expansion"]

Field = Callable[[Any], Any]
"""State -> its differential."""


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """f(X + u) − f(X) = D₁[u] + D₂[u, u] + ∂_t f dt to second order in u, nothing contracted.

    ``linear`` is D₁[u], ``quadratic`` D₂[u, u] and ``timely`` ∂_t f; ``products`` is D₂[u, u] as a
    form.
    """

    linear: Any
    quadratic: Any
    timely: Any
    products: Form


def expansion(f: Any, forms: FormAlgebra, field: Field, *, order: int = 2) -> Expansion:
    """f expanded where the states have the differentials u that ``field`` gives.

    With ``order`` 1 products of two differentials are zero, as dt² is.
    """

    def of_state(state: Any) -> tuple[Form, Form]:
        return Form.zero(forms.letter(state).shape), interpret(field(state), forms)

    def products(two: Form) -> Form:
        return two if order == 2 else Form.zero(two.shape)

    # Where the Itô table would stand the products are kept, so that the drift holds D₂ and ∂_t f.
    value = interpret(f, ItoAlgebra(forms, of_state, products))
    shape, terms = value.drift.shape, value.drift.terms.items()
    twofold = Form(shape, {m: c for m, c in terms if m.increments})
    timely = Form(shape, {m: c for m, c in terms if not m.increments})
    return Expansion(
        linear=expression(value.martingale),
        quadratic=expression(twofold),
        timely=expression(timely),
        products=twofold,
    )


class FormalDifferentials:
    """The letters dX: one for each state, or one for a whole stack of states.

    Attributes
    ----------
    of_state : mapping
        State -> its differential in these letters.
    letters : mapping
        Letter -> the state or stack whose differential it is.
    """

    def __init__(self, system: MatrixSDE, basis: Basis) -> None:
        self.of_state: dict[Any, Any] = {}
        self.letters: dict[Any, Any] = {}
        for state in system.states:
            home = basis.homes.get(state)
            if home is None:
                letter = _increment(f"d{state.name}", getattr(state, "shape", ()))
                self.of_state[state] = letter
                self.letters[letter] = state
            else:
                stack, n, transposed = home
                whole = Stack(*stack.blocks)
                letter = _increment(f"d{whole}", whole.shape)
                block = BlockColumn(n, *whole.partition).T * letter
                self.of_state[state] = block.T if transposed else block
                self.letters[letter] = whole

    def moved(self, field: Field) -> Mapping[Any, Any]:
        """What the letters are where the states have the differentials ``field(state)``."""
        return {u: _moved(x, field) for u, x in self.letters.items()}

    def values(self, field: Field, point: Point) -> Mapping[Any, Any]:
        """Their values at a point."""
        return {u: evaluate(x, point) for u, x in self.moved(field).items()}


def _increment(name: str, shape: Any) -> Any:
    if not shape:
        return ScalarIncrement(name, real=True)
    return MatrixIncrement(name, *shape, Identity(shape[0]), Identity(shape[1]))


def _moved(x: Any, field: Field) -> Any:
    """The differential of a state, or of a stack of states and their transposes."""
    if isinstance(x, Stack):
        return Stack(*(_moved(block, field) for block in x.args))
    return _moved(x.args[0], field).T if isinstance(x, Transpose) else field(x)
