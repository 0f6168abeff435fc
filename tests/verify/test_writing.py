"""Where the text of a run goes that is asked for under a name which is not that of a plain file."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from verify.errors import UsageError
from verify.runs.writing import writable, write


def test_a_pipe_is_given_the_text_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert writable(pipe) == pipe
    with ThreadPoolExecutor(1) as beside:
        read = beside.submit(pipe.read_text, encoding="utf-8")
        write(pipe, "Σ\n")
        assert read.result(timeout=20) == "Σ\n"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [place.name for place in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_leads_to_is_written(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "elsewhere" / "target.json"
    target.parent.mkdir()
    if there:
        target.write_text("old", encoding="utf-8")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    write(writable(link), "new")
    assert link.is_symlink()
    assert not target.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


def test_a_link_into_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "no" / "target.json")
    with pytest.raises(UsageError, match=r"there is no folder .*no; make it first"):
        writable(link)
