"""The blocks of a text that hold mathematics, in order: sheets in the language, and displays of LaTeX that follow them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.errors import NothingToRead, ShapecalcError, TooLarge

from ..statements import Declaration, Statement, split
from ..tree import Name
from .draft import Draft
from .latex_asides import inline
from .latex_claims import Claims
from .latex_reader import introduced, read_aside, read_display
from .latex_tokens import Macros
from .reading import Page, Piece, Reading
from .told_shapes import told

MOST_PROBLEMS = 1_000
MOST_DISPLAYS = 1_000
MOST_SHEETS = 4_000
MOST_WAITING = 20  # definitions in prose that are tried again when more is known


class Block(NamedTuple):
    """A stretch of a page. kind: sheet, line (one of several lines that make a sheet), or math."""

    kind: str
    start: int
    end: int
    page: int = 0


def read_blocks(
    pages: list[Page], blocks: Iterable[Block], hint: str, macros: Macros | None = None, layout: str = "denominator"
) -> list[Reading]:
    """A problem for each sheet that declares something; what follows belongs to it, up to the next one."""
    blocks = list(blocks)
    if not any(block.kind in ("sheet", "line") for block in blocks):
        return _by_prose(pages, blocks, hint, macros, layout)
    readings: list[Reading] = []
    claims: Claims | None = None
    displays = sheets = 0
    for block in blocks:
        if block.kind == "math":
            displays += claims is not None
            if displays > MOST_DISPLAYS:
                error = TooLarge(f"of one file at most {MOST_DISPLAYS} displays are read", (block.start, block.start + 1))
                raise error.at(pages[block.page].text, pages[block.page].name)
            if claims is not None:
                read_display(claims, block.start, block.end, macros, block.page)
            continue
        sheets += 1
        if sheets > MOST_SHEETS:
            error = TooLarge(f"of one file at most {MOST_SHEETS} pieces of sheets are read", (block.start, block.start + 1))
            raise error.at(pages[block.page].text, pages[block.page].name)
        if claims is None or _begins(block, claims.draft, pages[block.page]):
            if claims is not None:
                _finish(claims, readings)
            if len(readings) >= MOST_PROBLEMS:
                error = TooLarge(f"of one file at most {MOST_PROBLEMS} problems are read", (block.start, block.start + 1))
                raise error.at(pages[block.page].text, pages[block.page].name)
            claims = Claims(Draft(pages, _title(pages[block.page], block.start)), layout)
        claims.draft.sheet_text(block.start, block.end, block.page)
    if claims is not None:
        _finish(claims, readings)
    if not readings:
        name = pages[0].name if pages else None
        raise NothingToRead("there is nothing to read: no shapes are declared", hint=hint).at("", name)
    return readings


def _by_prose(pages: list[Page], blocks: list[Block], hint: str, macros: Macros | None, layout: str) -> list[Reading]:
    """One problem, its shapes told by the text around the displays."""
    claims = Claims(Draft(pages), layout)
    for number, page in enumerate(pages):
        for t in told(page.text, hint.startswith("a fenced")):
            names = [n for n in t.names if n not in claims.draft.sheet.names and not _of_gradient(n, page.text)]
            try:
                if names:
                    claims.draft.line([Piece(f"{', '.join(names)}: {t.text}", *t.span, number)])
            except ShapecalcError as error:
                claims.draft.problem(error, number)
    readings: list[Reading] = []
    if claims.draft.sheet.declared:
        waiting: list[Block] = []  # L = ||z - y||^2, where z is told behind it
        displayed = frozenset().union(*(introduced(pages[b.page], b.start, b.end, macros) for b in blocks[:MOST_DISPLAYS]))
        for block in _with_asides(pages, blocks)[:MOST_DISPLAYS]:
            known = len(claims.draft.sheet.names)
            if block.kind == "math":
                read_display(claims, block.start, block.end, macros, block.page)
            elif not read_aside(claims, block.start, block.end, macros, block.page, displayed):
                waiting = [*waiting, block][-MOST_WAITING:]
            if len(claims.draft.sheet.names) > known:
                waiting = [b for b in waiting if not read_aside(claims, b.start, b.end, macros, b.page, displayed)]
        _finish(claims, readings)
    if not readings:
        name = pages[0].name if pages else None
        raise NothingToRead("there is nothing to read: no shapes are declared", hint=hint).at("", name)
    return readings


def _of_gradient(name: str, text: str) -> bool:
    """Whether what is told is the shape of a gradient: dO beside an O that the text names as well."""
    return name.startswith("d") and name[1:].isidentifier() and re.search(rf"(?<![A-Za-z\\]){name[1:]}(?![A-Za-z])", text) is not None


def _with_asides(pages: list[Page], blocks: list[Block]) -> list[Block]:
    """Displays, and what stands between dollars in the prose around them, in order."""
    asides: list[Block] = []
    for number, page in enumerate(pages):
        inside = sorted((b.start, b.end) for b in blocks if b.page == number)
        for start, end in itertools.pairwise([0, *itertools.chain.from_iterable(inside), len(page.text)]):
            if (start, end) not in inside:
                asides += [Block("aside", *span, number) for span in inline(page.text, start, end)]
    return sorted([*blocks, *asides], key=lambda b: (b.page, b.start))


def _title(page: Page, place: int) -> str:
    """Where a problem begins: line 12, or cell 3 of a notebook."""
    cell = (page.name or "").rpartition(": ")[2] if page.lines else ""
    return cell or f"line {page.line(place)}"


def _finish(claims: Claims, readings: list[Reading]) -> None:
    claims.finish()
    reading = claims.draft.reading()
    if reading.pieces or reading.problems:
        readings.append(reading)


def _begins(block: Block, draft: Draft, page: Page) -> bool:
    """Whether a sheet begins a problem: a block that declares anything, a line that declares a name once more."""
    errors: list[ShapecalcError] = []
    declared = [name.id for s in split(page.text[block.start : block.end], errors) for name in _names(s)]
    return bool(declared) if block.kind == "sheet" else any(name in draft.sheet.declared for name in declared)


def _names(statement: Statement) -> list[Name]:
    return list(statement.names) if isinstance(statement, Declaration) else []
