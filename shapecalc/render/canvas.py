"""Formulas in characters: a canvas is a few lines of text with a baseline, each piece with the size name that colours it.

Most formulas are one line; matrices, cases and shapes under factors take more. Inside a sentence everything is put on one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import combining, east_asian_width

from shapecalc.records import record

Span = tuple[str, str]  # characters, and how they look: "", "size:S", "strong", "code", "muted" ...
Line = tuple[Span, ...]


@lru_cache(maxsize=4096)
def cells(text: str) -> int:
    """The width of a text on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) or c in "\u2061\u2062" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def width(line: Line) -> int:
    """The width of a line."""
    return sum([cells(text) for text, _ in line])


@record
class Canvas:
    """Lines of text; ``base`` is the one that a formula around it goes on with."""

    lines: tuple[Line, ...]
    base: int = 0

    @property
    def width(self) -> int:
        """The width of the widest line."""
        return max(map(width, self.lines), default=0)

    @property
    def flat(self) -> bool:
        """Whether it is a single line."""
        return len(self.lines) == 1

    def text(self) -> str:
        """The characters alone, without trailing blanks."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.lines)


def of(text: str, look: str = "") -> Canvas:
    """A canvas of one line."""
    return Canvas((((text, look),) if text else (),))


def tinted(canvas: Canvas, look: str) -> Canvas:
    """The same in another look, where it has none of its own."""
    return Canvas(tuple(tuple((t, own or look) for t, own in line) for line in canvas.lines), canvas.base)


def padded(line: Line, wide: int, align: str = "left") -> Line:
    """A line with blanks up to a width."""
    gap = wide - width(line)
    if gap <= 0:
        return line
    left = {"left": 0, "right": gap, "center": gap // 2}[align]
    return (*(((" " * left, ""),) if left else ()), *line, *(((" " * (gap - left), ""),) if gap - left else ()))


def beside(parts: Iterable[Canvas]) -> Canvas:
    """Canvases side by side, their baselines on one line."""
    found = [(p, wide) for p in parts if (wide := p.width)]
    if len(found) < 2:
        return found[0][0] if found else of("")
    if all(p.flat for p, _ in found):
        return Canvas((tuple([span for p, _ in found for span in p.lines[0]]),))
    above = max([p.base for p, _ in found])
    below = max([len(p.lines) - p.base for p, _ in found])
    rows: list[Line] = []
    for k in range(above + below):
        line: list[Span] = []
        for p, wide in found:
            own = k - above + p.base
            line += padded(p.lines[own] if 0 <= own < len(p.lines) else (), wide)
        rows.append(tuple(line))
    return Canvas(tuple(rows), above)


def stacked(parts: list[Canvas], base: int, align: str = "center") -> Canvas:
    """Canvases one above the other; ``base`` is the part whose baseline counts."""
    wide = max(p.width for p in parts)
    lines = tuple(padded(line, wide, align) for p in parts for line in p.lines)
    return Canvas(lines, sum(len(p.lines) for p in parts[:base]) + parts[base].base)


BRACKETS = {
    "[": ("[", "⎡⎢⎣"), "]": ("]", "⎤⎥⎦"), "(": ("(", "⎛⎜⎝"), ")": (")", "⎞⎟⎠"), "{": ("{", "⎧⎨⎩"), "|": ("|", "│││"), "": ("", "   "),
}  # fmt: skip
ASCII_BRACKETS = {"[": "[[[", "]": "]]]", "(": "/|\\", ")": "\\|/", "{": "/<\\", "|": "|||", "": "   "}


def bracket(glyph: str, height: int, plain: bool) -> list[str]:
    """A delimiter of that many lines."""
    short, tall = BRACKETS.get(glyph, (glyph, glyph * 3))
    if height == 1:
        return [short]
    top, middle, bottom = list(ASCII_BRACKETS.get(glyph, glyph * 3) if plain else tall)
    if glyph == "{" and not plain:
        return [top, *("⎪" if k != height // 2 else middle for k in range(1, height - 1)), bottom]
    return [top, *[middle] * (height - 2), bottom]


def grid(rows: list[list[Canvas]], opening: str, closing: str, plain: bool, align: str = "center") -> Canvas:
    """A matrix: columns as wide as their widest entry, inside delimiters of the full height."""
    columns = list(zip(*rows, strict=True))
    wide = [max(c.width for c in column) for column in columns]
    bands = []
    for cells_of_row in rows:
        spaced: list[Canvas] = []
        for k, (cell, w) in enumerate(zip(cells_of_row, wide, strict=True)):
            spaced.append(of("  ") if k else of(" "))
            spaced.append(Canvas(tuple(padded(line, w, align) for line in cell.lines), cell.base))
        bands.append(beside([*spaced, of(" ")]))
    inner = stacked(bands, 0)
    height = len(inner.lines)
    middle = (height - 1) // 2
    left, right = (Canvas(tuple(((c, ""),) for c in bracket(g, height, plain)), middle) for g in (opening, closing))
    return beside([left if opening else of(""), Canvas(inner.lines, middle), right if closing else of("")])
