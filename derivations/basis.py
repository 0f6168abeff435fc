"""Expressions as normal forms, and normal forms as expressions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import mul
from typing import Any

from sympy import MatMul, Transpose
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from .coincidence import where_indices_coincide
from .determinants import determinant
from .errors import DerivationError
from .expressions import Stack, gram
from .facts import Facts
from .forms import Form
from .interpreter import interpret
from .inverses import inverse
from .projectors import Projector, Spectral
from .spectrum import Eigenprojector, Eigenvalue, singular_at
from .symbols import MatrixState, ScalarIncrement, ScalarMember, same_size
from .words import Selector, Unit

__all__ = ["Basis", "FormAlgebra", "StackLetter", "form"]


class StackLetter:
    """A stack of states, taken as one letter Θ, so that its blocks are K_a'Θ."""

    __slots__ = ("blocks", "facts", "name", "partition", "shape")

    def __init__(self, blocks: tuple[Any, ...]) -> None:
        whole = Stack(*blocks)
        self.blocks, self.name = blocks, str(whole)
        self.shape, self.partition = whole.shape, whole.partition
        # Stacks of one name and other sizes, in another claim, are other letters.
        self.facts = str([tuple(block.shape) for block in blocks])


class Basis:
    """Which stacks of states are letters: those that occur whole and do not overlap.

    With Θ = [W1; W2'] as the letter, W1 = K1'Θ and W2 = Θ'K2, and products of blocks of Θ are told
    from each other without rules for inverses of sums.
    """

    def __init__(self, expressions: Iterable[Any] = ()) -> None:
        self.stacks: dict[Any, StackLetter] = {}
        self.homes: dict[Any, tuple[StackLetter, int, bool]] = {}
        for expression in expressions:
            self._scan(expression)

    def _scan(self, expression: Any) -> None:
        if isinstance(expression, Stack):
            self._take(expression)
        if isinstance(expression, BlockMatrix) and (product := gram(expression)) is not None:
            self._scan(product)
        for part in getattr(expression, "args", ()):
            self._scan(part)

    def _take(self, stack: Stack) -> None:
        states = []
        for block in stack.args:
            transposed = isinstance(block, Transpose)
            state = block.args[0] if transposed else block
            if not isinstance(state, MatrixState) or state in self.homes:
                return
            states.append((state, transposed))
        if len({state for state, _ in states}) < len(states) or len(states) < 2:
            return
        letter = StackLetter(tuple(stack.args))
        self.stacks[stack] = letter
        for n, (state, transposed) in enumerate(states):
            self.homes[state] = (letter, n, transposed)

    def state(self, state: Any) -> Form:
        """A matrix state as a form."""
        if state not in self.homes:
            return Form.letter(state)
        letter, n, transposed = self.homes[state]
        block = Form.letter(Selector(letter.partition, n), transposed=True) * Form.letter(letter)
        return block.T if transposed else block


class FormAlgebra:
    """The algebra of normal forms, for :func:`derivations.interpreter.interpret`."""

    def __init__(self, basis: Basis, facts: Facts) -> None:
        self.basis, self.facts = basis, facts
        self._spectra: dict[Any, Spectral] = {}

    def scalar(self, value: Any) -> Form:
        """A coefficient: SymPy's own arithmetic from here on."""
        return Form.scalar(value)

    def letter(self, symbol: Any) -> Form:
        """A word of one letter (a block of a stack as K_a'Θ), or a scalar in the coefficient."""
        if isinstance(symbol, MatrixState):
            return self.basis.state(symbol)
        if isinstance(symbol, MatrixExpr | ScalarMember | ScalarIncrement):
            return Form.letter(symbol)
        return Form.scalar(symbol)

    def block_column(self, selector: Selector) -> Form:
        """K_a as a letter with rules of its own."""
        return Form.letter(selector)

    def unit(self, vector: Unit) -> Form:
        """e_i as a letter; the only unit vector of size one is 1."""
        return Form.identity(vector.size) if vector.size == 1 else Form.letter(vector)

    def identity(self, size: Any) -> Form:
        """The empty word."""
        return Form.identity(size)

    def zero(self, shape: Any) -> Form:
        """The sum of no terms."""
        return Form.zero(shape)

    def stack(self, expression: Stack) -> Form | None:
        """The letter Θ where the basis has taken this stack as one."""
        letter = self.basis.stacks.get(expression)
        return None if letter is None else Form.letter(letter)

    def add(self, a: Form, b: Form) -> Form:
        """Term by term; equal words meet."""
        return a + b

    def mul(self, a: Form, b: Form) -> Form:
        """Words side by side, indices kept distinct, brought to normal form."""
        return a * b

    def transpose(self, a: Form) -> Form:
        """Every word read backwards with its factors transposed."""
        return a.T

    def inverse(self, a: Form, expression: Any) -> Form:
        """Factor by factor, or a letter S⁻¹; that S is invertible is asked of the facts."""
        self.facts.invertible(expression)
        return where_indices_coincide([a], lambda forms: inverse(*forms))

    def trace(self, a: Form) -> Form:
        """Words closed to cycles, the same under rotation and transposition."""
        return a.trace()

    def det(self, a: Form, expression: Any) -> Form:
        """A coefficient: the product over square factors, else by the rules for determinants."""
        if isinstance(expression, MatMul) and len(parts := _square_factors(expression)) > 1:
            self.facts.note("det(AB) = det A det B")
            return reduce(mul, (self.det(interpret(part, self), part) for part in parts))
        positive = self.facts.is_positive_definite(expression)
        return Form.scalar(determinant(a, positive=positive, note=self.facts.note))

    def function(self, head: Any, arguments: list[Form]) -> Form:
        """A coefficient: the function of the arguments' values, traces in them as atoms."""
        return where_indices_coincide(
            arguments, lambda forms: Form.scalar(head(*(a.value() for a in forms)))
        )

    def spectral(self, matrix: Any) -> Spectral:
        """The spectrum of a symmetric matrix; equal matrices, however typed, have one."""
        if matrix not in self._spectra:
            found = Spectral(interpret(matrix, self), matrix)
            same = (s for s in self._spectra.values() if s.form == found.form)
            self._spectra[matrix] = next(same, found)
        return self._spectra[matrix]

    def eigenvalue(self, letter: Eigenvalue) -> Form:
        """A scalar that depends on its index."""
        return Form.scalar(self.spectral(letter.matrix).value(letter.index))

    def projector(self, letter: Eigenprojector) -> Form:
        """A letter with rules of its own."""
        return Form.letter(Projector(self.spectral(letter.matrix), letter.index))

    def derivative(self, expression: Any) -> Form:
        """A scalar letter."""
        return Form.scalar(expression)

    def total(self, body: Any, index: Any, *excluded: Any) -> Form:
        """Terms with the index bound, distinct from the other indices of its range.

        Raises
        ------
        DerivationError
            If a function in the summand has no value where two indices meet and the sum reaches
            there: Σ_j 1/(λ_i − λ_j) without excluding i.
        """
        for other, where in singular_at(body, index, frozenset(excluded)):
            raise DerivationError(
                f"total over {index}: {where} has no value at {index} = {other}; sum with "
                f"total(..., {index}, excluding={other})"
            )
        value: Form = interpret(body, self)
        return value.total(index, excluded)


def form(expression: Any) -> Form:
    """The normal form of an expression, its own stacks as letters."""
    value: Form = interpret(expression, FormAlgebra(Basis([expression]), Facts()))
    return value


def _square_factors(product: Any) -> list[Any]:
    """A product as the finest product of square factors; scalars stay with the first."""
    scalars = [a for a in product.args if not isinstance(a, MatrixExpr)]
    groups: list[list[Any]] = [[]]
    for part in (a for a in product.args if isinstance(a, MatrixExpr)):
        groups[-1].append(part)
        if same_size(groups[-1][0].shape[0], part.shape[1]):
            groups.append([])
    found = [MatMul(*group) if len(group) > 1 else group[0] for group in groups if group]
    if scalars and found:
        found[0] = MatMul(*scalars, found[0])
    return found
