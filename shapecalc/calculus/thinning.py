"""Large networks made smaller before the search: products that nobody else takes part in are formed at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapecalc.indexed import Index, indices

from .pieces import Piece, turned
from .products import hadamards, matmuls

CHAIN, DENSE = 14, 7  # leaves that the search takes: of a chain, and of a network where three or more share an index


def bearable(leaves: list[Piece]) -> int:
    """How many leaves the search can take: a chain has few parts that hang together, a dense network has all of them."""
    used = Counter(i for p in leaves for i in set(indices(p.places)))
    return CHAIN if all(n <= 2 for n in used.values()) else DENSE


def thinned(leaves: list[Piece], wanted: frozenset[Index]) -> list[Piece]:
    """The leaves, some of them multiplied, until the search can take them or nothing more can be done."""
    while len(leaves) > DENSE and len(leaves) > bearable(leaves):
        step = _contracted(leaves, wanted) or _entrywise(leaves)
        if step is None:
            return leaves
        leaves = step
    return leaves


def _contracted(leaves: list[Piece], wanted: frozenset[Index]) -> list[Piece] | None:
    """Two leaves multiplied over an index that only they have; vectors first, then from the left."""
    owners: dict[Index, list[int]] = {}
    for k, p in enumerate(leaves):
        for i in dict.fromkeys(indices(p.places)):
            owners.setdefault(i, []).append(k)
    pairs = [(i, ks[0], ks[1]) for i, ks in owners.items() if len(ks) == 2 and i not in wanted]
    for i, a, b in sorted(pairs, key=lambda t: (len(leaves[t[1]].places) + len(leaves[t[2]].places), t[1], t[2])):
        need = wanted | {j for k, p in enumerate(leaves) if k not in (a, b) for j in indices(p.places)}
        if need >= set(indices(leaves[a].places)) & set(indices(leaves[b].places)) - {i}:
            found = _product(leaves[a], leaves[b], need)
            if found is not None:
                return [found if k == a else p for k, p in enumerate(leaves) if k != b]
    return None


def _product(a: Piece, b: Piece, need: frozenset[Index] | set[Index]) -> Piece | None:
    """The cheapest product of two leaves as a matrix or a vector, in either order."""
    kept = frozenset(need)
    tried = (m for x in _views(a) for y in _views(b) for m in (*matmuls(x, y, kept, 0.0), *matmuls(y, x, kept, 0.01)))
    return min(tried, key=lambda m: m.cost, default=None)


def _views(p: Piece) -> Iterable[Piece]:
    return (p, *(t for t in turned(p) if len(t.places) == len(p.places)))


def _entrywise(leaves: list[Piece]) -> list[Piece] | None:
    """Two leaves with the same indices multiplied entry by entry."""
    for a, p in enumerate(leaves):
        for b in range(a + 1, len(leaves)):
            q = leaves[b]
            if set(indices(p.places)) == set(indices(q.places)) and list(indices(p.places)):
                whole = frozenset(indices(p.places))
                tried = (h for y in _views(q) for h in hadamards(p, y, whole, max(2, len(p.places))))
                found = min(tried, key=lambda h: h.cost, default=None)
                if found is not None:
                    return [found if k == a else r for k, r in enumerate(leaves) if k != b]
    return None
