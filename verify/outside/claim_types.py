"""What claims from outside are refused for before anything is made of them, and errors in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from derivations.catalogue import nearest
from derivations.claim import TIERS, Assumption, Mutant, PathCheck
from derivations.errors import DerivationError
from derivations.sde import MatrixSDE
from numerics.numeric_sde import NumericSDE
from verify.bad_input import is_bad_input
from verify.errors import ClaimError, TimeLimitError
from verify.printable import is_unicode, printable, said_by
from verify.verdict import Status

from .conditions import with_parts
from .differentials import check_differentials
from .entries import with_entries
from .implied import with_implied
from .named_values import check_states, check_values
from .shapes import check_shapes, of_shapes
from .slips import advice
from .texts import check_names, plain_texts

__all__ = ["accepted", "number_of", "readable", "short"]

_WORDS = ("id", "title", "source", "statement", "expected", "sign", "step", "draws", "parameter")
"""Fields that are text, or may be."""

_NUMBERS = ("horizon", "relevant", "number")

KINKED = {
    "Max": "lambda x: np.maximum(x - 1, 0)",
    "Min": "lambda x: np.minimum(x, 1)",
    "Piecewise": "lambda x: np.where(x > 0, x, 0.0)",
    "Heaviside": "lambda x: np.where(x > 0, 1.0, 0.0)",
}
"""What has no printed kernel, and a Python function of its kind."""


def number_of(name: str, text: str) -> Any:
    """The exact number that a text is, as the catalogue reads it.

    >>> number_of("horizon", "1/2")
    1/2

    Raises
    ------
    ClaimError
        If it is no real number.
    """
    from sympy import SympifyError, sympify

    try:
        found = sympify(text)
    except (SympifyError, TypeError, ValueError, AttributeError):
        found = None
    if not (getattr(found, "is_number", False) and found.is_real and found.is_finite):
        raise ClaimError(f"{name}: got the text {text!r}; give a number, such as 1.5 or '3/2'")
    return int(found) if found.is_Integer else found


def accepted(claim: Any) -> Any:
    """A claim from outside as it is judged: numbers for texts, what it implies added.

    Raises
    ------
    ClaimError
        Naming the field that is refused, what it is, and what it should be.
    """
    claim = with_parts(with_entries(plain_texts(_with_numbers(claim))))
    _check_claim(claim)
    return with_implied(claim)


def _with_numbers(claim: Any) -> Any:
    """The claim with numbers where it has texts that are some, such as "1/2" for its horizon."""
    found = _numbered(claim, "")
    if isinstance(claim.path, PathCheck):
        found = replace(found, path=_numbered(claim.path, "path."))
    return found


def _numbered(owner: Any, place: str) -> Any:
    given = {name: getattr(owner, name, None) for name in ("horizon", "relevant")}
    found = {k: number_of(place + k, x) for k, x in given.items() if isinstance(x, str)}
    # A relevant error is compared with measured ones.
    found |= {k: float(x) for k, x in found.items() if k == "relevant"}
    try:
        return replace(owner, **found) if found else owner
    except DerivationError as error:
        said = readable(error).removeprefix(f"{getattr(owner, 'id', '')}: ")
        raise ClaimError(said) from None


def _check_claim(claim: Any) -> None:
    """Refuse a claim whose fields are of no kind that they can be.

    Raises
    ------
    ClaimError
        Naming the field, what it is, and what it should be.
    """
    for field in fields(claim):
        value = getattr(claim, field.name)
        if field.name in ("sde", "changed"):
            _check_system(field.name, value)
        elif field.name in _WORDS[:4] and not isinstance(value, str):
            raise ClaimError(f"{field.name}: got {short(value)}; give a text")
        elif isinstance(value, str) and not is_unicode(value):
            raise ClaimError(f"{field.name}: got {short(value)}, with half a character; mend it")
        elif field.name not in _WORDS and isinstance(value, str):
            asked = "a number" if field.name in _NUMBERS else "an expression or a Python function"
            raise ClaimError(f"{field.name}: got the text {value!r}; give {asked}")
        elif value is None and field.default is not None and field.name != "martingale":
            raise ClaimError(f"{field.name}: got None; give an expression or a Python function")
    for name, kind in (("assumptions", Assumption), ("mutants", Mutant)):
        given = getattr(claim, name)
        if not isinstance(given, tuple) or not all(isinstance(x, kind) for x in given):
            raise ClaimError(f"{name}: got {short(given)}; give a tuple of {kind.__name__}")
    for mutant in claim.mutants:
        for said in (mutant.name, mutant.mistake):
            if not isinstance(said, str) or printable(said) != " ".join(said.split()):
                raise ClaimError(f"mutants: got {short(said)}; give words that can be printed")
    if claim.path is not None and not isinstance(claim.path, PathCheck):
        raise ClaimError(f"path: got {short(claim.path)}; give a PathCheck")
    if claim.path is not None:
        _check_system("path.sde", claim.path.sde)
        for name in ("observable", "law") if claim.kind != "moments" else ():
            if getattr(claim.path, name) is None:
                raise ClaimError(f"path.{name}: missing; give both observable and law")
        _check_values("path.values", claim.path.values)
    if hasattr(claim, "values"):
        _check_values("values", claim.values)
    if claim.expected not in set(Status):
        raise ClaimError(f"expected: got {claim.expected!r}; give one of {', '.join(Status)}")
    if not isinstance(claim.inapplicable, Mapping):
        raise ClaimError(
            f"inapplicable: got {short(claim.inapplicable)}; give the reasons, by their tiers"
        )
    unknown = sorted(set(claim.inapplicable) - set(TIERS))
    if unknown:
        raise ClaimError(f"inapplicable: {unknown[0]!r} is no tier; there are {', '.join(TIERS)}")
    check_names(claim)
    check_states(claim)
    check_values(claim)
    check_differentials(claim)
    check_shapes(claim)


def _check_system(name: str, value: Any) -> None:
    if not isinstance(value, MatrixSDE | NumericSDE):
        raise ClaimError(f"{name}: got {short(value)}; give a MatrixSDE or a NumericSDE")
    if isinstance(value, MatrixSDE) and any(str(state) == "t" for state in value.states):
        raise ClaimError(f"{name}: the state t has the name of the time; rename it")


def _check_values(name: str, values: Any) -> None:
    if not isinstance(values, Mapping):
        raise ClaimError(f"{name}: got {short(values)}; give values by states and parameters")
    for key, value in values.items():
        number = isinstance(value, int | float)
        is_positive = value > 0 if number else getattr(value, "is_positive", None)
        if getattr(key, "is_positive", False) and is_positive is False:
            raise ClaimError(f"{name}: {key} = {value} is not positive, as it is declared")


def short(value: Any) -> str:
    """A value in at most sixty letters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def readable(error: BaseException) -> str:
    """An error in one line; those of this project need no name of their class."""
    # A claim that has no id yet leaves an empty place for it.
    text = said_by(error).removeprefix(": ")
    said, instead = printable(_said(error, text)), advice(text)
    if not instead or instead in said:
        return said
    return f"{said}; {instead}" if is_bad_input(error) else f"{instead} ({said})"


def _said(error: BaseException, text: str) -> str:
    if isinstance(error, TimeLimitError):
        return f"{text}; is there a loop that does not end?"
    if isinstance(error, SystemExit):
        return "SystemExit: it ends the program; a claim file only declares"
    if type(error).__name__ == "SympifyError":
        return f"an expression in symbols is needed here ({text.removeprefix('SympifyError: ')})"
    if isinstance(error, TypeError):
        return _of_constructor(text) or f"TypeError: {text}"
    if unfit := of_shapes(error):
        return unfit
    unprinted = re.search(r"no kernel can be printed for (\w+)", text)
    if unprinted and unprinted[1] in KINKED:
        kink = KINKED[unprinted[1]]
        return f"{text}; or give a Python function, such as {kink}, and NumericSDE for a system"
    return text if is_bad_input(error) else f"{type(error).__name__}: {text or 'without a word'}"


def _of_constructor(text: str) -> str | None:
    """What Python says of a constructor called wrongly, in the words of its fields."""
    import verify

    called = re.match(r"(\w+)\.__init__\(\) (.*)", text)
    kind = getattr(verify, called[1], None) if called and called[1] in verify.__all__ else None
    if called is None or kind is None:
        return None
    name, said = called[1], called[2]
    names = [field.name for field in fields(kind)]
    quoted = re.findall(r"'(\w+)'", said)
    if "missing" in said:
        return f"{name}: {' and '.join(quoted)} missing; it needs {', '.join(quoted)}"
    if "unexpected" in said:
        return f"{name}: it has no field {quoted[0]!r}; {nearest(quoted[0], names, alike=0.6)}"
    return f"{name}: give everything by name, such as {name}({names[0]}=...)"
