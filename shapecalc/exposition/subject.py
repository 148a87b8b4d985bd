"""What a page is about, and the choices in how it is made: plain records, given by whoever has derived something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from shapecalc.records import record

from ..blocks import Content, Picture
from ..boxes import Box
from ..calculus.gradients import Backward
from ..derivation import Certificate
from ..errors import TooLarge
from ..expr import Expr
from ..language.problem import Problem
from ..shapes import Shape

DEEP, LONGEST = 12, 250  # definitions, names and operations above which nobody reads a gradient with all of them written out
VIEWS = ("entries", "index", "matrix")


@record
class Subject:
    """One derivation: the problem, its backward pass, and the formulas that are handed out.

    ``formulas`` are drawn in ``layout``, by name in the order of ``wrt``.
    """

    problem: Problem
    backward: Backward
    wrt: tuple[str, ...]
    layout: str
    formulas: Mapping[str, Expr]
    certificate: Certificate | None = None
    structured: bool = False

    @property
    def loss(self) -> str:
        """What the loss is called; an arbitrary one is L, or ℓ where L is taken."""
        taken = {*self.problem.declared, *self.problem.definitions, *self.problem.sizes}
        return self.problem.loss or ("ℓ" if "L" in taken else "L")

    def shape(self, name: str) -> Shape:
        """The shape of a declared name or a definition."""
        return self.problem.variable(name).shape

    def symbol(self, name: str) -> str:
        """What the gradient by a name is called in formulas: dW."""
        flow = self.backward.flows.get(name)
        return flow.symbol.name if flow is not None else self.problem.gradient_name(name)

    def expanded(self, name: str) -> Expr | None:
        """A gradient with those of definitions written out, as the layout draws it; None where that would be endless."""
        if sum(not self.backward.flows[n].given for n in self.inner) > DEEP or self.structured:
            return None
        try:
            written = self.backward.expanded(name, LONGEST)
        except TooLarge:
            return None
        return self.backward.drawn(written, self.layout) if name in self.wrt else written

    @property
    def inner(self) -> tuple[str, ...]:
        """The definitions that have a gradient, the loss left out."""
        return tuple(n for n in self.problem.definitions if n in self.backward.flows and n != self.problem.loss)


@record
class Plan:
    """What a page holds and how its formulas are written.

    ``equation``: the first definition behind the title.
    ``steps``: "full", "short" (the backward pass, a line for each gradient) or "none"; ``sizes``: those of the entries view;
    ``numbers``: the same with small whole numbers;
    ``layouts``: those that the conventions table has; ``notes``: said where the problem is stated; ``words``: what the sizes count;
    ``pictures``: handed in by whoever can draw, by their place: "problem", "gradient:W", "reduction:b".
    """

    title: Content = ()
    subtitle: Content = ()
    equation: bool = False
    views: tuple[str, ...] = VIEWS
    steps: str = "full"
    sizes: Mapping[str, int] = field(default_factory=dict)
    numbers: bool = False
    layouts: tuple[str, ...] = ("denominator",)
    bold: bool = False
    symbols: Mapping[str, Box] = field(default_factory=dict)
    notes: tuple[Content, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
