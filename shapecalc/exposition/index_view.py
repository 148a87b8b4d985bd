"""The second view: index formulas with their deltas, each line with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Aligned, Block, Content, Line, Prose, prose
from ..boxes import TIMES, Box, Frac, Sum, Symbol, joined, op, paren, row, sup
from ..calculus.index_text import IndexLink, is_delta, link
from ..errors import ShapecalcError
from ..expr import Apply, Expr, Var
from ..indexed import Index, indices
from .pen import Pen, element, number_word

LONG = 3  # terms of a local derivative above which it is not put into the chain rule


def index_view(pen: Pen, name: str) -> Iterator[Block]:
    """How each definition that uses the name hands its gradient back, and what comes together."""
    s = pen.subject
    through = pen.uses.get(name, [])
    lines: list[Line] = []
    for k, of in enumerate(through):
        try:
            found = link(s.backward, of, name)
        except ShapecalcError as error:
            yield Prose(prose(f"In index form: {error.message}."))
            return
        lines += full(pen, found, len(through) > 1) if k == 0 else brief(pen, found)
    if len(through) > 1:
        used = joined([pen.name(n) for n in through], ",")
        times = f" is used {number_word(len(through))} times, in "
        yield Prose(prose(pen.name(name), times, used, ": what comes back from each is added."))
        lines += together(pen, name, found)
    elif lines:
        lines += as_matrices(pen, name, found)
    if lines:
        yield Aligned(tuple(lines))


def full(pen: Pen, f: IndexLink, several: bool) -> list[Line]:
    """From one entry of the definition to the sum that is left."""
    s = pen.subject
    out, own = [f.letters[i] for i in indices(f.out)], [f.letters[i] for i in indices(f.own)]
    of, by = pen.entry(f.of, out), pen.entry(f.by, own)
    what = prose("the loss") if f.of == s.problem.loss else prose("one entry of ", pen.name(f.of)) if out else prose("as defined")
    lines = [Line(of, pen.terms(f.body, f.letters), what)]
    left = pen.partial(by)
    if f.of == s.problem.loss:
        return [*lines, Line(left, pen.terms(f.handed, f.letters), prose(pen.name(f.of), " differentiated by one entry"))]
    chain = pen.incoming(f.of, out)
    if f.local is not None:
        lines.append(Line(_partial(of, by), pen.terms(f.local, f.letters), containing(pen, f)))
    if f.local and len(f.local) <= LONG and pen.plan.steps == "full":
        local = pen.terms(f.local, f.letters)
        local = paren(local) if len(f.local) > 1 or any(t.coefficient < 0 for t in f.local) else local
        why = prose("chain rule: through every entry of ", pen.name(f.of))
        lines.append(Line(left, summed(out, row(chain, TIMES, _partial(of, by))), why))
        lines.append(Line(None, summed(out, joined([chain, local], TIMES)), prose("put in")))
        left_box: Box | None = None
    else:
        left_box = left
    lines.append(Line(left_box, pen.terms(f.handed, f.letters), swallowed(pen, f, several)))
    return lines


def brief(pen: Pen, f: IndexLink) -> list[Line]:
    """What a further definition adds."""
    if not f.handed:
        return []
    minus = len(f.handed) == 1 and f.handed[0].coefficient < 0
    terms = [t._replace(coefficient=-t.coefficient) if minus else t for t in f.handed]
    return [Line(None, pen.terms(terms, f.letters), prose("through ", pen.name(f.of)), relation="−" if minus else "+")]


def _partial(of: Box, by: Box) -> Box:
    return Frac(row("∂", of), row("∂", by), derivative=True)


def summed(letters: list[str], body: Box) -> Box:
    """Σ_i Σ_j of something."""
    for letter in reversed(letters):
        body = Sum(Symbol(letter), None, body)
    return body


def containing(pen: Pen, f: IndexLink) -> Content:
    """Why the local derivative is what it is."""
    if not f.gone or f.local is None:
        return prose("differentiated")
    conditions = joined([row(Symbol(f.letters[a]), "=", Symbol(f.letters[b])) for a, b in f.gone], ",")
    out, own = [f.letters[i] for i in indices(f.out)], [f.letters[i] for i in indices(f.own)]
    return prose(pen.entry(f.by, own), " stands in ", pen.entry(f.of, out), " only where ", conditions)


def swallowed(pen: Pen, f: IndexLink, several: bool) -> Content:
    """What the deltas leave of the sums."""
    if not f.gone:
        return prose("simplified") + (prose(", through ", pen.name(f.of)) if several else ())
    left = [f.letters[i] for i in f.summed]
    deltas = [row(Symbol(f.letters[a]), "=", Symbol(f.letters[b])) for a, b in f.gone]
    out = prose("δ leaves only ", joined(deltas, ","))
    if left:
        out += prose("; the sum over ", joined([Symbol(x) for x in left], ","), " stays")
    return out + (prose(", through ", pen.name(f.of)) if several else ())


def together(pen: Pen, name: str, f: IndexLink) -> list[Line]:
    """All contributions as one formula."""
    own = [f.letters[i] for i in indices(f.own)]
    return [Line(None, element(paren(pen.formula(pen.subject.backward.formula(name))), own), prose("together"))] if own else []


def as_matrices(pen: Pen, name: str, f: IndexLink) -> list[Line]:
    """The sum read as a product of matrices."""
    e = pen.subject.backward.formula(name)
    own = [f.letters[i] for i in indices(f.own)]
    lines = []
    factors = chained(e)
    if factors and len(own) == 2 and len(factors) == 2 and any(is_turned(x) for x in factors) and len(f.summed) < 2:
        (inside,) = [f.letters[i] for i in f.summed] or ["k"]
        stops = [own[0], inside, own[1]]
        drawn = [turned_entry(pen, x, (stops[k], stops[k + 1])) for k, x in enumerate(factors)]
        turned = joined([pen.formula(x.args[0]) for x in factors if isinstance(x, Apply) and is_turned(x)], ",")
        why = prose(turned, " transposed: the two ", Symbol(inside), " stand side by side")
        lines.append(Line(None, Sum(Symbol(inside), None, joined(drawn, TIMES)), why))
        return [*lines, Line(None, element(paren(pen.formula(e)), own), prose("a sum over neighbouring indices is a matrix product"))]
    if not own:
        return []
    return [Line(None, element(paren(pen.formula(e)), own), reading(e))]


def reading(e: Expr) -> Content:
    """How an index formula is read as a whole."""
    if isinstance(e, Apply) and e.name in ("sum", "mean") and len(e.args[0].shape) == 2 and e["axis"] in (0, 1, -1, -2):
        ones = Symbol("1", "vector", bold=True)
        if e["axis"] in (0, -2):
            return prose(sup(ones, op("⊤")), " on the left adds the rows together")
        return prose(ones, " on the right adds the columns together")
    if chained(e):
        return prose("a sum over neighbouring indices is a matrix product")
    return prose("the same for every entry")


def chained(e: Expr) -> list[Expr]:
    """The factors of a product of matrices."""
    if isinstance(e, Apply) and e.name == "matmul" and len(e.shape) == 2:
        return [x for a in e.args for x in (chained(a) or [a])]
    return []


def is_turned(e: Expr) -> bool:
    """Whether a factor is the transpose of a name."""
    return isinstance(e, Apply) and e.name == "transpose" and isinstance(e.args[0], Var)


def turned_entry(pen: Pen, e: Expr, at: tuple[str, str]) -> Box:
    """(Xᵀ)_li, or g_im."""
    if isinstance(e, Apply) and is_turned(e):
        return element(paren(sup(pen.formula(e.args[0]), op("⊤"))), at)
    if isinstance(e, Var):
        return pen.index_entry(e, at)
    return element(paren(pen.formula(e)), at)


__all__ = ["Index", "is_delta"]
