"""Claim files: Python code that is executed, statement by statement, and the claims found in it.

Every value at the top level that is a claim, a theorem, or a list, tuple or mapping of them counts,
unless its name begins with an underscore; a function ``theorem()`` is called for one.  A statement
that fails is told by its line, with what could not be made without it, and the rest still counts.
A claim file is code: whoever runs it trusts it.
"""

from __future__ import annotations
import __future__

import ast
import re
import tokenize
import traceback
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FunctionType, GeneratorType, ModuleType
from typing import Any

from derivations.claim import Claim, Theorem
from verify.errors import ClaimError, TimeLimitError, UsageError
from verify.runs.strangers import Kept, single
from verify.runs.time_limit import limited

from .claim_types import accepted, readable, short
from .declarations import makers, named_claims, named_in_text
from .statements import Broken, bound, parsed
from .surroundings import surroundings

__all__ = ["LIMIT", "ClaimFile", "read"]

LIMIT = 20.0
"""Seconds that one statement may take."""

LONGEST = 100
"""Letters of an id."""

_ID = re.compile(rf"[\w.\-]{{1,{LONGEST}}}")


@dataclass(frozen=True, kw_only=True)
class ClaimFile:
    """What a file holds.

    Attributes
    ----------
    claims
        Its claims, each with an id.
    troubles
        One line for each thing that went wrong, with file and line.
    endless
        Lines of the statements that did not end in time.
    unread
        The names of the claims that went wrong, as far as the text of the file says.
    """

    claims: tuple[Claim, ...]
    troubles: tuple[str, ...]
    endless: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()


def read(
    path: str, *, limit: float = LIMIT, without: tuple[int, ...] = (), silent: bool = False
) -> ClaimFile:
    """Execute a claim file and collect its claims.

    Parameters
    ----------
    path
        The file, relative to the working folder or not.
    limit
        Seconds that one statement may take.
    without
        Lines of statements that are left out: those that are known not to end.
    silent
        Whether what the file prints is dropped; else the beginning goes to standard error.

    Raises
    ------
    UsageError
        If there is no such file, or it cannot be read as text.
    """
    text = _text(path)
    statements, broken = parsed(text, path)
    run = _Run(path=path, limit=limit, without=without)
    run.makers = makers(statements)
    run.broken(broken)
    with surroundings(run.module, path, silent=silent):
        for statement in statements:
            run.execute(statement)
        claims = tuple(run.claims())
    troubles = [str(x) for x in sorted(run.troubles, key=lambda x: x.line)]
    # That of a folder of claim files is among those that *.py names, and has none.
    if not claims and not troubles and Path(path).name != "__init__.py":
        troubles = [
            f"{path}: no claim in it; assign one to a name, as in the file that python -m verify "
            "new FILE writes"
        ]
    return ClaimFile(
        claims=claims,
        troubles=tuple(troubles),
        endless=tuple(run.endless),
        unread=tuple(sorted(run.unread, key=run.unread.__getitem__)),
    )


def _text(path: str) -> str:
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{path}: is a folder; give a file of claims, such as {path}/claims.py")
    if not file.is_file():
        raise UsageError(f"{path}: there is no such file")
    if file.suffix != ".py":
        raise UsageError(f"{path}: a file of claims is Python; give it a name that ends with .py")
    try:
        with tokenize.open(file) as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except (SyntaxError, UnicodeDecodeError):
        raise UsageError(f"{path}: not a text in UTF-8; save it as one") from None


# Running them.


@dataclass(kw_only=True)
class _Trouble:
    """An error, and what was lost with it."""

    path: str
    line: int
    message: str
    lost: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lost = [f"{name} (line {line})" for name, line in self.lost.items()]
        more = f"; lost with it: {', '.join(lost)}" if lost else ""
        return f"{self.path}, line {self.line}: {self.message}{more}"


class _Run:
    """The execution of one file."""

    def __init__(self, *, path: str, limit: float, without: tuple[int, ...]) -> None:
        self.path, self.limit, self.without = path, limit, without
        self.module = ModuleType(f"claims_{Path(path).stem}")
        self.module.__file__ = path
        self.troubles: list[_Trouble] = []
        self.endless: list[int] = []
        self.lines: dict[str, int] = {}  # name -> line of the statement that made it
        self.lost: dict[str, _Trouble] = {}  # name -> what went wrong instead
        self.unread: dict[str, int] = {}  # name of a claim -> line
        self.makers: frozenset[str] = frozenset()
        self.flags = 0
        self.unknown: _Trouble | None = None  # an import of all names of a module, which failed

    def broken(self, found: list[Broken]) -> None:
        """Tell what is no Python."""
        for part in found:
            self._failed(part.line, part.message, part.names)
            claims = named_in_text(part.text, part.names, self.makers)
            self.unread |= dict.fromkeys(claims, part.line)

    def execute(self, statement: ast.stmt) -> None:
        """Run one statement; what goes wrong is told, and the names that are lost with it."""
        names, claims = bound(statement), named_claims(statement, self.makers)
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            self.flags |= _flags(statement)
        if statement.lineno in self.without:
            trouble = _Trouble(path=self.path, line=statement.lineno, message="did not end")
            self.lost |= dict.fromkeys(names, trouble)
            return
        before = frozenset(vars(self.module))
        try:
            with single(), limited(self.limit), Kept():
                module = ast.Module(body=[statement], type_ignores=[])
                code = compile(module, self.path, "exec", flags=self.flags, dont_inherit=True)
                exec(code, vars(self.module))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the code of a user
            self._raised(error, statement, names)
            self.unread |= dict.fromkeys(claims, statement.lineno)
            self._made([x for x in self._new(before) if x not in names], statement.lineno)
        else:
            self._made((*names, *self._new(before)), statement.lineno)
            for name in claims:
                self.unread.pop(name, None)

    def _new(self, before: frozenset[str]) -> list[str]:
        """The names that came without being written: by globals(), global, an import of all."""
        names: Collection[Any] = vars(self.module)
        return [x for x in names if isinstance(x, str) and x not in before]

    def _made(self, names: Collection[str], line: int) -> None:
        self.lines |= dict.fromkeys(names, line)
        for name in names:
            self.lost.pop(name, None)
            self.unread.pop(name, None)

    def _raised(self, error: BaseException, statement: ast.stmt, names: tuple[str, ...]) -> None:
        source = error.__cause__ if isinstance(error.__cause__, NameError) else error
        cause = self.lost.get(getattr(source, "name", None) or "", self.unknown)
        if isinstance(source, NameError) and cause is not None:
            # Not an error of its own: the name is missing because of an earlier one.
            cause.lost |= dict.fromkeys(names or ("a statement",), statement.lineno)
            self.lost |= dict.fromkeys(names, cause)
            return
        if isinstance(error, TimeLimitError):
            self.endless.append(statement.lineno)
        lines = self._lines_of(error)
        here = [n for n in lines if statement.lineno <= n <= (statement.end_lineno or n)]
        line = here[-1] if here else statement.lineno
        inside = f" (in line {lines[-1]})" if lines and lines[-1] not in here else ""
        trouble = self._failed(line, readable(error) + inside, names)
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            self.unknown = trouble

    def _failed(self, line: int, message: str, names: tuple[str, ...]) -> _Trouble:
        trouble = _Trouble(path=self.path, line=line, message=message)
        self.troubles.append(trouble)
        self.lost |= dict.fromkeys(names, trouble)
        return trouble

    def _lines_of(self, error: BaseException) -> list[int]:
        """The lines of this file that an error came through, the innermost last."""
        frames = traceback.extract_tb(error.__traceback__)
        return [f.lineno for f in frames if f.filename == self.path and f.lineno]

    # What was made.

    def claims(self) -> Iterator[Claim]:
        """Every claim once, with an id that no other has."""
        seen: dict[int, Claim] = {}  # by their addresses, which no other gets while they are here
        taken: dict[str, int] = {}
        for name, line in list(self.lines.items()):
            value = getattr(self.module, name, None)
            if name.startswith("_"):
                continue
            if name == "theorem" and isinstance(value, FunctionType):
                value = self._called(value, line)
                if value is None:
                    self.unread[name] = line
            found = self._called(partial(_collected, name, value), line) or {}
            for address, (claim_id, claim) in found.items():
                if address in seen:
                    continue
                seen[address] = claim
                try:
                    yield self._named(claim, claim_id, line, taken)
                except Exception as error:  # noqa: BLE001 - fields of any kind
                    # An id that is none, or another's, names nothing.
                    called = name if _refused(claim.id or claim_id, taken) else claim.id or claim_id
                    self._failed(line, f"{called}: {readable(error)}", ())
                    self.unread[claim_id if _is_id(claim_id) else name] = line

    def _called(self, function: Any, line: int) -> Any:
        try:
            with single(), limited(self.limit), Kept():
                return function()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the code of a user
            if isinstance(error, TimeLimitError):
                self.endless.append(line)
            self._failed([line, *self._lines_of(error)][-1], readable(error), ())
            return None

    def _named(self, claim: Claim, name: str, line: int, taken: dict[str, int]) -> Claim:
        claim = replace(
            claim,
            id=claim.id or name,
            title=claim.title or name.replace("_", " "),
            source=claim.source or f"{Path(self.path).name}, line {line}",
        )
        if refused := _refused(claim.id, taken):
            raise ClaimError(refused)
        claim = accepted(claim)
        taken[claim.id] = line
        return claim


def _is_id(given: Any) -> bool:
    return isinstance(given, str) and _ID.fullmatch(given) is not None


def _refused(given: Any, taken: Mapping[str, int]) -> str:
    """Why a claim cannot have this id; empty if it can."""
    if not _is_id(given):
        return (
            f"id {short(given)}: give letters, digits, dots, dashes and underscores alone, and at "
            f"most {LONGEST} of them"
        )
    line = taken.get(given)
    return f"id {given!r}: the claim of line {line} has it; give another" if line else ""


def _flags(statement: ast.ImportFrom) -> int:
    flags = 0
    for alias in statement.names:
        flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def _collected(name: str, value: Any) -> dict[int, tuple[str, Claim]]:
    """The claims in a value, each once, by their addresses."""
    found: dict[int, tuple[str, Claim]] = {}
    for claim_id, claim in _found(name, value):
        found.setdefault(id(claim), (claim_id, claim))
    return found


def _found(name: str, value: Any) -> Iterator[tuple[str, Claim]]:
    """Claims in a value, with the id that each has if it names none."""
    if isinstance(value, Claim):
        yield name, value
    elif isinstance(value, Theorem):
        yield from _found(value.id or name, value.claims)
    elif isinstance(value, list | tuple | GeneratorType):
        for number, item in enumerate(value, 1):
            yield from _found(f"{name}.{number}", item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _found(f"{name}.{key}", item)
