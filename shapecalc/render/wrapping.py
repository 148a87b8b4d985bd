"""Sentences as lines of characters, folded at a width."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Code, Content, Dims, Math, Words
from ..shapes import Shape
from ..symbols import shape_box
from .canvas import Line, Span, cells, width
from .characters import Characters, ascii_text

GLUE = "\u00a0"  # a blank inside a formula, where a line would rather not end


def shape_line(shape: Shape, plain: bool) -> Line:
    """A shape, its sizes in their looks."""
    return Characters(plain, inline=True).draw(shape_box(shape)).lines[0]


def sentence(content: Content, plain: bool = False) -> Line:
    """A sentence on one line."""
    out: list[Span] = []
    for part in content:
        match part:
            case Words(text, style):
                out.append((ascii_text(text) if plain else text, style))
            case Code(text):
                out.append((ascii_text(text) if plain else text, "code"))
            case Math(box):
                drawn = Characters(plain, inline=True).draw(box).lines[0]
                out += [(text.replace(" ", GLUE), look) for text, look in drawn]
            case Dims(shape):
                out += [(text.replace(" ", GLUE), look) for text, look in shape_line(shape, plain)]
    return tuple(out)


def unglued(line: Line) -> Line:
    """A finished line."""
    return tuple((text.replace(GLUE, " "), look) for text, look in line)


def wrapped(line: Line, limit: int | None) -> list[Line]:
    """The line in lines of at most so many cells, broken at blanks; a word that is longer is broken where it must be."""
    if limit is None or width(line) <= limit:
        return [unglued(line)]
    out: list[list[Span]] = [[]]
    used = 0
    for word in _words(line):
        size = width(word)
        blank = bool(out[-1])
        if used + blank + size <= limit:
            out[-1] += [(" ", ""), *word] if blank else word
            used += blank + size
            continue
        for piece in _pieces(word, limit):
            if out[-1]:
                out.append([])
            out[-1] = list(piece)
            used = width(piece)
    return [unglued(tuple(spans)) for spans in out]


def _words(line: Line) -> Iterator[Line]:
    """The words of a line; a word may be of several looks."""
    word: list[Span] = []
    for text, look in line:
        first, *rest = text.split(" ")
        if first:
            word.append((first, look))
        for piece in rest:
            if word:
                yield tuple(word)
            word = [(piece, look)] if piece else []
    if word:
        yield tuple(word)


def _pieces(word: Line, limit: int) -> Iterator[Line]:
    """A word that does not fit: at its glued blanks, and character by character where there are none."""
    if width(word) <= limit:
        yield word
        return
    if any(GLUE in text for text, _ in word):
        yield from wrapped(unglued(word), limit)
        return
    line: list[Span] = []
    used = 0
    for text, look in word:
        for c in text:
            if used + cells(c) > limit and line:
                yield tuple(line)
                line, used = [], 0
            line.append((c, look))
            used += cells(c)
    if line:
        yield tuple(line)
