"""The catalogue: every theorem is found, every claim judged by the engine, every mutant refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sympy import lambdify

from derivations import catalogue, theorems
from derivations.claim import (
    POSITION,
    TIERS,
    Claim,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    MomentClaim,
    Mutant,
    SignClaim,
    Theorem,
    TimeChangeClaim,
)
from derivations.clocks import change_time
from derivations.derive import Deriver, derive, derived_covariation, derived_differential, once
from derivations.differential import differential
from derivations.equality import Status, equal
from derivations.errors import DerivationError
from derivations.fokker_planck import FokkerPlanckClaim, forward_parts
from derivations.moment_claims import moment_parts
from derivations.path_claims import StationaryClaim
from derivations.sign_claims import decided
from derivations.stationary_density import stationary_parts
from derivations.step_claims import derived_change, stated_change
from derivations.update import StepClaim
from verify.applicability import refusal

CLAIMS = {claim.id: claim for claim in catalogue.claims()}
MUTANTS = {
    f"{claim.id}~{mutant.name}": (claim, mutant)
    for claim in CLAIMS.values()
    for mutant in claim.mutants
}
# The engine has no answer for limits, which are checked on paths alone.
LIMITS = {id_: claim for id_, claim in CLAIMS.items() if "derivation" in claim.inapplicable}
ANSWERED = {id_: claim for id_, claim in CLAIMS.items() if id_ not in LIMITS}


# What there is.


def test_every_file_is_a_theorem() -> None:
    folder = Path(theorems.__path__[0])
    files = {path.stem for path in folder.glob("[!_]*.py")}
    assert files == set(catalogue.names())
    assert len(files) >= 7


def test_theorems_come_sorted_and_begin_with_their_own_claim() -> None:
    found = catalogue.load()
    assert [theorem.id for theorem in found] == sorted(theorem.id for theorem in found)
    assert all(theorem.claims[0].id == theorem.id for theorem in found)


def test_ids_are_unique() -> None:
    assert len(CLAIMS) == len(catalogue.claims())
    for claim in CLAIMS.values():
        names = [mutant.name for mutant in claim.mutants]
        assert len(names) == len(set(names)), claim.id


@pytest.mark.parametrize("id_", CLAIMS)
def test_a_claim_is_found_by_its_id(id_: str) -> None:
    found = catalogue.find(id_)
    assert (found.id, found.title) == (id_, CLAIMS[id_].title)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_is_complete(claim: Claim) -> None:
    assert claim.title
    assert claim.source
    assert claim.statement
    assert claim.inapplicable.keys() <= set(TIERS)
    assert all(claim.inapplicable.values())
    assert claim.expected in ("AGREES", "DISAGREES", "INCONCLUSIVE", "NOT APPLICABLE")
    assert claim.mutants or claim.expected != "AGREES"
    for tier, needed in (("path", claim.simulated), ("algorithm", claim.algorithm)):
        # Clocks and exponents are simulated from the systems of the claim, without a path check.
        if tier == "path" and isinstance(claim, TimeChangeClaim | ExponentClaim):
            assert needed is None
        else:
            assert (needed is None) == (tier in claim.inapplicable), tier
    for mutant in claim.mutants:
        assert mutant.mistake
        assert mutant.changes


# Near misses.


@pytest.mark.parametrize(
    ("id_", "near"),
    [
        ("label_noise_determinnant", "label_noise_determinant"),
        ("timechange", "time_change"),
        ("label_noise_determinant.label_nose", "label_noise_determinant.label_noise"),
        ("balancedness.squared", "balancedness.square"),
        ("balancednes.square", "balancedness"),
    ],
)
def test_an_unknown_id_names_near_misses(id_: str, near: str) -> None:
    with pytest.raises(DerivationError) as caught:
        catalogue.find(id_)
    assert id_.split(".")[0] in str(caught.value)
    assert "did you mean" in str(caught.value)
    assert near in str(caught.value)


def test_an_id_like_no_other_lists_what_there_is() -> None:
    with pytest.raises(DerivationError) as caught:
        catalogue.find_theorem("qqqq")
    listed = str(caught.value).partition("; there are ")[2].split(", ")
    files = Path(theorems.__path__[0]).glob("[!_]*.py")
    assert listed == sorted(path.stem for path in files)


# Files that are no theorems.

FAULTY = {
    "planted_without_function": ("X = 1", "no function theorem"),
    "planted_other_type": ("def theorem(): return 1", "must return a Theorem"),
    "planted_other_id": (
        "from derivations.claim import Theorem\n"
        "def theorem(): return Theorem(id='x', title='', source='', claims=())",
        "must return a Theorem with id",
    ),
    "planted_prefix": (
        "from derivations.claim import Claim, Theorem\n"
        "c = Claim(id='elsewhere', title='', source='', statement='')\n"
        "def theorem(): return Theorem(id='planted_prefix', title='', source='', claims=(c,))",
        "lacks the prefix",
    ),
    "planted_twice": (
        "from derivations.claim import Claim, Theorem\n"
        "c = Claim(id='planted_twice', title='', source='', statement='')\n"
        "def theorem(): return Theorem(id='planted_twice', title='', source='', claims=(c, c))",
        "taken",
    ),
}


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Writes a theorem file that the catalogue finds until the test is over."""
    monkeypatch.setattr(theorems, "__path__", [*theorems.__path__, str(tmp_path)])
    known = set(sys.modules)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    yield write
    catalogue.find_theorem.cache_clear()
    for name in set(sys.modules) - known:
        if name.startswith(f"{theorems.__name__}.planted"):
            del sys.modules[name]


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_file_is_refused(name: str, plant: Callable[[str, str], None]) -> None:
    text, said = FAULTY[name]
    plant(name, text)
    assert name in catalogue.names()
    with pytest.raises(DerivationError, match=said):
        catalogue.find_theorem(name)


def test_a_new_file_is_found(plant: Callable[[str, str], None]) -> None:
    plant(
        "planted",
        "from derivations.claim import Claim, Theorem\n"
        "c = Claim(id='planted', title='', source='', statement='')\n"
        "def theorem(): return Theorem(id='planted', title='', source='', claims=(c,))",
    )
    assert isinstance(catalogue.find_theorem("planted"), Theorem)
    assert catalogue.find("planted").id == "planted"


# What the engine says of the claims.


def conditions(claim: Claim) -> tuple[Any, ...]:
    return tuple(assumption.condition for assumption in claim.assumptions)


# A claim, its mutants and its steps share what is derived of one system.
REMEMBERED = once()


def maker(claim: Claim, original: str) -> Deriver:
    """What derives; a mutant of the declared side is derived by itself, and forgotten."""
    same = getattr(claim, "sde", None) is getattr(CLAIMS[original], "sde", None)
    return REMEMBERED if same else differential


def parts(claim: Claim, original: str) -> dict[str, tuple[Any, Any]]:
    """What follows from the declaration beside what is stated, part by part."""
    if isinstance(claim, DifferentialClaim):
        d = derived_differential(claim, maker(claim, original))
        return {
            "drift": (d.drift, claim.drift),
            "martingale part": (d.martingale, claim.martingale),
        }
    if isinstance(claim, CovariationClaim):
        return {"rate": (derived_covariation(claim, maker(claim, original)), claim.rate)}
    if isinstance(claim, MomentClaim):
        return {name: (derived, stated) for name, derived, stated in moment_parts(claim)}
    if isinstance(claim, IdentityClaim):
        return {"sides": (claim.left, claim.right)}
    if isinstance(claim, StepClaim):
        return {"change": (derived_change(claim), stated_change(claim))}
    if isinstance(claim, FokkerPlanckClaim):
        return {name: (derived, stated) for name, derived, stated in forward_parts(claim)}
    if isinstance(claim, StationaryClaim):
        return {name: (derived, stated) for name, derived, stated in stationary_parts(claim)}
    assert isinstance(claim, TimeChangeClaim)
    stated = claim.changed.to_ito()
    names = dict(zip(claim.sde.noises, stated.noises, strict=True))
    found = change_time(claim.sde, claim.rate, renamed=names)
    return {
        f"{part} of {state}": (getattr(found, part)(state), getattr(stated, part)(state))
        for state in claim.sde.states
        for part in ("drift", "noise")
    }


def answers(claim: Claim, original: str) -> set[Status]:
    facts = conditions(claim)
    if isinstance(claim, SignClaim):
        df = claim.sde.d(claim.observable, assuming=facts)
        return {decided(claim, df, facts, seed=1).status}
    pairs = parts(claim, original).values()
    return {equal(derived, stated, assuming=facts).status for derived, stated in pairs}


@pytest.mark.parametrize("claim", ANSWERED.values(), ids=ANSWERED)
def test_a_claim_has_the_answer_that_it_expects(claim: Claim) -> None:
    if refusal(claim) is not None:
        assert claim.expected == "NOT APPLICABLE"
        return
    found = answers(claim, claim.id)
    if claim.expected == "AGREES":
        assert found == {Status.EQUAL}
    else:
        assert claim.expected == "DISAGREES"
        assert Status.DIFFERENT in found


@pytest.mark.parametrize(("claim", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_proved_different(claim: Claim, mutant: Mutant) -> None:
    wrong = claim.mutated(mutant)
    if isinstance(claim, ExponentClaim):
        assert apart(claim, wrong) > 0.1
    elif claim.id in LIMITS:
        # Paths and steps tell: the kill table.
        assert any(getattr(claim, name) != value for name, value in mutant.changes.items())
    elif isinstance(claim, SignClaim):
        # A point of another sign may take a longer search than one seed's.
        assert Status.EQUAL not in answers(wrong, claim.id)
    else:
        assert Status.DIFFERENT in answers(wrong, claim.id)


def apart(claim: Claim, other: Claim) -> float:
    """How far the first stated exponents of two claims lie apart, at any sizes."""
    assert isinstance(claim, ExponentClaim)
    assert isinstance(other, ExponentClaim)
    gaps = [0.0]
    for sizes in claim.sizes:
        for here, there in zip(claim.exponents, other.exponents, strict=True):
            ends = [value(end, sizes) for end in (here.first, here.last)]
            assert ends == [value(end, sizes) for end in (there.first, there.last)]
            if ends[0] <= ends[1]:
                at = {**sizes, POSITION: ends[0]}
                gaps.append(abs(value(here.value, at) - value(there.value, at)))
    return max(gaps)


def value(expression: Any, at: Mapping[Any, Any]) -> float:
    return float(lambdify(list(at), expression, "mpmath")(*at.values()))


@pytest.mark.parametrize("claim", LIMITS.values(), ids=LIMITS)
def test_only_what_the_engine_cannot_say_is_not_derived(claim: Claim) -> None:
    with pytest.raises(DerivationError):
        derive(claim)
    assert {"path", "one-step"} - claim.inapplicable.keys()
    assert not isinstance(claim, ExponentClaim) or apart(claim, claim) == 0


# One differential of each theorem; the judge derives all of them.
DERIVED = [
    claim
    for claim in ANSWERED.values()
    if claim.speaks and ("." not in claim.id or not isinstance(claim, DifferentialClaim))
]


@pytest.mark.parametrize("claim", DERIVED, ids=[claim.id for claim in DERIVED])
def test_a_claim_is_derived_step_by_step(claim: Claim) -> None:
    derivation = derive(claim, REMEMBERED)
    assert derivation.steps
    assert all(step.check for step in derivation.steps)
    if isinstance(claim, StepClaim):
        return
    declared = {*conditions(claim), *getattr(getattr(claim, "sde", None), "assuming", ())}
    assert {*derivation.used, *derivation.unused} == declared
