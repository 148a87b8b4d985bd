"""The computation graph: what each value is made of, left to right, with the gradients flowing back; as SVG, Mermaid and DOT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..blocks import Content, Picture
from ..boxes import Box
from ..shapes import Shape, names, show
from ..symbols import kind_of, shape_box, symbol
from .characters import Characters
from .drawing import SOFT, Sheet, formula_width
from .palette import Palette

GAP = (74.0, 22.0)  # between columns, and between boxes of a column
HIGH = 44.0


@dataclass(frozen=True, slots=True)
class Node:
    """One value. ``inputs``: the names it is computed from, none if it is given; ``gradient``: whether a gradient flows back into it.

    ``operation``: a word for how it is computed, on the arrows' end.
    """

    name: str
    shape: Shape
    inputs: tuple[str, ...] = ()
    gradient: bool = True
    operation: str = ""


@dataclass(slots=True)
class Place:
    """Where a node is drawn; a place without a node is a bend of a long edge."""

    node: Node | None
    layer: int
    x: float = 0.0
    y: float = 0.0
    wide: float = 0.0


def graph_picture(nodes: Sequence[Node], sizes: Sequence[str] = (), caption: Content = ()) -> Picture:
    """The graph as a picture: solid arrows forward, dashed arrows for the gradients."""
    palette = Palette(tuple(sizes) or tuple(dict.fromkeys(n for node in nodes for d in node.shape for n in names(d))))
    places, edges = _laid_out(nodes)
    sheet = Sheet(palette)
    for path, node in edges:
        _edge(sheet, path, node)
    for place in places:
        if place.node is not None:
            _node(sheet, place, place.node)
    words = "; ".join(f"{n.name} {show(n.shape)}" + (f" from {', '.join(n.inputs)}" if n.inputs else "") for n in nodes)
    return Picture(sheet.svg(f"Computation graph: {words}"), f"Computation graph: {words}", caption, in_words(nodes))


def in_words(nodes: Sequence[Node]) -> str:
    """The graph as lines of text."""
    wide = max((len(f"{n.name} {show(n.shape)}") for n in nodes), default=0)

    def line(n: Node) -> str:
        return f"{f'{n.name} {show(n.shape)}':<{wide}}  ←  {', '.join(n.inputs)}" + (f"   {n.operation}" if n.operation else "")

    return "\n".join(line(n) for n in nodes if n.inputs)


def mermaid(nodes: Sequence[Node]) -> str:
    """The graph for whatever draws Mermaid (GitHub, Obsidian, Quarto)."""
    ids = {n.name: f"n{k}" for k, n in enumerate(nodes)}
    lines = ["flowchart LR"]
    for n in nodes:
        left, right = ("[", "]") if n.inputs else ("([", "])")
        lines.append(f'  {ids[n.name]}{left}"{_quoted(n.name)} {show(n.shape)}"{right}')
    for n in nodes:
        lines += [f"  {ids[i]} --> {ids[n.name]}" for i in dict.fromkeys(n.inputs) if i in ids]
    for n in nodes:
        lines += [f'  {ids[n.name]} -. "d{_quoted(i)}" .-> {ids[i]}' for i in dict.fromkeys(n.inputs) if i in ids and _flows(nodes, n, i)]
    return "\n".join(lines) + "\n"


def dot(nodes: Sequence[Node]) -> str:
    """The graph for Graphviz."""
    lines = ["digraph {", "  rankdir=LR; node [shape=box, style=rounded, fontname=serif];"]
    lines += [f'  "{_quoted(n.name)}" [label="{_quoted(n.name)} {show(n.shape)}"];' for n in nodes]
    known = {n.name for n in nodes}
    for n in nodes:
        for i in dict.fromkeys(n.inputs):
            if i in known:
                lines.append(f'  "{_quoted(i)}" -> "{_quoted(n.name)}";')
                if _flows(nodes, n, i):
                    lines.append(f'  "{_quoted(n.name)}" -> "{_quoted(i)}" [style=dashed, label="d{_quoted(i)}", constraint=false];')
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return "".join(f"#{ord(c)};" if c in '"<>\\' else c for c in text if c.isprintable())


def _flows(nodes: Sequence[Node], to: Node, name: str) -> bool:
    return to.gradient and any(n.name == name and n.gradient for n in nodes)


def _laid_out(nodes: Sequence[Node]) -> tuple[list[Place], list[tuple[list[Place], bool]]]:
    """Places in columns, and the edges as the places that they run through, with whether a gradient flows back along them."""
    by_name = {n.name: n for n in nodes}
    layer: dict[str, int] = {}
    for n in nodes:
        layer[n.name] = max((layer[i] + 1 for i in n.inputs if i in layer), default=0)
    for n in nodes:
        users = [layer[m.name] for m in nodes if n.name in m.inputs]
        if not n.inputs and users:
            layer[n.name] = min(users) - 1  # what is given stands next to where it is first used
    columns: list[list[Place]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    place = {n.name: Place(n, layer[n.name], wide=_width(n)) for n in nodes}
    for n in nodes:
        columns[layer[n.name]].append(place[n.name])
    edges: list[tuple[list[Place], bool]] = []
    for n in nodes:
        for i in dict.fromkeys(n.inputs):
            if i in by_name:
                bends = [Place(None, k) for k in range(layer[i] + 1, layer[n.name])]
                for bend in bends:
                    columns[bend.layer].append(bend)
                edges.append(([place[i], *bends, place[n.name]], _flows(nodes, n, i)))
    _ordered(columns, edges)
    _placed(columns)
    return [p for column in columns for p in column], edges


def _ordered(columns: list[list[Place]], edges: list[tuple[list[Place], bool]]) -> None:
    """Each column in the order of what its places are joined to, swept to and fro, so that few edges cross."""
    joined: dict[int, list[Place]] = {}
    for path, _ in edges:
        for a, b in pairwise(path):
            joined.setdefault(id(a), []).append(b)
            joined.setdefault(id(b), []).append(a)
    for _ in range(6):
        for column in (*columns, *reversed(columns)):
            rank = {id(p): k - len(other) / 2 for other in columns for k, p in enumerate(other)}
            column.sort(key=lambda p: sum(rank[id(q)] for q in joined.get(id(p), [])) / max(len(joined.get(id(p), [])), 1))


def _placed(columns: list[list[Place]]) -> None:
    """Columns beside one another, each in the middle of the height."""
    heights = [sum(HIGH if p.node else 10.0 for p in column) + GAP[1] * (len(column) - 1) for column in columns]
    middle = max(heights, default=0) / 2
    x = 0.0
    for column, height in zip(columns, heights, strict=True):
        wide = max((p.wide for p in column), default=0)
        y = middle - height / 2
        for p in column:
            own = HIGH if p.node else 10.0
            p.x, p.y = x + (wide - p.wide) / 2, y + own / 2
            y += own + GAP[1]
        x += wide + GAP[0]


def _width(n: Node) -> float:
    return max(formula_width(symbol(n.name, kind_of(n.shape))), formula_width(shape_box(n.shape), 12), 30) + 22


def _node(sheet: Sheet, place: Place, node: Node) -> None:
    """A box with the name and, below it, the shape."""
    tint = next((d for d in reversed(node.shape) if isinstance(d, str) and d in sheet.palette.names), "")
    sheet.rect(place.x, place.y - HIGH / 2, place.wide, HIGH, tint, radius=8 if node.inputs else 20)
    label: Box = symbol(node.name, kind_of(node.shape))
    sheet.formula(place.x + place.wide / 2, place.y - 2, label)
    text = Characters(inline=True).draw(shape_box(node.shape)).text()
    sheet.text(place.x + place.wide / 2, place.y + 15, text if node.shape else "scalar", size=11, colour=SOFT, name="soft")


def _edge(sheet: Sheet, path: list[Place], back: bool) -> None:
    """An arrow forward; a little below it, dashed, the gradient back."""
    for shift, dashed in ((-4.0, False), (6.0, True)) if back else ((0.0, False),):
        points = [(path[0].x + path[0].wide + 2, path[0].y + shift)]
        for p in path[1:-1]:
            points += [(p.x, p.y + shift), (p.x + 1, p.y + shift)]
        points.append((path[-1].x - 3, path[-1].y + shift))
        if dashed:
            points = [(x + (2 if k == 0 else -2 if k == len(points) - 1 else 0), y) for k, (x, y) in enumerate(points)][::-1]
        drawn = f"M{points[0][0]:g},{points[0][1]:g}"
        for (x0, y0), (x1, y1) in pairwise(points):
            bend = (x1 - x0) * 0.45
            drawn += f" C{x0 + bend:g},{y0:g} {x1 - bend:g},{y1:g} {x1:g},{y1:g}"
        sheet.line(drawn, arrow=True, dashed=dashed, colour="#1559b3" if dashed else SOFT, name="back-line" if dashed else "soft-line")
