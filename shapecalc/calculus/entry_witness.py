"""The entries as a witness: sympy's own derivatives beside ours, both with numbers put in, and compared with the matrix formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from math import prod
from typing import Any

from shapecalc.errors import NotKnownYet
from shapecalc.evaluate import evaluate
from shapecalc.expr import Var
from shapecalc.rings import Real, Unlucky, Unsupported
from shapecalc.tensor import Tensor

from .entry_engine import Engine
from .entry_graph import ZERO, Graph, Node
from .entry_numbers import Draws, Even, Exact, fitting, random_draws, valued
from .entry_sympy import differentiated, expressions, nodes_of
from .entry_text import Writer, symbol
from .gradients import Backward
from .texts import meaning

EFFORT = 1500  # parts times symbols up to which sympy differentiates whole entries; above, each kind of node once
REVIVALS = 3  # further points where a gradient was 0 in all of its entries


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two computations of a gradient part: the name, the place in the flat list, the entry's value and the formula's."""

    name: str
    place: int
    entry: Any
    formula: Any
    witness: str

    def __bool__(self) -> bool:
        return False


class Symbols:
    """Sympy's symbols for the entries of an engine, and the way back."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.made: dict[str, Any] = {}
        self._leaves: dict[str, Node] | None = None

    def __call__(self, leaf: Node) -> Any:
        """The symbol of an entry."""
        import sympy

        name = symbol(leaf)
        if name not in self.made:
            self.made[name] = sympy.Symbol(name)
        return self.made[name]

    def expressions(self, roots: Iterable[Node], evaluate: bool = True) -> list[Any]:
        """Entries as sympy expressions; `evaluate`: whether sums are put in order."""
        roots, writer = list(roots), Writer()
        for root in roots:
            writer.measure(root)
        return expressions(roots, self, evaluate)

    def leaf(self, e: Any) -> Node | None:
        """The entry that a symbol, or an element of a MatrixSymbol, stands for."""
        if e.is_Symbol:
            return self.by_name.get(e.name)
        if e.func.__name__ == "MatrixElement" and hasattr(e.args[0], "name") and all(k.is_Integer for k in e.args[1:]):
            return self.element(e.args[0].name, [int(k) for k in e.args[1:]])
        return None

    def element(self, name: str, index: list[int]) -> Node | None:
        """The entry of a named matrix, counted from 0; of a vector as a row or a column."""
        grid = self.engine.grids.get(name)
        if grid is None:
            return None
        if len(grid.shape) == 1 and 0 in index:
            index = [sum(index)]
        if len(index) != len(grid.shape) or any(not 0 <= i < n for i, n in zip(index, grid.shape, strict=True)):
            return None
        place = 0
        for i, n in zip(index, grid.shape, strict=True):
            place = place * n + i
        return self.by_name[grid.symbols[place]]

    @property
    def by_name(self) -> Mapping[str, Node]:
        """Every entry by its name."""
        if self._leaves is None:
            grids = self.engine.grids.values()
            self._leaves = {written: Node("leaf", (), (grid, k), False) for grid in grids for k, written in enumerate(grid.symbols)}
        return self._leaves


def within_reach(engine: Engine) -> bool:
    """Whether sympy differentiates the whole entries of all definitions in an instant."""
    effort = 0
    for name in engine.incoming:
        for root in engine.formula(name).data:
            for addend in root.args if root.kind == "sum" else (root,):
                parts = leaves = 0
                stack = [addend]
                while stack and parts < EFFORT:
                    node = stack.pop()
                    parts += 1
                    leaves += node.live and node.kind == "leaf"
                    stack.extend(node.below())
                effort += leaves * (3 if addend.kind == "dot" else parts)
                if effort > EFFORT:
                    return False
    return True


def by_sympy(engine: Engine, symbols: Symbols, evaluate: bool = True) -> dict[str, list[Any]]:
    """The gradient of each name by sympy alone: every entry of every definition differentiated, chained with what flows into it.

    evaluate: whether sums are put in order, for whoever looks at them. For their values they need not be, and the first sum that
    sympy orders makes it load a tenth of itself more.
    """
    import sympy

    out: dict[str, list[Any]] = {n: [sympy.S.Zero] * prod(engine.shapes[n]) for n in engine.gradients}
    places = {symbols(leaf): (n, k) for n in engine.gradients for k, leaf in enumerate(engine.symbols[n])}
    for name, incoming in engine.incoming.items():
        formulas = symbols.expressions(engine.formula(name).data, evaluate)
        flows = symbols.expressions(incoming, evaluate)
        found = differentiated(formulas, flows, set(places))
        own = zip(formulas, engine.symbols[name] if name != engine.problem.loss else (), strict=False)
        called = {f: symbols(leaf) for f, leaf in own if f.is_Function}
        for s, parts in found.items():
            n, k = places[s]
            out[n][k] = sympy.Add(out[n][k], *(p.xreplace(called) for p in parts), evaluate=evaluate)
    for name in engine.gradients:
        given = engine.given(name)
        if given is not None:
            grid = engine.grids[given]
            outside = [symbols(Node("leaf", (), (grid, k), False)) for k in range(len(out[name]))]
            out[name] = [sympy.Add(a, b, evaluate=evaluate) for a, b in zip(out[name], outside, strict=True)]
    if engine.problem.loss is not None and engine.problem.loss in out:
        out[engine.problem.loss] = [sympy.S.One]
    return out


class Apart(Real):
    """Reals of which no two may be equal: on a kink the entries share a tie as sympy does, the formula as the rule book says."""

    def test(self, name: str, a: Decimal, b: Decimal) -> bool:
        """A comparison of different numbers."""
        if a == b and name != "equal":
            raise Unlucky("on a kink")
        return super().test(name, a, b)


class Point:
    """One assignment of numbers: to what is declared and to what comes in; everything else follows."""

    def __init__(self, engine: Engine, ring: Any, draws: Draws) -> None:
        self.engine = engine
        self.ring = ring
        self.env: dict[str, Tensor] = {}
        for k, (name, variable) in enumerate(engine.problem.declared.items()):
            self.put(name, fitting(variable, engine.shapes[name], draws(k)))
        for name in engine.problem.definitions:
            self.env[name] = Tensor(engine.shapes[name], valued(engine.formula(name).data, ring, self.env))
        for name, nodes in engine.gradients.items():
            given = engine.given(name)
            if given is not None and given not in self.env:
                self.put(given, fitting(Var(given, ()), engine.shapes[name], draws(len(self.env))))
            if nodes is not None:
                self.env[engine.named_gradients[name]] = Tensor(engine.shapes[name], valued(nodes, ring, self.env))

    def put(self, name: str, t: Tensor) -> None:
        """Numbers for a named tensor."""
        self.env[name] = t.mapped(self.ring.lift)

    def gradient(self, name: str) -> Tensor:
        """The gradient with respect to a name."""
        return self.env[self.engine.named_gradients[name]]

    def of_sympy(self, roots: Iterable[Any], symbols: Symbols) -> list[Any]:
        """The values of sympy expressions over our symbols."""
        return valued(nodes_of(Graph(), roots, {}, symbols.leaf), self.ring, self.env)

    def dead(self) -> bool:
        """Whether a gradient is 0 here in all of its entries though it is not 0 as a formula: all units of a relu are off."""
        nodes = self.engine.gradients
        return any(not any(self.gradient(n).data) for n, made in nodes.items() if made is not None and any(e is not ZERO for e in made))


def some_point(engine: Engine, draws: Iterable[Draws], reals: type[Real] = Real, exact: bool = True) -> Point:
    """The first assignment at which everything has a value: of fractions if they are enough, of reals to sixty digits otherwise."""
    ring: Any = Exact() if exact else reals()
    for draw in draws:
        for _ in range(2):
            try:
                return Point(engine, ring, draw)
            except Unlucky:
                break
            except Unsupported:
                ring = reals()
    raise NotKnownYet("no numbers were found at which every formula of the problem has a value")


def compared(engine: Engine, symbols: Symbols, backward: Backward, seed: int = 0) -> Difference | None:
    """The first entry in which the element-wise gradient, or sympy's own, is not the value of the matrix formula at a random point."""
    direct = by_sympy(engine, symbols, evaluate=False) if within_reach(engine) else {}

    def at(reals: type[Real], exact: bool) -> Difference | None:
        draws = random_draws(seed)
        point = some_point(engine, draws, reals, exact)
        found = _difference(point, direct, symbols, backward)
        for _ in range(REVIVALS):
            if found is not None or not point.dead():
                break
            with suppress(NotKnownYet, Unlucky):
                found = _difference(point := some_point(engine, draws, reals, exact), direct, symbols, backward)
        return found

    try:
        try:
            return at(Apart, exact=True)
        except Unsupported:  # the entries of norm(w)**2 are fractions, and its formula has a root
            return at(Apart, exact=False)
    except (NotKnownYet, Unlucky):  # 0 against 0 is a tie wherever one looks; where it is shared otherwise, that is no difference
        if at(Real, exact=False) is None:
            return None
        raise


def _difference(point: Point, direct: Mapping[str, Sequence[Any]], symbols: Symbols, backward: Backward) -> Difference | None:
    engine = point.engine
    even = Even() if isinstance(point.ring, Exact) else Real()
    env = dict(point.env)
    env.update({backward.flows[n].symbol.name: point.gradient(n) for n in engine.gradients if n in backward.flows})
    for name in engine.gradients:
        ours = point.gradient(name).data
        formula = evaluate(even, backward.formula(name), env, engine.sizes, meaning).data
        if len(formula) == 1:
            formula = formula * len(ours)
        sympys = point.of_sympy(direct[name], symbols) if name in direct and engine.gradients[name] is not None else ours
        for witness, values in (("entries", ours), ("sympy", sympys)):
            for k, (a, b) in enumerate(zip(values, formula, strict=True)):
                if not point.ring.same(a, b):
                    return Difference(name, k, a, b, witness)
    return None
