"""What part of a formula is, once its shape is known; and the product of two parts, whose kind the shapes settle.

A vector declared (N,) is a column, and x^T a row, until something else is written: x W with a vector x makes it a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.shapes import Dim, Shape, broadcast, is_scalar, multiply, show

from ..tree import Call, Name, Node, Number
from .growing import call, picked, product


@dataclass(frozen=True, slots=True)
class Term:
    """A formula with its shape; row: a vector that lies down."""

    node: Node
    shape: Shape
    row: bool = False

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.node.span


@dataclass(slots=True)
class Vectors:
    """How a text writes its vectors, and where that was seen; a text that does both is not read."""

    columns: Span | None = None
    rows: Span | None = None

    def column(self, span: Span) -> None:
        """A vector is used as a column."""
        self.columns = self.columns or span

    def row(self, span: Span) -> None:
        """A vector is used as a row without being transposed."""
        self.rows = self.rows or span


def side_by_side(a: Span, b: Span, what: str) -> SyntaxProblem:
    """Two vectors that make no product."""
    return SyntaxProblem(f"two {what} side by side are no product", (a[0], b[1]), hint="write x^\\top y, x y^\\top or x \\odot y")


def multiplied(a: Term, b: Term, op: str, vectors: Vectors) -> Term:
    """The product that is meant by a and b with this sign between them; "" for nothing."""
    if op == "/":
        return divided(a, b)
    if op in ("odot", "oslash"):
        return hadamard(a, b, "*" if op == "odot" else "/")
    if op == "otimes":
        return _kron(a, b)
    ranks = len(a.shape), len(b.shape)
    if 0 in ranks or _as_number(a, b):
        whole = b if ranks[0] == 0 or is_scalar(a.shape) else a
        return Term(product(a.node, "*", b.node), whole.shape, whole.row)
    if op == "times" and 1 in ranks:
        raise SyntaxProblem(
            "× between vectors can mean many things", (a.span[0], b.span[1]), hint="write x^\\top y, x y^\\top or x \\odot y"
        )
    if ranks == (1, 1):
        return _of_vectors(a, b, op, vectors)
    if ranks[0] == 1:
        return _vector_matrix(a, b, vectors)
    if ranks[1] == 1:
        return _matrix_vector(a, b, vectors)
    if max(ranks) > 2:
        shape = (*(broadcast(a.shape[:-2], b.shape[:-2]) or a.shape[:-2]), a.shape[-2], b.shape[-1])
        return Term(product(a.node, "@", b.node), shape)
    return Term(product(a.node, "@", b.node), (a.shape[0], b.shape[1]))


def _as_number(a: Term, b: Term) -> bool:
    """Whether one side is a 1 x 1 matrix that does not conform, and so is meant as a number."""
    if not (is_scalar(a.shape) or is_scalar(b.shape)):
        return False
    return a.shape[-1] != (b.shape[0] if len(b.shape) == 1 else b.shape[-2])


def _of_vectors(a: Term, b: Term, op: str, vectors: Vectors) -> Term:
    if a.row and not b.row:
        vectors.column(a.span)
        return Term(product(a.node, "@", b.node), ())
    if b.row and not a.row:
        vectors.column(b.span)
        span = a.span[0], b.span[1]
        return Term(call("outer", (a.node, b.node), span), (a.shape[0], b.shape[0]))
    if op == "cdot" and not a.row:
        return Term(product(a.node, "@", b.node), ())
    raise side_by_side(a.span, b.span, "rows" if a.row else "columns")


def _vector_matrix(a: Term, b: Term, vectors: Vectors) -> Term:
    inner = b.shape[-2]
    if not a.row and (a.shape[0] != inner or inner == 1):
        # a column before a matrix conforms with one row only
        return Term(product(picked(a.node, (":", None)), "@", b.node), (a.shape[0], b.shape[-1]))
    if not a.row:
        vectors.row(a.span)
    return Term(product(a.node, "@", b.node), (*b.shape[:-2], b.shape[-1]), True)


def _matrix_vector(a: Term, b: Term, vectors: Vectors) -> Term:
    if b.row:
        vectors.column(b.span)
        return Term(product(a.node, "@", picked(b.node, (None, ":"))), (a.shape[-2], b.shape[0]))
    vectors.column(b.span)
    return Term(product(a.node, "@", b.node), a.shape[:-1])


def _kron(a: Term, b: Term) -> Term:
    if len(a.shape) != 2 or len(b.shape) != 2:
        hint = "write x y^\\top, or x \\odot y"
        raise SyntaxProblem("⊗ is the Kronecker product of matrices here", (a.span[0], b.span[1]), hint=hint)
    shape: Shape = tuple(multiply(x, y) for x, y in zip(a.shape, b.shape, strict=True))
    return Term(call("kron", (a.node, b.node), (a.span[0], b.span[1])), shape)


def entrywise(terms: Sequence[Term]) -> None:
    """Refuses A^2 of a square matrix where things are done entry by entry: it can be A A, or the square of each entry."""
    for term in terms:
        if isinstance(term.node, Call) and term.node.name == "matpow" and len(terms) > 1:
            hint = "write A A, or A^{\\odot 2}"
            raise SyntaxProblem("this power can be a product of matrices, or entry by entry", term.span, hint=hint)


def hadamard(a: Term, b: Term, op: str = "*") -> Term:
    """A product or a quotient, entry by entry."""
    entrywise((a, b))
    a, b = _aligned(a, b)
    shape = broadcast(a.shape, b.shape) or max(a.shape, b.shape, key=len)
    return Term(product(a.node, op, b.node), shape, (a if len(a.shape) == len(shape) else b).row)


def divided(a: Term, b: Term) -> Term:
    """A quotient: by a number, or entry by entry where nothing else can be meant."""
    if b.shape and not is_scalar(b.shape):
        span = a.span[0], b.span[1]
        if len(b.shape) == 2 and b.shape[0] == b.shape[1]:
            hint = "write A B^{-1}, or A \\odot B^{\\odot -1}"
            raise SyntaxProblem("dividing by a square matrix can mean two things", span, hint=hint)
        if a.shape and len(a.shape) != len(b.shape):
            a, b = _aligned(a, b)
    shape = broadcast(a.shape, b.shape) or max(a.shape, b.shape, key=len)
    return Term(product(a.node, "/", b.node), shape, (a if a.shape else b).row)


def _aligned(a: Term, b: Term) -> tuple[Term, Term]:
    """Two parts of an entrywise operation, a vector placed along the axis of a matrix that it fits."""
    if len(a.shape) == 1 and len(b.shape) == 1 and a.row != b.row and not (is_scalar(a.shape) or is_scalar(b.shape)):
        raise SyntaxProblem("one of these is a row, the other a column", (a.span[0], b.span[1]))
    if len(a.shape) == 1 and len(b.shape) == 2:
        return placed(a, b.shape), b
    if len(b.shape) == 1 and len(a.shape) == 2:
        return a, placed(b, a.shape)
    return a, b


def placed(vector: Term, shape: Shape) -> Term:
    """A vector along the axis of a matrix that it fits."""
    n = vector.shape[0]
    rows, columns = shape
    if rows == columns == n and not vector.row:
        message = f"the vector {show(vector.shape)} fits the rows and the columns of {show(shape)}"
        raise SyntaxProblem(message, vector.span, hint="write it with ones: \\mathbf{1} b^\\top or b \\mathbf{1}^\\top")
    if n == columns or n != rows:
        return vector
    if vector.row:
        return vector
    return Term(picked(vector.node, (":", None)), (n, 1))


def fitted(term: Term, shape: Shape | None) -> Term:
    """A value as it must be to stand for something of this shape: a column may be (N,) or (N, 1)."""
    if shape is None or len(term.shape) == len(shape) or is_scalar(shape):
        return term
    if len(term.shape) == 1 and len(shape) == 2 and not term.row and (shape[1] == 1 or shape[0] == 1):
        return Term(picked(term.node, (":", None)), (term.shape[0], 1))
    if len(term.shape) == 2 and len(shape) == 1 and term.shape[1] == 1 and term.shape[0] != 1:
        return Term(picked(term.node, (":", 0)), term.shape[:1])
    return term


def size_of(term: Term) -> Dim | None:
    """The size that a scalar formula is, where it is one: a name or a whole number."""
    match term.node:
        case Name(id=name) if term.shape == ():
            return name
        case Number(value=value) if value.denominator == 1:
            return int(value)
    return None
