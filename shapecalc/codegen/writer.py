"""Formulas in the words of an array library; where parentheses go is left to `notation`.

Operations that are infix or postfix in Python (``+ - * / @ ** .T [...]``) stay nodes; a call is written out and then stands for
itself, as a variable whose name is its text: so `notation.text` prints the whole, and the rules of precedence are nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from shapecalc import notation
from shapecalc.expr import Apply, Expr, Lit, Var, nodes
from shapecalc.forms import transposed
from shapecalc.numerals import number
from shapecalc.shapes import Dim, Shape, names, show

from .names import size_text

ARITHMETIC = frozenset({"add", "neg", "mul", "div", "power", "pow"})
COMPARISONS = frozenset({"greater", "less", "greater_equal", "less_equal", "equal"})
POSTFIX = frozenset({"expand_dims", "squeeze", "slice"})
FLOATING = frozenset({"exp", "log", "log1p", "expm1", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sqrt"})
CHOICES = frozenset({"where", "maximum", "minimum", "clip"})  # take Python numbers beside arrays

Spelling = Callable[["Writer", Apply, tuple[Expr, ...]], str]


@dataclass(frozen=True, slots=True)
class Target:
    """An array library.

    ``table``: how an operation is called where that is not ``module.name(arguments)``: a template, or a function that writes the
    call. In a template ``{a} {b} {c}`` are the arguments, ``{args}`` all of them, ``{over}`` the axis options of a reduction,
    ``{shape}`` the shape of the result, ``{like}`` an array whose kind to copy, and other words the parameters.
    ``helpers``: functions that are written above the code where they are used. ``array`` makes an array of what is given,
    ``number`` of a Python number, and ``real`` numbers of a comparison. ``scalars``: functions of Python numbers, where the
    library's own take arrays only (``arrays_only``).
    """

    name: str
    module: str
    imports: tuple[str, ...]
    table: Mapping[str, str | Spelling]
    helpers: Mapping[str, str]
    array: str
    number: str
    real: str
    axis: str = "axis"
    keepdims: str = "keepdims"
    shape: str = "{}.shape"
    scalars: Mapping[str, str] = field(default_factory=dict)
    arrays_only: bool = False


class Writer:
    """Writes the formulas of one function, and keeps which ``sizes`` and ``helpers`` they use; ``like`` is an array at hand."""

    def __init__(self, target: Target, spelled: Mapping[str, str], like: str = "") -> None:
        self.target = target
        self.names = spelled
        self.like = like
        self.sizes: dict[str, None] = {}
        self.helpers: dict[str, None] = {}
        self.numbers: set[Expr] = set()

    def text(self, e: Expr, turned: bool = False) -> str:
        """The formula, which gives an array; its transpose where it is turned."""
        done: dict[Expr, Expr] = {}
        for node in nodes(e):
            match node:
                case Var(name=name):
                    done[node] = Var(self.names[name], node.shape)
                case Lit(value=value):
                    done[node] = Lit(self.size(value)) if isinstance(value, str) else node
                    self.numbers.add(node)
                case Apply():
                    done[node] = self._spelled(node, tuple(done[a] for a in node.args))
        if e in self.numbers:
            return self.wrapped(done[e])
        out = self.real(done[e])
        return notation.text(transposed(out) if turned else out)

    def _spelled(self, node: Apply, args: tuple[Expr, ...]) -> Expr:
        """A node as it is printed: itself with other arguments, or a variable whose name is a call."""
        name = node.name
        if all(a in self.numbers for a in node.args) and (name in ARITHMETIC | COMPARISONS or name in self.target.scalars):
            self.numbers.add(node)
            written: Expr = Apply(node.op, args, node.params, node.shape)
            if name in COMPARISONS:
                return Var(f"float({notation.text(written)})", ())
            return written if name in ARITHMETIC else Var(self.filled(self.target.scalars[name], node, args), ())
        if self._takes_arrays(node):
            args = tuple(Var(self.wrapped(b), ()) if a in self.numbers else b for a, b in zip(node.args, args, strict=True))
        if not self._masks(node, args):
            args = tuple(self.real(a) for a in args)
        if (name == "neg" or (name == "add" and node["signs"][0] < 0)) and begins_with_comparison(args[0]):
            args = (Var(f"({notation.text(args[0])})", args[0].shape), *args[1:])  # a truth value has no minus
        if name == "slice":
            return self._slice(node, args[0])
        if name in ARITHMETIC | COMPARISONS | POSTFIX or name == "matmul" or (name == "transpose" and self._plain_transpose(node)):
            return Apply(node.op, args, node.params, node.shape)
        return Var(self.call(node, args), node.shape)

    def _takes_arrays(self, node: Apply) -> bool:
        """Whether Python numbers among the arguments have to be made arrays: integers alone would stay integers."""
        if node.name in ARITHMETIC | COMPARISONS or node.name == "where":
            return False
        plain = all(a in self.numbers for a in node.args) and node.name not in FLOATING
        if node.name in CHOICES:
            return plain and not self.target.arrays_only
        return plain or self.target.arrays_only or node.name in POSTFIX

    def _masks(self, node: Apply, args: tuple[Expr, ...]) -> bool:
        """Whether comparisons among the arguments may stay what they are: a factor beside numbers of the library, a condition."""
        found = [is_comparison(a) for a in args]
        if node.name == "where":
            return not any(found[1:])
        return node.name == "mul" and sum(found) == 1 and node.args[found.index(False)] not in self.numbers

    def _plain_transpose(self, node: Apply) -> bool:
        rank = len(node.shape)
        return bool(node["axes"] == tuple(reversed(range(rank)))) and (rank == 2 or not self.target.arrays_only)

    def _slice(self, node: Apply, a: Expr) -> Expr:
        """A slice; a stop at the end of an axis is left out, so the argument gets its shape in Python names too."""
        outer = tuple(d if isinstance(d, int) else size_text(d, self.names) for d in a.shape)
        inside = Var(a.name, outer) if isinstance(a, Var) else Apply(a.op, a.args, a.params, outer) if isinstance(a, Apply) else a
        return Apply(node.op, (inside,), (("items", tuple(self.shape(pair) for pair in node["items"])),), node.shape)

    def call(self, node: Apply, args: tuple[Expr, ...]) -> str:
        """A call as the library spells it."""
        if self.target.name in node.op.spell:  # text of which nothing is known but that it is Python
            closed = [Var(t if t.isidentifier() else f"({t})", a.shape) for a in args if (t := notation.text(a))]
            out = self.filled(node.op.spell[self.target.name], node, tuple(closed))
            return out if isinstance(ast.parse(out, mode="eval").body, ast.Call | ast.Name | ast.Attribute | ast.Subscript) else f"({out})"
        how = self.target.table.get(node.name, f"{self.target.module}.{node.name}({{args}}{{over}})")
        return self.filled(how, node, args) if isinstance(how, str) else how(self, node, args)

    def filled(self, template: str, node: Apply, args: tuple[Expr, ...]) -> str:
        """A template with what it names put in."""
        helper = template.partition("(")[0]
        if helper in self.target.helpers:
            self.helpers[helper] = None
        written = [notation.text(a) for a in args]
        words: dict[str, Any] = {key: number(v)[0] if isinstance(v, Fraction) else v for key, v in node.params}
        words.update(zip("abc", written, strict=False))
        words.update(args=", ".join(written), over=self.over(node), like=self.like)
        if "{shape}" in template:
            words["shape"] = show(self.shape(node.shape))
        if "{sizes}" in template:
            words["sizes"] = show(self.shape(node["shape"]))
        if "{n}" in template:
            words["n"] = self.size(node["n"])
        return template.format(**words)

    def over(self, node: Apply, every: bool = False) -> str:
        """The axis options of a reduction; all axes are named where the library wants that."""
        params = dict(node.params)
        if "axis" not in params:
            return ""
        axis, keep = params["axis"], params.get("keepdims", False)
        if axis is None and (every or "keepdims" not in params or (keep and self.target.arrays_only)):
            axis = tuple(range(len(node.args[0].shape)))
        return ("" if axis is None else f", {self.target.axis}={axis}") + (f", {self.target.keepdims}=True" if keep else "")

    def real(self, e: Expr) -> Expr:
        """A comparison as numbers 0 and 1; anything else as it is."""
        return Var(self.target.real.format(notation.text(e), like=self.like), e.shape) if is_comparison(e) else e

    def wrapped(self, e: Expr) -> str:
        """A Python number as an array."""
        return self.target.number.format(notation.text(e), like=self.like)

    def size(self, dim: Dim) -> str:
        """A size in Python names; it is kept that it is used."""
        self.sizes.update(dict.fromkeys(names(dim)))
        return size_text(dim, self.names)

    def shape(self, shape: Shape) -> Shape:
        """A shape in Python names."""
        return tuple(d if isinstance(d, int) else self.size(d) for d in shape)


def is_comparison(e: Expr) -> bool:
    """Whether the library gives truth values for a formula, not numbers."""
    return isinstance(e, Apply) and e.name in COMPARISONS


def begins_with_comparison(e: Expr) -> bool:
    """Whether a minus before a formula would be one before truth values."""
    while isinstance(e, Apply) and e.name in ("mul", "div", "matmul"):
        e = e.args[0]
    return is_comparison(e)
