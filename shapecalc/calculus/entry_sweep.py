"""The reverse sweep over the entries of one definition: what flows back to each entry that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .entry_graph import ONE, ZERO, Column, Graph, Node
from .entry_slopes import local, slopes


class Sweep:
    """Hands what flows into the roots down to the leaves, each node once.

    Contributions are products of what flows in and of a local derivative. Those of a sum of products stay columns until an entry
    of theirs is asked for, and then are again two columns: all the incoming gradients, and all that they are multiplied with.
    """

    def __init__(self, graph: Graph, roots: Sequence[Node], names: Mapping[Node, Node]) -> None:
        self.graph = graph
        self.names = names
        self.one_by_one: dict[Node, list[tuple[Node, Node]]] = {}
        self.through: dict[Column, list[tuple[Node, Column]]] = {}
        self.member: dict[Node, list[tuple[Column, int]]] = {}
        self.turned: dict[tuple[Column, ...], list[Column]] = {}
        self.lefts: dict[Column, Column] = {}
        self.roots = roots

    def run(self, incoming: Iterable[Node], order: Sequence[Node]) -> dict[Node, list[Node]]:
        """What flows back to each live leaf, in the order of the entries; `order` has the nodes after what they are made of."""
        for root, g in zip(self.roots, incoming, strict=True):
            if root.live:
                self.one_by_one.setdefault(root, []).insert(0, (g, ONE))
        for node in reversed(order):
            if node.live:
                found = self.incoming(node)
                if found is not None:
                    self.hand_on(node, found)
        reached = [n for n in (*self.one_by_one, *self.member) if n.kind == "leaf"]
        return {leaf: self.arrived(leaf) for leaf in dict.fromkeys(reached)}

    def incoming(self, node: Node) -> Node | None:
        """The sum of everything that has flowed into a node."""
        pairs = self.one_by_one.get(node)
        if pairs is not None and len(pairs) == 1 and node not in self.member:
            g, slope = pairs[0]
            return g if slope is ONE else self.graph.mul(g, slope)
        parts = self.arrived(node)
        return self.graph.total(parts) if parts else None

    def arrived(self, node: Node) -> list[Node]:
        """Everything that has flowed into a node."""
        parts = [self.from_column(column, k) for column, k in self.member.get(node, ())]
        pairs = self.one_by_one.get(node)
        if pairs is not None:
            mul = self.graph.mul
            parts += [mul(g, slope) for g, slope in reversed(pairs)]
        return parts

    def from_column(self, column: Column, k: int) -> Node:
        """What the sums of products over a column give to its k-th entry."""
        found = self.through[column]
        if len(found) == 1:
            return self.graph.mul(found[0][0], found[0][1].nodes[k])
        if column not in self.lefts:
            self.lefts[column] = Column(tuple([g for g, _ in reversed(found)]))
        key = tuple([other for _, other in reversed(found)])
        rights = self.turned.get(key)
        if rights is None:
            rights = self.turned[key] = list(map(Column, zip(*[c.nodes for c in key], strict=True)))
        return self.graph.dot(self.lefts[column], rights[k])

    def hand_on(self, node: Node, g: Node) -> None:
        """What flows into a node flows on to its arguments, times the derivative by each."""
        kind = node.kind
        pairs = self.one_by_one
        if kind == "sum":
            # one rule for all: each addend counts once
            slope = ZERO if (rule := slopes("sum")[0]) is None else rule(self.graph, node.args, node)
            part = (g, slope)
            for a in node.args:
                if a.live:
                    if a in pairs:
                        pairs[a].append(part)
                    else:
                        pairs[a] = [part]
        elif kind == "dot":
            (rule,) = slopes("dot")
            for column, other in (node.data, node.data[::-1]):
                if column.live and rule is not None:
                    self.onto_column(column, g, rule(self.graph, (column, other), node))
        else:
            c, rules = local(node)
            y = self.names.get(node, node)
            for a, rule in zip(node.args, rules, strict=True):
                if a.live and rule is not None:
                    slope = rule(self.graph, node.args, y)
                    pairs.setdefault(a, []).append((g, self.graph.times(c, slope)))

    def onto_column(self, column: Column, g: Node, other: Column) -> None:
        """A sum of products gives every entry of a column what flows in, times the entry beside it in the other column."""
        found = self.through.get(column)
        if found is None:
            found = self.through[column] = []
            for k, n in enumerate(column.nodes):
                if n.live:
                    self.member.setdefault(n, []).append((column, k))
        found.append((g, other))
