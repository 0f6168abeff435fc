"""A small batch of admissible points at which functions are tried before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.contexts import RationalContext
from numerics.errors import NumericsError
from numerics.points import Predicate, as_arrays, sample, stacked
from numerics.signature import LetterSignature, SpectrumSignature

__all__ = ["BATCH", "trial_points"]

BATCH = (2, 3)
"""Batch axes of a trial: no state is likely to have just this shape and mean it."""

_TRIES = 200


def trial_points(
    letters: Sequence[LetterSignature],
    sizes: Mapping[str, int],
    predicates: Mapping[str, Predicate],
    *,
    increments: Mapping[str, tuple[int, ...]],
    spectra: Iterable[SpectrumSignature] = (),
) -> dict[str, Any]:
    """States, increments and times with the axes `BATCH`; parameters and processes without.

    Raises
    ------
    NumericsError
        If none of many points drawn is admissible.
    """
    ctx, spectra = RationalContext(), tuple(spectra)
    settings: dict[str, Any] = {"predicates": predicates, "tries": _TRIES, "spectra": spectra}
    first = sample(ctx, letters, sizes, count=1, seed=0, **settings)
    if not first.points:
        raise NumericsError(
            f"points: none of {first.drawn} drawn meets {', '.join(first.refused)}; say within="
            "{name: (low, high)} so that they are drawn where it holds"
        )
    one = as_arrays(first.points[0], ctx)
    # One value of the parameters, so that they have no batch axes, and several of the states.
    fixed = [x if x.kind == "state" else _fixed(x, one) for x in letters]
    count = int(np.prod(BATCH))
    found = sample(ctx, fixed, sizes, count=count, seed=1, **settings)
    several = [as_arrays(point, ctx) for point in found.points] or [one]
    points = stacked([several[i % len(several)] for i in range(count)])
    states = {x.name for x in letters if x.kind == "state"}
    batch = {
        name: x.reshape(*BATCH, *x.shape[1:]) if name in states else one[name]
        for name, x in points.items()
    }
    rng = np.random.default_rng(0)
    moved = {name: rng.standard_normal((*BATCH, *shape)) for name, shape in increments.items()}
    return {**batch, **moved, "t": rng.uniform(0.5, 1.5, BATCH)}


def _fixed(letter: LetterSignature, point: Mapping[str, Any]) -> LetterSignature:
    value = point.get(letter.name)
    if value is None or isinstance(value, int):
        return letter
    return replace(letter, within=(value.tolist(), value.tolist()))
