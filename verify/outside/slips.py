"""Slips of the first hour in claim files: what Python says of them, and what to write instead."""

from __future__ import annotations

import re

__all__ = ["advice"]

_OF_SYMPY = {
    "absolute": "Abs",
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "log10": "log",
    "log1p": "log",
    "log2": "log",
}
"""SymPy's names of functions that NumPy calls otherwise."""

_SYMPY = ("Eq", "Ge", "Gt", "Le", "Lt", "Rational", "cos", "exp", "log", "pi", "sin", "sqrt")
"""What claim files take of SymPy."""

_BROWNIAN = "write B.d, the differential of a Brownian motion B, for B itself"

_POWER = "^ is no power in Python; write **, as in x**2"

_SLIPS = (
    (r"operand type\(s\) for .*'Brownian'|bad operand type .*'Brownian'", _BROWNIAN),
    (r"'Brownian' object|sympify object of type .*\.Brownian'", _BROWNIAN),
    (r"operand type\(s\) for \^: |ufunc 'bitwise_xor' not supported", _POWER),
    (r"Cannot convert expression to float", "math takes numbers; take log, sqrt, ... of sympy"),
    (
        r"Cannot cast ufunc .* from dtype\('O'\)",
        "numpy takes numbers; write X.inverse(), det(X), logdet(X) of a matrix in symbols",
    ),
    (
        r"cannot determine truth value of Relational",
        "a relation of symbols is neither true nor false; give it to the claim as an assumption",
    ),
    (r"'\w+State' object has no attribute 'd'", "dt and B.d are the only differentials"),
    (r"'Immutable\w*Array' object", "its arguments are arrays; take np.log, np.sqrt, ... in it"),
    (r"name 'd([A-Z]\w*)' is not defined", "write {0}.d, with {0} = Brownian(...)"),
    (r"name 'inv' is not defined", "write X.inverse()"),
)


def advice(text: str) -> str:
    """What to write instead where Python says this; empty where it is no known slip.

    >>> advice("unsupported operand type(s) for ^: 'ScalarState' and 'int'")
    '^ is no power in Python; write **, as in x**2'
    >>> advice("name 'tr' is not defined")
    'write from derivations import tr'
    >>> advice("division by zero")
    ''
    """
    lacking = re.search(r"no callable (\w+) method", text)
    if lacking:
        name = _OF_SYMPY.get(lacking[1], lacking[1])
        return f"numpy's {lacking[1]} takes numbers; write {name} of sympy, of scalars"
    for pattern, said in _SLIPS:
        found = re.search(pattern, text)
        if found:
            return said.format(*found.groups())
    unknown = re.search(r"name '(\w+)' is not defined", text)
    home = _home(unknown[1]) if unknown else ""
    return f"write from {home} import {unknown[1]}" if unknown and home else ""


def _home(name: str) -> str:
    """The package that has a name for claim files."""
    import verify
    from derivations import public

    homes = {"derivations": public.__all__, "verify": verify.__all__, "sympy": _SYMPY}
    return next((home for home, names in homes.items() if name in names), "")
