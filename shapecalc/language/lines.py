"""Tokens into the lines that statements are read from, and the brackets in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapecalc.errors import SyntaxProblem

from .tokens import Kind, Token, complaint

CLOSING = {"(": ")", "[": "]", "{": "}"}
_OPENED = {closing: opening for opening, closing in CLOSING.items()}
_MARKS = frozenset([Kind.OPENING, Kind.CLOSING, Kind.BREAK, Kind.WRONG])


def lines(tokens: Sequence[Token]) -> Iterator[tuple[Sequence[Token], bool]]:
    """The tokens of each statement, and whether `guard` finds nothing in them.

    A statement ends at a break, but a new line inside brackets is only space. A bracket that finds no partner does not swallow the
    lines that follow.
    """
    begin, sound = 0, True
    opened: list[str] = []
    for k, token in enumerate(tokens):
        kind = token.kind
        if kind not in _MARKS:
            continue
        if kind is Kind.OPENING:
            opened.append(CLOSING[token.text])
        elif kind is Kind.BREAK:
            if opened:
                break
            if begin < k:
                yield tokens[begin:k], sound
            begin, sound = k + 1, True
        elif opened and opened[-1] == token.text:
            opened.pop()
        else:
            sound = False
    # where a bracket is open at the end of a line, what follows says whether it is ever closed
    yield from _over_lines(tokens[begin:])


def _over_lines(tokens: Sequence[Token]) -> Iterator[tuple[Sequence[Token], bool]]:
    """The same where a new line may be inside brackets."""
    marks = [k for k, token in enumerate(tokens) if token.kind in _MARKS]
    wrong = _wrong(tokens, marks)
    line: list[Token] = []
    begin, depth, sound = 0, 0, True
    for k in marks:
        kind, text, start, end = tokens[k]
        if kind is Kind.BREAK:
            line += tokens[begin:k]
            begin = k + 1
            if depth:
                line += [Token(Kind.OPERATOR, ";", start, end)] if text == ";" else []
            elif line:
                yield line, sound
                line, sound = [], True
        elif k in wrong:
            sound = False
        else:
            depth += 1 if kind is Kind.OPENING else -1
    line += tokens[begin:]
    if line:
        yield line, sound


def _wrong(tokens: Sequence[Token], marks: Sequence[int]) -> set[int]:
    """The places, among these, of wrong tokens and of brackets without a partner."""
    wrong: set[int] = set()
    opened: list[int] = []
    count = dict.fromkeys(CLOSING, 0)
    for k in marks:
        kind, text, _, _ = tokens[k]
        if kind is Kind.OPENING:
            opened.append(k)
            count[text] += 1
        elif kind is Kind.CLOSING and count[opening := _OPENED[text]]:
            count[opening] -= 1
            # openings passed over on the way down have no partner
            while (passed := tokens[opened[-1]].text) != opening:
                count[passed] -= 1
                wrong.add(opened.pop())
            opened.pop()
        elif kind is not Kind.BREAK:
            wrong.add(k)
    return wrong.union(opened)


def outside(tokens: Sequence[Token], *texts: str) -> list[int]:
    """The places of these signs outside all brackets."""
    places, depth = [], 0
    found = [k for k, token in enumerate(tokens) if token.text in texts]
    begin = 0
    for place in found:
        depth += sum([token.step for token in tokens[begin:place]])
        if depth == 0:
            places.append(place)
        begin = place
    return places


def guard(tokens: Sequence[Token]) -> None:
    """Raises the complaint of a wrong token, or points at a bracket without its partner."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind is Kind.WRONG:
            raise complaint(token)
        if token.kind is Kind.OPENING:
            opened.append(token)
        elif token.kind is Kind.CLOSING:
            if not opened:
                raise SyntaxProblem(f"{token.text} closes nothing", token.span)
            if CLOSING[opened[-1].text] != token.text:
                raise SyntaxProblem(f"{opened[-1].text} is closed by {token.text}", opened[-1].span)
            opened.pop()
    if opened:
        raise SyntaxProblem(f"{opened[-1].text} is never closed", opened[-1].span)
