"""The chain rule of one entry, link by link: what flows into each entry that it is used by, times the derivative of that entry."""

from __future__ import annotations

from dataclasses import dataclass

from .entry_engine import Engine
from .entry_graph import ONE, ZERO, Node, reached
from .entry_sweep import Sweep
from .entry_text import Writer

SHOWN = 100  # entries of a definition up to which those that do not contain the entry have links too


@dataclass(frozen=True, slots=True)
class Link:
    """One addend of the chain: ``coefficient`` · ∂``of``/∂``by`` = ``coefficient`` · ``derivative`` = ``value``, all as text.

    g11 · ∂z11/∂b1 = g11 · 1 = g11. Where ``of`` does not contain ``by``, derivative and value are "0".
    """

    coefficient: str
    of: str
    by: str
    derivative: str
    value: str

    @property
    def zero(self) -> bool:
        """Whether the link adds nothing."""
        return self.derivative == "0"


@dataclass(frozen=True, slots=True)
class Explanation:
    """∂L/∂``by`` = Σ links = ``result``.

    ``symbol`` is the entry of the gradient (db1), ``by`` the entry that one differentiates by (b1), ``through`` the definitions that
    use it. ``left_out`` counts further entries that do not contain it, ``outside`` is what comes in besides (an upstream gradient).
    """

    symbol: str
    by: str
    through: tuple[str, ...]
    links: tuple[Link, ...]
    result: str
    outside: str = ""
    left_out: int = 0

    @property
    def steps(self) -> tuple[tuple[str, ...], ...]:
        """The lines of the page as addends: with ∂, with the derivatives put in, and what is left of them."""
        chain = tuple(f"{k.coefficient}*∂{k.of}/∂{k.by}" for k in self.links)
        put_in = tuple(f"{k.coefficient}*{k.derivative if k.derivative.isalnum() else f'({k.derivative})'}" for k in self.links)
        left = tuple(k.value for k in self.links if not k.zero)
        extra = (self.outside,) if self.outside else ()
        return chain + extra, put_in + extra, left + extra


def explain(engine: Engine, name: str, place: int) -> Explanation:
    """The chain for the entry of a tensor at a place of its flat list."""
    write = Writer().text
    leaf = engine.symbols[name][place]
    links: list[Link] = []
    through = []
    left_out = 0
    for user in engine.problem.definitions:
        if user not in engine.incoming or leaf not in engine.used_in(user):
            continue
        through.append(user)
        own = engine.symbols[user]
        for k, g in enumerate(engine.incoming[user]):
            derivative = by_one(engine, user, k, leaf)
            if derivative is ZERO and len(own) > SHOWN:
                left_out += 1
                continue
            graph = engine.graphs[user]
            links.append(Link(write(g), write(own[k]), write(leaf), write(derivative), write(graph.mul(g, derivative))))
    gradient = engine.gradients.get(name)
    given = engine.given(name)
    symbol = engine.grids[engine.named_gradients[name]].symbols[place]
    outside = engine.grids[given].symbols[place] if given is not None and given in engine.grids else ""
    result = symbol if gradient is None else write(gradient[place])
    return Explanation(symbol, write(leaf), tuple(through), tuple(links), result, outside, left_out)


def by_one(engine: Engine, name: str, place: int, leaf: Node) -> Node:
    """The derivative of one entry of a definition by one entry that it is made of."""
    root = engine.formula(name).data[place]
    graph = engine.graphs[name]
    found = Sweep(graph, [root], engine.called(name)).run([ONE], list(reached([root])))
    return graph.total(found.get(leaf, []))
