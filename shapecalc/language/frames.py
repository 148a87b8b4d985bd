"""What the parser keeps while it reads: a frame for each open bracket, and in it the operators that wait for their right operand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from shapecalc.errors import Span, SyntaxProblem

from .tokens import Token
from .tree import Call, Compare, Index, Keyword, List, Method, Node, Power, Product, Subscript, Sum, Tuple, Unary

COMPARISON, SUM, PRODUCT, SIGN, POWER = range(1, 6)
LEVELS = {
    **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), COMPARISON),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "@"), PRODUCT),
    "**": POWER,
}


@dataclass(slots=True)
class Chain:
    """Operands of one level, and the operator that waits for the next one; a sign before its operand has no first."""

    level: int
    token: Token
    first: Node | None = None
    rest: list[tuple[str, Node]] = field(default_factory=list)

    def close(self, last: Node) -> Node:
        """The node that the chain becomes with its last operand."""
        op = self.token.text
        if self.first is None:
            return Unary(op, last, (self.token.start, last.span[1]))
        span = self.first.span[0], last.span[1]
        if self.level == COMPARISON:
            return Compare(op, self.first, last, span)
        if self.level == POWER:
            return Power(self.first, last, span)
        rest = (*self.rest, (op, last))
        return Sum((("+", self.first), *rest), span) if self.level == SUM else Product(self.first, rest, span)


@dataclass(slots=True)
class Frame:
    """An open bracket, or the whole formula: what has been read in it so far.

    kind: formula, group, list, norm, abs, call, method, index. begin: the number of the token with which the current item begins.
    start: where the node begins. operand: the one that has just ended, if the last token ended one.
    """

    kind: str
    opening: Token
    begin: int
    start: int
    name: Token | None = None  # of the function or the method
    prefix: str = ""
    subject: Node | None = None  # what is indexed, or stands before the dot
    items: list[Node] = field(default_factory=list)
    index: list[Index] = field(default_factory=list)
    keywords: dict[str, Keyword] = field(default_factory=dict)
    commas: int = 0
    keyword: Token | None = None  # of the current item
    parts: list[Node | None] = field(default_factory=list)  # of the current slice, up to its last colon
    chains: list[Chain] = field(default_factory=list)
    operand: Node | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing of the current item has been read."""
        return self.operand is None and self.keyword is None and not self.chains and not self.parts

    def settle(self, operand: Node, level: int = 0) -> Node:
        """The operand together with the waiting operators that bind it more tightly than the level."""
        while self.chains and self.chains[-1].level > level:
            operand = self.chains.pop().close(operand)
        return operand

    def infix(self, operand: Node, token: Token, level: int) -> None:
        """The operand has ended, and this operator, of this level, follows it."""
        operand = self.settle(operand, level)
        last = self.chains[-1] if self.chains else None
        if last is None or last.level != level or level == POWER:
            self.chains.append(Chain(level, token, operand))
        elif level == COMPARISON and last.first is not None:
            hint = "write one equality to a line" if token.text == "==" else "each by itself is 0 or 1: (a < b) * (b < c)"
            raise SyntaxProblem("comparisons cannot be chained", (last.first.span[0], token.end), hint=hint)
        else:
            last.rest.append((last.token.text, operand))
            last.token = token
        self.operand = None

    def node(self, span: Span) -> Node:
        """What the bracket has become with the token that closes it."""
        items, keywords, name = tuple(self.items), tuple(self.keywords.values()), self.name
        if self.kind == "group":
            return Tuple(items, span) if self.commas or not items else replace(items[0], span=span)
        if name is None:
            return List(items, span) if self.subject is None else Subscript(self.subject, tuple(self.index), span)
        if self.subject is None:
            return Call(name.text, items, keywords, self.prefix, name.span, span)
        return Method(self.subject, name.text, items, keywords, name.span, span)
