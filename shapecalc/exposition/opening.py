"""The problem: every definition with its shapes, what is given, what is wanted, and the answer at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blocks import Aligned, Block, Callout, Content, Dims, Formula, Heading, Line, List, Prose, prose
from ..boxes import Box, row
from ..expr import Expr, nodes
from ..mathematics import Entry, Partial, index_boxes
from ..notation import text
from ..shapes import show
from ..symbols import size_symbol
from .pen import Pen
from .properties import undeclared

BRIEF = 9  # nodes of a formula up to which the shapes stand under its factors
FEW = 3  # definitions up to which each is a formula of its own


def problem(pen: Pen) -> Iterator[Block]:
    """What is defined, given and wanted."""
    yield Heading(prose("The problem"))
    yield from definitions(pen)
    yield from pen.picture("problem")
    points = [*given(pen), wanted(pen), *pen.plan.notes]
    yield List(tuple(points))


def definitions(pen: Pen) -> Iterator[Block]:
    """The definitions: with shapes under the factors where they are few and short."""
    bodies = pen.subject.problem.definitions
    if len(bodies) <= FEW:
        for name, body in bodies.items():
            if _brief(body):
                yield Formula(row(pen.shaped_name(name), "=", pen.shaped(body)))
            else:
                yield Formula(row(pen.name(name), "=", pen.formula(body)), body.shape)
        return
    yield Aligned(tuple(Line(pen.name(n), pen.formula(e), (), e.shape) for n, e in bodies.items()))


def _brief(body: Expr) -> bool:
    return len(list(nodes(body))) <= BRIEF


def given(pen: Pen) -> Iterator[Content]:
    """The declared names with shapes and properties, the sizes in words, and the incoming gradient."""
    s = pen.subject
    pieces: Content = ()
    for v in s.problem.declared.values():
        words = " ".join(sorted(v.properties))
        what = prose(pen.name(v.name), " ", *([f"{words} "] if words else []), *([Dims(v.shape)] if v.shape else ["(a scalar)"]))
        pieces += (prose(", ") if pieces else ()) + what
    if pen.plan.words:
        pieces += prose(" — ")
        for k, (size, word) in enumerate(pen.plan.words.items()):
            pieces += prose(*([", "] if k else []), size_symbol(size), f" {word}")
    yield prose("**Given:** ") + pieces + prose(".")
    for name in s.inner:
        flow = s.backward.flows[name]
        given_as = s.problem.upstream.get(name) or (flow.symbol.name if flow.given else "")
        if s.problem.loss is None and given_as:
            yield incoming(pen, name, given_as)
        elif pen.short == name and pen.subject.shape(name):
            yield prose("**Written:** ", entries_of(pen, name), " for the entries of ", pen.gradient(name), ".")


def incoming(pen: Pen, name: str, symbol: str) -> Content:
    """The gradient that comes from outside."""
    shape = pen.subject.shape(name)
    out = prose(pen.gradient(name), " ", Dims(shape), f", written `{symbol}` in code, comes from whatever follows ", pen.name(name))
    if pen.short == name and shape:
        out += prose("; its entries are ", entries_of(pen, name))
    return out + prose(".")


def entries_of(pen: Pen, name: str) -> Box:
    """g_ij = ∂L/∂z_ij."""
    letters = tuple("ijkp"[: sum(d != 1 for d in pen.subject.shape(name))])
    return row(pen.letter(letters), "=", index_boxes(Partial(Entry(pen.subject.loss), Entry(name, letters)), pen.style))


def wanted(pen: Pen) -> Content:
    """What is differentiated by."""
    s = pen.subject
    pieces: Content = ()
    for name in s.wrt:
        pieces += (prose(", ") if pieces else ()) + prose(pen.gradient(name))
    return prose("**Wanted:** ") + pieces + prose(f", in {s.layout} layout: {LAYOUT_WORDS[s.layout]}.")


LAYOUT_WORDS = {
    "denominator": "each has the shape of the variable that it belongs to",
    "numerator": "each has the transposed shape of the variable that it belongs to",
}


def answer(pen: Pen, within: Iterable[str] = ()) -> Block:
    """All results at once, and the gradients of definitions that they are made of."""
    s = pen.subject
    inner = [n for n in within if n not in s.wrt]
    short = pen.shortened({n: s.formulas[n] for n in s.wrt} | {n: s.backward.formula(n) for n in inner})

    def line(name: str) -> Line:
        e = short.formulas[name]
        return Line(pen.gradient(name), pen.formula(e), prose(f"`{s.symbol(name)} = {text(e)}`"), e.shape)

    body: list[Block] = [Aligned(tuple(map(line, s.wrt)))]
    named = tuple(Line(pen.formula(v), pen.formula(e), prose(f"`{v.name} = {text(e)}`"), e.shape) for v, e in short.parts)
    if named or inner:
        body += [Prose(prose("where")), Aligned((*named, *map(line, inner)))]
    hints = tuple(undeclared(pen, [*s.wrt, *inner]))
    if hints:
        body.append(List(hints))
    return Callout("answer", prose("The answer"), tuple(body))


__all__ = ["Prose", "answer", "problem", "show"]
