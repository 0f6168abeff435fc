"""The worked examples: each agrees as it is, and one planted mistake in each is caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify import check, examples
from verify.outside.files import read
from verify.planning import TIERS
from verify.verdict import Status

FOLDER = Path(examples.__file__).parent
LONGEST = 30

# What is typed, the mistake, the claim that becomes wrong, the tier that is asked to see it.
PLANTED = {
    "first_passage": ("2 * ndtr", "1.8 * ndtr", "reached", "path"),
    "gbm": ("sigma**2 / 2,\n    martingale", "sigma**2,\n    martingale", "logarithm", "exact"),
    "heston": ("mu - v / 2", "mu - v", "log_price", "generator"),
    "label_noise": ("-2 * k * tr(C)", "-2 * p * tr(C)", "rate", "generator"),
    "ornstein_uhlenbeck": ("(2 * theta)", "theta", "law", "path"),
    "repulsion": ("(q_i + q_j)", "(q_i - q_j)", "eigenvalue", "exact"),
    "sgd_step": ("eta**2 * noise", "eta * noise", "imbalance", "exact"),
    "singular_value": ("1 / (2 * values(X)[0])", "1 / values(X)[0]", "largest", "one-step"),
    "time_change": ("1 + x**2, changed", "1 + 2 * x**2, changed", "clock", "generator"),
    "wishart": ("m - n - 1", "m - n + 1", "log_determinant", "derivation"),
}

# Coupled paths of two systems take seconds; they have tests of their own.
ASKED = {"time_change": ("generator", "one-step")}


def test_there_are_ten_and_each_has_a_mistake() -> None:
    names = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert names == set(PLANTED)
    assert len(names) == 10


@pytest.mark.parametrize("name", PLANTED)
def test_an_example_is_short_and_agrees(name: str) -> None:
    path = FOLDER / f"{name}.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST
    found = read(str(path))
    assert not found.troubles
    for claim in found.claims:
        verdict = check(claim, effort="quick", tiers=ASKED.get(name, TIERS))
        assert verdict.agrees, str(verdict)
        assert verdict.as_expected


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_caught(name: str, tmp_path: Path) -> None:
    typed, mistake, claim_id, tier = PLANTED[name]
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert text.count(typed) == 1
    wrong = tmp_path / f"{name}.py"
    wrong.write_text(text.replace(typed, mistake), encoding="utf-8")
    (claim,) = (c for c in read(str(wrong)).claims if c.id == claim_id)
    verdict = check(claim, effort="quick", tiers=(tier,))
    assert verdict.status == Status.DISAGREES, str(verdict)
