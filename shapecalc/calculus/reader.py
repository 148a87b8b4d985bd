"""The search for the shortest matrix formula of a network that hangs together."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.expr import Apply
from shapecalc.forms import apply
from shapecalc.indexed import Index, Places, indices

from .pieces import Even, Piece, Table, offer, sums, turned, wanted
from .products import hadamards, matmuls, scalings


class Reader:
    """Combines the factors of one piece of a term. ``scaling`` says how a vector scales a matrix: 'diag' or 'broadcast'."""

    def __init__(self, leaves: list[Piece], target: Places, scaling: str, even: Even | None = None) -> None:
        self.leaves = leaves
        self.even = Even() if even is None else even
        self.scaling = scaling
        self.wanted = frozenset(indices(target))
        self.rank = max(2, len(target), *(len(p.places) for p in leaves))
        self.owners = [frozenset(indices(p.places)) for p in leaves]
        self.tables: dict[int, Table] = {}
        self.needs: dict[int, frozenset[Index]] = {}

    def needed(self, mask: int) -> frozenset[Index]:
        """The indices that are still wanted outside a subset."""
        found = self.needs.get(mask)
        if found is None:
            found = self.needs[mask] = self.wanted.union(*[own for k, own in enumerate(self.owners) if not mask >> k & 1])
        return found

    def read(self) -> Table:
        """Every arrangement of the whole piece."""
        n = len(self.leaves)
        for k, leaf in enumerate(self.leaves):
            table: Table = {}
            offer(table, leaf)
            if isinstance(leaf.e, Apply) and leaf.e.name in ("eye", "diag") and len(leaf.places) == 2:
                offer(table, leaf._replace(places=leaf.places[::-1], cost=leaf.cost + 0.01))
            elif leaf.e in self.even and wanted(table, leaf.cost + 0.01, leaf.places[::-1]):
                offer(table, Piece(leaf.cost + 0.01, self.even.copy_of(leaf.e), leaf.places[::-1]))
            if isinstance(leaf.e, Apply) and leaf.e.name == "diagonal" and not set(indices(leaf.places)) & self.needed(1 << k):
                offer(table, Piece(leaf.cost - 6, apply("tr", leaf.e.args[0]), ()))
            self.tables[1 << k] = self.closed(table, 1 << k)
        grown = list(self.tables)
        for _ in range(2, n + 1):
            grown = self.connected(grown)
            for mask in grown:
                table = {}
                for left in self.halves(mask):
                    right = mask ^ left
                    if left in self.tables and right in self.tables:
                        self.combine(table, left, right, mask)
                if table:
                    self.tables[mask] = self.closed(table, mask)
        return self.tables.get((1 << n) - 1, {})

    def connected(self, smaller: list[int]) -> list[int]:
        """The subsets that hang together, grown from those with one factor less."""
        out: dict[int, None] = {}
        for mask in smaller:
            own = frozenset().union(*[o for k, o in enumerate(self.owners) if mask >> k & 1])
            for k, other in enumerate(self.owners):
                if not mask >> k & 1 and own & other:
                    out[mask | 1 << k] = None
        return list(out)

    @staticmethod
    def halves(mask: int) -> Iterator[int]:
        """Every proper part of a subset, both of each pair."""
        part = (mask - 1) & mask
        while part:
            yield part
            part = (part - 1) & mask

    def closed(self, table: Table, mask: int) -> Table:
        """With sums over indices that nobody else wants, transposes, and vectors put upright."""
        need = self.needed(mask)
        for piece in list(table.values()):
            for out in self.summed(piece, need, table):
                offer(table, out)
        out_table = {p: v for p, v in table.items() if need.issuperset(indices(p))}
        for piece in list(out_table.values()):
            for out in turned(piece, out_table):
                offer(out_table, out)
        return out_table

    def summed(self, piece: Piece, need: frozenset[Index], table: Table) -> Iterator[Piece]:
        """The sum over the axes whose index ends here."""
        gone = tuple([k for k, p in enumerate(piece.places) if isinstance(p, Index) and p not in need])
        if not gone or any(isinstance(p, tuple) and not set(p) <= need for p in piece.places):
            return
        yield from sums(piece, gone, table)

    def combine(self, table: Table, left: int, right: int, mask: int) -> None:
        """Every product of a formula of one part with a formula of the other."""
        need = self.needed(mask)
        in_order, diagonal = left < right, self.scaling == "diag"
        late = 0.0 if in_order else 0.01
        for a in self.tables[left].values():
            p = a.places
            for b in self.tables[right].values():
                q = b.places
                if p and q and p[-1] == (q[0] if len(q) == 1 else q[-2]):
                    for out in matmuls(a, b, need, late, table):
                        offer(table, out)
                if in_order:
                    for out in hadamards(a, b, need, self.rank, diagonal, table):
                        offer(table, out)
                if len(p) == 1:
                    for out in scalings(a, b, need, diagonal, table):
                        offer(table, out)
