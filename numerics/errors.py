"""The errors of the numeric side: one line each, naming the argument, its value and the remedy."""


class NumericsError(ValueError):
    """A request that the numeric side cannot meet."""


class DataError(NumericsError):
    """Data, or a data set, that cannot be used."""


class TrainingError(NumericsError):
    """A setting of a training algorithm that makes no sense, or a training run that broke down."""


class ContextError(NumericsError):
    """A calculation that a number context cannot carry out at this point."""


class NotAdmissibleError(ContextError):
    """The point is outside the domain (singular inverse, log of 0): draw another one."""


class OutsideFieldError(NotAdmissibleError):
    """A root that some points have in a prime field and this one has not: draw another one."""


class NoValueError(ContextError):
    """The context has no such number (a logarithm among the rationals): take another context."""


class SimulationError(NumericsError):
    """A system, scheme or run that cannot be simulated as asked, or that broke down."""


class MissingValueError(NumericsError):
    """A point without a value that a kernel needs."""


class FunctionError(NumericsError):
    """A user's function of arrays that raises, or returns what is no value of it."""
