"""How far W_T is from the low rank that its last gradients give: the bound and what is measured.

Training gives weights and gradients; what is kept of them at some updates T are the singular values
of W_T, the norms of the weights before it, and the inner products of weights and gradients with
random matrices, in which an equation between matrices that is wrong fails with probability one.
Powers of 1 − 2μλ and sums of gradients are formed by the judge alone.

The bound is sharp while the start is still felt, at a decay of the order 2μλ > 2/width: later, and
for less decay, the last gradients explain much more than it says, and it could not be seen to fail.
"""

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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["experiment", "judge", "simulate"]

ROUNDING = 1e-9
COLOURS = tuple(style.COLOURS[name] for name in ("blue", "green", "orange", "vermilion"))


def experiment() -> Experiment:
    """The experiment; standard settings take some seconds."""
    return Experiment(
        id="rank-distance",
        title="The distance of a layer in training from low rank, beside the bound of weight decay",
        source="seed 002 (Galanti et al.); theorem weight_decay_unrolling",
        claim="After m updates W_T is (1 − 2μλ)^m |W_{T−m}| away from a matrix of rank at most "
        "m·batch, the sum of the last gradients; the nearest matrix of that rank is no farther.",
        settings=MappingProxyType(
            {
                "widths": [64, 128, 128, 10],
                "layer": 2,
                "train": 500,
                "batch": 1,
                "step": 0.25,
                "decays": [0.0, 0.04, 0.08, 0.16],
                "memory": 30,
                "marks": [30, 60, 120],
                "probes": 3,
            }
        ),
        quick=MappingProxyType({"marks": [30, 60]}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=3,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """One training run for each decay; what is kept has the marks on its first axis."""
    numbers: dict[str, Any] = {}
    for place, decay in enumerate(settings["decays"]):
        progress(place / len(settings["decays"]), f"λ = {decay:g}")
        rng = np.random.default_rng([seed, place])
        split = load().split(settings["train"], 1, rng)
        how = Training(
            step=settings["step"],
            decay=decay,
            batch=settings["batch"],
            updates=max(settings["marks"]),
        )
        begun = start(settings["widths"], rng)
        memory = _Memory(begun, settings, np.random.default_rng([seed, place, 1]))
        x = split.train.reshape(len(split.train), -1)
        sgd(begun, x, split.train_labels, how, rng, memory.watch)
        for name, rows in memory.rows.items():
            numbers[f"{place} {name}"] = np.array(rows)
    return numbers


class _Memory:
    """One layer and its gradients over the last updates, the newest first."""

    def __init__(self, begun: Layers, settings: Settings, rng: np.random.Generator) -> None:
        self.layer, self.marks = settings["layer"] - 1, frozenset(settings["marks"])
        self.gradients: deque[Array] = deque(maxlen=settings["memory"])
        self.weights: deque[Array] = deque(maxlen=settings["memory"] + 1)
        self.weights.append(begun[self.layer].copy())
        self.probes = rng.standard_normal((settings["probes"], *begun[self.layer].shape))
        names = ("weights", "gradients", "sizes", "singular values")
        self.rows: dict[str, list[Array]] = {name: [] for name in names}

    def watch(self, update: int, layers: Layers, gradients: Layers) -> None:
        """Remember; at a mark keep what the judge needs."""
        self.gradients.appendleft(gradients[self.layer])
        self.weights.appendleft(layers[self.layer].copy())
        if update in self.marks:
            weights, taken = np.array(self.weights), np.array(self.gradients)
            for name, stack in (("weights", weights), ("gradients", taken)):
                self.rows[name].append(np.einsum("mij,kij->mk", stack, self.probes))
            self.rows["sizes"].append(np.linalg.norm(weights, axis=(1, 2)))
            self.rows["singular values"].append(np.linalg.svd(weights[0], compute_uv=False))


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """The unrolled form for all decays, the inequality for each that is not zero."""
    return [
        _unrolled(runs, settings),
        *(
            _bound(runs, settings, place)
            for place, decay in enumerate(settings["decays"])
            if decay > 0
        ),
    ]


def _kept(settings: Settings, place: int) -> float:
    """κ = 1 − 2μλ."""
    return float(1 - 2 * settings["step"] * settings["decays"][place])


def _unrolled(runs: Sequence[Numbers], settings: Settings) -> Finding:
    gaps = []
    for run in runs:
        for place in range(len(settings["decays"])):
            W, G = (np.asarray(run[f"{place} {name}"]) for name in ("weights", "gradients"))
            m = np.arange(1, G.shape[1] + 1)[:, None]
            kappa = _kept(settings, place)
            left = kappa**m * W[:, 1:]
            steps = settings["step"] * kappa ** (m - 1) * G
            off = np.abs(W[:, :1] - left + np.cumsum(steps, axis=1))
            # Of the sizes of all terms: the probes may cut any one of them down to nothing.
            size = np.abs(W[:, :1]) + np.abs(left) + np.cumsum(np.abs(steps), axis=1)
            gaps.append(off / size)
    gap, count = max(float(g.max()) for g in gaps), sum(g.size for g in gaps)
    return Finding(
        name="unrolled",
        statement="W_T = (1 − 2μλ)^m W_{T−m} − μ Σ (1 − 2μλ)^{j−1} G_{T−j}, j = 1 … m, with the "
        "gradients that training took.",
        status=Status.AGREES if gap <= ROUNDING else Status.DISAGREES,
        reason=f"on random matrices both sides differ by {gap:.1g} of the sum of the terms' sizes "
        f"over {count:,} triples of T, m and matrix; limit {ROUNDING:.0e}, no chance involved",
        numbers={"gap": gap},
    )


def _sides(run: Numbers, settings: Settings, place: int) -> tuple[Array, Array]:
    """Distance from rank m·batch and norm of W_{T−m}, (marks, m): m = 1, 2, …."""
    sigma = np.asarray(run[f"{place} singular values"])
    sizes = np.asarray(run[f"{place} sizes"])[:, 1:]
    tails = np.sqrt(np.cumsum((sigma**2)[:, ::-1], axis=1)[:, ::-1])
    ranks = settings["batch"] * np.arange(1, sizes.shape[1] + 1)
    padded = np.pad(tails, ((0, 0), (0, max(0, int(ranks[-1]) + 1 - tails.shape[1]))))
    return padded[:, ranks], sizes


def _bound(runs: Sequence[Numbers], settings: Settings, place: int) -> Finding:
    """AGREES only where the data would have refused the square of the factor."""
    kappa, decay = _kept(settings, place), settings["decays"][place]
    tails, sizes = np.array([_sides(run, settings, place) for run in runs]).swapaxes(0, 1)
    m = np.arange(1, tails.shape[-1] + 1)
    over = float(np.max(tails / (kappa**m * sizes)))
    # The powers p m at which the bound would fail in some run, T and m: all above this.
    with np.errstate(divide="ignore"):
        power = float(np.min(np.log(tails / sizes) / (m * np.log(kappa))))
    later = [k for k in (1, 2, 4, 8) if np.any(tails > kappa ** (m + k) * sizes)]
    status = Status.AGREES if power < 2 else Status.INCONCLUSIVE
    if over > 1 + ROUNDING:
        status = Status.DISAGREES
    return Finding(
        name=f"the bound, λ = {decay:g}",
        statement="The distance of W_T from rank m·batch is at most (1 − 2μλ)^m |W_{T−m}|; it "
        "counts as seen if the same with (1 − 2μλ)^{2m} fails.",
        status=status,
        reason=f"measured over bound at most {over:.3f} over {tails.size:,} pairs of T and m; with "
        f"p·m for m the bound fails from p = {power:.2f} on"
        + (f", with m + {later[0]} for m too" if later else "")
        + "; no chance involved",
        numbers={"largest ratio": over, "power": power, "shifts that fail": later},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Bound and measured curve against the rank, a panel for each decay, at the first mark."""
    drawn = style.figure(12.6, 6.4)
    panels = drawn.subplots(1, len(settings["decays"]), sharey=True)
    for place, (axes, decay) in enumerate(zip(panels, settings["decays"], strict=True)):
        _panel(axes, runs, settings, place)
        title = f"λ = {decay:g}, 1 − 2μλ = {_kept(settings, place):g}"
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_yscale("log")
        axes.set_xlabel("rank m·batch")
    panels[0].set_ylim(0.5 * _kept(settings, len(panels) - 1) ** (2 * settings["memory"]), 1.5)
    panels[0].set_ylabel("distance / $|W_{T-m}|$")
    panels[-1].legend(loc="lower left", fontsize=8.5, frameon=True, framealpha=1, edgecolor="none")
    style.caption(
        drawn,
        claim="The distance of a layer from rank m·batch keeps the bound of weight decay, and "
        "breaks one of twice the power",
        about=f"8 × 8 digits, ReLU net {' – '.join(map(str, settings['widths']))}, layer "
        f"{settings['layer']}, batch {settings['batch']}, μ = {settings['step']:g}; shown after T "
        f"= {settings['marks'][0]} updates, judged after {', '.join(map(str, settings['marks']))}; "
        f"{len(runs)} seeds",
        verdicts=style.judged(findings),
    )
    return {"rank-distance": drawn}


def _panel(axes: Axes, runs: Sequence[Numbers], settings: Settings, place: int) -> None:
    """Of every seed what is measured; the bound, and its square."""
    kappa = _kept(settings, place)
    for number, run in enumerate(runs):
        tail, before = (side[0] for side in _sides(run, settings, place))
        m = np.arange(1, len(tail) + 1)
        ranks = settings["batch"] * m
        lines: list[tuple[Array, str, dict[str, Any]]] = [
            (tail / before, "distance from rank m·batch", {"color": COLOURS[place % 4], "lw": 1.8})
        ]
        if number == 0:
            bound: dict[str, Any] = {"color": style.INK, "ls": style.DASHES, "lw": 1.4}
            lines.append((np.asarray(kappa**m), "bound $(1-2\\mu\\lambda)^m$", bound))
        if number == 0 and kappa < 1:
            square, wrong = (
                np.asarray(kappa ** (2 * m)),
                {"color": style.GREY, "ls": ":", "lw": 1.6},
            )
            lines.append((square, "$(1-2\\mu\\lambda)^{2m}$, no bound", wrong))
        for values, label, how in lines:
            axes.plot(ranks, values, label=label if number == 0 else None, **how)
