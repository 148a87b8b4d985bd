"""Scalar entries as text, in the order in which they were made: addends and factors as a person writes them."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_

from shapecalc.errors import TooLarge

from .entry_graph import ONE, Column, Node, Number

COMPARISON, SUM, PRODUCT, POWER, ATOM = range(5)
SIGNS = {"greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "=="}
PARTS = 200_000  # names and numbers in one entry above which it is not written out
DEEP = 100       # brackets inside brackets

Name = Callable[[Node], str]


def symbol(leaf: Node) -> str:
    """The name of an entry: x12, or X[1,12]."""
    grid, k = leaf.data
    found: str = grid.symbols[k]
    return found


class Writer:
    """Writes nodes as the language writes formulas; `name` gives the leaves their names. It remembers what nodes share."""

    def __init__(self, name: Name = symbol) -> None:
        self.name = name
        self.extent: dict[Node, tuple[int, int]] = {}
        self.column_names: dict[Column, list[str]] = {}

    def text(self, node: Node) -> str:
        """One entry."""
        self.measure(node)
        return self.written(node)[0]

    def measure(self, root: Node) -> None:
        """Raises TooLarge where an entry written out would have more parts than anybody reads; no recursion."""
        extent, stack = self.extent, [root]
        while stack:
            node = stack.pop()
            if node in extent:
                continue
            if node.kind == "dot" and node.data[0].leaves and node.data[1].leaves:
                extent[node] = len(node.data[0].nodes) * 2, 2
                continue
            below = node.below()
            missing = [n for n in below if n not in extent and n.kind != "leaf"]
            if missing:
                stack += [node, *missing]
                continue
            parts, deep = 1, 0
            for n in below:
                found = extent.get(n, (1, 1))
                parts, deep = parts + found[0], max(deep, found[1])
            if parts > PARTS or deep > DEEP:
                raise TooLarge("one entry written out would have too many parts to be read", hint="give a name to a part of the formula")
            extent[node] = parts, deep + 1

    def written(self, node: Node) -> tuple[str, int]:
        """An entry and how tightly it binds."""
        match node.kind:
            case "leaf":
                return self.name(node), ATOM
            case "const":
                return self.number(node.data)
            case "sum" | "dot":
                return self.joined(self.addends(node)), SUM
            case "prod":
                return self.product(node)
            case "test":
                return self.compared(node), COMPARISON
            case "pow":
                return self.power(self.within(node.args[0], ATOM), self.within(node.args[1], ATOM)), POWER
            case "where":
                return self.cases(node), ATOM
        name = node.data if node.kind == "call" else node.kind
        return self.call(name, [self.written(a)[0] for a in node.args]), ATOM

    def within(self, node: Node, level: int) -> str:
        """In brackets where it binds less tightly than its surroundings ask."""
        written, own = self.written(node)
        return f"({written})" if own < level or (written.startswith("-") and level > SUM) else written

    def addends(self, node: Node) -> list[str]:
        """The addends, each with its sign if that is minus; sums inside sums are opened."""
        out: list[str] = []
        stack = [node]
        while stack:
            n = stack.pop()
            if n.kind == "sum":
                stack.extend(reversed(n.args))
            elif n.kind == "dot":
                out.extend(self.products(*n.data))
            else:
                out.append(self.within(n, SUM))
        return out

    def joined(self, addends: list[str]) -> str:
        """A sum."""
        if not any(t.startswith("-") for t in addends):
            return " + ".join(addends)
        return addends[0] + "".join([f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in addends[1:]])

    def products(self, left: Column, right: Column) -> list[str]:
        """The addends of a sum of products; in one piece where nothing in it can be negative."""
        if left.leaves and right.leaves and not any(map(is_, left.nodes, right.nodes)):
            return [" + ".join(map("%s*%s".__mod__, zip(self.names(left), self.names(right), strict=True)))]
        return [self.raised(a, 2) if a is b else self.pair(a, b) for a, b in zip(left.nodes, right.nodes, strict=True)]

    def names(self, column: Column) -> list[str]:
        """The names of a column of entries."""
        found = self.column_names.get(column)
        if found is None:
            found = self.column_names[column] = list(map(self.name, column.nodes))
        return found

    def pair(self, a: Node, b: Node) -> str:
        """One product, its numbers together and its divisors below."""
        from_a, from_b = (n.data if n.kind == "prod" else (1, (1,)) for n in (a, b))
        bases = (*(a.args if a.kind == "prod" else (a,)), *(b.args if b.kind == "prod" else (b,)))
        return self.factors(from_a[0] * from_b[0], bases, (*from_a[1], *from_b[1]))

    def product(self, node: Node) -> tuple[str, int]:
        """A product; a lone power or root binds more tightly."""
        c, exponents = node.data
        alone = c == 1 and len(exponents) == 1 and exponents[0] > 0
        return self.factors(c, node.args, exponents), POWER if alone else PRODUCT

    def factors(self, c: Number, bases: tuple[Node, ...], exponents: tuple[Number, ...]) -> str:
        """coefficient · Π base^exponent."""
        above = [self.raised(n, k) for n, k in zip(bases, exponents, strict=True) if k > 0 and n is not ONE]
        below = [self.raised(n, -k) for n, k in zip(bases, exponents, strict=True) if k < 0]
        if abs(c.numerator) != 1 or not above:
            above.insert(0, str(abs(c.numerator)))
        if c.denominator != 1:
            below.insert(0, str(c.denominator))
        return ("-" if c < 0 else "") + self.quotient(above, below)

    def quotient(self, above: list[str], below: list[str]) -> str:
        """Factors over divisors."""
        over = "*".join(above)
        if not below:
            return over
        under = "*".join(below)
        return f"{over}/{under}" if len(below) == 1 else f"{over}/({under})"

    def raised(self, node: Node, k: Number) -> str:
        """A factor to a positive power."""
        if k == 1:
            return self.within(node, POWER)
        if k.denominator == 2 and k.numerator == 1:
            return self.call("sqrt", [self.written(node)[0]])
        return self.power(self.within(node, ATOM), str(k) if k.denominator == 1 else f"({k})")

    def power(self, base: str, exponent: str) -> str:
        """A power."""
        return f"{base}**{exponent}"

    def number(self, value: Number) -> tuple[str, int]:
        """An exact number."""
        return str(value), ATOM if value.denominator == 1 else PRODUCT

    def call(self, name: str, args: list[str]) -> str:
        """A function."""
        return f"{name}({', '.join(args)})" if args else name

    def compared(self, node: Node) -> str:
        """A comparison, which is 1 or 0."""
        a, b = node.args
        return f"{self.within(a, SUM)} {SIGNS[node.data]} {self.within(b, SUM)}"

    def cases(self, node: Node) -> str:
        """One or the other."""
        return self.call("where", [self.written(a)[0] for a in node.args])
