"""Symmetries of a per-sample loss, and what the noise of SGD does to their quantities θ'Aθ.

A symmetric generator A moves the parameters by dθ = Aθ ds.  It is a symmetry of the loss of one
sample if ℓ(e^{sA}θ) = ℓ(θ), that is θ'A∇ℓ(θ) = 0.  Every sample gradient is then orthogonal to Aθ,
and with it their mean and their noise, so that for

    dθ = −∇L dt − 2γθ dt + √(TΣ) dW,     L = (1/n) Σ_i ℓ_i,     Σ = (1/n) Σ_i g_i g_i' − ∇L ∇L'

(Itô, T = 2σ²; SGD of step η and batch b is T = η/b; γ|θ|² is the weight decay)

    d(θ'Aθ) = T tr(ΣA) dt − 4γ θ'Aθ dt,

without a martingale part; one step θ⁺ = θ − η g of SGD gives θ⁺'Aθ⁺ = θ'Aθ + η² g'Ag exactly.

Source: Ziyin, Wang, Li, Wu: Parameter Symmetry and Noise Equilibrium of Stochastic Gradient
Descent, NeurIPS 2024, as derived here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import Add, sqrt, sympify

from .claim import DifferentialClaim
from .decimals import exactly
from .differential import differential
from .display import expression
from .equality import Status, equal
from .errors import DerivationError
from .expressions import total, tr, zero_like
from .forms import Form
from .printing import unicode
from .sde import MatrixSDE, increment_of
from .shapes import shape_of
from .slope import direction, wrong_slope
from .symbols import (
    Brownian,
    BrownianFamily,
    Family,
    Index,
    MatrixState,
    ScalarState,
    dt,
)
from .terms import Term
from .update import StepClaim, Update
from .words import transpose_word

__all__ = ["Symmetry"]


@dataclass(frozen=True, kw_only=True)
class Symmetry:
    """A loss of one sample, and a symmetric generator A under which it stays as it is.

    Parameters
    ----------
    loss : scalar expression
        ℓ(θ) of one sample, in the states, its data and other parameters.
    moves : mapping
        State -> its part of Aθ, linear in the states; states that it does not name stay.
    data : tuple, optional
        The letters of the loss that belong to one sample, such as ``(x, y)``: in a sum over samples
        they get an index.
    gradient : mapping, optional
        State -> ∂ℓ/∂state as typed; left out, the derived one stands in the systems.  Either one is
        compared with differences of the loss as typed, in which no rule of the engine enters, and
        a typed one with the derived one too.
    abbreviations : mapping, optional
        Letter -> what it stands for in the loss and in the typed gradient, such as the residual of
        a sample.  In the systems it is a process of each sample, known by name only: the flow then
        holds for every value of it, so for every loss whose gradient reads so.
    assuming : iterable, optional
        Facts that the loss needs, such as ``Q.positive(...)`` under a root.

    Raises
    ------
    DerivationError
        In one line, if A is not symmetric, the loss changes along it (naming dℓ/ds, what is left
        over), or a gradient is not that of the loss.

    Examples
    --------
    >>> from derivations import Parameter, State, dims, tr
    >>> h = dims("h")
    >>> u, w, x, y = State("u", h), State("w", h), Parameter("x"), Parameter("y")
    >>> r = tr(u.T * w) * x - y
    >>> Symmetry(loss=r**2, moves={u: u, w: -w}).quantity
    Trace(u.T*u) - Trace(w.T*w)
    >>> Symmetry(loss=r**2, moves={u: u, w: w})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    derivations.errors.DerivationError: loss ... is left over; give another generator, or ...
    """

    loss: Any
    moves: Mapping[Any, Any]
    data: tuple[Any, ...] = ()
    gradient: Mapping[Any, Any] = field(default_factory=dict)
    abbreviations: Mapping[Any, Any] = field(default_factory=dict)
    assuming: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        for name in ("loss", "moves", "gradient", "abbreviations", "assuming"):
            object.__setattr__(self, name, exactly(getattr(self, name)))
        object.__setattr__(self, "loss", self.spelled(self.loss))
        if shape_of(self.loss) != ():
            raise DerivationError(f"loss {self.loss}: a matrix; take its trace")
        for letter in self.data:
            if not self.loss.has(letter):
                raise DerivationError(f"data: {letter} does not occur in the loss")
        self._require_symmetric()
        self._require_invariant()
        if self.gradient:
            self._require_gradient()
        else:
            object.__setattr__(self, "gradient", self.derived_gradient)
        self._require_slopes()

    # What is declared -------------------------------------------------------------------------

    def spelled(self, expression: Any) -> Any:
        """An expression with its abbreviations spelled out."""
        return sympify(expression).xreplace(dict(self.abbreviations))

    @cached_property
    def states(self) -> tuple[Any, ...]:
        """The states of the loss and of the generator, θ, by name."""
        found = self.loss.atoms(MatrixState, ScalarState) | {*self.moves}
        return tuple(sorted(found, key=str))

    @cached_property
    def quantity(self) -> Any:
        """θ'Aθ, which gradient flow conserves: the moves as typed, no normal form of them."""
        return Add(*(_product(x, a) for x, a in self.moves.items()))

    @cached_property
    def derived_gradient(self) -> dict[Any, Any]:
        """State -> ∂ℓ/∂state, read off dℓ = Σ tr(∂ℓ/∂X' dX) for dX = dB."""
        noises = {x: _noise(x) for x in self.states}
        d = differential(MatrixSDE(noises), self.loss, assuming=self.assuming)
        return {x: expression(_beside(d.ito.martingale, noises[x])) for x in self.states}

    # What is checked --------------------------------------------------------------------------

    def _require_symmetric(self) -> None:
        """⟨H, Aθ⟩ = ⟨AH, θ⟩ for every H, which makes A linear too."""
        named = {x: direction(x) for x in self.moves}
        moved = {x: sympify(a).xreplace(named) for x, a in self.moves.items()}
        first, second = _paired(self.moves, named), _paired(moved, {x: x for x in self.moves})
        if equal(first, second).status is not Status.EQUAL:
            raise DerivationError(
                f"moves {_text(self.moves)}: not a symmetric linear map of the states; θ'Aθ is "
                "moved by noise alone for symmetric A only"
            )

    def _require_invariant(self) -> None:
        flow = {x: zero_like(x) for x in self.states}
        flow.update({x: a * dt for x, a in self.moves.items()})
        left = differential(MatrixSDE(flow), self.loss, assuming=self.assuming).drift
        if left != 0 and equal(left, 0, assuming=self.assuming).status is not Status.EQUAL:
            raise DerivationError(
                f"loss {unicode(self.loss)}: not invariant under {_text(self.moves)}, "
                f"dℓ/ds = {unicode(left)} is left over; give another generator, or another loss"
            )

    def _require_gradient(self) -> None:
        for x in self.states:
            stated = self.spelled(self.gradient.get(x, zero_like(x)))
            derived = self.derived_gradient[x]
            if equal(stated, derived, assuming=self.assuming).status is not Status.EQUAL:
                raise DerivationError(
                    f"gradient of {x}: got {unicode(stated)}, the loss has {unicode(derived)}"
                )

    def _require_slopes(self) -> None:
        """What is simulated is to follow from the declared loss, whatever the engine made of it."""
        gradient = {x: self.spelled(self.gradient.get(x, zero_like(x))) for x in self.states}
        wrong = wrong_slope(self.loss, gradient, self.assuming)
        if wrong is not None:
            raise DerivationError(
                f"gradient of {wrong}: {unicode(gradient[wrong])} is not what differences of the "
                f"loss {unicode(self.loss)} give"
            )

    # Systems, steps, and what is stated of them -----------------------------------------------

    def sample(self, i: Index) -> dict[Any, Any]:
        """State -> the gradient g_i of sample i."""
        members = {letter: Family(letter.name, *shape_of(letter))[i] for letter in self.data}
        for letter in self.abbreviations:
            members[letter] = Family(letter.name, *shape_of(letter), process=True)[i]
        return {x: sympify(self.gradient[x]).xreplace(members) for x in self.states}

    def mean(self, i: Index) -> dict[Any, Any]:
        """State -> ∇L, the mean of the sample gradients."""
        return {x: total(g, i) / i.range for x, g in self.sample(i).items()}

    def sde(self, i: Index, T: Any, decay: Any = 0) -> MatrixSDE:
        """dθ = −(∇L + 2γθ) dt + √(T/n) Σ_i (g_i − ∇L) dβ_i, Itô, n the range of the index."""
        beta, mean = BrownianFamily("beta"), self.mean(i)
        equations = {}
        for x, g in self.sample(i).items():
            drift = -mean[x] - 2 * decay * x if decay != 0 else -mean[x]
            noise = total((g - mean[x]) * beta[i].d, i)
            equations[x] = drift * dt + sqrt(T / i.range) * noise
        return MatrixSDE(equations, assuming=self.assuming)

    def flow(self, i: Index, T: Any, decay: Any = 0) -> Any:
        """T tr(ΣA) − 4γ θ'Aθ, the drift of θ'Aθ under `sde`."""
        mean = self.mean(i)
        spread = total(self.square(self.sample(i)), i) / i.range - self.square(mean)
        return T * spread - 4 * decay * self.quantity

    def square(self, g: Mapping[Any, Any]) -> Any:
        """g'Ag for a vector g of parameters' shape."""
        return _paired({x: sympify(a).xreplace(dict(g)) for x, a in self.moves.items()}, g)

    def flow_claim(self, i: Index, T: Any, decay: Any = 0, **fields: Any) -> DifferentialClaim:
        """The claim d(θ'Aθ) = (T tr(ΣA) − 4γ θ'Aθ) dt under `sde`; further fields of the claim."""
        stated = fields if "drift" in fields else {"drift": self.flow(i, T, decay), **fields}
        return DifferentialClaim(sde=self.sde(i, T, decay), observable=self.quantity, **stated)

    def step_claim(self, eta: Any, **fields: Any) -> StepClaim:
        """The claim θ⁺'Aθ⁺ − θ'Aθ = η² g'Ag for θ⁺ = θ − η g, one step on any one sample."""
        update = Update({x: x - eta * g for x, g in self.gradient.items() if g != zero_like(x)})
        stated = {"change": eta**2 * self.square(self.gradient), **fields}
        return StepClaim(update=update, observable=self.quantity, pathwise=True, **stated)


def _paired(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> Any:
    """Σ tr(a'b) over the states."""
    return Add(*(_product(a, second[x]) for x, a in first.items()))


def _product(a: Any, b: Any) -> Any:
    """tr(a'b), numbers in front of it."""
    if not shape_of(a):
        return a * b
    number, rest = b.as_coeff_mmul()
    return number * tr(a.T * rest)


def _noise(state: Any) -> Any:
    return increment_of(Brownian(f"direction {state}", *(shape_of(state) or (None,))))


def _beside(martingale: Form, noise: Any) -> Form:
    """G where tr(G'dB) are the terms with this noise."""
    shape, terms = shape_of(noise), list[Term]()
    for m, c in martingale.terms.items():
        for k, cycle in enumerate(m.cycles):
            for at, f in enumerate(cycle):
                if f.base != noise:
                    continue
                rest = cycle[at + 1 :] + cycle[:at]
                word = (rest if f.transposed else transpose_word(rest)) if shape else None
                others = m.cycles[:k] + m.cycles[k + 1 :]
                terms.append((m._replace(cycles=others, word=word), c))
    return Form.collect(shape, terms)


def _text(moves: Mapping[Any, Any]) -> str:
    return "{" + ", ".join(f"{x}: {unicode(a)}" for x, a in moves.items()) + "}"
