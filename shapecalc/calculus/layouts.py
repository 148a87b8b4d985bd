"""The one home of layout conventions: how a derivative is drawn, and which sum a gradient is.

Denominator layout: a gradient has the shape of its variable. Numerator layout: the transpose of that. Only results and the left
sides of claims are turned; dZ inside a formula always has Z's shape. A 1-D gradient stays 1-D in code and in shapes; above two axes
a gradient has the variable's shape in both layouts.
"""

from __future__ import annotations

from shapecalc.derivation import Reduction
from shapecalc.expr import Apply, Expr, Lit, Var, nodes, rebuild
from shapecalc.forms import apply, ones, remake, transposed
from shapecalc.notation import text
from shapecalc.shapes import Shape

from .flows import Flow
from .reverse import Lost

LAYOUTS = ("denominator", "numerator")


def drawn_shape(shape: Shape, layout: str) -> Shape:
    """The shape of a gradient as a layout draws it."""
    return shape[::-1] if layout == "numerator" and len(shape) == 2 else shape


def is_turned(layout: str, shape: Shape) -> bool:
    """Whether the layout draws a gradient of this shape transposed."""
    return layout == "numerator" and len(shape) == 2


def reduction(flow: Flow, formula: Expr) -> Reduction | None:
    """Which sum a gradient is: over the axes along which its variable was broadcast; None where it was not."""
    lost = {tuple(x) for x in flow.lost}
    if len(lost) != 1:
        return None
    (axes,) = lost
    if not axes:
        return None
    over = tuple(str(x.dim) for x in axes)
    sums = [n for n in nodes(formula) if isinstance(n, Apply) and n.name in ("sum", "mean")]
    summed = next((n for n in sums if {a.dim for a in axes} <= set(n.args[0].shape)), None)  # sum(E) * sum(dz, axis=0)
    of = text(summed.args[0]) if summed is not None else ""  # of an inner product: its factors, which have no sum of their own
    axis = axes[0].axis if len(axes) == 1 else None
    product = with_ones(formula)
    return Reduction(over, axis, axes[0].kept, text(product) if product is not None else "", in_words(axes, of), of)


def in_words(axes: tuple[Lost, ...], of: str) -> str:
    """The sum said so that nobody can misread it."""
    of = f" of {of}" if of else ""
    if len(axes) != 1:
        return f"everything along the axes {', '.join(str(a.dim) for a in axes)}{of} is added up"
    a = axes[0]
    if a.rank == 1:
        return f"the sum of all {a.dim} entries{of}" if of else f"the sum over all {a.dim}"
    if a.rank == 2 and a.axis == 0:
        added = f"column sums: the {a.dim} rows{of} are added together"
        return f"{added}, which leaves one total per column (axis=0 is the axis that disappears)"
    if a.rank == 2:
        added = f"row sums: the {a.dim} columns{of} are added together"
        return f"{added}, which leaves one total per row (axis=1 is the axis that disappears)"
    return f"the sum over axis {a.axis}{of}, which has {a.dim} entries and disappears"


def with_ones(e: Expr) -> Expr | None:
    """The formula with its sum over one axis of a matrix written as a product with ones; None where there is no such sum."""
    found = False

    def change(node: Expr) -> Expr | None:
        nonlocal found
        if not (isinstance(node, Apply) and node.name in ("sum", "mean")) or found:
            return None
        a, axis, keep = node.args[0], node["axis"], node["keepdims"]
        made = product_with_ones(a, axis, keep)
        if made is None:
            return None
        found = True
        if node.name == "mean":
            made = apply("div", made, Lit(a.shape[axis if axis is not None else 0]))
        return made

    out = rebuild(e, change, remake)
    return out if found else None


def product_with_ones(a: Expr, axis: int | tuple[int, ...] | None, keep: bool) -> Expr | None:
    """sum(a, axis=0) = ones(S) @ a, sum(a, axis=1) = a @ ones(M); with keepdims a row or a column of ones."""
    rank = len(a.shape)
    if rank == 1 and axis in (None, 0, -1):
        return apply("matmul", a, ones(a.shape))
    if rank != 2 or axis not in (0, 1, -1, -2):
        return None
    assert isinstance(axis, int)
    n = a.shape[axis]
    if axis % 2 == 0:
        return apply("matmul", ones((1, n) if keep else (n,)), a)
    return apply("matmul", a, ones((n, 1) if keep else (n,)))


__all__ = ["LAYOUTS", "Var", "drawn_shape", "is_turned", "product_with_ones", "reduction", "transposed", "with_ones"]
