"""Target number context: the methods of ``numerics.contexts`` on unbatched matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

from sympy import Mul

from derivations.codegen.code import ATOM, Code, Names, size_code
from derivations.codegen.printer import KernelPrinter, block_column, bound
from derivations.codegen.structure import (
    Hoisted,
    HoistedMatrix,
    free_indices,
)
from derivations.errors import DerivationError

__all__ = ["CONTEXT", "GenericPrinter"]

CONTEXT = "ctx"
"""Name of the first argument of a generic kernel."""


class GenericPrinter(KernelPrinter):
    """Prints calls of a context's methods; scalars use the operators of Python."""

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self._indices: dict[str, str] = {}
        self._families: dict[str, str] = {}
        self._distinct: list[frozenset[str]] = []

    def _number(self, numerator: Code, denominator: Code | None) -> Code:
        over = "" if denominator is None else f", {denominator.text}"
        return Code(f"{CONTEXT}.rational({numerator.text}{over})")

    def _print_Pi(self, _: Any) -> Code:
        return Code(f"{CONTEXT}.pi()")

    def _print_Exp1(self, _: Any) -> Code:
        return Code(f"{CONTEXT}.e()")

    def _function(self, name: str, argument: Code) -> Code:
        return _call(name, argument)

    def _special_function(self, name: str, arguments: Sequence[Code]) -> Code:
        return _call("special", Code(f'"{name}"'), *arguments)

    def _real_power(self, base: Code, exponent: Code) -> Code:
        return _call("real_power", base, exponent)

    def _log_abs(self, argument: Code) -> Code:
        return _call("log_abs", argument)

    def _logdet(self, matrix: Code) -> Code:
        return _call("logdet", matrix)

    def _print_Determinant(self, expression: Any) -> Code:
        return _call("det", self.code(expression.args[0]))

    def _print_Trace(self, expression: Any) -> Code:
        return _call("trace", self.code(expression.args[0]))

    def _entry(self, matrix: Code, row: str, column: str) -> Code:
        return Code(f"{CONTEXT}.entry({matrix.text}, {row}, {column})")

    # Families and index sums

    def _hoisted(self, name: str, axes: Sequence[str]) -> Code:
        return Code(name + "".join(f"[{self._index(axis)}]" for axis in axes))

    def _print_Listing(self, listing: Any) -> Code:
        value = listing.args[0]
        code = self.code(value)
        for axis in sorted(free_indices(value), reverse=True):
            code = Code(f"[{code.text} for {self._range(axis)}]")
        return code

    def _print_Tuples(self, expression: Any) -> Code:
        value, indices = expression.args[0], expression.indices
        names = [str(index.name) for index in indices]
        if isinstance(value, Hoisted | HoistedMatrix) and [*value.axes] == names and not names[1:]:
            return Code(str(value.name))
        with self._apart(map(frozenset, combinations(names, 2))):
            text = self.code(value).text
        for at, index in enumerate(indices):
            listed = index.name in self._families
            size = size_code(index.range, self.names).text
            over = f"{self._index(index.name)} in range({size})"
            text += f" for {self._range(index.name) if listed else over}"
            apart = [f"{self._index(index.name)} != {self._index(name)}" for name in names[:at]]
            text += f" if {' and '.join(apart)}" if apart else ""
        return Code(f"[{text}]")

    def _print_Apart(self, expression: Any) -> Code:
        code, names = self.code(expression.args[0]), [i.name for i in expression.args[1:]]
        if frozenset(names) in self._distinct:
            return code
        first, second = map(self._index, names)
        return Code(f"({code.text} if {first} != {second} else {CONTEXT}.rational(1))")

    @contextmanager
    def _apart(self, pairs: Iterable[frozenset[str]]) -> Iterator[None]:
        """Inside, these pairs of indices are never equal."""
        before = list(self._distinct)
        self._distinct += pairs
        yield
        self._distinct = before

    def _surroundings(self) -> Any:
        return frozenset(self._distinct)

    def _print_AllEigenvalues(self, expression: Any) -> Code:
        return _call("eigenvalues", self.code(expression.args[0]))

    def _print_AllProjectors(self, expression: Any) -> Code:
        return _call("projectors", self.code(expression.args[0]))

    def _print_FamilyMember(self, member: Any) -> Code:
        return Code(f"{self.names[member.name]}[{self._index(member.index.name)}]")

    _print_ScalarMember = _print_FamilyMember

    def _index(self, name: str) -> str:
        if name not in self._indices:
            self._indices[name] = self.names.fresh(name)
        return self._indices[name]

    def loop_over(self, families: Mapping[str, str]) -> None:
        """Say, for every index, the name of the list whose length is its range."""
        self._families.update(families)
        for index in families:
            self._index(index)

    def _range(self, index: str) -> str:
        if index not in self._families:
            raise DerivationError(
                f"index {index}: it picks from no family, so that nothing depends on it"
            )
        return f"{self._index(index)} in range(len({self._families[index]}))"

    def _print_IndexSum(self, expression: Any) -> Code:
        summand, index, *excluded = expression.args
        if not bound(summand, index):
            return _call("scale", self.code(index.range - len(excluded)), self.code(summand))
        zero = _call("zeros", *(size_code(n, self.names) for n in expression.shape))
        return self._total(summand, index, excluded, f", {zero.text}")

    def _print_ScalarSum(self, expression: Any) -> Code:
        summand, index, *excluded = expression.args
        if not bound(summand, index):
            return self._scalar_product(Mul(index.range - len(excluded), summand, evaluate=False))
        return self._total(summand, index, excluded, "")

    def _total(self, summand: Any, index: Any, excluded: Sequence[Any], zero: str) -> Code:
        with self._apart(frozenset((index.name, other.name)) for other in excluded):
            text = f"{self.code(summand).text} for {self._range(index.name)}"
        if not excluded:
            if isinstance(summand, Hoisted | HoistedMatrix) and summand.axes == (index.name,):
                return Code(f"{CONTEXT}.total({summand.name})")
            return Code(f"{CONTEXT}.total([{text}])")
        i = self._index(index.name)
        apart = " and ".join(f"{i} != {self._index(other.name)}" for other in excluded)
        return Code(f"{CONTEXT}.total([{text} if {apart}]{zero})")

    # Matrices

    def _print_MatAdd(self, expression: Any) -> Code:
        signed = [self._signed_matrix(term) for term in expression.args]
        added = [code for negative, code in signed if not negative]
        taken = [code for negative, code in signed if negative]
        if len(added) == len(taken) == 1:
            return _call("subtract", *added, *taken)
        return _call("add", *added, *(_call("negate", code) for code in taken))

    def _print_MatMul(self, expression: Any) -> Code:
        negative, code = self._signed_matrix(expression)
        return _call("negate", code) if negative else code

    def _scaled(self, coefficient: Any, factors: Sequence[Any]) -> Code:
        codes = [self.code(factor) for factor in factors]
        product = codes[0] if len(codes) == 1 else _call("matmul", *codes)
        return product if coefficient == 1 else _call("scale", self.code(coefficient), product)

    def _print_Transpose(self, expression: Any) -> Code:
        return _call("transpose", self.code(expression.args[0]))

    def _print_Inverse(self, expression: Any) -> Code:
        return _call("inverse", self.code(expression.args[0]))

    def _print_MatPow(self, expression: Any) -> Code:
        base, exponent = expression.args
        if not exponent.is_Integer:
            return Code(*self.emptyPrinter(expression))
        return Code(f"{CONTEXT}.power({self.code(base).text}, {exponent})")

    def _print_Identity(self, expression: Any) -> Code:
        return _call("identity", size_code(expression.shape[0], self.names))

    def _print_ZeroMatrix(self, expression: Any) -> Code:
        return _call("zeros", *(size_code(n, self.names) for n in expression.shape))

    def _print_Stack(self, expression: Any) -> Code:
        blocks = ", ".join(self.code(part).text for part in expression.args)
        return Code(f"{CONTEXT}.vstack([{blocks}])")

    def _print_BlockColumn(self, expression: Any) -> Code:
        return self.code(block_column(expression))

    def _print_SymmetricBlock(self, expression: Any) -> Code:
        return _call("symmetric_block", self.code(expression.args[0]))

    def _print_BlockMatrix(self, expression: Any) -> Code:
        rows, columns = expression.blocks.shape
        lines = [
            ", ".join(self.code(expression.blocks[i, j]).text for j in range(columns))
            for i in range(rows)
        ]
        return Code(f"{CONTEXT}.block([{', '.join(f'[{line}]' for line in lines)}])")


def _call(method: str, *arguments: Code) -> Code:
    return Code(f"{CONTEXT}.{method}({', '.join(code.text for code in arguments)})", ATOM)
