"""The table over conventions: samples as rows or as columns, denominator or numerator layout; the same numbers in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..blocks import Block, Content, Dims, Heading, Prose, Table, prose
from ..calculus.gradients import Backward
from ..calculus.layouts import drawn_shape, product_with_ones
from ..derivation import Reduction
from ..expr import Apply, Expr, Var, rebuild
from ..forms import apply, params_of, remake, transposed
from ..notation import text
from ..shapes import Shape
from ..symbols import dimension
from .pen import Pen
from .reductions import found, summed

SAMPLES = {"rows": "samples as rows", "columns": "samples as columns", "": "as written", "turned": "turned over"}


@dataclass(frozen=True, slots=True)
class Convention:
    """One column of the table: a derivation under a way to lay out the samples, drawn in a layout."""

    pen: Pen
    samples: str
    layout: str

    @property
    def backward(self) -> Backward:
        """The backward pass of that way."""
        return self.pen.subject.backward

    def drawn(self, name: str) -> Expr:
        """The gradient with every gradient in it as this layout draws it."""
        return as_drawn(self.backward, self.backward.formula(name), self.layout)

    def shape(self, name: str) -> Shape:
        """The shape of the gradient by a name as drawn."""
        return drawn_shape(self.pen.subject.shape(name), self.layout)


def as_drawn(passed: Backward, e: Expr, layout: str) -> Expr:
    """A gradient formula in a layout, where the gradients inside are drawn in that layout too."""
    if layout != "numerator":
        return e
    symbols = {f.symbol for f in passed.flows.values() if len(f.symbol.shape) == 2}
    changed = rebuild(e, lambda v: transposed(Var(v.name, v.shape[::-1])) if v in symbols and isinstance(v, Var) else None, remake)
    return passed.drawn(changed, layout) if len(e.shape) == 2 else straightened(passed, changed)


def straightened(passed: Backward, e: Expr) -> Expr:
    """A vector formula read anew, so that no transpose is left over: sum(A.T, axis=0) is sum(A, axis=1)."""

    def change(node: Expr) -> Expr | None:
        if isinstance(node, Apply) and node.name in ("sum", "mean") and isinstance(node["axis"], int):
            (a,) = node.args
            if isinstance(a, Apply) and a.name == "transpose" and len(a.shape) == 2:
                return apply(node.name, a.args[0], **{**params_of(node), "axis": 1 - node["axis"] % 2})
        return None

    del passed
    return rebuild(e, change, remake)


def conventions(pens: Iterable[tuple[str, Pen]], layouts: tuple[str, ...]) -> Iterator[Block]:
    """The table, and the sentence that reconciles its columns."""
    columns = [Convention(pen, samples, layout) for samples, pen in pens for layout in layouts]
    if len(columns) < 2:
        return
    first = columns[0].pen
    yield Heading(prose("The same under every convention"))
    header = (prose(""), *(prose(c.pen.equation()) if c.pen.brief else prose(SAMPLES[c.samples]) for c in columns))
    rows = [(prose("samples are"), *(prose(SAMPLES[c.samples].removeprefix("samples as ")) for c in columns))] if first.brief else []
    rows += [(prose("layout"), *(prose(c.layout) for c in columns)), *seeds(columns)]
    for name in first.subject.wrt:
        rows += gradient_rows(columns, name)
    yield Table(header, tuple(rows), prose(caption(columns)))
    yield Prose(reconciled(columns))


def caption(columns: list[Convention]) -> str:
    """What the columns are."""
    samples = list(dict.fromkeys(SAMPLES[c.samples] for c in columns))
    return f"{' and '.join(samples).capitalize()}; every gradient as the layout draws it, the incoming one too." if samples else ""


def seeds(columns: list[Convention]) -> Iterator[tuple[Content, ...]]:
    """How the incoming gradients are drawn."""
    for name in columns[0].pen.subject.inner[:1] if len(columns[0].pen.subject.inner) == 1 else columns[0].backward.seeds:
        yield (prose(columns[0].pen.gradient(name), " is drawn"), *(prose(Dims(c.shape(name))) for c in columns))


def gradient_rows(columns: list[Convention], name: str) -> Iterator[tuple[Content, ...]]:
    """Formula and shape by one name, and which sum it is if it is one."""
    pen = columns[0].pen
    drawn = [c.drawn(name) for c in columns]
    yield (prose(pen.gradient(name)), *(prose(c.pen.formula(e)) for c, e in zip(columns, drawn, strict=True)))
    yield (prose("its shape"), *(prose(Dims(c.shape(name))) for c in columns))
    kept = [n for n in map(summed, drawn) if n is not None and isinstance(n.args[0], Var)]
    if found(pen, name) is None or len(kept) < len(drawn):
        return
    yield (prose("which sums"), *(prose("column sums" if n["axis"] % 2 == 0 else "row sums") for n in kept))
    yield (prose("axis that goes"), *(prose(f"`axis={n['axis'] % 2}{', keepdims=True' if n['keepdims'] else ''}`") for n in kept))
    products = [product_with_ones(n.args[0], n["axis"], n["keepdims"]) for n in kept]
    yield (prose("with ones"), *(prose(f"`{text(p)}`" if p is not None else "—") for p in products))


def reconciled(columns: list[Convention]) -> Content:
    """Why they all say the same."""
    first = columns[0]
    pen = first.pen
    for name in pen.subject.wrt:
        node = summed(first.drawn(name)) if found(pen, name) is not None else None
        if node is None or not isinstance(node.args[0], Var):
            continue
        size = node.args[0].shape[node["axis"] % 2]
        unit = next((w for d in pen.subject.shape(name) if (w := pen.plan.words.get(str(d)))), "")
        which = f"those that share an {unit.removesuffix('s')}" if unit else f"those that belong to the same entry of {name}"
        total = prose("Each entry of ", pen.gradient(name), " is the sum of ", dimension(size), " entries of ", pen.formula(node.args[0]))
        how = prose("; whether these stand below or beside one another is only how they are drawn.")
        return prose(f"**The same numbers are added everywhere:** {which}. ") + total + how
    return prose("All columns hold the same numbers; only the way in which they are drawn differs.")


__all__ = ["Reduction", "conventions"]
