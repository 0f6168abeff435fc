"""Claims of Python functions, right and wrong, of every kind that takes them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr
from sympy import Q, Rational, cos

from derivations import Brownian, MatrixSDE, State, dims, dt, entry, tr
from verify import (
    Assumption,
    CovariationClaim,
    DifferentialClaim,
    ExpectationClaim,
    ExponentClaim,
    Exponents,
    HittingClaim,
    IdentityClaim,
    LawClaim,
    LimitClaim,
    MomentClaim,
    NumericSDE,
    PathCheck,
    SignClaim,
    StationaryClaim,
    Status,
    StepClaim,
    ThresholdClaim,
    TimeChangeClaim,
    Update,
    check,
)
from verify.errors import ClaimError
from verify.loading import compiled
from verify.outside.claim_types import accepted
from verify.tiers.generator import DIGITS

POINTS = ("generator", "one-step")

GEOMETRIC = NumericSDE(
    states={"x": ()},
    noises={"B": ()},
    parameters={"mu": (-1.0, 1.0), "sigma": (0.5, 2.0)},
    within={"x": (0, np.inf)},
    drift=lambda x, mu: mu * x,
    noise=lambda x, sigma, dB: sigma * x * dB,
)
NORMAL = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB)
FLAT = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=0, noise=lambda dB: dB)
VECTOR = NumericSDE(
    states={"v": (3,)},
    noises={"B": (3,)},
    covariance={"B": [[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]},
    drift=lambda v: -v,
    noise=lambda dB: dB,
)
TIMED = NumericSDE(
    states={"x": ()}, noises={"B": ()}, drift=lambda t: t, noise=lambda t, dB: t * dB
)
STRATONOVICH = NumericSDE(
    states={"x": ()},
    noises={"B": ()},
    parameters={"sigma": (0.5, 2.0)},
    within={"x": (0.5, 2.0)},
    drift=0,
    noise=lambda x, sigma, dB: sigma * x * dB,
    calculus="stratonovich",
)
MATRIX = NumericSDE(
    states={"X": (3, 2), "s": ()},
    noises={"B": (3, 2)},
    parameters={"A": np.arange(9.0).reshape(3, 3)},
    drift={"X": lambda X, A: A @ X, "s": lambda X: np.sum(X, axis=(-1, -2))},
    noise={"X": lambda s, dB: s[..., None, None] * dB, "s": 0},
)


def differential(sde: Any, f: Any, drift: Any, martingale: Any = 0, **more: Any) -> Any:
    return DifferentialClaim(
        id="c", sde=sde, observable=f, drift=drift, martingale=martingale, **more
    )


def logarithm(half: float = 2.0, noise: float = 1.0) -> Any:
    return differential(
        GEOMETRIC,
        lambda x: np.log(x),
        lambda mu, sigma: mu - sigma**2 / half,
        lambda sigma, dB: noise * sigma * dB,
    )


def of_a_vector(rate: float = 7.0) -> Any:
    return differential(
        VECTOR,
        lambda v: np.sum(v, -1) ** 2,
        lambda v: -2 * np.sum(v, -1) ** 2 + rate,
        lambda v, dB: 2 * np.sum(v, -1) * np.sum(dB, -1),
    )


def of_a_matrix(size: float = 3.0) -> Any:
    return differential(
        MATRIX,
        lambda X: np.swapaxes(X, -1, -2) @ X,
        lambda X, A, s: (
            np.swapaxes(X, -1, -2) @ (A + A.T) @ X + size * s[..., None, None] ** 2 * np.eye(2)
        ),
        lambda X, s, dB: (
            s[..., None, None] * (np.swapaxes(X, -1, -2) @ dB + np.swapaxes(dB, -1, -2) @ X)
        ),
    )


def of_time(order: float = 3.0) -> Any:
    return differential(
        TIMED,
        lambda x, t: t * x**2,
        lambda x, t: x**2 + 2 * x * t**2 + t**order,
        lambda x, t, dB: 2 * x * t**2 * dB,
    )


def of_stratonovich(half: float = 2.0) -> Any:
    return differential(
        STRATONOVICH,
        lambda x: x,
        lambda x, sigma: sigma**2 * x / half,
        lambda x, sigma, dB: sigma * x * dB,
    )


def covariation(power: int = 1) -> Any:
    sde = NumericSDE(
        states={"x": (), "y": ()},
        noises={"B": (), "Z": ()},
        correlation={("B", "Z"): -0.5},
        drift={"x": 0, "y": 0},
        noise={"x": lambda y, dB: y * dB, "y": lambda x, dZ: x * dZ},
    )
    rate = -0.5 * (-1) ** (power - 1)
    return CovariationClaim(
        id="c",
        sde=sde,
        first=lambda x: x,
        second=lambda y: y**2,
        rate=lambda x, y: 2 * rate * x * y**2,
    )


def identity(sign: float = 1.0) -> Any:
    return IdentityClaim(
        id="c",
        left=lambda A, B: np.trace(A @ B, axis1=-2, axis2=-1),
        right=lambda A, B: sign * np.trace(B @ A, axis1=-2, axis2=-1),
        arguments={"A": (3, 2), "B": (2, 3)},
    )


def sign(relation: str = ">=") -> Any:
    return SignClaim(id="c", sde=FLAT, observable=lambda x: x**2, sign=relation)


def clock(rate: float = 1.0) -> Any:
    fast = NumericSDE(
        states={"x": ()},
        noises={"B": ()},
        drift=lambda x: -x * (1 + x**2),
        noise=lambda x, dB: np.sqrt(1 + x**2) * dB,
    )
    slow = NumericSDE(states={"x": ()}, noises={"W": ()}, drift=lambda x: -x, noise=lambda dW: dW)
    return TimeChangeClaim(id="c", sde=fast, rate=lambda x: 1 + rate * x**2, changed=slow)


KINDS = {
    "differential": (logarithm, {"half": 1.0}),
    "martingale part": (logarithm, {"noise": -1.0}),
    "vector": (of_a_vector, {"rate": 5.0}),
    "matrix": (of_a_matrix, {"size": 2.0}),
    "time": (of_time, {"order": 2.0}),
    "stratonovich": (of_stratonovich, {"half": 1.0}),
    "covariation": (covariation, {"power": 2}),
    "identity": (identity, {"sign": -1.0}),
    "sign": (sign, {"relation": "<="}),
    "time change": (clock, {"rate": 2.0}),
}


def asked(kind: str) -> tuple[str, ...]:
    """The tiers to ask: an identity has no step, and some steps take a second."""
    return POINTS[:1] if kind in ("identity", "stratonovich", "vector", "matrix") else POINTS


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_claim_agrees_and_says_what_does_not_apply(kind: str) -> None:
    make, _ = KINDS[kind]
    verdict = check(make(), effort="quick", tiers=("derivation", "exact", *asked(kind)))
    assert verdict.agrees, str(verdict)
    derivation, exact, *others = verdict.evidence
    assert derivation.status == exact.status == Status.NOT_APPLICABLE
    assert "Python functions" in exact.reason
    assert all(e.status == Status.AGREES for e in others)
    if kind != "sign":
        assert list(others[0].numbers["digits"]) == ["float64"]
        assert others[0].numbers["required"]["float64"] == DIGITS["float64"]


@pytest.mark.parametrize(("kind", "tier"), [(kind, t) for kind in KINDS for t in asked(kind)])
def test_a_wrong_claim_disagrees(kind: str, tier: str) -> None:
    make, wrong = KINDS[kind]
    verdict = check(make(**wrong), effort="quick", tiers=(tier,))
    assert verdict.status == Status.DISAGREES, str(verdict)


# Systems in symbols with functions beside them.

n, m = dims("n m")
x = State("x")
X, B = State("X", n, m), Brownian("B", n, m)
SYMBOLIC = MatrixSDE({X: -X * dt + B.d})


@pytest.mark.parametrize(("size", "status"), [(1, "AGREES"), (2, "DISAGREES")])
def test_an_entry_of_a_symbolic_matrix(size: int, status: str) -> None:
    claim = differential(
        SYMBOLIC,
        lambda X: X[..., 0, 0] ** 2,
        lambda X: size - 2 * X[..., 0, 0] ** 2,
        lambda X, dB: 2 * X[..., 0, 0] * dB[..., 0, 0],
    )
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)
    assert "2 sizes" in verdict.evidence[0].reason


@pytest.mark.parametrize(("size", "status"), [("n*m", "AGREES"), ("n*n", "DISAGREES")])
def test_a_function_beside_expressions_knows_the_sizes(size: str, status: str) -> None:
    count = {"n*m": lambda n, m: n * m, "n*n": lambda n, m: n * n}[size]

    def drift(X: Any, n: int, m: int) -> Any:
        return count(n, m) - 2 * np.sum(X**2, axis=(-1, -2))

    claim = differential(SYMBOLIC, tr(X * X.T), drift, 2 * tr(X.T * B.d))
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


def test_a_condition_that_is_a_function_leaves_a_symbolic_claim_symbolic() -> None:
    positive = Assumption(text="positive trace", condition=lambda X: np.sum(X, axis=(-1, -2)) > 0)
    claim = differential(
        SYMBOLIC, tr(X * X.T), n * m - 2 * tr(X * X.T), 2 * tr(X.T * B.d), assumptions=(positive,)
    )
    verdict = check(claim, effort="quick", tiers=("derivation", "exact", "generator"))
    assert verdict.agrees, str(verdict)
    assert [str(e.status) for e in verdict.evidence] == ["AGREES"] * 3


@pytest.mark.parametrize(("factor", "status"), [(1, "AGREES"), (2, "DISAGREES")])
def test_a_step_in_symbols_and_what_it_changes_in_functions(factor: int, status: str) -> None:
    claim = StepClaim(
        update=Update({x: 2 * x}), observable=lambda x: x, change=lambda x: factor * x
    )
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


# Conditions.


@pytest.mark.parametrize(("low", "status"), [(0, "AGREES"), (-9, "DISAGREES")])
def test_points_meet_the_conditions(low: float, status: str) -> None:
    claim = differential(
        NORMAL,
        lambda x: np.abs(x),
        lambda x: -x,
        lambda dB: dB,
        assumptions=(Assumption(text="far enough", condition=lambda x: x > low),),
    )
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


# Functions that are no smooth ones in double precision: a right claim is never refused for it.


def test_a_function_that_rounds_more_than_float64_refuses_no_right_claim() -> None:
    def square(x: Any) -> Any:
        return (x**2).astype(np.float32)

    claim = differential(NORMAL, square, lambda x: 1 - 2 * x**2, lambda x, dB: 2 * x * dB)
    verdict = check(claim, effort="quick", tiers=POINTS)
    assert verdict.status == Status.INCONCLUSIVE, str(verdict)


@pytest.mark.parametrize(("rate", "share", "statuses"), [
    (30, 1.0, ("AGREES", "AGREES")),
    (1000, 1.0, ("AGREES", "INCONCLUSIVE")),
    (1000, 2.0, ("DISAGREES", "DISAGREES")),
    (10**6, 1.0, ("INCONCLUSIVE", "INCONCLUSIVE")),
])  # fmt: skip
def test_a_fast_function_is_resolved_or_left_open(
    rate: float, share: float, statuses: tuple[str, ...]
) -> None:
    claim = differential(
        NORMAL,
        lambda x: np.sin(rate * x),
        lambda x: -rate * x * np.cos(rate * x) - share * rate**2 / 2 * np.sin(rate * x),
        lambda x, dB: rate * np.cos(rate * x) * dB,
    )
    verdict = check(claim, effort="quick", tiers=("generator", "one-step"))
    assert [str(e.status) for e in verdict.evidence] == list(statuses), str(verdict)


@pytest.mark.parametrize(("right", "status"), [
    (lambda x: x, "DISAGREES"),
    (lambda x: np.where(x > 2, 2, np.where(x < -2, -2, x)), "AGREES"),
])  # fmt: skip
def test_an_identity_that_fails_in_a_part_of_the_region(right: Any, status: str) -> None:
    claim = IdentityClaim(
        id="c", left=lambda x: np.clip(x, -2, 2), right=right, arguments={"x": ()}
    )
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


@pytest.mark.parametrize(("corner", "status"), [(0.0, "AGREES"), (1.0, "DISAGREES")])
def test_a_corner_refutes_nothing_and_a_region_does(corner: float, status: str) -> None:
    """At x = 2, a point that is drawn, the second derivative of (x − 2)₊² is that of one side."""
    x, B = State("x"), Brownian("B")
    claim = differential(
        MatrixSDE({x: -x * dt + B.d}),
        lambda x: np.maximum(x - 2, 0) ** 2,
        lambda x: -2 * x * np.maximum(x - 2, 0) + (x > 2) + corner * (x > 3),
        lambda x, dB: 2 * np.maximum(x - 2, 0) * dB,
    )
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


@pytest.mark.parametrize(("share", "status"), [(1.0, "AGREES"), (1.1, "DISAGREES")])
def test_a_median_is_smooth_but_where_entries_are_equal(share: float, status: str) -> None:
    sde = NumericSDE(
        states={"v": (3,)}, noises={"B": (3,)}, drift=lambda v: -v, noise=lambda dB: dB
    )

    def middle(v: Any, dB: Any) -> Any:
        v, dB = np.broadcast_arrays(v, dB)
        return np.take_along_axis(dB, np.argsort(v, axis=-1)[..., 1:2], -1)[..., 0]

    claim = differential(
        sde, lambda v: np.median(v, axis=-1), lambda v: -share * np.median(v, axis=-1), middle
    )
    verdict = check(claim, effort="quick", tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


@pytest.mark.parametrize(("drift", "status"), [(0.0, "AGREES"), (1e-4, "DISAGREES")])
def test_what_does_not_move_has_the_differential_zero(drift: float, status: str) -> None:
    verdict = check(differential(NORMAL, lambda x: 0 * x + 1, drift), tiers=("generator",))
    assert str(verdict.status) == status, str(verdict)


# Claims about simulated paths.


def expectation(value: Any, **more: Any) -> Any:
    given = {"horizon": 1, "values": {"x": 0.5}, "bounds": (-1, 1), "relevant": 0.1, **more}
    return ExpectationClaim(
        id="c", sde=NORMAL, observable=lambda x: np.cos(x), value=value, **given
    )


def test_numbers_may_be_texts_that_are_exact_in_both_kinds_of_claims() -> None:
    as_text = accepted(expectation(mean, horizon="1/2", values={"x": "1/2"}))
    assert as_text.horizon == Rational(1, 2)
    x = State("x")
    symbolic = MatrixSDE({x: -x * dt + Brownian("B").d})
    printed = replace(as_text, sde=symbolic, observable=cos(x), value=0, values={x: "1/2"})
    for given in (as_text, printed):
        path = compiled(replace(given, relevant="1/8")).signature.path
        assert path is not None
        assert (float(path.horizon), float(path.values["x"]), path.relevant) == (0.5, 0.5, 0.125)
    with pytest.raises(ClaimError, match="horizon: got the text 'soon'; give a number"):
        accepted(expectation(mean, horizon="soon"))
    with pytest.raises(ClaimError, match="x: got 'soon'; give a number"):
        compiled(expectation(mean, values={"x": "soon"}))


def law(rate: float = 2.0) -> Any:
    return LawClaim(
        id="c",
        sde=NORMAL,
        observable=lambda x: x,
        cdf=lambda level, t: ndtr(level / np.sqrt((1 - np.exp(-rate * t)) / rate)),
        horizon=1,
        values={"x": 0},
        relevant=0.1,
    )


def hitting(factor: float = 2.0) -> Any:
    return HittingClaim(
        id="c",
        sde=FLAT,
        observable=lambda x: x,
        level=lambda: 1.0,
        probability=lambda t: factor * ndtr(-1 / np.sqrt(t)),
        horizon=1,
        values={"x": 0},
        relevant=0.1,
    )


def decay(rate: float = 1.0) -> Any:
    path = PathCheck(
        sde=NumericSDE(states={"v": (2,)}, drift=lambda v: -v),
        observable=lambda v: np.sum(v, axis=-1),
        law=lambda initial, t: initial * np.exp(-rate * t),
        horizon=1,
        sizes={},
    )
    return differential(NORMAL, lambda x: x, lambda x: -x, lambda dB: dB, path=path)


def exponents(value: float = -0.5) -> Any:
    sde = NumericSDE(
        states={"X": (1, 1)}, noises={"B": ()}, drift=0,
        noise=lambda X, dB: dB[..., None, None] * X,
    )  # fmt: skip
    stated = (Exponents(first=1, last=1, value=value),)
    return ExponentClaim(id="c", sde=sde, exponents=stated, sizes=({},))


def mean(x: Any, t: Any) -> Any:
    return np.cos(x * np.exp(-t)) * np.exp(-(1 - np.exp(-2 * t)) / 4)


def stationary(width: float = 1.0) -> Any:
    return StationaryClaim(
        sde=NORMAL,
        observable=lambda x: x,
        density=lambda x: np.exp(-((x / width) ** 2)),
        horizon=5,
        values={"x": 0},
        relevant=0.1,
    )


def growing(share: float = 2.0) -> Any:
    return LimitClaim(
        sde=GEOMETRIC,
        observable=lambda x: np.log(x),
        value=lambda mu, sigma: mu - sigma**2 / share,
        horizon=20,
        values={"x": 1, "mu": 0, "sigma": 1},
        relevant=0.4,
    )


def threshold(share: float = 2.0) -> Any:
    return ThresholdClaim(
        sde=GEOMETRIC,
        observable=lambda x: np.log(x),
        parameter="mu",
        threshold=lambda sigma: sigma**2 / share,
        below=-1,
        above=1,
        horizon=20,
        values={"x": 1, "sigma": 1},
        relevant=0.4,
    )


PATHS = {
    "stationary": (stationary(), stationary(0.5)),
    "limit": (growing(), growing(0.5)),
    "threshold": (threshold(), threshold(0.5)),
    "expectation": (expectation(mean), expectation(lambda x: -np.cos(x))),
    "law": (law(), law(1.0)),
    "hitting": (hitting(), hitting(1.0)),
    "path": (decay(), decay(2.0)),
    "exponents": (exponents(), exponents(0.5)),
}


@pytest.mark.parametrize("kind", PATHS)
def test_paths_of_functions(kind: str) -> None:
    right, wrong = PATHS[kind]
    verdict = check(right, effort="quick", tiers=("path",))
    assert verdict.agrees, str(verdict)
    verdict = check(wrong, effort="quick", tiers=("path",))
    assert verdict.status == Status.DISAGREES, str(verdict)


# What is refused, and how.

REFUSED = {
    "raises": (
        differential(NORMAL, lambda x: 1 / 0, 0),
        r"observable \(line \d+\): f\(x: \(\)\) raised ZeroDivisionError: division by zero",
    ),
    "nan": (differential(NORMAL, lambda x: np.log(x), 0), "observable .*returned nan at x = -"),
    "drift of another shape": (
        differential(MATRIX, lambda X: X, lambda X: X[..., 0], 0),
        r"drift .*returned shape \(3,\), needs \(3, 2\)",
    ),
    "argument": (
        differential(NORMAL, lambda y: y, 0),
        "observable .*'y' is no name of this claim; there are x, t",
    ),
    "noise in the drift": (differential(NORMAL, lambda x: x, lambda dB: dB), "drift .*'dB'"),
    "quadratic martingale": (
        differential(NORMAL, lambda x: x, lambda x: -x, lambda dB: dB**2),
        "martingale .*not linear in dB",
    ),
    "constant martingale": (
        differential(NORMAL, lambda x: x, lambda x: -x, 1.0),
        "martingale: got 1.0; give a function of dB",
    ),
    "symbol": (differential(NORMAL, lambda x: x, x), "drift: x is symbolic"),
    "constant of another shape": (
        differential(NORMAL, lambda x: x, [1.0, 2.0]),
        r"drift: got shape \(2,\), the observable has \(\)",
    ),
    "condition in symbols": (
        differential(
            NORMAL, lambda x: x, 0, assumptions=(Assumption(text="x", condition=Q.positive(x)),)
        ),
        "assumption 'x': a system of functions needs a function",
    ),
    "condition that raises": (
        differential(
            NORMAL, lambda x: x, 0, assumptions=(Assumption(text="q", condition=lambda x: x.q),)
        ),
        "condition 'q' .*AttributeError",
    ),
    "condition never met": (
        differential(
            NORMAL, lambda x: x, 0, assumptions=(Assumption(text="q", condition=lambda x: x > 99),)
        ),
        "none of 200 drawn meets q",
    ),
    "two kinds of systems": (
        TimeChangeClaim(id="c", sde=NORMAL, rate=1.0, changed=MatrixSDE({x: x * dt})),
        "changed: got MatrixSDE; give a NumericSDE",
    ),
    "identity without shapes": (
        IdentityClaim(id="c", left=lambda A: A, right=lambda A: A),
        "needs the shapes of their arguments",
    ),
    "moments": (
        MomentClaim(id="c", sde=NORMAL, moments=(lambda x: x,), matrix=((1,),)),
        "MomentClaim: it takes no Python functions",
    ),
    "vector observed": (
        LawClaim(
            id="c",
            sde=VECTOR,
            observable=lambda v: v,
            cdf=lambda level: level,
            horizon=1,
        ),
        r"observable .*returned shape \(3,\), needs \(\)",
    ),
    "value of nothing": (
        expectation(mean, values={"y": 1}),
        "values: 'y' is no state or parameter",
    ),
    "value of a shape": (expectation(mean, values={"x": [1, 2]}), "x: got .* numbers of shape"),
    "value of a sign": (
        ExpectationClaim(
            sde=GEOMETRIC, observable=lambda x: x, value=0, horizon=1, values={"x": -1}
        ),
        "values: x = -1 is not positive",
    ),
    "varied nothing": (expectation(mean, vary={"q": (1, 2)}), "vary: 'q' is no state or parameter"),
    "varied words": (expectation(mean, vary={"x": ("a", 2)}), "vary: x: got 'a'; give a number"),
    "threshold of nothing": (
        ThresholdClaim(
            sde=GEOMETRIC,
            observable=lambda x: np.log(x),
            parameter="q",
            threshold=1.0,
            below=-1,
            above=1,
            horizon=1,
        ),
        "parameter: 'q' is no state or parameter; there are x, mu, sigma",
    ),
    "horizon": (expectation(mean, horizon=lambda t: t), "horizon: got <function"),
    "symbolic system, unknown name": (
        differential(SYMBOLIC, lambda Y: Y, 0),
        "observable .*'Y' is no name of this claim; there are X, ",
    ),
    "symbolic system, single path": (
        differential(SYMBOLIC, lambda X: X[0, 0], 0),
        "observable",
    ),
    "no system": (differential(None, lambda x: x, 0), "sde: got None; give a MatrixSDE or a Num"),
    "text for a system": (differential("x", lambda x: x, 0), "sde: got 'x'"),
    "text": (differential(SYMBOLIC, "tr(X)", 0), "observable: got the text 'tr"),
    "nothing": (differential(SYMBOLIC, None, 0), "observable: got None"),
    "expected": (
        differential(NORMAL, lambda x: x, 0, expected="AGREE"),
        "expected: got 'AGREE'; give one of AGREES",
    ),
    "assumptions": (
        differential(NORMAL, lambda x: x, 0, assumptions=lambda x: x),
        "give a tuple of Assumption",
    ),
    "tier": (
        differential(NORMAL, lambda x: x, 0, inapplicable={"paths": "no"}),
        "inapplicable: 'paths' is no tier",
    ),
    "entry": (differential(NORMAL, entry(X, 0, 0), 0), "observable: .* is symbolic"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_claim_is_refused_in_one_line(case: str) -> None:
    claim, said = REFUSED[case]
    with pytest.raises(ClaimError) as caught:
        check(claim, effort="quick")
    text = str(caught.value)
    assert re.search(said, text), text
    assert "\n" not in text


def test_a_function_that_fails_later_leaves_the_claim_open() -> None:
    claim = logarithm()
    problem = compiled(claim)
    kernel = problem.kernels["observable"]
    assert float(kernel({"x": np.asarray(1.0)})) == 0.0

    def far(x: Any) -> Any:
        if np.any(x > 1000):
            raise RuntimeError("too far")
        return np.log(x)

    sde = NumericSDE(
        states={"x": ()}, noises={"B": ()}, within={"x": (990, 999)}, drift=0,
        noise=lambda x, dB: x * dB,
    )  # fmt: skip
    verdict = check(
        differential(sde, far, -0.5, lambda dB: dB), effort="quick", tiers=("one-step",)
    )
    assert verdict.status == Status.INCONCLUSIVE
    assert "far(x: " in verdict.evidence[0].reason
    assert "raised RuntimeError: too far" in verdict.evidence[0].reason


# Several values of a parameter.


@pytest.mark.parametrize(("power", "status"), [(2, Status.AGREES), (1, Status.DISAGREES)])
@pytest.mark.parametrize("field", ["values", "vary"])
def test_a_wrong_power_is_seen_where_the_parameter_varies(
    field: str, power: int, status: str
) -> None:
    """At σ = 1 alone both powers fit."""
    sde = NumericSDE(
        states={"x": (2,)},
        noises={"B": (2,)},
        parameters={"sigma": 1.0},
        drift=lambda x: -x,
        noise=lambda sigma, dB: np.asarray(sigma)[..., None] * dB,
    )
    claim = ExpectationClaim(
        sde=sde,
        observable=lambda x: x[..., 0] ** 2,
        value=lambda x, sigma, t: (
            x[..., 0] ** 2 * np.exp(-2 * t) + sigma**power / 2 * (1 - np.exp(-2 * t))
        ),
        horizon=1,
        values={"x": [1.0, -0.5]},
        vary={"sigma": (0.5, 1.0, 2.0), "x": ([1.0, -0.5], [0.0, 0.5])} if field == "vary" else {},
    )
    seen = status if field == "vary" else Status.AGREES
    assert check(claim, effort="quick").status == seen


def test_several_values_are_several() -> None:
    claim = ExpectationClaim(
        sde=NORMAL,
        observable=lambda x: x**2,
        value=lambda x: x,
        horizon=1,
        vary={"x": 1},
    )
    with pytest.raises(ClaimError, match=r"vary: x = 1; give several values"):
        compiled(claim)


# Rates, and functions that do not end.


def test_points_bound_no_misses_of_functions() -> None:
    claim = DifferentialClaim(
        sde=NORMAL,
        observable=lambda x: x**2,
        drift=lambda x: 1 - 2 * x**2 + (x > 1e6),
        martingale=lambda x, dB: 2 * x * dB,
    )
    verdict = check(claim, effort="quick")
    assert verdict.agrees
    assert all(e.false_agree is None for e in verdict.evidence if e.tier in POINTS)


def test_after_a_tier_that_does_not_end_no_other_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.runner.FUNCTIONS", 0.2)
    calls: list[int] = []

    def stuck(x: Any) -> Any:
        calls.append(1)
        while len(calls) > 12:
            pass
        return x**2

    claim = DifferentialClaim(
        sde=NORMAL,
        observable=stuck,
        drift=lambda x: 1 - 2 * x**2,
        martingale=lambda x, dB: 2 * x * dB,
    )
    verdict = check(claim, effort="quick")
    assert verdict.status == Status.INCONCLUSIVE
    reasons = {e.tier: e.reason for e in verdict.evidence}
    assert "time limit of 0.2 s" in reasons["generator"]
    assert "a tier before it did not end" in reasons["one-step"]
