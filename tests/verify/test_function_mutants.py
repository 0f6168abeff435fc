"""Wrong versions of claims of Python functions: all killed by every tier that can see them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.verify.test_functions import FLAT, NORMAL, clock, differential, logarithm, sign
from verify import ExpectationClaim, cli
from verify.mutants.of_functions import function_mutants

HEAD = """
import numpy as np
from verify import DifferentialClaim, NumericSDE
sde = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB)
good = DifferentialClaim(
    sde=sde, observable=lambda x: x, drift=lambda x: -x, martingale=lambda dB: dB
)
"""


def names(claim: Any) -> list[str]:
    return [mutant.name for mutant in function_mutants(claim)]


def test_every_stated_function_is_changed() -> None:
    assert names(logarithm()) == [
        "drift, twice", "drift, with the other sign", "drift, left out", "drift, and one more",
        "martingale, twice", "martingale, with the other sign", "martingale, left out",
    ]  # fmt: skip
    assert names(clock())[0] == "rate, twice"
    assert names(sign()) == ["sign: the other"]
    assert function_mutants(sign())[0].changes == {"sign": "<="}


def test_a_change_that_changes_no_value_is_no_mutant() -> None:
    claim = differential(FLAT, lambda x: x, lambda x: 0 * x, lambda dB: dB)
    assert names(claim)[0] == "drift, and one more"
    assert len(names(claim)) == 4


def test_a_wrong_value_keeps_the_names_of_its_arguments() -> None:
    claim = ExpectationClaim(
        id="c", sde=NORMAL, observable=lambda x: x, value=lambda x, t: x * np.exp(-t), horizon=1
    )
    twice = function_mutants(claim)[0].changes["value"]
    assert twice(3.0, 0.0) == 6.0
    assert names(claim)[-1] == "value, and one more"


@pytest.mark.parametrize(("text", "code"), [("", 0), ("bad = 1 / 0\n", 2)])
def test_the_kill_table_of_a_file(
    text: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + text)
    given = ["mutants", str(path), "--tier", "generator", "--effort", "quick", "--workers", "1"]
    assert cli.main(given) == code
    out, err = capsys.readouterr()
    assert re.search(r"[1-9] kills, 0 survivors", out)
    assert ("ZeroDivisionError" in err) == (code == 2)


def test_a_claim_with_an_error_is_a_defect_and_the_others_are_tabled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        HEAD + "bad = DifferentialClaim(sde=sde, observable=lambda x: np.log(x), drift=0)\n"
    )
    given = ["mutants", str(path), "--tier", "generator", "--effort", "quick", "--workers", "1"]
    assert cli.main(given) == 1
    out = capsys.readouterr().out
    assert re.search(r"[1-9] kills, 0 survivors", out)
    assert "bad: observable (line" in out
    assert "returned nan" in out
