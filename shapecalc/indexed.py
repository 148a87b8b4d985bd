"""Index form: a sum of products of indexed entries, the hinge between entries, index formulas and matrix formulas.

    Σ_k  2 · x_ik · w_kj / s_j²      Term(2, (Factor(x,(i,k),1), Factor(w,(k,j),1), Factor(s,(j,),-2)), summed={k})

An axis of a factor is an `Index`, None (the number 1) or a tuple of indices run together, the last one fastest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from .expr import Expr
from .shapes import Dim, Shape

_serial = count()


class Index:
    """One index with its range."""

    __slots__ = ("dim", "serial")

    def __init__(self, dim: Dim) -> None:
        self.dim = dim
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"i{self.serial}:{self.dim}"


Place = Index | None | tuple[Index, ...]
Places = tuple[Place, ...]


def fresh(shape: Shape) -> Places:
    """A new index for every axis that is not the number 1."""
    return tuple([None if dim == 1 else Index(dim) for dim in shape])


def single(place: Place) -> tuple[Index, ...]:
    """The indices of one axis."""
    return () if place is None else place if isinstance(place, tuple) else (place,)


def indices(places: Iterable[Place]) -> list[Index]:
    """The indices of some axes, in order."""
    out: list[Index] = []
    for place in places:
        if isinstance(place, tuple):
            out += place
        elif place is not None:
            out.append(place)
    return out


class Factor(NamedTuple):
    """A tensor, indexed, to a power."""

    base: Expr
    places: Places
    power: Fraction = Fraction(1)


class Term(NamedTuple):
    """coefficient · product of factors, summed over some of the indices."""

    coefficient: Fraction
    factors: tuple[Factor, ...]
    summed: frozenset[Index] = frozenset()

    def times(self, other: Term) -> Term:
        """The product of two terms that share no summed index."""
        return Term(self.coefficient * other.coefficient, self.factors + other.factors, self.summed | other.summed)


UNIT = Term(Fraction(1), ())


def moved(place: Place, names: Mapping[Index, Place]) -> Place:
    """An axis with its indices renamed."""
    if place is None:
        return None
    if isinstance(place, Index):
        return names.get(place, place)
    out = tuple(x for i in place for x in single(names.get(i, i)))
    return out[0] if len(out) == 1 else out or None


def renamed(term: Term, names: Mapping[Index, Place]) -> Term:
    """A term with indices renamed; a summed index may become several."""
    if not names:
        return term
    factors = tuple([Factor(f.base, tuple([moved(p, names) for p in f.places]), f.power) for f in term.factors])
    summed: set[Index] = set()
    for i in term.summed:
        new = names.get(i, i)
        if isinstance(new, Index):
            summed.add(new)
        else:
            summed.update(single(new))
    return Term(term.coefficient, factors, frozenset(summed))


def refreshed(term: Term) -> Term:
    """A term whose summed indices are new, so that it can be multiplied with another copy of itself."""
    return renamed(term, {i: Index(i.dim) for i in in_order(term.summed)})


def in_order(some: Iterable[Index]) -> list[Index]:
    """Indices in the order in which they were made: that of a set hangs on where they lie in memory, and no formula may."""
    return sorted(some, key=lambda i: i.serial)
