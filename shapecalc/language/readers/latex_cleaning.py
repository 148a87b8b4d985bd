"""What has no meaning is taken out of LaTeX: spaces, sizes, labels, colours; and what has two spellings is given one."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.errors import SyntaxProblem

from .latex_tokens import Token

_SPACES = frozenset({
    "\t", "\n", " ", "!", ",", "-", "/", ":", ";", ">", "Big", "Bigg", "Biggl", "Biggm", "Biggr", "Bigl", "Bigm", "Bigr", "Huge", "LARGE",
    "Large", "allowbreak", "bf", "bfseries", "big", "bigg", "biggl", "biggm", "biggr", "bigl", "bigm", "bigr", "boldmath", "boxed", "cal",
    "centering", "displaylimits", "displaystyle", "enspace", "ensuremath", "fbox", "footnotesize", "huge", "it", "large", "left",
    "limits", "mathbin", "mathclose", "mathinner", "mathop", "mathopen", "mathord", "mathrel", "mathstrut", "medspace", "middle",
    "negthinspace", "nobreak", "noindent", "nolimits", "nonumber", "normalsize", "notag", "null", "par", "protect", "relax", "right",
    "rm", "scriptscriptstyle", "scriptsize", "scriptstyle", "sf", "small", "smash", "space", "strut", "textstyle", "thickspace",
    "thinspace", "tiny", "tt", "unboldmath",
})  # fmt: skip
_SIZES = frozenset({
    "Big", "Bigg", "Biggl", "Biggm", "Biggr", "Bigl", "Bigm", "Bigr", "big", "bigg", "biggl", "biggm", "biggr", "bigl", "bigm", "bigr",
    "left", "middle", "right",
})  # fmt: skip
_WIDE = frozenset({"quad", "qquad", "hfill", "hskip", "hspace", "mspace", "mskip", "kern", "mkern"})
_WITH_ARGUMENT = frozenset({
    "cite", "citep", "citet", "color", "eqref", "footnote", "hphantom", "hskip", "hspace", "hypertarget", "index", "label", "mspace",
    "phantom", "ref", "tag", "vphantom", "vspace",
})  # fmt: skip
_FIRST_ARGUMENT = frozenset({"textcolor", "colorbox", "stackrel", "overset", "mathcolor", "class", "cssId", "hyperlink", "href"})
_BRACES = frozenset({"underbrace", "overbrace", "underbracket", "overbracket"})
_SPELLED = {
    "lVert": "\\|", "rVert": "\\|", "Vert": "\\|", "|": "\\|", "parallel": "\\|", "lvert": "|", "rvert": "|", "vert": "|", "{": "\\{",
    "}": "\\}", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[", "rbrack": "]", "lparen": "(", "rparen": ")", "langle": "<<",
    "rangle": ">>", "lt": "<", "gt": ">", "colon": ":", "ast": "*", "star": "*", "quad": "\\quad", "qquad": "\\quad", "hfill": "\\quad",
    "_": "\\_", "prime": "'", "dots": "...", "ldots": "...", "cdots": "...", "dotsc": "...", "dotsb": "...", "vdots": "...",
    "ddots": "...",
}  # fmt: skip
_SAME = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "sfrac": "frac", "nicefrac": "frac", "tsum": "sum", "gets": "leftarrow",
    "triangleq": "equiv", "coloneqq": "equiv", "doteq": "equiv", "vcentcolon": ":", "le": "leq", "ge": "geq", "leqslant": "leq",
    "geqslant": "geq", "ne": "neq", "widehat": "hat", "widetilde": "tilde", "overline": "bar", "implies": "Rightarrow", "iff": "Rightarrow",
    "Longrightarrow": "Rightarrow", "Leftrightarrow": "Rightarrow", "therefore": "Rightarrow", "because": "Rightarrow", "bold": "mathbf",
    "pmb": "mathbf", "bm": "mathbf", "boldsymbol": "mathbf", "symbf": "mathbf", "mathbfit": "mathbf", "intercal": "top", "mathsf": "mathrm",
    "mathtt": "mathrm", "mathit": "mathrm", "mathnormal": "mathrm", "mathscr": "mathcal", "mathfrak": "mathcal", "textbf": "text",
    "textrm": "text", "textit": "text", "textsf": "text", "texttt": "text", "mbox": "text", "hbox": "text", "textnormal": "text",
    "intertext": "text", "shortintertext": "text", "textup": "text", "textsc": "text", "emph": "text",
}  # fmt: skip
ALIGNMENTS = frozenset(
    """align aligned alignat alignedat flalign gather gathered equation split multline multlined eqnarray displaymath dmath math dgroup
    subequations IEEEeqnarray""".split()  # noqa: SIM905
)
MATRICES = frozenset("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix psmallmatrix bsmallmatrix".split())  # noqa: SIM905


def cleaned(tokens: Sequence[Token]) -> list[Token]:
    """The tokens that say something; environments that only align are gone, others are tokens of the kinds begin and end."""
    out: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token.kind != "command":
            out.append(token)
            if token.is_("\\\\"):
                place = _row_space(tokens, place)
        elif token.text in {"begin", "end"}:
            place = _environment(tokens, place, token, out)
        elif token.text in _WITH_ARGUMENT | _FIRST_ARGUMENT:
            place = _skip(tokens, place)
            if token.text in _WIDE:
                out.append(Token("sign", "\\quad", token.start, token.end))
        elif token.text in _SIZES:
            place += place < len(tokens) and tokens[place].is_(".")
        elif token.text in _BRACES:
            place = _braced(tokens, place, out)
        elif token.text in _SPELLED:
            out.append(Token("sign", _SPELLED[token.text], token.start, token.end))
        elif token.text not in _SPACES:
            out.append(Token("command", _SAME.get(token.text, token.text), token.start, token.end))
    return _single(out)


def _single(tokens: Sequence[Token]) -> list[Token]:
    """A bracket in braces of its own, as in {(}, without them; two bars in a row as one sign."""
    out: list[Token] = []
    for token in tokens:
        out.append(token)
        if len(out) > 2 and token.is_("}") and out[-3].is_("{") and out[-2].is_("(", ")", "[", "]", "|", "\\{", "\\}"):
            out[-3:] = [out[-2]]
        elif len(out) > 1 and token.is_("|") and out[-2].is_("|") and out[-2].end == token.start:
            out[-2:] = [Token("sign", "\\|", out[-2].start, token.end)]
    return out


def _skip(tokens: Sequence[Token], place: int) -> int:
    """The place behind one argument, with the star and the option before it."""
    if place < len(tokens) and tokens[place].is_("*"):
        place += 1
    place = _skip_option(tokens, place)
    return closing(tokens, place) + 1 if place < len(tokens) and tokens[place].is_("{") else min(place + 1, len(tokens))


def _skip_option(tokens: Sequence[Token], place: int) -> int:
    """The place behind [t], if that stands here."""
    if place < len(tokens) and tokens[place].is_("["):
        end = next((k for k in range(place, len(tokens)) if tokens[k].is_("]")), None)
        if end is None:
            raise SyntaxProblem("[ is never closed", tokens[place].span)
        return end + 1
    return place


def _row_space(tokens: Sequence[Token], place: int) -> int:
    r"""The place behind the star and the length of a row break, \\\\*[4pt]."""
    if place < len(tokens) and tokens[place].is_("*"):
        place += 1
    if place < len(tokens) and tokens[place].is_("["):
        length = [t.text for t in tokens[place + 1 : place + 8]]
        end = length.index("]") if "]" in length else 0
        units = {"pt", "em", "ex", "cm", "mm", "in", "jot", "baselineskip"}
        if end and "".join(length[1 if length[0] in "+-" else 0 : end]).lstrip("0123456789.") in units:
            return place + end + 2
    return place


def words(tokens: Sequence[Token]) -> list[str]:
    """The words of a text, small, without the signs around them."""
    text = ""
    for before, token in zip([None, *tokens], tokens, strict=False):
        text += (" " if before is not None and before.end < token.start else "") + token.text
    return [word.strip(".,;:()[]{}") for word in text.lower().split()]


def closing(tokens: Sequence[Token], place: int) -> int:
    """The place of the brace that closes the one at this place."""
    depth = 0
    for k in range(place, len(tokens)):
        depth += tokens[k].is_("{") - tokens[k].is_("}")
        if depth == 0:
            return k
    raise SyntaxProblem("{ is never closed", tokens[place].span)


def _braced(tokens: Sequence[Token], place: int, out: list[Token]) -> int:
    """What a brace is drawn under, without the words beside the brace."""
    if place >= len(tokens) or not tokens[place].is_("{"):
        return place
    end = closing(tokens, place)
    out += cleaned(tokens[place : end + 1])
    place = end + 1
    if place < len(tokens) and tokens[place].is_("_", "^"):
        place += 1
        if place < len(tokens) and tokens[place].kind == "command" and place + 1 < len(tokens) and tokens[place + 1].is_("{"):
            place += 1
        place = _skip(tokens, place)
    return place


def _environment(tokens: Sequence[Token], place: int, token: Token, out: list[Token]) -> int:
    r"""\begin{name} or \end{name}."""
    end = closing(tokens, place) if place < len(tokens) and tokens[place].is_("{") else -1
    if end < 0:
        raise SyntaxProblem(f"the name of an environment is missing after \\{token.text}", token.span)
    name = "".join(t.text for t in tokens[place + 1 : end]).removesuffix("*")
    place = end + 1
    if name not in ALIGNMENTS:
        out.append(Token(token.text, name, token.start, tokens[end].end))
    elif token.text == "begin" and name in {"alignat", "alignedat", "IEEEeqnarray"}:
        place = _skip(tokens, place)
    elif token.text == "begin" and place < len(tokens) and tokens[place].is_("["):
        place = _skip_option(tokens, place) if name in {"aligned", "gathered", "multlined", "split"} else place
    return place
