"""Markdown, Quarto and MyST: fenced blocks tagged shapecalc are sheets, and displays of LaTeX behind one are read into it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecalc.errors import TooLarge

from .blocks import Block, read_blocks
from .latex_document import MOST_MARKS, macros
from .reading import Page, Reading

_FENCE = re.compile(r"^[ \t]{0,12}(?:>[ \t]?){0,9}(?:[-*+][ \t]+)?(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>[^`\n]*)$", re.MULTILINE)
_ENVIRONMENTS = "equation|align|alignat|gather|multline|flalign|eqnarray"
_MARK = re.compile(
    r"\\\$|(?P<code>`+)|(?P<comment><!--)|(?P<dollars>\$\$)|(?P<double>\\\\\[)|\\\\(?!\[)|(?P<bracket>\\\[)"
    rf"|\\begin\{{(?P<env>(?:{_ENVIRONMENTS})\*?)\}}"
)
_SHEETS = frozenset({"shapecalc", "{shapecalc}", "{.shapecalc}"})
_DIRECTIVES = frozenset({"{code-block}", "{code}", "{code-cell}", "{sourcecode}"})
_OPTION = re.compile(r"(?:[ \t]*(?::[\w-]+:|---)[^\n]*\n)+")
MOST_FENCES = 50_000
HINT = "a fenced block tagged shapecalc declares them: ```shapecalc"


def read_markdown(text: str, name: str | None = None, layout: str = "denominator") -> list[Reading]:
    """The problems of a Markdown file."""
    return read_blocks([Page(text, name)], blocks(text), HINT, macros(text), layout)


def blocks(text: str, page: int = 0) -> Iterator[Block]:
    """Sheets and displays, in order."""
    place = count = 0
    while match := _FENCE.search(text, place):
        count += 1
        if count > MOST_FENCES:
            raise TooLarge(f"the file has more than {MOST_FENCES} fences")
        yield from displays(text, place, match.start(), page)
        kind = _kind(match["info"].strip(), match["fence"])
        start = min(match.end() + 1, len(text))
        if match["fence"][0] == ":" and kind != "math":
            place = start
            continue
        end, place = _closing(text, start, match["fence"])
        if kind is not None:
            option = _OPTION.match(text, start, end)
            yield Block(kind, option.end() if option else start, end, page)
    yield from displays(text, place, len(text), page)


def _kind(info: str, fence: str) -> str | None:
    """What a fenced block with these words behind its fence holds."""
    words = info.split()
    first = words[0] if words else ""
    if first in {"{math}", "math"} and (fence[0] != ":" or first == "{math}"):
        return "math"
    if first in _SHEETS or (first in _DIRECTIVES and words[1:2] == ["shapecalc"]):
        return "sheet"
    return "sheet" if first.startswith(("{shapecalc,", "{.shapecalc ", "{shapecalc ")) else None


def _closing(text: str, start: int, fence: str) -> tuple[int, int]:
    """Where the inside of a fenced block ends, and where the text goes on."""
    place = start
    for match in re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE).finditer(text, place):
        return match.start(), match.end()
    return len(text), len(text)


def displays(text: str, start: int, end: int, page: int = 0) -> Iterator[Block]:
    """The displays of LaTeX between two places; code and comments are gone past."""
    place = start
    absent: set[str] = set()  # what never closes again is looked for once
    count = 0
    while match := _MARK.search(text, place, end):
        count += 1
        if count > MOST_MARKS:
            raise TooLarge(f"the file has more than {MOST_MARKS} pieces of code and displays")
        place = match.end()
        closing = _CLOSINGS.get(match.lastgroup or "", "")
        if match["code"]:
            closing = match["code"]
        elif match["env"]:
            closing = f"\\end{{{match['env']}}}"
        if not closing or closing in absent:
            continue
        stop = text.find(closing, place, end)
        if stop < 0:
            absent.add(closing)
            continue
        if not (match["code"] or match["comment"]):
            yield Block("math", place, stop, page)
        place = stop + len(closing)


_CLOSINGS = {"comment": "-->", "dollars": "$$", "double": "\\\\]", "bracket": "\\]"}
