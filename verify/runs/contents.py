"""The values that a claim reaches, as one hash: what a file reads while it runs is in no text.

A claim is read through its fields and through its functions: their defaults, what they close over,
and the names of modules that they use, also in functions of a user's own that they call.  Numbers,
texts, arrays and expressions count by their content, all else by what a pickle of it would hold, so
that equal values give one hash in every process.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import sys
import sysconfig
import types
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from verify.bad_input import PACKAGES
from verify.errors import TimeLimitError

from .strangers import Kept, single
from .time_limit import limited

__all__ = ["Contents", "contents_of"]

LIMIT = 20.0
"""Seconds that the reading of one claim may take, which may be up to a user's own classes."""

INSTALLED = frozenset({"site-packages", "dist-packages"})

STANDARD = tuple(Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "platstdlib"))

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
"""What its own text tells whole."""

# Of a class: what its functions and its bases do not say again, or what Python keeps there.
ASIDE = frozenset(
    {
        "__annotate__",
        "__annotate_func__",
        "__annotations__",
        "__annotations_cache__",
        "__dataclass_fields__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__static_attributes__",
        "__weakref__",
        "_abc_impl",
    }
)

SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType, types.WrapperDescriptorType)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the reading of a claim found.

    Attributes
    ----------
    digest : str
        The hash of all that could be read.
    unread : str
        The kind of what could not, the first of them; empty if everything was read.
    """

    digest: str
    unread: str = ""


def contents_of(claim: Any) -> Contents:
    """The values that a claim reaches.

    Examples
    --------
    >>> from verify.runs.contents import contents_of
    >>> def scaled_by(rate):
    ...     return lambda x: rate[0] * x
    >>> rate = [2.0]
    >>> f = scaled_by(rate)
    >>> before = contents_of(f)
    >>> rate[0] = 3.0
    >>> contents_of(f) == before
    False
    """
    reading = _Reading()
    try:
        with single(), limited(LIMIT), Kept():
            digest = reading.of(claim)
    except (Exception, TimeLimitError) as error:  # noqa: BLE001 - the objects of a user
        return Contents(digest="", unread=type(error).__name__)
    return Contents(digest=digest, unread=reading.unread)


class _Reading:
    """One reading of a claim: every object once, and where it comes back to one that is open."""

    def __init__(self) -> None:
        self.unread = ""
        self._known: dict[int, tuple[Any, str]] = {}  # the object too, so that its address stays
        self._open: dict[int, int] = {}
        self._dummies: dict[int, int] = {}
        self._names: dict[int, set[str]] = {}  # of modules that are open, what was read of them
        self._globals: dict[str, dict[int, str]] = {}

    def of(self, value: Any) -> str:
        """The hash of a value."""
        if type(value) in PLAIN:
            return _hash((type(value).__name__, repr(value)))
        address = id(value)
        if address in self._known:
            return self._known[address][1]
        if address in self._open:
            return _hash(("again", str(self._open[address])))
        self._open[address] = len(self._open)
        try:
            found = _hash(self._parts(value))
        finally:
            del self._open[address]
        self._known[address] = value, found
        return found

    def _all(self, values: Iterable[Any]) -> Iterator[str]:
        return map(self.of, values)

    def _parts(self, value: Any) -> Iterator[str]:
        from sympy import Basic

        if isinstance(value, Basic):
            yield from self._of_expression(value)
        elif isinstance(value, type):
            yield from self._of_class(value)
        elif isinstance(value, types.ModuleType):
            yield from self._of_module(value, {x for x in vars(value) if not _is_private(x)})
        elif isinstance(value, types.FunctionType):
            yield from self._of_function(value)
        elif isinstance(value, types.CodeType):
            yield from ("code", value.co_code.hex(), *value.co_names, *self._all(value.co_consts))
        elif is_dataclass(value) and _is_library(type(value).__module__):
            # Of this project, or a package's: what it keeps beside its fields follows from them.
            yield type(value).__qualname__
            yield from self._all(getattr(value, field.name) for field in fields(value))
        else:
            yield from self._of_object(value)

    def _of_object(self, value: Any) -> Iterator[str]:
        kind = type(value)
        if kind is np.ndarray and not value.dtype.hasobject:
            yield from ("array", str(value.dtype), str(value.shape), _hash((value.tobytes(),)))
        elif kind in (list, tuple):
            yield from (kind.__name__, *self._all(value))
        elif kind in (set, frozenset):
            yield from (kind.__name__, *sorted(self._all(value)))
        elif kind in (dict, types.MappingProxyType):
            yield from ("mapping", *self._all(x for pair in value.items() for x in pair))
        elif isinstance(value, property):
            yield from ("property", *self._all((value.fget, value.fset, value.fdel)))
        elif isinstance(value, staticmethod | classmethod):
            yield from (kind.__name__, self.of(value.__func__))
        elif isinstance(value, functools.cached_property):
            yield from ("cached", self.of(value.func))
        elif isinstance(value, SLOTS):
            yield from ("slot", value.__name__)
        elif inner := _wrapped(value):
            yield from ("wrapped", kind.__qualname__, self.of(inner))
        else:
            yield from self._of_pickle(value)

    def _of_pickle(self, value: Any) -> Iterator[str]:
        """What a pickle of an object would hold; of what a package made it is the name."""
        kind = type(value)
        if name := self._library_name(value):
            yield from ("global", str(kind.__module__), name)
            return
        try:
            reduce = copyreg.dispatch_table.get(kind)
            found: Any = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - whatever an object says
            self.unread = self.unread or kind.__qualname__
            yield from ("unread", kind.__qualname__)
            return
        if isinstance(found, str):  # the name of something global
            yield from ("global", str(getattr(value, "__module__", "")), found)
            return
        for part in found:
            # Items come as iterators.
            yield self.of(part if part is None or not hasattr(part, "__next__") else list(part))

    def _library_name(self, value: Any) -> str:
        """The name under which a package keeps an object beside its class; empty for any other.

        So are the distributions of SciPy kept, and the random numbers of NumPy that nobody made,
        whose state is another in every process.  What is in a container may be a user's.
        """
        module = type(value).__module__
        if module not in self._globals:
            held = getattr(sys.modules.get(module), "__dict__", {}) if _is_library(module) else {}
            self._globals[module] = {id(x): n for n, x in held.items() if not _is_private(n)}
        found = self._globals[module].get(id(value), "")
        return "" if issubclass(type(value), Container) else found

    # Expressions, classes, modules, functions.

    def _of_expression(self, value: Any) -> Iterator[str]:
        from sympy import Dummy, Float, Rational, Symbol
        from sympy.core.function import UndefinedFunction

        kind: Any = type(value)
        yield kind.__name__
        if isinstance(kind, UndefinedFunction):
            # A class that was made for its name: what it may be evaluated by stands beside it.
            yield from (repr(sorted(kind._kwargs.items())), self.of(vars(kind).get("_imp_")))
        elif not _is_library(kind.__module__):
            yield from self._of_class(kind)
        if isinstance(value, Dummy):
            # Its number is another in every process.
            yield str(self._dummies.setdefault(value.dummy_index, len(self._dummies)))
            yield from (value.name, repr(sorted(value.assumptions0.items())))
        elif isinstance(value, Symbol):
            yield from self._all(value._hashable_content())
        elif isinstance(value, Rational):
            yield f"{value.p}/{value.q}"
        elif isinstance(value, Float):
            yield from (str(value._prec), *map(str, value._mpf_))
        else:
            yield from self._all(value.args or value._hashable_content())

    def _of_class(self, value: type) -> Iterator[str]:
        yield from ("class", value.__qualname__)
        if _is_library(value.__module__):
            yield str(value.__module__)
            return
        yield from self._all(value.__bases__)
        for name, part in sorted(vars(value).items()):
            if name not in ASIDE:
                yield from (name, self.of(part))

    def _of_module(self, value: types.ModuleType, names: Iterable[str]) -> Iterator[str]:
        """A module of a user, as far as the names go that are used; of a package the name says it.

        A version says what is in a package.
        """
        if _is_library(value.__name__):
            yield from ("module", value.__name__)
            return
        yield "module"
        # It may come back to itself, then for the names that are left.
        read = self._names.setdefault(id(value), set())
        left = frozenset(names).intersection(vars(value)) - read
        read |= left
        try:
            yield from tuple(self._named(vars(value), left, names))
        finally:
            read -= left

    def _of_function(self, value: types.FunctionType) -> Iterator[str]:
        yield "function"
        yield from self._all((value.__defaults__, value.__kwdefaults__, vars(value)))
        names = _names(value.__code__)
        for cell in value.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:
                yield "empty"  # not bound yet
                continue
            yield from self._used(content, names)
        if _is_library(value.__globals__.get("__name__")):
            yield from (str(value.__module__), value.__qualname__)
            return
        yield self.of(value.__code__)
        yield from self._named(value.__globals__, names, names)

    def _named(
        self, namespace: dict[str, Any], names: Iterable[str], used: Iterable[str]
    ) -> Iterator[str]:
        """What names stand for in a module; ``used`` are those that modules among it are read for.

        Where its file lies is none of its values.
        """
        for name in sorted(names):
            if name in namespace and not _is_private(name):
                yield name
                yield from self._used(namespace[name], used)

    def _used(self, value: Any, names: Iterable[str]) -> Iterator[str]:
        """A value of which these names are used, if it is a module."""
        if isinstance(value, types.ModuleType):
            yield from self._of_module(value, names)
        else:
            yield self.of(value)


def _names(code: types.CodeType) -> frozenset[str]:
    """The names in a function, those in texts of it too: a module may be asked by ``getattr``."""
    found = set(code.co_names)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            found |= _names(part)
        elif isinstance(part, str):
            found.add(part)
    return frozenset(found)


def _wrapped(value: Any) -> Any:
    """The function that a cache or a compiler was put around; None for anything else."""
    kind = type(value)
    name = "py_func" if kind.__module__.startswith("numba.") else "__wrapped__"
    if not (_is_library(kind.__module__) and callable(value)):
        return None
    inner = getattr(value, name, None)
    return inner if isinstance(inner, types.FunctionType) else None


def _is_private(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_library(name: Any) -> bool:
    """Whether a module belongs to Python, to an installed package or to this project."""
    if not isinstance(name, str):
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    top = name.partition(".")[0]
    if top in PACKAGES:
        return True
    if not isinstance(file, str):
        return top in sys.stdlib_module_names
    path = Path(file)
    installed = not INSTALLED.isdisjoint(path.parts)
    return installed or any(path.is_relative_to(root) for root in STANDARD)


def _hash(parts: Iterable[str | bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(f"{len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()
