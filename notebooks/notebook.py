"""A walkthrough as the text of a notebook file: the same text whenever it is built."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from derivations.errors import DerivationError
from notebooks.cells import Cell, Code, Exercise, Walkthrough
from notebooks.errors import CellError, NotebookError
from notebooks.execution import Output, Source, run

__all__ = ["GENERATED", "notebook_text"]

GENERATED = "python -m notebooks.build"
LARGEST_PICTURE = 60_000
"""Bytes of a PNG."""

# What no two machines or runs have in common: folders, addresses.
_VOLATILE = re.compile(
    r"(?<![\w.~/:*\-\\}])(?:[/](?:work|root|home|Users|tmp|opt|mnt|usr|var)[/]\w|~[/]|[A-Z]:\\Users)"
    r"| at 0x[0-9a-f]{4,}"
)


async def notebook_text(group: str, walkthrough: Walkthrough) -> str:
    """Run a walkthrough; the text of its notebook, without anything that changes by itself.

    Raises
    ------
    CellError
        If a cell fails, or its output is not what it should be.
    NotebookError
        If a cell cannot be made: an id or a kernel that is not there.
    """
    import nbformat

    try:
        cells = walkthrough.flat()
    except (NotebookError, DerivationError) as error:
        raise NotebookError(f"walkthroughs/{group}.py: {error}") from error
    sources = [
        *(Source(code=c.source, cell=n) for n, c in enumerate(cells, 1) if isinstance(c, Code)),
        *(
            Source(code=c.solution, cell=n, name="solution")
            for n, c in enumerate(cells, 1)
            if isinstance(c, Exercise)
        ),
    ]
    found = await run(group, sources)
    outputs = {s.cell: _settled(group, s, o) for s, o in zip(sources, found, strict=True)}
    book = _book(group, cells, outputs)
    nbformat.validate(book)
    write: Any = nbformat.writes
    return f"{write(book, version=4)}\n"


def _book(group: str, cells: Sequence[Cell], outputs: dict[int, list[Output]]) -> Any:
    import nbformat

    v4: Any = nbformat.v4
    made: list[Any] = []
    taken: set[str] = set()
    count = 0
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, Code):
            count += 1
            _require(group, number, cell, outputs[number])
            shown = _described(cell, outputs[number], count)
            one = v4.new_code_cell(cell.source, outputs=shown, execution_count=count)
        elif isinstance(cell, Exercise):
            one = v4.new_markdown_cell(_exercise(cell, _printed(outputs[number])))
        else:
            one = v4.new_markdown_cell(cell.source)
        one.id = _id(one.source, taken)
        made.append(one)
    return v4.new_notebook(cells=made, metadata=_metadata(group))


def _metadata(group: str) -> dict[str, Any]:
    return {
        "driftproof": {
            "generated": f"{GENERATED}; do not edit",
            "source": f"notebooks/walkthroughs/{group}.py",
        },
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "pygments_lexer": "ipython3",
        },
    }


def _id(source: str, taken: set[str]) -> str:
    """A name for a cell that follows from its text, so that other cells do not change it."""
    number = 0
    while True:
        name = hashlib.sha256(f"{number}{source}".encode()).hexdigest()[:8]
        if name not in taken:
            taken.add(name)
            return name
        number += 1


def _settled(group: str, source: Source, outputs: Sequence[Output]) -> list[Output]:
    """The outputs, refused where they hold what differs from run to run."""
    for output in outputs:
        text = output.get("text", "") + "".join(
            value
            for kind, value in output.get("data", {}).items()
            if kind.startswith("text/") and isinstance(value, str)
        )
        found = _VOLATILE.search(text)
        if found:
            line = next(line for line in text.splitlines() if _VOLATILE.search(line))
            what = "prints a folder or an address, which differs from run to run"
            raise CellError(group, source.cell, what, line)
    return list(outputs)


def _require(group: str, number: int, cell: Code, outputs: Sequence[Output]) -> None:
    """The texts that must be printed, an ``alt`` for each picture, pictures that are small."""
    printed = _printed(outputs)
    for wanted in cell.prints:
        # AGREES does not stand in DISAGREES.
        if not re.search(rf"(?<!\w){re.escape(wanted)}", printed):
            said = f"\n{printed}".rstrip().replace("\n", "\n    ") or " nothing"
            what = f"does not print {wanted!r}, on which the text relies; it prints{said}"
            raise CellError(group, number, what)
    pictures = [output["data"]["image/png"] for output in outputs if _is_picture(output)]
    if len(pictures) != len(cell.alt):
        what = (
            f"draws {len(pictures)} pictures and describes {len(cell.alt)}; give each an alt text"
        )
        raise CellError(group, number, what)
    for picture in pictures:
        size = len(base64.b64decode(picture))
        if size > LARGEST_PICTURE:
            what = f"draws a picture of {size} bytes; draw fewer lines, at most {LARGEST_PICTURE}"
            raise CellError(group, number, what)


def _is_picture(output: Output) -> bool:
    return "image/png" in output.get("data", {})


def _printed(outputs: Sequence[Output]) -> str:
    """What was printed, and the value of the last line."""
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append(output["text"])
        elif not _is_picture(output):
            parts.append(output.get("data", {}).get("text/plain", ""))
    return "".join(parts)


def _described(cell: Code, outputs: Sequence[Output], count: int) -> list[Output]:
    """The outputs, the pictures with what one sees in them instead of an object's name."""
    texts = iter(cell.alt)
    for output in outputs:
        if "execution_count" in output:
            output["execution_count"] = count
        if _is_picture(output):
            alt = next(texts)
            output["data"] = {"image/png": output["data"]["image/png"], "text/plain": alt}
            output["metadata"] = {"image/png": {"alt": alt, "needs_background": "light"}}
    return list(outputs)


def _exercise(cell: Exercise, printed: str) -> str:
    parts = [f"**Exercise.** {cell.question}"]
    if cell.hint:
        parts.append(_folded("Hint", cell.hint))
    solution = f"```python\n{cell.solution}\n```"
    if printed.strip():
        solution += f"\n\nprints\n\n```text\n{printed.rstrip()}\n```"
    parts.append(_folded("Solution", solution))
    return "\n\n".join(parts)


def _folded(title: str, body: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
