"""Places in a written formula, and the formula with something else in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

from ..errors import Span
from ..language.tree import (
    Attribute,
    Call,
    Compare,
    Method,
    Name,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Subscript,
    Sum,
    Transpose,
    Unary,
)

NEW: Span = (-1, -1)  # the span of what nobody has written
LINEAR = frozenset({
    "sum", "mean", "average", "diag", "tr", "trace", "transpose", "diagonal", "reshape", "ravel", "flatten", "squeeze", "vec", "tril",
    "triu", "outer", "dot", "matmul", "kron", "einsum", "multiply", "broadcast_to", "swapaxes", "t", "inner", "cumsum", "expand_dims",
    "unsqueeze",
})  # fmt: skip
SIZED = frozenset({"eye", "identity", "ones", "zeros"})  # functions of sizes: there is nothing in them to be mended
Plug = Callable[[Node], Node]


@dataclass(frozen=True, slots=True)
class Site:
    """A part of a formula. ``plug`` is the whole formula with something else there; ``linear``: the whole depends linearly on it.

    ``enclosed``: it is an argument of a function (or power) that is not linear. ``role``: "whole", "term" (an addend), "factor",
    "argument" or "inside".
    """

    node: Node
    plug: Plug
    linear: bool
    role: str
    parent: Node | None = None
    enclosed: bool = False


def same_node(node: Node) -> Node:
    """The whole formula, replaced by what is put there."""
    return node


def sites(root: Node) -> Iterator[Site]:
    """Every part of a formula, the whole first, then from left to right."""
    waiting = [Site(root, same_node, True, "whole")]
    while waiting:
        site = waiting.pop()
        yield site
        waiting.extend(reversed(list(_below(site))))


def _below(site: Site) -> Iterator[Site]:
    node, linear = site.node, site.linear
    match node:
        case Sum(terms=terms):
            for k, (_, term) in enumerate(terms):
                yield _inner(site, term, partial(with_term, node, k), linear, "term")
        case Product(first=first, rest=rest):
            yield _inner(site, first, partial(with_factor, node, 0), linear, "factor")
            for k, (op, factor) in enumerate(rest, 1):
                yield _inner(site, factor, partial(with_factor, node, k), linear and op != "/", "factor")
        case Unary(arg=arg) | Transpose(arg=arg):
            yield _inner(site, arg, partial(_changed, node, "arg"), linear, "inside")
        case Norm(arg=arg):
            yield _inner(site, arg, partial(_changed, node, "arg"), False, "inside")
        case Power(base=base):
            yield _inner(site, base, partial(_changed, node, "base"), False, "inside")
        case Compare(left=left, right=right):
            yield _inner(site, left, partial(_changed, node, "left"), False, "inside")
            yield _inner(site, right, partial(_changed, node, "right"), False, "inside")
        case Call(args=args, name=name) if name not in SIZED:
            for k, a in enumerate(args):
                yield _inner(site, a, partial(_with_argument, node, k), linear and name in LINEAR, "argument")
        case Method(object=subject, name=name):
            yield _inner(site, subject, partial(_changed, node, "object"), linear and name in LINEAR, "argument")
        case Subscript(object=subject) | Attribute(object=subject):
            yield _inner(site, subject, partial(_changed, node, "object"), linear, "inside")


def _inner(site: Site, node: Node, put: Plug, linear: bool, role: str) -> Site:
    plug = site.plug
    enclosed = site.enclosed or (site.linear and not linear and not isinstance(site.node, Product))
    return Site(node, lambda new: plug(put(new)), linear, role, site.node, enclosed)


def _changed(node: Node, field: str, new: Node) -> Node:
    made: Node = replace(node, **{field: new, "span": NEW})  # type: ignore[arg-type]
    return made


def _with_argument(node: Call, k: int, new: Node) -> Node:
    return replace(node, args=(*node.args[:k], new, *node.args[k + 1 :]), span=NEW)


def with_term(node: Sum, k: int, new: Node | None, sign: str | None = None) -> Node:
    """A sum with one addend replaced, or left out; with another sign."""
    terms = list(node.terms)
    if new is None:
        del terms[k]
        return _without_first_minus(terms)
    terms[k] = (sign or terms[k][0], new)
    return _without_first_minus(terms)


def _without_first_minus(terms: list[tuple[str, Node]]) -> Node:
    """A sum; where a plus stands further back it comes first, so that no sum begins with a minus needlessly."""
    if terms[0][0] == "-":
        place = next((k for k, (s, _) in enumerate(terms) if s == "+"), None)
        if place is None:
            terms[0] = ("+", Unary("-", terms[0][1], NEW))
        else:
            terms.insert(0, terms.pop(place))
    return terms[0][1] if len(terms) == 1 else Sum(tuple(terms), NEW)


def factors(node: Product) -> list[tuple[str, Node]]:
    """The factors with the operator before each; the first has "*"."""
    return [("*", node.first), *node.rest]


def product(parts: list[tuple[str, Node]]) -> Node:
    """A product from factors with the operator before each; one that begins with a divisor is 1 over it."""
    if parts[0][0] == "/":
        parts = [("*", number(1)), *parts]
    return parts[0][1] if len(parts) == 1 else Product(parts[0][1], tuple(parts[1:]), NEW)


def with_factor(node: Product, k: int, new: Node | None, op: str | None = None) -> Node:
    """A product with one factor replaced, or left out; with another operator before it."""
    parts = factors(node)
    if new is None:
        del parts[k]
        if k == 0 and parts[0][0] == "@":
            parts[0] = ("*", parts[0][1])
    else:
        parts[k] = (op or parts[k][0], new)
    return product(parts)


def number(value: int | Fraction) -> Node:
    """A number that is put in; fractions as decimals where they are short."""
    value = Fraction(value)
    if value < 0:
        return Unary("-", number(-value), NEW)
    if value.denominator == 1:
        return Number(str(value.numerator), value, NEW)
    if value.denominator in (2, 4, 5, 8, 10):
        return Number(f"{float(value):g}", value, NEW)
    return Product(number(value.numerator), (("/", number(value.denominator)),), NEW)


def name(id_: str) -> Node:
    """A name that is put in."""
    return Name(id_, NEW)


def toggled(node: Node) -> Node:
    """The transpose; of a transpose what it is of."""
    if isinstance(node, Transpose):
        return node.arg
    if isinstance(node, Unary):
        return replace(node, arg=toggled(node.arg), span=NEW)
    return Transpose(node, ".T", NEW)


def times(a: Node, b: Node, op: str = "*") -> Node:
    """a * b, a / b or a @ b."""
    return Product(a, ((op, b),), NEW)


def negated(node: Node) -> Node:
    """Minus a formula: a sign taken away, a difference turned round, or a sign put before it."""
    match node:
        case Unary(op="-", arg=arg):
            return arg
        case Sum(terms=(("+", a), ("-", b))):
            return Sum((("+", b), ("-", a)), NEW)
        case Product(first=Unary(op="-", arg=arg), rest=rest):
            return Product(arg, rest, NEW)
        case Product(first=Sum(terms=(("+", a), ("-", b))), rest=rest):
            return Product(Sum((("+", b), ("-", a)), NEW), rest, NEW)
        case Product(first=first, rest=rest):
            return Product(Unary("-", first, NEW), rest, NEW)
    return Unary("-", node, NEW)


def call(name_: str, *args: Node) -> Node:
    """A function applied."""
    return Call(name_, args, (), "", NEW, NEW)


def everywhere(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """The formula with `change` applied to every part from the outside in (None goes on inside)."""
    made = change(node)
    if made is not None:
        return made
    for k, site in enumerate(_below(Site(node, same_node, True, "whole"))):
        new = everywhere(site.node, change)
        if new is not site.node:
            # the plugs of the parts that follow must be those of the changed formula
            node = next(s for j, s in enumerate(_below(Site(node, same_node, True, "whole"))) if j == k).plug(new)
    return node


def unplaced(node: Node) -> Node:
    """The same formula, nowhere in the source."""
    made: Node = _unplaced(node)
    return made


def _unplaced(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_unplaced(v) for v in value)
    if not is_dataclass(value):
        return value
    return replace(value, **{f.name: NEW if f.name in ("span", "name_span") else _unplaced(getattr(value, f.name)) for f in fields(value)})  # type: ignore[type-var]
