"""The findings on label-noise SGD and its SDE, from the paths of all seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from numerics.kernels import kernels
from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.sgd_coupling import Network, network
from verify.experiments.sgd_gaps import LIMIT, Pool, limit, local_orders, order, pooled
from verify.planning import ErrorBudget, Estimate
from verify.statistics.bounds import dkw_half_width
from verify.statistics.decisions import sample_distance
from verify.verdict import Status, combine

__all__ = ["STATED", "Laws", "Measured", "decomposition", "findings", "judge", "law_distances"]

BUDGET = ErrorBudget()
FINDINGS = 8
RELEVANT = {"rate": 0.01, "order": 0.5, "coefficient": 0.02, "limit": 0.03, "law": 0.25}
"""Relevant errors: of the SDE's rate, of orders, of the first-order coefficient at fixed ηδ, of the
limit at fixed δ (relative to what is predicted), of distribution functions (relative to the largest
distance)."""


@dataclass(frozen=True, kw_only=True)
class Laws:
    """What is claimed; a wrong one shows what the judge can see."""

    order: float = 1.0
    """Of the gap at fixed ηδ."""
    relative_order: float = 0.0
    """Of the relative gap at fixed δ."""
    square: float = 2.0
    """Factor of η∫|R|²."""
    fourth: float = 1.0
    """Factor of the term of fourth order in the noise."""
    rate: float = 1.0
    """Factor of the SDE's rate, 2ηδ k|X|²/n²."""


STATED = Laws()


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything pooled, with the letters of the claims."""

    numbers: Sequence[Numbers]
    settings: Settings
    laws: Laws = STATED

    @cached_property
    def net(self) -> Network:
        """Data and start."""
        return network(self.settings)

    @property
    def steps(self) -> Array:
        """The step sizes, halved from one to the next."""
        halved: Array = self.settings["step"] / 2.0 ** np.arange(self.settings["halvings"] + 1)
        return halved

    @cached_property
    def fixed_rate(self) -> Pool:
        """Paths at fixed ηδ."""
        return pooled([n["fixed rate"] for n in self.numbers])

    @cached_property
    def fixed_variance(self) -> list[Pool]:
        """Paths at fixed δ, for every step size."""
        parts = range(len(self.steps))
        return [pooled([n["fixed variance"][i] for n in self.numbers]) for i in parts]

    @cached_property
    def falls(self) -> Array:
        """The SDE's fall of log det M up to the horizon at fixed δ, from the generated kernel."""
        data, T, delta = self.net.data, self.settings["horizon"], self.settings["variance"]
        point = {"X": data.X, "n": data.n, "k": data.k, "delta": np.asarray(delta)}
        rate = kernels("label_noise_determinant.label_noise")["rate"]
        found = [float(rate({**point, "eta": eta})) for eta in self.steps]
        return np.array([-self.laws.rate * T * value for value in found])

    @property
    def fall(self) -> float:
        """The same at fixed ηδ."""
        noise = self.settings["variance"] * self.settings["step"]
        return float(self.falls[0] * self.settings["noise"] / noise)

    @property
    def fourth(self) -> float:
        """T E tr(N'N)²/δ²: times η(ηδ)² the other part of first order in η at fixed ηδ."""
        K, k = self.net.covariance, self.net.data.k
        trace, square = float(np.trace(K)), float(np.trace(K @ K))
        size = k * trace**2 + k * (k + 1) * square
        return float(self.laws.fourth * self.settings["horizon"] * size)

    def excess(self, level: int) -> dict[str, Any]:
        """The gap of E log det M at a step size as a combination, at fixed ηδ."""
        return {"excess": np.eye(len(self.steps))[level]}

    def relative(self, alpha: float, square: float) -> list[Estimate]:
        """Gap at fixed δ over the SDE's fall, less `square`·η∫|R|², at every step size."""
        return [
            pool.estimate({"excess": 1.0, "square": -square * self.steps[i]}, alpha, self.falls[i])
            for i, pool in enumerate(self.fixed_variance)
        ]

    def remainder(self, alpha: float) -> list[Estimate]:
        """What is left of the gap at fixed ηδ with both first-order terms taken off."""
        found = []
        for i, eta in enumerate(self.steps):
            gap = {**self.excess(i), "square": -self.laws.square * eta}
            e = self.fixed_rate.estimate(gap, alpha)
            value = e.value - eta * self.settings["noise"] ** 2 * self.fourth
            found.append(Estimate(value=value, half_width=e.half_width, bias=e.bias))
        return found

    def sigma(self, alpha: float) -> list[list[Estimate]]:
        """Gaps of E σ_j/(1 + σ_j) at fixed ηδ, for each singular value at every step size."""
        count, p = len(self.steps), self.settings["features"]
        unit = np.eye(count * p)
        return [
            [self.fixed_rate.estimate({"sigma": unit[j * count + i]}, alpha) for i in range(count)]
            for j in range(p)
        ]


def judge(numbers: Sequence[Numbers], settings: Settings) -> Sequence[Finding]:
    """All findings, with the stated laws."""
    return findings(Measured(numbers=numbers, settings=settings))


def findings(measured: Measured) -> list[Finding]:
    """All findings; they share the error budget equally."""
    alpha = BUDGET.split(FINDINGS).alpha
    checks = (
        _sde, _order, _sigma_order, _laws, _coefficient, _second_order, _no_limit, _limit,
    )  # fmt: skip
    return [check(measured, alpha) for check in checks]


def _finding(name: str, statement: str, status: Status, reason: str, **numbers: Any) -> Finding:
    rates = {"false agree": BUDGET.false_agree, "false reject": BUDGET.false_reject}
    return Finding(
        name=name, statement=statement, status=status, reason=reason, numbers={**numbers, **rates}
    )


def _shown(e: Estimate, shift: float = 0.0, digits: int = 3) -> str:
    return f"{e.value + shift:.{digits}g} ± {e.half_width:.1g}, bias ≤ {e.bias:.1g}"


def _sde(measured: Measured, alpha: float) -> Finding:
    stated = measured.fall
    found = measured.fixed_rate.estimate({"fall": 1}, alpha)
    d = Estimate(
        value=found.value / stated - 1,
        half_width=found.half_width / stated,
        bias=found.bias / stated,
    )
    return _finding(
        "SDE",
        "The simulated SDE loses log det M at the rate 2ηδk|X|²/n² of theorem "
        "label_noise_determinant, so it may be set beside the algorithm.",
        d.decide(RELEVANT["rate"]),
        f"fall {_shown(found, digits=5)}; stated {stated:.5g}, relevant {RELEVANT['rate']:.0%}; "
        f"{measured.fixed_rate.count:,} paths, {measured.fixed_rate.clipped} values clipped",
        fall=found.value,
        stated=stated,
    )


def _order(measured: Measured, alpha: float) -> Finding:
    share, count = measured.laws.order, len(measured.steps)
    pool = measured.fixed_rate
    gaps = [pool.estimate(measured.excess(i), alpha / count) for i in range(count)]
    d = order(gaps, share)
    shown = ", ".join(f"{e.value:.4g}" for e in gaps)
    return _finding(
        "log det M at fixed ηδ",
        f"At fixed ηδ the gap of E log det M is of order {share:g} in η.",
        d.decide(RELEVANT["order"]),
        f"gaps {shown} at η, η/2, …; order {_shown(d, share)}; relevant {RELEVANT['order']}",
        gaps=[e.value for e in gaps],
        orders=local_orders(gaps),
    )


def _sigma_order(measured: Measured, alpha: float) -> Finding:
    share, p = measured.laws.order, measured.settings["features"]
    gaps = measured.sigma(alpha / (p * len(measured.steps)))
    found = [order(values, share) for values in gaps]
    status = combine(d.decide(RELEVANT["order"]) for d in found)
    orders = "; ".join(f"σ{j + 1} {_shown(d, share)}" for j, d in enumerate(found))
    return _finding(
        "singular values at fixed ηδ",
        f"At fixed ηδ the gap of E σ/(1 + σ) is of order {share:g}, for every singular value.",
        status,
        f"orders over the last halving: {orders}; relevant {RELEVANT['order']}",
        gaps=[[e.value for e in values] for values in gaps],
        orders=[local_orders(values) for values in gaps],
    )


def _laws(measured: Measured, alpha: float) -> Finding:
    distances, half, bias = law_distances(measured, alpha)
    halvings, power = measured.settings["halvings"], measured.laws.order
    shrunk = 2.0 ** (-power * halvings)
    top = float(np.max(distances[0]))
    j = int(np.argmax(distances[0]))
    d = Estimate(
        value=float(distances[-1, j] - shrunk * distances[0, j]) / top,
        half_width=half * (1 + shrunk) / top,
        bias=float(bias[j]) * (1 + shrunk) / top,
    )
    shown = ", ".join(f"{x:.3f}" for x in distances[:, j])
    return _finding(
        "distribution functions",
        "At fixed ηδ the largest distance between the distribution functions of a singular value "
        f"of W1 at the horizon, of SGD and of its SDE, falls with η to the power {power:g}.",
        d.decide(RELEVANT["law"]),
        f"σ{j + 1}: {shown} at η, η/2, …, each ± {half:.2g} (DKW), bias ≤ {bias[j]:.1g}; "
        f"at η/{2**halvings} expected {shrunk * distances[0, j]:.3f}, relevant "
        f"{RELEVANT['law'] * top:.2g}",
        distances=distances,
        half_width=half,
    )


def law_distances(measured: Measured, alpha: float) -> tuple[Array, float, Array]:
    """sup|F_SGD − F_SDE| (step sizes, p), its half-width, and the bias of the SDE's grid (p)."""
    parts = [n["singular values"] for n in measured.numbers]
    pooled_values = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    SDE = pooled_values["SDE"]
    rows = [
        [sample_distance(pooled_values[f"η/{2**m}"][:, j], SDE[:, j]) for j in range(SDE.shape[1])]
        for m in range(len(measured.steps))
    ]
    coarser = pooled_values["SDE, coarser grid"]
    bias = np.array([sample_distance(coarser[:, j], SDE[:, j]) for j in range(SDE.shape[1])])
    bands = 2 * dkw_half_width(len(SDE), alpha / (np.size(rows) + SDE.shape[1]))
    return np.array(rows), bands, bias


def _coefficient(measured: Measured, alpha: float) -> Finding:
    laws, steps, pool = measured.laws, measured.steps, measured.fixed_rate
    weights = np.zeros(len(steps))
    weights[-3:] = LIMIT / steps[-3:]
    linear = np.zeros(len(steps))
    linear[-3:] = np.array([0.0, -1.0, 2.0]) / steps[-3:]
    fourth = measured.settings["noise"] ** 2 * measured.fourth
    predicted = laws.square * pool.value({"square": 1}) + fourth
    e = pool.estimate({"excess": weights, "square": -laws.square}, alpha)
    moved = abs(pool.value({"excess": weights - linear}))
    d = Estimate(
        value=(e.value - fourth) / predicted,
        half_width=e.half_width / predicted,
        bias=(e.bias + moved) / predicted,
    )
    return _finding(
        "the terms behind the gap",
        "At fixed ηδ the gap of E log det M is η[2∫E|R|² dt + T(ηδ)²(k(tr K)² + k(k+1) tr K²)] to "
        "first order, K = X'X/n², both parts as the SDE has them.",
        d.decide(RELEVANT["coefficient"]),
        f"gap/η → {pool.value({'excess': weights}):.4g}; predicted {predicted:.4g}, of it "
        f"{fourth:.3g} of fourth order in the noise; relative difference {_shown(d)}, "
        f"relevant {RELEVANT['coefficient']:.0%}",
        measured=pool.value({"excess": weights}),
        predicted=predicted,
        fourth=fourth,
    )


def _second_order(measured: Measured, alpha: float) -> Finding:
    left = measured.remainder(alpha / len(measured.steps))
    # The finest remainders are of the size of the SDE's own bias.
    d = order(left[:3], 2.0)
    shown = ", ".join(f"{e.value:.2g} ± {e.half_width:.1g}" for e in left)
    return _finding(
        "what is left",
        "With both terms added to the SDE's prediction, the gap at fixed ηδ is of order 2.",
        d.decide(RELEVANT["order"]),
        f"left over {shown} at η, η/2, …; order from η/2 to η/4: {_shown(d, 2.0)}; relevant "
        f"{RELEVANT['order']}",
        remainder=[e.value for e in left],
    )


def _no_limit(measured: Measured, alpha: float) -> Finding:
    count, share = len(measured.steps), measured.laws.relative_order
    gaps = measured.relative(alpha / count, 0.0)
    d = order(gaps, share)
    end = limit(gaps)
    apart = end.value - end.half_width - end.bias > 0
    status = d.decide(RELEVANT["order"])
    shown = ", ".join(f"{e.value:.3g}" for e in gaps)
    return _finding(
        "log det M at fixed δ",
        "At fixed δ the gap of E log det M relative to the SDE's fall has order 0: it does not "
        "vanish as η → 0.",
        status if status != Status.AGREES or apart else Status.INCONCLUSIVE,
        f"relative gaps {shown} at η, η/2, …; order {_shown(d, share)}, relevant "
        f"{RELEVANT['order']}; in the limit {_shown(end)}",
        gaps=[e.value for e in gaps],
        limit=end.value,
    )


def _limit(measured: Measured, alpha: float) -> Finding:
    square = measured.laws.square
    left = measured.relative(alpha / len(measured.steps), square)
    pools = zip(measured.fixed_variance, measured.steps, measured.falls, strict=True)
    shares = [square * eta * pool.value({"square": 1}) / fall for pool, eta, fall in pools]
    predicted = float(LIMIT @ shares[-3:])
    end = limit(left)
    scale = predicted or 1.0
    d = Estimate(value=end.value / scale, half_width=end.half_width / scale, bias=end.bias / scale)
    shown = ", ".join(f"{e.value:.2g}" for e in left)
    return _finding(
        "|R|² at fixed δ",
        "At fixed δ the relative gap tends to ∫|R|² dt / (δk|X|²T/n²): with 2η∫E|R|² added to the "
        "SDE's fall nothing is left in the limit.",
        d.decide(RELEVANT["limit"]),
        f"|R|² takes {predicted:.4g} times what the noise takes; left over, relative: {shown} at "
        f"η, η/2, …; in the limit {_shown(d)} of it, relevant {RELEVANT['limit']:.0%}",
        predicted=predicted,
        left=[e.value for e in left],
    )


def decomposition(measured: Measured, level: int, *, fixed: str) -> Mapping[str, float]:
    """Fall of log det M per unit time by its parts, and as measured with its standard error."""
    T, eta = measured.settings["horizon"], float(measured.steps[level])
    if fixed == "variance":
        pool, fall = measured.fixed_variance[level], float(measured.falls[level])
        noise, gap = measured.settings["variance"] * eta, {"excess": 1.0}
    else:
        pool, fall = measured.fixed_rate, measured.fall
        noise, gap = measured.settings["noise"], measured.excess(level)
    whole = {**gap, "fall": 1.0}
    return {
        "noise": fall / T,
        "square": measured.laws.square * eta * pool.value({"square": 1}) / T,
        "fourth": eta * noise**2 * measured.fourth / T,
        "measured": pool.value(whole) / T,
        "error": pool.standard_error(whole) / T,
    }
