"""Markdown for GitHub, Obsidian, Jupyter, Quarto, MyST and pandoc: formulas between dollar signs, aligned lines inside them."""

from __future__ import annotations

import re
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
from ..boxes import Box, row
from .breaking import broken, ems
from .latex_math import TeX
from .output import Output
from .palette import Palette

PAGE = 44.0  # widths of an m that a formula may take
BRIEF = 46  # characters of a reason that may stand beside its formula, where nothing folds it
MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$])")
KINDS = {"warning": "WARNING", "wrong": "CAUTION", "answer": "IMPORTANT", "right": "TIP"}


def markdown(document: Document, output: Output) -> str:
    """The document as Markdown."""
    page = Page(TeX(Palette(size_names(document))), output.github)
    parts = [f"# {page.sentence(document.title)}"] if document.title else []
    if document.subtitle:
        parts.append(page.sentence(document.subtitle))
    return "\n\n".join([*parts, *page.blocks(document.blocks)]) + "\n"


def escaped(text: str) -> str:
    r"""Words in which no character is markup.

    >>> escaped("X_1 * <b>")
    'X\\_1 \\* \\<b\\>'
    """
    out = MARKS.sub(r"\\\1", text.replace("\n", " "))
    return re.sub(r"^(\s*)([-+=]|\d+[.)])(?=\s|$)", r"\1\\\2", out)


class Page:
    """Writes blocks. ``github`` fences formulas, since GitHub reads what stands between dollar signs as Markdown first."""

    def __init__(self, tex: TeX, github: bool = False) -> None:
        self.tex = tex
        self.github = github

    def blocks(self, blocks: Iterable[Block]) -> list[str]:
        """Blocks one after the other."""
        return [text for block in blocks if (text := self.block(block))]

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Heading(text, level):
                return f"{'#' * min(level + 1, 6)} {self.sentence(text)}"
            case Prose(text):
                return self.sentence(text)
            case Formula():
                return self.formula(block)
            case Aligned():
                return self.aligned(block)
            case MatrixBlock(matrices):
                return "\n\n".join(map(self.matrix, matrices))
            case Table():
                return self.table(block)
            case Callout():
                return self.callout(block)
            case CodeBlock(text, language):
                return fenced(text, language)
            case Picture():
                drawn = fenced(block.text, "text") if block.text else f"*{escaped(f'Picture: {block.alt}')}*"
                return drawn + (f"\n\n{self.sentence(block.caption)}" if block.caption else "")
            case Rule():
                return "---"
            case List(points, ordered):
                return "\n".join(f"{f'{k}.' if ordered else '-'} {self.sentence(p)}" for k, p in enumerate(points, 1))
            case Beside(columns):
                return "\n\n".join(self.blocks(b for column in columns for b in column))

    def sentence(self, content: Content) -> str:
        """Words, with formulas between dollar signs."""
        out = []
        for part in content:
            match part:
                case Words(text, style):
                    mark = {"strong": "**", "emphasis": "*"}.get(style, "")
                    out.append(f"{mark}{escaped(text)}{mark}")
                case Math(box):
                    out.append(self.inline(self.tex.inline(box)))
                case Code(text):
                    out.append(code(text))
                case Dims(shape):
                    out.append(self.inline(self.tex.shape(shape)))
        return "".join(out)

    def inline(self, formula: str) -> str:
        """A formula in a sentence, on one line and without blanks at its ends."""
        formula = " ".join(formula.split())
        return f"$`{formula}`$" if self.github else f"${formula}$"

    def display(self, formula: str) -> str:
        """A displayed formula."""
        return f"```math\n{formula}\n```" if self.github else f"$$\n{formula}\n$$"

    def formula(self, block: Formula) -> str:
        """One formula, on more lines if it is long."""
        label = f"{self.sentence(block.label)}\n\n" if block.label else ""
        shape = rf" \qquad {self.tex.shape(block.shape)}" if block.shape is not None else ""
        lines = broken(block.box, PAGE)
        if len(lines) == 1:
            return label + self.display(self.tex.math(lines[0]) + shape)
        inside = " \\\\\n&\\qquad ".join(map(self.tex.math, lines))
        return label + self.display(f"\\begin{{aligned}}\n&{inside}{shape}\n\\end{{aligned}}")

    def aligned(self, block: Aligned) -> str:
        """Lines in columns. Reasons stand beside them if all are brief, else in a list below, by number."""
        if not block.lines:
            return ""
        brief = all(_length(line.reason) <= BRIEF for line in block.lines)
        reasons = [k for k, line in enumerate(block.lines, 1) if line.reason]
        numbered = block.numbered or (bool(reasons) and not brief)
        rows = [self.line(line, k * numbered, brief) for k, line in enumerate(block.lines, 1)]
        formula = self.display("\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}")
        if brief:
            return formula
        return formula + "\n\n" + "\n".join(f"{k}. {self.sentence(block.lines[k - 1].reason)}" for k in reasons)

    def line(self, line: Line, number: int, brief: bool) -> str:
        """One line; a long one goes on in the next."""
        left = self.tex.math(line.left) if line.left is not None else ""
        parts = broken(row(line.relation, line.right) if line.relation else line.right, PAGE - (ems(line.left) if line.left else 0))
        rows = [(f"{left} &" if k == 0 else r"&\quad ") + self.tex.math(part) for k, part in enumerate(parts)]
        if number:
            rows[0] = rf"\text{{({number})}}\quad && {rows[0]}"
            rows[1:] = [f"&& {r}" for r in rows[1:]]
        if line.shape is not None:
            rows[-1] += rf" &&\quad {self.tex.shape(line.shape)}"
        if brief and line.reason:
            rows[0] += (" &&" if line.shape is None or len(rows) > 1 else "") + rf" &&\quad {self.reason(line.reason)}"
        return " \\\\\n".join(rows)

    def reason(self, content: Content) -> str:
        """A reason inside a formula: words as text, formulas as they are."""
        from .latex_text import worded

        out = []
        for part in content:
            match part:
                case Words(text) | Code(text):
                    out.append(worded(text))
                case Math(box):
                    out.append(self.tex.inline(box))
                case Dims(shape):
                    out.append(self.tex.shape(shape))
        return "".join(out)

    def matrix(self, matrix: Matrix) -> str:
        """name = body (shape), the words below."""
        box: Box = row(matrix.name, "=", matrix.body) if matrix.name is not None else matrix.body
        shape = rf" \quad {self.tex.shape(matrix.shape)}" if matrix.shape is not None else ""
        caption = f"\n\n{self.sentence(matrix.caption)}" if matrix.caption else ""
        return self.display(self.tex.math(box) + shape) + caption

    def table(self, table: Table) -> str:
        """A table of pipes."""

        def cells(contents: tuple[Content, ...]) -> str:
            return "| " + " | ".join(self.cell(c) for c in contents) + " |"

        lines = [cells(table.header), "|" + " --- |" * len(table.header), *map(cells, table.rows)]
        caption = f"{self.sentence(table.caption)}\n\n" if table.caption else ""
        return caption + "\n".join(lines)

    def cell(self, content: Content) -> str:
        r"""A sentence in which a pipe does not end the cell: in a formula it is written \vert, in code it is escaped."""
        out = []
        for part in content:
            text = self.sentence((part,))
            if isinstance(part, Code):
                text = text.replace("|", "\\|")
            out.append(text)
        return "".join(out).replace("\n", " ")

    def callout(self, block: Callout) -> str:
        """A quotation; on GitHub, and in Obsidian, with a mark of its kind."""
        title = f"**{self.sentence(block.title)}**" if block.title else ""
        inner = "\n\n".join([*([title] if title else []), *self.blocks(block.body)])
        kind = KINDS.get(block.kind, "NOTE")
        quoted = "\n".join(f"> {line}".rstrip() for line in inner.splitlines())
        return f"> [!{kind}]\n{quoted}" if self.github else quoted


def code(text: str) -> str:
    """Code in a sentence, inside as many ticks as it takes."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fenced(text: str, language: str) -> str:
    """A block of code, inside as many ticks as it takes."""
    ticks = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{ticks}{re.sub(r'[^A-Za-z0-9_+-]', '', language)}\n{text.rstrip()}\n{ticks}"


def _length(content: Content) -> float:
    return sum(len(p.text) if isinstance(p, Words | Code) else 2.2 * ems(p.box) if isinstance(p, Math) else 8 for p in content)
