"""What is stated of a matrix factorization under SGD: the law of its imbalance, and where it ends.

With D = W W' − U'U and T = η/b, where residual and input are independent,

    dD = −4T F dt,   F = tr(Σ_r) W Σ_x W' − tr(Σ_x) U'Σ_r U,

without martingale part; F = 0 is the equilibrium, one on each orbit.  F is taken at the weights as
they were simulated; the ends are carried to the orbit U W = V with their D unchanged, so that the
noise across the orbit does not blur what the noise does along it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from scipy.special import stdtrit

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.factorization import (
    Model,
    carried,
    equilibrium,
    imbalance,
    noise_imbalance,
    orbit_flow,
    transpose,
)
from verify.experiments.seeds import ALPHA, over_seeds
from verify.planning import Estimate
from verify.verdict import Status, combine

__all__ = [
    "RELEVANT",
    "Force",
    "judge",
    "model_in",
    "predicted",
    "predicted_path",
    "spectrum",
    "terms",
]

Force = Callable[[Model, Array, Array], Array]
"""F of the model, U and W, over leading axes."""
RELEVANT = MappingProxyType(
    {"force": 0.1, "equilibrium": 0.06, "kept": 0.02, "remembered": 0.75, "forgotten": 0.25}
)
"""Relevant errors: of the terms of F, as shares of them; of log eigenvalues at the end; of the D
that GD keeps; the shares of their distance that GD keeps and SGD does not."""
TERMS = ("tr(Σᵣ) WΣₓW′", "tr(Σₓ) U′ΣᵣU", "WW′", "U′U")


def model_in(run: Numbers) -> Model:
    """What a run factorized."""
    return Model(**{name: np.asarray(run[name]) for name in ("V", "inputs", "noise")})


def judge(
    runs: Sequence[Numbers],
    settings: Settings,
    force: Force = noise_imbalance,
    end: Callable[[Model, tuple[Array, Array]], tuple[Array, Array]] = equilibrium,
) -> list[Finding]:
    """The law of D, the end under SGD, what GD keeps, and that GD remembers its start.

    Another F and another end show what the judge sees.
    """
    return [
        _force(runs, settings, force),
        _end(runs, settings, end),
        _kept(runs),
        _remembered(runs, settings),
    ]


def terms(model: Model, U: Array, W: Array) -> Array:
    """What F is made of, and what it would be made of if Σ_x and Σ_r were multiples of I."""
    inputs, noise = model.traces
    return np.stack(
        [
            noise * W @ model.inputs @ transpose(W),
            inputs * transpose(U) @ model.noise @ U,
            noise * inputs / len(model.inputs) * W @ transpose(W),
            inputs * noise / len(model.noise) * transpose(U) @ U,
        ]
    )


def _whole(model: Model, U: Array, W: Array) -> Array:
    """W E[|r|²xx'] W' − U'E[|x|²rr'] U for normal x and r = (U W − V) x − ε, the whole residual.

    A step of SGD on one sample moves D by −4η² of it in the mean, exactly.
    """
    off, Sx, Sr = U @ W - model.V, model.inputs, model.noise
    seen = off @ Sx @ transpose(off)
    size = model.traces[1] + np.trace(seen, axis1=-2, axis2=-1)
    of_inputs = size[..., None, None] * Sx + 2 * Sx @ transpose(off) @ off @ Sx
    of_residuals = model.traces[0] * (Sr + seen) + 2 * off @ Sx @ Sx @ transpose(off)
    return np.asarray(W @ of_inputs @ transpose(W) - transpose(U) @ of_residuals @ U)


def _off_the_orbit(model: Model, U: Array, W: Array) -> Array:
    """What of `_whole` comes of U W ≠ V, of order η: F is stated on the orbit.

    From the law of one step alone.  A stated F has no part in it, so that none can excuse itself.
    """
    return _whole(model, U, W) - _whole(replace(model, V=U @ W), U, W)


def _fit(run: Numbers, start: int, settings: Settings, force: Force) -> tuple[Array, Array]:
    """Coefficients of `terms` in what D moved and F does not say, and their part of order η.

    Moves of D between marks, over the size of the terms there, by least squares.
    """
    first, model = settings["from"], model_in(run)
    U, W = (np.asarray(run[f"sgd_{name}"])[first:, start] for name in "UW")
    spans = np.diff(np.asarray(run["time"])[first:])[:, None, None]

    def moved(F: Array) -> Array:
        """What D moves by 4T F between marks, by trapezoids."""
        return np.asarray(2 * settings["step"] * (F[..., 1:, :, :] + F[..., :-1, :, :]) * spans)

    basis = moved(terms(model, U, W))
    weight = 1 / np.trace(basis[0] + basis[1], axis1=-2, axis2=-1)[:, None, None]
    inverse = np.linalg.pinv((weight * basis).reshape(len(basis), -1).T)
    stated = moved(force(model, U, W))
    left = np.diff(imbalance(U, W), axis=0) + stated
    known = -moved(_off_the_orbit(model, U, W))
    return inverse @ (weight * left).ravel(), inverse @ (weight * known).ravel()


def _force(runs: Sequence[Numbers], settings: Settings, force: Force) -> Finding:
    """Student over all runs of all seeds, whose samples are independent, each coefficient apart."""
    cases = [(run, start) for run in runs for start in range(settings["starts"])]
    estimates = [Estimate(value=np.nan, half_width=np.inf)] * len(TERMS)
    if all(np.isfinite(run[f"sgd_{name}"]).all() for run in runs for name in "UW"):
        fits = [_fit(run, start, settings, force) for run, start in cases]
        bias = np.abs(np.mean([known for _, known in fits], axis=0))
        estimates = [
            replace(over_seeds(values, ALPHA / len(TERMS)), bias=float(b))
            for values, b in zip(np.array([left for left, _ in fits]).T, bias, strict=True)
        ]
    shown = ", ".join(
        f"{e.value:+.3f} ± {e.half_width:.3f} of {name}"
        for e, name in zip(estimates, TERMS, strict=True)
    )
    return Finding(
        name="law of the imbalance",
        statement="Under SGD D = WW' − U'U moves by −4T F dt, T = η/b, F = tr(Σ_r) WΣ_xW' − "
        "tr(Σ_x) U'Σ_rU.",
        status=combine(e.decide(RELEVANT["force"]) for e in estimates),
        reason=f"of what D moved, F does not say {shown} (each of the last two made as large as "
        f"those before; order η known to be up to {max(e.bias for e in estimates):.3f}, relevant "
        f"{RELEVANT['force']:g}, Student over {len(cases)} runs, error rate {ALPHA:g})",
        numbers={"left": [e.value for e in estimates], "bias": [e.bias for e in estimates]},
    )


def spectrum(model: Model, W: Array) -> Array:
    """Eigenvalues of WΣ_xW', ascending."""
    return np.asarray(np.linalg.eigvalsh(W @ model.inputs @ transpose(W)))


def _on_orbit(run: Numbers, part: slice) -> tuple[Array, Array]:
    """The weights under SGD at some marks, carried to the orbit."""
    U, W = (np.asarray(run[f"sgd_{name}"])[part] for name in "UW")
    return carried(model_in(run), U, W)


def predicted_path(run: Numbers, settings: Settings) -> tuple[Array, Array]:
    """U and W along the orbit as stated, from the mark on where runs have come to it."""
    first = settings["from"]
    U, W = _on_orbit(run, slice(first, first + 1))
    times = np.asarray(run["time"])[first:]
    return orbit_flow(model_in(run), (U[0], W[0]), times, temperature=settings["step"])


def predicted(run: Numbers, settings: Settings) -> Array:
    """F along `predicted_path`, every start."""
    return noise_imbalance(model_in(run), *predicted_path(run, settings))


def _end(
    runs: Sequence[Numbers],
    settings: Settings,
    end: Callable[[Model, tuple[Array, Array]], tuple[Array, Array]],
) -> Finding:
    """Eigenvalues of WΣ_xW' over the last tenth of the run against those of the equilibrium.

    Starts of a seed have one equilibrium, so that their differences show the noise of each
    eigenvalue, taken together over seeds; every eigenvalue of every seed is judged.
    """
    off, far, first, bound = [], [], settings["from"], RELEVANT["equilibrium"]
    for run in runs:
        model, count = model_in(run), len(np.asarray(run["time"]))
        U, W = _on_orbit(run, slice(first, first + 1))
        stated = spectrum(model, end(model, (U[0, 0], W[0, 0]))[1])
        late = spectrum(model, _on_orbit(run, slice(-max(count // 10, 1), None))[1]).mean(axis=0)
        off.append(np.log(late / stated))
        far.append(float(np.max(np.abs(np.log(spectrum(model, W[0]) / stated)))))
    means, half = _common(np.array(off))
    worst = np.unravel_index(np.argmax(np.abs(means) + half), means.shape)
    apart = max(_kept_apart(run, "sgd", first) for run in runs)
    status = Status.AGREES if np.all(np.abs(means) + half <= bound) else Status.INCONCLUSIVE
    if np.any(np.abs(means) - half > bound) or apart > RELEVANT["remembered"]:
        status = Status.DISAGREES
    return Finding(
        name="one end under SGD",
        statement="From every start SGD ends at the spectrum of WΣ_xW' of the one equilibrium, "
        f"which the geometric mean gives: log eigenvalues differ by at most {bound:g}.",
        status=status,
        reason=f"{means.size} log eigenvalues of {len(runs)} seeds are off by at most "
        f"{means[worst]:+.3f} ± {half[worst]:.3f} (Student, noise from the differences of "
        f"{len(off[0])} starts, error rate {ALPHA:g}); where runs come to the orbit by "
        f"{np.mean(far):.1f}; starts are {apart:.2f} times as far apart as there",
        numbers={"off": means.tolist(), "at_start": far},
    )


def _common(values: Array) -> tuple[Array, Array]:
    """Means over starts and their half-widths, (seeds, eigenvalues), all of them at once."""
    seeds, starts = values.shape[:2]
    means = values.mean(axis=1)
    freedom = seeds * (starts - 1)
    if freedom < 1:
        return means, np.full_like(means, np.inf)
    error = np.sqrt(np.sum((values - means[:, None]) ** 2, axis=(0, 1)) / freedom / starts)
    half = float(stdtrit(freedom, 1 - ALPHA / (2 * means.size))) * error
    return means, np.broadcast_to(half, means.shape)


def _size(F: Array) -> Array:
    return np.asarray(np.sqrt(np.sum(F * F, axis=(-1, -2))))


def _kept(runs: Sequence[Numbers]) -> Finding:
    """D under gradient descent, relative to its size at the start."""
    moved = []
    for run in runs:
        D = imbalance(*(np.asarray(run[f"gd_{name}"]) for name in "UW"))
        moved.append(float(np.max(_size(D - D[0]) / _size(D[0]))))
    bound = RELEVANT["kept"]
    return Finding(
        name="GD keeps the imbalance",
        statement=f"Under gradient descent WW' − U'U moves by at most {bound:g} of its size, which "
        "is left to terms of order η.",
        status=Status.AGREES if max(moved) <= bound else Status.DISAGREES,
        reason=f"moved by at most {max(moved):.2g} of its size in {len(runs)} seeds; no chance "
        "involved",
        numbers={"moved": moved},
    )


def _kept_apart(run: Numbers, way: str, first: int) -> float:
    """Largest spread of a log eigenvalue over the starts, at the end over that at a mark."""
    logs = np.log(spectrum(model_in(run), np.asarray(run[f"{way}_W"])[[first, -1]]))
    before, after = np.max(np.ptp(logs, axis=1), axis=1)
    return float(after / before)


def _remembered(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """Spread of the spectra over the starts at the end, over that where runs come to the orbit."""
    first = settings["from"]
    shares = {way: [_kept_apart(run, way, first) for run in runs] for way in ("gd", "sgd")}
    few, half = RELEVANT["forgotten"], RELEVANT["remembered"]
    least, most = min(shares["gd"]), max(shares["sgd"])
    if least < half or most > half:
        status = Status.DISAGREES
    else:
        status = Status.AGREES if most <= few else Status.INCONCLUSIVE
    return Finding(
        name="GD remembers its start",
        statement="Runs from several starts that came to the orbit apart end, under gradient "
        f"descent, more than {half:g} times as far apart in log eigenvalues of WΣ_xW', under SGD "
        f"less than {few:g} times, in every seed.",
        status=status,
        reason=f"gradient descent {least:.2f} at least, SGD {most:.3f} at most, in {len(runs)} "
        f"seeds; between {few:g} and {half:g} SGD would have had too few steps",
        numbers=shares,
    )
