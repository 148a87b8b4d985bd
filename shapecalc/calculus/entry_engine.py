"""The element-wise derivation of a problem at concrete sizes: every definition spelled out, every gradient chained entry by entry.

Names stay symbols: Z's entries are z11, z12, ... in whatever uses Z, and what flows into them is dz11, dz12, ... So the cost is that
of the definitions one by one, and no loss is ever expanded. Local derivatives are sympy's (`entry_slopes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from shapecalc.errors import InputProblem, UnknownName
from shapecalc.evaluate import Sizes, concrete
from shapecalc.expr import collector_off, variables
from shapecalc.language.problem import Problem
from shapecalc.tensor import Tensor

from .entry_graph import ONE, ZERO, Graph, Node, leaves
from .entry_names import Grid, Names, incoming_base
from .entry_sweep import Sweep
from .entry_values import bearable, spell_out


class Engine:
    """The entries of every value and gradient as nodes.

    ``grids``: the names of the entries of each tensor; ``symbols``: these entries as nodes; ``gradients``: for each name that the
    loss depends on (definitions last first, then what is asked for) the entries of its gradient, None where it is given;
    ``incoming``: what stands for them from there on.
    """

    def __init__(self, problem: Problem, sizes: Mapping[str, int], wanted: Iterable[str] | None = None, style: str = "auto") -> None:
        self.problem = problem
        self.sizes = checked(problem, sizes)
        self.wanted = list(problem.declared) if wanted is None else list(dict.fromkeys(wanted))
        self.variables = problem.variables()
        self.used = {name: list(variables(body)) for name, body in problem.definitions.items()}
        for name in self.wanted:
            if name not in self.variables:
                raise UnknownName(f"{name} is not declared")
        self.shapes = {name: concrete(v.shape, self.sizes) for name, v in self.variables.items()}
        if min((min(s, default=1) for s in self.shapes.values()), default=1) < 1:
            raise InputProblem("at these sizes there is a tensor without entries", hint="choose larger sizes")
        bearable(sum(map(prod, self.shapes.values())))
        self.live = self.dependents()
        self.flowing = self.reach()
        self.named_gradients: dict[str, str] = {}
        self.grids: dict[str, Grid] = {}
        self.name_all(style)
        self.symbols = {name: leaves(self.grids[name], name in self.live) for name in self.variables}
        self.formulas: dict[str, Tensor] = {}
        self.graphs: dict[str, Graph] = {}
        self.gradients: dict[str, list[Node] | None] = {}
        self.incoming: dict[str, list[Node]] = {}
        with collector_off():
            self.derive()

    def dependents(self) -> set[str]:
        """The wanted names, and the definitions that depend on one of them."""
        live = set(self.wanted)
        for name, used in self.used.items():
            if not live.isdisjoint(used):
                live.add(name)
        return live

    def reach(self) -> dict[str, bool]:
        """The live names that something flows back to; True where it comes from a later definition."""
        p = self.problem
        out: dict[str, bool] = {} if p.last is None or p.last not in self.live else {p.last: False}
        for name, used in reversed(self.used.items()):
            if p.loss is None and name in p.upstream and name in self.live:
                out.setdefault(name, False)
            if name in out:
                out.update((n, True) for n in used if n in self.live)
        return out

    def given(self, name: str) -> str | None:
        """What the gradient that comes in from outside is called, if one does."""
        p = self.problem
        if p.loss is not None or not (name == p.last or name in p.upstream):
            return None
        return p.upstream.get(name) or p.gradient_name(name)

    def name_all(self, style: str) -> None:
        """A grid for every value, every gradient and everything that comes in."""
        p, names = self.problem, Names(self.problem)
        for name in self.variables:
            self.grids[name] = names.grid(name, self.shapes[name])
        for name in [*reversed(list(p.definitions)), *self.wanted]:
            plain, given = p.gradient_name(name), self.given(name)
            if given is not None and self.flowing.get(name):
                plain += "_total" if given == plain else ""
            else:
                plain = given or (p.upstream.get(name, plain) if name in p.definitions else plain)
            self.named_gradients.setdefault(name, plain)
        names.taken.update(self.named_gradients.values())  # dh1 is the gradient of h1, and no entry of that of H
        inner = [n for n in p.definitions if n in self.flowing and n != p.loss]
        base = incoming_base(p, style, self.named_gradients, inner)
        for name in [*inner, *(n for n in self.wanted if n not in inner)]:
            called = self.named_gradients[name]
            self.grids.setdefault(called, names.grid(called, self.shapes[name], base if name in inner else None))
        for name in inner:
            given = self.given(name)
            if given is not None:
                self.grids.setdefault(given, names.grid(given, self.shapes[name]))

    def formula(self, name: str) -> Tensor:
        """The entries of a definition, in the entries of what it is made of."""
        if name not in self.formulas:
            graph = self.graphs[name] = Graph()
            env = {n: Tensor(self.shapes[n], self.symbols[n]) for n in self.used[name]}
            with collector_off():
                self.formulas[name] = spell_out(graph, self.problem.definitions[name], env, self.sizes)
        return self.formulas[name]

    def used_in(self, name: str) -> set[Node]:
        """The entries that the entries of a definition are made of."""
        return {leaf for n in self.used[name] for leaf in self.symbols[n]}

    def derive(self) -> None:
        """The backward pass: each definition once, the last one first."""
        arrived: dict[str, list[list[Node]]] = {n: [[] for _ in range(prod(self.shapes[n]))] for n in self.flowing}
        chain = Graph()
        for name in reversed(list(self.problem.definitions)):
            if name in self.flowing:
                self.settle(name, arrived[name], chain)
                for leaf, parts in self.flow_back(name).items():
                    grid, k = leaf.data
                    arrived[grid.name][k][:0] = parts
        for name in self.wanted:
            if name not in self.gradients:
                found = arrived.get(name) or [[] for _ in range(prod(self.shapes[name]))]
                self.gradients[name] = [chain.total(parts) for parts in found]

    def settle(self, name: str, arrived: list[list[Node]], chain: Graph) -> None:
        """The gradient of a definition, once all that flows into it is known, and the symbols that stand for it from here on."""
        if name == self.problem.loss:
            self.incoming[name], self.gradients[name] = [ONE], [ONE]
            return
        self.incoming[name] = leaves(self.grids[self.named_gradients[name]], False)
        given = self.given(name)
        if given is not None and not self.flowing[name]:
            self.gradients[name] = None
            return
        outside = leaves(self.grids[given], False) if given is not None else [ZERO] * len(arrived)
        self.gradients[name] = [chain.total((*parts, g)) for parts, g in zip(arrived, outside, strict=True)]

    def flow_back(self, name: str) -> dict[Node, list[Node]]:
        """What a definition hands on to the entries that it is made of."""
        roots = self.formula(name).data
        graph = self.graphs[name]
        return Sweep(graph, roots, self.called(name)).run(self.incoming[name], list(graph.order))

    def called(self, name: str) -> dict[Node, Node]:
        """The entries of a definition by what they are: tanh(z11) is called a11."""
        own = zip(self.formulas[name].data, self.symbols[name], strict=True)
        return {root: leaf for root, leaf in own if root.kind not in ("leaf", "const")} if name != self.problem.loss else {}


def checked(problem: Problem, sizes: Mapping[str, int]) -> Sizes:
    """A number for every size of the problem."""
    missing = [n for n in problem.sizes if n not in sizes]
    if missing:
        raise InputProblem(f"the size {missing[0]} has no number", hint=f"give one for each: {', '.join(f'{n}=2' for n in problem.sizes)}")
    for name in problem.sizes:
        if isinstance(sizes[name], bool) or not isinstance(sizes[name], int) or sizes[name] < 1:
            raise InputProblem(f"the size {name} is {sizes[name]!r}, not a whole number from 1 up")
    return {name: sizes[name] for name in problem.sizes}
