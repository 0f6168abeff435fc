"""The Itô table: the only place where a differential meets a differential.

For a matrix Brownian motion B with E[dB_ia dB_jb] = C_ij D_ab dt, every contraction is one picture:
cut both differentials out of the words and cycles they stand in, then join their row ends through C
and their column ends through D.  It holds as special cases

    dB P dB' = tr(PD) C dt        dB P dB = C P' D dt         dB' P dB = tr(PC) D dt
    tr(P dB) tr(Q dB) = tr(P C Q' D) dt   (for D, C the covariances in their places)

and the same inside longer words.  Independent Brownian motions contract to zero; dβ_i dβ_j = δ_ij
dt in a family; a declared correlation ρ multiplies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import mul
from typing import Any, NamedTuple

from sympy import Identity, KroneckerDelta

from .basis import form
from .errors import DerivationError
from .forms import Form
from .symbols import Index, MatrixIncrement, ScalarMember
from .terms import Monomial, Term, bind
from .words import ONE, Factor, Word, transpose_word

__all__ = ["Contraction", "Correlations"]

Correlations = Mapping[frozenset[Any], Any]


class _Segment(NamedTuple):
    """A piece of word between two ports: (which increment, "row" or "column"), or an end."""

    word: Word
    left: Any
    right: Any


class Contraction:
    """d⟨·,·⟩/dt of products of two differentials, for given correlations of the noises."""

    def __init__(self, correlations: Correlations) -> None:
        self.correlations = correlations

    def __call__(self, product: Form) -> Form:
        """Replace the two increments of every term by what the table says."""
        terms = (t for term in product.terms.items() for t in self._term(term, product.shape))
        return Form.collect(product.shape, terms)

    def _term(self, term: Term, shape: tuple[Any, ...]) -> Iterator[Term]:
        m, c = term
        if m.increments != 2:
            raise DerivationError(f"contraction: {m} holds {m.increments} increments, not two")
        segments, pair = _cut(m)
        covariance = self._covariance(*pair)
        if covariance is None:
            return
        rho, rows, columns = covariance
        word, loops = _join(segments, {"row": rows, "column": columns}, _sizes(pair[0]))
        kept = tuple(w for w in m.cycles if not any(f.is_increment for f in w))
        # Bound indices stand free while the pieces are multiplied: they are distinct already.
        result = Form.collect((), [(Monomial((), m.indexed, kept, None), c * rho)])
        for pieces, size in loops:
            result = result * (_chain(pieces).trace() if pieces else Form.scalar(size))
        if word is not None:
            result = result * (_chain(word) if word else Form.identity(shape[0]))
        for part, x in result.terms.items():
            # The term's own indices are distinct: a delta between two of them, left by the
            # products above, is zero.
            if part.indexed.atoms(KroneckerDelta) - m.indexed.atoms(KroneckerDelta):
                continue
            yield from _bound((part, x), m.indices)

    def _covariance(self, f: Factor, g: Factor) -> tuple[Any, Form | None, Form | None] | None:
        """(ρ, C, D); C or D None for the identity; None if the two are independent."""
        a, b = f.base, g.base
        if a == b:
            if isinstance(a, MatrixIncrement):
                return ONE, _joint(a.row_covariance), _joint(a.column_covariance)
            return ONE, None, None
        if isinstance(a, ScalarMember) or isinstance(b, ScalarMember):
            return None
        rho = self.correlations.get(frozenset((a, b)))
        if rho is None:
            return None
        return rho, None, None


def _bound(term: Term, indices: tuple[Index, ...]) -> list[Term]:
    """Σ over indices that are distinct from each other."""
    terms = [term]
    for n, i in enumerate(indices):
        terms = [t for term in terms for t in bind(term, i, indices[n + 1 :], distinct=True)]
    return terms


def _joint(covariance: Any) -> Form | None:
    """A covariance as a form, or None for the identity, through which words join directly."""
    return None if isinstance(covariance, Identity) else form(covariance)


def _ports(f: Factor, n: int) -> tuple[Any, Any]:
    """Left and right port of the n-th increment."""
    return ((n, "column"), (n, "row")) if f.transposed else ((n, "row"), (n, "column"))


def _cut(m: Monomial) -> tuple[list[_Segment], tuple[Factor, Factor]]:
    """The segments left when the two increments are cut out, and the increments."""
    segments: list[_Segment] = []
    found: list[Factor] = []
    for is_cycle, word in [*((True, w) for w in m.cycles), (False, m.word or ())]:
        places = [n for n, f in enumerate(word) if f.is_increment]
        if not places:
            if not is_cycle and m.word is not None:
                segments.append(_Segment(word, "start", "end"))
            continue
        ports = []
        for n in places:
            ports.append(_ports(word[n], len(found)))
            found.append(word[n])
        inner = zip(places, places[1:], ports, ports[1:], strict=False)
        segments += [_Segment(word[a + 1 : b], p[1], q[0]) for a, b, p, q in inner]
        head, tail = word[: places[0]], word[places[-1] + 1 :]
        if is_cycle:
            segments.append(_Segment(tail + head, ports[-1][1], ports[0][0]))
        else:
            segments.append(_Segment(head, "start", ports[0][0]))
            segments.append(_Segment(tail, ports[-1][1], "end"))
    return segments, (found[0], found[1])


def _sizes(f: Factor) -> dict[str, Any]:
    rows, columns = (f.columns, f.rows) if f.transposed else (f.rows, f.columns)
    return {"row": rows, "column": columns}


def _join(
    segments: list[_Segment], joints: Mapping[str, Form | None], sizes: Mapping[str, Any]
) -> tuple[tuple[Any, ...] | None, list[tuple[tuple[Any, ...], Any]]]:
    """Walk the segments through the joints: the open word, if any, and loops with their size."""
    remaining = list(segments)

    def leave(port: Any) -> tuple[list[Any], Any]:
        """From a port over its joint into the segment on the other side: (pieces, next port)."""
        n, kind = port
        joint = joints[kind]
        pieces = [] if joint is None else [joint]
        for s in remaining:
            if (1 - n, kind) in (s.left, s.right):
                remaining.remove(s)
                forward = s.left == (1 - n, kind)
                word = s.word if forward else transpose_word(s.word)
                return pieces + ([word] if word else []), s.right if forward else s.left
        return pieces, None

    word: list[Any] | None = None
    start = next((s for s in remaining if s.left == "start"), None)
    if start is not None:
        remaining.remove(start)
        word, port = ([start.word] if start.word else []), start.right
        while port != "end":
            pieces, port = leave(port)
            word += pieces
    loops = []
    while remaining:
        s = remaining.pop(0)
        loop, port = ([s.word] if s.word else []), s.right
        size = sizes[port[1]]
        while port is not None:
            pieces, port = leave(port)
            loop += pieces
        loops.append((tuple(loop), size))
    return None if word is None else tuple(word), loops


def _chain(pieces: tuple[Any, ...]) -> Form:
    """The product of words and forms; at least one of them."""
    forms = [
        piece
        if isinstance(piece, Form)
        else Form.collect((piece[0].rows, piece[-1].columns), [(Monomial((), ONE, (), piece), ONE)])
        for piece in pieces
    ]
    return reduce(mul, forms)
