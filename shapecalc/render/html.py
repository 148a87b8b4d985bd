"""HTML: one file that needs nothing else, with the browser's own mathematics, an embedded font, and no script."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from importlib.resources import files

from ..blocks import (
    Aligned,
    Beside,
    Block,
    Callout,
    Code,
    CodeBlock,
    Content,
    Dims,
    Document,
    Formula,
    Heading,
    Line,
    List,
    Math,
    Matrix,
    MatrixBlock,
    Picture,
    Prose,
    Rule,
    Table,
    Words,
    size_names,
)
from ..boxes import inlined, row
from ..symbols import shape_box
from .breaking import broken, ems
from .mathml import MathML
from .output import Output
from .palette import DARK, LIGHT, Palette

WIDE = 42.0  # widths of an m that a formula may take before it goes on in the next line
FRAME = 3.0  # of these, what the sides of a callout take
REASON = 9.0  # of these, what is left to the reasons
PIECE = 12.0  # above this, a formula in a sentence may go on in the next line
NARROW = 15.0  # above this, a formula may need to be scrolled on a telephone


def html(document: Document, output: Output) -> str:
    """The document as one HTML file."""
    page = Page(Palette(size_names(document)))
    body = page.blocks(document.blocks)
    title = page.sentence(document.title)
    head = f"<h1>{title}</h1>\n" if title else ""
    below = f'<p class="subtitle">{page.sentence(document.subtitle)}</p>\n' if document.subtitle else ""
    meta = "".join(f'<meta name="{escape(key)}" content="{escape(value)}">\n' for key, value in document.meta)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(output.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(plain(document.title)) or 'shapecalc'}</title>\n{meta}"
        f"<style>\n{style(output.colour, len(page.mathml.groups))}</style>\n</head>\n"
        f"<body>\n<main>\n{head}{below}{body}\n</main>\n</body>\n</html>\n"
    )


def plain(content: Content) -> str:
    """The words of a sentence, for where there is no markup."""
    from .wrapping import sentence

    return "".join(text for text, _ in sentence(content)).replace("\u00a0", " ")


@lru_cache(maxsize=1)
def _data() -> tuple[str, str, str]:
    """The style sheet, the font as text, and the notice that goes with the font."""
    folder = files(__package__) / "data"
    font = base64.b64encode((folder / "shapecalc-math.woff2").read_bytes()).decode("ascii")
    licence = (folder / "GUST-FONT-LICENSE.txt").read_text(encoding="utf-8")
    return (folder / "page.css").read_text(encoding="utf-8"), font, licence


def style(colour: bool, groups: int) -> str:
    """The style sheet with the font, the colours of the sizes and the rules for linked entries."""
    css, font, licence = _data()
    colours = ["", ""]
    if colour:
        colours = [" ".join(f"--s{k}: {c};" for k, c in enumerate(table)) for table in (LIGHT, DARK)]
        for k in range(len(LIGHT)):
            css += f".s{k} {{ color: var(--s{k}); }} svg .f{k} {{ fill: var(--s{k}); }} svg rect.f{k} {{ stroke: var(--s{k}); }}\n"
    for k in range(groups):
        css += f"main:has(.g{k}:hover, .g{k}:focus) .g{k} {{ background: var(--lit); }}\n"
    notice = licence.replace("*/", "* /").replace("</", "< /")
    about = f"/* Shapecalc Math: a subset of Latin Modern Math, renamed; its licence:\n{notice}*/\n"
    css = css.replace("LIGHT", colours[0]).replace("DARK", colours[1])
    return about + css.replace("url(FONT)", f"url(data:font/woff2;base64,{font})")


class Page:
    """Writes blocks."""

    def __init__(self, palette: Palette) -> None:
        self.mathml = MathML(palette)
        self.count = 0

    def blocks(self, blocks: Iterable[Block]) -> str:
        """Blocks one after the other."""
        return "\n".join(map(self.block, blocks))

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Heading(text, level):
                name = f"h{min(level + 1, 4)}"
                return f'<{name} id="{self.anchor(text)}">{self.sentence(text)}</{name}>'
            case Prose(text):
                return f"<p>{self.sentence(text)}</p>"
            case Formula():
                return self.formula(block)
            case Aligned():
                return self.aligned(block)
            case MatrixBlock(matrices):
                return '<div class="matrices">\n' + "\n".join(map(self.matrix, matrices)) + "\n</div>"
            case Table():
                return self.table(block)
            case Callout():
                return self.callout(block)
            case CodeBlock(text, language):
                return f'<pre tabindex="0"><code class="language-{escape(language)}">{escape(text)}</code></pre>'
            case Picture(svg, alt, caption):
                below = f"<figcaption>{self.sentence(caption)}</figcaption>" if caption else ""
                self.count += 1
                return f"<figure>{named(svg, alt, self.count)}{below}</figure>"
            case Rule():
                return "<hr>"
            case List(points, ordered):
                name = "ol" if ordered else "ul"
                return f"<{name}>" + "".join(f"<li>{self.sentence(p)}</li>" for p in points) + f"</{name}>"
            case Beside(columns):
                return '<div class="beside">' + "".join(f"<div>{self.blocks(column)}</div>" for column in columns) + "</div>"

    def anchor(self, text: Content) -> str:
        """A name for a heading, that no other thing on the page has."""
        self.count += 1
        slug = re.sub(r"[^a-z0-9]+", "-", plain(text).lower()).strip("-")
        return f"{slug or 'part'}-{self.count}"

    def sentence(self, content: Content) -> str:
        """Words with formulas."""
        out = []
        for part in content:
            match part:
                case Words(text, look):
                    tag = {"strong": "strong", "emphasis": "em"}.get(look)
                    out.append(f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text))
                case Math(box):
                    # a line may end between the pieces of a long formula
                    out.append("<wbr>".join(map(self.mathml.inline, broken(inlined(box), PIECE))))
                case Code(text):
                    out.append(f"<code>{escape(text)}</code>")
                case Dims(shape):
                    out.append(self.mathml.shape(shape))
        return "".join(out)

    def formula(self, block: Formula) -> str:
        """A displayed formula, with its shape beside it."""
        label = f'<p class="label">{self.sentence(block.label)}</p>\n' if block.label else ""
        beside = ems(shape_box(block.shape)) + 2 if block.shape is not None else 0
        parts = broken(block.box, WIDE - FRAME - beside)
        drawn = "".join(self.mathml.block(part) for part in parts)
        shape = f'<div class="shape">{self.mathml.shape(block.shape)}</div>' if block.shape is not None else ""
        scrolls = _scrolls(max(map(ems, parts)), "formula", NARROW - beside)
        return f'{label}<div class="formula scroll"{scrolls}><div>{drawn}</div>{shape}</div>'

    def aligned(self, block: Aligned) -> str:
        """Lines of a derivation; without reasons the formulas have their room."""
        reasons = any(line.reason for line in block.lines)
        left = max((ems(line.left) for line in block.lines if line.left is not None), default=0.0)
        shape = max((ems(shape_box(line.shape)) + 2 for line in block.lines if line.shape is not None), default=0.0)
        room = WIDE - left - shape - (REASON if reasons else 0) - 2 * block.numbered
        narrow = NARROW + 2 - left - shape - 2 * block.numbered
        inside = "\n".join(self.line(line, room, narrow) for line in block.lines)
        look = "steps" + " numbered" * block.numbered + " bare" * (not reasons)
        return f'<ol class="{look}" role="list">\n{inside}\n</ol>'

    def line(self, line: Line, room: float, narrow: float) -> str:
        """One line of a derivation: four cells of a grid. The keyboard can scroll what is wider than ``narrow``."""
        left = self.mathml.inline(line.left, display=True) if line.left is not None else ""
        parts = broken(row(line.relation, line.right) if line.relation else line.right, room)
        right = "<br>".join(self.mathml.inline(part, display=True) for part in parts if part != row())
        shape = self.mathml.shape(line.shape) if line.shape is not None else ""
        scrolls = _scrolls(max(map(ems, parts)), "formula", narrow)
        return (
            f'<li><div class="left">{left}</div><div class="right scroll"{scrolls}>{right}</div>'
            f'<div class="shape">{shape}</div><div class="why">{self.sentence(line.reason)}</div></li>'
        )

    def matrix(self, matrix: Matrix) -> str:
        """name = body, its shape beside it, words below."""
        box = row(matrix.name, "=", matrix.body) if matrix.name is not None else matrix.body
        shape = self.mathml.shape(matrix.shape) if matrix.shape is not None else ""
        caption = f"<figcaption>{self.sentence(matrix.caption)}</figcaption>" if matrix.caption else ""
        whole = f'<div class="whole scroll"{_scrolls(ems(box), "matrix")}>{self.mathml.inline(box, display=True)}{shape}</div>'
        return f"<figure>{whole}{caption}</figure>"

    def table(self, table: Table) -> str:
        """A table that scrolls sideways where it is too wide."""
        caption = f"<caption>{self.sentence(table.caption)}</caption>" if table.caption else ""
        head = "".join(self.heading(c, "col") if c else "<td></td>" for c in table.header)
        rows = []
        for cells in table.rows:
            words = [self.sentence(c) for c in cells]
            first = self.heading(cells[0], "row") if table.row_headers and cells else "".join(f"<td>{w}</td>" for w in words[:1])
            rows.append(f"<tr>{first}{''.join(f'<td>{w}</td>' for w in words[1:])}</tr>")
        label = escape(plain(table.caption) or "table", quote=True)
        return (
            f'<div class="table scroll" tabindex="0" role="group" aria-label="{label}"><table>{caption}'
            f"<thead><tr>{head}</tr></thead>\n<tbody>{chr(10).join(rows)}</tbody></table></div>"
        )

    def heading(self, content: Content, scope: str) -> str:
        """The head of a column or a row; one that is a formula alone is read out as words, since a head without words counts as empty."""
        drawn = self.sentence(content)
        if not any(isinstance(part, Words | Code) for part in content):
            drawn = f'<span class="read">{escape(plain(content))}</span>' + drawn.replace("<math>", '<math aria-hidden="true">')
        return f'<th scope="{scope}">{drawn}</th>'

    def callout(self, block: Callout) -> str:
        """A group of its own, named by its title."""
        self.count += 1
        name = f"callout-{self.count}"
        title = f'<p class="title" id="{name}">{self.sentence(block.title)}</p>\n' if block.title else ""
        label = f' role="group" aria-labelledby="{name}"' if block.title else ""
        return f'<div class="callout {escape(block.kind)}"{label}>\n{title}{self.blocks(block.body)}\n</div>'


def named(svg: str, alt: str, number: int) -> str:
    """A picture with its words for whoever does not see it; names inside it get a number, since a page may hold several pictures."""
    found = re.search(r"<svg\b[^>]*>", svg)
    if not found:
        return f'<p role="img" aria-label="{escape(alt)}">{escape(alt)}</p>'
    opening = re.sub(r'\s(?:role|aria-label)="[^"]*"', "", found[0])
    svg = svg.replace('id="head"', f'id="head-{number}"').replace("url(#head)", f"url(#head-{number})")
    return svg[found.start() :].replace(found[0], f'{opening[:-1]} role="img" aria-label="{escape(alt)}">', 1)


def _scrolls(wide: float, what: str, narrow: float = NARROW) -> str:
    """What lets the keyboard scroll something wide."""
    return f' tabindex="0" role="group" aria-label="{what}"' if wide > narrow else ""
