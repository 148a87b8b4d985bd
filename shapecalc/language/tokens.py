"""The scanner: source text into tokens.

It judges nothing: a token that cannot stand anywhere is kept as `Kind.WRONG`, and `complaint` says what is wrong with it,
so that one bad line does not hide the others. Plain names, whole numbers and signs are cut by one pattern; what it does not
know, a letter outside ASCII, a quotation mark, a comment, is looked at character by character.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache, partial
from itertools import islice
from typing import NamedTuple
from unicodedata import category, decomposition

from shapecalc.errors import ShapecalcError, Span, SyntaxProblem, TooLarge, visible

MOST_CHARACTERS = 10_000_000
MOST_TOKENS = 1_000_000
LONGEST_NUMBER = 400  # digits, and the largest power of ten
LONGEST_NAME = 200


class Kind(StrEnum):
    """What a token is; OPERATOR is also any character with no other place."""

    NUMBER = "number"
    NAME = "name"
    STRING = "string"
    OPERATOR = "operator"
    OPENING = "opening"  # a bracket
    CLOSING = "closing"
    POSTFIX = "postfix"  # a transpose or a superscript
    BREAK = "break"  # a new line or a semicolon
    WRONG = "wrong"


_STEPS = {Kind.OPENING: 1, Kind.CLOSING: -1}


class Token(NamedTuple):
    """text is the plain spelling (≥ is ">=", ⊙ is "*"); what was written lies at source[start:end].

    A string keeps its quotation marks, so that the text alone tells a sign from anything else.
    """

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.start, self.end

    @property
    def step(self) -> int:
        """1 for a bracket that opens, -1 for one that closes, else 0."""
        return _STEPS.get(self.kind, 0)


_PLAIN = {
    "⊙": "*", "−": "-", "≥": ">=", "≤": "<=", "≠": "!=", "‖": "||", "∥": "||", "…": "...", "𝜕": "∂", "𝛛": "∂", "⊺": "⊤", "′": "'", "’": "'",
}  # fmt: skip
_POSTFIXES = frozenset("ᵀ⊤'")
_DOTS = frozenset("·⋅∙•")
_SUPERSCRIPTS = {c: str(k) for k, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_PRIMES = frozenset("ʹʺʼˈ")  # Python takes these for letters; on paper they are marks
_DIGITS = frozenset("0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Blanks, and then one group for each kind, a last one for a character that begins none of them, or the end of the text. A name or a
# number is cut here only where it is certain that it ends: not before a letter outside ASCII, nor before what may be the rest of a
# decimal fraction.
_KINDS = dict(enumerate((Kind.NAME, Kind.OPERATOR, Kind.OPENING, Kind.CLOSING, Kind.BREAK, Kind.NUMBER), 1))
_ODD = len(_KINDS) + 1
_PLAIN_TOKENS = re.compile(
    rf"""
    [ \t]*+(?:
    ([A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}+(?![^\x00-/:-@\[-^`{{-~]))
    |(,|[!*+\-/:<=>@]=|\*\*|//|->|\|\||&&|[!$%&*+\-/:<=>?@\\^`|~]|\.(?:\.\.|[*/^]|(?![0-9])))
    |([(\[{{])
    |([)\]}}])
    |(\r?\n|;)
    |([0-9]{{1,{LONGEST_NUMBER}}}+(?![0-9.eE]))
    |(.)
    |\Z)
    """,
    re.VERBOSE,
).finditer


def scan(source: str) -> list[Token]:
    """All tokens, comments left out."""
    if len(source) > MOST_CHARACTERS:
        raise TooLarge(f"the text has {len(source)} characters; at most {MOST_CHARACTERS} are read")
    tokens: list[Token] = []
    append, make = tokens.append, partial(tuple.__new__, Token)
    place = 1 if source.startswith("\ufeff") else 0
    while place < len(source):
        for match in islice(_PLAIN_TOKENS(source, place), MOST_TOKENS + 1 - len(tokens)):
            group = match.lastindex
            if group is None:
                return tokens
            start, place = match.span(group)
            if group == _ODD:
                token, place = _odd(source, start, tokens[-1] if tokens else None)
                if token is not None:
                    append(token._replace(text="*") if token.text in _DOTS and _is_scale(tokens) else token)
                break
            append(make((_KINDS[group], match[group], start, place)))
        if len(tokens) > MOST_TOKENS:
            raise TooLarge(f"the text has more than {MOST_TOKENS} names, numbers and signs")
    return tokens


def _is_scale(tokens: list[Token]) -> bool:
    """Whether the last token is a number that begins a product: whatever a dot behind it means elsewhere, 2·X is 2*X."""
    if not tokens or tokens[-1].kind is not Kind.NUMBER:
        return False
    return len(tokens) == 1 or tokens[-2].kind in {Kind.OPENING, Kind.BREAK} or tokens[-2].text in {"=", "+", "-", ","}


def _odd(source: str, place: int, previous: Token | None) -> tuple[Token | None, int]:
    """The token at a place where the pattern finds none, if one is there, and the place behind it."""
    c = source[place]
    if c > "~" and category(c) == "Zs":
        return None, place + 1
    if c == "#":
        end = _line_end(source, place)
        return _unreadable(source, place, end), end
    token = _token(source, place, previous)
    return token, token.end


def _line_end(source: str, place: int) -> int:
    end = source.find("\n", place)
    return end if end >= 0 else len(source)


def _token(source: str, place: int, previous: Token | None) -> Token:
    c = source[place]
    if c in _DIGITS or c == ".":
        return _number(source, place)
    if c in _WORD:
        return _name(source, place)
    if c == '"' or (c == "'" and not _ends_operand(previous, place)):
        return _string(source, place)
    if c > "~":
        return _unicode(source, place)
    return Token(Kind.POSTFIX if c == "'" else Kind.WRONG, c, place, place + 1)


def _unicode(source: str, place: int) -> Token:
    c = source[place]
    if _is_letter(c) and c.isidentifier():
        return _name(source, place)
    kind = category(c)
    if kind[0] == "C" or kind in {"Zl", "Zp"}:
        return Token(Kind.WRONG, c, place, place + 1)
    if c in _SUPERSCRIPTS or c == "⁻":
        return _superscript(source, place)
    text = _PLAIN.get(c, c)
    return Token(Kind.POSTFIX if text in _POSTFIXES else Kind.OPERATOR, text, place, place + 1)


def _superscript(source: str, place: int) -> Token:
    """A power as its digits, the inverse as "-1", and the transposed inverse as "-T"."""
    end = place + (source[place] == "⁻")
    if end > place and source[end : end + 1] == "ᵀ":
        return Token(Kind.POSTFIX, "-T", place, end + 1)
    while end < len(source) and source[end] in _SUPERSCRIPTS:
        end += 1
    text = "".join("-" if c == "⁻" else _SUPERSCRIPTS[c] for c in source[place:end])
    return Token(Kind.POSTFIX if len(text) <= LONGEST_NUMBER else Kind.WRONG, text, place, end)


def _number(source: str, place: int) -> Token:
    end = _digits(source, place)
    if source.startswith(".", end) and not source.startswith("...", end):
        after = source[end + 1 : end + 2]
        # 2.T is a transpose of 2, whatever that may be; 2. and 2.e3 are numbers
        if not _is_letter(after) or after in _DIGITS or _exponent(source, end + 1) > end + 1:
            end = _digits(source, end + 1)
    digits = end - place - source.count(".", place, end)
    mantissa, end = end, _exponent(source, end)
    power = source[mantissa + 1 : end].lstrip("+-0") or "0"
    fits = digits <= LONGEST_NUMBER and len(power) < 4 and int(power) <= LONGEST_NUMBER
    return Token(Kind.NUMBER if fits else Kind.WRONG, source[place:end], place, end)


def _digits(source: str, place: int) -> int:
    while place < len(source) and source[place] in _DIGITS:
        place += 1
    return place


def _exponent(source: str, place: int) -> int:
    """Where an exponent that begins here ends; the place itself where none does."""
    if source[place : place + 1] not in {"e", "E"}:
        return place
    digits = place + 1 + (source[place + 1 : place + 2] in {"+", "-"})
    end = _digits(source, digits)
    return end if end > digits and not _is_letter(source[end : end + 1]) else place


def _name(source: str, place: int) -> Token:
    end = place + 1
    while end < len(source) and ((c := source[end]) in _WORD or (c > "~" and _is_letter(c))):
        end += 1
    return Token(Kind.NAME if end - place <= LONGEST_NAME else Kind.WRONG, source[place:end], place, end)


@cache
def _is_letter(c: str) -> bool:
    """Whether a character can stand inside a name; superscripts, primes and the middle dot cannot, whatever Python says."""
    if not c or c in _PRIMES or category(c) == "Po":
        return False
    return ("a" + c).isidentifier() and not decomposition(c).startswith("<super>")


def _string(source: str, place: int) -> Token:
    end = source.find(source[place], place + 1) + 1
    if not end or "\n" in source[place:end]:
        return Token(Kind.WRONG, source[place], place, place + 1)
    return _unreadable(source, place, end) or Token(Kind.STRING, source[place:end], place, end)


def _unreadable(source: str, place: int, end: int) -> Token | None:
    """The first control or reordering character of a text that is not read as a formula."""
    if source[place:end].isprintable():
        return None
    for k in range(place, end):
        c = source[k]
        if c in _REORDERING or (category(c) == "Cc" and c != "\t" and not source.startswith("\r\n", k)):
            return Token(Kind.WRONG, c, k, k + 1)
    return None


def _ends_operand(token: Token | None, place: int) -> bool:
    """Whether the token is the end of an operand that reaches up to this place: then a ' is a transpose."""
    if token is None or token.end != place:
        return False
    return token.kind in {Kind.NAME, Kind.NUMBER, Kind.POSTFIX} or token.text in {")", "]"}


def complaint(token: Token) -> ShapecalcError:
    """What is wrong with a token of kind WRONG."""
    c = token.text[0]
    if len(token.text) > 1 and c in "-.0123456789":
        hint = f"up to {LONGEST_NUMBER} digits, and up to 1e{LONGEST_NUMBER}, are read"
        return TooLarge("this number is too long", token.span, hint=hint)
    if len(token.text) > 1:
        return TooLarge(f"this name has {len(token.text)} characters", token.span, hint=f"up to {LONGEST_NAME} are read")
    if c in {"'", '"'}:
        hint = "a transpose follows its operand at once: X'"
        return SyntaxProblem("this quotation mark is never closed", token.span, hint=hint if c == "'" else None)
    shown = visible(c) if visible(c) != c else f"U+{ord(c):04X}"
    return SyntaxProblem(f"the invisible character {shown} cannot be read", token.span, hint="delete it")
