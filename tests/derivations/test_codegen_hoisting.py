from __future__ import annotations

import itertools
from typing import Any

import pytest
from sympy import MatMul, sqrt

from derivations import (
    Brownian,
    Family,
    Parameter,
    State,
    dims,
    dt,
    eigenvalues,
    index,
    positive,
    stack,
    total,
    tr,
)
from derivations.codegen.fitting import WIDTH, fit
from derivations.codegen.function import Formula, print_arrays, print_generic
from derivations.codegen.hoisting import hoist, key
from derivations.expressions import BlockColumn, S

p, k, l, n = dims("p k l n")
W1, W2 = State("W1", p, l), State("W2", l, k)
A, B, C = (Parameter(name, p, p) for name in "ABC")
R, X = Parameter("R", p, k), Parameter("X", n, p)
gamma = positive("gamma")
noise = Brownian("B", p, k).d
i, j = index("i", n), index("j", n)
x, y = Family("x", p), Family("y", k)


def hoisted(*expressions: Any) -> tuple[dict[str, str], list[str]]:
    counter = itertools.count(1)
    definitions, results = hoist(expressions, lambda wish: f"{wish}_{next(counter)}")
    return {str(name): str(value) for name, value in definitions}, [str(r) for r in results]


def test_the_increment_of_the_noise_is_computed_once() -> None:
    dZ = R * dt + sqrt(gamma) * noise
    definitions, results = hoisted(dZ * W2.T, W1.T * dZ)
    assert definitions == {"dZ_1": "sqrt(gamma)*dB + dt*R"}
    assert results == ["dZ_1*W2.T", "W1.T*dZ_1"]


def test_blocks_of_equal_size_are_not_each_other() -> None:
    K1, K2, W = BlockColumn(0, p, p), BlockColumn(1, p, p), State("W", 2 * p, l)
    assert not set(key(K1)) & set(key(K2))
    assert not set(key(K1 * K1.T)) & set(key(K2 * K2.T))
    definitions, results = hoisted(K1 * K1.T * W, K2 * K2.T * W)
    assert definitions == {"Z_1": "K1", "Z_2": "K2"}
    assert results == ["Z_1*Z_1.T*W", "Z_2*Z_2.T*W"]


def test_projectors_of_different_indices_are_not_each_other() -> None:
    lam = eigenvalues(A * A.T)
    first, second = (lam.projector(index) for index in lam.indices("a b"))
    assert key(first) == key(first)
    assert not set(key(first)) & set(key(second))


def test_a_transposed_occurrence_counts() -> None:
    dZ = R * dt + sqrt(gamma) * noise
    definitions, results = hoisted(W2 * dZ.T, W1.T * dZ)
    assert list(definitions) == ["dZ_1"]
    assert [result.count("dZ_1") for result in results] == [1, 1]
    assert sum("dZ_1.T" in text for text in [*results, *definitions.values()]) == 1


def test_a_run_of_factors_inside_longer_products() -> None:
    definitions, results = hoisted(A * B * C, W1.T * A * B)
    assert definitions == {"Z_1": "A*B"}
    assert results == ["Z_1*C", "W1.T*Z_1"]


def test_runs_that_overlap_are_counted_once() -> None:
    definitions, results = hoisted(MatMul(A, B, A, B, A))
    assert list(definitions.values()) == ["A*B"]
    assert results == ["Z_2*Z_2*A"]


def test_nothing_repeated_nothing_named() -> None:
    assert hoisted(A * B, B * A.T) == ({}, ["A*B", "B*A.T"])


def test_letters_and_their_transposes_are_not_named() -> None:
    assert hoisted(A.T * B + A.T * C)[0] == {}


def test_larger_first_and_in_an_order_that_can_be_computed() -> None:
    M = stack(W1, W2.T) * stack(W1, W2.T).T
    definitions, results = hoisted(tr(M.I * S(R)) + tr(M))
    assert list(definitions.values()) == ["[W1; W2.T]", "Z_2*Z_2.T"]
    assert results == ["Trace(Z_1**(-1)*S(R)) + Trace(Z_1)"]


def test_what_mentions_an_open_index_keeps_it() -> None:
    r = y[i] - W2.T * W1.T * x[i]
    definitions, results = hoisted(total(x[i] * r.T * tr(r.T * r), i))
    assert len(definitions) >= 1
    (result,) = results
    assert "Sum_i" in result
    assert "y[i]" not in result


def test_what_a_sum_does_not_change_is_computed_before_it() -> None:
    definitions, results = hoisted(total(tr(A * B * C) * x[i], i))
    assert definitions == {"s_1": "Trace(A*B*C)"}
    assert results == ["Sum_i(s_1*x[i])"]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (A * B + C, C + A * B, True),
        ((A * B).T, B.T * A.T, True),
        (tr(A * B), tr((A * B).T), True),
        (A * B, B * A, False),
        (A.T, A, False),
        (2 * A, A, False),
        (A**2, A**3, False),
        (A.I, A, False),
        (S(R), S(2 * R), False),
        (total(x[i] * y[i].T, i), total(x[j] * y[j].T, j), False),
        (stack(W1, W2.T), stack(W2.T, W1), False),
        (gamma * tr(A), tr(A) * gamma, True),
        (gamma + tr(A), gamma * tr(A), False),
    ],
)
def test_one_key_for_one_value(left: Any, right: Any, same: bool) -> None:
    assert (key(left)[0] == key(right)[0]) is same


def long_sum() -> Any:
    terms = [gamma**q * tr(A**q * B * C) * tr(B**q * C.T * A) for q in range(2, 12)]
    return sum(terms[1:], terms[0])


@pytest.mark.parametrize("target", [print_arrays, print_generic])
def test_statements_fit_on_a_line(target: Any) -> None:
    formula = Formula(name="f", results=(("f", long_sum()),), several=False, summary="")
    body = target(formula).body
    assert len(body) > 3
    assert max(map(len, body)) <= WIDTH - 4
    # Not torn to shreds either: lines are well filled.
    assert sum(map(len, body)) / len(body) > WIDTH / 3


def test_what_cannot_be_broken_stays() -> None:
    definitions, results = fit([], [A], lambda _: 200, lambda wish: wish)
    assert (definitions, results) == ([], [A])


def test_names_do_not_meet_those_of_letters() -> None:
    Z, dZ = Parameter("Z", p, p), Parameter("dZ", p, p)
    expression = tr(Z * dZ * A * B) * tr(A * B * Z)
    formula = Formula(name="f", results=(("f", expression),), several=False, summary="")
    printed = print_arrays(formula)
    assert set(printed.parameters) == {"A", "B", "Z", "dZ"}
    assigned = [line.split(" = ")[0] for line in printed.body[:-1]]
    assert assigned
    assert not set(assigned) & {"A", "B", "Z", "dZ"}


@pytest.mark.parametrize("name", ["lambda", "np", "ctx", "trace", "W_{1}", "1st", "scale"])
def test_any_name_gets_an_identifier(name: str) -> None:
    letter = Parameter(name, p, p)
    formula = Formula(name="f", results=(("f", letter * A),), several=False, summary="")
    for printed in (print_arrays(formula), print_generic(formula)):
        assert all(parameter.isidentifier() for parameter in printed.parameters)
        assert len(set(printed.parameters)) == len(printed.parameters)
        assert name not in printed.parameters or name == "ctx"
