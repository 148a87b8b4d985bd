"""The value of a formula at concrete sizes, over any ring: numbers modulo a prime, reals, or symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from .contractions import Gather, contraction, stretched
from .expr import Apply, Expr, Lit, Params, Var
from .op import Op, Signature
from .ops.multilinear import aligned
from .rings import Adapted, Ring, Unlucky, Unsupported
from .shapes import Dim, Shape, value
from .tensor import Tensor

Sizes = Mapping[str, int]
Columns = Sequence[list[Any]]
Run = Callable[[Any, Columns], list[Any]]
"""From a ring and the entries of the arguments to the entries of the result."""
Expand = Callable[[Apply], tuple[Expr, tuple[str, ...]]]
Bound = tuple[tuple[int, ...], ...]
MOST_STEPS = 4096
EMPTY = "an axis has no entries"  # x[7:] of seven
ZERO = Fraction(0)


class Step(NamedTuple):
    """The shape of an operation's value, and how its entries are found."""

    shape: tuple[int, ...]
    run: Run


class Frame(dict[str, int]):
    """Sizes, and what has been worked out at them: how each operation runs on arguments of given shapes.

    ``numbers``: what the sizes are as numbers in a formula, where a value does not have all of its entries.
    """

    def __init__(self, sizes: Sizes, numbers: Sizes | None = None) -> None:
        super().__init__(sizes)
        self.numbers: Sizes = self if numbers is None else numbers
        self.steps: dict[tuple[Any, ...], Step] = {}
        self.kept: dict[Any, Any] = {}  # what others have worked out
        self._shapes: dict[Shape, tuple[int, ...]] = {}

    def shape(self, shape: Shape) -> tuple[int, ...]:
        """A shape with its sizes bound."""
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = concrete(shape, self)
        return found

    def step(self, node: Apply, shapes: Sequence[tuple[int, ...]], expand: Expand) -> Step:
        """The operation of a node, ready to be run: one for all arguments whose sizes are the same numbers."""
        key = (node.op.name, node.params, *shapes)
        found = self.steps.get(key)
        if found is None:
            if len(self.steps) >= MOST_STEPS:
                self.steps.clear()
            found = self.steps[key] = ready(node, tuple(shapes), self, expand)
        return found


def concrete(shape: Shape, sizes: Sizes) -> tuple[int, ...]:
    """A shape with its sizes bound."""
    return tuple([d if isinstance(d, int) else value(d, sizes) if (found := sizes.get(d)) is None else found for d in shape])


def contract(ring: Any, signature: Signature, tensors: Sequence[Tensor], sizes: Sizes) -> Tensor:
    """The value of an index signature."""
    shape, run = contraction(signature, sizes)
    return Tensor(shape, run(ring if isinstance(ring, Ring) else Adapted(ring), [t.data for t in tensors]))


def _stretches(shapes: tuple[Shape, ...], sizes: Sizes) -> tuple[Gather | None, ...]:
    """How each argument of an entrywise operation is broadcast."""
    if len(set(shapes)) == 1:
        return (None,) * len(shapes)
    inputs, out, full = aligned(shapes)
    bound = tuple([(x, value(d, sizes)) for x, d in zip(out, full, strict=True) if isinstance(x, str)])
    return tuple([stretched(axes, out, bound) for axes in inputs])


def _spread(gathers: tuple[Gather | None, ...], columns: Columns) -> list[Sequence[Any]]:
    return [c if g is None else g(c) for g, c in zip(gathers, columns, strict=True)]


def _sum(node: Apply, gathers: tuple[Gather | None, ...]) -> Run:
    signs = node["signs"]
    if not any(gathers):
        return lambda ring, columns: ring.combined(columns, signs)
    return lambda ring, columns: ring.combined(_spread(gathers, columns), signs)


def _pointwise(node: Apply, gathers: tuple[Gather | None, ...], otherwise: Run | None) -> Run:
    """A function of each entry: the ring's own, or by the rule book's value, or `otherwise` by the formula that it stands for."""
    name, value_of = node.name, node.op.value

    def run(ring: Any, columns: Columns) -> list[Any]:
        known = ring.knows(name)
        if otherwise is not None and not known:
            return otherwise(ring, columns)
        rows = _spread(gathers, columns)
        if known:
            return list(ring.each(name, rows))
        if value_of is None:
            raise Unsupported(name)
        return [value_of(ring, *entries) for entries in zip(*rows, strict=True)]

    return run


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


def _expansion(node: Apply, given: Bound, frame: Frame, expand: Expand) -> Run:
    body, names = _meaning(expand, node.op, tuple([a.shape for a in node.args]), node.params, node.shape)

    def run(ring: Any, columns: Columns) -> list[Any]:
        env = {name: Tensor(own, c) for name, own, c in zip(names, given, columns, strict=True)}
        return evaluate(ring, body, env, frame, expand).data

    return run


def _structured(node: Apply, given: Bound, frame: Frame) -> Run:
    value_of, params = node.op.value, _bound(dict(node.params), frame.numbers)
    if value_of is None:
        raise Unsupported(node.op.name)

    def run(ring: Any, columns: Columns) -> list[Any]:
        out: Tensor = value_of(ring, [Tensor(own, c) for own, c in zip(given, columns, strict=True)], params)
        return out.data

    return run


def ready(node: Apply, given: Bound, frame: Frame, expand: Expand) -> Step:
    """How one operation runs at the sizes of a frame."""
    op, shape, shapes = node.op, concrete(node.shape, frame), tuple([a.shape for a in node.args])
    if min(shape, default=1) < 1:
        raise Unlucky(EMPTY)
    if op.name == "zeros":
        count = prod(shape)
        return Step(shape, lambda ring, _: [ring.lift(ZERO)] * count)
    if op.signature is not None:
        if node.signature is not None:
            return Step(*contraction(node.signature, frame))
        return Step(shape, lambda _, columns: list(columns[0]))
    if op.name == "add":
        return Step(shape, _sum(node, _stretches(shapes, frame)))
    if op.name == "power":
        k = node["k"]
        return Step(shape, lambda ring, columns: ring.powers(columns[0], k))
    written = _expansion(node, given, frame, expand) if op.means else None
    if op.family == "pointwise":
        return Step(shape, _pointwise(node, _stretches(shapes, frame), written))
    return Step(shape, written if written is not None else _structured(node, given, frame))


def apply_node(ring: Any, node: Apply, tensors: Sequence[Tensor], sizes: Sizes, expand: Expand) -> Tensor:
    """The value of one node from the values of its arguments; `expand` writes out an operation that is defined by a formula."""
    frame = sizes if isinstance(sizes, Frame) else Frame(sizes)
    shape, run = frame.step(node, [t.shape for t in tensors], expand)
    return Tensor(shape, run(ring if isinstance(ring, Ring) else Adapted(ring), [t.data for t in tensors]))


def number(lit: Lit, sizes: Sizes) -> Fraction:
    """What a constant is when the sizes are bound."""
    if not isinstance(lit.value, str):
        return lit.value
    return Fraction(value(lit.value, sizes.numbers if isinstance(sizes, Frame) else sizes))


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
            shape, run = frame.step(node, [t.shape for t in tensors], expand)
            done[node] = Tensor(shape, run(ring, [t.data for t in tensors]))
            stack.pop()
        else:
            done[node] = Tensor((), [ring.lift(number(node, frame))]) if isinstance(node, Lit) else env[node.name]
    return done[e]


__all__ = ["Dim", "Expand", "Frame", "Sizes", "Tensor", "apply_node", "concrete", "contract", "evaluate", "number", "ready"]
