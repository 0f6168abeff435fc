"""Words with mathematics in them, parted: what is a formula, and what is said about it.

The words are Unicode, as a person types them: tr(M⁻¹ dM), E_i E_j = 0 for i ≠ j.  A piece between
two spaces is mathematics if it cannot be a word; letters and signs follow what stands beside them.
What is in doubt stays words, and so does a formula of which a part is in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .typesetting import formula

__all__ = ["Phrase", "phrases"]

_COMMANDS = ("det", "log", "exp", "min", "max", "sin", "cos", "coth", "tanh", "arctan")
_OPERATORS = (*_COMMANDS, "tr", "diag", "Var", "Cov", "cov", "erfc")
_SIGNS = (*"=≠≤≥<>+−×∈→≈≻⪰≡·∘⊙⊗±∓-", "<=", ">=")
_GREEK = "Α-Ωα-ω"
_SCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼ"
_PIECE = re.compile(
    rf"(?:_\{{[^{{}}]*\}}|[A-Za-z{_GREEK}0-9{_SCRIPTS}̄̃̂½¼√Σ∂∫∞∇⟨⟩⌈⌉|()\[\]{{}}'′_^=≠≤≥+\-−×·∘⊙±∓/∈,;.…*])+"
)
"""What a piece of a formula is made of."""

_STRONG = (
    rf"[{_GREEK}{_SCRIPTS}½¼√Σ∂∫∇∞⟨⟩⌈⌉′=≠≤≥+−×^±∓⊙∘|]"
    r"|\)\(|[)\]]d[a-z]\b|^[^{]*\}|(?:Var|Cov|cov|diag)\("
)
"""What no product of letters needs to be taken for one."""

_SURE = re.compile(
    rf"{_STRONG}|[/_]|[A-Za-z0-9)\]]'(?![a-z]{{2}})|^[0-9]+\([A-Za-z]|(?<![A-Za-z_.])[a-z][(\[]"
    rf"|\b(?:{'|'.join(_OPERATORS)}|d?[A-Z]{{1,2}})[(\[]"
)
"""What no word has."""

_PRODUCT = re.compile(
    r"\(?[0-9]*(?:[A-Za-z]{2}|[a-z]?[A-Z]{2}[a-z]?|[A-Z][a-z][A-Z]|[A-Z]{3})'*\)?"
)
_WORDS = frozenset(
    """
    am an as at be by do go he id if in is it me my no nd of oh ok on or rd so st th to up us vs we
    eg ie ms ns An As At Be By Do Go He If In Is It Me My No Of Oh On Or So To Up Us We
    GD SGD SDE ODE PDE CPU GPU GB MB OK ReLU
    """.split()  # noqa: SIM905 - a list of words
)
"""Short words and names, which are no products of letters."""

_DIFFERENTIAL = re.compile(rf"d(?:[A-Z{_GREEK}][̄̃̂0-9]?|[txnmfgpvwszruyqhab])'?")
_LETTER = re.compile(
    r"[0-9]*[A-Za-z]'*|[a-z]\*|[A-Za-z][0-9]|[A-Z]\*[a-z]|[A-Z][0-9][A-Z][0-9]|\(bb'\)_ij"
)
_ARTICLES = ("a", "A", "I")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_FACTOR = re.compile(r"[-−]?[0-9]+")
_HEAD = re.compile(rf"\(*(?:(?:{'|'.join(_OPERATORS)})\(|[Σ√])")
"""A number in front of tr(...), a sum or a root is a factor of it."""

_INDEX = re.compile(
    r"(?<=[^\W\d_]|[∂)\]̄̃̂])_(?:\{[^{}]*\}|(?:min|max)(?![^\W_])|[0-9]{1,2}(?![0-9_])"
    r"|[a-z]{1,2}(?![a-z0-9_])|[A-Z]{1,2}(?![A-Za-z0-9_])|[^\W_]{1,2}(?![^\W_]|_))"
)
_ENDS = ".,;:!?"
_CLOSING = f"{_ENDS})]"


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
    return sum(run.count(mark) for mark in "([{⟨⌈") - sum(run.count(mark) for mark in ")]}⟩⌉")


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

    groups = list(_groups(pieces))
    held = {n for group, formal in groups if formal or _is_all(group, kinds) for n in group[:-1]}

    def joined(place: int) -> bool:
        """Whether nothing ends between a piece and the one after it."""
        return 0 <= place < len(pieces) and (place in held or pieces[place][-1] not in _ENDS)

    def beside(place: int) -> bool:
        """Whether mathematics stands directly before or after a piece."""
        return (joined(place - 1) and is_one(place - 1)) or (joined(place) and is_one(place + 1))

    for _ in range(4):
        for n in reversed(range(len(pieces))):
            if kinds[n] == "operator" and joined(n):
                found[n] = is_one(n + 1) or (n + 1 < len(kinds) and kinds[n + 1] == "operator")
        for n, kind in enumerate(kinds):
            before = joined(n - 1) and is_one(n - 1)
            sign_before = n > 0 and kinds[n - 1] == "sign" and is_one(n - 1)
            sign_after = n + 1 < len(kinds) and kinds[n + 1] == "sign" and joined(n)
            if kind == "article":
                capital = bodies[n] != "a"
                factor = before and joined(n) and n + 1 < len(bodies)
                found[n] = (
                    sign_before
                    or (sign_after and n + 2 < len(pieces))
                    or (capital and before)
                    or (factor and bool(_DIFFERENTIAL.fullmatch(bodies[n + 1])))
                )
            elif kind == "number":
                found[n] = sign_before or (sign_after and joined(n + 1) and is_one(n + 2))
            elif kind == "product":
                number = n + 2 < len(kinds) and kinds[n + 2] == "number"
                found[n] = beside(n) or (sign_after and joined(n + 1) and (number or is_one(n + 2)))
            elif kind == "sign":
                following = n + 1 < len(kinds) and kinds[n + 1] not in ("word", "sign")
                found[n] = before and following and joined(n)
            if _FACTOR.fullmatch(bodies[n]) and joined(n) and is_one(n + 1):
                found[n] = found[n] or bool(_HEAD.match(pieces[n + 1]))
    return _whole(pieces, kinds, found, [group for group, formal in groups if formal])


def _is_all(group: range, kinds: list[str]) -> bool:
    """Whether no word is in brackets."""
    return all(kinds[n] != "word" for n in group)


def _whole(
    pieces: list[str], kinds: list[str], found: list[bool], groups: list[range]
) -> list[bool]:
    """Without what is only a part of a formula, the rest of which is not known to be one."""
    doubtful = [not one and _is_like(piece) for piece, one in zip(pieces, found, strict=True)]
    while True:
        lost = {n for group in groups if not all(found[i] for i in group) for n in group}
        lost |= {n for n in range(len(pieces)) if _is_doubtful(n, pieces, kinds, doubtful)}
        lost = {n for n in lost if found[n]}
        if not lost:
            return found
        found = [one and n not in lost for n, one in enumerate(found)]
        doubtful = [before or n in lost for n, before in enumerate(doubtful)]


def _groups(pieces: list[str]) -> Iterator[tuple[range, bool]]:
    """Pieces within brackets; whether these are a formula's: f(a b), [a b], (a b)², |a b|."""
    opened: list[tuple[int, bool]] = []
    bar = -1
    for n, piece in enumerate(pieces):
        for place, mark in enumerate(piece):
            if mark in "([{⟨⌈":
                opened.append((n, mark != "(" or bool(piece[:place].strip("("))))
            elif mark in ")]}⟩⌉" and opened:
                start, formal = opened.pop()
                if start < n:
                    yield range(start, n + 1), formal or bool(piece[place + 1 :].strip(_CLOSING))
        if piece.count("|") % 2:
            if bar >= 0:
                yield range(bar, n + 1), True
            bar = n if bar < 0 else -1


def _is_like(piece: str) -> bool:
    """Whether a piece that was not taken for mathematics looks like a part of some."""
    body = piece.strip(_ENDS)
    return body not in _SIGNS and bool(re.search(rf"{_STRONG}|[A-Za-z0-9]_[a-z]\b|[a-z]\(", body))


def _is_doubtful(n: int, pieces: list[str], kinds: list[str], doubtful: list[bool]) -> bool:
    """Whether a doubtful piece stands beside, or behind a sign; what ends a sentence parts them."""

    def seen(step: int) -> bool:
        for place in (n + step, n + 2 * step):
            inside = range(min(n, place), max(n, place))
            if not 0 <= place < len(pieces) or any(pieces[i][-1] in _ENDS for i in inside):
                return False
            if doubtful[place]:
                return True
            if kinds[place] != "sign":
                return False
        return False

    return kinds[n] not in ("word",) and (seen(1) or seen(-1))


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
    if _is_formula(body):
        return "sure"
    is_product = _PRODUCT.fullmatch(body) and body.strip("()") not in _WORDS
    return "product" if is_product else "word"


def _is_formula(body: str) -> bool:
    if (
        not (_PIECE.fullmatch(body) and re.search(r"[^\W_]|∂", body))
        or "_" in _INDEX.sub("", body)
        or body.endswith("'s")
    ):
        return False
    spelt = re.sub(rf"(?<![A-Za-z])({'|'.join(_OPERATORS)})(?![A-Za-z])", "", _INDEX.sub("", body))
    # With a sign in it that no word has, two letters side by side are a product.
    strong = re.search(_STRONG, body) or _INDEX.search(body)
    longest = r"[A-Za-z]{4}|[a-z]{3}" if strong else _LONG
    return bool(_SURE.search(body)) and not re.search(longest, _bare(spelt))


_LONG = r"[A-Za-z]{3}|[a-z]{2}(?![a-z])"


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
    body = re.sub(r"Σ_([a-z]≠[a-z])(?![a-z_])", r"Σ_{\1}", body)
    scripts = [(m[1], _latex(m[2])) for m in _SCRIPT.finditer(body)]
    body = _spelt(_SCRIPT.sub(_HELD, body))
    body = re.sub(r"(?<=[\w)\]}])(′+)", r"^{\1}", body)
    body = re.sub(r"(?<=[A-Za-z])\*", "^{*}", body)
    # A function is differentiated, a matrix or a vector transposed, another eigenvalue primed.
    body = re.sub(r"([λσ])'", r"\1^{′}", body)
    body = re.sub(
        r"(?<![A-Za-z])([fgp])('+)(?![A-Z])", lambda n: f"{n[1]}^{{{'′' * len(n[2])}}}", body
    )
    body = re.sub(r"([a-zα-ω])'(?=\()", r"\1^{′}", body)
    body = re.sub(r"(\((?:log [a-z]|[a-z]\^\{2\})\))'", r"\1^{′}", body)
    body = re.sub(r"\^(?:\(([^()]*)\)|(-?[0-9]+))", lambda n: f"^{{{n[1] or n[2]}}}", body)
    found = ""
    for before, piece in pairwise(("", *body.split())):
        apart = before in _SIGNS or piece in _SIGNS
        found += (" " if apart else r"\,") * bool(before) + _piece(piece)
    found = re.sub(r"(\^\{[^{}]*)\}\^\{", r"\1 ", found)
    found = re.sub(r"(?:\{\})?\^\{((?:\\prime )+)\}", lambda n: "'" * n[1].count("p"), found)
    found = re.sub(_DIFFERENTIAL_SIGN, r"\\mathrm{d}", _rooted(found))
    found = re.sub(rf"(?<![A-Za-z\\])({'|'.join(_OPERATORS)})(?![A-Za-z])", _operator, found)
    for mark, inner in scripts:
        found = found.replace(_HELD, f"{mark}{{{inner}}}", 1)
    found = re.sub(r"(_\{[^{}]*\}|\\partial |[)\]|])\{\}(?=[\^_])", r"\1", found)
    found = re.sub(r"\\Sigma (?=_\{[ijcdmak](?![a-z])|\|)", r"\\sum ", found)
    found = found.replace("*", r"\ast ")  # which Markdown would take for its own
    # These have room about them.
    return re.sub(r"(?<=\})\\,(?=\\[a-z]+ )(?=\\log|\\det)|(?<=log |det )\\,", "", found)


_SCRIPT = re.compile(r"([\^_])\{([^{}]*)\}")
_HELD = "\x01"
"""In the place of a script in braces, which is set by itself."""

_DIFFERENTIAL_SIGN = re.compile(
    r"(?<![A-Za-z\\])d(?=[A-Z\\(]|[a-z](?![a-z]))|(?<![A-Za-z\\|])d(?=\|)"
)
_ROOT = re.compile(r"\\surd ([0-9]+|d?(?:\\[A-Za-z]+ ?|[A-Za-z])(?:_\{[^{}]*\})?)")


def _rooted(found: str) -> str:
    """With roots over what they are of: a letter, a number, brackets."""
    place = -1
    while (place := found.find(r"\surd (", place + 1)) >= 0:
        start = stop = place + len(r"\surd ")
        while stop == start or (stop < len(found) and _depth(found[start:stop]) > 0):
            stop += 1
        if _depth(found[start:stop]):
            break
        found = rf"{found[:place]}\sqrt{{{found[start + 1 : stop - 1]}}}{found[stop:]}"
    return _ROOT.sub(r"\\sqrt{\1}", found)


def _spelt(part: str) -> str:
    """Small letters, high and low, and numbers behind a letter as scripts."""
    part = re.sub(r"_(min|max)(?![A-Za-z])", r"_{\1}", part)
    part = re.sub(rf"(?<=[A-Za-z{_GREEK}])([0-9]+)", r"_{\1}", part)
    for mark, table in (("^", _RAISED), ("_", _LOWERED)):
        for several in re.findall(f"[{''.join(table)}]+", part):
            part = part.replace(several, f"{mark}{{{''.join(map(table.__getitem__, several))}}}", 1)
    return part


def _piece(piece: str) -> str:
    """What stands between two spaces; a half is no quotient that goes on."""
    halves = re.split(r"(?<![\^_])½", {"<=": "≤", ">=": "≥"}.get(piece, piece))
    return r"\tfrac12 ".join(map(formula, halves)).strip()


def _operator(found: re.Match[str]) -> str:
    name = found[1]
    return rf"\{name} " if name in _COMMANDS else rf"\operatorname{{{name}}}"
