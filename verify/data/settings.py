"""How to train on a data set: what the user asked for, the rest chosen from the data."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from numerics.network import Array
from numerics.training import Problem
from verify.errors import UsageError

__all__ = ["Request", "Settings", "choose", "start"]

# By how much label noise is to lower log det M per row of the stack: enough to see in a picture.
DROP_PER_ROW = 4.0
# Largest change of log det M per step and singular value that noise is chosen for: the law of the
# continuous time holds to about half of it.
LARGEST_CHANGE = 0.02
# Multiplications that training may take, about a quarter of a minute of one core.
WORK = 3e9
# Share of the stability limit 2/curvature that a chosen step size takes.
CAUTION = 0.25


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of the command as given; None is to be chosen."""

    width: int | None = None
    step: float | None = None
    noise: float | None = None
    steps: int | None = None
    batch: int | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A complete setting."""

    width: int
    """l."""
    step: float
    """η."""
    noise: float
    """δ, in units of the variance of the (standardised) targets."""
    steps: int
    batch: int | None
    """b, or None for no minibatches."""
    seed: int
    runs: int
    """Independent runs of the algorithms that draw something."""
    safe_step: float
    """The step size that would be chosen, named where training diverges at another one."""
    safe_noise: float
    """The variance that would be chosen, named likewise."""

    def to_json(self) -> dict[str, Any]:
        """The settings by name."""
        return asdict(self)


def choose(data: Problem, request: Request) -> Settings:
    """Complete a request from the data.

    Raises
    ------
    UsageError
        If what was asked for makes no sense for these data.
    """
    rows = data.p + data.k
    _check(request, data.n, rows)
    width = rows + 2 if request.width is None else request.width
    runs, steps = _affordable(data, width, request)
    safe = CAUTION * 2 / _curvature(data, width, request.seed)
    step = safe if request.step is None else request.step
    visible = _visible_noise(data, step, steps)
    return Settings(
        width=width,
        step=step,
        noise=visible if request.noise is None else request.noise,
        steps=steps,
        batch=request.batch,
        seed=request.seed,
        runs=runs,
        safe_step=safe,
        safe_noise=visible,
    )


def _affordable(data: Problem, width: int, request: Request) -> tuple[int, int]:
    """Runs and steps: 32 and 5000 where the work allows, else fewer runs, then fewer steps."""
    rows = data.p + data.k
    # Determinants cost least at small sizes, where a call of NumPy costs more than its numbers.
    work = 3000 + rows**2 * width
    if request.batch is not None:
        work += data.n * (data.p + 4 * data.k)
    steps = 5000 if request.steps is None else request.steps
    runs = min(32, max(8, int(WORK / work / steps)))
    if request.steps is None:
        steps = min(5000, max(1000, int(WORK / work / runs) // 500 * 500))
    return runs, steps


def start(data: Problem, width: int, seed: int) -> tuple[Array, Array]:
    """The weights from which every run starts: independent N(0, 1/l), singular values about one."""
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, 0])))
    scale = width**-0.5
    W1 = scale * rng.standard_normal((data.p, width))
    return W1, scale * rng.standard_normal((width, data.k))


def _curvature(data: Problem, width: int, seed: int) -> float:
    """The largest curvature to expect: at the start, plus that of the balanced solution."""
    norms = [float(np.linalg.norm(W, ord=2)) ** 2 for W in start(data, width, seed)]
    solution = np.linalg.lstsq(data.X, data.Y)[0]
    balanced = 2 * float(np.linalg.norm(solution, ord=2))
    return float(np.linalg.eigvalsh(data.XX)[-1]) * (sum(norms) + balanced)


def _visible_noise(data: Problem, step: float, steps: int) -> float:
    """The variance that lowers log det M by a visible amount, rounded to two digits.

    A step lowers it by 2η²δk|X|²/n² in the mean.
    """
    drop = min(DROP_PER_ROW * (data.p + data.k), 2 * LARGEST_CHANGE * steps * min(data.p, data.k))
    variance = drop * data.n**2 / (2 * steps * step**2 * data.k * float(np.sum(data.X**2)))
    return float(f"{variance:.1e}")


def _check(request: Request, n: int, rows: int) -> None:
    """Refuse what makes no sense, each with its remedy."""
    width, step, noise = request.width, request.step, request.noise
    if width is not None and width < rows:
        raise UsageError(
            f"--width {width}: below p + k = {rows}, so det M is zero; give {rows} or more"
        )
    if step is not None and not (np.isfinite(step) and step > 0):
        raise UsageError(f"--step {step:g}: not a positive number; give a step size above zero")
    if noise is not None and not (np.isfinite(noise) and noise >= 0):
        raise UsageError(f"--noise {noise:g}: a variance is not negative; give zero or more")
    if request.steps is not None and request.steps < 1:
        raise UsageError(f"--steps {request.steps}: nothing to train; give one or more")
    if request.batch is not None and not 1 <= request.batch <= n:
        raise UsageError(f"--batch {request.batch}: the file has {n} rows; give 1 to {n}")
    if request.seed < 0:
        raise UsageError(f"--seed {request.seed}: negative; give 0, 1, 2, …")
