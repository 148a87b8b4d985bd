"""What was found for one layer serves for all that are like it: of a network with a hundred like layers, one is thought about.

What a definition hands back to the names in it, and how a sum of products reads as a formula, depends on how things hang together, not
on what they are called. Both are kept under the sketches of what they were made of: as they are until something like it is met, from
then on as recipes in numbers of names and sizes. Nothing is kept where more was asked than the sketches say: where a definition came in
by a name that is not there, or the body of one was looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shapecalc.expr import SHORT, Expr, Lit, Var, variables
from shapecalc.indexed import Places, Term

from .context import Context
from .recipes import Recipe, Rows, Writer, rows
from .reverse import Lost
from .sketches import Group, Odd, Sketch, Sketches

KEPT = 4096  # keys under which something is kept for one problem
Key = tuple[object, ...]


class Handed:
    """What one definition hands back to a name in it: terms in the places of the name's gradient, or the recipe for them; their sketch."""

    __slots__ = ("names", "rows", "sizes", "sketch", "terms")

    def __init__(self, terms: list[Term] | None) -> None:
        self.terms = terms
        self.sketch: Sketch | None = None
        self.rows: Rows | None = None
        self.names: tuple[Var, ...] = ()
        self.sizes: tuple[str, ...] = ()

    def within(self, target: Places) -> list[Term]:
        """The terms."""
        if self.terms is None:
            assert self.rows is not None
            self.terms = self.rows.made(self.names, self.sizes, target)
        return self.terms


class Arrived(NamedTuple):
    """What arrived at a name, and the axes that were lost on the way."""

    name: str
    lost: tuple[Lost, ...]
    handed: Handed
    places: Places


class Part(NamedTuple):
    """The same in numbers; ``used`` are the names in its terms."""

    name: int
    lost: tuple[tuple[int | str, int, int, bool], ...]
    rows: Rows
    ident: int
    used: tuple[int, ...]


@dataclass(slots=True)
class Step:
    """What a definition handed back: as it was found, and in numbers once it is met again; None where numbers do not say it."""

    names: dict[str, int]
    sizes: dict[str, int]
    found: list[Arrived]
    parts: tuple[Part, ...] | None = None
    used: bool = False


@dataclass(slots=True)
class Formula:
    """The formula of a sum, likewise."""

    names: dict[str, int]
    sizes: dict[str, int]
    found: Expr
    ident: int
    recipe: Recipe | None = None
    there: tuple[int, ...] = ()
    used: bool = False


class Memory:
    """What is kept of one problem."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.sketches = Sketches(context, context.idents)

    def listen(self) -> None:
        """Before anything is found that may be kept."""
        self.context.met.clear()
        self.context.asked = False

    def complete(self, group: Group) -> bool:
        """Whether all that was asked since is in the sketches."""
        context = self.context
        return not (context.asked or context.loose) and group.holds(context.met) and len(context.kept) < KEPT

    def step(self, name: str, symbol: Var | Lit | None, live: frozenset[str]) -> Group | None:
        """The key of a step back through a definition; ``symbol`` is its incoming gradient, None for the loss itself."""
        context = self.context
        group = Group(self.sketches)
        key = group.key
        try:
            body = self.sketches.body(name)
            group.add(body)
            key.append(tuple([v.name in live for v in body.names]))
            if symbol is not None:
                own = Var(name, context.definitions[name].shape)
                key += group.known(own)
                key += group.known(symbol) if isinstance(symbol, Var) else group.number(symbol)
            group.close(name)
        except Odd:
            return None
        return group

    def contributions(self, group: Group) -> list[tuple[str, tuple[Lost, ...], Handed]] | None:
        """What a step like this one handed back, under the names of this one."""
        kept = self.context.kept.get(group.closed)
        if kept is None:
            return None
        assert isinstance(kept, Step)
        if not kept.used:
            kept.used, kept.parts = True, self.parts(kept)
            kept.found.clear()
        if kept.parts is None:
            return None
        names, sizes = tuple(group.variables), tuple(group.sizes)
        out = []
        for name, lost, made, ident, used in kept.parts:
            handed = Handed(None)
            handed.rows, handed.names, handed.sizes = made, names, sizes
            handed.sketch = Sketch(ident, tuple([names[k] for k in used]), sizes)
            gone = tuple([Lost(int(d) if isinstance(d, str) else sizes[d], axis, rank, k) for d, axis, rank, k in lost]) if lost else ()
            out.append((names[name].name, gone, handed))
        return out

    def parts(self, step: Step) -> tuple[Part, ...] | None:
        """What was handed back in numbers."""
        numbers, sizes = step.names, step.sizes
        made = []
        try:
            for name, lost, handed, places in step.found:
                assert handed.terms is not None
                assert handed.sketch is not None
                gone = tuple((sizes[x.dim] if isinstance(x.dim, str) else str(x.dim), x.axis, x.rank, x.kept) for x in lost)
                used = tuple(numbers[v.name] for v in handed.sketch.names)
                made.append(Part(numbers[name], gone, rows(handed.terms, places, Writer(numbers, sizes)), handed.sketch.ident, used))
        except (Odd, KeyError):
            return None  # something that was reckoned, such as a size
        return tuple(made)

    def keep_step(self, group: Group, found: list[Arrived]) -> None:
        """Keeps what a step handed back, if it is in the sketches."""
        if not self.complete(group):
            return
        numbers, sizes = group.names, tuple(group.sizes)
        for k, (_, _, handed, _) in enumerate(found):
            assert handed.terms is not None
            names = {n: v for t in handed.terms for f in t.factors for n, v in variables(f.base).items()}
            if names.keys() <= numbers.keys():
                handed.sketch = Sketch(self.sketches.ident((group.closed, k)), tuple(names.values()), sizes)
        if all(a.handed.sketch is not None for a in found):
            self.context.kept.setdefault(group.closed, Step(numbers, group.sizes, found))

    def sum(self, handed: list[Handed]) -> tuple[tuple[Expr, Sketch] | None, Group | None]:
        """The formula of a sum like this one, if there is one; else the key for that of this one, where it has one."""
        if len(handed) > 1:
            group = self.group(handed, ())
            return (self.known(group), group) if group is not None else (None, None)
        sketch = handed[0].sketch
        if sketch is None:
            return None, None
        key = (sketch.ident,)  # the key of the step says everything else
        found = self.formula(key, sketch.names, sketch.sizes)
        if found is not None:
            return found, None
        group = Group(self.sketches)
        group.add(sketch)
        group.inside, group.closed = len(sketch.names), key
        return None, group

    def group(self, handed: list[Handed], others: Sequence[tuple[Var, Sketch | None]]) -> Group | None:
        """The key of a sum of contributions; ``others``: gradients that may be written out, each with the sketch of its formula."""
        group = Group(self.sketches)
        try:
            for h in handed:
                if h.sketch is None:
                    return None
                group.add(h.sketch)
            for v, sketch in others:
                if sketch is None:
                    return None
                group.key.append((group.name(v),))
                group.add(sketch)
            group.close()
        except Odd:
            return None
        return group

    def known(self, group: Group) -> tuple[Expr, Sketch] | None:
        """The formula that is kept under a key, under the names of the group."""
        return self.formula(group.closed, group.variables, tuple(group.sizes))

    def formula(self, key: Key, names: Sequence[Var], sizes: tuple[str, ...]) -> tuple[Expr, Sketch] | None:
        """The formula of a sum like this one, under the names of this one, and its sketch."""
        kept = self.context.kept.get(key)
        if kept is None:
            return None
        assert isinstance(kept, Formula)
        if not kept.used:
            kept.used = True
            self.write(kept)
        if kept.recipe is None:
            return None
        order = kept.recipe.made(names, sizes)
        e = order[-1]
        used = tuple([names[k] for k in kept.there])
        if e.names is None:
            e.names = {v.name: v for v in used}
            e.order = tuple(order) if len(order) <= SHORT else None  # the recipe was written in the order of the nodes
        return e, Sketch(kept.ident, used, sizes)

    @staticmethod
    def write(kept: Formula) -> None:
        """A formula in numbers."""
        writer = Writer(kept.names, kept.sizes)
        try:
            writer.add(kept.found)
            kept.there = tuple(kept.names[n] for n in variables(kept.found))
        except Odd:
            return
        kept.recipe = writer.recipe()

    def keep_formula(self, group: Group, e: Expr) -> Sketch | None:
        """Keeps the formula of a sum, if it is in the sketches; its sketch."""
        names = variables(e)
        if not self.complete(group) or not names.keys() <= group.names.keys():
            return None
        ident = self.sketches.ident((group.closed,))
        self.context.kept.setdefault(group.closed, Formula(group.names, group.sizes, e, ident))
        return Sketch(ident, tuple(names.values()), tuple(group.sizes))

    def sketch(self, e: Expr) -> Sketch | None:
        """The sketch of a formula that is not kept."""
        try:
            return self.sketches.of(e)
        except Odd:
            return None
