"""Plain text, in Unicode or in ASCII: no colour, no trailing blanks, and folded only where a width is given."""

from __future__ import annotations

from ..blocks import Document
from .lines import document_lines
from .output import Output


def text(document: Document, output: Output) -> str:
    """The document as plain text."""
    lines = document_lines(document, output.ascii, output.width)
    return "\n".join("".join(piece for piece, _ in line).rstrip() for line in lines) + "\n"
