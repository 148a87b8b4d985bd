"""Reports as text, as JSON and as annotations; made by whoever judges, so that workers share that work too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..batch.judged import Judged
from ..batch.tasks import Task
from ..derivation import Report, Verdict
from ..errors import visible

WRONG = frozenset({"wrong", "ill-shaped"})
UNSURE = frozenset({"unreadable", "undecided"})


class Tally(NamedTuple):
    """What came of one source, in numbers: its claims, how many are right, wrong and neither, and how many parts cannot be used."""

    claims: int = 0
    right: int = 0
    wrong: int = 0
    broken: int = 0

    def code(self, strict: bool) -> int:
        """The exit code that it asks for."""
        if self.broken:
            return 2
        return int(self.wrong > 0 or (strict and self.right < self.claims))

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


class Outcome(NamedTuple):
    """One source: its reports as text, one each, and its tally."""

    texts: tuple[str, ...]
    tally: Tally


def tally(claims: list[str], broken: bool) -> Tally:
    """The numbers of one report, from its verdicts."""
    return Tally(len(claims), claims.count("right"), sum(v in WRONG for v in claims), int(broken))


@dataclass(frozen=True, slots=True)
class Drawing:
    """How reports are drawn. to: text, terminal, json, github; kept: with what tells a later run that this one is done."""

    judged: Judged
    to: str = "text"
    ascii: bool = False
    width: int | None = None
    colour: bool = False
    kept: bool = False

    def __call__(self, task: Task, reports: list[Report]) -> Outcome:
        """All reports on one source."""
        numbers = Tally()
        for r in reports:
            numbers = numbers.plus(tally([c.verdict for c in r.claims], bool(r.problems)))
        made = [self.drawn(task, r, (k, len(reports))) for k, r in enumerate(reports, 1)]
        if not made and self.kept:  # nothing is said of it, and a later run need not look again
            made = [json.dumps(self.facts(Report(name=task.place, foreign=True)) | self.done(task, (0, 0)))]
        return Outcome(tuple(made), numbers)

    def drawn(self, task: Task, report: Report, part: tuple[int, int]) -> str:
        """One report."""
        if self.to == "json":
            more = self.done(task, part) if self.kept else {"source": task.place}
            from ..publishing.facts import dumped

            return dumped(self.facts(report) | more, self.ascii)
        if self.to == "github":
            return "\n".join(github(task, report))
        from ..exposition.reports import page
        from ..render import Output, render

        return str(render(page([report]), self.to, Output(ascii=self.ascii, width=self.width, colour=self.colour)))

    def facts(self, report: Report) -> dict[str, Any]:
        """A report as data, one object on a line; with what `verify` needs in order to judge it again."""
        from ..publishing.verdicts import facts

        return facts(report, self.judged.layout, self.judged.structured, self.judged.aliases)

    def done(self, task: Task, part: tuple[int, int]) -> dict[str, Any]:
        """What a line of results has been made of."""
        return {"source": task.place or "-", "digest": task.digest(self.judged.said), "part": list(part)}


def github(task: Task, report: Report) -> Iterator[str]:
    """What GitHub shows beside the lines of a pull request."""
    where = f"file={escaped(visible(task.path), True)}"
    line = int(str(task.place).rpartition(":")[2]) if task.kind == "line" else None
    for problem in report.problems:
        yield f"::error {where}{f',line={line}' if line else ''}::{escaped(problem)}"
    for c in report.claims:
        if c.verdict == "right":
            continue
        level = "error" if c.verdict in WRONG else "warning"
        told = c.message.partition("\nmend:\n")[0]
        message = f"{c.text}: {told}" + (f"\nmend: {c.suggestion}" if c.suggestion else "")
        place = f",line={line or c.file_line or c.line}" + ("" if line or c.cell else columns(report.source, c))
        yield f"::{level} {where}{place},title={escaped(c.slip or c.verdict, True)}::{escaped(message)}"


def columns(source: str, c: Verdict) -> str:
    """Where in the line."""
    if c.span is None or not source:
        return ""
    begin = source.rfind("\n", 0, c.span[0]) + 1
    end = source.find("\n", c.span[0])
    last = min(c.span[1], end if end >= 0 else len(source))
    return f",col={c.span[0] - begin + 1},endColumn={last - begin + 1}"


def escaped(text: str, inside: bool = False) -> str:
    """Text that cannot end its command."""
    pairs = [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")] + ([(":", "%3A"), (",", "%2C")] if inside else [])
    for sign, code in pairs:
        text = text.replace(sign, code)
    return text
