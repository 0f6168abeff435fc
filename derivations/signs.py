"""The sign of a scalar, read off its factors and terms: exact rules, and "cannot tell".

A scalar becomes a rational function of letters whose signs are known:

* a dimension is 1 + d', a width l >= p + k is p + k + l', a power q >= ½ is ½ + q', with d', l',
  q' >= 0: every assumption that is linear in a letter can be put in for it;
* tr(U U') >= 0, tr(P U Q U') >= 0 for positive semidefinite letters P, Q (projectors of a spectrum,
  definite parameters, inverses of definite matrices), tr P > 0 and det P > 0 for P definite;
* λ_1 = λ_2 + g_1, ..., λ_n = m with gaps g > 0 of distinct eigenvalues, m >= 0 for A A'; of a size
  that is a symbol the largest or the smallest eigenvalue and one other;
* exp, powers of what is positive, even powers, absolute values.

If all terms of the numerator have one sign, or all of its factors have a sign, and the denominator
has one and is not 0, that is the sign.  Nothing is guessed: a letter of which nothing is known
makes its terms unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice, product
from typing import Any, TypeAlias

from sympy import (
    Abs,
    Add,
    Determinant,
    Dummy,
    Eq,
    Expr,
    Gt,
    Le,
    Lt,
    MatMul,
    Mul,
    Ne,
    Pow,
    Trace,
    exp,
    expand,
    factor,
    fraction,
    sympify,
    together,
)
from sympy.core.relational import Relational
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.matexpr import MatrixElement

from .basis import Basis, FormAlgebra
from .display import expression as displayed
from .errors import DerivationError
from .expressions import ScalarSum
from .facts import Facts
from .forms import Atom, Form
from .interpreter import interpret
from .inverses import InverseOf
from .projectors import Projector
from .shapes import shape_of
from .spectrum import Eigenprojector, Eigenvalue, distinct_eigenvalues
from .symbols import Dimension, Index, MatrixParameter
from .words import Factor, Word, canonical_cycle, transpose_word, word_text

__all__ = ["Sign", "numbered", "sign_of"]

LARGEST, SMALLEST = "first", "last"
"""Names of the indices of the largest and the smallest eigenvalue of a size that is a symbol."""

MOST_CHOICES = 24
"""Ways to put assumptions in for letters that are tried."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A sign: ``">"``, ``">="``, ``"="``, ``"<="``, ``"<"`` 0, or ``"?"`` with what remains."""

    relation: str
    remains: str = ""

    def implies(self, stated: str) -> bool:
        """Whether a stated sign follows."""
        return stated in _IMPLIED[self.relation]


_IMPLIED: Mapping[str, tuple[str, ...]] = {
    ">": (">", ">="),
    ">=": (">=",),
    "=": (">=", "<="),
    "<=": ("<=",),
    "<": ("<", "<="),
    "?": (),
}
_TURNED = {">": "<", ">=": "<=", "=": "=", "<=": ">=", "<": ">", "?": "?"}


def sign_of(expression: Any, facts: Iterable[Any] = ()) -> Sign:
    """The sign of a scalar expression wherever the facts hold, as far as these rules tell.

    Raises
    ------
    DerivationError
        If the expression is a matrix, or has a node that the language does not have.
    """
    expression = sympify(expression)
    if shape_of(expression):
        raise DerivationError("sign: got a matrix; take a trace, an entry or an eigenvalue")
    facts = tuple(facts)
    relations = [fact for fact in facts if isinstance(fact, Relational)]
    reading = _Reading(Facts(f for f in facts if not isinstance(f, Relational)))
    value = reading.value(expression)
    choices = tuple(islice(_choices(value, relations), MOST_CHOICES))
    relation = _relation(value, choices)
    return Sign(relation=relation, remains=str(expression) if relation == "?" else "")


def numbered(expression: Any, index: Index, number: int) -> Any:
    """An expression for one eigenvalue: number 1 is the largest, −1 the smallest.

    Raises
    ------
    DerivationError
        For another number of a size that is a symbol, or one beyond the size.
    """
    size = index.range
    if size.is_Integer:
        place = number if number > 0 else int(size) + 1 + number
        if not 1 <= place <= size:
            raise DerivationError(f"number={number}: there are {size} eigenvalues; count from 1")
        name = str(place)
    elif number in (1, -1):
        name = LARGEST if number == 1 else SMALLEST
    else:
        raise DerivationError(
            f"number={number}: of {size} eigenvalues only the largest, 1, and the smallest, -1, "
            "have a known place; give one of them"
        )
    return sympify(expression).xreplace({index: Index(name, size)})


# From an expression to a rational function of letters with signs.


class _Reading:
    """An expression as a rational function; everything else in it becomes a letter with a sign."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.forms = FormAlgebra(Basis(), facts)
        self._letters: dict[Any, Any] = {}

    def letter(self, key: Any, relation: str) -> Any:
        """A letter for what has this key, of the sign that is known of it."""
        if relation == "=":
            return sympify(0)
        turned = relation.startswith("<")
        if key not in self._letters:
            kind = {">": "positive", ">=": "nonnegative"}.get(
                _TURNED[relation] if turned else relation, "real"
            )
            self._letters[key] = Dummy(f"x{len(self._letters) + 1}", **{kind: True})
        found = self._letters[key]
        return -found if turned else found

    def value(self, expression: Any) -> Any:
        """The rational function."""
        match expression:
            case Add() | Mul():
                return expression.func(*map(self.value, expression.args))
            case Pow() if expression.exp.is_Integer:
                return self.value(expression.base) ** expression.exp
            case Pow():
                base = self.value(expression.base)
                known = {">": ">", ">=": ">="}.get(_relation(base), "?")
                return self.letter(("power", expression), known)
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
                unread = len(form.terms) > 1 or _relation(words) == "?"
                if unread and _is_mirrored(expression, self._typed_semidefinite):
                    return self.letter(("typed", expression), ">=")
                return words
            case Determinant():
                positive = self.facts.is_positive_definite(expression.args[0])
                return self.letter(("det", expression), ">" if positive else "?")
        if expression.is_Number or expression.is_Symbol:
            return expression
        return self.letter(("scalar", expression), "?")

    # Eigenvalues ------------------------------------------------------------------------------

    def _eigenvalue(self, value: Eigenvalue) -> Any:
        """λ_k as the sum of the smallest, and of the gaps above it."""
        matrix, index = value.matrix, value.index
        name = self.forms.spectral(matrix).name
        definite = self.facts.is_positive_definite(matrix)
        lowest = ">" if definite else ">=" if _is_gram(matrix) else "?"
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
        relation = _relation(inside)
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
                relation = _relation(Mul(self.value(m.indexed), *inside))
                weak = {">": ">=", "<": "<="}.get(relation, relation)
                total.append(c.xreplace(atoms) * self.letter(("words", whole.key), weak))
                continue
            cycles = [self._cycle(w) for w in m.cycles]
            total.append(c.xreplace(atoms) * self.value(m.indexed) * Mul(*cycles))
        return Add(*total)

    def _typed_semidefinite(self, matrix: Any) -> bool:
        """Whether a matrix, as typed, is positive semidefinite."""
        if isinstance(matrix, Eigenprojector) or _is_gram(matrix):
            return True
        return bool(self.facts.is_positive_definite(matrix))

    def _atom(self, atom: Atom) -> Any:
        kind, content = atom.payload
        if kind == "trace":
            return self._cycle(content)
        return self.letter(("atom", atom.name), ">" if atom.is_positive else "?")

    def _cycle(self, word: Word) -> Any:
        nonnegative = any(_mirrored(turned, self._semidefinite) for turned in _turns(word))
        name = word_text(canonical_cycle(word))
        return self.letter(("cycle", name), ">=" if nonnegative else "?")

    def _semidefinite(self, f: Factor) -> bool:
        """Whether a symmetric letter is positive semidefinite."""
        base = f.base
        if isinstance(base, Projector):
            return True
        if isinstance(base, InverseOf):
            matrix = displayed(base.form)
            return _is_gram(matrix) or self.facts.is_positive_definite(matrix)
        return isinstance(base, MatrixParameter) and base.structure == "positive_definite"


def _turns(word: Word) -> Iterator[Word]:
    return (word[n:] + word[:n] for n in range(len(word)))


def _mirrored(word: Word, semidefinite: Any) -> bool:
    """Whether a word is P U Q U' with P, Q semidefinite letters, or none."""
    for head in (0, 1):
        if head and not semidefinite(word[0]):
            continue
        rest = word[head:]
        half, odd = divmod(len(rest), 2)
        if odd and not semidefinite(rest[half]):
            continue
        if transpose_word(rest[:half]) == rest[half + odd :]:
            return True
    return False


def _is_mirrored(trace: Any, semidefinite: Any) -> bool:
    """Whether a trace is typed as tr(P U Q U') with semidefinite P, Q, or without."""
    product = trace.args[0]
    if not isinstance(trace, Trace) or not isinstance(product, MatMul):
        return False
    parts = product.args
    if not all(isinstance(part, MatrixExpr) for part in parts):
        return False

    def mirrored(word: tuple[Any, ...]) -> bool:
        half, odd = divmod(len(word), 2)
        if odd and not semidefinite(word[half]):
            return False
        left, right = reversed(word[:half]), word[half + odd :]
        return all(a.T.doit() == b for a, b in zip(left, right, strict=True))

    turned = [parts[n:] + parts[:n] for n in range(len(parts))]
    return any(mirrored(w) or (semidefinite(w[0]) and mirrored(w[1:])) for w in turned)


def _is_gram(matrix: Any) -> bool:
    """Whether a matrix is typed as U U'."""
    parts = matrix.args if isinstance(matrix, MatMul) else ()
    half, odd = divmod(len(parts), 2)
    if odd or not parts or not all(getattr(part, "is_Matrix", False) for part in parts):
        return False
    left, right = MatMul(*parts[:half]), MatMul(*parts[half:])
    return bool(left.T.doit() == right.doit())


# Assumptions put in, and the sign of what comes out.


def _choices(value: Any, relations: Iterable[Relational]) -> Iterator[Mapping[Any, Any]]:
    """Letter -> its bound and a letter of known sign; every combination of one bound a letter."""
    symbols = {a for fact in relations for a in fact.free_symbols} | value.free_symbols
    bounds = {x: list(_bounds(x, relations)) for x in sorted(symbols, key=str)}
    given = {x: found for x, found in bounds.items() if found}
    for chosen in product(*given.values()):
        yield dict(zip(given, chosen, strict=True))


def _bounds(x: Any, relations: Iterable[Relational]) -> Iterator[Any]:
    """The ways to write a letter as a bound plus or minus something that is not negative."""
    for relation in relations:
        if isinstance(relation, Eq | Ne) or not relation.has(x):
            continue
        gap = relation.lhs - relation.rhs
        gap = -gap if isinstance(relation, Le | Lt) else gap
        slope = gap.diff(x)
        if slope not in (1, -1) or gap.subs(x, 0).has(x):
            continue
        strict = isinstance(relation, Gt | Lt)
        slack = Dummy(f"{x}'", **{"positive" if strict else "nonnegative": True})
        # gap = slope·x + rest = slack.
        yield expand((slack - gap.subs(x, 0)) / slope)
    if isinstance(x, Dimension):
        yield 1 + Dummy(f"{x}'", nonnegative=True, integer=True)
    elif not isinstance(x, Dummy):
        yield x


def _put_in(value: Any, choice: Mapping[Any, Any]) -> Any:
    """The value where letters are written by their bounds; a bound in other letters comes first."""
    for _ in range(len(choice) + 1):
        left = {x: bound for x, bound in choice.items() if value.has(x) and bound != x}
        if not left:
            return value
        outer = {
            x: b for x, b in left.items() if not any(o.has(x) for y, o in left.items() if y != x)
        }
        if not outer:
            return value
        value = value.xreplace(outer)
    return value


Choices: TypeAlias = Sequence[Mapping[Any, Any]]


def _relation(value: Any, choices: Choices = ({},)) -> str:
    """The sign of a rational function of letters.

    Of its terms and factors as they are typed, or of one fraction; every part may have its letters
    written in a way of its own.
    """
    value = sympify(value)
    if isinstance(value, Mul):
        return reduce(_times, (_relation(part, choices) for part in value.args))
    if isinstance(value, Pow) and value.exp.is_Integer:
        return _power(_relation(value.base, choices), int(value.exp))
    if isinstance(value, Add):
        found = reduce(_plus, (_relation(part, choices) for part in value.args))
        if found != "?":
            return found
    above, below = (_of_factors(part, choices) for part in fraction(together(value)))
    return _times(above, _power(below, -1))


def _of_factors(value: Expr, choices: Choices) -> str:
    """The sign of a polynomial: of all its terms, or of its factors."""
    whole = _known(value, choices)
    if whole != "?":
        return whole
    powers = (part.as_base_exp() for part in Mul.make_args(factor(value)))
    signs = (_power(_known(base, choices), e) if e.is_Integer else "?" for base, e in powers)
    return reduce(_times, signs)


def _known(value: Any, choices: Choices) -> str:
    """The sign of all terms, the letters written in the first way that shows the most."""
    best = "?"
    for choice in choices:
        found = _of_terms(expand(_put_in(value, choice)))
        if found in (">", "<", "="):
            return found
        best = best if found == "?" else found
    return best


def _power(a: str, n: int) -> str:
    """The sign of a power; what may be 0 has no inverse."""
    if n < 0 and a not in ("<", ">"):
        return "?"
    if n % 2 == 0:
        return {"<": ">", ">": ">", "=": "="}.get(a, ">=") if n else ">"
    return a


def _plus(a: str, b: str) -> str:
    if "=" in (a, b):
        return b if a == "=" else a
    if "?" in (a, b) or a[0] != b[0]:
        return "?"
    return a if len(a) < len(b) else b


def _times(a: str, b: str) -> str:
    if "?" in (a, b):
        return "?"
    if "=" in (a, b):
        return "="
    turned = (a[0] == "<") != (b[0] == "<")
    return ("<" if turned else ">") + ("=" if len(a) + len(b) > 2 else "")


def _of_terms(value: Any) -> str:
    if value == 0:
        return "="
    terms = Add.make_args(value)
    if all(term.is_nonnegative for term in terms):
        return ">" if any(term.is_positive for term in terms) else ">="
    if all(term.is_nonpositive for term in terms):
        return "<" if any(term.is_negative for term in terms) else "<="
    return "?"
