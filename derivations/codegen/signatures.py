"""What a claim's kernels take, as plain data: the calls that make it, to be written into a module.

The data classes live on the numeric side (``numerics.signature``), which this side does not import:
here they are calls by name, and the generated module is what imports them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from sympy import MatMul, MatrixBase, Rational, Transpose, sympify

from derivations.claim import INITIAL, Claim
from derivations.codegen.code import size_code
from derivations.codegen.formulas import (
    System,
    conditions,
    correlation_name,
    covariance_name,
    path_formulas,
    path_systems,
    system_formulas,
)
from derivations.codegen.function import Formula, arguments
from derivations.codegen.layout import Call
from derivations.codegen.structure import dimensions, is_matrix
from derivations.errors import DerivationError
from derivations.expressions import Stack
from derivations.path_claims import StationaryClaim
from derivations.sde import is_increment
from derivations.symbols import (
    Dimension,
    FamilyMember,
    MatrixIncrement,
    MatrixParameter,
    MatrixProcess,
    MatrixState,
    ScalarMember,
    ScalarProcess,
    ScalarState,
    dt,
    t,
)

__all__ = ["claim_signature", "letter_signature"]

REACH = 8
"""How far into a support that is no bounded interval points are drawn."""


def claim_signature(claim: Claim, formulas: Iterable[Formula], systems: Iterable[System]) -> Call:
    """The signature of a claim with the given kernels and systems."""
    formulas, systems = tuple(formulas), tuple(systems)
    taken = _letters(formulas, systems)
    sizes = sorted({str(d.name) for letter in taken.values() for d in _dimensions(letter)})
    ranges = _ranges(claim)
    return Call(
        "ClaimSignature",
        claim=claim.id,
        kind=claim.kind,
        dimensions=tuple(sizes),
        letters=tuple(letter_signature(name, x, ranges.get(x)) for name, x in taken.items()),
        conditions=tuple(
            Call(
                "Condition",
                text=text,
                **_given(relation=relation, predicate=predicate),
                **_given(kernel=None if formula is None else formula.name),
            )
            for text, relation, predicate, formula in conditions(claim)
        ),
        systems={system.name: _system(system, ranges) for system in systems},
        **_given(spectra=_spectra(formulas) or None),
        **_given(path=_path(claim)),
    )


def _spectra(formulas: Iterable[Formula]) -> tuple[Call, ...]:
    """The matrices whose eigenvalues a claim speaks about."""
    named = [formula for formula in formulas if formula.name.startswith("spectrum_")]
    return tuple(
        Call("SpectrumSignature", kernel=formula.name, rows=_rows(formula.results[0][1]))
        for formula in named
    )


def _rows(matrix: Any) -> tuple[tuple[str, bool], ...] | None:
    """The blocks (state, whether transposed) of A, if a matrix is typed as A A'."""
    if not (isinstance(matrix, MatMul) and len(matrix.args) == 2):
        return None
    A, B = matrix.args
    if Transpose(A).doit() != B.doit() and Transpose(B).doit() != A.doit():
        return None
    blocks = A.args if isinstance(A, Stack) else (A,)
    letters = [(b.args[0], True) if isinstance(b, Transpose) else (b, False) for b in blocks]
    names = [str(letter.name) for letter, _ in letters if isinstance(letter, MatrixState)]
    if len(set(names)) < len(letters):
        return None
    return tuple((str(letter.name), turned) for letter, turned in letters)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _letters(formulas: Iterable[Formula], systems: Iterable[System] = ()) -> dict[str, Any]:
    """The letters of some kernels and the states of some systems, which no kernel need take.

    A name means one thing in all of them.
    """
    found: dict[str, Any] = {}
    states = ({str(state.name): state for state in system.sde.states} for system in systems)
    for letters in (*map(arguments, formulas), *states):
        for name, letter in letters.items():
            first = found.setdefault(name, letter)
            if type(first) is not type(letter) or _shape(first) != _shape(letter):
                raise DerivationError(
                    f"{name}: two different letters of one claim have this name; rename one"
                )
    return found


def _dimensions(letter: Any) -> set[Any]:
    if isinstance(letter, Dimension):
        return {letter}
    sizes = [*letter.shape] if is_matrix(letter) else []
    if isinstance(letter, FamilyMember | ScalarMember):
        sizes.append(letter.index.range)
    return {symbol for size in sizes for symbol in dimensions(size)}


def _shape(letter: Any) -> tuple[str, ...]:
    return tuple(size_code(n).text for n in letter.shape) if is_matrix(letter) else ()


def _family(letter: Any) -> str | None:
    is_family = isinstance(letter, FamilyMember | ScalarMember)
    return size_code(letter.index.range).text if is_family else None


def _kind(letter: Any) -> str:
    if isinstance(letter, MatrixState | ScalarState):
        return "state"
    if isinstance(letter, MatrixProcess | ScalarProcess):
        return "process"
    if isinstance(letter, Dimension):
        return "dimension"
    if letter == dt:
        return "time increment"
    if letter == t:
        return "time"
    if is_increment(letter):
        return "increment"
    if isinstance(letter, FamilyMember | ScalarMember):
        return str(letter.role)
    return "initial" if str(letter.name) == str(INITIAL.name) else "parameter"


def _facts(letter: Any) -> tuple[str, ...]:
    if isinstance(letter, MatrixParameter):
        return {
            "general": (),
            "symmetric": ("symmetric",),
            "positive_definite": ("symmetric", "positive_definite"),
        }[letter.structure]
    sized = isinstance(letter, Dimension) or is_matrix(letter) or letter == dt
    return ("positive",) if not sized and letter.is_positive else ()


def _ranges(claim: Claim) -> dict[Any, tuple[float, float]]:
    """Where the state of a stated density lies, as numbers, if that is neither (0, ∞) nor a line.

    Of a support that reaches to infinity it is a part, near the end that it has.
    """
    if not (isinstance(claim, StationaryClaim) and claim.alone):
        return {}
    low, high = claim.interval
    if not (low.is_number and high.is_number) or (low.is_infinite and high.is_infinite):
        return {}
    if high.is_infinite and low == 0 and claim.observable.is_positive:
        return {}
    low, high = (
        high - REACH if low.is_infinite else low,
        low + REACH if high.is_infinite else high,
    )
    return {claim.observable: (float(low), float(high))}


def letter_signature(name: str, letter: Any, within: tuple[float, float] | None = None) -> Call:
    """The signature of one letter, with the numbers between which it is drawn if there are any."""
    facts = _facts(letter)
    return Call(
        "LetterSignature",
        name=name,
        kind=_kind(letter),
        **_given(shape=_shape(letter) or None, family=_family(letter), facts=facts or None),
        **_given(within=within),
    )


def _system(system: System, ranges: Mapping[Any, Any] | None = None) -> Call:
    sde, prefix = system.sde, system.prefix
    noises: dict[str, Any] = {str(noise.name): noise for noise in sde.noises}
    pairs = [sorted(pair, key=str) for pair in sde.correlation]
    correlations = tuple((_motion(a), _motion(b), correlation_name(prefix, a, b)) for a, b in pairs)
    used = _letters(system_formulas(system), [system])
    return Call(
        "SystemSignature",
        prefix=prefix,
        states=tuple(str(state.name) for state in sde.states),
        noises=tuple(_noise(prefix, noises[name]) for name in sorted(noises)),
        letters=tuple(letter_signature(name, x, (ranges or {}).get(x)) for name, x in used.items()),
        **_given(correlations=correlations or None),
        **_given(calculus=None if sde.calculus == "ito" else sde.calculus),
    )


def _motion(noise: Any) -> str:
    """The name of the Brownian motion B of an increment dB."""
    return str(noise.name).removeprefix("d")


def _noise(prefix: str, noise: Any) -> Call:
    matrix = isinstance(noise, MatrixIncrement)
    return Call(
        "NoiseSignature",
        name=_motion(noise),
        **_given(shape=_shape(noise) or None, family=_family(noise)),
        **_given(row_covariance=covariance_name(prefix, "row", noise) if matrix else None),
        **_given(column_covariance=covariance_name(prefix, "column", noise) if matrix else None),
    )


def _path(claim: Claim) -> Call | None:
    check = claim.simulated
    if check is None:
        return None
    taken = _letters(path_formulas(claim), path_systems(claim))
    for name, letter in taken.items():
        if _kind(letter) == "process":
            raise DerivationError(
                f"{claim.id}: the path check has the process {name}, whose values nobody gives; "
                "put an expression in the states in its place"
            )
    return Call(
        "PathSignature",
        systems={system.name: _system(system) for system in path_systems(claim)},
        letters=tuple(letter_signature(name, letter) for name, letter in taken.items()),
        horizon=_value(check.horizon),
        sizes={str(size.name): int(number) for size, number in check.sizes.items()},
        values={str(letter.name): _value(value) for letter, value in check.values.items()},
        relevant=float(_value(check.relevant)),
        **_given(vary=_varied(claim) or None),
    )


def _varied(claim: Claim) -> dict[str, tuple[Any, ...]]:
    """The values that numbers of a claim about paths take one after the other."""
    vary = getattr(claim, "vary", {})
    return {str(letter.name): tuple(map(_value, values)) for letter, values in vary.items()}


def _value(value: Any) -> Any:
    """A number, or nested lists of numbers, that a module can hold."""
    if isinstance(value, Mapping):
        raise DerivationError(f"values: {value} is a mapping; give a number or rows of numbers")
    if isinstance(value, MatrixBase):
        value = value.tolist()
    if isinstance(value, list | tuple) or hasattr(value, "tolist"):
        rows = value.tolist() if hasattr(value, "tolist") else value
        return tuple(_value(row) for row in rows) if isinstance(rows, list | tuple) else rows
    number = sympify(value)
    if number.is_Integer:
        return int(number)
    if isinstance(number, Rational):
        return Fraction(int(number.p), int(number.q))
    if not number.is_number:
        raise DerivationError(f"values: {value} is not a number")
    return float(number)
