"""Syntax trees put together from parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from shapecalc.errors import Span

from .. import tree
from ..tree import Call, Index, Keyword, Name, NewAxis, Node, Number, Power, Product, Slice, String, Subscript, Sum, Transpose, Tuple


def number(value: int | Fraction, span: Span) -> Node:
    """A number, which may be negative or a fraction."""
    value = Fraction(value)
    if value < 0:
        return tree.Unary("-", number(-value, span), span)
    if value.denominator != 1:
        return product(number(value.numerator, span), "/", number(value.denominator, span))
    return Number(str(value), value, span)


def product(left: Node, op: str, right: Node) -> Node:
    """left op right, read from the left."""
    span = min(left.span[0], right.span[0]), max(left.span[1], right.span[1])
    if isinstance(left, Product):
        return Product(left.first, (*left.rest, (op, right)), span)
    return Product(left, ((op, right),), span)


def total(terms: Sequence[tuple[str, Node]]) -> Node:
    """A sum; one term without a minus stays as it is."""
    if len(terms) == 1 and terms[0][0] == "+":
        return terms[0][1]
    return Sum(tuple(terms), (terms[0][1].span[0], terms[-1][1].span[1]))


def call(name: str, args: Sequence[Node], span: Span, name_span: Span | None = None, **keywords: int | bool | tuple[int, ...]) -> Node:
    """A function of the language."""
    given = tuple(Keyword(key, _value(value, span), span) for key, value in keywords.items())
    return Call(name, tuple(args), given, "", name_span or span, span)


def _value(value: int | bool | tuple[int, ...], span: Span) -> Node:
    if isinstance(value, tuple):
        return Tuple(tuple(_value(v, span) for v in value), span)
    return Name(str(value), span) if isinstance(value, bool) else number(value, span)


def transposed(node: Node, span: Span | None = None) -> Node:
    """node.T; what is transposed twice is as it was."""
    if isinstance(node, Transpose) and node.how == ".T":
        return node.arg
    return Transpose(node, ".T", span or node.span)


def power(node: Node, exponent: Node) -> Node:
    """node ** exponent."""
    return Power(node, exponent, (node.span[0], exponent.span[1]))


def picked(node: Node, items: Sequence[int | str | None]) -> Node:
    """node[...]: a number is a place, ":" a whole axis, None a new one."""
    made: list[Index] = []
    for item in items:
        if item is None:
            made.append(NewAxis(node.span))
        else:
            made.append(Slice(None, None, None, node.span) if isinstance(item, str) else number(item, node.span))
    return Subscript(node, tuple(made), node.span)


def einsum(spec: str, nodes: Sequence[Node], span: Span) -> Node:
    """einsum with its indices."""
    return Call("einsum", (String(spec, span), *nodes), (), "", span, span)


def filled(node: Any, values: Mapping[str, Node], span: Span) -> Any:
    """A tree with names replaced, and everything else placed at one span."""
    if isinstance(node, Name) and node.id in values:
        return values[node.id]
    if isinstance(node, tuple):
        return tuple(filled(part, values, span) for part in node)
    if not hasattr(node, "__dataclass_fields__"):
        return node
    changes: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        changes[field.name] = span if field.name in {"span", "name_span"} else filled(value, values, span)
    return replace(node, **changes)
