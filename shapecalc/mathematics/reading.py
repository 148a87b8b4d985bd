r"""Short texts as boxes: entries as sympy prints them (x11*w11 + b1), and symbols as people type them in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..boxes import (
    APPLY,
    TIMES,
    Box,
    Fenced,
    Frac,
    Grid,
    Linked,
    Number,
    Over,
    Row,
    Scripts,
    Sqrt,
    Symbol,
    Text,
    is_box,
    joined,
    op,
    paren,
    row,
    sub,
    sup,
)
from ..errors import Misfit
from ..symbols import GREEK, index_row, parts, script
from .writer import ATOM, HEADS, PRODUCT, SCRIPT, SUM, Piece, fenced

WORD = re.compile(r"\s*(\d+\.?\d*|[^\W\d]\w*(?:\[[^\]]*\])?|\*\*|[-+*/(),<>=!]=?|\S)")
DOTS = {"beside": "⋯", "below": "⋮", "both": "⋱"}
COMPARED = ("<", ">", "<=", ">=", "==", "!=", "=")
SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}


def entry_text(text: str) -> Box:
    """An entry as sympy prints it, in the order in which it stands.

    >>> [item.text for item in entry_text("2*b1").items if isinstance(item, Number)]
    ['2']
    """
    return _Reader([m[1] for m in WORD.finditer(text)]).all()


def entry_name(name: str) -> Box:
    """x11 is x with the index 11, X[1,12] with 1,12; W1_23 is w with (1) above and the index 23."""
    if name.endswith("]"):
        stem, _, inside = name[:-1].partition("[")
        indices = tuple(script(x.strip()) for x in inside.split(","))
    elif found := re.fullmatch(r"(\w*?[^\W\d])(\d*)_(\d+)", name):
        stem, indices = found[1] + found[2], tuple(Number(d) for d in found[3])
    elif found := re.fullmatch(r"(.*[^\W\d])(\d+)", name):
        stem, indices = found[1], tuple(Number(d) for d in found[2])
    else:
        stem, indices = name, ()
    if len(stem) > 1 and stem[0] == "d" and stem[1:] in GREEK:
        return row(Text("d"), sub(Symbol(GREEK[stem[1:]]), index_row(indices)) if indices else Symbol(GREEK[stem[1:]]))
    head, accent, index = parts(stem)
    head = head.lower() if len(head) == 1 and indices else head
    body: Box = Over(Symbol(head), accent) if accent else Symbol(head)
    return Scripts(body, index_row(indices) if indices else None, paren(index) if index is not None else None) if indices or index else body


def entries(
    rows: Sequence[Sequence[object]], shown: int = 6, groups: Sequence[Sequence[str]] | None = None, brackets: str = "[]"
) -> Grid:
    """A matrix written out, from strings, boxes or anything whose str is a formula.

    Of more than ``shown`` rows or columns the first few and the last are drawn, with dots between. ``groups`` names the group of each
    entry; "" for none.
    """
    height, width = len(rows), max(map(len, rows), default=0)
    down, across = _kept(height, shown), _kept(width, shown)

    def cell(i: int | None, j: int | None) -> Box:
        if i is None or j is None:
            return op(DOTS["both" if i is None and j is None else "below" if i is None else "beside"])
        value = rows[i][j]
        box = value if is_box(value) else entry_text(str(value))
        group = groups[i][j] if groups else ""
        return Linked(box, group) if group else box

    return Grid(tuple(tuple(cell(i, j) for j in across) for i in down), brackets[0], brackets[1])


def vector_entries(values: Iterable[object], upright: bool = True, shown: int = 6, groups: Sequence[str] | None = None) -> Grid:
    """A vector written out as a column, or as a row."""
    found = list(values)
    if upright:
        return entries([[v] for v in found], shown, [[g] for g in groups] if groups else None)
    return entries([found], shown, [groups] if groups else None)


def _kept(count: int, shown: int) -> list[int | None]:
    return list(range(count)) if count <= shown else [*range(shown - 2), None, count - 1]


class _Reader:
    """Operator precedence over the words of an entry."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.at = 0

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def next(self) -> str:
        self.at += 1
        return self.words[self.at - 1] if self.at <= len(self.words) else ""

    def all(self) -> Box:
        box = self.comparison()
        return row(box, *(Text(t) for t in self.words[self.at:])) if self.peek() else box

    def comparison(self) -> Box:
        left = self.sum().box
        if self.peek() in COMPARED:
            sign = self.next()
            return row(left, SIGNS.get(sign, sign), self.sum().box)
        return left

    def sum(self) -> Piece:
        out: list[Box | str] = []
        while True:
            sign = self.next() if self.peek() in ("+", "-") else ""
            if out and not sign:
                break
            if sign == "-" or out:
                out.append("−" if sign == "-" else "+")
            out.append(fenced(self.product(), PRODUCT))
        return Piece(row(*out), SUM if len(out) > 1 else ATOM)

    def product(self) -> Piece:
        above, below = [self.power()], list[Piece]()
        while self.peek() in ("*", "/"):
            (above if self.next() == "*" else below).append(self.power())
        if len(above) > 1 or below:
            above = [p for p in above if p.box != Number("1")] or above[:1]
        top = [p.box if len(above) == 1 and below else fenced(p, SCRIPT) for p in above]
        if below:
            bottom = [p.box if len(below) == 1 else fenced(p, SCRIPT) for p in below]
            return Piece(Frac(joined(top, TIMES), joined(bottom, TIMES)), PRODUCT)
        return Piece(joined(top, TIMES), PRODUCT) if len(top) > 1 else above[0]

    def power(self) -> Piece:
        base = self.atom()
        if self.peek() != "**":
            return base
        self.next()
        minus = self.next() if self.peek() == "-" else ""
        k = self.power().box
        return Piece(sup(fenced(base, ATOM) if not isinstance(base.box, Scripts) or base.box.sup is None else paren(base.box),
                         row("−", k) if minus else k), SCRIPT)

    def atom(self) -> Piece:
        word = self.next()
        if word == "-":
            return Piece(row("−", self.power().box), SUM)
        if word == "(":
            inside = self.sum()
            if self.peek() in COMPARED:  # 1 where it holds, else 0
                sign = self.next()
                test = row(inside.box, SIGNS.get(sign, sign), self.sum().box)
                inside = Piece(row(Symbol("1", "vector", bold=True), Fenced("[", "]", test)))
            self.next()
            return Piece(inside.box, SUM if inside.level == SUM else inside.level)
        if word[:1].isdigit():
            return Piece(Number(word))
        if not (word[:1].isalpha() or word[:1] == "_"):
            return Piece(Text(word))
        if self.peek() == "(":
            return self.call(word)
        return Piece(entry_name(word))

    def call(self, name: str) -> Piece:
        self.next()
        inside = [self.comparison()]
        while self.peek() == ",":
            self.next()
            inside.append(self.comparison())
        self.next()
        if name == "sqrt":
            return Piece(Sqrt(inside[0]), SCRIPT)
        return Piece(row(Symbol(HEADS.get(name, name), "function"), APPLY, paren(joined(inside, ","))))


COMMANDS = {name: letter for name, letter in GREEK.items() if len(letter) == 1} | {
    "partial": "∂", "nabla": "∇", "top": "⊤", "ell": "ℓ", "prime": "′", "star": "⋆", "ast": "∗", "dagger": "†", "mathcal": "", "cdot": "·",
}  # fmt: skip


def read_symbol(text: str) -> Box:
    r"""A symbol typed in LaTeX: letters, Greek letters, \partial, \frac, accents, indices and exponents; raises Misfit for more.

    >>> read_symbol(r"\hat y").accent
    'hat'
    """
    words = re.findall(r"\\[A-Za-z]+|\\.|[{}^_]|\d+|[^\s]", text)
    box, rest = _group(words, until="")
    if rest:
        raise Misfit(f"{text} is not a symbol that is understood here", r"\frac{\partial L}{\partial Z} and \delta^{(2)} are")
    return box


def _group(words: list[str], until: str) -> tuple[Box, list[str]]:
    out: list[Box] = []
    while words and words[0] != until:
        if words[0] in ("^", "_"):
            script_box, rest = _one(words[1:])
            if not out:
                raise Misfit(f"there is nothing that {words[0]} belongs to")
            out[-1] = (sup if words[0] == "^" else sub)(out[-1], script_box)
            words = rest
        else:
            box, words = _one(words)
            out.append(box)
    if until and not words:
        raise Misfit("a brace is not closed")
    return row(*out), words[1:] if until else words


def _one(words: list[str]) -> tuple[Box, list[str]]:
    if not words:
        raise Misfit("something is missing at the end of the symbol")
    word, rest = words[0], words[1:]
    if word == "{":
        return _group(rest, "}")
    if word == "(":
        inside, rest = _group(rest, ")")
        return paren(inside), rest
    if word == r"\frac":
        above, rest = _one(rest)
        below, rest = _one(rest)
        return Frac(above, below, derivative=_starts(above, "∂")), rest
    if word in (r"\hat", r"\bar", r"\tilde"):
        body, rest = _one(rest)
        return Over(body, word[1:]), rest
    if word in (r"\mathbf", r"\boldsymbol", r"\bm"):
        body, rest = _one(rest)
        return _bold(body), rest
    if word in (r"\mathrm", r"\text", r"\operatorname"):
        body, rest = _one(rest)
        return Text("".join(b.text for b in (body.items if isinstance(body, Row) else (body,)) if isinstance(b, Symbol | Number))), rest
    if word.startswith("\\"):
        glyph = COMMANDS.get(word[1:])
        if not glyph:
            raise Misfit(f"{word} is not understood in a symbol", r"\frac, \partial, Greek letters, \hat, \mathbf and \mathrm are")
        return (Symbol(glyph) if glyph.isalpha() else op(glyph)), rest
    if word in "})":
        raise Misfit(f"{word} closes nothing")
    return (Number(word) if word.isdigit() else Symbol(word) if word.isalpha() else op(word)), rest


def _bold(box: Box) -> Box:
    return Symbol(box.text, "matrix", bold=True) if isinstance(box, Symbol) else box


def _starts(box: Box, glyph: str) -> bool:
    return isinstance(box, Row) and bool(box.items) and box.items[0] == op(glyph)
