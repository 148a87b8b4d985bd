"""Simplification of a sum of products in index form: deltas swallowed, powers merged, what cancels cancelled.

The result does not depend on the order in which rules are tried: each rule only ever shortens a term.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from shapecalc.errors import InputProblem
from shapecalc.expr import Apply, Expr, Lit
from shapecalc.forms import apply
from shapecalc.indexed import Factor, Index, Places, Term, in_order, indices, renamed
from shapecalc.shapes import Dim, multiply

from .context import Context, is_orthogonal, symmetric
from .identities import combined
from .likeness import key
from .lowering import lower
from .moving import carried
from .totals import sums_to_one

CARRIERS = frozenset({"slice", "flip", "windows", "transpose"})
MASKS = frozenset({"greater", "less", "greater_equal", "less_equal", "equal"})


def normal(term: Term, free: frozenset[Index], context: Context) -> Term | None:
    """The term with every rule applied; None if it is zero."""
    while True:
        if term.coefficient == 0:
            return None
        term = _merged(term, context)
        for rule in (_swallow, _cancel_inverse, _sum_to_one, _carry, _split_delta, _parted, _known):
            changed = rule(term, free, context)
            if changed is not None:
                term = changed
                break
        else:
            return _counted(term)


def _merged(term: Term, context: Context) -> Term:
    """Equal factors become powers; sizes and powers 0 and 1 are put in order."""
    powers: dict[tuple[Expr, Places], Fraction] = {}
    coefficient = term.coefficient
    for base, places, power in term.factors:
        if isinstance(base, Lit) and isinstance(base.value, Fraction) and power.denominator == 1:
            if not base.value and power < 0:
                raise InputProblem("a denominator is 0")
            coefficient *= base.value ** int(power)
            continue
        key = (base, places)
        if len(places) == 2 and (base, places[::-1]) in powers and places[0] != places[1] and symmetric(base, context):
            key = (base, places[::-1])
            context.note(base, "symmetric")
        powers[key] = powers.get(key, Fraction(0)) + power
    factors = []
    for (base, places), power in powers.items():
        if power > 1 and isinstance(base, Apply) and (base.name in MASKS or base.name == "eye"):
            power = Fraction(1)
        if power:
            factors.append(Factor(base, places, power))
    return Term(coefficient, tuple(factors), term.summed)


def _is_delta(f: Factor) -> bool:
    return isinstance(f.base, Apply) and f.base.name == "eye" and f.power == 1


def _swallow(term: Term, free: frozenset[Index], _: Context) -> Term | None:
    """A delta with a summed index is a renaming; with two equal indices it is 1."""
    for f in term.factors:
        if not _is_delta(f):
            continue
        left, right = f.places
        rest = Term(term.coefficient, tuple(g for g in term.factors if g is not f), term.summed)
        if left == right:
            return rest
        for gone, kept in ((right, left), (left, right)):
            if isinstance(gone, Index) and gone in term.summed and kept is not None:
                return renamed(rest._replace(summed=rest.summed - {gone}), {gone: kept})
            if isinstance(gone, Index) and gone in term.summed:
                return renamed(rest._replace(summed=rest.summed - {gone}), {gone: None})
    return None


def _carry(term: Term, free: frozenset[Index], _: Context) -> Term | None:
    """A slice of an identity matrix, times a tensor, is the slice of the tensor."""
    return carried(term, uses(term)) if any(isinstance(f.base, Apply) and f.base.name in CARRIERS for f in term.factors) else None


def _split_delta(term: Term, free: frozenset[Index], _: Context) -> Term | None:
    """A delta between joined axes is a delta for each."""
    for f in term.factors:
        if _is_delta(f) and all(isinstance(p, tuple) for p in f.places):
            left, right = f.places
            assert isinstance(left, tuple)
            assert isinstance(right, tuple)
            if tuple(i.dim for i in left) == tuple(i.dim for i in right):
                parts = tuple(Factor(apply("eye", n=i.dim), (i, j)) for i, j in zip(left, right, strict=True))
                return Term(term.coefficient, tuple(g for g in term.factors if g is not f) + parts, term.summed)
    return None


def _parted(term: Term, free: frozenset[Index], context: Context) -> Term | None:
    """kron(A, B) that is summed along its axes is A times B: an index of it is two, in the other factors too, and vec(X) is X there."""
    for f in term.factors:
        if f.power != 1 or not isinstance(f.base, Apply) or f.base.name not in ("kron", "vec"):
            continue
        if all(isinstance(p, tuple) for p in f.places):
            made = lower(f.base, f.places)
            if made.factors != (f,):
                return term._replace(factors=tuple(g for g in term.factors if g is not f)).times(made)
        elif f.base.name == "kron" and all(len(a.shape) == len(f.places) for a in f.base.args):
            parts = [tuple(a.shape[k] for a in f.base.args) for k in range(len(f.places))]
            lone = {p: dims for p, dims in zip(f.places, parts, strict=True) if isinstance(p, Index)}
            split = lone and term.summed.issuperset(lone) and all(1 not in dims for dims in lone.values())
            if split and not any(_is_delta(g) and not lone.keys().isdisjoint(indices(g.places)) for g in term.factors):
                return renamed(term, {p: tuple(Index(d) for d in dims) for p, dims in lone.items()})
    return None


def _known(term: Term, free: frozenset[Index], context: Context) -> Term | None:
    """Factors that together are a function of the book."""
    return combined(term, context)


def uses(term: Term) -> Counter[Index]:
    """How many axes each index stands in."""
    count: Counter[Index] = Counter()
    for f in term.factors:
        for i in indices(f.places):
            count[i] += 1
    return count


def _inverses(a: Expr, b: Expr) -> bool:
    return (isinstance(b, Apply) and b.name == "inv" and b.args[0] == a) or (isinstance(a, Apply) and a.name == "inv" and a.args[0] == b)


def _cancel_inverse(term: Term, free: frozenset[Index], context: Context) -> Term | None:
    """A @ inv(A) is the identity, Q @ Q.T too for an orthogonal Q."""
    square = [f for f in term.factors if len(f.places) == 2 and f.power == 1]
    if len(square) < 2:
        return None
    count: Counter[Index] | None = None
    for a in square:
        for b in square:
            if b is a:
                continue
            inverse, orthogonal = _inverses(a.base, b.base), a.base == b.base and is_orthogonal(a.base, context)
            if not inverse and not orthogonal:
                continue
            pairs = [(0, 1), (1, 0), *(((0, 0), (1, 1)) if symmetric(a.base, context) else ())]
            if orthogonal:  # with fewer columns than rows only the columns are orthonormal
                pairs = [(0, 0), (1, 1)] if a.base.shape[0] == a.base.shape[1] else [(0, 0)]
            for x, y in pairs:
                i = a.places[x]
                count = count or uses(term)
                if isinstance(i, Index) and i is b.places[y] and i in term.summed and count[i] == 2:
                    if orthogonal:
                        context.note(a.base, "orthogonal")
                    elif x == y:
                        context.note(a.base, "symmetric")
                    rest = tuple(f for f in term.factors if f is not a and f is not b)
                    delta = Factor(apply("eye", n=i.dim), (a.places[1 - x], b.places[1 - y]))
                    return Term(term.coefficient, (*rest, delta), term.summed - {i})
    return None


def _sum_to_one(term: Term, free: frozenset[Index], context: Context) -> Term | None:
    for f in term.factors:
        if f.power != 1:
            continue
        for axis, place in enumerate(f.places):
            if isinstance(place, Index) and place in term.summed and sums_to_one(f.base, axis, context) and uses(term)[place] == 1:
                context.note(f.base, "sums")
                rest = tuple(g for g in term.factors if g is not f)
                return Term(term.coefficient, rest, term.summed - {place})
    return None


def size_factor(dim: Dim, power: int = 1) -> Factor | Fraction:
    """A size as a factor, or as a number."""
    return Fraction(dim) ** power if isinstance(dim, int) else Factor(Lit(dim), (), Fraction(power))


def _counted(term: Term) -> Term:
    """A summed index in no factor counts: Σ_i 1 = n."""
    left = in_order(term.summed.difference(*[indices(f.places) for f in term.factors]))
    if not left:
        return _sizes(term)
    dim: Dim = 1
    for i in left:
        dim = multiply(dim, i.dim)
    size = size_factor(dim)
    out = Term(
        term.coefficient * (size if isinstance(size, Fraction) else 1),
        term.factors + ((size,) if isinstance(size, Factor) else ()),
        term.summed - set(left),
    )
    return _sizes(out)


def _sizes(term: Term) -> Term:
    """Size names cancel: (S*D) / S = D."""
    sizes = [f for f in term.factors if isinstance(f.base, Lit) and f.power.denominator == 1]
    if len(sizes) < 2 and not any(isinstance(f.base.value, str) and "*" in f.base.value for f in sizes if isinstance(f.base, Lit)):
        return term
    powers: Counter[str] = Counter()
    coefficient = term.coefficient
    for f in sizes:
        assert isinstance(f.base, Lit)
        text = str(f.base.value)
        for word in [text] if " " in text else text.split("*"):
            if word.isdigit():
                coefficient *= Fraction(int(word)) ** int(f.power)
            else:
                powers[word] += int(f.power)
    made = tuple(Factor(Lit(name), (), Fraction(k)) for name, k in powers.items() if k)
    return Term(coefficient, tuple(f for f in term.factors if f not in sizes) + made, term.summed)


def gathered(terms: Iterable[Term], free: tuple[Index, ...], context: Context) -> list[Term]:
    """Like terms added up, in the order in which they first appear; zeros gone."""
    terms = list(terms)
    if len(terms) < 2:
        return [t for t in terms if t.coefficient]
    found: dict[tuple[object, ...], Term] = {}
    for t in terms:
        k = key(t, free, context)
        old = found.get(k)
        found[k] = t if old is None else old._replace(coefficient=old.coefficient + t.coefficient)
        if old is not None:
            for f in t.factors:
                if len(f.places) == 2 and f not in old.factors and symmetric(f.base, context):
                    context.note(f.base, "symmetric")
    return [t for t in found.values() if t.coefficient]


def simplified(terms: Iterable[Term], free: tuple[Index, ...], context: Context) -> list[Term]:
    """Every term in normal form, like terms added up."""
    kept = frozenset(free)
    return gathered((n for t in terms if (n := normal(t, kept, context)) is not None), free, context)
