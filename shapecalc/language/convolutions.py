"""Convolutions as products with sliding windows: conv1d, conv2d as torch has them, correlate and convolve as NumPy has them.

Steps of one, zeros around as `padding` says. As in torch the kernel is not turned round, z_m = Σ_k x_(m+k) w_k (a cross-correlation);
NumPy's `convolve` turns it.
"""

from __future__ import annotations

from shapecalc.errors import NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.forms import add, apply, flipped
from shapecalc.ops.rearranging import normal
from shapecalc.shapes import Dim, Shape, show
from shapecalc.shapes import add as plus

from . import tree
from .builder import Builder
from .surface import fitted, keywords, surface

PLAIN = ("stride", "padding", "dilation", "groups")


@surface("windows", "sliding_window_view")
def _windows(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) not in (2, 3):
        raise SyntaxProblem(f"{node.name} takes a tensor, the lengths of the windows, and the axes", span=node.span)
    a = builder.build(node.args[0])
    items = node.args[1].items if isinstance(node.args[1], tree.Tuple | tree.List) else (node.args[1],)
    sizes = tuple(builder.dim(n) for n in items)
    return fitted(builder, node, lambda: apply("windows", a, shape=sizes, axes=_axes(builder, node, 2, len(a.shape), len(a.shape))), a)


@surface("overlap_add")
def _overlap(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) not in (1, 2):
        raise SyntaxProblem("overlap_add takes a tensor and axes", span=node.span)
    a = builder.build(node.args[0])

    def make() -> Expr:
        half = len(a.shape) // 2
        axes = _axes(builder, node, 1, len(a.shape), half)
        return apply("overlap_add", a, axes=tuple(normal(k, len(a.shape) - len(axes)) for k in axes))

    return fitted(builder, node, make, a)


def _axes(builder: Builder, node: tree.Call, place: int, rank: int, default: int) -> tuple[int, ...]:
    given = keywords(builder, node, "axis").get("axis", builder.static(node.args[place]) if len(node.args) > place else None)
    axes = tuple(range(default)) if given is None else given if isinstance(given, tuple) else (given,)
    return tuple(k % rank if node.name != "overlap_add" and -rank <= k < rank else k for k in axes)


@surface("unfold")
def _unfold(builder: Builder, node: tree.Call) -> Expr:
    """torch: x.unfold(axis, length, 1)."""
    if len(node.args) != 4 or builder.static(node.args[3]) != 1:
        raise NotKnownYet("unfold is read as x.unfold(axis, length, 1)", span=node.span, hint="windows(x, length, axis=axis)")
    a = builder.build(node.args[0])
    axis, size = builder.static(node.args[1]), builder.dim(node.args[2])
    return fitted(builder, node, lambda: apply("windows", a, shape=(size,), axes=(normal(axis, len(a.shape)),)), a)


@surface("conv1d", "conv2d")
def _conv(builder: Builder, node: tree.Call) -> Expr:
    """(N,) by (K,); (C, N) by (O, C, K); (B, C, N) by (O, C, K); the same with one more axis for conv2d; a bias (O,)."""
    plane = 1 if node.name == "conv1d" else 2
    padding = _padding(builder, node, plane)
    named = {k.name: k.value for k in node.keywords if k.name in ("bias", "weight", "input")}
    given = [*node.args[:3], *([named["bias"]] if "bias" in named else [])]
    if len(given) not in (2, 3):
        raise SyntaxProblem(f"{node.name} takes x, w and perhaps a bias", span=node.span)
    x, w = builder.build(given[0]), builder.build(given[1])
    x = x if len(x.shape) < plane else _padded(x, padding)
    if len(w.shape) == plane and len(x.shape) == plane:
        out = fitted(builder, node, lambda: _single(x, w, plane), x, w)
    elif len(w.shape) == plane + 2 and len(x.shape) in (plane + 1, plane + 2):
        out = fitted(builder, node, lambda: _channels(x, w, plane), x, w)
    else:
        shapes = "(N,) and (K,), or (B, C, N) and (O, C, K)" if plane == 1 else "(N, M) and (K, L), or (B, C, N, M) and (O, C, K, L)"
        raise ShapeProblem(f"{node.name} takes {shapes}, not {show(x.shape)} and {show(w.shape)}", span=node.span)
    if len(given) == 2 or (isinstance(given[2], tree.Name) and given[2].id == "None"):
        return out
    b = builder.build(given[2])
    bias = apply("expand_dims", b, axes=tuple(range(1, plane + 1))) if b.shape else b
    return fitted(builder, node, lambda: add(out, bias), x, w, b)


def _padding(builder: Builder, node: tree.Call, plane: int) -> tuple[Dim, ...]:
    """How many zeros are put around each axis; strides, dilation and groups are not read."""
    given = {k.name: k.value for k in node.keywords} | dict(zip(PLAIN, node.args[3:], strict=False))
    unknown = next((k for k in node.keywords if k.name not in PLAIN and k.name not in ("bias", "weight", "input")), None)
    if unknown is not None:
        raise SyntaxProblem(f"{node.name} has no option {unknown.name}", span=unknown.span)
    for name, value in given.items():
        found = builder.static(value) if name in PLAIN and name != "padding" else 1
        if set(found if isinstance(found, tuple) else (found,)) != {1}:
            raise NotKnownYet(f"{node.name} is read with {name}=1 alone", span=value.span)
    padding = given.get("padding")
    if padding is None or (isinstance(padding, tree.String) and padding.value == "valid"):
        return (0,) * plane
    if isinstance(padding, tree.String):
        raise NotKnownYet(f"{node.name} is read with a number as padding", span=padding.span)
    dims = [builder.dim(i) for i in (padding.items if isinstance(padding, tree.Tuple) else (padding,))]
    return (*dims,) if len(dims) == plane else (dims[0],) * plane


def _padded(x: Expr, padding: tuple[Dim, ...]) -> Expr:
    """Zeros before and behind the entries of the last axes."""
    lead = len(x.shape) - len(padding)
    sides = (*(0 for _ in range(lead)), *padding)
    shape = tuple(plus(d, plus(s, s)) for d, s in zip(x.shape, sides, strict=True))
    return x if shape == x.shape else apply("place", x, items=tuple(zip(sides, x.shape, strict=True)), shape=shape)


def _single(x: Expr, w: Expr, plane: int) -> Expr:
    """One channel: windows @ w."""
    seen = apply("windows", x, shape=w.shape, axes=tuple(range(plane)))
    return apply("matmul", seen, w) if plane == 1 else apply("einsum", seen, w, spec="ijkl,kl->ij")


def _channels(x: Expr, w: Expr, plane: int) -> Expr:
    """Several channels, and samples: a sum over channels and places in the window."""
    lead = len(x.shape) - plane - 1
    seen = apply("windows", x, shape=_kernel(w, plane), axes=tuple(range(lead + 1, lead + 1 + plane)))
    b, places, inside = "b" * lead, "ij"[:plane], "kl"[:plane]
    return apply("einsum", seen, w, spec=f"{b}c{places}{inside},oc{inside}->{b}o{places}")


def _kernel(w: Expr, plane: int) -> Shape:
    return w.shape[len(w.shape) - plane :]


@surface("correlate", "convolve")
def _numpy(builder: Builder, node: tree.Call) -> Expr:
    """NumPy's, for vectors: mode "valid", and "full" for convolve."""
    if len(node.args) not in (2, 3):
        raise SyntaxProblem(f"{node.name} takes two vectors, and perhaps a mode", span=node.span)
    x, w = (builder.build(a) for a in node.args[:2])
    default = "full" if node.name == "convolve" else "valid"
    named = keywords(builder, node, "mode")
    mode = named.get("mode", builder.static(node.args[2]) if len(node.args) > 2 else default)
    if len(x.shape) != 1 or len(w.shape) != 1:
        raise ShapeProblem(f"{node.name} takes two vectors, not {show(x.shape)} and {show(w.shape)}", span=node.span)
    if mode not in ("valid", "full"):
        raise NotKnownYet(f"{node.name} with mode={mode} is not read", span=node.span, hint='mode="valid", or "full"')
    turned = node.name == "convolve"
    if mode == "full":
        return apply("overlap_add", apply("outer", x, w if turned else flipped(w, (0,))), axes=(0,))
    return fitted(builder, node, lambda: _single(x, flipped(w, (0,)) if turned else w, 1), x, w)
