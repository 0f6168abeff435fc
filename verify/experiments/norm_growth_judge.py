"""What is stated of norms under scale symmetry, and what of it is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA, median_over_seeds, over_seeds, whether_above
from verify.verdict import Status, combine

__all__ = ["RELEVANT", "ROUNDING", "Rate", "fourth_power_rate", "judge", "mean_rates"]

Rate = Callable[[Array, Array, float], Array]
"""A rate of |θ|⁴ per unit of time, of |θ|², of the mean of |g|² over samples and of η."""
ROUNDING, STILL = 1e-9, 1e-12
"""Bounds, in double precision, on the relative error of the sums of η²|g|² over a run, and on the
change of a squared norm that is none."""
SETTLED = 0.05
"""The share of its fall that the loss may have left where training counts as settled."""
RELEVANT = MappingProxyType({"rate": 0.1, "power": 0.2, "share": 0.1})
"""Relevant errors: of the rate of |θ|⁴, relative; of the power of |θ|² that tr Σ goes with; and the
share of SGD's growth that gradient descent stays below."""
NETS = ("A", "B")


def fourth_power_rate(norm: Array, moment: Array, eta: float) -> Array:
    """d|θ|⁴/dt = 2η|θ|²E|g|², as stated: 2σ² = η, Σ the second moment of one sample."""
    return np.asarray(2 * eta * norm * moment)


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    square: float = 1.0,
    rate: Rate = fourth_power_rate,
    power: float = -1.0,
) -> list[Finding]:
    """The exact law, what never falls, GD beside SGD, free layers, and the fourth power.

    ``square`` is the stated factor of η²|g|², ``rate`` the rate of |θ|⁴, ``power`` that of |θ|²
    that tr Σ goes with; other ones show what the judge sees.
    """
    return [
        _exact(runs, square),
        _monotone(runs),
        _descent(runs, settings),
        _free(runs),
        _fourth(runs, settings, rate),
        _power(runs, settings, power),
    ]


def _exact(runs: Sequence[Numbers], square: float) -> Finding:
    off = []
    for run in runs:
        for way in ("sgd", "gd"):
            for net in NETS:
                norms, added = np.asarray(run[f"norms_{net}_{way}"]), run[f"added_{net}_{way}"]
                left = norms - norms[0] - square * np.asarray(added)
                # Net A has the law for the whole only.
                left = left.sum(axis=1) if net == "A" else left
                off.append(float(np.max(np.abs(left)) / norms[0].sum(axis=0).max()))
    return Finding(
        name="exact law",
        statement="The squared norm has grown by the sum of η²|g|²: of the whole in Net A, of each "
        "layer in Net B, under SGD and under gradient descent.",
        status=Status.AGREES if max(off) < ROUNDING else Status.DISAGREES,
        reason=f"largest relative difference {max(off):.1g} in {len(runs)} seeds (rounding "
        f"{ROUNDING:g}); no chance involved",
        numbers={"off": off},
    )


def _monotone(runs: Sequence[Numbers]) -> Finding:
    least = []
    for run in runs:
        A, B = np.asarray(run["least_A_sgd"]), np.asarray(run["least_B_sgd"])
        least += [float(A[2].min()), float(B.min())]
    return Finding(
        name="never falls",
        statement="No step of SGD lowers the norm of Net A, nor that of either layer of Net B.",
        status=Status.AGREES if min(least) > -STILL else Status.DISAGREES,
        reason=f"the smallest change of a squared norm in a step is {min(least):.1g}, in "
        f"{len(runs)} seeds (rounding {STILL:g}); no chance involved",
        numbers={"least": least},
    )


def _added(run: Numbers, net: str, way: str) -> Array:
    """What |θ|² has grown by."""
    norms = np.asarray(run[f"norms_{net}_{way}"]).sum(axis=1)
    return np.asarray(norms[-1] - norms[0])


def _descent(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """SGD beside gradient descent, whose growth Σ η²|∇L|² is η times the fall of the loss.

    This is of order η, whatever the time: where SGD has not grown by far more, the time was short.
    """
    shares, known = [], []
    for run in runs:
        for net in NETS:
            noisy, quiet = (_added(run, net, way) for way in ("sgd", "gd"))
            losses = np.asarray(run[f"losses_{net}_gd"])
            with np.errstate(divide="ignore", invalid="ignore"):
                shares.append(float((quiet / noisy).max()))
                known.append(float((settings["step"] * losses[0] / noisy).max()))
    bound = RELEVANT["share"]
    if max(shares) < bound:
        status = Status.AGREES
    else:
        status = Status.INCONCLUSIVE if max(known) > bound > 0 else Status.DISAGREES
    return Finding(
        name="gradient descent",
        statement=f"Gradient descent lets |θ|² grow by less than {bound:g} of what SGD does, in "
        "every run.",
        status=status,
        reason=f"it grows by at most {max(shares):.3f} of what SGD adds, {len(runs)} seeds × "
        f"{settings['runs']} runs; η times the first loss, which any time allows it, is at most "
        f"{max(known):.3f} of that (beyond {bound:g} the time would be too short)",
        numbers={"shares": shares, "known": known},
    )


def _free(runs: Sequence[Numbers]) -> Finding:
    """In Net A a layer alone does shrink under SGD, and moves by more than Σ η²|g|² under GD.

    How far it moves has either sign, and may be little in a run: the median is judged.
    """
    falls: list[float] = []
    moved: list[Array] = []
    kept: list[Array] = []
    for run in runs:
        falls.append(float(np.asarray(run["least_A_sgd"])[:2].min()))
        for net, found in (("A", moved), ("B", kept)):
            norms = np.asarray(run[f"norms_{net}_gd"])
            found.append(np.abs(norms[-1] - norms[0]) / _added(run, net, "gd"))
    # Of a run the layer that moves more.
    further, most = np.concatenate([x.max(axis=0) for x in moved]), float(np.max(kept))
    low, high = median_over_seeds(further)
    fits = max(falls) < -STILL and most <= 1 + ROUNDING
    left = _unsettled(runs)
    status = combine([Status.AGREES if fits else Status.DISAGREES, whether_above(1.0, low, high)])
    return Finding(
        name="layers of Net A",
        statement="Without a symmetry of its own a layer's norm falls in some steps of SGD, and "
        "under gradient descent one moves by more than the whole grows in the median run, which "
        "layers of Net B cannot in any.",
        status=status if left <= SETTLED else Status.INCONCLUSIVE,
        reason=f"largest fall of a layer's squared norm in a step of SGD: {-max(falls):.2g} at "
        f"least; under gradient descent the layer of Net A that moves more does so by "
        f"{np.median(further):.1f} times the growth of the whole (median, between {low:.1f} and "
        f"{high:.1f}, error rate {ALPHA:g}), of Net B by {most:.2f} times at most; {_said(left)}",
        numbers={"falls": falls, "moved": moved, "kept": kept},
    )


def _unsettled(runs: Sequence[Numbers]) -> float:
    """The share of its fall that the loss of Net A has left after a third of gradient descent."""
    shares = []
    for run in runs:
        losses = np.asarray(run["losses_A_gd"])
        shares.append(np.max((losses[len(losses) // 3] - losses[-1]) / (losses[0] - losses[-1])))
    return float(np.max(shares))


def _said(left: float) -> str:
    return (
        f"after a third of the run the loss has {left:.3f} of its fall left ({SETTLED:g} allowed)"
    )


def _of_net_a(runs: Sequence[Numbers]) -> tuple[Array, Array]:
    """|θ|² and the mean of |g|² over samples, the long runs, (marks, runs of all seeds)."""
    return (
        np.concatenate([np.asarray(run["norm_long"]) for run in runs], axis=1),
        np.concatenate([np.asarray(run["moment_long"]) for run in runs], axis=1),
    )


def mean_rates(runs: Sequence[Numbers], settings: Settings, rate: Rate) -> tuple[Array, Array]:
    """Growth of |θ|⁴ from each mark to the next, and what is stated of it, both (marks − 1, runs).

    Stated from the gradients of all samples at the marks, by trapezoids.
    """
    norm, moment = _of_net_a(runs)
    time = settings["step"] * np.asarray(runs[0]["long_steps"])
    stated = rate(norm, moment, settings["step"])
    spans = np.diff(time)[:, None]
    return np.diff(norm**2, axis=0), (stated[1:] + stated[:-1]) / 2 * spans


def _fourth(runs: Sequence[Numbers], settings: Settings, rate: Rate) -> Finding:
    """Growth less what is stated has mean 0 in each run: Student over all of them."""
    grown, stated = (x.sum(axis=0) for x in mean_rates(runs, settings, rate))
    e = over_seeds((grown - stated) / stated.mean())
    return Finding(
        name="rate of the fourth power",
        statement="In Net A under SGD |θ|⁴ grows by 2η|θ|²tr Σ per unit of time, Σ the second "
        "moment of the gradients of single samples (2σ² = η).",
        status=e.decide(RELEVANT["rate"]),
        reason=f"measured/stated {1 + e.value:.3f} ± {e.half_width:.3f}, Σ measured at "
        f"{len(np.asarray(runs[0]['long_steps']))} marks (relevant {RELEVANT['rate']:.0%}, Student "
        f"over {grown.size} runs, error rate {ALPHA:g})",
        numbers={"ratio": 1 + e.value, "half_width": e.half_width},
    )


def _power(runs: Sequence[Numbers], settings: Settings, power: float) -> Finding:
    """The slope of log tr Σ over log |θ|² in each run, from where training has settled.

    Every run has a data set of its own: runs are independent.  The bias, of angles whose law still
    changes, is taken as large as the slopes of two halves, of equal growth of log |θ|², can be
    apart.
    """
    norm, moment = (np.log(x) for x in _of_net_a(runs))
    first, middle = _halves(norm, runs, settings)
    parts = (slice(first, None), slice(first, middle + 1), slice(middle, None))
    whole, early, late = (_slopes(norm[part], moment[part]) for part in parts)
    e, halves = (over_seeds(x, ALPHA / 2) for x in (whole - power, early - late))
    e = replace(e, bias=abs(halves.value) + halves.half_width)
    linear, left = 1 - (power + e.value), _unsettled(runs)
    return Finding(
        name="linear fourth power",
        statement=f"In Net A under SGD tr Σ goes with the power {power:g} of |θ|², so that |θ| to "
        f"the power {2 * (1 - power):g} is linear in t.",
        status=e.decide(RELEVANT["power"]) if left <= SETTLED else Status.INCONCLUSIVE,
        reason=f"power of |θ|² {power + e.value:.3f} ± {e.half_width:.3f} from step "
        f"{np.asarray(runs[0]['long_steps'])[first]:,.0f} on, its halves apart by "
        f"{halves.value:+.3f} ± {halves.half_width:.3f}, whose upper end is taken for the bias; so "
        f"|θ| to the power {2 * linear:.2f} is linear (relevant {RELEVANT['power']:g}, Student "
        f"over {whole.size} runs, error rate {ALPHA:g}); {_said(left)}",
        numbers={"power": power + e.value, "half_width": e.half_width, "bias": e.bias},
    )


def _halves(norm: Array, runs: Sequence[Numbers], settings: Settings) -> tuple[int, int]:
    """The mark where gradient descent has settled, and that of half the growth from there on."""
    settled = np.asarray(runs[0]["long_steps"]) >= settings["steps"] / 3
    # A line takes three marks.
    first = min(int(np.argmax(settled)), len(norm) - 5)
    mean = norm.mean(axis=1)
    middle = int(np.argmin(np.abs(mean - (mean[first] + mean[-1]) / 2)))
    return first, int(np.clip(middle, first + 2, len(norm) - 3))


def _slopes(x: Array, y: Array) -> Array:
    """Slope of the line through each column, by least squares."""
    x = x - x.mean(axis=0)
    return np.asarray(np.sum(x * y, axis=0) / np.sum(x * x, axis=0))
