"""Which slip it is: changes to the claim, and slips on the derived form, tried in order until the numbers agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from ..calculus.layouts import is_turned
from ..expr import Apply, Expr, Var, nodes, rebuild
from ..forms import remake
from ..shapes import strip
from ..verify.comparison import bare
from . import derivations, mend_factors, mend_operands, mend_products, mend_sums, pairs, slips, slips_products, whole
from .bench import ratio, turned
from .case import Case, Enough, Found, Mend
from .mend_layout import transposes
from .mend_terms import Solved, single_signs, slug_of, solved, term_mends
from .scales import Scale
from .slips import Slip
from .trees import toggled

ORDER = (
    "nonconformable", "wrong-layout", "transposed", "rank", "sign", "factor-2", "missing-scale", "extra-scale", "missing-factor",
    "extra-factor", "wrong-axis", "not-reduced", "over-reduced", "wrong-order", "elementwise-vs-matmul", "broadcast", "wrong-variable",
    "wrong-function", "missing-term", "extra-term", "symmetric-only",
)  # fmt: skip
RANK = {slug: k for k, slug in enumerate(ORDER)}
ABSORBED = frozenset({"sign", "factor-2"})
Step = Callable[["Search"], Found | None]


class Search:
    """Tries the changes of one claim; keeps those that come close, for two slips at once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.near: list[Found] = []
        self.mended: list[tuple[Mend, Expr]] = []
        self.slipped: list[Slip] = []
        self._solved: list[Solved] | None = None

    @property
    def solved(self) -> list[Solved]:
        """The addends whose amount alone is wrong."""
        if self._solved is None:
            self._solved = solved(self.case)
        return self._solved

    def mends(self, candidates: Iterable[Mend]) -> Found | None:
        """The first change to the claim that makes it right."""
        for m in candidates:
            self.case.effort.spend(self.case.size)
            e = self.case.reader.tried(m.tree)
            if e is None:
                continue
            if self.case.meets(e) and self.case.confirmed(e):
                return Found(m.slug, m.words, m.tree, m.span, m.note)
            self._close(e, m)
        return None

    def slips(self, make: Callable[[Expr], Iterator[Slip]], forms: list[Expr] | None = None) -> Found | None:
        """The first slip on the derived form that gives what was claimed."""
        case = self.case
        if case.claim is None:
            return None
        for form in forms or case.truth.all_forms:
            if form.weight > slips.HEAVIEST:
                continue
            for s in make(form):
                case.effort.spend(form.weight)
                if case.explains(s.formula) and case.equal(s.formula, case.claim):
                    return Found(s.slug, s.words, None, case.tree.span, s.note)
                self._explains_nearly(s)
        return None

    @property
    def lacks_factor(self) -> bool:
        """Whether the claim is the answer without one factor, a sign or a number being wrong as well: the chain rule stopped early."""
        return any(f.slug == "missing-factor" and f.second in ABSORBED for f in self.near)

    def by_forms(self, make: Callable[[Expr], Iterator[Slip]]) -> Found | None:
        """A slip on the derived form with all definitions written out."""
        definitions = self.case.problem.definitions
        truth = self.case.truth
        forms = [e for f in truth.all_forms for e in (f, inlined(f, definitions)) if e.weight <= slips.HEAVIEST]
        return self.slips(make, list(dict.fromkeys(forms)))

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
        return next((s for s in case.scales.find(ks) if s.parts == 1 and s.kind != "composite"), None)

    def _explains_nearly(self, s: Slip) -> None:
        case = self.case
        if case.claim is None or case.values is None:
            return
        self.slipped.append(s)
        if case.bare(s.formula.shape) != case.bare(case.claim.shape):
            return
        values = case.bench.values(s.formula)
        ks = ratio(values, case.values) if values is not None else None
        scale = next((x for x in case.scales.find(ks) if x.parts == 1 and x.kind != "composite"), None) if ks is not None else None
        if scale is not None:
            other = slug_of(case, scale, case.tree)
            self._keep(s.slug, other, s.words, whole.scale_words(case, other, scale), None)

    def _keep(self, first: str, second: str, words: str, also: str, mend: Mend | None) -> None:
        span = mend.span if mend is not None else self.case.tree.span
        self.near.append(Found(first, words, None, span, mend.note if mend is not None else "", also, second))

    def turned_too(self) -> Found | None:
        """The transpose of the answer with something else wrong in it."""
        case = self.case
        if case.claim is None or len(case.claim.shape) != 2 or case.fits or case.claim.shape[::-1] != case.shape:
            return None
        found = conforming(Search(case.with_tree(toggled(case.tree))))
        if found is None:
            return None
        return Found(
            "wrong-layout", f"it is the transpose of what {case.truth.layout} layout asks for", found.tree, None, "layout", found.words
        )

    def misreadings(self) -> Found | None:
        """The first slip in the derivation that leads to the claim, a sign or a number perhaps being wrong on top of it."""
        case = self.case
        truth, problem = case.truth, case.problem
        if truth.kind != "gradient" or not truth.wrt or case.values is None or not case.fits or len(problem.definitions) > derivations.LONG:
            return None
        near = None
        for m in islice(derivations.misreadings(problem, truth.wrt), derivations.MOST):
            values = derivations.outcome(m, truth.wrt, case.bench.spots)
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
            self.near.append(near)
        return None


def inlined(e: Expr, definitions: Mapping[str, Expr]) -> Expr:
    """A formula with definitions written out, as far as it stays short."""
    for _ in range(4):
        made = rebuild(e, lambda n: definitions.get(n.name) if isinstance(n, Var) else None, remake)
        if made == e or made.weight > slips.HEAVIEST:
            break
        e = made
    return e


def settled(case: Case, found: Found) -> Found:
    """Two slips under one name."""
    return replace(found, slug=combined(case, found.slug, found.second)) if found.second else found


def combined(case: Case, first: str, second: str) -> str:
    """What two slips together are called: the one that mends the shape; f' with its sign and number; else the first in the order."""
    if not case.fits:
        return first if first not in ABSORBED else second
    if "missing-factor" in (first, second) and {first, second} & ABSORBED:
        return "missing-factor"
    return min(first, second, key=RANK.__getitem__)


def grows(case: Case) -> bool:
    """Whether broadcasting has made the claim larger than the truth: a sum or product in it is larger than each of its operands."""
    if case.claim is None or len(bare(case.claim.shape, True)) <= len(bare(case.shape, True)):
        return False
    for node in nodes(case.claim):
        if isinstance(node, Apply) and node.name in ("add", "mul", "div") and all(strip(node.shape) != strip(a.shape) for a in node.args):
            return True
    return False


def diagnose(case: Case) -> Found | None:
    """The cheapest explanation of a wrong claim; None where nothing that is tried explains it."""
    if not case.target:
        return None if case.claim is not None else Found("nonconformable", "", None, case.tree.span)
    search = Search(case)
    try:
        return nonconforming(search) if case.claim is None else conforming(search)
    except Enough:
        found = nearest(search)
        return settled(case, found) if found is not None and case.claim is not None else None


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
    if not case.fits and grows(case):
        return replace(found, slug="broadcast", note="broadcast")
    return found


def nearest(search: Search) -> Found | None:
    """One change and a number besides."""
    return min(search.near, key=lambda f: RANK[f.slug], default=None)


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
    _mends(mend_operands.arguments),
    _slips(slips.dropped_factors),
    lambda s: whole.rival(s.case) if not s.lacks_factor else None,
    _mends(mend_factors.extra_factors),
    _mends(mend_factors.missing_factors),
    _mends(mend_factors.missing_matrices),
    _mends(mend_sums.missing_sums),
    _mends(mend_sums.extra_sums),
    _slips(slips_products.sums),
    _mends(mend_products.orders),
    _slips(slips_products.orders),
    _mends(mend_products.kinds),
    _slips(slips_products.entrywise),
    _mends(mend_operands.variables_for),
    _mends(mend_factors.missing_divisors),
    _mends(mend_operands.functions),
    _solved("extra-term"),
    _slips(slips.dropped_terms),
    _slips(slips.symmetric),
    lambda s: s.by_forms(slips.scalar_rules),
    lambda s: pairs.two_slips(s.case, slips.dropped_factors),
    _mends(mend_operands.parts),
    Search.turned_too,
    Search.misreadings,
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


__all__ = ["ORDER", "diagnose", "turned"]
