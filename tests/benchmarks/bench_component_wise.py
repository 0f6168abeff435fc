"""d log det M under label noise: by words for all sizes at once, and by SymPy entry by entry.

``python -m tests.benchmarks.bench_component_wise [SECONDS]`` prints the comparison, each
component-wise calculation in a process of its own that is given SECONDS (60) and then ended.
Nothing is asserted about time: the tests hold the values, this shows what they cost.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from itertools import product
from multiprocessing.queues import Queue
from typing import Any

import pytest
from sympy import Integer, Matrix, Q, cancel, diff, log, sqrt, symbols, zeros

from derivations import (
    Brownian,
    MatrixSDE,
    Process,
    State,
    Status,
    dims,
    dt,
    equal,
    logdet,
    positive,
    stack,
)

SIZES = ((1, 1, 2), (2, 1, 3), (2, 2, 4))
LIMIT = 60.0


def by_words() -> Any:
    """The drift for symbolic p, k, l, declaration included, and that it is −2γkp."""
    p, k, l = dims("p k l")
    gamma = positive("gamma")
    W1, W2, R = State("W1", p, l), State("W2", l, k), Process("R", p, k)
    B = Brownian("B", p, k)
    theta = stack(W1, W2.T)
    M = theta * theta.T
    noise = MatrixSDE(
        {
            W1: R * W2.T * dt + sqrt(gamma) * B.d * W2.T,
            W2: W1.T * R * dt + sqrt(gamma) * W1.T * B.d,
        },
        assuming=[Q.positive_definite(M)],
    )
    df = noise.d(logdet(M))
    assert equal(df.drift, -2 * gamma * k * p).status is Status.EQUAL
    assert df.martingale == 0
    return df.drift


def entry_by_entry(p: int, k: int, l: int) -> Any:
    """The same by the scalar Itô formula in the (p+k)l entries of Θ, as one writes it in SymPy."""
    Theta = Matrix(p + k, l, symbols(f"w0:{(p + k) * l}", real=True))
    f = log((Theta * Theta.T).det(method="berkowitz"))
    slopes = {x: diff(f, x) for x in Theta}
    drift = Integer(0)
    for a, b in product(range(p), range(k)):
        S = zeros(p + k, p + k)
        S[a, p + b] = S[p + b, a] = 1
        moved = list(zip(Theta, S * Theta, strict=True))
        for x, dx in moved:
            drift += sum(dx * dy * diff(slopes[x], y) for y, dy in moved) / 2
    result = cancel(drift)
    assert result == -2 * p * k
    return result


def _timed(work: Callable[..., Any], arguments: tuple[int, ...], answers: Queue[float]) -> None:
    start = time.perf_counter()
    work(*arguments)
    answers.put(time.perf_counter() - start)


def seconds(work: Callable[..., Any], *arguments: int, limit: float = LIMIT) -> float | None:
    """Time of a calculation in a fresh process, without imports; None if it was not done.

    Raises
    ------
    RuntimeError
        If the calculation failed.
    """
    context = multiprocessing.get_context("spawn")
    answers: Queue[float] = context.Queue()
    process = context.Process(target=_timed, args=(work, arguments, answers), daemon=True)
    process.start()
    process.join(limit)
    if process.is_alive():
        process.terminate()
        process.join()
        return None
    if process.exitcode != 0:
        raise RuntimeError(f"{work.__name__}{arguments}: ended with exit code {process.exitcode}")
    return answers.get()


def report(limit: float = LIMIT) -> str:
    """The comparison, one line a calculation."""
    lines = [f"{'d log det M under label noise':40}{'seconds':>10}"]
    for name, work, arguments in (
        ("words, every size at once", by_words, ()),
        *((f"entry by entry, M {p + k} x {p + k}", entry_by_entry, (p, k, l)) for p, k, l in SIZES),
    ):
        took = seconds(work, *arguments, limit=limit)
        shown = f"over {limit:.0f}" if took is None else f"{took:.2f}"
        lines.append(f"{name:40}{shown:>10}")
    return "\n".join(lines)


def test_words_for_every_size(benchmark: Any) -> None:
    benchmark.pedantic(by_words, rounds=3, iterations=1, warmup_rounds=0)


@pytest.mark.parametrize(("p", "k", "l"), SIZES[:1])
def test_entry_by_entry(benchmark: Any, p: int, k: int, l: int) -> None:
    benchmark.pedantic(entry_by_entry, args=(p, k, l), rounds=1, iterations=1)


def test_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    text = report()
    assert len(text.splitlines()) == 2 + len(SIZES)
    with capsys.disabled():
        print(f"\n{text}")


if __name__ == "__main__":
    print(report(float(sys.argv[1]) if len(sys.argv) > 1 else LIMIT))
