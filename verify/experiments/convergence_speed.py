"""How fast SGD comes to the noise equilibrium, against step, batch, sizes and variances.

Matrix factorization with Σ_x = s² I of d_x inputs, Σ_r = σ² I of d_y outputs: D = WW' − U'U obeys

    dD = −4T F dt,   F = σ²s² (d_y WW' − d_x U'U),   T = η/b,   t = steps × η.

From a W that is large beside U, D falls at 4 (η/b) d_y σ² s²: tr Σ_r counts, tr Σ_x does not.
What this leaves out is |d_x/d_y − 1| |U|²/(|W|² − |U|²) of it, known from the weights.  Away from
η → 0 the residual is larger than the label noise: E|r|² = d_y σ² (1 + O(T tr H)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.convergence_balance import balance_runs, judged_balance
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import Model, imbalance, train
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPONENTS", "RELEVANT", "experiment", "judge", "predicted_rate"]

RELEVANT = MappingProxyType({"rate": 0.05, "exponent": 0.1})
"""Relevant errors: of the rate, relative; of the exponents."""
EXPONENTS = MappingProxyType(
    {"step": 1.0, "batch": -1.0, "outputs": 1.0, "inputs": 0.0, "noise": 2.0, "variance": 1.0}
)
"""Of the rate per unit of time."""
RATES = (0.004, 0.008, 0.016, 0.032, 0.064)
"""Marked in the picture."""
NAMES = MappingProxyType(
    {
        "step": "step size η",
        "batch": "batch b",
        "outputs": "number of outputs d_y",
        "inputs": "number of inputs d_x",
        "noise": "label noise σ",
        "variance": "variance s² of the inputs",
    }
)


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="convergence-speed",
        title="Speed to the noise equilibrium against step, batch, sizes and variances",
        source="seed 003, figure on the speed of convergence",
        claim="The imbalance of a matrix factorization decays under SGD at 4(η/b)d_y σ²s² per unit "
        "time from a large W: in proportion to step, outputs and both variances, inversely to the "
        "batch, and whatever the number of inputs.  Of two vectors |u|² − |w|² decays at T·C0.",
        settings=MappingProxyType(
            {
                "step": 0.002,
                "batch": 1,
                "outputs": 4,
                "inputs": 6,
                "noise": 0.7,
                "variance": 1.5,
                "hidden": 2,
                "singular_value": 0.05,
                # Sizes of the columns of W at the start; U is the singular value over it.
                "long": 1.2,
                # Values, each with the time for which it is watched.
                "step_tried": [[0.0005, 260.0], [0.001, 130.0], [0.002, 65.0], [0.004, 32.0]],
                "batch_tried": [[1, 65.0], [2, 130.0], [4, 260.0], [8, 520.0]],
                "outputs_tried": [[2, 130.0], [4, 65.0], [8, 32.0]],
                "inputs_tried": [[3, 65.0], [6, 65.0], [12, 65.0]],
                "noise_tried": [[0.5, 127.0], [0.7, 65.0], [1.0, 32.0]],
                "variance_tried": [[0.75, 130.0], [1.5, 65.0], [3.0, 32.0]],
                "repeats": 4,
                "from": 3.0,
                # Two vectors on samples, for the law of balance.
                "balance": {
                    "samples": 8,
                    "slope": 1.4,
                    "spread": 0.5,
                    "length": 3,
                    "long": 2.0,
                    "batch": 2,
                    "step": 0.003,
                    "steps": 3000,
                    "runs": 80,
                },
            }
        ),
        quick=MappingProxyType(
            {
                "step_tried": [[0.001, 130.0], [0.002, 65.0], [0.004, 32.0]],
                "batch_tried": [[1, 65.0], [2, 130.0], [4, 260.0]],
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Measured rates for every value of every setting, one changed at a time."""
    tried = {name: settings[f"{name}_tried"] for name in EXPONENTS}
    count, done = sum(map(len, tried.values())), 0
    numbers: dict[str, object] = {}
    for k, (name, values) in enumerate(tried.items()):
        found = []
        for j, (value, time) in enumerate(values):
            found.append(_measure({**settings, name: value}, time, seed, 100 * k + j))
            done += 1
            progress(done / count, f"{name} {value:g}")
        parts = zip(("rate", "size_U", "size_W"), np.array(found).T, strict=True)
        numbers |= {f"{part}_{name}": values for part, values in parts}
    return {**numbers, **balance_runs(seed, settings)}


def _measure(settings: Settings, time: float, seed: int, case: int) -> tuple[float, float, float]:
    """Rate of D over this time, after the first, and the means of |U|² and |W|² along the way."""
    dy, dx, h, eta = (settings[name] for name in ("outputs", "inputs", "hidden", "step"))
    s, a, rng = settings["singular_value"], settings["long"], generator(seed, case)
    left, right = (np.linalg.qr(rng.standard_normal((d, h)))[0] for d in (dy, dx))
    model = Model(
        V=s * left @ right.T,
        inputs=settings["variance"] * np.eye(dx),
        noise=settings["noise"] ** 2 * np.eye(dy),
    )
    # On the orbit, far from balance: W large, U small.
    start = s / a * left, a * right.T
    wait = settings["from"]
    etas, marks = np.full(round((wait + time) / eta), eta), 40
    sizes, squares = np.zeros((settings["repeats"], marks + 1)), np.zeros(2)
    for i in range(settings["repeats"]):
        run = train(model, start, etas, marks=marks, batch=settings["batch"], rng=rng)
        D = imbalance(run.U, run.W)
        # In the direction of the start, so that the noise of other entries does not add up.
        sizes[i] = np.sum(D * D[0], axis=(-1, -2)) / np.linalg.norm(D[0])
        squares += [float(np.sum(part**2)) / len(part) for part in (run.U, run.W)]
    mean, at = sizes.mean(axis=0), eta * run.steps
    first = int(np.searchsorted(at, wait))
    rate = np.log(mean[first] / mean[-1]) / (at[-1] - at[first])
    of_U, of_W = squares / settings["repeats"]
    return float(rate), float(of_U), float(of_W)


def predicted_rate(settings: Settings, **changed: float) -> float:
    """4 (η/b) d_y σ²s², per unit of time."""
    s = {**settings, **changed}
    return float(4 * s["step"] / s["batch"] * s["outputs"] * s["noise"] ** 2 * s["variance"])


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    exponents: Mapping[str, float] = EXPONENTS,
    factor: float = 1.0,
) -> list[Finding]:
    """The rates, their exponents, the law of balance.

    Other exponents and another factor show what is seen.
    """
    return [
        *(_exponent(runs, settings, name, stated) for name, stated in exponents.items()),
        judged_balance(runs, settings),
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
        f"{len(values)} values (left out: {bias:.3f}, relevant {RELEVANT['exponent']}, Student "
        f"over {len(runs)} seeds, error rate {ALPHA:g})",
        numbers={"exponents": slopes},
    )


def _values(settings: Settings, name: str) -> Array:
    return np.array([value for value, _ in settings[f"{name}_tried"]], dtype=float)


def _excess(runs: Sequence[Numbers], settings: Settings, name: str) -> Array:
    """What the law of the rate leaves out at every value, relatively: a bound.

    By T tr H/2 the mean of |r|² is larger than d_y σ², tr H = 2s²(d_y |W|² + d_x |U|²); and the
    U'U of the equilibrium is not proportional to the WW'.
    """
    found = []
    for j, value in enumerate(_values(settings, name)):
        s = {**settings, name: value}
        dy, dx = s["outputs"], s["inputs"]
        of_U, of_W = (np.mean([run[f"size_{part}_{name}"][j] for run in runs]) for part in "UW")
        by_step = s["step"] / s["batch"] * s["variance"] * (dy * of_W + dx * of_U)
        found.append(by_step + abs(dx / dy - 1) * of_U / (of_W - of_U))
    return np.array(found)


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
        statement="The rate is 4(η/b)d_y σ²s² on the average over all settings.",
        status=pooled.decide(RELEVANT["rate"]),
        reason=f"measured/predicted {1 + pooled.value:.3f} ± {pooled.half_width:.3f} (relevant "
        f"{RELEVANT['rate']:.0%}, Student over {len(runs)} seeds, error rate {ALPHA:g}); farthest "
        f"off {1 + worst:.3f}; known to be left out: {bias:.3f} on the average, "
        f"{max(excess):.3f} at most",
        numbers={"ratios": ratios, "excess": excess},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The rates against each setting, beside the predicted lines."""
    drawn = style.figure(11.6, 8.4)
    panels = drawn.subplots(2, 3, sharey=True)
    for axes, name in zip(panels.flat, EXPONENTS, strict=True):
        _panel(axes, runs, settings, name)
    for axes in panels[:, 0]:
        axes.set_ylabel("rate of |D| per unit of t = steps × η")
    panels[0, 0].legend(loc="upper left", fontsize=8.5)
    claim = (
        "From a large W the speed to equilibrium goes as η d_y σ²s²/b, whatever d_x"
        if combine(finding.status for finding in findings) == Status.AGREES
        else "Speed to the noise equilibrium against step, batch, sizes and variances"
    )
    about = (
        f"d_y = {settings['outputs']}, d_x = {settings['inputs']}, h = {settings['hidden']}, "
        f"σ = {settings['noise']:g}, s² = {settings['variance']:g}, η = {settings['step']:g}, "
        f"b = {settings['batch']} where not varied; {settings['repeats']} runs each, {len(runs)} "
        "seeds; all scales logarithmic"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return {"convergence-speed": drawn}


def _panel(axes: Axes, runs: Sequence[Numbers], settings: Settings, name: str) -> None:
    values = _values(settings, name)
    for i, run in enumerate(runs):
        axes.plot(
            values, run[f"rate_{name}"], "o", color=style.COLOURS["vermilion"], ms=5,
            alpha=0.6, mec="none", label="measured, every seed" if i == 0 else None,
        )  # fmt: skip
    line = [predicted_rate(settings, **{name: value}) for value in values]
    axes.plot(
        values, line, color=style.INK, lw=1.2, ls=style.DASHES, label="predicted 4(η/b)d_y σ²s²"
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_yticks(RATES, [f"{rate:g}" for rate in RATES])
    axes.minorticks_off()
    axes.set_xlabel(NAMES[name])
