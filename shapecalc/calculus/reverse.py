"""Reverse accumulation in index form: the incoming gradient of one definition pulled back to the variables in it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from shapecalc.errors import NotDifferentiable, NotKnownYet
from shapecalc.expr import ZERO, Apply, Expr, Lit, Var, nodes
from shapecalc.forms import apply
from shapecalc.indexed import Factor, Index, Place, Places, Term, fresh, in_order, indices, refreshed, renamed
from shapecalc.op import Signature
from shapecalc.ops.multilinear import aligned
from shapecalc.shapes import Dim

from .collect import best_formula
from .context import Context
from .expanding import expanded
from .lowering import Bound, Opaque, lower, raised, terms_of
from .moving import Link, moving
from .sides import against_zero
from .texts import pull_back, slope, spectral


class Lost(NamedTuple):
    """An axis that an argument lacks, because it was broadcast along it: its size, where it stands in the tensor, and that one's rank."""

    dim: Dim
    axis: int
    rank: int
    kept: bool


Sink = Callable[[Var, Places, list[Term], tuple[Lost, ...]], None]


CROWD = 4  # terms above which an incoming gradient is written as one formula before it goes on


class Reverse:
    """Pulls gradients back through one formula. ``active`` are the variables whose gradient is asked for."""

    def __init__(self, context: Context, active: frozenset[str], sink: Sink, result: Expr | None = None, root: Expr | None = None) -> None:
        self.context = context
        self.active = active
        self.sink = sink
        self.result = result
        self.root = root
        self.live: set[Expr] = set()
        self.lost: tuple[Lost, ...] = ()

    def run(self, e: Expr, places: Places, terms: list[Term]) -> None:
        """Pulls the terms, free in places, back through e."""
        for node in nodes(e):
            if (isinstance(node, Var) and node.name in self.active) or (isinstance(node, Apply) and any(a in self.live for a in node.args)):
                self.live.add(node)
        self.root = e
        if e in self.live:
            self.pull(e, places, terms)

    def pull(self, e: Expr, places: Places, terms: list[Term]) -> None:
        """One node: its incoming gradient is handed on to its arguments."""
        if not terms:
            return
        if isinstance(e, Var):
            if any(isinstance(p, tuple) for p in places):
                places, terms = self.collapsed(e, places, terms)
            self.sink(e, places, terms, self.lost)
            return
        if isinstance(e, Lit):
            return
        if len(terms) > CROWD or any(isinstance(p, tuple) for p in places):
            places, terms = self.collapsed(e, places, terms)
        if e.name == "add":
            self.through_sum(e, places, terms)
            return
        signature = e.signature
        if signature is not None:
            self.through_product(e, signature, places, terms)
        elif e.name in ("power", "sqrt"):
            self.through_power(e, places, terms)
        elif e.op.family in ("pointwise", "undefined"):
            self.through_pointwise(e, places, terms)
        else:
            self.through_structured(e, places, terms)

    def collapsed(self, e: Expr, places: Places, terms: list[Term]) -> tuple[Places, list[Term]]:
        """The incoming gradient as one formula, with plain indices."""
        extra = tuple(dict.fromkeys(i for t in terms for i in _free(t) if i not in set(indices(places))))
        written, _ = best_formula(terms, (*extra, *places), self.context)
        new = fresh(e.shape)
        return new, [lower(written, (*extra, *new))] if not _is_sum(written) else [Term(Fraction(1), (Factor(written, (*extra, *new)),))]

    def stretched(self, e: Apply, places: Places, terms: list[Term], sign: int | None = None) -> list[tuple[Expr, Places, list[Term]]]:
        """For an operation that broadcasts: each argument with its places, and the terms summed over what it lacks."""
        inputs, out, _ = aligned(tuple(a.shape for a in e.args))
        names = dict(zip(out, places, strict=True))
        result = []
        for arg, axes in zip(e.args, inputs, strict=True):
            own = tuple(None if x is None else names[x] for x in axes)
            gone = frozenset(indices(places)) - frozenset(indices(own))
            result.append((arg, own, [t._replace(summed=t.summed | gone) for t in terms]))
        return result

    def onward(self, arg: Expr, own: Places, terms: list[Term], places: Places) -> None:
        """Goes on to an argument, remembering the axes along which it was broadcast."""
        before, have = self.lost, set(indices(own))
        rank = len(places)
        gone = tuple(Lost(p.dim, k, rank, len(arg.shape) == rank) for k, p in enumerate(places) if isinstance(p, Index) and p not in have)
        self.lost = before + gone
        self.pull(arg, own, terms)
        self.lost = before

    def through_sum(self, e: Apply, places: Places, terms: list[Term]) -> None:
        """A sum hands its gradient on, with its sign; a broadcast addend gets the sum over the axes that it lacks."""
        for (arg, own, part), sign in zip(self.stretched(e, places, terms), e["signs"], strict=True):
            if arg in self.live:
                self.onward(arg, own, [_copied(t, own)._replace(coefficient=sign * t.coefficient) for t in part], places)

    def through_product(self, e: Apply, signature: Signature, places: Places, terms: list[Term]) -> None:
        """A product of indexed factors: each gets the gradient times the others, summed over what it lacks."""
        for k, arg in enumerate(e.args):
            if arg in self.live:
                own, made = self.one_factor(e, signature, k, places, terms)
                if e.name in ("mul", "div", "broadcast_to"):
                    self.onward(arg, own, made, places)
                else:
                    self.pull(arg, own, made)

    def one_factor(self, e: Apply, signature: Signature, k: int, places: Places, terms: list[Term]) -> tuple[Places, list[Term]]:
        """The gradient of one argument of a product."""
        try:
            bound = Bound(signature, places)
        except Opaque:
            places, terms = self.collapsed(e, places, terms)
            bound = Bound(signature, places)
        powers = signature.powers or (1,) * len(e.args)
        own, deltas = _distinct(bound.places(signature.inputs[k]))
        rest = Term(Fraction(signature.sign), tuple(bound.deltas) + deltas)
        for n, (arg, axes) in enumerate(zip(e.args, signature.inputs, strict=True)):
            power = Fraction(powers[n]) if n != k else Fraction(powers[n] - 1)
            if power and n == k:
                # d(1/a) = -1/a², in the argument's own places
                rest = rest.times(raised(arg, bound.places(axes), power))
            elif n != k:
                rest = rest.times(lower(arg, bound.places(axes)) if power == 1 else raised(arg, bound.places(axes), power))
        rest = rest._replace(coefficient=rest.coefficient * powers[k])
        for dim in signature.over:
            rest = rest.times(raised(Lit(dim), (), Fraction(-1)) if isinstance(dim, str) else Term(Fraction(1, dim), ()))
        every = frozenset(bound.names.values()) | frozenset(i for p in bound.split.values() for i in p) | frozenset(indices(own))
        every |= frozenset(i for i in indices(places) if i not in bound.split)
        gone = every - frozenset(indices(own))
        out = []
        for t in terms:
            t = renamed(t, dict(bound.split))
            out.append(_copied(t.times(rest)._replace(summed=t.summed | rest.summed | gone), own))
        return own, out

    def through_power(self, e: Apply, places: Places, terms: list[Term]) -> None:
        """x**k: k x**(k-1); a root that has a name is used by its name."""
        (x,) = e.args
        named = self.result if e is self.root else None
        if e.name == "sqrt":
            k = Fraction(1, 2)
            factor = raised(named, places, Fraction(-1)) if named is not None else raised(x, places, Fraction(-1, 2))
        else:
            k = e["k"]
            factor = raised(x, places, k - 1)
        self.pull(x, places, [_copied(t.times(factor)._replace(coefficient=t.coefficient * factor.coefficient * k), places) for t in terms])

    def through_pointwise(self, e: Apply, places: Places, terms: list[Term]) -> None:
        """A function of each entry: the gradient times the slope, entry by entry."""
        named = self.result if e is self.root else None
        for n, (arg, own, _) in enumerate(self.stretched(e, places, terms)):
            if arg not in self.live:
                continue
            found = slope(e, n, named)
            found = against_zero(found, self.context) if found is not None else None
            if found is None or found == ZERO or (isinstance(found, Apply) and found.name == "zeros"):
                continue
            axes = places[len(places) - len(found.shape) :]
            factor = lower(found, tuple(None if d == 1 else p for p, d in zip(axes, found.shape, strict=True)))
            gone = frozenset(indices(places)) - frozenset(indices(own))
            self.onward(arg, own, [_copied((m := t.times(factor))._replace(summed=m.summed | gone), own) for t in terms], places)

    def through_structured(self, e: Apply, places: Places, terms: list[Term]) -> None:
        """An operation with a pull-back of its own, which takes the incoming gradient as a formula."""
        if any(i not in set(indices(places)) for t in terms for i in _free(t)):
            self.through_linearly(e, places, terms)
            return
        outside, terms = scalars_apart(terms)
        incoming, _ = best_formula(terms, places, self.context)
        if incoming.shape != e.shape:
            incoming = apply("broadcast_to", incoming, shape=e.shape)
        named = self.result if e is self.root else None
        for n, arg in enumerate(e.args):
            if arg in self.live:
                back = pull_back(e, n, incoming, named) if not e.op.spectral else spectral(e, incoming, named)
                own = fresh(arg.shape)
                self.pull(arg, own, [t.times(outside) for t in terms_of(back, own)])

    def through_linearly(self, e: Apply, places: Places, terms: list[Term]) -> None:
        """The same where the gradient has axes of its own (a Jacobian): the pull-back is read in index form, linear in dy."""
        incoming = Var("dy", e.shape)
        named = self.result if e is self.root else None
        for n, arg in enumerate(e.args):
            if arg not in self.live:
                continue
            own = fresh(arg.shape)
            link = moving(e, n, places, own)
            if link is not None:
                self.pull(arg, own, [self.through_matrices(link, own, t) for t in terms])
                continue
            made = []
            for t in terms_of(pull_back(e, n, incoming, named), own):
                loose = expanded(t, frozenset(indices(own)), self.context, 64, incoming)
                for part in loose or [t]:
                    hits = [f for f in part.factors if f.base == incoming]
                    if len(hits) != 1 or hits[0].power != 1:
                        raise NotKnownYet(f"the derivative of {e.name} with respect to a tensor, entry by entry, is not in the rule book")
                    rest = part._replace(factors=tuple(f for f in part.factors if f is not hits[0]))
                    made.extend(self.replaced(rest, hits[0].places, places, terms, own))
            self.pull(arg, own, made)

    @staticmethod
    def through_matrices(link: Link, own: Places, t: Term) -> Term:
        """An operation that moves entries along axes, by tensors of zeros and ones."""
        out = renamed(t.times(Term(Fraction(1), link.factors)), link.names)
        return _copied(out._replace(summed=out.summed | link.gone), own)

    @staticmethod
    def replaced(rest: Term, at: Places, places: Places, terms: list[Term], own: Places) -> list[Term]:
        """A term with the incoming gradient's terms in the place of dy."""
        names = {p: q for p, q in zip(places, at, strict=True) if isinstance(p, Index)}
        return [_copied(rest.times(renamed(refreshed(t), names)), own) for t in terms]


def _free(t: Term) -> list[Index]:
    return [i for f in t.factors for i in indices(f.places) if i not in t.summed]


def scalars_apart(terms: list[Term]) -> tuple[Term, list[Term]]:
    """The number and the scalars of a single term apart from the rest: a pull-back is linear, so that they stay outside."""
    if len(terms) != 1:
        return Term(Fraction(1), ()), terms
    (t,) = terms
    scalars = tuple(f for f in t.factors if not f.places)
    rest = tuple(f for f in t.factors if f.places)
    if not rest:
        return Term(Fraction(1), ()), terms
    return Term(t.coefficient, scalars), [Term(Fraction(1), rest, t.summed)]


def _is_sum(e: Expr) -> bool:
    return isinstance(e, Apply) and e.name == "add"


def _distinct(places: Places) -> tuple[Places, tuple[Factor, ...]]:
    """Places without a repetition: the second time an index stands there, a delta and a new index."""
    seen: set[Index] = set()
    out: list[Place] = []
    deltas = []
    for p in places:
        if isinstance(p, Index) and p in seen:
            new = Index(p.dim)
            deltas.append(Factor(apply("eye", n=p.dim), (p, new)))
            out.append(new)
        else:
            seen.update(indices((p,)))
            out.append(p)
    return tuple(out), tuple(deltas)


def _copied(t: Term, own: Places) -> Term:
    """The term with summed indices of its own, so that terms that came from one incoming gradient never share any."""
    keep = set(indices(own))
    return renamed(t, {i: Index(i.dim) for i in in_order(t.summed) if i not in keep})


def onto(t: Term, places: Places, own: Places) -> Term:
    """A contribution in the places of the name's own gradient."""
    names = {}
    for p, q in zip(places, own, strict=True):
        if isinstance(p, tuple):
            raise NotDifferentiable("an axis that was split by a reshape")
        if p is not None:
            names[p] = q
    return renamed(t, names)
