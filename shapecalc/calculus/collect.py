"""From a sum of terms in index form to one formula as short as a person would write it: scalars once, common factors outside."""

from __future__ import annotations

from fractions import Fraction

from shapecalc import shapes
from shapecalc.expr import ONE, Apply, Expr, nodes, rebuild
from shapecalc.forms import add, apply, as_number, neg, power, remake, zeros
from shapecalc.indexed import Index, Places, Term, indices
from shapecalc.shapes import Dim, is_scalar, total

from .context import Context
from .expanding import expanded, vanishing, worth_expanding
from .factoring import WIDE, outside
from .folding import folded
from .lowering import raised
from .parts import Part, entrywise, length, lighter, part_of, shorter
from .pieces import spread
from .quotients import added_up, cleared, either_way
from .simplify import gathered, normal, simplified


def formula(terms: list[Term], target: Places, context: Context, scaling: str = "broadcast") -> Expr:
    """The sum of terms that are already in normal form."""
    shape = tuple(total(tuple(i.dim for i in indices((p,)))) for p in target)
    parts = alike([part_of(t, target, scaling, context) for t in terms])
    if not parts:
        return zeros(shape)
    e = outside(side_by_side(parts))
    return e if e.shape == shape else _stretched(e, target)


def alike(parts: list[Part]) -> list[Part]:
    """Parts of one core and the same scalars as one: c/sum(x) and sum(x)*c/sum(x)**2 are such by now."""
    out: dict[tuple[object, ...], Part] = {}
    for p in parts:
        key = frozenset(p.scalars), p.core
        out[key] = p._replace(number=p.number + out[key].number) if key in out else p
    return [p for p in out.values() if p.number]


def side_by_side(parts: list[Part]) -> list[Part]:
    """Parts that are put into zeros of one shape, beside one another along an axis, are joined there, with zeros where nothing is."""
    placed = [p for p in parts if isinstance(p.core, Apply) and p.core.name == "place"]
    if len(placed) < 2 or len({p.core.shape for p in placed}) > 1:
        return parts
    shape = placed[0].core.shape
    for axis in range(len(shape)):
        spans: dict[tuple[Dim, Dim], list[Part]] = {}
        for p in placed:
            items = p.core["items"] if isinstance(p.core, Apply) else ()
            if all(item == (0, d) for k, (item, d) in enumerate(zip(items, shape, strict=True)) if k != axis):
                start, many = items[axis]
                spans.setdefault((start, shapes.add(start, many)), []).append(_inside(p))
        if len({p.core for own in spans.values() for p in own}) < 2 and len(spans) < 2:
            continue  # one tensor with several scalars
        if sum(map(len, spans.values())) == len(placed) and (order := _in_a_row(list(spans))):
            blanks = [_blank(shape, axis, span) for span in order]
            rows = [outside(alike(spans[span])) if span in spans else blank for span, blank in zip(order, blanks, strict=True)]
            if any(r.shape != blank.shape for r, blank in zip(rows, blanks, strict=True)):
                continue  # something that is spread in the sum
            numbers = [as_number(r) for r in rows if r.shape == (1,)]
            if len(shape) == 1 and shape[0] == len(rows) and [n.shape for n in numbers] == [()] * len(rows):
                rows = [apply("expand_dims", n, axes=(0,)) for n in numbers]  # which are stacked
            row = apply("concatenate", *rows, axis=axis) if len(rows) > 1 else rows[0]
            if row.shape != shape:
                items = tuple((order[0][0] if k == axis else 0, d) for k, d in enumerate(row.shape))
                row = apply("place", row, items=items, shape=shape)
            return [Part(Fraction(1), (), row), *(p for p in parts if p not in placed)]
    return parts


def _inside(p: Part) -> Part:
    """What is put into zeros."""
    return p._replace(core=p.core.args[0]) if isinstance(p.core, Apply) else p


def _in_a_row(spans: list[tuple[Dim, Dim]]) -> list[tuple[Dim, Dim]]:
    """Spans one behind the other with the gaps between them; none where that cannot be told, or two overlap."""
    left = dict(spans)
    numbers = [start for start in left if isinstance(start, int)]
    first = [start for start in left if start not in left.values()] if len(numbers) < len(left) else [min(numbers)]
    if len(left) < len(spans) or len(first) != 1:
        return []  # two that begin together, or of which one cannot tell which begins
    every: list[tuple[Dim, Dim]] = []
    here = first[0]
    while left:
        if here not in left:  # a gap ends where the next begins, which can be told of numbers
            if not isinstance(here, int) or not all(isinstance(start, int) and start > here for start in left):
                return []
            here, before = min(start for start in left if isinstance(start, int)), here
            every.append((before, here))
        stop = left.pop(here)
        every.append((here, stop))
        here = stop
    return every


def _blank(shape: shapes.Shape, axis: int, span: tuple[Dim, Dim]) -> Expr:
    """Zeros along a part of an axis."""
    many = shapes.add(span[1], shapes.negative(span[0]))
    return zeros(tuple(many if k == axis else d for k, d in enumerate(shape)))


def _stretched(e: Expr, target: Places) -> Expr:
    rank = len(e.shape)
    own = target[len(target) - rank :]
    places = tuple(p if d != 1 else None for p, d in zip(own, e.shape, strict=True))
    if isinstance(e, Apply) and e.name == "neg":
        return neg(_stretched(e.args[0], target))
    if isinstance(e, Apply) and e.name == "mul" and e.args[0].shape == () and e.args[1].shape:
        return apply("mul", e.args[0], _stretched(e.args[1], target))
    if isinstance(e, Apply) and e.name == "div" and is_scalar(e.args[1].shape):
        return apply("div", _stretched(e.args[0], target), e.args[1])
    return spread(e, places, target)


def cancelled(e: Expr) -> Expr:
    """A formula in which a - p - (a - q) is q - p, tr(outer(a, b)) is a @ b, and triu(a * triu(b)) is a * triu(b).

    Sums inside sums are opened where that lets addends cancel, and nowhere else.
    """
    return rebuild(e, _cancelled, remake) if any(_nested(n) or _traced(n) or _cut_twice(n) for n in nodes(e)) else e


def _nested(e: Expr) -> bool:
    """Whether a sum has a sum in it."""
    return isinstance(e, Apply) and e.op.name == "add" and any(isinstance(a, Apply) and a.op.name == "add" for a in e.args)


def _traced(e: Expr) -> bool:
    """Whether this is the trace of an outer product."""
    return isinstance(e, Apply) and e.op.name == "tr" and isinstance(e.args[0], Apply) and e.args[0].op.name == "outer"


def _cut_twice(e: Expr) -> bool:
    """Whether this is a triangle of an entrywise product in which a factor is cut in the same way already."""
    if not (isinstance(e, Apply) and e.op.name in ("tril", "triu")):
        return False
    (up, _) = entrywise(e.args[0])
    return any(isinstance(f, Apply) and f.op is e.op and f.params == e.params and f.shape == e.shape for f in up)


def _cancelled(e: Expr) -> Expr | None:
    if isinstance(e, Apply) and _cut_twice(e):
        return e.args[0]
    if isinstance(e, Apply) and _traced(e) and isinstance(e.args[0], Apply):
        return apply("matmul", *e.args[0].args)
    if not isinstance(e, Apply) or not _nested(e):
        return None
    count: dict[Expr, int] = {}
    loose = 0
    for a, sign in zip(e.args, e["signs"], strict=True):
        inner = zip(a.args, a["signs"], strict=True) if isinstance(a, Apply) and a.name == "add" and a.shape == e.shape else [(a, 1)]
        for b, s in inner:
            count[b] = count.get(b, 0) + sign * s
            loose += 1
    kept = {b: n for b, n in count.items() if n}
    if sum(map(abs, kept.values())) == loose or any(abs(n) > 1 for n in kept.values()) or all(b.shape != e.shape for b in kept):
        return None
    ordered = [b for b, n in kept.items() if n > 0] + [b for b, n in kept.items() if n < 0]
    return add(*ordered, signs=tuple(kept[b] for b in ordered))


def upright(e: Expr, terms: list[Term]) -> Expr:
    """A formula without negative exponents; only terms that have some can bring them in."""
    return rebuild(e, _upright, remake) if any(f.power < 0 for t in terms for f in t.factors) else e


def _upright(e: Expr) -> Expr | None:
    """A power with a negative exponent that stands alone, as a quotient."""
    if isinstance(e, Apply) and e.name == "power" and e["k"] < 0:
        return apply("div", ONE, power(e.args[0], -e["k"]))
    return None


def named(terms: list[Term], free: tuple[Index, ...], context: Context) -> list[Term]:
    """The terms with definitions called by their names; terms that are alike by then are added up."""
    out = [folded(t, context) for t in terms]
    return out if out == terms else gathered(out, free, context)


def without_quotients(term: Term, free: frozenset[Index], context: Context) -> Term:
    """The term with p * (1 - a / p) written p - a, where that is shorter."""
    found = cleared(term, context)
    if found is None:
        return term
    g, f, addends = found
    e, _ = best_formula(addends, f.places, context)
    whole = next(h.power for h in term.factors if (h.base, h.places) == (g.base, g.places))
    rest = whole - f.power * g.power
    before, after = length(f.base) + length(power(g.base, abs(whole))), length(e) + (length(power(g.base, abs(rest))) if rest else 0)
    if e.shape != f.base.shape or after >= before:
        return term
    sign = 1
    if term.coefficient < 0 and isinstance(e, Apply) and e.name == "add" and e["signs"] == (1, -1):  # -(a - b) is b - a
        e, sign = add(*reversed(e.args), signs=(1, -1)), -1
    made = raised(e, f.places, f.power)
    left = [h._replace(power=rest) if (h.base, h.places) == (g.base, g.places) else h for h in term.factors]
    factors = tuple(x for h in left if h.power for x in (made.factors if h is f else (h,)))
    out = Term(sign * made.coefficient * term.coefficient, factors, term.summed | made.summed)
    return normal(out, free, context) or term._replace(coefficient=Fraction(0))


def best_formula(terms: list[Term], target: Places, context: Context, scaling: str = "broadcast") -> tuple[Expr, list[Term]]:
    """The shortest formula for a sum of terms, as it stands or multiplied out; and the terms that it was read from."""
    free = tuple(indices(target))
    plain = vanishing(simplified(terms, free, context), frozenset(free), context)
    cleaned = [without_quotients(t, frozenset(free), context) for t in added_up(plain, free, context)]
    plain = either_way(named([t for t in cleaned if t.coefficient], free, context), free, context)
    best = cancelled(upright(formula(plain, target, context, scaling), plain))
    if not any(worth_expanding(t, len(plain)) for t in plain):
        return best, plain
    loose = [expanded(t, frozenset(free), context) for t in plain]
    if all(x is not None for x in loose) and any(len(x or ()) > 1 for x in loose):
        flat = [t for x in loose if x is not None for t in x]
        if len(flat) <= WIDE:
            multiplied_out = named(added_up(simplified(flat, free, context), free, context), free, context)
            other = upright(formula(multiplied_out, target, context, scaling), multiplied_out)
            wide = any(len(f.places) > 2 and isinstance(f.base, Apply) and f.base.name == "add" for t in plain for f in t.factors)
            if shorter(other, best) or (wide and lighter(other, best)):
                return other, multiplied_out
    return best, plain
