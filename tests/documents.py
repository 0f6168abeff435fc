"""Documents whose code is run: fenced blocks in order, what they print, where their links lead.

In a page

* a ``python`` block runs, all blocks of a page in one namespace; one that begins with the comment
  ``# NAME.py`` is a file of that name, which the commands after it use;
* a ``sh`` block has commands: ``python -m ...`` runs, in this process and in the page's own folder;
  what sets up an environment is known by name and is not run;
* a ``text`` block after either of them is what is printed. A line … stands for any lines, … within
  a line for any letters.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w/]+\.py)\n")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
SET_UP = re.compile(r"(git clone|cd|make|\. \.venv/bin/activate)\b")
SHOWN = ("text", "bibtex", "pycon")  # sessions of docstrings are run by pytest itself
CERTIFICATE = "build/verify/certificate-….json"
DISAGREED = 1  # the exit code of a run in which a claim is refuted


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block, and the text that is said to be printed by it."""

    language: str
    text: str
    printed: str | None = None


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that say or do something, each with what it is said to print."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    after = [*found[1:], ("", "")][: len(found)]
    return [
        Block(language=language, text=text, printed=printed if kind == "text" else None)
        for (language, text), (kind, printed) in zip(found, after, strict=True)
        if language not in SHOWN
    ]


def pattern(promised: str) -> re.Pattern[str]:
    """What is promised as a pattern of what is printed."""
    lines = []
    for line in even(promised):
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
            continue
        lines.append(".*".join(re.escape(part) for part in line.split("…")) + r"\n")
    return re.compile("".join(lines))


def even(text: str) -> list[str]:
    """The lines of a text; widths of columns and digits of agreement do not count."""
    text = re.sub(r"─+", "─", re.sub(r"\b\d[\d./ ]* digits", "N digits", text))
    return [re.sub(r"(?<=\S) {2,}", "  ", line.rstrip()) for line in text.rstrip().splitlines()]


def holds(promised: str, printed: str) -> bool:
    """Whether what is printed is what is promised."""
    text = "".join(f"{line}\n" for line in even(printed))
    return pattern(promised).fullmatch(text) is not None


@dataclass(kw_only=True)
class Session:
    """A page being run: its folder, its names, the files that it wrote."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def run(self, block: Block) -> str:
        """What a block prints."""
        if block.language == "python":
            return self._python(block.text)
        if block.language == "sh":
            return "".join(self._command(line, block) for line in block.text.splitlines())
        raise AssertionError(f"a block of {block.language!r}: nobody runs it")

    def _python(self, text: str) -> str:
        if match := FILE.match(text):
            path = self.folder / match[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.files.append(match[1])
            return ""
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream):
            exec(compile(text, "page", "exec"), self.names)
        return stream.getvalue()

    def _command(self, line: str, block: Block) -> str:
        if SET_UP.match(line):
            return ""
        words = shlex.split(line, comments=True)
        assert words[:2] == ["python", "-m"], f"{line}: nobody runs it"
        self.used |= {word for word in words if word in self.files}
        with _within(self.folder):
            code, printed = called(words[2], [self._named(word) for word in words[3:]])
        refuted = "DISAGREES" in (block.printed or "") and "verify" in line
        assert code in ((0, DISAGREED) if refuted else (0,)), f"{line}: exit code {code}\n{printed}"
        return printed

    def _named(self, word: str) -> str:
        if word != CERTIFICATE:
            return word
        made = (self.folder / "build" / "verify").glob("certificate-*.json")
        found = max(made, key=lambda path: path.stat().st_mtime_ns)
        return str(found)


@contextlib.contextmanager
def _within(folder: Path) -> Iterator[None]:
    """A page's folder, whose modules no later test finds loaded."""
    with contextlib.chdir(folder):
        yield
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{folder}/"):
            del sys.modules[name]


def called(module: str, arguments: list[str]) -> tuple[int, str]:
    """The exit code of a command run in this process, and what it prints on standard output."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        if module == "verify":
            from verify.cli import main

            # How many processes there are changes no number; one has everything imported.
            one = ["--workers", "1"] if arguments[0] in ("run", "replay", "mutants") else []
            return main([*arguments, *one]), stream.getvalue()
        if module == "pytest":
            import pytest

            return int(pytest.main([*arguments, "-p", "no:cacheprovider"])), stream.getvalue()
    raise AssertionError(f"python -m {module}: nobody runs it")


def run_page(page: Path, folder: Path) -> int:
    """Run a page and compare what it prints with what it promises; the number of blocks."""
    session, found = Session(folder=folder), blocks(page)
    for block in found:
        printed = session.run(block)
        if block.printed is not None:
            assert holds(block.printed, printed), f"{page.name}: it prints\n{printed}"
    unused = set(session.files) - session.used
    assert not unused, f"{page.name}: no command uses {', '.join(sorted(unused))}"
    return len(found)


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead to no file or to no heading."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if "://" not in link and not _leads(page, link)]


def _leads(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {word.strip().replace(" ", "-") for word in words}


def command_lines(page: Path) -> list[list[str]]:
    """Every ``python -m verify`` line of a page, fenced, indented or in a sentence."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"python -m verify( [^`\n]*)?", text)
    return [line.partition("   ")[0].split() for line in found]


def unknown_words(page: Path) -> list[str]:
    """Commands and options in a page that the command line does not have."""
    from verify.cli import cli

    unknown = []
    for words in command_lines(page):
        if not words or not re.fullmatch(r"[a-z]+", words[0]):
            continue
        if words[0] not in cli.commands:
            unknown.append(words[0])
            continue
        options = {name for p in cli.commands[words[0]].params for name in p.opts}
        named = re.findall(r"--[a-z-]+", " ".join(words))
        unknown += [f"{words[0]} {name}" for name in named if name not in options]
    return unknown


def make_targets(page: Path) -> set[str]:
    """Targets of make that a page names as commands."""
    text = page.read_text(encoding="utf-8")
    return set(re.findall(r"(?:^\s*|`)make ([a-z]+)", text, re.MULTILINE))
