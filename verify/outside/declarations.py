"""The claims that a statement of a claim file makes, as its text says: also of one that fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

__all__ = ["makers", "named_claims", "named_in_text"]

_CLAIM = re.compile(r"[A-Z]\w*Claim")


def makers(statements: Iterable[ast.stmt]) -> frozenset[str]:
    """The functions of a file that return claims, as far as their texts say so."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            inside = [node for part in statement.body for node in ast.walk(part)]
            if any(_makes_claim(node, found) for node in inside):
                found.add(statement.name)
    return frozenset(found)


def named_claims(statement: ast.stmt, known: frozenset[str]) -> tuple[str, ...]:
    """The ids of the claims that a statement makes, by the names that it gives them.

    Parameters
    ----------
    statement : ast.stmt
    known : frozenset of str
        Functions that return claims.
    """
    if isinstance(statement, ast.FunctionDef):
        # A function of this name is called for its claims.
        made = statement.name == "theorem" and statement.name in known
        return (statement.name,) if made else ()
    if isinstance(statement, ast.Assign):
        targets = [name for target in statement.targets for name in _names(target)]
    elif isinstance(statement, ast.AnnAssign):
        targets = list(_names(statement.target))
    else:
        return ()
    count = sum(_makes_claim(node, known) for node in _evaluated(statement))
    public = [name for name in targets if not name.startswith("_")]
    if count > 1 and len(public) == 1:
        return tuple(f"{public[0]}.{number}" for number in range(1, count + 1))
    return tuple(public[:count])


def named_in_text(text: str, names: Iterable[str], known: frozenset[str]) -> tuple[str, ...]:
    """The names that lines which are no Python give to claims."""
    called = re.findall(r"\b(\w+)\s*\(", text)
    made = any(name in known or _CLAIM.fullmatch(name) for name in called)
    return tuple(names)[:1] if made else ()


def _makes_claim(node: ast.AST, known: Iterable[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", None) or getattr(node.func, "attr", None) or ""
    return name in known or bool(_CLAIM.fullmatch(name))


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement, without the bodies of functions in it, however deep."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += (x for x in ast.iter_child_nodes(part) if not isinstance(x, ast.Lambda))


def _names(target: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
