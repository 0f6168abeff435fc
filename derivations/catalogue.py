"""The catalogue: every theorem under ``derivations/theorems``, found by its place there."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from . import theorems
from .claim import Claim, Theorem
from .errors import DerivationError

__all__ = ["claims", "find", "find_theorem", "load", "names", "nearest"]


def names() -> tuple[str, ...]:
    """The ids of all theorems, sorted; nothing is imported."""
    return tuple(
        sorted(m.name for m in pkgutil.iter_modules(theorems.__path__) if m.name[0] != "_")
    )


@cache
def find_theorem(name: str) -> Theorem:
    """One theorem by its id: what the function ``theorem`` of its file returns.

    Raises
    ------
    DerivationError
        If there is none (near misses are named), or its file does not hold what it should.
    """
    if name not in names():
        raise DerivationError(f"theorem: no {name!r}; {nearest(name, names())}")
    module = importlib.import_module(f"{theorems.__name__}.{name}")
    if not hasattr(module, "theorem"):
        raise DerivationError(
            f"theorems/{name}.py: no function theorem(); add one that returns a Theorem"
        )
    found = module.theorem()
    if not isinstance(found, Theorem) or found.id != name:
        raise DerivationError(
            f"theorems/{name}.py: theorem() must return a Theorem with id {name!r}"
        )
    ids = [claim.id for claim in found.claims]
    for id_ in ids:
        if ids.count(id_) > 1 or not (id_ == name or id_.startswith(f"{name}.")):
            raise DerivationError(
                f"theorems/{name}.py: claim id {id_!r} is taken or lacks the prefix {name}."
            )
    return found


def load() -> tuple[Theorem, ...]:
    """All theorems, sorted by id."""
    return tuple(find_theorem(name) for name in names())


def claims() -> tuple[Claim, ...]:
    """All claims of all theorems, in order."""
    return tuple(claim for theorem in load() for claim in theorem.claims)


def find(id_: str) -> Claim:
    """One claim by its id.

    Raises
    ------
    DerivationError
        If there is none; near misses are named.
    """
    for claim in find_theorem(id_.split(".")[0]).claims:
        if claim.id == id_:
            return claim
    raise DerivationError(f"claim: no {id_!r}; {nearest(id_, [c.id for c in claims()])}")


def nearest(name: str, known: Iterable[str], alike: float = 0.4) -> str:
    """What is said of a name that is not known: those that are near it, or else all there are.

    ``alike`` is how near that has to be, from 0 to 1, as `difflib` measures it.

    >>> nearest("cri", ["cir", "wishart"]), nearest("x", ["cir", "wishart"])
    ('did you mean cir?', 'there are cir, wishart')
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=alike)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
