"""Where a formula that is too long for its line goes on in the next: before + and −, then before ⊙, then between factors."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ..boxes import (
    APPLY,
    BINARY,
    RELATIONS,
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
    items,
    row,
)

Measure = Callable[[Box], float]
SIGNS = {TIMES: 0.17, APPLY: 0.17, "·": 0.75, "/": 0.5}
CONTINUED = Text("")  # what a line that goes on begins with, so that its sign is still a binary one
RANKS = (frozenset("+−") | RELATIONS, frozenset("⊙⊘⊗"), frozenset({TIMES}), frozenset({","}))


def ems(box: Box, display: bool = True) -> float:
    """About how wide a formula is in print, in widths of an m; ``display``: its fractions stand in full size."""
    match box:
        case Symbol(text) | Text(text):
            return letters(text) + 0.05
        case Number(text):
            return 0.5 * len(text)
        case Operator(glyph):
            return SIGNS.get(glyph, 1.25 if glyph in BINARY | RELATIONS else 0.5)
        case Row(parts):
            return sum(ems(part, display) for part in parts)
        case Frac(above, below):
            return (1 if display else 0.75) * max(ems(above, False), ems(below, False)) + 0.25
        case Scripts(body, low, high):
            return ems(body, display) + 0.75 * max(ems(low) if low else 0, ems(high) if high else 0) + 0.05
        case Fenced(opening, _, body):
            return ems(body, display) + (1.0 if opening == "‖" else 1.6 if display and tall(body) else 0.85)
        case Under(body, note):
            return max(ems(body, display), 0.7 * ems(note))
        case Over(body) | Tinted(body) | Linked(body):
            return ems(body, display)
        case Sqrt(body):
            return ems(body, display) + 0.9
        case Sum(below, _, body):
            return max(1.5 if display else 1.1, 0.7 * ems(below)) + 0.2 + ems(body, display)
        case Grid(rows) | Cases(rows):
            columns = list(zip(*rows, strict=True))
            return sum(max(ems(cell, False) for cell in column) for column in columns) + len(columns) + 0.6


@lru_cache(maxsize=4096)
def letters(text: str) -> float:
    """The width of a name: capitals are wide, i and l are not."""
    return sum(0.92 if c in "mwMW" else 0.75 if c.isupper() else 0.38 if c in "fijlrt1,.|()[] " else 0.53 for c in text)


def tall(box: Box) -> bool:
    """Whether parentheses around it must grow."""
    match box:
        case Frac() | Grid() | Sum():
            return True
        case Row(parts):
            return any(map(tall, parts))
        case Scripts(body) | Fenced(_, _, body) | Tinted(body) | Linked(body) | Under(body):
            return tall(body)
        case _:
            return False


def broken(box: Box, limit: float, measure: Measure = ems) -> list[Box]:
    """The lines of a formula, none wider than the limit as far as that can be had."""
    if measure(box) <= limit:
        return [box]
    return [row(*(([CONTINUED]) if k else []), line) for k, line in enumerate(_split(opened(box, limit, measure), limit, measure))]


def opened(box: Box, limit: float, measure: Measure) -> Box:
    """Parentheses and sums that are themselves too long become plain signs, so that a line may end inside."""
    out: list[Box | str] = []
    for part in items(box):
        if isinstance(part, Fenced) and measure(part) > limit / 2:
            out += [part.open, opened(part.body, limit, measure), part.close]
        elif isinstance(part, Sum) and measure(part) > limit / 2:
            out += [Sum(part.below, part.above, Text(""), part.glyph), opened(part.body, limit, measure)]
        elif isinstance(part, Row):
            out.append(opened(part, limit, measure))
        else:
            out.append(part)
    return row(*out)


def _split(box: Box, limit: float, measure: Measure, rank: int = 0) -> list[Box]:
    """The box in lines, broken at signs of this rank and, where that is not enough, of the next."""
    if measure(box) <= limit or rank == len(RANKS):
        return [box]
    lines: list[Box] = []
    for chunk in _chunks(items(box), RANKS[rank]):
        wider = row(lines[-1], chunk) if lines else chunk
        if lines and measure(wider) <= limit:
            lines[-1] = wider
        elif measure(chunk) <= limit:
            lines.append(chunk)
        else:
            pieces = _split(chunk, limit, measure, rank + 1)
            if lines and measure(row(lines[-1], pieces[0])) <= limit:
                lines[-1] = row(lines[-1], pieces.pop(0))
            lines += pieces
    return lines


def _chunks(parts: tuple[Box, ...], signs: frozenset[str]) -> list[Box]:
    """The parts up to each sign; a sign begins the next chunk, but a comma or a silent product ends its own."""
    out: list[list[Box]] = [[]]
    for k, part in enumerate(parts):
        ends = isinstance(part, Operator) and part.glyph in signs
        leading = k == 0 or (isinstance(parts[k - 1], Operator) and parts[k - 1] != Operator(")"))
        if ends and isinstance(part, Operator) and part.glyph in (",", TIMES):
            out[-1].append(part)
            out.append([])
        elif ends and not leading:
            out.append([part])
        else:
            out[-1].append(part)
    return [row(*chunk) for chunk in out if chunk]


def narrower(grid: Grid) -> Grid:
    """A matrix with one column less: the last before its dots goes, or becomes them."""
    first = grid.rows[0]
    dots = next((k for k, cell in enumerate(first) if cell == Operator("⋯")), None)
    if dots is None:
        dots = len(first) - 2
        rows = tuple((*r[:dots], Operator("⋯"), *r[dots + 1 :]) for r in grid.rows)
    else:
        rows = tuple((*r[: dots - 1], *r[dots:]) for r in grid.rows)
    return Grid(rows, grid.open, grid.close)
