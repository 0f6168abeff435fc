"""What the experiment stochastic-collapse is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA, over_seeds, whether_above
from verify.planning import Estimate
from verify.statistics.bounds import clopper_pearson
from verify.verdict import combine

__all__ = [
    "Noise",
    "OfModes",
    "crossing",
    "judge",
    "over_threshold",
    "repulsion",
    "soft_threshold",
    "standing_rate",
]

Noise = Callable[[Numbers, Settings, Array], Array]
"""The noise over its threshold, of the data's moments, the settings and ζ²."""
OfModes = Callable[[Settings], Array]
"""A number for every mode."""

NORMAL = 3.3
"""Standard errors of a two-sided normal interval at `ALPHA`, rounded up."""

MANY = 0.9
"""The share of runs that is stated: of those above the threshold that collapse, of those below
that do not."""


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    over: Noise | None = None,
    rate: OfModes | None = None,
    mean: OfModes | None = None,
) -> list[Finding]:
    """Threshold and fate of the neuron; collapse, mean and repulsion of singular values.

    Another noise over its threshold, other rates of modes that die, other means of those that live
    show what the judge sees.
    """
    return [
        _threshold(runs, settings, over or over_threshold),
        _fate(runs, settings),
        _collapse(runs, settings, rate or standing_rate),
        _mean(runs, settings, mean or soft_threshold),
        _drifts(runs, settings),
        _ordering(runs, settings),
    ]


def over_threshold(part: Numbers, settings: Settings, variance: Array) -> Array:
    """ηc(ζ² + Var(xy)/E x²)/2 over |E xy|/E x²: the noise in parts of its threshold.

    ``part`` has the data's moments; ``variance`` is ζ²; c is the slope of the activation at 0.
    """
    scale = settings["step"] * settings["gain"]
    noise = scale * (np.asarray(variance) + part["spread"] / part["square"]) / 2
    return np.asarray(noise * part["square"] / abs(part["mean"]))


def crossing(numbers: Numbers) -> tuple[float, float]:
    """The variance ζ² at which the growth is zero, by a line; its standard error.

    Growth per step of the linearised equation is linear in ζ²; what SGD has beyond is of the order
    η⁴E a⁴.
    """
    part = numbers["neuron"]
    error = np.asarray(part["growth_error"])
    (slope, level), covariance = np.polyfit(
        np.asarray(part["variance"]), np.asarray(part["growth"]), 1, w=1 / error, cov="unscaled"
    )
    place = -level / slope
    gradient = np.array([-place / slope, -1 / slope])
    return float(place), float(np.sqrt(gradient @ covariance @ gradient))


def _threshold(runs: Sequence[Numbers], settings: Settings, over: Noise) -> Finding:
    found, errors, without, second, total = [], [], [], [], []
    eta_c = settings["step"] * settings["gain"]
    for run in runs:
        part = run["neuron"]
        place, error = crossing(run)
        value, moved = over(part, settings, np.array([place, place + error]))
        found.append(float(value))
        errors.append(float(moved - value))
        whole = {**part, "spread": part["spread"] + part["mean"] ** 2}
        bare, more = (
            float(over_threshold(of, settings, np.array(place)))
            for of in ({**part, "spread": 0.0}, whole)
        )
        without.append(bare)
        second.append(more)
        total.append(2 * abs(part["mean"]) / eta_c)
    # Means over hundreds of runs of thousands of steps: normal.
    half = NORMAL * float(np.sqrt(np.sum(np.square(errors)))) / len(runs)
    # The fourth order of log|1 + ηca|, η²c²E a⁴/(2E a²), where a is a product of two normals.
    bias = 4.5 * eta_c**2 * float(np.mean(total))
    relevant = 0.05
    estimate = Estimate(value=float(np.mean(found)) - 1, half_width=half, bias=bias)
    return Finding(
        name="threshold of the neuron",
        statement="Near 0 real SGD turns from growth to decay where ηc(ζ² + Var(xy)/E x²)/2 = "
        "|E xy|/E x².",
        status=estimate.decide(relevant),
        reason=f"measured/predicted {1 + estimate.value:.4f} ± {estimate.half_width:.4f} over "
        f"{len(runs)} data sets, bias of the steps about {bias:.3f} (relevant {relevant:.0%}, "
        f"error rate {ALPHA:g}); without Var(xy) {np.mean(without):.2f}; with E[(xy)²] in its "
        f"place {np.mean(second):.4f}: of the order of the steps, and not told apart",
        numbers={
            "ratio": found,
            "ratio_without_spread": without,
            "ratio_of_second_moment": second,
        },
    )


def _fate(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Both shares at half the error rate each, so that all four bounds hold together."""
    per_seed = settings["long_replicas"]
    below, above = (
        round(sum(float(run["neuron"]["collapsed"][side]) for run in runs) * per_seed)
        for side in (0, -1)
    )
    n = per_seed * len(runs)
    (low,), (high,) = clopper_pearson(np.array([above]), n, ALPHA / 2)
    (least,), (most,) = clopper_pearson(np.array([below]), n, ALPHA / 2)
    first, last = np.mean(
        [
            over_threshold(run["neuron"], settings, run["neuron"]["long_variance"])[[0, -1]]
            for run in runs
        ],
        axis=0,
    )
    return Finding(
        name="fate of ordinary weights",
        statement=f"Of runs from ordinary weights at least {MANY:.0%} collapse within "
        f"{settings['long_steps']:,} steps at {last:.1f} times the threshold, at most "
        f"{1 - MANY:.0%} at {first:.1f} times.",
        status=combine([whether_above(MANY, low, high), whether_above(MANY, 1 - most, 1 - least)]),
        reason=f"collapsed: {above} of {n} runs above the threshold, {below} of {n} below (exact "
        f"bounds of both shares, error rate {ALPHA:g})",
        numbers={"above": above, "below": below, "runs": n},
    )


def standing_rate(settings: Settings) -> Array:
    """Of log z: 2κs* − γ for the modes that die."""
    return np.asarray(2 * settings["kappa"] * np.array(settings["teacher"]) - settings["gamma"])


def soft_threshold(settings: Settings) -> Array:
    """The mean of z, s* − γ/2κ, for the modes that live."""
    return np.asarray(np.array(settings["teacher"]) - settings["gamma"] / (2 * settings["kappa"]))


def _collapse(runs: Sequence[Numbers], settings: Settings, rate: OfModes) -> Finding:
    rates, dying, relevant = rate(settings), standing_rate(settings) < 0, 0.1
    measured = _of_all(runs, "rate")
    # The fourth order of the steps: log(1 + ηg)² has −½η⁴g⁴, −(3/2)ηγ² per unit time.
    fourth = 1.5 * settings["mode_step"] * settings["gamma"] ** 2
    estimates = [
        replace(
            over_seeds(measured[:, i] / rates[i] - 1, ALPHA / dying.sum()),
            bias=float(fourth / abs(rates[i])),
        )
        for i in np.flatnonzero(dying)
    ]
    return Finding(
        name="modes that die",
        statement="With diagonal noise log z of a mode with s* < γ/2κ falls at the rate γ − 2κs*.",
        status=combine(e.decide(relevant) for e in estimates),
        reason="measured/predicted "
        + ", ".join(f"{1 + e.value:.3f} ± {e.half_width:.3f}" for e in estimates)
        + f" over {len(measured):,} runs (relevant {relevant:.0%}, error rate {ALPHA:g})",
        numbers={
            "rate": measured[:, dying].mean(axis=0).tolist(),
            "predicted": rates[dying].tolist(),
        },
    )


def _of_all(runs: Sequence[Numbers], name: str) -> Array:
    """Of every run of all seeds: they are independent."""
    return np.concatenate([np.asarray(run["modes"]["standing"][name]) for run in runs])


def _mean(runs: Sequence[Numbers], settings: Settings, mean: OfModes) -> Finding:
    kept, relevant = standing_rate(settings) > 0, 0.05
    predicted = mean(settings)
    measured = _of_all(runs, "late")
    # What steps add to γ/2κ: half of ηκE(s* − z)², of the order ηγs*/2, and the fourth order.
    gamma, kappa, step = (settings[name] for name in ("gamma", "kappa", "mode_step"))
    estimates = [
        replace(
            over_seeds(measured[:, i] - predicted[i], ALPHA / kept.sum()),
            bias=step * (gamma * settings["teacher"][i] / 2 + gamma**2 / kappa),
        )
        for i in np.flatnonzero(kept)
    ]
    return Finding(
        name="modes that live",
        statement="With diagonal noise the mean of z of a mode with s* > γ/2κ is s* − γ/2κ: a soft "
        "threshold.",
        status=combine(e.decide(relevant) for e in estimates),
        reason="measured − predicted "
        + ", ".join(f"{e.value:+.3f} ± {e.half_width:.3f}" for e in estimates)
        + f" over {len(measured):,} runs (relevant {relevant:g}, error rate {ALPHA:g})",
        numbers={
            "mean": measured[:, kept].mean(axis=0).tolist(),
            "predicted": predicted[kept].tolist(),
        },
    )


def repulsion(x: Array, y: Array, gamma: float) -> tuple[Array, Array]:
    """d log λ_i/dt of diagonal W1, W2 by noise that is diagonal, and by what full noise adds."""
    lam, q = x**2, (x * y) ** 2
    standing = gamma * (y**2 / lam - 2 * q / lam**2)
    gaps = lam[:, None] - lam[None, :] + np.eye(len(x))
    pairs = (q[:, None] + q[None, :]) / gaps * (1 - np.eye(len(x)))
    added = gamma / lam * (np.sum(y**2) - y**2 + pairs.sum(axis=1))
    return standing, added


def _drifts(runs: Sequence[Numbers], settings: Settings) -> Finding:
    relevant, estimates, worst = 0.05, [], 0.0
    components = sum(2 * len(run["modes"]["drift"]["x"]) for run in runs)
    errors = float(-ndtri(ALPHA / (2 * components)))
    for run in runs:
        part = run["modes"]["drift"]
        standing, added = repulsion(np.asarray(part["x"]), np.asarray(part["y"]), settings["gamma"])
        size = np.max(np.abs(standing) + np.abs(added))
        for name, value in (("standing", standing), ("moving", standing + added)):
            gap = (np.asarray(part[name]) - value) / size
            error = np.asarray(part[f"{name} error"]) / size
            # Means of some 10⁴ draws of smooth functions of normals: normal.  The differences of
            # second order at h = 10⁻⁴ leave h times a fourth one, some γ²/gap² of the size.
            estimates += [
                Estimate(value=float(d), half_width=errors * float(e), bias=1e-3)
                for d, e in zip(gap, error, strict=True)
            ]
            worst = max(worst, float(np.max(np.abs(gap))))
    return Finding(
        name="repulsion",
        statement="At the same diagonal state full noise adds γ/λ_i(|W2|² − y_i² + Σ(q_i + q_j)/"
        "(λ_i − λ_j)) to the drift of log λ_i; diagonal noise has no term of another mode.",
        status=combine(e.decide(relevant) for e in estimates),
        reason=f"both drifts of all modes, measured − predicted at most {worst:.4f} of the largest "
        f"term ± {max(e.half_width for e in estimates):.4f} ({errors:.1f} standard errors: error "
        f"rate {ALPHA:g} over {components} drifts, relevant {relevant:.0%})",
        numbers={"worst": worst},
    )


def _ordering(runs: Sequence[Numbers], settings: Settings) -> Finding:
    pairs = [
        np.asarray(run["modes"]["moving"]["smallest"])
        < np.asarray(run["modes"]["standing"]["smallest"])
        for run in runs
    ]
    hits, n = int(np.sum(pairs)), int(np.size(pairs))
    (low,), (high,) = clopper_pearson(np.array([hits]), n, ALPHA)
    return Finding(
        name="smallest value",
        statement="With full noise the smallest singular value of W1 is mostly below that with "
        "diagonal noise.",
        status=whether_above(0.5, low, high),
        reason=f"in {hits} of {n} pairs of runs, chance between {low:.2f} and {high:.2f} (error "
        f"rate {ALPHA:g})",
        numbers={"hits": hits, "pairs": n},
    )
