"""Writes the names and formulas of one derivation in one style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from ..blocks import Block
from ..boxes import Box, Fenced, Frac, Grid, Symbol, Under, mapped, op, paren, row, sub, sup
from ..calculus.gradients import Backward
from ..calculus.index_text import users
from ..expr import Expr, Var
from ..indexed import Index, Term
from ..mathematics import Entry, Style, boxes, entries, entry_text, index_boxes, of_terms
from ..mathematics import name as name_box
from ..notation import text
from ..symbols import index_row, kind_of, shape_box, symbol
from .abbreviations import Nicknames, Shortened, shortened
from .subject import Plan, Subject


class Pen:
    """``subject`` and ``plan`` of the page, and how their formulas look."""

    def __init__(self, subject: Subject, plan: Plan) -> None:
        self.subject = subject
        self.plan = plan
        self.plain: dict[str, Backward | None] = {}

    @cached_property
    def style(self) -> Style:
        """Gradients as ∂L/∂Z."""
        s = self.subject
        gradients = {flow.symbol.name: name for name, flow in s.backward.flows.items()}
        gradients |= {given: name for name, given in s.problem.upstream.items()}
        gradients |= {s.problem.gradient_name(n): n for n in s.wrt if n not in s.backward.flows}
        return Style(gradients=gradients, loss=s.loss, symbols=self.plan.symbols, bold=self.plan.bold)

    def picture(self, place: str) -> list[Block]:
        """The picture for a place, if there is one."""
        found = self.plan.pictures.get(place)
        return [found] if found is not None else []

    @cached_property
    def uses(self) -> dict[str, list[str]]:
        """The definitions in which each name stands."""
        return users(self.subject.backward)

    @cached_property
    def short(self) -> str | None:
        """The one definition whose gradient has entries of its own letter, g_ij; None where there are several, or g is taken."""
        p = self.subject.problem
        taken = any(n.lower().startswith("g") for n in (*p.declared, *p.definitions, *p.sizes))
        plain = len(self.subject.inner) == 1 and self.subject.symbol(self.subject.inner[0]) == "d" + self.subject.inner[0]
        return self.subject.inner[0] if plain and not taken else None

    @cached_property
    def letters(self) -> Style:
        """The style of index formulas: g_ij for the entries of the incoming gradient, if there is only one."""
        if self.short is None or self.subject.symbol(self.short) in self.style.symbols:
            return self.style
        return replace(self.style, symbols={**self.style.symbols, self.subject.symbol(self.short): Symbol("g")})

    @cached_property
    def nicknames(self) -> Nicknames:
        """The names of parts that stand in several formulas."""
        p = self.subject.problem
        symbols = [flow.symbol.name for flow in self.subject.backward.flows.values()]
        return Nicknames({*p.declared, *p.definitions, *p.sizes, *p.functions, *symbols, *self.plan.symbols, self.subject.loss})

    def shortened(self, formulas: Mapping[str, Expr]) -> Shortened:
        """Formulas with names for what would be read twice."""
        return shortened(formulas, self.nicknames)

    def formula(self, e: Expr) -> Box:
        """A formula."""
        return boxes(e, self.style)

    def shaped(self, e: Expr) -> Box:
        """A formula with the shape under every factor."""
        return boxes(e, replace(self.style, shapes=True))

    def name(self, name: str) -> Box:
        """A declared name or a definition."""
        return name_box(Var(name, self.subject.shape(name)), self.style)

    def gradient(self, name: str) -> Box:
        """∂L/∂W."""
        return self.partial(self.name(name))

    def partial(self, by: Box) -> Box:
        """∂L by something."""
        return Frac(row("∂", symbol(self.subject.loss)), row("∂", by), derivative=True)

    def shaped_name(self, name: str) -> Box:
        """A name with its shape below it."""
        shape = self.subject.shape(name)
        return Under(self.name(name), shape_box(shape)) if shape else self.name(name)

    def letter(self, letters: Iterable[str]) -> Box:
        """g_ij, where there is one incoming gradient."""
        return element(Symbol("g"), letters)

    def entry(self, name: str, letters: Iterable[str]) -> Box:
        """x_ik."""
        labels = tuple(letters)
        return index_boxes(Entry(name, labels)) if labels else symbol(name, kind_of(self.subject.shape(name)))

    def incoming(self, name: str, letters: Iterable[str]) -> Box:
        """One entry of what flows into a definition: g_ij, or ∂L/∂z_ij."""
        return self.index_entry(self.subject.backward.flows[name].symbol, letters)

    def index_entry(self, v: Var, letters: Iterable[str]) -> Box:
        """One entry of a name, or of a gradient."""
        return index_boxes(Entry(v.name, tuple(letters)), self.letters)

    def terms(self, terms: Iterable[Term], letters: Mapping[Index, str], style: Style | None = None) -> Box:
        """Terms in index form, with given letters."""
        drawn, _ = of_terms(terms, tuple(letters), style or self.letters, list(letters.values()))  # type: ignore[arg-type]
        return mapped(drawn, _once)

    def transposed(self, e: Expr) -> Box:
        """A formula, transposed as a whole."""
        return sup(paren(self.formula(e)), op("⊤"))

    @property
    def brief(self) -> bool:
        """Whether the problem is one short definition."""
        p = self.subject.problem
        return len(p.definitions) == 1 + (p.loss is not None)

    def equation(self) -> Box:
        """Z = X W + b: the first definition."""
        name, body = next(iter(self.subject.problem.definitions.items()))
        return row(self.name(name), "=", self.formula(body))

    def code(self, name: str) -> str:
        """The line of NumPy."""
        return f"{self.subject.symbol(name)} = {text(self.subject.formulas.get(name) or self.subject.backward.formula(name))}"


def _once(box: Box) -> Box | None:
    """One pair of parentheses where there are two."""
    doubled = isinstance(box, Fenced) and isinstance(box.body, Fenced) and box.open == box.body.open == "("
    return box.body if doubled and isinstance(box, Fenced) else None


def element(box: Box, labels: Iterable[Box | str]) -> Box:
    """An entry of a formula: (Xᵀ)_li."""
    return sub(box, index_row(tuple(Symbol(x) if isinstance(x, str) else x for x in labels)))


def table(rows: list[list[str]], groups: list[list[str]] | None = None, shown: int = 6) -> Grid:
    """Entries as a matrix."""
    return entries(rows, shown, groups)


NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number_word(count: int) -> str:
    """A small number in words."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def listed(names: list[str]) -> str:
    """a, b and c."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


__all__ = ["Pen", "element", "entry_text", "listed", "number_word", "table"]
