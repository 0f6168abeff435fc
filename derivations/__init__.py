"""Itô calculus on matrices of symbolic size: declare, derive, state.

>>> from derivations import Brownian, MatrixSDE, State, dims, dt, positive, tr
>>> n = dims("n")
>>> X, B, a = State("X", n, n), Brownian("B", n, n), positive("a")
>>> MatrixSDE({X: -a * X * dt + B.d}).d(tr(X * X.T)).drift
n**2 - 2*a*Trace(X*X.T)
"""

from .claim import (
    INITIAL,
    POSITION,
    AlgorithmCheck,
    Assumption,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    Exponents,
    IdentityClaim,
    MomentClaim,
    Mutant,
    PathCheck,
    SignClaim,
    Theorem,
    TimeChangeClaim,
)
from .equality import Equality, Status, equal
from .errors import DerivationError
from .expressions import S, det, entry, logdet, stack, total, tr
from .facts import full_row_rank
from .fokker_planck import FokkerPlanckClaim, density
from .path_claims import (
    LEVEL,
    ExpectationClaim,
    HittingClaim,
    LawClaim,
    LimitClaim,
    StationaryClaim,
    ThresholdClaim,
)
from .sde import MatrixSDE
from .spectrum import distinct_eigenvalues, eigenvalues, singular_values
from .symbols import (
    Brownian,
    BrownianFamily,
    Family,
    Parameter,
    Process,
    State,
    dims,
    dt,
    index,
    positive,
    real,
    t,
)
from .update import Gaussian, Minibatch, StepClaim, TwoPoint, Update

__all__ = [
    "INITIAL",
    "LEVEL",
    "POSITION",
    "AlgorithmCheck",
    "Assumption",
    "Brownian",
    "BrownianFamily",
    "CovariationClaim",
    "DerivationError",
    "DifferentialClaim",
    "Equality",
    "ExpectationClaim",
    "ExponentClaim",
    "Exponents",
    "Family",
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
    "Parameter",
    "PathCheck",
    "Process",
    "S",
    "SignClaim",
    "State",
    "StationaryClaim",
    "Status",
    "StepClaim",
    "Theorem",
    "ThresholdClaim",
    "TimeChangeClaim",
    "TwoPoint",
    "Update",
    "density",
    "det",
    "dims",
    "distinct_eigenvalues",
    "dt",
    "eigenvalues",
    "entry",
    "equal",
    "full_row_rank",
    "index",
    "logdet",
    "positive",
    "real",
    "singular_values",
    "stack",
    "t",
    "total",
    "tr",
]
