"""Every generated kernel beside its twins: literal loops, and forty digits."""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import numerics.kernels
from derivations.catalogue import claims, find
from derivations.codegen.formulas import formulas, path_formulas, rate_formulas
from derivations.codegen.function import Formula, arguments
from derivations.codegen.module import run_source
from derivations.codegen.signatures import letter_signature
from numerics.contexts import MultiprecisionContext, RationalContext
from numerics.kernel import Kernel
from numerics.kernels import claims as claims_with_kernels
from numerics.kernels import kernels, signature
from numerics.points import meets
from numerics.signature import LetterSignature
from tests.derivations.codegen_points import (
    admitted_sizes,
    draw,
    floats,
    from_context,
    in_context,
    member,
)
from tests.derivations.literal_kernels import OutsideFloat64Error, as_array, literal_value

IDS = [claim.id for claim in claims() if claim.speaks]
BATCH = (2, 3)
COUNT = BATCH[0] * BATCH[1]
TRIES = 16
SIZES_TRIED = 24
# Of scope module, so that all tests of one claim come together, and find its points made.
EVERY_CLAIM = pytest.mark.parametrize("id_", IDS, scope="module")
CTX = MultiprecisionContext(40)
Q = RationalContext()


@functools.cache
def all_formulas(id_: str) -> tuple[Formula, ...]:
    claim = find(id_)
    return (*formulas(claim), *path_formulas(claim), *rate_formulas(claim))


def letters_of(formula: Formula) -> list[LetterSignature]:
    calls = (letter_signature(name, letter) for name, letter in arguments(formula).items())
    return [LetterSignature(**call.arguments) for call in calls]


def conditions_on(id_: str, names: set[str]) -> list[tuple[Kernel, str]]:
    """The conditions that speak of these letters and of sizes alone, with what they ask."""
    known = names | set(signature(id_).dimensions)
    return [
        (kernels(id_)[condition.kernel], condition.predicate)
        for condition in signature(id_).conditions
        if condition.kernel is not None
        and condition.predicate is not None
        and set(kernels(id_)[condition.kernel].arguments) <= known
    ]


@functools.cache
def point_for(id_: str, formula: Formula) -> tuple[list[LetterSignature], dict[str, Any]]:
    """A batch of points at which the claim's conditions hold, decided among the fractions.

    Sizes without enough such points (N'N is singular for q > p) make room for the next ones.
    Raises ValueError if none of the sizes tried has enough.
    """
    rng = np.random.default_rng(zlib.crc32(f"{id_} {formula.name}".encode()))
    letters = letters_of(formula)
    for sizes in itertools.islice(admitted_sizes(signature(id_)), SIZES_TRIED):
        good = admissible(id_, formula, sizes, rng)
        if len(good) == COUNT:
            return letters, batch_of(good)
    raise ValueError(f"{id_}: {formula.name}: {len(good)} of {TRIES * COUNT} points are admissible")


def admissible(
    id_: str, formula: Formula, sizes: dict[str, int], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """The first points of these sizes where the conditions hold and the formula has a value."""
    letters, kernel = letters_of(formula), kernels(id_)[formula.name]
    asked, good = conditions_on(id_, {letter.name for letter in letters}), []
    for _ in range(TRIES):
        many = draw(letters, rng, (COUNT,), sizes)
        for one in (member(many, at) for at in range(COUNT)):
            exact = {**sizes, **in_context(Q, one, letters)}
            met = all(meets(Q, word, fact.in_context(Q, exact)) for fact, word in asked)
            if met and has_value(kernel, formula, one):
                good.append(one)
        if len(good) >= COUNT:
            return good[:COUNT]
    return good


def has_value(kernel: Kernel, formula: Formula, one: dict[str, Any]) -> bool:
    """Whether a point is inside float64: where the kernel warns, the loops alone decide.

    A root of a negative number or an overflow in the loops too says nothing of the kernel.
    """
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            kernel(floats(one))
    except FloatingPointError:
        try:
            for _, expression in formula.results:
                literal_value(expression, one)
        except (OutsideFloat64Error, ZeroDivisionError):
            return False
    return True


def batch_of(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Points as one batch with the axes `BATCH`."""

    def stack(name: str) -> Any:
        values = np.stack([np.asarray(point[name], dtype=object) for point in points])
        return values.reshape(*BATCH, *values.shape[1:])

    return {name: x if isinstance(x, int) else stack(name) for name, x in points[0].items()}


def values(kernel: Kernel, point: dict[str, Any], several: bool) -> tuple[Any, ...]:
    found = kernel(floats(point))
    return tuple(found) if several else (found,)


def twins(id_: str, found: Mapping[str, Kernel]) -> Iterator[tuple[Formula, Any, Any, Any]]:
    """Each result of each kernel: in a batch, by loops, in forty digits; at one of the points."""
    for formula in all_formulas(id_):
        kernel = found[formula.name]
        letters, point = point_for(id_, formula)
        at = (1, 2)
        one = member(point, at)
        batch = values(kernel, point, formula.several)
        digits = kernel.in_context(CTX, in_context(CTX, one, letters))
        digits = digits if formula.several else (digits,)
        for (_, expression), many, fine in zip(formula.results, batch, digits, strict=True):
            by_loops = as_array(literal_value(expression, one))
            many = np.broadcast_to(many, (*BATCH, *by_loops.shape))
            with CTX.working():
                yield formula, many[at], by_loops, from_context(CTX, fine)


def test_there_are_kernels_for_every_claim() -> None:
    assert set(claims_with_kernels()) == set(IDS)
    for id_ in IDS:
        assert {formula.name for formula in all_formulas(id_)} == set(kernels(id_))


@EVERY_CLAIM
def test_arrays_and_digits_agree_with_loops(id_: str) -> None:
    compare(id_, kernels(id_))


def compare(id_: str, found: Mapping[str, Kernel]) -> None:
    for formula, many, by_loops, fine in twins(id_, found):
        scale = max(1.0, float(np.max(np.abs(by_loops), initial=0.0)))
        where = f"{id_}: {formula.name}"
        np.testing.assert_allclose(fine, by_loops, rtol=1e-14, atol=1e-14 * scale, err_msg=where)
        np.testing.assert_allclose(many, by_loops, rtol=1e-8, atol=1e-8 * scale, err_msg=where)


@EVERY_CLAIM
def test_kernels_take_points_without_batch_axes(id_: str) -> None:
    for formula in all_formulas(id_):
        _, point = point_for(id_, formula)
        kernel = kernels(id_)[formula.name]
        batch = values(kernel, point, formula.several)
        alone = values(kernel, member(point, (0, 1)), formula.several)
        for many, one in zip(batch, alone, strict=True):
            shape = np.broadcast_shapes(np.shape(many), (*BATCH, *np.shape(one)))
            many = np.broadcast_to(many, shape)[0, 1]
            np.testing.assert_allclose(many, one, rtol=1e-8, atol=1e-8, err_msg=formula.name)


@EVERY_CLAIM
def test_an_increment_is_its_drift_and_its_noise(id_: str) -> None:
    for prefix in {name.removesuffix("increment") for name in kernels(id_) if "increment" in name}:
        formula = next(f for f in all_formulas(id_) if f.name == f"{prefix}increment")
        others = [f for f in all_formulas(id_) if f.name in (f"{prefix}drift", f"{prefix}noise")]
        _, point = point_for(id_, formula)
        for other in others:
            extra = {name for name in kernels(id_)[other.name].arguments if name not in point}
            assert not extra
        found = kernels(id_)
        point = floats(point)
        dt = np.asarray(point.get("dt", 0.0))
        whole = found[f"{prefix}increment"](point)
        drift, noise = found[f"{prefix}drift"](point), found[f"{prefix}noise"](point)
        for total, a, b in zip(whole, drift, noise, strict=True):
            matrix = np.ndim(total) > len(BATCH)
            step = dt[..., None, None] if matrix else dt
            np.testing.assert_allclose(total, step * a + b, rtol=1e-9, atol=1e-7)


def test_a_warning_of_a_kernel_alone_excuses_no_point() -> None:
    id_ = "stationary_density.product"
    (formula,) = (f for f in all_formulas(id_) if f.name == "noise")
    names = ("u", "T", "alpha1", "alpha2", "alpha3", "dbeta")
    inside = dict.fromkeys(names, Fraction(1, 2)) | {"alpha1": Fraction(2)}
    outside = inside | {"alpha2": Fraction(9)}
    sound = kernels(id_)["noise"]
    assert has_value(sound, formula, inside)
    assert not has_value(sound, formula, outside)
    faulty = replace(sound, arrays=lambda *values: np.sqrt(-np.abs(values[0])))
    assert has_value(faulty, formula, inside)


PLANTED = {
    "a factor": (
        "label_noise_determinant",
        "dW2 = matmul(swap(W1), dZ)",
        "dW2 = 2 * matmul(swap(W1), dZ)",
    ),
    "a factor in a context": (
        "label_noise_determinant",
        "dW2 = ctx.matmul(ctx.transpose(W1), dZ)",
        "dW2 = ctx.matmul(ctx.transpose(W1), ctx.add(dZ, dZ))",
    ),
    "a transpose": (
        "label_noise_determinant.label_noise",
        "trace(matmul(swap(X), X))",
        "trace(matmul(X, X[..., : X.shape[-1], :]))",
    ),
    "a square lost": ("label_noise_determinant.label_noise", "/ n**2", "/ n"),
    "a sign": ("balancedness", "W1) - matmul(W2, swap(W2))", "W1) + matmul(W2, swap(W2))"),
    "an Itô term": ("balancedness.discrete", "eta**2", "eta**3"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_planted_in_a_generated_module_is_noticed(name: str) -> None:
    id_, before, after = PLANTED[name]
    source = (Path(numerics.kernels.__path__[0]) / f"{id_.split('.')[0]}.py").read_text()
    assert before in source
    compare(id_, run_source(source)["KERNELS"][id_])
    with pytest.raises(AssertionError):
        compare(id_, run_source(source.replace(before, after))["KERNELS"][id_])
