"""Slices, reshapes and joins: what is moved without being computed."""

from __future__ import annotations

from collections.abc import Sequence

from ..boxes import TIMES, Box, Grid, Scripts, Symbol, Text, joined, op, row, sub
from ..expr import Apply, Expr
from ..forms import as_number, zeros
from ..shapes import Dim, Shape, add, negative
from ..symbols import dimension, product_shape
from .products import ONES, transposed
from .writer import COLUMN, FRACTION, INDEXED, PRODUCT, ROW, SCRIPT, Piece, Rule, Writer, applied, raised


def _expand(w: Writer, e: Apply, _orient: str) -> Piece:
    """x[:, None] is the column x, x[None, :] the row xᵀ."""
    (a,) = e.args
    if len(a.shape) == 1 and len(e.shape) == 2:
        return w.piece(a, ROW if e["axes"] == (0,) else COLUMN)
    return w.piece(a) if not a.shape else _indexed(w, a, ["None" if k in e["axes"] else ":" for k in range(len(e.shape))])


def _squeeze(w: Writer, e: Apply, orient: str) -> Piece:
    (a,) = e.args
    upright = orient == INDEXED or len(a.shape) != 2 or len(e.shape) != 1 or orient == (ROW if e["axes"] == (0,) else COLUMN)
    if isinstance(a, Apply) and a.name == "slice":
        items = [str(start) if k in e["axes"] else s for k, (s, (start, _)) in enumerate(zip(_spans(a), a["items"], strict=True))]
        drawn = _indexed(w, a.args[0], items)
        return drawn if upright else Piece(raised(drawn.box, op("⊤")), SCRIPT)
    if len(a.shape) == 2 and len(e.shape) == 1 and orient != INDEXED:
        return w.piece(a) if upright else transposed(w, a)
    return _indexed(w, a, ["0" if k in e["axes"] else ":" for k in range(len(a.shape))])


def _slice(w: Writer, e: Apply, _orient: str) -> Piece:
    """A part; on paper one entry is a number, and one row is a row: x[3], X[1, :]."""
    thin = [n == 1 != dim for (_, n), dim in zip(e["items"], e.args[0].shape, strict=True)]
    items = [str(start) if t else s for t, s, (start, _) in zip(thin, _spans(e), e["items"], strict=True)]
    return _indexed(w, e.args[0], items)


def _spans(e: Apply) -> list[str]:
    """A slice, axis by axis."""
    return _taken(e["items"], e.args[0].shape)


def _taken(items: Sequence[tuple[Dim, Dim]], shape: Shape) -> list[str]:
    """A part of a tensor of that shape, axis by axis."""

    def span(start: Dim, length: Dim, dim: Dim) -> str:
        stop = add(start, length)
        return f"{'' if start == 0 else start}:{'' if stop == dim else stop}"

    return [span(start, n, dim) for (start, n), dim in zip(items, shape, strict=True)]


def _flip(w: Writer, e: Apply, _orient: str) -> Piece:
    return _indexed(w, e.args[0], ["::−1" if k in e["axes"] else ":" for k in range(len(e.shape))])


def _slid(w: Writer, e: Apply, _orient: str) -> Piece:
    """Windows and their sum, with the lengths and the axes where there are others."""
    axes, rank = e["axes"], min(len(e.shape), len(e.args[0].shape))
    told = [dimension(d) for d in (e["shape"] if e.name == "windows" else ())]
    told += [] if axes == tuple(range(rank)) else [Text("axis=" + ",".join(map(str, axes)))]
    head = Symbol(e.name, "function")
    return Piece(applied(sub(head, joined(told, ",")) if told else head, w.plain().piece(e.args[0]).box))


def _indexed(w: Writer, a: Expr, items: list[str]) -> Piece:
    return Piece(Scripts(w.base(a), Text(f"[{', '.join(items)}]")))


def _shaped(w: Writer, e: Apply, _orient: str) -> Piece:
    """reshape and broadcast_to, with the shape as an index."""
    (a,) = e.args
    if e.name == "broadcast_to" and len(a.shape) == 1 and len(e.shape) == 2:
        return Piece(row(ONES, TIMES, w.within(a, FRACTION, ROW)), PRODUCT)
    head = sub(Symbol("reshape" if e.name == "reshape" else "broadcast", "function"), product_shape(e.shape))
    return Piece(applied(head, w.plain().piece(a).box))


def _einsum(w: Writer, e: Apply, _orient: str) -> Piece:
    head = sub(Symbol("einsum", "function"), Text(e["spec"].replace(" ", "").replace("->", "→")))
    return Piece(applied(head, joined([w.plain().piece(a).box for a in e.args], ",")))


def _join(w: Writer, e: Apply, _orient: str) -> Piece:
    """Matrices side by side or one above the other."""
    parts = [_block(w, a) for a in e.args]
    if len(e.shape) > 2:
        return Piece(applied(sub(Symbol("concatenate", "function"), Text(f"axis={e['axis']}")), joined(parts, ",")))
    beside = e["axis"] % len(e.shape) == 1
    return Piece(Grid((tuple(parts),) if beside else tuple((p,) for p in parts)))


def _place(w: Writer, e: Apply, _orient: str) -> Piece:
    """A part among zeros: in blocks along one axis of a vector or a matrix, else by the place that it takes."""
    (a,) = e.args
    moved = [k for k, (n, dim) in enumerate(zip(a.shape, e.shape, strict=True)) if n != dim]
    if len(e.shape) > 2 or len(moved) != 1:
        head = sub(Symbol("place", "function"), Text(f"[{', '.join(_taken(e['items'], e.shape))}]"))
        return Piece(applied(head, _block(w, a)))
    axis, (start, length) = moved[0], e["items"][moved[0]]
    joined = isinstance(a, Apply) and a.name == "concatenate" and a["axis"] % len(a.shape) == axis
    blocks = [_block(w, b) for b in (a.args if joined and isinstance(a, Apply) else (a,))]
    for amount, at in ((start, 0), (add(e.shape[axis], negative(add(start, length))), len(blocks) + 1)):
        if amount != 0:
            shape = tuple(amount if k == axis else d for k, d in enumerate(a.shape))
            blocks.insert(at, _block(w, zeros(shape)))
    return Piece(Grid((tuple(blocks),) if axis == 1 else tuple((b,) for b in blocks)))


def _block(w: Writer, a: Expr) -> Box:
    """A block: zeros with their shape, a single number as one."""
    if isinstance(a, Apply) and a.name == "zeros" and any(n != 1 for n in a.shape):
        return sub(Symbol("0", "matrix", bold=True), product_shape(a.shape))
    return w.plain().piece(as_number(a)).box


RULES: dict[str, Rule] = {
    "expand_dims": _expand, "squeeze": _squeeze, "slice": _slice, "flip": _flip, "reshape": _shaped, "broadcast_to": _shaped,
    "einsum": _einsum, "concatenate": _join, "place": _place, "windows": _slid, "overlap_add": _slid,
}  # fmt: skip
