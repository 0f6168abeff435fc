"""The public face: check, the names of the package, the template, the guide to claims."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import verify
from tests.architecture.test_import_directions import loaded
from verify import cli
from verify.errors import ClaimError, UsageError
from verify.outside.files import read
from verify.outside.template import TEMPLATE

GUIDE = Path(verify.__file__).parent / "CLAIMS.md"

SDE = verify.NumericSDE(states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB)


def square(rate: float = 1.0, **more: Any) -> Any:
    return verify.DifferentialClaim(
        sde=SDE,
        observable=lambda x: x**2,
        drift=lambda x: rate - 2 * x**2,
        martingale=lambda x, dB: 2 * x * dB,
        **more,
    )


# check


def test_a_right_claim_agrees() -> None:
    verdict = verify.check(square(), effort="quick")
    assert verdict.agrees, str(verdict)
    assert verdict.status is verify.Status.AGREES
    assert verdict.claim == "claim"


def test_a_verdict_is_true_where_it_agrees() -> None:
    """So that ``assert check(claim)`` is no test that passes whatever is claimed."""
    tiers = ("generator",)
    assert verify.check(square(), effort="quick", tiers=tiers)
    assert not verify.check(square(2.0), effort="quick", tiers=tiers)
    nothing = verify.check(square(), effort="quick", tiers=("path",))
    assert nothing.status is verify.Status.NOT_APPLICABLE
    assert not nothing


def test_a_failure_says_why_in_the_words_of_the_tiers() -> None:
    verdict = verify.check(square(2.0, id="mine"), effort="quick", tiers=("generator", "one-step"))
    assert not verdict.agrees
    lines = str(verdict).splitlines()
    assert lines[0] == "mine: DISAGREES"
    assert lines[1].startswith("    generator DISAGREES: drift: 0.")
    assert lines[2].startswith("    one-step DISAGREES: ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (3, "claim: got int; give a claim"),
        (verify.DifferentialClaim, "claim: got type"),
        (verify.Theorem(id="t", title="", source="", claims=()), "got the theorem t; give one of"),
    ],
)
def test_what_is_no_claim_is_refused(given: Any, said: str) -> None:
    with pytest.raises(ClaimError, match=said):
        verify.check(given)


def test_settings_are_those_of_a_run() -> None:
    with pytest.raises(UsageError, match="tier=paths"):
        verify.check(square(), tiers=("paths",))
    with pytest.raises(UsageError, match="effort=fast"):
        verify.check(square(), effort="fast")


def test_a_function_that_does_not_end_is_stopped() -> None:
    def endless(x: Any) -> Any:
        while True:
            try:
                x = np.sin(x)
            except Exception:  # noqa: BLE001 - what users write
                continue

    claim = verify.DifferentialClaim(sde=SDE, observable=endless, drift=0)
    with pytest.raises(ClaimError, match="stopped after the time limit"):
        verify.check(claim, time_limit=0.3)


def test_a_claim_without_sizes_is_not_applicable() -> None:
    from sympy import Ge

    from derivations import Brownian, MatrixSDE, State, dims, tr

    n, m = dims("n m")
    X, B = State("X", n, m), Brownian("B", n, m)
    never = verify.Assumption(text="n is larger than itself", condition=Ge(n, m + 1))
    also = verify.Assumption(text="m is larger", condition=Ge(m, n))
    claim = verify.DifferentialClaim(
        sde=MatrixSDE({X: B.d}), observable=tr(X * X.T), drift=n * m, assumptions=(never, also)
    )
    assert verify.check(claim).status == verify.Status.NOT_APPLICABLE


# The names


def test_every_public_name_is_there() -> None:
    assert [name for name in verify.__all__ if getattr(verify, name, None) is None] == []
    assert sorted(verify.__all__) == dir(verify)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = verify.nothing


def test_importing_the_package_loads_nothing() -> None:
    modules = loaded("import verify")
    assert not modules & {"sympy", "numpy", "derivations", "numerics", "click"}


# The template


def test_the_template_is_written_once_and_agrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    assert cli.main(["new", str(path)]) == 0
    assert f"python -m verify run {path}" in capsys.readouterr().out
    assert path.read_text() == TEMPLATE
    found = read(str(path))
    assert not found.troubles
    assert len(found.claims) == 3
    for claim in found.claims:
        verdict = verify.check(claim, effort="quick")
        assert verdict.agrees, str(verdict)
    path.write_text("mine")
    assert cli.main(["new", str(path)]) == 2
    assert "is there already; give the name of a new file" in capsys.readouterr().err
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine.txt", "give a name that ends with .py"),
        ("no/such/folder/mine.py", "cannot be written (No such file or directory)"),
    ],
)
def test_the_template_is_not_written_anywhere(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err


def test_a_mistake_in_the_template_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(TEMPLATE.replace("sigma**2 / 2", "sigma**2").replace("n * m -", "n * n -"))
    squared_norm, logarithm, _ = read(str(path)).claims
    for claim in (squared_norm, logarithm):
        verdict = verify.check(claim, effort="quick", tiers=("generator",))
        assert verdict.status == verify.Status.DISAGREES


# The guide


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(blocks())))
def test_every_block_of_the_guide_runs_and_its_claims_agree(number: int, tmp_path: Path) -> None:
    path = tmp_path / "block.py"
    path.write_text(blocks()[number], encoding="utf-8")
    found = read(str(path))
    assert not found.troubles
    assert found.claims
    for claim in found.claims:
        verdict = verify.check(claim, effort="quick")
        assert verdict.agrees, str(verdict)


def test_the_guide_names_every_claim() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    classes = [name for name in verify.__all__ if name.endswith("Claim")]
    assert len(classes) > 10
    assert [name for name in classes if f"`{name}`" not in text] == []
    assert "It is executed" in text
