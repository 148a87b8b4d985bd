"""Layers of networks as functions: normalisation, gates, attention, each written out as the composition that it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from shapecalc.errors import NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.numerals import number
from shapecalc.shapes import show

from . import tree
from .builder import Builder, build_text
from .masks import is_mask
from .surface import fitted, surface

Given = dict[str, tree.Node]


def arguments(node: tree.Call, names: tuple[str, ...]) -> Given:
    """The arguments by the names that the function has for them, those that are None left out."""
    if len(node.args) > len(names):
        raise SyntaxProblem(f"{node.name} takes {', '.join(names)}", span=node.span)
    out = dict(zip(names, node.args, strict=False))
    for k in node.keywords:
        if k.name in names:
            out[k.name] = k.value
    return {name: value for name, value in out.items() if not (isinstance(value, tree.Name) and value.id == "None")}


def needed(node: tree.Call, given: Given, *names: str) -> None:
    """Raises SyntaxProblem where one of these is not given."""
    missing = [name for name in names if name not in given]
    if missing:
        raise SyntaxProblem(f"{node.name} needs {', '.join(missing)}", span=node.span)


def _small(builder: Builder, given: Given, default: Fraction | None) -> str:
    """`+ eps` as text; eps may be a name."""
    if "eps" not in given:
        return "" if default is None else f" + {number(default)[0]}"
    return " + eps"


def _scaled(builder: Builder, node: tree.Call, given: Given, text: str, a: Expr) -> Expr:
    """The text, times the weight, plus the bias."""
    known = {"A": a} | {key: builder.build(given[name]) for key, name in (("W", "weight"), ("B", "bias"), ("eps", "eps")) if name in given}
    text = f"({text}) * W" if "weight" in given else text
    text = f"{text} + B" if "bias" in given else text
    return fitted(builder, node, lambda: build_text(text, known), *known.values())


def _last_axes(builder: Builder, node: tree.Call, given: Given, a: Expr) -> str:
    """The axes that normalized_shape names, which are the last: those of X.shape[1:], (d,), d."""
    needed(node, given, "normalized_shape")
    shape = given["normalized_shape"]
    items = shape.items if isinstance(shape, tree.Tuple | tree.List) else None
    if items is None:
        whole = isinstance(shape, tree.Subscript | tree.Attribute)
        dims = _sizes(builder, shape) if whole else (builder.dim(shape),)
    else:
        dims = tuple(builder.dim(d) for d in items)
    if not dims or a.shape[-len(dims) :] != tuple(dims):
        raise ShapeProblem(f"{node.name}: {show(tuple(dims))} are not the last axes of {show(a.shape)}", span=shape.span)
    return "-1" if len(dims) == 1 else str(tuple(range(-len(dims), 0)))


def _sizes(builder: Builder, node: tree.Node) -> tuple[Any, ...]:
    """X.shape[1:] as sizes."""
    inner = node.object if isinstance(node, tree.Subscript) else node
    if not isinstance(inner, tree.Attribute) or inner.name != "shape":
        return (builder.dim(node),)
    shape = builder.build(inner.object).shape
    if not isinstance(node, tree.Subscript):
        return shape
    (cut,) = node.items
    if not isinstance(cut, tree.Slice):
        return (builder.dim(node),)
    return shape[slice(*(None if n is None else builder.static(n) for n in (cut.start, cut.stop, cut.step)))]


@surface("layer_norm")
def _layer_norm(builder: Builder, node: tree.Call) -> Expr:
    """torch.nn.functional.layer_norm (Ba, Kiros & Hinton 2016)."""
    given = arguments(node, ("input", "normalized_shape", "weight", "bias", "eps"))
    needed(node, given, "input")
    a = builder.build(given["input"])
    along = f"axis={_last_axes(builder, node, given, a)}, keepdims=True"
    below = f"sqrt(mean((A - mean(A, {along}))**2, {along}){_small(builder, given, Fraction(1, 10**5))})"
    return _scaled(builder, node, given, f"(A - mean(A, {along})) / {below}", a)


@surface("rms_norm")
def _rms_norm(builder: Builder, node: tree.Call) -> Expr:
    """torch.nn.functional.rms_norm (Zhang & Sennrich 2019); its eps depends on the kind of the numbers where it is not given."""
    given = arguments(node, ("input", "normalized_shape", "weight", "eps"))
    needed(node, given, "input")
    a = builder.build(given["input"])
    along = f"axis={_last_axes(builder, node, given, a)}, keepdims=True"
    return _scaled(builder, node, given, f"A / sqrt(mean(A**2, {along}){_small(builder, given, None)})", a)


@surface("batch_norm")
def _batch_norm(builder: Builder, node: tree.Call) -> Expr:
    """torch.nn.functional.batch_norm in training, of samples in rows (Ioffe & Szegedy 2015): the statistics are those of the batch."""
    given = arguments(node, ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"))
    needed(node, given, "input")
    if "training" not in given or builder.static(given["training"]) is not True:
        raise NotKnownYet("batch_norm is read with training=True: otherwise it goes by stored statistics", span=node.span)
    a = builder.build(given["input"])
    if len(a.shape) != 2:
        raise NotKnownYet("batch_norm is read of a matrix, samples in rows", span=node.span)
    small = _small(builder, given, Fraction(1, 10**5))
    return _scaled(builder, node, given, f"(A - mean(A, axis=0)) / sqrt(mean((A - mean(A, axis=0))**2, axis=0){small})", a)


@surface("standardize")
def _standardize(builder: Builder, node: tree.Call) -> Expr:
    """jax.nn.standardize: mean 0 and variance 1 along an axis."""
    given = arguments(node, ("x", "axis", "mean", "variance", "epsilon"))
    needed(node, given, "x")
    if "mean" in given or "variance" in given:
        raise NotKnownYet("standardize is read without a mean and a variance of its own", span=node.span)
    given = {"eps" if name == "epsilon" else name: value for name, value in given.items()}
    along = f"axis={builder.static(given['axis']) if 'axis' in given else -1}, keepdims=True"
    below = f"sqrt(mean((A - mean(A, {along}))**2, {along}){_small(builder, given, Fraction(1, 10**5))})"
    return _scaled(builder, node, given, f"(A - mean(A, {along})) / {below}", builder.build(given["x"]))


@surface("glu")
def _glu(builder: Builder, node: tree.Call) -> Expr:
    """The first half along an axis, times the sigmoid of the second (Dauphin et al. 2017)."""
    given = arguments(replace(node, keywords=tuple(_axis_named(node))), ("input", "axis"))
    needed(node, given, "input")
    axis = builder.static(given["axis"]) if "axis" in given else -1
    a = builder.build(given["input"])
    text = f"split(A, 2, axis={axis})[0] * sigmoid(split(A, 2, axis={axis})[1])"
    return fitted(builder, node, lambda: build_text(text, {"A": a}), a)


def _axis_named(node: tree.Call) -> list[tree.Keyword]:
    """The keywords, torch's `dim` under NumPy's name."""
    return [tree.Keyword("axis", k.value, k.span) if k.name == "dim" else k for k in node.keywords]


@surface("scaled_dot_product_attention")
def _attention(builder: Builder, node: tree.Call) -> Expr:
    """softmax(Q Kᵀ / √E + mask) V along the last two axes (Vaswani et al. 2017, eq. 1); no dropout, and a mask that is added."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale")
    given = arguments(node, names)
    needed(node, given, "query", "key", "value")
    for name in ("dropout_p", "is_causal"):
        if name in given and builder.static(given[name]) not in (0, False):
            raise NotKnownYet(f"{name} of {node.name} is not read", span=given[name].span)
    parts = {"query": "Q", "key": "K", "value": "V", "attn_mask": "C", "scale": "s"}
    known = {letter: builder.build(given[name]) for name, letter in parts.items() if name in given}
    if "C" in known and is_mask(known["C"]):
        raise NotKnownYet("a mask of truth values is not read here", span=given["attn_mask"].span, hint="a mask that is added: 0, or -1e9")
    scaled = "* s" if "s" in known else "/ sqrt(Q.shape[-1])"
    mask = " + C" if "C" in known else ""
    text = f"softmax(Q @ swapaxes(K, -1, -2) {scaled}{mask}, axis=-1) @ V"
    return fitted(builder, node, lambda: build_text(text, known, _names(known)), *known.values())


def _names(known: dict[str, Expr]) -> list[str]:
    return [d for e in known.values() for d in e.shape if isinstance(d, str)]
