"""Where a column meets a row in an entrywise formula, which NumPy broadcasts to a matrix."""

from __future__ import annotations

from collections.abc import Sequence

from ..expr import Expr


def crossed(e: Expr, parts: Sequence[Expr]) -> bool:
    """Whether a column meets a row in an entrywise formula, so that it is a matrix: on paper that is no entrywise formula of vectors."""
    return len(e.shape) == 2 and 1 not in e.shape and any(map(is_column, parts)) and any(map(is_row, parts))


def is_column(e: Expr) -> bool:
    """Whether this is a matrix of one column, and no single number."""
    return len(e.shape) == 2 and e.shape[1] == 1 != e.shape[0]


def is_row(e: Expr) -> bool:
    """Whether this runs along the last axis alone: a vector, which is broadcast as a row, or a matrix of one row."""
    return len(e.shape) == 1 or (len(e.shape) == 2 and e.shape[0] == 1 != e.shape[1])
