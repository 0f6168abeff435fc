"""Claim files: what is found in them, and one message for everything that can be wrong."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verify import cli
from verify.errors import UsageError
from verify.loading import claim_of, is_file, references
from verify.outside.files import read
from verify.runs.strangers import MOST

HEAD = """
import numpy as np
from verify import Assumption, DifferentialClaim, IdentityClaim, NumericSDE, Theorem
sde = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB)
def claim(**changes):
    stated = dict(sde=sde, observable=lambda x: x, drift=lambda x: -x, martingale=lambda dB: dB)
    return DifferentialClaim(**{**stated, **changes})
good = claim()
"""
LINE = HEAD.count("\n") + 1
QUICK = ("--tier", "generator", "--effort", "quick", "--workers", "1")


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str, name: str = "mine.py", head: str = HEAD) -> str:
        path = tmp_path / name
        path.write_text(head + text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(autouse=True)
def _kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# What is found.


def test_every_value_that_is_a_claim_is_found_once(written: Any) -> None:
    text = """
several = [claim(), (claim(), claim(id="named"))]
by_name = {"a": claim(), "b": [claim()]}
again = good
_base = claim()
theorem_of_two = Theorem(id="two", title="", source="", claims=(claim(), claim(id="two.second")))
number = 3
"""
    found = read(written(text))
    assert not found.troubles
    assert [c.id for c in found.claims] == [
        "good", "several.1", "several.2.1", "named", "by_name.a", "by_name.b.1", "two.1",
        "two.second",
    ]  # fmt: skip


def test_names_that_are_not_written_count_as_well(written: Any) -> None:
    text = """
for i in (1, 2):
    globals()[f"loop{i}"] = claim()
vars()["by_vars"] = claim()
def make():
    global inside
    inside = claim()
    globals()["_base"] = claim()
make()
exec("executed = claim()")
from beside_of_all import *
for i in (3, 4):
    globals()[f"loop{i}"] = claim(drift=(lambda x: -x, 1 / (4 - i))[0])
globals()["not a name"] = claim()
last = claim()
"""
    written(
        "from verify import IdentityClaim\n"
        "imported = IdentityClaim(left=lambda x: x, right=lambda x: x, arguments={'x': ()})\n",
        "beside_of_all.py",
        "",
    )
    found = read(written(text))
    assert [c.id for c in found.claims] == [
        "good", "loop1", "loop2", "by_vars", "inside", "executed", "imported", "loop3", "last",
    ]  # fmt: skip
    division, name = found.troubles
    assert "division by zero" in division
    assert "id 'not a name': give letters" in name
    by_line = {c.id: c.source for c in found.claims}
    assert by_line["inside"] == f"mine.py, line {LINE + 8}"


def test_a_function_theorem_is_called(written: Any) -> None:
    text = "def theorem(): return Theorem(id='t', title='', source='', claims=(claim(id='t'),))"
    assert [c.id for c in read(written(text)).claims] == ["good", "t"]


def test_a_claim_has_a_title_and_a_source_of_its_own(written: Any) -> None:
    (found,) = read(written("")).claims
    assert (found.id, found.title) == ("good", "good")
    assert found.source == f"mine.py, line {LINE - 1}"


def test_data_classes_futures_and_neighbours_work(written: Any, tmp_path: Path) -> None:
    written("HALF = 0.5\n", "neighbour.py", head="")
    text = """from __future__ import annotations
from dataclasses import dataclass
from neighbour import HALF
@dataclass
class Setting:
    size: NotDefinedAnywhere = HALF
setting = Setting()
"""
    found = read(written(HEAD, head=text))
    assert not found.troubles
    assert [c.id for c in found.claims] == ["good"]


def test_neighbours_of_one_name_belong_each_to_its_own_file(tmp_path: Path) -> None:
    # What one file has imported must not be what the next one finds.
    for folder, value in (("first", "1"), ("second", "2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sharing.py").write_text(f"VALUE = {value}\n")
        text = "from sharing import VALUE\nmine = claim(title=str(VALUE))\n"
        (tmp_path / folder / "mine.py").write_text(HEAD + text)
        found = read(str(tmp_path / folder / "mine.py"))
        assert [c.title for c in found.claims if c.id == "mine"] == [value]


def test_what_a_file_prints_is_not_among_the_results(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written("print('heard')")
    assert cli.main([path, *QUICK, "--json", "-"]) == 0
    out, err = capsys.readouterr()
    assert "heard" not in out
    assert err.count("heard") == 1


def test_what_a_function_prints_is_not_among_the_results_either(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written("def f(x):\n    print('heard')\n    return -x\nother = claim(drift=f)")
    assert cli.main([path, *QUICK, "--json", "-"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)["verdicts"]) == 2
    assert "heard" in err


def test_of_a_flood_of_prints_the_beginning_is_heard(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written("for i in range(100_000): print('flood')")
    assert len(read(path).claims) == 1
    err = capsys.readouterr().err
    assert 0.9 * MOST < len(err) < 1.1 * MOST
    assert err.endswith("and more, which is left out\n")
    read(path, silent=True)
    assert capsys.readouterr().err == ""


def test_the_working_folder_is_put_back(written: Any, tmp_path: Path) -> None:
    read(written("import os\nos.chdir('/')"))
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    "statement", ["os.fork()", "os.fork() or 1 / 0", "def theorem(): os.fork()"]
)
def test_a_copy_that_a_file_makes_of_the_process_ends(
    statement: str, written: Any, tmp_path: Path
) -> None:
    path = written(f"import os\n{statement}\nafter = claim()")
    assert {c.id for c in read(path).claims} == {"good", "after"}
    # A copy that went on would come here too.
    (tmp_path / str(os.getpid())).write_text("")
    with contextlib.suppress(ChildProcessError):
        os.wait()
    assert len([p for p in tmp_path.iterdir() if p.name.isdigit()]) == 1


def test_claims_of_generators_that_are_gone_hide_no_others(written: Any) -> None:
    text = "".join(f"g{i} = (claim() for _ in range(3))\n" for i in range(50))
    assert len(read(written(text)).claims) == 151


def test_a_worker_finds_the_same_claim(written: Any) -> None:
    path = written("other = claim(drift=0)")
    (_, reference) = references([path])
    assert reference.file == path
    assert claim_of(reference).drift == 0


@pytest.mark.parametrize("given", ["mine.py", "./mine.py", "../{folder}/mine.py"])
def test_paths_may_be_relative(written: Any, given: str, tmp_path: Path) -> None:
    written("")
    assert len(references([given.format(folder=tmp_path.name)])) == 1


def test_ids_and_files_are_told_apart(written: Any) -> None:
    assert is_file(written(""))
    assert is_file("not_there.py")
    assert not is_file("balancedness")


# What is wrong with a file, each in one message; `good` is still judged.

SYMBOLS = (
    "from derivations import Brownian, DifferentialClaim, ExpectationClaim, MatrixSDE, State; "
    "W = Brownian('W'); "
)

STATEMENTS = {
    "an exception": ("1 / 0", "ZeroDivisionError: division by zero"),
    "an exception without words": ("raise ValueError", "ValueError: without a word"),
    "a missing name": ("x = missing", "NameError: name 'missing' is not defined"),
    "a missing module": ("import not_there_at_all", "No module named 'not_there_at_all'"),
    "a missing import": ("from verify import Nothing", "cannot import name 'Nothing'"),
    "the end of the program": ("exit(0)", "SystemExit: it ends the program"),
    "syntax": ("x = = 3", "SyntaxError: invalid syntax"),
    "an open bracket": ("x = (1,", re.escape("SyntaxError: '(' was never closed")),
    "indentation": ("  x = 1", "SyntaxError: unexpected indent"),
    "no system": (
        "c = DifferentialClaim(observable=lambda x: x, drift=0)",
        "DifferentialClaim: sde missing; it needs sde",
    ),
    "a misspelt field": ("c = claim(drfit=0)", "it has no field 'drfit'; did you mean drift?"),
    "an unknown field": ("c = claim(colour=0)", "it has no field 'colour'; there are id, title"),
    "no names of fields": ("c = DifferentialClaim(sde, 0, 0)", "give everything by name, such as"),
    "a system of another type": ("c = claim(sde='dx = dB')", "c: sde: got 'dx = dB'; give a Mat"),
    "no system after all": ("c = claim(sde=None)", "c: sde: got None; give a MatrixSDE"),
    "text for an expression": ("c = claim(drift='-x')", "c: drift: got the text '-x'"),
    "an assumption alone": ("c = claim(assumptions=lambda x: x)", "give a tuple of Assumption"),
    "no status": ("c = claim(expected='TRUE')", "c: expected: got 'TRUE'; give one of AGREES"),
    "the same id": ("c = claim(id='good')", rf"c: id 'good': the claim of line {LINE - 1} has it"),
    "an id of two words": ("c = claim(id='a b')", "id 'a b': give letters, digits"),
    "a title that is a number": ("c = claim(title=3)", "title: got 3; give a text"),
    "a system that fails": (
        "s = NumericSDE(states={'x': ()}, drift=lambda y: y)",
        "drift of x .*its argument 'y' is no name",
    ),
    "shapes": (
        "from derivations import *; n, m = dims('n m'); X = State('X', n, m); c = tr(X)",
        "X is n x m, it must be square",
    ),
    "a function where there are none": (
        "from derivations import *; x = State('x'); p = density('p', x); f = FokkerPlanckClaim("
        "sde=MatrixSDE({x: x * dt}), density=p, right=lambda x: x)",
        "an expression in symbols is needed here",
    ),
    "a theorem that raises": ("def theorem(): return 1 / 0", "ZeroDivisionError"),
    "a generator that raises": ("g = (1 / n for n in (0,))", "ZeroDivisionError"),
    "recursion": ("def f(): return f()\nf()", "RecursionError"),
    "a list in itself": ("within = []\nwithin.append(within)", "RecursionError"),
    "an error that fails to speak": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "E: without a word",
    ),
    "an error of no usual kind": ("class E(BaseException): pass\nraise E('x')", "E: x"),
    "a theorem with such an error": (
        "class E(BaseException): pass\ndef theorem(): raise E('x')",
        "E: x",
    ),
    "an error that acts on a terminal": (
        "raise ValueError('a\\x1b[2J\\nb')",
        r"ValueError: a\[2J b$",
    ),
    "an id that is a number": ("c = claim(id=3)", "^c: id 3: give letters, digits, dots, d"),
    "an id of two lines": ("c = claim(id='a\\nb')", r"c: id 'a\\nb': give letters"),
    "an id of a thousand letters": ("c = claim(id='x' * 1000)", "c: id 'xx.*...: give letters, "),
    "half of a character": ("c = claim(title='\\ud800')", r"title: got '\\ud800', with half a ch"),
    "a mutant that acts on a terminal": (
        "from verify import Mutant\nc = claim(mutants=(Mutant(name='a\\x1b[2J', mistake='', "
        "changes={}),))",
        r"c: mutants: got 'a\\x1b\[2J'; give words that can be printed",
    ),
    "a mutant without a name": (
        "from verify import Mutant\nc = claim(mutants=(Mutant(name=3, mistake='', changes={}),))",
        "c: mutants: got 3; give words that can be printed",
    ),
    "reasons that are none": ("c = claim(inapplicable=3)", "inapplicable: got 3; give the reasons"),
    "a state called as the time": (
        f"{SYMBOLS}t = State('t'); c = DifferentialClaim(sde=MatrixSDE({{t: W.d}}), observable=t, "
        "drift=0, martingale=W.d)",
        "c: sde: the state t has the name of the time; rename it",
    ),
    "a value that is not as declared": (
        f"{SYMBOLS}y = State('y', positive=True); c = ExpectationClaim(sde=MatrixSDE({{y: W.d}}), "
        "observable=y, value=-1, horizon=1, values={y: -1})",
        "c: values: y = -1 is not positive, as it is declared",
    ),
    "an exact value that is not as declared": (
        f"{SYMBOLS}y = State('y', positive=True); from sympy import Rational; c = "
        "ExpectationClaim(sde=MatrixSDE({y: W.d}), observable=y, value=1, horizon=1, "
        "values={y: -Rational(1, 2)})",
        "c: values: y = -1/2 is not positive, as it is declared",
    ),
    "values without names": (
        f"{SYMBOLS}y = State('y'); c = ExpectationClaim(sde=MatrixSDE({{y: W.d}}), observable=y, "
        "value=-1, horizon=1, values=3)",
        "c: values: got 3; give values by states and parameters",
    ),
    "two arguments of one name": ("def f(x, x): pass", "SyntaxError: duplicate argument 'x'"),
    "an argument that is global": ("def f(x):\n    global x", "SyntaxError: name 'x' is parameter"),
    "a name of no function around": ("nonlocal x", "SyntaxError: nonlocal declaration not allowed"),
    "a sum of thousands of terms": (
        f"big = {' + '.join(['1'] * 6000)}",
        "^RecursionError: nested too deeply; split it into several statements$",
    ),
    "a thousand terms": (f"big = {' + '.join(['1'] * 2000)}", "^RecursionError: "),
    "thousands of signs": (f"big = {'-' * 6000}1", "nested too deeply; split it into several"),
    "thousands of parts": (f"big = good{'.id' * 6000}", "nested too deeply; split it into several"),
    "a status that is a list": ("c = claim(expected=[])", "c: TypeError"),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_a_wrong_statement_costs_one_line_and_the_others_count(case: str, written: Any) -> None:
    text, said = STATEMENTS[case]
    path = written(text + "\nafter = claim()\n")
    found = read(path)
    assert len(found.troubles) == 1
    (trouble,) = found.troubles
    line = re.escape(path) + r", line (\d+): (.*)"
    where = re.fullmatch(line, trouble)
    assert where is not None, trouble
    assert re.search(said, where[2]), trouble
    assert LINE <= int(where[1]) <= LINE + text.count("\n")
    assert [c.id for c in found.claims] == ["good", "after"]


@pytest.mark.parametrize(("kink", "said"), [
    ("Max(x, 0)", "np.maximum"), ("Min(x, 1)", "np.minimum"),
    ("Piecewise((x, x > 0), (0, True))", "np.where"),
])  # fmt: skip
def test_a_kink_that_cannot_be_printed_can_be_a_function(
    kink: str, said: str, written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"""
from derivations import Brownian, ExpectationClaim, MatrixSDE, State
from sympy import Max, Min, Piecewise
x, W = State("x"), Brownian("W")
kinked = ExpectationClaim(sde=MatrixSDE({{x: W.d}}), observable={kink}, value=1, horizon="1/2")
"""
    path = written(text)
    assert cli.main([f"{path}:kinked", "--tier", "path", "--workers", "1"]) == 2
    (line,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith("kinked: "))
    assert "no kernel can be printed for" in line
    assert f"give a Python function, such as lambda x: {said}" in line


def test_a_number_as_text_is_exact_or_told(written: Any) -> None:
    text = """
from verify import ExpectationClaim
half = ExpectationClaim(sde=sde, observable=lambda x: x, value=0, horizon="1/2")
none = ExpectationClaim(sde=sde, observable=lambda x: x, value=0, horizon="half")
less = ExpectationClaim(sde=sde, observable=lambda x: x, value=0, horizon="2", relevant="1/9")
past = ExpectationClaim(sde=sde, observable=lambda x: x, value=0, horizon="-1")
"""
    found = read(written(text))
    half, less = found.claims[1:]
    assert [str(c.horizon) for c in (half, less)] == ["1/2", "2"]
    assert less.relevant == pytest.approx(1 / 9)
    first, second = found.troubles
    assert "none: horizon: got the text 'half'; give a number" in first
    assert ": past: horizon=-1: give a finite time above 0" in second


def test_an_error_inside_a_function_names_both_lines(written: Any) -> None:
    (trouble,) = read(written("c = claim(drfit=0)")).troubles
    assert f"line {LINE}: DifferentialClaim: it has no field 'drfit'" in trouble
    assert trouble.endswith(f"(in line {LINE - 2})")


def test_names_that_are_lost_are_told_where_they_were_lost(written: Any) -> None:
    found = read(
        written("""
flat = NumericSDE(states={"x": ()}, drift=1 / 0)
first = claim(sde=flat)
second = [first, claim()]
third = second[0]
print(third)
""")
    )
    (trouble,) = found.troubles
    assert trouble.endswith(
        f"line {LINE + 1}: ZeroDivisionError: division by zero; lost with it: first (line "
        f"{LINE + 2}), second (line {LINE + 3}), third (line {LINE + 4}), a statement (line "
        f"{LINE + 5})"
    )
    assert [c.id for c in found.claims] == ["good"]


def test_an_import_of_everything_that_fails_explains_every_name(written: Any) -> None:
    text = "from not_there_at_all import *\nx = State('x')\ny = dims('y')\n"
    (trouble,) = read(written(text)).troubles
    assert f"lost with it: x (line {LINE + 1}), y (line {LINE + 2})" in trouble


def test_a_name_that_a_function_of_a_system_lacks_is_told_too(written: Any) -> None:
    text = "half = 1 / 0\ns = NumericSDE(states={'x': ()}, drift=lambda x: half * x)\n"
    (trouble,) = read(written(text)).troubles
    assert f"lost with it: s (line {LINE + 1})" in trouble


def test_generators_are_read_and_settings_of_numpy_put_back(written: Any) -> None:
    before = np.geterr()
    found = read(written("np.seterr(all='raise')\nmore = (claim() for _ in range(2))"))
    assert [c.id for c in found.claims] == ["good", "more.1", "more.2"]
    assert np.geterr() == before


def test_a_text_goes_on_after_its_line_breaks(written: Any) -> None:
    (found,) = read(written("good = claim(title='a\u2028b\x0cc')")).claims
    assert found.title == "a b c"


def test_a_name_that_is_made_again_is_not_lost(written: Any) -> None:
    found = read(written("flat = 1 / 0\nflat = sde\nfirst = claim(sde=flat)"))
    assert [c.id for c in found.claims] == ["good", "first"]
    assert len(found.troubles) == 1


def test_the_line_of_a_statement_that_is_no_python_explains_what_is_lost(written: Any) -> None:
    (trouble,) = read(written("flat = = 3\nfirst = claim(sde=flat)")).troubles
    assert f"line {LINE}: SyntaxError: invalid syntax; lost with it: first" in trouble


def test_a_file_that_is_no_python_is_one_message(written: Any) -> None:
    found = read(written("this is not Python, it's prose\n" * 9, head=""))
    assert not found.claims
    assert len(found.troubles) == 1


LOOPS = {
    "plain": "while True: pass",
    "except Exception": "while True:\n    try: pass\n    except Exception: pass",
    "bare except": "while True:\n    try: pass\n    except: pass",
    "nested": "def f():\n    try: f.n = 1\n    except BaseException: pass\nwhile True: f()",
    "theorem": "def theorem():\n    while True: pass",
}


@pytest.mark.parametrize("case", LOOPS)
def test_a_statement_that_does_not_end_is_stopped(case: str, written: Any) -> None:
    path = written(LOOPS[case] + "\nafter = claim()\n")
    started = time.perf_counter()
    found = read(path, limit=0.2)
    assert time.perf_counter() - started < 10
    (trouble,) = found.troubles
    assert "stopped after the time limit of 0.2 s; is there a loop that does not end?" in trouble
    assert [c.id for c in found.claims] == ["good", "after"]
    started = time.perf_counter()
    assert len(read(path, limit=5.0, without=found.endless).claims) == 2
    assert time.perf_counter() - started < 5


# What is no file of claims.


def refused(path: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_read_is_said(written: Any, tmp_path: Path) -> None:
    assert refused("nowhere.py") == "nowhere.py: there is no such file"
    assert "is a folder; give a file of claims" in refused(str(tmp_path))
    assert "give it a name that ends with .py" in refused(written("", "mine.txt"))
    path = tmp_path / "binary.py"
    path.write_bytes(b"\xff\xfe\x00x")
    assert "not a text in UTF-8" in refused(str(path))
    path.write_bytes(b"x = 1\x00")
    assert len(read(str(path)).troubles) == 1


def test_what_may_not_be_read_is_said(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tokenize, "open", denied)
    assert "cannot be read (Permission denied)" in refused(written(""))


@pytest.mark.parametrize("text", ["", "# nothing\n", "x = 1\n", "_hidden = None\n"])
def test_a_file_without_a_claim_says_so(written: Any, text: str) -> None:
    (trouble,) = read(written(text, head="")).troubles
    assert (
        "no claim in it; assign one to a name, as in the file that python -m verify new" in trouble
    )


def test_all_files_of_a_folder_may_be_named_at_once(written: Any, tmp_path: Path) -> None:
    written('"""A folder of claims."""\n', "__init__.py", head="")
    written("")
    assert cli.main([*map(str, sorted(tmp_path.glob("*.py"))), *QUICK]) == 0


# The command line.

SECOND = "bad = claim(observable=lambda x: np.log(x))\nwrong = claim(drift=0)\n"


def test_errors_end_with_2_and_verdicts_are_given_all_the_same(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written("1 / 0\n" + SECOND)
    assert cli.main([path, *QUICK]) == 2
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert err == f"verify: {path}, line {LINE}: ZeroDivisionError: division by zero\n"
    assert re.search(r"good .* AGREES", out)
    assert re.search(r"bad .* ERROR", out)
    assert re.search(r"wrong .* DISAGREES", out)
    assert re.search(
        r"^bad: observable \(line \d+\): f\(x: \(\)\) returned nan at x = -", out, re.M
    )
    assert "1 AGREES, 1 DISAGREES, 1 ERROR" in out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        ("wrong = claim(drift=0)\n", 1),
        ("wrong = claim(drift=0, expected='DISAGREES')\n", 0),
        (SECOND, 2),
        ("1 / 0\n", 2),
    ],
)
def test_the_exit_code(written: Any, text: str, code: int) -> None:
    assert cli.main([written(text), *QUICK]) == code


def test_json_holds_the_errors(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert cli.main([written("1 / 0\n" + SECOND), *QUICK, "--json", "-"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == 2
    assert "ZeroDivisionError" in found["errors"][0]
    by_name = {verdict["claim"]: verdict for verdict in found["verdicts"]}
    assert "returned nan" in by_name["bad"]["error"]
    assert by_name["bad"]["as_expected"] is False
    assert "error" not in by_name["good"]


def test_an_error_never_passes_as_expected(written: Any) -> None:
    path = written("bad = claim(observable=lambda x: np.log(x), expected='INCONCLUSIVE')\n")
    assert cli.main([path, *QUICK]) == 2


def test_list_and_explain_take_files(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = written("1 / 0\n")
    assert cli.main(["list", path]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("good\n")
    assert "ZeroDivisionError" in err
    assert cli.main(["explain", path]) == 2
    out, err = capsys.readouterr()
    assert "drift of x = -x" in out
    assert "martingale part = dB" in out
    assert "there is nothing to derive from" in out
    assert "ZeroDivisionError" in err


def test_an_assumption_in_words_alone_is_no_obstacle(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        SYMBOLS
        + """
y = State("y")
words = (Assumption(text="in words", condition=None), Assumption(text="positive", condition=y > 0))
stated = dict(sde=MatrixSDE({y: W.d}), assumptions=words)
square = DifferentialClaim(**stated, observable=y**2, drift=1, martingale=2 * y * W.d)
"""
    )
    path = written(text)
    assert cli.main(["explain", f"{path}:square"]) == 0
    out, err = capsys.readouterr()
    assert "Derivation" in out
    assert "in words" in out
    assert err == ""


def test_explain_names_functions_that_are_no_single_expression(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "def pull(x):\n    y = -x\n    return y\nother = claim(drift=pull)\n"
    assert cli.main(["explain", written(text)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"drift = pull(x), line {LINE}" in shown


def test_a_file_of_claims_that_cannot_be_derived_explains_the_others(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
from derivations import MatrixSDE, State, dims, dt
from derivations import Brownian, tr, logdet
n, m = dims("n m")
X, B = State("X", n, m), Brownian("B", n, m)
symbolic = DifferentialClaim(sde=MatrixSDE({X: B.d}), observable=logdet(X * X.T), drift=0)
after = claim()
"""
    code = cli.main(["explain", written(text)])
    out, err = capsys.readouterr()
    assert "good: good" in out
    assert "after: after" in out
    assert (code == 2) == ("symbolic" in err)
