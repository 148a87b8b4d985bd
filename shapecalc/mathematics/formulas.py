"""The doors: `boxes` for a formula, `equation` for a line, `name` for what stands on its left."""

from __future__ import annotations

from ..boxes import Box, row
from ..expr import Expr, Var
from . import algebra, rearranging, reductions
from .style import Style
from .writer import FREE, Rule, Writer, names_in

RULES: dict[str, Rule] = {**algebra.RULES, **reductions.RULES, **rearranging.RULES}


def boxes(e: Expr, style: Style | None = None) -> Box:
    """A formula as boxes, written as on paper.

    >>> from shapecalc.language.sheet import read
    >>> boxes(read("X: (S, D); W: (D, M); Z = X @ W").definitions["Z"]).items[0].text
    'X'
    """
    style = style or Style()
    w = Writer(style, RULES, frozenset(names_in(e)))
    return w.piece(e, style.result if len(e.shape) == 1 else FREE).box


def equation(left: Box | str, e: Expr, style: Style | None = None) -> Box:
    """left = formula; a string is the name of what is defined."""
    style = style or Style()
    head = Writer(style, RULES).variable(Var(left, e.shape), style.vectors).box if isinstance(left, str) else left
    return row(head, "=", boxes(e, style))


def name(variable: Var, style: Style | None = None) -> Box:
    """A name, or a gradient, as it stands in formulas."""
    style = style or Style()
    return Writer(style, RULES).variable(variable, style.vectors).box
