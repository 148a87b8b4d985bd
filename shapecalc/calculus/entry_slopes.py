"""The local derivatives of a scalar node by its arguments: sympy differentiates each kind of node once; here they are kept as rules.

There is no derivative in this room: every rule is read from what sympy answers for placeholders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from .entry_graph import KIND, ZERO, Column, Graph, Node, Number, leaves
from .entry_names import Grid
from .entry_sympy import functions, nodes_of

Rule = Callable[[Graph, Sequence[Any], Node], Any]
"""From the arguments of a node and the node itself to the derivative by one argument."""

MOST = 3  # arguments of a kind of node: where(test, x, y)
UNORDERED = frozenset({"sum", "dot", "max", "min"})


def local(node: Node) -> tuple[Number, tuple[Rule | None, ...]]:
    """A factor, and the rules for each argument."""
    match node.kind:
        case "prod":
            return node.data[0], factors(node.data[1])
        case "call":
            return 1, slopes("call", node.data)
        case "max" | "min":
            return 1, tuple(_extreme(node, k) for k in range(len(node.args)))
    return 1, slopes(node.kind)


@lru_cache(maxsize=1024)
def factors(exponents: tuple[Number, ...]) -> tuple[Rule, ...]:
    """A product of powers: one power times the rest, by the rule for a product of two, and the power by its own."""
    return tuple(_factor(exponents, k) for k in range(len(exponents)))


def _factor(exponents: tuple[Number, ...], k: int) -> Rule:
    product = slopes("dot")[0]
    power = _power(exponents[k])
    others = exponents[:k] + exponents[k + 1:]

    def apply(graph: Graph, args: Sequence[Node], y: Node) -> Any:
        rest = graph.prod(1, (*args[:k], *args[k + 1:]), others)
        outer = rest if product is None else product(graph, (args[k], rest), y)
        return outer if power is None else graph.mul(outer, power(graph, (args[k],), y))

    return apply


def _power(exponent: Number) -> Rule | None:
    """A power by its base, None for the base itself; a whole one is a product of equal factors, of which each counts once."""
    product = slopes("dot")[0]
    if exponent == 1:
        return None
    if product is None or exponent < 0 or isinstance(exponent, Fraction):
        return slopes("power", exponent)[0]
    return lambda graph, given, y: graph.times(exponent, product(graph, (given[0], graph.power(given[0], exponent - 1)), y))


def _extreme(node: Node, k: int) -> Rule:
    """The largest of many is the larger of one and the largest of the others; where more than two are alike, they share equally."""
    rule = slopes(node.kind)[0]

    def apply(graph: Graph, args: Sequence[Node], y: Node) -> Any:
        if len(args) > 2:  # sympy would halve each tie: to be the largest alone is to be equal to y, and the only one
            own, every = graph.test("equal", args[k], y), graph.total([graph.test("equal", a, y) for a in args])
            return graph.mul(own, graph.power(every, -1))
        return rule(graph, (args[k], args[1 - k]), y) if rule is not None else ZERO

    return apply


@lru_cache(maxsize=1024)
def slopes(kind: str, data: Any = None) -> tuple[Rule | None, ...]:
    """The rules of a kind of node, None where the derivative is 0 everywhere: one for each argument, or one by the first for all.

    The latter is for kinds that do not mind the order of their arguments.
    """
    graph = Graph()
    count = {"power": 1, "call": 1, "where": 3}.get(kind, 2)
    # of a positive base sympy need not ask whether the logarithm that drops out exists; the rule is the same on all of the domain
    symbols, args, result, y = _placeholders(kind == "power")
    x = symbols[:count]
    whole = _placed(kind, data, x)
    known = {result: y, **dict(zip(symbols, args, strict=True))}
    smooth = kind == "call" and not whole.is_Piecewise
    if kind == "call" and not smooth:
        known |= {functions()[name](x[0]): graph.function(name, args[0]) for name in ("sign", "abs", "relu")}
    if kind == "where":
        known[x[0] > 0] = graph.test("greater", args[0], ZERO)
    out: list[Rule | None] = []
    for s in x[: 1 if kind in UNORDERED else count]:
        # without .diff(s) and its bookkeeping of several variables; a function knows its derivative by its argument
        derived = whole.fdiff() if smooth else whole._eval_derivative(s)  # noqa: SLF001
        if kind in ("call", "pow"):
            derived = derived.xreplace({whole: result})
        (node,) = nodes_of(graph, [derived], known, known.get)
        out.append(None if node is ZERO else _rule(node, args, y))
    return tuple(out)


@cache
def _placeholders(positive: bool) -> tuple[tuple[Any, ...], list[Node], Any, Node]:
    """What stands for the arguments of a node and for its value, as symbols of sympy and as nodes."""
    import sympy

    args, (y,) = leaves(Grid("x", (MOST,), "x", True), True), leaves(Grid("y", (), "y", True), True)
    return tuple([sympy.Symbol(f"x{k}", positive=positive or None) for k in range(MOST)]), args, sympy.Symbol("y"), y


def _placed(kind: str, data: Any, x: tuple[Any, ...]) -> Any:
    """A node of that kind over placeholders, in sympy; where there is nothing to be worked out, sympy is not asked to look for it."""
    import sympy

    match kind:
        case "call":
            made = functions()[data]
            return made(*x, evaluate=False) if isinstance(made, type) else made(*x)
        case "sum":
            return sympy.Add(*x, evaluate=False)
        case "power":
            return sympy.Pow(x[0], sympy.Rational(data.numerator, data.denominator))
        case "where":
            return sympy.Piecewise((x[1], x[0] > 0), (x[2], True))
    return {"dot": sympy.Mul, "pow": sympy.Pow, "max": sympy.Max, "min": sympy.Min}[kind](*x)


def _rule(node: Node, args: list[Node], y: Node) -> Rule:
    """A node over placeholders as a function of what they stand for."""
    if node is y:
        return lambda _graph, _given, result: result
    if node in args:
        k = args.index(node)
        return lambda _graph, given, _result: given[k]
    if node.kind == "const":
        return lambda graph, _given, _result: graph.lift(node.data)
    below = [_rule(a, args, y) for a in node.args]
    make = _MAKERS[node.kind]
    data = node.data
    return lambda graph, given, result: make(graph, data, [f(graph, given, result) for f in below])


KINDS = frozenset({"const", "prod"})


def _product(graph: Graph, data: Any, args: list[Node]) -> Node:
    c, exponents = data
    if KINDS.isdisjoint(map(KIND, args)) and len({*args}) == len(args):
        return graph.prod(c, tuple(args), exponents)
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
