"""Words with mathematics in them, parted: what is a formula, and what is said about it.

The words are Unicode, as a person types them: tr(M⁻¹ dM), E_i E_j = 0 for i ≠ j.  A piece between
two spaces is mathematics if it cannot be a word; letters and signs follow what stands beside them.
What is in doubt stays words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .typesetting import formula

__all__ = ["Phrase", "phrases"]

_OPERATORS = ("tr", "det", "log", "exp", "min", "max", "sin", "cos")
_SIGNS = (*"=≠≤≥<>+−×∈→≈≻⪰≡·∘-", "<=", ">=")
_GREEK = "Α-Ωα-ω"
_SCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼ"
_PIECE = re.compile(rf"[A-Za-z{_GREEK}0-9{_SCRIPTS}̄̃̂½¼√Σ∂∫∞∇⟨⟩|()\[\]{{}}'′_^=≠≤≥+\-−×·∘/∈,;.…*]+")
"""What a piece of a formula is made of."""

_SURE = re.compile(
    rf"[{_GREEK}{_SCRIPTS}½¼√Σ∂∫∇∞⟨⟩′=≠≤≥+−×/^_]"
    r"|[A-Za-z0-9)\]]'(?![a-z]{2})|\b(?:tr|det|log|exp|[A-Zfgp])[(\[]"
)
"""What no word has."""

_DIFFERENTIAL = re.compile(rf"d(?:[A-Z{_GREEK}][̄̃̂0-9]?|[txnmfgpvw])'?")
_LETTER = re.compile(r"[0-9]*[A-Za-z]'*|[A-Za-z][0-9]|[A-Z]\*[a-z]|\(bb'\)_ij")
_ARTICLES = ("a", "A", "I")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_INDEX = re.compile(r"(?<=[^\W\d_]|[∂)\]])_(?:\{[^{}]*\}|[^\W_]{1,2}(?![^\W_]|_))")
_ENDS = ".,;:!?"


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A part of a text: as it stands there, and in LaTeX if it is mathematics."""

    text: str
    latex: str = ""


def phrases(text: str) -> tuple[Phrase, ...]:
    r"""The parts of a text, in turn; together they are the text, with single spaces.

    >>> [part.latex or part.text for part in phrases("S E_i = 0, and a_file")]
    ['S\\,E_{i} = 0', ', and a_file']
    """
    found: list[Phrase] = []
    for run, is_mathematics in _runs(text.split()):
        for part in _trimmed(run) if is_mathematics else [Phrase(text=run)]:
            if found and not (part.latex or found[-1].latex):
                part = Phrase(text=found.pop().text + part.text)
            if part.text:
                found.append(part)
    return tuple(found)


def _runs(pieces: list[str]) -> Iterator[tuple[str, bool]]:
    """Pieces side by side that are of one kind, with the spaces between them."""
    kinds = _settled(pieces)
    start = 0
    while start < len(pieces):
        stop = start + 1
        while (
            stop < len(pieces)
            and kinds[stop] == kinds[start]
            and not (kinds[start] and _ends(" ".join(pieces[start:stop])))
        ):
            stop += 1
        last = "" if stop == len(pieces) else " "
        run = " ".join(pieces[start:stop])
        if kinds[start]:
            yield run, True
            yield last, False
        else:
            yield run + last, False
        start = stop


def _ends(run: str) -> bool:
    """Whether a formula ends with a mark of the sentence, outside of all brackets."""
    return run[-1] in _ENDS and _depth(run) <= 0


def _depth(run: str) -> int:
    return sum(run.count(mark) for mark in "([{⟨") - sum(run.count(mark) for mark in ")]}⟩")


def _settled(pieces: list[str]) -> list[bool]:
    """Which pieces are mathematics: the sure ones first, then those beside them."""
    bodies = [_body(piece) for piece in pieces]
    starts = [n == 0 or pieces[n - 1][-1] in ".:!?" for n in range(len(pieces))]
    kinds = [
        "sure" if body in _ARTICLES and not _may_be_word(piece, start) else _kind(body)
        for body, piece, start in zip(bodies, pieces, starts, strict=True)
    ]
    found = [kind == "sure" for kind in kinds]

    def is_one(place: int) -> bool:
        return 0 <= place < len(found) and found[place]

    def joined(place: int) -> bool:
        """Whether nothing ends between a piece and the one after it."""
        return 0 <= place < len(pieces) and pieces[place][-1] not in _ENDS

    for _ in range(2):
        for n in reversed(range(len(pieces))):
            if kinds[n] == "operator" and joined(n):
                found[n] = is_one(n + 1) or (n + 1 < len(kinds) and kinds[n + 1] == "operator")
        for n, kind in enumerate(kinds):
            before = joined(n - 1) and is_one(n - 1)
            after = joined(n) and is_one(n + 1)
            sign_before = n > 0 and kinds[n - 1] == "sign" and is_one(n - 1)
            sign_after = n + 1 < len(kinds) and kinds[n + 1] == "sign" and joined(n)
            if kind == "article":
                capital = bodies[n] != "a"
                found[n] = (
                    sign_before or (sign_after and n + 2 < len(pieces)) or (capital and before)
                )
            elif kind == "number":
                found[n] = sign_before or (sign_after and after)
            elif kind == "sign":
                following = n + 1 < len(kinds) and kinds[n + 1] not in ("word", "sign")
                found[n] = before and following and joined(n)
    return found


def _may_be_word(piece: str, start: bool) -> bool:
    """Whether a, A or I may be a word: a alone, the others where a sentence starts."""
    piece = piece.lstrip("(")
    return piece == "a" or (piece in _ARTICLES and start)


def _body(piece: str) -> str:
    """A piece without marks of the sentence and brackets that belong to it."""
    return piece.rstrip(_ENDS).strip("()[]")


def _kind(body: str) -> str:
    if body in _SIGNS:
        return "sign"
    if body in _ARTICLES:
        return "article"
    if body in _OPERATORS:
        return "operator"
    if _NUMBER.fullmatch(body):
        return "number"
    if _LETTER.fullmatch(body) or _DIFFERENTIAL.fullmatch(body):
        return "sure"
    return "sure" if _is_formula(body) else "word"


def _is_formula(body: str) -> bool:
    if not _PIECE.fullmatch(body) or "_" in _INDEX.sub("", body) or body.endswith("'s"):
        return False
    spelt = re.sub(rf"\b({'|'.join(_OPERATORS)})\b", "", _INDEX.sub("", body))
    return bool(_SURE.search(body)) and not re.search(
        r"[A-Za-z]{3}|[a-z]{2}(?![a-z])", _bare(spelt)
    )


def _bare(spelt: str) -> str:
    """Without the differentials, which are two letters and no word."""
    return _DIFFERENTIAL.sub("", spelt)


def _trimmed(run: str) -> Iterator[Phrase]:
    """A formula between what belongs to the sentence: marks, brackets that it does not close."""
    body = run.rstrip(_ENDS)
    end = run[len(body) :]
    start = ""
    while body and _depth(body) > 0 and body[0] in "([":
        start, body = start + body[0], body[1:]
    while body and _depth(body) < 0 and body[-1] in ")]":
        body, end = body[:-1], body[-1] + end
    if not body or _depth(body):
        yield Phrase(text=run)
        return
    yield Phrase(text=start)
    yield Phrase(text=body, latex=_latex(body))
    yield Phrase(text=end)


_RAISED = {"⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7",
           "⁸": "8", "⁹": "9", "⁺": "+", "⁻": "-", "ⁿ": "n"}  # fmt: skip
_LOWERED = {"₀": "0", "₁": "1", "₂": "2", "₃": "3", "₄": "4", "₅": "5", "₆": "6", "₇": "7",
            "₈": "8", "₉": "9", "₊": "+", "₋": "-", "ᵢ": "i", "ⱼ": "j"}  # fmt: skip


def _latex(body: str) -> str:
    """A formula as it is typed in words, in LaTeX."""
    body = "".join(
        part if part.startswith("{") else _spelt(part) for part in re.split(r"(\{[^{}]*\})", body)
    )
    body = re.sub(r"(?<=[\w)\]}])(′+)", r"^{\1}", body)
    # A function is differentiated, a matrix or a vector transposed.
    body = re.sub(r"(?<![A-Za-z])([fgp])('+)", lambda n: f"{n[1]}^{{{'′' * len(n[2])}}}", body)
    body = re.sub(r"([a-zα-ω])'(?=\()", r"\1^{′}", body)
    body = re.sub(r"(\((?:log [a-z]|[a-z]\^\{2\})\))'", r"\1^{′}", body)
    body = re.sub(r"\^(?:\(([^()]*)\)|(-?[0-9]+))", lambda n: f"^{{{n[1] or n[2]}}}", body)
    found = ""
    for before, piece in pairwise(("", *body.split())):
        apart = before in _SIGNS or piece in _SIGNS
        found += (" " if apart else r"\,") * bool(before) + _piece(piece)
    found = re.sub(r"(\^\{[^{}]*)\}\^\{", r"\1 ", found)
    found = re.sub(r"(?:\{\})?\^\{((?:\\prime )+)\}", lambda n: "'" * n[1].count("p"), found)
    found = _ROOT.sub(lambda n: rf"\sqrt{{{n[1] or n[2]}}}", found)
    found = re.sub(r"(?<![A-Za-z\\])d(?=[A-Z\\(]|[a-z](?![a-z]))", r"\\mathrm{d}", found)
    found = re.sub(rf"(?<![A-Za-z\\])({'|'.join(_OPERATORS)})(?![A-Za-z])", _operator, found)
    found = found.replace("*", r"\ast ")  # which Markdown would take for its own
    # These have room about them.
    return re.sub(r"(?<=\})\\,(?=\\[a-z]+ )(?=\\log|\\det)|(?<=log |det )\\,", "", found)


_ROOT = re.compile(r"\\surd (?:\(([^()]*)\)|(d?(?:\\[a-z]+ ?|[A-Za-z])(?:_\{[^{}]*\})?))")


def _spelt(part: str) -> str:
    """Small letters, high and low, as scripts."""
    for mark, table in (("^", _RAISED), ("_", _LOWERED)):
        for several in re.findall(f"[{''.join(table)}]+", part):
            part = part.replace(several, f"{mark}{{{''.join(map(table.__getitem__, several))}}}", 1)
    return part


def _piece(piece: str) -> str:
    """What stands between two spaces; a half is no quotient that goes on."""
    halves = re.split(r"(?<![\^_])½", {"<=": "≤", ">=": "≥"}.get(piece, piece))
    return r"\tfrac12 ".join(map(formula, halves)).strip()


def _operator(found: re.Match[str]) -> str:
    return r"\operatorname{tr}" if found[1] == "tr" else rf"\{found[1]} "
