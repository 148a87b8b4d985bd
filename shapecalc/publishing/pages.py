"""From a derivation to its page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from textwrap import dedent
from typing import Any, Protocol

from ..blocks import Aligned, Document, Line, prose
from ..calculus.gradients import Backward
from ..calculus.layouts import LAYOUTS
from ..derivation import Certificate, Step
from ..errors import InputProblem, Misfit
from ..exposition.pages import conventions as conventions_page
from ..exposition.pages import derivation as derivation_page
from ..exposition.pages import gradient_lines, within_answer
from ..exposition.pen import Pen
from ..exposition.subject import Plan, Subject
from ..expr import Expr
from ..language.problem import Problem
from ..mathematics import Style, boxes, read_symbol
from ..render import formula as written_formula
from ..render import render
from .options import Options, sizes

FEW = 3  # gradients of definitions below the results, where these are shown in brief


class Derived(Protocol):
    """What a page needs of a derivation."""

    problem: Problem
    backward_pass: Backward
    wrt: list[str]
    layout: str
    structured: bool

    @property
    def certificate(self) -> Certificate:
        """What it was checked by."""

    @property
    def gradients(self) -> Mapping[str, Any]:
        """The gradients by name."""

    def turned(self) -> Any:
        """The same with samples as columns."""


def subject(d: Derived) -> Subject:
    """A derivation as plain data."""
    formulas = {n: g.expression for n, g in d.gradients.items()}
    return Subject(d.problem, d.backward_pass, tuple(d.wrt), d.layout, formulas, d.certificate, d.structured)


def plan(d: Derived, options: Options) -> Plan:
    """What the page holds."""
    return Plan(
        title=prose(options.title) if options.title else (),
        equation=options.equation,
        subtitle=prose(options.subtitle) if options.subtitle else (),
        views=options.views,
        steps=options.steps,
        sizes=sizes(d.problem, options.at, d.certificate) if "entries" in options.views else {},
        numbers=options.numbers,
        layouts=options.layouts,
        bold=options.bold,
        symbols=symbols(options.symbols),
        notes=tuple(prose(n) for n in options.notes),
        words=options.words,
    )


def symbols(given: Mapping[str, str]) -> dict[str, Any]:
    """Names as LaTeX draws them."""
    out = {}
    for name, text in given.items():
        try:
            out[name] = read_symbol(text)
        except Misfit as error:
            raise InputProblem(error.message, hint=error.hint) from None
    return out


def page(d: Derived, options: Options, pictured: bool = False) -> Document:
    """The page of a derivation, under the wanted way to lay out the samples; `pictured`: with pictures where they help."""
    alone = options.page == "conventions"
    if alone:
        options = replace(options, layouts=LAYOUTS, samples=options.samples or turnable(d), views=())
    others: list[tuple[str, Subject]] = []
    kind = ""
    if options.samples == "columns":
        d, kind = d.turned(), "columns"
    elif options.samples is not None:
        kind = "rows"
    if options.samples == "both":
        others.append(("columns", subject(d.turned())))
    s, made = subject(d), plan(d, options)
    if pictured:
        from .pictures import pictures

        made = replace(made, pictures=pictures(s, made))
    return (conventions_page if alone else derivation_page)(s, made, others, kind)


def turnable(d: Derived) -> str | None:
    """Both ways to lay out the samples, where the problem has both."""
    try:
        d.turned()
    except InputProblem:
        return None
    return "both"


def tex(e: Expr, d: Derived) -> str:
    """One formula in LaTeX."""
    style: Style = Pen(subject(d), Plan()).style
    return str(written_formula(boxes(e, style), "latex"))


def summary(d: Derived, names: Collection[str]) -> str:
    """Gradients below one another, for a notebook: $$ with aligned, which every one of them shows."""
    pen = Pen(subject(d), Plan())
    s = pen.subject
    shown = {n: s.formulas.get(n) or s.backward.formula(n) for n in (*names, *made_of(pen, names))}
    lines = [f"{written_formula(pen.gradient(n), 'latex')} &= {written_formula(pen.formula(e), 'latex')}" for n, e in shown.items()]
    body = " \\\\ ".join(lines)
    return f"$$\\begin{{aligned}} {body} \\end{{aligned}}$$"


def made_of(pen: Pen, names: Collection[str]) -> list[str]:
    """The definitions whose gradients these are made of, where they are few."""
    needed = [n for n in within_answer(pen, names) if n not in names]
    return needed if len(needed) <= FEW else []


def brief(d: Derived, names: Collection[str]) -> str:
    """The same as text: formula, shape and code below one another."""
    pen = Pen(subject(d), Plan())
    s = pen.subject
    shown = {n: s.formulas.get(n) or s.backward.formula(n) for n in (*names, *made_of(pen, names))}
    lines = tuple(Line(pen.gradient(n), pen.formula(e), prose(f"`{pen.code(n)}`"), e.shape) for n, e in shown.items())
    return dedent(str(render(Document((), (Aligned(lines),)), "text")))


def steps(d: Derived, name: str) -> tuple[Step, ...]:
    """The derivation of one gradient, line by line, as text."""
    s = subject(d)
    pen = Pen(s, Plan(views=("index", "matrix")))
    out = []
    for kind, block in gradient_lines(pen, name):
        left = ""
        for line in block.lines if isinstance(block, Aligned) else ():
            left = written_formula(line.left, "text") if line.left is not None else left
            out.append(Step(kind, left, written_formula(line.right, "text"), line.shape or (), words(line.reason)))
    e = s.formulas[name]
    out.append(Step("matrix", s.symbol(name), e, e.shape, "read as matrices"))
    return tuple(out)


def words(content: Any) -> str:
    """A sentence as text."""
    from ..blocks import Code, Dims, Math, Words
    from ..shapes import show

    out = ""
    for part in content:
        match part:
            case Words(text) | Code(text):
                out += text
            case Math(box):
                out += str(written_formula(box, "text"))
            case Dims(shape):
                out += show(shape)
    return out
