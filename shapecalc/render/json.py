"""JSON: the document as data, by the schema in data/document-1.schema.json; formulas as LaTeX and as text."""

from __future__ import annotations

import json as standard
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

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
from ..boxes import Box
from ..shapes import Shape
from .characters import Characters
from .latex_math import TeX
from .output import Output
from .palette import Palette

SCHEMA = "shapecalc.document/1"


def schema() -> dict[str, Any]:
    """The JSON schema that every document written here follows."""
    text = (files(__package__) / "data" / "document-1.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = standard.loads(text)
    return found


def json(document: Document, output: Output) -> str:
    """The document as JSON."""
    writer = Writer(TeX(Palette(size_names(document))))
    data = {
        "schema": SCHEMA,
        "title": writer.sentence(document.title),
        "subtitle": writer.sentence(document.subtitle),
        "sizes": list(size_names(document)),
        "meta": dict(document.meta),
        "blocks": writer.blocks(document.blocks),
    }
    return standard.dumps(data, ensure_ascii=output.ascii, indent=2) + "\n"


class Writer:
    """Turns blocks into dictionaries; ``type`` says which block it is."""

    def __init__(self, tex: TeX) -> None:
        self.tex = tex

    def blocks(self, blocks: Iterable[Block]) -> list[dict[str, Any]]:
        """Blocks in order."""
        return [self.block(block) for block in blocks]

    def block(self, block: Block) -> dict[str, Any]:
        """One block."""
        match block:
            case Heading(text, level):
                return {"type": "heading", "level": level, "text": self.sentence(text)}
            case Prose(text):
                return {"type": "prose", "text": self.sentence(text)}
            case Formula(box, shape, label):
                return {"type": "formula", "formula": self.formula(box), "shape": _shape(shape), "label": self.sentence(label)}
            case Aligned(lines, numbered):
                return {"type": "aligned", "numbered": numbered, "lines": list(map(self.line, lines))}
            case MatrixBlock(matrices):
                return {"type": "matrices", "matrices": list(map(self.matrix, matrices))}
            case Table(header, rows, caption):
                cells = [[self.sentence(c) for c in r] for r in rows]
                return {"type": "table", "header": [self.sentence(c) for c in header], "rows": cells, "caption": self.sentence(caption)}
            case Callout(kind, title, body):
                return {"type": "callout", "kind": kind, "title": self.sentence(title), "blocks": self.blocks(body)}
            case CodeBlock(text, language):
                return {"type": "code", "language": language, "text": text}
            case Picture(svg, alt, caption):
                return {"type": "picture", "svg": svg, "alt": alt, "caption": self.sentence(caption)}
            case Rule():
                return {"type": "rule"}
            case List(points, ordered):
                return {"type": "list", "ordered": ordered, "items": [self.sentence(p) for p in points]}
            case Beside(columns):
                return {"type": "beside", "columns": [self.blocks(column) for column in columns]}

    def sentence(self, content: Content) -> list[dict[str, Any]]:
        """The pieces of a sentence."""
        out: list[dict[str, Any]] = []
        for part in content:
            match part:
                case Words(text, style):
                    out.append({"type": "words", "text": text} | ({"style": style} if style else {}))
                case Math(box):
                    out.append({"type": "math", **self.formula(box)})
                case Code(text):
                    out.append({"type": "code", "text": text})
                case Dims(shape):
                    out.append({"type": "shape", "shape": list(shape)})
        return out

    def formula(self, box: Box) -> dict[str, str]:
        """A formula in the two ways in which programs can go on with it."""
        return {"latex": self.tex.math(box), "text": Characters(inline=True).draw(box).text()}

    def line(self, line: Line) -> dict[str, Any]:
        """One line of a derivation."""
        return {
            "left": self.formula(line.left) if line.left is not None else None,
            "relation": line.relation,
            "right": self.formula(line.right),
            "shape": _shape(line.shape),
            "reason": self.sentence(line.reason),
        }

    def matrix(self, matrix: Matrix) -> dict[str, Any]:
        """A matrix written out."""
        return {
            "name": self.formula(matrix.name) if matrix.name is not None else None,
            "body": self.formula(matrix.body),
            "shape": _shape(matrix.shape),
            "caption": self.sentence(matrix.caption),
        }


def _shape(shape: Shape | None) -> list[int | str] | None:
    return None if shape is None else list(shape)
