"""The Python cells of a notebook, read as one program; what is said of it is said of the cell."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from shapecalc.errors import NothingToRead, ShapecalcError, Span

from .python_file import read_python
from .reading import Page, Piece, Reading

_MAGIC = re.compile(r"^([ \t]*)[%!?](?=\S)", re.MULTILINE)


def read_code(pages: Sequence[Page], numbers: Sequence[int]) -> list[Reading]:
    """The problems of the pages with these numbers; none where they tell no shapes."""
    texts = {n: _program(pages[n].text) for n in numbers}
    texts = {n: t for n, t in texts.items() if t}
    if not texts:
        return []
    starts: dict[int, int] = {}
    place = 0
    for n, text in texts.items():
        starts[n] = place
        place += len(text) + 1
    try:
        readings = read_python("\n".join(texts.values()), pages[0].name)
    except NothingToRead:
        return []
    return [_in_cells(r, list(pages), starts) for r in readings]


def _program(text: str) -> str:
    """A cell as Python, its magics as comments of the same length; empty where it is no Python."""
    if text.lstrip().startswith("%%"):
        return ""
    text = _MAGIC.sub(r"\1#", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    return text


def _in_cells(reading: Reading, pages: list[Page], starts: dict[int, int]) -> Reading:
    """The same, with its places in the cells."""

    def cell(place: int) -> int:
        return max((n for n, start in starts.items() if start <= place), key=starts.__getitem__)

    def piece(p: Piece) -> Piece:
        if p.start < 0:
            return p
        n = cell(p.start)
        return Piece(p.text, p.start - starts[n], p.end - starts[n], n)

    def problem(error: ShapecalcError) -> ShapecalcError:
        if error.span is None:
            return error
        n = cell(error.span[0])
        moved = copy(error)
        start, end = error.span
        span: Span = (start - starts[n], end - starts[n])
        moved.span, moved.source, moved.name = span, None, None
        return moved.at(pages[n].text, pages[n].name)

    made = tuple(map(piece, reading.pieces))
    first = next((p.page for p in made if p.start >= 0), 0)
    title = reading.title if reading.title != "the file" else (pages[first].name or "").rpartition(": ")[2]
    return replace(reading, pieces=made, pages=tuple(pages), problems=tuple(map(problem, reading.problems)), title=title)
