"""The parser of formulas: tokens into a syntax tree, by operator precedence.

It keeps its own stack of frames, so that no input is too deep for Python's. At every token one of two things is expected: an operand
(`_operand`), or what may follow one (`_after`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import ShapecalcError, SyntaxProblem, TooLarge

from .complaints import caret, missing, open_bars, side_by_side, stray_bar, stray_text
from .frames import LEVELS, SIGN, Chain, Frame
from .lines import guard, lines
from .postfixes import postfix, primed
from .prefixes import MODULES, prefix_at
from .refusals import VALUES, refuse_word
from .tokens import Kind, Token, scan
from .tree import (
    Attribute,
    Call,
    Dots,
    Index,
    Keyword,
    Name,
    NewAxis,
    Node,
    Norm,
    Number,
    Slice,
    String,
    Transpose,
    walk,
)

DEEPEST = 200

OPENING = {"(": "group", "[": "list", "||": "norm", "|": "abs"}
ORDERS = {"_F": "F", "_1": "1", "_2": "2", "₁": "1", "₂": "2"}


def parse(source: str) -> Node:
    """The tree of one formula.

    >>> parse("X @ W").first
    Name(id='X', span=(0, 1))
    """
    try:
        statements = [line for line, _ in lines(scan(source))]
        if not statements:
            raise SyntaxProblem("there is no formula", (0, 0))
        guard(statements[0])
        tree = formula(source, statements[0])
        if len(statements) > 1:
            raise SyntaxProblem("the formula has ended, and another one begins here", statements[1][0].span)
    except ShapecalcError as error:
        raise error.at(source) from None
    return tree


def formula(source: str, tokens: Sequence[Token]) -> Node:
    """The tree of tokens, of which there is at least one, whose brackets are balanced (`guard`)."""
    first = tokens[0]
    if len(tokens) == 1 and first.kind is Kind.NAME:
        refuse_word(first)
        return Name(first.text, first.span)
    tree = _Parser(source, tokens).run()
    # a token makes two nodes at most: ⁻ᵀ is the transpose of an inverse
    if 2 * len(tokens) > DEEPEST:
        for node, depth in walk(tree):
            if depth > DEEPEST:
                raise TooLarge(f"this is nested more than {DEEPEST} deep", node.span)
    return tree


class _Parser:
    """One formula on its way from tokens to a tree."""

    def __init__(self, source: str, tokens: Sequence[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.place = 0
        self.frame = Frame("formula", tokens[0], 0, tokens[0].start)
        self.outer: list[Frame] = []

    def run(self) -> Node:
        tokens, count = self.tokens, len(self.tokens)
        while self.place < count:
            token = tokens[self.place]
            self.place += 1
            operand = self.frame.operand
            if operand is None:
                self._operand(token)
            elif token.kind is Kind.OPERATOR and (level := LEVELS.get(token.text)):
                self.frame.infix(operand, token, level)
            else:
                self._after(token, operand)
        if self.outer:
            raise open_bars(self.source, self.frame)
        return self._value(tokens[-1])

    def _next(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _follows(self, *texts: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place].text in texts

    # ---- where an operand is expected

    def _operand(self, token: Token) -> None:
        frame = self.frame
        if token.kind is Kind.NAME:
            self._name(token)
        elif token.kind is Kind.NUMBER:
            frame.operand = Number(token.text, Fraction(int(token.text) if token.text.isdecimal() else token.text), token.span)
        elif token.kind is Kind.STRING:
            if frame.kind not in {"call", "method"}:
                raise stray_text(token)
            frame.operand = String(token.text[1:-1], token.span)
        elif token.text in {"+", "-"}:
            frame.chains.append(Chain(SIGN, token))
        elif token.text in OPENING:
            self._open(Frame(OPENING[token.text], token, self.place, token.start))
        elif token.text in {")", "]"}:
            self._close(token)
        elif token.text == ":" and frame.kind == "index" and not frame.chains:
            self._colon(token)
        elif token.text == "," and frame.parts and not frame.chains:
            self._comma(token)
        elif token.text == "..." and frame.kind == "index" and frame.blank and self._follows(",", "]"):
            frame.operand = Name("...", token.span)
        else:
            raise missing(self.source, frame, token)

    def _name(self, token: Token) -> None:
        """A name, or a function with the bracket that opens its arguments; a module before it is dropped."""
        refuse_word(token)
        name, prefix = token, ""
        if token.text in MODULES:
            prefix, place = prefix_at(self.tokens, self.place - 1)
            name, self.place = self.tokens[place], place + 1
        bracket = self._next()
        if bracket is not None and bracket.text == "(" and name.text not in VALUES:
            self.place += 1
            self._open(Frame("call", bracket, self.place, token.start, name=name, prefix=prefix))
        else:
            self.frame.operand = Name(name.text, (token.start, name.end))

    # ---- where an operand has ended

    def _after(self, token: Token, operand: Node) -> None:
        frame = self.frame
        if token.text in {")", "]"}:
            self._close(token)
        elif token.text == ",":
            self._comma(token)
        elif token.kind is Kind.POSTFIX:
            frame.operand = postfix(operand, token)
        elif token.text == ".":
            self._member(operand, token)
        elif token.text == "[":
            frame.operand = None
            self._open(Frame("index", token, self.place, operand.span[0], subject=operand))
        elif token.text == "(" and operand.span[1] == token.start and (name := primed(operand)):
            # f'(x): the derivative of a function that is left undefined
            frame.operand = None
            self._open(Frame("call", token, self.place, operand.span[0], name=Token(Kind.NAME, name, *operand.span)))
        elif token.text == "^":
            how, self.place = caret(self.source, self.tokens, self.place, operand)
            frame.operand = Transpose(operand, how, (operand.span[0], self.tokens[self.place - 1].end))
        elif token.text in {"|", "||"}:
            self._bar(operand, token)
        elif token.text == "=":
            self._keyword(operand, token)
        elif token.text == ":":
            self._colon(token)
        else:
            raise side_by_side(self.source, self.tokens, self.place - 1, operand)

    def _member(self, operand: Node, dot: Token) -> None:
        """.T, an attribute, or a method with the bracket that opens its arguments."""
        name = self._next()
        if name is None or name.kind is not Kind.NAME:
            raise SyntaxProblem("a name is missing after .", dot.span)
        self.place += 1
        bracket = self._next()
        span = operand.span[0], name.end
        if name.text in {"T", "mT"}:
            if bracket is not None and bracket.text == "(" and bracket.start == name.end:
                raise SyntaxProblem(f".{name.text} is not called", (dot.start, bracket.end), hint=f"write .{name.text} alone")
            self.frame.operand = Transpose(operand, "." + name.text, span)
        elif bracket is not None and bracket.text == "(":
            self.place += 1
            self.frame.operand = None
            self._open(Frame("method", bracket, self.place, span[0], name=name, subject=operand))
        else:
            self.frame.operand = Attribute(operand, name.text, name.span, span)

    def _keyword(self, operand: Node, token: Token) -> None:
        """The = of axis=0."""
        frame = self.frame
        alone = frame.begin == self.place - 2 and frame.kind in {"call", "method"}
        if not alone or not isinstance(operand, Name):
            raise SyntaxProblem("= cannot stand inside a formula", token.span, hint="write == to compare")
        if operand.id in frame.keywords:
            raise SyntaxProblem(f"{operand.id} is given twice", operand.span)
        frame.keyword, frame.operand = self.tokens[frame.begin], None

    # ---- brackets

    def _open(self, frame: Frame) -> None:
        if len(self.outer) >= DEEPEST:
            raise TooLarge(f"brackets are nested more than {DEEPEST} deep", frame.opening.span)
        self.outer.append(self.frame)
        self.frame = frame

    def _close(self, token: Token) -> None:
        frame = self.frame
        if frame.kind in {"norm", "abs"}:
            raise open_bars(self.source, frame)
        if not frame.blank or (frame.kind == "index" and not frame.commas):
            self._end_item(token)
        self.frame = self.outer.pop()
        self.frame.operand = frame.node((frame.start, token.end))

    def _comma(self, token: Token) -> None:
        frame = self.frame
        if frame.kind in {"formula", "norm", "abs"}:
            raise SyntaxProblem("a comma can stand only inside brackets", token.span)
        self._end_item(token)
        frame.commas += 1
        frame.begin = self.place

    def _end_item(self, token: Token) -> None:
        """One of the comma-separated parts of a bracket ends before this token."""
        frame = self.frame
        if frame.kind == "index":
            frame.index.append(self._index_item(token))
            return
        value = self._value(token)
        if frame.keyword is not None:
            name = frame.keyword.text
            frame.keywords[name] = Keyword(name, value, (frame.keyword.start, value.span[1]))
            frame.keyword = None
        elif frame.keywords:
            raise SyntaxProblem(f"an argument without a name stands after {next(reversed(frame.keywords))}=", value.span)
        else:
            frame.items.append(value)

    def _value(self, token: Token) -> Node:
        """The whole of what has been read of the current item, which must end with an operand."""
        frame = self.frame
        if frame.operand is None:
            raise missing(self.source, frame, token)
        value, frame.operand = frame.settle(frame.operand), None
        return value

    def _part(self, token: Token) -> Node | None:
        """A part of a slice, which may be empty."""
        return self._value(token) if self.frame.operand is not None or self.frame.chains else None

    def _index_item(self, token: Token) -> Index:
        frame = self.frame
        if not frame.parts:
            value = self._value(token)
            words: dict[str, type[NewAxis | Dots]] = {"None": NewAxis, "newaxis": NewAxis, "...": Dots}
            return words[value.id](value.span) if isinstance(value, Name) and value.id in words else value
        start, stop, step = [*frame.parts, self._part(token), None][:3]
        frame.parts = []
        return Slice(start, stop, step, (self.tokens[frame.begin].start, self.tokens[self.place - 2].end))

    def _colon(self, token: Token) -> None:
        frame = self.frame
        if frame.kind != "index":
            hint = "a declaration begins with names: X: (S, D)" if frame.kind == "formula" else None
            raise SyntaxProblem(": can stand only inside an index", token.span, hint=hint)
        if len(frame.parts) == 2:
            raise SyntaxProblem("a slice has at most two colons", token.span)
        frame.parts.append(self._part(token))

    def _bar(self, operand: Node, token: Token) -> None:
        """The second of two bars, or of two double bars with the order of the norm behind them."""
        frame = self.frame
        if OPENING[token.text] != frame.kind:
            raise stray_bar(self.source, frame, self.tokens, self.place - 1, operand)
        value = self._value(token)
        self.frame = self.outer.pop()
        if frame.kind == "abs":
            self.frame.operand = Call("abs", (value,), (), "", frame.opening.span, (frame.start, token.end))
            return
        order, end = "", token.end
        sign = self._next()
        if sign is not None and sign.start == end and (sign.text.startswith("_") or sign.text in ORDERS):
            if sign.text not in ORDERS:
                raise SyntaxProblem("a norm can carry _F, _2 or _1", sign.span)
            order, end = ORDERS[sign.text], sign.end
            self.place += 1
        self.frame.operand = Norm(value, order, (frame.start, end))
