"""Eigenvalues and eigenvectors of a symmetric matrix: Jacobi's rotations for the values, the classical pull-back."""

from __future__ import annotations

from decimal import Context, Decimal
from itertools import pairwise
from typing import Any

from shapecalc.errors import Misfit
from shapecalc.op import Op, Parameters
from shapecalc.rings import Unlucky, Unsupported
from shapecalc.shapes import Shape, show

SWEEPS, NEAR, DIGITS = 60, Decimal("1e-6"), 28
MAGNUS = "Magnus (1985), On differentiating eigenvalues and eigenvectors, th. 1"


def _square(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if len(shapes[0]) != 2 or shapes[0][0] != shapes[0][1]:
        raise Misfit(f"eigenvalues are those of a square matrix, not of {show(shapes[0])}")
    return shapes[0]


def _first_axis(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    return _square(shapes, params)[:1]


def _rotated(c: Any, a: list[list[Decimal]], v: list[list[Decimal]], p: int, q: int) -> None:
    """One rotation that makes the entry (p, q) zero."""
    one, two = Decimal(1), Decimal(2)
    theta = c.divide(c.subtract(a[q][q], a[p][p]), c.multiply(two, a[p][q]))
    t = c.divide(one, c.add(abs(theta), c.sqrt(c.add(c.multiply(theta, theta), one))))
    t = t if theta >= 0 else t.copy_negate()  # minus would round to what the thread has set
    cos = c.divide(one, c.sqrt(c.add(c.multiply(t, t), one)))
    sin = c.multiply(t, cos)
    for rows in (a, v):
        for row in rows:
            x, y = row[p], row[q]
            row[p] = c.subtract(c.multiply(cos, x), c.multiply(sin, y))
            row[q] = c.add(c.multiply(sin, x), c.multiply(cos, y))
    up, low = a[p], a[q]
    a[p] = [c.subtract(c.multiply(cos, x), c.multiply(sin, y)) for x, y in zip(up, low, strict=True)]
    a[q] = [c.add(c.multiply(sin, x), c.multiply(cos, y)) for x, y in zip(up, low, strict=True)]


def decomposed(ring: Any, rows: list[list[Any]]) -> tuple[list[Any], list[list[Any]]]:
    """The eigenvalues of the symmetric part in rising order, and the eigenvectors, each a column whose largest entry is positive."""
    if not hasattr(ring, "context"):
        raise Unsupported("eigenvalues")
    if ring.context is None:  # floats
        values, vectors = _decimals(Context(DIGITS), [[Decimal(x) for x in row] for row in rows])
        return [float(x) for x in values], [[float(x) for x in row] for row in vectors]
    return _decimals(ring.context, rows)


def _decimals(c: Context, rows: list[list[Decimal]]) -> tuple[list[Decimal], list[list[Decimal]]]:
    n = len(rows)
    a = [[c.divide(c.add(rows[i][j], rows[j][i]), Decimal(2)) for j in range(n)] for i in range(n)]
    v = [[Decimal(int(i == j)) for j in range(n)] for i in range(n)]
    least = max((abs(x) for row in a for x in row), default=Decimal(0)).scaleb(-c.prec - 5)
    for _ in range(SWEEPS):
        off = [(p, q) for p in range(n) for q in range(p + 1, n) if abs(a[p][q]) > least]
        if not off:
            break
        for p, q in off:
            if a[p][q]:
                _rotated(c, a, v, p, q)
    order = sorted(range(n), key=lambda k: a[k][k])
    values = [a[k][k] for k in order]
    if any(y - x < NEAR for x, y in pairwise(values)):
        raise Unlucky("two eigenvalues are alike")
    columns = [[row[k] for row in v] for k in order]
    columns = [col if max(col, key=Decimal.copy_abs) > 0 else [x.copy_negate() for x in col] for col in columns]
    return values, [list(row) for row in zip(*columns, strict=True)]


def _values(ring: Any, tensors: list[Any], _: Any) -> Any:
    found = decomposed(ring, tensors[0].rows())[0]
    return type(tensors[0])((len(found),), found)


def _vectors(ring: Any, tensors: list[Any], _: Any) -> Any:
    return tensors[0].of_rows(decomposed(ring, tensors[0].rows())[1])


OPS = (
    Op(
        "eigvalsh",
        "structured",
        ("a",),
        _first_axis,
        pulls=("eigvecs(a) @ diag(dy) @ eigvecs(a).T",),
        value=_values,
        domain="the eigenvalues of {a} differ",
        doc="the eigenvalues of a symmetric matrix (of the symmetric part of any other), in rising order",
        source=MAGNUS,
    ),
    Op(
        "eigvecs",
        "structured",
        ("a",),
        _square,
        value=_vectors,
        domain="the eigenvalues of {a} differ",
        doc="the eigenvectors of a symmetric matrix as columns; written eigh(A)[1]",
        source=MAGNUS,
    ),
)
