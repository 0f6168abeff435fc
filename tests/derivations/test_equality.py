"""The ladder of equality: EQUAL is proved, DIFFERENT is shown by a point, all else is not told."""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import Any

import flint
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sympy import Function, Ge, Gt, Identity, Lt, Q, Rational, atan, exp, pi, sqrt

from derivations.basis import form
from derivations.equality import BITS, Equality, Status, equal, vanishes
from derivations.errors import DerivationError, ShapeError
from derivations.expressions import S, det, entry, logdet, stack, total, tr, zero_like
from derivations.points import entries, evaluate, precision
from derivations.symbols import Family, Parameter, Process, State, dims, index, positive, t

p, k, n = dims("p k n")
i, j = index("i", n), index("j", n)
A, B = Parameter("A", p, k), Parameter("B", k, p)
C = Parameter("C", p, p, positive_definite=True)
D = Parameter("D", k, k, symmetric=True)
X, Y, R = State("X", p, k), State("Y", p, p), Process("R", p, k)
x, u = State("x"), State("u", positive=True)
c = positive("c")
f, F = Family("f"), Family("F", p, k)
Ip, Ik = Identity(p), Identity(k)
W1, W2 = State("W1", p, n), State("W2", n, k)
theta = stack(W1, W2.T)
alpha = Function("alpha")(t)

# The rule that tells the two apart is wrong.
EQUAL: dict[str, tuple[Any, Any]] = {
    "rotation": (tr(A * B * C), tr(C * A * B)),
    "transposition": (tr(A * D * B * C), tr(C * B.T * D * A.T)),
    "symmetric letters": (C.T * A * D.T, C * A * D),
    "distributive": ((A + X) * (B + X.T), A * B + A * X.T + X * B + X * X.T),
    "power": (Y**3, Y * Y * Y),
    "power zero": (Y**0 * A, A),
    "inverse of a product": ((Y * C).I, C.I * Y.I),
    "inverse of a transpose": (Y.T.I, Y.I.T),
    "inverse beside its sum": ((C + A * A.T).I * A * A.T, Ip - (C + A * A.T).I * C),
    "negative power": (Y**-2, Y.I * Y.I),
    "determinant of a product": (det(Y * C), det(C) * det(Y)),
    "determinant of a multiple": (det(c * Y), c**p * det(Y)),
    "determinant of an inverse": (det(Y.I), 1 / det(Y)),
    "sylvester": (det(Ip + A * B), det(Ik + B * A)),
    "schur": (det(Identity(p + k) + S(A)), det(Ik - A.T * A)),
    "block trace": (tr(S(A) ** 2), 2 * tr(A * A.T)),
    "stack": (tr(theta * theta.T), tr(W1 * W1.T) + tr(W2.T * W2)),
    "sums": (total(f[i] * F[i], i) * B, total(f[j] * F[j] * B, j)),
    "square of a sum": (
        total(f[i], i) ** 2,
        total(f[i] ** 2, i) + total(total(f[i] * f[j], i, excluding=j), j),
    ),
    "number of members": (total(Ip, i), n * Ip),
    "trace of the identity": (tr(Ip), 0 * p + p),
    "entry": (entry(A * B, 0, 1), entry(B.T * A.T, 1, 0)),
    "rational functions": (1 / (1 + tr(C)) + tr(C) / (1 + tr(C)), 1 + 0 * tr(C)),
    "root of a positive state": (sqrt(u**2), u),
    "exponential": (exp(x + t), exp(x) * exp(t)),
    "zero": (A - A, 0 * p),
    "sign of a determinant": (logdet(Ip + C * C.T), logdet(Ip + C * C)),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "order": (tr(A * B * C * Y), tr(C * A * B * Y)),
    "transpose": (Y, Y.T),
    "coefficient": (tr(C), Rational(1000001, 1000000) * tr(C)),
    "sign": (det(Ik + A.T * A), det(Ik - A.T * A)),
    "dimension": (p * tr(C), k * tr(C)),
    "equal where a size is one": (2 * (p * k + 2) * tr(C), 2 * (p + k + 1) * tr(C)),
    "square of a sum": (total(f[i], i) ** 2, total(f[i] ** 2, i)),
    "trace of a square": (tr(Y) ** 2, tr(Y * Y)),
    "state and process": (X, R),
    "root": (sqrt(1 + x**2), 1 + x**2 / 2),
    "time": (alpha * x, x),
    "function and derivative": (alpha, alpha.diff(t)),
    "inverse": ((C + Y).I, C.I + Y.I),
    "entry": (entry(A * B, 0, 1), entry(A * B, 1, 0)),
    "matrix against zero": (A, 0 * p),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_is_proved_by_normal_forms(name: str) -> None:
    a, b = EQUAL[name]
    for answer in (equal(a, b), equal(b, a)):
        assert answer.status is Status.EQUAL, answer.reason
        assert answer


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_is_shown_by_a_point(name: str) -> None:
    a, b = DIFFERENT[name]
    for left, right in ((a, b), (b, a)):
        answer = equal(left, right)
        assert answer.status is Status.DIFFERENT, answer.reason
        assert not answer
        assert shows_a_difference(answer, left, right)


def shows_a_difference(answer: Equality, a: Any, b: Any) -> bool:
    """Whether the balls of the two sides at the point of an answer are apart."""
    a, b = zero_like(b) if a == 0 else a, zero_like(a) if b == 0 else b
    with precision(BITS):
        assert answer.point is not None
        left, right = entries(evaluate(a, answer.point)), entries(evaluate(b, answer.point))
        return any(u - v != 0 for u, v in zip(left, right, strict=True))


def test_a_point_can_be_looked_at_by_hand() -> None:
    answer = equal(tr(Y) ** 2, tr(Y * Y))
    assert answer.point is not None
    value = answer.point.letter(Y)
    m = value.nrows()
    assert m == answer.point.sizes[p]
    assert f"p = {m}" in answer.reason
    trace = sum((value[a, a] for a in range(m)), flint.arb(0))
    square = sum((value[a, b] * value[b, a] for a in range(m) for b in range(m)), flint.arb(0))
    assert trace**2 - square != 0


# Neither: nothing is guessed.

CANNOT_TELL: dict[str, tuple[Any, Any]] = {
    "push through": ((Ip + A * B).I * A, A * (Ik + B * A).I),
    "woodbury": ((C + A * A.T).I, C.I - C.I * A * (Ik + A.T * C.I * A).I * A.T * C.I),
    "inverse tangents": (atan(c) + atan(1 / c), pi / 2),
}


@pytest.mark.parametrize("name", CANNOT_TELL)
def test_what_no_rule_proves_is_not_called_equal(name: str) -> None:
    answer = equal(*CANNOT_TELL[name])
    assert answer.status is Status.CANNOT_TELL
    assert not answer
    assert answer.point is None
    assert answer.points == 3
    assert "agree" in answer.reason


@pytest.mark.parametrize("other", [2 * tr(C), 0 * p])
def test_what_no_point_can_show_is_not_called_different(other: Any) -> None:
    answer = equal(tr(C), other, assuming=[Lt(p, 1)])
    assert answer.status is Status.CANNOT_TELL
    assert answer.points == 0
    assert "no admissible point" in answer.reason


def test_what_points_cannot_evaluate_is_not_called_different() -> None:
    gamma = Function("gamma_")
    assert equal(gamma(x), x).status is Status.CANNOT_TELL


def test_a_difference_that_an_assumption_excludes_is_not_found() -> None:
    a, b = tr(C) ** 2, tr(C * C)
    assert equal(a, b).status is Status.DIFFERENT
    assert equal(a, b, assuming=[Lt(p, 2)]).status is Status.CANNOT_TELL


@pytest.mark.parametrize("fact", [Ge(n, p + k), Gt(p, 3), Q.positive(tr(Y)), Q.positive(1 - x)])
def test_points_meet_the_assumptions(fact: Any) -> None:
    answer = equal(tr(Y) + x, total(f[i], i) + k, assuming=[fact])
    assert answer.status is Status.DIFFERENT
    assert answer.point is not None
    with precision(BITS):
        if fact.func in (Ge, Gt):
            assert evaluate(fact.lhs - fact.rhs, answer.point) >= 0
        else:
            assert evaluate(fact.arguments[0], answer.point) > 0


def test_a_size_needed_by_an_assumption_is_found() -> None:
    three = stack(W1, W2.T, Parameter("V", 3, n))
    answer = equal(tr(W1 * W1.T), 0 * p, assuming=[Q.positive_definite(three * three.T)])
    assert answer.status is Status.DIFFERENT
    assert answer.point is not None
    assert answer.point.sizes[n] >= answer.point.sizes[p] + answer.point.sizes[k] + 3


def test_shapes_that_differ_are_different() -> None:
    answer = equal(A, B)
    assert answer.status is Status.DIFFERENT
    assert "shapes" in answer.reason
    assert equal(A, A.T).status is Status.DIFFERENT


def test_a_side_that_does_not_conform_is_refused() -> None:
    with pytest.raises(ShapeError, match="conform"):
        equal(A * C, 0 * p)


def test_an_assumption_that_cannot_be_checked_is_refused() -> None:
    with pytest.raises(DerivationError, match="orthogonal"):
        equal(tr(Y), 0 * p, assuming=[Q.orthogonal(Y)])


def test_the_seed_chooses_the_point() -> None:
    first, again, other = (equal(tr(Y), tr(C), seed=seed) for seed in (1, 1, 1000))
    assert first.point == again.point
    assert first.point != other.point


# Random words.

FROM: dict[Any, list[Any]] = {
    p: [A, X, B.T, C, Y, Y.T, C.I, Ip + A * A.T],
    k: [B, A.T, X.T, D, Ik + X.T * X],
}
Word = tuple[Any, ...]


@st.composite
def closed_words(draw: st.DrawFn, longest: int = 5) -> Word:
    """Factors that lead from a dimension back to it."""
    start = at = draw(st.sampled_from([p, k]))
    word = []
    for _ in range(draw(st.integers(1, longest))):
        word.append(draw(st.sampled_from(FROM[at])))
        at = word[-1].shape[1]
    if at != start:
        word.append(draw(st.sampled_from([m for m in FROM[at] if m.shape[1] == start])))
    return tuple(word)


@st.composite
def turns(draw: st.DrawFn, word: Word) -> Word:
    """A rotation of a word, or of its transpose."""
    n = draw(st.integers(0, len(word) - 1))
    turned = word[n:] + word[:n]
    return tuple(m.T for m in reversed(turned)) if draw(st.booleans()) else turned


coefficients = st.builds(Rational, st.integers(-9, 9), st.integers(1, 9))
sums_of_words = st.lists(st.tuples(coefficients, closed_words()), min_size=1, max_size=4)


def trace(word: Word) -> Any:
    return tr(reduce(mul, word))


def combined(terms: list[tuple[Any, Word]]) -> Any:
    return sum((q * trace(word) for q, word in terms), start=0 * p)


@given(sums_of_words, st.data())
def test_words_turned_under_the_trace_are_equal(
    terms: list[tuple[Any, Word]], data: st.DataObject
) -> None:
    turned = [(q, data.draw(turns(word))) for q, word in data.draw(st.permutations(terms))]
    assert equal(combined(terms), combined(turned)).status is Status.EQUAL


@given(sums_of_words, coefficients, st.data())
def test_a_perturbed_coefficient_is_seen(
    terms: list[tuple[Any, Word]], change: Any, data: st.DataObject
) -> None:
    assume(change != 0)
    place = data.draw(st.integers(0, len(terms) - 1))
    wrong = [(q + change, w) if m == place else (q, w) for m, (q, w) in enumerate(terms)]
    a, b = combined(terms), combined(wrong)
    answer = equal(a, b)
    assert answer.status is Status.DIFFERENT, answer.reason
    assert shows_a_difference(answer, a, b)


@given(closed_words(), closed_words())
def test_two_words_are_told_apart_unless_one_is_a_turn_of_the_other(u: Word, v: Word) -> None:
    answer = equal(trace(u), trace(v))
    same = vanishes(form(trace(u) - trace(v)))
    assert answer.status is (Status.EQUAL if same else Status.DIFFERENT), answer.reason
    if not same:
        assert shows_a_difference(answer, trace(u), trace(v))


@given(closed_words(3), closed_words(3), closed_words(3), coefficients)
@settings(max_examples=50, suppress_health_check=[HealthCheck.filter_too_much])
def test_products_of_sums_are_multiplied_out(u: Word, v: Word, w: Word, q: Any) -> None:
    U, V, W = (reduce(mul, word) for word in (u, v, w))
    assume(U.shape == V.shape == W.shape)
    assert equal((U + q * V) * W, U * W + q * V * W).status is Status.EQUAL
    assert equal((U - V) * (U + V), U * U + U * V - V * U - V * V).status is Status.EQUAL
    answer = equal((U + V) * W, U * W - V * W)
    assert answer.status is Status.DIFFERENT, answer.reason


@pytest.mark.parametrize("value", [2, 1.5])
def test_the_block_of_a_number_is_refused_with_what_to_write(value: float) -> None:
    with pytest.raises(ShapeError, match=r"sympy\.S"):
        S(value)
