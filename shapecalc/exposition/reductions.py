"""The reduction of a broadcast variable, said so that nobody can misread it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..blocks import Block, Callout, Content, Dims, Formula, List, Prose, Table, prose
from ..boxes import TIMES, Box, Number, Symbol, op, row, sup
from ..calculus.gradients import backward
from ..calculus.layouts import product_with_ones, reduction
from ..derivation import Reduction
from ..errors import InputProblem
from ..expr import Apply, Expr, nodes
from ..language.problem import Problem
from ..notation import text
from ..shapes import Dim, Shape, show
from ..symbols import dimension
from .pen import Pen, table

if TYPE_CHECKING:
    from ..calculus.entries import Entries

ONES = Symbol("1", "vector", bold=True)
LINES = ("row", "column")  # what an axis runs over: axis 0 the rows, axis 1 the columns


def found(pen: Pen, name: str) -> Reduction | None:
    """The sum that a gradient is; None where it is none."""
    b = pen.subject.backward
    flow = b.flows.get(name)
    return reduction(flow, b.formula(name)) if flow is not None else None


def summed(e: Expr) -> Apply | None:
    """The sum along one axis of a matrix in a formula."""
    sums = (n for n in nodes(e) if isinstance(n, Apply) and n.name in ("sum", "mean"))
    return next((n for n in sums if len(n.args[0].shape) == 2 and n["axis"] in (0, 1, -1, -2)), None)


def reductions(pen: Pen, entries: Entries | None) -> Iterator[Block]:
    """Every broadcast variable: the first one in full, the others in brief."""
    names = [n for n in pen.subject.wrt if found(pen, n) is not None]
    for k, name in enumerate(names):
        if k == 0:
            yield from in_full(pen, name, entries)
    if len(names) > 1:
        yield Prose(prose("The others are sums too:"))
        yield List(tuple(in_brief(pen, n) for n in names[1:]))


def in_brief(pen: Pen, name: str) -> Content:
    """One reduction in a line."""
    r = found(pen, name)
    return prose(pen.gradient(name), f": {r.words}, `{pen.code(name)}`" if r is not None else "")


def in_full(pen: Pen, name: str, entries: Entries | None) -> Iterator[Block]:
    """Which index disappears, which way the sum runs, what it is not, and what it is where the variable is declared otherwise."""
    r = found(pen, name)
    if r is None:
        return
    node = summed(pen.subject.backward.formula(name))
    body: list[Block] = []
    if node is None or r.axis is None:
        body.append(List((prose(r.words[:1].upper() + r.words[1:] + "."), prose("**NumPy:** ", f"`{pen.code(name)}`"))))
    else:
        body.append(List(tuple(points(pen, name, node))))
        body += pen.picture(f"reduction:{name}")
        body += picture(pen, name, node, entries)
        body += variants(pen, name, node) if pen.brief else ()
    yield Callout("reduction", prose("The reduction of ", pen.name(name)), tuple(body))


def points(pen: Pen, name: str, node: Apply) -> Iterator[Content]:
    """The sum in words, as code, as a product, and the misreading."""
    a, axis = node.args[0], node["axis"] % 2
    gone, stays = "ij"[axis], "ij"[1 - axis]
    whole, size, kept = pen.formula(a), a.shape[axis], a.shape[1 - axis]
    line, total = LINES[axis], LINES[1 - axis]
    missing = prose("; ", pen.name(name), " has none. ", Symbol(stays), " stays.")
    yield prose("**Which index goes:** ", Symbol(gone), ", which counts ") + counted(pen, size) + missing
    sums = f" together, one total for each {total}: **{total} sums**."
    yield prose("**Which way:** add the ", dimension(size), f" {line}s of ", whole, sums)
    yield prose(f"**NumPy:** `{pen.code(name)}`; `axis` names the axis that disappears, ", Dims(a.shape), " → ", Dims(node.shape), ".")
    product = product_with_ones(a, axis, node["keepdims"])
    if isinstance(product, Apply):
        shapes = prose(Dims(product.args[0].shape), " @ ", Dims(product.args[1].shape), " → ", Dims(product.shape))
        yield prose("**With ones:** ", pen.formula(node), f", in code `{text(product)}`, ") + shapes + prose(".")
    wrong = f"sum({text(a)}, axis={1 - axis})"
    each = f" numbers, one for each {of_which(pen, size, line)}; "
    yield prose(f"**Not** `{wrong}`: {line} sums would be ", dimension(size), each, pen.name(name), " has ", dimension(kept), ".")


def of_which(pen: Pen, size: Dim, line: str) -> str:
    """What there is one number of: sample, or row."""
    word = pen.plan.words.get(str(size), "")
    return word.removesuffix("s") if word else line


def counted(pen: Pen, size: Dim) -> Content:
    """A size with what it counts: the S samples."""
    word = pen.plan.words.get(str(size))
    return prose("the ", dimension(size), f" {word}") if word else prose("the axis of size ", dimension(size))


def picture(pen: Pen, name: str, node: Apply, entries: Entries | None) -> Iterator[Block]:
    """The product with ones, entry by entry."""
    from .entry_view import WIDE, grid, width

    a, axis = node.args[0], node["axis"] % 2
    of = next((n for n, f in pen.subject.backward.flows.items() if f.symbol == a), None)
    if entries is None or of is None or name not in entries.gradients or of not in entries.gradients:
        return
    block, result = entries.gradients[of], entries.gradients[name]
    if len(block.shape) != 2 or max(block.shape) > 6:
        return
    height, across = block.shape
    if (sum if axis == 0 else max)(map(width, result.formulas)) + max(map(width, block.symbols)) * across > 1.3 * WIDE:
        return
    groups = [f"{name}{(j if axis == 0 else i) + 1}" for i in range(height) for j in range(across)]
    summands = grid(block, block.symbols, groups)
    own = [f"{name}{k + 1}" for k in range(len(result.formulas))]
    if axis == 0:
        ones = table([["1"] * height])
        total: Box = table([result.formulas], [own])
        parts = [sup(ONES, op("⊤")), TIMES, pen.gradient(of), "=", ones, summands, "=", total]
    else:
        ones = table([["1"]] * across)
        total = table([[x] for x in result.formulas], [[x] for x in own])
        parts = [pen.gradient(of), TIMES, ONES, "=", summands, ones, "=", total]
    yield Formula(row(*parts))  # type: ignore[arg-type]


def variants(pen: Pen, name: str, node: Apply) -> Iterator[Block]:
    """The same sum where the variable is declared with an axis of size 1."""
    problem, shape = pen.subject.problem, pen.subject.shape(name)
    if name not in problem.declared or node["axis"] % 2 or shape not in ((node.args[0].shape[1],), (1, node.args[0].shape[1])):
        return
    size = shape[-1]
    rows = [variant(p, name, note) for p, note in _declared(problem, name, size)]
    if len(rows) > 1:
        header = (prose(pen.name(name), " declared as"), prose("NumPy"), prose("with ones"), prose("shape"))
        yield Table(header, tuple(rows), prose("However ", pen.name(name), " is declared, its gradient has its shape:"))


def _declared(problem: Problem, name: str, size: Dim) -> Iterator[tuple[Problem, Content]]:
    """The problem with the variable as (M,), as (1, M), and, turned, as (M, 1)."""
    from ..calculus.turning import redeclared, turned

    for shape in ((size,), (1, size)):
        found = problem if problem.declared[name].shape == shape else redeclared(problem, name, shape)
        if found is not None:
            yield found, prose(Dims(shape))
    try:
        columns = turned(problem)
    except InputProblem:
        return
    if columns.declared[name].shape == (size, 1):
        yield columns, prose(Dims((size, 1)), ", samples as columns")


def variant(problem: Problem, name: str, note: Content) -> tuple[Content, ...]:
    """One line of the table: the formula as NumPy has it, and as a product with ones."""
    e = backward(problem, [name]).formula(name)
    node = summed(e)
    product = product_with_ones(node.args[0], node["axis"], node["keepdims"]) if node is not None else None
    return note, prose(f"`{text(e)}`"), prose(f"`{text(product)}`") if product is not None else prose("—"), prose(Dims(e.shape))


__all__ = ["Number", "Prose", "Shape", "found", "reductions", "show"]
