"""The errors of the judge: one line each, naming the argument, its value and the remedy."""

__all__ = ["ClaimError", "KernelError", "TimeLimitError", "UsageError", "VerifyError"]


class VerifyError(ValueError):
    """Input that the judge cannot take."""


class UsageError(VerifyError):
    """A wrong argument on the command line or of a public function."""


class KernelError(VerifyError):
    """A generated kernel that is missing or that does not belong to the declaration."""


class TimeLimitError(BaseException):
    """What did not end in time; no Exception, so that ``except Exception`` cannot swallow it."""


class ClaimError(VerifyError):
    """A claim from outside that no verdict can be given for, and why."""
