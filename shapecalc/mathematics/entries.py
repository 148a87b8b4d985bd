"""Entries of formulas: an index is handed down to the names, z_ij - y_ij instead of (Z - Y)_ij."""

from __future__ import annotations

from fractions import Fraction

from ..boxes import (
    APPLY,
    TIMES,
    Box,
    Cases,
    Fenced,
    Frac,
    Number,
    Operator,
    Scripts,
    Sqrt,
    Symbol,
    Text,
    items,
    joined,
    op,
    paren,
    row,
    sub,
)
from ..expr import Apply, Expr, Lit, Var
from ..shapes import Dim, add
from ..symbols import dimension, index_row, parts, symbol
from .writer import ATOM, ENTRYWISE, FRACTION, PRODUCT, SCRIPT, SUM, Piece, Writer, fenced, number, only_scalars, raised

Indices = tuple[Box, ...]
BARE = frozenset(("log", "sin", "cos", "tan", "sinh", "cosh", "tanh"))  # functions that books write without parentheses
SIGNS = {"greater": ">", "less": "<", "greater_equal": "≥", "less_equal": "≤", "equal": "="}


def named_entry(name: str, indices: Indices, lower: bool = True) -> Box:
    """An entry of a named tensor: x_ij; of W1: w with (1) above, so that the index of the name is none of the entry."""
    if not indices:
        return symbol(name)
    stem, accent, index = parts(name)
    small = stem.lower() if lower and len(stem) == 1 else stem
    body = symbol(small + (f"_{accent}" if accent else "")) if len(stem) == 1 else Symbol(stem)
    return Scripts(body, index_row(indices), paren(index) if index is not None else None)


def entry(w: Writer, e: Expr, indices: Indices) -> Piece:
    """One entry of e; an index for each axis."""
    if isinstance(e, Lit) or e.shape == ():
        return w.piece(e)
    indices = tuple(Number("1") if dim == 1 else i for i, dim in zip(indices, e.shape, strict=True))
    kept = tuple(i for i, dim in zip(indices, e.shape, strict=True) if dim != 1) or indices[-1:]
    if isinstance(e, Var):
        return _named(w, e, kept)
    own = [(a, indices[len(indices) - len(a.shape):] if a.shape else ()) for a in e.args]
    match e.name:
        case "add":
            return _sum(w, e, own)
        case "neg" | "mul" | "div":
            return _product(w, e, indices)
        case "power":
            base = entry(w, *own[0])
            return Piece(raised(fenced(base, ATOM), exponent(e["k"])))
        case "sqrt":
            return Piece(Sqrt(entry(w, *own[0]).box))
        case "transpose":
            return entry(w, e.args[0], tuple(indices[e["axes"].index(k)] for k in range(len(indices))))
        case "ones":
            return Piece(Number("1"))
        case "eye":
            return Piece(sub(Symbol("δ"), index_row(indices)))
        case "squeeze":
            rest = iter(indices)
            return entry(w, e.args[0], tuple(Number("1") if k in e["axes"] else next(rest) for k in range(len(e.args[0].shape))))
        case "slice" | "flip" | "windows":
            return entry(w, e.args[0], _moved(e, indices))
        case "abs":
            return Piece(Fenced("|", "|", entry(w, *own[0]).box))
        case "where":
            return _choice(w, own)
        case name if name in SIGNS:
            return Piece(indicator(entry(w, *own[0]), entry(w, *own[1]), name))
        case _ if e.op.family == "pointwise" and len(e.args) == 1 and not e.params:
            return _function(w, e, entry(w, *own[0]))
        case _:
            return Piece(sub(w.base(e), index_row(kept)))


def _moved(e: Apply, indices: Indices) -> Indices:
    """Where an entry of a slice, a flip or a window stands in the tensor, counted from 1."""
    whole = e.args[0].shape
    if e.name == "slice":
        return tuple(_shifted(i, start) for i, (start, _) in zip(indices, e["items"], strict=True))
    if e.name == "flip":
        return tuple(_from_end(i, d) if k in e["axes"] else i for k, (i, d) in enumerate(zip(indices, whole, strict=True)))
    inside = dict(zip(e["axes"], indices[len(whole):], strict=True))
    return tuple(row(i, "+", inside[k], "−", Number("1")) if k in inside else i for k, i in enumerate(indices[:len(whole)]))


def _from_end(i: Box, dim: Dim) -> Box:
    return row(dimension(add(dim, 1)), "−", i if isinstance(i, Symbol | Number) else paren(i))


def _shifted(i: Box, start: Dim) -> Box:
    if start == 0:
        return i
    if isinstance(i, Number) and i.text.isdigit():
        return dimension(add(start, int(i.text)))
    return row(i, "+", dimension(start))


def indicator(a: Piece, b: Piece, name: str) -> Box:
    """1 where the comparison holds, else 0."""
    return row(Symbol("1", "vector", bold=True), Fenced("[", "]", row(a.box, SIGNS[name], b.box)))


def _choice(w: Writer, own: list[tuple[Expr, Indices]]) -> Piece:
    """a where the condition holds, b otherwise."""
    condition, indices = own[0]
    if isinstance(condition, Apply) and condition.name in SIGNS:
        sides = [entry(w, a, indices[len(indices) - len(a.shape):] if a.shape else ()).box for a in condition.args]
        test = row(sides[0], SIGNS[condition.name], sides[1])
    else:
        test = row(entry(w, condition, indices).box, "≠", Number("0"))
    return Piece(Cases(((entry(w, *own[1]).box, test), (entry(w, *own[2]).box, Text("otherwise")))), FRACTION)


def exponent(k: Fraction) -> Box:
    """A rational exponent on one line: 2, −1, 1/2."""
    signs: list[Box | str] = ["−"] if k < 0 else []
    k = abs(k)
    below: list[Box | str] = [] if k.denominator == 1 else ["/", Number(str(k.denominator))]
    return row(*signs, Number(str(k.numerator)), *below)


def _named(w: Writer, v: Var, indices: Indices) -> Piece:
    drawn = w.style.symbols.get(v.name)
    if drawn is not None:
        return Piece(sub(drawn if isinstance(drawn, Symbol) else paren(drawn), index_row(indices)))
    if v.name in w.style.gradients:
        of = named_entry(w.style.gradients[v.name], indices)
        if w.style.gradient == "partial":
            return Piece(Frac(row("∂", symbol(w.style.loss)), row("∂", of), derivative=True), FRACTION)
        return Piece(sub(fenced(w.plain().name(v), ATOM), index_row(indices)))
    return Piece(named_entry(v.name, indices))


def _function(w: Writer, e: Apply, inside: Piece) -> Piece:
    """log p_ij, without parentheses around a single name; it is open: what follows would seem to belong to it."""
    head = w.head(e)
    bare = isinstance(inside.box, Symbol) or (isinstance(inside.box, Scripts) and isinstance(inside.box.body, Symbol))
    bare = bare and e.name in BARE
    return Piece(row(head, APPLY, inside.box), SCRIPT, True) if bare else Piece(row(head, APPLY, paren(inside.box)))


def _sum(w: Writer, e: Apply, own: list[tuple[Expr, Indices]]) -> Piece:
    out: list[Box | str] = []
    for (a, indices), sign in zip(own, e["signs"], strict=True):
        piece = entry(w, a, indices)
        plus = sign > 0
        first, *rest = items(piece.box)
        if piece.level == SUM and first == op("−") and not {op("+"), op("−")} & {b for b in rest if isinstance(b, Operator)}:
            piece, plus = Piece(row(*rest), PRODUCT, piece.open), not plus
        if out or not plus:
            out.append("+" if plus else "−")
        out.append(fenced(piece, ENTRYWISE if out else SUM))
    return Piece(row(*out), SUM)


def _product(w: Writer, e: Apply, indices: Indices) -> Piece:
    """All factors are scalars now: numbers first, the others in the order they were written, divisors below one line."""
    value, above, below = Fraction(1), list[Piece](), list[Piece]()

    def take(a: Expr, inverse: bool) -> None:
        nonlocal value
        own = indices[len(indices) - len(a.shape):] if a.shape else ()
        if isinstance(a, Lit) and isinstance(a.value, Fraction) and a.value:
            value = value / a.value if inverse else value * a.value
        elif isinstance(a, Apply) and a.name == "neg":
            value = -value
            take(a.args[0], inverse)
        elif isinstance(a, Apply) and a.name in ("mul", "div") and (a.shape or only_scalars(a)):
            take(a.args[0], inverse)
            take(a.args[1], inverse if a.name == "mul" else not inverse)
        else:
            (below if inverse else above).append(entry(w, a, own))

    take(e, False)
    sign: list[Box | str] = ["−"] if value < 0 else []
    value = abs(value)
    top = ([number(Fraction(value.numerator)).box] if value.numerator != 1 or not above else []) + _factors(above)
    bottom = ([Number(str(value.denominator))] if value.denominator != 1 else []) + _factors(below)
    if bottom:
        body: Box = Frac(joined(top, TIMES), joined(bottom, TIMES))
        return Piece(row(*sign, body), SUM if sign else FRACTION)
    ends_open = bool(above) and above[-1].open
    return Piece(row(*sign, joined(top, TIMES)), SUM if sign else PRODUCT if len(top) > 1 else SCRIPT, ends_open)


def _factors(pieces: list[Piece]) -> list[Box]:
    last = len(pieces) - 1
    return [p.box if not last and p.level > SUM else fenced(_closed(p, k == last), FRACTION) for k, p in enumerate(pieces)]


def _closed(p: Piece, last: bool) -> Piece:
    """A function without parentheses gets them where something follows: log(p_ij) q_ij."""
    if not p.open or last:
        return p
    match items(p.box):
        case (head, Operator("\u2061") as of, *rest):
            return Piece(row(head, of, paren(row(*rest))), SCRIPT)
        case _:
            return p
