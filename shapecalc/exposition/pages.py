"""Whole pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blocks import Block, Callout, Document, Heading, Prose, prose
from ..boxes import row
from ..calculus.entries import Entries
from .conventions import conventions
from .entry_view import disagreement, matrices, one_entry
from .index_view import index_view
from .matrix_view import matrix_view
from .opening import answer, problem
from .pen import Pen
from .reductions import reductions
from .subject import Plan, Subject

MOST = 8  # names whose gradients are derived view by view


def derivation(subject: Subject, plan: Plan, others: Iterable[tuple[str, Subject]] = (), samples: str = "") -> Document:
    """Problem, views of each gradient, reductions, conventions, certificate."""
    pen = Pen(subject, plan)
    entries = Entries(subject.problem, plan.sizes, subject.wrt) if "entries" in plan.views else None
    blocks: list[Block] = [*problem(pen), answer(pen)]
    if plan.steps != "none":
        if entries is not None:
            blocks += matrices(pen, entries)
        for name in subject.wrt:
            blocks += gradient(pen, name, entries)
    for name in subject.wrt:
        blocks += reductions(pen, name, entries)
    pens = [(samples, pen), *((kind, Pen(s, plan)) for kind, s in others)]
    blocks += conventions(pens, plan.layouts)
    if entries is not None:
        blocks += disagreement(pen, entries)
    blocks += certificate(pen)
    return Document(plan.title or title(pen), tuple(blocks), sizes=subject.problem.sizes)


def title(pen: Pen) -> tuple[object, ...]:
    """What is differentiated."""
    last = str(pen.subject.problem.last)
    body = pen.subject.problem.definitions[last]
    return prose("Gradients of ", row(pen.name(last), "=", pen.formula(body)))


def gradient(pen: Pen, name: str, entries: Entries | None) -> Iterator[Block]:
    """The three views of one gradient."""
    yield Heading(prose("The gradient of ", pen.name(name)))
    if entries is not None:
        yield Heading(prose("Entries"), 2)
        yield from one_entry(pen, entries, name)
    if "index" in pen.plan.views:
        yield Heading(prose("Index formula"), 2)
        yield from index_view(pen, name)
    if "matrix" in pen.plan.views:
        yield Heading(prose("Matrix formula"), 2)
        yield from matrix_view(pen, name)


def certificate(pen: Pen) -> Iterator[Block]:
    """What was checked, and how surely."""
    c = pen.subject.certificate
    if c is not None:
        yield Callout("certificate", prose("Checked"), (Prose(prose(str(c)[:1].upper() + str(c)[1:] + ".")),))
