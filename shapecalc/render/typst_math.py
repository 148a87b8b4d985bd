"""From boxes to Typst mathematics. Signs are characters, never names: names change between versions of Typst, characters do not."""

from __future__ import annotations

from ..boxes import (
    APPLY,
    TIMES,
    Box,
    Cases,
    Fenced,
    Frac,
    Grid,
    Linked,
    Number,
    Operator,
    Over,
    Row,
    Scripts,
    Sqrt,
    Sum,
    Symbol,
    Text,
    Tinted,
    Under,
    inlined,
)
from ..shapes import Shape
from ..symbols import is_word, shape_box
from .palette import Palette

ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~"}
CLOSING = '#math.class("normal", ",")'  # a comma that nothing follows: (M,)
SPECIAL = frozenset("/^_&#$\"\\(),;'|:[]{}~-*!.<>=+@`")


def quoted(text: str) -> str:
    r"""Text as a Typst string, in which nothing but a quotation mark and a backslash has a meaning.

    >>> print(quoted('a "b" \\ #c'))
    "a \"b\" \\ #c"
    """
    clean = "".join(c if c >= " " or c in "\n\t" else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def words(text: str) -> str:
    """Text in markup: as a string, so that no character in it is markup."""
    return f"#{quoted(text)};" if text else ""


class Typst:
    """Writes boxes; the colours are functions of the preamble, dimA, dimB ..."""

    def __init__(self, palette: Palette, colour: bool = True) -> None:
        self.palette = palette
        self.colour = colour

    def math(self, box: Box) -> str:
        """The formula, without dollar signs."""
        match box:
            case Symbol():
                return self.symbol(box)
            case Number(text):
                return text if text.isdigit() else quoted(text)
            case Operator(glyph):
                return "\\" + glyph if glyph in SPECIAL - frozenset("=+<>:") else "\\:" if glyph == ":" else glyph
            case Text(text):
                return quoted(text)
            case Row(parts):
                return self.row(parts)
            case Frac(above, below):
                return f"frac({self.math(above)}, {self.math(below)})"
            case Scripts(body, low, high):
                scripts = (f", {key}: {self.math(x)}" for key, x in (("b", low), ("t", high)) if x is not None)
                return f"attach({self.math(body)}{''.join(scripts)})"
            case Fenced(opening, closing, body):
                return self.fenced(opening, closing, body)
            case Under(body, note):
                return f"attach(limits({self.math(body)}), b: {self.math(note)})"
            case Over(body, accent):
                return f'accent({self.math(body)}, "{ACCENTS[accent]}")'
            case Sqrt(body):
                return f"sqrt({self.math(body)})"
            case Sum(below, above, body, glyph):
                sign = "∑" if glyph == "∑" else f"limits(op({quoted(glyph)}))"
                top = f", t: {self.math(above)}" if above is not None else ""
                return f"attach({sign}, b: {self.math(below)}{top}) {self.math(body)}"
            case Grid():
                return self.grid(box)
            case Cases(rows):
                return f"cases({', '.join(self.case(value, test) for value, test in rows)})"
            case Tinted(body, size):
                return f"{colour_name(self.palette, size)}({self.math(body)})" if self.colour else self.math(body)
            case Linked(body):
                return self.math(body)

    def inline(self, box: Box) -> str:
        """A formula in a sentence."""
        return f"${self.math(inlined(box))}$"

    def display(self, box: Box) -> str:
        """A formula in a sentence, at the size of a displayed one."""
        return f"$display({self.math(box)})$"

    def shape(self, shape: Shape) -> str:
        """A shape."""
        return self.math(shape_box(shape))

    def symbol(self, symbol: Symbol) -> str:
        """A name: one letter in italics, several upright."""
        text = symbol.text
        if symbol.kind == "function" and len(text) > 1:
            return f"op({quoted(text)})"
        drawn = text if len(text) == 1 and (text.isalnum() or text in "∇∞∂") else quoted(text)
        return f"bold({drawn})" if symbol.bold else drawn

    def row(self, parts: tuple[Box, ...]) -> str:
        """Boxes side by side; blanks between, since letters that touch are one name to Typst."""
        out = []
        for k, part in enumerate(parts):
            if part == Operator(TIMES):
                out.append(self.gap(parts[k - 1], parts[k + 1]) if 0 < k < len(parts) - 1 else "")
            elif part == Operator(",") and k == len(parts) - 1:
                out.append(CLOSING)
            elif part != Operator(APPLY):
                # a blank beside a word is drawn, and ∂ belongs to what follows it
                written = self.math(part)
                touching = written.startswith('"') and out and out[-1] == "∂"
                out.append((out.pop() if touching else "") + written)
        return " ".join(filter(None, out)).replace(f" {CLOSING}", CLOSING)

    def gap(self, before: Box, after: Box) -> str:
        """What divides two factors: nothing, or a thin space where they would run together."""
        if isinstance(before, Number) and isinstance(after, Number):
            return "·"
        if isinstance(before, Under) and isinstance(after, Under):
            return "#h(0.28em)"
        function = isinstance(after, Row) or (isinstance(after, Symbol) and after.kind == "function")
        fractions = any(isinstance(b, Frac) for b in (before, after))
        return "#h(0.17em)" if fractions or function or is_word(_core(before)) or is_word(_core(after)) else ""

    def fenced(self, opening: str, closing: str, body: Box) -> str:
        """Delimiters; they grow with what is inside."""
        left, right = (f"\\{c}" if c in SPECIAL else c for c in (opening, closing))
        return f"lr({left} {self.math(body)} {right})"

    def grid(self, grid: Grid) -> str:
        """A matrix."""
        delimiter = f'"{grid.open}"' if grid.open else "#none"
        rows = "; ".join(", ".join(self.math(cell) for cell in r) for r in grid.rows)
        return f"mat(delim: {delimiter}, {rows})"

    def case(self, value: Box, test: Box) -> str:
        """One value with its condition."""
        return f"{self.math(value)} & #h(1em) {'' if isinstance(test, Text) else quoted('if ')}{self.math(test)}"


def colour_name(palette: Palette, size: str) -> str:
    """What the colour of a size is called in the preamble; only letters are a name in Typst's mathematics."""
    return f"dim{'ABCDEFGH'[palette.place(size)]}"


def _core(box: Box) -> Box:
    while isinstance(box, Scripts | Tinted | Under | Over | Linked):
        box = box.body
    return box
