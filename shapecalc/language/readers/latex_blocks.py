"""A matrix that is written out, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.shapes import add

from ..tree import Call, Keyword, List, Node, Number
from .latex_terms import Term


def assembled(rows: Sequence[Sequence[Term]], span: Span) -> Term:
    """Numbers stacked, or blocks joined; one column or one row of numbers is a vector."""
    cells = [cell for row in rows for cell in row]
    if all(not cell.shape for cell in cells):
        return _numbers(rows, span)
    if not all(len(cell.shape) == 2 for cell in cells):
        raise SyntaxProblem("this matrix mixes numbers, vectors and matrices", span, hint="declare the parts as matrices: x: (n, 1)")
    lines = [_joined("concatenate", [c.node for c in row], 1, span) if len(row) > 1 else row[0].node for row in rows]
    height, width = rows[0][0].shape[0], rows[0][0].shape[1]
    for row in rows[1:]:
        height = add(height, row[0].shape[0])
    for cell in rows[0][1:]:
        width = add(width, cell.shape[1])
    return Term(_joined("concatenate", lines, 0, span) if len(lines) > 1 else lines[0], (height, width))


def _numbers(rows: Sequence[Sequence[Term]], span: Span) -> Term:
    if len(rows) == 1 or len(rows[0]) == 1:
        flat = [cell.node for row in rows for cell in row]
        return Term(_joined("stack", flat, 0, span), (len(flat),), len(rows) == 1)
    lines = [_joined("stack", [c.node for c in row], 0, span) for row in rows]
    return Term(_joined("stack", lines, 0, span), (len(rows), len(rows[0])))


def _joined(name: str, nodes: Sequence[Node], axis: int, span: Span) -> Node:
    where = Keyword("axis", Number(str(axis), Fraction(axis), span), span)
    return Call(name, (List(tuple(nodes), span),), (where,), "", span, span)
