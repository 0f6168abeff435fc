"""Training on the data, and everything that the laws are judged by, at a few hundred times."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from numerics.network import Array, log_det
from numerics.simulate import advance
from numerics.training import (
    Algorithm,
    Problem,
    gradient_descent,
    label_noise,
    minibatch,
    run,
)
from verify.data.concentration import (
    Concentration,
    Weights,
    batch_concentration,
    label_noise_concentration,
)
from verify.data.rates import Rate
from verify.data.settings import Settings, start

__all__ = [
    "Measured",
    "drop",
    "train_gradient_descent",
    "train_label_noise",
    "train_minibatch",
]

Progress = Callable[[float], None]
MARKS = 240
# Steps at η over which the limit of a vanishing step size is taken.
REFINED_STEPS = 1000
# Weights of gradient descent for which a bound on noisy runs is tuned.
GUIDES = 40


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One algorithm watched; arrays are (times, runs), sums run from the start to that time."""

    name: str
    algorithm: Algorithm
    times: Array
    steps: Array
    """Numbers of steps at those times."""
    log_det: Array
    """log det M of the weights."""
    log_det_error: Array
    """Bound on its rounding error."""
    law: Array
    """Σ of the exact change of every step, from the residuals alone."""
    excess: Array
    """Largest ratio so far of a step's deviation from that law to its rounding bound."""
    gap: Array
    resolved: Array
    """Steps whose change is large against the rounding bound."""
    loss: Array
    singular_values: Array
    """Of W1, shape (times, runs, min(p, l))."""
    guide: Weights | None
    """Of gradient descent: weights at some of the times, (some, p, l) and (some, l, k)."""
    sums: Mapping[str, Array]
    """``square``: |G|²; ``noise``, ``drift``: −∫ rate dt and 2η∫|R|² dt, what the theorems predict;
    ``upper``, ``lower``: exponents of `Concentration`. Empty for gradient descent."""
    concentration: Concentration | None = None

    @property
    def draws(self) -> int:
        """Steps taken over all runs."""
        return int(self.steps[-1]) * int(self.log_det.shape[1])


def train_gradient_descent(data: Problem, settings: Settings, progress: Progress) -> Measured:
    """One run of gradient descent."""
    algorithm = gradient_descent(step=settings.step)
    return _train("gradient descent", algorithm, data, settings, {}, None, progress)


def train_label_noise(
    data: Problem,
    settings: Settings,
    rate: Rate,
    alpha: float,
    guide: Weights,
    progress: Progress,
) -> Measured:
    """Independent runs of label-noise SGD; for `guide` see `label_noise_concentration`."""
    algorithm = label_noise(step=settings.step, variance=settings.noise)
    draws = settings.runs * settings.steps
    bound = label_noise_concentration(data, settings.noise, guide, draws, alpha)
    return _train("label noise", algorithm, data, settings, {"rate": rate}, bound, progress)


def train_minibatch(
    data: Problem,
    settings: Settings,
    rate: Rate,
    alpha: float,
    guide: Weights,
    progress: Progress,
) -> Measured:
    """Independent runs of SGD on batches drawn with replacement; `guide` as above."""
    assert settings.batch is not None
    algorithm = minibatch(step=settings.step, batch=settings.batch)
    draws = settings.runs * settings.steps
    bound = batch_concentration(data, settings.batch, guide, draws, alpha)
    return _train("minibatches", algorithm, data, settings, {"rate": rate}, bound, progress)


def drop(data: Problem, settings: Settings, halvings: int) -> float:
    """What gradient descent at η/2^halvings takes from log det M, over one and the same time."""
    steps = min(settings.steps, REFINED_STEPS) * 2**halvings
    result = run(
        gradient_descent(step=settings.step / 2**halvings),
        data,
        width=settings.width,
        steps=steps,
        runs=1,
        block=1,
        seed=settings.seed,
        start=start(data, settings.width, settings.seed),
        check=False,
        observe={"log_det": lambda state: log_det(state["W1"], state["W2"])},
    )
    first, last = result.mean("log_det")
    return float(first - last)


def _train(
    name: str,
    algorithm: Algorithm,
    data: Problem,
    settings: Settings,
    rates: Mapping[str, Rate],
    bound: Concentration | None,
    progress: Progress,
) -> Measured:
    steps = settings.steps
    marks = np.unique(np.linspace(0, steps, MARKS + 1).round().astype(int))
    runs = settings.runs if bound else 1
    sums = dict(_sums(data, algorithm, rates, bound)) if bound else {}

    observed: dict[str, Callable[..., Array]] = {name: itemgetter(name) for name in sums}
    if bound is None:
        observed |= {name: itemgetter(name) for name in ("W1", "W2")}
    observed["singular_values"] = lambda state: np.linalg.svd(state["W1"], compute_uv=False)

    def reporting(*work: Any) -> Any:
        state = advance(*work)
        progress(work[-1] / steps)
        return state

    result = run(
        algorithm,
        data,
        width=settings.width,
        steps=steps,
        runs=runs,
        block=runs,
        seed=settings.seed,
        start=start(data, settings.width, settings.seed),
        at=marks.tolist(),
        keep=True,
        accumulate=sums,
        observe=observed,
        advance=reporting,
    )

    def some(values: Array) -> Array:
        return values[:: -(-len(values) // GUIDES), 0]

    watched = ("log_det", "log_det_error", "law", "excess", "gap", "resolved", "loss")
    return Measured(
        name=name,
        algorithm=algorithm,
        times=result.times,
        steps=marks.astype(np.float64),
        singular_values=result.values("singular_values"),
        guide=None if bound else (some(result.values("W1")), some(result.values("W2"))),
        sums={name: result.values(name) for name in sums},
        concentration=bound,
        **{name: result.values(name) for name in watched},
    )


def _sums(
    data: Problem, algorithm: Algorithm, rates: Mapping[str, Rate], bound: Concentration
) -> Iterator[tuple[str, Callable[..., Array]]]:
    """What is summed over the steps, as functions of the states before and after a step."""
    eta, fixed = algorithm.step, _point(data, algorithm)

    def noise(before: Mapping[str, Array], after: object, draw: object) -> Array:
        return -eta * rates["rate"]({**fixed, "W1": before["W1"], "W2": before["W2"]})

    def drift(before: Mapping[str, Array], after: object, draw: object) -> Array:
        R = data.residual(before["W1"], before["W2"])
        return np.asarray(2 * eta**2 * np.sum(R * R, axis=(-2, -1)))

    def square(before: object, after: Mapping[str, Array], draw: object) -> Array:
        return np.asarray(np.sum(after["G"] ** 2, axis=(-2, -1)))

    def exponent(
        of: Callable[[Array, Array], Array],
        before: Mapping[str, Array],
        after: object,
        draw: object,
    ) -> Array:
        return of(before["W1"], before["W2"])

    yield from (("noise", noise), ("drift", drift), ("square", square))
    yield "upper", partial(exponent, bound.upper_exponent)
    yield "lower", partial(exponent, bound.lower_exponent)


def _point(data: Problem, algorithm: Algorithm) -> dict[str, Any]:
    """What a rate may depend on besides the weights."""
    return {
        "X": data.X,
        "Y": data.Y,
        "eta": algorithm.step,
        "delta": algorithm.variance,
        "b": float(algorithm.batch or data.n),
    }
