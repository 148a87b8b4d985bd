"""Inverse, determinant and their kin, with the classical pull-backs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from shapecalc.errors import Misfit
from shapecalc.op import Op, Parameters
from shapecalc.rings import Unlucky
from shapecalc.shapes import Shape, show

GILES = "Giles (2008), Collected matrix derivative results"
COOKBOOK = "Petersen & Pedersen, The Matrix Cookbook (2012), eq. "


def _square(shapes: tuple[Shape, ...], _: Parameters, hint: str | None = "pinv(...) takes any matrix") -> Shape:
    if len(shapes[0]) != 2 or shapes[0][0] != shapes[0][1]:
        raise Misfit(f"this needs a square matrix, not {show(shapes[0])}", hint)
    return shapes[0]


def _scalar(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    _square(shapes, params, None)
    return ()


def _solved(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    _square(shapes[:1], params)
    if not shapes[1] or shapes[1][0] != shapes[0][0] or len(shapes[1]) > 2:
        raise Misfit(f"{show(shapes[0])} against {show(shapes[1])}")
    return shapes[1]


def _transposed(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if len(shapes[0]) != 2:
        raise Misfit(f"pinv needs a matrix, not {show(shapes[0])}")
    return shapes[0][::-1]


def _space(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if shapes != ((3,), (3,)):
        raise Misfit(f"{show(shapes[0])} against {show(shapes[1])}: a vector product is of two vectors of 3 entries")
    return shapes[0]


def _power_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    a, k = tensors[0].rows(), params["k"]
    if k < 0:
        a = inverse(ring, a)
    n = len(a)
    out = identity(ring, n)
    for _ in range(abs(k)):
        out = product(ring, out, a)
    return tensors[0].of_rows(out)


def identity(ring: Any, n: int) -> list[list[Any]]:
    """The rows of the identity matrix."""
    return [[ring.lift(Fraction(int(i == j))) for j in range(n)] for i in range(n)]


def product(ring: Any, a: list[list[Any]], b: list[list[Any]]) -> list[list[Any]]:
    """The matrix product of two lists of rows."""
    columns = list(zip(*b, strict=True))
    return [[ring.total(ring.mul(x, y) for x, y in zip(row, column, strict=True)) for column in columns] for row in a]


def determinant(ring: Any, a: list[list[Any]]) -> Any:
    """By Laplace's expansion: no division, so that it means the same over every ring. A ring of numbers has something faster."""
    if hasattr(ring, "determinant"):
        return ring.determinant(a)
    n = len(a)
    if n > 12:
        raise Unlucky("a determinant of that size is not expanded")
    minors: dict[tuple[int, ...], Any] = {(): ring.lift(Fraction(1))}
    for row in range(n - 1, -1, -1):
        larger: dict[tuple[int, ...], list[Any]] = {}
        for columns, minor in minors.items():
            for j in range(n):
                if j not in columns:
                    wider = tuple(sorted((*columns, j)))
                    term = ring.mul(a[row][j], minor)
                    larger.setdefault(wider, []).append(ring.negative(term) if wider.index(j) % 2 else term)
        minors = {columns: ring.total(terms) for columns, terms in larger.items()}
    return minors[tuple(range(n))]


def inverse(ring: Any, a: list[list[Any]]) -> list[list[Any]]:
    """The adjugate over the determinant, or what a ring of numbers has."""
    if hasattr(ring, "inverted"):
        rows: list[list[Any]] = ring.inverted(a)
        return rows
    n = len(a)
    scale = ring.inverse(determinant(ring, a))

    def cofactor(i: int, j: int) -> Any:
        minor = [[x for c, x in enumerate(row) if c != j] for r, row in enumerate(a) if r != i]
        value = ring.mul(determinant(ring, minor), scale)
        return ring.negative(value) if (i + j) % 2 else value

    return [[cofactor(j, i) for j in range(n)] for i in range(n)]


def _inverse_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    return tensors[0].of_rows(inverse(ring, tensors[0].rows()))


def _det_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    return tensors[0].scalar(determinant(ring, tensors[0].rows()))


def _cholesky_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    a = tensors[0].rows()
    n = len(a)
    zero = ring.lift(Fraction(0))
    low = [[zero] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            # the symmetric part: cholesky reads a matrix that is symmetric, and its derivative is taken within those
            entry = ring.mul(ring.lift(Fraction(1, 2)), ring.total((a[i][j], a[j][i])))
            rest = ring.total((entry, ring.negative(ring.total(ring.mul(low[i][k], low[j][k]) for k in range(j)))))
            low[i][j] = ring.power(rest, Fraction(1, 2)) if i == j else ring.mul(rest, ring.inverse(low[j][j]))
    return tensors[0].of_rows(low)


def _expm_value(ring: Any, tensors: list[Any], params: Any) -> Any:
    a = tensors[0].rows()
    if not hasattr(ring, "context"):
        from shapecalc.rings import Unsupported

        raise Unsupported("expm")
    out = term = identity(ring, len(a))
    for k in range(1, 120):
        term = [[ring.mul(x, ring.lift(Fraction(1, k))) for x in row] for row in product(ring, term, a)]
        out = [[ring.total((x, y)) for x, y in zip(r, s, strict=True)] for r, s in zip(out, term, strict=True)]
    return tensors[0].of_rows(out)


def _matpow_pull(params: Parameters, _: tuple[Shape, ...]) -> tuple[str, ...]:
    k = params["k"]
    if k == 0:
        return ("zeros(shape(a))",)
    if k > 0:
        return (" + ".join(f"{_power(i)}dy{_power(k - 1 - i, before=True)}" for i in range(k)),)
    n = -k
    left = [f"matpow(inv(a).T, {i + 1}) @ dy @ matpow(inv(a).T, {n - i})" for i in range(n)]
    return ("-(" + " + ".join(left) + ")",)


def _solve_pull(_: Parameters, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    back = "inv(a).T @ dy"
    return (f"-outer({back}, y)" if len(shapes[1]) == 1 else f"-{back} @ y.T", back)


def _power(k: int, before: bool = False) -> str:
    """A power of a.T as a factor before or after dy."""
    if k == 0:
        return ""
    text = "a.T" if k == 1 else f"matpow(a, {k}).T"
    return f" @ {text}" if before else f"{text} @ "


INVERTIBLE = "{a} is invertible"

OPS = (
    Op(
        "inv",
        "structured",
        ("a",),
        _square,
        pulls=("-y.T @ dy @ y.T",),
        value=_inverse_value,
        domain=INVERTIBLE,
        aliases=("inverse",),
        doc="the inverse of a square matrix",
        source=GILES + ", 2.2.3",
    ),
    Op(
        "det",
        "structured",
        ("a",),
        _scalar,
        pulls=("dy * y * inv(a).T",),
        value=_det_value,
        domain=INVERTIBLE,
        latex=r"\det",
        doc="the determinant",
        source=COOKBOOK + "49",
    ),
    Op(
        "logdet",
        "structured",
        ("a",),
        _scalar,
        pulls=("dy * inv(a).T",),
        means="log(abs(det(a)))",
        domain=INVERTIBLE,
        latex=r"\log\det",
        doc="the logarithm of the absolute determinant",
        source=COOKBOOK + "57",
    ),
    Op(
        "solve",
        "structured",
        ("a", "b"),
        _solved,
        means="inv(a) @ b",
        domain=INVERTIBLE,
        pulls=_solve_pull,
        doc="inv(a) @ b without the inverse",
        source=GILES + ", 2.3.1",
    ),
    Op(
        "matpow",
        "structured",
        ("a",),
        _square,
        (("k", 1),),
        pulls=_matpow_pull,
        value=_power_value,
        aliases=("matrix_power",),
        doc="a product of k equal matrices",
        source=COOKBOOK + "91",
    ),
    Op(
        "pinv",
        "structured",
        ("a",),
        _transposed,
        means="inv(a.T @ a) @ a.T",
        pulls=("-y.T @ dy @ y.T + (eye(rows(a)) - a @ y) @ dy.T @ y @ y.T + y.T @ y @ dy.T @ (eye(columns(a)) - y @ a)",),
        domain="{a} has independent columns",
        doc="the pseudo-inverse of a matrix with independent columns",
        source="Golub & Pereyra (1973), The differentiation of pseudo-inverses, eq. 4.12",
    ),
    Op(
        "cholesky",
        "structured",
        ("a",),
        _square,
        value=_cholesky_value,
        domain="{a} is positive definite",
        pulls=("inv(y).T @ (tril(y.T @ dy) + tril(y.T @ dy, k=-1).T) @ inv(y) / 2",),
        latex=r"\operatorname{chol}",
        doc="the lower triangular factor L of a = L @ L.T",
        source="Murray (2016), Differentiation of the Cholesky decomposition, eq. 10",
    ),
    Op(
        "cross",
        "structured",
        ("a", "b"),
        _space,
        means="stack([a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]])",
        pulls=("cross(b, dy)", "cross(dy, a)"),
        doc="the vector product of two vectors of three entries",
        source="Abadir & Magnus (2005), Matrix Algebra, ch. 1",
    ),
    Op(
        "expm",
        "structured",
        ("a",),
        _square,
        value=_expm_value,
        aliases=("matrix_exp",),
        spectral="c * y.T",
        pulls=(
            "expm(concatenate([concatenate([a.T, dy], axis=1), concatenate([zeros(shape(a)), a.T], axis=1)]))[:rows(a), rows(a):]",
        ),
        doc="the matrix exponential; its derivative is a block of one twice as large, and in trace form itself",
        latex=r"\exp",
        source="Magnus & Neudecker (2019), ch. 8; Higham (2008), Functions of Matrices, th. 10.13 and eq. 10.17",
    ),
)
