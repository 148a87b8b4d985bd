"""Parts of tensors, joins, masks and running sums."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from typing import Any

from shapecalc.errors import Misfit
from shapecalc.op import Op, Parameters
from shapecalc.rings import Unlucky
from shapecalc.shapes import Dim, Shape, add, show

from .rearranging import normal


def _sliced(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    """params["items"]: for each axis (start, length), both sizes; an axis is kept."""
    return tuple(length for _, length in params["items"])


def _slice_value(ring: Any, tensors: list[Any], items: list[tuple[int, int]]) -> Any:
    (a,) = tensors
    if any(start < 0 or start + length > dim for (start, length), dim in zip(items, a.shape, strict=True)):
        raise Unlucky("an index is past the end")
    return a.select([range(start, start + length) for start, length in items])


def _slice_pull(_: Parameters, __: tuple[Shape, ...]) -> tuple[str, ...]:
    return ("place(dy, items=items, shape=shape(a))",)


def _placed(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    return tuple(params["shape"])


def _place_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    (a,) = tensors
    starts = [start for start, _ in params["items"]]
    if any(start < 0 or start + length > dim for start, length, dim in zip(starts, a.shape, params["shape"], strict=True)):
        raise Unlucky("an index is past the end")
    return a.placed(starts, params["shape"], ring.lift(Fraction(0)))


def _joined(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    axis, first = params["axis"], shapes[0]
    along: Dim = 0
    for s in shapes:
        if len(s) != len(first) or any(k != axis and d != first[k] for k, d in enumerate(s)):
            raise Misfit(f"{show(first)} and {show(s)} do not join along axis {axis}")
        along = add(along, s[axis])
    return (*first[:axis], along, *first[axis + 1 :])


def _join_pulls(params: Parameters, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    """Each argument gets back its own part: a slice of dy that starts where the arguments before it end."""
    axis = params["axis"]
    out: list[str] = []
    for n, s in enumerate(shapes):
        # by the arguments' shapes: a size could have the name of an argument
        before = " + ".join(f"a{k}.shape[{axis}]" for k in range(n)) or "0"
        parts = ", ".join(f"{before}:{before} + a{n}.shape[{axis}]" if k == axis else ":" for k in range(len(s)))
        out.append(f"dy[{parts}]")
    return tuple(out)


def _mask_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if len(shapes[0]) < 2:
        raise Misfit(f"a triangle is taken out of a matrix, not {show(shapes[0])}")
    return shapes[0]


def _slice_items_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    return _slice_value(ring, tensors, params["items"])


def _join_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    return tensors[0].joined(tensors[1:], params["axis"])


def _triangle(keep_lower: bool) -> Any:
    def value(ring: Any, tensors: list[Any], params: Any) -> Any:
        zero, k = ring.lift(Fraction(0)), params["k"]

        def entry(index: tuple[int, ...], x: Any) -> Any:
            offset = index[-1] - index[-2]
            return x if (offset <= k if keep_lower else offset >= k) else zero

        return tensors[0].indexed(entry)

    return value


def _cumulative(ring: Any, tensors: list[Any], params: Any) -> Any:
    axis, reverse = params["axis"], params["reverse"]

    def run(row: list[Any]) -> list[Any]:
        out, so_far = [], ring.lift(Fraction(0))
        for x in reversed(row) if reverse else row:
            so_far = ring.total((so_far, x))
            out.append(so_far)
        return out[::-1] if reverse else out

    return tensors[0].along(axis, run)


def _running_product(ring: Any, tensors: list[Any], params: Any) -> Any:
    return tensors[0].along(params["axis"], lambda row: list(accumulate(row, ring.mul)))


def _axes_fit(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    for axis in params["axes"]:
        normal(axis, len(shapes[0]))
    return shapes[0]


def _flip_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    (a,) = tensors
    return a.select([range(n)[::-1] if k in params["axes"] else range(n) for k, n in enumerate(a.shape)])


def _axis_fits(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    normal(params["axis"], len(shapes[0]))
    return shapes[0]


OPS = (
    Op(
        "slice",
        "structured",
        ("a",),
        _sliced,
        (("items", ()),),
        pulls=_slice_pull,
        value=_slice_items_value,
        doc="a part of a tensor",
    ),
    Op(
        "place",
        "structured",
        ("a",),
        _placed,
        (("items", ()), ("shape", ())),
        pulls=("slice(dy, items=items)",),
        value=_place_value,
        doc="a tensor put into zeros",
    ),
    Op(
        "concatenate",
        "structured",
        (),
        _joined,
        (("axis", 0),),
        pulls=_join_pulls,
        value=_join_value,
        aliases=("concat", "cat"),
        doc="tensors joined along an axis",
    ),
    Op(
        "tril",
        "structured",
        ("a",),
        _mask_shape,
        (("k", 0),),
        pulls=("tril(dy, k=k)",),
        value=_triangle(True),
        doc="the lower triangle, zeros above",
    ),
    Op(
        "triu",
        "structured",
        ("a",),
        _mask_shape,
        (("k", 0),),
        pulls=("triu(dy, k=k)",),
        value=_triangle(False),
        doc="the upper triangle, zeros below",
    ),
    Op(
        "cumsum",
        "structured",
        ("a",),
        _axis_fits,
        (("axis", 0), ("reverse", False)),
        value=_cumulative,
        pulls=lambda p, _: (f"cumsum(dy, axis=axis, reverse={not p['reverse']})",),
        doc="sums so far along an axis",
    ),
    Op(
        "cumprod",
        "structured",
        ("a",),
        _axis_fits,
        (("axis", 0),),
        value=_running_product,
        pulls=("cumsum(dy * y, axis=axis, reverse=True) / a",),
        domain="{a} != 0",
        doc="products so far along an axis",
    ),
    Op(
        "flip",
        "structured",
        ("a",),
        _axes_fit,
        (("axes", ()),),
        value=_flip_value,
        pulls=("flip(dy, axis=axes)",),
        doc="the entries along axes in reverse order; x[::-1]",
    ),
)
