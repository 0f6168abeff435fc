"""Stochastic collapse: one neuron by real SGD; singular values with and without repulsion.

One neuron w2 tanh(c w1 x), loss ½(·)², one sample a step, labels with fresh noise ζ².  The
threshold ηc(ζ² + Var(xy)/E x²)/2 = |E xy|/E x² is that of the linearised equation; the growth of
log|w| near 0 is measured in runs that begin at 10⁻³⁰, collapse in runs that begin at ordinary
weights.

Singular values: a linear teacher–student network with inputs of covariance κI and the real steps
Θ⁺ = (I + ηS(R + N))Θ, N the label noise: all of its entries, or those on the diagonal alone.

No setting that a law reads is 1, and γ/2 is not near γ²: every power shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from verify.experiments.collapse_judge import judge
from verify.experiments.collapse_modes import modes
from verify.experiments.collapse_neuron import neuron
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment"]


def experiment() -> Experiment:
    """The experiment; standard settings take about a minute on two cores."""
    return Experiment(
        id="stochastic-collapse",
        title="Collapse of one neuron and of singular values, with repulsion and without",
        source="Chen et al., Stochastic Collapse, NeurIPS 2023 (THEOREMS.md, section 6)",
        claim="A neuron dies where label noise exceeds a threshold with Var(xy) in it; singular "
        "values die where the teacher's is below γ/2κ, and repel each other only if their vectors "
        "move.",
        settings=MappingProxyType(
            {
                "samples": 200,
                "step": 0.02,
                "square": 0.6,
                "gain": 1.4,
                "slope": 0.0336,
                "disorder": 0.775,
                "variances": [0.2, 0.68, 1.04, 1.4, 1.76, 2.12, 2.84],
                "replicas": 400,
                "steps": 20_000,
                "long_variances": [0.2, 6.2],
                "long_replicas": 64,
                "long_steps": 60_000,
                "teacher": [1.3, 0.8, 0.07, 0.0],
                "gamma": 0.7,
                "kappa": 1.5,
                "mode_step": 0.01,
                "time": 60.0,
                "mode_replicas": 64,
                "mode_copies": 2000,
                "marks": 80,
                "draws": 40_000,
            }
        ),
        quick=MappingProxyType(
            {
                "step": 0.03,
                "slope": 0.0504,
                "replicas": 200,
                "steps": 6000,
                "long_replicas": 32,
                "long_steps": 20_000,
                "mode_step": 0.015,
                "mode_replicas": 32,
                "mode_copies": 1000,
                "draws": 20_000,
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """One data set for the neuron; one set of runs of the two linear models."""
    found = neuron(seed, settings, lambda part: progress(0.5 * part, "one neuron"))
    return {
        "neuron": found,
        "modes": modes(seed, settings, lambda part: progress(0.5 + 0.5 * part, "singular values")),
    }


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The neuron, and the singular values."""
    from verify.experiments.collapse_pictures import draw as pictures

    return pictures(runs, settings, findings)
