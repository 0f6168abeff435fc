from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from sympy import (
    Abs,
    BlockDiagMatrix,
    BlockMatrix,
    Identity,
    Rational,
    ZeroMatrix,
    atan,
    cos,
    cosh,
    exp,
    log,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

from derivations import (
    Family,
    IdentityClaim,
    Parameter,
    S,
    State,
    det,
    dims,
    entry,
    index,
    logdet,
    positive,
    real,
    stack,
    t,
    total,
    tr,
)
from derivations.codegen import compile_module
from derivations.expressions import BlockColumn
from numerics.contexts import MultiprecisionContext, PrimeFieldContext, RationalContext
from numerics.contexts.base import NumberContext
from tests.derivations.codegen_points import (
    SIZES,
    draw,
    floats,
    from_context,
    in_context,
    member,
)
from tests.derivations.literal_kernels import as_array, literal_value

p, k, l, n, d = dims("p k l n d")
W1, W2 = State("W1", p, l), State("W2", l, k)
A, Bm, G, X = (
    Parameter("A", d, d),
    Parameter("Bm", d, d),
    Parameter("G", p, k),
    Parameter("X", n, p),
)
C = Parameter("C", d, d, positive_definite=True)
v = Parameter("v", d)
gamma, eta, a = positive("gamma"), positive("eta"), real("a")
theta = stack(W1, W2.T)
M = theta * theta.T
i, j, s_ = index("i", n), index("j", n), index("s", n)
x, y, c, w = Family("x", p), Family("y", k), Family("c"), Family("w")
r = y[i] - W2.T * W1.T * x[i]

# What only ball arithmetic can say is marked; the rest is compared over the rationals too.
EXACT: dict[str, Any] = {
    "letter": W1,
    "transpose": W1.T,
    "product": A * Bm,
    "long product": W2.T * W1.T * X.T * X * W1,
    "sum": W1.T * W1 - W2 * W2.T + 3 * Identity(l),
    "difference of a sum": A - (Bm - 2 * A.T),
    "negative": -A * Bm,
    "number": Rational(2, 3) * A,
    "dimension": (n - 1) * A / p,
    "scalar": gamma / (1 + gamma) * A * Bm.T,
    "root of a scalar": sqrt(gamma) * A * Bm,
    "trace as a coefficient": tr(A * Bm) * W1 * W2,
    "sum as a coefficient": (1 - eta * a) * Identity(p + k) + eta * S(G),
    "square": A**2,
    "power": (A * Bm) ** 3,
    "inverse": A.I,
    "inverse of a product": (A * Bm).I,
    "inverse power": C**-2,
    "inverse on the left": C.I * A * v,
    "inverse on the right": v.T * A * C.I,
    "inverse in the middle": Bm * C.I * A.T,
    "two inverses": A.I * Bm * C.I,
    "inverse of a transpose": v.T * A.T.I,
    "identity": Identity(p + 2 * k),
    "zero": ZeroMatrix(p, l),
    "stack": theta,
    "product of stacks": M,
    "symmetric block": S(G) * theta,
    "blocks": BlockMatrix([[G * G.T, G], [G.T, -Identity(k)]]),
    "blocks of zeros": BlockMatrix([[C, ZeroMatrix(d, p)], [ZeroMatrix(k, d), -G.T]]),
    "diagonal blocks": BlockDiagMatrix(A, G),
    "block column": BlockColumn(1, p, k, d),
    "block of a stack": BlockColumn(0, p, k).T * theta,
    "trace": tr(C.I * A),
    "trace of a sum": tr(A + Bm * A.T),
    "determinant": det(A * Bm + C),
    "entry": entry(A * Bm, 0, 2),
    "entry of a letter": W1[1, 0],
    "last entry": entry(A, d - 1, 0),
    "scalars": gamma * a / eta - a**2 / 3 + Rational(1, 2),
    "scalar of dimensions": n * (n - 1) * gamma / (2 * p),
    "only dimensions": (k + p) * n**2 / 7,
    "an integer": 0 * a + 3,
    "nothing": 0 * a,
    "minus one": -1 + 0 * a,
    "powers of scalars": gamma**2 / eta**3 - gamma ** Rational(3, 2) / eta ** Rational(1, 2),
    "power by a dimension": gamma**k * (1 + a) ** (2 * p),
    "float": 0.5 * a,
    "absolute": Abs(a - gamma) + sign(a - gamma),
    "index sum": total(x[i] * r.T, i),
    "index sum of scalars": total(c[i] ** 2, i) / n,
    "coefficient in a sum": total(gamma * c[i] * x[i] * y[i].T, i),
    "traces in a sum": total(tr(x[i].T * x[i]) * tr(r.T * r), i),
    "sum in a sum": total(total(c[i] * w[j] * x[i] * x[j].T, j), i),
    "independent of the index": total(W1, i),
    "scalar independent of the index": total(gamma, i),
    "sum of a product of sums": total(c[i] * tr(total(x[j] * y[j].T, j) * y[i] * x[i].T), i),
    "same index inside": total(x[i] * c[i] * tr(total(x[i] * y[i].T, i) * G.T), i),
    "index with the name of a part": total(
        (gamma + c[s_]) ** 2 * tr(x[s_] * x[s_].T) / (3 + (gamma + c[s_]) ** 4), s_
    ),
    "excluding an index": total(total(c[i] / (2 + w[j] ** 2), i, excluding=j), j),
    "matrices excluding an index": total(total(x[i] * y[j].T, i, excluding=j), j),
    "number of the others": total(w[j] * total(gamma, i, excluding=j), j),
    "repeated": tr(M * M) + tr(M) ** 2 + det(M + Identity(p + k)),
    "repeated up to transposition": W1 * W2 + (W2.T * W1.T).T + (X.T * X * W1 * W2),
    "repeated run": A * Bm * C + C * A * Bm * A.T + (Bm.T * A.T).T,
}
BALLS: dict[str, Any] = {
    "log det": logdet(M + Identity(p + k)),
    "log": log(gamma) + log(det(C) ** 2),
    "exp": exp(-gamma * t) / (1 + gamma) ** 2,
    "trigonometry": sin(a) * cos(gamma) + tan(a / 10),
    "hyperbolic": sinh(a / 5) - cosh(gamma / 50) * tanh(a) + atan(a),
    "constants": pi * gamma + exp(1) * a,
    "real power": gamma ** Rational(1, 3) + eta**gamma / 10**9,
    "root of a dimension": sqrt(n) * gamma / sqrt(k * p),
    "root of a sum": sqrt(1 + a**2) * W1,
}
WORDS = EXACT | BALLS


def claim(expression: Any) -> IdentityClaim:
    return IdentityClaim(
        id="words", title="", source="", statement="", left=expression, right=expression
    )


def compiled(name: str) -> Any:
    return compile_module(claim(WORDS[name]))


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


@pytest.mark.parametrize("batch", [(), (5,), (2, 4)], ids=str)
@pytest.mark.parametrize("name", WORDS)
def test_arrays_agree_with_loops(name: str, batch: tuple[int, ...]) -> None:
    found = compiled(name)
    point = draw(found.signature.letters, rng_of(name), batch)
    value = np.asarray(found.kernels["left"](floats(point)))
    one = as_array(literal_value(WORDS[name], member(point, (0,) * len(batch))))
    value = np.broadcast_to(value, (*batch, *one.shape))
    for at in {(0,) * len(batch), tuple(size - 1 for size in batch)}:
        expected = as_array(literal_value(WORDS[name], member(point, at)))
        np.testing.assert_allclose(value[at], expected, rtol=1e-9, atol=1e-9 * scale(expected))


def scale(expected: np.ndarray) -> float:
    return float(np.max(np.abs(expected), initial=1.0))


@pytest.mark.parametrize(
    ("name", "ctx"),
    [(name, MultiprecisionContext(40)) for name in WORDS]
    + [(name, RationalContext()) for name in EXACT],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_number_context_agrees_with_loops(name: str, ctx: NumberContext) -> None:
    found = compiled(name)
    point = draw(found.signature.letters, rng_of(name))
    value = found.kernels["left"].in_context(ctx, in_context(ctx, point, found.signature.letters))
    with ctx.working():
        value = from_context(ctx, value)
    expected = as_array(literal_value(WORDS[name], point))
    np.testing.assert_allclose(value, expected, rtol=1e-14, atol=1e-14 * scale(expected))


@pytest.mark.parametrize("name", ["scalar", "coefficient in a sum", "trace as a coefficient"])
def test_scalars_and_matrices_may_have_different_batch_axes(name: str) -> None:
    found = compiled(name)
    letters = found.signature.letters
    point = draw(letters, rng_of(name), (2, 4))
    for letter in letters:
        if not letter.shape and letter.kind != "dimension":
            point[letter.name] = point[letter.name][0, 0]
        elif letter.kind == "state":
            point[letter.name] = point[letter.name][0]
    value = found.kernels["left"](floats(point))
    one: dict[str, Any] = dict(SIZES)
    for letter in letters:
        given, own = point[letter.name], len(letter.shape_at(SIZES))
        if letter.kind != "dimension":
            one[letter.name] = np.asarray(given)[(1, 3)[2 - (np.ndim(given) - own) :]]
    expected = as_array(literal_value(WORDS[name], one))
    np.testing.assert_allclose(value[1, 3], expected, rtol=1e-9)


def test_python_numbers_are_taken_as_scalars() -> None:
    kernel = compiled("coefficient in a sum").kernels["left"]
    point = floats(draw(compiled("coefficient in a sum").signature.letters, rng_of("numbers")))
    point["gamma"] = 2
    value = kernel(point)
    np.testing.assert_allclose(value, 2 * kernel({**point, "gamma": 1.0}))


def test_a_square_letter_is_not_its_transpose() -> None:
    # With p = k = l a lost transpose still conforms; only the values tell.
    found = compile_module(claim(A * Bm.T * A))
    point = draw(found.signature.letters, rng_of("square"))
    value = found.kernels["left"](floats(point))
    assert not np.allclose(value, as_array(literal_value(A * Bm * A, point)))
    assert np.allclose(value, as_array(literal_value(A * Bm.T * A, point)))


PLANTED = {
    "a lost transpose": ("swap(Bm)", "Bm"),
    "a lost factor": ("3 * ", ""),
    "another factor": ("3 * ", "2 * "),
    "another sign": (" - ", " + "),
    "another order": ("matmul(A, swap(Bm))", "matmul(swap(Bm), A)"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_noticed(name: str) -> None:
    from derivations.codegen.module import run_source

    expression = 3 * A * Bm.T - C
    found = compile_module(claim(expression))
    before, after = PLANTED[name]
    assert found.source.count(before) >= 1
    faulty = run_source(found.source.replace(before, after))["KERNELS"]["words"]["left"]
    point = draw(found.signature.letters, rng_of(name), (5,))
    expected = as_array(literal_value(expression, member(point, (2,))))
    assert np.allclose(found.kernels["left"](floats(point))[2], expected)
    assert not np.allclose(faulty(floats(point))[2], expected)


def test_a_planted_fault_in_a_context_is_noticed() -> None:
    from derivations.codegen.module import run_source

    expression = 3 * A * Bm.T - C
    found = compile_module(claim(expression))
    faulty = run_source(found.source.replace("ctx.transpose(Bm)", "Bm"))["KERNELS"]["words"]
    ctx = RationalContext()
    point = in_context(ctx, draw(found.signature.letters, rng_of("x")), found.signature.letters)
    right = from_context(ctx, found.kernels["left"].in_context(ctx, point))
    assert not np.allclose(from_context(ctx, faulty["left"].in_context(ctx, point)), right)


ROOTS_AND_SIGNS = {"root of a scalar", "powers of scalars", "absolute"}


@pytest.mark.parametrize("name", sorted(EXACT.keys() - ROOTS_AND_SIGNS))
def test_a_prime_field_agrees_with_the_rationals(name: str) -> None:
    found = compiled(name)
    letters = found.signature.letters
    point = draw(letters, rng_of(name))
    rationals, field = RationalContext(), PrimeFieldContext()
    kernel = found.kernels["left"]
    exact = kernel.in_context(rationals, in_context(rationals, point, letters))
    modular = kernel.in_context(field, in_context(field, point, letters))
    pairs = [(exact, modular)]
    if rationals.is_matrix(exact):
        rows, columns = rationals.shape(exact)
        assert field.shape(modular) == (rows, columns)
        pairs = [
            (rationals.entry(exact, i, j), field.entry(modular, i, j))
            for i in range(rows)
            for j in range(columns)
        ]
    for value, residue in pairs:
        assert field.rational(int(value.p), int(value.q)) == residue
