"""Kernels of eigenvalues beside literal loops, at batches and in forty digits; how they read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from derivations import (
    CovariationClaim,
    DerivationError,
    Family,
    State,
    eigenvalues,
    index,
    total,
    tr,
)
from derivations.codegen import compile_module
from derivations.codegen.formulas import formulas
from derivations.codegen.function import Formula, arguments, print_arrays, print_generic
from derivations.codegen.signatures import letter_signature
from derivations.codegen.spectra import tuples
from derivations.expressions import stack
from numerics.contexts import MultiprecisionContext
from numerics.kernel import Kernel
from numerics.signature import LetterSignature
from tests.derivations.codegen_points import draw, floats, from_context, in_context, member
from tests.derivations.literal_kernels import as_array, literal_value
from tests.derivations.spectral_claims import (
    COMMON,
    EIGENVALUE,
    GAP,
    MIXED,
    RIGHT,
    W1,
    W2,
    WRONG,
    B,
    drift,
    gamma,
    i,
    j,
    lam,
    m,
    p,
    q,
    system,
)

BATCH = (2,)
SIZES = {"p": 3, "k": 2, "l": 5}
CTX = MultiprecisionContext(40)


def letters_of(formula: Formula) -> list[LetterSignature]:
    calls = (letter_signature(name, letter) for name, letter in arguments(formula).items())
    return [LetterSignature(**call.arguments) for call in calls]


def compare(claim: Any, found: dict[str, Kernel], *, derive: bool) -> None:
    for formula in formulas(claim, derive=derive):
        if formula.several:
            continue
        letters = letters_of(formula)
        point = draw(letters, np.random.default_rng(3), BATCH, SIZES)
        kernel, one = found[formula.name], member(point, 1)
        literal = as_array(literal_value(formula.results[0][1], one))
        many = np.broadcast_to(kernel(floats(point)), (*BATCH, *literal.shape))
        with CTX.working():
            fine = from_context(CTX, kernel.in_context(CTX, in_context(CTX, one, letters)))
        np.testing.assert_allclose(fine, literal, rtol=1e-14, atol=1e-14, err_msg=formula.name)
        np.testing.assert_allclose(many[1], literal, rtol=1e-8, atol=1e-8, err_msg=formula.name)


@pytest.mark.parametrize("id_", RIGHT)
def test_arrays_and_digits_agree_with_loops(id_: str) -> None:
    compare(RIGHT[id_], dict(compile_module(RIGHT[id_]).kernels), derive=True)


def test_a_kernel_of_another_formula_is_noticed() -> None:
    wrong = compile_module(WRONG["λ_i and λ_j exchanged"], derive=False).kernels
    with pytest.raises(AssertionError):
        compare(EIGENVALUE, dict(wrong), derive=False)


def body(expression: Any, free: Any = ()) -> tuple[list[str], list[str]]:
    value = tuples(expression, free)
    formula = Formula(name="f", results=(("f", value),), several=False, summary="")
    return [*print_arrays(formula).body], [*print_generic(formula).body]


def test_the_spectrum_is_computed_once() -> None:
    for lines in body(drift(i, j), [i]):
        text = "\n".join(lines)
        assert text.count("eigenvalues(") == text.count("projectors(") == 1
        assert text.count("trace(") == 2  # one for all q, and |W2|²


def test_two_matrices_have_two_lists() -> None:
    mu = eigenvalues(W2.T * W2)
    n = mu.indices("n")
    arrays, generic = body(total(lam[i], i) + total(mu[n], n))
    assert arrays[-1] == "return np.sum(lam, axis=-1) + np.sum(lam2, axis=-1)"
    assert generic[-1] == "return ctx.total(lam) + ctx.total(lam2)"


def test_free_indices_are_one_axis_also_where_they_are_not_mentioned() -> None:
    for claim, axis in ((EIGENVALUE, 3), (GAP, 6), (MIXED, 6)):
        kernels = compile_module(claim, derive=False).kernels
        for formula in formulas(claim, derive=False):
            if formula.several or formula.name.startswith(("condition", "spectrum")):
                continue
            letters = letters_of(formula)
            point = floats(draw(letters, np.random.default_rng(1), BATCH, SIZES))
            assert np.shape(kernels[formula.name](point))[-1:] == (axis,), formula.name
    assert body(gamma, [i, j])[0][-1] == "return repeated(gamma, p**2 - p, 0)"
    assert body(W2, [i])[0][-1] == "return repeated(W2, p, 2)"


def test_no_inf_on_the_diagonal() -> None:
    kernels = compile_module(GAP, derive=False).kernels
    rng = np.random.default_rng(0)
    point = {"W1": rng.normal(size=(7, 3, 5)), "W2": rng.normal(size=(7, 5, 2)), "gamma": 2.0}
    with np.errstate(all="raise"):
        for name in ("observable", "stated_drift"):
            assert np.all(np.isfinite(kernels[name](point)))


def test_a_divisor_that_vanishes_in_earnest_is_not_hidden() -> None:
    kernels = compile_module(WRONG["the exclusion forgotten"], derive=False).kernels
    rng = np.random.default_rng(0)
    point = {"W1": rng.normal(size=(3, 5)), "W2": rng.normal(size=(5, 2)), "gamma": 2.0}
    with np.errstate(all="ignore"):
        assert not np.any(np.isfinite(kernels["stated_drift"](point)))


def test_only_divisors_that_vanish_are_guarded() -> None:
    arrays, _ = body(total(q(j) / (lam[i] + lam[j]), j, excluding=i), [i])
    assert not any("1.0)" in line for line in arrays)
    arrays, generic = body(total(q(j) / (lam[i] ** 2 - lam[j] ** 2), j, excluding=i), [i])
    assert any("1.0)" in line for line in arrays)
    assert not any("rational(1)" in line for line in generic)  # the loop leaves the diagonal out


def test_the_signature_lists_the_spectra() -> None:
    signature = compile_module(EIGENVALUE, derive=False).signature
    assert [(x.kernel, x.rows) for x in signature.spectra] == [("spectrum_1", (("W1", False),))]
    (condition,) = (c for c in signature.conditions if c.predicate)
    assert condition.predicate == "distinct_eigenvalues"
    assert signature.admits({"p": 1, "k": 2, "l": 3})


def test_two_free_indices_need_two_values() -> None:
    signature = compile_module(MIXED, derive=False).signature
    assert signature.kind == "covariation"
    assert not signature.admits({"p": 1, "k": 2, "l": 3})
    assert signature.admits({"p": 2, "k": 2, "l": 3})


@pytest.mark.parametrize(
    ("matrix", "rows"),
    [
        (W1 * W1.T, (("W1", False),)),
        (W2.T * W2, (("W2", True),)),
        (stack(W1, W2.T) * stack(W1, W2.T).T, (("W1", False), ("W2", True))),
        (gamma * W1 * W1.T, None),
        (W1 * W2 * W2.T * W1.T, None),
        (stack(W1, W1) * stack(W1, W1).T, None),
    ],
)
def test_rows_of_a_matrix_that_is_typed_as_a_product(matrix: Any, rows: Any) -> None:
    found = eigenvalues(matrix)
    n = found.indices("n")
    claim = CovariationClaim(
        id="c", sde=system, first=found[n], second=found[n], rate=found[n], **COMMON
    )
    (spectrum,) = compile_module(claim, derive=False).signature.spectra
    assert spectrum.rows == rows


def test_the_docstring_says_the_numbering_and_the_axis() -> None:
    source = " ".join(compile_module(GAP, derive=False).source.split())
    assert "Eigenvalues are distinct and numbered downwards from 1." in source
    assert "One value for each (i, j), pairwise different, in lexicographic order" in source
    assert "result (..., p**2 - p)" in source


def test_what_has_no_kernel_is_refused() -> None:
    x = Family("x", p)
    n = index("n", p)
    with pytest.raises(DerivationError, match="open index"):
        body(total(total(eigenvalues(x[n] * x[n].T)[i], n), i))
    other = eigenvalues(W2.T * W2).indices("j")
    with pytest.raises(DerivationError, match="one range"):
        tuples(lam[i], [i, other])
    with pytest.raises(DerivationError, match="index"):
        body(lam[i] * lam[j], [i])


def test_names_of_letters_are_left_alone() -> None:
    E, s = State("E", p, p), State("lam")
    for lines in body(total(lam[i] * s, i) + total(q(m), m) + tr(E * E)):
        assigned = [line.split(" = ")[0] for line in lines[:-1] if " = " in line]
        assert not {"E", "lam", "W1", "W2"} & set(assigned)


def test_a_sum_of_matrices() -> None:
    arrays, _ = body(total(lam[i] * B.d.T * lam.projector(i) * B.d, i))
    assert arrays[-1].startswith("return np.sum(")
