"""The kernels of a claim about one step: the map, the observable, its change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import ZeroMatrix, sympify

from derivations.codegen.function import Formula
from derivations.codegen.spectra import tuples
from derivations.codegen.structure import is_matrix
from derivations.update import StepClaim

__all__ = ["step_formulas"]


def step_formulas(claim: StepClaim, indices: tuple[Any, ...]) -> Iterator[Formula]:
    """``update`` returns the states after the step, in their order; all else is as stated."""
    states = claim.update.states
    order = tuple(str(state.name) for state in states)
    moved = ((f"{state.name}_after", claim.update.moves[state]) for state in states)
    words = "The states after one step, as declared."
    yield Formula(name="update", results=tuple(moved), several=True, summary=words, order=order)
    f, change = claim.observable, sympify(claim.change)
    if change == 0 and is_matrix(f):
        change = ZeroMatrix(*f.shape)
    for name, value, words in (
        ("observable", f, "The observable f."),
        ("change", change, "The change of f in one step, as stated."),
    ):
        results = ((name, sympify(tuples(value, indices))),)
        yield Formula(name=name, results=results, several=False, summary=words)
