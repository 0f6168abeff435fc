"""How fast SGD comes to the noise equilibrium, against step size, batch and dimension.

Matrix factorization with d_x = d_y = d, Σ_x = I, Σ_r = σ² I: dD = −4T F dt with F = dσ² D becomes

    D(t) = D(0) exp(−4 (η/b) d σ² t),   t = steps × η,

so the rate is proportional to the step, to the dimension, and to one over the batch.  Away from
η → 0 the residual is larger than the label noise: E|r|² = dσ²(1 + O(T tr H)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import Model, imbalance, sharpness, train
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
                "steps_tried": [0.0005, 0.001, 0.002, 0.004],
                "batches_tried": [1, 2, 4, 8],
                "dimensions_tried": [2, 4, 8],
                "repeats": 4,
                "from": 3.0,
                "lifetimes": 1.5,
            }
        ),
        quick=MappingProxyType(
            {
                "steps_tried": [0.001, 0.002, 0.004],
                "batches_tried": [1, 2, 4],
                "dimensions_tried": [2, 4],
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def predicted_rate(settings: Settings, **changed: float) -> float:
    """4 (η/b) d σ², per unit of time."""
    s = {**settings, **changed}
    return float(4 * s["step"] / s["batch"] * s["dimension"] * s["noise"] ** 2)


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Measured rates for every value of every setting, one changed at a time."""
    tried = {name: settings[f"{_plural(name)}_tried"] for name in EXPONENTS}
    count, done = sum(map(len, tried.values())), 0
    numbers: dict[str, object] = {}
    for k, (name, values) in enumerate(tried.items()):
        rates, excess, curves = [], [], []
        for j, value in enumerate(values):
            changed = {**settings, name: value}
            found = _measure(changed, seed, 100 * k + j)
            rates.append(found[0])
            excess.append(found[1])
            curves.append(found[2])
            done += 1
            progress(done / count, f"{name} {value:g}")
        numbers |= {f"rate_{name}": np.array(rates), f"excess_{name}": np.array(excess)}
        numbers[f"curve_{name}"] = np.array(curves)
    return numbers


def _plural(name: str) -> str:
    return "batches" if name == "batch" else f"{name}s"


def _measure(settings: Settings, seed: int, case: int) -> tuple[float, float, Array]:
    """Rate of D, T tr H/2 at the end, and |D| over |D| at the first mark that counts."""
    d, h, eta = settings["dimension"], settings["hidden"], settings["step"]
    s, noise = settings["singular_value"], settings["noise"]
    rng = generator(seed, case)
    left, right = (np.linalg.qr(rng.standard_normal((d, h)))[0] for _ in range(2))
    model = Model(V=s * left @ right.T, inputs=np.eye(d), noise=noise**2 * np.eye(d))
    # On the orbit, far from balance: W large, U small.
    A = 1.7 * np.eye(h)
    start = np.sqrt(s) * left @ np.linalg.inv(A), np.sqrt(s) * A @ right.T
    wait, life = settings["from"], settings["lifetimes"] / predicted_rate(settings)
    etas, marks = np.full(round((wait + life) / eta), eta), 40
    sizes, sharp = np.zeros((settings["repeats"], marks + 1)), 0.0
    for i in range(settings["repeats"]):
        run = train(model, start, etas, marks=marks, batch=settings["batch"], rng=rng)
        D = imbalance(run.U, run.W)
        # In the direction of the start, so that the noise of other entries does not add up.
        sizes[i] = np.sum(D * D[0], axis=(-1, -2)) / np.linalg.norm(D[0])
        sharp += float(sharpness(model, run.U, run.W).mean()) / settings["repeats"]
    mean, time = sizes.mean(axis=0), eta * np.linspace(0, len(etas), marks + 1)
    first = int(np.searchsorted(time, wait))
    rate = np.log(mean[first] / mean[-1]) / (time[-1] - time[first])
    return float(rate), eta / settings["batch"] * sharp / 2, mean / mean[0]


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
    values = np.log(settings[f"{_plural(name)}_tried"])
    slopes = [float(np.polyfit(values, np.log(run[f"rate_{name}"]), 1)[0]) for run in runs]
    e = over_seeds(np.array(slopes) - stated)
    return Finding(
        name=f"{NAMES[name]}",
        statement=f"The rate per unit time goes with the power {stated:g} of the {NAMES[name]}.",
        status=e.decide(RELEVANT["exponent"]),
        reason=f"exponent {stated + e.value:.3f} ± {e.half_width:.3f} over "
        f"{len(values)} values (relevant {RELEVANT['exponent']}, Student over {len(runs)} seeds, "
        f"error rate {ALPHA:g})",
        numbers={"exponents": slopes},
    )


def _rate(runs: Sequence[Numbers], settings: Settings, factor: float) -> Finding:
    """Every rate over the predicted one."""
    ratios: dict[str, list[float]] = {}
    estimates, excess = [], 0.0
    count = sum(len(settings[f"{_plural(name)}_tried"]) for name in EXPONENTS)
    for name in EXPONENTS:
        for j, value in enumerate(settings[f"{_plural(name)}_tried"]):
            stated = factor * predicted_rate(settings, **{name: value})
            found = [float(run[f"rate_{name}"][j]) / stated for run in runs]
            ratios[f"{name} {value:g}"] = found
            estimates.append(over_seeds(np.array(found) - 1, ALPHA / count))
            excess = max(excess, float(np.mean([run[f"excess_{name}"][j] for run in runs])))
    # A prefactor common to all, and the one that is farthest off for what is shown.
    pooled = over_seeds(np.mean(list(ratios.values()), axis=0) - 1)
    worst = max(estimates, key=lambda e: abs(e.value))
    return Finding(
        name="the rate itself",
        statement="The rate is 4(η/b)dσ² on the average over all settings.",
        status=pooled.decide(RELEVANT["rate"]),
        reason=f"measured/predicted {1 + pooled.value:.3f} ± {pooled.half_width:.3f} (relevant "
        f"{RELEVANT['rate']:.0%}, error rate {ALPHA:g}); farthest off {1 + worst.value:.3f}; of "
        f"order η: T tr H/2 is {excess:.3f} at most",
        numbers={"ratios": ratios, "largest_excess": excess},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The rates against each setting, beside the predicted lines."""
    drawn = style.figure(11.6, 5.4)
    panels = drawn.subplots(1, 3, sharey=True)
    for axes, name in zip(panels, EXPONENTS, strict=True):
        values = np.array(settings[f"{_plural(name)}_tried"], dtype=float)
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
