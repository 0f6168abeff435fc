"""Moments of the state: the closed linear system d E[m] = A E[m] dt, derived for any words.

A moment is a product of traces of words of the state, or such a product times a word.  Its drift is
a sum of moments; those that are new become unknowns themselves, breadth first, until none is new.
That ends where drift and noise are linear in the state.  The expectations solve the system that was
found if the stochastic integrals have mean zero, which ``derivations.integrability`` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sympy import Add, ImmutableDenseMatrix, Integer, Mul, Pow, sympify

from .basis import Basis, FormAlgebra
from .contraction import Contraction
from .differential import Ito, ItoAlgebra
from .display import expression
from .errors import DerivationError
from .facts import Facts
from .forms import Atom, Form
from .integrability import obstacle
from .interpreter import interpret
from .sde import MatrixSDE
from .symbols import MatrixProcess, MatrixState, ScalarProcess, ScalarState, t
from .terms import Monomial

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MOST_MOMENTS", "MomentSystem", "moment_system"]

MOST_MOMENTS = 40
"""How many unknowns a system may have before it is said not to close."""


@dataclass(frozen=True, kw_only=True)
class MomentSystem:
    """d E[m] = A E[m] dt.

    Attributes
    ----------
    sde
        The system whose state the moments are of.
    moments
        m: scalars and matrices.  In the row of a matrix a scalar moment stands for m times I.
    matrix
        A, in the dimensions and parameters.
    requested
        For each requested word its coefficients: E[word] = Σ_j coefficients_j E[m_j].
    """

    sde: MatrixSDE
    moments: tuple[Any, ...]
    matrix: Any
    requested: tuple[tuple[Any, ...], ...]

    def at(self, sizes: Mapping[Any, int], values: Mapping[Any, Any] | None = None) -> np.ndarray:
        """A as numbers, for sizes of the dimensions and values of the parameters.

        Raises
        ------
        DerivationError
            Naming what the matrix holds and nobody gave.
        """
        import numpy as np

        given = _explicit({**sizes, **(values or {})})
        rows = [[_number(entry, given) for entry in row] for row in self.matrix.tolist()]
        return np.array(rows, dtype=float)

    def expectations(
        self,
        horizon: float,
        start: Mapping[Any, Any],
        sizes: Mapping[Any, int],
        values: Mapping[Any, Any] | None = None,
    ) -> tuple[Any, ...]:
        """E[word] at a time for each requested word, from a start, by the matrix exponential.

        Raises
        ------
        DerivationError
            Naming what nobody gave.
        """
        import numpy as np
        from scipy.linalg import expm

        flow = expm(self.at(sizes, values) * float(horizon))
        given = _explicit({**sizes, **(values or {}), **start})
        m = [_number(moment, given) for moment in self.moments]
        found = []
        for coefficients in self.requested:
            row = np.array([_number(c, given) for c in coefficients]) @ flow
            used = [(c, x) for c, x in zip(row, m, strict=True) if c != 0.0]
            shape = max((np.shape(x) for _, x in used), key=len, default=())
            found.append(sum(c * _embedded(x, shape) for c, x in used))
        return tuple(found)


def _embedded(value: Any, shape: tuple[int, ...]) -> Any:
    import numpy as np

    return value * np.eye(shape[0]) if shape and not np.shape(value) else value


def _explicit(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """Letters -> SymPy numbers and explicit matrices."""
    return {
        letter: sympify(v) if not hasattr(letter, "shape") else ImmutableDenseMatrix(v)
        for letter, v in values.items()
    }


def _number(value: Any, given: Mapping[Any, Any]) -> Any:
    """An expression as a float, or as an array."""
    import numpy as np

    missing = sorted(str(s) for s in sympify(value).free_symbols if s not in given)
    if missing:
        raise DerivationError(
            f"values: {missing[0]} is not given; add it to sizes, values or start"
        )
    found = sympify(value).xreplace(dict(given)).doit()
    if hasattr(found, "tolist"):
        return np.array(found.tolist(), dtype=float)
    return float(found)


# Deriving the system ----------------------------------------------------------------------------

Key = tuple[Any, Any]
"""(product of scalars of the state, word); the word is None for a scalar and for scalar times I."""


def moment_system(
    sde: MatrixSDE, words: Iterable[Any], *, most: int = MOST_MOMENTS
) -> MomentSystem:
    """The closed linear system that the expectations of words of the state solve.

    Parameters
    ----------
    sde : MatrixSDE, Itô or Stratonovich
    words : SymPy expressions: sums of products of words and traces of the states
    most : how many unknowns there may be

    Raises
    ------
    DerivationError
        Naming the moment whose drift does not close, or why a stochastic integral is not known to
        have mean zero.

    Examples
    --------
    >>> from derivations import Brownian, MatrixSDE, State, dims, tr
    >>> p, k, l = dims("p k l")
    >>> W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
    >>> noise = MatrixSDE({W1: B.d * W2.T, W2: W1.T * B.d})
    >>> found = moment_system(noise, [tr(W1 * W1.T)])
    >>> found.moments
    (Trace(W1*W1.T), Trace(W2*W2.T))
    >>> found.matrix
    Matrix([
    [0, p],
    [k, 0]])
    """
    return _Search(sde, most).system(tuple(sympify(word) for word in words))


class _Search:
    """Breadth first from the requested words; every moment is expanded once."""

    def __init__(self, sde: MatrixSDE, most: int) -> None:
        self.sde, self.most = sde, most
        ito = sde.to_ito()
        self.forms = FormAlgebra(Basis(), Facts(sde.assuming))

        def of_state(state: Any) -> tuple[Form, Form]:
            return interpret(ito.drift(state), self.forms), interpret(ito.noise(state), self.forms)

        self.algebra = ItoAlgebra(self.forms, of_state, Contraction(sde.correlation))
        self.known: dict[Key, Any] = {}
        self.rows: list[dict[Key, Any]] = []
        self.grown: tuple[Any, Any] | None = None

    def system(self, words: Sequence[Any]) -> MomentSystem:
        requested = []
        for word in words:
            self.sde.check_letters(word, str(word))
            requested.append(self._met(interpret(word, self.forms), word))
        while len(self.rows) < len(self.known):
            moment = list(self.known.values())[len(self.rows)]
            ito: Ito = interpret(moment, self.algebra)
            self.rows.append(self._met(ito.drift, moment))
        if missing := obstacle(self.sde, [*self.known.values()]):
            raise DerivationError(
                f"E[{words[0]}]: the martingale parts are not known to have mean zero, as "
                f"{missing}; without that no equation for a mean follows"
            )
        keys = list(self.known)
        matrix = [[_shown(row.get(key, Integer(0))) for key in keys] for row in self.rows]
        return MomentSystem(
            sde=self.sde,
            moments=tuple(self.known.values()),
            matrix=ImmutableDenseMatrix(matrix),
            requested=tuple(
                tuple(_shown(row.get(key, Integer(0))) for key in keys) for row in requested
            ),
        )

    def _met(self, value: Form, source: Any) -> dict[Key, Any]:
        """A form as a combination of moments; those not met before are taken up."""
        found: dict[Key, list[Any]] = {}
        for monomial, factors, coefficient in _split(value, source):
            key = (factors, monomial.word or None)
            found.setdefault(key, []).append(coefficient)
            if key not in self.known:
                shape = () if not monomial.word else value.shape
                word = monomial if monomial.word else monomial._replace(word=None)
                self._take(key, expression(Form(shape, {word: factors})), source)
        return {key: Add(*cs) for key, cs in found.items()}

    def _take(self, key: Key, moment: Any, source: Any) -> None:
        degree, before = _degree(moment), _degree(source)
        if degree > before and self.grown is None:
            self.grown = source, moment
        if len(self.known) >= self.most or (self.grown and degree > 4 * _degree(self.grown[0])):
            raise DerivationError(self._unclosed(moment))
        self.known[key] = moment

    def _unclosed(self, last: Any) -> str:
        if self.grown is None:
            return (
                f"words: {len(self.known)} moments do not close the system, the next is "
                f"E[{_named(last)}]; raise most, ask for words of lower degree, or take a "
                "covariance for which it ends"
            )
        source, moment = self.grown
        return (
            f"E[{_named(source)}]: nothing closes, its drift needs E[{_named(moment)}] of degree "
            f"{_degree(moment)} after {_degree(source)}, and so on; moments close where drift and "
            "noise are linear in the state (leave the residual out)"
        )


def _named(moment: Any) -> str:
    """A moment as text, short enough for a message."""
    text = str(moment)
    return text if len(text) <= 60 else f"{text[:28]}...{text[-28:]}"


def _shown(coefficient: Any) -> Any:
    return expression(Form.scalar(coefficient))


def _split(value: Form, source: Any) -> Iterator[tuple[Monomial, Any, Any]]:
    """The terms as (monomial, its scalars that hold the state, everything constant)."""
    for m, c in value.terms.items():
        if m.indices or m.cycles or m.indexed != 1:
            raise DerivationError(
                f"E[{source}]: moments are of matrices and traces, not of sums over an index; "
                "write a trace"
            )
        for term in Add.make_args(c):
            factors: list[Any] = []
            constants: list[Any] = []
            for f in Mul.make_args(term):
                letters = _letters_of(f)
                _known_only([*letters, *(x.base for x in m.word or ())], source)
                held = any(isinstance(a, MatrixState | ScalarState) for a in letters)
                (factors if held else constants).append(f)
            yield m, Mul(*factors), Mul(*constants)


def _known_only(letters: Iterable[Any], source: Any) -> None:
    for a in letters:
        if isinstance(a, MatrixProcess | ScalarProcess):
            raise DerivationError(
                f"E[{source}]: its drift holds the process {a}, any function of the state, so "
                f"nothing closes; state {a} in the states, or leave it out"
            )
        if a == t:
            raise DerivationError(
                f"E[{source}]: its drift depends on t; a matrix exponential needs constant "
                "coefficients"
            )


def _letters_of(scalar: Any) -> set[Any]:
    """All letters of a coefficient, those within traces and determinants included."""
    found: set[Any] = set()
    for a in scalar.free_symbols:
        if isinstance(a, Atom):
            kind, content = a.payload
            inner = content if kind == "trace" else ()
            found |= {f.base for f in inner}
            if kind != "trace":
                found |= set(expression(content).free_symbols)
        else:
            found.add(a)
    return found


def _degree(moment: Any) -> int:
    """How many letters of the state a moment is a product of."""
    if isinstance(moment, MatrixState | ScalarState):
        return 1
    if isinstance(moment, Pow) and moment.exp.is_Integer:
        return int(moment.exp) * _degree(moment.base)
    parts = [_degree(part) for part in getattr(moment, "args", ())]
    return max(parts, default=0) if isinstance(moment, Add) else sum(parts)
