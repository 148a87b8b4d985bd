"""Spellings of constants and sizes: ones, eye, X.shape, len, count."""

from __future__ import annotations

from shapecalc.errors import NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr, Lit
from shapecalc.forms import apply, ones, zeros
from shapecalc.shapes import Dim, Shape, is_empty, show, total

from . import tree
from .builder import Builder
from .surface import keywords, one, surface


def given_shape(builder: Builder, nodes: tuple[tree.Node, ...]) -> Shape:
    """A shape written as one tuple or as several sizes."""
    if len(nodes) == 1 and isinstance(nodes[0], tree.Call) and nodes[0].name == "shape":
        keywords(builder, nodes[0])
        return one(builder, nodes[0])[0].shape
    if len(nodes) == 1 and isinstance(nodes[0], tree.Attribute) and nodes[0].name == "shape":
        return builder.build(nodes[0].object).shape
    if len(nodes) == 1 and isinstance(nodes[0], tree.Name) and isinstance(builder.scope.static.get(nodes[0].id), tuple):
        found: Shape = builder.scope.static[nodes[0].id]
        return found
    items = nodes[0].items if len(nodes) == 1 and isinstance(nodes[0], tree.Tuple | tree.List) else nodes
    return tuple(filled(builder, n) for n in items)


def filled(builder: Builder, node: tree.Node) -> Dim:
    """A size with at least one entry."""
    dim = builder.dim(node)
    if is_empty(dim):
        raise ShapeProblem(f"a size is at least 1, not {dim}", span=node.span)
    return dim


@surface("ones", "zeros")
def _filled(builder: Builder, node: tree.Call) -> Expr:
    shape = given_shape(builder, node.args or tuple(k.value for k in node.keywords if k.name in ("shape", "size")))
    return ones(shape) if node.name == "ones" else zeros(shape)


@surface("ones_like", "zeros_like")
def _like(builder: Builder, node: tree.Call) -> Expr:
    shape = one(builder, node)[0].shape
    return ones(shape) if node.name == "ones_like" else zeros(shape)


@surface("eye", "identity")
def _eye(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) not in (1, 2):
        raise SyntaxProblem("eye takes a size", span=node.span)
    dims = [filled(builder, a) for a in node.args]
    if len(dims) == 2 and dims[0] != dims[1]:
        raise NotKnownYet("eye is for a square matrix", span=node.span, hint=f"a part of one: eye({dims[0]})[:, :k]")
    return apply("eye", n=dims[0])


@surface("count")
def _count(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis")
    axes = range(len(a.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return size(total(tuple(a.shape[k] for k in axes)))


def size(dim: Dim) -> Expr:
    """A size as a formula."""
    return Lit(dim)


@surface("rows")
def _rows(builder: Builder, node: tree.Call) -> Expr:
    return size(one(builder, node)[0].shape[0])


@surface("columns")
def _columns(builder: Builder, node: tree.Call) -> Expr:
    return size(one(builder, node)[0].shape[1])


@surface("len")
def _len(builder: Builder, node: tree.Call) -> Expr:
    (a,) = one(builder, node)
    if not a.shape:
        raise ShapeProblem("a scalar has no len", span=node.span)
    return size(a.shape[0])


@surface("size")
def _along(builder: Builder, node: tree.Call) -> Expr:
    """torch's X.size(0), NumPy's size(X, 0): one size; size(X): how many entries."""
    shape, rest = builder.build(node.args[0]).shape, [builder.static(n) for n in node.args[1:]]
    rest += keywords(builder, node, "axis").values()
    if not rest and not node.prefix:
        return _shape(builder, node)
    if not rest:
        return size(total(shape))
    if len(rest) > 1 or not isinstance(rest[0], int) or not -len(shape) <= rest[0] < len(shape):
        raise ShapeProblem(f"{builder.scope.words(node.args[0])} is {show(shape)}: there is no such axis", span=node.span)
    return size(shape[rest[0]])


@surface(".size", "numel")
def _size(builder: Builder, node: tree.Call) -> Expr:
    return size(total(one(builder, node)[0].shape))


@surface(".shape", ".ndim")
def _shape(builder: Builder, node: tree.Call) -> Expr:
    raise SyntaxProblem(
        "a shape is not a number; take one size of it", span=node.span, hint=f"{builder.scope.words(node.args[0], 'X')}.shape[0]"
    )
