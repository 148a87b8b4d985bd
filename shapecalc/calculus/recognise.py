"""Reading an index form back as the shortest matrix formula.

A term is a network of tensors joined by indices. Subsets of its factors that hang together are combined, smallest first, by the
products that NumPy has (``@``, ``*``, ``outer``, ``diag``, sums over an axis), and for each subset and each arrangement of its
open axes the shortest formula is kept. What has no such formula is written as an einsum, which is said.
"""

from __future__ import annotations

from collections.abc import Iterable

from shapecalc.errors import Misfit, NotKnownYet
from shapecalc.expr import Apply, Expr, Lit
from shapecalc.forms import apply, mul, ones, power
from shapecalc.indexed import Factor, Index, Places, indices
from shapecalc.shapes import Shape, total

from .pieces import Even, Piece, Table, Unreadable, aligned, joined, leaf, leaf_cost, leaf_is_loose, plainer, spread, unpacked
from .products import merge
from .reader import Reader
from .thinning import DENSE, bearable, thinned

NONE = Even()


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
    bare = [plainer(f) for f in group]
    if len({len(f.places) for f in bare}) == 1:  # nothing that is left has an axis of 1
        group = bare
    up = [f for f in group if f.power > 0]
    down = [f._replace(power=-f.power) for f in group if f.power < 0]
    if not up:
        first = leaf(group[0])
        if len(group) == 1 and first.places:
            return Piece(first.cost, first.e, first.places)
    places = max((f.places for f in (*up, *down)), key=len)  # a vector stands up beside a column
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


def pieces(factors: Iterable[Factor]) -> list[list[Factor]]:
    """The parts of a network that hang together."""
    factors = list(factors)
    if len(factors) < 2:
        return [factors] if factors else []
    out: list[tuple[set[Index], list[Factor]]] = []
    for f in factors:
        own = set(indices(f.places))
        touching = [g for g in out if g[0] & own]
        merged = (own.union(*(g[0] for g in touching)), [x for g in touching for x in g[1]] + [f])
        out = [g for g in out if g not in touching] + [merged]
    order = {id(f): k for k, f in enumerate(factors)}
    return [sorted(g[1], key=lambda f: order[id(f)]) for g in sorted(out, key=lambda g: min(order[id(f)] for f in g[1]))]


def read_piece(factors: list[Factor], target: Places, scaling: str, even: Even) -> Table:
    """Every arrangement of one piece, with its formula."""
    deltas = [f for f in factors if isinstance(f.base, Apply) and f.base.name == "eye"]
    rest = [f for f in factors if f not in deltas]
    leaves = same_entries(rest) + [leaf(f) for f in deltas] if not deltas or not rest else with_delta(rest, deltas, target)
    own = frozenset(indices(target)).intersection([i for f in factors for i in indices(f.places)])
    wanted = tuple(i for i in own)
    leaves = thinned(leaves, own)
    if len(leaves) > DENSE and len(leaves) > bearable(leaves):
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
            inner = read_piece(rest, (only,), "broadcast", NONE)
            vector = min((p for p in inner.values() if list(indices(p.places)) == [only]), key=lambda p: p.cost, default=None)
            if vector is not None:
                bare = vector.cost - (2 if leaf_is_loose(vector.e) else 0)
                return [Piece(bare + 6, apply("diag", vector.e), (i, j))]
    return same_entries(rest) + [leaf(f) for f in deltas]


def einsum(factors: list[Factor], target: Places) -> Expr:
    """The term as an einsum over its factors; None axes of the target are put back with a reshape."""
    names: dict[Index, str] = {}
    alphabet = iter("ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH")
    words, args = [], []

    def word(places: Places) -> str:
        for i in indices(places):
            if i not in names:
                letter = next(alphabet, None)
                if letter is None:
                    raise NotKnownYet("a product with more than 52 indices is not written out; name some of its parts")
                names[i] = letter
        return "".join(names[i] for i in indices(places))

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
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    if len(args) == 1 and sorted(words[0]) == sorted(out) and len(set(out)) == len(out):
        return permuted(args[0], tuple(words[0].index(x) for x in out), target, shape)
    e = apply("einsum", *args, spec=",".join(words) + "->" + out)
    return e if e.shape == shape else apply("reshape", e, shape=shape)


def permuted(e: Expr, order: tuple[int, ...], target: Places, shape: Shape) -> Expr:
    """A single factor with its axes in another order, and axes of size 1 put in where the target has them."""
    if order != tuple(range(len(order))):
        e = apply("transpose", e, axes=order)
    if e.shape != shape and not any(isinstance(p, tuple) for p in target):
        e = apply("expand_dims", e, axes=tuple(k for k, p in enumerate(target) if p is None))
    return e if e.shape == shape else apply("reshape", e, shape=shape)


def read_scalar(factors: list[Factor], rank: int, even: Even = NONE) -> Expr:
    """A piece without free indices: of shape (), or (1, 1) where what it multiplies has axes to take that."""
    try:
        table = read_piece(factors, (), "broadcast", even)
    except (Unreadable, Misfit):
        table = {}
    best = min(
        (p for p in table.values() if not list(indices(p.places)) and (not p.places or len(p.places) <= rank)),
        key=lambda p: p.cost,
        default=None,
    )
    return best.e if best is not None else einsum(factors, ())


def fits(places: Places, target: Places) -> bool:
    """Whether a formula with these axes broadcasts to the target."""
    return len(places) <= len(target) and all(p is None or p == t for p, t in zip(reversed(places), reversed(target), strict=False))


def read(factors: list[Factor], target: Places, scaling: str = "broadcast", even: Even = NONE) -> Piece:
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
    if best is None and None not in target and all(isinstance(p, Index) for p in target):
        held = {i for f in factors for i in indices(f.places)}
        if any(p not in held for p in target):  # the result is the same along some axes: they are left at 1
            return read(factors, tuple(p if p in held else None for p in target), scaling, even)
    if best is None and None in target and len(target) > 2:
        flat = tuple(p for p in target if p is not None)
        inner = read(factors, flat, scaling, even)
        if inner.places == flat and flat:
            return Piece(inner.cost + 12, apply("expand_dims", inner.e, axes=tuple(k for k, p in enumerate(target) if p is None)), target)
    if best is None and any(isinstance(p, tuple) for p in target):
        best = packed(factors, target, scaling, even)
    if best is None:
        e = einsum(factors, target)
        return Piece(leaf_cost(e), e, target)
    return best


def packed(factors: list[Factor], target: Places, scaling: str, even: Even) -> Piece:
    """A formula whose axes are run together in the end: vec, diag(vec), or a reshape of the formula with its axes apart."""
    if len(target) == 2:
        special = vec_diagonal(factors, target, scaling, even) or vec_outer(factors, target, scaling, even)
        if special is not None:
            return special
    if len(target) == 1 and isinstance(target[0], tuple) and len(target[0]) == 2:
        upright = read(factors, target[0][::-1], scaling, even)
        if upright.places == target[0][::-1]:
            return Piece(upright.cost + 5, apply("vec", upright.e), target)
    apart = tuple(indices(target))
    flat = read(factors, apart, scaling, even)
    e = spread(flat.e, flat.places, apart)
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    return Piece(flat.cost + 14, apply("reshape", e, shape=shape), target)


def vec_diagonal(factors: list[Factor], target: Places, scaling: str, even: Even) -> Piece | None:
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


def vec_outer(factors: list[Factor], target: Places, scaling: str, even: Even) -> Piece | None:
    """outer(u, v) where no factor has an index of both axes."""
    left, right = (frozenset(indices((p,))) for p in target)
    sides: tuple[list[Factor], list[Factor]] = ([], [])
    for piece in pieces(factors):
        own = {i for f in piece for i in indices(f.places)}
        if own & left and own & right:
            return None
        sides[bool(own & right)].extend(piece)
    if not all(any(i in side for f in group for i in indices(f.places)) for side, group in zip((left, right), sides, strict=True)):
        return None
    u, v = (read(group, (p,), scaling, even) for group, p in zip(sides, target, strict=True))
    if u.places != target[:1] or v.places != target[1:]:
        return None
    return Piece(u.cost + v.cost + 8, apply("outer", u.e, v.e), target)


def missing(piece: Piece, target: Places) -> float:
    """A small charge for axes of the target that the formula only broadcasts to, a large one for an axis of 1 that it lacks."""
    lacking = target[: len(target) - len(piece.places)]
    return sum(0.3 if p is not None else 14 for p in lacking)
