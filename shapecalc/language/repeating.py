"""Spellings of what repeats or fills: tile, repeat, full, expand_as; and of another shape taken over: view_as."""

from __future__ import annotations

from shapecalc.errors import SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.forms import apply, mul, ones
from shapecalc.ops.rearranging import normal
from shapecalc.shapes import Dim, multiply, total

from . import tree
from .builder import Builder
from .libraries import library
from .options import asked, at_most, kept
from .patterns import repeated as by_pattern
from .sizing import given_shape
from .surface import fitted, keywords, one, surface

_TORCHS = frozenset({"unsqueeze", "permute", "contiguous", "clone", "expand"})  # methods that only torch's arrays have


def tiled(a: Expr, counts: tuple[Dim, ...], inner: bool = False) -> Expr:
    """a, so many times along each axis, new axes in front; `inner`: each entry repeated by itself, not the whole."""
    rank = max(len(counts), len(a.shape))
    shape, counts = (1,) * (rank - len(a.shape)) + a.shape, (1,) * (rank - len(counts)) + counts
    if shape != a.shape:
        a = apply("reshape", a, shape=shape)
    if all(1 in (n, d) for n, d in zip(counts, shape, strict=True)):
        wanted = tuple(multiply(n, d) for n, d in zip(counts, shape, strict=True))
        return a if wanted == shape else apply("broadcast_to", a, shape=wanted)
    places = tuple(2 * k + inner for k in range(rank))
    wide = apply("expand_dims", a, axes=places)
    pairs = zip(shape, counts, strict=True) if inner else zip(counts, shape, strict=True)
    wide = apply("broadcast_to", wide, shape=tuple(d for pair in pairs for d in pair))
    return apply("reshape", wide, shape=tuple(multiply(n, d) for n, d in zip(counts, shape, strict=True)))


@surface("tile")
def _tile(builder: Builder, node: tree.Call) -> Expr:
    """np.tile(a, reps), torch.tile(a, dims)."""
    rest = node.args[1:] or tuple(k.value for k in node.keywords if k.name in ("reps", "dims"))
    if not rest:
        raise SyntaxProblem("tile takes an array and how often", span=node.span, hint="tile(a, (S, 1))")
    if library(node.prefix):  # torch's x.tile(2, 3) alone takes several numbers
        at_most(node, 2)
    a = builder.build(node.args[0])
    return fitted(builder, node, lambda: tiled(a, given_shape(builder, rest)), a)


@surface("repeat", "repeat_interleave")
def _repeat(builder: Builder, node: tree.Call) -> Expr:
    """np.repeat(a, n, axis); torch's x.repeat(n, m), which tiles; einops' repeat(x, 'd -> s d', s=S)."""
    if len(node.args) > 1 and isinstance(node.args[1], tree.String):
        return by_pattern(builder, node)
    a = builder.build(node.args[0])
    axis = next(iter(asked(node, "axis", "dim").values()), None)
    counts = node.args[1:] or tuple(asked(node, "repeats").values())
    method = node.args[0].span[0] < node.name_span[0] and not node.prefix
    if node.name == "repeat" and axis is None and (method or library(node.prefix) == "torch"):
        torchs = any(getattr(n, "name", "") in _TORCHS for n, _ in tree.walk(node.args[0]))
        if method and not torchs and _may_be_numpys(builder, counts, len(a.shape)):
            written = builder.scope.words(node)
            hint = f"tile(...) for the whole, np.repeat(..., axis={max(len(a.shape) - 1, 0)}) for each entry by itself"
            raise SyntaxProblem(f"{written} can be read in two ways: torch repeats the whole, NumPy each entry", span=node.span, hint=hint)
        return fitted(builder, node, lambda: tiled(a, given_shape(builder, counts)), a)
    at_most(node, 3 if axis is None else 2)
    if axis is None and len(counts) == 2:
        axis = counts[1]
    if not counts:
        raise SyntaxProblem(f"{node.name} takes an array and how often", span=node.span, hint=f"{node.name}(a, S, axis=0)")

    def make() -> Expr:
        base = a if axis is not None else apply("reshape", a, shape=(total(a.shape),))
        place = normal(builder.static(axis), len(base.shape)) if axis is not None else 0
        each = tuple(builder.dim(counts[0]) if k == place else 1 for k in range(len(base.shape)))
        return tiled(base, each, inner=True)

    return fitted(builder, node, make, a)


def _may_be_numpys(builder: Builder, counts: tuple[tree.Node, ...], rank: int) -> bool:
    """Whether x.repeat(n) or x.repeat(n, axis) could be meant, as well as torch's x.repeat(n, m)."""
    if len(counts) == 1:
        return not isinstance(counts[0], tree.Tuple | tree.List) and not (isinstance(counts[0], tree.Number) and counts[0].value == 1)
    last = counts[-1].arg if isinstance(counts[-1], tree.Unary) else counts[-1]
    return len(counts) == 2 and isinstance(last, tree.Number) and -rank <= builder.static(counts[1]) < rank


@surface("full", "full_like")
def _full(builder: Builder, node: tree.Call) -> Expr:
    """full(shape, value), full_like(a, value)."""
    keywords(builder, tree.Call(node.name, (), tuple(k for k in node.keywords if k.name != "fill_value"), "", node.name_span, node.span))
    value = node.args[1:2] or tuple(k.value for k in node.keywords if k.name == "fill_value")
    at_most(node, 3)
    if not node.args or not value:
        raise SyntaxProblem(f"{node.name} takes a shape and a value", span=node.span, hint="full((S, 1), 1/S)")
    shape = builder.build(node.args[0]).shape if node.name == "full_like" else given_shape(builder, node.args[:1])
    e = builder.build(value[0])
    for kind in node.args[2:]:
        kept(e, kind, kind.span)
    return fitted(builder, node, lambda: mul(e, ones(shape)), e)


@surface("expand_as", "view_as", "reshape_as", "broadcast_like")
def _like(builder: Builder, node: tree.Call) -> Expr:
    """The shape of another array."""
    a, like = one(builder, node, 2)
    name = "reshape" if node.name in ("view_as", "reshape_as") else "broadcast_to"
    return a if a.shape == like.shape else fitted(builder, node, lambda: apply(name, a, shape=like.shape), a, like)
