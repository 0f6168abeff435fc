from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from derivations import (
    Brownian,
    DifferentialClaim,
    MatrixSDE,
    Parameter,
    State,
    dims,
    dt,
    real,
)
from derivations.codegen import claim_signature, compile_claim, compile_module, module_source
from derivations.codegen.label_noise import reduced
from derivations.codegen.module import run_source
from numerics.errors import NumericsError
from numerics.kernel import Kernel
from numerics.kernels import kernels, signature
from numerics.signature import ClaimSignature, holds, size
from tests.derivations.codegen_points import draw, floats
from tests.derivations.codegen_theorem import a, theorem

CLAIMS = {claim.id.partition(".")[2] or "differential": claim for claim in theorem().claims}
SYSTEM = ("increment", "drift", "noise")


def prefixed(prefix: str, *names: str) -> set[str]:
    return {prefix + name for name in names}


STATED = {"observable", "stated_drift", "stated_martingale", "derived_drift", "derived_martingale"}
NAMES = {
    "differential": {*SYSTEM, *STATED, "row_covariance_dB", "column_covariance_dB"}
    | {"condition_1", "condition_2"},
    "label_noise": {*SYSTEM, *STATED, *prefixed("reduced_", *SYSTEM, "row_covariance_dXE")}
    | prefixed("path_", *SYSTEM, "observable", "law")
    | {"rate"},
    "families": {*SYSTEM, *STATED},
    "identity": {"left", "right"},
    "time_change": {*SYSTEM, "rate"}
    | prefixed("changed_", *SYSTEM)
    | prefixed("derived_changed_", *SYSTEM),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_kernels_of_a_claim(name: str) -> None:
    found = compile_claim(CLAIMS[name])
    assert set(found) == NAMES[name]
    for kernel_name, kernel in found.items():
        assert isinstance(kernel, Kernel)
        assert kernel.name == kernel_name


@pytest.mark.parametrize("name", ["differential", "time_change"])
def test_without_the_engine_nothing_is_derived(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr("derivations.codegen.formulas.derived_differential", refuse)
    monkeypatch.setattr("derivations.codegen.formulas.change_time", refuse)
    found = compile_claim(CLAIMS[name], derive=False)
    assert set(found) == {kernel for kernel in NAMES[name] if not kernel.startswith("derived")}


def test_arguments_come_in_one_order() -> None:
    found = compile_claim(CLAIMS["differential"])
    assert found["increment"].arguments == ("W", "A", "R", "a", "b", "dt", "dB")
    assert found["stated_drift"].arguments == ("W", "A", "C", "D", "R", "a", "b")
    assert compile_claim(CLAIMS["label_noise"])["path_law"].arguments == ("a", "initial", "t")


def test_states_come_as_a_tuple_also_if_there_is_one() -> None:
    found = compile_module(CLAIMS["differential"])
    point = floats(draw(found.signature.letters, np.random.default_rng(1), (4,)))
    (dW,) = found.kernels["increment"](point)
    assert dW.shape == (4, 2, 3)


def test_a_martingale_part_of_zero_beside_a_matrix_is_a_matrix() -> None:
    claim = replace(CLAIMS["label_noise"], martingale=0)  # type: ignore[call-arg]
    kernel = compile_claim(claim, derive=False)["stated_martingale"]
    np.testing.assert_array_equal(kernel({"p": 2, "k": 3}), np.zeros((2, 3)))


@pytest.mark.parametrize("name", CLAIMS)
def test_the_signature_covers_every_argument(name: str) -> None:
    found = compile_module(CLAIMS[name])
    given: ClaimSignature = found.signature
    known = {letter.name for letter in given.letters}
    path = {letter.name for letter in given.path.letters} if given.path else set()
    for kernel in found.kernels.values():
        if kernel.name == "rate" and name == "label_noise":
            continue
        assert set(kernel.arguments) <= (path if kernel.name.startswith("path_") else known)
    assert claim_signature(CLAIMS[name]).claim == CLAIMS[name].id


def test_letters_say_what_they_are() -> None:
    found = claim_signature(CLAIMS["differential"])
    letters = {letter.name: letter for letter in found.letters}
    assert {name: letter.kind for name, letter in letters.items()} == {
        "W": "state",
        "A": "parameter",
        "C": "parameter",
        "D": "parameter",
        "R": "process",
        "a": "parameter",
        "b": "parameter",
        "dt": "time increment",
        "dB": "increment",
    }
    assert letters["C"].facts == ("symmetric", "positive_definite")
    assert letters["D"].facts == ("symmetric",)
    assert letters["a"].facts == ("positive",)
    assert letters["W"].shape == ("p", "k")
    assert letters["W"].shape_at({"p": 2, "k": 3}) == (2, 3)
    assert found.dimensions == ("k", "p")
    assert found.kind == "differential"


def test_a_family_has_its_index_axis_first() -> None:
    found = claim_signature(CLAIMS["families"])
    u, noise = found.letter("u"), found.letter("dbeta")
    assert (u.kind, u.family, u.shape) == ("process", "n", ("p", "k"))
    assert u.shape_at({"p": 2, "k": 3, "n": 5}) == (5, 2, 3)
    assert (noise.kind, noise.family, noise.shape) == ("increment", "n", ())
    (declared,) = found.systems["declared"].noises
    assert declared.shape_at({"n": 5}) == (5,)


def test_conditions() -> None:
    found = claim_signature(CLAIMS["differential"])
    wide, at_most, invertible = found.conditions
    assert wide.relation == "k >= p"
    assert found.admits({"k": 3, "p": 3})
    assert not found.admits({"k": 2, "p": 3})
    assert (at_most.predicate, at_most.kernel) == ("nonnegative", "condition_1")
    assert (invertible.predicate, invertible.kernel) == ("invertible", "condition_2")
    kernel = compile_claim(CLAIMS["differential"], derive=False)["condition_1"]
    assert kernel({"a": 2.0, "b": 5.0}) == 3.0


def test_systems() -> None:
    found = claim_signature(CLAIMS["differential"]).systems["declared"]
    assert (found.prefix, found.states, found.calculus) == ("", ("W",), "ito")
    (noise,) = found.noises
    assert (noise.name, noise.shape) == ("B", ("p", "k"))
    assert noise.row_covariance == "row_covariance_dB"
    assert noise.column_covariance == "column_covariance_dB"
    time_change = claim_signature(CLAIMS["time_change"])
    assert set(time_change.systems) == {"declared", "changed"}
    assert time_change.systems["changed"].noises[0].name == "F_tau"


def test_the_derived_system_in_new_time_has_the_stated_noise() -> None:
    found = compile_module(CLAIMS["time_change"])
    assert found.signature.systems["derived_changed"].noises[0].name == "F_tau"
    point = {"x": 2.0, "a": 3.0, "dt": 0.1, "dF_tau": 0.7}
    (stated,) = found.kernels["changed_increment"](point)
    (derived,) = found.kernels["derived_changed_increment"](point)
    assert derived == pytest.approx(stated)


def test_a_path_check() -> None:
    found = claim_signature(CLAIMS["label_noise"]).path
    assert found is not None
    assert found.horizon == Fraction(1, 2)
    assert found.sizes == {"p": 2}
    assert found.values == {"a": Fraction(1, 3), "X": ((1, 2), (3, 4)), "b": 0.25}
    assert found.relevant == 0.01
    assert {letter.name: letter.kind for letter in found.letters} == {
        "x": "state",
        "a": "parameter",
        "initial": "initial",
        "t": "time",
        "dt": "time increment",
    }
    assert found.systems["path"].prefix == "path_"


def test_correlations_and_calculus() -> None:
    x, y = State("x"), State("y")
    F, G, rho = Brownian("F"), Brownian("G"), real("rho")
    claim = DifferentialClaim(
        id="correlated",
        title="",
        source="",
        statement="",
        sde=MatrixSDE({x: x * F.d, y: G.d}, correlation={(F, G): rho}, calculus="stratonovich"),
        observable=x * y,
        drift=x,
    )
    found = compile_module(claim, derive=False)
    system = found.signature.systems["declared"]
    assert system.correlations == (("F", "G", "correlation_dF_dG"),)
    assert system.calculus == "stratonovich"
    assert found.kernels["correlation_dF_dG"]({"rho": 0.25}) == 0.25


# Label noise in its small form.

p, k, n = dims("p k n")
W, V = State("W", p, k), State("V", k, p)
A, X = Parameter("A", p, p), Parameter("X", n, p)
E = Brownian("E", n, k)
C = Parameter("C", n, n, positive_definite=True)


def test_the_small_noise_put_in_gives_the_same_increment() -> None:
    found = compile_module(CLAIMS["label_noise"])
    point = floats(draw(found.signature.letters, np.random.default_rng(3), (4,)))
    point["dXE"] = np.swapaxes(point["X"], -1, -2) @ point["dE"]
    whole, small = found.kernels["increment"](point), found.kernels["reduced_increment"](point)
    np.testing.assert_allclose(whole[0], small[0], rtol=1e-12)


def covariance(kernel: Kernel, point: dict[str, Any], name: str, directions: Any) -> Any:
    """E[vec(noise) vec(noise)'] per unit time, from the directions of the noise."""
    columns = [np.ravel(kernel({**point, name: direction})[0]) for direction in directions]
    return np.array(columns).T @ np.array(columns)


def units(rows: int, columns: int) -> np.ndarray:
    return np.eye(rows * columns).reshape(rows * columns, rows, columns)


def test_the_small_noise_has_the_law_of_the_large() -> None:
    found = compile_module(CLAIMS["label_noise"])
    point = floats(draw(found.signature.letters, np.random.default_rng(4)))
    rows = found.kernels["reduced_row_covariance_dXE"](point)
    factor = np.linalg.cholesky(rows)
    large = covariance(found.kernels["noise"], point, "dE", units(4, 3))
    small = covariance(found.kernels["reduced_noise"], point, "dXE", factor @ units(2, 3))
    np.testing.assert_allclose(small, large, rtol=1e-9)
    # A test that cannot fail is none: with the identity for X'X the laws differ.
    other = covariance(found.kernels["reduced_noise"], point, "dXE", units(2, 3))
    assert not np.allclose(other, large)


REDUCED = {
    "X'dE": ({W: X.T * E.d}, "dXE", X.T * X),
    "everywhere": ({W: X.T * E.d, V: E.d.T * X * A}, "dXE", X.T * X),
    "within a sum": ({W: A * (W * dt + X.T * E.d)}, "dXE", X.T * X),
    "not transposed": (
        {State("U", n, k): X * Brownian("B", p, k).d},
        "dXB",
        X * X.T,
    ),
    "with a covariance": (
        {W: X.T * Brownian("E", n, k, row_covariance=C).d},
        "dXE",
        X.T * C * X,
    ),
}
KEPT = {
    "no factor": {W: Brownian("B", p, k).d},
    "a state in front": {State("U", p, n): State("U", p, n) * Brownian("G", n, n).d},
    "a square factor": {W: A * Brownian("B", p, k).d},
    "also alone": {W: X.T * E.d, State("U", n, k): E.d},
    "two factors": {W: X.T * E.d + Parameter("Y", n, p).T * E.d},
    "a factor on the right": {V: Brownian("F", k, n).d * X},
    "a scalar noise": {State("x"): State("x") * Brownian("beta").d},
}


@pytest.mark.parametrize("name", REDUCED)
def test_where_noise_becomes_small(name: str) -> None:
    equations, increment, rows = REDUCED[name]
    small = reduced(MatrixSDE(equations))
    assert small is not None
    (noise,) = small.noises
    assert noise.name == increment
    assert noise.row_covariance == rows
    assert all("dE" not in str(equation) for equation in small.equations.values())


@pytest.mark.parametrize("name", KEPT)
def test_where_noise_stays(name: str) -> None:
    assert reduced(MatrixSDE(KEPT[name])) is None


def test_correlated_noise_stays() -> None:
    F = Brownian("F", n, k)
    sde = MatrixSDE({W: X.T * E.d + X.T * F.d}, correlation={(E, F): 1 / (1 + a)})
    assert reduced(sde) is None


# The loader of the numeric side, and the small arithmetic of sizes.


def test_generated_kernels_are_found_by_the_id_of_their_claim() -> None:
    found = kernels("label_noise_determinant.label_noise")
    assert found["reduced_increment"].arguments[-1] == "dXB"
    assert signature("label_noise_determinant.label_noise").kind == "differential"


@pytest.mark.parametrize("id_", ["nothing", "label_noise_determinant.nothing", ""])
def test_an_unknown_claim_has_no_kernels(id_: str) -> None:
    with pytest.raises(NumericsError, match=r"no kernels; run python -m derivations\.build"):
        kernels(id_)


def test_sizes_are_arithmetic_of_dimensions() -> None:
    assert size("2 * p + k - 1", {"p": 3, "k": 2}) == 7
    assert size("p**2 // k", {"p": 3, "k": 2}) == 4
    assert holds("p != k", {"p": 3, "k": 2})
    assert not holds("p < k", {"p": 3, "k": 2})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q", "no value for the dimension q"),
        ("p / 2", "only sums, products and powers"),
        ("len(p)", "only sums, products and powers"),
    ],
)
def test_other_sizes_are_refused(text: str, message: str) -> None:
    with pytest.raises(NumericsError, match=message):
        size(text, {"p": 3})


def test_a_relation_compares_two_sizes() -> None:
    with pytest.raises(NumericsError, match="write two sizes"):
        holds("p < k < n", {"p": 1, "k": 2, "n": 3})


def test_equal_kernels_of_a_theorem_share_their_function() -> None:
    first = CLAIMS["differential"]
    second = replace(first, id="codegen_theorem.again", drift=0 * a)  # type: ignore[call-arg]
    source = module_source("Two claims.", (first, second), derive=False)
    names = run_source(source)["KERNELS"]
    one, two = names[first.id], names[second.id]
    assert one["increment"].arrays is two["increment"].arrays
    assert one["stated_drift"].arrays is not two["stated_drift"].arrays


@pytest.mark.parametrize("id_", ["mine~sign", "2 much", 'a "quoted" id', "lambda", "back\\slash"])
def test_any_id_of_a_claim_will_do(id_: str) -> None:
    claim = replace(CLAIMS["identity"], id=id_)
    found = compile_module(claim)
    assert found.signature.claim == id_
    assert set(found.kernels) == {"left", "right"}


def test_the_source_of_a_kernel_shows_in_a_traceback() -> None:
    import traceback

    kernel = compile_claim(CLAIMS["identity"])["left"]
    with pytest.raises(ValueError, match="matmul") as caught:
        kernel({"A": np.eye(2), "W": np.ones((3, 1))})
    lines = "".join(traceback.format_exception(caught.value))
    assert "trace(matmul(matmul(A, W), swap(W)))" in lines
