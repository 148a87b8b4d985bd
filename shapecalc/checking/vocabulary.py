"""The formulas that a person may leave out or put in by mistake: parts of the problem, of its derivatives, and the f' of each f."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from ..calculus.texts import slope
from ..expr import Apply, Expr, Lit, Var, nodes
from ..forms import apply, transposed
from ..language.syntax import parse
from ..language.tree import Call, Name, Node, Transpose
from ..notation import text
from .bench import Bench
from .reader import Reader
from .trees import NEW, unplaced

HEAVIEST = 16  # parts of a formula that still counts as one thing
MOST = 48


class Vocabulary:
    """Formulas with different values, the simplest first."""

    def __init__(self, reader: Reader, bench: Bench, forms: Iterable[Expr]) -> None:
        self.reader = reader
        self.bench = bench
        self.trees: dict[Expr, Node] = {}
        self.items: list[Expr] = []
        seen: set[tuple[object, ...]] = set()
        for e in sorted(dict.fromkeys(self._gathered(list(forms))), key=lambda e: e.weight):
            value = bench.spots[0].value(e)
            if value is None or len(self.items) >= MOST:
                continue
            key = (value.shape, *(round(x, 9) for x in value.data))
            if key not in seen and any(abs(x - value.data[0]) > 1e-9 for x in value.data[1:]) | (len(value.data) == 1):
                seen.add(key)
                self.items.append(e)

    def _gathered(self, forms: list[Expr]) -> Iterator[Expr]:
        problem = self.reader.problem
        known = self.reader.names
        wanted = [*forms, *problem.definitions.values()]
        for e in known.values():
            if isinstance(e, Var) and e.name in problem.declared:
                yield e
        for formula in wanted:
            for node in nodes(formula):
                if (
                    not isinstance(node, Lit)
                    and node.weight <= HEAVIEST
                    and not (isinstance(node, Apply) and node.name in ("ones", "zeros"))
                ):
                    yield node
                    yield from _runs(node)
        yield from self._slopes()

    def _slopes(self) -> Iterator[Expr]:
        """f'(u) for each f that is applied entry by entry."""
        problem = self.reader.problem
        for name, body in problem.definitions.items():
            for node in nodes(body):
                if isinstance(node, Apply) and node.op.family == "pointwise" and node.op.slopes and len(node.args) == 1:
                    made = slope(node, 0, Var(name, body.shape) if node is body else None)
                    if made is not None and not isinstance(made, Lit):
                        yield made

    @cached_property
    def tensors(self) -> list[Expr]:
        """Everything with more than one entry."""
        return [e for e in self.items if e.shape and any(d != 1 for d in e.shape)]

    @cached_property
    def matrices(self) -> list[Expr]:
        """Matrices and their transposes, and vectors as diagonal matrices."""
        out: list[Expr] = []
        for e in self.items:
            if len(e.shape) == 2:
                out.append(e)
                if not (isinstance(e, Apply) and e.name == "transpose"):
                    out.append(transposed(e))
            elif len(e.shape) == 1:
                out.append(apply("diag", e))
        return out

    def tree(self, e: Expr) -> Node:
        """A formula as a part of a claim."""
        found = self.trees.get(e)
        if found is None:
            found = self.trees[e] = self._written(e)
        return found

    def _written(self, e: Expr) -> Node:
        """What would be read from its text; most are a name or a transpose, which need not be read for that."""
        if isinstance(e, Var):
            return Name(e.name, NEW)
        if isinstance(e, Apply) and e.name == "transpose" and e["axes"] == (1, 0):
            return Transpose(self.tree(e.args[0]), ".T", NEW)
        if isinstance(e, Apply) and e.name == "diag":
            return Call("diag", (self.tree(e.args[0]),), (), "", NEW, NEW)
        return unplaced(parse(text(e)))


def vocabulary(reader: Reader, bench: Bench, forms: Sequence[Expr]) -> Vocabulary:
    """The vocabulary for these forms of what is right, made once."""
    key = "vocabulary", *forms
    if key not in bench.kept:
        bench.kept[key] = Vocabulary(reader, bench, forms)
    found: Vocabulary = bench.kept[key]
    return found


def _runs(e: Expr) -> Iterator[Expr]:
    """The products of neighbouring factors of an entrywise product: a * (1 - a) out of g * a * (1 - a)."""
    chain = _factors(e)
    if len(chain) > 2:
        for i in range(1, len(chain) - 1):
            out = chain[i]
            for factor in chain[i + 1 :]:
                out = apply("mul", out, factor)
                yield out


def _factors(e: Expr) -> list[Expr]:
    if isinstance(e, Apply) and e.name == "mul":
        return [*_factors(e.args[0]), *_factors(e.args[1])]
    return [e]
