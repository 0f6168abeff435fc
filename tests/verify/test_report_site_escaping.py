"""What a claim file from outside says is shown as it stands, and is never markup."""

from __future__ import annotations

import re

import pytest

from derivations.exposition import Mathematics
from tests.verify.report_pages import Page, exposition, finding, record, site, verdict
from verify.report.expositions import Told
from verify.report.formats import markdown
from verify.report.mathml import formula
from verify.report.site import pages
from verify.verdict import Status, Verdict

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]><math><a href='javascript:alert(1)'>",
    "&lt;b&gt;&amp;#60;script&#62;",
    "\u202e\ud800\x00\x1b",
)

LATEX = (
    r"\href{javascript:alert(1)}{x}",
    r"\style{background:url(//a.b)}{x}",
    r"\class{danger}{x}",
    r"\text{<script>alert(1)</script>}",
    r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
    r"<img src=x onerror=alert(1)>",
    r"&#60;script&#62;",
    r"\mathrm{</math><script>}",
    r"\color{red;}{x}",
    r"\frac{",
    r"}{",
    "\\" * 500,
    "{" * 3000,
)

INSIDE = {
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "mtext",
    "msub",
    "msup",
    "mfrac",
    "mspace",
    "span",
    "wbr",
}


def site_of(text: str, latex: str = "x") -> dict[str, str]:
    wrong = verdict(text, Status.DISAGREES, text, finding=finding(text))
    error = Verdict(claim=f"{text}2", title=text, evidence=(), error=text)
    return pages(
        site(
            record(wrong, file=text),
            record(error, file=text),
            told=Told(exposition=exposition(text, latex)),
            versions={text: text},
            troubles=(text,),
        )
    )


def structure(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """All elements but the places where a name may be broken, which have nothing in them."""
    elements = [x for x in Page(text).elements if x != ("wbr", {})]
    return [(tag, tuple(sorted(attributes))) for tag, attributes in elements]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_an_element_or_an_attribute(text: str) -> None:
    for (path, hostile), (_, harmless) in zip(
        site_of(text).items(), site_of("words").items(), strict=True
    ):
        page = Page(hostile)
        assert not page.faults, path
        assert structure(hostile) == structure(harmless), path
        assert not [name for _, a in page.elements for name in a if name.startswith("on")]
        if text.isprintable():
            assert " ".join(text.split()) in page.shown, path
        hostile.encode("utf-8")


@pytest.mark.parametrize("latex", LATEX)
def test_no_formula_adds_anything_but_mathematics(latex: str) -> None:
    shown = formula(Mathematics(unicode="x<y>", latex=latex)).markup
    page = Page(str(shown))
    assert not page.faults
    assert {tag for tag, _ in page.elements} <= INSIDE
    attributes = {name for _, found in page.elements for name in found}
    assert attributes <= {"class", "displaystyle", "form", "fence", "mathvariant", "stretchy"}
    for text in site_of("words", latex).values():
        assert not Page(text).faults
        assert "javascript" not in re.sub(r"<[a-z]+>|>[^<]*<", "", text)


def test_text_of_formulas_is_shown_as_it_stands() -> None:
    shown = formula(Mathematics(unicode="", latex=r"\text{<b>}")).markup
    assert "<mtext>&lt;b&gt;</mtext>" in shown


@pytest.mark.parametrize("text", [*HOSTILE[:9], "| a | b", "*a* _b_ `c` [d](javascript:e)", "# h"])
def test_the_file_of_verdicts_holds_no_markup_of_others(text: str) -> None:
    wrong = verdict(text, Status.DISAGREES, text, finding=finding(text))
    error = Verdict(claim=f"{text}2", title=text, evidence=(), error=text)
    found = markdown([wrong, error], {"effort": "quick"})
    assert not re.search(r"<(?!!-- -->)", found)
    assert not re.search(r"(?<!\\)[`_\[]", found)
    rows = [line for line in found.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert len([line for line in found.splitlines() if line.startswith("#")]) == 3


def test_text_that_is_not_escaped_would_be_seen() -> None:
    page = str(site_of("words")["index.html"])
    spoilt = page.replace("words", HOSTILE[2])
    assert structure(spoilt) != structure(page)
    assert Page('<p id="a"><b id="a"></p>').faults
    assert Page("<svg><rect/></svg>").faults == []
