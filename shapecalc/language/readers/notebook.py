"""Notebooks: cells of Markdown, code cells that begin with %%derive or %%check, and those of Python; each is a page of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.errors import InputProblem, TooLarge

from ..tokens import MOST_CHARACTERS
from .blocks import Block, read_blocks
from .latex_document import macros
from .markdown import blocks
from .notebook_code import read_code
from .reading import Page, Reading

MOST_CELLS = 20_000
MOST_LINES = 200_000
_SPACE = re.compile(r"[ \t\r\n]*")
_MAGIC = re.compile(r"\s*%%(?:derive|check|shapecalc)\b[^\n]*\n?")
_DECODER = json.JSONDecoder()
HINT = "a cell that begins with %%derive or %%check declares them, a block tagged shapecalc in a Markdown cell, or a comment: # X: (S, D)"


class Cell(NamedTuple):
    """What a notebook holds in one cell; lines: of the file, for each line of the text."""

    number: int
    kind: str
    text: str
    lines: tuple[int, ...]


def read_notebook(text: str, name: str | None = None, layout: str = "denominator") -> list[Reading]:
    """The problems of a notebook."""
    pages: list[Page] = []
    code: list[int] = []
    found: list[Block] = []
    for cell in cells(text, name):
        page = len(pages)
        pages.append(Page(cell.text, f"{name or 'notebook'}: cell {cell.number}", cell.lines))
        magic = _MAGIC.match(cell.text) if cell.kind == "code" else None
        if magic:
            found.append(Block("sheet", magic.end(), len(cell.text), page))
        elif cell.kind == "markdown":
            found += blocks(cell.text, page)
        else:
            code.append(page)
    programs = read_code(pages, code)
    if programs and not any(block.kind == "sheet" for block in found):
        return programs
    known = macros("\n".join(p.text for p in pages))
    return [*read_blocks(pages or [Page(text, name)], found, HINT, known, layout), *programs]


def cells(text: str, name: str | None = None) -> list[Cell]:
    """The cells that can hold something, with the lines of the file in which they stand."""
    if len(text) > MOST_CHARACTERS:
        raise TooLarge(f"the notebook has {len(text)} characters; at most {MOST_CHARACTERS} are read").at("", name)
    walker = _Walker(text)
    try:
        return list(walker.cells())
    except (ValueError, IndexError, RecursionError):
        place = min(walker.place, len(text))
        raise InputProblem("this is not a notebook: its JSON cannot be read", (place, place + 1)).at(text, name) from None


class _Walker:
    """Goes through the JSON of a notebook and keeps the places of the lines; what is of no use is left to the decoder."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 1 if text.startswith("\ufeff") else 0
        self.counted = self.place
        self.line = 1
        self.strings = 0

    def skip(self) -> str:
        """The next character that is no space."""
        match = _SPACE.match(self.text, self.place)
        self.place = match.end() if match else self.place
        return self.text[self.place]

    def expect(self, c: str) -> None:
        """Goes past a character that must stand here."""
        if self.skip() != c:
            raise ValueError(c)
        self.place += 1

    def value(self) -> object:
        """Any value, of which only its end matters."""
        self.skip()
        found, self.place = _DECODER.raw_decode(self.text, self.place)
        return found

    def keys(self) -> Iterator[str]:
        """The keys of an object, the place being before each value in turn."""
        self.expect("{")
        while self.skip() != "}":
            key = self.value()
            self.expect(":")
            yield str(key)
            if self.skip() != ",":
                break
            self.place += 1
        self.expect("}")

    def items(self) -> Iterator[int]:
        """The items of an array, the place being before each in turn."""
        self.expect("[")
        count = 0
        while self.skip() != "]":
            count += 1
            yield count
            if self.skip() != ",":
                break
            self.place += 1
        self.expect("]")

    def cells(self) -> Iterator[Cell]:
        """The cells of the notebook."""
        for key in self.keys():
            if key != "cells" or self.skip() != "[":
                self.value()
                continue
            for number in self.items():
                if number > MOST_CELLS:
                    raise TooLarge(f"the notebook has more than {MOST_CELLS} cells")
                cell = self.cell(number)
                if cell is not None:
                    yield cell

    def cell(self, number: int) -> Cell | None:
        """One cell, if it is one that can hold something."""
        if self.skip() != "{":
            self.value()
            return None
        kind: object = ""
        parts: list[tuple[str, int]] = []
        for key in self.keys():
            if key == "source" and self.skip() == "[":
                parts.extend(self.string() for _ in self.items())
            elif key == "source" and self.skip() == '"':
                parts.append(self.string())
            elif key == "cell_type":
                kind = self.value()
            else:
                self.value()
        text = "".join(part for part, _ in parts)
        return Cell(number, str(kind), text, _lines(parts)) if kind in ("markdown", "code") else None

    def string(self) -> tuple[str, int]:
        """A string, and the line of the file in which it begins."""
        self.strings += 1
        if self.strings > MOST_LINES:
            raise TooLarge(f"the notebook has more than {MOST_LINES} lines")
        self.skip()
        self.line += self.text.count("\n", self.counted, self.place)
        self.counted = self.place
        found = self.value()
        return (found if isinstance(found, str) else ""), self.line


def _lines(parts: list[tuple[str, int]]) -> tuple[int, ...]:
    """For each line of the joined text the line of the file."""
    lines: list[int] = []
    ended = True
    for part, line in parts:
        count = part.count("\n") + (not part.endswith("\n"))
        if part:
            lines += [line] * (count - (not ended))
            ended = part.endswith("\n")
    return tuple(lines)
