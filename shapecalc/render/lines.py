"""A document as lines of characters, each piece with its look: what plain text and the terminal share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blocks import (
    Aligned,
    Beside,
    Block,
    Callout,
    CodeBlock,
    Content,
    Document,
    Formula,
    Heading,
    List,
    Matrix,
    MatrixBlock,
    Picture,
    Prose,
    Rule,
    Table,
    Words,
)
from ..boxes import Grid
from .canvas import Canvas, Line, beside, cells, of, width
from .characters import Characters, ascii_text
from .steps import aligned_lines, folded, squeezed
from .tables import table_lines
from .wrapping import sentence, shape_line, wrapped

PAGE = 100  # cells that matrices may take side by side where nothing folds
EMPTY: Line = ()


def document_lines(document: Document, plain: bool = False, limit: int | None = None) -> Iterator[Line]:
    """The whole page."""
    page = Page(plain, limit)
    title = sentence(document.title, plain)
    if title:
        yield from (page.looking(line, "title") for line in wrapped(title, limit))
        yield (((("=" if plain else "═") * min(width(title), limit or width(title)), "title")),)
    if document.subtitle:
        yield from wrapped(sentence(document.subtitle, plain), limit)
    body = list(page.blocks(document.blocks))
    if title and body:
        yield EMPTY
    yield from body


class Page:
    """Draws blocks below one another, with one empty line between."""

    def __init__(self, plain: bool = False, limit: int | None = None) -> None:
        self.plain = plain
        self.limit = limit
        self.characters = Characters(plain)

    def blocks(self, blocks: Iterable[Block]) -> Iterator[Line]:
        """Blocks one after the other."""
        first = True
        for block in blocks:
            lines = list(self.block(block))
            if lines and not first:
                yield EMPTY
            first = first and not lines
            yield from lines

    def block(self, block: Block) -> Iterable[Line]:
        """One block."""
        match block:
            case Heading(text, level):
                return self.heading(text, level)
            case Prose(text):
                return wrapped(sentence(text, self.plain), self.limit)
            case Formula():
                return self.formula(block)
            case Aligned():
                return self.indented(aligned_lines(block, self.plain, self.room(2)), 2)
            case MatrixBlock(matrices):
                return self.indented(self.matrices(matrices), 2)
            case Table():
                return table_lines(block, self.plain, self.limit)
            case Callout():
                return self.callout(block)
            case CodeBlock(text):
                return [((("    " + (ascii_text(line) if self.plain else line)).rstrip(), "code"),) for line in text.splitlines()]
            case Picture():
                return self.picture(block)
            case Rule():
                return [((("-" if self.plain else "─") * min(self.limit or 60, 60), "muted"),)]
            case List(points, ordered):
                return self.points(points, ordered)
            case Beside(columns):
                return self.blocks(b for column in columns for b in column)

    def room(self, indent: int) -> int | None:
        """What is left of the width."""
        return None if self.limit is None else max(20, self.limit - indent)

    def looking(self, line: Line, look: str) -> Line:
        """A line whose pieces without a look get this one."""
        return tuple((text, own or look) for text, own in line)

    def indented(self, lines: Iterable[Line], by: int) -> Iterator[Line]:
        """Lines moved to the right."""
        for line in lines:
            yield ((" " * by, ""), *line) if line else line

    def heading(self, text: Content, level: int) -> Iterator[Line]:
        """Underlined, from the third level on without a line."""
        line = sentence(text, self.plain)
        yield from (self.looking(part, "heading") for part in wrapped(line, self.limit))
        if level < 3:
            mark = ("-." if self.plain else "─┄")[level - 1]
            yield ((mark * min(width(line), self.limit or width(line)), "muted"),)

    def formula(self, block: Formula) -> Iterator[Line]:
        """A formula, moved in, and its shape behind it."""
        yield from wrapped(sentence(block.label, self.plain), self.limit) if block.label else ()
        room = self.room(2)
        shape = shape_line(block.shape, self.plain) if block.shape is not None else EMPTY
        parts = folded(block.box, self.characters, room)
        if room is not None and len(parts) > 1:
            parts = folded(block.box, self.characters, room - 2)  # lines that go on stand further to the right
        if shape and (room is None or parts[-1].width + 3 + width(shape) <= room):
            parts[-1] = beside([parts[-1], of("   "), Canvas((shape,))])
            shape = EMPTY
        for k, canvas in enumerate(parts):
            yield from self.indented(canvas.lines, 4 if k else 2)
        if shape:
            yield from self.indented([shape], 6)

    def matrices(self, matrices: tuple[Matrix, ...]) -> Iterator[Line]:
        """As many side by side as fit."""
        room = self.room(2) or PAGE
        waiting: list[Canvas] = []
        first = True
        for canvas in [*map(self.matrix, matrices), None]:
            together = sum(c.width for c in waiting) + 4 * len(waiting) + (canvas.width if canvas else 0)
            if waiting and (canvas is None or together > room):
                if not first:
                    yield EMPTY
                first = False
                yield from beside([part for c in waiting for part in (c, of("    "))][:-1]).lines
                waiting = []
            if canvas is not None:
                waiting.append(canvas)

    def matrix(self, matrix: Matrix) -> Canvas:
        """name = body, then the shape, or below where there is no room; the words last."""
        name = [self.characters.draw(matrix.name), of(" = ")] if matrix.name is not None else []
        indent = sum(part.width for part in name)
        room = (self.room(2) or PAGE) - indent
        body = self.characters.draw(matrix.body)
        if isinstance(matrix.body, Grid) and body.width > room:
            body = squeezed(matrix.body, self.characters, room)
        drawn = beside([*name, body])
        if matrix.shape is not None:
            shape = Canvas((shape_line(matrix.shape, self.plain),))
            if drawn.width + 2 + shape.width <= room + indent:
                drawn = beside([drawn, of("  "), shape])
            else:
                drawn = Canvas((*drawn.lines, ((" " * indent, ""), *shape.lines[0])), drawn.base)
        if matrix.caption:
            words = wrapped(sentence(matrix.caption, self.plain), max(drawn.width, 24))
            return Canvas((*drawn.lines, *(self.looking(line, "muted") for line in words)), drawn.base)
        return drawn

    def callout(self, block: Callout) -> Iterator[Line]:
        """A bar at the left of everything in it."""
        bar = (("| " if self.plain else "┃ "), f"bar:{block.kind}")
        inner = Page(self.plain, self.room(2))
        body = list(inner.blocks(block.body))
        for line in wrapped(sentence(block.title, self.plain), self.room(2)) if block.title else ():
            yield (bar, *self.looking(line, "strong"))
        for line in body:
            yield (bar, *line)

    def picture(self, block: Picture) -> Iterator[Line]:
        """Its own drawing in characters; else its words."""
        if block.text:
            yield from (((("  " + (ascii_text(line) if self.plain else line)), ""),) for line in block.text.splitlines())
        else:
            words = sentence((Words(f"[picture: {block.alt}]"),), self.plain)
            yield from (self.looking(line, "muted") for line in wrapped(words, self.limit))
        if block.caption:
            yield from wrapped(sentence(block.caption, self.plain), self.limit)

    def points(self, points: tuple[Content, ...], ordered: bool) -> Iterator[Line]:
        """Points with a mark, the lines of one below one another."""
        for k, point in enumerate(points, 1):
            mark = f"{k}. " if ordered else ("* " if self.plain else "• ")
            for n, line in enumerate(wrapped(sentence(point, self.plain), self.room(cells(mark)))):
                yield (((" " * cells(mark)) if n else mark, ""), *line)
