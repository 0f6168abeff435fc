"""What the letters of a claim are, in one sentence: states, processes, noises, constants, sizes.

Everything is read off the declarations: shapes, signs, covariances, correlations, ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sympy import Basic, MatrixBase

from .claim import INITIAL, Assumption, Claim, Exponents
from .expressions import free_indices
from .fokker_planck import FokkerPlanckClaim
from .path_claims import LEVEL
from .phrases import Phrase
from .printing import latex, letter, unicode
from .sde import MatrixSDE
from .symbols import (
    Dimension,
    FamilyMember,
    Index,
    Letter,
    MatrixIncrement,
    MatrixParameter,
    MatrixProcess,
    MatrixState,
    ScalarMember,
    ScalarParameter,
    ScalarProcess,
    ScalarState,
    is_increment,
    t,
)
from .update import MatrixDraw, Update, WeightDraw
from .wrapping import bracketed

__all__ = ["letters_of"]

_LEFT_OUT = ("path", "algorithm", "mutants", "inapplicable", "sizes", "values", "vary", "horizon")
"""Fields of claims that state nothing."""

Said = tuple[Phrase, ...]


@dataclass
class _Found:
    """Letters in the order in which they come, one of each name and class; sizes; ranges."""

    letters: dict[tuple[type, str], Any] = field(default_factory=dict)
    sizes: dict[Any, None] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        """Every letter of a value: an expression, a system, or values in containers."""
        match value:
            case MatrixSDE():
                for parts in (
                    value.equations,
                    value.equations.values(),
                    value.correlation.values(),
                ):
                    self.add(tuple(parts))
            case Update():
                self.add((tuple(value.moves), tuple(value.moves.values())))
            case Assumption():
                self.add(value.condition)
            case Exponents():
                self.add((value.first, value.last, value.value))
            case Mapping():
                self.add(tuple(value.values()))
            case tuple() | list():
                for part in value:
                    self.add(part)
            case MatrixBase():
                self.add(tuple(value))
            case Dimension():
                self.sizes.setdefault(value)
            case Basic():
                self._add_expression(value)

    def _add_expression(self, value: Basic) -> None:
        if isinstance(value, Letter) and value not in (LEVEL, INITIAL):
            self.letters.setdefault((type(value), str(getattr(value, "name", value))), value)
        if isinstance(value, FamilyMember | ScalarMember):
            self.add(value.index.range)
        if isinstance(value, Index):
            self.add(value.range)
        self.add(value.args)

    def of(self, *kinds: type) -> list[Any]:
        """The letters of these classes alone, and of none below them."""
        return [x for (kind, _), x in self.letters.items() if kind in kinds]


def letters_of(claim: Claim) -> Said:
    """The sentence that says what each letter of a claim is; empty where no letter is declared.

    Python functions in the place of expressions have letters of their own, which nothing declares.
    """
    found = _Found()
    first = [getattr(claim, name, None) for name in ("sde", "update")]
    stated = {name: value for name, value in vars(claim).items() if name not in _LEFT_OUT}
    found.add((*first, stated))
    systems = [x for x in vars(claim).values() if isinstance(x, MatrixSDE)]
    parts = [
        *_states(found),
        *_processes(found),
        *_noises(systems),
        *_drawn(found),
        *_constants(found),
        *_density(claim),
        *_sizes(found),
        *_every(claim),
    ]
    if not parts:
        return ()
    said = [_words("with "), *parts[0]]
    for part in parts[1:]:
        said += [_words("; "), *part]
    return _together((*said, _words(".")))


# The kinds of letters.


def _states(found: _Found) -> Iterator[Said]:
    states = found.of(MatrixState, ScalarState)
    if states:
        yield *_listed(states), _words(" the state" if len(states) == 1 else " the states")


def _processes(found: _Found) -> Iterator[Said]:
    members = [x for x in found.of(FamilyMember, ScalarMember) if x.role == "process"]
    several = [*found.of(MatrixProcess, ScalarProcess), *members]
    if several:
        one = len(several) == 1 and not members
        yield *_listed(several), _words(f" any adapted process{'' if one else 'es'}")


def _noises(systems: list[MatrixSDE]) -> Iterator[Said]:
    known: set[Any] = set()
    for number, system in enumerate(systems):
        new = [d for d in _apart(system.noises) if d not in known]
        known.update(new)
        yield from _of_one_system(new, system.correlation, " in the new time" * (number > 0))


def _apart(noises: Iterable[Any]) -> list[Any]:
    """One member of each family."""
    return list({str(d.name): d for d in noises}.values())


def _of_one_system(noises: list[Any], correlation: Mapping[Any, Any], when: str) -> Iterator[Said]:
    groups: dict[Said, list[Any]] = {}
    for d in noises:
        groups.setdefault(_covariance(d), []).append(d)
    for said, several in groups.items():
        one = len(several) == 1 and not isinstance(several[0], ScalarMember)
        free = not one and not correlation
        kind = f"{'independent ' * free}{'standard ' * (not said)}Brownian motion"
        kind = f" a {kind}" if one else f" {kind}s"
        yield *_listed(several), _words(kind + when), *said
    pairs = list(combinations(noises, 2))
    for pair, rho in correlation.items():
        yield _correlated(sorted(pair, key=str), rho)
    if len(correlation) < len(pairs) and (correlation or len(groups) > 1):
        otherwise = " otherwise" if correlation else ""
        yield (_words(f"all Brownian motions independent{otherwise}"),)


def _covariance(d: Any) -> Said:
    """What is said of the covariances of a noise; nothing of the identity."""
    if not isinstance(d, MatrixIncrement) or all(C.is_Identity for C in d.facts):
        return ()
    rows, columns = d.facts
    if columns.is_Identity:
        return _words(", each column of "), _formula(d), _words(" of covariance "), _rated(rows)
    if rows.is_Identity:
        return _words(", each row of "), _formula(d), _words(" of covariance "), _rated(columns)
    name, C, D = _formula(d), _entried(rows), _entried(columns)
    mean = Phrase(
        text=f"E[{name.text}_ia {name.text}_jb] = {C.text}_ij {D.text}_ab dt",
        latex=rf"\operatorname{{E}}\left[({name.latex})_{{ia}} ({name.latex})_{{jb}}\right] = "
        rf"{C.latex}_{{ij}} {D.latex}_{{ab}} \, \mathrm{{d}}t",
    )
    return _words(", "), mean


def _entried(matrix: Any) -> Phrase:
    """A matrix as it stands in front of the indices of an entry."""
    shown = _formula(matrix)
    if isinstance(matrix, MatrixParameter) and "_" not in shown.latex:
        return shown
    return Phrase(text=f"({shown.text})", latex=rf"\left({shown.latex}\right)")


def _rated(covariance: Any) -> Phrase:
    text, shown = unicode(covariance), latex(covariance)
    return Phrase(
        text=f"{bracketed(text)} dt", latex=rf"{bracketed(shown, latex=True)} \, \mathrm{{d}}t"
    )


def _correlated(pair: list[Any], rho: Any) -> Said:
    entries = [_entry(d) for d in pair]
    value = _rated(rho)
    product = Phrase(
        text=f"{entries[0].text} {entries[1].text} = {value.text}",
        latex=rf"{entries[0].latex} \, {entries[1].latex} = {value.latex}",
    )
    return (product,)


def _entry(d: Any) -> Phrase:
    shown = _formula(d)
    if isinstance(d, MatrixIncrement):
        return Phrase(text=f"({shown.text})_ia", latex=rf"({shown.latex})_{{ia}}")
    return shown


def _drawn(found: _Found) -> Iterator[Said]:
    laws = {"two-point": "independent signs ±1", "gaussian": "independent standard normals"}
    for d in found.of(MatrixDraw):
        name = _named(d) if tuple(d.shape) != (1, 1) else (_formula(d),)
        yield *name, _words(f" of {laws[d.law]}, drawn anew in every step")
    for w in found.of(WeightDraw):
        samples = "sample" if w.batch == 1 else "samples"
        how = f" {samples} drawn {'with' if w.replacement else 'without'} replacement"
        yield *_named(w), _words(" the weights of a minibatch of "), _formula(w.batch), _words(how)


def _constants(found: _Found) -> Iterator[Said]:
    members = [x for x in found.of(FamilyMember, ScalarMember) if x.role == "parameter"]
    matrices = [*found.of(MatrixParameter), *(x for x in members if isinstance(x, FamilyMember))]
    for structure in ("general", "symmetric", "positive_definite"):
        several = [x for x in matrices if getattr(x, "structure", "general") == structure]
        if several:
            kind = structure.replace("general", "constant").replace("_", " ")
            yield *_listed(several), _words(f" {kind}")
    scalars = found.of(ScalarParameter)
    above = [_formula(x) for x in scalars if x.is_positive]
    if above:
        yield (_joined(above, " > 0"),)
    rest = [*(x for x in scalars if not x.is_positive)]
    rest += [x for x in members if isinstance(x, ScalarMember)]
    if rest:
        one = len(rest) == 1 and isinstance(rest[0], ScalarParameter)
        yield *_listed(rest), _words(" a real number" if one else " real numbers")


def _density(claim: Claim) -> Iterator[Said]:
    if isinstance(claim, FokkerPlanckClaim):
        p = _formula(letter(str(claim.density.func)))
        states = _enumerated([(_formula(x),) for x in claim.sde.states])
        yield p, _words(" the density of "), *states, _words(" at time "), _formula(t)


def _sizes(found: _Found) -> Iterator[Said]:
    if found.sizes:
        one = len(found.sizes) == 1
        said = _joined([_formula(n) for n in found.sizes], "")
        yield said, _words(" a positive integer" if one else " positive integers")


def _every(claim: Claim) -> Iterator[Said]:
    """For which indices something is stated: those that no sum binds."""
    if getattr(claim, "number", None) is not None:
        return
    observed = [getattr(claim, name, None) for name in ("observable", "first", "second", "left")]
    free = sorted({i for x in observed if isinstance(x, Basic) for i in free_indices(x)}, key=str)
    if not free:
        return
    yield (
        _words("stated for every " if len(free) == 1 else "stated for all "),
        *_enumerated([_ranged(same) for same in _by_range(free)]),
    )


def _by_range(free: Iterable[Index]) -> list[list[Index]]:
    groups: dict[Any, list[Index]] = {}
    for i in free:
        groups.setdefault(i.range, []).append(i)
    return list(groups.values())


def _ranged(several: list[Index]) -> Said:
    """i ≠ j from 1 to n."""
    shown = Phrase(
        text=" ≠ ".join(map(unicode, several)), latex=r" \neq ".join(map(latex, several))
    )
    return shown, _words(" from 1 to "), _formula(several[0].range)


# Names with their shapes.


def _listed(several: Iterable[Any]) -> Said:
    """W₁ (p × l) and W₂ (l × k)."""
    return _enumerated([_named(x) for x in several])


def _enumerated(items: list[Said]) -> Said:
    said: list[Phrase] = []
    for number, item in enumerate(items):
        if number:
            said.append(_words(" and " if number == len(items) - 1 else ", "))
        said += item
    return tuple(said)


def _named(x: Any) -> Said:
    name = _motion(x) if is_increment(x) else _formula(x)
    said = [name]
    if isinstance(x, ScalarState | ScalarProcess) and x.is_positive:
        said = [Phrase(text=f"{name.text} > 0", latex=f"{name.latex} > 0")]
    about: list[Phrase] = []
    if getattr(x, "is_Matrix", False):
        rows, columns = x.shape
        about.append(
            Phrase(
                text=f"{bracketed(unicode(rows))} × {bracketed(unicode(columns))}",
                latex=rf"{bracketed(latex(rows), latex=True)} \times "
                rf"{bracketed(latex(columns), latex=True)}",
            )
        )
    if isinstance(x, FamilyMember | ScalarMember):
        i, last = x.index, x.index.range
        about += [_words(", ")] * bool(about)
        about.append(
            Phrase(
                text=f"{unicode(i)} = 1, …, {unicode(last)}",
                latex=rf"{latex(i)} = 1, \ldots, {latex(last)}",
            )
        )
    if about:
        said += [_words(" ("), *about, _words(")")]
    return tuple(said)


def _motion(d: Any) -> Phrase:
    """The Brownian motion B of an increment dB."""
    name = str(d.name).removeprefix("d")
    if isinstance(d, ScalarMember):
        return _formula(ScalarMember(name, d.index, "process"))
    return _formula(letter(name))


def _joined(several: list[Phrase], end: str) -> Phrase:
    return Phrase(
        text=", ".join(x.text for x in several) + end,
        latex=", ".join(x.latex for x in several) + end,
    )


def _formula(x: Any) -> Phrase:
    return Phrase(text=unicode(x), latex=latex(x))


def _words(text: str) -> Phrase:
    return Phrase(text=text)


def _together(said: Iterable[Phrase]) -> Said:
    """Words side by side as one part."""
    found: list[Phrase] = []
    for part in said:
        if found and not (part.latex or found[-1].latex):
            part = Phrase(text=found.pop().text + part.text)
        found.append(part)
    return tuple(found)
