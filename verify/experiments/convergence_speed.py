"""How fast SGD comes to the noise equilibrium, against step size, batch and dimension.

Matrix factorization with d_x = d_y = d, Σ_x = I, Σ_r = σ² I: dD = −4T F dt with F = dσ² D becomes

    D(t) = D(0) exp(−4 (η/b) d σ² t),   t = steps × η,

so the rate is proportional to the step, to the dimension, and to one over the batch.  Away from
η → 0 the residual is larger than the label noise: E|r|² = dσ²(1 + O(T tr H)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import Model, imbalance, train
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPONENTS", "RELEVANT", "experiment", "judge", "predicted_rate"]

RELEVANT = MappingProxyType({"rate": 0.05, "exponent": 0.1})
"""Relevant errors: of the rate, relative; of the exponents."""
EXPONENTS = MappingProxyType({"step": 1.0, "batch": -1.0, "dimension": 1.0})
"""Of the rate per unit of time."""
RATES = (0.004, 0.008, 0.016, 0.032, 0.064)
"""Marked in the picture."""
NAMES = MappingProxyType({"step": "step size η", "batch": "batch b", "dimension": "dimension d"})


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="convergence-speed",
        title="Speed to the noise equilibrium against step size, batch and dimension",
        source="seed 003, figure on the speed of convergence",
        claim="The imbalance of a matrix factorization decays under SGD at 4(η/b)dσ² per unit "
        "time: in proportion to the step size and the dimension, inversely to the batch.",
        settings=MappingProxyType(
            {
                "step": 0.002,
                "batch": 1,
                "dimension": 4,
                "hidden": 2,
                "noise": 1.0,
                "singular_value": 0.5,
                # Values, each with the time for which it is watched.
                "steps_tried": [[0.0005, 190.0], [0.001, 95.0], [0.002, 48.0], [0.004, 24.0]],
                "batches_tried": [[1, 48.0], [2, 95.0], [4, 190.0], [8, 380.0]],
                "dimensions_tried": [[2, 95.0], [4, 48.0], [8, 24.0]],
                "repeats": 4,
                "from": 3.0,
            }
        ),
        quick=MappingProxyType(
            {
                "steps_tried": [[0.001, 95.0], [0.002, 48.0], [0.004, 24.0]],
                "batches_tried": [[1, 48.0], [2, 95.0], [4, 190.0]],
                "dimensions_tried": [[2, 95.0], [4, 48.0]],
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Measured rates for every value of every setting, one changed at a time."""
    tried = {name: settings[f"{_plural(name)}_tried"] for name in EXPONENTS}
    count, done = sum(map(len, tried.values())), 0
    numbers: dict[str, object] = {}
    for k, (name, values) in enumerate(tried.items()):
        rates, sizes = [], []
        for j, (value, time) in enumerate(values):
            found = _measure({**settings, name: value}, time, seed, 100 * k + j)
            rates.append(found[0])
            sizes.append(found[1])
            done += 1
            progress(done / count, f"{name} {value:g}")
        numbers |= {f"rate_{name}": np.array(rates), f"size_{name}": np.array(sizes)}
    return numbers


def _plural(name: str) -> str:
    return "batches" if name == "batch" else f"{name}s"


def _measure(settings: Settings, time: float, seed: int, case: int) -> tuple[float, float]:
    """Rate of D over this time, after the first, and the mean of |U|² + |W|² along the way."""
    d, h, eta = settings["dimension"], settings["hidden"], settings["step"]
    s, noise = settings["singular_value"], settings["noise"]
    rng = generator(seed, case)
    left, right = (np.linalg.qr(rng.standard_normal((d, h)))[0] for _ in range(2))
    model = Model(V=s * left @ right.T, inputs=np.eye(d), noise=noise**2 * np.eye(d))
    # On the orbit, far from balance: W large, U small.
    A = 1.7 * np.eye(h)
    start = np.sqrt(s) * left @ np.linalg.inv(A), np.sqrt(s) * A @ right.T
    wait = settings["from"]
    etas, marks = np.full(round((wait + time) / eta), eta), 40
    sizes, weights = np.zeros((settings["repeats"], marks + 1)), 0.0
    for i in range(settings["repeats"]):
        run = train(model, start, etas, marks=marks, batch=settings["batch"], rng=rng)
        D = imbalance(run.U, run.W)
        # In the direction of the start, so that the noise of other entries does not add up.
        sizes[i] = np.sum(D * D[0], axis=(-1, -2)) / np.linalg.norm(D[0])
        squares = np.sum(run.U**2, axis=(-1, -2)) + np.sum(run.W**2, axis=(-1, -2))
        weights += float(squares.mean()) / settings["repeats"]
    mean, at = sizes.mean(axis=0), eta * run.steps
    first = int(np.searchsorted(at, wait))
    return float(np.log(mean[first] / mean[-1]) / (at[-1] - at[first])), weights


def predicted_rate(settings: Settings, **changed: float) -> float:
    """4 (η/b) d σ², per unit of time."""
    s = {**settings, **changed}
    return float(4 * s["step"] / s["batch"] * s["dimension"] * s["noise"] ** 2)


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    exponents: Mapping[str, float] = EXPONENTS,
    factor: float = 1.0,
) -> list[Finding]:
    """The rates and their exponents; other exponents and another factor show what is seen."""
    return [
        *(_exponent(runs, settings, name, stated) for name, stated in exponents.items()),
        _rate(runs, settings, factor),
    ]


def _exponent(runs: Sequence[Numbers], settings: Settings, name: str, stated: float) -> Finding:
    values = np.log(_values(settings, name))
    slopes = [float(np.polyfit(values, np.log(run[f"rate_{name}"]), 1)[0]) for run in runs]
    excess = _excess(runs, settings, name)
    bias = float(np.ptp(excess) / np.ptp(values))
    e = replace(over_seeds(np.array(slopes) - stated), bias=bias)
    return Finding(
        name=f"{NAMES[name]}",
        statement=f"The rate per unit time goes with the power {stated:g} of the {NAMES[name]}.",
        status=e.decide(RELEVANT["exponent"]),
        reason=f"exponent {stated + e.value:.3f} ± {e.half_width:.3f} over "
        f"{len(values)} values (of order η: {bias:.3f}, relevant {RELEVANT['exponent']}, Student "
        f"over {len(runs)} seeds, error rate {ALPHA:g})",
        numbers={"exponents": slopes},
    )


def _values(settings: Settings, name: str) -> Array:
    return np.array([value for value, _ in settings[f"{_plural(name)}_tried"]], dtype=float)


def _excess(runs: Sequence[Numbers], settings: Settings, name: str) -> Array:
    """T tr H/2 at every value: by this the mean of |r|² is larger than dσ², relatively.

    With Σ_x = I the trace of the Hessian is 2d(|U|² + |W|²).
    """
    sizes = np.mean([np.asarray(run[f"size_{name}"]) for run in runs], axis=0)
    changed = [{**settings, name: value} for value in _values(settings, name)]
    return np.asarray(np.array([s["step"] / s["batch"] * s["dimension"] for s in changed]) * sizes)


def _rate(runs: Sequence[Numbers], settings: Settings, factor: float) -> Finding:
    """Every rate over the stated one."""
    ratios, excess = [], []
    for name in EXPONENTS:
        for j, value in enumerate(_values(settings, name)):
            stated = factor * predicted_rate(settings, **{name: value})
            ratios.append([float(run[f"rate_{name}"][j]) / stated for run in runs])
        excess += _excess(runs, settings, name).tolist()
    # A prefactor common to all, and the one that is farthest off for what is shown.
    bias = float(np.mean(excess))
    pooled = replace(over_seeds(np.mean(ratios, axis=0) - 1), bias=bias)
    worst = max(np.mean(ratios, axis=1) - 1, key=abs)
    return Finding(
        name="the rate itself",
        statement="The rate is 4(η/b)dσ² on the average over all settings.",
        status=pooled.decide(RELEVANT["rate"]),
        reason=f"measured/predicted {1 + pooled.value:.3f} ± {pooled.half_width:.3f} (relevant "
        f"{RELEVANT['rate']:.0%}, Student over {len(runs)} seeds, error rate {ALPHA:g}); farthest "
        f"off {1 + worst:.3f}; of order η: T tr H/2 is {bias:.3f} on the average, "
        f"{max(excess):.3f} at most",
        numbers={"ratios": ratios, "excess": excess},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The rates against each setting, beside the predicted lines."""
    drawn = style.figure(11.6, 5.4)
    panels = drawn.subplots(1, 3, sharey=True)
    for axes, name in zip(panels, EXPONENTS, strict=True):
        values = _values(settings, name)
        for i, run in enumerate(runs):
            axes.plot(
                values, run[f"rate_{name}"], "o", color=style.COLOURS["vermilion"], ms=5,
                alpha=0.6, mec="none", label="measured, every seed" if i == 0 else None,
            )  # fmt: skip
        line = [predicted_rate(settings, **{name: value}) for value in values]
        axes.plot(
            values, line, color=style.INK, lw=1.2, ls=style.DASHES, label="predicted 4(η/b)dσ²"
        )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.set_yticks(RATES, [f"{rate:g}" for rate in RATES])
        axes.minorticks_off()
        axes.set_xlabel(f"{NAMES[name]}  (no unit, log scale)")
    panels[0].set_ylabel("rate of |D| per unit of t = steps × η  (log scale)")
    panels[0].legend(loc="upper left", fontsize=8.5)
    claim = (
        "The speed to equilibrium goes as step size × dimension ÷ batch, as predicted"
        if combine(finding.status for finding in findings) == Status.AGREES
        else "Speed to the noise equilibrium against step size, batch and dimension"
    )
    about = (
        f"d = {settings['dimension']}, h = {settings['hidden']}, σ = {settings['noise']:g}, "
        f"η = {settings['step']:g}, b = {settings['batch']} where not varied; "
        f"{settings['repeats']} runs each, {len(runs)} seeds"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return {"convergence-speed": drawn}
