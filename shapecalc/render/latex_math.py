"""From boxes to LaTeX mathematics, for LaTeX itself and for what reads it in Markdown (KaTeX, MathJax, pandoc)."""

from __future__ import annotations

import re

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
    depth,
    inlined,
    prefix,
    tall,
    walk,
)
from ..shapes import Shape
from ..symbols import is_word, shape_box
from .latex_text import GREEK_COMMANDS, SIGNS, escaped, worded
from .palette import Palette

FUNCTIONS = frozenset(["log", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "det"])
OPENING = {"(": "(", "[": "[", "{": r"\{", "|": r"\lvert", "‖": r"\lVert", "⟨": r"\langle"}
CLOSING = {")": ")", "]": "]", "}": r"\}", "|": r"\rvert", "‖": r"\rVert", "⟩": r"\rangle"}
MATRICES = {"[]": "bmatrix", "()": "pmatrix", "||": "vmatrix", "": "matrix"}
SIZES = ("", r"\bigl", r"\Bigl")  # some readers of Markdown (pandoc 2) know the first, but not the second


class TeX:
    r"""Writes boxes.

    ``colour``: "name" (\color{dimS}), "hex" (\textcolor{#...}) or ""; ``bold``: the command for bold symbols; ``largest``: the size of
    parentheses, 0 to 2.
    """

    def __init__(self, palette: Palette, colour: str = "", bold: str = r"\boldsymbol", largest: int = 1) -> None:
        self.largest = largest
        self.palette = palette
        self.colour = colour
        self.bold = bold

    def math(self, box: Box) -> str:
        """The formula, without dollar signs."""
        match box:
            case Symbol():
                return self.symbol(box)
            case Number(text):
                return text
            case Operator(glyph):
                return SIGNS.get(glyph) or OPENING.get(glyph) or CLOSING.get(glyph) or escaped(glyph)
            case Text(text):
                return worded(text) if text else "{}"
            case Row(parts):
                return self.row(parts)
            case Frac(above, below):
                return rf"\frac{{{self.math(above)}}}{{{self.math(below)}}}"
            case Scripts():
                return self.scripts(box)
            case Fenced(opening, closing, body):
                return self.fenced(opening, closing, body)
            case Under(body, note):
                return rf"\underset{{{self.math(note)}}}{{{self.math(body)}}}"
            case Over(body, accent):
                wide = isinstance(body, Symbol) and len(body.text) > 1
                command = {"hat": r"\widehat", "tilde": r"\widetilde", "bar": r"\overline"}[accent] if wide else "\\" + accent
                return f"{command}{{{self.math(body)}}}"
            case Sqrt(body):
                return rf"\sqrt{{{self.math(body)}}}"
            case Sum():
                return self.sum(box)
            case Grid():
                return self.grid(box)
            case Cases(rows):
                return self.cases(rows)
            case Tinted(body, size):
                return self.tinted(self.math(body), size)
            case Linked(body):
                return self.math(body)

    def inline(self, box: Box) -> str:
        """The formula for a sentence."""
        return self.math(inlined(box))

    def symbol(self, symbol: Symbol) -> str:
        """A name: one letter in italics, several upright, Greek letters as commands."""
        text = symbol.text
        if symbol.kind == "function" and len(text) > 1:
            return "\\" + text if text in FUNCTIONS else rf"\operatorname{{{_name(text)}}}"
        if text in GREEK_COMMANDS or text in SIGNS:
            command = GREEK_COMMANDS.get(text) or SIGNS[text]
            return f"{self.bold}{{{command}}}" if symbol.bold else command
        if len(text) == 1 and text.isascii():
            if not symbol.bold or not text.isalnum():
                return _name(text)
            return rf"\mathbf{{{text}}}" if text.isdigit() else f"{self.bold}{{{text}}}"
        return rf"\{'mathbf' if symbol.bold else 'mathrm'}{{{_name(text)}}}" if text.isascii() else _name(text)

    def row(self, parts: tuple[Box, ...]) -> str:
        """Boxes side by side, with the blanks that a person would type."""
        out = ""
        for k in range(len(parts)):
            piece, tight = self.piece(parts, k)
            runs_in = piece[:1].isalnum() and re.search(r"\\[A-Za-z]+$", out)
            out += f"{'' if tight and not runs_in else ' '}{piece}" if out and piece else piece
        return out

    def piece(self, parts: tuple[Box, ...], k: int) -> tuple[str, bool]:
        """One part of a row, and whether it stands close to what is before it."""
        part = parts[k]
        if part == Operator(TIMES):
            return (self.gap(parts[k - 1], parts[k + 1]) if 0 < k < len(parts) - 1 else ""), False
        if part == Operator(","):
            return ("{,}" if k == len(parts) - 1 else ","), True
        if part == Operator(APPLY):
            argument = parts[k + 1] if k + 1 < len(parts) else None
            return (r"\!" if isinstance(argument, Fenced) and tall(argument) else ""), True
        before = parts[k - 1] if k else None
        short = all(isinstance(b, Symbol | Number) and len(b.text) == 1 and b.text.isascii() for b in parts)
        called = before == Operator(APPLY) and isinstance(part, Fenced)
        signed = isinstance(before, Operator) and before.glyph in "+−" and prefix(parts, k - 1)
        return self.math(part), short or called or signed

    def gap(self, before: Box, after: Box) -> str:
        """What divides two factors: nothing, or a thin space where they would run together."""
        if isinstance(before, Number) and isinstance(after, Number):
            return r"\cdot"
        if isinstance(before, Under) and isinstance(after, Under):
            return r"\;"
        apart = [b for b in (before, after) if is_word(_core(b)) or (isinstance(b, Frac) and b.derivative)]
        function = isinstance(after, Row) or (isinstance(after, Symbol) and after.kind == "function")
        return r"\," if apart or function else ""

    def scripts(self, box: Scripts) -> str:
        """Index and exponent."""
        body = self.math(box.body)
        if isinstance(box.body, Row | Frac | Scripts | Under):
            body = f"{{{body}}}"
        low = f"_{_braced(self.math(box.sub))}" if box.sub is not None else ""
        if box.sup is None:
            return body + low
        script = self.math(box.sup)
        return f"{body}{low}^{_braced(script)}"

    def fenced(self, opening: str, closing: str, body: Box) -> str:
        """Delimiters: as tall as what is inside; one size larger around other delimiters."""
        left, right = OPENING[opening], CLOSING[closing]
        inside = self.math(body)
        if tall(body):
            return rf"\left{left} {inside} \right{right}"
        size = SIZES[min(depth(body), self.largest)]
        gap = " " if left.startswith("\\") or size else ""
        return f"{size}{left}{gap}{inside}{gap}{size.replace('l', 'r') if size else ''}{right}"

    def sum(self, box: Sum) -> str:
        """A big operator with its limits."""
        glyph = r"\sum" if box.glyph == "∑" else rf"\operatorname*{{{_name(box.glyph)}}}"
        above = f"^{_braced(self.math(box.above))}" if box.above is not None else ""
        return f"{glyph}_{_braced(self.math(box.below))}{above} {self.math(box.body)}"

    def grid(self, grid: Grid) -> str:
        """A matrix; its rows on lines of their own where there are several."""
        lines = [" & ".join(map(self.math, r)) for r in grid.rows]
        gap = "[4pt]" if any(isinstance(b, Frac) for r in grid.rows for cell in r for b in walk(cell)) else ""
        body = f" \\\\{gap}\n  ".join(lines)
        name = MATRICES.get(grid.open + grid.close)
        columns = max(map(len, grid.rows), default=0)
        if name and columns <= 10:
            return f"\\begin{{{name}}}\n  {body}\n\\end{{{name}}}"
        left, right = OPENING.get(grid.open, "."), CLOSING.get(grid.close, ".")
        return f"\\left{left}\\begin{{array}}{{{'c' * columns}}}\n  {body}\n\\end{{array}}\\right{right}"

    def cases(self, rows: tuple[tuple[Box, Box], ...]) -> str:
        """Values with their conditions."""
        tests = [self.math(c) if isinstance(c, Text) else rf"\text{{if }} {self.math(c)}" for _, c in rows]
        lines = [f"{self.math(value)} & {test}" for (value, _), test in zip(rows, tests, strict=True)]
        return "\\begin{cases}\n  " + " \\\\\n  ".join(lines) + "\n\\end{cases}"

    def tinted(self, inside: str, size: str) -> str:
        """Something in the colour of a size name."""
        if self.colour == "name":
            return rf"{{\color{{{colour_name(self.palette, size)}}}{inside}}}"
        if self.colour == "hex":
            return rf"\textcolor{{{self.palette.light(size)}}}{{{inside}}}"
        return inside

    def shape(self, shape: Shape) -> str:
        """A shape as Python writes a tuple."""
        return self.math(shape_box(shape))


def colour_name(palette: Palette, size: str) -> str:
    """What the colour of a size is called: dimS."""
    plain = size.isascii() and size.isalnum()
    return f"dim{size}" if plain else f"dim-{palette.place(size)}"


def _name(text: str) -> str:
    r"""A word in an upright font of mathematics, where a hyphen would be a minus and a blank nothing; anything but a word is text."""
    if not re.fullmatch(r"[A-Za-z0-9_ -]+", text):
        return worded(text)
    return escaped(text).replace(" ", r"\,").replace("-", r"\text{-}")


def _braced(script: str) -> str:
    return script if len(script) == 1 else f"{{{script}}}"


def _core(box: Box) -> Box:
    while isinstance(box, Scripts | Tinted | Under | Over | Linked):
        box = box.body
    return box
