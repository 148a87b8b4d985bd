"""From a Jacobian or a Hessian to its page, and to data."""

from __future__ import annotations

import json
from typing import Any, Protocol

from ..blocks import Document, prose
from ..boxes import row
from ..calculus.jacobians import Jacobian
from ..derivation import Certificate
from ..errors import ShapecalcError
from ..exposition.derivatives import OTHER, Derivative
from ..exposition.derivatives import page as derivative
from ..expr import Expr, Var
from ..language.problem import Problem
from ..mathematics import Style, boxes
from ..render import Output, formula, render
from ..shapes import Shape
from .facts import certificate, version
from .options import Options
from .pages import symbols

SCHEMA = "shapecalc.derivative/1"


class Found(Protocol):
    """What a page needs of a Jacobian or a Hessian."""

    problem: Problem
    layout: str
    vec: bool
    of: str
    wrt: str
    function: str
    wrt2: str | None
    found: Jacobian
    expression: Expr
    formula: str
    shape: Shape
    certificate: Certificate


def plain(f: Found, options: Options) -> Derivative:
    """The derivative as plain data."""
    hessian = f.function == "hessian"
    formulas = {f.layout: f.expression}
    if not hessian:
        other = OTHER[f.layout]
        formulas[other] = f.found.formula(other, f.vec)
    direction = Var(free_name("v", f.problem), f.problem.variable((f.wrt2 or f.wrt) if hessian else f.wrt).shape)
    product = None
    if not f.vec:
        try:
            product = f.found.times(direction)
        except ShapecalcError:
            product = None
    style = Style(bold=options.bold, symbols=symbols(options.symbols))
    second = (f.wrt2 or f.wrt) if hessian else ""
    title = prose(options.title) if options.title else ()
    return Derivative(f.problem, f.of, f.wrt, second, f.vec, f.found, formulas, product, f.certificate, title, style)


def free_name(name: str, problem: Problem) -> str:
    """The name, with a mark if it is taken."""
    taken = {*problem.declared, *problem.definitions, *problem.sizes}
    return next(n for n in (name, f"{name}_", f"{name}__", "direction") if n not in taken)


def derivative_page(f: Found, options: Options) -> Document:
    """The page."""
    return derivative(plain(f, options))


def latex(f: Found) -> str:
    """The formula in LaTeX."""
    return drawn(f.expression)


def drawn(e: Expr) -> str:
    """A formula as LaTeX draws it where nothing is said about its look."""
    return formula(boxes(e, Style()), "latex")


def equation(f: Found, to: str) -> str:
    """What it is and its formula, in one line."""
    d = plain(f, Options())
    return formula(row(d.symbol, "=", boxes(f.expression, d.style)), to)


def facts(f: Found, options: Options) -> dict[str, Any]:
    """Everything that was derived, by the schema in data/derivative-1.schema.json."""
    out = {
        "schema": SCHEMA,
        "version": version(),
        "source": f.problem.source,
        "kind": f.function,
        "of": f.of or f.problem.loss,
        "wrt": f.wrt,
        "wrt2": (f.wrt2 or f.wrt) if f.function == "hessian" else None,
        "layout": f.layout,
        "vec": f.vec,
        "formula": f.formula,
        "shape": list(f.shape),
        "latex": latex(f),
        "certificate": certificate(f.certificate),
    }
    return out | {"document": json.loads(render(derivative_page(f, options), "json", Output()))}
