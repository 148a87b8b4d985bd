"""Bounds on degrees: how likely it is that a false identity holds at a random point (Schwartz 1980, Zippel 1979).

Every entry of a value is a quotient of polynomials in the numbers that were drawn; (n, d) bounds the degrees of numerator and
denominator. An unknown mask is one more number that was drawn, and so is a value of log, and one of exp that is not made of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from shapecalc.calculus.texts import meaning
from shapecalc.expr import Apply, Expr, Lit, Params, Var, nodes
from shapecalc.op import Axes, Op, Signature
from shapecalc.ops.reducing import axes_of
from shapecalc.rings import Unsupported
from shapecalc.shapes import Dim, Shape, value

Degree = tuple[int, int]
Sizes = Sequence[Mapping[str, int]]
CONSTANT, FREE = (0, 0), (1, 0)
NOTHING, FUNCTION, ROOT = frozenset[str](), frozenset({"function"}), frozenset({"root"})
MASKS = frozenset({"greater", "less", "greater_equal", "less_equal", "equal", "sign"})
MOVES = frozenset({"slice", "place", "concatenate", "tril", "triu", "flip", "windows"})


@dataclass(slots=True)
class Powers:
    """What values of exp and log can be: products of `up` drawn numbers over `down` of them, or what log and exp were taken of."""

    up: int = 1
    down: int = 0
    exps: Degree = CONSTANT  # of all arguments so far
    logs: Degree = CONSTANT

    def exp(self, a: Degree) -> Degree:
        """The value of exp; a number that was drawn may be what log was taken of."""
        self.exps = max(self.exps[0], a[0]), max(self.exps[1], a[1])
        n, d = max(1, self.logs[0]), self.logs[1]
        return self.up * n + self.down * d, self.up * d + self.down * n

    def log(self, a: Degree) -> Degree:
        """The value of log: a number that was drawn, or what exp was taken of."""
        self.logs = max(self.logs[0], a[0]), max(self.logs[1], a[1])
        return max(1, self.exps[0]), self.exps[1]

    @property
    def widest(self) -> Degree:
        """The bound for all arguments."""
        return max(self.exps[0], self.logs[0]), max(self.exps[1], self.logs[1])


def extent(dim: Dim, sizes: Sizes) -> int:
    """The largest number that a size is."""
    return dim if isinstance(dim, int) else max((value(dim, s) for s in sizes), default=1)


def added(degrees: Sequence[Degree]) -> Degree:
    """A sum, over the product of all denominators."""
    below = sum([d for _, d in degrees])
    return (max([n + below - d for n, d in degrees]), below) if below else max(degrees)


def repeated(a: Degree, times: int) -> Degree:
    """A sum of so many entries with denominators of their own."""
    return (a[0] + (times - 1) * a[1], times * a[1]) if a[1] else a


def multiplied(degrees: Sequence[Degree]) -> Degree:
    """A product."""
    if len(degrees) == 2:
        (n, d), (m, e) = degrees
        return n + m, d + e
    return sum([n for n, _ in degrees]), sum([d for _, d in degrees])


def power(a: Degree, k: int) -> Degree:
    """An integer power; a negative one turns the quotient over."""
    return (a[0] * k, a[1] * k) if k >= 0 else (a[1] * -k, a[0] * -k)


def degree(
    e: Expr, env: Mapping[str, Degree], sizes: Sizes, memo: dict[Expr, Degree] | None = None, powers: Powers | None = None
) -> Degree:
    """The bound for every entry of e; Unsupported where e is no rational function of what is drawn."""
    done: dict[Expr, Degree] = {} if memo is None else memo
    if e in done:
        return done[e]
    for node in nodes(e):
        if node in done:
            continue
        if isinstance(node, Apply):
            done[node] = applied(node, [done[a] for a in node.args], sizes, powers)
        else:
            done[node] = CONSTANT if isinstance(node, Lit) else env[node.name]
    return done[e]


def applied(node: Apply, args: list[Degree], sizes: Sizes, powers: Powers | None = None) -> Degree:
    """The bound for an operation from those for its arguments."""
    op = node.op
    rule = _RULES.get(op.name)
    if rule is not None:
        return rule(node, args, sizes)
    if op.signature is not None:
        return _product(node, args, sizes)
    if op.name in MASKS:
        return FREE
    if op.name in MOVES:
        return max([n for n, _ in args]), max([d for _, d in args])
    if op.name in _FUNCTIONS and powers is not None:
        return _FUNCTIONS[op.name](powers, *args)
    if op.means:
        body, names = meaning(node)
        return degree(body, dict(zip(names, args, strict=True)), sizes, None, powers)
    raise Unsupported(op.name)


def _product(node: Apply, args: list[Degree], sizes: Sizes) -> Degree:
    """A sum of products; how many are added up counts only where they have denominators."""
    out = multiplied(args)
    if not out[1] or (signature := node.signature) is None:
        return out
    return repeated(out, prod([extent(d, sizes) for d in _summed(signature)]))


def _quotient(_: Apply, args: list[Degree], __: Sizes) -> Degree:
    return multiplied((args[0], power(args[1], -1)))


def _summed(signature: Signature) -> list[Dim]:
    """The sizes that an indexed product is summed over."""

    def flat(axes: Axes) -> set[str]:
        return {x for axis in axes if axis is not None for x in ((axis,) if isinstance(axis, str) else axis)}

    inside = set().union(*map(flat, signature.inputs)) - flat(signature.output)
    return [signature.sizes[x] for x in sorted(inside)]


def _power(node: Apply, args: list[Degree], _: Sizes) -> Degree:
    k = node["k"]
    if k.denominator != 1:
        raise Unsupported("a root")
    return power(args[0], int(k))


def _choice(_: Apply, args: list[Degree], __: Sizes) -> Degree:
    """c·a + (1 - c)·b, where an unknown c stands for a comparison that is not written."""
    cond, a, b = [FREE, *args][-3:] if len(args) > 1 else (FREE, args[0], CONSTANT)
    return added((multiplied((cond, a)), multiplied((cond, b))))


def _determinant(node: Apply, args: list[Degree], sizes: Sizes) -> Degree:
    m, (n, d) = extent(node.args[0].shape[0], sizes), args[0]
    return m * n + m * m * d, m * m * d


def _inverse(node: Apply, args: list[Degree], sizes: Sizes) -> Degree:
    m, (n, d) = extent(node.args[0].shape[0], sizes), args[0]
    return (m - 1) * n + 2 * m * m * d, m * n + 2 * m * m * d


def _matrix_power(node: Apply, args: list[Degree], sizes: Sizes) -> Degree:
    k, m = node["k"], extent(node.shape[0], sizes)
    out = a = args[0] if k >= 0 else _inverse(node, args, sizes)
    for _ in range(abs(k) - 1):
        out = repeated(multiplied((out, a)), m)
    return out if k else CONSTANT


def _axes(node: Apply) -> tuple[int, ...]:
    return axes_of(dict(node.params), len(node.args[0].shape))


_RULES: dict[str, Callable[[Apply, list[Degree], Sizes], Degree]] = {
    "add": lambda _, args, __: added(args),
    "div": _quotient,
    "zeros": lambda *_: CONSTANT,
    "power": _power,
    "where": _choice,
    "maximum": _choice,
    "minimum": _choice,
    "relu": _choice,
    "abs": _choice,
    "det": _determinant,
    "inv": _inverse,
    "matpow": _matrix_power,
    "overlap_add": lambda node, args, sizes: repeated(args[0], prod(extent(d, sizes) for d in node.args[0].shape[-len(node["axes"]) :])),
    "prod": lambda node, args, sizes: power(args[0], prod(extent(node.args[0].shape[k], sizes) for k in _axes(node))),
    "cumprod": lambda node, args, sizes: power(args[0], extent(node.shape[node["axis"]], sizes)),
    "cumsum": lambda node, args, sizes: repeated(args[0], extent(node.shape[node["axis"]], sizes)),
}


def _hyperbolic(powers: Powers, a: Degree) -> Degree:
    up = powers.exp(a)
    return added((up, power(up, -1)))


def _tangent(powers: Powers, a: Degree) -> Degree:
    n, d = _hyperbolic(powers, a)
    return n + d, n + d


_FUNCTIONS: dict[str, Callable[..., Degree]] = {
    "exp": Powers.exp,
    "log": Powers.log,
    "sinh": _hyperbolic,
    "cosh": _hyperbolic,
    "tanh": _tangent,
    "pow": lambda powers, a, b: powers.exp(multiplied((b, powers.log(a)))),
}


def kinds(nodes_: Iterable[Expr]) -> frozenset[str]:
    """Whether there is exp or log among some operations ("function"), or a root, which has no exact meaning ("root")."""
    out: frozenset[str] = frozenset()
    for node in nodes_:
        if isinstance(node, Apply):
            out |= _kinds(node.op, node.params, tuple([a.shape for a in node.args]), node.shape) if node.op.means else _own_kind(node)
    return out


def _own_kind(node: Apply) -> frozenset[str]:
    if node.op.name == "sqrt" or (node.op.name == "power" and node["k"].denominator != 1):
        return ROOT
    return FUNCTION if node.op.name in _FUNCTIONS else NOTHING


@lru_cache(maxsize=512)
def _kinds(op: Op, params: Params, shapes: tuple[Shape, ...], shape: Shape) -> frozenset[str]:
    """The same for an operation that stands for a formula."""
    if op.name in _RULES or op.name in MASKS:
        return NOTHING
    return kinds(nodes(meaning(Apply(op, tuple([Var(n, s) for n, s in zip(op.args, shapes, strict=True)]), params, shape))[0]))


def zero_test(a: Degree, b: Degree) -> Degree:
    """The difference of two values that should be equal."""
    return max(a[0] + b[1], b[0] + a[1]), a[1] + b[1]


def derivative(a: Degree) -> Degree:
    """The derivative of such a quotient by one of the numbers."""
    return a[0] + a[1] if a[1] else max(0, a[0] - 1), 2 * a[1]


def bits(test: Degree, prime: int) -> int:
    """k where the numerator of a non-zero difference is 0 modulo p with a probability of at most 2**-k, the denominator not being 0."""
    n, d = max(1, test[0]), test[1]
    return max(1, (prime - d) // n).bit_length() - 1
