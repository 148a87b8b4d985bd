"""Formulas remembered by structure: of a network with a hundred like layers, one is thought about.

Reading a sum of products depends on how its factors hang together, not on what they are called. A sum is described by numbers for
its names, sizes and indices, together with what simplification may use of its factors (symmetry, rows that add up to 1); the formula
found for one description serves for all sums that share it, under their own names. The lengths of the names belong to the
description, since the shortest formula is sought. Where declared properties or other definitions could come in, nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from shapecalc.expr import Apply, Expr, Lit, Var, variables
from shapecalc.indexed import Factor, Index, Places, Term, indices
from shapecalc.op import Op
from shapecalc.shapes import Dim, Shape

from .context import Context, sums_to_one, symmetric
from .parts import scalar_definitions

FEW, SIMPLE = 4, 12  # terms, and nodes of a factor, up to which a sum is described
KEPT = 2048  # descriptions that are remembered for one problem


class Odd(Exception):
    """Something that the description has no words for: the formula is sought each time."""


class Made(NamedTuple):
    """A node of a remembered formula: an operation on earlier nodes; its shape in numbers of sizes."""

    op: Op
    args: tuple[int, ...]
    params: tuple[tuple[str, Any], ...]
    shape: tuple[int, ...]


class Description:
    """The numbers that names, sizes and indices get in the order in which they are met."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.names: dict[Expr, int] = {}
        self.sizes: dict[Dim, int] = {}
        self.indices: dict[Index, int] = {}
        self.parts: set[Expr] = set()

    def of(self, terms: list[Term], target: Places) -> tuple[object, ...]:
        """The description of a sum; Odd where there is none."""
        key = (self.places(target), *[self.term(t) for t in terms])
        if self.context.meets(self.parts) or any(self._meets(own) for _, own in scalar_definitions(self.context)):
            raise Odd
        return key

    def _meets(self, scalars: Mapping[Expr, Fraction]) -> bool:
        """Whether a definition that is a product of scalars could be found in the sum."""
        return all(v in self.parts for e in scalars for v in variables(e).values())

    def term(self, t: Term) -> tuple[object, ...]:
        """One product."""
        factors = [(self.base(f, t), self.places(f.places), f.power.numerator, f.power.denominator) for f in t.factors]
        summed = sorted([self.index(i) for i in t.summed]) if t.summed else ()
        return (t.coefficient.numerator, t.coefficient.denominator, *factors, *summed)

    def places(self, places: Places) -> tuple[int, ...]:
        """Axes as numbers; an axis of size 1 is -1."""
        out = []
        for p in places:
            if p is None:
                out.append(-1)
            elif isinstance(p, Index):
                out.append(self.index(p))
            else:
                raise Odd
        return tuple(out)

    def index(self, i: Index) -> int:
        """The number of an index, together with its size."""
        found = self.indices.get(i)
        if found is None:
            found = self.indices[i] = len(self.indices) << 8 | self.size(i.dim)
        return found

    def size(self, dim: Dim) -> int:
        """The number of a size that is a name; two sizes that are reckoned with are not described."""
        found = self.sizes.get(dim)
        if found is None:
            if not isinstance(dim, str) or not dim.isidentifier() or len(self.sizes) > 200:
                raise Odd
            found = self.sizes[dim] = len(self.sizes)
        return found

    def base(self, f: Factor, t: Term) -> tuple[object, ...]:
        """A factor; of a sum over an axis of its own the definitions are looked at, to see whether it is zero."""
        e = f.base
        added = isinstance(e, Apply) and e.name == "add"
        if isinstance(e, Lit) or e.weight > SIMPLE or (added and not t.summed.isdisjoint(indices(f.places))):
            raise Odd
        return self.node(e)

    def node(self, e: Expr) -> tuple[object, ...]:
        """A formula with numbers for its names, and what is known of each part."""
        if isinstance(e, Lit):
            if isinstance(e.value, str):
                raise Odd
            return ("number", e.value.numerator, e.value.denominator)
        self.parts.add(e)
        own = traits(e, self.context)
        if own is None:
            raise Odd
        if isinstance(e, Var):
            found = self.names.setdefault(e, len(self.names))
            return (found, len(e.name), *[self.axis(d) for d in e.shape], own)
        return (e.op, e.params, own, *[self.node(a) for a in e.args])

    def axis(self, dim: Dim) -> int:
        """A size of a shape; 1 is -1."""
        return -1 if dim == 1 else self.size(dim)


def traits(e: Expr, context: Context) -> tuple[int, ...] | None:
    """What simplification may use of a tensor: -1 for symmetry, the axes whose entries add up to 1; None where it was declared."""
    if e in context.traits:
        return context.traits[e]
    found: tuple[int, ...] | None = None
    if not (isinstance(e, Var) and e.properties) and not (isinstance(e, Apply) and not all(_worded(v) for _, v in e.params)):
        even = (-1,) if symmetric(e, context) else ()
        found = (*even, *[axis for axis in range(len(e.shape)) if sums_to_one(e, axis, context)])
        if found and _declared(e, context):
            found = None  # that a declared property was used is noted on the way, and would not be here
    context.traits[e] = found
    return found


def _declared(e: Expr, context: Context) -> bool:
    """Whether a tensor depends on a variable with declared properties."""
    asked: list[Expr] = [e]
    seen: set[str] = set()
    while asked:
        for name, v in variables(asked.pop()).items():
            if name not in seen:
                seen.add(name)
                if v.properties:
                    return True
                if name in context.definitions:
                    asked.append(context.definitions[name])
    return False


def _worded(parameter: Any) -> bool:
    """Whether a parameter holds no size, which would have to be renamed with the rest."""
    return not isinstance(parameter, str) and (not isinstance(parameter, tuple) or all(map(_worded, parameter)))


def remembered(find: Callable[[], Expr], terms: list[Term], target: Places, context: Context) -> Expr:
    """The formula of a sum: what is known of its like, or what is found now."""
    if len(terms) > FEW:
        return find()
    description = Description(context)
    try:
        key = description.of(terms, target)
    except Odd:
        return find()
    known = context.formulas
    recipe = known.get(key)
    if recipe is None:
        found = find()
        if len(known) < KEPT:
            known[key] = _recipe(found, description) or ()
        return found
    return _named(recipe, list(description.names), list(description.sizes)) if recipe else find()


Recipe = tuple[int | Lit | Made, ...]
"""Nodes, arguments first: the number of a name, a number, or an operation."""


def _recipe(e: Expr, description: Description) -> Recipe | None:
    """A formula in the numbers of a description; None where it holds something else, such as a size that was reckoned."""
    numbers: dict[Expr, int] = {}
    out: list[int | Lit | Made] = []
    sizes = description.sizes

    def shape(own: Shape) -> tuple[int, ...] | None:
        found = tuple(-1 if d == 1 else sizes.get(d, -2) for d in own)
        return None if -2 in found else found

    stack = [e]
    while stack:
        node = stack[-1]
        if node in numbers:
            stack.pop()
            continue
        if isinstance(node, Apply):
            later = [a for a in node.args if a not in numbers]
            if later:
                stack.extend(reversed(later))
                continue
            own = shape(node.shape)
            if own is None or not all(_worded(v) for _, v in node.params):
                return None
            out.append(Made(node.op, tuple(numbers[a] for a in node.args), node.params, own))
        elif isinstance(node, Lit):
            if isinstance(node.value, str):
                return None
            out.append(node)
        else:
            if node not in description.names:
                return None
            out.append(description.names[node])
        numbers[node] = len(numbers)
        stack.pop()
    return tuple(out)


def _named(recipe: Recipe, names: list[Expr], sizes: list[Dim]) -> Expr:
    """A remembered formula under other names."""
    out: list[Expr] = []
    for node in recipe:
        if isinstance(node, int):
            out.append(names[node])
        elif isinstance(node, Lit):
            out.append(node)
        else:
            shape = tuple([1 if d < 0 else sizes[d] for d in node.shape])
            out.append(Apply(node.op, tuple([out[a] for a in node.args]), node.params, shape))
    return out[-1]
