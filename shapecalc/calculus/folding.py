"""What equals a definition, called by its name: products in index form, and parts of a formula that are written as it is."""

from __future__ import annotations

from fractions import Fraction

from shapecalc.expr import Apply, Expr, Var, nodes, rebuild
from shapecalc.forms import apply, remake
from shapecalc.indexed import Factor, Index, Places, Term, indices

from .context import Context

WIDE = 6  # factors of a product that is looked for in others


def folded(term: Term, context: Context) -> Term:
    """The term with a product that equals a definition called by its name: (X - mu) / sd is Xh."""
    for name, body in context.products_in(term):
        found = _occurrence(term, body)
        while found is not None:
            context.met.add(name.name)
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
    if len(wanted) > WIDE or not {f.base for f in wanted} <= {f.base for f in term.factors}:
        return None

    def search(k: int, names: dict[Index, Index], used: list[Fraction]) -> tuple[Places, list[Fraction]] | None:
        if k == len(wanted):
            return _placed(term, places, product, names, used)
        want = wanted[k]
        for n, have in enumerate(term.factors):
            rest = have.power - used[n]
            if have.base != want.base or rest / want.power < 1:
                continue
            more = _matched(want.places, have.places, names)
            if more is not None:
                found = search(k + 1, more, [*used[:n], used[n] + want.power, *used[n + 1 :]])
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


def _placed(
    term: Term, places: Places, product: Term, names: dict[Index, Index], used: list[Fraction]
) -> tuple[Places, list[Fraction]] | None:
    """The definition's places in the term, if its own sums are sums over nothing else there."""
    own = [p for p in places if isinstance(p, Index)]
    if any(p not in names for p in own) or len({names[i] for i in (*own, *product.summed)}) < len(own) + len(product.summed):
        return None
    inner = {names[i] for i in product.summed}
    left = {i for f, taken in zip(term.factors, used, strict=True) if f.power != taken for i in indices(f.places)}
    if not inner <= term.summed or inner & left:
        return None
    return tuple(names[p] if isinstance(p, Index) else None for p in places), used


def fold(e: Expr, context: Context) -> Expr:
    """Calls by name every part that is written exactly as a definition is."""
    if context.names is None:
        context.names = {
            leftward(body): Var(name, body.shape)
            for name, body in context.definitions.items()
            if isinstance(body, Apply) and name not in context.hidden
        }
        context.bodies = frozenset((body.op.name, body.shape) for body in context.names if isinstance(body, Apply))
    named = context.names
    if not named:
        return e
    bodies = context.bodies
    if not any(isinstance(node, Apply) and (node.op.name, node.shape) in bodies for node in nodes(e)):
        return e  # a name comes in first where no argument has changed

    def change(node: Expr) -> Expr | None:
        if not isinstance(node, Apply) or (node.op.name, node.shape) not in bodies:
            return None
        found = named.get(leftward(node))
        if found is not None:
            context.met.add(found.name)
        return found

    return rebuild(e, change, remake)


def leftward(e: Expr) -> Expr:
    """A chain of matrix products bracketed from the left, so that equal chains are equal."""
    if not (isinstance(e, Apply) and e.name == "matmul"):
        return e
    a, b = e.args
    if isinstance(b, Apply) and b.name == "matmul" and len(b.args[0].shape) == 2 and len(b.args[1].shape) <= 2 and len(a.shape) <= 2:
        return leftward(apply("matmul", apply("matmul", a, b.args[0]), b.args[1]))
    left = leftward(a)
    return e if left is a else apply("matmul", left, b)
