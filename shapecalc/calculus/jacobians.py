"""Jacobians and Hessians: the same reverse pass with a seed that has indices of its own."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from shapecalc.errors import TooLarge
from shapecalc.expr import Apply, Expr, Var
from shapecalc.forms import apply
from shapecalc.indexed import Factor, Index, Place, Places, Term, fresh, indices, renamed
from shapecalc.language.problem import Problem
from shapecalc.shapes import Shape, is_scalar, total

from .collect import best_formula
from .context import Context
from .folding import fold
from .gradients import Backward, backward, dependents
from .reverse import Reverse, onto
from .simplify import simplified
from .structures import bare, declared

MOST_TERMS, MOST_FACTORS = 500, 250  # products that are added up, factors of one: nobody reads more, and it takes seconds
LONGEST = 20_000  # names and operations in one


@dataclass(slots=True)
class Jacobian:
    """The derivative of one tensor by another: its terms, the places of both, and the formula in a layout."""

    of: str
    wrt: str
    out: Places
    own: Places
    terms: list[Term]
    context: Context
    shape_of: Shape
    shape_wrt: Shape

    def target(self, layout: str, vec: bool) -> Places:
        """The order of the axes; axes that are the number 1 are absent."""
        out, own = _kept(self.out), _kept(self.own)
        if vec:
            parts = [_stacked(p) for p in ((out, own) if layout == "numerator" else (own, out))]
            return tuple(p for p in parts if p is not None)
        if not own:
            return self.out[::-1] if layout == "denominator" and len(self.out) == 2 else self.out
        if not out:
            return self.own[::-1] if layout == "numerator" and len(self.own) == 2 else self.own
        return out + own if layout == "numerator" else own + out

    def formula(self, layout: str = "numerator", vec: bool = False) -> Expr:
        """The formula with its axes in the order of the layout."""
        target = self.target(layout, vec)
        found, _ = best_formula(self.terms, target, self.context, "diag")
        return fold(found, self.context)

    def times(self, vector: Var) -> Expr:
        """The Jacobian-vector product: the change of `of` along a direction of wrt's shape, without the Jacobian itself."""
        along = Factor(vector, self.own)
        gone = frozenset(indices(self.own))
        terms = [t._replace(factors=(*t.factors, along), summed=t.summed | gone) for t in self.terms]
        found, _ = best_formula(terms, self.out, self.context)
        return fold(found, self.context)


def _kept(places: Places) -> Places:
    return tuple(p for p in places if p is not None)


def _stacked(places: Places) -> Place:
    """Axes run together column by column."""
    out = tuple(indices(reversed(places)))
    return out[0] if len(out) == 1 else out or None


def jacobian(problem: Problem, of: str, wrt: str) -> Jacobian:
    """d of / d wrt, of a definition by a name that it depends on."""
    return _run(problem, of, problem.definitions[of], wrt)


def _run(problem: Problem, of: str, body: Expr, wrt: str) -> Jacobian:
    live = dependents(problem, [wrt])
    context = Context(problem.definitions)
    shape = body.shape
    out, inner = fresh(shape), fresh(shape)
    deltas = tuple(
        Factor(apply("eye", n=p.dim), (p, q)) for p, q in zip(out, inner, strict=True) if isinstance(p, Index) and isinstance(q, Index)
    )
    found: dict[str, tuple[Places, list[Term]]] = {}

    def sink(v: Var, places: Places, terms: list[Term], _: object = ()) -> None:
        own, known = found.setdefault(v.name, (fresh(v.shape), []))
        known.extend(onto(t, places, own) for t in terms)
        if len(known) > MOST_TERMS or any(len(t.factors) > MOST_FACTORS or sum(f.base.weight for f in t.factors) > LONGEST for t in terms):
            raise TooLarge(
                f"on the way to {wrt} the derivative has more than {MOST_TERMS} products, or in one more than {MOST_FACTORS} factors or "
                f"{LONGEST:,} names; give a name to a part of it, and take the derivative of that"
            )

    if of == wrt:
        sink(Var(wrt, shape), inner, [Term(Fraction(1), deltas)])
    else:
        Reverse(context, live, sink).run(body, inner, [Term(Fraction(1), deltas)])
    names = list(problem.definitions)
    start = names.index(of) if of in names else len(names)
    for name in reversed(names[:start]):
        if name in found and name in live and name != wrt:
            places, terms = found.pop(name)
            keep = (*indices(out), *indices(places))
            Reverse(context, live, sink, Var(name, problem.definitions[name].shape)).run(
                problem.definitions[name], places, simplified(terms, keep, context)
            )
    variable = problem.variable(wrt)
    own, terms = found.get(wrt, (fresh(variable.shape), []))
    out, terms = opened(out, terms)
    return Jacobian(of, wrt, out, own, terms, context, shape, variable.shape)


def opened(out: Places, terms: list[Term]) -> tuple[Places, list[Term]]:
    """Where the result's axis was joined from several (vec, reshape): the axis as those several."""
    names: dict[Index, tuple[Index, ...]] = {}
    made = []
    for t in terms:
        moves: dict[Index, Place] = {}
        for f in t.factors:
            if isinstance(f.base, Apply) and f.base.name == "eye":
                for one, many in (f.places, f.places[::-1]):
                    if isinstance(one, Index) and one in out and isinstance(many, tuple):
                        moves[one] = names.setdefault(one, tuple(Index(i.dim) for i in many))
        made.append(renamed(t, moves))
    return tuple(names.get(p, p) if isinstance(p, Index) else p for p in out), made


def hessian(problem: Problem, wrt: str, wrt2: str | None = None) -> tuple[Jacobian, Backward]:
    """The second derivative of the scalar loss: the Jacobian of its gradient by wrt, by wrt2.

    What is declared of the two may be used only when both derivatives are taken: the first is that of free entries.
    """
    free = problem
    for name in {wrt, wrt2 or wrt} & set(problem.declared):
        free = bare(free, name)
    first = backward(free, [wrt])
    gradient = declared(first.expanded(wrt), problem)
    found = _run(problem, "", gradient, wrt2 or wrt)
    found.context.hidden = frozenset({problem.loss}) if problem.loss else frozenset()
    return found, first


__all__ = ["Apply", "Jacobian", "hessian", "is_scalar", "jacobian", "total"]
