"""Operations that move entries along axes, as matrices of zeros and ones (windows: as tensors of three axes)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shapecalc.expr import Apply, Expr
from shapecalc.forms import apply, flipped, ones
from shapecalc.indexed import Factor, Index, Place, Places, Term
from shapecalc.shapes import Dim
from shapecalc.shapes import add as add_sizes


class Link(NamedTuple):
    """How the entries of a result hang on those of an argument: constant factors, axes that are the same, and those summed over."""

    factors: tuple[Factor, ...]
    names: dict[Index, Place]
    gone: frozenset[Index]


def moving(e: Apply, which: int, out: Places, own: Places) -> Link | None:
    """The link between the axes of an operation and those of one argument; None where it does not move entries."""
    if e.name in ("windows", "overlap_add"):
        return _sliding(e, out, own)
    matrices = moving_matrices(e, which)
    if matrices is None:
        return None
    if e.name in ("tril", "triu"):
        mask = apply(e.name, ones(e.shape[-2:]), k=e["k"])
        return Link((Factor(mask, out[-2:]),), {p: q for p, q in zip(out, own, strict=True) if isinstance(p, Index)}, frozenset())
    factors, names, gone = [], {}, []
    for p, q, matrix in zip(out, own, matrices, strict=True):
        if matrix is not None:
            factors.append(Factor(matrix, (p, q)))
            gone += [p] if isinstance(p, Index) else []
        elif isinstance(p, Index):
            names[p] = q
    return Link(tuple(factors), names, frozenset(gone))


def _sliding(e: Apply, out: Places, own: Places) -> Link:
    """Each axis by 1 where n = m + k: the windows of the identity."""
    forwards = e.name == "windows"
    few, many = (own, out) if forwards else (out, own)
    whole, cut = (e.args[0].shape, e.shape) if forwards else (e.shape, e.args[0].shape)
    factors, names, gone = [], {}, []
    for k, (n, m) in enumerate(zip(few, many, strict=False)):
        if k in e["axes"]:
            last = len(few) + e["axes"].index(k)
            seen = apply("windows", apply("eye", n=whole[k]), shape=(cut[last],), axes=(0,))
            factors.append(Factor(seen, (m, n, many[last])))
            gone += [x for x in ((m, many[last]) if forwards else (n,)) if isinstance(x, Index)]
        else:
            p, q = (m, n) if forwards else (n, m)
            if isinstance(p, Index):
                names[p] = q
    return Link(tuple(factors), names, frozenset(gone))


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
        return out
    return None


def carried(term: Term, count: Mapping[Index, int]) -> Term | None:
    """An identity matrix of which rows were taken, turned round or slid over, times a tensor: the same is done to the tensor."""
    for f in term.factors:
        e, places = f.base, f.places
        if isinstance(e, Apply) and e.name == "transpose" and len(places) == 2:
            e, places = e.args[0], places[::-1]
        if not isinstance(e, Apply) or e.name not in ("slice", "flip", "windows") or f.power != 1 or not _of_rows(e):
            continue
        whole = places[1]
        if not isinstance(whole, Index) or whole not in term.summed or count[whole] != 2:
            continue
        g = next((g for g in term.factors if g is not f and whole in g.places), None)
        if g is None or g.power != 1 or (isinstance(g.base, Apply) and g.base.name == "eye"):
            continue
        axis = g.places.index(whole)
        own = (*g.places[:axis], places[0], *g.places[axis + 1 :], *places[2:])
        kept = tuple(Factor(_done(e, g.base, axis), own) if x is g else x for x in term.factors if x is not f)
        return Term(term.coefficient, kept, term.summed - {whole})
    return None


def _of_rows(e: Apply) -> bool:
    """Whether only the rows of an identity matrix are moved."""
    inner = e.args[0]
    if not isinstance(inner, Apply) or inner.name != "eye":
        return False
    return bool(e["items"][1] == (0, inner.shape[1]) if e.name == "slice" else e["axes"] == (0,))


def _done(e: Apply, a: Expr, axis: int) -> Expr:
    """What was done to rows, done along an axis."""
    if e.name == "slice":
        return apply("slice", a, items=tuple(e["items"][0] if k == axis else (0, d) for k, d in enumerate(a.shape)))
    return flipped(a, (axis,)) if e.name == "flip" else apply("windows", a, shape=e["shape"], axes=(axis,))
