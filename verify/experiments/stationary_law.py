"""The law of v = u w of ℓ = (u w x − y)² under SGD of small steps, and under its SDE.

y = a x + σ ε with x, ε ~ N(0, 1), and u = w, which both keep.  One step of SGD is u⁺ = u − η G u,
G = 2(v x² − xy); its SDE dθ = −∇L dt + √(T Σ) dB with T = η/b has, for u,

    du = −2(β₁v − β₂) u dt + 2 √(T g(v)) u dB,   g = α₁v² − 2α₂v + α₃ = Var(v x² − xy),

α₁ = Var x² = 2, α₂ = Cov(x², xy) = 2a, α₃ = Var xy = 2a² + σ², β₁ = E x² = 1, β₂ = E xy = a.

Stated (derived from the forward equation of v by its vanishing current), with Δ = α₁α₃ − α₂²:

    p(v) ∝ v^{β₂/(2α₃T) − 3/2} g^{−1 − β₂/(4α₃T)}
           · exp[−(α₃β₁ − α₂β₂)/(2α₃T√Δ) · arctan((α₁v − α₂)/√Δ)],

normalisable iff T < β₂/α₃; above, log v falls at 4(α₃T − β₂) once v is small, and v → 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds
from verify.experiments.stationary_law_figures import law_figure
from verify.planning import Estimate
from verify.statistics.bounds import dkw_half_width
from verify.statistics.decisions import law_distance
from verify.verdict import Status, combine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RELEVANT", "Moments", "distribution", "experiment", "judge", "moments"]

RELEVANT = MappingProxyType({"law": 0.05, "rate": 0.05})
"""Relevant errors: of distribution functions; of the rate of collapse, relative."""
# v is looked at from here to e^HIGH.
LOW, HIGH, POINTS = -60.0, 8.0, 20_001


@dataclass(frozen=True, kw_only=True)
class Moments:
    """α₁, α₂, α₃, β₁ and β₂ of the data."""

    a1: float
    a2: float
    a3: float
    b1: float
    b2: float

    @property
    def threshold(self) -> float:
        """The T above which v → 0."""
        return self.b2 / self.a3

    def spread(self, v: Array) -> Array:
        """g(v)."""
        return np.asarray(self.a1 * v * v - 2 * self.a2 * v + self.a3)


def moments(settings: Settings) -> Moments:
    """Those of y = a x + σ ε."""
    a, variance = settings["slope"], settings["noise"] ** 2
    return Moments(a1=2.0, a2=2 * a, a3=2 * a**2 + variance, b1=1.0, b2=a)


def log_density(m: Moments, T: float, v: Array) -> Array:
    """log p(v) up to a constant, as stated."""
    root = np.sqrt(m.a1 * m.a3 - m.a2**2)
    ratio = m.b2 / (2 * m.a3 * T)
    turn = (m.a3 * m.b1 - m.a2 * m.b2) / (2 * m.a3 * T * root)
    logs = (ratio - 1.5) * np.log(v) - (1 + ratio / 2) * np.log(m.spread(v))
    return np.asarray(logs - turn * np.arctan((m.a1 * v - m.a2) / root))


def distribution(
    m: Moments, T: float, density: Callable[[Moments, float, Array], Array] = log_density
) -> tuple[Array, Array, Array]:
    """log v, the density of log v and the distribution function, normalised by quadrature."""
    grid = np.linspace(LOW, HIGH, POINTS)
    logs = density(m, T, np.exp(grid)) + grid
    weight = np.exp(logs - logs.max())
    spacing = grid[1] - grid[0]
    total = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2 * spacing)])
    return grid, weight / total[-1], total / total[-1]


def experiment() -> Experiment:
    """The experiment; standard settings take some twenty seconds on two cores."""
    return Experiment(
        id="stationary-law",
        title="The stationary law of v = uw below the threshold of the noise, and collapse above",
        source="seed 003, THEOREMS §4 (stationary_density)",
        claim="Below T = β₂/α₃ the product v = uw under SGD and under its SDE has the stated "
        "stationary density; above it v falls to zero at the stated rate.",
        settings=MappingProxyType(
            {
                "slope": 0.05,
                "noise": 1.0,
                "temperatures": [0.01, 0.025],
                "above": 0.09,
                "relaxations": 20.0,
                "paths": 3000,
                "sde_step": 0.04,
                "fall": 200.0,
                "low": 1e-12,
            }
        ),
        quick=MappingProxyType({"temperatures": [0.02], "paths": 2500, "relaxations": 10.0}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=4,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """log v at the end of all paths for each T, and the mean of log v along the way above."""
    rng, v = generator(seed, 1), settings["slope"]
    ends: dict[str, list[Array]] = {"sgd": [], "sde": []}
    for i, T in enumerate(settings["temperatures"]):
        time = settings["relaxations"] / (2 * settings["slope"])
        ends["sgd"].append(_sgd(settings, T, time, rng, start=v)[-1])
        ends["sde"].append(_sde(settings, T, time, rng, start=v)[-1])
        progress((i + 1) / (len(settings["temperatures"]) + 1), f"T = {T:g}")
    T, time = settings["above"], settings["fall"]
    # Whole numbers of steps between marks.
    sizes = {"sgd": T, "sde": settings["sde_step"]}
    elapsed = {name: 40 * round(time / step / 40) * step for name, step in sizes.items()}
    low = {"start": settings["low"], "marks": 40}
    falls = {"sgd": _sgd(settings, T, time, rng, **low), "sde": _sde(settings, T, time, rng, **low)}
    return {
        **{f"log_v_{name}": np.array(values) for name, values in ends.items()},
        **{f"fall_{name}": paths.mean(axis=1) for name, paths in falls.items()},
        **{f"slope_{n}": (p[20] - p[40]) / (elapsed[n] / 2) for n, p in falls.items()},
        **{f"fall_time_{name}": np.linspace(0, end, 41) for name, end in elapsed.items()},
    }


def _sgd(
    settings: Settings,
    T: float,
    time: float,
    rng: np.random.Generator,
    *,
    start: float,
    marks: int = 1,
) -> Array:
    """Steps of size η = T on single samples, all paths at once: log v at the marks."""
    a, noise, paths = settings["slope"], settings["noise"], settings["paths"]
    u = np.full(paths, np.sqrt(start))
    kept = [2 * np.log(np.abs(u))]
    for _ in range(marks):
        for _ in range(round(time / T / marks)):
            x = rng.standard_normal(paths)
            residual = (u * u - a) * x - noise * rng.standard_normal(paths)
            u *= 1 - 2 * T * residual * x
        kept.append(2 * np.log(np.abs(u)))
    return np.array(kept)


def _sde(
    settings: Settings,
    T: float,
    time: float,
    rng: np.random.Generator,
    *,
    start: float,
    marks: int = 1,
) -> Array:
    """Euler–Maruyama for log u, which the tails of v do not blow up: log v at the marks."""
    m, h = moments(settings), settings["sde_step"]
    logs = np.full(settings["paths"], np.log(start) / 2)
    kept = [2 * logs]
    for _ in range(marks):
        for _ in range(round(time / h / marks)):
            v = np.exp(2 * logs)
            variance = 4 * T * h * m.spread(v)
            noise = np.sqrt(variance) * rng.standard_normal(len(v))
            logs = logs - 2 * h * (m.b1 * v - m.b2) - variance / 2 + noise
        kept.append(2 * logs)
    return np.array(kept)


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    density: Callable[[Moments, float, Array], Array] = log_density,
) -> list[Finding]:
    """The law under SDE and SGD, the collapse; another density shows what the judge sees."""
    found = []
    for name, words in (("sde", "the SDE"), ("sgd", "SGD of step η = T, b = 1,")):
        found.append(_law(runs, settings, name, words, density))
    return [*found, _collapse(runs, settings)]


def _law(
    runs: Sequence[Numbers],
    settings: Settings,
    name: str,
    words: str,
    density: Callable[[Moments, float, Array], Array],
) -> Finding:
    """The distance of distribution functions with the DKW band, all seeds' paths together."""
    temperatures = settings["temperatures"]
    distances, half = [], 0.0
    for i, T in enumerate(temperatures):
        values = np.concatenate([np.asarray(run[f"log_v_{name}"])[i] for run in runs])
        grid, _, F = distribution(moments(settings), T, density)
        distances.append(law_distance(values, partial(_between, grid, F)))
        half = dkw_half_width(len(values), ALPHA / (2 * len(temperatures)))
    estimates = [Estimate(value=distance, half_width=half) for distance in distances]
    shown = ", ".join(f"{d:.3f} at T = {T:g}" for d, T in zip(distances, temperatures, strict=True))
    return Finding(
        name=f"law under {name.upper()}",
        statement=f"Below the threshold the law of v under {words} is the stated one.",
        status=combine(e.decide(RELEVANT["law"]) for e in estimates),
        reason=f"distance of the distribution functions {shown}, ± {half:.3f} (DKW, relevant "
        f"{RELEVANT['law']:g}, error rate {ALPHA:g}); threshold T = "
        f"{moments(settings).threshold:.4f}",
        numbers={"distances": distances, "half_width": half},
    )


def _between(grid: Array, values: Array, x: Array) -> Array:
    """What lies between values at the points of a grid, by lines."""
    return np.asarray(np.interp(x, grid, values))


def _collapse(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Mean slope of log v of a path over the second half, above the threshold."""
    m, T = moments(settings), settings["above"]
    rates = {"sde": 4 * (m.a3 * T - m.b2), "sgd": _discrete_rate(settings, T)}
    found = {}
    for name in ("sde", "sgd"):
        slopes = np.concatenate([np.asarray(run[f"slope_{name}"]) for run in runs]) / rates[name]
        found[name] = over_seeds(slopes - 1, ALPHA / 2)
    status = combine(e.decide(RELEVANT["rate"]) for e in found.values())
    shown = "; ".join(
        f"{name.upper()} {1 + e.value:.3f} ± {e.half_width:.3f}" for name, e in found.items()
    )
    return Finding(
        name="collapse above the threshold",
        statement=f"At T = {T:g}, above β₂/α₃ = {m.threshold:.4f}, log v falls at 4(α₃T − β₂) "
        "under the SDE and at −E log(1 + 2ηxy)²/η under SGD.",
        status=status if rates["sde"] > 0 else Status.INCONCLUSIVE,
        reason=f"measured/stated: {shown} (relevant {RELEVANT['rate']:.0%}, Student over "
        f"all paths, error rate {ALPHA:g}); that of SGD is {rates['sgd'] / rates['sde']:.3f} "
        "of that of the SDE, which η → 0 would make 1",
        numbers={"stated": rates, "ratio": {name: 1 + e.value for name, e in found.items()}},
    )


def _discrete_rate(settings: Settings, eta: float) -> float:
    """−E log(1 + 2η x y)²/η, the mean fall of log v under SGD where v is small, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(180)
    x, e = nodes[:, None], nodes[None, :]
    xy = settings["slope"] * x * x + settings["noise"] * x * e
    logs = np.log((1 + 2 * eta * xy) ** 2)
    return float(-(weights @ logs @ weights) / weights.sum() ** 2 / eta)


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Densities below the threshold, the fall above."""
    m = moments(settings)
    densities = [distribution(m, T)[:2] for T in settings["temperatures"]]
    rate = 4 * (m.a3 * settings["above"] - m.b2)
    about = (
        f"y = {settings['slope']:g} x + {settings['noise']:g} ε, x, ε ~ N(0, 1); SGD with η = T, "
        f"b = 1; {len(runs) * settings['paths']:,} paths in {len(runs)} seeds"
    )
    return {"stationary-law": law_figure(runs, settings, findings, densities, rate, about)}
