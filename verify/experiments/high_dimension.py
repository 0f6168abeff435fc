"""Scalar regression in high dimension: label noise leaves one singular value, and when it does not.

Rebuttal figure 1 of the discussion of "SGD vs GD".  A step moves W1 by η G W2' with G in the span
of the data, so with fewer data than dimensions the part of W1 off that span never moves.

How much noise is too much: in `vanishing` the row h of a direction that the fit does not use dies
because |W2'h|² stays small against |h|⁴.  The fluctuations of the fit put ηδ/(2n|W2|²) of |h|⁴
there, and D gains tr(C) of it: to first order the rate of dying is multiplied by
1 − ηδ tr(X'X/n)/(2n|W2|²), |W2| = |fit|/σ1.  That is next to nothing in few dimensions and a good
part of one here; where it is no longer positive, nothing dies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from numerics.training import Problem
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import (
    Watched,
    effective_rank,
    generator,
    teacher_problem,
    train,
)
from verify.experiments.seeds import over_seeds
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CASES", "experiment"]

CASES = ("noise", "no noise", "few data", "too much noise")
# σ of W1 below this share of the largest is rounding.
RESOLVED = 1e-10
# Least share that stays where nothing is to vanish.
STAYS = 0.9


def _case(n: int, step: float, variance: float, steps: int) -> dict[str, Any]:
    return {"n": n, "step": step, "variance": variance, "steps": steps}


def experiment() -> Experiment:
    """The experiment; standard settings stay under a minute on two cores."""
    return Experiment(
        id="high-dimension",
        title="Singular values and effective rank in high dimension",
        source="RD, rebuttal figure 1 (seed 000)",
        claim="In scalar regression label noise leaves one singular value of W1 out of hundreds, "
        "gradient descent all of them; but only with more data than dimensions and small noise.",
        settings=MappingProxyType(
            {
                "dimension": 200,
                "width": 250,
                "marks": 40,
                "low": 1.2,
                "cases": {
                    "noise": _case(1000, 0.3, 3.0, 280_000),
                    "no noise": _case(1000, 0.3, 0.0, 10_000),
                    "few data": _case(100, 0.1, 1.0, 20_000),
                    "too much noise": _case(1000, 0.3, 30.0, 30_000),
                    "divergence": _case(1000, 0.3, 300.0, 1_000),
                },
            }
        ),
        quick=MappingProxyType(
            {
                "dimension": 24,
                "width": 30,
                "low": 1.2,
                "cases": {
                    "noise": _case(120, 0.3, 3.0, 40_000),
                    "no noise": _case(120, 0.3, 0.0, 4_000),
                    "few data": _case(12, 0.1, 1.0, 20_000),
                    "too much noise": _case(120, 0.3, 30.0, 20_000),
                    "divergence": _case(120, 0.3, 300.0, 1_000),
                },
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=4,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Every case: data, teacher, start N(0, 1/l) and noise of its own."""
    cases: Mapping[str, Mapping[str, Any]] = settings["cases"]
    work = np.cumsum([0, *(case["steps"] for case in cases.values())])
    found: dict[str, Any] = {}
    for number, (name, case) in enumerate(cases.items()):
        begun, share = work[number] / work[-1], case["steps"] / work[-1]

        def advanced(
            fraction: float, name: str = name, begun: float = begun, share: float = share
        ) -> None:
            progress(begun + share * fraction, name)

        rng = generator(seed, 2 * number)
        d, width = settings["dimension"], settings["width"]
        data = teacher_problem(rng, case["n"], d, 1, d**-0.5)
        start = rng.standard_normal((d, width)), rng.standard_normal((width, 1))
        watched = train(
            data,
            (start[0] / np.sqrt(width), start[1] / np.sqrt(width)),
            step=case["step"],
            variance=case["variance"],
            steps=case["steps"],
            marks=settings["marks"],
            rng=generator(seed, 2 * number + 1),
            progress=advanced,
        )
        found[name] = _numbers(data, watched)
    return found


def _numbers(data: Problem, watched: Watched) -> dict[str, Any]:
    """What is kept of one run; of p×p sums only what the direction of the fit does not use."""
    fit = np.linalg.lstsq(data.X, data.Y)[0][:, 0]
    norm = float(np.linalg.norm(fit))
    fit /= norm

    def unused(A: Array) -> Array:
        return np.asarray(np.trace(A, axis1=-2, axis2=-1) - (A @ fit) @ fit)

    # Directions that no sample has; none if there are more samples than dimensions.
    off = np.linalg.svd(data.X)[2][data.n :]
    frozen = off @ watched.W1
    moved = np.abs(frozen - frozen[0]).max() / np.abs(frozen[0]).max() if len(off) else 0.0
    return {
        "time": watched.times,
        "sigma": watched.singular_values,
        "effective_rank": effective_rank(watched.singular_values),
        "fit_norm": norm,
        "trace": float(np.trace(data.XX)),
        "unused_trace": float(unused(data.XX)),
        "unused_squares": unused(watched.squares),
        "off_data": len(off),
        "off_data_moved": float(moved),
        "off_data_rank": float(np.linalg.matrix_rank(frozen[-1])) if len(off) else 0.0,
        "diverged": watched.diverged,
    }


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """One finding a case; the rate of dying is measured, and nothing claimed about it."""
    return [
        _low_rank(runs, settings),
        _stays(runs),
        _frozen(runs),
        _unsettled(runs, settings),
    ]


def _ranks(runs: Sequence[Numbers], case: str) -> list[tuple[float, float]]:
    """Effective rank at the start and at the end of every seed."""
    return [
        (float(r[case]["effective_rank"][0]), float(r[case]["effective_rank"][-1])) for r in runs
    ]


def _decided(holds: bool) -> Status:
    return Status.AGREES if holds else Status.DISAGREES


def _low_rank(runs: Sequence[Numbers], settings: Settings) -> Finding:
    ranks = _ranks(runs, "noise")
    second = max(float(run["noise"]["sigma"][-1, 1] / run["noise"]["sigma"][-1, 0]) for run in runs)
    worst = max(end for _, end in ranks)
    case = settings["cases"]["noise"]
    rates, first_order = np.array([_rate_ratio(run["noise"], case) for run in runs]).T
    rate = over_seeds(rates)
    return Finding(
        name="low rank",
        statement="With label noise every singular value of W1 but the largest dies.",
        status=_decided(worst < settings["low"]),
        reason=f"effective rank {np.mean([a for a, _ in ranks]):.1f} at the start, {worst:.3f} at "
        f"the end in the worst of {len(runs)} seeds (must be below {settings['low']:g}); "
        f"the second singular value is {second:.2g} of the first; measured: they die at "
        f"{rate.value:.2f} ± {rate.half_width:.2f} of the rate in the limit of small noise, "
        f"{first_order.mean():.2f} to first order in the noise",
        numbers={
            "effective_rank": ranks,
            "second": second,
            "rate_ratio": rates,
            "rate_ratio_first_order": first_order,
        },
    )


def _stays(runs: Sequence[Numbers]) -> Finding:
    ranks = _ranks(runs, "no noise")
    least = min(end / start for start, end in ranks)
    return Finding(
        name="no noise",
        statement="Without label noise none dies.",
        status=_decided(least > STAYS),
        reason=f"effective rank {np.mean([a for a, _ in ranks]):.1f} at the start, "
        f"{np.mean([b for _, b in ranks]):.1f} at the end; {least:.3f} of the start is left in the "
        f"worst of {len(runs)} seeds (must be above {STAYS:g})",
        numbers={"effective_rank": ranks},
    )


def _rate_ratio(run: Numbers, case: Mapping[str, Any]) -> tuple[float, float]:
    """Fall of the dying values' logarithms, over that of `vanishing`, while above rounding.

    And what it is to first order in the noise, see above.
    """
    sigma = np.asarray(run["sigma"])
    last = int(np.flatnonzero(sigma[:, -1] > RESOLVED * sigma[:, 0])[-1])
    first = last // 2
    logs = np.log(sigma[:, 1:]).sum(axis=1)
    steps = (run["time"][last] - run["time"][first]) / case["step"]
    noise = case["variance"] / case["n"] * run["unused_trace"] * steps
    residual = run["unused_squares"][last] - run["unused_squares"][first]
    ratio = float((logs[first] - logs[last]) / (0.5 * case["step"] ** 2 * (noise + residual)))
    outer = np.mean((sigma[first : last + 1, 0] / run["fit_norm"]) ** 2)  # 1/|W2|²
    size = case["step"] * case["variance"] * run["trace"] / (2 * case["n"])
    return ratio, float(1 - size * outer)


def _frozen(runs: Sequence[Numbers]) -> Finding:
    few = [run["few data"] for run in runs]
    moved = max(run["off_data_moved"] for run in few)
    off = few[0]["off_data"]
    least = min(float(run["effective_rank"][-1]) for run in few)
    whole = all(run["off_data_rank"] == off for run in few)
    return Finding(
        name="fewer data than dimensions",
        statement=f"The part of W1 on the {off} directions that no sample has is frozen: the rank "
        "does not fall below their number.",
        status=_decided(off > 0 and moved < 1e-9 and whole and least > STAYS * off),
        reason=f"it moved by {moved:.1g} relatively in the worst of {len(runs)} seeds and keeps "
        f"rank {off}; effective rank {least:.1f} at the end at least",
        numbers={"moved": moved, "effective_rank": _ranks(runs, "few data")},
    )


def _unsettled(runs: Sequence[Numbers], settings: Settings) -> Finding:
    loud = [np.asarray(run["too much noise"]["effective_rank"]) for run in runs]
    late = [float(ranks[-1] / ranks[-1 - len(ranks) // 3]) for ranks in loud]
    ends = [float(ranks[-1]) for ranks in loud]
    diverged = sum(bool(run["divergence"]["diverged"]) for run in runs)
    cases, d = settings["cases"], settings["dimension"]
    sizes = [
        cases[name]["step"] * cases[name]["variance"] * d / cases[name]["n"]
        for name in ("noise", "too much noise", "divergence")
    ]
    holds = min(late) > STAYS and min(ends) > 2 * settings["low"] and diverged == len(runs)
    return Finding(
        name="too much noise",
        statement="At ηδd/n well above 0.2 training does not settle at rank one, or diverges.",
        status=_decided(holds),
        reason=f"at ηδd/n = {sizes[1]:.3g} the effective rank stays at {min(ends):.1f} at least "
        f"({min(late):.3f} of what it was a third of the time before), at {sizes[2]:.3g} "
        f"{diverged} of {len(runs)} seeds diverge; above it is {sizes[0]:.3g}",
        numbers={"effective_rank": _ranks(runs, "too much noise"), "late": late},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Singular values of every case, and the effective ranks."""
    from verify.experiments.high_dimension_figures import rank_figure, spectra_figure

    return {
        "singular-values": spectra_figure(runs, settings, findings),
        "effective-rank": rank_figure(runs, settings, findings),
    }
