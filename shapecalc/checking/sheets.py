"""A whole sheet: read as far as it can be read, every claim marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ..derivation import Report, Verdict
from ..errors import ShapecalcError
from ..language.problem import Claim, Problem
from ..language.sheet import read
from ..language.statements import Assign, PlainTarget, split
from ..shapes import is_scalar
from .marker import Marker
from .truths import Truths

GRADIENT = re.compile(r"d(_?[A-Z0-9].*|[a-z]\d+)")  # what only a gradient is called: dZ2, d1, dz2


def check_sheet(source: str, layout: str = "denominator", structure: bool = False, aliases: Mapping[str, str] | None = None) -> Report:
    """The verdicts on all claims, in order of their lines.

    Raises ShapecalcError where the problem itself, what comes before the first claim, cannot be read.
    """
    problem, unread = read_claims(source, aliases)
    marker = Marker(Truths(problem, layout, structure))
    verdicts = [v for claim in problem.claims for v in marker.mark(claim)] + [*marker.unused(problem.claims), *unread]
    return Report(tuple(sorted(verdicts, key=lambda v: v.line)), source)


def read_claims(source: str, aliases: Mapping[str, str] | None = None) -> tuple[Problem, list[Verdict]]:
    """The problem, and a verdict for each claim line that cannot be read."""
    errors: list[ShapecalcError] = []
    problem = settled(read(source, errors, aliases))
    return problem, [unreadable(source, e) for e in errors]


def settled(problem: Problem) -> Problem:
    """The problem without the abbreviations at its end: dZ2 = (P - Y) / S, where nothing is called Z2."""
    names = list(problem.definitions)
    while names and names[-1].startswith("d") and len(names[-1]) > 1:
        names.pop()
    behind_loss = bool(names) and is_scalar(problem.definitions[names[-1]].shape)
    if not behind_loss:
        names = list(problem.definitions)
        while len(names) > 1 and GRADIENT.fullmatch(names[-1]):
            names.pop()
    if not names or len(names) == len(problem.definitions):
        return problem
    late = set(problem.definitions) - set(names)
    made = [
        Claim("abbreviation", s.target.name, s.text, s.line, s.span, s.values, operator=s.operator)
        for s in split(problem.source, [])
        if isinstance(s, Assign) and isinstance(s.target, PlainTarget) and s.target.name in late
    ]
    return replace(problem, definitions={n: problem.definitions[n] for n in names}, claims=(*made, *problem.claims))


def unreadable(source: str, error: ShapecalcError) -> Verdict:
    """A verdict on a line that is no claim that could be judged."""
    line = error.line or 1
    text = source.splitlines()[line - 1].strip()
    name = text.partition("=")[0].strip()
    return Verdict(name, text, line, "unreadable", None, str(error), error.hint, None, error.span, error.span)
