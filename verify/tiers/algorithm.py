"""Algorithm: the real discrete algorithm on real data beside the stated rate.

The algorithm is run at step sizes η, η/2, η/4 over the same time, at fixed ηδ (label noise) or
fixed η/b (minibatches): at fixed δ the algorithm and its SDE do not agree as η → 0, since the
squared residual loses as much determinant as the noise.  The gap of a run is its change of log det
M, taken from the weights, minus the stated rate integrated along the run; it is claimed to be of
first order in η, so its value extrapolated to η = 0 must vanish.  An exact law of one step is
checked draw by draw instead, against the weights that the algorithm arrived at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.datasets import load
from numerics.network import curvature, log_det
from numerics.system import Array
from numerics.training import Algorithm, gradient_descent, label_noise, minibatch, run
from numerics.training import Problem as Data
from numerics.training import problem as data_of
from verify.amounts import counted
from verify.errors import UsageError
from verify.paths.looks import settled
from verify.paths.pathwise import PathErrors, path_errors
from verify.planning import Estimate, Plan
from verify.problem import AlgorithmSetting, Problem
from verify.verdict import Evidence, Status

__all__ = ["check"]

TIER = "algorithm"
RELEVANT = 0.05
"""Relevant error of the rate, relative to the rate (to the gap at the largest step, if it is 0)."""

EXACT = 1e-6
"""Relevant error of an exact law, relative to the size of both sides; rounding leaves 1e-12."""

STABILITY: Mapping[bool, float] = {True: 0.2, False: 0.1}
"""The largest step size, relative to the largest that is stable at the start; smaller for
algorithms without randomness, which start at several places."""

CONDITION = "the bias left by the step size, which is an extrapolation from η, η/2, η/4"
BLOCK = 512
DESCENT = 10
STARTS = 8
"""Starts of an algorithm without randomness."""


@dataclass(frozen=True, kw_only=True)
class _Training:
    """The runs of one claim: data, settings, and how long."""

    setting: AlgorithmSetting
    data: Data
    start: tuple[Array, Array]
    width: int
    scale: float
    eta: float
    delta: float
    batch: int
    decay: float
    updates: int

    def letters(self, level: int) -> dict[str, Any]:
        """What a rate may speak of, at the level-th halving of the step size."""
        data = self.data
        return {
            "X": data.X,
            "Y": data.Y,
            "x": data.X[:, :, None],
            "y": data.Y[:, :, None],
            "n": data.n,
            "p": data.p,
            "k": data.k,
            "l": self.width,
            "eta": np.asarray(self.eta / 2**level),
            "delta": np.asarray(self.delta * 2**level),
            "b": np.asarray(float(self.batch * 2 ** (2 - level))),
            "mu": np.asarray(self.decay),
        }

    def algorithm(self, level: int) -> Algorithm:
        """The algorithm at the level-th halving, η·δ and η/b being fixed."""
        eta = self.eta / 2**level
        name = self.setting.algorithm
        if name == "gradient_descent":
            return gradient_descent(step=eta, decay=self.decay)
        if name == "label_noise":
            return label_noise(step=eta, variance=self.delta * 2**level, decay=self.decay)
        sampling = name.removeprefix("minibatch_")
        if sampling not in ("with_replacement", "without_replacement", "reshuffling"):
            raise UsageError(
                f"algorithm={name}: unknown; give gradient_descent, label_noise or "
                "minibatch_with_replacement, _without_replacement, _reshuffling"
            )
        batch = self.batch * 2 ** (2 - level)
        return minibatch(step=eta, batch=batch, sampling=sampling, decay=self.decay)  # type: ignore[arg-type]


def check(problem: Problem, plan: Plan) -> Evidence:
    """The stated rate beside real runs, or an exact law at every step of one."""
    if problem.algorithm is None:
        reason = "the claim names no algorithm"
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=reason)
    training = _training(problem.algorithm, plan)
    if problem.kind == "identity":
        return _step_by_step(problem, training, plan)
    return settled(lambda look: _looked(problem, training, look), plan)


def _looked(problem: Problem, training: _Training, plan: Plan) -> Evidence:
    if training.setting.algorithm == "gradient_descent":
        found = [_gaps(problem, training, plan, level, STARTS) for level in range(3)]
        # Every start is a claim of its own; there is no chance to average over.
        errors, noisy = [gaps[None] for gaps, _ in found], False
    else:
        found = [_gaps(problem, training, plan, level, plan.effort.repeats) for level in range(3)]
        errors, noisy = [gaps[:, None] for gaps, _ in found], True
    change = float(np.mean([np.mean(np.abs(integral)) for _, integral in found]))
    scale = change if change > 0.0 else float(np.max(np.abs(errors[0])))
    # Less the term of order η the gap is of order η², of which a halving leaves a third.
    judged = path_errors([e / scale for e in errors], plan.budget, noisy=noisy, left=1.0)
    return _evidence(plan, training, judged, scale, noisy=noisy)


def _training(setting: AlgorithmSetting, plan: Plan) -> _Training:
    """Settings as the claim gives them, else such that training is stable and noise is seen."""
    dataset = load(setting.dataset)
    data = data_of(dataset.X, dataset.Y)
    given = {str(name): float(value) for name, value in setting.values.items()}
    width, scale = int(given.get("l", data.p + data.k + 2)), given.get("scale", 0.5)
    rng = plan.generator("start")
    W1 = scale * rng.standard_normal((data.p, width))
    W2 = scale * rng.standard_normal((width, data.k))
    stable = 2.0 / float(curvature(data.XX, W1, W2))
    # At the largest step size the noise in the residual is as large as the residual at the start.
    even = float(np.sum(data.residual(W1, W2) ** 2) * data.n / (data.k * np.trace(data.XX)))
    eta = given.get("eta", STABILITY[setting.algorithm != "gradient_descent"] * stable)
    start = (W1, W2)
    if setting.algorithm.startswith("minibatch"):
        # The gap is that of the squared residual, and a minibatch's rate cannot be set beside it.
        start = _descended(data, start, eta)
    # Near 1, b² for b would not show; without replacement (n − b)/(n − 1) should hardly move.
    batch = 1 if setting.algorithm.endswith("without_replacement") else 4
    return _Training(
        setting=setting,
        data=data,
        start=start,
        width=width,
        scale=scale,
        eta=eta,
        delta=given.get("delta", even),
        batch=int(given.get("b", batch)),
        decay=given.get("mu", 0.0),
        updates=int(given.get("steps", plan.effort.updates)),
    )


def _descended(data: Data, start: tuple[Array, Array], eta: float) -> tuple[Array, Array]:
    """The weights after some gradient descent: with less of the residual left."""
    found = run(
        gradient_descent(step=eta),
        data,
        width=start[0].shape[1],
        steps=DESCENT,
        runs=1,
        seed=0,
        start=start,
        at=(DESCENT,),
        observe={"W1": lambda state: state["W1"], "W2": lambda state: state["W2"]},
        check=False,
        law=False,
        keep=True,
        block=1,
    )
    return found.values("W1")[-1][0], found.values("W2")[-1][0]


def _gaps(
    problem: Problem, training: _Training, plan: Plan, level: int, repeats: int
) -> tuple[Array, Array]:
    """Change of log det M minus the integrated rate for every run, and that integral."""
    letters, rate = training.letters(level), problem.kernel("rate")
    steps, eta = training.updates * 2**level, float(letters["eta"])
    # Runs with randomness share one start, so that they differ by it alone; without it every run
    # has a start of its own, the same at the three step sizes.
    random = training.setting.algorithm != "gradient_descent"

    def earned(before: Mapping[str, Array], after: Mapping[str, Array], draw: Any) -> Array:
        value = np.asarray(rate({**letters, "W1": before["W1"], "W2": before["W2"]}), dtype=float)
        return np.broadcast_to(eta * value, before["W1"].shape[:1])

    trained = run(
        training.algorithm(level),
        training.data,
        width=training.width,
        steps=steps,
        runs=repeats,
        seed=plan.seed_for(f"runs {level}" if random else "starts"),
        start=training.start if random else None,
        start_scale=training.scale,
        at=(0, steps),
        observe={
            "value": lambda state: log_det(state["W1"], state["W2"]),
            "integral": lambda state: state["integral"],
        },
        accumulate={"integral": earned},
        check=False,
        law=False,
        keep=True,
        block=min(BLOCK, repeats),
    )
    before, after = trained.values("value")
    integral = trained.values("integral")[-1]
    return after - before - integral, integral


def _evidence(
    plan: Plan, training: _Training, found: PathErrors, scale: float, *, noisy: bool
) -> Evidence:
    centre = found.worst_centre
    relevant = RELEVANT
    alpha = plan.budget.alpha if noisy else 0.0
    runs = plan.effort.repeats if noisy else STARTS
    order = found.weak_order
    shown = "unresolved" if order is None else f"{order:.2f}"
    gaps = ", ".join(f"{g:+.3f}" for g in _typical(found))
    return Evidence(
        tier=TIER,
        status=found.status(relevant),
        reason=f"{training.setting.algorithm} on {training.setting.dataset}: gap to the rate at η, "
        f"η/2, η/4 (η = {training.eta:.3g}) {gaps}, relative "
        f"to the change of {scale:.3g} that the rate predicts, order {shown}; at η = 0 "
        f"{centre.value:+.2g} ± {centre.half_width:.1g}, bias ≤ {centre.bias:.1g}, relevant "
        f"{relevant:g}",
        brief=f"order {shown}",
        false_agree=alpha,
        false_reject=alpha,
        condition=CONDITION,
        points=3 * runs,
        numbers={
            "dataset": training.setting.dataset,
            "algorithm": training.setting.algorithm,
            "step sizes": [training.eta / 2**level for level in range(3)],
            "updates": [training.updates * 2**level for level in range(3)],
            "runs": runs,
            "scale": scale,
            "gaps": _typical(found),
            "order": order,
            "claimed order": training.setting.order,
            "relevant": relevant,
            "difference": centre.value,
            "half_width": centre.half_width,
            "bias": centre.bias,
            "visible": centre.visible,
        },
    )


def _typical(found: PathErrors) -> list[float]:
    """The gap at every step size: the median over runs, of the start where it is largest."""
    worst = int(np.argmax(np.abs(found.medians[0])))
    return [float(median[worst]) for median in found.medians]


# Exact laws of one step.


def _step_by_step(problem: Problem, training: _Training, plan: Plan) -> Evidence:
    """The right-hand side at the weights before a step against the left one after it, every step.

    The left-hand side is a quantity after the step, written in the weights before it and the
    residual that the step saw.  At the weights after it, without residual and decay, it is that
    same quantity as the algorithm left it.
    """
    letters, drawn = training.letters(0), problem.draws
    if drawn is None:
        reason = "the identity names no letter that the algorithm draws"
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=reason)
    left, right = problem.kernel("left"), problem.kernel("right")

    def gap(before: Mapping[str, Array], after: Mapping[str, Array], draw: Any) -> Array:
        old = {**letters, "W1": before["W1"], "W2": before["W2"], drawn: after["G"]}
        new = {**letters, "W1": after["W1"], "W2": after["W2"], drawn: 0.0 * after["G"]}
        stated, written = (np.asarray(side(old), dtype=float) for side in (right, left))
        reached = np.asarray(left({**new, "mu": np.asarray(0.0)}), dtype=float)
        axes = tuple(range(1, stated.ndim))
        size = np.max(np.abs(stated) + np.abs(reached), axis=axes)
        off = np.maximum(np.abs(stated - reached), np.abs(stated - written))
        return np.asarray(np.max(off, axis=axes) / size)

    runs = max(2, plan.effort.repeats // 20)
    trained = run(
        training.algorithm(0),
        training.data,
        width=training.width,
        steps=training.updates,
        runs=runs,
        seed=plan.seed_for("runs"),
        start_scale=training.scale,
        at=(0, training.updates),
        observe={"sum": lambda state: state["gap sum"]},
        accumulate={"gap sum": gap},
        check=False,
        law=False,
        keep=True,
    )
    mean = float(np.max(trained.values("sum")[-1])) / training.updates
    found = Estimate(value=mean)
    steps = runs * training.updates
    return Evidence(
        tier=TIER,
        status=found.decide(EXACT),
        reason=f"{training.setting.algorithm} on {training.setting.dataset}: the law of one step "
        f"against the weights at each of {steps:,} steps, mean relative difference {mean:.1g}",
        brief=counted(steps, "step"),
        points=steps,
        numbers={
            "dataset": training.setting.dataset,
            "algorithm": training.setting.algorithm,
            "steps": steps,
            "difference": mean,
            "relevant": EXACT,
        },
    )
