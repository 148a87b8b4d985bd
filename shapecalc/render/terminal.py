"""The page for a terminal: the same lines as plain text, in colour, folded at its width. This room alone loads rich."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from ..blocks import Document, size_names
from .canvas import Line
from .lines import document_lines
from .output import Output
from .palette import Palette

LOOKS = {
    "title": "bold", "heading": "bold", "strong": "bold", "emphasis": "italic", "code": "bold", "muted": "dim", "": "",
    "bar:answer": "bright_blue", "bar:reduction": "green", "bar:warning": "yellow", "bar:wrong": "red", "bar:right": "green",
    "bar:note": "dim", "bar:certificate": "dim",
}  # fmt: skip


class Screen:
    """A document that rich can print: ``Console().print(Screen(document))``."""

    def __init__(self, document: Document, plain: bool = False, width: int | None = None) -> None:
        self.document = document
        self.plain = plain
        self.width = width
        self.palette = Palette(size_names(document))

    def lines(self, width: int) -> Iterator[Text]:
        """The lines, none wider than the terminal as far as that can be had."""
        for line in document_lines(self.document, self.plain, width):
            yield self.drawn(line)

    def drawn(self, line: Line) -> Text:
        """One line in its colours; never wrapped again, and without markup."""
        text = Text(no_wrap=True, overflow="ignore", end="")
        for piece, look in _trimmed(line):
            text.append(piece, self.style(look))
        return text

    def style(self, look: str) -> str:
        """What rich calls a look."""
        kind, _, size = look.partition(":")
        return self.palette.terminal(size) if kind == "size" else LOOKS.get(look, "")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text in self.lines(self.width or options.max_width):
            for span_text, style in _spans(text, console):
                yield Segment(span_text, style)
            yield Segment.line()


def terminal(document: Document, output: Output) -> str:
    """The page with the terminal's own colour codes."""
    file = io.StringIO()
    width = output.width or 80
    console = Console(file=file, force_terminal=True, color_system="standard", no_color=not output.colour, width=width)
    console.print(Screen(document, output.ascii, width), end="", soft_wrap=True)
    return file.getvalue()


def _trimmed(line: Line) -> Line:
    """A line without blanks at its end, neighbours of one look joined."""
    out: list[tuple[str, str]] = []
    for piece, look in line:
        if out and (out[-1][1] == look or not piece.strip()):
            out[-1] = (out[-1][0] + piece, out[-1][1])
        else:
            out.append((piece, look))
    while out and not out[-1][0].rstrip():
        out.pop()
    if out:
        out[-1] = (out[-1][0].rstrip(), out[-1][1])
    return tuple(out)


def _spans(text: Text, console: Console) -> Iterator[tuple[str, Style | None]]:
    for segment in text.render(console):
        yield segment.text, segment.style
