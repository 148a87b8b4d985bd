"""The syntax tree: what was written, with the place of every part; no shapes, and no meaning of functions.

Two trees are equal when the same was written, wherever it stands. A node in parentheses counts them into its span.
Chains are flat, so that a sum of a hundred thousand terms is no deeper than one of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.errors import Span


@dataclass(frozen=True, slots=True)
class Number:
    """A literal as written, and its exact value."""

    text: str
    value: Fraction
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a size, or a word such as True; as typed, or behind a prefix that was dropped (np.pi)."""

    id: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class String:
    """A text among the arguments of a function."""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign, "+" or "-", before its operand."""

    op: str
    arg: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sum:
    """Two terms or more, each with the sign that joins it, "+" or "-"; the first has "+"."""

    terms: tuple[tuple[str, Node], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Product:
    """A factor, and those that follow with "*", "/" or "@"; to be read from the left."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Power:
    """Written ** or as a superscript."""

    base: Node
    exponent: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """op: one of > < >= <= == !=."""

    op: str
    left: Node
    right: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Transpose:
    """how: .T .mT ' ᵀ ⊤ ^T ^⊤ or ⁻ᵀ (around a call of inv); ^T may also be meant as a power where a variable is called T."""

    arg: Node
    how: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name after a dot that is not called: X.shape."""

    object: Node
    name: str
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Keyword:
    """An argument with its name: axis=0."""

    name: str
    value: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Method:
    """A function called on what stands before the dot: X.sum(axis=0), X.t()."""

    object: Node
    name: str
    args: tuple[Node, ...]
    keywords: tuple[Keyword, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Norm:
    """Between double bars; order: "F", "2", "1", or "" where none is written."""

    arg: Node
    order: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """start:stop:step inside an index; what is not written is None."""

    start: Node | None
    stop: Node | None
    step: Node | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class NewAxis:
    """None (or newaxis) as an index."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Dots:
    """... as an index: all axes between."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Subscript:
    """An object with its index, one item for each comma-separated part."""

    object: Node
    items: tuple[Index, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What the name at this place gets where so many names stand on the left of =."""

    object: Node
    place: int
    count: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Tuple:
    """(), (a,) or (a, b): axes, a shape."""

    items: tuple[Node, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
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
    match node:
        case Number() | Name() | String() | NewAxis() | Dots():
            return ()
        case Unary(arg=arg) | Transpose(arg=arg) | Norm(arg=arg) | Attribute(object=arg) | Unpacked(object=arg):
            return (arg,)
        case Sum(terms=terms):
            return tuple(term for _, term in terms)
        case Product(first=first, rest=rest):
            return (first, *(factor for _, factor in rest))
        case Power(base=left, exponent=right) | Compare(left=left, right=right):
            return (left, right)
        case Method(object=arg, args=args, keywords=keywords):
            return (arg, *args, *(keyword.value for keyword in keywords))
        case Call(args=args, keywords=keywords):
            return (*args, *(keyword.value for keyword in keywords))
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case Subscript(object=arg, items=items):
            return (arg, *items)
        case Tuple(items=items) | List(items=items):
            return items


def walk(node: Index) -> Iterator[tuple[Index, int]]:
    """Every part of a tree with its depth, parents first, from left to right; without recursion."""
    waiting = [(node, 1)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        waiting.extend((child, depth + 1) for child in reversed(children(part)))
