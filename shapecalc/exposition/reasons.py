"""Why a gradient is what it is: one short sentence for each way in which a name can stand in a definition."""

from __future__ import annotations

from ..blocks import Content, prose
from ..calculus.index_text import users
from ..expr import Apply, Expr, Var, nodes
from .pen import Pen, listed

POINTWISE = "entry by entry: times the slope of {op}"


def reason(pen: Pen, name: str) -> Content:
    """Where the gradient by a name comes from."""
    s = pen.subject
    through = users(s.backward, name)
    if not through:
        return prose("given") if s.backward.flows.get(name) else prose("nothing depends on it")
    if len(through) > 1:
        return prose(f"used by {listed(through)}: added up")
    of = through[0]
    if of == s.problem.loss:
        return prose(f"{of} differentiated")
    path = way(s.problem.definitions[of], name)
    if path is None:
        return prose(f"stands more than once in {of}: added up")
    return prose(pen.name(name), f" {role(path, s.problem.definitions[of])} in ", pen.name(of))


def way(body: Expr, name: str) -> list[tuple[Apply, int]] | None:
    """The operations from the formula down to the one place where the name stands; None where there are several."""
    found: list[tuple[Apply, int]] = []
    e = body
    while isinstance(e, Apply):
        inside = [k for k, a in enumerate(e.args) if any(isinstance(n, Var) and n.name == name for n in nodes(a))]
        if len(inside) != 1:
            return None
        found.append((e, inside[0]))
        e = e.args[inside[0]]
    return found


def role(path: list[tuple[Apply, int]], body: Expr) -> str:
    """What the name is in the operation nearest to it, told with what is done to that."""
    for e, k in reversed(path):
        word = one_role(e, k)
        if word:
            return word
    return "stands" if path else "is the same"


def one_role(e: Apply, k: int) -> str:
    """A name as the k-th argument of an operation."""
    if e.name == "matmul":
        return "is the left factor" if k == 0 else "is the right factor"
    if e.name in ("mul", "div"):
        other = e.args[1 - k]
        if other.shape == ():
            return ""
        lost = len(e.args[k].shape) < len(e.shape)
        return ("is multiplied, entry by entry," if e.name == "mul" else "is divided by" if k else "is divided") + (" into every row" if lost else "")
    if e.name == "add":
        a = e.args[k]
        if len(a.shape) < len(e.shape) and e.shape:
            return f"is added to each of the {e.shape[0]} rows"
        return "" if len(e.args) == 1 else "is an addend"
    if e.op.family == "pointwise":
        return f"goes through {e.name}, entry by entry,"
    if e.name in ("transpose", "neg", "expand_dims", "squeeze", "power"):
        return ""
    if e.name in ("sum", "mean"):
        return "is summed up" if e.name == "sum" else "is averaged"
    return f"goes through {e.name}"
