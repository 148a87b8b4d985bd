"""Two slips at once: two changes to the claim, two slips on the derived form, or one of each, which meet in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ..expr import Expr
from . import mend_factors, mend_operands, mend_products, mend_sums, slips, slips_products
from .case import Case, Found, Mend
from .mend_layout import transposes
from .mend_terms import single_signs
from .slips import Slip

FAMILIES: tuple[tuple[Callable[[Case], Iterable[Mend]], ...], ...] = (
    (transposes, mend_products.orders, mend_products.kinds, single_signs),
    (mend_operands.variables_for,),
    (mend_sums.axes, mend_sums.extra_sums, mend_sums.missing_sums, transposes, single_signs),
    (mend_operands.functions, single_signs, mend_factors.extra_factors),
)
SLIPS = (slips.dropped_factors, slips.signs, slips.symmetric, slips.dropped_terms, slips_products.orders)
TRIES = 1500  # pairs that are tried in each of these ways


def two_mends(case: Case) -> Found | None:
    """Two changes of kindred kinds to the claim."""
    tried = 0
    for family in FAMILIES:
        for first in _all(family, case):
            changed = case.with_tree(first.tree)
            for second in _all(family, changed):
                tried += 1
                if tried > TRIES:
                    return None
                case.effort.spend(case.cost)
                e = case.reader.tried(second.tree)
                if e is not None and case.meets(e) and case.confirmed(e):
                    return Found(first.slug, first.words, second.tree, case.tree.span, first.note, second.words, second.slug)
    return None


def _all(family: Sequence[Callable[[Case], Iterable[Mend]]], case: Case) -> Iterator[Mend]:
    for make in family:
        yield from make(case)


def two_slips(case: Case, *makers: Callable[[Expr], Iterator[Slip]]) -> Found | None:
    """Two slips of one kind on the derived form."""
    if case.claim is None:
        return None
    tried = 0
    for form in case.truth.all_forms:
        if form.weight > slips.HEAVIEST // 2:
            continue
        for make in makers or SLIPS:
            for first in make(form):
                for second in make(first.formula):
                    tried += 1
                    if tried > TRIES:
                        return None
                    case.effort.spend(form.weight)
                    if case.explains(second.formula) and case.equal(second.formula, case.claim):
                        slugs = [s.called(case.problem) for s in (first, second)]
                        return Found(slugs[0], first.words, None, case.tree.span, first.note, second.words, slugs[1])
    return None


def met(case: Case, mended: Sequence[tuple[Mend, Expr]], slipped: Sequence[Slip]) -> Found | None:
    """A change to the claim and a slip on the derived form that lead to the same value."""
    spot = case.bench.spots[0]
    table: dict[tuple[object, ...], Slip] = {}
    for s in slipped:
        key = _key(spot.known(s.formula))
        if key is not None:
            table.setdefault(key, s)
    for m, e in mended:
        found = table.get(_key(spot.known(e)) or ())
        if found is not None and case.bare(e.shape) == case.bare(found.formula.shape) and case.equal(e, found.formula):
            if (m.slug, found.slug) == ("extra-factor", "missing-factor"):
                return Found("wrong-function", f"{found.words}, and {m.words}", None, m.span)
            return Found(m.slug, m.words, None, m.span, m.note, found.words, found.called(case.problem))
    return None


def _key(value: object) -> tuple[object, ...] | None:
    from ..tensor import Tensor

    if not isinstance(value, Tensor):
        return None
    return value.shape, *(f"{x:.6e}" for x in value.data[:6])
