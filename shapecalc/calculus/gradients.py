"""The gradient of the loss with respect to every name of a problem, each a formula in the names of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from shapecalc.errors import TooLarge
from shapecalc.expr import Apply, Expr, Lit, Var, collector_off, nodes, variables
from shapecalc.forms import zeros
from shapecalc.indexed import Factor, Places, Term, fresh
from shapecalc.language.problem import Problem

from .alike import Arrived, Handed, Memory
from .collect import best_formula
from .context import Context
from .factoring import WIDE
from .flows import Flow, substitute
from .folding import fold
from .lowering import terms_of
from .parts import burden
from .reverse import Lost, Reverse, onto
from .signs import signed
from .sketches import Sketch

DEEP = 4  # definitions of a softmax, one after the other: S - max(S), exp, sum, quotient
LONGEST = 500  # names and operations of a gradient that is written out: some seconds


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

    def expanded(self, name: str, most: int = LONGEST) -> Expr:
        """The same with the gradients of intermediates written out; TooLarge where that has more than so many names and operations."""
        return self.written_out(self.formula(name), most)

    def drawn(self, e: Expr, layout: str) -> Expr:
        """A gradient as a layout draws it: in numerator layout the transpose, read anew so that no transpose is left over."""
        if layout != "numerator" or len(e.shape) != 2:
            return e
        places = fresh(e.shape)
        found, _ = best_formula(terms_of(e, places), places[::-1], self.context)
        return self.folded(found)

    def written_out(self, e: Expr, most: int = LONGEST) -> Expr:
        """A formula without the names of gradients, but for those that are given."""
        symbols = {f.symbol.name: f for f in self.flows.values() if not f.given}
        while True:
            used = [n for n in variables(e) if n in symbols]
            if not used:
                return e
            if e.weight > most:
                raise TooLarge(f"a gradient with those of all definitions written out has more than {most} names and operations here")
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


def dependents(problem: Problem, wanted: Iterable[str]) -> frozenset[str]:
    """The wanted names and every definition that depends on one of them."""
    live = set(wanted)
    for name, body in problem.definitions.items():
        if not live.isdisjoint(variables(body)):
            live.add(name)
    return frozenset(live)


@collector_off()
def backward(problem: Problem, wanted: Iterable[str] | None = None) -> Backward:
    """Reverse accumulation over the definitions, each visited once."""
    return Pass(problem, list(problem.declared) if wanted is None else list(wanted)).run()


class Pass:
    """One backward pass. What a definition hands back, and what a sum reads as, is found once for all that are alike."""

    def __init__(self, problem: Problem, names: list[str]) -> None:
        self.problem = problem
        self.names = names
        self.loss = problem.loss
        self.live = dependents(problem, names)
        self.context = Context(problem.definitions, frozenset({self.loss} if self.loss else ()))
        self.memory = Memory(self.context)
        self.flows: dict[str, Flow] = {}
        self.order: list[str] = []
        self.symbols: dict[str, Flow] = {}

    def run(self) -> Backward:
        """Every definition from the last to the first, then the names that were asked for."""
        problem, flows = self.problem, self.flows
        last = problem.last
        for name in reversed(problem.definitions):
            if name == last or name in problem.upstream:
                seed(problem, self.flow(name), name)
            flow = flows.get(name)
            if flow is not None and name in self.live:
                self.settle(flow)
                self.step(flow)
        for name in self.names:
            if name in flows and name in problem.declared:
                self.settle(flows[name])
        return Backward(problem, self.context, flows, self.order, tuple(n for n, f in flows.items() if f.given))

    def flow(self, name: str) -> Flow:
        """The gradient by a name."""
        found = self.flows.get(name)
        if found is None:
            shape = (self.problem.definitions.get(name) or self.problem.declared[name]).shape
            found = self.flows[name] = Flow(name, Var(self.problem.gradient_name(name), shape))
        return found

    def step(self, flow: Flow) -> None:
        """What a definition hands back to the names in it."""
        lit = flow.formula if isinstance(flow.formula, Lit) else None
        group = self.memory.step(flow.name, None if flow.name == self.loss else lit or flow.symbol, self.live)
        known = self.memory.contributions(group) if group is not None else None
        if known is not None:
            for name, lost, handed in known:
                own = self.flow(name)
                own.lost.append(lost)
                own.handed.append(handed)
            return
        self.memory.listen()
        found = self.pulled(flow, lit)
        if group is not None:
            self.memory.keep_step(group, found)

    def pulled(self, flow: Flow, lit: Lit | None) -> list[Arrived]:
        """The same, found by the rules."""
        found: list[Arrived] = []

        def sink(v: Var, places: Places, terms: list[Term], lost: tuple[Lost, ...]) -> None:
            own = self.flow(v.name)
            handed = Handed([onto(t, places, own.places) for t in terms])
            own.lost.append(lost)
            own.handed.append(handed)
            found.append(Arrived(v.name, lost, handed, own.places))

        named = Var(flow.name, flow.symbol.shape) if flow.name != self.loss else None
        if named is None:
            terms = [Term(Fraction(1), ())]
        else:
            terms = list(flow.terms) if lit is not None else [Term(Fraction(1), (Factor(flow.symbol, flow.places),))]
        Reverse(self.context, self.live, sink, named).run(self.problem.definitions[flow.name], flow.places, terms)
        return found

    def settle(self, flow: Flow) -> None:
        """Reads the formula of one gradient, once everything that flows into it is known."""
        if flow.given:
            flow.formula = flow.symbol
        self.order.append(flow.name)
        if flow.formula is not None:
            return
        memory, reader = self.memory, None
        known, group = memory.sum(flow.handed)
        if known is not None:
            flow.formula, flow.sketch = known
        else:
            memory.listen()
            reader = Reading(flow, self.context)
            flow.formula = reader.plain()
            flow.sketch = memory.keep_formula(group, flow.formula) if group is not None else None
        symbols = self.symbols
        others = [(v, symbols[name]) for name, v in variables(flow.formula).items() if name in symbols]
        formula = flow.formula
        if any(worth_substituting(v.name, other, formula) for v, other in others) or (others and _to_the_largest(formula)):
            self.write_out(flow, reader or Reading(flow, self.context), others)
        self.symbols[flow.symbol.name] = flow

    def write_out(self, flow: Flow, reader: Reading, others: list[tuple[Var, Flow]]) -> None:
        """The formula with other gradients written out in it, if that makes it shorter."""
        memory = self.memory
        assert flow.formula is not None
        if _to_the_largest(flow.formula) and (found := reader.without_largest(self.symbols, flow.formula)) is not None:
            left = {n: self.symbols[n] for n in variables(found) if n in self.symbols}
            flow.formula, flow.sketch = reader.shorter(left, found), None
            return
        group = memory.group(flow.handed, [(v, self.sketch(other)) for v, other in others]) if flow.sketch is not None else None
        known = memory.known(group) if group is not None else None
        if known is not None:
            flow.formula, flow.sketch = known
            return
        memory.listen()
        flow.formula = reader.shorter({v.name: other for v, other in others}, flow.formula)
        flow.sketch = memory.keep_formula(group, flow.formula) if group is not None else None

    def sketch(self, flow: Flow) -> Sketch | None:
        """The sketch of a formula, also of one that is not kept."""
        if flow.sketch is None and flow.formula is not None:
            flow.sketch = self.memory.sketch(flow.formula)
        return flow.sketch


class Reading:
    """The search for the formula of one gradient."""

    def __init__(self, flow: Flow, context: Context) -> None:
        self.flow = flow
        self.context = context
        self.sought: list[Term] | None = None

    def plain(self) -> Expr:
        """The sum of all that arrives."""
        found, self.sought = best_formula(self.flow.collected, self.flow.places, self.context)
        return signed(fold(found, self.context))

    def shorter(self, others: Mapping[str, Flow], best: Expr) -> Expr:
        """The formula with other gradients written out, one after the other, where that is no longer; of a long sum none is."""
        for name, other in others.items():
            if not worth_substituting(name, other, best):
                continue
            if self.sought is None:
                self.plain()
            assert self.sought is not None
            if len(self.sought) > WIDE:
                break
            made = [s for t in self.sought for s in substitute(t, {name: other}, self.context)]
            found, terms = best_formula(made, self.flow.places, self.context)
            found = signed(fold(found, self.context))
            if burden(found) <= burden(best):
                best, self.sought = found, terms
        return best

    def without_largest(self, symbols: Mapping[str, Flow], best: Expr) -> Expr | None:
        """The formula without what goes to the largest entry of each row, where that is 0 once enough gradients are written out."""
        found: Expr = best
        if self.sought is None:
            self.plain()
        terms = self.sought or []
        for _ in range(DEEP):
            inside = {n: symbols[n] for n in variables(found) if n in symbols}
            if len(terms) > WIDE:
                return None
            made = [s for t in terms for s in substitute(t, inside, self.context)]  # of nothing, once more: by now names stand in it
            found, terms = best_formula(made, self.flow.places, self.context)
            if not _to_the_largest(found):
                found = signed(fold(found, self.context))
                if burden(found) > burden(best):
                    return None
                self.sought = terms
                return found
        return None


def _to_the_largest(e: Expr) -> bool:
    """Whether a formula asks which entry is the largest."""
    return any(isinstance(n, Apply) and n.name == "equal" for n in nodes(e))


def seed(problem: Problem, flow: Flow, name: str) -> None:
    """The gradient that comes in from outside: 1 for the loss itself, a given name otherwise."""
    if name == problem.loss:
        flow.formula = Lit(1)
        return
    given = problem.upstream.get(name) or problem.gradient_name(name)
    symbol = Var(given, flow.symbol.shape)
    if problem.loss is not None:
        flow.symbol = symbol
        return
    if not flow.handed:
        flow.symbol, flow.given = symbol, True
    elif given == flow.symbol.name:
        flow.symbol = Var(given + "_total", flow.symbol.shape)
    flow.handed.append(Handed([Term(Fraction(1), (Factor(symbol, flow.places),))]))


def worth_substituting(name: str, flow: Flow, e: Expr) -> bool:
    """Whether a gradient written out could shorten a formula: where it is one name itself, or shares a name with the rest."""
    assert flow.formula is not None
    own, there = variables(flow.formula), variables(e)
    return len(own) <= 1 or not own.keys().isdisjoint([n for n in there if n != name])
