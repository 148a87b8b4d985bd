"""Products: scalars are gathered into one coefficient in front, matrix products are juxtaposed, entrywise ones keep their sign."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from ..boxes import TIMES, Box, Fenced, Frac, Grid, Number, Scripts, Sqrt, Sum, Symbol, Text, Under, joined, op, row, walk
from ..expr import Apply, Expr, Lit, Var
from ..forms import apply, size
from ..shapes import Dim
from ..symbols import shape_box
from .crossing import crossed, is_column, is_row
from .scalars import Scalars, powers
from .writer import (
    COLUMN,
    ENTRYWISE,
    FRACTION,
    FREE,
    INDEXED,
    PRODUCT,
    ROW,
    SCRIPT,
    SUM,
    Piece,
    Writer,
    fenced,
    number,
    only_scalars,
    raised,
)

LIGHT = 3  # symbols that a fraction of a tensor may carry in its numerator
ONES = Symbol("1", "vector", bold=True)


class Link(NamedTuple):
    """One factor of a matrix product: a formula, drawn as a column or a row if it is 1-D; no formula stands for a vector of ones."""

    e: Expr | None
    orient: str = FREE
    flip: bool = False
    size: Dim = 1

    def flipped(self) -> Link:
        """The transpose."""
        if self.orient == FREE:
            return Link(self.e, FREE, not self.flip, self.size)
        return Link(self.e, ROW if self.orient == COLUMN else COLUMN, False, self.size)


def product(w: Writer, e: Expr, orient: str) -> Piece:
    """Any product or quotient, with its sign."""
    negative, piece = signed(w, e, orient)
    return Piece(row("−", fenced(piece, ENTRYWISE)), SUM, piece.open) if negative else piece


def signed(w: Writer, e: Expr, orient: str) -> tuple[bool, Piece]:
    """Whether e begins with a minus, and what comes after it."""
    if isinstance(e, Lit) and isinstance(e.value, Fraction):
        return e.value < 0, number(abs(e.value))
    scalars = Scalars()
    core = scalars.strip(e)
    scalar_product = isinstance(core, Apply) and core.name in ("mul", "div")
    body = None
    if core.shape == () and (scalar_product or (core is not e and only_scalars(core))):
        scalars.take(core)
    else:
        body = _body(w, core, orient, scalars)
    negative = scalars.number < 0
    scalars.number = abs(scalars.number)
    return negative, _assembled(w, scalars, body)


def _body(w: Writer, e: Expr, orient: str, scalars: Scalars) -> Piece:
    """What is left of a product without its scalars."""
    if isinstance(e, Apply) and e.name in ("mul", "div") and not is_link(w, e):
        return _entrywise(w, e, orient, scalars)
    if isinstance(e, Apply) and is_link(w, e):
        links = chain(w, e, orient, scalars)
        pieces = [link_piece(w, link) for link in links]
        last = len(pieces) - 1
        if not last:
            return pieces[0]
        return Piece(joined([fenced(p, FRACTION, k == last) for k, p in enumerate(pieces)], TIMES), PRODUCT, pieces[-1].open)
    return w.piece(e, orient)


def is_link(w: Writer, e: Expr) -> bool:
    """Whether e is written as factors side by side; a column times a row, entry by entry, is their matrix product."""
    if not isinstance(e, Apply):
        return False
    if e.name in ("outer", "inner"):
        return len(e.args[0].shape) == len(e.args[1].shape) == 1
    if e.name == "mul":
        a, b = (arg.shape for arg in e.args)
        return len(a) == 2 and a[1] == 1 != a[0] and len(b) <= 2 and bool(b) and b[-1] != 1 and b[:-1] in ((), (1,))
    return e.name in ("matmul", "solve") or _summed_axis(w, e) is not None


def _summed_axis(w: Writer, e: Apply) -> int | None:
    """The axis that a product with ones sums over, if e is such a sum."""
    if e.name not in ("sum", "mean") or w.style.sums != "ones" or len(e.args[0].shape) != 2 or not isinstance(e["axis"], int):
        return None
    return int(e["axis"]) % 2


def chain(w: Writer, e: Expr, orient: str, scalars: Scalars) -> list[Link]:
    """The factors of a matrix product from left to right; their scalars are handed over."""
    e = scalars.strip(e)
    if not isinstance(e, Apply) or not is_link(w, e):
        return [Link(e, orient if len(e.shape) == 1 else FREE)]
    axis = _summed_axis(w, e)
    if axis is not None:
        (a,) = e.args
        if e.name == "mean":
            scalars.take(size(a.shape[axis]), inverse=True)
        inner = _factors(w, a, FREE, scalars)
        links = [Link(None, ROW, size=a.shape[0]), *inner] if axis == 0 else [*inner, Link(None, COLUMN, size=a.shape[1])]
    else:
        a, b = e.args
        first, second = (COLUMN, ROW) if e.name in ("outer", "mul") else (ROW, COLUMN)
        left = apply("inv", a) if e.name == "solve" else a
        dropped = _drops_an_axis(e)
        if dropped:  # there are no rows and columns for a vector beside more than a matrix: x[0] is no x transposed
            first, second = (INDEXED if isinstance(x, Apply) and x.name == "squeeze" else o for x, o in ((left, first), (b, second)))
        links = [
            *_factors(w, left, first if len(left.shape) == 1 else FREE, scalars),
            *_factors(w, b, second if len(b.shape) == 1 else FREE, scalars, alone=dropped),
        ]
    if len(e.shape) == 1 and orient not in (FREE, ROW if axis == 0 or (axis is None and len(e.args[0].shape) == 1) else COLUMN):
        links = [link.flipped() for link in reversed(links)]
    return links


def _factors(w: Writer, e: Expr, orient: str, scalars: Scalars, alone: bool = False) -> list[Link]:
    """The factors of a factor; it is one by itself, in parentheses, where it would not be the same without them."""
    e = scalars.strip(e)
    return [Link(e, orient)] if alone or _drops_an_axis(e) else chain(w, e, orient, scalars)


def _drops_an_axis(e: Expr) -> bool:
    """Whether e is a product of a vector and more than a matrix: the axes that meet another factor are not those of its own factors."""
    return isinstance(e, Apply) and e.name == "matmul" and len(e.shape) > 1 and 1 in (len(a.shape) for a in e.args)


def link_piece(w: Writer, link: Link) -> Piece:
    """One factor, transposed if it has to be."""
    if link.e is None:
        box = raised(ONES, op("⊤")) if link.orient == ROW else ONES
        return Piece(Under(box, shape_box((1, link.size) if link.orient == ROW else (link.size, 1))) if w.style.shapes else box)
    return transposed(w, link.e) if link.flip else w.piece(link.e, link.orient)


def transposed(w: Writer, e: Expr) -> Piece:
    """The transpose of a matrix (of the last two axes)."""
    if isinstance(e, Apply) and e.name == "transpose" and len(e.shape) == 2:
        return w.piece(e.args[0])
    if isinstance(e, Apply) and e.name == "inv" and not _symmetric(e.args[0]):
        return Piece(w.noted(e, raised(w.base(e.args[0]), row("−", "⊤"))))
    if _symmetric(e.args[0] if isinstance(e, Apply) and e.name == "inv" else e):
        return w.piece(e)
    return Piece(raised(w.base(e), op("⊤")))


def _symmetric(e: Expr) -> bool:
    return isinstance(e, Var) and bool(e.properties & {"symmetric", "posdef", "diagonal"})


def _entrywise(w: Writer, e: Apply, orient: str, scalars: Scalars) -> Piece:
    """A ⊙ B ⊘ C, or a scalar over a tensor as a fraction."""
    if e.name == "div" and e.args[0].shape == ():
        return Piece(Frac(w.plain().piece(e.args[0]).box, w.plain().piece(e.args[1], orient).box), FRACTION)
    factors = [(sign, scalars.strip(a)) for sign, a in _flat(e, scalars)]
    parts: list[Box | str] = []
    if not crossed(e, [a for _, a in factors]):
        for sign, a in factors:
            parts += [sign] if parts else []
            parts.append(spread(w, a, e, orient, FRACTION))
        return Piece(row(*parts), ENTRYWISE)
    whole = [(sign, a) for sign, a in factors if not (is_column(a) or is_row(a))]
    outer = _crossing(w, factors)
    if not whole:
        return outer
    drawn = [(sign, w.within(a, FRACTION, last=False)) for sign, a in whole]
    for sign, box in sorted([*drawn, ("⊙", fenced(outer, FRACTION))], key=lambda part: part[0] == "⊘"):
        parts += [sign, box] if parts else [box]
    return Piece(row(*parts), ENTRYWISE)


def _crossing(w: Writer, factors: Sequence[tuple[str, Expr]]) -> Piece:
    """Columns times rows: their outer product."""
    sides = []
    for mine, orient in ((is_column, COLUMN), (is_row, ROW)):
        parts: list[Box | str] = []
        own = [(sign, a) for sign, a in factors if mine(a)]
        for sign, a in own if own[0][0] == "⊙" else [("", None), *own]:
            parts += [sign] if parts else []
            level = FRACTION if len(own) > 1 else PRODUCT
            parts.append(fenced(link_piece(w, Link(a, orient if a is None or len(a.shape) == 1 else FREE, size=own[0][1].shape[0])), level))
        sides.append(Piece(row(*parts), ENTRYWISE if len(parts) > 1 else SCRIPT))
    return Piece(joined([fenced(side, PRODUCT) for side in sides], TIMES), PRODUCT)


def _flat(e: Expr, scalars: Scalars) -> list[tuple[str, Expr]]:
    """The factors of an entrywise product, each with the sign before it."""
    e = scalars.strip(e)
    if not isinstance(e, Apply) or e.name not in ("mul", "div") or e.args[0].shape == ():
        return [("⊙", e)]
    if e.name == "mul":
        return [*_flat(e.args[0], scalars), *_flat(e.args[1], scalars)]
    below = Scalars()
    b = below.strip(e.args[1])
    scalars.number /= below.number
    scalars.above += below.below
    scalars.below += below.above + below.beside
    return [*_flat(e.args[0], scalars), ("⊘", b)]


def with_ones(w: Writer, a: Expr, whole: Expr, over: bool) -> bool:
    """Whether a part of a matrix is drawn as a product with ones: a vector where the style says so, a row or a column where both meet."""
    if len(whole.shape) != 2:
        return False
    return (len(a.shape) == 1 and w.style.broadcast == "ones") or (over and (is_column(a) or is_row(a)))


def spread(w: Writer, a: Expr, whole: Expr, orient: str, level: int, ones: bool = False) -> Box:
    """A part of an entrywise formula: one that is broadcast as it is, or as a product with ones (``ones``, or where the style says so)."""
    if with_ones(w, a, whole, ones):
        if is_row(a):
            links = [Link(None, COLUMN, size=whole.shape[0]), *chain(w, a, ROW if len(a.shape) == 1 else FREE, Scalars())]
        else:
            links = [*chain(w, a, FREE, Scalars()), Link(None, ROW, size=whole.shape[1])]
        box = joined([fenced(link_piece(w, x), FRACTION) for x in links], TIMES)
        return fenced(Piece(box, PRODUCT), level)
    if len(whole.shape) > 2 and is_column(a) and not isinstance(a, Var):  # a vector would lie along the last axis
        own = a.args[0] if isinstance(a, Apply) and a.name == "expand_dims" else a
        return Scripts(w.base(own), Text("[:, None]"))
    return w.within(a, level, orient if len(a.shape) == len(whole.shape) else FREE, last=False)


def _assembled(w: Writer, s: Scalars, body: Piece | None) -> Piece:
    """The coefficient and what it stands before."""
    plain = w.plain()
    n, d = s.number.numerator, s.number.denominator
    decimal = number(s.number).box if not s.below and not s.above else None
    if isinstance(decimal, Number):
        d = 1
    over_, under_ = powers(s.above), powers(s.below)
    above = [plain.within(a, FRACTION, last=False) for a in over_]
    below = [plain.within(b, FRACTION, last=k == len(under_) - 1) for k, b in enumerate(under_)]
    tail = [w.piece(b) for b in s.beside] + ([body] if body is not None else [])
    if d == 1 and not below:
        if isinstance(decimal, Number) and (s.number != 1 or not tail):
            above.insert(0, decimal)
        elif n != 1 or not (above or tail):
            above.insert(0, Number(str(n)))
        return _row(above, tail)
    over = ([Number(str(n))] if n != 1 else []) + above
    under = ([Number(str(d))] if d != 1 else []) + below
    if len(under) == 1 and len(s.below) == 1 and d == 1:
        under = [plain.piece(s.below[0]).box]
    if len(tail) == 1 and _light(tail[0].box):
        only = tail[0].box if not over else fenced(tail[0], FRACTION)
        return Piece(Frac(joined([*over, only], TIMES), joined(under, TIMES)), FRACTION)
    if not over and len(tail) == 0 and len(s.above) == 1:
        over = above
    fraction = Frac(joined(over, TIMES) if over else Number("1"), joined(under, TIMES))
    return _row([fraction], tail) if tail else Piece(fraction, FRACTION)


def _row(front: list[Box], tail: list[Piece]) -> Piece:
    """Factors side by side; a factor that reaches to the right stands last or in parentheses."""
    if not front and len(tail) == 1:
        return tail[0]
    if len(front) == 1 and not tail:
        return Piece(front[0], FRACTION)
    last = len(tail) - 1
    boxes = [*front, *(fenced(p, ENTRYWISE + 1 if k == last and p.level >= PRODUCT else FRACTION, k == last) for k, p in enumerate(tail))]
    return Piece(joined(boxes, TIMES), PRODUCT, bool(tail) and tail[-1].open)


def _light(box: Box) -> bool:
    """Whether a box is small enough to stand in the numerator."""
    found = list(walk(box))
    heavy = any(isinstance(b, Frac | Sum | Grid | Under | Sqrt | Fenced) for b in found)
    return not heavy and sum(isinstance(b, Symbol) for b in found) <= LIGHT
