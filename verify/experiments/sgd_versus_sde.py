"""The discrete algorithm beside its SDE: how far apart, in which order of the step size, and why.

On paper: a step changes log det M by exactly 2 Σ log|1 − η² s_i(G)²|, G = R + N with N = X'ε/n, so

    E fall of log det M per unit time  =  2η E|G|² + η³ E tr (G'G)² + …
                                       =  2ηδ k tr K + 2η|R|² + η³ E tr (N'N)² + …,  K = X'X/n².

The first term is the SDE's rate. *At fixed ηδ* the others are of first order in η — the third too,
since η³δ² = η(ηδ)²: E tr (N'N)² = δ²[k (tr K)² + k(k+1) tr K²].  Label-noise SGD is then the
Euler–Maruyama scheme of the SDE with step η, and laws converge with its weak order, 1.  *At fixed
δ* noise and |R|² are of one order, and the relative gap tends to |R|²/(δ k tr K), not to zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from verify.experiments.experiment import Experiment, Numbers, Progress, Settings
from verify.experiments.sgd_coupling import Coupled, coupled, levels, network, summary
from verify.experiments.sgd_judge import judge
from verify.experiments.sgd_pictures import draw

__all__ = ["experiment"]

PILOT_STREAM = 2**32
"""Seeds below it are a user's; the pilot is the same for all of them."""


def experiment() -> Experiment:
    """Label-noise SGD at η, η/2, η/4, η/8 beside its SDE, at fixed ηδ and at fixed δ."""
    return Experiment(
        id="sgd-versus-sde",
        title="Label-noise SGD beside its SDE, at fixed ηδ and at fixed δ",
        source="RD §6 and its discussion of the SDE limit; constants as derived here",
        claim="At fixed ηδ label-noise SGD approaches its SDE at first order in the step size; at "
        "fixed δ it does not: what |R|² takes from log det M is of the same order in η as what the "
        "noise takes.",
        settings={
            "features": 2,
            "targets": 2,
            "width": 4,
            "rows": 20,
            "scale": 0.7,
            "data": 0,
            "step": 0.1,
            "halvings": 3,
            "noise": 2.0,
            "variance": 4.0,
            "horizon": 2.0,
            "fine": 32,
            "pilot": 2_000,
            "paths": 40_000,
            "fixed variance paths": 6_000,
        },
        quick={"pilot": 400, "paths": 4_000, "fixed variance paths": 600},
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """All step sizes and the SDE on the paths of one seed, for both scalings."""
    halvings, eta = settings["halvings"], settings["step"]
    everything = range(halvings + 1)
    found: dict[str, Any] = {"fixed variance": []}

    def pair(part: int, own: Sequence[int], noise: float, count: int) -> tuple[Coupled, Coupled]:
        return tuple(  # type: ignore[return-value]
            coupled(
                network(settings),
                step=eta,
                levels=levels(settings, own),
                noise=noise,
                horizon=settings["horizon"],
                paths=paths,
                rng=np.random.Generator(np.random.SFC64([stream, part])),
            )
            for stream, paths in ((PILOT_STREAM, settings["pilot"]), (seed, count))
        )

    progress(0.0, "fixed ηδ")
    pilot, paths = pair(0, everything, settings["noise"], settings["paths"])
    found["fixed rate"] = summary(pilot, paths, halvings + 1)
    found["singular values"] = _by_level(paths, settings)
    for halving in everything:
        progress(0.3 + 0.7 * halving / len(everything), f"fixed δ, η/{2**halving}")
        noise = settings["variance"] * eta / 2**halving
        pilot, paths = pair(1 + halving, [halving], noise, settings["fixed variance paths"])
        found["fixed variance"].append(summary(pilot, paths, 1))
    return found


def _by_level(paths: Coupled, settings: Settings) -> Mapping[str, Any]:
    """The singular values at the horizon, sorted: the algorithm's, and the SDE's on two grids."""
    found = {f"η/{2**m}": np.sort(paths.sigma[m], axis=0) for m in range(settings["halvings"] + 1)}
    for back, name in ((1, "SDE"), (2, "SDE, coarser grid")):
        found[name] = np.sort(paths.sigma[-back], axis=0)
    return found
