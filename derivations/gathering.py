"""Sums over eigenvalues gathered for display: one Σ for all terms with one function of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

from sympy import Add, Dummy, Integer, Mul, Pow, cancel, factor, gcd, together

from .forms import Form
from .spectrum import Eigenvalue
from .symbols import Index
from .terms import Monomial
from .words import Word

__all__ = ["SpectralSum", "gathered", "named_indices"]

NAMES = ("j", "m", "r", "s", "i", "u", "v", "w")


@dataclass(frozen=True, kw_only=True)
class SpectralSum:
    """coefficient · Σ_index function · Σ_members number · cycles, the excluded indices left out."""

    coefficient: Any
    index: Index
    excluded: tuple[Index, ...]
    function: Any
    members: tuple[tuple[Any, tuple[Word, ...]], ...]


def gathered(value: Form) -> tuple[Form, list[SpectralSum]]:
    """What is no single sum over eigenvalues, and the single sums, those of one function as one."""
    rest: dict[Monomial, Any] = {}
    functions: dict[tuple[Monomial, tuple[Index, ...]], list[Any]] = {}
    for m, c in value.terms.items():
        if len(m.indices) != 1 or not m.indexed.has(Eigenvalue):
            rest[m] = c
            continue
        m = named_indices(m)
        (j,) = m.indices
        excluded = [i for i in m.occurring if i.range == j.range and i != j]
        key = m._replace(indexed=Integer(1)), tuple(sorted(excluded, key=str))
        functions.setdefault(key, []).append(c * m.indexed)
    sums: dict[tuple[Any, ...], list[tuple[Any, tuple[Word, ...]]]] = {}
    for (skeleton, excluded_), parts in functions.items():
        (j,) = skeleton.indices
        c, inside = _separated(Add(*parts), j)
        sums.setdefault((j, excluded_, inside), []).append((c, skeleton.cycles))
    found = [_sum(j, barred, f, members) for (j, barred, f), members in sums.items()]
    return Form(value.shape, rest), found


def named_indices(m: Monomial) -> Monomial:
    """The monomial with its bound indices called j, m, r, ... as people do."""
    taken = {i.name for i in m.occurring - set(m.indices)} | _size_names(m.indices)
    names = iter(name for name in (*NAMES, *(f"j{n}" for n in range(99))) if name not in taken)
    return m.relabel({i: Index(next(names), i.range) for i in m.indices})


def _size_names(indices: Iterable[Index]) -> set[str]:
    return {str(d) for i in indices for d in i.range.free_symbols}


@lru_cache(maxsize=4096)
def _separated(function: Any, j: Index) -> tuple[Any, Any]:
    """(what holds neither j nor an eigenvalue, the rest), in factors; λ_i − λ_j has −λ_j."""
    values = sorted(function.atoms(Eigenvalue), key=lambda v: (v.index == j, str(v)))
    powers = [power for power in function.atoms(Pow) if not power.exp.is_integer]
    rooted = {power.base for power in powers}
    names = {v: Dummy(f"x{n}", **_sign(v in rooted)) for n, v in enumerate(values)}
    back = {letter: value for value, letter in names.items()}
    own = [names[v] for v in values if v.index == j]
    outside, inside = [], []
    for part in Mul.make_args(factor(together(function.xreplace(names)))):
        base, exponent = part.as_base_exp()
        if not part.has(j, *back):
            outside.append(part)
            continue
        flipped = base.is_Add and own and base.coeff(own[0]).is_positive and exponent.is_Integer
        if flipped and any(base.coeff(x).is_negative for x in back):
            outside.append(Integer(-1) ** exponent)
            base = -base
        inside.append(base**exponent)
    return Mul(*outside), Mul(*inside).xreplace(back)


def _sign(positive: bool) -> dict[str, bool]:
    """Eigenvalues have either sign, but for those of which a root is taken."""
    return {"positive": True} if positive else {"real": True}


def _sum(
    j: Index,
    excluded: tuple[Index, ...],
    function: Any,
    members: list[tuple[Any, tuple[Word, ...]]],
) -> SpectralSum:
    common = reduce(gcd, [c for c, _ in members])
    numbers = [cancel(c / common) for c, _ in members]
    if all(x.could_extract_minus_sign() for x in numbers):
        common, numbers = -common, [-x for x in numbers]
    return SpectralSum(
        coefficient=common,
        index=j,
        excluded=excluded,
        function=function,
        members=tuple((x, cycles) for x, (_, cycles) in zip(numbers, members, strict=True)),
    )
