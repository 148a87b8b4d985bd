"""Which terms are alike: equal but for their coefficients and the names of the indices that are summed.

The indices are told apart by what stands around them, further and further out (Weisfeiler & Leman, 1968). What that leaves alike, as in a
ring of equal factors, is told apart by choosing one of them, in every way; of the results the smallest counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from shapecalc.indexed import Factor, Index, Term, indices

from .context import Context, symmetric

TRIED = 200  # ways to tell the indices of one term apart; one with more is taken to be like no other

Colours = dict[Index, int]
Key = tuple[object, ...]


class _TooMany(Exception):
    pass


def key(term: Term, free: tuple[Index, ...], context: Context) -> Key:
    """What two terms have in common exactly when they are alike."""
    kinds = _Kinds(term, context)
    colours = {i: k for k, i in enumerate(free)} | {i: hash(("sum", i.dim)) for i in term.summed}
    colours = kinds.refined(colours, term.factors, term.summed)
    if len({colours[i] for i in term.summed}) == len(term.summed):
        return kinds.written(colours, term.factors, term.summed)
    try:
        return tuple(sorted(kinds.smallest(colours, part, own) for part, own in _together(term)))
    except _TooMany:
        return (id(term),)


class _Kinds:
    """Tells the summed indices of a term apart."""

    def __init__(self, term: Term, context: Context) -> None:
        self.even = {f.base for f in term.factors if len(f.places) == 2 and symmetric(f.base, context)}
        self.left = TRIED

    def mark(self, f: Factor, colours: Colours, mine: Index | None) -> int:
        """A factor with colours in the place of indices; ``mine`` is the one that is looked at."""
        places = tuple([tuple([(colours[i], i is mine) for i in indices((p,))]) for p in f.places])
        # the power as text: in Python -1 and -2 have the same hash
        return hash((f.base, str(f.power), tuple(sorted(places)) if f.base in self.even else places))

    def refined(self, colours: Colours, factors: Sequence[Factor], own: Collection[Index]) -> Colours:
        """Colours that tell as much apart as can be seen."""
        before, count = 0, len({colours[i] for i in own})
        while before < count < len(own):
            around = {i: sorted([self.mark(f, colours, i) for f in factors if i in indices(f.places)]) for i in own}
            colours = colours | {i: hash((colours[i], tuple(around[i]))) for i in own}
            before, count = count, len({colours[i] for i in own})
        return colours

    def written(self, colours: Colours, factors: Sequence[Factor], own: Collection[Index]) -> Key:
        """The factors and the indices in colours."""
        return tuple(sorted([self.mark(f, colours, None) for f in factors])), tuple(sorted([colours[i] for i in own]))

    def smallest(self, colours: Colours, factors: Sequence[Factor], own: Collection[Index]) -> Key:
        """The same where some of these indices are alike still."""
        counts = Counter(colours[i] for i in own)
        if len(counts) == len(own):
            self.left -= 1
            if self.left < 0:
                raise _TooMany
            return self.written(colours, factors, own)
        alike = min(c for c, n in counts.items() if n > 1)
        chosen = [colours | {i: hash((alike, "chosen"))} for i in own if colours[i] == alike]
        return min(self.smallest(self.refined(c, factors, own), factors, own) for c in chosen)


def _together(term: Term) -> list[tuple[list[Factor], set[Index]]]:
    """The factors that hang together by summed indices, and these indices; those without any by themselves."""
    out: list[tuple[list[Factor], set[Index]]] = []
    for f in term.factors:
        own = set(term.summed.intersection(indices(f.places)))
        met = [group for group in out if group[1] & own]
        out = [group for group in out if not group[1] & own]
        out.append(([*(g for group in met for g in group[0]), f], own.union(*(group[1] for group in met))))
    lost = term.summed.difference(*(own for _, own in out))
    return [*out, *(([], {i}) for i in lost)]
