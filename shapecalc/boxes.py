"""How a formula looks, whatever it is printed in: a closed set of boxes. Parentheses are boxes: no printer adds or drops one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeGuard, Union, get_args

from .records import record

TIMES = "\u2062"  # a product without a sign
APPLY = "\u2061"  # between a function and its argument
TOP = "⊤"
BINARY = frozenset("+−±⊙⊘⊗·×")
RELATIONS = frozenset("=≠≈≤≥<>→∈")


@record
class Symbol:
    """A name. One character is set in italics, several upright; ``kind``: matrix, vector, scalar, tensor, size, function or plain."""

    text: str
    kind: str = "scalar"
    bold: bool = False


@record
class Number:
    """Digits, with a decimal point at most."""

    text: str


@record
class Operator:
    """A sign: + − = ⊙ ⊘ ⊗ , ∂ ..., `TIMES` or `APPLY`. Whether it is binary follows from where it stands."""

    glyph: str


@record
class Text:
    """Upright words inside a formula: otherwise, axis=0."""

    text: str


@record
class Row:
    """Boxes side by side."""

    items: tuple[Box, ...]


@record
class Frac:
    """A quotient; ``derivative``: ∂L/∂Z, which on one line needs no sign before the next factor."""

    above: Box
    below: Box
    derivative: bool = False


@record
class Scripts:
    """Something with an index, an exponent, or both."""

    body: Box
    sub: Box | None = None
    sup: Box | None = None


@record
class Fenced:
    """Something between delimiters: ( [ { | ‖ ⟨ and their partners."""

    open: str
    close: str
    body: Box


@record
class Under:
    """A factor with something small below it: its shape."""

    body: Box
    note: Box


@record
class Over:
    """An accent: ``hat``, ``bar`` or ``tilde``."""

    body: Box
    accent: str


@record
class Sqrt:
    """A square root."""

    body: Box


@record
class Sum:
    """A big operator (a sum, or max with something under it) before what it acts on."""

    below: Box
    above: Box | None
    body: Box
    glyph: str = "∑"


@record
class Grid:
    """A matrix written out. Entries may be `Linked`, so that those that belong together light up together."""

    rows: tuple[tuple[Box, ...], ...]
    open: str = "["
    close: str = "]"


@record
class Cases:
    """Values, each with the condition under which it holds."""

    rows: tuple[tuple[Box, Box], ...]


@record
class Tinted:
    """Something in the colour of a size name."""

    body: Box
    size: str


@record
class Linked:
    """Something that belongs to a group; where the format can, the members of a group light up together."""

    body: Box
    group: str


Box = Union[  # noqa: UP007 - a runtime alias
    Symbol, Number, Operator, Text, Row, Frac, Scripts, Fenced, Under, Over, Sqrt, Sum, Grid, Cases, Tinted, Linked
]  # fmt: skip
EMPTY = Row(())


def is_box(value: object) -> TypeGuard[Box]:
    """Whether something is a box."""
    return isinstance(value, get_args(Box))


def op(glyph: str) -> Operator:
    """A sign."""
    return Operator(glyph)


def row(*items: Box | str) -> Box:
    """Boxes side by side, rows inside flattened; a string is a sign."""
    flat: list[Box] = []
    for item in items:
        if isinstance(item, str):
            flat.append(Operator(item))
        elif isinstance(item, Row):
            flat.extend(item.items)
        else:
            flat.append(item)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def items(box: Box) -> tuple[Box, ...]:
    """The boxes of a row; any other box is a row of one."""
    return box.items if isinstance(box, Row) else (box,)


def joined(items: list[Box] | tuple[Box, ...], glyph: str) -> Box:
    """Boxes with a sign between them."""
    out: list[Box | str] = []
    for item in items:
        out += [glyph, item] if out else [item]
    return row(*out)


def paren(body: Box) -> Fenced:
    """In parentheses."""
    return Fenced("(", ")", body)


def sup(body: Box, script: Box) -> Scripts:
    """An exponent; it joins an index that is there already."""
    if isinstance(body, Scripts) and body.sup is None:
        return Scripts(body.body, body.sub, script)
    return Scripts(body, None, script)


def sub(body: Box, script: Box) -> Scripts:
    """An index; it joins an exponent that is there already."""
    if isinstance(body, Scripts) and body.sub is None:
        return Scripts(body.body, script, body.sup)
    return Scripts(body, script, None)


def children(box: Box) -> tuple[Box, ...]:
    """The boxes directly inside."""
    match box:
        case Row(items):
            return items
        case Frac(above, below):
            return (above, below)
        case Scripts(body, low, high):
            return (body, *(b for b in (low, high) if b is not None))
        case Fenced(_, _, body) | Over(body) | Sqrt(body) | Tinted(body) | Linked(body):
            return (body,)
        case Under(body, note):
            return (body, note)
        case Sum(below, above, body):
            return (below, *((above,) if above is not None else ()), body)
        case Grid(rows) | Cases(rows):
            return tuple(cell for line in rows for cell in line)
        case _:
            return ()


def walk(box: Box) -> Iterator[Box]:
    """The box and everything inside it, in reading order."""
    yield box
    for child in children(box):
        yield from walk(child)


def tall(box: Box) -> bool:
    """Whether delimiters around it have to grow."""
    return any(isinstance(b, Frac | Sum | Grid | Cases | Under) for b in walk(box))


def depth(box: Box) -> int:
    """How many delimiters stand inside one another: those around them are drawn larger."""
    inside = max((depth(child) for child in children(box)), default=0)
    return inside + 1 if isinstance(box, Fenced) else inside


def inlined(box: Box) -> Box:
    """The box for a sentence: a derivative that is no factor of a product becomes ∂L/∂Z, in the height of the line."""
    parts = items(box)

    def flat(k: int) -> Box:
        part = parts[k]
        factor = any(0 <= n < len(parts) and parts[n] == Operator(TIMES) for n in (k - 1, k + 1))
        return row(part.above, "/", part.below) if isinstance(part, Frac) and part.derivative and not factor else part

    return row(*map(flat, range(len(parts))))


def prefix(items: tuple[Box, ...], k: int) -> bool:
    """Whether the sign at k is a sign of what follows (a minus that stands first or after another sign)."""
    before = items[k - 1] if k else None
    return before is None or (isinstance(before, Operator) and before.glyph in BINARY | RELATIONS | {",", TIMES, APPLY})


def mapped(box: Box, change: Callable[[Box], Box | None]) -> Box:
    """The box with `change` applied to every part, from the outside in; None goes on inside."""
    changed = change(box)
    if changed is not None:
        return changed

    def inner(b: Box) -> Box:
        return mapped(b, change)

    match box:
        case Row(items):
            return row(*map(inner, items))
        case Frac(above, below, derivative):
            return Frac(inner(above), inner(below), derivative)
        case Scripts(body, low, high):
            return Scripts(inner(body), low and inner(low), high and inner(high))
        case Fenced(opening, closing, body):
            return Fenced(opening, closing, inner(body))
        case Under(body, note):
            return Under(inner(body), inner(note))
        case Over(body, accent):
            return Over(inner(body), accent)
        case Sqrt(body):
            return Sqrt(inner(body))
        case Sum(below, above, body, glyph):
            return Sum(inner(below), above and inner(above), inner(body), glyph)
        case Grid(rows, opening, closing):
            return Grid(tuple(tuple(map(inner, r)) for r in rows), opening, closing)
        case Cases(rows):
            return Cases(tuple((inner(v), inner(c)) for v, c in rows))
        case Tinted(body, size):
            return Tinted(inner(body), size)
        case Linked(body, group):
            return Linked(inner(body), group)
        case _:
            return box
