"""Trying the changes of one wrong claim, and the slips on what is right: what hits, and what comes close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from ..expr import Expr, Var, rebuild
from ..forms import remake
from .case import Case, Found, Mend
from .mend_terms import Solved, slug_of, solved
from .scales import Scale
from .slips import HEAVIEST, Slip, dropped_terms
from .whole import scale_words

ORDER = (
    "nonconformable", "wrong-layout", "transposed", "rank", "sign", "factor-2", "missing-scale", "extra-scale", "missing-factor",
    "extra-factor", "wrong-axis", "not-reduced", "over-reduced", "wrong-order", "elementwise-vs-matmul", "broadcast", "wrong-variable",
    "wrong-function", "missing-term", "extra-term", "symmetric-only",
)  # fmt: skip
RANK = {slug: k for k, slug in enumerate(ORDER)}
ABSORBED = frozenset({"sign", "factor-2"})  # a missing f' may come with a sign and a number of its own


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
            self.case.effort.spend(self.case.cost)
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
            if form.weight > HEAVIEST:
                continue
            for s in make(form):
                case.effort.spend(form.weight)
                if self._is_claim(s):
                    if s.slug == "missing-factor":  # without which a whole addend may be 0: a mean of what has none
                        shorter = (t for t in dropped_terms(form) if t.formula.weight < s.formula.weight)
                        s = next((t for t in shorter if self._is_claim(t)), s)
                    return Found(s.called(case.problem), s.words, None, case.tree.span, s.note)
                self._explains_nearly(s)
        return None

    def _is_claim(self, s: Slip) -> bool:
        case = self.case
        return case.claim is not None and case.explains(s.formula) and case.equal(s.formula, case.claim)

    @property
    def lacks_factor(self) -> bool:
        """Whether the claim is the answer without one factor, a sign or a number being wrong as well: the chain rule stopped early."""
        return any(f.slug == "missing-factor" and f.second in ABSORBED for f in self.near)

    def by_forms(self, make: Callable[[Expr], Iterator[Slip]]) -> Found | None:
        """A slip on the derived form with all definitions written out."""
        definitions = self.case.problem.definitions
        truth = self.case.truth
        forms = [e for f in truth.all_forms for e in (f, inlined(f, definitions)) if e.weight <= HEAVIEST]
        return self.slips(make, list(dict.fromkeys(forms)))

    def _close(self, e: Expr, m: Mend) -> None:
        """Keeps a change after which only a number or the orientation is wrong."""
        case = self.case
        if case.indistinct:
            return
        self.mended.append((m, e))
        scale = self._scale(e)
        if scale is not None:
            other = slug_of(case, scale, m.tree)
            self._keep(m.slug, other, m.words, scale_words(case, other, scale), m)

    def _scale(self, e: Expr) -> Scale | None:
        """By which simple number a formula is off; None where it is off otherwise."""
        case = self.case
        if case.bare(e.shape) != case.bare(case.shape):
            return None
        ks = case.bench.factor(e, case.target)
        if ks is None:
            return None
        return next((s for s in case.scales.find(ks) if s.parts == 1 and s.kind != "composite"), None)

    def _explains_nearly(self, s: Slip) -> None:
        case = self.case
        if case.claim is None or case.values is None or case.indistinct:
            return
        self.slipped.append(s)
        if case.bare(s.formula.shape) != case.bare(case.claim.shape):
            return
        ks = case.bench.factor(s.formula, case.values, back=True)
        scale = next((x for x in case.scales.find(ks) if x.parts == 1 and x.kind != "composite"), None) if ks is not None else None
        if scale is not None:
            other = slug_of(case, scale, case.tree)
            self._keep(s.called(case.problem), other, s.words, scale_words(case, other, scale), None)

    def _keep(self, first: str, second: str, words: str, also: str, mend: Mend | None) -> None:
        span = mend.span if mend is not None else self.case.tree.span
        self.near.append(Found(first, words, None, span, mend.note if mend is not None else "", also, second))


def inlined(e: Expr, definitions: Mapping[str, Expr]) -> Expr:
    """A formula with definitions written out, as far as it stays short."""
    for _ in range(4):
        made = rebuild(e, lambda n: definitions.get(n.name) if isinstance(n, Var) else None, remake)
        if made == e or made.weight > HEAVIEST:
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
