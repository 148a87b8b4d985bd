"""The value of a formula at concrete sizes, over any ring: numbers modulo a prime, reals, or symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from math import prod
from typing import Any

from .contractions import Gather, contraction, laid_out, plan
from .expr import Apply, Expr, Lit, Params, Var
from .op import Op, Signature
from .ops.multilinear import aligned
from .rings import Adapted, Ring, Unlucky, Unsupported
from .shapes import Dim, Shape, value
from .tensor import Tensor

Sizes = Mapping[str, int]
Step = Callable[[Any, Sequence[Tensor]], Tensor]
Expand = Callable[[Apply], tuple[Expr, tuple[str, ...]]]
MOST_STEPS = 4096
EMPTY = "an axis has no entries"  # x[7:] of seven


class Frame(dict[str, int]):
    """Sizes, and what has been worked out at them: how each operation runs on arguments of given shapes."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        self.steps: dict[tuple[Any, ...], Step] = {}

    def step(self, node: Apply, tensors: Sequence[Tensor], expand: Expand) -> Step:
        """The operation of a node, ready to be run: one for all arguments whose sizes are the same numbers."""
        key = (node.op.name, node.params, *[t.shape for t in tensors])
        found = self.steps.get(key)
        if found is None:
            if len(self.steps) >= MOST_STEPS:
                self.steps.clear()
            found = self.steps[key] = _step(node, self, expand)
        return found


def concrete(shape: Shape, sizes: Sizes) -> tuple[int, ...]:
    """A shape with its sizes bound."""
    return tuple(value(d, sizes) for d in shape)


def contract(ring: Any, signature: Signature, tensors: Sequence[Tensor], sizes: Sizes) -> Tensor:
    """The value of an index signature."""
    return contraction(signature, sizes)(ring if isinstance(ring, Ring) else Adapted(ring), tensors)


def _stretches(shapes: tuple[Shape, ...], sizes: Sizes) -> tuple[Gather | None, ...]:
    """How each argument of an entrywise operation is broadcast."""
    if len(set(shapes)) == 1:
        return (None,) * len(shapes)
    inputs, out, full = aligned(shapes)
    bound = tuple((x, value(d, sizes)) for x, d in zip(out, full, strict=True) if isinstance(x, str))
    return tuple(plan((axes,), out, bound).gathers[0] for axes in inputs)


def _sum(node: Apply, shape: tuple[int, ...], gathers: tuple[Gather | None, ...]) -> Step:
    signs = node["signs"]
    return lambda ring, tensors: Tensor(shape, ring.combined([laid_out(g, t.data) for g, t in zip(gathers, tensors, strict=True)], signs))


def _pointwise(node: Apply, shape: tuple[int, ...], gathers: tuple[Gather | None, ...], otherwise: Step | None) -> Step:
    """A function of each entry: the ring's own, or by the rule book's value, or `otherwise` by the formula that it stands for."""
    name, value_of = node.name, node.op.value

    def step(ring: Any, tensors: Sequence[Tensor]) -> Tensor:
        known = ring.knows(name)
        if otherwise is not None and not known:
            return otherwise(ring, tensors)
        columns = [laid_out(g, t.data) for g, t in zip(gathers, tensors, strict=True)]
        if known:
            return Tensor(shape, ring.each(name, columns))
        if value_of is None:
            raise Unsupported(name)
        return Tensor(shape, [value_of(ring, *entries) for entries in zip(*columns, strict=True)])

    return step


def _bound(params: Any, sizes: Sizes) -> Any:
    """Parameters with every size in them bound."""
    if isinstance(params, dict):
        return {k: _bound(v, sizes) if k in ("shape", "items") else v for k, v in params.items()}
    if isinstance(params, tuple):
        return tuple(_bound(p, sizes) for p in params)
    return value(params, sizes)


@lru_cache(maxsize=1024)
def _meaning(expand: Expand, op: Op, shapes: tuple[Shape, ...], params: Params, shape: Shape) -> tuple[Expr, tuple[str, ...]]:
    """The formula that an operation stands for, which hangs on the shapes of its arguments alone."""
    return expand(Apply(op, tuple(Var(n, s) for n, s in zip(op.args, shapes, strict=True)), params, shape))


def _expansion(node: Apply, frame: Frame, expand: Expand) -> Step:
    body, names = _meaning(expand, node.op, tuple(a.shape for a in node.args), node.params, node.shape)
    return lambda ring, tensors: evaluate(ring, body, dict(zip(names, tensors, strict=True)), frame, expand)


def _step(node: Apply, frame: Frame, expand: Expand) -> Step:
    """How one operation runs at the sizes of a frame."""
    op, shape, shapes = node.op, concrete(node.shape, frame), tuple(a.shape for a in node.args)
    if any(n < 1 for n in shape):
        raise Unlucky(EMPTY)
    if op.name == "zeros":
        return lambda ring, _: Tensor(shape, [ring.lift(Fraction(0))] * prod(shape))
    if op.signature is not None:
        if node.signature is not None:
            return contraction(node.signature, frame)
        return lambda _, tensors: Tensor(shape, tensors[0].data)
    if op.name == "add":
        return _sum(node, shape, _stretches(shapes, frame))
    if op.name == "power":
        k = node["k"]
        return lambda ring, tensors: Tensor(shape, ring.powers(tensors[0].data, k))
    written = _expansion(node, frame, expand) if op.means else None
    if op.family == "pointwise":
        return _pointwise(node, shape, _stretches(shapes, frame), written)
    if written is not None:
        return written
    value_of, params = op.value, _bound(dict(node.params), frame)
    if value_of is None:
        raise Unsupported(op.name)
    return partial(_called, value_of, params)


def _called(value_of: Callable[..., Tensor], params: Any, ring: Any, tensors: Sequence[Tensor]) -> Tensor:
    return value_of(ring, tensors, params)


def apply_node(ring: Any, node: Apply, tensors: Sequence[Tensor], sizes: Sizes, expand: Expand) -> Tensor:
    """The value of one node from the values of its arguments; `expand` writes out an operation that is defined by a formula."""
    frame = sizes if isinstance(sizes, Frame) else Frame(sizes)
    return frame.step(node, tensors, expand)(ring if isinstance(ring, Ring) else Adapted(ring), tensors)


def evaluate(
    ring: Any, e: Expr, env: Mapping[str, Tensor], sizes: Sizes, expand: Expand, memo: dict[Expr, Tensor] | None = None
) -> Tensor:
    """The value of e, its variables taken from env; each shared node once. `memo` may be kept while env stays the same.

    Sizes that are a `Frame` keep what was worked out for the next formula.
    """
    done: dict[Expr, Tensor] = {} if memo is None else memo
    frame = sizes if isinstance(sizes, Frame) else Frame(sizes)
    if not isinstance(ring, Ring):
        ring = Adapted(ring)
    stack = [e]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
        elif isinstance(node, Apply):
            missing = [a for a in node.args if a not in done]
            if missing:
                stack += reversed(missing)
                continue
            tensors = [done[a] for a in node.args]
            done[node] = frame.step(node, tensors, expand)(ring, tensors)
            stack.pop()
        elif isinstance(node, Lit):
            number = node.value
            done[node] = Tensor((), [ring.lift(Fraction(value(number, frame)) if isinstance(number, str) else number)])
        else:
            done[node] = env[node.name]
    return done[e]


__all__ = ["Dim", "Expand", "Frame", "Sizes", "Tensor", "apply_node", "concrete", "contract", "evaluate"]
