"""The scanner of LaTeX: a stretch of a page into tokens, comments left out, the author's macros written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from unicodedata import category, normalize

from shapecalc.errors import Span, SyntaxProblem, TooLarge, visible
from shapecalc.symbols import GREEK

MOST_TOKENS = 100_000  # in one display, macros written out
DEEPEST_MACRO = 20

_COMMANDS = {
    "∂": "partial", "∇": "nabla", "⊤": "top", "⊺": "top", "∑": "sum", "Σ": "Sigma", "⊙": "odot", "∘": "circ", "·": "cdot", "⋅": "cdot",
    "×": "times", "⊗": "otimes", "‖": "|", "∥": "|", "√": "sqrt", "∈": "in", "≠": "neq", "≤": "leq", "≥": "geq", "≈": "approx",
    "≡": "equiv", "←": "leftarrow", "→": "to", "⟨": "langle", "⟩": "rangle", "ℓ": "ell", "∞": "infty", "𝜕": "partial", "…": "dots",
    "ℒ": "mathcal L", **{c: name for name, c in GREEK.items() if len(name) > 2 and not name.startswith(("lam", "Lam"))}, "λ": "lambda",
    "Λ": "Lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "Ξ": "Xi", "Π": "Pi",
    "⊘": "oslash",
}  # fmt: skip
_SUPERSCRIPTS = {c: str(k) for k, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}


class Token(NamedTuple):
    r"""kind: command (its name is the text), letter, number, or sign, which is any other character, a row break (\\) among them."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands in the page; what a macro stands for has the place of the macro."""
        return self.start, self.end

    def is_(self, *texts: str) -> bool:
        r"""Whether it is one of these signs, or one of these commands written with their backslash."""
        return ("\\" + self.text if self.kind == "command" else self.text) in texts


class Macro(NamedTuple):
    r"""What \newcommand gave a name to."""

    arguments: int
    body: tuple[Token, ...]

    @property
    def written(self) -> tuple[int, tuple[str, ...]]:
        """What it stands for, wherever it is defined."""
        return self.arguments, tuple(t.text for t in self.body)


Macros = Mapping[str, Macro]


def scan(text: str, start: int, end: int, macros: Macros | None = None) -> list[Token]:
    """The tokens of a stretch."""
    out: list[Token] = []
    for token in _tokens(text, start, end):
        out.append(token)
        if len(out) > MOST_TOKENS:
            raise TooLarge(f"this has more than {MOST_TOKENS} signs", token.span)
    return _expanded(out, macros) if macros and any(t.kind == "command" and t.text in macros for t in out) else out


def _tokens(text: str, start: int, end: int) -> Iterator[Token]:
    place = start
    while place < end:
        c = text[place]
        if c == "%":
            line = text.find("\n", place, end)
            place = end if line < 0 else line + 1
        elif c == "\\":
            token = _command(text, place, end)
            place = token.end
            yield token
        elif c.isspace() or c == "~":
            place += 1
        elif "0" <= c <= "9" or (c == "." and "0" <= text[place + 1 : place + 2] <= "9"):
            stop = _number_end(text, place, end)
            yield Token("number", text[place:stop], place, stop)
            place = stop
        else:
            yield from _character(c, place)
            place += 1


def _number_end(text: str, place: int, end: int) -> int:
    digits = place
    while digits < end and "0" <= text[digits] <= "9":
        digits += 1
    if text[digits : digits + 1] == "." and digits + 1 < end and "0" <= text[digits + 1] <= "9":
        digits += 1
        while digits < end and "0" <= text[digits] <= "9":
            digits += 1
    if digits - place > 40:
        raise TooLarge("this number is too long", (place, digits))
    return digits


def _command(text: str, place: int, end: int) -> Token:
    stop = place + 1
    while stop < end and (("a" <= text[stop] <= "z") or ("A" <= text[stop] <= "Z")) and stop - place < 60:
        stop += 1
    if stop == place + 1:
        stop = min(stop + 1, end)
        name = text[place + 1 : stop]
        return Token("sign", "\\\\", place, stop) if name == "\\" else Token("command", name, place, stop)
    return Token("command", text[place + 1 : stop], place, stop)


def _character(c: str, place: int) -> Iterator[Token]:
    """One character that is no command; a Unicode sign as the command that it stands for."""
    span = place, place + 1
    if c < "\x7f":
        if c < " ":
            raise SyntaxProblem(f"the invisible character {visible(c)} cannot be read", span, hint="delete it")
        yield Token("letter" if c.isalpha() else "sign", c, *span)
    elif c in _COMMANDS:
        name, _, letter = _COMMANDS[c].partition(" ")
        yield Token("command", name, *span)
        if letter:
            yield Token("letter", letter, *span)
    elif c in _SUPERSCRIPTS or c == "ᵀ":
        yield Token("sign", "^", *span)
        yield Token("number", _SUPERSCRIPTS[c], *span) if c != "ᵀ" else Token("command", "top", *span)
    elif c in "−′’":
        yield Token("sign", "-" if c == "−" else "'", *span)
    elif category(c)[0] == "L":
        plain = normalize("NFKC", c)
        yield Token("letter", plain if len(plain) == 1 else c, *span)
    elif category(c)[0] == "C" or category(c) in {"Zl", "Zp"}:
        raise SyntaxProblem(f"the invisible character {visible(c)} cannot be read", span, hint="delete it")
    else:
        yield Token("sign", c, *span)


def _expanded(tokens: Sequence[Token], macros: Macros) -> list[Token]:
    """Macros written out; each token of a body has the place of the use."""
    out: list[Token] = []
    waiting = [(token, 0) for token in reversed(tokens)]
    while waiting:
        token, depth = waiting.pop()
        macro = macros.get(token.text) if token.kind == "command" else None
        if macro is None:
            out.append(token)
            if len(out) > MOST_TOKENS:
                raise TooLarge(f"with its macros written out this has more than {MOST_TOKENS} signs", token.span)
            continue
        if depth >= DEEPEST_MACRO or len(waiting) > 4 * MOST_TOKENS:
            raise TooLarge(f"the macro \\{token.text} stands for too much", token.span)
        arguments = [_argument(waiting, token) for _ in range(macro.arguments)]
        last = max((t.end for argument in arguments for t, _ in argument), default=token.end)
        body = [Token("sign", "{", *token.span), *macro.body, Token("sign", "}", *token.span)] if _binds(macro) else macro.body
        waiting += reversed(list(_filled(body, arguments, (token.start, max(last, token.end)), depth + 1)))
    return out


def _binds(macro: Macro) -> bool:
    """Whether a body is more than a symbol or a function, so that it must be kept together."""
    return any(t.kind == "sign" and t.text in "+-=&" for t in macro.body) and not any(t.is_("=", "&") for t in macro.body)


def _argument(waiting: list[tuple[Token, int]], macro: Token) -> list[tuple[Token, int]]:
    """The next argument of a macro, taken from what is waiting (which is reversed), without its braces."""
    if not waiting:
        raise SyntaxProblem(f"an argument of \\{macro.text} is missing", macro.span)
    if not waiting[-1][0].is_("{"):
        return [waiting.pop()]
    depth, taken = 0, []
    while waiting:
        token, level = waiting.pop()
        depth += token.is_("{") - token.is_("}")
        taken.append((token, level))
        if depth == 0:
            return taken[1:-1]
    raise SyntaxProblem("{ is never closed", taken[0][0].span)


def _filled(body: Sequence[Token], arguments: Sequence[Sequence[tuple[Token, int]]], span: Span, depth: int) -> Iterator[tuple[Token, int]]:
    """The body with #1, #2, ... filled in."""
    place = 0
    while place < len(body):
        token = body[place]
        follower = body[place + 1] if place + 1 < len(body) else None
        if token.is_("#") and follower is not None and follower.kind == "number":
            number = int(follower.text[:1])
            if not 1 <= number <= len(arguments):
                raise SyntaxProblem(f"this macro speaks of #{number}, and has {len(arguments)} arguments", span)
            yield from ((t, depth) for t, _ in arguments[number - 1])
            if follower.text[1:]:  # \frac#12 is the first argument over 2
                yield Token("number", follower.text[1:], *span), depth
            place += 2
            continue
        yield Token(token.kind, token.text, *span), depth
        place += 1
