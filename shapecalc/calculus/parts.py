"""A term ready to be written: number, scalars, core; and how parts are added up."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from shapecalc.expr import ONE, Apply, Expr, Lit, Var, variables
from shapecalc.forms import add, apply, mul, neg, power
from shapecalc.indexed import Factor, Places, Term, indices
from shapecalc.notation import text
from shapecalc.numerals import number
from shapecalc.shapes import is_scalar, total

from .context import Context, symmetric
from .folding import leftward
from .lowering import lower
from .pieces import Even, single
from .recognise import pieces, read, read_scalar


class Part(NamedTuple):
    """number · scalars · core: one term, ready to be written."""

    number: Fraction
    scalars: tuple[tuple[Expr, Fraction], ...]
    core: Expr


def length(e: Expr) -> int:
    """How long a formula is to read."""
    return len(text(e).replace(" ", ""))


def shorter(other: Expr, best: Expr) -> bool:
    """Whether a formula with its sums multiplied out is worth losing the sums that the user wrote: a quarter less to read."""
    before, after = names_in(best), names_in(other)
    return (4 * after <= 3 * before and length(other) <= length(best)) or (after <= before and 4 * length(other) <= 3 * length(best))


def lighter(other: Expr, best: Expr) -> bool:
    """Whether a formula with its sums multiplied out does without axes put in: R.T @ X, not sum(R[:, :, None] * X[:, None], axis=0)."""
    return length(other) < length(best) and 3 * burden(other) <= 2 * burden(best)


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
    even = Even([f.base for f in term.factors if len(f.places) == 2 and f.power == 1 and symmetric(f.base, context)])
    scalars: dict[Expr, Fraction] = {}
    rest: list[Factor] = []
    for piece in pieces(term.factors):
        if not all(free.isdisjoint(indices(f.places)) for f in piece) or (target and not free and any(f.places for f in piece)):
            rest.extend(piece)
        elif len(piece) == 1 and not list(indices(piece[0].places)):
            base, places, k = piece[0]
            base = _flat(base) if len(target) < len(places) else base
            scalars[base] = scalars.get(base, Fraction(0)) + k
        else:
            found = read_scalar(piece, len(target), even)
            for e in even.relied_on(found):
                context.note(e, "symmetric")
            scalars[found] = scalars.get(found, Fraction(0)) + 1
    if len(scalars) > 1:
        scalars = named_scalars(_opened(scalars), target, context)
    order = {id(f): k for k, f in enumerate(term.factors)}
    rest.sort(key=lambda f: order[id(f)])
    core = read(rest, target, scaling, even).e
    for e in even.relied_on(core):
        context.note(e, "symmetric")
    # what is divided by may have been found as a factor as well: sum(M)/sum(M)
    return Part(term.coefficient, tuple([(e, k) for e, k in scalars.items() if k]), core)


def _opened(scalars: dict[Expr, Fraction]) -> dict[Expr, Fraction]:
    """Scalars with a product to a whole power as its factors where one of them is above and below: v / (u*v)**1.5 is 1 / (u*sqrt(u*v))."""
    known = {leftward(e): e for e in scalars}
    for e, k in scalars.items():
        own = [known.get(a := leftward(b), a) for b in e.args] if isinstance(e, Apply) and e.name == "mul" and abs(k) >= 1 else []
        if any(scalars.get(a, Fraction(0)) * k < 0 for a in own):
            out, whole = dict(scalars), Fraction(int(k))
            for a in (e, *own):
                out[a] = out.get(a, Fraction(0)) + (-whole if a is e else whole)
            return _opened({a: n for a, n in out.items() if n})
    return scalars


def named_scalars(scalars: dict[Expr, Fraction], target: Places, context: Context) -> dict[Expr, Fraction]:
    """Scalars that together equal a scalar definition, called by its name."""
    for name, own in scalar_definitions(context):
        if all(own[e] * scalars.get(e, Fraction(0)) >= own[e] ** 2 for e in own):
            context.met.add(name.name)
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
                context.loose |= not variables(body).keys() <= {n for e, _ in part.scalars for n in variables(e)}
    return context.scalars


def _flat(e: Expr) -> Expr:
    """A (1, 1) value as a scalar where the result has no axes to broadcast it along."""
    axes = tuple(range(len(e.shape)))
    return apply("squeeze", e, axes=axes) if e.shape and (single(e, axes) or isinstance(e, Var)) else apply("sum", e) if e.shape else e


def written(part: Part) -> Expr:
    """number * scalars * core / denominators; the sign of the number is kept in the number."""
    up: list[Expr] = []
    down: list[Expr] = []
    for s, k in part.scalars:
        (up if k > 0 else down).append(power(s, abs(k)))
    top, bottom = part.number.numerator, part.number.denominator
    decimal = number(abs(part.number))[0]
    if bottom > 1 and "/" not in decimal and len(decimal) < len(f"{abs(top)}/{bottom}") - 2 * (abs(top) == 1):
        return _times(part.number, written(part._replace(number=Fraction(1))))  # 0.134145*x, not 26829*x/200000
    e = part.core
    if isinstance(e, Apply) and ((e.name == "div" and e.args[0] == ONE) or (e.name == "power" and e["k"] < 0)):
        down.append(e.args[1] if e.name == "div" else power(e.args[0], -e["k"]))
        e = ONE
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
    under.sort(key=lambda s: not (isinstance(s, Lit) and isinstance(s.value, Fraction)))  # numbers first
    below = under[0]
    for s in under[1:]:
        below = mul(below, s)
    return as_mean(apply("div", e, below))


def _times(factor: Fraction, e: Expr) -> Expr:
    """A decimal before a formula."""
    return Lit(factor) if e == ONE else mul(Lit(factor), e) if factor > 0 else neg(mul(Lit(-factor), e))


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
    from shapecalc.shapes import multiply

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
    if isinstance(e, Apply) and e.name == "power" and e["k"] in (2, 3):
        return list(e.args) * int(e["k"]), []
    return ([] if e == ONE else [e]), []


def multiplied(up: list[Expr], down: list[Expr]) -> Expr:
    """An entrywise product over another."""
    e = _row(up)
    return apply("div", e, _row(down)) if down else e


def _row(factors: list[Expr]) -> Expr:
    """An entrywise product, equal factors as a power."""
    e: Expr = ONE
    for f in dict.fromkeys(factors):
        e = mul(e, power(f, factors.count(f)))
    return e
