"""The emitted kernels of a claim, as they stand in ``numerics/kernels``."""

from __future__ import annotations

import ast
import importlib.resources
from collections.abc import Sequence

from notebooks.errors import NotebookError

__all__ = ["kernel_markdown", "kernel_sources"]


def kernel_sources(claim_id: str) -> dict[str, str]:
    """Source of each function emitted for a claim, by what its name has after the claim's id."""
    theorem = claim_id.split(".")[0]
    file = importlib.resources.files("numerics.kernels") / f"{theorem}.py"
    if not file.is_file():
        raise NotebookError(f"kernel: no numerics/kernels/{theorem}.py; give the id of a claim")
    source = file.read_text(encoding="utf-8")
    prefix = f"{claim_id.replace('.', '_')}_"
    found, lines = {}, source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith(prefix):
            # ast.get_source_segment splits the whole file anew for each function.
            body = lines[node.lineno - 1 : node.end_lineno]
            found[node.name.removeprefix(prefix)] = "\n".join(body)
    return found


def kernel_markdown(claim_id: str, names: Sequence[str]) -> str:
    """Some functions emitted for a claim as a block of Python, with where they stand."""
    sources = kernel_sources(claim_id)
    for name in names:
        if name not in sources:
            known = ", ".join(name for name in sources if not name.endswith("_in"))
            raise NotebookError(f"kernel: {claim_id} has no {name!r}; there are {known}")
    chosen = names or [name for name in sources if not name.endswith("_in")]
    block = "\n\n\n".join(sources[name] for name in chosen)
    place = f"numerics/kernels/{claim_id.split('.')[0]}.py"
    return f"From `{place}`, as `python -m derivations.build` wrote it:\n\n```python\n{block}\n```"
