"""How far W_T is from the low rank that its last gradients give: the bound and what is measured."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.datasets.digits import load
from numerics.deep import Layers, Training, sgd, start
from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "judge", "simulate"]

ROUNDING = 1e-9
COLOURS = tuple(style.COLOURS[name] for name in ("blue", "green", "orange", "vermilion"))


def experiment() -> Experiment:
    """The experiment; standard settings take half a minute."""
    return Experiment(
        id="rank-distance",
        title="The distance of a trained layer from low rank, beside the bound of weight decay",
        source="seed 002 (Galanti et al.); theorem weight_decay_unrolling",
        claim="After m updates W_T is (1 − 2μλ)^m |W_{T−m}| away from a matrix of rank at most "
        "m·batch, the sum of the last gradients; the nearest matrix of that rank is no farther.",
        settings=MappingProxyType(
            {
                "widths": [64, 48, 48, 48, 10],
                "layer": 2,
                "train": 500,
                "batch": 1,
                "step": 0.1,
                "decays": [0.0, 0.002, 0.02, 0.04],
                "updates": 6000,
                "memory": 47,
                "marks": 4,
            }
        ),
        quick=MappingProxyType({"updates": 1200}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=3,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """One training run for each decay; a row of ranks m·batch at each mark."""
    numbers: dict[str, Any] = {}
    for place, decay in enumerate(settings["decays"]):
        progress(place / len(settings["decays"]), f"λ = {decay:g}")
        rng = np.random.default_rng([seed, place])
        split = load().split(settings["train"], 1, rng)
        memory = _Memory(settings, decay)
        how = Training(
            step=settings["step"],
            decay=decay,
            batch=settings["batch"],
            updates=settings["updates"],
        )
        x = split.train.reshape(len(split.train), -1)
        sgd(start(settings["widths"], rng), x, split.train_labels, how, rng, memory.watch)
        for name, rows in memory.rows.items():
            numbers[f"{place} {name}"] = np.array(rows)
    return numbers


class _Memory:
    """The last gradients and weights of one layer, and what they give at the marks."""

    def __init__(self, settings: Settings, decay: float) -> None:
        self.settings, self.layer = settings, settings["layer"] - 1
        self.keep = 1 - 2 * settings["step"] * decay
        self.gradients: deque[Array] = deque(maxlen=settings["memory"])
        self.earlier: deque[Array] = deque(maxlen=settings["memory"] + 1)
        self.rows: dict[str, list[Array]] = {"away": [], "start left": [], "tail": []}
        every = settings["updates"] // settings["marks"]
        self.marks = {every * (n + 1) for n in range(settings["marks"])}

    def watch(self, update: int, layers: Layers, gradients: Layers) -> None:
        """Remember; at a mark take stock."""
        self.gradients.appendleft(gradients[self.layer])
        self.earlier.appendleft(layers[self.layer].copy())
        if update in self.marks and len(self.earlier) > self.settings["memory"]:
            for name, row in zip(self.rows, self._stock(), strict=True):
                self.rows[name].append(row)

    def _stock(self) -> tuple[Array, Array, Array]:
        """|W_T − V_m|, κ^m|W_{T−m}| and the distance from rank m·batch, for m = 1, 2, …."""
        W, near = self.earlier[0], np.zeros_like(self.earlier[0])
        size = float(np.linalg.norm(W))
        sigma = np.linalg.svd(W, compute_uv=False)
        away, left, tail = [], [], []
        for m, G in enumerate(self.gradients, start=1):
            near -= self.settings["step"] * self.keep ** (m - 1) * G
            away.append(float(np.linalg.norm(W - near)))
            left.append(self.keep**m * float(np.linalg.norm(self.earlier[m])))
            rank = m * self.settings["batch"]
            tail.append(float(np.sqrt(np.sum(sigma[rank:] ** 2))))
        return np.array(away) / size, np.array(left) / size, np.array(tail) / size


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The unrolled form, the inequality, and how far apart both sides of it are."""
    places = range(len(settings["decays"]))
    away, left, tail = (
        np.array([[run[f"{place} {name}"] for place in places] for run in runs])
        for name in ("away", "start left", "tail")
    )
    gap = float(np.max(np.abs(away / left - 1)))
    over = float(np.max(tail / left))
    # Seeds and marks together, m and decay kept apart.
    ratio = np.median(left[..., -1] / np.maximum(tail[..., -2], 1e-300), axis=(0, 2))
    least = np.min(left, axis=(0, 2, 3))
    return [
        Finding(
            name="unrolled",
            statement="|W_T − V| = (1 − 2μλ)^m |W_{T−m}| with V the sum of the last m gradients, "
            "those that training took.",
            status=Status.AGREES if gap <= ROUNDING else Status.DISAGREES,
            reason=f"relative gap at most {gap:.1g} over {away.size:,} pairs of T and m; limit "
            f"{ROUNDING:.0e}, no chance involved",
            numbers={"gap": gap},
        ),
        Finding(
            name="the bound",
            statement="The distance of W_T from rank m·batch is at most (1 − 2μλ)^m |W_{T−m}|.",
            status=Status.AGREES if over <= 1 + ROUNDING else Status.DISAGREES,
            reason=f"measured over bound at most {over:.3f}; the least bound is "
            + ", ".join(
                f"{x:.2g} of |W_T| at λ = {d:g}"
                for x, d in zip(least, settings["decays"], strict=True)
            ),
            numbers={"largest ratio": over, "least bound": least, "looseness": ratio},
        ),
    ]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Bound and measured curve against the rank, a panel for each decay, at the last mark."""
    drawn = style.figure(12.6, 5.6)
    panels = drawn.subplots(1, len(settings["decays"]), sharey=True)
    ranks = settings["batch"] * np.arange(1, settings["memory"] + 1)
    for place, (axes, decay) in enumerate(zip(panels, settings["decays"], strict=True)):
        for number, run in enumerate(runs):
            named = number == 0
            left = np.asarray(run[f"{place} start left"])[-1]
            tail = np.asarray(run[f"{place} tail"])[-1]
            axes.plot(
                ranks, left, color=style.INK, lw=1.2, ls=style.DASHES, alpha=0.7,
                label="bound (1 − 2μλ)^m|W_{T−m}|" if named else None,
            )  # fmt: skip
            axes.plot(
                ranks, tail, color=COLOURS[place % len(COLOURS)], lw=1.5, alpha=0.8,
                label="distance from rank m·batch" if named else None,
            )  # fmt: skip
        kept = 1 - 2 * settings["step"] * decay
        axes.set_yscale("log")
        axes.set_ylim(1e-4, 2)
        axes.set_title(f"λ = {decay:g}, 1 − 2μλ = {kept:g}", loc="left", fontsize=11)
        axes.set_xlabel("rank m·batch")
    panels[0].legend(loc="lower left", fontsize=8.5)
    panels[0].set_ylabel("distance / |W_T|")
    style.caption(
        drawn,
        claim="The bound of weight decay holds for a trained layer; the measured curve is below",
        about=f"8 × 8 digits, ReLU net {settings['widths']}, layer {settings['layer']}, batch "
        f"{settings['batch']}, μ = {settings['step']:g}, {settings['updates']:,} updates, "
        f"{len(runs)} seeds",
        verdicts=style.judged(findings),
    )
    return {"rank-distance": drawn}
