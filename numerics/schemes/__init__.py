"""Schemes for the increment of a system over one step; one module each, with a `SCHEME`."""

from importlib import import_module
from pkgutil import iter_modules

from numerics.errors import SimulationError
from numerics.schemes.scheme import Calculus, Condition, Scheme

__all__ = ["Calculus", "Condition", "Scheme", "catalogue", "named"]


def catalogue() -> dict[str, Scheme]:
    """Every scheme by its name: the constant `SCHEME` of each module in this folder."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    schemes = [module.SCHEME for module in modules if hasattr(module, "SCHEME")]
    return {scheme.name: scheme for scheme in schemes}


def named(name: str) -> Scheme:
    """The scheme of that name.

    Examples
    --------
    >>> named("milstein").requires
    ('commuting noise',)
    """
    schemes = catalogue()
    if name not in schemes:
        raise SimulationError(f"scheme {name!r}: unknown; give one of {', '.join(sorted(schemes))}")
    return schemes[name]
