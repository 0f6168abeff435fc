"""What label noise does to det M and to W1, predicted and judged.

Determinant.  A step with residual G multiplies det M by det(I − η²G'G)².  G = R + N, N the noise,
E N N' = kC with C = δX'X/n² for every step; so log det M moves by −2η²(k tr C + |R|²) in the mean,
up to terms of order η⁴.  The first part is the line −2ηδk|X|²/n²·t, the second is what discrete
steps add and gradient flow does not have.

Dying singular values.  D = W1'W1 − W2W2' moves, exactly, by η²(W2G'GW2' − W1'GG'W1).  Let h be a
row of W1 in a direction N̂ that the fit X W1 W2 does not use: N̂'W1W2 = 0, so h is orthogonal to the
columns of W2, and h D h' = |h|⁴.  On such rows the first term vanishes, hence
|h|² loses η² h E[GG'] h' a step: with H = N̂'W1 over an orthonormal basis N̂ of these directions

    H⁺ = (I − ½ η² N̂'(kC + RR')N̂) H,   σ ~ exp(−kη²δλ/(2n) · steps)  to leading order,

λ the eigenvalues of N̂'(X'X/n)N̂.  They are eigenvalues of X'X/n itself only if N̂ spans eigenvectors.
Assumed: k < p and rank W1W2 = k; noise so small, ηδ/n ≪ σ(W2)², that W1W2 stays near the solution
of least squares, whose columns N̂ is orthogonal to: then N̂ does not move, and the low frequencies
of R + N, which would turn it, cancel.

Uneven inputs.  The rows that the fit does use, h = U'W1 off the columns of W2, move by −kU'CW1:
they follow H where U'CN̂ ≠ 0, to h = −(U'CU)⁻¹U'CN̂ H for slow directions, and change the rates at
second order in U'CN̂.  The slowest directions then have the eigenvalues of the Schur complement
N̂'CN̂ − N̂'CU(U'CU)⁻¹U'CN̂; for Gaussian inputs with n ≫ p that is a fraction of a per cent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA, over_seeds
from verify.planning import Estimate
from verify.verdict import Status, combine

__all__ = [
    "decay_finding",
    "determinant_finding",
    "determinant_half_width",
    "determinant_line",
    "flow_finding",
    "predicted_decay",
    "residual_part",
    "unused_directions",
    "vanishing_finding",
]


def determinant_line(numbers: Numbers, settings: Settings) -> Array:
    """−2ηδk|X|²/n² · t at the times of observation."""
    gram, k = np.asarray(numbers["gram"]), np.shape(numbers["solution"])[1]
    rate = -2 * settings["step"] * settings["variance"] * k * np.trace(gram) / numbers["n"]
    return np.asarray(rate * np.asarray(numbers["time"]))


def residual_part(numbers: Numbers, settings: Settings) -> Array:
    """−2η² Σ|R|², what discrete steps take from log det M besides, R as it was in the run."""
    sums = np.trace(np.asarray(numbers["squares"]), axis1=1, axis2=2)
    return np.asarray(-2 * settings["step"] ** 2 * sums)


def determinant_half_width(numbers: Numbers, settings: Settings, alpha: float) -> Array:
    """Bound on the chance in log det M at one time, level 1 − alpha, for any number of steps.

    Q = |N|² − E|N|² + 2⟨R, N⟩ of a step has log E exp(sQ) ≤ s²v/(2(1 − 2s c)), v = 2k tr C² + 4 tr
    R'CR and c the largest eigenvalue of C; so exp(sΣQ − …) is a supermartingale for each s, which
    is chosen from the settings alone.
    """
    gram, k = np.asarray(numbers["gram"]), np.shape(numbers["solution"])[1]
    C = settings["variance"] * gram / numbers["n"]
    steps = np.asarray(numbers["time"]) / settings["step"]
    fixed = 2 * k * np.sum(C * C) * steps
    spread = fixed + 4 * np.sum(np.asarray(numbers["squares"]) * C, axis=(1, 2))
    bits = np.log(2 / alpha)
    largest = 2 * np.linalg.eigvalsh(C)[-1]
    s = 1 / (np.sqrt(np.maximum(fixed, fixed[1]) / (2 * bits)) + largest)
    half = 2 * settings["step"] ** 2 * (bits / s + s * spread / (2 * (1 - s * largest)))
    return np.asarray(half)


def determinant_finding(
    runs: Sequence[Numbers], settings: Settings, relevant: float = 0.01
) -> Finding:
    """The line, with the part of |R|² told apart, in the seed that fits worst."""
    estimates, plain = [], []
    for run in runs:
        line = float(determinant_line(run, settings)[-1])
        change = float(run["log_det"][-1] - run["log_det"][0])
        left = change - float(residual_part(run, settings)[-1])
        orders = change + 2 * settings["step"] ** 2 * float(run["seen"][-1])
        half = float(determinant_half_width(run, settings, ALPHA / len(runs))[-1])
        estimates.append(
            Estimate(value=left / line - 1, half_width=half / -line, bias=abs(orders / line))
        )
        plain.append(change / line)
    worst = max(estimates, key=lambda e: abs(e.value) + e.half_width + e.bias)
    return Finding(
        name="determinant",
        statement="With label noise log det M falls by 2ηδk|X|²/n² per unit time, and by 2η²|R|² "
        "per step besides.",
        status=combine(estimate.decide(relevant) for estimate in estimates),
        reason=f"measured/predicted {1 + worst.value:.4f} ± {worst.half_width:.4f} in the worst of "
        f"{len(runs)} seeds (relevant {relevant:.0%}, error rate {ALPHA:g}); without the |R|² of "
        f"discrete steps {np.mean(plain):.3f} in the mean",
        numbers={
            "ratio": [1 + estimate.value for estimate in estimates],
            "half_width": [estimate.half_width for estimate in estimates],
            "higher_orders": [estimate.bias for estimate in estimates],
            "ratio_without_residual": plain,
        },
    )


def flow_finding(runs: Sequence[Numbers]) -> Finding:
    """Without noise det M stays, but for what the steps' size costs while the loss falls."""
    losses = [float(run["flow_log_det"][0] - run["flow_log_det"][-1]) for run in runs]
    cost = [float(-run["flow_residual_part"][-1]) for run in runs]
    late = [
        float(abs(run["flow_log_det"][-1] - run["flow_log_det"][len(run["flow_log_det"]) // 2]))
        for run in runs
    ]
    smallest = [float(run["flow_sigma"][-1, -1] / run["flow_sigma"][0, -1]) for run in runs]
    kept = max(late) < 1e-6 and min(smallest) > 0.25
    kept = kept and all(
        abs(loss - c) <= 0.2 * c + 1e-9 for loss, c in zip(losses, cost, strict=True)
    )
    return Finding(
        name="no noise",
        statement="Without noise det M falls only while the loss does, by the steps' 2η²Σ|R|², "
        "which vanishes with η; then it and every singular value stay.",
        status=Status.AGREES if kept else Status.DISAGREES,
        reason=f"log det M: {max(losses):.3f} lost at most, 2η²Σ|R|² is {max(cost):.3f}; "
        f"{max(late):.1g} in the second half; the smallest singular value ends at "
        f"{min(smallest):.2f} of its start at least",
        numbers={"lost": losses, "residual_part": cost, "late": late, "smallest": smallest},
    )


def unused_directions(numbers: Numbers) -> Array:
    """N̂ (p, p − k): an orthonormal basis of what is orthogonal to the solution's columns."""
    solution = np.asarray(numbers["solution"])
    columns = np.linalg.svd(solution)[0]
    return np.asarray(columns[:, solution.shape[1] :])


def predicted_decay(
    numbers: Numbers, settings: Settings, first: int, *, residual: bool = True
) -> Array:
    """−log H⁺ summed from the mark ``first`` on: matrices (times, p − k, p − k).

    Half their trace less is Σ log σ of the dying values; without ``residual`` to leading order.
    """
    N, k = unused_directions(numbers), np.shape(numbers["solution"])[1]
    steps = np.asarray(numbers["time"])[first:] / settings["step"]
    noise = k * settings["variance"] * np.asarray(numbers["gram"]) / numbers["n"]
    total = (steps - steps[0])[:, None, None] * noise
    if residual:
        squares = np.asarray(numbers["squares"])[first:]
        total = total + squares - squares[0]
    return np.asarray(0.5 * settings["step"] ** 2 * (N.T @ total @ N))


def vanishing_finding(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """The smallest singular values end far below their start, the k largest do not.

    Claimed of as many as there are directions for which the run is long enough: all p − k, unless
    X'X/n is so uneven that some need longer.
    """
    k = np.shape(runs[0]["solution"])[1]
    bound = settings["vanished"]
    count = min(_dying(run, settings, bound) for run in runs)
    rest = np.shape(runs[0]["sigma"])[1] - k - count
    sigmas = [np.asarray(run["sigma"]) for run in runs]
    dying = [sigma[-1, k + rest :] / sigma[0, k + rest :] for sigma in sigmas]
    largest = [float(shares.max(initial=0.0)) for shares in dying]
    alive = [float(sigma[-1, k - 1] / sigma[0, k - 1]) for sigma in sigmas]
    holds = max(largest) < bound and min(alive) > 2 * bound
    decided = Status.AGREES if holds else Status.DISAGREES
    ends = np.exp(np.mean([np.log(sigma[-1]) for sigma in sigmas], axis=0))
    more = f"; {rest} more are predicted to need longer than this run" if rest else ""
    return Finding(
        name="vanishing",
        statement=f"With noise the {count} smallest singular values of W1 vanish, the {k} largest "
        "stay.",
        status=decided if count else Status.INCONCLUSIVE,
        reason=f"of the {count} none ends above {max(largest):.2g} of its start (must be below "
        f"{bound:g}), of the {k} none below {min(alive):.2g}; geometric means at the end "
        f"{', '.join(f'{value:.2g}' for value in ends)}{more}",
        numbers={"count": count, "vanished": largest, "alive": alive, "ends": ends},
    )


def _dying(run: Numbers, settings: Settings, bound: float) -> int:
    """Number of directions that are to fall below the bound with room for the start to settle.

    By the Schur complement, which is the slower law.
    """
    gram, solution = np.asarray(run["gram"]), np.asarray(run["solution"])
    k = solution.shape[1]
    U, N = np.linalg.svd(solution)[0][:, :k], unused_directions(run)
    mixed = U.T @ gram @ N
    slow = N.T @ gram @ N - mixed.T @ np.linalg.solve(U.T @ gram @ U, mixed)
    steps = run["time"][-1] / settings["step"]
    per_step = k * settings["step"] ** 2 * settings["variance"] / (2 * run["n"])
    falls = steps * per_step * np.linalg.eigvalsh(slow)
    return int(np.sum(falls > 1.3 * np.log(1 / bound)))


def decay_finding(runs: Sequence[Numbers], settings: Settings, relevant: float = 0.03) -> Finding:
    """The dying singular values' rate, over the second half of the run; interval over the seeds."""
    k = np.shape(runs[0]["solution"])[1]
    first = len(runs[0]["time"]) // 2
    ratios = np.array([_decay_ratio(run, settings, first, residual=True) for run in runs])
    leading = np.array([_decay_ratio(run, settings, first, residual=False) for run in runs])
    apart = max(float(run["sigma"][first, k] / run["sigma"][first, k - 1]) for run in runs)
    estimate = over_seeds(ratios - 1)
    status = estimate.decide(relevant) if apart < 0.3 else Status.INCONCLUSIVE
    shown = "" if apart < 0.3 else f"; not apart from the others yet (ratio {apart:.2g}): open"
    return Finding(
        name="rate of dying",
        statement="The dying singular values of W1 fall by kη²δλ/(2n) per step, λ the eigenvalues "
        "of X'X/n on the directions that the fit does not use.",
        status=status,
        reason=f"measured/predicted {1 + estimate.value:.4f} ± {estimate.half_width:.4f} over "
        f"{len(runs)} seeds with the |R|² of discrete steps, {leading.mean():.4f} without "
        f"(relevant {relevant:.0%}, error rate {ALPHA:g} for normal deviations){shown}",
        numbers={"ratio": ratios, "ratio_without_residual": leading, "apart": apart},
    )


def _decay_ratio(run: Numbers, settings: Settings, first: int, *, residual: bool) -> float:
    k = np.shape(run["solution"])[1]
    logs = np.log(np.asarray(run["sigma"])[first:, k:]).sum(axis=1)
    predicted = predicted_decay(run, settings, first, residual=residual)[-1]
    return float((logs[0] - logs[-1]) / np.trace(predicted))
