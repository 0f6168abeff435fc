"""Which term of a refuted claim is wrong, by what number or power, and a small counter-example.

Every term is evaluated alone and put beside what is measured of the declared system; the least
change that fits at all points is reported.  Nothing here changes a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from derivations.errors import DerivationError
from verify.bad_input import is_bad_input
from verify.errors import TimeLimitError
from verify.planning import Plan
from verify.printable import said_by
from verify.problem import Problem, SignSetting
from verify.runs.time_limit import limited
from verify.steps.checks import limited as at_drawn_sizes
from verify.verdict import Evidence

from .contradiction import contradictions
from .diffusions import of_diffusions
from .drawn import failing
from .examples import example
from .exchange import exchange_fit
from .finding import CounterExample, Finding
from .laws import NOISE, noise_in_law, opposite
from .measured import Arithmetic, Doubles, Row, Table, arithmetics, rows, table
from .moment_laws import of_moment_laws
from .path_fits import with_path_fits
from .refit import Change, Fit, best_fit, fits, whole_factor
from .residual_growth import growth
from .shrink import Small, failure
from .stated import Residual, StatedPart, Statement, clock_of, engine_residual
from .steps import of_steps
from .values import of_values, with_values
from .wording import changed, clock_line, missing_line, unexplained

__all__ = ["LOCATED", "located"]

LOCATED = (
    "covariation",
    "differential",
    "fokker planck",
    "identity",
    "moments",
    "stationary",
    "step",
    "time change",
)
"""Kinds of claims that state forms with terms."""

LEFT_OUT = "a martingale part that is left out is claimed to be 0; martingale=None leaves it open"

NAMED = "terms={…} would name its terms, and each would be refitted"

ENOUGH = 1.35
"""A change no greater than that is not looked beyond."""

SECONDS = 10.0
"""A guard; what is looked at is bounded by counts, so that it is the same on every machine."""


def located(problem: Problem, evidence: Sequence[Evidence], plan: Plan) -> Finding:
    """What is wrong with a claim that disagrees; says so where that could not be found out."""
    finding = _guarded(problem, evidence, plan)
    return replace(finding, lines=(*contradictions(evidence), *finding.lines))


def _guarded(problem: Problem, evidence: Sequence[Evidence], plan: Plan) -> Finding:
    try:
        with limited(SECONDS):
            return _located(problem, evidence, plan)
    except TimeLimitError as error:
        return _nothing(f"the search was {error}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the verdict stands
        return _nothing(_words(error))


def _words(error: BaseException) -> str:
    """What kept the search from its end; a missing key says nothing by itself."""
    if is_bad_input(error):
        return said_by(error)
    if isinstance(error, KeyError):
        return f"it has no value for {said_by(error)}"
    return f"{type(error).__name__}: {said_by(error)}"


def _nothing(reason: str) -> Finding:
    return Finding(lines=(f"the wrong term could not be located: {' '.join(reason.split())}",))


@dataclass(frozen=True, kw_only=True)
class _Wrong:
    """A part that does not fit, and the change that makes it fit, if one does."""

    part: StatedPart
    table: Table
    fit: Fit | None
    missing: Residual | None = None
    """What the engine derives beyond what is stated."""

    confirmed: bool = False
    """Whether the measured values say that this is what is missing."""


def _located(problem: Problem, evidence: Sequence[Evidence], plan: Plan) -> Finding:
    if problem.kind == "sign":
        return _of_sign(problem, evidence, plan)
    known = problem.kind != "stationary" or getattr(problem.claim, "alone", False)
    if problem.kind not in LOCATED or not known:
        return with_path_fits(of_values(problem, evidence), problem, evidence, plan)
    if problem.kind == "step":
        # Sizes at which its minibatches exist.
        problem = at_drawn_sizes(problem, None, None)
    statement = Statement.of(problem)
    try:
        parts = statement.parts("typed")
    except DerivationError:
        # Of one step, or of a density, the right form is what the engine derives.
        return _measured(problem, evidence, plan)
    if not parts:
        # Of functions: nothing has terms.
        return _measured(problem, evidence, plan)
    arithmetic, tables = table(problem, parts, plan)
    if not tables[0].points:
        return of_values(problem, evidence)
    if problem.kind == "time change" and opposite(parts, tables):
        statement = replace(statement, turned=True)
        parts = statement.parts("typed")
        arithmetic, tables = table(problem, parts, plan)
    pairs = list(zip(parts, tables, strict=True))
    lawful = noise_in_law(evidence) if problem.kind == "time change" else False
    wrong = [
        (part, found)
        for part, found in pairs
        if not fits(found, _coefficients(part)) and not (lawful and part.quantity == NOISE)
    ]
    if not wrong:
        return _measured(problem, evidence, plan)
    # Without noises that can be compared nothing says that one clock moves drifts and noises alike.
    clocked = not lawful and any(part.quantity == NOISE for part in parts)
    clock = _of_clock(problem, pairs) if problem.kind == "time change" and clocked else None
    if problem.kind == "identity":
        # What is typed on the right is what is claimed of the left.
        found = [_explained(statement, wrong[0][0], plan)]
        if not _explains(found[0]) and len(wrong) > 1:
            other = _explained(statement, wrong[1][0], plan)
            found = [other] if _explains(other) else found
    else:
        found = [_explained(statement, part, plan) for part, _ in wrong]
    lines = [line for w in found for line in _lines(w, problem, arithmetic, plan)]
    explained = all(map(_explains, found))
    if clock is None and any(w.part.quantity == NOISE and not _explains(w) for w in found):
        # Other Brownian motions, term by term not comparable: the diffusions say more.
        return _measured(problem, evidence, plan)
    if clock is not None:
        # One clock for all of it comes first; with the clock as claimed a term may be to blame.
        others = [(f"or, with this clock, {text}", data) for text, data in lines]
        lines, explained = [clock, *(others if explained else [])], True
    # At a step size one sees its higher powers too, of which a claim to an order says nothing.
    leading = statement.leading() if problem.kind == "step" else None
    shown_parts = [leading] if leading is not None else [w.part for w in found]
    finding = _finding(problem, arithmetic, shown_parts, lines, explained, plan)
    if all(part.quantity == "martingale" and _is_zero(table) for part, table in wrong):
        finding = replace(finding, lines=(*finding.lines, LEFT_OUT))
    return with_values(finding, problem, evidence) if problem.kind == "stationary" else finding


def _measured(problem: Problem, evidence: Sequence[Evidence], plan: Plan) -> Finding:
    """What was measured where nothing can be told term by term."""
    found = None
    if problem.kind == "step":
        found = of_steps(problem, plan)
    elif problem.kind == "time change":
        found = of_diffusions(problem, plan)
    elif problem.kind == "moments" and problem.claim is not None:
        found = of_moment_laws(problem.claim)
    return of_values(problem, evidence) if found is None else found


def _is_zero(stated: Table) -> bool:
    """Whether all terms of a part vanish at all points."""
    return not any(x for rows in stated.points for row in rows for x in row.terms)


def _explains(wrong: _Wrong) -> bool:
    return wrong.fit is not None or wrong.confirmed


def _coefficients(part: StatedPart) -> list[Any]:
    return [term.coefficient for term in (*part.terms, *part.candidates)]


def _explained(statement: Statement, part: StatedPart, plan: Plan) -> _Wrong:
    """The least change of a part at any level of its terms, forgotten terms included."""
    best: _Wrong | None = None
    problem = statement.problem
    for level in ("typed", "multiplied out", "sums split"):
        (deeper,) = statement.parts(level, candidates=True, only=part.name)
        if best is not None and len(deeper.terms) == len(best.part.terms):
            continue
        _, (found,) = table(problem, [deeper], plan)
        fit = best_fit(found, _coefficients(deeper), len(deeper.candidates))
        if best is None and _cost(fit) > 1.0:
            exchanged = exchange_fit(problem, deeper, plan)
            fit = exchanged if _cost(exchanged) < _cost(fit) else fit
        if best is None or _cost(fit) < _cost(best.fit):
            best = _Wrong(part=deeper, table=found, fit=fit)
        if _cost(best.fit) <= ENOUGH:
            break
    assert best is not None
    return best if _cost(best.fit) <= ENOUGH else _with_residual(statement, best, part, plan)


def _cost(fit: Fit | None) -> float:
    return float("inf") if fit is None else fit.cost


def _with_residual(statement: Statement, wrong: _Wrong, typed: StatedPart, plan: Plan) -> _Wrong:
    """With what the engine derives beyond what is stated, if the measured values say the same."""
    problem = statement.problem
    residual = engine_residual(problem, wrong.part.name)
    if residual is None or _cost(wrong.fit) <= 0.55 + 1.1 * residual.terms:
        return wrong
    try:
        terms = (*typed.terms, statement.term(residual.expression))
    except DerivationError:
        return replace(wrong, missing=residual)
    part = replace(typed, terms=terms, candidates=())
    _, (found,) = table(problem, [part], plan)
    confirmed = fits(found, _coefficients(part))
    if not confirmed:
        return replace(wrong, missing=residual)
    return _Wrong(part=typed, table=found, fit=None, missing=residual, confirmed=True)


def _of_clock(problem: Problem, pairs: Sequence[tuple[StatedPart, Table]]) -> Any:
    """The clock, if another one makes every drift and every noise fit."""
    factors: list[tuple[str, Change | None]] = []
    for part, found in pairs:
        coefficients = _coefficients(part)
        if not part.terms or all(row.measured == 0 for p in found.points for row in p):
            if fits(found, coefficients):
                continue
            return None
        right = fits(found, coefficients)
        factor = None if right else whole_factor(found, coefficients)
        if not right and factor is None:
            return None
        factors.append((part.quantity, factor))
    return clock_line(clock_of(problem), factors, pairs[0][1])


def _lines(wrong: _Wrong, problem: Problem, arithmetic: Arithmetic, plan: Plan) -> Iterator[Any]:
    """Line and data of everything that is wrong with a part."""
    if wrong.missing is not None:
        yield missing_line(wrong.part, wrong.missing, wrong.table, confirmed=wrong.confirmed)
        if wrong.confirmed:
            return
    if wrong.fit is not None:
        for change in wrong.fit.changes:
            functions = problem.claim is None
            yield changed(wrong.part, change, wrong.table, of_functions=functions)
    elif wrong.missing is None:
        powers = growth(problem, arithmetic, wrong.part, plan)
        line, data = unexplained(wrong.part, wrong.table, powers)
        advised = problem.claim is None and wrong.part.quantity == "drift"
        yield (f"{line}; {NAMED}" if advised and len(wrong.part.terms) == 1 else line), data


def _finding(
    problem: Problem,
    arithmetic: Arithmetic,
    parts: Sequence[StatedPart],
    lines: Sequence[Any],
    explained: bool,
    plan: Plan,
) -> Finding:
    return Finding(
        lines=tuple(text for text, _ in lines),
        changes=tuple(data for _, data in lines),
        explained=explained,
        counterexample=_counterexample(problem, arithmetic, parts[0], plan),
    )


def _counterexample(
    problem: Problem, arithmetic: Arithmetic, part: StatedPart, plan: Plan
) -> CounterExample | None:
    coefficients = _coefficients(part)

    def fails(sizes: Mapping[str, int], point: Mapping[str, Any]) -> Any:
        return failure(rows(arithmetic, problem, part, sizes, point), coefficients)

    small = failing(problem, fails, plan)
    if small is None:
        return None
    row, stated = small.found
    return example(part, _used(problem, part, small), row, stated)


def _used(problem: Problem, part: StatedPart, small: Small) -> Small:
    """The point without the letters that neither the system nor the part has."""
    stated = ("observable", "first", "second", "left", "right")
    system = part.quantity != "value"
    kernels = [
        k
        for name, k in problem.kernels.items()
        if name.startswith("condition_")
        or (system and name not in stated and not name.startswith(("stated_", "path_", "derived_")))
    ]
    kernels += [x for x in part.subject if not isinstance(x, str)]
    kernels += [term.kernel for term in part.terms]
    used = {name for kernel in kernels for name in kernel.arguments}
    return replace(small, point={name: x for name, x in small.point.items() if name in used})


def _of_sign(problem: Problem, evidence: Sequence[Evidence], plan: Plan) -> Finding:
    """A small point with the wrong sign; without one, what a tier says, with its point."""
    setting = problem.sign
    if setting is None:
        return _nothing("the claim states no sign")
    part = StatedPart(name="drift", quantity="drift", subject=(problem.kernel("observable"),))
    found: CounterExample | None = None

    def score(sizes: Mapping[str, int], point: Mapping[str, Any]) -> float:
        values = Doubles().of_arrays(problem, part, sizes, point)
        return min(value / (row.scale or 1.0) for value, row in _signed(setting, values))

    for arithmetic in arithmetics():

        def fails(
            sizes: Mapping[str, int], point: Mapping[str, Any], how: Arithmetic = arithmetic
        ) -> Any:
            for value, row in _signed(setting, rows(how, problem, part, sizes, point)):
                if value < -10 * row.error or (setting.strict and value == row.error == 0):
                    return row
            return None

        small = failing(problem, fails, plan, score)
        if small is not None:
            found = example(part, small, small.found, Fraction(0))
            break
    if found is None:
        return of_values(problem, evidence)
    found = CounterExample(**{**found.to_json(), "claimed": f"{setting.sign} 0"})
    return Finding(lines=("the drift has the wrong sign at a point",), counterexample=found)


def _signed(setting: SignSetting, found: Iterable[Row]) -> Iterator[tuple[float, Row]]:
    """The values that a claim speaks of, in the direction claimed."""
    for row in found:
        if setting.number is None or _chosen(row, setting.number):
            yield float(row.measured) * setting.direction, row


def _chosen(row: Row, number: int) -> bool:
    count = row.shape[0] if row.shape else 1
    return row.entry == (number - 1 if number > 0 else count + number)
