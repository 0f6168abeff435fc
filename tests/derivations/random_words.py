"""Random systems and observables: words of every kind that the language has, from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Identity, Rational, exp, log, sin, sqrt, sympify

from derivations import (
    Brownian,
    BrownianFamily,
    Family,
    MatrixSDE,
    Parameter,
    Process,
    S,
    State,
    det,
    dims,
    dt,
    entry,
    index,
    logdet,
    positive,
    stack,
    t,
    total,
    tr,
)
from derivations.sde import increments_of

p, k, n = dims("p k n")
DIMENSIONS = (p, k)
rho, c = Parameter("rho"), positive("c")
X, Y, x, u = State("X", p, k), State("Y", k, k), State("x", p), State("u")
R, A = Process("R", p, k), Parameter("A", k, p)
H = Parameter("H", k, k, symmetric=True)
C = Parameter("C", p, p, positive_definite=True)
D = Parameter("D", k, k, positive_definite=True)
i, j = index("i", n), index("j", n)
F, f = Family("F", p, k), Family("f")
betas = BrownianFamily("betas")
B1, B2 = Brownian("B1", p, k), Brownian("B2", p, k)
BC = Brownian("BC", p, p, row_covariance=C)
BD = Brownian("BD", k, k, row_covariance=D, column_covariance=D)
w, beta, gamma = Brownian("w", k), Brownian("beta"), Brownian("gamma")

STATES: tuple[Any, ...] = (X, Y, x)
MATRICES: tuple[Any, ...] = (X, Y, x, A, H, C, D)
NOISES: tuple[Any, ...] = (B1, B2, BC, BD, w)


@dataclass(frozen=True)
class Words:
    """Random expressions; ``letters`` are the matrices that may occur."""

    rng: random.Random
    letters: Sequence[Any] = MATRICES

    def matrix(self, rows: Any, columns: Any, depth: int) -> Any:
        """A matrix expression of the given shape."""
        kinds: list[Callable[[Any, Any, int], Any]] = [self._letter]
        if depth > 0:
            kinds += [self._product, self._product, self._sum, self._scaled]
            if rows == columns:
                kinds += [self._inverse, self._power]
            if (rows, columns) in ((p, k), (k, p)):
                kinds.append(self._family)
        return self.rng.choice(kinds)(rows, columns, depth - 1)

    def scalar(self, depth: int) -> Any:
        """A scalar expression."""
        kinds: list[Callable[[int], Any]] = [self._trace, self._trace, self._entry]
        if depth > 0:
            kinds += [self._trace, self._det, self._logdet, self._times, self._plus]
            kinds += [self._function, self._quotient, self._scalar_family, self._block]
        return self.rng.choice(kinds)(depth - 1)

    def number(self) -> Any:
        return Rational(self.rng.choice([-3, -2, -1, 1, 2, 3]), self.rng.choice([1, 1, 2, 3]))

    # matrices

    def _letter(self, rows: Any, columns: Any, depth: int) -> Any:
        fitting = [m for m in self.letters if m.shape == (rows, columns)]
        fitting += [m.T for m in self.letters if m.shape == (columns, rows)]
        if not fitting:
            if rows == columns == 1:
                return x.T * x
            return self._through(rows, columns, 0)
        return self.rng.choice(fitting)

    def _through(self, rows: Any, columns: Any, depth: int) -> Any:
        middle = self.rng.choice(DIMENSIONS)
        return self.matrix(rows, middle, depth) * self.matrix(middle, columns, depth)

    def _product(self, rows: Any, columns: Any, depth: int) -> Any:
        return self._through(rows, columns, depth)

    def _sum(self, rows: Any, columns: Any, depth: int) -> Any:
        first = self.matrix(rows, columns, depth)
        result = first + self.number() * self.matrix(rows, columns, depth)
        return first if result.is_ZeroMatrix else result

    def _scaled(self, rows: Any, columns: Any, depth: int) -> Any:
        factor = self.rng.choice([c, u, u**2, 1 + t, self._trace(0)])
        return factor * self.matrix(rows, columns, depth)

    def _positive(self, size: Any, depth: int) -> Any:
        half = self.matrix(size, self.rng.choice(DIMENSIONS), max(depth - 1, 0))
        return self.rng.choice([Identity(size), C if size == p else D]) + half * half.T

    def _inverse(self, rows: Any, columns: Any, depth: int) -> Any:
        if rows == k and self.rng.random() < 0.3:
            return Y.I
        return self._positive(rows, depth).I

    def _power(self, rows: Any, columns: Any, depth: int) -> Any:
        return self.matrix(rows, columns, max(depth - 1, 0)) ** self.rng.choice([2, 3])

    def _family(self, rows: Any, columns: Any, depth: int) -> Any:
        summand = self.rng.choice([f[i] * F[i], F[i], F[i] * X.T * F[i]])
        result = total(summand, i)
        return result if rows == p else result.T

    # scalars

    def _trace(self, depth: int) -> Any:
        size = self.rng.choice(DIMENSIONS)
        return tr(self.matrix(size, size, max(depth, 0)))

    def _entry(self, depth: int) -> Any:
        rows, columns = self.rng.choice(DIMENSIONS), self.rng.choice(DIMENSIONS)
        return entry(self.matrix(rows, columns, max(depth, 0)), 0, 0)

    def _det(self, depth: int) -> Any:
        size = self.rng.choice(DIMENSIONS)
        return det(self.matrix(size, size, max(depth, 0)))

    def _logdet(self, depth: int) -> Any:
        return logdet(self._positive(self.rng.choice(DIMENSIONS), depth))

    def _times(self, depth: int) -> Any:
        return self.scalar(depth) * self.scalar(depth)

    def _plus(self, depth: int) -> Any:
        return self.scalar(depth) + self.number() * self.rng.choice([u, t, c]) * self.scalar(depth)

    def _above_one(self, depth: int) -> Any:
        half = self.matrix(self.rng.choice(DIMENSIONS), self.rng.choice(DIMENSIONS), max(depth, 0))
        return 1 + tr(half * half.T)

    def _function(self, depth: int) -> Any:
        function = self.rng.choice([exp, sin, lambda y: y**2, lambda y: y**3])
        if self.rng.random() < 0.5:
            return self.rng.choice([log, sqrt])(self._above_one(depth))
        return function(self.scalar(depth))

    def _quotient(self, depth: int) -> Any:
        return self.scalar(depth) / self._above_one(depth)

    def _scalar_family(self, depth: int) -> Any:
        A = self.matrix(k, p, max(depth, 0))
        return self.rng.choice(
            [
                total(tr(A * F[i]) ** 2, i),
                total(f[i] * tr(A * F[i]), i) ** 2,
                total(tr(A * F[i]) * total(f[j] * tr(X.T * F[j]), j), i),
                total(tr(X.T * F[i]), i) * total(tr(A * F[i]) ** 2, i),
                sqrt(1 + total(tr(A * F[i]) ** 2, i)),
            ]
        )

    def _block(self, depth: int) -> Any:
        G = self.matrix(p, k, max(depth, 0))
        theta = stack(*self.rng.choice([(X, Y), (Y, X), (X, Y, X), (A.T, Y)]))
        return self.rng.choice(
            [
                tr(S(G) ** 2),
                tr(S(X) * theta * theta.T) if theta.shape[0] == p + k and theta.args[0] == X
                else tr(theta.T * theta),
                logdet(Identity(theta.shape[0]) + theta * theta.T),
                tr((theta.T * theta + D).I),
                det(theta.T * theta + D),
            ]
        )  # fmt: skip


def system(rng: random.Random, *, calculus: str = "ito") -> MatrixSDE:
    """A random system in the states X (p, k), Y (k, k), x (p) and the scalar u.

    In the sense of Stratonovich it has no process: its coefficients must have differentials.
    """
    words = Words(rng, (*MATRICES, R) if calculus == "ito" else MATRICES)
    equations: dict[Any, Any] = {}
    for state in STATES:
        rows, columns = state.shape
        right = words.matrix(rows, columns, 1) * dt
        for _ in range(rng.randint(1, 2)):
            right += _noise(words, rows, columns)
        equations[state] = right
    equations[u] = rng.choice(
        [
            u * dt + c * beta.d,
            tr(Y) * beta.d + t * gamma.d,
            c * beta.d - u * gamma.d + u**2 * dt,
            -u * dt,
        ]
    )
    correlation = rng.choice([{}, {(B1, B2): rho}, {(B1, B2): rho, (beta, gamma): Rational(1, 2)}])
    return MatrixSDE(equations, correlation=occurring(correlation, equations), calculus=calculus)


def occurring(correlation: dict[Any, Any], equations: dict[Any, Any]) -> dict[Any, Any]:
    """The correlations of noises that occur; others are refused."""
    found = {d for equation in equations.values() for d in increments_of(sympify(equation))}
    return {pair: value for pair, value in correlation.items() if {b.d for b in pair} <= found}


def _noise(words: Words, rows: Any, columns: Any) -> Any:
    """A word with one differential in it, transposed or not, or a scalar one times a word."""
    rng = words.rng
    kind = rng.random()
    if kind < 0.2:
        factor = rng.choice([c, u, tr(Y)])
        return factor * words.matrix(rows, columns, 1) * rng.choice([beta, gamma]).d
    if kind < 0.35:
        return total(words.matrix(rows, p, 1) * F[i] * words.matrix(k, columns, 0) * betas[i].d, i)
    d = rng.choice(NOISES).d
    if rng.random() < 0.5:
        d = d.T
    word = d
    if d.shape[0] != rows or rng.random() < 0.7:
        word = words.matrix(rows, d.shape[0], 0) * word
    if d.shape[1] != columns or rng.random() < 0.7:
        word = word * words.matrix(d.shape[1], columns, 0)
    return word
