"""The engine against Itô's formula entry by entry, on random systems and random words."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sympy import Determinant, Pow, Q, Rational, log
from sympy.matrices.expressions import MatrixExpr

from tests.derivations import componentwise as literal
from tests.derivations.literal_values import draw
from tests.derivations.random_words import Words, k, n, p, system

SEEDS = range(60)


def observables(rng: random.Random) -> tuple[Any, Any]:
    """A scalar or a matrix, and a second scalar."""
    words = Words(rng)
    shape = rng.choice([(p, k), (p, p), (k, k)])
    first = words.scalar(2) if rng.random() < 0.75 else words.matrix(*shape, depth=2)
    return first, words.scalar(1)


def facts_of(*expressions: Any) -> list[Any]:
    """What stands under a log or a root was made positive; it is said, not found out."""
    parts = {part for e in expressions for part in e.atoms(log, Pow, Determinant)}
    matrices = [Q.positive_definite(e.args[0]) for e in parts if isinstance(e, Determinant)]
    scalars = [e.args[0] for e in parts if isinstance(e, log) or e.args[1:] == (Rational(1, 2),)]
    return matrices + [Q.positive(e) for e in scalars if not isinstance(e, Determinant)]


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_agrees_entry_by_entry(seed: int) -> None:
    rng = random.Random(seed)
    sde = system(rng)
    f, g = observables(rng)
    sizes = {p: rng.randint(1, 3), k: rng.randint(1, 2), n: rng.randint(1, 3)}
    facts = facts_of(f, g)
    df = sde.d(f, assuming=facts)
    point = draw(sde, f, g, sizes=sizes, seed=seed)
    assert literal.same(point.value(df.drift), literal.drift(sde, f, point))
    for moved in literal.motions(sde, point):
        stated = point.value(df.martingale, moved)
        assert literal.same(stated, literal.martingale(sde, f, point, moved))
    if not isinstance(f, MatrixExpr):
        stated = point.value(sde.covariation(f, g, assuming=facts))
        assert literal.same(stated, literal.covariation(sde, f, g, point))


@pytest.mark.parametrize("seed", range(20))
def test_stratonovich_correction_agrees_entry_by_entry(seed: int) -> None:
    rng = random.Random(seed)
    sde = system(rng, calculus="stratonovich")
    ito = sde.to_ito()
    point = draw(sde, sizes={p: rng.randint(1, 3), k: rng.randint(1, 2), n: 2}, seed=seed)
    found = literal.ito_drift(sde, point)
    for state in sde.states:
        assert literal.same(point.value(ito.drift(state)), found[literal.key(state)])
