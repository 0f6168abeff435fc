"""Work in threads: its order, its errors, and that an interrupt ends it soon."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from verify.experiments.threads import side_by_side


def test_results_are_in_order() -> None:
    def work(item: int, ask: Callable[[], None]) -> int:
        time.sleep(0.02 * (3 - item))
        return item**2

    assert side_by_side(work, range(4), 2) == (0, 1, 4, 9)


def test_an_error_ends_what_asks_and_what_waits() -> None:
    begun: list[int] = []
    ended = threading.Event()

    def work(item: int, ask: Callable[[], None]) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError("wrong")
        try:
            while True:
                ask()
                time.sleep(0.01)
        finally:
            ended.set()

    with pytest.raises(ValueError, match="wrong"):
        side_by_side(work, range(9), 2)
    assert ended.wait(2)
    assert len(begun) < 9


SEEDS_THAT_TAKE_A_MINUTE = """
import os, sys, time
from verify import cli
from verify.experiments import catalogue, command
from verify.experiments.experiment import Experiment

def simulate(seed, settings, progress):
    for run in range(1 + int(60 * settings["runs_a_second"])):
        progress(0.0, "run")
        if run == 0:
            os.write(1, b"begun\\n")  # whole, whatever the other threads write
        time.sleep(1 / settings["runs_a_second"])
    return {}

slow = Experiment(
    id="slow", title="t", source="s", claim="c", settings={"runs_a_second": float(sys.argv[1])},
    simulate=simulate, judge=lambda *given: [], draw=lambda *given: {},
)
command.find = lambda name: slow
sys.exit(cli.main(["experiment", "slow", "--out", sys.argv[2]]))
"""


@pytest.mark.parametrize("runs_a_second", [10, 1 / 60])
def test_an_interrupt_ends_an_experiment_within_seconds(
    runs_a_second: float, tmp_path: Path
) -> None:
    """Whether its runs are short, or one takes longer than anybody waits."""
    command = [sys.executable, "-c", SEEDS_THAT_TAKE_A_MINUTE, str(runs_a_second), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert time.monotonic() - begun < 5
    assert errors.decode().strip() == "verify: stopped"
    assert process.returncode == 130
