"""The limit for an honest element-wise derivation: a reverse sweep over a bare graph of scalars, its few rules written by hand.

It has no names beyond numbers, reads no text, and checks nothing; what it shares with an engine is that every entry is a node.
"""

from __future__ import annotations

from typing import Any


class Scalars:
    """Hash-consed scalars, numbered in the order in which they are made; as lean as plain Python allows."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], int] = {}
        self.nodes: list[tuple[Any, ...]] = []
        self.live: list[bool] = []

    def leaf(self, live: bool = False) -> int:
        """A symbol."""
        self.nodes.append(("leaf",))
        self.live.append(live)
        return len(self.nodes) - 1

    def leaves(self, rows: int, columns: int, live: bool = False) -> list[list[int]]:
        """A matrix of symbols."""
        return [[self.leaf(live) for _ in range(columns)] for _ in range(rows)]

    def node(self, *key: Any) -> int:
        """A sum (of a tuple), a product of two, or a function."""
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.nodes)
            self.nodes.append(key)
            live = self.live
            live.append(True in map(live.__getitem__, key[1]) if key[0] == "+" else live[key[1]] or (key[0] == "*" and live[key[2]]))
        return found

    def handed_on(self, k: int, g: int, one: int) -> list[tuple[int, int]]:
        """What a node hands on of what flows into it."""
        node, key, live = self.node, self.nodes[k], self.live
        kind, a = key[0], key[1]
        if kind == "+":
            return [(x, g) for x in a if live[x]]
        if kind == "*":
            pairs = ((a, key[2]), (key[2], a))
            return [(x, y if g == one else node("*", y, g)) for x, y in pairs if live[x]]
        if kind == "square":
            return [(a, node("*", node("scale", a, (2, 1)), g))]
        if kind == "minus":
            return [(a, node("minus", g))]
        if kind == "scale":
            return [(a, node("scale", g, key[2]))]
        return [(a, node("*", k if kind == "exp" else node("inverse", a), g))]

    def loss(self, name: str, Z: list[list[int]], Y: list[list[int]]) -> int:
        """The loss of Z."""
        node = self.node
        pairs = [(z, y) for zs, ys in zip(Z, Y, strict=True) for z, y in zip(zs, ys, strict=True)]
        if name == "upstream":
            return node("+", tuple([node("*", y, z) for z, y in pairs]))
        if name == "MSE":
            squares = [node("square", node("+", (z, node("minus", y)))) for z, y in pairs]
            return node("scale", node("+", tuple(squares)), (1, 2 * len(Z)))
        total = [node("log", node("+", tuple([node("exp", z) for z in zs]))) for zs in Z]
        rows = zip(Z, Y, total, strict=True)
        addends = [node("*", y, node("+", (z, node("minus", t)))) for zs, ys, t in rows for z, y in zip(zs, ys, strict=True)]
        return node("scale", node("+", tuple(addends)), (-1, len(Z)))

    def swept(self, L: int, wanted: list[int]) -> list[int]:
        """The derivatives of L by the wanted leaves."""
        one = self.leaf()
        arrived: list[list[int] | None] = [None] * one
        arrived[L] = [one]
        for k in range(L, -1, -1):
            found = arrived[k]
            if found is not None and self.nodes[k][0] != "leaf":
                for a, g in self.handed_on(k, found[0] if len(found) == 1 else self.node("+", tuple(found)), one):
                    if (before := arrived[a]) is None:
                        arrived[a] = [g]
                    else:
                        before.append(g)
        return [self.node("+", tuple(arrived[w] or ())) for w in wanted]


def scalar_graph(loss: str, S: int, D: int, M: int) -> list[int]:
    """Every entry of dW and db of a loss of Z = XW + b, as a node."""
    s = Scalars()
    node, span = s.node, range(M)
    X, Y = s.leaves(S, D), s.leaves(S, M)
    W, (b,) = s.leaves(D, M, live=True), s.leaves(1, M, live=True)
    columns = list(zip(*W, strict=True))
    Z = [[node("+", (*[node("*", x, w) for x, w in zip(row, columns[j], strict=True)], b[j])) for j in span] for row in X]
    return s.swept(s.loss(loss, Z, Y), [w for row in [*W, b] for w in row])
