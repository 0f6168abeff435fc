"""The errors of the symbolic side: one line each, naming the argument, its value and the remedy."""


class DerivationError(ValueError):
    """A declaration or a request that the calculus cannot take."""


class ShapeError(DerivationError):
    """Shapes that do not conform."""


class UnknownSymbolError(DerivationError):
    """A symbol that nothing declared."""


class NonlinearNoiseError(DerivationError):
    """A differential that does not enter linearly."""


class AssumptionError(DerivationError):
    """A rule was asked for whose assumption was not declared."""


class StepError(DerivationError):
    """A step of a derivation that does not hold."""
