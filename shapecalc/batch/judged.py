"""One text judged: its claims, with the lines and places of the file that people edit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..derivation import Report, Verdict
from ..errors import NothingToRead, ShapecalcError

if TYPE_CHECKING:
    from ..language.readers.reading import Place, Reading

NOTHING = "there is no claim to judge\n  write one: dW = X.T @ dZ"
KEYS = 'not an object with "source", or with "problem" and "claims"'
LINES, NUMBER = re.compile(r"\bline \d+(?: and \d+)*"), re.compile(r"\d+")
CELL = re.compile(r": cell (\d+)$")


@dataclass(frozen=True, slots=True)
class Judged:
    """How texts are judged."""

    layout: str
    structured: bool
    aliases: Mapping[str, str]

    @property
    def said(self) -> str:
        """The same in a few words, the same ones every time."""
        return f"{self.layout} {self.structured} {sorted(self.aliases.items())}"

    def text(self, text: str, name: str | None) -> Report:
        """The report on a sheet."""
        try:
            report = self._checked(text)
        except ShapecalcError as error:
            return Report(source=text, name=name, problems=(str(error.at(text, name)) if name else str(error),), sheet=text)
        if not report.claims:
            return Report(source=text, name=name, problems=(f"{name}: {NOTHING}" if name else NOTHING,), sheet=text, foreign=True)
        return replace(report, name=name, sheet=text, claims=tuple(located(c, text, name) for c in report.claims))

    def _checked(self, text: str) -> Report:
        from ..api import check

        return check(text, self.layout, self.structured, self.aliases)

    def line(self, line: str, place: str) -> Report:
        """One object of a .jsonl: {"source": ...}, or {"problem": ..., "claims": [...]}, with a name or an id if it likes."""
        try:
            given = json.loads(line)
            name = str(given.get("name") or given.get("id") or place)
            text = given["source"] if "source" in given else _joined(given["problem"], given.get("claims", ()))
            text = text.replace("\r\n", "\n")
        except (AttributeError, ValueError, KeyError, TypeError, RecursionError):
            return Report(name=place, problems=(f"{place}: {KEYS}",))
        return self.text(text, name)

    def file(self, text: str, name: str, function: str | None = None) -> Iterator[Report]:
        """The reports on a file of any kind: Python, Markdown, LaTeX, a notebook, or a sheet."""
        from ..language.readers.files import read_file_text

        try:
            readings = read_file_text(text, name, function, self.layout)
        except ShapecalcError as error:
            yield Report(source=text, name=name, problems=(str(error.at(text, name)),), foreign=isinstance(error, NothingToRead))
            return
        for reading in readings:
            yield self.reading(reading, f"{name} ({reading.title})" if reading.title else name)

    def reading(self, reading: Reading, name: str) -> Report:
        """The report on one problem of a file."""
        unread = tuple(unreadable(reading, e) for e in reading.problems)
        claims: tuple[Verdict, ...] = ()
        if reading.source.strip():
            try:
                claims = tuple(placed(reading, c) for c in self._checked(reading.source).claims)
            except ShapecalcError as error:
                if not unread:  # they are the cause: a line that is missing here
                    return Report((), "", name, (str(reading.anchored(error)),))
        if all(c.verdict == "unreadable" for c in claims) and (unread or not claims):
            # nothing could be judged: what could not be read is all there is to say, and it is no verdict
            told = tuple(str(reading.anchored(e)) for e in reading.problems)
            return Report((), "", name, told or (f"{reading.pages[0].name or name}: {NOTHING}",), foreign=not told)
        one_page = len(reading.pages) == 1
        source = reading.pages[0].text if one_page else ""
        return Report(tuple(sorted((*claims, *unread), key=lambda c: c.file_line or c.line)), source, name, sheet=reading.source)


def _joined(problem: str, claims: str | list[str]) -> str:
    return "\n".join([problem, *([claims] if isinstance(claims, str) else claims)])


def located(c: Verdict, text: str, name: str | None) -> Verdict:
    """A verdict on a sheet with its column, and its place if the sheet has a name."""
    if c.span is None:
        return c
    place = c.mend_span[0] if c.verdict == "unreadable" and c.mend_span is not None else c.span[0]
    column = place - text.rfind("\n", 0, place)
    return replace(c, column=column, where=f"{name}:{c.line}:{column}" if name else None)


def placed(reading: Reading, c: Verdict) -> Verdict:
    """A verdict with the line and the spans of the file; the lines that it speaks of are those of the file, too."""
    place = reading.place(c.span) if c.span is not None else None
    mend = reading.place(c.mend_span) if c.mend_span is not None else None
    if place is None:
        return c
    shown = mend if mend is not None and c.verdict == "unreadable" else place
    c = replace(c, **spot(shown), span=place.span, mend_span=mend and mend.span, message=drawn_there(reading, c, mend or place))
    if c.verdict not in ("right", "undecided"):
        return c
    # these messages hold nothing of the user's that could look like a line
    message = LINES.sub(lambda m: NUMBER.sub(lambda n: line_there(reading, int(n[0]), place), m[0]), c.message)
    before = reading.place(line_span(reading.source, c.carried)) if c.carried is not None else None
    return replace(c, message=message, carried=before and spot(before)["line"])


def line_there(reading: Reading, line: int, place: Place) -> str:
    """The line of the file that a line of the sheet comes from, with its cell where that is another."""
    found = reading.place(line_span(reading.source, line))
    if found is None:
        return str(line)
    there = spot(found)
    return str(there["line"]) if found.page is place.page else f"{there['line']} of cell {there['cell']}"


def spot(place: Place) -> dict[str, Any]:
    """Line, column and cell, as a person finds them."""
    name = place.page.name
    cell = CELL.search(name or "") if place.page.lines else None
    where = f"{name}:{place.line}:{place.column}" if name else None
    if cell is None:
        return {"line": place.file_line, "column": place.column, "cell": None, "file_line": None, "where": where}
    return {"line": place.line, "column": place.column, "cell": int(cell[1]), "file_line": place.file_line, "where": where}


def line_span(source: str, line: int) -> tuple[int, int]:
    """Where a line begins and ends."""
    begin = 0
    for _ in range(line - 1):
        begin = source.find("\n", begin) + 1
    end = source.find("\n", begin)
    end = len(source) if end < 0 else end
    return begin + len(source[begin:end]) - len(source[begin:end].lstrip()), end


def drawn_there(reading: Reading, c: Verdict, mend: Place) -> str:
    """The message, with the mend drawn below the line that people edit."""
    told, sign, _ = c.message.partition("\nmend:\n")
    if not sign or c.suggestion is None:
        return c.message
    drawn = ShapecalcError(c.suggestion, mend.span).at(mend.page.text, None)
    return f"{told}{sign}{drawn}"


def unreadable(reading: Reading, error: ShapecalcError) -> Verdict:
    """A verdict on what could not be read."""
    anchored = reading.anchored(error)
    line = anchored.line or 1
    source = anchored.source or ""
    text = source.splitlines()[line - 1].strip() if 0 < line <= len(source.splitlines()) else ""
    page = next((p for p in reading.pages if p.text == source), reading.pages[0])
    cell = CELL.search(page.name or "") if page.lines else None
    where = f"{page.name}:{line}:{anchored.column}" if page.name and anchored.span else None
    return Verdict(
        "", text, line, "unreadable", None, str(anchored), anchored.hint, None, anchored.span, anchored.span, column=anchored.column,
        cell=int(cell[1]) if cell else None, file_line=page.lines[line - 1] if cell and line <= len(page.lines) else None, where=where,
    )  # fmt: skip
