r"""Symbols of LaTeX: letters with styles, accents and scripts, before it is settled what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from shapecalc.errors import Span, SyntaxProblem, UnknownName

from .latex_cleaning import closing
from .latex_names import ACCENTS, GREEK_COMMANDS, Script, accented, spellings
from .latex_scripts import STYLES, Cursor
from .latex_tokens import Token
from .latex_tree import Entry, Grad, Latex, Num, Ref, Special, Turned, Unknown

FUNCTIONS = {
    "tr": "trace", "Tr": "trace", "trace": "trace", "Trace": "trace", "det": "det", "diag": "diag", "Diag": "diag", "exp": "exp",
    "log": "log", "ln": "log", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "Tanh": "tanh",
    "arctan": "arctan", "arcsin": "arcsin", "arccos": "arccos", "softmax": "softmax", "Softmax": "softmax", "sigmoid": "sigmoid",
    "Sigmoid": "sigmoid", "sigm": "sigmoid", "logistic": "sigmoid", "relu": "relu", "ReLU": "relu", "Relu": "relu", "RELU": "relu",
    "softplus": "softplus", "logsumexp": "logsumexp", "LSE": "logsumexp", "vec": "vec", "sign": "sign", "sgn": "sign", "abs": "abs",
    "max": "max", "min": "min", "erf": "erf", "logdet": "logdet", "gelu": "gelu", "GELU": "gelu", "silu": "silu", "SiLU": "silu",
    "swish": "silu", "sqrt": "sqrt", "mean": "mean", "sum": "sum",
}  # fmt: skip
REFUSED = {
    "mathbb": "only \\mathbb{1} is read", "int": "integrals are not read",
    "lim": "limits are not read", "argmax": "argmax has no derivative", "argmin": "argmin has no derivative", "inf": "bounds are not read",
    "sup": "bounds are not read", "text": "words cannot stand inside a formula", "pm": "two signs at once are not read",
    "mp": "two signs at once are not read", "infty": "infinity is no value here", "forall": "conditions are not read",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Base:
    """A symbol without its scripts. names: what a sheet may call it; word: it is written as one upright word, or as a command."""

    names: tuple[str, ...]
    word: bool
    span: Span
    bold: bool = False


@cache
def _functions() -> frozenset[str]:
    return frozenset(FUNCTIONS)


class Symbols(Cursor):
    """Reads one symbol; formulas inside it are left to the class that reads formulas."""

    def formula(self, tokens: Sequence[Token], span: Span) -> Latex:
        """The formula of some tokens."""
        raise NotImplementedError

    def apply(self, name: str, base: Base, scripts: Sequence[Script]) -> Latex:
        """A function of what follows."""
        raise NotImplementedError

    def starts_symbol(self, token: Token | None) -> bool:
        """Whether a symbol can begin here."""
        if token is None:
            return False
        return token.kind == "letter" or (token.kind == "command" and token.text in GREEK_COMMANDS | STYLES | frozenset(ACCENTS))

    def scripted(self, node: Latex) -> Latex:
        """A node with the scripts that follow."""
        raise NotImplementedError

    def meaning(self, base: Base, scripts: list[Script], start: int) -> Latex:
        """What a symbol with these scripts is."""
        raise NotImplementedError

    def symbol(self) -> Latex:
        """The symbol that begins here, with its scripts."""
        start = self.place
        base = self.base()
        if not isinstance(base, Base):
            return self.scripted(base)
        if base.names == ("d",) and "d" not in self.lexicon.draft.sheet.names:
            inner = self._differential(base)
            if inner is not None:
                return inner
        scripts = self.scripts()
        if base.word and not self._is_name(base, scripts):
            function = next((FUNCTIONS[n] for n in base.names if n in _functions()), None)
            if function is not None:
                return self.apply(function, base, scripts)
        return self.meaning(base, scripts, self.tokens[start].start)

    def _is_name(self, base: Base, scripts: Sequence[Script]) -> bool:
        found = self.lexicon.find(base.names, scripts, base.span)
        return found is not None and found.kind != "function"

    # ---- bases

    def base(self) -> Base | Latex:
        """A letter, a word, a Greek letter, or what stands in a style or under an accent."""
        token = self.tokens[self.place]
        if token.kind == "letter":
            return self._letters()
        self.place += 1
        if token.text in GREEK_COMMANDS:
            return Base(spellings(token.text), False, token.span)
        if token.text in ACCENTS:
            return self._accented(token)
        return self._styled(token)

    def _letters(self) -> Base:
        """The longest word that means something; a letter otherwise."""
        stop = self.place
        while stop < len(self.tokens) and self.tokens[stop].kind == "letter" and stop - self.place < 40:
            stop += 1
        start = self.place
        for end in range(stop, start + 1, -1):
            word = "".join(t.text for t in self.tokens[start:end])
            span = self.tokens[start].start, self.tokens[end - 1].end
            self.place = end
            scripts = self._ahead() if end == stop else []
            found = self.lexicon.find((word,), scripts, span)
            called = self.next_is("(", "[", "\\{") and (word in FUNCTIONS or (found is not None and found.kind == "function"))
            if found is None and not called:
                continue
            if found is not None and found.kind == "gradient" and "d" in self.lexicon.draft.sheet.sizes:
                return Base((word,), True, span)
            if all(self.lexicon.kind(t.text) is not None for t in self.tokens[start:end]):
                message = f"this can be {word}, or a product of letters"
                raise SyntaxProblem(message, span, hint=f"write \\mathrm{{{word}}}, or \\cdot between the factors")
            return Base((word,), True, span)
        self.place = start + 1
        token = self.tokens[start]
        return Base(spellings(token.text), False, token.span)

    def _ahead(self) -> list[Script]:
        """The scripts that follow, without going past them."""
        place, tokens = self.place, list(self.tokens)
        try:
            return self.scripts()
        finally:
            self.place, self.tokens = place, tokens

    def _accented(self, token: Token) -> Base | Latex:
        inside = self.argument()
        inner = type(self)(inside, self.lexicon, self.depth + 1)
        if not inner.starts_symbol(inner.token):
            raise SyntaxProblem(f"\\{token.text} stands over something that is not a symbol", token.span)
        base = inner.base()
        if not isinstance(base, Base):
            raise SyntaxProblem(f"\\{token.text} stands over something that is not a symbol", token.span)
        rest = inner.tokens[inner.place :]
        if rest and not rest[0].is_("_", "^", "'"):
            raise SyntaxProblem(f"\\{token.text} stands over more than one symbol", token.span)
        self.tokens[self.place : self.place] = rest
        names = accented(base.names, ACCENTS[token.text])
        return Base(names, base.word, (token.start, max(token.end, self.behind())), base.bold)

    def _styled(self, token: Token) -> Base | Latex:
        """A style and its argument: a symbol, a word, or a formula."""
        inside = self.argument()
        span = token.start, max(token.end, self.behind())
        if not inside:
            raise SyntaxProblem(f"nothing stands in \\{token.text}", span)
        if all(t.kind in {"letter", "number"} for t in inside):
            return self._word(token, inside, span)
        if len(inside) == 1 and inside[0].kind == "command" and inside[0].text in GREEK_COMMANDS:
            return Base(spellings(inside[0].text), False, span, True)
        if token.text == "text":
            raise SyntaxProblem(REFUSED["text"], span)
        return self.formula(inside, span)

    def _word(self, token: Token, inside: Sequence[Token], span: Span) -> Base | Latex:
        """Letters and digits in a style."""
        word = "".join(t.text for t in inside)
        upright = token.text in {"mathrm", "text", "operatorname", "textrm"}
        if word in {"1", "0"} and token.text in {"mathbf", "mathbb"}:
            return Special("ones" if word == "1" else "zeros", (), span)
        if all(t.kind == "number" for t in inside):
            return Num(word, Fraction(word), span)
        if token.text == "mathbb" and word != "I":
            raise SyntaxProblem(f"\\mathbb{{{word}}} cannot stand in a formula", span, hint=REFUSED["mathbb"])
        if len(inside) == 1:
            return Base(spellings(word), False, span, token.text in {"mathbf", "mathbb"})
        if upright or word in FUNCTIONS or self.lexicon.find((word,), self._ahead(), span) is not None:
            return Base((word,), True, span)
        if self.next_is("^", "_", "'"):
            raise SyntaxProblem(f"what stands behind \\{token.text}{{{word}}} can belong to its last letter or to all", span)
        return self.formula(inside, span)

    # ---- gradients and differentials

    def _differential(self, base: Base) -> Latex | None:
        """The d of the symbol that follows; None where no symbol does."""
        if self.next_is("{"):
            end = closing(self.tokens, self.place)
            inner = self.formula(self.tokens[self.place + 1 : end], (self.tokens[self.place].start, self.tokens[end].end))
            self.place = end + 1
            return self.scripted(self.gradient(inner, base.span))
        return self.gradient(self.symbol(), base.span) if self.starts_symbol(self.token) else None

    def gradient(self, inner: Latex, mark: Span) -> Latex:
        """d in front of a symbol."""
        span = min(mark[0], inner.span[0]), inner.span[1]
        match inner:
            case Ref(name=name) if self.lexicon.draft.shape(name) is not None:
                return Grad(name, True, span)
            case Entry(base=Ref() as base, indices=indices, sample=sample):
                return Entry(self.gradient(base, mark), indices, sample, span)
            case Turned(arg=Ref() | Entry() as arg, prime=prime):
                return Turned(self.gradient(arg, mark), prime, span)
            case Unknown(name=name) if self.lexicon.is_loss((name,)):
                return Grad("", True, span)
            case Unknown(written=written):
                hint = "the d of a name is its gradient: declare the name"
                raise UnknownName(f"{written} is not declared", inner.span, hint=hint)
        raise SyntaxProblem("d stands before something that is not one name", span)
