"""The pages of Jacobians and Hessians: the problem, the formula in either layout, entry by entry, and times a direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..blocks import Aligned, Block, Callout, Content, Dims, Document, Formula, Heading, Line, List, Prose, Table, prose
from ..boxes import Box, Frac, Number, row, sup
from ..calculus.folding import fold
from ..calculus.index_text import is_delta, lettered
from ..calculus.jacobians import Jacobian
from ..calculus.simplify import simplified
from ..derivation import Certificate
from ..expr import Apply, Expr, Var, nodes, variables
from ..indexed import Index, Places, indices
from ..language.problem import Problem
from ..mathematics import Entry, Style, boxes, index_boxes, of_terms
from ..mathematics import name as name_box
from ..notation import text
from ..shapes import names
from ..symbols import symbol
from .certificates import certificate

MOST = 6  # terms of an index formula that are written out
OTHER = {"numerator": "denominator", "denominator": "numerator"}


@dataclass(frozen=True, slots=True)
class Derivative:
    """A Jacobian or a Hessian as plain data; ``wrt2`` is the second variable of a Hessian, empty for a Jacobian.

    ``formulas``: by layout, the one that was asked for first; ``product``: with a direction ``v``, without the matrix.
    """

    problem: Problem
    of: str
    wrt: str
    wrt2: str
    vec: bool
    found: Jacobian
    formulas: dict[str, Expr]
    product: Expr | None
    certificate: Certificate | None
    title: Content = ()
    style: Style = field(default_factory=Style)

    def variable(self, name: str) -> Var:
        """A name of the problem."""
        return self.problem.variable(name)

    @property
    def symbol(self) -> Box:
        """∂y/∂x, or ∂²L/∂w²."""
        if not self.wrt2:
            return Frac(row("∂", self.drawn(self.of)), row("∂", self.drawn(self.wrt)), derivative=True)
        two, loss = Number("2"), symbol(str(self.problem.loss))
        if self.wrt == self.wrt2:
            return Frac(row(sup(row("∂"), two), loss), row("∂", sup(self.drawn(self.wrt), two)), derivative=True)
        return Frac(row(sup(row("∂"), two), loss), row("∂", self.drawn(self.wrt), "∂", self.drawn(self.wrt2)), derivative=True)

    def drawn(self, name: str) -> Box:
        """A name."""
        return name_box(self.variable(name), self.style)


def page(d: Derivative) -> Document:
    """The page."""
    first, e = next(iter(d.formulas.items()))
    blocks: list[Block] = [Heading(prose("The problem"))]
    defined, declared = behind(d)
    blocks.append(Aligned(tuple(Line(d.drawn(n), boxes(body, d.style), (), body.shape) for n, body in defined.items())))
    given = [piece for v in declared for piece in (", ", d.drawn(v.name), " ", *([Dims(v.shape)] if v.shape else ["(a scalar)"]))][1:]
    blocks.append(List((prose("**Given:** ", *given, "."), prose("**Wanted:** ", d.symbol, f", {convention(d, first)}."))))
    by_entry = list(index_formula(d))
    answer: list[Block] = [Formula(row(d.symbol, "=", boxes(e, d.style)), e.shape)]
    if by_entry and any(isinstance(n, Apply) and n.name == "einsum" for n in nodes(e)):
        # more than two axes: an entry is what can be read
        answer, by_entry = [replace(b, shape=e.shape) for b in by_entry if isinstance(b, Formula)], []
    answer.append(List((prose("**NumPy:** ", f"`{text(e)}`"),)))
    blocks.append(Callout("answer", prose("The answer"), tuple(answer)))
    blocks += by_entry
    blocks += layouts(d)
    blocks += product(d)
    blocks += certificate(d.certificate, what="The formula")
    kind = "Hessian of " if d.wrt2 else "Jacobian of "
    title = d.title or prose(f"The {kind}", symbol(str(d.problem.loss)) if d.wrt2 else d.drawn(d.of), " by ", d.drawn(d.wrt))
    return Document(title, tuple(blocks), sizes=d.problem.sizes)


def behind(d: Derivative) -> tuple[dict[str, Expr], list[Var]]:
    """The definitions and the declared names that what is differentiated is made of, as they were written."""
    definitions = d.problem.definitions
    waiting = [str(d.problem.loss) if d.wrt2 else d.of]
    used = {d.wrt}
    while waiting:
        name = waiting.pop()
        if name not in used or name == d.wrt:
            used.add(name)
            waiting += variables(definitions[name]) if name in definitions else ()
    return {n: e for n, e in definitions.items() if n in used}, [v for n, v in d.problem.declared.items() if n in used]


def convention(d: Derivative, layout: str) -> str:
    """The order of the axes in words."""
    if d.wrt2:
        order = f"axes of {d.wrt}, then of {d.wrt2}"
    else:
        first, then = (d.of, d.wrt) if layout == "numerator" else (d.wrt, d.of)
        order = f"in {layout} layout: axes of {first}, then of {then}"
    return order + ("; each side stacked column by column, so that it is a matrix" if d.vec else "")


def index_formula(d: Derivative) -> Iterator[Block]:
    """One entry."""
    found = d.found
    if not 0 < len(found.terms) <= MOST:
        return
    avoid = frozenset(v.name.lower() if v.shape else v.name for v in d.problem.variables().values())
    avoid |= {n for v in d.problem.variables().values() for dim in v.shape for n in names(dim)}
    keep = (*indices(found.out), *indices(found.own))
    named = [t._replace(factors=tuple(f._replace(base=fold(f.base, found.context)) for f in t.factors)) for t in found.terms]
    terms = [t._replace(factors=tuple(sorted(t.factors, key=is_delta))) for t in simplified(named, keep, found.context)]
    if not terms:
        return
    letters = lettered(avoid, Var("", ()), (found.out, found.own), [terms])
    drawn, _ = of_terms(terms, tuple(letters), d.style, list(letters.values()))  # type: ignore[arg-type]
    yield Heading(prose("Entry by entry"), 2)
    yield Formula(row(entry(d, letters), "=", drawn))


def entry(d: Derivative, letters: Mapping[Index, str]) -> Box:
    """∂y_i/∂x_l, or ∂²L/∂x_i∂x_l."""

    def at(name: str, places: Places) -> Box:
        labels = tuple(letters[i] for i in indices(places))
        return index_boxes(Entry(name, labels), d.style) if labels else d.drawn(name)

    if d.wrt2:
        above = row(sup(row("∂"), Number("2")), symbol(str(d.problem.loss)))
        return Frac(above, row("∂", at(d.wrt, d.found.out), "∂", at(d.wrt2, d.found.own)), derivative=True)
    return Frac(row("∂", at(d.of, d.found.out)), row("∂", at(d.wrt, d.found.own)), derivative=True)


def layouts(d: Derivative) -> Iterator[Block]:
    """Both layouts next to each other."""
    if len(d.formulas) < 2:
        return
    yield Heading(prose("In both layouts"), 2)
    header = (prose("layout"), prose(d.symbol), prose("shape"), prose("axes"))
    rows = [(prose(k), prose(boxes(e, d.style)), prose(Dims(e.shape)), prose(axes(d, k))) for k, e in d.formulas.items()]
    yield Table(header, tuple(rows))


def axes(d: Derivative, layout: str) -> str:
    """Which axes come first."""
    return f"{d.of}, then {d.wrt}" if layout == "numerator" else f"{d.wrt}, then {d.of}"


def product(d: Derivative) -> Iterator[Block]:
    """The derivative times a direction."""
    if d.product is None:
        return
    yield Heading(prose("Times a direction, without the matrix"), 2)
    name = d.wrt2 or d.wrt
    yield Prose(prose("For a direction ", symbol("v"), " of the shape of ", d.drawn(name), ", ", Dims(d.variable(name).shape), ":"))
    yield Formula(boxes(d.product, d.style), d.product.shape)
    yield List((prose("**NumPy:** ", f"`{text(d.product)}`"),))

