"""What can go wrong: an error says what disagrees, in the user's own names, where, and one thing that would fit.

Code that has no source text at hand raises `Misfit`; the rooms that have it raise a `ShapecalcError`, which draws itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self
from unicodedata import category, east_asian_width

WIDEST = 100  # cells of the user's line that are drawn
TAB = 4

Span = tuple[int, int]  # where a piece begins and where it has ended, in characters of the source


class Misfit(Exception):
    """Short, where it is found: what does not fit, and one thing that would. Whoever has the source makes it rich."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


class ShapecalcError(Exception):
    """An error that points at the place in the source.

    notes: lines with the facts, one fact each. hint: one thing that would fit. name: the file, where there is one.

    >>> print(ShapeProblem("X has D columns, but Y has S rows", (4, 9), notes=["X (S, D) @ Y (S, M)"]).at("Z = X @ Y"))
      Z = X @ Y
          ^^^^^ X has D columns, but Y has S rows
          X (S, D) @ Y (S, M)
    """

    def __init__(self, message: str, span: Span | None = None, *, notes: Iterable[str] = (), hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.notes = tuple(notes)
        self.hint = hint
        self.source: str | None = None
        self.name: str | None = None

    def at(self, source: str, name: str | None = None) -> Self:
        """This error with the text that its span counts in; what is known already stays."""
        self.source = source if self.source is None else self.source
        self.name = name if self.name is None else self.name
        return self

    @property
    def line(self) -> int | None:
        """The number of the line in which the span begins, from 1."""
        place = self._place()
        return place and place[0].count("\n", 0, place[1]) + 1

    @property
    def column(self) -> int | None:
        """The number of the character at which the span begins, from 1."""
        place = self._place()
        return place and place[1] - place[0].rfind("\n", 0, place[1])

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the place and what would fit, not a traceback through this package."""
        return [f"{type(self).__name__}:", *str(self).splitlines()]

    def _place(self) -> tuple[str, int] | None:
        if self.source is None or self.span is None:
            return None
        return self.source, max(0, min(self.span[0], len(self.source)))

    def __str__(self) -> str:
        extra = [visible(line) for line in (*self.notes, self.hint) if line]
        place = self._place()
        if place is None or self.span is None:
            head = visible(self.message) if self.name is None else f"{visible(self.name)}: {visible(self.message)}"
            return "\n".join([head, *("  " + line for line in extra)])
        source, offset = place
        begin = source.rfind("\n", 0, offset) + 1
        end = source.find("\n", offset)
        line = source[begin : end if end >= 0 else len(source)].removesuffix("\r")
        drawn, before, under = _draw(line, offset - begin, self.span[1] - begin)
        file = [] if self.name is None else [f"{visible(self.name)}:{self.line}:{self.column}"]
        margin = "  " + " " * before
        return "\n".join([*file, "  " + drawn, f"{margin}{'^' * under} {visible(self.message)}", *(margin + text for text in extra)])


class SyntaxProblem(ShapecalcError):
    """The text does not follow the language."""


class UnknownName(ShapecalcError):
    """A name, or a function, that nothing introduces."""


class ShapeProblem(ShapecalcError):
    """Shapes that do not fit together."""


class NameProblem(ShapecalcError):
    """One name for two things: declared twice, or a size that is a variable too."""


class NotDifferentiable(ShapecalcError):
    """There is no such derivative, and never will be."""


class NotKnownYet(ShapecalcError):
    """The mathematics exists, but no rule for it is known here."""


class TooLarge(ShapecalcError):
    """More than is read or worked out in reasonable time."""


class InputProblem(ShapecalcError):
    """A file or a value that cannot be read."""


class NothingToRead(InputProblem):
    """A file of some other kind of content: it declares no shapes, so it is no derivation."""


def visible(text: str) -> str:
    r"""The text on one line, with control and direction characters written out.

    >>> visible("a\x00b")
    'a\\x00b'
    """
    return "".join(" " if c in "\t\n" else _cell(c)[0] for c in text)


def shorten(text: str, most: int = 40) -> str:
    """A piece of the user's text for use inside a message: on one line, its middle left out where it is long."""
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[len(text) - most // 2 + 1 :]}"
    return visible(" ".join(text.split()))


def _cell(c: str) -> tuple[str, int]:
    """How a character is drawn, and on how many cells of a terminal."""
    if " " <= c <= "~":
        return c, 1
    kind = category(c)
    if c == "\t":
        return " " * TAB, TAB
    if kind[0] == "C" or kind in {"Zl", "Zp"}:
        code = ord(c)
        written = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        return written, len(written)
    if kind in {"Mn", "Me"}:
        return c, 0
    return (c, 2) if east_asian_width(c) in "WF" else (c, 1)


def _reach(line: str, place: int, step: int, room: int) -> tuple[int, int]:
    """How far one comes from a place, to the right (1) or to the left (-1), within so many cells; and the cells used."""
    used, taken = 0, 0
    while 0 <= (at := place + taken if step > 0 else place - taken - 1) < len(line) and taken < 4 * WIDEST:
        width = _cell(line[at])[1]
        if used + width > room:
            break
        used, taken = used + width, taken + 1
    return place + step * taken, used


def _draw(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The line, or a window of it around the span; the cells before the span, and those under it."""
    start = min(start, len(line))
    _, ahead = _reach(line, start, 1, WIDEST * 3 // 5)
    left, behind = _reach(line, start, -1, WIDEST - ahead)
    right, _ = _reach(line, start, 1, WIDEST - behind)
    drawn = ["".join(_cell(c)[0] for c in line[a:b]) for a, b in ((left, start), (start, right))]
    under = sum(_cell(c)[1] for c in line[start : max(start, min(end, right))])
    opening, closing = "…" * (left > 0), "…" * (right < len(line))
    return f"{opening}{drawn[0]}{drawn[1]}{closing}", len(opening) + behind, max(1, under)
