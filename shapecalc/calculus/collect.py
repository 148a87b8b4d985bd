"""From a sum of terms in index form to one formula as short as a person would write it: scalars once, common factors outside."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from ..errors import Misfit
from ..expr import ONE, Apply, Expr, Lit
from ..forms import add, apply, mul, neg, power, zeros
from ..indexed import Factor, Index, Places, Term, indices
from ..notation import text
from ..shapes import is_scalar, total
from .lowering import lower
from .recognise import pieces, read, spread
from .simplify import Context, normal, simplified

WIDE = 24  # terms above which nothing is multiplied out


class Part(NamedTuple):
    """number · scalars · core: one term, ready to be written."""

    number: Fraction
    scalars: tuple[tuple[Expr, Fraction], ...]
    core: Expr


def length(e: Expr) -> int:
    """How long a formula is to read."""
    return len(text(e).replace(" ", ""))


def part_of(term: Term, target: Places, scaling: str) -> Part:
    """A term with its scalars apart from its core."""
    free = frozenset(indices(target))
    scalars: dict[Expr, Fraction] = {}
    rest: list[Factor] = []
    for piece in pieces(term.factors):
        if any(i in free for f in piece for i in indices(f.places)):
            rest.extend(piece)
        elif len(piece) == 1 and not list(indices(piece[0].places)):
            base, places, k = piece[0]
            base = _flat(base) if len(target) < len(places) else base
            scalars[base] = scalars.get(base, Fraction(0)) + k
        else:
            found = read(piece, (), scaling)
            scalars[found.e] = scalars.get(found.e, Fraction(0)) + 1
    order = {id(f): k for k, f in enumerate(term.factors)}
    rest.sort(key=lambda f: order[id(f)])
    return Part(term.coefficient, tuple(scalars.items()), read(rest, target, scaling).e)


def _flat(e: Expr) -> Expr:
    """A (1, 1) value as a scalar where the result has no axes to broadcast it along."""
    return apply("sum", e) if e.shape else e


def written(part: Part) -> Expr:
    """number * scalars * core / denominators; the sign of the number is kept in the number."""
    up = [power(e, k) for e, k in part.scalars if k > 0]
    down = [power(e, -k) for e, k in part.scalars if k < 0]
    top, bottom = part.number.numerator, part.number.denominator
    e = ONE if part.core == ONE else part.core
    for s in reversed(up):
        e = mul(s, e)
    if top == -1 and e != ONE:
        e = neg(e)
    elif top != 1:
        e = mul(Lit(top), e) if e != ONE else Lit(top)
    under = [Lit(bottom)] * (bottom != 1) + down
    if not under:
        return e
    below = under[0]
    for s in under[1:]:
        below = mul(below, s)
    return as_mean(apply("div", e, below))


def as_mean(e: Apply) -> Expr:
    """sum(a, axis=0) / S is mean(a, axis=0), where S is what was summed over."""
    top, below = e.args
    lead = None
    if isinstance(top, Apply) and top.name == "mul" and isinstance(top.args[0], Lit):
        lead, top = top.args
    elif isinstance(top, Apply) and top.name == "neg":
        lead, top = Lit(-1), top.args[0]
    if not (isinstance(top, Apply) and top.name == "sum"):
        return e
    gone = top["axis"]
    inner = top.args[0]
    axes = range(len(inner.shape)) if gone is None else (gone if isinstance(gone, tuple) else (gone,))
    count = total(tuple(inner.shape[a] for a in axes))
    bound = _sizes(below)
    if bound != count:
        return e
    mean = apply("mean", inner, axis=gone, keepdims=top["keepdims"])
    return mean if lead is None else neg(mean) if lead == Lit(-1) else mul(lead, mean)


def _sizes(e: Expr) -> int | str | None:
    """A product of sizes as one size."""
    from ..shapes import multiply

    if isinstance(e, Lit):
        return e.value if isinstance(e.value, str) else int(e.value) if e.value.denominator == 1 else None
    if isinstance(e, Apply) and e.name == "mul":
        left, right = _sizes(e.args[0]), _sizes(e.args[1])
        return None if left is None or right is None else multiply(left, right)
    return None


def total_of(parts: list[Part]) -> Expr:
    """The sum of some parts, positive ones first where the first would be negative."""
    if parts[0].number < 0 and any(p.number > 0 for p in parts):
        parts = [p for p in parts if p.number > 0] + [p for p in parts if p.number < 0]
    if len(parts) == 1:
        return written(parts[0])
    if all(p.number < 0 for p in parts):
        return neg(total_of([p._replace(number=-p.number) for p in parts]))
    signs = tuple(1 if p.number > 0 else -1 for p in parts)
    return add(*(written(p._replace(number=abs(p.number))) for p in parts), signs=signs)


def chain(e: Expr) -> list[Expr]:
    """The factors of a matrix product, each a matrix (the last may be a vector)."""
    if isinstance(e, Apply) and e.name == "matmul" and len(e.args[0].shape) == 2 and len(e.args[1].shape) <= 2:
        return [*chain(e.args[0]), *chain(e.args[1])]
    return [e]


def unchained(factors: list[Expr]) -> Expr:
    """The matrix product of some factors, from the left."""
    e = factors[0]
    for f in factors[1:]:
        e = apply("matmul", e, f)
    return e


def entrywise(e: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors of an entrywise product and of its denominator."""
    if isinstance(e, Apply) and e.name == "mul":
        (a, b), (c, d) = entrywise(e.args[0]), entrywise(e.args[1])
        return a + c, b + d
    if isinstance(e, Apply) and e.name == "div":
        (a, b), (c, d) = entrywise(e.args[0]), entrywise(e.args[1])
        return a + d, b + c
    return ([] if e == ONE else [e]), []


def multiplied(up: list[Expr], down: list[Expr]) -> Expr:
    """An entrywise product over another."""
    e: Expr = ONE
    for f in up:
        e = mul(e, f)
    if down:
        below = down[0]
        for f in down[1:]:
            below = mul(below, f)
        e = apply("div", e, below)
    return e


def paired(a: Part, b: Part) -> Part | None:
    """Two parts as one, their common factors outside; None where they have none."""
    if dict(a.scalars) != dict(b.scalars):
        return None
    scale = Fraction(gcd(a.number.numerator, b.number.numerator), _lcm(a.number.denominator, b.number.denominator))
    if a.number < 0 and b.number < 0:
        scale = -scale
    ca, cb = chain(a.core), chain(b.core)
    prefix = _common(ca, cb)
    suffix = _common(ca[prefix:][::-1], cb[prefix:][::-1])
    if (prefix or suffix) and len(ca) > prefix + suffix and len(cb) > prefix + suffix:
        middle_a, middle_b = (c[prefix:len(c) - suffix] for c in (ca, cb))
        left, right = unchained(middle_a), unchained(middle_b)
        if left.shape == right.shape:
            inner = total_of(factored([Part(a.number / scale, (), left), Part(b.number / scale, (), right)]))
            return Part(scale, a.scalars, unchained([*ca[:prefix], inner, *ca[len(ca) - suffix:]]))
    return _paired_entrywise(a, b, scale)


def _lcm(a: int, b: int) -> int:
    return a * b // gcd(a, b)


def _common(a: list[Expr], b: list[Expr]) -> int:
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def _paired_entrywise(a: Part, b: Part, scale: Fraction) -> Part | None:
    (ua, da), (ub, db) = entrywise(a.core), entrywise(b.core)
    up = [f for f in ua if f in ub]
    down = [f for f in da if f in db]
    if not up and not down:
        return None
    rest_a = multiplied(_less(ua, up), _less(da, down))
    rest_b = multiplied(_less(ub, up), _less(db, down))
    if up and (rest_a == ONE or rest_b == ONE) and is_scalar(rest_a.shape) and is_scalar(rest_b.shape):
        inner = add(rest_a, rest_b)
    try:
        inner = total_of(factored([Part(a.number / scale, (), rest_a), Part(b.number / scale, (), rest_b)]))
        core = multiplied([*up, inner], down) if up and ua and ua[0] in up else multiplied([inner, *up], down)
    except Misfit:
        return None
    return Part(scale, a.scalars, core) if core.shape in (a.core.shape, b.core.shape) else None


def _less(items: list[Expr], gone: list[Expr]) -> list[Expr]:
    out = list(items)
    for g in gone:
        out.remove(g)
    return out


def factored(parts: list[Part]) -> list[Part]:
    """Parts with common factors joined wherever that makes the sum shorter."""
    parts = list(parts)
    improved = True
    while improved and 1 < len(parts) <= WIDE * 2:
        improved = False
        for i in range(len(parts)):
            for j in range(i + 1, len(parts)):
                joined = paired(parts[i], parts[j])
                if joined is not None and _cost(joined) < _cost(parts[i]) + _cost(parts[j]) + 1:
                    parts[i] = joined
                    del parts[j]
                    improved = True
                    break
            if improved:
                break
    return parts


def _cost(part: Part) -> int:
    return length(written(part))


def outside(parts: list[Part]) -> Expr:
    """The scalars that all parts share written once around their sum, where that is shorter."""
    plain = total_of(factored(parts))
    if len(parts) < 2:
        return plain
    shared = dict(parts[0].scalars)
    for p in parts[1:]:
        own = dict(p.scalars)
        shared = {e: min(k, own[e], key=abs) for e, k in shared.items() if e in own and k * own[e] > 0}
    numbers = [p.number for p in parts]
    scale = Fraction(gcd(*(n.numerator for n in numbers)), _lcms([n.denominator for n in numbers]))
    if all(n < 0 for n in numbers):
        scale = -scale
    if not shared and scale == 1:
        return plain
    best = plain
    for number in dict.fromkeys((scale, Fraction(1))):
        inner = [Part(p.number / number, _without(p.scalars, shared), p.core) for p in parts]
        whole = written(Part(number, tuple(shared.items()), total_of(factored(inner))))
        if length(whole) < length(best):
            best = whole
    return best


def _lcms(numbers: Iterable[int]) -> int:
    out = 1
    for n in numbers:
        out = _lcm(out, n)
    return out


def _without(scalars: tuple[tuple[Expr, Fraction], ...], shared: dict[Expr, Fraction]) -> tuple[tuple[Expr, Fraction], ...]:
    return tuple((e, k - shared.get(e, Fraction(0))) for e, k in scalars if k != shared.get(e, Fraction(0)))


def formula(terms: list[Term], target: Places, scaling: str = "broadcast") -> Expr:
    """The sum of terms that are already in normal form."""
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    if not terms:
        return zeros(shape)
    e = outside([part_of(t, target, scaling) for t in terms])
    return e if e.shape == shape else _stretched(e, target)


def _stretched(e: Expr, target: Places) -> Expr:
    rank = len(e.shape)
    own = target[len(target) - rank:]
    places = tuple(p if d != 1 else None for p, d in zip(own, e.shape, strict=True))
    if isinstance(e, Apply) and e.name == "neg":
        return neg(_stretched(e.args[0], target))
    if isinstance(e, Apply) and e.name == "div" and is_scalar(e.args[1].shape):
        return apply("div", _stretched(e.args[0], target), e.args[1])
    return spread(e, places, target)


def expanded(term: Term, budget: int = WIDE) -> list[Term] | None:
    """The term with its sums multiplied out; None where there are too many."""
    out, changed = [term], True
    while changed:
        changed = False
        for n, t in enumerate(out):
            f = next((f for f in t.factors if f.power == 1 and isinstance(f.base, Apply) and f.base.name == "add"), None)
            if f is None:
                continue
            assert isinstance(f.base, Apply)
            rest = Term(t.coefficient, tuple(g for g in t.factors if g is not f), t.summed)
            made = [rest.times(addend) for addend in addends(f)]
            if len(out) + len(made) > budget:
                return None
            out[n:n + 1] = made
            changed = True
            break
    return out


def addends(f: Factor) -> list[Term]:
    """The terms of a factor that is a sum."""
    assert isinstance(f.base, Apply)
    out = []
    for arg, sign in zip(f.base.args, f.base["signs"], strict=True):
        own = f.places[len(f.places) - len(arg.shape):]
        places = tuple(None if d == 1 else p for p, d in zip(own, arg.shape, strict=True))
        part = lower(arg, places)
        out.append(part._replace(coefficient=sign * part.coefficient))
    return out


def vanishing(terms: list[Term], free: frozenset[Index], context: Context) -> list[Term]:
    """Without the terms that hold a sum over an axis which is zero, such as Σ_i (x_i - mean(x))."""
    kept = []
    for t in terms:
        zero = False
        for f in t.factors:
            if f.power != 1 or not (isinstance(f.base, Apply) and f.base.name == "add"):
                continue
            alone = [i for i in indices(f.places) if i in t.summed and sum(i in set(indices(g.places)) for g in t.factors) == 1]
            if not alone:
                continue
            own = frozenset(indices(f.places)) - set(alone)
            split = [a._replace(summed=a.summed | frozenset(alone)) for a in addends(f)]
            if not simplified(split, tuple(own), context):
                zero = True
                break
        if not zero:
            kept.append(t)
    return kept


def best_formula(terms: list[Term], target: Places, context: Context, scaling: str = "broadcast") -> tuple[Expr, list[Term]]:
    """The shortest formula for a sum of terms, as it stands or multiplied out; and the terms that it was read from."""
    free = tuple(indices(target))
    plain = vanishing(simplified(terms, free, context), frozenset(free), context)
    plain = [folded(t, context) for t in plain]
    best = formula(plain, target, scaling)
    loose = [expanded(t) for t in plain]
    if all(x is not None for x in loose) and any(len(x or ()) > 1 for x in loose):
        flat = [t for x in loose if x is not None for t in x]
        if len(flat) <= WIDE:
            multiplied_out = [folded(t, context) for t in simplified(flat, free, context)]
            other = formula(multiplied_out, target, scaling)
            if length(other) < length(best):
                return other, multiplied_out
    return best, plain


def folded(term: Term, context: Context) -> Term:
    """The term with what equals a definition called by its name."""
    if not context.definitions:
        return term
    return term


__all__ = ["Part", "best_formula", "formula", "length", "normal", "pairwise"]
