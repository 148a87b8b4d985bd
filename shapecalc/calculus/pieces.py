"""A piece: a formula, its axes as indices, and what it costs to write; and the ways to turn, sum or stretch one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from shapecalc.expr import Apply, Expr, Lit, Var
from shapecalc.forms import apply, mul, neg, ones, power, transposed
from shapecalc.indexed import Factor, Index, Place, Places, indices
from shapecalc.notation import text
from shapecalc.shapes import total


class Piece(NamedTuple):
    """A formula, its axes as indices, and what it costs to write."""

    cost: float
    e: Expr
    places: Places


Table = dict[Places, Piece]


class Even(frozenset[Expr]):
    """Factors that are symmetric; `turned` are the copies under which they stand in a formula with their axes the other way round."""

    def __init__(self, _: Iterable[Expr] = ()) -> None:
        self.turned: list[Expr] = []

    def copy_of(self, e: Expr) -> Expr:
        """A factor with its axes the other way round: itself, but known again."""
        made = e
        if isinstance(e, Var):
            made = Var(e.name, e.shape, e.properties)
        elif isinstance(e, Apply):
            made = Apply(e.op, e.args, e.params, e.shape)
        self.turned.append(made)
        return made

    def relied_on(self, e: Expr) -> list[Expr]:
        """The factors that a formula has the other way round."""
        if not self.turned:
            return []
        copies, found, stack = {id(c) for c in self.turned}, [], [e]
        while stack:
            node = stack.pop()
            if id(node) in copies:
                found.append(node)
            elif isinstance(node, Apply):
                stack.extend(node.args)
        return found


class Unreadable(Exception):
    """No formula of matrices: an einsum is written."""


def leaf_cost(e: Expr) -> float:
    """The length of a factor, with the parentheses that it will need."""
    written = text(e).replace(" ", "")
    loose = isinstance(e, Apply) and (e.name in ("add", "neg", "mul", "div", "matmul") or e.name in ("greater", "less", "equal"))
    return len(written) + (2 if loose else 0)


def wanted(table: Table | None, cost: float, places: Places) -> bool:
    """Whether a formula of this cost would be kept: one that would not be is not made at all."""
    old = None if table is None else table.get(places)
    return old is None or cost < old.cost


def offer(table: Table, piece: Piece) -> None:
    """Keeps the cheaper of two formulas for the same arrangement."""
    if wanted(table, piece.cost, piece.places):
        table[piece.places] = piece


def sums(piece: Piece, gone: tuple[int, ...], table: Table | None = None) -> Iterator[Piece]:
    """The sum over some axes, dropped or kept as 1; with a table, what is not wanted there is left out (so below)."""
    every = len(gone) == len(piece.places)
    rest = tuple(p for k, p in enumerate(piece.places) if k not in gone)
    axis: int | tuple[int, ...] | None = None if every else gone[0] if len(gone) == 1 else gone
    bare = piece.cost - (2 if leaf_is_loose(piece.e) else 0)
    if wanted(table, bare + (5 if every else 12), rest):
        yield Piece(bare + (5 if every else 12), apply("sum", piece.e, axis=axis), rest)
    if not any(isinstance(p, Index) for p in rest):
        if not every and wanted(table, bare + 5, ()):
            yield Piece(bare + 5, apply("sum", piece.e), ())
        yield from dots(piece)
    if not every or len(piece.places) > 1:
        kept = tuple(None if k in gone else p for k, p in enumerate(piece.places))
        if wanted(table, bare + (12 if every else 17), kept):
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
    a: Expr
    b: Expr
    if isinstance(e, Apply) and e.name == "power" and e["k"] == 2 and isinstance(e.args[0], Var):
        cost += len(e.args[0].name) - 2
        a, b = e.args[0], e.args[0]
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


def turned(piece: Piece, table: Table | None = None) -> Iterator[Piece]:
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
            entrywise = product and len(set(ranks(piece.e))) > 1
            column = None in p and isinstance(piece.e, Apply) and ("keepdims", True) in piece.e.params
            compound = product or (isinstance(piece.e, Apply) and (piece.e.name == "matmul" or (piece.e.name == "slice" and None in p)))
            cost = piece.cost + (-2 if back else 26 if entrywise or column else 4.5 if compound else 2)
            if wanted(table, cost, swapped):
                yield Piece(cost, transposed(piece.e), swapped)
        elif wanted(table, piece.cost + 16, swapped):
            axes = (*range(len(p) - 2), len(p) - 1, len(p) - 2)
            yield Piece(piece.cost + 16, apply("transpose", piece.e, axes=axes), swapped)
    if len(p) == 1 and p[0] is not None:
        cost = piece.cost + (12 if isinstance(piece.e, Var) else 16)
        if wanted(table, cost, (p[0], None)):
            yield Piece(cost, apply("expand_dims", piece.e, axes=(1,)), (p[0], None))
    if len(p) >= 2 and None not in p[-1:] and len(p) == 2 and p[0] is None and p[1] is not None:
        yield squeezed(piece, 0, 16)
    if len(p) == 2 and p[1] is None and p[0] is not None:
        yield squeezed(piece, 1, 21)


def squeezed(piece: Piece, axis: int, cost: float) -> Piece:
    """A row or a column as a vector: x[:, 0] of a name, and A[0] for the slice A[:1], are easily read."""
    e = apply("squeeze", piece.e, axes=(axis,))
    if isinstance(piece.e, Var):
        cost = 8
    elif isinstance(piece.e, Apply) and piece.e.name == "slice" and piece.e["items"][axis][1] == 1:
        cost = leaf_cost(e) - leaf_cost(piece.e)
    return Piece(piece.cost + cost, e, (piece.places[1 - axis],))


def single(e: Expr, axes: tuple[int, ...]) -> bool:
    """Whether e is a slice of length 1 along these axes, which is written without them: X[1], x[3]."""
    return isinstance(e, Apply) and e.name == "slice" and all(e["items"][k][1] == 1 for k in axes)


def plainer(f: Factor) -> Factor:
    """A row or a column that was sliced out, as the vector that it is."""
    gone = tuple(k for k, p in enumerate(f.places) if p is None)
    if not gone or not single(f.base, gone):
        return f
    return f._replace(base=apply("squeeze", f.base, axes=gone), places=tuple(p for p in f.places if p is not None))


def ranks(e: Expr) -> Iterator[int]:
    """How many axes the factors of an entrywise product have."""
    if isinstance(e, Apply) and e.name in ("mul", "div"):
        for a in e.args:
            yield from ranks(a)
    else:
        yield len(e.shape)


def wraps(e: Expr) -> bool:
    """Whether a right factor of @ needs parentheses that its cost does not count yet."""
    return isinstance(e, Apply) and e.name in ("mul", "div")


def joined(p: Places, q: Places) -> Places | None:
    """Axes that broadcast against each other."""
    if len(p) < len(q):
        p, q = q, p
    behind = len(p) - len(q)
    out: list[Place] = [*p[:behind]]
    for x, y in zip(p[behind:], q, strict=True):
        if x is None:
            x = y
        elif y is not None and x != y:
            return None
        out.append(x)
    return tuple(out)


def stretched_to(piece: Piece, places: Places) -> Piece:
    """A formula with axes of size 1 put in, so that it stands against a tensor that has all its indices in the same order."""
    own = piece.places
    if len(own) >= len(places) or None in own:
        return piece
    found = [next((k for k, p in enumerate(places) if p is x), None) for x in own]
    if (
        None in found
        or found != sorted(found, key=lambda k: k or 0)
        or (found and found == list(range(len(places) - len(own), len(places))))
    ):
        return piece
    first = found[0] or 0
    out = tuple(p if k in found else None for k, p in enumerate(places) if k >= first)
    axes = tuple(k for k, p in enumerate(out) if p is None)
    return Piece(piece.cost + 12, apply("expand_dims", piece.e, axes=axes), out)


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


def aligned(piece: Piece, places: Places) -> Piece | None:
    """A formula turned to the order of axes of another with the same indices."""
    for other in (piece, *turned(piece), stretched_to(piece, places)):
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
    if not lacking and tuple(indices(places)) == tuple(indices(target)) and None not in places:
        return apply("expand_dims", e, axes=tuple(k for k, p in enumerate(target) if p is None))
    if len(target) == 2 and len(places) == 1 and lacking:
        return apply("mul", apply("ones", shape=(shape[0], 1)), e) if places[0] == target[1] else e
    stretched = tuple(d if any(i in lacking for i in indices((p,))) else 1 for d, p in zip(shape, target, strict=True))
    return apply("mul", apply("ones", shape=stretched), e)
