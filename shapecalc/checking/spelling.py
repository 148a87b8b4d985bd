"""A syntax tree as text: what the user wrote as it was written, what has changed in the plain spelling."""

from __future__ import annotations

from ..language.tree import (
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

COMPARISON, SUM, PRODUCT, SIGN, POWER, POSTFIX, ATOM = range(7)


def spelled(node: Index, source: str) -> str:
    """The text of a formula; `source` is what the spans point into."""
    return _Speller(source).text(node)


class _Speller:
    def __init__(self, source: str) -> None:
        self.source = source

    def text(self, node: Index) -> str:
        return self.written(node)[0]

    def within(self, node: Index, level: int) -> str:
        text, own = self.written(node)
        return f"({text})" if own < level else text

    def written(self, node: Index) -> tuple[str, int]:
        """The text of a node and how tightly it binds."""
        begin, end = node.span
        if begin < 0:
            return self.made(node)
        text = self.source[begin:end]
        return text, ATOM if _enclosed(text) else _level(node)

    def made(self, node: Index) -> tuple[str, int]:
        """The text of a node that is not in the source."""
        level = _level(node)
        match node:
            case Number(text=text):
                return text, ATOM
            case Name(id=text):
                return text, ATOM
            case String(value=value):
                return f"'{value}'", ATOM
            case Unary(op=op, arg=arg):
                return op + self.within(arg, SIGN), level
            case Sum(terms=terms):
                text = self.within(terms[0][1], PRODUCT if terms[0][0] == "-" else SUM)
                return ("-" if terms[0][0] == "-" else "") + text + "".join(f" {s} {self.within(t, PRODUCT)}" for s, t in terms[1:]), level
            case Product(first=first, rest=rest):
                return self.within(first, PRODUCT) + "".join(f" {op} {self.within(f, SIGN)}" for op, f in rest), level
            case Power(base=base, exponent=exponent):
                return f"{self.within(base, POSTFIX)}**{self.within(exponent, POWER)}", level
            case Compare(op=op, left=left, right=right):
                return f"{self.within(left, SUM)} {op} {self.within(right, SUM)}", level
            case Transpose(arg=arg, how=how):
                return self.within(arg, POSTFIX) + how, level
        return self.bracketed(node), level

    def bracketed(self, node: Index) -> str:
        """The text of what has brackets of its own."""
        match node:
            case Attribute(object=arg, name=name):
                return f"{self.within(arg, POSTFIX)}.{name}"
            case Method(object=arg, name=name, args=args, keywords=keywords):
                return f"{self.within(arg, POSTFIX)}.{name}({self.arguments(args, keywords)})"
            case Call(name=name, args=args, keywords=keywords, prefix=prefix):
                return f"{prefix + '.' if prefix else ''}{name}({self.arguments(args, keywords)})"
            case Norm(arg=arg, order=order):
                return f"||{self.text(arg)}||{'_' + order if order else ''}"
            case Subscript(object=arg, items=items):
                return f"{self.within(arg, POSTFIX)}[{', '.join(map(self.text, items))}]"
            case Slice(start=start, stop=stop):
                return f"{self.text(start) if start else ''}:{self.text(stop) if stop else ''}"
            case NewAxis():
                return "None"
            case Dots():
                return "..."
            case Tuple(items=items):
                return f"({', '.join(map(self.text, items))}{',' if len(items) == 1 else ''})"
            case List(items=items):
                return f"[{', '.join(map(self.text, items))}]"
        raise AssertionError(node)

    def arguments(self, args: tuple[Node, ...], keywords: tuple[Keyword, ...]) -> str:
        return ", ".join([*map(self.text, args), *(f"{k.name}={self.text(k.value)}" for k in keywords)])


def _level(node: Index) -> int:
    match node:
        case Sum():
            return SUM
        case Product():
            return PRODUCT
        case Unary():
            return SIGN
        case Power():
            return POWER
        case Compare():
            return COMPARISON
        case Transpose() | Attribute() | Subscript() | Method():
            return POSTFIX
    return ATOM


def _enclosed(text: str) -> bool:
    """Whether one pair of parentheses goes around all of a text."""
    if not text.startswith("(") or not text.endswith(")"):
        return False
    depth = 0
    for k, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and k + 1 < len(text):
            return False
    return True
