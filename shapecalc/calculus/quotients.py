"""Quotients that go away: a / (a + b) + b / (a + b) is 1, 1 - a / (a + b) is b / (a + b), and p * (1 - a / p) is p - a."""

from __future__ import annotations

from fractions import Fraction

from shapecalc.expr import Apply, Var
from shapecalc.forms import apply
from shapecalc.indexed import Factor, Index, Term, indices
from shapecalc.masks import OPPOSITE

from .context import Context
from .expanding import addends
from .likeness import key
from .simplify import gathered, normal


def added_up(terms: list[Term], free: tuple[Index, ...], context: Context) -> list[Term]:
    """The terms, with those that are the addends of a sum over the sum joined as one without it."""
    found: list[Term] | None = terms
    while found is not None:
        terms = found
        tried = (_joined(terms, n, f, free, context) for n, t in enumerate(terms) for f in t.factors)
        found = next((gathered(made, free, context) for made in tried if made is not None), None)
    return terms


def _joined(terms: list[Term], n: int, f: Factor, free: tuple[Index, ...], context: Context) -> list[Term] | None:
    """The terms where the n-th, which has the sum f below, and others are all its addends over it."""
    base = f.base
    if not (isinstance(base, Apply) and base.name == "add") or f.power >= 0 or not 1 < len(base.args) <= len(terms):
        return None
    parts = addends(f)
    t, kept = terms[n], frozenset(free)
    for part in parts:
        rest = _without(t, part)
        if rest is None or all(g is not f for g in rest.factors):
            continue
        fewer = _less_one(terms, n, rest, f, part, parts, free, context)
        if fewer is not None:
            return fewer
        wanted = [normal(rest.times(p), kept, context) for p in parts]
        places = [_place(terms, w, free, context) for w in wanted if w is not None]
        if None in places or len(set(places)) < len(parts):
            continue
        joined = normal(_raised(rest, f), kept, context)
        others = [u for k, u in enumerate(terms) if k not in places]
        return [joined, *others] if joined is not None else others
    return None


def _less_one(
    terms: list[Term], n: int, rest: Term, f: Factor, part: Term, parts: list[Term], free: tuple[Index, ...], context: Context
) -> list[Term] | None:
    """The terms where w less the addend a of a + b over the sum, times w, is b over the sum: 1 - a / (a + b) is b / (a + b)."""
    others = [p for p in parts if p is not part]
    kept = frozenset(free)
    whole = normal(_raised(rest, f), kept, context)
    place = _place(terms, whole._replace(coefficient=-whole.coefficient), free, context) if whole is not None and len(others) == 1 else None
    made = None if place in (None, n) else normal(rest.times(others[0]), kept, context)
    if made is None:
        return None
    return [made._replace(coefficient=-made.coefficient) if k == place else t for k, t in enumerate(terms) if k != n]


def _raised(rest: Term, f: Factor) -> Term:
    """The term with a factor to one power more."""
    return rest._replace(factors=tuple(g if g is not f else g._replace(power=g.power + 1) for g in rest.factors))


def _without(t: Term, part: Term) -> Term | None:
    """A term without the factors of another, which it has."""
    if not part.factors or part.summed:
        return None
    left = list(t.factors)
    for g in part.factors:
        have = next((k for k, h in enumerate(left) if h.base == g.base and h.places == g.places and h.power * g.power > 0), None)
        if have is None or abs(left[have].power) < abs(g.power):
            return None
        left[have] = left[have]._replace(power=left[have].power - g.power)
    return Term(t.coefficient / part.coefficient, tuple(h for h in left if h.power), t.summed)


def _place(terms: list[Term], wanted: Term, free: tuple[Index, ...], context: Context) -> int | None:
    """Where a term stands among others."""
    own = key(wanted, free, context)
    return next((k for k, t in enumerate(terms) if t.coefficient == wanted.coefficient and key(t, free, context) == own), None)


def cleared(term: Term, context: Context) -> tuple[Factor, Factor, list[Term]] | None:
    """A factor, a sum beside it that has it below, and the addends of their product, in which it is not below any more.

    Both stand above a line or both below, as in 1 / (s**2 * (1 + (x / s)**2)). The first is as much of the factor as is needed.
    """
    for f in term.factors:
        if not (isinstance(f.base, Apply) and f.base.name == "add") or (f.power != 1 and (f.power > 0 or f.power.denominator > 1)):
            continue
        parts: list[Term] | None = None
        for g in term.factors:
            if g is f or g.power * f.power <= 0 or g.places != f.places[len(f.places) - len(g.places) :]:
                continue
            parts = addends(f) if parts is None else parts
            deepest = min((h.power for p in parts for h in p.factors if h.base == g.base and h.places == g.places), default=Fraction(0))
            if deepest > -1 or deepest.denominator > 1 or (f.power == 1 and g.power < -deepest):
                continue
            kept = frozenset(indices(f.places))
            whole = g._replace(power=-deepest)
            before = term.factors.index(g) < term.factors.index(f)
            products = [p._replace(factors=(whole, *p.factors) if before else (*p.factors, whole)) for p in parts]
            made = [m for p in products if (m := normal(p, kept, context)) is not None]
            if not any(h.base == g.base and h.power < 0 for m in made for h in m.factors):
                return whole, f, made
    return None


def either_way(terms: list[Term], free: tuple[Index, ...], context: Context) -> list[Term]:
    """The terms, with two that differ in a comparison, which holds in the one where it does not in the other, as one without it."""
    found: list[Term] | None = terms
    while found is not None:
        terms = found
        tests = [(n, f) for n, t in enumerate(terms) for f in t.factors if isinstance(f.base, Apply) and f.base.name in OPPOSITE]
        found = next((m for n, f in tests if (m := _untested(terms, n, f, free, context)) is not None), None) if len(tests) > 1 else None
    return terms


def _untested(terms: list[Term], n: int, f: Factor, free: tuple[Index, ...], context: Context) -> list[Term] | None:
    """The terms where the n-th, which has the comparison f, and another are one without it."""
    assert isinstance(f.base, Apply)
    t, other = terms[n], apply(OPPOSITE[f.base.name], *f.base.args)
    wanted = _with_mark(t, f)
    for m, u in enumerate(terms):
        for g in u.factors:
            alike = m != n and g.base == other and f.power == g.power == 1 and t.coefficient == u.coefficient
            if alike and key(wanted, free, context) == key(_with_mark(u, g), free, context):
                whole = normal(t._replace(factors=tuple(h for h in t.factors if h is not f)), frozenset(free), context)
                rest = [x for k, x in enumerate(terms) if k not in (m, n)]
                return gathered([*([whole] if whole is not None else []), *rest], free, context)
    return None


def _with_mark(t: Term, f: Factor) -> Term:
    return t._replace(factors=tuple(f._replace(base=Var("?", f.base.shape)) if h is f else h for h in t.factors))
