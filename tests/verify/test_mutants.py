from __future__ import annotations

import pytest

from derivations.claim import Claim, Mutant
from verify import mutants
from verify.loading import mutant_references
from verify.planning import TIERS
from verify.runner import Settings, run
from verify.verdict import Evidence, Status, Verdict

CHANGED = Mutant(name="wrong", mistake="a mistake", changes={"drift": 0})


def verdict(**statuses: Status) -> Verdict:
    evidence = tuple(
        Evidence(tier=tier.replace("_", "-"), status=status, reason="for a test")
        for tier, status in statuses.items()
    )
    return Verdict(claim="a", title="A", evidence=evidence)


@pytest.mark.parametrize(
    ("changes", "tiers"),
    [
        (["drift"], ("derivation", "exact", "generator", "one-step")),
        (["sde"], ("derivation", "exact", "generator", "one-step", "path")),
        (["left"], ("derivation", "exact", "generator", "one-step", "algorithm")),
        (["path"], ("path",)),
        (["algorithm"], ("algorithm",)),
        (["drift", "algorithm"], ("derivation", "exact", "generator", "one-step", "algorithm")),
        (["title"], ()),
    ],
)
def test_who_can_see_what(changes: list[str], tiers: tuple[str, ...]) -> None:
    assert mutants.visible_tiers(changes) == tiers


def test_only_a_refusal_kills() -> None:
    found = verdict(
        derivation=Status.DISAGREES,
        exact=Status.AGREES,
        generator=Status.INCONCLUSIVE,
        one_step=Status.NOT_APPLICABLE,
        path=Status.DISAGREES,
    )
    rows = mutants.kills(CHANGED, "a", found)
    assert [(row.tier, row.killed) for row in rows] == [
        ("derivation", True),
        ("exact", False),
        ("generator", False),
    ]
    assert mutants.exit_code(rows, 1) == 1


def test_a_table_is_good_if_every_mutant_is_seen_and_killed() -> None:
    rows = mutants.kills(CHANGED, "a", verdict(derivation=Status.DISAGREES))
    assert mutants.exit_code(rows, 1) == 0
    assert mutants.exit_code(rows, 2) == 1
    assert mutants.exit_code((), 0) == 1


def test_the_catalogue_has_mutants_for_every_tier() -> None:
    chosen = mutant_references((), TIERS)
    assert len(chosen) >= 60
    for tier in TIERS:
        assert any(tier in (reference.tiers or ()) for reference, _ in chosen), tier


@pytest.mark.slow
@pytest.mark.parametrize("tiers", [("derivation", "exact", "generator"), ("path", "algorithm")])
def test_every_mutant_of_the_catalogue_is_killed(tiers: tuple[str, ...]) -> None:
    chosen = [
        (reference, mutant) for reference, mutant in mutant_references((), tiers) if reference.tiers
    ]
    verdicts = run([r for r, _ in chosen], Settings(tiers=tiers, effort="quick", workers=2))
    rows = [
        row
        for (reference, mutant), found in zip(chosen, verdicts, strict=True)
        for row in mutants.kills(mutant, reference.claim, found)
    ]
    assert rows
    survivors = [
        f"{r.claim}~{r.mutant} in {r.tier}: {r.evidence.reason}" for r in rows if not r.killed
    ]
    assert not survivors


def test_a_mutated_claim_is_another_claim() -> None:
    claim = Claim(id="a", title="A", source="here", statement="this", mutants=(CHANGED,))
    changed = claim.mutated(Mutant(name="b", mistake="c", changes={"title": "B"}))
    assert (changed.id, changed.title, changed.mutants) == ("a~b", "B", ())
