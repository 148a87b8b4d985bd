"""Tables in characters: columns as wide as their words, folded where the page is narrow, and as a list where it is too narrow."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Content, Table
from .canvas import Line, padded, width
from .wrapping import sentence, unglued, wrapped

GAP = 3
NARROW = 9  # cells below which a column is no longer legible


def table_lines(table: Table, plain: bool, limit: int | None) -> Iterator[Line]:
    """The lines of a table."""
    if table.caption:
        yield from wrapped(sentence(table.caption, plain), limit)
    header = [sentence(cell, plain) for cell in table.header]
    rows = [[sentence(cell, plain) for cell in cells] for cells in table.rows]
    wanted = [max((width(r[k]) for r in [header, *rows]), default=0) for k in range(len(header))]
    wide = _fitted(wanted, limit)
    if wide is None:
        yield from _listed(table.header, rows, plain, limit)
        return
    rule = "-" if plain else "─"
    yield from _row(header, wide, "strong")
    yield (((rule * (sum(wide) + GAP * (len(wide) - 1))), "muted"),)
    folds = limit is not None and any(w < x for w, x in zip(wide, wanted, strict=True))
    for k, cells in enumerate(rows):
        if folds and k:
            yield ()
        yield from _row(cells, wide)


def _fitted(wanted: list[int], limit: int | None) -> list[int] | None:
    """Widths that add up to no more than the limit: the widest columns give way; None where some would be too narrow."""
    wide = list(wanted)
    if limit is None:
        return wide
    while sum(wide) + GAP * (len(wide) - 1) > limit:
        widest = wide.index(max(wide))
        if wide[widest] <= NARROW:
            return None
        wide[widest] -= 1
    return wide


def _row(cells: list[Line], wide: list[int], look: str = "") -> Iterator[Line]:
    """One row, as high as its highest cell."""
    folded = [wrapped(cell, w) if width(cell) > w else [unglued(cell)] for cell, w in zip(cells, wide, strict=True)]
    for k in range(max(map(len, folded))):
        line: list[tuple[str, str]] = []
        for n, (cell, w) in enumerate(zip(folded, wide, strict=True)):
            part = cell[k] if k < len(cell) else ()
            line += [(" " * GAP, "")] if n else []
            line += padded(tuple((text, own or look) for text, own in part), w)
        yield tuple(line)


def _listed(header: tuple[Content, ...], rows: list[list[Line]], plain: bool, limit: int | None) -> Iterator[Line]:
    """Each row as a list: its first cell, then every other one after the name of its column."""
    for k, cells in enumerate(rows):
        if k:
            yield ()
        for n, cell in enumerate(cells):
            name = sentence(header[n], plain)
            line = (*name, (": ", ""), *cell) if name else cell
            for m, part in enumerate(wrapped(line, limit and limit - 4)):
                yield (("  " * bool(n) + "  " * bool(m), ""), *part) if n or m else part
