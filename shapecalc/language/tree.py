"""The syntax tree: what was written, with the place of every part; no shapes, and no meaning of functions.

Two trees are equal when the same was written, wherever it stands. A node in parentheses counts them into its span.
Chains are flat, so that a sum of a hundred thousand terms is no deeper than one of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from fractions import Fraction
from typing import Any

from shapecalc.errors import Span
from shapecalc.records import record


@record
class Number:
    """A literal as written, and its exact value."""

    text: str
    value: Fraction
    span: Span = field(compare=False)


@record
class Name:
    """A variable, a size, or a word such as True; as typed, or behind a prefix that was dropped (np.pi)."""

    id: str
    span: Span = field(compare=False)


@record
class String:
    """A text among the arguments of a function."""

    value: str
    span: Span = field(compare=False)


@record
class Unary:
    """A sign, "+" or "-", before its operand."""

    op: str
    arg: Node
    span: Span = field(compare=False)


@record
class Sum:
    """Two terms or more, each with the sign that joins it, "+" or "-"; the first has "+"."""

    terms: tuple[tuple[str, Node], ...]
    span: Span = field(compare=False)


@record
class Product:
    """A factor, and those that follow with "*", "/" or "@"; to be read from the left."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    span: Span = field(compare=False)


@record
class Power:
    """Written ** or as a superscript."""

    base: Node
    exponent: Node
    span: Span = field(compare=False)


@record
class Compare:
    """op: one of > < >= <= == !=."""

    op: str
    left: Node
    right: Node
    span: Span = field(compare=False)


@record
class Transpose:
    """how: .T .mT ' ᵀ ⊤ ^T ^⊤ or ⁻ᵀ (around a call of inv); ^T may also be meant as a power where a variable is called T."""

    arg: Node
    how: str
    span: Span = field(compare=False)


@record
class Attribute:
    """A name after a dot that is not called: X.shape."""

    object: Node
    name: str
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@record
class Keyword:
    """An argument with its name: axis=0."""

    name: str
    value: Node
    span: Span = field(compare=False)


@record
class Method:
    """A function called on what stands before the dot: X.sum(axis=0), X.t()."""

    object: Node
    name: str
    args: tuple[Node, ...]
    keywords: tuple[Keyword, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@record
class Call:
    """A function by its name; A⁻¹ is inv(A), |x| is abs(x).

    prefix: the module that was written before it, "np" or "torch.linalg"; one that is a variable too, F, may turn F.sum(0) into a method.
    """

    name: str
    args: tuple[Node, ...]
    keywords: tuple[Keyword, ...]
    prefix: str = field(compare=False)
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@record
class Norm:
    """Between double bars; order: "F", "2", "1", or "" where none is written."""

    arg: Node
    order: str
    span: Span = field(compare=False)


@record
class Slice:
    """start:stop:step inside an index; what is not written is None."""

    start: Node | None
    stop: Node | None
    step: Node | None
    span: Span = field(compare=False)


@record
class NewAxis:
    """None (or newaxis) as an index."""

    span: Span = field(compare=False)


@record
class Dots:
    """... as an index: all axes between."""

    span: Span = field(compare=False)


@record
class Subscript:
    """An object with its index, one item for each comma-separated part."""

    object: Node
    items: tuple[Index, ...]
    span: Span = field(compare=False)


@record
class Unpacked:
    """What the name at this place gets where so many names stand on the left of =."""

    object: Node
    place: int
    count: int
    span: Span = field(compare=False)


@record
class Tuple:
    """(), (a,) or (a, b): axes, a shape."""

    items: tuple[Node, ...]
    span: Span = field(compare=False)


@record
class List:
    """[a, b]: things to join, a matrix by its rows."""

    items: tuple[Node, ...]
    span: Span = field(compare=False)


Node = (
    Number | Name | String | Unary | Sum | Product | Power | Compare | Transpose
    | Attribute | Method | Call | Norm | Subscript | Unpacked | Tuple | List
)  # fmt: skip
Index = Node | Slice | NewAxis | Dots


def children(node: Index) -> tuple[Index, ...]:
    """The parts of a node in the order in which they are written."""
    return _CHILDREN[type(node)](node)


_CHILDREN: dict[type[Index], Callable[[Any], tuple[Index, ...]]] = {
    **dict.fromkeys((Number, Name, String, NewAxis, Dots), lambda node: ()),
    **dict.fromkeys((Unary, Transpose, Norm), lambda node: (node.arg,)),
    **dict.fromkeys((Attribute, Unpacked), lambda node: (node.object,)),
    **dict.fromkeys((Tuple, List), lambda node: node.items),
    Sum: lambda node: tuple([term for _, term in node.terms]),
    Product: lambda node: (node.first, *[factor for _, factor in node.rest]),
    Power: lambda node: (node.base, node.exponent),
    Compare: lambda node: (node.left, node.right),
    Method: lambda node: (node.object, *node.args, *[keyword.value for keyword in node.keywords]),
    Call: lambda node: (*node.args, *[keyword.value for keyword in node.keywords]),
    Slice: lambda node: tuple([part for part in (node.start, node.stop, node.step) if part is not None]),
    Subscript: lambda node: (node.object, *node.items),
}


def names(node: Index) -> list[Name]:
    """The names in a tree from left to right, those of functions and of keywords left out."""
    found: list[Name] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Name):
            found.append(part)
        else:
            waiting.extend(reversed(children(part)))
    return found


def walk(node: Index) -> Iterator[tuple[Index, int]]:
    """Every part of a tree with its depth, parents first, from left to right; without recursion."""
    waiting = [(node, 1)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        waiting.extend((child, depth + 1) for child in reversed(children(part)))
