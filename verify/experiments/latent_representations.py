"""Latent representations of a two-layer tanh net: alignment of WΣ_xW' with U'U.

f = U tanh(Wx), d inputs of uneven variances and d outputs of a linear teacher, label noise σ² I.
Where pre-activations are small, tanh z ≈ z and the noise equilibrium of the linear net says that
WΣ_xW', their covariance, is a multiple of U'U, and WW' is not.  Compared are two matrices (h × h)
by their cosine

    tr(P Q)/(|P||Q|) of P = WΣ_xW' and Q = U'U,   1 where one is a multiple of the other,

and by the same with the trace taken off, 0 in the mean for matrices that know nothing of each
other.  tanh has no rescaling symmetry: what is claimed is an observation, not a theorem, and
gradient descent keeps nothing exactly, but goes on moving slowly along what is nearly an orbit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress, Settings
from verify.experiments.label_noise import generator
from verify.experiments.seeds import ALPHA, over_seeds, whether_above
from verify.statistics.bounds import clopper_pearson
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["alignment", "experiment", "judge"]


STRIDE = 10
"""Steps of SGD to one of gradient descent, which is as many times as large: it has no noise, and
the same time in steps of SGD's size moves its cosines by a few hundredths."""


def experiment() -> Experiment:
    """The experiment; standard settings take some fifteen seconds on two cores."""
    return Experiment(
        id="latent-representations",
        title="Alignment of the latent representations of a two-layer tanh net",
        source="seed 003, figure on latent representations",
        claim="SGD aligns the covariance WΣ_xW' of the pre-activations, not WW', with U'U; "
        "gradient descent leaves them unlike for as long.",
        settings=MappingProxyType(
            {
                "dimension": 4,
                "hidden": 8,
                "singular_values": [1.0, 0.8, 0.6, 0.4],
                "W_scale": 0.3,
                "U_scale": 0.8,
                # Standard deviations of the inputs: WΣ_xW' is no multiple of WW'.
                "input_scales": [0.9, 0.7, 0.5, 0.35],
                "noise": 0.7,
                "step": 0.02,
                "batch": 1,
                "steps": 18_000,
                "marks": 60,
                "runs": 8,
                "test": 256,
                # What is called mostly, alike and unlike: definitions, no law gives them.
                "often": 0.8,
                "aligned": 0.9,
                "apart": 0.7,
            }
        ),
        quick=MappingProxyType({"steps": 12_000, "step": 0.03, "marks": 30, "runs": 8}),
        simulate=simulate,
        judge=judge,
        draw=draw,
    )


def alignment(P: Array, Q: Array, *, centred: bool = False) -> Array:
    """The cosine of symmetric matrices, over leading axes; ``centred`` takes the trace off."""
    if centred:
        unit = np.eye(P.shape[-1]) / P.shape[-1]
        P, Q = (A - np.trace(A, axis1=-2, axis2=-1)[..., None, None] * unit for A in (P, Q))
    product = np.sum(P * Q, axis=(-1, -2))
    return np.asarray(
        product / np.sqrt(np.sum(P * P, axis=(-1, -2)) * np.sum(Q * Q, axis=(-1, -2)))
    )


def simulate(seed: int, settings: Settings, progress: Progress) -> Numbers:
    """Runs from different starts, SGD with fresh samples and GD on a large sample, side by side."""
    d, h, runs = (settings[name] for name in ("dimension", "hidden", "runs"))
    rng = generator(seed, 0)
    left, right = (np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(2))
    V = (left * np.array(settings["singular_values"])) @ right.T
    W = settings["W_scale"] * rng.standard_normal((runs, h, d))
    U = settings["U_scale"] * rng.standard_normal((runs, d, h)) / np.sqrt(2)
    noise = generator(seed, 1)
    scales = np.array(settings["input_scales"])
    fixed = scales * noise.standard_normal((settings["test"], d))
    sgd = _train((W, U), V, settings, noise, None)
    progress(0.7, "SGD")
    gd = _train((W, U), V, settings, noise, fixed)
    found = {"steps": np.linspace(0, settings["steps"], settings["marks"] + 1)}
    for name, (Ws, Us) in (("sgd", sgd), ("gd", gd)):
        P, bare = ((Ws * S) @ np.swapaxes(Ws, -1, -2) for S in (scales**2, np.ones(d)))
        Q = np.swapaxes(Us, -1, -2) @ Us
        found[f"cosine_{name}"] = alignment(P, Q)
        found[f"centred_{name}"] = alignment(P, Q, centred=True)
        found[f"bare_{name}"] = alignment(bare, Q, centred=True)
        found[f"P_{name}"], found[f"Q_{name}"] = P[-1, 0], Q[-1, 0]
    return found


def _train(
    start: tuple[Array, Array],
    V: Array,
    settings: Settings,
    rng: np.random.Generator,
    fixed: Array | None,
) -> tuple[Array, Array]:
    """W and U at the marks, (marks + 1, runs, …); gradient descent on ``fixed`` inputs, no noise.

    The noise of the labels does not enter the expected gradient.
    """
    W, U = start[0].copy(), start[1].copy()
    runs, b, d = len(W), settings["batch"], len(V)
    every = settings["steps"] // settings["marks"] // STRIDE * STRIDE
    # The loss is down soon, but the weights go on along what is nearly an orbit.
    stride = 1 if fixed is None else STRIDE
    eta, kept = settings["step"] * stride, [(W, U)]
    for step in range(0, every * settings["marks"], stride):
        if fixed is None:
            x = np.array(settings["input_scales"]) * rng.standard_normal((runs, b, d))
            y = x @ V.T + settings["noise"] * rng.standard_normal((runs, b, d))
        else:
            x = fixed[None]
            y = x @ V.T
        a = np.tanh(x @ np.swapaxes(W, -1, -2))
        r = (a @ np.swapaxes(U, -1, -2) - y) * (2 * eta / x.shape[1])
        back = (r @ U) * (1 - a * a)
        U = U - np.swapaxes(r, -1, -2) @ a
        W = W - np.swapaxes(back, -1, -2) @ x
        if (step + stride) % every == 0:
            kept.append((W, U))
    return np.array([pair[0] for pair in kept]), np.array([pair[1] for pair in kept])


def judge(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """That SGD aligns, more than GD and with Σ_x, and that GD leaves them unlike."""
    ends = {
        name: np.concatenate([np.asarray(run[name])[-1] for run in runs])
        for name in ("cosine_sgd", "cosine_gd", "centred_sgd", "centred_gd", "bare_sgd")
    }
    return [
        _more(ends, settings),
        _weighted(ends, settings),
        _aligned(ends, settings),
        _unlike(runs, settings),
    ]


def _mostly(better: NDArray[np.bool_], settings: Settings) -> tuple[Status, str]:
    """Whether it holds in the stated share of all starts, and the numbers in words."""
    low, high = (float(p) for p in clopper_pearson(int(better.sum()), len(better), ALPHA))
    return whether_above(settings["often"], low, high), (
        f"{int(better.sum())} of {len(better)} starts, probability {low:.2f} … {high:.2f} "
        f"(error rate {ALPHA:g})"
    )


def _more(ends: Mapping[str, Array], settings: Settings) -> Finding:
    status, shown = _mostly(ends["centred_sgd"] > ends["centred_gd"], settings)
    return Finding(
        name="SGD beside GD",
        statement="WΣ_xW' and U'U are mostly more alike after SGD than after gradient descent from "
        f"the same start; mostly: in {settings['often']:.0%} of all starts at least.",
        status=status,
        reason=f"{shown}; mean cosine {ends['cosine_sgd'].mean():.3f} against "
        f"{ends['cosine_gd'].mean():.3f}, without the trace {ends['centred_sgd'].mean():.3f} "
        f"against {ends['centred_gd'].mean():.3f}",
        numbers=dict(ends),
    )


def _weighted(ends: Mapping[str, Array], settings: Settings) -> Finding:
    """The covariance of the pre-activations, not the weights alone."""
    status, shown = _mostly(ends["centred_sgd"] > ends["bare_sgd"], settings)
    return Finding(
        name="Σ_x counts",
        statement="After SGD U'U is mostly more like WΣ_xW' than like WW'; mostly: in "
        f"{settings['often']:.0%} of all starts at least.",
        status=status,
        reason=f"{shown}; mean cosine without the trace {ends['centred_sgd'].mean():.3f} against "
        f"{ends['bare_sgd'].mean():.3f}",
        numbers={name: ends[name] for name in ("centred_sgd", "bare_sgd")},
    )


def _aligned(ends: Mapping[str, Array], settings: Settings) -> Finding:
    """The mean cosine without the trace over all starts against a stated least value."""
    e = over_seeds(ends["centred_sgd"])
    low, high = e.value - e.half_width, e.value + e.half_width
    least = settings["aligned"]
    return Finding(
        name="alignment under SGD",
        statement="After SGD WΣ_xW' and U'U are alike: their mean cosine without the trace is over "
        f"{least:g}, which is what alike means here.",
        status=whether_above(least, low, high),
        reason=f"{e.value:.3f} ± {e.half_width:.3f} (Student over starts, error rate {ALPHA:g})",
        numbers={"mean": e.value, "half_width": e.half_width},
    )


def _unlike(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """The cosine under GD at the time at which SGD was looked at; nothing is said of its limit."""
    gd = np.concatenate([np.asarray(run["centred_gd"]) for run in runs], axis=1)
    late = gd[-1] - gd[len(gd) // 2]
    e = over_seeds(gd[-1])
    low, high = e.value - e.half_width, e.value + e.half_width
    least, time = settings["apart"], settings["steps"] * settings["step"]
    return Finding(
        name="gradient descent",
        statement=f"After gradient descent for the same time, t = {time:g}, they are unlike: the "
        f"mean cosine without the trace is below {least:g}, which is what unlike means here; of "
        "the limit nothing is claimed.",
        status=whether_above(-least, -high, -low),
        reason=f"{e.value:.3f} ± {e.half_width:.3f} (error rate {ALPHA:g}); still moving, by "
        f"{late.mean():.2f} in the second half: tanh has no symmetry that would keep it",
        numbers={"mean": e.value, "late": late},
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """The two matrices of one run for each way, and the cosine over the steps."""
    drawn = style.figure(11.4, 6.6)
    grid = drawn.add_gridspec(2, 4, width_ratios=[1, 1, 0.06, 1.9])
    for i, (way, words) in enumerate((("sgd", "SGD"), ("gd", "gradient descent"))):
        for j, (name, label) in enumerate((("P", "WΣₓW′"), ("Q", "U′U"))):
            axes = drawn.add_subplot(grid[i, j])
            A = np.asarray(runs[0][f"{name}_{way}"])
            image = axes.imshow(A / np.abs(A).max(), cmap="PuOr", vmin=-1, vmax=1)
            axes.set_title(f"{words}: {label}", loc="left", fontsize=10.5)
            axes.grid(visible=False)
            axes.set_xticks([])
            axes.set_yticks([])
    bar = drawn.colorbar(image, cax=drawn.add_subplot(grid[:, 2]))
    bar.set_label("entry over the largest")
    _draw_cosines(drawn.add_subplot(grid[:, 3]), runs)
    claim = (
        "After SGD the latent representations WΣₓW′ and U′U look alike; after GD they do not"
        if all(finding.status == Status.AGREES for finding in findings)
        else "Latent representations of a two-layer tanh net, SGD and gradient descent"
    )
    about = (
        f"d = {settings['dimension']}, deviations of the inputs "
        f"{', '.join(f'{s:g}' for s in settings['input_scales'])}, h = {settings['hidden']}, "
        f"η = {settings['step']:g}, "
        f"b = {settings['batch']}, label noise σ = {settings['noise']:g}, {settings['steps']:,} "
        f"steps; {settings['runs']} starts × {len(runs)} seeds; matrices: first start"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return {"latent-representations": drawn}


def _draw_cosines(axes: Axes, runs: Sequence[Numbers]) -> None:
    steps = np.asarray(runs[0]["steps"])
    for way, colour, words in (
        ("sgd", style.COLOURS["vermilion"], "SGD"),
        ("gd", style.COLOURS["blue"], "gradient descent"),
    ):
        all_runs = np.concatenate([np.asarray(run[f"centred_{way}"]) for run in runs], axis=1)
        axes.plot(steps, all_runs, color=colour, lw=0.7, alpha=0.35)
        axes.plot(steps, all_runs.mean(axis=1), color=colour, lw=2.2, label=f"{words}, mean")
    axes.set_xlabel("steps (of SGD; gradient descent at the same time)")
    axes.set_ylabel("cosine of WΣₓW′ and U′U without the trace")
    axes.set_ylim(None, 1)
    axes.legend(loc="lower right", fontsize=9)
