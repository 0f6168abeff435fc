"""Mistakes in claims of Python functions, whose terms are not known, against what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from verify import DifferentialClaim, NumericSDE, NumericUpdate, StepClaim, TimeChangeClaim
from verify.finding.finding import Finding
from verify.finding.locate import located
from verify.loading import compiled
from verify.outside.claim_types import accepted
from verify.planning import Plan


def found(claim: Any) -> Finding:
    return located(compiled(accepted(claim)), (), Plan())


def square(v: Any) -> Any:
    return np.sum(v**2, -1)


def scaled(eta: Any, dB: Any) -> Any:
    return np.asarray(eta)[..., None] * dB


SDE = NumericSDE(
    states={"r": (), "v": (3,)},
    noises={"B": (3,)},
    parameters={"eta": (0.5, 2.0), "k": (1.0, 3.0)},
    drift={"r": lambda r, k: -k * r, "v": lambda v, k: -np.asarray(k)[..., None] * v},
    noise={"r": lambda dB, eta: np.sqrt(eta) * dB[..., 0], "v": scaled},
)


def stated(drift: Any, **fields: Any) -> DifferentialClaim:
    """The drift of r² + |v|², which is −2k r² − 2k |v|² + η + 3η²."""
    return DifferentialClaim(
        sde=SDE,
        observable=lambda r, v: r**2 + square(v),
        drift=drift,
        martingale=None,
        **fields,
    )


@pytest.mark.parametrize(
    ("drift", "missing"),
    [
        (lambda r, v, k, eta: -2 * k * (r**2 + square(v)) + eta + 2 * eta**2, "η²"),
        (lambda r, v, k, eta: -2 * k * (r**2 - square(v)) + eta + 3 * eta**2, "-4 k |v|²"),
        (
            lambda r, v, k, eta: -2 * k * (r**2 + square(v)) + eta + 3 * eta**2 + k * r * eta,
            "-η k r",
        ),
        (lambda r, v, k, eta: -2 * k * (r**2 + square(v)) + eta + 3 * eta**2 + eta * v[..., 1],
         "-η v_2"),
    ],
    ids=["number", "sign of a hidden term", "one too many", "an entry"],
)  # fmt: skip
def test_what_is_to_be_added_to_a_function(drift: Any, missing: str) -> None:
    finding = found(stated(drift))
    assert finding.lines == (f"drift: adding {missing} makes it fit (8 points)",)
    assert finding.explained


def decay(r: Any, v: Any, k: Any) -> Any:
    return -2 * k * (r**2 + square(v))


def test_named_terms_are_counted_as_they_are_named() -> None:
    terms = {"decay": decay, "first": lambda eta: eta, "second": lambda eta: 3 * eta**3}
    wrong = stated(lambda r, v, k, eta: decay(r, v, k) + eta + 3 * eta**3, terms=terms)
    (line,) = found(wrong).lines
    said = "drift, term second of 3 that are named: it must be multiplied by 1/η (8 points)"
    assert line == said


def test_without_terms_it_is_said_how_to_name_them() -> None:
    wrong = stated(lambda r, v, k, eta: decay(r, v, k) + eta + 3 * eta**3)
    (line,) = found(wrong).lines
    assert line.endswith("terms={…} would name its terms, and each would be refitted")


UPDATE = NumericUpdate(
    states={"w": (3,)},
    parameters={"eta": (0.01, 0.1)},
    moves=lambda w, eta: w - np.asarray(eta)[..., None] * w,
)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (lambda w, eta: -2 * eta * square(w), "η² |w|²"),
        (lambda w, eta: (eta**2 - 2 * eta) * square(w) + eta * np.sum(w, -1), "-η Σ w"),
    ],
)
def test_what_is_to_be_added_to_the_change_of_a_step(change: Any, missing: str) -> None:
    finding = found(StepClaim(update=UPDATE, observable=lambda w: square(w), change=change))
    assert finding.lines == (f"change: adding {missing} makes it fit (8 points)",)
    assert finding.counterexample is not None


def test_entries_of_a_vector_in_a_new_time_have_a_counter_example() -> None:
    def system(drift: Any, noise: Any) -> NumericSDE:
        return NumericSDE(states={"x": (2,)}, noises={"B": (2,)}, drift=drift, noise=noise)

    claim = TimeChangeClaim(
        sde=system(lambda x: -x, lambda x, dB: np.sqrt(1 + x**2) * dB),
        rate=lambda x: 1 + x[..., 0] ** 2,
        changed=system(lambda x: -x / (1 + x[..., :1] ** 2), lambda dB: dB),
    )
    finding = found(claim)
    assert finding.lines[0].startswith("diffusion matrix, d⟨entry 2 of x, entry 2 of x⟩/dτ: ")
    assert finding.counterexample is not None
    assert (finding.counterexample.measured, finding.counterexample.claimed) == ("0.5", "1")
