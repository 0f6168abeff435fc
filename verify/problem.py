"""A claim as numbers: what every tier is given.

A problem holds kernels (plain functions), the signature that says what they take, and nothing
symbolic but ``claim``, which the derivation tier alone reads.  It may be made by hand, from NumPy
functions: the tiers do not know where kernels come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from numerics.declared import DeclaredSystem
from numerics.kernel import Kernel
from numerics.signature import ClaimSignature, LetterSignature

from .errors import KernelError
from .memory import Memory, written
from .steps.setting import StepSetting
from .verdict import Status

__all__ = [
    "NOTHING_DRAWN",
    "AlgorithmSetting",
    "ExponentSetting",
    "Problem",
    "Reference",
    "SignSetting",
    "SizedExponents",
    "StatedExponent",
    "ThresholdSetting",
    "names",
]

T = TypeVar("T")

NOTHING_DRAWN = "an identity without randomness: there is no step to draw"
"""Why one step says nothing of an identity that names no letter to draw."""

_DECLARED = re.compile(
    r"(path_)?(reduced_)?(increment|drift|noise|(row_covariance|column_covariance|correlation)_.*)"
    r"|(path_)?(observable|moments)|first|second|(spectrum|condition)_\d+"
)
"""Names of the kernels of what is declared and observed; all others state something."""


@dataclass(frozen=True, kw_only=True)
class AlgorithmSetting:
    """Which real algorithm, on which data, with which settings; the rate is the kernel ``rate``.

    ``values`` may give ``eta`` (the coarsest step size), ``delta`` (label variance at that step
    size), ``b`` (batch at the finest step size), ``mu`` (decay), ``l`` (width), ``steps`` and
    ``scale`` (deviation of the starting weights).
    """

    algorithm: str
    dataset: str = "linnerud"
    values: Mapping[str, Any] = field(default_factory=dict)
    order: int = 1


@dataclass(frozen=True, kw_only=True)
class StatedExponent:
    """The mean of the exponents number ``first`` to ``last``, counted from the largest.

    ``shown`` is the value as it was evaluated, to 30 digits.
    """

    first: int
    last: int
    value: float
    shown: str

    @property
    def name(self) -> str:
        """'λ2', or 'mean of λ2…λ3'."""
        one = f"λ{self.first}"
        return one if self.first == self.last else f"mean of {one}…λ{self.last}"


@dataclass(frozen=True, kw_only=True)
class SizedExponents:
    """The exponents stated at one size."""

    sizes: Mapping[str, int]
    stated: tuple[StatedExponent, ...]


@dataclass(frozen=True, kw_only=True)
class ExponentSetting:
    """Lyapunov exponents to be measured over ``horizon`` units of time, at several sizes.

    ``values`` are those of the parameters of the system.
    """

    at: tuple[SizedExponents, ...]
    horizon: int
    relevant: float
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SignSetting:
    """The sign of a drift; ``number`` of an eigenvalue: 1 the largest, -1 the smallest."""

    sign: str
    number: int | None = None

    @property
    def direction(self) -> int:
        """+1 or −1: the direction that is claimed."""
        return 1 if self.sign.startswith(">") else -1

    @property
    def strict(self) -> bool:
        """Whether 0 has the wrong sign."""
        return self.sign in ("<", ">")


@dataclass(frozen=True, kw_only=True)
class ThresholdSetting:
    """The signs of a limit below and above the threshold of a parameter: −1, 0 or 1."""

    parameter: str
    below: int
    above: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A claim as numbers.

    Parameters
    ----------
    id, title : str
    kernels : mapping
        Name -> Kernel, as `numerics.signature` describes them.
    signature : ClaimSignature
        What the kernels take: letters, sizes, conditions, systems, the path check.
    inapplicable : mapping
        Tier -> the reason why it does not apply.
    expected : Status
    draws : str, optional
        The letter of an identity that is random in the algorithm.
    algorithm : AlgorithmSetting, optional
    exponents : ExponentSetting, optional
    sign : SignSetting, optional
    step : StepSetting, optional
    threshold : ThresholdSetting, optional
    bounds : tuple of float, optional
        What the observable of a path claim cannot leave; one of them may be infinite.
    claim : derivations.claim.Claim, optional
        The declaration; None for a claim of plain functions.
    memory : Memory, optional
        What was measured of the same declaration before.
    """

    id: str
    title: str
    kernels: Mapping[str, Kernel]
    signature: ClaimSignature
    inapplicable: Mapping[str, str] = field(default_factory=dict)
    expected: Status = Status.AGREES
    draws: str | None = None
    algorithm: AlgorithmSetting | None = None
    exponents: ExponentSetting | None = None
    sign: SignSetting | None = None
    step: StepSetting | None = None
    threshold: ThresholdSetting | None = None
    bounds: tuple[float, float] | None = None
    of_functions: bool = False
    claim: Any = None
    memory: Memory | None = field(default=None, compare=False, repr=False)

    @property
    def kind(self) -> str:
        """'differential', 'identity' or 'time change'."""
        return self.signature.kind

    def missed(self, rate: float) -> float | None:
        """How likely points miss a mistake: ``rate`` for formulas, of functions none is known.

        A formula that is wrong is wrong at almost every point; a Python function may be wrong in a
        corner that no point was drawn from.
        """
        return None if self.of_functions else rate

    def kernel(self, name: str) -> Kernel:
        """The kernel of that name.

        Raises
        ------
        KernelError
            If the problem has none.
        """
        if name not in self.kernels:
            raise KernelError(
                f"{self.id}: there is no kernel {name!r} among {', '.join(sorted(self.kernels))}; "
                "run python -m derivations.build"
            )
        return self.kernels[name]

    def letters(self) -> tuple[LetterSignature, ...]:
        """Every letter of the claim and of its systems, each once."""
        systems = self.signature.systems.values()
        groups = [self.signature.letters, *(system.letters for system in systems)]
        return tuple({letter.name: letter for group in groups for letter in group}.values())

    def system(self, name: str, sizes: Mapping[str, int]) -> DeclaredSystem:
        """One of the declared systems at concrete sizes: 'declared', 'reduced', 'changed'."""
        return DeclaredSystem.from_signature(self.signature.systems[name], self.kernels, sizes)

    @property
    def declared(self) -> Problem:
        """What is declared and observed, without any stated form."""
        kernels = {name: k for name, k in self.kernels.items() if _DECLARED.fullmatch(name)}
        return replace(self, kernels=kernels, exponents=None, claim=None, memory=None)

    def measured(self, what: Hashable, at: Mapping[str, Any], measure: Callable[[Problem], T]) -> T:
        """What ``measure`` finds; it is handed what is declared, and never a stated form.

        ``what`` and the point ``at`` say all that the value depends on beside the declaration.
        """
        if self.memory is None:
            return measure(self.declared)
        return self.remembered((what, written(at)), lambda: measure(self.declared))

    def remembered(self, key: Hashable, find: Callable[[], T]) -> T:
        """What ``find`` finds, from the memory if it is there."""
        return find() if self.memory is None else self.memory.recall(key, find)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where a worker finds a claim: its id, the file if it is not of the catalogue, the mutant.

    ``tiers`` of a mutant are those that can see it; the others are not asked.  ``without`` are the
    lines of the file whose statements do not end.
    """

    claim: str
    file: str | None = None
    without: tuple[int, ...] = ()
    mutant: str | None = None
    tiers: tuple[str, ...] | None = None


def names(references: Sequence[Reference]) -> tuple[str, ...]:
    """What claims are called: by their ids, and by file and id where several have one id.

    >>> names([Reference(claim="a", file="x.py"), Reference(claim="a", file="y.py")])
    ('x.py:a', 'y.py:a')
    """
    files: dict[str, set[str | None]] = {}
    for reference in references:
        files.setdefault(reference.claim, set()).add(reference.file)
    found = []
    for r in references:
        name = r.claim if r.file is None or len(files[r.claim]) == 1 else f"{r.file}:{r.claim}"
        found.append(f"{name}~{r.mutant}" if r.mutant else name)
    return tuple(found)
