"""Exact ranks of the gradients of whole ReLU networks, modulo a prime, beside their bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.deep.prime_gradients import KINDS, PRIME, layer_ranks, random_network
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment", "judge", "simulate"]

MARKERS = ("o", "s", "^", "D")


def experiment() -> Experiment:
    """The experiment; standard settings take a few seconds."""
    return Experiment(
        id="gradient-rank",
        title="Ranks of the data gradients of a layer on a batch, in exact arithmetic",
        source="seed 002 (Galanti et al.); theorem batch_gradient_rank",
        claim="The data gradient of a layer on a batch has rank at most min(d_out, d_in, "
        "batch·reuse), reuse the output positions at which its weights are applied, in fully "
        "connected, residual and convolutional networks; generic networks attain it.",
        settings=MappingProxyType(
            {
                # Fewer inputs than units: the first layer has d_in < d_out.
                "inputs": 5,
                "width": 24,
                "depth": 3,
                "outputs": 10,
                "positions": 6,
                "batches": [1, 2, 3, 4, 6, 8, 12, 16, 24, 32],
                "repeats": 3,
            }
        ),
        quick=MappingProxyType(
            {"inputs": 3, "width": 12, "batches": [1, 2, 3, 4, 8, 16], "repeats": 2}
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=3,
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Random weights, inputs, errors and patterns; a row for each layer, batch and repeat."""
    rows: list[tuple[int, ...]] = []
    for number, kind in enumerate(KINDS):
        for place, batch in enumerate(settings["batches"]):
            progress((number + place / len(settings["batches"])) / len(KINDS), kind)
            for repeat in range(settings["repeats"]):
                rng = np.random.default_rng([seed, number, batch, repeat])
                network = random_network(
                    kind,
                    width=settings["width"],
                    depth=settings["depth"],
                    batch=batch,
                    outputs=settings["outputs"],
                    positions=settings["positions"],
                    inputs=settings["inputs"],
                    rng=rng,
                )
                found = layer_ranks(network)
                rows += [(number, r.layer, *r.shape, batch, r.reuse, r.rank) for r in found]
    names = ("kind", "layer", "d_out", "d_in", "batch", "reuse", "rank")
    return dict(zip(names, np.array(rows).T, strict=True))


def _bound(run: Numbers) -> Any:
    terms = np.asarray(run["batch"]) * np.asarray(run["reuse"])
    return np.minimum(np.minimum(run["d_out"], run["d_in"]), terms)


def judge(
    runs: Sequence[Numbers], settings: Settings, bound: Callable[[Numbers], Any] | None = None
) -> list[Finding]:
    """The bound, that it is attained, and that reuse is needed in it.

    Another bound shows what the judge sees.
    """
    bound = bound or _bound
    above = [np.asarray(run["rank"]) - bound(run) for run in runs]
    count = sum(len(x) for x in above)
    broken = sum(int(np.sum(x > 0)) for x in above)
    attained = float(np.mean(np.concatenate([x == 0 for x in above])))
    terms = [np.minimum(np.minimum(r["d_out"], r["d_in"]), r["batch"]) for r in runs]
    more = [
        (np.asarray(r["rank"]) > b) & (np.asarray(r["reuse"]) > 1)
        for r, b in zip(runs, terms, strict=True)
    ]
    hidden = [
        (np.asarray(r["reuse"]) > 1) & (b < r["d_out"]) for r, b in zip(runs, terms, strict=True)
    ]
    needed = sum(map(np.sum, more)) / max(1, sum(map(np.sum, hidden)))
    return [
        Finding(
            name="the bound",
            statement="rank ≤ min(d_out, d_in, batch·reuse) for every layer and every batch.",
            status=Status.DISAGREES if broken else Status.AGREES,
            reason=f"{broken} of {count:,} gradients above it, ranks exact modulo {PRIME:,}",
            numbers={"above": broken, "gradients": count},
        ),
        Finding(
            name="attained",
            statement="Generic networks attain it: the bound cannot be improved.",
            status=Status.AGREES if attained > 0.9 else Status.DISAGREES,
            reason=f"{attained:.1%} of the gradients have the largest rank that is allowed; "
            "relevant: 90 %",
            numbers={"attained": attained},
        ),
        Finding(
            name="reuse",
            statement="Without the factor reuse the bound is wrong for convolutions.",
            status=Status.AGREES if needed > 0 else Status.DISAGREES,
            reason=f"{needed:.1%} of the convolutional gradients with batch below d_out have a "
            "rank above the batch",
            numbers={"above the batch": float(needed)},
        ),
    ]


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Rank against batch, a panel for each kind of network."""
    drawn = style.figure(11.4, 5.6)
    panels = drawn.subplots(1, len(KINDS), sharey=True)
    colours = [style.COLOURS[name] for name in ("blue", "green", "orange", "vermilion")]
    layers = settings["depth"] + 1
    for number, (axes, kind) in enumerate(zip(panels, KINDS, strict=True)):
        for layer in (1, settings["depth"], layers):
            # Layers that coincide stay visible as marks of different size.
            place = {1: 0, settings["depth"]: 1, layers: 3}[layer]
            batches, ranks, bounds = _curve(runs, number, layer)
            axes.plot(batches, bounds, color=colours[place], lw=1.2, ls=style.DASHES)
            axes.plot(
                batches, ranks, MARKERS[place], color=colours[place], ms=9 - 2 * place,
                mfc="none", mew=1.5, label=_layer_name(layer, layers),
            )  # fmt: skip
        axes.set_xscale("log", base=2)
        ticks = [b for b in settings["batches"] if b & (b - 1) == 0]
        axes.set_xticks(ticks, [str(b) for b in ticks])
        axes.minorticks_off()
        axes.set_title(kind, loc="left", fontsize=11)
        axes.set_xlabel("batch size")
    panels[0].set_ylabel("rank of the data gradient")
    panels[0].legend(loc="upper left")
    style.caption(
        drawn,
        claim="The gradient of a layer on a batch has rank min(d_out, d_in, batch·reuse)",
        about=f"{settings['inputs']} inputs, width {settings['width']}, {settings['depth']} hidden "
        f"layers, {settings['outputs']} outputs; filters of 3 positions at "
        f"{settings['positions']}; largest rank of {settings['repeats'] * len(runs)} random "
        f"networks modulo {PRIME:,}; dashed: bound",
        verdicts=style.judged(findings),
    )
    return {"gradient-rank": drawn}


def _layer_name(layer: int, last: int) -> str:
    return "output layer" if layer == last else f"layer {layer}"


def _curve(runs: Sequence[Numbers], kind: int, layer: int) -> tuple[Any, Any, Any]:
    """Batches, the largest rank and the bound."""
    ranks: dict[int, int] = {}
    bounds: dict[int, int] = {}
    for run in runs:
        bound = _bound(run)
        chosen = (np.asarray(run["kind"]) == kind) & (np.asarray(run["layer"]) == layer)
        for place in np.flatnonzero(chosen):
            batch = int(run["batch"][place])
            ranks[batch] = max(ranks.get(batch, 0), int(run["rank"][place]))
            bounds[batch] = int(bound[place])
    batches = sorted(ranks)
    return batches, [ranks[b] for b in batches], [bounds[b] for b in batches]
