"""Making nodes: the one place where an operation meets arguments, and its shape is found."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .errors import Misfit
from .expr import ONE, ZERO, Apply, Expr, Lit, Params
from .op import Op
from .ops import BOOK
from .shapes import Dim, Shape, is_scalar, names
from .shapes import add as plus

_ADD = BOOK["add"]
LIGHT = 60  # nodes of a formula of one number that is looked through
_PRODUCTS = {"*": "mul", "/": "div", "@": "matmul"}


def apply(name: str, *args: Expr, **params: Any) -> Apply:
    """The operation on the arguments, parameters not given at their defaults; raises Misfit where the shapes do not conform."""
    return apply_op(BOOK[name], args, params)


def apply_op(op: Op, args: tuple[Expr, ...], params: Mapping[str, Any]) -> Apply:
    """The same for an operation that need not be in the rule book (a function that a problem leaves undefined)."""
    if op.args and len(args) != len(op.args):
        raise Misfit(f"{op.name} takes {len(op.args)} argument{'s' * (len(op.args) > 1)}, not {len(args)}")
    full = tuple([(key, params.get(key, default)) for key, default in op.params]) if op.params else ()
    return Apply(op, args, full, _shape(op, tuple([a.shape for a in args]), full))


@lru_cache(maxsize=4096)
def _shape(op: Op, shapes: tuple[Shape, ...], params: Params) -> Shape:
    """The shape of an operation, which hangs on the shapes of its arguments alone; raises Misfit where they do not conform."""
    return op.shape(shapes, dict(params))


def remake(node: Apply, args: tuple[Expr, ...]) -> Apply:
    """The same operation on other arguments."""
    return apply_op(node.op, args, dict(node.params))


def params_of(node: Apply) -> dict[str, Any]:
    """The parameters of a node by name."""
    return dict(node.params)


def lit(value: Fraction | int) -> Lit:
    """A number."""
    return Lit(value)


def size(dim: Dim) -> Expr:
    """A size used as a number."""
    return Lit(dim) if isinstance(dim, int | str) else ONE


def size_names(e: Lit) -> tuple[str, ...]:
    """The size names in a literal."""
    return names(e.value) if isinstance(e.value, str) else ()


def add(*terms: Expr, signs: tuple[int, ...] | None = None) -> Expr:
    """A sum; signs are +1 and -1."""
    if signs is None:
        signs = (1,) * len(terms)
    if len(terms) == 1:
        return terms[0] if signs[0] == 1 else neg(terms[0])
    return apply_op(_ADD, terms, {"signs": signs})


def neg(a: Expr) -> Expr:
    """Minus a."""
    if isinstance(a, Lit) and isinstance(a.value, Fraction):
        return Lit(-a.value)
    return apply("neg", a)


def mul(a: Expr, b: Expr) -> Expr:
    """The entrywise product, without factors 1."""
    if a == ONE:
        return b
    if b == ONE:
        return a
    return apply("mul", a, b)


def number(e: Expr) -> Fraction | None:
    """The plain number that a formula is, if it is one."""
    return e.value if isinstance(e, Lit) and isinstance(e.value, Fraction) else None


def multiplied(op: str, a: Expr, b: Expr) -> Expr:
    """A product or quotient as it is written, with "*", "/" or "@": numbers taken together, factors 1 left out."""
    x, y = number(a), number(b)
    if x is not None and y is not None and (op == "*" or (op == "/" and y)):
        return lit(x * y if op == "*" else x / y)
    if op == "*" and ONE in (a, b):
        return b if a == ONE else a
    if op == "*" and x == -1:
        return neg(b)
    return apply(_PRODUCTS[op], a, b)


def power(a: Expr, k: Fraction | int) -> Expr:
    """A fixed rational power, as a root where it is one."""
    k = Fraction(k)
    if k == 1:
        return a
    if k == Fraction(1, 2):
        return apply("sqrt", a)
    return apply("power", a, k=k)


def transposed(a: Expr) -> Expr:
    """.T: all axes reversed; a transpose of a transpose is gone."""
    rank = len(a.shape)
    if rank < 2:
        return a
    axes = tuple(reversed(range(rank)))
    if isinstance(a, Apply) and a.name == "transpose" and a["axes"] == axes:
        return a.args[0]
    return apply("transpose", a, axes=axes)


def flipped(a: Expr, axes: tuple[int, ...]) -> Expr:
    """The entries along axes in reverse order; twice is not at all, and a running sum between two flips runs the other way."""
    if isinstance(a, Apply) and a.name == "flip":
        axes, a = tuple(sorted(set(axes) ^ set(a["axes"]))), a.args[0]
    if isinstance(a, Apply) and a.name == "cumsum" and isinstance(a.args[0], Apply) and a.args[0].name == "flip":
        axis = a["axis"] % len(a.shape)
        if axis in axes and axis in a.args[0]["axes"]:
            rest = tuple(k for k in a.args[0]["axes"] if k != axis)
            inner = apply("flip", a.args[0].args[0], axes=rest) if rest else a.args[0].args[0]
            turned = apply("cumsum", inner, axis=a["axis"], reverse=not a["reverse"])
            return flipped(turned, tuple(k for k in axes if k != axis))
    return apply("flip", a, axes=axes) if axes else a


def concatenated(parts: tuple[Expr, ...], axis: int) -> Expr:
    """Tensors joined along an axis; a tensor with nothing but zeros before and behind it is put into zeros, on several axes at once."""
    whole = apply("concatenate", *parts, axis=axis)
    filled = [k for k, p in enumerate(parts) if not (isinstance(p, Apply) and p.name == "zeros")]
    if len(filled) != 1 or len(parts) == 1:
        return whole
    a = parts[filled[0]]
    start: Dim = 0
    for p in parts[: filled[0]]:
        start = plus(start, p.shape[axis])
    items = tuple((start, d) if k == axis else (0, d) for k, d in enumerate(a.shape))
    if isinstance(a, Apply) and a.name == "place":
        inner = a["items"]
        items = tuple((plus(s, t), length) for (s, _), (t, length) in zip(items, inner, strict=True))
        a = a.args[0]
    return apply("place", a, items=items, shape=whole.shape)


def ones(shape: Shape) -> Expr:
    """A tensor of ones."""
    return ONE if shape == () else apply("ones", shape=shape)


def zeros(shape: Shape) -> Expr:
    """A tensor of zeros."""
    return ZERO if shape == () else apply("zeros", shape=shape)


def is_zero(e: Expr) -> bool:
    """Whether e is written as 0, or as zeros."""
    return e == ZERO or (isinstance(e, Apply) and e.name == "zeros")


def is_number(e: Expr) -> bool:
    """Whether e has a single entry."""
    return is_scalar(e.shape)


def as_number(e: Expr) -> Expr:
    """A tensor of a single number as that number, without what made a tensor of one: c * ones(1), x[3:4]; as it is where it is long."""
    if not isinstance(e, Apply) or not e.shape or any(n != 1 for n in e.shape) or e.weight > LIGHT:
        return e
    if e.name in {"ones", "zeros"}:
        return ONE if e.name == "ones" else ZERO
    if e.name == "slice":
        return apply("squeeze", e, axes=tuple(range(len(e.shape))))
    if e.name in {"expand_dims", "squeeze", "reshape"}:
        return as_number(e.args[0])
    if e.name in {"add", "mul", "div", "neg", "power"} or e.op.family == "pointwise":
        args = tuple(map(as_number, e.args))
        return mul(*args) if e.name == "mul" else remake(e, args)
    return e
