"""check: many sources, each judged by itself; a broken one is reported and never stops the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..derivation import Report, Verdict
from ..errors import InputProblem, ShapecalcError
from . import output, sources
from .judged import Judged

SHEETS = frozenset({".sheet", ".jsonl"})
SUFFIXES = SHEETS | {".md", ".qmd", ".tex", ".ipynb", ".py"}  # what a directory is searched for
WRONG = frozenset({"wrong", "ill-shaped"})
UNSURE = frozenset({"unreadable", "undecided"})
Values = dict[str, Any]


def check(v: Values) -> int:
    """Judges every source; 0 all right, 1 something wrong, 2 something that cannot be read."""
    code = 0
    written: list[str] = []
    for report in reports(v):
        code = max(code, code_of(report, v["strict"]))
        text = drawn(report, v)
        if v["output"] is None:
            if text:
                output.show(text)
        else:
            written.append(text)
    if v["output"] is not None:
        output.store("".join(t if t.endswith("\n") else f"{t}\n" for t in written if t), v["output"])
    return code


def code_of(report: Report, strict: bool) -> int:
    """The exit code that one report asks for."""
    if report.problems:
        return 2
    bad = WRONG | UNSURE if strict else WRONG
    return int(any(c.verdict in bad for c in report.claims))


def reports(v: Values) -> Iterator[Report]:
    """A report for each source, in order."""
    aliases = named(v["alias"])
    judge = Judged(v["layout"], v["structured"], aliases)
    for argument in v["sources"]:
        path, function = file_and_function(argument)
        if path is not None and path.is_dir():
            yield from (r for p in found(path) for r in of_file(p, judge) if r.claims or (r.problems and p.suffix in SHEETS))
        elif path is not None:
            yield from of_file(path, judge, function)
        else:
            text, _ = sources.source(argument)
            yield judge.text(text, None)


def named(given: tuple[str, ...]) -> dict[str, str]:
    """dz2=Z2: what a gradient is called, and what it is the gradient of."""
    out = {}
    for text in given:
        alias, eq, name = (part.strip() for part in text.partition("="))
        if not eq or not alias.isidentifier() or not name.isidentifier():
            raise InputProblem(f"{text} is no alias", hint="--alias dz2=Z2")
        out[alias] = name
    return out


def file_and_function(argument: str) -> tuple[Path | None, str | None]:
    """The file that an argument names, and the function of it: model.py:backward."""
    path = sources.file(argument)
    if path is not None:
        return path, None
    head, colon, function = argument.rpartition(":")
    path = sources.file(head) if colon and head.endswith(".py") and function.isidentifier() else None
    return path, function if path is not None else None


def found(directory: Path) -> Iterator[Path]:
    """The files below a directory, by name; links are not followed."""
    for root, names, files in os.walk(directory, followlinks=False):
        names.sort()
        for name in sorted(files):
            path = Path(root) / name
            if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink():
                yield path


def of_file(path: Path, judge: Judged, function: str | None = None) -> Iterator[Report]:
    """The reports on one file: one for each problem in it, or for each line of a .jsonl."""
    try:
        text = sources.from_file(path)
    except ShapecalcError as error:
        yield Report(name=str(path), problems=(str(error),))
        return
    if path.suffix == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield of_line(line, f"{path}:{number}", judge)
    else:
        yield from judge.file(text, str(path), function)


def of_line(line: str, name: str, judge: Judged) -> Report:
    """One object of a .jsonl: {"source": ...}, or {"problem": ..., "claims": [...]}, with a name or an id if it likes."""
    try:
        given = json.loads(line)
        text = given["source"] if "source" in given else "\n".join([given["problem"], *given.get("claims", ())])
        name = str(given.get("name") or given.get("id") or name)
        text = text.replace("\r\n", "\n")
    except (AttributeError, ValueError, KeyError, TypeError, RecursionError):
        return Report(name=name, problems=('not an object with "source", or with "problem" and "claims"',))
    return judge.text(text, name)


def drawn(report: Report, v: Values) -> str:
    """A report in the wanted format."""
    if v["format"] == "json":
        return json.dumps(facts(report), ensure_ascii=v["ascii"])
    if v["format"] == "github":
        return "\n".join(github_lines(report))
    from ..exposition.reports import page
    from ..render import Output, render

    into_file = v["output"] is not None
    plain = v["ascii"] or (not into_file and output.only_ascii(asked=False))
    look = Output(ascii=plain, width=v["width"] if into_file else output.columns(v["width"]), colour=output.tints())
    to = "terminal" if not into_file and output.colours(v["plain"]) and not look.ascii else "text"
    return str(render(page([report]), to, look))


def facts(report: Report) -> dict[str, Any]:
    """A report as data, one object on a line."""
    from ..publishing.facts import plain

    claims = [plain(asdict(c)) | {"certificate": c.certificate and str(c.certificate)} for c in report.claims]
    return {"schema": "shapecalc.report/1", "name": report.name, "ok": report.ok, "problems": list(report.problems), "claims": claims}


def github_lines(report: Report) -> Iterator[str]:
    """What GitHub shows beside the lines of a pull request."""
    name = path_of(report.name or "-")
    for problem in report.problems:
        yield f"::error file={escaped(name, True)}::{escaped(problem)}"
    for c in report.claims:
        if c.verdict == "right":
            continue
        level = "error" if c.verdict in WRONG else "warning"
        told = c.message.partition("\nmend:\n")[0]
        message = f"{c.text}: {told}" + (f"\nmend: {c.suggestion}" if c.suggestion else "")
        place = f"file={escaped(name, True)},line={c.line}" + column(report.source, c)
        yield f"::{level} {place},title={escaped(c.slip or c.verdict, True)}::{escaped(message)}"


def path_of(name: str) -> str:
    """The file of a report that is about a part of it: model.py (backward)."""
    head, opening, _ = name.rpartition(" (")
    return head if opening and sources.file(name) is None and sources.file(head) is not None else name


def column(source: str, c: Verdict) -> str:
    """Where in the line."""
    if c.span is None:
        return ""
    begin = source.rfind("\n", 0, c.span[0]) + 1
    return f",col={c.span[0] - begin + 1},endColumn={c.span[1] - begin + 1}"


def escaped(text: str, inside: bool = False) -> str:
    """Text that cannot end its command."""
    pairs = [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")] + ([(":", "%3A"), (",", "%2C")] if inside else [])
    for sign, code in pairs:
        text = text.replace(sign, code)
    return text


__all__ = ["InputProblem", "check"]
