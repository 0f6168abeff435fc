"""Expositions as a whole LaTeX document, which compiles as it is."""

from __future__ import annotations

from collections.abc import Iterable
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
\begin{document}
\raggedright"""

_AFTER = r"\end{document}"


def document(shown: Iterable[Exposition]) -> str:
    """Claims as a document for pdflatex, lualatex or tectonic; only amsmath is needed."""
    from derivations.codegen.document import claim_latex

    lines = [line for exposition in shown for line in claim_latex(exposition)]
    return "\n".join([_BEFORE, *lines, _AFTER]) + "\n"
