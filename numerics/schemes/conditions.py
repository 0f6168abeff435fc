"""What a system must meet before a scheme is run on it, checked at points near the start.

A check at points finds a condition that fails for almost every point; it proves none that holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from numerics.brownian import Block
from numerics.errors import SimulationError
from numerics.schemes.exponential import operator
from numerics.schemes.fields import combined, derivative_along, in_full, size_of
from numerics.schemes.scheme import Scheme
from numerics.system import Array, State, System

__all__ = ["require_conditions", "require_declared"]

POINTS = 8
DIFFERENCE = 1e-6  # of numerical derivatives, relative to the terms that should cancel
ROUNDING = 1e-9  # of arithmetic alone


def _near(start: State) -> tuple[State, np.random.Generator]:
    """Points around the first path of a start: each entry moved by up to a fifth, zeros upwards."""
    rng = Block(seed=0, index=0, size=POINTS).generator("points at which conditions are checked")
    scale = float(size_of({name: x[:1] for name, x in start.items()})[0]) or 1.0
    points = {}
    for name, x in start.items():
        u = rng.uniform(-1.0, 1.0, (POINTS, *x.shape[1:]))
        points[name] = np.where(x[:1] == 0.0, 0.2 * scale * np.abs(u), x[:1] * (1.0 + 0.2 * u))
    return points, rng


def _directions(system: System, rng: np.random.Generator) -> dict[str, Array]:
    return {noise.differential: noise.draw(rng, POINTS) for noise in system.noises}


def _distance(points: State, a: State, b: State) -> float:
    """The largest |a − b| over the points, relative to the sizes of both."""
    a, b = in_full(a, points), in_full(b, points)
    difference = size_of({name: a[name] - b[name] for name in points}).max()
    terms = size_of({name: np.abs(a[name]) + np.abs(b[name]) for name in points}).max()
    return 0.0 if terms == 0.0 else float(difference / terms)


def require_declared(system: System, start: State) -> None:
    """Refuse an increment of wrong names or shapes, or one that is not linear in (dt, dB)."""
    points, rng = _near(start)
    dB = _directions(system, rng)
    whole = system.increment(points, 0.0, 0.5, dB)
    if set(whole) != set(system.states):
        raise SimulationError(
            f"increment: returned {', '.join(whole)}; return exactly {', '.join(system.states)}"
        )
    for name, shape in system.states.items():
        given = np.shape(whole[name])
        if given not in ((POINTS, *shape), (1, *shape), shape):
            raise SimulationError(
                f"increment: {name} has shape {given} for {POINTS} paths; return (paths, *{shape})"
            )
    parts = combined(
        system.increment(points, 0.0, 0.5, system.no_noise((POINTS,))),
        (1.0,),
        (system.noise(points, 0.0, dB),),
    )
    twice = system.increment(points, 0.0, 1.0, {name: 2.0 * x for name, x in dB.items()})
    half = {name: 0.5 * x for name, x in twice.items()}
    for other in (parts, half):
        gap = _distance(points, whole, other)
        if not gap <= ROUNDING:
            raise SimulationError(
                f"increment: not linear in (dt, dB) near the start (relative gap {gap:.2g}); "
                "return drift·dt + noise(dB), finite there"
            )


def require_conditions(scheme: Scheme, system: System, start: State) -> None:
    """Refuse a system that breaks a condition of the scheme at a point near the start."""
    if "commuting noise" in scheme.requires:
        _require_commuting(scheme, system, start)
    if "linear increment" in scheme.requires:
        _require_linear(scheme, system, start)


def _require_commuting(scheme: Scheme, system: System, start: State) -> None:
    """[b_u, b_w] = 0 for random directions u, w: the bracket is bilinear in them."""
    points, rng = _near(start)
    u, w = _directions(system, rng), _directions(system, rng)

    def along(field: Mapping[str, Array], direction: Mapping[str, Array]) -> State:
        moved = system.noise(points, 0.0, direction)
        return derivative_along(lambda x: system.noise(x, 0.0, field), points, moved)

    gap = _distance(points, along(u, w), along(w, u))
    if not gap <= DIFFERENCE:
        raise SimulationError(
            f"scheme {scheme.name}: the noise does not commute (relative bracket {gap:.2g} near "
            "the start); take heun or euler_maruyama"
        )


def _require_linear(scheme: Scheme, system: System, start: State) -> None:
    """The operator applied to the state is the declared increment; it refuses offsets as well."""
    points, rng = _near(start)
    dB = _directions(system, rng)
    acting = operator(system)
    L = acting.matrix(points, 0.0, 0.5, dB)
    claimed = acting.unstack(np.matmul(L, acting.stack(points)), system.states)
    gap = _distance(points, claimed, system.increment(points, 0.0, 0.5, dB))
    if gap <= ROUNDING:
        _require_constant_noise(system, points, rng)
        return
    if system.multiplier is not None:
        raise SimulationError(
            f"multiplier: L Θ is not the increment near the start (relative gap {gap:.2g}); "
            "print both from one declaration"
        )
    raise SimulationError(
        f"scheme {scheme.name}: the increment is not linear in the state (relative gap "
        f"{gap:.2g} near the start); give System a multiplier or take heun"
    )


def _require_constant_noise(system: System, points: State, rng: np.random.Generator) -> None:
    """Where a multiplier says so, its noise part must be the same at all points and times."""
    if system.multiplier is None or not system.multiplier.constant_noise:
        return
    dB = {name: np.repeat(x[:1], POINTS, axis=0) for name, x in _directions(system, rng).items()}
    L = [system.multiplier.matrix(points, t, 0.0, dB) for t in (0.0, 1.0)]
    d = L[0].shape[-1]
    spread = float(np.ptp(np.concatenate([M.reshape(-1, d, d) for M in L]), axis=0).max())
    if not spread <= ROUNDING * float(np.abs(L[0]).max()):
        raise SimulationError(
            "multiplier: constant_noise=True, but the noise part of L depends on the point or on "
            "time; leave constant_noise out"
        )
