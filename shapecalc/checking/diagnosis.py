"""Which slip it is: changes to the claim, and slips on the derived form, tried in order until the numbers agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..expr import Apply, Expr, nodes
from ..shapes import strip
from . import mend_factors, mend_operands, mend_products, mend_sums, slips, whole
from .bench import ratio, turned
from .case import Case, Found, Mend
from .mend_layout import transposes
from .mend_terms import Solved, slug_of, solved, term_mends
from .scales import Scale
from .slips import Slip

ORDER = (
    "nonconformable", "wrong-layout", "transposed", "rank", "sign", "factor-2", "missing-scale", "extra-scale", "missing-factor", "extra-factor",
    "wrong-axis", "not-reduced", "over-reduced", "wrong-order", "elementwise-vs-matmul", "broadcast", "wrong-variable", "wrong-function",
    "missing-term", "extra-term", "symmetric-only",
)  # fmt: skip
RANK = {slug: k for k, slug in enumerate(ORDER)}
MOST = 6000  # formulas that are tried on one claim
ABSORBED = frozenset({"sign", "factor-2", "missing-scale"})
Step = Callable[["Search"], Found | None]


class Search:
    """Tries the changes of one claim; keeps those that come close, for two slips at once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.near: list[Found] = []
        self.mended: list[tuple[Mend, Expr]] = []
        self.slipped: list[Slip] = []
        self._solved: list[Solved] | None = None
        self.limit = case.bench.tried + MOST

    @property
    def spent(self) -> bool:
        """Whether enough has been tried."""
        return self.case.bench.tried > self.limit

    @property
    def solved(self) -> list[Solved]:
        """The addends whose amount alone is wrong."""
        if self._solved is None:
            self._solved = solved(self.case)
        return self._solved

    def mends(self, candidates: Iterable[Mend]) -> Found | None:
        """The first change to the claim that makes it right."""
        for m in candidates:
            e = self.case.reader.tried(m.tree)
            if e is None:
                continue
            if self.case.meets(e) and self.case.confirmed(e):
                return Found(m.slug, m.words, m.tree, m.span, m.note)
            self._close(e, m)
            if self.spent:
                return None
        return None

    def slips(self, make: Callable[[Expr], Iterator[Slip]]) -> Found | None:
        """The first slip on the derived form that gives what was claimed."""
        case = self.case
        if case.claim is None:
            return None
        for form in case.truth.all_forms:
            if form.weight > slips.HEAVIEST:
                continue
            for s in make(form):
                if case.explains(s.formula) and case.equal(s.formula, case.claim):
                    return Found(s.slug, s.words, None, case.tree.span, s.note)
                self._explains_nearly(s)
                if self.spent:
                    return None
        return None

    def _close(self, e: Expr, m: Mend) -> None:
        """Keeps a change after which only a number or the orientation is wrong."""
        case = self.case
        self.mended.append((m, e))
        scale = self._scale(e)
        if scale is not None:
            other = slug_of(case, scale, m.tree)
            self._keep(m.slug, other, m.words, whole.scale_words(case, other, scale), m)

    def _scale(self, e: Expr) -> Scale | None:
        """By which simple number a formula is off; None where it is off otherwise."""
        case = self.case
        if case.bare(e.shape) != case.bare(case.shape):
            return None
        values = case.bench.values(e)
        ks = ratio(case.target, values) if values is not None else None
        if ks is None:
            return None
        return next((s for s in case.scales.find(ks) if s.parts == 1), None)

    def _explains_nearly(self, s: Slip) -> None:
        case = self.case
        if case.claim is None or case.values is None:
            return
        self.slipped.append(s)
        if case.bare(s.formula.shape) != case.bare(case.claim.shape):
            return
        values = case.bench.values(s.formula)
        ks = ratio(values, case.values) if values is not None else None
        scale = next((x for x in case.scales.find(ks) if x.parts == 1), None) if ks is not None else None
        if scale is not None:
            other = slug_of(case, scale, case.tree)
            self._keep(s.slug, other, s.words, whole.scale_words(case, other, scale), None)

    def _keep(self, first: str, second: str, words: str, also: str, mend: Mend | None) -> None:
        slug = combined(self.case, first, second)
        tree = None
        self.near.append(Found(slug, words, tree, mend.span if mend is not None else self.case.tree.span, mend.note if mend is not None else "", also))


def combined(case: Case, first: str, second: str) -> str:
    """What two slips together are called: the one that mends the shape; f' with its sign and number; else the first in the order."""
    if not case.fits:
        return first
    if first == "missing-factor" and second in ABSORBED:
        return first
    return min(first, second, key=RANK.__getitem__)


def grows(case: Case) -> bool:
    """Whether a sum or product in the claim is larger than each of its operands, which broadcasting has done."""
    if case.claim is None:
        return False
    for node in nodes(case.claim):
        if isinstance(node, Apply) and node.name in ("add", "mul", "div") and all(strip(node.shape) != strip(a.shape) for a in node.args):
            return True
    return False


def diagnose(case: Case) -> Found | None:
    """The cheapest explanation of a wrong claim; None where nothing that is tried explains it."""
    search = Search(case)
    found = nonconforming(search) if case.claim is None else conforming(search)
    if found is None and search.near:
        found = min(search.near, key=lambda f: RANK[f.slug])
    return found


def conforming(search: Search) -> Found | None:
    """For a claim that has a shape."""
    for step in STEPS:
        found = step(search)
        if found is not None:
            if not search.case.fits and grows(search.case):
                return Found("broadcast", found.words, found.tree, found.span, "broadcast", found.also)
            return found
        if search.spent:
            return None
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
    lambda s: next(whole.multiple(s.case), None),
    _mends(transposes),
    _mends(mend_sums.kept_axes),
    _solved("sign"),
    _slips(slips.signs),
    _solved("factor-2"),
    _solved("missing-scale", "extra-scale", "missing-factor"),
    lambda s: whole.unsummed(s.case),
    lambda s: whole.oversummed(s.case),
    lambda s: whole.rival(s.case),
    _slips(slips.spread),
    _mends(mend_operands.squares),
    _slips(slips.dropped_factors),
    _mends(mend_factors.extra_factors),
    _mends(mend_factors.missing_factors),
    _mends(mend_factors.missing_matrices),
    _mends(mend_sums.axes),
    _mends(mend_sums.missing_sums),
    _mends(mend_sums.extra_sums),
    _slips(slips.sums),
    _mends(mend_products.orders),
    _slips(slips.orders),
    _mends(mend_products.kinds),
    _slips(slips.entrywise),
    _mends(mend_operands.variables_for),
    _mends(mend_operands.functions),
    _solved("extra-term"),
    _slips(slips.dropped_terms),
    _slips(slips.symmetric),
    _mends(mend_operands.parts),
)


def nonconforming(search: Search) -> Found | None:
    """For a claim without a shape: the change that makes it right; its name is the cause where only one kind of change does."""
    case = search.case
    first = {
        "wrong-order": search.mends(mend_products.orders(case)),
        "elementwise-vs-matmul": search.mends(mend_products.kinds(case)),
        "nonconformable": search.mends(transposes(case)),
    }
    hits = {slug: f for slug, f in first.items() if f is not None}
    if hits:
        slug = next(iter(hits)) if len(hits) == 1 else "nonconformable"
        found = next(iter(hits.values()))
        return Found(slug, found.words, found.tree, found.span, found.note)
    for make in (mend_sums.axes, mend_sums.missing_sums, mend_sums.extra_sums, mend_factors.extra_factors, mend_operands.variables_for, mend_operands.functions):
        found = search.mends(make(case))
        if found is not None:
            return Found("nonconformable", found.words, found.tree, found.span, found.note)
    return Found("nonconformable", "", None, case.tree.span)


__all__ = ["ORDER", "diagnose", "turned"]
