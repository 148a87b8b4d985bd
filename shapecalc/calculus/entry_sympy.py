"""Between entries and sympy: nodes as sympy expressions, sympy expressions as nodes, and sympy's own derivatives of whole entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from shapecalc.errors import NotKnownYet, UnknownName

from .entry_graph import FUNCTIONS, HALF, ONE, ZERO, Column, Graph, Node, reached

Expression = Any  # sympy has no types
SPELLED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "lgamma": "loggamma"}
COMPARED = {"greater": "Gt", "less": "Lt", "greater_equal": "Ge", "less_equal": "Le", "equal": "Eq"}

UNDEFINED = Node("const", (), None, False)
RELATIONS = {
    "StrictGreaterThan": "greater", "StrictLessThan": "less", "GreaterThan": "greater_equal", "LessThan": "less_equal", "Equality": "equal",
}  # fmt: skip


@cache
def functions() -> Mapping[str, Callable[..., Expression]]:
    """Our functions in sympy; those with a kink piece by piece, so that their derivative at the kink is the rule book's."""
    import sympy

    out: dict[str, Callable[..., Expression]] = {
        name: getattr(sympy, SPELLED.get(name, name))
        for name in FUNCTIONS
    }
    out["relu"] = lambda x: sympy.Piecewise((x, x > 0), (0, True))
    out["abs"] = lambda x: sympy.Piecewise((x, x > 0), (-x, x < 0), (0, True))
    out["sign"] = lambda x: sympy.Piecewise((1, x > 0), (-1, x < 0), (0, True))
    out["pi"] = lambda: sympy.pi
    return out


@cache
def _names() -> Mapping[Any, str]:
    """The other way round."""
    import sympy

    plain = {made: name for name, made in functions().items() if isinstance(made, type)}
    return {**plain, sympy.Abs: "abs", sympy.sign: "sign"}


class Made(dict[Node, Expression]):
    """What nodes are in sympy; a leaf is made when it is first asked for."""

    def __init__(self, symbol: Callable[[Node], Expression]) -> None:
        super().__init__()
        self.symbol = symbol

    def __missing__(self, leaf: Node) -> Expression:
        found = self[leaf] = self.symbol(leaf)
        return found


def expressions(roots: Iterable[Node], symbol: Callable[[Node], Expression], evaluate: bool = True) -> list[Expression]:
    """The nodes as sympy expressions over the symbols of the leaves; shared parts once. `evaluate`: whether sums are put in order."""
    roots = list(roots)
    done = Made(symbol)
    for node in reached(roots):
        if node.kind == "dot":
            done[node] = _dot(node.data[0], node.data[1], done, evaluate)
        else:
            done[node] = _made(node, [done[a] for a in node.args], evaluate)
    return [done[r] for r in roots]


def _dot(left: Column, right: Column, done: Made, evaluate: bool) -> Expression:
    """A sum of products. Of different symbols it is put into sympy's own order by hand: the same Add, ten times faster."""
    import sympy

    pairs = [(done[a], done[b]) for a, b in zip(left.nodes, right.nodes, strict=True)]
    if left.leaves and right.leaves:
        named = {(a.name, b.name) if a.name < b.name else (b.name, a.name): (a, b) if a.name < b.name else (b, a) for a, b in pairs}
        if len(named) == len(pairs) and all(a is not b for a, b in pairs):
            return sympy.Add._from_args([sympy.Mul._from_args(named[key]) for key in sorted(named)])  # noqa: SLF001 - see above
    return sympy.Add(*[sympy.Mul(a, b) for a, b in pairs], evaluate=evaluate)


def _made(node: Node, args: list[Expression], evaluate: bool) -> Expression:
    """One node, its arguments being made."""
    import sympy

    match node.kind:
        case "const":
            return sympy.Rational(node.data.numerator, node.data.denominator)
        case "sum":
            return sympy.Add(*args, evaluate=evaluate)
        case "prod":
            c, exponents = node.data
            powers = [sympy.Pow(a, sympy.Rational(k.numerator, k.denominator)) for a, k in zip(args, exponents, strict=True)]
            return sympy.Mul(sympy.Rational(c.numerator, c.denominator), *powers)
        case "call":
            return functions()[node.data](*args)
        case "pow":
            return sympy.Pow(*args)
        case "test":
            return sympy.Piecewise((1, getattr(sympy, COMPARED[node.data])(*args)), (0, True))
        case "where":
            # the condition is a Piecewise of 1 and 0, or is one of them
            cond = args[0].args[0].cond if args[0].is_Piecewise else bool(args[0])
            return sympy.Piecewise((args[1], cond), (args[2], True))
    return (sympy.Max if node.kind == "max" else sympy.Min)(*args)


def nodes_of(
    graph: Graph, roots: Iterable[Expression], known: dict[Expression, Node], leaf: Callable[[Expression], Node | None]
) -> list[Node]:
    """Sympy expressions as nodes; `leaf` says which entry a symbol is, `known` which node an expression stands for."""
    roots = list(roots)
    stack = [(r, False) for r in roots]
    while stack:
        e, ready = stack.pop()
        if e in known:
            continue
        found = None if ready else leaf(e)
        if found is not None:
            known[e] = found
        elif e.is_Symbol or e.func.__name__ == "MatrixElement":
            raise UnknownName(f"{e} is no entry of this problem")
        elif ready or not e.args:
            known[e] = _read(graph, e, [known[a] for a in _parts(e)])
        else:
            stack.append((e, True))
            stack.extend((a, False) for a in _parts(e))
    return [known[r] for r in roots]


def _parts(e: Expression) -> list[Expression]:
    """The arguments of an expression; numbers come first."""
    if e.is_Piecewise:
        return [x for pair in e.args for x in pair.args]
    return list(e.args[:1]) if e.func.__name__ == "Heaviside" else list(e.args)


def _read(graph: Graph, e: Expression, args: list[Node]) -> Node:
    """One sympy expression, its arguments being nodes."""
    if e.is_Rational or e.is_Float:
        return graph.lift(Fraction(str(e)) if e.is_Float else Fraction(int(e.p), int(e.q)))
    if UNDEFINED in args and not e.is_Piecewise:
        raise NotKnownYet("a value of sympy is infinite")
    if e.is_Add:
        return graph.total(args)
    if e.is_Mul:
        out = ONE
        for a in args:
            out = graph.mul(out, a)
        return out
    if e.is_Pow:
        return graph.power2(*args)
    if e.is_Piecewise:
        return _piecewise(graph, args)
    if e.is_Relational:
        return _compared(graph, e, args)
    name = _names().get(e.func)
    return graph.function(name, *args) if name is not None else _other(graph, e, args)


def _other(graph: Graph, e: Expression, args: list[Node]) -> Node:
    """Constants, steps, extremes and logic."""
    match e.func.__name__:
        case "polygamma" if args[0].kind == "const" and args[0].data in (0, 1):
            return graph.function("trigamma" if args[0].data else "digamma", args[1])
        case "Pi":
            return graph.function("pi")
        case "Exp1":
            return graph.function("exp", ONE)
        case "ComplexInfinity" | "NaN":
            return UNDEFINED
        case "BooleanTrue" | "BooleanFalse":
            return ONE if e else ZERO
        case "Max" | "Min":
            return graph.extreme(e.func.__name__.lower(), args)
        case "ITE":
            return graph.where(*args)
        case "Heaviside":
            # sympy's step is 1/2 at 0, so that ties share equally
            (x,) = args
            difference = x.kind == "sum" and len(x.args) == 2 and x.args[1].kind == "prod"
            a, b = (x.args[0], graph.negative(x.args[1])) if difference else (x, ZERO)
            return graph.total((graph.test("greater", a, b), graph.mul(graph.lift(HALF), graph.test("equal", a, b))))
        case "And" | "Not":
            out = ONE
            for a in args:
                out = graph.mul(out, a if e.func.__name__ == "And" else graph.complement(a))
            return out
        case "Or":
            out = ONE
            for a in args:
                out = graph.mul(out, graph.complement(a))
            return graph.complement(out)
    raise NotKnownYet(f"{e.func.__name__} of sympy is not read here")


def _piecewise(graph: Graph, args: list[Node]) -> Node:
    """Values and conditions in turn; the first condition that holds decides. Cases without a value are on a kink and are left out."""
    pairs = [(x, cond) for x, cond in zip(args[::2], args[1::2], strict=True) if x is not UNDEFINED]
    if pairs and len(pairs) < len(args) // 2:
        pairs[-1] = (pairs[-1][0], ONE)
    if not pairs or pairs[-1][1] is not ONE:
        raise NotKnownYet("a Piecewise of sympy without a last case that always holds")
    out = pairs[-1][0]
    for x, cond in reversed(pairs[:-1]):
        out = graph.where(cond, x, out)
    return out


def _compared(graph: Graph, e: Expression, args: list[Node]) -> Node:
    """A comparison."""
    name = RELATIONS.get(e.func.__name__)
    return graph.test(name, *args) if name else graph.complement(graph.test("equal", *args))


def differentiated(
    formulas: Iterable[Expression], incoming: Iterable[Expression], wanted: set[Expression]
) -> dict[Expression, list[Expression]]:
    """Sympy's derivative of each formula by each wanted symbol in it, addend by addend, times what flows into that formula."""
    import sympy

    out: dict[Expression, list[Expression]] = {}
    for f, g in zip(formulas, incoming, strict=True):
        for addend in sympy.Add.make_args(f):
            for s in addend.free_symbols & wanted:
                # what .diff(s) answers, without its bookkeeping of several variables
                out.setdefault(s, []).append(g * addend._eval_derivative(s))  # noqa: SLF001
    return out
