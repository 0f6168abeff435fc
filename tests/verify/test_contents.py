"""The values that a claim reaches: another value is another hash, and the same one is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from verify import cli
from verify.outside.files import read
from verify.problem import Reference
from verify.runner import Settings, _Job, records
from verify.runs.contents import contents_of
from verify.runs.store import Store

HEAD = """
import collections, dataclasses, enum, fractions, functools, json, pathlib
import numpy as np
from verify import DifferentialClaim, NumericSDE
here = pathlib.Path(__file__).parent
c = json.loads((here / "data.json").read_text())["c"]
sde = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: 2 * dB)
def claim(drift):
    return DifferentialClaim(
        sde=sde, observable=lambda x: x**2, drift=drift, martingale=lambda x, dB: 4 * x * dB
    )
"""

REACHED = {
    "a name of the module": "one = claim(lambda x: c - 2 * x**2)",
    "a mapping": "d = {'a': [c]}\none = claim(lambda x: d['a'][0] - 2 * x**2)",
    "an array": "a = np.array([1.0, c])\none = claim(lambda x: a[1] - 2 * x**2)",
    "an array of objects": "a = np.array([c], dtype=object)\n"
    "one = claim(lambda x: float(a[0]) - 2 * x**2)",
    "a closure": "def make(k):\n    return claim(lambda x: k - 2 * x**2)\none = make(c)",
    "a closure of a closure": "def make(k):\n    def g():\n        return k\n"
    "    return claim(lambda x: g() - 2 * x**2)\none = make(c)",
    "a default": "one = claim(lambda x, c=c: c - 2 * x**2) if False else None\n"
    "def f(x, *, k=c):\n    return k - 2 * x**2\none = claim(lambda x: f(x))",
    "a function that it calls": "def g():\n    return c\none = claim(lambda x: g() - 2 * x**2)",
    "a partial function": "g = functools.partial(lambda k, x: k - 2 * x**2, c)\n"
    "one = claim(lambda x: g(x))",
    "a cached function": "@functools.cache\ndef g():\n    return c\n"
    "one = claim(lambda x: g() - 2 * x**2)",
    "an object": "class P:\n    def __init__(self, k):\n        self.k = k\n"
    "    def __call__(self, x):\n        return self.k - 2 * x**2\none = claim(P(c))",
    "a method": "class P:\n    def __init__(self, k):\n        self.k = k\n"
    "    def f(self, x):\n        return self.k - 2 * x**2\none = claim(P(c).f)",
    "a class": "class P:\n    k = c\none = claim(lambda x: P.k - 2 * x**2)",
    "a data class": "@dataclasses.dataclass(frozen=True)\nclass P:\n    k: float = 1.0\n"
    "p = P(k=c)\none = claim(lambda x: p.k - 2 * x**2)",
    "a named tuple": "P = collections.namedtuple('P', 'k')\np = P(c)\n"
    "one = claim(lambda x: p.k - 2 * x**2)",
    "an enumeration": "class P(enum.Enum):\n    K = c\none = claim(lambda x: P.K.value - 2 * x**2)",
    "a fraction": "q = fractions.Fraction(c)\none = claim(lambda x: float(q) - 2 * x**2)",
    "a property": "class P:\n    @property\n    def k(self):\n        return c\np = P()\n"
    "one = claim(lambda x: p.k - 2 * x**2)",
    "a set": "s = {'a', 'b', 'c', c}\none = claim(lambda x: max(k for k in s if k != str(k)) - x)",
    "a number of the system": "sde = NumericSDE(states={'x': ()}, noises={'B': ()}, "
    "parameters={'k': c}, drift=lambda x, k: -k * x, noise=lambda dB: 2 * dB)\n"
    "one = claim(lambda x, k: 4 - 2 * k * x**2)",
    "a text that is executed": "one = claim(eval(f'lambda x: {c} - 2 * x**2'))",
    "a module beside it": "import contents_beside as beside\n"
    "one = claim(lambda x: beside.RATE['c'] - 2 * x**2)",
    "a module's function": "import contents_beside as beside\n"
    "one = claim(lambda x: beside.rate() - 2 * x**2)",
    "a module asked by a text": "import contents_beside as beside\n"
    "one = claim(lambda x: getattr(beside, 'RATE')['c'] - 2 * x**2)",
    "a distribution": "from scipy.stats import norm\nlaw = norm(c)\n"
    "one = claim(lambda x: law.mean() + norm.mean() - 2 * x**2)",
    "an expression": "from sympy import Float\nfrom derivations import *\n"
    "y, W = State('y'), Brownian('W')\none = DifferentialClaim(sde=MatrixSDE({y: -y * dt + W.d}), "
    "observable=y**2, drift=Float(c) - 2 * y**2, martingale=2 * y * W.d)",
}

BESIDE = """
import json, pathlib
RATE = json.loads((pathlib.Path(__file__).parent / "data.json").read_text())
def rate():
    return RATE["c"]
"""

DIGESTS = """
import sys
from verify.outside.files import read
from verify.runs.contents import contents_of
for path in sys.argv[1:]:
    for claim in read(path, silent=True).claims:
        found = contents_of(claim)
        print(path, claim.id, found.digest, found.unread)
"""


def written(folder: Path, text: str, c: float = 4.0) -> str:
    (folder / "data.json").write_text(json.dumps({"c": c}))
    (folder / "contents_beside.py").write_text(BESIDE)
    (folder / "mine.py").write_text(HEAD + text + "\n")
    return str(folder / "mine.py")


def digest(path: str) -> str:
    # As another process finds it, which has loaded nothing yet.
    sys.modules.pop("contents_beside", None)
    file = read(path, silent=True)
    assert not file.troubles
    (claim,) = file.claims
    found = contents_of(claim)
    assert not found.unread
    return found.digest


@pytest.mark.parametrize("text", REACHED.values(), ids=REACHED.keys())
def test_another_value_is_another_hash(tmp_path: Path, text: str) -> None:
    first = digest(written(tmp_path, text))
    assert digest(written(tmp_path, text)) == first
    assert digest(written(tmp_path, text, 5.0)) != first


@pytest.mark.parametrize(
    "text", ["lambda: first.rate()", "lambda: second.rate()", "lambda: second.first.RATE[0]"]
)
def test_modules_that_import_each_other_hide_no_value(text: str) -> None:
    first, second = ModuleType("contents_first"), ModuleType("contents_second")
    exec("RATE = [2.0]\ndef rate():\n    return second.rate()", vars(first))
    exec("def rate():\n    return first.RATE[0]", vars(second))
    vars(first)["second"], vars(second)["first"] = second, first
    modules = {"first": first, "second": second}
    f = eval(text, {name: module for name, module in modules.items() if f" {name}." in text})
    before = contents_of(f)
    assert contents_of(f) == before
    vars(first)["RATE"][0] = 3.0
    assert contents_of(f) != before


def test_a_mapping_of_a_package_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept beside its class, as a distribution is, and holds what others put in."""
    held = os.environ
    before = contents_of(lambda: held["RATE"])
    monkeypatch.setenv("RATE", "2")
    assert contents_of(lambda: held["RATE"]) != before


def test_what_it_does_not_reach_is_of_no_account(tmp_path: Path) -> None:
    text = "unused = c\none = claim(lambda x: 4 - 2 * x**2)"
    assert digest(written(tmp_path, text)) == digest(written(tmp_path, text, 5.0))


def test_every_process_finds_the_same(tmp_path: Path) -> None:
    paths = []
    for number, text in enumerate(REACHED.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(written(folder, text.replace("contents_beside", f"beside_{number}")))
        (folder / "contents_beside.py").rename(folder / f"beside_{number}.py")
    root = Path(__file__).parents[2]
    paths += map(str, sorted((root / "verify" / "examples").glob("*.py")))
    found = []
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", DIGESTS, *paths],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        found.append(ran.stdout.splitlines())
    assert found[0] == found[1]
    assert len(found[0]) > len(paths)
    assert len({line.split()[2] for line in found[0]}) == len(found[0])
    assert all(len(line.split()) == 3 for line in found[0])


UNREADABLE: dict[str, Callable[[], Any]] = {
    "generator": lambda: (n for n in (1, 2)),
    "lock": lambda: __import__("threading").Lock(),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_named(kind: str) -> None:
    value = UNREADABLE[kind]()
    found = contents_of(lambda: value)
    assert found.unread == kind
    assert found.digest


def test_what_comes_back_to_itself_ends() -> None:
    value: list[Any] = [1]
    value.append(value)
    other: list[Any] = [2]
    other.append(other)
    assert contents_of(value).digest != contents_of(other).digest


# What follows for a run that takes verdicts up again.

FAST = ("--tier", "generator", "--effort", "quick", "--workers", "1", "--resume")


def run(folder: Path, path: str) -> int:
    return cli.main(["run", path, *FAST, "--store", str(folder / "store")])


def test_a_run_takes_up_no_verdict_on_other_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = REACHED["a name of the module"]
    for c, code in ((4.0, 0), (5.0, 1), (4.0, 0)):
        assert run(tmp_path, written(tmp_path, text, c)) == code, c
    assert "kept" not in capsys.readouterr().err
    kept = list((tmp_path / "store" / "verdicts").iterdir())
    assert len(kept) == 2
    assert len(list((tmp_path / "store").glob("certificate-*.json"))) == 2
    # And the same data ask for nothing new.
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert run(tmp_path, written(tmp_path, text)) == 0
    assert before == {path: path.stat().st_mtime_ns for path in kept}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "many = (n for n in (4, 5))\none = claim(lambda x: 4 - 2 * x**2 + 0 * len([many]))",
            "one: judged anew, and its verdict is not kept: it reaches a value that cannot be "
            "read, a generator; give its functions numbers, texts or arrays",
        ),
        (
            "import time\nnow = time.time_ns()\none = claim(lambda x: 4 - 2 * x**2 + 0 * now)",
            "one: judged anew, and its verdict is not kept: a value that it reaches changed while "
            "claims were judged, as a dict that functions fill does, or is another each time that "
            "its file is executed; give random numbers a seed",
        ),
    ],
    ids=["unread", "moving"],
)
def test_what_is_not_sure_to_be_the_same_is_judged_anew_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    for _ in range(2):
        assert run(tmp_path, written(tmp_path, text)) == 0
        (line,) = [x for x in capsys.readouterr().err.splitlines() if "anew" in x]
        assert said in line
        assert not list((tmp_path / "store" / "verdicts").iterdir())


def test_a_claim_that_ends_its_process_is_not_said_to_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the values that it reached nothing is known then; its verdict is open, and not kept."""
    reference = Reference(claim="one", file=written(tmp_path, REACHED["a name of the module"]))
    monkeypatch.setattr(_Job, "judged", lambda job: job.lost("its process died twice"))
    said: list[str] = []
    store = Store(tmp_path / "store", said.append)
    (record,) = records([reference], Settings(tiers=("exact",), workers=1), store=store)
    assert not record.verdict.finished
    assert (said, store.kept) == ([], 0)
