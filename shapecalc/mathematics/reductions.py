"""Sums, means and extremes along axes."""

from __future__ import annotations

from fractions import Fraction

from ..boxes import APPLY, TIMES, Frac, Number, Sum, Symbol, Text, Under, joined, paren, row, sub
from ..expr import Apply, Expr, nodes
from ..forms import apply, size
from ..ops.reducing import axes_of
from ..shapes import total
from ..symbols import dimension
from .entries import entry
from .products import is_link, product
from .writer import ENTRYWISE, PRODUCT, SCRIPT, Piece, Rule, Writer, fenced


def _reduction(w: Writer, e: Apply, orient: str) -> Piece:
    """A sum or a mean: of all entries, or along axes that a product with ones does not reach."""
    (a,) = e.args
    if is_link(w, e):
        return product(w, e, orient)
    axes = axes_of(dict(e.params), len(a.shape))
    if not a.shape:
        return w.piece(a)
    if isinstance(a, Apply) and a.name == "power" and a["k"] == 2 and e.name == "sum" and e["axis"] is None and w.style.squares == "norm":
        return w.piece(apply("power", apply("norm", a.args[0]), k=Fraction(2)))
    if e["axis"] is None or len(axes) == len(a.shape) or len(a.shape) == 2:
        body = _sigma(w, a, axes)
    else:
        note = Text("axis=" + (str(e["axis"]) if isinstance(e["axis"], int) else ",".join(map(str, e["axis"]))))
        body = Piece(Sum(note, None, fenced(w.plain().piece(a), PRODUCT)), PRODUCT, True)
    if e.name == "mean":
        count = w.plain().piece(size(total(tuple(a.shape[k] for k in axes)))).box
        return Piece(row(Frac(Number("1"), count), TIMES, body.box), PRODUCT, True)
    return body


def _sigma(w: Writer, a: Expr, axes: tuple[int, ...]) -> Piece:
    """Σ over the entries, or over the rows or columns of a matrix; from where to where is said where the names have other entries, too."""
    letters, inner = w.letters(len(a.shape))
    running = [k for k in axes if a.shape[k] != 1]
    at = tuple(Symbol(x) if k in running else Number("1") for k, x in enumerate(letters))
    if len(axes) == len(a.shape):
        piece = entry(inner.plain(), a, at)
    else:
        piece = Piece(sub(w.base(a), row(*(at[k] if k in axes else ":" for k in range(len(a.shape))))))
    if not running:
        return piece
    body = fenced(piece, ENTRYWISE)
    if len(axes) < len(a.shape) or not any(map(_partial, nodes(a))):
        return Piece(Sum(joined([at[k] for k in running], ","), None, body), PRODUCT, True)
    for k in reversed(running):
        body = Sum(row(at[k], "=", Number("1")), dimension(a.shape[k]), body)
    return Piece(body, PRODUCT, True)


def _partial(e: Expr) -> bool:
    """Whether an index that runs over e may not run over all that it stands at: x_i of x[:k], x_{i+j−1} of windows."""
    if not isinstance(e, Apply) or e.name not in ("slice", "windows"):
        return False
    return e.name == "windows" or any(n not in (1, dim) for (_, n), dim in zip(e["items"], e.args[0].shape, strict=True))


def _extreme(w: Writer, e: Apply, orient: str) -> Piece:
    if e["axis"] is None:
        return w.call(e, orient)
    note = Text(f"axis={e['axis']}")
    return Piece(row(Under(Symbol(e.name, "function"), note), APPLY, paren(w.plain().piece(e.args[0]).box)), SCRIPT)


def _softmax(w: Writer, e: Apply, orient: str) -> Piece:
    """The axis is said only where it is not the last one."""
    rank = len(e.shape)
    last = e["axis"] % rank == rank - 1
    plain = Apply(e.op, e.args, (("axis", -1),), e.shape) if last else e
    return w.call(plain, orient)


RULES: dict[str, Rule] = {
    "sum": _reduction, "mean": _reduction, "max": _extreme, "min": _extreme, "prod": _extreme, "softmax": _softmax, "log_softmax": _softmax,
}  # fmt: skip
