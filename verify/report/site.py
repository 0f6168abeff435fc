"""The report as a site of files: an index and a page a claim, complete in themselves.

The pages load nothing and link to nothing outside their folder; a policy in each of them forbids
it as well.  All text is escaped where it is put into a page.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from verify.charts.svg import class_of, power_of_ten
from verify.mutants.kept import Kept
from verify.runs.copies import copied

from .folder import INDEX, put
from .index import index
from .mathml import formula, row
from .notation import set_numbers
from .pages import claim_views
from .prose import parted, prose, told

if TYPE_CHECKING:
    from verify.runs.certificate import Certificate
    from verify.runs.store import Record

    from .expositions import Told

__all__ = ["Site", "pages", "rate", "site_of", "write_site"]

TEMPLATES = Path(__file__).resolve().parent / "templates"

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything that the site is made of.

    Parameters
    ----------
    records : tuple of Record
    tellings : tuple of Told
        What can be told of each of them.
    settings : mapping
        As `verify.runner.Settings.to_json` gives them.
    versions : mapping
        As `verify.runs.provenance.versions` gives them.
    titles : mapping
        Of theorems.
    digest : str
        Of the certificate.
    seconds : float, optional
        The wall time of the run.
    troubles : tuple of str
        Errors of claim files.
    unread : tuple of str
        The names of the claims that could not be read.
    kept : Kept
        The kill tables of the catalogue.
    copies : mapping
        Copies of the claim files, by their places in the folder.
    """

    records: tuple[Record, ...]
    tellings: tuple[Told, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    titles: Mapping[str, str]
    digest: str
    seconds: float | None = None
    troubles: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    kept: Kept = field(default_factory=Kept)
    copies: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version of this package."""
        return self.versions.get("driftproof", "")


def site_of(
    certificate: Certificate,
    kept: Kept,
    seconds: float | None = None,
    troubles: Sequence[str] = (),
    unread: Sequence[str] = (),
) -> Site:
    """The site of a run: its certificate, kill tables, wall time, what its claim files lack."""
    from .expositions import theorem_titles, told

    references = [record.reference for record in certificate.records]
    return Site(
        records=certificate.records,
        tellings=tuple(map(told, references)),
        settings=certificate.settings.to_json(),
        versions=certificate.versions,
        titles=theorem_titles(references),
        digest=certificate.digest,
        seconds=seconds,
        troubles=tuple(troubles),
        unread=tuple(unread),
        kept=kept,
        copies=copied(certificate.records),
    )


def pages(site: Site) -> dict[str, str]:
    """The text of every file of the site, by its path in the folder; the index is the last."""
    environment, shared = _environment(), _shared()
    claims = claim_views(site.records, site.tellings, site.settings, site.kept, site.copies)
    template = environment.get_template("claim.html")
    found = {
        view.href: template.render(**shared, site=site, claim=view, shown=view.told.exposition)
        for view in claims
    }
    tiers = site.settings["tiers"]
    first = index(claims, site.titles, tiers, site.troubles, site.unread)
    found[INDEX] = environment.get_template("index.html").render(**shared, site=site, index=first)
    # What no file of text may hold: control characters, marks of direction, halves of a pair.
    return {path: _CONTROL.sub("\ufffd", text) for path, text in found.items()}


def write_site(site: Site, folder: Path) -> Path:
    """Write the site into a folder and return the path of its index.

    Raises
    ------
    UsageError
        Naming the file that cannot be written.
    """
    texts = {path: text.encode() for path, text in pages(site).items()}
    put({**site.copies, **texts}, folder)
    return folder / INDEX


# Templates.


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "formula": formula,
        "formula_row": row,
        "rate": rate,
        "css": class_of,
        "sentence": _sentence,
        "numbers": set_numbers,
        "parted": parted,
        "prose": prose,
        "told": told,
    }
    return made


@cache
def _shared() -> Mapping[str, Markup]:
    """The style and the script of every page, and the policy that lets nothing else in."""
    style, script = (
        # Files of ours, which no text from outside comes into.
        Markup((TEMPLATES / name).read_text(encoding="utf-8"))
        for name in ("style.css", "script.js")
    )
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        # Charts name the colours of the page in attributes; these can load nothing either.
        "style-src-attr 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return {"style": style, "script": script, "policy": Markup(policy)}


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def rate(value: float | None, bound: bool = True) -> str:
    """An error rate, rounded up.

    >>> rate(1.606e-7), rate(0.0), rate(None), rate(1e-6, bound=False)
    ('≤ 1.7·10⁻⁷', '0', 'no bound stated', '10⁻⁶')
    """
    if value is None:
        return "no bound stated"
    if value == 0:
        return "0"
    power = math.floor(math.log10(value) + 1e-12)
    digits = math.ceil(value / 10.0**power * 10 - 1e-9) / 10
    sign = "≤ " if bound else ""
    if power > -3:
        return f"{sign}{value:.2g}"
    raised = power_of_ten(power)
    return f"{sign}{raised}" if digits == 1 else f"{sign}{digits:g}·{raised}"
