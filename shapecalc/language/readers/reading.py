"""What comes of reading a file: a sheet in the language, with a map from each of its characters back to what people edit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from shapecalc.errors import ShapecalcError, Span


@dataclass(frozen=True, slots=True)
class Page:
    """A text that people edit: a file, or one cell of a notebook.

    name: as messages call it. lines: for each line of a cell the line of the file in which it stands, counted from 1.
    """

    text: str
    name: str | None = None
    lines: tuple[int, ...] = ()

    def line(self, place: int) -> int:
        """The line of the file in which this character of the page stands."""
        line = self.text.count("\n", 0, place) + 1
        return self.lines[min(line, len(self.lines)) - 1] if self.lines else line


class Piece(NamedTuple):
    """A stretch of a sheet, and what of a page it says; one that says nothing of any page begins at -1."""

    text: str
    start: int = -1
    end: int = -1
    page: int = 0


class Place(NamedTuple):
    """A span of a page, as a person finds it: line and column count from 1; file_line is the line in the file that holds the page."""

    page: Page
    span: Span
    line: int
    column: int
    file_line: int


@dataclass(frozen=True)
class Reading:
    """A problem that was read from a file.

    source: the sheet, in the language; "" where nothing could be made of the file. pieces: the same text, with its places.
    problems: what could not be read, each pointing into its page. names: names that were made up here, and what the file writes.
    title: what a report calls it: the function, or the line where it begins.
    """

    pieces: tuple[Piece, ...]
    pages: tuple[Page, ...]
    problems: tuple[ShapecalcError, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @cached_property
    def source(self) -> str:
        """The sheet in the language."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def _starts(self) -> list[int]:
        starts, place = [], 0
        for piece in self.pieces:
            starts.append(place)
            place += len(piece.text)
        return starts

    def place(self, span: Span) -> Place | None:
        """Where a span of the sheet comes from; None where it comes from nowhere."""
        found = self._origin(span)
        if found is None:
            return None
        page, (start, end) = self.pages[found[0]], found[1]
        column = start - page.text.rfind("\n", 0, start)
        return Place(page, (start, end), page.text.count("\n", 0, start) + 1, column, page.line(start))

    def _origin(self, span: Span) -> tuple[int, Span] | None:
        """The page and the span of the page behind a span of the sheet."""
        first = max(0, bisect_right(self._starts, span[0]) - 1)
        last = max(first, bisect_right(self._starts, max(span[0], span[1] - 1)) - 1)
        found = [self._part(k, span) for k in range(first, last + 1) if k < len(self.pieces) and self.pieces[k].start >= 0]
        if not found:
            near = [*range(last + 1, min(last + 3, len(self.pieces))), *range(first - 1, max(first - 3, -1), -1)]
            found = [(p.page, (p.start, p.end)) for k in near if (p := self.pieces[k]).start >= 0][:1]
        if not found:
            return None
        page = found[0][0]
        parts = [part for number, part in found if number == page]
        return page, (min(a for a, _ in parts), max(b for _, b in parts))

    def _part(self, k: int, span: Span) -> tuple[int, Span]:
        """What of a page the part of a piece inside a span says: the same characters, where they were copied."""
        piece, begin = self.pieces[k], self._starts[k]
        if len(piece.text) != piece.end - piece.start or not self.pages[piece.page].text.startswith(piece.text, piece.start):
            return piece.page, (piece.start, piece.end)
        start = max(span[0] - begin, 0)
        return piece.page, (piece.start + start, piece.start + max(start, min(span[1] - begin, len(piece.text))))

    def anchored(self, error: ShapecalcError) -> ShapecalcError:
        """An error about the sheet as an error about the file; one that points into a page already stays as it is."""
        if error.source is not None and error.source != self.source:
            return error
        moved = copy(error)
        place = self.place(error.span) if error.span is not None else None
        moved.span = place and place.span
        moved.source, moved.name = None, None
        page = place.page if place else self.pages[0]
        return moved.at(page.text, page.name)


def whole(text: str, name: str | None = None, title: str = "") -> Reading:
    """A file that is a sheet already."""
    return Reading((Piece(text, 0, len(text)),), (Page(text, name),), title=title)


def joined(pieces: Iterable[Piece]) -> str:
    """The text of pieces."""
    return "".join(piece.text for piece in pieces)
