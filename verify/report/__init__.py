"""Verdicts as people and machines read them: terminal table, JSON, JUnit, Markdown, pages."""

from .formats import document, json_text, junit_text, markdown
from .tables import print_verdicts, rate_text, rates_line, summary

__all__ = [
    "document",
    "json_text",
    "junit_text",
    "markdown",
    "print_verdicts",
    "rate_text",
    "rates_line",
    "summary",
]
