"""The first view: matrices of named entries, the derivative of one of them written out, and the gradient put together again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..blocks import Aligned, Block, Callout, Formula, Heading, Line, Matrix, MatrixBlock, Prose, prose
from ..boxes import TIMES, Box, Frac, Grid, joined, op, row
from ..calculus.entries import Block as Entries_
from ..calculus.entries import Entries, Explanation, Link
from ..errors import ShapecalcError
from ..shapes import Shape
from .pen import Pen, entry_text, table

MANY = 8  # addends of a chain rule up to which the zeros are written too
LISTED = 6  # entries of a definition that are written out
ROOMY = 78  # characters that a row of a matrix of formulas may take
DIGITS = 4


def matrices(pen: Pen, entries: Entries) -> Iterator[Block]:
    """The tensors at these sizes, entry by entry, and what each entry of a definition is."""
    s = pen.subject
    sizes = ", ".join(f"{k} = {v}" for k, v in entries.sizes.items())
    yield Heading(prose("The entries"))
    yield Prose(prose(f"The same with small matrices, {sizes}; every entry has a name." if sizes else "Every entry has a name."))
    shown = [matrix(pen, entries.values[n]) for n in used(pen)]
    given = [gradient_matrix(pen, n, b) for n, b in entries.gradients.items() if b.kind == "incoming"]
    yield MatrixBlock(tuple(shown + given))
    for name in used_definitions(pen):
        block = entries.values[name]
        if name != s.problem.loss and block.formulas != block.symbols:
            yield Aligned(tuple(written_out(block)))


def used_definitions(pen: Pen) -> list[str]:
    """The definitions that lead to the result, if they are few."""
    return [n for n in pen.subject.problem.definitions if n in pen.subject.backward.flows][:3]


def used(pen: Pen) -> list[str]:
    """The tensors that are shown: what is declared, and the definitions that have a gradient."""
    s = pen.subject
    return [n for n in (*s.problem.declared, *s.inner) if len(s.shape(n)) <= 2]


def matrix(pen: Pen, block: Entries_, items: list[str] | None = None, groups: list[str] | None = None) -> Matrix:
    """A tensor by its entries; a vector lies on its side."""
    return Matrix(grid(block, items or block.symbols, groups), pen.name(block.name), concrete(block))


def gradient_matrix(pen: Pen, name: str, block: Entries_, items: list[str] | None = None) -> Matrix:
    """A gradient by its entries."""
    return Matrix(grid(block, items or block.formulas), pen.gradient(name), concrete(block))


def grid(block: Entries_, items: list[str], groups: list[str] | None = None) -> Grid:
    """Entries between brackets."""
    return table(block.rows(items), block.rows(groups) if groups else None)


def concrete(block: Entries_) -> Shape:
    """The shape in numbers."""
    return tuple(block.shape)


def written_out(block: Entries_) -> Iterator[Line]:
    """z11 = ..., entry by entry; the first ones and the last of many."""
    count = len(block.symbols)
    kept = list(range(count)) if count <= LISTED else [0, 1, count - 1]
    for before, k in pairwise([-1, *kept]):
        if k != before + 1:
            yield Line(op("⋮"), row(), relation="")
        yield Line(entry_text(block.symbols[k]), entry_text(block.formulas[k]))


def chosen(block: Entries_) -> tuple[int, ...]:
    """An entry off the diagonal, its indices different where the sizes let them be."""
    return tuple(min(n, axis + 2) for axis, n in enumerate(block.shape))


def one_entry(pen: Pen, entries: Entries, name: str) -> Iterator[Block]:
    """One entry of the gradient by the chain rule, then the gradient as a whole."""
    block = entries.gradients.get(name)
    if block is None:
        return
    found = entries.explain(name, *chosen(block))
    yield Aligned(tuple(chain(pen, found)))
    yield from reassembled(pen, name, block)


def chain(pen: Pen, found: Explanation) -> Iterator[Line]:
    """∂L/∂w23 = g11 ∂z11/∂w23 + ... = what is left."""
    left = pen.partial(entry_text(found.by))
    direct = all(k.coefficient == "1" for k in found.links)
    shown = [k for k in found.links if not k.zero or len(found.links) <= MANY]
    through = " and ".join(found.through)
    outside = [entry_text(found.outside)] if found.outside else []
    if not direct and shown:
        omitted = len(found.links) - len(shown) + found.left_out
        reason = f"chain rule: one term for each entry of {through}"
        if omitted:
            reason += f" that contains {found.by}; the other {omitted} do not"
        yield Line(left, joined([*(_link(k) for k in shown), *outside], "+"), prose(reason))
        left_over = [k for k in shown if k.zero]
        why = f"{_listed([k.of for k in left_over])} do not contain {found.by}" if left_over else "the derivatives put in"
        yield Line(None, joined([*(_put_in(k) for k in shown), *outside], "+"), prose(why))
        left_box: Box | None = None
    else:
        left_box = left
    yield Line(left_box, entry_text(found.result), prose("what is left" if left_box is None else f"{through} differentiated by {found.by}"))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else f"{names[0]}" if names else ""


def _link(k: Link) -> Box:
    derivative = Frac(row("∂", entry_text(k.of)), row("∂", entry_text(k.by)), derivative=True)
    return derivative if k.coefficient == "1" else row(entry_text(k.coefficient), TIMES, derivative)


def _put_in(k: Link) -> Box:
    factor = entry_text(f"({k.derivative})") if " " in k.derivative else entry_text(k.derivative)
    return factor if k.coefficient == "1" else row(entry_text(k.coefficient), "·", factor)


def reassembled(pen: Pen, name: str, block: Entries_) -> Iterator[Block]:
    """The gradient with every entry: as a matrix where it is small, otherwise entry by entry."""
    wide = max(sum(len(t) + DIGITS for t in line) for line in block.rows())
    if wide <= ROOMY and len(block.shape) <= 2:
        yield Prose(prose(f"Every entry of {'it' if False else ''}", pen.gradient(name), " in the same way:"))
        yield MatrixBlock((gradient_matrix(pen, name, block),))
    elif len(block.symbols) <= LISTED:
        yield Prose(prose("The other entries in the same way:"))
        yield Aligned(tuple(Line(pen.partial(entry_text(x)), entry_text(t)) for x, t in zip(entry_names(pen, name, block), block.formulas, strict=True)))


def entry_names(pen: Pen, name: str, block: Entries_) -> list[str]:
    """The names of the entries that one differentiates by."""
    return [s.removeprefix("d") if s.startswith("d") else s for s in block.symbols]


def disagreement(pen: Pen, entries: Entries) -> Iterator[Block]:
    """A warning, if the entries do not bear the formulas out."""
    try:
        found = entries.agrees(pen.subject.backward)
    except ShapecalcError as error:
        yield Callout("warning", prose("The entries could not be compared with the formulas"), (Prose(prose(error.message)),))
        return
    if found is not True:
        text = f"At random numbers, entry {found.place + 1} of d{found.name} is {found.entry}, and the formula gives {found.formula}."  # type: ignore[union-attr]
        yield Callout("warning", prose("The entries and the formula disagree: do not trust this page"), (Prose(prose(text)),))


__all__ = ["Formula"]
