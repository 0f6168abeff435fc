"""Makes the mutants of a claim, asks the tiers, and finds out why a tier did not reject one.

All mutants of a claim that leave its declaration as it is share one memory: what is measured of the
declared system is measured once, and compared with each.  Of such a mutant only the kernels that
it changes are printed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import zip_longest
from typing import Any

from numerics.errors import FunctionError
from verify.errors import ClaimError
from verify.loading import claim_of, compiled, problem_of
from verify.memory import Memory
from verify.outside.functions import functional
from verify.problem import Problem, Reference, names
from verify.runner import Progress, Settings, judge
from verify.runs.workers import results
from verify.verdict import Status

from .table import Kill, Outcome, Table, kills, visible_tiers
from .visibility import change, has_value

__all__ = ["MOST", "Mutation", "chosen", "judged", "kill_table", "kill_tables", "spread"]

MOST = 4
"""Generated mutants of a claim, unless all are asked for."""

_ALONE = frozenset(
    (
        "drift",
        "martingale",
        "rate",
        "left",
        "right",
        "change",
        "matrix",
        "laws",
        "exponents",
        "value",
        "cdf",
        "density",
        "probability",
        "threshold",
        "path.law",
    )
)
"""Fields whose kernels stand by themselves: what is declared, and its signature, do not move."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """What is asked of the mutants of a claim.

    ``most`` bounds those generated; None is all of them.  Those written by hand are always judged,
    unless ``by_hand`` is false.
    """

    most: int | None = MOST
    by_hand: bool = True


def spread(mutants: Sequence[Any], most: int | None, start: str = "") -> tuple[Any, ...]:
    """At most so many of the generated mutants: every field and every kind of mistake in turn.

    ``start`` decides with which the turns begin, so that claims differ in what is left out.
    """
    if most is None or len(mutants) <= most:
        return tuple(mutants)
    groups: dict[tuple[str, str], list[Any]] = {}
    for mutant in mutants:
        groups.setdefault((mutant.field, mutant.kind), []).append(mutant)
    fields: dict[str, list[list[Any]]] = {}
    for (field, _), members in groups.items():
        fields.setdefault(field, []).append(members)
    turn = zlib.crc32(start.encode())
    lines = {
        name: list(_in_turn(_turned(kinds, turn + 2 * n)))
        for n, (name, kinds) in enumerate(fields.items())
    }
    if "sde" in lines:
        # Another system is measured anew.
        lines["sde"] = lines["sde"][:1]
    order = list(_in_turn(lines.values()))
    taken = {id(mutant) for mutant in order[:most]}
    return tuple(mutant for mutant in mutants if id(mutant) in taken)


def _turned(items: list[Any], turn: int) -> list[Any]:
    n = turn % len(items)
    return [*items[n:], *items[:n]]


def _in_turn(lists: Iterable[Sequence[Any]]) -> Iterator[Any]:
    """One of each, then another of each, as long as there are any."""
    nothing = object()
    for row in zip_longest(*lists, fillvalue=nothing):
        yield from (item for item in row if item is not nothing)


def chosen(claim: Any, asked: Mutation) -> tuple[tuple[Any, ...], int]:
    """The mutants of a claim that are judged, and how many there are in all."""
    from derivations.mutation import generated_mutants

    from .of_functions import function_mutants

    make = function_mutants if functional(claim) else generated_mutants
    by_hand = claim.mutants if asked.by_hand else ()
    right = claim.expected == Status.AGREES
    generated = make(claim) if right and asked.most != 0 else ()
    taken = spread(generated, asked.most, claim.id)
    return (*by_hand, *taken), len(claim.mutants) + len(generated)


def kill_table(
    references: Sequence[Reference],
    settings: Settings,
    asked: Mutation,
    progress: Progress | None = None,
) -> Table:
    """The kill table of several claims, in their order, by as many workers as the settings say."""
    return sum(kill_tables(references, settings, asked, progress), Table())


def kill_tables(
    references: Sequence[Reference],
    settings: Settings,
    asked: Mutation,
    progress: Progress | None = None,
) -> tuple[Table, ...]:
    """The same, a table for every claim."""
    jobs = [
        _Job(reference=reference, settings=settings, asked=asked, claims=len(references))
        for reference in references
    ]
    found: dict[int, Table] = {}
    for number, table in results(_Job.done, jobs, workers=settings.workers, lost=_Job.lost):
        found[number] = table
        if progress:
            progress(len(found), len(jobs), jobs[number].reference.claim)
    called = names(references)
    return tuple(found[number].named(name) for number, name in enumerate(called))


@dataclass(frozen=True, kw_only=True)
class _Job:
    """The mutants of one claim, as a worker is given them."""

    reference: Reference
    settings: Settings
    asked: Mutation
    claims: int

    def done(self) -> Table:
        """The kill table of the claim; an error in a user's claim is a defect of the table."""
        try:
            return judged(self.reference, self.settings, self.asked, self.claims)
        except (ClaimError, FunctionError) as error:
            return self.lost(str(error))

    def lost(self, reason: str) -> Table:
        """A claim whose mutants end the process in which they are judged."""
        return Table(defects=(f"{self.reference.claim}: {reason}",))


def judged(reference: Reference, settings: Settings, asked: Mutation, claims: int = 1) -> Table:
    """The kill table of one claim, as one of ``claims`` that share the error rates of a run."""
    claim = claim_of(reference)
    mutants, available = chosen(claim, asked)
    # With some tiers only, mutants that others see are nobody's; one that no tier sees stays.
    mutants = tuple(m for m in mutants if _asked(m, settings.tiers) or not visible_tiers(m.changes))
    if not mutants:
        return Table(available=available)
    workshop = _Workshop.of(claim, settings, claims)
    rows: list[Kill] = []
    defects = list(workshop.control({t for m in mutants for t in _asked(m, settings.tiers)}))
    judged_ones = 0
    for mutant in mutants:
        wrong = workshop.made(mutant)
        if wrong is None:
            continue
        found, said = workshop.rows(mutant, wrong)
        judged_ones += 1
        rows += found
        defects += said
    return Table(rows=tuple(rows), mutants=judged_ones, available=available, defects=tuple(defects))


def _asked(mutant: Any, tiers: Iterable[str]) -> tuple[str, ...]:
    """The tiers that are asked: those that can see a mutant, and no simulation for each of many."""
    seen = visible_tiers(mutant.changes)
    kind = getattr(mutant, "kind", None)
    if kind is not None:
        dear = {"algorithm"}
        if not _keeps(mutant):
            dear.add("path")
        seen = tuple(tier for tier in seen if tier not in dear)
    return tuple(tier for tier in tiers if tier in seen)


def _keeps(mutant: Any) -> bool:
    """Whether simulated paths of the claim serve a mutant too."""
    fields = set(mutant.changes)
    return fields <= _ALONE - {"rate"} or (fields == {"path"} and mutant.field == "law")


def _differing(claim: Any, wrong: Any, changes: Iterable[str]) -> set[str]:
    """Which of the fields that are given anew differ; of a check of paths, which of its own."""
    found = set()
    for name in changes:
        pair = getattr(claim, name), getattr(wrong, name)
        if name == "path" and None not in pair:
            parts = {
                part.name: [getattr(check, part.name) for check in pair] for part in fields(pair[0])
            }
            found |= {f"path.{part}" for part, (a, b) in parts.items() if a != b}
        elif pair[0] != pair[1]:
            found.add(name)
    return found


@dataclass(frozen=True, kw_only=True)
class _Workshop:
    """A claim with its kernels, its memory, and what is known of the kernels' formulas."""

    claim: Any
    problem: Problem
    printed: dict[str, Any]
    settings: Settings
    claims: int

    @classmethod
    def of(cls, claim: Any, settings: Settings, claims: int) -> _Workshop:
        from derivations.codegen import stated_formulas

        return cls(
            claim=claim,
            problem=replace(compiled(claim), memory=Memory()),
            printed={}
            if functional(claim)
            else {formula.name: formula.results for formula in stated_formulas(claim)},
            settings=settings,
            claims=claims,
        )

    @property
    def letters(self) -> set[str]:
        """The names that a point of the claim has."""
        taken = {name for kernel in self.problem.kernels.values() for name in kernel.arguments}
        return taken | set(self.problem.signature.dimensions)

    def control(self, tiers: Iterable[str]) -> Iterator[str]:
        """The claim itself must pass: a tier that rejects everything kills nothing."""
        # A form that the derivation calls wrong is so at a point that it names.
        asked = set(tiers) - {"derivation"}
        settings = replace(self.settings, tiers=tuple(t for t in self.settings.tiers if t in asked))
        for evidence in judge(self.problem, settings, self.claims).evidence:
            if evidence.status == Status.DISAGREES and self.claim.expected == Status.AGREES:
                yield f"{self.claim.id}: {evidence.tier} rejects the claim itself"

    def rows(self, mutant: Any, wrong: Problem) -> tuple[list[Kill], list[str]]:
        """The rows of one mutant, and what is wrong with its tiers beside survivors."""
        tiers = _asked(mutant, self.settings.tiers)
        verdict = judge(wrong, replace(self.settings, tiers=tiers), self.claims)
        rows = list(kills(mutant, self.claim.id, verdict))
        left = [row for row in rows if not row.killed]
        if not left:
            return rows, []
        if self.equal(mutant):
            same = [replace(row, outcome=Outcome.EQUIVALENT) for row in rows]
            rejected = [row.tier for row in rows if row.killed]
            said = f"{self.claim.id}~{mutant.name}: proved equal, and rejected by "
            return same, [said + ", ".join(rejected)] if rejected else []
        return [row if row.killed else self.explained(row, wrong) for row in rows], []

    def explained(self, row: Kill, wrong: Problem) -> Kill:
        """A mutant that a tier did not reject, and whether there was something to see."""
        plan = self.settings.plan.for_tier(self.problem.id, row.tier, self.claims)
        found, least = change(row.tier, self.problem, wrong, plan)
        outcome = Outcome.SURVIVED if found >= least else Outcome.NOT_VISIBLE
        return replace(row, change=found, outcome=outcome)

    def equal(self, mutant: Any) -> bool:
        """Whether the mutant is proved to say what the claim says; of functions nothing is."""
        if functional(self.claim):
            return False
        from derivations.mutation import proved_equal
        from verify.tiers.derivation import facts_of

        return proved_equal(self.claim, mutant, facts_of(self.claim))

    def made(self, mutant: Any) -> Problem | None:
        """The problem of a mutant; None if a generated one does not typecheck, or has no value."""
        try:
            wrong = self._made(mutant)
        except (TypeError, ValueError):
            if not hasattr(mutant, "kind"):
                raise
            return None
        plan = self.settings.plan.for_tier(self.problem.id, "path", self.claims)
        valued = not hasattr(mutant, "kind") or has_value(self.problem, wrong, plan)
        return wrong if valued else None

    def _made(self, mutant: Any) -> Problem:
        """What a mutant changes is printed, all else is that of the claim."""
        # The claim's own id, so that points and paths are those of the claim.
        wrong = replace(self.claim.mutated(mutant), id=self.claim.id)
        changed = _differing(self.claim, wrong, mutant.changes)
        if functional(wrong):
            alone = changed <= _ALONE
            return self._finished(compiled(wrong), self.problem.memory if alone else None)
        if changed <= _ALONE:
            found = self._printed(wrong)
            if found is not None:
                return found
        # The system in the new time has a signature of its own, and leaves the old one as it is.
        memory = self.problem.memory if changed == {"changed"} else None
        return self._finished(compiled(wrong), memory)

    def _printed(self, wrong: Any) -> Problem | None:
        """The problem if its kernels take nothing new."""
        from derivations.codegen import compile_formulas, stated_formulas

        changed = [f for f in stated_formulas(wrong) if self.printed.get(f.name) != f.results]
        if any(f.name in self.problem.declared.kernels for f in changed):
            return None
        kernels = compile_formulas(wrong, changed)
        if any(not set(kernel.arguments) <= self.letters for kernel in kernels.values()):
            return None
        problem = problem_of(wrong, {**self.problem.kernels, **kernels}, self.problem.signature)
        return self._finished(problem, self.problem.memory)

    def _finished(self, problem: Problem, memory: Memory | None) -> Problem:
        return replace(problem, expected=Status.DISAGREES, memory=memory)
