"""Typst source: what PDF and PNG are made of without any TeX, and notes for whoever writes in Typst."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

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
from ..boxes import row
from ..symbols import shape_box
from .breaking import broken, ems
from .output import Output
from .palette import LIGHT, Palette
from .typst_math import Typst, quoted, words

PAGE = 42.0  # the width of a line, in widths of an m
FRAMES = {"answer": "#1559b3", "reduction": "#1b7040", "right": "#1b7040", "warning": "#a8480b", "wrong": "#a82236"}
PREAMBLE = """#set page(paper: "a4", margin: 25mm, numbering: "1")
#set text(font: "New Computer Modern", size: 10.5pt)
#set par(leading: 0.65em, spacing: 1em)
#set math.equation(numbering: none)
#show heading: set block(above: 1.6em, below: 0.9em)
#show raw: set text(font: "DejaVu Sans Mono", size: 0.92em)
#let why(wide, it) = box(width: wide, align(left, text(size: 0.88em, fill: luma(80), it)))
#let callout(colour, title, body) = block(width: 100%, inset: (x: 11pt, y: 9pt), radius: 3pt, breakable: false,
  stroke: (left: 2.5pt + colour, rest: 0.5pt + luma(215)), { if title != none { strong(text(fill: colour, title)); parbreak() }; body })
#let matrices(it) = block(width: 100%, above: 1.3em, below: 1.3em, align(center, {
  set par(leading: 1.3em)
  set text(top-edge: "bounds", bottom-edge: "bounds") // else a line takes a matrix to be as high as a letter
  it }))
#let note(wide, it) = box(width: wide, align(center, {
  set par(leading: 0.5em)
  text(size: 0.88em, fill: luma(80), top-edge: "cap-height", bottom-edge: "baseline", it) }))
#let picture(svg, ..more) = if sys.version < version(0, 13, 0) { image.decode(svg, format: "svg", ..more) } else {
  image(bytes(svg), format: "svg", ..more) }
"""


def typst(document: Document, output: Output) -> str:
    """The document as Typst source."""
    page = Page(Palette(size_names(document)), output.colour)
    colours = "".join(
        f"#let dim{letter}(it) = {f'text(fill: rgb({quoted(colour)}), it)' if output.colour else 'it'}\n"
        for letter, colour in zip("ABCDEFGH", LIGHT, strict=True)
    )
    title = page.title(document)
    return f"{PREAMBLE}{colours}{title}\n{page.blocks(document.blocks)}\n"


class Page:
    """Writes blocks; ``room`` is the width of a line."""

    def __init__(self, palette: Palette, colour: bool, room: float = PAGE) -> None:
        self.palette = palette
        self.colour = colour
        self.room = room
        self.math = Typst(palette, colour)

    def title(self, document: Document) -> str:
        """The title, and under it the subtitle."""
        if not document.title:
            return ""
        plain = "".join(part.text for part in document.title if isinstance(part, Words | Code))
        below = f"#linebreak() {self.sentence(document.subtitle)}" if document.subtitle else ""
        title = f"#text(size: 1.5em, weight: \"bold\")[{self.sentence(document.title)}]"
        return f"#set document(title: {quoted(plain)})\n#align(center)[{title}{below}]\n#v(0.5em)\n"

    def blocks(self, blocks: Iterable[Block]) -> str:
        """Blocks one after the other; a paragraph that announces a formula stands on the same page."""
        parts = list(blocks)
        out = []
        for block, after in zip_longest(parts, parts[1:]):
            written = self.block(block) if block is not None else ""
            announces = isinstance(block, Prose) and isinstance(after, Formula | Aligned | MatrixBlock)
            out.append(f"#block(sticky: true)[{written}]" if announces and written else written)
        return "\n\n".join(filter(None, out))

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Heading(text, level):
                return f"#heading(level: {min(level, 4)})[{self.sentence(text)}]"
            case Prose(text):
                return self.sentence(text)
            case Formula():
                return self.formula(block)
            case Aligned():
                return self.aligned(block)
            case MatrixBlock(matrices):
                return "#matrices[\n" + " #h(2em)\n".join(map(self.matrix, matrices)) + "]"
            case Table():
                return self.table(block)
            case Callout():
                return self.callout(block)
            case CodeBlock(text, language):
                code = f"#raw({quoted(text)}, lang: {quoted(language)}, block: true)"
                return f"#block(inset: (left: 1em))[{code}]"
            case Picture(svg, alt, caption):
                below = f"#linebreak() #text(size: 0.88em)[{self.sentence(caption)}]" if caption else ""
                return f"#align(center)[#picture({quoted(svg)}, alt: {quoted(alt)}){below}]"
            case Rule():
                return "#line(length: 100%, stroke: 0.5pt + luma(200))"
            case List(points, ordered):
                return f"#{'enum' if ordered else 'list'}({', '.join(f'[{self.sentence(p)}]' for p in points)})"
            case Beside(columns):
                return self.blocks(b for column in columns for b in column)

    def sentence(self, content: Content) -> str:
        """Words, with formulas between dollar signs."""
        out = []
        for part in content:
            match part:
                case Words(text, style):
                    name = {"strong": "strong", "emphasis": "emph"}.get(style)
                    out.append(f"#{name}({quoted(text)});" if name else words(text))
                case Math(box):
                    out.append(self.math.inline(box))
                case Code(text):
                    out.append(f"#raw({quoted(text)});")
                case Dims(shape):
                    out.append(f"${self.math.shape(shape)}$")
        return "".join(out)

    def formula(self, block: Formula) -> str:
        """One displayed formula, on more lines if it is long."""
        label = f"{self.sentence(block.label)}\n" if block.label else ""
        shape = f" #h(2em) {self.math.shape(block.shape)}" if block.shape is not None else ""
        lines = broken(block.box, self.room - (ems(shape_box(block.shape)) + 2 if block.shape is not None else 0))
        inside = " \\\n  & #h(2em) ".join(map(self.math.math, lines))
        return f"{label}$ {'& ' if len(lines) > 1 else ''}{inside}{shape} $"

    def aligned(self, block: Aligned) -> str:
        """Lines in columns: number, left side, right side, shape, reason."""
        if not block.lines:
            return ""
        left = max((ems(line.left) for line in block.lines if line.left is not None), default=0.0)
        shape = max((ems(shape_box(line.shape)) for line in block.lines if line.shape is not None), default=0.0)
        most = self.room - left - 1.5 * block.numbered - (shape + 1.5 if shape else 0)
        right = min(max(ems(row(line.relation, line.right)) for line in block.lines), most)
        rest = most - right - 1.5
        rest = rest if rest >= 9 else 0
        rows = [part for k, line in enumerate(block.lines, 1) for part in self.line(line, k * block.numbered, most, rest)]
        return "$ " + " \\\n  ".join(rows) + " $"

    def line(self, line: Line, number: int, most: float, rest: float) -> list[str]:
        """One line; a long one goes on in the next. ``rest``: what is left for the reason; 0 puts it below."""
        left = self.math.math(line.left) if line.left is not None else ""
        count = f"#text(size: 0.85em)[{number}.] #h(1em)" if number else ""
        parts = broken(row(line.relation, line.right) if line.relation else line.right, most)
        rows = [(f"{count} & & {left} & " if k == 0 else "& & & #h(1.2em) ") + self.math.math(part) for k, part in enumerate(parts)]
        if line.shape is not None:
            rows[-1] += f" & & #h(1.5em) {self.math.shape(line.shape)}"
        if line.reason and rest:
            skipped = " & &" if line.shape is None or len(rows) > 1 else ""
            rows[0] += f"{skipped} & & #h(1.5em) #why({0.93 * rest:.1f}em)[{self.sentence(line.reason)}]"
        elif line.reason:
            rows.append(f"& & & #h(1.2em) #why({0.9 * most:.1f}em)[{self.sentence(line.reason)}]")
        return rows

    def matrix(self, matrix: Matrix) -> str:
        """name = body, its shape beside it, words below."""
        box = row(matrix.name, "=", matrix.body) if matrix.name is not None else matrix.body
        shape = f" #h(0.8em) {self.math.shape(matrix.shape)}" if matrix.shape is not None else ""
        formula = f"$display({self.math.math(box)}){shape}$"
        if not matrix.caption:
            return f"#box[{formula}]"
        wide = min(max(ems(box) + 4, 12), self.room)
        return f"#box(align(center, stack(spacing: 0.8em, [{formula}], note({wide:.1f}em)[{self.sentence(matrix.caption)}])))"

    def table(self, table: Table) -> str:
        """A table with one line under its head."""
        cells = [f"strong[{self.sentence(c)}]" for c in table.header]
        lines = [", ".join(cells) + ", table.hline(stroke: 0.7pt)"]
        lines += [", ".join(f"[{self.sentence(c)}]" for c in cells) + ", table.hline(stroke: 0.3pt + luma(200))" for cells in table.rows]
        caption = f"#text(size: 0.92em, fill: luma(80))[{self.sentence(table.caption)}]\n" if table.caption else ""
        columns = f"({', '.join(['auto'] * len(table.header))},)"
        body = ",\n  ".join(lines)
        return f"#align(center)[{caption}#table(columns: {columns}, stroke: none, align: left + horizon,\n  {body})]"

    def callout(self, block: Callout) -> str:
        """A block with a bar at its left."""
        inner = Page(self.palette, self.colour, self.room - 3).blocks(block.body)
        title = f"[{self.sentence(block.title)}]" if block.title else "none"
        colour = FRAMES.get(block.kind, "#666670") if self.colour else "#444444"
        return f"#callout(rgb({quoted(colour)}), {title})[{inner}]"
