"""Scalars as rational functions of letters whose signs are known: traces, eigenvalues, powers.

tr(U U') >= 0, tr(P U Q U') >= 0 for positive semidefinite letters P, Q (projectors of a spectrum,
definite parameters, inverses of definite matrices), tr P > 0 and det P > 0 for P definite;
λ_1 = λ_2 + g_1, ..., λ_n = m with gaps g > 0 of distinct eigenvalues, m >= 0 for A A'; of a size
that is a symbol the largest or the smallest eigenvalue and one other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Abs, Add, Determinant, Dummy, MatMul, Mul, Pow, Trace, exp, sympify
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement

from .basis import Basis, FormAlgebra
from .display import expression as displayed
from .expressions import ScalarSum
from .facts import Facts, is_gram_matrix, mirrors
from .forms import Atom, Form
from .interpreter import interpret
from .inverses import InverseOf
from .projectors import Projector
from .sign_rules import MOST_DEGREE, TURNED, power_of, relation_of
from .spectrum import Eigenprojector, Eigenvalue, distinct_eigenvalues
from .symbols import Index, MatrixParameter
from .words import Factor, Word, canonical_cycle, is_gram, is_mirrored_trace, word_text

__all__ = ["LARGEST", "SMALLEST", "Reading"]

LARGEST, SMALLEST = "first", "last"
"""Names of the indices of the largest and the smallest eigenvalue of a size that is a symbol."""


class Reading:
    """An expression as a rational function; everything else in it becomes a letter with a sign."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.forms = FormAlgebra(Basis(), facts)
        self.letters: dict[Any, Any] = {}

    def letter(self, key: Any, relation: str) -> Any:
        """A letter for what has this key, of the sign that is known of it."""
        if relation == "=":
            return sympify(0)
        turned = relation.startswith("<")
        if key not in self.letters:
            kind = {">": "positive", ">=": "nonnegative"}.get(
                TURNED[relation] if turned else relation, "real"
            )
            self.letters[key] = Dummy(f"x{len(self.letters) + 1}", **{kind: True})
        found = self.letters[key]
        return -found if turned else found

    def value(self, expression: Any) -> Any:
        """The rational function."""
        match expression:
            case Add() | Mul():
                return expression.func(*map(self.value, expression.args))
            case Pow():
                return self._power(expression)
            case exp():
                return self.letter(("exp", expression), ">")
            case Abs():
                return self.letter(("abs", expression), ">=")
            case Eigenvalue():
                return self._eigenvalue(expression)
            case ScalarSum():
                return self._sum(expression)
            case Trace() if self.facts.is_positive_definite(expression.args[0]):
                return self.letter(("trace", expression), ">")
            case Trace() | MatrixElement():
                form = interpret(expression, self.forms)
                words = self._words(form)
                unread = len(form.terms) > 1 or relation_of(words) == "?"
                if unread and _is_mirrored(expression, self._typed_semidefinite):
                    return self.letter(("typed", expression), ">=")
                return words
            case Determinant():
                positive = self.facts.is_positive_definite(expression.args[0])
                return self.letter(("det", expression), ">" if positive else "?")
        if expression.is_Number or expression.is_Symbol:
            return expression
        return self.letter(("scalar", expression), "?")

    def _power(self, power: Pow) -> Any:
        """A power as it is; of a broken or a high exponent a letter."""
        base, exponent = self.value(power.base), power.exp
        if not exponent.is_Integer:
            known = {">": ">", ">=": ">="}.get(relation_of(base), "?")
        elif abs(exponent) <= MOST_DEGREE:
            return base**exponent
        else:
            known = power_of(relation_of(base), int(exponent))
        return self.letter(("power", power), known)

    # Eigenvalues ------------------------------------------------------------------------------

    def _eigenvalue(self, value: Eigenvalue) -> Any:
        """λ_k as the sum of the smallest, and of the gaps above it."""
        matrix, index = value.matrix, value.index
        name = self.forms.spectral(matrix).name
        definite = self.facts.is_positive_definite(matrix)
        lowest = ">" if definite else ">=" if is_gram_matrix(matrix) else "?"
        if not index.name.isdigit():
            return self.letter(("eigenvalue", name, index.name), lowest)
        distinct = distinct_eigenvalues(matrix) in self.facts.declared
        gap, n = ">" if distinct else ">=", int(index.range)
        gaps = [self.letter(("gap", name, j), gap) for j in range(int(index.name), n)]
        return Add(self.letter(("eigenvalue", name, str(n)), lowest), *gaps)

    def _beside(self, body: Any, other: Index) -> Any:
        """A summand in λ_j, where λ_i of it is the largest or the smallest: λ_i = λ_j ± gap."""
        ends = {x for x in body.atoms(Eigenvalue) if x.index.name in (LARGEST, SMALLEST)}
        found = self.value(body)
        for end in sorted(ends, key=str):
            matrix = end.matrix
            own, there = self.value(end), self.value(Eigenvalue(matrix, other))
            distinct = distinct_eigenvalues(matrix) in self.facts.declared
            gap = self.letter(("gap", str(end), other.name), ">" if distinct else ">=")
            if end.index.name == LARGEST:
                found = found.xreplace({own: there + gap})
            else:
                found = found.xreplace({there: own + gap})
        return found

    def _sum(self, expression: ScalarSum) -> Any:
        """Written out over a size that is a number; else a letter of the summand's sign."""
        body, index, *excluded = expression.args
        if index.range.is_Integer and all(e.name.isdigit() for e in excluded):
            barred = {e.name for e in excluded}
            places = (str(n) for n in range(1, int(index.range) + 1) if str(n) not in barred)
            return Add(*(self.value(body.xreplace({index: Index(n, index.range)})) for n in places))
        apart = all(e.name in (LARGEST, SMALLEST) for e in excluded)
        inside = self._beside(body, index) if apart and excluded else self.value(body)
        relation = relation_of(inside)
        # Without its excluded values a sum may be empty.
        weak = {">": ">=", "<": "<="} if excluded else {}
        return self.letter(("sum", expression), weak.get(relation, relation))

    # Words ------------------------------------------------------------------------------------

    def _words(self, form: Form) -> Any:
        """A sum of products of traces."""
        total = []
        for m, c in form.terms.items():
            atoms = {a: self._atom(a) for a in c.free_symbols if isinstance(a, Atom)}
            if m.indices:
                whole = Form((), {m: sympify(1)})
                inside = [self._cycle(w) for w in m.cycles]
                relation = relation_of(Mul(self.value(m.indexed), *inside))
                weak = {">": ">=", "<": "<="}.get(relation, relation)
                total.append(c.xreplace(atoms) * self.letter(("words", whole.key), weak))
                continue
            cycles = [self._cycle(w) for w in m.cycles]
            total.append(c.xreplace(atoms) * self.value(m.indexed) * Mul(*cycles))
        return Add(*total)

    def _typed_semidefinite(self, matrix: Any) -> bool:
        """Whether a matrix, as typed, is positive semidefinite."""
        if isinstance(matrix, Eigenprojector) or is_gram_matrix(matrix):
            return True
        return bool(self.facts.is_positive_definite(matrix))

    def _atom(self, atom: Atom) -> Any:
        kind, content = atom.payload
        if kind == "trace":
            return self._cycle(content)
        return self.letter(("atom", atom.name), ">" if atom.is_positive else "?")

    def _cycle(self, word: Word) -> Any:
        nonnegative = is_gram(word, self._semidefinite)
        name = word_text(canonical_cycle(word))
        return self.letter(("cycle", name), ">=" if nonnegative else "?")

    def _semidefinite(self, f: Factor) -> bool:
        """Whether a symmetric letter is positive semidefinite."""
        base = f.base
        if isinstance(base, Projector):
            return True
        if isinstance(base, InverseOf):
            matrix = displayed(base.form)
            return is_gram_matrix(matrix) or self.facts.is_positive_definite(matrix)
        return isinstance(base, MatrixParameter) and base.structure == "positive_definite"


def _is_mirrored(trace: Any, semidefinite: Callable[[Any], bool]) -> bool:
    """Whether a trace is typed as tr(P U Q U') with semidefinite P, Q, or without."""
    product = trace.args[0]
    if not isinstance(trace, Trace) or not isinstance(product, MatMul):
        return False
    typed = all(isinstance(part, MatrixExpr) for part in product.args)
    return typed and is_mirrored_trace(product.args, mirrors, semidefinite)
