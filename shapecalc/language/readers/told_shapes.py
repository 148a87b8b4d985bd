r"""Shapes that prose tells, as papers do: X \in \mathbb{R}^{N \times D}, W, b ∈ ℝ^n, one-hot labels Y \in \{0, 1\}^{N \times K}."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shapecalc.errors import ShapecalcError, Span
from shapecalc.symbols import GREEK

from ..refusals import VALUES
from ..statements import Declaration, split

_S, _S1 = r"\s{0,9}", r"\s{1,9}"  # few, so that no text takes long
_STYLE = r"\\(?:mathbf|bm|boldsymbol|mathrm|mathsf|mathcal|vec|mathbb|text)\s{0,9}"
_LETTER = r"(?:\\?[A-Za-z]+|[α-ωΑ-Ω])"
_BELOW = r"\w{1,8}(?:\s{0,9}[-+]\s{0,9}1)?"
_LAYER = r"\^\s{0,9}\{?\s{0,9}[\[(]\s{0,9}\d{1,4}\s{0,9}[\])]\s{0,9}\}?"
_INDEX = rf"(?:_\s{{0,9}}(?:\{{\s{{0,9}}{_BELOW}\s{{0,9}}\}}|\w)|{_LAYER})?"
_ACCENT = r"\\(?:wide)?(?:hat|tilde|bar)(?![A-Za-z])\s{0,9}"
_STYLED = rf"(?:{_STYLE}\{{{_S}{_LETTER}{_S}\}}|{_STYLE}(?=[A-Za-z]){_LETTER}|{_LETTER})"
_NAME = rf"(?:{_ACCENT}\{{{_S}{_STYLED}{_S}\}}|{_ACCENT}{_LETTER}|{_STYLED}){_INDEX}"
_BITS = r"(?P<bits>\\?\{\s{0,9}0\s{0,9},\s{0,9}1\s{0,9}\\?\})"
_SET = rf"(?:\\mathbb{_S}\{{?{_S}(?P<set>[RS]){_S}\}}?|\\(?:R|Re|reals|RR)(?![A-Za-z])|ℝ|{_BITS})"
_POWER = r"(?:\^\s{0,9}(?:\{(?P<braces>[^{}]{1,80}(?:\{[^{}]{1,20}\}[^{}]{0,80}){0,4})\}|\((?P<round>[^()]{1,80})\)|(?P<one>\w)))?"
_SIGN = r"(?:_\s{0,9}\{?\s{0,9}(?P<sign>\+\+?|>\s{0,9}0|\\geq?\s{0,9}0)\s{0,9}\}?)?"
_NAMES = rf"(?P<names>{_NAME}(?:{_S}(?:,|,?{_S1}and){_S}{_NAME}){{0,7}})"
_TOLD = re.compile(rf"(?<![A-Za-z\\]){_NAMES}{_S}(?:\\in(?![A-Za-z])|∈){_S}{_SET}{_S}{_SIGN}{_S}{_POWER}")
_PROPERTY = r"((?:symmetric,?\s+)?positive[- ]definite|symmetric|invertible|non-?singular|orthogonal|diagonal|one[- ]hot)"
_WORD = re.compile(rf"(?<![\w-]){_PROPERTY}\s+(?:[a-z]+\s+){{0,2}}\$?\\?\(?\s*$", re.IGNORECASE)
_NOUN = r"(?:\s+(?:matrix|matrices|vectors?|labels?))?"
_BEHIND = re.compile(
    rf"\s{{0,3}}(?:\$|\\\))?,?\s{{0,3}}(?:(?:is|be|are)\s+)?(?:an?\s+)?{_PROPERTY}{_NOUN}(?=\s*(?:[.,;()]|\n|$|and\s+(?:an?\s|\$|\\\()))",
    re.IGNORECASE,
)
_APART = re.compile(  # what may stand right before the names; behind anything else a formula goes on: O = PV \in ...
    r"(?:^|[$(\[,;:.&~|]|\\\\|\\[,;: !]|\\q?quad|\\item|\\noindent|\\left\(|(?:^|\n)\s*[-*>]|(?<![\\\w{])[A-Za-z]*[a-z]{2}"
    r"|\\(?:text\w*|mbox|emph|begin|label|section|intertext|tag)\*?\s?\{[^{}]{0,80}\})\s*$"
)
_POSITIVE = re.compile(rf"(?<!if )(?<!when )(?:\$|\\\(|,){_S}(?P<name>\\[A-Za-z]+){_S}(?P<sign>>|\\geq?(?![A-Za-z])|≥){_S}0(?![.\d])")
_MATHS = rf"(?:\$|\\\(){_S}{_NAMES}{_S}(?:\$|\\\))"
_LIST = rf"(?P<list>{_MATHS.replace('?P<names>', '?:')}(?:{_S}(?:,|,?{_S}and){_S}{_MATHS.replace('?P<names>', '?:')}){{0,5}})"
_SAID = re.compile(  # if A is symmetric, says nothing of A
    rf"(?<![A-Za-z])(?:with|where|assum(?:e|ing)|suppos(?:e|ing)|since|because|let)\s+(?:that\s+)?(?:both\s+)?{_LIST}\s+"
    rf"(?:(?:is|are|be|being)\s+)?(?:both\s+)?(?:an?\s+)?{_PROPERTY}",
    re.IGNORECASE,
)
_SCALAR = re.compile(rf"(?<![A-Za-z])(?P<positive>positive\s+)?scalars?\s+{_LIST}", re.IGNORECASE)
_TIMES = re.compile(r"\\times(?![A-Za-z])|×|\\cdot(?![A-Za-z])|(?<=\w)\s+x\s+(?=\w)")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_FENCE = re.compile(r"^[ \t]{0,9}(?:```|~~~)", re.MULTILINE)
BEFORE, AROUND = 40, 120  # characters before a name in which a property of it is looked for; in which a formula would begin
SQUARES = frozenset({"symmetric", "invertible", "orthogonal", "diagonal", "posdef"})
PLAIN = {"one hot": "onehot", "nonsingular": "invertible", "positive definite": "posdef", "symmetric positive definite": "posdef"}
MOST = 500  # shapes of one file


class Told(NamedTuple):
    """What one place tells: some names, and what a declaration says of them, "onehot (N, K)"."""

    names: tuple[str, ...]
    text: str
    span: Span


def told(text: str, markdown: bool = False) -> Iterator[Told]:
    """The shapes that a text tells, in order, outside its comments and its code."""
    silent = list(_fenced(text)) if markdown else [m.span() for m in _COMMENT.finditer(text)]
    ahead, known = 0, dict(_said(text))
    sizes_met: set[str] = set()
    for count, match in enumerate(_TOLD.finditer(text)):
        if count >= MOST:
            return
        while ahead < len(silent) and silent[ahead][1] <= match.start():
            ahead += 1
        if ahead < len(silent) and silent[ahead][0] <= match.start():
            continue
        if not _APART.search(text[max(0, match.start() - AROUND) : match.start()]):
            continue
        sizes = _sizes(match["braces"] or match["round"] or match["one"] or "")
        names = tuple(_plain(m[0]) for m in re.finditer(_NAME, match["names"]) if m[0] != "and")
        if sizes is None or not all(names):
            continue
        shape = sizes * 2 if match["set"] == "S" and len(sizes) == 1 else sizes
        sizes_met.update(shape)
        own = _property(text, match, shape)
        of = {name: own or _fitting(known.get(name, ""), shape) for name in names}
        for words in dict.fromkeys(of.values()):
            alike = tuple(name for name in names if of[name] == words)
            yield from _declared(alike, f"({', '.join(shape)}{',' if len(shape) == 1 else ''})", words, match.span())
    for match in _POSITIVE.finditer(text):
        # an epsilon that is worked out is no number that is told
        if not re.search(rf"{re.escape(match['name'])}(?![A-Za-z])\s*&?\s*=", text) and (name := _plain(match["name"])) in GREEK:
            yield from _declared((name,), "()", "positive" if match["sign"] == ">" else "nonnegative", match.span())
    for match in _SCALAR.finditer(text):
        for name in _listed(match["list"]):
            if name not in sizes_met:
                yield from _declared((name,), "()", "positive" if match["positive"] else "", match.span())


def _said(text: str) -> Iterator[tuple[str, str]]:
    """What is said of names apart from their shapes: with $P$ and $R$ symmetric."""
    for match in _SAID.finditer(text):
        for name in _listed(match["list"]):
            yield name, _called(match[match.lastindex or 0])


def _listed(written: str) -> list[str]:
    """The names in a list of formulas."""
    return [n for part in re.split(r"[$]|\\[()]", written) for m in re.finditer(_NAME, part) if m[0] != "and" and (n := _plain(m[0]))]


def _declared(names: tuple[str, ...], shape: str, properties: str, span: Span) -> Iterator[Told]:
    """What is told as the language says it, if it can be said there."""
    errors: list[ShapecalcError] = []
    declared = f"{properties} {shape}".strip()
    found = split(f"{', '.join(names)}: {declared}", errors)
    if not errors and len(found) == 1 and isinstance(found[0], Declaration):
        yield Told(names, declared, span)


def _fenced(text: str) -> Iterator[Span]:
    """Where blocks of code stand between two fences."""
    marks = [m.start() for m in _FENCE.finditer(text)]
    for k in range(0, len(marks), 2):
        yield marks[k], marks[k + 1] if k + 1 < len(marks) else len(text)


def _property(text: str, match: re.Match[str], shape: Sequence[str]) -> str:
    """What is said of the entries: by the set, or by a word before the name or behind all of it."""
    if match["set"] == "S":
        return "posdef" if match["sign"] == "++" else "symmetric"
    if match["sign"]:
        return "nonnegative" if match["sign"] == "+" or "g" in match["sign"] else "positive"
    word = _WORD.search(text, max(0, match.start() - BEFORE), match.start()) or _BEHIND.match(text, match.end())
    if word is None:
        return ""
    return _fitting(_called(word[1]), shape)


def _called(word: str) -> str:
    """The property that a word of prose stands for."""
    said = re.sub(r"[\s,-]+", " ", word.lower()).replace("non singular", "nonsingular")
    return PLAIN.get(said, said)


def _fitting(said: str, shape: Sequence[str]) -> str:
    """A property, where something of this shape can have it."""
    square = len(shape) == 2 and (shape[0] == shape[1] or said == "orthogonal")
    return "" if said in SQUARES and not square else said


def _sizes(written: str) -> tuple[str, ...] | None:
    """The sizes in an exponent; None where they are no sizes."""
    sizes = tuple(_plain(part.strip()) if not part.strip().isdigit() else part.strip() for part in _TIMES.split(written) if part.strip())
    return None if any(not s or s in VALUES for s in sizes) else sizes


def _plain(written: str) -> str:
    r"""A name of LaTeX as the language writes it: \mathbf{W}^{[1]} is W1, n_x stays; "" where it is none."""
    accent = re.match(r"\\(?:wide)?(hat|tilde|bar)(?![A-Za-z])", written)
    bare = re.sub(_STYLE, "", written[accent.end() if accent else 0 :])
    base, mark, index = re.sub(r"[\\{}\s]", "", bare).partition("_")
    index = {"-1": "prev", "+1": "next"}.get(index[-2:], index) if index[:1].isalpha() else index  # as the reader of formulas calls it
    base = ("lam" if base == "lambda" else base) + (accent[1] if accent else "")
    name = f"{base}{index}" if mark and index.isdigit() else f"{base}_{index}" if mark else base
    name = re.sub(r"\^[\[(](\d+)[\])]", r"\1", name)
    return name if name.isidentifier() else ""
