"""Claims about one step of an algorithm: the expected change of an observable, derived.

    exactly        f(x⁺) is brought to normal form with the map put in for the states;
    to order m     for m <= 3 and x⁺ = x + O(h), by f(x + u) = f + D₁[u] + ½D₂[u, u] + O(h³).

The mean over draws replaces products of an even number of letters by contractions: two of one
letter as in the Itô table, with one unit of time for dt; four normals by the sum over their three
pairings (Isserlis 1918).  Odd products have mean zero, both laws being symmetric.  Of the weights
of a minibatch E w_i = 1, E w_i w_j = 1 − c and E w_i² = 1 + (n − 1)c.  What this does not reach is
refused by name: four signs, three weights, more than four letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, islice, product
from math import factorial, prod
from typing import Any

import flint
from sympy import Identity, Integer, Poly, sympify

from .admissible import draw
from .basis import Basis, FormAlgebra
from .contraction import Contraction
from .derivation import Derivation, Step, algebraic_step
from .differential import ItoAlgebra
from .display import expression
from .equality import BITS, vanishes
from .errors import DerivationError, StepError
from .expressions import is_zero
from .facts import Facts
from .forms import Atom, Form
from .interpreter import interpret
from .inverses import InverseOf
from .points import Point, entries, evaluate, precision
from .printing import unicode
from .resolution import is_spectral
from .step_orders import NotDerived, coefficient, least_power, truncated
from .support import on_support
from .symbols import FamilyMember, Index, MatrixIncrement, ScalarMember
from .terms import Monomial, Term
from .update import MatrixDraw, StepClaim, WeightDraw, drawn_in
from .words import Factor, factor

__all__ = ["NotDerived", "derived_change", "first_difference", "stated_change", "step_derivation"]

MOST_LETTERS = 4
EXPANDED = 3
"""Orders up to which the second-order expansion reaches."""

POINTS, MOST_OUTCOMES = 12, 64
"""Outcomes of the draws that are enumerated to check a mean, at the first point with few."""

_ASIDE = Index("aside", Integer(1))
"""Marks letters that wait for their own contraction."""


def derived_change(claim: StepClaim) -> Any:
    """E f(x⁺) − f(x), or f(x⁺) − f(x) for every draw, up to the order that is claimed.

    Raises
    ------
    NotDerived
        Naming what the rules do not reach.
    """
    return expression(_averaged(claim, _changed(claim)))


def stated_change(claim: StepClaim) -> Any:
    """The stated change, without what the claim's order leaves out and what the draws fix."""
    change = sympify(claim.change)
    if is_zero(change) or (claim.order is None and not drawn_in(change)):
        return change
    try:
        value: Form = interpret(change, _algebra(claim, [change]))
    except DerivationError:
        if claim.order is None:
            return change
        raise
    found = on_support(value if claim.order is None else truncated(claim, value))
    return change if claim.order is None and found == value else expression(found)


def first_difference(claim: StepClaim) -> tuple[int, Any, Any] | None:
    """The least power of the step size at which the derived and the stated change differ.

    With it both coefficients, the derived one first; None of an exact claim, or if none differs.
    """
    if claim.order is None:
        return None
    derived, change = _averaged(claim, _changed(claim)), sympify(claim.change)
    stated = Form.zero(derived.shape)
    if not is_zero(change):
        stated = on_support(interpret(change, _algebra(claim, [change])))
    for n in range(claim.order):
        a, b = coefficient(claim, derived, n), coefficient(claim, stated, n)
        if not vanishes(a - b):
            return n, expression(a), expression(b)
    return None


def _algebra(claim: StepClaim, expressions: Iterable[Any]) -> FormAlgebra:
    conditions = (a.condition for a in claim.assumptions if a.condition is not None)
    return FormAlgebra(Basis([*expressions]), Facts(conditions))


def _changed(claim: StepClaim) -> Form:
    """f(x⁺) − f(x) in normal form; to be averaged, its draws are increments of Brownian motions."""
    letters = {} if claim.pathwise else _increments(claim)
    moves = {state: new.xreplace(letters) for state, new in claim.update.moves.items()}
    f = sympify(claim.observable)
    moved = f.xreplace(moves)
    algebra = _algebra(claim, [f, moved])
    try:
        difference: Form = interpret(moved, algebra) - interpret(f, algebra)
    except DerivationError:
        if claim.order is None:
            raise
    else:
        if all(_is_plain(claim, m, c) for m, c in difference.terms.items()):
            return difference if claim.order is None else truncated(claim, difference)
    return _expanded(claim, f, moves)


def _increments(claim: StepClaim) -> dict[Any, Any]:
    """Drawn matrices as increments of Brownian motions over a unit of time."""
    return {
        d: MatrixIncrement(d.name, *d.shape, Identity(d.shape[0]), Identity(d.shape[1]))
        for d in claim.update.draws
        if isinstance(d, MatrixDraw)
    }


def _expanded(claim: StepClaim, f: Any, moves: dict[Any, Any]) -> Form:
    """D₁[u] + ½D₂[u, u] with u = x⁺ − x, up to the order that is claimed."""
    if claim.order is None or claim.order > EXPANDED:
        raise NotDerived(
            f"order={claim.order}: what moves stands inside a function, a determinant, an inverse "
            f"or an eigenvalue; a second-order expansion gives orders up to {EXPANDED}"
        )
    forms = _algebra(claim, [f])

    def of_state(state: Any) -> tuple[Form, Form]:
        zero = Form.zero(forms.letter(state).shape)
        if state not in moves:
            return zero, zero
        u: Form = interpret(moves[state], forms) - forms.letter(state)
        if any(least_power(claim, *term) < 1 for term in u.terms.items()):
            raise NotDerived(f"{state}: it does not stand still as {claim.step} tends to 0")
        return zero, u

    moved: Any = interpret(f, ItoAlgebra(forms, of_state, lambda products: products))
    return truncated(claim, moved.martingale + moved.drift)


def _is_plain(claim: StepClaim, m: Monomial, c: Any) -> bool:
    """Whether a term is a polynomial in the step size, if there is one, and in the draws.

    Neither may stand inside a function, a determinant, an inverse or an eigenvalue.
    """
    polynomial = claim.order is None or c.is_polynomial(claim.step)
    if not polynomial or claim.step in m.indexed.free_symbols or is_spectral(Form((), {m: c})):
        return False
    names = {str(claim.step), *(str(d.name) for d in claim.update.draws)} - {"None"}
    return not names & set(_hidden_in(m, c))


def _hidden_in(m: Monomial, c: Any) -> Iterator[str]:
    """The names of all letters inside the determinants, sums and inverses of a term."""
    words = [*m.cycles, m.word or ()]
    for symbol in (c * m.indexed).free_symbols:
        if not isinstance(symbol, Atom):
            continue
        content = symbol.payload[1]
        if isinstance(content, Form):
            yield from _names(content)
        else:
            words.append(content)
    for word in words:
        for f in word:
            if isinstance(f.base, InverseOf):
                yield from _names(f.base.form)


def _names(form: Form) -> Iterator[str]:
    """The names of all letters of a form."""
    for m, c in form.terms.items():
        yield from _hidden_in(m, c)
        yield from (str(symbol) for symbol in (c * m.indexed).free_symbols)
        for symbol in c.free_symbols:
            if isinstance(symbol, Atom) and not isinstance(symbol.payload[1], Form):
                yield from (str(getattr(f.base, "name", f.base)) for f in symbol.payload[1])
        for word in (*m.cycles, m.word or ()):
            yield from (str(getattr(f.base, "name", f.base)) for f in word)


# The mean over the draws.


def _averaged(claim: StepClaim, form: Form) -> Form:
    if claim.pathwise:
        return on_support(form)
    laws = {
        # The square of a single sign is 1, whatever it is paired with.
        str(d.name): "sign" if d.law == "two-point" and d.shape == (1, 1) else d.law
        for d in claim.update.draws
    }
    total = Form.zero(form.shape)
    for term in form.terms.items():
        m, c = _weighed(*term)
        total = total + _mean(Form.collect(form.shape, [(m, c)]), m, laws)
    return total


def _weighed(m: Monomial, c: Any) -> Term:
    """A term with the mean of its weights; its indices take different values."""
    weights = sorted(m.indexed.atoms(WeightDraw), key=str)
    if not weights:
        return m, c
    if not m.indexed.is_polynomial(*weights):
        raise NotDerived(f"{m.indexed}: no polynomial in the weights of a minibatch")
    mean = Integer(0)
    n, spread = weights[0].index.range, weights[0].spread
    for powers, rest in Poly(m.indexed, *weights).terms():
        if sum(powers) > 2 or len({w.name for w in weights}) > 1:
            raise NotDerived(f"{m.indexed}: there are rules for two weights of one minibatch")
        pair = 1 + (n - 1) * spread if 2 in powers else 1 - spread
        mean += rest * (pair if sum(powers) == 2 else 1)
    free = [x for x in mean.free_symbols if isinstance(x, Index)]
    members = mean.atoms(ScalarMember)
    if not free and not members:
        return m._replace(indexed=Integer(1)), c * mean
    return m._replace(indexed=mean), c


def _mean(term: Form, m: Monomial, laws: dict[str, str]) -> Form:
    """The mean of one term."""
    drawn = _drawn(m)
    counts = Counter(drawn)
    if any(n % 2 for n in counts.values()):
        return Form.zero(term.shape)
    contract = Contraction({})
    if not drawn:
        return term
    if len(drawn) == 2:
        return contract(term)
    fourth = [name for name, n in counts.items() if n > 2 and laws[name] == "two-point"]
    if len(drawn) > MOST_LETTERS or fourth:
        what = f"the fourth moment of signs ({fourth[0]})" if fourth else f"{len(drawn)} letters"
        raise NotDerived(f"mean of {what}: there are rules for two letters, and for four normals")
    result = Form.zero(term.shape)
    for partner in range(1, 4):
        if drawn[0] == drawn[partner]:
            waiting = {0, 1, 2, 3} - {0, partner}
            if len({drawn[n] for n in waiting}) == 1:
                first = contract(_set_aside(term, waiting))
                result = result + contract(_called_back(first))
            if laws[drawn[0]] == "sign":
                break
    return result


def _drawn(m: Monomial) -> list[str]:
    words = (*m.cycles, m.word or ())
    return [str(f.base.name) for word in words for f in word if f.is_increment]


def _renamed(form: Form, change: Any) -> Form:
    """The form with letters exchanged; ``change`` takes the number of a letter and the letter."""
    terms: list[Term] = []
    for m, c in form.terms.items():
        number = iter(range(10**6))
        cycles = tuple(tuple(change(number, f) for f in word) for word in m.cycles)
        word = None if m.word is None else tuple(change(number, f) for f in m.word)
        terms.append((m._replace(cycles=cycles, word=word), c))
    return Form.collect(form.shape, terms)


def _set_aside(form: Form, waiting: set[int]) -> Form:
    """Some of the drawn letters, by their numbers, as members of a family: no increments."""

    def change(number: Iterator[int], f: Factor) -> Factor:
        if not f.is_increment or next(number) not in waiting:
            return f
        base = FamilyMember(f.base.name, *f.base.shape, _ASIDE, "process")
        return factor(base, transposed=f.transposed)

    return _renamed(form, change)


def _called_back(form: Form) -> Form:
    def change(number: Iterator[int], f: Factor) -> Factor:
        if not isinstance(f.base, FamilyMember) or f.base.index != _ASIDE:
            return f
        rows, columns = f.base.shape
        base = MatrixIncrement(f.base.name, rows, columns, Identity(rows), Identity(columns))
        return factor(base, transposed=f.transposed)

    return _renamed(form, change)


# The derivation, for people.


def step_derivation(claim: StepClaim) -> Derivation:
    """The map put in, and the mean over the draws; each step checked at points.

    Raises
    ------
    NotDerived
        Naming what the rules do not reach.
    StepError
        If a step does not hold at a point.
    """
    facts = tuple(a.condition for a in claim.assumptions if a.condition is not None)
    raw = claim.update.after(claim.observable) - claim.observable
    changed = expression(_changed(claim))
    back = {increment: d for d, increment in _increments(claim).items()}
    shown = changed.xreplace(back)
    if claim.order is None:
        steps = [algebraic_step("the map put in", raw, shown, assuming=facts)]
    else:
        check = _order_checked(claim, raw, shown, facts)
        rule = f"the map put in, up to O({unicode(claim.step)}^{claim.order})"
        steps = [Step(rule=rule, before=raw, after=shown, check=check)]
    if claim.update.draws and not claim.pathwise:
        mean = derived_change(claim)
        check = _mean_checked(claim, shown, mean, facts)
        steps.append(Step(rule="the mean over the draws", before=shown, after=mean, check=check))
    elif claim.pathwise and (held := derived_change(claim)) != shown:
        rule = "what the values of the draws obey"
        found = algebraic_step(rule, shown, held, assuming=facts)
        check = f"they agree to {BITS} bits at random values that the draws take"
        steps.append(replace(found, check=check))
    return Derivation(subject=claim.observable, steps=tuple(steps))


def _order_checked(claim: StepClaim, raw: Any, shown: Any, facts: tuple[Any, ...]) -> str:
    """Where the step size is 2⁻⁶⁴ times smaller the gap is 2⁻⁶⁴ᵐ times smaller, m the order."""
    m = claim.order or 1
    with precision(64 * BITS):
        points = draw([raw, shown], facts, count=2)
        for point in points:
            gaps = []
            for bits in (256, 320):
                near = point.with_overrides({claim.step: flint.arb(2) ** -bits})
                pairs = zip(
                    entries(evaluate(raw, near)), entries(evaluate(shown, near)), strict=True
                )
                gaps.append(max(abs(a - b).abs_upper() for a, b in pairs))
            if gaps[1] > gaps[0] * flint.arb(2) ** (4 - 64 * m) + flint.arb(2) ** (-32 * BITS):
                raise StepError(f"order {m}: the terms left out are larger at {point.sizes}")
    left_out = unicode(sympify(claim.step) ** m)
    return f"what is left out is O({left_out}) at {len(points)} random points"


def _mean_checked(claim: StepClaim, shown: Any, mean: Any, facts: tuple[Any, ...]) -> str:
    """All signs and all minibatches at a point give the mean, where only second moments enter."""
    draws = [d for d in claim.update.draws if shown.has(d) or isinstance(d, WeightDraw)]
    if not drawn_in(shown):
        return "no draw is left"
    if any(n > 2 for m in _changed(claim).terms for n in Counter(_drawn(m)).values()):
        return "the three pairings of four normals (Isserlis)"
    with precision(BITS):
        for point in draw([shown, mean], facts, count=POINTS):
            each = [list(islice(_outcomes(d, point), MOST_OUTCOMES + 1)) for d in draws]
            if prod(map(len, each)) > MOST_OUTCOMES:
                continue
            expected = entries(evaluate(mean, point))
            value, weight = [flint.arb(0)] * len(expected), flint.arb(0)
            for outcome in product(*each):
                w = flint.arb(prod(ways for ways, _ in outcome))
                at = point.with_overrides({k: x for _, part in outcome for k, x in part.items()})
                there = entries(evaluate(shown, at))
                value = [a + w * b for a, b in zip(value, there, strict=True)]
                weight += w
            if any(a / weight - b != 0 for a, b in zip(value, expected, strict=True)):
                raise StepError("mean over the draws: their outcomes give another one")
            return f"the mean over all {prod(map(len, each))} outcomes at a random point"
    return "every pair of letters has its second moment"


def _outcomes(d: Any, point: Point) -> Iterator[tuple[int, dict[Any, Any]]]:
    """How many ways lead to an outcome of a draw, and its letters' values; normals as signs."""
    if isinstance(d, MatrixDraw):
        r, c = (point.size(n) for n in d.shape)
        for signs in product((1, -1), repeat=r * c):
            yield 1, {d: flint.arb_mat(r, c, [flint.arb(x) for x in signs])}
        return
    n, b = point.size(d.index.range), point.size(d.batch)
    for chosen in combinations_with_replacement(range(n), b):
        counts = [chosen.count(i) for i in range(n)]
        if not d.replacement and max(counts) > 1:
            continue
        ways = factorial(b) // prod(map(factorial, counts)) if d.replacement else 1
        yield (
            ways,
            {
                d.xreplace({d.index: Integer(i + 1)}): flint.arb(n * count) / b
                for i, count in enumerate(counts)
            },
        )
