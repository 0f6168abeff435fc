"""Equality in law of two systems with the same states: their drifts and their diffusions.

The diffusion is the bilinear form d⟨tr(U'a), tr(V'b)⟩/dt of two states a and b, for constant
matrices U and V.  It does not say from how many Brownian motions a noise is made, nor which signs
and which rotations these have: with the drift it is all of the generator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations_with_replacement
from typing import Any

from sympy import Trace

from .equality import equal
from .printing import unicode
from .sde import MatrixSDE
from .shapes import shape_of
from .symbols import Letter, MatrixIncrement, Parameter

__all__ = ["compared_in_law", "counterparts", "diffusions"]

Compared = tuple[str, Any, Any]


def counterparts(old: MatrixSDE, new: MatrixSDE) -> Mapping[Any, Any]:
    """The noises of one system -> those of the other, where they have one law; else nothing."""
    pairs = list(zip(old.noises, new.noises, strict=False))
    names = dict(pairs)
    correlation = {frozenset(map(names.get, pair)): r for pair, r in old.correlation.items()}
    alike = (
        len(old.noises) == len(new.noises)
        and all(_law(a) == _law(b) for a, b in pairs)
        and correlation == {frozenset(pair): r for pair, r in new.correlation.items()}
    )
    return names if alike else {}


def _law(noise: Any) -> tuple[Any, ...]:
    if isinstance(noise, MatrixIncrement):
        return (*noise.shape, noise.row_covariance, noise.column_covariance)
    return (getattr(noise, "index", None),)


def compared_in_law(
    first: MatrixSDE, second: MatrixSDE, *, assuming: Iterable[Any] = (), seed: int = 0
) -> Iterator[Compared]:
    """Name, form in one Itô system and form in the other of what makes their laws.

    Where the noise terms are equal as they stand, or up to one sign, they are compared; else the
    diffusions are.
    """
    facts = tuple(assuming)
    for state in first.states:
        yield f"drift of {state}", first.drift(state), second.drift(state)
    pairs = [(first.noise(state), second.noise(state)) for state in first.states]
    if first.noises == second.noises and first.correlation == second.correlation:
        for sign in (1, -1):
            if all(equal(a, sign * b, assuming=facts, seed=seed, points=1) for a, b in pairs):
                for state, (a, b) in zip(first.states, pairs, strict=True):
                    yield f"noise of {state}", a, sign * b
                return
    yield from diffusions(first, second)


def diffusions(first: MatrixSDE, second: MatrixSDE) -> Iterator[Compared]:
    """For every two states the rate of their covariation in the one system and in the other."""
    taken = {
        getattr(letter, "name", "")
        for system in (first, second)
        for equation in system.equations.values()
        for letter in equation.atoms(Letter) | equation.free_symbols
    }
    for a, b in combinations_with_replacement(first.states, 2):
        weights = [_weight(x, name, taken) for x, name in ((a, "U"), (b, "V"))]
        f, g = (x if w is None else Trace(w.T * x) for x, w in zip((a, b), weights, strict=True))
        rates = [system.d(f).covariation(system.d(g)) for system in (first, second)]
        free = " and ".join(unicode(w) for w in weights if w is not None)
        yield (
            f"diffusion matrix, d⟨{unicode(f)}, {unicode(g)}⟩ per time"
            + (f" for constant matrices {free}" if free else ""),
            rates[0],
            rates[1],
        )


def _weight(state: Any, name: str, taken: set[Any]) -> Any:
    """A letter that is not taken, for a general linear function of a matrix; None for a scalar."""
    if not shape_of(state):
        return None
    while name in taken:
        name += "'"
    return Parameter(name, *state.shape)
