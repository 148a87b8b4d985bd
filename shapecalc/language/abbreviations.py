"""Lines behind a problem that look like definitions and are none: dZ2 = (P - Y) / S, where nothing is called Z2."""

from __future__ import annotations

import re
from dataclasses import replace

from shapecalc.shapes import is_scalar

from .problem import Claim, Problem
from .statements import Assign, PlainTarget, split

GRADIENT = re.compile(r"d(_?[A-Z0-9].*|[a-z]\d+)")  # what only a gradient is called: dZ2, d1, dz2


def settled(problem: Problem, claims: bool = False) -> Problem:
    """The problem without the abbreviations at its end.

    Behind a scalar, the loss, a name such as dZ2 is the gradient of something that has no name, and no further step of the program.
    claims: the text is there to be judged, so that any name with a d in front is one, and a scalar need not come before it.
    """
    names = list(problem.definitions)
    while names and (names[-1].startswith("d") and len(names[-1]) > 1 if claims else GRADIENT.fullmatch(names[-1])):
        names.pop()
    behind_loss = bool(names) and is_scalar(problem.definitions[names[-1]].shape)
    if not behind_loss:
        names = list(problem.definitions)
        while claims and len(names) > 1 and GRADIENT.fullmatch(names[-1]):
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
