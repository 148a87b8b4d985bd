"""A formula at concrete sizes as scalar entries: what each entry of its value is, in the order in which a person writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod

from shapecalc.errors import NotKnownYet, TooLarge
from shapecalc.evaluate import Sizes, apply_node, concrete
from shapecalc.expr import Apply, Expr, Lit, Params, Var, nodes
from shapecalc.op import Axes, Op, Signature
from shapecalc.ops.multilinear import aligned
from shapecalc.rings import Unlucky, Unsupported
from shapecalc.shapes import Shape, value
from shapecalc.tensor import Tensor, strides

from .entry_graph import ONE, ZERO, Column, Graph, Node, normal
from .texts import meaning

MOST = 2_000_000  # entries of one problem, or of one step in it


def bearable(count: int) -> int:
    """A number of entries, unless it is too large."""
    if count > MOST:
        raise TooLarge(f"at these sizes there are more than {MOST} entries", hint="choose smaller sizes")
    return count


def spell_out(graph: Graph, e: Expr, env: Mapping[str, Tensor], sizes: Sizes) -> Tensor:
    """The entries of e, its variables taken from env; each shared part once."""
    done: dict[Expr, Tensor] = {}
    for node in nodes(e):
        match node:
            case Var(name=name):
                done[node] = env[name]
            case Lit(value=number):
                done[node] = Tensor((), [graph.lift(Fraction(value(number, sizes)) if isinstance(number, str) else number)])
            case Apply(args=args):
                done[node] = _apply(graph, node, [done[a] for a in args], sizes)
    return done[e]


def _apply(graph: Graph, node: Apply, tensors: list[Tensor], sizes: Sizes) -> Tensor:
    """One operation."""
    op = node.op
    if op.name == "add":
        shape, columns = _stretched(node, tensors, sizes)
        signed = [c if s == 1 else _negative(graph, c) for c, s in zip(columns, node["signs"], strict=True)]
        return Tensor(shape, [graph.total(entries) for entries in zip(*signed, strict=True)])
    if node.signature is not None:
        return contract(graph, node.signature, tensors, sizes)
    if op.name in _ENTRYWISE or (op.family == "pointwise" and (graph.knows(op.name) or not op.means)):
        return _pointwise(graph, node, tensors, sizes)
    if op.means:
        body, names = _written_out(op, node.params, tuple(a.shape for a in node.args))
        return spell_out(graph, body, dict(zip(names, tensors, strict=True)), sizes)
    try:
        return apply_node(graph, node, tensors, sizes, meaning)
    except Unsupported:
        raise NotKnownYet(f"the entries of {op.name} are no finite formula") from None
    except Unlucky as error:
        raise TooLarge(str(error)) from None


def _negative(graph: Graph, column: list[Node]) -> list[Node]:
    """Minus each entry; what broadcasting repeats is made once."""
    found = {x: graph.negative(x) for x in dict.fromkeys(column)}
    return [found[x] for x in column]


@lru_cache(maxsize=512)
def _written_out(op: Op, params: Params, shapes: tuple[Shape, ...]) -> tuple[Expr, tuple[str, ...]]:
    """The formula that an operation stands for, read once for all places where it is used alike."""
    return meaning(Apply(op, tuple(Var(n, s) for n, s in zip(op.args, shapes, strict=True)), params, ()))


_ENTRYWISE: dict[str, Callable[..., Node]] = {
    "where": Graph.where,
    "maximum": lambda graph, a, b: graph.extreme("max", (a, b)),
    "minimum": lambda graph, a, b: graph.extreme("min", (a, b)),
    # nested choices, so that the derivative at the two bounds is 0, as the rule book says
    "clip": lambda graph, x, a, b: graph.choose("greater", x, a, graph.choose("less", x, b, x, b), graph.extreme("min", (a, b))),
}


def _pointwise(graph: Graph, node: Apply, tensors: list[Tensor], sizes: Sizes) -> Tensor:
    """A function of each entry."""
    shape, columns = _stretched(node, tensors, sizes)
    name, made, value_of = node.name, _ENTRYWISE.get(node.name), node.op.value
    if name == "power":
        return Tensor(shape, [graph.power(x, node["k"]) for x in columns[0]])
    if made is not None:
        return Tensor(shape, [made(graph, *entries) for entries in zip(*columns, strict=True)])
    if name in ("greater", "less", "greater_equal", "less_equal", "equal"):
        return Tensor(shape, [graph.test(name, a, b) for a, b in zip(*columns, strict=True)])
    if graph.knows(name) or value_of is None:
        return Tensor(shape, [graph.function(name, x) for x in columns[0]])
    return Tensor(shape, [value_of(graph, *entries) for entries in zip(*columns, strict=True)])


def _stretched(node: Apply, tensors: list[Tensor], sizes: Sizes) -> tuple[tuple[int, ...], list[list[Node]]]:
    """The entries of the arguments side by side, broadcast to the node's shape."""
    shape = concrete(node.shape, sizes)
    count = bearable(prod(shape))
    if all(t.shape == shape or len(t.data) == 1 for t in tensors):
        return shape, [t.data if len(t.data) == count else t.data * count for t in tensors]
    inputs, out, full = aligned(tuple(a.shape for a in node.args))
    bound = {x: value(d, sizes) for x, d in zip(out, full, strict=True) if isinstance(x, str)}
    letters = [x for x in out if isinstance(x, str)]
    return shape, [[t.data[k] for k in _places(_steps(axes, bound)[1], letters, bound)] for t, axes in zip(tensors, inputs, strict=True)]


def _steps(axes: Axes, sizes: Mapping[str, int]) -> tuple[tuple[int, ...], dict[str, int]]:
    """The shape that letters describe, and how far apart neighbours along each letter are in the flat list."""
    groups = [() if x is None else (x,) if isinstance(x, str) else x for x in axes]
    shape = tuple(prod(sizes[x] for x in g) for g in groups)
    out: dict[str, int] = {}
    for group, stride in zip(groups, strides(shape), strict=True):
        step = stride
        for letter in reversed(group):
            out[letter] = out.get(letter, 0) + step
            step *= sizes[letter]
    return shape, out


def _places(steps: Mapping[str, int], letters: Sequence[str], sizes: Mapping[str, int]) -> list[int]:
    """Where in the flat list the entry for each value of the letters is, the last letter fastest."""
    out = [0]
    for x in letters:
        step = steps.get(x, 0)
        out = [k + i * step for k in out for i in range(sizes[x])]
    return out


@lru_cache(maxsize=64)
def _plan(
    inputs: tuple[Axes, ...], output: Axes, bound: tuple[tuple[str, int], ...]
) -> tuple[tuple[int, ...], list[int], list[list[int]], list[list[int]], bool]:
    """The result's shape; where its entries are; where, for each of them, those of each argument begin; the way to the summands."""
    sizes = dict(bound)
    shape, steps = _steps(output, sizes)
    free = list(steps)
    summed = list(dict.fromkeys(x for axes in inputs for a in axes if a is not None for x in a if x not in steps))
    cells, each = bearable(prod(sizes[x] for x in free)), prod(sizes[x] for x in summed)
    if len(inputs) != 2:
        bearable(cells * each)
    ways = [_steps(axes, sizes)[1] for axes in inputs]
    outer = [_places(way, free, sizes) for way in ways]
    inner = [_places(way, summed, sizes) for way in ways]
    return shape, _places(steps, free, sizes), outer, inner, bool(summed)


def contract(graph: Graph, signature: Signature, tensors: list[Tensor], sizes: Sizes) -> Tensor:
    """An index signature: each entry of the result is a sum of products, over columns that are made once."""
    bound = {k: value(d, sizes) for k, d in signature.sizes.items()}
    for axes, t in zip(signature.inputs, tensors, strict=True):
        bound |= {x: n for x, n in zip(axes, t.shape, strict=True) if isinstance(x, str)}
    shape, places, outer, inner, sums = _plan(signature.inputs, signature.output, tuple(bound.items()))
    powers = signature.powers or (1,) * len(tensors)
    data = [t.data if p == 1 else [graph.power(x, p) for x in t.data] for t, p in zip(tensors, powers, strict=True)]
    found = _cells(graph, data, outer, inner, sums) if data else [ONE] * len(places)
    scale = normal(Fraction(signature.sign, prod(value(d, sizes) for d in signature.over)))
    if scale != 1:
        found = [graph.times(scale, x) for x in found]
    out = [ZERO] * prod(shape)
    for place, x in zip(places, found, strict=True):
        out[place] = x
    return Tensor(shape, out)


def _cells(graph: Graph, data: list[list[Node]], outer: list[list[int]], inner: list[list[int]], sums: bool) -> list[Node]:
    """For each entry of the result, the sum of the products of the entries of the arguments."""
    if len(data) == 2 and sums:
        columns = [_columns(d, o, i) for d, o, i in zip(data, outer, inner, strict=True)]
        return [graph.dot(a, b) for a, b in zip(*columns, strict=True)]
    if len(data) == 2:
        (a, b), (first, second) = data, outer
        return [graph.mul(a[i], b[j]) for i, j in zip(first, second, strict=True)]
    if len(data) == 1:
        entries, steps = data[0], inner[0]
        return [graph.total([entries[k + i] for i in steps]) for k in outer[0]] if sums else [entries[k] for k in outer[0]]
    out = []
    for places in zip(*outer, strict=True):
        terms = []
        for offsets in zip(*inner, strict=True):
            term = graph.lift(1)
            for d, k, i in zip(data, places, offsets, strict=True):
                term = graph.mul(term, d[k + i])
            terms.append(term)
        out.append(graph.total(terms))
    return out


def _columns(data: list[Node], outer: list[int], inner: list[int]) -> list[Column]:
    """The entries that are summed over, for each entry of the result; equal ones shared."""
    made: dict[int, Column] = {}
    for k in outer:
        if k not in made:
            made[k] = Column(tuple([data[k + i] for i in inner]))
    return [made[k] for k in outer]
