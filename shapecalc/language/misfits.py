"""Two shapes that do not go together: what disagrees, in the user's words, and a product or sum of the two that would fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapecalc import shapes
from shapecalc.errors import Misfit, NotKnownYet, ShapecalcError, ShapeProblem
from shapecalc.expr import Expr
from shapecalc.forms import add
from shapecalc.shapes import Shape, show

from . import tree

Words = Callable[..., str]
"""The part of the source that a node stands for, or a fallback."""


def misaligned(words: Words, left: tuple[tree.Node, Expr], right: tuple[tree.Node, Expr], op: str, span: tuple[int, int]) -> ShapecalcError:
    """Two shapes that do not broadcast."""
    (a_node, a), (b_node, b) = left, right
    a_name, b_name = words(a_node, "the left side"), words(b_node, "the right side")
    rank = min(len(a.shape), len(b.shape))
    clash = next(
        ((x, y) for x, y in zip(a.shape[-rank:][::-1], b.shape[-rank:][::-1], strict=False) if x != y and 1 not in (x, y)), ("?", "?")
    )
    hint = None
    for text, other in ((f"{b_name}.T", b.shape[::-1]), (f"{b_name}[:, None]", (*b.shape, 1))):
        if other != b.shape and shapes.broadcast(a.shape, other) in (a.shape, other):
            hint = f"{a_name} {op} {text} fits, and is {show(shapes.broadcast(a.shape, other) or ())}"
            break
    if hint is None and op == "*" and len(a.shape) >= 1 and len(b.shape) >= 1:
        hint = product_hint(a_name, a.shape, b_name, b.shape)
    return ShapeProblem(
        f"{clash[0]} against {clash[1]}: these do not broadcast",
        span=span,
        notes=(f"{a_name} {show(a.shape)} {op} {b_name} {show(b.shape)}",),
        hint=hint,
    )


def misaligned_sum(words: Words, terms: Sequence[tuple[str, tree.Node]], built: Sequence[Expr]) -> ShapecalcError | None:
    """The first addend that does not broadcast with what stands before it, if that is the matter."""
    so_far, so_node = built[0], terms[0][1]
    for (sign, node), e in zip(terms[1:], built[1:], strict=True):
        if shapes.broadcast(so_far.shape, e.shape) is None:
            return misaligned(words, (so_node, so_far), (node, e), sign, (so_node.span[0], node.span[1]))
        so_far = add(so_far, e)
    return None


def nonconformable(
    words: Words, left: tuple[tree.Node, Expr], right: tuple[tree.Node, Expr], span: tuple[int, int], misfit: Misfit
) -> ShapecalcError:
    """A matrix product whose inner sizes differ."""
    (a_node, a), (b_node, b) = left, right
    x, y = words(a_node, "the left factor"), words(b_node, "the right factor")
    if not a.shape or not b.shape:
        scalar = x if not a.shape else y
        return ShapeProblem(f"@ multiplies matrices, and {scalar} is a scalar", span=span, hint=f"{x} * {y}")
    inner = b.shape[0] if len(b.shape) == 1 else b.shape[-2]
    columns, rows = "columns" if len(a.shape) > 1 else "entries", "rows" if len(b.shape) > 1 else "entries"
    what = f"{x} has {a.shape[-1]} {columns}, but {y} has {inner} {rows}"
    if a.shape[-1] == inner:
        what = misfit.message
    return ShapeProblem(what, span=span, notes=(f"{x} {show(a.shape)} @ {y} {show(b.shape)}",), hint=product_hint(x, a.shape, y, b.shape))


def of_operators(shape: Shape, order: str, span: tuple[int, int]) -> None:
    """Refuses ||A||_2 and ||A||_1 of a matrix, which are norms of operators."""
    if order in ("1", "2") and len(shape) == 2 and 1 not in shape:
        raise NotKnownYet(f"the {order}-norm of a matrix is a norm of operators, which is not in the rule book", span, hint="||A||_F, say")


def product_hint(x: str, a: Shape, y: str, b: Shape) -> str | None:
    """A product of the two that fits, the nearest to what was written first."""
    x_turned, y_turned = _turned(x), _turned(y)
    tries: list[tuple[str, Shape, Shape]] = [
        (f"{x} @ {y}", a, b),
        (f"{x_turned} @ {y}", a[::-1], b),
        (f"{x} @ {y_turned}", a, b[::-1]),
        (f"{y} @ {x}", b, a),
        (f"{y_turned} @ {x}", b[::-1], a),
        (f"{y} @ {x_turned}", b, a[::-1]),
    ]
    for text, p, q in tries:
        if len(p) in (1, 2) and len(q) in (1, 2) and p[-1] == q[0 if len(q) == 1 else -2]:
            return f"{text} fits, and is {show((*p[:-1], *(q[1:])))}"
    return None


def _turned(name: str) -> str:
    """The words for a transpose: X.T for X, X for X.T."""
    return name.removesuffix(".T") if name.endswith(".T") else f"{name}.T" if name.replace("_", "a").isalnum() else f"({name}).T"
