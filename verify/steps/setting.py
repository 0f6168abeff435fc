"""One step of an algorithm as plain data: what is drawn, from which law, and the order claimed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["DrawSetting", "StepSetting", "step_setting"]


@dataclass(frozen=True, kw_only=True)
class DrawSetting:
    """A letter that is drawn in every step.

    Parameters
    ----------
    name : str
        Its name in a point.
    law : str
        ``"two-point"`` (independent signs ±1), ``"gaussian"`` (independent standard normals) or
        ``"minibatch"`` (the n weights n/b times how often each of n samples was drawn).
    batch : str
        Size b of a minibatch: a dimension or a number.
    replacement : bool
        Whether a sample may be drawn more than once.
    """

    name: str
    law: str
    batch: str = ""
    replacement: bool = False


@dataclass(frozen=True, kw_only=True)
class StepSetting:
    """The kernels ``update``, ``observable`` and ``change`` and how they belong together.

    ``states`` are the names of what ``update`` returns, in its order; ``step`` is the step size
    and ``order`` the order in it, None for an exact statement.
    """

    states: tuple[str, ...]
    draws: tuple[DrawSetting, ...] = ()
    step: str | None = None
    order: int | None = None
    pathwise: bool = False


def step_setting(claim: Any) -> StepSetting | None:
    """What a claim says about one step; None for another claim."""
    if claim.kind != "step":
        return None
    draws = []
    for d in claim.update.draws:
        batch = d.law == "minibatch"
        draws.append(
            DrawSetting(
                name=str(d.name),
                law=d.law,
                batch=str(d.batch) if batch else "",
                replacement=bool(batch and d.replacement),
            )
        )
    return StepSetting(
        states=tuple(str(getattr(state, "name", state)) for state in claim.update.states),
        draws=tuple(draws),
        step=None if claim.step is None else str(claim.step),
        order=claim.order,
        pathwise=claim.pathwise,
    )
