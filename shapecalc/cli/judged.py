"""One text judged: its claims, with the lines and places of the file that people edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..derivation import Report, Verdict
from ..errors import ShapecalcError

if TYPE_CHECKING:
    from ..language.readers.reading import Reading

NOTHING = "there is no claim to judge\n  write one: dW = X.T @ dZ"


@dataclass(frozen=True, slots=True)
class Judged:
    """How texts are judged."""

    layout: str
    structured: bool
    aliases: Mapping[str, str]

    def text(self, text: str, name: str | None) -> Report:
        """The report on a sheet."""
        from ..api import check

        try:
            report = check(text, self.layout, self.structured, self.aliases)
        except ShapecalcError as error:
            return Report(source=text, name=name, problems=(str(error.at(text, name)) if name else str(error),))
        if not report.claims:
            return Report(source=text, name=name, problems=(NOTHING,))
        return replace(report, name=name)

    def file(self, text: str, name: str, function: str | None = None) -> Iterator[Report]:
        """The reports on a file of any kind: Python, Markdown, LaTeX, a notebook, or a sheet."""
        from ..language.readers.files import read_file_text

        try:
            readings = read_file_text(text, name, function, self.layout)
        except ShapecalcError as error:
            yield Report(source=text, name=name, problems=(str(error.at(text, name)),))
            return
        for reading in readings:
            yield self.reading(reading, f"{name} ({reading.title})" if reading.title else name)

    def reading(self, reading: Reading, name: str) -> Report:
        """The report on one problem of a file."""
        unread = tuple(unreadable(reading, e) for e in reading.problems)
        if not reading.source.strip():
            return Report((), "", name, tuple(str(e) for e in reading.problems) or (NOTHING,))
        report = self.text(reading.source, None)
        if report.problems:
            return Report(unread, "", name, report.problems if not unread else ())
        claims = (*(placed(reading, c) for c in report.claims), *unread)
        one_page = len(reading.pages) == 1
        return Report(tuple(sorted(claims, key=lambda c: c.line)), reading.pages[0].text if one_page else "", name)


def placed(reading: Reading, c: Verdict) -> Verdict:
    """A verdict with the line and the spans of the file."""
    place = reading.place(c.span) if c.span is not None else None
    mend = reading.place(c.mend_span) if c.mend_span is not None else None
    if place is None:
        return c
    return replace(c, line=place.file_line, span=place.span, mend_span=mend and mend.span)


def unreadable(reading: Reading, error: ShapecalcError) -> Verdict:
    """A verdict on what could not be read."""
    anchored = reading.anchored(error)
    line = anchored.line or 1
    source = anchored.source or ""
    text = source.splitlines()[line - 1].strip() if 0 < line <= len(source.splitlines()) else ""
    return Verdict("", text, line, "unreadable", None, str(anchored), anchored.hint, None, anchored.span, anchored.span)
