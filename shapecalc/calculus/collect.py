"""From a sum of terms in index form to one formula as short as a person would write it: scalars once, common factors outside."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from ..errors import Misfit
from ..expr import ONE, Apply, Expr, Lit, Var, occurs, variables
from ..forms import add, apply, mul, neg, power, remake, transposed, zeros
from ..indexed import Factor, Index, Places, Term, indices
from ..notation import text
from .. import shapes
from ..shapes import Shape, is_scalar, total
from .lowering import lower
from .recognise import pieces, read, read_scalar, spread
from .simplify import Context, key, normal, simplified, symmetric

WIDE = 24  # terms above which nothing is multiplied out


class Part(NamedTuple):
    """number · scalars · core: one term, ready to be written."""

    number: Fraction
    scalars: tuple[tuple[Expr, Fraction], ...]
    core: Expr


def length(e: Expr) -> int:
    """How long a formula is to read."""
    return len(text(e).replace(" ", ""))


def shorter(other: Expr, best: Expr) -> bool:
    """Whether a formula with its sums multiplied out is worth losing the sums that the user wrote: a quarter fewer names."""
    return 4 * names_in(other) <= 3 * names_in(best) and length(other) < length(best)


def names_in(e: Expr) -> int:
    """How many names there are to read."""
    count, stack = 0, [e]
    while stack:
        node = stack.pop()
        count += isinstance(node, Var)
        if isinstance(node, Apply):
            stack.extend(node.args)
    return count


AWKWARD = {"expand_dims": 20, "squeeze": 20, "einsum": 10, "place": 20, "diag": 6}


def burden(e: Expr) -> int:
    """The length of a formula, and more for what a person would not write."""
    more, stack = 0, [e]
    while stack:
        node = stack.pop()
        if isinstance(node, Apply):
            more += AWKWARD.get(node.name, 0)
            stack.extend(node.args)
    return length(e) + more


def part_of(term: Term, target: Places, scaling: str, context: Context) -> Part:
    """A term with its scalars apart from its core."""
    free = frozenset(indices(target))
    even = frozenset(f.base for f in term.factors if len(f.places) == 2 and f.power == 1 and symmetric(f.base, context))
    scalars: dict[Expr, Fraction] = {}
    rest: list[Factor] = []
    for piece in pieces(term.factors):
        if any(i in free for f in piece for i in indices(f.places)) or (target and not free and any(f.places for f in piece)):
            rest.extend(piece)
        elif len(piece) == 1 and not list(indices(piece[0].places)):
            base, places, k = piece[0]
            base = _flat(base) if len(target) < len(places) else base
            scalars[base] = scalars.get(base, Fraction(0)) + k
        else:
            found = read_scalar(piece, len(target), even)
            scalars[found] = scalars.get(found, Fraction(0)) + 1
    if len(scalars) > 1:
        scalars = named_scalars(scalars, target, context)
    order = {id(f): k for k, f in enumerate(term.factors)}
    rest.sort(key=lambda f: order[id(f)])
    return Part(term.coefficient, tuple(scalars.items()), read(rest, target, scaling, even).e)


def named_scalars(scalars: dict[Expr, Fraction], target: Places, context: Context) -> dict[Expr, Fraction]:
    """Scalars that together equal a scalar definition, called by its name."""
    for name, own in scalar_definitions(context):
        if all(own[e] * scalars.get(e, Fraction(0)) >= own[e] ** 2 for e in own):
            left = {e: k - own.get(e, Fraction(0)) for e, k in scalars.items() if k != own.get(e, Fraction(0))}
            scalars = left | {name: left.get(name, Fraction(0)) + 1}
    return scalars


def scalar_definitions(context: Context) -> list[tuple[Var, dict[Expr, Fraction]]]:
    """The scalar definitions that are products of scalars; found once for a problem."""
    if context.scalars is None:
        context.scalars = []
        for name, body in context.definitions.items():
            if name in context.hidden or not is_scalar(body.shape) or not isinstance(body, Apply) or body.name not in ("mul", "div"):
                continue
            lowered = lower(body, (None,) * len(body.shape))
            part = part_of(lowered, (), "broadcast", Context())
            if lowered.coefficient == 1 and part.core == ONE and len(part.scalars) > 1:
                context.scalars.append((Var(name, body.shape), dict(part.scalars)))
    return context.scalars


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
    if isinstance(e, Apply) and e.name == "div":
        e, last = e.args
        under.append(last)
    elif isinstance(e, Apply) and e.name in ("mul", "neg") and isinstance(e.args[-1], Apply) and e.args[-1].name == "div":
        inner = e.args[-1]
        under.append(inner.args[1])
        e = mul(e.args[0], inner.args[0]) if e.name == "mul" else neg(inner.args[0])
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
    """The factors of a matrix product, each a matrix; the first or the last may be a vector, so that any run of them is a product."""
    if not (isinstance(e, Apply) and e.name == "matmul") or max(len(a.shape) for a in e.args) > 2:
        return [e]
    left, right = chain(e.args[0]), chain(e.args[1])
    if len(e.args[0].shape) == 2:
        return [*left, *(right if len(right[0].shape) == 2 else [e.args[1]])]
    return [*left, e.args[1]] if len(left[0].shape) == 1 else [e]


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
    shared = common_scalars([a, b])
    own, outer = tuple(_without(p.scalars, shared) for p in (a, b)), tuple(shared.items())
    scale = Fraction(gcd(a.number.numerator, b.number.numerator), _lcm(a.number.denominator, b.number.denominator))
    if a.number < 0 and b.number < 0:
        scale = -scale
    ca, cb = chain(a.core), chain(b.core)
    ca, cb = (_as_product(a.core, cb) or ca), (_as_product(b.core, ca) or cb)
    prefix = _common(ca, cb)
    suffix = _common(ca[prefix:][::-1], cb[prefix:][::-1])
    if (prefix or suffix) and len(ca) > prefix + suffix and len(cb) > prefix + suffix:
        middle_a, middle_b = (c[prefix:len(c) - suffix] for c in (ca, cb))
        first, second = unchained(middle_a), unchained(middle_b)
        if first.shape == second.shape or ONE in (first, second):
            inner = total_of(factored([Part(a.number / scale, own[0], first), Part(b.number / scale, own[1], second)]))
            core = _rejoined([*ca[:prefix], inner, *ca[len(ca) - suffix:]], (a.core.shape, b.core.shape))
            if core is not None:
                return Part(scale, outer, core)
    return _paired_wrapped(a, b, scale, own, outer) or _paired_outer(a, b, scale, own, outer) or _paired_entrywise(a, b, scale, own, outer)


def _rejoined(factors: list[Expr], shapes_: tuple[Shape, ...]) -> Expr | None:
    """A matrix product, if it conforms and has one of the shapes."""
    try:
        core = unchained(factors)
    except Misfit:
        return None
    return core if core.shape in shapes_ else None


Scalars = tuple[tuple[Expr, Fraction], ...]


def common_scalars(parts: list[Part]) -> dict[Expr, Fraction]:
    """The scalars that all parts share, to the smallest power."""
    shared = dict(parts[0].scalars)
    for p in parts[1:]:
        own = dict(p.scalars)
        shared = {e: min(k, own[e], key=abs) for e, k in shared.items() if e in own and k * own[e] > 0}
    return shared


def _as_product(e: Expr, other: list[Expr]) -> list[Expr] | None:
    """sum(H, axis=1) as 1 @ H.T, beside another product that ends in H.T."""
    if isinstance(e, Apply) and e.name == "sum" and len(e.args[0].shape) == 2 and not e["keepdims"] and e["axis"] in (0, 1) and len(other) > 1:
        last = transposed(e.args[0]) if e["axis"] == 1 else e.args[0]
        if other[-1] == last and len(other[0].shape) == 2:
            return [ONE, last]
    return None


def _paired_outer(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    """outer(u, v) + outer(u, w) = outer(u, v + w), and so with kron."""
    x, y = a.core, b.core
    if not (isinstance(x, Apply) and isinstance(y, Apply) and x.name == y.name and x.name in ("outer", "kron")):
        return None
    for k in (0, 1):
        left, right = x.args[1 - k], y.args[1 - k]
        if x.args[k] == y.args[k] and left.shape == right.shape:
            inner = total_of(factored([Part(a.number / scale, own[0], left), Part(b.number / scale, own[1], right)]))
            return Part(scale, outer, apply(x.name, *((x.args[0], inner) if k == 0 else (inner, x.args[1]))))
    return None


WRAPPERS = frozenset({"sum", "transpose", "expand_dims", "squeeze", "diag", "diagonal", "tr", "reshape", "cumsum", "tril", "triu"})


def _paired_wrapped(a: Part, b: Part, scale: Fraction, own: tuple[Scalars, ...], outer: Scalars) -> Part | None:
    """sum(a) + sum(b) = sum(a + b), and so with every operation that is linear in its one argument."""
    x, y = a.core, b.core
    if not (isinstance(x, Apply) and isinstance(y, Apply) and x.name == y.name and x.name in WRAPPERS and x.params == y.params):
        return None
    left, right = x.args[0], y.args[0]
    if left.shape != right.shape:
        return None
    inner = total_of(factored([Part(a.number / scale, own[0], left), Part(b.number / scale, own[1], right)]))
    return Part(scale, outer, remake(x, (inner,)))


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
        inner = total_of(factored([Part(a.number / scale, own[0], rest_a), Part(b.number / scale, own[1], rest_b)]))
        core = multiplied([*up, inner], down) if up and ua and ua[0] in up else multiplied([inner, *up], down)
    except Misfit:
        return None
    return Part(scale, outer, core) if core.shape in (a.core.shape, b.core.shape) else None


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
    shared = common_scalars(parts)
    numbers = [p.number for p in parts]
    scale = Fraction(gcd(*(n.numerator for n in numbers)), _lcms([n.denominator for n in numbers]))
    if all(n < 0 for n in numbers):
        scale = -scale
    if not shared and scale == 1:
        return plain
    best = plain
    for number in dict.fromkeys((Fraction(1), scale)):
        inner = [Part(p.number / number, _without(p.scalars, shared), p.core) for p in parts]
        whole = written(Part(number, tuple(shared.items()), total_of(factored(inner))))
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


def formula(terms: list[Term], target: Places, context: Context, scaling: str = "broadcast") -> Expr:
    """The sum of terms that are already in normal form."""
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    if not terms:
        return zeros(shape)
    e = outside(side_by_side([part_of(t, target, scaling, context) for t in terms]))
    return e if e.shape == shape else _stretched(e, target)


def side_by_side(parts: list[Part]) -> list[Part]:
    """Parts that are put into different places of zeros, one after the other along an axis, are joined there."""
    placed = [p for p in parts if isinstance(p.core, Apply) and p.core.name == "place"]
    if len(placed) < 2 or len({p.core.shape for p in placed}) > 1:
        return parts
    shape = placed[0].core.shape
    for axis in range(len(shape)):
        by_start = {p.core["items"][axis][0]: p for p in placed if isinstance(p.core, Apply)
                    and all(item == (0, d) for k, (item, d) in enumerate(zip(p.core["items"], shape, strict=True)) if k != axis)}
        run, stop = [], 0
        while stop in by_start and len(run) <= len(placed):
            run.append(by_start[stop])
            item = run[-1].core["items"][axis] if isinstance(run[-1].core, Apply) else (0, 0)
            stop = shapes.add(item[0], item[1])
        if len(run) == len(placed) and stop == shape[axis]:
            pieces_ = [written(p._replace(core=p.core.args[0])) for p in run if isinstance(p.core, Apply)]
            joined = Part(Fraction(1), (), apply("concatenate", *pieces_, axis=axis))
            return [joined, *(p for p in parts if p not in placed)]
    return parts


def _stretched(e: Expr, target: Places) -> Expr:
    rank = len(e.shape)
    own = target[len(target) - rank:]
    places = tuple(p if d != 1 else None for p, d in zip(own, e.shape, strict=True))
    if isinstance(e, Apply) and e.name == "neg":
        return neg(_stretched(e.args[0], target))
    if isinstance(e, Apply) and e.name == "div" and is_scalar(e.args[1].shape):
        return apply("div", _stretched(e.args[0], target), e.args[1])
    return spread(e, places, target)


def expanded(term: Term, free: frozenset[Index], context: Context, budget: int = WIDE, only: Var | None = None) -> list[Term] | None:
    """The term with its sums (only those that hold a variable, if one is given) multiplied out, cancelling as it goes; None where there are too many."""
    out, changed = [term], True
    while changed:
        changed = False
        for n, t in enumerate(out):
            f = next((f for f in t.factors if f.power == 1 and isinstance(f.base, Apply) and f.base.name == "add"
                      and (only is None or occurs(only, f.base))), None)
            if f is None:
                continue
            assert isinstance(f.base, Apply)
            rest = Term(t.coefficient, tuple(g for g in t.factors if g is not f), t.summed)
            made = [m for addend in addends(f) if (m := normal(rest.times(addend), free, context)) is not None]
            if len(out) + len(made) > budget:
                return None
            out[n:n + 1] = made
            changed = True
            break
    return out


def addends(f: Factor, context: Context | None = None) -> list[Term]:
    """The terms of a factor that is a sum; with a context, addends that are definitions are written out."""
    assert isinstance(f.base, Apply)
    out = []
    for arg, sign in zip(f.base.args, f.base["signs"], strict=True):
        if context is not None and isinstance(arg, Var):
            arg = context.definitions.get(arg.name, arg)
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
            split = [a._replace(summed=a.summed | frozenset(alone)) for a in addends(f, context)]
            if not simplified(split, tuple(own), context):
                zero = True
                break
        if not zero:
            kept.append(t)
    return kept


def worth_expanding(term: Term, among: int) -> bool:
    """Whether multiplying out could make a term shorter: where a sum stands beside other terms, or holds a name of another factor."""
    sums_ = [f for f in term.factors if isinstance(f.base, Apply) and f.base.name == "add" and f.power == 1]
    if not sums_ or among > 1:
        return bool(sums_)
    for f in sums_:
        inside = set(variables(f.base))
        if any(g is not f and inside & set(variables(g.base)) for g in term.factors):
            return True
    return False


def best_formula(terms: list[Term], target: Places, context: Context, scaling: str = "broadcast") -> tuple[Expr, list[Term]]:
    """The shortest formula for a sum of terms, as it stands or multiplied out; and the terms that it was read from."""
    free = tuple(indices(target))
    plain = vanishing(simplified(terms, free, context), frozenset(free), context)
    plain = [folded(t, context) for t in plain]
    best = formula(plain, target, context, scaling)
    if not any(worth_expanding(t, len(plain)) for t in plain):
        return best, plain
    loose = [expanded(t, frozenset(free), context) for t in plain]
    if all(x is not None for x in loose) and any(len(x or ()) > 1 for x in loose):
        flat = [t for x in loose if x is not None for t in x]
        if len(flat) <= WIDE:
            multiplied_out = [folded(t, context) for t in simplified(flat, free, context)]
            other = formula(multiplied_out, target, context, scaling)
            if shorter(other, best):
                return other, multiplied_out
    return best, plain


def folded(term: Term, context: Context) -> Term:
    """The term with a product that equals a definition called by its name: (X - mu) / sd is Xh."""
    for name, body in context.products_in(term):
        found = _occurrence(term, body)
        while found is not None:
            places, used = found
            factors = []
            named = False
            for f, taken in zip(term.factors, used, strict=True):
                if f.power != taken:
                    factors.append(f._replace(power=f.power - taken))
                if taken and not named:
                    factors.append(Factor(name, places))
                    named = True
            held = {i for f in factors for i in indices(f.places)}
            term = Term(term.coefficient / body[1].coefficient, tuple(factors), term.summed & held)
            found = _occurrence(term, body)
    return term


def _occurrence(term: Term, body: tuple[Places, Term]) -> tuple[Places, list[Fraction]] | None:
    """Where the factors of a definition stand in a term: the definition's places there, and how much of each factor is taken."""
    places, product = body
    wanted = product.factors
    if len(wanted) > 6 or not {f.base for f in wanted} <= {f.base for f in term.factors}:
        return None

    def search(k: int, names: dict[Index, Index], used: list[Fraction]) -> tuple[Places, list[Fraction]] | None:
        if k == len(wanted):
            return _placed(term, places, product, names, used)
        want = wanted[k]
        for n, have in enumerate(term.factors):
            rest = have.power - used[n]
            if have.base != want.base or rest * want.power <= 0 or abs(rest) < abs(want.power):
                continue
            more = _matched(want.places, have.places, names)
            if more is not None:
                found = search(k + 1, more, [*used[:n], used[n] + want.power, *used[n + 1:]])
                if found is not None:
                    return found
        return None

    return search(0, {}, [Fraction(0)] * len(term.factors))


def _matched(want: Places, have: Places, names: dict[Index, Index]) -> dict[Index, Index] | None:
    """The renaming that turns one factor's places into another's."""
    out = dict(names)
    for p, q in zip(want, have, strict=True):
        if isinstance(p, Index) and isinstance(q, Index):
            if out.setdefault(p, q) is not q:
                return None
        elif p is not None or q is not None:
            return None
    return out


def _placed(term: Term, places: Places, product: Term, names: dict[Index, Index], used: list[Fraction]) -> tuple[Places, list[Fraction]] | None:
    """The definition's places in the term, if its own sums are sums over nothing else there."""
    own = [p for p in places if isinstance(p, Index)]
    if any(p not in names for p in own) or len({names[i] for i in (*own, *product.summed)}) < len(own) + len(product.summed):
        return None
    inner = {names[i] for i in product.summed}
    left = {i for f, taken in zip(term.factors, used, strict=True) if f.power != taken for i in indices(f.places)}
    if not inner <= term.summed or inner & left:
        return None
    return tuple(names[p] if isinstance(p, Index) else None for p in places), used


__all__ = ["Part", "best_formula", "formula", "length", "normal", "pairwise"]
