"""The judge: claims as numbers, six tiers of evidence, verdicts with both error rates.

`check` judges one claim and returns its `Verdict`; what a claim is made of stands beside it, and
the symbolic language in `derivations`.  Names are loaded when they are first used.

>>> import numpy as np
>>> import verify
>>> sde = verify.NumericSDE(
...     states={"x": ()}, drift=lambda x: -x, noises={"B": ()}, noise=lambda dB: dB
... )
>>> claim = verify.DifferentialClaim(
...     sde=sde,
...     observable=lambda x: x**2,
...     drift=lambda x: 1 - 2 * x**2,
...     martingale=lambda x, dB: 2 * x * dB,
... )
>>> verify.check(claim, effort="quick").agrees
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derivations import (
        LEVEL,
        AlgorithmCheck,
        Assumption,
        CovariationClaim,
        DifferentialClaim,
        ExpectationClaim,
        ExponentClaim,
        Exponents,
        FokkerPlanckClaim,
        Gaussian,
        HittingClaim,
        IdentityClaim,
        LawClaim,
        LimitClaim,
        MatrixSDE,
        Minibatch,
        MomentClaim,
        Mutant,
        PathCheck,
        SignClaim,
        StationaryClaim,
        StepClaim,
        Theorem,
        ThresholdClaim,
        TimeChangeClaim,
        TwoPoint,
        Update,
    )
    from numerics.draws import Draw
    from numerics.numeric_sde import NumericSDE
    from numerics.numeric_update import NumericUpdate

    from .outside.checking import check
    from .verdict import Evidence, Status, Verdict

__all__ = [
    "LEVEL",
    "AlgorithmCheck",
    "Assumption",
    "CovariationClaim",
    "DifferentialClaim",
    "Draw",
    "Evidence",
    "ExpectationClaim",
    "ExponentClaim",
    "Exponents",
    "FokkerPlanckClaim",
    "Gaussian",
    "HittingClaim",
    "IdentityClaim",
    "LawClaim",
    "LimitClaim",
    "MatrixSDE",
    "Minibatch",
    "MomentClaim",
    "Mutant",
    "NumericSDE",
    "NumericUpdate",
    "PathCheck",
    "SignClaim",
    "StationaryClaim",
    "Status",
    "StepClaim",
    "Theorem",
    "ThresholdClaim",
    "TimeChangeClaim",
    "TwoPoint",
    "Update",
    "Verdict",
    "check",
]


def __getattr__(name: str) -> Any:
    """A public name, from the module that has it."""
    if name not in __all__:
        raise AttributeError(f"module 'verify' has no attribute {name!r}")
    if name == "check":
        from .outside import checking

        return checking.check
    if name in ("Evidence", "Status", "Verdict"):
        from . import verdict

        return getattr(verdict, name)
    if name == "NumericSDE":
        from numerics.numeric_sde import NumericSDE

        return NumericSDE
    if name == "NumericUpdate":
        from numerics.numeric_update import NumericUpdate

        return NumericUpdate
    if name == "Draw":
        from numerics.draws import Draw

        return Draw
    import derivations

    return getattr(derivations, name)


def __dir__() -> list[str]:
    return sorted(__all__)
