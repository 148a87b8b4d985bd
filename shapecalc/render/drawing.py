"""SVG by hand: a sheet to which shapes and words are added, that every reader of SVG understands.

Colours are attributes, so that they hold anywhere; classes beside them let the style sheet of a page put its own in their place.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ..boxes import Box, Frac, Number, Operator, Row, Scripts, Symbol, Tinted
from .characters import Characters
from .palette import Palette

INK, SOFT, LINE, GROUND = "#1b1b1f", "#5c5c66", "#b9b9c2", "#ffffff"
SERIF = "New Computer Modern, Latin Modern Roman, Charter, Georgia, serif"
SANS = "Libertinus Serif, Charter, Georgia, serif"


def words_width(text: str, size: float = 14) -> float:
    """About how wide a text is drawn."""
    return 0.52 * size * len(text)


class Sheet:
    """Elements in the order in which they are painted."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.parts: list[str] = []
        self.right = 0.0
        self.bottom = 0.0

    def reach(self, x: float, y: float) -> None:
        """Makes the sheet at least as large."""
        self.right, self.bottom = max(self.right, x), max(self.bottom, y)

    def rect(self, x: float, y: float, w: float, h: float, size: str = "", radius: float = 3, dashed: bool = False) -> None:
        """A block, filled with a thin wash of the colour of a size."""
        colour = self.palette.light(size) if size else SOFT
        name = f"f{self.palette.place(size)}" if size else "soft"
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius:g}" class="{name}" '
            f'fill="{colour}" fill-opacity="0.10" stroke="{colour}" stroke-width="1.2"{dash}/>'
        )
        self.reach(x + w, y + h)

    def line(self, points: str, *, arrow: bool = False, dashed: bool = False, colour: str = SOFT, name: str = "soft-line") -> None:
        """A line along the points of a path, with a head at its end if it is an arrow."""
        head = ' marker-end="url(#head)"' if arrow else ""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<path d="{points}" fill="none" stroke="{colour}" stroke-width="1.3"{dash}{head} class="{name}"/>')

    def text(
        self, x: float, y: float, text: str, *, size: float = 14, colour: str = INK, name: str = "ink", anchor: str = "middle"
    ) -> None:
        """Words, their middle (or their start, or end) at x."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-family="{SANS}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}" '
            f'class="{name}">{escape(text)}</text>'
        )
        wide = words_width(text, size)
        self.reach(x + {"middle": wide / 2, "start": wide, "end": 0}[anchor], y + 0.3 * size)

    def dim(self, x: float, y: float, size: int | str, *, anchor: str = "middle", points: float = 13) -> None:
        """A size, in its colour."""
        known = isinstance(size, str) and size in self.palette.names
        colour = self.palette.light(str(size)) if known else SOFT
        name = f"f{self.palette.place(str(size))}" if known else "soft"
        self.text(x, y, str(size), size=points, colour=colour, name=name, anchor=anchor)

    def formula(self, x: float, y: float, box: Box, *, size: float = 17, colour: str = INK, name: str = "ink") -> None:
        """A short formula on one line, its middle at x."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-family="{SERIF}" font-size="{size:g}" text-anchor="middle" fill="{colour}" '
            f'class="{name}">{spans(box, size)}</text>'
        )
        self.reach(x + formula_width(box, size) / 2, y + 0.4 * size)

    def svg(self, title: str, margin: float = 10) -> str:
        """The finished picture."""
        w, h = f"{self.right + 2 * margin:.0f}", f"{self.bottom + 2 * margin:.0f}"
        view = f'viewBox="{-margin:g} {-margin:g} {w} {h}" width="{w}" height="{h}"'
        head = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        tip = f'<defs>{head}<path d="M0,0.8 L7.5,4 L0,7.2 z" fill="{SOFT}" class="soft-fill"/></marker></defs>'
        opening = f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img" aria-label={quoteattr(title)}>'
        return "\n".join([opening, f"<title>{escape(title)}</title>", tip, *self.parts, "</svg>\n"])


def formula_width(box: Box, size: float = 17) -> float:
    """About how wide a short formula is drawn."""
    return 0.56 * size * Characters(inline=True).draw(box).width


def spans(box: Box, size: float) -> str:
    """A short formula as pieces of text: letters slanted, indices lowered, exponents raised."""
    match box:
        case Symbol(text, kind, bold):
            slanted = ' font-style="italic"' if len(text) == 1 and kind != "function" and text.isalpha() else ""
            heavy = ' font-weight="bold"' if bold else ""
            return f"<tspan{slanted}{heavy}>{escape(text)}</tspan>"
        case Row(parts):
            return "".join(spans(part, size) for part in parts)
        case Frac(above, below):
            return f"{spans(above, size)}/{spans(below, size)}"
        case Tinted(body):
            return spans(body, size)
        case Scripts(body, low, high):
            out = spans(body, size)
            for script, shift in ((low, 0.22), (high, -0.38)):
                if script is not None:
                    out += f'<tspan dy="{shift * size:.1f}" font-size="{0.7 * size:.1f}">{spans(script, 0.7 * size)}</tspan>'
                    out += f'<tspan dy="{-shift * size:.1f}">&#8203;</tspan>'  # back to the line, for whatever follows
            return out
        case Operator("⊤"):
            return "<tspan>T</tspan>"
        case Number(text) | Operator(text):
            return escape("" if text in "\u2061\u2062" else text)
        case _:
            return escape(Characters(inline=True).draw(box).text())
