"""Sparse features: what label noise leaves of the neurons of a ReLU network, by four measures.

Teacher and student as in relu-planar, in the plane: single samples, label noise and none.
The measures are those of Andriushchenko et al. 2023 on the activations of the n samples: the
fraction of independent neurons, the feature sparsity coefficient (distinct active neurons of a
sample), the effective rank (Roy and Vetterli 2007), and the pairs of neurons that are similar, with
a correlation above 0.95.

Where the noise has aligned every neuron with one of q teacher neurons there are q independent ones
of m, of which those of the teacher are active at a sample; the activations are Σ_j φ_j v_j' with
φ_j = max(Xt_j, 0), v_j orthogonal to one another and |v_j|² = ρ_j|c_j| (`verify.experiments.relu`),
so that their singular values are those of the matrix with columns (ρ_j|c_j|)^½ φ_j.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from numerics.features import (
    CORRELATED,
    activation_similarity,
    effective_rank,
    feature_sparsity,
    independent_fraction,
    relu_activations,
)
from numerics.network import Array
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.relu import Student, late, marks, predicted_squares, stepped, trained
from verify.experiments.seeds import (
    ALPHA,
    median_over_seeds,
    over_seeds,
    whether_above,
    whether_at_most,
)
from verify.verdict import combine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MEASURES", "experiment", "judge", "measured", "predicted"]

MEASURES = MappingProxyType(
    {
        "independent": "independent neurons, part of all",
        "sparsity": "feature sparsity coefficient",
        "rank": "effective rank of the activations",
        "similar": "similar neurons, part of all pairs",
    }
)
"""What is measured at every mark, and how it is called in pictures."""
MORE = MappingProxyType({"independent": 1, "sparsity": 1, "rank": 1, "similar": -1})
"""Of which there is more without label noise, 1, and of which less, −1."""
RELEVANT = MappingProxyType({"independent": 0.1, "sparsity": 0.1, "rank": 0.05})
"""Relative to what is predicted; part of the statements."""


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="sparse-features",
        title="Independent neurons, sparsity and effective rank of the features under label noise",
        source="Andriushchenko et al., SGD with Large Step Sizes Learns Sparse Features, ICML 2023 "
        "(THEOREMS.md, section 6)",
        claim="Under label noise the features of a ReLU network become as few as those of its "
        "teacher: as many independent neurons, as sparse, of the effective rank of its "
        "equilibrium; without label noise they stay richer.",
        settings=MappingProxyType(
            {
                # Unequal, so that the weights ρ|c| show in the effective rank.
                "outputs": [2.0, -0.25],
                "neurons": 20,
                "samples": 50,
                "start": 0.5,
                "step": 0.02,
                "variance": 0.25,
                "steps": 1_000_000,
                "marks": 80,
            }
        ),
        quick=MappingProxyType({"steps": 400_000, "marks": 60}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=16,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """SGD with label noise and without from one start, measured at the marks."""
    rng = generator(seed, 0)
    outputs = np.array(settings["outputs"])
    Q = np.linalg.qr(rng.standard_normal((len(outputs), len(outputs))))[0]
    # ±t for every axis, so that every kink of the teacher has a neuron on either side.
    T, c = np.concatenate([Q, -Q]), np.concatenate([outputs, outputs])
    student = Student.drawn(rng, T, c, settings)
    at = marks(settings["steps"], settings["marks"])
    found: dict[str, object] = {"at": at, "X": student.X, "T": T, "c": c}
    runs = (("noise", settings["variance"]), ("plain", 0.0))
    for number, (name, variance) in enumerate(runs):
        part = stepped(progress, number / 2, (number + 1) / 2, name)
        how = {**settings, "variance": variance}
        run = _watched(student, at, how, generator(seed, 1 + number), part)
        found |= {f"{name} {what}": value for what, value in run.items()}
    return found


def _watched(
    student: Student,
    at: Array,
    settings: Settings,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> Numbers:
    """The measures of one run at the marks, and its weights at the end."""
    from numerics.compiled import relu

    eta, deviation = settings["step"], float(np.sqrt(settings["variance"]))
    seen: dict[str, list[float]] = {measure: [] for measure in MEASURES}

    def advance(W: Array, a: Array, steps: int) -> None:
        relu.sgd_steps(W, a, student.X, student.y, eta, deviation, steps, rng)

    def visit(mark: int, W: Array, a: Array) -> None:
        for measure, value in measured(relu_activations(student.X, W.T)).items():
            seen[measure].append(value)

    end = trained(student, at, advance, progress, visit)
    return {**{measure: np.array(values) for measure, values in seen.items()}, "W": end["W"]}


def measured(activations: Array) -> dict[str, float]:
    """The measures of the activations of a layer, samples × neurons."""
    similarity = activation_similarity(activations)
    sigma = np.asarray(np.linalg.svd(activations, compute_uv=False), dtype=np.float64)
    pairs = similarity[np.triu_indices(len(similarity), 1)]
    return {
        "independent": float(independent_fraction(activations)),
        "sparsity": float(feature_sparsity(activations)),
        "rank": float(effective_rank(sigma)),
        "similar": float(np.mean(pairs > CORRELATED)),
    }


def predicted(run: Numbers, settings: Settings) -> dict[str, float]:
    """What the measures are where every neuron is aligned; neurons of one group are alike."""
    X, T, c = (np.asarray(run[name]) for name in ("X", "T", "c"))
    features = np.maximum(X @ T.T, 0.0)
    share = len(T) / settings["neurons"]
    scaled = features * np.sqrt(predicted_squares(X, T, c))
    sigma: Array = np.linalg.svd(scaled, compute_uv=False)
    return {
        "independent": share,
        "sparsity": share * float(np.mean(features > 0)),
        "rank": float(effective_rank(sigma)),
    }


Prediction = Callable[[Numbers, Settings], Mapping[str, float]]
"""Measures of the activations, of one run and the settings."""


def judge(
    runs: Sequence[Numbers], settings: Settings, law: Prediction = predicted
) -> list[Finding]:
    """Three measures beside what is predicted, all four with label noise beside without.

    Another prediction shows what the judge sees.
    """
    statements = {
        "independent": "as many neurons are independent as the teacher has (correlation up to "
        "0.95, as in the source)",
        "sparsity": "as many distinct neurons are active at a sample as of the teacher's",
        "rank": "the effective rank of the activations is that of the aligned network",
    }
    return [
        *(
            _settles(runs, settings, measure, statement, law)
            for measure, statement in statements.items()
        ),
        _richer(runs),
    ]


def _late(runs: Sequence[Numbers], name: str) -> Array:
    """Means over the last tenth of the run, seed by seed."""
    return np.array([float(late(run[name], run["at"])) for run in runs])


def _settles(
    runs: Sequence[Numbers], settings: Settings, measure: str, statement: str, law: Prediction
) -> Finding:
    of_law = np.array([law(run, settings)[measure] for run in runs])
    ratios = _late(runs, f"noise {measure}") / of_law
    # Counts: no normal law, the same in many seeds.
    low, high = median_over_seeds(np.abs(ratios - 1))
    plain = _late(runs, f"plain {measure}") / of_law
    return Finding(
        name=MEASURES[measure],
        statement=f"Under label noise {statement}, up to {RELEVANT[measure]:.0%} in the last "
        "tenth of the run, in the median over seeds.",
        status=whether_at_most(RELEVANT[measure], low, high),
        reason=f"measured/predicted {ratios.mean():.3f}, from {ratios.min():.3f} to "
        f"{ratios.max():.3f} in {len(runs)} seeds; {plain.mean():.2f} without label noise (off by "
        f"{low:.1%} to {high:.1%} in the median, error rate {ALPHA:g} on either side for any law)",
        numbers={"ratios": ratios.tolist(), "without noise": plain.tolist()},
    )


def _richer(runs: Sequence[Numbers]) -> Finding:
    gains = {
        measure: over_seeds(
            sign * (_late(runs, f"plain {measure}") - _late(runs, f"noise {measure}")),
            ALPHA / len(MORE),
        )
        for measure, sign in MORE.items()
    }
    return Finding(
        name="noise is the reason",
        statement="Without label noise more neurons are independent, the sparsity coefficient and "
        "the effective rank are larger, and fewer pairs of neurons are similar, in the mean over "
        "seeds.",
        status=combine(
            whether_above(0.0, e.value - e.half_width, e.value + e.half_width)
            for e in gains.values()
        ),
        reason="differences, larger than 0 as stated: "
        + ", ".join(
            f"{MEASURES[measure]} {e.value:.3f} ± {e.half_width:.3f}"
            for measure, e in gains.items()
        )
        + f" (Student over {len(runs)} seeds, error rate {ALPHA:g} for all)",
        numbers={measure: e.value for measure, e in gains.items()},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The measures against time, and who is similar to whom at the end."""
    from verify.experiments.sparse_features_figures import features_figure

    return {"sparse-features": features_figure(runs, settings, findings)}
