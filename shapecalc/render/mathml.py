"""From boxes to MathML Core, the part that browsers draw themselves: no attribute here needs a script."""

from __future__ import annotations

from xml.sax.saxutils import escape

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
    depth,
    inlined,
    prefix,
    tall,
)
from ..shapes import Shape
from ..symbols import is_word, shape_box
from .palette import Palette

ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~"}
SIZES = ("", "1.3em", "1.7em")  # of parentheses around other parentheses
THIN = '<mspace width="0.17em"/>'
BOLD = {
    **{chr(65 + k): chr(0x1D468 + k) for k in range(26)},
    **{chr(97 + k): chr(0x1D482 + k) for k in range(26)},
    **{chr(48 + k): chr(0x1D7CE + k) for k in range(10)},
}
UPRIGHT_BOLD = {
    **{chr(65 + k): chr(0x1D400 + k) for k in range(26)},
    **{chr(97 + k): chr(0x1D41A + k) for k in range(26)},
    **{chr(48 + k): chr(0x1D7CE + k) for k in range(10)},
}


class MathML:
    """Writes boxes; ``groups`` collects the groups of linked parts, in the order in which they appear."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.groups: dict[str, int] = {}

    def block(self, box: Box) -> str:
        """A displayed formula."""
        return f'<math display="block">{self.inside(box)}</math>'

    def inline(self, box: Box, display: bool = False) -> str:
        """A formula inside a line; ``display``: at the size of a displayed one."""
        if display:
            return f'<math displaystyle="true">{self.inside(box)}</math>'
        return f"<math>{self.inside(inlined(box))}</math>"

    def shape(self, shape: Shape) -> str:
        """A shape."""
        return self.inline(shape_box(shape))

    def inside(self, box: Box) -> str:
        """The content of a <math>."""
        return self.row(box.items) if isinstance(box, Row) else self.box(box)

    def box(self, box: Box) -> str:
        """One element."""
        match box:
            case Symbol():
                return self.symbol(box)
            case Number(text):
                return f"<mn>{escape(text)}</mn>"
            case Operator():
                return self.sign(box.glyph)
            case Text(text):
                return f"<mtext>{escape(text)}</mtext>" if text else "<mrow></mrow>"
            case Row(parts):
                return f"<mrow>{self.row(parts)}</mrow>"
            case Frac(above, below):
                return f"<mfrac>{self.box(above)}{self.box(below)}</mfrac>"
            case Scripts():
                return self.scripts(box)
            case Fenced():
                return self.fenced(box)
            case Under(body, note):
                return f'<munder class="under">{self.box(body)}{self.box(note)}</munder>'
            case Over(body, accent):
                return f'<mover accent="true">{self.box(body)}<mo stretchy="false">{ACCENTS[accent]}</mo></mover>'
            case Sqrt(body):
                return f"<msqrt>{self.inside(body)}</msqrt>"
            case Sum():
                return self.sum(box)
            case Grid():
                return self.grid(box)
            case Cases():
                return self.cases(box)
            case Tinted(body, size):
                return f'<mrow class="s{self.palette.place(size)}">{self.inside(body)}</mrow>'
            case Linked(body, group):
                # one of each group can be reached by the keyboard, and lights up the others
                reached = "" if group in self.groups else ' tabindex="0"'
                place = self.groups.setdefault(group, len(self.groups))
                return f'<mrow class="g g{place}"{reached}>{self.inside(body)}</mrow>'

    def symbol(self, symbol: Symbol) -> str:
        """A name; bold letters are characters of their own, since browsers ignore a bold variant."""
        text = symbol.text
        if symbol.bold:
            table = BOLD if len(text) == 1 else UPRIGHT_BOLD
            return f"<mi>{escape(''.join(table.get(c, c) for c in text))}</mi>"
        plain = ' mathvariant="normal"' if symbol.kind == "function" and len(text) == 1 and text.isascii() else ""
        return f"<mi{plain}>{escape(text)}</mi>"

    def sign(self, glyph: str, form: str = "", stretchy: bool = False, size: str = "") -> str:
        """A sign. Parentheses do not grow unless they are asked to."""
        if glyph in "∂∇":
            return f'<mo lspace="0" rspace="0">{glyph}</mo>'  # as a name, Firefox sets a blank after it
        if glyph in "⊤⋆∗†":
            return f'<mi mathvariant="normal">{glyph}</mi>'
        shape = f' form="{form}"' if form else ""
        if size:
            return f'<mo{shape} symmetric="true" minsize="{size}" maxsize="{size}">{escape(glyph)}</mo>'
        fence = "" if stretchy or glyph not in "()[]{}|‖⟨⟩/" else ' stretchy="false"'
        return f"<mo{shape}{fence}>{escape(glyph)}</mo>"

    def row(self, parts: tuple[Box, ...]) -> str:
        """Boxes side by side."""
        out: list[str] = []
        for k, part in enumerate(parts):
            if part == Operator(TIMES):
                out.append(self.gap(parts[k - 1], parts[k + 1]) if 0 < k < len(parts) - 1 else f"<mo>{TIMES}</mo>")
            elif part == Operator(APPLY):
                bare = k + 1 < len(parts) and not isinstance(parts[k + 1], Fenced)
                out.append(f"<mo>{APPLY}</mo>" + (THIN if bare else ""))
            elif isinstance(part, Operator) and part.glyph in BINARY | RELATIONS:
                out.append(self.infix(part.glyph, part.glyph in BINARY and prefix(parts, k)))
            elif part in (Operator("/"), Operator(":")):
                out.append(f'<mo lspace="0" rspace="0" stretchy="false">{part.glyph}</mo>')
            elif part == Operator(",") and k == len(parts) - 1:
                out.append('<mo rspace="0">,</mo>')
            else:
                out.append(self.box(part))
        return "".join(out)

    def infix(self, glyph: str, leads: bool) -> str:
        """A sign between two things, or before one: browsers know a leading + and −, but no leading ⊙."""
        if leads and glyph not in "+−":
            return f'<mo lspace="0" rspace="0">{glyph}</mo>'
        return self.sign(glyph, "prefix" if leads else "infix")

    def gap(self, before: Box, after: Box) -> str:
        """The silent product sign, with a thin space where the factors would run together."""
        if isinstance(before, Number) and isinstance(after, Number):
            return "<mo>·</mo>"
        if isinstance(before, Under) and isinstance(after, Under):
            return f'<mo>{TIMES}</mo><mspace width="0.28em"/>'
        words = is_word(_core(before)) or is_word(_core(after))
        fractions = any(isinstance(b, Frac) for b in (before, after))
        function = isinstance(after, Row) or (isinstance(after, Symbol) and after.kind == "function")
        return f"<mo>{TIMES}</mo>" + (THIN if words or fractions or function else "")

    def scripts(self, box: Scripts) -> str:
        """Index and exponent."""
        body = self.box(box.body)
        low = self.box(box.sub).replace("<mo>,</mo>", '<mo rspace="0">,</mo>') if box.sub is not None else ""
        high = self.box(box.sup) if box.sup is not None else ""
        name = "msub" * bool(low) + ("sup" if low else "msup") * bool(high)
        return f"<{name}>{body}{low}{high}</{name}>" if name else body

    def fenced(self, box: Fenced) -> str:
        """Delimiters; they grow around what is tall."""
        size = "" if tall(box.body) else SIZES[min(depth(box.body), 2)]
        left, right = self.sign(box.open, "prefix", tall(box.body), size), self.sign(box.close, "postfix", tall(box.body), size)
        return f"<mrow>{left}{self.inside(box.body)}{right}</mrow>"

    def sum(self, box: Sum) -> str:
        """A big operator with its limits, and what it acts on."""
        sign = "<mo>∑</mo>" if box.glyph == "∑" else f"<mo>{escape(box.glyph)}</mo>"
        below = self.box(box.below)
        head = f"<munder>{sign}{below}</munder>"
        if box.above is not None:
            head = f"<munderover>{sign}{below}{self.box(box.above)}</munderover>"
        return f"<mrow>{head}{self.box(box.body)}</mrow>"

    def grid(self, grid: Grid) -> str:
        """A matrix."""
        rows = "".join("<mtr>" + "".join(f"<mtd>{self.inside(cell)}</mtd>" for cell in r) + "</mtr>" for r in grid.rows)
        table = f"<mtable>{rows}</mtable>"
        left = self.sign(grid.open, "prefix", True) if grid.open else ""
        right = self.sign(grid.close, "postfix", True) if grid.close else ""
        return f"<mrow>{left}{table}{right}</mrow>"

    def cases(self, box: Cases) -> str:
        """Values with their conditions, both flush left."""
        rows = "".join(
            f'<mtr><mtd class="l">{self.inside(value)}</mtd><mtd class="l">'
            f"{'' if isinstance(test, Text) else '<mtext>if&#xa0;</mtext>'}{self.inside(test)}</mtd></mtr>"
            for value, test in box.rows
        )
        return f'<mrow>{self.sign("{", "prefix", True)}<mtable class="cases">{rows}</mtable></mrow>'


def _core(box: Box) -> Box:
    while isinstance(box, Scripts | Tinted | Under | Over | Linked):
        box = box.body
    return box
