"""The law of v = u w of ℓ = (u w x − y)² under SGD of small steps, and under its SDE.

`stationary_law_paths` has the paths, `stationary_law_judge` what is stated of them.

With T = η/b, b = 1, the law of SGD comes to that of its SDE as T → 0 alone.  There it shows the
powers of v and, near v = β₂/β₁, all of g; but the −1 in the exponent of g, a factor 1/g that does
not sharpen with 1/T, is of the order of the steps.  The SDE has the stated law at every T below the
threshold, and there it is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.stationary_law_figures import law_figure
from verify.experiments.stationary_law_judge import distribution, judge
from verify.experiments.stationary_law_paths import (
    Data,
    gradient_variances,
    moments,
    sde_paths,
    sgd_paths,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "simulate"]


def experiment() -> Experiment:
    """The experiment; standard settings take some twenty seconds on two cores."""
    return Experiment(
        id="stationary-law",
        title="The stationary law of v = uw below the threshold of the noise, and collapse above",
        source="seed 003, THEOREMS §4 (stationary_density)",
        claim="Below T = β₂/α₃ the product v = uw under its SDE, and for small T under SGD, has "
        "the stated stationary density; above it v falls to zero at the stated rate.",
        settings=MappingProxyType(
            {
                # Slope a, noise σ, E x², T and time; the first few are also laws of SGD.  No E x²
                # is 1, and the last T is well on the way to its threshold.
                "cases": [
                    [0.05, 1.0, 0.7, 0.015, 210.0],
                    [1.0, 0.7, 1.4, 0.007, 4.0],
                    [1.2, 0.5, 0.6, 0.2, 12.0],
                    [0.8, 1.1, 1.6, 0.15, 30.0],
                ],
                "of_sgd": 2,
                "paths": 4000,
                "sde_step": 0.02,
                "places": [0.0, 0.5, 1.0, 2.0, 4.0],
                "batches": 100,
                "samples": 1000,
                "above": [0.05, 1.0, 0.7, 0.09],
                "fall": 200.0,
                "low": 1e-12,
                # Of paths from v = a: how many, how long.
                "ordinary": [500, 600.0],
            }
        ),
        quick=MappingProxyType({"paths": 2500, "sde_step": 0.03, "batches": 60}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=4,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """log v at the end of all paths of each law, the fall of log v, variances of the gradient."""
    rng, paths, step = generator(seed, 1), settings["paths"], settings["sde_step"]
    ends: dict[str, list[Array]] = {"sgd": [], "sde": [], "coarse": []}
    for i, (slope, noise, square, T, time) in enumerate(settings["cases"]):
        data = Data(slope=slope, noise=noise, square=square)
        for name, size in (("sde", step), ("coarse", 4 * step)):
            walk = sde_paths(data, T, time, rng, start=slope, paths=paths, step=size)
            ends[name].append(walk[-1])
        if i < settings["of_sgd"]:
            ends["sgd"].append(sgd_paths(data, T, time, rng, start=slope, paths=paths)[-1])
        progress((i + 1) / (len(settings["cases"]) + 1), f"T = {T:g}")
    slope, noise, square, *_ = settings["cases"][1]
    places = slope * np.asarray(settings["places"])
    sizes = {"samples": settings["samples"], "batches": settings["batches"]}
    return {
        **{f"log_v_{name}": np.array(values) for name, values in ends.items()},
        "variances": gradient_variances(
            Data(slope=slope, noise=noise, square=square), places, generator(seed, 2), **sizes
        ),
        **_falls(settings, generator(seed, 3)),
    }


def _falls(settings: Settings, rng: np.random.Generator) -> dict[str, Array]:
    """The mean of log v along the way above the threshold, and each path's slope at the end."""
    slope, noise, square, T = settings["above"]
    marks = 40
    # Whole numbers of steps of SGD between marks.
    time = marks * max(round(settings["fall"] / T / marks), 1) * T
    of = {"start": settings["low"], "paths": settings["paths"], "marks": marks}
    data = Data(slope=slope, noise=noise, square=square)
    # v is small all the way, and what is left is the drift of log v and the bias of the steps.
    steps = {"sde": settings["sde_step"] / 2, "coarse": 2 * settings["sde_step"]}
    falls = {
        "sgd": sgd_paths(data, T, time, rng, **of),
        **{name: sde_paths(data, T, time, rng, **of, step=size) for name, size in steps.items()},
    }
    count, long = settings["ordinary"]
    far = {"start": slope, "paths": count}
    ends = {
        "sgd": sgd_paths(data, T, long, rng, **far)[-1],
        "sde": sde_paths(data, T, long, rng, **far, step=settings["sde_step"])[-1],
    }
    return {
        **{f"ordinary_{name}": logs - np.log(slope) for name, logs in ends.items()},
        "fall_time": np.linspace(0, time, marks + 1),
        **{f"fall_{name}": logs.mean(axis=1) for name, logs in falls.items()},
        **{f"slope_{name}": (logs[0] - logs[-1]) / time for name, logs in falls.items()},
    }


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Densities below the threshold, the noise of the gradient, the fall above."""
    densities = [
        distribution(moments(Data(slope=slope, noise=noise, square=square)), T)[:2]
        for slope, noise, square, T, _ in settings["cases"]
    ]
    about = (
        "y = a x + σ ε, x ~ N(0, q), ε ~ N(0, 1); SGD with η = T, b = 1; "
        f"{len(runs) * settings['paths']:,} paths in {len(runs)} seeds"
    )
    slope, noise, square, *_ = settings["cases"][1]
    g = moments(Data(slope=slope, noise=noise, square=square)).spread
    return {"stationary-law": law_figure(runs, settings, findings, densities, g, about)}
