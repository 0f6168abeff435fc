"""Pages of the report as a parser sees them, and runs to make them of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown
from verify.finding.finding import CounterExample, Finding
from verify.planning import TIERS
from verify.problem import Reference
from verify.report.expositions import Told
from verify.report.site import Site
from verify.runs.provenance import Provenance
from verify.runs.store import Record
from verify.verdict import Evidence, Status, Verdict

VOID = {"meta", "link", "input", "wbr", "br", "img", "hr"}


@dataclass
class Page(HTMLParser):
    """The elements of a page, whether they are nested well, its ids, links and texts."""

    text: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.stack]
        self.faults += [f"id {name!r} twice" for name, n in Counter(self.ids).items() if n > 1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if not self.stack or self.stack[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]

    @property
    def links(self) -> list[str]:
        return [a["href"] or "" for tag, a in self.elements if tag == "a" and "href" in a]

    @property
    def headings(self) -> list[int]:
        return [int(t[1]) for t, _ in self.elements if len(t) == 2 and t[0] == "h" and t[1] != "r"]

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.words).split())


def exposition(text: str = "words", latex: str = r"\frac{x}{2}") -> Exposition:
    """An exposition with every part that there is, all of the same text."""
    mathematics = Mathematics(unicode=text, latex=latex)
    code = Mathematics(unicode=f"{text}\nreturn", source=True)
    passage = Passage(
        title=text,
        rows=(
            Row(left=mathematics, right=mathematics),
            Row(words=text, right=mathematics),
            Row(words=text, right=code),
            Row(left=mathematics, right=Mathematics(unicode=text, source=True)),
        ),
    )
    step = StepShown(
        rule=text,
        words=text,
        before=mathematics,
        after=mathematics,
        check=text,
        assumptions=(mathematics,),
    )
    return Exposition(
        id=text,
        title=text,
        statement=text,
        source=text,
        assumptions=(text,),
        declared=(passage,),
        names=(Row(left=mathematics, right=mathematics),),
        spectra=(mathematics,),
        steps=(step, step),
        differences=(passage,),
        facts=((text, (mathematics, mathematics)),),
        remarks=(text,),
    )


def evidence(tier: str, status: Status, text: str = "words", **numbers: Any) -> Evidence:
    return Evidence(
        tier=tier,
        status=status,
        reason=text,
        brief=text,
        condition=text,
        false_agree=1e-9,
        false_reject=2e-9,
        points=8,
        refused=1,
        numbers=numbers,
    )


def verdict(
    claim: str, status: Status = Status.AGREES, text: str = "words", **more: Any
) -> Verdict:
    numbers = {
        text: text,
        "digits": {"float64": {text: 11.5}},
        "required": {"float64": 5},
        "relevant": 0.5,
        "settings": [{"setting": text, "difference": 0.1, "half_width": 0.2, "bias": 0.0}],
    }
    found = [evidence(tier, Status.AGREES, text, **numbers) for tier in TIERS[:3]]
    found += [evidence("one-step", status, text, **numbers)]
    found += [Evidence(tier=t, status=Status.NOT_APPLICABLE, reason=text) for t in TIERS[4:]]
    return Verdict(claim=claim, title=text, evidence=tuple(found), **more)


def finding(text: str = "words") -> Finding:
    return Finding(
        lines=(text, text),
        changes=({"part": text, "term": text, "claimed": "1", "measured": "2"},),
        counterexample=CounterExample(
            part=text, at={text: text}, entry=text, measured=text, claimed=text, exact=True
        ),
    )


def record(verdict: Verdict, file: str | None = None, reference: Reference | None = None) -> Record:
    return Record(
        reference=reference or Reference(claim=verdict.claim, file=file),
        provenance=Provenance(claim="c0", derivation="d0", kernels="", judge="f0"),
        verdict=verdict,
    )


def site(*records: Record, told: Told | None = None, **more: Any) -> Site:
    """The site of these records, all with one exposition."""
    given: dict[str, Any] = {
        "settings": {
            "tiers": list(TIERS),
            "effort": "quick",
            "seed": 3,
            "false_agree": 1e-6,
            "false_reject": 1e-6,
        },
        "versions": {"driftproof": "0.1.0", "python": "CPython 3.11"},
        "titles": {},
        "digest": "ab" * 32,
        "seconds": 1.5,
        **more,
    }
    tellings = (told or Told(exposition=exposition()),) * len(records)
    return Site(records=records, tellings=tellings, **given)
