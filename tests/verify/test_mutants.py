"""The kill table: what counts as killed, what is only equivalent, and blind tiers found out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from derivations.catalogue import find
from derivations.claim import Claim, Mutant
from derivations.mutation import generated_mutants, proved_equal
from verify.loading import compiled
from verify.memory import Memory, written
from verify.mutants import table as mutants
from verify.mutants.making import Mutation, judged, kill_table, spread
from verify.mutants.table import Kill, Outcome, Table
from verify.planning import TIERS
from verify.problem import Reference
from verify.runner import Settings, judge
from verify.tiers import exact, generator, one_step
from verify.verdict import Evidence, Status, Verdict

CHANGED = Mutant(name="wrong", mistake="a mistake", changes={"drift": 0})
FORMS = ("derivation", "exact", "generator", "one-step")
CHEAP = "label_noise_determinant"


def verdict(**statuses: Status) -> Verdict:
    evidence = tuple(
        Evidence(tier=tier.replace("_", "-"), status=status, reason="for a test")
        for tier, status in statuses.items()
    )
    return Verdict(claim="a", title="A", evidence=evidence)


def row(outcome: Outcome, mutant: str = "b") -> Kill:
    found = Evidence(tier="exact", status=Status.AGREES, reason="for a test")
    return Kill(
        claim="a", mutant=mutant, mistake="c", tier="exact", evidence=found, outcome=outcome
    )


def of(claim: str, tiers: tuple[str, ...], most: int = 6) -> Table:
    settings = Settings(tiers=tiers, effort="quick", workers=1)
    return judged(Reference(claim=claim), settings, Mutation(most=most, by_hand=False))


# What counts.


@pytest.mark.parametrize(
    ("changes", "tiers"),
    [
        (["drift"], FORMS),
        (["sde"], (*FORMS, "path")),
        (["left"], (*FORMS, "algorithm")),
        (["path"], ("path",)),
        (["algorithm"], ("algorithm",)),
        (["drift", "algorithm"], (*FORMS, "algorithm")),
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
    assert mutants.exit_code(Table(rows=rows, mutants=1)) == 1


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (Table(), 1),
        (Table(rows=(row(Outcome.KILLED),), mutants=1), 0),
        (Table(rows=(row(Outcome.KILLED),), mutants=2), 1),
        (Table(rows=(row(Outcome.SURVIVED),), mutants=1), 1),
        (Table(rows=(row(Outcome.EQUIVALENT),), mutants=1), 0),
        (Table(rows=(row(Outcome.NOT_VISIBLE),), mutants=1), 0),
        (Table(rows=(row(Outcome.NOT_VISIBLE), row(Outcome.KILLED)), mutants=1), 0),
        (Table(rows=(row(Outcome.KILLED),), mutants=1, defects=("a right claim",)), 1),
    ],
)
def test_every_mutant_is_seen_and_none_survives(table: Table, code: int) -> None:
    assert mutants.exit_code(table) == code


# What is made.


@pytest.fixture(scope="module")
def all_of_it() -> dict[str, tuple[Any, ...]]:
    ids = (CHEAP, "balancedness.square", "deep_determinant.step", "moment_hierarchy.covariance",
           "first_layer_eigenvalues", "time_change", "lyapunov_spectrum.square")  # fmt: skip
    return {name: generated_mutants(find(name)) for name in ids}


def test_every_kind_of_mistake_and_every_field_is_made(
    all_of_it: dict[str, tuple[Any, ...]],
) -> None:
    made = [mutant for group in all_of_it.values() for mutant in group]
    kinds = {"coefficient", "sign", "lost term", "added", "power", "lost factor", "dimension",
             "index", "calculus", "covariance"}  # fmt: skip
    fields = {"drift", "martingale", "left", "right", "matrix", "law", "rate", "changed",
              "exponents", "sde"}  # fmt: skip
    assert kinds <= {mutant.kind for mutant in made}
    assert fields <= {mutant.field for mutant in made}


def test_mutants_differ_from_each_other_and_are_the_same_each_time(
    all_of_it: dict[str, tuple[Any, ...]],
) -> None:
    for name, group in all_of_it.items():
        names = [mutant.name for mutant in group]
        assert len(set(names)) == len(names)
        assert names == [mutant.name for mutant in generated_mutants(find(name))]


def test_a_spread_has_every_field_and_as_many_kinds_as_fit(
    all_of_it: dict[str, tuple[Any, ...]],
) -> None:
    group = all_of_it["balancedness.square"]
    few = spread(group, 8, "balancedness.square")
    assert len(few) == 8
    assert {m.field for m in few} == {m.field for m in group}
    assert len({m.kind for m in few}) >= 5
    assert spread(group, None) == group


def test_a_mutated_claim_is_another_claim() -> None:
    claim = Claim(id="a", title="A", source="here", statement="this", mutants=(CHANGED,))
    changed = claim.mutated(Mutant(name="b", mistake="c", changes={"title": "B"}))
    assert (changed.id, changed.title, changed.mutants) == ("a~b", "B", ())


def test_what_says_the_same_is_proved_to() -> None:
    claim: Any = find(CHEAP)
    same = Mutant(name="a", mistake="none", changes={"drift": claim.drift + claim.drift * 0})
    expanded = Mutant(name="b", mistake="none", changes={"drift": 2 * claim.drift - claim.drift})
    assert proved_equal(claim, same)
    assert proved_equal(claim, expanded)
    assert not proved_equal(claim, CHANGED)


# What is remembered.


def test_a_value_is_found_once() -> None:
    memory, calls = Memory(), []
    for _ in range(2):
        assert memory.recall("a", lambda: calls.append(1) or 3) == 3
    assert calls == [1]
    assert written({"x": (1, 2)}) != written({"x": (12,)})


@pytest.mark.parametrize("name", [CHEAP, "singular_values.quadratic_variation"])
def test_a_memory_changes_no_result(name: str) -> None:
    right: Any = find(name)
    settings = Settings(tiers=FORMS, effort="quick", workers=1)
    remembered = replace(compiled(right), memory=Memory())
    judge(remembered, settings)
    for mutant in right.mutants[:2]:
        wrong = replace(compiled(right.mutated(mutant)), id=name)
        plain = judge(wrong, settings)
        assert judge(replace(wrong, memory=remembered.memory), settings) == plain
        assert plain.status == Status.DISAGREES


def test_what_is_measured_is_handed_no_stated_form() -> None:
    problem = compiled(find(CHEAP))
    given = problem.measured("a", {}, lambda declared: declared)
    assert "observable" in given.kernels
    assert not [name for name in given.kernels if name.startswith("stated_")]
    assert given.claim is None


# Blind tiers.


def blind_to_all(*given: Any, **named: Any) -> bool:
    return True


@pytest.mark.parametrize(
    ("module", "name", "blind"),
    [
        (exact, "_equal", blind_to_all),
        (generator, "_decided", lambda *given: Status.AGREES),
        (one_step, "RELEVANT", 1e3),
    ],
)
def test_a_blind_tier_has_survivors(
    module: Any, name: str, blind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tier = module.TIER
    monkeypatch.setattr(module, name, blind)
    table = of(CHEAP, (tier,), most=3)
    assert table.rows
    assert all(row.result is Outcome.SURVIVED for row in table.rows)
    assert mutants.exit_code(table) == 1


def test_a_tier_that_sees_no_sign_lets_the_mutants_of_signs_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = exact._equal

    def either(ctx: Any, a: Any, b: Any) -> bool:
        return honest(ctx, a, b) or honest(ctx, a, ctx.scale(ctx.rational(-1), b)
                                           if ctx.is_matrix(b) else -b)  # fmt: skip

    monkeypatch.setattr(exact, "_equal", either)
    table = of(CHEAP, ("exact",), most=12)
    lived = [row.mutant for row in table.rows if row.result is Outcome.SURVIVED]
    assert lived == ["drift, term 1: sign"]


def test_a_tier_that_rejects_everything_kills_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_equal", lambda *given: False)
    table = of(CHEAP, ("exact",), most=2)
    assert table.defects == (f"{CHEAP}: exact rejects the claim itself",)
    assert mutants.exit_code(table) == 1


def test_a_broken_proof_of_equality_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import derivations.mutation

    monkeypatch.setattr(derivations.mutation, "equal", blind_to_all)
    monkeypatch.setattr(exact, "_equal", blind_to_all)
    table = of(CHEAP, ("exact", "generator"), most=2)
    assert table.defects
    assert mutants.exit_code(table) == 1


# The catalogue.


def test_a_few_generated_mutants_of_claims_of_every_kind_are_killed() -> None:
    ids = (CHEAP, "balancedness.square", "deep_determinant.step", "moment_hierarchy.covariance",
           "first_layer_eigenvalues", "singular_values.quadratic_variation")  # fmt: skip
    settings = Settings(effort="quick", workers=1)
    asked = Mutation(most=4, by_hand=False)
    table = kill_table([Reference(claim=name) for name in ids], settings, asked)
    assert table.mutants == 4 * len(ids)
    assert mutants.exit_code(table) == 0, mutants.document(table, {})["kills"]
    assert {row.tier for row in table.rows} == set(TIERS) - {"algorithm"}


def test_the_law_of_a_twice_as_noisy_system_is_another() -> None:
    from derivations import LEVEL, Brownian, LawClaim, MatrixSDE, State
    from derivations.claim import Mutant
    from derivations.mutation import proved_equal

    x, B = State("x"), Brownian("B")
    claim = LawClaim(
        id="law",
        title="",
        source="",
        statement="",
        sde=MatrixSDE({x: B.d}),
        observable=x,
        cdf=LEVEL,
        horizon=1,
    )
    for factor, same in ((2, False), (-1, True)):
        wrong = Mutant(name="noise", mistake="", changes={"sde": MatrixSDE({x: factor * B.d})})
        assert proved_equal(claim, wrong, ()) is same
