"""What a page is made of: plain data, shown by any format. Formulas are boxes; pictures are data too, drawn by the format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Union

from .boxes import Box, Tinted, is_box, walk
from .errors import visible
from .records import record
from .shapes import Shape, names

# ---- inside a sentence


@record
class Words:
    """Text; ``style``: "" | "strong" | "emphasis"."""

    text: str
    style: str = ""

    def __post_init__(self) -> None:
        _made_visible(self)


@record
class Math:
    """A formula inside a sentence."""

    box: Box


@record
class Code:
    """Something to type."""

    text: str

    def __post_init__(self) -> None:
        _made_visible(self)


@record
class Dims:
    """A shape inside a sentence, its sizes in their colours: (S, D)."""

    shape: Shape


Inline = Union[Words, Math, Code, Dims]  # noqa: UP007 - a runtime alias
Content = tuple[Inline, ...]
_MARKS = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


def _made_visible(block: Words | Code | CodeBlock) -> None:
    """Control and direction characters written out where a text enters a page: no format has to think of them, no terminal obeys them."""
    if not block.text.isprintable():
        lines = block.text.split("\n") if isinstance(block, CodeBlock) else [block.text]
        object.__setattr__(block, "text", "\n".join(map(visible, lines)))


def prose(*parts: str | Box | Inline | Content) -> Content:
    """A sentence of pieces: in a string, `...` is code and **...** is strong; boxes and shapes stand as they are.

    >>> prose("the rows, `axis=0`")
    (Words(text='the rows, ', style=''), Code(text='axis=0'))
    """
    out: list[Inline] = []
    for part in parts:
        if isinstance(part, str):
            out += _marked(part)
        elif isinstance(part, tuple):
            out += part
        elif is_box(part):
            out.append(Math(part))
        elif isinstance(part, Words | Math | Code | Dims):
            out.append(part)
    return tuple(out)


def _marked(text: str) -> Iterator[Inline]:
    end = 0
    for found in _MARKS.finditer(text):
        if found.start() > end:
            yield Words(text[end : found.start()])
        yield Code(found[1]) if found[1] else Words(found[2], "strong")
        end = found.end()
    if end < len(text):
        yield Words(text[end:])


# ---- blocks


@record
class Heading:
    """``level`` 1 is the first below the title of the document."""

    text: Content
    level: int = 1


@record
class Prose:
    """A paragraph."""

    text: Content


@record
class Formula:
    """One displayed formula; its shape stands beside it where it is not None; ``label``: a few words before it."""

    box: Box
    shape: Shape | None = None
    label: Content = ()


@record
class Line:
    """One line of a derivation: left relation right, why, and the shape. ``left`` None: the line goes on from the one above."""

    left: Box | None
    right: Box
    reason: Content = ()
    shape: Shape | None = None
    relation: str = "="


@record
class Aligned:
    """Lines with their relations below one another."""

    lines: tuple[Line, ...]
    numbered: bool = False


@record
class Matrix:
    """A matrix written out: name = body, with its shape, and a few words below."""

    body: Box
    name: Box | None = None
    shape: Shape | None = None
    caption: Content = ()


@record
class MatrixBlock:
    """Matrices side by side, as far as the page is wide."""

    matrices: tuple[Matrix, ...]


@record
class Table:
    """A table; every row has as many cells as the header. The first column names the row where ``row_headers`` is set."""

    header: tuple[Content, ...]
    rows: tuple[tuple[Content, ...], ...]
    caption: Content = ()
    row_headers: bool = True


@record
class Callout:
    """Something set apart; ``kind``: answer | reduction | note | warning | certificate | right | wrong."""

    kind: str
    title: Content
    body: tuple[Block, ...]


@record
class CodeBlock:
    """Lines to type or to read; ``language``: python | text | shapecalc | json ..."""

    text: str
    language: str = "text"

    def __post_init__(self) -> None:
        _made_visible(self)


@record
class Picture:
    """A drawing: ``svg`` as text, ``alt`` as words for whoever does not see it, ``text`` the same in characters, if it can be drawn so."""

    svg: str
    alt: str
    caption: Content = ()
    text: str = ""


@record
class Rule:
    """A line across the page."""


@record
class List:
    """Points, numbered if they are ``ordered``."""

    items: tuple[Content, ...]
    ordered: bool = False


@record
class Beside:
    """Blocks in columns where the page is wide enough, below one another elsewhere: the linked views of one gradient."""

    columns: tuple[tuple[Block, ...], ...]


Block = Union[  # noqa: UP007 - a runtime alias
    Heading, Prose, Formula, Aligned, MatrixBlock, Table, Callout, CodeBlock, Picture, Rule, List, Beside
]  # fmt: skip


@record
class Document:
    """A page. ``sizes``: the size names in the order of their colours; those not named follow as they appear."""

    title: Content
    blocks: tuple[Block, ...]
    subtitle: Content = ()
    sizes: tuple[str, ...] = ()
    meta: tuple[tuple[str, str], ...] = field(default_factory=tuple)


def inner(block: Block) -> tuple[Block, ...]:
    """The blocks directly inside a block."""
    match block:
        case Callout(_, _, body):
            return body
        case Beside(columns):
            return tuple(b for column in columns for b in column)
        case _:
            return ()


def blocks_of(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those inside others too, in reading order."""
    for block in blocks:
        yield block
        yield from blocks_of(inner(block))


def contents(block: Block) -> tuple[Content, ...]:
    """The sentences of a block itself."""
    match block:
        case Heading(text) | Prose(text):
            return (text,)
        case Formula(_, _, label):
            return (label,)
        case Aligned(lines):
            return tuple(line.reason for line in lines)
        case MatrixBlock(matrices):
            return tuple(m.caption for m in matrices)
        case Table(header, rows, caption):
            return (caption, *header, *(cell for row in rows for cell in row))
        case Callout(_, title):
            return (title,)
        case Picture(_, _, caption):
            return (caption,)
        case List(items):
            return items
        case _:
            return ()


def formulas(block: Block) -> Iterator[Box]:
    """The boxes of a block itself, those in its sentences too."""
    match block:
        case Formula(box):
            yield box
        case Aligned(lines):
            for line in lines:
                yield from (b for b in (line.left, line.right) if b is not None)
        case MatrixBlock(matrices):
            for m in matrices:
                yield from (b for b in (m.name, m.body) if b is not None)
        case _:
            pass
    for content in contents(block):
        yield from (part.box for part in content if isinstance(part, Math))


def shapes(block: Block) -> Iterator[Shape]:
    """The shapes that a block shows."""
    match block:
        case Formula(_, shape) if shape is not None:
            yield shape
        case Aligned(lines):
            yield from (line.shape for line in lines if line.shape is not None)
        case MatrixBlock(matrices):
            yield from (m.shape for m in matrices if m.shape is not None)
        case _:
            pass
    for content in contents(block):
        yield from (part.shape for part in content if isinstance(part, Dims))


def size_names(document: Document) -> tuple[str, ...]:
    """The size names of a document in the order of their colours."""
    found = dict.fromkeys(document.sizes)
    for block in blocks_of(document.blocks):
        for shape in shapes(block):
            found.update((name, None) for dim in shape for name in names(dim))
        for box in formulas(block):
            found.update((b.size, None) for b in walk(box) if isinstance(b, Tinted))
    return tuple(found)
