"""The choices of a reader: what a page holds, and how it is written; one frozen record, made at the top and passed down whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..derivation import Certificate
from ..errors import InputProblem
from ..exposition.subject import VIEWS
from ..language.problem import Problem
from ..shapes import names

STEPS = ("full", "short", "none")
PAGES = ("derivation", "conventions")
SAMPLES = ("rows", "columns", "both")
FIRST = (2, 3, 3)  # the first sizes of the entries view; further ones are 2


@dataclass(frozen=True, slots=True)
class Options:
    """What a page holds, and how it is written.

    ``page``: the derivation, or the table over conventions alone; ``views`` of each gradient; ``steps``: full, short (a line for each
    gradient) or none; ``at``: sizes of the entries view; ``numbers``: small whole numbers too. ``layouts``: those of the conventions
    table; ``samples``: None as written, or rows, columns, both; ``symbols``: names drawn otherwise, in LaTeX; ``equation``: the first
    definition behind the title; ``words``: what the sizes count. The rest is for formats: ``ascii`` and ``width`` for text,
    ``standalone`` for LaTeX, ``github`` for Markdown, ``colour`` for sizes in their colours.
    """

    page: str = "derivation"
    title: str = ""
    views: tuple[str, ...] = VIEWS
    steps: str = "full"
    at: Mapping[str, int] = field(default_factory=dict)
    numbers: bool = False
    layouts: tuple[str, ...] = ("denominator",)
    samples: str | None = None
    bold: bool = False
    symbols: Mapping[str, str] = field(default_factory=dict)
    equation: bool = False
    subtitle: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    ascii: bool = False
    width: int | None = None
    standalone: bool | None = None
    github: bool = False
    colour: bool = True

    def with_(self, **changes: Any) -> Options:
        """The same with some choices changed; raises InputProblem for one that there is not."""
        known = {f.name for f in fields(self)}
        for name in changes:
            if name not in known:
                raise InputProblem(f"there is no option {name}", hint=f"there are {', '.join(sorted(known))}")
        out = replace(self, **changes)
        for view in out.views:
            if view not in VIEWS:
                raise InputProblem(f"there is no view {view}", hint=f"there are {', '.join(VIEWS)}")
        if out.steps not in STEPS:
            raise InputProblem(f"steps are {', '.join(STEPS)}, not {out.steps}")
        if out.page not in PAGES:
            raise InputProblem(f"there is no page {out.page}", hint=f"there are {', '.join(PAGES)}")
        if out.samples not in (None, *SAMPLES):
            raise InputProblem(f"samples are {', '.join(SAMPLES)}, not {out.samples}")
        return out


OF_MATRICES = ("invertible", "definite", "independent", "det(")  # conditions that a matrix may be too wide, or too tall, to meet


def sizes(problem: Problem, at: Mapping[str, int], certificate: Certificate | None = None) -> dict[str, int]:
    """A number for every size: the given ones, and small ones for the others.

    Where formulas hold on a condition (X.T @ X has an inverse), the small ones are in the order of sizes at which it was met.

    >>> from shapecalc.language.sheet import read
    >>> sizes(read("X: (S, D); W: (D, M); Z = X @ W"), {"D": 4})
    {'S': 2, 'D': 4, 'M': 3}
    """
    used = [n for n in problem.sizes if any(n in names(d) for v in problem.variables().values() for d in v.shape)]
    for name in at:
        if name not in problem.sizes:
            there = f"the sizes are {', '.join(problem.sizes)}" if problem.sizes else "all sizes are numbers"
            raise InputProblem(f"there is no size {name}", hint=there)
    if certificate is not None and certificate.sizes and any(word in c for c in certificate.conditions for word in OF_MATRICES):
        met = certificate.sizes[0]
        places = {value: k for k, value in enumerate(sorted(set(met.values())))}
        return {n: at.get(n, places.get(met.get(n, 0), 0) + 2) for n in problem.sizes}
    return {n: at.get(n, FIRST[k] if k < len(FIRST) else 2) for k, n in enumerate(dict.fromkeys((*used, *problem.sizes)))}
