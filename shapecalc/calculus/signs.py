"""Minus signs inside the products of a formula go outside: a * (-b) is -(a * b). What functions are taken of stays as it is."""

from __future__ import annotations

from typing import TypeGuard

from shapecalc.expr import Apply, Expr, nodes
from shapecalc.forms import add, neg, remake

PRODUCTS = frozenset({"mul", "div", "matmul"})
OPEN = PRODUCTS | {"neg", "add"}


def signed(e: Expr) -> Expr:
    """A formula whose products have no minus inside, and whose sums have a difference for one."""
    if not any(map(_inside, nodes(e))):
        return e
    done: dict[Expr, Expr] = {}
    opened = _opened(e)
    for node in nodes(e):
        done[node] = _signed(remake(node, tuple(done[a] for a in node.args))) if isinstance(node, Apply) and node in opened else node
    made = done[e]
    if _is(made, "neg") and _is(e, "div") and _is(below := made.args[0], "div"):
        return remake(below, (neg(below.args[0]), below.args[1]))  # -(a*b)/2, not -(a*b/2)
    return made


def _opened(e: Expr) -> set[Expr]:
    """The parts that are no argument of a function."""
    found: set[Expr] = set()
    stack = [e]
    while stack:
        node = stack.pop()
        if isinstance(node, Apply) and node.op.name in OPEN and node not in found:
            found.add(node)
            stack += node.args
    return found


def _inside(e: Expr) -> bool:
    """Whether a product, a sum or a minus has a minus in it."""
    return isinstance(e, Apply) and e.op.name in OPEN and any(_is(a, "neg") for a in e.args)


def _is(e: Expr, name: str) -> TypeGuard[Apply]:
    return isinstance(e, Apply) and e.op.name == name


def _signed(e: Apply) -> Expr:
    if not _inside(e):
        return e
    bare = tuple(a.args[0] if _is(a, "neg") else a for a in e.args)
    if e.op.name == "neg":
        return bare[0]
    flips = [-1 if _is(a, "neg") else 1 for a in e.args]
    if e.op.name in PRODUCTS:
        made = remake(e, bare)
        return neg(made) if flips.count(-1) % 2 else made
    both = [(a, s * f) for a, s, f in zip(bare, e["signs"], flips, strict=True)]
    ordered = [p for p in both if p[1] > 0] + [p for p in both if p[1] < 0]
    if ordered[0][1] < 0:
        return neg(add(*(a for a, _ in ordered)))
    return add(*(a for a, _ in ordered), signs=tuple(s for _, s in ordered))
