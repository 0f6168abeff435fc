"""One formula as two functions, printed by SymPy's ``lambdify`` through printers of ours."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Symbol, lambdify

from derivations.codegen.arrays import ArraysPrinter
from derivations.codegen.code import Names
from derivations.codegen.fitting import fit
from derivations.codegen.generic import CONTEXT, GenericPrinter
from derivations.codegen.hoisting import hoist
from derivations.codegen.layout import columns
from derivations.codegen.printer import KernelPrinter
from derivations.codegen.spectra import Definitions, guarded, listed_once
from derivations.codegen.structure import (
    AllEigenvalues,
    AllProjectors,
    Hoisted,
    HoistedMatrix,
    Listing,
    Tuples,
    free_indices,
    letters,
    named,
    nodes,
)
from derivations.errors import DerivationError
from derivations.sde import is_increment
from derivations.symbols import (
    Dimension,
    FamilyMember,
    MatrixState,
    ScalarMember,
    ScalarState,
    dt,
    t,
)

__all__ = ["BATCHED", "Formula", "PrintedFunction", "arguments", "print_arrays", "print_generic"]

BATCHED = (
    "apart",
    "block",
    "det",
    "eigenvalues",
    "erf",
    "erfc",
    "gamma_function",
    "inv",
    "logdet",
    "lowergamma",
    "matmul",
    "matrix_power",
    "projectors",
    "repeated",
    "scale",
    "solve",
    "stack",
    "swap",
    "symmetric_block",
    "trace",
    "tuples",
    "uppergamma",
)
"""The vocabulary of ``numerics.batched`` that printed code may call."""

_RESERVED = (*BATCHED, "np", "Any", "Kernel", CONTEXT, "range", "len")


@dataclass(frozen=True, kw_only=True)
class Formula:
    """What one kernel computes.

    Attributes
    ----------
    name
        Name of the kernel.
    results
        Pairs (what it is called, expression).
    several
        Whether the kernel returns a tuple, one entry for each result.
    summary
        What it is, in one short sentence.
    detail
        More words, if there is more to say.
    order
        Names of the states in order of declaration.
    """

    name: str
    results: tuple[tuple[str, Any], ...]
    several: bool
    summary: str
    detail: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PrintedFunction:
    """Identifiers of the arguments, and the lines of the body without indentation."""

    parameters: tuple[str, ...]
    body: tuple[str, ...]


def arguments(formula: Formula) -> dict[str, Any]:
    """Letters that a formula takes, by name: states, constants, dimensions, t, dt, increments."""
    found: dict[str, Any] = {}
    for _, expression in formula.results:
        for index in sorted(free_indices(expression)):
            raise DerivationError(
                f"{formula.name}: index {index} is open in {expression}; sum over it with total"
            )
        for name, letter in letters(expression).items():
            found.setdefault(name, letter)
    rank = {name: i for i, name in enumerate(formula.order)}
    ordered = sorted(found, key=lambda name: (_class(found[name]), rank.get(name, len(rank)), name))
    return {name: found[name] for name in ordered}


def _class(letter: Any) -> int:
    if isinstance(letter, MatrixState | ScalarState):
        return 0
    if isinstance(letter, Dimension):
        return 2
    if letter == dt:
        return 4
    if is_increment(letter):
        return 5
    return 3 if letter == t else 1


def print_arrays(formula: Formula) -> PrintedFunction:
    """The NumPy function of a formula."""
    return _printed(formula, ArraysPrinter, ())


def print_generic(formula: Formula) -> PrintedFunction:
    """The function of a formula that takes a number context first."""
    return _printed(formula, GenericPrinter, (CONTEXT,))


def _printed(
    formula: Formula, target: Callable[[Names], KernelPrinter], first: tuple[str, ...]
) -> PrintedFunction:
    taken = arguments(formula)
    names = Names(taken, _RESERVED)
    printer = target(names)
    parameters = (*first, *(names[name] for name in taken))
    raw = [guarded(expression) for _, expression in formula.results]
    given, expressions = listed_once(raw, names.numbered)
    if isinstance(printer, GenericPrinter):
        printer.loop_over(_picked(expressions, given, names))

    def length(value: Any) -> int:
        return columns(printer.doprint(value))

    def named_once(_: Any) -> tuple[list[tuple[Any, Any]], Any]:
        keep = [symbol for symbol, _ in given]
        reserved = [str(symbol.name) for symbol in keep]
        definitions, results = hoist(expressions, Names((), reserved).numbered, given)
        if len(results) > 1:
            for i, (label, _expression) in enumerate(formula.results):
                keep.append(named(results[i], names.fresh(label)))
                definitions.append((keep[-1], results[i]))
            results = list(keep)
        # Names get their numbers when lines are broken, and then a line may be too long again.
        for _again in range(3):
            numbered = names.copy().numbered
            definitions, results = fit(definitions, results, length, numbered, keep)
        lines = [(_plain(symbol), Listing(value)) for symbol, value in definitions]
        return lines, tuple(results) if formula.several else results[0]

    # lambdify orders nothing and evaluates nothing: it prints, and compiles what it printed.
    function = lambdify(
        [Symbol(name) for name in parameters],
        expressions[0],
        modules=[{}],
        printer=printer,
        cse=named_once,
        use_imps=False,
        docstring_limit=0,
    )
    lines = linecache.getlines(function.__code__.co_filename)[1:]
    body = [line.rstrip("\n")[4:] for line in lines]
    if formula.several and len(expressions) > 1:
        body[-1] = body[-1].removesuffix(",)") + ")"
    return PrintedFunction(parameters=parameters, body=tuple(body))


def _picked(expressions: Sequence[Any], given: Definitions, names: Names) -> dict[str, str]:
    """For every index the name of a list that it picks from."""
    lists = {
        str(symbol.name)
        for symbol, value in given
        if isinstance(value, AllEigenvalues | AllProjectors)
    }
    found: dict[str, str] = {}
    for expression in (*expressions, *(value for _, value in given)):
        for node in nodes(expression):
            if isinstance(node, FamilyMember | ScalarMember):
                axes, name = [str(node.index.name)], names[node.name]
            elif isinstance(node, Hoisted | HoistedMatrix) and str(node.name) in lists:
                axes, name = [*node.axes], str(node.name)
            else:
                continue
            found |= {axis: min(found.get(axis, name), name) for axis in axes}
    for expression in expressions:
        if isinstance(expression, Tuples):
            same = [found[i.name] for i in expression.indices if i.name in found]
            found = {**{i.name: same[0] for i in expression.indices if same}, **found}
    return found


def _plain(symbol: Any) -> Any:
    """The name alone, as it is assigned to; its indices belong to the values."""
    return Hoisted(str(symbol.name))
