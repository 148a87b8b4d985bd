"""Functions that give several tensors, A, B = split(X, 2, axis=1): each of them is a slice, by its place in the list."""

from __future__ import annotations

from dataclasses import replace

from shapecalc import shapes
from shapecalc.errors import NotDifferentiable, NotKnownYet, ShapeProblem, Span, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.forms import apply
from shapecalc.ops.rearranging import normal
from shapecalc.shapes import Dim, show

from . import tree
from .builder import Builder
from .libraries import EXTREMES, by_torch, library
from .options import asked
from .surface import fitted, keywords, surface

SECTIONS = ("indices_or_sections", "split_size_or_sections", "split_size", "sections", "chunks", "indices")
SPLITS = frozenset({"split", "chunk", "array_split", "tensor_split", "hsplit", "vsplit", "unbind"})


Parts = list[Expr | None]
"""Several tensors; None for one that no formula says."""


def several_of(builder: Builder, node: tree.Index) -> Parts | None:
    """The tensors that a call gives; None where it gives one."""
    if isinstance(node, tree.Method) and node.name in EXTREMES:
        return _extreme(builder, tree.Call(node.name, (node.object, *node.args), node.keywords, "", node.name_span, node.span), True)
    if isinstance(node, tree.Method):
        node = tree.Call(node.name, (node.object, *node.args), node.keywords, "torch", node.name_span, node.span)
    if not isinstance(node, tree.Call) or node.name in builder.scope.functions:
        return None
    if node.name in ("slogdet", "eigh"):
        keywords(builder, node)  # a triangle that is read, an axis: neither is known
    if node.name == "slogdet":
        return [apply("sign", builder.made(node, "det", list(node.args))), builder.made(node, "logdet", list(node.args))]
    if node.name == "eigh":
        return [builder.made(node, name, list(node.args)) for name in ("eigvalsh", "eigvecs")]
    if node.name in EXTREMES:
        return _extreme(builder, node)
    return [*_split(builder, node)] if node.name in SPLITS else None


def _extreme(builder: Builder, node: tree.Call, method: bool = False) -> Parts | None:
    """torch's max along an axis gives the values, and their places; NumPy's gives the values alone."""
    along = any(k.name in ("axis", "dim") for k in node.keywords) or (len(node.args) in (2, 3) and _is_axis(builder, node.args[1]))
    if not along or not node.args:
        return None
    if by_torch(node):
        return [builder.call(node), None]
    if method and len(node.args) == 2:
        written = builder.scope.words(node)
        x, axis = (builder.scope.words(a) for a in node.args)
        hint = f"torch's values are {node.name}({x}, axis={axis}); NumPy's first row of them is np.{node.name}({x}, axis={axis})[0]"
        raise SyntaxProblem(f"a part of {written} can be read in two ways", span=node.span, hint=hint)
    return None


def _is_axis(builder: Builder, node: tree.Node) -> bool:
    inner = node.arg if isinstance(node, tree.Unary) else node
    return (isinstance(inner, tree.Number) and inner.text.isdigit()) or (isinstance(inner, tree.Name) and inner.id in builder.scope.static)


@surface(".values")
def _values(builder: Builder, node: tree.Call) -> Expr:
    """torch.max(X, 1).values."""
    inner = node.args[0]
    if isinstance(inner, tree.Method):
        inner = tree.Call(inner.name, (inner.object, *inner.args), inner.keywords, "torch", inner.name_span, inner.span)
    found = _extreme(builder, replace(inner, prefix="torch")) if isinstance(inner, tree.Call) and inner.name in EXTREMES else None
    if found is None:
        raise SyntaxProblem("values is read of torch's max and min along an axis", span=node.name_span)
    return part(found, 0, node.span)


@surface(*sorted(SPLITS))
def _alone(builder: Builder, node: tree.Call) -> Expr:
    count = len(_split(builder, node))
    hint = f"{', '.join('ABCDEFGH'[:count])} = {node.name}(...)" if count <= 8 else None
    raise SyntaxProblem(f"{node.name} gives {count} tensors", span=node.span, hint=hint or f"{node.name}(...)[0]")


@surface("eigh")
def _decomposition(builder: Builder, node: tree.Call) -> Expr:
    raise SyntaxProblem("eigh gives eigenvalues and eigenvectors", span=node.span, hint="lam, V = eigh(A), or eigvalsh(A)")


@surface("eigvals", "eig", "svd", "svdvals")
def _not_symmetric(builder: Builder, node: tree.Call) -> Expr:
    if node.name.startswith("svd"):
        what, hint = "the singular values", "svdvals(A)**2 is eigvalsh(A.T @ A)"
    else:
        what = "eigenvalues that may be complex"
        hint = "of a symmetric matrix: eigvalsh(A); of any: tr(A) is their sum, det(A) their product"
    raise NotKnownYet(f"{what} are not in the rule book", span=node.name_span, hint=hint)


@surface("=,")
def unpacked(builder: Builder, call: tree.Call) -> Expr:
    """The part of a right side that goes to one of several names."""
    node = call.args[0]
    assert isinstance(node, tree.Unpacked)
    parts = several_of(builder, node.object)
    if parts is None:
        whole = builder.build(node.object)
        if not whole.shape or whole.shape[0] != node.count:
            of = f"{builder.scope.words(node.object)} is {show(whole.shape)}"
            hint = "give each value a line of its own"
            raise ShapeProblem(f"{of}: it is not unpacked into {node.count} names", span=node.span, hint=hint)
        return row(whole, node.place)
    if len(parts) != node.count:
        raise ShapeProblem(f"there are {node.count} names for {len(parts)} tensors", span=node.span)
    return part(parts, node.place, node.span)


def part(parts: Parts, place: int, span: Span) -> Expr:
    """One of several tensors; raises NotDifferentiable where it is the places of the largest entries."""
    found = parts[place]
    if found is None:
        raise NotDifferentiable("the place of an entry is piecewise constant: nothing flows back through it", span=span)
    return found


def row(a: Expr, k: int) -> Expr:
    """a[k]."""
    part = apply("slice", a, items=((k, 1), *((0, d) for d in a.shape[1:]))) if a.shape[0] != 1 else a
    return apply("squeeze", part, axes=(0,))


def _split(builder: Builder, node: tree.Call) -> list[Expr]:
    """The parts of a tensor, by their number, by where they begin (NumPy), or by their lengths (torch)."""
    if not node.args:
        raise SyntaxProblem(f"{node.name} takes a tensor", span=node.span)
    a = builder.build(node.args[0])
    rest = list(node.args[1:])
    rest[:0] = asked(node, *SECTIONS).values()
    named = keywords(builder, _without_sections(node), "axis")
    default = {"hsplit": min(1, len(a.shape) - 1)}.get(node.name, 0)
    place = 0 if node.name == "unbind" else 1
    axis = named.get("axis", builder.static(rest[place]) if len(rest) > place else default)
    if not isinstance(axis, int):
        raise SyntaxProblem(f"{node.name} is along one axis", span=node.span)
    fitted(builder, node, lambda: (normal(axis, len(a.shape)), a)[1], a)
    axis %= len(a.shape)
    if node.name == "unbind":
        return _rows(a, axis, node)
    if not rest:
        raise SyntaxProblem(f"{node.name} needs the number of parts", span=node.span, hint=f"{node.name}(X, 2, axis=1)")
    whose = "torch" if any(k.name == "dim" for k in node.keywords) else library(node.prefix)
    listed = whose == "tensorflow" and isinstance(rest[0], tree.Tuple | tree.List)
    lengths = (whose == "torch" or listed) and node.name == "split"
    return _parts(a, axis, _lengths(builder, rest[0], a.shape[axis], lengths, node))


def _without_sections(node: tree.Call) -> tree.Call:
    kept = tuple(k for k in node.keywords if k.name not in SECTIONS)
    return tree.Call(node.name, node.args, kept, node.prefix, node.name_span, node.span)


def _lengths(builder: Builder, given: tree.Node, whole: Dim, lengths: bool, node: tree.Call) -> list[Dim]:
    """How long each part is; `lengths`: torch's way, where the lengths are given and not the number or the beginnings."""
    if isinstance(given, tree.Tuple | tree.List):
        dims = [builder.dim(d) for d in given.items]
        if not lengths:
            stops = [*dims, whole]
            dims = [shapes.add(stop, shapes.negative(start)) for start, stop in zip([0, *dims], stops, strict=True)]
        rest: Dim = whole
        for d in dims:
            rest = shapes.add(rest, shapes.negative(d))
        if rest != 0 or any(isinstance(d, int) and d < 1 for d in dims):
            raise ShapeProblem(f"{node.name}: parts of {', '.join(map(str, dims))} do not make up {whole}", span=given.span)
        return dims
    dim = builder.dim(given)
    if dim == 0:
        raise ShapeProblem(f"{node.name}: there are no parts", span=given.span)
    other = shapes.divide(whole, dim)
    count, length = (other, dim) if lengths else (dim, other)
    if other is None or not isinstance(count, int) or count < 1 or length is None:
        what = f"parts of {dim}" if lengths else f"{dim} equal parts"
        raise ShapeProblem(f"{node.name}: an axis of {whole} is not {what}", span=node.span, hint="name the parts: X: (2*n, m)")
    return [length] * count


def _parts(a: Expr, axis: int, lengths: list[Dim]) -> list[Expr]:
    """The slices of these lengths, one after the other."""
    out: list[Expr] = []
    start: Dim = 0
    for length in lengths:
        items = tuple((start, length) if k == axis else (0, d) for k, d in enumerate(a.shape))
        out.append(a if length == a.shape[axis] else apply("slice", a, items=items))
        start = shapes.add(start, length)
    return out


def _rows(a: Expr, axis: int, node: tree.Call) -> list[Expr]:
    """torch.unbind: every entry along an axis of a fixed size, without that axis."""
    count = a.shape[axis]
    if not isinstance(count, int):
        raise ShapeProblem(f"unbind: an axis of {count} has no fixed number of parts", span=node.span)
    return [apply("squeeze", p, axes=(axis,)) for p in _parts(a, axis, [1] * count)]
