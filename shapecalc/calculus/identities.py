"""What factors of a term are together.

exp(u) / (1 + exp(u)) is sigmoid(u), exp(u) over its sum softmax(u), sinh(u) / cosh(u) is tanh(u), a**(k - 1) * a is a**k,
relu(u) * (u > 0) is relu(u), abs(u) * sign(u) is u, and n * mean(u) below a line is sum(u).
"""

from __future__ import annotations

from fractions import Fraction

from shapecalc.expr import ONE, ZERO, Apply, Expr, Lit, Var
from shapecalc.forms import add, apply, mul, neg
from shapecalc.indexed import Factor, Term
from shapecalc.ops.reducing import axes_of

from .context import Context

QUOTIENTS = {"cosh": ("sinh", "tanh"), "cos": ("sin", "tan")}
FIRST = frozenset({"add", "sum", "mean", "pow", "greater", "sign", "abs", *QUOTIENTS})


def combined(term: Term, context: Context) -> Term | None:
    """The first of these that is found."""
    for f in term.factors:
        e = f.base
        if not isinstance(e, Apply) or e.name not in FIRST:
            continue
        if e.name == "pow":
            found = _power(term, f, e)
        elif e.name == "greater":
            found = _masked(term, f, e, context)
        elif e.name in ("sign", "abs"):
            found = _magnitude(term, f, e)
        elif e.name == "mean":
            found = _total(term, f, e)
        elif e.name == "add" and (opposed := _opposed(term, f, e)) is not None:
            found = opposed
        elif f.power != -1:
            continue
        elif e.name in QUOTIENTS:
            found = _quotient(term, f, e)
        else:
            found = _logistic(term, f, e, context) if e.name == "add" else _softmax(term, f, e, context)
        if found is not None:
            return found
    return None


def _without(term: Term, gone: tuple[Factor | None, ...], made: Factor) -> Term:
    kept = []
    for g in term.factors:
        if g is gone[0]:
            kept.append(made)
        elif all(g is not x for x in gone):
            kept.append(g)
    return term._replace(factors=tuple(kept))


def unsigned(e: Expr) -> Expr | None:
    """u where e is written -u, the sign standing first; else None."""
    if not isinstance(e, Apply):
        return None
    if e.name == "neg":
        return e.args[0]
    if e.name in ("mul", "div", "matmul"):
        first = unsigned(e.args[0])
        return None if first is None else apply(e.name, first, e.args[1])
    return None


def _logistic(term: Term, f: Factor, e: Apply, context: Context) -> Term | None:
    """exp(u) / (1 + exp(u)) = sigmoid(u), and 1 / (1 + exp(-u)) = sigmoid(u)."""
    if set(e["signs"]) != {1} or len(e.args) != 2 or ONE not in e.args:
        return None
    grown = next((a for a in e.args if isinstance(a, Apply) and a.name == "exp"), None)
    if grown is None:
        return None
    (u,) = grown.args
    above = next((g for g in term.factors if g.base == grown and g.places == f.places and g.power == 1), None)
    plus = unsigned(u)
    if above is None and plus is None:
        return None
    made = apply("sigmoid", u) if above is not None or plus is None else apply("sigmoid", plus)
    if above is not None and plus is not None and (known := apply("sigmoid", plus)) in context.definitions.values():
        made = apply("add", ONE, known, signs=(1, -1))  # which has a name
    return _without(term, (f, above), Factor(made, f.places))


def _quotient(term: Term, f: Factor, e: Apply) -> Term | None:
    """sinh(u) / cosh(u) is tanh(u), sin(u) / cos(u) is tan(u)."""
    above, whole = QUOTIENTS[e.name]
    upper = apply(above, *e.args)
    g = next((g for g in term.factors if g.base == upper and g.places == f.places and g.power == 1), None)
    return None if g is None else _without(term, (g, f), Factor(apply(whole, *e.args), f.places))


def _magnitude(term: Term, f: Factor, e: Apply) -> Term | None:
    """abs(u) to an even power is u to that power, abs(u) * sign(u) is u, u * sign(u) is abs(u), and sign(u) / abs(u) is 1 / u."""
    (u,) = e.args
    if e.name == "abs":
        return _without(term, (f,), Factor(u, f.places, f.power)) if f.power.denominator == 1 and f.power % 2 == 0 else None
    size = apply("abs", u)
    beside = (g for g in term.factors if g.base in (size, u) and g.places == f.places)
    g = next((g for g in beside if g.power >= 1 or (g.base == size and g.power <= -1)), None)
    if g is None or f.power != 1:
        return None
    step = Fraction(1 if g.power > 0 else -1)
    made = Factor(u if g.base == size else size, f.places, step)
    left = tuple(g._replace(power=g.power - step) if h is g else made if h is f else h for h in term.factors)
    return term._replace(factors=tuple(h for h in left if h.power))


def _opposed(term: Term, f: Factor, e: Apply) -> Term | None:
    """a - b beside b - a is -(b - a): (1 - a) / (a - 1) is -1."""
    own = dict(zip(e.args, e["signs"], strict=True))
    for g in term.factors:
        h = g.base
        if h == e or not isinstance(h, Apply) or h.name != "add" or g.places != f.places or g.power.denominator > 1:
            continue
        if len(own) == len(h.args) == len(e.args) and own == dict(zip(h.args, (-s for s in h["signs"]), strict=True)):
            out = _without(term, (g,), g._replace(base=e))
            return out._replace(coefficient=-out.coefficient if g.power % 2 else out.coefficient)
    return None


def _total(term: Term, f: Factor, e: Apply) -> Term | None:
    """n * mean(u), both below a line, is sum(u)."""
    (u,) = e.args
    if f.power.denominator > 1:
        return None  # sqrt(n) would be left of n
    left = list(term.factors)
    for size in (Lit(d) for k, d in enumerate(u.shape) if k in axes_of({"axis": e["axis"]}, len(u.shape))):
        n = next((k for k, g in enumerate(left) if g.base == size and g.power * f.power > 0 and abs(g.power) >= abs(f.power)), None)
        if n is None:
            return None
        left[n] = left[n]._replace(power=left[n].power - f.power)
    made = f._replace(base=apply("sum", u, axis=e["axis"], keepdims=e["keepdims"]))
    return term._replace(factors=tuple(made if g is f else g for g in left if g.power))


def _masked(term: Term, f: Factor, e: Apply, context: Context) -> Term | None:
    """A mask beside what is 0 outside it anyway: relu(u) * (u > 0), maximum(0, u) * (u > 0), or a name for one of these."""
    if e.args[1] != ZERO:
        return None
    u = e.args[0]
    clipped = (apply("relu", u), apply("maximum", ZERO, u), apply("maximum", u, ZERO))
    for g in term.factors:
        base = context.definitions.get(g.base.name, g.base) if isinstance(g.base, Var) else g.base
        if base in clipped and g.places == f.places and g.power > 0:
            return term._replace(factors=tuple(h for h in term.factors if h is not f))
    return None


def _softmax(term: Term, f: Factor, e: Apply, context: Context) -> Term | None:
    """exp(u) / sum(exp(u), axis=k) = softmax(u, axis=k), unless the user has a name for the exponentials or their sum."""
    (grown,) = e.args
    if not isinstance(grown, Apply) or grown.name != "exp":
        return None
    rank = len(grown.shape)
    axis = 0 if e["axis"] is None and rank == 1 else e["axis"]
    if not isinstance(axis, int) or any(n in (e, grown) for n in context.definitions.values()):
        return None
    axis %= rank
    for g in term.factors:
        rest = tuple(None if k == axis else p for k, p in enumerate(g.places))
        own = rest if e["keepdims"] else tuple(p for k, p in enumerate(g.places) if k != axis)
        if g.base == grown and g.power == 1 and own == f.places:
            made = apply("softmax", grown.args[0], axis=-1 if axis == rank - 1 else axis)
            return None if _named(grown, context) else _without(term, (g, f), Factor(made, g.places))
    return None


def _named(grown: Expr, context: Context) -> bool:
    """Whether a definition is this quotient already, and so has a name for it."""
    context.asked = True
    bodies = (b for b in context.definitions.values() if isinstance(b, Apply) and b.name == "div")
    return any(b.args[0] == grown for b in bodies)


def _power(term: Term, f: Factor, e: Apply) -> Term | None:
    """a**e * a**n = a**(e + n), for a number n or another power: what the rule for a power leaves, k * a**(k - 1) * a, is k * a**k."""
    if f.power not in (1, -1):
        return None
    base, exponent = e.args
    if len(base.shape) != len(e.shape):
        return None
    for g in term.factors:
        if g is f or g.power.denominator != 1:
            continue
        own = g.base
        if own == base and g.places == f.places[len(f.places) - len(base.shape) :]:
            total = _plus(_signed(exponent, f.power), g.power)
        elif isinstance(own, Apply) and own.name == "pow" and own.args[0] == base and own.shape == e.shape and g.places == f.places:
            if g.power not in (1, -1):
                continue
            total = _joined(_signed(exponent, f.power), _signed(own.args[1], g.power))
        else:
            continue
        made = Factor(base, f.places, total.value) if isinstance(total, Lit) and isinstance(total.value, Fraction) else None
        return _without(term, (f, g), made or Factor(apply("pow", base, total), f.places))
    return None


def _signed(e: Expr, sign: Fraction) -> Expr:
    return e if sign == 1 else neg(e)


def _joined(a: Expr, b: Expr) -> Expr:
    """The sum of two exponents, what stands in both with opposite signs left out."""
    count: dict[Expr, Fraction] = {}
    todo = [(a, Fraction(1)), (b, Fraction(1))]
    for e, sign in todo:
        if isinstance(e, Apply) and e.name == "neg":
            todo.append((e.args[0], -sign))
        elif isinstance(e, Apply) and e.name == "add":
            todo += [(x, sign * s) for x, s in zip(e.args, e["signs"], strict=True)]
        elif isinstance(e, Lit) and isinstance(e.value, Fraction):
            count[ONE] = count.get(ONE, Fraction(0)) + sign * e.value
        else:
            count[e] = count.get(e, Fraction(0)) + sign
    number = count.pop(ONE, Fraction(0))
    terms = [(mul(Lit(abs(n)), e), 1 if n > 0 else -1) for e, n in count.items() if n]
    terms += [(Lit(abs(number)), 1 if number > 0 else -1)] if number and terms else []
    return add(*(e for e, _ in terms), signs=tuple(s for _, s in terms)) if terms else Lit(number)


def _plus(e: Expr, n: Fraction) -> Expr:
    """e + n, the number joined with one that e ends with."""
    if isinstance(e, Apply) and e.name == "add" and isinstance(last := e.args[-1], Lit) and isinstance(last.value, Fraction):
        n += last.value * e["signs"][-1]
        rest, signs = e.args[:-1], e["signs"][:-1]
        e = add(*rest, signs=signs)
    if n == 0:
        return e
    return add(e, Lit(abs(n)), signs=(1, 1 if n > 0 else -1))
