"""Number contexts: what generic kernels calculate with.

Rationals and a prime field are exact, `MultiprecisionContext` carries error bounds, and
`JetContext` makes truncated power series over any of the three.
"""

from numerics.contexts.base import Matrix, NumberContext, Scalar
from numerics.contexts.exact import MERSENNE_61, PrimeFieldContext, RationalContext
from numerics.contexts.flint_matrices import FlintContext
from numerics.contexts.jet import JetContext, JetMatrix
from numerics.contexts.multiprecision import MultiprecisionContext
from numerics.contexts.series import Jet

__all__ = [
    "MERSENNE_61",
    "FlintContext",
    "Jet",
    "JetContext",
    "JetMatrix",
    "Matrix",
    "MultiprecisionContext",
    "NumberContext",
    "PrimeFieldContext",
    "RationalContext",
    "Scalar",
]
