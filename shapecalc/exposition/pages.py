"""Whole pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from typing import TYPE_CHECKING

from ..blocks import Aligned, Block, Callout, Content, Document, Heading, Line, Prose, prose
from ..boxes import Box, row
from ..errors import ShapecalcError
from ..evaluate import concrete
from ..expr import variables
from .abbreviations import uses
from .certificates import certificate
from .index_view import index_view
from .matrix_view import matrix_view
from .opening import answer, problem
from .pen import Pen
from .properties import because
from .reasons import reason
from .reductions import reductions
from .subject import Plan, Subject

if TYPE_CHECKING:
    from ..calculus.entries import Entries

CROWDED = 5000  # entries above which nobody wants to see them all
MOST = 8  # names whose gradients are derived view by view
FEW = 2  # gradients of definitions that the answer has room for
WITHIN = 4  # gradients of definitions that are derived view by view too


def derivation(subject: Subject, plan: Plan, others: Iterable[tuple[str, Subject]] = (), samples: str = "") -> Document:
    """Problem, views of each gradient, reductions, conventions, certificate.

    ``others``: the same derivation under other ways to lay out the samples, for the table; ``samples``: this one's way.
    """
    pen = Pen(subject, plan)
    entries = entry_by_entry(pen)
    blocks: list[Block] = [*problem(pen), answer(pen, room_for(pen))]
    if plan.steps != "none":
        blocks += derived(pen, entries)
    blocks += reductions(pen, entries)
    if others or len(plan.layouts) > 1:
        blocks += compared(pen, others, samples)
    if entries is not None:
        blocks += checked(pen, entries)
    doubted = any(isinstance(b, Callout) and b.kind == "warning" for b in blocks)
    blocks += certificate(subject.certificate, entries is not None and not doubted)
    return Document(title(pen), tuple(blocks), plan.subtitle, subject.problem.sizes)


def conventions(subject: Subject, plan: Plan, others: Iterable[tuple[str, Subject]] = (), samples: str = "") -> Document:
    """The problem and the table over conventions, and nothing else."""
    pen = Pen(subject, plan)
    blocks = [*problem(pen), *compared(pen, others, samples), *certificate(subject.certificate)]
    return Document(title(pen), tuple(blocks), plan.subtitle, subject.problem.sizes)


def room_for(pen: Pen) -> list[str]:
    """Of the gradients that the answer is made of, those that do not follow at once, or are few: the answer stands alone."""
    needed = within_answer(pen, pen.subject.wrt)
    return [] if pen.plan.steps == "short" or (pen.plan.steps == "full" and len(needed) > FEW) else needed


def within_answer(pen: Pen, names: Iterable[str]) -> list[str]:
    """The definitions whose gradients some results are made of, in the order in which they are found, the last first."""
    s = pen.subject
    gradients = {f.symbol.name: n for n, f in s.backward.flows.items() if not f.given}
    needed: list[str] = []
    waiting = [s.formulas.get(n) or s.backward.formula(n) for n in names]
    while waiting:
        for v in variables(waiting.pop()):
            name = gradients.get(v, s.wrt[0])
            if name not in s.wrt and name not in needed:
                needed.append(name)
                waiting.append(s.backward.formula(name))
    return [n for n in reversed(s.backward.order) if n in needed]


def compared(pen: Pen, others: Iterable[tuple[str, Subject]], samples: str) -> Iterator[Block]:
    """The table over conventions, loaded only where there is one."""
    from .conventions import conventions

    yield from conventions([(samples, pen), *((kind, Pen(s, pen.plan)) for kind, s in others)], pen.plan.layouts)


def checked(pen: Pen, entries: Entries) -> Iterator[Block]:
    """The numbers, if they are wanted, and a warning if the entries do not bear the formulas out."""
    from .entry_view import disagreement, numbers

    if pen.plan.numbers:
        yield from numbers(pen, entries)
    yield from disagreement(pen, entries)


def entry_by_entry(pen: Pen) -> Entries | None:
    """The element-wise view; None where it is not wanted, or cannot be had."""
    if "entries" not in pen.plan.views:
        return None
    try:
        given = sum([prod(concrete(v.shape, pen.plan.sizes)) for v in pen.subject.problem.variables().values()])
        if given > CROWDED:  # where sizes are large numbers
            return None
        from ..calculus.entries import Entries

        found = Entries(pen.subject.problem, pen.plan.sizes, pen.subject.wrt)
    except (ShapecalcError, KeyError):  # a size has no number
        return None
    return found if sum(len(b.symbols) for b in found) <= CROWDED else None


def title(pen: Pen) -> Content:
    """What is differentiated, if the page has no title of its own."""
    if pen.plan.title:
        return (*pen.plan.title, *prose(" ", pen.equation())) if pen.plan.equation else pen.plan.title
    last = str(pen.subject.problem.last)
    body = pen.subject.problem.definitions[last]
    return prose("The gradients of ", row(pen.name(last), "=", pen.formula(body)))


def derived(pen: Pen, entries: Entries | None) -> Iterator[Block]:
    """The backward pass, and every gradient in its views."""
    s = pen.subject
    inner = [n for n in s.backward.order if n in s.inner and not s.backward.flows[n].given]
    if pen.plan.steps == "short" or (inner and len(s.problem.definitions) > 2):
        yield from passing(pen, inner)
    if pen.plan.steps == "short":
        return
    if len(s.wrt) > MOST:
        yield Prose(prose(f"Those are {len(s.wrt)} gradients; name one with `--wrt` to see it entry by entry."))
        return
    if entries is not None:
        from .entry_view import matrices

        yield from matrices(pen, entries)
    within = inner if len(inner) <= WITHIN else []
    for name in (*within, *s.wrt):
        yield from gradient(pen, name, entries if name in s.wrt or len(within) == 1 else None)


def passing(pen: Pen, inner: list[str]) -> Iterator[Block]:
    """All gradients in the order in which they are found, each with its reason."""
    s = pen.subject
    yield Heading(prose("The backward pass"))
    names = [n for n in s.backward.order if n in inner or (n in s.wrt and n not in s.problem.definitions)]
    short = pen.shortened({n: s.backward.formula(n) for n in names})
    lines, waiting = [], list(short.parts)
    for n in names:
        e = short.formulas[n]
        while waiting and uses(waiting, e):
            v, part = waiting.pop(0)
            users = [pen.gradient(m) for m in names if uses([(v, part)], short.formulas[m])]
            lines.append(Line(pen.formula(v), pen.formula(part), prose("an abbreviation, for ", *enumerated(users)), part.shape))
        lines.append(Line(pen.gradient(n), pen.formula(e), (*reason(pen, n), *because(pen, n)), e.shape))
    yield Aligned(tuple(lines), numbered=True)


def enumerated(items: list[Box]) -> Iterator[Box | str]:
    """a, b and c."""
    for k, item in enumerate(items):
        yield from ((", " if k < len(items) - 1 else " and ",) if k else ())
        yield item


def gradient_lines(pen: Pen, name: str) -> Iterator[tuple[str, Block]]:
    """The lines of the index view, for whoever wants steps."""
    yield from (("index", block) for block in index_view(pen, name))


def written_out(pen: Pen, entries: Entries, name: str) -> Iterator[Block]:
    """One entry, and all of them; what this takes is loaded only where entries are shown."""
    from .entry_view import one_entry

    yield from one_entry(pen, entries, name)


def gradient(pen: Pen, name: str, entries: Entries | None) -> Iterator[Block]:
    """The three views of one gradient."""
    parts = (
        ("Entries", written_out(pen, entries, name) if entries is not None else ()),
        ("Index formula", index_view(pen, name) if "index" in pen.plan.views else ()),
        ("Matrix formula", matrix_view(pen, name) if "matrix" in pen.plan.views else ()),
    )
    yield Heading(prose("The gradient of ", pen.name(name)))
    for heading, blocks in parts:
        found = list(blocks)
        if found:
            yield Heading(prose(heading), 2)
            yield from found
