"""The scanner: source text into tokens, and tokens into the lines that statements are read from.

It judges nothing: a token that cannot stand anywhere is kept as `Kind.WRONG`, and `complaint` says what is wrong with it,
so that one bad line does not hide the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple
from unicodedata import category, decomposition

from shapecalc.errors import ShapecalcError, Span, SyntaxProblem, TooLarge, visible

MOST_CHARACTERS = 10_000_000
MOST_TOKENS = 1_000_000
LONGEST_NUMBER = 400  # digits, and the largest power of ten
LONGEST_NAME = 200

CLOSING = {"(": ")", "[": "]", "{": "}"}
_STEPS = {**dict.fromkeys(CLOSING, 1), **dict.fromkeys(CLOSING.values(), -1)}


class Kind(Enum):
    """What a token is; OPERATOR is also every bracket, and any character with no other place."""

    NUMBER = "number"
    NAME = "name"
    STRING = "string"
    OPERATOR = "operator"
    POSTFIX = "postfix"  # a transpose or a superscript
    BREAK = "break"  # a new line or a semicolon
    WRONG = "wrong"


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
        return _STEPS.get(self.text, 0)


_PLAIN = {
    "⊙": "*", "−": "-", "≥": ">=", "≤": "<=", "≠": "!=", "‖": "||", "∥": "||", "…": "...", "𝜕": "∂", "𝛛": "∂", "⊺": "⊤", "′": "'", "’": "'",
}  # fmt: skip
_PAIRS = frozenset(["**", "==", "!=", ">=", "<=", "+=", "-=", "*=", "/=", "@=", ":=", "||", "//", "&&", "->", ".*", "./", ".^"])
_POSTFIXES = frozenset("ᵀ⊤'")
_SUPERSCRIPTS = {c: str(k) for k, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_PRIMES = frozenset("ʹʺʼˈ")  # Python takes these for letters; on paper they are marks
_DIGITS = frozenset("0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def scan(source: str) -> list[Token]:
    """All tokens, comments left out."""
    if len(source) > MOST_CHARACTERS:
        raise TooLarge(f"the text has {len(source)} characters; at most {MOST_CHARACTERS} are read")
    tokens: list[Token] = []
    place = 1 if source.startswith("\ufeff") else 0
    while place < len(source):
        c = source[place]
        if c in " \t" or (c == "\r" and source.startswith("\n", place + 1)) or (c > "~" and category(c) == "Zs"):
            place += 1
            continue
        if c == "#":
            end = _line_end(source, place)
            token = _unreadable(source, place, end)
        else:
            token = _token(source, place, tokens[-1] if tokens else None)
            end = token.end
        if token is not None:
            tokens.append(token)
        if len(tokens) > MOST_TOKENS:
            raise TooLarge(f"the text has more than {MOST_TOKENS} names, numbers and signs")
        place = end
    return tokens


def _line_end(source: str, place: int) -> int:
    end = source.find("\n", place)
    return end if end >= 0 else len(source)


def _token(source: str, place: int, previous: Token | None) -> Token:
    c = source[place]
    if c in _WORD:
        return _number(source, place) if c in _DIGITS else _name(source, place)
    if c == "." and source[place + 1 : place + 2] in _DIGITS:
        return _number(source, place)
    if c in "\n;":
        return Token(Kind.BREAK, c, place, place + 1)
    if c == '"' or (c == "'" and not _ends_operand(previous, place)):
        return _string(source, place)
    if c > "~":
        return _unicode(source, place)
    if c == "'":
        return Token(Kind.POSTFIX, c, place, place + 1)
    if c < " " or c == "\x7f":
        return Token(Kind.WRONG, c, place, place + 1)
    width = 3 if source.startswith("...", place) else 2 if source[place : place + 2] in _PAIRS else 1
    return Token(Kind.OPERATOR, source[place : place + width], place, place + width)


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


def lines(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement: they end at a break, but a new line inside brackets is only space.

    A bracket that finds no partner does not swallow the lines that follow.
    """
    steps = _steps(tokens)
    line: list[Token] = []
    depth = 0
    for token, step in zip(tokens, steps, strict=True):
        depth += step
        if token.kind is not Kind.BREAK:
            line.append(token)
        elif depth == 0 and line:
            yield line
            line = []
        elif token.text == ";" and depth:
            line.append(Token(Kind.OPERATOR, ";", token.start, token.end))
    if line:
        yield line


def _steps(tokens: Sequence[Token]) -> list[int]:
    """For each token 1 where it opens a pair of brackets, -1 where it closes one, else 0."""
    steps = [0] * len(tokens)
    opened: list[int] = []
    count = dict.fromkeys(CLOSING, 0)
    opening = {closing: bracket for bracket, closing in CLOSING.items()}
    for k, token in enumerate(tokens):
        if token.step > 0:
            opened.append(k)
            count[token.text] += 1
        elif token.step < 0 and count[opening[token.text]]:
            # openings passed over on the way down have no partner
            while True:
                partner = opened.pop()
                count[tokens[partner].text] -= 1
                if tokens[partner].text == opening[token.text]:
                    break
            steps[partner], steps[k] = 1, -1
    return steps


def outside(tokens: Sequence[Token], *texts: str) -> list[int]:
    """The places of these signs outside all brackets."""
    places, depth = [], 0
    for k, token in enumerate(tokens):
        depth += token.step
        if depth == 0 and token.text in texts:
            places.append(k)
    return places


def guard(tokens: Sequence[Token]) -> None:
    """Raises the complaint of a wrong token, or points at a bracket without its partner."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind is Kind.WRONG:
            raise complaint(token)
        if token.step > 0:
            opened.append(token)
        elif token.step < 0:
            if not opened:
                raise SyntaxProblem(f"{token.text} closes nothing", token.span)
            if CLOSING[opened[-1].text] != token.text:
                raise SyntaxProblem(f"{opened[-1].text} is closed by {token.text}", opened[-1].span)
            opened.pop()
    if opened:
        raise SyntaxProblem(f"{opened[-1].text} is never closed", opened[-1].span)
