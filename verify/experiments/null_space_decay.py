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
"""Relative errors of rates above this are no rounding."""
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
                "epochs": 60,
                "label_noise": 0.5,
            }
        ),
        quick=MappingProxyType({"epochs": 20}),
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
    numbers: dict[str, Any] = {"per epoch": -(-n // settings["batch"])}
    for number, name in enumerate(NAMES):
        batch = n if name == "gd" else settings["batch"]
        for decay in (settings["decay"], 0.0):
            progress(number / 2, NAMES[name])
            walk = _walk(
                X, Y, W, rows, rank, batch, decay, settings, np.random.default_rng([seed, 1])
            )
            which = "decay" if decay else "without"
            numbers |= {f"{name} {which} {key}": value for key, value in walk.items()}
    return numbers


def _walk(
    X: Array,
    Y: Array,
    W: Array,
    rows: Array,
    rank: int,
    batch: int,
    decay: float,
    settings: Settings,
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Norms off the data and distances on the data, after every update, the start first."""
    n, eta = len(X), settings["step"]
    on, off = rows[:rank], rows[rank:]
    gram = on @ X.T @ X @ on.T / n + 2 * decay * np.eye(rank)
    solution = np.linalg.solve(gram, on @ X.T @ Y / n)
    null, start, moved, seen = [off @ W], off @ W, [0.0], [float(np.linalg.norm(on @ W - solution))]
    for _ in range(settings["epochs"]):
        order = rng.permutation(n)
        for first in range(0, n, batch):
            chosen = order[first : first + batch]
            x = X[chosen]
            gradient = x.T @ (x @ W - Y[chosen]) / len(chosen) + 2 * decay * W
            W = W - eta * gradient
            null.append(off @ W)
            moved.append(float(np.linalg.norm(null[-1] - start)))
            seen.append(float(np.linalg.norm(on @ W - solution)))
    norms = np.array([float(np.linalg.norm(x)) for x in null])
    return {"norm": norms, "moved": np.array(moved) / norms[0], "on the data": np.array(seen)}


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Per update, per epoch, without decay, and what SGD leaves on the data."""
    kept = 1 - 2 * settings["step"] * settings["decay"]
    off, epochs, still, noise = [], [], [], []
    for run in runs:
        rates = {}
        for name in NAMES:
            norm = np.asarray(run[f"{name} decay norm"])
            off.append(float(np.max(np.abs(norm[1:] / norm[:-1] / kept - 1))))
            rates[name] = -np.log(norm[-1] / norm[0]) / settings["epochs"]
            still.append(float(np.max(run[f"{name} without moved"])))
        epochs.append(float(rates["sgd"] / rates["gd"]))
        left = {name: np.asarray(run[f"{name} decay on the data"]) for name in NAMES}
        rising = {name: np.diff(x[len(x) // 2 :]) > 0 for name, x in left.items()}
        noise.append([float(np.mean(rising[name])) for name in NAMES])
    each = int(runs[0]["per epoch"])
    gap = max(abs(ratio / each - 1) for ratio in epochs)
    return [
        _small(
            "per update",
            "Off the data W is multiplied by 1 − 2ηλ in every update, of GD and SGD alike.",
            max(off),
            f"1 − 2ηλ = {kept:.6g}; at most {max(off):.1g} off, relatively, over all updates",
            ROUNDING,
        ),
        _small(
            "per epoch",
            f"Per epoch SGD decays ⌈n/b⌉ = {each} times as fast as GD.",
            gap,
            f"rates {-each * np.log(kept):.4f} and {-np.log(kept):.4f} an epoch; measured ratio "
            f"{np.mean(epochs):.6f}, at most {gap:.1g} off",
            ROUNDING,
        ),
        _small(
            "without decay",
            "With λ = 0 the part off the data does not move.",
            max(still),
            f"it moves by {max(still):.1g} of its norm at most",
            1e-12,
        ),
        _fluctuations(noise),
    ]


def _fluctuations(noise: Sequence[Sequence[float]]) -> Finding:
    """In how many updates the distance to the solution grows, of GD and SGD in every seed."""
    descent, drawn = (max(x) for x in zip(*noise, strict=True))
    least = min(x for _, x in noise)
    settled = descent == 0 and least > 0.25
    return Finding(
        name="fluctuations",
        statement="On the data GD comes closer to the solution in every update, and SGD ends by "
        "fluctuating around it.",
        status=Status.AGREES if settled else Status.DISAGREES,
        reason="share of updates in the second half that lead away from the solution: GD at most "
        f"{descent:.0%}, SGD {least:.0%} to {drawn:.0%}; relevant: none, and a quarter",
        numbers={"away": noise},
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
    each, run = int(runs[0]["per epoch"]), runs[0]
    kept = 1 - 2 * settings["step"] * settings["decay"]
    for name, label in NAMES.items():
        norm = np.asarray(run[f"{name} decay norm"])
        norm = norm / norm[0]
        flat = np.asarray(run[f"{name} without norm"])
        flat = flat / flat[0]
        seen = np.asarray(run[f"{name} decay on the data"])
        steps, factor = np.arange(len(norm)), each if name == "sgd" else 1
        width = {"gd": 5.0, "sgd": 2.0}[name]
        look = {"color": COLOURS[name], "lw": width, "alpha": 0.6 if name == "gd" else 1.0}
        updates.plot(steps, norm, **look, label=f"{label}, λ = {settings['decay']:g}")
        updates.plot(steps, flat, **{**look, "lw": width / 2}, ls=":", label=f"{label}, λ = 0")
        epochs.plot(steps / factor, norm, **{**look, "lw": 2.0}, label=label)
        epochs.plot(steps / factor, flat, **{**look, "lw": width / 2}, ls=":")
        ideal = kept**steps
        epochs.plot(steps / factor, ideal, color=style.INK, lw=1, ls=style.DASHES)
        data.plot(steps / factor, seen / seen[0], color=COLOURS[name], lw=1.3, label=label)
    updates.plot([], [], color=style.INK, lw=1, ls=style.DASHES, label="(1 − 2ηλ)^updates")
    total = len(np.asarray(run["sgd decay norm"]))
    updates.plot(np.arange(total), kept ** np.arange(total), color=style.INK, lw=1, ls=style.DASHES)
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
