"""Texts and formulas as LaTeX: letters of mathematics in words, formulas in lines that fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .wrapping import Piece, bracketed, lines_of

__all__ = ["formula", "formula_lines", "letters", "typed", "width_of", "words"]

_LETTERS = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", (
        "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa",
        "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "varphi", "chi",
        "psi", "omega",
    ), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", (
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
    ), strict=True)),
    "−": "-", "×": "times", "·": "cdot", "≤": "leq", "≥": "geq", "≠": "neq", "≻": "succ",
    "⪰": "succeq", "→": "to", "√": "surd", "∫": "int", "∂": "partial", "∞": "infty", "∘": "circ",
    "⟨": "langle", "⟩": "rangle", "⊙": "odot", "∈": "in", "′": "prime", "∝": "propto", "⋅": "cdot",
    "≈": "approx", "±": "pm", "∓": "mp", "½": "tfrac12", "¼": "tfrac14", "∏": "prod", "⊥": "perp",
    "…": "ldots", "⊤": "top", "∑": "sum", "∇": "nabla", "⊗": "otimes", "∼": "sim", "≡": "equiv",
    "|": "|", "<": "<", ">": ">", "⌈": "lceil", "⌉": "rceil",
}  # fmt: skip
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼ", "0123456789+-ij", strict=True))
_MARKS = {"̄": "bar", "̃": "tilde", "̂": "hat"}
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\textdollar{}",
    "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "^": r"\^{}", "~": r"\~{}",
    "–": "--", "—": "---", "`": r"\`{}", '"': r"\textquotedbl{}", "\xa0": "~",
    "‘": "`", "’": "'", "“": "``", "”": "''",
}  # fmt: skip
_PLAIN = {"½": "1/2", "¼": "1/4", "$": r"\$", "\\": r"\backslash ", "&": r"\&", "%": r"\%",
          "#": r"\#", "{": r"\{", "}": r"\}", "~": r"\sim ", '"': "''", " ": r"\ "}  # fmt: skip
"""In a formula, where it is not what it is in words."""

_BASE = r"[A-Za-zΑ-Ωα-ω][̄̃̂]?"
_SCRIPT = (
    r"[_^](?:\{[^{}$\\]*\}|[½¼]|[0-9]{1,2}(?![0-9_])|[a-z]{1,2}(?![a-z0-9_])"
    r"|[A-Z]{1,2}(?![A-Za-z0-9_]))"
)
"""What stands low or high: v_0e is v_0 times e, E_iZ is E_i times Z, and λ_ij has two indices."""
_SCRIPTED = re.compile(rf"({_BASE})?((?:{_SCRIPT})+)|(.)", re.DOTALL)


def words(text: str) -> str:
    r"""A text with letters of mathematics as LaTeX, whatever is in it.

    >>> words("50 % of λ_i, C^½")
    '50 \\% of $\\lambda _{i}$, $C^{1/2}$'
    """
    parts: list[str] = []
    for found in _SCRIPTED.finditer(_SMALL.sub(_written, " ".join(text.split()))):
        base, scripts, mark = found.groups()
        if scripts:
            parts.append(f"${_in_formula(base or '{}')}{_scripts(scripts)}$")
        elif mark in _MARKS and parts and re.fullmatch(r"[A-Za-z]|\$\\\w+\$", parts[-1]):
            parts[-1] = rf"$\{_MARKS[mark]}{{{parts[-1].strip('$')}}}$"
        else:
            parts.append(_letter(mark))
    # Formulas side by side are one formula.
    return re.sub(r"(?<!\\)\$\$", " ", "".join(parts))


_SMALL = re.compile(rf"(?<=[{''.join(_MARKS)}A-Za-zΑ-Ωα-ω])[{''.join(_SUBSCRIPTS)}]+")


def _written(found: re.Match[str]) -> str:
    """Small low letters behind a letter in braces, as β_{2}."""
    return f"_{{{''.join(map(_SUBSCRIPTS.__getitem__, found[0]))}}}"


def formula(text: str) -> str:
    r"""A formula in plain letters as LaTeX, without the dollars; a mark ' is a transpose.

    >>> formula("u_i'R")
    'u_{i}^{\\top}R'
    >>> formula("E_iZ")
    'E_{i}Z'
    """
    parts: list[str] = []
    for found in _SCRIPTED.finditer(text):
        base, scripts, mark = found.groups()
        if scripts:
            parts.append(f"{_in_formula(base or '{}')}{_scripts(scripts)}")
        elif mark in _MARKS and parts:
            parts[-1] = rf"\{_MARKS[mark]}{{{parts[-1].strip()}}}"
        else:
            parts.append(r"^{\top}" if mark == "'" else _in_formula(mark))
    return "".join(parts)


def typed(text: str) -> str:
    """A text as LaTeX letter by letter, such as the source of a function."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    if letter in "|<>":
        return f"${letter}$"
    if letter in _LETTERS:
        name = _LETTERS[letter]
        return rf"$\{name}$" if name.isalnum() else f"${name}$"
    if letter in _SUPERSCRIPTS:
        return f"${{}}^{{{_SUPERSCRIPTS[letter]}}}$"
    if letter in _SUBSCRIPTS:
        return f"${{}}_{{{_SUBSCRIPTS[letter]}}}$"
    return _SPECIAL.get(letter) or _known(letter)


def _known(letter: str) -> str:
    """A letter that every TeX has; of another its number."""
    if " " <= letter <= "~" or (letter.isalpha() and "À" <= letter <= "ž" and letter not in "ĸŉſ"):
        return letter
    if unicodedata.category(letter)[0] in "CM":
        return ""
    return rf"\texttt{{U+{ord(letter):04X}}}"


def _scripts(text: str) -> str:
    found = re.findall(r"([_^])(?:\{([^{}]*)\}|([A-Za-z]{1,2}|[0-9]{1,2}|.))", text)
    merged: dict[str, str] = {}
    for mark, braced, bare in found:
        inner = "".join(_in_formula(letter) for letter in braced or bare)
        merged[mark] = merged.get(mark, "") + inner
    return "".join(f"{mark}{{{inner}}}" for mark, inner in merged.items())


def _in_formula(text: str) -> str:
    """A letter, perhaps with a mark, in mathematics mode."""
    if text == "{}":
        return text
    if len(text) == 2:
        return rf"\{_MARKS[text[1]]}{{{_in_formula(text[0]).strip()}}}"
    if text in _PLAIN:
        return _PLAIN[text]
    if text in _LETTERS:
        name = _LETTERS[text]
        return rf"\{name} " if name.isalnum() else name
    if text in _SUPERSCRIPTS:
        return f"{{}}^{{{_SUPERSCRIPTS[text]}}}"
    if text in _SUBSCRIPTS:
        return f"{{}}_{{{_SUBSCRIPTS[text]}}}"
    return text if text.isascii() else rf"\text{{{_letter(text)}}}"


def letters(name: str) -> str | None:
    r"""The name of a letter in a formula; None for one that is spelt in plain letters, as alpha_1.

    >>> letters("θ_0"), letters("a{b}")
    ('\\theta _{0}', 'a\\{b\\}')
    """
    if re.fullmatch(r"[A-Za-z0-9_]+", name):
        return None
    head, *below = name.split("_", 1)
    shown = "".join(map(_in_formula, head))
    return shown + "".join(f"_{{{''.join(map(_in_formula, x))}}}" for x in below)


# Formulas in lines.

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|[^\\\s]", re.DOTALL)
_RELATIONS = {"=", "<", ">", r"\geq", r"\leq", r"\approx", r"\neq"}
_SIGNS = {"+", "-"} | _RELATIONS
_NAMES = {r"\log": 14.0, r"\det": 15.0, r"\exp": 18.0, r"\sum": 15.0, r"\prod": 14.0}
_SPACES = {r"\,": 1.7, r"\;": 2.8, r"\ ": 3.3, r"\quad": 10.0}
_ARGUMENTS = {r"\frac": 2, r"\tfrac": 2, r"\sqrt": 1, r"\operatorname": 1, r"\mathrm": 1,
              r"\text": 1, r"\texttt": 1, r"\tilde": 1, r"\bar": 1, r"\hat": 1}  # fmt: skip


@dataclass
class _Atom:
    """A part of a formula: its text, its width in points, what it is."""

    text: str
    width: float
    kind: str = "ordinary"


def width_of(formula: str) -> float:
    """About how wide a formula is in points, set in ten points."""
    return sum(atom.width for atom in _atoms(formula))


def formula_lines(formula: str, first: float, rest: float) -> list[str]:
    r"""A formula in lines of some widths in points; brackets are closed and opened again.

    >>> formula_lines(r"\left(a + b\right)", 30, 30)
    ['\\left(a\\right.', '\\left.+ b\\right)']
    """
    lines = []
    for line in lines_of(list(_pieces(_unfolded(formula, rest))), first, rest):
        text = "".join(piece.text for piece in line).strip()
        opened = line[0].depth
        left = opened + len(re.findall(r"\\left(?![a-z])", text))
        closed = len(re.findall(r"\\right(?![a-z])", text))
        lines.append(r"\left." * opened + text + r"\right." * (left - closed))
    return lines


def _unfolded(formula: str, limit: float) -> str:
    """With factors in the place of fractions that fit on no line."""
    parts = []
    for atom in _atoms(formula):
        if atom.width <= 0.8 * limit or not atom.text.startswith(r"\frac"):
            parts.append(atom.text)
            continue
        tokens = _TOKEN.findall(atom.text)
        middle = _argument(tokens, 1)
        over = "".join(tokens[1:middle]).strip()[1:-1]
        under = "".join(tokens[middle : _argument(tokens, middle)]).strip()
        factor = bracketed(_unfolded(over, limit), latex=True)
        if width_of(under) > 0.6 * limit:
            parts.append(rf"{factor} \left({_unfolded(under[1:-1], limit)}\right)^{{-1}}")
        else:
            parts.append(rf"\frac{{1}}{under} {factor}")
    return "".join(parts)


def _pieces(formula: str) -> Iterator[Piece]:
    sums = r"\sum" in formula
    depth, before, text, width = 0, None, "", 0.0
    start: tuple[int, int | None] = (0, None)
    for atom in _atoms(formula):
        cost = _cost(before, atom)
        if cost is not None and text:
            yield Piece(text=text, width=width, depth=start[0], cost=start[1])
            text, width, start = "", 0.0, (depth, cost)
        # Brackets about a sum sign are tall, and tall ones are wide.
        tall = 3.0 if sums and atom.kind in ("open", "close") else 0.0
        text, width = text + atom.text, width + atom.width + tall
        depth += (atom.kind == "open") - (atom.kind == "close")
        before = before if atom.kind == "space" else atom
    if text:
        yield Piece(text=text, width=width, depth=start[0], cost=start[1])


def _cost(before: _Atom | None, atom: _Atom) -> int | None:
    """What a break in front of an atom costs; None where there is to be none."""
    if before is None or before.kind in ("open", "sign", "name") or atom.kind in ("close", "space"):
        return None
    if atom.kind == "sign":
        return 0
    if before.text.rstrip().endswith((",", ";")):
        return 1
    return None if atom.text.lstrip().startswith(r"\left") and before.kind == "applied" else 3


def _atoms(formula: str) -> list[_Atom]:
    """The parts of a formula, each with its scripts."""
    tokens = _TOKEN.findall(formula)
    found: list[_Atom] = []
    place = 0
    while place < len(tokens):
        atom, place = _atom(tokens, place)
        if atom.text[:1] in "^_" and found:
            last = next((x for x in reversed(found) if x.kind != "space"), found[-1])
            last.text, last.width = last.text + atom.text, last.width + atom.width
        else:
            found.append(atom)
    return found


def _atom(tokens: Sequence[str], place: int) -> tuple[_Atom, int]:
    token = tokens[place]
    if token in ("^", "_"):
        stop = _argument(tokens, place + 1)
        inner = "".join(tokens[place + 1 : stop])
        return _Atom(
            token + inner, 0.5 + 0.7 * width_of(inner.removeprefix("{").removesuffix("}"))
        ), stop
    if token == "{":
        stop = _argument(tokens, place)
        inner = "".join(tokens[place + 1 : stop - 1])
        return _Atom("".join(tokens[place:stop]), width_of(inner)), stop
    if token == r"\begin":
        return _environment(tokens, place)
    if token in (r"\left", r"\right"):
        stop = place + 2
        kind = "open" if token == r"\left" else "close"
        return _Atom(
            "".join(tokens[place:stop]) + " " * tokens[place + 1].startswith("\\"), 5.0, kind
        ), stop
    if token in _ARGUMENTS:
        return _applied(tokens, place)
    if token.isspace():
        return _Atom(" ", 0.0, "space"), place + 1
    if token in _SPACES:
        return _Atom(token, _SPACES[token], "space"), place + 1
    if token in _SIGNS:
        return _Atom(token, 13.0, "sign"), place + 1
    if token in _NAMES:
        return _Atom(token, _NAMES[token], "name"), place + 1
    return _Atom(token, _letter_width(token)), place + 1


def _letter_width(token: str) -> float:
    if token in ("W", "M", r"\top"):
        return 9.5
    if token.startswith("\\"):
        return 7.0 if token[1:2].isupper() else 6.0
    if token.isupper():
        return 8.0
    return 3.0 if token in "[]().,;:|!" else 5.5


def _argument(tokens: Sequence[str], place: int) -> int:
    """Where the argument that begins here ends."""
    while place < len(tokens) and tokens[place].isspace():
        place += 1
    if place >= len(tokens):
        return place
    if tokens[place] in _ARGUMENTS:
        return _applied(tokens, place)[1]
    depth = 0
    while place < len(tokens):
        depth += (tokens[place] == "{") - (tokens[place] == "}")
        place += 1
        if depth == 0:
            break
    return place


def _applied(tokens: Sequence[str], place: int) -> tuple[_Atom, int]:
    """A command with its arguments."""
    name, start, inner = tokens[place], place, []
    place += 1
    if place < len(tokens) and tokens[place] == "[":
        place = tokens.index("]", place) + 1
    for _ in range(_ARGUMENTS[name]):
        stop = _argument(tokens, place)
        inner.append("".join(tokens[place:stop]).strip().removeprefix("{").removesuffix("}"))
        place = stop
    text = "".join(tokens[start:place])
    if name in (r"\text", r"\texttt"):
        return _Atom(text, 5.3 * len(inner[0])), place
    width = max(map(width_of, inner)) + {r"\frac": 3.0, r"\sqrt": 9.0}.get(name, 0.0)
    kind = {r"\operatorname": "name", r"\mathrm": "name"}.get(name, "ordinary")
    return _Atom(text, width, kind), place


def _environment(tokens: Sequence[str], place: int) -> tuple[_Atom, int]:
    """A matrix: its widest row, and what stands around it."""
    depth, stop = 0, place
    while stop < len(tokens):
        depth += (tokens[stop] == r"\begin") - (tokens[stop] == r"\end")
        stop += 1
        if depth == 0:
            break
    stop = _argument(tokens, stop)
    text = "".join(tokens[place:stop])
    body = re.sub(r"\\(?:begin|end)\{\w+\}", "", text)
    rows = [row.split("&") for row in body.split(r"\\")]
    columns = max(map(len, rows))
    widest = [
        max(width_of(row[n]) if n < len(row) else 0.0 for row in rows) for n in range(columns)
    ]
    return _Atom(text, sum(widest) + 10.0 * columns + 5.0), stop
