"""Formulas in the words of an array library; where parentheses go is left to `notation`.

Operations that are infix or postfix in Python (``+ - * / @ ** .T [...]``) stay nodes; a call is written out and then stands for
itself, as a variable whose name is its text: so `notation.text` prints the whole, and the rules of precedence are nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .. import notation
from ..expr import Apply, Expr, Lit, Var, nodes
from ..forms import apply
from ..shapes import Dim, Shape, names, show
from .names import size_text

ARITHMETIC = frozenset({"add", "neg", "mul", "div", "power", "pow"})
COMPARISONS = frozenset({"greater", "less", "greater_equal", "less_equal", "equal"})
POSTFIX = frozenset({"expand_dims", "squeeze", "slice"})

Spelling = Callable[["Writer", Apply, tuple[Expr, ...]], str]


@dataclass(frozen=True, slots=True)
class Target:
    """An array library.

    ``table``: how the operations are called whose name is another there: a template, or a function that writes the call. In a template
    ``{a} {b} {c}`` are the arguments, ``{args}`` all of them, ``{over}`` the axis options of a reduction, ``{shape}`` the shape of the
    result, ``{like}`` a tensor whose kind to copy, other words the parameters. ``helpers``: functions that are written above the code
    where they are used. ``number``: makes an array of a Python number; ``real``: makes numbers of a comparison;
    ``scalars``: functions of Python numbers, where those of the library take arrays only.
    """

    name: str
    module: str
    imports: tuple[str, ...]
    table: Mapping[str, str | Spelling]
    helpers: Mapping[str, str] = field(default_factory=dict)
    axis: str = "axis"
    keepdims: str = "keepdims"
    number: str = ""
    real: str = ""
    scalars: Mapping[str, str] = field(default_factory=dict)
    arrays_only: bool = False


class Writer:
    """Writes formulas for one function; keeps what they use: ``sizes`` and ``helpers``."""

    def __init__(self, target: Target, spelled: Mapping[str, str], like: str = "") -> None:
        self.target = target
        self.names = spelled
        self.like = like
        self.sizes: dict[str, None] = {}
        self.helpers: dict[str, None] = {}

    def text(self, e: Expr, transposed: bool = False) -> str:
        """The formula, which gives an array."""
        done, numbers = self._spelled(e)
        out = done[e]
        if e in numbers:
            return self.wrapped(out)
        out = self.real(out)
        return notation.text(apply("transpose", out, axes=tuple(reversed(range(len(e.shape))))) if transposed and len(e.shape) > 1 else out)

    def _spelled(self, e: Expr) -> tuple[dict[Expr, Expr], set[Expr]]:
        """Every node below e as it is printed, and those that are Python numbers."""
        done: dict[Expr, Expr] = {}
        numbers: set[Expr] = set()
        for node in nodes(e):
            match node:
                case Var(name=name):
                    done[node] = Var(self.names[name], node.shape)
                case Lit(value=value):
                    done[node] = Lit(self.size(value)) if isinstance(value, str) else node
                    numbers.add(node)
                case Apply():
                    self._apply(node, done, numbers)
        return done, numbers

    def _apply(self, node: Apply, done: dict[Expr, Expr], numbers: set[Expr]) -> None:
        args = tuple(done[a] for a in node.args)
        plain = all(a in numbers for a in node.args)
        if node.name in ARITHMETIC and plain:
            numbers.add(node)
        elif plain and node.name in self.target.scalars:
            numbers.add(node)
            done[node] = Var(self.filled(self.target.scalars[node.name], node, args), node.shape)
            return
        elif node.name not in ARITHMETIC and (self.target.arrays_only or node.name in POSTFIX):
            args = tuple(Var(self.wrapped(b), ()) if a in numbers and node.name not in ("where", "maximum", "minimum") else b
                         for a, b in zip(node.args, args, strict=True))
        done[node] = self._node(node, args, numbers)

    def _node(self, node: Apply, args: tuple[Expr, ...], numbers: set[Expr]) -> Expr:
        if node.name == "mul":
            a, b = args
            # a comparison is a mask where it multiplies numbers of the library; elsewhere it has to become numbers itself
            masks = [isinstance(x, Apply) and x.name in COMPARISONS for x in args]
            if masks == [False, True] and node.args[0] not in numbers:
                return Apply(node.op, (a, b), node.params, node.shape)
            if masks == [True, False] and node.args[1] not in numbers:
                return Apply(node.op, (a, b), node.params, node.shape)
        if node.name == "where":
            return Var(self.spelling(node, args), node.shape)
        args = tuple(self.real(a) for a in args)
        if node.name in ARITHMETIC or node.name in COMPARISONS or node.name == "matmul":
            return Apply(node.op, args, node.params, node.shape)
        if node.name == "slice":
            return self._slice(node, args[0])
        if node.name in POSTFIX:
            return Apply(node.op, args, node.params, node.shape)
        if node.name == "transpose" and node["axes"] == tuple(reversed(range(len(node.shape)))) and ("transpose" not in self.target.table or len(node.shape) == 2):
            return Apply(node.op, args, node.params, node.shape)
        return Var(self.spelling(node, args), node.shape)

    def spelling(self, node: Apply, args: tuple[Expr, ...]) -> str:
        """A call."""
        how = self.target.table.get(node.name, f"{self.target.module}.{node.name}({{args}}{{over}})")
        return self.filled(how, node, args) if isinstance(how, str) else how(self, node, args)

    def filled(self, template: str, node: Apply, args: tuple[Expr, ...]) -> str:
        """A template with what it names put in."""
        self.need(template.partition("(")[0])
        words: dict[str, Any] = {key: _plain(value) for key, value in node.params}
        written = [notation.text(a) for a in args]
        words.update(zip("abc", written, strict=False))
        words.update(args=", ".join(written), over=self.over(node), shape="", like=self.like)
        if "{shape}" in template:
            words["shape"] = self.shape_text(node.shape)
        if "{n}" in template:
            words["n"] = self.size(node["n"])
        return template.format(**words)

    def need(self, helper: str) -> None:
        """Keeps that a helper is used."""
        if helper in self.target.helpers:
            self.helpers[helper] = None

    def over(self, node: Apply) -> str:
        """The axis options of a reduction."""
        params = dict(node.params)
        if "axis" not in params:
            return ""
        axis, keep = params["axis"], params.get("keepdims", False)
        if axis is None and keep and self.target.arrays_only:
            axis = tuple(range(len(node.args[0].shape)))
        return ("" if axis is None else f", {self.target.axis}={axis}") + (f", {self.target.keepdims}=True" if keep else "")

    def real(self, e: Expr) -> Expr:
        """A comparison as numbers 0 and 1; anything else as it is."""
        if isinstance(e, Apply) and e.name in COMPARISONS:
            return Var(self.target.real.format(notation.text(e), like=self.like), e.shape)
        return e

    def wrapped(self, e: Expr) -> str:
        """A Python number as an array."""
        return self.target.number.format(notation.text(e), like=self.like)

    def size(self, dim: Dim) -> str:
        """A size in Python names; it is kept that it is used."""
        self.sizes.update(dict.fromkeys(names(dim)))
        return size_text(dim, self.names)

    def shape_text(self, shape: Shape) -> str:
        """A shape in Python names; it is kept that its sizes are used."""
        return show(self.shape(shape))

    def shape(self, shape: Shape) -> Shape:
        """A shape in Python names."""
        return tuple(d if isinstance(d, int) else self.size(d) for d in shape)

    def _slice(self, node: Apply, a: Expr) -> Expr:
        """A slice; a stop at the end of an axis is left out, so the argument has its shape in Python names too."""
        outer = tuple(d if isinstance(d, int) else size_text(d, self.names) for d in a.shape)
        inside = Var(a.name, outer) if isinstance(a, Var) else Apply(a.op, a.args, a.params, outer) if isinstance(a, Apply) else a
        items = tuple(self.shape(pair) for pair in node["items"])
        return Apply(node.op, (inside,), (("items", items),), node.shape)


def _plain(value: Any) -> Any:
    """A parameter as Python writes it."""
    return notation.number(value)[0] if isinstance(value, Fraction) else value
