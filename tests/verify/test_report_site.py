from __future__ import annotations

import json
import os
import posixpath
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.verify.report_pages import (
    Page,
    evidence,
    exposition,
    finding,
    record,
    site,
    verdict,
)
from verify.cli import main
from verify.errors import UsageError
from verify.mutants.kept import Kept, KeptTable
from verify.report.expositions import Told
from verify.report.folder import MANIFEST
from verify.report.names import file_name, file_names
from verify.report.notation import set_numbers
from verify.report.site import Site, pages, write_site
from verify.report.tables import complaints
from verify.runs.copies import copy_of
from verify.verdict import Status, Verdict

FILES = ("verdicts.json", "verdicts.md", "certificate.json")


def every_kind() -> Site:
    """A site with a claim of every verdict."""
    wrong = verdict("wrong", Status.DISAGREES, finding=finding())
    unfound = verdict("unfound", Status.DISAGREES)
    open_ = replace(
        verdict("open"),
        evidence=(evidence("path", Status.INCONCLUSIVE, "40,000 more paths would settle it"),),
    )
    silent = replace(verdict("silent"), evidence=verdict("silent").evidence[4:])
    error = Verdict(claim="error", title="", evidence=(), error="x is no state")
    found = (verdict("right"), wrong, unfound, open_, silent, error)
    return site(*map(record, found), titles={"right": "A theorem"}, troubles=("a.py: an error",))


@pytest.fixture(scope="module")
def made() -> dict[str, Page]:
    return {path: Page(text) for path, text in pages(every_kind()).items()}


def test_every_claim_has_a_page_and_a_row_that_leads_there(made: dict[str, Page]) -> None:
    names = ("right", "wrong", "unfound", "open", "silent", "error")
    assert set(made) == {"index.html", *(f"claims/{name}.html" for name in names)}
    assert {f"claims/{name}.html" for name in names} <= set(made["index.html"].links)


def test_pages_are_well_formed_with_headings_in_order(made: dict[str, Page]) -> None:
    for path, page in made.items():
        assert not page.faults, path
        assert page.headings.count(1) == 1, path
        assert page.headings[0] == 1, path
        steps = [b - a for a, b in zip(page.headings, page.headings[1:], strict=False)]
        assert max(steps) <= 1, path


def test_every_link_leads_to_a_file_or_a_place_of_the_site(made: dict[str, Page]) -> None:
    for path, page in made.items():
        for link in page.links:
            target, _, place = link.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            file = path if not target else file
            assert file in made or file in FILES, (path, link)
            assert not place or place in made[file].ids, (path, link)


def test_nothing_outside_is_named(made: dict[str, Page]) -> None:
    for path, page in made.items():
        for tag, attributes in page.elements:
            for name in ("src", "href", "srcset", "data", "action", "poster", "xlink:href"):
                value = attributes.get(name) or ""
                assert not re.match(r"[a-z+.-]+:|//", value) or value == "data:,", (path, tag)
        assert "url(" not in page.text, path
        assert "@import" not in page.text, path
        addresses = set(re.findall(r"https?://[^\s\"'<]*", page.text))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path


def test_labels_name_what_is_there(made: dict[str, Page]) -> None:
    for path, page in made.items():
        for _, attributes in page.elements:
            for name in ("aria-labelledby", "for"):
                for target in (attributes.get(name) or "").split():
                    assert target in page.ids, (path, target)


def test_the_status_comes_first_and_what_is_wrong_before_the_statement(
    made: dict[str, Page],
) -> None:
    shown = made["claims/wrong.html"].shown
    assert shown.index("DISAGREES") < shown.index("What is wrong")
    assert shown.index("Counter-example") < shown.index("Statement")
    assert "What is wrong" in made["claims/unfound.html"].shown
    shown = made["claims/open.html"].shown
    assert shown.index("40,000 more paths") < shown.index("Statement")
    shown = made["claims/error.html"].shown
    assert shown.index("x is no state") < shown.index("Statement")
    assert "What is wrong" not in made["claims/right.html"].shown


def test_the_index_counts_and_names_what_is_not_as_expected(made: dict[str, Page]) -> None:
    shown = made["index.html"].shown
    assert "2 DISAGREES 1 ERROR 1 INCONCLUSIVE 1 AGREES 1 NOT APPLICABLE" in shown
    assert "a.py: an error" in shown
    assert "A theorem" in shown
    assert "CPython 3.11" in shown
    assert "1.5 s" in shown


def test_neighbours_lead_through_all_claims(made: dict[str, Page]) -> None:
    path, seen = "claims/right.html", []
    while path:
        seen.append(path)
        following = [
            a["href"] for tag, a in made[path].elements if tag == "a" and a.get("rel") == "next"
        ]
        path = f"claims/{following[0]}" if following else ""
    assert seen == [path for path in made if path != "index.html"]


def test_a_claim_without_a_kill_table_names_the_command_that_makes_it(
    made: dict[str, Page],
) -> None:
    shown = made["claims/right.html"].shown
    assert "No kill table is kept for this claim" in shown
    assert "python -m verify mutants right --keep" in shown
    text = pages(site(record(verdict("right"), file="my file.py")))["claims/right.html"]
    assert "python -m verify mutants 'my file.py:right'" in Page(text).shown
    assert "--keep" not in text
    table = KeptTable(claim="right", hashes={}, effort="quick", seed=0, judged=0, available=0)
    text = pages(site(record(verdict("right")), kept=Kept(tables={"right": table})))[
        "claims/right.html"
    ]
    assert "No wrong version of this claim could be made" in Page(text).shown


def test_commands_are_exact(made: dict[str, Page]) -> None:
    shown = made["claims/right.html"].shown
    assert "python -m verify run right --effort quick --seed 3" in shown
    assert "python -m verify replay certificate.json" in shown
    some = every_kind()
    some = replace(some, settings={**some.settings, "tiers": ["exact", "path"]})
    text = Page(pages(some)["claims/right.html"]).shown
    assert "python -m verify run right --tier exact --tier path --effort quick --seed 3" in text


def test_an_expectation_is_named_only_where_it_was_set() -> None:
    wrong = verdict("wrong", Status.DISAGREES)
    assert "expected" not in Page(pages(site(record(wrong)))["claims/wrong.html"]).shown
    assert complaints(wrong)[0] == "wrong: DISAGREES"
    odd = verdict("odd", expected=Status.DISAGREES)
    assert "expected DISAGREES" in Page(pages(site(record(odd)))["claims/odd.html"]).shown
    assert complaints(odd)[0] == "odd: AGREES, expected DISAGREES"


def test_the_derivation_comes_before_the_tiers_and_is_folded_where_it_is_long(
    made: dict[str, Page],
) -> None:
    page = made["claims/right.html"]
    order = ["statement", "derivation", "tiers", "mistakes", "certificate"]
    assert [name for name in page.ids if name in order] == order
    assert '<details class="long">' not in page.text
    long = replace(exposition(), steps=exposition().steps * 2)
    text = pages(site(record(verdict("right")), told=Told(exposition=long)))["claims/right.html"]
    assert '<details class="long">\n<summary>4 steps</summary>' in text
    assert not Page(text).faults


def test_a_claim_file_is_named_and_run_without_the_folder_of_the_caller() -> None:
    judged = record(verdict("right"), file="../w/mix.py")
    page = Page(pages(site(judged, copies={copy_of(judged): b""}))["claims/right.html"])
    assert "../w" not in page.shown
    assert "Verdicts mix. py right" in page.shown
    assert "In the folder of this report, without the rest" in page.shown
    assert f"python -m verify run {copy_of(judged)}:right --effort" in page.shown
    # Without a copy there is only the place that was given.
    page = Page(pages(site(judged))["claims/right.html"])
    assert "python -m verify run ../w/mix.py:right --effort" in page.shown


def test_numbers_are_set_in_one_notation() -> None:
    said = evidence("path", Status.AGREES, "difference -3.7e-12 ± 2e-10, two-sided, bias ≤ 1e-06.")
    page = Page(
        pages(site(record(replace(verdict("right"), evidence=(said,)))))["claims/right.html"]
    )
    assert "difference −3.7·10⁻¹² ± 2·10⁻¹⁰, two-sided, bias ≤ 10⁻⁶." in page.shown
    assert not re.search(r"\d[eE][-+]?\d", page.shown)
    assert set_numbers("claimed >= 0") == "claimed ≥ 0"
    for kept in (
        "--seed 3",
        "x == 1",
        "a => b",
        "rank-one",
        "x-1",
        "a1e5",
        "2f1e-3b",
        "label_noise-2",
    ):
        assert set_numbers(kept) == kept


def test_the_same_verdicts_give_the_same_text() -> None:
    assert pages(every_kind()) == pages(every_kind())


def test_without_scripts_the_whole_table_is_there(made: dict[str, Page]) -> None:
    hidden = [tag for tag, attributes in made["index.html"].elements if "hidden" in attributes]
    assert hidden == ["form"]


def test_the_policy_lets_in_the_style_and_the_script_that_are_there(
    made: dict[str, Page],
) -> None:
    import base64
    import hashlib

    for page in made.values():
        (policy,) = (
            a["content"] or ""
            for tag, a in page.elements
            if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        )
        assert "default-src 'none'" in policy
        for tag in ("style", "script"):
            inside = re.findall(rf"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
            assert len(inside) == 1
            digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


# Names of files.


def test_file_names_are_safe_and_apart() -> None:
    given = [
        *("a", "A", "a.b", "a/b", "../a", "../../etc/passwd", "", ".", "..", "a ", " a", "é", "e"),
        *("e\u0301", "<script>", "con", "CON", "nul.x", "index", "a~b", "a\0b", "x" * 5000),
        *("C:\\a", "a?b#c", "a%2fb", "-rf", "\u202egnp", "a", "\ud800"),
    ]
    found = file_names(given)
    assert len({name.casefold() for name in found}) == len(given)
    for name in found:
        assert re.fullmatch(r"[a-z0-9][a-z0-9._~-]*\.html", name)
        assert ".." not in name
        assert len(name) < 120
    assert file_name("bessel.noise") == "bessel.noise.html"
    assert file_name("con") != "con.html"


# Folders.


def test_pages_of_an_earlier_run_go_and_other_files_stay(tmp_path: Path) -> None:
    index = write_site(every_kind(), tmp_path)
    assert index == tmp_path / "index.html"
    mine = tmp_path / "claims" / "mine.html"
    notes = tmp_path / "notes.txt"
    mine.write_text("mine")
    notes.write_text("notes")
    write_site(site(record(verdict("right"))), tmp_path)
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"index.html", "claims/right.html", "claims/mine.html", "notes.txt", MANIFEST}
    assert (mine.read_text(), notes.read_text()) == ("mine", "notes")


def test_a_manifest_that_names_other_files_removes_none(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    write_site(every_kind(), folder_of(folder))
    outside = tmp_path / "outside.html"
    outside.write_text("outside")
    (folder / "verdicts.json").write_text("{}")
    named = ["../outside.html", str(outside), "verdicts.json", "claims/../verdicts.json", 7, ""]
    (folder / MANIFEST).write_text(json.dumps({"files": named}))
    write_site(site(record(verdict("right"))), folder)
    assert outside.exists()
    assert (folder / "verdicts.json").exists()
    for damaged in ("", "[]", '{"files": 3}', "{"):
        (folder / MANIFEST).write_text(damaged)
        write_site(site(record(verdict("right"))), folder)


def folder_of(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_pages_of_others_are_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.html").write_text("<h1>Home</h1>")
    with pytest.raises(UsageError, match=r"index\.html: is there and is not of a report"):
        write_site(every_kind(), tmp_path)
    assert main(["run", "bessel.noise", "--report", str(tmp_path)]) == 2
    assert "index.html: is there and is not of a report" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text() == "<h1>Home</h1>"


def test_a_disk_that_is_full_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28), str(tmp_path / "claims" / "x"))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match=r"cannot be written \(No space left on device\)"):
        write_site(every_kind(), tmp_path)


def test_a_claim_that_cannot_be_told_has_a_page_that_says_so() -> None:
    text = pages(site(record(verdict("x")), told=Told(silence="The file is gone.")))
    assert "The file is gone." in Page(text["claims/x.html"]).shown


CLAIMS = """
from sympy import log
from derivations import Brownian, DifferentialClaim, MatrixSDE, State, dt, positive

sigma, x, beta = positive("sigma"), State("x", positive=True), Brownian("beta")
sde = MatrixSDE({x: sigma * x * beta.d})
right = DifferentialClaim(
    title="<script>alert(1)</script>", statement="'\\"><img src=x onerror=alert(2)>",
    source="</style><b>", sde=sde, observable=log(x), drift=-(sigma**2) / 2,
    martingale=sigma * beta.d,
)
wrong = DifferentialClaim(
    sde=sde, observable=log(x), drift=sigma**2 / 2, martingale=sigma * beta.d
)
"""


def test_a_run_writes_a_site_of_a_claim_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, folder = tmp_path / "claims.py", tmp_path / "report"
    file.write_text(CLAIMS)
    given = [str(file), "--report", str(folder), "--store", str(tmp_path / "store")]
    code = main(["run", *given, "--tier", "derivation", "--tier", "exact", "--effort", "quick"])
    told = capsys.readouterr()
    assert code == 1, told.err
    assert told.out.splitlines()[-1] == f"report: {folder / 'index.html'}"
    found = {path: Page((folder / path).read_text()) for path in listed(folder)}
    assert set(found) == {"index.html", "claims/right.html", "claims/wrong.html"}
    for page in found.values():
        assert not page.faults
        assert not {"img", "b"} & {tag for tag, _ in page.elements}
    assert "<script>alert(1)</script>" in found["claims/right.html"].shown
    assert "What is wrong" in found["claims/wrong.html"].shown
    assert [tag for tag, _ in found["claims/wrong.html"].elements].count("math") > 4
    (copy,) = (folder / "sources").glob("*/claims.py")
    given = f"{copy.relative_to(folder)}:wrong"
    command = f"python -m verify run {given} --tier derivation --tier exact --effort quick"
    assert command in found["claims/wrong.html"].shown
    monkeypatch.chdir(folder)
    assert main(["run", given, "--tier", "exact", "--effort", "quick"]) == 1
    digest = json.loads((folder / "certificate.json").read_text())["digest"]
    assert digest in found["claims/right.html"].shown
    assert all((folder / name).is_file() for name in FILES)


def listed(folder: Path) -> list[str]:
    """The pages in a folder."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*.html")]


def test_a_folder_that_cannot_be_made_is_one_line_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    (tmp_path / "claims").write_text("")
    for folder in (file, file / "report", tmp_path):
        assert main(["run", "bessel.noise", "--report", str(folder)]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
