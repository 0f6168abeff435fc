"""A report that takes the place of another: whole files at any moment, and nothing left behind."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verify.report.folder import INDEX, MANIFEST, MARK, put
from verify.runs.writing import ABANDONED, TEMPORARY

CHANGES = ("mkdir", "open", "rename", "replace", "rmdir", "unlink")
"""What is called in `os` for every change in a folder."""


def site(mark: str, *claims: str) -> dict[str, bytes]:
    """A site whose files all say which one they are of, with a copy of a claim file."""
    folder = f"sources/{(mark * 16)[:16]}"
    text = f"{MARK} {mark}\n" * 500 + "end"
    links = " ".join(f'"claims/{name}.html"' for name in claims) + f' "{folder}/mine.py"'
    return {
        INDEX: f"{links}\n{text}".encode(),
        f"{folder}/mine.py": text.encode(),
        f"{folder}/package/other.py": text.encode(),
        **{f"claims/{name}.html": text.encode() for name in claims},
    }


OLD, NEW = site("a", "one", "two"), site("b", "two", "three")


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def require_unbroken(folder: Path) -> None:
    """Every file is whole, of the old or the new site, and what the index names is there."""
    found = files(folder)
    for path, content in found.items():
        if not path.startswith(MANIFEST):
            assert content in {OLD.get(path), NEW.get(path)}, path
    for link in re.findall(rb'"([^"]+)"', found[INDEX].partition(b"\n")[0]):
        assert link.decode() in found, link


def dying(change: Callable[[], object], calls: int) -> bool:
    """Whether a process that changes a folder dies at that change, or comes through.

    It dies before a change of a folder, or when half of a file is written.
    """
    child = os.fork()
    if child == 0:
        left, whole = iter(range(calls)), Path.write_bytes

        def counted(call: Callable[..., object]) -> Callable[..., object]:
            def made(*given: object, **more: object) -> object:
                if next(left, None) is None:
                    os._exit(9)
                return call(*given, **more)

            return made

        def halved(path: Path, content: bytes) -> int:
            if next(left, None) is None:
                whole(path, content[: len(content) // 2])
                os._exit(9)
            return whole(path, content)

        for name in CHANGES:
            setattr(os, name, counted(getattr(os, name)))
        Path.write_bytes = halved  # type: ignore[method-assign,assignment]
        change()
        os._exit(0)
    return bool(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def test_a_run_that_is_killed_at_any_moment_leaves_no_broken_site(tmp_path: Path) -> None:
    killed = 0
    while True:
        folder = tmp_path / str(killed)
        folder.mkdir()
        put(OLD, folder)
        died = dying(lambda folder=folder: put(NEW, folder), killed)  # type: ignore[misc]
        require_unbroken(folder)
        put(NEW, folder)
        left = {p: c for p, c in files(folder).items() if not p.startswith(MANIFEST)}
        assert left == NEW
        if not died:
            break
        killed += 1
    assert killed > 20


def test_that_a_broken_site_is_seen(tmp_path: Path) -> None:
    put(OLD, tmp_path)
    page = tmp_path / "claims/two.html"
    page.write_bytes(NEW["claims/two.html"][:-1])
    with pytest.raises(AssertionError):
        require_unbroken(tmp_path)
    page.unlink()
    with pytest.raises(AssertionError):
        require_unbroken(tmp_path)


def folders(folder: Path) -> Iterator[str]:
    yield from (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_dir())


def test_folders_that_nothing_is_in_any_more_go_and_others_stay(tmp_path: Path) -> None:
    put(OLD, tmp_path)
    mine = tmp_path / "sources" / ("a" * 16) / "package" / "mine.txt"
    mine.write_text("mine")
    put(NEW, tmp_path)
    assert mine.read_text() == "mine"
    assert len(list(folders(tmp_path))) == 6
    mine.unlink()
    put(OLD, tmp_path)
    plain = {INDEX: NEW[INDEX], "claims/two.html": NEW["claims/two.html"]}
    put(plain, tmp_path)
    assert list(folders(tmp_path)) == ["claims"]


def test_what_a_killed_run_had_begun_goes_when_it_is_old(tmp_path: Path) -> None:
    begun = [tmp_path / f"{MANIFEST}.{name}{TEMPORARY}" for name in ("old", "young")]
    for place in begun:
        place.mkdir()
        (place / INDEX).write_text("begun")
    past = time.time() - 2 * ABANDONED
    os.utime(begun[0], (past, past))
    put(OLD, tmp_path)
    assert [place.exists() for place in begun] == [False, True]
