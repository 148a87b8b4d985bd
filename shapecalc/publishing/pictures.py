"""The pictures of a derivation: shapes drawn to scale, which entries are added into what, and the graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from ..blocks import Document, Picture, prose
from ..errors import InputProblem
from ..exposition.pen import Pen
from ..exposition.reductions import found, summed
from ..exposition.subject import Plan, Subject
from ..expr import Apply, Expr, Var, nodes, variables
from ..notation import text
from ..render.graph import Node, dot, graph_picture, mermaid
from ..render.pictures import Shaped, broadcast_picture, reduction_picture, shapes_picture
from ..shapes import Shape, value

SIGNS = {"matmul": "@", "mul": "*", "div": "/"}
STRETCHING = frozenset({"add", "mul", "div"})
COUNTS = (3, 4)  # rows and columns of the matrix in the picture of a reduction
MOST = 5  # tensors side by side
KINDS = ("shapes", "reduction", "broadcasting", "graph")
NOTHING = {
    "reduction": "no gradient here is a sum along one axis of a matrix",
    "broadcasting": "no vector here is added to every row or column of a matrix",
}


def pictures(s: Subject, plan: Plan) -> dict[str, Picture]:
    """Every picture that a page has a place for: "problem", "gradient:W", "reduction:b"."""
    pen = Pen(s, plan)
    out: dict[str, Picture] = {}
    if len(s.problem.definitions) == 1:
        ((name, body),) = s.problem.definitions.items()
        if telling(pen, body):
            out["problem"] = of_definition(pen, name)
    for name in s.wrt:
        made = of_reduction(pen, name)
        if made is not None:
            out[f"reduction:{name}"] = made
        elif len(s.shape(name)) == 2 and telling(pen, s.formulas[name]):
            out[f"gradient:{name}"] = of_gradient(pen, name)
    return {k: v for k, v in out.items() if v is not None}


def telling(pen: Pen, e: Expr) -> bool:
    """Whether a formula is made of several tensors, so that its shapes show something."""
    return len(parts(pen, e)) > 1


def of_definition(pen: Pen, name: str) -> Picture:
    """X (S×D) @ W (D×M) + b (M) = Z (S×M)."""
    s = pen.subject
    body = s.problem.definitions[name]
    return shapes_picture([*parts(pen, body), "=", Shaped(name, body.shape)], s.problem.sizes)


def of_gradient(pen: Pen, name: str) -> Picture:
    """The shapes of a gradient's formula."""
    s = pen.subject
    e = s.formulas[name]
    return shapes_picture([*parts(pen, e), "=", Shaped(pen.gradient(name), e.shape)], s.problem.sizes)


def parts(pen: Pen, e: Expr) -> list[Shaped | str]:
    """A formula as tensors with signs between them; what has more than a few stays whole."""
    found_parts = list(_parts(pen, e, top=True))
    if sum(isinstance(p, Shaped) for p in found_parts) > MOST:
        return [Shaped(pen.formula(e), e.shape)]
    return found_parts


def _parts(pen: Pen, e: Expr, top: bool = False) -> Iterator[Shaped | str]:
    if isinstance(e, Apply) and e.name in SIGNS and e.shape and all(a.shape for a in e.args):
        yield from _parts(pen, e.args[0])
        yield SIGNS[e.name]
        yield from _parts(pen, e.args[1])
    elif isinstance(e, Apply) and e.name == "add" and top and e["signs"][0] > 0:
        for k, (a, sign) in enumerate(zip(e.args, e["signs"], strict=True)):
            if k:
                yield "+" if sign > 0 else "−"
            yield from _parts(pen, a)
    else:
        yield Shaped(pen.formula(e), e.shape)


def of_reduction(pen: Pen, name: str) -> Picture | None:
    """Which entries are added into what."""
    s = pen.subject
    node = summed(s.formulas[name]) if found(pen, name) is not None else None
    if node is None:
        return None
    a, axis = node.args[0], node["axis"] % 2
    sizes = (str(a.shape[0]), str(a.shape[1]))
    return reduction_picture(pen.formula(a), pen.gradient(name), sizes, counts(pen, a), axis, order=s.problem.sizes)


def counts(pen: Pen, a: Expr) -> tuple[int, int]:
    """How many rows and columns the picture of a matrix has: those of the entries view, if that is small."""
    if not pen.plan.sizes:
        return COUNTS
    rows, columns = (value(d, pen.plan.sizes) for d in a.shape)
    return (rows, columns) if max(rows, columns) <= MOST else COUNTS


def of_broadcasts(pen: Pen, name: str) -> Iterator[Picture]:
    """How each vector in a definition is stretched over a matrix."""
    done: set[tuple[str, int]] = set()
    for node in nodes(pen.subject.problem.definitions[name]):
        if not (isinstance(node, Apply) and node.name in STRETCHING and len(node.shape) == 2):
            continue
        for a in node.args:
            axis = stretched(a.shape, node.shape)
            if isinstance(a, Var) and axis is not None and (a.name, axis) not in done:
                done.add((a.name, axis))
                sizes = (str(node.shape[0]), str(node.shape[1]))
                yield broadcast_picture(pen.name(a.name), sizes, COUNTS, axis, order=pen.subject.problem.sizes)


def stretched(shape: Shape, over: Shape) -> int | None:
    """The axis of a matrix along which a vector is copied: 0 for (M,) and (1, M), 1 for (S, 1); None where it is no such vector."""
    full = (1,) * (2 - len(shape)) + shape if len(shape) in (1, 2) else ()
    if len(full) != 2 or full in {over, (1, 1)}:
        return None
    return 0 if full[0] == 1 else 1 if full[1] == 1 else None


def graph(s: Subject) -> list[Node]:
    """The graph as nodes."""
    live = set(s.backward.flows) | set(s.wrt)
    out = [Node(n, v.shape, (), n in live) for n, v in s.problem.declared.items()]
    for name, e in s.problem.definitions.items():
        out.append(Node(name, e.shape, tuple(variables(e)), name in live, text(e)))
    return out


def one_picture(made: Document) -> str:
    """The drawings of a document as one SVG, below one another."""
    drawn = [b for b in made.blocks if isinstance(b, Picture)]
    if len(drawn) == 1:
        return drawn[0].svg
    parts, widest, y = [], 0, 0
    for picture in drawn:
        width, height = map(int, re.findall(r'(?:width|height)="(\d+)"', picture.svg.partition(">")[0]))
        parts.append(picture.svg.replace("<svg ", f'<svg y="{y}" ', 1))
        widest, y = max(widest, width), y + height
    words = quoteattr(" ".join(p.alt for p in drawn))
    space = f'viewBox="0 0 {widest} {y}" width="{widest}" height="{y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {space} role="img" aria-label={words}>'
    return "\n".join([head, *parts, "</svg>\n"])


def graph_text(s: Subject, to: str) -> str:
    """The graph for Mermaid or for Graphviz."""
    return (mermaid if to == "mermaid" else dot)(graph(s))


def drawing(s: Subject, kind: str) -> Document:
    """One kind of picture, with the same in characters."""
    pen = Pen(s, Plan())
    match kind:
        case "graph":
            made = [graph_picture(graph(s), s.problem.sizes)]
        case "shapes":
            made = [of_definition(pen, n) for n in s.problem.definitions]
        case "reduction":
            made = [p for n in s.wrt if (p := of_reduction(pen, n)) is not None]
        case "broadcasting":
            made = [p for n in s.problem.definitions for p in of_broadcasts(pen, n)]
        case _:
            raise InputProblem(f"there is no picture {kind}", hint=f"there are {', '.join(KINDS)}")
    if not made:
        raise InputProblem(NOTHING[kind], hint="--kind shapes, or --kind graph")
    return Document(prose(""), tuple(made), sizes=s.problem.sizes)


__all__ = ["Var", "drawing", "graph", "pictures"]
