"""tr H while SGD factorizes a matrix of rank one, with learning-rate warm-up and without.

ℓ = |u w x − y|² with one hidden unit, x ~ N(0, I_d), y = V x + ε, V of rank one.  Kaiming's start
has E u_i² = 2 and E w_j² = 2/d: |u|² ≫ |w|², far from balance and sharp, tr H = 2d(|u|² + |w|²).
Xavier's has E u_i² = E w_j² = 2/(1 + d), near balance.  Noise balances the norms,

    d(|w|² − |u|²) = −4η² d σ² (|w|² − |u|²) per step,

which takes S = tr H to 4d|V|, its least value where u w = V; gradient descent keeps |w|² − |u|²
and has 2d√((|w|² − |u|²)² + 4|V|²) at the end.  But a step that the equilibrium bears is too large
for Kaiming's start, from which SGD then leaps away.  Warm-up gives the noise time to flatten first.

Steps of finite size leave |w|² − |u|² of order η, and S above 4d|V| by order η²: measured are 7,
1.7 and 0.4 % at η = 0.02, 0.01 and 0.005.  Below it there is no point with u w = V.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.factorization import Model, carried, curvature, imbalance, train
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, whether_above
from verify.statistics.bounds import clopper_pearson
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CASES", "experiment", "judge", "kept_by_descent", "least"]

ROUNDING = 1e-3
"""How far a weight that was carried to the orbit may be off it."""
CASES = MappingProxyType(
    {
        "warm": "SGD, Kaiming start, warm-up",
        "cold": "SGD, Kaiming start, no warm-up",
        "xavier": "SGD, Xavier start, no warm-up",
        "gd": "gradient descent, Kaiming start",
    }
)


def experiment() -> Experiment:
    """The experiment; standard settings take a few seconds on two cores."""
    return Experiment(
        id="warm-up",
        title="Sharpness of a rank-one factorization with learning-rate warm-up and without",
        source="seed 003, figure on the stability condition and warm-up",
        claim="From Kaiming's start SGD with warm-up lowers S = tr H to that of the noise "
        "equilibrium; without warm-up it leaps away, from Xavier's start S grows to it, and "
        "gradient descent ends where the imbalance of its start says.",
        settings=MappingProxyType(
            {
                "dimension": 12,
                "V": 3.0,
                "noise": 0.5,
                "step": 0.02,
                "gd_step": 0.002,
                "steps": 12_000,
                "warm_steps": 10_000,
                "marks": 150,
                "runs": 20,
                "often": 0.7,
                "fallen": 0.7,
                "near": 0.02,
                "above": 0.12,
            }
        ),
        quick=MappingProxyType({"marks": 60}),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """S over the steps for all runs of each case; infinite from where the weights diverge.

    S is measured, by second differences of the loss.  At the end it is also taken at the weights
    that are carried to u w = V with |w|² − |u|² unchanged: without the noise across the orbit.
    """
    d, rng = settings["dimension"], generator(seed, 0)
    a, b = (z / np.linalg.norm(z) for z in rng.standard_normal((2, d)))
    noise = settings["noise"] ** 2 * np.eye(d)
    model = Model(V=settings["V"] * np.outer(a, b), inputs=np.eye(d), noise=noise)
    kept: dict[str, list[Array]] = {f"{part}_{name}": [] for name in CASES for part in ("S", "end")}
    at_start = []
    for i in range(settings["runs"]):
        z, w = rng.standard_normal((d, 1)), rng.standard_normal((1, d))
        starts = {
            "xavier": (np.sqrt(2 / (1 + d)) * z, np.sqrt(2 / (1 + d)) * w),
            "kaiming": (np.sqrt(2) * z, np.sqrt(2 / d) * w),
        }
        at_start.append(imbalance(*starts["kaiming"])[0, 0])
        for k, (name, etas) in enumerate(_plans(settings).items()):
            noisy = None if name == "gd" else generator(seed, 10 + 4 * i + k)
            start = starts["xavier" if name == "xavier" else "kaiming"]
            run = train(model, start, etas, marks=settings["marks"], rng=noisy)
            S, end = _seen(model, run.U, run.W)
            kept[f"S_{name}"].append(S)
            kept[f"end_{name}"].append(end)
        progress((i + 1) / settings["runs"], f"run {i + 1}")
    return {
        "steps": run.steps,
        "imbalance": np.array(at_start),
        **{name: np.array(values) for name, values in kept.items()},
    }


def _plans(settings: Settings) -> dict[str, Array]:
    """The step sizes of each case."""
    steps = settings["steps"]
    constant = np.full(steps, settings["step"])
    ramp = np.minimum(1, (np.arange(steps) + 1) / settings["warm_steps"])
    slow = np.full(steps, settings["gd_step"])
    return {"warm": constant * ramp, "cold": constant, "xavier": constant, "gd": slow}


def _seen(model: Model, U: Array, W: Array) -> tuple[Array, Array]:
    """S along a run, and its mean on the orbit over the last tenth."""
    with np.errstate(all="ignore"):
        S = curvature(model, U, W)
    S = np.where(np.isfinite(S), S, np.inf)
    late = slice(-max(len(S) // 10, 1), None)
    if not np.isfinite(S[late]).all():
        return S, np.array(np.inf)
    return S, np.asarray(curvature(model, *carried(model, U[late], W[late])).mean())


def least(settings: Settings) -> float:
    """4d|V|, where SGD is said to end: S at |u|² = |w|² = |V|."""
    return float(4 * settings["dimension"] * settings["V"])


def kept_by_descent(imbalances: Array, settings: Settings) -> Array:
    """2d√((|w|² − |u|²)² + 4|V|²), where gradient descent ends."""
    return np.asarray(2 * settings["dimension"] * np.sqrt(imbalances**2 + 4 * settings["V"] ** 2))


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """How often S falls, or does not, in each case, and whether it ends where it is said to."""
    ends = {name: _ends(runs, name) for name in CASES}
    share, fallen, near = settings["often"], settings["fallen"], settings["near"]
    warm, cold, xavier, gd = ends.values()
    least_one = {name: _at_least(ends[name][1], settings) for name in CASES}
    band = f"at most {settings['above']:.0%} above 4d|V| and not below it"
    stated = kept_by_descent(np.concatenate([run["imbalance"] for run in runs]), settings)
    return [
        _often(
            "warm-up",
            f"With warm-up S ends below {fallen:g} of its value at Kaiming's start, {band}.",
            (warm[1] < fallen * warm[0]) & least_one["warm"],
            share,
            _shown(warm, settings),
        ),
        _often(
            "no warm-up",
            "Without warm-up SGD diverges from Kaiming's start, or ends no flatter than it.",
            ~(cold[1] < cold[0]),
            share,
            f"diverged {np.mean(np.isinf(cold[1])):.0%}",
        ),
        _often(
            "Xavier's start",
            f"From Xavier's start S grows, and it too ends {band}.",
            (xavier[1] > xavier[0]) & least_one["xavier"],
            share,
            _shown(xavier, settings),
        ),
        _often(
            "gradient descent",
            f"Gradient descent from Kaiming's start ends within {near:.0%} of "
            f"2d√((|w|² − |u|²)² + 4|V|²) of that start, more than {settings['above']:.0%} above "
            "4d|V|.",
            (np.abs(gd[1] / stated - 1) < near) & ~least_one["gd"],
            share,
            _shown(gd, settings),
        ),
    ]


def _at_least(end: Array, settings: Settings) -> NDArray[np.bool_]:
    """Where S is 4d|V| up to steps of finite size, which take it above."""
    ratio = end / least(settings)
    return np.asarray((ratio > 1 - ROUNDING) & (ratio < 1 + settings["above"]))


def _ends(runs: Sequence[Numbers], name: str) -> tuple[Array, Array]:
    """S at the start, and on the orbit over the last tenth."""
    S, end = (
        np.concatenate([np.asarray(run[f"{part}_{name}"]) for run in runs]) for part in ("S", "end")
    )
    return S[:, 0], end


def _shown(ends: tuple[Array, Array], settings: Settings) -> str:
    low, middle, high = np.quantile(ends[1] / least(settings), [0.05, 0.5, 0.95], method="nearest")
    return (
        f"median of S {np.median(ends[0]):.0f} at the start, {np.median(ends[1]):.1f} at the end "
        f"on the orbit, {middle:.3f} ({low:.3f} … {high:.3f}) of 4d|V|"
    )


def _often(name: str, statement: str, holds: NDArray[np.bool_], share: float, more: str) -> Finding:
    """Whether the probability is above the share, by its Clopper–Pearson interval."""
    hits, n = int(holds.sum()), len(holds)
    low, high = (float(edge) for edge in clopper_pearson(hits, n, ALPHA))
    return Finding(
        name=name,
        statement=f"{statement[:-1]}, in {share:.0%} of all runs at least.",
        status=whether_above(share, low, high),
        reason=f"{hits} of {n} runs, probability {low:.2f} … {high:.2f} (error rate {ALPHA:g}); "
        f"{more}",
        numbers={"hits": hits, "runs": n, "interval": [low, high]},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """S over the steps: median and the middle half of the runs in each case."""
    drawn = style.figure(8.8, 6.6)
    axes = drawn.subplots()
    steps, top = np.asarray(runs[0]["steps"]), 1e4
    colours = [style.COLOURS[name] for name in ("vermilion", "purple", "green", "blue")]
    for (name, label), colour in zip(CASES.items(), colours, strict=True):
        S = np.concatenate([np.asarray(run[f"S_{name}"]) for run in runs])
        low, middle, high = np.quantile(np.minimum(S, 10 * top), [0.25, 0.5, 0.75], axis=0)
        if np.isfinite(S).all():
            axes.fill_between(steps, low, high, color=colour, alpha=0.15, lw=0)
        gone = np.mean(np.isinf(S[:, -1]))
        words = f"{label} ({gone:.0%} diverge)" if gone else label
        axes.plot(steps, middle, color=colour, lw=1.8, label=words)
    axes.axhline(
        least(settings), color=style.INK, lw=1.0, ls=style.DASHES,
        label="4d|V|, least S where u w = V",
    )  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(0.3 * least(settings), top)
    axes.set_xlim(0, steps[-1])
    axes.set_xlabel("steps")
    axes.set_ylabel("S = tr H, median and middle half of the runs  (log scale)")
    axes.legend(loc="upper right", fontsize=8.5)
    claim = (
        "Warm-up lets SGD flatten Kaiming's start; without, it leaps away"
        if all(finding.status == Status.AGREES for finding in findings)
        else "Sharpness of a rank-one factorization, with warm-up and without"
    )
    about = (
        f"d = {settings['dimension']}, |V| = {settings['V']:g}, σ = {settings['noise']:g}, "
        f"η = {settings['step']:g}, reached after {settings['warm_steps']:,} steps of linear "
        f"warm-up (GD: {settings['gd_step']:g}), {settings['runs']} runs × {len(runs)} seeds"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return {"warm-up": drawn}
