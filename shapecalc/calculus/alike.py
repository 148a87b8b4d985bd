"""What was found for one layer serves for all that are like it: of a network with a hundred like layers, one is thought about.

What a definition hands back to the names in it, and how a sum of products reads as a formula, depends on how things hang together, not
on what they are called. Both are kept under the sketches of what they were made of, as recipes in numbers of names and sizes. Nothing is
kept where more was asked than the sketches say: where a definition came in by a name that is not there, or the body of one was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shapecalc.expr import Expr, Lit, Var
from shapecalc.indexed import Places, Term

from .context import Context
from .recipes import Recipe, Rows, Writer, rows
from .reverse import Lost
from .sketches import Group, Odd, Sketch, Sketches

KEPT = 4096  # recipes that are kept for one problem


class Handed:
    """What one definition hands back to a name in it: terms in the places of the name's gradient, or the recipe for them; their sketch."""

    __slots__ = ("rows", "sizes", "sketch", "terms", "variables")

    def __init__(self, terms: list[Term] | None) -> None:
        self.terms = terms
        self.sketch: Sketch | None = None
        self.rows: Rows | None = None
        self.variables: tuple[Var, ...] = ()
        self.sizes: tuple[int | str, ...] = ()

    def within(self, target: Places) -> list[Term]:
        """The terms."""
        if self.terms is None:
            assert self.rows is not None
            self.terms = self.rows.made(self.variables, self.sizes, target)
        return self.terms


class Contribution(NamedTuple):
    """What is kept of one: whom it is for, the axes that were lost on the way, the terms, and its sketch."""

    name: int
    lost: tuple[tuple[int | str, int, int, bool], ...]
    rows: Rows
    ident: int


class Kept(NamedTuple):
    """A formula that is kept, and its sketch."""

    recipe: Recipe
    ident: int


class Arrived(NamedTuple):
    """What arrived at a name."""

    name: str
    lost: tuple[Lost, ...]
    handed: Handed
    places: Places


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
        return not context.asked and group.holds(context.met) and len(context.kept) < KEPT

    def step(self, name: str, symbol: Var | Lit | None, live: frozenset[str]) -> Group | None:
        """The key of a step back through a definition; ``symbol`` is its incoming gradient, None for the loss itself."""
        group = Group(self.sketches)
        try:
            body = self.sketches.body(name)
            group.add(body)
            group.key.append(tuple([v.name in live for v in body.names]))
            numbering = group.numbering
            if isinstance(symbol, Var):
                group.key.append(numbering.known(symbol))
            elif symbol is not None:
                group.key.append(numbering.number(symbol))
            if symbol is not None:
                group.key.append(numbering.known(Var(name, self.context.definitions[name].shape)))
            group.close("step")
        except Odd:
            return None
        return group

    def contributions(self, group: Group) -> list[tuple[str, tuple[Lost, ...], Handed]] | None:
        """What a step like this one handed back, under the names of this one."""
        known: tuple[Contribution, ...] | None = self.context.kept.get(group.closed)
        if known is None:
            return None
        variables, sizes = tuple(group.numbering.variables), tuple(group.numbering.sizes)
        out = []
        for c in known:
            handed = Handed(None)
            handed.rows, handed.variables, handed.sizes = c.rows, variables, sizes
            handed.sketch = Sketch(c.ident, tuple([variables[k] for k in c.rows.recipe.used]), sizes)
            lost = tuple([Lost(int(d) if isinstance(d, str) else sizes[d], axis, rank, kept) for d, axis, rank, kept in c.lost])
            out.append((variables[c.name].name, lost, handed))
        return out

    def keep_step(self, group: Group, arrived: Iterable[Arrived]) -> None:
        """Keeps what a step handed back, if it is in the sketches."""
        if not self.complete(group):
            return
        numbering = group.numbering
        variables, sizes = tuple(numbering.variables), tuple(numbering.sizes)
        made = []
        try:
            for k, (name, lost, handed, places) in enumerate(arrived):
                assert handed.terms is not None
                kept = rows(handed.terms, places, numbering)
                gone = tuple((str(x.dim) if isinstance(x.dim, int) else numbering.sizes[x.dim], x.axis, x.rank, x.kept) for x in lost)
                ident = self.sketches.ident((group.closed, k))
                handed.sketch = Sketch(ident, tuple([variables[n] for n in kept.recipe.used]), sizes)
                made.append(Contribution(numbering.names[name], gone, kept, ident))
        except Odd:
            return
        self.context.kept[group.closed] = tuple(made)

    def sum(self, handed: list[Handed], others: Sequence[tuple[Var, Sketch | None]] = ()) -> Group | None:
        """The key of a sum of contributions; ``others``: gradients that may be written out, each with the sketch of its formula."""
        group = Group(self.sketches)
        try:
            for h in handed:
                if h.sketch is None:
                    return None
                group.add(h.sketch)
            if len(handed) == 1 and not others:
                group.alone()  # the key of the step says everything
                return group
            for v, sketch in others:
                if sketch is None:
                    return None
                group.key.append((group.numbering.name(v),))
                group.add(sketch)
            group.close("sum", len(handed))
        except Odd:
            return None
        return group

    def formula(self, group: Group) -> tuple[Expr, Sketch] | None:
        """The formula of a sum like this one, under the names of this one, and its sketch."""
        kept: Kept | None = self.context.kept.get(group.closed)
        if kept is None:
            return None
        variables, sizes = tuple(group.numbering.variables), tuple(group.numbering.sizes)
        e = kept.recipe.made(variables, sizes)[-1]
        used = tuple([variables[k] for k in kept.recipe.used])
        if e.names is None:
            e.names = {v.name: v for v in used}
        return e, Sketch(kept.ident, used, sizes)

    def keep_formula(self, group: Group, e: Expr) -> Sketch | None:
        """Keeps the formula of a sum, if it is in the sketches; its sketch."""
        if not self.complete(group):
            return None
        numbering = group.numbering
        writer = Writer(numbering)
        try:
            writer.add(e)
        except Odd:
            return None
        recipe = writer.recipe()
        ident = self.sketches.ident((group.closed,))
        self.context.kept[group.closed] = Kept(recipe, ident)
        return Sketch(ident, tuple([numbering.variables[k] for k in recipe.used]), tuple(numbering.sizes))

    def sketch(self, e: Expr) -> Sketch | None:
        """The sketch of a formula that is not kept."""
        try:
            return self.sketches.of(e)
        except Odd:
            return None
