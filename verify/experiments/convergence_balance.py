"""The law of balance under SGD itself: two vectors on a few samples, drawn again and again.

Loss (u'w x − y)², v = u'w: |u|² − |w|² falls at T·C0, T = η/b, with the moments over the samples

    C0 = 4(α1 v² − 2α2 v + α3),   α1 = Var x², α2 = Cov(x², xy), α3 = Var(xy),

at the minimum v = E xy/E x².  v strays from there by order η, which a run at twice the step shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, refined
from verify.verdict import combine

__all__ = ["balance_runs", "judged_balance", "predicted_balance"]

RELEVANT = 0.1
"""Relevant relative error of the rate; part of the statement."""
CASE = 10_000
"""Its stream of random numbers, beside those of the factorizations."""


def balance_runs(seed: int, settings: Settings) -> Numbers:
    """The samples, and how fast |u|² − |w|² falls at one step size and at twice it."""
    s, rng = settings["balance"], generator(seed, CASE)
    x = rng.uniform(0.5, 1.5, s["samples"])
    y = s["slope"] * x + s["spread"] * rng.standard_normal(len(x)) * x
    rates = []
    for part in (1, 2):
        # From v = slope, the longer vector first.
        u, w = np.zeros((2, s["runs"], s["length"]))
        u[:, 0], w[:, 0] = s["long"], s["slope"] / s["long"]
        rates.append(_rate(u, w, x, y, part * s["step"], s["steps"], s["batch"], rng))
    return {"balance_x": x, "balance_y": y, "balance_rates": np.array(rates)}


def _rate(
    u: Array,
    w: Array,
    x: Array,
    y: Array,
    eta: float,
    steps: int,
    batch: int,
    rng: np.random.Generator,
) -> Array:
    """The rate of log(|u|² − |w|²) per unit of time in every run, after a tenth."""
    first = steps // 10
    logs = []
    for step in range(steps + 1):
        if step in (first, steps):
            logs.append(np.log(np.sum(u * u, axis=-1) - np.sum(w * w, axis=-1)))
        at = rng.integers(len(x), size=(len(u), batch))
        v = np.sum(u * w, axis=-1, keepdims=True)
        slope = np.mean(2 * x[at] * (v * x[at] - y[at]), axis=-1, keepdims=True)
        u, w = u - eta * slope * w, w - eta * slope * u
    return np.asarray((logs[0] - logs[1]) / (eta * (steps - first)))


def predicted_balance(x: Array, y: Array, eta: float, batch: int) -> float:
    """T·C0 at the minimum over these samples."""
    squares, products = x * x, x * y
    v = products.mean() / squares.mean()
    (a1, a2), (_, a3) = np.cov(squares, products, ddof=0)
    return float(eta / batch * 4 * (a1 * v**2 - 2 * a2 * v + a3))


def judged_balance(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Seed by seed, each over its runs: every seed has samples of its own, another C0."""
    s = settings["balance"]
    ratios = np.array(
        [
            [
                rate / predicted_balance(run["balance_x"], run["balance_y"], eta, s["batch"])
                for rate, eta in zip(run["balance_rates"], (s["step"], 2 * s["step"]), strict=True)
            ]
            for run in runs
        ]
    )
    found = [refined(fine - 1, coarse - 1, ALPHA / len(runs)) for fine, coarse in ratios]
    worst = max(found, key=lambda e: abs(e.value) + e.half_width + e.bias)
    means = ratios[:, 0].mean(axis=-1)
    return Finding(
        name="law of balance",
        statement=f"Of two vectors on {s['samples']} samples |u|² − |w|² falls at T·C0 under SGD, "
        "T = η/b, C0 = 4(α1v² − 2α2v + α3) of these samples, whichever they are.",
        status=combine(e.decide(RELEVANT) for e in found),
        reason=f"measured/predicted from {means.min():.3f} to {means.max():.3f} in {len(runs)} "
        f"seeds, {1 + worst.value:.3f} ± {worst.half_width:.3f} in the worst, bias from twice the "
        f"step up to {worst.bias:.3f} (relevant {RELEVANT:.0%}, Student over {s['runs']} runs, "
        f"error rate {ALPHA:g}); b = {s['batch']}",
        numbers={"ratios": means.tolist()},
    )
