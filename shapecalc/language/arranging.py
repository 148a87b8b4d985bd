"""Spellings of what moves entries: transposes, reshapes, new axes, joins."""

from __future__ import annotations

from shapecalc import shapes
from shapecalc.errors import ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.forms import apply, concatenated, flipped, transposed
from shapecalc.ops.rearranging import normal
from shapecalc.shapes import Dim, Shape, is_empty, show, total

from . import tree
from .builder import Builder
from .options import at_most
from .sizing import given_shape
from .surface import fitted, keywords, one, surface


@surface("transpose", "t", "permute", "adjoint", ".H")
def _transpose(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    given = keywords(builder, node, "axis")
    axes = given.get("axis")
    rest = [builder.static(x) for x in node.args[1:]]
    if axes is not None and rest:
        raise SyntaxProblem(f"the axes of {node.name} are given twice", span=node.span)
    if rest:
        axes = rest[0] if len(rest) == 1 and isinstance(rest[0], tuple) else tuple(rest)
    rank = len(a.shape)
    if axes is None:
        return transposed(a)
    pair = node.name == "transpose" and len(rest) == 2  # torch: transpose(x, i, j) swaps two axes
    if pair and rank == 2 and rest == [0, 1] and not node.prefix:
        written = builder.scope.words(node)
        hint = f"{builder.scope.words(node.args[0], 'X')}.T"
        raise SyntaxProblem(f"{written} can be read in two ways: NumPy leaves a matrix as it is, torch turns it", span=node.span, hint=hint)

    def make() -> Expr:
        order = tuple(normal(x, rank) for x in (axes if isinstance(axes, tuple) else (axes,)))
        if pair and (rank > 2 or (node.prefix.startswith("torch") or rest == [-2, -1])):
            return _swapped(a, *order)
        return apply("transpose", a, axes=order) if order != tuple(range(rank)) else a

    return fitted(builder, node, make, a)


def _swapped(a: Expr, i: int, j: int) -> Expr:
    order = list(range(len(a.shape)))
    order[i], order[j] = order[j], order[i]
    return a if i == j else apply("transpose", a, axes=tuple(order))


@surface("swapaxes", "swapdims")
def _swapaxes(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) != 3:
        raise SyntaxProblem(f"{node.name} takes a tensor and two axes", span=node.span)
    a = builder.build(node.args[0])
    i, j = (builder.static(x) for x in node.args[1:])
    return fitted(builder, node, lambda: _swapped(a, normal(i, len(a.shape)), normal(j, len(a.shape))), a)


@surface("moveaxis", "movedim")
def _moveaxis(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) != 3:
        raise SyntaxProblem(f"{node.name} takes a tensor and two axes", span=node.span)
    a = builder.build(node.args[0])
    source, target = (builder.static(x) for x in node.args[1:])

    def make() -> Expr:
        rank = len(a.shape)
        moving = [normal(x, rank) for x in (source if isinstance(source, tuple) else (source,))]
        places = [normal(x, rank) for x in (target if isinstance(target, tuple) else (target,))]
        order = [k for k in range(rank) if k not in moving]
        for place, axis in sorted(zip(places, moving, strict=True)):
            order.insert(place, axis)
        return a if order == list(range(rank)) else apply("transpose", a, axes=tuple(order))

    return fitted(builder, node, make, a)


@surface("reshape", "view")
def _reshape(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    rest = tuple(k.value for k in node.keywords if k.name in ("shape", "newshape")) or node.args[1:]
    if len(rest) == 1 and isinstance(rest[0], tree.Call | tree.Attribute) and rest[0].name == "shape":
        same = given_shape(builder, rest)
        return a if same == a.shape else fitted(builder, node, lambda: apply("reshape", a, shape=same), a)
    items = rest[0].items if len(rest) == 1 and isinstance(rest[0], tree.Tuple | tree.List) else rest
    dims: list[Dim | None] = []
    for n in items:
        minus = isinstance(n, tree.Unary) and isinstance(n.arg, tree.Number) and n.arg.value == 1
        dims.append(None if minus else builder.dim(n))
    if dims.count(None) == 1:
        rest_total = total(tuple(d for d in dims if d is not None))
        found = shapes.divide(total(a.shape), rest_total)
        if found is None:
            raise ShapeProblem(f"reshape: {show(a.shape)} has {total(a.shape)} entries, not a multiple of {rest_total}", span=node.span)
        dims[dims.index(None)] = found
    shape = tuple(d for d in dims if d is not None)
    for n, d in zip(items, dims, strict=True):
        if d is not None and is_empty(d):
            raise ShapeProblem(f"a size is at least 1, not {d}", span=n.span)
    return a if shape == a.shape else fitted(builder, node, lambda: apply("reshape", a, shape=shape), a)


@surface("flatten", "ravel")
def _flatten(builder: Builder, node: tree.Call) -> Expr:
    """All entries in a row; torch's flatten(start, end) merges the axes from one to the other."""
    a = builder.build(node.args[0])
    at_most(node, 3)
    given = keywords(builder, node, "order", "start_dim", "end_dim")
    rest = [builder.static(n) for n in node.args[1:]]
    if given.get("order") == "F" or rest[:1] == ["F"]:
        return apply("vec", a)
    whole = dict(zip(("start_dim", "end_dim"), (n for n in rest if isinstance(n, int)), strict=False)) | given

    def make() -> Expr:
        rank = len(a.shape)
        first, last = (normal(whole.get(k, default), rank) for k, default in (("start_dim", 0), ("end_dim", -1)))
        shape = (*a.shape[:first], total(a.shape[first : last + 1]), *a.shape[last + 1 :])
        return a if shape == a.shape else apply("reshape", a, shape=shape)

    return a if len(a.shape) == 1 else fitted(builder, node, make, a)


@surface("expand_dims", "unsqueeze")
def _expand_dims(builder: Builder, node: tree.Call) -> Expr:
    at_most(node, 2)
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis", builder.static(node.args[1]) if len(node.args) > 1 else None)
    if not isinstance(axis, int):
        raise SyntaxProblem("expand_dims takes one axis", span=node.span)
    return fitted(builder, node, lambda: apply("expand_dims", a, axes=(normal(axis, len(a.shape) + 1),)), a)


@surface("expand")
def _expand_back(builder: Builder, node: tree.Call) -> Expr:
    """For pull-backs: the reduced axes put in again as 1. torch's x.expand(3, m, n) is broadcast_to."""
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis")
    if axis is None:
        shape = _expanded(builder, node.args[1:], a.shape) if len(node.args) > 1 else a.shape
        return fitted(builder, node, lambda: apply("broadcast_to", a, shape=shape), a)
    axes = axis if isinstance(axis, tuple) else (axis,)
    rank = len(a.shape) + len(axes)
    return apply("expand_dims", a, axes=tuple(sorted(x % rank for x in axes)))


def _expanded(builder: Builder, nodes: tuple[tree.Node, ...], shape: Shape) -> Shape:
    """torch's x.expand(S, -1): -1 keeps a size."""
    items = nodes[0].items if len(nodes) == 1 and isinstance(nodes[0], tree.Tuple | tree.List) else nodes
    places = [k for k, n in enumerate(items) if isinstance(n, tree.Unary) and isinstance(n.arg, tree.Number) and n.arg.value == 1]
    ahead = len(items) - len(shape)
    if not places or min(places) < ahead:
        return given_shape(builder, nodes)
    return tuple(shape[k - ahead] if k in places else given_shape(builder, (n,))[0] for k, n in enumerate(items))


@surface("squeeze")
def _squeeze(builder: Builder, node: tree.Call) -> Expr:
    at_most(node, 2)
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis", builder.static(node.args[1]) if len(node.args) > 1 else None)
    rank = len(a.shape)
    axes = (
        tuple(k for k, d in enumerate(a.shape) if d == 1)
        if axis is None
        else tuple(normal(x, rank) for x in (axis if isinstance(axis, tuple) else (axis,)))
    )
    return fitted(builder, node, lambda: apply("squeeze", a, axes=axes), a) if axes else a


@surface("broadcast_to")
def _broadcast_to(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    shape = given_shape(builder, node.args[1:])
    return fitted(builder, node, lambda: apply("broadcast_to", a, shape=shape), a)


def several(builder: Builder, node: tree.Call) -> list[Expr]:
    """A list of tensors to join."""
    if not node.args or not isinstance(node.args[0], tree.Tuple | tree.List):
        raise SyntaxProblem(f"{node.name} takes a list of tensors", span=node.span, hint=f"{node.name}([A, B], axis=0)")
    return [builder.build(a) for a in node.args[0].items]


@surface("concatenate", "concat", "cat", "hstack", "vstack", "stack")
def _join(builder: Builder, node: tree.Call) -> Expr:
    stacked = node.name in ("hstack", "vstack")
    at_most(node, 1 if stacked else 2)
    parts = several(builder, node)
    default = builder.static(node.args[1]) if len(node.args) > 1 else 0
    axis = keywords(builder, node, *(() if stacked else ("axis",))).get("axis", default)
    if node.name == "hstack":
        axis = 0 if len(parts[0].shape) == 1 else 1
    if axis is None and node.name in ("concatenate", "concat"):  # NumPy's, of all entries
        parts, axis = [apply("reshape", p, shape=(total(p.shape),)) for p in parts], 0

    def make() -> Expr:
        pieces = parts
        if node.name == "stack" or (node.name == "vstack" and len(parts[0].shape) == 1):
            place = normal(axis, len(parts[0].shape) + 1)
            pieces = [apply("expand_dims", p, axes=(place,)) for p in parts]
        return concatenated(tuple(pieces), normal(axis, len(pieces[0].shape)))

    return fitted(builder, node, make, *parts)


@surface("diag")
def _diag(builder: Builder, node: tree.Call) -> Expr:
    """The matrix of a vector; of a matrix its diagonal, as NumPy has it."""
    if len(node.args) != 1 or node.keywords:
        raise SyntaxProblem("diag takes a vector, or a matrix", span=node.span)
    a = builder.build(node.args[0])
    square = len(a.shape) == 2 and a.shape[0] == a.shape[1] != 1
    if node.prefix and len(a.shape) == 2 and not square and 1 in a.shape and a.shape != (1, 1):
        what = f"{builder.scope.words(node)} of {show(a.shape)} is its first entry alone"
        raise SyntaxProblem(what, span=node.span, hint="diag(x.reshape(-1)) is the matrix")
    return fitted(builder, node, lambda: apply("diagonal" if square else "diag", a), a)


@surface("diagflat")
def _diagflat(builder: Builder, node: tree.Call) -> Expr:
    (a,) = one(builder, node)
    return apply("diag", a if len(a.shape) == 1 else apply("reshape", a, shape=(total(a.shape),)))


@surface("cumsum", "cumprod")
def _cumulated(builder: Builder, node: tree.Call) -> Expr:
    """Along an axis; without one, of all entries row by row, as NumPy does."""
    at_most(node, 2)
    a = builder.build(node.args[0])
    given = keywords(builder, node, "axis", *(["reverse"] if node.name == "cumsum" else []))
    axis = given.get("axis", builder.static(node.args[1]) if len(node.args) > 1 else None)
    if axis is None and len(a.shape) != 1:
        a, axis = apply("reshape", a, shape=(total(a.shape),)), 0
    if not isinstance(axis, int | None):
        raise SyntaxProblem(f"{node.name} is along one axis", span=node.span)
    given.pop("axis", None)
    return fitted(builder, node, lambda: apply(node.name, a, axis=axis or 0, **given), a)


@surface("flip", "fliplr", "flipud")
def _flip(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    default = builder.static(node.args[1]) if len(node.args) > 1 else {"fliplr": 1, "flipud": 0}.get(node.name)
    if len(node.args) > 2:  # torch: X.flip(0, 1)
        default = tuple(builder.static(x) for x in node.args[1:])
    axis = keywords(builder, node, "axis").get("axis", default)
    rank = len(a.shape)

    def make() -> Expr:
        axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        return flipped(a, tuple(sorted({normal(x, rank) for x in axes})))

    return fitted(builder, node, make, a)


@surface("slice", "place")
def _rule_only(builder: Builder, node: tree.Call) -> Expr:
    """For pull-backs: the parameters of the slice are passed on."""
    a = builder.build(node.args[0])
    if "items" not in builder.scope.static:
        raise SyntaxProblem("write a slice with brackets", span=node.span, hint="A[0], A[:, 1:]")
    given = {k.name: k.value for k in node.keywords}
    items = builder.scope.static["items"]
    if node.name == "slice":
        return apply("slice", a, items=items)
    return apply("place", a, items=items, shape=given_shape(builder, (given["shape"],)))
