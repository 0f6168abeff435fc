"""The exact generator against textbooks, against a literal double sum, and against wrong claims."""

from __future__ import annotations

from random import Random
from time import process_time
from typing import Any

import pytest

from numerics.contexts import MultiprecisionContext, PrimeFieldContext, RationalContext
from numerics.declared import BrownianMotion, DeclaredSystem, letter
from numerics.errors import NotAdmissibleError, NoValueError, NumericsError
from numerics.jets import combine, covariation, generator
from numerics.kernel import Kernel
from tests.numerics.handmade import (
    balancedness,
    bessel,
    geometric_brownian_motion,
    label_noise,
    log_det,
    log_x,
    logdet_gram,
    matrix_brownian_motion,
    of_scalar,
    scalar_system,
    stated_balancedness,
    stated_logdet,
    trace,
    trace_of_inverse,
)

Q = RationalContext()
PRIME = PrimeFieldContext()
SIZES = [(1, 1, 2), (2, 1, 3), (2, 3, 6), (3, 3, 6), (5, 2, 10)]


def matrix(ctx: Any, rng: Random, r: int, c: int) -> Any:
    return ctx.matrix(
        [[ctx.rational(rng.randint(-9, 9), rng.randint(1, 4)) for _ in range(c)] for _ in range(r)]
    )


def network_point(ctx: Any, p: int, k: int, l: int, seed: int = 1) -> dict[str, Any]:
    rng = Random(seed)
    with ctx.working():
        G = matrix(ctx, rng, p, p)
        return {
            "W1": matrix(ctx, rng, p, l),
            "W2": matrix(ctx, rng, l, k),
            "R": matrix(ctx, rng, p, k),
            "C": ctx.matmul(G, ctx.transpose(G)),
        }


# ---------------------------------------------------------------------- textbooks


@pytest.mark.parametrize("ctx", [Q, PRIME])
def test_the_log_of_geometric_brownian_motion(ctx: Any) -> None:
    q = ctx.rational
    point = {"x": q(7, 3), "mu": q(2, 5), "sigma": q(3)}
    found = generator(ctx, geometric_brownian_motion(), log_x, point)
    assert found.drift == q(2, 5) - q(9, 2)  # μ − σ²/2
    assert found.martingale == (q(3),)  # σ
    for wrong in (q(2, 5), q(2, 5) + q(9, 2), q(2, 5) - q(9), q(2, 5) - q(3, 2)):
        assert found.drift != wrong  # no Itô term, its sign, twice it, σ for σ²


def test_bessel_processes() -> None:
    q = Q.rational
    point = {"x": q(3, 2), "n": q(5)}
    square = of_scalar("square", lambda ctx, x: x * x)
    assert generator(Q, bessel(), square, point).drift == 5
    assert generator(Q, bessel(), log_x, point).drift == q(5 - 2) / (2 * q(9, 4))
    harmonic = of_scalar("x^(2-n)", lambda ctx, x: x**-3)
    assert generator(Q, bessel(), harmonic, point).drift == 0


def test_ornstein_uhlenbeck_and_cox_ingersoll_ross() -> None:
    q = Q.rational
    ou = scalar_system(lambda ctx, x, a, s: -a * x, lambda ctx, x, a, s: s + 0 * x, ("a", "s"))
    square = of_scalar("square", lambda ctx, x: x * x)
    point = {"x": q(5, 3), "a": q(2), "s": q(7)}
    assert generator(Q, ou, square, point).drift == -4 * q(25, 9) + 49
    cir = scalar_system(
        lambda ctx, x, a, b, s: a * (b - x),
        lambda ctx, x, a, b, s: s * ctx.sqrt(x),
        ("a", "b", "s"),
    )
    root = of_scalar("root", lambda ctx, x: ctx.sqrt(x))
    point = {"x": q(9, 4), "a": q(2), "b": q(3), "s": q(5)}
    found = generator(Q, cir, root, point)
    # d√x = [(4ab − s²)/(8√x) − (a/2)√x] dt + (s/2) dβ
    assert found.drift == (q(24) - 25) / (8 * q(3, 2)) - q(3, 2)
    assert found.martingale == (q(5, 2),)


def test_functions_of_time_carry_their_time_derivative() -> None:
    q = Q.rational
    point = {"x": q(3), "mu": q(0), "sigma": q(2), "t": q(5)}
    f = of_scalar("t x²", lambda ctx, x, t: t * x * x, ("x", "t"))
    assert generator(Q, geometric_brownian_motion(), f, point).drift == 9 + 5 * 4 * 9
    brownian = scalar_system(lambda ctx, x: 0 * x, lambda ctx, x: 1 + 0 * x, ())
    heat = of_scalar("exp(x − t/2)", lambda ctx, x, t: ctx.exp(x - t / 2), ("x", "t"))
    ctx = MultiprecisionContext(50)
    found = generator(ctx, brownian, heat, {"x": ctx.rational(1, 3), "t": ctx.rational(2)})
    assert abs(ctx.to_float(found.drift)) + ctx.radius(found.drift) < 1e-48


@pytest.mark.parametrize("ctx", [Q, PRIME])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (2, 3), (3, 3), (4, 6)])
def test_the_log_determinant_of_a_wishart_matrix(ctx: Any, n: int, m: int) -> None:
    point = {"X": matrix(ctx, Random(4), n, m)}
    found = generator(ctx, matrix_brownian_motion(n, m), logdet_gram, point).drift
    inverse = trace_of_inverse.in_context(ctx, point)
    assert found == (m - n - 1) * inverse
    for wrong in {m - n + 1, n - m - 1, 2 * (m - n - 1) + 1, m - n} - {m - n - 1}:
        assert found != wrong * inverse


def test_the_inverse_of_matrix_geometric_brownian_motion() -> None:
    n = 3
    system = DeclaredSystem(
        states=("X",),
        increment=Kernel(
            name="increment",
            arguments=("X", "A", "dt", "dB"),
            arrays=lambda X, A, dt, dB: (A @ X * dt + dB @ X,),
            generic=lambda ctx, X, A, dt, dB: (
                ctx.add(ctx.scale(dt, ctx.matmul(A, X)), ctx.matmul(dB, X)),
            ),
        ),
        brownian=(BrownianMotion(name="B", shape=(n, n)),),
    )
    inverse = Kernel(
        name="inverse",
        arguments=("X",),
        arrays=lambda X: X,
        generic=lambda ctx, X: ctx.inverse(X),
    )
    rng = Random(8)
    X, A = matrix(Q, rng, n, n), matrix(Q, rng, n, n)
    found = generator(Q, system, inverse, {"X": X, "A": A})
    # dB P dB = P' dt gives dX⁻¹ = −X⁻¹(A dt + dB) + X⁻¹ dB dB = X⁻¹(I − A) dt − X⁻¹ dB.
    expected = Q.matmul(Q.inverse(X), Q.subtract(Q.identity(n), A))
    assert Q.is_zero(Q.subtract(found.drift, expected))
    for component, moved in zip(found.components, found.martingale, strict=True):
        dB = component.increments["dB"]
        assert Q.is_zero(Q.add(moved, Q.matmul(Q.inverse(X), dB)))


# ---------------------------------------------------------------------- the network


@pytest.mark.parametrize(("p", "k", "l"), SIZES)
@pytest.mark.parametrize("ctx", [Q, PRIME])
def test_the_determinant_under_label_noise_has_rate_minus_two_k_tr_c_and_no_martingale(
    ctx: Any, p: int, k: int, l: int
) -> None:
    point = network_point(ctx, p, k, l)
    found = generator(ctx, label_noise(p, k), log_det, point)
    assert found.drift == stated_logdet().in_context(ctx, point)
    assert all(coefficient == 0 for coefficient in found.martingale)
    assert covariation(ctx, found, found) == 0
    without_noise = {**point, "C": ctx.zeros(p, p)}
    assert generator(ctx, label_noise(p, k), log_det, without_noise).drift == 0
    for factor in (-1, -4, 2, 0):
        assert found.drift != stated_logdet(factor).in_context(ctx, point)


@pytest.mark.parametrize(("p", "k", "l"), [(1, 1, 2), (3, 2, 5), (2, 3, 4)])
def test_balancedness_has_the_stated_drift_and_no_martingale(p: int, k: int, l: int) -> None:
    point = network_point(PRIME, p, k, l)
    found = generator(PRIME, label_noise(p, k), balancedness, point)
    stated = stated_balancedness.in_context(PRIME, point)
    assert PRIME.is_zero(PRIME.subtract(found.drift, stated))
    assert all(PRIME.is_zero(coefficient) for coefficient in found.martingale)
    turned = PRIME.subtract(found.drift, PRIME.negate(stated))
    assert not PRIME.is_zero(turned)


def test_a_lost_transpose_and_the_stratonovich_reading_are_told_apart() -> None:
    p = k = 2
    point = network_point(Q, p, k, 5)
    stated = stated_logdet().in_context(Q, point)
    right = label_noise(p, k)
    assert generator(Q, right, log_det, point).drift == stated
    lost = label_noise(p, k, transpose_lost=True)
    assert generator(Q, lost, log_det, point).drift != stated
    stratonovich = DeclaredSystem(
        states=right.states,
        increment=right.increment,
        brownian=right.brownian,
        calculus="stratonovich",
    )
    # S(∘dB)Θ conserves det M.
    found = generator(Q, stratonovich, log_det, point)
    assert found.drift == 0
    assert found.drift != stated


def test_the_stratonovich_drift_of_geometric_brownian_motion() -> None:
    system = geometric_brownian_motion()
    system = DeclaredSystem(
        states=system.states,
        increment=system.increment,
        brownian=system.brownian,
        calculus="stratonovich",
    )
    q = Q.rational
    found = generator(Q, system, log_x, {"x": q(7, 3), "mu": q(2, 5), "sigma": q(3)})
    assert found.drift == q(2, 5)  # μ alone
    assert found.martingale == (q(3),)


def test_the_covariation_of_a_trace() -> None:
    p, k, l = 2, 2, 5
    point = network_point(Q, p, k, l)
    found = generator(Q, label_noise(p, k), trace, point)
    # d tr M = … + 4 tr(W1' dB W2'), so that Γ = 16 Σ C_ij (W1W2)_ia (W1W2)_ja.
    P = Q.matmul(point["W1"], point["W2"])
    expected = 16 * Q.trace(Q.matmul(Q.transpose(P), point["C"], P))
    assert covariation(Q, found, found) == expected
    assert covariation(Q, found, found) != expected / 4
    matrix_valued = generator(Q, label_noise(p, k), balancedness, point)
    with pytest.raises(NumericsError, match="matrix observable"):
        covariation(Q, found, matrix_valued)


# ---------------------------------------------------------------------- covariances


def two_noises(correlation: dict[Any, Any], shape: tuple[int, ...] = (), rows: Any = None) -> Any:
    """dx = α x dβ1, dy = b y dβ2 in scalars."""
    return DeclaredSystem(
        states=("x", "y"),
        increment=Kernel(
            name="increment",
            arguments=("x", "y", "dB1", "dB2"),
            arrays=lambda x, y, dB1, dB2: (2 * x * dB1, 3 * y * dB2),
            generic=lambda ctx, x, y, dB1, dB2: (2 * x * dB1, 3 * y * dB2),
        ),
        brownian=(
            BrownianMotion(name="B1", shape=shape, rows=rows),
            BrownianMotion(name="B2", shape=shape, rows=rows),
        ),
        correlation=correlation,
    )


def test_the_product_of_two_scalars_with_independent_and_with_correlated_noises() -> None:
    q = Q.rational
    product = of_scalar("xy", lambda ctx, x, y: x * y, ("x", "y"))
    point = {"x": q(5), "y": q(7), "rho": q(1, 3)}
    independent = generator(Q, two_noises({}), product, point)
    assert independent.drift == 0
    correlated = generator(Q, two_noises({("B1", "B2"): letter("rho")}), product, point)
    assert correlated.drift == q(1, 3) * 6 * 35
    # Γ(xy, xy) = x²y²(4 + 9 + 2·6ρ)
    assert covariation(Q, correlated, correlated) == q(35) ** 2 * (13 + 4)
    for wrong in (q(0), q(49), q(25), 6 * q(35), q(1, 3) * 35):
        assert correlated.drift != wrong


def quadratic_system(rows: bool, columns: bool, r: int = 2, c: int = 3) -> DeclaredSystem:
    """DX = A dB A2 + dB, r × c, with both covariances."""
    return DeclaredSystem(
        states=("X",),
        increment=Kernel(
            name="increment",
            arguments=("X", "A", "dB"),
            arrays=lambda X, A, dB: (A @ dB + dB,),
            generic=lambda ctx, X, A, dB: (ctx.add(ctx.matmul(A, dB), dB),),
        ),
        brownian=(
            BrownianMotion(
                name="B",
                shape=(r, c),
                rows=letter("C") if rows else None,
                columns=letter("D") if columns else None,
            ),
        ),
    )


@pytest.mark.parametrize(("rows", "columns"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("singular", [False, True])
def test_a_factored_covariance_gives_the_double_sum_over_all_pairs(
    rows: bool, columns: bool, singular: bool
) -> None:
    r, c = 2, 3
    rng = Random(6)
    G, H = matrix(Q, rng, r, 1 if singular else r), matrix(Q, rng, c, 1 if singular else c)
    point = {
        "X": matrix(Q, rng, r, c),
        "A": matrix(Q, rng, r, r),
        "C": Q.matmul(G, Q.transpose(G)),
        "D": Q.matmul(H, Q.transpose(H)),
    }
    quartic = Kernel(
        name="|X|⁴",
        arguments=("X",),
        arrays=lambda X: X,
        generic=lambda ctx, X: ctx.norm2(X) ** 2,
    )
    system = quadratic_system(rows, columns)
    found = generator(Q, system, quartic, point)
    C = point["C"] if rows else Q.identity(r)
    D = point["D"] if columns else Q.identity(c)
    assert found.drift == _double_sum(system, quartic, point, C, D)
    if singular:
        assert len(found.components) == (1 if rows else r) * (1 if columns else c)


def _double_sum(system: Any, f: Kernel, point: Any, C: Any, D: Any) -> Any:
    """½ Σ C_ij D_ab ∂_ia ∂_jb f, each mixed term by polarisation of exact second differences."""
    (r, _), (c, _) = Q.shape(C), Q.shape(D)
    pairs = [(i, a) for i in range(r) for a in range(c)]

    def unit(i: int, a: int) -> Any:
        return Q.matrix([[int((m, n) == (i, a)) for n in range(c)] for m in range(r)])

    def value(dB: Any) -> Any:
        moved = system.noise(Q, point, {"dB": dB})
        return f.in_context(Q, {**point, "X": Q.add(point["X"], moved["X"])})

    def second(u: Any) -> Any:
        # f is a quartic polynomial: the five-point second difference is exact.
        v = [value(Q.scale(Q.rational(s), u)) for s in (-2, -1, 0, 1, 2)]
        return (-v[0] + 16 * v[1] - 30 * v[2] + 16 * v[3] - v[4]) / 12

    total = Q.rational(0)
    for i, a in pairs:
        for j, b in pairs:
            plus = second(Q.add(unit(i, a), unit(j, b)))
            minus = second(Q.subtract(unit(i, a), unit(j, b)))
            total = total + Q.entry(C, i, j) * Q.entry(D, a, b) * (plus - minus) / 8
    return total


def test_a_family_of_noises_sums_its_coefficients() -> None:
    n = 3
    system = DeclaredSystem(
        states=("x",),
        increment=Kernel(
            name="increment",
            arguments=("x", "g", "dbeta"),
            arrays=lambda x, g, dbeta: x,
            generic=lambda ctx, x, g, dbeta: (
                ctx.total([ctx.scale(dbeta[i], g[i]) for i in range(len(g))], ctx.zeros(2, 1)),
            ),
        ),
        brownian=(BrownianMotion(name="beta", shape=(n,)),),
    )
    rng = Random(3)
    g = [matrix(Q, rng, 2, 1) for _ in range(n)]
    square = Kernel(
        name="|x|²", arguments=("x",), arrays=lambda x: x, generic=lambda ctx, x: ctx.norm2(x)
    )
    found = generator(Q, system, square, {"x": matrix(Q, rng, 2, 1), "g": g})
    assert found.drift == Q.total([Q.norm2(x) for x in g])
    assert len(found.components) == n


# ---------------------------------------------------------------------- what cannot be


def test_what_an_exact_context_cannot_say_is_said() -> None:
    q = Q.rational
    point = {"x": q(2), "mu": q(1), "sigma": q(1)}
    square_of_log = of_scalar("(log x)²", lambda ctx, x: ctx.log(x) ** 2)
    with pytest.raises(NoValueError, match="MultiprecisionContext"):
        generator(Q, geometric_brownian_motion(), square_of_log, point)
    ctx = MultiprecisionContext(40)
    point = {"x": ctx.rational(2), "mu": ctx.rational(1), "sigma": ctx.rational(1)}
    found = generator(ctx, geometric_brownian_motion(), square_of_log, point)
    with ctx.working():
        expected = ctx.log(ctx.rational(2)) * 2 * ctx.rational(1, 2) + 1
        assert abs(ctx.to_float(found.drift - expected)) < 1e-38


def test_a_singular_point_is_not_admissible() -> None:
    point = {**network_point(Q, 2, 1, 4), "W1": Q.zeros(2, 4)}
    with pytest.raises(NotAdmissibleError):
        generator(Q, label_noise(2, 1), log_det, point)
    q = Q.rational
    with pytest.raises(NotAdmissibleError, match="draw another"):
        generator(Q, bessel(), log_x, {"x": q(0), "n": q(3)})


def test_declarations_that_make_no_sense_are_refused() -> None:
    rho = letter("rho")
    with pytest.raises(NumericsError, match=r"correlation \(B1, B3\)"):
        two_noises({("B1", "B3"): rho})
    system = two_noises({})
    with pytest.raises(NumericsError, match="calculus: got 'ito-ito'"):
        DeclaredSystem(
            states=system.states,
            increment=system.increment,
            brownian=system.brownian,
            calculus="ito-ito",
        )
    unequal = DeclaredSystem(
        states=("X",),
        increment=Kernel(
            name="increment", arguments=("X",), arrays=lambda X: X, generic=lambda ctx, X: (X,)
        ),
        brownian=(
            BrownianMotion(name="B1", shape=(2, 1), rows=letter("C")),
            BrownianMotion(name="B2", shape=(2, 1)),
        ),
        correlation={("B1", "B2"): rho},
    )
    point = {"X": Q.zeros(1, 1), "C": Q.matrix([[2, 1], [1, 3]]), "rho": Q.rational(1, 2)}
    with pytest.raises(NumericsError, match="covariances differ"):
        unequal.components(Q, point)
    for rows in ([[0, 1], [1, 3]], [[1, 2], [2, 1]], [[-1, 0], [0, 1]]):
        indefinite = {**point, "C": Q.matrix(rows), "rho": Q.rational(0)}
        with pytest.raises(NotAdmissibleError, match="positive semidefinite"):
            unequal.components(Q, indefinite)


def test_linear_combinations_go_through_families() -> None:
    one = Q.identity(1)
    value = combine(Q, (Q.rational(2), [one, Q.rational(3)]), (Q.rational(1), [one, Q.rational(1)]))
    assert Q.is_zero(Q.subtract(value[0], Q.scale(Q.rational(3), one)))
    assert value[1] == 7


def test_one_claim_at_ten_points_of_six_sizes_takes_under_two_seconds() -> None:
    start = process_time()
    for p, k, l in [(1, 1, 2), (2, 1, 3), (1, 3, 4), (2, 2, 5), (3, 2, 6), (5, 2, 10)]:
        for seed in range(10):
            point = network_point(PRIME, p, k, l, seed)
            found = generator(PRIME, label_noise(p, k), log_det, point)
            assert found.drift == stated_logdet().in_context(PRIME, point)
    assert process_time() - start < 2.0
