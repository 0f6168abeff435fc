"""Expositions as a whole LaTeX document, which compiles as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derivations.exposition import Exposition

__all__ = ["document"]

_BEFORE = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,amssymb,textcomp}
\allowdisplaybreaks
\setlength{\emergencystretch}{3em}
\setcounter{secnumdepth}{0}
\raggedright
\setlength{\parskip}{0.5\baselineskip}
"""

_AFTER = r"\end{document}"

_UNNAMED = "Claims"


def document(shown: Iterable[Exposition]) -> str:
    """Claims as a document for pdflatex, lualatex or tectonic; only amsmath is needed."""
    from derivations.codegen.document import claim_latex

    shown = list(shown)
    lines = [line for exposition in shown for line in claim_latex(exposition)]
    return "\n".join([_BEFORE + _title(shown), *lines, _AFTER]) + "\n"


def _title(shown: Sequence[Exposition]) -> str:
    """The beginning of the text, with the id of the claim, or of the theorem that all are of."""
    from derivations.typesetting import typed

    ids = {exposition.id for exposition in shown}
    theorems = {name.split(".")[0] for name in ids}
    (name,) = ids if len(ids) == 1 else theorems if len(theorems) == 1 else ("",)
    title = rf"\texttt{{{typed(name)}}}" if name else _UNNAMED
    return rf"\title{{{title}}}\author{{}}\date{{}}" + "\n\\begin{document}\n\\maketitle"
