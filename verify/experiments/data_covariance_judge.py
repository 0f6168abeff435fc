"""What is stated of data-covariance: where the flow along the orbit leads, and balanced norms.

dD = −4T F dt − 4γ D dt on U W = V is the law of the weights up to a rotation.  It does not know V
but through the start, so that one flow serves all seeds of a covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from numerics.network import Array
from verify.experiments.data_covariance_paths import (
    LATE,
    MARKS,
    case_of,
    log_norms,
    model_of,
    start_of,
)
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.factorization import noise_imbalance, orbit_flow, sharpness
from verify.experiments.noise_equilibrium_judge import Force
from verify.experiments.seeds import ALPHA, over_seeds, whether_above, whether_at_most
from verify.planning import Estimate
from verify.verdict import Status, combine

__all__ = ["RELEVANT", "judge", "kept_by_descent", "stated_norms", "stated_sharpness"]

RELEVANT = MappingProxyType({"norms": 0.1, "sharpness": 0.1, "still": 0.01, "balance": 0.1})
"""Relevant errors: of log |U|²/|W|²; of the change of log tr H, as a share of it; of GD's log tr H,
and the share of its loss that is left; the log |U|²/|W|² that is called balanced."""

LEFT = 0.25
"""Of what extrapolation takes off, the share that may be left."""


def judge(
    runs: Sequence[Numbers], settings: Settings, force: Force = noise_imbalance
) -> list[Finding]:
    """The norms without and with decay, under both algorithms; tr H down and up.

    Another F shows what is seen.
    """
    return [
        _norms(runs, settings, "plain", force),
        _norms(runs, settings, "decay", force),
        _balance(runs, settings),
        _descent(runs, settings),
        _sharp(runs, settings, "flattening", force),
        _sharp(runs, settings, "sharpening", force),
    ]


def stated_norms(
    runs: Sequence[Numbers], settings: Settings, tag: str, force: Force = noise_imbalance
) -> Array:
    """log |U|²/|W|² at the end as the flow has it, (seeds, covariances)."""
    decay = settings["decay"] if tag == "decay" else 0.0
    times, found = np.linspace(0, settings["time"], MARKS + 1), []
    for phi in settings["covariances"]:
        models = [model_of(np.asarray(run["V"]), settings, phi, isotropic=True) for run in runs]
        starts = [start_of(model, settings) for model in models]
        flow = orbit_flow(
            models[0],
            (np.array([U for U, _ in starts]), np.array([W for _, W in starts])),
            times,
            temperature=settings["step"],
            decay=decay,
            force=force,
        )
        found.append(log_norms(flow[0], flow[1])[-LATE:].mean(axis=0))
    return np.array(found).T


def stated_sharpness(
    runs: Sequence[Numbers], settings: Settings, tag: str, force: Force = noise_imbalance
) -> Array:
    """tr H in time as the flow has it, (seeds, marks)."""
    cases = [case_of(np.asarray(run["V_sharp"]), settings, tag) for run in runs]
    start = tuple(np.array([weights[part] for _, weights in cases]) for part in (0, 1))
    flow = orbit_flow(
        cases[0][0],
        (start[0], start[1]),
        np.asarray(runs[0]["time"]),
        temperature=settings["step"],
        force=force,
    )
    return sharpness(cases[0][0], *flow).T


def _norms(runs: Sequence[Numbers], settings: Settings, tag: str, force: Force) -> Finding:
    phis = settings["covariances"]
    measured = np.array([run[f"norms_sgd_{tag}"] for run in runs])
    off = measured - stated_norms(runs, settings, tag, force)
    found = [over_seeds(off[:, j], ALPHA / len(phis)) for j in range(len(phis))]
    worst = max(found, key=lambda e: abs(e.value) + e.half_width)
    means = np.exp(measured.mean(axis=0))
    shown = ", ".join(f"{m:.2f} at φ = {phi:g}" for m, phi in zip(means, phis, strict=True))
    words = "without decay" if tag == "plain" else "with decay"
    return Finding(
        name=f"norms under SGD, {words}",
        statement=f"SGD {words} ends at the |U|²/|W|² that dD = −4T F dt − 4γD dt leads to.",
        status=combine(e.decide(RELEVANT["norms"]) for e in found),
        reason=f"log of measured/predicted {worst.value:.3f} ± {worst.half_width:.3f} in the worst "
        f"φ (relevant {RELEVANT['norms']}, error rate {ALPHA:g}); |U|²/|W|² = {shown}",
        numbers={"difference": off, "ratio": means},
    )


def _balance(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Sizes, seed by seed: which of the two is longer depends on V."""
    phis, bound = settings["covariances"], RELEVANT["balance"]
    sizes = np.abs([run["norms_sgd_plain"] for run in runs])
    decided, shown = [], []
    for phi, column in zip(phis, sizes.T, strict=True):
        e = over_seeds(column, ALPHA / len(phis))
        low, high = e.value - e.half_width, e.value + e.half_width
        whether = whether_at_most if phi == 1 else whether_above
        decided.append(whether(bound, low, high))
        shown.append(f"{e.value:.3f} ± {e.half_width:.3f} at φ = {phi:g}")
    return Finding(
        name="balance of the norms",
        statement="SGD without decay balances the norms where the inputs are isotropic, φ = 1, and "
        f"at no other φ: the mean of |log |U|²/|W|²| is at most {bound:g} there only.",
        status=combine(decided),
        reason=f"{', '.join(shown)} (Student over {len(runs)} seeds, error rate {ALPHA:g})",
        numbers={"sizes": sizes},
    )


def kept_by_descent(settings: Settings) -> float:
    """log |U|²/|W|² on the orbit at the D of the start of gradient descent, whatever V.

    Singular values v have w = t√v and u = √v/t, w² − u² = 2v sinh(log t²); at the start it is off²
    times that.
    """
    return float(-2 * np.arcsinh(settings["off"] ** 2 * np.sinh(np.log(settings["turn"] ** 2))))


def _descent(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Balance under GD with decay, the start's D without: GD starts off the orbit and comes to it.

    Where it had nowhere to go, what it keeps would say nothing.
    """
    with_decay = max(float(np.max(np.abs(run["norms_gd_decay"]))) for run in runs)
    stated, bound = kept_by_descent(settings), RELEVANT["norms"]
    off = max(float(np.max(np.abs(np.asarray(run["norms_gd_plain"]) - stated))) for run in runs)
    losses = np.concatenate([np.asarray(run["losses_gd_plain"]) for run in runs])
    went = bool(np.all(losses[:, 1] < RELEVANT["still"] * losses[:, 0]))
    status = Status.AGREES if went else Status.INCONCLUSIVE
    if with_decay >= bound or off >= bound:
        status = Status.DISAGREES
    return Finding(
        name="norms under gradient descent",
        statement="Gradient descent balances the norms with decay for every covariance; without it "
        "comes from off the orbit to the |U|²/|W|² there that has the WW' − U'U of its start.",
        status=status,
        reason=f"|log |U|²/|W|²| at most {with_decay:.2g} with decay; {stated:.3f} predicted "
        f"without, off by at most {off:.2g}, in {len(runs)} seeds (each below {bound}); the loss "
        f"fell from {losses[:, 0].min():.2g} at least to {losses[:, 1].max():.1g} at most",
        numbers={"with_decay": with_decay, "off": off},
    )


def _changes(values: Array, half: int) -> Array:
    """log of tr H over that at the start, around a mark and at the end: means of a tenth."""
    tenth = max(values.shape[-1] // 10, 1)
    logs = np.log(values / values[..., :1])
    first = max(half - tenth // 2, 1)
    parts = logs[..., first : first + tenth], logs[..., -tenth:]
    return np.stack([part.mean(axis=-1) for part in parts])


def _extrapolated(fine: Array, coarse: Array) -> Estimate:
    """To steps of size zero, from one step and twice that: what is linear in the step goes.

    What is left is of second order; taken is a share of what went.
    """
    change = over_seeds(coarse - fine, ALPHA / 4)
    share = LEFT * (abs(change.value) + change.half_width)
    return replace(over_seeds(2 * fine - coarse, ALPHA / 4), bias=share)


def _sharp(runs: Sequence[Numbers], settings: Settings, tag: str, force: Force) -> Finding:
    """The change of log tr H under SGD over the stated one, when half of it is due and at the end.

    GD moves to the orbit, not along it.
    """
    lines, sign = stated_sharpness(runs, settings, tag, force), 1 if tag == "sharpening" else -1
    due = np.log(lines / lines[:, :1]).mean(axis=0)
    half = int(np.argmin(np.abs(due - due[-1] / 2)))
    stated = _changes(lines, half)
    change, coarse, still = (
        _changes(np.array([run[f"{tag}_{way}"] for run in runs]), half)
        for way in ("sgd", "coarse", "gd")
    )
    shares, relevant = (change / stated - 1, coarse / stated - 1), RELEVANT["sharpness"]
    found = [_extrapolated(fine, twice) for fine, twice in zip(*shares, strict=True)]
    status = combine(e.decide(relevant) for e in found)
    kept = float(np.max(np.abs(still))) < RELEVANT["still"]
    if status is Status.AGREES and not (kept and np.all(sign * change > 0)):
        status = Status.DISAGREES
    kind, verb = ("isotropic", "falls") if sign < 0 else ("uneven", "grows from its least value")
    shown = ", ".join(f"{1 + e.value:.3f} ± {e.half_width:.3f} (bias {e.bias:.3f})" for e in found)
    return Finding(
        name=tag,
        statement=f"Under {kind} label noise tr H {verb} during SGD, as far as predicted, halfway "
        "and at the end; under gradient descent, which comes from off the orbit, that of the orbit "
        "at the same WW' − U'U stays.",
        status=status,
        reason=f"tr H at the end over that at the start {np.exp(change[-1].mean()):.3f}, predicted "
        f"{np.exp(stated[-1].mean()):.3f}; its log over the predicted, from two steps to none, is "
        f"{shown} halfway and at the end (relevant {relevant}, error rate {ALPHA:g}); under GD "
        f"{np.exp(still[-1].mean()):.4f}",
        numbers={"change": change, "stated": stated, "coarse": coarse, "gd": still},
    )
