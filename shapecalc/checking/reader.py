"""Builds the formulas of claims, and of hundreds of slightly changed claims, each part once."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Misfit, ShapecalcError, ShapeProblem
from ..expr import Expr, nodes
from ..language.builder import Builder, Scope
from ..language.problem import Problem
from ..language.tree import Node
from ..shapes import Shape, show


class _Remembering(Builder):
    """A builder that keeps what it has built, by the identity of the node (which is kept alive with it), and every product.

    A change deep in a formula is built up to the root, and many changes are alike further up.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.built: dict[int, tuple[Node, Expr]] = {}
        self.products: dict[tuple[str, Expr, Expr], Expr | None] = {}

    def build(self, node: Node) -> Expr:
        found = self.built.get(id(node))
        if found is not None:
            return found[1]
        made = super().build(node)
        self.built[id(node)] = node, made
        return made

    def multiplied(self, op: str, a: Expr, b: Expr) -> Expr:
        """A product, made once; one that does not conform is remembered too."""
        key = op, a, b
        if key in self.products:
            known = self.products[key]
            if known is not None:
                return known
            if not self.explains:
                raise Misfit("they do not conform")
        try:
            made = self.products[key] = super().multiplied(op, a, b)
        except Misfit:
            self.products[key] = None
            raise
        return made


class Reader:
    """Builds formulas in the names of a problem and further ones, each a formula."""

    def __init__(self, problem: Problem, names: Mapping[str, Expr]) -> None:
        self.problem = problem
        self.names: dict[str, Expr] = {**problem.variables(), **names}
        self.scope = Scope(self.names, problem.sizes, functions=problem.functions, source=problem.source)
        self.builder = _Remembering(self.scope)
        self.sound: set[Shape] = set()  # shapes without a negative size

    @property
    def kept(self) -> int:
        """How many formulas are remembered."""
        return len(self.builder.built) + len(self.builder.products)

    def build(self, node: Node) -> Expr:
        """The formula; raises ShapecalcError where it has none."""
        try:
            made = self.builder.build(node)
        except ShapecalcError as error:
            raise error.at(self.problem.source) from None
        except Misfit as misfit:
            raise ShapecalcError(misfit.message, node.span, hint=misfit.hint).at(self.problem.source) from None
        for shape in {part.shape for part in nodes(made)} - self.sound:
            if any(d < 0 if isinstance(d, int) else d[0] == "-" for d in shape):
                raise ShapeProblem(f"a size cannot be negative, and this is {show(shape)}", node.span).at(self.problem.source)
            self.sound.add(shape)
        return made

    def tried(self, node: Node) -> Expr | None:
        """The formula, or None where it has none."""
        self.builder.explains = False
        try:
            return self.builder.build(node)
        except (ShapecalcError, Misfit, ArithmeticError, TypeError, ValueError, KeyError):
            return None
        finally:
            self.builder.explains = True

    def shape(self, node: Node) -> Shape | None:
        """The shape of a part, or None where it does not conform in itself."""
        found = self.tried(node)
        return None if found is None else found.shape
