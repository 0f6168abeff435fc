"""Runs of made-up claims that are killed again and again: ``python -m tests.verify.killed_runs``.

    killed_runs FOLDER SEED KILLS

Every run is a process of its own, forked, so that the packages are loaded once.  It judges thirty
claims, a few milliseconds each, takes up what the run before it has finished, and is killed after a
random time; what the folder holds is read after every kill.  A run that comes to its end is
compared with one that was never interrupted, and the next begins in an empty folder.  Then two runs
use one folder at the same time.  Printed is, as JSON, how many verdicts were there after each kill,
and how many certificates were the same.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from verify import runner
from verify.problem import Reference
from verify.runner import Settings
from verify.runs.certificate import Certificate
from verify.runs.provenance import versions
from verify.runs.store import Store
from verify.verdict import Evidence, Status, Verdict

CLAIMS = 30
SECONDS = 0.004
REFERENCES = tuple(Reference(claim=f"made_up.{i}") for i in range(CLAIMS))
SETTINGS = Settings(tiers=("exact",), effort="quick", workers=1)


def judged(job: Any) -> tuple[str, Verdict, str]:
    time.sleep(SECONDS)
    rng = random.Random(job.reference.claim)
    evidence = Evidence(
        tier="exact",
        status=Status.AGREES,
        reason="made up",
        numbers={"values": [rng.gauss(0, 1) for _ in range(200)]},
        seconds=time.perf_counter(),
    )
    return "", Verdict(claim=job.reference.claim, title="made up", evidence=(evidence,)), ""


def complain(line: str) -> None:
    raise AssertionError(line)


def run(folder: Path) -> str:
    """The text of the certificate of a run."""
    store = Store(folder, complain)
    found = runner.records(REFERENCES, SETTINGS, store=store, resume=True)
    return Certificate(records=found, settings=SETTINGS, versions=versions()).text()


def killed(folder: Path, seconds: float) -> bool:
    """Whether a run in a process of its own was killed before it ended."""
    child = begun(folder, folder / "certificate.json")
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def begun(folder: Path, certificate: Path) -> int:
    """The number of a process with a run in it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            certificate.write_text(run(folder), encoding="utf-8")
            code = 0
        finally:
            os._exit(code)
    return child


def together(folder: Path) -> list[str]:
    """The certificates of two runs that use one folder at the same time."""
    folder.mkdir()
    paths = [folder / "first.json", folder / "second.json"]
    for child in [begun(folder, path) for path in paths]:
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
    return [path.read_text(encoding="utf-8") for path in paths]


def verdicts(folder: Path) -> int:
    """How many verdicts the folder has; each of its files is whole."""
    paths = [p for p in (folder / "verdicts").glob("*.json") if not p.name.startswith(".")]
    for path in paths:
        json.loads(path.read_text(encoding="utf-8"))
    return len(paths)


def main(root: Path, seed: int, kills: int) -> None:
    sources = runner.Sources.now()
    runner.Sources.now = staticmethod(lambda: sources)  # type: ignore[method-assign]
    runner._Job.judged = judged  # type: ignore[method-assign]
    rng = random.Random(seed)
    started = time.perf_counter()
    expected = run(root / "never")
    whole = time.perf_counter() - started
    left: list[list[int]] = [[]]
    same = 0
    while sum(map(len, left)) < kills:
        folder = root / str(len(left))
        if killed(folder, rng.uniform(0, whole / 2)):
            left[-1].append(verdicts(folder) if folder.exists() else 0)
        else:
            same += (folder / "certificate.json").read_text(encoding="utf-8") == expected
            left.append([])
    two = together(root / "together") == [expected, expected]
    print(json.dumps({"left": left, "same": same, "ended": len(left) - 1, "together": two}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
