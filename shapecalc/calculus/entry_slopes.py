"""The local derivatives of a scalar node by its arguments: sympy differentiates each kind of node once; here they are kept as rules.

There is no derivative in this room: every rule is read from what sympy answers for placeholders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from .entry_graph import ONE, ZERO, Column, Graph, Grid, Node, leaves
from .entry_sympy import expressions, functions, nodes_of

Rule = Callable[[Graph, Sequence[Any], Node], Any]
"""From the arguments of a node and the node itself to the derivative by one argument."""


def local(graph: Graph, node: Node) -> tuple[Node, tuple[Rule | None, ...], Sequence[Node]]:
    """A factor, the rules for each argument, and what the rules are applied to."""
    match node.kind:
        case "prod":
            c, exponents = node.data
            return graph.lift(c), slopes("prod", exponents), node.args
        case "call":
            return ONE, slopes("call", node.data), node.args
        case "max" | "min":
            return ONE, tuple(_extreme(node, k) for k in range(len(node.args))), node.args
    return ONE, slopes(node.kind), node.args


def _extreme(node: Node, k: int) -> Rule:
    """The largest of many is the larger of one and the largest of the others."""
    (rule, *_) = slopes(node.kind)
    assert rule is not None

    def apply(graph: Graph, args: Sequence[Node], y: Node) -> Node:
        rest = graph.extreme(node.kind, [a for n, a in enumerate(args) if n != k])
        found: Node = rule(graph, (args[k], rest), y)
        return found

    return apply


@cache
def slopes(kind: str, data: Any = None) -> tuple[Rule | None, ...]:
    """The rules of a kind of node: one for each argument (a sum has one for all), None where the derivative is 0 everywhere."""
    import sympy

    graph = Graph()
    count = {"prod": len(data or ()), "call": 1, "sum": 2, "dot": 2, "pow": 2, "where": 3}.get(kind, 2)
    places = [*leaves(Grid("x", (count,), "x", True), True), *leaves(Grid("y", (), "y", True), True)]
    symbols = {n: sympy.Symbol(f"{n.data[0].name}{n.data[1]}") for n in places}
    args, y = places[:-1], places[-1]
    whole, known = _placeholder(sympy, kind, data, graph, args, symbols)
    for name in ("sign", "abs", "relu"):
        known[functions()[name](symbols[args[0]])] = graph.function(name, args[0])
    by = {s: n for n, s in symbols.items()}
    known[sympy.Symbol("y0")] = y
    out: list[Rule | None] = []
    for a in args[: 1 if kind == "sum" else count]:
        derived = whole.diff(symbols[a])
        if not whole.is_Symbol and (whole.is_Function or kind == "pow"):
            derived = derived.xreplace({whole: symbols[y]})
        (node,) = nodes_of(graph, [derived], known, by.get)
        out.append(None if derived == 0 else _rule(node, args, y))
    return tuple(out)


def _placeholder(sympy: Any, kind: str, data: Any, graph: Graph, args: list[Node], symbols: dict[Node, Any]) -> tuple[Any, dict[Any, Node]]:
    """A node of that kind over placeholders, in sympy; and what to read back as a node that is there already."""
    x = [symbols[a] for a in args]
    match kind:
        case "sum":
            return sympy.Add(*x), {}
        case "dot":
            return sympy.Mul(*x), {}
        case "pow":
            return sympy.Pow(*x), {}
        case "where":
            return sympy.Piecewise((x[1], x[0] > 0), (x[2], True)), {x[0] > 0: graph.test("greater", args[0], ZERO)}
        case "max" | "min":
            return (sympy.Max if kind == "max" else sympy.Min)(*x), {}
        case "prod":
            return sympy.Mul(*[sympy.Pow(s, sympy.Rational(k.numerator, k.denominator)) for s, k in zip(x, data, strict=True)]), {}
    return expressions([graph.function(data, *args)], symbols.__getitem__)[0], {}


def _rule(node: Node, args: list[Node], y: Node) -> Rule:
    """A node over placeholders as a function of what they stand for."""
    if node is y:
        return lambda graph, given, result: result
    if node in args:
        k = args.index(node)
        return lambda graph, given, result: given[k]
    if node.kind == "const":
        return lambda graph, given, result: graph.lift(node.data)
    below = [_rule(a, args, y) for a in node.args]
    make = _MAKERS[node.kind]
    data = node.data
    return lambda graph, given, result: make(graph, data, [f(graph, given, result) for f in below])


def _product(graph: Graph, data: Any, args: list[Node]) -> Node:
    c, exponents = data
    out = graph.lift(c)
    for a, k in zip(args, exponents, strict=True):
        out = graph.mul(out, a if k == 1 else graph.power(a, k))
    return out


_MAKERS: dict[str, Callable[[Graph, Any, list[Node]], Node]] = {
    "sum": lambda graph, _, args: graph.total(args),
    "dot": lambda graph, _, args: graph.dot(Column(tuple(args[:1])), Column(tuple(args[1:]))),
    "prod": _product,
    "call": lambda graph, name, args: graph.function(name, *args),
    "pow": lambda graph, _, args: graph.power2(*args),
    "test": lambda graph, name, args: graph.test(name, *args),
    "where": lambda graph, _, args: graph.where(*args),
    "max": lambda graph, _, args: graph.extreme("max", args),
    "min": lambda graph, _, args: graph.extreme("min", args),
}
