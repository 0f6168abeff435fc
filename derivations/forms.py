"""Expressions as normal forms, and normal forms as expressions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import mul
from typing import Any

from sympy import Add, Determinant, Identity, Inverse, MatAdd, MatMul, Mul, Trace, ZeroMatrix, cancel, factor_terms
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.blockmatrix import BlockMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from .errors import DerivationError
from .expressions import BlockColumn, IndexSum, ScalarSum, Stack, gram
from .facts import Facts
from .interpreter import interpret
from .reduction import InverseOf, determinant, inverse
from .symbols import MatrixState, ScalarIncrement, ScalarMember
from .words import Atom, Factor, Form, Selector, Unit, Word, factor

__all__ = ["Basis", "FormAlgebra", "StackLetter", "form", "expression"]


class StackLetter:
    """A stack of states, taken as one letter Θ, so that its blocks are K_a'Θ."""

    __slots__ = ("blocks",)

    def __init__(self, blocks: tuple[Any, ...]) -> None:
        self.blocks = blocks

    @property
    def name(self) -> str:
        return str(Stack(*self.blocks))

    @property
    def shape(self) -> tuple[Any, Any]:
        return tuple(Stack(*self.blocks).shape)  # type: ignore[return-value]


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
            transposed = not isinstance(block, MatrixState)
            state = block.args[0] if transposed and len(block.args) == 1 else block
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
        partition = tuple(block.shape[0] for block in letter.blocks)
        block = Form.letter(Selector(partition, n), transposed=True) * Form.letter(letter)
        return block.T if transposed else block


class FormAlgebra:
    """The algebra of normal forms, for :func:`derivations.interpreter.interpret`."""

    def __init__(self, basis: Basis, facts: Facts) -> None:
        self.basis, self.facts = basis, facts

    def scalar(self, value: Any) -> Form:
        return Form.scalar(value)

    def letter(self, symbol: Any) -> Form:
        if isinstance(symbol, MatrixState):
            return self.basis.state(symbol)
        if isinstance(symbol, MatrixExpr | ScalarMember | ScalarIncrement):
            return Form.letter(symbol)
        return Form.scalar(symbol)

    def block_column(self, selector: Selector) -> Form:
        return Form.letter(selector)

    def unit(self, vector: Unit) -> Form:
        return Form.identity(vector.size) if vector.size == 1 else Form.letter(vector)

    def identity(self, size: Any) -> Form:
        return Form.identity(size)

    def zero(self, shape: Any) -> Form:
        return Form.zero(shape)

    def stack(self, expression: Stack) -> Form | None:
        letter = self.basis.stacks.get(expression)
        return None if letter is None else Form.letter(letter)

    def add(self, a: Form, b: Form) -> Form:
        return a + b

    def mul(self, a: Form, b: Form) -> Form:
        return a * b

    def transpose(self, a: Form) -> Form:
        return a.T

    def inverse(self, a: Form, expression: Any) -> Form:
        self.facts.invertible(expression)
        return inverse(a)

    def trace(self, a: Form) -> Form:
        return a.trace()

    def det(self, a: Form, expression: Any) -> Form:
        if isinstance(expression, MatMul) and len(parts := square_factors(expression)) > 1:
            self.facts.note("det(AB) = det A det B")
            return reduce(mul, (self.det(interpret(part, self), part) for part in parts))
        positive = self.facts.is_positive_definite(expression)
        return Form.scalar(determinant(a, positive=positive, note=self.facts.note))

    def function(self, head: Any, arguments: list[Form]) -> Form:
        return Form.scalar(head(*(a.value() for a in arguments)))

    def total(self, body: Any, index: Any, *excluded: Any) -> Form:
        value: Form = interpret(body, self)
        return value.total(index, excluded)


def form(expression: Any, basis: Basis | None = None, facts: Facts | None = None) -> Form:
    """The normal form of an expression."""
    return interpret(expression, FormAlgebra(basis or Basis([expression]), facts or Facts()))  # type: ignore[no-any-return]


def square_factors(product: Any) -> list[Any]:
    """A product as the finest product of square factors; scalars stay with the first."""
    scalars = [a for a in product.args if not isinstance(a, MatrixExpr)]
    groups: list[list[Any]] = [[]]
    for part in (a for a in product.args if isinstance(a, MatrixExpr)):
        groups[-1].append(part)
        if (groups[-1][0].shape[0] - part.shape[1]).expand() == 0:
            groups.append([])
    found = [MatMul(*group) if len(group) > 1 else group[0] for group in groups if group]
    if scalars and found:
        found[0] = MatMul(*scalars, found[0])
    return found


# Back to SymPy --------------------------------------------------------------------------------


def expression(value: Form) -> Any:
    """A form as a SymPy expression; blocks of a stack are shown under their own names.

    Where the stack is only noise in the result, its blocks are taken as the letters instead.
    """
    shown = _shown(value)
    if not shown.has(Stack, BlockColumn):
        return shown
    apart = _shown(interpret(shown, FormAlgebra(Basis(), Facts())))
    return min(shown, apart, key=lambda e: (e.has(BlockColumn), e.count_ops()))


def _shown(value: Form) -> Any:
    terms = []
    for m, c in sorted(value.terms.items(), key=lambda term: repr(term)):
        if (c := _tidy(c)) == 0:
            continue
        scalar = Mul(_open(c), _open(m.indexed), *map(_cycle, m.cycles))
        if m.word is None:
            inner: Any = scalar
        else:
            matrix = _product(m.word) if m.word else Identity(value.shape[0])
            inner = matrix if scalar == 1 else MatMul(scalar, matrix).doit(deep=False)
        head = ScalarSum if m.word is None else IndexSum
        free = sorted(m.occurring - set(m.indices), key=str)
        for n, i in enumerate(m.indices):
            excluded = [j for j in (*m.indices[n + 1 :], *free) if j.range == i.range]
            inner = head(inner, i, *excluded)
        terms.append(inner)
    if value.shape == ():
        return _collected(Add(*terms))
    if not terms:
        return ZeroMatrix(*value.shape)
    return terms[0] if len(terms) == 1 else MatAdd(*terms).doit(deep=False)


def _collected(total: Any) -> Any:
    """A sum of scalars with the coefficients of each trace, determinant or sum gathered."""
    if not isinstance(total, Add):
        return _tidy(total)
    heads = total.atoms(Trace, Determinant, MatrixElement, ScalarSum)
    if not heads:
        return _tidy(total)
    gathered: dict[Any, list[Any]] = {}
    for term in total.args:
        coefficient, head = term.as_independent(*heads, as_Add=False)
        gathered.setdefault(head, []).append(coefficient)
    return Add(*(_tidy(Add(*cs)) * head for head, cs in gathered.items()))


def _tidy(coefficient: Any) -> Any:
    """A coefficient in its shorter form: as it is, or as a fraction with factors."""
    if not isinstance(coefficient, Add) and not any(isinstance(a, Add) for a in coefficient.args):
        return coefficient
    short = factor_terms(cancel(coefficient))
    return min(coefficient, short, key=lambda e: e.count_ops())


def _cycle(word: Word) -> Any:
    """A cycle as a scalar letter, an entry or a trace."""
    if len(word) == 1 and isinstance(word[0].base, ScalarMember | ScalarIncrement):
        return word[0].base
    entry = _entry(word)
    return Trace(_product(word)) if entry is None else entry


def _open(coefficient: Any) -> Any:
    """A coefficient with its atoms written out."""
    atoms = {a: _atom(a) for a in coefficient.free_symbols if isinstance(a, Atom)}
    return coefficient.xreplace(atoms) if atoms else coefficient


def _atom(atom: Atom) -> Any:
    kind, content = atom.payload
    if kind == "trace":
        return _cycle(content)
    if kind == "det":
        return Determinant(expression(content))
    return expression(content)


def _entry(word: Word) -> Any:
    """The entry A_ij that a cycle e_i' A e_j (or A e_j alone, for a column) stands for, or None."""
    units = [f for f in word if isinstance(f.base, Unit)]
    if not units or len(units) > 2:
        return None
    for start in range(len(word)):
        w = word[start:] + word[:start]
        first, last = w[0], w[-1]
        row = isinstance(first.base, Unit) and first.transposed
        column = isinstance(last.base, Unit) and not last.transposed
        if len(units) == 2 and row and column and len(w) > 2:
            return MatrixElement(_product(w[1:-1]), first.base.position, last.base.position)
        if len(units) == 1 and row and len(w) > 1:
            return MatrixElement(_product(w[1:]), first.base.position, 0)
        if len(units) == 1 and column and len(w) > 1:
            return MatrixElement(_product(w[:-1]), 0, last.base.position)
    return None


def _product(word: Word) -> Any:
    """A word as a SymPy product, blocks K_a'Θ under their own names."""
    parts: list[Any] = []
    n = 0
    while n < len(word):
        f, g = word[n], word[n + 1] if n + 1 < len(word) else None
        if g is not None and (block := _block(f, g)) is not None:
            parts.append(block)
            n += 2
        elif g is not None and (block := _block(factor(g.base, transposed=not g.transposed), factor(f.base, transposed=not f.transposed))) is not None:
            parts.append(block.T)
            n += 2
        else:
            parts.append(_letter(f))
            n += 1
    return parts[0] if len(parts) == 1 else MatMul(*parts)


def _block(f: Factor, g: Factor) -> Any:
    """The block that K_a'Θ is, or None."""
    if isinstance(f.base, Selector) and f.transposed and isinstance(g.base, StackLetter):
        if not g.transposed and f.base.partition == tuple(b.shape[0] for b in g.base.blocks):
            return g.base.blocks[f.base.position]
    return None


def _letter(f: Factor) -> Any:
    base = f.base
    if isinstance(base, Selector):
        value: Any = BlockColumn(base.position, *base.partition)
    elif isinstance(base, StackLetter):
        value = Stack(*base.blocks)
    elif isinstance(base, InverseOf):
        value = Inverse(expression(base.form))
    elif isinstance(base, Unit):
        raise DerivationError(f"{f}: a unit vector outside an entry cannot be shown")
    else:
        value = base
    return value.T if f.transposed else value
