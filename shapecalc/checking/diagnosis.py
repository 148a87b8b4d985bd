"""Which slip it is: the ways to explain a wrong claim, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..calculus.layouts import is_turned
from ..expr import Expr
from ..verify.compared import bare
from . import (
    derivations,
    mend_activations,
    mend_einsum,
    mend_factors,
    mend_operands,
    mend_products,
    mend_sums,
    pairs,
    slips,
    slips_products,
    whole,
)
from .bench import ratio, turned
from .case import Case, Enough, Found, Mend
from .mend_layout import grown, transposes, widened
from .mend_terms import single_signs, slug_of, term_mends, tiny_terms
from .search import RANK, Search, settled
from .slips import Slip
from .trees import toggled

Step = Callable[[Search], Found | None]
LARGEST = 500  # parts of a claim above which nothing is tried
BORDERS = 2.0  # seconds in which the borders of all that may have been meant are looked for; beyond, what has comparisons is not named


def grows(case: Case) -> bool:
    """Whether broadcasting has made the claim larger than the truth: a sum or product in it is larger than each of its operands."""
    if case.claim is None or len(bare(case.claim.shape, True)) <= len(bare(case.shape, True)):
        return False
    return grown(case.claim)


def diagnose(case: Case) -> Found | None:
    """The cheapest explanation of a wrong claim; None where nothing that is tried explains it."""
    if not case.target or case.size > LARGEST:
        return None if case.claim is not None else Found("nonconformable", "", None, case.tree.span)
    search = Search(case)
    with case.judge.comparisons.borders.within(BORDERS):
        try:
            return nonconforming(search) if case.claim is None else conforming(search)
        except Enough:
            if case.claim is None:
                return Found("nonconformable", "", None, case.tree.span)
            found = nearest(search)
            return settled(case, found) if found is not None else None


def conforming(search: Search) -> Found | None:
    """For a claim that has a shape."""
    case = search.case
    for step in STEPS:
        found = step(search)
        if found is not None:
            break
    else:
        return None
    found = settled(case, found)
    if not case.fits and grows(case) and not (found.slug == "not-reduced" and widened(case.tree)):
        return replace(found, slug="broadcast", note="broadcast")
    return found


def nearest(search: Search) -> Found | None:
    """One change and a number besides."""
    return min(search.near, key=lambda f: RANK[f.slug], default=None)


def turned_too(search: Search) -> Found | None:
    """The transpose of the answer with something else wrong in it."""
    case = search.case
    if case.claim is None or len(case.claim.shape) != 2 or case.fits or case.claim.shape[::-1] != case.shape:
        return None
    found = conforming(Search(case.with_tree(toggled(case.tree))))
    if found is None:
        return None
    return Found(
        "wrong-layout", f"it is the transpose of what {case.truth.layout} layout asks for", found.tree, None, "layout", found.words
    )


def turned_factor(search: Search) -> Found | None:
    """A factor of a matrix product alone, and transposed: X for X.T @ dZ."""
    case = search.case
    if case.claim is None or len(case.claim.shape) != 2:
        return None
    found = search.mends(mend_factors.missing_matrices(case.with_tree(toggled(case.tree))))
    if found is None:
        return None
    return replace(found, span=case.tree.span, also=f"{case.said(case.tree)} should be transposed", second="transposed")


def misreadings(search: Search, note: str = "") -> Found | None:
    """The first slip in the derivation (of the kind with that note) that leads to the claim, but for a sign or a number perhaps."""
    case = search.case
    truth, problem = case.truth, case.problem
    if truth.kind != "gradient" or not truth.wrt or case.values is None or not case.fits or len(problem.definitions) > derivations.LONG:
        return None
    near = None
    for m, values in derivations.outcomes(problem, truth.wrt, case.bench, note):
        case.effort.spend(derivations.COST)
        if values is not None and len(values[0].shape) == 2 and is_turned(truth.layout, case.shape):
            values = turned(values)
        ks = ratio(case.values, values) if values is not None else None
        scale = next(case.scales.find(ks), None) if ks is not None else None
        if scale is not None and scale.parts == 0:
            return Found(m.slug, m.words, None, case.tree.span, m.note)
        if scale is not None and scale.parts == 1 and near is None:
            wanted = scale.inverse
            slug = slug_of(case, wanted, case.tree)
            near = Found(m.slug, m.words, None, case.tree.span, m.note, whole.scale_words(case, slug, wanted), slug)
    if near is not None:
        search.near.append(near)
    return None


def _solved(*slugs: str) -> Step:
    wanted = frozenset(slugs)
    return lambda s: s.mends(term_mends(s.case, s.solved, wanted))


def _mends(make: Callable[[Case], Iterable[Mend]], *slugs: str) -> Step:
    if slugs:
        return lambda s: s.mends(m for m in make(s.case) if m.slug in slugs)
    return lambda s: s.mends(make(s.case))


def _slips(make: Callable[[Expr], Iterator[Slip]]) -> Step:
    return lambda s: s.slips(make)


STEPS: tuple[Step, ...] = (
    lambda s: whole.orientation(s.case),
    lambda s: whole.rank(s.case),
    _mends(single_signs),
    _mends(mend_factors.extra_factors, "extra-scale", "wrong-function"),
    _mends(mend_operands.inverted),
    lambda s: next(whole.multiple(s.case), None),
    lambda s: whole.by_structure(s.case),
    _mends(transposes),
    _mends(mend_einsum.indices),
    _mends(mend_sums.kept_axes),
    _mends(mend_sums.outers),
    _solved("sign"),
    _slips(slips.signs),
    _solved("factor-2"),
    _solved("missing-scale", "extra-scale", "missing-factor"),
    _mends(mend_sums.axes),
    _mends(mend_products.toggles),
    lambda s: whole.unsummed(s.case),
    lambda s: whole.oversummed(s.case),
    _slips(slips_products.spread),
    _mends(mend_operands.squares),
    _mends(mend_activations.activations),
    _mends(mend_operands.arguments),
    _slips(slips.dropped_addends),
    _slips(slips.dropped_factors),
    _slips(slips.unnormalised),
    lambda s: whole.rival(s.case) if not s.lacks_factor else None,
    _mends(mend_factors.extra_factors),
    _mends(mend_operands.neighbours),
    _mends(mend_factors.missing_factors),
    _mends(mend_factors.missing_matrices),
    _slips(slips.dropped_inner_terms),
    _mends(mend_sums.missing_sums),
    lambda s: misreadings(s, "softmax"),
    _mends(mend_sums.extra_sums),
    _slips(slips_products.sums),
    _mends(mend_products.orders),
    _slips(slips_products.orders),
    _mends(mend_products.kinds),
    _slips(slips_products.entrywise),
    _mends(mend_operands.variables_for),
    _mends(mend_operands.functions),
    _solved("extra-term"),
    _mends(tiny_terms),
    _slips(slips.dropped_terms),
    _slips(slips.symmetric),
    lambda s: s.by_forms(slips.dropped_terms),
    lambda s: s.by_forms(slips.scalar_rules),
    lambda s: pairs.two_slips(s.case, slips.dropped_factors),
    _mends(mend_operands.parts),
    _mends(mend_factors.missing_divisors),
    turned_too,
    turned_factor,
    misreadings,
    nearest,
    lambda s: whole.rival(s.case),
    lambda s: pairs.two_slips(s.case),
    lambda s: pairs.met(s.case, s.mended, s.slipped),
    _mends(mend_factors.sandwiches),
    lambda s: pairs.two_mends(s.case),
)


def nonconforming(search: Search) -> Found | None:
    """For a claim without a shape: the change that makes it right; its name is the cause where only one kind of change does."""
    case = search.case
    first = [search.mends(make(case)) for make in (mend_products.orders, mend_products.kinds, transposes)]
    hits = [f for f in first if f is not None]
    if hits:
        clear = len(hits) == 1 and (hits[0].slug == "elementwise-vs-matmul" or hits[0].note == "order")
        return hits[0] if clear else replace(hits[0], slug="nonconformable")
    for make in (
        mend_einsum.indices,
        mend_sums.axes,
        mend_sums.missing_sums,
        mend_sums.extra_sums,
        mend_factors.extra_factors,
        mend_operands.variables_for,
        mend_operands.functions,
    ):
        found = search.mends(make(case))
        if found is not None:
            return replace(found, slug="nonconformable")
    return replace(pairs.two_mends(case) or Found("nonconformable", "", None, case.tree.span), slug="nonconformable")
