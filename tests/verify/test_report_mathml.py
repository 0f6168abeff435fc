from __future__ import annotations

import re

import pytest

from derivations.exposition import Mathematics, Row
from tests.verify.report_pages import Page
from verify.report.mathml import formula, row
from verify.report.prose import told


def markup(latex: str, unicode: str = "?") -> str:
    return str(formula(Mathematics(unicode=unicode, latex=latex)).markup)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\mathrm{d}x", '<mi mathvariant="normal">d</mi><mi>x</mi>'),
        (r"A\mathrm{d}x", '<mspace width="0.17em" /><mi mathvariant="normal">d</mi>'),
        (r"\operatorname{tr}\left(A\right)", "<mi>tr</mi><mrow>"),
        (r"2\operatorname{tr}\left(A\right)", '<mspace width="0.17em" /><mi>tr</mi>'),
        (r"A^{\top}", "<msup><mi>A</mi><mi>⊤</mi></msup>"),
        (r"\sum_{i} x", "<munder><mo>∑</mo>"),
        (r"\sum_{i=1}^{n} x", "<munderover><mo>∑</mo>"),
        (r"f'", '<mi>f</mi><mo form="postfix" lspace="0em" rspace="0em">′</mo>'),
        (r"\left(f\right)''", '</mrow><mo form="postfix" lspace="0em" rspace="0em">″</mo>'),
        (r"\tilde{B}", '<mover accent="true">'),
        (r"\begin{bmatrix}a & b\\c & d\end{bmatrix}", "<mtable><mtr><mtd><mi>a</mi></mtd>"),
        (r"\lfloor x \rfloor", "<mo>⌊</mo>"),
    ],
)
def test_what_the_converter_makes_is_put_right(latex: str, expected: str) -> None:
    found = markup(latex).replace("<mrow><mi>⊤</mi></mrow>", "<mi>⊤</mi>")
    assert expected in found
    assert not Page(found).faults


def test_brackets_stretch_about_what_is_tall_alone() -> None:
    assert 'stretchy="true"' not in markup(r"\left(x_{i}^{\top} + y\right)")
    assert 'stretchy="true"' in markup(r"\left(\frac{x}{y}\right)")


def test_what_cannot_be_read_is_shown_in_unicode() -> None:
    for latex in (r"\frac{", r"\operatorname{a\,b} x", r"\href{a}{x}", ""):
        assert markup(latex, "x′ < y") == '<span class="math">x′ &lt; y</span>'


def test_long_formulas_are_broken_before_signs_and_lose_nothing() -> None:
    terms = " + ".join(rf"x_{{{i}}} y_{{{i}}} z" for i in range(9))
    whole = rf"\gamma \left({terms} - \frac{{a}}{{b}}\right) \mathrm{{d}}t - W"
    found = Page(markup(whole))
    pieces = [tag for tag, _ in found.elements].count("math")
    assert pieces == 11
    assert "".join(found.words).replace(" ", "") == (
        "γ(" + "+".join(f"x{i}y{i}z" for i in range(9)) + "−ab)dt−W"
    )


def test_a_short_formula_is_one_piece() -> None:
    assert markup("a + b").count("<math") == 1


def test_both_sides_of_a_row_are_shown() -> None:
    a, b = Mathematics(unicode="a", latex="a"), Mathematics(unicode="b", latex="b")
    assert "".join(Page(str(row(Row(left=a, right=b)).markup)).words) == "a=b"
    assert "".join(Page(str(row(Row(words="drift", right=b)).markup)).words) == "b"


def pieces(latex: str, line: float) -> list[str]:
    """The letters of each piece of a formula."""
    return [
        re.sub(r"<[^>]*>", "", piece)
        for piece in formula(Mathematics(unicode="x", latex=latex), line).markup.split("<wbr>")
    ]


def test_lists_are_broken_after_their_commas() -> None:
    latex = r"\left(k = 3,\,l = 6;\,k = 2,\,l = 7\right)"
    assert pieces(latex, 6.0) == ["(k=3,", "l=6;", "k=2,", "l=7)"]
    assert pieces(latex, 60.0) == ["(k=3,l=6;k=2,l=7)"]


def test_products_without_signs_are_broken_before_differentials_and_between_brackets() -> None:
    trace = r"-\operatorname{tr}\left(M\,\mathrm{d}A\,B\,M\,A\,\mathrm{d}B\,C\,D\right)"
    assert pieces(trace, 5.0) == ["−tr(MdABMA", "dBCD)"]
    brackets = r"\left(A + B\right) \left(C + D\right)"
    assert pieces(brackets, 6.0) == ["(A+B)", "(C+D)"]


def test_no_line_ends_between_brackets_and_the_formula_in_them() -> None:
    found = str(told("and Y (n × k), <b>; [a × b"))
    assert '>and <span class="whole"><math' in f">{found}"
    assert found.count('<span class="whole">') == 2
    assert ",</span> &lt;b&gt;; " in found
    assert '<span class="whole">[<math' in found
    assert re.sub(r"<[^>]*>", "", found) == "and Y(n×k), &lt;b&gt;; [a×b"


def test_long_formulas_in_words_may_break_and_are_not_held() -> None:
    found = str(told("is tr(M⁻¹ dΘ Θ' M⁻¹ Θ dΘ'), and"))
    assert "<wbr>" in found
    assert "whole" not in found
