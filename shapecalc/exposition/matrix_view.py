"""The third view: the formula in matrices, the shapes along it, why its order is forced, and the line of NumPy."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Block, Content, Dims, Formula, List, Prose, prose
from ..boxes import row
from ..errors import Misfit
from ..expr import Apply, Expr
from ..forms import apply
from ..notation import text
from ..shapes import Shape
from ..symbols import dimension
from .index_view import chained
from .pen import Pen
from .properties import step

LONG = 100  # characters of a formula without names for its parts that a reader follows


def matrix_view(pen: Pen, name: str) -> Iterator[Block]:
    """The gradient as one formula."""
    s = pen.subject
    e = s.formulas.get(name) or s.backward.formula(name)
    expanded = s.expanded(name)
    yield Formula(row(pen.gradient(name), "=", pen.formula(e)), e.shape)
    yield from pen.picture(f"gradient:{name}")
    points = [p for p in (step(pen, name), distinct(pen, name), shapes(e), order(e), layout(pen, name, e)) if p]
    points.append(prose("**NumPy:** ", f"`{pen.code(name)}`"))
    yield List(tuple(points))
    if expanded is not None and expanded != e and len(text(expanded)) <= LONG:
        yield Prose(prose("Written out, with the gradients of the definitions put in:"))
        yield Formula(row(pen.gradient(name), "=", pen.formula(expanded)), expanded.shape)
        yield List((prose("**NumPy:** ", f"`{s.symbol(name)} = {text(expanded)}`"),))


def distinct(pen: Pen, name: str) -> Content:
    """How partials by distinct entries come from those by free ones."""
    s = pen.subject
    if not s.structured or name not in s.problem.declared:
        return ()
    properties = s.problem.declared[name].properties
    free = prose(" from the partials by free entries, G = ", pen.formula(s.backward.formula(name)), ": ")
    if properties & {"symmetric", "posdef"}:
        why = "G + Gᵀ − I ⊙ G, since an entry off the diagonal stands in two places and one on it in one"
    elif "diagonal" in properties:
        why = "I ⊙ G, since only the diagonal is free"
    elif "triangular" in properties:
        why = "the lower triangle of G, since nothing else is free"
    else:
        return ()
    return prose("**Distinct entries:**") + free + prose(f"{why}.")


def stripped(e: Expr) -> Expr:
    """A formula without its scalar factors."""
    while isinstance(e, Apply):
        if e.name == "neg" or (e.name == "div" and e.args[1].shape == ()):
            e = e.args[0]
        elif e.name == "mul" and () in (e.args[0].shape, e.args[1].shape):
            e = e.args[1] if e.args[0].shape == () else e.args[0]
        else:
            break
    return e


def shapes(e: Expr) -> Content:
    """(D, S) @ (S, M) → (D, M)."""
    core = stripped(e)
    if not isinstance(core, Apply):
        return ()
    if core.name == "matmul":
        factors = chained(core) or list(core.args)
        return prose("**Shapes:** ") + _joined([f.shape for f in factors], " @ ") + prose(" → ", Dims(core.shape))
    if core.name in ("mul", "div"):
        sign = " * " if core.name == "mul" else " / "
        return prose("**Shapes:** ") + _joined([a.shape for a in core.args], sign) + prose(" → ", Dims(core.shape))
    if core.name in ("sum", "mean") and isinstance(core["axis"], int):
        axis = core["axis"] % len(core.args[0].shape)
        return prose("**Shapes:** ", Dims(core.args[0].shape), f" summed along axis {axis} → ", Dims(core.shape))
    return ()


def _joined(found: list[Shape], sign: str) -> Content:
    out: Content = ()
    for shape in found:
        out += (prose(sign) if out else ()) + prose(Dims(shape))
    return out


def order(e: Expr) -> Content:
    """Why the factors of a product of two matrices stand in this order."""
    factors = chained(stripped(e))
    if len(factors) != 2:
        return ()
    a, b = factors
    inside, first, last = (dimension(d) for d in (a.shape[-1], a.shape[0], b.shape[1]))
    out = prose("**Order:** ", inside, " is summed, so it has to stand inside; ", first, " leads and ", last, " ends, as in the result. ")
    try:
        other = apply("matmul", b, a)
    except Misfit:
        wrong = prose(f"`{factor(b)} @ {factor(a)}` does not fit: ", Dims(b.shape), " @ ", Dims(a.shape), ", ")
        return out + wrong + prose(dimension(b.shape[1]), " against ", dimension(a.shape[0]), ".")
    if other.shape != e.shape:
        return out + prose(f"`{factor(b)} @ {factor(a)}` fits, but is ", Dims(other.shape), ".")
    return out + prose("The other order fits too; only the indices tell which is right.")


def factor(e: Expr) -> str:
    """A factor of a product that cannot be made, in parentheses where it is more than a name."""
    written = text(e)
    product = isinstance(e, Apply) and e.name in ("mul", "div", "add", "neg", "matmul")
    return f"({written})" if product else written


def layout(pen: Pen, name: str, drawn: Expr) -> Content:
    """What the numerator layout changes."""
    s = pen.subject
    if s.layout != "numerator" or len(s.shape(name)) != 2:
        return ()
    if name not in s.wrt:
        return ()
    turned = pen.transposed(s.backward.formula(name))
    what = prose("**Layout:** in numerator layout the gradient is drawn transposed")
    return what if pen.formula(drawn) == turned else what + prose(": ", row(pen.formula(drawn), "=", turned))
