"""Slips on the derived form: the order and the kind of products, and what is summed."""

from __future__ import annotations

from collections.abc import Iterator

from ..expr import Apply, Expr
from ..forms import transposed
from ..notation import text
from .slips import Slip, applied, factors, joined, made, named, parts


def entrywise(form: Expr) -> Iterator[Slip]:
    """One product of the other kind."""
    for part in parts(form):
        for other, words in _other_kind(part.node):
            yield from made("elementwise-vs-matmul", part, other, words, "entrywise")


def _other_kind(node: Expr) -> Iterator[tuple[Expr | None, str]]:
    if not isinstance(node, Apply):
        return
    if node.name in ("mul", "matmul") and all(a.shape for a in node.args):
        a, b = node.args
        other, right, wrong = ("matmul", "*", "@") if node.name == "mul" else ("mul", "@", "*")
        words = f"{wrong} where {right} is right, in {text(node)}"
        for x, y in ((a, b), (transposed(a), b), (a, transposed(b)), (b, a), (transposed(b), a), (b, transposed(a))):
            yield applied(other, x, y), words
    if node.name == "sum" and isinstance(node.args[0], Apply) and node.args[0].name == "mul":
        a, b = node.args[0].args
        words = f"@ multiplies every column with every other; {text(node)} needs only the products of equal ones"
        for x, y in ((transposed(a), b), (transposed(b), a), (a, transposed(b)), (b, transposed(a))):
            yield applied("matmul", x, y), words


def orders(form: Expr) -> Iterator[Slip]:
    """Two factors of a matrix product exchanged; an entrywise factor on the other side of @."""
    for part, node in named(form, "matmul", "mul", "div"):
        for other in _reordered(node):
            yield from made("wrong-order", part, other, f"the order in {text(node)}", "order")


def _reordered(node: Apply) -> Iterator[Expr | None]:
    a, b = node.args
    if node.name == "matmul":
        if len(a.shape) == len(b.shape):  # x @ A for A @ x is a transpose, and nobody's order
            yield applied("matmul", b, a)
        for side, rest, left in ((a, b, True), (b, a, False)):
            if isinstance(side, Apply) and side.name in ("mul", "div"):
                x, y = side.args
                yield applied(side.name, _beside(x, rest, left), y)
                if side.name == "mul":
                    yield applied("mul", _beside(y, rest, left), x)
    elif isinstance(a, Apply) and a.name == "matmul":
        chain = factors(a)
        for k in range(len(chain)):
            yield joined([*chain[:k], applied(node.name, chain[k], b), *chain[k + 1 :]])


def _beside(x: Expr, rest: Expr, left: bool) -> Expr | None:
    return applied("matmul", x, rest) if left else applied("matmul", rest, x)


def sums(form: Expr) -> Iterator[Slip]:
    """Another axis, no sum, a sum over everything, a sum where there is none."""
    for part, node in named(form, "sum", "mean"):
        for other, slug, words in _summed_otherwise(node):
            yield from made(slug, part, other, words, "axis" if slug == "wrong-axis" else "summed")
    for part, node in named(form, "outer"):
        if node.args[0].shape == node.args[1].shape:
            yield from made(
                "over-reduced", part, applied("inner", *node.args), f"a @ b adds up to a number; {text(node)} keeps every product"
            )


def _summed_otherwise(node: Apply) -> Iterator[tuple[Expr | None, str, str]]:
    inner, axis = node.args[0], node["axis"]
    for other in (*range(len(inner.shape)), None):
        if other == axis:
            continue
        slug = "over-reduced" if other is None else "not-reduced" if axis is None else "wrong-axis"
        words = f"axis={axis}, not axis={other}" if other is not None else f"only axis={axis} is summed"
        for keep in (False, True):
            yield applied(node.name, inner, axis=other, keepdims=keep), slug, words
    yield inner, "not-reduced", f"{text(inner)} is not summed"


def spread(form: Expr) -> Iterator[Slip]:
    """x * x for outer(x, x)."""
    for part, node in named(form, "outer"):
        if node.args[0].shape == node.args[1].shape:
            words = f"the entrywise product is a vector; {text(node)} is a matrix"
            yield from made("rank", part, applied("mul", *node.args), words, "outer")
