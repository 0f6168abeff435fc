"""A claim as numbers: what every tier is given.

A problem holds kernels (plain functions), the signature that says what they take, and nothing
symbolic but ``claim``, which the derivation tier alone reads.  It may be made by hand, from NumPy
functions: the tiers do not know where kernels come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numerics.declared import DeclaredSystem
from numerics.kernel import Kernel
from numerics.signature import ClaimSignature, LetterSignature

from .errors import KernelError
from .verdict import Status

__all__ = [
    "AlgorithmSetting",
    "ExponentSetting",
    "Problem",
    "Reference",
    "SizedExponents",
    "StatedExponent",
]


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
    """Lyapunov exponents to be measured over ``horizon`` units of time, at several sizes."""

    at: tuple[SizedExponents, ...]
    horizon: int
    relevant: float


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
    claim : derivations.claim.Claim, optional
        The declaration; None for a claim of plain functions.
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
    claim: Any = None

    @property
    def kind(self) -> str:
        """'differential', 'identity' or 'time change'."""
        return self.signature.kind

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


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where a worker finds a claim: its id, the file if it is not of the catalogue, the mutant.

    ``tiers`` of a mutant are those that can see it; the others are not asked.
    """

    claim: str
    file: str | None = None
    mutant: str | None = None
    tiers: tuple[str, ...] | None = None
