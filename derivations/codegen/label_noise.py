"""Label noise in its small form: X'dB over n × k components is a p × k Brownian motion.

Where a constant matrix A stands directly left of dB wherever dB occurs, the equations depend on dB
through A dB alone, and A dB has the law of a Brownian motion with row covariance A C A', C the row
covariance of dB.  The equations with one increment in its place are equal in law, and nobody draws
2000 normals a step for n = 1000 samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Identity, MatMul, Transpose

from derivations.codegen.structure import is_letter, is_matrix, nodes, parts, rebuilt
from derivations.sde import MatrixSDE
from derivations.symbols import MatrixIncrement, MatrixParameter

__all__ = ["reduced"]


def reduced(system: MatrixSDE) -> MatrixSDE | None:
    """A system that is equal in law and has smaller noise, or None if no noise can be made smaller.

    ``A*B.d`` becomes the increment ``dAB``; a product ``X.T*B.d`` becomes ``dXB``.
    """
    equations = dict(system.equations)
    correlated = {noise for pair in system.correlation for noise in pair}
    found = False
    for noise in system.noises:
        if not isinstance(noise, MatrixIncrement) or noise in correlated:
            continue
        factor = _common_factor(equations.values(), noise)
        if factor is None or factor.shape[0] == factor.shape[1]:
            continue
        small = _small(noise, factor)
        equations = {state: _put(value, noise, small) for state, value in equations.items()}
        found = True
    if not found:
        return None
    kept = {tuple(sorted(pair, key=str)): rho for pair, rho in system.correlation.items()}
    return MatrixSDE(
        equations, correlation=kept, assuming=system.assuming, calculus=system.calculus
    )


def _common_factor(expressions: Any, noise: Any) -> Any:
    """The constant letter, transposed or not, that stands left of dB everywhere; None if none."""
    neighbours = [left for value in expressions for left in _left_of(value, noise)]
    first = neighbours[0] if neighbours else None
    if first is None or any(left != first for left in neighbours):
        return None
    letter = first.args[0] if isinstance(first, Transpose) else first
    return first if isinstance(letter, MatrixParameter) else None


def _left_of(expression: Any, noise: Any) -> Iterator[Any]:
    """What stands left of every dB (of a transposed one: right, transposed); None for nothing."""
    if expression == noise:
        yield None
        return
    inner = list(parts(expression))
    if isinstance(expression, MatMul):
        for at, factor in enumerate(inner):
            if factor == noise:
                before = inner[at - 1] if at and is_matrix(inner[at - 1]) else None
                yield before
            elif factor == Transpose(noise):
                yield _turned(inner[at + 1]) if at + 1 < len(inner) else None
        inner = [factor for factor in inner if factor not in (noise, Transpose(noise))]
    for part in inner:
        yield from _left_of(part, noise)


def _turned(matrix: Any) -> Any:
    return matrix.args[0] if isinstance(matrix, Transpose) else Transpose(matrix)


def _small(noise: Any, factor: Any) -> Any:
    letter = factor.args[0] if isinstance(factor, Transpose) else factor
    rows = noise.row_covariance
    covariance = (
        MatMul(factor, _turned(factor))
        if isinstance(rows, Identity)
        else MatMul(factor, rows, _turned(factor))
    )
    name = f"d{letter.name}{str(noise.name).removeprefix('d')}"
    return MatrixIncrement(
        name, factor.shape[0], noise.shape[1], covariance, noise.column_covariance
    )


def _put(expression: Any, noise: Any, small: Any) -> Any:
    """The expression with one increment for every product of the factor and dB."""
    if is_letter(expression) or not any(node == noise for node in nodes(expression)):
        return expression
    changed = [_put(part, noise, small) for part in parts(expression)]
    if not isinstance(expression, MatMul):
        return rebuilt(expression, changed)
    factors: list[Any] = []
    skip = False
    for factor in changed:
        if skip:
            skip = False
        elif factor == noise:
            factors[-1] = small
        elif factor == Transpose(noise):
            factors.append(Transpose(small))
            skip = True
        else:
            factors.append(factor)
    return factors[0] if len(factors) == 1 else MatMul(*factors)
