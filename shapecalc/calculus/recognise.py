"""Reading an index form back as the shortest matrix formula.

A term is a network of tensors joined by indices. Subsets of its factors that hang together are combined, smallest first, by the
products that NumPy has (``@``, ``*``, ``outer``, ``diag``, sums over an axis), and for each subset and each arrangement of its
open axes the shortest formula is kept. What has no such formula is written as an einsum, which is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from ..errors import Misfit
from ..expr import Apply, Expr, Lit, Var
from ..forms import apply, mul, neg, ones, power, transposed
from ..indexed import Factor, Index, Place, Places, Term, indices
from ..notation import text
from ..shapes import total

MOST = 14  # factors of one piece, above which they are joined greedily first


class Piece(NamedTuple):
    """A formula, its axes as indices, and what it costs to write."""

    cost: float
    e: Expr
    places: Places


Table = dict[Places, Piece]


class Unreadable(Exception):
    """No formula of matrices: an einsum is written."""


def leaf_cost(e: Expr) -> float:
    """The length of a factor, with the parentheses that it will need."""
    written = text(e).replace(" ", "")
    loose = isinstance(e, Apply) and (e.name in ("add", "neg", "mul", "div", "matmul") or e.name in ("greater", "less", "equal"))
    return len(written) + (2 if loose else 0)


def offer(table: Table, piece: Piece) -> None:
    """Keeps the cheaper of two formulas for the same arrangement."""
    old = table.get(piece.places)
    if old is None or piece.cost < old.cost:
        table[piece.places] = piece


class Reader:
    """Combines the factors of one piece of a term. ``scaling`` says how a vector scales a matrix: 'diag' or 'broadcast'."""

    def __init__(self, leaves: list[Piece], target: Places, scaling: str, even: frozenset[Expr] = frozenset()) -> None:
        self.leaves = leaves
        self.even = even
        self.scaling = scaling
        self.wanted = frozenset(indices(target))
        self.rank = max(2, len(target), *(len(p.places) for p in leaves))
        self.owners = [frozenset(indices(p.places)) for p in leaves]
        self.tables: dict[int, Table] = {}

    def needed(self, mask: int) -> frozenset[Index]:
        """The indices that are still wanted outside a subset."""
        out = set(self.wanted)
        for k, own in enumerate(self.owners):
            if not mask >> k & 1:
                out |= own
        return frozenset(out)

    def read(self) -> Table:
        """Every arrangement of the whole piece."""
        n = len(self.leaves)
        for k, leaf in enumerate(self.leaves):
            table: Table = {}
            offer(table, leaf)
            if leaf.e in self.even or (isinstance(leaf.e, Apply) and leaf.e.name in ("eye", "diag") and len(leaf.places) == 2):
                offer(table, leaf._replace(places=leaf.places[::-1], cost=leaf.cost + 0.01))
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
            own = frozenset().union(*(o for k, o in enumerate(self.owners) if mask >> k & 1))
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
            for out in self.summed(piece, need):
                offer(table, out)
        out_table = {p: v for p, v in table.items() if all(i in need for i in indices(p))}
        for piece in list(out_table.values()):
            for out in turned(piece):
                offer(out_table, out)
        return out_table

    def summed(self, piece: Piece, need: frozenset[Index]) -> Iterator[Piece]:
        """The sum over the axes whose index ends here."""
        gone = tuple(k for k, p in enumerate(piece.places) if isinstance(p, Index) and p not in need)
        if not gone or any(isinstance(p, tuple) and not set(p) <= need for p in piece.places):
            return
        yield from sums(piece, gone)

    def combine(self, table: Table, left: int, right: int, mask: int) -> None:
        """Every product of a formula of one part with a formula of the other."""
        need = self.needed(mask)
        for a in self.tables[left].values():
            for b in self.tables[right].values():
                for out in self.products(a, b, need, left < right):
                    offer(table, out)

    def products(self, a: Piece, b: Piece, need: frozenset[Index], in_order: bool) -> Iterator[Piece]:
        """The ways to multiply two formulas."""
        late = 0.0 if in_order else 0.01
        yield from matmuls(a, b, need, late)
        if in_order:
            yield from hadamards(a, b, need, self.rank, self.scaling == "diag")
        if len(a.places) == 1:
            yield from scalings(a, b, need, self.scaling == "diag")


def sums(piece: Piece, gone: tuple[int, ...]) -> Iterator[Piece]:
    """The sum over some axes, dropped or kept as 1."""
    every = len(gone) == len(piece.places)
    rest = tuple(p for k, p in enumerate(piece.places) if k not in gone)
    axis: int | tuple[int, ...] | None = None if every else gone[0] if len(gone) == 1 else gone
    bare = piece.cost - (2 if leaf_is_loose(piece.e) else 0)
    yield Piece(bare + (5 if every else 12), apply("sum", piece.e, axis=axis), rest)
    if not any(isinstance(p, Index) for p in rest):
        if not every:
            yield Piece(bare + 5, apply("sum", piece.e), ())
        yield from dots(piece)
    if not every or len(piece.places) > 1:
        kept = tuple(None if k in gone else p for k, p in enumerate(piece.places))
        yield Piece(bare + (12 if every else 17), apply("sum", piece.e, axis=axis, keepdims=True), kept)


def dots(piece: Piece) -> Iterator[Piece]:
    """The sum of an entrywise product of vectors as an inner product, of matrices as a trace where that is shorter."""
    e = piece.e
    below: Expr = Lit(1)
    if isinstance(e, Apply) and e.name == "div":
        e, below = e.args
    if len(piece.places) > 2:
        return
    cost = piece.cost
    if isinstance(e, Apply) and e.name == "power" and e["k"] == 2 and isinstance(e.args[0], Var):
        a = b = e.args[0]
        cost += len(a.name) - 2
    elif isinstance(e, Apply) and e.name == "mul":
        a, b = e.args
    else:
        return
    if below != Lit(1):
        b = apply("div", b, below)
    if a.shape != b.shape:
        return
    wrapped = 2.0 if wraps(b) else 0.0
    if len(piece.places) == 1:
        yield Piece(cost - 1 + wrapped, apply("matmul", a, b), ())
    elif piece.places[1] is None:
        yield Piece(cost + 1 + wrapped, apply("matmul", transposed(a), b), (None, None))
    elif piece.places[0] is None:
        yield Piece(cost + 1 + wrapped, apply("matmul", a, transposed(b)), (None, None))


def leaf_is_loose(e: Expr) -> bool:
    """Whether the formula's cost counts parentheses that a call makes needless."""
    return isinstance(e, Apply) and e.name in ("add", "neg", "mul", "div", "matmul", "greater", "less", "equal")


def turned(piece: Piece) -> Iterator[Piece]:
    """Transposes, and a vector as a column; 1 / v is turned by turning v."""
    p = piece.places
    if isinstance(piece.e, Apply) and piece.e.name == "power" and piece.e["k"] < 0:
        for inner in turned(Piece(piece.cost, piece.e.args[0], p)):
            yield Piece(inner.cost, power(inner.e, piece.e["k"]), inner.places)
        return
    if len(p) >= 2 and p[-1] is not p[-2]:
        swapped = (*p[:-2], p[-1], p[-2])
        if len(p) == 2:
            back = isinstance(piece.e, Apply) and piece.e.name == "transpose"
            product = isinstance(piece.e, Apply) and piece.e.name in ("mul", "div")
            entrywise = product and isinstance(piece.e, Apply) and len({len(a.shape) for a in piece.e.args}) > 1
            compound = product or (isinstance(piece.e, Apply) and piece.e.name == "matmul")
            yield Piece(piece.cost + (-2 if back else 26 if entrywise else 4.5 if compound else 2), transposed(piece.e), swapped)
        else:
            axes = (*range(len(p) - 2), len(p) - 1, len(p) - 2)
            yield Piece(piece.cost + 16, apply("transpose", piece.e, axes=axes), swapped)
    if len(p) == 1 and p[0] is not None:
        yield Piece(piece.cost + 20, apply("expand_dims", piece.e, axes=(1,)), (p[0], None))
    if len(p) >= 2 and None not in p[-1:] and len(p) == 2 and p[0] is None and p[1] is not None:
        yield Piece(piece.cost + 16, apply("squeeze", piece.e, axes=(0,)), (p[1],))


def matmuls(a: Piece, b: Piece, need: frozenset[Index], late: float) -> Iterator[Piece]:
    """a @ b where the inner axes are one index that ends here (or both the number 1)."""
    p, q = a.places, b.places
    if not p or not q:
        return
    inner = p[-1]
    if inner != (q[0] if len(q) == 1 else q[-2]):
        return
    if inner is None:
        if len(p) < 2 or len(q) < 2:
            return
    elif any(i in need for i in indices((inner,))):
        return
    lead = joined(p[:-2], q[:-2])
    if lead is None:
        return
    out = (*lead, *p[-2:-1], *(q[-1:] if len(q) > 1 else ()))
    every = list(indices(out))
    if len(set(every)) != len(every) or set(indices(p)) & set(indices(q)) - set(indices((inner,))) - set(indices(lead)):
        return
    if set(indices((inner,))) & set(every):
        return
    row = 2.05 if len(p) == 1 and len(q) == 2 else 0.0  # a person writes A.T @ x rather than x @ A
    bad = 2.0 * (wraps(b.e) + wraps(a.e))
    if not out and isinstance(a.e, Apply) and a.e.name == "matmul":
        bad += 0.05  # x @ A @ y rather than A.T @ x @ y
    yield Piece(a.cost + b.cost + 1 + row + late + bad, apply("matmul", a.e, b.e), out)


def wraps(e: Expr) -> bool:
    """Whether a right factor of @ needs parentheses that its cost does not count yet."""
    return isinstance(e, Apply) and e.name in ("mul", "div")


def joined(p: Places, q: Places) -> Places | None:
    """Axes that broadcast against each other."""
    rank = max(len(p), len(q))
    out: list[Place] = []
    for k in range(-rank, 0):
        x = p[k] if len(p) >= -k else None
        y = q[k] if len(q) >= -k else None
        if x is not None and y is not None and x != y:
            return None
        out.append(x if x is not None else y)
    return tuple(out)


def hadamards(a: Piece, b: Piece, need: frozenset[Index], rank: int, diagonal: bool = False) -> Iterator[Piece]:
    """a * b, entry by entry, broadcast as NumPy does; then the sum over what ends here."""
    if max(len(a.places), len(b.places)) > 2 and set(indices(a.places)) & set(indices(b.places)):
        a, b = stretched_to(a, b.places), stretched_to(b, a.places)
    p, q = a.places, b.places
    out = joined(p, q)
    if out is None or len(out) > rank:
        return
    every = list(indices(out))
    if len(set(every)) != len(every) or not set(indices(p)) & set(indices(q)):
        return
    cost = a.cost + b.cost + 1
    # a vector stretched along rows is read less easily than a column or a diagonal
    cost += (8 if diagonal else 0.5) if len(p) != len(q) else 0
    cost += 2 * ((a.e.op.name == "matmul" if isinstance(a.e, Apply) else 0) + (b.e.op.name == "matmul" if isinstance(b.e, Apply) else 0))
    product = quotient(a.e, b.e)
    whole = Piece(cost, product, out)
    gone = tuple(k for k, x in enumerate(out) if isinstance(x, Index) and x not in need)
    yield whole
    if gone:
        yield from sums(whole, gone)


def over(e: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator."""
    if isinstance(e, Apply) and e.name == "power" and e["k"] < 0:
        return Lit(1), power(e.args[0], -e["k"])
    if isinstance(e, Apply) and e.name == "div":
        return e.args[0], e.args[1]
    return e, Lit(1)


def stretched_to(piece: Piece, places: Places) -> Piece:
    """A formula with axes of size 1 put in, so that it stands against a tensor that has all its indices in the same order."""
    own = piece.places
    if len(own) >= len(places) or None in own:
        return piece
    found = [next((k for k, p in enumerate(places) if p is x), None) for x in own]
    if None in found or found != sorted(found, key=lambda k: k or 0) or (found and found == list(range(len(places) - len(own), len(places)))):
        return piece
    first = found[0] or 0
    out = tuple(p if k in found else None for k, p in enumerate(places) if k >= first)
    axes = tuple(k for k, p in enumerate(out) if p is None)
    return Piece(piece.cost + 12, apply("expand_dims", piece.e, axes=axes), out)


def quotient(a: Expr, b: Expr) -> Expr:
    """a * b, as one quotient where either is one."""
    (top, below), (other, under) = over(a), over(b)
    denominator = mul(below, under)
    product = mul(top, other)
    return product if denominator == Lit(1) else apply("div", product, denominator)


def scalings(a: Piece, b: Piece, need: frozenset[Index], diagonal: bool) -> Iterator[Piece]:
    """A vector that scales the rows or the columns of a matrix: diag(v) @ M, M @ diag(v)."""
    if len(a.places) != 1 or len(b.places) != 2 or a.places[0] is None or a.places[0] not in b.places:
        return
    if any(i not in need for i in indices(a.places)):
        return
    cost = a.cost - (2 if leaf_is_loose(a.e) else 0) + b.cost + (4 if diagonal else 7 if isinstance(a.e, Var) else 26)
    if a.places[0] is b.places[0]:
        yield Piece(cost, apply("matmul", apply("diag", a.e), b.e), b.places)
    else:
        yield Piece(cost, apply("matmul", b.e, apply("diag", a.e)), b.places)


def leaf(f: Factor) -> Piece:
    """A factor as it stands; an index that it has twice is its diagonal."""
    e, places = f.base, f.places
    if len(places) == 2 and places[0] is not None and places[0] == places[1]:
        e, places = apply("diagonal", e), places[:1]
    e, places = unpacked(e, places)
    if len(set(indices(places))) < len(list(indices(places))):
        e, places = on_diagonal(e, places)
    if f.power != 1:
        e = power(e, f.power)
    return Piece(leaf_cost(e), e, places)


def on_diagonal(e: Expr, places: Places) -> tuple[Expr, Places]:
    """A tensor with an index twice, as an einsum over its diagonal."""
    if any(p is None for p in places):
        e = apply("squeeze", e, axes=tuple(k for k, p in enumerate(places) if p is None))
    own = list(indices(places))
    kept = list(dict.fromkeys(own))
    names = {i: chr(ord("i") + n) for n, i in enumerate(kept)}
    spec = "".join(names[i] for i in own) + "->" + "".join(names[i] for i in kept)
    return apply("einsum", e, spec=spec), tuple(kept)


def unpacked(e: Expr, places: Places) -> tuple[Expr, Places]:
    """A factor with joined axes, reshaped so that each index has an axis of its own."""
    if not any(isinstance(p, tuple) for p in places):
        return e, places
    shape = tuple(d for p in places for d in ([i.dim for i in p] if isinstance(p, tuple) else [p.dim if p else 1]))
    apart = tuple(x for p in places for x in (p if isinstance(p, tuple) else (p,)))
    return apply("reshape", e, shape=shape), apart


def same_entries(factors: list[Factor]) -> list[Piece]:
    """Factors with the same indices are one entrywise product, in the order in which they come."""
    groups: dict[frozenset[Index], list[Factor]] = {}
    for f in factors:
        own = list(indices(f.places))
        groups.setdefault(frozenset(own) if len(set(own)) == len(own) else frozenset((Index(1),)), []).append(f)
    return [multiplied(group) for group in groups.values()]


def multiplied(group: list[Factor]) -> Piece:
    """One entrywise product or quotient."""
    if len(group) == 1 and (group[0].power > 0 or group[0].power == 1):
        return leaf(group[0])
    up = [f for f in group if f.power > 0]
    down = [f._replace(power=-f.power) for f in group if f.power < 0]
    if not up:
        first = leaf(group[0])
        if len(group) == 1 and first.places:
            return Piece(first.cost, first.e, first.places)
    places = (up or down)[0].places
    pieces_up = [aligned(leaf(f), places) for f in up]
    pieces_down = [aligned(leaf(f), places) for f in down]
    if any(p is None for p in (*pieces_up, *pieces_down)):
        raise Unreadable
    e: Expr = Lit(1)
    cost = -1.0
    found: Places = ()
    for p in pieces_up:
        assert p is not None
        e, cost, found = mul(e, p.e), cost + p.cost + 1, joined(found, p.places) or p.places
    if pieces_down:
        bottom: Expr = Lit(1)
        for p in pieces_down:
            assert p is not None
            bottom, cost, found = mul(bottom, p.e), cost + p.cost + 1, joined(found, p.places) or p.places
        e = apply("div", e, bottom)
        cost += 2 if len(pieces_down) > 1 else 0
    return Piece(cost + (2 if len(group) > 1 else 0), e, found)


def aligned(piece: Piece, places: Places) -> Piece | None:
    """A formula turned to the order of axes of another with the same indices."""
    for other in (piece, *turned(piece)):
        both = joined(other.places, places)
        if both is not None and strip_order(both) == strip_order(places) == strip_order(other.places):
            return other
    order = [next((k for k, x in enumerate(piece.places) if x is p), None) for p in places]
    if None not in order and len(piece.places) == len(places):
        axes = tuple(k for k in order if k is not None)
        return Piece(piece.cost + 14, apply("transpose", piece.e, axes=axes), places)
    return None


def strip_order(places: Places) -> tuple[Index, ...]:
    """The indices in order."""
    return tuple(indices(places))


def pieces(factors: Iterable[Factor]) -> list[list[Factor]]:
    """The parts of a network that hang together."""
    out: list[tuple[set[Index], list[Factor]]] = []
    for f in factors:
        own = set(indices(f.places))
        touching = [g for g in out if g[0] & own]
        merged = (own.union(*(g[0] for g in touching)), [x for g in touching for x in g[1]] + [f])
        out = [g for g in out if g not in touching] + [merged]
    order = {id(f): k for k, f in enumerate(factors)}
    return [sorted(g[1], key=lambda f: order[id(f)]) for g in sorted(out, key=lambda g: min(order[id(f)] for f in g[1]))]


def read_piece(factors: list[Factor], target: Places, scaling: str, even: frozenset[Expr]) -> Table:
    """Every arrangement of one piece, with its formula."""
    deltas = [f for f in factors if isinstance(f.base, Apply) and f.base.name == "eye"]
    rest = [f for f in factors if f not in deltas]
    leaves = same_entries(rest) + [leaf(f) for f in deltas] if not deltas or not rest else with_delta(rest, deltas, target)
    own = frozenset(indices(target)) & {i for f in factors for i in indices(f.places)}
    wanted = tuple(i for i in own)
    if len(leaves) > MOST:
        raise Unreadable
    return Reader(leaves, wanted if len(target) <= 2 else (*wanted, *([None] * (len(target) - len(wanted)))), scaling, even).read()


def with_delta(rest: list[Factor], deltas: list[Factor], target: Places) -> list[Piece]:
    """A delta between two free indices beside a vector over one of them: diag(v)."""
    if len(deltas) == 1 and set(indices(deltas[0].places)) <= set(indices(target)):
        i, j = deltas[0].places
        touching = {x for f in rest for x in indices(f.places)} & {i, j}
        others = {x for f in rest for x in indices(f.places)} & set(indices(target)) - {i, j}
        if len(touching) == 1 and not others:
            (only,) = touching
            assert isinstance(only, Index)
            inner = read_piece(rest, (only,), "broadcast", frozenset())
            vector = min((p for p in inner.values() if list(indices(p.places)) == [only]), key=lambda p: p.cost, default=None)
            if vector is not None:
                bare = vector.cost - (2 if leaf_is_loose(vector.e) else 0)
                return [Piece(bare + 6, apply("diag", vector.e), (i, j))]
    return same_entries(rest) + [leaf(f) for f in deltas]


def einsum(factors: list[Factor], target: Places) -> Expr:
    """The term as an einsum over its factors; None axes of the target are put back with a reshape."""
    names: dict[Index, str] = {}
    alphabet = iter("ijklmnopqrstuvwxyzabcdefgh")
    words, args = [], []

    def word(places: Places) -> str:
        return "".join(names.setdefault(i, "") or names.__setitem__(i, next(alphabet)) or names[i] for i in indices(places))

    out = word(target)
    for f in factors:
        e, places = unpacked(f.base, f.places)
        if f.power != 1:
            e = power(e, f.power)
        if None in places:
            kept = [k for k, p in enumerate(places) if p is None]
            e = apply("squeeze", e, axes=tuple(kept))
            places = tuple(p for p in places if p is not None)
        words.append(word(places))
        args.append(e)
    missing = [i for i in indices(target) if not any(names[i] in w for w in words)]
    for i in missing:
        words.append(names[i])
        args.append(ones((i.dim,)))
    e = apply("einsum", *args, spec=",".join(words) + "->" + out)
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    return e if e.shape == shape else apply("reshape", e, shape=shape)


def merge(a: Table, b: Table) -> Table:
    """Two pieces side by side: an outer product, or one broadcast against the other."""
    out: Table = {}
    for p in a.values():
        for q in b.values():
            for piece in side_by_side(p, q):
                offer(out, piece)
    return out


def side_by_side(a: Piece, b: Piece) -> Iterator[Piece]:
    """outer(a, b), column @ row, or a * b broadcast."""
    p, q = a.places, b.places
    if len(p) == 1 and len(q) == 1:
        bare = sum(2 for x in (a, b) if leaf_is_loose(x.e))
        yield Piece(a.cost + b.cost + 8 - bare, apply("outer", a.e, b.e), (*p, *q))
        yield Piece(a.cost + b.cost + 8.02 - bare, apply("outer", b.e, a.e), (*q, *p))
    for x, y, late in ((a, b, 0.0), (b, a, 0.01)):
        if len(x.places) == 2 and len(y.places) == 2 and x.places[1] is None and y.places[0] is None:
            wrapped = 2.0 if wraps(y.e) else 0.0
            yield Piece(x.cost + y.cost + 1 + late + wrapped, apply("matmul", x.e, y.e), (x.places[0], y.places[1]))
    out = joined(p, q)
    if out is not None and len(set(indices(out))) == len(list(indices(out))):
        yield Piece(a.cost + b.cost + 1.05, quotient(a.e, b.e), out)
    if len(p) == 2 and len(q) == 2 and None not in (*p, *q):
        yield Piece(a.cost + b.cost + 6, apply("kron", a.e, b.e), (together(p[0], q[0]), together(p[1], q[1])))
        yield Piece(a.cost + b.cost + 6.02, apply("kron", b.e, a.e), (together(q[0], p[0]), together(q[1], p[1])))


def together(*places: Place) -> Place:
    """Axes run together."""
    out = tuple(indices(places))
    return out[0] if len(out) == 1 else out or None


def read_scalar(factors: list[Factor], rank: int, even: frozenset[Expr] = frozenset()) -> Expr:
    """A piece without free indices: of shape (), or (1, 1) where what it multiplies has axes to take that."""
    try:
        table = read_piece(factors, (), "broadcast", even)
    except (Unreadable, Misfit):
        table = {}
    best = min((p for p in table.values() if not list(indices(p.places)) and (not p.places or len(p.places) <= rank)), key=lambda p: p.cost, default=None)
    return best.e if best is not None else einsum(factors, ())


def fits(places: Places, target: Places) -> bool:
    """Whether a formula with these axes broadcasts to the target."""
    return len(places) <= len(target) and all(p is None or p == t for p, t in zip(reversed(places), reversed(target), strict=False))


def read(factors: list[Factor], target: Places, scaling: str = "broadcast", even: frozenset[Expr] = frozenset()) -> Piece:
    """The cheapest formula that broadcasts to the target; an einsum where matrices have none. ``even``: factors that are symmetric."""
    if not factors:
        return Piece(0, Lit(1), ())
    try:
        table: Table | None = None
        for piece in pieces(factors):
            own = read_piece(piece, target, scaling, even)
            table = own if table is None else merge(table, own)
        assert table is not None
        best = min((p for p in table.values() if fits(p.places, target)), key=lambda p: p.cost + missing(p, target), default=None)
    except (Unreadable, Misfit):
        best = None
    if best is None and any(isinstance(p, tuple) for p in target):
        best = packed(factors, target, scaling, even)
    if best is None:
        e = einsum(factors, target)
        return Piece(leaf_cost(e), e, target)
    return best


def packed(factors: list[Factor], target: Places, scaling: str, even: frozenset[Expr]) -> Piece:
    """A formula whose axes are run together in the end: vec, diag(vec), or a reshape of the formula with its axes apart."""
    if len(target) == 2:
        diagonal = vec_diagonal(factors, target, scaling, even)
        if diagonal is not None:
            return diagonal
    if len(target) == 1 and isinstance(target[0], tuple) and len(target[0]) == 2:
        upright = read(factors, target[0][::-1], scaling, even)
        if upright.places == target[0][::-1]:
            return Piece(upright.cost + 5, apply("vec", upright.e), target)
    apart = tuple(indices(target))
    flat = read(factors, apart, scaling, even)
    e = spread(flat.e, flat.places, apart)
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    return Piece(flat.cost + 14, apply("reshape", e, shape=shape), target)


def vec_diagonal(factors: list[Factor], target: Places, scaling: str, even: frozenset[Expr]) -> Piece | None:
    """diag(vec(F)) where deltas tie each index of one axis to one of the other."""
    left, right = (tuple(indices((p,))) for p in target)
    deltas = [f for f in factors if isinstance(f.base, Apply) and f.base.name == "eye"]
    tied = {frozenset(indices(f.places)) for f in deltas}
    rest = [f for f in factors if f not in deltas]
    if len(left) != len(right) or tied != {frozenset(pair) for pair in zip(left, right, strict=True)} or not rest:
        return None
    held = {i for f in rest for i in indices(f.places)}
    side = left if not held & set(right) else right if not held & set(left) else None
    if side is None or len(side) != 2:
        return None
    inner = read(rest, side[::-1], scaling, even)
    return Piece(inner.cost + 11, apply("diag", apply("vec", spread(inner.e, inner.places, side[::-1]))), target)


def missing(piece: Piece, target: Places) -> float:
    """A small charge for axes of the target that the formula only broadcasts to."""
    return 0.3 * sum(p is not None for p in target[: len(target) - len(piece.places)])


def spread(e: Expr, places: Places, target: Places) -> Expr:
    """e stretched to the target by a product with ones, where it lacks an axis."""
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    if e.shape == shape:
        return e
    if isinstance(e, Lit) and isinstance(e.value, Fraction) and e.value < 0:
        return neg(spread(Lit(-e.value), places, target))
    lacking = Counter(indices(target)) - Counter(indices(places))
    if not list(indices(places)):
        return mul(e, ones(shape))
    if len(target) == 2 and len(places) == 1 and lacking:
        return apply("mul", apply("ones", shape=(shape[0], 1)), e) if places[0] == target[1] else e
    stretched = tuple(d if any(i in lacking for i in indices((p,))) else 1 for d, p in zip(shape, target, strict=True))
    return apply("mul", apply("ones", shape=stretched), e)


__all__ = ["Fraction", "Piece", "Term", "einsum", "leaf_cost", "read", "spread"]
