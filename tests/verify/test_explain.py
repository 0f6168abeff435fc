"""explain: pages that fit, documents that compile, Markdown that means nothing but itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from derivations.catalogue import find
from derivations.exposition import Exposition, Mathematics, Passage, Row, read_expositions
from derivations.phrases import Phrase
from tests.architecture.imports import ROOT
from verify import cli
from verify.explain import exposition_of
from verify.explain.latex import document
from verify.explain.markdown import text as markdown
from verify.explain.terminal import page

GENERATED = ROOT / "derivations" / "generated" / "expositions"
ALL = [x for path in sorted(GENERATED.glob("*.json")) for x in read_expositions(path).values()]

HOSTILE = (
    r"50 % \input{/etc/passwd} $x$ \end{document} #1 & ~ ^ _a_ {",
    "<script>alert(1)</script> @someone #12 ![x](http://a.b/c.png) [y](javascript:z) | `c` **b**",
    "\x1b[31mred\x07 😀 ⇝ 漢字 \u202eabc x̃ %̃ \\̄",
    "C^½ λ_i e^{−θt} d⟨B⟩ a_ ^ {x}^ _{",
)


def hostile(text: str) -> Exposition:
    source = Mathematics(unicode=f"lambda x: '{text}'", source=True)
    return Exposition(
        id=text,
        title=text,
        statement=text,
        source=text,
        assumptions=(text,),
        declared=(Passage(title=text, rows=(Row(words=text, right=source, note=text),)),),
        letters=(Phrase(text=text),),
        remarks=(text,),
    )


# Terminal.


@pytest.mark.parametrize("width", [40, 71, 96])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    wide = [
        (shown.id, line)
        for shown in ALL
        for line in page(shown, width).plain.splitlines()
        if cell_len(line) > width
    ]
    assert not wide


def test_the_page_is_aligned_and_says_each_step_once() -> None:
    lines = page(exposition_of("label_noise_determinant"), 96).plain.splitlines()
    steps = [line for line in lines if re.match(r" +(d\(.*\))? = ", line)]
    assert "     = -2 k tr(C) dt" in steps
    system = [line.index(" = ") for line in lines if line.startswith("    dW")]
    assert len(system) == 2
    assert len(set(system)) == 1
    assert any(line.startswith("    A product of two Brownian increments") for line in lines)
    assert any(line.startswith("    checked: the sum over the directions") for line in lines)


def test_nothing_moves_the_cursor() -> None:
    for text in HOSTILE:
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", page(hostile(text), 60).plain)


def explained(*arguments: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "verify", "explain", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ran.stdout


def test_there_are_no_colours_in_a_file() -> None:
    text = explained("bessel.moments")
    assert "\x1b" not in text
    assert max(map(cell_len, text.splitlines())) <= 96


def test_what_is_generated_is_shown_without_sympy() -> None:
    code = (
        "import sys; from verify import cli; code = cli.main(['explain', 'bessel.moments']); "
        "print('sympy' in sys.modules, code, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stderr.split() == ["False", "0"]


def test_colours_on_a_terminal_alone_and_not_where_they_are_unwanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli.main(["explain", "bessel.moments"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(cell_len, plain.splitlines())) <= 60
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli.main(["explain", "bessel.moments"]) == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", capsys.readouterr().out)


def test_the_width_may_be_set_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    widths = {}
    for columns in ("60", "140", "wide"):
        monkeypatch.setenv("COLUMNS", columns)
        assert cli.main(["explain", "bessel.moments"]) == 0
        widths[columns] = max(map(cell_len, capsys.readouterr().out.splitlines()))
    assert widths["60"] <= 60 < widths["wide"] <= 96 < widths["140"] <= 140


def test_two_forms_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "bessel", "--latex", "--markdown"]) == 2
    assert capsys.readouterr().err == "verify: --latex, --markdown: got both; give one of them\n"


# LaTeX.


def test_a_document_has_a_title_and_paragraphs() -> None:
    shown = exposition_of(find("label_noise_determinant"))
    text = document([shown])
    assert r"\title{\texttt{label\_noise\_determinant}}" in text
    assert text.index(r"\begin{document}") < text.index(r"\maketitle") < text.index(r"\subsection")
    before, after = text.split(r"\emph{Source:}")
    assert before.endswith("\n\n")
    assert re.search(r"Theorem 4.2; [^\n]*\n\n", after)
    assert re.search(r"\\emph\{Assumption:\} [^\n]*\n\n(?=System)", after)
    assert "Used: $M" in text
    assert "s = 2^{-300}" in text.replace("{}^", "^")
    both = document([shown, exposition_of(find("label_noise_determinant.falls"))])
    assert r"\title{\texttt{label\_noise\_determinant}}" in both
    assert r"\title{Claims}" in document([shown, exposition_of(find("bessel"))])


TEX = shutil.which("pdflatex") or shutil.which("lualatex") or shutil.which("tectonic")


def compiled(text: str, folder: Path) -> tuple[int, str]:
    """The exit code and the log of a document."""
    assert TEX is not None
    (folder / "text.tex").write_text(text, encoding="utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error"] if "latex" in TEX else ["--keep-logs"]
    ran = subprocess.run([TEX, *options, "text.tex"], cwd=folder, capture_output=True, timeout=120)
    return ran.returncode, (folder / "text.log").read_text(errors="replace")


def mistakes(log: str) -> list[str]:
    """Errors with their surroundings, and lines that run off the page."""
    return re.findall(r"^!.*(?:\n.*){3}|^Overfull \\hbox.*", log, re.MULTILINE)


@pytest.mark.skipif(TEX is None, reason="no TeX is installed")
def test_documents_compile_and_nothing_runs_off_the_page(tmp_path: Path) -> None:
    code, log = compiled(document(ALL[::6]), tmp_path)
    assert code == 0, mistakes(log)
    assert not [
        line for line in mistakes(log) if float(line.partition("(")[2].partition("pt")[0]) > 10
    ]


@pytest.mark.skipif(TEX is None, reason="no TeX is installed")
def test_hostile_texts_compile(tmp_path: Path) -> None:
    code, log = compiled(document(map(hostile, HOSTILE)), tmp_path)
    assert code == 0, mistakes(log)


@pytest.mark.skipif(TEX is None, reason="no TeX is installed")
def test_a_document_that_does_not_compile_is_noticed(tmp_path: Path) -> None:
    broken = document([hostile("x")]).replace("lambda", r"\nothing")
    assert compiled(broken, tmp_path)[0] != 0


def test_hostile_texts_are_no_commands() -> None:
    for text in HOSTILE:
        shown = document([hostile(text)])
        assert not re.search(r"(?<!textbackslash{})\\input", shown)
        assert shown.count(r"\end{document}") == 1


# Markdown.


def test_formulas_are_safe_from_markdown() -> None:
    for shown in ALL:
        text = markdown(shown)
        formulas = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
        assert formulas, shown.id
        for formula in formulas:
            assert "\n" not in formula
            assert not re.search(r"\\[^A-Za-z]", formula), formula
            assert not re.search(r"(?<! )_|[<>|*`]", formula), formula
        # What is no formula has no pair of signs that would begin one.
        assert "$$" not in re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL)


def test_hostile_texts_mean_nothing_in_markdown() -> None:
    for text in HOSTILE:
        shown = re.sub(r"`+[^`]*`+", "", markdown(hostile(text)))
        assert not re.search(r"<(?!!-- -->)", shown)
        assert not re.search(r"(?<!\\)[\[\]*`]", shown.replace("**", ""))
        assert not re.search(r"[@#]\w|https?:|\x1b", shown)


def test_markdown_says_what_the_page_says() -> None:
    text = markdown(exposition_of("gradient_flow_determinant.first_layer"))
    assert "Expected verdict: **DISAGREES**." in text
    assert "is not what follows" in text
    assert "`W₁ W₁' is positive definite`" in text


# Which exposition.


def test_a_claim_that_says_nothing_says_why() -> None:
    (refused,) = [x for x in ALL if x.expected == "NOT APPLICABLE"][:1]
    shown = exposition_of(refused.id)
    assert shown.remarks[0].startswith("Not applicable: the assumption")
    assert not shown.steps


def test_an_unknown_id_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "label_noise_determinat"]) == 2
    assert "did you mean label_noise_determinant" in capsys.readouterr().err


def test_a_claim_is_expounded_now_and_an_id_is_read() -> None:
    from derivations.catalogue import find

    claim = find("discrete_determinant.mean_square")
    assert exposition_of(claim) == exposition_of(claim.id)
    assert exposition_of(replace(claim, title="another")).title == "another"
