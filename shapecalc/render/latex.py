"""LaTeX: a fragment to paste, or a document that compiles with the smallest TeX."""

from __future__ import annotations

from collections.abc import Iterable

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
from ..boxes import Text, row
from ..symbols import shape_box
from .breaking import broken, ems
from .characters import ascii_text
from .latex_math import TeX, colour_name
from .latex_text import code_lines, code_size, escaped, typewriter
from .output import Output
from .palette import Palette

PAGE = 40.0  # the width of a line, in widths of an m
PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,amssymb,bm,color}
"""
SET = r"""\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\allowdisplaybreaks
\begin{document}
\setlength{\abovedisplayskip}{7pt plus 3pt minus 2pt}
\setlength{\belowdisplayskip}{9pt plus 3pt minus 2pt}
"""
CLOSE = r"\setlength{\itemsep}{1pt}\setlength{\parsep}{1pt}"  # lists of short points
FRAMES = {
    "answer": ("1559B3", "F3F7FD"), "reduction": ("1B7040", "F2F9F4"), "warning": ("A8480B", "FDF6F1"), "wrong": ("A82236", "FDF3F4"),
    "right": ("1B7040", "F2F9F4"), "note": ("777777", "F7F7F7"), "certificate": ("777777", "F7F7F7"),
}  # fmt: skip


def latex(document: Document, output: Output) -> str:
    """The document as LaTeX."""
    palette = Palette(size_names(document))
    page = Page(palette, output.colour)
    body = page.blocks(document.blocks)
    title = page.title(document)
    colours = page.colours() if output.colour else ""
    if output.standalone:
        return f"{PREAMBLE}{colours}{SET}{title}\n{body}\n\\end{{document}}\n"
    needs = "% needs \\usepackage{amsmath,amssymb,bm,color}\n"
    return f"{needs}{colours}\n{title}\n{body}\n"


class Page:
    """Writes blocks; ``room`` is the width of a line."""

    def __init__(self, palette: Palette, colour: bool, room: float = PAGE) -> None:
        self.palette = palette
        self.colour = colour
        self.room = room
        self.tex = TeX(palette, "name" if colour else "", r"\bm", largest=2)

    def colours(self) -> str:
        """The definitions of the colours."""
        lines = [_defined(colour_name(self.palette, name), self.palette.light(name)[1:]) for name in self.palette.names]
        for kind, (frame, ground) in FRAMES.items():
            lines.append(_defined(f"{kind}-frame", frame) + _defined(f"{kind}-ground", ground))
        return "\n".join(dict.fromkeys(lines)) + "\n"

    def title(self, document: Document) -> str:
        """The title, and under it the subtitle."""
        if not document.title:
            return ""
        below = rf"\\[3pt] {self.sentence(document.subtitle)}" if document.subtitle else ""
        return rf"\begin{{center}}{{\Large\bfseries {self.sentence(document.title)}}}{below}\end{{center}}" + "\n"

    def blocks(self, blocks: Iterable[Block]) -> str:
        """Blocks one after the other; a formula belongs to the paragraph before it, so that no page ends between them."""
        out = ""
        before: Block | None = None
        for block in blocks:
            written = self.block(block)
            if written:
                follows = isinstance(before, Prose) and isinstance(block, Formula | Aligned) and not getattr(block, "label", ())
                out += ("\n" if follows else "\n\n" if out else "") + written
                before = block
        return out

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Heading(text, level):
                return rf"\{('section', 'subsection', 'subsubsection')[min(level, 3) - 1]}*{{{self.sentence(text)}}}"
            case Prose(text):
                return self.sentence(text)
            case Formula():
                return self.formula(block)
            case Aligned():
                return self.aligned(block)
            case MatrixBlock(matrices):
                return self.matrices(matrices)
            case Table():
                return self.table(block)
            case Callout():
                return self.callout(block)
            case CodeBlock(text):
                return f"\\begin{{quote}}\\raggedright\\ttfamily{code_size(text)}\n{code_lines(text)}\n\\end{{quote}}"
            case Picture():
                # a picture in characters stands in columns only where all characters are of one font
                drawn = self.block(CodeBlock(ascii_text(block.text))) if block.text else rf"\emph{{[Picture: {escaped(block.alt)}]}}"
                return drawn + (rf"\par {self.sentence(block.caption)}" if block.caption else "")
            case Rule():
                return r"\medskip\hrule\medskip"
            case List(points, ordered):
                name = "enumerate" if ordered else "itemize"
                # code has few places where a line may end: it is not stretched to the margin
                ragged = r"\raggedright" if any(isinstance(part, Code) for p in points for part in p) else ""
                inside = "\n".join(rf"\item {self.sentence(p)}" for p in points)
                return f"\\begin{{{name}}}{ragged}{CLOSE}\n{inside}\n\\end{{{name}}}"
            case Beside(columns):
                return self.blocks(b for column in columns for b in column)

    def sentence(self, content: Content) -> str:
        """Words, with formulas between dollar signs."""
        out = []
        for part in content:
            match part:
                case Words(text, style):
                    command = {"strong": r"\textbf", "emphasis": r"\emph"}.get(style)
                    out.append(f"{command}{{{escaped(text)}}}" if command else escaped(text))
                case Math(box):
                    out.append(f"${self.tex.inline(box)}$")
                case Code(text):
                    out.append(typewriter(text))
                case Dims(shape):
                    out.append(f"${self.tex.shape(shape)}$")
        return "".join(out)

    def formula(self, block: Formula) -> str:
        """One displayed formula, on more lines if it is long."""
        label = f"{self.sentence(block.label)}\n" if block.label else ""
        shape = rf" \qquad {self.tex.shape(block.shape)}" if block.shape is not None else ""
        lines = broken(block.box, self.room - (ems(shape_box(block.shape)) + 2 if block.shape is not None else 0))
        if len(lines) == 1:
            return f"{label}\\[\n{self.tex.math(lines[0])}{shape}\n\\]"
        inside = " \\\\\n&\\qquad ".join(map(self.tex.math, lines))
        return f"{label}\\begin{{align*}}\n&{inside}{shape}\n\\end{{align*}}"

    def aligned(self, block: Aligned) -> str:
        """Lines in columns: number, left side, right side, shape, reason."""
        if not block.lines:
            return ""
        left = max((ems(line.left) for line in block.lines if line.left is not None), default=0.0)
        shape = max((ems(shape_box(line.shape)) for line in block.lines if line.shape is not None), default=0.0)
        reasons = any(line.reason for line in block.lines)
        most = self.room - left - 1.5 * block.numbered - (shape + 2 if shape else 0)
        right = min(max(ems(row(line.relation, line.right)) for line in block.lines), most)
        rest = most - right - 2
        below = reasons and rest < 9
        rows = []
        for k, line in enumerate(block.lines, 1):
            number = rf"\text{{\footnotesize {k}.}}\quad " if block.numbered else ""
            rows += self.line(line, number, most, None if below else rest)
        gap = r" \\[4pt]" if below else r" \\[2pt]"
        return "\\begin{alignat*}{4}\n" + f"{gap}\n".join(rows) + "\n\\end{alignat*}"

    def line(self, line: Line, number: str, most: float, rest: float | None) -> list[str]:
        """One line; a long one goes on in the next. ``rest``: what is left for the reason; None puts it below."""
        left = self.tex.math(line.left) if line.left is not None else ""
        parts = broken(row(line.relation, line.right) if line.relation else line.right, most)
        columns = f"{number}&& {left} &"
        rows = []
        for k, part in enumerate(parts):
            rows.append((columns if k == 0 else r"&& &\quad ") + self.tex.math(part))
        if line.shape is not None:
            rows[-1] += rf" &&\qquad {self.tex.shape(line.shape)}"
        if line.reason:
            words = self.sentence(line.reason)
            if rest is None:
                rows.append(r"&& &\quad \parbox{" + f"{0.9 * most / PAGE:.2f}" + rf"\linewidth}}{{\raggedright\footnotesize {words}}}")
            else:
                cell = r"\qquad \parbox[t]{" + f"{0.88 * rest / PAGE:.2f}" + rf"\linewidth}}{{\raggedright\footnotesize {words}}}"
                rows[0] += ("" if line.shape is not None and len(rows) == 1 else " &&") + f" && {cell}"
        return rows

    def matrices(self, matrices: tuple[Matrix, ...]) -> str:
        """Side by side as far as the line goes; TeX breaks between them."""
        return "\\begin{center}\\lineskiplimit=8pt\\lineskip=8pt\n" + "\\qquad\n".join(map(self.matrix, matrices)) + "\n\\end{center}"

    def matrix(self, matrix: Matrix) -> str:
        """name = body (shape), and the words below."""
        head = f"{self.tex.math(matrix.name)} = " if matrix.name is not None else ""
        tail = rf"\;\; {self.tex.shape(matrix.shape)}" if matrix.shape is not None else ""
        whole = ems(row(matrix.name or Text(""), "=", matrix.body)) + (ems(shape_box(matrix.shape)) + 1 if matrix.shape is not None else 0)
        size = r"\small" if whole > self.room else ""
        size = r"\scriptsize" if whole > 1.08 * self.room else size
        formula = rf"{size}$\displaystyle {head}{self.tex.math(matrix.body)}{tail}$"
        if not matrix.caption:
            return f"\\mbox{{{formula}}}"
        wide = min(max(ems(row(matrix.name or Text(""), matrix.body)) + 4, 12), self.room) / PAGE
        words = rf"\parbox[t]{{{wide:.2f}\linewidth}}{{\centering\footnotesize {self.sentence(matrix.caption)}}}"
        return f"\\begin{{tabular}}{{@{{}}c@{{}}}}{formula}\\\\[2pt] {words}\\end{{tabular}}"

    def table(self, table: Table) -> str:
        """A tabular; columns that are too long for the page become paragraphs."""
        rows = [table.header, *table.rows]
        wanted = [max(_width(r[k]) for r in rows) for k in range(len(table.header))]
        wide = list(wanted)
        while sum(wide) + 1.2 * len(wide) > self.room and max(wide) > 5:
            wide[wide.index(max(wide))] -= 0.5
        columns = " ".join("l" if a == b else rf"p{{{a / PAGE:.3f}\linewidth}}" for a, b in zip(wide, wanted, strict=True))
        lines = []
        for k, cells in enumerate(rows):
            words = [self.sentence(c) if k or not c else rf"\textbf{{{self.sentence(c)}}}" for c in cells]
            words = [rf"\raggedright {w}" if a != b else w for w, a, b in zip(words, wide, wanted, strict=True)]
            lines.append(" & ".join(words) + r" \tabularnewline" + (r" \hline" if k == 0 else ""))
        caption = f"{self.sentence(table.caption)}\\\\[4pt]\n" if table.caption else ""
        body = "\n".join(lines)
        return (
            f"\\begin{{center}}\n{caption}\\renewcommand{{\\arraystretch}}{{1.3}}\\small\n"
            f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n{body}\n\\end{{tabular}}\n\\end{{center}}"
        )

    def callout(self, block: Callout) -> str:
        """A frame; the ground is tinted where colours are wanted."""
        # no paragraph ends before a formula, which would leave an empty line
        end = "" if block.body and isinstance(block.body[0], Formula | Aligned) else r"\par "
        title = rf"\textbf{{{self.sentence(block.title)}}}{end}" if block.title else ""
        inner = Page(self.palette, self.colour, self.room - 2).blocks(block.body)
        opening = r"\begin{minipage}{\dimexpr\linewidth-16pt\relax}\setlength{\parskip}{0.4em}"
        body = f"{opening}\n{title}\n{inner}\n\\par\\kern2pt\\end{{minipage}}"
        kind = block.kind if block.kind in FRAMES else "note"
        box = rf"\fcolorbox{{{kind}-frame}}{{{kind}-ground}}" if self.colour else r"\fbox"
        return f"\\medskip\\noindent{{\\setlength{{\\fboxsep}}{{7pt}}\\setlength{{\\fboxrule}}{{0.6pt}}{box}{{{body}}}}}\\medskip"


def _width(content: Content) -> float:
    """About how wide a cell is, in small print."""
    out = 0.0
    for part in content:
        match part:
            case Words(text):
                out += 0.42 * len(text)
            case Code(text):
                out += 0.48 * len(text)
            case Math(box):
                out += 0.9 * ems(box)
            case Dims(shape):
                out += 0.9 * ems(shape_box(shape))
    return out


def _defined(name: str, colour: str) -> str:
    parts = ",".join(f"{int(colour[k : k + 2], 16) / 255:.3f}" for k in (0, 2, 4))
    return rf"\definecolor{{{name}}}{{rgb}}{{{parts}}}"
