r"""What stands above and below symbols: indices, layers, transposes, inverses, powers."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.errors import SyntaxProblem

from .latex_cleaning import closing
from .latex_names import GREEK_COMMANDS, Lexicon, Script
from .latex_tokens import Token
from .latex_tree import Subscript

STYLES = frozenset({"mathbf", "mathrm", "mathcal", "mathbb", "text", "operatorname", "textrm"})
_NAMED = GREEK_COMMANDS | {"infty"}
_CONJUGATE = {"H", "*", "dagger", "ast", "\\dagger"}


class Cursor:
    """Tokens of a formula, and the place that has been read up to."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon, depth: int = 0) -> None:
        self.tokens = list(tokens)
        self.lexicon = lexicon
        self.place = 0
        self.depth = depth

    @property
    def token(self) -> Token | None:
        """The token that comes next."""
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def next_is(self, *texts: str) -> bool:
        """Whether the next token is one of these."""
        return self.place < len(self.tokens) and self.tokens[self.place].is_(*texts)

    def behind(self) -> int:
        """Where the last token ends."""
        return self.tokens[self.place - 1].end if self.place else (self.tokens[0].start if self.tokens else 0)

    def argument(self) -> list[Token]:
        """The tokens of one argument, without its braces."""
        token = self.token
        if token is None:
            last = self.tokens[-1].span if self.tokens else (0, 0)
            raise SyntaxProblem("something is missing at the end of this", last)
        if not token.is_("{"):
            # \mathbf x and \frac12 take one token; a command takes its own argument with it
            taken = 1
            if token.kind == "command" and token.text in STYLES and self.place + 1 < len(self.tokens):
                taken += 1 if not self.tokens[self.place + 1].is_("{") else closing(self.tokens, self.place + 1) - self.place
            self.place += taken
            if token.kind == "number" and len(token.text) > 1 and taken == 1 and "." not in token.text:
                return self._digit(token)
            return self.tokens[self.place - taken : self.place]
        end = closing(self.tokens, self.place)
        inside = self.tokens[self.place + 1 : end]
        self.place = end + 1
        return inside

    def _digit(self, token: Token) -> list[Token]:
        r"""The first digit of a number: \frac12 is one over two."""
        split = Token("number", token.text[0], token.start, min(token.start + 1, token.end))
        rest = Token("number", token.text[1:], split.end, token.end)
        self.tokens[self.place - 1 : self.place] = [split, rest]
        return [split]

    def scripts(self) -> list[Script]:
        """Everything below and above what has just been read."""
        out: list[Script] = []
        while True:
            if [t.text for t in self.tokens[self.place : self.place + 2]] == ["{", "}"] and self._is_script(self.place + 2):
                self.place += 2  # X{}^\top: the braces hold nothing
            if not self._is_script(self.place):
                return out
            token = self.tokens[self.place]
            self.place += 1
            if token.is_("'"):
                out.append(Script("prime", "", (token,), token.span))
                continue
            inside = self.argument()
            if not inside:
                continue
            span = token.start, max(self.behind(), token.end)
            if token.is_("_"):
                out.append(Script("sub", plain(inside), tuple(inside), span))
            else:
                out += above(inside, span)

    def _is_script(self, place: int) -> bool:
        return place < len(self.tokens) and self.tokens[place].is_("_", "^", "'")


def plain(tokens: Sequence[Token]) -> str:
    """An index as part of a name: letters, digits and words, without styles; "" where it is more than that."""
    out = ""
    for token in tokens:
        if (
            token.kind in {"letter", "number"}
            or (token.kind == "command" and token.text in _NAMED)
            or (token.is_("-", "+") and out)
        ):
            out += token.text
        elif not (token.is_("{", "}", "_", ",", "\\_", "-") or (token.kind == "command" and token.text in STYLES)):
            return ""
    return out if out[-2:] in {"-1", "+1"} or not ("-" in out or "+" in out) else ""


def unstyled(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without styles, text among them, and braces."""
    return [t for t in tokens if not t.is_("{", "}") and not (t.kind == "command" and t.text in STYLES)]


def above(tokens: Sequence[Token], span: tuple[int, int]) -> list[Script]:
    """The scripts in a superscript: a layer, then a transpose, and so on."""
    inner = unstyled(tokens)
    texts = [("\\" + t.text if t.kind == "command" else t.text) for t in inner]
    if not inner:
        return []
    if texts[0] in {"[", "("} and (end := _closed(texts)) is not None:
        kind = "layer" if texts[0] == "[" else "sample"
        text = plain(inner[1:end])
        if text or end == 1:
            first = Script(kind, text, tuple(inner[1:end]), span)
            return [first, *above(inner[end + 1 :], span)]
    if texts in (["T"], ["\\top"]):
        return [Script("turn", "", tuple(inner), span)]
    if all(t == "'" for t in texts):
        return [Script("prime", "", (t,), span) for t in inner]
    if texts == ["-", "1"]:
        return [Script("inverse", "", tuple(inner), span)]
    if texts in (["-", "T"], ["-", "\\top"]):
        return [Script("inverse", "", tuple(inner), span), Script("turn", "", tuple(inner), span)]
    if texts[0] in {"\\odot", "\\circ"} and len(texts) > 1:
        rest = tokens[1:] if tokens[0] == inner[0] else inner[1:]  # with their styles: a bold 1 is no number
        return [Script("entrywise", "", tuple(rest), span)]
    if texts == ["+"]:
        return [Script("plus", "", tuple(inner), span)]
    if len(texts) == 1 and texts[0] in _CONJUGATE:
        return [Script("conjugate", "", tuple(inner), span)]
    return [Script("sup", plain(inner) if len(inner) == 1 else "", tuple(tokens), span)]


def _closed(texts: Sequence[str]) -> int | None:
    """Where the bracket at the beginning closes."""
    wanted = "]" if texts[0] == "[" else ")"
    return texts.index(wanted) if wanted in texts else None


def subscripts(tokens: Sequence[Token]) -> tuple[Subscript, ...] | None:
    """The indices that a subscript lists: ij, or i,j, or i: or 12; None where it lists something else."""
    out: list[Subscript] = []
    inner = unstyled(tokens)
    commas = any(t.is_(",") for t in inner)
    for token in inner:
        if token.is_("'") and out and out[-1].text.isalpha():
            out[-1] = Subscript(out[-1].text + "'", (out[-1].span[0], token.end))
        elif token.kind == "number" and token.text.isdigit():
            texts = [token.text] if commas else list(token.text)
            out += [Subscript(text, token.span) for text in texts]
        elif token.kind == "letter" or (token.kind == "command" and token.text in GREEK_COMMANDS) or token.is_(":"):
            out.append(Subscript(token.text, token.span))
        elif token.is_("\\cdot", "\\bullet", "*") and len(inner) > 1 and token in (inner[0], inner[-1]):
            out.append(Subscript(":", token.span))  # the i-th row, as a dot
        elif not token.is_(","):
            return None
    return tuple(out) if out else None
