"""Recipes: formulas and terms in numbers of names and sizes, to be made under any names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from shapecalc.expr import Apply, Expr, Lit, Var, nodes
from shapecalc.indexed import Factor, Index, Place, Places, Term
from shapecalc.op import Op
from shapecalc.shapes import Shape

from .sketches import SIZED, Odd


class Made(NamedTuple):
    """A node of a recipe: an operation on earlier nodes; its shape by number, its parameters with sizes by number."""

    op: Op
    args: tuple[int, ...]
    params: tuple[tuple[str, Any], ...]
    shape: int
    sized: bool


class Sized(NamedTuple):
    """A size as a number in a formula."""

    size: int


Node = int | Lit | Sized | Made
"""A node of a recipe: the number of a name, a number, a size, or an operation."""


class Recipe(NamedTuple):
    """Formulas in numbers of names and sizes: nodes, arguments first, and the shapes that they have."""

    nodes: tuple[Node, ...]
    shapes: tuple[tuple[int | str, ...], ...]

    def made(self, names: Sequence[Var], sizes: tuple[str, ...]) -> list[Expr]:
        """The nodes under other names."""
        shapes = [tuple([int(d) if isinstance(d, str) else sizes[d] for d in s]) for s in self.shapes]
        out: list[Expr] = []
        for node in self.nodes:
            if isinstance(node, int):
                out.append(names[node])
            elif isinstance(node, Made):
                op, args, params, shape, sized = node
                if sized:
                    params = tuple([(k, _filled(v, sizes) if k in SIZED else v) for k, v in params])
                out.append(Apply(op, tuple([out[a] for a in args]), params, shapes[shape]))
            else:
                out.append(node if isinstance(node, Lit) else Lit(sizes[node.size]))
        return out


def _filled(value: Any, sizes: tuple[str, ...]) -> Any:
    """Sizes in the place of their numbers."""
    return tuple([_filled(v, sizes) for v in value]) if isinstance(value, tuple) else int(value) if isinstance(value, str) else sizes[value]


class Writer:
    """Writes recipes in given numbers of names and sizes; Odd where a name or a size has none."""

    def __init__(self, names: Mapping[str, int], sizes: Mapping[str, int]) -> None:
        self.names = names
        self.sizes = sizes
        self.at: dict[Expr, int] = {}
        self.out: list[Node] = []
        self.shapes: dict[tuple[int | str, ...], int] = {}

    def add(self, e: Expr) -> int:
        """The number of a formula among the nodes."""
        for node in nodes(e):
            if node not in self.at:
                self.out.append(self.node(node))
                self.at[node] = len(self.at)
        return self.at[e]

    def node(self, node: Expr) -> Node:
        """One node, the arguments of which are there."""
        if isinstance(node, Lit):
            return Sized(self.named(node.value)) if isinstance(node.value, str) else node
        if isinstance(node, Var):
            found = self.names.get(node.name)
            if found is None:
                raise Odd
            return found
        sized = any(k in SIZED for k, _ in node.params)
        params = tuple((k, self.sized(v) if k in SIZED else v) for k, v in node.params) if sized else node.params
        return Made(node.op, tuple(self.at[a] for a in node.args), params, self.shape(node.shape), sized)

    def named(self, dim: str) -> int:
        """The number of a size."""
        found = self.sizes.get(dim)
        if found is None:
            raise Odd  # a size that was reckoned
        return found

    def sized(self, value: Any) -> Any:
        """A size, or sizes in tuples; a number of entries as text."""
        return tuple(map(self.sized, value)) if isinstance(value, tuple) else str(value) if isinstance(value, int) else self.named(value)

    def shape(self, shape: Shape) -> int:
        """The number of a shape."""
        return self.shapes.setdefault(self.sized(shape), len(self.shapes))

    def recipe(self) -> Recipe:
        """What was written."""
        return Recipe(tuple(self.out), tuple(self.shapes))


class Row(NamedTuple):
    """A term of a recipe: coefficient, factors by their nodes, indices by number (those of the target first), and those summed over."""

    coefficient: Fraction
    factors: tuple[tuple[int, tuple[Any, ...], Fraction], ...]
    summed: tuple[int, ...]


class Rows(NamedTuple):
    """Terms in numbers: their tensors, the terms, and the sizes of the indices that the target does not have."""

    recipe: Recipe
    rows: tuple[Row, ...]
    inner: tuple[int | str, ...]

    def made(self, names: Sequence[Var], sizes: tuple[str, ...], target: Places) -> list[Term]:
        """The terms under other names, in given places."""
        bases = self.recipe.made(names, sizes)
        own = [p for p in target if isinstance(p, Index)]
        own += [Index(int(d) if isinstance(d, str) else sizes[d]) for d in self.inner]

        def place(p: Any) -> Place:
            return None if p is None else own[p] if isinstance(p, int) else tuple(own[k] for k in p)

        out = []
        for coefficient, factors, summed in self.rows:
            placed = tuple(Factor(bases[b], tuple(map(place, places)), power) for b, places, power in factors)
            out.append(Term(coefficient, placed, frozenset(own[k] for k in summed)))
        return out


def rows(terms: list[Term], target: Places, writer: Writer) -> Rows:
    """Terms in numbers."""
    at: dict[Index, int] = {}
    for p in target:
        if isinstance(p, tuple):
            raise Odd
        if p is not None:
            at[p] = len(at)
    free = len(at)
    met = {i for t in terms for f in t.factors for p in f.places if p is not None for i in (p if isinstance(p, tuple) else (p,))}
    for i in sorted(met.union(*(t.summed for t in terms)) - set(at), key=lambda i: i.serial):
        at[i] = len(at)

    def place(p: Place) -> Any:
        return None if p is None else at[p] if isinstance(p, Index) else tuple(at[i] for i in p)

    made = tuple(
        Row(
            t.coefficient,
            tuple((writer.add(f.base), tuple(map(place, f.places)), f.power) for f in t.factors),
            tuple(sorted(at[i] for i in t.summed)),
        )
        for t in terms
    )
    return Rows(writer.recipe(), made, tuple(writer.sized(i.dim) for i in list(at)[free:]))
