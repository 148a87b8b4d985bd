"""The reduction of a broadcast variable, said so that nobody can misread it."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Block, Callout, Content, Dims, Formula, List, Table, prose
from ..boxes import TIMES, Grid, Number, Symbol, op, row, sup
from ..calculus.entries import Entries
from ..calculus.layouts import reduction
from ..derivation import Reduction
from ..expr import Expr
from ..forms import apply
from ..notation import text
from ..shapes import Dim, Shape, show
from .entry_view import grid
from .pen import Pen
from .variants import declared_otherwise

WAYS = {
    0: ("column sums", "the rows of {of} are added together", "one total for each column", "row sums", "row"),
    1: ("row sums", "the columns of {of} are added together", "one total for each row", "column sums", "column"),
}


def found(pen: Pen, name: str) -> Reduction | None:
    """The sum that a gradient is; None where it is none."""
    b = pen.subject.backward
    flow = b.flows.get(name)
    return reduction(flow, b.formula(name)) if flow is not None else None


def reductions(pen: Pen, name: str, entries: Entries | None) -> Iterator[Block]:
    """Which index disappears, which way the sum runs, and what it is not."""
    r = found(pen, name)
    if r is None:
        return
    body: list[Block] = []
    shape = incoming_shape(pen, name)
    if r.axis in WAYS and shape is not None and len(shape) == 2:
        body.append(List(tuple(points(pen, name, r, shape))))
        body += picture(pen, name, r, entries)
        body += variants(pen, name)
    else:
        body.append(List((prose(r.words[:1].upper() + r.words[1:] + "."), prose("**NumPy** ", f"`{pen.code(name)}`"))))
    yield Callout("reduction", prose("The reduction of ", pen.name(name)), tuple(body))


def incoming_shape(pen: Pen, name: str) -> Shape | None:
    """The shape of what is summed."""
    s = pen.subject
    e = s.backward.formula(name)
    return next((n.args[0].shape for n in _sums(e)), None)


def _sums(e: Expr) -> Iterator[Expr]:
    from ..expr import Apply, nodes

    return (n for n in nodes(e) if isinstance(n, Apply) and n.name in ("sum", "mean"))  # type: ignore[misc]
