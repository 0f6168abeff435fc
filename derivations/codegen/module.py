"""The module of kernels of a theorem, or of one claim: source text, and the text run in memory."""

from __future__ import annotations

import ast
import itertools
import linecache
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from sympy import expand_mul, ff

from derivations.claim import Claim
from derivations.codegen.code import size_code
from derivations.codegen.fitting import WIDTH
from derivations.codegen.formulas import (
    formulas,
    path_formulas,
    rate_formulas,
    systems,
)
from derivations.codegen.function import (
    BATCHED,
    Formula,
    PrintedFunction,
    arguments,
    print_arrays,
    print_generic,
)
from derivations.codegen.layout import Call, Verbatim, assignment, definition, statement
from derivations.codegen.signatures import claim_signature
from derivations.codegen.spectra import has_spectra
from derivations.codegen.structure import Tuples, is_matrix
from derivations.derive import Deriver
from derivations.differential import differential
from derivations.printing import unicode
from derivations.symbols import Dimension, FamilyMember, ScalarMember

__all__ = ["kernels_source", "module_source", "run_source"]


def module_source(
    header: str,
    claims: Sequence[Claim],
    *,
    derive: bool = True,
    make: Deriver = differential,
) -> str:
    """Source text of a module with ``KERNELS`` and ``SIGNATURES`` for some claims.

    Parameters
    ----------
    header
        Its docstring.
    claims
        The claims, in the order in which they appear.
    derive
        Whether the derived forms are wanted too.
    make
        What makes differentials; `derivations.derive.once` derives each once.

    Raises
    ------
    DerivationError
        Naming what cannot be printed or derived.
    """
    writer = _Writer()
    kernels: dict[str, Any] = {}
    signatures: dict[str, Any] = {}
    for claim in claims:
        if not claim.speaks:
            continue
        own = formulas(claim, derive=derive, make=make)
        other = (*path_formulas(claim), *rate_formulas(claim))
        kernels[claim.id] = {f.name: writer.kernel(claim, f) for f in (*own, *other)}
        signatures[claim.id] = claim_signature(claim, own, systems(claim, derive=derive))
    registry = "\n\n".join((assignment("KERNELS", kernels), assignment("SIGNATURES", signatures)))
    code = "\n\n\n".join((*writer.functions, registry))
    return f'"""{_safe(header)}"""\n\n{_imports(code)}\n\n{_separated(code)}\n'


def kernels_source(header: str, claim: Claim, formulas: Sequence[Formula]) -> str:
    """Source text of a module with ``KERNELS`` for some formulas of a claim alone."""
    writer = _Writer()
    kernels = {formula.name: writer.kernel(claim, formula) for formula in formulas}
    code = "\n\n\n".join((*writer.functions, assignment("KERNELS", kernels)))
    return f'"""{_safe(header)}"""\n\n{_imports(code)}\n\n{_separated(code)}\n'


def _separated(code: str) -> str:
    return f"\n{code}" if code.startswith("def ") else code


class _Writer:
    """Collects functions; the same kernel of two claims, or of a path check, is one function."""

    def __init__(self) -> None:
        self.functions: list[str] = []
        self._printed: dict[Any, tuple[PrintedFunction, PrintedFunction]] = {}
        self._known: dict[Any, str] = {}
        self._taken: set[str] = set()

    def kernel(self, claim: Claim, formula: Formula) -> Call:
        """The entry of a kernel in the registry; its functions are written on the way."""
        taken = arguments(formula)
        printed = (formula.results, formula.several)
        if printed not in self._printed:
            self._printed[printed] = print_arrays(formula), print_generic(formula)
        arrays, generic = self._printed[printed]
        same = (arrays, generic, formula.name.removeprefix("path_"))
        if same not in self._known:
            self._known[same] = self._functions(claim, formula, arrays, generic)
        name = self._known[same]
        return Call(
            "Kernel",
            name=formula.name,
            arguments=tuple(taken),
            arrays=Verbatim(name),
            generic=Verbatim(f"{name}_in"),
        )

    def _functions(
        self, claim: Claim, formula: Formula, arrays: PrintedFunction, generic: PrintedFunction
    ) -> str:
        wish = re.sub(r"\W+", "_", f"{claim.id}_{formula.name}").lower()
        name = wish if not wish[0].isdigit() else f"_{wish}"
        while name in self._taken or f"{name}_in" in self._taken:
            name += "_"
        self._taken |= {name, f"{name}_in"}
        types = {
            parameter: "int" if isinstance(letter, Dimension) else "Any"
            for parameter, letter in zip(
                arrays.parameters, arguments(formula).values(), strict=True
            )
        }
        result = f"tuple[{', '.join('Any' for _ in formula.results)}]"
        if len(f") -> {result}:") > WIDTH:
            result = "tuple[Any, ...]"
        result = result if formula.several else "Any"
        self.functions.append(
            _function(name, types, result, _arrays_docstring(formula), arrays.body)
        )
        words = f"{formula.summary}\n\nIn a number context, for unbatched matrices."
        types = {generic.parameters[0]: "Any", **types}
        self.functions.append(_function(f"{name}_in", types, result, words, generic.body))
        return name


def _function(
    name: str, types: dict[str, str], result: str, docstring: str, body: Iterable[str]
) -> str:
    head = definition(name, [f"{p}: {kind}" for p, kind in types.items()], result)
    lines = [line for paragraph in docstring.splitlines() for line in _wrapped(paragraph)]
    words = _safe("\n".join(lines))
    inside = f'"""{words}"""' if len(lines) == 1 else f'"""{words}\n"""'
    code = (statement(line, indent=4) for line in body)
    return head + "\n" + textwrap.indent("\n".join((inside, *code)), "    ")


def _wrapped(paragraph: str) -> list[str]:
    if not paragraph.strip():
        return [""]
    indent = "    " if paragraph.startswith("    ") else ""
    return textwrap.wrap(
        paragraph,
        WIDTH - 8,
        initial_indent="",
        subsequent_indent=f"{indent}    " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _safe(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"""', "'''")


def _arrays_docstring(formula: Formula) -> str:
    """What a kernel computes, from what: the expression as typed, and the shapes."""
    lines = [formula.summary, ""]
    if formula.detail:
        lines += [formula.detail, ""]
    for label, expression in formula.results:
        shown = unicode(expression.args[0] if isinstance(expression, Tuples) else expression)
        lines.append(f"    {label} = {shown}" if formula.several else f"    {shown}")
    shapes = [f"{name} {_shape_text(letter)}" for name, letter in arguments(formula).items()]
    results = [_result_shape(expression) for _, expression in formula.results]
    lines += _numbering(formula)
    lines += ["", f"Shapes: {', '.join(shapes) or 'no arguments'}; result {', '.join(results)}."]
    return "\n".join(line.replace("\n", " ") for line in lines)


def _numbering(formula: Formula) -> list[str]:
    """How eigenvalues are numbered, and which values the axis of the open indices has."""
    lines = []
    expressions = [expression for _, expression in formula.results]
    if any(map(has_spectra, expressions)):
        lines += ["", "Eigenvalues are distinct and numbered downwards from 1."]
    for expression in expressions:
        if isinstance(expression, Tuples):
            names = [str(index.name) for index in expression.indices]
            axis = f"{names[0]} = 1, ..., {expression.indices[0].range}"
            if len(names) > 1:
                axis = f"({', '.join(names)}), pairwise different, in lexicographic order"
            lines += ["", f"One value for each {axis}, along the axis after the batch axes."]
    return lines


def _shape_text(letter: Any) -> str:
    if isinstance(letter, Dimension):
        return "int"
    sizes = [size_code(n).text for n in letter.shape] if is_matrix(letter) else []
    if isinstance(letter, FamilyMember | ScalarMember):
        sizes.insert(0, size_code(letter.index.range).text)
    return f"({', '.join(['...', *sizes])})"


def _result_shape(expression: Any) -> str:
    if isinstance(expression, Tuples):
        value, indices = expression.args[0], expression.indices
        count = size_code(expand_mul(ff(indices[0].range, len(indices)))).text
        return _result_shape(value).replace("...", f"..., {count}")
    sizes = [str(n) for n in expression.shape] if is_matrix(expression) else []
    return f"({', '.join(['...', *sizes])})"


def _imports(code: str) -> str:
    """The import lines that a module's code needs."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    standard = ["from typing import Any"]
    if "Fraction" in used:
        standard.insert(0, "from fractions import Fraction")
    own = [
        _from("numerics.batched", sorted(used.intersection(BATCHED))),
        _from("numerics.kernel", ["Kernel"]),
        _from("numerics.signature", sorted(used.intersection(_SIGNATURE))),
    ]
    third = "import numpy as np" if "np" in used else ""
    groups = ["\n".join(standard), third, "\n".join(line for line in own if line)]
    return "\n\n".join(group for group in groups if group)


_SIGNATURE = (
    "ClaimSignature",
    "Condition",
    "LetterSignature",
    "NoiseSignature",
    "PathSignature",
    "SpectrumSignature",
    "SystemSignature",
)


def _from(module: str, names: list[str]) -> str:
    if not names:
        return ""
    flat = f"from {module} import {', '.join(names)}"
    if len(flat) <= WIDTH:
        return flat
    lines = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{lines})"


_counter = itertools.count()


def run_source(source: str) -> dict[str, Any]:
    """The names that a generated module defines, from its text; tracebacks show the text."""
    filename = f"<kernels-{next(_counter)}>"
    names: dict[str, Any] = {"__name__": filename}
    exec(compile(source, filename, "exec"), names)  # the text that this package has just printed
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return names
