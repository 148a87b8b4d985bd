"""The element-wise view: matrices of named entries at concrete sizes, and each gradient entry as a sum that a person can follow.

    e = entries(problem, {"S": 2, "D": 3, "M": 3})
    e["Z"].formulas        x11*w11 + x12*w21 + x13*w31 + b1, ...
    e["dW"].formulas       g11*x11 + g21*x21, ...
    e["dW"].formula_matrix the same, a sympy Matrix

Indices are counted from 1, as in the names of the entries. Nothing is written out, and sympy makes nothing, before it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from shapecalc.errors import InputProblem, UnknownName
from shapecalc.language.problem import Problem
from shapecalc.rings import Real
from shapecalc.tensor import Tensor

from .entry_chain import Explanation, Link, explain
from .entry_engine import Engine
from .entry_graph import Graph, Node
from .entry_names import Grid
from .entry_numbers import Exact, pencils, shown, valued
from .entry_sympy import UNDEFINED, nodes_of
from .entry_text import Writer
from .entry_witness import Difference, Symbols, by_sympy, compared, some_point, within_reach
from .gradients import Backward

KINKED = frozenset({"test", "where", "max", "min", "relu", "abs", "sign"})

__all__ = ["Block", "Difference", "Entries", "Explanation", "Link", "Numbers", "agrees", "entries"]


class Block:
    """One tensor, entry by entry. ``kind``: "declared", "definition", "incoming" (a gradient that is given) or "gradient".

    ``of`` is the name that a gradient is the gradient of. ``shape`` is concrete; the flat lists go row by row.
    """

    def __init__(self, owner: Entries, grid: Grid, kind: str, nodes: list[Node] | None, of: str = "") -> None:
        self._owner = owner
        self._grid = grid
        self.nodes = nodes
        self.name = grid.name
        self.kind = kind
        self.of = of
        self.shape = grid.shape

    @property
    def symbols(self) -> list[str]:
        """The names of the entries: x11, x12, ..."""
        return self._grid.symbols

    @cached_property
    def formulas(self) -> list[str]:
        """What the entries are, as text; the names themselves where they are given."""
        return list(self.symbols) if self.nodes is None else list(map(self._owner.writer.text, self.nodes))

    def symbol(self, *index: int) -> str:
        """The name of one entry."""
        return self.symbols[self.place(index)]

    def formula(self, *index: int) -> str:
        """What one entry is; no other is written out."""
        k = self.place(index)
        return self.symbols[k] if self.nodes is None else self._owner.writer.text(self.nodes[k])

    def place(self, index: tuple[int, ...]) -> int:
        """The place of an entry in the flat lists."""
        if len(index) != len(self.shape) or any(not 1 <= i <= n for i, n in zip(index, self.shape, strict=True)):
            raise InputProblem(f"{self.name} has no entry {index}", hint=f"it is {self.shape}; indices are counted from 1")
        out = 0
        for i, n in zip(index, self.shape, strict=True):
            out = out * n + i - 1
        return out

    def rows(self, items: list[Any] | None = None) -> list[list[Any]]:
        """Texts (or what is given for each entry) as the rows of a table: a vector is one row; leading axes are run together."""
        flat = self.formulas if items is None else items
        width = self.shape[-1] if self.shape else 1
        return [flat[k:k + width] for k in range(0, len(flat), width)]

    @cached_property
    def matrix(self) -> Any:
        """The names as a sympy Matrix (a vector is a column), or an N-dim array above two axes."""
        leaves = [Node("leaf", (), (self._grid, k), False) for k in range(len(self.symbols))]
        return self._shaped([self._owner.sympy_symbols(n) for n in leaves])

    @cached_property
    def formula_matrix(self) -> Any:
        """What the entries are, in sympy; of a gradient, at shown sizes, as sympy itself differentiates."""
        if self.nodes is None:
            return self.matrix
        if self.kind == "gradient" and self._owner.method == "sympy":
            return self._shaped(self._owner.by_sympy[self.of])
        return self._shaped(self._owner.sympy_symbols.expressions(self.nodes))

    def _shaped(self, flat: list[Any]) -> Any:
        import sympy

        if len(self.shape) > 2:
            return sympy.ImmutableDenseNDimArray(flat, self.shape)
        rows = self.shape[0] if self.shape else 1
        return sympy.ImmutableDenseMatrix(rows, len(flat) // rows, flat)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.shape}>"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The same view with small numbers: ``values`` for every name and gradient; ``exact`` unless a function makes them reals."""

    entries: Entries
    values: Mapping[str, Tensor]
    exact: bool

    def texts(self, name: str) -> list[str]:
        """The numbers of one tensor, row by row."""
        return [shown(x) for x in self.values[name].data]

    def rows(self, name: str) -> list[list[str]]:
        """The numbers of one tensor as a table."""
        return self.entries[name].rows(self.texts(name))

    def worked(self, name: str, *index: int) -> tuple[str, str]:
        """One entry with the numbers put in, and its value: ("2*1 + 1*4", "6")."""
        block = self.entries[name]
        k = block.place(index)
        value = shown(self.values[name].data[k])
        return (value if block.nodes is None else Writer(self.put_in).text(block.nodes[k])), value

    def put_in(self, leaf: Node) -> str:
        """The number in the place of an entry."""
        grid, k = leaf.data
        text = shown(self.values[grid.name].data[k])
        return f"({text})" if text.startswith("-") or "/" in text else text


class Entries:
    """The element-wise view of a problem at concrete sizes.

    ``values`` has a block for each declared name and definition, ``gradients`` one for each name that the loss depends on, in the
    order of the backward pass; ``e["dW"]`` and ``e["Z"]`` find either by what it is called. ``method`` says who differentiates:
    "sympy" each whole entry, up to the sizes that are shown; "graph" above them, sympy then giving the derivative of each kind of
    node. The texts come from the graph at every size; `agrees` compares both with the matrix formulas.
    """

    def __init__(self, problem: Problem, sizes: Mapping[str, int], wrt: Iterable[str] | None = None, style: str = "auto") -> None:
        self.problem = problem
        self.engine = Engine(problem, sizes, wrt, style)
        self.sizes = dict(self.engine.sizes)
        self.sympy_symbols = Symbols(self.engine)
        self.writer = Writer()

    @cached_property
    def method(self) -> str:
        """Who differentiates: "sympy" or "graph"."""
        return "sympy" if within_reach(self.engine) else "graph"

    @cached_property
    def by_sympy(self) -> Mapping[str, list[Any]]:
        """The gradients as sympy differentiates whole entries."""
        return by_sympy(self.engine, self.sympy_symbols)

    @cached_property
    def values(self) -> Mapping[str, Block]:
        """Every declared name and definition."""
        grids, p = self.engine.grids, self.problem
        declared = {n: Block(self, grids[n], "declared", None) for n in p.declared}
        return {**declared, **{n: Block(self, grids[n], "definition", self.engine.formula(n).data) for n in p.definitions}}

    @cached_property
    def gradients(self) -> Mapping[str, Block]:
        """The gradient of every name that the loss depends on, and of what was asked for; the loss itself is left out."""
        out = {}
        for name, nodes in self.engine.gradients.items():
            if name != self.problem.loss:
                grid = self.engine.grids[self.engine.named_gradients[name]]
                out[name] = Block(self, grid, "incoming" if nodes is None else "gradient", nodes, name)
        return out

    @cached_property
    def incoming(self) -> Mapping[str, Block]:
        """What comes in from outside, by the name of the definition."""
        given = {n: self.engine.given(n) for n in self.engine.gradients}
        return {n: Block(self, self.engine.grids[g], "incoming", None, n) for n, g in given.items() if g is not None}

    def __getitem__(self, name: str) -> Block:
        for block in self:
            if block.name == name:
                return block
        raise UnknownName(f"{name} is not a tensor of this view", hint=f"there are {', '.join(b.name for b in self)}")

    def __iter__(self) -> Iterator[Block]:
        yield from self.values.values()
        yield from self.gradients.values()
        yield from (b for n, b in self.incoming.items() if b.name != self.gradients[n].name)

    def where(self, written: str) -> tuple[str, tuple[int, ...]]:
        """The tensor and the index of an entry by its name: x12 is ("X", (1, 2))."""
        leaf = self.sympy_symbols.by_name.get(written)
        if leaf is None:
            raise UnknownName(f"{written} is no entry of this problem")
        grid, k = leaf.data
        index: list[int] = []
        for n in reversed(grid.shape):
            k, i = divmod(k, n)
            index.insert(0, i + 1)
        return grid.name, tuple(index)

    def explain(self, name: str, *index: int) -> Explanation:
        """The chain rule for one entry of the gradient with respect to a name, link by link."""
        if name not in self.gradients:
            raise UnknownName(f"there is no gradient with respect to {name} here", hint=f"there are those by {', '.join(self.gradients)}")
        return explain(self.engine, name, self.gradients[name].place(index))

    def numbers(self) -> Numbers:
        """Small whole numbers in every declared tensor and incoming gradient, the same every time, and all that follows from them."""
        made = list(self._made())
        kinks = any(n.kind in KINKED or (n.kind == "call" and n.data in KINKED) for n in made)
        functions = any(n.kind == "pow" or (n.kind == "call" and n.data not in KINKED) for n in made)
        point = some_point(self.engine, pencils(kinks, functions))
        return Numbers(self, point.env, isinstance(point.ring, Exact))

    def _made(self) -> Iterator[Node]:
        for name in self.problem.definitions:
            self.engine.formula(name)
            yield from self.engine.graphs[name].order

    def tensor_from_sympy(self, matrix: Any, values: Mapping[str, Tensor], ring: Any = None) -> Tensor:
        """A sympy Matrix over these symbols (or over MatrixSymbols of these names) as numbers, at a point.

        values: the numbers of every tensor by name, gradients too (dZ); ring: where they live, by default fractions, or reals where
        there are any. The result has the matrix's own shape. Nothing in it is evaluated as text.
        """
        import sympy

        explicit = matrix.as_explicit() if isinstance(matrix, sympy.MatrixExpr) else sympy.sympify(matrix, strict=True)
        shape = tuple(int(n) for n in getattr(explicit, "shape", ()))
        flat = list(explicit.flat() if isinstance(explicit, sympy.MatrixBase) else sympy.flatten(explicit)) if shape else [explicit]
        if ring is None:
            ring = Real() if any(isinstance(x, Decimal) for t in values.values() for x in t.data) else Exact()
        found = nodes_of(Graph(), flat, {}, self.sympy_symbols.leaf)
        if UNDEFINED in found:
            raise InputProblem("an entry of this matrix has no value")
        return Tensor(shape, valued(found, ring, values))

    def agrees(self, backward: Backward, seed: int = 0) -> Difference | bool:
        """True, or the first entry in which the element-wise gradient is not the value of the matrix formula at a random point."""
        found = compared(self.engine, self.sympy_symbols, backward, seed)
        return True if found is None else found


def entries(problem: Problem, sizes: Mapping[str, int], wrt: str | Iterable[str] | None = None, style: str = "auto") -> Entries:
    """The element-wise view of a problem, a number given for each of its sizes.

    wrt: the names whose gradients are wanted, all that are declared by default. style: how the entries of the gradients of
    definitions are called: "g" (g11) where there is one only, "d" (dz11), or "auto": "g" if nothing else begins with it.
    """
    return Entries(problem, sizes, [wrt] if isinstance(wrt, str) else wrt, style)


def agrees(problem: Problem, backward: Backward, sizes: Mapping[str, int], seed: int = 0) -> Difference | bool:
    """Whether the element-wise gradients are the values of the matrix formulas at a random point; the first difference otherwise."""
    return Entries(problem, sizes, [n for n in backward.order if n != problem.loss]).agrees(backward, seed)
