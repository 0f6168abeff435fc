"""Verdicts as files: JSON, JUnit, Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from verify.markdown_text import escaped
from verify.planning import TIERS
from verify.verdict import SCHEMA, Evidence, Status, Verdict, combine, exit_code

from .tables import brief, complaints, rate_text, rates_line, summary

__all__ = ["document", "json_text", "junit_text", "markdown"]


def document(
    verdicts: Sequence[Verdict],
    settings: Mapping[str, Any],
    errors: Sequence[str] = (),
    unread: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole run as JSON-able values.

    ``errors`` are those of claim files, ``unread`` names the claims that could not be read; both
    stand there if there are any.
    """
    return {
        "schema": SCHEMA,
        "exit_code": 2 if errors else exit_code(verdicts),
        **({"errors": list(errors)} if errors else {}),
        **({"unread": list(unread)} if unread else {}),
        "status": str(combine(v.status for v in verdicts)),
        "settings": dict(settings),
        "verdicts": [verdict.to_json() for verdict in verdicts],
    }


def json_text(value: Any) -> str:
    """JSON with sorted layout of our own, refusing NaN."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def junit_text(verdicts: Sequence[Verdict], errors: Sequence[str] = ()) -> str:
    """JUnit: one suite a claim, one case a tier, and one case for the verdict itself.

    The errors of claim files are the cases of one suite more.
    """
    root = ElementTree.Element("testsuites", name="driftproof")
    if errors:
        count = str(len(errors))
        suite = ElementTree.SubElement(root, "testsuite", name="claim files", tests=count)
        suite.attrib |= {"failures": "0", "errors": count, "skipped": "0"}
        for number, error in enumerate(errors, 1):
            attributes = {"classname": "claim files", "name": f"error {number}"}
            case = ElementTree.SubElement(suite, "testcase", attributes)
            ElementTree.SubElement(case, "error", message=error)
    for verdict in verdicts:
        suite = ElementTree.SubElement(root, "testsuite", name=verdict.claim)
        for evidence in verdict.evidence:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=verdict.claim,
                name=evidence.tier,
                time=f"{evidence.seconds:.3f}",
            )
            if evidence.status == Status.NOT_APPLICABLE:
                ElementTree.SubElement(case, "skipped", message=evidence.reason)
        case = ElementTree.SubElement(suite, "testcase", classname=verdict.claim, name="verdict")
        if not verdict.as_expected:
            kind = "failure" if exit_code([verdict]) == 1 else "error"
            ElementTree.SubElement(case, kind, message="; ".join(complaints(verdict)))
        elif verdict.unasked:
            ElementTree.SubElement(case, "skipped", message="for tiers that were not asked")
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(name, str(sum(c.find(kind) is not None for c in cases)))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def markdown(
    verdicts: Sequence[Verdict], settings: Mapping[str, Any], unread: Sequence[str] = ()
) -> str:
    """The report: a table of all claims, then the evidence of each."""
    shown = ", ".join(f"{key} {value}" for key, value in settings.items())
    lines = ["# driftproof: verdicts", "", f"Settings: {shown}.", ""]
    lines += [summary(verdicts, unread) + ".", "", rates_line(verdicts) + ".", ""]
    if unread:
        lines += [f"Not read: {', '.join(map(_name, unread))}.", ""]
    lines += ["| claim | " + " | ".join(TIERS) + " | verdict |", "|---" * (len(TIERS) + 2) + "|"]
    for verdict in verdicts:
        cells = {e.tier: brief(e) for e in verdict.evidence}
        row = [*(escaped(cells.get(tier, "")) for tier in TIERS), verdict.said]
        lines.append(f"| {' | '.join([_name(verdict.claim), *row])} |")
    for verdict in verdicts:
        claim = _name(verdict.claim)
        title = escaped(verdict.title) or claim
        lines += ["", f"## {claim}", "", f"{title}: **{verdict.said}**", ""]
        lines += [escaped(verdict.error)] if verdict.error else []
        for e in verdict.evidence:
            lines += [f"- **{e.tier}** — {e.status}: {escaped(e.reason)}"]
            if e.status != Status.NOT_APPLICABLE:
                condition = f"; {escaped(e.condition)}" if e.condition else ""
                lines += [f"  ({_rates(e)}{condition})"]
        if verdict.finding:
            lines += ["", "What is wrong:", ""]
            lines += [f"- {escaped(text)}" for text in verdict.finding.text]
    return "\n".join(lines) + "\n"


def _name(claim: str) -> str:
    """The name of a claim: an underscore between letters means nothing and stays as it is."""
    plain = re.fullmatch(r"[A-Za-z0-9]+([._][A-Za-z0-9]+)*", claim)
    return escaped(claim).replace(r"\_", "_") if plain else escaped(claim)


def _rates(e: Evidence) -> str:
    return f"false agree {rate_text(e.false_agree)}, false reject {rate_text(e.false_reject)}"
