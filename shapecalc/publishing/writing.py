"""A derivation in a format, or in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from shapecalc.records import record

from ..blocks import prose
from ..derivation import Report
from ..render import Output, format_of, render
from ..render.writing import write_whole
from .options import Options
from .pages import Derived, page

PICTURED = frozenset({"html", "pdf", "png", "svg", "typst", "notebook"})  # formats that show drawings


def output(options: Options, standalone: bool) -> Output:
    """The choices that are the format's."""
    alone = standalone if options.standalone is None else options.standalone
    return Output(ascii=options.ascii, width=options.width, standalone=alone, github=options.github, colour=options.colour)


def written(d: Derived, to: str, options: Options, standalone: bool = False) -> str | bytes:
    """The page in a format; JSON is the facts, with the page among them."""
    if to == "json":
        from .facts import dumped, facts

        return dumped(facts(d, options), options.ascii, indent=2) + "\n"
    return render(page(d, options, to in PICTURED), to, output(options, standalone))


def stored(make: Callable[[str], str | bytes], path: str | Path, to: str | None = None) -> Path:
    """What is made for a format, in a file with that suffix; the file appears whole or not at all."""
    target = Path(path)
    made = make(to or format_of(target))
    write_whole(target, made.encode("utf-8") if isinstance(made, str) else made)
    return target


def written_derivative(found: Any, to: str, options: Options, standalone: bool = False) -> str | bytes:
    """The page of a Jacobian or a Hessian in a format."""
    from .derivatives import derivative_page, facts
    from .facts import dumped

    if to == "json":
        return dumped(facts(found, options), options.ascii, indent=2) + "\n"
    return render(derivative_page(found, options), to, output(options, standalone))


@record
class Judging:
    """How a report was judged, for whoever judges it again."""

    layout: str = "denominator"
    structured: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)


def written_report(report: Report, how: Judging, to: str, options: Options, standalone: bool = False) -> str | bytes:
    """Verdicts in a format; JSON is the facts, on one line for each report."""
    if to == "json":
        from .facts import dumped
        from .verdicts import facts

        return dumped(facts(report, how.layout, how.structured, how.aliases), options.ascii) + "\n"
    from ..exposition.reports import page as report_page

    return render(report_page([report], prose(options.title)), to, output(options, standalone))
