"""Names of the pages' files: of any claim's name one that every file system and address takes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath

__all__ = ["file_name", "file_names", "shortest"]

_PLAIN = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST = 80
# What one file system keeps for itself, with any ending.
_RESERVED = re.compile(r"(con|prn|aux|nul|index|com\d|lpt\d)(\..*)?")


def file_name(name: str) -> str:
    """The name of a claim's page; one that is no plain name ends in a hash after a tilde.

    >>> file_name("bessel.noise")
    'bessel.noise.html'
    >>> file_name("../Etc")
    'etc~de8fd3ae30.html'
    """
    if _PLAIN.fullmatch(name) and len(name) <= _LONGEST and not _RESERVED.fullmatch(name):
        return f"{name}.html"
    ascii_letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_letters.lower())[: _LONGEST // 2].strip("-")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{slug or 'claim'}~{digest}.html"


def file_names(names: Sequence[str]) -> tuple[str, ...]:
    """A name for every page, no two the same; a claim that is there twice has two pages."""
    found: dict[str, None] = {}
    for name in names:
        made, again = file_name(name), 1
        while made in found:
            again += 1
            made = file_name(f"{name}\0{again}")
        found[made] = None
    return tuple(found)


def shortest(files: Iterable[str]) -> dict[str, str]:
    """The names of files without the folders that the run was made in, as long as they differ.

    >>> shortest(["../mine/x.py", "a/y.py", "b/y.py"])
    {'../mine/x.py': 'x.py', 'a/y.py': 'a/y.py', 'b/y.py': 'b/y.py'}
    """
    every = list(dict.fromkeys(files))
    last = [PurePath(file).name for file in every]
    return {
        file: name if last.count(name) == 1 else file
        for file, name in zip(every, last, strict=True)
    }
