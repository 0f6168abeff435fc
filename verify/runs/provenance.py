"""What decides a verdict, as hashes and versions.

A verdict is decided by the declaration of its claim, by what derives and prints it, by its kernels,
by the code that measures and judges, by the settings of the run, by the versions of the packages
and by the machine.  Each has a hash or a name here; together they are the key under which a
finished verdict is kept, and what a certificate says.

A claim file is hashed with the modules of no installed package that it imports.  Data that it reads
while it runs are seen as the values that its claims reach; what a function reads when it is called
is not seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import linecache
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from verify.errors import UsageError
from verify.problem import Problem, Reference

from . import claim_files
from .contents import Contents, contents_of

__all__ = ["PACKAGES", "Provenance", "Sources", "kernels_hash", "versions"]

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = (
    "driftproof", "llvmlite", "mpmath", "numba", "numpy", "python-flint", "scipy", "sympy",
)  # fmt: skip
"""Packages whose version may move a number or a proof."""

NOTHING = Contents(digest="")
"""What a claim of the catalogue reaches beside its own text, and one that is not there."""

# Of no weight for a verdict on a claim.
ASIDE = (
    "numerics/kernels", "verify/charts", "verify/data", "verify/examples", "verify/experiments",
    "verify/mutants/kept.py", "verify/mutants/kills.json", "verify/report",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Hashes of all that is about one claim.

    Parameters
    ----------
    claim : str
        Of the file that declares it.
    derivation : str
        Of the symbolic side: declarations, calculus, code generation.
    kernels : str
        Of the printed kernels; empty for a claim without any, and where they are printed when the
        claim is judged, from what the other hashes are of.
    judge : str
        Of the numeric side and the judge.
    values : str
        Of the values that a claim of a file reaches; empty for one of the catalogue.
    unread : str
        The kind of a value among them that cannot be read; empty if all are in the hash.
    """

    claim: str
    derivation: str
    kernels: str
    judge: str
    values: str = ""
    unread: str = ""

    def to_json(self) -> dict[str, str]:
        """A dictionary of names and hashes; of values only where there are some."""
        found: dict[str, str] = asdict(self)
        return {k: x for k, x in found.items() if x or k not in ("values", "unread")}


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Hashes of the two sides and the judge, the files of the theorems, the claim files met."""

    derivation: str
    judge: str
    theorems: Mapping[str, Path]
    executed: dict[str, Mapping[str, Contents]] = field(default_factory=dict, compare=False)

    @staticmethod
    def now() -> Sources:
        """As the files are now."""
        from derivations.places import Places

        places = Places(root=ROOT)
        return Sources(derivation=places.shared(), judge=_judge(), theorems=places.theorems())

    def of(self, reference: Reference) -> Provenance:
        """The hashes of a claim, its own as its files are now."""
        theorem = reference.claim.partition(".")[0]
        kernels = ROOT / "numerics" / "kernels" / f"{theorem}.py"
        # Those of a mutant are printed when it is judged.
        printed = reference.file is None and reference.mutant is None and kernels.exists()
        reached = self._reached(reference)
        return Provenance(
            claim=_hash(self._declaration(theorem, reference)),
            derivation=self.derivation,
            kernels=_hash([("", kernels.read_bytes())]) if printed else "",
            judge=self.judge,
            values=reached.digest,
            unread=reached.unread,
        )

    def _declaration(self, theorem: str, reference: Reference) -> Iterator[tuple[str, bytes]]:
        if reference.file is not None:
            yield from claim_files.texts(Path(reference.file))
        elif theorem in self.theorems:
            # What it imports is of the symbolic side.
            yield "", self.theorems[theorem].read_bytes()

    def _reached(self, reference: Reference) -> Contents:
        """The values that a claim reaches; what its file imports is loaded then, once.

        So a replay sees what the run saw.
        """
        from verify.outside.files import read

        file = reference.file
        if file is None:
            return NOTHING
        if file not in self.executed:
            self.executed[file] = {}
            # What is wrong with the file is told by who reads its claims.
            with contextlib.suppress(UsageError):
                claims = read(file, without=reference.without, silent=True).claims
                self.executed[file] = {claim.id: contents_of(claim) for claim in claims}
        return self.executed[file].get(reference.claim, NOTHING)


def kernels_hash(problem: Problem) -> str:
    """The hash of the source that the kernels of a problem stand in."""
    functions = [f for k in problem.kernels.values() for f in (k.arrays, k.generic)]
    texts = {text for function in functions for text in _texts(function)}
    return _hash(("", text.encode()) for text in sorted(texts)) if texts else ""


def versions() -> dict[str, str]:
    """Versions of Python, of the packages that matter, and of the machine's arithmetic."""
    from threadpoolctl import threadpool_info

    # The kernels of linear algebra are chosen by the processor: last digits may follow it.
    blas = sorted(
        {
            f"{library['internal_api']} {library['version']} {library.get('architecture', '')}"
            for library in threadpool_info()
            if library["user_api"] == "blas" and "numpy" in library["filepath"]
        }
    )
    return {
        **{name: version(name) for name in PACKAGES},
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{sys.platform} {platform.machine()}",
        "blas": "; ".join(text.strip() for text in blas) or "unknown",
    }


def _judge() -> str:
    files = [
        path
        for package in ("numerics", "verify")
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in {".py", ".csv", ".json"}
        and not path.relative_to(ROOT).as_posix().startswith(ASIDE)
    ]
    return _hash((path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in files)


def _texts(function: Callable[..., Any]) -> Iterator[str]:
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None:
        yield f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    else:
        yield "".join(linecache.getlines(code.co_filename))


def _hash(parts: Iterable[tuple[str, bytes]]) -> str:
    found = hashlib.sha256()
    for name, content in parts:
        found.update(f"{name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()
