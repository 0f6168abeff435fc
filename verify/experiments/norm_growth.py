"""Norms of nets whose loss does not depend on them, under SGD and under gradient descent.

A ReLU layer and a linear one, f = u'max(Wx, 0)/N with two normalizers:

    Net A   N = |W|² + |u|²   f is unchanged when all weights are scaled together,
    Net B   N = |W||u|        and also when the weights of one layer are.

Where f does not change along A θ, A symmetric, one step θ⁺ = θ − η g gives, exactly,
θ⁺'Aθ⁺ = θ'Aθ + η² g'Ag: the sum of squares of what is scaled together never falls, and grows by
η²|g|².  In the limit this is d|θ|² = T tr(Σ) dt, zero for gradient descent, whose steps leave
η²|∇L|².
In Net A one layer alone is free to shrink.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ROUNDING", "experiment", "gradient", "judge"]

ROUNDING = 1e-9
"""Bound on the relative error of the sums of η²|g|² over a run, in double precision."""
NETS = ("A", "B")


def experiment() -> Experiment:
    """The experiment; standard settings take some ten seconds on two cores."""
    return Experiment(
        id="norm-growth",
        title="Growth of norms under scale symmetry: SGD and gradient descent",
        source="seed 003, figures on Net A and Net B",
        claim="Under scale symmetry every step of SGD adds exactly η²|g|² to the squared norm, in "
        "each layer if the symmetry is layer-wise, else of the whole only; under gradient descent "
        "norms stay but for terms of order η.",
        settings=MappingProxyType(
            {
                "n": 60,
                "inputs": 5,
                "hidden": 8,
                "noise": 0.5,
                "step": 0.1,
                "steps": 6_000,
                "marks": 150,
                "runs": 6,
                "grown": 1.1,
                "ratio": 10.0,
            }
        ),
        quick=MappingProxyType({"steps": 1_200, "marks": 60, "runs": 4}),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=4,
    )


def gradient(net: str, W: Array, u: Array, X: Array, y: Array) -> tuple[Array, Array]:
    """Gradient of the mean of (f(x) − y)² over the samples.

    Parameters
    ----------
    net
        ``"A"`` or ``"B"``.
    W, u
        Weights, (runs, h, d) and (runs, h).
    X, y
        Samples, (runs, b, d) and (runs, b).
    """
    z = X @ np.swapaxes(W, -1, -2)
    active = np.maximum(z, 0)
    raw = np.sum(active * u[:, None, :], axis=-1)
    W2, u2 = np.sum(W * W, axis=(-1, -2)), np.sum(u * u, axis=-1)
    N = W2 + u2 if net == "A" else np.sqrt(W2 * u2)
    f = raw / N[:, None]
    slope = 2 * (f - y) / X.shape[1]
    # f = raw/N: the layers' part of −f dN/N.
    pull = np.sum(slope * f, axis=-1)
    of_W, of_u = (2 / N, 2 / N) if net == "A" else (1 / W2, 1 / u2)
    back = (slope / N[:, None])[..., None] * (z > 0) * u[:, None, :]
    dW = np.swapaxes(back, -1, -2) @ X - (pull * of_W)[:, None, None] * W
    du = np.sum((slope / N[:, None])[..., None] * active, axis=1) - (pull * of_u)[:, None] * u
    return dW, du


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Both nets under SGD on single samples and under gradient descent, several runs at once."""
    n, d, h, runs = (settings[name] for name in ("n", "inputs", "hidden", "runs"))
    rng = generator(seed, 0)
    X = rng.standard_normal((n, d))
    teacher = rng.standard_normal(d) / np.sqrt(d)
    y = np.maximum(X @ teacher, 0) + settings["noise"] * rng.standard_normal(n)
    # Every start has |W|² = 2 and |u|² = 1.
    W = rng.standard_normal((runs, h, d))
    u = rng.standard_normal((runs, h))
    W *= np.sqrt(2) / np.linalg.norm(W, axis=(-1, -2))[:, None, None]
    u /= np.linalg.norm(u, axis=-1)[:, None]
    numbers: dict[str, Any] = {}
    cases = [(net, way) for net in NETS for way in ("sgd", "gd")]
    for i, (net, way) in enumerate(cases):
        noise = generator(seed, 1) if way == "sgd" else None
        numbers |= _run(net, way, (W.copy(), u.copy()), (X, y), noise, settings)
        progress((i + 1) / len(cases), f"Net {net}, {way}")
    return {"steps": np.linspace(0, settings["steps"], settings["marks"] + 1), **numbers}


def _run(
    net: str,
    way: str,
    start: tuple[Array, Array],
    data: tuple[Array, Array],
    rng: np.random.Generator | None,
    settings: Settings,
) -> dict[str, Any]:
    """Squared norms of both layers at the marks, Σ η²|g|² of both, the smallest change of each."""
    (W, u), (X, y) = start, data
    eta, marks, runs = settings["step"], settings["marks"], len(start[1])
    every = settings["steps"] // marks
    norms = [_squares(W, u)]
    added = np.zeros((2, runs))
    sums, least = [added.copy()], np.full((3, runs), np.inf)
    whole = np.broadcast_to(X, (runs, *X.shape)), np.broadcast_to(y, (runs, len(y)))
    now = norms[0]
    for step in range(every * marks):
        if rng is None:
            dW, du = gradient(net, W, u, *whole)
        else:
            i = rng.integers(len(y), size=runs)
            dW, du = gradient(net, W, u, X[i][:, None, :], y[i][:, None])
        W, u = W - eta * dW, u - eta * du
        added += eta**2 * _squares(dW, du)
        after = _squares(W, u)
        moved = after - now
        least = np.minimum(least, [*moved, moved.sum(axis=0)])
        now = after
        if (step + 1) % every == 0:
            norms.append(now)
            sums.append(added.copy())
    found = {"norms": np.array(norms), "added": np.array(sums), "least": least}
    return {f"{name}_{net}_{way}": value for name, value in found.items()}


def _squares(W: Array, u: Array) -> Array:
    """|W|² and |u|², (2, runs)."""
    return np.array([np.sum(W * W, axis=(-1, -2)), np.sum(u * u, axis=-1)])


def judge(runs: Sequence[Numbers], settings: Settings, square: float = 1.0) -> list[Finding]:
    """The exact law, what never falls, GD beside SGD, and layers without a symmetry of their own.

    ``square`` is the stated factor of η²|g|²; another one shows what the judge sees.
    """
    return [_exact(runs, square), _monotone(runs), _descent(runs, settings), _free(runs, settings)]


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
        status=Status.AGREES if min(least) > -1e-12 else Status.DISAGREES,
        reason=f"the smallest change of a squared norm in a step is {min(least):.1g}, in "
        f"{len(runs)} seeds; no chance involved",
        numbers={"least": least},
    )


def _growth(run: Numbers, net: str, way: str) -> Array:
    """|θ|² at the end over that at the start."""
    norms = np.asarray(run[f"norms_{net}_{way}"]).sum(axis=1)
    return np.asarray(norms[-1] / norms[0])


def _descent(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """SGD grows in every run, gradient descent at most a tenth as much."""
    grown, ratios = [], []
    for run in runs:
        for net in NETS:
            noisy, quiet = (_growth(run, net, way) - 1 for way in ("sgd", "gd"))
            grown.append(float(noisy.min()) + 1)
            ratios.append(float((noisy / quiet).min()))
    fits = min(grown) > settings["grown"] and min(ratios) > settings["ratio"]
    return Finding(
        name="gradient descent",
        statement=f"SGD lets |θ|² grow by more than {settings['grown'] - 1:.0%}, gradient descent "
        f"by less than 1/{settings['ratio']:g} of that, in every run.",
        status=Status.AGREES if fits else Status.DISAGREES,
        reason=f"growth of |θ|² under SGD {min(grown):.2f} at least; that of gradient descent is "
        f"smaller by {min(ratios):.0f} at least; {len(runs)} seeds × {settings['runs']} runs",
        numbers={"growth": grown, "ratio": ratios},
    )


def _free(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """In Net A a layer alone does shrink, under SGD and under GD."""
    falls, moved = [], []
    for run in runs:
        falls.append(float(np.asarray(run["least_A_sgd"])[:2].min()))
        norms = np.asarray(run["norms_A_gd"])
        still = np.asarray(run["norms_B_gd"])
        free, kept = (np.max(np.abs(x[-1] / x[0] - 1)) for x in (norms, still))
        moved.append(float(free / kept))
    fits = max(falls) < 0 and min(moved) > settings["ratio"] / 4
    return Finding(
        name="layers of Net A",
        statement="Without a symmetry of its own a layer's norm falls in some steps of SGD, and "
        "moves under gradient descent, which keeps that of a layer of Net B.",
        status=Status.AGREES if fits else Status.DISAGREES,
        reason=f"largest fall of a layer's squared norm in a step of SGD: {-max(falls):.2g} at "
        f"least; a layer of Net A moves under gradient descent {min(moved):.0f} times as far as "
        "one of Net B",
        numbers={"falls": falls, "moved": moved},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Squared norms over the steps: a row for each net; the whole and its layers."""
    drawn = style.figure(11.0, 7.4)
    panels = drawn.subplots(2, 3, sharex=True)
    for row, net in zip(panels, NETS, strict=True):
        for axes, part, name in zip(row, (None, 0, 1), ("|θ|²", "|W|²", "|u|²"), strict=True):
            _draw_norm(axes, runs, net, part)
            axes.set_title(f"Net {net}: {name}", loc="left", fontsize=11)
    for axes in panels[1]:
        axes.set_xlabel("steps")
    for axes in panels[:, 0]:
        axes.set_ylabel("squared norm  (no unit)")
    panels[0, 0].legend(loc="upper left", fontsize=8.5)
    claim = (
        "SGD lets the norm grow, with layer-wise symmetry that of each layer; GD keeps it"
        if all(finding.status == Status.AGREES for finding in findings)
        else "Norms under scale symmetry, SGD and gradient descent"
    )
    about = (
        f"n = {settings['n']}, {settings['inputs']} inputs, h = {settings['hidden']}, "
        f"η = {settings['step']:g}, b = 1 or n, label noise σ = {settings['noise']:g}; "
        f"{len(runs)} seeds × {settings['runs']} runs; Net A: f = u′max(Wx, 0)/(|W|² + |u|²), "
        "Net B: f = u′max(Wx, 0)/(|W||u|)"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return {"norm-growth": drawn}


def _draw_norm(axes: Axes, runs: Sequence[Numbers], net: str, part: int | None) -> None:
    for way, colour, words in (
        ("gd", style.COLOURS["blue"], "gradient descent"),
        ("sgd", style.COLOURS["vermilion"], "SGD"),
    ):
        for i, run in enumerate(runs):
            norms = np.asarray(run[f"norms_{net}_{way}"])
            shown = norms.sum(axis=1) if part is None else norms[:, part]
            lines = axes.plot(run["steps"], shown, color=colour, lw=0.8, alpha=0.45)
            if i == 0:
                lines[0].set_label(words)
