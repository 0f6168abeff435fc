"""Claims: what is stated, under which assumptions, and how it is to be checked.  Pure data.

A *theorem* is a group of claims from one source.  Each claim compares something that can be
derived from a declared system with a form that is stated; the stated form is kept as typed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from sympy import Basic, Symbol
from sympy.matrices.expressions import MatrixExpr

from .assumable import assumable
from .decimals import exactly
from .errors import DerivationError, ShapeError
from .sde import MatrixSDE
from .symbols import real

__all__ = [
    "INITIAL",
    "POSITION",
    "SIGNS",
    "TIERS",
    "AlgorithmCheck",
    "Assumption",
    "Claim",
    "CovariationClaim",
    "DifferentialClaim",
    "ExponentClaim",
    "Exponents",
    "IdentityClaim",
    "MomentClaim",
    "Mutant",
    "PathCheck",
    "SignClaim",
    "Theorem",
    "TimeChangeClaim",
    "is_function",
    "read_decimals",
    "require_positive",
]

INITIAL = real("initial")
"""The value of a scalar observable at time 0, in the law of a path check."""

POSITION = Symbol("i", integer=True, positive=True)
"""The number of a Lyapunov exponent, counted from the largest, in the value stated for it."""

SIGNS = (">=", "<=", ">", "<")

SETTINGS = ("sizes", "values", "vary", "horizon", "relevant", "bounds", "arguments", "mutants")
"""Fields of claims whose decimals stay decimals: what is simulated at them is no formula."""

TIERS = ("derivation", "exact", "generator", "one-step", "path", "algorithm")


def read_decimals(stated: Any) -> None:
    """Put fractions for the decimals into the fields of a claim, or of a part of one.

    Its settings stay as they are.
    """
    for name in (f.name for f in fields(stated) if f.name not in SETTINGS):
        object.__setattr__(stated, name, exactly(getattr(stated, name)))


def is_function(value: Any) -> bool:
    """Whether a value is a Python function of arrays in the place of an expression.

    Symbols can be called too, and are none.
    """
    return callable(value) and not isinstance(value, type | Basic)


def require_positive(owner: str, **given: Any) -> None:
    """Refuse a horizon or a relevant error that is no finite number above 0.

    What is no number, a text or an expression with symbols, is read elsewhere.

    Raises
    ------
    DerivationError
        Naming the owner, the argument and its value.
    """
    asked = {"horizon": "give a finite time above 0", "relevant": "give an error above 0"}
    for name, value in given.items():
        if isinstance(value, str):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if not 0 < number < math.inf:
            raise DerivationError(f"{owner}: {name}={value}: {asked[name]}")


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A condition of a claim: words for people, and a condition that points are checked for.

    ``condition`` is a relation between dimensions (``Ge(l, p + k)``), a relation between scalars,
    or a SymPy predicate such as ``Q.positive_definite(M)``.
    """

    text: str
    condition: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "condition", assumable([self.condition])[0])


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A wrong claim made from a right one: the fields that change, and the mistake in words."""

    name: str
    mistake: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PathCheck:
    """Simulated paths of a concrete system beside a stated law that holds on every path.

    ``law`` is the value of ``observable`` at the horizon as an expression in ``t``, the parameters
    and ``INITIAL`` (the observable's value at time 0; a matrix letter of that name for a matrix).
    ``sde`` has no Process left.  Parameters that ``values`` does not give are drawn once from the
    seed.  For a `MomentClaim` its moments and laws are compared, and these two are left out.
    """

    sde: Any
    observable: Any = None
    law: Any = None
    horizon: Any
    sizes: Mapping[Any, int] = field(default_factory=dict)
    values: Mapping[Any, Any] = field(default_factory=dict)
    relevant: float = 0.02

    def __post_init__(self) -> None:
        read_decimals(self)
        require_positive("PathCheck", horizon=self.horizon, relevant=self.relevant)


@dataclass(frozen=True, kw_only=True)
class AlgorithmCheck:
    """The real discrete algorithm on real data beside the stated rate of log det M.

    ``algorithm`` names one of the training algorithms ("gradient_descent", "label_noise",
    "minibatch_with_replacement", "minibatch_without_replacement"); ``rate`` is the stated
    d log det M / dt as an expression in the states, ``X``, ``Y``, ``eta`` (step), ``delta`` (label
    variance), ``b`` (batch), ``mu`` (decay).  The gap between algorithm and rate is claimed to be
    of order ``order`` in the step size, at fixed eta*delta.
    """

    algorithm: str
    rate: Any
    dataset: str = "linnerud"
    values: Mapping[str, Any] = field(default_factory=dict)
    order: int = 1

    def __post_init__(self) -> None:
        read_decimals(self)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What all claims have.

    ``inapplicable`` maps a tier to the reason why it does not apply; every other tier of
    ``TIERS`` is run.  ``where`` names compound expressions for display, ``{"M": theta * theta.T}``.
    A claim outside of the catalogue may leave out the first four.

    Decimals in what is stated, in systems and in assumptions are read as the fractions that they
    are written as, 0.1 as 1/10 (:mod:`derivations.decimals`).

    Points are drawn that meet all ``assumptions``.  ``expected`` is the verdict with which a run
    ends with 0.  ``path`` and ``algorithm`` ask for those tiers, where the kind of claim knows
    them.  ``mutants`` are wrong versions that ``verify mutants`` judges beside those that it makes.
    """

    kind: ClassVar[str] = "claim"
    """What the claim is about, for the tiers: each class of claims has a word of its own."""

    id: str = ""
    title: str = ""
    source: str = ""
    statement: str = ""
    assumptions: tuple[Assumption, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    inapplicable: Mapping[str, str] = field(default_factory=dict)
    expected: str = "AGREES"
    where: Mapping[str, Any] = field(default_factory=dict)
    path: PathCheck | None = None
    algorithm: AlgorithmCheck | None = None

    def __post_init__(self) -> None:
        read_decimals(self)

    @property
    def speaks(self) -> bool:
        """Whether some network meets the assumptions, so that there is something to derive."""
        return self.expected != "NOT APPLICABLE"

    @property
    def simulated(self) -> PathCheck | None:
        """The concrete system that paths are simulated of, if there is one."""
        return self.path

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """What is stated, for people: a few words and an expression each, in their order."""
        return ()

    def mutated(self, mutant: Mutant) -> Claim:
        """The wrong claim that a mutant describes."""
        return replace(self, id=f"{self.id}~{mutant.name}", mutants=(), **dict(mutant.changes))


@dataclass(frozen=True, kw_only=True)
class DifferentialClaim(Claim):
    """df = drift dt + martingale, Itô, for an observable f (scalar or matrix) of a system.

    ``martingale`` is linear in the differentials of the Brownian motions; 0 claims that f has no
    martingale part, None claims nothing of it.  ``terms`` names parts of the drift (the repulsion
    of eigenvalues), so that each can be looked at alone; they need not add up to all of it.
    """

    kind: ClassVar[str] = "differential"

    sde: Any
    observable: Any
    drift: Any
    martingale: Any = 0
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CovariationClaim(Claim):
    """d⟨first, second⟩ = rate dt for two scalar observables of a system.

    Different free indices, as those of ``lam[i]`` and ``lam[j]``, take different values.
    """

    kind: ClassVar[str] = "covariation"

    sde: Any
    first: Any
    second: Any
    rate: Any


@dataclass(frozen=True, kw_only=True)
class SignClaim(Claim):
    """The drift of a scalar observable has one sign wherever the assumptions hold.

    ``sign`` is ``">="``, ``"<="``, ``">"`` or ``"<"``, the drift being compared with 0: ``">="``
    makes the observable a local submartingale, ``"<="`` a local supermartingale; without noise it
    never falls, or never rises.  An observable with a free index speaks of every eigenvalue, or
    with ``number`` of one of them: 1 is the largest, -1 the smallest.  ``shown`` may state the
    drift in a form whose factors and terms show the sign; all tiers compare it with the drift.
    """

    kind: ClassVar[str] = "sign"

    sde: Any
    observable: Any
    sign: str
    number: int | None = None
    shown: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sign not in SIGNS:
            raise DerivationError(f"sign={self.sign!r}: give one of {', '.join(SIGNS)}")
        if isinstance(self.observable, MatrixExpr):
            raise ShapeError(
                f"observable {self.observable}: a matrix has no sign; take a trace, an entry or an "
                "eigenvalue"
            )


@dataclass(frozen=True, kw_only=True)
class MomentClaim(Claim):
    """d E[m] = A E[m] dt for words m of the state, and the solution where it is stated.

    ``moments`` are scalars and square matrices; ``matrix`` has a row of scalars for each.  In the
    row of a matrix a scalar moment stands for m times I.  ``laws`` gives E[m] at time t for each
    moment, in ``t``, the parameters and the states, which stand for their values at time 0; it may
    be left out.  No martingale part is claimed.
    """

    kind: ClassVar[str] = "moments"

    sde: MatrixSDE
    moments: tuple[Any, ...]
    matrix: Any
    laws: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        table = getattr(self.matrix, "tolist", lambda: self.matrix)()
        if exactly(table) is not table:
            object.__setattr__(self, "matrix", table)
        super().__post_init__()
        owner = self.id or type(self).__name__
        for name, given in (("moments", self.moments), ("laws", self.laws)):
            if not isinstance(given, tuple | list):
                raise DerivationError(f"{owner}: {name}: got {given}; give a tuple, ({given},)")
        count, shown = len(self.moments), _sizes_of(self.matrix)
        if shown != f"{count} x {count}":
            raise ShapeError(
                f"{owner}: matrix: {shown}, for {count} moments; give {count} x {count}, a row and "
                "a column for each"
            )
        if self.laws and len(self.laws) != count:
            raise DerivationError(
                f"{owner}: laws: {len(self.laws)} for {count} moments; give one each, or none"
            )


def _sizes_of(matrix: Any) -> str:
    """The sizes of a table of coefficients in words."""
    given = getattr(matrix, "tolist", lambda: matrix)()
    rows = given if isinstance(given, tuple | list) else ()
    lengths = {len(row) if isinstance(row, tuple | list) else 0 for row in rows}
    if len(lengths) == 1 and lengths != {0}:
        return f"{len(rows)} x {lengths.pop()}"
    return f"no table, {matrix}"


@dataclass(frozen=True, kw_only=True)
class IdentityClaim(Claim):
    """left = right for all values of the symbols that meet the assumptions.

    ``draws`` names a matrix letter that is random in the algorithm (the noisy residual), for the
    tiers that enumerate or draw it.  If both sides are Python functions, ``arguments`` maps the
    name of each argument to its shape.
    """

    kind: ClassVar[str] = "identity"

    left: Any
    right: Any
    draws: Any = None
    arguments: Any = None


@dataclass(frozen=True, kw_only=True)
class TimeChangeClaim(Claim):
    """Under the clock dτ = rate dt, the system ``sde`` becomes ``changed`` (in law)."""

    kind: ClassVar[str] = "time change"

    sde: Any
    rate: Any
    changed: Any


@dataclass(frozen=True, kw_only=True)
class Exponents:
    """Lyapunov exponents number ``first`` to ``last``, counted from the largest, and their value.

    All three are expressions in the dimensions; ``value`` may have `POSITION` and parameters too.
    With ``mean`` the value is that of their mean, and nothing is said of each.
    """

    first: Any
    last: Any
    value: Any
    mean: bool = False

    def __post_init__(self) -> None:
        read_decimals(self)


@dataclass(frozen=True, kw_only=True)
class ExponentClaim(Claim):
    """Lyapunov exponents of a linear system dΘ = L(dt, dB)Θ whose states, stacked, are Θ (d, d).

    They are the almost sure limits of (1/t) log of the singular values of Θ(t).  ``sizes`` are
    those at which paths are run, up to the time ``horizon``, with the ``values`` of the parameters;
    exponents that are not stated are measured.
    """

    kind: ClassVar[str] = "exponents"

    sde: Any
    exponents: tuple[Exponents, ...]
    sizes: tuple[Mapping[Any, int], ...]
    values: Mapping[Any, Any] = field(default_factory=dict)
    horizon: int = 9
    relevant: float = 0.45

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(
            self.id or type(self).__name__, horizon=self.horizon, relevant=self.relevant
        )
        reasons = dict.fromkeys(TIERS[:4], "a limit is no statement about one point or one step")
        object.__setattr__(self, "inapplicable", {**reasons, **self.inapplicable})


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """A group of claims from one source; the first has the theorem's own id."""

    id: str
    title: str
    source: str
    claims: tuple[Claim, ...]
