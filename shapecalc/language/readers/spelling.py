"""From a syntax tree to the text of the language, each word with the place that the tree gives it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import Span

from ..tree import (
    Attribute,
    Call,
    Compare,
    Dots,
    Index,
    Keyword,
    List,
    Method,
    Name,
    NewAxis,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Slice,
    String,
    Subscript,
    Sum,
    Transpose,
    Tuple,
    Unary,
)
from .reading import Piece

COMPARISON, SUM, PRODUCT, SIGN, POWER, POSTFIX, ATOM = range(1, 8)
_LEVELS: dict[type, int] = {Compare: COMPARISON, Sum: SUM, Product: PRODUCT, Unary: SIGN, Power: POWER}


def spelled(node: Node, page: int = 0) -> list[Piece]:
    """The formula as pieces of a sheet."""
    speller = Speller(page)
    speller.write(node)
    return speller.out


class Speller:
    """Writes a tree; the trees of the readers are never deep."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.out: list[Piece] = []

    def word(self, text: str, span: Span) -> None:
        """A word that stands somewhere in the page."""
        self.out.append(Piece(text, *span, self.page))

    def sign(self, text: str) -> None:
        """A sign that is only there to hold the words together."""
        self.out.append(Piece(text, page=self.page))

    def ending(self, text: str, start: int, end: int) -> None:
        """A sign that ends a node; it stands for what the page has between its last part and its own end."""
        self.out.append(Piece(text, start, end, self.page) if start < end else Piece(text, page=self.page))

    def within(self, node: Node, level: int) -> None:
        """A node, in brackets where it binds less tightly than this."""
        negative = isinstance(node, Number) and node.text.startswith("-")
        if (SIGN if negative else _LEVELS.get(type(node), ATOM)) < level:
            self.sign("(")
            self.write(node)
            self.sign(")")
        else:
            self.write(node)

    def write(self, node: Index) -> None:
        """Any node."""
        match node:
            case Number(text=text, span=span) | Name(id=text, span=span):
                self.word(text, span)
            case String(value=value, span=span):
                self.word(f"'{value}'", span)
            case Sum() | Product() | Unary() | Power() | Compare():
                self.operation(node)
            case Transpose(arg=arg):
                self.within(arg, POSTFIX)
                self.ending(".mT" if node.how == ".mT" else ".T", arg.span[1], node.span[1])
            case Attribute(object=arg, name=name, name_span=span):
                self.within(arg, POSTFIX)
                self.sign(".")
                self.word(name, span)
            case Call(name=name, args=args, keywords=keywords, prefix=prefix, name_span=span):
                self.word(f"{prefix}.{name}" if prefix else name, span)
                self.bracketed((*args, *keywords), end=node.span[1])
            case Method(object=arg, name=name, args=args, keywords=keywords, name_span=span):
                self.within(arg, POSTFIX)
                self.sign(".")
                self.word(name, span)
                self.bracketed((*args, *keywords), end=node.span[1])
            case Norm(arg=arg, order=order):
                one = (Keyword("ord", Number("1", Fraction(1), node.span), node.span),) if order == "1" else ()
                self.write(Call("norm", (arg,), one, "", node.span, node.span))
            case _:
                self.index(node)

    def index(self, node: Index) -> None:
        """What holds items, and the items of an index."""
        match node:
            case Subscript(object=arg, items=items):
                self.within(arg, POSTFIX)
                self.bracketed(items, "[]")
            case Tuple(items=items):
                self.bracketed(items, "()", len(items) == 1)
            case List(items=items):
                self.bracketed(items, "[]")
            case NewAxis(span=span):
                self.word("None", span)
            case Dots(span=span):
                self.word("...", span)
            case Slice(start=start, stop=stop, step=step):
                for k, part in enumerate((start, stop, step)):
                    if k == 1 or (k == 2 and part is not None):
                        self.sign(":")
                    if part is not None:
                        self.write(part)

    def operation(self, node: Node) -> None:
        """What is written with signs between operands."""
        match node:
            case Sum(terms=terms):
                for k, (sign, term) in enumerate(terms):
                    if k or sign == "-":
                        self.sign(f" {sign} " if k else "-")
                    self.within(term, PRODUCT)
            case Product(first=first, rest=rest):
                self.within(first, PRODUCT)
                for op, factor in rest:
                    self.sign(f" {op} ")
                    self.within(factor, SIGN)
            case Unary(op=op, arg=arg):
                self.sign(op)
                self.within(arg, POWER)
            case Power(base=base, exponent=exponent):
                self.within(base, POSTFIX)
                self.sign("**")
                self.within(exponent, POSTFIX)
            case Compare(op=op, left=left, right=right):
                self.within(left, SUM)
                self.sign(f" {op} ")
                self.within(right, SUM)

    def bracketed(self, items: Sequence[Index | Keyword], brackets: str = "()", comma: bool = False, end: int = 0) -> None:
        """Items between brackets; end: where in the page the last one closes."""
        self.sign(brackets[0])
        for k, item in enumerate(items):
            if k:
                self.sign(", ")
            if isinstance(item, Keyword):
                self.sign(item.name + "=")
                self.write(item.value)
            else:
                self.write(item)
        last = items[-1] if items else None
        self.ending("," + brackets[1] if comma else brackets[1], last.span[1] if last is not None else end, end)
