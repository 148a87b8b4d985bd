"""From boxes to characters, in Unicode or in ASCII."""

from __future__ import annotations

from ..boxes import (
    APPLY,
    BINARY,
    RELATIONS,
    TIMES,
    Box,
    Cases,
    Fenced,
    Frac,
    Grid,
    Linked,
    Number,
    Operator,
    Over,
    Row,
    Scripts,
    Sqrt,
    Sum,
    Symbol,
    Text,
    Tinted,
    Under,
    items,
    prefix,
    walk,
)
from ..symbols import GREEK, is_word
from .canvas import Canvas, beside, grid, of, stacked, tinted

RAISED = dict(zip("0123456789+−-=()in⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁱⁿᵀ", strict=True))
LOWERED = dict(zip("0123456789+−-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
NAMES = {letter: name for name, letter in reversed(GREEK.items())}
ASCII = {
    "←": "<-", "↓": "v", "↑": "^",
    "−": "-", "⊙": ".*", "⊘": "./", "⊗": "(x)", "·": "*", "×": "x", "±": "+-", "⊤": "T", "∂": "d", "∇": "grad ", "≤": "<=", "≥": ">=",
    "≠": "!=", "≈": "~", "→": "->", "‖": "||", "⟨": "<", "⟩": ">", "∑": "sum", "√": "sqrt", "∈": "in", "…": "...", "⋮": ":", "⋱": "...",
    "⋯": "...", "ℓ": "ell", "∞": "inf", "—": "--", "–": "-", "“": '"', "”": '"', "’": "'", "²": "^2", "ᵀ": "^T", "Σ": "sum", "𝟏": "1",
}  # fmt: skip


def ascii_text(text: str) -> str:
    """Words with every character outside ASCII written otherwise."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() else ASCII.get(c) or NAMES.get(c) or "?" for c in text)


class Characters:
    """Draws boxes; ``plain`` keeps to ASCII, ``inline`` to one line."""

    def __init__(self, plain: bool = False, inline: bool = False) -> None:
        self.plain = plain
        self.inline = inline

    def draw(self, box: Box) -> Canvas:
        """A box as a canvas."""
        match box:
            case Symbol():
                return of(self.name(box))
            case Number(text):
                return of(text)
            case Operator(glyph):
                return of(self.sign(glyph))
            case Text(text):
                return of(ascii_text(text) if self.plain else text)
            case Row(parts):
                return self.row(parts)
            case Frac():
                return self.fraction(box)
            case Scripts():
                return self.scripts(box)
            case Fenced(opening, closing, body):
                return self.fenced(opening, closing, body)
            case Under(body, note):
                return self.under(body, note)
            case Over(body, accent):
                drawn = self.draw(body)
                return beside([drawn, of(f"_{accent}")]) if self.plain else accented(drawn, ACCENTS[accent])
            case Sqrt(body):
                return beside([of("sqrt" if self.plain else "√"), self.tight(body, call=self.plain)])
            case Sum():
                return self.sum(box)
            case Grid() | Cases():
                return self.matrix(box)
            case Tinted(body, size):
                return tinted(self.draw(body), f"size:{size}")
            case Linked(body):
                return self.draw(body)

    def name(self, symbol: Symbol) -> str:
        """A name; ones and zeros of a vector are bold."""
        if symbol.bold and symbol.text in "01" and not self.plain:
            return "𝟏" if symbol.text == "1" else "𝟎"
        return "".join(NAMES.get(c, ascii_text(c)) for c in symbol.text) if self.plain else symbol.text

    def sign(self, glyph: str) -> str:
        """A sign that stands alone."""
        if glyph in (TIMES, APPLY):
            return ""
        return ASCII.get(glyph, glyph) if self.plain else glyph

    def row(self, parts: tuple[Box, ...]) -> Canvas:
        """Boxes side by side: blanks around binary signs, one for a product."""
        out: list[Canvas] = []
        for k, part in enumerate(parts):
            if not isinstance(part, Operator):
                touching = k > 0 and isinstance(part, Grid) and isinstance(parts[k - 1], Grid)
                out += [of(" "), self.draw(part)] if touching else [self.draw(part)]
            elif part.glyph == TIMES:
                out.append(of(self.gap(parts[k - 1], parts[k + 1])) if 0 < k < len(parts) - 1 else of(""))
            elif part.glyph == APPLY:
                out.append(of("" if isinstance(parts[k + 1], Fenced) else " "))
            elif part.glyph == "," and k < len(parts) - 1:
                out.append(of(", "))
            elif (part.glyph in BINARY and not prefix(parts, k)) or part.glyph in RELATIONS:
                out.append(of(f" {self.sign(part.glyph)} "))
            else:
                out.append(of(self.sign(part.glyph)))
        return beside(out)

    def gap(self, before: Box, after: Box) -> str:
        """What divides two factors: nothing in 2x, a dot after a fraction, a blank elsewhere."""
        if isinstance(before, Frac) and not before.derivative:
            return " * " if self.plain else " · "
        if isinstance(after, Frac) and not after.derivative:
            return " * " if self.plain else " · "
        if isinstance(before, Number) and isinstance(after, Number):
            return " * " if self.plain else " · "
        return "" if isinstance(before, Number) and _short(after) else " "

    def fraction(self, box: Frac) -> Canvas:
        """a/b on one line, with the parentheses that a line needs."""
        if box.derivative:
            return beside([self.draw(box.above), of("/"), self.draw(box.below)])
        return beside([self.tight(box.above, product=True), of("/"), self.tight(box.below)])

    def tight(self, box: Box, product: bool = False, call: bool = False) -> Canvas:
        """A box that something binds to from outside, in parentheses if it is more than one thing (or more than a product)."""
        parts = items(box)
        loose = {p.glyph for p in parts if isinstance(p, Operator)} - ({APPLY, TIMES} if product else {APPLY})
        divided = isinstance(box, Frac) and not box.derivative
        if loose or call or divided or (isinstance(box, Sum) and not product):
            return self.fenced("(", ")", box)
        return self.draw(box)

    def scripts(self, box: Scripts) -> Canvas:
        """Index and exponent: raised and lowered characters where there are such, _ and ^ elsewhere."""
        out = [self.draw(box.body)]
        for script, table, mark in ((box.sub, LOWERED, "_"), (box.sup, RAISED, "^")):
            if script is None:
                continue
            inline = Characters(self.plain, inline=True)
            drawn = inline.draw(script)
            text = drawn.text()
            letters = text.replace(", ", "" if all(len(i) == 1 for i in text.split(", ")) else ",")
            words = any(isinstance(b, Text) or (isinstance(b, Symbol) and len(b.text) > 1) for b in walk(script))
            if not self.plain and not words and all(c in table or c == "," for c in letters):
                out.append(of("".join(table.get(c, c) for c in letters)))
            elif len(text) == 1 or text.isalnum() or (text[0] == "⊙" and text[1:].isdigit()):
                out.append(beside([of(mark), drawn]))
            elif ", " in text and set(text) <= set("0123456789, "):
                out.append(of(f"{mark}{{{text.replace(' ', '')}}}"))
            elif text.startswith("[") or (text.startswith("(") and len(items(script)) == 1):
                out.append(beside([of("" if mark == "_" and text.startswith("[") else mark), drawn]))
            else:
                out.append(beside([of(mark + ("{" if mark == "_" else "(")), drawn, of("}" if mark == "_" else ")")]))
        return beside(out)

    def fenced(self, opening: str, closing: str, body: Box) -> Canvas:
        """Something between delimiters, as tall as it is."""
        drawn = self.draw(body)
        if drawn.flat or any(isinstance(b, Under) for b in items(body)):
            return beside([of(self.sign(opening)), drawn, of(self.sign(closing))])
        return grid([[drawn]], opening, closing, self.plain)

    def under(self, body: Box, note: Box) -> Canvas:
        """A factor with its shape below; a function with its axis on the line."""
        drawn = self.draw(body)
        small = Characters(self.plain, inline=True).draw(note)
        if self.inline or (isinstance(body, Symbol) and body.kind == "function"):
            return beside([drawn, of("_{"), small, of("}")]) if isinstance(body, Symbol) and body.kind == "function" else drawn
        return stacked([drawn, small], 0)

    def sum(self, box: Sum) -> Canvas:
        """Σᵢ x: the index as a script, since there is one line only."""
        glyph = "Σ" if box.glyph == "∑" else box.glyph
        name = Symbol(("sum" if glyph == "Σ" else glyph) if self.plain else glyph, "function")
        head = self.scripts(Scripts(name, box.below, box.above))
        return beside([head, of(" "), self.draw(box.body)])

    def matrix(self, box: Grid | Cases) -> Canvas:
        """Entries in rows between brackets; inside a sentence [[a, b], [c, d]]."""
        rows = [list(r) for r in box.rows]
        if self.inline:
            lines = [beside([of("["), self.row(_commas(r)), of("]")]) for r in rows]
            return beside([of("["), *_between(lines, of(", ")), of("]")])
        drawn = [[self.draw(cell) for cell in r] for r in rows]
        if isinstance(box, Cases):
            words = ["" if isinstance(condition, Text) else "if " for _, condition in rows]
            drawn = [[value, beside([of(word), test])] for (value, test), word in zip(drawn, words, strict=True)]
            return grid(drawn, "{", "", self.plain, "left")
        return grid(drawn, box.open, box.close, self.plain)


def accented(drawn: Canvas, accent: str) -> Canvas:
    """An accent over the first character."""
    (first, *rest), *more = drawn.lines
    text, size = first
    return Canvas((((text[:1] + accent + text[1:], size), *rest), *more), drawn.base)


def _short(box: Box) -> bool:
    """Whether a number may stand right before it: 2x, 2(x + y), but 2 tanh(x)."""
    body = box.body if isinstance(box, Scripts | Over | Under | Tinted) else box
    return (isinstance(body, Symbol) and not is_word(body) and not body.bold) or isinstance(body, Fenced)


def _commas(cells: list[Box]) -> tuple[Box, ...]:
    return tuple(part for k, cell in enumerate(cells) for part in ([Operator(",")] if k else []) + [cell])


def _between(parts: list[Canvas], comma: Canvas) -> list[Canvas]:
    return [x for k, part in enumerate(parts) for x in ([comma] if k else []) + [part]]
