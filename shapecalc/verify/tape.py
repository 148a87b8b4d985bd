"""The formulas of a problem as one list of instructions, in which each distinct part has a number: made once, run at every point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Frame, Run, number
from shapecalc.expr import Apply, Expr, Lit, Var, nodes
from shapecalc.rings import Field
from shapecalc.shapes import Shape
from shapecalc.tensor import Tensor

from .undecided import Undecided

Values = Mapping[str, Tensor]
Shifts = Mapping[str, Sequence[tuple[Any, Sequence[Any]]]]
"""How far names are moved: steps, each with the entries of a direction."""
Cells = list[Any]
"""The entries of every part by its number; None where they have not been found."""
Instruction = tuple[int, Run, Callable[[Cells], Any]]


class Line(NamedTuple):
    """One named formula: which parts are new in it, the number of the whole, and the number of the name."""

    name: str
    parts: range
    body: int
    own: int


class Tape:
    """Named formulas in an order in which each uses names before it, or names that are given."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.parts: list[tuple[int, Apply | Lit, tuple[int, ...]]] = []
        self.numbers: dict[Expr, int] = {}
        self.names: dict[str, int] = {}
        self.given: list[str] = []
        self.shapes: list[Shape] = []

    def add(self, name: str, e: Expr) -> None:
        """A further formula, and the name that it has from here on."""
        names, numbers, shapes, parts = self.names, self.numbers, self.shapes, self.parts
        start = len(parts)
        near: dict[int, int] = {}  # by identity, which is found faster
        body = 0
        for node in nodes(e):
            new = len(shapes)
            if isinstance(node, Var):
                body = names.setdefault(node.name, new)
                if body == new:
                    shapes.append(node.shape)
                    self.given.append(node.name)
            else:
                body = numbers.setdefault(node, new)
                if body == new:
                    shapes.append(node.shape)
                    args: tuple[int, ...] = ()
                    if isinstance(node, Apply):
                        try:
                            args = tuple([near[id(a)] for a in node.args])
                        except KeyError:  # an equal part came first
                            args = tuple([names[a.name] if isinstance(a, Var) else numbers[a] for a in node.args])
                    parts.append((body, node, args))
            near[id(node)] = body
        own = names.get(name)
        if own is None:
            own = names[name] = len(shapes)
            shapes.append(e.shape)
        self.lines.append(Line(name, range(start, len(parts)), body, own))

    def ready(self, frame: Frame) -> list[Instruction]:
        """The instructions at the sizes of a frame, which keeps them."""
        made: list[Instruction] = frame.kept.setdefault(self, [])
        if len(made) < len(self.parts):
            sized = {shape: frame.shape(shape) for shape in set(self.shapes)}
            shapes = [sized[shape] for shape in self.shapes]
            for place, node, args in self.parts[len(made) :]:
                made.append((place, _run(node, frame, [shapes[a] for a in args]), _getter(args)))
        return made

    def cells(self, values: Values, ring: Field | None = None, shifts: Shifts | None = None) -> Cells:
        """Room for all parts, with the values of what is given, moved by the shifts over a ring."""
        out: Cells = [None] * len(self.shapes)
        for name in self.given:
            if name not in values:
                raise Undecided(f"{name} has no value here")
            by = shifts.get(name) if shifts else None
            out[self.names[name]] = values[name].data if by is None or ring is None else ring.moved(values[name].data, by)
        return out

    def run(self, ring: Field, frame: Frame, cells: Cells, lines: Sequence[Line], shifts: Shifts | None = None) -> None:
        """Fills the cells of some lines; a name in `shifts` has the value of its formula and what these steps add to it."""
        ready = self.ready(frame)
        for name, parts, body, own in lines:
            for place, step, columns in ready[parts.start : parts.stop]:
                cells[place] = step(ring, columns(cells))
            by = shifts.get(name) if shifts else None
            cells[own] = cells[body] if by is None else ring.moved(cells[body], by)

    def used(self, lines: Sequence[Line]) -> set[int]:
        """The numbers of what some lines are made of."""
        inner = {a for line in lines for _, _, args in self.parts[line.parts.start : line.parts.stop] for a in args}
        return inner.union([line.body for line in lines])


def _run(node: Apply | Lit, frame: Frame, shapes: list[tuple[int, ...]]) -> Run:
    if isinstance(node, Apply):
        return frame.step(node, shapes, meaning).run
    constant = number(node, frame)
    return lambda ring, _: [ring.lift(constant)]


def _getter(args: tuple[int, ...]) -> Callable[[Cells], Any]:
    """What takes the arguments out of the cells, as a row."""
    return itemgetter(*args) if len(args) > 1 else itemgetter(slice(args[0], args[0] + 1)) if args else itemgetter(slice(0, 0))
