"""Made-up verdicts, and runs that judge nothing, for the tests of what is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from verify.problem import Reference
from verify.runner import Settings
from verify.runs.provenance import Provenance
from verify.runs.store import Record
from verify.verdict import Evidence, Status, Verdict

SETTINGS = Settings(tiers=("exact", "path"), effort="quick", seed=3, workers=1)
PROVENANCE = Provenance(claim="c" * 64, derivation="d" * 64, kernels="k" * 64, judge="j" * 64)
VERSIONS = {"numpy": "2.4.6", "python": "CPython 3.11.7"}


def evidence(tier: str = "exact", **fields: Any) -> Evidence:
    """Evidence with every kind of number in it."""
    numbers = {
        "tenth": 0.1,
        "tiny": np.float64(5e-324),
        "count": np.int64(3),
        "array": np.arange(3) / 3,
        "undefined": float("nan"),
        "sure": np.bool_(True),
        "nested": {"text": "λ ≤ 1", "values": (1, 2.5, None)},
    }
    given = {"status": Status.AGREES, "reason": "made up", "numbers": numbers, "seconds": 1.2345}
    return Evidence(tier=tier, **{**given, **fields})


def verdict(claim: str = "one", *found: Evidence) -> Verdict:
    return Verdict(
        claim=claim,
        title=f"title of {claim}",
        evidence=found or (evidence(), evidence("path", false_agree=2e-9, false_reject=1e-9)),
    )


def record(claim: str = "one", *found: Evidence) -> Record:
    return Record(
        reference=Reference(claim=claim), provenance=PROVENANCE, verdict=verdict(claim, *found)
    )


def with_number(given: Verdict, value: float) -> Verdict:
    """The verdict with another number in its first evidence."""
    first, *others = given.evidence
    changed = replace(first, numbers={**first.numbers, "tenth": value})
    return replace(given, evidence=(changed, *others))
