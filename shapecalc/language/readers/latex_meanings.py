r"""What a symbol of LaTeX means: a name of the sheet, an entry of it, a constant, or a name that is new."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import Span, SyntaxProblem

from .latex_names import Script
from .latex_scripts import subscripts
from .latex_symbols import FUNCTIONS, REFUSED, Base, Symbols
from .latex_tokens import Token
from .latex_tree import Entry, Func, Grad, Latex, Num, Raised, Ref, Special, Subscript, Turned, Unknown

__all__ = ["FUNCTIONS", "REFUSED", "Base", "Meanings"]


class Meanings(Symbols):
    """Finds out what a symbol is, and applies the scripts that are no part of its name.

    passed: the names in the last bracket that was gone past, as in J(w). closers: what ends a product where bars are open.
    """

    passed: tuple[Latex, ...] = ()
    closers: tuple[str, ...] = ()

    def meaning(self, base: Base, scripts: list[Script], start: int) -> Latex:
        """The name with these scripts, or what the symbol is where the sheet does not know it."""
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
        names: list[Latex] = []
        while inner.token is not None:
            if not inner.starts_symbol(inner.token):
                return False
            names.append(inner.symbol())
            if not isinstance(names[-1], Ref):
                return False
            if inner.next_is(",", ";", "|"):
                inner.place += 1
            elif inner.token is not None:
                return False
        self.place = end + 1
        self.passed = tuple(names)
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
            node = Raised(Special("e", (), base.span), self.formula(power.tokens, power.span), False, span)
            return self.scripted(node, [s for s in scripts if s is not power])
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
        return self.scripted(Unknown(plain, full, sub, full, (span[0], self.behind()), squared), turned)

    def scripted(self, node: Latex, scripts: Sequence[Script] | None = None) -> Latex:
        """A node with the scripts that are no part of its name."""
        rest = list(scripts if scripts is not None else self.scripts())
        below = [s for s in rest if s.kind in {"sub", "sample"}]
        first = [s for s in rest if s.kind in {"turn", "inverse", "prime", "plus"}]
        listed = [subscripts(s.tokens) or () for s in below]
        if first and sum(map(len, listed)) >= 2 and not any(t.text == ":" for i in listed for t in i):
            if isinstance(node, Ref) and node.name[:1].isupper() and self._typed(node).islower():
                hint = "write \\frac{1}{a_{ij}}, (A^{-1})_{ij} or a_{ji}"
                raise SyntaxProblem("this can be of an entry, or an entry of the matrix that is meant", first[0].span, hint=hint)
            rest = [*(s for s in rest if s not in below), *below]
        else:
            rest = [*below, *(s for s in rest if s not in below)]
        for script in rest:
            node = self._with(node, script)
        return node

    def _typed(self, node: Latex) -> str:
        """The first letter of a name, as it was typed."""
        return next((t.text for t in self.tokens if t.start >= node.span[0] and t.kind == "letter"), "")

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
                one = isinstance(node, Num) and node.value == 1 and script.kind == "turn"  # 1^T is the row of ones
                return Turned(Special("ones", (), node.span) if one else node, script.kind == "prime", span)
            case "inverse":
                return Raised(node, Num("-1", Fraction(-1), script.span), False, span)
            case "entrywise":
                return Raised(node, self.formula(script.tokens, script.span), True, span)
            case "plus":
                if isinstance(node, Ref) and len(sheet_shape := self.lexicon.draft.shape(node.name) or ()) == 2 and 1 not in sheet_shape:
                    return Func("pinv", (node,), None, 0, False, script.span, span)
                raise SyntaxProblem("^+ can be the pseudo-inverse, or the larger of this and 0", script.span, hint="write \\max(0, x)")
            case "conjugate":
                raise SyntaxProblem("the conjugate transpose is not read", script.span, hint="everything is real here: write ^\\top")
            case "layer":
                raise SyntaxProblem(f"no name with the layer [{script.text}] is declared", span, hint="declare W1 for W^{[1]}")
        if not isinstance(node, Ref | Grad) or not script.text.isalpha() or script.text in sheet.names or script.text in sheet.sizes:
            return Raised(node, self.formula(script.tokens, script.span), False, span)
        message = f"^{script.text} can be a power, or a part of the name"
        raise SyntaxProblem(message, span, hint="write a layer in brackets, W^{[l]}, or declare it with its name: zL for z^L")

    def _indexed(self, node: Latex, script: Script, span: Span) -> Latex:
        """Indices below a node, or an index in round brackets above it; 1_N is the vector of ones."""
        if isinstance(node, Num) and node.text in {"1", "0"} and script.kind == "sub":
            node = Special("ones" if node.value else "zeros", (), node.span)
        if isinstance(node, Special) and node.kind in {"ones", "zeros"}:
            return Special(node.kind, tuple(self._sizes(script)), span)
        if isinstance(node, Ref) and self._is_word(node, script):
            name = f"{node.name}_{script.text}"
            return Unknown(name, name, (), name, span)
        if [t.text for t in script.tokens] == ["+"] and not isinstance(node, Ref | Entry | Unknown | Grad):  # (1 - z)_+
            return Func("max", (Num("0", Fraction(0), script.span), node), None, 0, False, script.span, span)
        indices = subscripts(script.tokens)
        if indices is None:
            hint = "an index is a letter or a number"
            raise SyntaxProblem("this index cannot be read", script.span, hint=hint)
        if isinstance(node, Entry) and node.sample != (script.kind == "sample"):
            return Entry(node.base, (*node.indices, *indices) if node.sample else (*indices, *node.indices), False, span)
        return Entry(node, indices, script.kind == "sample", span)

    def _is_word(self, node: Ref, script: Script) -> bool:
        r"""Whether what stands below a known name makes another name of it: w_{\mathrm{ML}}, \theta_{new}, and not entries."""
        shape = self.lexicon.draft.shape(node.name)
        text = script.text
        if not shape or len(text) < 2 or not text.isalpha() or text in self.lexicon.draft.sheet.sizes:
            return False
        upright = any(t.is_("\\mathrm", "\\text", "\\textrm", "\\operatorname") for t in script.tokens)
        return upright or (len(text) > max(2, len(shape)) and not any(c in self.lexicon.labels for c in text))

    def _sizes(self, script: Script) -> list[Latex]:
        r"""The sizes below a bold 1: S, or S \times M."""
        pieces: list[list[Token]] = [[]]
        for token in script.tokens:
            if token.is_("\\times", ","):
                pieces.append([])
            else:
                pieces[-1].append(token)
        return [self.formula(piece, script.span) for piece in pieces if piece]
