"""The command ``data``: whether the determinant laws hold when networks train on a file."""

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from numerics.datasets import Dataset
from numerics.errors import NumericsError, TrainingError
from numerics.training import Problem, problem
from verify.data.laws import RELEVANT, Law, discrete_law, gradient_flow_law, noise_law
from verify.data.measure import (
    Measured,
    drop,
    train_gradient_descent,
    train_label_noise,
    train_minibatch,
)
from verify.data.rates import Rate, predicted_rate
from verify.data.settings import Request, Settings, choose
from verify.data.table import read_table
from verify.data.writing import checked_folder, write_folder
from verify.errors import UsageError, VerifyError
from verify.verdict import Status, combine, json_value

__all__ = ["ALPHA", "DataReport", "Progress", "run"]

SCHEMA = "driftproof.data/1"
# Error rate of all laws of one call together, false agree and false reject alike.
ALPHA = 1e-3

JSON = "data.json"

Progress = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What the command has to say."""

    exit_code: int
    """0: every law agrees; 1: one disagrees; 2: bad input; 3: one is left open."""
    lines: tuple[str, ...]
    """For people; a single line on bad input."""
    source: str = ""
    settings: Settings | None = None
    laws: tuple[Law, ...] = ()
    files: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-able values, without not-a-number and infinity."""
        if self.settings is None:
            return {"schema": SCHEMA, "exit_code": self.exit_code, "error": self.lines[0]}
        return {
            "schema": SCHEMA,
            "exit_code": self.exit_code,
            "source": self.source,
            "settings": json_value(self.settings.to_json()),
            "laws": [law.to_json() for law in self.laws],
            "files": list(self.files),
        }


def run(
    path: str | Path,
    *,
    targets: str | Sequence[str] | None,
    width: int | None = None,
    step: float | None = None,
    noise: float | None = None,
    steps: int | None = None,
    batch: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    rates: Mapping[str, Rate] | None = None,
    progress: Progress | None = None,
) -> DataReport:
    """Train on a CSV file, judge the laws, and draw det M and the singular values.

    Parameters
    ----------
    path
        A CSV file with a header; `targets` are predicted from all other columns.
    targets
        Names of columns, or one text with commas between them.
    width, step, noise, steps, batch, seed
        l, η, δ (in units of the standardised targets' variance), number of steps, b (no minibatches
        if None), and the seed of all randomness. None is chosen from the data.
    out
        Folder of the pictures; by default the file's name with ``-laws``, in the working directory.
    rates
        The stated rates by name of algorithm, by default those of `predicted_rate`.
    progress
        Called with the fraction done and what is being done.

    Returns
    -------
    DataReport
        Bad input is reported in it with exit code 2, never raised; then nothing is written.
    """
    request = Request(width=width, step=step, noise=noise, steps=steps, batch=batch, seed=seed)
    names = targets.split(",") if isinstance(targets, str) else tuple(targets or ())
    try:
        folder = checked_folder(Path(out) if out is not None else Path(f"{Path(path).stem}-laws"))
        table = read_table(Path(path), names)
        report, pictures = _judged(table, request, rates or {}, progress or _silent)
        report = replace(report, files=tuple(str(folder / name) for name in (*pictures, JSON)))
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_folder(folder, {**pictures, JSON: text.encode()})
        return replace(report, lines=(*report.lines, f"pictures and numbers: {folder}"))
    except (VerifyError, NumericsError) as error:
        return DataReport(exit_code=2, lines=(f"verify data: {error}",))


def _silent(done: float, what: str) -> None:
    pass


def _judged(
    table: Dataset, request: Request, rates: Mapping[str, Rate], progress: Progress
) -> tuple[DataReport, dict[str, bytes]]:
    """The report without its files, and the pictures by name."""
    from verify.data.figures import draw  # Matplotlib is imported for this command alone.

    data = problem(table.X, table.Y)
    settings = choose(data, request)
    alpha = ALPHA / 2  # at most two laws are a matter of chance
    measured = _trained(data, settings, rates, alpha, progress)
    rounding = 2 * float(measured[0].log_det_error.max())
    laws = [discrete_law(measured)]
    laws.append(gradient_flow_law(partial(drop, data, settings), rounding))
    for part, theorem in zip(measured[1:], _theorems(settings), strict=True):
        laws.append(noise_law(part, theorem, alpha))
    verdict = combine(law.verdict for law in laws)
    report = DataReport(
        exit_code={Status.AGREES: 0, Status.DISAGREES: 1}.get(verdict, 3),
        lines=tuple(_lines(table, settings, measured, laws)),
        source=table.source,
        settings=settings,
        laws=tuple(laws),
    )
    progress(1.0, "drawing")
    return report, draw(table, settings, measured, laws)


def _theorems(settings: Settings) -> list[str]:
    """The theorems about the noisy algorithms, in the order in which these are trained."""
    noisy = ["label_noise_determinant"] if settings.noise else []
    return noisy + (["gradient_noise_determinant"] if settings.batch else [])


def _trained(
    data: Problem, settings: Settings, rates: Mapping[str, Rate], alpha: float, progress: Progress
) -> list[Measured]:
    """Gradient descent, then every noisy algorithm that was asked for."""
    kinds = _theorems(settings)

    def stage(what: str, number: int) -> Callable[[float], None]:
        return lambda done: progress((number + done) / (1 + len(kinds)), what)

    try:
        measured = [train_gradient_descent(data, settings, stage("gradient descent", 0))]
    except TrainingError:
        raise _too_large(settings, "diverges") from None
    if not measured[0].loss[-1, 0] <= measured[0].loss[0, 0]:
        raise _too_large(settings, "ends with a larger loss than it starts with")
    guide = measured[0].guide
    for number, kind in enumerate(kinds, 1):
        name, train = _NOISY[kind]
        rate = rates.get(name) or predicted_rate(name)
        watch = stage(name.replace("_", " "), number)
        try:
            measured.append(train(data, settings, rate, alpha, guide, watch))
        except TrainingError:
            raise _too_noisy(settings, kind) from None
    return measured


_NOISY: Mapping[str, tuple[str, Callable[..., Measured]]] = {
    "label_noise_determinant": ("label_noise", train_label_noise),
    "gradient_noise_determinant": ("minibatch_with_replacement", train_minibatch),
}


def _too_large(settings: Settings, what: str) -> UsageError:
    remedy = min(settings.safe_step, settings.step / 4)
    return UsageError(
        f"--step {settings.step:g}: gradient descent {what} on these data; "
        f"take {remedy:.2g} or less"
    )


def _too_noisy(settings: Settings, kind: str) -> UsageError:
    if kind == "label_noise_determinant":
        return UsageError(
            f"--noise {settings.noise:g}: label noise makes training diverge at step size "
            f"{settings.step:g}; take {settings.safe_noise:g} or less, or a smaller --step"
        )
    return UsageError(
        f"--batch {settings.batch}: training diverges on such batches at step size "
        f"{settings.step:g}; take a larger batch, or --step {settings.step / 4:.2g}"
    )


def _lines(
    table: Dataset, settings: Settings, measured: Sequence[Measured], laws: Sequence[Law]
) -> Iterator[str]:
    """The report for people, at most 100 columns."""
    targets = ", ".join(table.target_names)
    yield from _wrapped(
        f"{table.source}: {len(table.X)} rows, {table.X.shape[1]} features, targets {targets}; "
        "columns standardised"
    )
    batch = f", batches of {settings.batch}" if settings.batch else ""
    noise = (
        f", label noise of variance {settings.noise:g} (targets have 1)" if settings.noise else ""
    )
    runs = f", {settings.runs} runs from one start" if batch or noise else ""
    yield from _wrapped(
        f"network of width {settings.width}, step size {settings.step:.4g}, "
        f"{settings.steps} steps{noise}{batch}{runs}, seed {settings.seed}"
    )
    for law in laws:
        yield ""
        yield f"{law.verdict:<14}{law.law}"
        yield from _wrapped(law.statement, " " * 14)
        yield f"{'':14}theorem {law.theorem}"
    yield ""
    yield from _wrapped(
        f"Ratios hold with probability {1 - ALPHA:g}, all laws together; a law agrees if its ratio "
        f"is surely within {RELEVANT:.0%} of 1."
    )


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent)
