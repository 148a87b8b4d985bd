"""A whole sheet: read as far as it can be read, every claim marked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..derivation import Report, Verdict
from ..errors import ShapecalcError
from ..language.abbreviations import settled
from ..language.problem import Problem
from ..language.sheet import read
from .accumulation import grouped, mark_sum
from .marker import Marker
from .truths import Truths

CLAIM = re.compile(r"\s*(d\w+|d2?\w*\s*/|[∂∇]|grad_\w|\w+\.grad\b).*=|.*==")  # what a statement about a derivative begins like


def check_sheet(source: str, layout: str = "denominator", structure: bool = False, aliases: Mapping[str, str] | None = None) -> Report:
    """The verdicts on all claims, in order of their lines.

    Raises ShapecalcError where the problem itself, what comes before the first claim, cannot be read.
    """
    problem, unread = read_claims(source, aliases)
    marker = Marker(Truths(problem, layout, structure))
    verdicts = [v for group in grouped(problem.claims) for v in (mark_sum(marker, group) if len(group) > 1 else marker.mark(group[0]))]
    verdicts += [*marker.unused(problem.claims), *unread]
    return Report(tuple(sorted(verdicts, key=lambda v: v.line)), source)


def read_claims(source: str, aliases: Mapping[str, str] | None = None) -> tuple[Problem, list[Verdict]]:
    """The problem, and a verdict for each claim that cannot be read; raises for anything before the claims."""
    text, unread = source, []
    for _ in range(source.count("\n") + source.count(";") + 2):
        errors: list[ShapecalcError] = []
        try:
            problem = read(text, errors, aliases)
        except ShapecalcError as last:
            # a line before it that could not be read may be its cause: what that line would have defined is missing
            error = min((last, *errors), key=lambda e: e.at(text).span or (0, 0))
            begin, end = statement(source, error)
            if not CLAIM.match(source[begin:end]) or not text[begin:end].strip():
                raise error from None
            unread.append(unreadable(source, error))
            # the same text without it, every place as it was
            text = text[:begin] + " " * (end - begin) + text[end:]
            continue
        break
    first = min((c.line for c in problem.claims), default=0)
    for e in errors:
        if not (CLAIM.match(source[slice(*statement(source, e))]) or (first and (e.line or 0) > first)):
            raise e
    return settled(problem, claims=True), unread + [unreadable(source, e) for e in errors]


def statement(source: str, error: ShapecalcError) -> tuple[int, int]:
    """Where the statement with an error begins and ends."""
    place = error.span[0] if error.span is not None else 0
    begin = max(source.rfind("\n", 0, place), source.rfind(";", 0, place)) + 1
    ends = [k for k in (source.find("\n", place), source.find(";", place)) if k >= 0]
    return begin, min(ends, default=len(source))


def unreadable(source: str, error: ShapecalcError) -> Verdict:
    """A verdict on a line that is no claim that could be judged."""
    begin, end = statement(source, error)
    text = source[begin:end].strip()
    return Verdict(
        text.partition("=")[0].strip(" +"),
        text,
        error.line or 1,
        "unreadable",
        None,
        str(error),
        error.hint,
        None,
        (begin, end),
        error.span,
    )
