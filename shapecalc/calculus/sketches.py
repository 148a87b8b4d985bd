"""Sketches: what a formula is like, apart from what its names and sizes are called.

A sketch numbers the names and sizes of a formula in the order in which they are met and says of each name what a derivation may ask
about it: how long it is, if it is long (the shortest formula is sought), its shape, whether it is a definition, whether it equals its
transpose, which of its axes add up to 1. Formulas with one sketch have derivatives with one sketch. `Group` puts several sketches side
by side, together with the definitions that could be found in what is made of them, because all their names are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from shapecalc.expr import Apply, Expr, Lit, Var, nodes, variables
from shapecalc.shapes import Dim, names, polynomial

from .context import GROUNDS, Context, is_orthogonal, symmetric
from .totals import MIXED, sums_to_one

HEAVY = 200  # nodes of a formula up to which it is sketched
AROUND = 16  # definitions in one name that are looked at, to see whether all their names are there
SIZED = frozenset({"shape", "n", "items"})  # parameters that hold sizes
PLAIN = (False, False)  # neither symmetric nor orthogonal, and no axis adds up to 1
TOLD = frozenset({"softmax", "eigvecs"})  # operations of which more is known
DECLARED = frozenset().union(*GROUNDS.values())
NARROW = 5  # letters up to which names count as of one length: no form is another for W10 than it is for W9


def breadth(name: str) -> int:
    """How long a name is, roughly."""
    return 0 if len(name) <= NARROW else len(name)


class Odd(Exception):
    """Something that a sketch has no words for: nothing is remembered."""


class Sketch(NamedTuple):
    """What a formula is like (equal numbers, equal structure), and the names and sizes that it has in the places of the numbers."""

    ident: int
    names: tuple[Var, ...]
    sizes: tuple[str, ...]


class Numbering:
    """The numbers that names and sizes get in the order in which they are met."""

    __slots__ = ("context", "names", "sizes", "variables")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.names: dict[str, int] = {}
        self.variables: list[Var] = []
        self.sizes: dict[str, int] = {}

    def name(self, v: Var) -> int:
        """The number of a name."""
        found = self.names.get(v.name)
        if found is None:
            found = self.names[v.name] = len(self.variables)
            self.variables.append(v)
        return found

    def size(self, dim: Dim) -> object:
        """The number of a size; a number of entries is itself, as text."""
        found = self.sizes.get(dim)  # type: ignore[arg-type]
        if found is None:
            if isinstance(dim, int):
                return str(dim)
            if not dim.isidentifier():
                for part in names(dim):
                    self.size(part)
            found = self.sizes[dim] = len(self.sizes)
        return found

    def known(self, v: Var) -> tuple[object, ...]:
        """A name by its number, and what may be asked about it besides its shape."""
        name = v.name
        known = self.context.traits.get(name)
        if known is None:
            known = self.context.traits[name] = (breadth(name), *traits(v, self.context))
        found = self.names.get(name)
        return (self.name(v) if found is None else found, known)

    def formula(self, e: Expr) -> tuple[object, ...]:
        """A formula in the numbers of its names, sizes and nodes."""
        if e.weight > HEAVY:
            raise Odd
        order = nodes(e)
        at: dict[int, int] = {}
        out: list[object] = []
        sizes: Mapping[Dim, int] = self.sizes  # type: ignore[assignment]
        for k, node in enumerate(order):
            at[id(node)] = k
            if isinstance(node, Var):
                out.append((*self.known(node), *[self.size(d) if (found := sizes.get(d)) is None else found for d in node.shape]))
            elif isinstance(node, Apply):
                args = [at[id(a)] if id(a) in at else order.index(a) for a in node.args]
                out.append((node.op, self.parameters(node.params), *args) if node.params else (node.op, *args))
            else:
                out.append(self.number(node))
        return tuple(out)

    def number(self, e: Lit) -> tuple[object, ...]:
        """A number, or a size as one."""
        return ("size", self.size(e.value)) if isinstance(e.value, str) else ("number", e.value.numerator, e.value.denominator)

    def parameters(self, params: tuple[tuple[str, Any], ...]) -> tuple[object, ...]:
        """The parameters of an operation, sizes as numbers."""
        return tuple([(k, self.sized(v)) if k in SIZED else (k, v) for k, v in params])

    def sized(self, value: Any) -> object:
        """A size, or sizes in tuples."""
        return tuple([self.sized(v) for v in value]) if isinstance(value, tuple) else self.size(value)

    def order(self) -> tuple[object, ...]:
        """How long sizes are, which comes first in the alphabet, and what those that are sums and products are made of."""
        sizes = self.sizes
        out: list[object] = [(k, breadth(d)) for d, k in sorted(sizes.items())]
        for d, k in sizes.items():
            if not d.isidentifier():
                out.append((k, *[(tuple([sizes[x] for x in m]), c) for m, c in polynomial(d).items()]))
        return tuple(out)


def traits(v: Var, context: Context) -> tuple[object, ...]:
    """What may be asked about a name besides its shape; Odd where a declared property stands behind it: that it was used is noted."""
    if v.properties & DECLARED:
        raise Odd
    found: tuple[object, ...] = tuple(sorted(v.properties)) if v.properties else ()
    body = context.definitions.get(v.name)
    if body is not None:
        own: tuple[object, ...] = PLAIN
        if isinstance(body, Var) or len(set(v.shape)) < len(v.shape) or (isinstance(body, Apply) and body.name in TOLD | MIXED):
            own = (symmetric(v, context), is_orthogonal(v, context), *[k for k in range(len(v.shape)) if sums_to_one(v, k, context)])
        if own != PLAIN and _declared(v, context):
            raise Odd
        found = ("defined", *found, *own)
    return found


def _declared(v: Var, context: Context) -> bool:
    """Whether a tensor depends on a variable with declared properties."""
    asked: list[Expr] = [v]
    seen: set[str] = set()
    while asked:
        for name, other in variables(asked.pop()).items():
            if name not in seen:
                seen.add(name)
                if other.properties & DECLARED:
                    return True
                if name in context.definitions:
                    asked.append(context.definitions[name])
    return False


class Sketches:
    """The sketches of one problem: each definition is sketched once, and found by its names."""

    def __init__(self, context: Context, idents: dict[tuple[object, ...], int]) -> None:
        self.context = context
        self.idents = idents
        self.bodies: dict[str, Sketch | None] = {}
        self._around: dict[str | None, list[tuple[int, str]]] | None = None

    def ident(self, structure: tuple[object, ...]) -> int:
        """The number of a structure."""
        return self.idents.setdefault(structure, len(self.idents))

    def of(self, e: Expr) -> Sketch:
        """The sketch of a formula."""
        numbering = Numbering(self.context)
        structure = numbering.formula(e)
        return Sketch(self.ident(structure), tuple(numbering.variables), tuple(numbering.sizes))

    def body(self, name: str) -> Sketch:
        """The sketch of a definition."""
        if name not in self.bodies:
            try:
                self.bodies[name] = self.of(self.context.definitions[name])
            except Odd:
                self.bodies[name] = None
        found = self.bodies[name]
        if found is None:
            raise Odd
        return found

    def around(self) -> Mapping[str | None, list[tuple[int, str]]]:
        """The definitions, numbered, by the name in them that the fewest definitions have; those without names under None."""
        if self._around is None:
            count: dict[str, int] = {}
            bodies = {n: variables(e) for n, e in self.context.definitions.items() if isinstance(e, Apply)}
            for own in bodies.values():
                for v in own:
                    count[v] = count.get(v, 0) + 1
            self._around = {}
            for k, (name, own) in enumerate(bodies.items()):
                self._around.setdefault(min(own, key=count.__getitem__, default=None), []).append((k, name))
        return self._around


class Group(Numbering):
    """Several sketches side by side: the key under which what was made of them is kept."""

    __slots__ = ("closed", "inside", "key", "sketches")

    def __init__(self, sketches: Sketches) -> None:
        super().__init__(sketches.context)
        self.sketches = sketches
        self.key: list[object] = []
        self.inside = 0
        self.closed: tuple[object, ...] = ()

    def add(self, sketch: Sketch) -> None:
        """One more sketch."""
        key, numbers, variables_, sizes = self.key, self.names, self.variables, self.sizes
        key.append(sketch.ident)
        for v in sketch.names:
            found = numbers.get(v.name)
            if found is None:
                found = numbers[v.name] = len(variables_)
                variables_.append(v)
            key.append(found)
        key += [self.size(d) if (found := sizes.get(d)) is None else found for d in sketch.sizes]

    def close(self, own: str = "") -> None:
        """The key is complete, with the definitions that have no name but those that are there; ``own`` is one that is said already."""
        numbers, hidden = self.names, self.context.hidden
        self.inside = len(numbers)
        for name in self.within():
            if name != own:
                self.key.append((numbers.get(name, -breadth(name) - 1), name in hidden))
                self.add(self.sketches.body(name))
        self.closed = (*self.key, self.order())

    def within(self) -> list[str]:
        """The definitions whose names are all there, in their order."""
        definitions, around, there = self.context.definitions, self.sketches.around(), self.names
        found: list[tuple[int, str]] = []
        for name in (None, *there):
            near = around.get(name)
            if near is None:
                continue
            if len(near) > AROUND:
                raise Odd
            found += [x for x in near if variables(definitions[x[1]]).keys() <= there.keys()]
        if len(found) > AROUND:
            raise Odd
        return [n for _, n in sorted(found)]

    def holds(self, names: Iterable[str]) -> bool:
        """Whether names are among those of the sketches themselves."""
        return all(self.names.get(n, self.inside) < self.inside for n in names)
