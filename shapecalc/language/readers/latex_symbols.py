r"""Symbols of LaTeX: letters with styles, accents and scripts, each as the name that it is, an entry of it, or a function of what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from shapecalc.errors import Span, SyntaxProblem, UnknownName

from .latex_cleaning import closing
from .latex_names import ACCENTS, GREEK_COMMANDS, Script, accented, spellings
from .latex_scripts import STYLES, Cursor, subscripts
from .latex_tokens import Token
from .latex_tree import Entry, Grad, Latex, Num, Raised, Ref, Special, Subscript, Turned, Unknown

FUNCTIONS = {
    "tr": "trace", "Tr": "trace", "trace": "trace", "Trace": "trace", "det": "det", "diag": "diag", "Diag": "diag", "exp": "exp", "log": "log",
    "ln": "log", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "Tanh": "tanh", "arctan": "arctan",
    "arcsin": "arcsin", "arccos": "arccos", "softmax": "softmax", "Softmax": "softmax", "sigmoid": "sigmoid", "Sigmoid": "sigmoid",
    "sigm": "sigmoid", "logistic": "sigmoid", "relu": "relu", "ReLU": "relu", "Relu": "relu", "RELU": "relu", "softplus": "softplus",
    "logsumexp": "logsumexp", "LSE": "logsumexp", "vec": "vec", "sign": "sign", "sgn": "sign", "abs": "abs", "max": "max", "min": "min",
    "erf": "erf", "logdet": "logdet", "gelu": "gelu", "GELU": "gelu", "silu": "silu", "SiLU": "silu", "swish": "silu", "sqrt": "sqrt",
    "mean": "mean", "sum": "sum",
}  # fmt: skip
REFUSED = {
    "mathbb": "only \\mathbb{1} is read", "prod": "products over an index are not read", "int": "integrals are not read",
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
        return self._meaning(base, scripts, self.tokens[start].start)

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
        if upright or self.lexicon.find((word,), self._ahead(), span) is not None:
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

    # ---- what a symbol means

    def _meaning(self, base: Base, scripts: list[Script], start: int) -> Latex:
        found = self.lexicon.find(base.names, scripts, base.span)
        span = start, self.behind()
        if found is None:
            return self._unfound(base, scripts, span)
        rest = [s for k, s in enumerate(scripts) if k not in found.used]
        if found.kind == "function":
            return self.apply(found.name, base, rest)
        inner = base.span[0], max([base.span[1], *(s.span[1] for k, s in enumerate(scripts) if k in found.used)])
        claimed = self.lexicon.draft.sheet.claimed(found.name)
        node: Latex = Ref(found.name, inner) if claimed is None else Grad(claimed, len(base.names[0]) > 1, inner)
        if found.kind != "capital" and isinstance(node, Ref) and self.arguments(node.name):
            node = Ref(node.name, (inner[0], self.behind()))
        return self.scripted(node, rest)

    def arguments(self, name: str) -> bool:
        """Goes past J(w), where J is defined and w is a name: then the bracket is no factor."""
        if name not in self.lexicon.draft.sheet.definitions or not self.next_is("("):
            return False
        return self.past_arguments()

    def past_arguments(self) -> bool:
        """Goes past a bracket that holds nothing but names and commas."""
        end = next((k for k in range(self.place, len(self.tokens)) if self.tokens[k].is_(")")), None)
        if end is None:
            return False
        inner = type(self)(self.tokens[self.place + 1 : end], self.lexicon, self.depth + 1)
        while inner.token is not None:
            if not inner.starts_symbol(inner.token) or not isinstance(inner.symbol(), Ref):
                return False
            if inner.next_is(",", ";", "|"):
                inner.place += 1
            elif inner.token is not None:
                return False
        self.place = end + 1
        return True

    def _unfound(self, base: Base, scripts: list[Script], span: Span) -> Latex:
        """A symbol that the sheet does not know: a constant, a function, or a new name."""
        names = base.names
        sub = next((s for s in scripts if s.kind == "sub"), None)
        if "I" in names or ("delta" in names and sub is not None):
            indices = subscripts(sub.tokens) if sub else None
            if sub is None or "I" in names or (indices is not None and len(indices) == 2):
                return self._identity(base, scripts, sub, indices)
        if names == ("e",) and any(s.kind == "sup" for s in scripts):
            power = next(s for s in scripts if s.kind == "sup")
            return self.scripted(Raised(Special("e", (), base.span), self.formula(power.tokens, power.span), False, span), [
                s for s in scripts if s is not power])
        if "pi" in names and not self.next_is("("):
            return self.scripted(Special("pi", (), base.span), scripts)
        if self.next_is("(", "[") and "sigma" in names and all(s.kind in {"prime", "sup"} for s in scripts):
            return self.apply("sigmoid", base, scripts)
        return self._unknown(base, scripts, span)

    def _identity(self, base: Base, scripts: list[Script], sub: Script | None, indices: tuple[Subscript, ...] | None) -> Latex:
        """I, I_n, or an entry of it: I_{kj} and Kronecker's delta."""
        rest = [s for s in scripts if s is not sub]
        if sub is not None and indices is not None and len(indices) == 2 and sub.text not in self.lexicon.draft.sheet.sizes:
            return self.scripted(Entry(Special("eye", (), base.span), indices, False, (base.span[0], sub.span[1])), rest)
        size = () if sub is None else (self.formula(sub.tokens, sub.span),)
        return self.scripted(Special("eye", size, base.span if sub is None else (base.span[0], sub.span[1])), rest)

    def _unknown(self, base: Base, scripts: list[Script], span: Span) -> Latex:
        """A name that nothing introduces: it may be about to be defined."""
        named = [s for s in scripts if s.kind in {"sub", "layer", "sample", "sup"} and s.text]
        turned = [s for s in scripts if s not in named]
        name = base.names[0]
        squared = any(s.kind == "sup" and s.text.isdigit() for s in named)
        plain = name + "".join(s.text for s in named if s.kind in {"sup", "layer"})
        below = "".join("_" + s.text for s in named if s.kind in {"sub", "sample"})
        digits = "".join(s.text for s in named if s.kind in {"sup", "layer"})
        full = name + (below[1:] if below[1:].isdigit() else below) + digits
        sub = next((subscripts(s.tokens) for s in named if s.kind in {"sub", "sample"}), None) or ()
        if self.next_is("("):
            self.past_arguments()
        words = "".join(t.text for t in self.tokens if span[0] <= t.start < span[1] and t.kind != "sign") or name
        if len(sub) > 1:
            full = plain
        return self.scripted(Unknown(plain, full, sub, words, (span[0], self.behind()), squared), turned)

    def scripted(self, node: Latex, scripts: Sequence[Script] | None = None) -> Latex:
        """A node with the scripts that are no part of its name."""
        rest = list(scripts if scripts is not None else self.scripts())
        below = [s for s in rest if s.kind in {"sub", "sample"}]
        first = [s for s in rest if s.kind in {"turn", "inverse", "prime"}]
        listed = [subscripts(s.tokens) or () for s in below]
        if first and sum(map(len, listed)) >= 2 and not any(t.text == ":" for i in listed for t in i):
            rest = [*(s for s in rest if s not in below), *below]
        else:
            rest = [*below, *(s for s in rest if s not in below)]
        for script in rest:
            node = self._with(node, script)
        return node

    def _with(self, node: Latex, script: Script) -> Latex:
        """One script applied."""
        span = node.span[0], max(node.span[1], script.span[1])
        sheet = self.lexicon.draft.sheet
        match script.kind:
            case "sub" | "sample":
                return self._indexed(node, script, span)
            case "turn" | "prime":
                if script.kind == "turn" and script.tokens[0].is_("T") and "T" in sheet.names:
                    raise SyntaxProblem("a variable is called T, so ^T could be a power", script.span, hint="write ^\\top")
                return Turned(node, script.kind == "prime", span)
            case "inverse":
                return Raised(node, Num("-1", Fraction(-1), script.span), False, span)
            case "entrywise":
                return Raised(node, self.formula(script.tokens, script.span), True, span)
            case "layer":
                raise SyntaxProblem(f"no name with the layer [{script.text}] is declared", span, hint="declare W1 for W^{[1]}")
        if not isinstance(node, Ref | Grad) or not script.text.isalpha() or script.text in sheet.names or script.text in sheet.sizes:
            return Raised(node, self.formula(script.tokens, script.span), False, span)
        message = f"^{script.text} can be a power, or a part of the name"
        raise SyntaxProblem(message, span, hint="write a layer in brackets, W^{[l]}, or declare it with its name: zL for z^L")

    def _indexed(self, node: Latex, script: Script, span: Span) -> Latex:
        """Indices below a node, or an index in round brackets above it."""
        if isinstance(node, Special) and node.kind in {"ones", "zeros"}:
            return Special(node.kind, tuple(self._sizes(script)), span)
        indices = subscripts(script.tokens)
        if indices is None:
            hint = "an index is a letter or a number"
            raise SyntaxProblem("this index cannot be read", script.span, hint=hint)
        if isinstance(node, Entry) and node.sample != (script.kind == "sample"):
            return Entry(node.base, (*node.indices, *indices) if node.sample else (*indices, *node.indices), False, span)
        return Entry(node, indices, script.kind == "sample", span)

    def _sizes(self, script: Script) -> list[Latex]:
        r"""The sizes below a bold 1: S, or S \times M."""
        pieces: list[list[Token]] = [[]]
        for token in script.tokens:
            if token.is_("\\times", ","):
                pieces.append([])
            else:
                pieces[-1].append(token)
        return [self.formula(piece, script.span) for piece in pieces if piece]
