"""Expositions: every rule has words, files are read as they were written, lines fit."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from derivations.arrival import ARRIVAL
from derivations.catalogue import find, names
from derivations.derive import COMPARED
from derivations.displays import aligned, chain
from derivations.exposition import (
    Exposition,
    Mathematics,
    Row,
    StepShown,
    expositions_text,
    read_expositions,
)
from derivations.expounding import expound, stated
from derivations.rules import in_words
from derivations.typesetting import formula_lines, letters, width_of, words
from derivations.wrapping import bracketed, joined, unicode_lines
from tests.architecture.imports import ROOT
from tests.derivations.codegen_theorem import differential, theorem, time_change

GENERATED = ROOT / "derivations" / "generated" / "expositions"
ALL = {
    shown.id: shown
    for name in names()
    for shown in read_expositions(GENERATED / f"{name}.json").values()
}


def test_every_claim_of_the_catalogue_has_one() -> None:
    from derivations.catalogue import claims

    assert set(ALL) == {claim.id for claim in claims()}


def unexplained(shown: Exposition) -> list[str]:
    return [
        step.rule
        for step in shown.steps
        if not (step.words and (step.rule == ARRIVAL or in_words(step.rule).endswith(".")))
    ]


@pytest.mark.parametrize("name", ALL)
def test_every_rule_has_words(name: str) -> None:
    assert not unexplained(ALL[name])


def test_a_rule_without_words_is_noticed() -> None:
    shown = ALL["label_noise_determinant"]
    planted = replace(shown.steps[0], rule="by magic", words=in_words("by magic"))
    assert unexplained(replace(shown, steps=(planted,))) == ["by magic"]


def test_an_expansion_says_how_such_a_thing_is_expanded() -> None:
    rule = "Itô's formula: expansion to second order"
    assert "perturbation" in in_words(rule, "d(λ_i)")
    assert "perturbation" not in in_words(rule, "d(x²)")
    assert "Sylvester" not in in_words("left side in normal form")
    assert "BA" in in_words(
        "left side in normal form (Sylvester's identity det(I + AB) = det(I + BA))"
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = ROOT / "derivations" / "generated" / "expositions" / "collision.json"
    found = read_expositions(path)
    again = expositions_text(found.values(), "x")
    target = tmp_path / "again.json"
    target.write_text(again, encoding="utf-8")
    assert read_expositions(target) == found
    assert expositions_text(found.values(), "x") == again


def test_what_is_generated_is_what_is_made() -> None:
    for name in ("discrete_determinant.mean_square", "noise_algebra", "time_change.general"):
        assert expound(find(name)) == ALL[name]


def test_the_derivation_is_a_chain() -> None:
    rows = [row for _, row in chain(ALL["label_noise_determinant"])]
    assert rows[0].left is not None
    assert rows[0].left.unicode.startswith("d(log det")
    assert [row.left.unicode for row in rows[1:] if row.left] == [""] * 2
    assert rows[-1].right.unicode == "-2 k tr(C) dt"


def test_a_changed_system_is_written_in_its_own_time() -> None:
    shown = ALL["time_change.general"]
    (passage,) = [p for p in shown.declared if "new time" in p.title]
    assert "dτ" in passage.rows[0].right.unicode
    assert "dt" not in passage.rows[0].right.unicode
    assert r"\mathrm{d}\tau" in passage.rows[0].right.latex
    assert stated(time_change()).steps == ()


def test_moments_are_equations_of_means() -> None:
    step = next(s for s in ALL["bessel.moments"].steps if s.rule.startswith("dE["))
    assert step.before.unicode.startswith("dE[")


def test_signs_and_orders_have_their_relation() -> None:
    relations = {step.relation for shown in ALL.values() for step in shown.steps}
    assert {"=", "≈", "≥", "≤", "<"} == relations


def test_a_derivation_ends_in_the_form_that_is_stated() -> None:
    shown = expound(find("first_layer_eigenvalues"))
    assert shown.steps[-1].rule == ARRIVAL
    stated_form = shown.declared[1].rows[0].right.unicode
    drift = stated_form.split(") dt")[0]
    assert drift in shown.steps[-1].after.unicode
    wrong = expound(replace(differential(), drift=differential().drift + 1))
    assert all(step.rule != ARRIVAL for step in wrong.steps)


def test_no_step_changes_nothing_without_saying_so() -> None:
    for shown in ALL.values():
        for before, step in pairwise(shown.steps):
            idle = step.relation == "=" and before.after == step.before == step.after
            assert not idle or step.rule == COMPARED


def test_a_wrong_statement_shows_the_difference_and_a_right_one_none() -> None:
    right = expound(differential())
    assert not right.differences
    wrong = expound(replace(differential(), drift=differential().drift + 1))
    assert [p.rows[0].right.unicode for p in wrong.differences] == ["-1"]
    assert len(theorem().claims) > 1


# Lines.

LONG = [(name, step) for name, shown in ALL.items() for step in shown.steps]


def test_long_formulas_fit_forty_columns_and_lose_nothing() -> None:
    for name, step in LONG:
        formula = step.after.unicode
        lines = unicode_lines(formula, 34, 34)
        assert max(map(len, lines)) <= 34, (name, lines)
        assert "".join(lines).replace(" ", "") == formula.replace(" ", ""), name


def test_no_line_of_a_formula_ends_inside_a_name() -> None:
    for _, step in LONG[::7]:
        known = set(re.findall(r"\w+", step.after.unicode))
        lines = unicode_lines(step.after.unicode, 34, 34)
        assert {name for line in lines for name in re.findall(r"\w+", line)} <= known


def test_lines_of_latex_are_balanced_and_fit() -> None:
    for name, step in LONG:
        for line in formula_lines(step.after.latex, 400.0, 380.0):
            opened, closed = (len(re.findall(rf"\\{x}(?![a-z])", line)) for x in ("left", "right"))
            assert opened == closed, (name, line)
            assert line.count("{") == line.count("}"), (name, line)
            assert width_of(line) < 430.0, (name, line)


def test_one_too_wide_is_noticed() -> None:
    assert len(unicode_lines("abcdefghijklmnop + b", 10, 10)[0]) > 10
    assert width_of(r"\operatorname{tr}\left(" + "W" * 60 + r"\right)") > 430.0


def test_sums_and_brackets() -> None:
    assert joined(["a", "-b", "c"]) == "a - b + c"
    assert bracketed("f(a + b)") == "f(a + b)"
    assert bracketed(r"a_{1} + b", latex=True) == r"\left(a_{1} + b\right)"


def test_rows_are_aligned() -> None:
    x = Mathematics(unicode="x", latex="x")
    rows = [Row(left=x, right=x), Row(words="drift", right=x, note="a note"), Row(right=x)]
    assert aligned(rows, 400) == ["x &= x", r"\text{drift} &= x\text{, a note}", "&x"]
    source = Mathematics(unicode="a_b % {c}", source=True)
    assert aligned([Row(right=source)], 400) == [r"&\texttt{a\_b \% \{c\}}"]


@pytest.mark.parametrize("name", ["a{b}", r"\input", "x%", "a$b", "θ", "a^b", "a&b", "😀", "a b"])
def test_names_of_letters_cannot_be_commands(name: str) -> None:
    shown = letters(name)
    assert shown is not None
    assert not re.search(r"\\input|(?<!\\)[%$&]|[^\x00-\x7f]", shown)
    assert not re.search(r"(?<!\\)[%$&]\w", words(name).replace("$", ""))


def rows_of(name: str) -> list[str]:
    """What a claim states, a line each; labels in words stand in quotes."""
    return [
        " ".join(
            [
                *([f"“{row.words}” ="] if row.words else []),
                *([f"{row.left.unicode} ="] if row.left else []),
                row.right.unicode,
                *([row.note] if row.note else []),
            ]
        )
        for passage in stated(find(name)).declared
        if passage.title.startswith("Stated")
        for row in passage.rows
    ]


def test_signs_steps_laws_and_densities_are_stated_as_formulas() -> None:
    falls = ["f = log det(M)", "drift of f < 0"]
    assert rows_of("label_noise_determinant.falls") == falls
    largest = rows_of("first_layer_eigenvalues.largest")
    assert largest[-1] == "drift of f ≥ 0 for the largest eigenvalue"
    assert rows_of("planar_powers.larger")[1].startswith("“its drift” =")
    first, *_, last = rows_of("one_step_laws")
    assert first.startswith("W₁⁺ = ")
    assert last.startswith("E[f(x⁺)] - f(x) = ")
    assert last.endswith("+ O(η³)")
    assert rows_of("bessel.law")[0].endswith(" for every y")
    assert rows_of("cir.fokker_planck")[0].startswith("∂p/∂t = ")


def test_signs_are_set_in_words_and_formulas_apart() -> None:
    (sign,) = stated(find("label_noise_determinant.falls")).declared[1].rows[1:]
    assert sign.right.latex == r"\text{drift of } f < 0"


def test_a_step_is_data() -> None:
    m = Mathematics(unicode="x", latex="x")
    step = StepShown(rule="r", words="w", before=m, after=m, check="c")
    shown = Exposition(id="a", title="b", steps=(step,))
    assert Exposition.from_json(shown.to_json()) == shown
