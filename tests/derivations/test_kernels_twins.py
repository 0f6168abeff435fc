"""Every generated kernel beside its twins: literal loops, and forty digits."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterator, Mapping
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
from tests.derivations.literal_kernels import as_array, literal_value

IDS = [claim.id for claim in claims() if claim.speaks]
BATCH = (2, 3)
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


def point_for(id_: str, formula: Formula) -> tuple[list[LetterSignature], dict[str, Any]]:
    """A batch of points at which the claim's conditions hold, decided among the fractions.

    Raises ValueError if too few of the points drawn meet them.
    """
    rng = np.random.default_rng(zlib.crc32(f"{id_} {formula.name}".encode()))
    letters, sizes = letters_of(formula), admitted_sizes(signature(id_))
    asked = conditions_on(id_, {letter.name for letter in letters})
    count, good = BATCH[0] * BATCH[1], []
    for _ in range(16):
        many = draw(letters, rng, (count,), sizes)
        for one in (member(many, at) for at in range(count)):
            exact = {**sizes, **in_context(Q, one, letters)}
            if all(meets(Q, word, kernel.in_context(Q, exact)) for kernel, word in asked):
                good.append(one)
        if len(good) >= count:
            return letters, batch_of(good[:count])
    raise ValueError(f"{id_}: {formula.name}: {len(good)} of {16 * count} points are admissible")


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


@pytest.mark.parametrize("id_", IDS)
def test_arrays_and_digits_agree_with_loops(id_: str) -> None:
    compare(id_, kernels(id_))


def compare(id_: str, found: Mapping[str, Kernel]) -> None:
    for formula, many, by_loops, fine in twins(id_, found):
        scale = max(1.0, float(np.max(np.abs(by_loops), initial=0.0)))
        where = f"{id_}: {formula.name}"
        np.testing.assert_allclose(fine, by_loops, rtol=1e-14, atol=1e-14 * scale, err_msg=where)
        np.testing.assert_allclose(many, by_loops, rtol=1e-8, atol=1e-8 * scale, err_msg=where)


@pytest.mark.parametrize("id_", IDS)
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


@pytest.mark.parametrize("id_", IDS)
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
        "trace(matmul(X, X[..., :2, :]))",
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
