"""ReLU teacher and student: the problem, the runs, what both experiments claim of them.

A student f(x) = Σ_r a_r max(w_r'x, 0) learns from a teacher Σ_j c_j max(t_j'x, 0), |t_j| = 1, by
SGD on single samples, with label noise and without, and by the SDE of the former.

Strength |a_r||w_r| is what a neuron gives along its direction.  Where label noise has aligned the
neurons, those of teacher neuron j have strengths that add up to |c_j|, and the noise holds each
where a_r² tr C_j = w_r'C_j w_r, C_j = 1/n Σ x_i x_i' over the samples that are active (the fixed
point of the theorem `balancedness`).  So |w_r|² = ρ_j |a_r||w_r|, ρ_j = (tr C_j / t_j'C_j t_j)^½:

    W'W = Σ_j ρ_j |c_j| t_j t_j'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.errors import TrainingError
from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Progress, Settings
from verify.experiments.seeds import ALPHA, over_seeds
from verify.planning import Estimate
from verify.verdict import Status, combine

__all__ = [
    "Student",
    "above",
    "alignment",
    "late",
    "marks",
    "predicted_singular_values",
    "predicted_squares",
    "singular_value_finding",
    "trained",
]

LATE = 0.9
"""Averages are over the marks after this share of the run."""


@dataclass(frozen=True, kw_only=True)
class Student:
    """Data, teacher and the weights at the start."""

    X: Array
    """Inputs, (n, p)."""
    y: Array
    """Labels without noise, (n,)."""
    T: Array
    """Directions of the teacher's neurons, (q, p)."""
    c: Array
    """Their output weights, (q,)."""
    W: Array
    """The student's neurons, a row each, (m, p)."""
    a: Array
    """Output weights, (m,)."""

    @classmethod
    def drawn(cls, rng: np.random.Generator, T: Array, c: Array, settings: Settings) -> Student:
        """Inputs N(0, I) and start N(0, start²); at least one neuron is not dead."""
        X = rng.standard_normal((settings["samples"], T.shape[1]))
        W = settings["start"] * rng.standard_normal((settings["neurons"], T.shape[1]))
        a = settings["start"] * rng.standard_normal(settings["neurons"])
        return cls(X=X, y=np.maximum(X @ T.T, 0.0) @ c, T=T, c=c, W=W, a=a)


def marks(steps: int, count: int) -> Array:
    """Numbers of steps to look at: dense at the start, even later, the last one among them."""
    early = np.geomspace(1, steps, count // 2)
    return np.unique(np.concatenate([[0], early, np.linspace(0, steps, count)]).round()).astype(int)


def alignment(W: Array, a: Array, T: Array) -> tuple[float, float]:
    """Cosine of every neuron with the teacher neuron next to it: mean, and mean by strength."""
    lengths = np.linalg.norm(W, axis=1)
    cosines = (W @ T.T / lengths[:, None]).max(axis=1)
    strength = np.abs(a) * lengths
    return float(cosines.mean()), float(cosines @ strength / strength.sum())


def predicted_squares(X: Array, T: Array, c: Array) -> Array:
    """ρ_j|c_j| = Σ|w_r|² over the neurons of teacher neuron j at the equilibrium of the noise."""
    squares = []
    for t, output in zip(T, c, strict=True):
        active = X[X @ t > 0]
        C = active.T @ active / len(X)
        squares.append(abs(output) * np.sqrt(np.trace(C) / (t @ C @ t)))
    return np.array(squares)


def predicted_singular_values(student: Student) -> Array:
    """Singular values of W at the equilibrium of the noise, the teacher's rank of them."""
    squares = predicted_squares(student.X, student.T, student.c)
    total = (student.T.T * squares) @ student.T
    count = np.linalg.matrix_rank(student.T)
    return np.asarray(np.sqrt(np.linalg.eigvalsh(total)[::-1][:count]))


def trained(
    student: Student,
    at: Array,
    advance: Callable[[Array, Array, int], None],
    progress: Callable[[float], None],
    visit: Callable[[int, Array, Array], None] = lambda mark, W, a: None,
) -> Numbers:
    """One run from the student's start, observed at the marks.

    Parameters
    ----------
    at
        Numbers of steps, from 0 on.
    advance
        Takes so many steps in place.
    visit
        Called with the number of each mark and the weights there, which it leaves as they are.

    Raises
    ------
    TrainingError
        If the weights are not finite at some mark.
    """
    W, a = student.W.copy(), student.a.copy()
    cosine, sigma = np.empty((len(at), 2)), []
    for mark, steps in enumerate(np.diff(at, prepend=0)):
        advance(W, a, int(steps))
        if not (np.isfinite(W).all() and np.isfinite(a).all()):
            raise TrainingError(
                f"step: training diverged within {at[mark]} steps; take a smaller step size"
            )
        cosine[mark] = alignment(W, a, student.T)
        sigma.append(np.linalg.svd(W, compute_uv=False))
        visit(mark, W, a)
        progress((at[mark]) / at[-1])
    return {
        "cosine": cosine[:, 0],
        "strong": cosine[:, 1],
        "sigma": np.array(sigma),
        "W": W,
        "a": a,
    }


def late(series: Array, at: Array) -> Array:
    """Mean over the last tenth of the run."""
    steps = np.asarray(at)
    return np.asarray(np.asarray(series)[steps >= LATE * steps[-1]].mean(axis=0))


def above(
    name: str, statement: str, values: Sequence[float], bound: float, detail: str = ""
) -> Finding:
    """A mean over seeds is above a bound, at both error rates ALPHA."""
    estimate = over_seeds(np.asarray(values, dtype=float))
    low, high = (estimate.value + s * estimate.half_width for s in (-1, 1))
    status = Status.INCONCLUSIVE
    if low >= bound:
        status = Status.AGREES
    elif high < bound:
        status = Status.DISAGREES
    return Finding(
        name=name,
        statement=statement,
        status=status,
        reason=f"{estimate.value:.4f} ± {estimate.half_width:.4f} over {len(values)} seeds, the "
        f"lowest {min(values):.4f}, must be above {bound:g} (error rate {ALPHA:g}){detail}",
        numbers={"values": list(values), "half_width": estimate.half_width, "bound": bound},
    )


def singular_value_finding(
    runs: Sequence[Numbers], relevant: float = 0.05, run: str = "noise"
) -> Finding:
    """The top singular values against the equilibrium of the noise."""
    ratios = []
    for numbers in runs:
        predicted = np.asarray(numbers["predicted_sigma"])
        measured = late(numbers[f"{run}_sigma"], numbers["at"])[: len(predicted)]
        ratios.append(measured / predicted)
    columns = np.array(ratios).T
    estimates: list[Estimate] = [over_seeds(column - 1) for column in columns]
    shown = ", ".join(f"{1 + e.value:.3f} ± {e.half_width:.3f}" for e in estimates)
    return Finding(
        name="singular values",
        statement="The top singular values of W settle where the noise balances the layers, "
        "W'W = Σ_j ρ_j|c_j| t_j t_j'.",
        status=combine(estimate.decide(relevant) for estimate in estimates),
        reason=f"measured/predicted {shown} over {len(runs)} seeds (relevant {relevant:.0%}, error "
        f"rate {ALPHA:g})",
        numbers={"ratios": columns.T.tolist()},
    )


def stepped(progress: Progress, first: float, last: float, what: str) -> Callable[[float], None]:
    """Progress of one part of a simulation, from one fraction of the whole to another."""
    return lambda done: progress(first + (last - first) * done, what)
