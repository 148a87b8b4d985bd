"""Scalar entries as a graph of shared nodes, made by a ring that the formulas of a problem can be evaluated over.

    leaf    an entry of a named tensor        data (grid, place)
    const   an exact number                   data int or Fraction
    sum     args added up
    dot     Σ left_k · right_k                data (left, right), two columns
    prod    coefficient · Π arg_k^exponent_k  data (coefficient, exponents)
    call    a function of one entry           data its name
    pow     args[0] to the power args[1]
    test    1 where args compare so, else 0   data the name of the comparison
    where   args[1] where args[0] is 1, args[2] elsewhere
    max, min  of args

A sum of products is one node over two columns, which many nodes share: a matrix product costs its entries, not its summands.
Nothing here differentiates.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from operator import attrgetter
from typing import Any

from shapecalc.rings import Unlucky, Unsupported

from .entry_names import Grid

Number = int | Fraction
FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "erf", "lgamma", "digamma",
             "trigamma")  # fmt: skip
KNOWN = frozenset({*FUNCTIONS, "relu", "abs", "sign", "pi"})
HIGHEST = 1000  # power of a number that is worked out
LARGEST = 12  # rows of a determinant that is written out
LIVE, KIND = attrgetter("live"), attrgetter("kind")
OPPOSITE = {"greater": "less_equal", "less_equal": "greater", "less": "greater_equal", "greater_equal": "less"}


class Node:
    """One scalar; ``live`` says that an entry one differentiates by is below it. Nodes are equal only if they are the same."""

    __slots__ = ("args", "data", "kind", "live")

    def __init__(self, kind: str, args: tuple[Node, ...], data: Any, live: bool) -> None:
        self.kind = kind
        self.args = args
        self.data = data
        self.live = live

    def below(self) -> tuple[Node, ...]:
        """The nodes that this one is made of."""
        return self.args if self.kind != "dot" else (*self.data[0].nodes, *self.data[1].nodes)


class Column:
    """Nodes that are summed over together; ``plain`` where none is a number, ``leaves`` where each is an entry."""

    __slots__ = ("leaves", "live", "nodes", "plain")

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.nodes = nodes
        self.live = True in map(LIVE, nodes)
        kinds = set(map(KIND, nodes))
        self.plain = "const" not in kinds
        self.leaves = kinds == {"leaf"}


ZERO, ONE, MINUS = Node("const", (), 0, False), Node("const", (), 1, False), Node("const", (), -1, False)
UNITS: dict[Number, Node] = {0: ZERO, 1: ONE, -1: MINUS}
HALF = Fraction(1, 2)


def normal(value: Number) -> Number:
    """An integer where the number is one."""
    return value.numerator if value.denominator == 1 else value


def leaves(grid: Grid, live: bool) -> list[Node]:
    """The entries of a named tensor."""
    return [Node("leaf", (), (grid, k), live) for k in range(_count(grid.shape))]


def _count(shape: tuple[int, ...]) -> int:
    out = 1
    for size in shape:
        out *= size
    return out


def split(node: Node) -> tuple[Number, tuple[Node, ...], tuple[Number, ...]]:
    """A node as a coefficient, bases and exponents."""
    if node.kind == "prod":
        return node.data[0], node.args, node.data[1]
    return (node.data, (), ()) if node.kind == "const" else (1, (node,), (1,))


def _raised(c: Number, k: int) -> Number:
    """An exact number to a whole power."""
    return normal(Fraction(c.numerator**k, c.denominator**k) if k > 0 else Fraction(c.denominator**-k, c.numerator**-k))


class Graph:
    """Makes nodes, each once; ``order`` has them after what they are made of. It is a ring, so that rules can be evaluated over it."""

    exact = False

    def __init__(self) -> None:
        self.table: dict[Hashable, Node] = {}
        self.order: list[Node] = []

    def make(self, kind: str, args: tuple[Node, ...], data: Any, live: bool) -> Node:
        """The one node of that kind with these arguments."""
        made = Node(kind, args, data, live)
        node = self.table.setdefault((kind, args, data), made)  # most are new, and a key is dear to hash
        if node is made:
            self.order.append(node)
        return node

    def lift(self, value: Number) -> Node:
        """A number."""
        return UNITS.get(value) or self.make("const", (), normal(value), False)

    def total(self, values: Iterable[Node]) -> Node:
        """A sum as it was written: numbers are added up, zeros left out, nothing is reordered."""
        kept = tuple(values)
        if "const" in map(KIND, kept):
            kept = self.numbers_together(kept)
        if len(kept) < 2:
            return kept[0] if kept else ZERO
        return self.make("sum", kept, None, True in map(LIVE, kept))

    def numbers_together(self, values: Iterable[Node]) -> tuple[Node, ...]:
        """Addends with one number at most, in the place of the first."""
        kept: list[Node] = []
        number: Number = 0
        place = -1
        for v in values:
            if v.kind != "const":
                kept.append(v)
            elif v.data:
                place = len(kept) if place < 0 else place
                number += v.data
        if number:
            kept.insert(place, self.lift(number))
        return tuple(kept)

    def mul(self, a: Node, b: Node) -> Node:
        """A product: the factors of both in order, equal ones as a power."""
        if a.kind == "const":
            return self.times(a.data, b)
        if b is ONE:
            return a
        left, bases, exponents = split(a)
        right, more, powers = split(b)
        c = right if left == 1 else left if right == 1 else normal(left * right)
        if not any(n in bases for n in more) if len(more) > 1 else not more or more[0] not in bases:
            return self.prod(c, bases + more, exponents + powers)
        found = dict(zip(bases, exponents, strict=True))
        for n, k in zip(more, powers, strict=True):
            found[n] = normal(found.get(n, 0) + k)
        return self.prod(c, tuple([n for n, k in found.items() if k]), tuple([k for k in found.values() if k]))

    def times(self, c: Number, a: Node) -> Node:
        """A number times a."""
        if c == 1:
            return a
        if a.kind == "prod":
            k, exponents = a.data
            return self.prod(normal(c * k), a.args, exponents)
        return self.lift(c * a.data) if a.kind == "const" else self.prod(c, (a,), (1,))

    def prod(self, c: Number, bases: tuple[Node, ...], exponents: tuple[Number, ...]) -> Node:
        """coefficient · Π base^exponent, the bases different."""
        if not bases or not c:
            return self.lift(c)
        if c == 1 and exponents == (1,):
            return bases[0]
        return self.make("prod", bases, (c, exponents), True in map(LIVE, bases))

    def dot(self, left: Column, right: Column) -> Node:
        """Σ left_k · right_k."""
        if len(left.nodes) > 1 and left.plain and right.plain:
            return self.make("dot", (), (left, right), left.live or right.live)
        return self.total([self.mul(a, b) for a, b in zip(left.nodes, right.nodes, strict=True)])

    def negative(self, a: Node) -> Node:
        """Minus a."""
        return self.times(-1, a)

    def inverse(self, a: Node) -> Node:
        """1/a."""
        return self.power(a, -1)

    def is_zero(self, a: Node) -> bool:
        """Whether a is the number 0."""
        return a is ZERO

    def power(self, a: Node, exponent: Number) -> Node:
        """a to a fixed power."""
        k = normal(exponent)
        if a.kind == "const":
            if a is ZERO and k < 0:
                raise Unlucky("a denominator is 0")
            if isinstance(k, int) and abs(k) <= HIGHEST:
                return self.lift(_raised(a.data, k))
            return a if a is ONE or a is ZERO else self.make("prod", (a,), (1, (k,)), False)
        if k in (0, 1):
            return a if k == 1 else ONE
        if a.kind == "prod" and isinstance(k, int) and (len(a.args) == 1 or k == -1):
            c, exponents = a.data
            return self.prod(_raised(c, k), a.args, tuple(normal(e * k) for e in exponents))
        return self.make("prod", (a,), (1, (k,)), a.live)

    def power2(self, a: Node, b: Node) -> Node:
        """a ** b."""
        return self.power(a, b.data) if b.kind == "const" else self.make("pow", (a, b), None, a.live or b.live)

    def knows(self, name: str) -> bool:
        """Whether the function is a node of its own, not written out."""
        return name in KNOWN

    def function(self, name: str, *args: Node) -> Node:
        """A function of one entry (pi: of none)."""
        if name not in KNOWN:
            raise Unsupported(name)
        return self.make("call", args, name, any(a.live for a in args))

    def test(self, name: str, a: Node, b: Node) -> Node:
        """1 where the comparison holds, else 0."""
        if a.kind == b.kind == "const":
            x, y = a.data, b.data
            return self.lift(int({"greater": x > y, "less": x < y, "greater_equal": x >= y, "less_equal": x <= y, "equal": x == y}[name]))
        if a.kind == "test" and b is ZERO and name in ("greater", "less_equal"):
            return a if name == "greater" else self.complement(a)
        return self.make("test", (a, b), name, False)

    def complement(self, cond: Node) -> Node:
        """1 - cond."""
        if cond.kind == "test" and cond.data in OPPOSITE:
            return self.test(OPPOSITE[cond.data], *cond.args)
        return self.total((ONE, self.negative(cond)))

    def where(self, cond: Node, x: Node, y: Node) -> Node:
        """x where cond is 1, y where it is 0."""
        if x is y or cond is ONE or cond is ZERO:
            return y if cond is ZERO else x
        if x is ONE and y is ZERO:
            return cond
        if x is ZERO and y is ONE:
            return self.complement(cond)
        if cond.kind == "test":
            return self.make("where", (cond, x, y), None, x.live or y.live)
        return self.total((self.mul(cond, x), self.mul(self.complement(cond), y)))

    def choose(self, name: str, a: Node, b: Node, x: Node, y: Node) -> Node:
        """x where a compares so with b, y elsewhere; the larger and the smaller of two by that name."""
        if x is a and y is b and name in ("greater", "less"):
            return self.extreme("max" if name == "greater" else "min", (b, a))
        return self.where(self.test(name, a, b), x, y)

    def extreme(self, kind: str, values: Sequence[Node]) -> Node:
        """The largest or the smallest."""
        flat = dict.fromkeys(x for v in values for x in (v.args if v.kind == kind else (v,)))
        if all(v.kind == "const" for v in flat):
            return self.lift((max if kind == "max" else min)(v.data for v in flat))
        return next(iter(flat)) if len(flat) == 1 else self.make(kind, tuple(flat), None, any(v.live for v in flat))

    def determinant(self, rows: Sequence[Sequence[Node]]) -> Node:
        """By the first row, each minor once."""
        n = len(rows)
        if n > LARGEST:
            raise Unlucky(f"a determinant of {n} rows has too many addends")
        minors: dict[tuple[int, ...], Node] = {(): ONE}
        for k, row in zip(range(1, n + 1), reversed(rows), strict=True):
            wider = {}
            for columns in combinations(range(n), k):
                terms = [(row[j], minors[columns[:p] + columns[p + 1:]]) for p, j in enumerate(columns)]
                wider[columns] = self.total([self.mul(self.negative(a) if p % 2 else a, m) for p, (a, m) in enumerate(terms)])
            minors = wider
        return minors[tuple(range(n))]


def reached(roots: Iterable[Node]) -> Iterator[Node]:
    """Every node below the roots but the leaves, each once, after what it is made of; no recursion."""
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(r, False) for r in roots][::-1]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen and node.kind != "leaf":
            seen.add(node)
            stack.append((node, True))
            if node.kind != "dot" or not (node.data[0].leaves and node.data[1].leaves):
                stack.extend([(n, False) for n in reversed(node.below()) if n not in seen])
