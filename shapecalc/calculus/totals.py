"""Which tensors have entries that add up to 1 along an axis: softmax, one-hot rows, and mixtures of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod

from shapecalc.expr import Apply, Expr, Lit, Var
from shapecalc.ops.reducing import axes_of
from shapecalc.shapes import Dim, is_scalar, value

from .context import Context

MIXED = frozenset({"add", "mul", "div", "neg"})
POINTS = 2  # at which a mixture is added up; what depends on it is certified in any case
DEEPEST = 12


def sums_to_one(base: Expr, axis: int, context: Context) -> bool:
    """Whether the entries of base along an axis add up to 1."""
    if isinstance(base, Apply) and base.name == "softmax":
        return bool(base["axis"] % len(base.shape) == axis)
    if not isinstance(base, Var):
        return False
    rank = len(base.shape)
    if base.properties & {"onehot", "probabilities"} and axis == rank - 1:
        return True
    if "onehot_columns" in base.properties and axis == 0:
        return True
    body = context.definitions.get(base.name)
    if body is None or isinstance(body, Lit):
        return False
    if sums_to_one(body, axis, context) or not isinstance(body, Apply):
        return sums_to_one(body, axis, context)
    return body.name in MIXED and (_normalised(body, axis, context) or _mixes(body, axis, context))


def _normalised(body: Apply, axis: int, context: Context) -> bool:
    """E / sum(E, axis=1, keepdims=True)."""
    if body.name != "div" or body.args[0].shape != body.shape:
        return False
    above, below = (context.definitions.get(a.name, a) if isinstance(a, Var) else a for a in body.args)
    if not isinstance(below, Apply) or below.name != "sum" or below.args[0] not in (above, body.args[0]):
        return False
    return axes_of({"axis": below["axis"]}, len(body.shape)) == (axis,) and (below["keepdims"] or axis == 0 or len(body.shape) == 1)


def _mixes(body: Apply, axis: int, context: Context) -> bool:
    """(1 - eps)*Y + eps/K, lam*Y + (1 - lam)*V."""
    if any(a.shape != body.shape and not is_scalar(a.shape) for a in body.args):
        return False  # something that is spread: x @ W + b
    try:
        return all(_total(body, axis, body.shape[axis], context, _Point(k)) == 1 for k in range(POINTS))
    except (_Unknown, ZeroDivisionError):
        return False


class _Unknown(Exception):
    """What a sum comes to hangs on more than scalars and sizes."""


class _Point:
    """A number for every size and scalar."""

    def __init__(self, which: int) -> None:
        self.which = which

    def number(self, name: str) -> int:
        """The same for the same name."""
        return 3 + 7 * self.which + sum((k + 1) * ord(c) for k, c in enumerate(name)) % 9973

    def size(self, dim: Dim) -> int:
        """A size in these numbers."""
        return value(dim, _Sizes(self))


class _Sizes(dict[str, int]):
    def __init__(self, point: _Point) -> None:
        super().__init__()
        self.point = point

    def __missing__(self, name: str) -> int:
        return self.point.number(name)


def _total(e: Expr, axis: int, dim: Dim, context: Context, point: _Point, depth: int = 0) -> Fraction:
    """The sum of the entries of e along an axis of that size, to which e may be spread."""
    if is_scalar(e.shape):
        return _scalar(e, context, point, depth) * point.size(dim)
    if len(e.shape) <= axis or e.shape[axis] != dim or depth > DEEPEST:
        raise _Unknown
    if sums_to_one(e, axis, context):
        return Fraction(1)
    if not isinstance(e, Apply):
        raise _Unknown
    if e.name == "ones":
        return Fraction(point.size(dim))
    if e.name in {"add", "neg"}:
        if any(not is_scalar(a.shape) and a.shape != e.shape for a in e.args):
            raise _Unknown
        signs = e["signs"] if e.name == "add" else (-1,)
        return sum((s * _total(a, axis, dim, context, point, depth + 1) for s, a in zip(signs, e.args, strict=True)), Fraction(0))
    if e.name in {"mul", "div"}:
        return prod(_amounts(e, axis, dim, context, point, depth + 1), start=Fraction(1))
    raise _Unknown


def _amounts(e: Apply, axis: int, dim: Dim, context: Context, point: _Point, depth: int) -> Iterator[Fraction]:
    """What the scalars in a product come to, and the sum of its one tensor."""
    if sum(not is_scalar(a.shape) for a in e.args) != 1 or (e.name == "div" and not is_scalar(e.args[1].shape)):
        raise _Unknown
    for k, a in enumerate(e.args):
        found = _scalar(a, context, point, depth) if is_scalar(a.shape) else _total(a, axis, dim, context, point, depth)
        yield 1 / found if e.name == "div" and k else found


def _scalar(e: Expr, context: Context, point: _Point, depth: int) -> Fraction:
    """The value of a rational formula in scalars and sizes."""
    if depth > DEEPEST:
        raise _Unknown
    if isinstance(e, Lit):
        return Fraction(e.value) if isinstance(e.value, Fraction) else Fraction(point.size(e.value))
    if isinstance(e, Var):
        body = context.definitions.get(e.name)
        return Fraction(point.number(e.name)) if body is None else _scalar(body, context, point, depth + 1)
    if not isinstance(e, Apply) or e.name not in MIXED:
        raise _Unknown
    parts = [_scalar(a, context, point, depth + 1) for a in e.args]
    if e.name == "add":
        return sum((s * a for s, a in zip(e["signs"], parts, strict=True)), Fraction(0))
    if e.name == "neg":
        return -parts[0]
    return parts[0] / parts[1] if e.name == "div" else prod(parts, start=Fraction(1))


__all__ = ["MIXED", "sums_to_one"]
