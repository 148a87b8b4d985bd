"""Why a gradient is what it is: one short sentence for each way in which a name can stand in a definition."""

from __future__ import annotations

from ..blocks import Content, prose
from ..boxes import joined
from ..expr import Apply, Expr, Var, nodes
from .pen import Pen

Path = list[tuple[Apply, int]]
FUNCTIONS = frozenset({"pointwise", "structured", "undefined"})
SILENT = frozenset({"neg", "expand_dims", "squeeze", "broadcast_to", "transpose", "reshape"})


def reason(pen: Pen, name: str) -> Content:
    """Where the gradient by a name comes from."""
    s = pen.subject
    through = pen.uses.get(name, [])
    if not through:
        return prose("given") if name in s.backward.flows else prose("nothing depends on it")
    if len(through) > 1:
        return prose("used by ", joined([pen.name(n) for n in through], ","), ": added up")
    (of,) = through
    path = way(s.problem.definitions[of], name)
    if of == s.problem.loss and (path is None or len(path) > 2):
        return prose(pen.name(of), " differentiated")
    if path is None:
        return prose("stands more than once in ", pen.name(of), ": added up")
    return prose(pen.name(name), f" {role(path)} in ", pen.name(of))


def way(body: Expr, name: str) -> Path | None:
    """The operations from the formula down to the one place where the name stands; None where there are several."""
    found: Path = []
    e = body
    while isinstance(e, Apply):
        inside = [k for k, a in enumerate(e.args) if any(isinstance(n, Var) and n.name == name for n in nodes(a))]
        if len(inside) != 1:
            return None
        found.append((e, inside[0]))
        e = e.args[inside[0]]
    return found


def role(path: Path) -> str:
    """What the name is in the operation that says most, and what that stands inside."""
    for says in (product, quotient, function, entrywise, addend):
        for depth in range(len(path) - 1, -1, -1):
            word = says(*path[depth])
            if word:
                outside = [e.name for e, _ in path[:depth] if e.op.family in FUNCTIONS]
                return word + (f", inside {outside[-1]}," if outside else "")
    return "stands"


def product(e: Apply, k: int) -> str:
    """In a product of matrices."""
    return ("is the left factor", "is the right factor")[k] if e.name == "matmul" else ""


def quotient(e: Apply, k: int) -> str:
    """Below a line."""
    return "is the divisor" if e.name == "div" and k == 1 and e.args[1].shape else ""


def function(e: Apply, _: int) -> str:
    """Inside a function."""
    if e.name in SILENT or (e.op.family not in FUNCTIONS and e.name not in ("sum", "mean")):
        return ""
    if e.name == "power":
        return "is raised to a power"
    if e.name in ("sum", "mean"):
        return "is summed" if e.name == "sum" else "is averaged"
    return f"goes through {e.name}" + (", entry by entry," if e.op.family == "pointwise" and e.shape else "")


def entrywise(e: Apply, k: int) -> str:
    """In a product entry by entry."""
    if e.name not in ("mul", "div") or e.args[1 - k].shape == ():
        return ""
    broadcast = len(e.args[k].shape) < len(e.shape)
    return "is multiplied into every row" if broadcast else "is multiplied entry by entry"


def addend(e: Apply, k: int) -> str:
    """In a sum."""
    if e.name != "add":
        return ""
    if len(e.args[k].shape) < len(e.shape) == 2:
        return f"is added to each of the {e.shape[0]} rows"
    return "is an addend"
