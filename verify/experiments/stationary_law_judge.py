"""What is stated of v = u w: its stationary density, the collapse, the noise of its gradient.

Derived from the forward equation of v by its vanishing current, with Δ = α₁α₃ − α₂²:

    p(v) ∝ v^{β₂/(2α₃T) − 3/2} g^{−1 − β₂/(4α₃T)}
           · exp[−(α₃β₁ − α₂β₂)/(2α₃T√Δ) · arctan((α₁v − α₂)/√Δ)],

normalisable iff T < β₂/α₃; above, log v falls at 4(α₃T − β₂) once v is small, and v → 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA, over_seeds, whether_above
from verify.experiments.stationary_law_paths import Data, Moments, moments
from verify.planning import Estimate
from verify.statistics.bounds import clopper_pearson, dkw_half_width
from verify.statistics.decisions import law_distance, sample_distance
from verify.verdict import Status, combine

__all__ = ["RELEVANT", "Density", "discrete_rate", "distribution", "judge", "log_density"]

Density = Callable[[Moments, float, Array], Array]
"""log p(v) up to a constant, of the moments, T and v."""
RELEVANT = MappingProxyType({"law": 0.05, "rate": 0.05, "variance": 0.05})
"""Relevant errors: of distribution functions; relative, of the rate of collapse and of g."""
FALLEN, MANY = 1e-6, 0.9
"""What part of its start v is below where it has collapsed, and the share of paths that is stated;
both are part of the statement."""
# v is looked at from here to e^HIGH.
LOW, HIGH, POINTS = -60.0, 8.0, 20_001


def threshold(m: Moments) -> float:
    """The T above which v → 0."""
    return m.b2 / m.a3


def log_density(m: Moments, T: float, v: Array) -> Array:
    """log p(v) up to a constant, as stated."""
    root = np.sqrt(m.a1 * m.a3 - m.a2**2)
    ratio = m.b2 / (2 * m.a3 * T)
    turn = (m.a3 * m.b1 - m.a2 * m.b2) / (2 * m.a3 * T * root)
    logs = (ratio - 1.5) * np.log(v) - (1 + ratio / 2) * np.log(m.spread(v))
    return np.asarray(logs - turn * np.arctan((m.a1 * v - m.a2) / root))


def distribution(m: Moments, T: float, density: Density = log_density) -> tuple[Array, ...]:
    """log v, the density of log v and the distribution function, normalised by quadrature."""
    grid = np.linspace(LOW, HIGH, POINTS)
    logs = density(m, T, np.exp(grid)) + grid
    weight = np.exp(logs - logs.max())
    spacing = grid[1] - grid[0]
    total = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2 * spacing)])
    return grid, weight / total[-1], total / total[-1]


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    density: Density = log_density,
    of: Callable[[Data], Moments] = moments,
) -> list[Finding]:
    """The law under SDE and SGD, its g, the collapse.

    Another density and other moments show what the judge sees.
    """
    return [
        _law_of_sde(runs, settings, density),
        _law_of_sgd(runs, settings, density),
        _variance(runs, settings, of),
        _ordinary(runs, settings),
        _collapse(runs, settings),
    ]


def _pooled(runs: Sequence[Numbers], name: str, case: int) -> Array:
    """log v of all paths of all seeds."""
    return np.concatenate([np.asarray(run[f"log_v_{name}"])[case] for run in runs])


def _distance(values: Array, data: Data, T: float, density: Density) -> float:
    grid, _, F = distribution(moments(data), T, density)
    return law_distance(values, partial(_between, grid, F))


def _between(grid: Array, values: Array, x: Array) -> Array:
    """What lies between values at the points of a grid, by lines."""
    return np.asarray(np.interp(x, grid, values))


def _shown(estimates: Sequence[Estimate], settings: Settings) -> str:
    """The distances, each with its slope, noise and T as a share of the threshold."""
    parts = []
    for e, (slope, noise, square, T, _) in zip(estimates, settings["cases"], strict=False):
        share = T / threshold(moments(Data(slope=slope, noise=noise, square=square)))
        parts.append(
            f"{e.value:.3f} at a = {slope:g}, σ = {noise:g}, q = {square:g}, T = {T:g} "
            f"({share:.2f} β₂/α₃)"
        )
    return ", ".join(parts)


def _law_of_sde(runs: Sequence[Numbers], settings: Settings, density: Density) -> Finding:
    """The distance of distribution functions with the DKW band, all seeds' paths together.

    The bias of the steps is estimated from paths with steps four times as long: the scheme is of
    weak order one, so that a third of the distance is left.
    """
    estimates = []
    for case, (slope, noise, square, T, _) in enumerate(settings["cases"]):
        fine, coarse = (_pooled(runs, name, case) for name in ("sde", "coarse"))
        estimates.append(
            Estimate(
                value=_distance(fine, Data(slope=slope, noise=noise, square=square), T, density),
                half_width=dkw_half_width(len(fine), ALPHA / len(settings["cases"])),
                bias=sample_distance(fine, coarse) / 3,
            )
        )
    return Finding(
        name="law under SDE",
        statement="Below the threshold the law of v under the SDE is the stated one.",
        status=combine(e.decide(RELEVANT["law"]) for e in estimates),
        reason=f"distance of the distribution functions {_shown(estimates, settings)}; "
        f"± {estimates[0].half_width:.3f} (DKW, error rate {ALPHA:g}, relevant "
        f"{RELEVANT['law']:g}), bias by longer steps {max(e.bias for e in estimates):.3f} at most",
        numbers={"distances": [e.value for e in estimates], "bias": [e.bias for e in estimates]},
    )


def _law_of_sgd(runs: Sequence[Numbers], settings: Settings, density: Density) -> Finding:
    """As under the SDE, where T = η is small enough for steps to be small."""
    estimates = []
    for case in range(settings["of_sgd"]):
        slope, noise, square, T, _ = settings["cases"][case]
        values = _pooled(runs, "sgd", case)
        estimates.append(
            Estimate(
                value=_distance(values, Data(slope=slope, noise=noise, square=square), T, density),
                half_width=dkw_half_width(len(values), ALPHA / settings["of_sgd"]),
            )
        )
    return Finding(
        name="law under SGD",
        statement="Where T is small the law of v under SGD of step η = T, b = 1, is the stated one "
        f"within {RELEVANT['law']:g}.",
        status=combine(e.decide(RELEVANT["law"]) for e in estimates),
        reason=f"distance of the distribution functions {_shown(estimates, settings)}; "
        f"± {max(e.half_width for e in estimates):.3f} (DKW, error rate {ALPHA:g}, relevant "
        f"{RELEVANT['law']:g}); it cannot see the −1 in the exponent of g, which matters only for "
        "steps that are not small: the SDE shows that",
        numbers={"distances": [e.value for e in estimates]},
    )


def _variance(
    runs: Sequence[Numbers], settings: Settings, of: Callable[[Data], Moments]
) -> Finding:
    """Variances of half of the gradient over w, over g, Student over batches of samples."""
    slope, noise, square, *_ = settings["cases"][1]
    v = slope * np.asarray(settings["places"])
    measured = np.concatenate([np.asarray(run["variances"]) for run in runs], axis=1)
    with np.errstate(divide="ignore"):
        ratios = measured / of(Data(slope=slope, noise=noise, square=square)).spread(v)[:, None]
    found = [over_seeds(ratio - 1, ALPHA / len(v)) for ratio in ratios]
    shown = ", ".join(f"{1 + e.value:.3f}" for e in found)
    return Finding(
        name="noise of the gradient",
        statement="The gradient of one sample, halved and divided by w, has the variance g(v) = "
        "α₁v² − 2α₂v + α₃.",
        status=combine(e.decide(RELEVANT["variance"]) for e in found),
        reason=f"measured/stated {shown} at v/a = "
        f"{', '.join(f'{place:g}' for place in settings['places'])}, ± "
        f"{max(e.half_width for e in found):.3f} (Student over batches of samples, a = {slope:g}, "
        f"σ = {noise:g}, q = {square:g}, relevant {RELEVANT['variance']:.0%}, error rate "
        f"{ALPHA:g})",
        numbers={"ratios": [1 + e.value for e in found]},
    )


def _ordinary(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Both shares at half the error rate each, exact bounds."""
    slope, noise, square, T = settings["above"]
    shares = []
    counts = {}
    for name in ("sde", "sgd"):
        ends = np.concatenate([np.asarray(run[f"ordinary_{name}"]) for run in runs])
        counts[name] = int(np.sum(ends < np.log(FALLEN)))
        (low,), (high,) = clopper_pearson(np.array([counts[name]]), len(ends), ALPHA / 2)
        shares.append(whether_above(MANY, low, high))
    return Finding(
        name="collapse from ordinary v",
        statement=f"At a = {slope:g}, σ = {noise:g}, q = {square:g}, T = {T:g}, above β₂/α₃, at "
        f"least {MANY:.0%} of the paths that begin at v = a, the minimum of the loss, have fallen "
        f"below {FALLEN:g} of it after the time {settings['ordinary'][1]:g}, under the SDE and "
        "under SGD.",
        status=combine(shares),
        reason=f"of {settings['ordinary'][0] * len(runs):,} paths {counts['sde']:,} under the SDE, "
        f"{counts['sgd']:,} under SGD (exact bounds, error rate {ALPHA:g})",
        numbers=counts,
    )


def _collapse(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Mean slope of log v of a path, above the threshold, where v is small from the start.

    The bias of the SDE's steps is a third of what steps four times as long change.
    """
    slope, noise, square, T = settings["above"]
    data = Data(slope=slope, noise=noise, square=square)
    m = moments(data)
    rates = {"sde": 4 * (m.a3 * T - m.b2), "sgd": discrete_rate(data, T)}
    slopes = {
        name: np.concatenate([np.asarray(run[f"slope_{name}"]) for run in runs])
        for name in ("sde", "sgd", "coarse")
    }
    found = {name: over_seeds(slopes[name] / rates[name] - 1, ALPHA / 2) for name in rates}
    bias = abs(float(slopes["coarse"].mean() - slopes["sde"].mean()) / rates["sde"]) / 3
    found["sde"] = replace(found["sde"], bias=bias)
    status = combine(e.decide(RELEVANT["rate"]) for e in found.values())
    shown = "; ".join(
        f"{name.upper()} {1 + e.value:.3f} ± {e.half_width:.3f}" for name, e in found.items()
    )
    return Finding(
        name="collapse above the threshold",
        statement=f"At a = {slope:g}, σ = {noise:g}, q = {square:g}, T = {T:g}, above β₂/α₃ = "
        f"{threshold(m):.4f}, log v falls at 4(α₃T − β₂) under the SDE and at −E log(1 + 2ηxy)²/η "
        "under SGD.",
        status=status if rates["sde"] > 0 else Status.INCONCLUSIVE,
        reason=f"measured/stated: {shown}, bias of the SDE's steps {bias:.3f} (relevant "
        f"{RELEVANT['rate']:.0%}, Student over all paths, error rate {ALPHA:g}); that of SGD is "
        f"{rates['sgd'] / rates['sde']:.3f} of that of the SDE, which η → 0 would make 1",
        numbers={"stated": rates, "ratio": {name: 1 + e.value for name, e in found.items()}},
    )


def discrete_rate(data: Data, eta: float, nodes: int = 60) -> float:
    """−E log(1 + 2ηxy)²/η, the mean fall of log v under SGD where v is small, by quadrature.

    Given x, 1 + 2ηxy = A + Bε.  The inner integral is split at the logarithm's zero ε = −A/B;
    what is left is smooth in x, and nodes are even in number since B is 0 at 0.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    x = np.sqrt(data.square) * points
    A, B = 1 + 2 * eta * data.slope * x * x, 2 * eta * data.noise * x
    inner = np.array([_mean_log_square(a, b) for a, b in zip(A, B, strict=True)])
    return float(-(weights @ inner) / weights.sum() / eta)


def _mean_log_square(a: float, b: float) -> float:
    """E log(a + bε)², ε ~ N(0, 1)."""
    from scipy.integrate import quad

    def density(e: float) -> float:
        return float(np.exp(-e * e / 2) / np.sqrt(2 * np.pi))

    zero, reach = -a / b, 12.0
    if abs(zero) > reach:
        return float(quad(lambda e: density(e) * np.log((a + b * e) ** 2), -reach, reach)[0])
    # The logarithm of the distance to the zero is the weight of the rule.
    low = quad(density, -reach, zero, weight="alg-logb", wvar=(0, 0))[0]
    high = quad(density, zero, reach, weight="alg-loga", wvar=(0, 0))[0]
    return float(2 * (np.log(abs(b)) + low + high))
