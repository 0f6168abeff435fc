from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sympy import (
    Adjoint,
    Function,
    HadamardProduct,
    Integral,
    MatPow,
    MatrixSymbol,
    Max,
    OneMatrix,
    Sum,
    Symbol,
    cot,
    oo,
)
from sympy.matrices.expressions.matexpr import MatrixElement

from derivations import (
    Assumption,
    Brownian,
    DerivationError,
    DifferentialClaim,
    Family,
    IdentityClaim,
    MatrixSDE,
    Parameter,
    PathCheck,
    Process,
    State,
    TimeChangeClaim,
    dims,
    dt,
    index,
    positive,
    real,
    total,
    tr,
)
from derivations.claim import AlgorithmCheck
from derivations.codegen import compile_claim

p, k, n, m = dims("p k n m")
W, A, a = State("W", p, p), Parameter("A", p, p), real("a")
i = index("i", n)
x, c = Family("x", p), Family("c")


def identity(left: Any) -> IdentityClaim:
    return IdentityClaim(id="refused", title="", source="", statement="", left=left, right=left)


def cases() -> dict[str, tuple[Any, str]]:
    other = index("i", m)
    return {
        "an unknown node": (HadamardProduct(A, W), "no kernel can be printed for HadamardProduct"),
        "a conjugate": (Adjoint(A), "no kernel can be printed for Adjoint"),
        "a matrix of ones": (OneMatrix(p, k), "no kernel can be printed for OneMatrix"),
        "an undeclared matrix": (MatrixSymbol("Z", p, p) * A, "Z: unknown matrix; declare it"),
        "an undeclared scalar": (Symbol("gama") * a, "gama: unknown symbol; declare it"),
        "an unknown function": (Function("f")(a), "no kernel can be printed for f"),
        "a function of no target": (cot(a), "no kernel can be printed for cot"),
        "a maximum": (Max(a, 2 * a**2), "no kernel can be printed for Max"),
        "infinity": (oo * positive("b"), "no kernel can be printed for Infinity"),
        "an integral": (Integral(a, a), "no kernel can be printed for Integral"),
        "a sum of SymPy's": (Sum(a * Symbol("q"), (Symbol("q"), 1, n)), r"write total\(..., i\)"),
        "a power by a letter": (MatPow(A, a), "no kernel can be printed for MatPow"),
        "an open index": (tr(x[i] * x[i].T), "index i is open"),
        "an index as a number": (total(c[i] * i, i), "an index stands as a number"),
        "one name for two matrices": (tr(A) * tr(Parameter("A", k, k)), "A: two different letters"),
        "a size and a scalar of one name": (p * positive("p"), "p: two different letters"),
        "two indices of one name": (total(c[i], i) * total(c[other], other), "i: two indices"),
        "a negative entry": (MatrixElement(A, -1, 0), r"the entry -1 is no integer >= 0"),
    }


@pytest.mark.parametrize("name", cases())
def test_what_the_language_has_not_is_refused_in_one_line(name: str) -> None:
    expression, message = cases()[name]
    with pytest.raises(DerivationError, match=message) as caught:
        compile_claim(identity(expression))
    assert "\n" not in str(caught.value)


def system() -> DifferentialClaim:
    return DifferentialClaim(
        id="refused",
        title="",
        source="",
        statement="",
        sde=MatrixSDE({W: A * dt + Brownian("B", p, p).d}),
        observable=tr(W),
        drift=tr(A),
    )


def test_a_process_in_a_path_check() -> None:
    sde = MatrixSDE({W: Process("R", p, p) * dt})
    path = PathCheck(sde=sde, observable=tr(W), law=real("initial"), horizon=1, sizes={p: 2})
    with pytest.raises(DerivationError, match="the path check has the process R"):
        compile_claim(replace(system(), path=path))


def test_a_value_that_is_no_number() -> None:
    path = PathCheck(
        sde=system().sde,
        observable=tr(W),
        law=real("initial"),
        horizon=a,
        sizes={p: 2},
    )
    with pytest.raises(DerivationError, match="values: a is not a number"):
        compile_claim(replace(system(), path=path))


def test_an_assumption_that_no_point_can_be_asked_about() -> None:
    wrong = Assumption(text="nobody knows", condition=Symbol("u"))
    with pytest.raises(DerivationError, match="assumption 'nobody knows'"):
        compile_claim(replace(system(), assumptions=(wrong,)))


def test_a_rate_of_an_algorithm_in_a_time_change() -> None:
    claim = TimeChangeClaim(
        id="refused",
        title="",
        source="",
        statement="",
        sde=system().sde,
        rate=positive("g"),
        changed=system().sde,
        algorithm=AlgorithmCheck(algorithm="label_noise", rate=a),
    )
    with pytest.raises(DerivationError, match="a time change has a rate of its own"):
        compile_claim(claim)
