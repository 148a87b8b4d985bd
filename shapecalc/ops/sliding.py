"""Sliding windows and their reverse: all that a convolution is, besides a product."""

from __future__ import annotations

from math import prod
from typing import Any

from shapecalc.errors import Misfit
from shapecalc.op import Op, Parameters
from shapecalc.rings import Unlucky
from shapecalc.shapes import Dim, Shape, add, is_empty, negative, show
from shapecalc.tensor import strides

from .rearranging import normal

PATCHES = "Chellapilla, Puri & Simard (2006), High performance convolutional neural networks: patches as rows of a matrix"


def _axes(params: Parameters, rank: int) -> tuple[int, ...]:
    axes = tuple(normal(k, rank) for k in params["axes"])
    if len(set(axes)) != len(axes):
        raise Misfit("an axis is named twice")
    return axes


def _windowed(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    """An axis of N becomes one of N - K + 1 windows; what is inside each, K, stands behind all other axes."""
    (a,), sizes = shapes, tuple(params["shape"])
    axes = _axes(params, len(a))
    if len(axes) != len(sizes):
        raise Misfit(f"windows of {show(sizes)} slide along {len(sizes)} axes, and {show(a)} has {len(axes)}", "axis=... names them")
    out = list(a)
    for axis, size in zip(axes, sizes, strict=True):
        out[axis] = add(add(a[axis], negative(size)), 1)
        if is_empty(size) or is_empty(out[axis]):
            raise Misfit(f"a window of {size} does not fit into an axis of {a[axis]}")
    return (*out, *sizes)


def _overlapped(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    (a,), count = shapes, len(params["axes"])
    if len(a) < 2 * count:
        raise Misfit(f"{show(a)} has no axes of windows and of places in them")
    rest: list[Dim] = list(a[: len(a) - count])
    for axis, size in zip(_axes(params, len(rest)), a[len(a) - count :], strict=True):
        rest[axis] = add(add(rest[axis], size), -1)
    return tuple(rest)


def _sources(shape: tuple[int, ...], axes: tuple[int, ...], whole: tuple[int, ...]) -> list[int]:
    """For each entry of the windows, where in the flat list of the tensor it is."""
    steps = strides(whole)
    moved = (*steps, *(steps[k] for k in axes))
    places = [0]
    for length, step in zip(shape, moved, strict=True):
        offsets = range(0, length * step, step)
        places = [at + further for at in places for further in offsets]
    return places


def _windows_value(_: Any, tensors: list[Any], params: Any) -> Any:
    (a,), axes = tensors, params["axes"]
    shape = list(a.shape)
    for k, size in zip(axes, params["shape"], strict=True):
        shape[k] += 1 - size
    if min(shape, default=1) < 1:
        raise Unlucky("a window is wider than the axis")
    full = (*shape, *params["shape"])
    return type(a)(full, [a.data[k] for k in _sources(full, axes, a.shape)])


def _overlap_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    (a,), axes = tensors, params["axes"]
    rank = len(a.shape) - len(axes)
    whole = list(a.shape[:rank])
    for k, size in zip(axes, a.shape[rank:], strict=True):
        whole[k] += size - 1
    parts: list[list[Any]] = [[] for _ in range(prod(whole))]
    for x, k in zip(a.data, _sources(a.shape, axes, tuple(whole)), strict=True):
        parts[k].append(x)
    return type(a)(tuple(whole), [ring.total(p) for p in parts])


def _overlap_pulls(params: Parameters, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    count = len(params["axes"])
    # by the argument's shape: a size could have the name of an argument
    return (f"windows(dy, ({''.join(f'a.shape[{k - count}], ' for k in range(count))}), axis=axes)",)


OPS = (
    Op(
        "windows",
        "structured",
        ("a",),
        _windowed,
        (("shape", ()), ("axes", ())),
        pulls=("overlap_add(dy, axis=axes)",),
        value=_windows_value,
        aliases=("sliding_window_view",),
        doc="all windows of a length along an axis (or several): w_mk = a_(m+k), what is inside a window on an axis of its own, the last",
        source=PATCHES,
    ),
    Op(
        "overlap_add",
        "structured",
        ("a",),
        _overlapped,
        (("axes", ()),),
        pulls=_overlap_pulls,
        value=_overlap_value,
        doc="windows laid over each other and added: y_n = Σ_(m+k=n) a_mk",
        source=PATCHES,
    ),
)
