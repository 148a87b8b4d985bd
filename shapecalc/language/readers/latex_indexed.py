"""Formulas with indices: products of arrays whose axes bear letters; what stands on neither side of = is summed.

An axis of a matrix inside such a formula (x_i, a row of X, is a vector) bears a letter of its own that begins with #.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from string import ascii_letters

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.shapes import Dim

from ..tree import Node
from .growing import call, einsum, number, picked, product, transposed
from .latex_terms import Term, side_by_side

Letters = tuple[str, ...]
_FRESH = count()
MOST_FACTORS = 40


@dataclass(frozen=True, slots=True)
class Part:
    """A factor with a letter for each axis; op "/": it divides."""

    node: Node
    letters: Letters
    op: str = "*"


@dataclass(frozen=True, slots=True)
class Indexed:
    """A product: for each setting of the labels an array with the axes core; every other letter is summed.

    sizes: of the axes, by letter. row: the core is a vector that lies down.
    """

    parts: tuple[Part, ...]
    labels: Letters
    core: Letters
    span: Span
    sizes: Mapping[str, Dim] = field(hash=False)
    row: bool = False


Value = Term | Indexed


def fresh() -> str:
    """A letter that nothing bears."""
    return f"#{next(_FRESH)}"


def lifted(value: Value) -> Indexed:
    """A formula without indices as one with none of them."""
    if isinstance(value, Indexed):
        return value
    core = tuple(fresh() for _ in value.shape)
    return Indexed((Part(value.node, core),), (), core, value.span, dict(zip(core, value.shape, strict=True)), value.row)


def settled(value: Indexed) -> Value:
    """A formula whose indices are all summed as one without indices."""
    if value.labels:
        return value
    return Term(array(value, value.core), tuple(value.sizes[x] for x in value.core), value.row)


def renamed(value: Indexed, names: Mapping[str, str]) -> Indexed:
    """Other letters for some axes."""

    def new(letters: Letters) -> Letters:
        return tuple(names.get(x, x) for x in letters)

    parts = tuple(Part(p.node, new(p.letters), p.op) for p in value.parts)
    sizes = {names.get(x, x): d for x, d in value.sizes.items()}
    return replace(value, parts=parts, labels=new(value.labels), core=new(value.core), sizes=sizes)


def _apart(a: Indexed, b: Indexed) -> Indexed:
    """b with no letter in common with a but the indices that both show."""
    shown = {*a.labels, *b.labels}
    clash = (set(a.sizes) & set(b.sizes)) - shown
    return renamed(b, {x: fresh() for x in clash}) if clash else b


def multiplied(a: Indexed, b: Indexed, op: str) -> Indexed:
    """The product that is meant; "" for nothing between them."""
    b = _apart(a, b)
    if op in ("/", "oslash"):
        return _divided(a, b)
    if op == "otimes":
        raise SyntaxProblem("⊗ is not read among indices", (a.span[0], b.span[1]))
    core, row = (*a.core, *b.core), a.row or b.row
    if op == "odot" and a.core and b.core:
        if len(a.core) != len(b.core) or a.row != b.row:
            raise SyntaxProblem("these do not fit entry by entry", (a.span[0], b.span[1]))
        b, core, row = renamed(b, dict(zip(b.core, a.core, strict=True))), a.core, a.row
    elif a.core and b.core:
        b, core, row = _contracted(a, b, op)
    labels = (*a.labels, *(x for x in b.labels if x not in a.labels))
    if len(a.parts) + len(b.parts) > MOST_FACTORS:
        raise SyntaxProblem("this product has too many factors", (a.span[0], b.span[1]))
    return Indexed((*a.parts, *b.parts), labels, core, (a.span[0], b.span[1]), {**b.sizes, **a.sizes}, row)


def _contracted(a: Indexed, b: Indexed, op: str) -> tuple[Indexed, Letters, bool]:
    """Products of rows, columns and matrices: b with its letters joined to a's, and the axes that are left."""
    kinds = (
        ("row" if a.row else "column") if len(a.core) == 1 else "matrix",
        ("row" if b.row else "column") if len(b.core) == 1 else "matrix",
    )
    if kinds == ("column", "row"):
        return b, (a.core[0], b.core[0]), False
    if kinds[0] == kinds[1] and kinds[0] != "matrix" and not (op == "cdot" and kinds[0] == "column"):
        raise side_by_side(a.span, b.span, kinds[0] + "s")
    if kinds in {("column", "matrix"), ("matrix", "row")}:
        raise SyntaxProblem("these do not conform: a column before a matrix, or a row behind it", (a.span[0], b.span[1]))
    joined = renamed(b, {b.core[0]: a.core[-1]})
    core = (*a.core[:-1], *joined.core[1:])
    return joined, core, kinds[0] == "row" and len(core) == 1


def _divided(a: Indexed, b: Indexed) -> Indexed:
    if b.core and len(b.core) != len(a.core):
        raise SyntaxProblem("this does not divide entry by entry", (a.span[0], b.span[1]))
    b = renamed(b, dict(zip(b.core, a.core, strict=True))) if b.core else b
    part = Part(array(b, (*b.labels, *b.core)), (*b.labels, *b.core), "/")
    labels = (*a.labels, *(x for x in b.labels if x not in a.labels))
    return Indexed((*a.parts, part), labels, a.core, (a.span[0], b.span[1]), {**b.sizes, **a.sizes}, a.row)


def summed(value: Indexed, letter: str) -> Indexed:
    """The sum over an index."""
    inner = fresh()
    out = renamed(value, {letter: inner})
    return replace(out, labels=tuple(x for x in out.labels if x != inner))


def mapped(value: Indexed, function: Callable[[Node], Node]) -> Indexed:
    """A function of each entry."""
    letters = (*value.labels, *value.core)
    part = Part(function(array(value, letters)), letters)
    return replace(value, parts=(part,), sizes={x: value.sizes[x] for x in letters})


def together(values: Sequence[Indexed], join: Callable[[Sequence[Node]], Node]) -> Indexed:
    """Something of several formulas entry by entry, an index that one of them lacks being no matter to it."""
    full = max(values, key=lambda v: len(v.core))
    aligned: list[Indexed] = []
    for value in values:
        if value.core and len(value.core) != len(full.core):
            raise SyntaxProblem("these do not fit together entry by entry", value.span)
        if value.core and len(value.core) == 1 and value.row != full.row:
            raise SyntaxProblem("one of these is a row, the other a column", value.span)
        aligned.append(renamed(value, dict(zip(value.core, full.core, strict=True))) if value.core else value)
    labels = tuple(dict.fromkeys(x for v in aligned for x in v.labels))
    order = (*labels, *full.core)
    nodes = [_spread(array(v, tuple(x for x in order if x in {*v.labels, *v.core})), v, order) for v in aligned]
    sizes = {x: d for v in reversed(aligned) for x, d in v.sizes.items()}
    span = min(v.span[0] for v in values), max(v.span[1] for v in values)
    return Indexed((Part(join(nodes), order),), labels, full.core, span, {x: sizes[x] for x in order}, full.row)


def _spread(node: Node, value: Indexed, order: Letters) -> Node:
    return spread(node, tuple(x for x in order if x in {*value.labels, *value.core}), order)


def spread(node: Node, letters: Letters, order: Letters) -> Node:
    """An array with new axes where it lacks a letter of the order, from its first one on."""
    if not letters:
        return node
    items = [":" if x in letters else None for x in order[order.index(letters[0]) :]]
    return node if None not in items else picked(node, items)


def array(value: Indexed, order: Letters) -> Node:
    """The product as one formula, with its axes in this order."""
    parts = [p for p in value.parts if p.letters]
    numbers = [p for p in value.parts if not p.letters]
    if not parts:
        return _scaled(None, numbers, value.span)
    bound = [x for x in dict.fromkeys(x for p in parts for x in p.letters) if x not in order]
    plain = all(len(set(p.letters)) == len(p.letters) for p in parts)
    node: Node | None = None
    if plain and not bound:
        node = _entrywise(parts, order)
    elif plain and len(parts) == 2 and len(bound) == 1 and all(p.op == "*" for p in parts):
        node = _matmul(parts[0], parts[1], bound[0], order)
    if node is None and plain and parts[0].op == "*" and all(p.letters == parts[0].letters for p in parts):
        node = _total(Part(_entrywise(parts, parts[0].letters) or parts[0].node, parts[0].letters), order, value.span)
    return _scaled(node if node is not None else _einsum(parts, order, value.span), numbers, value.span)


def _scaled(node: Node | None, numbers: Sequence[Part], span: Span) -> Node:
    """The factors without axes: those that multiply before, those that divide behind."""
    for part in (p for p in reversed(numbers) if p.op == "*"):
        node = part.node if node is None else product(part.node, "*", node)
    for part in (p for p in numbers if p.op == "/"):
        node = product(number(1, span) if node is None else node, "/", part.node)
    return number(1, span) if node is None else node


def _ordered(part: Part, order: Letters) -> Node:
    """A part with its axes in the order of the letters."""
    wanted = tuple(x for x in order if x in part.letters)
    if wanted == part.letters:
        return part.node
    if len(wanted) == 2:
        return transposed(part.node)
    return _einsum([Part(part.node, part.letters)], wanted, part.node.span)


def _entrywise(parts: Sequence[Part], order: Letters) -> Node | None:
    if {x for p in parts for x in p.letters} != set(order):
        return None
    node: Node | None = None
    for part in parts:
        one = spread(_ordered(part, order), tuple(x for x in order if x in part.letters), order)
        node = (one if part.op == "*" else product(number(1, one.span), "/", one)) if node is None else product(node, part.op, one)
    return node


def _total(part: Part, order: Letters, span: Span) -> Node | None:
    """A sum over axes of one array."""
    kept = tuple(x for x in part.letters if x in order)
    if kept != order:
        return None if set(kept) != set(order) or len(order) != 2 else transposed(_sum_over(part, kept, span))
    return _sum_over(part, kept, span)


def _sum_over(part: Part, kept: Letters, span: Span) -> Node:
    axes = tuple(k for k, x in enumerate(part.letters) if x not in kept)
    if not kept:
        return call("sum", (part.node,), span)
    return call("sum", (part.node,), span, axis=axes[0] if len(axes) == 1 else axes)


def _matmul(a: Part, b: Part, inner: str, order: Letters) -> Node | None:
    """The sum of products over one letter as a matrix product, where it is one."""
    if max(len(a.letters), len(b.letters)) > 2 or inner not in a.letters or inner not in b.letters:
        return None
    free = tuple(x for p in (a, b) for x in p.letters if x != inner)
    if len(set(free)) != len(free) or set(free) != set(order):
        return None
    left = a.node if a.letters[-1] == inner else transposed(a.node)
    right = b.node if b.letters[0] == inner else transposed(b.node)
    if free == order:
        return product(left, "@", right)
    turned = b.node if b.letters[-1] == inner else transposed(b.node), a.node if a.letters[0] == inner else transposed(a.node)
    return product(turned[0], "@", turned[1])


def _einsum(parts: Sequence[Part], order: Letters, span: Span) -> Node:
    """The general case."""
    letters: dict[str, str] = {}
    free = iter(ascii_letters)
    taken = {x for p in parts for x in p.letters if len(x) == 1 and x in ascii_letters}
    for x in (x for p in parts for x in p.letters):
        if x not in letters:
            if len(letters) >= MOST_FACTORS:
                raise SyntaxProblem("this product has too many indices", span)
            letters[x] = x if x in taken else next(c for c in free if c not in taken)
    missing = [x for x in order if x not in letters]
    if missing:
        raise SyntaxProblem(f"{missing[0]} is on the left only", span)
    spec = ",".join("".join(letters[x] for x in p.letters) for p in parts) + "->" + "".join(letters[x] for x in order)
    return einsum(spec, [p.node if p.op == "*" else product(number(1, span), "/", p.node) for p in parts], span)
