"""Which declared property a gradient rests on: the formula is compared with the one for a variable of which nothing is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blocks import Content, prose
from ..calculus.gradients import Backward, backward
from ..calculus.structures import FACTS, bare, stated, supposed, totals
from ..errors import ShapecalcError
from ..expr import Expr, Var, nodes
from ..notation import text
from ..shapes import show
from .pen import Pen

MANY = 12  # definitions above which nothing is derived a second time for a page


def used(pen: Pen, name: str) -> Iterator[tuple[Var, str, Expr]]:
    """Each variable whose property shows in the gradient by a name, the word for it, and what the gradient would be without it."""
    s = pen.subject
    if len(s.problem.definitions) > MANY:
        return
    own = s.backward.formula(name)
    for v in s.problem.declared.values():
        word = next((w for w in FACTS if w in v.properties), None)
        other = without(pen, v) if word is not None else None
        if word is None or other is None or name not in other.flows:
            continue
        free = other.formula(name)
        if text(free) != text(own):
            yield v, word, free


def without(pen: Pen, v: Var) -> Backward | None:
    """The derivation with nothing declared of a variable; None where there is none."""
    known = pen.plain
    if v.name not in known:
        s = pen.subject
        try:
            known[v.name] = backward(bare(s.problem, v.name), s.wrt)
        except ShapecalcError:
            known[v.name] = None
    return known[v.name]


def step(pen: Pen, name: str) -> Content:
    """What was used, and what the gradient is without it."""
    out: Content = ()
    for v, word, free in used(pen, name):
        out += prose("; " if out else "**Used:** ", f"{stated(v, word)}; without that it would be ")
        out += prose(pen.formula(free), f" (`{pen.subject.symbol(name)} = {text(free)}`)")
    return out


def because(pen: Pen, name: str) -> Content:
    """The same in a few words, for a line of the backward pass."""
    facts = [stated(v, word) for v, word, _ in used(pen, name)]
    return prose(f"; used: {', '.join(facts)}") if facts else ()


def undeclared(pen: Pen, shown: Iterable[str]) -> Iterator[Content]:
    """What could be declared of a table whose rows are added up in a gradient, so that the sum is 1 and goes."""
    s = pen.subject
    names = list(shown)
    own = {n for body in s.problem.definitions.values() for n in nodes(body)}  # a sum that was written is meant
    if len(s.problem.definitions) > MANY:
        return
    for v, node, properties in totals(s.problem, [s.backward.formula(n) for n in names]):
        word = properties[-1] if properties and node not in own else ""
        other = backward(supposed(s.problem, v.name, word), s.wrt) if word else None
        if other is None or any(node in nodes(other.formula(n)) for n in names if n in other.flows):
            continue
        which = "entries" if len(v.shape) == 1 else "rows" if word == "onehot" else "columns"
        what = prose(f"If the {which} of ", pen.name(v.name), " add up to 1, as one-hot ones do, say so: ")
        yield what + prose(f"`{v.name}: {word} {show(v.shape)}`; then `{text(node)}` is 1 and goes.")
