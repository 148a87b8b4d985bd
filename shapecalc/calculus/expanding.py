"""Multiplying sums out where that lets terms cancel."""

from __future__ import annotations

from shapecalc.expr import Apply, Var, occurs, variables
from shapecalc.indexed import Factor, Index, Term, indices

from .context import Context
from .factoring import WIDE
from .lowering import lower
from .simplify import normal, simplified


def expanded(term: Term, free: frozenset[Index], context: Context, budget: int = WIDE, only: Var | None = None) -> list[Term] | None:
    """The term with its sums multiplied out, cancelling as it goes; None where there are too many. ``only``: sums that hold this."""
    out, changed = [term], True
    while changed:
        changed = False
        for n, t in enumerate(out):
            f = next(
                (
                    f
                    for f in t.factors
                    if f.power == 1 and isinstance(f.base, Apply) and f.base.name == "add" and (only is None or occurs(only, f.base))
                ),
                None,
            )
            if f is None:
                continue
            assert isinstance(f.base, Apply)
            rest = Term(t.coefficient, tuple(g for g in t.factors if g is not f), t.summed)
            made = [m for addend in addends(f) if (m := normal(rest.times(addend), free, context)) is not None]
            if len(out) + len(made) > budget:
                return None
            out[n : n + 1] = made
            changed = True
            break
    return out


def addends(f: Factor, context: Context | None = None) -> list[Term]:
    """The terms of a factor that is a sum; with a context, addends that are definitions are written out."""
    assert isinstance(f.base, Apply)
    out = []
    for arg, sign in zip(f.base.args, f.base["signs"], strict=True):
        if context is not None and isinstance(arg, Var) and arg.name in context.definitions:
            context.asked = True
            arg = context.definitions[arg.name]
        own = f.places[len(f.places) - len(arg.shape) :]
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
    """Whether multiplying out could make a term shorter.

    Where a sum stands beside other terms, holds a name of another factor, or has three axes: X[:, None] - Y needs them, X and Y do not.
    """
    sums_ = [f for f in term.factors if isinstance(f.base, Apply) and f.base.name == "add" and f.power == 1]
    if not sums_ or among > 1:
        return bool(sums_)
    for f in sums_:
        inside = set(variables(f.base))
        if len(f.places) > 2 or any(g is not f and inside & set(variables(g.base)) for g in term.factors):
            return True
    return False
