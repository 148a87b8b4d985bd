"""What to say where a formula breaks off: an operand or an operator is missing, a caret, bars that do not pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from shapecalc.errors import Span, SyntaxProblem, shorten
from shapecalc.ops import NAMES

from .frames import Frame
from .refusals import refuse_sign, refuse_word
from .tokens import Kind, Token
from .tree import Name, Node, Number


def written(source: str, span: Span) -> str:
    """A piece of the source for use in a message."""
    return shorten(source[span[0] : span[1]])


def missing(source: str, frame: Frame, token: Token) -> SyntaxProblem:
    """An operand should stand where this token does; or behind it, where it is an operator that ends the text."""
    refuse_sign(source, token)
    if frame.chains:
        waiting = frame.chains[-1].token.span
        ahead = source[waiting[1] : waiting[1] + 100].lstrip(" \t\r")
        hint = "a line goes on only inside brackets" if frame.kind == "formula" and ahead.startswith("\n") and ahead.strip() else None
        return SyntaxProblem(f"an operand is missing after {written(source, waiting)}", waiting, hint=hint)
    if frame.keyword is not None:
        return SyntaxProblem(f"the value of {frame.keyword.text} is missing", frame.keyword.span)
    if token.text == "...":
        return SyntaxProblem("... stands for nothing here", token.span)
    if token.text == "]" and frame.kind == "index" and not frame.index:
        return SyntaxProblem("an index is missing", (frame.opening.start, token.end), hint="the whole axis is [:]")
    return SyntaxProblem(f"an operand is missing before {written(source, token.span)}", token.span)


def side_by_side(source: str, tokens: Sequence[Token], place: int, operand: Node) -> SyntaxProblem:
    """An operand has ended, and the token at this place cannot follow it."""
    token = tokens[place]
    if token.kind is Kind.NAME:
        refuse_word(token)
    refuse_sign(source, token)
    if token.kind is Kind.STRING:
        return stray_text(token)
    if token.text == "...":
        return SyntaxProblem("... stands for nothing here", token.span)
    if isinstance(operand, Name) and operand.id in NAMES and token.kind in {Kind.NAME, Kind.NUMBER}:
        heads = [operand.id, *takewhile(NAMES.__contains__, (t.text for t in tokens[place:-1]))]
        call = "(".join(heads) + "(...)" + ")" * (len(heads) - 1)
        return SyntaxProblem(f"{operand.id} takes its argument in brackets", (operand.span[0], token.end), hint=f"write {call}")
    end = _extent(tokens, place)
    left, right = written(source, operand.span), written(source, (token.start, end))
    numbers = isinstance(operand, Number) + (token.kind is Kind.NUMBER)
    products = (f"{left} @ {right}, or {left} * {right} entry by entry", f"{left}*{right}", f"{left}*{right}, or {left}, {right} in a list")
    hint = f"write {products[numbers]}"
    return SyntaxProblem(f"an operator is missing between {left} and {right}", (operand.span[0], end), hint=hint)


def _extent(tokens: Sequence[Token], place: int) -> int:
    """Where the operand ends that begins at this token: with its bracket, or at the bar that closes it, and its transposes."""
    last = place
    if tokens[place].text in {"|", "||"}:
        last = next((k for k in range(place + 1, len(tokens)) if tokens[k].text == tokens[place].text), place)
    elif tokens[place].kind is Kind.NAME and place + 1 < len(tokens) and tokens[place + 1].text == "(":
        last += 1
    depth = tokens[last].step
    while depth > 0 and last + 1 < len(tokens):
        last += 1
        depth += tokens[last].step
    for sign, name in zip(tokens[last + 1 :: 2], tokens[last + 2 :: 2], strict=False):
        if not (sign.text in {".", "^"} and name.text in {"T", "mT"}):
            break
        last += 2
    while last + 1 < len(tokens) and tokens[last + 1].kind is Kind.POSTFIX:
        last += 1
    return tokens[last].end


def stray_text(token: Token) -> SyntaxProblem:
    """A string outside a call."""
    return SyntaxProblem("a text can stand only among the arguments of a function", token.span)


def caret(source: str, tokens: Sequence[Token], place: int, operand: Node) -> tuple[str, int]:
    """How a transpose is written that the caret just before this place begins, and the place behind it; refuses any other caret."""
    here = tokens[place : place + 3]
    braces = len(here) == 3 and here[0].text == "{" and here[2].text == "}"
    for exponent in here[braces : braces + 1]:
        if exponent.kind is Kind.NAME and exponent.text == "T":
            return "^T", place + 1 + 2 * braces
        if exponent.text in {"⊤", "ᵀ"}:
            return "^⊤", place + 1 + 2 * braces
    raise _power(source, tokens, place, operand)


def _power(source: str, tokens: Sequence[Token], place: int, operand: Node) -> SyntaxProblem:
    """A caret that was meant as a power, or as an inverse."""
    sign = tokens[place - 1]
    end = place
    if end < len(tokens) and tokens[end].text in {"-", "+"}:
        end += 1
    begun = end < len(tokens) and (tokens[end].kind in {Kind.NAME, Kind.NUMBER} or tokens[end].text in {"(", "{"})
    stop = _extent(tokens, end) if begun else sign.end
    base, exponent = written(source, operand.span), source[sign.end : stop].strip()
    plain = exponent[1:-1].strip() if exponent[:1] in {"{", "("} else exponent
    power = shorten(exponent if exponent[:1] == "(" else plain)
    inverses = {"-1": f"inv({base}), or 1/{base} entry by entry", "-T": f"inv({base}).T", "-⊤": f"inv({base}).T"}
    hint = f"write {inverses.get(plain, f'{base}**{power}')}" if plain else None
    return SyntaxProblem("^ is no power here: it stands only before T", (sign.start, stop), hint=hint)


def open_bars(source: str, frame: Frame) -> SyntaxProblem:
    """A bracket closes, or the text ends, between two bars."""
    return SyntaxProblem(f"{written(source, frame.opening.span)} is never closed", frame.opening.span)


def stray_bar(source: str, frame: Frame, tokens: Sequence[Token], place: int, operand: Node) -> SyntaxProblem:
    """A bar follows an operand, and does not close the bar that is open, if one is."""
    token = tokens[place]
    if frame.kind in {"norm", "abs"}:
        span = frame.opening.start, token.end
        return SyntaxProblem("bars inside bars can be read in two ways", span, hint="write abs(x), and norm(x) or ||x||")
    if any(other.text == token.text for other in tokens[place + 1 :]):
        return side_by_side(source, tokens, place, operand)
    return SyntaxProblem(f"{written(source, token.span)} closes nothing", token.span, hint="write abs(x), and norm(x) or ||x||")
