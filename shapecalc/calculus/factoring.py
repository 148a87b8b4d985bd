"""Common factors of the parts of a sum, outside: scalars, matrix factors on either side, entrywise factors."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd

from shapecalc.errors import Misfit
from shapecalc.expr import ONE, Apply, Expr, Lit, variables
from shapecalc.forms import apply, remake, transposed
from shapecalc.masks import OPPOSITE
from shapecalc.shapes import Shape

from .parts import Part, chain, entrywise, length, multiplied, total_of, unchained, written

Scalars = tuple[tuple[Expr, Fraction], ...]

LONG = 10**6  # denominators from which numbers stay decimals
WIDE = 24  # terms above which nothing is multiplied out, nor gradients of definitions written out


def paired(a: Part, b: Part) -> Part | None:
    """Two parts as one, their common factors outside; None where they have none."""
    shared = common_scalars([a, b])
    own: tuple[Scalars, ...] = tuple(_without(p.scalars, shared) for p in (a, b))
    outer = tuple(shared.items())
    scale = _shared_number([a.number, b.number])
    if a.core == b.core == ONE and all(len(s) == 1 and s[0][1] == 1 for s in own):  # numbers: u @ v - u @ w is u @ (v - w)
        a, b = (p._replace(scalars=(), core=s[0][0]) for p, s in zip((a, b), own, strict=True))
        own = ((), ())
    ca, cb = chain(a.core), chain(b.core)
    ca, cb = (_as_product(a.core, cb) or ca), (_as_product(b.core, ca) or cb)
    prefix = _common(ca, cb)
    suffix = _common(ca[prefix:][::-1], cb[prefix:][::-1])
    if (prefix or suffix) and len(ca) > prefix + suffix and len(cb) > prefix + suffix:
        middle_a, middle_b = (c[prefix : len(c) - suffix] for c in (ca, cb))
        first, second = unchained(middle_a), unchained(middle_b)
        if first.shape == second.shape or ONE in (first, second):
            both = [Part(a.number / scale, own[0], first), Part(b.number / scale, own[1], second)]
            scale, inner = _upright(scale, total_of(factored(both)))
            core = _rejoined([*ca[:prefix], inner, *ca[len(ca) - suffix :]], (a.core.shape, b.core.shape))
            if core is not None:
                return Part(scale, outer, core)
    ways = (_paired_wrapped, _paired_outer, _paired_entrywise, _paired_choice, _paired_scalars)
    return next((found for way in ways if (found := way(a, b, scale, own, outer)) is not None), None)


def _shared_number(numbers: list[Fraction]) -> Fraction:
    """What numbers have in common, minus if all have it; of long decimals nothing."""
    below = _lcms([n.denominator for n in numbers])
    shared = Fraction(gcd(*(n.numerator for n in numbers)), below) if below < LONG else Fraction(1)
    return -shared if all(n < 0 for n in numbers) else shared


def _upright(scale: Fraction, inner: Expr) -> tuple[Fraction, Expr]:
    """A minus or a number before what is in parentheses stands before everything."""
    if isinstance(inner, Apply) and inner.name == "neg":
        scale, inner = -scale, inner.args[0]
    if isinstance(inner, Apply) and inner.name == "mul" and isinstance(n := inner.args[0], Lit) and isinstance(n.value, Fraction):
        scale, inner = scale * n.value, inner.args[1]
    return scale, inner


def _rejoined(factors: list[Expr], shapes_: tuple[Shape, ...]) -> Expr | None:
    """A matrix product, if it conforms and has one of the shapes."""
    try:
        core = unchained(factors)
    except Misfit:
        return None
    return core if core.shape in shapes_ else None


def common_scalars(parts: list[Part]) -> dict[Expr, Fraction]:
    """The scalars that all parts share, to the smallest power."""
    shared = dict(parts[0].scalars)
    for p in parts[1:]:
        own = dict(p.scalars)
        shared = {e: min(k, own[e], key=abs) for e, k in shared.items() if e in own and k * own[e] > 0}
    return shared


def _as_product(e: Expr, other: list[Expr]) -> list[Expr] | None:
    """sum(H, axis=1) as 1 @ H.T beside another product that ends in H.T, as H @ 1 beside one of H and a vector.

    sum(H, axis=0)[:, None] is H.T @ 1 beside one of H.T and a matrix.
    """
    upright = isinstance(e, Apply) and e.name == "expand_dims" and len(e.shape) == 2 and e.shape[1] == 1
    if upright and isinstance(e, Apply):
        e = e.args[0]
    if not (isinstance(e, Apply) and e.name == "sum" and len(e.args[0].shape) == 2 and not e["keepdims"] and e["axis"] in (0, 1)):
        return None
    if len(other) < 2:
        return None
    last = transposed(e.args[0]) if e["axis"] == 1 else e.args[0]
    if other[-1] == last and len(other[0].shape) == 2 and not upright:
        return [ONE, last]
    first = transposed(last)
    return [first, ONE] if other[0] == first and len(other[-1].shape) == 1 + upright else None


def _paired_outer(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    """outer(u, v) + outer(u, w) = outer(u, v + w), and so with kron."""
    x, y = a.core, b.core
    if not (isinstance(x, Apply) and isinstance(y, Apply) and x.name == y.name and x.name in ("outer", "kron")):
        return None
    for k in (0, 1):
        left, right = x.args[1 - k], y.args[1 - k]
        if x.args[k] == y.args[k] and left.shape == right.shape:
            inner = total_of(factored([Part(a.number / scale, own[0], left), Part(b.number / scale, own[1], right)]))
            inner = _like(inner, x.args[k])
            if inner.shape != left.shape:
                return None
            return Part(scale, outer, apply(x.name, *((x.args[0], inner) if k == 0 else (inner, x.args[1]))))
    return None


def _like(e: Expr, other: Expr) -> Expr:
    """A sum with its addends in the order of another, where they are the same."""
    if not (isinstance(e, Apply) and isinstance(other, Apply) and e.name == other.name == "add" and e.shape == other.shape):
        return e
    return other if set(zip(e.args, e["signs"], strict=True)) == set(zip(other.args, other["signs"], strict=True)) else e


WRAPPERS = frozenset(
    {"sum", "mean", "transpose", "expand_dims", "squeeze", "diag", "diagonal", "tr", "reshape", "cumsum", "flip", "tril", "triu"}
)


def _paired_wrapped(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    """sum(a) + sum(b) = sum(a + b), and so with every operation that is linear in its one argument."""
    x, y = a.core, b.core
    if not (isinstance(x, Apply) and isinstance(y, Apply) and x.name == y.name and x.name in WRAPPERS and x.params == y.params):
        return None
    left, right = x.args[0], y.args[0]
    if left.shape != right.shape:
        return None
    inner = total_of(factored([Part(a.number / scale, own[0], left), Part(b.number / scale, own[1], right)]))
    return Part(scale, outer, remake(x, (inner,))) if inner.shape == left.shape else None


def _lcm(a: int, b: int) -> int:
    return a * b // gcd(a, b)


def _common(a: list[Expr], b: list[Expr]) -> int:
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def _paired_entrywise(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    (ua, da), (ub, db) = entrywise(a.core), entrywise(b.core)
    up, down = _both(ua, ub), _both(da, db)
    if not up and not down:
        return None
    rest_a = multiplied(_less(ua, up), _less(da, down))
    rest_b = multiplied(_less(ub, up), _less(db, down))
    try:
        both = [Part(a.number / scale, own[0], rest_a), Part(b.number / scale, own[1], rest_b)]
        scale, inner = _upright(scale, total_of(factored(both)))
        ahead = up and ua and ub and ua[0] in up and ub[0] in up
        core = multiplied([*up, inner] if ahead else [inner, *up], down)
    except Misfit:
        return None
    return Part(scale, outer, core) if core.shape in (a.core.shape, b.core.shape) else None


def _paired_choice(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    """a where a comparison holds and b where it does not: where(x > 0, a, b)."""
    (ua, da), (ub, db) = entrywise(a.core), entrywise(b.core)
    if a.core.shape != b.core.shape:
        return None
    for test in ua:
        if not (isinstance(test, Apply) and test.name in OPPOSITE and test.shape == a.core.shape):
            continue
        other = apply(OPPOSITE[test.name], *test.args)
        if other in ub:
            scale = abs(a.number)  # so that the first has the number 1
            left, right = multiplied(_less(ua, [test]), da), multiplied(_less(ub, [other]), db)
            both = [Part(p.number / scale, rest, e) for p, rest, e in zip((a, b), own, (left, right), strict=True)]
            choice = [Lit(p.number) if p.core == ONE and not p.scalars else written(p) for p in both]
            return Part(scale, outer, apply("where", test, *choice))
    return None


def _paired_scalars(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    """s * a + s * b = s * (a + b) for a scalar s that is more than a size."""
    if a.core.shape != b.core.shape or not any(variables(e) for e, _ in outer):
        return None
    scale, inner = _upright(scale, total_of([Part(p.number / scale, rest, p.core) for p, rest in zip((a, b), own, strict=True)]))
    return Part(scale, outer, inner) if inner.shape == a.core.shape else None


def _both(a: list[Expr], b: list[Expr]) -> list[Expr]:
    """What stands in both lists, as often as in both."""
    left, out = list(b), []
    for f in a:
        if f in left:
            left.remove(f)
            out.append(f)
    return out


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
                if joined is not None and _cost(joined) < _cost(parts[i]) + _cost(parts[j]) + 1 + _opposed(joined):
                    parts[i] = joined
                    del parts[j]
                    improved = True
                    break
            if improved:
                break
    return parts


def _opposed(part: Part) -> int:
    """What the length of two comparisons does not count: each is read against the other, which a choice says in one word."""
    return 20 if isinstance(part.core, Apply) and part.core.name == "where" else 0


def _cost(part: Part) -> int:
    return length(written(part))


def outside(parts: list[Part]) -> Expr:
    """The scalars that all parts share written once around their sum, where that is shorter."""
    plain = total_of(factored(parts))
    if len(parts) < 2:
        return plain
    shared = common_scalars(parts)
    numbers = [p.number for p in parts]
    scale = _shared_number(numbers)
    if not shared and scale == 1:
        return plain
    best = plain
    for number in dict.fromkeys((Fraction(1), scale)):
        inner = [Part(p.number / number, _without(p.scalars, shared), p.core) for p in parts]
        signed, core = _upright(number, total_of(factored(inner)))
        whole = written(Part(signed, tuple(shared.items()), core))
        if length(whole) <= length(best):
            best = whole
    return best


def _lcms(numbers: Iterable[int]) -> int:
    out = 1
    for n in numbers:
        out = _lcm(out, n)
    return out


def _without(scalars: tuple[tuple[Expr, Fraction], ...], shared: dict[Expr, Fraction]) -> tuple[tuple[Expr, Fraction], ...]:
    return tuple((e, k - shared.get(e, Fraction(0))) for e, k in scalars if k != shared.get(e, Fraction(0)))
