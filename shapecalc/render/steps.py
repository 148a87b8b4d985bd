"""The lines of a derivation in columns: left = right | shape | reason; below one another where the width does not suffice."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Aligned, Line
from ..boxes import Box, Grid, row
from .breaking import broken, narrower
from .canvas import Canvas, beside, grid, of, padded, stacked, width
from .canvas import Line as Drawn
from .characters import Characters
from .wrapping import sentence, shape_line, wrapped

WIDEST = 64  # cells a formula may take before its reason follows it without being lined up
NARROWEST = 22  # cells below which reasons go under the formula


def folded(box: Box, characters: Characters, room: int | None) -> list[Canvas]:
    """A formula in as many canvases as it takes to stay within the room."""
    if room is None:
        return [characters.draw(box)]

    def measure(part: Box) -> float:
        return float(characters.draw(part).width)

    return [characters.draw(part) for part in broken(box, room, measure)]


def squeezed(body: Grid, characters: Characters, room: int) -> Canvas:
    """A matrix that is too wide: without some of its columns where it has many, else with its entries on several lines."""
    while characters.draw(body).width > room and len(body.rows[0]) > 3:
        body = narrower(body)
    drawn = characters.draw(body)
    if drawn.width <= room:
        return drawn
    columns = len(body.rows[0])
    limit = max(6, (room - 4) // columns - 2)
    rows: list[list[Canvas]] = []
    for cells in body.rows:
        if rows:
            rows.append([of(" ")] * columns)
        rows.append([stacked(folded(cell, characters, limit), 0, "left") for cell in cells])
    return grid(rows, body.open, body.close, characters.plain, "left")


def aligned_lines(block: Aligned, plain: bool, limit: int | None) -> Iterator[Drawn]:
    """The lines of the block."""
    characters = Characters(plain)
    lefts = [characters.draw(line.left) if line.left is not None else of("") for line in block.lines]
    indent = max((c.width for c in lefts), default=0)
    rights = [characters.draw(row(line.relation, line.right)) for line in block.lines]
    shapes = [shape_line(line.shape, plain) if line.shape is not None else () for line in block.lines]
    wide = max((c.width for c in rights if c.width <= WIDEST), default=0)
    shaped = max(map(width, shapes), default=0)
    margin = 4 if block.numbered else 0
    before = margin + indent + wide + 3 + (shaped + 3 if shaped else 0)
    reasons = any(line.reason for line in block.lines)
    fits = limit is None or before + (NARROWEST if reasons else -3) <= limit
    for k, line in enumerate(block.lines):
        head = [of(f"{k + 1:>2}. ", "muted")] if block.numbered else []
        left = Canvas(tuple(padded(x, indent, "right") for x in lefts[k].lines), lefts[k].base)
        if fits and (limit is None or margin + indent + rights[k].width <= limit):
            reason = wrapped(sentence(line.reason, plain), None if limit is None else limit - before) if line.reason else []
            yield from _beside([*head, left], rights[k], shapes[k], reason, (wide, shaped))
        else:
            yield from _below([*head, left], line, shapes[k], characters, limit or 80)


def _beside(
    head: list[Canvas], right: Canvas, shape: Drawn, reason: list[Drawn], widths: tuple[int, int]
) -> Iterator[Drawn]:
    """One line with everything beside everything."""
    wide, shaped = widths
    parts = [*head, _wide(right, wide)]
    if shaped:
        parts += [of("   "), _wide(Canvas((shape,)), shaped)]
    if reason:
        parts += [of("   "), Canvas(tuple(tuple((text, look or "muted") for text, look in line) for line in reason))]
    yield from beside(parts).lines


def _wide(canvas: Canvas, wide: int) -> Canvas:
    return Canvas(tuple(padded(line, wide) for line in canvas.lines), canvas.base)


def _below(head: list[Canvas], line: Line, shape: Drawn, characters: Characters, limit: int) -> Iterator[Drawn]:
    """The formula, broken where it must be; under it the shape and the reason."""
    indent = sum(c.width for c in head)
    if indent > limit // 2:
        yield from beside(head).lines
        head, indent = [of("   ")], 4
    room = max(16, limit - indent)
    drawn = folded(row(line.relation, line.right), characters, room - 3)
    for k, canvas in enumerate(drawn):
        parts = [*head, canvas] if k == 0 else [of(" " * (indent + 3)), canvas]
        if k == len(drawn) - 1 and shape and indent + 3 + canvas.width + 3 + width(shape) <= limit:
            parts += [of("   "), Canvas((shape,))]
            shape = ()
        yield from beside(parts).lines
    if shape:
        yield ((" " * (indent + 3), ""), *shape)
    for text in wrapped(sentence(line.reason, characters.plain), max(16, limit - indent - 3)) if line.reason else ():
        yield ((" " * (indent + 3), ""), *((t, look or "muted") for t, look in text))
