"""The gradient of the loss with respect to every name of a problem, each a formula in the names of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.errors import NotDifferentiable
from shapecalc.expr import Apply, Expr, Lit, Var, rebuild, variables
from shapecalc.forms import apply, remake, zeros
from shapecalc.indexed import Factor, Place, Places, Term, fresh, indices, refreshed, renamed
from shapecalc.language.problem import Problem

from .alike import remembered
from .collect import best_formula
from .context import Context
from .lowering import lower
from .parts import burden
from .reverse import Lost, Reverse, terms_of


@dataclass(slots=True)
class Flow:
    """The gradient of one name: its terms in index form, and the formula read from them."""

    name: str
    symbol: Var
    places: Places
    collected: list[Term] = field(default_factory=list)
    formula: Expr | None = None
    given: bool = False
    incoming: tuple[Term, ...] = ()
    lost: list[tuple[Lost, ...]] = field(default_factory=list)
    _terms: list[Term] | None = None

    @property
    def terms(self) -> list[Term]:
        """The formula as terms; few are ever asked for."""
        if self._terms is None:
            assert self.formula is not None
            self._terms = self.collected if self.given else terms_of(self.formula, self.places)
        return self._terms


@dataclass(slots=True)
class Backward:
    """The backward pass of a problem: for each name that the loss depends on, in the order of the pass, its gradient."""

    problem: Problem
    context: Context
    flows: dict[str, Flow]
    order: list[str]
    seeds: tuple[str, ...]

    def formula(self, name: str) -> Expr:
        """The gradient by a name, naming intermediates and their gradients; zeros where the loss does not depend on it."""
        flow = self.flows.get(name)
        if flow is None or flow.formula is None:
            return zeros(self.problem.variable(name).shape)
        return flow.formula

    def expanded(self, name: str) -> Expr:
        """The same with the gradients of intermediates written out."""
        return self.written_out(self.formula(name))

    def drawn(self, e: Expr, layout: str) -> Expr:
        """A gradient as a layout draws it: in numerator layout the transpose, read anew so that no transpose is left over."""
        if layout != "numerator" or len(e.shape) != 2:
            return e
        places = fresh(e.shape)
        found, _ = best_formula(terms_of(e, places), places[::-1], self.context)
        return self.folded(found)

    def written_out(self, e: Expr) -> Expr:
        """A formula without the names of gradients, but for those that are given."""
        symbols = {f.symbol.name: f for f in self.flows.values() if not f.given}
        while True:
            used = [n for n in variables(e) if n in symbols]
            if not used:
                return e
            # the name that was derived last depends on all the others, never the other way round
            latest = max(used, key=lambda n: self.order.index(symbols[n].name))
            flow = symbols[latest]
            assert flow.formula is not None
            e = self.substituted(e, latest, flow)

    def substituted(self, e: Expr, name: str, flow: Flow) -> Expr:
        """A formula with one gradient written out, simplified again."""
        places = fresh(e.shape)
        symbols = {name: flow}
        terms = [s for t in terms_of(e, places) for s in substitute(t, symbols, self.context)]
        found, _ = best_formula(terms, places, self.context)
        return self.folded(found)

    def folded(self, e: Expr) -> Expr:
        """A formula in which what equals a definition is called by its name."""
        return fold(e, self.context)


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

    def change(node: Expr) -> Expr | None:
        return named.get(leftward(node)) if isinstance(node, Apply) and (node.op.name, node.shape) in bodies else None

    return rebuild(e, change, remake)


def leftward(e: Expr) -> Expr:
    """A chain of matrix products bracketed from the left, so that equal chains are equal."""
    if not (isinstance(e, Apply) and e.name == "matmul"):
        return e
    a, b = e.args
    if isinstance(b, Apply) and b.name == "matmul" and len(b.args[0].shape) == 2 and len(b.args[1].shape) <= 2 and len(a.shape) <= 2:
        return leftward(apply("matmul", apply("matmul", a, b.args[0]), b.args[1]))
    return apply("matmul", leftward(a), b)


def substitute(term: Term, symbols: Mapping[str, Flow], context: Context) -> list[Term]:
    """A term with gradients that have a name written out: as terms where they stand alone, as formulas inside anything else."""
    out = [Term(term.coefficient, (), term.summed)]
    for f in term.factors:
        flow = symbols.get(f.base.name) if isinstance(f.base, Var) else None
        if flow is not None and f.power == 1:
            made = [placed(t, flow.places, f.places) for t in flow.terms]
            out = [t.times(refreshed(m)) for t in out for m in made]
            continue
        base = f.base
        if isinstance(base, Apply) and any(n in symbols for n in variables(base)):
            base = rebuild(base, lambda node: _written(node, symbols), remake)
            if isinstance(base, Apply) and base.name == "add":
                places = fresh(base.shape)
                base, _ = best_formula(terms_of(base, places), places, context)
        part = lower(base, f.places) if f.power == 1 else Term(Fraction(1), (Factor(base, f.places, f.power),))
        out = [t.times(part) for t in out]
    return out


def _written(node: Expr, symbols: Mapping[str, Flow]) -> Expr | None:
    flow = symbols.get(node.name) if isinstance(node, Var) else None
    return flow.formula if flow is not None else None


def placed(t: Term, old: Places, new: Places) -> Term:
    """A term whose free indices are other ones."""
    names: dict[object, Place] = {}
    for a, b in zip(old, new, strict=True):
        for i in indices((a,)):
            names[i] = b
    return renamed(t, names)  # type: ignore[arg-type]


def dependents(problem: Problem, wanted: Iterable[str]) -> frozenset[str]:
    """The wanted names and every definition that depends on one of them."""
    live = set(wanted)
    for name, body in problem.definitions.items():
        if any(n in live for n in variables(body)):
            live.add(name)
    return frozenset(live)


def backward(problem: Problem, wanted: Iterable[str] | None = None) -> Backward:
    """Reverse accumulation over the definitions, each visited once."""
    names = list(problem.declared) if wanted is None else list(wanted)
    live = dependents(problem, names)
    loss = problem.loss
    hidden = frozenset({loss} if loss else ())
    context = Context(problem.definitions, hidden)
    flows: dict[str, Flow] = {}
    order: list[str] = []
    symbols: dict[str, Flow] = {}

    def flow_of(name: str) -> Flow:
        if name not in flows:
            shape = problem.variable(name).shape
            flows[name] = Flow(name, Var(problem.gradient_name(name), shape), fresh(shape))
        return flows[name]

    def sink(v: Var, places: Places, terms: list[Term], lost: tuple[Lost, ...]) -> None:
        flow = flow_of(v.name)
        flow.lost.append(lost)
        flow.collected.extend(_onto(t, places, flow.places) for t in terms)

    for name in reversed(problem.definitions):
        if name == problem.last or name in problem.upstream:
            seed(problem, flow_of(name), name)
        flow = flows.get(name)
        if flow is None or name not in live:
            continue
        settle(flow, symbols, order, context)
        terms = [Term(Fraction(1), ())] if name == loss else [Term(Fraction(1), (Factor(flow.symbol, flow.places),))]
        if flow.formula is not None and isinstance(flow.formula, Lit) and name != loss:
            terms = list(flow.terms)
        Reverse(context, live, sink, Var(name, flow.symbol.shape) if name != loss else None).run(
            problem.definitions[name], flow.places, terms
        )
    for name in names:
        if name in flows and name in problem.declared:
            settle(flows[name], symbols, order, context)
    return Backward(problem, context, flows, order, tuple(n for n, f in flows.items() if f.given))


def _onto(t: Term, places: Places, own: Places) -> Term:
    """A contribution in the places of the name's own gradient."""
    names = {}
    for p, q in zip(places, own, strict=True):
        if isinstance(p, tuple):
            raise NotDifferentiable("an axis that was split by a reshape")
        if p is not None:
            names[p] = q
    return renamed(t, names)


def seed(problem: Problem, flow: Flow, name: str) -> None:
    """The gradient that comes in from outside: 1 for the loss itself, a given name otherwise."""
    if name == problem.loss:
        flow.formula = Lit(1)
        flow.collected = [Term(Fraction(1), ())]
        return
    given = problem.upstream.get(name) or problem.gradient_name(name)
    if problem.loss is not None:
        flow.symbol = Var(given, flow.symbol.shape)
        return
    symbol = Var(given, flow.symbol.shape)
    if flow.collected:
        flow.collected.append(Term(Fraction(1), (Factor(symbol, flow.places),)))
        if given == flow.symbol.name:
            flow.symbol = Var(given + "_total", flow.symbol.shape)
    else:
        flow.symbol, flow.given = symbol, True
        flow.collected = [Term(Fraction(1), (Factor(symbol, flow.places),))]


def settle(flow: Flow, symbols: dict[str, Flow], order: list[str], context: Context) -> None:
    """Reads the formula of one gradient, once everything that flows into it is known."""
    if flow.given:
        flow.formula = flow.symbol
    if flow.formula is not None:
        order.append(flow.name)
        return
    flow.incoming = tuple(flow.collected)
    sought: list[list[Term]] = []

    def find() -> Expr:
        found, terms = best_formula(flow.collected, flow.places, context)
        sought.append(terms)
        return found

    best = fold(remembered(find, flow.collected, flow.places, context), context)
    for name in list(variables(best)):
        other_flow = symbols.get(name)
        if other_flow is not None and worth_substituting(name, other_flow, best):
            if not sought:
                find()
            one = {name: other_flow}
            other, other_terms = best_formula([s for t in sought[-1] for s in substitute(t, one, context)], flow.places, context)
            other = fold(other, context)
            if burden(other) <= burden(best):
                best = other
                sought.append(other_terms)
    flow.formula = best
    symbols[flow.symbol.name] = flow
    order.append(flow.name)


def worth_substituting(name: str, flow: Flow, e: Expr) -> bool:
    """Whether a gradient written out could shorten a formula: where it is one name itself, or shares a name with the rest."""
    assert flow.formula is not None
    own = set(variables(flow.formula))
    return len(own) <= 1 or bool(own & (set(variables(e)) - {name}))
