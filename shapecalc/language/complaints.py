"""What to say where a formula breaks off: an operand or an operator is missing, a caret, bars that do not pair."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.errors import Span, SyntaxProblem, shorten

from .frames import Frame
from .refusals import refuse_sign, refuse_word
from .tokens import Kind, Token
from .tree import Node, Number


def written(source: str, span: Span) -> str:
    """A piece of the source for use in a message."""
    return shorten(source[span[0] : span[1]])


def missing(source: str, frame: Frame, token: Token | None) -> SyntaxProblem:
    """An operand should stand where this token does, or where the text ends."""
    if token is not None:
        refuse_sign(source, token)
    if frame.chains:
        waiting = frame.chains[-1].token.span
        return SyntaxProblem(f"an operand is missing after {written(source, waiting)}", waiting)
    if frame.keyword is not None:
        return SyntaxProblem(f"the value of {frame.keyword.text} is missing", frame.keyword.span)
    if token is None:
        return SyntaxProblem("there is no formula", frame.opening.span)
    if token.is_("..."):
        return SyntaxProblem("... stands for nothing here", token.span)
    if token.is_("]") and frame.kind == "index" and not frame.index:
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
    if token.is_("..."):
        return SyntaxProblem("... stands for nothing here", token.span)
    end = _extent(tokens, place)
    left, right = written(source, operand.span), written(source, (token.start, end))
    scalar = isinstance(operand, Number) or token.kind is Kind.NUMBER
    hint = f"write {left}*{right}" if scalar else f"write {left} @ {right}, or {left} * {right} entry by entry"
    return SyntaxProblem(f"an operator is missing between {left} and {right}", (operand.span[0], end), hint=hint)


def _extent(tokens: Sequence[Token], place: int) -> int:
    """Where the operand ends that begins at this token: with its bracket, or at the bar that closes it."""
    if tokens[place].is_("|", "||"):
        return next(token.end for token in tokens[place + 1 :] if token.is_(tokens[place].text))
    if tokens[place].kind is Kind.NAME and place + 1 < len(tokens) and tokens[place + 1].is_("("):
        place += 1
    depth = 0
    for token in tokens[place:]:
        depth += token.step
        if depth <= 0:
            return token.end
    return tokens[place].end


def stray_text(token: Token) -> SyntaxProblem:
    """A string outside a call."""
    return SyntaxProblem("a text can stand only among the arguments of a function", token.span)


def caret(source: str, tokens: Sequence[Token], place: int, operand: Node) -> tuple[str, int]:
    """How a transpose is written that the caret just before this place begins, and the place behind it; refuses any other caret."""
    here = tokens[place : place + 3]
    braces = len(here) == 3 and here[0].is_("{") and here[2].is_("}")
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
    if end < len(tokens) and tokens[end].is_("-", "+"):
        end += 1
    stop = _extent(tokens, end) if end < len(tokens) and tokens[end].kind is not Kind.POSTFIX else sign.end
    base, exponent = written(source, operand.span), source[sign.end : stop].strip()
    plain = exponent[1:-1].strip() if exponent[:1] in {"{", "("} else exponent
    power = shorten(exponent if exponent[:1] == "(" else plain)
    inverses = {"-1": f"inv({base}), or 1/{base} entry by entry", "-T": f"inv({base}).T", "-⊤": f"inv({base}).T"}
    hint = f"write {inverses.get(plain, f'{base}**{power}')}" if plain else None
    return SyntaxProblem("^ is no power here: it stands only before T", (sign.start, max(stop, sign.end)), hint=hint)


def open_bars(frame: Frame) -> SyntaxProblem:
    """A bracket closes, or the text ends, between two bars."""
    return SyntaxProblem(f"{frame.opening.text} is never closed", frame.opening.span)


def stray_bar(source: str, frame: Frame, tokens: Sequence[Token], place: int, operand: Node) -> SyntaxProblem:
    """A bar follows an operand, and does not close the bar that is open, if one is."""
    token = tokens[place]
    if frame.kind in {"norm", "abs"}:
        span = frame.opening.start, token.end
        return SyntaxProblem("bars inside bars can be read in two ways", span, hint="write abs(x), and norm(x) or ||x||")
    if any(other.is_(token.text) for other in tokens[place + 1 :]):
        return side_by_side(source, tokens, place, operand)
    return SyntaxProblem(f"{written(source, token.span)} closes nothing", token.span, hint="write abs(x), and norm(x) or ||x||")
