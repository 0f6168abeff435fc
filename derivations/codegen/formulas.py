"""Which kernels a claim has, and what each of them computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Gt, Identity, Lt, ZeroMatrix, sympify
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from derivations.claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    MomentClaim,
    SignClaim,
    TimeChangeClaim,
)
from derivations.clocks import change_time
from derivations.codegen.code import size_code
from derivations.codegen.function import Formula
from derivations.codegen.label_noise import reduced
from derivations.codegen.spectra import spectra, tuples
from derivations.codegen.steps import step_formulas
from derivations.codegen.structure import dimensions, free_indices, is_matrix
from derivations.derive import Deriver, derived_covariation, derived_differential
from derivations.differential import differential
from derivations.diffusions import counterparts
from derivations.errors import DerivationError
from derivations.fokker_planck import FokkerPlanckClaim
from derivations.moment_claims import stated_drifts, weighted
from derivations.path_claims import PathClaim, StationaryClaim
from derivations.sde import MatrixSDE
from derivations.spectrum import spectral_indices
from derivations.symbols import MatrixIncrement
from derivations.update import StepClaim

__all__ = [
    "System",
    "claimed_indices",
    "conditions",
    "correlation_name",
    "covariance_name",
    "formulas",
    "path_formulas",
    "path_systems",
    "rate_formulas",
    "spectrum_formulas",
    "system_formulas",
    "systems",
]


@dataclass(frozen=True, kw_only=True)
class System:
    """A system of a claim: what it is called, the prefix of its kernels, what it is in words."""

    name: str
    prefix: str
    sde: MatrixSDE
    what: str


def systems(claim: Claim, *, derive: bool = True) -> tuple[System, ...]:
    """The systems of a claim, those of its path check left out."""
    found: list[System] = []
    if isinstance(
        claim,
        CovariationClaim
        | DifferentialClaim
        | ExponentClaim
        | FokkerPlanckClaim
        | MomentClaim
        | SignClaim
        | TimeChangeClaim,
    ):
        found += _with_reduced(claim.sde, "declared", "", "as declared")
    if isinstance(claim, StationaryClaim) and claim.alone:
        found.append(_system(claim.sde, "declared", "", "as declared"))
    if isinstance(claim, TimeChangeClaim):
        found.append(_system(claim.changed, "changed", "changed_", "as stated in the new time"))
        if derive:
            derived = _in_new_time(claim)
            what = "as derived in the new time"
            found.append(_system(derived, "derived_changed", "derived_changed_", what))
    return tuple(found)


def path_systems(claim: Claim) -> tuple[System, ...]:
    """The systems of a claim's path check."""
    if claim.simulated is None:
        return ()
    return tuple(_with_reduced(claim.simulated.sde, "path", "path_", "of the path check"))


def _in_new_time(claim: TimeChangeClaim) -> MatrixSDE:
    """The system as derived in the new time, with the names of the stated Brownian motions."""
    return change_time(claim.sde, claim.rate, renamed=counterparts(claim.sde, claim.changed))


def _system(sde: MatrixSDE, name: str, prefix: str, what: str) -> System:
    return System(name=name, prefix=prefix, sde=sde, what=what)


def _with_reduced(sde: MatrixSDE, name: str, prefix: str, what: str) -> Iterator[System]:
    yield _system(sde, name, prefix, what)
    small = reduced(sde)
    if small is not None:
        small_name = "reduced" if name == "declared" else f"{name}_reduced"
        words = f"{what}, small noise of equal law"
        yield _system(small, small_name, f"{prefix}reduced_", words)


def formulas(
    claim: Claim, *, derive: bool = True, make: Deriver = differential
) -> tuple[Formula, ...]:
    """The kernels of a claim, those of its path check and algorithm check left out.

    Parameters
    ----------
    claim
        The claim.
    derive
        Whether the derived forms are wanted too; without them the engine is not asked.
    make
        What makes differentials.

    Raises
    ------
    DerivationError
        From the engine, if it cannot derive.
    """
    found: list[Formula] = []
    for system in systems(claim, derive=derive):
        found += system_formulas(system)
    if isinstance(claim, DifferentialClaim):
        found += _differential(claim, make if derive else None)
    elif isinstance(claim, CovariationClaim):
        found += _covariation(claim, make if derive else None)
    elif isinstance(claim, MomentClaim):
        found += _moments(claim, derive=derive)
        if claim.laws and claim.path is None:
            found += _moment_laws(claim)
    elif isinstance(claim, IdentityClaim):
        i = claimed_indices(claim)
        found.append(_single("left", tuples(claim.left, i), "The left-hand side, as stated."))
        found.append(_single("right", tuples(claim.right, i), "The right-hand side, as stated."))
    elif isinstance(claim, TimeChangeClaim):
        found.append(_single("rate", claim.rate, "The rate dτ/dt of the clock, as stated."))
    elif isinstance(claim, FokkerPlanckClaim):
        found += _fokker_planck(claim)
    elif isinstance(claim, StationaryClaim) and claim.alone:
        found += _stationary(claim)
    elif isinstance(claim, StepClaim):
        found += step_formulas(claim, claimed_indices(claim))
    elif isinstance(claim, SignClaim):
        observed = tuples(claim.observable, claimed_indices(claim))
        found.append(_single("observable", observed, "The observable f."))
        if claim.shown is not None:
            value = tuples(sympify(claim.shown), claimed_indices(claim))
            found.append(_single("stated_drift", value, "The drift of f, as stated (Itô)."))
    elif not isinstance(claim, ExponentClaim | PathClaim):
        raise DerivationError(
            f"{claim.id}: no kernels for a {type(claim).__name__}; "
            "state a differential, a covariation, an identity or a time change"
        )
    found += spectrum_formulas(claim, found)
    found += [formula for *_, formula in conditions(claim) if formula is not None]
    return tuple(found)


def path_formulas(claim: Claim) -> tuple[Formula, ...]:
    """The kernels of a claim's path check."""
    check = claim.simulated
    if check is None:
        return ()
    found: list[Formula] = []
    for system in path_systems(claim):
        found += system_formulas(system)
    if isinstance(claim, MomentClaim):
        return (*found, *_moment_laws(claim))
    if isinstance(claim, PathClaim):
        return (*found, *_path_claim(claim))
    observable, law = check.observable, check.law
    found.append(_single("path_observable", observable, "The observable of the path check."))
    words = "The stated value of the observable at time t, from its value at time 0."
    found.append(_single("path_law", _shaped(law, observable), words))
    return tuple(found)


def rate_formulas(claim: Claim) -> tuple[Formula, ...]:
    """The stated rate of a claim's algorithm check."""
    if claim.algorithm is None:
        return ()
    if isinstance(claim, TimeChangeClaim):
        raise DerivationError(
            f"{claim.id}: a time change has a rate of its own; "
            "state the algorithm's rate in a claim about the differential"
        )
    return (_single("rate", claim.algorithm.rate, "The stated rate d log det M / dt."),)


def _fokker_planck(claim: FokkerPlanckClaim) -> Iterator[Formula]:
    """The stated right side in values of the density, and a polynomial that has these values."""
    words = {
        "density": "A density near the point, by its value and derivatives there.",
        "stated_right": "The right side of ∂p/∂t, as stated, in values of p and its derivatives.",
    }
    for name, value in claim.kernels().items():
        yield _single(name, value, words[name])


def _stationary(claim: StationaryClaim) -> Iterator[Formula]:
    """The stated density of the only state, and the finite ends of its support."""
    for name in ("density", "lower", "upper"):
        if name in claim.kernels():
            yield _single(name, claim.kernels()[name], f"The stated {name}.")


def _path_claim(claim: PathClaim) -> Iterator[Formula]:
    """What a claim about simulated paths states: one kernel for each part."""
    for name, value in claim.kernels().items():
        yield _single(f"path_{name}", value, f"The stated {name.replace('_', ' ')}.")


def _single(name: str, expression: Any, summary: str, detail: str = "") -> Formula:
    results = ((name, sympify(expression)),)
    return Formula(name=name, results=results, several=False, summary=summary, detail=detail)


def _shaped(value: Any, like: Any) -> Any:
    """A value, where a plain 0 beside a matrix means the zero matrix."""
    value = sympify(value)
    if value == 0 and not is_matrix(value) and is_matrix(like):
        return ZeroMatrix(*like.shape)
    return value


def _differential(claim: DifferentialClaim, make: Deriver | None) -> Iterator[Formula]:
    f, indices = claim.observable, claimed_indices(claim)

    def part(name: str, value: Any, summary: str) -> Formula:
        return _single(name, tuples(_shaped(value, f), indices), summary)

    yield part("observable", f, "The observable f.")
    yield part("stated_drift", claim.drift, "The drift of f, as stated (Itô).")
    words = "The martingale part of df, as stated (Itô)."
    if claim.martingale is not None:
        yield part("stated_martingale", claim.martingale, words)
    if make is None:
        return
    derived = derived_differential(claim, make)
    yield part("derived_drift", derived.drift, "The drift of f, as derived (Itô).")
    words = "The martingale part of df, as derived (Itô)."
    yield part("derived_martingale", derived.martingale, words)


def _covariation(claim: CovariationClaim, make: Deriver | None) -> Iterator[Formula]:
    indices = claimed_indices(claim)
    for name, value, words in (
        ("first", claim.first, "The first observable."),
        ("second", claim.second, "The second observable."),
        ("stated_rate", claim.rate, "The rate of their quadratic covariation, as stated."),
    ):
        yield _single(name, tuples(sympify(value), indices), words)
    if make is not None:
        words = "The rate of their quadratic covariation, as derived."
        yield _single("derived_rate", tuples(derived_covariation(claim, make), indices), words)


def claimed_indices(claim: Claim) -> tuple[Any, ...]:
    """The free indices of a claim: those of what it speaks about, sorted by name."""
    names = ("observable", "first", "second", "left", "right")
    subjects = [sympify(getattr(claim, name)) for name in names if hasattr(claim, name)]
    free = {name for subject in subjects for name in free_indices(subject)}
    numbering = {i.name: i for subject in subjects for i in spectral_indices(subject)}
    return tuple(numbering[name] for name in sorted(free & set(numbering)))


def spectrum_formulas(claim: Claim, formulas: Iterable[Formula]) -> Iterator[Formula]:
    """The matrices whose eigenvalues a claim speaks about, one kernel for each."""
    expressions = [expression for formula in formulas for _, expression in formula.results]
    for number, matrix in enumerate(spectra(expressions), 1):
        words = "A matrix whose eigenvalues the claim speaks about."
        yield _single(f"spectrum_{number}", matrix, words)


def _moments(claim: MomentClaim, *, derive: bool) -> Iterator[Formula]:
    """All moments at once, under free weights; no martingale part is stated."""
    moments = claim.moments
    yield _single("observable", weighted(moments, moments), "The moments, under free weights.")
    words = "The drift of the moments, under free weights, as stated."
    yield _single("stated_drift", weighted(stated_drifts(claim), moments), words)
    if derive:
        derived = [claim.sde.d(moment).drift for moment in moments]
        words = "The drift of the moments, under free weights, as derived."
        yield _single("derived_drift", weighted(derived, moments), words)


def _moment_laws(claim: MomentClaim) -> Iterator[Formula]:
    """The moments, the entries of the stated matrix row by row, and the laws that are stated."""
    entries = [entry for row in claim.matrix for entry in row]
    for name, values, words in (
        ("path_moments", claim.moments, "The moments."),
        ("path_matrix", entries, "The matrix A of dE[m] = A E[m] dt, row by row, as stated."),
        ("path_laws", claim.laws, "E[m] at time t, from the state at time 0, as stated."),
    ):
        results = tuple((f"_{n}", sympify(value)) for n, value in enumerate(values, 1))
        if results:
            yield Formula(name=name, results=results, several=True, summary=words)


def system_formulas(system: System) -> Iterator[Formula]:
    """The kernels of a system: increment, drift, noise, and covariances that are no identity."""
    sde, prefix = system.sde, system.prefix
    sense = "Itô" if sde.calculus == "ito" else "Stratonovich"
    order = tuple(str(state.name) for state in sde.states)
    for name, words, value in (
        ("increment", "Increments over a step", sde.equations.get),
        ("drift", "Coefficients of dt", sde.drift),
        ("noise", "Noise terms", sde.noise),
    ):
        label = "d" if name == "increment" else f"{name}_"
        yield Formula(
            name=f"{prefix}{name}",
            results=tuple(
                (f"{label}{letter}", _shaped(value(state), state))
                for letter, state in zip(order, sde.states, strict=True)
            ),
            several=True,
            summary=f"{words} ({sense}), {system.what}.",
            order=order,
        )
    yield from _covariances(system)


def covariance_name(prefix: str, side: str, noise: Any) -> str | None:
    """Name of the kernel of a covariance; None if that is the identity."""
    matrix = noise.row_covariance if side == "row" else noise.column_covariance
    return None if isinstance(matrix, Identity) else f"{prefix}{side}_covariance_{noise.name}"


def correlation_name(prefix: str, first: Any, second: Any) -> str:
    """Name of the kernel of a correlation."""
    return f"{prefix}correlation_{first.name}_{second.name}"


def _covariances(system: System) -> Iterator[Formula]:
    for noise in system.sde.noises:
        if not isinstance(noise, MatrixIncrement):
            continue
        for side, matrix in (("row", noise.row_covariance), ("column", noise.column_covariance)):
            name = covariance_name(system.prefix, side, noise)
            if name is not None:
                yield _single(name, matrix, f"The {side} covariance of {noise.name} per unit time.")
    for pair, rho in system.sde.correlation.items():
        first, second = sorted(pair, key=str)
        name = correlation_name(system.prefix, first, second)
        yield _single(name, rho, f"The correlation of {first.name} and {second.name}.")


def conditions(claim: Claim) -> tuple[tuple[str, str | None, str | None, Formula | None], ...]:
    """The assumptions of a claim as (words, relation of dimensions, predicate, kernel)."""
    found: list[tuple[str, str | None, str | None, Formula | None]] = []
    seen: set[Any] = set()
    indices = claimed_indices(claim)
    if len(indices) > 1:
        names, size = ", ".join(i.name for i in indices), indices[0].range
        text = f"the indices {names} take different values"
        found.append((text, f"{size_code(size).text} >= {len(indices)}", None, None))
    for assumption in claim.assumptions:
        seen.add(assumption.condition)
        found.append(_condition(assumption.text, assumption.condition, len(found)))
    for fact in getattr(getattr(claim, "sde", None), "assuming", ()):
        if fact not in seen:
            seen.add(fact)
            found.append(_condition(str(fact), fact, len(found)))
    found += [_condition(str(fact), fact, len(found)) for fact in _in_support(claim)]
    return tuple(found)


def _in_support(claim: Claim) -> Iterator[Any]:
    """That the state of a stated density is in its support, where the ends have parameters."""
    if isinstance(claim, StationaryClaim) and claim.alone:
        x, (low, high) = claim.observable, claim.interval
        if low.is_number and high.is_number:
            return  # it is drawn between them
        if not low.is_infinite and not (low == 0 and x.is_positive):
            yield Gt(x, low)
        if not high.is_infinite:
            yield Lt(x, high)


_SIGNS = {">=": "nonnegative", ">": "positive", "==": "zero", "!=": "nonzero"}


def _condition(
    text: str, condition: Any, number: int
) -> tuple[str, str | None, str | None, Formula | None]:
    if isinstance(condition, Relational):
        low, sign, high = condition.rhs, condition.rel_op, condition.lhs
        symbols = condition.free_symbols
        if symbols and dimensions(condition) == symbols:
            return text, f"{high} {sign} {low}", None, None
        if sign in ("<=", "<"):
            low, sign, high = high, sign.replace("<", ">"), low
        summary = f"A scalar that is to be {_SIGNS[sign]}."
        return text, None, _SIGNS[sign], _single(f"condition_{number}", high - low, summary, text)
    if isinstance(condition, AppliedPredicate) and len(condition.arguments) == 1:
        predicate = str(condition.function.name)
        summary = f"What is to be {predicate.replace('_', ' ')}."
        formula = _single(f"condition_{number}", condition.arguments[0], summary, text)
        return text, None, predicate, formula
    if condition in (None, True):
        return text, None, None, None
    raise DerivationError(
        f"assumption {text!r}: {condition} can not be checked at a point; "
        "give a relation or a predicate such as Q.positive_definite(M)"
    )
