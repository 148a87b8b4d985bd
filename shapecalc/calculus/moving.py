"""Operations that move entries along axes, as matrices of zeros and ones."""

from __future__ import annotations

from shapecalc.expr import Apply, Expr
from shapecalc.forms import apply, ones
from shapecalc.shapes import Dim
from shapecalc.shapes import add as add_sizes


def moving_matrices(e: Apply, which: int) -> list[Expr | None] | None:
    """For slices, joins and running sums: the matrix (out, in) along each axis, None where the axis stays as it is."""
    shape = e.args[which].shape
    out: list[Expr | None] = [None] * len(shape)
    if e.name in ("tril", "triu"):
        return out
    if e.name in ("slice", "place"):
        whole = shape if e.name == "slice" else e.shape
        for k, ((start, length), dim) in enumerate(zip(e["items"], whole, strict=True)):
            if (start, length) != (0, dim):
                rows = apply("slice", apply("eye", n=dim), items=((start, length), (0, dim)))
                out[k] = rows if e.name == "slice" else apply("transpose", rows, axes=(1, 0))
        return out
    if e.name == "flip":
        for k in e["axes"]:
            out[k] = apply("flip", apply("eye", n=shape[k]), axes=(0,)) if shape[k] != 1 else None
        return out
    if e.name == "cumsum":
        k = e["axis"] % len(shape)
        out[k] = apply("triu" if e["reverse"] else "tril", ones((shape[k], shape[k]))) if shape[k] != 1 else None
        return out
    if e.name == "concatenate":
        k = e["axis"]
        begin: Dim = 0
        for before in e.args[:which]:
            begin = add_sizes(begin, before.shape[k])
        rows = apply("slice", apply("eye", n=e.shape[k]), items=((begin, shape[k]), (0, e.shape[k])))
        out[k] = apply("transpose", rows, axes=(1, 0))
        return out if shape[k] != 1 else None
    return None
