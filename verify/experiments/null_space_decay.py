"""Linear regression with and without weight decay: the part of W off the data, GD beside SGD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "judge", "simulate"]

ROUNDING = 1e-9
"""Relative differences above this are no rounding, after some hundred updates."""
LEFT, AWAY = 0.1, 0.25
"""What defines a fluctuation: GD has less than this of SGD's squared distance left after as many
updates, and more than this share of SGD's updates leads away."""
NAMES = {"gd": "GD", "sgd": "SGD"}
COLOURS = {"gd": style.COLOURS["blue"], "sgd": style.COLOURS["vermilion"]}


def experiment() -> Experiment:
    """The experiment; it takes about a second."""
    return Experiment(
        id="null-space-decay",
        title="Linear regression: the component off the data decays per update, not per epoch",
        source="seed 002 (the Janus effects of SGD vs GD); theorem null_space_decay",
        claim="The part of W in the null space of the data is multiplied by 1 − 2ηλ in every "
        "update, of GD and of SGD; per epoch SGD makes ⌈n/b⌉ updates and is as much faster; "
        "without decay this part does not move.",
        settings=MappingProxyType(
            {
                "n": 50,
                "p": 80,
                "k": 4,
                "rank": 30,
                "batch": 8,
                "step": 0.1,
                "decay": 0.05,
                "epochs": 120,
                "label_noise": 0.5,
            }
        ),
        quick=MappingProxyType({"epochs": 100}),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """GD and SGD, with decay and without, from one start on one data set of deficient rank."""
    rng = np.random.default_rng([seed, 0])
    n, p, k, rank = (settings[name] for name in ("n", "p", "k", "rank"))
    X = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, p))
    X /= np.linalg.norm(X, 2) / np.sqrt(n)
    Y = X @ rng.standard_normal((p, k)) + settings["label_noise"] * rng.standard_normal((n, k))
    W = rng.standard_normal((p, k))
    rows = np.linalg.svd(X)[2]
    numbers: dict[str, Any] = {}
    for number, name in enumerate(NAMES):
        batch = n if name == "gd" else settings["batch"]
        for decay in (settings["decay"], 0.0):
            progress(number / 2, NAMES[name])
            draws = np.random.default_rng([seed, 1])
            walk = _walk(X, Y, W, rows, batch, decay, settings, draws)
            which = "decay" if decay else "without"
            numbers |= {f"{name} {which} {key}": value for key, value in walk.items()}
    return numbers


def _walk(
    X: Array,
    Y: Array,
    W: Array,
    rows: Array,
    batch: int,
    decay: float,
    settings: Settings,
    rng: np.random.Generator,
) -> dict[str, Array]:
    """What is off the data after every update, distances on the data, and where epochs end.

    GD makes as many updates as SGD, so that the two can be compared at the same number of them.
    """
    n, eta, rank = len(X), settings["step"], settings["rank"]
    on, off = rows[:rank], rows[rank:]
    gram = on @ X.T @ X @ on.T / n + 2 * decay * np.eye(rank)
    solution = np.linalg.solve(gram, on @ X.T @ Y / n)
    null, seen, ends = [off @ W], [float(np.linalg.norm(on @ W - solution))], [0]
    least = settings["epochs"] * len(range(0, n, settings["batch"]))
    while len(null) <= least:
        order = rng.permutation(n)
        for first in range(0, n, batch):
            chosen = order[first : first + batch]
            x = X[chosen]
            gradient = x.T @ (x @ W - Y[chosen]) / len(chosen) + 2 * decay * W
            W = W - eta * gradient
            null.append(off @ W)
            seen.append(float(np.linalg.norm(on @ W - solution)))
        ends.append(len(null) - 1)
    parts = np.array(null)
    return {**_multiples(parts), "on the data": np.array(seen), "epoch ends": np.array(ends)}


def _multiples(parts: Array) -> dict[str, Array]:
    """Norms, by what each update multiplies, what it adds in other directions, all it has moved."""
    norms = np.linalg.norm(parts, axis=(1, 2))
    factor = np.sum(parts[1:] * parts[:-1], axis=(1, 2)) / norms[:-1] ** 2
    turned = np.linalg.norm(parts[1:] - factor[:, None, None] * parts[:-1], axis=(1, 2))
    moved = np.linalg.norm(parts - parts[0], axis=(1, 2)) / norms[0]
    return {"norm": norms, "factor": factor, "turned": turned / norms[:-1], "moved": moved}


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Per update, per epoch, without decay, and what SGD leaves on the data."""
    still = [float(np.max(run[f"{name} without moved"])) for run in runs for name in NAMES]
    return [
        _per_update(runs, settings),
        _per_epoch(runs, settings),
        _small(
            "without decay",
            "With λ = 0 the part off the data does not move.",
            max(still),
            f"it moves by {max(still):.1g} of its norm at most",
            1e-12,
        ),
        _fluctuations(runs),
    ]


def _kept(settings: Settings) -> float:
    """1 − 2ηλ, as stated."""
    return float(1 - 2 * settings["step"] * settings["decay"])


def _updates(settings: Settings) -> dict[str, int]:
    """Updates an epoch, as stated: one of GD, ⌈n/b⌉ of SGD."""
    return {"gd": 1, "sgd": -(-settings["n"] // settings["batch"])}


def _per_update(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """What every update multiplies by, and the rate over all of them, of GD and of SGD."""
    kept = _kept(settings)
    off, rates = [], {}
    for name in NAMES:
        of_name = []
        for run in runs:
            norm, factor = (np.asarray(run[f"{name} decay {key}"]) for key in ("norm", "factor"))
            turned = float(np.max(run[f"{name} decay turned"]))
            powers = norm / norm[0] / kept ** np.arange(len(norm))
            off += [turned, *(float(np.max(np.abs(x - 1))) for x in (factor / kept, powers))]
            of_name.append(-np.log(norm[-1] / norm[0]) / (len(norm) - 1))
        rates[name] = float(np.mean(of_name))
    return _small(
        "per update",
        "Off the data W is multiplied by 1 − 2ηλ in every update, of GD and SGD alike.",
        max(off),
        f"decay measured per update, GD {rates['gd']:.6f} and SGD {rates['sgd']:.6f}, stated "
        f"−log(1 − 2ηλ) = {-np.log(kept):.6f}; W off the data against (1 − 2ηλ)^updates and each "
        f"update alone: at most {max(off):.1g} off, relatively",
        ROUNDING,
    )


def _per_epoch(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """The norm at the end of every epoch against (1 − 2ηλ)^(updates an epoch × epochs)."""
    kept, off, rates = _kept(settings), [], {}
    updates = _updates(settings)
    for name in NAMES:
        of_name = []
        for run in runs:
            norm = np.asarray(run[f"{name} decay norm"])[
                np.asarray(run[f"{name} decay epoch ends"])
            ]
            epochs = np.arange(len(norm))
            stated = kept ** (updates[name] * epochs)
            off.append(float(np.max(np.abs(norm / norm[0] / stated - 1))))
            of_name.append(-np.log(norm[-1] / norm[0]) / epochs[-1])
        rates[name] = float(np.mean(of_name))
    shown = ", ".join(
        f"{label} {rates[name]:.6f} (stated {-updates[name] * np.log(kept):.6f})"
        for name, label in NAMES.items()
    )
    return _small(
        "per epoch",
        f"Per epoch GD multiplies by 1 − 2ηλ, SGD by its power ⌈n/b⌉ = {updates['sgd']}.",
        max(off),
        f"decay measured per epoch: {shown}; ratio {rates['sgd'] / rates['gd']:.6f}; at most "
        f"{max(off):.1g} off, relatively, at the end of any epoch",
        ROUNDING,
    )


def _fluctuations(runs: Sequence[Numbers]) -> Finding:
    """In how many updates the distance to the solution grows, of GD and SGD in every seed.

    Where GD after as many updates is not yet much closer than SGD, SGD may still be on its way.
    """
    away: dict[str, list[float]] = {name: [] for name in NAMES}
    left, apart = [], []
    for run in runs:
        gd, sgd = (np.asarray(run[f"{name} decay on the data"]) for name in NAMES)
        half = len(sgd) // 2
        away["gd"].append(float(np.mean(np.diff(gd[: len(sgd)]) > 0)))
        away["sgd"].append(float(np.mean(np.diff(sgd[half:]) > 0)))
        left.append(float((gd[half] / sgd[half]) ** 2))
        apart.append(float(np.max(sgd[half:] / gd[half : len(sgd)])) - 1)
    if max(away["gd"]) > 0 or min(apart) <= ROUNDING:
        status = Status.DISAGREES
    elif max(left) > LEFT:
        status = Status.INCONCLUSIVE
    else:
        status = Status.AGREES if min(away["sgd"]) > AWAY else Status.DISAGREES
    return Finding(
        name="fluctuations",
        statement="On the data GD comes closer to the solution in every update; SGD ends by "
        f"fluctuating around it: more than {AWAY:.0%} of the updates of its second half lead away.",
        status=status,
        reason=f"updates that lead away: GD at most {max(away['gd']):.0%} of all, SGD "
        f"{min(away['sgd']):.0%} to {max(away['sgd']):.0%} of its second half; at its beginning "
        f"GD, after as many updates, has at most {max(left):.2g} of SGD's squared distance left "
        f"(needed to see it: {LEFT:g})",
        numbers={"away": away, "left": left},
    )


def _small(name: str, statement: str, gap: float, reason: str, limit: float) -> Finding:
    return Finding(
        name=name,
        statement=statement,
        status=Status.AGREES if gap <= limit else Status.DISAGREES,
        reason=f"{reason}; limit {limit:.0e}, no chance involved",
        numbers={"gap": gap},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Off the data against updates and against epochs; on the data against epochs."""
    drawn = style.figure(12.6, 6.0)
    updates, epochs, data = drawn.subplots(1, 3)
    each, run, kept = _updates(settings), runs[0], _kept(settings)
    for name, label in NAMES.items():
        made = settings["epochs"] * each[name] + 1
        norm, flat = (np.asarray(run[f"{name} {which} norm"]) for which in ("decay", "without"))
        norm, flat, steps = norm / norm[0], flat / flat[0], np.arange(len(norm))
        seen = np.asarray(run[f"{name} decay on the data"])[:made]
        width = {"gd": 5.0, "sgd": 2.0}[name]
        look = {"color": COLOURS[name], "lw": width, "alpha": 0.6 if name == "gd" else 1.0}
        still = {**look, "lw": width / 2, "ls": ":"}
        updates.plot(steps, norm, **look, label=f"{label}, λ = {settings['decay']:g}")
        updates.plot(steps, flat, **still, label=f"{label}, λ = 0")
        steps = steps[:made]
        epochs.plot(steps / each[name], norm[:made], **{**look, "lw": 2.0}, label=label)
        epochs.plot(steps / each[name], flat[:made], **still)
        epochs.plot(
            steps / each[name], kept**steps, color=style.INK, lw=1, ls=style.DASHES,
            label="(1 − 2ηλ)^updates" if name == "sgd" else None,
        )  # fmt: skip
        data.plot(steps / each[name], seen / seen[0], color=COLOURS[name], lw=1.3, label=label)
    total = np.arange(len(np.asarray(run["sgd decay norm"])))
    updates.plot(
        total, kept**total, color=style.INK, lw=1, ls=style.DASHES, label="(1 − 2ηλ)^updates"
    )
    titles = ("off the data, per update", "off the data, per epoch", "on the data, per epoch")
    for axes, title in zip((updates, epochs, data), titles, strict=True):
        axes.set_yscale("log")
        axes.set_title(title, loc="left", fontsize=11)
        axes.legend(loc="lower left", fontsize=8.5)
        axes.set_xlabel("updates" if axes is updates else "epochs")
    updates.set_ylabel("|N'W| / |N'W₀|")
    data.set_ylabel("distance to the ridge solution / start")
    style.caption(
        drawn,
        claim="Off the data weight decay acts alone, once an update: SGD's many updates make it "
        "fast per epoch",
        about=f"n = {settings['n']}, p = {settings['p']}, k = {settings['k']}, data of rank "
        f"{settings['rank']}, batches of {settings['batch']}, η = {settings['step']:g}, "
        f"λ = {settings['decay']:g}; {len(runs)} seeds, the first is drawn",
        verdicts=style.judged(findings),
    )
    return {"null-space-decay": drawn}
