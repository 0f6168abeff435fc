"""What a system may assume, which of it was used, and what was used without being declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sympy import Inverse, MatAdd, MatMul, MatPow, Q, Transpose
from sympy.assumptions.assume import AppliedPredicate

from .errors import AssumptionError
from .spectrum import distinct_eigenvalues
from .symbols import MatrixParameter
from .words import is_mirrored

__all__ = ["Facts", "full_row_rank", "is_gram_matrix", "mirrors"]


def full_row_rank(A: Any) -> Any:
    """The fact that A has full row rank, said as positive definiteness of A A'."""
    return Q.positive_definite(A * A.T)


class Facts:
    """Declared facts: which were used, which were needed and not declared, and named rules."""

    def __init__(self, declared: Iterable[Any] = ()) -> None:
        self.declared = tuple(declared)
        self.used: list[Any] = []
        self.implied: list[Any] = []
        self.rules: list[str] = []

    @property
    def unused(self) -> tuple[Any, ...]:
        """Declared facts that no rule asked for."""
        return tuple(fact for fact in self.declared if fact not in self.used)

    def is_positive_definite(self, A: Any) -> bool:
        """Whether A is declared, or by its form seen to be, positive definite."""
        if self._use(A, Q.positive_definite):
            return True
        match A:
            case MatrixParameter():
                return A.structure == "positive_definite"
            case Inverse() | Transpose() | MatPow():
                return self.is_positive_definite(A.args[0])
            case MatAdd():
                return self._is_positive_sum(A)
            case MatMul() if A.args[0].is_positive and len(A.args) > 1:
                return self.is_positive_definite(MatMul(*A.args[1:]).doit(deep=False))
        return bool(getattr(A, "is_Identity", False))

    def _is_positive_sum(self, A: Any) -> bool:
        definite = [self.is_positive_definite(term) for term in A.args]
        gram = [is_gram_matrix(term) for term in A.args]
        return any(definite) and all(d or g for d, g in zip(definite, gram, strict=True))

    def positive_definite(self, A: Any, why: str) -> None:
        """Use that A is positive definite.

        Raises
        ------
        AssumptionError
            If neither declared nor seen.
        """
        if not self.is_positive_definite(A):
            raise AssumptionError(
                f"{why}: {A} is not declared positive definite; pass "
                "assuming=[Q.positive_definite(...)], or full_row_rank(X) for X*X.T"
            )

    def positive_scalars(self) -> Iterator[Any]:
        """The scalars declared positive; each counts as used once it is looked at."""
        for fact in self.declared:
            if isinstance(fact, AppliedPredicate) and fact.function == Q.positive:
                self._use(fact.arguments[0], Q.positive)
                yield fact.arguments[0]

    def is_nonsingular(self, A: Any) -> bool:
        """Whether a square A is declared invertible, or of full rank, or is positive definite."""
        gram = (A * A.T, A.T * A)
        declared = self._use(A, Q.invertible) or self.is_positive_definite(A)
        return declared or any(self._use(G, Q.positive_definite) for G in gram)

    def invertible(self, A: Any) -> None:
        """Use that A is invertible: declared, seen from its definiteness, or noted as implied."""
        if not self.is_nonsingular(A) and Q.invertible(A) not in self.implied:
            self.implied.append(Q.invertible(A))

    def distinct(self, A: Any) -> None:
        """Use that the eigenvalues of A are distinct: declared, or noted as implied."""
        if not self._use(A, distinct_eigenvalues) and distinct_eigenvalues(A) not in self.implied:
            self.implied.append(distinct_eigenvalues(A))

    def note(self, rule: str) -> None:
        """Remember that a named rule was used."""
        if rule not in self.rules:
            self.rules.append(rule)

    def _use(self, A: Any, predicate: Any) -> bool:
        """Whether the predicate is declared of A; if so, that fact is used."""
        fact = predicate(A)
        if fact not in self.declared:
            return False
        if fact not in self.used:
            self.used.append(fact)
        return True


def is_gram_matrix(matrix: Any) -> bool:
    """Whether a matrix is typed as c U U' with c >= 0."""
    parts = matrix.args if isinstance(matrix, MatMul) else (matrix,)
    if not getattr(parts[0], "is_Matrix", False) and parts[0].is_nonnegative:
        parts = parts[1:]
    return bool(parts) and all(p.is_Matrix for p in parts) and is_mirrored(parts, mirrors)


def mirrors(a: Any, b: Any) -> bool:
    """Whether b is the transpose of a, as typed; for a declared symmetric matrix itself."""
    symmetric = isinstance(a, MatrixParameter) and a.structure != "general"
    return bool(a.T.doit() == b.doit() or (symmetric and a == b))
