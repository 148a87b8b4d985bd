"""The products that NumPy has, each tried on two formulas with their axes: @, *, outer, diag, kron."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.expr import ONE, Apply, Expr, Var
from shapecalc.forms import apply, mul, power, transposed
from shapecalc.indexed import Index, Place, indices
from shapecalc.shapes import multiply

from .pieces import Piece, Table, joined, leaf_is_loose, offer, stretched_to, sums, wanted, wraps


def matmuls(a: Piece, b: Piece, need: frozenset[Index], late: float, table: Table | None = None) -> Iterator[Piece]:
    """a @ b where the inner axes are one index that ends here (or both the number 1)."""
    p, q = a.places, b.places
    if not p or not q:
        return
    inner = p[-1]
    if inner != (q[0] if len(q) == 1 else q[-2]):
        return
    within = indices((inner,))
    if inner is None:
        if len(p) < 2 or len(q) < 2:
            return
    elif not need.isdisjoint(within):
        return
    lead = joined(p[:-2], q[:-2]) if len(p) > 2 or len(q) > 2 else ()
    if lead is None:
        return
    out = (*lead, *p[-2:-1], *(q[-1:] if len(q) > 1 else ()))
    every = indices(out)
    there = set(every)
    if len(there) != len(every) or not there.isdisjoint(within):
        return
    if set(indices(p)).intersection(indices(q)).difference(within, indices(lead)):
        return
    row = 2.05 if len(p) == 1 and len(q) == 2 else 0.0  # a person writes A.T @ x rather than x @ A
    bad = 2.0 * (wraps(b.e) + wraps(a.e))
    if not out and isinstance(a.e, Apply) and a.e.name == "matmul":
        bad += 0.05  # x @ A @ y rather than A.T @ x @ y
    cost = a.cost + b.cost + 1 + row + late + bad
    if wanted(table, cost, out):
        yield Piece(cost, apply("matmul", a.e, b.e), out)


def hadamards(
    a: Piece, b: Piece, need: frozenset[Index], rank: int, diagonal: bool = False, table: Table | None = None
) -> Iterator[Piece]:
    """a * b, entry by entry, broadcast as NumPy does; then the sum over what ends here."""
    if set(indices(a.places)).isdisjoint(indices(b.places)):
        return
    if max(len(a.places), len(b.places)) > 2:
        a, b = stretched_to(a, b.places), stretched_to(b, a.places)
    p, q = a.places, b.places
    out = joined(p, q)
    if out is None or len(out) > rank:
        return
    every = indices(out)
    if len(set(every)) != len(every):
        return
    cost = a.cost + b.cost + 1
    # a vector stretched along rows is read less easily than a column or a diagonal
    cost += (8 if diagonal else 0.5) if len(p) != len(q) else 0
    cost += 2 * ((a.e.op.name == "matmul" if isinstance(a.e, Apply) else 0) + (b.e.op.name == "matmul" if isinstance(b.e, Apply) else 0))
    gone = tuple([k for k, x in enumerate(out) if isinstance(x, Index) and x not in need])
    if not gone and not wanted(table, cost, out):
        return
    whole = Piece(cost, quotient(a.e, b.e), out)
    yield whole
    if gone:
        yield from sums(whole, gone, table)


def over(e: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator."""
    if isinstance(e, Apply) and e.name == "power" and e["k"] < 0:
        return ONE, power(e.args[0], -e["k"])
    if isinstance(e, Apply) and e.name == "div":
        return e.args[0], e.args[1]
    return e, ONE


def quotient(a: Expr, b: Expr) -> Expr:
    """a * b, as one quotient where either is one."""
    (top, below), (other, under) = over(a), over(b)
    denominator = mul(below, under)
    product = mul(top, other)
    return product if denominator == ONE else apply("div", product, denominator)


def scalings(a: Piece, b: Piece, need: frozenset[Index], diagonal: bool, table: Table | None = None) -> Iterator[Piece]:
    """A vector that scales the rows or the columns of a matrix: diag(v) @ M, M @ diag(v)."""
    if len(a.places) != 1 or len(b.places) != 2 or a.places[0] is None or a.places[0] not in b.places:
        return
    if any(i not in need for i in indices(a.places)):
        return
    cost = a.cost - (2 if leaf_is_loose(a.e) else 0) + b.cost + (4 if diagonal else 12 if isinstance(a.e, Var) else 26)
    if a.places[0] is b.places[0]:
        if wanted(table, cost, b.places):
            yield Piece(cost, apply("matmul", apply("diag", a.e), b.e), b.places)
        if not diagonal and isinstance(b.e, Apply) and b.e.name == "mul" and len(b.e.args[0].shape) == 1:
            columns, rest = b.e.args  # the columns are scaled already: both vectors as an outer product
            yield Piece(a.cost + b.cost + 8, mul(apply("outer", a.e, columns), rest), b.places)
    elif wanted(table, cost, b.places):
        yield Piece(cost, apply("matmul", b.e, apply("diag", a.e)), b.places)


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
    if 2 in (len(p), len(q)) and {len(p), len(q)} <= {1, 2} and None not in (*p, *q):
        # a vector is a row beside a matrix
        (i, j), (m, n) = ((None, *x)[-2:] for x in (p, q))
        for x, y, late, places in ((a, b, 0.0, (together(i, m), together(j, n))), (b, a, 0.02, (together(m, i), together(n, j)))):
            made = kronecker(x.e, y.e)
            yield Piece(a.cost + b.cost + 6 + late, made, places)
            if len(p) != len(q):
                yield Piece(a.cost + b.cost + 8 + late, transposed(made), places[::-1])


def kronecker(a: Expr, b: Expr) -> Expr:
    """kron(a, b); of two identity matrices it is one."""
    if isinstance(a, Apply) and isinstance(b, Apply) and a.name == b.name == "eye":
        return apply("eye", n=multiply(a.shape[0], b.shape[0]))
    return apply("kron", a, b)


def together(*places: Place) -> Place:
    """Axes run together."""
    out = tuple(indices(places))
    return out[0] if len(out) == 1 else out or None
