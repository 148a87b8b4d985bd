"""Indexing: slices with size names in them, single rows, new axes."""

from __future__ import annotations

from shapecalc.errors import NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr, Lit
from shapecalc.forms import apply, flipped
from shapecalc.shapes import Dim, add, is_empty, negative, show

from . import tree
from .builder import Builder
from .splitting import part, several_of
from .surface import keywords, one, surface


@surface("[]")
def subscript(builder: Builder, call: tree.Call) -> Expr:
    """A[0], A[:, 1:], x[:, None], X.shape[0], slogdet(A)[1], split(X, 2)[0]."""
    node = call.args[0]
    assert isinstance(node, tree.Subscript)
    target = node.object
    if isinstance(target, tree.Attribute) and target.name == "shape":
        return _one_size(builder, node, target.object)
    if isinstance(target, tree.Call) and target.name == "shape":
        keywords(builder, target)
        one(builder, target)
        return _one_size(builder, node, target.args[0])
    if isinstance(target, tree.Number) and target.value == 1 and len(node.items) == 1 and isinstance(node.items[0], tree.Compare):
        return builder.build(node.items[0])  # 1[z > 0], the indicator
    several = several_of(builder, target)
    if several is not None:
        k = builder.static(node.items[0]) if len(node.items) == 1 and isinstance(node.items[0], tree.Number | tree.Unary) else None
        if not isinstance(k, int) or not -len(several) <= k < len(several):
            raise SyntaxProblem(f"{builder.scope.words(target)} has the parts 0 to {len(several) - 1}", span=node.span)
        return part(several, k, node.span)
    return indexed(builder, node, builder.build(target))


def _one_size(builder: Builder, node: tree.Subscript, of: tree.Node) -> Expr:
    shape = builder.build(of).shape
    k = (
        builder.static(node.items[0])
        if len(node.items) == 1 and not isinstance(node.items[0], tree.Slice | tree.NewAxis | tree.Dots)
        else None
    )
    if not isinstance(k, int) or not -len(shape) <= k < len(shape):
        raise ShapeProblem(f"{builder.scope.words(of)} is {show(shape)}: there is no such axis", span=node.span)
    return Lit(shape[k])


def indexed(builder: Builder, node: tree.Subscript, a: Expr) -> Expr:
    """The part of a that the items pick."""
    items = list(node.items)
    taken = sum(not isinstance(i, tree.NewAxis | tree.Dots) for i in items)
    rank = len(a.shape)
    if taken > rank:
        raise ShapeProblem(f"{builder.scope.words(node.object)} is {show(a.shape)}: {taken} indices are too many", span=node.span)
    dots = [k for k, i in enumerate(items) if isinstance(i, tree.Dots)]
    whole = tree.Slice(None, None, None, node.span)
    if dots:
        items[dots[0] : dots[0] + 1] = [whole] * (rank - taken)
    else:
        items += [whole] * (rank - taken)
    spans: list[tuple[Dim, Dim]] = []
    turned: list[int] = []
    dropped: list[int] = []
    new: list[int] = []
    axis = 0
    for item in items:
        if isinstance(item, tree.NewAxis):
            new.append(axis + len(new) - len(dropped))
            continue
        assert not isinstance(item, tree.Dots)
        dim = a.shape[axis]
        if isinstance(item, tree.Slice):
            if _backwards(builder, item):
                turned.append(axis)
            spans.append(_span(builder, item, dim))
        else:
            spans.append((_position(builder, item, dim), 1))
            dropped.append(axis)
        axis += 1
    if any(s != (0, d) for s, d in zip(spans, a.shape, strict=True)):
        a = apply("slice", a, items=tuple(spans))
    if turned:
        a = flipped(a, tuple(turned))
    if dropped:
        a = apply("squeeze", a, axes=tuple(dropped))
    return apply("expand_dims", a, axes=tuple(new)) if new else a


def _position(builder: Builder, node: tree.Node, dim: Dim) -> Dim:
    """One index, counted from the front."""
    if isinstance(node, tree.Unary):
        k: Dim = add(dim, builder.dim(node))
    else:
        try:
            k = builder.dim(node)
        except ShapeProblem:
            raise NotKnownYet(
                "only fixed positions and slices are read as an index", span=node.span, hint="a one-hot matrix product picks rows: H @ W"
            ) from None
    if isinstance(k, int) and isinstance(dim, int) and not 0 <= k < dim:
        raise ShapeProblem(f"there is no entry {k} on an axis of {dim}", span=node.span)
    return k


def _backwards(builder: Builder, item: tree.Slice) -> bool:
    """Whether a slice is the whole axis from its end: [::-1]."""
    return item.start is None and item.stop is None and item.step is not None and builder.static(item.step) == -1


def _span(builder: Builder, item: tree.Slice, dim: Dim) -> tuple[Dim, Dim]:
    """Where a slice starts, and how long it is."""
    if _backwards(builder, item):
        return 0, dim
    if item.step is not None and builder.static(item.step) != 1:
        raise NotKnownYet("slices with a step other than [::-1] are not read", span=item.span)

    def bound(node: tree.Node | None, default: Dim) -> Dim:
        if node is None:
            return default
        return add(dim, builder.dim(node)) if isinstance(node, tree.Unary) else builder.dim(node)

    start, stop = bound(item.start, 0), bound(item.stop, dim)
    if isinstance(dim, int) and isinstance(stop, int):
        stop = min(stop, dim)
    length = add(stop, negative(start))
    if is_empty(length):
        raise ShapeProblem(f"the slice is empty: from {start} to {stop}", span=item.span)
    return start, length
